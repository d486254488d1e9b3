//! The ledger's directory: the same log from every format and number of threads, nothing
//! acknowledged lost at any cut, every interrupted step finished, every damage named.
#![allow(clippy::unwrap_used, reason = "tests")]

use std::fs;
use std::path::Path;

use crate::common::{ORIGIN, Place, copy, event, events, files};
use ledgerline::log::{Checkpoint, HashTreeBuilder};
use ledgerline_cli::ledger::durable::RealDisk;
use ledgerline_cli::ledger::wal::{ENTRY_LENGTH, HEADER_LENGTH, WalWriter};
use ledgerline_cli::ledger::{
    Ledger, LedgerError, LedgerWriter, RecoveryStep, SegmentProblem, State,
};

/// The checkpoint's note.
fn checkpoint(place: &Place, ledger: &str) -> String {
    place.run(&format!("checkpoint {ledger}")).fine()
}

#[test]
fn all_formats_and_thread_counts_give_the_same_log() {
    let place = Place::new();
    place.init("ndjson");
    for format in ["ndjson", "csv", "parquet", "arrow"] {
        if format != "ndjson" {
            place.init_like(format, "ndjson");
        }
        let words = format!("simulate --plays 3000 --format {format} --out data-{format}");
        place.run(&words).fine();
        let words = format!("ingest {format} data-{format}/events.{format} --threads 2 --json");
        let summary = place.run(&words).fine();
        assert!(summary.contains("\"first_index\":0"), "{summary}");
        checkpoint(&place, format);
    }
    let one = files(&place.path("ndjson"));
    for other in ["csv", "parquet", "arrow"] {
        assert!(one == files(&place.path(other)), "{other}");
    }

    // By content instead of extension, from standard input, on one thread.
    for format in ["ndjson", "csv", "parquet", "arrow"] {
        let name = format!("stdin-{format}");
        place.init_like(&name, "ndjson");
        let input = fs::read(place.path(&format!("data-{format}/events.{format}"))).unwrap();
        place
            .pipe(&format!("ingest {name} - --threads 1"), &input)
            .fine();
        assert_eq!(checkpoint(&place, &name), checkpoint(&place, "ndjson"));
    }
}

#[test]
fn segments_tiles_and_checkpoints_are_those_of_the_tree() {
    let place = Place::new();
    place.init("ledger");
    let path = place.path("ledger");
    let all = events(65_536 * 2 + 1_000);
    let mut writer = LedgerWriter::open(&path).unwrap();
    let mut sizes = Vec::new();
    // Batches that fit nothing, and checkpoints in the middle of segments.
    for part in all.chunks(30_011) {
        writer.append(part).unwrap();
        sizes.push(writer.publish().unwrap().head.size);
    }
    let (note, newest) = writer.close().unwrap();
    assert_eq!(newest.head().size, all.len() as u64);
    drop(writer);

    let ledger = Ledger::open_readonly(&path).unwrap();
    assert_eq!((ledger.origin(), ledger.state()), (ORIGIN, State::Closed));
    assert_eq!(ledger.sealed_size(), all.len() as u64);
    let counts: Vec<u64> = ledger.segments().iter().map(|s| s.count).collect();
    assert_eq!(counts, [65_536, 65_536, 1_000]);
    let mut read = Vec::new();
    let mut builder = HashTreeBuilder::new();
    let mut heads = Vec::new();
    for info in ledger.segments() {
        let data = ledger.read_segment(info.number).unwrap();
        assert_eq!(info.first_index, read.len() as u64);
        for leaf in ledger.leaf_hashes(&data) {
            builder.push(leaf);
            if sizes.contains(&builder.size()) {
                heads.push(builder.clone().finish().head());
            }
        }
        read.extend(data.events);
    }
    assert_eq!(read, all);
    let tree = builder.finish();
    assert_eq!(newest.head(), tree.head());
    assert_eq!(ledger.hash_tree().unwrap(), tree);
    assert_eq!(ledger.checkpoint().unwrap(), (note, newest));
    let keys = ledger.vkeys().unwrap();
    for head in heads {
        let bytes = fs::read(ledger.layout().checkpoint_of_size(head.size)).unwrap();
        let note = ledgerline::log::Note::parse(&bytes).unwrap();
        let stored = Checkpoint::open(&note, ORIGIN, &keys).unwrap();
        assert_eq!(stored.head(), head);
    }
    for level in [1, 2] {
        for tile in ledgerline::log::Tile::of_tree(level, tree.size()) {
            let bytes = fs::read(ledger.layout().tile(&tile)).unwrap();
            let from = usize::try_from(tile.index() * 256).unwrap();
            let hashes = &tree.tile_hashes(level)[from..from + usize::from(tile.width())];
            let expected: Vec<u8> = hashes.iter().flat_map(|h| *h.as_bytes()).collect();
            assert_eq!(bytes, expected, "{tile}");
        }
    }
    let sums = fs::read_to_string(ledger.layout().sums()).unwrap();
    assert_eq!(sums.lines().count(), 3);
    assert!(sums.ends_with("  000002.parquet\n"));
}

