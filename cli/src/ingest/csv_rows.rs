//! Events as CSV (RFC 4180, UTF-8, with a header).

use std::io;

use csv::{ByteRecord, StringRecord};
use ledgerline::event::{Event, Flags, RawEvent};
use ledgerline::salt::ListenerKey;
use rayon::prelude::*;

use super::columns::Columns;
use super::error::{IngestError, Reject, RowError};
use super::{Batch, Input, MAX_LINE};
use crate::csv_file::{Allowance, Limited};
use crate::ledger::durable::FileError;

/// Rows that are parsed at once.
const ROWS: usize = 16_384;

/// Bytes that the reader takes at once.
const CHUNK: usize = 256 << 10;

/// Reads rows, parses them on all threads of the pool, and passes them on in order.
pub(super) fn read(
    input: &mut Input,
    key: &ListenerKey,
    sink: &mut dyn FnMut(Batch) -> Result<(), IngestError>,
) -> Result<(), IngestError> {
    let name = input.name().to_owned();
    let allowance = Allowance::new(MAX_LINE, CHUNK);
    let mut reader = csv::ReaderBuilder::new()
        .has_headers(false)
        .flexible(true)
        .buffer_capacity(CHUNK)
        .from_reader(Limited::new(input, &allowance));
    let failed = |line: u64, error: csv::Error| match error.into_kind() {
        csv::ErrorKind::Io(error) if error.kind() != io::ErrorKind::InvalidData => {
            FileError::at("read", name.as_ref())(error).into()
        }
        csv::ErrorKind::Io(error) => {
            super::malformed(&name, "CSV", format!("line {line}: {error}"))
        }
        kind => super::malformed(&name, "CSV", format!("line {line}: {kind:?}")),
    };

    let mut header = ByteRecord::new();
    let found = reader
        .read_byte_record(&mut header)
        .map_err(|error| failed(1, error))?;
    if !found {
        return Ok(());
    }
    let header = StringRecord::from_byte_record(header)
        .map_err(|_| super::malformed(&name, "CSV", "a header that is not UTF-8".to_owned()))?;
    let columns = Columns::of_names(header.iter()).map_err(|problem| IngestError::Columns {
        source: name.clone(),
        problem,
    })?;
    let width = header.len();

    let mut rows: Vec<ByteRecord> = vec![ByteRecord::new(); ROWS];
    let mut byte = 0;
    loop {
        let mut count = 0;
        for row in &mut rows {
            allowance.renew();
            let line = reader.position().line();
            if !reader
                .read_byte_record(row)
                .map_err(|error| failed(line, error))?
            {
                break;
            }
            count += 1;
        }
        let rows = rows.get(..count).unwrap_or_default();
        if rows.is_empty() {
            return Ok(());
        }
        let mut batch = parse_rows(rows, &columns, width, key);
        let end = reader.position().byte();
        batch.bytes = end - byte;
        byte = end;
        sink(batch)?;
    }
}

fn parse_rows(rows: &[ByteRecord], columns: &Columns, width: usize, key: &ListenerKey) -> Batch {
    let parsed: Vec<Result<Event, Reject>> = rows
        .par_iter()
        .with_min_len(256)
        .map(|row| {
            parse_row(row, columns, width, key).map_err(|error| Reject {
                line: row.position().map_or(0, csv::Position::line),
                error,
                row: super::shown(&row.iter().collect::<Vec<_>>().join(&b","[..])),
            })
        })
        .collect();
    let mut batch = Batch::default();
    for row in parsed {
        match row {
            Ok(event) => batch.events.push(event),
            Err(reject) => batch.rejects.push(reject),
        }
    }
    batch
}

fn parse_row(
    row: &ByteRecord,
    columns: &Columns,
    width: usize,
    key: &ListenerKey,
) -> Result<Event, RowError> {
    if row.len() != width {
        return Err(RowError::Fields {
            expected: width as u64,
            found: row.len() as u64,
        });
    }
    if row.as_slice().len() > MAX_LINE {
        return Err(RowError::TooLong);
    }
    let text = |at: usize| {
        let field = row.get(at).unwrap_or_default();
        str::from_utf8(field).map_err(|error| RowError::NotUtf8 {
            at: error.valid_up_to(),
        })
    };
    // An empty field of an optional column is an absent one.
    let optional = |at: Option<usize>| match at.map(text).transpose()? {
        Some("") | None => Ok(None),
        other => Ok(other),
    };
    let flag = |column: &'static str, at: Option<usize>| match optional(at)? {
        None | Some("false" | "0") => Ok(false),
        Some("true" | "1") => Ok(true),
        Some(other) => Err(RowError::Flag {
            column,
            found: other.chars().take(60).collect(),
        }),
    };
    let raw = RawEvent {
        kind: text(columns.kind)?,
        play: text(columns.play)?,
        user: optional(columns.user)?,
        listener: optional(columns.listener)?,
        isrc: text(columns.isrc)?,
        territory: text(columns.territory)?,
        time: text(columns.time)?,
        position_ms: text(columns.position_ms)?,
        flags: Flags::new(
            flag("active", columns.active)?,
            flag("offline", columns.offline)?,
        ),
    };
    raw.parse(key).map_err(RowError::Event)
}
