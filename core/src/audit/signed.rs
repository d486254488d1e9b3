//! Rung 1 and 4: signatures, and that note, checkpoint, rules and pools belong together.

use std::collections::BTreeMap;

use crate::log::{Checkpoint, Hash, Note, NoteError, Policy, PolicyWitness, VerifierKey};
use crate::money::{Currency, Micros};
use crate::royalty::{Cell, Pools, Rules, Totals};
use crate::statement::RunNote;
use crate::time::{Interval, Period, format_ms};

use super::Trust;
use super::checker::{Checker, Problems};
use super::report::{Finding, Severity};

/// Name of the check of cosignatures.
pub(super) const QUORUM: &str = "checkpoint.quorum";

/// A key as people compare it: `name+id`.
pub(super) fn short(key: &VerifierKey) -> String {
    format!("{}+{:08x}", key.name(), key.id())
}

/// Checks a note's signature by the operator of the log with this origin; the signer if it holds.
pub(super) fn check_signature(
    checker: &mut Checker,
    id: &'static str,
    place: &'static str,
    (note, origin): (&Note, &str),
    trust: &Trust,
) -> Option<String> {
    let keys = trust.keys_of(origin);
    if keys.is_empty() {
        let why = if trust.policy.is_some() {
            format!(
                "your policy names no log with the origin {origin} and no key was given besides"
            )
        } else {
            "no verifier key was given".to_owned()
        };
        let detail = format!("{place}: {why}, so its signature could not be checked");
        checker.skip(id, 1, detail);
        return None;
    }
    let result = note.verify(&keys);
    if let (Err(NoteError::NotSigned { .. }), Some(key)) = (&result, beyond_this_build(note, &keys))
    {
        let signer = short(key);
        let detail =
            format!("{place}: this build cannot verify signatures of the type of {signer}");
        checker.skip(id, 1, detail);
        return None;
    }
    let problem = result.as_ref().err().map(|problem| {
        let lines = note.signatures().iter();
        let found = lines.map(|line| format!("{}+{:08x}", line.name(), line.id()));
        Finding::error(id, place)
            .compared(
                format!(
                    "a valid signature by {}",
                    list(keys.iter().map(short), "or")
                ),
                format!("signature lines by {}", list(found, "and")),
            )
            .saying(format!("{place}: {problem}"))
    });
    let signers = result.unwrap_or_default();
    let all = list(signers.iter().map(|key| short(key)), "and");
    checker.single(id, 1, format!("{place} is signed by {all}"), problem);
    signers.first().map(|key| short(key))
}

/// Checks a checkpoint's signature by its log's operator, and its cosignatures; the signer if the
/// signature holds.
pub(super) fn check_checkpoint_note(
    checker: &mut Checker,
    place: &'static str,
    signed: (&Note, &str),
    trust: &Trust,
) -> Option<String> {
    let signer = check_signature(checker, "checkpoint.signature", place, signed, trust);
    check_quorum(checker, place, signed, trust);
    signer
}

/// A key that a line of the note claims to be by, of a type that this build does not verify.
fn beyond_this_build<'k>(note: &Note, keys: &'k [VerifierKey]) -> Option<&'k VerifierKey> {
    let claims = |key: &VerifierKey| {
        let mut lines = note.signatures().iter();
        lines.any(|line| (line.name(), line.id()) == (key.name(), key.id()))
    };
    let mut unsupported = keys.iter().filter(|key| !key.kind().is_supported());
    unsupported.find(|key| claims(key))
}

