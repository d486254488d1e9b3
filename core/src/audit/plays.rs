//! Rung 2: the plays of a bundle, in one pass over their rows, and the openings of some.

use std::collections::BTreeMap;

use crate::attribution::{Attributor, Play, PlayFlags, hear};
use crate::bundle::{Bundle, Evidence, sample};
use crate::id::{ListenerId, PlayId};
use crate::log::Hash;
use crate::money::{Currency, Micros, apportion};
use crate::registry::Snapshot;
use crate::royalty::{Cell, CellKey};
use crate::statement::read_play;
use crate::time::{DAY_MS, TimeMs};
use crate::wire::{Reader, hex};

use super::checker::{Checker, Problems};
use super::report::Finding;
use super::weights::Weights;
use super::{Progress, Trust};

/// Plays between two calls of the progress function.
const STRIDE: u64 = 1 << 13;

/// Plays and money of one day.
#[derive(Clone, Debug, Default)]
pub(super) struct DaySum {
    pub(super) plays: u64,
    pub(super) money: BTreeMap<Currency, Micros>,
}

/// What one pass over the rows learns.
#[derive(Debug)]
pub(super) struct Heard {
    /// A time at which the shares of each cell are in force.
    pub(super) times: Vec<Option<TimeMs>>,
    /// By number of the day since the epoch.
    pub(super) days: BTreeMap<u64, DaySum>,
    pub(super) late: u64,
    pub(super) listened_ms: u64,
    /// The plays that must be opened, by position.
    pub(super) wanted: Vec<(u64, Play)>,
}

/// One pass over the plays: complete, in order, each counted by the rules, each in its cell.
pub(super) fn check_plays(
    checker: &mut Checker,
    bundle: &Bundle<'_>,
    attributor: &Attributor<'_>,
    cells: &[(u64, Cell)],
    earned: &[Vec<(Currency, Micros)>],
    progress: Progress<'_>,
) -> Heard {
    let mut pass = Pass {
        attributor,
        cells,
        earned,
        at: 0,
        seen: 0,
        last: None,
        ids: Vec::new(),
        version: None,
        weight: 0,
        weights: Weights::new(&bundle.rules),
        day: DayRun::default(),
        wanted: wanted_positions(bundle, cells),
        next_wanted: 0,
        counted: Problems::default(),
        placed: Problems::default(),
        heard: Heard {
            times: vec![None; cells.len()],
            days: BTreeMap::new(),
            late: 0,
            listened_ms: 0,
            wanted: Vec::new(),
        },
    };
    let total = bundle.plays.count();
    let ranges: Vec<_> = cells.iter().map(|(_, cell)| cell.first..cell.end).collect();
    let keys = crate::bundle::scope_keys(&bundle.scope, crate::statement::Table::Plays);
    let proven = bundle
        .plays
        .verify(&keys, bundle.run.plays, &ranges, |position, key, row| {
            pass.see(position, key, row);
            if pass.seen.is_multiple_of(STRIDE) {
                progress(pass.seen, total, "plays");
            }
        });
    progress(total, total, "plays");
    pass.leave_cell();
    pass.check_distinct();
    pass.weights.conclude(&mut pass.counted);
    pass.check_tiling(bundle);
    let problem = proven.err().map(|problem| {
        Finding::error("plays.slice", "plays".to_owned())
            .compared("all plays of these recordings, as committed", "others")
            .saying(format!("plays: {problem}"))
    });
    let passed = format!("{total} plays, complete and as committed by the run note");
    checker.single("plays.slice", 2, passed, problem);
    let passed = format!("each of the {total} plays counts by the rules");
    checker.conclude("plays.counted", 2, passed, pass.counted);
    let passed = format!("{} cells hold exactly these plays", cells.len());
    checker.conclude("cells.plays", 2, passed, pass.placed);
    pass.heard
}

/// The positions that the bundle must open, ascending. Linear in the rows that are there.
fn wanted_positions(bundle: &Bundle<'_>, cells: &[(u64, Cell)]) -> Vec<u64> {
    let ranges = &bundle.plays.keys;
    if bundle.scope.evidence == Evidence::Full {
        return ranges.iter().flat_map(|(_, range)| range.clone()).collect();
    }
    let run = Hash::of(bundle.run_note.text().as_bytes());
    let checkpoint = Hash::of(bundle.checkpoint_note.text().as_bytes());
    // What is not in the slice cannot be opened, and cells follow each other; others are a problem
    // of their own.
    let mut end = 0;
    let mut positions = Vec::new();
    for (number, cell) in cells {
        let at = ranges.partition_point(|(_, range)| range.end <= cell.first);
        let inside = ranges
            .get(at)
            .is_some_and(|(_, range)| range.start <= cell.first && cell.end <= range.end);
        if inside && end <= cell.first && cell.first < cell.end {
            end = cell.end;
            positions.extend(sample(
                &run,
                &checkpoint,
                *number,
                cell,
                &bundle.scope.nonce,
            ));
        }
    }
    positions
}

