//! Lines and cells of a file, one line at a time, in bounded memory.

use std::borrow::Cow;
use std::fs::File;
use std::io::{self, BufRead, BufReader, Read};
use std::path::Path;

use flate2::read::MultiGzDecoder;

use crate::ledger::durable::FileError;

/// Bytes of a line that are read; cells of a DSR are far shorter, but lists of ids may be long.
pub const MAX_LINE: usize = 1 << 20;

/// A line of a file.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Line {
    /// Its text is in the reader.
    Text,
    /// Not UTF-8.
    NotUtf8,
    /// Longer than [`MAX_LINE`].
    TooLong,
}

/// Reads lines that end in LF or CRLF; the last may lack its end.
#[derive(Debug)]
pub struct Lines<R> {
    inner: R,
    buffer: Vec<u8>,
    number: u64,
    bytes: u64,
}

impl<R: BufRead> Lines<R> {
    /// Reads from `inner`.
    pub const fn new(inner: R) -> Self {
        Self {
            inner,
            buffer: Vec::new(),
            number: 0,
            bytes: 0,
        }
    }

    /// The next line, or `None` at the end.
    ///
    /// # Errors
    ///
    /// What reading gives, also for damaged gzip.
    pub fn advance(&mut self) -> io::Result<Option<Line>> {
        self.buffer.clear();
        let mut length: usize = 0;
        loop {
            let available = match self.inner.fill_buf() {
                Ok(available) => available,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                Err(error) => return Err(error),
            };
            if available.is_empty() {
                break;
            }
            let end = memchr::memchr(b'\n', available);
            let part = available
                .get(..end.unwrap_or(available.len()))
                .unwrap_or(available);
            let room = MAX_LINE.saturating_sub(self.buffer.len());
            self.buffer
                .extend_from_slice(part.get(..room.min(part.len())).unwrap_or_default());
            let used = part.len() + usize::from(end.is_some());
            length = length.saturating_add(used);
            self.inner.consume(used);
            if end.is_some() {
                break;
            }
        }
        if length == 0 {
            return Ok(None);
        }
        self.bytes = self.bytes.saturating_add(length as u64);
        self.number += 1;
        if length > MAX_LINE {
            return Ok(Some(Line::TooLong));
        }
        if self.buffer.last() == Some(&b'\r') {
            self.buffer.pop();
        }
        Ok(Some(match std::str::from_utf8(&self.buffer) {
            Ok(_) => Line::Text,
            Err(_) => Line::NotUtf8,
        }))
    }

    /// The number of the line, from 1.
    #[must_use]
    pub const fn number(&self) -> u64 {
        self.number
    }

    /// Bytes read so far, after unpacking.
    #[must_use]
    pub const fn bytes(&self) -> u64 {
        self.bytes
    }

    /// The line's text, without its end; empty if it is not [`Line::Text`].
    #[must_use]
    pub fn text(&self) -> &str {
        std::str::from_utf8(&self.buffer).unwrap_or_default()
    }
}

/// Opens a report, plain or gzip.
///
/// # Errors
///
/// [`FileError`].
pub fn open(path: &Path) -> Result<Box<dyn BufRead>, FileError> {
    let file = File::open(path).map_err(FileError::at("open", path))?;
    unpack(file).map_err(FileError::at("read", path))
}

/// Reads plain bytes or gzip, whichever the first two say.
///
/// # Errors
///
/// What reading gives.
pub fn unpack(source: impl Read + 'static) -> io::Result<Box<dyn BufRead>> {
    const BUFFER: usize = 256 << 10;
    let mut plain = BufReader::with_capacity(BUFFER, source);
    let head = plain.fill_buf()?;
    if head.starts_with(&[0x1f, 0x8b]) {
        let unpacked = MultiGzDecoder::new(plain);
        return Ok(Box::new(BufReader::with_capacity(BUFFER, unpacked)));
    }
    Ok(Box::new(plain))
}

