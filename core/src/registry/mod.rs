//! Who owns what, who subscribed to what, and where it is licensed, as known at one moment.
//!
//! *In:* rows from a database or from a run's file. *Out:* a [`Snapshot`] with look-ups and its
//! canonical rows. *Does not know:* databases, hashes, money.
//! Source: `docs/format.md` section 6.3.

mod rows;
mod works;

use core::fmt;

use crate::id::{Isrc, ListenerId, Name, PartyId, Territories, Territory};
use crate::money::{Currency, Ppm};
use crate::time::{Interval, TimeMs};
use crate::wire::WireError;

pub use rows::{KEY_LENGTH, Row, read_row};
pub use works::{WorkLink, WorkShare, resolve};

/// A recording.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Recording {
    /// Its code.
    pub isrc: Isrc,
    /// Title, at most [`TEXT_MAX`] bytes; untrusted text.
    pub title: String,
    /// Artist, at most [`TEXT_MAX`] bytes; untrusted text.
    pub artist: String,
    /// Length, ms; 0 = unknown.
    pub length_ms: u32,
}

/// A rights holder.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Holder {
    /// Opaque party number.
    pub party: PartyId,
    /// Name, at most [`TEXT_MAX`] bytes; untrusted text.
    pub name: String,
    /// The currency the holder is paid in.
    pub currency: Currency,
}

/// A share of one right in one recording.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Share {
    /// Who holds it.
    pub party: PartyId,
    /// Of which recording.
    pub isrc: Isrc,
    /// Which right.
    pub right: Name,
    /// Where.
    pub territories: Territories,
    /// How much.
    pub ppm: Ppm,
    /// When.
    pub valid: Interval,
}

/// A listener's subscription.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Subscription {
    /// Whose.
    pub listener: ListenerId,
    /// To which tier.
    pub tier: Name,
    /// When.
    pub valid: Interval,
    /// Who pays: the listener, or an account that several listeners share.
    pub account: ListenerId,
}

/// The right of the service to offer a recording.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Licence {
    /// Of which recording.
    pub isrc: Isrc,
    /// Where.
    pub territories: Territories,
    /// When.
    pub valid: Interval,
}

/// Longest text of a row, bytes.
pub const TEXT_MAX: usize = 1024;

/// Why rows are no registry.
#[derive(Clone, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub enum RegistryError {
    /// The bytes are not rows.
    Wire(WireError),
    /// A row is not behind the one before it.
    Order {
        /// Number of the row, from 0.
        row: u64,
    },
    /// A recording stands twice.
    RecordingTwice(Isrc),
    /// A holder stands twice.
    HolderTwice(PartyId),
    /// A share or licence names a recording that is not there.
    NoRecording(Isrc),
    /// A share names a holder who is not there.
    NoHolder(PartyId),
    /// Two subscriptions of a listener hold at the same time.
    Overlap(ListenerId),
    /// A text is longer than [`TEXT_MAX`].
    TextLength {
        /// The bytes it has.
        found: usize,
    },
    /// A recording has more share boundaries than a share version can count.
    Boundaries(Isrc),
}

impl fmt::Display for RegistryError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Wire(error) => write!(f, "registry: {error}"),
            Self::Order { row } => write!(
                f,
                "registry: expected rows in ascending order, each once, but found row {row} out of order"
            ),
            Self::RecordingTwice(isrc) => {
                write!(
                    f,
                    "registry: expected one recording row for {isrc}, but found two"
                )
            }
            Self::HolderTwice(party) => {
                write!(
                    f,
                    "registry: expected one holder row for {party}, but found two"
                )
            }
            Self::NoRecording(isrc) => write!(
                f,
                "registry: expected a recording row for {isrc}, which a share or licence names, but found none"
            ),
            Self::NoHolder(party) => write!(
                f,
                "registry: expected a holder row for {party}, whom a share names, but found none"
            ),
            Self::Overlap(listener) => write!(
                f,
                "registry: expected one subscription at a time for listener {listener}, but found two that overlap"
            ),
            Self::TextLength { found } => write!(
                f,
                "registry: expected texts of at most {TEXT_MAX} bytes, but found one of {found}"
            ),
            Self::Boundaries(isrc) => write!(
                f,
                "registry: expected at most 65535 dates of change for {isrc}, but found more"
            ),
        }
    }
}

impl core::error::Error for RegistryError {}

impl From<WireError> for RegistryError {
    fn from(error: WireError) -> Self {
        Self::Wire(error)
    }
}

/// The registry as known at one moment, valid as a whole.
#[derive(Clone, Debug, Default)]
pub struct Snapshot {
    recordings: Vec<Recording>,
    holders: Vec<Holder>,
    /// By recording, right, party, then as their rows.
    shares: Vec<Share>,
    /// By listener, then by time.
    subscriptions: Vec<Subscription>,
    /// By recording.
    licences: Vec<Licence>,
    /// For each recording with shares or licences, ascending: the moments at which they change.
    boundaries: Vec<(Isrc, Vec<i64>)>,
}

