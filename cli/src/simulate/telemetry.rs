//! What clients report: plays, their events, and what happens to these on the way.
//!
//! In: scale, market, listeners and a seed. Out: events in order of arrival, and to [`Truth`] each play
//! as those of its events tell it that really arrive. Does not know: files, money.
//!
//! Plays are made in order of their start; a heap holds the events that have not arrived yet, and
//! whatever arrives before the next play starts can go out, because nothing arrives before its play
//! has started. So memory follows what is under way, not the number of plays.

#![expect(
    clippy::arithmetic_side_effects,
    clippy::indexing_slicing,
    reason = "times lie within years of the period, positions within 15 minutes, list positions come \
              from the lists; release builds check both"
)]

use std::cmp::Reverse;
use std::collections::BinaryHeap;

use super::Scale;
use super::catalogue::{DAY, Market};
use super::listener::Listener;
use super::mess::{Mess, MessCount};
use super::random::{Dice, Weighted};
use super::truth::{Heard, Meter, Truth};

/// What an event reports.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Kind {
    Start,
    Heartbeat,
    End,
}

/// How an event writes its ISRC.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Spelling {
    Plain,
    Hyphens,
    LowerCase,
    Prefix,
    Blanks,
}

/// One event as it arrives.
#[derive(Clone, Copy, Debug)]
pub(super) struct Event {
    pub(super) play: u64,
    pub(super) time: i64,
    pub(super) position_ms: u32,
    pub(super) listener: u32,
    pub(super) track: u32,
    pub(super) territory: u8,
    pub(super) kind: Kind,
    pub(super) spelling: Spelling,
    pub(super) active: bool,
    pub(super) offline: bool,
}

/// An event under way; the number of its making decides between equal times of arrival.
struct Pending {
    arrival: i64,
    made: u64,
    event: Event,
}

impl Ord for Pending {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        (self.arrival, self.made).cmp(&(other.arrival, other.made))
    }
}

impl PartialOrd for Pending {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl PartialEq for Pending {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other).is_eq()
    }
}

impl Eq for Pending {}

/// Which plays start when.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
struct Start {
    time: i64,
    viral: bool,
    /// Played offline before the period and delivered in it.
    late: bool,
}

/// Of 10,000 plays: late ones, ones older than `late_days`, ones across the period's start.
const LATE: u64 = 60;
const TOO_LATE: u64 = 6;
const ACROSS: u64 = 5;

/// Weights of the hours of a day.
const HOURS: [u64; 24] = [
    6, 4, 3, 2, 2, 3, 6, 10, 13, 12, 11, 11, 12, 12, 12, 12, 14, 16, 18, 19, 19, 17, 13, 9,
];

/// Starts, bucket by bucket: first those before the period, then the period's.
struct Schedule<'a> {
    scale: &'a Scale,
    /// Weights of each bucket for the viral track and for all others.
    viral: Vec<u64>,
    others: Vec<u64>,
}

impl<'a> Schedule<'a> {
    fn new(scale: &'a Scale) -> Self {
        let buckets = (0..).take_while(|bucket| bucket * scale.bucket_ms < scale.length());
        let others = buckets.map(|bucket: i64| {
            let hour = bucket * scale.bucket_ms / (DAY / 24) % 24;
            usize::try_from(hour).map_or(0, |hour| HOURS[hour])
        });
        let others: Vec<u64> = others.collect();
        // Attention jumps at every spike and then fades by a constant factor.
        let mut attention = 0;
        let mut launched = false;
        let viral = (0..others.len()).map(|bucket| {
            attention = attention * scale.viral_keep_per_1000 / 1000;
            for (at, weight) in scale.viral_spikes {
                if *at == bucket {
                    attention += weight;
                    launched = true;
                }
            }
            attention + if launched { scale.viral_base } else { 0 }
        });
        let viral = viral.collect();
        Self {
            scale,
            viral,
            others,
        }
    }

