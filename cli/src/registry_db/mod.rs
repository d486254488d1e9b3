//! The registry on disk: an SQLite database that remembers what was known when.
//!
//! *In:* CSV files. *Out:* core's `Snapshot` as known at any moment. *Does not know:* what shares
//! are worth.
//!
//! Every row has two times: when it holds (`valid_from`, `valid_to`, ms, null = open) and since
//! and until when it was known (`recorded_from`, `recorded_to`, µs, null = still). Rows are never
//! deleted; every change has a row in `audit`.

mod check;
mod error;
mod import;
mod tables;
mod view;

pub use check::{Finding, check};
pub use error::RegistryDbError;
pub use import::{Change, Import};
pub use tables::FILES;
pub use view::HistoryRow;

use std::path::{Path, PathBuf};
use std::time::SystemTime;

use ledgerline::id::{Isrc, ListenerId, Name, PartyId, Territories};
use ledgerline::money::{Currency, Ppm};
use ledgerline::registry::{Holder, Licence, Parts, Recording, Share, Snapshot, Subscription};
use ledgerline::time::Interval;
use rusqlite::{Connection, OpenFlags, Row};

use error::at;

/// `LLRG` as SQLite's application id.
const APPLICATION_ID: i64 = 0x4c4c_5247;
const VERSION: i64 = 2;

/// A registry's database.
#[derive(Debug)]
pub struct RegistryDb {
    path: PathBuf,
    connection: Connection,
}

const SCHEMA: &str = "
CREATE TABLE recordings (
    isrc TEXT NOT NULL, title TEXT NOT NULL, artist TEXT NOT NULL, duration_ms INTEGER NOT NULL,
    recorded_from INTEGER NOT NULL, recorded_to INTEGER) STRICT;
CREATE TABLE holders (
    holder TEXT NOT NULL, name TEXT NOT NULL, currency TEXT NOT NULL,
    recorded_from INTEGER NOT NULL, recorded_to INTEGER) STRICT;
CREATE TABLE shares (
    isrc TEXT NOT NULL, \"right\" TEXT NOT NULL, territories TEXT NOT NULL, holder TEXT NOT NULL,
    ppm INTEGER NOT NULL, valid_from INTEGER, valid_to INTEGER,
    recorded_from INTEGER NOT NULL, recorded_to INTEGER) STRICT;
CREATE TABLE subscriptions (
    listener TEXT NOT NULL, tier TEXT NOT NULL, valid_from INTEGER, valid_to INTEGER, account TEXT,
    recorded_from INTEGER NOT NULL, recorded_to INTEGER) STRICT;
CREATE TABLE licences (
    isrc TEXT NOT NULL, territories TEXT NOT NULL, valid_from INTEGER, valid_to INTEGER,
    recorded_from INTEGER NOT NULL, recorded_to INTEGER) STRICT;
