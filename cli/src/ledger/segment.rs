//! A sealed segment as a Parquet file that DuckDB, Spark and pandas read as it is.
//!
//! *In:* events, or a file's bytes. *Out:* the bytes, or the events if every row is one.
//! *Does not know:* where the file lies, and its hash. Source: `docs/format.md` section 5.

use std::sync::Arc;

use arrow::array::{
    Array, ArrayRef, BooleanArray, DictionaryArray, RecordBatch, StringArray, StringBuilder,
    TimestampMillisecondArray, UInt32Array, UInt64Array,
};
use arrow::datatypes::{DataType, Field, Int32Type, Schema, SchemaRef, TimeUnit};
use ledgerline::event::{Event, Flags, Kind};
use ledgerline::id::{Isrc, ListenerId, PlayId, Territory};
use ledgerline::record::SEGMENT_EVENTS;
use ledgerline::time::TimeMs;
use parquet::arrow::ArrowWriter;
use parquet::arrow::arrow_reader::{
    ArrowReaderMetadata, ArrowReaderOptions, ParquetRecordBatchReaderBuilder,
};
use parquet::arrow::arrow_writer::ArrowWriterOptions;
use parquet::basic::{Compression, Encoding, ZstdLevel};
use parquet::errors::ParquetError;
use parquet::file::properties::{EnabledStatistics, WriterProperties};
use parquet::schema::types::ColumnPath;

use super::error::SegmentProblem;
use crate::guard::guarded;

/// The largest file that is read: 65,536 rows need about 50 bytes each at worst.
pub const MAX_BYTES: u64 = 16 << 20;

/// The columns, in order.
#[must_use]
pub fn schema() -> SchemaRef {
    schema_with_text(&DataType::Utf8)
}

fn schema_with_text(text: &DataType) -> SchemaRef {
    let field = |name, of: DataType| Field::new(name, of, false);
    Arc::new(Schema::new(vec![
        field("kind", text.clone()),
        field("active", DataType::Boolean),
        field("offline", DataType::Boolean),
        field("territory", text.clone()),
        field(
            "time",
            DataType::Timestamp(TimeUnit::Millisecond, Some("UTC".into())),
        ),
        field("position_ms", DataType::UInt32),
        field("isrc", text.clone()),
        field("play", DataType::UInt64),
        field("listener", DataType::UInt64),
    ]))
}

/// The Parquet file of these events: the same bytes for the same events and version of `parquet`.
///
/// # Errors
///
/// None for events, which fit every column; the `Result` is the library's.
pub fn encode(events: &[Event]) -> Result<Vec<u8>, ParquetError> {
    let text = |length: usize, write: &dyn Fn(&Event) -> String| {
        let mut builder = StringBuilder::with_capacity(events.len(), events.len() * length);
        for event in events {
            builder.append_value(write(event));
        }
        Arc::new(builder.finish()) as ArrayRef
    };
    let kinds = events.iter().map(|e| e.kind.as_str());
    let columns: Vec<ArrayRef> = vec![
        Arc::new(StringArray::from_iter_values(kinds)),
        Arc::new(BooleanArray::from_iter(
            events.iter().map(|e| Some(e.flags.is_active())),
        )),
        Arc::new(BooleanArray::from_iter(
            events.iter().map(|e| Some(e.flags.is_offline())),
        )),
        text(2, &|event| event.territory.to_string()),
        Arc::new(
            TimestampMillisecondArray::from_iter_values(events.iter().map(|e| e.time.signed()))
                .with_timezone("UTC"),
        ),
        Arc::new(UInt32Array::from_iter_values(
            events.iter().map(|e| e.position_ms),
        )),
        text(12, &|event| event.isrc.to_string()),
        Arc::new(UInt64Array::from_iter_values(
            events.iter().map(|e| e.play.0),
        )),
        Arc::new(UInt64Array::from_iter_values(
            events.iter().map(|e| e.listener.0),
        )),
    ];
    let batch = RecordBatch::try_new(schema(), columns)?;
    let options = ArrowWriterOptions::new()
        .with_properties(properties()?)
        // Parquet's own types say everything; no reader needs a second description.
        .with_skip_arrow_metadata(true);
    let mut bytes = Vec::new();
    let mut writer = ArrowWriter::try_new_with_options(&mut bytes, schema(), options)?;
    writer.write(&batch)?;
    writer.close()?;
    Ok(bytes)
}

