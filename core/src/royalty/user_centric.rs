//! `user-centric`: what a subscriber pays goes to what that subscriber played.

use serde::Deserialize;

use crate::attribution::Play;

/// The units that each account divides over its plays: 1500 times the least common multiple of 1
/// to 16. A unit is finer than a micro of what a subscriber pays, and small numbers of plays divide it
/// without rest, so that equal parts are equal.
pub const ACCOUNT_UNITS: u32 = 1_081_080_000;

/// The options of the model. No source says what a service must choose, so each must be declared.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq)]
#[serde(deny_unknown_fields)]
pub struct UserCentric {
    /// What an account's units are divided by.
    pub by: By,
    /// What becomes of subscribers without plays.
    pub idle: Idle,
    /// Who is one account.
    pub family: Family,
}

/// What an account's units are divided by.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq)]
#[serde(rename_all = "kebab-case")]
pub enum By {
    /// Every play alike.
    Plays,
    /// Listened time.
    Time,
}

/// What becomes of subscribers without plays.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq)]
#[serde(rename_all = "kebab-case")]
pub enum Idle {
    /// What they paid is shared among the accounts that played.
    Share,
    /// What they paid goes to suspense; the pools file states how many subscribers there are.
    Suspense,
}

/// Who is one account.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq)]
#[serde(rename_all = "kebab-case")]
pub enum Family {
    /// Every listener.
    Member,
    /// All listeners whose subscriptions name the same account.
    Account,
}

/// Divides an account's units over its plays, telescoping in the order given: play k of sizes s_1..
/// of sum S gets floor(U·(s_1+…+s_k)/S) − floor(U·(s_1+…+s_(k−1))/S). Sizes are 1, or the listened
/// milliseconds; if all of those are 0, 1.
pub(super) fn divide(by: By, plays: &mut [&mut Play]) {
    let listened: u64 = plays
        .iter()
        .fold(0, |sum, play| sum.saturating_add(play.listened_ms.into()));
    let by_time = by == By::Time && listened > 0;
    let total = if by_time {
        listened
    } else {
        plays.len() as u64
    };
    let mut passed = 0_u64;
    let mut given = 0_u64;
    for play in plays {
        let size = if by_time {
            u64::from(play.listened_ms)
        } else {
            1
        };
        passed = passed.saturating_add(size);
        let upto = telescope(ACCOUNT_UNITS.into(), passed, total);
        play.weight = u32::try_from(upto.saturating_sub(given)).unwrap_or(u32::MAX);
        given = upto;
    }
}

/// floor(units · passed / total), for passed <= total; 0 if there is nothing to divide by.
pub(super) fn telescope(units: u64, passed: u64, total: u64) -> u64 {
    let product = u128::from(units).saturating_mul(u128::from(passed));
    let quotient = product.checked_div(u128::from(total)).unwrap_or(0);
    u64::try_from(quotient).unwrap_or(units)
}
