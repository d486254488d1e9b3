//! The registry on disk: atomic imports, history that stays, errors with file and line.
#![allow(clippy::unwrap_used, reason = "tests")]

use crate::common::Place;
use serde_json::Value;

const RECORDINGS: &str =
    "isrc,title,artist,duration_ms\nUSRC17607839,\"One, two\",A,180000\nUSRC17607840,Three,B,\n";
const HOLDERS: &str =
    "holder,name,currency\n00000000000000a1,Alice,EUR\n00000000000000b2,Bob,USD\n";
const SHARES: &str = "isrc,right,territories,holder,ppm,valid_from,valid_to
us-rc1-76-07839,master,*,00000000000000a1,600000,,
USRC17607839,master,* -US,00000000000000b2,400000,2026-01-01,
USRC17607840,master,DE FR,00000000000000a1,1000000,,2026-05-01T00:00:00Z
";

fn place() -> Place {
    let place = Place::new();
    place.init("ledger");
    place.write("in/recordings.csv", RECORDINGS);
    place.write("in/holders.csv", HOLDERS);
    place.write("in/shares.csv", SHARES);
    place.write(
        "in/subscriptions.csv",
        "tier,user,valid_from,valid_to\npremium,u1,2026-01-01,2026-04-10\nfree,u1,2026-04-10,\n",
    );
    place
}

fn json(place: &Place, words: &str) -> Value {
    serde_json::from_str(&place.run(&format!("{words} --json")).fine()).unwrap()
}

#[test]
fn importing_again_changes_nothing_and_says_so() {
    let place = place();
    let first = json(&place, "registry ledger import in");
    let added: Vec<_> = first["changes"]
        .as_array()
        .unwrap()
        .iter()
        .map(|c| c["added"].as_u64().unwrap())
        .collect();
    assert_eq!(added, [2, 2, 3, 2]);
    let again = json(&place, "registry ledger import in");
    for change in again["changes"].as_array().unwrap() {
        assert_eq!(
            (change["added"].as_u64(), change["ended"].as_u64()),
            (Some(0), Some(0))
        );
    }
    assert!(again["recorded_at"].as_i64() > first["recorded_at"].as_i64());
    let history = json(&place, "registry ledger history USRC17607839");
    assert_eq!(history.as_array().unwrap().len(), 2, "{history}");
}

#[test]
fn a_correction_replaces_a_key_and_the_past_stays_known() {
    let place = place();
    let then = json(&place, "registry ledger import in")["recorded_at"]
        .as_i64()
        .unwrap();
    place.write(
        "fix/shares.csv",
        "isrc,right,territories,holder,ppm\nUSRC17607839,master,*,00000000000000b2,1000000\n",
    );
    let change = &json(&place, "registry ledger import fix")["changes"][0];
    assert_eq!(
        (change["added"].as_u64(), change["ended"].as_u64()),
        (Some(1), Some(2))
    );
    let shares = |at: &str| {
        let shown = json(&place, &format!("registry ledger show USRC17607839{at}"));
        shown["shares"].as_array().unwrap().len()
    };
    assert_eq!((shares(""), shares(&format!(" --known-at {then}"))), (1, 2));
    assert_eq!(shares(&format!(" --known-at {}", then + 1)), 2);
    // Another recording, which the correction does not mention, is as it was.
    assert_eq!(
        json(&place, "registry ledger show USRC17607840")["shares"][0]["ppm"],
        1_000_000
    );
    let bob = json(&place, "registry ledger history 00000000000000b2");
    assert_eq!(bob.as_array().unwrap().len(), 3, "{bob}");
    assert_eq!(json(&place, "registry ledger show")["shares"], 2);
    let before = (then - 1).to_string();
    place
        .run(&format!(
            "registry ledger show USRC17607839 --known-at {before}"
        ))
        .refused(&["KEY"]);
}

