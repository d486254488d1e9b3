//! Reading a ledger: the operator's own, or an auditor's copy without `secret/`.

use std::path::{Path, PathBuf};

use ledgerline::event::Event;
use ledgerline::log::{BASE_LEAVES, Checkpoint, Hash, HashTree, Note, Tile, VerifierKey};
use ledgerline::record::SEGMENT_EVENTS;
use ledgerline::salt::{ListenerKey, SaltKey};
use ledgerline::time::Period;
use ledgerline::wire::hex;

use super::durable::read_bounded;
use super::error::{LedgerError, SegmentProblem};
use super::index::{read_salt_keys, read_sums, sha256};
use super::layout::Layout;
use super::log_keys::{LogKeys, read_vkeys};
use super::manifest::{Manifest, State};
use super::seal::leaf_hashes;
use super::{secrets, segment};

/// A ledger as it stands; nothing is written through it.
#[derive(Debug)]
pub struct Ledger {
    layout: Layout,
    manifest: Manifest,
    segments: Vec<SegmentInfo>,
    salt_keys: Vec<SaltKey>,
}

/// A sealed segment.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct SegmentInfo {
    /// Its number, from 0.
    pub number: u64,
    /// Leaf index of its first event.
    pub first_index: u64,
    /// Number of its events: 65,536, fewer only in the last segment of a closed ledger.
    pub count: u64,
    /// SHA-256 of its file, from `SHA256SUMS`.
    pub sha256: [u8; 32],
    /// Its file.
    pub path: PathBuf,
}

/// A segment's events with the key of their salts.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct SegmentData {
    /// The events in leaf order.
    pub events: Vec<Event>,
    /// The salt of event *i* of the segment is salt number *i* under this key.
    pub salt_key: SaltKey,
}

impl Ledger {
    /// Opens a ledger for reading; a writer may be at work meanwhile.
    ///
    /// # Errors
    ///
    /// [`LedgerError`] unless `ledger.toml`, `SHA256SUMS`, `salt-keys` and the last segment's
    /// footer are readable.
    pub fn open_readonly(path: &Path) -> Result<Self, LedgerError> {
        let layout = Layout::new(path);
        let manifest = Manifest::read(&layout)?;
        let sums = read_sums(&layout)?;
        let salt_keys = read_salt_keys(&layout)?;
        let mut segments: Vec<SegmentInfo> = (0..)
            .zip(sums)
            .map(|(number, sha256)| SegmentInfo {
                number,
                first_index: number * SEGMENT_EVENTS,
                count: SEGMENT_EVENTS,
                sha256,
                path: layout.segment(number),
            })
            .collect();
        if let Some(last) = segments.last_mut() {
            last.count = count_of_last(last, manifest.state)?;
        }
        Ok(Self {
            layout,
            manifest,
            segments,
            salt_keys,
        })
    }

    /// Paths.
    #[must_use]
    pub fn layout(&self) -> &Layout {
        &self.layout
    }

    /// The log's origin.
    #[must_use]
    pub fn origin(&self) -> &str {
        self.manifest.origin.as_str()
    }

    /// The accounting period.
    #[must_use]
    pub fn period(&self) -> Period {
        self.manifest.period
    }

    /// Whether the period is still open.
    #[must_use]
    pub fn state(&self) -> State {
        self.manifest.state
    }

    /// The sealed segments, in order.
    #[must_use]
    pub fn segments(&self) -> &[SegmentInfo] {
        &self.segments
    }

    /// Number of events in sealed segments. Of a closed ledger these are all.
    #[must_use]
    pub fn sealed_size(&self) -> u64 {
        self.segments
            .last()
            .map_or(0, |last| last.first_index + last.count)
    }

    /// The newest checkpoint. Its signature is the caller's to verify, by a key from elsewhere
    /// (`Checkpoint::open`).
    ///
    /// # Errors
    ///
    /// [`LedgerError::NoCheckpoint`], [`LedgerError::Checkpoint`] if it is none of this origin.
    pub fn checkpoint(&self) -> Result<(Note, Checkpoint), LedgerError> {
        read_checkpoint(&self.layout, &self.layout.checkpoint(), self.origin())
    }