/// The plays of one day within one cell.
#[derive(Debug, Default)]
struct DayRun {
    day: u64,
    plays: u64,
    weight: u64,
    weight_before: u64,
}

struct Pass<'a> {
    attributor: &'a Attributor<'a>,
    cells: &'a [(u64, Cell)],
    earned: &'a [Vec<(Currency, Micros)>],
    /// Index of the cell at hand.
    at: usize,
    seen: u64,
    last: Option<Play>,
    /// Listener and play id of every play.
    ids: Vec<(ListenerId, PlayId)>,
    /// Share version of the cell at hand, by the rows that are visible.
    version: Option<u16>,
    /// Weight of the cell's plays so far.
    weight: u64,
    weights: Weights<'a>,
    day: DayRun,
    wanted: Vec<u64>,
    next_wanted: usize,
    counted: Problems,
    placed: Problems,
    heard: Heard,
}

impl Pass<'_> {
    fn see(&mut self, position: u64, key: &[u8], row: &[u8]) {
        self.seen = self.seen.saturating_add(1);
        let isrc = Reader::new(key).u64().unwrap_or_default();
        let Ok(play) = read_play(isrc, &mut Reader::new(row)) else {
            self.counted.add(|| {
                Finding::error("plays.counted", format!("plays {position}"))
                    .compared("a play", "other bytes")
                    .saying(format!("row {position} of plays is no play"))
            });
            return;
        };
        while self
            .cells
            .get(self.at)
            .is_some_and(|(_, c)| c.end <= position)
        {
            self.leave_cell();
        }
        if self.wanted.get(self.next_wanted) == Some(&position) {
            self.heard.wanted.push((position, play));
            self.next_wanted = self.next_wanted.saturating_add(1);
        }
        self.check_rules(position, &play);
        self.check_cell(position, &play);
        self.last = Some(play);
        self.ids.push((play.listener, play.play));
        self.heard.listened_ms = self
            .heard
            .listened_ms
            .saturating_add(u64::from(play.listened_ms));
        let late = u64::from(play.flags.is_late());
        self.heard.late = self.heard.late.saturating_add(late);
        let day = play.time.ms() / DAY_MS;
        if day != self.day.day {
            self.end_day();
            self.day.day = day;
        }
        self.day.plays = self.day.plays.saturating_add(1);
        self.day.weight = self.day.weight.saturating_add(u64::from(play.weight));
    }

    fn check_rules(&mut self, position: u64, play: &Play) {
        let needed = self.attributor.qualifying_ms(play.isrc);
        let late = self.attributor.lateness(play.time);
        let place = || format!("plays {position} ({} at {})", play.isrc, play.time);
        self.counted
            .require(self.last.is_none_or(|last| last < *play), || {
                Finding::error("plays.counted", place())
                    .compared("plays in order, each once", "a play before its place")
                    .saying("a play stands twice or out of order")
            });
        self.counted.require(play.listened_ms >= needed, || {
            Finding::error("plays.counted", place())
                .compared(
                    format!("at least {needed} ms"),
                    format!("{} ms", play.listened_ms),
                )
                .saying("a counted play was listened to for too short a time")
        });
        self.counted
            .require(late == Some(play.flags.is_late()), || {
                Finding::error("plays.counted", place())
                    .compared(
                        "a play of the period, marked late if it started before it",
                        if late.is_none() {
                            "a play of another time"
                        } else {
                            "the wrong mark"
                        },
                    )
                    .saying("a counted play is not of this period, or its lateness is wrong")
            });
        let recording = self.attributor.registry.recording(play.isrc);
        let length_ms = recording.map_or(0, |r| r.length_ms);
        let rules = self.weights.rules();
        self.counted.require(rules.can_weigh(play, length_ms), || {
            let (low, high) = rules.model.weights(play, length_ms).into_inner();
            let expected = if low == high {
                low.to_string()
            } else {
                format!("{low} to {high}")
            };
            Finding::error("plays.counted", place())
                .compared(expected, play.weight.to_string())
                .saying("a play has another weight than the rules give it")
        });
        self.weights.see(play, length_ms);
    }

    fn check_cell(&mut self, position: u64, play: &Play) {
        let cell = self.cells.get(self.at).map(|(_, cell)| cell);
        let fits = cell.is_some_and(|cell| cell.first <= position && CellKey::of(play) == cell.key);
        self.placed.require(fits, || {
            Finding::error("cells.plays", format!("plays {position} ({})", play.isrc))
                .compared("a cell with its territory, tier and share version", "none")
                .saying("a play belongs to no cell, so it earns nothing")
        });
        self.weight = self.weight.saturating_add(u64::from(play.weight));
        if let Some(time) = self.heard.times.get_mut(self.at) {
            time.get_or_insert(play.time);
        }
        // Others' share rows are hidden, so versions cannot be recounted; but within a cell the
        // visible shares must not change.
        let visible = self.attributor.registry.share_version(play.isrc, play.time);
        let same = *self.version.get_or_insert(visible) == visible && visible <= play.share_version;
        self.placed.require(same, || {
            Finding::error("cells.plays", format!("plays {position} ({})", play.isrc))
                .compared(
                    "plays of one cell under the same shares",
                    "a change of shares in between",
                )
                .saying("plays under different shares are mixed in one cell")
        });
    }

    /// Books the day's plays of the cell at hand.
    fn end_day(&mut self) {
        let run = core::mem::take(&mut self.day);
        if run.plays == 0 {
            return;
        }
        let sum = self.heard.days.entry(run.day).or_default();
        sum.plays = sum.plays.saturating_add(run.plays);
        let total = self
            .cells
            .get(self.at)
            .and_then(|(_, cell)| core::num::NonZeroU64::new(cell.weight));
        let earned = self.earned.get(self.at).into_iter().flatten();
        for (currency, amount) in earned {
            // Weights that do not add up are a problem of their own.
            let part = total
                .and_then(|total| apportion(*amount, run.weight_before, run.weight, total).ok())
                .unwrap_or_default();
            let money = sum.money.entry(*currency).or_default();
            *money = Micros(money.0.saturating_add(part.0));
        }
        self.day.day = run.day;
        self.day.weight_before = run.weight_before.saturating_add(run.weight);
    }

    fn leave_cell(&mut self) {
        self.end_day();
        self.day = DayRun::default();
        if let Some((number, cell)) = self.cells.get(self.at) {
            let weight = self.weight;
            self.placed.require(weight == cell.weight, || {
                Finding::error("cells.plays", format!("cell {number} ({})", cell.key.isrc))
                    .compared(weight.to_string(), cell.weight.to_string())
                    .saying("a cell's weight is not the sum of its plays' weights")
            });
        }
        self.at = self.at.saturating_add(1);
        self.weight = 0;
        self.version = None;
    }

    /// No play stands twice, under whatever time or length.
    fn check_distinct(&mut self) {
        self.ids.sort_unstable();
        let twice = self
            .ids
            .iter()
            .zip(self.ids.iter().skip(1))
            .find(|(a, b)| a == b);
        if let Some(((listener, play), _)) = twice {
            self.counted.add(|| {
                Finding::error(
                    "plays.counted",
                    format!("play {play} of listener {listener}"),
                )
                .compared("each play once", "the same play again")
                .saying("a play is counted twice")
            });
        }
        self.ids = Vec::new();
    }

    /// The cells of each recording cover its plays without gap or overlap.
    fn check_tiling(&mut self, bundle: &Bundle<'_>) {
        let mut cells = self.cells.iter().peekable();
        for (key, range) in &bundle.plays.keys {
            let isrc = Reader::new(key).u64().unwrap_or_default();
            let mut covered = range.start;
            let mut tiles = true;
            while let Some((_, cell)) = cells.next_if(|(_, c)| c.key.isrc.packed() == isrc) {
                tiles &= cell.first == covered && cell.end > cell.first;
                covered = cell.end;
            }
            self.placed.require(tiles && covered == range.end, || {
                Finding::error(
                    "cells.plays",
                    format!("plays {}..{}", range.start, range.end),
                )
                .compared(
                    "cells that cover these plays exactly",
                    "a gap or an overlap",
                )
                .saying("the cells of a recording do not hold exactly its plays")
            });
        }
    }
}

