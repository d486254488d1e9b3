//! What opening a ledger for writing does first: find out where an interrupted writer stopped, and
//! finish or undo that.
//!
//! Whatever a crash leaves is repaired and reported. Whatever no crash can leave is an error, and
//! nothing is changed.

use std::fmt;
use std::path::{Path, PathBuf};

use ledgerline::log::{Checkpoint, Note, VerifierKey};
use ledgerline::record::{SEGMENT_EVENTS, segment_key};
use ledgerline::salt::SaltKey;
use ledgerline::wire::hex;

use super::agreed::with_lines_of;
use super::durable::{Access, FileError, read_bounded};
use super::error::{LedgerError, SegmentProblem};
use super::index::{read_salt_keys, read_sums, sha256, write_salt_keys};
use super::layout::Layout;
use super::manifest::{Manifest, State};
use super::reader::read_checkpoint;
use super::seal::Sealer;
use super::segment;
use super::wal::{self, FULL, WalWriter};
use super::writer::OpenSegment;

/// One thing that was repaired.
#[derive(Clone, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub enum RecoveryStep {
    /// A file was being written.
    RemovedTemporary(PathBuf),
    /// A segment was sealed, its write-ahead file still there.
    RemovedWal(u64),
    /// A full segment was not sealed yet.
    Sealed(u64),
    /// The last batch is not whole. Only damage does that to one that was acknowledged.
    DroppedTorn {
        /// Segment.
        segment: u64,
        /// Whole events that were kept.
        kept: u64,
        /// Bytes that were cut off.
        bytes: u64,
    },
    /// `salt-keys` was not as it should be.
    RewroteSaltKeys,
    /// The served checkpoint was not among the stored ones, or had signatures that the stored one
    /// had not.
    StoredCheckpoint(u64),
    /// The newest checkpoint is signed and not served.
    PendingCheckpoint(u64),
    /// The newest checkpoint is signed and will not be served: a witness has proved another history.
    ContradictedCheckpoint(u64),
    /// Closing had begun.
    FinishedClosing,
}

impl fmt::Display for RecoveryStep {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::RemovedTemporary(path) => {
                write!(f, "removed the half-written {}", path.display())
            }
            Self::RemovedWal(number) => {
                write!(f, "removed the write-ahead file of sealed segment {number}")
            }
            Self::Sealed(number) => write!(f, "finished sealing segment {number}"),
            Self::DroppedTorn {
                segment,
                kept,
                bytes,
            } => write!(
                f,
                "cut {bytes} bytes of a half-written batch off segment {segment}, which keeps {kept} \
                 events; a crash leaves such a batch only if it was not acknowledged yet: if yours \
                 was, the file was damaged, so restore it from a copy"
            ),
            Self::RewroteSaltKeys => f.write_str("wrote segments/salt-keys again"),
            Self::StoredCheckpoint(size) => {
                write!(
                    f,
                    "stored the served checkpoint of size {size} again, with all signatures"
                )
            }
            Self::PendingCheckpoint(size) => write!(
                f,
                "the checkpoint of size {size} is signed and not served: it awaits cosignatures, or \
                 publishing was interrupted; `checkpoint` or `statement` serves it once the \
                 policy of the ledger is met"
            ),
            Self::ContradictedCheckpoint(size) => write!(
                f,
                "the checkpoint of size {size} is signed and not served, and nothing serves it while \
                 the proof of another history is there; show it to nobody"
            ),
            Self::FinishedClosing => f.write_str("finished closing the period"),
        }
    }
}

/// A ledger's state once everything is repaired.
pub(super) struct Recovered {
    pub(super) sealer: Sealer,
    pub(super) sealed_events: u64,
    pub(super) open: Option<OpenSegment>,
    pub(super) newest: Option<(Note, Checkpoint)>,
    pub(super) served: Option<(Note, Checkpoint)>,
    pub(super) steps: Vec<RecoveryStep>,
}

