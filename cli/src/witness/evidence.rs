//! What speaks against a log, kept for whoever has to be convinced.
//!
//! ```text
//! evidence/<hash of the origin>/<n>-<size>-<root>.known             signed by the log, and cosigned here
//! evidence/<hash of the origin>/<n>-<size>-<root>.shown             signed by the log, of the same size
//! evidence/<hash of the origin>/unproven-<n>-<size>-<root>.known
//! evidence/<hash of the origin>/unproven-<n>-<size>-<root>.shown
//! evidence/<hash of the origin>/unproven-<n>-<size>-<root>.proof    what did not lead from one to the other
//! ```
//! `<n>` counts up; `<root>` is the shown root in hex. A fork convicts the log by
//! itself. What is unproven need not be the log's doing: anybody can send a checkpoint with a wrong
//! proof. It is dropped once the checkpoint is cosigned after all, and for nothing else: the log itself
//! may be who wants it gone. Each piece shows another head that the log signed. When there are so many
//! that the place is full, the operator is told loudly, with the notes that are not kept.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use ledgerline::log::{Hash, Note, TreeHead};
use ledgerline::wire::{decimal, hex};

use super::dir::WitnessDir;
use crate::ledger::durable::{Access, FileError};

/// Most forks, and most unproven checkpoints, that are kept of one log. A piece is some hundred bytes
/// in three files.
pub const MAX_PIECES: usize = 4096;

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

impl WitnessDir {
    /// Keeps evidence, durably, each piece once. Gives the path of its files without their ending;
    /// `None` if the place is full.
    pub(super) fn keep(&self, evidence: &Evidence<'_>) -> Result<Option<PathBuf>, FileError> {
        let dir = self.evidence(evidence.origin);
        let mut pieces = self.pieces(&dir)?;
        let is_unproven = evidence.proof.is_some();
        pieces.retain(|piece| piece.is_unproven == is_unproven);
        if let Some(same) = pieces.iter().find(|piece| piece.shows(evidence.head)) {
            return Ok(Some(dir.join(same.to_string())));
        }
        if pieces.len() >= MAX_PIECES {
            return Ok(None);
        }
        let last = pieces.last().map_or(0, |piece| piece.number);
        let TreeHead { size, root } = evidence.head;
        let piece = Piece {
            is_unproven,
            number: last.saturating_add(1),
            size,
            root: digits(root),
        };
        let disk = self.disk();
        disk.create_dirs(&dir, Access::Public)?;
        let write = |ending: &str, text: String| {
            let path = dir.join(format!("{piece}.{ending}"));
            disk.write_atomic(&path, text.as_bytes(), Access::Public)
        };
        write("known", evidence.known.to_string())?;
        if let Some(proof) = evidence.proof {
            write(
                "proof",
                proof.iter().map(|hash| format!("{hash}\n")).collect(),
            )?;
        }
        // Last: with it the piece is whole.
        write(SHOWN, evidence.shown.to_string())?;
        Ok(Some(dir.join(piece.to_string())))
    }

    /// Drops what turned out to be no evidence: this head was cosigned.
    pub(super) fn drop_unproven(&self, origin: &str, head: TreeHead) -> Result<(), FileError> {
        let dir = self.evidence(origin);
        let mut pieces = self.pieces(&dir)?;
        pieces.retain(|piece| piece.is_unproven && piece.shows(head));
        let mut pieces = pieces.iter();
        pieces.try_for_each(|piece| self.drop_piece(&dir, &piece.to_string()))
    }

    /// The whole pieces, the oldest first. What a crash left of others is removed.
    fn pieces(&self, dir: &Path) -> Result<Vec<Piece>, FileError> {
        let mut files: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
        for name in names(dir).map_err(FileError::at("read", dir))? {
            if let Some((stem, ending)) = name.split_once('.') {
                let endings = files.entry(stem.to_owned()).or_default();
                endings.insert(ending.to_owned());
            }
        }
        let mut pieces = Vec::new();
        for (stem, endings) in files {
            // Else somebody else's.
            let Some(piece) = Piece::parse(&stem) else {
                continue;
            };
            if endings.contains(SHOWN) {
                pieces.push(piece);
            } else {
                self.drop_piece(dir, &stem)?;
            }
        }
        pieces.sort_by_key(|piece| piece.number);
        Ok(pieces)
    }

    fn drop_piece(&self, dir: &Path, stem: &str) -> Result<(), FileError> {
        // What is left without the first of them is no piece.
        for ending in [
            SHOWN,
            "known",
            "proof",
            "shown.tmp",
            "known.tmp",
            "proof.tmp",
        ] {
            let path = dir.join(format!("{stem}.{ending}"));
            self.disk().remove_durably(&path)?;
        }
        Ok(())
    }
}

const UNPROVEN: &str = "unproven-";

const SHOWN: &str = "shown";

/// A piece of evidence, as its files are named.
#[derive(Clone, Debug, Eq, PartialEq)]
struct Piece {
    is_unproven: bool,
    number: u64,
    size: u64,
    root: String,
}

impl Piece {
    fn parse(stem: &str) -> Option<Self> {
        let rest = stem.strip_prefix(UNPROVEN);
        let mut parts = rest.unwrap_or(stem).split('-');
        let piece = Self {
            is_unproven: rest.is_some(),
            number: decimal(parts.next()?)?,
            size: decimal(parts.next()?)?,
            root: parts.next()?.to_owned(),
        };
        parts.next().is_none().then_some(piece)
    }

    fn shows(&self, head: TreeHead) -> bool {
        self.size == head.size && self.root == digits(head.root)
    }
}

impl fmt::Display for Piece {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let prefix = if self.is_unproven { UNPROVEN } else { "" };
        let Self {
            number, size, root, ..
        } = self;
        write!(f, "{prefix}{number}-{size}-{root}")
    }
}

fn digits(root: Hash) -> String {
    hex(root.as_bytes())
}

/// Names in a directory; none if it is not there.
pub(super) fn names(dir: &Path) -> io::Result<Vec<String>> {
    let entries = match fs::read_dir(dir) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        other => other?,
    };
    entries
        .map(|entry| Ok(entry?.file_name().to_string_lossy().into_owned()))
        .collect()
}
