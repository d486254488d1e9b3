//! Tree heads that files hold, whatever kinds of files they are, and which of them to hold against
//! each other.

use crate::bundle::{BundleError, read_entries};
use crate::log::{Checkpoint, CheckpointError, Note, TlogProof, TreeHead};
use crate::statement::{RunNote, RunNoteError};

use super::Trust;
use super::checker::Checker;
use super::signed::{Signed, impossible};

/// A log's tree head, the note that states it, and the file where it was found.
///
/// # Does not prove
///
/// That anyone signed it.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct LoggedHead {
    note: Note,
    origin: String,
    head: TreeHead,
    file: String,
    part: Part,
}

/// What a head stands in.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Part {
    /// A file that is a checkpoint.
    Checkpoint,
    /// The checkpoint in a proof.
    OfProof,
    /// The checkpoint in a bundle.
    OfBundle,
    /// The `log` line of a run note.
    RunNote,
    /// That of the run note in a bundle.
    RunNoteOfBundle,
}

impl LoggedHead {
    /// That of a checkpoint; `file` is its name.
    ///
    /// # Errors
    ///
    /// [`CheckpointError`] if the note's text is none.
    pub fn of_checkpoint(note: &Note, file: &str) -> Result<LoggedHead, CheckpointError> {
        LoggedHead::read(note.clone(), file, Part::Checkpoint)
    }

    /// That of the checkpoint in a proof.
    ///
    /// # Errors
    ///
    /// [`CheckpointError`] if the proof's note is none.
    pub fn of_proof(proof: &TlogProof, file: &str) -> Result<LoggedHead, CheckpointError> {
        LoggedHead::read(proof.checkpoint().clone(), file, Part::OfProof)
    }

    /// That of a run note's `log` line.
    ///
    /// # Errors
    ///
    /// [`RunNoteError`] if the note's text is none.
    pub fn of_run_note(note: &Note, file: &str) -> Result<LoggedHead, RunNoteError> {
        let run = RunNote::parse(note.text())?;
        Ok(LoggedHead {
            note: note.clone(),
            origin: run.origin,
            head: run.log,
            file: file.to_owned(),
            part: Part::RunNote,
        })
    }

    /// Those of a bundle's run note and checkpoint.
    ///
    /// # Errors
    ///
    /// [`BundleError`] if the bytes are no bundle.
    pub fn of_bundle(bytes: &[u8], file: &str) -> Result<[LoggedHead; 2], BundleError> {
        let [_, run_note, checkpoint, ..] = read_entries(bytes)?;
        let note =
            |entry, bytes| Note::parse(bytes).map_err(|error| BundleError::Note { entry, error });
        let run = LoggedHead::of_run_note(&note("run.note", run_note)?, file);
        let run = LoggedHead {
            part: Part::RunNoteOfBundle,
            ..run.map_err(BundleError::RunNote)?
        };
        let note = note("checkpoint", checkpoint)?;
        let checkpoint = LoggedHead::read(note, file, Part::OfBundle);
        Ok([run, checkpoint.map_err(BundleError::Checkpoint)?])
    }

    fn read(note: Note, file: &str, part: Part) -> Result<LoggedHead, CheckpointError> {
        let checkpoint = Checkpoint::parse(note.text())?;
        Ok(LoggedHead {
            note,
            origin: checkpoint.origin().to_owned(),
            head: checkpoint.head(),
            file: file.to_owned(),
            part,
        })
    }

    /// The log's origin.
    #[must_use]
    pub fn origin(&self) -> &str {
        &self.origin
    }

    /// Size and root.
    #[must_use]
    pub fn head(&self) -> TreeHead {
        self.head
    }

    /// The note.
    pub(super) fn note(&self) -> &Note {
        &self.note
    }

    /// Name of the file.
    #[must_use]
    pub fn file(&self) -> &str {
        &self.file
    }

    /// Whether the file is a checkpoint and nothing else.
    #[must_use]
    pub fn is_checkpoint_file(&self) -> bool {
        self.part == Part::Checkpoint
    }

