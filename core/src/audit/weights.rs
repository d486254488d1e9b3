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

#[cfg(test)]
mod tests {
    //! What one holder can see of a cheating service, and what is no cheating.
    use super::*;
    use crate::attribution::PlayFlags;
    use crate::event::Flags;
    use crate::id::PlayId;
    use crate::time::TimeMs;

    const BY_PLAYS: &str = "model = \"user-centric\"\n[user_centric]\nby = \"plays\"\nidle = \"share\"\nfamily = \"member\"";
    const THRESHOLD: &str = "[threshold]\nplays = 3\nmonths = 1\ncompare = \">=\"\nlevel = \"track\"\nbelow = \"redistribute\"";

    /// Problems with plays of one recording by (listener, weight).
    fn problems(rules: &str, plays: &[(u64, u32)]) -> u64 {
        let rules = Rules::parse(format!("version = 1\n{rules}").as_bytes()).unwrap();
        let mut weights = Weights::new(&rules);
        for ((listener, weight), id) in plays.iter().zip(0..) {
            let play = Play {
                isrc: Isrc::parse("USAAA2600001").unwrap(),
                territory: Territory::parse("DE").unwrap(),
                tier: 1,
                share_version: 0,
                time: TimeMs::parse("2026-04-01").unwrap(),
                listener: ListenerId(*listener),
                play: PlayId(id),
                listened_ms: 30_000,
                weight: *weight,
                flags: PlayFlags::new(Flags::default(), false),
            };
            assert!(rules.can_weigh(&play, 0), "{weight} is possible by itself");
            weights.see(&play, 0);
        }
        let mut problems = Problems::default();
        weights.conclude(&mut problems);
        problems.count()
    }

    #[test]
    fn an_account_has_no_more_than_its_units_and_divides_them_evenly() {
        let half = ACCOUNT_UNITS / 2;
        assert_eq!(
            problems(BY_PLAYS, &[(1, half), (1, half), (2, 7), (2, 8)]),
            0
        );
        assert_eq!(
            problems(BY_PLAYS, &[(1, half + 1), (1, half + 1)]),
            1,
            "too much"
        );
        assert_eq!(problems(BY_PLAYS, &[(1, 5), (1, 7)]), 1, "uneven");
        let by_time = BY_PLAYS.replace("plays", "time");
        assert_eq!(problems(&by_time, &[(1, 5), (1, 7), (1, 0)]), 0);
        let family = BY_PLAYS.replace("member", "account");
        assert_eq!(
            problems(&family, &[(1, 5), (1, 7)]),
            0,
            "a family is not visible"
        );
    }

    #[test]
    fn a_threshold_excludes_a_whole_recording_and_none_that_reaches_it() {
        let rules = format!("model = \"pro-rata\"\n{THRESHOLD}");
        assert_eq!(problems(&rules, &[(1, 0), (2, 0)]), 0);
        assert_eq!(problems(&rules, &[(1, 1000), (2, 0)]), 1, "in part");
        assert_eq!(
            problems(&rules, &[(1, 0), (1, 0), (1, 0)]),
            1,
            "three plays reach it"
        );
        // Two listeners are not visible as enough where three are asked for.
        let three = rules.replace("level", "listeners = 2\nlevel");
        assert_eq!(problems(&three, &[(1, 0), (1, 0), (1, 0)]), 0);
        // What the model itself gives nothing tells nothing about a threshold.
        let capped = format!(
            "model = \"artist-centric\"\n[artist_centric]\ncap = {{ plays = 1, method = \"maximum\" }}\n{THRESHOLD}"
        );
        assert_eq!(problems(&capped, &[(1, 0), (1, 333), (1, 333)]), 0);
    }
}
