//! Weights by hand, and the published examples through plays, weights and money.

use super::*;
use crate::attribution::PlayFlags;
use crate::event::Flags;
use crate::id::{Name, PartyId, PlayId, Territories};
use crate::money::{Currency, Ppm};
use crate::registry::{Holder, Parts, Recording, Share, Subscription};
use crate::royalty::{ACCOUNT_UNITS, Opening, Payment, Reason, Settlement, Settler, journal};
use crate::time::{Interval, TimeMs};
use proptest::prelude::*;

fn isrc(number: u32) -> Isrc {
    Isrc::parse(&format!("USAAA26{number:05}")).unwrap()
}

/// Recording `number` is by the artist `number / 2` and 100 s longer than the one before; holder
/// `number` has all of it.
fn registry() -> Snapshot {
    let mut parts = Parts::default();
    for number in 0..6 {
        parts.recordings.push(Recording {
            isrc: isrc(number),
            title: String::new(),
            artist: format!("Artist {}", number / 2),
            length_ms: number * 100_000 + 50_000,
        });
        let party = PartyId(u64::from(number));
        parts.holders.push(Holder {
            party,
            name: String::new(),
            currency: Currency::parse("EUR").unwrap(),
        });
        parts.shares.push(Share {
            party,
            isrc: isrc(number),
            right: Name::parse("master").unwrap(),
            territories: Territories::parse("*").unwrap(),
            ppm: Ppm::new(1_000_000).unwrap(),
            valid: Interval::ALWAYS,
        });
    }
    for listener in [7, 8] {
        parts.subscriptions.push(Subscription {
            listener: ListenerId(listener),
            tier: Name::parse("premium").unwrap(),
            valid: Interval::ALWAYS,
            account: ListenerId(70),
        });
    }
    Snapshot::new(parts).unwrap()
}

/// A play of 30 s by `listener` that was chosen if `active`.
fn play(number: u32, listener: u64, active: bool) -> Play {
    Play {
        isrc: isrc(number),
        territory: Territory::parse("DE").unwrap(),
        tier: 1,
        share_version: 0,
        time: TimeMs::parse("2026-04-01").unwrap(),
        listener: ListenerId(listener),
        play: PlayId(0),
        listened_ms: 30_000,
        weight: 0,
        flags: PlayFlags::new(Flags::new(active, false), false),
    }
}

/// `count` plays of each (recording, listener).
fn plays(of: &[(u32, u64, u32)]) -> Vec<Play> {
    let mut all = Vec::new();
    for (number, listener, count) in of {
        for _ in 0..*count {
            all.push(Play {
                play: PlayId(all.len() as u64),
                ..play(*number, *listener, false)
            });
        }
    }
    all.sort_unstable();
    all
}

fn rules(model: &str, table: &str) -> Rules {
    let text = format!("version = 1\nmodel = \"{model}\"\n{table}");
    Rules::parse(text.as_bytes()).unwrap()
}

fn user_centric(idle: &str, by: &str, family: &str) -> Rules {
    let table = format!("[user_centric]\nby = \"{by}\"\nidle = \"{idle}\"\nfamily = \"{family}\"");
    rules("user-centric", &table)
}

fn pools(rows: &str) -> Pools {
    let text = format!("territory,tier,right,currency,amount,subscribers\n{rows}");
    Pools::parse(text.as_bytes()).unwrap()
}

fn weigh_with(
    rules: &Rules,
    pools: &Pools,
    earlier: &[(u32, u64)],
    plays: &mut [Play],
) -> Result<Weighed, WeighError> {
    let earlier = earlier
        .iter()
        .map(|(n, count)| (isrc(*n), *count))
        .collect();
    let weighing = Weighing {
        registry: &registry(),
        rules,
        pools,
        earlier: &earlier,
    };
    weighing.weigh(plays)
}

fn weights(rules: &Rules, mut plays: Vec<Play>) -> Vec<u32> {
    weigh_with(rules, &pools("DE,premium,master,EUR,1,"), &[], &mut plays).unwrap();
    for play in &plays {
        let length_ms = registry().recording(play.isrc).unwrap().length_ms;
        assert!(rules.can_weigh(play, length_ms), "{play:?}");
        assert!(play.weight <= rules.model.largest_weight());
    }
    plays.iter().map(|play| play.weight).collect()
}

