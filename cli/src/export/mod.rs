//! A run for other programs: CSV, Parquet, a journal for hledger, a DDEX sales report.
//!
//! *In:* a stored run. *Out:* files. *Does not know:* how amounts came about.

mod dsr;
mod hledger;
mod sheet;
mod sheets;

use std::path::Path;

pub use dsr::{DsrOptions, write_dsr};
pub use hledger::write_hledger;
pub use sheet::{Column, Sheet};

use crate::ledger::durable::{FileError, create_dirs, parent_of, replace_dir, sync_dir};
use crate::run::{RunError, StoredRun};

/// A format of tables.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum TableFormat {
    /// RFC 4180 with a header.
    Csv,
    /// Apache Parquet, zstd.
    Parquet,
}

/// Writes the run's tables into the new directory `out`, one file for each; gives their names.
///
/// # Errors
///
/// [`RunError::File`]; `out` is then not there.
pub fn write_tables(
    run: &StoredRun,
    format: TableFormat,
    out: &Path,
) -> Result<Vec<String>, RunError> {
    let parent = parent_of(out);
    create_dirs(parent)?;
    let beside = tempfile::Builder::new()
        .prefix(".export-")
        .tempdir_in(parent)
        .map_err(FileError::at("create a directory in", parent))?;
    let dir = beside.path();
    // A temporary directory is private; an export is as public as the umask says.
    let inner = dir.join("export");
    create_dirs(&inner)?;
    let names = sheets::write_all(run, format, &inner)?;
    sync_dir(&inner)?;
    replace_dir(&inner, out)?;
    Ok(names)
}
