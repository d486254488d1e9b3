//! The figures of a bundle's report, ready to be shown: every number a page displays is made here.

use std::collections::BTreeMap;

use serde::Serialize;

use crate::bundle::Bundle;
use crate::id::{Isrc, PartyId};
use crate::money::{Currency, Micros};
use crate::registry::Snapshot;
use crate::royalty::{Balance, Cell, CellKey, Line, Reason};
use crate::time::DAY_MS;

use super::plays::Heard;

/// An amount of money.
#[derive(Clone, Debug, Eq, PartialEq, Serialize)]
pub struct MoneyView {
    /// Code.
    pub currency: String,
    /// Decimal with six places.
    pub amount: String,
}

/// A rights holder.
#[derive(Clone, Debug, Eq, PartialEq, Serialize)]
pub struct HolderView {
    /// Party number, 16 hex digits.
    pub id: String,
    /// Name, untrusted text; empty if the registry has none.
    pub name: String,
    /// Currency of payment; empty if the registry has none.
    pub currency: String,
}

/// The accounting period.
#[derive(Clone, Debug, Eq, PartialEq, Serialize)]
pub struct PeriodView {
    /// First moment.
    pub from: String,
    /// First moment after it.
    pub to: String,
}

/// An account of the holder, beside the run's totals.
#[derive(Clone, Debug, Eq, PartialEq, Serialize)]
pub struct AccountView {
    /// Code.
    pub currency: String,
    /// Places of the minor unit.
    pub exponent: u32,
    /// From the run before.
    pub brought_forward: String,
    /// With this run.
    pub earned: String,
    /// Credited by the revision that this run replaces, and taken back.
    pub replaced: String,
    /// Paid now.
    pub payable: String,
    /// Left for the next run.
    pub carried_forward: String,
    /// What there was for everybody.
    pub pool: String,
    /// What all holders earned.
    pub paid: String,
    /// What nobody got.
    pub suspense: String,
}

/// Counts of plays.
#[derive(Clone, Debug, Eq, PartialEq, Serialize)]
pub struct PlaysView {
    /// Counted plays of the holder's recordings.
    pub counted: u64,
    /// Of these, started before the period.
    pub late: u64,
    /// Of these, opened down to their events.
    pub opened: u64,
    /// Listened time of all, ms.
    pub listened_ms: u64,
}

/// Money of the holder's recordings that nobody got.
#[derive(Clone, Debug, Eq, PartialEq, Serialize)]
pub struct SuspendedView {
    /// Code.
    pub currency: String,
    /// Why.
    pub reason: &'static str,
    /// Decimal with six places.
    pub amount: String,
}

/// A day.
#[derive(Clone, Debug, Eq, PartialEq, Serialize)]
pub struct Day {
    /// UTC date.
    pub date: String,
    /// Plays that started on it.
    pub plays: u64,
    /// What they earned the holder.
    pub money: Vec<MoneyView>,
}

/// A recording.
#[derive(Clone, Debug, Eq, PartialEq, Serialize)]
pub struct Track {
    /// Code.
    pub isrc: String,
    /// Title, untrusted text.
    pub title: String,
    /// Artist, untrusted text.
    pub artist: String,
    /// Length, 0 = unknown.
    pub length_ms: u32,
    /// Counted plays.
    pub plays: u64,
    /// What it earned the holder.
    pub money: Vec<MoneyView>,
    /// What of its money nobody got.
    pub suspended: Vec<MoneyView>,
}

/// A line of the statement.
#[derive(Clone, Debug, Eq, PartialEq, Serialize)]
pub struct LineView {
    /// Recording.
    pub isrc: String,
    /// Where.
    pub territory: String,
    /// Tier, empty for none.
    pub tier: String,
    /// Which shares were in force.
    pub share_version: u16,
    /// Which right.
    pub right: String,
    /// Code.
    pub currency: String,
    /// Plays of the cell.
    pub plays: u64,
    /// The holder's share.
    pub ppm: u32,
    /// Shares of the holders before.
    pub before_ppm: u32,
    /// What the cell earned.
    pub cell_amount: String,
    /// What the holder gets of it.
    pub amount: String,
}

