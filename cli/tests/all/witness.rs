//! The witness: every answer of the specification over HTTP and in process, one history of each log
//! whatever happens at once, evidence of forks, and nothing forgotten by a restart.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    clippy::cast_possible_truncation,
    reason = "tests"
)]

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::io::{Read, Write};
use std::net::TcpStream;
use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering};

use crate::common::{Place, copy};
use crate::served;
use crate::served::{Served, post, request_of};
use ledgerline::log::{
    AddCheckpoint, Checkpoint, CosigningKey, Hash, KeyName, MAX_REQUEST_BYTES, Note, NoteSignature,
    SignSubtree, SigningKey, Subtree, TreeHead, VerifierKey, prove_consistency,
    prove_subtree_consistency, root_of,
};
use ledgerline_cli::witness::{
    ALARM_SECONDS, Answer, LogEntry, LogList, MAX_PIECES, Witness, WitnessDir, WitnessError, create,
};

const ORIGIN: &str = "example.com/log";
const NAME: &str = "witness.example/w1";

fn key(seed: u8) -> SigningKey {
    SigningKey::from_seed(KeyName::parse(ORIGIN).unwrap(), &[seed; 32])
}

/// Leaves of the log, or of one that differs from leaf 3 on.
fn leaves(count: u64, forked: bool) -> Vec<Hash> {
    let other = |index: u64| u64::from(forked && index >= 3) << 32;
    (0..count)
        .map(|index| Hash::leaf(&(index + other(index)).to_be_bytes()))
        .collect()
}

fn head(all: &[Hash], size: u64) -> TreeHead {
    let root = root_of(&all[..size as usize]);
    TreeHead { size, root }
}

fn signed(head: TreeHead, seed: u8) -> Note {
    let text = Checkpoint::new(ORIGIN, head).unwrap().to_string();
    Note::sign(&text, &[&key(seed)]).unwrap()
}

fn request(all: &[Hash], old_size: u64, size: u64) -> AddCheckpoint {
    let mut subtree = |lo: u64, hi: u64| root_of(&all[lo as usize..hi as usize]);
    AddCheckpoint {
        old_size,
        proof: prove_consistency(old_size, size, &mut subtree).unwrap(),
        note: signed(head(all, size), 1),
    }
}

fn ask(witness: &Witness, request: &AddCheckpoint) -> Answer {
    witness.add_checkpoint(request.to_string().as_bytes(), 1_800_000_000)
}

/// A witness that follows [`ORIGIN`].
fn make(path: &Path, ml_dsa: bool) -> Vec<VerifierKey> {
    let keys = create(path, &KeyName::parse(NAME).unwrap(), ml_dsa).unwrap();
    follow(path, &key(1).verifier().to_string());
    keys
}

fn follow(path: &Path, vkey: &str) {
    let dir = WitnessDir::new(path);
    let mut logs = dir.read_logs().unwrap();
    logs.push(LogEntry::new(vkey, None, None).unwrap());
    dir.write_logs(&logs).unwrap();
}

/// The note with the lines of an answer, if these are cosignatures of it by all the keys.
fn cosigned(note: &Note, answer: &str, keys: &[VerifierKey]) -> Note {
    let mut note = note.clone();
    assert!(answer.ends_with('\n'));
    assert_eq!(answer.lines().count(), keys.len());
    for line in answer.lines() {
        note.add(NoteSignature::parse(line).unwrap()).unwrap();
    }
    assert_eq!(note.verify(keys).unwrap().len(), keys.len());
    note
}

#[test]
fn the_recorded_requests_of_litewitness_get_their_answers() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../../shared/vectors/transcribed/litewitness_add_checkpoint.json");
    let Ok(recorded) = fs::read(path) else {
        crate::common::skip("../shared/vectors is not there");
        return;
    };
    let recorded: serde_json::Value = serde_json::from_slice(&recorded).unwrap();
    let vkey = recorded["log_vkey"].as_str().unwrap();
    let place = Place::new();
    let init = place
        .run("witness init w --name example.com/witness --ml-dsa")
        .fine();
    assert_eq!(init.lines().count(), 2);
    place.run(&format!("witness add-log w {vkey}")).fine();
    let served = Served::start(&place, "w", &[]);
    for recorded in recorded["requests"].as_array().unwrap() {
        let body = recorded["body"].as_str().unwrap();
        let answer = served.add(body.as_bytes());
        let asserts = recorded["asserts"].as_str().unwrap();
        // An unknown origin is 404 since tlog-witness v1.0.0.
        let then = recorded["status_then"].as_u64().unwrap();
        let expected = if asserts.contains("unknown log") {
            404
        } else {
            then
        };
        assert_eq!(u64::from(answer.status), expected, "{body}{}", answer.body);
        let quoted: String = serde_json::from_str(&asserts[asserts.find('"').unwrap()..]).unwrap();
        if asserts.contains("==") {
            assert_eq!(answer.body, quoted);
        } else {
            assert!(answer.body.contains(&quoted), "{quoted} in {}", answer.body);
        }
    }
    served.stop();
}

