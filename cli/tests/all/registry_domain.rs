//! Works, territories, identifiers, rates, CWR and the checks of the registry, from outside.
#![allow(clippy::unwrap_used, reason = "tests")]

use std::path::{Path, PathBuf};

use crate::common::{Place, event, line};
use serde_json::Value;

const RECORDINGS: &str = "isrc,title,artist,duration_ms
USRC10000000,One,A,180000
USRC10000001,Two,A,200000
USRC10000002,Three,B,210000
";
const HOLDERS: &str = "holder,name,currency
00000000000000a1,Writer,EUR
00000000000000b2,Publisher,EUR
00000000000000c3,Label,EUR
";
const WORKS: &str = "work,iswc,title
T-034.524.680-1,,Of one and two
own 7,,Of three
";
const LINKS: &str = "isrc,work
USRC10000000,T0345246801
USRC10000001,T0345246801
USRC10000002,own 7
";
const WORK_SHARES: &str = "work,right,territories,holder,ppm
T0345246801,performance,2136,00000000000000a1,500000
T0345246801,performance,2136,00000000000000b2,500000
T0345246801,mechanical,* -0840,00000000000000b2,1000000
own 7,performance,*,00000000000000a1,1000000
own 7,mechanical,*,00000000000000a1,1000000
";
const SHARES: &str = "isrc,right,territories,holder,ppm
USRC10000000,master,*,00000000000000c3,1000000
USRC10000001,master,*,00000000000000c3,1000000
USRC10000002,master,*,00000000000000c3,1000000
USRC10000001,performance,*,00000000000000c3,1000000
";

fn place() -> Place {
    let place = Place::new();
    place.init("ledger");
    for (name, content) in [
        ("recordings", RECORDINGS),
        ("holders", HOLDERS),
        ("works", WORKS),
        ("recording_works", LINKS),
        ("work_shares", WORK_SHARES),
        ("shares", SHARES),
    ] {
        place.write(&format!("in/{name}.csv"), content);
    }
    place
}

fn json(place: &Place, words: &str) -> Value {
    serde_json::from_str(&place.run(&format!("{words} --json")).fine()).unwrap()
}

fn import(place: &Place, dir: &str, files: &[(&str, &str)]) -> Value {
    for (name, content) in files {
        place.write(&format!("{dir}/{name}"), content);
    }
    json(place, &format!("registry ledger import {dir}"))
}

/// `code where found` of each finding, and the exit code.
fn findings(place: &Place, words: &str) -> (i32, Vec<String>) {
    let ran = place.run(&format!("registry ledger check{words} --json"));
    let value: Value = serde_json::from_str(&ran.out).unwrap();
    let text = |f: &Value, member: &str| f[member].as_str().unwrap().to_owned();
    let lines = value["findings"].as_array().unwrap().iter().map(|f| {
        assert!(
            !f["rows"].as_array().unwrap().is_empty() || f["found"] == "0 ppm",
            "{f}"
        );
        format!(
            "{} {} {}",
            text(f, "code"),
            text(f, "where"),
            text(f, "found")
        )
    });
    (ran.code, lines.collect())
}

