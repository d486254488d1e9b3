//! `artist-centric`: thousandths of a play from named options.

use serde::Deserialize;

use crate::attribution::{Play, WEIGHT_ONE};
use crate::id::Isrc;

use super::settings::{Compare, Level, factor, isrcs};
use super::user_centric::telescope;

/// The options of the model; what is not there has no effect.
#[derive(Clone, Debug, Default, Deserialize, Eq, PartialEq)]
#[serde(deny_unknown_fields)]
pub struct ArtistCentric {
    /// More for artists that many listen to.
    pub professional: Option<Professional>,
    /// More for what the listener chose.
    pub active: Option<Active>,
    /// A bound for one account's plays.
    pub cap: Option<Cap>,
    /// Less for what is no music.
    pub noise: Option<Noise>,
}

/// More for artists or tracks with enough plays by enough listeners in the run's period.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq)]
#[serde(deny_unknown_fields)]
pub struct Professional {
    /// This many plays.
    pub plays: u64,
    /// At least this many distinct listeners.
    pub listeners: u64,
    /// How plays are held against the threshold.
    pub compare: Compare,
    /// Factor for their plays, thousandths.
    #[serde(deserialize_with = "factor")]
    pub factor: u32,
    /// Artists or tracks.
    pub level: Level,
}

/// More for plays with the flag *active*.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq)]
#[serde(deny_unknown_fields)]
pub struct Active {
    /// Factor, thousandths.
    #[serde(deserialize_with = "factor")]
    pub factor: u32,
}

/// A bound for the plays of one (listener, territory, tier).
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq)]
#[serde(deny_unknown_fields)]
pub struct Cap {
    /// The bound, in plays.
    pub plays: u32,
    /// What it does.
    pub method: CapMethod,
}

/// What a cap does; published accounts disagree.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq)]
#[serde(rename_all = "kebab-case")]
pub enum CapMethod {
    /// More plays count together as so many.
    Maximum,
    /// Every account's plays count together as so many, be they more or fewer.
    Normalise,
    /// Plays beyond it count half.
    HalveBeyond,
}

/// What is no music.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq)]
#[serde(deny_unknown_fields)]
pub struct Noise {
    /// These recordings.
    #[serde(default, deserialize_with = "isrcs")]
    pub isrcs: Vec<Isrc>,
    /// All recordings known to be shorter; 0 for none.
    #[serde(default)]
    pub shorter_than_ms: u32,
    /// What a play of it weighs, thousandths, whatever else holds; at most 1000.
    pub factor: u32,
}

impl Noise {
    /// Whether a recording of this length (0 = unknown) is noise.
    #[must_use]
    pub fn is(&self, isrc: Isrc, length_ms: u32) -> bool {
        let short = length_ms > 0 && length_ms < self.shorter_than_ms;
        short || self.isrcs.binary_search(&isrc).is_ok()
    }
}

impl Cap {
    /// What the plays of an account with `plays` of them weigh together, thousandths of a play.
    pub(super) fn units(&self, plays: u64) -> u64 {
        let one = u64::from(WEIGHT_ONE);
        let bound = u64::from(self.plays);
        let whole = |plays: u64| plays.saturating_mul(one);
        match self.method {
            CapMethod::Maximum => whole(plays.min(bound)),
            CapMethod::Normalise => whole(bound),
            CapMethod::HalveBeyond => {
                let beyond = plays.saturating_sub(bound).saturating_mul(one / 2);
                whole(plays.min(bound)).saturating_add(beyond)
            }
        }
    }

    /// Divides the units of an account over its plays, all alike, telescoping in the order given.
    pub(super) fn divide(&self, plays: &mut [&mut Play]) {
        let total = plays.len() as u64;
        let units = self.units(total);
        let mut given = 0_u64;
        for (passed, play) in (1_u64..).zip(plays) {
            let upto = telescope(units, passed, total);
            play.weight = u32::try_from(upto.saturating_sub(given)).unwrap_or(u32::MAX);
            given = upto;
        }
    }
}

impl ArtistCentric {
    /// The least and the most that one play which is not noise can weigh before the factors.
    const fn units(&self) -> (u32, u32) {
        match self.cap {
            None => (WEIGHT_ONE, WEIGHT_ONE),
            Some(cap) => match cap.method {
                CapMethod::Normalise => (0, cap.plays.saturating_mul(WEIGHT_ONE)),
                CapMethod::Maximum | CapMethod::HalveBeyond => (0, WEIGHT_ONE),
            },
        }
    }

    /// The factor of a play, thousandths: active, and professional where it is.
    pub(super) fn factor(&self, play: &Play, professional: bool) -> u32 {
        let active = self.active.filter(|_| play.flags.is_active());
        let active = active.map_or(WEIGHT_ONE, |active| active.factor);
        let by = self.professional.filter(|_| professional);
        let by = by.map_or(WEIGHT_ONE, |by| by.factor);
        thousandths(active, by)
    }

    /// The least and the most that a play can weigh, as far as itself and its recording tell.
    #[must_use]
    pub fn bounds(&self, play: &Play, length_ms: u32) -> (u32, u32) {
        if let Some(noise) = self.noise.as_ref().filter(|n| n.is(play.isrc, length_ms)) {
            return (noise.factor, noise.factor);
        }
        let (low, high) = self.units();
        let factors = [false, true].map(|professional| self.factor(play, professional));
        let [plain, professional] = factors;
        (
            thousandths(low, plain.min(professional)),
            thousandths(high, plain.max(professional)),
        )
    }

    /// The most that any play can weigh; `None` if that leaves 32 bits.
    pub(super) fn largest(&self) -> Option<u32> {
        let factor = |factor: Option<u32>| u64::from(factor.unwrap_or(WEIGHT_ONE).max(WEIGHT_ONE));
        let units = match self.cap {
            Some(cap) if cap.method == CapMethod::Normalise => {
                u64::from(cap.plays).checked_mul(WEIGHT_ONE.into())?
            }
            _ => WEIGHT_ONE.into(),
        };
        let product = units
            .checked_mul(factor(self.active.map(|a| a.factor)))?
            .checked_mul(factor(self.professional.map(|p| p.factor)))?;
        u32::try_from(product / 1_000_000).ok()
    }
}

/// weight · factor / 1000, rounded down.
pub(super) fn thousandths(weight: u32, factor: u32) -> u32 {
    let product = u64::from(weight).saturating_mul(factor.into());
    u32::try_from(product / 1000).unwrap_or(u32::MAX)
}
