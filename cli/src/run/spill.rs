//! Events partitioned by listener, in memory up to a budget and beyond it in unnamed files.
//!
//! All events of a listener are in one partition, so plays are found partition by partition.

use std::fs::File;
use std::io::{Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

use ledgerline::event::Event;
use ledgerline::record::{BARE_LENGTH, decode_bare, encode_bare};
use ledgerline::wire::Reader;

use super::error::RunError;
use crate::ledger::durable::FileError;

/// Number of partitions; a power of two.
const PARTITIONS: usize = 64;

/// Events kept in memory before all partitions are written out (40 bytes each).
const BUDGET: usize = 4 << 20;

/// Partitions of events.
#[derive(Debug)]
pub(super) struct Spill {
    dir: PathBuf,
    parts: Vec<Part>,
    in_memory: usize,
}

#[derive(Debug, Default)]
struct Part {
    events: Vec<Event>,
    file: Option<File>,
}

impl Spill {
    /// No events yet; unnamed files, if any are needed, are made in `dir`.
    pub(super) fn new(dir: &Path) -> Self {
        Self {
            dir: dir.to_owned(),
            parts: (0..PARTITIONS).map(|_| Part::default()).collect(),
            in_memory: 0,
        }
    }

    /// Takes events, in any order.
    pub(super) fn push(&mut self, events: &[Event]) -> Result<(), RunError> {
        for event in events {
            // Fibonacci hashing: pseudonyms may come from outside and need not be spread evenly.
            let hash = event.listener.0.wrapping_mul(0x9e37_79b9_7f4a_7c15);
            let part = usize::try_from(hash >> 58).unwrap_or(0);
            if let Some(part) = self.parts.get_mut(part) {
                part.events.push(*event);
            }
        }
        self.in_memory += events.len();
        if self.in_memory > BUDGET {
            self.write_out()?;
        }
        Ok(())
    }

    fn write_out(&mut self) -> Result<(), RunError> {
        for part in &mut self.parts {
            let mut bytes = Vec::with_capacity(part.events.len() * BARE_LENGTH);
            for event in part.events.drain(..) {
                bytes.extend_from_slice(&encode_bare(&event));
            }
            part.events.shrink_to(0);
            let file = match &mut part.file {
                Some(file) => file,
                none => none.insert(
                    tempfile::tempfile_in(&self.dir)
                        .map_err(FileError::at("create a temporary file in", &self.dir))?,
                ),
            };
            file.write_all(&bytes)
                .map_err(FileError::at("write a temporary file in", &self.dir))?;
        }
        self.in_memory = 0;
        Ok(())
    }

    /// The number of partitions.
    pub(super) fn count(&self) -> usize {
        self.parts.len()
    }

    /// Takes the partitions one by one.
    pub(super) fn into_parts(self) -> impl Iterator<Item = Partition> {
        let dir = self.dir;
        self.parts.into_iter().map(move |part| Partition {
            dir: dir.clone(),
            part,
        })
    }
}

/// All events of some listeners.
#[derive(Debug)]
pub(super) struct Partition {
    dir: PathBuf,
    part: Part,
}

impl Partition {
    /// Reads back what was written out.
    pub(super) fn events(self) -> Result<Vec<Event>, RunError> {
        let Self { dir, part } = self;
        let Part { mut events, file } = part;
        if let Some(mut file) = file {
            let mut bytes = Vec::new();
            file.seek(SeekFrom::Start(0))
                .and_then(|_| file.read_to_end(&mut bytes))
                .map_err(FileError::at("read a temporary file in", &dir))?;
            drop(file);
            events.reserve(bytes.len() / BARE_LENGTH);
            let mut reader = Reader::new(&bytes);
            while !reader.is_at_end() {
                let event = decode_bare(&mut reader).map_err(|error| RunError::Damaged {
                    path: dir.clone(),
                    problem: format!("a temporary file was changed: {error}"),
                })?;
                events.push(event);
            }
        }
        Ok(events)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ledgerline::event::{Flags, Kind};
    use ledgerline::id::{Isrc, ListenerId, PlayId, Territory};
    use ledgerline::time::TimeMs;

    #[test]
    fn nothing_is_lost_and_listeners_stay_together() {
        let event = |number: u64| Event {
            listener: ListenerId(number % 1000),
            play: PlayId(number),
            time: TimeMs::new(number).unwrap(),
            position_ms: 0,
            kind: Kind::Start,
            isrc: Isrc::parse("USAAA2600001").unwrap(),
            territory: Territory::parse("DE").unwrap(),
            flags: Flags::default(),
        };
        let dir = tempfile::tempdir().unwrap();
        let mut spill = Spill::new(dir.path());
        let events: Vec<Event> = (0..10_000).map(event).collect();
        spill.push(&events[..6000]).unwrap();
        spill.write_out().unwrap();
        spill.push(&events[6000..]).unwrap();
        let mut seen = vec![None; 1000];
        let mut all = Vec::new();
        for (number, part) in spill.into_parts().enumerate() {
            for event in part.events().unwrap() {
                let place = &mut seen[usize::try_from(event.listener.0).unwrap()];
                assert_eq!(*place.get_or_insert(number), number);
                all.push(event);
            }
        }
        all.sort_unstable_by_key(|event| event.play);
        assert_eq!(all, events);
    }
}
