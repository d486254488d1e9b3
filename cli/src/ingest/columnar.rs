//! Events as Parquet or Arrow IPC, batch by batch.

use std::fs::File;
use std::io::{BufReader, Read, Seek};
use std::sync::Arc;

use arrow::array::{
    Array, ArrayRef, BooleanArray, RecordBatch, StringArray, TimestampMillisecondArray, UInt64Array,
};
use arrow::compute::cast;
use arrow::datatypes::{DataType, SchemaRef, TimeUnit};
use arrow::ipc::reader::{FileReader, StreamReader};
use ledgerline::event::{Event, Flags, RawEvent};
use ledgerline::salt::ListenerKey;
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
use rayon::prelude::*;

use super::Batch;
use super::columns::{ColumnError, Columns};
use super::error::{IngestError, Reject, RowError};
use super::input::Format;
use crate::guard::guarded;

/// Rows that are decoded at once.
const ROWS: usize = 16_384;

type Batches = Box<dyn Iterator<Item = Result<RecordBatch, String>>>;

/// Reads batches, parses them on all threads of the pool, and passes them on in order.
pub(super) fn read(
    file: File,
    name: &str,
    format: Format,
    key: &ListenerKey,
    sink: &mut dyn FnMut(Batch) -> Result<(), IngestError>,
) -> Result<(), IngestError> {
    let what = match format {
        Format::Parquet => "a whole Parquet file",
        _ => "a whole Arrow file or stream",
    };
    let wrong = |found| super::malformed(name, what, found);
    // These libraries panic at some malformed files.
    let opened = guarded(|| match format {
        Format::Parquet => open_parquet(file),
        _ => open_arrow(file),
    });
    let (schema, mut batches) = opened.and_then(|opened| opened).map_err(wrong)?;
    let names = schema.fields().iter().map(|field| field.name().as_str());
    let columns = Columns::of_names(names).map_err(|problem| IngestError::Columns {
        source: name.to_owned(),
        problem,
    })?;
    let mut first = 1;
    while let Some(batch) = guarded(|| batches.next()).map_err(wrong)? {
        let batch = batch.map_err(wrong)?;
        let mut at = 0;
        // A stream's batches are as long as their writer made them.
        while at < batch.num_rows() {
            let part = batch.slice(at, ROWS.min(batch.num_rows() - at));
            at += part.num_rows();
            let texts = Texts::read(&part, &columns).map_err(|problem| IngestError::Columns {
                source: name.to_owned(),
                problem,
            })?;
            let parsed = texts.parse(part.num_rows(), first, key);
            first += part.num_rows() as u64;
            sink(parsed)?;
        }
    }
    Ok(())
}

fn open_parquet(file: File) -> Result<(SchemaRef, Batches), String> {
    let reader = ParquetRecordBatchReaderBuilder::try_new(file)
        .and_then(|builder| builder.with_batch_size(ROWS).build())
        .map_err(|error| error.to_string())?;
    let schema = arrow::array::RecordBatchReader::schema(&reader);
    let batches = reader.map(|batch| batch.map_err(|error| error.to_string()));
    Ok((schema, Box::new(batches)))
}

fn open_arrow(file: File) -> Result<(SchemaRef, Batches), String> {
    let mut file = BufReader::new(file);
    let mut head = [0; 6];
    let is_file = file.read_exact(&mut head).is_ok() && &head == b"ARROW1";
    file.rewind().map_err(|error| error.to_string())?;
    if is_file {
        let reader = FileReader::try_new(file, None).map_err(|error| error.to_string())?;
        let schema = reader.schema();
        let batches = reader.map(|batch| batch.map_err(|error| error.to_string()));
        Ok((schema, Box::new(batches)))
    } else {
        let reader = StreamReader::try_new(file, None).map_err(|error| error.to_string())?;
        let schema = reader.schema();
        let batches = reader.map(|batch| batch.map_err(|error| error.to_string()));
        Ok((schema, Box::new(batches)))
    }
}

/// A batch's columns as text, so that all formats go the same way from here.
struct Texts {
    kind: StringArray,
    play: StringArray,
    user: Option<StringArray>,
    listener: Option<StringArray>,
    isrc: StringArray,
    territory: StringArray,
    time: StringArray,
    position_ms: StringArray,
    active: Option<BooleanArray>,
    offline: Option<BooleanArray>,
}

impl Texts {
    fn read(batch: &RecordBatch, columns: &Columns) -> Result<Self, ColumnError> {
        let optional = |at: Option<usize>, name, read: fn(&ArrayRef) -> Option<StringArray>| {
            at.map(|at| column(batch, at, name, TEXT_OR_UINT64, read))
                .transpose()
        };
        let flag = |at: Option<usize>, name| {
            at.map(|at| column(batch, at, name, "boolean", boolean))
                .transpose()
        };
        let user = columns.user;
        Ok(Self {
            kind: column(batch, columns.kind, "kind", "text", text)?,
            play: column(batch, columns.play, "play", TEXT_OR_UINT64, text_or_number)?,
            user: user
                .map(|at| column(batch, at, "user", "text", text))
                .transpose()?,
            listener: optional(columns.listener, "listener", text_or_number)?,
            isrc: column(batch, columns.isrc, "isrc", "text", text)?,
            territory: column(batch, columns.territory, "territory", "text", text)?,
            time: column(
                batch,
                columns.time,
                "time",
                "a timestamp, integer milliseconds or RFC 3339 text",
                time,
            )?,
            position_ms: column(
                batch,
                columns.position_ms,
                "position_ms",
                "an integer",
                integer,
            )?,
            active: flag(columns.active, "active")?,
            offline: flag(columns.offline, "offline")?,
        })
    }