    /// Whether a checkpoint states it, which witnesses may have cosigned; else a run note does.
    pub(super) fn is_of_checkpoint(&self) -> bool {
        !matches!(self.part, Part::RunNote | Part::RunNoteOfBundle)
    }

    /// Where it stands, in words.
    pub(super) fn place(&self) -> String {
        let file = &self.file;
        match self.part {
            Part::Checkpoint => file.clone(),
            Part::OfProof | Part::OfBundle => format!("the checkpoint in {file}"),
            Part::RunNote => format!("the run note {file}"),
            Part::RunNoteOfBundle => format!("the run note in {file}"),
        }
    }

    /// The note, to be signed by the log's operator.
    pub(super) fn signed<'a>(&'a self, place: &'a str, trust: &Trust) -> Signed<'a> {
        let keys = match self.part {
            Part::Checkpoint | Part::OfProof => trust.keys_of(&self.origin),
            _ => trust.keys_named(&self.origin),
        };
        Signed {
            place,
            note: &self.note,
            origin: &self.origin,
            keys,
        }
    }

    /// Whether the reader's keys vouch for it.
    pub(super) fn is_signed(&self, trust: &Trust) -> bool {
        self.signed("", trust).signer().is_some()
    }

    fn is_same(&self, other: &LoggedHead) -> bool {
        (&self.origin, self.head) == (&other.origin, other.head)
    }

    fn contradicts(&self, other: &LoggedHead) -> bool {
        self.origin == other.origin && self.head.contradicts(other.head)
    }
}

/// Says which head it is, and checks that there can be such a tree.
pub(super) fn check_head(checker: &mut Checker, place: &str, origin: &str, head: TreeHead) {
    let problem = impossible(place, HEAD, head);
    let passed = format!(
        "{place} is about the log {origin} with {} leaves and the root {}",
        head.size, head.root
    );
    checker.single(HEAD, 1, passed, problem);
}

/// Which heads to hold against each other, and what is left open.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Comparisons<'h> {
    /// For [`verify_pair`](super::verify_pair), the smaller head first.
    pub pairs: Vec<[&'h LoggedHead; 2]>,
    /// Logs of which not all heads are in a pair, though they differ in size; in words.
    pub open: Vec<String>,
}

