//! The counting rules one by one, on plays small enough to add up by hand.

use super::*;
use crate::event::Kind;
use crate::id::Territories;
use crate::registry::{Licence, Parts, Recording, Subscription};
use crate::time::Interval;

const RULES: CountingRules = CountingRules {
    qualify_ms: 30_000,
    heartbeat_ms: 30_000,
    tolerance_ms: 5_000,
    late_days: 2,
};

fn isrc(text: &str) -> Isrc {
    Isrc::parse(text).unwrap()
}

/// An event `seconds` after the period's start at `position` seconds.
fn event(seconds: i64, position: u32) -> Event {
    let start = TimeMs::parse("2026-04-01").unwrap().signed();
    Event {
        listener: ListenerId(1),
        play: PlayId(1),
        time: TimeMs::new((start + seconds * 1000) as u64).unwrap(),
        position_ms: position * 1000,
        kind: Kind::Heartbeat,
        isrc: isrc("USAAA2600001"),
        territory: Territory::parse("DE").unwrap(),
        flags: Flags::default(),
    }
}

fn listened(events: &[Event]) -> u32 {
    hear(events, &RULES).unwrap().listened_ms
}

#[test]
fn listened_time_is_the_smaller_of_time_and_progress_and_capped() {
    assert_eq!(listened(&[event(0, 0)]), 0);
    assert_eq!(
        listened(&[event(0, 0), event(30, 30), event(50, 50)]),
        50_000
    );
    assert_eq!(listened(&[event(0, 0), event(30, 10)]), 10_000, "paused");
    assert_eq!(
        listened(&[event(0, 0), event(10, 30)]),
        10_000,
        "sought ahead"
    );
    assert_eq!(listened(&[event(0, 60), event(30, 30)]), 0, "sought back");
    assert_eq!(
        listened(&[event(0, 0), event(60, 60)]),
        35_000,
        "lost heartbeat"
    );
    assert_eq!(
        listened(&[event(0, 30), event(30, 60)]),
        30_000,
        "lost start"
    );
}

#[test]
fn events_that_disagree_are_left_out() {
    let mut other = event(15, 15);
    other.territory = Territory::parse("FR").unwrap();
    let heard = hear(&[event(0, 0), other, event(30, 30)], &RULES).unwrap();
    assert_eq!((heard.listened_ms, heard.conflicting), (30_000, 1));
}

fn registry() -> Snapshot {
    let recording = |code, length_ms| Recording {
        isrc: isrc(code),
        title: String::new(),
        artist: String::new(),
        length_ms,
    };
    let subscription = |listener, tier| Subscription {
        listener: ListenerId(listener),
        tier: Name::parse(tier).unwrap(),
        valid: Interval::ALWAYS,
        account: ListenerId(listener),
    };
    Snapshot::new(Parts {
        recordings: vec![
            recording("USAAA2600001", 0),
            recording("USAAA2600002", 20_000),
            recording("USAAA2600003", 200_000),
        ],
        subscriptions: vec![subscription(1, "premium"), subscription(2, "trial")],
        licences: vec![Licence {
            isrc: isrc("USAAA2600003"),
            territories: Territories::parse("*").unwrap(),
            valid: Interval::parse("2026-04-02", "").unwrap(),
        }],
        ..Parts::default()
    })
    .unwrap()
}

fn attribute(events: &[Event]) -> (Vec<Play>, Tally) {
    let registry = registry();
    let tiers = TierNumbers::new(vec![Name::parse("premium").unwrap()]).unwrap();
    let attributor = Attributor {
        registry: &registry,
        rules: &RULES,
        period: Period::parse("2026-04").unwrap(),
        tiers: &tiers,
    };
    let (mut events, mut plays) = (events.to_vec(), Vec::new());
    let tally = attributor.attribute(&mut events, &mut plays);
    (plays, tally)
}

/// A play of 30 s that starts `seconds` after the period's start, in any order and with a repetition.
fn play(seconds: i64, change: impl Fn(&mut Event)) -> Vec<Event> {
    let mut events = vec![
        event(seconds + 30, 30),
        event(seconds, 0),
        event(seconds, 0),
    ];
    events.iter_mut().for_each(change);
    events
}

#[test]
fn thirty_seconds_qualify_or_the_whole_of_a_shorter_recording() {
    let (plays, tally) = attribute(&play(0, |_| ()));
    assert_eq!((plays.len(), tally.duplicates, tally.plays), (1, 1, 1));
    assert_eq!((plays[0].listened_ms, plays[0].tier), (30_000, 1));
    let shorten = |to: u32, code: &'static str| {
        play(0, move |e| {
            e.position_ms = e.position_ms.min(to);
            e.isrc = isrc(code);
        })
    };
    assert_eq!(attribute(&shorten(29_999, "USAAA2600001")).1.short, 1);
    assert_eq!(attribute(&shorten(20_000, "USAAA2600002")).1.counted, 1);
    assert_eq!(attribute(&shorten(19_999, "USAAA2600002")).1.short, 1);
    assert_eq!(
        attribute(&shorten(30_000, "USZZZ2600009")).1.counted,
        1,
        "unknown ISRC"
    );
}

#[test]
fn the_period_is_half_open_and_late_plays_have_two_days() {
    let day = 86_400;
    let count = |seconds| attribute(&play(seconds, |_| ())).1;
    assert_eq!((count(0).counted, count(0).late), (1, 0));
    assert_eq!((count(-1).counted, count(-1).late), (1, 1));
    assert_eq!(count(-2 * day).counted, 1);
    assert_eq!(count(-2 * day - 1).too_late, 1);
    assert_eq!(count(30 * day - 1).counted, 1);
    assert_eq!(count(30 * day).after, 1);
}

#[test]
fn tiers_and_share_versions_are_those_of_the_first_event() {
    let (plays, tally) = attribute(&play(0, |e| e.listener = ListenerId(2)));
    assert_eq!((plays[0].tier, tally.unknown_tier), (0, 1));
    let (plays, tally) = attribute(&play(0, |e| e.listener = ListenerId(3)));
    assert_eq!((plays[0].tier, tally.without_subscription), (0, 1));
    let version =
        |seconds| attribute(&play(seconds, |e| e.isrc = isrc("USAAA2600003"))).0[0].share_version;
    assert_eq!([version(86_399), version(86_400)], [0, 1]);
}

#[test]
fn listeners_may_be_split_between_calls() {
    let mut events = play(0, |_| ());
    events.extend(play(5, |e| e.listener = ListenerId(2)));
    events.extend(play(9, |e| e.play = PlayId(2)));
    let (mut whole, tally) = attribute(&events);
    let (mut parts, one) = attribute(
        &events
            .iter()
            .copied()
            .filter(|e| e.listener.0 == 1)
            .collect::<Vec<_>>(),
    );
    let (more, two) = attribute(
        &events
            .iter()
            .copied()
            .filter(|e| e.listener.0 == 2)
            .collect::<Vec<_>>(),
    );
    parts.extend(more);
    whole.sort_unstable();
    parts.sort_unstable();
    assert_eq!((whole, tally), (parts, one.plus(&two)));
}
