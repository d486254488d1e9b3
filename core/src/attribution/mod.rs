//! Whose music it was: from events to counted plays.
//!
//! *In:* all events of some listeners, the registry, the counting rules. *Out:* [`Play`]s and a
//! [`Tally`] of what was not counted. *Does not know:* pools, hashes, the log.
//! Source: `docs/format.md` section 7.1.

pub mod signals;

use crate::event::{Event, Flags};
use crate::id::{Isrc, ListenerId, Name, PlayId, Territory};
use crate::registry::Snapshot;
use crate::time::{DAY_MS, Period, TimeMs};

/// What makes a play count; from the rules file.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct CountingRules {
    /// Listened time that qualifies, ms, unless the recording is shorter.
    pub qualify_ms: u32,
    /// Time between heartbeats, ms.
    pub heartbeat_ms: u32,
    /// What a gap may exceed the heartbeat by, ms.
    pub tolerance_ms: u32,
    /// How long before the period a play may have started that comes in late, days; at most 366.
    pub late_days: u16,
}

/// The tiers that pools name, in order; a tier's number is its place from 1. 0 is none of them.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct TierNumbers(Vec<Name>);

impl TierNumbers {
    /// Numbers the distinct names; `None` if there are more than 65,535.
    #[must_use]
    pub fn new(mut names: Vec<Name>) -> Option<Self> {
        names.sort_unstable();
        names.dedup();
        (names.len() <= usize::from(u16::MAX)).then_some(Self(names))
    }

    /// The number of a tier.
    #[must_use]
    pub fn number(&self, tier: Option<&Name>) -> u16 {
        let place = tier.and_then(|tier| self.0.binary_search(tier).ok());
        place
            .and_then(|place| u16::try_from(place.saturating_add(1)).ok())
            .unwrap_or(0)
    }

    /// The name of a number; `None` for 0 and for numbers that were not given.
    #[must_use]
    pub fn name(&self, number: u16) -> Option<&Name> {
        let place = usize::from(number).checked_sub(1)?;
        self.0.get(place)
    }
}

/// A counted play. The order of the fields is the order of the plays table.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub struct Play {
    /// The recording.
    pub isrc: Isrc,
    /// Where.
    pub territory: Territory,
    /// Number of the listener's tier.
    pub tier: u16,
    /// How many of the recording's dates of change lie before.
    pub share_version: u16,
    /// Time of its first event.
    pub time: TimeMs,
    /// Whose.
    pub listener: ListenerId,
    /// Which.
    pub play: PlayId,
    /// Listened time, ms.
    pub listened_ms: u32,
    /// Weight, by which pools are divided: thousandths of a play, or what the model counts in.
    pub weight: u32,
    /// How it came about.
    pub flags: PlayFlags,
}

/// How a play came about, and whether it came late.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub struct PlayFlags(u8);

impl PlayFlags {
    /// The flags of an event, and lateness.
    #[must_use]
    pub const fn new(flags: Flags, late: bool) -> Self {
        Self(flags.byte() | (late as u8) << 2)
    }

    /// Reads the byte of canonical bytes; `None` if an unknown bit is set.
    #[must_use]
    pub const fn from_byte(byte: u8) -> Option<Self> {
        if byte <= 7 { Some(Self(byte)) } else { None }
    }

    /// The byte as it stands in canonical bytes.
    #[must_use]
    pub const fn byte(self) -> u8 {
        self.0
    }

    /// Chosen by the listener.
    #[must_use]
    pub const fn is_active(self) -> bool {
        self.0 & 1 != 0
    }

    /// Started before the period.
    #[must_use]
    pub const fn is_late(self) -> bool {
        self.0 & 4 != 0
    }
}

/// Weight of a play of which nothing else is known, thousandths: what it has until a model weighs it.
pub const WEIGHT_ONE: u32 = 1000;

/// What became of the events; sums over disjoint sets of listeners add up.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct Tally {
    /// Events read.
    pub events: u64,
    /// Of these, repetitions of an identical event.
    pub duplicates: u64,
    /// Of these, left out since they disagree with their play about recording or territory.
    pub conflicting: u64,
    /// Plays.
    pub plays: u64,
    /// Plays that were listened to for too short a time.
    pub short: u64,
    /// Qualified plays that started too long before the period.
    pub too_late: u64,
    /// Qualified plays that started after the period.
    pub after: u64,
    /// Counted plays.
    pub counted: u64,
    /// Of these, started before the period.
    pub late: u64,
    /// Of these, by a listener without a subscription at the time.
    pub without_subscription: u64,
    /// Of these, under a tier that no pool names.
    pub unknown_tier: u64,
}

impl Tally {
    /// The sum of two.
    #[must_use]
    pub const fn plus(&self, other: &Self) -> Self {
        Self {
            events: self.events.saturating_add(other.events),
            duplicates: self.duplicates.saturating_add(other.duplicates),
            conflicting: self.conflicting.saturating_add(other.conflicting),
            plays: self.plays.saturating_add(other.plays),
            short: self.short.saturating_add(other.short),
            too_late: self.too_late.saturating_add(other.too_late),
            after: self.after.saturating_add(other.after),
            counted: self.counted.saturating_add(other.counted),
            late: self.late.saturating_add(other.late),
            without_subscription: self
                .without_subscription
                .saturating_add(other.without_subscription),
            unknown_tier: self.unknown_tier.saturating_add(other.unknown_tier),
        }
    }
}

