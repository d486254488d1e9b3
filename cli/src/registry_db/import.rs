//! Importing files: what a file says about a key replaces what was known of that key.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use ledgerline::log::Hash;

use ledgerline::salt::ListenerKey;
use rusqlite::{Transaction, params_from_iter};
use serde_json::json;

use super::RegistryDb;
use super::cwr::{CwrOptions, rows_of_cwr};
use super::doubts::{Note, doubts_of};
use super::error::{RegistryDbError, at};
use super::tables::{Cell, FileRow, HOLDERS, RECORDINGS, TABLES, Table, WORKS};
use crate::csv_file::CsvError;
use crate::ledger::durable::read_bounded;

/// Largest file whose hash goes into the audit row, and largest CWR file, bytes.
const FILE_MAX: u64 = 1 << 30;

/// What an import did to one table.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct Change {
    /// The table.
    pub table: &'static str,
    /// Rows of the file, without repetitions.
    pub rows: u64,
    /// Rows that are new.
    pub added: u64,
    /// Rows that were known and are not any more.
    pub ended: u64,
    /// Rows that were known already.
    pub unchanged: u64,
    /// Rows that stand more than once in the file.
    pub repeated: u64,
}

/// What an import did to the rows of one key.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct KeyChange {
    /// The table.
    pub table: &'static str,
    /// The key.
    pub key: String,
    /// Rows that are new, as JSON arrays of their columns.
    pub added: Vec<serde_json::Value>,
    /// Rows that are not known any more.
    pub ended: Vec<serde_json::Value>,
}

/// What an import did, or would do.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Import {
    /// Its moment in recorded time, microseconds since the Unix epoch.
    pub recorded_at: i64,
    /// One entry for each table that the files speak of.
    pub changes: Vec<Change>,
    /// Every key that changes.
    pub keys: Vec<KeyChange>,
    /// What is doubtful in the files, in the order of tables and lines.
    pub notes: Vec<Note>,
}

/// What is imported.
#[derive(Clone, Copy, Debug)]
pub enum Source<'a> {
    /// A directory of CSV files.
    Directory(&'a Path),
    /// A CWR file.
    Cwr(&'a Path, &'a CwrOptions),
}

/// A table's rows from a file.
pub(super) struct TableRows {
    pub(super) table: &'static Table,
    pub(super) file: PathBuf,
    pub(super) rows: Vec<FileRow>,
}

impl RegistryDb {
    /// Imports a directory or file, all of it or, after an error, nothing. With `dry_run` nothing is
    /// changed either: the result says what would be.
    ///
    /// # Errors
    ///
    /// [`RegistryDbError`] names file and line.
    pub fn import(
        &mut self,
        source: Source<'_>,
        key: &ListenerKey,
        dry_run: bool,
    ) -> Result<Import, RegistryDbError> {
        let failed = at(&self.path);
        let path = self.path.clone();
        let recorded_at = self.next_moment()?;
        let transaction = self
            .connection
            .transaction_with_behavior(rusqlite::TransactionBehavior::Immediate)
            .map_err(&failed)?;
        let (files, mut notes) = match source {
            Source::Directory(dir) => (read_directory(dir, key)?, Vec::new()),
            Source::Cwr(file, options) => {
                let bytes = read_bounded(file, FILE_MAX).map_err(RegistryDbError::File)?;
                rows_of_cwr(&transaction, file, &bytes, options)?
            }
        };
        let mut import = Import {
            recorded_at,
            changes: Vec::new(),
            keys: Vec::new(),
            notes: Vec::new(),
        };
        let mut hashes: BTreeMap<PathBuf, String> = BTreeMap::new();
        for TableRows { table, file, rows } in files {
            check_references(&transaction, table, &file, &rows).map_err(|error| match error {
                Failure::Csv(error) => RegistryDbError::Csv(error),
                Failure::Sql(error) => failed(error),
            })?;
            notes.extend(notes_of(table, &file, &rows));
            if !hashes.contains_key(&file) {
                let bytes = read_bounded(&file, FILE_MAX).map_err(RegistryDbError::File)?;
                hashes.insert(file.clone(), Hash::of(&bytes).to_string());
            }
            let rows = by_key(table, &file, rows)?;
            let change = apply(&transaction, table, &rows, recorded_at, &mut import.keys);
            import.changes.push(change.map_err(&failed)?);
        }
        import.notes = notes;
        let detail = json!({
            "files": hashes.iter().map(|(file, hash)| json!({"name": name_of(file), "sha256": hash}))
                .collect::<Vec<_>>(),
            "changes": import.changes.iter()
                .map(|c| json!({"table": c.table, "added": c.added, "ended": c.ended, "unchanged": c.unchanged}))
                .collect::<Vec<_>>(),
        });
        audit(&transaction, recorded_at, "import", "", "", &detail).map_err(&failed)?;
        // What core refuses must not become known.
        super::facts_of(&transaction, &path, None)?.into_snapshot()?;
        if dry_run {
            transaction.rollback().map_err(&failed)?;
        } else {
            transaction.commit().map_err(&failed)?;
        }
        Ok(import)
    }
}