/// Shares of works reach the run: recordings of the work are paid by them, unless they have rows of
/// their own; the root that `show` gives is the one that the run note commits to.
#[test]
fn shares_of_works_are_paid_and_the_root_is_the_runs() {
    let place = place();
    place.run("registry ledger import in").fine();
    place.write(
        "in/rest/subscriptions.csv",
        "listener,tier\n0000000000000000,premium\n",
    );
    place.run("registry ledger import in/rest").fine();
    let plays: String = (0..3)
        .flat_map(|n| {
            let mut start = event(n * 3);
            start.isrc = ledgerline::id::Isrc::parse(&format!("USRC1000000{n}")).unwrap();
            start.territory = ledgerline::id::Territory::parse("DE").unwrap();
            start.listener = ledgerline::id::ListenerId(0);
            start.position_ms = 0;
            start.kind = ledgerline::event::Kind::Start;
            let mut end = start;
            end.kind = ledgerline::event::Kind::End;
            end.position_ms = 35_000;
            end.time = ledgerline::time::TimeMs::new(start.time.ms() + 35_000).unwrap();
            [line(&start) + "\n", line(&end) + "\n"]
        })
        .collect();
    place.write("events.ndjson", plays);
    place.run("ingest ledger events.ndjson").fine();
    place.write("rules.toml", "version = 1\nmodel = \"pro-rata\"\n");
    place.write(
        "pools.csv",
        "territory,tier,right,currency,amount\nDE,premium,performance,EUR,3\nDE,premium,mechanical,EUR,3\n",
    );
    let root = json(&place, "registry ledger show");
    place
        .run("statement ledger --rules rules.toml --pools pools.csv --out run")
        .fine();
    let note = std::fs::read_to_string(place.path("run/run.note")).unwrap();
    let stated = note.lines().find(|l| l.starts_with("registry ")).unwrap();
    let shown = format!(
        "registry {} {}",
        root["rows"],
        root["root"].as_str().unwrap()
    );
    assert_eq!(stated, shown);
    place.run("export run --format csv --out sheets").fine();
    let lines = std::fs::read_to_string(place.path("sheets/lines.csv")).unwrap();
    let mut earned: Vec<(String, String, String, String)> =
        csv::Reader::from_reader(lines.as_bytes())
            .deserialize::<std::collections::BTreeMap<String, String>>()
            .map(|row| {
                let row = row.unwrap();
                let cell = |name: &str| row.get(name).cloned().unwrap_or_else(|| panic!("{row:?}"));
                (cell("isrc"), cell("right"), cell("holder"), cell("amount"))
            })
            .collect();
    earned.sort();
    let expected = [
        ("USRC10000000", "mechanical", "00000000000000b2", "1.000000"),
        (
            "USRC10000000",
            "performance",
            "00000000000000a1",
            "0.500000",
        ),
        (
            "USRC10000000",
            "performance",
            "00000000000000b2",
            "0.500000",
        ),
        ("USRC10000001", "mechanical", "00000000000000b2", "1.000000"),
        (
            "USRC10000001",
            "performance",
            "00000000000000c3",
            "1.000000",
        ),
        ("USRC10000002", "mechanical", "00000000000000a1", "1.000000"),
        (
            "USRC10000002",
            "performance",
            "00000000000000a1",
            "1.000000",
        ),
    ];
    let expected = expected.map(|(a, b, c, d)| (a.into(), b.into(), c.into(), d.into()));
    assert_eq!(earned, expected);
    // The imports with their roots end in the same one.
    let history = json(&place, "registry ledger history --roots");
    assert_eq!(history.as_array().unwrap().len(), 2);
    assert_eq!(history[1]["root"], root["root"]);
    assert_eq!(history[0]["files"].as_array().unwrap().len(), 6);
    let then = history[0]["recorded_at"].as_i64().unwrap();
    let before = json(&place, &format!("registry ledger show --known-at {then}"));
    assert_eq!(before["root"], history[0]["root"]);
    assert_ne!(before["root"], root["root"]);
    // An auditor derives the same from the database.
    let audit = place.run("audit run --ledger ledger --key ledger/vkeys --json");
    assert_eq!(audit.code, 0, "{}{}", audit.out, audit.err);
    assert!(audit.out.contains("registry.database"), "{}", audit.out);
}

#[test]
fn a_dry_run_says_what_would_change_and_changes_nothing() {
    let place = place();
    place.run("registry ledger import in").fine();
    let state = place.run("registry ledger show --json").out;
    place.write(
        "fix/work_shares.csv",
        "work,right,territories,holder,ppm\nown 7,performance,0276,00000000000000b2,1000000\n",
    );
    let ran = place.run("registry ledger import fix --dry-run");
    for words in [
        "work_shares      1 added, 2 ended",
        "- work_shares: own 7, performance, *, 00000000000000a1, 1000000, -, -",
        "+ work_shares: own 7, performance, DE, 00000000000000b2, 1000000, -, -",
        "nothing was changed",
    ] {
        assert!(ran.out.contains(words), "{words}: {}", ran.out);
    }
    assert_eq!(place.run("registry ledger show --json").out, state);
    let value = json(&place, "registry ledger import fix --dry-run");
    assert_eq!(value["keys"][0]["key"], "own 7");
    // What would be refused is refused.
    place.write("bad/works.csv", "work,title\n,Nameless\n");
    place
        .run("registry ledger import bad --dry-run")
        .refused(&["works.csv:2: expected a work id"]);
}

