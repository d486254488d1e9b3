//! @openzeppelin/merkle-tree loads the tree of claims, rebuilds it from its values to the same bytes, and
//! makes the same proofs.
//!
//! The package is in `tests/openzeppelin/node_modules` (npm, by the lock file there). Against the Rust
//! crate `merkle-tree-rs` random trees are compared in `tests/openzeppelin`, a workspace of its own.

use std::fs;
use std::path::{Path, PathBuf};

use ledgerline::log::Hash;
use ledgerline::log::Note;
use ledgerline_tests::{hex, program, root, skip, tiny};
use serde_json::Value;

use crate::world;

fn read(path: &Path) -> Value {
    serde_json::from_str(&fs::read_to_string(path).unwrap()).unwrap()
}

/// What OpenZeppelin's package makes of the export in `dir`; `None` where it is not installed.
fn rebuilt(dir: &Path) -> Option<String> {
    let here = root().join("tests/openzeppelin");
    let node = Path::new("/usr/bin/node");
    if !node.exists() || !here.join("node_modules/@openzeppelin/merkle-tree").is_dir() {
        skip("no Node, or no tests/openzeppelin/node_modules (npm ci) to rebuild claims with");
        return None;
    }
    let script = here.join("rebuild.mjs");
    let words = [script.to_str().unwrap(), dir.to_str().unwrap()];
    Some(program::run_other(node, &here, &words).fine())
}

/// Every holder of the run with an account of its own, but for two who share one and one without.
fn wallets(dir: &Path) -> PathBuf {
    let mut holders: Vec<String> = world::rows(&world::dir().join("data/holders.csv"))
        .into_iter()
        .map(|row| row[0].clone())
        .collect();
    holders.sort();
    let mut text = "holder,address\n".to_owned();
    for (number, holder) in holders.iter().enumerate() {
        let account = match number {
            0 => String::new(),
            1 | 2 => format!("0x{}", "12".repeat(20)),
            _ => format!("0x{:0>40x}", number),
        };
        text.push_str(&format!("{holder},{account}\n"));
    }
    let path = dir.join("wallets.csv");
    fs::write(&path, text).unwrap();
    path
}

/// Claims of the export in `dir` add up to what the run pays, and each leaf names the run.
fn check_amounts(dir: &Path, bound: bool) {
    let claims = read(&dir.join("claims.json"));
    let run = fs::read(world::dir().join("run/run.note")).unwrap();
    let run = Note::parse(&run).unwrap();
    let run = format!("0x{}", hex(Hash::of(run.text().as_bytes()).as_bytes()));
    assert_eq!(claims["run"], run.as_str());
    assert_eq!(claims["root"], read(&dir.join("tree.json"))["tree"][0]);
    let tables = tempfile::tempdir().unwrap();
    let (tables, _) = world::export(tables.path(), "--format csv");
    let holders = world::rows(&tables.join("holders.csv"));
    let list = claims["claims"].as_array().unwrap();
    assert!(!list.is_empty());
    for claim in list {
        let value = claim["value"].as_array().unwrap();
        assert_eq!(value.len(), if bound { 4 } else { 2 });
        if bound {
            let currency = hex(claim["currency"].as_str().unwrap().as_bytes());
            assert_eq!(value[2], format!("0x{currency}").as_str());
            assert_eq!(value[3], run.as_str());
        }
        let exponent = claim["exponent"].as_u64().unwrap() as u32;
        let mut units = 0;
        for holder in claim["holders"].as_array().unwrap() {
            let row = holders
                .iter()
                .find(|row| *holder == row[0].as_str() && claim["currency"] == row[2].as_str())
                .unwrap();
            let micros: u64 = row[6].replace('.', "").parse().unwrap();
            assert_eq!(micros % 10_u64.pow(6 - exponent), 0);
            units += micros / 10_u64.pow(6 - exponent);
        }
        assert_eq!(value[1], units.to_string().as_str());
    }
}

