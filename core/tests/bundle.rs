//! A small world from events to bundles: every bundle verifies, and no changed one does.
//!
//! The world: three recordings, three holders, six listeners, 40 plays, one of each kind of trouble.
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

use std::collections::BTreeMap;

use ledgerline::attribution::Attributor;
use ledgerline::audit::{
    ConsistencyEvidence, LoggedHead, Report, Status, Trust, Verdict, comparisons, verify_bundle,
    verify_checkpoint, verify_pair, verify_run_note,
};
use ledgerline::bundle::{Draft, Evidence, Nonce, OpenedPlay, Openings, Request, RunTables};
use ledgerline::event::{Event, Flags, Kind};
use ledgerline::id::{Isrc, ListenerId, Name, PartyId, PlayId, Territories, Territory};
use ledgerline::log::{
    Checkpoint, CosigningKey, Hash, KeyName, Note, NoteSignature, SignatureType, SigningKey,
    TreeHead, opening, root_of,
};
use ledgerline::money::{Currency, Ppm};
use ledgerline::record::{Record, segment_key};
use ledgerline::registry::{Holder, Licence, Parts, Recording, Share, Snapshot, Subscription};
use ledgerline::royalty::{Pools, Rules};
use ledgerline::salt::SaltKey;
use ledgerline::statement::{
    RunInputs, RunNote, RunSalts, SaltedRun, Sequential, Table, derive, registry_rows,
};
use ledgerline::time::{Interval, Period, TimeMs};

const ORIGIN: &str = "example.com/plays/2026-04";
const RULES: &[u8] = b"version = 1\nmodel = \"pro-rata\"\n";
const POOLS: &[u8] = b"territory,tier,right,currency,amount\n\
DE,premium,master,EUR,12.345678\nDE,premium,publishing,EUR,2\nDE,free,master,EUR,1\nUS,premium,master,USD,7\n";

struct World {
    records: Vec<(Event, Record)>,
    tables: RunTables<'static>,
    run_note: Note,
    checkpoint: Note,
    key: SigningKey,
    plays: u64,
}

fn isrc(number: u64) -> Isrc {
    Isrc::parse(&format!("DEAAA26{number:05}")).unwrap()
}

fn registry() -> Snapshot {
    let name = |text: &str| Name::parse(text).unwrap();
    let share = |number, party, right: &str, ppm, from: &str, to: &str| Share {
        party: PartyId(party),
        isrc: isrc(number),
        right: name(right),
        territories: Territories::parse("*").unwrap(),
        ppm: Ppm::new(ppm).unwrap(),
        valid: Interval::parse(from, to).unwrap(),
    };
    Snapshot::new(Parts {
        recordings: (0..3)
            .map(|number| Recording {
                isrc: isrc(number),
                title: format!("Song <{number}>"),
                artist: "Änne".into(),
                length_ms: if number == 2 { 20_000 } else { 0 },
            })
            .collect(),
        holders: (1..=3)
            .map(|party| Holder {
                party: PartyId(party),
                name: format!("Holder {party}"),
                currency: Currency::parse("EUR").unwrap(),
            })
            .collect(),
        shares: vec![
            share(0, 1, "master", 600_000, "", ""),
            share(0, 2, "master", 400_000, "", "2026-04-15"),
            share(0, 3, "master", 400_000, "2026-04-15", ""),
            share(0, 2, "publishing", 300_000, "", ""),
            share(1, 1, "master", 700_000, "", ""),
            share(1, 3, "master", 700_000, "", ""),
            share(2, 2, "master", 333_333, "", ""),
        ],
        subscriptions: (0..5)
            .map(|listener| Subscription {
                listener: ListenerId(listener),
                tier: name(if listener % 2 == 0 { "premium" } else { "free" }),
                valid: Interval::ALWAYS,
            })
            .collect(),
        licences: (0..3)
            .map(|number| Licence {
                isrc: isrc(number),
                territories: Territories::parse(if number == 2 { "* -US" } else { "*" }).unwrap(),
                valid: Interval::ALWAYS,
            })
            .collect(),
    })
    .unwrap()
}

