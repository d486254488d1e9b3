//! The ledger at every crash and at every failed call.
//!
//! A short history (events, checkpoints with and without a cosignature, a change of the log's key, the
//! policy) is run on a disk that remembers each operation (`common/disk.rs` says what that
//! disk promises). From one run the states are made that a crash before and after every operation
//! may leave: the process killed; the power gone with only what was fsynced; the power gone with
//! seeded random parts of the rest. In further runs every single call fails, one in each run. Each
//! time the ledger must open, hold every acknowledged event at its index, agree with every
//! checkpoint that anybody could have seen, and go on; and after that the power fails once more.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    reason = "tests"
)]

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, LazyLock, Mutex};
use std::time::Instant;

use crate::common::disk::{Crash, How, Image, Mark, Op, Random, SimDisk, World};
use crate::common::log::{Log, no_litter};
use crate::common::{ORIGIN, event, events};
use ledgerline::event::Event;
use ledgerline::log::{Checkpoint, CosigningKey, KeyName, Note, SignatureType, Tile};
use ledgerline::time::Period;
use ledgerline_cli::ledger::{self, LedgerError, LedgerWriter};

const SEGMENT: usize = 65_536;

/// A directory in memory, where there is one: nothing of it needs to reach a disk.
pub(crate) fn scratch() -> tempfile::TempDir {
    let memory = Path::new("/dev/shm");
    if memory.is_dir() {
        tempfile::tempdir_in(memory).unwrap()
    } else {
        tempfile::tempdir().unwrap()
    }
}

fn ledger_in(root: &Path) -> PathBuf {
    root.join("ledger")
}

/// Event number `n` of the history. Making one takes longer than checking one.
fn nth(n: u64) -> Event {
    static EVENTS: LazyLock<Vec<Event>> = LazyLock::new(|| events(SEGMENT + 1_000));
    EVENTS[usize::try_from(n).unwrap()]
}

fn some(from: usize, to: usize) -> Vec<Event> {
    (from as u64..to as u64).map(nth).collect()
}

/// Runs the history. With `calm` one operation follows another; otherwise a segment is sealed while
/// the next one takes events.
fn history(disk: &SimDisk, root: &Path, calm: bool) -> Result<(), LedgerError> {
    let path = ledger_in(root);
    let period = Period::parse("2026-04").unwrap();
    ledger::create_on(&path, ORIGIN, period, Arc::new(disk.clone()))?;
    disk.mark(Mark::Created);
    let mut at = 0;
    let mut writer = LedgerWriter::open_on(&path, Arc::new(disk.clone()))?;
    taken(&mut writer, disk, |run| {
        run.append(&mut at, 3)?;
        run.append(&mut at, 300)?;
        run.publish()?;
        run.append(&mut at, 1)?;
        run.publish()
    })?;
    drop(writer);
    // Witnesses are named, one cosigns, and the log's key changes.
    let mut writer = LedgerWriter::open_on(&path, Arc::new(disk.clone()))?;
    taken(&mut writer, disk, |run| {
        run.writer.keep_policy(POLICY.as_bytes())?;
        disk.mark(Mark::Policy);
        run.append(&mut at, 2)?;
        run.cosigned()?;
        let old = run.writer.keys().verifiers().next().unwrap().id();
        run.writer.rotate_key(SignatureType::Ed25519)?;
        run.publish()?;
        run.writer.retire_key(old)?;
        run.append(&mut at, 1)?;
        run.publish()
    })?;
    drop(writer);
    let mut writer = LedgerWriter::open_on(&path, Arc::new(disk.clone()))?;
    taken(&mut writer, disk, |run| {
        run.append(&mut at, 20_000)?;
        let rest = SEGMENT - at;
        run.append(&mut at, rest)?;
        if calm {
            run.writer.wait()?;
        }
        run.append(&mut at, 10)?;
        run.publish()?;
        run.append(&mut at, 600)?;
        let (_, newest) = run.writer.close()?;
        disk.mark(Mark::Published(newest.head().size));
        Ok(())
    })
}

const POLICY: &str = "# by the test\nquorum none\n";

fn witness() -> CosigningKey {
    let name = KeyName::parse("witness.example").unwrap();
    CosigningKey::from_seed(name, SignatureType::CosignatureEd25519, &[8; 32]).unwrap()
}

struct Run<'a> {
    writer: &'a mut LedgerWriter,
    disk: &'a SimDisk,
}