/// The rows of a snapshot before they are checked, in any order.
#[derive(Clone, Debug, Default)]
pub struct Parts {
    /// Recordings.
    pub recordings: Vec<Recording>,
    /// Holders.
    pub holders: Vec<Holder>,
    /// Shares.
    pub shares: Vec<Share>,
    /// Subscriptions.
    pub subscriptions: Vec<Subscription>,
    /// Licences.
    pub licences: Vec<Licence>,
}

impl Snapshot {
    /// Sorts and checks. Identical shares, subscriptions and licences count once.
    ///
    /// # Errors
    ///
    /// [`RegistryError`] for the first thing that makes the rows contradict each other.
    pub fn new(parts: Parts) -> Result<Self, RegistryError> {
        let Parts {
            mut recordings,
            mut holders,
            mut shares,
            mut subscriptions,
            mut licences,
        } = parts;
        recordings.sort_unstable_by_key(|r| r.isrc);
        if let Some(isrc) = repeated(&recordings, |r| r.isrc) {
            return Err(RegistryError::RecordingTwice(isrc));
        }
        holders.sort_unstable_by_key(|h| h.party);
        if let Some(party) = repeated(&holders, |h| h.party) {
            return Err(RegistryError::HolderTwice(party));
        }
        let texts = recordings
            .iter()
            .flat_map(|r| [&r.title, &r.artist])
            .chain(holders.iter().map(|h| &h.name));
        if let Some(text) = texts.into_iter().find(|text| text.len() > TEXT_MAX) {
            return Err(RegistryError::TextLength { found: text.len() });
        }
        shares.sort_unstable_by(|a, b| {
            (a.isrc, &a.right, a.party, &a.territories, a.ppm, a.valid).cmp(&(
                b.isrc,
                &b.right,
                b.party,
                &b.territories,
                b.ppm,
                b.valid,
            ))
        });
        shares.dedup();
        licences.sort_unstable_by(|a, b| {
            (a.isrc, &a.territories, a.valid).cmp(&(b.isrc, &b.territories, b.valid))
        });
        licences.dedup();
        subscriptions.sort_unstable_by(|a, b| {
            (a.listener, a.valid, &a.tier, a.account)
                .cmp(&(b.listener, b.valid, &b.tier, b.account))
        });
        subscriptions.dedup();
        for (earlier, later) in subscriptions.iter().zip(subscriptions.iter().skip(1)) {
            if earlier.listener == later.listener && later.valid.from < earlier.valid.to {
                return Err(RegistryError::Overlap(later.listener));
            }
        }
        let mut snapshot = Self {
            recordings,
            holders,
            shares,
            subscriptions,
            licences,
            boundaries: Vec::new(),
        };
        snapshot.check_references()?;
        snapshot.boundaries = snapshot.collect_boundaries()?;
        Ok(snapshot)
    }

    fn check_references(&self) -> Result<(), RegistryError> {
        for share in &self.shares {
            if self.recording(share.isrc).is_none() {
                return Err(RegistryError::NoRecording(share.isrc));
            }
            if self.holder(share.party).is_none() {
                return Err(RegistryError::NoHolder(share.party));
            }
        }
        for licence in &self.licences {
            if self.recording(licence.isrc).is_none() {
                return Err(RegistryError::NoRecording(licence.isrc));
            }
        }
        Ok(())
    }

    fn collect_boundaries(&self) -> Result<Vec<(Isrc, Vec<i64>)>, RegistryError> {
        let shares = self.shares.iter().map(|s| (s.isrc, s.valid));
        let licences = self.licences.iter().map(|l| (l.isrc, l.valid));
        let mut moments: Vec<(Isrc, i64)> = shares
            .chain(licences)
            .flat_map(|(isrc, valid)| [(isrc, valid.from), (isrc, valid.to)])
            .filter(|(_, moment)| *moment != i64::MIN && *moment != i64::MAX)
            .collect();
        moments.sort_unstable();
        moments.dedup();
        let mut boundaries: Vec<(Isrc, Vec<i64>)> = Vec::new();
        for (isrc, moment) in moments {
            match boundaries.last_mut() {
                Some((last, list)) if *last == isrc => list.push(moment),
                _ => boundaries.push((isrc, vec![moment])),
            }
        }
        match boundaries
            .iter()
            .find(|(_, list)| list.len() > usize::from(u16::MAX))
        {
            Some((isrc, _)) => Err(RegistryError::Boundaries(*isrc)),
            None => Ok(boundaries),
        }
    }

    /// All recordings, ascending.
    #[must_use]
    pub fn recordings(&self) -> &[Recording] {
        &self.recordings
    }

    /// All holders, ascending.
    #[must_use]
    pub fn holders(&self) -> &[Holder] {
        &self.holders
    }

    /// All shares, by recording, right and party.
    #[must_use]
    pub fn shares(&self) -> &[Share] {
        &self.shares
    }

    /// All subscriptions, by listener and time.
    #[must_use]
    pub fn subscriptions(&self) -> &[Subscription] {
        &self.subscriptions
    }

