//! Wycheproof's vectors of ML-DSA-44: 180 signatures, and 86 that seeds must give.
//!
//! Cosignatures have an empty context. Vectors with another one, with a message representative or with
//! randomness in place of the message's own are run by the crate that core calls; they show that it
//! keeps these apart.

use std::path::Path;

use ledgerline::log::{CosigningKey, KeyName, SignatureType, ml_dsa44_verify};
use libtest_mimic::Trial;
use ml_dsa::{B32, EncodedVerifyingKey, MlDsa44, Signature, SigningKey, VerifyingKey};
use serde_json::Value;

use super::files::{base64, hex, json, number, text};
use super::trial;

/// Checks a test of a group.
type Check = fn(&Value, &Value);

pub(crate) fn trials(foreign: &Path) -> Vec<Trial> {
    let folder = foreign.join("wycheproof/testvectors_v1");
    let kinds: [(&str, &str, Check); 2] = [
        ("mldsa_44_verify", "verify", verify),
        ("mldsa_44_sign_seed", "sign-seed", sign),
    ];
    let mut trials = Vec::new();
    for (file, name, check) in kinds {
        let vectors = json(&folder.join(format!("{file}_test.json")));
        let before = trials.len();
        for group in vectors["testGroups"].as_array().unwrap() {
            for test in group["tests"].as_array().unwrap() {
                let name = format!("wycheproof/mldsa_44/{name}/tc{}", number(&test["tcId"]));
                let (group, test) = (group.clone(), test.clone());
                trials.push(trial(name, move || check(&group, &test)));
            }
        }
        let stated = number(&vectors["numberOfTests"]);
        assert_eq!((trials.len() - before) as u64, stated, "{file}");
    }
    trials
}

fn verify(group: &Value, test: &Value) {
    let (public, message, signature) = (
        hex(&group["publicKey"]),
        hex(&test["msg"]),
        hex(&test["sig"]),
    );
    let context = context(test);
    let by_the_crate = EncodedVerifyingKey::<MlDsa44>::try_from(&public[..])
        .ok()
        .zip(Signature::<MlDsa44>::try_from(&signature[..]).ok())
        .is_some_and(|(public, signature)| {
            VerifyingKey::decode(&public).verify_with_context(&message, &context, &signature)
        });
    let good = is_good(test);
    assert_eq!(by_the_crate, good, "{}", test["comment"]);
    // By core only where the context is empty, as that of every cosignature.
    let by_us = ml_dsa44_verify(&public, &message, &signature);
    assert_eq!(by_us, good && context.is_empty(), "{}", test["comment"]);
}

fn sign(group: &Value, test: &Value) {
    let seed = hex(&group["privateSeed"]);
    let Ok(seed) = <[u8; 32]>::try_from(&seed[..]) else {
        // No seed is of another length: the type says so.
        assert!(!is_good(test));
        return;
    };
    let key = SigningKey::<MlDsa44>::from_seed(&seed.into());
    let key = key.expanded_key();
    let public = hex(&group["publicKey"]);
    assert_eq!(key.verifying_key().encode()[..], public[..]);
    assert_eq!(public_of_our_key(&seed), public);

    let (message, context) = (hex_or_empty(&test["msg"]), context(test));
    let signature = if test["msg"].is_null() {
        let representative = hex(&test["mu"]);
        let representative = representative[..].try_into().unwrap();
        Some(key.sign_mu_deterministic(&representative))
    } else if let Value::String(_) = &test["rnd"] {
        let random = hex(&test["rnd"]);
        let random = B32::try_from(&random[..]).unwrap();
        let length = [u8::try_from(context.len()).unwrap()];
        Some(key.sign_internal(&[&[0], &length, &context, &message], &random))
    } else {
        key.sign_deterministic(&message, &context).ok()
    };
    assert_eq!(signature.is_some(), is_good(test), "{}", test["comment"]);
    let Some(signature) = signature else { return };
    let signature = signature.encode();
    assert_eq!(signature[..], hex(&test["sig"])[..], "{}", test["comment"]);
    if !test["msg"].is_null() {
        let by_us = ml_dsa44_verify(&public, &message, &signature);
        assert_eq!(by_us, context.is_empty());
    }
}

fn is_good(test: &Value) -> bool {
    match text(&test["result"]) {
        "valid" => true,
        "invalid" => false,
        other => panic!("{other}"),
    }
}

fn context(test: &Value) -> Vec<u8> {
    hex_or_empty(&test["ctx"])
}

fn hex_or_empty(value: &Value) -> Vec<u8> {
    if value.is_null() {
        return Vec::new();
    }
    hex(value)
}

/// The public key that our cosigning key of this seed names in its vkey.
fn public_of_our_key(seed: &[u8; 32]) -> Vec<u8> {
    let name = KeyName::parse("example.com/witness").unwrap();
    let key = CosigningKey::from_seed(name, SignatureType::CosignatureMlDsa44, seed).unwrap();
    let vkey = key.verifier().to_string();
    let (_, public) = vkey.split_once('+').unwrap().1.split_once('+').unwrap();
    let bytes = base64(&Value::from(public));
    assert_eq!(bytes[0], 0x06);
    bytes[1..].to_vec()
}
