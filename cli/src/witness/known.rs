//! Which logs were ever cosigned, written apart from what was cosigned of them: a log that is known
//! here and has no state is not new, it was forgotten.
//!
//! ```text
//! ledgerline/witness-known/v1
//! <number of the lines below>
//! <SHA-256 of the origin, hex>      one a line, sorted
//! ```
//! `init` writes it, so that its absence is a loss like any other. Evidence that holds a cosignature of
//! this witness tells of a log, too.
//!
//! A log's state is durable before the log is known, and the log is known before its first
//! cosignature leaves. So what a crash leaves between the two is a state of which nobody was told.

use std::collections::BTreeSet;
use std::fs;
use std::path::PathBuf;

use ledgerline::log::{MAX_NOTE_BYTES, Note, VerifierKey};
use ledgerline::wire::decimal;

use super::dir::WitnessDir;
use super::error::WitnessError;
use super::evidence::names;
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
        let mut text = format!("{HEADER}\n{}\n", known.len());
        for hash in known {
            text.push_str(hash);
            text.push('\n');
        }
        let disk = self.disk();
        disk.write_atomic(&self.known(), text.as_bytes(), Access::Public)
    }

    /// Makes sure that the names which reading will find are on the disk, and that every log with a
    /// state, or with evidence that one of `ours` cosigned, is known; gives the known ones.
    pub(super) fn settle(&self, ours: &[VerifierKey]) -> Result<Known, WitnessError> {
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
        let mut known = self.read_known()?;
        let mut is_new = false;
        for hash in self.accused(ours)? {
            is_new |= known.insert(hash);
        }
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

    fn read_known(&self) -> Result<Known, WitnessError> {
        let path = self.known();
        let bytes = match read_bounded(&path, MAX_LIST_BYTES) {
            Err(error) if error.is_not_found() => {
                let problem = format!(
                    "expected the list of logs that were ever cosigned, but found no file; {RESTORE}"
                );
                return Err(WitnessError::damaged(path, None, problem));
            }
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
        let Some(count) = lines.next().and_then(|(_, count)| decimal(count)) else {
            return wrong(2, "the number of logs");
        };
        let mut known = Known::new();
        for (line, hash) in lines {
            if !is_hash(hash) || !known.insert(hash.to_owned()) {
                return wrong(line, "the SHA-256 of another origin in lower-case hex");
            }
        }
        if known.len() as u64 != count {
            return wrong(
                2,
                &format!("as many logs as there are lines below, {}", known.len()),
            );
        }
        Ok(known)
    }

    /// Hashes of the origins of logs against which there is evidence that one of these keys cosigned.
    fn accused(&self, ours: &[VerifierKey]) -> Result<Known, FileError> {
        let mut accused = Known::new();
        let all = self.root().join("evidence");
        for hash in names(&all).map_err(FileError::at("read", &all))? {
            let dir = all.join(&hash);
            if !is_hash(&hash) || !dir.is_dir() {
                continue;
            }
            let files = names(&dir).map_err(FileError::at("read", &dir))?;
            let is_ours = |file: &String| {
                // What cannot be read there proves nothing.
                let bytes = read_bounded(&dir.join(file), MAX_NOTE_BYTES as u64);
                let note = bytes.ok().and_then(|bytes| Note::parse(&bytes).ok());
                note.is_some_and(|note| note.verify(ours).is_ok())
            };
            let mut known = files.iter().filter(|file| file.ends_with(".known"));
            if known.any(is_ours) {
                accused.insert(hash);
            }
        }
        Ok(accused)
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
pub(super) const RESTORE: &str = "a witness that forgets can be made to cosign a fork: make a new \
     key with `ledgerline witness init`, never use this one again, and tell those who list it. Only a \
     copy that is as new as the last cosignature may be put back, and never just a part of one";

fn is_hash(text: &str) -> bool {
    let is_digit = |byte: u8| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte);
    text.len() == 64 && text.bytes().all(is_digit)
}