/// What the events of one play say, before the registry is asked.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Heard {
    /// The first event.
    pub first: Event,
    /// Listened time, ms.
    pub listened_ms: u32,
    /// Events that disagree with the first about recording or territory.
    pub conflicting: u64,
}

/// Sums up one play. `events` are sorted and distinct, and all of one listener and play; `None`
/// without any.
#[must_use]
pub fn hear(events: &[Event], rules: &CountingRules) -> Option<Heard> {
    let first = *events.first()?;
    let cap = u64::from(rules.heartbeat_ms).saturating_add(u64::from(rules.tolerance_ms));
    let agrees = |event: &&Event| event.isrc == first.isrc && event.territory == first.territory;
    let mut listened = 0_u64;
    let mut agreeing = 0_usize;
    let mut before = first;
    for event in events.iter().filter(agrees) {
        // Never underflows: events are sorted by time.
        let elapsed = event.time.ms().saturating_sub(before.time.ms());
        // A seek backwards advances by nothing.
        let advanced = u64::from(event.position_ms.saturating_sub(before.position_ms));
        listened = listened.saturating_add(elapsed.min(advanced).min(cap));
        agreeing = agreeing.saturating_add(1);
        before = *event;
    }
    Some(Heard {
        first,
        listened_ms: u32::try_from(listened).unwrap_or(u32::MAX),
        conflicting: events.len().saturating_sub(agreeing) as u64,
    })
}

/// Everything that decides whether and as what a play counts.
#[derive(Clone, Copy, Debug)]
pub struct Attributor<'a> {
    /// Who owns what.
    pub registry: &'a Snapshot,
    /// What counts.
    pub rules: &'a CountingRules,
    /// For when.
    pub period: Period,
    /// The numbers of the tiers.
    pub tiers: &'a TierNumbers,
}

impl Attributor<'_> {
    /// Appends the counted plays among `events` to `plays`, unsorted between calls.
    ///
    /// `events` must be all the log's events of the listeners that occur in it; they are sorted in
    /// place. Costs n log n time and no memory beyond the plays.
    pub fn attribute(&self, events: &mut [Event], plays: &mut Vec<Play>) -> Tally {
        events.sort_unstable();
        let mut tally = Tally {
            events: events.len() as u64,
            ..Tally::default()
        };
        let mut distinct: Vec<Event> = Vec::new();
        for group in events.chunk_by(|a, b| (a.listener, a.play) == (b.listener, b.play)) {
            distinct.clear();
            distinct.extend_from_slice(group);
            distinct.dedup();
            let Some(heard) = hear(&distinct, self.rules) else {
                continue;
            };
            let repeated = group.len().saturating_sub(distinct.len()) as u64;
            tally.duplicates = tally.duplicates.saturating_add(repeated);
            tally.conflicting = tally.conflicting.saturating_add(heard.conflicting);
            plays.extend(self.count(&heard, &mut tally));
        }
        tally
    }

    /// The counted play that was heard; `None` if it does not count, and why in `tally`.
    pub fn count(&self, heard: &Heard, tally: &mut Tally) -> Option<Play> {
        tally.plays = tally.plays.saturating_add(1);
        let first = &heard.first;
        if heard.listened_ms < self.qualifying_ms(first.isrc) {
            tally.short = tally.short.saturating_add(1);
            return None;
        }
        let Some(late) = self.lateness(first.time) else {
            let after = first.time >= self.period.to();
            let place = if after {
                &mut tally.after
            } else {
                &mut tally.too_late
            };
            *place = place.saturating_add(1);
            return None;
        };
        tally.counted = tally.counted.saturating_add(1);
        tally.late = tally.late.saturating_add(u64::from(late));
        let subscribed = self.registry.tier_at(first.listener, first.time);
        let tier = self.tiers.number(subscribed);
        match subscribed {
            None => tally.without_subscription = tally.without_subscription.saturating_add(1),
            Some(_) if tier == 0 => tally.unknown_tier = tally.unknown_tier.saturating_add(1),
            Some(_) => {}
        }
        Some(Play {
            isrc: first.isrc,
            territory: first.territory,
            tier,
            share_version: self.registry.share_version(first.isrc, first.time),
            time: first.time,
            listener: first.listener,
            play: first.play,
            listened_ms: heard.listened_ms,
            weight: WEIGHT_ONE,
            flags: PlayFlags::new(first.flags, late),
        })
    }

    /// Listened time at which a play of the recording qualifies, ms.
    #[must_use]
    pub fn qualifying_ms(&self, isrc: Isrc) -> u32 {
        match self.registry.recording(isrc).map(|r| r.length_ms) {
            Some(length_ms) if length_ms > 0 => length_ms.min(self.rules.qualify_ms),
            _ => self.rules.qualify_ms,
        }
    }

    /// Whether a play that started at `time` is late; `None` if it is not of this period at all.
    #[must_use]
    pub fn lateness(&self, time: TimeMs) -> Option<bool> {
        let allowed = u64::from(self.rules.late_days).saturating_mul(DAY_MS);
        let earliest = self.period.from().ms().saturating_sub(allowed);
        let counts = time.ms() >= earliest && time < self.period.to();
        counts.then_some(time < self.period.from())
    }
}

#[cfg(test)]
mod tests;
