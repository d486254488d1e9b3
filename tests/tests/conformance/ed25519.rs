//! Ed25519's edge cases, against the one rule that `docs/format.md`, section 4, fixes: 914 vectors of
//! C2SP's CCTV and 151 of Wycheproof.

use std::path::Path;

use ledgerline::log::{KeyName, VerifierKey, ed25519_verify};
use libtest_mimic::Trial;
use serde_json::Value;
use sha2::{Digest as _, Sha256};

use super::files::{hex, json, number, text, texts};
use super::trial;

pub(crate) fn trials(foreign: &Path) -> Vec<Trial> {
    let cctv = json(&foreign.join("cctv/ed25519/ed25519vectors.json"));
    let cctv = cctv.as_array().unwrap();
    assert_eq!(cctv.len(), 914);
    let mut trials: Vec<Trial> = cctv.iter().map(cctv_trial).collect();

    let wycheproof = json(&foreign.join("wycheproof/testvectors_v1/ed25519_test.json"));
    let before = trials.len();
    for group in wycheproof["testGroups"].as_array().unwrap() {
        let public = hex(&group["publicKey"]["pk"]);
        let tests = group["tests"].as_array().unwrap();
        trials.extend(tests.iter().map(|test| wycheproof_trial(&public, test)));
    }
    assert_eq!(trials.len() - before, 151);
    trials.push(trial("rule/ed25519/keys-have-one-encoding", one_encoding));
    trials
}

/// What CCTV lacks: points of large order that have a second encoding, y + p. They are the only such.
fn one_encoding() {
    const P: [u8; 32] = {
        let mut p = [0xff; 32];
        (p[0], p[31]) = (0xed, 0x7f);
        p
    };
    let mut keys = 0;
    for y in 2..19 {
        for sign in [0, 0x80] {
            let (mut canonical, mut other) = ([0; 32], P);
            (canonical[0], canonical[31]) = (y, sign);
            other[0] += y;
            other[31] |= sign;
            keys += u32::from(is_vkey(&canonical));
            assert!(!is_vkey(&other), "{y} {sign}");
        }
    }
    assert!(keys > 0);
}

/// A signature is good if neither point has small order and the equation holds without the cofactor.
/// A part of small order beside one of large order (`low_order_component`) does no harm.
///
/// Non-canonical encodings there are only of points of small order; they are named all the same.
fn cctv_trial(vector: &Value) -> Trial {
    const BAD: [&str; 6] = [
        "low_order_A",
        "low_order_R",
        "low_order_residue",
        "non_canonical_A",
        "non_canonical_R",
        "reencoded_k",
    ];
    const HARMLESS: [&str; 2] = ["low_order_component_A", "low_order_component_R"];
    let flags = &vector["flags"];
    let flags: Vec<String> = match flags {
        Value::Null => Vec::new(),
        flags => texts(flags).map(str::to_owned).collect(),
    };
    let public: [u8; 32] = hex(&vector["key"]).try_into().unwrap();
    let (signature, message) = (hex(&vector["sig"]), text(&vector["msg"]).to_owned());
    let name = format!("cctv/ed25519/{:04}", number(&vector["number"]));
    trial(name, move || {
        let known = |flag: &String| BAD.contains(&&**flag) || HARMLESS.contains(&&**flag);
        assert!(flags.iter().all(known), "a new flag among {flags:?}");
        let good = !flags.iter().any(|flag| BAD.contains(&&**flag));
        let verified = ed25519_verify(&public, message.as_bytes(), &signature);
        assert_eq!(verified, good, "{flags:?}");
        // A key of small order is refused before anything is signed with it.
        let weak = flags.iter().any(|flag| flag == "low_order_A");
        assert_eq!(is_vkey(&public), !weak, "{flags:?}");
    })
}

fn wycheproof_trial(public: &[u8], test: &Value) -> Trial {
    let public: [u8; 32] = public.try_into().unwrap();
    let (message, signature) = (hex(&test["msg"]), hex(&test["sig"]));
    let good = match text(&test["result"]) {
        "valid" => true,
        "invalid" => false,
        other => panic!("{other}"),
    };
    let name = format!("wycheproof/ed25519/tc{}", number(&test["tcId"]));
    let comment = test["comment"].clone();
    trial(name, move || {
        let verified = ed25519_verify(&public, &message, &signature);
        assert_eq!(verified, good, "{comment}");
    })
}

/// Whether a key for notes can be made of these bytes.
fn is_vkey(public: &[u8; 32]) -> bool {
    use base64::Engine as _;
    use base64::engine::general_purpose::STANDARD;
    let name = KeyName::parse("example.com/log").unwrap();
    let key = [&[1], &public[..]].concat();
    let id = Sha256::new()
        .chain_update(format!("{name}\n"))
        .chain_update(&key)
        .finalize();
    let id = ledgerline_tests::hex(&id[..4]);
    VerifierKey::parse(&format!("{name}+{id}+{}", STANDARD.encode(key))).is_ok()
}
