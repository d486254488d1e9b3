//! Receipts: single events with the proof that they are in the log.
//!
//! *In:* a ledger, read only; leaf indices, or a listener's play. *Out:* proofs whose extra line
//! carries the record. *Does not know:* whom to trust.
//!
//! Proofs come from the stored tiles of level 1 and up, and from the events of the 256-leaf groups
//! that are needed; all of it is verified against the newest checkpoint's root. For one receipt at
//! most two segments are read, however large the log is.

use std::cell::RefCell;
use std::path::Path;
use std::rc::Rc;

use ledgerline::event::Event;
use ledgerline::id::{ListenerId, PlayId};
use ledgerline::log::{
    BASE_LEAVES, Hash, LeafIndex, Note, Tile, TileReadError, TileSource, TlogProof, TreeHead,
    read_inclusion,
};
use ledgerline::record::{Record, SEGMENT_EVENTS, encode_bare, segment_key};
use ledgerline::salt::SaltKey;
use rayon::prelude::*;

use super::at_checkpoint::AtCheckpoint;
use super::derive::OpenFile;
use super::error::LedgerError;
use super::reader::{Ledger, SegmentData};
use super::served::TileDir;

/// Segments that are kept in memory: that of an event, and the last one.
const KEPT: usize = 2;

/// A ledger's events under its newest checkpoint, and the proofs that they are there.
#[derive(Debug)]
pub struct LoggedEvents {
    ledger: Ledger,
    note: Note,
    head: TreeHead,
    /// Events that are not sealed.
    open: Vec<OpenFile>,
    tiles: TileDir,
    recent: RefCell<Vec<(u64, Rc<SegmentData>)>>,
}

/// The events of a play.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct FoundPlay {
    /// Leaf indices of those that the checkpoint covers, ascending.
    pub indices: Vec<u64>,
    /// Number of those that it does not cover yet.
    pub later: u64,
}

impl LoggedEvents {
    /// Opens a ledger at its newest checkpoint; a writer may be at work meanwhile.
    ///
    /// # Errors
    ///
    /// [`LedgerError`] if there is no checkpoint, or fewer events than it covers.
    pub fn open(path: &Path) -> Result<Self, LedgerError> {
        let AtCheckpoint {
            ledger,
            note,
            head,
            open,
        } = AtCheckpoint::open(path)?;
        Ok(Self {
            tiles: TileDir::new(path),
            ledger,
            note,
            head,
            open,
            recent: RefCell::default(),
        })
    }

    /// The ledger.
    #[must_use]
    pub fn ledger(&self) -> &Ledger {
        &self.ledger
    }

    /// The newest checkpoint as it was signed.
    #[must_use]
    pub fn note(&self) -> &Note {
        &self.note
    }

    /// Size and root of the newest checkpoint.
    #[must_use]
    pub fn head(&self) -> TreeHead {
        self.head
    }

    /// The receipt of an event.
    ///
    /// # Errors
    ///
    /// [`LedgerError::Damaged`] if tiles, events and checkpoint contradict each other;
    /// [`LedgerError::NoSecret`] for an event that is not sealed on a copy without `secret/`; those
    /// of reading. The caller sees to it that the index is below the checkpoint's size.
    pub fn receipt(&self, index: u64) -> Result<TlogProof, LedgerError> {
        let damaged = |found: String| {
            let root = self.ledger.layout().root();
            LedgerError::damaged(
                root,
                None,
                "events and tiles that lead to the root of its checkpoint",
                found,
            )
        };
        let (leaf, path) =
            read_inclusion(LeafIndex(index), self.head, self).map_err(|error| match error {
                TileReadError::Source(error) => error,
                other => damaged(other.to_string()),
            })?;
        let record = self.record(index)?;
        if Hash::leaf(record.as_bytes()) != leaf {
            return Err(damaged(format!("another event at index {index}")));
        }
        let extra = Some(record.as_bytes().to_vec());
        TlogProof::new(LeafIndex(index), path, self.note.clone(), extra)
            .map_err(|error| damaged(error.to_string()))
    }

