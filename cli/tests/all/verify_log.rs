//! `verify` of what a log gives out: proofs of foreign logs, pairs of checkpoints with tiles or a
//! proof, and what a policy asks for. Each check has a case that fails by it alone.
#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    clippy::cast_possible_truncation,
    reason = "tests"
)]

use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};

use crate::common::{Place, Ran, events, skip};
use ledgerline::log::{
    AddCheckpoint, Checkpoint, CosigningKey, Hash, KeyName, LeafIndex, Note, SignatureType,
    SigningKey, TlogProof, TreeHead, prove_consistency, root_of,
};
use ledgerline::time::Period;
use ledgerline_cli::ledger::LedgerWriter;

const ORIGIN: &str = "log.example/a";

/// A new ledger; gives its verifier key.
fn init(place: &Place, name: &str) -> String {
    let period = Period::parse("2026-04").unwrap();
    let key = ledgerline_cli::ledger::create(&place.path(name), crate::common::ORIGIN, period);
    key.unwrap().to_string()
}

#[track_caller]
fn ends(ran: &Ran, code: i32, words: &[&str]) {
    assert_eq!(ran.code, code, "{}{}", ran.out, ran.err);
    for word in words {
        assert!(ran.out.contains(word), "expected {word:?} in {}", ran.out);
    }
}

/// Foreign vectors beside the workspace.
fn vectors() -> Option<PathBuf> {
    let vectors = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../shared/vectors");
    if !vectors.is_dir() {
        skip("../shared/vectors absent");
        return None;
    }
    Some(vectors)
}

fn tessera(vectors: &Path) -> String {
    let text = fs::read(vectors.join("transcribed/tessera_testdata_log.json")).unwrap();
    let json: serde_json::Value = serde_json::from_slice(&text).unwrap();
    json["vkey"].as_str().unwrap().to_owned()
}

#[test]
fn a_foreign_proof_verifies_with_its_leaf() {
    let Some(vectors) = vectors() else { return };
    let place = Place::new();
    let name = "derived_tessera_leaf3.tlog-proof";
    fs::copy(vectors.join("transcribed").join(name), place.path(name)).unwrap();
    place.write("key", tessera(&vectors));
    place.write("four", "four");
    place.write("five", "five");
    let verify = |words: &str| place.run(&format!("verify {name} {words}"));
    ends(
        &verify("--key key --leaf four"),
        0,
        &["VERIFIED", "leaf number 3 of the 15"],
    );
    ends(
        &verify("--key key --leaf five"),
        1,
        &["[FAIL] proof.inclusion"],
    );
    ends(
        &verify("--key key"),
        3,
        &["[skip] proof.inclusion", "--leaf"],
    );
    ends(&verify("--leaf four"), 3, &["[skip] checkpoint.signature"]);
    place.run("verify key --leaf four").refused(&["key"]);
    let ran = place.run(&format!("verify {name} {name} --leaf four"));
    ran.refused(&["--leaf", "one proof", "found 2"]);
}

#[test]
fn a_foreign_logs_checkpoints_pair_up_with_its_tiles() {
    let Some(vectors) = vectors() else { return };
    let place = Place::new();
    let log = vectors.join("tessera/testdata/log");
    place.write("key", tessera(&vectors));
    let tiles = log.display();
    for (old, new) in [(0, 15), (1, 2), (3, 15), (7, 8), (14, 15), (15, 15), (9, 4)] {
        let files = format!("verify {tiles}/checkpoint.{old} {tiles}/checkpoint.{new} --key key");
        ends(
            &place.run(&format!("{files} --tiles {tiles}")),
            0,
            &["VERIFIED"],
        );
        // Equal trees, and the empty one, need no tiles.
        let needs_none = old == new || old == 0;
        let code = if needs_none { 0 } else { 3 };
        ends(&place.run(&files), code, &["checkpoint.consistency"]);
    }
    // One after the other, in whatever order.
    let files: Vec<String> = [9, 2, 15].map(|n| format!("{tiles}/checkpoint.{n}")).into();
    let ran = place.run(&format!(
        "verify {} --key key --tiles {tiles}",
        files.join(" ")
    ));
    ends(
        &ran,
        0,
        &[
            "checkpoint.2 and checkpoint.9",
            "checkpoint.9 and checkpoint.15",
        ],
    );
}

