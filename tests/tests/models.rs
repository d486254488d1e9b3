//! Every model on random small worlds, against the independent implementation and its oracle in
//! fractions (`tests/independent/cases/weigh.py`): weights, cells, lines and totals.
//!
//! `LEDGERLINE_WEIGH` names a file with more worlds; `tests/independent/vectors.py --weigh N FILE`
//! makes it.
#![allow(
    clippy::arithmetic_side_effects,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "in a test a panic is the finding"
)]

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

use ledgerline::attribution::{Play, PlayFlags};
use ledgerline::id::{Isrc, ListenerId, Name, PartyId, PlayId, Territories, Territory};
use ledgerline::money::{Currency, Ppm};
use ledgerline::registry::{Holder, Parts, Recording, Share, Snapshot, Subscription};
use ledgerline::royalty::{Opening, Payment, Pools, Rules, Settlement, Settler, Weighing, journal};
use ledgerline::time::{Interval, TimeMs};
use ledgerline_tests::{cases, root, skip};
use serde_json::{Value, json};

fn list(value: &Value) -> &Vec<Value> {
    value.as_array().unwrap()
}

fn at(row: &Value, place: usize) -> &str {
    row[place].as_str().unwrap()
}

fn int<T: TryFrom<i64>>(row: &Value, place: usize) -> T {
    let number = row[place].as_i64().unwrap();
    T::try_from(number).unwrap_or_else(|_| panic!("{number} in {row}"))
}

fn isrc(text: &str) -> Isrc {
    Isrc::parse(text).unwrap()
}

fn registry(world: &Value) -> Snapshot {
    let mut parts = Parts::default();
    for row in list(&world["recordings"]) {
        parts.recordings.push(Recording {
            isrc: isrc(at(row, 0)),
            title: String::new(),
            artist: at(row, 1).to_owned(),
            length_ms: int(row, 2),
        });
    }
    for party in [1, 2] {
        parts.holders.push(Holder {
            party: PartyId(party),
            name: String::new(),
            currency: Currency::parse("EUR").unwrap(),
        });
    }
    for row in list(&world["shares"]) {
        parts.shares.push(Share {
            party: PartyId::parse(at(row, 1)).unwrap(),
            isrc: isrc(at(row, 0)),
            right: Name::parse("master").unwrap(),
            territories: Territories::parse("*").unwrap(),
            ppm: Ppm::new(int(row, 2)).unwrap(),
            valid: Interval::ALWAYS,
        });
    }
    for row in list(&world["subscriptions"]) {
        let listener = ListenerId::parse(at(row, 0)).unwrap();
        let account = row[1].as_str().map(|text| ListenerId::parse(text).unwrap());
        parts.subscriptions.push(Subscription {
            listener,
            tier: Name::parse("premium").unwrap(),
            valid: Interval {
                from: row[2].as_i64().unwrap_or(i64::MIN),
                to: i64::MAX,
            },
            account: account.unwrap_or(listener),
        });
    }
    // Through its rows, so that shared subscriptions are written and read.
    let snapshot = Snapshot::new(parts).unwrap();
    let bytes: Vec<u8> = snapshot
        .rows()
        .into_iter()
        .flat_map(|(key, row)| [key.to_vec(), row].concat())
        .collect();
    Snapshot::read(&bytes).unwrap()
}

fn plays(world: &Value) -> Vec<Play> {
    list(&world["plays"])
        .iter()
        .map(|row| Play {
            isrc: isrc(at(row, 0)),
            territory: Territory::parse(at(row, 1)).unwrap(),
            tier: int(row, 2),
            share_version: 0,
            time: TimeMs::new(int(row, 3)).unwrap(),
            listener: ListenerId::parse(at(row, 4)).unwrap(),
            play: PlayId::parse(at(row, 5)).unwrap(),
            listened_ms: int(row, 6),
            weight: 1000,
            flags: PlayFlags::from_byte(int(row, 7)).unwrap(),
        })
        .collect()
}

