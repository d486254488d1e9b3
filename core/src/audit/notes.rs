//! Single notes: a run note, a checkpoint.

use crate::log::{Checkpoint, CheckpointError, Hash, Note, Policy};
use crate::statement::{RunNote, RunNoteError};
use crate::wire::hex;

use super::Trust;
use super::checker::{Checker, Problems};
use super::heads::{LoggedHead, check_head};
use super::report::{Report, RunCurrency, RunTotals, Subject, Summary};
use super::signed::{
    QUORUM, RUN_SIGNATURE, Signed, check_auditor, check_checkpoint_note, check_parts, check_quorum,
    impossible,
};

/// Verifies a run note.
///
/// `beside` are heads of other files at hand. A policy's quorum is about checkpoints, of which a run
/// note has none: it is asked of a checkpoint among them that the log signed and that has the head of
/// the run note's `log` line.
///
/// # Errors
///
/// [`RunNoteError`] if the note's text is none.
///
/// # Does not prove
///
/// That any figure in it is right.
pub fn verify_run_note(
    note: &Note,
    name: &str,
    beside: &[LoggedHead],
    trust: &Trust,
) -> Result<Report, RunNoteError> {
    let run = RunNote::parse(note.text())?;
    let mut checker = Checker::default();
    let signed = Signed::statement("run.note", note, &run.origin, trust);
    let signer = signed.check(&mut checker, RUN_SIGNATURE, trust);
    check_log(&mut checker, &run, beside, trust);
    let mut problems = Problems::default();
    for (currency, totals) in &run.totals {
        check_parts(&mut problems, *currency, totals);
    }
    checker.conclude(
        "run.balance",
        3,
        "in every currency, paid + suspense = pool",
        problems,
    );
    check_auditor(&mut checker, note, trust);
    let subject = Subject {
        kind: "run-note",
        name: name.to_owned(),
        sha256: Some(sha256(note.to_string().as_bytes())),
        run_note: Some(sha256(note.text().as_bytes())),
        origin: run.origin.clone(),
        signer,
        log_size: run.log.size,
    };
    Ok(checker.finish(subject, Summary::Run(run_totals(&run))))
}

/// What a run note says of a whole run.
pub(super) fn run_totals(run: &RunNote) -> RunTotals {
    let currency =
        |(currency, totals): (&crate::money::Currency, &crate::royalty::Totals)| RunCurrency {
            currency: currency.to_string(),
            pool: totals.pool.to_string(),
            paid: totals.paid.to_string(),
            suspense: totals.suspense.to_string(),
        };
    RunTotals {
        period: [run.period.from().to_string(), run.period.to().to_string()],
        revision: run.revision,
        events: run.log.size,
        counted: run.plays.size,
        cells: run.cells.size,
        lines: run.lines.size,
        accounts: run.holders.size,
        currencies: run.totals.iter().map(currency).collect(),
        ..RunTotals::default()
    }
}

/// Looks for the run's checkpoint beside it, and whether enough witnesses have cosigned that one.
fn check_log(checker: &mut Checker, run: &RunNote, beside: &[LoggedHead], trust: &Trust) {
    if let Some(problem) = impossible("run.note", RUN_LOG, run.log) {
        checker.single(RUN_LOG, 1, "", Some(problem));
        return;
    }
    let policy = trust.policy.as_ref();
    let policy = policy.filter(|policy| policy.asks_for_witnesses());
    let Some((checkpoint, place)) = checkpoint_of(run, beside, policy, trust) else {
        if policy.is_some() {
            checker.skip(
                QUORUM,
                1,
                "your policy asks for witnesses, but a run note carries no checkpoint that they could have cosigned: verify a bundle, or the run's checkpoint too",
            );
        }
        return;
    };
    let passed = format!(
        "the run is about the log {} with {} events, and {place} is its checkpoint",
        run.origin, run.log.size
    );
    checker.single(RUN_LOG, 1, passed, None);
    check_quorum(checker, &checkpoint.signed(&place, trust), trust);
}

/// The checkpoint of the run's log that the log signed, and where it stands: the one that is cosigned
/// by enough, if there are several. One with a false cosignature is judged in its own report.
fn checkpoint_of<'h>(
    run: &RunNote,
    beside: &'h [LoggedHead],
    policy: Option<&Policy>,
    trust: &Trust,
) -> Option<(&'h LoggedHead, String)> {
    let is_it = |other: &&LoggedHead| {
        let is_same = (other.origin(), other.head()) == (run.origin.as_str(), run.log);
        is_same && other.is_of_checkpoint() && other.is_signed(trust)
    };
    let cosigned = |other: &LoggedHead| -> Option<bool> {
        let Some(policy) = policy else {
            return Some(true);
        };
        let cosigned = policy.cosigned(other.note(), &trust.keys).ok()?;
        Some(policy.is_enough(&cosigned))
    };
    let found = beside.iter().filter(is_it);
    let found = found.filter_map(|other| Some((cosigned(other)?, other)));
    let (_, first) = found.reduce(|best, other| if other.0 && !best.0 { other } else { best })?;
    Some((first, first.place()))
}

/// Verifies a checkpoint alone.
///
/// # Errors
///
/// [`CheckpointError`] if the note's text is none.
///
/// # Does not prove
///
/// Anything about the events in the log, nor that others are shown the same log.
pub fn verify_checkpoint(
    note: &Note,
    name: &str,
    trust: &Trust,
) -> Result<Report, CheckpointError> {
    let checkpoint = Checkpoint::parse(note.text())?;
    let mut checker = Checker::default();
    let signed = Signed::checkpoint("checkpoint", note, &checkpoint, trust);
    let signer = check_checkpoint_note(&mut checker, &signed, trust);
    check_head(
        &mut checker,
        "checkpoint",
        checkpoint.origin(),
        checkpoint.head(),
    );
    Ok(checker.finish(
        checkpoint_subject(note, name, &checkpoint, signer),
        Summary::None,
    ))
}

fn checkpoint_subject(
    note: &Note,
    name: &str,
    checkpoint: &Checkpoint,
    signer: Option<String>,
) -> Subject {
    Subject {
        kind: "checkpoint",
        name: name.to_owned(),
        sha256: Some(sha256(note.to_string().as_bytes())),
        run_note: None,
        origin: checkpoint.origin().to_owned(),
        signer,
        log_size: checkpoint.head().size,
    }
}

/// SHA-256 in lower-case hex, as `sha256sum` prints it.
pub(super) fn sha256(bytes: &[u8]) -> String {
    hex(Hash::of(bytes).as_bytes())
}

const RUN_LOG: &str = "run.log";