/// Through the path that a run takes: plays, weights, cells, lines, balances, journal.
fn settle(rules: &Rules, pools: &Pools, mut plays: Vec<Play>) -> Settlement {
    let weighed = weigh_with(rules, pools, &[], &mut plays).unwrap();
    let registry = registry();
    let mut settler = Settler::new(&registry, pools).weighed(&weighed);
    for play in &plays {
        settler.push(play).unwrap();
    }
    let settlement = settler
        .finish(&Opening::default(), &Payment::default())
        .unwrap();
    for totals in settlement.totals.values() {
        assert_eq!(totals.paid.plus(totals.suspense), Ok(totals.pool));
    }
    journal(pools, &settlement).unwrap();
    settlement
}

fn earned(settlement: &Settlement) -> Vec<i64> {
    settlement.balances.iter().map(|b| b.earned.0).collect()
}

/// Three users pay 10 EUR each. A plays X 100 times; B plays Z 50 times; C plays X, Y and Z 50 times
/// each. Here X, Y, Z are recordings 0, 1, 2.
/// Source: afterdawn.com, "fin.", 2021-03-04, on the CNM study of user-centric payment.
fn three_users() -> Vec<Play> {
    plays(&[(0, 1, 100), (2, 2, 50), (0, 3, 50), (1, 3, 50), (2, 3, 50)])
}

#[test]
fn afterdawn_three_users_pro_rata_is_15_5_10() {
    let pools = pools("DE,premium,master,EUR,30,");
    let settlement = settle(&rules("pro-rata", ""), &pools, three_users());
    assert_eq!(earned(&settlement), [15_000_000, 5_000_000, 10_000_000]);
}

#[test]
fn afterdawn_three_users_user_centric_is_13_33_3_33_13_33() {
    let pools = pools("DE,premium,master,EUR,30,");
    for family in ["member", "account"] {
        let settlement = settle(
            &user_centric("share", "plays", family),
            &pools,
            three_users(),
        );
        // To the micro; then as the published example rounds, in cents.
        assert_eq!(earned(&settlement), [13_333_333, 3_333_333, 13_333_334]);
        let cells: Vec<u64> = settlement.cells.iter().map(|cell| cell.weight).collect();
        assert_eq!(
            crate::royalty::largest_remainder(3_000, &cells),
            Some(vec![1_334, 333, 1_333])
        );
    }
}

#[test]
fn an_account_gives_all_its_units_away() {
    let rules = user_centric("share", "plays", "member");
    let uneven = weights(&rules, plays(&[(0, 1, 17)]));
    assert_eq!(uneven[..2], [63_592_941, 63_592_941]);
    assert_eq!(uneven.iter().sum::<u32>(), ACCOUNT_UNITS);
    let found = weights(&rules, plays(&[(0, 1, 2), (1, 1, 1), (0, 2, 1)]));
    assert_eq!(
        found,
        [360_360_000, 360_360_000, 1_081_080_000, 360_360_000]
    );
}

#[test]
fn by_time_an_account_divides_by_what_was_heard() {
    let rules = user_centric("share", "time", "member");
    let mut plays = plays(&[(0, 1, 1), (1, 1, 1), (2, 2, 2)]);
    plays[0].listened_ms = 90_000;
    plays[2].listened_ms = 0;
    plays[3].listened_ms = 0;
    assert_eq!(
        weights(&rules, plays),
        [810_810_000, 270_270_000, 540_540_000, 540_540_000]
    );
}

#[test]
fn a_family_is_one_account_where_the_rules_say_so() {
    let family = plays(&[(0, 7, 1), (1, 8, 3)]);
    let member = user_centric("share", "plays", "member");
    let account = user_centric("share", "plays", "account");
    assert_eq!(weights(&member, family.clone())[0], ACCOUNT_UNITS);
    assert_eq!(weights(&account, family), [270_270_000; 4]);
}

#[test]
fn what_idle_subscribers_paid_is_shared_or_suspended() {
    let pools = pools("DE,premium,master,EUR,40,4\nDE,premium,publishing,EUR,1,4");
    let share = settle(
        &user_centric("share", "plays", "member"),
        &pools,
        three_users(),
    );
    assert_eq!(earned(&share).iter().sum::<i64>(), 40_000_000);
    let held = settle(
        &user_centric("suspense", "plays", "member"),
        &pools,
        three_users(),
    );
    assert_eq!(earned(&held), [13_333_333, 3_333_333, 13_333_334]);
    let idle: Vec<i64> = held.idle.iter().map(|part| part.amount.0).collect();
    assert_eq!(idle, [10_000_000, 250_000]);
}

