//! Rung 3: a holder's money, recomputed from what the bundle shows.

use std::collections::BTreeMap;

use crate::bundle::Bundle;
use crate::id::Territory;
use crate::money::{Currency, Micros, Ppm};
use crate::registry::Snapshot;
use crate::royalty::{Balance, Below, Cell, CellAmount, CellKey, Line, Reason, line_amount};
use crate::time::TimeMs;

use super::checker::{Checker, Problems};
use super::report::Finding;

/// A cell in words.
pub(super) fn place_of(bundle: &Bundle<'_>, key: &CellKey) -> String {
    let tier = bundle.pools.tiers().name(key.tier);
    let tier = tier.map_or("no tier", |tier| tier.as_str());
    format!(
        "{} {} {tier} v{}",
        key.isrc, key.territory, key.share_version
    )
}

/// Each cell has exactly its part of each pool.
pub(super) fn check_cells(checker: &mut Checker, bundle: &Bundle<'_>, cells: &[(u64, Cell)]) {
    let mut problems = Problems::default();
    let mut weights = BTreeMap::new();
    let most = u64::from(bundle.rules.model.largest_weight());
    for (at, (number, cell)) in cells.iter().enumerate() {
        let place = || format!("cell {number} ({})", place_of(bundle, &cell.key));
        let pools = bundle.pools.of(cell.key.territory, cell.key.tier);
        let named = cell.amounts.iter().map(|a| (&a.right, a.currency));
        let numbered = cell.key.tier == 0 || bundle.pools.tiers().name(cell.key.tier).is_some();
        problems.require(numbered, || {
            Finding::error("cells.money", place())
                .compared(
                    "a tier that the pools name, or none",
                    cell.key.tier.to_string(),
                )
                .saying("a cell is of a tier that does not exist")
        });
        problems.require(
            pools.iter().map(|p| (&p.right, p.currency)).eq(named),
            || {
                Finding::error("cells.money", place())
                    .compared(
                        format!("{} pools", pools.len()),
                        format!("{} amounts", cell.amounts.len()),
                    )
                    .saying("a cell does not share in exactly the pools of its territory and tier")
            },
        );
        for (pool, entry) in pools.iter().zip(&cell.amounts) {
            let computed = cell.part_of(pool.amount);
            problems.require(computed == Ok(entry.amount), || {
                let computed = computed.unwrap_or_default();
                let difference = entry.amount.minus(computed).unwrap_or_default();
                Finding::error(
                    "cells.money",
                    format!("{} {} {}", place(), pool.right, pool.currency),
                )
                .compared(computed.to_string(), entry.amount.to_string())
                .of_money(difference, pool.currency)
                .saying("a recording's part of a pool is not what its plays earn")
            });
        }
        // How many cells the bundle does not show up to this one: none new means none in between.
        let hidden = number.saturating_sub(at as u64);
        let (total, before, hidden_before): &mut (u64, u64, u64) = weights
            .entry((cell.key.territory, cell.key.tier))
            .or_insert((cell.weight_total, 0, 0));
        let after = cell.weight_before.checked_add(cell.weight);
        let follows = if hidden == *hidden_before {
            cell.weight_before == *before
        } else {
            cell.weight_before >= *before
        };
        // A weight is of plays, and the plays table has only so many before and behind the cell.
        let room = |weight: u64, plays: u64| weight <= plays.saturating_mul(most);
        let all = bundle.run.plays.size;
        let behind = after.and_then(|after| cell.weight_total.checked_sub(after));
        // What is declared holds subscribers without plays, too, but is a number of the pools file.
        let declared = declared_total(bundle, &cell.key);
        let totals = match declared {
            Some(declared) => cell.weight_total == declared && behind.is_some(),
            None => {
                bundle.rules.model.can_total(cell.weight_total)
                    && room(cell.weight_total, all)
                    && behind.is_some_and(|weight| room(weight, all.saturating_sub(cell.end)))
            }
        };
        let fits = follows
            && *total == cell.weight_total
            && room(cell.weight_before, cell.first)
            && totals;
        *hidden_before = hidden;
        problems.require(fits, || {
            Finding::error("cells.money", place())
                .compared(
                    format!("weights within one total of {total}"),
                    format!(
                        "{} after {} of {}",
                        cell.weight, cell.weight_before, cell.weight_total
                    ),
                )
                .saying("the weights by which a pool is divided contradict each other")
        });
        *before = after.unwrap_or(u64::MAX);
    }
    let is_summed = |place: &(Territory, u16)| declared_at(bundle, *place).is_none();
    let summed = weights.iter().filter(|(place, _)| is_summed(place));
    let together = summed.fold(0_u64, |sum, (_, (total, _, _))| sum.saturating_add(*total));
    let bound = bundle.run.plays.size.saturating_mul(most);
    problems.require(together <= bound, || {
        Finding::error("cells.money", "all cells".to_owned())
            .compared(format!("at most {bound}"), together.to_string())
            .saying("pools are divided by more plays than the run has counted")
    });
    let passed = format!(
        "{} cells have exactly their part of their pools",
        cells.len()
    );
    checker.conclude("cells.money", 3, passed, problems);
}