fn events() -> Vec<Event> {
    let start = TimeMs::parse("2026-04-01").unwrap().ms();
    let mut events = Vec::new();
    for play in 0..40_u64 {
        let at = |seconds: u64| Event {
            listener: ListenerId(play % 6),
            play: PlayId(play * 7919 % 41),
            time: TimeMs::new(start + play * 60_000_000 + seconds * 1000).unwrap(),
            position_ms: (seconds * 1000) as u32,
            kind: Kind::Heartbeat,
            isrc: isrc(play % 4),
            territory: Territory::parse(if play % 5 == 0 { "US" } else { "DE" }).unwrap(),
            flags: Flags::new(play % 2 == 0, false),
        };
        events.extend([at(0), at(20), at(40)]);
        if play % 8 == 0 {
            events.push(at(20));
        }
    }
    events
}

fn world() -> World {
    let master = SaltKey::from_bytes([3; 32]);
    let key = SigningKey::from_seed(KeyName::parse(ORIGIN).unwrap(), &[5; 32]);
    let mut salts = segment_key(&master, ORIGIN, 0).salts_from(0);
    let records: Vec<(Event, Record)> = events()
        .into_iter()
        .map(|event| (event, Record::new(&salts.next_salt(), &event)))
        .collect();
    let leaves: Vec<Hash> = records
        .iter()
        .map(|(_, r)| Hash::leaf(r.as_bytes()))
        .collect();
    let log = TreeHead {
        size: leaves.len() as u64,
        root: root_of(&leaves),
    };
    let checkpoint = Checkpoint::new(ORIGIN, log).unwrap();
    let checkpoint = Note::sign(&checkpoint.to_string(), &[&key]).unwrap();

    let registry = registry();
    let (rules, pools) = (Rules::parse(RULES).unwrap(), Pools::parse(POOLS).unwrap());
    let period = Period::parse("2026-04").unwrap();
    let attributor = Attributor {
        registry: &registry,
        rules: &rules.counting,
        period,
        tiers: pools.tiers(),
    };
    let mut plays = Vec::new();
    let mut events: Vec<Event> = records.iter().map(|(event, _)| *event).collect();
    attributor.attribute(&mut events, &mut plays);
    plays.sort_unstable();
    let run_salts = RunSalts::derive(
        &master,
        &SaltedRun {
            origin: ORIGIN,
            period,
            revision: 0,
            log_root: log.root,
            registry_rows: Hash::of(registry_rows(&registry).bytes()),
            rules: Hash::of(RULES),
            pools: Hash::of(POOLS),
        },
    );
    let inputs = RunInputs {
        origin: ORIGIN,
        period,
        revision: 0,
        log,
        registry: &registry,
        rules_file: RULES,
        pools_file: POOLS,
        pools: &pools,
        previous: None,
        brought_forward: &BTreeMap::new(),
        salts: &run_salts,
    };
    let count = plays.len() as u64;
    let derived = derive(&inputs, plays, &Sequential).unwrap();
    let run_note = Note::sign(&derived.note.to_string(), &[&key]).unwrap();
    World {
        records,
        tables: RunTables::of(derived, run_salts),
        run_note,
        checkpoint,
        key,
        plays: count,
    }
}

fn bundle(world: &World, party: u64, evidence: Evidence, nonce: &[u8]) -> Vec<u8> {
    let request = Request {
        party: PartyId(party),
        evidence,
        nonce: Nonce::new(nonce.to_vec()).unwrap(),
    };
    let draft = Draft::new(&world.tables, &world.run_note, &world.checkpoint, request).unwrap();
    let open = |(position, listener, play): &(u64, ListenerId, PlayId)| {
        let found = (0..)
            .zip(&world.records)
            .filter(|(_, (e, _))| (e.listener, e.play) == (*listener, *play));
        OpenedPlay::new(*position, found.map(|(i, (e, r))| (*e, i, *r)).collect())
    };
    let mut openings = Openings {
        plays: draft.wanted.iter().map(open).collect(),
        proof: Vec::new(),
    };
    let leaves: Vec<Hash> = world
        .records
        .iter()
        .map(|(_, r)| Hash::leaf(r.as_bytes()))
        .collect();
    let opened: Vec<u64> = openings.leaves().iter().map(|(index, _)| *index).collect();
    openings.proof = opening::prove_subtree(&leaves, &opened).unwrap();
    let (note, checkpoint) = (world.run_note.to_string(), world.checkpoint.to_string());
    let mut room = Vec::new();
    draft
        .pieces(
            note.as_bytes(),
            checkpoint.as_bytes(),
            RULES,
            POOLS,
            &openings,
            &mut room,
        )
        .unwrap()
        .concat()
}