#[test]
fn every_cut_of_the_write_ahead_file_keeps_the_whole_events() {
    let place = Place::new();
    place.init("ledger");
    let path = place.path("ledger");
    let mut writer = LedgerWriter::open(&path).unwrap();
    writer.append(&events(10)).unwrap();
    assert_eq!(writer.commit().unwrap(), 10);
    drop(writer);
    let wal = path.join("wal/000000.wal");
    let bytes = fs::read(&wal).unwrap();
    assert_eq!(bytes.len(), HEADER_LENGTH + 10 * ENTRY_LENGTH);
    for length in HEADER_LENGTH + 7 * ENTRY_LENGTH..=bytes.len() {
        fs::write(&wal, &bytes[..length]).unwrap();
        let writer = LedgerWriter::open(&path).unwrap();
        let kept = (length - HEADER_LENGTH) / ENTRY_LENGTH;
        assert_eq!(writer.size(), kept as u64);
        let torn = (length - HEADER_LENGTH) % ENTRY_LENGTH;
        assert_eq!(writer.recovery().len(), usize::from(torn > 0));
        drop(writer);
        assert_eq!(fs::read(&wal).unwrap(), &bytes[..length - torn]);
    }

    // Once a checkpoint covers them, missing events are no torn batch.
    fs::write(&wal, &bytes).unwrap();
    checkpoint(&place, "ledger");
    fs::write(&wal, &bytes[..bytes.len() - 1]).unwrap();
    place
        .run("checkpoint ledger")
        .refused(&["the 10 events of the newest checkpoint", "found 9"]);
    assert_eq!(
        fs::read(&wal).unwrap().len(),
        bytes.len() - 1,
        "kept as it was"
    );
}

