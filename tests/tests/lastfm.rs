//! Real input, from file to verdict: one listener's scrobbles of April 2009 as a period of its own.
//!
//! The file is for use in place (`../shared/data/lastfm-1k-excerpt`, see its README), so this test is
//! skipped where it is absent. What must come out is counted here from the scrobbles alone.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

use ledgerline::log::Hash;
use ledgerline::time::TimeMs;
use ledgerline_tests::{program, root};
use serde_json::Value;

/// A scrobble: who, when (ms), what, and how long it was heard.
struct Scrobble {
    user: String,
    time: u64,
    artist: String,
    track: String,
    isrc: String,
    heard_ms: u64,
}

/// No track is taken to be longer than this, since the file does not say.
const LONGEST_MS: u64 = 240_000;
const BEAT_MS: u64 = 30_000;
const DAY_MS: u64 = 86_400_000;
const LATE_DAYS: u64 = 7;
const POOL_MICROS: i128 = 1_234_567_891;

/// An ISRC-shaped code that is always the same for the same track.
fn isrc(artist: &str, track: &str) -> String {
    let hash = Hash::of(format!("{artist}\n{track}").as_bytes());
    let number = |at: usize, below: u64| {
        let bytes = hash.as_bytes()[at..at + 8].try_into().unwrap();
        u64::from_be_bytes(bytes) % below
    };
    let sign = |at| {
        char::from_digit(number(at, 36) as u32, 36)
            .unwrap()
            .to_ascii_uppercase()
    };
    format!(
        "QZ{}{}{}{:07}",
        sign(0),
        sign(8),
        sign(16),
        number(24, 10_000_000)
    )
}

/// The file's scrobbles, oldest first; each is heard until the same user's next one.
fn scrobbles(text: &str) -> Vec<Scrobble> {
    let mut all: Vec<Scrobble> = text
        .lines()
        .map(|line| {
            let cells: Vec<&str> = line.split('\t').collect();
            let [user, time, _, artist, _, track] = cells[..] else {
                panic!("six cells in {line:?}")
            };
            Scrobble {
                user: user.to_owned(),
                time: TimeMs::parse(time).unwrap().ms(),
                artist: artist.to_owned(),
                track: track.to_owned(),
                isrc: isrc(artist, track),
                heard_ms: LONGEST_MS,
            }
        })
        .collect();
    all.sort_by(|a, b| (&a.user, a.time, &a.track).cmp(&(&b.user, b.time, &b.track)));
    for at in 1..all.len() {
        if all[at].user == all[at - 1].user {
            all[at - 1].heard_ms = LONGEST_MS.min(all[at].time - all[at - 1].time);
        }
    }
    all
}

/// Start, heartbeats, end.
fn events(scrobbles: &[Scrobble]) -> String {
    let mut text = String::new();
    for (number, scrobble) in scrobbles.iter().enumerate() {
        let mut at = 0;
        while at <= scrobble.heard_ms {
            let kind = match at {
                0 => "start",
                at if at == scrobble.heard_ms => "end",
                _ => "heartbeat",
            };
            text.push_str(&format!(
                "{{\"kind\":\"{kind}\",\"play\":\"scrobble {number}\",\"user\":\"{}\",\"isrc\":\"{}\",\
                 \"territory\":\"GB\",\"time\":{},\"position_ms\":{at}}}\n",
                scrobble.user,
                scrobble.isrc,
                scrobble.time + at
            ));
            let last = at == scrobble.heard_ms;
            at = if last {
                at + 1
            } else {
                (at + BEAT_MS).min(scrobble.heard_ms)
            };
        }
    }
    text
}

/// One of three holders, by artist.
fn holder(artist: &str) -> String {
    format!("{:016x}", Hash::of(artist.as_bytes()).as_bytes()[0] % 3 + 1)
}

