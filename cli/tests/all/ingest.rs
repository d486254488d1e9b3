//! What strangers send: each kind of bad input gets a clear error, exit code 2, and nothing is
//! written; with a file for rejects the good rows are taken.
#![allow(clippy::unwrap_used, reason = "tests")]

use std::fs;
use std::sync::Arc;

use crate::common::{Place, files};
use arrow::array::{ArrayRef, Int64Array, RecordBatch, StringArray, UInt64Array};
use arrow::datatypes::{DataType, Field, Schema, TimeUnit};
use ledgerline::event::play_id_of_text;
use ledgerline::id::PlayId;
use ledgerline_cli::ledger::LedgerWriter;

const GOOD: &str = r#"{"kind":"start","play":"00000000000000aa","user":"u1","isrc":"us-rc1-76-07839","territory":"de","time":"2026-04-01T00:00:00.5Z","position_ms":0,"active":true}"#;
const HEADER: &str = "time,kind,play,user,isrc,territory,position_ms\n";
const ROW: &str = "1775001600500,start,00000000000000aa,u1,USRC17607839,DE,0\n";

/// Refused with these words, and the ledger is as it was.
#[track_caller]
fn refused(name: &str, content: impl AsRef<[u8]>, words: &[&str]) {
    let place = Place::new();
    place.init("ledger");
    place.write(name, content.as_ref());
    let before = files(&place.path("ledger"));
    let ran = place.run(&format!("ingest ledger {name}"));
    ran.refused(words);
    assert!(ran.err.contains(name), "{}", ran.err);
    let piped = place.pipe("ingest ledger -", content.as_ref());
    assert_eq!(piped.code, 2, "{}", piped.err);
    assert!(
        files(&place.path("ledger")) == before,
        "something was written"
    );
}

fn taken(place: &Place, name: &str) -> u64 {
    place.run(&format!("ingest ledger {name}")).fine();
    LedgerWriter::open(&place.path("ledger")).unwrap().size()
}

#[test]
fn bad_lines_are_named() {
    let line = |from: &str, to: &str| format!("{GOOD}\n{}\n{GOOD}\n", GOOD.replace(from, to));
    for (content, words) in [
        (
            line("start", "stop"),
            vec!["e.ndjson:2: kind", "\"stop\"", "--rejects"],
        ),
        (
            line("us-rc1-76-07839", "nonsense"),
            vec!["e.ndjson:2", "ISRC", "nonsense"],
        ),
        (line("\"de\"", "\"DEU\""), vec!["e.ndjson:2", "territory"]),
        (line("2026-04-01T", "2026-04-01 "), vec!["e.ndjson:2: time"]),
        (line(":0,", ":-1,"), vec!["e.ndjson:2"]),
        (line(":0,", ":0.5,"), vec!["e.ndjson:2"]),
        (
            line("\"play\":\"00000000000000aa\",", ""),
            vec!["e.ndjson:2", "`play`"],
        ),
        (
            line("\"active\"", "\"device\""),
            vec!["e.ndjson:2", "`device`"],
        ),
        (line("\"active\":true", "\"active\":1"), vec!["e.ndjson:2"]),
        (
            line("\"user\"", "\"listener\""),
            vec!["e.ndjson:2", "listener id"],
        ),
        (
            line("\"user\":\"u1\",", ""),
            vec!["e.ndjson:2", "either user"],
        ),
        (line("}", "} {}"), vec!["e.ndjson:2"]),
        (line("}", ""), vec!["e.ndjson:2"]),
        (line("{", "[{"), vec!["e.ndjson:2"]),
        (format!("{GOOD}\n\n{GOOD}\nx"), vec!["e.ndjson:4"]),
        (
            format!("{GOOD}\n{{}}\n[]\n"),
            vec!["e.ndjson:2", "e.ndjson:3", "2 rows are bad"],
        ),
    ] {
        refused("e.ndjson", content, &words);
    }
}

#[test]
fn long_lines_and_other_bytes_are_named_in_bounded_memory() {
    let long = |length: usize| format!("{GOOD}\n{}\n{GOOD}\n{{}}", "x".repeat(length));
    for length in [65_537, 1 << 20, 9 << 20] {
        let words = [
            "e.ndjson:2: expected a line of at most 65536 bytes",
            "e.ndjson:4",
        ];
        refused("e.ndjson", long(length), &words);
    }
    let mut bytes = GOOD.as_bytes().to_vec();
    bytes[20] = 0xff;
    refused("e.ndjson", bytes, &["e.ndjson:1", "UTF-8", "byte 20"]);
    refused("e.ndjson", vec![0; 100], &["e.ndjson:1"]);
    refused("e.csv", vec![0xff; 100], &["e.csv"]);
}