    /// Calls `each` for all plays in order of their start.
    fn run(
        &self,
        dice: &mut Dice,
        mut each: impl FnMut(Start) -> anyhow::Result<()>,
    ) -> anyhow::Result<()> {
        let scale = self.scale;
        let part = |per_10000: u64| scale.plays * per_10000 / 10_000;
        let (late, too_late, across) = (part(LATE), part(TOO_LATE), part(ACROSS));
        let within = scale.plays - late - too_late - across;
        let viral_total = within * scale.viral_per_1000 / 1000;

        let mut starts = Vec::new();
        let mut add = |count, from, to, late, dice: &mut Dice| {
            for _ in 0..count {
                starts.push(Start {
                    time: dice.between(from, to),
                    viral: false,
                    late,
                });
            }
        };
        let from = scale.from;
        let oldest = from - DAY * i64::from(scale.late_days);
        add(too_late, oldest - 14 * DAY, oldest, true, dice);
        add(late, from - 25 * DAY, from - 60_000, true, dice);
        add(across, from - 40_000, from, false, dice);
        starts.sort_unstable();
        for start in starts.drain(..) {
            each(start)?;
        }

        let viral = apportion(viral_total, &self.viral);
        let others = apportion(within - viral_total, &self.others);
        let mut bucket_from = from;
        for (viral_count, other_count) in viral.into_iter().zip(others) {
            let bucket_to = (bucket_from + scale.bucket_ms).min(scale.to);
            for (count, viral) in [(viral_count, true), (other_count, false)] {
                for _ in 0..count {
                    starts.push(Start {
                        time: dice.between(bucket_from, bucket_to),
                        viral,
                        late: false,
                    });
                }
            }
            starts.sort_unstable();
            for start in starts.drain(..) {
                each(start)?;
            }
            bucket_from = bucket_to;
        }
        Ok(())
    }
}

/// `total` in proportion to `weights`, exact in sum.
fn apportion(total: u64, weights: &[u64]) -> Vec<u64> {
    let sum = u128::from(weights.iter().sum::<u64>().max(1));
    let upto = |weight: u64| u128::from(total) * u128::from(weight) / sum;
    let mut before = 0;
    let parts = weights.iter().map(|weight| {
        let part = upto(before + weight) - upto(before);
        before += weight;
        u64::try_from(part).unwrap_or(0)
    });
    parts.collect()
}

/// What a client reports between start and end.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Client {
    /// A heartbeat after every 30 s of listening.
    Heartbeats,
    /// One heartbeat when 30 s have been heard.
    Threshold,
    /// Nothing.
    StartEnd,
}

const HEARTBEAT_MS: u32 = 30_000;

/// Something that happens after so much listening.
#[derive(Clone, Copy, Debug)]
struct Interruption {
    after_ms: u32,
    what: What,
}

#[derive(Clone, Copy, Debug)]
enum What {
    Pause(u32),
    SeekForward(u32),
    SeekBack(u32),
}

/// One report of a client.
#[derive(Clone, Copy, Debug)]
struct Point {
    kind: Kind,
    time: i64,
    position_ms: u32,
}

pub(super) struct Telemetry<'a> {
    scale: &'a Scale,
    market: &'a Market,
    listeners: &'a [Listener],
    dice: Dice,
    popularity: Weighted,
    pending: BinaryHeap<Reverse<Pending>>,
    made: u64,
    /// The points of the play in hand.
    points: Vec<Point>,
    pub(super) mess: MessCount,
    /// The second of the newest start, the plays started in it, and the most seen in a second.
    second: (i64, u64),
    pub(super) peak_plays_per_second: u64,
}

impl<'a> Telemetry<'a> {
    pub(super) fn new(
        scale: &'a Scale,
        market: &'a Market,
        listeners: &'a [Listener],
        seed: u64,
    ) -> Self {
        Self {
            scale,
            market,
            listeners,
            dice: Dice::new(seed, b"plays   "),
            popularity: Weighted::zipf(market.registered, 10),
            pending: BinaryHeap::new(),
            made: 0,
            points: Vec::new(),
            mess: MessCount::new(),
            second: (i64::MIN, 0),
            peak_plays_per_second: 0,
        }
    }

