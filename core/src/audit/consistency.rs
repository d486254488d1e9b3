//! Two checkpoints of one log: that nothing was taken out or changed between them.

use core::fmt;

use crate::log::{Checkpoint, CheckpointError, Hash, Note, TreeHead, verify_consistency};

use super::Trust;
use super::checker::Checker;
use super::report::{Finding, Report, Subject, Summary};
use super::signed::{check_checkpoint_note, check_signature};

/// What shows that one checkpoint extends another.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum ConsistencyEvidence {
    /// Nothing was given; sizes and roots alone decide where they can.
    None,
    /// A proof that came with the checkpoints.
    Proof(Vec<Hash>),
    /// A proof made from tiles that were verified against the newer checkpoint's root: if it does
    /// not lead from the older one, no proof does.
    Tiles(Vec<Hash>),
    /// Tiles were given, but are not those of the newer checkpoint; in words.
    OtherTiles(String),
}

/// Verifies two checkpoints of one log together: who signed them, and that the newer extends the older.
///
/// `names` are the files' names. The older is the one of the smaller tree; of equal ones, the first.
///
/// ```
/// use ledgerline::audit::{ConsistencyEvidence, PairError, Trust, Verdict, verify_pair};
/// use ledgerline::log::{Checkpoint, Hash, KeyName, Note, SigningKey, TreeHead};
///
/// let key = SigningKey::from_seed(KeyName::parse("example.com/log")?, &[7; 32]);
/// let [one, two] = [b"one", b"two"].map(|data| Hash::leaf(data));
/// let sign = |origin, size, root| -> Result<Note, Box<dyn core::error::Error>> {
///     let checkpoint = Checkpoint::new(origin, TreeHead { size, root })?;
///     Ok(Note::sign(&checkpoint.to_string(), &[&key])?)
/// };
/// let old = sign("example.com/log", 1, one)?;
/// let new = sign("example.com/log", 2, Hash::node(one, two))?;
/// let trust = Trust { keys: vec![key.verifier().clone()], ..Trust::default() };
/// let pair = |old: &Note, evidence| verify_pair([old, &new], ["old", "new"], &evidence, &trust);
///
/// let proof = || ConsistencyEvidence::Tiles(vec![two]);
/// assert_eq!(pair(&old, proof())?.verdict, Verdict::Verified);
/// assert_eq!(pair(&old, ConsistencyEvidence::None)?.verdict, Verdict::Incomplete);
/// let fork = sign("example.com/log", 1, two)?;
/// assert_eq!(pair(&fork, proof())?.verdict, Verdict::Disputed);
/// let other = sign("example.com/other", 1, one)?;
/// assert!(matches!(pair(&other, proof()), Err(PairError::Origins { .. })));
/// # Ok::<(), Box<dyn core::error::Error>>(())
/// ```
///
/// # Errors
///
/// [`PairError`] if a note is no checkpoint, or they are not of one log.
///
/// # Does not prove
///
/// That others are shown the same log, or what is in it.
///
/// Source: RFC 9162 §2.1.4.2.
pub fn verify_pair(
    notes: [&Note; 2],
    names: [&str; 2],
    evidence: &ConsistencyEvidence,
    trust: &Trust,
) -> Result<Report, PairError> {
    let pair = Pair::read(notes, names)?;
    let mut checker = Checker::default();
    let origin = pair.newer.origin();
    let older = (pair.older_note, pair.older.origin());
    let signed = check_signature(
        &mut checker,
        "checkpoint.signature",
        "older checkpoint",
        older,
        trust,
    );
    // Who cosigned the newer one has seen that it extends all before it.
    let newer = (pair.newer_note, origin);
    let signer = check_checkpoint_note(&mut checker, "newer checkpoint", newer, trust);
    let both = signed.is_some() && signer.is_some();
    pair.check(&mut checker, evidence, both);
    let [older_name, newer_name] = pair.names;
    let subject = Subject {
        kind: "consistency",
        name: format!("{older_name} and {newer_name}"),
        sha256: None,
        run_note: None,
        origin: origin.to_owned(),
        signer: signer.filter(|_| both),
        log_size: pair.newer.head().size,
    };
    Ok(checker.finish(subject, Summary::None))
}

struct Pair<'a> {
    older_note: &'a Note,
    newer_note: &'a Note,
    older: Checkpoint,
    newer: Checkpoint,
    names: [&'a str; 2],
}