/// What the product makes of a world, in the form of the file; null where it refuses.
fn result(world: &Value) -> (Value, &'static str) {
    let rules = Rules::parse(world["rules"].as_str().unwrap().as_bytes()).unwrap();
    let pools = Pools::parse(world["pools"].as_str().unwrap().as_bytes()).unwrap();
    let registry = registry(world);
    let earlier: BTreeMap<Isrc, u64> = list(&world["earlier"])
        .iter()
        .map(|row| (isrc(at(row, 0)), int(row, 1)))
        .collect();
    let mut plays = plays(world);
    let weighing = Weighing {
        registry: &registry,
        rules: &rules,
        pools: &pools,
        earlier: &earlier,
    };
    let Ok(weighed) = weighing.weigh(&mut plays) else {
        return (Value::Null, rules.model.name());
    };
    let mut settler = Settler::new(&registry, &pools).weighed(&weighed);
    for play in &plays {
        let length_ms = registry.recording(play.isrc).map_or(0, |r| r.length_ms);
        assert!(rules.can_weigh(play, length_ms), "{play:?} under {rules:?}");
        settler.push(play).unwrap();
    }
    let settlement = settler
        .finish(&Opening::default(), &Payment::default())
        .unwrap();
    journal(&pools, &settlement).unwrap();
    (written(&plays, &settlement), rules.model.name())
}

fn written(plays: &[Play], settlement: &Settlement) -> Value {
    let cells = settlement.cells.iter().map(|cell| {
        let amounts = cell.amounts.iter().map(|a| {
            json!([
                a.currency.to_string(),
                a.amount.0,
                a.suspended.0,
                a.reason as u8
            ])
        });
        json!([
            cell.key.isrc.to_string(),
            cell.key.territory.to_string(),
            cell.key.tier,
            cell.weight,
            cell.weight_before,
            cell.weight_total,
            amounts.collect::<Vec<_>>()
        ])
    });
    let lines = settlement.lines.iter().map(|line| {
        json!([
            line.party.to_string(),
            line.cell.isrc.to_string(),
            line.cell.territory.to_string(),
            line.cell.tier,
            line.currency.to_string(),
            line.amount.0
        ])
    });
    let totals = settlement.totals.iter().map(|(currency, t)| {
        assert_eq!(t.paid.plus(t.suspense), Ok(t.pool));
        json!([currency.to_string(), t.pool.0, t.paid.0, t.suspense.0])
    });
    json!({
        "weights": plays.iter().map(|play| play.weight).collect::<Vec<_>>(),
        "cells": cells.collect::<Vec<_>>(),
        "lines": lines.collect::<Vec<_>>(),
        "totals": totals.collect::<Vec<_>>(),
    })
}

fn check(worlds: &Value) {
    let mut models = BTreeSet::new();
    for (number, world) in list(worlds).iter().enumerate() {
        let (result, model) = result(world);
        for part in ["weights", "cells", "lines", "totals"] {
            assert_eq!(
                result[part], world["result"][part],
                "world {number}: {part}\n{world}"
            );
        }
        models.insert(model);
    }
    assert_eq!(models.len(), 4);
}

#[test]
fn worlds_under_every_model() {
    let cases = cases("weigh").unwrap();
    assert!(list(&cases["worlds"]).len() >= 150);
    check(&cases["worlds"]);
}

#[test]
fn more_worlds_under_every_model() {
    let Some(path) = std::env::var_os("LEDGERLINE_WEIGH") else {
        skip("LEDGERLINE_WEIGH is not set, so only the committed worlds are tried");
        return;
    };
    let text = fs::read_to_string(Path::new(&path)).unwrap();
    let file: Value = serde_json::from_str(&text).unwrap();
    check(&file["cases"]["worlds"]);
}

/// The directory of the rules files holds nothing that is none.
#[test]
fn every_shipped_rules_file_is_one_with_sources() {
    for entry in fs::read_dir(root().join("rules")).unwrap() {
        let path = entry.unwrap().path();
        let rules = Rules::parse(&fs::read(&path).unwrap())
            .unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        let doubts = rules.doubts();
        assert!(
            !doubts
                .iter()
                .any(|doubt| doubt.contains("no such setting") || doubt.contains("not stated")),
            "{}: {doubts:?}",
            path.display()
        );
        assert!(rules.sources.of("model").is_some() || rules.threshold.is_some());
    }
}
