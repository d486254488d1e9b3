//! What is seen in the plays of one recording.

use std::collections::BTreeMap;
use std::ops::Range;

use super::{Code, Seen, Signal, is_share};
use crate::attribution::Play;
use crate::id::ListenerId;
use crate::time::{DAY_MS, TimeMs};

/// Looks at each recording.
pub(super) fn look(seen: &mut Seen<'_>) {
    let mut from = 0_usize;
    for plays in seen.plays.chunk_by(|a, b| a.isrc == b.isrc) {
        let range = from..from.saturating_add(plays.len());
        from = range.end;
        spikes(seen, plays, &range);
        one_listener(seen, plays, &range);
        short(seen, plays, &range);
    }
}

const fn day_of(play: &Play) -> u64 {
    play.time.ms() / DAY_MS
}

/// Days with many times the median of the days before them. Late plays are of days that another
/// period's log has, so they are left out.
fn spikes(seen: &mut Seen<'_>, plays: &[Play], range: &Range<usize>) {
    let rules = seen.rules;
    if (plays.len() as u64) < u64::from(rules.spike_plays) {
        return;
    }
    let mut days: BTreeMap<u64, u64> = BTreeMap::new();
    for play in plays.iter().filter(|play| !play.flags.is_late()) {
        let count = days.entry(day_of(play)).or_default();
        *count = count.saturating_add(1);
    }
    let before = u64::from(rules.spike_days);
    let first = seen.attributor.period.from().ms().div_ceil(DAY_MS);
    for (&day, &count) in &days {
        // Without as many whole days before it there is nothing to compare a day with.
        let whole = day.saturating_sub(before) >= first && day >= before;
        if !whole || count < u64::from(rules.spike_plays) {
            continue;
        }
        let median = median(&days, day.saturating_sub(before)..day);
        if count <= median.max(1).saturating_mul(rules.spike_factor.into()) {
            continue;
        }
        let (Some(first), Some(midnight)) =
            (plays.first(), TimeMs::new(day.saturating_mul(DAY_MS)))
        else {
            continue;
        };
        seen.all.push(Signal::Spike {
            isrc: first.isrc,
            day: midnight,
            plays: count,
            median,
        });
        for (at, play) in range.clone().zip(plays) {
            if day_of(play) == day && !play.flags.is_late() {
                seen.mark(at, Code::Spike);
            }
        }
    }
}

/// The median of the plays on some days; of an even number of days the lower one of the middle two.
fn median(days: &BTreeMap<u64, u64>, range: Range<u64>) -> u64 {
    let mut counts: Vec<u64> = range
        .map(|day| days.get(&day).copied().unwrap_or(0))
        .collect();
    counts.sort_unstable();
    let middle = counts.len().saturating_sub(1) / 2;
    counts.get(middle).copied().unwrap_or(0)
}

/// Listeners with much of the plays.
fn one_listener(seen: &mut Seen<'_>, plays: &[Play], range: &Range<usize>) {
    let rules = seen.rules;
    let of = plays.len() as u64;
    if of < u64::from(rules.listener_plays) {
        return;
    }
    let mut listeners: Vec<ListenerId> = plays.iter().map(|play| play.listener).collect();
    listeners.sort_unstable();
    for group in listeners.chunk_by(|a, b| a == b) {
        let count = group.len() as u64;
        let Some((first, &listener)) = plays.first().zip(group.first()) else {
            continue;
        };
        let is_much = is_share(count, of, rules.listener_share_ppm);
        if count < u64::from(rules.listener_plays) || !is_much {
            continue;
        }
        seen.all.push(Signal::OneListener {
            isrc: first.isrc,
            listener,
            plays: count,
            of,
        });
        for (at, play) in range.clone().zip(plays) {
            if play.listener == listener {
                seen.mark(at, Code::OneListener);
            }
        }
    }
}

/// Whether most plays end soon after they qualify.
fn short(seen: &mut Seen<'_>, plays: &[Play], range: &Range<usize>) {
    let rules = seen.rules;
    let short: Vec<usize> = range
        .clone()
        .zip(plays)
        .filter(|(_, play)| seen.is_short(play))
        .map(|(at, _)| at)
        .collect();
    let (count, of) = (short.len() as u64, plays.len() as u64);
    let is_most = is_share(count, of, rules.short_share_ppm);
    let Some(first) = plays.first() else { return };
    if count < u64::from(rules.short_plays) || !is_most {
        return;
    }
    seen.all.push(Signal::ShortRecording {
        isrc: first.isrc,
        plays: count,
        of,
    });
    for at in short {
        seen.mark(at, Code::Short);
    }
}
