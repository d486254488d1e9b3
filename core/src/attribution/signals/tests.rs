//! Each signal appears at its threshold and not below it, in the smallest world that shows it.

use super::*;
use crate::attribution::{CountingRules, PlayFlags, TierNumbers};
use crate::event::Flags;
use crate::id::{PlayId, Territory};
use crate::registry::{Parts, Recording, Snapshot};
use crate::time::{DAY_MS, Period};
use proptest::prelude::*;

const SECOND: u64 = 1000;

fn isrc(number: u32) -> Isrc {
    Isrc::parse(&format!("DEAAA26{number:05}")).unwrap()
}

/// A play `second` seconds into the period, heard to `heard` s.
fn play(recording: u32, listener: u64, second: u64, heard: u64) -> Play {
    let period = Period::parse("2026-04").unwrap();
    let time = TimeMs::new(period.from().ms() + second * SECOND).unwrap();
    Play {
        isrc: isrc(recording),
        territory: Territory::parse("DE").unwrap(),
        tier: 1,
        share_version: 0,
        time,
        listener: ListenerId(listener),
        play: PlayId(second * 1000 + u64::from(recording)),
        listened_ms: (heard * SECOND) as u32,
        weight: 1000,
        flags: PlayFlags::new(Flags::default(), false),
    }
}

/// Recordings are 200 s long, but for number 31, which is 33 s long.
fn registry() -> Snapshot {
    let recordings = (0..40).map(|number| Recording {
        isrc: isrc(number),
        title: String::new(),
        artist: String::new(),
        length_ms: if number == 31 { 33_000 } else { 200_000 },
    });
    Snapshot::new(Parts {
        recordings: recordings.collect(),
        ..Parts::default()
    })
    .unwrap()
}

fn signals(mut plays: Vec<Play>, rules: &SignalRules) -> Signals {
    plays.sort_unstable();
    let registry = registry();
    let attributor = Attributor {
        registry: &registry,
        rules: &CountingRules {
            qualify_ms: 30_000,
            heartbeat_ms: 30_000,
            tolerance_ms: 5_000,
            late_days: 30,
        },
        period: Period::parse("2026-04").unwrap(),
        tiers: &TierNumbers::default(),
    };
    let signals = Signals::of(&plays, &attributor, rules);
    assert_eq!(signals.marks.len(), plays.len());
    signals
}

/// What is seen with the default thresholds.
fn seen(plays: Vec<Play>) -> Vec<Signal> {
    signals(plays, &SignalRules::default()).all
}

fn day(number: u64) -> TimeMs {
    TimeMs::new(Period::parse("2026-04").unwrap().from().ms() + number * DAY_MS).unwrap()
}

/// `count` plays of one recording on a day, each by a listener of its own.
fn crowd(recording: u32, on: u64, count: u64) -> Vec<Play> {
    let second = on * 86_400;
    (0..count)
        .map(|n| play(recording, on * 10_000 + n, second + n, 180))
        .collect()
}

#[test]
fn a_spike_is_against_the_median_of_the_days_before() {
    // 20 plays a day for a week, then ten times as many, then one more than that.
    let week: Vec<Play> = (0..7).flat_map(|on| crowd(1, on, 20)).collect();
    assert_eq!(seen([week.clone(), crowd(1, 7, 200)].concat()), []);
    let spike = Signal::Spike {
        isrc: isrc(1),
        day: day(7),
        plays: 201,
        median: 20,
    };
    let signals = signals(
        [week.clone(), crowd(1, 7, 201)].concat(),
        &SignalRules::default(),
    );
    assert_eq!(signals.all, [spike]);
    assert_eq!(signals.marked(), 201);
    // One wild day does not move a median: the next one is a spike as well.
    let two = seen([week.clone(), crowd(1, 7, 201), crowd(1, 8, 500)].concat());
    assert_eq!(two.len(), 2);
    // In the first week there is nothing to compare with.
    assert_eq!(seen(crowd(1, 6, 5000)), []);
    // Never played before: still a signal, with a median of 0.
    let new = seen(crowd(1, 7, 100));
    assert!(matches!(
        new[..],
        [Signal::Spike {
            median: 0,
            plays: 100,
            ..
        }]
    ));
    assert_eq!(seen(crowd(1, 7, 99)), []);
}

#[test]
fn late_plays_are_no_spike() {
    let mut late = crowd(1, 8, 200);
    for play in &mut late {
        play.flags = PlayFlags::new(Flags::default(), true);
    }
    assert_eq!(seen(late), []);
}

