//! Auditing a whole run: what it states beside what is derived anew.

use std::collections::BTreeMap;

use crate::attribution::Tally;
use crate::attribution::signals::{SignalRules, Signals};
use crate::log::{Checkpoint, Hash, Note, TreeHead};
use crate::money::Micros;
use crate::royalty::{Cell, Pools, Reason, Rules};
use crate::statement::{
    Derived, Rows, RunNote, Table, read_balance, read_cell, read_line, read_play,
};
use crate::wire::{Reader, hex};

use super::Trust;
use super::checker::{Checker, Problems};
use super::notes::{run_totals, sha256};
use super::report::{Finding, Report, RunTotals, Severity, Subject, Summary};
use super::signals::listed_findings;
use super::signed::{
    RUN_SIGNATURE, Signed, check_auditor, check_balance, check_checkpoint, check_checkpoint_note,
    check_file, check_validity,
};

/// What reading one segment of the log gave.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct SegmentCheck {
    /// Its number.
    pub number: u64,
    /// What is wrong with it; `None` if it is whole.
    pub problem: Option<String>,
}

/// Everything an auditor holds about a run.
#[derive(Clone, Debug)]
pub struct RunEvidence<'a> {
    /// Name of the run's folder.
    pub name: &'a str,
    /// The signed run note.
    pub note: &'a Note,
    /// What it says.
    pub run: &'a RunNote,
    /// The signed checkpoint of the run.
    pub checkpoint_note: &'a Note,
    /// What it says.
    pub checkpoint: &'a Checkpoint,
    /// The run's rules file.
    pub rules_file: &'a [u8],
    /// The rules in it.
    pub rules: &'a Rules,
    /// The run's pools file.
    pub pools_file: &'a [u8],
    /// The pools in it.
    pub pools: &'a Pools,
    /// The run's tables as stored, in the order of [`Table::ALL`].
    pub stated: &'a [Rows; 5],
    /// The registry as the ledger's database knows it for this run; `None` if it is not at hand.
    pub database: Option<&'a Rows>,
    /// What reading the log gave.
    pub segments: &'a [SegmentCheck],
    /// Size and root of the log as read.
    pub log: TreeHead,
    /// The run derived anew.
    pub derived: &'a Derived,
    /// What became of the events.
    pub tally: Tally,
    /// The runs issued before, oldest first, as far as they are given.
    pub earlier: &'a [EarlierRun<'a>],
    /// What does not look like people listening, and by which thresholds.
    pub signals: (&'a Signals, &'a SignalRules),
    /// The file in which the ledger keeps a witness's proof of another history of this log, if it
    /// keeps one. Its absence proves nothing: whoever hands out the ledger can leave it out.
    pub contradiction: Option<&'a str>,
}

/// A run issued before the one that is audited.
#[derive(Clone, Copy, Debug)]
pub struct EarlierRun<'a> {
    /// Its folder's name.
    pub name: &'a str,
    /// Its signed note.
    pub note: &'a Note,
    /// What it says.
    pub run: &'a RunNote,
    /// Size and root of its holders table as stored.
    pub holders: TreeHead,
    /// Size and root of its cells table as stored.
    pub cells: TreeHead,
}