fn properties() -> Result<WriterProperties, ParquetError> {
    let time = ColumnPath::from("time");
    Ok(WriterProperties::builder()
        .set_created_by("ledgerline".to_owned())
        .set_compression(Compression::ZSTD(ZstdLevel::try_new(3)?))
        .set_dictionary_enabled(true)
        // Times hardly repeat but lie close together.
        .set_column_dictionary_enabled(time.clone(), false)
        .set_column_encoding(time, Encoding::DELTA_BINARY_PACKED)
        .set_column_dictionary_enabled(ColumnPath::from("position_ms"), false)
        .set_statistics_enabled(EnabledStatistics::Chunk)
        .set_max_row_group_row_count(Some(1 << 16))
        .build())
}

/// The events of a file, if it has exactly the format's columns and every row is an event.
///
/// # Errors
///
/// [`SegmentProblem`] for the first thing that is wrong, before more than a segment's rows are
/// decoded.
pub fn decode(bytes: Vec<u8>) -> Result<Vec<Event>, SegmentProblem> {
    let bytes = bytes::Bytes::from(bytes);
    // The library is not written for hostile files: some make it panic.
    guarded(move || decode_unguarded(bytes))
        .unwrap_or_else(|panic| Err(SegmentProblem::Parquet(panic)))
}

fn parquet(error: impl std::fmt::Display) -> SegmentProblem {
    SegmentProblem::Parquet(error.to_string())
}

/// Number of rows that a file says it has.
///
/// # Errors
///
/// [`SegmentProblem::Parquet`].
pub fn count_rows(bytes: Vec<u8>) -> Result<u64, SegmentProblem> {
    let bytes = bytes::Bytes::from(bytes);
    guarded(move || {
        let metadata =
            ArrowReaderMetadata::load(&bytes, ArrowReaderOptions::new()).map_err(parquet)?;
        u64::try_from(metadata.metadata().file_metadata().num_rows()).map_err(parquet)
    })
    .unwrap_or_else(|panic| Err(SegmentProblem::Parquet(panic)))
}

fn decode_unguarded(bytes: bytes::Bytes) -> Result<Vec<Event>, SegmentProblem> {
    let options = ArrowReaderOptions::new().with_skip_arrow_metadata(true);
    let plain = ArrowReaderMetadata::load(&bytes, options).map_err(parquet)?;
    if plain.schema().fields() != schema().fields() {
        return Err(SegmentProblem::Schema {
            expected: describe(&schema()),
            found: describe(plain.schema()),
        });
    }
    let rows = plain.metadata().file_metadata().num_rows();
    let rows = u64::try_from(rows).unwrap_or(u64::MAX);
    if rows > SEGMENT_EVENTS {
        return Err(SegmentProblem::Rows {
            expected: format!("at most {SEGMENT_EVENTS}"),
            found: rows,
        });
    }
    // Text as dictionaries, so that each distinct one is parsed once.
    let dictionary = DataType::Dictionary(Box::new(DataType::Int32), Box::new(DataType::Utf8));
    let options = ArrowReaderOptions::new()
        .with_skip_arrow_metadata(true)
        .with_schema(schema_with_text(&dictionary));
    let metadata =
        ArrowReaderMetadata::try_new(plain.metadata().clone(), options).map_err(parquet)?;
    let reader = ParquetRecordBatchReaderBuilder::new_with_metadata(bytes, metadata)
        .with_batch_size(1 << 16)
        .build()
        .map_err(parquet)?;
    let mut events = Vec::with_capacity(usize::try_from(rows).unwrap_or(0));
    for batch in reader {
        read_batch(&batch.map_err(parquet)?, &mut events)?;
        if events.len() as u64 > rows {
            break;
        }
    }
    if events.len() as u64 != rows {
        return Err(SegmentProblem::Rows {
            expected: format!("the {rows} rows of the file's footer"),
            found: events.len() as u64,
        });
    }
    Ok(events)
}

