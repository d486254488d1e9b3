//! Our own vectors of C2SP formats, which the independent implementation made: `tests/vectors/c2sp`.
//!
//! Those of type 0x06 have `mldsa_44` in their names.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::slice;
use std::sync::{Arc, OnceLock};

use ledgerline::log::{
    Checkpoint, CosigningKey, Hash, Note, NoteSignature, Policy, SignatureType, SigningKey,
    TlogProof, VerifierKey,
};
use ledgerline_tests::tiles;
use libtest_mimic::Trial;
use serde_json::Value;

use super::files::{json, number, text, texts};
use super::trial;
use super::witness::Sequence;

pub(crate) fn trials() -> Vec<Trial> {
    let folder = ledgerline_tests::root().join("tests/vectors/c2sp");
    let mut trials = Vec::new();
    trials.extend(keys(&folder));
    trials.extend(proofs(&folder));
    trials.extend(cosignatures(&folder));
    trials.extend(small_trees(&folder));
    trials.extend(large_trees(&folder));
    trials.extend(witness(&folder));
    trials
}

fn is_supported(vkey: &str) -> bool {
    VerifierKey::parse(vkey).unwrap().kind().is_supported()
}

/// A part of the names of vectors of type 0x06.
fn scheme(vkey: &str) -> &'static str {
    match VerifierKey::parse(vkey).unwrap().kind() {
        SignatureType::CosignatureMlDsa44 => "mldsa_44/",
        _ => "",
    }
}

/// Both text forms of each key, read and written.
fn keys(folder: &Path) -> Vec<Trial> {
    let vector = json(&folder.join("keys.json"));
    let of_key = |key: &Value| {
        let (vkey, secret) = (
            text(&key["vkey"]).to_owned(),
            text(&key["secret"]).to_owned(),
        );
        let name = format!("c2sp/keys/{}{}", scheme(&vkey), text(&key["name"]));
        is_supported(&vkey).then(|| {
            trial(name, move || {
                let key = VerifierKey::parse(&vkey).unwrap();
                assert_eq!(key.to_string(), vkey);
                let (verifier, again) = match key.kind() {
                    SignatureType::Ed25519 => {
                        let key = SigningKey::parse(&secret).unwrap();
                        (key.verifier().clone(), key.to_secret_text())
                    }
                    _ => {
                        let key = CosigningKey::parse(&secret).unwrap();
                        (key.verifier().clone(), key.to_secret_text())
                    }
                };
                assert_eq!((verifier, again.as_str()), (key, secret.as_str()));
            })
        })
    };
    let keys = vector["keys"].as_array().unwrap();
    keys.iter().filter_map(of_key).collect()
}

fn proofs(folder: &Path) -> Vec<Trial> {
    let folder = folder.join("proofs");
    let vector = json(&folder.join("index.json"));
    let log = text(&vector["log"]).to_owned();
    let witnesses: Vec<String> = texts(&vector["witnesses"])
        .filter(|vkey| is_supported(vkey))
        .map(str::to_owned)
        .collect();
    let mut lines = format!("log {log}\n");
    for (number, vkey) in witnesses.iter().enumerate() {
        lines.push_str(&format!("witness w{number} {vkey}\n"));
    }
    lines.push_str("quorum none\n");
    let mut trials = Vec::new();
    for (kind, check) in [("good", good_proof as fn(&Proof)), ("bad", bad_proof)] {
        for vector in vector[kind].as_array().unwrap() {
            let file = text(&vector["file"]);
            let proof = Proof {
                bytes: fs::read(folder.join(file)).unwrap(),
                policy: Policy::parse(lines.as_bytes()).unwrap(),
                log: VerifierKey::parse(&log).unwrap(),
                vector: vector.clone(),
            };
            let name = format!("c2sp/proofs/{}", file.trim_end_matches(".tlog-proof"));
            trials.push(trial(name, move || check(&proof)));
        }
    }
    trials
}

struct Proof {
    bytes: Vec<u8>,
    policy: Policy,
    log: VerifierKey,
    vector: Value,
}

fn good_proof(proof: &Proof) {
    let read = TlogProof::parse(&proof.bytes).unwrap();
    assert_eq!(read.to_string().as_bytes(), proof.bytes);
    let examined = proof.policy.examine(read.checkpoint()).unwrap();
    let head = examined.checkpoint.head();
    assert_eq!(head.size, number(&proof.vector["size"]));
    assert_eq!(head.root.to_string(), text(&proof.vector["root"]));
    let leaf = text(&proof.vector["leaf"]).as_bytes();
    assert_eq!(read.verify(Hash::leaf(leaf), head), Ok(()));
    let cosigned = number(&proof.vector["cosignatures"]) as usize;
    // Lines of type 0x06 are those of a stranger to who cannot verify them.
    let unknown = proof.policy.witnesses().len() < 3 && cosigned == 3;
    assert_eq!(examined.cosigned.len(), cosigned - usize::from(unknown));
}

