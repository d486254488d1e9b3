//! Plays to cells, cells to lines, lines to holders.

use core::fmt;
use core::num::NonZeroU64;
use std::collections::BTreeMap;

use crate::attribution::Play;
use crate::id::{Isrc, Name, PartyId, Territory};
use crate::money::{Currency, Micros, MoneyError, Ppm, apportion};
use crate::registry::Snapshot;
use crate::time::TimeMs;

use super::balance::{Balance, Opening, balances};
use super::payment::Payment;
use super::pools::{Pool, Pools};
use super::weigh::Weighed;

/// What names a cell. The order of the fields is the order of the cells table.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub struct CellKey {
    /// The recording.
    pub isrc: Isrc,
    /// Where.
    pub territory: Territory,
    /// Number of the tier.
    pub tier: u16,
    /// Which shares are in force.
    pub share_version: u16,
}

impl CellKey {
    /// The cell that a play falls into.
    #[must_use]
    pub const fn of(play: &Play) -> Self {
        Self {
            isrc: play.isrc,
            territory: play.territory,
            tier: play.tier,
            share_version: play.share_version,
        }
    }
}

/// All counted plays that earn alike, and what they earned.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Cell {
    /// Its name.
    pub key: CellKey,
    /// Sum of the weights of its plays.
    pub weight: u64,
    /// Sum of the weights of the cells before it that share its pools.
    pub weight_before: u64,
    /// What its pools are divided by: the sum of the weights of all cells that share them, or what
    /// is declared.
    pub weight_total: u64,
    /// Position of its first play in the plays table.
    pub first: u64,
    /// Position behind its last play.
    pub end: u64,
    /// One entry for each pool of its territory and tier, by right and currency.
    pub amounts: Vec<CellAmount>,
}

/// A cell's part of one pool.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct CellAmount {
    /// Of which right.
    pub right: Name,
    /// In which currency.
    pub currency: Currency,
    /// How much.
    pub amount: Micros,
    /// How much of it no holder gets.
    pub suspended: Micros,
    /// Why.
    pub reason: Reason,
}

/// Why money is in suspense.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
#[repr(u8)]
pub enum Reason {
    /// It is not.
    None = 0,
    /// The registry does not know the recording.
    UnknownIsrc = 1,
    /// The service had no licence for the recording there and then.
    NotLicensed = 2,
    /// Nobody has a share.
    NoShares = 3,
    /// The shares exceed the whole.
    OverClaimed = 4,
    /// The shares fall short of the whole.
    Unclaimed = 5,
    /// The pool had no play; never in a cell.
    NoPlays = 6,
    /// The recording or its artist does not reach the rules' threshold.
    BelowThreshold = 7,
    /// What subscribers without plays paid; never in a cell.
    IdleSubscribers = 8,
}

impl Reason {
    /// Reads the code of a cell's row.
    #[must_use]
    pub const fn from_code(code: u8) -> Option<Self> {
        match code {
            0 => Some(Self::None),
            1 => Some(Self::UnknownIsrc),
            2 => Some(Self::NotLicensed),
            3 => Some(Self::NoShares),
            4 => Some(Self::OverClaimed),
            5 => Some(Self::Unclaimed),
            7 => Some(Self::BelowThreshold),
            _ => None,
        }
    }

    /// The reason's name in exports, findings and reports.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::UnknownIsrc => "unknown-isrc",
            Self::NotLicensed => "not-licensed",
            Self::NoShares => "no-shares",
            Self::OverClaimed => "over-claimed",
            Self::Unclaimed => "unclaimed",
            Self::NoPlays => "no-plays",
            Self::BelowThreshold => "below-threshold",
            Self::IdleSubscribers => "idle-subscribers",
        }
    }

    /// Whether holders with a share get lines all the same.
    #[must_use]
    pub const fn pays(self) -> bool {
        matches!(self, Self::None | Self::Unclaimed)
    }
}

