//! Values of a rules file that several models share.

use core::fmt;

use serde::{Deserialize, Deserializer, de::Error};

use crate::id::Isrc;
use crate::money::Micros;

/// How a number is held against a threshold.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq)]
pub enum Compare {
    /// More than it.
    #[serde(rename = ">")]
    More,
    /// It, or more.
    #[serde(rename = ">=")]
    AtLeast,
}

impl Compare {
    /// Whether `number` reaches `threshold`.
    #[must_use]
    pub const fn reaches(self, number: u64, threshold: u64) -> bool {
        match self {
            Self::More => number > threshold,
            Self::AtLeast => number >= threshold,
        }
    }
}

impl fmt::Display for Compare {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::More => "more than",
            Self::AtLeast => "at least",
        })
    }
}

/// Of what plays are counted together.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq)]
#[serde(rename_all = "kebab-case")]
pub enum Level {
    /// Of all recordings with the same artist text; one without such a text is by itself.
    Artist,
    /// Of one recording.
    Track,
}

impl fmt::Display for Level {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Artist => "artist",
            Self::Track => "track",
        })
    }
}

/// What a pool is rounded to when it is computed from revenue.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq)]
#[serde(rename_all = "kebab-case")]
pub enum PoolRounding {
    /// To the nearest minor unit of the currency, a half upwards.
    Cent,
    /// Down to a whole micro.
    Micro,
}

/// A decimal amount, as text.
pub(super) fn micros<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Micros, D::Error> {
    let text = String::deserialize(deserializer)?;
    Micros::parse(&text).map_err(D::Error::custom)
}

/// A decimal amount, as text, where the key is there.
pub(super) fn some_micros<'de, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<Option<Micros>, D::Error> {
    micros(deserializer).map(Some)
}

/// ISRCs, sorted, each once.
pub(super) fn isrcs<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<Isrc>, D::Error> {
    let texts: Vec<String> = Vec::deserialize(deserializer)?;
    let parse = |text: &String| Isrc::parse(text).map_err(D::Error::custom);
    let mut codes: Vec<Isrc> = texts.iter().map(parse).collect::<Result<_, _>>()?;
    codes.sort_unstable();
    codes.dedup();
    Ok(codes)
}

/// Parts per million up to the whole.
pub(super) fn ppm<'de, D: Deserializer<'de>>(deserializer: D) -> Result<u32, D::Error> {
    let parts = u32::deserialize(deserializer)?;
    if parts > 1_000_000 {
        return Err(D::Error::custom(format!(
            "expected at most 1000000 parts per million, but found {parts}"
        )));
    }
    Ok(parts)
}

/// Thousandths up to a hundredfold.
pub(super) fn factor<'de, D: Deserializer<'de>>(deserializer: D) -> Result<u32, D::Error> {
    let thousandths = u32::deserialize(deserializer)?;
    if thousandths > 100_000 {
        return Err(D::Error::custom(format!(
            "expected a factor of at most 100000 thousandths, but found {thousandths}"
        )));
    }
    Ok(thousandths)
}

/// `[pool]`: how a pool is computed from revenue, for models whose source does not say.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq)]
#[serde(deny_unknown_fields)]
pub struct PoolTerms {
    /// Part of the revenue, ppm.
    #[serde(deserialize_with = "ppm")]
    pub share_ppm: u32,
    /// What the pool is rounded to.
    pub rounding: PoolRounding,
}