/// Compares a run with its own derivation.
///
/// # Does not prove
///
/// That recorded plays took place or that all plays were recorded, that the registry is right, or
/// that the log shown here is the one shown to others.
#[must_use]
pub fn audit_run(evidence: &RunEvidence<'_>, trust: &Trust) -> Report {
    let mut checker = Checker::default();
    let run = evidence.run;
    let signed = Signed::statement("run.note", evidence.note, &run.origin, trust);
    let signer = signed.check(&mut checker, RUN_SIGNATURE, trust);
    let origin = evidence.checkpoint.origin();
    let logged = Signed::statement("checkpoint", evidence.checkpoint_note, origin, trust);
    check_checkpoint_note(&mut checker, &logged, trust);
    check_checkpoint(&mut checker, run, evidence.checkpoint);
    check_file(
        &mut checker,
        "rules.hash",
        "rules.toml",
        run.rules,
        evidence.rules_file,
    );
    check_file(
        &mut checker,
        "pools.hash",
        "pools.csv",
        run.pools,
        evidence.pools_file,
    );
    check_log(&mut checker, evidence);
    check_history(&mut checker, evidence);
    for (table, rung) in [
        (Table::Registry, 2),
        (Table::Plays, 2),
        (Table::Cells, 3),
        (Table::Lines, 3),
        (Table::Holders, 3),
    ] {
        check_table(&mut checker, evidence, table, rung);
    }
    check_database(&mut checker, evidence);
    let mut cells = evidence.derived.settlement.cells.iter();
    check_balance(&mut checker, run, evidence.pools, &mut cells);
    check_text(&mut checker, evidence);
    check_earlier(&mut checker, evidence, trust);
    check_auditor(&mut checker, evidence.note, trust);
    check_validity(&mut checker, evidence.rules, run.period);
    note_beginning(&mut checker, evidence);
    note_tally(&mut checker, &evidence.tally);
    note_suspense(&mut checker, evidence);
    let (signals, thresholds) = evidence.signals;
    for finding in listed_findings(signals, thresholds) {
        checker.note(finding);
    }

    let subject = Subject {
        kind: "run",
        name: evidence.name.to_owned(),
        sha256: None,
        run_note: Some(sha256(evidence.note.text().as_bytes())),
        origin: run.origin.clone(),
        signer,
        log_size: run.log.size,
    };
    let totals = RunTotals {
        events: evidence.tally.events,
        duplicates: evidence.tally.duplicates,
        plays: evidence.tally.plays,
        counted: evidence.tally.counted,
        ..run_totals(run)
    };
    checker.finish(subject, Summary::Run(totals))
}

fn check_log(checker: &mut Checker, evidence: &RunEvidence<'_>) {
    let mut problems = Problems::default();
    for segment in evidence.segments {
        if let Some(problem) = &segment.problem {
            problems.add(|| {
                Finding::error("log.segments", format!("segment {:06}", segment.number))
                    .compared("a whole segment", "a damaged one")
                    .saying(problem.clone())
            });
        }
    }
    problems.require(evidence.log == evidence.run.log, || {
        Finding::error("log.segments", "segments")
            .compared(
                format!("{} {}", evidence.run.log.size, evidence.run.log.root),
                format!("{} {}", evidence.log.size, evidence.log.root),
            )
            .saying("the events in the segments are not the ones the log is signed for")
    });
    let passed = format!(
        "{} segments with {} events lead to the signed root",
        evidence.segments.len(),
        evidence.log.size
    );
    checker.conclude("log.segments", 1, passed, problems);
}

/// Nothing is looked at, and no check passes, where the ledger keeps no proof.
fn check_history(checker: &mut Checker, evidence: &RunEvidence<'_>) {
    let Some(file) = evidence.contradiction else {
        return;
    };
    let problem = Finding::error("log.contradiction", file)
        .compared(
            "one history of this log",
            "a witness's proof of another one",
        )
        .saying(
            "the ledger keeps a witness's proof that the log has signed another history than this \
             one: what was derived here may lack events that were published",
        );
    checker.single("log.contradiction", 1, "", Some(problem));
}

/// Names of the tables' checks.
const fn check_id(table: Table) -> &'static str {
    match table {
        Table::Registry => "registry.table",
        Table::Plays => "plays.table",
        Table::Cells => "cells.table",
        Table::Lines => "lines.table",
        Table::Holders => "holders.table",
    }
}

fn check_table(checker: &mut Checker, evidence: &RunEvidence<'_>, table: Table, rung: u8) {
    let mut problems = Problems::default();
    let (derived, tree) = evidence.derived.table(table);
    let committed = evidence.run.table(table);
    compare_rows(table, derived, table.of(evidence.stated), &mut problems);
    problems.require(tree.head() == committed, || {
        Finding::error(check_id(table), "run.note")
            .compared(
                format!("{} {}", tree.head().size, tree.head().root),
                format!("{} {}", committed.size, committed.root),
            )
            .saying(format!(
                "the run note commits to another table `{}` than the one derived",
                table.name()
            ))
    });
    let passed = format!(
        "{} rows of `{}` derived anew, all the same",
        derived.count(),
        table.name()
    );
    checker.conclude(check_id(table), rung, passed, problems);
}