    /// Makes all plays; `arrive` gets every event in order of arrival, `progress` the plays done.
    pub(super) fn run(
        &mut self,
        seed: u64,
        truth: &mut Truth<'_>,
        arrive: &mut dyn FnMut(&Event) -> anyhow::Result<()>,
        progress: &mut dyn FnMut(u64, u64),
    ) -> anyhow::Result<()> {
        let mut dice = Dice::new(seed, b"schedule");
        let every = (self.scale.plays / 200).max(1);
        let mut done = 0;
        Schedule::new(self.scale).run(&mut dice, |start| {
            self.deliver(start.time, arrive)?;
            self.play(start, truth);
            done += 1;
            if done % every == 0 {
                progress(done, self.scale.plays);
            }
            Ok(())
        })?;
        self.deliver(i64::MAX, arrive)?;
        progress(done, self.scale.plays);
        Ok(())
    }

    fn deliver(
        &mut self,
        until: i64,
        arrive: &mut dyn FnMut(&Event) -> anyhow::Result<()>,
    ) -> anyhow::Result<()> {
        while let Some(Reverse(next)) = self.pending.peek() {
            if next.arrival > until {
                break;
            }
            arrive(&next.event)?;
            self.pending.pop();
        }
        Ok(())
    }

    fn play(&mut self, start: Start, truth: &mut Truth<'_>) {
        self.count_second(start.time);
        // The lesser of two draws: some listen much, many little.
        let count = self.listeners.len();
        let listener = self.dice.index(count).min(self.dice.index(count));
        let (territory, abroad) = self.listeners[listener].whereabouts(start.time);
        let track = self.choose_track(start.viral);
        let offline = start.late || self.dice.chance(400);
        let active = self.dice.chance(7_000);
        let play = self.dice.next();

        self.listen(start.time, track);
        self.lose();
        let first = self.points[0];
        // Never the first event: that one decides what the play is.
        let odd = self.dice.chance(12).then(|| self.points.len() - 1);
        let odd = odd.filter(|at| self.points[*at].time > first.time);
        let odd_territory = self.dice.chance(5_000);

        let mut meter = Meter::default();
        for (at, point) in self.points.iter().enumerate() {
            if odd != Some(at) {
                meter.hear(point.time, point.position_ms);
            }
        }
        let heard = Heard {
            listener,
            territory,
            track,
            time: first.time,
            listened_ms: meter.listened_ms(),
        };
        truth.play(&heard, &mut self.mess);

        for (kind, happened) in [
            (Mess::Travel, abroad),
            (Mess::Viral, start.viral),
            (Mess::Offline, offline),
            (
                Mess::UnknownLength,
                self.market.tracks[track].is_registered()
                    && self.market.tracks[track].known_length_ms().is_none(),
            ),
            (
                Mess::AcrossStart,
                first.time < self.scale.from
                    && self.points[self.points.len() - 1].time >= self.scale.from,
            ),
        ] {
            if happened {
                self.mess.add(kind);
            }
        }

        let event = Event {
            play,
            time: 0,
            position_ms: 0,
            listener: u32::try_from(listener).unwrap_or(u32::MAX),
            track: u32::try_from(track).unwrap_or(u32::MAX),
            territory: u8::try_from(territory).unwrap_or(u8::MAX),
            kind: Kind::Start,
            spelling: Spelling::Plain,
            active,
            offline,
        };
        self.send(event, start.late, odd.map(|at| (at, odd_territory)));
    }

    fn count_second(&mut self, time: i64) {
        let second = time.div_euclid(1000);
        if self.second.0 != second {
            self.second = (second, 0);
        }
        self.second.1 += 1;
        self.peak_plays_per_second = self.peak_plays_per_second.max(self.second.1);
    }

    fn choose_track(&mut self, viral: bool) -> usize {
        if viral {
            return 0;
        }
        let registered = self.market.registered;
        if self.dice.chance(80) {
            return registered + self.dice.index(self.market.tracks.len() - registered);
        }
        // The viral track keeps to its own schedule.
        match self.popularity.draw(&mut self.dice) {
            0 => 1,
            track => track,
        }
    }