#[test]
fn empty_and_compressed_inputs_are_refused() {
    for name in ["e.ndjson", "e.csv", "e.parquet", "e.arrow", "e"] {
        refused(name, "", &["at least one event"]);
    }
    refused("e.ndjson", "\n  \n", &["at least one event"]);
    refused("e.csv", HEADER, &["at least one event"]);
    refused("e.ndjson.gz", [0x1f, 0x8b, 8, 0], &["gzip -dc"]);
    refused("e.csv.zst", [0x28, 0xb5, 0x2f, 0xfd], &["zstd -dc"]);
    let place = Place::new();
    place.init("ledger");
    place
        .run("ingest ledger absent.csv")
        .refused(&["absent.csv"]);
    place.run("ingest ledger .").refused(&["directory"]);
    place.run("ingest ledger").refused(&["FILE"]);
}

#[test]
fn bad_csv_is_named() {
    let rows = |row: &str| format!("{HEADER}{ROW}{row}\n{ROW}");
    for (content, words) in [
        (
            rows("1,start,a,u,USRC17607839,DE"),
            vec!["e.csv:3: expected 7 fields, but found 6"],
        ),
        (
            rows("1,start,a,u,USRC17607839,DE,0,1"),
            vec!["e.csv:3", "found 8"],
        ),
        (
            rows("1,start,a,u,USRC17607839,DE,x"),
            vec!["e.csv:3: position_ms"],
        ),
        (
            rows("1,start,a,,USRC17607839,DE,0"),
            vec!["e.csv:3: expected either user"],
        ),
        (
            format!("{HEADER}\"{}", "x\n".repeat(400_000)),
            vec!["CSV", "unclosed quotation mark"],
        ),
        (
            HEADER.replace("user", "device") + ROW,
            vec!["device", "only the columns"],
        ),
        (HEADER.replace("user", "time") + ROW, vec!["time", "twice"]),
        (
            HEADER.replace("user,", "") + ROW,
            vec!["user", "listener", "neither"],
        ),
        (HEADER.replace("isrc,", "") + ROW, vec!["column isrc"]),
        (ROW.repeat(2), vec!["only the columns"]),
    ] {
        refused("e.csv", content, &words);
    }
    let flags = HEADER.replace('\n', ",offline\n") + &ROW.replace('\n', ",yes\n");
    refused("e.csv", flags, &["e.csv:2: offline", "yes"]);
}

#[test]
fn good_rows_are_taken_however_they_are_written() {
    let place = Place::new();
    place.init("ledger");
    place.write("a.ndjson", format!("\u{feff}{GOOD}\r\n\r\n{GOOD}"));
    assert_eq!(taken(&place, "a.ndjson"), 2);
    place.write(
        "b.csv",
        format!("\u{feff}{HEADER}{ROW}\"1775001600500\",end,\"a\"\"b\",u,USRC17607839,DE,5\r\n"),
    );
    assert_eq!(taken(&place, "b.csv"), 4);
    let escaped = GOOD
        .replace("u1", "\\u0075\\u0031")
        .replace("\"2026-04-01T00:00:00.5Z\"", "1775001600500");
    place.write("c.jsonl", escaped);
    assert_eq!(taken(&place, "c.jsonl"), 5);
    // Several inputs, all or none.
    place.write("bad.csv", "x");
    place
        .run("ingest ledger a.ndjson bad.csv")
        .refused(&["bad.csv"]);
    place.run("ingest ledger a.ndjson b.csv").fine();
    let mut writer = LedgerWriter::open(&place.path("ledger")).unwrap();
    assert_eq!(writer.size(), 9);
    writer.close().unwrap();
    drop(writer);
    let ledger = ledgerline_cli::ledger::Ledger::open_readonly(&place.path("ledger")).unwrap();
    let read = ledger.read_segment(0).unwrap().events;
    assert_eq!(read[0], read[1]);
    assert_eq!(read[0], read[4], "escapes and integers mean the same");
    assert_eq!(read[3].play, play_id_of_text("a\"b"));
    assert!(read[0].flags.is_active() && !read[2].flags.is_active());
}

