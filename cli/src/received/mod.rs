//! What was received from services and distributors, line by line, in one form.
//!
//! *In:* a DDEX sales report, or the table of a distributor with a mapping of its columns. *Out:*
//! [`ReceivedLine`]s with the number of their line and their exact amounts. *Does not know:* what a
//! line should have been.

mod mapping;
mod report;
mod sheet;

use std::fmt;
use std::path::PathBuf;

use jiff::civil::Date;
use ledgerline::id::Isrc;
use ledgerline::money::Currency;

use crate::dsr::Decimal;
use crate::dsr::check::Refused;
use crate::ledger::durable::FileError;

pub use mapping::{Certainty, Mapping, MappingError, builtin, builtins};
pub use report::read_reports;
pub use sheet::read_sheet;

/// Characters of a line's own text that are kept.
pub const MOST_TEXT: usize = 500;

/// A line of a received statement.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct ReceivedLine {
    /// The file's name.
    pub file: String,
    /// Its line, from 1.
    pub line: u64,
    /// The recording; `None` if the line has none, or no ISRC.
    pub isrc: Option<Isrc>,
    /// The territory as it stands there, through the mapping; empty if there is none.
    pub territory: String,
    /// First and last day, if the period could be read.
    pub period: Option<(Date, Date)>,
    /// The service that paid.
    pub store: String,
    /// Plays or sales.
    pub units: Option<Decimal>,
    /// The amount, with the number of places it was written with.
    pub amount: Option<Decimal>,
    /// Its currency.
    pub currency: Option<Currency>,
    /// The line as it stands there, cut to [`MOST_TEXT`] characters.
    pub text: String,
}

/// Why a statement cannot be read.
#[derive(Debug)]
#[non_exhaustive]
pub enum ReceivedError {
    /// The file.
    File(FileError),
    /// No DDEX sales report.
    Report {
        /// The file.
        path: PathBuf,
        /// Why.
        refused: Refused,
    },
    /// A row, or the header, is not what the mapping says.
    Row {
        /// The file.
        path: PathBuf,
        /// Its line.
        line: u64,
        /// What must be there.
        expected: String,
        /// What is there.
        found: String,
    },
}

impl fmt::Display for ReceivedError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::File(error) => error.fmt(f),
            Self::Report { path, refused } => write!(f, "{}: {refused}", path.display()),
            Self::Row {
                path,
                line,
                expected,
                found,
            } => write!(
                f,
                "{}:{line}: expected {expected}, but found {found}",
                path.display()
            ),
        }
    }
}

impl std::error::Error for ReceivedError {}

impl From<FileError> for ReceivedError {
    fn from(error: FileError) -> Self {
        Self::File(error)
    }
}

/// The first [`MOST_TEXT`] characters.
fn cut(text: &str) -> String {
    text.chars().take(MOST_TEXT).collect()
}