/// Sorts out which of some files' heads to hold against each other.
///
/// - Files that are checkpoints of one log, each with the next larger one. With `evidence`, tiles or
///   a proof, the same for every different head of a log, wherever it stands.
/// - Two heads of one size and two roots, wherever they stand, if the reader's keys vouch for both:
///   these are a fork. Where they do not, nobody is accused, and the file's own report says it.
///
/// ```
/// use ledgerline::audit::{ConsistencyEvidence, LoggedHead, Trust, Verdict, comparisons, verify_pair};
/// use ledgerline::log::{
///     Checkpoint, Hash, KeyName, LeafIndex, Note, SigningKey, TlogProof, TreeHead,
/// };
///
/// let key = SigningKey::from_seed(KeyName::parse("example.com/log")?, &[7; 32]);
/// let sign = |data: &[u8]| -> Result<Note, Box<dyn core::error::Error>> {
///     let head = TreeHead { size: 1, root: Hash::leaf(data) };
///     Ok(Note::sign(&Checkpoint::new("example.com/log", head)?.to_string(), &[&key])?)
/// };
/// let proof = TlogProof::new(LeafIndex(0), vec![], sign(b"one")?, None)?;
/// let heads = [
///     LoggedHead::of_proof(&proof, "one.tlog-proof")?,
///     LoggedHead::of_checkpoint(&sign(b"two")?, "checkpoint")?,
/// ];
/// let trust = Trust { keys: vec![key.verifier().clone()], ..Trust::default() };
/// let found = comparisons(&heads, false, &trust);
/// let report = verify_pair(found.pairs[0], &ConsistencyEvidence::None, &trust)?;
/// assert_eq!(report.verdict, Verdict::Disputed);
/// assert!(comparisons(&heads, false, &Trust::default()).pairs.is_empty());
/// # Ok::<(), Box<dyn core::error::Error>>(())
/// ```
///
/// # Does not prove
///
/// Without evidence, that heads of different sizes are of one history, unless two files that are
/// checkpoints are among them; `open` says where.
#[must_use]
pub fn comparisons<'h>(heads: &'h [LoggedHead], evidence: bool, trust: &Trust) -> Comparisons<'h> {
    let mut found = Comparisons::default();
    let signed: Vec<&LoggedHead> = heads.iter().filter(|head| head.is_signed(trust)).collect();
    let is_first = |at: usize, head: &LoggedHead| {
        let before = heads.iter().take(at);
        !before
            .map(LoggedHead::origin)
            .any(|other| other == head.origin)
    };
    for (_, first) in heads
        .iter()
        .enumerate()
        .filter(|(at, head)| is_first(*at, head))
    {
        let of_log: Vec<&LoggedHead> = heads.iter().filter(|h| h.origin == first.origin).collect();
        let mut chain = chain(&of_log, evidence);
        let is_signed = |head: &LoggedHead| signed.iter().any(|other| core::ptr::eq(*other, head));
        // Of one size, those side by side that make a fork.
        chain.sort_by_key(|head| (head.head.size, !is_signed(head)));
        found.pairs.extend(
            chain
                .windows(2)
                .filter_map(|pair| pair.first_chunk().copied()),
        );
        let signed: Vec<&LoggedHead> = of_log.iter().copied().filter(|h| is_signed(h)).collect();
        let chained: Vec<&LoggedHead> = chain.iter().copied().filter(|h| is_signed(h)).collect();
        found.pairs.extend(forks(&signed, &chained));
        let is_open = |head: &&LoggedHead| head.head.size != first.head.size;
        let all_paired = chain.len() == of_log.len() || evidence;
        if of_log.iter().any(is_open) && !all_paired {
            found.open.push(left_open(&of_log));
        }
    }
    found
}

/// The heads of one log of which each is verified with the next.
fn chain<'h>(of_log: &[&'h LoggedHead], evidence: bool) -> Vec<&'h LoggedHead> {
    let files = of_log
        .iter()
        .copied()
        .filter(|head| head.is_checkpoint_file());
    let mut chain: Vec<&LoggedHead> = files.collect();
    if evidence {
        // Files come first: where a proof states what a checkpoint does, the checkpoint is there.
        for &head in of_log {
            if !chain.iter().any(|other| other.is_same(head)) {
                chain.push(head);
            }
        }
    }
    chain
}

/// Of each head that the log signed, the first other one that contradicts it, each pair of roots once.
/// Where heads of the chain say the same, it is found there.
fn forks<'h>(signed: &[&'h LoggedHead], chained: &[&LoggedHead]) -> Vec<[&'h LoggedHead; 2]> {
    let is_chained = |head: &LoggedHead| chained.iter().any(|other| other.is_same(head));
    let mut forks: Vec<[&LoggedHead; 2]> = Vec::new();
    for (at, &head) in signed.iter().enumerate() {
        let mut before = signed.iter().copied().take(at);
        let Some(other) = before.find(|other| other.contradicts(head)) else {
            continue;
        };
        let is_known = |[a, b]: &[&LoggedHead; 2]| a.is_same(other) && b.is_same(head);
        let is_shown = is_chained(head) && is_chained(other) || forks.iter().any(is_known);
        if !is_shown {
            forks.push([other, head]);
        }
    }
    forks
}

fn left_open(of_log: &[&LoggedHead]) -> String {
    let mut heads: Vec<&LoggedHead> = of_log.to_vec();
    heads.sort_by_key(|head| head.head.size);
    let place = |head: &&LoggedHead| format!("{} ({})", head.head.size, head.place());
    let (first, last) = (heads.first().map(place), heads.last().map(place));
    format!(
        "the files are about the log {} at different sizes, from {} to {}; whether the larger trees begin with the smaller ones was not checked",
        of_log.first().map_or("", |head| head.origin()),
        first.unwrap_or_default(),
        last.unwrap_or_default()
    )
}

const HEAD: &str = "checkpoint.head";
