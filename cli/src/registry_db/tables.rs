//! The registry's tables: their columns, and the rows of the CSV files they are imported from.

use std::path::{Path, PathBuf};

use ledgerline::id::{Isrc, ListenerId, Name, PartyId, Territories, WorkId};
use ledgerline::money::{Currency, Ppm, Rate};
use ledgerline::registry::TEXT_MAX;
use ledgerline::salt::ListenerKey;
use ledgerline::time::{Interval, parse_ms};
use rusqlite::types::{ToSqlOutput, ValueRef};

use super::doubts::read_id;
use crate::csv_file::{self, CsvError, CsvRow};

/// The files of an import, in the order in which they are applied.
pub const FILES: [&str; 10] = [
    "recordings.csv",
    "holders.csv",
    "holder_ids.csv",
    "works.csv",
    "recording_works.csv",
    "shares.csv",
    "work_shares.csv",
    "subscriptions.csv",
    "licences.csv",
    "fx.csv",
];

/// A value of a row.
#[derive(Clone, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub(super) enum Cell {
    Null,
    Int(i64),
    Text(String),
}

impl rusqlite::ToSql for Cell {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        Ok(ToSqlOutput::Borrowed(match self {
            Self::Null => ValueRef::Null,
            Self::Int(number) => ValueRef::Integer(*number),
            Self::Text(text) => ValueRef::Text(text.as_bytes()),
        }))
    }
}

impl Cell {
    pub(super) fn of_sql(value: ValueRef<'_>) -> Self {
        match value {
            ValueRef::Integer(number) => Self::Int(number),
            ValueRef::Text(text) => Self::Text(String::from_utf8_lossy(text).into_owned()),
            _ => Self::Null,
        }
    }

    pub(super) fn json(&self) -> serde_json::Value {
        match self {
            Self::Null => serde_json::Value::Null,
            Self::Int(number) => (*number).into(),
            Self::Text(text) => text.as_str().into(),
        }
    }
}

/// A table and the file it is imported from.
#[derive(Debug)]
pub(super) struct Table {
    pub(super) name: &'static str,
    pub(super) file: &'static str,
    /// Columns of the table, without the recorded interval; the first is the key.
    pub(super) columns: &'static [&'static str],
    /// Columns of the file.
    csv: &'static [&'static str],
    required: &'static [&'static str],
    /// Whether a key has one row at a time.
    pub(super) single: bool,
    parse: fn(&Fields<'_>) -> Result<Vec<Cell>, Wrong>,
}

pub(super) static RECORDINGS: Table = Table {
    name: "recordings",
    file: "recordings.csv",
    columns: &["isrc", "title", "artist", "duration_ms"],
    csv: &["isrc", "title", "artist", "duration_ms"],
    required: &["isrc", "title", "artist"],
    single: true,
    parse: |fields| {
        Ok(vec![
            fields.isrc()?,
            fields.words(1, "title")?,
            fields.words(2, "artist")?,
            fields.duration(3)?,
        ])
    },
};

pub(super) static HOLDERS: Table = Table {
    name: "holders",
    file: "holders.csv",
    columns: &["holder", "name", "currency"],
    csv: &["holder", "name", "currency"],
    required: &["holder", "name"],
    single: true,
    parse: |fields| {
        // Empty: not known yet. Such a holder cannot be paid; see docs/registry.md.
        let currency = match fields.text(2) {
            "" => String::new(),
            _ => fields.currency(2)?,
        };
        Ok(vec![
            fields.party(0)?,
            fields.words(1, "name")?,
            Cell::Text(currency),
        ])
    },
};

pub(super) static HOLDER_IDS: Table = Table {
    name: "holder_ids",
    file: "holder_ids.csv",
    columns: &["holder", "scheme", "id"],
    csv: &["holder", "scheme", "id"],
    required: &["holder", "scheme", "id"],
    single: false,
    parse: |fields| {
        let scheme = fields.text(1);
        let (id, _) = read_id(scheme, fields.text(2)).map_err(Wrong::of)?;
        Ok(vec![
            fields.party(0)?,
            Cell::Text(scheme.to_owned()),
            Cell::Text(id),
        ])
    },
};