#[test]
fn two_moments_differ_in_these_rows() {
    let place = place();
    place.run("registry ledger import in").fine();
    let first = json(&place, "registry ledger show")["last_recorded"]
        .as_i64()
        .unwrap();
    import(
        &place,
        "fix",
        &[(
            "recording_works.csv",
            "isrc,work,ppm\nUSRC10000002,T0345246801,\n",
        )],
    );
    let last = json(&place, "registry ledger show")["last_recorded"]
        .as_i64()
        .unwrap();
    let out = place
        .run(&format!("registry ledger diff --known-at {first} {last}"))
        .fine();
    assert_eq!(
        out,
        "- recording_works: USRC10000002, own 7, 1000000\n+ recording_works: USRC10000002, T0345246801, 1000000\n"
    );
    let none = json(
        &place,
        &format!("registry ledger diff --known-at {last} {last}"),
    );
    assert_eq!(none, serde_json::json!([]));
    place
        .run(&format!("registry ledger diff --known-at {last} {first}"))
        .refused(&["--known-at: expected the earlier moment first"]);
    let history = json(&place, "registry ledger history T0345246801");
    let actions: Vec<&str> = history
        .as_array()
        .unwrap()
        .iter()
        .map(|r| r["table"].as_str().unwrap())
        .collect();
    assert_eq!(
        actions,
        [
            "works",
            "recording_works",
            "recording_works",
            "work_shares",
            "recording_works"
        ]
    );
}

#[test]
fn doubtful_values_are_named_with_their_line_and_found_again() {
    let place = place();
    place.run("registry ledger import in").fine();
    let value = import(
        &place,
        "doubts",
        &[
            (
                "works.csv",
                "work,iswc,title\nown 7,T-123.456.789-3,Of three\n",
            ),
            (
                "holder_ids.csv",
                "holder,scheme,id\n00000000000000a1,ipi,199\n00000000000000a1,isni,0000 0001 2150 0900\n00000000000000b2,dpid,PADPIDA2014999999Z\n00000000000000b2,ipi,00000000199\n00000000000000b2,pr-society,52\n",
            ),
            (
                "licences.csv",
                "isrc,territories\nUSRC10000000,* -XK\nUSRC10000001,*\nUSRC10000002,*\n",
            ),
            (
                "fx.csv",
                "from,to,rate,date,source\nEUR,USD,1.0842,2026-04-30,ECB reference rates\nUSD,EUR,0.922339,2026-04-30,a bank\nEUR,JPY,163.0500,2026-04-30,ECB\n",
            ),
        ],
    );
    let notes: Vec<String> = value["notes"]
        .as_array()
        .unwrap()
        .iter()
        .map(|n| {
            let text = |member: &str| n[member].as_str().unwrap();
            format!(
                "{}:{} {} {}",
                text("file"),
                n["line"],
                text("code"),
                text("found")
            )
        })
        .collect();
    assert_eq!(
        notes,
        [
            "holder_ids.csv:3 check-digit 0000000121500900",
            "holder_ids.csv:4 check-digit PADPIDA2014999999Z",
            "works.csv:2 check-digit T1234567893",
            "licences.csv:2 unknown-territory XK",
            "fx.csv:2 rate-figures 5 in 1.0842",
        ]
    );
    let (code, found) = findings(&place, "");
    assert_eq!(code, 1);
    let expected = [
        "check-digit 00000000000000a1 0000000121500900",
        "check-digit 00000000000000b2 PADPIDA2014999999Z",
        "shared-identifier ipi 00000000199 2",
        "check-digit work own 7 T1234567893",
        "inverse-rate EUR/USD 2026-04-30 rates in both directions",
        "unknown-territory USRC10000000 XK",
        "no-shares work T0345246801 mechanical, US, 2026-04-01T00:00:00Z to 2026-05-01T00:00:00Z 0 ppm",
        "rate-figures EUR/USD 2026-04-30 5 in 1.0842",
    ];
    assert_eq!(found, expected);
    let rates = place.run("registry ledger rates").fine();
    assert!(
        rates.contains("1 EUR = 163.0500 JPY  2026-04-30  ECB"),
        "{rates}"
    );
    // A rate is corrected, not lost.
    let then = json(&place, "registry ledger show")["last_recorded"]
        .as_i64()
        .unwrap();
    import(
        &place,
        "fx2",
        &[(
            "fx.csv",
            "from,to,rate,date,source\nEUR,USD,1.08425,2026-04-30,ECB\n",
        )],
    );
    let of =
        |words: &str| json(&place, &format!("registry ledger rates{words}"))[1]["rate"].clone();
    assert_eq!(of(""), "1.08425");
    assert_eq!(of(&format!(" --known-at {then}")), "1.0842");
}

