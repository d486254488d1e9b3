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
            self.data(&json().to_string())
        } else {
            self.data(words().trim_end_matches('\n'))
        }
    }

    /// Says something on standard error.
    pub fn say(&self, words: &str) {
        // Nobody is there to be told that telling failed.
        let _ = writeln!(io::stderr(), "{words}");
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

/// What a progress bar counts.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Unit {
    /// Bytes of a file.
    Bytes,
    /// Events, rows, segments.
    Items,
}
