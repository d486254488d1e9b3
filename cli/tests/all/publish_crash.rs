//! What is published, and what forbids publishing, at every crash and at every failed call.
//!
//! `tiles` writes a growing tree through the disk of `common/disk.rs`: whoever follows the checkpoint
//! that lies there after a crash finds all its tiles, and the next run ends as if nothing had been. A
//! witness's contradiction that was kept is whole and forbids publishing for ever.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    reason = "tests"
)]

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::common::disk::{Crash, How, Mark, Op, Random, SimDisk, World};
use crate::common::{ORIGIN, Place, copy, events, files};
use crate::crash_points::{Shown, each, scratch};
use ledgerline::log::{Checkpoint, Note, Tile, TileSource};
use ledgerline::time::Period;
use ledgerline_cli::ledger::served::{ServeOptions, TileDir, serve_tree, serve_tree_on};
use ledgerline_cli::ledger::{self, LedgerError, LedgerWriter};

const SIZES: [usize; 3] = [300, 520, 1_100];

/// One ledger at three sizes, `0` to `2`, and what `tiles` makes of each after the one before.
fn published() -> Place {
    let place = Place::new();
    place.init("ledger");
    for (number, size) in SIZES.iter().enumerate() {
        let mut writer = LedgerWriter::open(&place.path("ledger")).unwrap();
        let from = usize::try_from(writer.size()).unwrap();
        writer.append(&events(*size)[from..]).unwrap();
        writer.publish().unwrap();
        drop(writer);
        copy(&place.path("ledger"), &place.path(&number.to_string()));
        let out = place.path("out");
        serve_tree(
            &place.path("ledger"),
            &out,
            &options(number),
            &mut |_, _| {},
        )
        .unwrap();
        copy(&out, &place.path(&format!("out-{number}")));
    }
    place
}

/// The last run has entry bundles, too, and removes partial tiles.
fn options(number: usize) -> ServeOptions {
    ServeOptions {
        entries: number == 2,
        remove_partial: number == 2,
        ..ServeOptions::default()
    }
}

fn history(place: &Place, disk: &SimDisk, root: &Path) -> Result<(), LedgerError> {
    for (number, size) in SIZES.into_iter().enumerate() {
        let ledger = place.path(&number.to_string());
        let out = root.join("out");
        serve_tree_on(disk, &ledger, &out, &options(number), &mut |_, _| {})?;
        disk.mark(Mark::Published(size as u64));
    }
    Ok(())
}

/// What lies there is a whole tree of one of the checkpoints, at least of this size; the last run ends
/// as it does without a crash.
fn is_whole(place: &Place, root: &Path, at_least: u64) {
    let out = root.join("out");
    let mut size = 0;
    if let Ok(note) = fs::read(out.join("checkpoint")) {
        let note = Note::parse(&note).unwrap();
        size = Checkpoint::parse(note.text()).unwrap().head().size;
        let number = SIZES
            .iter()
            .position(|known| *known as u64 == size)
            .unwrap();
        let right = TileDir::new(&place.path(&format!("out-{number}")));
        let found = TileDir::new(&out);
        for level in 0..3 {
            for tile in Tile::of_tree(level, size) {
                let width = usize::from(tile.width()) * 32;
                let read = |dir: &TileDir| dir.read(&[tile]).unwrap()[0][..width].to_vec();
                assert_eq!(read(&found), read(&right), "{tile}");
            }
        }
    }
    assert!(size >= at_least, "{size} of {at_least}");
    serve_tree(&place.path("2"), &out, &options(2), &mut |_, _| {}).unwrap();
    let published = |dir: &Path| -> BTreeMap<String, Vec<u8>> {
        let files = files(dir).into_iter();
        files.filter(|(name, _)| !name.ends_with(".tmp")).collect()
    };
    assert!(published(&out) == published(&place.path("out-2")));
}

fn published_by(ops: &[Op]) -> u64 {
    let sizes = ops.iter().filter_map(|op| match op {
        Op::Mark(Mark::Published(size)) => Some(*size),
        _ => None,
    });
    sizes.max().unwrap_or(0)
}

