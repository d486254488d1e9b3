//! Proof files: that some data is in a log, in one text that needs nothing else but keys.
//!
//! Source: C2SP tlog-proof (2025-12).

use core::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::hash::{Hash, HashError};
use super::note::{MAX_NOTE_BYTES, Note, NoteError};
use super::proof::{LeafIndex, ProofError, verify_inclusion};
use super::tree::TreeHead;
use crate::wire::decimal;

/// The most bytes of extra data: as base64 the line stays below the 64 KiB that Go's reader of such
/// files takes.
pub const MAX_EXTRA_BYTES: usize = 48_000;

/// The first line.
const FIRST_LINE: &str = "c2sp.org/tlog-proof@v1";

/// The longest path of any tree.
const MAX_PATH: usize = 64;

/// A leaf's index and inclusion proof with the checkpoint that it leads to (`*.tlog-proof`).
///
/// What size the tree has and what its root is says only the checkpoint.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct TlogProof {
    extra: Option<Vec<u8>>,
    index: LeafIndex,
    path: Vec<Hash>,
    checkpoint: Note,
}

impl TlogProof {
    /// A proof of these parts.
    ///
    /// # Errors
    ///
    /// [`TlogProofError::Extra`] for extra data that is empty or of more than
    /// [`MAX_EXTRA_BYTES`]; [`TlogProofError::Path`] for more than 64 hashes.
    pub fn new(
        index: LeafIndex,
        path: Vec<Hash>,
        checkpoint: Note,
        extra: Option<Vec<u8>>,
    ) -> Result<TlogProof, TlogProofError> {
        let is_size = |bytes: &Vec<u8>| (1..=MAX_EXTRA_BYTES).contains(&bytes.len());
        if !extra.as_ref().is_none_or(is_size) {
            return Err(TlogProofError::Extra);
        }
        if path.len() > MAX_PATH {
            let found = path.len();
            return Err(TlogProofError::Path { found });
        }
        Ok(TlogProof {
            extra,
            index,
            path,
            checkpoint,
        })
    }

    /// Whether bytes begin as a proof file does, so that a reader can say what is wrong with it.
    #[must_use]
    pub fn looks_like_one(bytes: &[u8]) -> bool {
        bytes.starts_with(FIRST_LINE.as_bytes())
    }

    /// Reads the one text that [`Display`](fmt::Display) writes.
    ///
    /// # Errors
    ///
    /// [`TlogProofError`]; nothing is verified here.
    pub fn parse(bytes: &[u8]) -> Result<TlogProof, TlogProofError> {
        if bytes.len() > MAX_NOTE_BYTES {
            let found = bytes.len();
            return Err(TlogProofError::TooLong { found });
        }
        let text = str::from_utf8(bytes).map_err(|error| TlogProofError::NotUtf8 {
            at: error.valid_up_to(),
        })?;
        // Lines of the proof hold no blank line; the first one ends it.
        let (head, note) = text
            .split_once("\n\n")
            .ok_or(TlogProofError::NoCheckpoint)?;
        let mut lines = (1..).zip(head.split('\n')).peekable();
        let wrong = |line, expected, found: &str| TlogProofError::Line {
            line,
            expected,
            found: found.chars().take(80).collect(),
        };
        match lines.next() {
            Some((_, FIRST_LINE)) => {}
            other => return Err(wrong(1, FIRST_LINE, other.map_or("", |(_, text)| text))),
        }
        let mut extra = None;
        if let Some(&(line, text)) = lines.peek()
            && let Some(base64) = text.strip_prefix("extra ")
        {
            let bytes = STANDARD
                .decode(base64)
                .map_err(|_| wrong(line, "extra data in canonical base64", text))?;
            extra = Some(bytes);
            lines.next();
        }
        let (line, text) = lines.next().unwrap_or((2, ""));
        let index = text
            .strip_prefix("index ")
            .and_then(decimal)
            .ok_or_else(|| wrong(line, "index <number without leading zeros>", text))?;
        let mut path = Vec::new();
        for (line, text) in lines {
            if path.len() >= MAX_PATH {
                let found = path.len().saturating_add(1);
                return Err(TlogProofError::Path { found });
            }
            let hash =
                Hash::parse_base64(text).map_err(|error| TlogProofError::Hash { line, error })?;
            path.push(hash);
        }
        let note = Note::parse(note.as_bytes()).map_err(TlogProofError::Checkpoint)?;
        TlogProof::new(LeafIndex(index), path, note, extra)
    }