/// A small log with two keys of one origin, of which the operator uses one.
struct Log {
    key: SigningKey,
    leaves: Vec<Hash>,
}

impl Log {
    fn new(count: u8) -> Log {
        let name = KeyName::parse(ORIGIN).unwrap();
        Log {
            key: SigningKey::from_seed(name, &[1; 32]),
            leaves: (0..count).map(|n| Hash::leaf(&[n])).collect(),
        }
    }

    fn root(&self, from: u64, to: u64) -> Hash {
        root_of(&self.leaves[from as usize..to as usize])
    }

    fn head(&self, size: u64) -> TreeHead {
        let root = self.root(0, size);
        TreeHead { size, root }
    }

    fn sign(&self, head: TreeHead) -> Note {
        let checkpoint = Checkpoint::new(ORIGIN, head).unwrap();
        Note::sign(&checkpoint.to_string(), &[&self.key]).unwrap()
    }

    fn proof(&self, old: u64, new: u64) -> Vec<Hash> {
        prove_consistency(old, new, &mut |from, to| self.root(from, to)).unwrap()
    }

    /// The tree of a size as tiles, below 256 leaves.
    fn write_tiles(&self, place: &Place, dir: &str, size: u64) {
        let hashes = &self.leaves[..size as usize];
        let bytes: Vec<u8> = hashes.iter().flat_map(|hash| *hash.as_bytes()).collect();
        place.write(&format!("{dir}/tile/0/000.p/{size}"), bytes);
    }
}

fn lines(proof: &[Hash]) -> String {
    proof.iter().map(|hash| format!("{hash}\n")).collect()
}

fn place_of(log: &Log) -> Place {
    let place = Place::new();
    place.write("key", log.key.verifier().to_string());
    for size in [5, 9, 13] {
        place.write(&format!("cp{size}"), log.sign(log.head(size)).to_string());
        log.write_tiles(&place, "tiles", size);
    }
    place
}

#[test]
fn a_proof_shows_consistency_and_a_wrong_one_does_not() {
    let log = Log::new(13);
    let place = place_of(&log);
    let body = |old: u64, new: u64| AddCheckpoint {
        old_size: old,
        proof: log.proof(old, new),
        note: log.sign(log.head(new)),
    };
    place.write("lines", lines(&log.proof(5, 13)));
    place.write("body", body(5, 13).to_string());
    for proof in ["lines", "body"] {
        let ran = place.run(&format!("verify cp13 cp5 --key key --proof {proof}"));
        ends(&ran, 0, &["VERIFIED", "first 5 of the 13"]);
    }
    place.write("other", lines(&log.proof(9, 13)));
    let mut changed = log.proof(5, 13);
    changed[1] = Hash::of(b"");
    place.write("changed", lines(&changed));
    for proof in ["other", "changed"] {
        let ran = place.run(&format!("verify cp13 cp5 --key key --proof {proof}"));
        ends(&ran, 1, &["[FAIL] checkpoint.consistency"]);
        assert!(!ran.out.contains("a fork"), "{}", ran.out);
    }
    place.write("body-9", body(9, 13).to_string());
    place.write("body-other", body(5, 9).to_string());
    place.write("nonsense", "AAAA\n");
    place.write("long", lines(&[Hash::of(b""); 64]));
    for proof in ["body-9", "body-other", "nonsense", "long"] {
        let ran = place.run(&format!("verify cp13 cp5 --key key --proof {proof}"));
        ran.refused(&[proof, "expected"]);
    }
    place
        .run("verify cp13 cp5 cp9 --key key --proof lines")
        .refused(&["--proof", "found 3"]);
    place
        .run("verify cp13 --key key --proof lines")
        .refused(&["--proof"]);
    // Checkpoints of two logs are no pair: each is verified alone. A key named after the one does not
    // vouch for the other.
    let other = Checkpoint::new("log.example/b", log.head(5)).unwrap();
    let other = Note::sign(&other.to_string(), &[&log.key]).unwrap();
    place.write("other-log", other.to_string());
    let ran = place.run("verify other-log cp13 --key key");
    ends(&ran, 3, &["other-log: INCOMPLETE", "cp13: VERIFIED"]);
}

