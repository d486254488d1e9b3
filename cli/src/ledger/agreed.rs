//! What publishing must not forget between two commands: by which policy the log is cosigned, and that
//! a witness proved another history.
//!
//! *In:* a policy's text; a witness's proof. *Out:* `policy` and `contradiction`, durable before they
//! are acted upon. *Does not know:* how witnesses are asked.

use std::path::PathBuf;

use ledgerline::log::{Checkpoint, MAX_POLICY_BYTES, Note, Policy};

use super::durable::{Access, read_bounded};
use super::error::LedgerError;
use super::layout::Layout;
use super::writer::LedgerWriter;

/// The policy that `policy` holds; `None` if there is no such file.
///
/// # Errors
///
/// [`LedgerError::File`]; [`LedgerError::Damaged`] if it is no tlog-policy.
pub fn recorded_policy(layout: &Layout) -> Result<Option<Policy>, LedgerError> {
    let path = layout.policy();
    let bytes = match read_bounded(&path, MAX_POLICY_BYTES as u64) {
        Err(error) if error.is_not_found() => return Ok(None),
        other => other?,
    };
    let policy = Policy::parse(&bytes).map_err(|error| {
        let found = format!("another text: {error}");
        LedgerError::damaged(&path, None, "a tlog-policy", found)
    })?;
    Ok(Some(policy))
}

/// The file that says which witness knows another history of this log, if there is one.
#[must_use]
pub fn contradiction(layout: &Layout) -> Option<PathBuf> {
    let path = layout.contradiction();
    // Also if it cannot be read: whatever lies there is not to be overlooked.
    path.symlink_metadata().is_ok().then_some(path)
}

/// Refuses a ledger that keeps a witness's proof of another history.
///
/// # Errors
///
/// [`LedgerError::Contradicted`].
pub fn check_uncontradicted(layout: &Layout) -> Result<(), LedgerError> {
    match contradiction(layout) {
        None => Ok(()),
        Some(path) => Err(LedgerError::Contradicted { path }),
    }
}

/// The note with those signature lines of another one of the same text that are by keys of which it
/// has none. Lines that are too many for a note are left out.
#[must_use]
pub fn with_lines_of(note: &Note, other: &Note) -> Note {
    let mut merged = note.clone();
    if note.text() != other.text() {
        return merged;
    }
    for line in other.signatures() {
        let is_by = |own: &ledgerline::log::NoteSignature| {
            (own.name(), own.id()) == (line.name(), line.id())
        };
        if !merged.signatures().iter().any(is_by) {
            let _ = merged.add(line.clone());
        }
    }
    merged
}

impl LedgerWriter {
    /// Keeps the policy by which this log is published from now on; whether it is another than before.
    ///
    /// # Errors
    ///
    /// [`LedgerError::Damaged`] if it is no tlog-policy; [`LedgerError::Halted`], after which the
    /// writer is stopped.
    pub fn keep_policy(&mut self, text: &[u8]) -> Result<bool, LedgerError> {
        let path = self.layout.policy();
        Policy::parse(text).map_err(|error| {
            LedgerError::damaged(&path, None, "a tlog-policy to keep", error.to_string())
        })?;
        self.unless_stopped(|writer| {
            // What stands there unchanged is on the disk: recovery sees to that.
            if std::fs::read(&path).is_ok_and(|there| there == text) {
                return Ok(false);
            }
            let disk = writer.layout.disk();
            disk.write_atomic(&path, text, Access::Public)?;
            Ok(true)
        })
    }

    /// Keeps the proof that a witness knows another history of this log. While the file is there, no
    /// events are taken, and nothing is signed or served.
    ///
    /// # Errors
    ///
    /// [`LedgerError::Halted`], after which the writer is stopped.
    pub fn keep_contradiction(&mut self, text: &str) -> Result<PathBuf, LedgerError> {
        let path = self.layout.contradiction();
        self.unless_stopped(|writer| {
            let disk = writer.layout.disk();
            disk.write_atomic(&path, text.as_bytes(), Access::Public)?;
            Ok(path.clone())
        })
    }

    /// Refuses to take events, sign or serve while a witness is known to contradict this log.
    pub(super) fn check_uncontradicted(&self) -> Result<(), LedgerError> {
        check_uncontradicted(&self.layout)
    }

    /// Whether anybody but the log has signed a checkpoint that is stored or served.
    ///
    /// # Errors
    ///
    /// [`LedgerError::File`], [`LedgerError::Checkpoint`].
    pub fn was_cosigned(&self) -> Result<bool, LedgerError> {
        let is_other = |line: &ledgerline::log::NoteSignature| line.name() != &self.manifest.origin;
        let by_others = |note: &Note| note.signatures().iter().any(is_other);
        let served = self.served.as_ref();
        if served.is_some_and(|(note, _): &(Note, Checkpoint)| by_others(note)) {
            return Ok(true);
        }
        let stored = self.stored(usize::MAX)?;
        Ok(stored.iter().any(|(note, _)| by_others(note)))
    }
}