fn trust(world: &World) -> Trust {
    Trust {
        keys: vec![world.key.verifier().clone()],
        ..Trust::default()
    }
}

fn verify(bytes: &[u8], trust: &Trust) -> Result<Report, ledgerline::bundle::BundleError> {
    verify_bundle(bytes, "x.llb", trust, &mut |_, _, _| ())
}

#[test]
fn every_holders_bundle_verifies_with_either_evidence() {
    let world = world();
    assert!(world.plays > 20);
    for party in 1..=3 {
        for evidence in [Evidence::Sample, Evidence::Full] {
            for nonce in [&b""[..], b"my own nonce"] {
                let bytes = bundle(&world, party, evidence, nonce);
                let mine = Trust {
                    nonce: Nonce::new(nonce.to_vec()),
                    ..trust(&world)
                };
                let report = verify(&bytes, &mine).unwrap();
                assert_eq!(report.verdict, Verdict::Verified, "{}", report.to_json());
                assert_eq!(report.checks.len(), 20);
                // Another nonce than the holder's own, or one that the holder does not know of.
                let other = Trust {
                    nonce: Nonce::new(b"other".to_vec()),
                    ..trust(&world)
                };
                assert_eq!(verify(&bytes, &other).unwrap().verdict, Verdict::Disputed);
                let unaware = verify(&bytes, &trust(&world)).unwrap().verdict;
                let expected = if nonce.is_empty() {
                    Verdict::Verified
                } else {
                    Verdict::Incomplete
                };
                assert_eq!(unaware, expected);
            }
        }
    }
}

#[test]
fn without_a_key_the_signer_is_unknown_and_with_another_it_is_disputed() {
    let world = world();
    let bytes = bundle(&world, 1, Evidence::Sample, b"");
    let report = verify(&bytes, &Trust::default()).unwrap();
    assert_eq!(report.verdict, Verdict::Incomplete);
    let other = SigningKey::from_seed(KeyName::parse(ORIGIN).unwrap(), &[6; 32]);
    let other = Trust {
        keys: vec![other.verifier().clone()],
        ..Trust::default()
    };
    let report = verify(&bytes, &other).unwrap();
    assert_eq!(report.verdict, Verdict::Disputed);
    // An auditor who is asked for and has not signed; and the operator as their own auditor.
    let stranger = SigningKey::from_seed(KeyName::parse("auditor").unwrap(), &[8; 32]);
    for key in [&stranger, &world.key] {
        let auditor = Trust {
            auditors: vec![key.verifier().clone()],
            ..trust(&world)
        };
        let report = verify(&bytes, &auditor).unwrap();
        assert_eq!(report.verdict, Verdict::Disputed);
        assert_eq!(report.ladder[3].status, Status::Fail);
    }
}

#[test]
fn every_flipped_bit_and_every_cut_is_refused() {
    let world = world();
    let bytes = bundle(&world, 2, Evidence::Sample, b"");
    let trust = trust(&world);
    for at in 0..bytes.len() {
        let mut flipped = bytes.clone();
        flipped[at] ^= 1 << (at % 8);
        assert!(verify(&flipped, &trust).is_err(), "byte {at}");
    }
    for length in (0..bytes.len()).step_by(7).chain([bytes.len() - 1]) {
        assert!(verify(&bytes[..length], &trust).is_err(), "cut at {length}");
    }
    let mut longer = bytes;
    longer.push(0);
    assert!(verify(&longer, &trust).is_err());
}