#[test]
fn a_fork_is_found_and_both_notes_are_named() {
    let log = Log::new(13);
    let place = place_of(&log);
    let run = |words: &str| place.run(&format!("verify {words}"));
    ends(&run("cp5 cp13 --key key --tiles tiles"), 0, &["VERIFIED"]);
    // Another tree of the same size.
    let root = Hash::of(b"another tree");
    let signed = |size| log.sign(TreeHead { size, root }).to_string();
    place.write("fork13", signed(13));
    let ran = run("cp13 fork13 --key key");
    ends(
        &ran,
        1,
        &["a fork", "cp13", "fork13", "[FAIL] checkpoint.consistency"],
    );
    // An earlier tree that the later one does not begin with.
    place.write("fork5", signed(5));
    let ran = run("fork5 cp13 --key key --tiles tiles");
    ends(
        &ran,
        1,
        &["a fork", "fork5", "[FAIL] checkpoint.consistency"],
    );
    // An empty tree that is none.
    place.write("fork0", signed(0));
    let ran = run("fork0 cp13 --key key");
    ends(&ran, 1, &["[FAIL] checkpoint.consistency"]);
    // Tiles of another tree show nothing, and accuse nobody.
    Log::new(14).write_tiles(&place, "short", 13);
    let path = place.path("short/tile/0/000.p/13");
    let mut bytes = fs::read(&path).unwrap();
    bytes[100] ^= 1;
    fs::write(path, bytes).unwrap();
    let ran = run("cp5 cp13 --key key --tiles short");
    ends(
        &ran,
        3,
        &["[skip] checkpoint.consistency", "not those of the newer"],
    );
    run("cp5 cp13 --key key --tiles nowhere").refused(&["nowhere", "tile"]);
    place.write("few/tile/0/000.p/5", [0; 160]);
    run("cp5 cp13 --key key --tiles few").refused(&["tile/0/000.p/13"]);

    // Whoever did not sign both is not accused of a fork.
    let stranger = SigningKey::from_seed(KeyName::parse(ORIGIN).unwrap(), &[2; 32]);
    let other = Checkpoint::new(ORIGIN, TreeHead { size: 13, root }).unwrap();
    let other = Note::sign(&other.to_string(), &[&stranger]).unwrap();
    place.write("forged13", other.to_string());
    let ran = run("cp13 forged13 --key key");
    ends(
        &ran,
        1,
        &["[FAIL] checkpoint.signature", "these files show"],
    );
    assert!(!ran.out.contains("a fork"), "{}", ran.out);
    for files in ["cp5 forged13", "forged13 cp5"] {
        let ran = run(&format!("{files} --key key"));
        ends(&ran, 1, &["[FAIL] checkpoint.signature"]);
    }
    let older = Checkpoint::new(ORIGIN, log.head(5)).unwrap();
    let older = Note::sign(&older.to_string(), &[&stranger]).unwrap();
    place.write("forged5", older.to_string());
    let ran = run("forged5 cp13 --key key --tiles tiles");
    ends(
        &ran,
        1,
        &[
            "[FAIL] checkpoint.signature",
            "[ ok ] checkpoint.consistency",
        ],
    );
}

