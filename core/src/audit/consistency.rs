//! Two heads of one log: that nothing was taken out or changed between them.

use core::fmt;

use crate::log::{Hash, TreeHead, verify_consistency};

use super::Trust;
use super::checker::Checker;
use super::heads::{LoggedHead, check_head};
use super::report::{Finding, Report, Subject, Summary};
use super::signed::{RUN_SIGNATURE, SIGNATURE, check_quorum};

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

/// Verifies two heads of one log together: who signed them, and that the newer extends the older.
///
/// The older is the one of the smaller tree; of equal ones, the first.
///
/// ```
/// use ledgerline::audit::{
///     ConsistencyEvidence, LoggedHead, PairError, Trust, Verdict, verify_pair,
/// };
/// use ledgerline::log::{Checkpoint, Hash, KeyName, Note, SigningKey, TreeHead};
///
/// let key = SigningKey::from_seed(KeyName::parse("example.com/log")?, &[7; 32]);
/// let [one, two] = [b"one", b"two"].map(|data| Hash::leaf(data));
/// let sign = |origin, size, root| -> Result<LoggedHead, Box<dyn core::error::Error>> {
///     let checkpoint = Checkpoint::new(origin, TreeHead { size, root })?;
///     let note = Note::sign(&checkpoint.to_string(), &[&key])?;
///     Ok(LoggedHead::of_checkpoint(&note, "checkpoint")?)
/// };
/// let old = sign("example.com/log", 1, one)?;
/// let new = sign("example.com/log", 2, Hash::node(one, two))?;
/// let trust = Trust { keys: vec![key.verifier().clone()], ..Trust::default() };
/// let pair = |old: &LoggedHead, evidence| verify_pair([old, &new], &evidence, &trust);
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
/// [`PairError`] if they are not of one log.
///
/// # Does not prove
///
/// That others are shown the same log, or what is in it.
///
/// Source: RFC 9162 §2.1.4.2.
pub fn verify_pair(
    heads: [&LoggedHead; 2],
    evidence: &ConsistencyEvidence,
    trust: &Trust,
) -> Result<Report, PairError> {
    let pair = Pair::new(heads)?;
    let mut checker = Checker::default();
    let signed = check_signed(&mut checker, pair.older, "older", trust);
    let signer = check_signed(&mut checker, pair.newer, "newer", trust);
    // Who cosigned the newer one has seen that it extends all before it.
    if pair.newer.is_of_checkpoint() {
        let place = place_of(pair.newer, "newer");
        check_quorum(&mut checker, &pair.newer.signed(&place, trust), trust);
    }
    // Of one head neither is the newer one, so both must have their cosignatures, in any order.
    if pair.older.is_of_checkpoint() && pair.older.head() == pair.newer.head() {
        let place = place_of(pair.older, "older");
        check_quorum(&mut checker, &pair.older.signed(&place, trust), trust);
    }
    let both = signed.is_some() && signer.is_some();
    pair.check(&mut checker, evidence, both);
    let subject = Subject {
        kind: "consistency",
        name: format!("{} and {}", pair.older.file(), pair.newer.file()),
        sha256: None,
        run_note: None,
        origin: pair.newer.origin().to_owned(),
        signer: signer.filter(|_| both),
        log_size: pair.newer.head().size,
    };
    Ok(checker.finish(subject, Summary::None))
}

fn place_of(head: &LoggedHead, which: &str) -> String {
    let what = if head.is_of_checkpoint() {
        "checkpoint"
    } else {
        "run note"
    };
    format!("{which} {what}")
}

fn check_signed(
    checker: &mut Checker,
    head: &LoggedHead,
    which: &str,
    trust: &Trust,
) -> Option<String> {
    let place = place_of(head, which);
    let signed = head.signed(&place, trust);
    let id = if head.is_of_checkpoint() {
        SIGNATURE
    } else {
        RUN_SIGNATURE
    };
    let signer = signed.check(checker, id, trust);
    check_head(checker, &place, head.origin(), head.head());
    signer
}

struct Pair<'a> {
    older: &'a LoggedHead,
    newer: &'a LoggedHead,
}

impl<'a> Pair<'a> {
    fn new([first, second]: [&'a LoggedHead; 2]) -> Result<Pair<'a>, PairError> {
        if first.origin() != second.origin() {
            return Err(PairError::Origins {
                first: first.origin().to_owned(),
                second: second.origin().to_owned(),
            });
        }
        let (older, newer) = if first.head().size <= second.head().size {
            (first, second)
        } else {
            (second, first)
        };
        Ok(Pair { older, newer })
    }

    fn check(&self, checker: &mut Checker, evidence: &ConsistencyEvidence, both_signed: bool) {
        let whose = if both_signed {
            "a fork: the log signed"
        } else {
            "no log can have, but these files show,"
        };
        let (old, new) = (self.older.head(), self.newer.head());
        let (older_name, newer_name) = (self.older.place(), self.newer.place());
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
        let (older_name, newer_name) = (self.older.place(), self.newer.place());
        Finding::error(CONSISTENCY, format!("{older_name} and {newer_name}")).compared(
            format!("a tree that begins with {}", words(self.older.head())),
            words(self.newer.head()),
        )
    }
}

/// Why two heads cannot be held against each other.
#[derive(Clone, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub enum PairError {
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
            PairError::Origins { first, second } => write!(
                f,
                "expected two heads of one log, but found one of {first} and one of {second}"
            ),
        }
    }
}

impl core::error::Error for PairError {}

const CONSISTENCY: &str = "checkpoint.consistency";