#[test]
fn a_served_tree_is_whole_after_every_crash() {
    let place = published();
    let root = scratch();
    let disk = SimDisk::new(root.path());
    history(&place, &disk, root.path()).unwrap();
    let ops = disk.ops();
    let mut world = World::new();
    let mut images = BTreeMap::new();
    for point in 0..=ops.len() {
        let mut crashes = vec![Crash::Process, Crash::Strict];
        crashes.extend((0..3).map(|n| Crash::Random(Random((point * 3 + n) as u64))));
        for mut crash in crashes {
            let image = world.crash(&mut crash);
            let place = format!("{crash:?} before operation {point}");
            images.insert(
                image.fingerprint(),
                (image, place, published_by(&ops[..point])),
            );
        }
        if let Some(op) = ops.get(point) {
            world.apply(op);
        }
    }
    let images: Vec<_> = images.into_values().collect();
    each(&images, |_, (image, what, at_least)| {
        let _shown = Shown(what);
        let root = scratch();
        image.write(root.path());
        is_whole(&place, root.path(), *at_least);
    });
    println!(
        "{} operations, {} different states",
        ops.len(),
        images.len()
    );
}

#[test]
fn a_served_tree_is_whole_after_every_failed_call() {
    let place = published();
    let root = scratch();
    let disk = SimDisk::new(root.path());
    history(&place, &disk, root.path()).unwrap();
    let calls: Vec<usize> = (0..disk.calls()).collect();
    each(&calls, |_, at| {
        let what = format!("call {at}");
        let _shown = Shown(&what);
        let root = scratch();
        let how = if at % 2 == 0 { How::Eio } else { How::Short };
        let disk = SimDisk::failing(root.path(), *at, how);
        let error = history(&place, &disk, root.path()).unwrap_err();
        assert!(matches!(error, LedgerError::File(_)), "{error}");
        assert_eq!(disk.calls(), at + 1, "nothing is done after a failed call");
        is_whole(&place, root.path(), published_by(&disk.ops()));
    });
}

/// A ledger of ten events that are published, and a contradiction.
fn contradicted(disk: &SimDisk, path: &Path) -> Result<(), LedgerError> {
    let period = Period::parse("2026-04").unwrap();
    ledger::create_on(path, ORIGIN, period, Arc::new(disk.clone()))?;
    let mut writer = LedgerWriter::open_on(path, Arc::new(disk.clone()))?;
    writer.append(&events(10))?;
    writer.publish()?;
    writer.keep_contradiction(PROOF)?;
    disk.mark(Mark::Done);
    // So soon nothing else is written.
    let before = disk.calls();
    assert!(matches!(
        writer.publish(),
        Err(LedgerError::Contradicted { .. })
    ));
    assert_eq!(disk.calls(), before);
    Ok(())
}

const PROOF: &str = "Two histories, and the proof of it, which is long enough to be torn in two.\n";

/// With `is_kept` the file must be there; in any case it is whole, and forbids.
fn forbids(path: &Path, is_kept: bool) {
    let kept: PathBuf = path.join("contradiction");
    assert!(kept.exists() || !is_kept);
    if !kept.exists() {
        return;
    }
    assert_eq!(fs::read_to_string(&kept).unwrap(), PROOF);
    let before = fs::read(path.join("checkpoint")).unwrap();
    let mut writer = LedgerWriter::open(path).unwrap();
    assert!(matches!(
        writer.append(&events(20)[10..]),
        Err(LedgerError::Contradicted { .. })
    ));
    writer.commit().unwrap();
    assert!(matches!(
        writer.publish(),
        Err(LedgerError::Contradicted { .. })
    ));
    assert_eq!(fs::read(path.join("checkpoint")).unwrap(), before);
}

#[test]
fn a_contradiction_that_was_kept_survives_every_crash() {
    let root = scratch();
    let disk = SimDisk::new(root.path());
    contradicted(&disk, &root.path().join("ledger")).unwrap();
    let ops = disk.ops();
    let mut world = World::new();
    let mut is_kept = false;
    for point in 0..=ops.len() {
        let mut crashes = vec![Crash::Process, Crash::Strict];
        crashes.extend((0..6).map(|n| Crash::Random(Random((point * 6 + n) as u64))));
        for mut crash in crashes {
            let what = format!("{crash:?} before operation {point}");
            let _shown = Shown(&what);
            let root = scratch();
            world.crash(&mut crash).write(root.path());
            forbids(&root.path().join("ledger"), is_kept);
        }
        if let Some(op) = ops.get(point) {
            is_kept |= matches!(op, Op::Mark(Mark::Done));
            world.apply(op);
        }
    }
    assert!(is_kept);
    for at in 0..disk.calls() {
        let root = scratch();
        let path = root.path().join("ledger");
        let disk = SimDisk::failing(root.path(), at, How::Eio);
        assert!(contradicted(&disk, &path).is_err());
        forbids(&path, false);
    }
}
