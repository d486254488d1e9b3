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

/// Two months under a threshold: 20 plays in two months are there for recordings 1 and 2 only.
const THRESHOLD: &str = "version = 1\nmodel = \"pro-rata\"\n[threshold]\nplays = 16\nmonths = 2\ncompare = \">=\"\nlevel = \"track\"\nbelow = \"suspense\"\n";

#[test]
fn a_threshold_counts_what_earlier_runs_have_committed_to() {
    let place = Place::new();
    month(&place, "april", "2026-04");
    month(&place, "may", "2026-05");
    place.write("threshold.toml", THRESHOLD);
    let run = |words: &str| place.run(&format!("{words} --json"));
    let json = |text: String| -> Value { serde_json::from_str(&text).unwrap() };
    let paid = |words: &str| {
        let stated = json(
            run(&format!(
                "statement {words} --rules threshold.toml --pools pools.csv"
            ))
            .fine(),
        );
        micros(&stated["currencies"][0]["paid"])
    };
    // Recording 1 has 16 plays in each month; recording 2 has 9, which are 18 in two.
    let first = paid("april --out april-run");
    assert!((first - 50_000_000 * 16 / 32).abs() <= 1, "{first}");
    let alone = paid("may --out alone");
    assert_eq!(alone, first);
    let second = paid("may --out may-run --previous april-run");
    assert!((second - 50_000_000 * 25 / 32).abs() <= 2, "{second}");

    let keys = "--key april.vkey --key may.vkey";
    let report = json(run(&format!("audit may-run --previous april-run {keys}")).fine());
    assert_eq!(report["verdict"], "verified", "{report}");
    let ids = report["checks"].as_array().unwrap().iter();
    assert!(
        ids.into_iter()
            .any(|check| check["id"] == "previous.signature")
    );
    let codes = |report: &Value| report["findings"].to_string();
    assert!(codes(&report).contains("below-threshold") && !codes(&report).contains("no-history"));
    // Without the other month's key nobody vouches for its plays: a key speaks for its own log.
    let ran = run("audit may-run --previous april-run --key may.vkey");
    assert_eq!(ran.code, 3, "{}", ran.out);
    let report = json(ran.out);
    assert_eq!(report["verdict"], "incomplete", "{report}");
    let mut checks = report["checks"].as_array().unwrap().iter();
    let signature = checks.find(|check| check["id"] == "previous.signature");
    assert_eq!(signature.unwrap()["status"], "skip", "{report}");
    let report = json(run("audit april-run --key april.vkey").fine());
    assert!(codes(&report).contains("no-history"));

    run("audit may-run --key may.vkey").refused(&["--previous", "order of issue"]);
    run(&format!("audit april-run --previous may-run {keys}"))
        .refused(&["--previous", "begins a chain"]);
    run("statement may --rules threshold.toml --pools pools.csv --out x --previous may-run --previous april-run")
        .refused(&["earlier run 2", "the order in which they were issued"]);

    // A changed history is no history.
    let cells = place.path("april-run/tables/cells.rows");
    let mut bytes = fs::read(&cells).unwrap();
    let end = bytes.len() - 1 - 17;
    bytes[end] ^= 1;
    fs::write(&cells, bytes).unwrap();
    run(&format!("audit may-run --previous april-run {keys}")).refused(&["cells"]);
}

#[test]
fn a_chain_must_reach_as_far_back_as_the_rules() {
    let place = Place::new();
    for (name, period) in [("a", "2026-03"), ("b", "2026-04"), ("c", "2026-05")] {
        month(&place, name, period);
    }
    place.write(
        "threshold.toml",
        THRESHOLD.replace("months = 2", "months = 3"),
    );
    let run = |words: &str| {
        place.run(&format!(
            "statement {words} --rules threshold.toml --pools pools.csv"
        ))
    };
    run("a --out a-run").fine();
    run("b --out b-run --previous a-run").fine();
    run("c --out x --previous b-run").refused(&["2026-03-01", "give the earlier ones"]);
    run("c --out x --previous a-run").refused(&["a run between them is missing"]);
    run("c --out c-run --previous a-run --previous b-run").fine();
}

#[test]
fn rules_are_said_in_sentences_with_their_certainty() {
    let place = Place::new();
    let file = |name: &str| rules_dir().join(name).to_str().unwrap().to_owned();
    let us = file("us-mechanical-2026.toml");
    let text = place.run_words(&["rules", "explain", &us]).fine();
    assert!(text.contains("15.3 % of revenue"), "{text}");
    assert!(
        text.contains("[UNVERIFIED: from memory, check it before relying on it]"),
        "{text}"
    );
    let json: Value =
        serde_json::from_str(&place.run_words(&["rules", "explain", &us, "--json"]).fine())
            .unwrap();
    assert_eq!(json["model"], "us-mechanical");
    assert_eq!(json["settings"][0]["source"]["certainty"], "read");
    let (deezer, tracks) = (
        file("artist-centric-deezer.toml"),
        file("artist-centric-tracks.toml"),
    );
    let text = place.run_words(&["rules", "diff", &deezer, &tracks]).fine();
    assert!(text.contains("artist_centric.professional.level"), "{text}");
    assert!(!text.contains("cap"), "{text}");
    let text = place.run_words(&["rules", "check", &tracks]).fine();
    assert!(text.contains("read in a secondary source only"), "{text}");
    let text = place.run_words(&["rules", "diff", &deezer, &deezer]).fine();
    assert_eq!(text.trim(), "The files say the same.");
    place.write("bad.toml", "version = 1\nmodel = \"user-centric\"\n");
    place
        .run("rules check bad.toml")
        .refused(&["bad.toml", "user_centric"]);
}