pub(super) static WORKS: Table = Table {
    name: "works",
    file: "works.csv",
    columns: &["work", "iswc", "title"],
    csv: &["work", "iswc", "title"],
    required: &["work", "title"],
    single: true,
    parse: |fields| {
        let work = fields.work(0)?;
        let iswc = match (fields.text(1), &work) {
            ("", Cell::Text(work)) => {
                read_id("iswc", work).map_or(Cell::Null, |(id, _)| Cell::Text(id))
            }
            (text, _) => Cell::Text(read_id("iswc", text).map_err(Wrong::of)?.0),
        };
        Ok(vec![work, iswc, fields.words(2, "title")?])
    },
};

pub(super) static RECORDING_WORKS: Table = Table {
    name: "recording_works",
    file: "recording_works.csv",
    columns: &["isrc", "work", "ppm"],
    csv: &["isrc", "work", "ppm"],
    required: &["isrc", "work"],
    single: false,
    parse: |fields| {
        let whole = Cell::Int(Ppm::WHOLE.get().try_into().unwrap_or(i64::MAX));
        let part = match fields.text(2) {
            "" => whole,
            _ => fields.ppm(2)?,
        };
        Ok(vec![fields.isrc()?, fields.work(1)?, part])
    },
};

pub(super) static WORK_SHARES: Table = Table {
    name: "work_shares",
    file: "work_shares.csv",
    columns: &[
        "work",
        "right",
        "territories",
        "holder",
        "ppm",
        "valid_from",
        "valid_to",
    ],
    csv: &[
        "work",
        "right",
        "territories",
        "holder",
        "ppm",
        "valid_from",
        "valid_to",
    ],
    required: &["work", "right", "territories", "holder", "ppm"],
    single: false,
    parse: |fields| fields.share_of(|fields| fields.work(0)),
};

pub(super) static FX_RATES: Table = Table {
    name: "fx_rates",
    file: "fx.csv",
    columns: &["quote", "from", "to", "rate", "date", "source"],
    csv: &["from", "to", "rate", "date", "source"],
    required: &["from", "to", "rate", "date", "source"],
    single: true,
    parse: |fields| {
        let (from, to) = (fields.currency(0)?, fields.currency(1)?);
        if from == to {
            return Err(Wrong::new("two different currencies", &from));
        }
        let rate = Rate::parse(fields.text(2)).map_err(Wrong::of)?;
        let date = fields.text(3);
        let is_date = date.len() == 10 && parse_ms(date).is_ok();
        if !is_date {
            return Err(Wrong::new("a date such as 2026-04-30", date));
        }
        if fields.text(4).trim().is_empty() {
            return Err(Wrong::new("the source of the rate", fields.text(4)));
        }
        Ok(vec![
            Cell::Text(format!("{from}/{to} {date}")),
            Cell::Text(from),
            Cell::Text(to),
            Cell::Text(rate.to_string()),
            Cell::Text(date.to_owned()),
            fields.words(4, "source")?,
        ])
    },
};

pub(super) static SHARES: Table = Table {
    name: "shares",
    file: "shares.csv",
    columns: &[
        "isrc",
        "right",
        "territories",
        "holder",
        "ppm",
        "valid_from",
        "valid_to",
    ],
    csv: &[
        "isrc",
        "right",
        "territories",
        "holder",
        "ppm",
        "valid_from",
        "valid_to",
    ],
    required: &["isrc", "right", "territories", "holder", "ppm"],
    single: false,
    parse: |fields| fields.share_of(Fields::isrc),
};

pub(super) static SUBSCRIPTIONS: Table = Table {
    name: "subscriptions",
    file: "subscriptions.csv",
    columns: &["listener", "tier", "valid_from", "valid_to", "account"],
    csv: &[
        "user",
        "listener",
        "tier",
        "valid_from",
        "valid_to",
        "account",
    ],
    required: &["tier"],
    single: false,
    parse: |fields| {
        let [from, to] = fields.interval(3, 4)?;
        let listener = fields.listener()?;
        let account = fields.account(5, &listener)?;
        Ok(vec![listener, fields.name(2)?, from, to, account])
    },
};