#[test]
fn rejects_are_set_aside_with_their_places() {
    let place = Place::new();
    place.init("ledger");
    let bad = GOOD.replace("start", "stop");
    place.write(
        "e.ndjson",
        format!("{GOOD}\n{bad}\n{}\n{GOOD}\n", "y".repeat(70_000)),
    );
    let out = place
        .run("ingest ledger e.ndjson --rejects bad.ndjson --json")
        .fine();
    assert!(
        out.contains("\"accepted\":2") && out.contains("\"rejected\":2"),
        "{out}"
    );
    let text = fs::read_to_string(place.path("bad.ndjson")).unwrap();
    let rows: Vec<serde_json::Value> = text
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    assert_eq!(rows.len(), 2);
    assert_eq!(
        (rows[0]["line"].as_u64(), rows[1]["line"].as_u64()),
        (Some(2), Some(3))
    );
    assert_eq!(rows[0]["row"], bad);
    assert!(rows[0]["error"].as_str().unwrap().contains("\"stop\""));
    place
        .run("ingest ledger e.ndjson --rejects bad.ndjson")
        .refused(&["bad.ndjson", "--force"]);
    place
        .run("ingest ledger e.ndjson --rejects bad.ndjson --force")
        .fine();
    // Only bad rows: nothing is appended, and that is no failure.
    place.write("worse.ndjson", "{}\n");
    let out = place
        .run("ingest ledger worse.ndjson --rejects worse --json")
        .fine();
    assert!(out.contains("\"first_index\":null"), "{out}");
}

fn parquet(columns: Vec<(&str, ArrayRef)>) -> Vec<u8> {
    let batch = RecordBatch::try_from_iter(columns).unwrap();
    let mut bytes = Vec::new();
    let mut writer =
        parquet::arrow::ArrowWriter::try_new(&mut bytes, batch.schema(), None).unwrap();
    writer.write(&batch).unwrap();
    writer.close().unwrap();
    bytes
}

fn text(values: &[&str]) -> ArrayRef {
    Arc::new(StringArray::from(values.to_vec()))
}

/// Three rows; `replace` takes the place of the column with its name.
fn columns<'a>(replace: &[(&'a str, ArrayRef)]) -> Vec<(&'a str, ArrayRef)> {
    let mut columns = vec![
        ("kind", text(&["start", "heartbeat", "end"])),
        (
            "play",
            Arc::new(UInt64Array::from(vec![170, 170, 170])) as ArrayRef,
        ),
        ("user", text(&["u1", "u1", "u1"])),
        ("isrc", text(&["USRC17607839"; 3])),
        ("territory", text(&["DE"; 3])),
        (
            "time",
            Arc::new(Int64Array::from(vec![1_775_001_600_500; 3])) as ArrayRef,
        ),
        (
            "position_ms",
            Arc::new(Int64Array::from(vec![0, 1, 2])) as ArrayRef,
        ),
    ];
    for (name, array) in replace {
        match columns.iter_mut().find(|(other, _)| other == name) {
            Some((_, place)) => *place = array.clone(),
            None => columns.push((name, array.clone())),
        }
    }
    columns
}

#[test]
fn columns_of_every_sensible_type_are_read() {
    let place = Place::new();
    place.init("ledger");
    let ms = 1_775_001_600_500_i64;
    let time = |unit, per_ms: i64| {
        let numbers: ArrayRef = Arc::new(Int64Array::from(vec![ms * per_ms; 3]));
        arrow::compute::cast(&numbers, &DataType::Timestamp(unit, None)).unwrap()
    };
    let cast = |of: &ArrayRef, to: DataType| arrow::compute::cast(of, &to).unwrap();
    let dictionary = DataType::Dictionary(Box::new(DataType::Int16), Box::new(DataType::Utf8));
    let variants: Vec<Vec<(&str, ArrayRef)>> = vec![
        vec![],
        vec![("time", time(TimeUnit::Millisecond, 1))],
        vec![("time", time(TimeUnit::Microsecond, 1_000))],
        vec![("time", time(TimeUnit::Nanosecond, 1_000_000))],
        vec![("time", text(&["2026-04-01T00:00:00.5Z"; 3]))],
        vec![("play", text(&["00000000000000aa"; 3]))],
        vec![("isrc", cast(&text(&["us-rc1-76-07839"; 3]), dictionary))],
        vec![("territory", cast(&text(&["DE"; 3]), DataType::LargeUtf8))],
        vec![("user", cast(&text(&["u1"; 3]), DataType::Utf8View))],
        vec![("position_ms", cast(&columns(&[])[6].1, DataType::UInt8))],
    ];
    for (at, variant) in variants.iter().enumerate() {
        place.write(&format!("{at}.parquet"), parquet(columns(variant)));
        taken(&place, &format!("{at}.parquet"));
    }
    let mut writer = LedgerWriter::open(&place.path("ledger")).unwrap();
    writer.close().unwrap();
    drop(writer);
    let ledger = ledgerline_cli::ledger::Ledger::open_readonly(&place.path("ledger")).unwrap();
    let read = ledger.read_segment(0).unwrap().events;
    assert_eq!(read.len(), variants.len() * 3);
    for (at, three) in read.chunks(3).enumerate() {
        assert_eq!(three, &read[..3], "variant {at}");
    }
    assert_eq!(
        (read[0].play, read[0].time.ms()),
        (PlayId(170), 1_775_001_600_500)
    );
}