/// Bytes to read of a file, for a progress bar; `None` where the unpacked length is not known.
#[must_use]
pub fn length(path: &Path) -> Option<u64> {
    let mut head = [0; 2];
    let mut file = File::open(path).ok()?;
    file.read_exact(&mut head).ok()?;
    let about = file.metadata().ok()?;
    (head != [0x1f, 0x8b] && about.is_file()).then_some(about.len())
}

/// The values of a cell: parted by `|`, unless a backslash stands before it.
pub fn values(cell: &str) -> impl Iterator<Item = &str> {
    let mut rest = Some(cell);
    std::iter::from_fn(move || {
        let text = rest?;
        let mut escaped = false;
        for (at, byte) in text.bytes().enumerate() {
            match byte {
                _ if escaped => escaped = false,
                b'\\' => escaped = true,
                b'|' => {
                    rest = text.get(at + 1..);
                    return text.get(..at);
                }
                _ => {}
            }
        }
        rest = None;
        Some(text)
    })
}

/// A value without its escapes: a backslash stands for the character after it.
///
/// Source: DSR part 1 §7.3, and the parser of `ddexnet/dsrf`.
#[must_use]
pub fn unescape(value: &str) -> Cow<'_, str> {
    if !value.contains('\\') {
        return Cow::Borrowed(value);
    }
    let mut text = String::with_capacity(value.len());
    let mut characters = value.chars();
    while let Some(character) = characters.next() {
        match character {
            // A backslash at the end stands for itself.
            '\\' => text.push(characters.next().unwrap_or('\\')),
            other => text.push(other),
        }
    }
    Cow::Owned(text)
}

/// A value with `|` and `\` escaped. What no cell can hold, tabs and ends of lines, becomes blanks.
#[must_use]
pub fn escape(value: &str) -> Cow<'_, str> {
    if !value.contains(['\\', '|', '\t', '\n', '\r']) {
        return Cow::Borrowed(value);
    }
    let mut text = String::with_capacity(value.len() + 8);
    for character in value.chars() {
        match character {
            '\\' | '|' => text.extend(['\\', character]),
            '\t' | '\n' | '\r' => text.push(' '),
            other => text.push(other),
        }
    }
    Cow::Owned(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn all(bytes: &[u8]) -> Vec<(u64, Line, String)> {
        // A small buffer, so that lines cross its ends.
        let mut lines = Lines::new(BufReader::with_capacity(7, bytes));
        let mut found = Vec::new();
        while let Some(line) = lines.advance().unwrap() {
            found.push((lines.number(), line, lines.text().to_owned()));
        }
        found
    }

    #[test]
    fn lines_end_in_lf_or_crlf() {
        let text = |number, text: &str| (number, Line::Text, text.to_owned());
        assert_eq!(
            all(b"HEAD\tone\r\n\nFOOT\t3"),
            [text(1, "HEAD\tone"), text(2, ""), text(3, "FOOT\t3")]
        );
        assert_eq!(all(b""), []);
        assert_eq!(all(b"\xff\n")[0].1, Line::NotUtf8);
    }

    #[test]
    fn a_line_without_end_does_not_fill_the_memory() {
        let mut bytes = vec![b'a'; 5 * MAX_LINE];
        bytes.extend(b"\nFOOT\t2\n");
        let found = all(&bytes);
        assert_eq!((found[0].0, found[0].1), (1, Line::TooLong));
        assert_eq!(found[1], (2, Line::Text, "FOOT\t2".to_owned()));
    }

    #[test]
    fn escapes() {
        let parts = |cell| values(cell).map(unescape).collect::<Vec<_>>();
        assert_eq!(parts(r"Get \| This|B\\|"), ["Get | This", r"B\", ""]);
        assert_eq!(parts(""), [""]);
        assert_eq!(parts("|ISNI::1"), ["", "ISNI::1"]);
        for text in ["", r"\", "a|b", r"\|", "plain"] {
            let written = escape(text);
            assert_eq!(values(&written).count(), 1);
            assert_eq!(unescape(&written), text);
        }
    }
}