pub(super) static LICENCES: Table = Table {
    name: "licences",
    file: "licences.csv",
    columns: &["isrc", "territories", "valid_from", "valid_to"],
    csv: &["isrc", "territories", "valid_from", "valid_to"],
    required: &["isrc", "territories"],
    single: false,
    parse: |fields| {
        let [from, to] = fields.interval(2, 3)?;
        Ok(vec![fields.isrc()?, fields.territories(1)?, from, to])
    },
};

/// All tables, in the order in which an import applies them: what is named before who names it.
pub(super) static TABLES: [&Table; 10] = [
    &RECORDINGS,
    &HOLDERS,
    &HOLDER_IDS,
    &WORKS,
    &RECORDING_WORKS,
    &SHARES,
    &WORK_SHARES,
    &SUBSCRIPTIONS,
    &LICENCES,
    &FX_RATES,
];

/// A row of a file, its values valid.
#[derive(Clone, Debug)]
pub(super) struct FileRow {
    pub(super) line: u64,
    pub(super) cells: Vec<Cell>,
}

impl FileRow {
    pub(super) fn key(&self) -> Option<&Cell> {
        self.cells.first()
    }

    /// The value of a column.
    pub(super) fn cell(&self, at: usize) -> &Cell {
        self.cells.get(at).unwrap_or(&Cell::Null)
    }
}

impl Table {
    /// Reads the table's file in `dir`; `None` if it is not there.
    pub(super) fn read_file(
        &self,
        dir: &Path,
        key: &ListenerKey,
    ) -> Result<Option<Vec<FileRow>>, CsvError> {
        let path = dir.join(self.file);
        if !path.exists() {
            return Ok(None);
        }
        let rows = csv_file::read(&path, self.csv, self.required)?;
        let parsed: Result<Vec<FileRow>, CsvError> = rows
            .into_iter()
            .map(|row| {
                let fields = Fields { row: &row, key };
                let cells =
                    (self.parse)(&fields).map_err(|wrong| wrong.at(path.clone(), row.line))?;
                Ok(FileRow {
                    line: row.line,
                    cells,
                })
            })
            .collect();
        parsed.map(Some)
    }
}

/// What is wrong with a field, before it is known where it stands.
struct Wrong {
    expected: String,
    found: String,
}

impl Wrong {
    fn new(expected: &str, found: &str) -> Self {
        Self {
            expected: expected.to_owned(),
            found: format!("{found:.60?}"),
        }
    }

    /// Of core's messages, which have both parts.
    fn of(error: impl std::fmt::Display) -> Self {
        let text = error.to_string();
        let text = text.strip_prefix("expected ").unwrap_or(&text);
        let (expected, found) = text.split_once(", but found ").unwrap_or((text, "another"));
        Self {
            expected: expected.to_owned(),
            found: found.to_owned(),
        }
    }

    fn at(self, path: PathBuf, line: u64) -> CsvError {
        CsvError::Row {
            path,
            line,
            expected: self.expected,
            found: self.found,
        }
    }
}

/// A row's fields with the key that pseudonymises users.
struct Fields<'a> {
    row: &'a CsvRow,
    key: &'a ListenerKey,
}

