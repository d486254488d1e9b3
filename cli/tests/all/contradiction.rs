//! A ledger that keeps a witness's proof of another history: no command takes events into it, or hands
//! out what comes of it, as if nothing were wrong.

use std::fs;

use crate::common::{ORIGIN, Place, Ran};
use ledgerline_cli::ledger::LedgerWriter;

#[track_caller]
fn says(ran: &Ran, code: i32, words: &[&str]) {
    assert_eq!(ran.code, code, "{}{}", ran.out, ran.err);
    for word in words {
        let said = ran.err.contains(word) || ran.out.contains(word);
        assert!(said, "expected {word:?} in {}{}", ran.out, ran.err);
    }
}

#[test]
fn no_command_is_silent_about_a_contradicted_ledger() {
    let place = Place::new();
    place.run("simulate --plays 50 --out data").fine();
    place
        .run(&format!("init april --origin {ORIGIN} --period 2026-04"))
        .fine();
    place.run("registry april import data").fine();
    let add = "ingest april data/events.ndjson --acks";
    place.run(add).fine();
    place.run("checkpoint april").fine();
    crate::common::copy(&place.path("april"), &place.path("closed"));
    let words = "statement closed --rules data/rules.toml --pools data/pools.csv --out run";
    place.run(words).fine();
    let audit = "audit run --ledger closed";
    let fine = place.run(audit);
    assert!(!fine.out.contains("log.contradiction"), "{}", fine.out);
    // A newer checkpoint is signed and not served.
    let (mut writer, more) = (
        LedgerWriter::open(&place.path("april")).unwrap(),
        crate::common::events(10),
    );
    writer.append(&more).unwrap();
    writer.stage().unwrap();
    writer.keep_contradiction("two histories\n").unwrap();
    drop(writer);
    fs::write(place.path("closed/contradiction"), "two histories\n").unwrap();

    let kept = [
        "april/contradiction",
        "no events are taken",
        "newest one back",
    ];
    let wal = || fs::read(place.path("april/wal/000000.wal")).unwrap();
    let before = wal();
    for words in [
        add,
        "tiles april --out public",
        "tiles april --out public --force",
    ] {
        let ran = place.run(words);
        says(&ran, 1, &kept);
        // Nothing is acknowledged, and nothing claims that nothing was ever signed.
        assert_eq!(ran.out, "");
        assert!(!ran.err.contains("nothing was signed"), "{}", ran.err);
    }
    assert!(wal() == before && !place.path("public").exists());
    says(&place.run("receipt april 0"), 0, &["warning: ", kept[0]]);
    let words = "bundle run --all --out bundles";
    let kept_closed = "closed/contradiction";
    says(
        &place.run(&format!("{words} --ledger closed")),
        0,
        &["warning: ", kept_closed],
    );
    let audit = place.run(audit);
    says(&audit, 1, &["DISPUTED", "log.contradiction", kept_closed]);

    let ran = place.run("fsck april");
    says(
        &ran,
        1,
        &["april: CONTRADICTED", "while `contradiction` is here"],
    );
    for wrong in ["WHOLE", "DAMAGED", "`ledgerline checkpoint`"] {
        assert!(!ran.out.contains(wrong), "{wrong}: {}", ran.out);
    }
    let json = place.run("fsck april --json");
    let json: serde_json::Value = serde_json::from_str(&json.out).unwrap();
    assert_eq!(json["contradiction"], "contradiction");
    assert_eq!(
        (json["verdict"].as_str(), json["damages"].as_u64()),
        (Some("disputed"), Some(0))
    );
    // What opening it says.
    let ran = place.run("keys rotate april");
    says(&ran, 0, &["recovered: ", "nothing serves it", kept[0]]);
    assert!(
        !ran.err.contains("`checkpoint` or `statement`"),
        "{}",
        ran.err
    );

    // Once it is cleared up, all goes on.
    fs::remove_file(place.path("april/contradiction")).unwrap();
    place.run("checkpoint april").fine();
    place.run(add).fine();
    place.run("tiles april --out public").fine();
    says(&place.run("fsck april"), 0, &["april: WHOLE"]);
}
