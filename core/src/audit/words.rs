//! The sentences of the ladder.

use super::report::{Status, Verdict};

/// Title, and for pass, fail and skip what it says, and what it does not prove.
pub(super) struct RungWords {
    pub(super) title: &'static str,
    pass: &'static str,
    fail: &'static str,
    skip: &'static str,
    pub(super) does_not_prove: &'static str,
}

impl RungWords {
    pub(super) const fn says(&self, status: Status) -> &'static str {
        match status {
            Status::Pass => self.pass,
            Status::Fail => self.fail,
            Status::Skip => self.skip,
        }
    }
}

pub(super) const BUNDLE: [RungWords; 4] = [
    RungWords {
        title: "Signed and logged",
        pass: "The statement is signed by the key you trust, and it is about the log that this key signed.",
        fail: "The statement, or the log it is about, is not what the key you trust has signed.",
        skip: "You gave no verifier key, so nobody vouches for this statement yet. Ask the service for its key over another channel.",
        does_not_prove: "That the service shows everybody the same log: witnesses' cosignatures are for that, and none were asked for here.",
    },
    RungWords {
        title: "My plays",
        pass: "All counted plays of your recordings are here, none left out, each counted by the rules; the sampled ones open into the event log.",
        fail: "Plays of your recordings are missing, changed, or not counted by the rules.",
        skip: "Your plays could not be checked.",
        does_not_prove: "That plays which were not sampled have events in the log (only a nonce of your own, sent after the statement was signed, keeps the service from choosing the sample), which listener had which subscription, that plays not counted should not have been, or that no row of yours stands in a wrong place of a table, which an auditor sees. No rung proves that a play which the service never recorded took place; canary plays with receipts are for that.",
    },
    RungWords {
        title: "My money",
        pass: "Recomputed from your plays, the pools, the rules and your shares, every line and your total are right to the last micro-unit.",
        fail: "Recomputing gives other amounts than the statement.",
        skip: "Your money could not be checked.",
        does_not_prove: "That the total of plays you were divided by is right (that is the next step), that others really claim what is held back as over-claimed, that pools and shares are as your contract says, or that the money was paid out.",
    },
    RungWords {
        title: "Everybody's money",
        pass: "An auditor you trust has recomputed the whole run and signed it: the totals you were divided by are right.",
        fail: "The auditor's signature you asked for is missing or does not hold.",
        skip: "Nobody you named vouches for the totals you were divided by. Add an auditor's key if you have one.",
        does_not_prove: "That the auditor worked with care.",
    },
];

pub(super) const RUN: [RungWords; 4] = [
    RungWords {
        title: "Signed and logged",
        pass: "The run is signed by the key you trust, and the log's events lead to the checkpoint that this key signed.",
        fail: "The run, or the log it is about, is not what the key you trust has signed.",
        skip: "No verifier key was given, so nobody vouches for this run yet.",
        does_not_prove: "That the service shows everybody the same log: witnesses' cosignatures are for that, and none were asked for here.",
    },
    RungWords {
        title: "Everybody's plays",
        pass: "Recounting every event of the log gives exactly the counted plays that the run commits to.",
        fail: "Recounting the log gives other plays than the run commits to.",
        skip: "The plays could not be recounted.",
        does_not_prove: "That a play which the service never recorded took place, or that a recorded one did.",
    },
    RungWords {
        title: "Everybody's money",
        pass: "Recomputing cells, lines and accounts from plays, registry, pools and rules gives the run to the last micro-unit.",
        fail: "Recomputing gives other amounts than the run.",
        skip: "The money could not be recomputed.",
        does_not_prove: "That registry, pools and rules say what contracts say, or that the money was paid out.",
    },
    RungWords {
        title: "Attested",
        pass: "An auditor you trust has signed the same run.",
        fail: "The auditor's signature you asked for is missing or does not hold.",
        skip: "No auditor's key was given, so no other signature was looked for.",
        does_not_prove: "That the auditor worked with care.",
    },
];

/// The answer in a sentence.
pub(super) fn headline(
    kind: &str,
    verdict: Verdict,
    failed: usize,
    attested: bool,
    signed: bool,
) -> String {
    let (whole, part) = match kind {
        "bundle" => (
            "Every counted play of your recordings is here, and your statement adds up by the published rules",
            "This bundle",
        ),
        "run" => (
            "The whole run follows from the log, the registry, the pools and the rules",
            "This run",
        ),
        "run-note" => (
            "The run note is signed by the key you trust",
            "This run note",
        ),
        _ => (
            "The checkpoint is signed by the key you trust",
            "This checkpoint",
        ),
    };
    match verdict {
        Verdict::Verified if attested => {
            format!("{whole}; an auditor you trust vouches for everybody else's figures.")
        }
        Verdict::Verified => format!("{whole}."),
        Verdict::Disputed if failed == 1 => {
            format!("{part} contradicts itself or the key you trust: 1 check failed.")
        }
        Verdict::Disputed => {
            format!("{part} contradicts itself or the key you trust: {failed} checks failed.")
        }
        Verdict::Incomplete if !signed => format!(
            "{part} is consistent in itself, but the signer is unknown: give the service's verifier key to finish."
        ),
        Verdict::Incomplete => format!(
            "{part} holds as far as it could be checked, but something that is needed is missing."
        ),
    }
}