#[test]
fn every_status_has_its_body_and_type_also_below_a_prefix() {
    let place = Place::new();
    let keys = make(&place.path("w"), true);
    let all = leaves(40, false);
    for arguments in [&[][..], &["--prefix", "/w1/"]] {
        let served = Served::start(&place, "w", arguments);
        let newest = served.newest(ORIGIN).status == 200;
        let from = if newest { 8 } else { 0 };
        let asked = request(&all, from, 8);
        let answer = served.add(asked.to_string().as_bytes());
        assert_eq!(
            (answer.status, &*answer.kind),
            (200, "text/plain; charset=utf-8")
        );
        let note = cosigned(&asked.note, &answer.body, &keys);
        for line in answer.body.lines() {
            let line = NoteSignature::parse(line).unwrap();
            let time = keys.iter().find_map(|key| key.cosigned_at(&line)).unwrap();
            assert!(time > 1_600_000_000, "{time}");
        }
        let stored = served.newest(ORIGIN);
        assert_eq!((stored.status, stored.body), (200, note.to_string()));

        let conflict = served.add(request(&all, 7, 9).to_string().as_bytes());
        assert_eq!((conflict.status, &*conflict.body), (409, "8\n"));
        assert_eq!(conflict.kind, "text/x.tlog.size");

        let mut unsigned = request(&all, 8, 13);
        unsigned.note = signed(head(&all, 13), 2);
        let mut too_old = request(&all, 8, 13);
        too_old.old_size = 14;
        let mut unproven = request(&all, 8, 13);
        unproven.proof.pop();
        let unknown = request(&all, 8, 13)
            .to_string()
            .replace("\nexample.com/log\n", "\nx\n");
        // Decided before anything about signatures.
        let unreadable = unknown.replace("\u{2014} ", "\u{2014}");
        for (body, status, words) in [
            (unsigned.to_string(), 403, "invalid signature"),
            (too_old.to_string(), 400, "old size"),
            (unproven.to_string(), 422, "consistency proof"),
            (unknown, 404, "unknown log"),
            (unreadable, 404, "unknown log"),
            ("old 08\n\nx\n".to_owned(), 400, "old <size>"),
            (String::new(), 400, "blank line"),
        ] {
            let answer = served.add(body.as_bytes());
            assert_eq!(answer.status, status, "{body}{}", answer.body);
            assert_eq!(answer.body.lines().count(), 1);
            assert!(answer.body.contains(words), "{words} in {}", answer.body);
            assert!(answer.body.ends_with('\n'));
        }

        // Nothing else is there.
        let url = &served.url;
        assert_eq!(served::get(&format!("{url}/add-checkpoint")).status, 405);
        assert_eq!(
            post(&format!("{url}/{}/checkpoint", "0".repeat(64)), b"").status,
            405
        );
        assert_eq!(
            served::get(&format!("{url}/{}/checkpoint", "0".repeat(64))).status,
            404
        );
        assert_eq!(served::get(&format!("{url}/nothing")).status, 404);
        let front = served::get(&format!("{url}/"));
        assert!(keys.iter().all(|key| front.body.contains(&key.to_string())));

        let err = served.stop();
        let decisions = err.lines().filter(|line| line.contains(" add-checkpoint "));
        assert_eq!(decisions.count(), 9, "{err}");
    }
}

#[test]
fn parts_of_what_was_cosigned_are_cosigned_by_ml_dsa() {
    let place = Place::new();
    let keys = make(&place.path("w"), true);
    let served = Served::start(&place, "w", &[]);
    let all = leaves(14, false);
    let asked = request(&all, 0, 14);
    let answer = served.add(asked.to_string().as_bytes());
    let note = cosigned(&asked.note, &answer.body, &keys);
    let part = Subtree::new(8, 13).unwrap();
    let mut subtree = |lo: u64, hi: u64| root_of(&all[lo as usize..hi as usize]);
    let good = SignSubtree {
        subtree: part,
        root: subtree(8, 13),
        proof: prove_subtree_consistency(part, 14, &mut subtree).unwrap(),
        note,
    };
    let sign = |request: &SignSubtree| {
        let url = format!("{}/sign-subtree", served.url);
        post(&url, request.to_string().as_bytes())
    };
    let signed = sign(&good);
    assert_eq!(signed.status, 200, "{}", signed.body);
    let line = NoteSignature::parse(signed.body.trim_end()).unwrap();
    assert_eq!(
        (line.id(), keys[1].cosigned_at(&line)),
        (keys[1].id(), Some(0))
    );
    assert_eq!(line.bytes().len(), 8 + 2420);
    let mut other = good.clone();
    other.root = Hash::of(b"x");
    assert_eq!(sign(&other).status, 422);
    other.note = asked.note;
    assert_eq!(sign(&other).status, 403);
    served.stop();

    // Without such a key it is not offered.
    let place = Place::new();
    make(&place.path("w"), false);
    let served = Served::start(&place, "w", &[]);
    let url = format!("{}/sign-subtree", served.url);
    assert_eq!(post(&url, good.to_string().as_bytes()).status, 404);
    served.stop();
}