    fn parse(&self, rows: usize, first: u64, key: &ListenerKey) -> Batch {
        let parsed: Vec<Result<Event, Reject>> = (0..rows)
            .into_par_iter()
            .with_min_len(256)
            .map(|row| {
                self.parse_row(row, key).map_err(|error| Reject {
                    line: first + row as u64,
                    error,
                    row: self.show(row),
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

    fn parse_row(&self, row: usize, key: &ListenerKey) -> Result<Event, RowError> {
        let needed = |column: &'static str, array: &'_ StringArray| {
            if array.is_null(row) {
                return Err(RowError::Null { column });
            }
            Ok(())
        };
        for (column, array) in [
            ("kind", &self.kind),
            ("play", &self.play),
            ("isrc", &self.isrc),
            ("territory", &self.territory),
            ("time", &self.time),
            ("position_ms", &self.position_ms),
        ] {
            needed(column, array)?;
        }
        let flag = |array: &Option<BooleanArray>| {
            let array = array.as_ref().filter(|array| array.is_valid(row));
            array.is_some_and(|array| array.value(row))
        };
        let raw = RawEvent {
            kind: self.kind.value(row),
            play: self.play.value(row),
            user: present(&self.user, row),
            listener: present(&self.listener, row),
            isrc: self.isrc.value(row),
            territory: self.territory.value(row),
            time: self.time.value(row),
            position_ms: self.position_ms.value(row),
            flags: Flags::new(flag(&self.active), flag(&self.offline)),
        };
        raw.parse(key).map_err(RowError::Event)
    }

    /// The row as comma-separated `name=value`.
    fn show(&self, row: usize) -> String {
        let mut parts = Vec::new();
        for (name, array) in [
            ("kind", Some(&self.kind)),
            ("play", Some(&self.play)),
            ("user", self.user.as_ref()),
            ("listener", self.listener.as_ref()),
            ("isrc", Some(&self.isrc)),
            ("territory", Some(&self.territory)),
            ("time", Some(&self.time)),
            ("position_ms", Some(&self.position_ms)),
        ] {
            if let Some(array) = array.filter(|array| array.is_valid(row)) {
                parts.push(format!("{name}={}", array.value(row)));
            }
        }
        super::shown(parts.join(",").as_bytes())
    }
}

fn present(array: &Option<StringArray>, row: usize) -> Option<&str> {
    let array = array.as_ref().filter(|array| array.is_valid(row))?;
    Some(array.value(row))
}

const TEXT_OR_UINT64: &str = "text or uint64";

fn column<T>(
    batch: &RecordBatch,
    at: usize,
    name: &'static str,
    expected: &'static str,
    read: fn(&ArrayRef) -> Option<T>,
) -> Result<T, ColumnError> {
    let array = batch.columns().get(at);
    array.and_then(read).ok_or_else(|| ColumnError::Type {
        name,
        expected,
        found: array.map_or_else(|| "nothing".to_owned(), |a| a.data_type().to_string()),
    })
}

fn as_text(array: &ArrayRef) -> Option<StringArray> {
    let array = cast(array, &DataType::Utf8).ok()?;
    array.as_any().downcast_ref::<StringArray>().cloned()
}

fn text(array: &ArrayRef) -> Option<StringArray> {
    let of_text = |of: &DataType| {
        matches!(
            of,
            DataType::Utf8 | DataType::LargeUtf8 | DataType::Utf8View
        )
    };
    match array.data_type() {
        DataType::Dictionary(_, of) if of_text(of) => as_text(array),
        of if of_text(of) => as_text(array),
        _ => None,
    }
}

fn integer(array: &ArrayRef) -> Option<StringArray> {
    array.data_type().is_integer().then(|| as_text(array))?
}

fn boolean(array: &ArrayRef) -> Option<BooleanArray> {
    array.as_any().downcast_ref::<BooleanArray>().cloned()
}

/// Numbers as the 16 hex digits that they stand for.
fn text_or_number(array: &ArrayRef) -> Option<StringArray> {
    match array.as_any().downcast_ref::<UInt64Array>() {
        Some(numbers) => {
            let digits = numbers.iter().map(|n| n.map(|n| format!("{n:016x}")));
            Some(digits.collect())
        }
        None => text(array),
    }
}

/// Timestamps as integer milliseconds, finer ones cut off towards the past; without a zone they
/// are UTC.
fn time(array: &ArrayRef) -> Option<StringArray> {
    let DataType::Timestamp(unit, _) = array.data_type() else {
        return text(array).or_else(|| integer(array));
    };
    let per_ms = match unit {
        TimeUnit::Second | TimeUnit::Millisecond => 1,
        TimeUnit::Microsecond => 1_000,
        TimeUnit::Nanosecond => 1_000_000,
    };
    let numbers = match unit {
        // Too many seconds for milliseconds become null.
        TimeUnit::Second => {
            let ms = DataType::Timestamp(TimeUnit::Millisecond, None);
            let cast = cast(array, &ms).ok()?;
            let cast = cast.as_any().downcast_ref::<TimestampMillisecondArray>()?;
            Arc::new(cast.reinterpret_cast::<arrow::datatypes::Int64Type>()) as ArrayRef
        }
        _ => cast(array, &DataType::Int64).ok()?,
    };
    let numbers = numbers
        .as_any()
        .downcast_ref::<arrow::array::Int64Array>()?;
    let texts = numbers
        .iter()
        .map(|n| n.map(|n| n.div_euclid(per_ms).to_string()));
    Some(texts.collect())
}
