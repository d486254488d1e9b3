//! Publishing with cosignatures: what is served when witnesses cosign, are down, are slow or lie, and
//! a ledger that was rolled back is caught.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    reason = "tests"
)]

use std::fs;
use std::io::{Read, Write};
use std::net::TcpListener;
use std::time::{Duration, Instant};

use crate::common::{ORIGIN, Place, Ran, copy, event, events};
use crate::served::Served;
use ledgerline::log::{
    AddCheckpoint, Checkpoint, CosigningKey, Hash, KeyName, Note, Policy, SignatureType, TreeHead,
    VerifierKey, verify_consistency,
};
use ledgerline_cli::ledger::{Ledger, LedgerError, LedgerWriter, State};

/// A ledger, its key, and witnesses that follow it.
struct World {
    place: Place,
    witnesses: Vec<(String, Option<Served>)>,
}

impl World {
    fn new(witnesses: usize) -> Self {
        let place = Place::new();
        place.init("ledger");
        let ledger = Ledger::open_readonly(&place.path("ledger")).unwrap();
        let log = ledger.vkeys().unwrap()[0].to_string();
        let mut world = Self {
            place,
            witnesses: Vec::new(),
        };
        for number in 0..witnesses {
            let words = format!("witness init w{number} --name w{number}.example");
            let vkey = world.place.run(&words).fine().trim().to_owned();
            let words = format!("witness add-log w{number} {log}");
            world.place.run(&words).fine();
            let served = Served::start(&world.place, &format!("w{number}"), &[]);
            world.witnesses.push((vkey, Some(served)));
        }
        world
    }

    /// Writes `policy` with this quorum; witnesses that are down keep the URL they had.
    fn policy(&self, quorum: &str, urls: &[String]) {
        let mut policy = String::new();
        for (number, (vkey, _)) in self.witnesses.iter().enumerate() {
            policy.push_str(&format!("witness w{number} {vkey} {}\n", urls[number]));
        }
        let names: Vec<_> = (0..self.witnesses.len()).map(|n| format!("w{n}")).collect();
        policy.push_str(&format!("group g {quorum} {}\nquorum g\n", names.join(" ")));
        self.place.write("policy", policy);
    }

    fn urls(&self) -> Vec<String> {
        let url = |served: &Option<Served>| served.as_ref().map(|served| served.url.clone());
        let dead = || "http://127.0.0.1:9/w".to_owned();
        self.witnesses
            .iter()
            .map(|(_, served)| url(served).unwrap_or_else(dead))
            .collect()
    }

    fn append(&self, from: usize, to: usize) {
        let mut writer = LedgerWriter::open(&self.place.path("ledger")).unwrap();
        let events: Vec<_> = (from..to).map(event).collect();
        writer.append(&events).unwrap();
        writer.commit().unwrap();
    }

    fn checkpoint(&self, arguments: &str) -> Ran {
        let words = format!("checkpoint ledger {arguments}");
        self.place.run(words.trim_end())
    }

    fn served(&self) -> Option<Note> {
        let bytes = fs::read(self.place.path("ledger/checkpoint")).ok()?;
        Some(Note::parse(&bytes).unwrap())
    }

    fn stored(&self, size: u64) -> Note {
        let path = self.place.path(&format!("ledger/checkpoints/{size}"));
        Note::parse(&fs::read(path).unwrap()).unwrap()
    }

    fn cosigners(&self, note: &Note) -> usize {
        let keys = self
            .witnesses
            .iter()
            .map(|(vkey, _)| VerifierKey::parse(vkey).unwrap());
        let keys: Vec<_> = keys.collect();
        note.verify(&keys).map_or(0, |signers| signers.len())
    }

    fn has_quorum(&self, note: &Note) -> bool {
        let policy = Policy::parse(&fs::read(self.place.path("policy")).unwrap()).unwrap();
        let ledger = Ledger::open_readonly(&self.place.path("ledger")).unwrap();
        let key = ledger.vkeys().unwrap();
        policy
            .examine_signed_by(note, ORIGIN, &key)
            .unwrap()
            .has_quorum
    }
}

#[track_caller]
fn ended(ran: &Ran, code: i32, words: &[&str]) {
    assert_eq!(ran.code, code, "{}{}", ran.out, ran.err);
    for word in words {
        assert!(ran.err.contains(word), "expected {word:?} in {}", ran.err);
    }
}