/// The figures of one holder's bundle.
#[derive(Clone, Debug, Eq, PartialEq, Serialize)]
pub struct BundleTotals {
    /// Whose.
    pub holder: HolderView,
    /// Of which log.
    pub origin: String,
    /// For when.
    pub period: PeriodView,
    /// Revision of the period's statement.
    pub revision: u32,
    /// By currency.
    pub currencies: Vec<AccountView>,
    /// Counts.
    pub plays: PlaysView,
    /// By currency and reason.
    pub suspended: Vec<SuspendedView>,
    /// Ascending.
    pub days: Vec<Day>,
    /// By ISRC.
    pub tracks: Vec<Track>,
    /// In the order of the statement.
    pub lines: Vec<LineView>,
}

type Sums = BTreeMap<Currency, Micros>;

fn add(sums: &mut Sums, currency: Currency, amount: Micros) {
    let sum = sums.entry(currency).or_default();
    *sum = Micros(sum.0.saturating_add(amount.0));
}

fn money(sums: &Sums) -> Vec<MoneyView> {
    sums.iter()
        .map(|(currency, amount)| MoneyView {
            currency: currency.to_string(),
            amount: amount.to_string(),
        })
        .collect()
}

/// What the holder earned in each cell, by currency, in the order of `cells`.
pub(super) fn earned_by_cell(
    cells: &[(u64, Cell)],
    lines: &[Line],
) -> Vec<Vec<(Currency, Micros)>> {
    let mut sums: BTreeMap<CellKey, Sums> = BTreeMap::new();
    for line in lines {
        add(
            sums.entry(line.cell).or_default(),
            line.currency,
            line.amount,
        );
    }
    cells
        .iter()
        .map(|(_, cell)| {
            let sums = sums.remove(&cell.key).unwrap_or_default();
            sums.into_iter().collect()
        })
        .collect()
}

/// Puts the figures together.
pub(super) fn totals(
    bundle: &Bundle<'_>,
    registry: &Snapshot,
    cells: &[(u64, Cell)],
    lines: &[Line],
    balances: &[Balance],
    heard: &Heard,
) -> BundleTotals {
    let run = &bundle.run;
    let days = heard.days.iter().map(|(day, sum)| Day {
        date: crate::time::TimeMs::new(day.saturating_mul(DAY_MS))
            .map(crate::time::TimeMs::date)
            .unwrap_or_default(),
        plays: sum.plays,
        money: money(&sum.money),
    });
    BundleTotals {
        holder: holder_view(registry, bundle.scope.party),
        origin: run.origin.clone(),
        period: PeriodView {
            from: run.period.from().to_string(),
            to: run.period.to().to_string(),
        },
        revision: run.revision,
        currencies: accounts(bundle, balances),
        plays: PlaysView {
            counted: bundle.plays.count(),
            late: heard.late,
            opened: bundle.openings.plays.len() as u64,
            listened_ms: heard.listened_ms,
        },
        suspended: suspended(cells),
        days: days.collect(),
        tracks: tracks(&bundle.scope.recordings, registry, cells, lines),
        lines: line_views(bundle, cells, lines),
    }
}

fn holder_view(registry: &Snapshot, party: PartyId) -> HolderView {
    let holder = registry.holder(party);
    HolderView {
        id: party.to_string(),
        name: holder.map(|h| h.name.clone()).unwrap_or_default(),
        currency: holder.map(|h| h.currency.to_string()).unwrap_or_default(),
    }
}

fn accounts(bundle: &Bundle<'_>, balances: &[Balance]) -> Vec<AccountView> {
    balances
        .iter()
        .map(|balance| {
            let totals = bundle.run.totals.get(&balance.currency);
            let totals = totals.copied().unwrap_or_default();
            AccountView {
                currency: balance.currency.to_string(),
                exponent: balance.currency.exponent(),
                brought_forward: balance.brought_forward.to_string(),
                earned: balance.earned.to_string(),
                replaced: balance.replaced.to_string(),
                payable: balance.payable.to_string(),
                carried_forward: balance.carried_forward.to_string(),
                pool: totals.pool.to_string(),
                paid: totals.paid.to_string(),
                suspense: totals.suspense.to_string(),
            }
        })
        .collect()
}

