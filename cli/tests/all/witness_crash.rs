//! The witness at every crash and at every failed call.
//!
//! A short history is run on a disk that remembers each operation (`common/disk.rs` says what that
//! disk promises). Whatever a crash leaves before and after each operation, and whichever single call
//! fails: the witness starts again, knows every head that it ever answered 200 for or a later one,
//! cosigns nothing that forks from it, and goes on; and after that the power fails once more. Once it
//! has answered 200, it does not start without the log's state.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    clippy::cast_possible_truncation,
    reason = "tests"
)]

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;
use std::sync::Arc;

use crate::common::disk::{Crash, How, Mark, Op, Random, SimDisk, World};
use ledgerline::log::{
    AddCheckpoint, Checkpoint, Hash, KeyName, Note, SigningKey, TreeHead, prove_consistency,
    root_of,
};
use ledgerline_cli::witness::{LogEntry, LogList, Witness, WitnessDir, WitnessError, create_on};

const ORIGIN: &str = "example.com/log";

/// Leaves that both histories have.
const COMMON: u64 = 3;

/// A directory in memory, where there is one: nothing of it needs to reach a disk.
fn scratch() -> tempfile::TempDir {
    let memory = Path::new("/dev/shm");
    let dir = memory.is_dir().then(|| tempfile::tempdir_in(memory).ok());
    dir.flatten()
        .unwrap_or_else(|| tempfile::tempdir().unwrap())
}

fn key() -> SigningKey {
    SigningKey::from_seed(KeyName::parse(ORIGIN).unwrap(), &[1; 32])
}

/// A request of the log, or of the log's fork.
fn request(forked: bool, old_size: u64, size: u64) -> AddCheckpoint {
    let other = |index: u64| u64::from(forked && index >= COMMON) << 32;
    let all: Vec<Hash> = (0..size)
        .map(|index| Hash::leaf(&(index + other(index)).to_be_bytes()))
        .collect();
    let mut subtree = |lo: u64, hi: u64| root_of(&all[lo as usize..hi as usize]);
    let proof = prove_consistency(old_size, size, &mut subtree).unwrap();
    let root = root_of(&all);
    let text = Checkpoint::new(ORIGIN, TreeHead { size, root }).unwrap();
    AddCheckpoint {
        old_size,
        proof,
        note: Note::sign(&text.to_string(), &[&key()]).unwrap(),
    }
}

fn status(witness: &Witness, request: &AddCheckpoint, now: u64) -> u16 {
    let answer = witness.add_checkpoint(request.to_string().as_bytes(), now);
    answer.status
}

/// Asks for a cosignature of the log at this size; it may fail only with the disk.
fn cosign(witness: &Witness, disk: &SimDisk, old: u64, size: u64, now: u64) -> bool {
    let status = status(witness, &request(false, old, size), now);
    if status == 200 {
        disk.mark(Mark::Published(size));
        return true;
    }
    assert_eq!(status, 503);
    assert!(witness.halted().is_some());
    // It stays so, and nothing is tried again.
    let calls = disk.calls();
    let again = witness.add_checkpoint(request(false, old, size).to_string().as_bytes(), now);
    assert_eq!((again.status, disk.calls()), (503, calls));
    false
}

/// The history; ends at the first failed call that matters.
fn history(disk: &SimDisk, root: &Path, ml_dsa: bool) -> Option<()> {
    let path = root.join("w");
    let arc = || Arc::new(disk.clone());
    create_on(&path, &KeyName::parse("w.example").unwrap(), ml_dsa, arc()).ok()?;
    let mut logs = LogList::default();
    logs.push(LogEntry::new(&key().verifier().to_string(), None, None).unwrap());
    WitnessDir::on(&path, arc()).write_logs(&logs).ok()?;
    disk.mark(Mark::Created);
    let witness = Witness::open_on(&path, arc()).ok()?;
    for (old, size) in [(0, 2), (2, 3), (3, 5), (5, 5)] {
        cosign(&witness, disk, old, size, 100 + size + old).then_some(())?;
    }
    assert_eq!(status(&witness, &request(true, 5, 5), 200), 422);
    cosign(&witness, disk, 5, 9, 300).then_some(())?;
    drop(witness);
    let witness = Witness::open_on(&path, arc()).ok()?;
    cosign(&witness, disk, 9, 9, 400).then_some(())?;
    assert_eq!(status(&witness, &request(true, 9, 20), 500), 422);
    cosign(&witness, disk, 9, 20, 600).then_some(())
}

/// What must hold after a crash.
#[derive(Clone, Debug, Default)]
struct Demands {
    created: bool,
    cosigned: BTreeSet<u64>,
}

impl Demands {
    fn follow(&mut self, world: &mut World, op: &Op) {
        match op {
            Op::Mark(Mark::Created) => self.created = true,
            Op::Mark(Mark::Published(size)) => {
                self.cosigned.insert(*size);
            }
            _ => {}
        }
        world.apply(op);
    }
}

