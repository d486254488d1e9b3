//! What a witness is asked, and how it decides: the part of the witness protocol without network,
//! clock and disk.
//!
//! Source: C2SP tlog-witness v1.0.0, "add-checkpoint".

use core::fmt;

use super::checkpoint::{Checkpoint, CheckpointError};
use super::hash::{Hash, HashError};
use super::key::VerifierKey;
use super::note::{MAX_NOTE_BYTES, Note, NoteError};
use super::proof::{ProofError, verify_consistency};
use super::tree::TreeHead;

/// The most hashes of a consistency proof in a request.
pub const MAX_PROOF_LINES: usize = 63;

/// The most bytes of a request.
pub const MAX_REQUEST_BYTES: usize = MAX_NOTE_BYTES + 4096;

/// A request to cosign a checkpoint: the size the witness is thought to know, the proof that the
/// checkpoint extends it, and the checkpoint.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct AddCheckpoint {
    /// Size of the newest checkpoint that the witness has cosigned; 0 for none.
    pub old_size: u64,
    /// Consistency proof from there, RFC 6962 §2.1.2; at most [`MAX_PROOF_LINES`] hashes.
    pub proof: Vec<Hash>,
    /// The checkpoint, signed by its log.
    pub note: Note,
}

impl AddCheckpoint {
    /// Reads a request's body.
    ///
    /// # Errors
    ///
    /// [`RequestError`]; its [`status`](RequestError::status) is the answer's. Nothing is verified
    /// here.
    pub fn parse(bytes: &[u8]) -> Result<AddCheckpoint, RequestError> {
        if bytes.len() > MAX_REQUEST_BYTES {
            let found = bytes.len();
            return Err(RequestError::TooLong { found });
        }
        let text = str::from_utf8(bytes).map_err(|_| RequestError::NotUtf8)?;
        let (head, note) = text.split_once("\n\n").ok_or(RequestError::NoCheckpoint)?;
        let mut lines = (1..).zip(head.split('\n'));
        let (_, first) = lines.next().unwrap_or((1, ""));
        let old_size = first
            .strip_prefix("old ")
            .and_then(|size| size.parse().ok().filter(|n: &u64| n.to_string() == size))
            .ok_or_else(|| RequestError::OldSize {
                found: first.chars().take(80).collect(),
            })?;
        let mut proof = Vec::new();
        for (line, text) in lines {
            if proof.len() >= MAX_PROOF_LINES {
                return Err(RequestError::ProofLines);
            }
            let hash =
                Hash::parse_base64(text).map_err(|error| RequestError::Hash { line, error })?;
            proof.push(hash);
        }
        let note = Note::parse(note.as_bytes()).map_err(RequestError::Note)?;
        Ok(AddCheckpoint {
            old_size,
            proof,
            note,
        })
    }
}

/// The request's body.
impl fmt::Display for AddCheckpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "old {}", self.old_size)?;
        for hash in &self.proof {
            writeln!(f, "{hash}")?;
        }
        write!(f, "\n{}", self.note)
    }
}

/// What a witness knows of a log.
#[derive(Clone, Copy, Debug)]
pub struct WitnessedLog<'a> {
    /// Its origin.
    pub origin: &'a str,
    /// Its keys.
    pub keys: &'a [VerifierKey],
    /// The newest head that was cosigned; `None` if none ever was.
    pub newest: Option<TreeHead>,
}