#[test]
fn the_policy_decides_what_is_served() {
    let mut world = World::new(3);
    world.append(0, 300);
    world.policy("all", &world.urls());
    let ran = world.checkpoint("--policy policy");
    ended(&ran, 0, &["w0", "w1", "w2", "cosigned"]);
    assert_eq!(ran.out, world.served().unwrap().to_string());
    assert_eq!(world.cosigners(&world.served().unwrap()), 3);
    assert_eq!(world.served().unwrap(), world.stored(300));
    // Each extends what it has seen; nobody is asked twice for the same.
    world.append(300, 701);
    ended(&world.checkpoint("--policy policy"), 0, &["cosigned"]);
    assert_eq!(world.cosigners(&world.served().unwrap()), 3);
    let again = world.checkpoint("--policy policy");
    ended(&again, 0, &["no new events"]);
    assert!(!again.err.contains("cosigned"), "{}", again.err);

    // One is down.
    let urls = world.urls();
    drop(world.witnesses[1].1.take());
    world.append(701, 800);
    let before = world.served();
    world.policy("all", &urls);
    let ran = world.checkpoint("--policy policy --json");
    ended(
        &ran,
        3,
        &[
            "NOT served",
            "quorum",
            "witness w1",
            "no answer",
            "witness w2",
        ],
    );
    let json: serde_json::Value = serde_json::from_str(&ran.out).unwrap();
    assert_eq!(
        (json["served"].as_bool(), json["size"].as_u64()),
        (Some(false), Some(800))
    );
    assert_eq!(world.served(), before);
    assert_eq!(world.cosigners(&world.stored(800)), 2);
    // Opening the ledger does not serve it, and says so.
    let writer = LedgerWriter::open(&world.place.path("ledger")).unwrap();
    assert_eq!(writer.pending(), Some(800));
    drop(writer);
    assert_eq!(world.served(), before);
    ended(
        &world.checkpoint("--policy policy --fail closed"),
        3,
        &["size 800 is signed and not"],
    );

    // Two of three are enough, and it is the note that was signed then.
    world.policy("2", &urls);
    let signed = world.stored(800);
    ended(&world.checkpoint("--policy policy"), 0, &["witness w1"]);
    assert_eq!(world.served().unwrap(), signed);
    assert!(world.has_quorum(&signed));

    // Open serves all the same, with what there is.
    world.policy("all", &urls);
    world.append(800, 900);
    ended(
        &world.checkpoint("--policy policy --fail open"),
        0,
        &["warning: served although"],
    );
    assert_eq!(world.cosigners(&world.served().unwrap()), 2);

    // It comes back with what it knew, and is asked for what is missing.
    let served = Served::start(&world.place, "w1", &[]);
    world.witnesses[1].1 = Some(served);
    world.policy("all", &world.urls());
    let ran = world.checkpoint("--policy policy");
    ended(&ran, 0, &["witness w1", "cosigned"]);
    assert!(!ran.err.contains("witness w0"), "{}", ran.err);
    assert!(world.has_quorum(&world.served().unwrap()));
    assert_eq!(world.served().unwrap(), world.stored(900));
}

#[test]
fn a_forgotten_policy_is_remembered() {
    let mut world = World::new(1);
    let kept = "april/policy";
    world.place.init("april");
    for file in ["secret/log.key", "secret/master.key", "vkeys"] {
        let of = |ledger: &str| world.place.path(ledger).join(file);
        fs::copy(of("ledger"), of("april")).unwrap();
    }
    let append = |world: &World, from, to| {
        let mut writer = LedgerWriter::open(&world.place.path("april")).unwrap();
        writer
            .append(&(from..to).map(event).collect::<Vec<_>>())
            .unwrap();
        writer.commit().unwrap();
    };
    let served = |world: &World| fs::read(world.place.path("april/checkpoint")).ok();
    let urls = world.urls();
    world.policy("all", &urls);
    let policy = fs::read(world.place.path("policy")).unwrap();

    // The very first checkpoint misses its quorum; forgetting --policy does not serve it.
    drop(world.witnesses[0].1.take());
    append(&world, 0, 10);
    let ran = world.place.run("checkpoint april --policy policy");
    ended(
        &ran,
        3,
        &[
            "NOT served",
            "kept --policy as april/policy",
            "quorum: 1 of 1",
        ],
    );
    assert_eq!(fs::read(world.place.path(kept)).unwrap(), policy);
    let by_it = [
        "by the policy of the ledger, april/policy",
        "w0",
        "NOT served",
    ];
    ended(&world.place.run("checkpoint april"), 3, &by_it);
    // However often, and whatever comes in meanwhile.
    for from in [10, 20] {
        append(&world, from, from + 10);
        ended(&world.place.run("checkpoint april"), 3, &by_it);
        assert_eq!(served(&world), None);
    }
    // One time it is served without: the policy stays.
    let ran = world.place.run("checkpoint april --fail open");
    ended(
        &ran,
        0,
        &["warning: served although the quorum of the policy april/policy"],
    );
    append(&world, 30, 40);
    let before = served(&world);
    ended(&world.place.run("checkpoint april"), 3, &by_it);
    // Nor does `statement` get around it, before it closes and after.
    world.place.run("simulate --plays 50 --out data").fine();
    world.place.run("registry april import data").fine();
    let statement = "statement april --rules data/rules.toml --pools data/pools.csv --out run";
    for _ in 0..2 {
        ended(&world.place.run(statement), 3, &by_it);
        assert!(!world.place.path("run").exists());
    }
    assert_eq!(served(&world), before);

    // The witness is back, and nobody has to say a word.
    world.witnesses[0].1 = Some(Served::start(&world.place, "w0", &[]));
    world.policy("all", &world.urls());
    let ran = world.place.run("checkpoint april --policy policy");
    ended(&ran, 0, &["replaced april/policy by --policy", "cosigned"]);
    let ran = world.place.run("checkpoint april --policy policy");
    assert!(!ran.err.contains("replaced"), "{}", ran.err);
    let note = Note::parse(&served(&world).unwrap()).unwrap();
    assert_eq!(world.cosigners(&note), 1);

    // To stop is said once, and kept.
    world
        .place
        .run("checkpoint april --no-policy --policy policy")
        .refused(&["--no-policy"]);
    let ran = world.place.run("checkpoint april --no-policy");
    ended(
        &ran,
        0,
        &["replaced april/policy by --no-policy", "quorum: none"],
    );
    let ran = world.place.run("checkpoint april");
    ended(&ran, 0, &[]);
    assert!(!ran.err.contains("policy"), "{}", ran.err);
    world.place.write(kept, "quorum nobody\n");
    world
        .place
        .run("checkpoint april")
        .refused(&["policy", "tlog-policy", "nobody"]);
}