#[test]
fn every_interrupted_step_of_sealing_is_finished() {
    let place = Place::new();
    place.init("before");
    let before = place.path("before");
    let all = events(65_536 + 5);
    // A crash when segment 0 was full, and segment 1 had begun, but nothing was sealed.
    for (number, part) in (0_u64..).zip(all.chunks(65_536)) {
        let mut wal = WalWriter::create(
            &RealDisk,
            &before.join(format!("wal/{number:06}.wal")),
            number,
        )
        .unwrap();
        wal.append(part).unwrap();
        wal.commit().unwrap();
    }
    place.init_like("after", "before");
    let after = place.path("after");
    let mut writer = LedgerWriter::open(&after).unwrap();
    writer.append(&all).unwrap();
    writer.commit().unwrap();
    drop(writer);
    let expected = files(&after);

    // Each state between two steps, and those within a step: half-written temporary files.
    let steps = [
        "segments/000000.parquet",
        "tile/1/000",
        "segments/salt-keys",
        "segments/SHA256SUMS",
    ];
    for done in 0..=steps.len() {
        for half in [false, true] {
            let path = place.path("crashed");
            copy(&before, &path);
            for step in &steps[..done] {
                let target = path.join(step);
                fs::create_dir_all(target.parent().unwrap()).unwrap();
                fs::copy(after.join(step), target).unwrap();
            }
            if let Some(next) = steps.get(done).filter(|_| half) {
                let target = path.join(format!("{next}.tmp"));
                fs::create_dir_all(target.parent().unwrap()).unwrap();
                fs::write(target, "half").unwrap();
            }
            let writer = LedgerWriter::open(&path).unwrap();
            assert_eq!(writer.size(), all.len() as u64);
            let sealed = writer.recovery().contains(&RecoveryStep::Sealed(0));
            assert_eq!(sealed, done < steps.len(), "{done}");
            drop(writer);
            assert!(files(&path) == expected, "{done} {half}");
            assert_eq!(LedgerWriter::open(&path).unwrap().recovery(), []);
        }
    }
}

#[test]
fn an_interrupted_publication_is_finished_with_the_signed_checkpoint() {
    let place = Place::new();
    place.init("ledger");
    let path = place.path("ledger");
    let mut writer = LedgerWriter::open(&path).unwrap();
    writer.append(&events(300)).unwrap();
    writer.publish().unwrap();
    let old = fs::read(path.join("checkpoint")).unwrap();
    writer.append(&events(400)).unwrap();
    let newest = writer.publish().unwrap();
    drop(writer);
    for content in [None, Some(&old)] {
        match content {
            Some(old) => fs::write(path.join("checkpoint"), old).unwrap(),
            None => fs::remove_file(path.join("checkpoint")).unwrap(),
        }
        let mut writer = LedgerWriter::open(&path).unwrap();
        assert_eq!(writer.recovery(), [RecoveryStep::PendingCheckpoint(700)]);
        // Opening serves nothing: that is for a command, which knows the cosignatures it needs.
        let there = fs::read(path.join("checkpoint")).ok();
        assert_eq!(there.as_ref(), content);
        assert_eq!(writer.publish().unwrap().note, newest.note);
        assert_eq!(writer.pending(), None);
        let text = fs::read_to_string(path.join("checkpoint")).unwrap();
        assert_eq!(text, newest.note.to_string());
    }
}

#[test]
fn an_interrupted_closing_goes_on() {
    let place = Place::new();
    place.init("ledger");
    let path = place.path("ledger");
    let mut writer = LedgerWriter::open(&path).unwrap();
    writer.append(&events(700)).unwrap();
    writer.commit().unwrap();
    drop(writer);
    let toml = fs::read_to_string(path.join("ledger.toml")).unwrap();
    fs::write(
        path.join("ledger.toml"),
        toml.replace("\"open\"", "\"closed\""),
    )
    .unwrap();
    let writer = LedgerWriter::open(&path).unwrap();
    let pending = RecoveryStep::PendingCheckpoint(700);
    assert_eq!(
        writer.recovery(),
        [RecoveryStep::FinishedClosing, pending.clone()]
    );
    drop(writer);
    let mut writer = LedgerWriter::open(&path).unwrap();
    assert_eq!(writer.recovery(), [pending]);
    writer.close().unwrap();
    drop(writer);
    let ledger = Ledger::open_readonly(&path).unwrap();
    assert_eq!(ledger.sealed_size(), 700);
    assert_eq!(ledger.checkpoint().unwrap().1.head().size, 700);

    let mut writer = LedgerWriter::open(&path).unwrap();
    assert_eq!(writer.recovery(), []);
    assert!(matches!(
        writer.append(&[event(0)]),
        Err(LedgerError::Closed { .. })
    ));
    place.write("more.ndjson", "{}");
    drop(writer);
    place
        .run("ingest ledger more.ndjson")
        .refused(&["closed one"]);
}

