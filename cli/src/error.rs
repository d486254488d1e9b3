//! What makes a command fail, and the exit code that says of which kind it was.

use std::fmt;
use std::io;
use std::path::PathBuf;

use crate::dsr::check::Refused;
use crate::export::ExportError;
use crate::ingest::IngestError;
use crate::ledger::LedgerError;
use crate::ledger::durable::FileError;
use crate::registry_db::RegistryDbError;
use crate::run::RunError;
use crate::witness::WitnessError;

/// How a command ended that did not fail.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Outcome {
    /// Done, or verified: exit code 0.
    Done,
    /// Some check contradicts, or there are findings of severity error: exit code 1.
    Disputed,
    /// Nothing contradicts, but something required could not be checked: exit code 3.
    Incomplete,
}

impl Outcome {
    /// The exit code.
    #[must_use]
    pub const fn code(self) -> u8 {
        match self {
            Self::Done => 0,
            Self::Disputed => 1,
            Self::Incomplete => 3,
        }
    }
}

/// Why a command failed.
#[derive(Debug)]
#[non_exhaustive]
pub enum Error {
    /// The ledger's directory.
    Ledger(LedgerError),
    /// Events.
    Ingest(IngestError),
    /// The registry.
    Registry(RegistryDbError),
    /// A run.
    Run(RunError),
    /// An export.
    Export(ExportError),
    /// A witness.
    Witness(WitnessError),
    /// A file that is no DDEX sales report.
    Dsr {
        /// The file.
        path: PathBuf,
        /// Why.
        refused: Refused,
    },
    /// Another file.
    File(FileError),
    /// An argument that only we can judge.
    Usage {
        /// The argument.
        argument: &'static str,
        /// What is wrong with it.
        message: String,
    },
    /// A data set could not be made.
    Simulate {
        /// Why.
        message: String,
    },
    /// Standard output.
    Output(io::Error),
    /// Our own mistake.
    Bug {
        /// What was thought to be impossible.
        what: &'static str,
    },
}

impl Error {
    /// 2 for everything that the caller, the files or the system can cause; 1 where a witness's proof
    /// contradicts the ledger; 70 (`EX_SOFTWARE`) for a mistake of this program.
    #[must_use]
    pub const fn exit_code(&self) -> u8 {
        match self {
            Self::Bug { .. } => 70,
            Self::Ledger(LedgerError::Contradicted { .. })
            | Self::Ingest(IngestError::Ledger(LedgerError::Contradicted { .. })) => 1,
            _ => 2,
        }
    }

    /// Whether the reader of our output went away, which is no reason for a message.
    #[must_use]
    pub fn is_broken_pipe(&self) -> bool {
        matches!(self, Self::Output(error) if error.kind() == io::ErrorKind::BrokenPipe)
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Ledger(error) => error.fmt(f),
            Self::Ingest(error) => error.fmt(f),
            Self::Registry(error) => error.fmt(f),
            Self::Run(error) => error.fmt(f),
            Self::Export(error) => error.fmt(f),
            Self::Witness(error) => error.fmt(f),
            Self::Dsr { path, refused } => write!(f, "{}: {refused}", path.display()),
            Self::File(error) => error.fmt(f),
            Self::Usage { argument, message } => write!(f, "{argument}: {message}"),
            Self::Simulate { message } => f.write_str(message),
            Self::Output(error) => write!(f, "cannot write to standard output: {error}"),
            Self::Bug { what } => write!(
                f,
                "this is a mistake in ledgerline, please report it: {what}"
            ),
        }
    }
}

impl std::error::Error for Error {}

impl From<LedgerError> for Error {
    fn from(error: LedgerError) -> Self {
        Self::Ledger(error)
    }
}

impl From<IngestError> for Error {
    fn from(error: IngestError) -> Self {
        Self::Ingest(error)
    }
}

impl From<RegistryDbError> for Error {
    fn from(error: RegistryDbError) -> Self {
        Self::Registry(error)
    }
}

impl From<FileError> for Error {
    fn from(error: FileError) -> Self {
        Self::File(error)
    }
}

impl From<io::Error> for Error {
    /// Only standard output is written to without naming a file.
    fn from(error: io::Error) -> Self {
        Self::Output(error)
    }
}

impl From<RunError> for Error {
    fn from(error: RunError) -> Self {
        Self::Run(error)
    }
}

impl From<ExportError> for Error {
    fn from(error: ExportError) -> Self {
        Self::Export(error)
    }
}

impl From<WitnessError> for Error {
    fn from(error: WitnessError) -> Self {
        Self::Witness(error)
    }
}
