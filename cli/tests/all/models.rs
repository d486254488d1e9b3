//! Every rules file that we ship, from events to verdicts: `statement`, `audit`, `bundle`, `verify`.

use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};

use serde_json::Value;

use super::common::Place;

/// Plays of a month: recording, user, and how many of 30 s each. Every other play was chosen.
const PLAYS: [(u32, &str, u32); 7] = [
    (1, "ann", 12),
    (2, "ben", 5),
    (1, "cem", 4),
    (2, "cem", 4),
    (3, "cem", 4),
    (3, "dot", 1),
    (4, "dot", 2),
];

/// Five subscribers, of whom Eve plays nothing; Ann and Ben are a family.
const SUBSCRIPTIONS: &str = "user,tier,account\nann,premium,ann\nben,premium,ann\ncem,premium,\ndot,premium,\neve,premium,\n";

pub(crate) fn events(month: &str) -> String {
    let mut text = String::new();
    let mut number = 0_u32;
    for (recording, user, count) in PLAYS {
        for _ in 0..count {
            number += 1;
            let (day, minute) = (number % 27 + 1, number % 60);
            for (kind, second) in [("start", 0), ("end", 30 + number % 7)] {
                writeln!(
                    text,
                    "{{\"kind\":\"{kind}\",\"play\":\"{month} {number}\",\"user\":\"{user}\",\"isrc\":\"DEAAA26{recording:05}\",\"territory\":\"DE\",\"time\":\"{month}-{day:02}T10:{minute:02}:{second:02}Z\",\"position_ms\":{},\"active\":{}}}",
                    second * 1000,
                    number.is_multiple_of(2)
                )
                .unwrap();
            }
        }
    }
    text
}

/// A closed month with its ledger `name`, a registry and pools.
pub(crate) fn month(place: &Place, name: &str, month: &str) {
    let vkey = place
        .run(&format!(
            "init {name} --origin example.com/plays/{month} --period {month}"
        ))
        .fine();
    place.write(&format!("{name}.vkey"), vkey);
    place.write("events.ndjson", events(month));
    place.write(
        "registry/recordings.csv",
        "isrc,title,artist,duration_ms\nDEAAA2600001,One,A,200000\nDEAAA2600002,Two,A,301000\nDEAAA2600003,Three,B,\nDEAAA2600004,Four,C,31000\n",
    );
    place.write(
        "registry/holders.csv",
        "holder,name,currency\n00000000000000a1,Ada,EUR\n00000000000000b2,Bo,EUR\n",
    );
    place.write(
        "registry/shares.csv",
        "isrc,right,territories,holder,ppm\nDEAAA2600001,master,*,00000000000000a1,1000000\nDEAAA2600002,master,*,00000000000000a1,500000\nDEAAA2600002,master,*,00000000000000b2,500000\nDEAAA2600003,master,*,00000000000000b2,1000000\n",
    );
    place.write("registry/subscriptions.csv", SUBSCRIPTIONS);
    place.write(
        "pools.csv",
        "territory,tier,right,currency,amount,subscribers\nDE,premium,master,EUR,50,5\nAT,premium,master,EUR,7,1\n",
    );
    place
        .run(&format!("registry {name} import registry"))
        .fine();
    place.run(&format!("ingest {name} events.ndjson")).fine();
    place.run(&format!("checkpoint {name}")).fine();
}

pub(crate) fn rules_dir() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../rules")
}

fn statement(place: &Place, rules: &Path, run: &str) -> Value {
    let text = place
        .run_words(&[
            "statement",
            "april",
            "--rules",
            rules.to_str().unwrap(),
            "--pools",
            "pools.csv",
            "--out",
            run,
            "--json",
        ])
        .fine();
    serde_json::from_str(&text).unwrap()
}

/// The verdict of `audit` and of every holder's bundle.
fn check(place: &Place, run: &str) -> (Value, Vec<Value>) {
    let json = |text: String| serde_json::from_str(&text).unwrap();
    let audit = json(
        place
            .run(&format!("audit {run} --key april.vkey --json"))
            .fine(),
    );
    place
        .run(&format!(
            "bundle {run} --all --out {run}-bundles --evidence full"
        ))
        .fine();
    let verify = |holder: &str| {
        let ran = place.run(&format!(
            "verify {run}-bundles/{holder}.llb --key april.vkey --json"
        ));
        json(ran.fine())
    };
    (
        audit,
        ["00000000000000a1", "00000000000000b2"].map(verify).into(),
    )
}

