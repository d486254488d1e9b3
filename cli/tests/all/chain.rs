//! Statements in a chain: rests brought forward, a revision that takes back, a least payment.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "tests")]

use std::fs;

use serde_json::Value;

use crate::common::{Place, copy};

const ALICE: &str = "00000000000000a1";
const BOB: &str = "00000000000000b2";

/// Two months of a service: ledgers `april` and `may`, one play in each, for which Alice is paid.
fn place(payment: &str) -> Place {
    let place = Place::new();
    place.write(
        "in/recordings.csv",
        "isrc,title,artist,duration_ms\nUSRC17607839,One,A,180000\n",
    );
    place.write(
        "in/holders.csv",
        format!("holder,name,currency\n{ALICE},Alice,EUR\n{BOB},Bob,EUR\n"),
    );
    place.write("in/shares.csv", shares(ALICE));
    place.write(
        "in/subscriptions.csv",
        "tier,user,valid_from,valid_to\npremium,u1,2026-01-01,\n",
    );
    let rules = format!("version = 1\nmodel = \"pro-rata\"\n{payment}");
    place.write("rules.toml", rules);
    for (name, month, amount) in [
        ("april", "2026-04", "100.005"),
        ("may", "2026-05", "50.006"),
    ] {
        place
            .run(&format!(
                "init {name} --origin example.com/{name} --period {month}"
            ))
            .fine();
        place.run(&format!("registry {name} import in")).fine();
        let event = |kind: &str, time: &str, at: u32| {
            format!(
                "{{\"kind\":\"{kind}\",\"play\":\"p\",\"user\":\"u1\",\"isrc\":\"USRC17607839\",\"territory\":\"DE\",\
                 \"time\":\"{month}-10T{time}Z\",\"position_ms\":{at}}}\n"
            )
        };
        let events = event("start", "10:00:00", 0) + &event("heartbeat", "10:00:30", 30_000);
        place.write(&format!("{name}.ndjson"), events);
        place.run(&format!("ingest {name} {name}.ndjson")).fine();
        let pools =
            format!("territory,tier,right,currency,amount\nDE,premium,master,EUR,{amount}\n");
        place.write(&format!("{name}.csv"), pools);
    }
    place
}

fn shares(holder: &str) -> String {
    format!("isrc,right,territories,holder,ppm\nUSRC17607839,master,*,{holder},1000000\n")
}

fn statement(place: &Place, ledger: &str, rest: &str) -> crate::common::Ran {
    place.run(&format!(
        "statement {ledger} --rules rules.toml --pools {ledger}.csv {rest}"
    ))
}

/// `holder brought earned replaced payable carried`, a line each.
fn accounts(place: &Place, run: &str) -> Vec<String> {
    place
        .run(&format!("export {run} --format csv --out {run}-csv"))
        .fine();
    let text = fs::read_to_string(place.path(&format!("{run}-csv/holders.csv"))).unwrap();
    let row = |line: &str| {
        let cells: Vec<&str> = line.split(',').collect();
        [&cells[1..2], &cells[3..]].concat().join(" ")
    };
    text.lines().skip(1).map(row).collect()
}

fn audit(place: &Place, run: &str, rest: &str) -> Value {
    let key = |name: &str| fs::read_to_string(place.path(&format!("{name}/vkeys"))).unwrap();
    place.write("keys", key("april") + &key("may"));
    let ran = place.run(&format!("audit {run} --key keys --json{rest}"));
    serde_json::from_str(&ran.out).unwrap()
}

/// April, May after it, then April again with Bob as the owner.
fn revised(place: &Place) {
    statement(place, "april", "--out r1").fine();
    statement(place, "may", "--out r2 --previous r1").fine();
    place.write("fix/shares.csv", shares(BOB));
    place.run("registry april import fix").fine();
    statement(
        place,
        "april",
        "--out r3 --revision 1 --previous r1 --previous r2",
    )
    .fine();
}

#[test]
fn rests_are_brought_forward_and_a_revision_pays_the_difference() {
    let place = place("");
    revised(&place);
    assert_eq!(
        accounts(&place, "r1"),
        ["Alice 0.000000 100.005000 0.000000 100.000000 0.005000"]
    );
    assert_eq!(
        accounts(&place, "r2"),
        ["Alice 0.005000 50.006000 0.000000 50.010000 0.001000"]
    );
    // What Alice was paid for April is taken back: 0.001 - 100.005.
    assert_eq!(
        accounts(&place, "r3"),
        [
            "Alice 0.001000 0.000000 100.005000 0.000000 -100.004000",
            "Bob 0.000000 100.005000 0.000000 100.000000 0.005000",
        ]
    );
    for (run, earlier) in [
        ("r1", ""),
        ("r2", " --previous r1"),
        ("r3", " --previous r1 --previous r2"),
    ] {
        assert_eq!(audit(&place, run, earlier)["verdict"], "verified", "{run}");
    }
    let alone = audit(&place, "r2", "");
    assert_eq!(alone["verdict"], "incomplete");
    let other = audit(&place, "r3", " --previous r1");
    assert_eq!(other["verdict"], "disputed", "r3 follows r2, not r1");
}

#[test]
fn the_journal_opens_with_the_earlier_runs() {
    let place = place("");
    revised(&place);
    place
        .run("export r3 --format hledger --out r3.journal")
        .fine();
    let journal = fs::read_to_string(place.path("r3.journal")).unwrap();
    for line in [
        "account equity:brought-forward".to_owned(),
        format!("liabilities:holder:{ALICE}  EUR -0.001000"),
        "equity:brought-forward  EUR 0.001000".to_owned(),
        "account equity:replaced".to_owned(),
        format!("liabilities:holder:{ALICE}  EUR 100.005000"),
        "equity:replaced  EUR -100.005000".to_owned(),
    ] {
        assert!(journal.contains(&line), "{line} in {journal}");
    }
}

#[test]
fn a_least_payment_holds_back_and_adds_up() {
    let place = place("[payment.minimum]\nEUR = \"120\"\n");
    statement(&place, "april", "--out r1").fine();
    statement(&place, "may", "--out r2 --previous r1").fine();
    assert_eq!(
        accounts(&place, "r1"),
        ["Alice 0.000000 100.005000 0.000000 0.000000 100.005000"]
    );
    assert_eq!(
        accounts(&place, "r2"),
        ["Alice 100.005000 50.006000 0.000000 150.010000 0.001000"]
    );
}

#[test]
fn runs_that_are_no_chain_are_refused_before_anything_is_closed() {
    let place = place("");
    statement(&place, "april", "--out x --revision 1")
        .refused(&["revision 0 of this period", "found none"]);
    statement(&place, "april", "--out r1").fine();
    statement(&place, "april", "--out x --previous r1")
        .refused(&["found revision 0", "next revision"]);
    statement(&place, "may", "--out r2 --previous r1").fine();
    statement(&place, "april", "--out x --revision 1 --previous r2")
        .refused(&["revision 0 of this period", "found none"]);
    statement(
        &place,
        "april",
        "--out x --revision 1 --previous r2 --previous r1",
    )
    .refused(&["earlier run 2", "in the order in which they were issued"]);
    assert!(!place.path("x").exists());
    // An earlier run with other accounts than it has signed.
    copy(&place.path("r1"), &place.path("forged"));
    let rows = place.path("forged/tables/holders.rows");
    let mut bytes = fs::read(&rows).unwrap();
    let last = bytes.len() - 1;
    bytes[last] ^= 1;
    fs::write(&rows, bytes).unwrap();
    statement(&place, "may", "--out x --previous forged")
        .refused(&["forged", "its note commits to"]);
}