pub(super) fn recover(
    layout: &Layout,
    manifest: &Manifest,
    log_keys: &[VerifierKey],
    master: SaltKey,
) -> Result<Recovered, LedgerError> {
    let mut steps = Vec::new();
    let sums = read_sums(layout)?;
    check_files(layout, &sums)?;
    let last = last_count(layout, &sums, manifest.state)?;
    let origin = manifest.origin.as_str().to_owned();
    let keys = (0..sums.len() as u64)
        .map(|number| segment_key(&master, &origin, number))
        .collect();
    let mut sealer = Sealer {
        layout: layout.clone(),
        origin,
        master,
        sums,
        keys,
    };
    let mut pending = read_wals(layout, &sealer)?;
    let newest = newest_checkpoint(layout, manifest, log_keys)?;

    // Everything has been read and found possible; from here on things change.
    let unsealed: u64 = pending.files.iter().map(|file| file.events()).sum();
    let sealed = match (sealer.sums.len() as u64).checked_sub(1) {
        Some(whole) => whole * SEGMENT_EVENTS + last,
        None => 0,
    };
    let size = sealed + unsealed;
    if let Some((_, newest)) = &newest
        && newest.head().size > size
    {
        return Err(LedgerError::Shrunk {
            signed: newest.head().size,
            found: size,
        });
    }
    settle(layout)?;
    remove_temporaries(layout, &mut steps)?;
    for number in pending.left_over {
        layout.disk().remove_durably(&layout.wal(number))?;
        steps.push(RecoveryStep::RemovedWal(number));
    }
    if read_salt_keys(layout).ok().as_ref() != Some(&sealer.keys) && !sealer.keys.is_empty() {
        write_salt_keys(layout, &sealer.keys)?;
        steps.push(RecoveryStep::RewroteSaltKeys);
    }
    let mut sealed_events = sealed;
    let mut open = None;
    for file in pending.files.drain(..) {
        let (number, kept) = (file.number, file.events());
        let events = file.content.events;
        if kept == SEGMENT_EVENTS {
            sealer.seal(&events)?;
            sealed_events += kept;
            steps.push(RecoveryStep::Sealed(number));
            continue;
        }
        // Cuts a torn end off.
        let wal = WalWriter::rewrite(layout.disk(), &layout.wal(number), number, &events)?;
        if file.content.torn_bytes > 0 {
            steps.push(RecoveryStep::DroppedTorn {
                segment: number,
                kept,
                bytes: file.content.torn_bytes,
            });
        }
        open = Some(OpenSegment { wal, events });
    }
    let served = served(layout, manifest)?;
    if let Some((note, checkpoint)) = &newest {
        let size = checkpoint.head().size;
        if store(layout, manifest, note, size)? {
            steps.push(RecoveryStep::StoredCheckpoint(size));
        }
    }
    Ok(Recovered {
        sealer,
        sealed_events,
        open,
        newest,
        served,
        steps,
    })
}

/// A write-ahead file that is not sealed.
struct WalFile {
    number: u64,
    content: wal::WalContent,
}

impl WalFile {
    fn events(&self) -> u64 {
        self.content.events.len() as u64
    }
}

struct Pending {
    /// Of sealed segments.
    left_over: Vec<u64>,
    /// Of the next segments, all but the last full.
    files: Vec<WalFile>,
}

/// Every listed segment is there, and no other.
fn check_files(layout: &Layout, sums: &[[u8; 32]]) -> Result<(), LedgerError> {
    for number in 0..sums.len() as u64 {
        let path = layout.segment(number);
        if !path.is_file() {
            return Err(LedgerError::damaged(
                &path,
                None,
                "the segment that SHA256SUMS lists",
                "no file; restore it from a copy",
            ));
        }
    }
    for number in numbers(&layout.segments(), ".parquet")? {
        // A file that is not listed is one whose sealing was interrupted; its events are still
        // in the write-ahead file.
        if number >= sums.len() as u64 && !layout.wal(number).is_file() {
            return Err(LedgerError::damaged(
                layout.segment(number),
                None,
                "a line for it in SHA256SUMS or its write-ahead file",
                "neither; restore SHA256SUMS from a copy",
            ));
        }
    }
    Ok(())
}