    /// Extra data. Nobody vouches for it: whoever passes the file on can change it.
    #[must_use]
    pub fn extra(&self) -> Option<&[u8]> {
        self.extra.as_deref()
    }

    /// Number of the leaf.
    #[must_use]
    pub fn index(&self) -> LeafIndex {
        self.index
    }

    /// Sibling hashes from the leaf upwards.
    #[must_use]
    pub fn path(&self) -> &[Hash] {
        &self.path
    }

    /// The checkpoint, not verified.
    #[must_use]
    pub fn checkpoint(&self) -> &Note {
        &self.checkpoint
    }

    /// Checks that `leaf` is the hash of the leaf with this proof's index in the tree of `head`,
    /// which the caller took from the [`checkpoint`](TlogProof::checkpoint) after verifying it.
    ///
    /// # Errors
    ///
    /// As [`verify_inclusion`].
    ///
    /// # Does not prove
    ///
    /// That anyone signed `head`: see [`Policy::examine`](super::Policy::examine) and
    /// [`Checkpoint::open`](super::Checkpoint::open).
    ///
    /// Source: C2SP tlog-proof, "Verifying a tlog proof", step 4.
    pub fn verify(&self, leaf: Hash, head: TreeHead) -> Result<(), ProofError> {
        verify_inclusion(leaf, self.index, &self.path, head)
    }
}

impl fmt::Display for TlogProof {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{FIRST_LINE}")?;
        if let Some(extra) = &self.extra {
            writeln!(f, "extra {}", STANDARD.encode(extra))?;
        }
        let LeafIndex(index) = self.index;
        writeln!(f, "index {index}")?;
        for hash in &self.path {
            writeln!(f, "{hash}")?;
        }
        write!(f, "\n{}", self.checkpoint)
    }
}

/// Why bytes are no proof file.
#[derive(Clone, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub enum TlogProofError {
    /// More bytes than [`MAX_NOTE_BYTES`].
    TooLong {
        /// Bytes of the file.
        found: usize,
    },
    /// The bytes are not UTF-8.
    NotUtf8 {
        /// Offset of the first wrong byte.
        at: usize,
    },
    /// No blank line with a checkpoint behind it.
    NoCheckpoint,
    /// Another line than belongs there.
    Line {
        /// Its number, from 1.
        line: usize,
        /// What belongs there.
        expected: &'static str,
        /// Its beginning.
        found: String,
    },
    /// A line of the path is no hash.
    Hash {
        /// Its number, from 1.
        line: usize,
        /// Why not.
        error: HashError,
    },
    /// A path of more than 64 hashes.
    Path {
        /// Hashes found.
        found: usize,
    },
    /// Extra data that is empty or too long.
    Extra,
    /// The checkpoint is no note.
    Checkpoint(NoteError),
}

impl fmt::Display for TlogProofError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            TlogProofError::TooLong { found } => write!(
                f,
                "expected a proof of at most {MAX_NOTE_BYTES} bytes, but found {found}"
            ),
            TlogProofError::NotUtf8 { at } => {
                write!(f, "expected UTF-8, but found other bytes at offset {at}")
            }
            TlogProofError::NoCheckpoint => {
                f.write_str("expected a blank line and a checkpoint behind it, but found none")
            }
            TlogProofError::Line {
                line,
                expected,
                found,
            } => write!(f, "line {line}: expected {expected}, but found {found:?}"),
            TlogProofError::Hash { line, error } => write!(f, "line {line}: {error}"),
            TlogProofError::Path { found } => write!(
                f,
                "expected at most {MAX_PATH} hashes in a proof, but found {found} or more"
            ),
            TlogProofError::Extra => write!(
                f,
                "expected 1 to {MAX_EXTRA_BYTES} bytes of extra data, but found none or more"
            ),
            TlogProofError::Checkpoint(error) => write!(f, "checkpoint: {error}"),
        }
    }
}