/// Checks that those witnesses have cosigned a checkpoint whom the reader's policy asks for, if it
/// asks for any.
///
/// A witness with a key of the log's own operator counts for nothing: it is no second pair of eyes.
fn check_quorum(
    checker: &mut Checker,
    place: &'static str,
    (note, origin): (&Note, &str),
    trust: &Trust,
) {
    let policy = trust.policy.as_ref();
    let Some(policy) = policy.filter(|policy| policy.asks_for_witnesses()) else {
        return;
    };
    let cosigned = match policy.cosigned(note) {
        Ok(cosigned) => cosigned,
        Err(problem) => {
            let problem = Finding::error(QUORUM, place)
                .compared(
                    "valid cosignatures by the witnesses of your policy",
                    "a false one",
                )
                .saying(format!("{place}: {problem}"));
            checker.single(QUORUM, 1, "", Some(problem));
            return;
        }
    };
    let operators = trust.keys_of(origin);
    let is_own =
        |witness: &PolicyWitness| operators.iter().any(|key| key.is_same_key(&witness.key));
    let asked = policy.asked();
    for witness in asked.iter().filter(|witness| is_own(witness)) {
        note_own_witness(checker, witness);
    }
    let counts = |(witness, _): &(&PolicyWitness, u64)| !is_own(witness);
    let cosigned: Vec<_> = cosigned.into_iter().filter(counts).collect();
    let by = list(
        cosigned
            .iter()
            .map(|(w, time)| format!("{} at {}", w.name, moment(*time))),
        "and",
    );
    if policy.is_enough(&cosigned) {
        let passed = format!("{place} is cosigned by {by}: enough for the quorum of your policy");
        checker.single(QUORUM, 1, passed, None);
        return;
    }
    let missing = asked
        .iter()
        .filter(|w| !cosigned.iter().any(|(other, _)| other == *w));
    let missing = list(missing.map(|witness| witness.name.clone()), "and");
    let by = if cosigned.is_empty() {
        "nobody".to_owned()
    } else {
        by
    };
    let detail = format!(
        "{place} is cosigned by {by}, which is too few for the quorum of your policy; cosignatures that count are missing by {missing}"
    );
    checker.skip(QUORUM, 1, detail);
}

fn note_own_witness(checker: &mut Checker, witness: &PolicyWitness) {
    let name = &witness.name;
    checker.note(
        Finding::new("own-witness", Severity::Warning, format!("policy, witness {name}"))
            .compared("a key of somebody else", "a key of the log's own operator")
            .saying(format!(
                "the witness {name} of your policy has the service's own key: its cosignatures do not count"
            )),
    );
}

/// A policy's quorum is about checkpoints, and a run note alone brings none.
pub(super) fn skip_quorum(checker: &mut Checker, trust: &Trust) {
    if trust
        .policy
        .as_ref()
        .is_some_and(Policy::asks_for_witnesses)
    {
        checker.skip(
            QUORUM,
            1,
            "your policy asks for witnesses, but a run note carries no checkpoint that they could have cosigned: verify a bundle, or the run's checkpoint too",
        );
    }
}

/// Seconds since the Unix epoch as RFC 3339.
fn moment(seconds: u64) -> String {
    let ms = i64::try_from(seconds)
        .ok()
        .and_then(|s| s.checked_mul(1000));
    ms.map_or_else(|| format!("second {seconds}"), format_ms)
}

/// `a, b and c`.
pub(super) fn list(items: impl Iterator<Item = String>, word: &str) -> String {
    let mut items: Vec<String> = items.collect();
    match (items.pop(), items.is_empty()) {
        (None, _) => String::new(),
        (Some(last), true) => last,
        (Some(last), false) => format!("{} {word} {last}", items.join(", ")),
    }
}

/// Checks that some auditor of those asked for has signed.
pub(super) fn check_auditor(checker: &mut Checker, (note, origin): (&Note, &str), trust: &Trust) {
    if trust.auditors.is_empty() {
        return;
    }
    // One key under two names is one signer.
    let operators = trust.keys_of(origin);
    let is_own = |auditor: &VerifierKey| operators.iter().any(|key| key.is_same_key(auditor));
    if trust.auditors.iter().any(is_own) {
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

/// Checks that the rules hold in the run's period, where they say when they do.
pub(super) fn check_validity(checker: &mut Checker, rules: &Rules, period: Period) {
    if rules.valid == Interval::ALWAYS {
        return;
    }
    let problem = (!rules.hold_in(period)).then(|| {
        Finding::error("rules.validity", "rules.toml")
            .compared(period.to_string(), rules.validity())
            .saying("the rules do not hold in the whole period of the run")
    });
    let passed = "the rules hold in the whole period of the run";
    checker.single("rules.validity", 3, passed, problem);
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
