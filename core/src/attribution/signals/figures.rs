//! How concentrated listening is.

use super::{Signal, SignalRules, is_share, ppm};
use crate::attribution::Play;

/// How the plays of a period are spread over its recordings.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct Figures {
    /// Counted plays.
    pub plays: u64,
    /// Recordings with at least one.
    pub recordings: u64,
    /// The Gini coefficient of plays over these recordings, ppm rounded down: 0 if all have as many,
    /// towards 1,000,000 if one has all.
    pub gini_ppm: u64,
    /// Recordings at the top: as many as the rules say, or all.
    pub top: u64,
    /// Their plays.
    pub top_plays: u64,
    /// Plays that the listener chose.
    pub chosen: u64,
    /// Of these, of the recordings at the top.
    pub top_chosen: u64,
}

impl Figures {
    /// Counts. `top` is the number of recordings at the top; of those with as many plays the lesser
    /// ISRC is higher.
    pub(super) fn of(plays: &[Play], top: u32) -> Self {
        // Plays and, among them, chosen ones; stays in the order of ISRCs until it is sorted.
        let mut counts: Vec<(u64, u64)> = plays
            .chunk_by(|a, b| a.isrc == b.isrc)
            .map(|plays| {
                let chosen = plays.iter().filter(|play| play.flags.is_active());
                (plays.len() as u64, chosen.count() as u64)
            })
            .collect();
        counts.sort_by(|(a, _), (b, _)| b.cmp(a));
        let sum = |counts: &[(u64, u64)]| {
            let add = |(a, b): (u64, u64), (c, d): &(u64, u64)| {
                (a.saturating_add(*c), b.saturating_add(*d))
            };
            counts.iter().fold((0, 0), add)
        };
        let top = counts.len().min(usize::try_from(top).unwrap_or(usize::MAX));
        let (all, chosen) = sum(&counts);
        let (top_plays, top_chosen) = sum(counts.get(..top).unwrap_or_default());
        Self {
            plays: all,
            recordings: counts.len() as u64,
            gini_ppm: gini_ppm(&counts, all),
            top: top as u64,
            top_plays,
            chosen,
            top_chosen,
        }
    }

    /// The share of the recordings at the top in all plays, ppm rounded down.
    #[must_use]
    pub fn top_ppm(&self) -> u64 {
        ppm(self.top_plays, self.plays)
    }

    /// Their share in the plays that listeners chose, ppm rounded down.
    #[must_use]
    pub fn chosen_ppm(&self) -> u64 {
        ppm(self.top_chosen, self.chosen)
    }

    /// Their share in the plays that listeners did not choose, ppm rounded down.
    #[must_use]
    pub fn offered_ppm(&self) -> u64 {
        ppm(self.top_offered(), self.offered())
    }

    const fn offered(&self) -> u64 {
        self.plays.saturating_sub(self.chosen)
    }

    const fn top_offered(&self) -> u64 {
        self.top_plays.saturating_sub(self.top_chosen)
    }

    /// Whether the figures themselves are signals.
    pub(super) fn look(&self, rules: &SignalRules, all: &mut Vec<Signal>) {
        // With no others there is nothing to be concentrated against.
        if self.recordings <= self.top {
            return;
        }
        if is_share(self.top_plays, self.plays, rules.top_share_ppm) {
            all.push(Signal::Concentration {
                recordings: self.top,
                plays: self.top_plays,
                of: self.plays,
            });
        }
        let enough = u64::from(rules.bias_plays);
        let (offered_ppm, chosen_ppm) = (self.offered_ppm(), self.chosen_ppm());
        let is_biased = offered_ppm >= chosen_ppm.saturating_add(rules.bias_ppm.into());
        if self.offered() >= enough && self.chosen >= enough && is_biased {
            all.push(Signal::PopularityBias {
                recordings: self.top,
                plays: self.top_offered(),
                offered_ppm,
                chosen_ppm,
            });
        }
    }
}

/// (2·Σ i·x_i − (n+1)·Σ x) / (n·Σ x) over x ascending, i from 1, in ppm rounded down. `counts` descend.
fn gini_ppm(counts: &[(u64, u64)], sum: u64) -> u64 {
    let n = counts.len() as u128;
    let sum = u128::from(sum);
    let ranked = (1_u128..)
        .zip(counts.iter().rev())
        .map(|(rank, (count, _))| rank.saturating_mul(u128::from(*count)))
        .fold(0, u128::saturating_add);
    // Below 2^66 recordings and 2^64 plays; times 10^6 < 2^20 still below 2^128 for 2^44 recordings.
    let above = ranked
        .saturating_mul(2)
        .saturating_sub(n.saturating_add(1).saturating_mul(sum));
    above
        .saturating_mul(1_000_000)
        .checked_div(n.saturating_mul(sum))
        .and_then(|ppm| u64::try_from(ppm).ok())
        .unwrap_or(0)
}