/// One holder's part of one cell's amount.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Line {
    /// Who.
    pub party: PartyId,
    /// For which cell.
    pub cell: CellKey,
    /// Of which right.
    pub right: Name,
    /// In which currency.
    pub currency: Currency,
    /// Which share.
    pub ppm: Ppm,
    /// Sum of the shares of the holders before this one.
    pub ppm_before: u32,
    /// How much.
    pub amount: Micros,
}

/// What happened to the money of one currency: pool = paid + suspense.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct Totals {
    /// What there was.
    pub pool: Micros,
    /// The sum of the lines.
    pub paid: Micros,
    /// The rest.
    pub suspense: Micros,
}

/// A pool that no play shares, or none with a weight.
pub type NoPlays = Pool;

/// What of a pool falls to subscribers without plays.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct IdlePart {
    /// Of which pool.
    pub pool: Pool,
    /// How much.
    pub amount: Micros,
}

/// Everything a run computes.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Settlement {
    /// By key.
    pub cells: Vec<Cell>,
    /// By party, cell, right, currency.
    pub lines: Vec<Line>,
    /// By party, currency.
    pub balances: Vec<Balance>,
    /// Pools without a play.
    pub no_plays: Vec<NoPlays>,
    /// Parts of pools that fall to subscribers without plays.
    pub idle: Vec<IdlePart>,
    /// For each currency of the pools.
    pub totals: BTreeMap<Currency, Totals>,
}

/// Why plays cannot be settled.
#[derive(Clone, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub enum SettleError {
    /// A play is not behind the one before it.
    Order {
        /// Its position.
        position: u64,
    },
    /// An amount or a weight leaves its range.
    Overflow,
}

impl fmt::Display for SettleError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Order { position } => write!(
                f,
                "plays: expected ascending order, but found play {position} before its place"
            ),
            Self::Overflow => f.write_str(
                "money: expected amounts below 2^63 micros and weights below 2^63, but found a larger one",
            ),
        }
    }
}

impl core::error::Error for SettleError {}

impl From<MoneyError> for SettleError {
    fn from(_: MoneyError) -> Self {
        Self::Overflow
    }
}

/// Takes plays in order, one pass, and keeps only cells.
#[derive(Debug)]
pub struct Settler<'a> {
    registry: &'a Snapshot,
    pools: &'a Pools,
    weighed: Option<&'a Weighed>,
    cells: Vec<Cell>,
    /// A time at which each cell's shares are in force: its first play's.
    times: Vec<TimeMs>,
    last: Option<Play>,
    count: u64,
}

impl<'a> Settler<'a> {
    /// Starts with no plays.
    #[must_use]
    pub const fn new(registry: &'a Snapshot, pools: &'a Pools) -> Self {
        Self {
            registry,
            pools,
            weighed: None,
            cells: Vec::new(),
            times: Vec::new(),
            last: None,
            count: 0,
        }
    }

    /// Takes what weighing the plays has told.
    #[must_use]
    pub const fn weighed(mut self, weighed: &'a Weighed) -> Self {
        self.weighed = Some(weighed);
        self
    }

    /// Adds the next play.
    ///
    /// # Errors
    ///
    /// [`SettleError::Order`], [`SettleError::Overflow`].
    pub fn push(&mut self, play: &Play) -> Result<(), SettleError> {
        if self.last.is_some_and(|last| last >= *play) {
            return Err(SettleError::Order {
                position: self.count,
            });
        }
        self.last = Some(*play);
        let key = CellKey::of(play);
        let position = self.count;
        self.count = position.checked_add(1).ok_or(SettleError::Overflow)?;
        match self.cells.last_mut() {
            Some(cell) if cell.key == key => {
                let weight = cell.weight.checked_add(u64::from(play.weight));
                cell.weight = weight.ok_or(SettleError::Overflow)?;
                cell.end = self.count;
            }
            _ => {
                self.times.push(play.time);
                self.cells.push(Cell {
                    key,
                    weight: u64::from(play.weight),
                    weight_before: 0,
                    weight_total: 0,
                    first: position,
                    end: self.count,
                    amounts: Vec::new(),
                });
            }
        }
        Ok(())
    }