CREATE TABLE audit (
    id INTEGER PRIMARY KEY, recorded_at INTEGER NOT NULL, actor TEXT, action TEXT NOT NULL,
    \"table\" TEXT NOT NULL, key TEXT NOT NULL, detail TEXT NOT NULL) STRICT;
CREATE INDEX recordings_now ON recordings (isrc) WHERE recorded_to IS NULL;
CREATE INDEX holders_now ON holders (holder) WHERE recorded_to IS NULL;
CREATE INDEX shares_now ON shares (isrc) WHERE recorded_to IS NULL;
CREATE INDEX subscriptions_now ON subscriptions (listener) WHERE recorded_to IS NULL;
CREATE INDEX licences_now ON licences (isrc) WHERE recorded_to IS NULL;
CREATE INDEX audit_key ON audit (key);
";

impl RegistryDb {
    /// Opens a registry for changes; makes an empty one if there is none.
    ///
    /// # Errors
    ///
    /// [`RegistryDbError`] if the file is something else, or the system refuses.
    pub fn open(path: &Path) -> Result<Self, RegistryDbError> {
        let failed = at(path);
        let mut connection = Connection::open(path).map_err(&failed)?;
        let transaction = connection
            .transaction_with_behavior(rusqlite::TransactionBehavior::Immediate)
            .map_err(&failed)?;
        let tables: i64 = transaction
            .query_row("SELECT count(*) FROM sqlite_schema", [], |row| row.get(0))
            .map_err(&failed)?;
        if tables == 0 {
            transaction.execute_batch(SCHEMA).map_err(&failed)?;
            transaction
                .pragma_update(None, "application_id", APPLICATION_ID)
                .map_err(&failed)?;
            transaction
                .pragma_update(None, "user_version", VERSION)
                .map_err(&failed)?;
        }
        transaction.commit().map_err(&failed)?;
        Self::checked(path, connection)
    }

    /// Opens a registry for reading, as an auditor's copy is.
    ///
    /// # Errors
    ///
    /// [`RegistryDbError`], also if there is no file.
    pub fn open_readonly(path: &Path) -> Result<Self, RegistryDbError> {
        let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let connection = Connection::open_with_flags(path, flags).map_err(at(path))?;
        Self::checked(path, connection)
    }

    fn checked(path: &Path, connection: Connection) -> Result<Self, RegistryDbError> {
        let number = |pragma: &str| {
            let read = connection.pragma_query_value(None, pragma, |row| row.get::<_, i64>(0));
            read.map_err(at(path))
        };
        let (id, version) = (number("application_id")?, number("user_version")?);
        if (id, version) != (APPLICATION_ID, VERSION) {
            return Err(RegistryDbError::NotARegistry {
                path: path.to_owned(),
                found: format!("application id {id:#x}, version {version}"),
            });
        }
        Ok(Self {
            path: path.to_owned(),
            connection,
        })
    }

    /// The moment of the last change, µs; 0 before the first. A run that pins it sees what was
    /// known then, whatever is imported later.
    ///
    /// # Errors
    ///
    /// [`RegistryDbError::Database`].
    pub fn last_recorded(&self) -> Result<i64, RegistryDbError> {
        let last = "SELECT coalesce(max(recorded_at), 0) FROM audit WHERE id = (SELECT max(id) FROM audit)";
        self.connection
            .query_row(last, [], |row| row.get(0))
            .map_err(at(&self.path))
    }

    /// The clock's time, µs, but always later than everything recorded.
    fn next_moment(&self) -> Result<i64, RegistryDbError> {
        let since = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH);
        let clock = since.map_or(0, |since| {
            i64::try_from(since.as_micros()).unwrap_or(i64::MAX)
        });
        Ok(clock.max(self.last_recorded()? + 1))
    }

    /// What SQLite's own check of the database's structure complains about first, if anything.
    ///
    /// # Errors
    ///
    /// [`RegistryDbError::Database`] if it is too damaged even for that.
    pub fn integrity(&self) -> Result<Option<String>, RegistryDbError> {
        let check = |row: &Row<'_>| row.get::<_, String>(0);
        let found = self
            .connection
            .query_row("PRAGMA integrity_check(1)", [], check)
            .map_err(at(&self.path))?;
        Ok((found != "ok").then_some(found))
    }

    /// What was known at a moment of recorded time (µs), or is known now.
    ///
    /// # Errors
    ///
    /// [`RegistryDbError`]; after our own imports only for a damaged database.
    pub fn snapshot(&self, known_at: Option<i64>) -> Result<Snapshot, RegistryDbError> {
        snapshot_of(&self.connection, &self.path, known_at)
    }
}