/// A forger who repairs the container: any changed byte of an entry is still refused or disputed.
#[test]
fn every_changed_byte_of_every_entry_is_refused_even_with_a_repaired_container() {
    let world = world();
    let bytes = bundle(&world, 2, Evidence::Sample, b"");
    let trust = trust(&world);
    let entries = ledgerline::bundle::read_entries(&bytes).unwrap();
    for which in 0..entries.len() {
        for at in 0..entries[which].len() {
            let mut changed = entries[which].to_vec();
            changed[at] ^= 1 << (at % 8);
            let mut forged = entries;
            forged[which] = &changed;
            let forged = ledgerline::bundle::pieces(&forged).unwrap().concat();
            if let Ok(report) = verify(&forged, &trust) {
                let name = ledgerline::bundle::ENTRIES[which];
                assert_eq!(report.verdict, Verdict::Disputed, "{name} byte {at}");
                let failed = report.checks.iter().filter(|c| c.status == Status::Fail);
                assert!(failed.count() > 0 && !report.findings.is_empty());
            }
        }
    }
}

#[test]
fn a_stranger_gets_no_bundle() {
    let world = world();
    let request = Request {
        party: PartyId(99),
        evidence: Evidence::Sample,
        nonce: Nonce::default(),
    };
    assert!(Draft::new(&world.tables, &world.run_note, &world.checkpoint, request).is_err());
}

#[test]
fn tables_read_back_from_their_bytes_and_in_no_other_order() {
    let world = world();
    for table in Table::ALL {
        let rows = world.tables.rows(table);
        let read = ledgerline::statement::Rows::read(table, rows.bytes().to_vec()).unwrap();
        assert_eq!(&read, rows);
        let head = RunNote::parse(world.run_note.text()).unwrap().table(table);
        assert_eq!(read.count(), head.size);
        if rows.count() > 1 {
            let mut swapped = ledgerline::statement::Rows::new(table);
            for position in [1, 0] {
                let (key, row) = rows.get(position).unwrap();
                swapped.push(key, row);
            }
            assert!(ledgerline::statement::Rows::read(table, swapped.bytes().to_vec()).is_err());
        }
    }
}

/// A bundle whose checkpoint carries these cosignature lines.
fn witnessed(world: &World, lines: &[NoteSignature]) -> Vec<u8> {
    let mut checkpoint = world.checkpoint.clone();
    for line in lines {
        checkpoint.add(line.clone()).unwrap();
    }
    let bytes = bundle(world, 1, Evidence::Sample, b"");
    let mut entries = ledgerline::bundle::read_entries(&bytes).unwrap();
    let note = checkpoint.to_string();
    entries[2] = note.as_bytes();
    ledgerline::bundle::pieces(&entries).unwrap().concat()
}

fn witness(name: &str, seed: u8) -> CosigningKey {
    let name = KeyName::parse(name).unwrap();
    CosigningKey::from_seed(name, SignatureType::CosignatureEd25519, &[seed; 32]).unwrap()
}

#[test]
fn a_quorum_of_witnesses_is_asked_for_by_policy() {
    let world = world();
    let checkpoint = Checkpoint::parse(world.checkpoint.text()).unwrap();
    let (one, two) = (witness("w.example/1", 21), witness("w.example/2", 22));
    let cosign = |key: &CosigningKey| key.cosign(&checkpoint, 1_777_777_777).unwrap();
    let policy = |quorum: &str| {
        Trust::parse_roots(&format!(
            "log {}\nwitness one {}\nwitness two {}\ngroup both all one two\nquorum {quorum}\n",
            world.key.verifier(),
            one.verifier(),
            two.verifier()
        ))
        .unwrap()
    };
    let quorum = |report: &Report| {
        let check = report.checks.iter().find(|c| c.id == "checkpoint.quorum");
        check.map(|check| (check.status, check.detail.clone()))
    };

    // Nobody asks: no such check, and the first rung says what is open.
    let report = verify(&witnessed(&world, &[cosign(&one)]), &policy("none")).unwrap();
    assert_eq!(report.verdict, Verdict::Verified);
    assert_eq!(quorum(&report), None);
    assert!(report.ladder[0].does_not_prove.contains("none were asked"));

    // Enough.
    let both = witnessed(&world, &[cosign(&one), cosign(&two)]);
    let report = verify(&both, &policy("both")).unwrap();
    assert_eq!(report.verdict, Verdict::Verified, "{}", report.to_json());
    let (status, detail) = quorum(&report).unwrap();
    assert_eq!(status, Status::Pass);
    assert!(
        detail.contains("one at 2026-05-03T03:09:37Z and two at"),
        "{detail}"
    );
    assert!(report.ladder[0].says.contains("witnesses you trust"));
    assert!(report.headline.contains("witnesses"));

    // Too few, and who is missing.
    let report = verify(&witnessed(&world, &[cosign(&two)]), &policy("both")).unwrap();
    assert_eq!(report.verdict, Verdict::Incomplete);
    let (status, detail) = quorum(&report).unwrap();
    assert_eq!(status, Status::Skip);
    assert!(detail.contains("missing by one"), "{detail}");
    assert_eq!(report.ladder[0].status, Status::Skip);
    assert!(report.ladder[0].does_not_prove.contains("too few"));

    // A false cosignature condemns, even beside enough true ones.
    let stolen = {
        let other = Checkpoint::new(ORIGIN, TreeHead::EMPTY).unwrap();
        one.cosign(&other, 1_777_777_777).unwrap()
    };
    let report = verify(&witnessed(&world, &[stolen, cosign(&two)]), &policy("two")).unwrap();
    assert_eq!(report.verdict, Verdict::Disputed);
    assert_eq!(quorum(&report).unwrap().0, Status::Fail);
}