#[test]
fn subscribers_are_never_fewer_than_accounts_that_played() {
    let rules = user_centric("suspense", "plays", "member");
    let fault = |rows| weigh_with(&rules, &pools(rows), &[], &mut three_users()).unwrap_err();
    assert_eq!(
        fault("DE,premium,master,EUR,40,2"),
        WeighError::Subscribers {
            pool: "DE premium".into(),
            declared: 2,
            found: 3
        }
    );
    assert!(
        fault("DE,premium,master,EUR,40,")
            .to_string()
            .contains("found none")
    );
}

fn artist_centric(options: &str) -> Rules {
    rules("artist-centric", &format!("[artist_centric]\n{options}"))
}

#[test]
fn professional_is_more_than_or_at_least_by_artist_or_track() {
    // Recordings 0 and 1 are one artist's: 4 plays by 2 listeners. Recording 2: 4 plays by one.
    let all = plays(&[(0, 1, 2), (1, 2, 2), (2, 1, 4)]);
    let of = |compare, level, listeners| {
        let options = format!(
            "professional = {{ plays = 4, listeners = {listeners}, compare = \"{compare}\", factor = 2000, level = \"{level}\" }}"
        );
        weights(&artist_centric(&options), all.clone())
    };
    let [one, two] = [1000, 2000];
    assert_eq!(
        of(">=", "artist", 2),
        [two, two, two, two, one, one, one, one]
    );
    assert_eq!(of(">=", "artist", 1), [two; 8]);
    assert_eq!(of(">", "artist", 1), [one; 8]);
    assert_eq!(
        of(">=", "track", 1),
        [one, one, one, one, two, two, two, two]
    );
}

/// A professional artist and a choice of the listener make four.
/// Source: deezer.com, "artist remuneration".
#[test]
fn deezer_boosts_multiply_to_four() {
    let rules = artist_centric(
        "professional = { plays = 1, listeners = 1, compare = \">=\", factor = 2000, level = \"artist\" }\nactive = { factor = 2000 }",
    );
    assert_eq!(
        weights(&rules, vec![play(0, 1, false), play(1, 1, true)]),
        [2000, 4000]
    );
}

#[test]
fn a_cap_is_a_maximum_a_normalisation_or_halves_what_is_beyond() {
    let all = plays(&[(0, 1, 3), (0, 2, 1)]);
    let of = |method| {
        let options = format!("cap = {{ plays = 2, method = \"{method}\" }}");
        weights(&artist_centric(&options), all.clone())
    };
    assert_eq!(of("maximum"), [666, 667, 667, 1000]);
    assert_eq!(of("normalise"), [666, 667, 667, 2000]);
    assert_eq!(of("halve-beyond"), [833, 833, 834, 1000]);
}

#[test]
fn noise_has_its_factor_and_no_other() {
    let rules = artist_centric(
        "active = { factor = 2000 }\ncap = { plays = 1, method = \"maximum\" }\nnoise = { isrcs = [\"USAAA2600003\"], shorter_than_ms = 60000, factor = 100 }",
    );
    let all = vec![
        play(0, 1, true),
        play(2, 1, true),
        Play {
            play: PlayId(1),
            ..play(2, 1, true)
        },
        play(3, 1, true),
    ];
    assert_eq!(weights(&rules, all), [100, 1000, 1000, 100]);
}

#[test]
fn a_threshold_counts_the_months_before() {
    let of = |below: &str, level: &str, listeners: u32| {
        rules(
            "pro-rata",
            &format!(
                "[threshold]\nplays = 1000\nmonths = 12\nlisteners = {listeners}\ncompare = \">=\"\nlevel = \"{level}\"\nbelow = \"{below}\""
            ),
        )
    };
    let none = pools("DE,premium,master,EUR,1,");
    let weigh = |rules: &Rules, earlier: &[(u32, u64)]| {
        let mut plays = plays(&[(0, 1, 1), (2, 1, 1), (2, 2, 1)]);
        let weighed = weigh_with(rules, &none, earlier, &mut plays).unwrap();
        let weights: Vec<u32> = plays.iter().map(|play| play.weight).collect();
        (weights, weighed.below.into_iter().collect::<Vec<_>>())
    };
    let track = of("redistribute", "track", 1);
    assert_eq!(
        weigh(&track, &[(0, 998), (2, 998)]),
        (vec![0, 1000, 1000], vec![])
    );
    assert_eq!(weigh(&track, &[(0, 999)]), (vec![1000, 0, 0], vec![]));
    // Recording 1 is by the same artist as recording 0, which has plays in this period.
    let artist = of("redistribute", "artist", 1);
    assert_eq!(weigh(&artist, &[(1, 999)]), (vec![1000, 0, 0], vec![]));
    let two = of("suspense", "track", 2);
    let all = [(0, 5000), (2, 5000)];
    assert_eq!(weigh(&two, &all), (vec![1000, 1000, 1000], vec![isrc(0)]));
}