impl Run<'_> {
    fn append(&mut self, at: &mut usize, count: usize) -> Result<(), LedgerError> {
        self.writer.append(&some(*at, *at + count))?;
        *at += count;
        let acknowledged = self.writer.commit()?;
        assert_eq!(acknowledged, *at as u64);
        self.disk.mark(Mark::Acknowledged(acknowledged));
        Ok(())
    }

    /// Signs, stores with a cosignature, serves.
    fn cosigned(&mut self) -> Result<(), LedgerError> {
        let staged = self.writer.stage()?.published;
        let mut note = staged.note;
        let checkpoint = Checkpoint::parse(note.text()).unwrap();
        note.add(witness().cosign(&checkpoint, 1_800_000_000).unwrap())
            .unwrap();
        self.writer.store(&note)?;
        self.disk.mark(Mark::Cosigned(staged.head.size));
        self.writer.serve(&note)?;
        self.disk.mark(Mark::Published(staged.head.size));
        Ok(())
    }

    fn publish(&mut self) -> Result<(), LedgerError> {
        let published = self.writer.publish()?;
        self.disk.mark(Mark::Published(published.head.size));
        Ok(())
    }
}

/// Runs a part of the history; if it fails, the writer must have stopped for good.
fn taken(
    writer: &mut LedgerWriter,
    disk: &SimDisk,
    part: impl FnOnce(&mut Run<'_>) -> Result<(), LedgerError>,
) -> Result<(), LedgerError> {
    let Err(error) = part(&mut Run { writer, disk }) else {
        return Ok(());
    };
    let calls = disk.calls();
    let stopped = |error: LedgerError| matches!(error, LedgerError::Stopped);
    assert!(writer.append(&some(0, 9_000)).is_err_and(stopped));
    assert!(writer.commit().is_err_and(stopped));
    assert!(writer.wait().is_err_and(stopped));
    assert!(writer.publish().is_err_and(stopped));
    assert!(writer.keep_policy(b"quorum none\n").is_err_and(stopped));
    assert!(writer.keep_contradiction("x").is_err_and(stopped));
    assert!(writer.close().is_err_and(stopped));
    assert_eq!(disk.calls(), calls, "nothing is tried again");
    Err(error)
}

/// What must hold of a ledger after a crash.
#[derive(Clone, Debug, Default)]
struct Demands {
    created: bool,
    acknowledged: u64,
    published: u64,
    /// Whether the policy was kept.
    policy: bool,
    /// Sizes of stored checkpoints with the witness's line.
    cosigned: BTreeSet<u64>,
    /// All notes that stood in `checkpoint` or `checkpoints/` at some time.
    seen: BTreeSet<Vec<u8>>,
    /// Events behind the history's first so many are those of [`later`].
    history: Option<u64>,
}

impl Demands {
    fn follow(&mut self, world: &mut World, op: &Op) {
        match op {
            Op::Mark(Mark::Created) => self.created = true,
            Op::Mark(Mark::Acknowledged(size)) => {
                self.acknowledged = self.acknowledged.max(*size);
            }
            Op::Mark(Mark::Policy) => self.policy = true,
            Op::Mark(Mark::Cosigned(size)) => drop(self.cosigned.insert(*size)),
            Op::Mark(Mark::Published(size)) => self.published = self.published.max(*size),
            _ => {}
        }
        if let Some((path, content)) = world.apply(op)
            && path.starts_with("ledger/checkpoint")
        {
            self.seen.insert(content);
        }
    }

    /// Both are demanded.
    fn merge(&mut self, other: &Self) {
        self.created |= other.created;
        self.policy |= other.policy;
        self.cosigned.extend(&other.cosigned);
        self.acknowledged = self.acknowledged.max(other.acknowledged);
        self.published = self.published.max(other.published);
        self.seen.extend(other.seen.iter().cloned());
    }
}

/// Events that are appended after the crash.
fn later(n: u64) -> Event {
    event(1_000_000 + usize::try_from(n).unwrap())
}

/// Opens the ledger after a crash, looks at everything, and goes on. `None` if there is none.
/// Gives how far the history came, and the disk with its marks.
fn survives(root: &Path, demands: &Demands) -> Option<(u64, SimDisk)> {
    let path = ledger_in(root);
    tiles_are_there(&path);
    let disk = SimDisk::new(root);
    let arc = || Arc::new(disk.clone());
    let mut writer = match LedgerWriter::open_on(&path, arc()) {
        Err(LedgerError::NotALedger { .. }) if !demands.created => {
            // Making it was interrupted: it is made now, or what is there is left alone.
            let period = Period::parse("2026-04").unwrap();
            match ledger::create_on(&path, ORIGIN, period, arc()) {
                Ok(_) | Err(LedgerError::Exists { .. }) => return None,
                Err(error) => panic!("{error}"),
            }
        }
        other => other.unwrap(),
    };
    let recovered = writer.size();
    assert_eq!(writer.acknowledged(), recovered, "opening acknowledges");
    assert!(
        recovered >= demands.acknowledged,
        "{recovered} of {demands:?}"
    );
    disk.mark(Mark::Created);
    disk.mark(Mark::Acknowledged(recovered));
    // What was recovered and not made durable before the second crash may be gone.
    let history = demands.history.unwrap_or(recovered).min(recovered);
    let more: Vec<Event> = (0..7).map(later).collect();
    match writer.append(&more) {
        Ok(()) => disk.mark(Mark::Acknowledged(writer.commit().unwrap())),
        Err(LedgerError::Closed { .. }) => {}
        Err(error) => panic!("{error}"),
    }
    let published = writer.publish().unwrap();
    disk.mark(Mark::Published(published.head.size));
    // Sealing a long tail takes longer than everything else, and is one and the same thing.
    let tail = writer.size() % SEGMENT as u64;
    if tail < 1_000 || recovered.is_multiple_of(5) {
        writer.close().unwrap();
    }
    drop(writer);

    let log = Log::read(&path);
    for (index, found) in (0..).zip(&log.events) {
        let expected = match index {
            _ if index < history => nth(index),
            _ if index < recovered => later(index - history),
            _ => later(index - recovered),
        };
        assert_eq!(*found, expected, "event {index}");
    }
    let size = log.events.len() as u64;
    assert!(size >= recovered);
    assert_eq!(log.newest.size, size);
    assert!(size >= demands.published);
    log.extends(log.newest);
    for note in &demands.seen {
        log.extends(log.opened(note));
    }
    for size in &demands.cosigned {
        let note = fs::read(path.join(format!("checkpoints/{size}"))).unwrap();
        let key = witness().verifier().clone();
        assert!(Note::parse(&note).unwrap().verify(&[key]).is_ok(), "{size}");
    }
    let policy = fs::read_to_string(path.join("policy")).ok();
    assert!(policy.is_some() || !demands.policy);
    assert!(policy.is_none_or(|policy| policy == POLICY));
    no_litter(&path);
    Some((history, disk))
}

/// Whoever fetches the checkpoint finds its tiles, before anything is repaired.
fn tiles_are_there(path: &Path) {
    let Ok(bytes) = fs::read(path.join("checkpoint")) else {
        return;
    };
    let note = Note::parse(&bytes).unwrap();
    let size = Checkpoint::parse(note.text()).unwrap().head().size;
    for level in 1..4 {
        for tile in Tile::of_tree(level, size) {
            let found = fs::metadata(path.join(tile.to_string())).map(|about| about.len());
            assert_eq!(found.ok(), Some(u64::from(tile.width()) * 32), "{tile}");
        }
    }
}

/// The power fails after recovery, and again later, on top of what the first end left unwritten.
/// Without `seed` only the worst power failure, once all is published.
fn survives_again(
    world: &World,
    disk: &SimDisk,
    demands: &Demands,
    history: u64,
    seed: Option<u64>,
) {
    let mut world = world.clone();
    world.next_process();
    let mut demands = Demands {
        history: Some(history),
        ..demands.clone()
    };
    let ops = disk.ops();
    // Only up to the last of the marks: what comes later is closing, as in the history.
    let marks: Vec<usize> = (0..ops.len())
        .filter(|at| matches!(ops[*at], Op::Mark(_)))
        .collect();
    let last = marks.last().copied().unwrap_or(0);
    let mut crashes = vec![(last, Crash::Strict)];
    if let Some(seed) = seed {
        let mut random = Random(seed);
        let somewhere = random.below(last + 1);
        crashes.push((last, Crash::Random(random.clone())));
        crashes.push((somewhere, Crash::Strict));
        crashes.push((somewhere, Crash::Random(random)));
    }
    for (at, op) in ops.iter().enumerate() {
        demands.follow(&mut world, op);
        for (_, crash) in crashes.iter_mut().filter(|(place, _)| *place == at) {
            let root = scratch();
            world.crash(crash).write(root.path());
            survives(root.path(), &demands);
        }
    }
}

/// Does the work of all cases on two threads of our own: the pool's must stay free for sealing.
pub(crate) fn each<T: Sync>(cases: &[T], work: impl Fn(usize, &T) + Sync) {
    let next = AtomicUsize::new(0);
    std::thread::scope(|scope| {
        for _ in 0..2 {
            scope.spawn(|| {
                while let Some((at, case)) = {
                    let at = next.fetch_add(1, Ordering::Relaxed);
                    cases.get(at).map(|case| (at, case))
                } {
                    work(at, case);
                }
            });
        }
    });
}

/// A state after a crash.
struct Case {
    place: String,
    image: Image,
    demands: Demands,
    /// The world in which another process goes on, if only the process ended.
    world: Option<World>,
}

#[test]
fn every_crash_keeps_what_was_acknowledged_and_published() {
    let started = Instant::now();
    let root = scratch();
    let disk = SimDisk::new(root.path());
    history(&disk, root.path(), false).unwrap();
    let ops = disk.ops();

    let mut cases: BTreeMap<u64, Case> = BTreeMap::new();
    let mut states = 0;
    let mut world = World::new();
    let mut demands = Demands::default();
    for point in 0..=ops.len() {
        let mut crashes = vec![Crash::Process, Crash::Strict];
        crashes.extend((0..6).map(|n| Crash::Random(Random((point * 6 + n) as u64))));
        for mut crash in crashes {
            states += 1;
            let ends = matches!(crash, Crash::Process);
            let image = world.crash(&mut crash);
            let print = image.fingerprint();
            let case = cases.entry(print).or_insert_with(|| Case {
                place: String::new(),
                image,
                demands: Demands::default(),
                world: None,
            });
            // The same state once more, with more to be demanded of it.
            case.demands.merge(&demands);
            case.place = format!("crash {crash:?} before operation {point}");
            if ends {
                case.world = Some(world.clone());
            }
        }
        if let Some(op) = ops.get(point) {
            demands.follow(&mut world, op);
        }
    }
    assert!(demands.seen.len() >= 4, "the history publishes");
    let cases: Vec<Case> = cases.into_values().collect();
    let again = AtomicUsize::new(0);
    each(&cases, |number, case| {
        let root = scratch();
        case.image.write(root.path());
        let _place = Shown(&case.place);
        if let Some((history, disk)) = survives(root.path(), &case.demands)
            && let Some(world) = &case.world
        {
            again.fetch_add(1, Ordering::Relaxed);
            survives_again(world, &disk, &case.demands, history, Some(number as u64));
        }
    });
    println!(
        "{} operations, {states} states after a crash, {} of them different, {} second crashes; {:?}",
        ops.len(),
        cases.len(),
        again.into_inner() * 4,
        started.elapsed()
    );
}

/// Says in which case a test failed.
pub(crate) struct Shown<'a>(pub(crate) &'a str);

