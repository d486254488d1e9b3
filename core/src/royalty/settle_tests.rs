//! Settling small worlds by hand, and random ones against exact sums.

use super::*;
use crate::attribution::PlayFlags;
use crate::event::Flags;
use crate::id::{ListenerId, PlayId, Territories};
use crate::registry::{Holder, Parts, Recording, Share};
use crate::royalty::{Account, Opening, Payment, journal};
use crate::time::Interval;
use proptest::prelude::*;

fn isrc(number: u32) -> Isrc {
    Isrc::parse(&format!("USAAA26{number:05}")).unwrap()
}

fn play(number: u32, territory: &str, tier: u16, id: u64) -> Play {
    Play {
        isrc: isrc(number),
        territory: Territory::parse(territory).unwrap(),
        tier,
        share_version: 0,
        time: TimeMs::parse("2026-04-01").unwrap(),
        listener: ListenerId(id),
        play: PlayId(id),
        listened_ms: 30_000,
        weight: 1000,
        flags: PlayFlags::new(Flags::default(), false),
    }
}

fn registry(shares: &[(u32, u64, u32)]) -> Snapshot {
    let mut parts = Parts::default();
    for number in 0..5 {
        parts.recordings.push(Recording {
            isrc: isrc(number),
            title: String::new(),
            artist: String::new(),
            length_ms: 0,
        });
        parts.holders.push(Holder {
            party: PartyId(u64::from(number)),
            name: String::new(),
            currency: Currency::parse("EUR").unwrap(),
        });
    }
    for (number, party, ppm) in shares {
        parts.shares.push(Share {
            party: PartyId(*party),
            isrc: isrc(*number),
            right: Name::parse("master").unwrap(),
            territories: Territories::parse("*").unwrap(),
            ppm: Ppm::new(*ppm).unwrap(),
            valid: Interval::ALWAYS,
        });
    }
    Snapshot::new(parts).unwrap()
}

fn settle(shares: &[(u32, u64, u32)], pools: &str, plays: &[Play]) -> Settlement {
    let registry = registry(shares);
    let pools = format!("territory,tier,right,currency,amount\n{pools}");
    let pools = Pools::parse(pools.as_bytes()).unwrap();
    let mut sorted = plays.to_vec();
    sorted.sort_unstable();
    let mut settler = Settler::new(&registry, &pools);
    for play in &sorted {
        settler.push(play).unwrap();
    }
    let settlement = settler
        .finish(&Opening::default(), &Payment::default())
        .unwrap();
    for totals in settlement.totals.values() {
        assert_eq!(totals.paid.plus(totals.suspense), Ok(totals.pool));
    }
    journal(&pools, &settlement).unwrap();
    settlement
}

fn paid(settlement: &Settlement, party: u64) -> i64 {
    let of = settlement.balances.iter().filter(|b| b.party.0 == party);
    of.map(|b| b.earned.0).sum()
}

#[test]
fn a_pool_is_divided_by_plays_then_by_shares() {
    // 10.000000 over 3 plays: 2 of recording 0, 1 of recording 1.
    let settlement = settle(
        &[(0, 1, 500_000), (0, 2, 500_000), (1, 3, 1_000_000)],
        "DE,premium,master,EUR,10",
        &[
            play(0, "DE", 1, 1),
            play(0, "DE", 1, 2),
            play(1, "DE", 1, 3),
        ],
    );
    // floor(10e6·2/3) = 6,666,666; the half of it 3,333,333; the rest of 10e6 is 3,333,334.
    assert_eq!(
        [1, 2, 3].map(|party| paid(&settlement, party)),
        [3_333_333, 3_333_333, 3_333_334]
    );
    let balance = settlement.balances[2];
    assert_eq!(
        (balance.payable, balance.carried_forward),
        (Micros(3_330_000), Micros(3_334))
    );
}