#[test]
fn openzeppelin_rebuilds_the_tree_of_holders() {
    let dir = tempfile::tempdir().unwrap();
    let (out, said) = world::export(dir.path(), "--format openzeppelin");
    let dump = fs::read_to_string(out.join("tree.json")).unwrap();
    let claims = read(&out.join("claims.json"));
    assert!(said.contains(claims["root"].as_str().unwrap()), "{said}");
    check_amounts(&out, true);
    let paid = claims["claims"].as_array().unwrap().len();
    let tables = tempfile::tempdir().unwrap();
    let (tables, _) = world::export(tables.path(), "--format csv");
    let holders = world::rows(&tables.join("holders.csv"));
    assert_eq!(
        paid,
        holders.iter().filter(|row| row[6] != "0.000000").count()
    );
    if let Some(theirs) = rebuilt(&out) {
        assert_eq!(theirs, dump);
    }
}

#[test]
fn openzeppelin_rebuilds_the_tree_of_accounts() {
    let dir = tempfile::tempdir().unwrap();
    let wallets = wallets(dir.path());
    let options = format!(
        "--format openzeppelin --addresses {} --json",
        wallets.display()
    );
    let (out, said) = world::export(dir.path(), &options);
    check_amounts(&out, true);
    let said: Value = serde_json::from_str(&said).unwrap();
    assert_eq!(said["left_out"].as_array().unwrap().len(), 1, "{said}");
    let claims = read(&out.join("claims.json"));
    let shared = |claim: &&Value| claim["holders"].as_array().unwrap().len() == 2;
    assert!(
        claims["claims"]
            .as_array()
            .unwrap()
            .iter()
            .any(|claim| shared(&claim))
    );
    if let Some(theirs) = rebuilt(&out) {
        assert_eq!(theirs, fs::read_to_string(out.join("tree.json")).unwrap());
    }
}

#[test]
fn openzeppelin_rebuilds_the_tree_of_its_own_example() {
    let dir = tempfile::tempdir().unwrap();
    let wallets = wallets(dir.path());
    let options = format!(
        "--format openzeppelin --plain --currency EUR --addresses {}",
        wallets.display()
    );
    let (out, _) = world::export(dir.path(), &options);
    check_amounts(&out, false);
    let tree = read(&out.join("tree.json"));
    assert_eq!(
        tree["leafEncoding"],
        serde_json::json!(["address", "uint256"])
    );
    if let Some(theirs) = rebuilt(&out) {
        assert_eq!(theirs, fs::read_to_string(out.join("tree.json")).unwrap());
    }
}

#[test]
fn what_cannot_be_paid_is_refused() {
    let dir = tempfile::tempdir().unwrap();
    tiny::make(dir.path());
    let write = |name: &str, text: &str| fs::write(dir.path().join(name), text).unwrap();
    let one = "0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed";
    write(
        "one.csv",
        &format!("holder,address\n00000000000000a1,{one}\n"),
    );
    write(
        "other.csv",
        &format!("holder,address\n00000000000000ff,{one}\n"),
    );
    write(
        "typo.csv",
        "holder,address\n00000000000000a1,0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAeD\n",
    );
    write(
        "twice.csv",
        &format!("holder,address\n00000000000000a1,{one}\n00000000000000a1,\n"),
    );
    write(
        "none.csv",
        "holder,address\n00000000000000a1,\n00000000000000b2,\n",
    );
    let cases = [
        (
            "--addresses one.csv",
            "one.csv: expected a row for each holder who is paid, but found none for 00000000000000b2",
        ),
        (
            "--addresses other.csv",
            "other.csv:2: expected a holder of the run's registry",
        ),
        (
            "--addresses typo.csv",
            "typo.csv:2: expected 0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed, with the capitals of its checksum",
        ),
        (
            "--addresses twice.csv",
            "twice.csv:3: expected each holder once",
        ),
        ("--addresses none.csv", "expected at least one payment"),
        ("--currency USD", "expected at least one payment"),
        ("--currency EURO", "ISO 4217"),
        ("--plain", "--addresses"),
    ];
    for (options, message) in cases {
        let mut words = vec![
            "export",
            "run",
            "--format",
            "openzeppelin",
            "--out",
            "claims",
        ];
        words.extend(options.split(' '));
        let ran = program::run(dir.path(), &words);
        assert_eq!(ran.code, 2, "{options}: {ran}");
        assert!(ran.err.contains(message), "{options}: {ran}");
        assert!(!dir.path().join("claims").exists(), "{options}");
    }
    let ran = program::run(
        dir.path(),
        &[
            "export",
            "run",
            "--format",
            "csv",
            "--out",
            "csv",
            "--currency",
            "EUR",
        ],
    );
    assert_eq!(ran.code, 2, "{ran}");
}