#[test]
fn wrong_values_are_refused_with_their_line() {
    let place = place();
    place.run("registry ledger import in").fine();
    let header = "work,right,territories,holder,ppm\n";
    let share = |row: &str| ("work_shares.csv", format!("{header}{row}\n"));
    let fx = |row: &str| ("fx.csv", format!("from,to,rate,date,source\n{row}\n"));
    let cases = [
        (
            share("own 7,performance,2999,00000000000000a1,5"),
            "work_shares.csv:2: expected territories",
        ),
        (
            share("own 7,performance,2136 -2136,00000000000000a1,5"),
            "work_shares.csv:2: expected territories",
        ),
        (
            share("own 8,performance,*,00000000000000a1,5"),
            "work_shares.csv:2: expected one of the works",
        ),
        (
            share("own 7,performance,*,00000000000000d4,5"),
            "work_shares.csv:2: expected one of the holders",
        ),
        (
            fx("EUR,XXQ,1.5,2026-04-30,ECB"),
            "fx.csv:2: expected an ISO 4217 currency code",
        ),
        (
            fx("EUR,EUR,1.5,2026-04-30,ECB"),
            "fx.csv:2: expected two different currencies",
        ),
        (
            fx("EUR,USD,1e3,2026-04-30,ECB"),
            "fx.csv:2: expected a rate above zero",
        ),
        (fx("EUR,USD,1.5,30.4.2026,ECB"), "fx.csv:2: expected a date"),
        (
            fx("EUR,USD,1.5,2026-02-30,ECB"),
            "fx.csv:2: expected a date",
        ),
        (
            fx("EUR,USD,1.5,2026-04-30,"),
            "fx.csv:2: expected the source of the rate",
        ),
        (
            (
                "holder_ids.csv",
                "holder,scheme,id\n00000000000000a1,ipi,12x\n".into(),
            ),
            "holder_ids.csv:2: expected an IPI name number",
        ),
        (
            (
                "holder_ids.csv",
                "holder,scheme,id\n00000000000000a1,iban,12\n".into(),
            ),
            "holder_ids.csv:2: expected one of the schemes",
        ),
        (
            (
                "holder_ids.csv",
                "holder,scheme,id\n00000000000000d4,ipi,199\n".into(),
            ),
            "holder_ids.csv:2: expected one of the holders",
        ),
        (
            (
                "recording_works.csv",
                "isrc,work,ppm\nUSRC10000000,own 8,\n".into(),
            ),
            "recording_works.csv:2: expected one of the works",
        ),
        (
            ("works.csv", "work,iswc,title\nx,T12,X\n".into()),
            "works.csv:2: expected an ISWC",
        ),
    ];
    for (number, ((name, content), words)) in cases.into_iter().enumerate() {
        place.write(&format!("bad{number}/{name}"), content);
        place
            .run(&format!("registry ledger import bad{number}"))
            .refused(&[words]);
    }
}

