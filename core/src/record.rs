//! What is committed: 54 canonical bytes that hold one salted event.
//!
//! *In:* an [`Event`] and its salt. *Out:* bytes, and back. *Does not know:* where they are kept.
//! Source: `docs/format.md` section 2.

use core::fmt;

use crate::event::{Event, Flags, Kind};
use crate::id::{Isrc, ListenerId, PlayId, Territory};
use crate::salt::{Salt, SaltKey};
use crate::time::TimeMs;
use crate::wire::{Reader, WireError, put_u48};

/// Bytes of a record; with the leaf prefix 0x00 one SHA-256 block.
pub const RECORD_LENGTH: usize = 54;

/// Events of a segment: 2^16, so that a segment's root is an aligned subtree of the log.
pub const SEGMENT_EVENTS: u64 = 1 << SEGMENT_LEVEL;

/// Level of a segment's root in the log's tree.
pub const SEGMENT_LEVEL: u8 = 16;

/// The bytes of an event without its salt, all fields but the first of a record.
pub const BARE_LENGTH: usize = 38;

/// A salted event as canonical bytes.
#[derive(Clone, Copy, Eq, PartialEq)]
pub struct Record([u8; RECORD_LENGTH]);

impl fmt::Debug for Record {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Record(")?;
        for byte in self.0 {
            write!(f, "{byte:02x}")?;
        }
        f.write_str(")")
    }
}

impl Record {
    /// Encodes.
    #[must_use]
    pub fn new(salt: &Salt, event: &Event) -> Self {
        Self::from_parts(salt, &encode_bare(event))
    }

    /// Joins a salt and the bare bytes of an event.
    #[must_use]
    pub fn from_parts(salt: &Salt, bare: &[u8; BARE_LENGTH]) -> Self {
        let mut bytes = [0; RECORD_LENGTH];
        let (salt_place, bare_place) = bytes.split_at_mut(salt.len());
        salt_place.copy_from_slice(salt);
        bare_place.copy_from_slice(bare);
        Self(bytes)
    }

    /// Reads a record; every valid record has exactly one form.
    ///
    /// # Errors
    ///
    /// [`WireError`] for another length or a value that no event has.
    pub fn parse(bytes: &[u8]) -> Result<Self, WireError> {
        let mut reader = Reader::new(bytes);
        let record = Self(reader.array()?);
        reader.finish()?;
        record.event_checked().map(|_| record)
    }

    /// All bytes.
    #[must_use]
    pub const fn as_bytes(&self) -> &[u8; RECORD_LENGTH] {
        &self.0
    }

    /// The event.
    ///
    /// # Errors
    ///
    /// None for a record that was parsed or encoded; the `Result` saves a panic.
    pub fn event_checked(&self) -> Result<Event, WireError> {
        let mut reader = Reader::new(&self.0);
        reader.take(16)?;
        decode_bare(&mut reader)
    }
}

/// The 38 bytes of an event.
#[must_use]
pub fn encode_bare(event: &Event) -> [u8; BARE_LENGTH] {
    let mut bytes = Vec::with_capacity(BARE_LENGTH);
    bytes.extend_from_slice(&[event.kind as u8, event.flags.byte()]);
    bytes.extend_from_slice(&event.territory.bytes());
    put_u48(&mut bytes, event.time.ms());
    bytes.extend_from_slice(&event.position_ms.to_be_bytes());
    bytes.extend_from_slice(&event.isrc.packed().to_be_bytes());
    bytes.extend_from_slice(&event.play.0.to_be_bytes());
    bytes.extend_from_slice(&event.listener.0.to_be_bytes());
    bytes.first_chunk().copied().unwrap_or([0; BARE_LENGTH])
}

/// Reads the 38 bytes of an event.
///
/// # Errors
///
/// [`WireError`] for a value that no event has.
pub fn decode_bare(reader: &mut Reader<'_>) -> Result<Event, WireError> {
    let kind =
        Kind::from_code(reader.u8()?).ok_or_else(|| reader.refuse("a kind of event, 1 to 3"))?;
    let flags = Flags::from_byte(reader.u8()?)
        .ok_or_else(|| reader.refuse("flags without unknown bits"))?;
    let territory = Territory::from_bytes(reader.array()?)
        .ok_or_else(|| reader.refuse("a territory of two capital letters"))?;
    let time = TimeMs::new(reader.u48()?).ok_or_else(|| reader.refuse("a time up to 9998"))?;
    let position_ms = reader.u32()?;
    let isrc = Isrc::from_packed(reader.u64()?).ok_or_else(|| reader.refuse("a packed ISRC"))?;
    let play = PlayId(reader.u64()?);
    let listener = ListenerId(reader.u64()?);
    Ok(Event {
        listener,
        play,
        time,
        position_ms,
        kind,
        isrc,
        territory,
        flags,
    })
}

/// The key under which the salts of segment number `segment` stand.
#[must_use]
pub fn segment_key(master: &SaltKey, origin: &str, segment: u64) -> SaltKey {
    master.derive(&[
        b"ledgerline/salt/v1",
        origin.as_bytes(),
        &segment.to_be_bytes(),
    ])
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    pub(crate) fn any_event() -> impl Strategy<Value = Event> {
        (
            (
                any::<u64>(),
                any::<u64>(),
                0..=TimeMs::MAX.ms(),
                any::<u32>(),
            ),
            (
                1_u8..=3,
                "[A-Z]{2}[A-Z0-9]{3}[0-9]{7}",
                "[A-Z]{2}",
                0_u8..=3,
            ),
        )
            .prop_map(
                |((listener, play, time, position_ms), (kind, isrc, territory, flags))| Event {
                    listener: ListenerId(listener),
                    play: PlayId(play),
                    time: TimeMs::new(time).unwrap(),
                    position_ms,
                    kind: Kind::from_code(kind).unwrap(),
                    isrc: Isrc::parse(&isrc).unwrap(),
                    territory: Territory::parse(&territory).unwrap(),
                    flags: Flags::from_byte(flags).unwrap(),
                },
            )
    }

    proptest! {
        #[test]
        fn every_event_reads_back(event in any_event(), salt: Salt) {
            let record = Record::new(&salt, &event);
            prop_assert_eq!(Record::parse(record.as_bytes()), Ok(record));
            prop_assert_eq!(record.event_checked(), Ok(event));
        }

        #[test]
        fn any_bytes_are_the_one_form_of_an_event_or_refused(bytes: [u8; RECORD_LENGTH]) {
            if let Ok(record) = Record::parse(&bytes) {
                let event = record.event_checked().unwrap();
                let salt = bytes.first_chunk().unwrap();
                prop_assert_eq!(Record::new(salt, &event), record);
            }
        }
    }

    #[test]
    fn other_lengths_are_refused() {
        for length in [0, 1, 53, 55, 540] {
            assert!(Record::parse(&vec![1; length]).is_err());
        }
    }
}