#[test]
fn what_is_too_long_too_slow_or_no_request_takes_nothing_from_the_others() {
    let place = Place::new();
    make(&place.path("w"), false);
    let served = Served::start(&place, "w", &[]);
    let answer = served.add(&vec![b'x'; MAX_REQUEST_BYTES + 1]);
    assert_eq!(answer.status, 400);
    assert_eq!(served.add(&[0xff; 100]).status, 400);

    let address = served.url.strip_prefix("http://").unwrap();
    // Half a request, and nothing behind it.
    let mut slow = TcpStream::connect(address).unwrap();
    slow.write_all(b"POST /add-checkpoint HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\n\r\nold")
        .unwrap();
    let mut idle: Vec<TcpStream> = Vec::new();
    for _ in 0..50 {
        idle.push(TcpStream::connect(address).unwrap());
    }
    // One connection takes several requests.
    let all = leaves(20, false);
    let mut kept = TcpStream::connect(address).unwrap();
    for (old, new) in [(0, 5), (5, 5), (5, 20)] {
        let body = request(&all, old, new).to_string();
        kept.write_all(&request_of("/add-checkpoint", body.as_bytes()))
            .unwrap();
        let mut answer = [0; 4096];
        let length = kept.read(&mut answer).unwrap();
        let answer = String::from_utf8_lossy(&answer[..length]).into_owned();
        assert!(answer.starts_with("HTTP/1.1 200 OK\r\n"), "{answer}");
        assert!(!answer.contains("connection: close"), "{answer}");
    }
    let mut said = String::new();
    slow.read_to_string(&mut said).unwrap();
    assert!(said.starts_with("HTTP/1.1 408"), "{said}");
    drop(idle);
    served.stop();
}

#[test]
fn monitors_may_have_an_address_of_their_own() {
    let place = Place::new();
    make(&place.path("w"), false);
    let served = Served::start(&place, "w", &["--monitoring-listen", "127.0.0.1:0"]);
    let all = leaves(5, false);
    assert_eq!(served.newest(ORIGIN).status, 404);
    assert_eq!(
        served
            .add(request(&all, 0, 5).to_string().as_bytes())
            .status,
        200
    );
    assert_eq!(served.newest(ORIGIN).status, 200);
    let hash = served::hash_of(ORIGIN);
    // A log that is refused looks for the proof where it submits.
    let newest = served::get(&format!("{}/{hash}/checkpoint", served.url));
    assert_eq!(newest.status, 200);
    assert_eq!(newest.body, served.newest(ORIGIN).body);
    assert_eq!(
        post(&format!("{}/add-checkpoint", served.monitoring), b"").status,
        404
    );
    served.stop();
}

#[test]
fn a_log_is_followed_without_a_restart() {
    let place = Place::new();
    let name = KeyName::parse(NAME).unwrap();
    create(&place.path("w"), &name, false).unwrap();
    let served = Served::start(&place, "w", &[]);
    let all = leaves(5, false);
    let body = request(&all, 0, 5).to_string();
    assert_eq!(served.add(body.as_bytes()).status, 404);
    follow(&place.path("w"), &key(1).verifier().to_string());
    served.signal("HUP");
    let followed = (0..100).any(|_| {
        std::thread::sleep(std::time::Duration::from_millis(20));
        served.add(body.as_bytes()).status == 200
    });
    assert!(followed);
    // A list that cannot be read changes nothing.
    fs::write(place.path("w/logs"), "nonsense\n").unwrap();
    served.signal("HUP");
    std::thread::sleep(std::time::Duration::from_millis(200));
    assert_eq!(
        served
            .add(request(&all, 5, 5).to_string().as_bytes())
            .status,
        200
    );
    let err = served.stop();
    assert!(err.contains("logs stay as they were"), "{err}");
}

#[test]
fn the_same_head_is_cosigned_again_and_a_restart_forgets_nothing() {
    let place = Place::new();
    let path = place.path("w");
    let keys = make(&path, false);
    let all = leaves(40, false);
    let witness = Witness::open(&path).unwrap();
    for (old, new) in [(0, 0), (0, 5), (5, 5), (5, 33)] {
        let asked = request(&all, old, new);
        let answer = ask(&witness, &asked);
        assert_eq!(answer.status, 200, "{}", answer.body);
        cosigned(&asked.note, &answer.body, &keys);
    }
    let later = witness.add_checkpoint(request(&all, 33, 33).to_string().as_bytes(), 1_800_000_001);
    assert_eq!(later.status, 200);
    let stored = witness.newest(&served::hash_of(ORIGIN)).body;
    assert!(stored.contains(&later.body) || stored.ends_with(&later.body));

    // Nobody else runs it meanwhile.
    assert!(matches!(
        Witness::open(&path),
        Err(WitnessError::Locked { .. })
    ));
    place
        .run("witness w --listen 127.0.0.1:0")
        .refused(&["another", "two histories"]);
    drop(witness);

    let witness = Witness::open(&path).unwrap();
    assert_eq!(witness.newest(&served::hash_of(ORIGIN)).body, stored);
    assert_eq!(ask(&witness, &request(&all, 0, 40)).body, "33\n");
    assert_eq!(ask(&witness, &request(&all, 33, 40)).status, 200);
    // A clock before 1970, or not set.
    let body = request(&all, 40, 40).to_string();
    assert_eq!(witness.add_checkpoint(body.as_bytes(), 0).status, 500);
}