fn write_inputs(dir: &Path, scrobbles: &[Scrobble]) {
    let tracks: BTreeMap<&str, &Scrobble> =
        scrobbles.iter().map(|s| (s.isrc.as_str(), s)).collect();
    let titles: BTreeSet<(&str, &str)> = scrobbles
        .iter()
        .map(|s| (s.artist.as_str(), s.track.as_str()))
        .collect();
    assert_eq!(
        tracks.len(),
        titles.len(),
        "two tracks share a made-up ISRC"
    );
    let csv = |name: &str, header: &[&str], rows: Vec<Vec<String>>| {
        let mut writer = csv::Writer::from_path(dir.join(name)).unwrap();
        writer.write_record(header).unwrap();
        rows.iter()
            .for_each(|row| writer.write_record(row).unwrap());
        writer.flush().unwrap();
    };
    let own = |text: &str| text.to_owned();
    let recordings = tracks
        .iter()
        .map(|(isrc, s)| vec![own(isrc), s.track.clone(), s.artist.clone(), own("")]);
    csv(
        "recordings.csv",
        &["isrc", "title", "artist", "duration_ms"],
        recordings.collect(),
    );
    let holders = (1..=3).map(|n| vec![format!("{n:016x}"), format!("Label {n}"), own("GBP")]);
    csv(
        "holders.csv",
        &["holder", "name", "currency"],
        holders.collect(),
    );
    let shares = tracks.iter().map(|(isrc, s)| {
        vec![
            own(isrc),
            own("master"),
            own("*"),
            holder(&s.artist),
            own("1000000"),
            own(""),
            own(""),
        ]
    });
    let columns = [
        "isrc",
        "right",
        "territories",
        "holder",
        "ppm",
        "valid_from",
        "valid_to",
    ];
    csv("shares.csv", &columns, shares.collect());
    let users: BTreeSet<&str> = scrobbles.iter().map(|s| s.user.as_str()).collect();
    let users = users
        .into_iter()
        .map(|user| vec![own(user), own("premium"), own(""), own("")]);
    csv(
        "subscriptions.csv",
        &["user", "tier", "valid_from", "valid_to"],
        users.collect(),
    );
    let pool = format!(
        "GB,premium,master,GBP,{}.{:06}",
        POOL_MICROS / 1_000_000,
        POOL_MICROS % 1_000_000
    );
    fs::write(
        dir.join("pools.csv"),
        format!("territory,tier,right,currency,amount\n{pool}\n"),
    )
    .unwrap();
    let rules = format!("version = 1\nmodel = \"pro-rata\"\nlate_days = {LATE_DAYS}\n");
    fs::write(dir.join("rules.toml"), rules).unwrap();
    fs::write(dir.join("events.ndjson"), events(scrobbles)).unwrap();
}

