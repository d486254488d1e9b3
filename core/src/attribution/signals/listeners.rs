//! What is seen in the plays of one listener, and of several who listen alike.

use std::collections::BTreeMap;

use super::{Code, Seen, Signal, is_share};
use crate::attribution::Play;
use crate::id::{Isrc, ListenerId};
use crate::time::{DAY_MS, TimeMs};

/// A play and its position in the plays table.
type At<'a> = (usize, &'a Play);

/// Listeners and their plays of a day, by day and by what was played in which order.
type Sequences<'a> = BTreeMap<(u64, Vec<Isrc>), Vec<(ListenerId, &'a [usize])>>;

/// Looks at each listener, then at all of them.
pub(super) fn look(seen: &mut Seen<'_>) {
    let plays = seen.plays;
    let of = |at: &usize| plays.get(*at).map(|play| (*at, play));
    let mut order: Vec<usize> = (0..plays.len()).collect();
    order.sort_by_key(|at| of(at).map(|(_, play)| (play.listener, play.time, play.play)));
    let listener = |at: &usize| of(at).map(|(_, play)| play.listener);
    let day = |at: &usize| of(at).map(|(_, play)| play.time.ms() / DAY_MS);
    let mut sequences = Sequences::new();
    for group in order.chunk_by(|a, b| listener(a) == listener(b)) {
        let own: Vec<At<'_>> = group.iter().filter_map(of).collect();
        repeats(seen, &own);
        short(seen, &own);
        overlaps(seen, &own);
        hours(seen, &own);
        for places in group.chunk_by(|a, b| day(a) == day(b)) {
            let first = places.first().and_then(of);
            let Some((_, first)) = first else { continue };
            if places.len() as u64 >= u64::from(seen.rules.sequence_plays) {
                let played = places.iter().filter_map(of).map(|(_, play)| play.isrc);
                let key = (first.time.ms() / DAY_MS, played.collect());
                let alike = sequences.entry(key).or_default();
                alike.push((first.listener, places));
            }
        }
    }
    same_sequences(seen, &sequences);
}

/// One recording many times with nothing in between.
fn repeats(seen: &mut Seen<'_>, own: &[At<'_>]) {
    // By recording: plays in such runs, and the longest.
    let mut found: BTreeMap<Isrc, (ListenerId, u64, u64)> = BTreeMap::new();
    for run in own.chunk_by(|(_, a), (_, b)| a.isrc == b.isrc) {
        let count = run.len() as u64;
        let Some((_, first)) = run.first() else {
            continue;
        };
        if count < u64::from(seen.rules.repeat_plays) {
            continue;
        }
        let (_, plays, longest) = found.entry(first.isrc).or_insert((first.listener, 0, 0));
        *plays = plays.saturating_add(count);
        *longest = count.max(*longest);
        for (at, _) in run {
            seen.mark(*at, Code::Repeat);
        }
    }
    for (isrc, (listener, plays, longest)) in found {
        seen.all.push(Signal::Repeat {
            listener,
            isrc,
            plays,
            longest,
        });
    }
}

/// Most plays end soon after they qualify.
fn short(seen: &mut Seen<'_>, own: &[At<'_>]) {
    let Some((_, first)) = own.first() else {
        return;
    };
    let of = own.len() as u64;
    if of < u64::from(seen.rules.short_plays) {
        return;
    }
    let short: Vec<usize> = own
        .iter()
        .filter(|(_, play)| seen.is_short(play))
        .map(|(at, _)| *at)
        .collect();
    let plays = short.len() as u64;
    let is_most = is_share(plays, of, seen.rules.short_share_ppm);
    if plays < u64::from(seen.rules.short_plays) || !is_most {
        return;
    }
    seen.all.push(Signal::ShortListener {
        listener: first.listener,
        plays,
        of,
    });
    for at in short {
        seen.mark(at, Code::Short);
    }
}

/// Plays that start while an earlier one runs: it runs at least as long as it was listened to.
fn overlaps(seen: &mut Seen<'_>, own: &[At<'_>]) {
    let tolerance = u64::from(seen.rules.overlap_tolerance_ms);
    let Some((_, first)) = own.first() else {
        return;
    };
    let mut end = 0_u64;
    let mut found = Vec::new();
    for (at, play) in own {
        if play.time.ms().saturating_add(tolerance) < end {
            found.push(*at);
        }
        end = end.max(play.time.ms().saturating_add(play.listened_ms.into()));
    }
    if (found.len() as u64) < u64::from(seen.rules.overlap_plays) {
        return;
    }
    seen.all.push(Signal::Overlap {
        listener: first.listener,
        plays: found.len() as u64,
        of: own.len() as u64,
    });
    for at in found {
        seen.mark(at, Code::Overlap);
    }
}

/// Days on which more is listened to than a person can.
fn hours(seen: &mut Seen<'_>, own: &[At<'_>]) {
    let mut worst: Option<(u64, u64)> = None;
    let (mut days, mut plays) = (0_u64, 0_u64);
    for day in own.chunk_by(|(_, a), (_, b)| a.time.ms() / DAY_MS == b.time.ms() / DAY_MS) {
        let Some((_, first)) = day.first() else {
            continue;
        };
        let listened = day.iter().map(|(_, play)| u64::from(play.listened_ms));
        let listened = listened.fold(0, u64::saturating_add);
        if listened < u64::from(seen.rules.day_listened_ms) {
            continue;
        }
        days = days.saturating_add(1);
        plays = plays.saturating_add(day.len() as u64);
        if worst.is_none_or(|(most, _)| listened > most) {
            worst = Some((listened, first.time.ms() / DAY_MS));
        }
        for (at, _) in day {
            seen.mark(*at, Code::Hours);
        }
    }
    let (Some((_, first)), Some((listened_ms, day))) = (own.first(), worst) else {
        return;
    };
    if let Some(day) = TimeMs::new(day.saturating_mul(DAY_MS)) {
        seen.all.push(Signal::Hours {
            listener: first.listener,
            day,
            listened_ms,
            days,
            plays,
        });
    }
}

/// Listeners who play the same in the same order on a day.
fn same_sequences(seen: &mut Seen<'_>, sequences: &Sequences<'_>) {
    for ((day, played), alike) in sequences {
        let listeners = alike.len() as u64;
        if listeners < u64::from(seen.rules.sequence_listeners) {
            continue;
        }
        let least = alike.iter().map(|(listener, _)| *listener).min();
        let (Some(listener), Some(day)) = (least, TimeMs::new(day.saturating_mul(DAY_MS))) else {
            continue;
        };
        seen.all.push(Signal::SameSequence {
            day,
            listener,
            listeners,
            plays: listeners.saturating_mul(played.len() as u64),
        });
        for at in alike.iter().flat_map(|(_, places)| *places) {
            seen.mark(*at, Code::SameSequence);
        }
    }
}
