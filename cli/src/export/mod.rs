//! A run for other programs and for people: CSV, Parquet, pages to print, a journal for hledger, a
//! DDEX sales report, a tree of claims for contracts.
//!
//! *In:* a stored run. *Out:* files. *Does not know:* how amounts came about.

mod dsr;
mod error;
mod hledger;
mod html;
mod openzeppelin;
mod sheet;
mod sheets;

use std::collections::BTreeMap;
use std::path::Path;

use ledgerline::id::PartyId;
use ledgerline::registry;
use ledgerline::statement::Table;
use ledgerline::wire::Reader;

pub use dsr::{DsrOptions, write_dsr};
pub use error::ExportError;
pub use hledger::write_hledger;
pub use html::{write_all_html, write_html};
pub use openzeppelin::{Payouts, Written, write_openzeppelin};
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
    write_dir(out, |dir| sheets::write_all(run, format, dir))
}

/// Fills a new directory and puts it at `out`, whole or not at all; gives what `fill` gave.
fn write_dir<T, E: From<FileError>>(
    out: &Path,
    fill: impl FnOnce(&Path) -> Result<T, E>,
) -> Result<T, E> {
    let parent = parent_of(out);
    create_dirs(parent)?;
    let beside = tempfile::Builder::new()
        .prefix(".export-")
        .tempdir_in(parent)
        .map_err(FileError::at("create a directory in", parent))?;
    // A temporary directory is private; an export is as public as the umask says.
    let inner = beside.path().join("export");
    create_dirs(&inner)?;
    let filled = fill(&inner)?;
    sync_dir(&inner)?;
    replace_dir(&inner, out)?;
    Ok(filled)
}

/// Names of all holders of the run's registry, by party.
fn holder_names(run: &StoredRun) -> BTreeMap<PartyId, String> {
    let rows = run.table(Table::Registry);
    rows.range(0..rows.count())
        .filter_map(|(key, row)| {
            match registry::read_row(key.first_chunk()?, &mut Reader::new(row)) {
                Ok(registry::Row::Holder(holder)) => Some((holder.party, holder.name)),
                _ => None,
            }
        })
        .collect()
}
