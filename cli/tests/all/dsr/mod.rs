//! `dsr check` from outside: official samples, files with known faults, sets, gzip, memory.
#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    reason = "tests"
)]

mod export;
mod large;
mod made;
mod samples;
mod schemas;

use std::io::Write as _;
use std::path::PathBuf;

use serde_json::Value;

use crate::common::{Place, Ran};

/// `../shared/data/ddex-dsrf`, which is not part of the project.
fn ddex() -> Option<PathBuf> {
    let dir = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../shared/data/ddex-dsrf");
    if !dir.is_dir() {
        // Past libtest, which shows what a test prints only if it fails.
        let _ = writeln!(
            std::io::stderr(),
            "\nskipped: ../shared/data/ddex-dsrf absent"
        );
        return None;
    }
    Some(dir)
}

/// What `dsr check --json` says of these files.
#[track_caller]
fn report(place: &Place, files: &str, code: i32) -> Value {
    let ran = place.run(&format!("dsr check --json {files}"));
    parsed(&ran, code)
}

#[track_caller]
fn parsed(ran: &Ran, code: i32) -> Value {
    assert_eq!(ran.code, code, "{}{}", ran.out, ran.err);
    serde_json::from_str(&ran.out).unwrap()
}

/// `code file-line cell found`, for each problem, without the file.
fn problems(report: &Value) -> Vec<String> {
    let one = |problem: &Value| {
        let cell = problem["cell_name"].as_str().unwrap_or("-");
        format!(
            "{} {} {cell}: {}",
            problem["line"],
            problem["code"].as_str().unwrap(),
            problem["found"].as_str().unwrap()
        )
    };
    report["problems"]
        .as_array()
        .unwrap()
        .iter()
        .map(one)
        .collect()
}

/// Usages by ISRC.
fn usages(report: &Value) -> Vec<(String, String)> {
    let one = |isrc: &Value| {
        let text = |name: &str| isrc[name].as_str().unwrap().to_owned();
        (text("isrc"), text("usages"))
    };
    let isrcs = report["reports"][0]["isrcs"].as_array().unwrap();
    isrcs.iter().map(one).collect()
}