impl<'a> Pair<'a> {
    fn read([a, b]: [&'a Note; 2], [a_name, b_name]: [&'a str; 2]) -> Result<Pair<'a>, PairError> {
        let read = |note: &Note| Checkpoint::parse(note.text()).map_err(PairError::Checkpoint);
        let (first, second) = (read(a)?, read(b)?);
        if first.origin() != second.origin() {
            return Err(PairError::Origins {
                first: first.origin().to_owned(),
                second: second.origin().to_owned(),
            });
        }
        Ok(if first.head().size <= second.head().size {
            Pair {
                older_note: a,
                newer_note: b,
                older: first,
                newer: second,
                names: [a_name, b_name],
            }
        } else {
            Pair {
                older_note: b,
                newer_note: a,
                older: second,
                newer: first,
                names: [b_name, a_name],
            }
        })
    }

    fn check(&self, checker: &mut Checker, evidence: &ConsistencyEvidence, both_signed: bool) {
        let whose = if both_signed {
            "a fork: the log signed"
        } else {
            "no log can have, but these files show,"
        };
        let (old, new) = (self.older.head(), self.newer.head());
        let [older_name, newer_name] = self.names;
        if old.size == new.size {
            let problem = (old.root != new.root).then(|| {
                self.finding().saying(format!(
                    "{whose} two trees of size {}, one in {older_name} and another in {newer_name}; keep both files, they are the evidence",
                    old.size
                ))
            });
            let passed = format!("both are about the same tree of {} leaves", old.size);
            checker.single(CONSISTENCY, 1, passed, problem);
            return;
        }
        if old.size == 0 {
            // Every tree begins with the empty one, of which there is only one root.
            let problem = (old.root != Hash::empty_root()).then(|| {
                let detail =
                    format!("{older_name} is about an empty tree with the root of another");
                self.finding().saying(detail)
            });
            let passed =
                "the older checkpoint is about the empty tree, which nothing can be taken from";
            checker.single(CONSISTENCY, 1, passed, problem);
            return;
        }
        let (proof, forked) = match evidence {
            ConsistencyEvidence::Proof(proof) => (proof.as_slice(), false),
            ConsistencyEvidence::Tiles(proof) => (proof.as_slice(), true),
            ConsistencyEvidence::None => {
                let detail = "neither tiles (--tiles DIR) nor a proof (--proof FILE) were given, so it could not be checked that the newer checkpoint extends the older one";
                checker.skip(CONSISTENCY, 1, detail);
                return;
            }
            ConsistencyEvidence::OtherTiles(why) => {
                let detail = format!("the tiles are not those of the newer checkpoint: {why}");
                checker.skip(CONSISTENCY, 1, detail);
                return;
            }
        };
        let problem = verify_consistency(old, new, proof).err().map(|problem| {
            let what = if forked {
                format!("{whose} a tree of size {} in {older_name} that the one of size {} in {newer_name} does not begin with; keep both files, they are the evidence", old.size, new.size)
            } else {
                format!("the proof does not show that {newer_name} extends {older_name}")
            };
            self.finding().saying(format!("{what} ({problem})"))
        });
        let passed = format!(
            "the first {} of the {} leaves are those of the older checkpoint: nothing was taken out or changed",
            old.size, new.size
        );
        checker.single(CONSISTENCY, 1, passed, problem);
    }

    fn finding(&self) -> Finding {
        let words = |TreeHead { size, root }: TreeHead| format!("{size} {root}");
        let [older_name, newer_name] = self.names;
        Finding::error(CONSISTENCY, format!("{older_name} and {newer_name}")).compared(
            format!("a tree that begins with {}", words(self.older.head())),
            words(self.newer.head()),
        )
    }
}

/// Why two notes are no two checkpoints of one log.
#[derive(Clone, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub enum PairError {
    /// One of them is no checkpoint.
    Checkpoint(CheckpointError),
    /// They are of two logs.
    Origins {
        /// Origin of the first.
        first: String,
        /// Origin of the second.
        second: String,
    },
}

impl fmt::Display for PairError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            PairError::Checkpoint(error) => error.fmt(f),
            PairError::Origins { first, second } => write!(
                f,
                "expected two checkpoints of one log, but found one of {first} and one of {second}"
            ),
        }
    }
}

impl core::error::Error for PairError {}

const CONSISTENCY: &str = "checkpoint.consistency";
