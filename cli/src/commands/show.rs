//! A report in words, for the terminal.

use ledgerline::audit::{Finding, Report, Severity, Status, Summary, Verdict};

use crate::error::{Error, Outcome};
use crate::ui::{Ui, counted, plain, plain_json};

/// Findings that are listed unless JSON is asked for.
const LISTED: usize = 20;

/// Writes a report and gives the command's outcome.
///
/// # Errors
///
/// [`Error::Output`].
pub fn report(report: &Report, ui: &Ui) -> Result<Outcome, Error> {
    if ui.json {
        ui.data(&plain_json(&report.to_json()))?;
    } else {
        ui.data(&plain(words(report).trim_end()))?;
    }
    Ok(outcome(report.verdict))
}

/// The command's outcome for a verdict.
#[must_use]
pub const fn outcome(verdict: Verdict) -> Outcome {
    match verdict {
        Verdict::Verified => Outcome::Done,
        Verdict::Disputed => Outcome::Disputed,
        Verdict::Incomplete => Outcome::Incomplete,
    }
}

fn words(report: &Report) -> String {
    let verdict = match report.verdict {
        Verdict::Verified => "VERIFIED",
        Verdict::Disputed => "DISPUTED",
        Verdict::Incomplete => "INCOMPLETE",
    };
    let mut text = format!(
        "{}: {verdict}\n{}\n\n",
        report.subject.name, report.headline
    );
    if let Some(hash) = &report.subject.run_note {
        text.push_str(&format!(
            "Statement (SHA-256 of the run note's text): {hash}\n\n"
        ));
    }
    for rung in &report.ladder {
        text.push_str(&format!(
            "{} {}. {}: {}\n       Does not prove: {}\n",
            mark(rung.status),
            rung.rung,
            rung.title,
            rung.says,
            rung.does_not_prove
        ));
    }
    if !report.ladder.is_empty() {
        text.push('\n');
    }
    for check in &report.checks {
        text.push_str(&format!(
            "{} {}: {}\n",
            mark(check.status),
            check.id,
            check.detail
        ));
    }
    text.push_str(&findings(&report.findings));
    text.push_str(&totals(report));
    text
}

/// How many findings there are, and the first of them.
#[must_use]
pub fn findings(findings: &[Finding]) -> String {
    if findings.is_empty() {
        return String::new();
    }
    let mut text = format!("\n{}\n", counted(findings.len() as u64, "finding"));
    for finding in findings.iter().take(LISTED) {
        let severity = match finding.severity {
            Severity::Error => "error",
            Severity::Warning => "warning",
            Severity::Info => "info",
        };
        text.push_str(&format!(
            "{severity} {} at {}: {}",
            finding.code, finding.place, finding.detail
        ));
        if !finding.expected.is_empty() {
            text.push_str(&format!(
                "\n  expected {}\n  found    {}",
                finding.expected, finding.found
            ));
        }
        if let (Some(micros), Some(currency)) = (finding.amount_micros, &finding.currency) {
            let amount = ledgerline::money::Micros(micros);
            text.push_str(&format!("\n  amount   {amount} {currency}"));
        }
        text.push('\n');
    }
    if findings.len() > LISTED {
        let more = findings.len() - LISTED;
        text.push_str(&format!("and {more} more; --json lists all\n"));
    }
    text
}

fn totals(report: &Report) -> String {
    let mut text = String::new();
    match &report.totals {
        Summary::Bundle(totals) => {
            text.push_str(&format!(
                "\n{} ({}), {} to {}: {} counted plays of {} recordings\n",
                if totals.holder.name.is_empty() {
                    "holder"
                } else {
                    &totals.holder.name
                },
                totals.holder.id,
                totals.period.from,
                totals.period.to,
                totals.plays.counted,
                totals.tracks.len()
            ));
            for account in &totals.currencies {
                text.push_str(&format!(
                    "{}  earned {}  brought forward {}  replaced {}  payable {}  carried forward {}\n",
                    account.currency,
                    account.earned,
                    account.brought_forward,
                    account.replaced,
                    account.payable,
                    account.carried_forward
                ));
            }
        }
        Summary::Run(totals) => {
            text.push_str(&format!(
                "\n{} to {}, revision {}: {} counted plays, {} cells, {} lines, {} accounts\n",
                totals.period.first().map_or("", String::as_str),
                totals.period.last().map_or("", String::as_str),
                totals.revision,
                totals.counted,
                totals.cells,
                totals.lines,
                totals.accounts
            ));
            for currency in &totals.currencies {
                text.push_str(&format!(
                    "{}  pool {}  paid {}  suspense {}\n",
                    currency.currency, currency.pool, currency.paid, currency.suspense
                ));
            }
        }
        Summary::Event(event) => text.push_str(&format!("\n{}\n", event.in_words())),
        Summary::None => {}
    }
    text
}

/// A check's status in six characters.
#[must_use]
pub const fn mark(status: Status) -> &'static str {
    match status {
        Status::Pass => "[ ok ]",
        Status::Fail => "[FAIL]",
        Status::Skip => "[skip]",
    }
}
