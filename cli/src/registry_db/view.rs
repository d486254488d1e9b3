//! The audit rows of a recording or a holder.

use super::RegistryDb;
use super::error::{RegistryDbError, at};

/// One change.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct HistoryRow {
    /// When it became known, µs since the Unix epoch.
    pub recorded_at: i64,
    /// The user account that imported it, if the system says.
    pub actor: Option<String>,
    /// `add` or `replace`.
    pub action: String,
    /// The table.
    pub table: String,
    /// The key: ISRC or holder.
    pub key: String,
    /// The rows that were added and ended, as JSON.
    pub detail: String,
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
            .prepare(
                "SELECT recorded_at, actor, action, \"table\", key, detail FROM audit
                 WHERE key = ?1 OR (\"table\" = 'shares' AND instr(detail, '\"' || ?1 || '\"') > 0)
                 ORDER BY id",
            )
            .map_err(&failed)?;
        let rows = statement.query_map([key], |row| {
            Ok(HistoryRow {
                recorded_at: row.get(0)?,
                actor: row.get(1)?,
                action: row.get(2)?,
                table: row.get(3)?,
                key: row.get(4)?,
                detail: row.get(5)?,
            })
        });
        rows.and_then(Iterator::collect).map_err(&failed)
    }
}