#[test]
fn the_services_own_key_is_no_witness() {
    let world = world();
    let checkpoint = Checkpoint::parse(world.checkpoint.text()).unwrap();
    // The seed of the log's own key.
    let own = witness("w.example/own", 5);
    let line = own.cosign(&checkpoint, 1_777_777_777).unwrap();
    let witness_only = format!("witness own {}\nquorum own\n", own.verifier());
    let log = format!("log {}\n", world.key.verifier());
    let bytes = witnessed(&world, &[line]);
    for mut trust in [
        Trust::parse_roots(&format!("{log}{witness_only}")).unwrap(),
        Trust {
            keys: vec![world.key.verifier().clone()],
            ..Trust::parse_roots(&witness_only).unwrap()
        },
    ] {
        let report = verify(&bytes, &trust).unwrap();
        assert_eq!(report.verdict, Verdict::Incomplete, "{}", report.to_json());
        assert!(report.findings.iter().any(|f| f.code == "own-witness"));
        // Nor is it an auditor's.
        trust.auditors = vec![world.key.verifier().clone()];
        let report = verify(&bytes, &trust).unwrap();
        assert_eq!(report.ladder[3].status, Status::Fail);
    }
}

#[test]
fn keys_rotate_and_a_policy_is_asked_by_origin() {
    let world = world();
    let bytes = bundle(&world, 1, Evidence::Sample, b"");
    let next = SigningKey::from_seed(KeyName::parse(ORIGIN).unwrap(), &[6; 32]);
    let both = Trust {
        keys: vec![next.verifier().clone(), world.key.verifier().clone()],
        ..Trust::default()
    };
    let report = verify(&bytes, &both).unwrap();
    assert_eq!(report.verdict, Verdict::Verified);
    let id = format!("{ORIGIN}+{:08x}", world.key.verifier().id());
    assert_eq!(report.subject.signer, Some(id));

    // One signs, the other claims to and does not.
    let other = Note::sign("other\n", &[&next]).unwrap();
    let false_line = other.signatures()[0].clone();
    let bytes = witnessed(&world, &[false_line]);
    assert_eq!(verify(&bytes, &both).unwrap().verdict, Verdict::Disputed);

    // A policy that knows another log only vouches for nothing, and contradicts nothing.
    let bytes = bundle(&world, 1, Evidence::Sample, b"");
    let stranger = SigningKey::from_seed(KeyName::parse("other.example/log").unwrap(), &[5; 32]);
    let policy = format!("log {}\nquorum none\n", stranger.verifier());
    let report = verify(&bytes, &Trust::parse_roots(&policy).unwrap()).unwrap();
    assert_eq!(report.verdict, Verdict::Incomplete);
    assert!(report.checks[0].detail.contains("no log with the origin"));
}