/// What the pools of a cell are divided by, where that is declared.
fn declared_total(bundle: &Bundle<'_>, key: &CellKey) -> Option<u64> {
    declared_at(bundle, (key.territory, key.tier))
}

fn declared_at(bundle: &Bundle<'_>, (territory, tier): (Territory, u16)) -> Option<u64> {
    let pool = bundle.pools.of(territory, tier).first()?;
    bundle.rules.model.declared(pool)
}

/// How a right is split, as far as the amounts of its cells tell: the same for every tier and
/// currency while the shares do not change.
#[derive(Debug, Default)]
struct Split {
    /// Reason, and the shares before the holder's.
    seen: Option<(Reason, Option<u32>)>,
    /// All shares add up to at least this many ppm...
    least: i128,
    /// ...and to at most the whole less this many.
    short: i128,
}

impl Split {
    /// Whether a cell's amount can come from the same split as those before.
    fn agrees(&mut self, entry: &CellAmount, line: Option<&Line>) -> bool {
        let this = (entry.reason, line.map(|line| line.ppm_before));
        let same = *self.seen.get_or_insert(this) == this;
        if entry.reason != Reason::Unclaimed {
            return same;
        }
        // paid = floor(amount * claimed / 10^6), so claimed lies between these bounds.
        let whole = i128::from(Ppm::WHOLE.get());
        let amount = i128::from(entry.amount.0);
        let paid = amount.saturating_sub(i128::from(entry.suspended.0));
        let claimed = line.map_or(1, |l| {
            i128::from(l.ppm_before).saturating_add(l.ppm.parts().into())
        });
        let mut most = whole.saturating_sub(1);
        self.least = self.least.max(claimed);
        if amount > 0 {
            let up = |n: i128| {
                n.saturating_add(amount.saturating_sub(1))
                    .checked_div(amount)
            };
            self.least = self
                .least
                .max(up(paid.saturating_mul(whole)).unwrap_or(i128::MAX));
            let above = paid
                .saturating_add(1)
                .saturating_mul(whole)
                .saturating_sub(1);
            most = most.min(above.checked_div(amount).unwrap_or(0));
        }
        self.short = self.short.max(whole.saturating_sub(most));
        same && self.least <= whole.saturating_sub(self.short)
    }
}

/// What a bundle shows of the holder's shares and lines.
pub(super) struct Claims<'a> {
    pub(super) bundle: &'a Bundle<'a>,
    pub(super) registry: &'a Snapshot,
    /// Whether the whole registry has licence rows, as far as is visible.
    pub(super) licences: bool,
    pub(super) cells: &'a [(u64, Cell)],
    pub(super) times: &'a [Option<TimeMs>],
    pub(super) lines: &'a [Line],
}