/// Reads every table as known at a moment.
fn snapshot_of(
    connection: &Connection,
    path: &Path,
    known_at: Option<i64>,
) -> Result<Snapshot, RegistryDbError> {
    let reader = Reader {
        connection,
        path,
        known_at,
    };
    let parts = Parts {
        recordings: reader.rows("recordings", "isrc, title, artist, duration_ms", |row| {
            Some(Recording {
                isrc: Isrc::parse(text(row, 0)?).ok()?,
                title: text(row, 1)?.to_owned(),
                artist: text(row, 2)?.to_owned(),
                length_ms: row.get(3).ok()?,
            })
        })?,
        holders: reader.rows("holders", "holder, name, currency", |row| {
            Some(Holder {
                party: PartyId::parse(text(row, 0)?).ok()?,
                name: text(row, 1)?.to_owned(),
                currency: Currency::parse(text(row, 2)?).ok()?,
            })
        })?,
        shares: reader.rows(
            "shares",
            "isrc, \"right\", territories, holder, ppm, valid_from, valid_to",
            |row| {
                Some(Share {
                    isrc: Isrc::parse(text(row, 0)?).ok()?,
                    right: Name::parse(text(row, 1)?).ok()?,
                    territories: Territories::parse(text(row, 2)?).ok()?,
                    party: PartyId::parse(text(row, 3)?).ok()?,
                    ppm: Ppm::new(row.get(4).ok()?)?,
                    valid: interval(row, 5)?,
                })
            },
        )?,
        subscriptions: reader.rows(
            "subscriptions",
            "listener, tier, valid_from, valid_to, account",
            |row| {
                let listener = ListenerId::parse(text(row, 0)?).ok()?;
                Some(Subscription {
                    listener,
                    tier: Name::parse(text(row, 1)?).ok()?,
                    valid: interval(row, 2)?,
                    account: match text(row, 4) {
                        Some(account) => ListenerId::parse(account).ok()?,
                        None => listener,
                    },
                })
            },
        )?,
        licences: reader.rows(
            "licences",
            "isrc, territories, valid_from, valid_to",
            |row| {
                Some(Licence {
                    isrc: Isrc::parse(text(row, 0)?).ok()?,
                    territories: Territories::parse(text(row, 1)?).ok()?,
                    valid: interval(row, 2)?,
                })
            },
        )?,
    };
    Ok(Snapshot::new(parts)?)
}

struct Reader<'a> {
    connection: &'a Connection,
    path: &'a Path,
    known_at: Option<i64>,
}

impl Reader<'_> {
    fn rows<T>(
        &self,
        table: &'static str,
        columns: &str,
        read: impl Fn(&Row<'_>) -> Option<T>,
    ) -> Result<Vec<T>, RegistryDbError> {
        let failed = at(self.path);
        let known = match self.known_at {
            None => "recorded_to IS NULL AND ?1 IS NULL",
            Some(_) => "recorded_from <= ?1 AND (recorded_to IS NULL OR recorded_to > ?1)",
        };
        let sql = format!("SELECT {columns}, rowid FROM {table} WHERE {known}");
        let mut statement = self.connection.prepare(&sql).map_err(&failed)?;
        let width = statement.column_count() - 1;
        let mut found = statement.query([self.known_at]).map_err(&failed)?;
        let mut rows = Vec::new();
        while let Some(row) = found.next().map_err(&failed)? {
            rows.push(read(row).ok_or_else(|| {
                let rowid: i64 = row.get(width).unwrap_or(-1);
                RegistryDbError::Stored {
                    path: self.path.to_owned(),
                    table,
                    found: format!("another value in the row with rowid {rowid}"),
                }
            })?);
        }
        Ok(rows)
    }
}

fn text<'r>(row: &'r Row<'_>, at: usize) -> Option<&'r str> {
    row.get_ref(at).ok()?.as_str().ok()
}

fn interval(row: &Row<'_>, at: usize) -> Option<Interval> {
    let from: Option<i64> = row.get(at).ok()?;
    let to: Option<i64> = row.get(at + 1).ok()?;
    let interval = Interval {
        from: from.unwrap_or(i64::MIN),
        to: to.unwrap_or(i64::MAX),
    };
    (interval.from < interval.to).then_some(interval)
}