fn read_directory(dir: &Path, key: &ListenerKey) -> Result<Vec<TableRows>, RegistryDbError> {
    let mut files = Vec::new();
    for table in TABLES {
        if let Some(rows) = table.read_file(dir, key)? {
            let file = dir.join(table.file);
            files.push(TableRows { table, file, rows });
        }
    }
    if files.is_empty() {
        return Err(RegistryDbError::NothingToImport {
            path: dir.to_owned(),
        });
    }
    Ok(files)
}

/// A file's name without its directory, for what is kept and shown.
pub(super) fn name_of(file: &Path) -> String {
    file.file_name()
        .map(|name| name.to_string_lossy().into_owned())
        .unwrap_or_default()
}

fn notes_of(table: &Table, file: &Path, rows: &[FileRow]) -> Vec<Note> {
    let notes = rows.iter().flat_map(|row| {
        doubts_of(table, &row.cells).into_iter().map(|doubt| Note {
            file: name_of(file),
            line: row.line,
            doubt,
        })
    });
    notes.collect()
}

enum Failure {
    Csv(CsvError),
    Sql(rusqlite::Error),
}

impl From<rusqlite::Error> for Failure {
    fn from(error: rusqlite::Error) -> Self {
        Self::Sql(error)
    }
}

/// Every share and licence names a recording, every share and identifier a holder, every link and
/// share of a work a work. A link may name a recording that is not known yet: works and recordings
/// come from different people.
fn check_references(
    transaction: &Transaction<'_>,
    table: &Table,
    file: &Path,
    rows: &[FileRow],
) -> Result<(), Failure> {
    let references: &[(usize, &Table)] = match table.name {
        "shares" => &[(0, &RECORDINGS), (3, &HOLDERS)],
        "licences" => &[(0, &RECORDINGS)],
        "holder_ids" => &[(0, &HOLDERS)],
        "recording_works" => &[(1, &WORKS)],
        "work_shares" => &[(0, &WORKS), (3, &HOLDERS)],
        _ => &[],
    };
    for (column, named) in references {
        let mut known = transaction.prepare(&format!(
            "SELECT 1 FROM {} WHERE {} = ?1 AND recorded_to IS NULL",
            named.name,
            named.columns.first().copied().unwrap_or_default()
        ))?;
        for row in rows {
            let cell = row.cell(*column);
            if !known.exists([cell])? {
                let Cell::Text(found) = cell else { continue };
                return Err(Failure::Csv(CsvError::Row {
                    path: file.to_owned(),
                    line: row.line,
                    expected: format!(
                        "one of the {}, from {} or an earlier import",
                        named.name, named.file
                    ),
                    found: format!("{found}, which is not among them"),
                }));
            }
        }
    }
    Ok(())
}

/// The rows of each key, sorted.
type ByKey = BTreeMap<Cell, Vec<FileRow>>;

fn by_key(table: &Table, file: &Path, rows: Vec<FileRow>) -> Result<ByKey, CsvError> {
    let mut keys = ByKey::new();
    for row in rows {
        let key = row.key().cloned().unwrap_or(Cell::Null);
        keys.entry(key).or_default().push(row);
    }
    let refuse = |row: &FileRow, expected: &str, found: String| CsvError::Row {
        path: file.to_owned(),
        line: row.line,
        expected: expected.to_owned(),
        found,
    };
    for rows in keys.values_mut() {
        rows.sort_by(|a, b| (&a.cells, a.line).cmp(&(&b.cells, b.line)));
        if table.single {
            let mut pairs = rows.iter().zip(rows.iter().skip(1));
            if let Some((one, other)) = pairs.find(|(a, b)| a.cells != b.cells) {
                let (first, later) = if one.line < other.line {
                    (one, other)
                } else {
                    (other, one)
                };
                let found = format!("another one in line {}", first.line);
                return Err(refuse(later, "one row for each key", found));
            }
        }
        if table.name == "subscriptions" {
            // By the start; an open start, null, comes first.
            let mut in_time: Vec<&FileRow> = rows.iter().collect();
            in_time.sort_by_key(|row| row.cell(2).clone());
            for (earlier, later) in in_time.iter().zip(in_time.iter().skip(1)) {
                let overlap = match (earlier.cell(3), later.cell(2)) {
                    (Cell::Int(end), Cell::Int(start)) => start < end,
                    _ => true,
                };
                if overlap && earlier.cells != later.cells {
                    let found = format!("an overlap with line {}", earlier.line);
                    let expected = "one subscription of a listener at a time";
                    return Err(refuse(later, expected, found));
                }
            }
        }
    }
    Ok(keys)
}