    /// Reads a sealed segment: compares the file's SHA-256, then decodes every row.
    ///
    /// # Errors
    ///
    /// [`LedgerError::Segment`] names the segment and what differs.
    pub fn read_segment(&self, number: u64) -> Result<SegmentData, LedgerError> {
        let at = usize::try_from(number).unwrap_or(usize::MAX);
        let info = self.segments.get(at).ok_or(LedgerError::NoSegment {
            number,
            count: self.segments.len() as u64,
        })?;
        let salt_key = self.salt_key(number)?;
        let bytes = read_verified(info)?;
        let events = segment::decode(bytes).map_err(|problem| info.wrong(problem))?;
        if events.len() as u64 != info.count {
            return Err(info.wrong(SegmentProblem::Rows {
                expected: info.count.to_string(),
                found: events.len() as u64,
            }));
        }
        Ok(SegmentData { events, salt_key })
    }

    /// The key of a sealed segment's salts.
    ///
    /// # Errors
    ///
    /// [`LedgerError::Segment`] if `salt-keys` has none, [`LedgerError::NoSegment`].
    pub fn salt_key(&self, number: u64) -> Result<SaltKey, LedgerError> {
        let at = usize::try_from(number).unwrap_or(usize::MAX);
        let info = self.segments.get(at).ok_or(LedgerError::NoSegment {
            number,
            count: self.segments.len() as u64,
        })?;
        let key = self.salt_keys.get(at).cloned();
        key.ok_or_else(|| info.wrong(SegmentProblem::NoSaltKey))
    }

    /// The leaf hashes of a segment, on all threads of the pool.
    #[must_use]
    pub fn leaf_hashes(&self, data: &SegmentData) -> Vec<Hash> {
        leaf_hashes(&data.events, &data.salt_key)
    }

    /// The hashes of level 8 of a segment, from its tile: one for 256 events.
    ///
    /// # Errors
    ///
    /// [`LedgerError::File`], [`LedgerError::Damaged`] if the tile is absent or has another size.
    ///
    /// # Does not prove
    ///
    /// That they are the hashes of the segment's events.
    pub fn base_hashes(&self, number: u64) -> Result<Vec<Hash>, LedgerError> {
        let at = usize::try_from(number).unwrap_or(usize::MAX);
        let info = self.segments.get(at).ok_or(LedgerError::NoSegment {
            number,
            count: self.segments.len() as u64,
        })?;
        read_base_tile(&self.layout, number, info.count)
    }

    /// The tree over all sealed events, from the tiles and the last segment.
    ///
    /// # Errors
    ///
    /// As [`base_hashes`](Self::base_hashes) and [`read_segment`](Self::read_segment).
    ///
    /// # Does not prove
    ///
    /// That tiles and segments agree, or agree with a checkpoint: compare its root.
    pub fn hash_tree(&self) -> Result<HashTree, LedgerError> {
        let mut base = Vec::new();
        for info in &self.segments {
            base.extend(read_base_tile(&self.layout, info.number, info.count)?);
        }
        let mut tail = Vec::new();
        if let Some(last) = self.segments.last()
            && !last.count.is_multiple_of(BASE_LEAVES as u64)
        {
            let leaves = self.leaf_hashes(&self.read_segment(last.number)?);
            let whole = leaves.len() - leaves.len() % BASE_LEAVES;
            tail.extend(leaves.get(whole..).unwrap_or_default());
        }
        HashTree::from_parts(base, tail).map_err(|error| {
            LedgerError::damaged(
                self.layout.segments(),
                None,
                "a tree of its segments",
                error.to_string(),
            )
        })
    }

    /// The keys that the log signs with.
    ///
    /// # Errors
    ///
    /// [`LedgerError::NoSecret`] on an auditor's copy, [`LedgerError::Damaged`].
    pub fn log_keys(&self) -> Result<LogKeys, LedgerError> {
        LogKeys::read(&self.layout, &self.manifest.origin)
    }

    /// The public keys of all that ever signed for this log, as `vkeys` lists them, in order.
    ///
    /// # Errors
    ///
    /// [`LedgerError::Damaged`].
    ///
    /// # Does not prove
    ///
    /// That the log's operator wrote the list: trust comes from elsewhere.
    pub fn vkeys(&self) -> Result<Vec<VerifierKey>, LedgerError> {
        read_vkeys(&self.layout)
    }

