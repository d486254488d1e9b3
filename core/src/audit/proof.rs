//! Proof files: that a leaf is in a log; of our own logs, that an event is.

use serde::Serialize;

use crate::event::Event;
use crate::log::{Checkpoint, Hash, LeafIndex, ProofError, TlogProof};
use crate::record::{RECORD_LENGTH, Record};
use crate::wire::hex;

use super::Trust;
use super::checker::Checker;
use super::heads::check_head;
use super::notes::sha256;
use super::report::{Finding, Report, Severity, Subject, Summary};
use super::signed::{Signed, check_checkpoint_note};

/// An event of the log, as its receipt shows it.
#[derive(Clone, Debug, Eq, PartialEq, Serialize)]
pub struct EventView {
    /// Leaf index.
    pub index: u64,
    /// `start`, `heartbeat` or `end`.
    pub kind: &'static str,
    /// RFC 3339, by the client's clock.
    pub time: String,
    /// Recording.
    pub isrc: String,
    /// Where the listener was.
    pub territory: String,
    /// Position in the recording, ms.
    pub position_ms: u32,
    /// Whether the listener chose it.
    pub active: bool,
    /// Whether it was played without a connection.
    pub offline: bool,
    /// Play id, 16 hex digits.
    pub play: String,
    /// Pseudonym of the listener, 16 hex digits.
    pub listener: String,
    /// The 54 bytes, hex.
    pub record: String,
}

impl EventView {
    /// The view of a record, whose salt is shown with it.
    #[must_use]
    pub fn new(LeafIndex(index): LeafIndex, record: &Record, event: &Event) -> EventView {
        EventView {
            index,
            kind: event.kind.as_str(),
            time: event.time.to_string(),
            isrc: event.isrc.to_string(),
            territory: event.territory.to_string(),
            position_ms: event.position_ms,
            active: event.flags.is_active(),
            offline: event.flags.is_offline(),
            play: event.play.to_string(),
            listener: event.listener.to_string(),
            record: hex(record.as_bytes()),
        }
    }

    /// The event in a sentence.
    #[must_use]
    pub fn in_words(&self) -> String {
        let how = match (self.active, self.offline) {
            (true, true) => ", chosen by the listener, offline",
            (true, false) => ", chosen by the listener",
            (false, true) => ", offline",
            (false, false) => "",
        };
        format!(
            "{} of {} in {} at {}, position {} ms{how}; play {}, listener {}",
            self.kind,
            self.isrc,
            self.territory,
            self.time,
            self.position_ms,
            self.play,
            self.listener
        )
    }
}

/// Verifies a proof file: who signed and cosigned its checkpoint, and that the leaf is in that tree.
///
/// `leaf` is the leaf's data, as whoever asked for the proof knows it. Without it, the extra line
/// is the data if it holds 54 bytes, as in receipts: nobody signs that line, but only the true
/// record leads to the signed root.
///
/// ```
/// use ledgerline::audit::{Trust, Verdict, verify_proof};
/// use ledgerline::log::{
///     Checkpoint, Hash, KeyName, LeafIndex, Note, SigningKey, TlogProof, TreeHead,
/// };
///
/// let key = SigningKey::from_seed(KeyName::parse("example.com/log")?, &[7; 32]);
/// let head = TreeHead { size: 1, root: Hash::leaf(b"one") };
/// let note = Note::sign(&Checkpoint::new("example.com/log", head)?.to_string(), &[&key])?;
/// let proof = TlogProof::new(LeafIndex(0), vec![], note, None)?;
/// let trust = Trust { keys: vec![key.verifier().clone()], ..Trust::default() };
/// let verdict = |leaf| Ok::<_, Box<dyn core::error::Error>>(
///     verify_proof(&proof, "one.tlog-proof", leaf, &trust)?.verdict,
/// );
/// assert_eq!(verdict(Some(b"one"))?, Verdict::Verified);
/// assert_eq!(verdict(Some(b"two"))?, Verdict::Disputed);
/// assert_eq!(verdict(None)?, Verdict::Incomplete);
/// # Ok::<(), Box<dyn core::error::Error>>(())
/// ```
///
/// # Errors
///
/// [`CheckpointError`](crate::log::CheckpointError) if the proof's note is no checkpoint.
///
/// # Does not prove
///
/// That what the leaf says is true: that a play took place, or that it was counted. That the same
/// data is not in the log a second time.
///
/// Source: C2SP tlog-proof (2025-12), "Verifying a tlog proof".
pub fn verify_proof(
    proof: &TlogProof,
    name: &str,
    leaf: Option<&[u8]>,
    trust: &Trust,
) -> Result<Report, crate::log::CheckpointError> {
    let note = proof.checkpoint();
    let checkpoint = Checkpoint::parse(note.text())?;
    let mut checker = Checker::default();
    let logged = Signed::checkpoint("checkpoint", note, &checkpoint, trust);
    let signer = check_checkpoint_note(&mut checker, &logged, trust);
    check_head(
        &mut checker,
        "checkpoint",
        checkpoint.origin(),
        checkpoint.head(),
    );
    let extra = proof.extra().filter(|extra| extra.len() == RECORD_LENGTH);
    note_other_extra(&mut checker, proof.index(), leaf, extra);
    let holds = check_inclusion(&mut checker, proof, &checkpoint, leaf, extra);
    let event = check_record(&mut checker, proof.index(), leaf, extra, holds);
    let subject = Subject {
        kind: "proof",
        name: name.to_owned(),
        sha256: Some(sha256(proof.to_string().as_bytes())),
        run_note: None,
        origin: checkpoint.origin().to_owned(),
        signer,
        log_size: checkpoint.head().size,
    };
    Ok(checker.finish(subject, event.map_or(Summary::None, Summary::Event)))
}