#[test]
fn a_state_that_was_tampered_with_starts_nothing() {
    let place = Place::new();
    let path = place.path("w");
    make(&path, false);
    let all = leaves(40, false);
    let witness = Witness::open(&path).unwrap();
    assert_eq!(ask(&witness, &request(&all, 0, 20)).status, 200);
    drop(witness);
    let state = WitnessDir::new(&path).state(ORIGIN);
    let good = fs::read_to_string(&state).unwrap();

    let older = signed(head(&all, 3), 1).to_string();
    let mut by_another = signed(head(&all, 3), 1);
    let other = CosigningKey::from_seed(
        KeyName::parse(NAME).unwrap(),
        ledgerline::log::SignatureType::CosignatureEd25519,
        &[9; 32],
    );
    let checkpoint = Checkpoint::parse(by_another.text()).unwrap();
    by_another
        .add(other.unwrap().cosign(&checkpoint, 1).unwrap())
        .unwrap();
    let log_line = good
        .lines()
        .find(|line| line.contains(ORIGIN) && line.starts_with('—'));
    let without_log = good.replace(&format!("{}\n", log_line.unwrap()), "");
    for (text, words) in [
        ("", "no signed note"),
        (&good[..good.len() - 3], "no signed note"),
        (
            &good.replace("\n20\n", "\n19\n"),
            "not cosigned by this witness",
        ),
        (&older, "not cosigned by this witness"),
        (&by_another.to_string(), "not cosigned by this witness"),
        (&without_log, "not signed by a key that `logs` has"),
    ] {
        fs::write(&state, text).unwrap();
        let error = Witness::open(&path).unwrap_err().to_string();
        assert!(
            error.contains(words) && error.contains("never delete it"),
            "{error}"
        );
        place
            .run("witness w --listen 127.0.0.1:0")
            .refused(&[words]);
    }
    fs::write(&state, &good).unwrap();
    Witness::open(&path).unwrap();

    // The log changes its key: both are followed until the new one has signed what is cosigned.
    let dir = WitnessDir::new(&path);
    let logs = dir.read_logs().unwrap();
    let mut only_new = LogList::default();
    only_new.push(LogEntry::new(&key(2).verifier().to_string(), None, None).unwrap());
    dir.write_logs(&only_new).unwrap();
    assert!(
        Witness::open(&path)
            .unwrap_err()
            .to_string()
            .contains("keep the old one")
    );
    let mut both = logs;
    both.push(only_new.entries()[0].clone());
    dir.write_logs(&both).unwrap();
    let witness = Witness::open(&path).unwrap();
    let mut rotated = request(&all, 20, 30);
    rotated.note = signed(head(&all, 30), 2);
    assert_eq!(ask(&witness, &rotated).status, 200);
    drop(witness);
    dir.write_logs(&only_new).unwrap();
    Witness::open(&path).unwrap();
}

#[test]
fn many_at_once_leave_one_history() {
    const SIZES: u64 = 120;
    let place = Place::new();
    let path = place.path("w");
    make(&path, false);
    let witness = Witness::open(&path).unwrap();
    // Two histories fight; only one may win.
    let histories = [leaves(SIZES, false), leaves(SIZES, true)];
    let known = AtomicU64::new(0);
    let cosigned: Vec<Vec<(u64, usize)>> = std::thread::scope(|scope| {
        let threads: Vec<_> = (0..8)
            .map(|thread: usize| {
                let (witness, known, all) = (&witness, &known, &histories[thread % 2]);
                scope.spawn(move || {
                    let mut cosigned = Vec::new();
                    for turn in 0..300 {
                        let old = known.load(Ordering::Relaxed);
                        let size = (old + 1 + (turn * 7 + thread as u64 * 3) % 5).min(SIZES);
                        let answer = ask(witness, &request(all, old.min(size), size));
                        match answer.status {
                            200 => {
                                known.fetch_max(size, Ordering::Relaxed);
                                cosigned.push((size, thread % 2));
                            }
                            409 => {
                                let size = answer.body.trim().parse().unwrap();
                                known.fetch_max(size, Ordering::Relaxed);
                            }
                            status => assert_eq!(status, 422, "{}", answer.body),
                        }
                    }
                    cosigned
                })
            })
            .collect();
        threads
            .into_iter()
            .map(|thread| thread.join().unwrap())
            .collect()
    });
    let mut roots: BTreeMap<u64, Hash> = BTreeMap::new();
    for (size, history) in cosigned.into_iter().flatten() {
        let root = head(&histories[history], size).root;
        assert_eq!(
            *roots.entry(size).or_insert(root),
            root,
            "two trees of size {size}"
        );
    }
    let (&largest, &last) = roots.last_key_value().unwrap();
    assert_eq!(largest, SIZES);
    let winner = histories
        .iter()
        .find(|all| head(all, SIZES).root == last)
        .unwrap();
    for (size, root) in roots {
        assert_eq!(
            head(winner, size).root,
            root,
            "size {size} is of another history"
        );
    }
    let stored = Note::parse(witness.newest(&served::hash_of(ORIGIN)).body.as_bytes()).unwrap();
    assert_eq!(
        Checkpoint::parse(stored.text()).unwrap().head(),
        head(winner, SIZES)
    );
}

