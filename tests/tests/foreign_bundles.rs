//! Bundles that the independent implementation made: the good ones verify, the mutated ones are
//! refused, and those of a cheating operator, who signs what is not so, are disputed.
#![allow(
    clippy::arithmetic_side_effects,
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "in a test a panic is the finding"
)]

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use ledgerline::audit::{Report, Trust, Verdict, verify_bundle};
use ledgerline::bundle::{Bundle, BundleError, ENTRIES, pieces, read_entries};
use ledgerline::log::VerifierKey;
use ledgerline_tests::{cases, unhex};
use serde_json::Value;

fn list(value: &Value) -> &Vec<Value> {
    value.as_array().unwrap()
}

fn text<'a>(value: &'a Value, name: &str) -> &'a str {
    value[name]
        .as_str()
        .unwrap_or_else(|| panic!("{name} in {value}"))
}

/// Verifies as the holder would, who knows the nonce.
fn verify(bytes: &[u8], trust: &Trust) -> Result<Report, BundleError> {
    let nonce = Bundle::read(bytes).ok().map(|bundle| bundle.scope.nonce);
    let trust = &Trust {
        nonce,
        ..trust.clone()
    };
    verify_bundle(bytes, "foreign.llb", trust, &mut |_, _, _| ())
}

fn good(cases: &Value, name: &str) -> Vec<u8> {
    let case = list(&cases["good"])
        .iter()
        .find(|case| text(case, "name") == name);
    STANDARD.decode(text(case.unwrap(), "bundle")).unwrap()
}

/// A case's file: a good bundle with changed bytes, changed entries, or wholly given.
fn changed(cases: &Value, case: &Value) -> Vec<u8> {
    if let Some(whole) = case.get("bundle") {
        return STANDARD.decode(whole.as_str().unwrap()).unwrap();
    }
    let mut bytes = good(cases, text(case, "of"));
    for patch in case.get("patch").map(list).into_iter().flatten() {
        let offset = patch["offset"].as_u64().unwrap() as usize;
        for (byte, xor) in bytes[offset..]
            .iter_mut()
            .zip(unhex(text(patch, "xor")).unwrap())
        {
            *byte ^= xor;
        }
    }
    if let Some(splice) = case.get("splice") {
        let offset = splice["offset"].as_u64().unwrap() as usize;
        let end = offset + splice["remove"].as_u64().unwrap() as usize;
        bytes.splice(offset..end, unhex(text(splice, "insert")).unwrap());
    }
    if let Some(changes) = case.get("entries") {
        let mut entries = read_entries(&bytes).unwrap().map(<[u8]>::to_vec);
        for (name, content) in changes.as_object().unwrap() {
            let place = ENTRIES.iter().position(|entry| entry == name).unwrap();
            entries[place] = STANDARD.decode(content.as_str().unwrap()).unwrap();
        }
        let entries: [&[u8]; 12] = std::array::from_fn(|place| entries[place].as_slice());
        bytes = pieces(&entries).unwrap().concat();
    }
    bytes
}

#[test]
fn foreign_bundles_get_the_same_verdict() {
    let cases = cases("bundle").unwrap();
    let trust = Trust {
        keys: vec![VerifierKey::parse(text(&cases, "vkey")).unwrap()],
        ..Trust::default()
    };
    for case in list(&cases["good"]) {
        let bytes = STANDARD.decode(text(case, "bundle")).unwrap();
        if bytes.starts_with(&[0x1f, 0x8b]) {
            continue; // the wire form, which the program and the page inflate before core sees it
        }
        let report =
            verify(&bytes, &trust).unwrap_or_else(|e| panic!("{}: {e}", text(case, "name")));
        assert_eq!(
            report.verdict,
            Verdict::Verified,
            "{}: {}",
            text(case, "name"),
            report.to_json()
        );
        let report = verify(&bytes, &Trust::default()).unwrap();
        assert_eq!(
            report.verdict,
            Verdict::Incomplete,
            "{}",
            text(case, "name")
        );
    }
    let mut wrong = Vec::new();
    for group in ["mutations", "cheats"] {
        for case in list(&cases[group]) {
            let outcome = match verify(&changed(&cases, case), &trust).map(|report| report.verdict)
            {
                Err(_) => "malformed",
                Ok(Verdict::Disputed) => "disputed",
                Ok(Verdict::Verified) => "VERIFIED",
                Ok(Verdict::Incomplete) => "incomplete",
            };
            if outcome != text(case, "outcome") {
                wrong.push(format!(
                    "{group}: {}: expected {}, but found {outcome}",
                    text(case, "name"),
                    text(case, "outcome")
                ));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