/// One listener plays recording 1 `own` times, an hour apart with another recording in between; others
/// play it `others` times.
fn fan(own: u64, others: u64) -> Vec<Play> {
    let own = (0..own).flat_map(|n| [play(1, 7, n * 7200, 180), play(2, 7, n * 7200 + 3600, 180)]);
    let others = (0..others).map(|n| play(1, 100 + n, n * 7200, 180));
    // Recording 2 is played by everybody.
    let crowd = (0..400).map(|n| play(2, 1000 + n, n * 6000, 180));
    own.chain(others).chain(crowd).collect()
}

#[test]
fn one_listener_with_a_quarter_of_the_plays() {
    let wanted = Signal::OneListener {
        isrc: isrc(1),
        listener: ListenerId(7),
        plays: 50,
        of: 200,
    };
    assert_eq!(seen(fan(50, 150)), [wanted]);
    assert_eq!(seen(fan(50, 151)), [], "less than a quarter");
    assert_eq!(seen(fan(49, 10)), [], "too few to tell");
}

#[test]
fn the_same_recording_in_a_row() {
    let row = |count: u64| {
        (0..count)
            .map(|n| play(1, 7, n * 200, 180))
            .collect::<Vec<_>>()
    };
    assert_eq!(seen(row(19)), []);
    let wanted = Signal::Repeat {
        listener: ListenerId(7),
        isrc: isrc(1),
        plays: 20,
        longest: 20,
    };
    assert_eq!(seen(row(20)), [wanted]);
    // Something else in between ends the run.
    let mut broken = row(20);
    broken.push(play(2, 7, 10 * 200 - 10, 30));
    assert_eq!(seen(broken), []);
    // Other listeners in between do not.
    let mut others = row(20);
    others.push(play(2, 8, 10 * 200 - 10, 30));
    assert_eq!(seen(others), [wanted]);
}

#[test]
fn plays_that_end_as_soon_as_they_count() {
    let runs = |recording, heard, count: u64| {
        (0..count)
            .map(move |n| play(recording, n, n * 3600, heard))
            .collect::<Vec<_>>()
    };
    let wanted = Signal::ShortRecording {
        isrc: isrc(1),
        plays: 100,
        of: 100,
    };
    assert_eq!(seen(runs(1, 31, 100)), [wanted]);
    assert_eq!(seen(runs(1, 31, 99)), []);
    assert_eq!(
        seen(runs(1, 35, 100)),
        [],
        "5 s after 30 s is no longer just after"
    );
    assert_eq!(
        seen(runs(31, 31, 200)),
        [],
        "a recording of 33 s ends there by itself"
    );
    let half = [runs(1, 31, 100), runs(1, 180, 101)].concat();
    assert_eq!(seen(half), []);
    // Of one listener, over many recordings.
    let own: Vec<Play> = (0..100)
        .map(|n| play(n % 20, 7, u64::from(n) * 3600, 31))
        .collect();
    let wanted = Signal::ShortListener {
        listener: ListenerId(7),
        plays: 100,
        of: 100,
    };
    assert_eq!(seen(own), [wanted]);
}

#[test]
fn more_hours_than_a_day_leaves() {
    // 1,000 s each, end to end, of 20 recordings.
    let listened = |count: u64| {
        (0..count)
            .map(|n| play((n % 20) as u32, 7, n * 1000, 1000))
            .collect::<Vec<_>>()
    };
    assert_eq!(seen(listened(71)), []);
    let wanted = Signal::Hours {
        listener: ListenerId(7),
        day: day(0),
        listened_ms: 72_000_000,
        days: 1,
        plays: 72,
    };
    assert_eq!(seen(listened(72)), [wanted]);
}

#[test]
fn plays_at_the_same_time() {
    // A play of 180 s every hour, and another one that begins `after` s later.
    let pairs = |count: u64, after: u64| {
        (0..count)
            .flat_map(|n| {
                let first = (n % 5) as u32;
                [
                    play(first, 7, n * 3600, 180),
                    play(first + 5, 7, n * 3600 + after, 180),
                ]
            })
            .collect::<Vec<_>>()
    };
    let wanted = Signal::Overlap {
        listener: ListenerId(7),
        plays: 10,
        of: 20,
    };
    assert_eq!(seen(pairs(10, 60)), [wanted]);
    assert_eq!(seen(pairs(9, 60)), []);
    assert_eq!(seen(pairs(10, 175)), [], "clocks may differ by 5 s");
    assert_eq!(seen(pairs(10, 174)), [wanted]);
}

