//! The columns of each exported table.

use std::collections::BTreeMap;
use std::path::Path;

use ledgerline::attribution::Play;
use ledgerline::id::{Name, PartyId};
use ledgerline::royalty::{Balance, Cell, CellKey, Line, Pools, Reason, Settlement, journal};
use ledgerline::statement::{Table, read_play};

use super::TableFormat;
use super::sheet::{Column, Sheet, SheetWriter};
use crate::run::{RunError, StoredRun};

/// Rows made at a time.
const CHUNK: usize = 1 << 16;

/// Writes all tables; gives the names of the files.
pub(super) fn write_all(
    run: &StoredRun,
    format: TableFormat,
    dir: &Path,
) -> Result<Vec<String>, RunError> {
    let settlement = run.settlement()?;
    let mut names = Vec::new();
    let mut one = |name: &str, chunks: &mut dyn Iterator<Item = Sheet>| -> Result<(), RunError> {
        let mut writer = SheetWriter::create(dir, name, format)?;
        for sheet in chunks {
            writer.write(&sheet)?;
        }
        names.push(writer.finish()?);
        Ok(())
    };
    one("plays", &mut plays(run))?;
    one(
        "cells",
        &mut chunks(&settlement.cells, |c| cells(c, &run.pools)),
    )?;
    one(
        "lines",
        &mut chunks(&settlement.lines, |l| lines(l, &run.pools)),
    )?;
    let named = super::holder_names(run);
    one(
        "holders",
        &mut chunks(&settlement.balances, |b| holders(b, &named)),
    )?;
    one(
        "suspense",
        &mut std::iter::once(suspense(&settlement, &run.pools)),
    )?;
    one(
        "journal",
        &mut std::iter::once(postings(&settlement, &run.pools)?),
    )?;
    Ok(names)
}

/// At least one sheet, so that an empty table still has its header.
fn chunks<T>(rows: &[T], make: impl Fn(&[T]) -> Sheet) -> impl Iterator<Item = Sheet> {
    let count = rows.len().div_ceil(CHUNK).max(1);
    (0..count).map(move |chunk| {
        let from = chunk * CHUNK;
        let to = (from + CHUNK).min(rows.len());
        make(rows.get(from..to).unwrap_or_default())
    })
}

fn text<T>(rows: &[T], value: impl Fn(&T) -> String) -> Column {
    Column::Text(rows.iter().map(value).collect())
}

fn number<T>(rows: &[T], value: impl Fn(&T) -> u64) -> Column {
    Column::Number(rows.iter().map(value).collect())
}

fn tier_name(pools: &Pools, tier: u16) -> String {
    pools
        .tiers()
        .name(tier)
        .map(Name::to_string)
        .unwrap_or_default()
}

fn plays(run: &StoredRun) -> impl Iterator<Item = Sheet> {
    let rows = run.table(Table::Plays);
    let count = rows.count();
    let chunk = CHUNK as u64;
    (0..count.div_ceil(chunk).max(1)).map(move |number_of_chunk| {
        let from = number_of_chunk * chunk;
        let range = from..(from + chunk).min(count);
        let plays: Vec<Play> = rows.values(range, read_play).collect();
        play_sheet(&plays, &run.pools)
    })
}

fn play_sheet(plays: &[Play], pools: &Pools) -> Sheet {
    let flag = |bit: u8| Column::Flag(plays.iter().map(|p| p.flags.byte() & bit != 0).collect());
    Sheet {
        columns: vec![
            ("isrc", text(plays, |p| p.isrc.to_string())),
            ("territory", text(plays, |p| p.territory.to_string())),
            ("tier", text(plays, |p| tier_name(pools, p.tier))),
            ("share_version", number(plays, |p| p.share_version.into())),
            (
                "time",
                Column::Time(plays.iter().map(|p| p.time.signed()).collect()),
            ),
            ("listener", text(plays, |p| p.listener.to_string())),
            ("play", text(plays, |p| p.play.to_string())),
            ("listened_ms", number(plays, |p| p.listened_ms.into())),
            ("weight", number(plays, |p| p.weight.into())),
            ("active", flag(1)),
            ("offline", flag(2)),
            ("late", flag(4)),
        ],
    }
}

/// The first four columns of everything about a cell.
fn of_cell<T>(
    rows: &[T],
    pools: &Pools,
    key: impl Fn(&T) -> CellKey + Copy,
) -> Vec<(&'static str, Column)> {
    vec![
        ("isrc", text(rows, |r| key(r).isrc.to_string())),
        ("territory", text(rows, |r| key(r).territory.to_string())),
        ("tier", text(rows, |r| tier_name(pools, key(r).tier))),
        (
            "share_version",
            number(rows, |r| key(r).share_version.into()),
        ),
    ]
}