/// Each is refused at its step, and not before.
fn bad_proof(proof: &Proof) {
    let refused_at = text(&proof.vector["refused_at"]);
    let read = TlogProof::parse(&proof.bytes);
    assert_eq!(read.is_err(), refused_at == "parse", "{read:?}");
    let Ok(read) = read else { return };
    let origin = proof.log.name().as_str();
    let opened = Checkpoint::open(read.checkpoint(), origin, slice::from_ref(&proof.log));
    assert_eq!(opened.is_err(), refused_at == "checkpoint", "{opened:?}");
    let Ok(checkpoint) = opened else { return };
    let examined = proof.policy.examine(read.checkpoint());
    assert_eq!(
        examined.is_err(),
        refused_at == "cosignature",
        "{examined:?}"
    );
    if examined.is_err() {
        return;
    }
    let leaf = Hash::leaf(text(&proof.vector["leaf"]).as_bytes());
    let verified = read.verify(leaf, checkpoint.head());
    assert_eq!(verified.is_err(), refused_at == "inclusion", "{verified:?}");
}

fn cosignatures(folder: &Path) -> Vec<Trial> {
    let vector = json(&folder.join("cosignatures.json"));
    let keys = json(&folder.join("keys.json"));
    let mut trials = Vec::new();
    for (kind, good) in [("good", true), ("bad", false)] {
        for case in vector[kind].as_array().unwrap() {
            let (case, vkey) = (case.clone(), text(&case["vkey"]).to_owned());
            if !is_supported(&vkey) {
                continue;
            }
            let mut secrets = keys["keys"].as_array().unwrap().iter();
            let key = secrets.find(|key| key["vkey"] == vkey.as_str()).unwrap();
            let secret = text(&key["secret"]).to_owned();
            let name = format!(
                "c2sp/cosignatures/{}{kind}/{}",
                scheme(&vkey),
                text(&case["name"])
            );
            trials.push(trial(name, move || cosignature(&case, &secret, good)));
        }
    }
    trials
}

fn cosignature(case: &Value, secret: &str, good: bool) {
    let (checkpoint, line) = (text(&case["checkpoint"]), text(&case["line"]));
    let keys = [VerifierKey::parse(text(&case["vkey"])).unwrap()];
    let note = Note::parse(format!("{checkpoint}\n{line}").as_bytes()).unwrap();
    assert_eq!(note.verify(&keys).is_ok(), good);
    if !good {
        return;
    }
    let line = NoteSignature::parse(line.trim_end()).unwrap();
    let time = number(&case["time"]);
    assert_eq!(keys[0].cosigned_at(&line), Some(time));
    // We make the same bytes: Ed25519 leaves no choice, and our ML-DSA takes none.
    let key = CosigningKey::parse(secret).unwrap();
    let checkpoint = Checkpoint::parse(checkpoint).unwrap();
    assert_eq!(key.cosign(&checkpoint, time), Ok(line));
}

fn leaves(size: u64) -> (Vec<Vec<u8>>, Vec<Hash>) {
    let entries: Vec<Vec<u8>> = (0..size).map(|index| index.to_string().into()).collect();
    let leaves = entries.iter().map(|entry| Hash::leaf(entry)).collect();
    (entries, leaves)
}

/// Tiles and entry bundles as we make them.
fn served(entries: &[Vec<u8>], leaves: &[Hash]) -> BTreeMap<String, Vec<u8>> {
    let mut files = tiles::files(&tiles::tree(leaves), leaves);
    let level_0: Vec<String> = files
        .keys()
        .filter_map(|path| path.strip_prefix("tile/0/").map(str::to_owned))
        .collect();
    for (path, entries) in level_0.iter().zip(entries.chunks(256)) {
        let bundle = entries.iter().flat_map(|entry| {
            let length = u16::try_from(entry.len()).unwrap().to_be_bytes();
            [&length[..], entry].concat()
        });
        files.insert(format!("tile/entries/{path}"), bundle.collect());
    }
    files
}