#[test]
fn compressed_columns_are_read() {
    use arrow::ipc::CompressionType;
    use arrow::ipc::writer::{FileWriter, IpcWriteOptions, StreamWriter};
    use parquet::basic::{Compression, GzipLevel};
    use parquet::file::properties::WriterProperties;
    let place = Place::new();
    place.init("ledger");
    let batch = RecordBatch::try_from_iter(columns(&[])).unwrap();
    let mut expected = 0;
    let mut take = |name: &str, bytes: Vec<u8>| {
        place.write(name, bytes);
        expected += 3;
        assert_eq!(taken(&place, name), expected, "{name}");
    };
    for compression in [CompressionType::LZ4_FRAME, CompressionType::ZSTD] {
        let options = IpcWriteOptions::default()
            .try_with_compression(Some(compression))
            .unwrap();
        let mut file =
            FileWriter::try_new_with_options(Vec::new(), &batch.schema(), options.clone()).unwrap();
        file.write(&batch).unwrap();
        take("e.feather", file.into_inner().unwrap());
        let mut stream =
            StreamWriter::try_new_with_options(Vec::new(), &batch.schema(), options).unwrap();
        stream.write(&batch).unwrap();
        take("e.arrows", stream.into_inner().unwrap());
    }
    for compression in [
        Compression::SNAPPY,
        Compression::LZ4_RAW,
        Compression::GZIP(GzipLevel::default()),
    ] {
        let properties = WriterProperties::builder()
            .set_compression(compression)
            .build();
        let mut bytes = Vec::new();
        let mut writer =
            parquet::arrow::ArrowWriter::try_new(&mut bytes, batch.schema(), Some(properties))
                .unwrap();
        writer.write(&batch).unwrap();
        writer.close().unwrap();
        take("e.parquet", bytes);
    }
}

#[test]
fn bad_columns_are_named() {
    let null: ArrayRef = Arc::new(StringArray::from(vec![Some("DE"), None, Some("DE")]));
    let double: ArrayRef = Arc::new(arrow::array::Float64Array::from(vec![0.0; 3]));
    let negative: ArrayRef = Arc::new(Int64Array::from(vec![0, -1, 2]));
    for (replace, words) in [
        (("territory", null), vec!["e.parquet:2: territory"]),
        (
            ("position_ms", double.clone()),
            vec!["position_ms", "an integer", "Float64"],
        ),
        (("time", double), vec!["time", "timestamp"]),
        (("position_ms", negative.clone()), vec!["e.parquet:2", "-1"]),
        (("time", negative), vec!["e.parquet:2: time", "-1"]),
        (
            ("device", text(&["x"; 3])),
            vec!["device", "only the columns"],
        ),
    ] {
        refused("e.parquet", parquet(columns(&[replace])), &words);
    }
}

#[test]
fn truncated_and_damaged_files_do_not_bring_the_program_down() {
    let bytes = parquet(columns(&[]));
    for length in [4, 8, bytes.len() / 2, bytes.len() - 1] {
        refused(
            "e.parquet",
            &bytes[..length],
            &["Parquet", "nothing was appended"],
        );
    }
    let schema = Schema::new(vec![Field::new("kind", DataType::Utf8, false)]);
    let mut file = Vec::new();
    arrow::ipc::writer::FileWriter::try_new(&mut file, &schema)
        .unwrap()
        .finish()
        .unwrap();
    refused("e.arrow", &file[..file.len() - 4], &["Arrow"]);
    refused("e.arrow", &file, &["column play"]);
    refused("e.arrow", b"ARROW1\0\0", &["Arrow"]);
    refused("e.arrow", [0xff; 64], &["Arrow"]);
    refused("e.parquet", "kind,play\n", &["Parquet"]);
    // Every byte flipped: refused or read, never a crash; a sample of places keeps this short.
    let place = Place::new();
    place.init("ledger");
    for at in (0..bytes.len()).step_by(13) {
        let mut flipped = bytes.clone();
        flipped[at] ^= 0x40;
        place.write("f.parquet", flipped);
        let ran = place.run("ingest ledger f.parquet");
        assert!(
            ran.code == 0 || ran.code == 2,
            "byte {at}: {} {}",
            ran.code,
            ran.err
        );
        assert!(!ran.err.contains("panicked"), "byte {at}: {}", ran.err);
    }
}