/// The run's registry is the one the ledger's database had at that moment.
fn check_database(checker: &mut Checker, evidence: &RunEvidence<'_>) {
    let Some(database) = evidence.database else {
        checker.skip(
            "registry.database",
            2,
            "the ledger's registry.sqlite is not here, so the run's registry could not be compared with it",
        );
        return;
    };
    let mut problems = Problems::default();
    let stated = Table::Registry.of(evidence.stated);
    compare_rows(Table::Registry, database, stated, &mut problems);
    let passed = "the run's registry is what the ledger's database knew at that moment";
    checker.conclude("registry.database", 2, passed, problems);
}

/// Walks two tables in step and reports the rows in which they differ.
fn compare_rows(table: Table, derived: &Rows, stated: &Rows, problems: &mut Problems) {
    if derived.bytes() == stated.bytes() {
        return;
    }
    let (mut ours, mut theirs) = (0_u64, 0_u64);
    loop {
        let (a, b) = (derived.get(ours), stated.get(theirs));
        let (only_ours, only_theirs) = match (a, b) {
            (None, None) => return,
            (Some(a), Some(b)) if a == b => (true, true),
            (Some(a), Some(b)) => {
                let (x, y) = (place(table, a), place(table, b));
                // Rows of one place are one changed row; otherwise the lesser is missing or extra.
                if x.0 == y.0 {
                    problems.add(|| differing(table, &x, &y));
                    (true, true)
                } else if x.0 < y.0 {
                    problems.add(|| missing(table, &x));
                    (true, false)
                } else {
                    problems.add(|| extra(table, &y));
                    (false, true)
                }
            }
            (Some(a), None) => {
                problems.add(|| missing(table, &place(table, a)));
                (true, false)
            }
            (None, Some(b)) => {
                problems.add(|| extra(table, &place(table, b)));
                (false, true)
            }
        };
        ours = ours.saturating_add(u64::from(only_ours));
        theirs = theirs.saturating_add(u64::from(only_theirs));
    }
}

/// A row in words: its place in sorting order, its name, what it says, and its money.
type Place = (
    Vec<u8>,
    String,
    String,
    Option<(Micros, crate::money::Currency)>,
);

fn place(table: Table, (key, row): (&[u8], &[u8])) -> Place {
    let number = Reader::new(key).u64().unwrap_or_default();
    let mut reader = Reader::new(row);
    match table {
        Table::Plays => read_play(number, &mut reader).ok().map(|play| {
            let order = row.get(..28).unwrap_or_default();
            let name = format!(
                "{} {} {} play {}",
                play.isrc, play.territory, play.time, play.play
            );
            let says = format!(
                "tier {}, share version {}, {} ms, weight {}",
                play.tier, play.share_version, play.listened_ms, play.weight
            );
            ([key, order].concat(), name, says, None)
        }),
        Table::Cells => read_cell(number, &mut reader).ok().map(|cell: Cell| {
            let order = row.get(..6).unwrap_or_default();
            let key_ = cell.key;
            let name = format!(
                "{} {} tier {} v{}",
                key_.isrc, key_.territory, key_.tier, key_.share_version
            );
            let first = cell.amounts.first();
            let amounts: Vec<String> = cell
                .amounts
                .iter()
                .map(|a| format!("{} {} {}", a.right, a.amount, a.currency))
                .collect();
            let says = format!("{} plays, {}", cell.plays(), amounts.join(", "));
            (
                [key, order].concat(),
                name,
                says,
                first.map(|a| (a.amount, a.currency)),
            )
        }),
        Table::Lines => read_line(number, &mut reader).ok().map(|line| {
            let length = row.len().saturating_sub(16);
            let order = row.get(..length).unwrap_or_default();
            let name = format!(
                "{} {} {} tier {} v{} {}",
                line.party,
                line.cell.isrc,
                line.cell.territory,
                line.cell.tier,
                line.cell.share_version,
                line.right
            );
            let says = format!(
                "{} ppm, {} {}",
                line.ppm.parts(),
                line.amount,
                line.currency
            );
            (
                [key, order].concat(),
                name,
                says,
                Some((line.amount, line.currency)),
            )
        }),
        Table::Holders => read_balance(number, &mut reader).ok().map(|balance| {
            let order = row.get(..3).unwrap_or_default();
            let name = format!("{} {}", balance.party, balance.currency);
            let says = format!("earned {}, payable {}", balance.earned, balance.payable);
            (
                [key, order].concat(),
                name,
                says,
                Some((balance.earned, balance.currency)),
            )
        }),
        Table::Registry => None,
    }
    .unwrap_or_else(|| {
        let name = hex(key);
        let says = format!("a row of {} bytes", row.len());
        ([key, row].concat(), name, says, None)
    })
}

