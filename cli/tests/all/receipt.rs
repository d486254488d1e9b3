//! Receipts: of sealed events and of open ones, by index and by play, each verifies and shows its
//! event; no other event, index, path, key or damaged ledger gives one.
#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    clippy::cast_possible_truncation,
    reason = "tests"
)]

use std::fs;

use crate::common::{Place, copy, event, events};
use ledgerline::event::{Event, play_id_of_text};
use ledgerline::id::{ListenerId, PlayId};
use ledgerline::log::{Hash, LeafIndex, TlogProof};
use ledgerline::time::Period;
use ledgerline_cli::ledger::{Ledger, LedgerWriter};

/// More than a sealed segment, with a checkpoint, and more events behind it.
const LOGGED: usize = 65_536 + 1_000;
const LATER: usize = 50;

/// Five events of one play, wide apart; the last two after the checkpoint.
const PLAYED: [usize; 5] = [3, 65_535, LOGGED - 1, LOGGED, LOGGED + LATER - 1];

/// A new ledger; gives its verifier key.
fn init(place: &Place, name: &str) -> String {
    let period = Period::parse("2026-04").unwrap();
    let key = ledgerline_cli::ledger::create(&place.path(name), crate::common::ORIGIN, period);
    key.unwrap().to_string()
}

fn all_events(listener: ListenerId, play: PlayId) -> Vec<Event> {
    let mut all = events(LOGGED + LATER);
    for at in PLAYED {
        all[at] = Event {
            listener,
            play,
            ..all[at]
        };
    }
    // The same play id of another listener is another play.
    all[77] = Event { play, ..all[77] };
    all
}

/// A ledger whose user `u1` played `first`; gives its key and events.
fn ledger(place: &Place) -> (String, Vec<Event>) {
    let vkey = init(place, "ledger");
    let path = place.path("ledger");
    let key = Ledger::open_readonly(&path)
        .unwrap()
        .listener_key()
        .unwrap();
    let all = all_events(key.pseudonym("u1"), play_id_of_text("first"));
    let mut writer = LedgerWriter::open(&path).unwrap();
    writer.append(&all[..60_000]).unwrap();
    writer.publish().unwrap();
    writer.append(&all[60_000..LOGGED]).unwrap();
    writer.publish().unwrap();
    writer.append(&all[LOGGED..]).unwrap();
    writer.commit().unwrap();
    place.write("key", &vkey);
    (vkey, all)
}

#[test]
fn every_receipt_verifies_and_shows_its_event() {
    let place = Place::new();
    let (_, all) = ledger(&place);
    for index in [0, 255, 256, 59_999, 65_535, 65_536, 66_000, LOGGED - 1] {
        let words = format!("receipt ledger {index} --out {index}.tlog-proof");
        place.run(&words).fine();
        let shown = place.run(&format!("verify {index}.tlog-proof --key key"));
        let shown = shown.fine();
        let event = all[index];
        for word in [
            event.isrc.to_string(),
            event.time.to_string(),
            event.play.to_string(),
            event.listener.to_string(),
            format!("leaf number {index} of the {LOGGED}"),
        ] {
            assert!(shown.contains(&word), "{word} in {shown}");
        }
        let ran = place.run(&format!("verify {index}.tlog-proof"));
        assert_eq!(ran.code, 3, "{}{}", ran.out, ran.err);
        // On standard output it is the same.
        let printed = place.run(&format!("receipt ledger {index}")).fine();
        let written = fs::read_to_string(place.path(&format!("{index}.tlog-proof"))).unwrap();
        assert_eq!(printed, written);
    }
    place
        .run(&format!("receipt ledger {LOGGED}"))
        .refused(&["below 66536", "ledgerline checkpoint ledger"]);
    place
        .run("receipt ledger 0 --out 0.tlog-proof")
        .refused(&["0.tlog-proof", "--force"]);
    place
        .run("receipt ledger 0 --out 0.tlog-proof --force")
        .fine();
    let json = place.run("receipt ledger 3 --json").fine();
    let json: serde_json::Value = serde_json::from_str(&json).unwrap();
    assert_eq!(json["index"], 3);
    assert_eq!(json["event"]["isrc"], all[3].isrc.to_string());
    assert!(
        json["proof"]
            .as_str()
            .unwrap()
            .starts_with("c2sp.org/tlog-proof@v1\nextra ")
    );
}

