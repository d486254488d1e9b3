//! Signed notes, keys, checkpoints and proofs of C2SP, golang/mod, transparency-dev/formats, sunlight
//! and litewitness, as `transcribed` has them.

use std::fs;
use std::path::Path;
use std::sync::{Arc, OnceLock};

use ledgerline::log::{
    Checkpoint, Hash, KeyError, Note, NoteError, SigningKey, TlogProof, VerifierKey,
};
use libtest_mimic::Trial;
use serde_json::Value;

use super::files::{base64, json, number, text, texts};
use super::trial;
use super::witness::Sequence;

pub(crate) fn trials(foreign: &Path) -> Vec<Trial> {
    let transcribed = foreign.join("transcribed");
    let read = |name: &str| json(&transcribed.join(format!("{name}.json")));
    let mut trials = Vec::new();
    trials.extend(examples(
        &read("c2sp_signed_note_example"),
        "c2sp_signed_note_example",
    ));
    trials.extend(examples(
        &read("c2sp_issue_99_checkpoint"),
        "c2sp_issue_99_checkpoint",
    ));
    trials.extend(issue_99(read("c2sp_issue_99_checkpoint")));
    trials.extend(golang(&read("golang_note")));
    trials.extend(vkeys(&read("vkeys")));
    trials.extend(cosignatures(&read("cosignature_v1_ed25519")));
    trials.push(timestamp(read("cosignature_timestamp")));
    trials.extend(litewitness(&read("litewitness_add_checkpoint")));
    trials.extend(tlog_proof(foreign));
    trials
}

/// A note that its key signed, read and written byte for byte.
fn examples(vector: &Value, name: &str) -> [Trial; 2] {
    let (vkey, note) = (
        text(&vector["vkey"]).to_owned(),
        text(&vector["note"]).to_owned(),
    );
    let key = VerifierKey::parse(&vkey).unwrap();
    [
        trial(format!("transcribed/{name}/vkey"), {
            let key = key.clone();
            move || assert_eq!(key.to_string(), vkey)
        }),
        trial(format!("transcribed/{name}/note"), move || {
            let read = Note::parse(note.as_bytes()).unwrap();
            assert_eq!(read.to_string(), note);
            let keys = [key];
            assert_eq!(read.verify(&keys).unwrap(), [&keys[0]]);
        }),
    ]
}

fn issue_99(vector: Value) -> [Trial; 2] {
    let keys = [VerifierKey::parse(text(&vector["vkey"])).unwrap()];
    let name = |case: &str| format!("transcribed/c2sp_issue_99_checkpoint/{case}");
    let (wrong, wrong_keys) = (vector.clone(), keys.clone());
    [
        trial(name("checkpoint"), move || {
            let note = Note::parse(text(&vector["note"]).as_bytes()).unwrap();
            let checkpoint = Checkpoint::open(&note, keys[0].name().as_str(), &keys).unwrap();
            assert_eq!(checkpoint.head().size, 10);
            assert_eq!(checkpoint.to_string(), note.text());
        }),
        // As first posted: by nobody we know.
        trial(name("wrong-key-id"), move || {
            let note = text(&wrong["note"]).replace(" gJ2ho", " pOZUn");
            let note = Note::parse(note.as_bytes()).unwrap();
            let refused = note.verify(&wrong_keys);
            assert!(matches!(refused, Err(NoteError::NotSigned { .. })));
        }),
    ]
}

fn golang(vector: &Value) -> Vec<Trial> {
    let name = |case: &str| format!("transcribed/golang_note/{case}");
    let keys: Vec<VerifierKey> = texts(&vector["vkeys"])
        .map(|vkey| VerifierKey::parse(vkey).unwrap())
        .collect();
    let note = Note::parse(text(&vector["note"]).as_bytes()).unwrap();
    let secret = text(&vector["test_only_skey"]).to_owned();
    let mut trials = Vec::new();
    for (number, bad) in (1..).zip(texts(&vector["bad_vkeys"])) {
        let bad = bad.to_owned();
        trials.push(trial(name(&format!("bad-vkey-{number}")), move || {
            assert!(VerifierKey::parse(&bad).is_err());
        }));
    }
    let (signed, signer) = (note.clone(), keys[0].clone());
    trials.push(trial(name("two-signers"), move || {
        assert_eq!(note.verify(&keys).unwrap(), [&keys[0], &keys[1]]);
        assert_eq!(note.verify(&keys[..1]).unwrap(), [&keys[0]]);
        assert_eq!(note.verify(&keys[1..]).unwrap(), [&keys[1]]);
    }));
    // Ed25519 has one signature for each key and text: we sign the bytes that Go signed.
    trials.push(trial(name("skey"), move || {
        let key = SigningKey::parse(&secret).unwrap();
        assert_eq!(*key.to_secret_text(), secret);
        assert_eq!(key.verifier(), &signer);
        let ours = Note::sign(signed.text(), &[&key]).unwrap();
        assert_eq!(ours.signatures(), &signed.signatures()[..1]);
    }));
    trials
}

