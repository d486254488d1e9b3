//! One run, several ways: with one thread and with two, against the simulation's own truth, and its
//! segments as another program reads them. One bundle, two ways: the command line's report and what the
//! wasm package makes of the same texts (in Chromium: `web/e2e/real.test.mjs`).

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use ledgerline::audit::{Given, verify_bundle};
use ledgerline_tests::{program, records, root, skip, witnessed};
use tempfile::TempDir;

type Sums = BTreeMap<(String, String), i64>;

/// A simulated month up to its run; `threads` for every step that can use them.
fn world(threads: &str) -> TempDir {
    let dir = tempfile::tempdir().unwrap();
    let step = |arguments: &[&str]| {
        program::run(dir.path(), &[arguments, &["--threads", threads]].concat()).fine()
    };
    let _ = step(&[
        "simulate", "--plays", "2500", "--seed", "7", "--out", "data",
    ]);
    let _ = step(&[
        "init",
        "ledger",
        "--origin",
        "agree.example/plays/2026-04",
        "--period",
        "2026-04",
    ]);
    let _ = step(&["registry", "ledger", "import", "data"]);
    let _ = step(&["ingest", "ledger", "data/events.ndjson"]);
    let _ = step(&["checkpoint", "ledger"]);
    let files = [
        "--rules",
        "data/rules.toml",
        "--pools",
        "data/pools.csv",
        "--out",
        "run",
    ];
    let _ = step(&[&["statement", "ledger"][..], &files].concat());
    dir
}

/// Sums of a CSV file's amounts by two of its columns, zeros left out.
fn sums(path: &Path, by: [&str; 2], amount: &str) -> Sums {
    let mut reader = csv::Reader::from_path(path).unwrap();
    let header = reader.headers().unwrap().clone();
    let place = |name: &str| header.iter().position(|found| found == name).unwrap();
    let [first, second] = by.map(place);
    let amount = place(amount);
    let mut sums = Sums::new();
    for row in reader.records() {
        let row = row.unwrap();
        *sums
            .entry((row[first].to_owned(), row[second].to_owned()))
            .or_default() += micros(&row[amount]);
    }
    sums.retain(|_, sum| *sum != 0);
    sums
}

/// Micros of a decimal with six places.
fn micros(text: &str) -> i64 {
    let (whole, part) = text.split_once('.').unwrap();
    assert_eq!(part.len(), 6, "{text}");
    format!("{whole}{part}").parse().unwrap()
}

#[test]
fn threads_change_nothing() {
    let dir = world("1");
    let again = |threads: &str, out: &str| {
        let files = [
            "--rules",
            "data/rules.toml",
            "--pools",
            "data/pools.csv",
            "--out",
            out,
            "--threads",
            threads,
        ];
        let known = fs::read_to_string(dir.path().join("run/run.toml")).unwrap();
        let known = known
            .lines()
            .find_map(|line| line.strip_prefix("known_at = "))
            .unwrap();
        let known = ["--known-at", known];
        let _ = program::run(
            dir.path(),
            &[&["statement", "ledger"][..], &files, &known].concat(),
        )
        .fine();
        fs::read(dir.path().join(out).join("run.note")).unwrap()
    };
    let first = fs::read(dir.path().join("run/run.note")).unwrap();
    assert_eq!(again("1", "one"), first);
    assert_eq!(again("2", "two"), first);
    assert_eq!(again("3", "three"), first);
}

#[test]
fn the_statement_is_the_simulations_truth_to_the_micro() {
    let dir = world("2");
    let _ = program::run(
        dir.path(),
        &["export", "run", "--format", "csv", "--out", "csv"],
    )
    .fine();
    let at = |name: &str| dir.path().join(name);
    let paid = sums(&at("csv/holders.csv"), ["holder", "currency"], "earned");
    assert!(paid.len() > 50, "{} accounts", paid.len());
    assert_eq!(
        paid,
        sums(&at("data/truth.csv"), ["holder", "currency"], "amount")
    );
    let suspended = sums(&at("csv/suspense.csv"), ["currency", "reason"], "amount");
    assert!(suspended.len() > 3, "{suspended:?}");
    assert_eq!(
        suspended,
        sums(
            &at("data/truth-suspense.csv"),
            ["currency", "reason"],
            "amount"
        )
    );
    // Pools are all there is.
    let pools: i64 = sums(
        &at("csv/journal.csv"),
        ["transaction", "currency"],
        "amount",
    )
    .values()
    .sum();
    assert_eq!(pools, 0, "the journal balances");
}