#[test]
fn a_month_of_real_plays_from_file_to_verdict() {
    let file = root().join("../shared/data/lastfm-1k-excerpt/plays.tsv");
    let Ok(text) = fs::read_to_string(&file) else {
        println!("skipped: ../shared is absent, so there are no real plays to try");
        return;
    };
    let scrobbles = scrobbles(&text);
    assert_eq!(scrobbles.len(), text.lines().count());
    let place = tempfile::tempdir().unwrap();
    let dir = place.path();
    write_inputs(dir, &scrobbles);
    let run = |arguments: &[&str]| program::run(dir, arguments).fine();
    let vkey = run(&[
        "init",
        "ledger",
        "--origin",
        "lastfm.example/plays/2009-04",
        "--period",
        "2009-04",
    ]);
    fs::write(dir.join("service.vkey"), vkey).unwrap();
    let _ = run(&["ingest", "ledger", "events.ndjson"]);
    let _ = run(&["registry", "ledger", "import", "."]);
    let _ = run(&["checkpoint", "ledger"]);
    let files = [
        "--rules",
        "rules.toml",
        "--pools",
        "pools.csv",
        "--out",
        "run",
        "--json",
    ];
    let stated: Value =
        serde_json::from_str(&run(&[&["statement", "ledger"][..], &files].concat())).unwrap();

    // What the scrobbles alone say.
    let (from, to) = (
        TimeMs::parse("2009-04-01").unwrap().ms(),
        TimeMs::parse("2009-05-01").unwrap().ms(),
    );
    let qualified = |s: &&Scrobble| s.heard_ms >= 30_000;
    let in_reach = |s: &&Scrobble| s.time >= from - LATE_DAYS * DAY_MS && s.time < to;
    let counted: Vec<&Scrobble> = scrobbles
        .iter()
        .filter(qualified)
        .filter(in_reach)
        .collect();
    let late = counted.iter().filter(|s| s.time < from).count();
    assert!(
        counted.len() > 1_000 && late > 50,
        "{} counted, {late} late",
        counted.len()
    );
    assert_eq!(stated["plays"], scrobbles.len());
    assert_eq!(stated["counted"], counted.len());
    assert_eq!(stated["late"], late);
    assert_eq!(
        stated["events"],
        fs::read_to_string(dir.join("events.ndjson"))
            .unwrap()
            .lines()
            .count()
    );
    assert_eq!(
        stated["currencies"][0]["paid"], "1234.567891",
        "every track has its whole share"
    );

    // Nothing is lost: what was not counted is reported, by reason.
    let audit = [
        "audit",
        "run",
        "--ledger",
        "ledger",
        "--key",
        "service.vkey",
        "--json",
    ];
    let report: Value = serde_json::from_str(&run(&audit)).unwrap();
    assert_eq!(report["verdict"], "verified");
    let short = scrobbles.iter().filter(|s| !qualified(s)).count();
    let outside = scrobbles
        .iter()
        .filter(qualified)
        .filter(|s| !in_reach(s))
        .count();
    assert_eq!(counted.len() + short + outside, scrobbles.len());
    println!(
        "{} counted ({late} late), {short} short, {outside} outside the period",
        counted.len()
    );
    assert_eq!(report["totals"]["plays"], scrobbles.len());
    assert_eq!(report["totals"]["counted"], counted.len());

    // Each recording has its plays, and each holder the money of theirs, within a micro for each cell.
    let _ = run(&["export", "run", "--format", "csv", "--out", "csv"]);
    let mut plays: BTreeMap<String, u64> = BTreeMap::new();
    counted
        .iter()
        .for_each(|s| *plays.entry(s.isrc.clone()).or_default() += 1);
    let mut exported: BTreeMap<String, u64> = BTreeMap::new();
    for row in csv::Reader::from_path(dir.join("csv/cells.csv"))
        .unwrap()
        .deserialize()
    {
        let row: BTreeMap<String, String> = row.unwrap();
        *exported.entry(row["isrc"].clone()).or_default() += row["plays"].parse::<u64>().unwrap();
    }
    assert_eq!(exported, plays);
    for row in csv::Reader::from_path(dir.join("csv/holders.csv"))
        .unwrap()
        .deserialize()
    {
        let row: BTreeMap<String, String> = row.unwrap();
        let earned: i128 = row["earned"].replace('.', "").parse().unwrap();
        let own: Vec<&&Scrobble> = counted
            .iter()
            .filter(|s| holder(&s.artist) == row["holder"])
            .collect();
        let cells = own.iter().map(|s| &s.isrc).collect::<BTreeSet<_>>().len() as i128;
        let quota = POOL_MICROS * own.len() as i128 / counted.len() as i128;
        assert!(
            (earned - quota).abs() <= cells,
            "{}: {earned} beside {quota}",
            row["holder"]
        );
    }

    let _ = run(&[
        "bundle", "run", "--ledger", "ledger", "--all", "--out", "bundles",
    ]);
    for number in 1..=3 {
        let file = format!("bundles/{number:016x}.llb");
        let verdict: Value =
            serde_json::from_str(&run(&["verify", &file, "--key", "service.vkey", "--json"]))
                .unwrap();
        assert_eq!(verdict["verdict"], "verified", "{file}");
    }
}