fn describe(schema: &Schema) -> String {
    let column = |field: &Arc<Field>| {
        let null = if field.is_nullable() { " nullable" } else { "" };
        format!("{} {}{null}", field.name(), field.data_type())
    };
    let columns: Vec<String> = schema.fields().iter().map(column).collect();
    columns.join(", ")
}

/// One text column of a batch, its distinct values parsed.
struct Texts<'a, T> {
    keys: &'a [i32],
    texts: &'a StringArray,
    values: Vec<Option<T>>,
    column: &'static str,
    expected: &'static str,
}

impl<'a, T: Copy> Texts<'a, T> {
    fn read(
        batch: &'a RecordBatch,
        column: &'static str,
        expected: &'static str,
        parse: impl Fn(&str) -> Option<T>,
    ) -> Result<Self, SegmentProblem> {
        let array: &DictionaryArray<Int32Type> = typed(batch, column)?;
        let texts: &StringArray = array
            .values()
            .as_any()
            .downcast_ref()
            .ok_or_else(|| parquet(format!("column {column} is not text")))?;
        Ok(Self {
            keys: array.keys().values(),
            texts,
            values: (0..texts.len()).map(|at| parse(texts.value(at))).collect(),
            column,
            expected,
        })
    }

    fn at(&self, row: usize, first: usize) -> Result<T, SegmentProblem> {
        let key = self
            .keys
            .get(row)
            .and_then(|key| usize::try_from(*key).ok());
        let value = key.and_then(|key| self.values.get(key).copied().flatten());
        value.ok_or_else(|| SegmentProblem::Value {
            row: first + row,
            column: self.column,
            expected: self.expected,
            found: match key.filter(|key| *key < self.texts.len()) {
                Some(key) => format!("{:.60?}", self.texts.value(key)),
                None => "no value".to_owned(),
            },
        })
    }
}

fn typed<'a, T: Array + 'static>(
    batch: &'a RecordBatch,
    column: &'static str,
) -> Result<&'a T, SegmentProblem> {
    let array = batch.column_by_name(column);
    let array = array.filter(|array| array.null_count() == 0);
    array
        .and_then(|array| array.as_any().downcast_ref())
        .ok_or_else(|| parquet(format!("column {column} has nulls or another type")))
}