#[test]
fn the_same_day_in_several_lives() {
    let day_of = |listener: u64, count: u64| {
        // The same order, at times of their own.
        (0..count).map(move |n| play((n % 20) as u32, listener, n * 400 + listener, 180))
    };
    let farm = |listeners: u64, count| {
        (1..=listeners)
            .flat_map(|l| day_of(l, count))
            .collect::<Vec<_>>()
    };
    let wanted = Signal::SameSequence {
        day: day(0),
        listener: ListenerId(1),
        listeners: 5,
        plays: 100,
    };
    assert_eq!(seen(farm(5, 20)), [wanted]);
    assert_eq!(seen(farm(4, 20)), []);
    assert_eq!(seen(farm(9, 19)), [], "an album is as long");
    // One more play on that day makes it another one.
    let mut other = farm(5, 20);
    other.push(play(21, 5, 20_000, 180));
    assert_eq!(seen(other), []);
}

#[test]
fn few_recordings_with_nearly_all_plays() {
    let rules = SignalRules {
        top_recordings: 1,
        bias_plays: 10,
        spike_plays: u32::MAX,
        ..SignalRules::default()
    };
    let world = |top: u64, rest: u64| {
        let rest = (0..rest).map(|n| play(2 + (n % 2) as u32, n, n * 10, 180));
        crowd(1, 0, top).into_iter().chain(rest).collect::<Vec<_>>()
    };
    let wanted = Signal::Concentration {
        recordings: 1,
        plays: 80,
        of: 100,
    };
    assert_eq!(signals(world(80, 20), &rules).all, [wanted]);
    assert_eq!(signals(world(79, 21), &rules).all, []);
    assert_eq!(
        signals(crowd(1, 0, 80), &rules).all,
        [],
        "there is no other recording"
    );

    // Half the plays are chosen; the top has 3 of 10 of those, and 6 of 10 of what was offered.
    let mut plays = world(90, 110);
    plays.sort_unstable();
    let chosen = PlayFlags::new(Flags::new(true, false), false);
    plays[..30].iter_mut().for_each(|play| play.flags = chosen);
    plays[90..160]
        .iter_mut()
        .for_each(|play| play.flags = chosen);
    let signals = signals(plays, &rules);
    let wanted = Signal::PopularityBias {
        recordings: 1,
        plays: 60,
        offered_ppm: 600_000,
        chosen_ppm: 300_000,
    };
    assert_eq!(signals.all, [wanted]);
    assert_eq!(signals.marked(), 0, "about no single play");
}

/// Against the definition, sum over all pairs |x - y| / (2 n sum), for small worlds.
fn gini_of(counts: &[u64]) -> u64 {
    let pairs = counts
        .iter()
        .flat_map(|a| counts.iter().map(move |b| a.abs_diff(*b)));
    let differences: u64 = pairs.sum();
    differences * 1_000_000 / (2 * counts.len() as u64 * counts.iter().sum::<u64>())
}

proptest! {
    #[test]
    fn gini_is_what_the_definition_says(counts in prop::collection::vec(1_u64..30, 1..20)) {
        let plays = (0_u32..).zip(&counts);
        let plays = plays.flat_map(|(number, count)| crowd(number, 0, *count));
        let figures = signals(plays.collect(), &SignalRules::default()).figures;
        prop_assert_eq!(figures.gini_ppm, gini_of(&counts));
        prop_assert_eq!(figures.plays, counts.iter().sum::<u64>());
        prop_assert_eq!(figures.recordings, counts.len() as u64);
    }

    /// Whatever the plays and thresholds: marks and signals say the same, and no threshold panics.
    #[test]
    fn signals_and_marks_agree(
        worlds in prop::collection::vec((0_u32..4, 0_u64..3, 0_u64..2_000_000, 30_u64..400), 0..120),
        small in 1_u32..6,
    ) {
        let plays: Vec<Play> = worlds.iter().map(|(r, l, s, h)| play(*r, *l, *s, *h)).collect();
        let mut rules = SignalRules::default();
        for key in [
            "spike_days", "spike_plays", "spike_factor", "listener_plays", "repeat_plays",
            "short_plays", "overlap_plays", "sequence_plays", "sequence_listeners",
            "top_recordings", "bias_plays",
        ] {
            let (threshold, min, _) = rules.threshold(key).unwrap();
            *threshold = small.max(min);
        }
        let signals = signals(plays, &rules);
        for code in Code::ALL {
            let marked = signals.marks.iter().filter(|codes| codes.contains(code)).count() as u64;
            let of_code: Vec<&Signal> = signals.all.iter().filter(|s| s.code() == code).collect();
            let plays: u64 = of_code.iter().map(|s| s.plays()).sum();
            if code >= Code::Concentration {
                prop_assert_eq!(marked, 0);
            } else if code == Code::Short {
                // A play may be short both of its recording and of its listener.
                prop_assert!(marked <= plays && (marked == 0) == of_code.is_empty());
            } else {
                prop_assert_eq!(marked, plays, "{}", code);
            }
        }
    }
}