#[test]
fn an_empty_ledger_closes_too() {
    let place = Place::new();
    place.init("ledger");
    let mut writer = LedgerWriter::open(&place.path("ledger")).unwrap();
    let (_, closed) = writer.close().unwrap();
    assert_eq!(closed.head(), ledgerline::log::TreeHead::EMPTY);
    assert_eq!(writer.close().unwrap().1, closed);
    drop(writer);
    let ledger = Ledger::open_readonly(&place.path("ledger")).unwrap();
    assert_eq!(ledger.hash_tree().unwrap().size(), 0);
}

#[test]
fn nothing_is_signed_that_does_not_extend_what_was_signed() {
    let place = Place::new();
    place.init("ledger");
    let path = place.path("ledger");
    let mut writer = LedgerWriter::open(&path).unwrap();
    writer.append(&events(300)).unwrap();
    writer.publish().unwrap();
    drop(writer);
    let signed = files(&path);
    // The same number of events and more, one of them another: as if somebody had rewritten it.
    let mut forged = events(400);
    forged[299].position_ms += 1;
    let mut wal = WalWriter::create(&RealDisk, &path.join("wal/000000.wal"), 0).unwrap();
    wal.append(&forged).unwrap();
    wal.commit().unwrap();
    place
        .run("checkpoint ledger")
        .refused(&["first 300 events", "nothing was signed"]);
    let now = files(&path);
    let published = |files: &[(String, Vec<u8>)]| {
        let mut files = files.to_vec();
        files.retain(|(name, _)| !name.starts_with("wal/"));
        files
    };
    assert!(published(&signed) == published(&now));
}

#[test]
fn a_second_writer_is_refused_and_readers_are_not() {
    let place = Place::new();
    place.init("ledger");
    place.write("events.ndjson", "{}");
    let writer = LedgerWriter::open(&place.path("ledger")).unwrap();
    for words in ["ingest ledger events.ndjson", "checkpoint ledger"] {
        place.run(words).refused(&["another process", "ledger"]);
    }
    Ledger::open_readonly(&place.path("ledger")).unwrap();
    drop(writer);
    checkpoint(&place, "ledger");
}

#[test]
fn a_checkpoint_is_replaced_only_by_one_that_extends_it() {
    let place = Place::new();
    place.init("ledger");
    let path = place.path("ledger");
    let mut writer = LedgerWriter::open(&path).unwrap();
    writer.append(&events(300)).unwrap();
    writer.publish().unwrap();
    drop(writer);
    let old = fs::read(path.join("checkpoint")).unwrap();
    for content in [Some(&old), None] {
        let mut writer = LedgerWriter::open(&path).unwrap();
        writer.append(&events(100)).unwrap();
        let newest = writer.publish().unwrap().head.size;
        // Somebody restores a copy while the writer has the ledger open.
        let found = match content {
            Some(old) => {
                fs::write(path.join("checkpoint"), old).unwrap();
                "found the checkpoint of size 300 ("
            }
            None => {
                fs::remove_file(path.join("checkpoint")).unwrap();
                "found no checkpoint"
            }
        };
        writer.append(&events(10)).unwrap();
        let before = files(&path.join("checkpoints"));
        let error = writer.publish().unwrap_err();
        assert!(matches!(error, LedgerError::Moved { .. }), "{error}");
        let message = error.to_string();
        let expected = format!("expected the checkpoint of size {newest} (");
        for word in [found, &expected, "not replaced"] {
            assert!(message.contains(word), "{word}: {message}");
        }
        assert!(matches!(writer.publish(), Err(LedgerError::Stopped)));
        assert!(
            files(&path.join("checkpoints")) == before,
            "nothing was signed"
        );
        assert_eq!(fs::read(path.join("checkpoint")).ok().as_ref(), content);
        drop(writer);
        // The signed notes are all there: opening goes on from the newest.
        let writer = LedgerWriter::open(&path).unwrap();
        let pending = RecoveryStep::PendingCheckpoint(newest);
        assert_eq!(writer.recovery(), [pending]);
    }
}