fn apply(
    transaction: &Transaction<'_>,
    table: &Table,
    keys: &ByKey,
    recorded_at: i64,
    changed: &mut Vec<KeyChange>,
) -> rusqlite::Result<Change> {
    let columns: Vec<String> = table.columns.iter().map(|c| format!("\"{c}\"")).collect();
    let columns = columns.join(", ");
    let key_column = table.columns.first().copied().unwrap_or_default();
    let mut find = transaction.prepare(&format!(
        "SELECT rowid, {columns} FROM {} WHERE {key_column} = ?1 AND recorded_to IS NULL",
        table.name
    ))?;
    let mut end = transaction.prepare(&format!(
        "UPDATE {} SET recorded_to = ?1 WHERE rowid = ?2",
        table.name
    ))?;
    let marks = vec!["?"; table.columns.len() + 1].join(", ");
    let mut add = transaction.prepare(&format!(
        "INSERT INTO {} ({columns}, recorded_from) VALUES ({marks})",
        table.name
    ))?;
    let mut change = Change {
        table: table.name,
        ..Change::default()
    };
    for (key, rows) in keys {
        let mut said: Vec<&Vec<Cell>> = rows.iter().map(|row| &row.cells).collect();
        let all = said.len();
        said.dedup();
        change.repeated += (all - said.len()) as u64;
        change.rows += said.len() as u64;
        let mut known: Vec<(i64, Vec<Cell>)> = Vec::new();
        let mut found = find.query([key])?;
        while let Some(row) = found.next()? {
            let cells = (1..=table.columns.len())
                .map(|at| row.get_ref(at).map(Cell::of_sql))
                .collect::<Result<_, _>>()?;
            known.push((row.get(0)?, cells));
        }
        let ended: Vec<&(i64, Vec<Cell>)> = known
            .iter()
            .filter(|(_, cells)| !said.contains(&cells))
            .collect();
        let added: Vec<&&Vec<Cell>> = said
            .iter()
            .filter(|cells| !known.iter().any(|(_, known)| known == **cells))
            .collect();
        for (rowid, _) in &ended {
            end.execute([recorded_at, *rowid])?;
        }
        let moment = Cell::Int(recorded_at);
        for cells in &added {
            add.execute(params_from_iter(cells.iter().chain([&moment])))?;
        }
        change.added += added.len() as u64;
        change.ended += ended.len() as u64;
        change.unchanged += (said.len() - added.len()) as u64;
        if !added.is_empty() || !ended.is_empty() {
            let Cell::Text(key) = key else { continue };
            let row = |cells: &[Cell]| cells.iter().map(Cell::json).collect();
            let change = KeyChange {
                table: table.name,
                key: key.clone(),
                added: added.iter().map(|cells| row(cells)).collect(),
                ended: ended.iter().map(|(_, cells)| row(cells)).collect(),
            };
            let action = if known.is_empty() { "add" } else { "replace" };
            let detail = json!({"added": change.added, "ended": change.ended});
            audit(transaction, recorded_at, action, table.name, key, &detail)?;
            changed.push(change);
        }
    }
    Ok(change)
}

fn audit(
    transaction: &Transaction<'_>,
    recorded_at: i64,
    action: &str,
    table: &str,
    key: &str,
    detail: &serde_json::Value,
) -> rusqlite::Result<()> {
    let mut insert = transaction.prepare_cached(
        "INSERT INTO audit (recorded_at, actor, action, \"table\", key, detail)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
    )?;
    let actor = std::env::var("USER").ok();
    insert.execute((recorded_at, actor, action, table, key, detail.to_string()))?;
    Ok(())
}
