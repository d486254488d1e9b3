//! The event openings of a bundle: the plays that were picked, down to their records in the log.

use crate::event::Event;
use crate::log::{Hash, OpeningError, TreeHead, opening};
use crate::record::{RECORD_LENGTH, Record};
use crate::wire::{Reader, WireError};

/// One play with its events, identical ones once, in the order of the counting rules.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct OpenedPlay {
    /// Position in the plays table.
    pub position: u64,
    /// Leaf index and record of each event.
    pub records: Vec<(u64, Record)>,
}

impl OpenedPlay {
    /// Sorts the events of a play and keeps, of identical ones, that with the smallest leaf index.
    #[must_use]
    pub fn new(position: u64, mut found: Vec<(Event, u64, Record)>) -> Self {
        found.sort_unstable_by_key(|(event, index, _)| (*event, *index));
        found.dedup_by_key(|(event, _, _)| *event);
        Self {
            position,
            records: found
                .into_iter()
                .map(|(_, index, record)| (index, record))
                .collect(),
        }
    }

    /// The events, in order.
    #[must_use]
    pub fn events(&self) -> Vec<Event> {
        let records = self.records.iter();
        records
            .filter_map(|(_, record)| record.event_checked().ok())
            .collect()
    }
}

/// All opened plays of a bundle.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Openings {
    /// By position.
    pub plays: Vec<OpenedPlay>,
    /// Opening proof over all their leaf indices.
    pub proof: Vec<Hash>,
}

impl Openings {
    /// Encodes the entry.
    #[must_use]
    pub fn encode(&self) -> Vec<u8> {
        let mut out = Vec::new();
        let put_count = |out: &mut Vec<u8>, count: usize| {
            out.extend_from_slice(&u32::try_from(count).unwrap_or(u32::MAX).to_be_bytes());
        };
        put_count(&mut out, self.plays.len());
        for play in &self.plays {
            out.extend_from_slice(&play.position.to_be_bytes());
            put_count(&mut out, play.records.len());
            for (index, record) in &play.records {
                out.extend_from_slice(&index.to_be_bytes());
                out.extend_from_slice(record.as_bytes());
            }
        }
        put_count(&mut out, self.proof.len());
        for hash in &self.proof {
            out.extend_from_slice(hash.as_bytes());
        }
        out
    }

    /// Reads the entry.
    ///
    /// # Errors
    ///
    /// [`WireError`] for any other form, and for events that are not in order.
    pub fn read(bytes: &[u8]) -> Result<Self, WireError> {
        let mut reader = Reader::new(bytes);
        let mut plays: Vec<OpenedPlay> = Vec::new();
        for _ in 0..reader.u32()? {
            let position = reader.u64()?;
            if plays.last().is_some_and(|last| last.position >= position) {
                return Err(reader.refuse("opened plays in ascending order"));
            }
            let mut records = Vec::new();
            let mut last: Option<Event> = None;
            for _ in 0..reader.u32()? {
                let index = reader.u64()?;
                let bytes = reader.take(RECORD_LENGTH as u64)?;
                let record = Record::parse(bytes).map_err(|_| reader.refuse("an event record"))?;
                let event = record.event_checked()?;
                if last.is_some_and(|last| last >= event) {
                    return Err(reader.refuse("distinct events in ascending order"));
                }
                last = Some(event);
                records.push((index, record));
            }
            plays.push(OpenedPlay { position, records });
        }
        let mut proof = Vec::new();
        for _ in 0..reader.u32()? {
            proof.push(Hash::from_bytes(reader.array()?));
        }
        reader.finish()?;
        Ok(Self { plays, proof })
    }

    /// Leaf indices with their hashes, ascending.
    #[must_use]
    pub fn leaves(&self) -> Vec<(u64, Hash)> {
        let records = self.plays.iter().flat_map(|play| &play.records);
        let mut leaves: Vec<(u64, Hash)> = records
            .map(|(index, record)| (*index, Hash::leaf(record.as_bytes())))
            .collect();
        leaves.sort_unstable();
        leaves
    }

    /// Checks that all opened records stand in the log that `head` describes.
    ///
    /// # Errors
    ///
    /// [`OpeningError`], also if one leaf is used twice.
    ///
    /// # Does not prove
    ///
    /// That the log holds no further events of these plays.
    pub fn verify(&self, head: TreeHead) -> Result<(), OpeningError> {
        opening::verify(self.leaves(), &self.proof, head)
    }
}