    /// Fills `points` with what the client reports, in order of time.
    fn listen(&mut self, start: i64, track: usize) {
        let length_ms = self.market.tracks[track].length_ms;
        let client = match self.dice.below(100) {
            0..14 => Client::Heartbeats,
            14..52 => Client::Threshold,
            _ => Client::StartEnd,
        };
        if client == Client::StartEnd {
            self.mess.add(Mess::StartEndOnly);
        }
        let planned_ms = match self.dice.below(100) {
            0..22 => self.dice.between_u32(1_000, length_ms.min(30_000)),
            22..45 => self.dice.between_u32(length_ms.min(30_000), length_ms),
            _ => length_ms,
        };
        let interruptions = self.interruptions(planned_ms);
        let mut interruptions = interruptions.into_iter().flatten().peekable();

        let resumes = self.dice.chance(200);
        let mut position_ms = if resumes {
            self.dice.between_u32(0, length_ms / 2)
        } else {
            0
        };
        let mut time = start;
        let mut heard_ms = 0;
        let mut beat_ms = (client != Client::StartEnd).then_some(HEARTBEAT_MS);
        self.points.clear();
        self.report(Kind::Start, start, position_ms);
        while heard_ms < planned_ms && position_ms < length_ms {
            let mut step_ms = (planned_ms - heard_ms).min(length_ms - position_ms);
            if let Some(beat_ms) = beat_ms {
                step_ms = step_ms.min(beat_ms - heard_ms);
            }
            if let Some(next) = interruptions.peek() {
                step_ms = step_ms.min(next.after_ms - heard_ms);
            }
            heard_ms += step_ms;
            position_ms += step_ms;
            time += i64::from(step_ms);
            if beat_ms == Some(heard_ms) {
                self.report_late(Kind::Heartbeat, time, position_ms);
                beat_ms = (client == Client::Heartbeats).then_some(heard_ms + HEARTBEAT_MS);
            }
            let Some(next) = interruptions.next_if(|next| next.after_ms == heard_ms) else {
                continue;
            };
            let before_ms = position_ms;
            let kind = match next.what {
                What::Pause(pause_ms) => {
                    time += i64::from(pause_ms);
                    Mess::Pause
                }
                What::SeekForward(jump_ms) => {
                    position_ms = (position_ms + jump_ms).min(length_ms);
                    Mess::SeekForward
                }
                What::SeekBack(jump_ms) => {
                    position_ms = position_ms.saturating_sub(jump_ms);
                    Mess::SeekBack
                }
            };
            self.mess.add(kind);
            if client == Client::Heartbeats && before_ms != position_ms && self.dice.chance(5_000) {
                // Both ends of the jump, at one and the same time.
                self.report_late(Kind::Heartbeat, time, before_ms);
                let time = self.points[self.points.len() - 1].time;
                self.report(Kind::Heartbeat, time, position_ms);
                self.mess.add(Mess::SameTime);
            }
        }
        self.report_late(Kind::End, time, position_ms);
    }

    /// At most one pause and one seek, in order.
    fn interruptions(&mut self, planned_ms: u32) -> [Option<Interruption>; 2] {
        let dice = &mut self.dice;
        if planned_ms < 3_000 {
            return [None, None];
        }
        let pause = dice.chance(600).then(|| Interruption {
            after_ms: dice.between_u32(1_000, planned_ms),
            what: What::Pause(dice.between_u32(2_000, 900_000)),
        });
        let seek = dice.chance(400).then(|| {
            let after_ms = dice.between_u32(1_000, planned_ms);
            let jump_ms = dice.between_u32(5_000, 90_000);
            let what = match dice.chance(5_000) {
                true => What::SeekForward(jump_ms),
                false => What::SeekBack(jump_ms),
            };
            Interruption { after_ms, what }
        });
        match (&pause, &seek) {
            (Some(pause_at), Some(seek_at)) if seek_at.after_ms < pause_at.after_ms => {
                [seek, pause]
            }
            _ => [pause, seek],
        }
    }

    /// A report whose clock reading comes a few milliseconds after the position's.
    fn report_late(&mut self, kind: Kind, time: i64, position_ms: u32) {
        let time = time + self.dice.between(0, 31);
        self.report(kind, time, position_ms);
    }