impl Fields<'_> {
    /// The field, empty if the file has no such column.
    fn text(&self, at: usize) -> &str {
        let field = self.row.fields.get(at).and_then(Option::as_deref);
        field.unwrap_or_default()
    }

    fn isrc(&self) -> Result<Cell, Wrong> {
        let isrc = Isrc::parse(self.text(0)).map_err(Wrong::of)?;
        Ok(Cell::Text(isrc.to_string()))
    }

    fn party(&self, at: usize) -> Result<Cell, Wrong> {
        let party = PartyId::parse(self.text(at)).map_err(Wrong::of)?;
        Ok(Cell::Text(party.to_string()))
    }

    fn work(&self, at: usize) -> Result<Cell, Wrong> {
        let work = WorkId::parse(self.text(at)).map_err(Wrong::of)?;
        Ok(Cell::Text(work.to_string()))
    }

    fn currency(&self, at: usize) -> Result<String, Wrong> {
        let currency = Currency::parse(self.text(at)).map_err(Wrong::of)?;
        Ok(currency.to_string())
    }

    fn name(&self, at: usize) -> Result<Cell, Wrong> {
        let name = Name::parse(self.text(at)).map_err(Wrong::of)?;
        Ok(Cell::Text(name.as_str().to_owned()))
    }

    fn territories(&self, at: usize) -> Result<Cell, Wrong> {
        let territories = Territories::parse_statements(self.text(at)).map_err(Wrong::of)?;
        Ok(Cell::Text(territories.to_string()))
    }

    fn ppm(&self, at: usize) -> Result<Cell, Wrong> {
        let text = self.text(at);
        let ppm = text.parse().ok().and_then(Ppm::new);
        ppm.filter(|_| text.bytes().all(|b| b.is_ascii_digit()))
            .map(|ppm| Cell::Int(ppm.parts().into()))
            .ok_or_else(|| Wrong::new("a share of 1 to 1000000 parts per million", text))
    }

    fn words(&self, at: usize, column: &str) -> Result<Cell, Wrong> {
        let text = self.text(at);
        if text.len() > TEXT_MAX {
            return Err(Wrong {
                expected: format!("a {column} of at most {TEXT_MAX} bytes"),
                found: format!("{} bytes", text.len()),
            });
        }
        Ok(Cell::Text(text.to_owned()))
    }

    /// 0 if the file says nothing.
    fn duration(&self, at: usize) -> Result<Cell, Wrong> {
        let text = self.text(at);
        if text.is_empty() {
            return Ok(Cell::Int(0));
        }
        let plain = text.bytes().all(|b| b.is_ascii_digit());
        let ms: Option<u32> = text.parse().ok().filter(|_| plain);
        ms.map(|ms| Cell::Int(ms.into()))
            .ok_or_else(|| Wrong::new("a duration in milliseconds below 2^32, or nothing", text))
    }

    fn interval(&self, from: usize, to: usize) -> Result<[Cell; 2], Wrong> {
        let interval = Interval::parse(self.text(from), self.text(to)).map_err(Wrong::of)?;
        let bound = |ms: i64, open: i64| {
            if ms == open {
                Cell::Null
            } else {
                Cell::Int(ms)
            }
        };
        Ok([bound(interval.from, i64::MIN), bound(interval.to, i64::MAX)])
    }

    /// Who pays, given in the same way as the listener; null where it is the listener.
    fn account(&self, at: usize, listener: &Cell) -> Result<Cell, Wrong> {
        let text = self.text(at);
        let account = match text.len() {
            0 => return Ok(Cell::Null),
            _ if self.text(0).is_empty() => ListenerId::parse(text).map_err(Wrong::of)?,
            1..=256 => self.key.pseudonym(text),
            found => {
                return Err(Wrong {
                    expected: "an account of 1 to 256 bytes, or nothing".to_owned(),
                    found: format!("{found} bytes"),
                });
            }
        };
        let account = Cell::Text(account.to_string());
        Ok(if account == *listener {
            Cell::Null
        } else {
            account
        })
    }

    /// A share of what the first column names: right, territories, holder, ppm and when.
    fn share_of(
        &self,
        owned: impl FnOnce(&Self) -> Result<Cell, Wrong>,
    ) -> Result<Vec<Cell>, Wrong> {
        let [from, to] = self.interval(5, 6)?;
        Ok(vec![
            owned(self)?,
            self.name(1)?,
            self.territories(2)?,
            self.party(3)?,
            self.ppm(4)?,
            from,
            to,
        ])
    }

    fn listener(&self) -> Result<Cell, Wrong> {
        let listener = match (self.text(0), self.text(1)) {
            (user, "") if (1..=256).contains(&user.len()) => self.key.pseudonym(user),
            ("", listener) => ListenerId::parse(listener).map_err(Wrong::of)?,
            _ => {
                return Err(Wrong {
                    expected: "either a user (1 to 256 bytes) or a listener (16 hex digits)"
                        .to_owned(),
                    found: "both".to_owned(),
                });
            }
        };
        Ok(Cell::Text(listener.to_string()))
    }
}