#[test]
fn a_log_that_was_cosigned_before_policies_were_kept_asks_for_one() {
    let mut world = World::new(1);
    world.policy("all", &world.urls());
    let forget = |world: &World| fs::remove_file(world.place.path("ledger/policy")).unwrap();
    // A log without witnesses needs none.
    world.append(0, 10);
    ended(&world.checkpoint(""), 0, &[]);
    world.append(10, 20);
    ended(&world.checkpoint("--policy policy"), 0, &[]);
    forget(&world);
    // What is served already is served again.
    ended(&world.checkpoint(""), 0, &[]);
    let served = world.served();
    // Refused however many checkpoints lie above the served one.
    for from in [20, 30, 40] {
        world.append(from, from + 10);
        let ran = world.checkpoint("");
        ended(
            &ran,
            3,
            &["NOT served", "cosigned so far", "--policy", "--no-policy"],
        );
        assert_eq!(world.served(), served);
    }
    // So it is after an attempt with a policy that failed, and for want of the served note.
    let urls = world.urls();
    drop(world.witnesses[0].1.take());
    world.policy("all", &urls);
    ended(&world.checkpoint("--policy policy"), 3, &["NOT served"]);
    forget(&world);
    world.append(50, 60);
    ended(&world.checkpoint(""), 3, &["cosigned so far"]);
    fs::remove_file(world.place.path("ledger/checkpoint")).unwrap();
    ended(&world.checkpoint(""), 3, &["cosigned so far"]);
    assert_eq!(world.served(), None);
    ended(
        &world.checkpoint("--no-policy"),
        0,
        &["kept --no-policy as ledger/policy"],
    );
    world.append(60, 70);
    ended(&world.checkpoint(""), 0, &[]);
}

#[test]
fn witnesses_by_name_become_the_policy() {
    let mut world = World::new(2);
    let named = |world: &World, number: usize| {
        format!("{} {}", world.urls()[number], world.witnesses[number].0)
    };
    let (one, two) = (named(&world, 0), named(&world, 1));
    world.append(0, 10);
    let words = [
        "checkpoint",
        "ledger",
        "--witness",
        &one,
        "--witness",
        &two,
        "--witness",
        &one,
    ];
    ended(
        &world.place.run_words(&words),
        0,
        &["kept --witness", "quorum: 2 of 2"],
    );
    assert_eq!(world.cosigners(&world.served().unwrap()), 2);
    let policy = fs::read_to_string(world.place.path("ledger/policy")).unwrap();
    let url = |number: usize| world.urls()[number].clone();
    let expected = format!(
        "witness w1 {} {}\nwitness w2 {} {}\ngroup all-of-them all w1 w2\nquorum all-of-them\n",
        world.witnesses[0].0,
        url(0),
        world.witnesses[1].0,
        url(1)
    );
    assert_eq!(policy, expected);
    // The next one asks both, without a word.
    world.append(10, 20);
    ended(
        &world.checkpoint(""),
        0,
        &["by the policy of the ledger", "w1", "w2"],
    );
    assert_eq!(world.cosigners(&world.served().unwrap()), 2);
    drop(world.witnesses[1].1.take());
    world.append(20, 30);
    ended(&world.checkpoint(""), 3, &["NOT served"]);
    // It moved: the keys are those of the ledger's policy, which stays.
    let moved = Served::start(&world.place, "w1", &[]);
    let words = ["checkpoint", "ledger", "--witness", &moved.url];
    ended(&world.place.run_words(&words), 0, &["cosigned"]);
    assert_eq!(world.cosigners(&world.served().unwrap()), 2);
    assert_eq!(
        fs::read_to_string(world.place.path("ledger/policy")).unwrap(),
        expected
    );
}

#[test]
fn cosignatures_that_only_one_file_has_stay() {
    let world = World::new(1);
    world.policy("all", &world.urls());
    world.append(0, 10);
    ended(&world.checkpoint("--policy policy"), 0, &[]);
    let (served, stored) = ("ledger/checkpoint", "ledger/checkpoints/10");
    let whole = fs::read(world.place.path(served)).unwrap();
    let text = String::from_utf8(whole.clone()).unwrap();
    let bare: String = text.split_inclusive('\n').take(5).collect();
    fs::remove_file(world.place.path("ledger/policy")).unwrap();
    for lacking in [served, stored] {
        world.place.write(lacking, &bare);
        ended(&world.checkpoint(""), 0, &[]);
        for file in [served, stored] {
            assert_eq!(fs::read(world.place.path(file)).unwrap(), whole, "{file}");
        }
    }
    // Nor does a caller that brings fewer take them away.
    let mut writer = LedgerWriter::open(&world.place.path("ledger")).unwrap();
    writer
        .serve(&Note::parse(bare.as_bytes()).unwrap())
        .unwrap();
    for file in [served, stored] {
        let note = Note::parse(&fs::read(world.place.path(file)).unwrap()).unwrap();
        assert_eq!(world.cosigners(&note), 1);
    }
}

