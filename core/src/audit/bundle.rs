//! Verifying one holder's bundle.

use crate::attribution::Attributor;
use crate::bundle::{Bundle, BundleError, Slice, scope_keys};
use crate::royalty::{Cell, Reason};
use crate::statement::Table;

use super::checker::Checker;
use super::money::{Claims, check_balances, check_cells};
use super::notes::sha256;
use super::plays::{check_nonce, check_openings, check_plays, visible_registry};
use super::report::{Finding, Report, Severity, Subject, Summary};
use super::signed::{
    RUN_SIGNATURE, Signed, check_auditor, check_balance, check_checkpoint, check_checkpoint_note,
    check_file, check_validity,
};
use super::view::{earned_by_cell, suspended_sums, totals};
use super::{Progress, Trust};

/// Verifies a bundle: who signed it, that the holder's plays are all there, and that the money follows.
///
/// `name` is the file's name for the report. Time and memory are linear in the bytes.
///
/// # Errors
///
/// [`BundleError`] if the bytes are not a bundle; contradictions are findings in the report.
///
/// # Does not prove
///
/// That recorded plays took place or that all plays were recorded; that subscriptions, which are
/// others' private matter, put plays in the right tier; that the totals a pool is divided by are
/// right, unless an auditor in `trust` has signed; that anything was paid out.
pub fn verify_bundle(
    bytes: &[u8],
    name: &str,
    trust: &Trust,
    progress: Progress<'_>,
) -> Result<Report, BundleError> {
    progress(0, 0, "reading");
    let bundle = Bundle::read(bytes)?;
    let mut checker = Checker::default();

    progress(0, 0, "signatures");
    let signed = Signed::statement("run.note", &bundle.run_note, &bundle.run.origin, trust);
    let signer = signed.check(&mut checker, RUN_SIGNATURE, trust);
    let origin = bundle.checkpoint.origin();
    let logged = Signed::statement("checkpoint", &bundle.checkpoint_note, origin, trust);
    check_checkpoint_note(&mut checker, &logged, trust);
    check_checkpoint(&mut checker, &bundle.run, &bundle.checkpoint);
    check_file(
        &mut checker,
        "rules.hash",
        "rules.toml",
        bundle.run.rules,
        bundle.rules_file,
    );
    check_file(
        &mut checker,
        "pools.hash",
        "pools.csv",
        bundle.run.pools,
        bundle.pools_file,
    );

    progress(0, 0, "tables");
    let slices = [
        &bundle.registry,
        &bundle.holders,
        &bundle.lines,
        &bundle.cells,
    ];
    for slice in slices {
        check_slice(&mut checker, &bundle, slice);
    }
    let registry = visible_registry(&mut checker, &bundle);
    let cells = bundle.numbered_cells();
    let lines = bundle.line_values();
    let balances = bundle.balances();
    let attributor = Attributor {
        registry: &registry,
        rules: &bundle.rules.counting,
        period: bundle.run.period,
        tiers: bundle.pools.tiers(),
    };
    let earned = earned_by_cell(&cells, &lines);
    let heard = check_plays(
        &mut checker,
        &bundle,
        &attributor,
        &cells,
        &earned,
        progress,
    );
    progress(0, 0, "events");
    check_nonce(&mut checker, &bundle, trust);
    check_openings(&mut checker, &bundle, &attributor, &heard.wanted);

    progress(0, 0, "money");
    check_cells(&mut checker, &bundle, &cells);
    let licence_beside = |key: &[u8]| key.first() == Some(&5);
    let mut beside = bundle.registry.boundaries.iter();
    Claims {
        bundle: &bundle,
        registry: &registry,
        licences: !registry.licences().is_empty() || beside.any(|b| licence_beside(b.key)),
        cells: &cells,
        times: &heard.times,
        lines: &lines,
    }
    .check_lines(&mut checker);
    check_balances(&mut checker, &bundle, &lines, &balances);
    let mut shown = cells.iter().map(|(_, cell)| cell);
    check_balance(&mut checker, &bundle.run, &bundle.pools, &mut shown);
    check_auditor(&mut checker, &bundle.run_note, trust);
    check_validity(&mut checker, &bundle.rules, bundle.run.period);
    checker.leave_open(bundle.rules.model.unseen());
    note_what_to_act_on(&mut checker, &bundle, &cells);

    let subject = Subject {
        kind: "bundle",
        name: name.to_owned(),
        sha256: Some(sha256(bytes)),
        run_note: Some(sha256(bundle.run_note.text().as_bytes())),
        origin: bundle.run.origin.clone(),
        signer,
        log_size: bundle.run.log.size,
    };
    let totals = totals(&bundle, &registry, &cells, &lines, &balances, &heard);
    Ok(checker.finish(subject, Summary::Bundle(Box::new(totals))))
}

/// Names of the slices' checks.
const fn check_id(table: Table) -> &'static str {
    match table {
        Table::Registry => "registry.slice",
        Table::Plays => "plays.slice",
        Table::Cells => "cells.slice",
        Table::Lines => "lines.slice",
        Table::Holders => "holders.slice",
    }
}

fn check_slice(checker: &mut Checker, bundle: &Bundle<'_>, slice: &Slice<'_>) {
    let table = slice.table;
    let head = bundle.run.table(table);
    let keys = scope_keys(&bundle.scope, table);
    let result = slice.verify(&keys, head, &[], |_, _, _| ());
    let problem = result.err().map(|problem| {
        Finding::new(check_id(table), Severity::Error, table.name())
            .compared(
                format!("rows under the root {} of {} rows", head.root, head.size),
                "other rows, or not all of them",
            )
            .saying(format!("{}: {problem}", table.name()))
    });
    let passed = format!(
        "{} of {} rows of `{}`, complete for this holder and as committed by the run note",
        slice.count(),
        head.size,
        table.name()
    );
    checker.single(check_id(table), 2, passed, problem);
}

/// Money of the holder's recordings that nobody got, and plays that earn nothing.
fn note_what_to_act_on(checker: &mut Checker, bundle: &Bundle<'_>, cells: &[(u64, Cell)]) {
    for ((currency, reason), amount) in suspended_sums(cells.iter().map(|(_, cell)| cell)) {
        let detail = match reason {
            Reason::NotLicensed => {
                "money of your recordings is held back: the service had no licence there and then"
            }
            Reason::BelowThreshold => {
                "money of your recordings is held back: they do not reach the rules' threshold"
            }
            Reason::NoShares => "money of your recordings is held back: nobody claims the right",
            Reason::OverClaimed => {
                "money of your recordings is held back: the claims exceed the whole; settle it with the other claimants"
            }
            _ => {
                "part of your recordings' money is held back: some of the right is not claimed by anybody"
            }
        };
        checker.note(
            Finding::new(reason.as_str(), Severity::Warning, "my recordings")
                .of_money(amount, currency)
                .saying(detail),
        );
    }
    let pooled = |cell: &Cell| {
        let pools = bundle.pools.of(cell.key.territory, cell.key.tier);
        !pools.is_empty()
    };
    let without: u64 = cells
        .iter()
        .filter(|(_, cell)| !pooled(cell))
        .fold(0, |sum, (_, cell)| sum.saturating_add(cell.plays()));
    if without > 0 {
        checker.note(
            Finding::new("no-pool", Severity::Warning, "my recordings")
                .compared("a pool for each tier and territory", format!("{without} plays without one"))
                .saying(format!(
                    "{without} counted plays of your recordings earn nothing: their listeners had no subscription, or their tier and territory have no pool"
                )),
        );
    }
}
