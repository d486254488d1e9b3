//! Counted plays get their weights: the one place in which the models differ.
//!
//! Pure and exact: integers, in the canonical order of the plays, whatever the number of threads.
//! Source: `docs/format.md` section 7.2.

use core::fmt;
use std::collections::{BTreeMap, BTreeSet};

use crate::attribution::{Play, WEIGHT_ONE};
use crate::id::{Isrc, ListenerId, Territory};
use crate::registry::Snapshot;

use super::artist_centric::{ArtistCentric, thousandths};
use super::model::Model;
use super::pools::Pools;
use super::rules::Rules;
use super::threshold::{Below, Reach};
use super::user_centric::{Family, Idle, UserCentric, divide};

/// What the weights of plays depend on, beside the plays.
#[derive(Clone, Copy, Debug)]
pub struct Weighing<'a> {
    /// Lengths, artists and accounts.
    pub registry: &'a Snapshot,
    /// The model and its numbers.
    pub rules: &'a Rules,
    /// How many subscribers there are.
    pub pools: &'a Pools,
    /// Plays of each recording in the earlier runs that the rules look back on.
    pub earlier: &'a BTreeMap<Isrc, u64>,
}

/// What weighing learns beside the weights.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Weighed {
    /// Recordings whose money is held back since they do not reach the rules' threshold.
    pub below: BTreeSet<Isrc>,
    /// For a territory and tier number: the sum to divide by, where it is declared. Elsewhere it is
    /// the sum of the weights.
    pub declared: BTreeMap<(Territory, u16), u64>,
}

/// Why plays cannot be weighed.
#[derive(Clone, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub enum WeighError {
    /// More accounts played than the pools file says that there are subscribers.
    Subscribers {
        /// Territory and tier.
        pool: String,
        /// As declared.
        declared: u64,
        /// Accounts with plays.
        found: u64,
    },
    /// The rules need a number of subscribers that the pools file does not have.
    NoSubscribers {
        /// Territory and tier.
        pool: String,
    },
}

impl fmt::Display for WeighError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Subscribers {
                pool,
                declared,
                found,
            } => write!(
                f,
                "pools: expected at least as many subscribers in {pool} as accounts with plays, {found}, but found {declared}; correct the column `subscribers`"
            ),
            Self::NoSubscribers { pool } => write!(
                f,
                "pools: expected a number of subscribers for {pool}, since the rules say idle = \"suspense\", but found none; add it in the column `subscribers`"
            ),
        }
    }
}

impl core::error::Error for WeighError {}