#[test]
fn a_ledger_itself_and_its_served_tiles_show_consistency() {
    let place = Place::new();
    let vkey = init(&place, "ledger");
    place.write("key", vkey);
    let all = events(66_300);
    let mut writer = LedgerWriter::open(&place.path("ledger")).unwrap();
    for part in [&all[..300], &all[300..66_000], &all[66_000..]] {
        writer.append(part).unwrap();
        writer.publish().unwrap();
    }
    drop(writer);
    let files = ["300", "66000", "66300"].map(|size| format!("ledger/checkpoints/{size}"));
    place.run("tiles ledger --out served").fine();
    for tiles in ["ledger", "served"] {
        for (old, new) in [(0, 2), (1, 2)] {
            let words = format!("verify {} {} --key key", files[old], files[new]);
            ends(
                &place.run(&format!("{words} --tiles {tiles}")),
                0,
                &["VERIFIED"],
            );
        }
    }

    // A ledger that is behind, or another one, shows nothing.
    init(&place, "other");
    let mut writer = LedgerWriter::open(&place.path("other")).unwrap();
    for part in [&all[..100], &all[100..400]] {
        writer.append(part).unwrap();
        writer.publish().unwrap();
    }
    drop(writer);
    let (first, second) = (&files[0], &files[1]);
    for (older, newer, why) in [
        (first.as_str(), second, "newest checkpoint covers 400"),
        ("other/checkpoints/100", first, "expected the root"),
    ] {
        let ran = place.run(&format!("verify {older} {newer} --tiles other"));
        ends(&ran, 3, &["[skip] checkpoint.consistency", why]);
    }
}

#[test]
fn a_policy_asks_for_witnesses_of_checkpoints_and_proofs() {
    let log = Log::new(13);
    let place = place_of(&log);
    let witness = |name: &str, seed: u8| {
        let name = KeyName::parse(name).unwrap();
        CosigningKey::from_seed(name, SignatureType::CosignatureEd25519, &[seed; 32]).unwrap()
    };
    let (one, two) = (witness("w1", 11), witness("w2", 12));
    let policy = format!(
        "log {}\nwitness one {}\nwitness two {}\ngroup any1 any one two\nquorum any1\n",
        log.key.verifier(),
        one.verifier(),
        two.verifier()
    );
    place.write("policy", &policy);
    let mut cosigned = log.sign(log.head(13));
    let checkpoint = Checkpoint::parse(cosigned.text()).unwrap();
    cosigned
        .add(two.cosign(&checkpoint, 1_777_777_777).unwrap())
        .unwrap();
    place.write("cosigned13", cosigned.to_string());
    let run = |words: &str| place.run(&format!("verify {words} --policy policy"));
    ends(
        &run("cosigned13"),
        0,
        &["two at 2026-05-03T03:09:37Z", "witnesses you trust"],
    );
    ends(
        &run("cp13"),
        3,
        &[
            "[skip] checkpoint.quorum",
            "one and two",
            "signed by the key you trust, but too few of the witnesses",
        ],
    );
    // The newer one's witnesses have seen all before it.
    ends(
        &run("cp5 cosigned13 --tiles tiles"),
        0,
        &["[ ok ] checkpoint.quorum"],
    );
    ends(
        &run("cp5 cp13 --tiles tiles"),
        3,
        &["[skip] checkpoint.quorum"],
    );
    // A false cosignature.
    let other = Checkpoint::new(ORIGIN, log.head(9)).unwrap();
    let mut forged = cosigned.clone();
    forged
        .add(one.cosign(&other, 1_777_777_777).unwrap())
        .unwrap();
    place.write("forged13", forged.to_string());
    ends(
        &run("forged13"),
        1,
        &["[FAIL] checkpoint.quorum", "a cosignature that claims"],
    );
    // In a proof the checkpoint inside counts.
    let path = [log.root(0, 8), log.root(8, 12)];
    place.write("leaf", [12]);
    for (note, code) in [(&cosigned, 0), (&log.sign(log.head(13)), 3), (&forged, 1)] {
        let path = path.iter().rev().copied().collect();
        let proof = TlogProof::new(LeafIndex(12), path, note.clone(), None).unwrap();
        place.write("p", proof.to_string());
        ends(
            &run("p --leaf leaf"),
            code,
            &["checkpoint.quorum", "[ ok ] proof.inclusion"],
        );
    }

    // What is no policy, and what is no service's key.
    place.write("cut", policy.trim_end());
    place.write("bad", policy.replace("any1 any", "any1 3"));
    place.write("witness.key", one.verifier().to_string());
    place
        .run("verify cp13 --policy cut")
        .refused(&["cut", "newline"]);
    place
        .run("verify cp13 --policy bad")
        .refused(&["bad", "line 4"]);
    place
        .run("verify cp13 --policy absent")
        .refused(&["absent"]);
    place
        .run("verify cp13 --key witness.key")
        .refused(&["witness.key", "line 1", "0x04"]);
    // Key and policy together: the key vouches where the policy does not know the log.
    place.write(
        "no-logs",
        policy
            .lines()
            .skip(1)
            .fold(String::new(), |a, l| a + l + "\n"),
    );
    ends(
        &place.run("verify cosigned13 --policy no-logs"),
        3,
        &["no log with the origin"],
    );
    ends(
        &place.run("verify cosigned13 --policy no-logs --key key"),
        0,
        &["VERIFIED"],
    );
}