fn read_batch(batch: &RecordBatch, events: &mut Vec<Event>) -> Result<(), SegmentProblem> {
    let first = events.len();
    let kinds = Texts::read(batch, "kind", "start, heartbeat or end", Kind::parse)?;
    let territories = Texts::read(batch, "territory", "two capital letters", |text| {
        Territory::from_bytes(text.as_bytes().try_into().ok()?)
    })?;
    let isrcs = Texts::read(batch, "isrc", "an ISRC in plain form", |text| {
        let isrc = Isrc::parse(text).ok()?;
        (isrc.to_string() == text).then_some(isrc)
    })?;
    let active: &BooleanArray = typed(batch, "active")?;
    let offline: &BooleanArray = typed(batch, "offline")?;
    let times: &TimestampMillisecondArray = typed(batch, "time")?;
    let positions: &UInt32Array = typed(batch, "position_ms")?;
    let plays: &UInt64Array = typed(batch, "play")?;
    let listeners: &UInt64Array = typed(batch, "listener")?;
    let numbers = times
        .values()
        .iter()
        .zip(positions.values())
        .zip(plays.values().iter().zip(listeners.values()));
    for (row, ((time, position), (play, listener))) in numbers.enumerate() {
        let moment = u64::try_from(*time).ok().and_then(TimeMs::new);
        events.push(Event {
            listener: ListenerId(*listener),
            play: PlayId(*play),
            time: moment.ok_or_else(|| SegmentProblem::Value {
                row: first + row,
                column: "time",
                expected: "a time from 1970 to 9998",
                found: format!("{time} ms"),
            })?,
            position_ms: *position,
            kind: kinds.at(row, first)?,
            isrc: isrcs.at(row, first)?,
            territory: territories.at(row, first)?,
            flags: Flags::new(active.value(row), offline.value(row)),
        });
    }
    Ok(())
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;

    /// Events that differ in every field.
    pub(crate) fn event(number: usize) -> Event {
        let n = number as u64;
        Event {
            listener: ListenerId(n % 7),
            play: PlayId(n.wrapping_mul(0x9e37_79b9_7f4a_7c15)),
            time: TimeMs::new(1_775_001_600_000 + n * 37).unwrap(),
            position_ms: u32::try_from(n % 100_000).unwrap(),
            kind: [Kind::Start, Kind::Heartbeat, Kind::End][number % 3],
            isrc: Isrc::parse(&format!("USRC1{:07}", n % 50)).unwrap(),
            territory: Territory::parse(["DE", "FR", "US"][number % 3]).unwrap(),
            flags: Flags::new(n.is_multiple_of(2), n.is_multiple_of(5)),
        }
    }

    #[test]
    fn events_read_back_and_bytes_repeat() {
        for count in [0, 1, 300, 1 << 16] {
            let events: Vec<Event> = (0..count).map(event).collect();
            let bytes = encode(&events).unwrap();
            assert_eq!(encode(&events).unwrap(), bytes);
            assert_eq!(count_rows(bytes.clone()), Ok(count as u64));
            assert_eq!(decode(bytes), Ok(events));
        }
    }

    #[test]
    fn every_cut_and_flip_is_an_error_or_other_events_never_a_panic() {
        let events: Vec<Event> = (0..20).map(event).collect();
        let bytes = encode(&events).unwrap();
        for length in 0..bytes.len() {
            assert!(decode(bytes[..length].to_vec()).is_err());
        }
        for at in 0..bytes.len() {
            let mut flipped = bytes.clone();
            flipped[at] ^= 0x10;
            // The file's hash is checked before; this only must not bring the program down.
            let _ = decode(flipped);
        }
    }

    #[test]
    fn other_schemas_and_values_are_named() {
        let write = |schema: SchemaRef, columns: Vec<ArrayRef>| {
            let batch = RecordBatch::try_new(schema.clone(), columns).unwrap();
            let mut bytes = Vec::new();
            let mut writer = ArrowWriter::try_new(&mut bytes, schema, None).unwrap();
            writer.write(&batch).unwrap();
            writer.close().unwrap();
            bytes
        };
        let columns = |kind: &str, isrc: &str, time: i64| -> Vec<ArrayRef> {
            vec![
                Arc::new(StringArray::from(vec![kind])),
                Arc::new(BooleanArray::from(vec![true])),
                Arc::new(BooleanArray::from(vec![true])),
                Arc::new(StringArray::from(vec!["DE"])),
                Arc::new(TimestampMillisecondArray::from(vec![time]).with_timezone("UTC")),
                Arc::new(UInt32Array::from(vec![1])),
                Arc::new(StringArray::from(vec![isrc])),
                Arc::new(UInt64Array::from(vec![1])),
                Arc::new(UInt64Array::from(vec![1])),
            ]
        };
        assert!(decode(write(schema(), columns("start", "USRC17607839", 1))).is_ok());
        for (kind, isrc, time, named) in [
            ("stop", "USRC17607839", 1, "kind"),
            ("start", "USRC1760783", 1, "isrc"),
            ("start", "usrc17607839", 1, "isrc"),
            ("start", "USRC17607839", -1, "time"),
        ] {
            let problem = decode(write(schema(), columns(kind, isrc, time))).unwrap_err();
            assert!(
                matches!(&problem, SegmentProblem::Value { row: 0, column, .. } if *column == named),
                "{problem}"
            );
        }
        let mut fields: Vec<Field> = schema().fields().iter().map(|f| (**f).clone()).collect();
        fields[7] = Field::new("play", DataType::UInt64, true);
        let other = Arc::new(Schema::new(fields));
        let problem = decode(write(other, columns("start", "USRC17607839", 1))).unwrap_err();
        assert!(
            problem.to_string().contains("play UInt64 nullable"),
            "{problem}"
        );
    }
}
