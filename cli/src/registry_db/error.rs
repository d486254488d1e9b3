//! Why the registry could not be read or changed.

use std::fmt;
use std::path::{Path, PathBuf};

use ledgerline::registry::RegistryError;

use super::cwr::Fault;
use crate::csv_file::CsvError;
use crate::ledger::durable::FileError;

/// Why the registry could not be read or changed. Nothing was changed.
#[derive(Debug)]
#[non_exhaustive]
pub enum RegistryDbError {
    /// The database refused.
    Database {
        /// Its file.
        path: PathBuf,
        /// What SQLite said.
        error: rusqlite::Error,
    },
    /// The file is a database, but not of a registry of this version.
    NotARegistry {
        /// Its file.
        path: PathBuf,
        /// What it is.
        found: String,
    },
    /// A row of the database is not what the registry holds.
    Stored {
        /// Its file.
        path: PathBuf,
        /// Table.
        table: &'static str,
        /// What is wrong.
        found: String,
    },
    /// A row of a CSV file is not as it must be.
    Csv(CsvError),
    /// The directory cannot be read.
    File(FileError),
    /// None of the files is there.
    NothingToImport {
        /// The directory.
        path: PathBuf,
    },
    /// A CWR file is not as it must be.
    Cwr {
        /// The file.
        path: PathBuf,
        /// All that is wrong, by line.
        faults: Vec<Fault>,
    },
    /// The rows contradict each other.
    Contradiction(RegistryError),
}

impl fmt::Display for RegistryDbError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Database { path, error } => {
                write!(f, "{}: {error}", path.display())?;
                match error.sqlite_error_code() {
                    Some(rusqlite::ErrorCode::DatabaseBusy) => {
                        f.write_str("; another process changes the registry, try again")
                    }
                    Some(
                        rusqlite::ErrorCode::NotADatabase | rusqlite::ErrorCode::DatabaseCorrupt,
                    ) => f.write_str("; the file is damaged, restore it from a copy"),
                    _ => Ok(()),
                }
            }
            Self::NotARegistry { path, found } => write!(
                f,
                "{}: expected a registry of version {}, but found {found}; an import brings an older version up to date",
                path.display(),
                super::VERSION
            ),
            Self::Stored { path, table, found } => write!(
                f,
                "{}: table {table}: expected what an import writes, but found {found}",
                path.display()
            ),
            Self::Csv(error) => error.fmt(f),
            Self::File(error) => error.fmt(f),
            Self::NothingToImport { path } => write!(
                f,
                "{}: expected at least one of {}, but found none of them",
                path.display(),
                super::tables::FILES.join(", ")
            ),
            Self::Cwr { path, faults } => {
                let place = path.display();
                for (number, fault) in faults.iter().enumerate() {
                    let line = if number == 0 { "" } else { "\n" };
                    write!(f, "{line}{place}:{fault}")?;
                }
                Ok(())
            }
            Self::Contradiction(error) => error.fmt(f),
        }
    }
}

impl std::error::Error for RegistryDbError {}

impl From<CsvError> for RegistryDbError {
    fn from(error: CsvError) -> Self {
        Self::Csv(error)
    }
}

impl From<RegistryError> for RegistryDbError {
    fn from(error: RegistryError) -> Self {
        Self::Contradiction(error)
    }
}

/// For `map_err` on what SQLite gives.
pub(super) fn at(path: &Path) -> impl Fn(rusqlite::Error) -> RegistryDbError + use<> {
    let path = path.to_owned();
    move |error| RegistryDbError::Database {
        path: path.clone(),
        error,
    }
}