#[test]
fn both_notes_of_a_fork_are_kept_and_told() {
    let place = Place::new();
    make(&place.path("w"), false);
    let (all, forked) = (leaves(20, false), leaves(20, true));
    let served = Served::start(&place, "w", &[]);
    assert_eq!(
        served
            .add(request(&all, 0, 10).to_string().as_bytes())
            .status,
        200
    );
    // Refused for another reason, and a fork all the same.
    for (old, status) in [(10, 422), (4, 409), (0, 409), (11, 400)] {
        let mut fork = request(&forked, 10, 10);
        fork.old_size = old;
        // A line of somebody else is not kept.
        let mut note = fork.note.clone();
        let stranger = SigningKey::from_seed(KeyName::parse("stranger").unwrap(), &[8; 32]);
        note.add_signature(&stranger).unwrap();
        fork.note = note;
        assert_eq!(served.add(fork.to_string().as_bytes()).status, status);
    }
    // A wrong proof is no proof of anything: kept once, a few of them.
    for _ in 0..2 {
        let mut unproven = request(&all, 10, 20);
        unproven.note = signed(head(&forked, 20), 1);
        assert_eq!(served.add(unproven.to_string().as_bytes()).status, 422);
    }
    // Not signed by the log: nothing is kept.
    let mut unsigned = request(&forked, 10, 10);
    unsigned.note = signed(head(&leaves(10, true), 10), 2);
    assert_eq!(served.add(unsigned.to_string().as_bytes()).status, 403);
    // The log is followed on, as what was cosigned goes on.
    assert_eq!(
        served
            .add(request(&all, 10, 20).to_string().as_bytes())
            .status,
        200
    );
    let err = served.stop();
    // The first of each kind at once, the last of the others at the end with their number.
    assert_eq!(err.matches("ALARM FORK").count(), 2, "{err}");
    assert_eq!(err.matches("ALARM the log").count(), 2, "{err}");
    assert!(err.contains("; 2 more like it since"), "{err}");

    let evidence = WitnessDir::new(&place.path("w")).evidence(ORIGIN);
    let mut names: Vec<String> = fs::read_dir(&evidence)
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort();
    let endings = ["known", "shown", "known", "proof", "shown"];
    assert!(
        names.iter().zip(endings).all(|(n, end)| n.ends_with(end)) && names.len() == 5,
        "{names:?}"
    );
    assert!(names[0].starts_with("1-10-") && names[2].starts_with("unproven-1-20-"));
    assert!(err.contains(&names[0]) && err.contains(&names[1]), "{err}");
    let read = |name: &str| {
        let bytes = fs::read(evidence.join(name)).unwrap();
        let note = Note::parse(&bytes).unwrap();
        let keys = [key(1).verifier().clone()];
        (Checkpoint::open(&note, ORIGIN, &keys).unwrap().head(), note)
    };
    let (known, note) = read(&names[0]);
    assert_eq!((known, note.signatures().len()), (head(&all, 10), 2));
    let (shown, note) = read(&names[1]);
    assert_eq!((shown, note.signatures().len()), (head(&forked, 10), 1));
}

/// What is kept against [`ORIGIN`]: names without endings, each once.
fn pieces(path: &Path) -> BTreeSet<String> {
    let Ok(entries) = fs::read_dir(WitnessDir::new(path).evidence(ORIGIN)) else {
        return BTreeSet::new();
    };
    let names = entries.map(|entry| entry.unwrap().file_name().into_string().unwrap());
    names
        .map(|name| name.split_once('.').unwrap().0.to_owned())
        .collect()
}

#[test]
fn no_evidence_gives_way_to_other_evidence() {
    let place = Place::new();
    let path = place.path("w");
    make(&path, false);
    let witness = Witness::open(&path).unwrap();
    let all = leaves(20, false);
    assert_eq!(ask(&witness, &request(&all, 0, 10)).status, 200);
    let other = |salt: u64, size| TreeHead {
        size,
        root: Hash::of(&salt.to_be_bytes()),
    };
    let now = 1_800_000_000;
    let show = |salt: u64, size, now| {
        let mut refused = request(&all, 10, size);
        refused.note = signed(other(salt, size), 1);
        let answer = witness.add_checkpoint(refused.to_string().as_bytes(), now);
        assert_eq!(answer.status, 422);
        // A trace of each, also where no alarm is told.
        let root = other(salt, size).root.to_string();
        assert!(
            answer
                .decision
                .contains(&format!("size={size} root={root}"))
        );
        answer
    };
    // Of all that the log shows, whatever it shows before and after, none is lost.
    for salt in 1..=300 {
        for size in [10, 20] {
            show(salt, size, now);
        }
    }
    let kept = pieces(&path);
    assert_eq!(kept.len(), 600);
    let overdue = witness.overdue_alarms(now + ALARM_SECONDS);
    for (line, size) in overdue.iter().zip([10, 20]) {
        for salt in [2, 150, 257] {
            let root = other(salt, size).root;
            assert!(line.contains(&format!("{size} {root}")), "{line}");
        }
    }
    assert_eq!(overdue.len(), 2);

    // When the place is full, what was there stays, and the operator gets the notes themselves.
    let dir = WitnessDir::new(&path).evidence(ORIGIN);
    for number in 301..=MAX_PIECES {
        for prefix in ["", "unproven-"] {
            fs::write(dir.join(format!("{prefix}{number}-9-00.shown")), "").unwrap();
        }
    }
    let full = pieces(&path);
    for (minutes, size) in [(2, 10), (3, 20)] {
        let told = show(999, size, now + minutes * ALARM_SECONDS)
            .alarm
            .unwrap();
        let note = signed(other(999, size), 1).to_string();
        assert!(told.contains("NOT KEPT") && told.contains(&note), "{told}");
    }
    assert_eq!(pieces(&path), full);
    assert!(kept.is_subset(&full) && full.len() == 2 * MAX_PIECES);
}

