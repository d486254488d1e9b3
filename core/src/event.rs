//! What a service reports: a play starts, goes on, ends.
//!
//! *In:* the fields of an event as text. *Out:* [`Event`], whose every field is valid.
//! *Does not know:* files, and who owns the recording.

use core::fmt;

use sha2::{Digest, Sha256};

use crate::id::{IdError, Isrc, ListenerId, PlayId, Territory};
use crate::salt::ListenerKey;
use crate::time::{TimeError, TimeMs};

/// What happened.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
#[repr(u8)]
pub enum Kind {
    /// Playing began.
    Start = 1,
    /// Playing goes on, about every 30 s.
    Heartbeat = 2,
    /// Playing ended.
    End = 3,
}

impl Kind {
    /// Reads `start`, `heartbeat` or `end`.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        match text {
            "start" => Some(Self::Start),
            "heartbeat" => Some(Self::Heartbeat),
            "end" => Some(Self::End),
            _ => None,
        }
    }

    /// Reads the code of canonical bytes.
    #[must_use]
    pub const fn from_code(code: u8) -> Option<Self> {
        match code {
            1 => Some(Self::Start),
            2 => Some(Self::Heartbeat),
            3 => Some(Self::End),
            _ => None,
        }
    }

    /// The word.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Start => "start",
            Self::Heartbeat => "heartbeat",
            Self::End => "end",
        }
    }
}

/// One event of a play. The order of the fields is the order in which the events of a play are
/// sorted (`docs/format.md` section 7.1), with listener and play before.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub struct Event {
    /// Pseudonym of the listener.
    pub listener: ListenerId,
    /// The play it belongs to.
    pub play: PlayId,
    /// When it happened, by the client's clock.
    pub time: TimeMs,
    /// Position in the recording, ms.
    pub position_ms: u32,
    /// What happened.
    pub kind: Kind,
    /// The recording.
    pub isrc: Isrc,
    /// Where the listener was.
    pub territory: Territory,
    /// Active choice, offline.
    pub flags: Flags,
}

/// How a play came about.
#[derive(Clone, Copy, Debug, Default, Eq, Ord, PartialEq, PartialOrd)]
pub struct Flags(u8);

impl Flags {
    /// The flags with these meanings.
    #[must_use]
    pub const fn new(active: bool, offline: bool) -> Self {
        Self(active as u8 | (offline as u8) << 1)
    }

    /// Reads the byte of canonical bytes; `None` if an unknown bit is set.
    #[must_use]
    pub const fn from_byte(byte: u8) -> Option<Self> {
        if byte <= 3 { Some(Self(byte)) } else { None }
    }

    /// The byte as it stands in canonical bytes.
    #[must_use]
    pub const fn byte(self) -> u8 {
        self.0
    }

    /// The listener chose it, rather than a programme or an algorithm.
    #[must_use]
    pub const fn is_active(self) -> bool {
        self.0 & 1 != 0
    }

    /// Played without a connection.
    #[must_use]
    pub const fn is_offline(self) -> bool {
        self.0 & 2 != 0
    }
}

/// An event's fields as they come in, before anything is checked.
#[derive(Clone, Copy, Debug, Default)]
pub struct RawEvent<'a> {
    /// `start`, `heartbeat` or `end`.
    pub kind: &'a str,
    /// 16 hex digits, or any other text, which is hashed.
    pub play: &'a str,
    /// Service user id, if the listener is not given.
    pub user: Option<&'a str>,
    /// 16 hex digits, if already a pseudonym.
    pub listener: Option<&'a str>,
    /// In any usual spelling.
    pub isrc: &'a str,
    /// ISO 3166-1 alpha-2.
    pub territory: &'a str,
    /// RFC 3339 or integer milliseconds.
    pub time: &'a str,
    /// Decimal integer.
    pub position_ms: &'a str,
    /// Flags.
    pub flags: Flags,
}

/// Why an event is refused.
#[derive(Clone, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub enum EventError {
    /// `kind` is none of the three words.
    Kind {
        /// The text, cut to 60 characters.
        found: String,
    },
    /// `isrc`, `territory` or `listener` is malformed.
    Id(IdError),
    /// `time` is malformed.
    Time(TimeError),
    /// `position_ms` is not an integer below 2^32.
    Position {
        /// The text, cut to 60 characters.
        found: String,
    },
    /// `play` is empty or longer than 256 bytes.
    Play,
    /// Neither or both of `user` and `listener` are given, or the user id is empty or longer than 256 bytes.
    Listener,
}

