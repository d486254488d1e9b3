//! The open segment's accepted events, on disk before they are acknowledged.
//!
//! *In:* events. *Out:* `wal/<number>.wal`, and what survives of it. *Does not know:* segments'
//! files, trees.
//!
//! A header of 32 bytes (`ledgerline-wal/1`, u64 segment number, u32 bytes of an entry, CRC-32 of
//! these 28 bytes), then entries of 44 bytes: an event's 38 bare bytes (`docs/format.md` section
//! 2), u16 place in its batch, and the CRC-32 of u64 place in the segment ‖ these 40 bytes. Entries
//! are written in batches of at most [`BATCH`], each fsynced before the next one begins; so a crash
//! tears only the last batch, and a broken entry before a later batch was damaged afterwards and is
//! not passed over. (Damage inside the very last batch looks like a torn one; the newest
//! checkpoint tells them apart as far as it reaches.)

use std::fs::{self, File};
use std::io::Read;
use std::path::{Path, PathBuf};

use ledgerline::event::Event;
use ledgerline::record::{BARE_LENGTH, SEGMENT_EVENTS, decode_bare, encode_bare};
use ledgerline::wire::Reader;

use super::durable::{Access, Disk, DiskFile, FileError};
use super::error::LedgerError;

/// Events that are fsynced together at most.
pub const BATCH: usize = 8192;

/// Bytes of an entry.
pub const ENTRY_LENGTH: usize = BARE_LENGTH + 2 + 4;

/// Bytes of the header.
pub const HEADER_LENGTH: usize = 32;

/// Events of a full file.
pub const FULL: usize = 1 << 16;
const _: () = assert!(FULL as u64 == SEGMENT_EVENTS);

fn header(segment: u64) -> Vec<u8> {
    let mut bytes = b"ledgerline-wal/1".to_vec();
    bytes.extend_from_slice(&segment.to_be_bytes());
    bytes.extend_from_slice(&44_u32.to_be_bytes());
    let crc = crc32(&[&bytes]);
    bytes.extend_from_slice(&crc.to_be_bytes());
    bytes
}

fn crc32(parts: &[&[u8]]) -> u32 {
    let mut crc = flate2::Crc::new();
    for part in parts {
        crc.update(part);
    }
    crc.sum()
}

fn entry_crc(place: usize, content: &[u8]) -> u32 {
    crc32(&[&(place as u64).to_be_bytes(), content])
}

/// Appends to one file.
#[derive(Debug)]
pub struct WalWriter {
    path: PathBuf,
    file: Box<dyn DiskFile>,
    /// Entries that are fsynced.
    durable: usize,
    /// Encoded entries that are not.
    pending: Vec<u8>,
}

impl WalWriter {
    /// Creates the file of a segment; it is durable and empty on return.
    ///
    /// # Errors
    ///
    /// [`LedgerError::File`].
    pub fn create(disk: &dyn Disk, path: &Path, segment: u64) -> Result<Self, LedgerError> {
        Self::rewrite(disk, path, segment, &[])
    }

    /// Replaces the file by one that holds these events, durably, and goes on behind them.
    ///
    /// This is how a file that was found is taken over. What could be read of it need not be on the
    /// disk: its writer may have ended before the fsync, or the fsync may have failed, after which
    /// the system shows the bytes and never writes them. A second fsync proves nothing then; a
    /// second write does.
    ///
    /// # Errors
    ///
    /// [`LedgerError::File`].
    pub fn rewrite(
        disk: &dyn Disk,
        path: &Path,
        segment: u64,
        events: &[Event],
    ) -> Result<Self, LedgerError> {
        let mut bytes = header(segment);
        for (place, event) in events.iter().enumerate() {
            // As one batch would be: the file is there whole or not at all.
            push_entry(&mut bytes, place, place % BATCH, event);
        }
        disk.write_atomic(path, &bytes, Access::Public)?;
        Ok(Self {
            path: path.to_owned(),
            file: disk.open(path).map_err(FileError::at("open", path))?,
            durable: events.len(),
            pending: Vec::new(),
        })
    }

    /// Entries so far, durable or not.
    #[must_use]
    pub fn len(&self) -> usize {
        self.durable + self.pending.len() / ENTRY_LENGTH
    }

    /// Entries that are durable.
    #[must_use]
    pub fn durable(&self) -> usize {
        self.durable
    }

