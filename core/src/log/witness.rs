//! What a witness is asked, and how it decides: the part of the witness protocol without network,
//! clock and disk.
//!
//! Source: C2SP tlog-witness v1.0.0, "add-checkpoint", "sign-subtree".

use core::fmt;

use super::checkpoint::{Checkpoint, CheckpointError};
use super::hash::{Hash, HashError};
use super::key::VerifierKey;
use super::note::{MAX_NOTE_BYTES, Note, NoteError};
use super::proof::{ProofError, verify_consistency};
use super::subtree::{Subtree, SubtreeError, verify_subtree_consistency};
use super::tree::TreeHead;
use crate::wire::decimal;

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
        let (head, note) = split_request(bytes)?;
        let mut lines = head.split('\n');
        let first = lines.next().unwrap_or_default();
        let old_size = first
            .strip_prefix("old ")
            .and_then(decimal)
            .ok_or_else(|| RequestError::OldSize {
                found: first.chars().take(80).collect(),
            })?;
        let proof = parse_hashes(lines)?;
        if proof.len() > MAX_PROOF_LINES {
            return Err(RequestError::ProofLines);
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

/// A request to cosign a stretch of a log that is a tree of its own, by the proof that it is part of a
/// checkpoint which the witness has cosigned.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct SignSubtree {
    /// The leaves.
    pub subtree: Subtree,
    /// Their root.
    pub root: Hash,
    /// Subtree consistency proof from there to the checkpoint; at most [`MAX_PROOF_LINES`] hashes.
    pub proof: Vec<Hash>,
    /// The checkpoint, cosigned by the witness.
    pub note: Note,
}

impl SignSubtree {
    /// Reads a request's body.
    ///
    /// # Errors
    ///
    /// [`RequestError`]; its [`status`](RequestError::status) is the answer's. Nothing is verified
    /// here.
    pub fn parse(bytes: &[u8]) -> Result<SignSubtree, RequestError> {
        let (head, note) = split_request(bytes)?;
        let (first, hashes) = head.split_once('\n').unwrap_or((head, ""));
        let range = || RequestError::Range {
            found: first.chars().take(80).collect(),
        };
        let (start, end) = first
            .strip_prefix("subtree ")
            .and_then(|range| range.split_once(' '))
            .and_then(|(start, end)| Some((decimal(start)?, decimal(end)?)))
            .ok_or_else(range)?;
        let subtree = Subtree::new(start, end).map_err(RequestError::Subtree)?;
        let mut hashes = parse_hashes(hashes.split('\n'))?;
        if hashes.len() > MAX_PROOF_LINES.saturating_add(1) {
            return Err(RequestError::ProofLines);
        }
        // Never empty: splitting gives one part or more.
        let root = hashes.remove(0);
        let note = Note::parse(note.as_bytes()).map_err(RequestError::Note)?;
        Ok(SignSubtree {
            subtree,
            root,
            proof: hashes,
            note,
        })
    }

    /// Decides whether the subtree may be cosigned: the checkpoint carries a cosignature by one of
    /// `cosigners`, the witness's own keys, and the subtree is part of it.
    ///
    /// # Errors
    ///
    /// [`SubtreeRefusal`]; its [`status`](SubtreeRefusal::status) is the answer's.
    ///
    /// # Does not prove
    ///
    /// Anything about the log beyond what the cosignature says.
    pub fn decide(&self, origin: &str, cosigners: &[VerifierKey]) -> Result<(), SubtreeRefusal> {
        let checkpoint = match Checkpoint::open(&self.note, origin, cosigners) {
            Err(CheckpointError::Note(error)) => return Err(SubtreeRefusal::Signature(error)),
            Err(error) => return Err(SubtreeRefusal::Malformed(error)),
            Ok(checkpoint) => checkpoint,
        };
        match verify_subtree_consistency(self.subtree, self.root, &self.proof, checkpoint.head()) {
            Ok(()) => Ok(()),
            Err(error) => Err(SubtreeRefusal::Proof(error)),
        }
    }
}

/// The request's body.
impl fmt::Display for SignSubtree {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (start, end) = (self.subtree.start(), self.subtree.end());
        writeln!(f, "subtree {start} {end}\n{}", self.root)?;
        for hash in &self.proof {
            writeln!(f, "{hash}")?;
        }
        write!(f, "\n{}", self.note)
    }
}

/// Why a subtree is not cosigned.
#[derive(Clone, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub enum SubtreeRefusal {
    /// The checkpoint is not cosigned by the witness.
    Signature(NoteError),
    /// The note's text is no checkpoint of this log.
    Malformed(CheckpointError),
    /// The subtree ends behind the checkpoint, or the proof does not lead from one to the other.
    Proof(SubtreeError),
}

impl SubtreeRefusal {
    /// The HTTP status of the answer.
    #[must_use]
    pub const fn status(&self) -> u16 {
        match self {
            SubtreeRefusal::Malformed(_)
            | SubtreeRefusal::Proof(SubtreeError::OutOfTree { .. }) => 400,
            SubtreeRefusal::Signature(_) => 403,
            SubtreeRefusal::Proof(_) => 422,
        }
    }
}

