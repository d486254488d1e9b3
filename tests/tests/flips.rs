//! Any changed byte of a bundle, a run note, a checkpoint, a segment or a run's tables is refused.

use std::fs;
use std::path::Path;

use ledgerline::audit::{Trust, Verdict, verify_bundle};
use ledgerline::log::VerifierKey;
use ledgerline_tests::{program, tiny};
use tempfile::TempDir;

/// Changes every byte of `file` in turn, each by another bit, and runs a command, which must not end with 0.
fn flip_each(dir: &Path, file: &str, command: &[&str]) {
    let path = dir.join(file);
    let genuine = fs::read(&path).unwrap();
    assert_eq!(
        program::run(dir, command).code,
        0,
        "{command:?} before any change"
    );
    for at in 0..genuine.len() {
        let mut changed = genuine.clone();
        changed[at] ^= 1 << (at % 8);
        fs::write(&path, &changed).unwrap();
        let ran = program::run(dir, command);
        assert!(
            matches!(ran.code, 1..=3),
            "{file}: byte {at} changed and still: {ran}"
        );
    }
    fs::write(&path, &genuine).unwrap();
}

fn world() -> TempDir {
    let dir = tempfile::tempdir().unwrap();
    tiny::make(dir.path());
    dir
}

#[test]
fn of_run_note_and_checkpoint() {
    let dir = world();
    for name in ["run/run.note", "run/checkpoint"] {
        flip_each(dir.path(), name, &["verify", name, "--key", "service.vkey"]);
    }
}

#[test]
fn of_a_segment() {
    let dir = world();
    let audit = [
        "audit",
        "run",
        "--ledger",
        "ledger",
        "--key",
        "service.vkey",
    ];
    flip_each(dir.path(), "ledger/segments/000000.parquet", &audit);
}

#[test]
fn of_a_runs_files() {
    let dir = world();
    let audit = [
        "audit",
        "run",
        "--ledger",
        "ledger",
        "--key",
        "service.vkey",
    ];
    for name in ["registry", "plays", "cells", "lines", "holders"] {
        flip_each(dir.path(), &format!("run/tables/{name}.rows"), &audit);
    }
    for name in ["rules.toml", "pools.csv", "checkpoint"] {
        flip_each(dir.path(), &format!("run/{name}"), &audit);
    }
}

#[test]
fn of_every_bundle() {
    let dir = world();
    let key = fs::read_to_string(dir.path().join("service.vkey")).unwrap();
    let trust = Trust {
        keys: vec![VerifierKey::parse(key.trim()).unwrap()],
        ..Trust::default()
    };
    let verified = |bytes: &[u8]| {
        let report = verify_bundle(bytes, "x.llb", &trust, &mut |_, _, _| ());
        report.is_ok_and(|report| report.verdict == Verdict::Verified)
    };
    for holder in ["00000000000000a1", "00000000000000b2"] {
        let mut bytes = fs::read(dir.path().join(format!("bundles/{holder}.llb"))).unwrap();
        assert!(verified(&bytes), "{holder}");
        for at in 0..bytes.len() {
            for bit in 0..8 {
                bytes[at] ^= 1 << bit;
                assert!(
                    !verified(&bytes),
                    "{holder}: bit {bit} of byte {at} changed and still verified"
                );
                bytes[at] ^= 1 << bit;
            }
        }
        for length in 0..bytes.len() {
            assert!(
                !verified(&bytes[..length]),
                "{holder}: cut to {length} bytes and still verified"
            );
        }
    }
}