#[test]
fn who_cannot_be_asked_is_named() {
    let world = World::new(1);
    let (vkey, _) = &world.witnesses[0];
    let policy = format!("witness lonely {vkey}\nquorum lonely\n");
    world.place.write("policy", policy);
    let ran = world.place.run("checkpoint ledger --policy policy");
    ended(&ran, 3, &["lonely cannot be asked, for want of a URL"]);
    assert!(!world.place.path("ledger/checkpoint").exists());
}

#[test]
fn witnesses_may_be_named_one_by_one() {
    let world = World::new(2);
    world.append(0, 10);
    let run = |arguments: &[&str]| {
        let mut words = vec!["checkpoint", "ledger"];
        words.extend(arguments);
        world.place.run_words(&words)
    };
    let urls = world.urls();
    let named = |number: usize| format!("{} {}", urls[number], world.witnesses[number].0);
    // Without a key nothing can be verified.
    run(&["--witness", &urls[0]]).refused(&["--witness", "'URL VKEY'"]);
    run(&["--witness", "ftp://x y"]).refused(&["https://HOST/PATH"]);
    run(&["--witness", &urls[0], "--witness-timeout", "soon"]).refused(&["such as 10s"]);
    // Another witness's key, or one that is down: nothing is served.
    let swapped = format!("{} {}", world.witnesses[1].0, urls[0]);
    ended(
        &run(&["--witness", &swapped]),
        3,
        &["expected a cosignature", "w1.example"],
    );
    assert_eq!(world.served(), None);
    let dead = format!("http://127.0.0.1:9/ {}", world.witnesses[1].0);
    ended(
        &run(&["--witness", &named(0), "--witness", &dead]),
        3,
        &["no answer"],
    );
    assert_eq!(
        (world.served(), world.cosigners(&world.stored(10))),
        (None, 1)
    );
    ended(
        &run(&["--witness", &named(0), "--witness", &named(1)]),
        0,
        &["cosigned"],
    );
    assert_eq!(world.cosigners(&world.served().unwrap()), 2);

    // The policy has the keys, the command line says where.
    let mut policy = String::new();
    for (number, (vkey, _)) in world.witnesses.iter().enumerate() {
        policy.push_str(&format!("witness w{number} {vkey}\n"));
    }
    world
        .place
        .write("policy", format!("{policy}group g any w0 w1\nquorum g\n"));
    world.append(10, 20);
    ended(&run(&["--policy", "policy"]), 3, &["NOT served"]);
    ended(
        &run(&["--policy", "policy", "--witness", &urls[1]]),
        0,
        &["cosigned"],
    );
    assert_eq!(world.cosigners(&world.served().unwrap()), 1);
}

/// A server that answers each request by what `answer` makes of its body, after `delay`.
fn fake(delay: Duration, answer: impl Fn(&str) -> String + Send + 'static) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let mut stream = stream.unwrap();
            let mut bytes = Vec::new();
            let mut part = [0; 4096];
            let body = loop {
                let length = stream.read(&mut part).unwrap_or(0);
                bytes.extend_from_slice(&part[..length]);
                let text = String::from_utf8_lossy(&bytes).into_owned();
                let wanted = text
                    .to_lowercase()
                    .split_once("content-length: ")
                    .map_or(0, |(_, rest)| {
                        rest.lines().next().unwrap().trim().parse().unwrap()
                    });
                match text.split_once("\r\n\r\n") {
                    Some((_, body)) if body.len() >= wanted => break body.to_owned(),
                    _ if length == 0 => break String::new(),
                    _ => {}
                }
            };
            std::thread::sleep(delay);
            let _ = stream.write_all(answer(&body).as_bytes());
        }
    });
    format!("http://{address}")
}

fn response(status: &str, body: &str) -> String {
    let length = body.len();
    format!("HTTP/1.1 {status}\r\nContent-Length: {length}\r\nConnection: close\r\n\r\n{body}")
}