impl fmt::Display for SubtreeRefusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            SubtreeRefusal::Signature(error) => {
                write!(
                    f,
                    "expected a checkpoint that this witness has cosigned: {error}"
                )
            }
            SubtreeRefusal::Malformed(error) => write!(f, "malformed checkpoint: {error}"),
            SubtreeRefusal::Proof(error) => write!(f, "subtree consistency proof: {error}"),
        }
    }
}

impl core::error::Error for SubtreeRefusal {}

/// The lines before the first blank one, and the note behind it.
fn split_request(bytes: &[u8]) -> Result<(&str, &str), RequestError> {
    if bytes.len() > MAX_REQUEST_BYTES {
        let found = bytes.len();
        return Err(RequestError::TooLong { found });
    }
    let text = str::from_utf8(bytes).map_err(|_| RequestError::NotUtf8)?;
    text.split_once("\n\n").ok_or(RequestError::NoCheckpoint)
}

/// Hashes from line 2 on.
fn parse_hashes<'a>(lines: impl Iterator<Item = &'a str>) -> Result<Vec<Hash>, RequestError> {
    let mut hashes = Vec::new();
    for (line, text) in (2..).zip(lines) {
        // One more than a proof may have: a subtree's root stands before it.
        if hashes.len() > MAX_PROOF_LINES {
            return Err(RequestError::ProofLines);
        }
        hashes.push(Hash::parse_base64(text).map_err(|error| RequestError::Hash { line, error })?);
    }
    Ok(hashes)
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
    /// Line 1 is not `subtree <start> <end>`.
    Range {
        /// The line.
        found: String,
    },
    /// These leaves are no subtree.
    Subtree(SubtreeError),
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
            RequestError::Range { found } => write!(
                f,
                "line 1: expected `subtree <start> <end>`, but found {found:?}"
            ),
            RequestError::Subtree(error) => write!(f, "line 1: {error}"),
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
    use super::super::cosigner::CosigningKey;
    use super::super::key::{KeyName, SigningKey};
    use super::super::proof::prove_consistency;
    use super::super::subtree::prove_subtree_consistency;
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
    fn subtrees_of_what_was_cosigned_are_cosigned() {
        let kind = super::super::scheme::SignatureType::CosignatureEd25519;
        let name = KeyName::parse("w.example").unwrap();
        let key = CosigningKey::from_seed(name, kind, &[7; 32]).unwrap();
        let ours = [key.verifier().clone()];
        let all = leaves(14);
        let checkpoint = Checkpoint::new(ORIGIN, head(&all, 14)).unwrap();
        let mut note = signed(head(&all, 14), 1);
        note.add(key.cosign(&checkpoint, 5).unwrap()).unwrap();
        let mut subtree = |lo: u64, hi: u64| root_of(&all[lo as usize..hi as usize]);
        for (start, end) in [(8, 13), (0, 14), (0, 5), (4, 8), (12, 14), (13, 14), (0, 0)] {
            let part = Subtree::new(start, end).unwrap();
            let good = SignSubtree {
                subtree: part,
                root: subtree(start, end),
                proof: prove_subtree_consistency(part, 14, &mut subtree).unwrap(),
                note: note.clone(),
            };
            assert_eq!(
                SignSubtree::parse(good.to_string().as_bytes()),
                Ok(good.clone())
            );
            assert_eq!(good.decide(ORIGIN, &ours), Ok(()));
            let status = |other: &SignSubtree| other.decide(ORIGIN, &ours).unwrap_err().status();
            let mut other = good.clone();
            other.root = Hash::of(b"x");
            assert_eq!(status(&other), 422);
            other = good.clone();
            other.proof.push(Hash::of(b"x"));
            assert_eq!(status(&other), 422);
            other = good.clone();
            other.note = signed(head(&all, 14), 1);
            assert_eq!(status(&other), 403);
            other = good.clone();
            other.subtree = Subtree::new(16, 17).unwrap();
            assert_eq!(status(&other), 400);
            assert_eq!(good.decide("elsewhere", &ours).unwrap_err().status(), 400);
        }
        let hash = Hash::of(b"");
        for bad in [
            format!("subtree 4 9\n{hash}\n\n{note}"),
            format!("subtree 9 8\n{hash}\n\n{note}"),
            format!("subtree 08 13\n{hash}\n\n{note}"),
            format!("subtree 8 13 \n{hash}\n\n{note}"),
            format!("subtree 8 13\n\n{note}"),
            format!("subtree 8 13\n{hash}x\n\n{note}"),
            format!("old 8\n{hash}\n\n{note}"),
            format!("subtree 8 13\n{}\n{note}", format!("{hash}\n").repeat(65)),
        ] {
            let refused = SignSubtree::parse(bad.as_bytes()).unwrap_err();
            assert_eq!(refused.status(), 400, "{bad}");
        }
        let most = format!("subtree 8 13\n{}\n{note}", format!("{hash}\n").repeat(64));
        assert!(SignSubtree::parse(most.as_bytes()).is_ok());
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
