//! The report: what was checked, what was found, and the verdict. One object for CLI and page.
//!
//! Source: `docs/format.md` section 12.

use serde::Serialize;

use crate::money::{Currency, Micros};

use super::proof::EventView;
use super::view::BundleTotals;

/// The answer. Disputed outranks incomplete outranks verified.
#[derive(Clone, Copy, Debug, Eq, PartialEq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Verdict {
    /// Every check that was asked for passed.
    Verified,
    /// Some evidence contradicts.
    Disputed,
    /// Nothing contradicts, but something required could not be checked.
    Incomplete,
}

impl Verdict {
    /// Exit code of a command with this outcome.
    #[must_use]
    pub const fn exit_code(self) -> u8 {
        match self {
            Self::Verified => 0,
            Self::Disputed => 1,
            Self::Incomplete => 3,
        }
    }
}

/// Outcome of a check or of a rung.
#[derive(Clone, Copy, Debug, Eq, PartialEq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Status {
    /// It holds.
    Pass,
    /// It does not.
    Fail,
    /// It could not be looked at.
    Skip,
}

/// How grave a finding is.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    /// Contradicts the statement.
    Error,
    /// Allowed, but somebody should act.
    Warning,
    /// Worth knowing.
    Info,
}

/// What was looked at.
#[derive(Clone, Debug, Default, Eq, PartialEq, Serialize)]
pub struct Subject {
    /// `bundle`, `run`, `run-note`, `checkpoint`, `proof` or `consistency`.
    pub kind: &'static str,
    /// Name of the file, without its folder.
    pub name: String,
    /// SHA-256 of the file, lower-case hex; `null` for folders and pairs.
    pub sha256: Option<String>,
    /// SHA-256 of the run note's text, lower-case hex: two statements of one revision have two;
    /// `null` where there is no run note.
    pub run_note: Option<String>,
    /// Origin of the log.
    pub origin: String,
    /// The key whose signature holds, as `name+id`; `null` if no key was given or none holds.
    pub signer: Option<String>,
    /// Events in the log.
    pub log_size: u64,
}

/// One question and its answer.
#[derive(Clone, Debug, Eq, PartialEq, Serialize)]
pub struct Check {
    /// Stable name.
    pub id: &'static str,
    /// Rung of the ladder it belongs to.
    pub rung: u8,
    /// Outcome.
    pub status: Status,
    /// In words.
    pub detail: String,
}

/// Something found: place, what was stated, what was computed.
#[derive(Clone, Debug, Eq, PartialEq, Serialize)]
pub struct Finding {
    /// Stable name.
    pub code: &'static str,
    /// How grave.
    pub severity: Severity,
    /// Place.
    #[serde(rename = "where")]
    pub place: String,
    /// What there should be.
    pub expected: String,
    /// What there is.
    pub found: String,
    /// Money it is about, or the difference.
    pub amount_micros: Option<i64>,
    /// Currency of that.
    pub currency: Option<String>,
    /// In words.
    pub detail: String,
}

impl Finding {
    /// A finding without an amount.
    #[must_use]
    pub fn new(code: &'static str, severity: Severity, place: impl Into<String>) -> Self {
        Self {
            code,
            severity,
            place: place.into(),
            expected: String::new(),
            found: String::new(),
            amount_micros: None,
            currency: None,
            detail: String::new(),
        }
    }

    /// A finding that contradicts.
    #[must_use]
    pub fn error(code: &'static str, place: impl Into<String>) -> Self {
        Self::new(code, Severity::Error, place)
    }

    /// With what there should be and what there is.
    #[must_use]
    pub fn compared(mut self, expected: impl Into<String>, found: impl Into<String>) -> Self {
        self.expected = expected.into();
        self.found = found.into();
        self
    }

    /// With the money it is about.
    #[must_use]
    pub fn of_money(mut self, amount: Micros, currency: Currency) -> Self {
        self.amount_micros = Some(amount.0);
        self.currency = Some(currency.to_string());
        self
    }

    /// In words.
    #[must_use]
    pub fn saying(mut self, detail: impl Into<String>) -> Self {
        self.detail = detail.into();
        self
    }
}

/// A rung of the verdict ladder.
#[derive(Clone, Debug, Eq, PartialEq, Serialize)]
pub struct Rung {
    /// 1 to 4.
    pub rung: u8,
    /// Its name.
    pub title: &'static str,
    /// Fail if one of its checks failed, else skip if one was skipped or none was made, else pass.
    pub status: Status,
    /// What that means.
    pub says: &'static str,
    /// What it does not.
    pub does_not_prove: String,
}

/// What a whole run adds up to.
#[derive(Clone, Debug, Default, Eq, PartialEq, Serialize)]
pub struct RunTotals {
    /// First and last moment.
    pub period: [String; 2],
    /// Revision of the period's statement.
    pub revision: u32,
    /// Events read.
    pub events: u64,
    /// Identical repetitions among them.
    pub duplicates: u64,
    /// Plays found in them.
    pub plays: u64,
    /// Of these, counted.
    pub counted: u64,
    /// Cells, lines and holder accounts.
    pub cells: u64,
    /// Lines.
    pub lines: u64,
    /// Holder accounts.
    pub accounts: u64,
    /// Per currency: what there was, what was paid, what is in suspense.
    pub currencies: Vec<RunCurrency>,
}

/// What became of one currency's pools.
#[derive(Clone, Debug, Eq, PartialEq, Serialize)]
pub struct RunCurrency {
    /// Code.
    pub currency: String,
    /// Sum of the pools.
    pub pool: String,
    /// Sum of the lines.
    pub paid: String,
    /// The rest.
    pub suspense: String,
}

/// The figures of a report.
#[derive(Clone, Debug, Eq, PartialEq, Serialize)]
#[serde(untagged)]
pub enum Summary {
    /// Of one holder's bundle.
    Bundle(Box<BundleTotals>),
    /// Of a whole run.
    Run(RunTotals),
    /// Of an event's receipt.
    Event(EventView),
    /// None.
    None,
}

/// Everything there is to say about what was verified.
#[derive(Clone, Debug, Eq, PartialEq, Serialize)]
pub struct Report {
    /// `ledgerline-report/1`.
    pub format: &'static str,
    /// What was looked at.
    pub subject: Subject,
    /// The answer.
    pub verdict: Verdict,
    /// The answer in a sentence.
    pub headline: String,
    /// The answer in four steps.
    pub ladder: Vec<Rung>,
    /// Every question.
    pub checks: Vec<Check>,
    /// By severity, then code, then place.
    pub findings: Vec<Finding>,
    /// The figures.
    pub totals: Summary,
}

impl Report {
    /// The object as text, without blanks between tokens.
    #[must_use]
    pub fn to_json(&self) -> String {
        // Strings, integers and lists only: serialising them cannot fail.
        serde_json::to_string(self).unwrap_or_default()
    }
}
