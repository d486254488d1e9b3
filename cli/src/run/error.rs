//! What can be wrong with a run's directory.

use std::fmt;
use std::path::PathBuf;

use ledgerline::bundle::BundleError;
use ledgerline::statement::{ChainError, StatementError};

use crate::ledger::LedgerError;
use crate::ledger::durable::FileError;

/// Why a run could not be written, read, or worked with.
#[derive(Debug)]
#[non_exhaustive]
pub enum RunError {
    /// The system refused something.
    File(FileError),
    /// The ledger.
    Ledger(LedgerError),
    /// The output exists already.
    Exists {
        /// It.
        path: PathBuf,
    },
    /// There is no `run.note`.
    NotARun {
        /// The directory.
        path: PathBuf,
    },
    /// A file of the run is not what it must be.
    Damaged {
        /// The file.
        path: PathBuf,
        /// What is wrong, with what was expected and found.
        problem: String,
    },
    /// The ledger is not the one of the run.
    OtherLedger {
        /// Origin and size of the run's log.
        expected: String,
        /// Those of the ledger.
        found: String,
    },
    /// No ledger was given, and the run does not say where its own is.
    NoLedger,
    /// The ledger's tiles do not fit its checkpoint.
    Tiles,
    /// A run cannot follow the ones given.
    Chain(ChainError),
    /// The rules look back on earlier runs that were not given.
    LooksBack {
        /// How many months.
        months: u32,
    },
    /// The runs given do not cover the time that the rules look back on.
    TooShort {
        /// The one behind or before which something is missing.
        path: PathBuf,
        /// What was expected there.
        problem: String,
    },
    /// The plays cannot be settled.
    Statement(StatementError),
    /// A bundle cannot be made.
    Bundle(BundleError),
}

impl fmt::Display for RunError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::File(error) => error.fmt(f),
            Self::Ledger(error) => error.fmt(f),
            Self::Exists { path } => write!(
                f,
                "{} exists already; give another name, or --force to replace it",
                path.display()
            ),
            Self::NotARun { path } => write!(
                f,
                "expected the directory of a run with run.note in it, but found none at {}",
                path.display()
            ),
            Self::Damaged { path, problem } => write!(f, "{}: {problem}", path.display()),
            Self::OtherLedger { expected, found } => write!(
                f,
                "expected the ledger of this run ({expected}), but found another ({found}); give it with --ledger"
            ),
            Self::NoLedger => f.write_str("expected --ledger, since the run does not say where its ledger is"),
            Self::Tiles => f.write_str(
                "expected tiles that lead to the run's checkpoint, but found others; the ledger's directory was changed",
            ),
            Self::Chain(error) => write!(f, "--previous: {error}"),
            Self::LooksBack { months } => write!(
                f,
                "expected the runs before this one, as the rules look back {months} months, but found none; \
                 give each with --previous, in the order of issue"
            ),
            Self::TooShort { path, problem } => write!(f, "{}: {problem}", path.display()),
            Self::Statement(error) => error.fmt(f),
            Self::Bundle(error) => error.fmt(f),
        }
    }
}

impl std::error::Error for RunError {}

impl From<FileError> for RunError {
    fn from(error: FileError) -> Self {
        Self::File(error)
    }
}

impl From<ChainError> for RunError {
    fn from(error: ChainError) -> Self {
        Self::Chain(error)
    }
}

impl From<LedgerError> for RunError {
    fn from(error: LedgerError) -> Self {
        Self::Ledger(error)
    }
}