#[test]
fn a_run_note_alone_satisfies_no_quorum_and_is_told_apart_by_its_hash() {
    let world = world();
    let witness = witness("w.example/1", 21);
    let text = format!(
        "log {}\nwitness one {}\nquorum one\n",
        world.key.verifier(),
        witness.verifier()
    );
    let policy = Trust::parse_roots(&text).unwrap();
    let report = verify_run_note(&world.run_note, "run.note", &[], &policy).unwrap();
    assert_eq!(report.verdict, Verdict::Incomplete);
    let skipped: Vec<_> = report
        .checks
        .iter()
        .filter(|c| c.status == Status::Skip)
        .collect();
    assert_eq!(skipped.len(), 1);
    assert!(skipped[0].detail.contains("no checkpoint"));
    let same = verify_run_note(&world.run_note, "run.note", &[], &trust(&world)).unwrap();
    assert_eq!(same.verdict, Verdict::Verified);
    // The statement's name is over the text: who signs it beside changes nothing.
    let mut more = world.run_note.clone();
    more.add_signature(&SigningKey::from_seed(
        KeyName::parse("a").unwrap(),
        &[9; 32],
    ))
    .unwrap();
    let more = verify_run_note(&more, "run.note", &[], &policy).unwrap();
    assert_eq!(more.subject.run_note, report.subject.run_note);
    assert_ne!(more.subject.sha256, report.subject.sha256);
    let bytes = bundle(&world, 1, Evidence::Sample, b"");
    let of_bundle = verify(&bytes, &policy).unwrap().subject.run_note;
    assert_eq!(of_bundle, report.subject.run_note);
    // The checkpoint of the run, cosigned, has what is missing.
    let mut checkpoint = world.checkpoint.clone();
    let head = Checkpoint::parse(checkpoint.text()).unwrap();
    checkpoint.add(witness.cosign(&head, 1).unwrap()).unwrap();
    let report = verify_checkpoint(&checkpoint, "checkpoint", &policy).unwrap();
    assert_eq!(report.verdict, Verdict::Verified);
    // Beside it, the run note takes the cosignatures from there.
    let beside = [
        LoggedHead::of_checkpoint(&world.checkpoint, "bare").unwrap(),
        LoggedHead::of_checkpoint(&checkpoint, "cosigned").unwrap(),
    ];
    let with = |beside: &[LoggedHead]| {
        let report = verify_run_note(&world.run_note, "run.note", beside, &policy).unwrap();
        (report.verdict, report.to_json())
    };
    let (verdict, json) = with(&beside);
    assert_eq!(verdict, Verdict::Verified, "{json}");
    assert!(json.contains("cosigned is its checkpoint"), "{json}");
    let (verdict, json) = with(&beside[..1]);
    assert_eq!(verdict, Verdict::Incomplete, "{json}");
    assert!(json.contains("missing by one"), "{json}");
    // Not from another log's checkpoint, nor from one that the log did not sign.
    let forger = SigningKey::from_seed(KeyName::parse(ORIGIN).unwrap(), &[77; 32]);
    let mut forged = Note::sign(world.checkpoint.text(), &[&forger]).unwrap();
    forged.add(witness.cosign(&head, 1).unwrap()).unwrap();
    let other = Checkpoint::new(ORIGIN, TreeHead::EMPTY).unwrap();
    let mut shorter = Note::sign(&other.to_string(), &[&world.key]).unwrap();
    shorter.add(witness.cosign(&other, 1).unwrap()).unwrap();
    let others = [&forged, &shorter].map(|n| LoggedHead::of_checkpoint(n, "other").unwrap());
    let (verdict, json) = with(&others);
    assert_eq!(verdict, Verdict::Incomplete);
    assert!(json.contains("carries no checkpoint"), "{json}");
    let report = verify_checkpoint(&world.checkpoint, "checkpoint", &policy).unwrap();
    assert_eq!(report.verdict, Verdict::Incomplete);
    assert_eq!(report.subject.run_note, None);
}

