//! The files of a run.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use ledgerline::id::Isrc;
use ledgerline::log::{Checkpoint, MAX_NOTE_BYTES, Note};
use ledgerline::registry::Snapshot;
use ledgerline::royalty::{Opening, Pools, Rules, Settlement};
use ledgerline::statement::{
    Derived, ReadRow, Rows, RunNote, RunSalts, Table, read_balance, read_cell, read_line,
    table_tree,
};
use serde::{Deserialize, Serialize};

use super::Threads;
use super::chain::Accounts;
use super::error::RunError;
use crate::ledger::durable::{
    Access, FileError, create_dirs, parent_of, read_bounded, replace_dir, sync_dir, write_atomic,
};
use crate::ledger::{Ledger, recorded_policy, with_lines_of};

/// Largest rules or pools file.
pub const MAX_INPUT_BYTES: u64 = 16 << 20;

/// Largest table file: 4 Gi rows of any table stay below it.
const MAX_TABLE_BYTES: u64 = 1 << 40;

/// What our own commands want to know about a run; no evidence.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Meta {
    /// Moment as of which the registry was read, µs since the epoch.
    pub known_at: i64,
    /// Where the ledger was, as an absolute path.
    pub ledger: PathBuf,
}

/// The directory of a run.
#[derive(Clone, Debug)]
pub struct RunDir(PathBuf);

/// A run as stored; readable, not verified.
#[derive(Debug)]
pub struct StoredRun {
    /// The signed note.
    pub note: Note,
    /// What it says.
    pub run: RunNote,
    /// The signed checkpoint of its log.
    pub checkpoint_note: Note,
    /// What it says.
    pub checkpoint: Checkpoint,
    /// The rules file.
    pub rules_file: Vec<u8>,
    /// The rules in it.
    pub rules: Rules,
    /// The pools file.
    pub pools_file: Vec<u8>,
    /// The pools in it.
    pub pools: Pools,
    /// The salt keys.
    pub salts: RunSalts,
    /// The tables, in the order of [`Table::ALL`].
    pub tables: [Rows; 5],
    /// For our own commands.
    pub meta: Meta,
}

impl RunDir {
    /// The run at `path`.
    #[must_use]
    pub fn new(path: &Path) -> Self {
        Self(path.to_owned())
    }