#[test]
fn liars_and_sluggards_add_nothing() {
    let world = World::new(1);
    world.append(0, 300);
    let name = KeyName::parse("liar.example").unwrap();
    let kind = SignatureType::CosignatureEd25519;
    let liar = || CosigningKey::from_seed(name.clone(), kind, &[4; 32]).unwrap();
    let vkey = liar().verifier().to_string();
    let cosign = move |body: &str, size: u64, key: CosigningKey| {
        let note = AddCheckpoint::parse(body.as_bytes()).unwrap().note;
        let head = Checkpoint::parse(note.text()).unwrap().head();
        let head = TreeHead {
            size: size.max(1),
            ..head
        };
        let line = key.cosign(&Checkpoint::new(ORIGIN, head).unwrap(), 1_800_000_000);
        response("200 OK", &format!("{}\n", line.unwrap()))
    };
    let none = Duration::ZERO;
    let liars: Vec<(String, &str)> = vec![
        (
            fake(none, |_| response("200 OK", "hello\x1b[2J\n")),
            "expected a cosignature",
        ),
        (
            fake(none, |_| response("200 OK", "")),
            "expected a cosignature",
        ),
        (
            fake(none, move |body| cosign(body, 299, liar_key(4))),
            "expected a cosignature",
        ),
        (
            fake(none, move |body| cosign(body, 300, liar_key(5))),
            "expected a cosignature",
        ),
        (
            fake(none, |_| response("200 OK", &"x".repeat(1 << 20))),
            "no answer",
        ),
        (
            fake(none, |_| response("409 Conflict", "many\n")),
            "status 409",
        ),
        (
            fake(none, |_| response("409 Conflict", "0\n")),
            "status 409",
        ),
        (
            fake(none, |_| response("302 Found\r\nLocation: /x", "")),
            "found 302",
        ),
        (
            fake(none, |_| response("503 Busy", "later\n")),
            "found 503: later",
        ),
        (fake(none, |_| response("422 No", "no\n")), "found 422"),
        (fake(none, |_| "nonsense".to_owned()), "no answer"),
        (
            fake(Duration::from_secs(20), |_| String::new()),
            "no answer within",
        ),
    ];
    let good = format!("{} {}", world.urls()[0], world.witnesses[0].0);
    for (url, words) in &liars {
        let from = Instant::now();
        let named = format!("{url} {vkey}");
        let ran = world.place.run_words(&[
            "checkpoint",
            "ledger",
            "--witness",
            &named,
            "--witness",
            &good,
            "--witness-timeout",
            "2s",
        ]);
        ended(&ran, 3, &[words, "NOT served"]);
        assert!(!ran.err.contains('\x1b'));
        assert!(from.elapsed() < Duration::from_secs(8));
        assert_eq!(world.served(), None);
        let note = world.stored(300);
        assert_eq!((note.signatures().len(), world.cosigners(&note)), (2, 1));
    }
    // Sizes that change with every question do not go on for ever.
    let sizes = std::sync::atomic::AtomicU64::new(1);
    let url = fake(none, move |_| {
        let size = sizes.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
        response("409 Conflict", &format!("{size}\n"))
    });
    let named = format!("{url} {vkey}");
    let ran = world
        .place
        .run_words(&["checkpoint", "ledger", "--witness", &named]);
    ended(&ran, 3, &["another each of 3 times"]);
}

fn liar_key(seed: u8) -> CosigningKey {
    let name = KeyName::parse("liar.example").unwrap();
    CosigningKey::from_seed(name, SignatureType::CosignatureEd25519, &[seed; 32]).unwrap()
}

#[test]
fn a_ledger_that_was_rolled_back_is_caught_for_good() {
    let mut world = World::new(2);
    world.policy("any", &world.urls());
    world.append(0, 300);
    ended(&world.checkpoint("--policy policy"), 0, &[]);
    let (ledger, backup) = (world.place.path("ledger"), world.place.path("backup"));
    copy(&ledger, &backup);
    world.append(300, 900);
    ended(&world.checkpoint("--policy policy"), 0, &[]);
    let newest = world.place.path("newest");
    copy(&ledger, &newest);

    // The backup is restored, and other plays come in: fewer, as many, and more than before.
    for upto in [310, 900, 1_200] {
        for fail in ["closed", "open"] {
            copy(&backup, &ledger);
            world.append(10_300, 10_000 + upto);
            let before = world.served();
            let ran = world.checkpoint(&format!("--policy policy --fail {fail}"));
            ended(
                &ran,
                1,
                &[
                    "CONTRADICTS",
                    "NOT served",
                    "ledger/contradiction",
                    "newest",
                ],
            );
            assert_eq!(ran.out, "");
            assert_eq!(world.served(), before);
        }
    }
    // It is remembered: without the witnesses, with other words, to the end; no events are taken.
    let kept = fs::read_to_string(world.place.path("ledger/contradiction")).unwrap();
    let theirs = fs::read_to_string(world.place.path("newest/checkpoint")).unwrap();
    let root = theirs.lines().nth(2).unwrap();
    for words in [
        "verifier key w0.example",
        "verifier key w1.example",
        root,
        "this ledger:",
    ] {
        assert!(kept.contains(words), "{words}: {kept}");
    }
    world
        .witnesses
        .iter_mut()
        .for_each(|(_, served)| drop(served.take()));
    let refused = LedgerWriter::open(&ledger).unwrap().append(&events(1));
    assert!(
        matches!(refused, Err(LedgerError::Contradicted { .. })),
        "{refused:?}"
    );
    let before = (
        world.served(),
        fs::read_dir(ledger.join("checkpoints")).unwrap().count(),
    );
    for words in [
        "",
        "--fail open",
        "--no-policy",
        "--policy policy --fail open",
    ] {
        ended(
            &world.checkpoint(words),
            1,
            &["NOT served", "ledger/contradiction", "newest one"],
        );
    }
    world.place.run("simulate --plays 50 --out data").fine();
    let words =
        "statement ledger --rules data/rules.toml --pools data/pools.csv --out run --fail open";
    ended(
        &world.place.run(words),
        1,
        &["NOT served", "ledger/contradiction"],
    );
    type Work = fn(&mut LedgerWriter) -> Result<(), LedgerError>;
    let works: [Work; 3] = [
        |writer| writer.publish().map(|_| ()),
        |writer| writer.stage().map(|_| ()),
        |writer| writer.close().map(|_| ()),
    ];
    for work in works {
        let refused = work(&mut LedgerWriter::open(&ledger).unwrap());
        assert!(
            matches!(refused, Err(LedgerError::Contradicted { .. })),
            "{refused:?}"
        );
    }
    let after = (
        world.served(),
        fs::read_dir(ledger.join("checkpoints")).unwrap().count(),
    );
    assert_eq!(after, before);
    let key = "keys rotate ledger";
    ended(
        &world.place.run(key),
        0,
        &["warning", "ledger/contradiction"],
    );
    let ran = world.place.run("fsck ledger");
    assert_eq!(ran.code, 1);
    assert!(ran.out.contains("contradiction: "), "{}", ran.out);

    // The newest copy goes on.
    copy(&newest, &ledger);
    for number in 0..2 {
        world.witnesses[number].1 = Some(Served::start(&world.place, &format!("w{number}"), &[]));
    }
    world.policy("any", &world.urls());
    world.append(900, 1_000);
    ended(&world.checkpoint("--policy policy"), 0, &["cosigned"]);
}