#[test]
fn an_auditors_key_does_not_stand_for_the_operators() {
    let world = world();
    let auditor = SigningKey::from_seed(KeyName::parse("auditor.example").unwrap(), &[8; 32]);
    let mut run_note = world.run_note.clone();
    run_note.add_signature(&auditor).unwrap();
    let only = run_note.only_by(&[auditor.verifier().clone()]).unwrap();
    let trust = Trust {
        keys: vec![auditor.verifier().clone()],
        ..Trust::default()
    };
    for note in [&run_note, &only] {
        let report = verify_run_note(note, "run.note", &[], &trust).unwrap();
        assert_eq!(report.verdict, Verdict::Incomplete, "{}", report.to_json());
        assert_eq!(report.subject.signer, None);
        assert!(report.checks[0].detail.contains("named auditor.example"));
    }
    let bytes = bundle(&world, 1, Evidence::Sample, b"");
    let report = verify(&bytes, &trust).unwrap();
    assert_eq!(report.verdict, Verdict::Incomplete, "{}", report.to_json());
}

#[test]
fn the_key_of_any_known_log_is_no_witness_and_no_auditor() {
    let world = world();
    let checkpoint = Checkpoint::parse(world.checkpoint.text()).unwrap();
    let neighbour = witness("w.example/neighbour", 6);
    let line = neighbour.cosign(&checkpoint, 1_777_777_777).unwrap();
    let bytes = witnessed(&world, &[line]);
    let key = SigningKey::from_seed(KeyName::parse("other.example/log").unwrap(), &[6; 32]);
    let log = format!("log {}\n", world.key.verifier());
    let other = format!("log {}\n", key.verifier());
    let quorum = format!("witness n {}\nquorum n\n", neighbour.verifier());
    let policies = [
        Trust::parse_roots(&format!("{log}{quorum}")).unwrap(),
        Trust::parse_roots(&format!("{log}{other}{quorum}")).unwrap(),
        Trust {
            keys: vec![key.verifier().clone()],
            ..Trust::parse_roots(&format!("{log}{quorum}")).unwrap()
        },
    ];
    for (mut trust, is_other) in policies.into_iter().zip([true, false, false]) {
        let report = verify(&bytes, &trust).unwrap();
        assert_eq!(report.verdict == Verdict::Verified, is_other);
        assert_ne!(report.verdict, Verdict::Disputed);
        trust.auditors = vec![key.verifier().clone()];
        let report = verify(&bytes, &trust).unwrap();
        let detail = report.checks.iter().find(|c| c.id == "auditor.signature");
        let is_own = detail.unwrap().detail.contains("signs for a service");
        assert_eq!(is_own, !is_other);
        // A publisher counts as its readers do.
        let policy = trust.policy.unwrap();
        let note = {
            let mut note = world.checkpoint.clone();
            note.add(neighbour.cosign(&checkpoint, 5).unwrap()).unwrap();
            note
        };
        let own = [world.key.verifier().clone(), key.verifier().clone()];
        let keys = if is_other { &own[..1] } else { &own[..] };
        let examined = policy.examine_signed_by(&note, ORIGIN, keys).unwrap();
        assert_eq!(examined.has_quorum, is_other);
    }
}

#[test]
fn a_bundles_heads_are_held_against_other_files() {
    let world = world();
    let bytes = bundle(&world, 1, Evidence::Sample, b"");
    let mut heads = LoggedHead::of_bundle(&bytes, "a.llb").unwrap().to_vec();
    let trust = trust(&world);
    assert!(comparisons(&heads, false, &trust).pairs.is_empty());
    let head = heads[0].head();
    let root = ledgerline::log::Hash::of(b"another tree");
    let fork = Checkpoint::new(ORIGIN, TreeHead { root, ..head }).unwrap();
    let fork = Note::sign(&fork.to_string(), &[&world.key]).unwrap();
    heads.push(LoggedHead::of_checkpoint(&fork, "fork").unwrap());
    let found = comparisons(&heads, false, &trust);
    assert_eq!(found.pairs.len(), 1);
    let none = ConsistencyEvidence::None;
    let report = verify_pair(found.pairs[0], &none, &trust).unwrap();
    assert_eq!(report.verdict, Verdict::Disputed);
    let finding = &report.findings[0];
    assert_eq!(finding.code, "checkpoint.consistency");
    for word in ["a fork", "a.llb", "fork", "keep both"] {
        assert!(finding.detail.contains(word), "{}", finding.detail);
    }
    // Nobody is accused by whom the reader does not know.
    assert!(
        comparisons(&heads, false, &Trust::default())
            .pairs
            .is_empty()
    );
}

