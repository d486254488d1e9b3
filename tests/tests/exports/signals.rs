//! `signals` on a month in which one listener loops a recording and a farm plays in step.

use std::fmt::Write as _;
use std::fs;
use std::path::Path;

use ledgerline_tests::{program, tiny};
use serde_json::Value;

/// A play of 60 s.
fn play(text: &mut String, number: u32, user: &str, isrc: &str, second: u32) {
    for (kind, after) in [("start", 0), ("heartbeat", 30), ("end", 60)] {
        let time = second + after;
        let (day, hour, minute, second) = (
            time / 86_400 + 1,
            time / 3600 % 24,
            time / 60 % 60,
            time % 60,
        );
        let position = after * 1000;
        let _ = writeln!(
            text,
            r#"{{"kind":"{kind}","play":"{user} {number}","user":"{user}","isrc":"{isrc}","territory":"DE","time":"2026-04-{day:02}T{hour:02}:{minute:02}:{second:02}Z","position_ms":{position}}}"#
        );
    }
}

fn events() -> String {
    let mut text = String::new();
    for number in 0..60 {
        play(
            &mut text,
            number,
            "looper",
            "DEAB12600001",
            100_000 + number * 100,
        );
    }
    for user in ["farm1", "farm2", "farm3", "farm4", "farm5"] {
        let offset = 300_000 + u32::from(user.as_bytes()[4]);
        for number in 0..24 {
            let isrc = if number % 3 == 0 {
                "FRZ032600003"
            } else {
                "DEAB12600001"
            };
            play(&mut text, number, user, isrc, offset + number * 100);
        }
    }
    text
}

fn make(dir: &Path) {
    fs::create_dir_all(dir.join("data")).unwrap();
    for (name, content) in tiny::FILES {
        fs::write(dir.join(name), content).unwrap();
    }
    fs::write(dir.join("events.ndjson"), events()).unwrap();
    fs::write(
        dir.join("strict.toml"),
        "version = 1\nmodel = \"pro-rata\"\n[signals]\nrepeat_plays = 61\nsequence_listeners = 6\nlistener_plays = 61\n",
    )
    .unwrap();
    let step = |line: &str| {
        let words: Vec<&str> = line.split(' ').collect();
        program::run(dir, &words).fine()
    };
    let vkey = step("init ledger --origin tiny.example/plays/2026-04 --period 2026-04");
    fs::write(dir.join("service.vkey"), vkey).unwrap();
    let _ = step("registry ledger import data");
    let _ = step("ingest ledger events.ndjson");
    let _ = step("checkpoint ledger");
}

/// Code, place and found of each finding.
fn findings(report: &Value) -> Vec<[String; 3]> {
    let list = report["findings"].as_array().unwrap().iter();
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    list.filter(|finding| text(&finding["code"]).starts_with("signal."))
        .map(|finding| ["code", "where", "found"].map(|member| text(&finding[member])))
        .collect()
}

#[test]
fn loops_and_farms_are_seen_in_ledger_run_and_audit() {
    let dir = tempfile::tempdir().unwrap();
    make(dir.path());
    let json = |line: &str| -> Value {
        let words: Vec<&str> = line.split(' ').collect();
        let ran = program::run(dir.path(), &words);
        assert_eq!(ran.code, 0, "{ran}");
        serde_json::from_str(&ran.out).unwrap()
    };
    // Its few events are no whole segment yet.
    let open = json("signals ledger --json");
    assert_eq!(open["subject"]["complete"], false);
    assert_eq!(open["figures"]["plays"], 0);

    let words = "statement ledger --rules data/rules.toml --pools data/pools.csv --out run";
    let words: Vec<&str> = words.split(' ').collect();
    let _ = program::run(dir.path(), &words).fine();
    let run = json("signals run --json");
    assert_eq!(run["format"], "ledgerline-signals/1");
    assert_eq!(run["subject"]["kind"], "run");
    assert_eq!(run["figures"]["plays"], 180);
    assert_eq!(run["figures"]["recordings"], 2);
    // 140 plays of one, 40 of the other: |140 - 40| / (2 * 180) = 0.277777.
    assert_eq!(run["figures"]["gini_ppm"], 277_777);
    assert_eq!(run["marked_plays"], 180);
    let seen = findings(&run);
    let codes: Vec<&str> = seen.iter().map(|[code, ..]| code.as_str()).collect();
    assert_eq!(
        codes,
        [
            "signal.one-listener",
            "signal.repeat",
            "signal.same-sequence"
        ]
    );
    assert_eq!(seen[0][2], "60 of 140 plays");
    assert_eq!(seen[1][2], "60 in a row, 60 plays in such runs");
    assert_eq!(seen[2][2], "5 listeners, 120 plays");
    let closed = json("signals ledger --json");
    assert_eq!(closed["subject"]["complete"], true);
    assert_eq!(findings(&closed), seen);
    assert_eq!(closed["figures"], run["figures"]);
    // They contradict nothing: the verdict stays, and the exit code.
    let audit = json("audit run --ledger ledger --key service.vkey --json");
    assert_eq!(audit["verdict"], "verified");
    assert_eq!(findings(&audit), seen);

    let strict = json("signals run --rules strict.toml --json");
    assert_eq!(findings(&strict), <Vec<[String; 3]>>::new());
    let words = program::run(dir.path(), &["signals", "run"]).fine();
    assert!(
        words.contains("180 counted plays, 180 of them part of a signal"),
        "{words}"
    );
    assert!(
        words.contains("warning signal.repeat at DEAB12600001 listener "),
        "{words}"
    );
}
