//! `[threshold]`: what a track or artist must reach before its plays earn.

use core::fmt;
use std::collections::{BTreeMap, BTreeSet};

use serde::Deserialize;

use crate::attribution::Play;
use crate::id::Isrc;
use crate::registry::Snapshot;

use super::settings::{Compare, Level};

/// Fewer plays earn nothing.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq)]
#[serde(deny_unknown_fields)]
pub struct Threshold {
    /// This many plays in the trailing months.
    pub plays: u64,
    /// How many months back from the period's end, the period itself with them.
    pub months: u32,
    /// At least this many distinct listeners in the run's period. (Pseudonyms change with each
    /// period, so listeners of several cannot be told apart.)
    #[serde(default)]
    pub listeners: u64,
    /// How plays are held against the threshold.
    pub compare: Compare,
    /// Of tracks or artists.
    pub level: Level,
    /// What becomes of plays below it.
    pub below: Below,
}

/// What becomes of plays below a threshold.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq)]
#[serde(rename_all = "kebab-case")]
pub enum Below {
    /// They weigh nothing: the others share their money.
    Redistribute,
    /// They weigh as any, and their money goes to suspense.
    Suspense,
}

impl fmt::Display for Below {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Redistribute => "redistribute",
            Self::Suspense => "suspense",
        })
    }
}

/// Plays and distinct listeners of what is counted together.
#[derive(Debug, Default)]
pub(super) struct Reach {
    groups: BTreeMap<Isrc, usize>,
    plays: Vec<u64>,
    listeners: Vec<u64>,
}

impl Reach {
    /// Counts `plays`, and `earlier` plays of other periods, at a level.
    pub(super) fn of<'p>(
        level: Level,
        registry: &Snapshot,
        plays: impl Iterator<Item = &'p Play> + Clone,
        earlier: &BTreeMap<Isrc, u64>,
    ) -> Self {
        let mut reach = Self::default();
        let mut artists: BTreeMap<&str, usize> = BTreeMap::new();
        let codes: BTreeSet<Isrc> = plays
            .clone()
            .map(|play| play.isrc)
            .chain(earlier.keys().copied())
            .collect();
        for isrc in codes {
            let artist = registry.recording(isrc).map(|r| r.artist.as_str());
            let artist = artist.filter(|text| level == Level::Artist && !text.is_empty());
            let new = reach.plays.len();
            let group = artist.map_or(new, |artist| *artists.entry(artist).or_insert(new));
            if group == new {
                reach.plays.push(0);
            }
            reach.groups.insert(isrc, group);
        }
        for (isrc, count) in earlier {
            reach.add(*isrc, *count);
        }
        let mut heard = Vec::new();
        for play in plays {
            reach.add(play.isrc, 1);
            heard.push((reach.group(play.isrc), play.listener));
        }
        heard.sort_unstable();
        heard.dedup();
        reach.listeners = vec![0; reach.plays.len()];
        for (group, _) in heard {
            if let Some(count) = group.and_then(|group| reach.listeners.get_mut(group)) {
                *count = count.saturating_add(1);
            }
        }
        reach
    }

    fn group(&self, isrc: Isrc) -> Option<usize> {
        self.groups.get(&isrc).copied()
    }

    fn add(&mut self, isrc: Isrc, count: u64) {
        let group = self.group(isrc);
        if let Some(sum) = group.and_then(|group| self.plays.get_mut(group)) {
            *sum = sum.saturating_add(count);
        }
    }

    /// Plays and listeners of what the recording is counted with.
    pub(super) fn at(&self, isrc: Isrc) -> (u64, u64) {
        let of = |counts: &[u64]| {
            let group = self.group(isrc);
            group.and_then(|group| counts.get(group)).copied()
        };
        (
            of(&self.plays).unwrap_or(0),
            of(&self.listeners).unwrap_or(0),
        )
    }
}

impl Threshold {
    /// Whether so many plays by so many listeners reach it.
    #[must_use]
    pub const fn is_reached(&self, plays: u64, listeners: u64) -> bool {
        self.compare.reaches(plays, self.plays) && listeners >= self.listeners
    }

    /// The recordings among those played that do not reach it.
    pub(super) fn below(
        &self,
        registry: &Snapshot,
        plays: &[Play],
        earlier: &BTreeMap<Isrc, u64>,
    ) -> BTreeSet<Isrc> {
        let reach = Reach::of(self.level, registry, plays.iter(), earlier);
        let played: BTreeSet<Isrc> = plays.iter().map(|play| play.isrc).collect();
        let is_below = |isrc: &Isrc| {
            let (plays, listeners) = reach.at(*isrc);
            !self.is_reached(plays, listeners)
        };
        played.into_iter().filter(is_below).collect()
    }
}
