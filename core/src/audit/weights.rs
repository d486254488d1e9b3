//! What a holder can see of the weights of others' plays: what all plays shown have in common.

use crate::attribution::Play;
use crate::id::{Isrc, ListenerId, Territory};
use crate::royalty::{ACCOUNT_UNITS, By, Family, Level, Model, Rules};

use super::checker::Problems;
use super::report::Finding;

/// Plays by account, and by recording, as far as the model makes them depend on each other.
#[derive(Debug)]
pub(super) struct Weights<'a> {
    rules: &'a Rules,
    accounts: Vec<(ListenerId, Territory, u16, u32)>,
    recordings: Vec<(Isrc, ListenerId, u32)>,
}

impl<'a> Weights<'a> {
    pub(super) const fn new(rules: &'a Rules) -> Self {
        Self {
            rules,
            accounts: Vec::new(),
            recordings: Vec::new(),
        }
    }

    pub(super) const fn rules(&self) -> &'a Rules {
        self.rules
    }

    /// Takes the next play, of a recording of this length (0 = unknown).
    pub(super) fn see(&mut self, play: &Play, length_ms: u32) {
        // Of an account shared by several listeners nothing is visible: not who they are.
        let alone =
            matches!(&self.rules.model, Model::UserCentric(m) if m.family == Family::Member);
        if alone && play.weight > 0 {
            let account = (play.listener, play.territory, play.tier, play.weight);
            self.accounts.push(account);
        }
        // Where the model itself may give a play nothing, no weight tells nothing about a threshold.
        let weighs = *self.rules.model.weights(play, length_ms).start() > 0;
        if self.rules.excludes() && weighs {
            self.recordings
                .push((play.isrc, play.listener, play.weight));
        }
    }

    /// Nothing that follows from the model is contradicted by the plays shown.
    pub(super) fn conclude(&mut self, problems: &mut Problems) {
        self.accounts.sort_unstable();
        let by = match &self.rules.model {
            Model::UserCentric(model) => model.by,
            _ => By::Time,
        };
        let accounts = self
            .accounts
            .chunk_by(|a, b| (a.0, a.1, a.2) == (b.0, b.1, b.2));
        for account in accounts {
            check_account(by, account, problems);
        }
        self.recordings.sort_unstable();
        for recording in self.recordings.chunk_by(|a, b| a.0 == b.0) {
            self.check_recording(recording, problems);
        }
    }

    /// A threshold excludes all plays of a recording or none; and not one that reaches it by what is
    /// shown alone.
    fn check_recording(&self, plays: &[(Isrc, ListenerId, u32)], problems: &mut Problems) {
        let (Some(threshold), Some((isrc, _, _))) = (self.rules.threshold, plays.first()) else {
            return;
        };
        let none = plays.iter().filter(|(_, _, weight)| *weight == 0).count();
        if none == 0 {
            return;
        }
        let listeners = plays.chunk_by(|a, b| a.1 == b.1).count() as u64;
        let reached =
            threshold.level == Level::Track && threshold.is_reached(plays.len() as u64, listeners);
        problems.require(none == plays.len() && !reached, || {
            Finding::error("plays.counted", format!("plays of {isrc}"))
                .compared(
                    "all plays of a recording below the threshold without weight, or none",
                    format!("{none} of {} plays, by {listeners} listeners", plays.len()),
                )
                .saying("plays are without weight that the rules give one")
        });
    }
}

/// The plays of one account have at most its units, and by plays each the same but for rounding.
fn check_account(by: By, account: &[(ListenerId, Territory, u16, u32)], problems: &mut Problems) {
    let Some((listener, territory, tier, least)) = account.first() else {
        return;
    };
    let sum = account
        .iter()
        .fold(0_u64, |sum, play| sum.saturating_add(play.3.into()));
    let most = account.last().map_or(0, |play| play.3);
    let even = by == By::Time || most.saturating_sub(*least) <= 1;
    problems.require(sum <= ACCOUNT_UNITS.into() && even, || {
        Finding::error(
            "plays.counted",
            format!("plays of listener {listener} in {territory}, tier {tier}"),
        )
        .compared(
            format!("at most {ACCOUNT_UNITS} units, divided as the rules say"),
            format!("{sum} units, {least} to {most} a play"),
        )
        .saying("a listener's plays have more weight than the listener has, or uneven parts of it")
    });
}