/// The US worked example from revenue to money. Source: 37 CFR 385.21(b), steps 1 to 4.
#[test]
fn pools_are_computed_and_then_divided() {
    let place = Place::new();
    place.write(
        "inputs.toml",
        "version = 1\nperiod = \"2026-04\"\n[[offering]]\nname = \"Premium\"\nterritory = \"DE\"\ntier = \"premium\"\nright = \"master\"\ncurrency = \"USD\"\nkind = \"standalone-portable\"\nrevenue = \"1000000.00\"\ncontent_cost = \"620000.00\"\nsubscribers = 100000\nperformance = \"60000.00\"\n",
    );
    let us = rules_dir().join("us-mechanical-2026.toml");
    let words = [
        "pools",
        "compute",
        "--rules",
        us.to_str().unwrap(),
        "--inputs",
        "inputs.toml",
        "--out",
        "us.csv",
    ];
    let text = place.run_words(&words).fine();
    // 15.3 % in 2026: 153,000 less 60,000.
    assert!(text.contains("93000.000000"), "{text}");
    assert!(
        text.contains("step 2: less performance royalties"),
        "{text}"
    );
    place.run_words(&words).refused(&["exists already"]);
    let csv = fs::read_to_string(place.path("us.csv")).unwrap();
    assert_eq!(
        csv,
        "territory,tier,right,currency,amount,subscribers\nDE,premium,master,USD,93000.000000,100000\n"
    );
    month(&place, "april", "2026-04");
    place
        .run_words(&[
            "statement",
            "april",
            "--rules",
            us.to_str().unwrap(),
            "--pools",
            "us.csv",
            "--out",
            "run",
        ])
        .fine();
}

/// What `--what-if` says of other rules is what a run under them comes to.
#[test]
fn what_if_says_what_a_run_under_other_rules_comes_to() {
    let place = Place::new();
    month(&place, "april", "2026-04");
    let path = |file: &str| rules_dir().join(file).display().to_string();
    let (own, other) = (path("pro-rata.toml"), path("user-centric.toml"));
    let run = |rules: &str, out: &str, more: &[&str]| -> Value {
        let words = [
            &[
                "statement",
                "april",
                "--rules",
                rules,
                "--pools",
                "pools.csv",
                "--out",
                out,
                "--json",
            ],
            more,
        ];
        serde_json::from_str(&place.run_words(&words.concat()).fine()).unwrap()
    };
    let asked = run(&own, "run", &["--what-if", &other]);
    assert!(run(&other, "other", &[])["what_if"].is_null());
    let words = [
        "audit",
        "run",
        "--key",
        "april.vkey",
        "--what-if",
        &other,
        "--json",
    ];
    let audited = place.run_words(&words);
    let lines: Vec<Value> = audited
        .out
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    assert_eq!(lines[1], asked["what_if"]);

    let earned = |run: &str| -> Vec<(String, i64)> {
        place
            .run(&format!("export {run} --format csv --out {run}-csv"))
            .fine();
        let text = fs::read_to_string(place.path(&format!("{run}-csv/holders.csv"))).unwrap();
        let row = |line: &str| {
            let cells: Vec<&str> = line.split(',').collect();
            (cells[0].to_owned(), micros(&Value::from(cells[4])))
        };
        text.lines().skip(1).map(row).collect()
    };
    let (now, then) = (earned("run"), earned("other"));
    assert_ne!(now, then, "or it shows nothing");
    let mut said: Vec<_> = asked["what_if"]["holders"].as_array().unwrap().clone();
    assert_eq!(said.len(), now.len());
    // The largest differences stand first.
    let sizes: Vec<i64> = said
        .iter()
        .map(|one| micros(&one["difference"]).abs())
        .collect();
    assert!(sizes.is_sorted_by(|a, b| a >= b));
    said.sort_by_key(|one| one["holder"].as_str().unwrap().to_owned());
    for ((one, now), then) in said.iter().zip(&now).zip(&then) {
        assert_eq!(one["holder"], now.0.as_str());
        assert_eq!(
            (micros(&one["earned"]), micros(&one["earned_then"])),
            (now.1, then.1)
        );
        assert_eq!(micros(&one["difference"]), then.1 - now.1);
    }
    // In words, with names, and never before the rules could be read.
    let words = place.run_words(&words[..6]).out;
    assert!(
        words.contains("what if") && words.contains("Ada"),
        "{words}"
    );
    place.write("broken.toml", "version = 1\n");
    place
        .run("statement april --rules broken.toml --pools pools.csv --out x --what-if broken.toml")
        .refused(&["broken.toml"]);
}