fn suspended(cells: &[(u64, Cell)]) -> Vec<SuspendedView> {
    suspended_sums(cells.iter().map(|(_, cell)| cell))
        .into_iter()
        .map(|((currency, reason), amount)| SuspendedView {
            currency: currency.to_string(),
            reason: reason.as_str(),
            amount: amount.to_string(),
        })
        .collect()
}

/// Money in suspense by currency and reason.
pub(super) fn suspended_sums<'a>(
    cells: impl Iterator<Item = &'a Cell>,
) -> BTreeMap<(Currency, Reason), Micros> {
    let mut sums: BTreeMap<(Currency, Reason), Micros> = BTreeMap::new();
    for entry in cells.flat_map(|cell| &cell.amounts) {
        if entry.reason != Reason::None {
            let sum = sums.entry((entry.currency, entry.reason)).or_default();
            *sum = Micros(sum.0.saturating_add(entry.suspended.0));
        }
    }
    sums
}

fn tracks(
    recordings: &[Isrc],
    registry: &Snapshot,
    cells: &[(u64, Cell)],
    lines: &[Line],
) -> Vec<Track> {
    let mut plays: BTreeMap<Isrc, u64> = BTreeMap::new();
    let mut held: BTreeMap<Isrc, Sums> = BTreeMap::new();
    let mut earned: BTreeMap<Isrc, Sums> = BTreeMap::new();
    for (_, cell) in cells {
        let count = plays.entry(cell.key.isrc).or_default();
        *count = count.saturating_add(cell.plays());
        for entry in cell.amounts.iter().filter(|e| e.reason != Reason::None) {
            let sums = held.entry(cell.key.isrc).or_default();
            add(sums, entry.currency, entry.suspended);
        }
    }
    for line in lines {
        let sums = earned.entry(line.cell.isrc).or_default();
        add(sums, line.currency, line.amount);
    }
    recordings
        .iter()
        .map(|isrc| {
            let recording = registry.recording(*isrc);
            Track {
                isrc: isrc.to_string(),
                title: recording.map(|r| r.title.clone()).unwrap_or_default(),
                artist: recording.map(|r| r.artist.clone()).unwrap_or_default(),
                length_ms: recording.map_or(0, |r| r.length_ms),
                plays: plays.get(isrc).copied().unwrap_or_default(),
                money: earned.get(isrc).map(money).unwrap_or_default(),
                suspended: held.get(isrc).map(money).unwrap_or_default(),
            }
        })
        .collect()
}

fn line_views(bundle: &Bundle<'_>, cells: &[(u64, Cell)], lines: &[Line]) -> Vec<LineView> {
    lines
        .iter()
        .map(|line| {
            let cell = cells.binary_search_by_key(&line.cell, |(_, cell)| cell.key);
            let cell = cell.ok().and_then(|at| cells.get(at)).map(|(_, cell)| cell);
            let entry = cell.and_then(|cell| {
                let mut amounts = cell.amounts.iter();
                amounts.find(|a| (&a.right, a.currency) == (&line.right, line.currency))
            });
            let tier = bundle.pools.tiers().name(line.cell.tier);
            LineView {
                isrc: line.cell.isrc.to_string(),
                territory: line.cell.territory.to_string(),
                tier: tier.map(ToString::to_string).unwrap_or_default(),
                share_version: line.cell.share_version,
                right: line.right.to_string(),
                currency: line.currency.to_string(),
                plays: cell.map_or(0, Cell::plays),
                ppm: line.ppm.parts(),
                before_ppm: line.ppm_before,
                cell_amount: entry.map(|e| e.amount).unwrap_or_default().to_string(),
                amount: line.amount.to_string(),
            }
        })
        .collect()
}