/// Checks that the sample was drawn with the reader's own nonce.
pub(super) fn check_nonce(checker: &mut Checker, bundle: &Bundle<'_>, trust: &Trust) {
    let found = bundle.scope.nonce.as_bytes();
    match &trust.nonce {
        None if found.is_empty() => {}
        None => checker.skip(
            "events.nonce",
            2,
            "the sample was drawn with a nonce; give the one you sent, or the operator may have tried many",
        ),
        Some(nonce) => {
            let problem = (nonce.as_bytes() != found).then(|| {
                Finding::error("events.nonce", "scope".to_owned())
                    .compared(hex(nonce.as_bytes()), hex(found))
                    .saying("the sample was not drawn with the nonce you sent")
            });
            checker.single("events.nonce", 2, "the sample was drawn with your nonce", problem);
        }
    }
}

/// Checks the opened plays: the right ones, in the log, and the same when recounted.
pub(super) fn check_openings(
    checker: &mut Checker,
    bundle: &Bundle<'_>,
    attributor: &Attributor<'_>,
    wanted: &[(u64, Play)],
) {
    let mut problems = Problems::default();
    let opened = bundle.openings.plays.iter().map(|play| play.position);
    let asked = wanted.iter().map(|(position, _)| *position);
    problems.require(opened.eq(asked), || {
        Finding::error("events.opened", "events".to_owned())
            .compared(
                format!(
                    "{} plays, picked by the hash of run note and checkpoint",
                    wanted.len()
                ),
                format!("{} plays", bundle.openings.plays.len()),
            )
            .saying("other plays are opened than the ones that had to be")
    });
    if let Err(problem) = bundle.openings.verify(bundle.run.log) {
        problems.add(|| {
            Finding::error("events.opened", "events".to_owned())
                .compared("event records that stand in the log", "others")
                .saying(format!("events: {problem}"))
        });
    }
    for ((position, play), opened) in wanted.iter().zip(&bundle.openings.plays) {
        let events = opened.events();
        let mine = |e: &crate::event::Event| (e.listener, e.play) == (play.listener, play.play);
        let heard = hear(&events, attributor.rules).filter(|_| events.iter().all(mine));
        let recounted = heard.map(|heard| Play {
            isrc: heard.first.isrc,
            territory: heard.first.territory,
            time: heard.first.time,
            listened_ms: heard.listened_ms,
            flags: PlayFlags::new(heard.first.flags, play.flags.is_late()),
            ..*play
        });
        problems.require(recounted == Some(*play), || {
            let say = |play: &Play| {
                format!(
                    "{} in {} at {}, {} ms",
                    play.isrc, play.territory, play.time, play.listened_ms
                )
            };
            Finding::error("events.opened", format!("plays {position}"))
                .compared(
                    recounted
                        .as_ref()
                        .map_or_else(|| "events of this play".to_owned(), say),
                    say(play),
                )
                .saying("a play says something else than its events in the log")
        });
    }
    let events: usize = bundle.openings.plays.iter().map(|p| p.records.len()).sum();
    let passed = format!(
        "{} plays open into {events} events of the log and say the same",
        wanted.len()
    );
    checker.conclude("events.opened", 2, passed, problems);
}