impl Drop for Shown<'_> {
    fn drop(&mut self) {
        if std::thread::panicking() {
            eprintln!("in the case: {}", self.0);
        }
    }
}

#[test]
fn every_failed_call_stops_the_writer_and_loses_nothing() {
    let started = Instant::now();
    let root = scratch();
    let disk = SimDisk::new(root.path());
    history(&disk, root.path(), true).unwrap();
    let calls = disk.calls();
    let ops = disk.ops();
    let ops: Vec<&Op> = ops.iter().filter(|op| !matches!(op, Op::Mark(_))).collect();
    assert_eq!(ops.len(), calls);
    let mut cases = Vec::new();
    for (at, op) in ops.iter().enumerate() {
        cases.push((at, How::Eio));
        if matches!(op, Op::Write { .. }) {
            cases.push((at, How::Short));
        }
    }
    let messages = Mutex::new(BTreeSet::new());
    each(&cases, |_, (at, how)| {
        let place = format!("{how:?} of call {at}");
        let _place = Shown(&place);
        let root = scratch();
        let disk = SimDisk::failing(root.path(), *at, *how);
        let error = history(&disk, root.path(), true).unwrap_err();
        assert_eq!(disk.calls(), at + 1, "nothing is done after a failed call");
        let message = error.to_string();
        let word = match how {
            How::Eio => "Input/output error",
            How::Short => "No space left on device",
        };
        assert!(
            message.contains(word) && message.contains("cannot "),
            "{message}"
        );
        let halted = matches!(error, LedgerError::Halted(_));
        let file = matches!(error, LedgerError::File(_));
        assert!(halted != file, "{message}");
        assert_eq!(halted, message.contains("the writer stopped"), "{message}");

        let mut world = World::new();
        let mut demands = Demands::default();
        for op in disk.ops() {
            demands.follow(&mut world, &op);
        }
        // Only opening and making a ledger fail with nobody waiting for an acknowledgement.
        assert!(
            halted || !demands.created || message.contains("cannot"),
            "{message}"
        );
        if let Some((history, disk)) = survives(root.path(), &demands) {
            survives_again(&world, &disk, &demands, history, None);
        }
        messages
            .lock()
            .unwrap()
            .insert(message.split(' ').take(3).collect::<Vec<_>>()[1].to_owned());
    });
    println!(
        "{calls} calls, {} failures; {:?}; {:?}",
        cases.len(),
        messages.into_inner().unwrap(),
        started.elapsed()
    );
}
