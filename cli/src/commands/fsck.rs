//! `fsck`: a whole ledger checked, from the segments up.

use std::path::PathBuf;
use std::time::Instant;

use ledgerline::audit::Verdict;
use serde_json::json;

use super::show;
use super::trust::read_key;
use crate::error::{Error, Outcome};
use crate::ledger::fsck::{FsckOptions, FsckReport, fsck};
use crate::ui::{Ui, Unit};

/// Arguments of `fsck`.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Re-derives everything from the events and compares: SHA256SUMS with every segment, every row,
salt keys with the master secret, leaf hashes and all tiles, every stored checkpoint with the
tree and the log's key, the write-ahead file, the registry's database. Names the first damage by
file and place, then what else is damaged. Writes nothing, takes no lock, and may run while a
writer is at work.

Exit codes: 0 whole; 1 damaged (also an unreadable ledger.toml), or contradicted:
LEDGER/contradiction holds a witness's proof of another history of this log, however whole the
files are; 2 wrong usage, no ledger there, files that may not be read; 3 whole as far as could be
checked: without secret/ give --key, and events that are not sealed yet cannot be hashed.

Not covered by any hash, so that a change to another valid value goes unnoticed: period and state
in ledger.toml, secret/listener.key, rows in registry.sqlite (runs commit to them), policy,
signatures of others than the log and the policy's witnesses, and whether an old file in
checkpoints/ is gone. Only a warning, as it may be right: registry.sqlite is not there; checkpoint is not there or an older one
(the newer ones may await cosignatures); damage in the last batch of wal/, behind the newest
checkpoint (a crash may leave it).

Examples:
  ledgerline fsck april
  ledgerline fsck auditors-copy --key service.vkey --json")]
pub struct Args {
    /// The ledger, or an auditor's copy of one
    pub ledger: PathBuf,

    /// A verifier key of the log (name+id+base64), or a file that holds it; repeat it after a
    /// rotation [default: those of LEDGER/vkeys]
    #[arg(long, value_name = "VKEY|FILE")]
    pub key: Vec<String>,
}

/// Runs `fsck`.
///
/// # Errors
///
/// [`Error`].
pub fn run(args: &Args, ui: &Ui) -> Result<Outcome, Error> {
    let keys = args.key.iter().map(|text| read_key("--key", text));
    let options = FsckOptions {
        keys: keys.collect::<Result<_, _>>()?,
    };
    let bar = ui.progress(Some(0), "checking", Unit::Items);
    let began = Instant::now();
    let report = fsck(&args.ledger, &options, &mut |done, total| {
        bar.set_length(total);
        bar.set_position(done);
    });
    bar.finish_and_clear();
    let report = report?;
    let ms = began.elapsed().as_millis().max(1);
    ui.result(|| in_json(&report), || words(&report))?;
    ui.say(&format!(
        "{} events in {ms} ms, {} events/s",
        report.events,
        u128::from(report.events) * 1000 / ms
    ));
    Ok(show::outcome(report.verdict()))
}

fn in_json(report: &FsckReport) -> serde_json::Value {
    let checks: Vec<_> = report
        .checks
        .iter()
        .map(|check| json!({"id": check.id, "status": check.status, "detail": check.detail}))
        .collect();
    json!({
        "subject": report.subject,
        "verdict": report.verdict(),
        "origin": report.origin,
        "events": report.events,
        "checkpoint": report.head.map(|head| json!({
            "size": head.size,
            "root": head.root.to_string(),
        })),
        "checks": checks,
        "damage": report.damage,
        "damages": report.damages,
        "contradiction": report.contradiction,
        "warnings": report.warnings,
    })
}

fn words(report: &FsckReport) -> String {
    let verdict = match report.verdict() {
        Verdict::Verified => "WHOLE",
        Verdict::Incomplete => "WHOLE AS FAR AS COULD BE CHECKED",
        Verdict::Disputed if report.contradiction.is_none() => "DAMAGED",
        Verdict::Disputed if report.damages > 0 => {
            "DAMAGED, and a witness has proved another history of this log"
        }
        Verdict::Disputed => {
            "CONTRADICTED: no damage was found, but a witness has proved another history of this log"
        }
    };
    let mut text = format!("{}: {verdict}\n", report.subject);
    if let Some(first) = report.damage.first() {
        text.push_str(&format!("first damage: {first}\n"));
    }
    for check in &report.checks {
        let mark = show::mark(check.status);
        text.push_str(&format!("{mark} {}: {}\n", check.id, check.detail));
    }
    for damage in report.damage.iter().skip(1) {
        text.push_str(&format!("damage: {damage}\n"));
    }
    let unlisted = report.damages - report.damage.len() as u64;
    if unlisted > 0 {
        text.push_str(&format!("and {unlisted} more damaged places\n"));
    }
    for warning in &report.warnings {
        text.push_str(&format!("warning: {warning}\n"));
    }
    text
}