/// The part of the registry that a bundle shows, as far as it is one.
pub(super) fn visible_registry(checker: &mut Checker, bundle: &Bundle<'_>) -> Snapshot {
    use crate::registry::{Parts, Row, read_row};
    let mut parts = Parts::default();
    for (_, key, row) in bundle.registry.rows() {
        let Some(key) = key.first_chunk() else {
            continue;
        };
        match read_row(key, &mut Reader::new(row)) {
            Ok(Row::Recording(row)) => parts.recordings.push(row),
            Ok(Row::Holder(row)) => parts.holders.push(row),
            Ok(Row::Share(row)) => parts.shares.push(row),
            Ok(Row::Licence(row)) => parts.licences.push(row),
            Ok(Row::Subscription(_)) | Err(_) => {}
        }
    }
    let snapshot = Snapshot::new(parts);
    let problem = snapshot.as_ref().err().map(|problem| {
        Finding::error("registry.rows", "registry".to_owned())
            .compared("rows that fit each other", "a contradiction")
            .saying(problem.to_string())
    });
    let shown = snapshot.unwrap_or_default();
    let passed = format!(
        "{} recordings with {} share rows of this holder",
        shown.recordings().len(),
        shown.shares().len()
    );
    checker.single("registry.rows", 2, passed, problem);
    let problem = (shown.recordings_of(bundle.scope.party) != bundle.scope.recordings).then(|| {
        Finding::error("scope.recordings", "scope".to_owned())
            .compared(
                format!(
                    "{} recordings",
                    shown.recordings_of(bundle.scope.party).len()
                ),
                format!("{} recordings", bundle.scope.recordings.len()),
            )
            .saying("the bundle is not about exactly the recordings in which the holder has shares")
    });
    let passed = format!(
        "the bundle covers all {} recordings in which the holder has a share",
        bundle.scope.recordings.len()
    );
    checker.single("scope.recordings", 2, passed, problem);
    shown
}