/// The report as the wasm package makes it, from texts.
fn from_texts(dir: &Path, file: &str, policy: &str, nonce: Option<&str>) -> String {
    let policy = fs::read_to_string(dir.join(policy)).unwrap();
    let given = Given {
        roots: Some(&policy),
        auditor: None,
        nonce,
    };
    let bytes = fs::read(dir.join(file)).unwrap();
    let trust = given.read().unwrap();
    let report = verify_bundle(&bytes, file, &trust, &mut |_, _, _| ()).unwrap();
    report.to_json()
}

#[test]
fn a_policy_gives_the_same_report_from_a_file_and_from_pasted_text() {
    let world = tempfile::tempdir().unwrap();
    let dir = world.path();
    witnessed::make(dir);
    let nonce = Some(witnessed::NONCE);
    for (file, policy, nonce, code, verdict) in [
        ("holder.llb", "two.policy", None, 0, "verified"),
        ("holder.llb", "all.policy", None, 3, "incomplete"),
        ("false.llb", "two.policy", None, 1, "disputed"),
        ("nonce.llb", "two.policy", nonce, 0, "verified"),
        ("nonce.llb", "two.policy", None, 3, "incomplete"),
    ] {
        let mut arguments = vec!["verify", file, "--policy", policy, "--json"];
        arguments.extend(nonce.iter().flat_map(|nonce| ["--nonce", nonce]));
        let ran = program::run(dir, &arguments);
        assert_eq!(ran.code, code, "{file} {policy}: {ran}");
        let report = from_texts(dir, file, policy, nonce);
        assert_eq!(ran.out.trim_end(), report);
        let verdict = format!(r#""verdict":"{verdict}""#);
        assert!(report.contains(&verdict), "{report}");
        assert!(report.contains("checkpoint.quorum"), "{report}");
    }
}

#[test]
fn duckdb_reads_a_segment() {
    let venv = std::env::var_os("LEDGERLINE_VENV")
        .map_or_else(|| root().join("target/venv"), PathBuf::from);
    let python = venv.join("bin/python");
    let has_duckdb = |python: &Path| {
        Command::new(python)
            .args(["-c", "import duckdb"])
            .output()
            .is_ok_and(|output| output.status.success())
    };
    if !has_duckdb(&python) {
        skip(&format!(
            "{} has no duckdb; cargo xtask test installs it",
            python.display()
        ));
        return;
    }
    let dir = world("2");
    let query = "import duckdb, sys; print(duckdb.sql('''select count(*), count(distinct play), \
                 min(time)::varchar, sum(position_ms), count(*) filter (kind = 'start'), max(length(isrc)), \
                 count(*) filter (territory not similar to '[A-Z]{2}') from read_parquet(?)''', \
                 params=[sys.argv[1]]).fetchall()[0])";
    let segment = dir.path().join("ledger/segments/000000.parquet");
    let output = Command::new(python)
        .args(["-c", query])
        .arg(&segment)
        .env("TZ", "UTC")
        .output()
        .unwrap();
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    let found = String::from_utf8(output.stdout).unwrap();

    let records = records::of_ledger(&dir.path().join("ledger")).unwrap();
    let fields = |at: std::ops::Range<usize>| {
        records
            .chunks(54)
            .map(move |record| number(&record[at.clone()]))
    };
    let plays: std::collections::BTreeSet<u64> = fields(38..46).collect();
    let first = ledgerline::time::format_ms(fields(20..26).min().unwrap() as i64);
    let (events, positions) = (fields(16..17).count(), fields(26..30).sum::<u64>());
    let starts = fields(16..17).filter(|kind| *kind == 1).count();
    assert!(
        found.starts_with(&format!("({events}, {}, '{} ", plays.len(), &first[..10])),
        "{found}"
    );
    assert!(
        found
            .trim_end()
            .ends_with(&format!(", {positions}, {starts}, 12, 0)")),
        "{found} {positions} {starts}"
    );
}

/// A big-endian number.
fn number(bytes: &[u8]) -> u64 {
    bytes
        .iter()
        .fold(0, |number, byte| number << 8 | u64::from(*byte))
}