#[test]
fn money_without_a_holder_is_suspended_with_its_reason() {
    let plays = [
        play(0, "DE", 1, 1),
        play(1, "DE", 1, 2),
        play(2, "DE", 1, 3),
        play(3, "DE", 1, 4),
        play(9, "DE", 1, 5),
        play(0, "DE", 0, 6),
    ];
    let settlement = settle(
        &[
            (0, 1, 1_000_000),
            (1, 1, 400_000),
            (2, 1, 600_000),
            (2, 2, 600_000),
        ],
        "DE,premium,master,EUR,5\nIS,premium,master,EUR,7",
        &plays,
    );
    let reasons: Vec<_> = settlement
        .cells
        .iter()
        .flat_map(|cell| &cell.amounts)
        .map(|entry| (entry.reason, entry.amount.0, entry.suspended.0))
        .collect();
    assert_eq!(
        reasons,
        [
            (Reason::None, 1_000_000, 0),
            (Reason::Unclaimed, 1_000_000, 600_000),
            (Reason::OverClaimed, 1_000_000, 1_000_000),
            (Reason::NoShares, 1_000_000, 1_000_000),
            (Reason::UnknownIsrc, 1_000_000, 1_000_000),
        ]
    );
    assert_eq!(settlement.no_plays.len(), 1, "the pool of IS");
    assert_eq!(
        settlement
            .totals
            .values()
            .map(|t| t.suspense.0)
            .sum::<i64>(),
        10_600_000
    );
    let untiered = settlement
        .cells
        .iter()
        .find(|cell| cell.key.tier == 0)
        .unwrap();
    assert!(untiered.amounts.is_empty(), "no tier, no pool, no money");
}

#[test]
fn plays_out_of_order_are_refused() {
    let (registry, pools) = (registry(&[]), Pools::default());
    let mut settler = Settler::new(&registry, &pools);
    settler.push(&play(0, "DE", 1, 2)).unwrap();
    for id in [1, 2] {
        assert_eq!(
            settler.push(&play(0, "DE", 1, id)),
            Err(SettleError::Order { position: 1 })
        );
    }
}

proptest! {
    /// Each line differs from the exact quota by less than 2 micros, and nothing is lost.
    #[test]
    fn random_worlds_balance(
        shares in prop::collection::vec((0_u32..5, 0_u64..5, 1_u32..400_000), 0..20),
        plays in prop::collection::vec((0_u32..6, 0_usize..2, 0_u16..3), 0..60),
        amounts in prop::array::uniform3(0_i64..1_000_000_000_000),
    ) {
        let places = ["DE", "FR"];
        let pools = format!(
            "DE,free,master,EUR,{}\nDE,premium,master,EUR,{}\nFR,free,master,EUR,{}",
            Micros(amounts[0]), Micros(amounts[1]), Micros(amounts[2])
        );
        let plays: Vec<Play> = plays
            .iter()
            .zip(0..)
            .map(|((number, place, tier), id)| play(*number, places[*place], *tier, id))
            .collect();
        let settlement = settle(&shares, &pools, &plays);
        for line in &settlement.lines {
            let cell = settlement.cells.iter().find(|cell| cell.key == line.cell).unwrap();
            let pool = match (line.cell.territory.to_string().as_str(), line.cell.tier) {
                ("DE", 1) => amounts[0],
                ("DE", 2) => amounts[1],
                _ => amounts[2],
            };
            // |line − pool·plays/N·ppm/10^6| < 2 as integers, both sides times N·10^6.
            let total = i128::from(cell.weight_total) * 1_000_000;
            let exact = i128::from(pool) * i128::from(cell.weight) * i128::from(line.ppm.parts());
            let found = i128::from(line.amount.0) * total;
            prop_assert!((found - exact).abs() < 2 * total);
        }
    }
}

#[test]
fn the_journal_names_every_account() {
    let registry = registry(&[(0, 1, 400_000)]);
    let pools =
        Pools::parse(b"territory,tier,right,currency,amount\nDE,premium,master,EUR,1").unwrap();
    let mut settler = Settler::new(&registry, &pools);
    settler.push(&play(0, "DE", 1, 1)).unwrap();
    let settlement = settler
        .finish(&Opening::default(), &Payment::default())
        .unwrap();
    let accounts: Vec<String> = journal(&pools, &settlement)
        .unwrap()
        .iter()
        .flat_map(|t| &t.postings)
        .map(|p| format!("{} {}", p.account, p.amount))
        .collect();
    assert_eq!(
        accounts,
        [
            "pool:DE:premium:master -1.000000",
            "holder:0000000000000001 0.400000",
            "suspense:unclaimed 0.600000",
            "holder:0000000000000001 -0.400000",
            "payable:0000000000000001 0.400000",
        ]
    );
    assert!(Account::Suspense(Reason::NoPlays) > Account::Holder(PartyId(0)));
}