    /// Client clocks do not run backwards.
    fn report(&mut self, kind: Kind, time: i64, position_ms: u32) {
        let time = self.points.last().map_or(time, |last| time.max(last.time));
        self.points.push(Point {
            kind,
            time,
            position_ms,
        });
    }

    /// Loses some points for good, never all of a play.
    fn lose(&mut self) {
        let dice = &mut self.dice;
        let mess = &mut self.mess;
        let mut left = self.points.len();
        self.points.retain(|point| {
            let (per_10000, kind) = match point.kind {
                Kind::Start => (100, Mess::LostStart),
                Kind::Heartbeat => (200, Mess::LostHeartbeat),
                Kind::End => (150, Mess::LostEnd),
            };
            let lost = dice.chance(per_10000) && left > 1;
            if lost {
                left -= 1;
                mess.add(kind);
            }
            !lost
        });
    }

    /// Sends the points of the play in hand on their way.
    fn send(&mut self, template: Event, late: bool, odd: Option<(usize, bool)>) {
        let points = std::mem::take(&mut self.points);
        let last = points.last().map_or(0, |point| point.time);
        // Offline plays wait for the next contact with the service.
        let contact = match (template.offline, late) {
            (false, _) => None,
            (true, false) => Some(
                last + self
                    .dice
                    .between(self.scale.length() / 200, self.scale.length() / 5),
            ),
            (true, true) => {
                Some(last.max(self.scale.from + self.dice.between(0, self.scale.length() / 4)))
            }
        };
        let mut newest_arrival = i64::MIN;
        for (at, point) in points.iter().enumerate() {
            let mut event = Event {
                kind: point.kind,
                time: point.time,
                position_ms: point.position_ms,
                ..template
            };
            match odd {
                Some((odd_at, true)) if odd_at == at => {
                    event.territory = (event.territory + 1)
                        % u8::try_from(self.market.territories.len()).unwrap_or(1);
                    self.mess.add(Mess::OtherTerritory);
                }
                Some((odd_at, false)) if odd_at == at => {
                    let count = u32::try_from(self.market.registered).unwrap_or(1);
                    event.track = (event.track + 1) % count;
                    self.mess.add(Mess::OtherIsrc);
                }
                _ => {}
            }
            let latency = match self.dice.below(100) {
                0..2 => self.dice.between(5_000, 90_000),
                _ => self.dice.between(40, 1_500),
            };
            let arrival = contact.unwrap_or(point.time) + latency;
            if arrival < newest_arrival {
                self.mess.add(Mess::OutOfOrder);
            }
            newest_arrival = newest_arrival.max(arrival);
            self.push(arrival, event);
            if self.dice.chance(150) {
                let again = arrival + self.dice.between(200, 60_000);
                self.push(again, event);
                self.mess.add(Mess::Duplicate);
            }
        }
        self.points = points;
    }

    fn push(&mut self, arrival: i64, mut event: Event) {
        if self.dice.chance(30) {
            self.mess.add(Mess::Spelling);
            event.spelling = match self.dice.below(4) {
                0 => Spelling::Hyphens,
                1 => Spelling::LowerCase,
                2 => Spelling::Prefix,
                _ => Spelling::Blanks,
            };
        }
        self.made += 1;
        self.pending.push(Reverse(Pending {
            arrival,
            made: self.made,
            event,
        }));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::simulate::Preset;

    #[test]
    fn apportion_is_exact() {
        assert_eq!(apportion(10, &[1, 1, 1]), [3, 3, 4]);
        assert_eq!(apportion(7, &[0, 5, 0]), [0, 7, 0]);
    }

    #[test]
    fn plays_start_in_order_and_none_is_missing() {
        for (preset, plays) in [
            (Preset::Small, 20_000),
            (Preset::ViralDay, 30_000),
            (Preset::Small, 1),
        ] {
            let scale = Scale::of(preset, Some(plays));
            let mut newest = i64::MIN;
            let mut count = 0;
            let run = Schedule::new(&scale).run(&mut Dice::new(3, b"test    "), |start| {
                assert!(newest <= start.time && start.time < scale.to);
                newest = start.time;
                count += 1;
                Ok(())
            });
            assert!(run.is_ok());
            assert_eq!(count, plays);
        }
    }
}
