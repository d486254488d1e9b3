//! `export --format dsr`: a run becomes a report with which nothing is wrong, and its numbers are the
//! run's own.

use serde_json::Value;

use super::{problems, report, usages};
use crate::common::Place;

const RECORDINGS: &str = "isrc,title,artist,duration_ms
DEAB12600001,Eins|Zwei,Änne,200000
FRZ032600003,Deux,,25000
";
const SHARES: &str = "isrc,right,territories,holder,ppm,valid_from,valid_to
DEAB12600001,master,*,00000000000000a1,600000,,
DEAB12600001,master,*,00000000000000b2,300000,,
FRZ032600003,master,*,00000000000000b2,1000000,,
";
const POOLS: &str = "territory,tier,right,currency,amount
DE,premium,master,EUR,10.000001
FR,premium,master,EUR,3
";

/// Five plays of 45 seconds: DE 2 of DEAB..1 and 2 of FRZ..3, FR one of DEAB..1.
fn events() -> String {
    let mut text = String::new();
    for play in 0..5 {
        let isrc = if play < 3 {
            "DEAB12600001"
        } else {
            "FRZ032600003"
        };
        let territory = if play == 0 { "FR" } else { "DE" };
        for (kind, seconds) in [("start", 0), ("heartbeat", 30), ("end", 45)] {
            text.push_str(&format!(
                r#"{{"kind":"{kind}","play":"p{play}","user":"u1","isrc":"{isrc}","territory":"{territory}","time":"2026-04-1{play}T12:00:{seconds:02}Z","position_ms":{}}}"#,
                seconds * 1000
            ));
            text.push('\n');
        }
    }
    text
}

fn run() -> Place {
    let place = Place::new();
    place.init("ledger");
    place.write("in/recordings.csv", RECORDINGS);
    place.write(
        "in/holders.csv",
        "holder,name,currency\n00000000000000a1,Label,EUR\n00000000000000b2,Writer,EUR\n",
    );
    place.write("in/shares.csv", SHARES);
    place.write(
        "in/subscriptions.csv",
        "user,tier,valid_from,valid_to\nu1,premium,,\n",
    );
    place.write("events.ndjson", events());
    place.write("rules.toml", "version = 1\nmodel = \"pro-rata\"\n");
    place.write("pools.csv", POOLS);
    for words in [
        "registry ledger import in",
        "ingest ledger events.ndjson",
        "statement ledger --rules rules.toml --pools pools.csv --out run",
    ] {
        place.run(words).fine();
    }
    place
}

const PARTIES: &str = "--sender PADPIDA2014111801Y=Service --recipient PADPIDA2013020802I=Label \
                       --service Music --created 2026-05-15T10:00:00Z";

/// Exports, and gives the file's name.
#[track_caller]
fn export(place: &Place, options: &str) -> String {
    let words = format!("export run --format dsr --out . {PARTIES} {options} --json");
    let words = words.split_whitespace().collect::<Vec<_>>().join(" ");
    let json: Value = serde_json::from_str(&place.run(&words).fine()).unwrap();
    json["files"][0].as_str().unwrap().to_owned()
}

fn amount(report: &Value) -> &str {
    report["reports"][0]["net_revenue"][0]["amount"]
        .as_str()
        .unwrap()
}

#[test]
fn a_run_as_a_report() {
    let place = run();
    let name = export(&place, "");
    assert_eq!(
        name,
        "DSR_PADPIDA2013020802I_PADPIDA2014111801Y_Music_2026-04-01--2026-04-30_Multi_1of1_20260515T100000.tsv"
    );
    let all = report(&place, &name, 0);
    assert_eq!(problems(&all), [""; 0]);
    let pairs = |report: &Value| {
        usages(report)
            .into_iter()
            .map(|(isrc, n)| format!("{isrc} {n}"))
            .collect::<Vec<_>>()
    };
    assert_eq!(pairs(&all), ["DEAB12600001 3", "FRZ032600003 2"]);
    // DE: half of 10.000001 is 5.000000 for DEAB..1 (the first, rounded down), of which 90 % have
    // holders, and 5.000001 for FRZ..3; FR: 3, of which 90 %. 4.5 + 5.000001 + 2.7.
    assert_eq!(amount(&all), "12.200001");

    // One holder: 60 % of 5.000000 and of 3, and only the recording they have a share in.
    let label = export(
        &place,
        "--holder 00000000000000a1 --single-record --gzip --force",
    );
    assert!(label.ends_with(".tsv.gz"));
    let label = report(&place, &label, 0);
    assert_eq!(problems(&label), [""; 0]);
    assert_eq!(pairs(&label), ["DEAB12600001 3"]);
    assert_eq!(amount(&label), "4.800000");
    assert_eq!(label["reports"][0]["profile"], "BasicAudioProfileSRB");
    let summaries = label["reports"][0]["summaries"].as_array().unwrap();
    let summaries: Vec<_> = summaries.iter().map(|one| &one["id"]).collect();
    assert_eq!(summaries, ["DE-premium-EUR", "FR-premium-EUR"]);
}

#[test]
fn the_same_run_gives_the_same_bytes_and_nothing_is_overwritten() {
    let place = run();
    let name = export(&place, "");
    let before = std::fs::read(place.path(&name)).unwrap();
    let again = format!("export run --format dsr --out . {PARTIES}");
    let again = again.split_whitespace().collect::<Vec<_>>().join(" ");
    place.run(&again).refused(&[&name]);
    export(&place, "--force");
    assert_eq!(std::fs::read(place.path(&name)).unwrap(), before);
    // A title with a bar in it is one value.
    assert!(
        String::from_utf8(before)
            .unwrap()
            .contains("\tEins\\|Zwei\t")
    );
}

#[test]
fn what_a_report_needs_is_asked_for() {
    let place = run();
    let missing = place.run("export run --format dsr --out .");
    assert_eq!(missing.code, 2);
    assert!(missing.err.contains("--sender"), "{}", missing.err);
    let with = |from: &str, to: &str| {
        let words = format!("export run --format dsr --out . {PARTIES}").replace(from, to);
        place.run(&words.split_whitespace().collect::<Vec<_>>().join(" "))
    };
    with("PADPIDA2014111801Y=Service", "PADPIDA2014111801X=Service")
        .refused(&["HEAD SenderPartyId", "PADPIDA2014111801X"]);
    with("PADPIDA2014111801Y=Service", "Service").refused(&["--sender", "DDEX party id"]);
    with("--service", "--right publishing --service").refused(&["--right", "master", "publishing"]);
    with("2026-05-15T10:00:00Z", "today").refused(&["MessageCreatedDateTime"]);
}