    /// All licences, by recording.
    #[must_use]
    pub fn licences(&self) -> &[Licence] {
        &self.licences
    }

    /// The recording with this code.
    #[must_use]
    pub fn recording(&self, isrc: Isrc) -> Option<&Recording> {
        let at = self.recordings.binary_search_by_key(&isrc, |r| r.isrc);
        at.ok().and_then(|at| self.recordings.get(at))
    }

    /// The holder with this number.
    #[must_use]
    pub fn holder(&self, party: PartyId) -> Option<&Holder> {
        let at = self.holders.binary_search_by_key(&party, |h| h.party);
        at.ok().and_then(|at| self.holders.get(at))
    }

    /// The tier that `listener` subscribed to at `time`.
    #[must_use]
    pub fn tier_at(&self, listener: ListenerId, time: TimeMs) -> Option<&Name> {
        self.subscription_at(listener, time).map(|s| &s.tier)
    }

    /// The account that pays for `listener` at `time`: the listener's own where there is none.
    #[must_use]
    pub fn account_at(&self, listener: ListenerId, time: TimeMs) -> ListenerId {
        let subscription = self.subscription_at(listener, time);
        subscription.map_or(listener, |s| s.account)
    }

    fn subscription_at(&self, listener: ListenerId, time: TimeMs) -> Option<&Subscription> {
        // Subscriptions of a listener do not overlap: the last one that has begun is the only candidate.
        let begun = self
            .subscriptions
            .partition_point(|s| (s.listener, s.valid.from) <= (listener, time.signed()));
        let last = begun
            .checked_sub(1)
            .and_then(|at| self.subscriptions.get(at))?;
        (last.listener == listener && last.valid.contains(time)).then_some(last)
    }

    /// How many of the recording's dates of change lie at or before `time`.
    #[must_use]
    pub fn share_version(&self, isrc: Isrc, time: TimeMs) -> u16 {
        let at = self
            .boundaries
            .binary_search_by_key(&isrc, |(isrc, _)| *isrc);
        let list = at.ok().and_then(|at| self.boundaries.get(at));
        let passed = list.map_or(0, |(_, list)| {
            list.partition_point(|moment| *moment <= time.signed())
        });
        // Snapshot::new admits at most 65,535.
        u16::try_from(passed).unwrap_or(u16::MAX)
    }

    /// Whether the service may offer the recording there and then.
    #[must_use]
    pub fn is_licensed(&self, isrc: Isrc, territory: Territory, time: TimeMs) -> bool {
        self.licences.is_empty() || self.has_licence(isrc, territory, time)
    }

    /// Whether a licence row holds for the recording there and then.
    #[must_use]
    pub fn has_licence(&self, isrc: Isrc, territory: Territory, time: TimeMs) -> bool {
        equal_range(&self.licences, |l| l.isrc.cmp(&isrc))
            .iter()
            .any(|l| l.territories.contains(territory) && l.valid.contains(time))
    }

    /// The shares of `right` in force there and then, one entry a holder, ascending, rows of one
    /// holder added up.
    #[must_use]
    pub fn shares_at(
        &self,
        isrc: Isrc,
        right: &Name,
        territory: Territory,
        time: TimeMs,
    ) -> Vec<(PartyId, u64)> {
        let rows = equal_range(&self.shares, |s| (s.isrc, &s.right).cmp(&(isrc, right)));
        let mut sums: Vec<(PartyId, u64)> = Vec::new();
        for share in rows {
            if !share.territories.contains(territory) || !share.valid.contains(time) {
                continue;
            }
            let ppm = u64::from(share.ppm.parts());
            match sums.last_mut() {
                Some((party, sum)) if *party == share.party => *sum = sum.saturating_add(ppm),
                _ => sums.push((share.party, ppm)),
            }
        }
        sums
    }

    /// The recordings in which `party` has a share row, ascending.
    #[must_use]
    pub fn recordings_of(&self, party: PartyId) -> Vec<Isrc> {
        let mut codes: Vec<Isrc> = self
            .shares
            .iter()
            .filter(|s| s.party == party)
            .map(|s| s.isrc)
            .collect();
        codes.dedup();
        codes
    }
}

/// The part of a slice sorted by `compare` that compares equal.
fn equal_range<T>(sorted: &[T], compare: impl Fn(&T) -> core::cmp::Ordering) -> &[T] {
    let from = sorted.partition_point(|item| compare(item).is_lt());
    let tail = sorted.get(from..).unwrap_or_default();
    let length = tail.partition_point(|item| compare(item).is_eq());
    tail.get(..length).unwrap_or_default()
}

fn repeated<T, K: PartialEq>(sorted: &[T], key: impl Fn(&T) -> K) -> Option<K> {
    let mut pairs = sorted.iter().zip(sorted.iter().skip(1));
    pairs
        .find(|(a, b)| key(a) == key(b))
        .map(|(_, later)| key(later))
}

#[cfg(test)]
mod tests;
