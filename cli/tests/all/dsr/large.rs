//! Long reports are read in bounded memory: the real program's peak (VmHWM of /proc/PID/status),
//! against one fixed bound, whatever the number of lines.

use std::fs::File;
use std::io::BufWriter;
use std::process::Stdio;
use std::time::Duration;

use ledgerline::id::Isrc;
use ledgerline::money::Currency;
use ledgerline_cli::dsr::Decimal;
use ledgerline_cli::dsr::basic::{Header, Party, Recording, Streams, Summary, Writer};
use ledgerline_cli::dsr::table::Variant;

use crate::common::Place;

/// The program itself, its buffers, and 50,000 recordings.
const MOST_KB: u64 = 48 << 10;

const RECORDINGS: u64 = 50_000;

const NAME: &str =
    "DSR_PADPIDA2013020802I_PADPIDA2014111801Y_Music_2026-04_GB_1of1_20260515T100000.tsv";

/// Writes a report of `lines` lines: HEAD, SY, blocks of one AS02.02 and three SU02, FOOT.
fn generate(place: &Place, lines: u64) {
    let blocks = (lines - 3).div_ceil(4);
    let party = |id: &str, name: &str| Party {
        id: id.to_owned(),
        name: name.to_owned(),
    };
    let header = Header {
        message_id: "LONG".to_owned(),
        created: "2026-05-15T10:00:00Z".to_owned(),
        from: "2026-04-01".to_owned(),
        to: "2026-04-30".to_owned(),
        sender: party("PADPIDA2014111801Y", "Service"),
        recipient: party("PADPIDA2013020802I", "Label"),
        service: "Music".to_owned(),
    };
    let out = BufWriter::with_capacity(1 << 20, File::create(place.path(NAME)).unwrap());
    let mut writer = Writer::new(out, Variant::MultiRecord, &header).unwrap();
    let summary = Summary {
        id: "1".to_owned(),
        commercial_model: "SubscriptionModel".to_owned(),
        use_type: "OnDemandStream".to_owned(),
        territory: "GB".to_owned(),
        service: "Music".to_owned(),
        usages: blocks * 6,
        currency: Currency::parse("GBP").unwrap(),
        net_revenue: Decimal::parse("5000.00").unwrap(),
    };
    writer.summary(&summary).unwrap();
    for block in 0..blocks {
        let recording = Recording {
            dsp_id: block.to_string(),
            isrc: Isrc::parse(&format!("GBAAA20{:05}", block % RECORDINGS)).ok(),
            title: format!("Title {block}"),
            artist: "Artist".to_owned(),
            seconds: Some(200),
        };
        let streams = [1, 2, 3].map(|streams| Streams {
            summary: "1".to_owned(),
            transaction: (block * 3 + streams).to_string(),
            streams,
        });
        writer.block(&recording, &streams).unwrap();
    }
    writer.finish().unwrap();
}

/// Checks the report with the program; gives its output and its peak of resident memory in kB.
fn check(place: &Place) -> (String, u64) {
    let mut child = place
        .command(&format!("dsr check --top 3 {NAME}"))
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let status = format!("/proc/{}/status", child.id());
    let mut peak = 0;
    while child.try_wait().unwrap().is_none() {
        let text = std::fs::read_to_string(&status).unwrap_or_default();
        let line = text.lines().find_map(|line| line.strip_prefix("VmHWM:"));
        let kb = line.and_then(|line| line.trim().strip_suffix(" kB")?.parse().ok());
        peak = peak.max(kb.unwrap_or(0));
        std::thread::sleep(Duration::from_millis(2));
    }
    let output = child.wait_with_output().unwrap();
    assert!(output.status.success());
    (String::from_utf8(output.stdout).unwrap(), peak)
}

fn is_bounded(lines: u64) {
    if !cfg!(target_os = "linux") {
        return;
    }
    let place = Place::new();
    generate(&place, lines);
    let (out, peak) = check(&place);
    let usages = (lines - 3).div_ceil(4) * 6;
    assert!(out.contains(&format!("usages {usages} in ")), "{out}");
    assert!(out.contains("0 errors, 0 warnings"), "{out}");
    assert!(peak > 1000, "the peak was seen: {peak} kB");
    assert!(peak < MOST_KB, "{lines} lines took {peak} kB");
    println!("{lines} lines: {peak} kB");
}

#[test]
fn two_hundred_thousand_lines() {
    is_bounded(200_000);
}

/// `cargo test --release -p ledgerline-cli --test all dsr::large -- --ignored --nocapture`
#[test]
#[ignore = "writes half a gigabyte; the short version runs always"]
fn five_million_lines() {
    is_bounded(5_000_000);
}