impl core::error::Error for TlogProofError {}

/// Proof files have one form.
#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "tests")]
mod tests {
    use super::super::checkpoint::Checkpoint;
    use super::super::key::{KeyName, SigningKey};
    use super::*;

    fn proof(extra: Option<&[u8]>) -> TlogProof {
        let [a, b] = [b"a", b"b"].map(|data| Hash::leaf(data));
        let root = Hash::node(a, b);
        let checkpoint = Checkpoint::new("log", TreeHead { size: 2, root }).unwrap();
        let key = SigningKey::from_seed(KeyName::parse("log").unwrap(), &[1; 32]);
        let note = Note::sign(&checkpoint.to_string(), &[&key]).unwrap();
        TlogProof::new(LeafIndex(1), vec![a], note, extra.map(<[u8]>::to_vec)).unwrap()
    }

    #[test]
    fn reads_what_it_writes_and_nothing_else() {
        for extra in [None, Some(&b"x"[..]), Some(&[0xff; MAX_EXTRA_BYTES])] {
            let proof = proof(extra);
            let text = proof.to_string();
            assert_eq!(TlogProof::parse(text.as_bytes()).as_ref(), Ok(&proof));
            let head = Checkpoint::parse(proof.checkpoint().text()).unwrap().head();
            assert_eq!(proof.verify(Hash::leaf(b"b"), head), Ok(()));
            assert!(proof.verify(Hash::leaf(b"a"), head).is_err());
        }
        let text = proof(Some(b"xy")).to_string();
        for (from, to) in [
            ("@v1", "@v2"),
            ("c2sp", "\nc2sp"),
            ("extra ", "extra  "),
            ("extra eHk=", "extra eHk"),
            ("extra eHk=", "extra "),
            ("extra eHk=", "extra eHl="),
            ("extra eHk=\n", "extra eHk=\nextra eHk=\n"),
            ("index 1", "index 01"),
            ("index 1", "index"),
            ("index 1", "index +1"),
            ("index 1", "index 18446744073709551616"),
            ("index 1\n", "index 1\n\n"),
            ("index 1\n", "index 1\nAAAA\n"),
            ("index 1\n", ""),
            ("\n\nlog", "\nlog"),
            ("\n", "\r\n"),
            ("log\n2", "log\n\n2"),
        ] {
            let changed = text.replacen(from, to, 1);
            assert_ne!(changed, text);
            let read = TlogProof::parse(changed.as_bytes());
            // A blank line inside a note's text is the note's own affair: it is no checkpoint then.
            let is_refused = read.is_err()
                || read.is_ok_and(|read| {
                    read.to_string() == changed
                        && Checkpoint::parse(read.checkpoint().text()).is_err()
                });
            assert!(is_refused, "{changed:?}");
        }
        let hash = format!("{}\n", Hash::of(b""));
        let long = text.replacen("index 1\n", &format!("index 1\n{}", hash.repeat(64)), 1);
        assert!(matches!(
            TlogProof::parse(long.as_bytes()),
            Err(TlogProofError::Path { .. })
        ));
    }

    #[test]
    fn extra_data_is_bounded() {
        let small = proof(None);
        for extra in [vec![], vec![0; MAX_EXTRA_BYTES + 1]] {
            let made = TlogProof::new(
                small.index(),
                small.path().to_vec(),
                small.checkpoint().clone(),
                Some(extra),
            );
            assert_eq!(made, Err(TlogProofError::Extra));
        }
    }
}