impl WitnessedLog<'_> {
    /// Decides whether a checkpoint may be cosigned: it is signed by the log, and extends what was
    /// cosigned before. Asked again for the newest head, the answer is yes again.
    ///
    /// The caller must replace `newest` by the head of the checkpoint, durably and in one step with
    /// this decision, before it answers.
    ///
    /// # Errors
    ///
    /// [`Refusal`]; its [`status`](Refusal::status) is the answer's.
    ///
    /// # Does not prove
    ///
    /// That the log shows nobody else another tree: only that this witness is not shown one.
    pub fn decide(&self, request: &AddCheckpoint) -> Result<Checkpoint, Refusal> {
        let checkpoint = match Checkpoint::open(&request.note, self.origin, self.keys) {
            Err(CheckpointError::Note(error)) => return Err(Refusal::Signature(error)),
            Err(CheckpointError::OtherOrigin { found, .. }) => {
                return Err(Refusal::UnknownLog { origin: found });
            }
            Err(error) => return Err(Refusal::Malformed(error)),
            Ok(checkpoint) => checkpoint,
        };
        let (old_size, new) = (request.old_size, checkpoint.head());
        if old_size > new.size {
            let new_size = new.size;
            return Err(Refusal::OldSize { old_size, new_size });
        }
        let known = self.newest.unwrap_or(TreeHead::EMPTY);
        if old_size != known.size {
            return Err(Refusal::Conflict { size: known.size });
        }
        if new.size == 0 && new.root != Hash::empty_root() {
            return Err(Refusal::EmptyRoot);
        }
        if old_size == 0 {
            // Every tree begins with the empty one.
            return if request.proof.is_empty() {
                Ok(checkpoint)
            } else {
                Err(Refusal::Proof(ProofError::PathLength {
                    expected: 0,
                    found: request.proof.len(),
                }))
            };
        }
        if self.is_fork(new) {
            return Err(Refusal::Fork { known, new });
        }
        match verify_consistency(known, new, &request.proof) {
            Ok(()) => Ok(checkpoint),
            Err(error) => Err(Refusal::Proof(error)),
        }
    }

    /// Whether this head, if the log signed it, and the newest one cannot both be of one log: they
    /// have one size and two roots. Such a pair convicts the log before anyone.
    #[must_use]
    pub fn is_fork(&self, head: TreeHead) -> bool {
        let newest = self.newest;
        newest.is_some_and(|newest| newest.size == head.size && newest.root != head.root)
    }
}

/// Why a checkpoint is not cosigned.
#[derive(Clone, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub enum Refusal {
    /// The witness does not follow this log.
    UnknownLog {
        /// Its origin.
        origin: String,
    },
    /// Not signed by the log, or a signature line that says so is false.
    Signature(NoteError),
    /// The note's text is no checkpoint.
    Malformed(CheckpointError),
    /// The old size is above the checkpoint's.
    OldSize {
        /// Size the proof starts from.
        old_size: u64,
        /// Size of the checkpoint.
        new_size: u64,
    },
    /// The old size is not that of the newest checkpoint that was cosigned.
    Conflict {
        /// That size.
        size: u64,
    },
    /// A tree without leaves has another root.
    EmptyRoot,
    /// The log has signed two trees of one size.
    Fork {
        /// The head that was cosigned.
        known: TreeHead,
        /// The head that is shown now.
        new: TreeHead,
    },
    /// The proof does not lead from the newest checkpoint to this one.
    Proof(ProofError),
}

impl Refusal {
    /// The HTTP status of the answer.
    #[must_use]
    pub const fn status(&self) -> u16 {
        match self {
            Refusal::Malformed(_) | Refusal::OldSize { .. } => 400,
            Refusal::Signature(_) => 403,
            Refusal::UnknownLog { .. } => 404,
            Refusal::Conflict { .. } => 409,
            Refusal::EmptyRoot | Refusal::Fork { .. } | Refusal::Proof(_) => 422,
        }
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Refusal::UnknownLog { origin } => write!(
                f,
                "unknown log: expected an origin of this witness's log list, but found {origin:?}"
            ),
            Refusal::Signature(error) => write!(f, "invalid signature: {error}"),
            Refusal::Malformed(error) => write!(f, "malformed checkpoint: {error}"),
            Refusal::OldSize { old_size, new_size } => write!(
                f,
                "expected an old size of at most {new_size}, the checkpoint's, but found {old_size}"
            ),
            Refusal::Conflict { size } => {
                write!(f, "expected the old size {size}, which was cosigned last")
            }
            Refusal::EmptyRoot => {
                f.write_str("expected the empty tree's root at size 0, but found another one")
            }
            Refusal::Fork { known, new } => write!(
                f,
                "fork: the log signed the root {} at size {}, where it had signed {}",
                new.root, new.size, known.root
            ),
            Refusal::Proof(error) => write!(f, "consistency proof: {error}"),
        }
    }
}