#[test]
fn no_other_event_index_path_or_signer_passes() {
    let place = Place::new();
    let (vkey, _) = ledger(&place);
    place.run("receipt ledger 300 --out r").fine();
    let proof = TlogProof::parse(&fs::read(place.path("r")).unwrap()).unwrap();
    let disputed = |what: &str, proof: &TlogProof| {
        place.write("changed", proof.to_string());
        let ran = place.run("verify changed --key key");
        assert_eq!(ran.code, 1, "{what}: {}{}", ran.out, ran.err);
        ran.out
    };
    let make = |index: u64, path: &[Hash], extra: &[u8]| {
        let note = proof.checkpoint().clone();
        TlogProof::new(LeafIndex(index), path.to_vec(), note, Some(extra.to_vec())).unwrap()
    };
    let extra = proof.extra().unwrap();
    // Each byte of the record: salt, kind, flags, territory, time, position, ISRC, play, listener.
    for at in 0..extra.len() {
        let mut other = extra.to_vec();
        other[at] ^= 1;
        let shown = disputed("record", &make(300, proof.path(), &other));
        assert!(shown.contains("[FAIL] proof.inclusion"), "{shown}");
        assert!(shown.contains("[skip] proof.record"), "{shown}");
    }
    for index in [0, 299, 301, 66_535, 66_536, u64::MAX] {
        disputed("index", &make(index, proof.path(), extra));
    }
    let mut path = proof.path().to_vec();
    path[2] = Hash::of(b"");
    disputed("path", &make(300, &path, extra));
    path.pop();
    disputed("shorter path", &make(300, &path, extra));

    // Another log's key, and the key of another ledger of the same origin.
    place.init("other");
    let strange = init(&place, "strange");
    place.write("strange.key", strange);
    assert_eq!(place.run("verify r --key strange.key").code, 1);
    // While keys are replaced, both are given.
    place.run("verify r --key strange.key --key key").fine();
    // By policy.
    place.write("policy", format!("log {vkey}\nquorum none\n"));
    place.run("verify r --policy policy").fine();
}

#[test]
fn receipts_of_a_play_are_found_by_listener_or_user() {
    let place = Place::new();
    let (_, all) = ledger(&place);
    let listener = all[PLAYED[0]].listener;
    let play = play_id_of_text("first");
    let listed = place.run(&format!(
        "receipt ledger --listener {listener} --play {play}"
    ));
    assert!(listed.err.contains("2 more events"), "{}", listed.err);
    let listed = listed.fine();
    let indices: Vec<&str> = listed.lines().filter_map(|l| l.split(':').next()).collect();
    assert_eq!(indices, ["3", "65535", "66535"]);

    let by_user = "receipt ledger --user u1 --play first --out dir";
    place.run(by_user).fine();
    let mut names: Vec<String> = fs::read_dir(place.path("dir"))
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort();
    assert_eq!(
        names,
        ["3.tlog-proof", "65535.tlog-proof", "66535.tlog-proof"]
    );
    place
        .run("verify dir/3.tlog-proof dir/65535.tlog-proof dir/66535.tlog-proof --key key")
        .fine();
    place.run(by_user).refused(&["3.tlog-proof", "--force"]);
    let json = place.run(&format!("{by_user} --force --json")).fine();
    let json: serde_json::Value = serde_json::from_str(&json).unwrap();
    assert_eq!(json["receipts"].as_array().unwrap().len(), 3);
    assert_eq!(json["later"], 2);

    // After the next checkpoint all five are there.
    place.run("checkpoint ledger").fine();
    let listed = place.run("receipt ledger --user u1 --play first").fine();
    assert_eq!(listed.lines().count(), 5);

    for (words, said) in [
        ("--user u2 --play first", "found none"),
        ("--user u1 --play second", "found none"),
        ("--play first", "--listener or --user"),
        ("--listener xyz --play first", "--listener"),
        ("7 --play first", "cannot be used with"),
        ("--user u1", "--play"),
    ] {
        place
            .run(&format!("receipt ledger {words}"))
            .refused(&[said]);
    }
}

#[test]
fn a_damaged_ledger_gives_no_receipt() {
    let place = Place::new();
    ledger(&place);
    // Any flipped bit of the tiles that are needed.
    for tile in ["tile/1/000", "tile/1/001.p/3", "tile/2/000.p/1"] {
        copy(&place.path("ledger"), &place.path("copy"));
        let path = place.path("copy").join(tile);
        let mut bytes = fs::read(&path).unwrap();
        bytes[20] ^= 1;
        fs::write(&path, bytes).unwrap();
        place.run("receipt copy 300").refused(&["copy", "expected"]);
    }
    // Another event in the write-ahead file.
    copy(&place.path("ledger"), &place.path("copy"));
    let wal = place.path("copy/wal/000001.wal");
    let mut events = ledgerline_cli::ledger::wal::read(&wal, 1).unwrap().events;
    events[900] = event(5);
    place.init("third");
    let mut writer = LedgerWriter::open(&place.path("third")).unwrap();
    writer.append(&crate::common::events(65_536)).unwrap();
    writer.append(&events).unwrap();
    writer.commit().unwrap();
    drop(writer);
    fs::copy(place.path("third/wal/000001.wal"), &wal).unwrap();
    place.run("receipt copy 66000").refused(&["root"]);
    // Without secrets the sealed events have receipts, the open ones have none.
    copy(&place.path("ledger"), &place.path("copy"));
    fs::remove_dir_all(place.path("copy/secret")).unwrap();
    place.run("receipt copy 66000").refused(&["master.key"]);
    place
        .run("receipt copy --user u1 --play first")
        .refused(&["listener.key"]);
    // A checkpoint over more events than there are.
    copy(&place.path("ledger"), &place.path("copy"));
    fs::remove_file(place.path("copy/wal/000001.wal")).unwrap();
    place.run("receipt copy 3").refused(&["66536"]);
    place.init("empty");
    place.run("receipt empty 0").refused(&["checkpoint"]);
    place.run("checkpoint empty").fine();
    place
        .run("receipt empty 0")
        .refused(&["the log has no events yet"]);
}
