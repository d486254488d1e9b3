//! Rung 1 and 4: signatures, and that note, checkpoint, rules and pools belong together.

use std::collections::BTreeMap;

use crate::log::{Checkpoint, Hash, Note, NoteError, PolicyWitness, TreeHead, VerifierKey};
use crate::money::{Currency, Micros};
use crate::royalty::{Cell, Pools, Rules, Totals};
use crate::statement::RunNote;
use crate::time::{Interval, Period, format_ms};

use super::Trust;
use super::checker::{Checker, Problems};
use super::report::{Finding, Severity};

/// Name of the check of cosignatures.
pub(super) const QUORUM: &str = "checkpoint.quorum";

/// Name of the check of a checkpoint's signature.
pub(super) const SIGNATURE: &str = "checkpoint.signature";

/// Name of the check of a run note's signature.
pub(super) const RUN_SIGNATURE: &str = "run.signature";

/// A key as people compare it: `name+id`.
pub(super) fn short(key: &VerifierKey) -> String {
    format!("{}+{:08x}", key.name(), key.id())
}

/// A note that is to be signed by the operator of a log.
pub(super) struct Signed<'a> {
    /// Where it stands.
    pub(super) place: &'a str,
    /// The note.
    pub(super) note: &'a Note,
    /// Origin of the log.
    pub(super) origin: &'a str,
    /// The reader's keys that speak for it.
    pub(super) keys: Vec<VerifierKey>,
}

impl<'a> Signed<'a> {
    /// A checkpoint of any log.
    pub(super) fn checkpoint(
        place: &'a str,
        note: &'a Note,
        checkpoint: &'a Checkpoint,
        trust: &Trust,
    ) -> Signed<'a> {
        let origin = checkpoint.origin();
        let keys = trust.keys_of(origin);
        Signed {
            place,
            note,
            origin,
            keys,
        }
    }

    /// A run note, or another note of a statement: our own logs' keys have the origin as their name.
    pub(super) fn statement(
        place: &'a str,
        note: &'a Note,
        origin: &'a str,
        trust: &Trust,
    ) -> Signed<'a> {
        let keys = trust.keys_named(origin);
        Signed {
            place,
            note,
            origin,
            keys,
        }
    }

    /// The key that signed, if the note holds.
    pub(super) fn signer(&self) -> Option<&VerifierKey> {
        self.note.verify(&self.keys).ok()?.first().copied()
    }

    /// Checks the signature; the signer if it holds.
    pub(super) fn check(
        &self,
        checker: &mut Checker,
        id: &'static str,
        trust: &Trust,
    ) -> Option<String> {
        let (place, note) = (self.place, self.note);
        if self.keys.is_empty() {
            let why = self.nobody_known(trust);
            let detail = format!("{place}: {why}, so its signature could not be checked");
            checker.skip(id, 1, detail);
            return None;
        }
        let result = note.verify(&self.keys);
        if let (Err(NoteError::NotSigned { .. }), Some(key)) =
            (&result, beyond_this_build(note, &self.keys))
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
                        list(self.keys.iter().map(short), "or")
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

    /// Why no key speaks for the log.
    fn nobody_known(&self, trust: &Trust) -> String {
        let origin = self.origin;
        let names = trust.names();
        let given = match names.as_slice() {
            [] => "no key was given besides".to_owned(),
            [name] => format!("the key given is named {name}"),
            names => {
                let names = names.iter().map(ToString::to_string);
                format!("the keys given are named {}", list(names, "and"))
            }
        };
        match (&trust.policy, names.is_empty()) {
            (None, true) => "no verifier key was given".to_owned(),
            (None, false) => format!(
                "it is about the log {origin}, and {given}: a key speaks for the log it is named after"
            ),
            (Some(_), _) => {
                format!("your policy names no log with the origin {origin} and {given}")
            }
        }
    }
}

/// Checks a checkpoint's signature by its log's operator, and its cosignatures; the signer if the
/// signature holds.
pub(super) fn check_checkpoint_note(
    checker: &mut Checker,
    signed: &Signed<'_>,
    trust: &Trust,
) -> Option<String> {
    let signer = signed.check(checker, SIGNATURE, trust);
    check_quorum(checker, signed, trust);
    signer
}

/// The finding about a head that no tree can have.
pub(super) fn impossible(place: &str, id: &'static str, head: TreeHead) -> Option<Finding> {
    (!head.is_possible()).then(|| {
        Finding::error(id, place)
            .compared(
                format!("the root {} of the tree without leaves", Hash::empty_root()),
                format!("the root {}", head.root),
            )
            .saying(format!(
                "{place}: a tree without leaves has one root only, and this is another"
            ))
    })
}

/// A key that a line of the note claims to be by, of a type that this build does not verify.
fn beyond_this_build<'k>(note: &Note, keys: &'k [VerifierKey]) -> Option<&'k VerifierKey> {
    let mut unsupported = keys.iter().filter(|key| !key.kind().is_supported());
    unsupported.find(|key| note.signatures().iter().any(|line| key.claims(line)))
}

/// Checks that those witnesses have cosigned a checkpoint whom the reader's policy asks for, if it
/// asks for any.
///
/// A witness with a key of an operator, of this log or another one that the reader knows, counts for
/// nothing: it is no second pair of eyes.
pub(super) fn check_quorum(checker: &mut Checker, signed: &Signed<'_>, trust: &Trust) {
    let policy = trust.policy.as_ref();
    let Some(policy) = policy.filter(|policy| policy.asks_for_witnesses()) else {
        return;
    };
    let place = signed.place;
    let cosigned = match policy.cosigned(signed.note, &trust.keys) {
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
    let asked = policy.asked();
    for witness in asked.iter().filter(|w| policy.is_own(w, &trust.keys)) {
        note_own_witness(checker, witness);
    }
    let by = list(
        cosigned
            .iter()
            .map(|(w, time)| format!("{} {}", w.name, moment(*time))),
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
            .compared("a key of somebody else", "a key that signs for a log")
            .saying(format!(
                "the witness {name} of your policy has the key of a service: its cosignatures do not count"
            )),
    );
}

/// When a cosignature was made, from seconds since the Unix epoch, 0 being none.
fn moment(seconds: u64) -> String {
    if seconds == 0 {
        return "without a time".to_owned();
    }
    let ms = i64::try_from(seconds)
        .ok()
        .and_then(|s| s.checked_mul(1000));
    let moment = ms.map_or_else(|| format!("second {seconds}"), format_ms);
    format!("at {moment}")
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
pub(super) fn check_auditor(checker: &mut Checker, note: &Note, trust: &Trust) {
    if trust.auditors.is_empty() {
        return;
    }
    // One key under two names is one signer.
    if trust.auditors.iter().any(|key| trust.is_operator(key)) {
        let problem = Finding::error("auditor.signature", "auditor key")
            .compared("a key of somebody else", "an operator's key")
            .saying(
                "the auditor's key is one that signs for a service, which vouches for nothing more",
            );
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
    let problem = problem.or_else(|| impossible("checkpoint", "run.log", checkpoint.head()));
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