#[test]
fn every_shipped_rules_file_makes_a_run_that_is_verified() {
    let place = Place::new();
    month(&place, "april", "2026-04");
    let mut files: Vec<PathBuf> = fs::read_dir(rules_dir())
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|end| end == "toml"))
        .collect();
    files.sort();
    assert!(files.len() >= 10, "{files:?}");
    for file in files {
        let name = file.file_stem().unwrap().to_str().unwrap();
        let stated = statement(&place, &file, name);
        assert_eq!(stated["counted"], 32, "{name}");
        let (audit, bundles) = check(&place, name);
        assert_eq!(audit["verdict"], "verified", "{name}: {audit}");
        for bundle in bundles {
            assert_eq!(bundle["verdict"], "verified", "{name}: {bundle}");
        }
    }
}

#[test]
fn the_words_say_what_of_the_weights_only_an_audit_shows() {
    let place = Place::new();
    month(&place, "april", "2026-04");
    let open = |file: &str| {
        statement(&place, &rules_dir().join(file), file);
        let (_, bundles) = check(&place, file);
        bundles[0]["ladder"][2]["does_not_prove"].to_string()
    };
    assert!(open("user-centric.toml").contains("all that this listener played"));
    assert!(open("artist-centric-deezer.toml").contains("whose artist is professional"));
    assert!(!open("pro-rata.toml").contains("only the next step"));
}

/// Micros of a decimal amount.
fn micros(amount: &Value) -> i64 {
    amount.as_str().unwrap().replace('.', "").parse().unwrap()
}

#[test]
fn user_centric_money_follows_each_listener() {
    let place = Place::new();
    month(&place, "april", "2026-04");
    let paid = |file: &str| {
        let stated = statement(&place, &rules_dir().join(file), file);
        let (audit, bundles) = check(&place, file);
        let codes = audit["findings"].as_array().unwrap().iter();
        let codes: Vec<String> = codes
            .map(|f| f["code"].as_str().unwrap().to_owned())
            .collect();
        let earned = |n: usize| micros(&bundles[n]["totals"]["currencies"][0]["earned"]);
        let suspense = micros(&stated["currencies"][0]["suspense"]);
        (earned(0), earned(1), suspense, codes)
    };
    let near = |found: i64, expected: i64| {
        assert!((found - expected).abs() <= 3, "{found} beside {expected}")
    };
    // 50 over Ann 1, Ben 2, Cem 1/3 each of 1, 2, 3, Dot 1/3 of 3 and 2/3 of 4, of which nobody has a
    // share. The pool of Austria has no play.
    let (ada, bo, suspense, _) = paid("user-centric.toml");
    near(ada, 25_000_000);
    near(bo, 16_666_667);
    near(suspense, 8_333_333 + 7_000_000);
    assert_eq!(ada + bo + suspense, 57_000_000);
    // Eve's fifth is in suspense now: 10 for each.
    let (ada, bo, suspense, codes) = paid("user-centric-idle-suspended.toml");
    near(ada, 20_000_000);
    near(bo, 13_333_333);
    assert_eq!(ada + bo + suspense, 57_000_000);
    assert!(codes.contains(&"idle-subscribers".to_owned()));
    // Ann and Ben pay one subscription together, 17 plays: 50 over three accounts.
    let (ada, bo, _, _) = paid("user-centric-family.toml");
    let third = 50_000_000 / 3;
    near(
        ada,
        third * 12 / 17 + third * 5 / 17 / 2 + third / 3 + third / 3 / 2,
    );
    near(ada + bo, 50_000_000 - third * 2 / 3);
}

#[test]
fn what_cannot_be_weighed_is_refused_with_its_reason() {
    let place = Place::new();
    month(&place, "april", "2026-04");
    let rules = rules_dir().join("user-centric-idle-suspended.toml");
    let rules = rules.to_str().unwrap();
    let run = |pools: &str| {
        place.write("other.csv", pools);
        place.run_words(&[
            "statement",
            "april",
            "--rules",
            rules,
            "--pools",
            "other.csv",
            "--out",
            "run",
        ])
    };
    let header = "territory,tier,right,currency,amount,subscribers\n";
    run(&format!("{header}DE,premium,master,EUR,50,3\n"))
        .refused(&["accounts with plays, 4", "found 3"]);
    run(&format!("{header}DE,premium,master,EUR,50,\n")).refused(&["subscribers", "found none"]);
    run(&format!(
        "{header}DE,premium,master,EUR,50,5\nDE,premium,publishing,EUR,50,6\n"
    ))
    .refused(&["one number of subscribers for DE premium"]);
    place.write(
        "old.toml",
        "version = 1\nmodel = \"pro-rata\"\nvalid_to = \"2026-04-30\"\n",
    );
    let ran = place.run("statement april --rules old.toml --pools pools.csv --out run");
    ran.refused(&["old.toml", "hold in the whole period", "before 2026-04-30"]);
}
