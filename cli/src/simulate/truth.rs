//! The ground truth: what every holder must be paid, worked out beside the product, not with it.
//!
//! In: each play as its surviving events tell it, and the market. Out: amounts per holder, and what is
//! suspended for which reason. Does not know: events, files, and anything of the `ledgerline` crate.
//! Source: docs/format.md, section 7, read once more and written down as plainly as possible.

#![expect(
    clippy::arithmetic_side_effects,
    clippy::indexing_slicing,
    reason = "money is i128 of products of two i64, positions come from the market's own lists; release \
              builds check both"
)]

use std::collections::{BTreeMap, BTreeSet};

use super::Scale;
use super::catalogue::{DAY, Market, Pool, Quirk, RIGHTS, TIERS, Track};
use super::listener::{Listener, Tier};
use super::mess::{Mess, MessCount};

pub(super) const QUALIFY_MS: u32 = 30_000;
pub(super) const HEARTBEAT_MS: u32 = 30_000;
pub(super) const TOLERANCE_MS: u32 = 5_000;

/// Adds up what was listened to, from the points of one play in order of time.
///
/// Points of equal time are ordered by position, so the gap before them ends at the lowest and the gap
/// after them begins at the highest.
#[derive(Default)]
pub(super) struct Meter {
    /// Time and highest position of the points before `now`.
    before: Option<(i64, u32)>,
    /// The newest time, the lowest and the highest position at it.
    now: Option<(i64, u32, u32)>,
    closed_ms: u64,
}

impl Meter {
    pub(super) fn hear(&mut self, time: i64, position_ms: u32) {
        self.now = match self.now {
            Some((now, low, high)) if now == time => {
                Some((now, low.min(position_ms), high.max(position_ms)))
            }
            Some((now, _, high)) => {
                self.closed_ms = self.listened_ms();
                self.before = Some((now, high));
                Some((time, position_ms, position_ms))
            }
            None => Some((time, position_ms, position_ms)),
        };
    }

    pub(super) fn listened_ms(&self) -> u64 {
        let gap = match (self.before, self.now) {
            (Some((then, from)), Some((now, to, _))) => {
                let cap = i64::from(HEARTBEAT_MS + TOLERANCE_MS);
                (now - then)
                    .min(i64::from(to) - i64::from(from))
                    .min(cap)
                    .max(0)
            }
            _ => 0,
        };
        self.closed_ms + u64::try_from(gap).unwrap_or(0)
    }
}

/// One play, as those of its events tell it that arrive and agree with the first of them.
pub(super) struct Heard {
    pub(super) listener: usize,
    pub(super) territory: usize,
    pub(super) track: usize,
    /// The first event's.
    pub(super) time: i64,
    pub(super) listened_ms: u64,
}

/// Why money is not paid out.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub(super) enum Reason {
    UnknownIsrc = 1,
    NotLicensed,
    NoShares,
    OverClaimed,
    Unclaimed,
    NoPlays,
}

impl Reason {
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::UnknownIsrc => "unknown-isrc",
            Self::NotLicensed => "not-licensed",
            Self::NoShares => "no-shares",
            Self::OverClaimed => "over-claimed",
            Self::Unclaimed => "unclaimed",
            Self::NoPlays => "no-plays",
        }
    }
}

/// Plays of one (territory, tier, track, share version).
type CellKey = (usize, Option<Tier>, usize, usize);

/// A cell with its names, in the order of a pool's division.
#[derive(Clone, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub(super) struct Cell<'a> {
    pub(super) isrc: &'a str,
    pub(super) territory: &'static str,
    /// Empty for a listener without a subscription.
    pub(super) tier: &'static str,
    pub(super) share_version: usize,
    pub(super) plays: u64,
    track: usize,
}

/// Counts the plays that count.
pub(super) struct Truth<'a> {
    scale: &'a Scale,
    market: &'a Market,
    listeners: &'a [Listener],
    cells: BTreeMap<CellKey, u64>,
    has_pool: BTreeSet<(&'static str, &'static str)>,
    pub(super) counted: u64,
}

impl<'a> Truth<'a> {
    pub(super) fn new(scale: &'a Scale, market: &'a Market, listeners: &'a [Listener]) -> Self {
        let pools = market.pools.iter();
        Self {
            scale,
            market,
            listeners,
            cells: BTreeMap::new(),
            has_pool: pools.map(|pool| (pool.territory, pool.tier)).collect(),
            counted: 0,
        }
    }