#[test]
fn a_leaf_of_54_bytes_that_is_no_event_is_a_finding() {
    let place = Place::new();
    let key = SigningKey::from_seed(KeyName::parse(ORIGIN).unwrap(), &[1; 32]);
    let leaf = vec![0; 54];
    let root = Hash::leaf(&leaf);
    let checkpoint = Checkpoint::new(ORIGIN, TreeHead { size: 1, root }).unwrap();
    let note = Note::sign(&checkpoint.to_string(), &[&key]).unwrap();
    let proof = TlogProof::new(LeafIndex(0), vec![], note, Some(leaf.clone())).unwrap();
    place.write("p", proof.to_string());
    place.write("leaf", leaf);
    place.write("key", key.verifier().to_string());
    ends(
        &place.run("verify p --key key"),
        1,
        &["[ ok ] proof.inclusion", "[FAIL] proof.record"],
    );
    // As another log's leaf it may be anything.
    let ran = place.run("verify p --key key --leaf leaf");
    ends(&ran, 0, &["VERIFIED"]);
    assert!(!ran.out.contains("proof.record"), "{}", ran.out);
}

/// Two services' keys in one file, as a reader of both has.
#[test]
fn one_services_key_forges_no_other_services_log() {
    let log = Log::new(13);
    let place = place_of(&log);
    let other = SigningKey::from_seed(KeyName::parse("log.example/b").unwrap(), &[2; 32]);
    let root = Hash::of(b"another tree");
    let cross = Checkpoint::new(ORIGIN, TreeHead { size: 13, root }).unwrap();
    let cross = Note::sign(&cross.to_string(), &[&other]).unwrap();
    place.write("cross", cross.to_string());
    let both = format!("{}\n{}\n", log.key.verifier(), other.verifier());
    place.write("both", both);
    let ran = place.run("verify cross --key both");
    ends(&ran, 1, &["[FAIL] checkpoint.signature"]);
    let ran = place.run("verify cp13 cross --key both");
    ends(
        &ran,
        1,
        &["[FAIL] checkpoint.signature", "these files show"],
    );
    assert!(!ran.out.contains("a fork"), "{}", ran.out);
    // A log that neither is named after: nothing is vouched for, and nobody is accused.
    let third = Checkpoint::new("log.example/c", log.head(13)).unwrap();
    let third = Note::sign(&third.to_string(), &[&other]).unwrap();
    place.write("third", third.to_string());
    let ran = place.run("verify third --key both");
    let names = "log.example/a and log.example/b";
    ends(
        &ran,
        3,
        &["[skip] checkpoint.signature", names, "log.example/c"],
    );
    // With one name the reader can mean no other log.
    place.write("other", other.verifier().to_string());
    ends(&place.run("verify third --key other"), 0, &["VERIFIED"]);
}