/// The checkpoint's root is that of the tree, and the log's key makes the same note.
fn check_checkpoint(folder: &Path, note: &[u8], leaves: &[Hash]) {
    let keys = json(&folder.join("keys.json"));
    let key = SigningKey::parse(text(&keys["keys"][0]["secret"])).unwrap();
    let head = tiles::tree(leaves).head();
    let checkpoint = Checkpoint::new(key.verifier().name().as_str(), head).unwrap();
    let signed = Note::sign(&checkpoint.to_string(), &[&key]).unwrap();
    assert_eq!(signed.to_string().as_bytes(), note);
}

/// Every file of the tree and no other.
fn small_trees(folder: &Path) -> Vec<Trial> {
    let of_size = |size: u64| {
        let folder = folder.to_owned();
        trial(format!("c2sp/trees/{size}"), move || {
            let tree = folder.join(format!("trees/{size}"));
            let (entries, leaves) = leaves(size);
            let mut expected = served(&entries, &leaves);
            let checkpoint = fs::read(tree.join("checkpoint")).unwrap();
            check_checkpoint(&folder, &checkpoint, &leaves);
            expected.insert("checkpoint".to_owned(), checkpoint);
            assert!(read_all(&tree, &tree) == expected);
        })
    };
    [0, 1, 2, 255, 256, 257, 511, 512, 513].map(of_size).into()
}

fn large_trees(folder: &Path) -> Vec<Trial> {
    let of_size = |size: u64| {
        let folder = folder.to_owned();
        trial(format!("c2sp/trees/{size}"), move || {
            let vector = json(&folder.join(format!("trees/{size}.json")));
            assert_eq!(number(&vector["size"]), size);
            let (entries, leaves) = leaves(size);
            check_checkpoint(&folder, text(&vector["checkpoint"]).as_bytes(), &leaves);
            let root = tiles::tree(&leaves).root().to_string();
            assert_eq!(root, text(&vector["root"]));
            let files = served(&entries, &leaves).into_iter();
            let digest = |bytes: Vec<u8>| ledgerline_tests::hex(Hash::of(&bytes).as_bytes());
            let found: BTreeMap<String, String> =
                files.map(|(path, bytes)| (path, digest(bytes))).collect();
            let expected: BTreeMap<String, String> =
                serde_json::from_value(vector["sha256"].clone()).unwrap();
            assert_eq!(found, expected);
        })
    };
    [65_535, 65_536, 65_537, 70_000].map(of_size).into()
}

fn read_all(folder: &Path, root: &Path) -> BTreeMap<String, Vec<u8>> {
    let mut files = BTreeMap::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path: PathBuf = entry.unwrap().path();
        if path.is_dir() {
            files.extend(read_all(&path, root));
        } else {
            let inside = path.strip_prefix(root).unwrap().to_str().unwrap();
            files.insert(inside.replace('\\', "/"), fs::read(&path).unwrap());
        }
    }
    files
}

/// One test for each request, after those before it.
fn witness(folder: &Path) -> Vec<Trial> {
    let vector = json(&folder.join("witness.json"));
    let secret = text(&vector["witness_secret"]);
    let key = CosigningKey::parse(secret).unwrap().verifier().clone();
    let mut trials = Vec::new();
    for vectors in vector["sequences"].as_array().unwrap() {
        let requests = vectors["requests"].as_array().unwrap();
        let bodies = requests.iter().map(|request| text(&request["body"]));
        let sequence = Arc::new(Sequence {
            log: text(&vector["log"]).to_owned(),
            secret: Some(secret.to_owned()),
            bodies: bodies.map(str::to_owned).collect(),
            answers: OnceLock::new(),
        });
        for (number, request) in requests.iter().enumerate() {
            let name = format!("c2sp/witness/{}/{}", text(&vectors["name"]), number + 1);
            let (sequence, request, key) = (Arc::clone(&sequence), request.clone(), key.clone());
            trials.push(trial(name, move || {
                let answer = sequence.answer(number);
                let what = format!("{}: {answer:?}", request["what"]);
                assert_eq!(answer.status, self::number(&request["status"]), "{what}");
                if let Some(expected) = request["answer"].as_str() {
                    assert_eq!(answer.body, expected);
                    assert_eq!(answer.content_type, text(&request["content_type"]));
                }
                if answer.status == 200 {
                    let (_, note) = text(&request["body"]).split_once("\n\n").unwrap();
                    let note = format!("{note}{}", answer.body);
                    let note = Note::parse(note.as_bytes()).unwrap();
                    assert_eq!(note.verify(slice::from_ref(&key)).unwrap(), [&key]);
                }
            }));
        }
    }
    trials
}