    /// Whether there is no entry.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Takes events, as many as there is room for, and makes full batches durable.
    ///
    /// # Errors
    ///
    /// [`LedgerError::File`]; the writer must not be used any more.
    pub fn append(&mut self, events: &[Event]) -> Result<usize, LedgerError> {
        let room = FULL - self.len();
        let taken = events.len().min(room);
        for event in events.iter().take(taken) {
            let place = self.len();
            push_entry(&mut self.pending, place, place - self.durable, event);
            if self.pending.len() == BATCH * ENTRY_LENGTH {
                self.commit()?;
            }
        }
        Ok(taken)
    }

    /// Makes all entries durable.
    ///
    /// # Errors
    ///
    /// [`LedgerError::File`]; the writer must not be used any more: after a failed fsync nobody
    /// knows what the disk holds.
    pub fn commit(&mut self) -> Result<(), LedgerError> {
        if self.pending.is_empty() {
            return Ok(());
        }
        self.file
            .write(&self.pending)
            .map_err(FileError::at("write", &self.path))?;
        self.file
            .sync()
            .map_err(FileError::at("fsync", &self.path))?;
        self.durable = self.len();
        self.pending.clear();
        Ok(())
    }
}

fn push_entry(bytes: &mut Vec<u8>, place: usize, in_batch: usize, event: &Event) {
    let from = bytes.len();
    bytes.extend_from_slice(&encode_bare(event));
    // Batches stay below 2^16.
    let in_batch = u16::try_from(in_batch).unwrap_or(u16::MAX);
    bytes.extend_from_slice(&in_batch.to_be_bytes());
    let crc = entry_crc(place, bytes.get(from..).unwrap_or_default());
    bytes.extend_from_slice(&crc.to_be_bytes());
}

/// What a file holds.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct WalContent {
    /// The events, in order.
    pub events: Vec<Event>,
    /// Bytes behind them that a crash tore.
    pub torn_bytes: u64,
}

/// Reads a file and tells a torn end from damage.
///
/// # Errors
///
/// [`LedgerError::Damaged`] for another header, or for a broken entry that more than a batch
/// follows; [`LedgerError::File`].
pub fn read(path: &Path, segment: u64) -> Result<WalContent, LedgerError> {
    let limit = (HEADER_LENGTH + (FULL + BATCH) * ENTRY_LENGTH) as u64;
    let length = fs::metadata(path)
        .map_err(FileError::at("read", path))?
        .len();
    let file = File::open(path).map_err(FileError::at("open", path))?;
    let mut bytes = Vec::new();
    file.take(limit)
        .read_to_end(&mut bytes)
        .map_err(FileError::at("read", path))?;
    let Some(rest) = bytes.strip_prefix(header(segment).as_slice()) else {
        return Err(LedgerError::damaged(
            path,
            Some("byte 0".to_owned()),
            format!("the header of segment {segment}'s write-ahead file"),
            "other bytes",
        ));
    };
    let mut events = Vec::with_capacity(rest.len() / ENTRY_LENGTH);
    let mut entries = rest.chunks_exact(ENTRY_LENGTH).take(FULL).enumerate();
    for (place, entry) in entries.by_ref() {
        match read_entry(place, entry) {
            Some((_, event)) => events.push(event),
            None => break,
        }
    }
    let broken = events.len();
    let end = (HEADER_LENGTH + broken * ENTRY_LENGTH) as u64;
    let torn_bytes = length.saturating_sub(end);
    // A batch that began behind the broken entry began after that entry had been fsynced.
    let later_batch = entries.any(|(place, entry)| {
        read_entry(place, entry).is_some_and(|(in_batch, _)| place - in_batch.min(place) > broken)
    });
    if later_batch || torn_bytes > (BATCH * ENTRY_LENGTH) as u64 {
        return Err(LedgerError::damaged(
            path,
            Some(format!("entry {broken} (byte {end})")),
            "an entry with the right checksum, as later batches follow it",
            "another checksum; acknowledged events are damaged, restore the file from a copy",
        ));
    }
    Ok(WalContent { events, torn_bytes })
}

/// Place in its batch, and the event.
fn read_entry(place: usize, entry: &[u8]) -> Option<(usize, Event)> {
    let (content, crc) = entry.split_at_checked(ENTRY_LENGTH - 4)?;
    if entry_crc(place, content).to_be_bytes() != crc {
        return None;
    }
    let mut reader = Reader::new(content);
    let event = decode_bare(&mut reader).ok()?;
    Some((usize::from(reader.u16().ok()?), event))
}