#[test]
fn gaps_overlaps_and_missing_parts_are_found() {
    let place = place();
    place.run("registry ledger import in").fine();
    place.write(
        "pools.csv",
        "territory,tier,right,currency,amount\nDE,premium,performance,EUR,3\n",
    );
    import(
        &place,
        "more",
        &[
            (
                "recordings.csv",
                "isrc,title,artist,duration_ms\nUSRC10000003,  one ,a,180000\nUSRC10000004,Four,D,1\n",
            ),
            (
                "holders.csv",
                "holder,name,currency\n00000000000000d4,Unpaid,\n00000000000000e5,Idle,\n",
            ),
            (
                "shares.csv",
                "isrc,right,territories,holder,ppm,valid_from,valid_to
USRC10000003,master,*,00000000000000c3,1000000,,2020-01-01
USRC10000003,master,*,00000000000000c3,1000000,2021-01-01,
USRC10000004,master,*,00000000000000d4,600000,,
USRC10000004,master,* -US,00000000000000d4,400000,,
USRC10000004,master,US,00000000000000a1,400001,,
",
            ),
            (
                "recording_works.csv",
                "isrc,work,ppm\nUSRC10000004,own 7,500000\nUSRC10000099,own 7,\n",
            ),
        ],
    );
    let (code, found) = findings(&place, " --pools pools.csv");
    assert_eq!(code, 1);
    let expected = [
        "no-currency 00000000000000d4 none; its shares are left out and their money is suspended",
        "over-claimed USRC10000004 master, US, ever to ever 1000001 ppm",
        "no-currency 00000000000000e5 none",
        "duplicate-recording USRC10000000 2 of the same title, artist and length",
        "no-work USRC10000003 none for performance",
        "gap USRC10000003 master, everywhere, 2020-01-01T00:00:00Z to 2021-01-01T00:00:00Z 0 ppm",
        "work-parts USRC10000004 500000 ppm",
        "overlap USRC10000004 master, * -US, ever to ever two of 00000000000000d4, which add up to 1000000 ppm",
        "unknown-recording USRC10000099 none with this ISRC",
        "no-shares work T0345246801 mechanical, US, 2026-04-01T00:00:00Z to 2026-05-01T00:00:00Z 0 ppm",
    ];
    assert_eq!(found, expected);
    // Twice the same, and what a holder without a currency has is not part of a run.
    assert_eq!(findings(&place, " --pools pools.csv").1, found);
    let rows = |place: &Place| {
        json(place, "registry ledger show")["rows"]
            .as_u64()
            .unwrap()
    };
    let before = rows(&place);
    import(
        &place,
        "paid",
        &[(
            "holders.csv",
            "holder,name,currency\n00000000000000d4,Paid,USD\n",
        )],
    );
    assert_eq!(rows(&place), before + 3);
}

/// A registry of the version before works and accounts is brought up to date by an import.
#[test]
fn an_older_registry_is_upgraded() {
    let place = place();
    place.write("first/holders.csv", HOLDERS);
    place.run("registry ledger import first").fine();
    let path = place.path("ledger/registry.sqlite");
    let db = rusqlite::Connection::open(&path).unwrap();
    for table in [
        "holder_ids",
        "works",
        "recording_works",
        "work_shares",
        "fx_rates",
    ] {
        db.execute_batch(&format!("DROP TABLE {table}")).unwrap();
    }
    db.execute_batch("ALTER TABLE subscriptions DROP COLUMN account")
        .unwrap();
    db.pragma_update(None, "user_version", 1).unwrap();
    drop(db);
    place.run("registry ledger show").refused(&[
        "version 3, but found",
        "an import brings an older version up to date",
    ]);
    place.run("registry ledger import in").fine();
    assert_eq!(json(&place, "registry ledger show")["works"], 2);
}

// --- CWR ---

/// A line with these fields at these positions (from 1).
fn record(kind: &str, fields: &[(usize, &str)]) -> String {
    let mut line = format!("{kind:<300}");
    for (start, text) in fields {
        line.replace_range(start - 1..start - 1 + text.len(), text);
    }
    line.trim_end().to_owned()
}

/// A file with one group of these transactions.
fn cwr(group: &str, transactions: &[Vec<String>]) -> String {
    let mut lines = vec![
        record("HDRPB000000199TEST", &[(60, "01.10")]),
        format!("GRH{group}0000102.100000000000"),
    ];
    for (transaction, records) in transactions.iter().enumerate() {
        for (number, text) in records.iter().enumerate() {
            let mut text = format!("{text:<19}");
            text.replace_range(3..19, &format!("{transaction:08}{number:08}"));
            lines.push(text);
        }
    }
    let (count, records) = (transactions.len(), lines.len() - 1);
    lines.push(format!("GRT00001{count:08}{:08}", records + 1));
    lines.push(format!("TRL00001{count:08}{:08}", records + 3));
    lines.join("\r\n") + "\r\n"
}

fn work(isrc: &str) -> Vec<String> {
    let half = [(116, "05000"), (124, "10000")];
    let spu = [
        (20, "01"),
        (22, "P1"),
        (31, "A PUBLISHER"),
        (88, "00000000199"),
        (113, "052"),
    ];
    vec![
        record("NWR", &[(20, "THE WORK"), (82, "MK1"), (96, "T3005600277")]),
        record("SPU", &[&spu[..], &half[..]].concat()),
        record(
            "SPT",
            &[(20, "P1"), (35, "05000"), (40, "10000"), (50, "I2136")],
        ),
        record("SPT", &[(20, "P1"), (50, "E2131")]),
        record(
            "SWR",
            &[
                (20, "W1"),
                (29, "TESTIC"),
                (74, "TESTO"),
                (116, "00000000395"),
                (127, "052"),
                (130, "02500"),
            ],
        ),
        record("SWT", &[(20, "W1"), (29, "02500"), (44, "I2136")]),
        record("PWR", &[(20, "P1"), (29, "A PUBLISHER"), (102, "W1")]),
        record("OWR", &[(104, "Y"), (130, "02500")]),
        record("ALT", &[(20, "THE OTHER TITLE"), (80, "AT")]),
        record("REC", &[(20, "20260101"), (250, isrc)]),
    ]
}