#[test]
fn a_fork_is_found_among_files_of_any_kinds() {
    let log = Log::new(13);
    let place = place_of(&log);
    let proof = |note: Note| {
        let path = [log.root(8, 12), log.root(0, 8)].to_vec();
        TlogProof::new(LeafIndex(12), path, note, None).unwrap()
    };
    let root = Hash::of(b"another tree");
    let fork = log.sign(TreeHead { size: 13, root });
    place.write("good", proof(log.sign(log.head(13))).to_string());
    place.write("forged", proof(fork.clone()).to_string());
    place.write("fork", fork.to_string());
    place.write("deeper/cp13", fork.to_string());
    let other = Checkpoint::new("log.example/b", log.head(5)).unwrap();
    let other = Note::sign(&other.to_string(), &[&log.key]).unwrap();
    place.write("another", other.to_string());
    for files in [
        "good fork",
        "good forged",
        "forged cp13",
        "cp13 fork good",
        "cp13 fork another",
        "cp13 cp5 forged",
    ] {
        let ran = place.run(&format!("verify {files} --key key"));
        ends(
            &ran,
            1,
            &["[FAIL] checkpoint.consistency", "a fork", "keep both files"],
        );
        // Of each kind of contradiction one report.
        assert_eq!(
            ran.out.matches("error checkpoint.consistency").count(),
            1,
            "{}",
            ran.out
        );
    }
    // Files of one name are told apart by their paths.
    let ran = place.run("verify cp13 deeper/cp13 --key key");
    ends(&ran, 1, &["deeper/cp13"]);
    // Whoever did not sign both is accused of nothing.
    let stranger = SigningKey::from_seed(KeyName::parse(ORIGIN).unwrap(), &[2; 32]);
    let text = Checkpoint::new(ORIGIN, TreeHead { size: 13, root }).unwrap();
    let strange = Note::sign(&text.to_string(), &[&stranger]).unwrap();
    place.write("strange", strange.to_string());
    place.write("leaf", [12]);
    let ran = place.run("verify good strange --key key --leaf leaf");
    ends(&ran, 1, &["strange: DISPUTED", "good: VERIFIED"]);
    assert!(!ran.out.contains("a fork"), "{}", ran.out);
}

#[test]
fn different_sizes_are_compared_with_tiles_and_named_without() {
    let log = Log::new(13);
    let place = place_of(&log);
    let path = [log.root(8, 12), log.root(0, 8)].to_vec();
    let proof = TlogProof::new(LeafIndex(12), path, log.sign(log.head(13)), None).unwrap();
    place.write("p", proof.to_string());
    place.write("leaf", [12]);
    let run = |words: &str| place.run(&format!("verify {words} --key key --leaf leaf"));
    let ran = run("p cp5");
    ends(&ran, 0, &["p: VERIFIED", "cp5: VERIFIED"]);
    for words in ["was not checked", "13 (the checkpoint in p)", "--tiles"] {
        assert!(ran.err.contains(words), "{}", ran.err);
    }
    // Two checkpoints are a pair, whatever stands beside them.
    ends(&run("p cp5 cp9"), 3, &["[skip] checkpoint.consistency"]);
    ends(&run("p cp5 --tiles tiles"), 0, &["cp5 and p: VERIFIED"]);
    place.write("lines", lines(&log.proof(5, 13)));
    ends(&run("p cp5 --proof lines"), 0, &["first 5 of the 13"]);
    let root = Hash::of(b"another tree");
    place.write("fork5", log.sign(TreeHead { size: 5, root }).to_string());
    ends(&run("p fork5 --tiles tiles"), 1, &["a fork", "fork5"]);
    ends(&run("p cp9 fork5 --tiles tiles"), 1, &["a fork", "fork5"]);
    run("p cp5 cp9 --proof lines").refused(&["--proof", "found 3"]);
    run("p --tiles tiles").refused(&["--tiles", "found 1"]);
}

