//! Which logs were ever cosigned, written apart from what was cosigned of them: a log that is known
//! here and has no state is not new, it was forgotten.
//!
//! ```text
//! ledgerline/witness-known/v1
//! <SHA-256 of the origin, hex>      one a line, sorted
//! ```
//! A log's state is durable before the log is known, and the log is known before its first
//! cosignature leaves. So what a crash leaves between the two is a state of which nobody was told.

use std::collections::BTreeSet;
use std::fs;
use std::path::PathBuf;

use ledgerline::log::MAX_NOTE_BYTES;

use super::dir::WitnessDir;
use super::error::WitnessError;
use super::logs::MAX_LIST_BYTES;
use crate::ledger::durable::{Access, FileError, read_bounded};

const HEADER: &str = "ledgerline/witness-known/v1";

/// Hashes of the origins of all logs that were ever cosigned.
pub(super) type Known = BTreeSet<String>;

impl WitnessDir {
    /// `known`: the logs that were ever cosigned.
    #[must_use]
    pub fn known(&self) -> PathBuf {
        self.root().join("known")
    }

    /// Replaces the set of known logs, durably.
    pub(super) fn write_known(&self, known: &Known) -> Result<(), FileError> {
        let mut text = format!("{HEADER}\n");
        for hash in known {
            text.push_str(hash);
            text.push('\n');
        }
        let disk = self.disk();
        disk.write_atomic(&self.known(), text.as_bytes(), Access::Public)
    }

    /// Makes sure that the names which reading will find are on the disk, and that every log with a
    /// state is known; gives the known ones.
    pub(super) fn settle(&self) -> Result<Known, WitnessError> {
        let states = self.states();
        if !states.is_dir() {
            let problem =
                format!("expected the directory of what was cosigned, but found none; {RESTORE}");
            return Err(WitnessError::damaged(states, None, problem));
        }
        for dir in [self.root(), &states] {
            let synced = self.disk().sync_dir(dir);
            synced.map_err(FileError::at("fsync", dir))?;
        }
        // Earlier versions of this program wrote none.
        let stored = self.read_known()?;
        let is_new = stored.is_none();
        let mut known = stored.unwrap_or_default();
        let unknown: Vec<String> = self.stored()?.difference(&known).cloned().collect();
        for hash in &unknown {
            // Perhaps only read, and not on the disk.
            let path = states.join(hash).join("checkpoint");
            let bytes = read_bounded(&path, MAX_NOTE_BYTES as u64)?;
            self.disk().write_atomic(&path, &bytes, Access::Public)?;
        }
        known.extend(unknown.iter().cloned());
        if is_new || !unknown.is_empty() {
            self.write_known(&known)?;
        }
        Ok(known)
    }

    fn read_known(&self) -> Result<Option<Known>, WitnessError> {
        let path = self.known();
        let bytes = match read_bounded(&path, MAX_LIST_BYTES) {
            Err(error) if error.is_not_found() => return Ok(None),
            other => other?,
        };
        let text = str::from_utf8(&bytes).unwrap_or_default();
        let lines = text.strip_suffix('\n').unwrap_or_default();
        let mut lines = (1..).zip(lines.split('\n'));
        let wrong = |line: usize, expected: &str| {
            let problem = format!("expected {expected}, but found something else; {RESTORE}");
            Err(WitnessError::damaged(&path, line, problem))
        };
        if lines.next() != Some((1, HEADER)) {
            return wrong(1, &format!("{HEADER:?}"));
        }
        let mut known = Known::new();
        for (line, hash) in lines {
            if !is_hash(hash) || !known.insert(hash.to_owned()) {
                return wrong(line, "the SHA-256 of another origin in lower-case hex");
            }
        }
        Ok(Some(known))
    }

    /// Hashes of the origins that have a state.
    fn stored(&self) -> Result<Known, FileError> {
        let states = self.states();
        let read = || FileError::at("read", &states);
        let mut stored = Known::new();
        for entry in fs::read_dir(&states).map_err(read())? {
            let entry = entry.map_err(read())?;
            let name = entry.file_name().to_string_lossy().into_owned();
            if is_hash(&name) && entry.path().join("checkpoint").is_file() {
                stored.insert(name);
            }
        }
        Ok(stored)
    }
}

/// What to do about lost memory; ends a sentence.
pub(super) const RESTORE: &str = "a witness that forgets can be made to cosign a fork. If nothing \
     was cosigned since, put back a copy that is as new; otherwise make a new key with \
     `ledgerline witness init`, never use this one again, and tell those who list it";

fn is_hash(text: &str) -> bool {
    let is_digit = |byte: u8| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte);
    text.len() == 64 && text.bytes().all(is_digit)
}