#[test]
fn a_cwr_registration_becomes_a_work_with_shares() {
    let place = place();
    place.run("registry ledger import in").fine();
    // The registry knows the writer by the IPI already.
    import(
        &place,
        "ids",
        &[(
            "holder_ids.csv",
            "holder,scheme,id\n00000000000000a1,ipi,395\n",
        )],
    );
    place.write("works.V21", cwr("NWR", &[work("USRC10000002")]));
    let command = "registry ledger import works.V21 --prefix PUB: --currency GBP";
    let value = json(&place, command);
    let notes: Vec<String> = value["notes"]
        .as_array()
        .unwrap()
        .iter()
        .map(|n| {
            format!(
                "{}:{} {}",
                n["file"].as_str().unwrap(),
                n["line"],
                n["code"].as_str().unwrap()
            )
        })
        .collect();
    assert_eq!(notes, ["works.V21:10 unknown-party"]);
    let shown = json(&place, "registry ledger show PUB:MK1");
    assert_eq!(shown["iswc"], "T3005600277");
    assert_eq!(shown["recordings"][0]["isrc"], "USRC10000002");
    let mut shares: Vec<String> = shown["work_shares"]
        .as_array()
        .unwrap()
        .iter()
        .map(|s| {
            let text = |member: &str| s[member].as_str().unwrap();
            format!(
                "{} {} {} {}",
                text("right"),
                text("holder"),
                text("territories"),
                s["ppm"]
            )
        })
        .collect();
    shares.sort();
    // The publisher is new: a number made from the IPI, SHA-256 of "ledgerline/holder/v1\nipi\n00000000199".
    let publisher = "f8a0712ddf79a2cf";
    assert_eq!(
        shares,
        [
            format!("mechanical {publisher} * -DK -NO -SE 1000000"),
            "performance 00000000000000a1 * 250000".to_owned(),
            format!("performance {publisher} * -DK -NO -SE 500000"),
        ]
    );
    let holder = json(&place, &format!("registry ledger show {publisher}"));
    assert_eq!(
        (holder["name"].as_str(), holder["currency"].as_str()),
        (Some("A PUBLISHER"), Some("GBP"))
    );
    assert_eq!(holder["ids"][1]["scheme"], "pr-society");
    // Its work replaces the one that the recording was linked to, and gets its money.
    let again = json(&place, command);
    for change in again["changes"].as_array().unwrap() {
        assert_eq!(
            (change["added"].as_u64(), change["ended"].as_u64()),
            (Some(0), Some(0)),
            "{change}"
        );
    }
    let (_, found) = findings(&place, "");
    assert!(
        found.contains(
            &"unclaimed work PUB:MK1 performance, elsewhere, ever to ever 750000 ppm".to_owned()
        ),
        "{found:?}"
    );
    assert!(
        found.contains(
            &"unclaimed work PUB:MK1 performance, DK NO SE, ever to ever 250000 ppm".to_owned()
        ),
        "{found:?}"
    );
    // A revision replaces the work's shares.
    let mut revised = work("USRC10000002");
    revised[0].replace_range(..3, "REV");
    revised.truncate(3);
    place.write("revised.V21", cwr("REV", &[revised]));
    place
        .run("registry ledger import revised.V21 --prefix PUB:")
        .fine();
    let shown = json(&place, "registry ledger show PUB:MK1");
    assert_eq!(shown["work_shares"].as_array().unwrap().len(), 2, "{shown}");
}