/// Checks that the leaf is in the tree; whether it is.
fn check_inclusion(
    checker: &mut Checker,
    proof: &TlogProof,
    checkpoint: &Checkpoint,
    leaf: Option<&[u8]>,
    extra: Option<&[u8]>,
) -> bool {
    let (data, whence) = match (leaf, extra) {
        (Some(leaf), _) => (leaf, "the given data"),
        (None, Some(extra)) => (
            extra,
            "the record in the extra line (which nobody signs: it counts because its hash leads to the checkpoint's root)",
        ),
        (None, None) => {
            let detail = "the proof brings no event record, so what it is a proof of must be given: the leaf's data (--leaf FILE)";
            checker.skip(INCLUSION, 1, detail);
            return false;
        }
    };
    let LeafIndex(index) = proof.index();
    let head = checkpoint.head();
    let result = proof.verify(Hash::leaf(data), head);
    let passed = format!(
        "{whence} is leaf number {index} of the {} in the log {}",
        head.size,
        checkpoint.origin()
    );
    let problem = result.err().map(|problem| {
        let (expected, found) = match problem {
            ProofError::RootMismatch {
                expected, found, ..
            } => (
                format!("the root {expected} at size {}", head.size),
                format!("the root {found}"),
            ),
            _ => (
                "a proof for this index and size".to_owned(),
                problem.to_string(),
            ),
        };
        let hint = if leaf.is_none() {
            "; if this is another log's proof, give the leaf's data (--leaf FILE)"
        } else {
            ""
        };
        Finding::error(INCLUSION, format!("leaf {index}"))
            .compared(expected, found)
            .saying(format!(
                "{whence} is not leaf number {index} of this log: {problem}{hint}"
            ))
    });
    let holds = problem.is_none();
    checker.single(INCLUSION, 1, passed, problem);
    holds
}

/// Where the leaf is given, nothing else vouches for a record in the extra line.
fn note_other_extra(
    checker: &mut Checker,
    LeafIndex(index): LeafIndex,
    leaf: Option<&[u8]>,
    extra: Option<&[u8]>,
) {
    let (Some(leaf), Some(extra)) = (leaf, extra) else {
        return;
    };
    if leaf != extra {
        checker.note(
            Finding::new("other-extra", Severity::Warning, format!("leaf {index}"))
                .compared("the given data, or no record", hex(extra))
                .saying("the record in the extra line is not the given data, which alone was checked: nobody vouches for that line"),
        );
    }
}

/// Checks that the leaf is an event. Other logs' leaves need not be one.
fn check_record(
    checker: &mut Checker,
    index: LeafIndex,
    leaf: Option<&[u8]>,
    extra: Option<&[u8]>,
    holds: bool,
) -> Option<EventView> {
    let data = leaf.or(extra)?;
    let read = Record::parse(data).and_then(|record| Ok((record, record.event_checked()?)));
    match read {
        _ if !holds && leaf.is_none() => {
            let detail =
                "what stands in the extra line is not what the log holds, so it is not shown";
            checker.skip(RECORD, 1, detail);
            None
        }
        Ok((record, event)) if holds => {
            let event = EventView::new(index, &record, &event);
            checker.single(RECORD, 1, event.in_words(), None);
            Some(event)
        }
        Err(problem) if leaf.is_none() => {
            let LeafIndex(index) = index;
            let problem = Finding::error(RECORD, format!("leaf {index}"))
                .compared("an event record", hex(data))
                .saying(format!(
                    "the log holds 54 bytes that are no event: {problem}"
                ));
            checker.single(RECORD, 1, "", Some(problem));
            None
        }
        _ => None,
    }
}

const INCLUSION: &str = "proof.inclusion";
const RECORD: &str = "proof.record";
