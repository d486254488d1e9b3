//! `ledger.toml`: what a ledger is for, and whether it is still open.

use std::fmt::Write as _;

use ledgerline::log::KeyName;
use ledgerline::time::{Period, TimeMs};
use serde::Deserialize;

use super::durable::{Access, read_bounded};
use super::error::LedgerError;
use super::layout::Layout;

/// What a ledger is for.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Manifest {
    /// The log's origin, which is also its key's name.
    pub origin: KeyName,
    /// The accounting period.
    pub period: Period,
    /// Whether events are still taken.
    pub state: State,
}

/// Whether events are still taken.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum State {
    /// Yes.
    Open,
    /// No, never again.
    Closed,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Text {
    format: u32,
    origin: String,
    from: String,
    to: String,
    state: String,
}

impl Manifest {
    /// Reads `ledger.toml`.
    ///
    /// # Errors
    ///
    /// [`LedgerError::NotALedger`] if there is none, [`LedgerError::Damaged`] for another content.
    pub fn read(layout: &Layout) -> Result<Self, LedgerError> {
        let path = layout.manifest();
        let bytes = match read_bounded(&path, 64 * 1024) {
            Err(error) if error.is_not_found() => {
                return Err(LedgerError::NotALedger {
                    path: layout.root().to_owned(),
                });
            }
            other => other?,
        };
        let refuse = |expected: &str, found: String| {
            LedgerError::damaged(&path, None, expected.to_owned(), found)
        };
        let text = String::from_utf8(bytes)
            .map_err(|_| refuse("TOML in UTF-8", "other bytes".to_owned()))?;
        let text: Text = toml::from_str(&text).map_err(|error| {
            let message = error.message().trim().replace('\n', " ");
            let line = error.span().and_then(|span| {
                let before = text.get(..span.start)?;
                Some(before.matches('\n').count().saturating_add(1))
            });
            LedgerError::damaged(
                &path,
                line.map(|line| format!("line {line}")),
                "format, origin, from, to and state",
                message,
            )
        })?;
        if text.format != 1 {
            return Err(refuse("format = 1", format!("format = {}", text.format)));
        }
        let time = |text: &str| {
            TimeMs::parse(text)
                .map_err(|error| refuse("times in from and to", error.found.to_string()))
        };
        let period = Period::new(time(&text.from)?, time(&text.to)?).ok_or_else(|| {
            refuse(
                "from before to, in whole seconds",
                format!("{} and {}", text.from, text.to),
            )
        })?;
        Ok(Self {
            origin: KeyName::parse(&text.origin)
                .map_err(|_| refuse("an origin", format!("{:?}", text.origin)))?,
            period,
            state: match text.state.as_str() {
                "open" => State::Open,
                "closed" => State::Closed,
                other => return Err(refuse("the state open or closed", format!("{other:?}"))),
            },
        })
    }

    /// Writes `ledger.toml`.
    ///
    /// # Errors
    ///
    /// [`LedgerError::File`].
    pub fn write(&self, layout: &Layout) -> Result<(), LedgerError> {
        let text = self.text();
        let disk = layout.disk();
        disk.write_atomic(&layout.manifest(), text.as_bytes(), Access::Public)?;
        Ok(())
    }

    /// The text of `ledger.toml`.
    pub(super) fn text(&self) -> String {
        let state = match self.state {
            State::Open => "open",
            State::Closed => "closed",
        };
        let mut text = String::from("format = 1\n");
        // Writing to a String does not fail; an origin has no control characters.
        let _ = writeln!(text, "origin = {}", toml_text(self.origin.as_str()));
        let _ = writeln!(text, "from = \"{}\"", self.period.from());
        let _ = writeln!(text, "to = \"{}\"", self.period.to());
        let _ = writeln!(text, "state = \"{state}\"");
        text
    }
}

/// A TOML basic string.
fn toml_text(text: &str) -> String {
    format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\""))
}
