//! What can be wrong with a witness's directory.

use std::fmt;
use std::path::PathBuf;

use crate::ledger::durable::FileError;

/// Why a witness could not be made or started, or had to stop.
#[derive(Debug)]
#[non_exhaustive]
pub enum WitnessError {
    /// The system refused something.
    File(FileError),
    /// `init` where something is already.
    Exists {
        /// The directory.
        path: PathBuf,
    },
    /// There is no `key`.
    NotAWitness {
        /// The directory.
        path: PathBuf,
    },
    /// Another process runs this witness.
    Locked {
        /// The directory.
        path: PathBuf,
    },
    /// A file is not what it must be.
    Damaged {
        /// The file.
        path: PathBuf,
        /// Line, from 1, if there is one place.
        line: Option<usize>,
        /// What was expected and found, and what to do.
        problem: String,
    },
    /// A log that cannot be followed.
    Log {
        /// Why.
        problem: String,
    },
    /// The address cannot be listened on.
    Listen {
        /// The address.
        address: String,
        /// What the system said.
        error: std::io::Error,
    },
    /// A write failed, so that nobody knows what the disk holds.
    Halted {
        /// What failed.
        why: String,
    },
}

impl WitnessError {
    pub(super) fn damaged(
        path: impl Into<PathBuf>,
        line: impl Into<Option<usize>>,
        problem: impl Into<String>,
    ) -> Self {
        Self::Damaged {
            path: path.into(),
            line: line.into(),
            problem: problem.into(),
        }
    }
}

impl fmt::Display for WitnessError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::File(error) => error.fmt(f),
            Self::Exists { path } => write!(
                f,
                "{}: expected no file or an empty directory, but found something there; choose \
                 another place",
                path.display()
            ),
            Self::NotAWitness { path } => write!(
                f,
                "{}: expected a witness, but found no file `key` in it; `ledgerline witness init` \
                 makes one",
                path.display()
            ),
            Self::Locked { path } => write!(
                f,
                "{}: expected to be the only process that runs this witness, but found another; \
                 two of them could cosign two histories, so stop that one first",
                path.display()
            ),
            Self::Damaged {
                path,
                line,
                problem,
            } => {
                write!(f, "{}", path.display())?;
                if let Some(line) = line {
                    write!(f, ": line {line}")?;
                }
                write!(f, ": {problem}")
            }
            Self::Log { problem } => f.write_str(problem),
            Self::Listen { address, error } => {
                write!(
                    f,
                    "cannot listen on {address}: {error}; choose another --listen"
                )
            }
            Self::Halted { why } => write!(
                f,
                "stopped: {why}. What was being written may or may not be on the disk, so nothing \
                 more is cosigned; check the disk, then start the witness again, which reads its \
                 state anew"
            ),
        }
    }
}

impl std::error::Error for WitnessError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::File(error) => Some(error),
            Self::Listen { error, .. } => Some(error),
            _ => None,
        }
    }
}

impl From<FileError> for WitnessError {
    fn from(error: FileError) -> Self {
        Self::File(error)
    }
}
