//! What speaks against a log, kept for whoever has to be convinced.
//!
//! ```text
//! evidence/<hash of the origin>/<size>-<root>/known             signed by the log, and cosigned here
//! evidence/<hash of the origin>/<size>-<root>/shown             signed by the log, of the same size
//! evidence/<hash of the origin>/unproven-<size>-<root>/proof    what did not lead from one to the other
//! ```
//! `<root>` is the first 16 hex digits of the shown root. A fork convicts the log by itself. What is
//! unproven need not be the log's doing: anybody can send a checkpoint with a wrong proof.

use std::fs;
use std::path::PathBuf;

use ledgerline::log::{Hash, Note, TreeHead};
use ledgerline::wire::hex;

use super::dir::WitnessDir;
use crate::ledger::durable::{Access, FileError, parent_of};

/// Most forks that are kept of one log.
pub const MAX_FORKS: usize = 256;

/// Most unproven checkpoints that are kept of one log.
pub const MAX_UNPROVEN: usize = 16;

/// Two checkpoints that do not go together.
#[derive(Debug)]
pub(super) struct Evidence<'a> {
    pub(super) origin: &'a str,
    /// Cosigned.
    pub(super) known: &'a Note,
    /// Not cosigned.
    pub(super) shown: &'a Note,
    pub(super) head: TreeHead,
    /// The proof that fails; none is needed for a fork.
    pub(super) proof: Option<&'a [Hash]>,
}

/// What became of it.
#[derive(Debug)]
pub(super) enum Kept {
    /// It lies there since now.
    New(PathBuf),
    /// It lay there already.
    Known(PathBuf),
    /// There is enough of this kind.
    Enough,
}

impl WitnessDir {
    /// Keeps evidence, durably, each piece once.
    pub(super) fn keep(&self, evidence: &Evidence<'_>) -> Result<Kept, FileError> {
        let TreeHead { size, root } = evidence.head;
        let digits = hex(root.as_bytes());
        let digits = digits.get(..16).unwrap_or_default();
        let (prefix, most) = match evidence.proof {
            None => ("", MAX_FORKS),
            Some(_) => (UNPROVEN, MAX_UNPROVEN),
        };
        let all = self.evidence(evidence.origin);
        let place = all.join(format!("{prefix}{size}-{digits}"));
        // Written last, so that a piece which a crash left half-written is written again.
        let shown = place.join("shown");
        if shown.is_file() {
            return Ok(Kept::Known(place));
        }
        if self.count(evidence.origin, evidence.proof.is_some()) >= most {
            return Ok(Kept::Enough);
        }
        let disk = self.disk();
        disk.create_dirs(parent_of(&shown), Access::Public)?;
        let write = |name: &str, text: String| {
            disk.write_atomic(&place.join(name), text.as_bytes(), Access::Public)
        };
        write("known", evidence.known.to_string())?;
        if let Some(proof) = evidence.proof {
            write(
                "proof",
                proof.iter().map(|hash| format!("{hash}\n")).collect(),
            )?;
        }
        write("shown", evidence.shown.to_string())?;
        Ok(Kept::New(place))
    }

    fn count(&self, origin: &str, unproven: bool) -> usize {
        let Ok(entries) = fs::read_dir(self.evidence(origin)) else {
            return 0;
        };
        let names = entries.flatten().map(|entry| entry.file_name());
        names
            .filter(|name| name.to_string_lossy().starts_with(UNPROVEN) == unproven)
            .count()
    }
}

const UNPROVEN: &str = "unproven-";