impl core::error::Error for Refusal {}

/// Why bytes are no request.
#[derive(Clone, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub enum RequestError {
    /// More than [`MAX_REQUEST_BYTES`].
    TooLong {
        /// Bytes of the request, or as many as were read.
        found: usize,
    },
    /// The bytes are not UTF-8.
    NotUtf8,
    /// No blank line with a checkpoint behind it.
    NoCheckpoint,
    /// Line 1 is not `old <size>`.
    OldSize {
        /// The line.
        found: String,
    },
    /// A proof line is no hash.
    Hash {
        /// Its number, from 1.
        line: usize,
        /// Why not.
        error: HashError,
    },
    /// More than [`MAX_PROOF_LINES`].
    ProofLines,
    /// The checkpoint is no note.
    Note(NoteError),
}

impl RequestError {
    /// The HTTP status of the answer.
    ///
    /// A signature line that cannot be read is answered as one that does not verify: for both the
    /// note is malformed by C2SP signed-note, and others decode what is not canonical base64 to a
    /// false signature.
    #[must_use]
    pub const fn status(&self) -> u16 {
        match self {
            RequestError::Note(NoteError::SignatureLine { .. }) => 403,
            _ => 400,
        }
    }
}

impl fmt::Display for RequestError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            RequestError::TooLong { found } => write!(
                f,
                "expected a request of at most {MAX_REQUEST_BYTES} bytes, but found {found}"
            ),
            RequestError::NotUtf8 => f.write_str("expected UTF-8, but found other bytes"),
            RequestError::NoCheckpoint => {
                f.write_str("expected a blank line and a checkpoint behind it, but found none")
            }
            RequestError::OldSize { found } => {
                write!(f, "line 1: expected `old <size>`, but found {found:?}")
            }
            RequestError::Hash { line, error } => write!(f, "line {line}: {error}"),
            RequestError::ProofLines => {
                write!(
                    f,
                    "expected at most {MAX_PROOF_LINES} proof lines, but found more"
                )
            }
            RequestError::Note(error) => write!(f, "checkpoint: {error}"),
        }
    }
}

impl core::error::Error for RequestError {}

/// Every answer of the specification, and no cosignature for anything but an extension.
#[cfg(test)]
#[allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    clippy::cast_possible_truncation,
    reason = "tests"
)]
mod tests {
    use super::super::key::{KeyName, SigningKey};
    use super::super::proof::prove_consistency;
    use super::super::tree::root_of;
    use super::super::tree::tests::leaves;
    use super::*;

    const ORIGIN: &str = "example.com/log";

    fn key(seed: u8) -> SigningKey {
        SigningKey::from_seed(KeyName::parse(ORIGIN).unwrap(), &[seed; 32])
    }

    fn head(all: &[Hash], size: u64) -> TreeHead {
        let root = root_of(&all[..size as usize]);
        TreeHead { size, root }
    }

    fn signed(head: TreeHead, seed: u8) -> Note {
        let text = Checkpoint::new(ORIGIN, head).unwrap().to_string();
        Note::sign(&text, &[&key(seed)]).unwrap()
    }

    fn request(all: &[Hash], old_size: u64, new_size: u64) -> AddCheckpoint {
        let mut subtree = |lo: u64, hi: u64| root_of(&all[lo as usize..hi as usize]);
        let proof = match old_size {
            0 => Vec::new(),
            _ => prove_consistency(old_size, new_size, &mut subtree).unwrap(),
        };
        AddCheckpoint {
            old_size,
            proof,
            note: signed(head(all, new_size), 1),
        }
    }

    fn decide(newest: Option<TreeHead>, request: &AddCheckpoint) -> Result<Checkpoint, Refusal> {
        let keys = [key(1).verifier().clone()];
        let log = WitnessedLog {
            origin: ORIGIN,
            keys: &keys,
            newest,
        };
        log.decide(request)
    }

