//! The registry on disk: an SQLite database that remembers what was known when.
//!
//! *In:* CSV and CWR files. *Out:* core's `Snapshot` as known at any moment, and findings. *Does not
//! know:* what shares are worth.
//!
//! Every row has two times: when it holds (`valid_from`, `valid_to`, ms, null = open) and since
//! and until when it was known (`recorded_from`, `recorded_to`, µs, null = still). Rows are never
//! deleted; every change has a row in `audit`.

mod check;
mod cwr;
mod doubts;
mod error;
mod facts;
mod import;
mod tables;
mod view;

pub use check::{Checked, Finding, check};
pub use cwr::{CwrOptions, Fault};
pub use doubts::{Doubt, Note, Severity};
pub use error::RegistryDbError;
pub use facts::{Facts, FxRate, HolderId, Work};
pub use import::{Change, Import, KeyChange, Source};
pub use tables::FILES;
pub use view::{Diff, HistoryRow};

use std::path::{Path, PathBuf};

use ledgerline::id::{Isrc, ListenerId, Name, PartyId, Territories, WorkId};
use ledgerline::money::{Currency, Ppm, Rate};
use ledgerline::registry::{
    Licence, Parts, Recording, Share, Snapshot, Subscription, WorkLink, WorkShare,
};
use ledgerline::time::Interval;
use rusqlite::{Connection, OpenFlags, Row};

use crate::clock::since_epoch;
use error::at;

/// `LLRG` as SQLite's application id.
const APPLICATION_ID: i64 = 0x4c4c_5247;
/// The schema's version: 1 and one more for each of [`STEPS`].
const VERSION: i64 = 3;

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
    listener TEXT NOT NULL, tier TEXT NOT NULL, valid_from INTEGER, valid_to INTEGER,
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

/// What each later version adds; a registry that is opened for changes takes the steps it lacks.
const STEPS: [&str; 2] = [
    "
CREATE TABLE holder_ids (
    holder TEXT NOT NULL, scheme TEXT NOT NULL, id TEXT NOT NULL,
    recorded_from INTEGER NOT NULL, recorded_to INTEGER) STRICT;
CREATE TABLE works (
    work TEXT NOT NULL, iswc TEXT, title TEXT NOT NULL,
    recorded_from INTEGER NOT NULL, recorded_to INTEGER) STRICT;
CREATE TABLE recording_works (
    isrc TEXT NOT NULL, work TEXT NOT NULL, ppm INTEGER NOT NULL,
    recorded_from INTEGER NOT NULL, recorded_to INTEGER) STRICT;
CREATE TABLE work_shares (
    work TEXT NOT NULL, \"right\" TEXT NOT NULL, territories TEXT NOT NULL, holder TEXT NOT NULL,
    ppm INTEGER NOT NULL, valid_from INTEGER, valid_to INTEGER,
    recorded_from INTEGER NOT NULL, recorded_to INTEGER) STRICT;
CREATE TABLE fx_rates (
    quote TEXT NOT NULL, \"from\" TEXT NOT NULL, \"to\" TEXT NOT NULL, rate TEXT NOT NULL,
    date TEXT NOT NULL, source TEXT NOT NULL,
    recorded_from INTEGER NOT NULL, recorded_to INTEGER) STRICT;
CREATE INDEX holder_ids_now ON holder_ids (holder) WHERE recorded_to IS NULL;
CREATE INDEX holder_ids_id ON holder_ids (scheme, id) WHERE recorded_to IS NULL;
CREATE INDEX works_now ON works (work) WHERE recorded_to IS NULL;
CREATE INDEX recording_works_now ON recording_works (isrc) WHERE recorded_to IS NULL;
CREATE INDEX work_shares_now ON work_shares (work) WHERE recorded_to IS NULL;
CREATE INDEX fx_rates_now ON fx_rates (quote) WHERE recorded_to IS NULL;
",
    "ALTER TABLE subscriptions ADD COLUMN account TEXT;",
];

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
                .pragma_update(None, "user_version", 1)
                .map_err(&failed)?;
        }
        upgrade(&transaction).map_err(&failed)?;
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
        let clock = i64::try_from(since_epoch().as_micros()).unwrap_or(i64::MAX);
        Ok(clock.max(self.last_recorded()? + 1))
    }

    /// What SQLite's own check of the database's structure complains about first, or that the file goes
    /// on behind the database's last page, where SQLite does not look; if anything.
    ///
    /// # Errors
    ///
    /// [`RegistryDbError::Database`] if it is too damaged even for that.
    pub fn damage(&self) -> Result<Option<String>, RegistryDbError> {
        let check = |row: &Row<'_>| row.get::<_, String>(0);
        let found = self
            .connection
            .query_row("PRAGMA integrity_check(1)", [], check)
            .map_err(at(&self.path))?;
        if found != "ok" {
            return Ok(Some(found));
        }
        self.excess()
    }

    /// Bytes behind the last page. A log of changes that are yet to be taken over may shorten the file.
    fn excess(&self) -> Result<Option<String>, RegistryDbError> {
        let number = |pragma: &str| {
            let read = self
                .connection
                .pragma_query_value(None, pragma, |row| row.get::<_, u32>(0).map(u64::from));
            read.map_err(at(&self.path))
        };
        let expected = number("page_count")? * number("page_size")?;
        let mut log = self.path.clone().into_os_string();
        log.push("-wal");
        let has_log = std::fs::metadata(log).is_ok_and(|about| about.len() > 0);
        let found = std::fs::metadata(&self.path).map_or(0, |about| about.len());
        let words = || format!("{found} bytes instead of the {expected} that its pages have");
        Ok((found > expected && !has_log).then(words))
    }

    /// What was known at a moment of recorded time (µs), or is known now, as a run commits to it.
    ///
    /// # Errors
    ///
    /// [`RegistryDbError`]; after our own imports only for a damaged database.
    pub fn snapshot(&self, known_at: Option<i64>) -> Result<Snapshot, RegistryDbError> {
        Ok(self.facts(known_at)?.into_snapshot()?)
    }

    /// What was known at a moment of recorded time (µs), or is known now, row by row.
    ///
    /// # Errors
    ///
    /// [`RegistryDbError`]; after our own imports only for a damaged database.
    pub fn facts(&self, known_at: Option<i64>) -> Result<Facts, RegistryDbError> {
        facts_of(&self.connection, &self.path, known_at)
    }
}

