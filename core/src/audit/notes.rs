//! Single notes: a run note, a checkpoint.

use crate::log::{Checkpoint, CheckpointError, Hash, Note};
use crate::statement::{RunNote, RunNoteError};
use crate::wire::hex;

use super::Trust;
use super::checker::{Checker, Problems};
use super::report::{Report, RunCurrency, RunTotals, Subject, Summary};
use super::signed::{
    check_auditor, check_checkpoint_note, check_parts, check_signature, skip_quorum,
};

/// Verifies a run note alone.
///
/// # Errors
///
/// [`RunNoteError`] if the note's text is none.
///
/// # Does not prove
///
/// That any figure in it is right.
pub fn verify_run_note(note: &Note, name: &str, trust: &Trust) -> Result<Report, RunNoteError> {
    let run = RunNote::parse(note.text())?;
    let mut checker = Checker::default();
    let signed = (note, run.origin.as_str());
    let signer = check_signature(&mut checker, "run.signature", "run.note", signed, trust);
    skip_quorum(&mut checker, trust);
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
    check_auditor(&mut checker, signed, trust);
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
    let signed = (note, checkpoint.origin());
    let signer = check_checkpoint_note(&mut checker, "checkpoint", signed, trust);
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
