//! What is wrong or missing in a registry: sums of shares at every moment and in every territory, and
//! everything that can be held against identifiers, codes, works, rates and recordings.

mod codes;
mod sums;
mod works;

use std::collections::BTreeSet;

use ledgerline::id::Name;
use ledgerline::registry::Recording;
use ledgerline::time::{Interval, Period, format_ms};

use super::doubts::{Doubt, Severity};
use super::facts::Facts;

/// Something that is wrong, or missing.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Finding {
    /// What is wrong, and how bad it is.
    pub doubt: Doubt,
    /// Where: recording, work or holder; right, territories and interval.
    pub place: String,
    /// The rows concerned, each `table: values`.
    pub rows: Vec<String>,
}

/// What a check looks at beside the registry.
#[derive(Clone, Debug)]
pub struct Checked {
    /// That nobody has a share counts only within it.
    pub period: Period,
    /// Rights of pools that are to be paid; `None` takes those that the registry's shares name.
    pub rights: Option<BTreeSet<Name>>,
}

/// All findings: by severity, then place, then code.
///
/// # Does not prove
///
/// That the registry is right, only that it does not contradict itself.
#[must_use]
pub fn check(facts: &Facts, checked: &Checked) -> Vec<Finding> {
    let mut findings = Vec::new();
    sums::check(facts, checked, &mut findings);
    works::check(facts, checked, &mut findings);
    codes::check(facts, &mut findings);
    findings.sort_unstable_by(|a, b| {
        let (one, other) = (&a.doubt, &b.doubt);
        (one.severity, &a.place, one.code, &one.found, &a.rows).cmp(&(
            other.severity,
            &b.place,
            other.code,
            &other.found,
            &b.rows,
        ))
    });
    findings
}

impl Checked {
    fn interval(&self) -> Interval {
        Interval {
            from: self.period.from().signed(),
            to: self.period.to().signed(),
        }
    }

    /// Of the two publishing rights those that are paid.
    fn publishing(&self, facts: &Facts) -> Vec<Name> {
        let names = ["mechanical", "performance"].map(Name::parse);
        let paid = |right: &Name| match &self.rights {
            Some(rights) => rights.contains(right),
            None => {
                let own = facts.parts.shares.iter().map(|s| &s.right);
                let mut all = own.chain(facts.work_shares.iter().map(|s| &s.right));
                all.any(|other| other == right)
            }
        };
        names.into_iter().flatten().filter(paid).collect()
    }
}

/// A finding about one thing that is not bound to a right, a place or a time.
fn finding(
    code: &'static str,
    severity: Severity,
    place: String,
    expected: &str,
    found: String,
    rows: Vec<String>,
) -> Finding {
    Finding {
        doubt: Doubt {
            code,
            severity,
            expected: expected.to_owned(),
            found,
        },
        place,
        rows,
    }
}

/// `from to to`, open ends as `ever`.
fn interval_words(interval: Interval) -> String {
    let bound = |ms: i64| match ms {
        i64::MIN | i64::MAX => "ever".to_owned(),
        ms => format_ms(ms),
    };
    format!("{} to {}", bound(interval.from), bound(interval.to))
}

fn recording_words(recording: &Recording) -> String {
    format!(
        "recordings: {}, {:?} by {:?}, {} ms",
        recording.isrc, recording.title, recording.artist, recording.length_ms
    )
}