/// Takes the steps that a registry of ours lacks. One of somebody else's is left as it is.
fn upgrade(transaction: &rusqlite::Transaction<'_>) -> rusqlite::Result<()> {
    let number = |pragma: &str| transaction.pragma_query_value(None, pragma, |row| row.get(0));
    let (id, version): (i64, i64) = (number("application_id")?, number("user_version")?);
    if id != APPLICATION_ID || version >= VERSION {
        return Ok(());
    }
    let taken = usize::try_from(version - 1).unwrap_or(STEPS.len());
    for step in STEPS.iter().skip(taken) {
        transaction.execute_batch(step)?;
    }
    transaction.pragma_update(None, "user_version", VERSION)
}

/// Reads every table as known at a moment.
fn facts_of(
    connection: &Connection,
    path: &Path,
    known_at: Option<i64>,
) -> Result<Facts, RegistryDbError> {
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
        holders: Vec::new(),
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
    Ok(Facts {
        holders: reader.rows("holders", "holder, name, currency", |row| {
            let currency = match text(row, 2)? {
                "" => None,
                code => Some(Currency::parse(code).ok()?),
            };
            let party = PartyId::parse(text(row, 0)?).ok()?;
            Some((party, text(row, 1)?.to_owned(), currency))
        })?,
        holder_ids: reader.rows("holder_ids", "holder, scheme, id", |row| {
            Some(HolderId {
                party: PartyId::parse(text(row, 0)?).ok()?,
                scheme: text(row, 1)?.to_owned(),
                id: text(row, 2)?.to_owned(),
            })
        })?,
        works: reader.rows("works", "work, iswc, title", |row| {
            Some(Work {
                id: WorkId::parse(text(row, 0)?).ok()?,
                iswc: row.get(1).ok()?,
                title: text(row, 2)?.to_owned(),
            })
        })?,
        links: reader.rows("recording_works", "isrc, work, ppm", |row| {
            Some(WorkLink {
                isrc: Isrc::parse(text(row, 0)?).ok()?,
                work: WorkId::parse(text(row, 1)?).ok()?,
                part: Ppm::new(row.get(2).ok()?)?,
            })
        })?,
        work_shares: reader.rows(
            "work_shares",
            "work, \"right\", territories, holder, ppm, valid_from, valid_to",
            |row| {
                Some(WorkShare {
                    work: WorkId::parse(text(row, 0)?).ok()?,
                    right: Name::parse(text(row, 1)?).ok()?,
                    territories: Territories::parse(text(row, 2)?).ok()?,
                    party: PartyId::parse(text(row, 3)?).ok()?,
                    ppm: Ppm::new(row.get(4).ok()?)?,
                    valid: interval(row, 5)?,
                })
            },
        )?,
        fx: reader.rows("fx_rates", "\"from\", \"to\", rate, date, source", |row| {
            Some(FxRate {
                from: Currency::parse(text(row, 0)?).ok()?,
                to: Currency::parse(text(row, 1)?).ok()?,
                rate: Rate::parse(text(row, 2)?).ok()?,
                date: text(row, 3)?.to_owned(),
                source: text(row, 4)?.to_owned(),
            })
        })?,
        parts,
    })
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