#[test]
fn what_is_cosigned_after_all_is_no_evidence() {
    let place = Place::new();
    let path = place.path("w");
    make(&path, false);
    let witness = Witness::open(&path).unwrap();
    let all = leaves(60, false);
    assert_eq!(ask(&witness, &request(&all, 0, 10)).status, 200);
    // Anybody sends the log's own checkpoints with proofs that fail.
    for size in 20..=50 {
        let mut junk = request(&all, 10, size);
        junk.proof[0] = Hash::of(b"junk");
        assert_eq!(ask(&witness, &junk).status, 422);
    }
    assert_eq!(pieces(&path).len(), 31);
    for size in 20..=50 {
        let old = if size == 20 { 10 } else { size - 1 };
        assert_eq!(ask(&witness, &request(&all, old, size)).status, 200);
    }
    assert_eq!(pieces(&path).len(), 0);
    // What a crash leaves of a piece is in nobody's way.
    let left = WitnessDir::new(&path).evidence(ORIGIN).join("1-50-00");
    fs::write(left.with_extension("known"), "").unwrap();
    let mut fork = request(&all, 50, 50);
    fork.note = signed(head(&leaves(50, true), 50), 1);
    let now = 1_800_000_000 + ALARM_SECONDS;
    let answer = witness.add_checkpoint(fork.to_string().as_bytes(), now);
    assert!(answer.alarm.unwrap().contains("/1-50-"));
    assert_eq!(pieces(&path).len(), 1);
    assert_eq!(witness.overdue_alarms(u64::MAX).len(), 1);
    assert!(witness.overdue_alarms(u64::MAX).is_empty());
}

/// A second log of the same witness.
const OTHER: &str = "other.example/log";

fn other_request(size: u64) -> AddCheckpoint {
    let text = Checkpoint::new(OTHER, head(&leaves(size, false), size)).unwrap();
    let key = SigningKey::from_seed(KeyName::parse(OTHER).unwrap(), &[5; 32]);
    AddCheckpoint {
        old_size: 0,
        proof: Vec::new(),
        note: Note::sign(&text.to_string(), &[&key]).unwrap(),
    }
}

fn follow_other(path: &Path) {
    let key = SigningKey::from_seed(KeyName::parse(OTHER).unwrap(), &[5; 32]);
    follow(path, &key.verifier().to_string());
}

#[test]
fn a_witness_that_lost_its_state_cosigns_no_other_history() {
    let place = Place::new();
    let path = place.path("w");
    make(&path, false);
    follow_other(&path);
    let dir = WitnessDir::new(&path);
    let witness = Witness::open(&path).unwrap();
    let following = witness.following();
    assert_eq!((following.logs, following.never_cosigned), (2, 2));
    let all = leaves(9, false);
    assert_eq!(ask(&witness, &request(&all, 0, 9)).status, 200);
    drop(witness);

    // The whole state: nothing starts, and nothing is made anew.
    fs::rename(path.join("state"), path.join("away")).unwrap();
    for _ in 0..2 {
        place.run("witness w --listen 127.0.0.1:0").refused(&[
            "/state: expected",
            "cosign a fork",
            "make a new key",
        ]);
        assert!(!path.join("state").exists());
    }
    fs::rename(path.join("away"), path.join("state")).unwrap();

    // One log's: it is not taken for a new one, and the other log is followed.
    let state = dir.state(ORIGIN);
    let state = state.parent().unwrap();
    fs::rename(state, path.join("away")).unwrap();
    let witness = Witness::open(&path).unwrap();
    let forked = request(&leaves(9, true), 0, 9);
    assert_eq!(ask(&witness, &forked).status, 503);
    assert_eq!(ask(&witness, &other_request(4)).status, 200);
    let following = witness.following();
    assert_eq!((following.logs, following.left_out.len()), (1, 1));
    let why = &following.left_out[0];
    assert!(
        why.contains(ORIGIN) && why.contains("cosigned before") && why.contains("make a new key"),
        "{why}"
    );
    drop(witness);
    fs::rename(path.join("away"), state).unwrap();

    // The memory of which logs there were: lost, it is not made anew, whatever else is there.
    let known = fs::read_to_string(dir.known()).unwrap();
    assert_eq!(known.lines().count(), 4);
    fs::remove_file(dir.known()).unwrap();
    for _ in 0..2 {
        place
            .run("witness w --listen 127.0.0.1:0")
            .refused(&["/known: expected", "make a new key"]);
        assert!(!dir.known().exists());
        let _ = fs::rename(path.join("state"), path.join("away"));
        fs::create_dir_all(path.join("state")).unwrap();
    }
    fs::remove_dir(path.join("state")).unwrap();
    fs::rename(path.join("away"), path.join("state")).unwrap();

    // Cut to fewer lines.
    let lines: Vec<&str> = known.lines().collect();
    let cut = |count: usize| format!("{}\n", lines[..count].join("\n"));
    for damaged in [
        "",
        "x\n",
        known.trim_end(),
        &format!("{known}12\n"),
        &cut(1),
        &cut(2),
        &cut(3),
    ] {
        fs::write(dir.known(), damaged).unwrap();
        let error = Witness::open(&path).unwrap_err().to_string();
        assert!(error.contains("known: line"), "{error}");
    }
}