impl fmt::Display for EventError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Kind { found } => write!(
                f,
                "kind: expected start, heartbeat or end, but found {found:?}"
            ),
            Self::Id(error) => error.fmt(f),
            Self::Time(error) => write!(f, "time: {error}"),
            Self::Position { found } => write!(
                f,
                "position_ms: expected an integer from 0 to 4294967295, but found {found:?}"
            ),
            Self::Play => f.write_str("play: expected 1 to 256 bytes of text"),
            Self::Listener => f.write_str(
                "expected either user (1 to 256 bytes of text) or listener (16 hex digits)",
            ),
        }
    }
}

impl core::error::Error for EventError {}

impl RawEvent<'_> {
    /// Checks every field. `key` turns a user id into the period's pseudonym.
    ///
    /// # Errors
    ///
    /// [`EventError`] for the first field that is wrong.
    pub fn parse(&self, key: &ListenerKey) -> Result<Event, EventError> {
        let cut = |text: &str| text.chars().take(60).collect();
        let sized = |text: &str| (1..=256).contains(&text.len());
        let listener = match (self.user, self.listener) {
            (Some(user), None) if sized(user) => key.pseudonym(user),
            (None, Some(hex)) => ListenerId::parse(hex).map_err(EventError::Id)?,
            _ => return Err(EventError::Listener),
        };
        let digits = self.position_ms.bytes().all(|b| b.is_ascii_digit());
        let position_ms = self.position_ms.parse().ok().filter(|_| digits);
        if !sized(self.play) {
            return Err(EventError::Play);
        }
        Ok(Event {
            listener,
            play: PlayId::parse(self.play).unwrap_or_else(|_| play_id_of_text(self.play)),
            time: TimeMs::parse(self.time).map_err(EventError::Time)?,
            position_ms: position_ms.ok_or_else(|| EventError::Position {
                found: cut(self.position_ms),
            })?,
            kind: Kind::parse(self.kind).ok_or_else(|| EventError::Kind {
                found: cut(self.kind),
            })?,
            isrc: Isrc::parse(self.isrc).map_err(EventError::Id)?,
            territory: Territory::parse(self.territory).map_err(EventError::Id)?,
            flags: self.flags,
        })
    }
}

/// First 8 bytes of the SHA-256 of a play id that is not 16 hex digits.
#[must_use]
pub fn play_id_of_text(text: &str) -> PlayId {
    let digest: [u8; 32] = Sha256::digest(text.as_bytes()).into();
    PlayId(u64::from_be_bytes(
        digest.first_chunk().copied().unwrap_or_default(),
    ))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::salt::SaltKey;

    const GOOD: RawEvent<'_> = RawEvent {
        kind: "start",
        play: "00000000000000aa",
        user: Some("u1"),
        listener: None,
        isrc: "us-rc1-76-07839",
        territory: "de",
        time: "2026-04-01T00:00:00Z",
        position_ms: "0",
        flags: Flags::new(true, false),
    };

    fn parse(raw: RawEvent<'_>) -> Result<Event, EventError> {
        raw.parse(&ListenerKey(SaltKey::from_bytes([7; 32])))
    }

    #[test]
    fn each_field_is_checked_and_named() {
        let event = parse(GOOD).unwrap();
        assert_eq!(event.play, PlayId(0xaa));
        assert_eq!(event.isrc.to_string(), "USRC17607839");
        let refused = [
            (
                RawEvent {
                    kind: "stop",
                    ..GOOD
                },
                "kind",
            ),
            (RawEvent { play: "", ..GOOD }, "play"),
            (RawEvent { user: None, ..GOOD }, "user"),
            (
                RawEvent {
                    user: Some(""),
                    ..GOOD
                },
                "user",
            ),
            (
                RawEvent {
                    listener: Some("00000000000000aa"),
                    ..GOOD
                },
                "user",
            ),
            (
                RawEvent {
                    isrc: "nonsense",
                    ..GOOD
                },
                "ISRC",
            ),
            (
                RawEvent {
                    territory: "DEU",
                    ..GOOD
                },
                "territory",
            ),
            (
                RawEvent {
                    time: "yesterday",
                    ..GOOD
                },
                "time",
            ),
            (
                RawEvent {
                    position_ms: "-1",
                    ..GOOD
                },
                "position_ms",
            ),
            (
                RawEvent {
                    position_ms: "+1",
                    ..GOOD
                },
                "position_ms",
            ),
            (
                RawEvent {
                    position_ms: "4294967296",
                    ..GOOD
                },
                "position_ms",
            ),
        ];
        for (raw, names) in refused {
            let message = parse(raw).unwrap_err().to_string();
            assert!(message.contains(names), "{message}");
        }
    }

    #[test]
    fn other_play_ids_are_hashed() {
        let raw = RawEvent {
            play: "session-1",
            ..GOOD
        };
        assert_eq!(parse(raw).unwrap().play, play_id_of_text("session-1"));
    }
}
