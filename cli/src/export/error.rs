//! What can be wrong with what an export is asked for.

use std::fmt;
use std::path::PathBuf;

use ledgerline::claims::ClaimsError;
use ledgerline::id::PartyId;

use crate::csv_file::CsvError;
use crate::ledger::durable::FileError;
use crate::run::RunError;

/// Why an export could not be made.
#[derive(Debug)]
#[non_exhaustive]
pub enum ExportError {
    /// The run, or the system.
    Run(RunError),
    /// The file of addresses.
    Csv(CsvError),
    /// A holder who is to be paid stands not in the file of addresses.
    NoAddress {
        /// The file.
        path: PathBuf,
        /// The first such holder.
        party: PartyId,
        /// What that holder is to be paid.
        payable: String,
        /// How many such holders there are.
        count: usize,
    },
    /// No holder is to be paid anything that the export is about.
    NothingPayable,
    /// The payouts have no tree.
    Claims(ClaimsError),
    /// The run has no such holder.
    NoHolder {
        /// The holder.
        party: PartyId,
    },
}

impl fmt::Display for ExportError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Run(error) => error.fmt(f),
            Self::Csv(error) => error.fmt(f),
            Self::NoAddress {
                path,
                party,
                payable,
                count,
            } => write!(
                f,
                "{}: expected a row for each holder who is paid, but found none for {party} (payable {payable}), {count} missing in all; \
                 an empty address leaves out a holder who is paid otherwise",
                path.display()
            ),
            Self::NothingPayable => {
                f.write_str("expected at least one payment to claim, but found none")
            }
            Self::Claims(error) => write!(f, "{error}; choose one with --currency"),
            Self::NoHolder { party } => write!(
                f,
                "--holder: expected a holder with an account or a line in this run, but found none of {party}"
            ),
        }
    }
}

impl std::error::Error for ExportError {}

impl From<RunError> for ExportError {
    fn from(error: RunError) -> Self {
        Self::Run(error)
    }
}

impl From<FileError> for ExportError {
    fn from(error: FileError) -> Self {
        Self::Run(RunError::File(error))
    }
}

impl From<CsvError> for ExportError {
    fn from(error: CsvError) -> Self {
        Self::Csv(error)
    }
}