    /// The events of a play, wherever they stand in the log. `progress` is told how many events
    /// have been looked at.
    ///
    /// # Errors
    ///
    /// Those of reading segments.
    pub fn find(
        &self,
        listener: ListenerId,
        play: PlayId,
        progress: &mut dyn FnMut(u64),
    ) -> Result<FoundPlay, LedgerError> {
        let is_it = |event: &Event| (event.listener, event.play) == (listener, play);
        let mut indices = Vec::new();
        let ledger = &self.ledger;
        for window in ledger.segments().chunks(rayon::current_num_threads() * 2) {
            let read: Vec<Result<Vec<u64>, LedgerError>> = window
                .par_iter()
                .map(|info| {
                    let events = ledger.read_segment(info.number)?.events;
                    let found = (info.first_index..).zip(&events);
                    Ok(found.filter(|(_, e)| is_it(e)).map(|(at, _)| at).collect())
                })
                .collect();
            for (info, found) in window.iter().zip(read) {
                indices.extend(found?);
                progress(info.first_index + info.count);
            }
        }
        for file in &self.open {
            let events = (file.number * SEGMENT_EVENTS..).zip(&file.content.events);
            indices.extend(events.filter(|(_, event)| is_it(event)).map(|(at, _)| at));
        }
        let all = indices.len();
        indices.retain(|index| *index < self.head.size);
        Ok(FoundPlay {
            later: (all - indices.len()) as u64,
            indices,
        })
    }

    fn record(&self, index: u64) -> Result<Record, LedgerError> {
        let (number, within) = (index / SEGMENT_EVENTS, index % SEGMENT_EVENTS);
        let segment = self.segment(number)?;
        let event = usize::try_from(within).ok();
        let event = event.and_then(|within| segment.events.get(within));
        let event = event.ok_or_else(|| self.short(number, within))?;
        Ok(Record::new(&segment.salt_key.salt(within), event))
    }

    /// A segment's events, sealed or not.
    fn segment(&self, number: u64) -> Result<Rc<SegmentData>, LedgerError> {
        let mut recent = self.recent.borrow_mut();
        if let Some((_, data)) = recent.iter().find(|(kept, _)| *kept == number) {
            return Ok(Rc::clone(data));
        }
        let data = match self.open.iter().find(|file| file.number == number) {
            Some(file) => SegmentData {
                events: file.content.events.clone(),
                salt_key: self.open_key(number)?,
            },
            None => self.ledger.read_segment(number)?,
        };
        let data = Rc::new(data);
        recent.insert(0, (number, Rc::clone(&data)));
        recent.truncate(KEPT);
        Ok(data)
    }

    fn open_key(&self, number: u64) -> Result<SaltKey, LedgerError> {
        let master = self.ledger.master_secret()?;
        Ok(segment_key(&master, self.ledger.origin(), number))
    }

    /// The leaf hashes that a tile of level 0 holds, as bytes.
    fn leaves(&self, tile: &Tile) -> Result<Vec<u8>, LedgerError> {
        let first = tile.index() * BASE_LEAVES as u64;
        let (number, within) = (first / SEGMENT_EVENTS, first % SEGMENT_EVENTS);
        let segment = self.segment(number)?;
        let events = usize::try_from(within)
            .ok()
            .and_then(|from| segment.events.get(from..from + usize::from(tile.width())))
            .ok_or_else(|| self.short(number, within))?;
        let mut salts = segment.salt_key.salts_from(within);
        let leaf = |event: &Event| {
            let record = Record::from_parts(&salts.next_salt(), &encode_bare(event));
            *Hash::leaf(record.as_bytes()).as_bytes()
        };
        Ok(events.iter().flat_map(leaf).collect())
    }

    fn short(&self, number: u64, within: u64) -> LedgerError {
        LedgerError::damaged(
            self.ledger.layout().segment(number),
            None,
            format!("an event number {within} in the segment, which the checkpoint covers"),
            "none",
        )
    }
}

/// A ledger stores no tiles of level 0: their hashes are those of its events.
impl TileSource for LoggedEvents {
    type Error = LedgerError;

    fn read(&self, tiles: &[Tile]) -> Result<Vec<Vec<u8>>, LedgerError> {
        let read = |tile: &Tile| {
            if tile.level() == 0 {
                return self.leaves(tile);
            }
            let read = self.tiles.read(std::slice::from_ref(tile))?;
            Ok(read.into_iter().flatten().collect())
        };
        tiles.iter().map(read).collect()
    }
}
