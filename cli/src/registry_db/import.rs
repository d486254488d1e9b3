//! Importing CSV files: what a file says about a key replaces what was known of that key.

use std::collections::BTreeMap;
use std::path::Path;

use ledgerline::salt::ListenerKey;
use rusqlite::{Transaction, params_from_iter};
use serde_json::json;

use super::RegistryDb;
use super::error::{RegistryDbError, at};
use super::tables::{Cell, FileRow, HOLDERS, RECORDINGS, TABLES, Table};
use crate::csv_file::CsvError;

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

/// What an import did.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Import {
    /// Its moment in recorded time, microseconds since the Unix epoch.
    pub recorded_at: i64,
    /// One entry for each file that is there.
    pub changes: Vec<Change>,
}

impl RegistryDb {
    /// Imports the CSV files of a directory, all of them or, after an error, none.
    ///
    /// # Errors
    ///
    /// [`RegistryDbError`] names file and line.
    pub fn import(&mut self, dir: &Path, key: &ListenerKey) -> Result<Import, RegistryDbError> {
        let mut files = Vec::new();
        for table in TABLES {
            if let Some(rows) = table.read_file(dir, key)? {
                files.push((table, rows));
            }
        }
        if files.is_empty() {
            return Err(RegistryDbError::NothingToImport {
                path: dir.to_owned(),
            });
        }
        let failed = at(&self.path);
        let path = self.path.clone();
        let recorded_at = self.next_moment()?;
        let transaction = self
            .connection
            .transaction_with_behavior(rusqlite::TransactionBehavior::Immediate)
            .map_err(&failed)?;
        let mut changes = Vec::new();
        for (table, rows) in files {
            let file = dir.join(table.file);
            check_references(&transaction, table, &file, &rows).map_err(|error| match error {
                Failure::Csv(error) => RegistryDbError::Csv(error),
                Failure::Sql(error) => failed(error),
            })?;
            let rows = by_key(table, &file, rows)?;
            let change = apply(&transaction, table, &rows, recorded_at).map_err(&failed)?;
            changes.push(change);
        }
        let detail: Vec<_> = changes
            .iter()
            .map(|c| json!({"table": c.table, "added": c.added, "ended": c.ended, "unchanged": c.unchanged}))
            .collect();
        audit(&transaction, recorded_at, "import", "", "", &json!(detail)).map_err(&failed)?;
        // What core refuses must not become known.
        super::snapshot_of(&transaction, &path, None)?;
        transaction.commit().map_err(&failed)?;
        Ok(Import {
            recorded_at,
            changes,
        })
    }
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

/// Every share and licence names a recording, every share a holder.
fn check_references(
    transaction: &Transaction<'_>,
    table: &Table,
    file: &Path,
    rows: &[FileRow],
) -> Result<(), Failure> {
    let references: &[(usize, &Table)] = match table.name {
        "shares" => &[(0, &RECORDINGS), (3, &HOLDERS)],
        "licences" => &[(0, &RECORDINGS)],
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
            let row = |cells: &[Cell]| cells.iter().map(Cell::json).collect::<Vec<_>>();
            let detail = json!({
                "added": added.iter().map(|cells| row(cells)).collect::<Vec<_>>(),
                "ended": ended.iter().map(|(_, cells)| row(cells)).collect::<Vec<_>>(),
            });
            let action = if known.is_empty() { "add" } else { "replace" };
            let Cell::Text(key) = key else { continue };
            audit(transaction, recorded_at, action, table.name, key, &detail)?;
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