#[test]
fn refused_input_leaves_the_ledger_as_it_was() {
    let place = Place::new();
    place.init("ledger");
    place.write("bad.ndjson", "{}\n");
    let everything = |dir: &str| {
        let mut found = files(&place.path(dir));
        found.extend(files(&place.path(&format!("{dir}/secret"))));
        found
    };
    let before = everything("ledger");
    assert!(before.iter().any(|(name, _)| name == "lock"));
    for words in ["ingest ledger bad.ndjson", "ingest ledger absent.ndjson"] {
        place.run(words).refused(&["ndjson"]);
        assert!(everything("ledger") == before, "{words}");
    }
    // A copy may come without the lock.
    fs::remove_file(place.path("ledger/secret/lock")).unwrap();
    checkpoint(&place, "ledger");
}

fn closed(place: &Place, count: usize) -> std::path::PathBuf {
    place.init("ledger");
    let path = place.path("ledger");
    let mut writer = LedgerWriter::open(&path).unwrap();
    writer.append(&events(count)).unwrap();
    writer.close().unwrap();
    path
}

#[test]
fn every_flipped_byte_of_a_segment_is_refused() {
    let place = Place::new();
    let path = closed(&place, 20);
    let ledger = Ledger::open_readonly(&path).unwrap();
    let file = path.join("segments/000000.parquet");
    let bytes = fs::read(&file).unwrap();
    for at in 0..bytes.len() {
        let mut flipped = bytes.clone();
        flipped[at] ^= 1 << (at % 8);
        fs::write(&file, flipped).unwrap();
        let error = ledger.read_segment(0).unwrap_err();
        assert!(
            matches!(
                &error,
                LedgerError::Segment {
                    number: 0,
                    problem: SegmentProblem::Sha256 { .. },
                    ..
                }
            ),
            "byte {at}: {error}"
        );
        assert!(error.to_string().contains("000000.parquet"), "{error}");
    }
    for bytes in [&bytes[..bytes.len() - 1], &[], &vec![0; 17 << 20]] {
        fs::write(&file, bytes).unwrap();
        assert!(ledger.read_segment(0).is_err());
        assert!(Ledger::open_readonly(&path).is_err());
    }
    fs::write(&file, &bytes).unwrap();
    assert_eq!(ledger.read_segment(0).unwrap().events, events(20));
    assert!(matches!(
        ledger.read_segment(1),
        Err(LedgerError::NoSegment {
            number: 1,
            count: 1
        })
    ));
}

