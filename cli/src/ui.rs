//! The terminal: data on standard output, words and progress on standard error.

use std::io::{self, IsTerminal, Write};

use indicatif::{ProgressBar, ProgressStyle};

use crate::error::Error;

/// How a command is to talk.
#[derive(Clone, Copy, Debug)]
pub struct Ui {
    /// Whether results are written as JSON.
    pub json: bool,
}

impl Ui {
    /// Writes a line of data to standard output.
    ///
    /// # Errors
    ///
    /// [`Error::Output`].
    pub fn data(&self, line: &str) -> Result<(), Error> {
        let mut out = io::stdout().lock();
        writeln!(out, "{line}").and_then(|()| out.flush())?;
        Ok(())
    }

    /// Writes a result as a line of JSON, piece by piece.
    ///
    /// # Errors
    ///
    /// [`Error::Output`].
    pub fn json(&self, result: &impl serde::Serialize) -> Result<(), Error> {
        let mut out = io::BufWriter::new(io::stdout().lock());
        serde_json::to_writer(&mut out, result).map_err(io::Error::from)?;
        out.write_all(b"\n").and_then(|()| out.flush())?;
        Ok(())
    }

    /// Writes a result: as JSON, or in words.
    ///
    /// # Errors
    ///
    /// [`Error::Output`].
    pub fn result(
        &self,
        json: impl FnOnce() -> serde_json::Value,
        words: impl FnOnce() -> String,
    ) -> Result<(), Error> {
        if self.json {
            self.data(&plain_json(&json().to_string()))
        } else {
            self.data(&plain(words().trim_end_matches('\n')))
        }
    }

    /// Says something on standard error.
    pub fn say(&self, words: &str) {
        // Nobody is there to be told that telling failed.
        let _ = writeln!(io::stderr(), "{}", plain(words));
    }

    /// A progress bar on standard error; hidden unless that is a terminal. `length` in the unit
    /// of what is being done, if known.
    #[must_use]
    pub fn progress(&self, length: Option<u64>, what: &str, unit: Unit) -> ProgressBar {
        if !io::stderr().is_terminal() {
            return ProgressBar::hidden();
        }
        let bar = length.map_or_else(ProgressBar::no_length, ProgressBar::new);
        let counts = match (unit, length) {
            (Unit::Bytes, Some(_)) => "{bytes}/{total_bytes} {wide_bar} {eta}",
            (Unit::Bytes, None) => "{bytes} {spinner}",
            (Unit::Items, Some(_)) => "{human_pos}/{human_len} {wide_bar} {eta}",
            (Unit::Items, None) => "{human_pos} {spinner}",
        };
        if let Ok(style) = ProgressStyle::with_template(&format!("{{prefix}} {counts} {{msg}}")) {
            bar.set_style(style);
        }
        bar.with_prefix(what.to_owned())
    }
}

/// `1 segment`, `2 segments`: a number with the word for what is counted.
#[must_use]
pub fn counted(number: u64, one: &str) -> String {
    let end = if number == 1 { "" } else { "s" };
    format!("{number} {one}{end}")
}

/// Words in which strangers may have a say, such as names, for a terminal: characters that control it
/// or turn the direction of what follows are written as `\u{202e}`. Newlines and tabs stay.
#[must_use]
pub fn plain(words: &str) -> String {
    escape(words, |c| format!("\\u{{{:04x}}}", u32::from(c)))
}

/// The same for JSON, where such characters stand in strings only: its own escapes keep the value.
#[must_use]
pub fn plain_json(json: &str) -> String {
    escape(json, |c| format!("\\u{:04x}", u32::from(c)))
}

fn escape(text: &str, escaped: impl Fn(char) -> String) -> String {
    let mut plain = String::with_capacity(text.len());
    for c in text.chars() {
        if is_active(c) {
            plain.push_str(&escaped(c));
        } else {
            plain.push(c);
        }
    }
    plain
}

/// Controls (Cc), line and paragraph separators, and what Unicode calls `Bidi_Control`; each below
/// U+10000.
fn is_active(c: char) -> bool {
    let turns = matches!(c, '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
    turns || (c.is_control() && c != '\n' && c != '\t')
}

/// What a progress bar counts.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Unit {
    /// Bytes of a file.
    Bytes,
    /// Events, rows, segments.
    Items,
}

/// No text of a stranger drives the terminal, and none is lost.
#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "tests")]
mod tests {
    use super::*;

    #[test]
    fn what_drives_a_terminal_is_written_out() {
        let text = "a\u{1b}[2J\r\u{7f}\u{9b}1m\u{202e}live\u{2069}\u{200f}\u{61c}\u{2028} \u{e9}\u{5d0}\n\tb";
        assert_eq!(
            plain(text),
            "a\\u{001b}[2J\\u{000d}\\u{007f}\\u{009b}1m\\u{202e}live\\u{2069}\\u{200f}\\u{061c}\\u{2028} \u{e9}\u{5d0}\n\tb"
        );
        let json = serde_json::to_string(text).unwrap();
        let shown = plain_json(&json);
        assert!(!shown.contains(is_active), "{shown}");
        assert_eq!(serde_json::from_str::<String>(&shown).unwrap(), text);
    }
}