#[cfg(test)]
mod tests {
    use super::super::durable::RealDisk;
    use super::*;
    use crate::ledger::segment::tests::event;

    fn written(dir: &Path, count: usize) -> (PathBuf, Vec<Event>) {
        let path = dir.join("000003.wal");
        let events: Vec<Event> = (0..count).map(event).collect();
        let mut writer = WalWriter::create(&RealDisk, &path, 3).unwrap();
        assert_eq!(writer.append(&events).unwrap(), count);
        writer.commit().unwrap();
        (path, events)
    }

    #[test]
    fn every_cut_leaves_the_entries_before_it() {
        let dir = tempfile::tempdir().unwrap();
        let (path, events) = written(dir.path(), 5);
        let bytes = fs::read(&path).unwrap();
        for length in HEADER_LENGTH..=bytes.len() {
            fs::write(&path, &bytes[..length]).unwrap();
            let content = read(&path, 3).unwrap();
            let whole = (length - HEADER_LENGTH) / ENTRY_LENGTH;
            assert_eq!(content.events, events[..whole]);
            let torn = (length - HEADER_LENGTH) % ENTRY_LENGTH;
            assert_eq!(content.torn_bytes, torn as u64);
            // Going on after a cut gives the same events.
            let mut writer = WalWriter::rewrite(&RealDisk, &path, 3, &events[..whole]).unwrap();
            writer.append(&events[whole..]).unwrap();
            writer.commit().unwrap();
            let (events, torn_bytes) = (events.clone(), 0);
            assert_eq!(read(&path, 3).unwrap(), WalContent { events, torn_bytes });
        }
        for length in 0..HEADER_LENGTH {
            fs::write(&path, &bytes[..length]).unwrap();
            assert!(read(&path, 3).is_err());
        }
    }

    #[test]
    fn every_flipped_bit_is_noticed() {
        let dir = tempfile::tempdir().unwrap();
        let (path, events) = written(dir.path(), 3);
        let bytes = fs::read(&path).unwrap();
        for at in 0..bytes.len() {
            let mut flipped = bytes.clone();
            flipped[at] ^= 1 << (at % 8);
            fs::write(&path, &flipped).unwrap();
            match read(&path, 3) {
                Err(error) => assert!(at < HEADER_LENGTH, "{at}: {error}"),
                Ok(content) => {
                    let hit = (at - HEADER_LENGTH) / ENTRY_LENGTH;
                    assert_eq!(content.events, events[..hit]);
                }
            }
        }
        fs::write(&path, &bytes).unwrap();
        assert!(read(&path, 4).is_err(), "another segment's file");
    }

    #[test]
    fn entries_do_not_change_places_and_old_damage_is_no_torn_end() {
        let dir = tempfile::tempdir().unwrap();
        let (path, events) = written(dir.path(), BATCH + 10);
        let bytes = fs::read(&path).unwrap();
        let at = |entry: usize| HEADER_LENGTH + entry * ENTRY_LENGTH;
        let mut swapped = bytes.clone();
        swapped[at(BATCH)..at(BATCH + 1)].copy_from_slice(&bytes[at(BATCH + 1)..at(BATCH + 2)]);
        fs::write(&path, &swapped).unwrap();
        assert_eq!(read(&path, 3).unwrap().events, events[..BATCH]);
        let mut damaged = bytes;
        damaged[at(9)] ^= 1;
        fs::write(&path, &damaged).unwrap();
        let error = read(&path, 3).unwrap_err().to_string();
        assert!(error.contains("entry 9 (byte 428)"), "{error}");
    }

    #[test]
    fn damage_before_a_small_later_batch_is_no_torn_end() {
        let dir = tempfile::tempdir().unwrap();
        let (path, events) = written(dir.path(), 4);
        let mut writer = WalWriter::rewrite(&RealDisk, &path, 3, &events).unwrap();
        writer.append(&events).unwrap();
        writer.commit().unwrap();
        let bytes = fs::read(&path).unwrap();
        for entry in 0..8 {
            let mut damaged = bytes.clone();
            damaged[HEADER_LENGTH + entry * ENTRY_LENGTH] ^= 1;
            fs::write(&path, &damaged).unwrap();
            assert_eq!(read(&path, 3).is_err(), entry < 4, "entry {entry}");
        }
    }
}