impl Weighing<'_> {
    /// Sets the weight of every play. `plays` are all counted plays of a run, sorted.
    ///
    /// Costs n log n time and one entry of memory for each play.
    ///
    /// # Errors
    ///
    /// [`WeighError`]; the weights are not to be used then.
    pub fn weigh(&self, plays: &mut [Play]) -> Result<Weighed, WeighError> {
        let threshold = self.rules.threshold;
        let below = threshold.map(|t| t.below(self.registry, plays, self.earlier));
        let below = below.unwrap_or_default();
        let redistribute = threshold.is_some_and(|t| t.below == Below::Redistribute);
        // Plays that weigh nothing have no part in anything that follows.
        let mut counting: Vec<&mut Play> = Vec::with_capacity(plays.len());
        for play in plays {
            if redistribute && below.contains(&play.isrc) {
                play.weight = 0;
            } else {
                play.weight = WEIGHT_ONE;
                counting.push(play);
            }
        }
        let declared = match &self.rules.model {
            Model::ProRata => BTreeMap::new(),
            Model::UserCentric(model) => self.by_account(model, counting)?,
            Model::ArtistCentric(model) => {
                self.by_artist(model, counting);
                BTreeMap::new()
            }
            Model::UsMechanical(model) => {
                for play in counting {
                    play.weight = model.overtime_factor(self.length_ms(play.isrc));
                }
                BTreeMap::new()
            }
        };
        let below = if redistribute { BTreeSet::new() } else { below };
        Ok(Weighed { below, declared })
    }

    fn length_ms(&self, isrc: Isrc) -> u32 {
        self.registry.recording(isrc).map_or(0, |r| r.length_ms)
    }

    fn by_account(
        &self,
        model: &UserCentric,
        plays: Vec<&mut Play>,
    ) -> Result<BTreeMap<(Territory, u16), u64>, WeighError> {
        let account = |play: &Play| match model.family {
            Family::Member => play.listener,
            Family::Account => self.registry.account_at(play.listener, play.time),
        };
        let mut accounts: BTreeMap<(Territory, u16), u64> = BTreeMap::new();
        for_each_account(plays, account, |place, plays| {
            let count = accounts.entry(place).or_default();
            *count = count.saturating_add(1);
            divide(model.by, plays);
        });
        if model.idle == Idle::Share {
            return Ok(BTreeMap::new());
        }
        let mut declared = BTreeMap::new();
        for pool in self.pools.all() {
            let tier = self.pools.tiers().number(Some(&pool.tier));
            let place = (pool.territory, tier);
            let name = || format!("{} {}", pool.territory, pool.tier);
            let found = accounts.get(&place).copied().unwrap_or(0);
            let none = || WeighError::NoSubscribers { pool: name() };
            let subscribers = pool.subscribers.ok_or_else(none)?;
            if subscribers < found {
                return Err(WeighError::Subscribers {
                    pool: name(),
                    declared: subscribers,
                    found,
                });
            }
            let total = self.rules.model.declared(pool).ok_or_else(none)?;
            declared.insert(place, total);
        }
        Ok(declared)
    }

    fn by_artist(&self, model: &ArtistCentric, plays: Vec<&mut Play>) {
        let noise = |play: &Play| {
            let noise = model.noise.as_ref();
            noise.is_some_and(|noise| noise.is(play.isrc, self.length_ms(play.isrc)))
        };
        // Noise counts neither for an artist nor against a listener's cap.
        let (quiet, mut music): (Vec<_>, Vec<_>) = plays.into_iter().partition(|play| noise(play));
        for play in quiet {
            play.weight = model.noise.as_ref().map_or(WEIGHT_ONE, |n| n.factor);
        }
        let professional = model.professional.map(|by| {
            let music = music.iter().map(|play| &**play);
            (
                by,
                Reach::of(by.level, self.registry, music, &BTreeMap::new()),
            )
        });
        if let Some(cap) = &model.cap {
            let again = music.iter_mut().map(|play| &mut **play).collect();
            for_each_account(again, |play| play.listener, |_, plays| cap.divide(plays));
        }
        for play in music {
            let is_professional = professional.as_ref().is_some_and(|(by, reach)| {
                let (plays, listeners) = reach.at(play.isrc);
                by.compare.reaches(plays, by.plays) && listeners >= by.listeners
            });
            play.weight = thousandths(play.weight, model.factor(play, is_professional));
        }
    }
}

/// Calls `each` for the plays of every (account, territory, tier), in the order given.
fn for_each_account(
    plays: Vec<&mut Play>,
    account: impl Fn(&Play) -> ListenerId,
    mut each: impl FnMut((Territory, u16), &mut [&mut Play]),
) {
    type Key = (ListenerId, Territory, u16);
    let mut keyed: Vec<(Key, &mut Play)> = plays
        .into_iter()
        .map(|play| ((account(play), play.territory, play.tier), play))
        .collect();
    // Stable: the plays of an account keep their order.
    keyed.sort_by_key(|(key, _)| *key);
    let mut rest = keyed.into_iter().peekable();
    let mut group: Vec<&mut Play> = Vec::new();
    while let Some((key, play)) = rest.next() {
        group.push(play);
        if rest.peek().is_none_or(|(next, _)| *next != key) {
            let (_, territory, tier) = key;
            each((territory, tier), &mut group);
            group.clear();
        }
    }
}

#[cfg(test)]
#[path = "weigh_tests.rs"]
mod tests;