impl Claims<'_> {
    /// Each share of the holder in each cell has exactly its line.
    pub(super) fn check_lines(&self, checker: &mut Checker) {
        let mut problems = Problems::default();
        let mut splits: BTreeMap<_, Split> = BTreeMap::new();
        let mut left: BTreeMap<_, &Line> = self
            .lines
            .iter()
            .map(|line| ((line.cell, &line.right, line.currency), line))
            .collect();
        for ((_, cell), time) in self.cells.iter().zip(self.times) {
            for entry in &cell.amounts {
                let line = left.remove(&(cell.key, &entry.right, entry.currency));
                self.check_entry(cell, *time, entry, line, &mut problems);
                let key = cell.key;
                let split = splits
                    .entry((key.isrc, key.territory, key.share_version, &entry.right))
                    .or_default();
                problems.require(split.agrees(entry, line), || {
                    Finding::error(
                        "lines.money",
                        self.place(&key, &format!("{} {}", entry.right, entry.currency)),
                    )
                    .compared(
                        "one split of the right for all pools",
                        "another split than for another pool",
                    )
                    .of_money(entry.amount, entry.currency)
                    .saying(
                        "a right is split in one way for one pool and in another way for the next",
                    )
                });
            }
        }
        for line in left.values() {
            problems.add(|| {
                Finding::error(
                    "lines.money",
                    self.place(&line.cell, &line.right.to_string()),
                )
                .compared("a cell for each line", "none")
                .of_money(line.amount, line.currency)
                .saying("a line is about no cell of the holder's recordings")
            });
        }
        let passed = format!(
            "{} lines follow from cells and shares to the micro",
            self.lines.len()
        );
        checker.conclude("lines.money", 3, passed, problems);
    }

    fn place(&self, cell: &CellKey, right: &str) -> String {
        format!("{} {right}", place_of(self.bundle, cell))
    }

    fn check_entry(
        &self,
        cell: &Cell,
        time: Option<TimeMs>,
        entry: &CellAmount,
        line: Option<&Line>,
        problems: &mut Problems,
    ) {
        let Some(time) = time else { return };
        let key = &cell.key;
        let place = || self.place(key, &format!("{} {}", entry.right, entry.currency));
        let shares = self
            .registry
            .shares_at(key.isrc, &entry.right, key.territory, time);
        let mine = shares
            .iter()
            .find(|(party, _)| *party == self.bundle.scope.party);
        let mine = mine.map_or(0, |(_, ppm)| *ppm);
        problems.require(self.reason_fits(cell, time, entry, mine), || {
            Finding::error("lines.money", place())
                .compared(
                    "money held back only for a reason that holds",
                    entry.reason.as_str(),
                )
                .of_money(entry.suspended, entry.currency)
                .saying("the reason for which money is held back does not hold")
        });
        let expected = if entry.reason.pays() { mine } else { 0 };
        let stated = line.map_or(0, |line| u64::from(line.ppm.parts()));
        problems.require(expected == stated, || {
            Finding::error("lines.money", place())
                .compared(
                    format!("a share of {expected} ppm"),
                    format!("{stated} ppm"),
                )
                .of_money(
                    line.map_or(Micros::ZERO, |line| line.amount),
                    entry.currency,
                )
                .saying("a line has another share than the registry gives the holder")
        });
        let Some(line) = line else { return };
        let computed = line_amount(entry.amount, line.ppm_before, line.ppm);
        let others = entry.amount.minus(entry.suspended);
        let within = others.is_ok_and(|others| line.amount <= others);
        problems.require(computed == Ok(line.amount) && within, || {
            let computed = computed.unwrap_or_default();
            Finding::error("lines.money", place())
                .compared(computed.to_string(), line.amount.to_string())
                .of_money(
                    line.amount.minus(computed).unwrap_or_default(),
                    entry.currency,
                )
                .saying("a line's amount is not the share of what its cell earned")
        });
    }

    /// Whether the reason can be true, by what is visible to the holder.
    fn reason_fits(&self, cell: &Cell, time: TimeMs, entry: &CellAmount, mine: u64) -> bool {
        let key = &cell.key;
        let covered = self.registry.has_licence(key.isrc, key.territory, time);
        // Licence rows end the registry's table: if there are any, one is a row or a boundary leaf here.
        let licensed = covered || !self.licences;
        let whole = entry.suspended == entry.amount;
        match entry.reason {
            Reason::None => licensed && entry.suspended == Micros::ZERO,
            Reason::Unclaimed => {
                licensed && mine < Ppm::WHOLE.get() && entry.suspended.0 <= entry.amount.0
            }
            Reason::NotLicensed => whole && !licensed,
            Reason::BelowThreshold => {
                let threshold = self.bundle.rules.threshold;
                whole && licensed && threshold.is_some_and(|t| t.below == Below::Suspense)
            }
            Reason::NoShares => whole && licensed && mine == 0,
            // Also to a holder of the whole: others may claim some of it.
            Reason::OverClaimed => whole && licensed,
            // Recordings of a holder are in the registry.
            Reason::UnknownIsrc | Reason::NoPlays | Reason::IdleSubscribers => false,
        }
    }
}