#[test]
fn evidence_with_its_cosignature_reminds_a_witness_of_a_log() {
    let place = Place::new();
    let path = place.path("w");
    make(&path, false);
    let dir = WitnessDir::new(&path);
    let empty = fs::read(dir.known()).unwrap();
    let witness = Witness::open(&path).unwrap();
    let all = leaves(9, false);
    assert_eq!(ask(&witness, &request(&all, 0, 9)).status, 200);
    let mut fork = request(&leaves(9, true), 9, 9);
    fork.old_size = 9;
    assert_ne!(ask(&witness, &fork).status, 200);
    assert_eq!(pieces(&path).len(), 1);
    drop(witness);
    fs::remove_file(dir.state(ORIGIN)).unwrap();
    fs::write(dir.known(), empty).unwrap();
    let error = Witness::open(&path).unwrap_err().to_string();
    assert!(error.contains("which was cosigned before"), "{error}");

    // Another witness's evidence, kept by a new one, says nothing about what the new one cosigned.
    let new = place.path("new");
    make(&new, false);
    copy(&path.join("evidence"), &new.join("evidence"));
    let witness = Witness::open(&new).unwrap();
    assert_eq!(ask(&witness, &request(&all, 0, 9)).status, 200);
}

#[test]
fn one_damaged_log_stops_no_other() {
    let place = Place::new();
    let path = place.path("w");
    make(&path, false);
    follow_other(&path);
    let all = leaves(9, false);
    let state = WitnessDir::new(&path).state(ORIGIN);
    let served = Served::start(&place, "w", &[]);
    let asked = request(&all, 0, 9).to_string();
    assert_eq!(served.add(asked.as_bytes()).status, 200);
    let good = fs::read(&state).unwrap();
    let silent = |answer: &served::Http| {
        assert_eq!((answer.status, answer.body.lines().count()), (503, 1));
        assert!(!answer.body.contains(place.path("").to_str().unwrap()));
        assert!(answer.body.contains("its operator was told"));
    };

    // While it runs, and its list is read again.
    fs::write(&state, "junk").unwrap();
    served.signal("HUP");
    let again = request(&all, 9, 9).to_string();
    let left_out = (0..100).any(|_| {
        std::thread::sleep(std::time::Duration::from_millis(20));
        served.add(again.as_bytes()).status == 503
    });
    assert!(left_out);
    silent(&served.add(again.as_bytes()));
    silent(&served.newest(ORIGIN));
    let other = other_request(4).to_string();
    assert_eq!(served.add(other.as_bytes()).status, 200);
    let err = served.stop();
    let alarm = "ALARM the log \"example.com/log\" is left out: ";
    assert!(
        err.contains(alarm) && err.contains("no signed note"),
        "{err}"
    );

    // From the start.
    let served = Served::start(&place, "w", &[]);
    silent(&served.add(again.as_bytes()));
    assert_eq!(served.newest(OTHER).status, 200);
    // It is mended.
    fs::write(&state, good).unwrap();
    served.signal("HUP");
    let mended = (0..100).any(|_| {
        std::thread::sleep(std::time::Duration::from_millis(20));
        served.add(again.as_bytes()).status == 200
    });
    assert!(mended);
    let err = served.stop();
    assert!(
        err.contains(alarm)
            && err.contains("takes checkpoints of 1 log, of which 0 never cosigned"),
        "{err}"
    );
}

#[test]
fn a_failed_write_tells_strangers_no_path() {
    let place = Place::new();
    let path = place.path("w");
    make(&path, false);
    let witness = Witness::open(&path).unwrap();
    // No directory can be made in its place.
    let state = WitnessDir::new(&path).state(ORIGIN);
    fs::write(state.parent().unwrap(), "").unwrap();
    for _ in 0..2 {
        let answer = ask(&witness, &request(&leaves(5, false), 0, 5));
        assert_eq!(answer.status, 503);
        let shown = path.to_str().unwrap();
        assert!(!answer.body.contains(shown), "{}", answer.body);
        assert!(answer.body.contains("its operator was told"));
    }
    assert!(witness.halted().unwrap().to_string().contains("/state/"));
}

#[test]
fn one_line_of_each_key_is_stored() {
    let place = Place::new();
    let path = place.path("w");
    make(&path, false);
    let witness = Witness::open(&path).unwrap();
    let all = leaves(5, false);
    let asked = request(&all, 0, 5);
    let line = asked.note.signatures()[0].to_string();
    let copies = format!("{line}\n").repeat(63);
    let answer = witness.add_checkpoint(format!("{asked}{copies}").as_bytes(), 1_800_000_000);
    assert_eq!(answer.status, 200, "{}", answer.body);
    let stored = Note::parse(witness.newest(&served::hash_of(ORIGIN)).body.as_bytes()).unwrap();
    assert_eq!(stored.signatures().len(), 2);
}