    /// Divides the pools, and the accounts' balances into payments and rests.
    ///
    /// # Errors
    ///
    /// [`SettleError::Overflow`].
    pub fn finish(self, opening: &Opening, payment: &Payment) -> Result<Settlement, SettleError> {
        let Self {
            registry,
            pools,
            weighed,
            mut cells,
            times,
            ..
        } = self;
        let plain = Weighed::default();
        let weighed = weighed.unwrap_or(&plain);
        sum_weights(&mut cells, &weighed.declared)?;
        let mut lines = Vec::new();
        for (cell, time) in cells.iter_mut().zip(times) {
            for pool in pools.of(cell.key.territory, cell.key.tier) {
                let below = weighed.below.contains(&cell.key.isrc);
                divide(registry, cell, time, pool, below, &mut lines)?;
            }
        }
        lines.sort_by(|a, b| {
            (a.party, a.cell, &a.right, a.currency).cmp(&(b.party, b.cell, &b.right, b.currency))
        });
        let balances = balances(&lines, opening, payment)?;
        Settlement::of(pools, cells, lines, balances)
    }
}

impl Settlement {
    /// Adds up what the tables of a run and its pools leave open: pools without a play, totals.
    ///
    /// # Errors
    ///
    /// [`SettleError::Overflow`].
    pub fn of(
        pools: &Pools,
        cells: Vec<Cell>,
        lines: Vec<Line>,
        balances: Vec<Balance>,
    ) -> Result<Self, SettleError> {
        let (no_plays, idle) = left_over(pools, &cells)?;
        Ok(Self {
            totals: totals(pools, &cells, &lines, &no_plays, &idle)?,
            cells,
            lines,
            balances,
            no_plays,
            idle,
        })
    }
}

/// Fills in the weights before each cell and in total, which may be declared.
fn sum_weights(
    cells: &mut [Cell],
    declared: &BTreeMap<(Territory, u16), u64>,
) -> Result<(), SettleError> {
    let mut sums: BTreeMap<(Territory, u16), u64> = BTreeMap::new();
    for cell in &mut *cells {
        let sum = sums.entry((cell.key.territory, cell.key.tier)).or_default();
        cell.weight_before = *sum;
        *sum = sum.checked_add(cell.weight).ok_or(SettleError::Overflow)?;
    }
    for cell in cells {
        let place = (cell.key.territory, cell.key.tier);
        let total = declared.get(&place).or_else(|| sums.get(&place));
        cell.weight_total = total.copied().unwrap_or_default();
    }
    Ok(())
}

/// Gives `cell` its part of `pool` and divides that among the holders.
fn divide(
    registry: &Snapshot,
    cell: &mut Cell,
    time: TimeMs,
    pool: &Pool,
    below: bool,
    lines: &mut Vec<Line>,
) -> Result<(), SettleError> {
    let amount = cell.part_of(pool.amount)?;
    let key = cell.key;
    let shares = registry.shares_at(key.isrc, &pool.right, key.territory, time);
    let claimed = shares
        .iter()
        .fold(0_u64, |sum, (_, ppm)| sum.saturating_add(*ppm));
    let reason = if registry.recording(key.isrc).is_none() {
        Reason::UnknownIsrc
    } else if !registry.is_licensed(key.isrc, key.territory, time) {
        Reason::NotLicensed
    } else if below {
        Reason::BelowThreshold
    } else if shares.is_empty() {
        Reason::NoShares
    } else if claimed > Ppm::WHOLE.get() {
        Reason::OverClaimed
    } else if claimed < Ppm::WHOLE.get() {
        Reason::Unclaimed
    } else {
        Reason::None
    };
    let mut suspended = amount;
    if reason.pays() {
        let mut before = 0_u32;
        for (party, ppm) in shares {
            // claimed <= 1,000,000, so each share and each sum of shares fits.
            let ppm = u32::try_from(ppm).ok().and_then(Ppm::new);
            let ppm = ppm.ok_or(SettleError::Overflow)?;
            let part = line_amount(amount, before, ppm)?;
            suspended = suspended.minus(part)?;
            lines.push(Line {
                party,
                cell: key,
                right: pool.right.clone(),
                currency: pool.currency,
                ppm,
                ppm_before: before,
                amount: part,
            });
            before = before.saturating_add(ppm.parts());
        }
    }
    cell.amounts.push(CellAmount {
        right: pool.right.clone(),
        currency: pool.currency,
        amount,
        suspended,
        reason,
    });
    Ok(())
}