/// Events of the last sealed segment; all the others are full.
fn last_count(layout: &Layout, sums: &[[u8; 32]], state: State) -> Result<u64, LedgerError> {
    let Some(number) = (sums.len() as u64).checked_sub(1) else {
        return Ok(0);
    };
    if state == State::Open {
        return Ok(SEGMENT_EVENTS);
    }
    let path = layout.segment(number);
    let bytes = read_bounded(&path, segment::MAX_BYTES)?;
    segment::count_rows(bytes).map_err(|problem| LedgerError::Segment {
        number,
        path,
        problem,
    })
}

fn read_wals(layout: &Layout, sealer: &Sealer) -> Result<Pending, LedgerError> {
    let sealed = sealer.sums.len() as u64;
    let mut pending = Pending {
        left_over: Vec::new(),
        files: Vec::new(),
    };
    let numbers = numbers(&layout.wals(), ".wal")?;
    let last = numbers.last().copied();
    let mut next = sealed;
    for number in numbers {
        let path = layout.wal(number);
        if number < sealed {
            check_sealed(layout, sealer, number)?;
            pending.left_over.push(number);
            continue;
        }
        if number != next {
            return Err(LedgerError::damaged(
                layout.wal(next),
                None,
                "the write-ahead file of the first segment that is not sealed",
                format!("none, but {}; restore it from a copy", path.display()),
            ));
        }
        next += 1;
        let content = wal::read(&path, number)?;
        if Some(number) != last && (content.events.len() != FULL || content.torn_bytes != 0) {
            return Err(LedgerError::damaged(
                &path,
                Some(format!("entry {}", content.events.len())),
                "a full file, as a later one exists",
                format!("{} events", content.events.len()),
            ));
        }
        pending.files.push(WalFile { number, content });
    }
    Ok(pending)
}

/// The events of a write-ahead file are given up only for a segment file that is as it was sealed.
fn check_sealed(layout: &Layout, sealer: &Sealer, number: u64) -> Result<(), LedgerError> {
    let path = layout.segment(number);
    let found = sha256(&read_bounded(&path, segment::MAX_BYTES)?);
    let at = usize::try_from(number).unwrap_or(usize::MAX);
    match sealer.sums.get(at) {
        Some(expected) if *expected != found => Err(LedgerError::Segment {
            number,
            path,
            problem: SegmentProblem::Sha256 {
                expected: hex(expected),
                found: hex(&found),
            },
        }),
        _ => Ok(()),
    }
}

/// The stored checkpoint of the greatest size, its signature verified.
fn newest_checkpoint(
    layout: &Layout,
    manifest: &Manifest,
    keys: &[VerifierKey],
) -> Result<Option<(Note, Checkpoint)>, LedgerError> {
    let stored = stored_sizes(layout)?.last().copied();
    let stored = stored.map(|size| layout.checkpoint_of_size(size));
    let mut newest: Option<(Note, Checkpoint)> = None;
    for path in stored.into_iter().chain([layout.checkpoint()]) {
        let origin = manifest.origin.as_str();
        let note = match read_checkpoint(layout, &path, origin) {
            Err(LedgerError::NoCheckpoint { .. }) => continue,
            other => other?.0,
        };
        let checkpoint = Checkpoint::open(&note, origin, keys)
            .map_err(|error| LedgerError::Checkpoint { path, error })?;
        let size = checkpoint.head().size;
        match &mut newest {
            Some((_, other)) if other.head().size > size => {}
            Some((stored, other)) if other.head().size == size => {
                if other.head().root != checkpoint.head().root {
                    return Err(LedgerError::Forked {
                        size,
                        signed: other.head().root,
                        found: checkpoint.head().root,
                    });
                }
                // Cosignatures that only one of the two files has are not lost.
                *stored = with_lines_of(stored, &note);
            }
            _ => newest = Some((note, checkpoint)),
        }
    }
    Ok(newest)
}

/// Sizes of the stored checkpoints, ascending.
pub(super) fn stored_sizes(layout: &Layout) -> Result<Vec<u64>, LedgerError> {
    numbers(&layout.checkpoints(), "")
}