#[test]
fn a_contradiction_counts_only_with_proof() {
    let world = World::new(2);
    let place = &world.place;
    world.policy("any", &world.urls());
    world.append(0, 300);
    ended(&world.checkpoint("--policy policy"), 0, &[]);
    world.append(300, 310);
    let liar = liar_key(4);
    let vkey = liar.verifier().to_string();
    // A checkpoint of a larger tree that the log never signed, cosigned by the liar; and one that the
    // log did sign, not cosigned by anybody.
    let forger = ledgerline::log::SigningKey::from_seed(KeyName::parse(ORIGIN).unwrap(), &[7; 32]);
    let head = |size| TreeHead {
        size,
        root: Hash::of(b"x"),
    };
    let forged = Checkpoint::new(ORIGIN, head(999)).unwrap();
    let mut note = Note::sign(&forged.to_string(), &[&forger]).unwrap();
    note.add(liar.cosign(&forged, 1_800_000_000).unwrap())
        .unwrap();
    let bare: String = {
        let text = world.stored(300).to_string();
        text.split_inclusive('\n').take(5).collect()
    };
    // One of this very log is no contradiction either.
    let mut ours = Note::parse(bare.as_bytes()).unwrap();
    let checkpoint = Checkpoint::parse(ours.text()).unwrap();
    ours.add(liar.cosign(&checkpoint, 1_800_000_000).unwrap())
        .unwrap();
    let monitors = [
        response("404 Not Found", ""),
        response("200 OK", "nonsense"),
        response("200 OK", &note.to_string()),
        response("200 OK", &bare),
        response("200 OK", &ours.to_string()),
    ];
    for claim in [
        response("409 Conflict", "999999999\n"),
        response("409 Conflict", "18446744073709551615\n"),
        response("422 Unprocessable", "no\n"),
    ] {
        for monitor in &monitors {
            let (claim, monitor) = (claim.clone(), monitor.clone());
            let url = fake(Duration::ZERO, move |body| {
                if body.is_empty() {
                    monitor.clone()
                } else {
                    claim.clone()
                }
            });
            let policy = format!(
                "witness w0 {} {}\nwitness liar {vkey} {url}\ngroup g any w0 liar\nquorum g\n",
                world.witnesses[0].0,
                world.urls()[0]
            );
            place.write("with-liar", &policy);
            // The quorum decides.
            let ran = place.run("checkpoint ledger --policy with-liar");
            ended(&ran, 0, &["witness liar", "without proof"]);
            assert_eq!(world.cosigners(&world.served().unwrap()), 1);
            place.write("with-liar", policy.replace(" any ", " all "));
            ended(
                &place.run("checkpoint ledger --policy with-liar"),
                3,
                &["without proof"],
            );
            let ran = place.run("checkpoint ledger --policy with-liar --fail open");
            ended(&ran, 0, &["without proof", "warning: served although"]);
            assert!(!place.path("ledger/contradiction").exists());
        }
    }
}

#[test]
fn proofs_lead_from_every_older_size() {
    let place = Place::new();
    place.init("ledger");
    let path = place.path("ledger");
    let all = events(65_536 * 2 + 1_000);
    let sizes = [
        0, 1, 255, 256, 257, 300, 511, 65_280, 65_535, 65_536, 65_537, 65_791, 65_792, 66_000,
        131_071, 131_072, 131_073, 131_999, 132_072,
    ];
    let mut writer = LedgerWriter::open(&path).unwrap();
    let mut heads: Vec<TreeHead> = Vec::new();
    let mut from = 0;
    for size in sizes {
        writer.append(&all[from..size]).unwrap();
        from = size;
        heads.push(writer.publish().unwrap().head);
        let tree = writer.stage().unwrap().tree;
        for old in heads.iter().skip(1) {
            let proof = tree.prove_consistency(old.size).unwrap();
            assert_eq!(
                verify_consistency(*old, tree.head(), &proof),
                Ok(()),
                "{}",
                old.size
            );
        }
        assert!(tree.prove_consistency(tree.head().size + 1).is_err());
    }
    // Also once it is closed, and read anew.
    writer.close().unwrap();
    drop(writer);
    let mut writer = LedgerWriter::open(&path).unwrap();
    let tree = writer.stage().unwrap().tree;
    for old in heads.iter().skip(1) {
        let proof = tree.prove_consistency(old.size).unwrap();
        assert_eq!(
            verify_consistency(*old, tree.head(), &proof),
            Ok(()),
            "{}",
            old.size
        );
    }
    let other = TreeHead {
        root: Hash::of(b"x"),
        ..heads[5]
    };
    let proof = tree.prove_consistency(other.size).unwrap();
    assert!(verify_consistency(other, tree.head(), &proof).is_err());
}