    /// The directory.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.0
    }

    /// The signed run note.
    #[must_use]
    pub fn note(&self) -> PathBuf {
        self.0.join("run.note")
    }

    fn table(dir: &Path, table: Table) -> PathBuf {
        dir.join("tables").join(format!("{}.rows", table.name()))
    }

    /// Refuses a path where something is already, unless it may be replaced.
    ///
    /// # Errors
    ///
    /// [`RunError::Exists`]; with `force`, also for anything that is not a run.
    pub fn check_free(&self, force: bool) -> Result<(), RunError> {
        let Ok(mut entries) = fs::read_dir(&self.0) else {
            return match fs::symlink_metadata(&self.0) {
                Ok(_) => Err(self.exists()),
                Err(_) => Ok(()),
            };
        };
        let is_empty = entries.next().is_none();
        if is_empty || (force && self.note().is_file()) {
            Ok(())
        } else {
            Err(self.exists())
        }
    }

    /// Sees that a run could be written here, before something is done that cannot be taken back.
    ///
    /// # Errors
    ///
    /// [`RunError::File`].
    pub fn prepare(&self) -> Result<(), RunError> {
        let parent = parent_of(&self.0);
        create_dirs(parent)?;
        tempfile::tempdir_in(parent).map_err(FileError::at("create a directory in", parent))?;
        Ok(())
    }

    fn exists(&self) -> RunError {
        RunError::Exists {
            path: self.0.clone(),
        }
    }

    /// Writes a run, whole or not at all.
    ///
    /// # Errors
    ///
    /// [`RunError::Exists`] as [`check_free`](Self::check_free), [`RunError::File`].
    #[expect(
        clippy::too_many_arguments,
        reason = "they are the files of the directory"
    )]
    pub fn write(
        &self,
        derived: &Derived,
        note: &Note,
        checkpoint: &Note,
        rules_file: &[u8],
        pools_file: &[u8],
        salts: &RunSalts,
        meta: &Meta,
        force: bool,
    ) -> Result<(), RunError> {
        self.check_free(force)?;
        let parent = parent_of(&self.0);
        create_dirs(parent)?;
        let beside = tempfile::Builder::new()
            .prefix(".run-")
            .tempdir_in(parent)
            .map_err(FileError::at("create a directory in", parent))?;
        let dir = beside.path();
        create_dirs(&dir.join("tables"))?;
        for table in Table::ALL {
            let rows = derived.table(table).0.bytes();
            write_atomic(&Self::table(dir, table), rows, Access::Public)?;
        }
        let meta = toml::to_string(meta).unwrap_or_default();
        write_atomic(&dir.join("run.toml"), meta.as_bytes(), Access::Public)?;
        write_atomic(&dir.join("rules.toml"), rules_file, Access::Public)?;
        write_atomic(&dir.join("pools.csv"), pools_file, Access::Public)?;
        let keys = salts.to_text();
        write_atomic(&dir.join("salt-keys"), keys.as_bytes(), Access::Secret)?;
        let text = checkpoint.to_string();
        write_atomic(&dir.join("checkpoint"), text.as_bytes(), Access::Public)?;
        let text = note.to_string();
        write_atomic(&dir.join("run.note"), text.as_bytes(), Access::Public)?;
        make_readable(dir)?;
        sync_dir(dir)?;
        replace_dir(dir, &self.0)?;
        // Renamed away: there is nothing left to clean up.
        let _ = beside.keep();
        Ok(())
    }

    /// Reads a run.
    ///
    /// # Errors
    ///
    /// [`RunError`] for the first file that is absent or malformed.
    pub fn read(&self) -> Result<StoredRun, RunError> {
        let (run_note, run) = self.read_note()?;
        let file = |name: &str| self.file(name, MAX_INPUT_BYTES);
        let damaged = |name: &str, problem: String| self.damaged(name, problem);
        let checkpoint_note = self.signed("checkpoint")?;
        let checkpoint = Checkpoint::parse(checkpoint_note.text())
            .map_err(|error| damaged("checkpoint", error.to_string()))?;
        let rules_file = file("rules.toml")?;
        let rules =
            Rules::parse(&rules_file).map_err(|error| damaged("rules.toml", error.to_string()))?;
        let pools_file = file("pools.csv")?;
        let pools =
            Pools::parse(&pools_file).map_err(|error| damaged("pools.csv", error.to_string()))?;
        let salts = self.salts()?;
        let meta = self.meta()?;
        let rows = |table| self.rows(table);
        let [a, b, c, d, e] = Table::ALL;
        Ok(StoredRun {
            note: run_note,
            run,
            checkpoint_note,
            checkpoint,
            rules_file,
            rules,
            pools_file,
            pools,
            salts,
            tables: [rows(a)?, rows(b)?, rows(c)?, rows(d)?, rows(e)?],
            meta,
        })
    }

    /// Reads no more of a run than its note, accounts and cells.
    ///
    /// # Errors
    ///
    /// [`RunError`] for the first file that is absent or malformed.
    pub fn accounts(&self) -> Result<Accounts, RunError> {
        let (note, run) = self.read_note()?;
        let rows = self.rows(Table::Holders)?;
        let salts = self.salts()?;
        let tree = table_tree(&rows, &salts.of(Table::Holders, &[]), &Threads);
        let cells = self.rows(Table::Cells)?;
        let cells_tree = table_tree(&cells, &salts.of(Table::Cells, &[]), &Threads);
        let mut plays: BTreeMap<Isrc, u64> = BTreeMap::new();
        for cell in cells.values(0..cells.count(), read_cell) {
            *plays.entry(cell.key.isrc).or_default() += cell.plays();
        }
        let meta: Meta = self.meta()?;
        Ok(Accounts {
            name: self.0.display().to_string(),
            note,
            run,
            balances: rows.values(0..rows.count(), read_balance).collect(),
            holders: tree.head(),
            plays,
            cells: cells_tree.head(),
            ledger: meta.ledger,
        })
    }

    fn read_note(&self) -> Result<(Note, RunNote), RunError> {
        if !self.note().is_file() {
            return Err(RunError::NotARun {
                path: self.0.clone(),
            });
        }
        let note = self.signed("run.note")?;
        let run = RunNote::parse(note.text())
            .map_err(|error| self.damaged("run.note", error.to_string()))?;
        Ok((note, run))
    }

    fn damaged(&self, name: &str, problem: String) -> RunError {
        RunError::Damaged {
            path: self.0.join(name),
            problem,
        }
    }

    fn file(&self, name: &str, limit: u64) -> Result<Vec<u8>, RunError> {
        Ok(read_bounded(&self.0.join(name), limit)?)
    }

    fn signed(&self, name: &str) -> Result<Note, RunError> {
        let bytes = self.file(name, MAX_NOTE_BYTES as u64)?;
        Note::parse(&bytes).map_err(|error| self.damaged(name, error.to_string()))
    }

    fn text(&self, name: &str) -> Result<String, RunError> {
        let bytes = self.file(name, MAX_INPUT_BYTES)?;
        String::from_utf8(bytes)
            .map_err(|_| self.damaged(name, "expected UTF-8 text, but found other bytes".into()))
    }

    fn meta(&self) -> Result<Meta, RunError> {
        toml::from_str(&self.text("run.toml")?)
            .map_err(|error| self.damaged("run.toml", error.to_string()))
    }

    fn salts(&self) -> Result<RunSalts, RunError> {
        RunSalts::parse(&self.text("salt-keys")?).ok_or_else(|| {
            let expected = "expected the lines `run <64 hex digits>` and `registry <64 hex digits>`, but found others";
            self.damaged("salt-keys", expected.into())
        })
    }

    fn rows(&self, table: Table) -> Result<Rows, RunError> {
        let path = Self::table(&self.0, table);
        let bytes = read_bounded(&path, MAX_TABLE_BYTES)?;
        Rows::read(table, bytes).map_err(|error| RunError::Damaged {
            path,
            problem: error.to_string(),
        })
    }
}