#[test]
fn no_tree_without_leaves_has_another_root() {
    let log = Log::new(1);
    let place = Place::new();
    place.write("key", log.key.verifier().to_string());
    let root = Hash::of(b"another tree");
    place.write("bad", log.sign(TreeHead { size: 0, root }).to_string());
    place.write("good", log.sign(TreeHead::EMPTY).to_string());
    let ran = place.run("verify bad --key key");
    ends(&ran, 1, &["[FAIL] checkpoint.head"]);
    let ran = place.run("verify bad bad --key key");
    ends(&ran, 1, &["[FAIL] checkpoint.head"]);
    let ran = place.run("verify good --key key");
    let said = format!(
        "the log {ORIGIN} with 0 leaves and the root {}",
        TreeHead::EMPTY.root
    );
    ends(&ran, 0, &["[ ok ] checkpoint.head", &said]);
}

#[test]
fn a_record_in_the_extra_line_that_is_not_the_leaf_is_warned_of() {
    let log = Log::new(1);
    let place = Place::new();
    place.write("key", log.key.verifier().to_string());
    place.write("leaf", [0]);
    for (extra, is_warned) in [(vec![1; 54], true), (vec![1; 53], false)] {
        let note = log.sign(log.head(1));
        let proof = TlogProof::new(LeafIndex(0), vec![], note, Some(extra)).unwrap();
        place.write("p", proof.to_string());
        let ran = place.run("verify p --key key --leaf leaf");
        ends(&ran, 0, &["VERIFIED"]);
        assert_eq!(
            ran.out.contains("warning other-extra"),
            is_warned,
            "{}",
            ran.out
        );
    }
}

#[test]
fn what_a_stranger_wrote_does_not_drive_the_terminal() {
    let place = Place::new();
    let origin = "log.example/\u{202e}a\u{9b}2J";
    let key = SigningKey::from_seed(KeyName::parse(origin).unwrap(), &[1; 32]);
    let checkpoint = Checkpoint::new(origin, TreeHead::EMPTY).unwrap();
    let note = Note::sign(&checkpoint.to_string(), &[&key]).unwrap();
    place.write("cp", note.to_string());
    for words in ["verify cp", "verify cp --json", "verify cp cp --tiles none"] {
        let ran = place.run(words);
        let all = format!("{}{}", ran.out, ran.err);
        assert!(!all.contains(['\u{202e}', '\u{9b}']), "{all:?}");
    }
    let ran = place.run("verify cp");
    ends(&ran, 3, &["log.example/\\u{202e}a\\u{009b}2J"]);
}

#[test]
fn a_cosignature_without_a_time_counts_where_its_type_may_lack_one() {
    let log = Log::new(13);
    let place = place_of(&log);
    let name = KeyName::parse("w").unwrap();
    let kind = SignatureType::CosignatureMlDsa44;
    let witness = CosigningKey::from_seed(name, kind, &[11; 32]).unwrap();
    let head = log.head(13);
    let mut note = log.sign(head);
    note.add(witness.cosign_subtree(ORIGIN, 0, 13, head.root).unwrap())
        .unwrap();
    place.write("cosigned", note.to_string());
    let policy = format!(
        "log {}\nwitness w {}\nquorum w\n",
        log.key.verifier(),
        witness.verifier()
    );
    place.write("policy", policy);
    let ran = place.run("verify cosigned --policy policy");
    ends(&ran, 0, &["cosigned by w without a time"]);
    assert!(!ran.out.contains("1970"), "{}", ran.out);
}

#[test]
fn a_zipped_bundle_that_swells_is_refused() {
    let place = Place::new();
    let mut zip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
    zip.write_all(b"PK\x03\x04").unwrap();
    for _ in 0..20 {
        zip.write_all(&vec![0; 1 << 20]).unwrap();
    }
    place.write("bomb.llb.gz", zip.finish().unwrap());
    place
        .run("verify bomb.llb.gz")
        .refused(&["bomb.llb.gz", "inflates to more than"]);
}