#[test]
fn a_run_carries_the_cosigned_checkpoint() {
    let mut world = World::new(2);
    let place = &world.place;
    place.run("simulate --plays 200 --out data").fine();
    let period = "2026-04";
    place
        .run(&format!("init april --origin {ORIGIN} --period {period}"))
        .fine();
    for key in ["log.key", "master.key", "listener.key"] {
        let secret = |ledger: &str| place.path(ledger).join("secret").join(key);
        fs::copy(secret("ledger"), secret("april")).unwrap();
    }
    fs::copy(place.path("ledger/vkeys"), place.path("april/vkeys")).unwrap();
    place.run("registry april import data").fine();
    place.run("ingest april data/events.ndjson").fine();
    let urls = world.urls();
    drop(world.witnesses[0].1.take());
    world.policy("all", &urls);
    let place = &world.place;
    let words =
        "statement april --rules data/rules.toml --pools data/pools.csv --out run --policy policy";
    let ran = place.run(words);
    ended(&ran, 3, &["closed", "NOT served", "witness w0"]);
    assert!(!place.path("run").exists() && !place.path("april/checkpoint").exists());
    // It goes on from there once the witness is back.
    world.witnesses[0].1 = Some(Served::start(&world.place, "w0", &[]));
    world.policy("all", &world.urls());
    let place = &world.place;
    ended(&place.run(words), 0, &["witness w0"]);
    let in_run = fs::read(place.path("run/checkpoint")).unwrap();
    assert_eq!(in_run, fs::read(place.path("april/checkpoint")).unwrap());
    let note = Note::parse(&in_run).unwrap();
    assert_eq!(world.cosigners(&note), 2);
    let keys = Ledger::open_readonly(&place.path("april"))
        .unwrap()
        .vkeys()
        .unwrap();
    let vkey = &keys[0];
    place
        .run(&format!("audit run --ledger april --key {vkey}"))
        .fine();

    // Cosignatures that came after the run was made: as if witnesses had been named only then.
    let bare: String = note.to_string().split_inclusive('\n').take(5).collect();
    place.write("run/checkpoint", &bare);
    for with in [
        format!("audit run --key {vkey} --policy policy"),
        "bundle run --all --out bundles".to_owned(),
    ] {
        place.run(&with).fine();
    }
    let bundle = fs::read_dir(place.path("bundles")).unwrap().next().unwrap();
    let name = bundle.unwrap().file_name().into_string().unwrap();
    place
        .run(&format!(
            "verify bundles/{name} --key {vkey} --policy policy"
        ))
        .fine();
    assert_eq!(
        fs::read_to_string(place.path("run/checkpoint")).unwrap(),
        bare
    );
}

#[test]
fn an_old_copy_with_all_its_cosignatures_closes_nothing() {
    let mut world = World::new(2);
    world.place.run("simulate --plays 50 --out data").fine();
    world.place.run("registry ledger import data").fine();
    world.policy("all", &world.urls());
    world.append(0, 400);
    ended(&world.checkpoint("--policy policy"), 0, &[]);
    let (ledger, backup) = (world.place.path("ledger"), world.place.path("backup"));
    copy(&ledger, &backup);
    world.append(400, 800);
    ended(&world.checkpoint(""), 0, &[]);

    let statement =
        "statement ledger --rules data/rules.toml --pools data/pools.csv --out run --fail closed";
    // The witnesses are up: what they show tells it is old, before anything is signed or closed.
    for words in [statement, "checkpoint ledger"] {
        copy(&backup, &ledger);
        let ran = world.place.run(words);
        ended(
            &ran,
            1,
            &["CONTRADICTS", "size 800", "ledger/contradiction"],
        );
        assert!(!world.place.path("run").exists());
        let kept = LedgerWriter::open(&ledger).unwrap();
        assert_eq!(kept.manifest().state, State::Open, "{words}");
    }
    // They are down: what the copy remembers of them closes no period.
    copy(&backup, &ledger);
    world
        .witnesses
        .iter_mut()
        .for_each(|(_, served)| drop(served.take()));
    for _ in 0..2 {
        ended(&world.place.run(statement), 3, &["no answer", "quorum"]);
        assert!(!world.place.path("run").exists());
    }
}

#[test]
fn an_old_copy_signs_nothing_that_convicts_the_log() {
    let world = World::new(1);
    world.policy("all", &world.urls());
    world.append(0, 400);
    ended(&world.checkpoint("--policy policy"), 0, &[]);
    let (ledger, backup) = (world.place.path("ledger"), world.place.path("backup"));
    copy(&ledger, &backup);
    world.append(400, 800);
    ended(&world.checkpoint(""), 0, &[]);
    for upto in [500, 800, 900] {
        copy(&backup, &ledger);
        world.append(10_400, 10_000 + upto);
        ended(&world.checkpoint(""), 1, &["CONTRADICTS"]);
        let signed = fs::read_dir(ledger.join("checkpoints")).unwrap().count();
        assert_eq!(signed, 1, "nothing but the checkpoint of 400 is signed");
    }
    // The witness was shown no fork.
    assert!(!world.place.path("w0/evidence").exists());
}

