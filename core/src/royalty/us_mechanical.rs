//! `us-mechanical`: 37 CFR Part 385 Subpart C, its numbers from the rules file alone.
//!
//! Steps 1 to 3 make the payable pool of an offering ([`super::income`]); step 4 divides it by
//! plays that longer recordings have more of ([`UsMechanical::overtime_factor`]).
//! Source: 37 CFR 385.21(b) and (c); each number's own source stands in the rules file.

use std::collections::BTreeMap;

use serde::Deserialize;

use crate::attribution::WEIGHT_ONE;
use crate::money::Micros;

use super::settings::{PoolRounding, factor, ppm, some_micros};

/// The numbers of the regulation.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq)]
#[serde(deny_unknown_fields)]
pub struct UsMechanical {
    /// Part of the service provider's revenue, ppm.
    #[serde(deserialize_with = "ppm")]
    pub headline_ppm: u32,
    /// What the payable pool is rounded to.
    pub rounding: PoolRounding,
    /// Factors for long recordings, by ascending length.
    #[serde(default)]
    pub overtime: Vec<Overtime>,
    /// What each further time beyond the last of them adds.
    pub overtime_step: Option<OvertimeStep>,
    /// Kinds of offerings by name.
    #[serde(default)]
    pub offering: BTreeMap<String, Offering>,
}

/// Recordings longer than `over_ms` and not longer than the next entry's.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq)]
#[serde(deny_unknown_fields)]
pub struct Overtime {
    /// Longer than this, ms.
    pub over_ms: u32,
    /// What a play of it counts as, thousandths.
    #[serde(deserialize_with = "factor")]
    pub factor: u32,
}

/// For each further `ms`, or part of it, `add` thousandths.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq)]
#[serde(deny_unknown_fields)]
pub struct OvertimeStep {
    /// How much longer, ms.
    pub ms: u32,
    /// How much more, thousandths.
    #[serde(deserialize_with = "factor")]
    pub add: u32,
}

/// The numbers of one kind of offering.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq)]
#[serde(deny_unknown_fields)]
pub struct Offering {
    /// Part of total content cost, ppm.
    #[serde(deserialize_with = "ppm")]
    pub tcc_ppm: u32,
    /// The most that the part of total content cost counts, for each subscriber.
    #[serde(default, deserialize_with = "some_micros")]
    pub tcc_cap: Option<Micros>,
    /// The least that is paid, for each subscriber.
    #[serde(default, deserialize_with = "some_micros")]
    pub floor: Option<Micros>,
}

impl UsMechanical {
    /// What a play of a recording of this length (0 = unknown, counts once) counts as, thousandths.
    #[must_use]
    pub fn overtime_factor(&self, length_ms: u32) -> u32 {
        let passed = self.overtime.iter().filter(|row| length_ms > row.over_ms);
        let Some(last) = passed.clone().next_back() else {
            return WEIGHT_ONE;
        };
        if passed.count() < self.overtime.len() {
            return last.factor;
        }
        // length > over, so length − over − 1 does not underflow: a full step counts when it is passed.
        let beyond = length_ms.saturating_sub(last.over_ms).saturating_sub(1);
        let steps = self
            .overtime_step
            .and_then(|step| Some((step.add, beyond.checked_div(step.ms)?)));
        let more = steps.map_or(0, |(add, steps)| add.saturating_mul(steps));
        last.factor.saturating_add(more)
    }

    /// The most that any play can weigh.
    pub(super) fn largest(&self) -> u32 {
        let table = self.overtime.iter().map(|row| row.factor).max();
        let longest = self.overtime_factor(u32::MAX);
        table.unwrap_or(WEIGHT_ONE).max(longest).max(WEIGHT_ONE)
    }

    /// What contradicts itself, in words.
    pub(super) fn fault(&self) -> Option<(&'static str, String)> {
        let mut pairs = self.overtime.iter().zip(self.overtime.iter().skip(1));
        if pairs.any(|(a, b)| a.over_ms >= b.over_ms) {
            return Some((
                "us_mechanical.overtime",
                "lengths in ascending order, each once".to_owned(),
            ));
        }
        if self.overtime_step.is_some_and(|step| step.ms == 0) {
            return Some((
                "us_mechanical.overtime_step.ms",
                "at least 1 millisecond".to_owned(),
            ));
        }
        None
    }
}
