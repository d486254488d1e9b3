//! Why events were not taken.

use std::fmt;
use std::path::PathBuf;

use ledgerline::event::EventError;

use super::columns::ColumnError;
use crate::ledger::LedgerError;
use crate::ledger::durable::FileError;

/// Why an input was refused, or could not be appended.
#[derive(Debug)]
#[non_exhaustive]
pub enum IngestError {
    /// The input cannot be read.
    File(FileError),
    /// Rows are not events, and no file for rejects was given. Nothing was appended.
    Rows {
        /// The input's name.
        source: String,
        /// The first of them.
        first: Vec<Reject>,
        /// How many there are.
        total: u64,
    },
    /// The columns are not those of events.
    Columns {
        /// The input's name.
        source: String,
        /// What is wrong.
        problem: ColumnError,
    },
    /// There is no event.
    Empty {
        /// The input's name.
        source: String,
    },
    /// The input breaks off, or is not of its format.
    Malformed {
        /// The input's name.
        source: String,
        /// The format.
        format: &'static str,
        /// What the reader ran into.
        found: String,
        /// Events of it that were appended before; 0 unless a file for rejects was given.
        appended: u64,
    },
    /// The input is compressed as a whole.
    Compressed {
        /// The input's name.
        source: String,
        /// The tool that unpacks it.
        tool: &'static str,
    },
    /// The file for rejects is there already.
    RejectsExist {
        /// The file.
        path: PathBuf,
    },
    /// The ledger refused.
    Ledger(LedgerError),
}

/// A row that is no event.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Reject {
    /// Line of a text, row of a table, from 1.
    pub line: u64,
    /// What is wrong with it.
    pub error: RowError,
    /// The row as text, cut if it is very long.
    pub row: String,
}

/// What is wrong with a row.
#[derive(Clone, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub enum RowError {
    /// A value is not one of an event.
    Event(EventError),
    /// The line is no JSON object of an event.
    Json(String),
    /// The line is longer than [`MAX_LINE`](super::MAX_LINE).
    TooLong,
    /// The line is not UTF-8.
    NotUtf8 {
        /// Byte in the line, from 0.
        at: usize,
    },
    /// The number of fields is not that of the header.
    Fields {
        /// Columns of the header.
        expected: u64,
        /// Fields of the row.
        found: u64,
    },
    /// A flag is neither true nor false.
    Flag {
        /// Column.
        column: &'static str,
        /// The text, cut to 60 characters.
        found: String,
    },
    /// A value is missing.
    Null {
        /// Column.
        column: &'static str,
    },
}

impl fmt::Display for RowError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Event(error) => error.fmt(f),
            Self::Json(found) => {
                write!(f, "expected a JSON object of an event, but found: {found}")
            }
            Self::TooLong => write!(
                f,
                "expected a line of at most {} bytes, but found a longer one",
                super::MAX_LINE
            ),
            Self::NotUtf8 { at } => {
                write!(f, "expected UTF-8, but found other bytes at byte {at}")
            }
            Self::Fields { expected, found } => {
                write!(f, "expected {expected} fields, but found {found}")
            }
            Self::Flag { column, found } => {
                write!(f, "{column}: expected true or false, but found {found:?}")
            }
            Self::Null { column } => write!(f, "{column}: expected a value, but found none"),
        }
    }
}

impl fmt::Display for IngestError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::File(error) => error.fmt(f),
            Self::Rows {
                source,
                first,
                total,
            } => {
                for reject in first {
                    writeln!(f, "{source}:{}: {}", reject.line, reject.error)?;
                }
                let rows = if *total == 1 { "row is" } else { "rows are" };
                write!(
                    f,
                    "{total} {rows} bad, so nothing was appended; correct them, or set them aside \
                     with --rejects FILE"
                )
            }
            Self::Columns { source, problem } => write!(f, "{source}: {problem}"),
            Self::Empty { source } => {
                write!(f, "{source}: expected at least one event, but found none")
            }
            Self::Malformed {
                source,
                format,
                found,
                appended,
            } => {
                write!(f, "{source}: expected {format}, but found: {found}")?;
                if *appended == 0 {
                    f.write_str("; nothing was appended")
                } else {
                    write!(
                        f,
                        "; the {appended} events before that were appended; it is safe to ingest \
                         the whole input again, identical events count once"
                    )
                }
            }
            Self::Compressed { source, tool } => write!(
                f,
                "{source}: expected events, but found compressed data; unpack it on the way: \
                 {tool} {source} | ledgerline ingest LEDGER -"
            ),
            Self::RejectsExist { path } => write!(
                f,
                "{}: expected to create this file, but found it there; give another name or --force",
                path.display()
            ),
            Self::Ledger(error) => error.fmt(f),
        }
    }
}

impl std::error::Error for IngestError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::File(error) => Some(error),
            Self::Ledger(error) => Some(error),
            _ => None,
        }
    }
}

impl From<FileError> for IngestError {
    fn from(error: FileError) -> Self {
        Self::File(error)
    }
}

impl From<LedgerError> for IngestError {
    fn from(error: LedgerError) -> Self {
        Self::Ledger(error)
    }
}