#[test]
fn money_below_the_threshold_is_suspended_or_the_others() {
    let of = |below: &str| {
        let table = format!(
            "[threshold]\nplays = 2\nmonths = 1\ncompare = \">=\"\nlevel = \"track\"\nbelow = \"{below}\""
        );
        let pools = pools("DE,premium,master,EUR,3,");
        settle(
            &rules("pro-rata", &table),
            &pools,
            plays(&[(0, 1, 1), (2, 1, 2)]),
        )
    };
    assert_eq!(earned(&of("redistribute")), [0, 3_000_000]);
    let suspended = of("suspense");
    assert_eq!(earned(&suspended), [2_000_000]);
    assert_eq!(suspended.cells[0].amounts[0].reason, Reason::BelowThreshold);
}

#[test]
fn a_pool_whose_plays_weigh_nothing_is_suspended_whole() {
    let table = "[threshold]\nplays = 9\nmonths = 1\ncompare = \">=\"\nlevel = \"track\"\nbelow = \"redistribute\"";
    let pools = pools("DE,premium,master,EUR,3,");
    let settlement = settle(&rules("pro-rata", table), &pools, plays(&[(0, 1, 1)]));
    assert_eq!(settlement.no_plays.len(), 1);
    assert_eq!(earned(&settlement), [0]);
}

/// The overtime factors, and plays of 200, 301, 360, 361, 600 and 601 s with the pool of the US worked
/// example. Source: 37 CFR 385.21(c); own arithmetic in exact fractions.
#[test]
fn us_mechanical_overtime_divides_the_worked_example() {
    let rules = Rules::parse(include_bytes!("../../../rules/us-mechanical-2026.toml")).unwrap();
    let Model::UsMechanical(model) = &rules.model else {
        panic!("the model of the file");
    };
    let factor = |seconds: u32| model.overtime_factor(seconds * 1000);
    assert_eq!(
        [
            0, 300, 301, 360, 361, 420, 421, 540, 541, 600, 601, 660, 661
        ]
        .map(factor),
        [
            1000, 1000, 1200, 1200, 1400, 1400, 1600, 1800, 2000, 2000, 2200, 2200, 2400
        ]
    );
    let of = [
        (200, 600_000),
        (301, 300_000),
        (360, 50_000),
        (361, 40_000),
        (600, 9_000),
        (601, 1_000),
    ];
    let weights = of.map(|(seconds, plays): (u32, u64)| plays * u64::from(factor(seconds)));
    assert_eq!(weights.iter().sum::<u64>(), 1_096_200_000);
    assert_eq!(
        crate::royalty::largest_remainder(9_350_000, &weights),
        Some(vec![
            5_117_679, 3_070_608, 511_768, 477_650, 153_530, 18_765
        ])
    );
}

proptest! {
    /// Whatever the model: deterministic, within its bounds, each account's units all given away.
    #[test]
    fn weights_stay_within_their_bounds(
        of in prop::collection::vec((0_u32..6, 0_u64..5, 1_u32..5), 0..12),
        cap in 1_u32..4,
        method in prop::sample::select(vec!["maximum", "normalise", "halve-beyond"]),
        by in prop::sample::select(vec!["plays", "time"]),
    ) {
        let all = plays(&of);
        let found = weights(&user_centric("share", by, "member"), all.clone());
        let listeners: BTreeSet<u64> = all.iter().map(|play| play.listener.0).collect();
        let sum: u64 = found.iter().map(|weight| u64::from(*weight)).sum();
        prop_assert_eq!(sum, listeners.len() as u64 * u64::from(ACCOUNT_UNITS));
        let options = format!(
            "professional = {{ plays = 3, listeners = 2, compare = \">\", factor = 1500, level = \"artist\" }}\ncap = {{ plays = {cap}, method = \"{method}\" }}\nnoise = {{ shorter_than_ms = 60000, factor = 0 }}"
        );
        weights(&artist_centric(&options), all);
    }
}