fn differing(table: Table, computed: &Place, stated: &Place) -> Finding {
    let finding = Finding::error(check_id(table), format!("{} {}", table.name(), stated.1))
        .compared(computed.2.clone(), stated.2.clone())
        .saying(format!(
            "a row of `{}` is not what the log, registry, pools and rules give",
            table.name()
        ));
    match (computed.3, stated.3) {
        (Some((a, currency)), Some((b, other))) if currency == other => {
            finding.of_money(b.minus(a).unwrap_or_default(), currency)
        }
        _ => finding,
    }
}

fn missing(table: Table, computed: &Place) -> Finding {
    let finding = Finding::error(check_id(table), format!("{} {}", table.name(), computed.1))
        .compared(computed.2.clone(), "no such row")
        .saying(format!(
            "a row of `{}` is missing from the run",
            table.name()
        ));
    match computed.3 {
        Some((amount, currency)) => {
            finding.of_money(Micros::ZERO.minus(amount).unwrap_or_default(), currency)
        }
        None => finding,
    }
}

fn extra(table: Table, stated: &Place) -> Finding {
    let finding = Finding::error(check_id(table), format!("{} {}", table.name(), stated.1))
        .compared("no such row", stated.2.clone())
        .saying(format!("a row of `{}` follows from nothing", table.name()));
    match stated.3 {
        Some((amount, currency)) => finding.of_money(amount, currency),
        None => finding,
    }
}

/// The runs before: what this one opens its accounts with is what they closed them with.
///
/// The amounts themselves are compared as rows of the holders table, since the derivation opened its
/// accounts from these runs.
fn check_earlier(checker: &mut Checker, evidence: &RunEvidence<'_>, trust: &Trust) {
    let Some(previous) = evidence.run.previous else {
        return;
    };
    if evidence.earlier.is_empty() {
        checker.skip(
            EARLIER,
            3,
            "the run continues an earlier one, which was not given: what it brings forward and replaces is taken as it says",
        );
        return;
    }
    for earlier in evidence.earlier {
        let place = "an earlier run's note";
        let signed = Signed::statement(place, earlier.note, &earlier.run.origin, trust);
        signed.check(checker, "previous.signature", trust);
    }
    let mut problems = Problems::default();
    let last = evidence.earlier.last();
    let last = last.map(|one| Hash::of(one.run.to_string().as_bytes()));
    problems.require(last == Some(previous), || {
        Finding::error(EARLIER, "run.note")
            .compared(
                format!(
                    "previous {}",
                    last.map_or_else(String::new, |hash| hash.to_string())
                ),
                format!("previous {previous}"),
            )
            .saying("the run continues another run than the last one given")
    });
    for earlier in evidence.earlier {
        for (what, found, expected) in [
            ("accounts", earlier.holders, earlier.run.holders),
            ("cells", earlier.cells, earlier.run.cells),
        ] {
            problems.require(found == expected, || {
                Finding::error(EARLIER, earlier.name)
                    .compared(
                        format!("{} {}", expected.size, expected.root),
                        format!("{} {}", found.size, found.root),
                    )
                    .saying(format!(
                        "an earlier run's {what} are not the ones that its note commits to"
                    ))
            });
        }
    }
    let passed = format!(
        "the accounts open with what {} earlier runs left in them",
        evidence.earlier.len()
    );
    checker.conclude(EARLIER, 3, passed, problems);
}

/// Name of the check of earlier runs.
const EARLIER: &str = "previous.accounts";

/// The derived note, line by line.
fn check_text(checker: &mut Checker, evidence: &RunEvidence<'_>) {
    let mut problems = Problems::default();
    let (derived, stated) = (evidence.derived.note.to_string(), evidence.run.to_string());
    let pairs = derived.lines().zip(stated.lines());
    for (line, (expected, found)) in (1_u32..).zip(pairs) {
        problems.require(expected == found, || {
            Finding::error("run.text", format!("run.note line {line}"))
                .compared(expected, found)
                .saying("the run note says something else than the derivation")
        });
    }
    problems.require(derived.lines().count() == stated.lines().count(), || {
        Finding::error("run.text", "run.note")
            .compared(
                derived.lines().count().to_string(),
                stated.lines().count().to_string(),
            )
            .saying("the run note has another number of lines than the derivation")
    });
    checker.conclude(
        "run.text",
        3,
        "the derived run note is the same, byte for byte",
        problems,
    );
}

