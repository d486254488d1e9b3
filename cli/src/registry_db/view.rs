//! The audit rows of a key, the imports, and what differs between two moments.

use rusqlite::Row;
use serde_json::Value;

use super::RegistryDb;
use super::error::{RegistryDbError, at};
use super::tables::{Cell, TABLES};

/// One change.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct HistoryRow {
    /// When it became known, µs since the Unix epoch.
    pub recorded_at: i64,
    /// The user account that imported it, if the system says.
    pub actor: Option<String>,
    /// `import`, `add` or `replace`.
    pub action: String,
    /// The table; empty for an import as a whole.
    pub table: String,
    /// The key: ISRC, holder, work; empty for an import as a whole.
    pub key: String,
    /// The rows that were added and ended, or the files and numbers of an import, as JSON.
    pub detail: String,
}

/// A row that is known at one of two moments only.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Diff {
    /// The table.
    pub table: &'static str,
    /// Whether it is known at the later moment; otherwise at the earlier one.
    pub added: bool,
    /// Its columns.
    pub row: Vec<Value>,
}

const COLUMNS: &str = "SELECT recorded_at, actor, action, \"table\", key, detail FROM audit";

fn history_row(row: &Row<'_>) -> rusqlite::Result<HistoryRow> {
    Ok(HistoryRow {
        recorded_at: row.get(0)?,
        actor: row.get(1)?,
        action: row.get(2)?,
        table: row.get(3)?,
        key: row.get(4)?,
        detail: row.get(5)?,
    })
}

impl RegistryDb {
    /// All changes of a key, and those that mention it, oldest first.
    ///
    /// # Errors
    ///
    /// [`RegistryDbError::Database`].
    pub fn history(&self, key: &str) -> Result<Vec<HistoryRow>, RegistryDbError> {
        let failed = at(&self.path);
        let mut statement = self
            .connection
            .prepare(&format!(
                "{COLUMNS} WHERE key = ?1 OR (\"table\" IN ('shares', 'work_shares', 'recording_works')
                 AND instr(detail, '\"' || ?1 || '\"') > 0) ORDER BY id",
            ))
            .map_err(&failed)?;
        let rows = statement.query_map([key], history_row);
        rows.and_then(Iterator::collect).map_err(&failed)
    }

    /// All imports, oldest first.
    ///
    /// # Errors
    ///
    /// [`RegistryDbError::Database`].
    pub fn imports(&self) -> Result<Vec<HistoryRow>, RegistryDbError> {
        let failed = at(&self.path);
        let mut statement = self
            .connection
            .prepare(&format!("{COLUMNS} WHERE action = 'import' ORDER BY id"))
            .map_err(&failed)?;
        let rows = statement.query_map([], history_row);
        rows.and_then(Iterator::collect).map_err(&failed)
    }

    /// The rows that are known at only one of two moments (µs), by table and row, what ended before
    /// what is new. What came and went between them is not among them; see [`RegistryDb::history`].
    ///
    /// # Errors
    ///
    /// [`RegistryDbError::Database`].
    pub fn diff(&self, earlier: i64, later: i64) -> Result<Vec<Diff>, RegistryDbError> {
        const ENDED: &str = "recorded_from <= ?1 AND recorded_to > ?1 AND recorded_to <= ?2";
        const ADDED: &str = "recorded_from > ?1 AND recorded_from <= ?2
                             AND (recorded_to IS NULL OR recorded_to > ?2)";
        let failed = at(&self.path);
        let mut found = Vec::new();
        for table in TABLES {
            let columns: Vec<String> = table.columns.iter().map(|c| format!("\"{c}\"")).collect();
            let columns = columns.join(", ");
            for (added, condition) in [(false, ENDED), (true, ADDED)] {
                let sql = format!(
                    "SELECT {columns} FROM {} WHERE {condition} ORDER BY {columns}",
                    table.name
                );
                let mut statement = self.connection.prepare(&sql).map_err(&failed)?;
                let width = statement.column_count();
                let rows = statement.query_map([earlier, later], |row| {
                    (0..width)
                        .map(|at| row.get_ref(at).map(|value| Cell::of_sql(value).json()))
                        .collect::<rusqlite::Result<Vec<Value>>>()
                });
                let rows: Vec<Vec<Value>> = rows.and_then(Iterator::collect).map_err(&failed)?;
                found.extend(rows.into_iter().map(|row| Diff {
                    table: table.name,
                    added,
                    row,
                }));
            }
        }
        Ok(found)
    }
}