/// What `checkpoint` holds.
fn served(layout: &Layout, manifest: &Manifest) -> Result<Option<(Note, Checkpoint)>, LedgerError> {
    match read_checkpoint(layout, &layout.checkpoint(), manifest.origin.as_str()) {
        Err(LedgerError::NoCheckpoint { .. }) => Ok(None),
        other => other.map(Some),
    }
}

/// Writes `checkpoints/<size>` of the newest checkpoint, if it is not there or lacks a signature.
fn store(
    layout: &Layout,
    manifest: &Manifest,
    note: &Note,
    size: u64,
) -> Result<bool, LedgerError> {
    let path = layout.checkpoint_of_size(size);
    match read_checkpoint(layout, &path, manifest.origin.as_str()) {
        Err(LedgerError::NoCheckpoint { .. }) => {}
        other => {
            if other?.0 == *note {
                return Ok(false);
            }
        }
    }
    let bytes = note.to_string();
    layout
        .disk()
        .write_atomic(&path, bytes.as_bytes(), Access::Public)?;
    Ok(true)
}

/// The numbers of the files `<number><suffix>` in a directory, ascending.
fn numbers(dir: &Path, suffix: &str) -> Result<Vec<u64>, LedgerError> {
    let mut numbers: Vec<u64> = names(dir)?
        .iter()
        .filter_map(|name| {
            let digits = name.strip_suffix(suffix)?;
            let plain = !digits.is_empty() && digits.bytes().all(|b| b.is_ascii_digit());
            digits.parse().ok().filter(|_| plain)
        })
        .collect();
    numbers.sort_unstable();
    Ok(numbers)
}

fn names(dir: &Path) -> Result<Vec<String>, LedgerError> {
    let entries = std::fs::read_dir(dir).map_err(FileError::at("read", dir))?;
    let mut names = Vec::new();
    for entry in entries {
        let entry = entry.map_err(FileError::at("read", dir))?;
        names.extend(entry.file_name().into_string().ok());
    }
    Ok(names)
}

/// Makes the names durable that were found. The process that wrote them may have ended between a
/// renaming and the fsync of its directory; whoever relies on such a name, as the removal of a
/// write-ahead file relies on the line in `SHA256SUMS`, must not come before it.
fn settle(layout: &Layout) -> Result<(), LedgerError> {
    let mut dirs = dirs(layout);
    dirs.extend(tile_dirs(layout)?);
    for dir in dirs {
        // The parts of incomplete tiles are looked after where they are written.
        if dir.extension().is_none_or(|extension| extension != "p") {
            layout
                .disk()
                .sync_dir(&dir)
                .map_err(FileError::at("fsync", &dir))?;
        }
    }
    Ok(())
}

fn dirs(layout: &Layout) -> Vec<PathBuf> {
    vec![
        layout.root().to_owned(),
        layout.secrets(),
        layout.segments(),
        layout.wals(),
        layout.checkpoints(),
    ]
}

/// `tile` and all directories in it, if there is one.
fn tile_dirs(layout: &Layout) -> Result<Vec<PathBuf>, LedgerError> {
    let mut found = Vec::new();
    let mut next: Vec<PathBuf> = [layout.tiles()]
        .into_iter()
        .filter(|dir| dir.is_dir())
        .collect();
    while let Some(dir) = next.pop() {
        let entries = std::fs::read_dir(&dir).map_err(FileError::at("read", &dir))?;
        for entry in entries {
            let entry = entry.map_err(FileError::at("read", &dir))?;
            let about = entry.file_type().map_err(FileError::at("read", &dir))?;
            if about.is_dir() {
                next.push(entry.path());
            }
        }
        found.push(dir);
    }
    Ok(found)
}

fn remove_temporaries(layout: &Layout, steps: &mut Vec<RecoveryStep>) -> Result<(), LedgerError> {
    let mut dirs = dirs(layout);
    dirs.extend(tile_dirs(layout)?);
    for dir in dirs {
        for name in names(&dir)? {
            if name.ends_with(".tmp") {
                let path = dir.join(name);
                if layout.disk().remove_durably(&path)? {
                    steps.push(RecoveryStep::RemovedTemporary(path));
                }
            }
        }
    }
    Ok(())
}