/// Temporary directories are private; a run is as public as the umask says, but for its salt keys.
fn make_readable(dir: &Path) -> Result<(), RunError> {
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        let like = fs::metadata(dir.join("tables")).map_err(FileError::at("read", dir))?;
        let mode = fs::Permissions::from_mode(like.permissions().mode() & 0o777);
        fs::set_permissions(dir, mode).map_err(FileError::at("change the mode of", dir))?;
    }
    Ok(())
}

impl StoredRun {
    /// Adds the cosignatures that the ledger's checkpoint of the same tree got after the run was made.
    /// Only those are taken that are valid and by witnesses of the ledger's policy, and only for a
    /// checkpoint that has the log's own signature.
    pub fn take_cosignatures(&mut self, ledger: &Ledger) {
        let keys = ledger.vkeys().unwrap_or_default();
        let is_signed = Checkpoint::open(&self.checkpoint_note, self.checkpoint.origin(), &keys);
        let (Ok(_), Ok(Some(policy))) = (is_signed, recorded_policy(ledger.layout())) else {
            return;
        };
        let size = self.checkpoint.head().size;
        let layout = ledger.layout();
        for path in [layout.checkpoint(), layout.checkpoint_of_size(size)] {
            let bytes = read_bounded(&path, MAX_NOTE_BYTES as u64).unwrap_or_default();
            let Ok(newer) = Note::parse(&bytes) else {
                continue;
            };
            for witness in policy.witnesses() {
                let key = std::slice::from_ref(&witness.key);
                if let Ok(line) = newer.only_by(key)
                    && line.verify(key).is_ok()
                {
                    self.checkpoint_note = with_lines_of(&self.checkpoint_note, &line);
                }
            }
        }
    }

    /// A table.
    #[must_use]
    pub const fn table(&self, table: Table) -> &Rows {
        table.of(&self.tables)
    }

    /// All rows of a table as values.
    pub fn values<T>(&self, table: Table, read: ReadRow<T>) -> impl Iterator<Item = T> {
        let rows = self.table(table);
        rows.values(0..rows.count(), read)
    }

    /// The registry of the run.
    ///
    /// # Errors
    ///
    /// [`RunError::Damaged`] if its rows contradict each other.
    pub fn registry(&self) -> Result<Snapshot, RunError> {
        let table = Table::Registry;
        Snapshot::read(self.table(table).bytes()).map_err(|error| RunError::Damaged {
            path: RunDir::table(Path::new(""), table),
            problem: error.to_string(),
        })
    }

    /// What the run's accounts open with, as its own rows say.
    #[must_use]
    pub fn stated_opening(&self) -> Opening {
        let mut opening = Opening::default();
        for b in self.values(Table::Holders, read_balance) {
            let account = (b.party, b.currency);
            opening.brought_forward.insert(account, b.brought_forward);
            opening.replaced.insert(account, b.replaced);
        }
        opening
    }

    /// The money of the run, from its tables.
    ///
    /// # Errors
    ///
    /// [`RunError::Damaged`] if the amounts leave their range.
    pub fn settlement(&self) -> Result<Settlement, RunError> {
        let cells = self.values(Table::Cells, read_cell).collect();
        let lines = self.values(Table::Lines, read_line).collect();
        let balances = self.values(Table::Holders, read_balance).collect();
        Settlement::of(&self.pools, cells, lines, balances).map_err(|error| RunError::Damaged {
            path: PathBuf::from("tables"),
            problem: error.to_string(),
        })
    }
}