#[test]
fn acknowledgements_count_if_they_accept() {
    let place = place();
    place.run("registry ledger import in").fine();
    let acknowledged = |status: &str| {
        let mut records = vec![record(
            "ACK",
            &[(47, "NWR"), (50, "THE WORK"), (110, "MK1"), (158, status)],
        )];
        records.extend(work("USRC10000002"));
        records
    };
    place.write(
        "no.V21",
        cwr("ACK", &[acknowledged("CO"), acknowledged("RJ")]),
    );
    let value = json(&place, "registry ledger import no.V21");
    assert_eq!(value["changes"][2]["added"], 0);
    assert_eq!(value["notes"][0]["code"], "not-imported");
    place.write("yes.V21", cwr("ACK", &[acknowledged("AS")]));
    let value = json(&place, "registry ledger import yes.V21");
    assert_eq!(value["changes"][2]["added"], 1);
    // A society's notice of an ISWC changes the work that is known, and only that.
    let isw = |number: &str| {
        vec![record(
            "ISW",
            &[(20, "THE WORK"), (82, number), (96, "T1234567894")],
        )]
    };
    place.write("isw.V21", cwr("ISW", &[isw("MK1"), isw("MK2")]));
    let value = json(&place, "registry ledger import isw.V21");
    assert_eq!(value["notes"][0]["code"], "unknown-work");
    assert_eq!(
        json(&place, "registry ledger show MK1")["iswc"],
        "T1234567894"
    );
}

#[test]
fn faults_of_a_cwr_file_are_all_named_and_nothing_is_changed() {
    let place = place();
    place.run("registry ledger import in").fine();
    let state = place.run("registry ledger show --json").out;
    let good = cwr("NWR", &[work("USRC10000002")]);
    let bad = good
        .replace("GRT000010000000100000012", "GRT000010000000100000013")
        .replace("SWT", "SQT");
    place.write("bad.V21", bad);
    place.run("registry ledger import bad.V21").refused(&[
        "bad.V21:8: expected a record type of CWR 2, but found \"SQT\"",
        "bad.V21:13: expected 12 records in the group, as counted, but found GRT says 13",
    ]);
    // A wrong count does not hide what is wrong in a work.
    let bad = good
        .replace("GRT000010000000100000012", "GRT000010000000100000013")
        .replace("05000   10000", "05000   1000X");
    place.write("both.V21", bad);
    place.run("registry ledger import both.V21").refused(&[
        "expected a mechanical share",
        "both.V21:13: expected 12 records in the group, as counted, but found GRT says 13",
    ]);
    place.write("twice.V21", cwr("NWR", &[work(""), work("")]));
    place.run("registry ledger import twice.V21").refused(&[
        "twice.V21:13: expected each work once in a file, but found MK1 again, after line 3",
    ]);
    place
        .run("registry ledger import in/works.csv")
        .refused(&["works.csv:1: expected a CWR file"]);
    place
        .run("registry ledger import nothing")
        .refused(&["nothing"]);
    assert_eq!(place.run("registry ledger show --json").out, state);
}

fn shared(name: &str) -> Option<PathBuf> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../shared/data");
    let path = root.join(name);
    if path.exists() {
        return path.canonicalize().ok();
    }
    // Past libtest, which shows what a test prints only if it fails.
    use std::io::Write as _;
    let _ = writeln!(
        std::io::stderr(),
        "\nskipped: ../shared/data/{name} is not there"
    );
    None
}

