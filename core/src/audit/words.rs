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

/// What a signature leaves open where no witness was asked for.
const UNWITNESSED: &str = "That the service shows everybody the same log: witnesses' cosignatures are for that, and none were asked for here.";

/// What is left open where the cosignatures asked for are not all there.
const TOO_FEW: &str = "That the service shows everybody the same log: of the witnesses whose cosignatures your policy asks for, too few have cosigned it.";

const FALSE_COSIGNATURE: &str = "That the service shows everybody the same log: a cosignature that claims to be by a witness of your policy is false.";

/// What a quorum of witnesses leaves open.
const WITNESSED: &str = "That every play is in the log: witnesses see that it is one log for all of them and that nothing is ever taken out of it, but no single play. Nor that the witnesses you chose are independent of the service and of each other.";

const BUNDLE: [RungWords; 4] = [
    RungWords {
        title: "Signed and logged",
        pass: "The statement is signed by the key you trust, and it is about the log that this key signed.",
        fail: "The statement, or the log it is about, is not what the key you trust has signed.",
        skip: "No key you gave, and no log your policy names, vouches for this statement yet. Ask the service for its key over another channel.",
        does_not_prove: "",
    },
    RungWords {
        title: "My plays",
        pass: "All counted plays of your recordings are here, none left out, each counted by the rules; the sampled ones open into the event log.",
        fail: "Plays of your recordings are missing, changed, or not counted by the rules.",
        skip: "Not all that shows that your plays are here and counted by the rules could be checked.",
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

const RUN: [RungWords; 4] = [
    RungWords {
        title: "Signed and logged",
        pass: "The run is signed by the key you trust, and the log's events lead to the checkpoint that this key signed.",
        fail: "The run, or the log it is about, is not what the key you trust has signed.",
        skip: "No key that was given, and no log of the policy, vouches for this run yet.",
        does_not_prove: "",
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

/// The first rung of a statement where witnesses were asked for.
const BUNDLE_WITNESSED: RungWords = RungWords {
    title: "Signed, logged and witnessed",
    pass: "The statement is signed by the key you trust, it is about the log that this key signed, and the witnesses you trust have seen the same log.",
    fail: "The statement, the log it is about, or a witness's cosignature of that log, is not what the keys you trust have signed.",
    skip: "The statement is signed by the key you trust, but too few of the witnesses you ask for have cosigned the log it is about.",
    does_not_prove: "",
};

/// The first rung of a run where witnesses were asked for.
const RUN_WITNESSED: RungWords = RungWords {
    title: "Signed, logged and witnessed",
    pass: "The run is signed by the key you trust, the log's events lead to the checkpoint that this key signed, and the witnesses you trust have seen the same log.",
    fail: "The run, the log it is about, or a witness's cosignature of that log, is not what the keys you trust have signed.",
    skip: "The run is signed by the key you trust, but too few of the witnesses you ask for have cosigned the log it is about.",
    does_not_prove: "",
};

/// The one rung of a checkpoint.
const CHECKPOINT: RungWords = RungWords {
    title: "Signed",
    pass: "The checkpoint is signed by the key you trust.",
    fail: "The checkpoint is not what the keys you trust have signed.",
    skip: "No key you gave, and no log your policy names, vouches for this checkpoint yet.",
    does_not_prove: "Anything about the events in the log, or that it extends what the log signed before: two checkpoints together show that.",
};

/// Instead, where only the witnesses are missing.
const CHECKPOINT_UNWITNESSED: &str = "The checkpoint is signed by the key you trust, but too few of the witnesses you ask for have cosigned it.";

/// Instead, where only the witnesses are missing.
const PROOF_UNWITNESSED: &str = "The log that the leaf is said to be in is signed by the key you trust, but too few of the witnesses you ask for have cosigned it.";

/// The one rung of a proof.
const PROOF: RungWords = RungWords {
    title: "In the log",
    pass: "The leaf is in the log that the key you trust has signed.",
    fail: "The leaf is not in this log, or the log's checkpoint is not what the keys you trust have signed.",
    skip: "It could not be shown that the leaf is in a log whose key you trust.",
    does_not_prove: "That what the leaf says is true, or, of an event, that the play is counted and paid: keep the receipt, and look for the play in the statement.",
};

/// The one rung of two checkpoints.
const CONSISTENCY: RungWords = RungWords {
    title: "Only appended to",
    pass: "The log signed both checkpoints, and the newer tree begins with the older one: nothing was taken out or changed between them.",
    fail: "The checkpoints contradict each other, or are not what the keys you trust have signed.",
    skip: "It could not be shown that the newer checkpoint extends the older one and that a key you trust has signed both.",
    does_not_prove: "Anything about the events in the log.",
};

/// The rungs of a kind of subject. `signed`: a trusted key has signed; `quorum`: what became of the
/// cosignatures, if any were asked for.
pub(super) fn ladder(kind: &str, signed: bool, quorum: Option<Status>) -> Vec<RungWords> {
    let witnessed = match kind {
        "bundle" => BUNDLE_WITNESSED,
        "run" => RUN_WITNESSED,
        "checkpoint" | "proof" => {
            let (mut words, skip) = match kind {
                "checkpoint" => (CHECKPOINT, CHECKPOINT_UNWITNESSED),
                _ => (PROOF, PROOF_UNWITNESSED),
            };
            if signed && quorum == Some(Status::Skip) {
                words.skip = skip;
            }
            return vec![words];
        }
        "consistency" => return vec![CONSISTENCY],
        _ => return Vec::new(),
    };
    let mut ladder = Vec::from(if kind == "run" { RUN } else { BUNDLE });
    if let (Some(first), Some(_)) = (ladder.first_mut(), quorum) {
        // Without a signer, that is what is missing first.
        let skip = if signed { witnessed.skip } else { first.skip };
        *first = RungWords { skip, ..witnessed };
    }
    ladder
}

/// What the first rung leaves open about who sees the same log, before what else it leaves open.
pub(super) fn unwitnessed(quorum: Option<Status>) -> &'static str {
    match quorum {
        None => UNWITNESSED,
        Some(Status::Pass) => WITNESSED,
        Some(Status::Skip) => TOO_FEW,
        Some(Status::Fail) => FALSE_COSIGNATURE,
    }
}

/// What a headline depends on beside kind and verdict.
pub(super) struct Facts {
    /// Checks that failed.
    pub(super) failed: usize,
    /// Whether an auditor who was asked for has signed.
    pub(super) attested: bool,
    /// Whether a trusted key has signed.
    pub(super) signed: bool,
    /// What became of the cosignatures, if any were asked for.
    pub(super) quorum: Option<Status>,
}

/// The answer in a sentence.
pub(super) fn headline(kind: &str, verdict: Verdict, facts: &Facts) -> String {
    let failed = facts.failed;
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
        "proof" => (
            "The leaf is in the log, whose checkpoint is signed by the key you trust",
            "This proof",
        ),
        "consistency" => (
            "The newer checkpoint extends the older one, and both are signed by the key you trust",
            "This pair of checkpoints",
        ),
        _ => (
            "The checkpoint is signed by the key you trust",
            "This checkpoint",
        ),
    };
    match verdict {
        Verdict::Verified if facts.attested => {
            format!("{whole}; an auditor you trust vouches for everybody else's figures.")
        }
        Verdict::Verified if facts.quorum == Some(Status::Pass) => {
            format!("{whole}; the witnesses you trust have seen the same log.")
        }
        Verdict::Verified => format!("{whole}."),
        Verdict::Disputed if failed == 1 => {
            format!("{part} contradicts itself or the keys you trust: 1 check failed.")
        }
        Verdict::Disputed => {
            format!("{part} contradicts itself or the keys you trust: {failed} checks failed.")
        }
        Verdict::Incomplete if !facts.signed => format!(
            "{part} is consistent in itself, but the signer is unknown: give the service's verifier key, or a policy that names its log, to finish."
        ),
        Verdict::Incomplete if facts.quorum == Some(Status::Skip) => format!(
            "{part} holds as far as it could be checked, but too few of the witnesses you ask for have cosigned its log."
        ),
        Verdict::Incomplete => format!(
            "{part} holds as far as it could be checked, but something that is needed is missing."
        ),
    }
}
