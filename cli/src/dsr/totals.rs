//! Usages and revenue, in total and per ISRC.

use std::collections::BTreeMap;

use ledgerline::id::Isrc;
use ledgerline::money::Currency;

use super::decimal::Decimal;

/// Amounts by currency; `None` where no currency is known.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Amounts(Vec<(Option<Currency>, Decimal)>);

impl Amounts {
    /// Adds an amount; `false` if the sum is too large.
    #[must_use]
    pub fn add(&mut self, currency: Option<Currency>, amount: Decimal) -> bool {
        let known = self.0.iter_mut().find(|(other, _)| *other == currency);
        let Some((_, sum)) = known else {
            self.0.push((currency, amount));
            self.0.sort_unstable_by_key(|(currency, _)| *currency);
            return true;
        };
        match sum.plus(amount) {
            Some(more) => {
                *sum = more;
                true
            }
            None => false,
        }
    }

    /// Each currency with its amount, in the order of codes.
    #[must_use]
    pub fn each(&self) -> &[(Option<Currency>, Decimal)] {
        &self.0
    }
}

/// What lines add up to.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Sum {
    /// Lines.
    pub lines: u64,
    /// Usages: streams, downloads, sales, broadcasts.
    pub usages: Decimal,
    /// Returned downloads.
    pub returns: Decimal,
    /// Revenue that the lines themselves state.
    pub revenue: Amounts,
}

impl Sum {
    /// Adds a line; `false` if a sum is too large and was left as it is.
    #[must_use]
    pub fn add(&mut self, usage: &Usage<'_>) -> bool {
        self.lines += 1;
        let usages = usage.usages.unwrap_or_default();
        let returns = usage.returns.unwrap_or_default();
        let (Some(usages), Some(returns)) = (self.usages.plus(usages), self.returns.plus(returns))
        else {
            return false;
        };
        self.usages = usages;
        self.returns = returns;
        match usage.revenue {
            Some(revenue) => self.revenue.add(usage.currency, revenue),
            None => true,
        }
    }
}

/// What a usage line is about.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Subject {
    /// One recording with an ISRC.
    Recording(Isrc),
    /// A recording without one.
    NoIsrc,
    /// A release of several recordings, or one with several ISRCs: not divided among them.
    Several,
}

/// A line that reports usages.
#[derive(Clone, Copy, Debug)]
pub struct Usage<'a> {
    /// The file's name.
    pub file: &'a str,
    /// Its line.
    pub line: u64,
    /// The record type.
    pub record: &'a str,
    /// The line as it stands there, without its end.
    pub text: &'a str,
    /// What it is about.
    pub subject: Subject,
    /// `SalesTransactionId`.
    pub transaction: &'a str,
    /// `SummaryRecordId`, as it stands there.
    pub summary: &'a str,
    /// The territory that its summary record names; empty if unknown.
    pub territory: &'a str,
    /// The currency that its summary record names.
    pub currency: Option<Currency>,
    /// How often it was used.
    pub usages: Option<Decimal>,
    /// Returns.
    pub returns: Option<Decimal>,
    /// Revenue of the line.
    pub revenue: Option<Decimal>,
    /// HEAD's UsageStartDate and UsageEndDate, as they stand there.
    pub period: (&'a str, &'a str),
}

/// Totals of a report.
#[derive(Debug)]
pub struct Totals {
    /// All usage lines.
    pub all: Sum,
    /// Those of recordings without ISRC.
    pub without_isrc: Sum,
    /// Those of releases with several recordings.
    pub several: Sum,
    /// Those of recordings beyond the most that are kept.
    pub beyond: Sum,
    /// Each recording: about 150 bytes.
    pub recordings: BTreeMap<Isrc, Sum>,
    most: usize,
}

impl Totals {
    /// Keeps at most `most` recordings.
    #[must_use]
    pub fn new(most: usize) -> Self {
        Self {
            all: Sum::default(),
            without_isrc: Sum::default(),
            several: Sum::default(),
            beyond: Sum::default(),
            recordings: BTreeMap::new(),
            most,
        }
    }

    /// Adds a line; `false` if a sum is too large.
    #[must_use]
    pub fn add(&mut self, usage: &Usage<'_>) -> bool {
        let room = self.recordings.len() < self.most;
        let part = match usage.subject {
            Subject::NoIsrc => &mut self.without_isrc,
            Subject::Several => &mut self.several,
            Subject::Recording(isrc) if room => self.recordings.entry(isrc).or_default(),
            Subject::Recording(isrc) => self.recordings.get_mut(&isrc).unwrap_or(&mut self.beyond),
        };
        // Each part is at most the whole, so that the whole overflows first.
        part.add(usage) & self.all.add(usage)
    }
}