#[test]
fn bad_files_are_refused_whole() {
    let place = place();
    place.run("registry ledger import in").fine();
    let state = json(&place, "registry ledger show");
    let shares = |row: &str| {
        (
            "shares.csv",
            format!("isrc,right,territories,holder,ppm,valid_from,valid_to\n{row}\n"),
        )
    };
    let cases: Vec<((&str, String), &str)> = vec![
        (shares("USRC17607839,master,*,00000000000000a1,1000001,,"), "shares.csv:2: expected a share"),
        (shares("USRC17607839,master,*,00000000000000a1,0,,"), "shares.csv:2: expected a share"),
        (shares("USRC17607839,Master,*,00000000000000a1,5,,"), "shares.csv:2: expected a short name"),
        (shares("USRC17607839,master,-US,00000000000000a1,5,,"), "shares.csv:2: expected territories"),
        (shares("USRC17607839,master,*,a1,5,,"), "shares.csv:2: expected a rights holder id"),
        (shares("USRC17607839,master,*,00000000000000c3,5,,"), "shares.csv:2: expected one of the holders"),
        (shares("USRC17607899,master,*,00000000000000a1,5,,"), "shares.csv:2: expected one of the recordings"),
        (shares("USRC17607839,master,*,00000000000000a1,5,2026-02-01,2026-01-01"), "shares.csv:2: expected an end after the start"),
        (shares("USRC17607839,master,*,00000000000000a1,5,soon,"), "shares.csv:2"),
        (shares("USRC17607839,master,*"), "shares.csv:2: expected 7 fields, but found 3"),
        (("shares.csv", "isrc,right,holder,ppm\n".to_owned()), "shares.csv:1: expected a column territories"),
        (("holders.csv", "holder,name,currency,iban\n".to_owned()), "holders.csv:1: expected only the columns"),
        (("holders.csv", "holder,name,currency\n00000000000000a1,A,XXX\n".to_owned()), "holders.csv:2"),
        (("holders.csv", "holder,name,currency\n00000000000000c1,A,EUR\n00000000000000c1,B,EUR\n".to_owned()), "holders.csv:3: expected one row for each key, but found another one in line 2"),
        (("recordings.csv", format!("isrc,title,artist\nUSRC17607839,{},A\n", "x".repeat(1025))), "recordings.csv:2: expected a title of at most 1024"),
        (("recordings.csv", "isrc,title,artist,duration_ms\nUSRC17607839,A,B,1.5\n".to_owned()), "recordings.csv:2: expected a duration"),
        (("recordings.csv", String::new()), "recordings.csv:1: expected a header"),
        (("recordings.csv", format!("isrc,title,artist\n\"{}", "x\n".repeat(200_000))), "unclosed quotation mark"),
        (("licences.csv", "isrc,territories\nUSRC17607899,*\n".to_owned()), "licences.csv:2: expected one of the recordings"),
        (("subscriptions.csv", "user,tier,valid_from,valid_to\nu2,free,2026-01-01,2026-02-01\nu2,premium,2026-01-31,\n".to_owned()), "subscriptions.csv:3: expected one subscription of a listener at a time, but found an overlap with line 2"),
        (("subscriptions.csv", "user,listener,tier\nu,00000000000000a1,free\n".to_owned()), "subscriptions.csv:2: expected either a user"),
    ];
    for (number, ((name, content), words)) in cases.into_iter().enumerate() {
        let dir = format!("bad{number}");
        // A good file beside the bad one is not imported either.
        place.write(
            &format!("{dir}/holders.csv"),
            "holder,name,currency\n00000000000000ff,New,EUR\n",
        );
        place.write(&format!("{dir}/{name}"), content);
        place
            .run(&format!("registry ledger import {dir}"))
            .refused(&[words]);
        assert_eq!(json(&place, "registry ledger show"), state, "{words}");
    }
    place.write("nothing/readme", "");
    place
        .run("registry ledger import nothing")
        .refused(&["at least one of recordings.csv"]);
    place.write(
        "ledger/registry.sqlite",
        "not a database, but long enough to be read as one",
    );
    place
        .run("registry ledger show")
        .refused(&["registry.sqlite"]);
}

#[test]
fn sums_that_are_not_the_whole_are_found() {
    let place = place();
    place.run("registry ledger import in").fine();
    let found = |words: &str| {
        let ran = place.run(&format!("registry ledger check --json{words}"));
        let value: Value = serde_json::from_str(&ran.out).unwrap();
        let findings = value["findings"].as_array().unwrap().iter();
        let lines: Vec<String> = findings
            .map(|f| {
                format!(
                    "{} {} {}",
                    f["code"].as_str().unwrap(),
                    f["where"].as_str().unwrap(),
                    f["found"].as_str().unwrap()
                )
            })
            .collect();
        (ran.code, lines)
    };
    let expected = [
        "unclaimed USRC17607839 master, US, ever to ever 600000 ppm",
        "unclaimed USRC17607839 master, US elsewhere, ever to 2026-01-01T00:00:00Z 600000 ppm",
        "no-shares USRC17607840 master, elsewhere, 2026-04-01T00:00:00Z to 2026-05-01T00:00:00Z 0 ppm",
    ];
    let (code, mut lines) = found("");
    lines.sort();
    let mut sorted = expected.map(|line| line.to_owned());
    sorted.sort();
    // The gap in the US goes on when the rest of the world is settled; its territories change then.
    let sorted: Vec<String> = sorted
        .into_iter()
        .map(|line| line.replace("US, ever to ever", "US, 2026-01-01T00:00:00Z to ever"))
        .collect();
    assert_eq!((code, lines), (0, sorted));
    place.write("more/shares.csv", "isrc,right,territories,holder,ppm\nUSRC17607840,master,*,00000000000000a1,700000\nUSRC17607840,master,FR,00000000000000b2,300001\n");
    place.run("registry ledger import more").fine();
    let (code, lines) = found("");
    assert_eq!(code, 1);
    assert_eq!(
        lines[0],
        "over-claimed USRC17607840 master, FR, ever to ever 1000001 ppm"
    );
}