impl Cell {
    /// Number of plays.
    #[must_use]
    pub const fn plays(&self) -> u64 {
        self.end.saturating_sub(self.first)
    }

    /// What the cell gets of `pool`, by its weights.
    ///
    /// # Errors
    ///
    /// [`MoneyError::Overflow`] if the weights contradict each other.
    pub fn part_of(&self, pool: Micros) -> Result<Micros, MoneyError> {
        match NonZeroU64::new(self.weight_total) {
            Some(total) => apportion(pool, self.weight_before, self.weight, total),
            // No play of the pool weighs anything: it goes to suspense whole.
            None if self.weight == 0 => Ok(Micros::ZERO),
            None => Err(MoneyError::Overflow),
        }
    }
}

/// What a holder of `ppm` gets of a cell's `amount`, behind holders of `before` in sum.
///
/// # Errors
///
/// [`MoneyError::Overflow`] if the shares exceed the whole.
pub fn line_amount(amount: Micros, before: u32, ppm: Ppm) -> Result<Micros, MoneyError> {
    apportion(
        amount,
        u64::from(before),
        u64::from(ppm.parts()),
        Ppm::WHOLE,
    )
}

/// The pools that no play with a weight shares, and what of the others no play is for.
fn left_over(pools: &Pools, cells: &[Cell]) -> Result<(Vec<NoPlays>, Vec<IdlePart>), SettleError> {
    let mut played: BTreeMap<(Territory, u16), (u64, u64)> = BTreeMap::new();
    for cell in cells {
        let (end, total) = played
            .entry((cell.key.territory, cell.key.tier))
            .or_default();
        *end = cell.weight_before.saturating_add(cell.weight).max(*end);
        *total = cell.weight_total;
    }
    let (mut no_plays, mut idle) = (Vec::new(), Vec::new());
    for pool in pools.all() {
        let tier = pools.tiers().number(Some(&pool.tier));
        let weights = played.get(&(pool.territory, tier)).copied();
        let (end, total) = weights.unwrap_or_default();
        match NonZeroU64::new(total) {
            None => no_plays.push(pool.clone()),
            Some(whole) if end < total => idle.push(IdlePart {
                pool: pool.clone(),
                amount: apportion(pool.amount, end, total.saturating_sub(end), whole)?,
            }),
            Some(_) => {}
        }
    }
    Ok((no_plays, idle))
}

fn totals(
    pools: &Pools,
    cells: &[Cell],
    lines: &[Line],
    no_plays: &[NoPlays],
    idle: &[IdlePart],
) -> Result<BTreeMap<Currency, Totals>, SettleError> {
    let mut totals: BTreeMap<Currency, Totals> = BTreeMap::new();
    for (currency, pool) in pools.sums()? {
        totals.entry(currency).or_default().pool = pool;
    }
    for line in lines {
        let paid = &mut totals.entry(line.currency).or_default().paid;
        *paid = paid.plus(line.amount)?;
    }
    let in_cells = cells.iter().flat_map(|cell| &cell.amounts);
    let in_cells = in_cells.map(|entry| (entry.currency, entry.suspended));
    let in_pools = no_plays.iter().map(|pool| (pool.currency, pool.amount));
    let idle = idle.iter().map(|part| (part.pool.currency, part.amount));
    for (currency, amount) in in_cells.chain(in_pools).chain(idle) {
        let suspense = &mut totals.entry(currency).or_default().suspense;
        *suspense = suspense.plus(amount)?;
    }
    Ok(totals)
}

#[cfg(test)]
#[path = "settle_tests.rs"]
mod tests;