#[test]
fn one_witness_more_takes_nothing_from_the_policy() {
    let world = World::new(2);
    let urls = world.urls();
    let policy = format!(
        "witness w0 {} {}\nquorum w0\n",
        world.witnesses[0].0, urls[0]
    );
    world.place.write("policy", &policy);
    world.append(0, 10);
    ended(&world.checkpoint("--policy policy"), 0, &[]);
    world.append(10, 20);
    let more = format!("{} {}", urls[1], world.witnesses[1].0);
    let ran = world
        .place
        .run_words(&["checkpoint", "ledger", "--witness", &more]);
    ended(&ran, 0, &["cosigned"]);
    assert_eq!(world.cosigners(&world.served().unwrap()), 2);
    let kept = fs::read_to_string(world.place.path("ledger/policy")).unwrap();
    assert_eq!(kept, policy);
}

#[test]
fn what_is_served_without_its_quorum_is_called_served() {
    let mut world = World::new(1);
    let urls = world.urls();
    world.policy("all", &urls);
    drop(world.witnesses[0].1.take());
    world.append(0, 10);
    let open = world.checkpoint("--policy policy --fail open");
    ended(&open, 0, &["warning: served although"]);
    let ran = world.checkpoint("--json");
    ended(&ran, 3, &["is served already, but the quorum"]);
    let json: serde_json::Value = serde_json::from_str(&ran.out).unwrap();
    assert_eq!(json["served"], true);
}

#[test]
fn a_closing_counts_who_answers_now() {
    let mut world = World::new(2);
    world.place.run("simulate --plays 50 --out data").fine();
    world.place.run("registry ledger import data").fine();
    // The second has no URL: what it cosigned once is remembered, and it cannot be asked.
    let urls = world.urls();
    let [one, two] = [0, 1].map(|n| world.witnesses[n].0.clone());
    let policy = format!(
        "witness w0 {one} {}\nwitness w1 {two}\ngroup g any w0 w1\nquorum g\n",
        urls[0]
    );
    world.place.write("policy", policy);
    world.append(0, 10);
    let both = [
        "checkpoint",
        "ledger",
        "--policy",
        "policy",
        "--witness",
        &urls[1],
    ];
    ended(&world.place.run_words(&both), 0, &["cosigned"]);
    assert_eq!(world.cosigners(&world.served().unwrap()), 2);
    drop(world.witnesses[0].1.take());
    let statement = "statement ledger --rules data/rules.toml --pools data/pools.csv --out run";
    ended(
        &world.place.run(statement),
        3,
        &["no answer", "w1 cannot be asked"],
    );
    assert!(!world.place.path("run").exists());
    // Asked by name it answers, and who does not takes nothing from that.
    let dead = "http://127.0.0.1:9/w";
    let words = format!("{statement} --witness {} --witness {dead}", urls[1]);
    ended(
        &world.place.run(&words),
        0,
        &["cosigned", "no answer", "wrote run"],
    );
}

#[test]
fn a_damaged_cosignature_is_named() {
    let mut world = World::new(1);
    world.policy("all", &world.urls());
    world.append(0, 10);
    ended(&world.checkpoint("--policy policy"), 0, &[]);
    drop(world.witnesses[0].1.take());
    for file in ["ledger/checkpoint", "ledger/checkpoints/10"] {
        let text = fs::read_to_string(world.place.path(file)).unwrap();
        let at = text.trim_end().len() - 9;
        let other = if text.as_bytes()[at] == b'A' {
            "B"
        } else {
            "A"
        };
        let damaged = format!("{}{other}{}", &text[..at], &text[at + 1..]);
        world.place.write(file, damaged);
    }
    for words in ["", "--fail open"] {
        let ran = world.checkpoint(words);
        ended(&ran, 2, &["signature lines by whom they name"]);
    }
    let ran = world.place.run("fsck ledger");
    assert_eq!(ran.code, 1);
    assert!(ran.out.contains("one of w0 that is not"), "{}", ran.out);
}

#[test]
fn who_is_replaced_is_looked_at_once_more() {
    let world = World::new(2);
    let urls = world.urls();
    let policy = |n: usize| format!("witness w {} {}\nquorum w\n", world.witnesses[n].0, urls[n]);
    world.place.write("policy", policy(0));
    world.place.write("next", policy(1));
    world.append(0, 400);
    ended(&world.checkpoint("--policy policy"), 0, &[]);
    let (ledger, backup) = (world.place.path("ledger"), world.place.path("backup"));
    copy(&ledger, &backup);
    world.append(400, 800);
    ended(&world.checkpoint(""), 0, &[]);
    // An old copy under a new policy, or none: the witness of the old one tells.
    for words in ["--policy next", "--no-policy"] {
        copy(&backup, &ledger);
        world.append(10_400, 10_800);
        ended(&world.checkpoint(words), 1, &["CONTRADICTS", "size 800"]);
        assert!(!world.place.path("ledger/checkpoints/800").exists());
    }
}