    /// The log master secret.
    ///
    /// # Errors
    ///
    /// [`LedgerError::NoSecret`] on an auditor's copy, [`LedgerError::Damaged`].
    pub fn master_secret(&self) -> Result<SaltKey, LedgerError> {
        secrets::master_secret(&self.layout)
    }

    /// The period's listener key.
    ///
    /// # Errors
    ///
    /// [`LedgerError::NoSecret`] on an auditor's copy, [`LedgerError::Damaged`].
    pub fn listener_key(&self) -> Result<ListenerKey, LedgerError> {
        secrets::listener_key(&self.layout)
    }
}

impl SegmentInfo {
    fn wrong(&self, problem: SegmentProblem) -> LedgerError {
        LedgerError::Segment {
            number: self.number,
            path: self.path.clone(),
            problem,
        }
    }
}

/// The bytes of a segment's file, if their hash is that of `SHA256SUMS`.
fn read_verified(info: &SegmentInfo) -> Result<Vec<u8>, LedgerError> {
    let bytes = read_bounded(&info.path, segment::MAX_BYTES)?;
    let found = sha256(&bytes);
    if found != info.sha256 {
        return Err(info.wrong(SegmentProblem::Sha256 {
            expected: hex(&info.sha256),
            found: hex(&found),
        }));
    }
    Ok(bytes)
}

/// Only the last segment of a closed ledger may hold fewer than all events, and none holds none.
fn count_of_last(last: &SegmentInfo, state: State) -> Result<u64, LedgerError> {
    let count = segment::count_rows(read_verified(last)?).map_err(|problem| last.wrong(problem))?;
    let expected = match state {
        State::Open if count != SEGMENT_EVENTS => SEGMENT_EVENTS.to_string(),
        State::Closed if !(1..=SEGMENT_EVENTS).contains(&count) => format!("1 to {SEGMENT_EVENTS}"),
        _ => return Ok(count),
    };
    Err(last.wrong(SegmentProblem::Rows {
        expected,
        found: count,
    }))
}

/// The level 1 tile of a segment of `count` events.
pub(super) fn read_base_tile(
    layout: &Layout,
    number: u64,
    count: u64,
) -> Result<Vec<Hash>, LedgerError> {
    let width = u16::try_from(count / BASE_LEAVES as u64).unwrap_or(u16::MAX);
    let Ok(tile) = Tile::new(1, number, width) else {
        return Ok(Vec::new());
    };
    let path = layout.tile(&tile);
    let bytes = read_bounded(&path, u64::from(Tile::FULL_WIDTH) * Hash::LEN as u64)?;
    let (hashes, rest) = bytes.as_chunks();
    if hashes.len() != usize::from(width) || !rest.is_empty() {
        return Err(LedgerError::damaged(
            &path,
            None,
            format!("{width} hashes of 32 bytes"),
            format!("{} bytes", bytes.len()),
        ));
    }
    Ok(hashes.iter().copied().map(Hash::from_bytes).collect())
}

/// A stored checkpoint of this origin, its signature not verified.
pub(super) fn read_checkpoint(
    layout: &Layout,
    path: &Path,
    origin: &str,
) -> Result<(Note, Checkpoint), LedgerError> {
    use ledgerline::log::{CheckpointError, MAX_NOTE_BYTES};
    let bytes = match read_bounded(path, MAX_NOTE_BYTES as u64) {
        Err(error) if error.is_not_found() => {
            return Err(LedgerError::NoCheckpoint {
                path: layout.root().to_owned(),
            });
        }
        other => other?,
    };
    let wrong = |error| LedgerError::Checkpoint {
        path: path.to_owned(),
        error,
    };
    let note = Note::parse(&bytes).map_err(|error| wrong(CheckpointError::Note(error)))?;
    let checkpoint = Checkpoint::parse(note.text()).map_err(wrong)?;
    if checkpoint.origin() != origin {
        return Err(wrong(CheckpointError::OtherOrigin {
            expected: origin.to_owned(),
            found: checkpoint.origin().to_owned(),
        }));
    }
    Ok((note, checkpoint))
}
