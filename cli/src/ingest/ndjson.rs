//! Events as one JSON object a line.

use std::borrow::Cow;
use std::fmt;
use std::io::Read;

use ledgerline::event::{Event, Flags, RawEvent};
use ledgerline::salt::ListenerKey;
use rayon::prelude::*;
use serde::Deserialize;
use serde::de::{Deserializer, Visitor};

use super::error::{IngestError, Reject, RowError};
use super::{Batch, Input, MAX_LINE};

/// Bytes that are read and parsed at once.
const BLOCK: usize = 4 << 20;

/// Bytes that one thread parses at once, about.
const PIECE: usize = 64 << 10;

/// Reads lines, parses them on all threads of the pool, and passes them on in order.
pub(super) fn read(
    input: &mut Input,
    key: &ListenerKey,
    sink: &mut dyn FnMut(Batch) -> Result<(), IngestError>,
) -> Result<(), IngestError> {
    let mut buffer = vec![0; BLOCK];
    let mut kept = 0;
    let mut line = 1;
    let mut skipping = false;
    loop {
        let free = buffer.get_mut(kept..).unwrap_or_default();
        let count = input.read(free).map_err(|error| input.failed(error))?;
        let filled = kept + count;
        let at_end = count == 0;
        let bytes = buffer.get(..filled).unwrap_or_default();
        let whole = match bytes.iter().rposition(|byte| *byte == b'\n') {
            _ if at_end => filled,
            Some(last) => last + 1,
            // A line as long as the buffer is passed over without being kept.
            None if filled == BLOCK => filled,
            None => {
                kept = filled;
                continue;
            }
        };
        let mut lines = bytes.get(..whole).unwrap_or_default();
        if line == 1 && !skipping {
            lines = lines.strip_prefix(b"\xef\xbb\xbf").unwrap_or(lines);
        }
        if skipping {
            // The rest of a line that was rejected already.
            match lines.iter().position(|byte| *byte == b'\n') {
                Some(end) => {
                    lines = lines.get(end + 1..).unwrap_or_default();
                    line += 1;
                    skipping = false;
                }
                None => lines = &[],
            }
        }
        if !lines.is_empty() {
            skipping = !lines.ends_with(b"\n") && !at_end;
            let (batch, newlines) = parse_block(lines, line, key);
            line += newlines;
            sink(batch)?;
        }
        if at_end {
            return Ok(());
        }
        buffer.copy_within(whole..filled, 0);
        kept = filled - whole;
    }
}

/// Parses whole lines, the first of which has the number `line`; also gives the number of line feeds.
fn parse_block(block: &[u8], line: u64, key: &ListenerKey) -> (Batch, u64) {
    let pieces: Vec<(Batch, u64)> = pieces(block)
        .into_par_iter()
        .map(|piece| parse_piece(piece, key))
        .collect();
    let mut batch = Batch::default();
    let mut newlines = 0;
    for (piece, count) in pieces {
        batch.events.extend(piece.events);
        batch
            .rejects
            .extend(piece.rejects.into_iter().map(|reject| Reject {
                line: reject.line + line + newlines,
                ..reject
            }));
        newlines += count;
    }
    batch.bytes = block.len() as u64;
    (batch, newlines)
}

/// Cuts behind line feeds.
fn pieces(block: &[u8]) -> Vec<&[u8]> {
    let mut pieces = Vec::new();
    let mut rest = block;
    while !rest.is_empty() {
        let tail = rest.get(PIECE..).unwrap_or_default();
        let end = tail.iter().position(|byte| *byte == b'\n');
        let cut = end.map_or(rest.len(), |end| PIECE + end + 1);
        let (piece, after) = rest.split_at_checked(cut).unwrap_or((rest, &[]));
        pieces.push(piece);
        rest = after;
    }
    pieces
}

/// Lines are counted from 0 here; also gives the number of line feeds.
fn parse_piece(piece: &[u8], key: &ListenerKey) -> (Batch, u64) {
    let mut batch = Batch::default();
    let mut number = 0;
    for line in piece.split_inclusive(|byte| *byte == b'\n') {
        let content = line.strip_suffix(b"\n").unwrap_or(line);
        if !content.iter().all(u8::is_ascii_whitespace) {
            match parse_line(content, key) {
                Ok(event) => batch.events.push(event),
                Err(error) => batch.rejects.push(Reject {
                    line: number,
                    error,
                    row: super::shown(content),
                }),
            }
        }
        number += u64::from(line.ends_with(b"\n"));
    }
    (batch, number)
}

fn parse_line(line: &[u8], key: &ListenerKey) -> Result<Event, RowError> {
    if line.len() > MAX_LINE {
        return Err(RowError::TooLong);
    }
    let text = str::from_utf8(line).map_err(|error| RowError::NotUtf8 {
        at: error.valid_up_to(),
    })?;
    let line: Line<'_> = serde_json::from_str(text).map_err(|error| {
        // The line is always 1.
        let message = error
            .to_string()
            .replace(" at line 1 column ", " at column ");
        RowError::Json(message)
    })?;
    let raw = RawEvent {
        kind: &line.kind.0,
        play: &line.play.0,
        user: line.user.as_ref().map(|text| &*text.0),
        listener: line.listener.as_ref().map(|text| &*text.0),
        isrc: &line.isrc.0,
        territory: &line.territory.0,
        time: &line.time.0,
        position_ms: &line.position_ms.0,
        flags: Flags::new(line.active.unwrap_or(false), line.offline.unwrap_or(false)),
    };
    raw.parse(key).map_err(RowError::Event)
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Line<'a> {
    #[serde(borrow)]
    kind: Text<'a>,
    #[serde(borrow)]
    play: Text<'a>,
    #[serde(borrow)]
    user: Option<Text<'a>>,
    #[serde(borrow)]
    listener: Option<Text<'a>>,
    #[serde(borrow)]
    isrc: Text<'a>,
    #[serde(borrow)]
    territory: Text<'a>,
    #[serde(borrow)]
    time: TextOrInteger<'a>,
    #[serde(borrow)]
    position_ms: TextOrInteger<'a>,
    active: Option<bool>,
    offline: Option<bool>,
}

/// Text, borrowed from the line unless it has escapes.
struct Text<'a>(Cow<'a, str>);

/// Text, or an integer as its text.
struct TextOrInteger<'a>(Cow<'a, str>);

struct TextVisitor {
    integers: bool,
}

impl<'de> Visitor<'de> for TextVisitor {
    type Value = Cow<'de, str>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(if self.integers {
            "text or an integer"
        } else {
            "text"
        })
    }

    fn visit_borrowed_str<E>(self, text: &'de str) -> Result<Self::Value, E> {
        Ok(Cow::Borrowed(text))
    }

    fn visit_str<E>(self, text: &str) -> Result<Self::Value, E> {
        Ok(Cow::Owned(text.to_owned()))
    }

    fn visit_u64<E: serde::de::Error>(self, number: u64) -> Result<Self::Value, E> {
        if self.integers {
            Ok(Cow::Owned(number.to_string()))
        } else {
            let found = serde::de::Unexpected::Unsigned(number);
            Err(E::invalid_type(found, &self))
        }
    }
}

impl<'de: 'a, 'a> Deserialize<'de> for Text<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let visitor = TextVisitor { integers: false };
        deserializer.deserialize_str(visitor).map(Self)
    }
}

impl<'de: 'a, 'a> Deserialize<'de> for TextOrInteger<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let visitor = TextVisitor { integers: true };
        deserializer.deserialize_any(visitor).map(Self)
    }
}
