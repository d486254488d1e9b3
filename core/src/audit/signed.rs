//! Rung 1 and 4: signatures, and that note, checkpoint, rules and pools belong together.

use std::collections::BTreeMap;

use crate::log::{Checkpoint, Hash, Note, VerifierKey};
use crate::money::{Currency, Micros};
use crate::royalty::{Cell, Pools, Totals};
use crate::statement::RunNote;

use super::Trust;
use super::checker::{Checker, Problems};
use super::report::Finding;

/// A key as people compare it: `name+id`.
pub(super) fn short(key: &VerifierKey) -> String {
    format!("{}+{:08x}", key.name(), key.id())
}

/// Checks a note's signature by the operator; the signer if it holds.
pub(super) fn check_signature(
    checker: &mut Checker,
    id: &'static str,
    place: &'static str,
    note: &Note,
    trust: &Trust,
) -> Option<String> {
    let Some(key) = &trust.key else {
        checker.skip(
            id,
            1,
            format!("{place}: no verifier key was given, so its signature could not be checked"),
        );
        return None;
    };
    let signer = short(key);
    let result = note.verify(core::slice::from_ref(key));
    let problem = result.as_ref().err().map(|problem| {
        let signers: Vec<String> = note
            .signatures()
            .iter()
            .map(|line| format!("{}+{:08x}", line.name(), line.id()))
            .collect();
        Finding::error(id, place)
            .compared(
                format!("a valid signature by {signer}"),
                format!("signature lines by {}", signers.join(", ")),
            )
            .saying(format!("{place}: {problem}"))
    });
    let holds = problem.is_none();
    checker.single(id, 1, format!("{place} is signed by {signer}"), problem);
    holds.then_some(signer)
}

/// Checks that some auditor of those asked for has signed.
pub(super) fn check_auditor(checker: &mut Checker, note: &Note, trust: &Trust) {
    if trust.auditors.is_empty() {
        return;
    }
    // The part behind name and id is the public key: one key under two names is one signer.
    let public = |key: &VerifierKey| key.to_string().splitn(3, '+').nth(2).map(str::to_owned);
    let operator = trust.key.as_ref().and_then(public);
    if operator.is_some() && trust.auditors.iter().any(|key| public(key) == operator) {
        let problem = Finding::error("auditor.signature", "auditor key")
            .compared("a key of somebody else", "the operator's own key")
            .saying("the auditor's key is the operator's own, which vouches for nothing more");
        checker.single("auditor.signature", 4, "", Some(problem));
        return;
    }
    let result = note.verify(&trust.auditors);
    let asked: Vec<String> = trust.auditors.iter().map(short).collect();
    let problem = result.as_ref().err().map(|problem| {
        Finding::error("auditor.signature", "run.note")
            .compared(
                format!("a valid signature by {}", asked.join(" or ")),
                "none",
            )
            .saying(format!("run.note: {problem}"))
    });
    let signed: Vec<String> = result.iter().flatten().map(|key| short(key)).collect();
    let passed = format!("the run is also signed by {}", signed.join(", "));
    checker.single("auditor.signature", 4, passed, problem);
}

/// Checks that the checkpoint is the one of the run.
pub(super) fn check_checkpoint(checker: &mut Checker, run: &RunNote, checkpoint: &Checkpoint) {
    let same = checkpoint.origin() == run.origin && checkpoint.head() == run.log;
    let problem = (!same).then(|| {
        let head = checkpoint.head();
        Finding::error("run.log", "checkpoint")
            .compared(
                format!("{} {} {}", run.origin, run.log.size, run.log.root),
                format!("{} {} {}", checkpoint.origin(), head.size, head.root),
            )
            .saying("the checkpoint is not that of the log which the run note names")
    });
    let passed = format!(
        "the run is about the log {} with {} events",
        run.origin, run.log.size
    );
    checker.single("run.log", 1, passed, problem);
}

/// Checks a file against the hash in the run note.
pub(super) fn check_file(
    checker: &mut Checker,
    id: &'static str,
    place: &'static str,
    stated: Hash,
    file: &[u8],
) {
    let found = Hash::of(file);
    let problem = (found != stated).then(|| {
        Finding::error(id, place)
            .compared(stated.to_string(), found.to_string())
            .saying(format!("{place} is not the file that the run note names"))
    });
    let passed = format!("{place} is the file that the run note names");
    checker.single(id, 1, passed, problem);
}

/// paid + suspense = pool.
pub(super) fn check_parts(problems: &mut Problems, currency: Currency, totals: &Totals) {
    let parts = totals.paid.plus(totals.suspense);
    let adds_up = totals.paid.0 >= 0 && totals.suspense.0 >= 0 && parts == Ok(totals.pool);
    problems.require(adds_up, || {
        Finding::error("run.balance", format!("run.note {currency}"))
            .compared(
                totals.pool.to_string(),
                format!("{} + {}", totals.paid, totals.suspense),
            )
            .saying("paid and suspense do not add up to the pool")
    });
}

/// Checks that the money of each currency is all accounted for.
pub(super) fn check_balance(
    checker: &mut Checker,
    run: &RunNote,
    pools: &Pools,
    cells: &mut dyn Iterator<Item = &Cell>,
) {
    let mut problems = Problems::default();
    let sums = pools.sums().unwrap_or_default();
    problems.require(run.totals.keys().eq(sums.keys()), || {
        let list = |codes: Vec<String>| codes.join(" ");
        Finding::error("run.balance", "run.note")
            .compared(
                list(sums.keys().map(ToString::to_string).collect()),
                list(run.totals.keys().map(ToString::to_string).collect()),
            )
            .saying("the run note has other currencies than the pools")
    });
    for (currency, totals) in &run.totals {
        let pool = sums.get(currency).copied().unwrap_or_default();
        problems.require(totals.pool == pool, || {
            Finding::error("run.balance", format!("run.note pool {currency}"))
                .compared(pool.to_string(), totals.pool.to_string())
                .saying("the run note states another sum of the pools than the pools file has")
        });
        check_parts(&mut problems, *currency, totals);
    }
    let mut held: BTreeMap<Currency, Micros> = BTreeMap::new();
    for entry in cells.flat_map(|cell| &cell.amounts) {
        let sum = held.entry(entry.currency).or_default();
        *sum = Micros(sum.0.saturating_add(entry.suspended.0));
    }
    for (currency, sum) in held {
        let stated = run.totals.get(&currency).map(|totals| totals.suspense);
        problems.require(stated.is_some_and(|stated| sum <= stated), || {
            let stated = stated.map_or_else(|| "none".to_owned(), |s| s.to_string());
            Finding::error("run.balance", format!("run.note suspense {currency}"))
                .compared(format!("at least {sum}"), stated)
                .saying(
                    "more of the shown recordings' money is in suspense than of the whole run's",
                )
        });
    }
    let passed = "in every currency, paid + suspense = pool";
    checker.conclude("run.balance", 3, passed, problems);
}
