//! A simulated month in five currencies, with every kind of suspense, and its run.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;

use ledgerline_tests::program;
use tempfile::TempDir;

/// A folder with `run` in it, made once for all tests.
pub(crate) fn dir() -> &'static Path {
    static WORLD: OnceLock<TempDir> = OnceLock::new();
    WORLD.get_or_init(make).path()
}

fn make() -> TempDir {
    let dir = tempfile::tempdir().unwrap();
    let step = |line: &str| {
        let words: Vec<&str> = line.split(' ').collect();
        program::run(dir.path(), &words).fine()
    };
    let _ = step("simulate --plays 3000 --out data");
    let _ = step("init ledger --origin example.com/plays/2026-04 --period 2026-04");
    let _ = step("registry ledger import data");
    let _ = step("ingest ledger data/events.ndjson");
    let _ = step("checkpoint ledger");
    let _ = step("statement ledger --rules data/rules.toml --pools data/pools.csv --out run");
    dir
}

/// Exports the run into a new place; gives the place and what was said.
pub(crate) fn export(into: &Path, options: &str) -> (PathBuf, String) {
    let out = into.join("out");
    let run = dir().join("run");
    let mut words = vec![
        "export",
        run.to_str().unwrap(),
        "--out",
        out.to_str().unwrap(),
    ];
    words.extend(options.split(' '));
    let said = program::run(into, &words).fine();
    (out, said)
}

/// The rows of an exported CSV file, without its header.
pub(crate) fn rows(path: &Path) -> Vec<Vec<String>> {
    let mut reader = csv::Reader::from_reader(fs::File::open(path).unwrap());
    let records = reader.records();
    records
        .map(|record| record.unwrap().iter().map(str::to_owned).collect())
        .collect()
}