#[test]
fn damaged_files_are_named_with_their_line() {
    let place = Place::new();
    let path = closed(&place, 700);
    let spoil = |name: &str, change: &dyn Fn(Vec<u8>) -> Vec<u8>, words: &[&str]| {
        let file = path.join(name);
        let bytes = fs::read(&file).unwrap();
        fs::write(&file, change(bytes.clone())).unwrap();
        let error = Ledger::open_readonly(&path)
            .and_then(|ledger| {
                ledger.read_segment(0)?;
                ledger.hash_tree()?;
                ledger.checkpoint().map(|_| ())
            })
            .unwrap_err()
            .to_string();
        for word in words {
            assert!(error.contains(word), "{name}: {error}");
        }
        fs::write(&file, bytes).unwrap();
    };
    let cut = |bytes: Vec<u8>| bytes[..bytes.len() - 1].to_vec();
    let replace = |from: &'static str, to: &'static str| {
        move |bytes: Vec<u8>| {
            String::from_utf8(bytes)
                .unwrap()
                .replace(from, to)
                .into_bytes()
        }
    };
    spoil("segments/SHA256SUMS", &cut, &["SHA256SUMS", "cut line"]);
    let other = replace("000000.parquet", "000001.parquet");
    spoil("segments/SHA256SUMS", &other, &["line 1", "000000.parquet"]);
    spoil(
        "segments/salt-keys",
        &replace("0 ", "1 "),
        &["salt-keys: line 1"],
    );
    spoil(
        "segments/salt-keys",
        &|_| vec![],
        &["salt-keys", "segment 0"],
    );
    spoil("tile/1/000.p/2", &cut, &["tile/1/000.p/2", "2 hashes"]);
    spoil("checkpoint", &cut, &["checkpoint"]);
    spoil(
        "checkpoint",
        &replace(ORIGIN, "example.com/other"),
        &["example.com/other"],
    );
    spoil(
        "ledger.toml",
        &replace("format = 1", "format = 2"),
        &["format = 1"],
    );
    spoil(
        "ledger.toml",
        &replace("state", "stage"),
        &["ledger.toml: line 5"],
    );
    spoil("ledger.toml", &|_| vec![0xff], &["UTF-8"]);
    // A closed ledger's last segment may be shorter, an open one's not.
    let open = replace("\"closed\"", "\"open\"");
    spoil(
        "ledger.toml",
        &open,
        &["segment 0", "65536 rows, but found 700"],
    );
}

#[test]
fn an_auditors_copy_reads_but_does_not_write() {
    let place = Place::new();
    let path = closed(&place, 700);
    let copied = place.path("copy");
    copy(&path, &copied);
    fs::remove_dir_all(copied.join("secret")).unwrap();
    let ledger = Ledger::open_readonly(&copied).unwrap();
    let own = Ledger::open_readonly(&path).unwrap();
    let data = ledger.read_segment(0).unwrap();
    assert_eq!(data, own.read_segment(0).unwrap());
    assert_eq!(ledger.hash_tree().unwrap(), own.hash_tree().unwrap());
    for error in [
        ledger.log_keys().map(|_| ()).unwrap_err(),
        ledger.master_secret().map(|_| ()).unwrap_err(),
        LedgerWriter::open(&copied).map(|_| ()).unwrap_err(),
    ] {
        assert!(matches!(error, LedgerError::NoSecret { .. }), "{error}");
    }
}

#[test]
fn init_keeps_secrets_secret_and_overwrites_nothing() {
    let place = Place::new();
    let words = format!("init ledger --origin {ORIGIN} --period 2026-04");
    let vkey = place.run(&words).fine();
    assert!(vkey.starts_with(&format!("{ORIGIN}+")), "{vkey}");
    assert_eq!(vkey.lines().count(), 1);
    #[cfg(unix)]
    for key in ["log.key", "master.key", "listener.key"] {
        use std::os::unix::fs::PermissionsExt;
        let path = place.path("ledger/secret").join(key);
        assert_eq!(
            fs::metadata(&path).unwrap().permissions().mode() & 0o777,
            0o600
        );
        let secret = fs::read_to_string(path).unwrap();
        assert!(!vkey.contains(secret.trim()));
    }
    place
        .run(&words)
        .refused(&["ledger: expected no file or an empty directory"]);
    place.write("file", "");
    place
        .run("init file --origin example.com/x --period 2026-04")
        .refused(&["file: expected"]);
    for (origin, period, word) in [
        ("a+b", "2026-04", "origin"),
        ("ledgerline/run/v1", "2026-04", "origin"),
        ("a", "2026-13", "2026-13"),
        ("a", "2026-05-01/2026-04-01", "period"),
    ] {
        place
            .run(&format!("init other --origin {origin} --period {period}"))
            .refused(&[word]);
        assert!(!place.path("other").exists());
    }
    place
        .run("checkpoint nowhere")
        .refused(&["nowhere", "ledgerline init"]);
    assert!(Path::new(&place.path("ledger/registry.sqlite")).exists());
}