/// A society's acknowledgement file from django-music-publisher's tests: two works, accepted, of one
/// publisher and one writer. Its publisher's IPI is invented and has a wrong check digit; its trailers say
/// 20 transactions, where there are two.
#[test]
fn a_real_acknowledgement_file_is_read() {
    let Some(path) = shared("django-music-publisher/CW220001000_DMP.V21") else {
        return;
    };
    let place = place();
    let path = path.to_str().unwrap();
    place.run_words(&["registry", "ledger", "import", path]).refused(&[
        "CW220001000_DMP.V21:26: expected 2 transactions in the group, as counted, but found GRT says 20",
        "CW220001000_DMP.V21:27: expected 2 transactions, as counted, but found TRL says 20",
    ]);
    let words = [
        "registry",
        "ledger",
        "import",
        path,
        "--currency",
        "EUR",
        "--ignore-counts",
        "--json",
    ];
    let ran = place.run_words(&words);
    let value: Value = serde_json::from_str(&ran.fine()).unwrap();
    let added: Vec<_> = value["changes"]
        .as_array()
        .unwrap()
        .iter()
        .map(|c| c["added"].as_u64().unwrap())
        .collect();
    // Holders, identifiers (an IPI and a society for each right that has one), works, links, shares.
    assert_eq!(added[0], 2);
    assert_eq!((added[2], added[3], added[4]), (2, 0, 6));
    let notes = value["notes"].as_array().unwrap();
    assert!(
        notes
            .iter()
            .any(|n| n["code"] == "check-digit" && n["found"] == "00000000004"),
        "{notes:?}"
    );
    let shown = json(&place, "registry ledger show MK000003");
    assert_eq!(
        (shown["title"].as_str(), shown["iswc"].as_str()),
        (Some("THE MODIFIED WORK"), Some("T3005600277"))
    );
    // 50 % each of performance, the publisher has all of mechanical.
    let mut ppm: Vec<_> = shown["work_shares"]
        .as_array()
        .unwrap()
        .iter()
        .map(|s| (s["right"].as_str().unwrap(), s["ppm"].as_u64().unwrap()))
        .collect();
    ppm.sort_unstable();
    assert_eq!(
        ppm,
        [
            ("mechanical", 1_000_000),
            ("performance", 500_000),
            ("performance", 500_000)
        ]
    );
    let (code, found) = findings(&place, "");
    // Both works have one ISWC in the file, and the invented IPI is wrong; all shares add up.
    assert_eq!(code, 1);
    assert_eq!(found.len(), 2, "{found:?}");
    assert!(found[0].starts_with("check-digit"), "{found:?}");
    assert_eq!(found[1], "duplicate-work iswc T3005600277 2");
}

/// The other file counts ten times the transactions, and the records of its second group wrongly; and it
/// names one work twice.
#[test]
fn a_real_file_with_a_wrong_count_is_refused_with_the_line() {
    let Some(path) = shared("django-music-publisher/CW220001052_DMP.V21") else {
        return;
    };
    let place = place();
    place
        .run_words(&["registry", "ledger", "import", path.to_str().unwrap()])
        .refused(&["CW220001052_DMP.V21:8: expected 5 transactions in the group, as counted, but found GRT says 50"]);
    let words = [
        "registry",
        "ledger",
        "import",
        path.to_str().unwrap(),
        "--ignore-counts",
    ];
    place
        .run_words(&words)
        .refused(&["CW220001052_DMP.V21:11: expected each work once in a file, but found MK000001 again, after line 10"]);
}

/// Real tracks of netlabels (freemusi-cc), each with a made-up ISRC: untrusted titles in many scripts are read,
/// and what stands twice in the list is found. The number is counted here in another way.
#[test]
fn duplicates_of_a_real_catalogue_are_found() {
    let Some(path) = shared("freemusi-cc/tracks.csv") else {
        return;
    };
    let mut recordings = csv::Writer::from_writer(Vec::new());
    recordings
        .write_record(["isrc", "title", "artist", "duration_ms"])
        .unwrap();
    let mut keys = Vec::new();
    let mut tracks = csv::Reader::from_path(path).unwrap();
    let header = tracks.headers().unwrap().clone();
    let column = |name: &str| header.iter().position(|h| h == name).unwrap();
    let (title, artist, seconds) = (column("title"), column("trackartist"), column("duration"));
    for (number, track) in tracks.records().enumerate() {
        let track = track.unwrap();
        let ms = track[seconds]
            .parse::<u64>()
            .map_or(0, |seconds| seconds * 1000);
        let isrc = format!("XXFMC{number:07}");
        let length = ms.to_string();
        recordings
            .write_record([isrc.as_str(), &track[title], &track[artist], &length])
            .unwrap();
        if ms > 0 && !track[title].trim().is_empty() {
            let fold = |text: &str| {
                text.to_lowercase()
                    .split_whitespace()
                    .collect::<Vec<_>>()
                    .join(" ")
            };
            keys.push((fold(&track[title]), fold(&track[artist]), ms));
        }
    }
    assert!(keys.len() > 10_000, "{}", keys.len());
    keys.sort();
    let groups = keys
        .chunk_by(|a, b| a == b)
        .filter(|group| group.len() > 1)
        .count();
    let place = place();
    place.write("real/recordings.csv", recordings.into_inner().unwrap());
    place.run("registry ledger import real").fine();
    let (code, found) = findings(&place, "");
    let count = found
        .iter()
        .filter(|f| f.starts_with("duplicate-recording "))
        .count();
    assert_eq!((code, count), (0, groups));
    assert!(groups > 0);
}