/// Whether a log that was cosigned is missed when its state is lost.
fn misses_its_state(root: &Path) {
    let dir = WitnessDir::new(&root.join("w"));
    let state = dir.state(ORIGIN);
    let aside = root.join("aside");
    fs::rename(&state, &aside).unwrap();
    let error = Witness::open(dir.root()).unwrap_err().to_string();
    assert!(error.contains("which was cosigned before"), "{error}");
    fs::rename(&aside, &state).unwrap();
}

/// Starts the witness after a crash, sees that nothing is forgotten, and goes on.
fn survives(root: &Path, demands: &Demands) -> Option<SimDisk> {
    if !demands.cosigned.is_empty() {
        misses_its_state(root);
    }
    let disk = SimDisk::new(root);
    let witness = match Witness::open_on(&root.join("w"), Arc::new(disk.clone())) {
        Err(WitnessError::NotAWitness { .. }) if !demands.created => return None,
        other => other.unwrap(),
    };
    if !demands.created && witness.origins().is_empty() {
        return None;
    }
    // Where it stands, as a client finds out: by a size that it never has.
    let answer = witness.add_checkpoint(request(false, 1, 1).to_string().as_bytes(), 900);
    assert_eq!(answer.status, 409, "{}", answer.body);
    let known: u64 = answer.body.trim().parse().unwrap();
    let promised = demands.cosigned.last().copied().unwrap_or(0);
    assert!(known >= promised, "{known} of {demands:?}");
    // No fork from any place, at any size that was cosigned or is known.
    for &size in demands
        .cosigned
        .iter()
        .chain([&known])
        .filter(|size| **size > COMMON)
    {
        for old in [0, COMMON, known, size] {
            let forked = request(true, old.min(size), size);
            assert_ne!(status(&witness, &forked, 901), 200, "{old} {size}");
        }
    }
    // What was perhaps only read is durable once it is cosigned again.
    assert!(cosign(&witness, &disk, known, known, 902));
    assert!(cosign(&witness, &disk, known, 30, 903));
    Some(disk)
}

/// After the end of one process: another goes on, and the power fails behind it.
fn survives_again(mut world: World, disk: &SimDisk, demands: &Demands) {
    world.next_process();
    let mut demands = demands.clone();
    let ops = disk.ops();
    for (at, op) in ops.iter().enumerate() {
        demands.follow(&mut world, op);
        if matches!(op, Op::Mark(_)) {
            for mut crash in [Crash::Strict, Crash::Random(Random(at as u64))] {
                let root = scratch();
                world.crash(&mut crash).write(root.path());
                survives(root.path(), &demands);
            }
        }
    }
}

#[test]
fn every_crash_keeps_what_was_cosigned() {
    let root = scratch();
    let disk = SimDisk::new(root.path());
    history(&disk, root.path(), true).unwrap();
    let ops = disk.ops();
    let (mut world, mut demands) = (World::new(), Demands::default());
    let mut states = BTreeSet::new();
    for point in 0..=ops.len() {
        let mut crashes = vec![Crash::Process, Crash::Strict];
        crashes.extend((0..8).map(|n| Crash::Random(Random((point * 8 + n) as u64))));
        for mut crash in crashes {
            let image = world.crash(&mut crash);
            if !states.insert((image.fingerprint(), demands.cosigned.last().copied())) {
                continue;
            }
            let root = scratch();
            image.write(root.path());
            let next = survives(root.path(), &demands);
            if let (Crash::Process, Some(disk)) = (crash, next) {
                survives_again(world.clone(), &disk, &demands);
            }
        }
        if let Some(op) = ops.get(point) {
            demands.follow(&mut world, op);
        }
    }
    assert_eq!(
        demands.cosigned.iter().copied().collect::<Vec<_>>(),
        [2, 3, 5, 9, 20]
    );
    println!(
        "{} operations, {} states after a crash",
        ops.len(),
        states.len()
    );
}

#[test]
fn every_failed_call_stops_the_witness_and_forgets_nothing() {
    let root = scratch();
    let disk = SimDisk::new(root.path());
    history(&disk, root.path(), false).unwrap();
    let calls = disk.calls();
    for at in 0..calls {
        for how in [How::Eio, How::Short] {
            let root = scratch();
            let disk = SimDisk::failing(root.path(), at, how);
            // Not to the end, unless what failed was only evidence.
            let _ = history(&disk, root.path(), false);
            let (mut world, mut demands) = (World::new(), Demands::default());
            for op in &disk.ops() {
                demands.follow(&mut world, op);
            }
            for mut crash in [
                Crash::Process,
                Crash::Strict,
                Crash::Random(Random(at as u64)),
            ] {
                let root = scratch();
                world.crash(&mut crash).write(root.path());
                let next = survives(root.path(), &demands);
                if let (Crash::Process, Some(disk)) = (crash, next) {
                    survives_again(world.clone(), &disk, &demands);
                }
            }
        }
    }
    println!("{calls} calls, each failed in two ways");
}