/// One key of each type; that of type 0x06 has a wrong id as published.
fn vkeys(vector: &Value) -> Vec<Trial> {
    let of_type = |vector: &Value| {
        let kind = u8::try_from(number(&vector["type"])).unwrap();
        let good = vector["key_id_ok"].as_bool().unwrap();
        let vkey = text(&vector["vkey"]).to_owned();
        trial(
            format!("transcribed/vkeys/type-{kind:02x}"),
            move || match VerifierKey::parse(&vkey) {
                Ok(key) => assert_eq!(
                    (good, kind, vkey),
                    (true, key.kind().byte(), key.to_string())
                ),
                Err(error) => assert!(!good && matches!(error, KeyError::Id { .. }), "{error}"),
            },
        )
    };
    vector.as_array().unwrap().iter().map(of_type).collect()
}

fn cosignatures(vector: &Value) -> Vec<Trial> {
    let of_case = |case: &Value| {
        let key = VerifierKey::parse(text(&case["vkey"])).unwrap();
        let note = text(&case["note"]).to_owned();
        let name = key.name().to_string();
        trial(
            format!("transcribed/cosignature_v1_ed25519/{name}"),
            move || {
                let read = Note::parse(note.as_bytes()).unwrap();
                assert_eq!(read.to_string(), note);
                assert_eq!(Checkpoint::parse(read.text()).unwrap().head().size, 300);
                let keys = [key];
                assert_eq!(read.verify(&keys).unwrap(), [&keys[0]]);
                let line = read.signatures().last().unwrap();
                assert_eq!(keys[0].cosigned_at(line), Some(1_767_139_200));
                let changed = Note::parse(note.replace("\n300\n", "\n301\n").as_bytes()).unwrap();
                assert!(changed.verify(&keys).is_err());
            },
        )
    };
    vector["cases"]
        .as_array()
        .unwrap()
        .iter()
        .map(of_case)
        .collect()
}

/// Key id, seconds since 1970, signature.
fn timestamp(vector: Value) -> Trial {
    trial("transcribed/cosignature_timestamp", move || {
        let bytes = base64(&vector["base64"]);
        let seconds = bytes[4..].first_chunk().unwrap();
        assert_eq!(u64::from_be_bytes(*seconds), number(&vector["expected"]));
        assert_eq!(bytes.len(), 4 + 8 + 64);
    })
}

/// The recorded requests, each to a witness that has seen those before it. The first ended with a
/// cosignature; what was answered by 403 for an unknown origin then is 404 since tlog-witness v1.0.0.
fn litewitness(vector: &Value) -> Vec<Trial> {
    let vkey = text(&vector["log_vkey"]);
    let origin = VerifierKey::parse(vkey).unwrap().name().to_string();
    let requests = vector["requests"].as_array().unwrap();
    assert_eq!(requests.len(), 9);
    let bodies = requests.iter().map(|request| text(&request["body"]));
    let sequence = Arc::new(Sequence {
        log: vkey.to_owned(),
        secret: None,
        bodies: bodies.map(str::to_owned).collect(),
        answers: OnceLock::new(),
    });
    let mut trials = Vec::new();
    for (number, request) in requests.iter().enumerate() {
        let then = request["status_then"].as_u64().unwrap();
        let (_, note) = text(&request["body"]).split_once("\n\n").unwrap();
        let is_known = note.lines().next() == Some(&origin);
        let expected = if is_known { then } else { 404 };
        let name = format!("transcribed/litewitness_add_checkpoint/{}", number + 1);
        let sequence = Arc::clone(&sequence);
        trials.push(trial(name, move || {
            let answer = sequence.answer(number);
            assert_eq!(answer.status, expected, "{answer:?}");
        }));
    }
    trials
}

fn tlog_proof(foreign: &Path) -> [Trial; 3] {
    let vector = json(&foreign.join("transcribed/tessera_testdata_log.json"));
    let keys = [VerifierKey::parse(text(&vector["vkey"])).unwrap()];
    let file = foreign.join("transcribed/derived_tessera_leaf3.tlog-proof");
    let file = fs::read_to_string(file).unwrap();
    let proof = TlogProof::parse(file.as_bytes()).unwrap();
    let written = proof.to_string();
    let verifies = move |leaf: &[u8]| {
        let origin = keys[0].name().as_str();
        let checkpoint = Checkpoint::open(proof.checkpoint(), origin, &keys).unwrap();
        proof.verify(Hash::leaf(leaf), checkpoint.head()).is_ok()
    };
    let refuses = verifies.clone();
    let name = |case: &str| format!("transcribed/derived_tessera_leaf3/{case}");
    [
        trial(name("as-written"), move || assert_eq!(written, file)),
        trial(name("its-leaf"), move || assert!(verifies(b"four"))),
        trial(name("another-leaf"), move || assert!(!refuses(b"five"))),
    ]
}