/// A run that looks back and names no run before it counts no earlier plays.
fn note_beginning(checker: &mut Checker, evidence: &RunEvidence<'_>) {
    let months = evidence.rules.months_back();
    if months > 0 && evidence.run.previous.is_none() {
        checker.note(
            Finding::new("no-history", Severity::Warning, "run.note previous")
                .compared(format!("the runs of {months} months"), "no previous run")
                .saying("the rules look back on earlier runs, but this one names none: right only for the first run of all"),
        );
    }
}

/// What became of events that do not count or earn nothing.
fn note_tally(checker: &mut Checker, tally: &Tally) {
    let mut note = |code, severity, count: u64, detail: &str| {
        if count > 0 {
            checker.note(
                Finding::new(code, severity, "log")
                    .compared("0", count.to_string())
                    .saying(format!("{count} {detail}")),
            );
        }
    };
    note(
        "event-conflict",
        Severity::Warning,
        tally.conflicting,
        "events disagree with their play about recording or territory and were left out",
    );
    note(
        "no-tier",
        Severity::Warning,
        tally.without_subscription,
        "counted plays are by listeners without a subscription and earn nothing",
    );
    note(
        "unknown-tier",
        Severity::Warning,
        tally.unknown_tier,
        "counted plays are under a tier that no pool names and earn nothing",
    );
    note(
        "too-late",
        Severity::Warning,
        tally.too_late,
        "qualified plays started too long before the period and are not counted",
    );
    note(
        "after-period",
        Severity::Warning,
        tally.after,
        "qualified plays started after the period and are not counted",
    );
    note(
        "late",
        Severity::Info,
        tally.late,
        "counted plays started before the period",
    );
    note(
        "duplicate",
        Severity::Info,
        tally.duplicates,
        "events are identical repetitions and count once",
    );
}

/// Money that nobody gets, one finding for each recording, right, reason and currency.
fn note_suspense(checker: &mut Checker, evidence: &RunEvidence<'_>) {
    let settlement = &evidence.derived.settlement;
    let mut sums = BTreeMap::new();
    for cell in &settlement.cells {
        for entry in cell.amounts.iter().filter(|e| e.reason != Reason::None) {
            let key = (entry.reason, cell.key.isrc, &entry.right, entry.currency);
            let sum: &mut Micros = sums.entry(key).or_default();
            *sum = Micros(sum.0.saturating_add(entry.suspended.0));
        }
    }
    for ((reason, isrc, right, currency), amount) in sums {
        let detail = match reason {
            Reason::UnknownIsrc => "the registry does not know the recording",
            Reason::NotLicensed => "the service had no licence for the recording there and then",
            Reason::BelowThreshold => "it does not reach the rules' threshold",
            Reason::NoShares => "nobody has a share in the right",
            Reason::OverClaimed => "the shares in the right exceed the whole",
            _ => "the shares in the right fall short of the whole",
        };
        checker.note(
            Finding::new(
                reason.as_str(),
                Severity::Warning,
                format!("{isrc} {right}"),
            )
            .of_money(amount, currency)
            .saying(format!("money is in suspense: {detail}")),
        );
    }
    for pool in &settlement.no_plays {
        let place = format!("{} {} {}", pool.territory, pool.tier, pool.right);
        checker.note(
            Finding::new(Reason::NoPlays.as_str(), Severity::Warning, place)
                .of_money(pool.amount, pool.currency)
                .saying("money is in suspense: the pool has no counted play"),
        );
    }
    for part in &settlement.idle {
        let pool = &part.pool;
        let place = format!("{} {} {}", pool.territory, pool.tier, pool.right);
        checker.note(
            Finding::new(Reason::IdleSubscribers.as_str(), Severity::Warning, place)
                .of_money(part.amount, pool.currency)
                .saying("money is in suspense: what subscribers without plays paid"),
        );
    }
}