    /// Decides whether a play counts, and where.
    pub(super) fn play(&mut self, play: &Heard, mess: &mut MessCount) {
        let track = &self.market.tracks[play.track];
        let needed_ms = track
            .known_length_ms()
            .map_or(QUALIFY_MS, |length| length.min(QUALIFY_MS));
        if play.listened_ms < u64::from(needed_ms) {
            mess.add(Mess::UnderQualify);
            return;
        }
        let Scale { from, to, .. } = *self.scale;
        if play.time < from - i64::from(self.scale.late_days) * DAY {
            mess.add(Mess::TooLate);
            return;
        }
        if play.time >= to {
            return;
        }
        self.counted += 1;
        let subscription = self.listeners[play.listener].subscription(play.time);
        let share_version = track
            .boundaries
            .iter()
            .filter(|bound| **bound <= play.time)
            .count();
        let tier = subscription.map(|(_, tier)| tier);
        let key = (play.territory, tier, play.track, share_version);
        *self.cells.entry(key).or_insert(0) += 1;
        self.count_mess(play, track, subscription, mess);
    }

    fn count_mess(
        &self,
        play: &Heard,
        track: &Track,
        subscription: Option<(usize, Tier)>,
        mess: &mut MessCount,
    ) {
        let territory = self.market.territories[play.territory].code;
        if play.time < self.scale.from {
            mess.add(Mess::Late);
        }
        if play.listened_ms < u64::from(QUALIFY_MS) {
            mess.add(Mess::ShortQualified);
        }
        let within = |bound: &i64| self.scale.from <= *bound && *bound <= play.time;
        if track.boundaries.iter().any(within) {
            mess.add(Mess::Handover);
        }
        match subscription {
            None => mess.add(Mess::NoSubscription),
            Some((at, tier)) => {
                if at > 0 {
                    mess.add(Mess::TierChanged);
                }
                if !self.has_pool.contains(&(territory, TIERS[tier].0)) {
                    mess.add(Mess::NoPool);
                }
            }
        }
        if track.quirk == Quirk::TwoRows {
            mess.add(Mess::TwoRows);
        }
        if track.quirk == Quirk::ByTerritory {
            mess.add(Mess::ByTerritory);
        }
        let outcomes = RIGHTS.map(|right| split(track, right, territory, play.time).reason);
        for (reason, kind) in [
            (Reason::UnknownIsrc, Mess::UnknownIsrc),
            (Reason::NotLicensed, Mess::NotLicensed),
            (Reason::NoShares, Mess::NoShares),
            (Reason::OverClaimed, Mess::OverClaimed),
            (Reason::Unclaimed, Mess::Unclaimed),
        ] {
            if outcomes.contains(&Some(reason)) {
                mess.add(kind);
            }
        }
    }

    /// All cells in order of (ISRC, territory, tier, share version).
    pub(super) fn cells(&self) -> Vec<Cell<'a>> {
        let cells = self
            .cells
            .iter()
            .map(|((territory, tier, track, share_version), plays)| Cell {
                isrc: self.market.tracks[*track].isrc.as_str(),
                territory: self.market.territories[*territory].code,
                tier: tier.map_or("", |tier| TIERS[tier].0),
                share_version: *share_version,
                plays: *plays,
                track: *track,
            });
        let mut cells: Vec<_> = cells.collect();
        cells.sort_unstable();
        cells
    }

    /// Divides every pool.
    pub(super) fn settle(&self) -> Settlement {
        let cells = self.cells();
        let mut by_pool: BTreeMap<_, Vec<&Cell<'_>>> = BTreeMap::new();
        for cell in &cells {
            by_pool
                .entry((cell.territory, cell.tier))
                .or_default()
                .push(cell);
        }
        let mut settlement = Settlement::default();
        for pool in &self.market.pools {
            *settlement.pools.entry(pool.currency).or_insert(0) += i128::from(pool.micros);
            match by_pool.get(&(pool.territory, pool.tier)) {
                Some(cells) => self.divide(pool, cells, &mut settlement),
                None => {
                    settlement.suspend(pool.currency, Reason::NoPlays, i128::from(pool.micros));
                    settlement.unplayed_pools += 1;
                }
            }
        }
        settlement
    }

    fn divide(&self, pool: &Pool, cells: &[&Cell<'_>], settlement: &mut Settlement) {
        let all: i128 = cells.iter().map(|cell| i128::from(cell.plays)).sum();
        let micros = i128::from(pool.micros);
        let mut before = 0;
        for cell in cells {
            let after = before + i128::from(cell.plays);
            // Both quotients are of numbers >= 0, so that `/` is floor.
            let amount = micros * after / all - micros * before / all;
            before = after;

            let track = &self.market.tracks[cell.track];
            // Shares do not change within a share version: any moment of it will do.
            let moment = match cell.share_version {
                0 => i64::MIN,
                version => track.boundaries[version - 1],
            };
            let split = split(track, pool.right, cell.territory, moment);
            let mut ppm_before = 0;
            let mut paid = 0;
            for (holder, ppm) in &split.holders {
                let ppm_after = ppm_before + ppm;
                let line = amount * ppm_after / 1_000_000 - amount * ppm_before / 1_000_000;
                ppm_before = ppm_after;
                paid += line;
                *settlement
                    .holders
                    .entry((*holder, pool.currency))
                    .or_insert(0) += line;
            }
            if let Some(reason) = split.reason {
                settlement.suspend(pool.currency, reason, amount - paid);
            }
        }
    }
}