#[test]
fn idle_connections_give_way() {
    let place = Place::new();
    make(&place.path("w"), false);
    let served = Served::start(&place, "w", &[]);
    let address = served.url.strip_prefix("http://").unwrap();
    let begin = |words: &str| {
        let mut stream = TcpStream::connect(address).unwrap();
        stream.write_all(words.as_bytes()).unwrap();
        stream
    };
    // Half a header, and half a body.
    let header = "POST /add-checkpoint HTTP/1.1\r\nHost: x\r\n";
    let body = format!("{header}Content-Length: 9\r\n\r\nold");
    let mut idle: Vec<TcpStream> = (0..300)
        .map(|number| begin(if number % 2 == 0 { header } else { &body }))
        .collect();
    let began = std::time::Instant::now();
    let all = leaves(5, false);
    let answer = served.add(request(&all, 0, 5).to_string().as_bytes());
    assert_eq!(answer.status, 200);
    assert!(began.elapsed().as_secs() < 5, "{:?}", began.elapsed());
    // The oldest was closed without an answer.
    let mut said = Vec::new();
    let _ = idle[0].read_to_end(&mut said);
    assert!(said.is_empty() && began.elapsed().as_secs() < 5);
    drop(idle);
    served.stop();
}

#[test]
fn a_second_signal_ends_at_once() {
    let place = Place::new();
    make(&place.path("w"), false);
    let served = Served::start(&place, "w", &[]);
    let address = served.url.strip_prefix("http://").unwrap();
    // A request that never ends keeps the first signal waiting.
    let mut slow = TcpStream::connect(address).unwrap();
    slow.write_all(b"POST /add-checkpoint HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\n\r\nold")
        .unwrap();
    assert_eq!(served.newest(ORIGIN).status, 404);
    let began = std::time::Instant::now();
    served.signal("TERM");
    std::thread::sleep(std::time::Duration::from_millis(300));
    let err = served.stop();
    assert!(began.elapsed().as_secs() < 4, "{:?}", began.elapsed());
    assert!(err.ends_with("stopped\n"), "{err}");
}

#[cfg(unix)]
#[test]
fn a_key_that_others_can_read_is_told() {
    use std::os::unix::fs::PermissionsExt;
    let place = Place::new();
    make(&place.path("w"), false);
    let key = place.path("w/key");
    fs::set_permissions(&key, fs::Permissions::from_mode(0o644)).unwrap();
    let ran = place.run("witness keys w");
    assert!(
        ran.err.contains("warning: others can read w/key"),
        "{}",
        ran.err
    );
    let err = Served::start(&place, "w", &[]).stop();
    assert!(err.contains("warning: others can read w/key"), "{err}");
}

#[test]
fn logs_that_are_added_at_once_are_all_added() {
    let place = Place::new();
    create(&place.path("w"), &KeyName::parse(NAME).unwrap(), false).unwrap();
    std::thread::scope(|scope| {
        for seed in 1..=12 {
            let place = &place;
            scope.spawn(move || {
                let name = KeyName::parse(&format!("{seed}.example")).unwrap();
                let key = SigningKey::from_seed(name, &[seed; 32]);
                let added = place.run(&format!("witness add-log w {}", key.verifier()));
                assert!(added.fine().starts_with("added 1 key; the list has "));
            });
        }
    });
    let logs = WitnessDir::new(&place.path("w")).read_logs().unwrap();
    assert_eq!(logs.entries().len(), 12);
}

#[test]
fn the_command_makes_witnesses_and_lists() {
    let place = Place::new();
    let vkey = place.run("witness init w --name witness.example/w1").fine();
    let parsed = VerifierKey::parse(vkey.trim()).unwrap();
    assert_eq!(parsed.name().as_str(), NAME);
    assert!(parsed.kind().is_cosignature());
    assert_eq!(place.run("witness keys w").fine(), vkey);
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        let mode = fs::metadata(place.path("w/key"))
            .unwrap()
            .permissions()
            .mode();
        assert_eq!(mode & 0o777, 0o600);
    }
    place
        .run("witness init w --name x")
        .refused(&["expected no file or an empty directory"]);
    place
        .run("witness init v --name a+b")
        .refused(&["--name", "'+'"]);
    place
        .run("witness nowhere --listen 127.0.0.1:0")
        .refused(&["expected a witness"]);
    place
        .run(&format!("witness add-log w {}", vkey.trim()))
        .refused(&["0x04"]);
    let log = key(1).verifier().to_string();
    let added = place.run(&format!("witness add-log w {log} --json")).fine();
    assert_eq!(added, "{\"added\":1,\"keys\":1}\n");
    let again = place.run(&format!("witness add-log w {log} --json")).fine();
    assert_eq!(again, "{\"added\":0,\"keys\":1}\n");

    let other = SigningKey::from_seed(KeyName::parse("other.example").unwrap(), &[5; 32]);
    place.write(
        "list",
        format!(
            "# a list\nlogs/v0\n\nvkey {}\nqpd 1\ncontact x\n\nvkey {}\nqpd 1\n\nvkey {}\norigin go.sum database tree\n",
            key(7).verifier(),
            other.verifier(),
            other.verifier(),
        ),
    );
    let ran = place.run("witness add-logs w list --json");
    // Not a second key of a log that is followed already.
    assert!(
        ran.err
            .contains("left out: another key of \"example.com/log\""),
        "{}",
        ran.err
    );
    assert_eq!(ran.fine(), "{\"added\":2,\"keys\":3}\n");
    place.write("bad", "logs/v0\nqpd 5\n");
    place
        .run("witness add-logs w bad")
        .refused(&["bad: line 2: expected `vkey"]);
    // A directory that is named like a subcommand.
    place.run("witness init ./init --name x.example").fine();
    place
        .run("witness ./init --listen nonsense")
        .refused(&["cannot listen on nonsense"]);
}