    #[test]
    fn every_extension_is_cosigned_and_repeated() {
        let all = leaves(40);
        for old in 0..=40 {
            for new in old..=40 {
                let newest = (old > 0).then(|| head(&all, old));
                let request = request(&all, old, new);
                let checkpoint = decide(newest, &request).unwrap();
                assert_eq!(checkpoint.head(), head(&all, new));
                let bytes = request.to_string();
                assert_eq!(AddCheckpoint::parse(bytes.as_bytes()), Ok(request));
            }
        }
    }

    #[test]
    fn every_other_request_gets_its_status() {
        let all = leaves(40);
        let newest = Some(head(&all, 8));
        let status =
            |newest, request: &AddCheckpoint| decide(newest, request).unwrap_err().status();
        let good = request(&all, 8, 13);

        let mut other = good.clone();
        other.note = signed(head(&all, 13), 2);
        assert_eq!(status(newest, &other), 403);

        let elsewhere = Checkpoint::new("elsewhere", head(&all, 13)).unwrap();
        other.note = Note::sign(&elsewhere.to_string(), &[&key(1)]).unwrap();
        assert_eq!(status(newest, &other), 404);

        other = good.clone();
        other.old_size = 14;
        assert_eq!(status(newest, &other), 400);

        for known in [0, 7, 9, 13, 20] {
            let newest = (known > 0).then(|| head(&all, known));
            let refusal = decide(newest, &good).unwrap_err();
            assert_eq!(refusal, Refusal::Conflict { size: known });
            assert_eq!(refusal.status(), 409);
        }

        for proof in [vec![], vec![Hash::of(b"")], good.proof[1..].to_vec()] {
            other = good.clone();
            other.proof = proof;
            assert_eq!(status(newest, &other), 422);
        }
        other = request(&all, 0, 13);
        assert!(decide(None, &other).is_ok());
        other.proof = vec![Hash::of(b"")];
        assert_eq!(status(None, &other), 422);

        let no_root = TreeHead {
            size: 0,
            root: Hash::of(b"x"),
        };
        other = request(&all, 0, 0);
        other.note = signed(no_root, 1);
        assert_eq!(status(None, &other), 422);
        assert!(decide(None, &request(&all, 0, 0)).is_ok());
        assert!(decide(Some(TreeHead::EMPTY), &request(&all, 0, 5)).is_ok());
    }

    #[test]
    fn a_fork_is_never_cosigned() {
        let all = leaves(40);
        let mut forked = all.clone();
        forked[3] = Hash::leaf(b"another play");
        for old in 4..=40 {
            for new in old..=40 {
                let newest = Some(head(&all, old));
                let refusal = decide(newest, &request(&forked, old, new)).unwrap_err();
                assert_eq!(refusal.status(), 422);
                let is_proven = matches!(refusal, Refusal::Fork { .. });
                assert_eq!(is_proven, old == new);
            }
        }
    }

    #[test]
    fn other_bytes_are_no_request() {
        let good = request(&leaves(8), 5, 8).to_string();
        for (from, to) in [
            ("old 5", "old 05"),
            ("old 5", "old +5"),
            ("old 5", "old"),
            ("old 5", "Old 5"),
            ("old 5\n", ""),
            ("old 5\n", "old 5\r\n"),
            ("old 5\n", "old 5\n\n"),
            ("old 5\n", "old 5\nAAAA\n"),
            ("\n\nexample", "\nexample"),
            ("\u{2014}", "-"),
        ] {
            let changed = good.replacen(from, to, 1);
            assert_ne!(changed, good);
            // A blank line further up only makes the note's text longer: it is no checkpoint then.
            let is_taken = AddCheckpoint::parse(changed.as_bytes())
                .is_ok_and(|read| Checkpoint::parse(read.note.text()).is_ok());
            assert!(!is_taken, "{changed}");
        }
        let lines = format!("{}\n", Hash::of(b"")).repeat(64);
        let long = good.replacen("old 5\n", &format!("old 5\n{lines}"), 1);
        assert!(matches!(
            AddCheckpoint::parse(long.as_bytes()),
            Err(RequestError::ProofLines)
        ));
        assert!(AddCheckpoint::parse(&[0xff, b'\n', b'\n']).is_err());
        assert!(AddCheckpoint::parse(&vec![b'o'; MAX_REQUEST_BYTES + 1]).is_err());
    }
}