/// The accounts are the sums of the lines, paid out in whole minor units.
pub(super) fn check_balances(
    checker: &mut Checker,
    bundle: &Bundle<'_>,
    lines: &[Line],
    balances: &[Balance],
) {
    if bundle.run.previous.is_some() {
        checker.skip(
            "holders.previous",
            3,
            "the run continues an earlier one: what it brings forward and replaces stands in the earlier statement, and is not checked here",
        );
    }
    let mut problems = Problems::default();
    let mut earned: BTreeMap<Currency, Micros> = BTreeMap::new();
    for line in lines {
        let sum = earned.entry(line.currency).or_default();
        *sum = sum.plus(line.amount).unwrap_or(Micros(i64::MAX));
    }
    for balance in balances {
        let currency = balance.currency;
        let place = || format!("account {} {currency}", balance.party);
        let sum = earned.remove(&currency).unwrap_or_default();
        problems.require(balance.earned == sum, || {
            Finding::error("holders.money", place())
                .compared(sum.to_string(), balance.earned.to_string())
                .of_money(balance.earned.minus(sum).unwrap_or_default(), currency)
                .saying("what the holder earned is not the sum of the lines")
        });
        let first = bundle.run.previous.is_none();
        let corrects = bundle.run.revision > 0;
        for (allowed, amount, detail) in [
            (
                !first,
                balance.brought_forward,
                "a first run brings something forward",
            ),
            (
                corrects,
                balance.replaced,
                "a run takes back what an earlier revision had credited, but is the first of its period",
            ),
        ] {
            problems.require(allowed || amount == Micros::ZERO, || {
                Finding::error("holders.money", place())
                    .compared("0.000000", amount.to_string())
                    .of_money(amount, currency)
                    .saying(detail)
            });
        }
        let computed = Balance::new(
            (balance.party, currency),
            [balance.brought_forward, balance.earned, balance.replaced],
            &bundle.rules.payment,
        );
        problems.require(computed.as_ref() == Ok(balance), || {
            let say = |b: &Balance| format!("{} payable, {} carried", b.payable, b.carried_forward);
            Finding::error("holders.money", place())
                .compared(
                    computed.as_ref().map_or_else(ToString::to_string, say),
                    say(balance),
                )
                .saying("the payment is not the balance in whole minor units, or nothing below the rules' minimum")
        });
        let paid = bundle.run.totals.get(&currency).map(|totals| totals.paid);
        problems.require(paid.is_some_and(|paid| balance.earned <= paid), || {
            Finding::error("holders.money", place())
                .compared(
                    "at most what the run paid in all",
                    balance.earned.to_string(),
                )
                .saying("the holder earned more than the whole run paid")
        });
    }
    for (currency, sum) in earned {
        problems.add(|| {
            Finding::error(
                "holders.money",
                format!("account {} {currency}", bundle.scope.party),
            )
            .compared(sum.to_string(), "no account")
            .of_money(Micros::ZERO.minus(sum).unwrap_or_default(), currency)
            .saying("the holder earned money in a currency without an account")
        });
    }
    let passed = "earned, payable and carried forward follow from the lines";
    checker.conclude("holders.money", 3, passed, problems);
}
