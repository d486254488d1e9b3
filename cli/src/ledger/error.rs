//! What can be wrong with a ledger's directory.

use std::fmt;
use std::path::PathBuf;

use ledgerline::log::{CheckpointError, Hash, KeyError, TreeHead};

use super::durable::FileError;
use super::log_keys::KeysError;

/// Why a ledger could not be created, read, or written to.
#[derive(Debug)]
#[non_exhaustive]
pub enum LedgerError {
    /// The system refused something.
    File(FileError),
    /// The system refused something to the writer, which does nothing more.
    Halted(FileError),
    /// `init` where something is already.
    Exists {
        /// The directory.
        path: PathBuf,
    },
    /// There is no `ledger.toml`.
    NotALedger {
        /// The directory.
        path: PathBuf,
    },
    /// A file is not what it must be.
    Damaged {
        /// The file.
        path: PathBuf,
        /// Line, offset or entry, if there is one place.
        at: Option<String>,
        /// What must be there.
        expected: String,
        /// What is there.
        found: String,
    },
    /// Another process writes to the ledger.
    Locked {
        /// The directory.
        path: PathBuf,
    },
    /// The period is closed.
    Closed {
        /// The directory.
        path: PathBuf,
    },
    /// A name that cannot be a log's origin.
    Origin(KeyError),
    /// The origin that run notes have as their first line.
    ReservedOrigin,
    /// A key cannot be added or taken out.
    Keys(KeysError),
    /// A checkpoint cannot be signed.
    Sign {
        /// Its size.
        size: u64,
        /// What the key, the clock or the note says.
        problem: String,
    },
    /// A stored checkpoint does not open under the log's key.
    Checkpoint {
        /// The file.
        path: PathBuf,
        /// Why.
        error: CheckpointError,
    },
    /// No checkpoint has been signed yet.
    NoCheckpoint {
        /// The directory.
        path: PathBuf,
    },
    /// The log has fewer events than a checkpoint that was already signed.
    Shrunk {
        /// Size that was signed.
        signed: u64,
        /// Events that are there.
        found: u64,
    },
    /// The events that a checkpoint covers are not those it was signed over.
    Forked {
        /// Size that was signed.
        size: u64,
        /// Root that was signed.
        signed: Hash,
        /// Root of the same number of events now.
        found: Hash,
    },
    /// `checkpoint` is not the one that the writer extends.
    Moved {
        /// The file.
        path: PathBuf,
        /// The one that is extended; `None` for none.
        expected: Option<TreeHead>,
        /// The one that is there.
        found: Option<TreeHead>,
    },
    /// A witness has proved another history of this log.
    Contradicted {
        /// The file that holds the proof.
        path: PathBuf,
    },
    /// A segment is not what `SHA256SUMS` and the format say.
    Segment {
        /// Its number.
        number: u64,
        /// Its file.
        path: PathBuf,
        /// What is wrong.
        problem: SegmentProblem,
    },
    /// There is no such segment.
    NoSegment {
        /// The number asked for.
        number: u64,
        /// How many there are.
        count: u64,
    },
    /// A secret is needed that this copy does not hold.
    NoSecret {
        /// The file.
        path: PathBuf,
    },
    /// An earlier write failed, so that nothing more is written.
    Stopped,
}

/// What is wrong with a segment.
#[derive(Clone, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub enum SegmentProblem {
    /// The file's hash is not the one in `SHA256SUMS`.
    Sha256 {
        /// Hex, from `SHA256SUMS`.
        expected: String,
        /// Hex, of the file.
        found: String,
    },
    /// The file is not readable as Parquet.
    Parquet(String),
    /// The columns are not those of the format.
    Schema {
        /// The columns of the format.
        expected: String,
        /// Those of the file.
        found: String,
    },
    /// The number of rows is wrong.
    Rows {
        /// What the segment must hold.
        expected: String,
        /// What it holds.
        found: u64,
    },
    /// A value that no event has.
    Value {
        /// Row, from 0.
        row: usize,
        /// Column.
        column: &'static str,
        /// What must be there.
        expected: &'static str,
        /// What is there.
        found: String,
    },
    /// `salt-keys` has no line for it.
    NoSaltKey,
}

impl LedgerError {
    /// A file that is not what it must be.
    pub fn damaged(
        path: impl Into<PathBuf>,
        at: Option<String>,
        expected: impl Into<String>,
        found: impl Into<String>,
    ) -> Self {
        Self::Damaged {
            path: path.into(),
            at,
            expected: expected.into(),
            found: found.into(),
        }
    }
}

impl LedgerError {
    /// The same error, of a writer that stops because of it.
    pub(super) fn halting(self) -> Self {
        match self {
            Self::File(error) => Self::Halted(error),
            other => other,
        }
    }
}

