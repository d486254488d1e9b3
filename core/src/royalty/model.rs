//! The models: each is a weighting of plays.

use core::fmt;
use core::ops::RangeInclusive;

use crate::attribution::{Play, WEIGHT_ONE};

use super::artist_centric::ArtistCentric;
use super::pools::Pool;
use super::us_mechanical::UsMechanical;
use super::user_centric::{ACCOUNT_UNITS, By, Idle, UserCentric};

/// How a pool is divided among plays: by their weights, which the model gives.
#[derive(Clone, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub enum Model {
    /// Every qualified play of the pool alike.
    ProRata,
    /// By what each account played.
    UserCentric(UserCentric),
    /// By artists, choice, caps and noise.
    ArtistCentric(ArtistCentric),
    /// By plays with overtime.
    UsMechanical(UsMechanical),
}

/// The models' names in a rules file.
pub(super) const NAMES: [&str; 4] = [
    "pro-rata",
    "user-centric",
    "artist-centric",
    "us-mechanical",
];

impl Model {
    /// The model's name in a rules file.
    #[must_use]
    pub const fn name(&self) -> &'static str {
        let [pro_rata, user_centric, artist_centric, us_mechanical] = NAMES;
        match self {
            Self::ProRata => pro_rata,
            Self::UserCentric(_) => user_centric,
            Self::ArtistCentric(_) => artist_centric,
            Self::UsMechanical(_) => us_mechanical,
        }
    }

    /// The most that one play can weigh.
    #[must_use]
    pub fn largest_weight(&self) -> u32 {
        match self {
            Self::ProRata => WEIGHT_ONE,
            Self::UserCentric(_) => ACCOUNT_UNITS,
            Self::ArtistCentric(model) => model.largest().unwrap_or(u32::MAX),
            Self::UsMechanical(model) => model.largest(),
        }
    }

    /// What a play can weigh, as far as itself and the length of its recording (0 = unknown) tell.
    #[must_use]
    pub fn weights(&self, play: &Play, length_ms: u32) -> RangeInclusive<u32> {
        match self {
            Self::ProRata => WEIGHT_ONE..=WEIGHT_ONE,
            // By time, a play of which little was heard can weigh nothing.
            Self::UserCentric(model) => u32::from(model.by == By::Plays)..=ACCOUNT_UNITS,
            Self::ArtistCentric(model) => {
                let (low, high) = model.bounds(play, length_ms);
                low..=high
            }
            Self::UsMechanical(model) => {
                let factor = model.overtime_factor(length_ms);
                factor..=factor
            }
        }
    }

    /// What the pools of a territory and tier are divided by, where `pool`, one of them, declares it.
    #[must_use]
    pub fn declared(&self, pool: &Pool) -> Option<u64> {
        let Self::UserCentric(model) = self else {
            return None;
        };
        let subscribers = pool.subscribers.filter(|_| model.idle == Idle::Suspense)?;
        Some(subscribers.saturating_mul(ACCOUNT_UNITS.into()))
    }

    /// Whether the weights of all plays of a pool can add up to this.
    #[must_use]
    pub fn can_total(&self, weight: u64) -> bool {
        let unit = match self {
            // Every account gives away all of its units.
            Self::UserCentric(_) => ACCOUNT_UNITS,
            _ => 1,
        };
        weight.is_multiple_of(unit.into())
    }

    /// What of the weights one holder cannot see, in words; empty if there is nothing.
    #[must_use]
    pub const fn unseen(&self) -> &'static str {
        match self {
            Self::ProRata | Self::UsMechanical(_) => "",
            Self::UserCentric(_) => {
                "that each play has the right part of its listener's units, which depends on all that this listener played"
            }
            Self::ArtistCentric(_) => {
                "that each play has the right factors, as far as they depend on plays of others: whose artist is professional and how much of a listener's cap is used"
            }
        }
    }
}

impl fmt::Display for Model {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}