/// Who gets what part of a cell.
struct Split {
    /// Parts per million by holder; empty where nothing is paid.
    holders: BTreeMap<u64, i128>,
    /// Why something is left over.
    reason: Option<Reason>,
}

fn split(track: &Track, right: &str, territory: &str, time: i64) -> Split {
    let nothing = |reason| Split {
        holders: BTreeMap::new(),
        reason: Some(reason),
    };
    if !track.is_registered() {
        return nothing(Reason::UnknownIsrc);
    }
    let mut licences = track.licences.iter();
    if !licences.any(|licence| licence.area.holds(territory) && licence.valid.holds(time)) {
        return nothing(Reason::NotLicensed);
    }
    let mut holders = BTreeMap::new();
    for share in &track.shares {
        if share.right == right && share.area.holds(territory) && share.valid.holds(time) {
            *holders.entry(share.holder).or_insert(0) += i128::from(share.ppm);
        }
    }
    match holders.values().sum::<i128>() {
        0 => nothing(Reason::NoShares),
        1_000_000 => Split {
            holders,
            reason: None,
        },
        1_000_001.. => nothing(Reason::OverClaimed),
        _ => Split {
            holders,
            reason: Some(Reason::Unclaimed),
        },
    }
}

/// The money of a run, in micros.
#[derive(Debug, Default)]
pub(super) struct Settlement {
    pub(super) pools: BTreeMap<&'static str, i128>,
    /// Everybody with a line, even if it is of 0.
    pub(super) holders: BTreeMap<(u64, &'static str), i128>,
    pub(super) suspense: BTreeMap<(&'static str, Reason), i128>,
    pub(super) unplayed_pools: u64,
}

impl Settlement {
    fn suspend(&mut self, currency: &'static str, reason: Reason, micros: i128) {
        *self.suspense.entry((currency, reason)).or_insert(0) += micros;
    }

    pub(super) fn paid(&self, currency: &str) -> i128 {
        let lines = self.holders.iter();
        lines
            .filter(|((_, of), _)| *of == currency)
            .map(|(_, micros)| micros)
            .sum()
    }

    pub(super) fn suspended(&self, currency: &str) -> i128 {
        let rows = self.suspense.iter();
        rows.filter(|((of, _), _)| *of == currency)
            .map(|(_, micros)| micros)
            .sum()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn listened(points: &[(i64, u32)]) -> u64 {
        let mut meter = Meter::default();
        for (time, position_ms) in points {
            meter.hear(*time, *position_ms);
        }
        meter.listened_ms()
    }

    #[test]
    fn listening_is_the_lesser_of_time_and_way_capped() {
        assert_eq!(listened(&[]), 0);
        assert_eq!(listened(&[(5, 0)]), 0);
        assert_eq!(
            listened(&[(0, 0), (30_010, 30_000), (60_000, 60_000)]),
            59_990
        );
        assert_eq!(listened(&[(0, 0), (200_000, 30_000)]), 30_000, "a pause");
        assert_eq!(
            listened(&[(0, 0), (30_000, 90_000)]),
            30_000,
            "a seek forward"
        );
        assert_eq!(listened(&[(0, 50_000), (30_000, 10_000)]), 0, "a seek back");
        assert_eq!(listened(&[(0, 0), (200_000, 200_000)]), 35_000, "a gap");
    }

    #[test]
    fn equal_times_are_ordered_by_position() {
        let back = [(0, 0), (20_000, 20_000), (20_000, 5_000), (30_000, 15_000)];
        assert_eq!(
            listened(&back),
            5_000,
            "0 to 5,000; nothing from 20,000 to 15,000"
        );
        let forward = [(0, 0), (20_000, 20_000), (20_000, 50_000), (30_000, 60_000)];
        assert_eq!(listened(&forward), 30_000);
    }
}