impl fmt::Display for LedgerError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::File(error) => error.fmt(f),
            Self::Halted(error) => write!(
                f,
                "{error}; the writer stopped and repeated nothing: events that were not \
                 acknowledged may be lost; check the disk, then run it again, which recovers the \
                 ledger"
            ),
            Self::Exists { path } => write!(
                f,
                "{}: expected no file or an empty directory, but found something there; \
                 choose another place",
                path.display()
            ),
            Self::NotALedger { path } => write!(
                f,
                "{}: expected a ledger, but found no ledger.toml in it; \
                 `ledgerline init` makes one",
                path.display()
            ),
            Self::Damaged {
                path,
                at,
                expected,
                found,
            } => {
                write!(f, "{}", path.display())?;
                if let Some(at) = at {
                    write!(f, ": {at}")?;
                }
                write!(f, ": expected {expected}, but found {found}")
            }
            Self::Locked { path } => write!(
                f,
                "{}: expected to be the only writer, but found another process writing to this \
                 ledger; wait until it is done",
                path.display()
            ),
            Self::Closed { path } => write!(
                f,
                "{}: expected an open ledger, but found a closed one; late plays go into the \
                 ledger of the period that is open now",
                path.display()
            ),
            Self::Keys(error) => error.fmt(f),
            Self::Sign { size, problem } => {
                write!(f, "cannot sign the checkpoint of size {size}: {problem}")
            }
            Self::Origin(error) => write!(f, "origin: {error}"),
            Self::ReservedOrigin => f.write_str(
                "origin: expected a log's own name, but found the first line of run notes",
            ),
            Self::Checkpoint { path, error } => write!(f, "{}: {error}", path.display()),
            Self::NoCheckpoint { path } => write!(
                f,
                "{}: expected a signed checkpoint, but found none; run `ledgerline checkpoint`",
                path.display()
            ),
            Self::Shrunk { signed, found } => write!(
                f,
                "expected at least the {signed} events of the newest checkpoint, but found \
                 {found}; nothing was signed: acknowledged events are missing, restore them \
                 from a copy"
            ),
            Self::Forked {
                size,
                signed,
                found,
            } => write!(
                f,
                "expected the first {size} events to have the signed root {signed}, but found \
                 {found}; nothing was signed: events, tiles or the master key were changed"
            ),
            Self::Moved {
                path,
                expected,
                found,
            } => {
                let named = |head: &Option<TreeHead>| {
                    head.map_or("no checkpoint".to_owned(), |head| {
                        format!("the checkpoint of size {} (root {})", head.size, head.root)
                    })
                };
                write!(
                    f,
                    "{}: expected {}, which this writer extends, but found {}; it was not \
                     replaced: find out whether a copy was restored or another machine writes to \
                     this ledger",
                    path.display(),
                    named(expected),
                    named(found)
                )
            }
            Self::Contradicted { path } => write!(
                f,
                "{}: expected one history of this log, but found a witness's proof of another one; \
                 while that file is there no events are taken and nothing more is signed or served. \
                 This ledger is probably an old copy: put the newest one back in its place, then move \
                 that file away if it is still there. If the witness is in the wrong, move it away and \
                 take the witness out of the policy",
                path.display()
            ),
            Self::Segment {
                number,
                path,
                problem,
            } => write!(f, "segment {number} ({}): {problem}", path.display()),
            Self::NoSegment { number, count } => write!(
                f,
                "expected one of the {count} sealed segments, but found number {number}"
            ),
            Self::NoSecret { path } => write!(
                f,
                "{}: expected this secret, but found no such file; this copy of the ledger is \
                 for reading",
                path.display()
            ),
            Self::Stopped => f.write_str(
                "expected a working ledger, but an earlier write to it failed; start again, \
                 which recovers it",
            ),
        }
    }
}

impl fmt::Display for SegmentProblem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Sha256 { expected, found } => write!(
                f,
                "expected the SHA-256 {expected} of SHA256SUMS, but found {found}; the file was \
                 changed after it was sealed"
            ),
            Self::Parquet(found) => write!(f, "expected a Parquet file, but found: {found}"),
            Self::Schema { expected, found } => {
                write!(f, "expected the columns {expected}, but found {found}")
            }
            Self::Rows { expected, found } => {
                write!(f, "expected {expected} rows, but found {found}")
            }
            Self::Value {
                row,
                column,
                expected,
                found,
            } => write!(
                f,
                "row {row}, column {column}: expected {expected}, but found {found}"
            ),
            Self::NoSaltKey => f.write_str(
                "expected its key in segments/salt-keys, but found none; ask the operator for it",
            ),
        }
    }
}

impl std::error::Error for LedgerError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::File(error) | Self::Halted(error) => Some(error),
            _ => None,
        }
    }
}

impl From<FileError> for LedgerError {
    fn from(error: FileError) -> Self {
        Self::File(error)
    }
}