/// One row for each amount of a cell; a cell without a pool has one row without an amount.
fn cells(cells: &[Cell], pools: &Pools) -> Sheet {
    let rows: Vec<(&Cell, Option<&ledgerline::royalty::CellAmount>)> = cells
        .iter()
        .flat_map(|cell| {
            let amounts = cell.amounts.iter().map(move |amount| (cell, Some(amount)));
            let without = cell.amounts.is_empty().then_some((cell, None));
            amounts.chain(without)
        })
        .collect();
    let rows = rows.as_slice();
    let mut columns = of_cell(rows, pools, |(cell, _)| cell.key);
    columns.extend([
        ("plays", number(rows, |(c, _)| c.plays())),
        ("weight", number(rows, |(c, _)| c.weight)),
        ("weight_before", number(rows, |(c, _)| c.weight_before)),
        ("weight_total", number(rows, |(c, _)| c.weight_total)),
        ("first_play", number(rows, |(c, _)| c.first)),
        ("end_play", number(rows, |(c, _)| c.end)),
        (
            "right",
            text(rows, |(_, a)| {
                a.map(|a| a.right.to_string()).unwrap_or_default()
            }),
        ),
        (
            "currency",
            text(rows, |(_, a)| {
                a.map(|a| a.currency.to_string()).unwrap_or_default()
            }),
        ),
        (
            "amount",
            Column::Money(rows.iter().map(|(_, a)| a.map(|a| a.amount)).collect()),
        ),
        (
            "suspended",
            Column::Money(rows.iter().map(|(_, a)| a.map(|a| a.suspended)).collect()),
        ),
        (
            "reason",
            text(rows, |(_, a)| {
                let reason = a.map(|a| a.reason).filter(|r| *r != Reason::None);
                reason.map(|r| r.as_str().to_owned()).unwrap_or_default()
            }),
        ),
    ]);
    Sheet { columns }
}

fn lines(lines: &[Line], pools: &Pools) -> Sheet {
    let mut columns = vec![("holder", text(lines, |l| l.party.to_string()))];
    columns.extend(of_cell(lines, pools, |line| line.cell));
    columns.extend([
        ("right", text(lines, |l| l.right.to_string())),
        ("currency", text(lines, |l| l.currency.to_string())),
        ("ppm", number(lines, |l| l.ppm.parts().into())),
        ("ppm_before", number(lines, |l| l.ppm_before.into())),
        (
            "amount",
            Column::Money(lines.iter().map(|l| Some(l.amount)).collect()),
        ),
    ]);
    Sheet { columns }
}

fn holders(balances: &[Balance], names: &BTreeMap<PartyId, String>) -> Sheet {
    let money = |value: &dyn Fn(&Balance) -> ledgerline::money::Micros| {
        Column::Money(balances.iter().map(|b| Some(value(b))).collect())
    };
    let name = |b: &Balance| names.get(&b.party).cloned().unwrap_or_default();
    Sheet {
        columns: vec![
            ("holder", text(balances, |b| b.party.to_string())),
            ("name", text(balances, name)),
            ("currency", text(balances, |b| b.currency.to_string())),
            ("brought_forward", money(&|b| b.brought_forward)),
            ("earned", money(&|b| b.earned)),
            ("replaced", money(&|b| b.replaced)),
            ("payable", money(&|b| b.payable)),
            ("carried_forward", money(&|b| b.carried_forward)),
        ],
    }
}

/// Money that nobody gets, by cell, then the pools without plays.
fn suspense(settlement: &Settlement, pools: &Pools) -> Sheet {
    let in_cells = settlement.cells.iter().flat_map(|cell| {
        let held = cell.amounts.iter().filter(|a| a.reason != Reason::None);
        held.map(move |a| {
            let key = cell.key;
            [
                a.reason.as_str().to_owned(),
                key.isrc.to_string(),
                key.territory.to_string(),
                tier_name(pools, key.tier),
                key.share_version.to_string(),
                a.right.to_string(),
                a.currency.to_string(),
                a.suspended.to_string(),
            ]
        })
    });
    let in_pools = settlement.no_plays.iter().map(|pool| {
        [
            Reason::NoPlays.as_str().to_owned(),
            String::new(),
            pool.territory.to_string(),
            pool.tier.to_string(),
            String::new(),
            pool.right.to_string(),
            pool.currency.to_string(),
            pool.amount.to_string(),
        ]
    });
    let idle = settlement.idle.iter().map(|part| {
        [
            Reason::IdleSubscribers.as_str().to_owned(),
            String::new(),
            part.pool.territory.to_string(),
            part.pool.tier.to_string(),
            String::new(),
            part.pool.right.to_string(),
            part.pool.currency.to_string(),
            part.amount.to_string(),
        ]
    });
    let rows: Vec<[String; 8]> = in_cells.chain(in_pools).chain(idle).collect();
    let column = |at: usize| text(&rows, |row| row.get(at).cloned().unwrap_or_default());
    let amounts = rows.iter().map(|row| {
        let [.., amount] = row;
        ledgerline::money::Micros::parse(amount).ok()
    });
    Sheet {
        columns: vec![
            ("reason", column(0)),
            ("isrc", column(1)),
            ("territory", column(2)),
            ("tier", column(3)),
            ("share_version", column(4)),
            ("right", column(5)),
            ("currency", column(6)),
            ("amount", Column::Money(amounts.collect())),
        ],
    }
}

/// The journal, one row for each posting.
fn postings(settlement: &Settlement, pools: &Pools) -> Result<Sheet, RunError> {
    let transactions = journal(pools, settlement).map_err(|error| RunError::Damaged {
        path: "tables".into(),
        problem: error.to_string(),
    })?;
    let rows: Vec<_> = (1_u64..)
        .zip(&transactions)
        .flat_map(|(number, t)| t.postings.iter().map(move |posting| (number, t, posting)))
        .collect();
    let rows = rows.as_slice();
    Ok(Sheet {
        columns: vec![
            ("transaction", number(rows, |(n, _, _)| *n)),
            ("description", text(rows, |(_, t, _)| t.description.clone())),
            ("account", text(rows, |(_, _, p)| p.account.to_string())),
            ("currency", text(rows, |(_, t, _)| t.currency.to_string())),
            (
                "amount",
                Column::Money(rows.iter().map(|(_, _, p)| Some(p.amount)).collect()),
            ),
        ],
    })
}