/// The bundle with entries replaced by others, in a container that is right again.
fn with_entry(bytes: &[u8], which: &str, content: &[u8]) -> Vec<u8> {
    let mut entries = ledgerline::bundle::read_entries(bytes).unwrap();
    let names = ledgerline::bundle::ENTRIES;
    let place = names.iter().position(|name| *name == which).unwrap();
    entries[place] = content;
    ledgerline::bundle::pieces(&entries).unwrap().concat()
}

#[test]
fn a_run_that_continues_another_is_incomplete() {
    let world = world();
    let bytes = bundle(&world, 1, Evidence::Full, b"");
    // All events are opened: a sample would be drawn by the note that is changed.
    let text = world.run_note.text();
    let previous = format!("\nprevious {}\n", Hash::of(b"an earlier run"));
    let text = text.replacen("\nprevious -\n", &previous, 1);
    assert_ne!(text, world.run_note.text());
    let note = Note::sign(&text, &[&world.key]).unwrap();
    let bytes = with_entry(&bytes, "run.note", note.to_string().as_bytes());
    let report = verify(&bytes, &trust(&world)).unwrap();
    assert_eq!(report.verdict, Verdict::Incomplete, "{}", report.to_json());
    let skipped = report.checks.iter().filter(|c| c.status == Status::Skip);
    assert!(skipped.map(|c| c.id).eq(["holders.previous"]));
}

/// What a pool is divided by cannot be more than all counted plays weigh, for one pool or together.
#[test]
fn a_divisor_is_bounded_by_the_plays_of_the_run() {
    let world = world();
    let bytes = bundle(&world, 1, Evidence::Sample, b"");
    let read = ledgerline::bundle::Bundle::read(&bytes).unwrap();
    let all = world.plays * 1000;
    let cells: Vec<_> = read
        .numbered_cells()
        .into_iter()
        .map(|(_, cell)| cell)
        .collect();
    let mut pools: Vec<_> = cells
        .iter()
        .map(|c| (c.key.territory, c.key.tier))
        .collect();
    pools.sort_unstable();
    pools.dedup();
    assert!(pools.len() > 1, "several divisors");
    let entries = ledgerline::bundle::read_entries(&bytes).unwrap();
    for (total, words) in [
        (all + 1, "contradict each other"),
        (all, "more plays than the run has counted"),
    ] {
        let mut content = entries[9].to_vec();
        for cell in &cells {
            let weights = |total: u64| {
                [cell.weight, cell.weight_before, total]
                    .map(u64::to_be_bytes)
                    .concat()
            };
            let stated = weights(cell.weight_total);
            let at = content.windows(24).position(|w| w == stated).unwrap();
            content[at..at + 24].copy_from_slice(&weights(total));
        }
        let report = verify(&with_entry(&bytes, "cells", &content), &trust(&world)).unwrap();
        assert_eq!(report.verdict, Verdict::Disputed);
        let said =
            |f: &ledgerline::audit::Finding| f.code == "cells.money" && f.detail.contains(words);
        assert!(
            report.findings.iter().any(said),
            "{words}: {}",
            report.to_json()
        );
    }
}

/// Counts that claim more than the bytes behind them hold are refused where they stand: quickly, and
/// without room being made for what they claim.
#[test]
fn claimed_counts_cost_nothing() {
    let world = world();
    let bytes = bundle(&world, 1, Evidence::Full, b"");
    let entries = ledgerline::bundle::read_entries(&bytes).unwrap();
    for (name, entry) in ledgerline::bundle::ENTRIES.iter().zip(entries).skip(5) {
        for at in 0..entry.len().saturating_sub(3) {
            let mut content = entry.to_vec();
            content[at..at + 4].copy_from_slice(&[0xff; 4]);
            if content == entry {
                continue;
            }
            let forged = with_entry(&bytes, name, &content);
            if let Ok(report) = verify(&forged, &trust(&world)) {
                assert_eq!(report.verdict, Verdict::Disputed, "{name} byte {at}");
            }
        }
    }
}
