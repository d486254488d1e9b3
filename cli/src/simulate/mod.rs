//! `ledgerline simulate`: synthetic events, registry, pools and rules, with the truth about them.
//!
//! In: a preset and a seed. Out: a directory that `ingest`, `registry import` and `statement` read, and
//! `truth.csv`, what each holder must be paid. Does not know: the `ledgerline` crate. The truth is a
//! second opinion, and one that shared code with the first would be none.
//!
//! One seed gives the same bytes on every platform: integers only, ChaCha8, ordered maps.

mod catalogue;
mod listener;
mod mess;
mod random;
mod telemetry;
mod truth;
mod write;

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, bail, ensure};

use catalogue::{DAY, Market};
use mess::Mess;
use random::Dice;
use telemetry::Telemetry;
use truth::Truth;

/// The most plays of a data set.
pub const MAX_PLAYS: u64 = 1_000_000_000;

/// What kind of data set.
#[derive(Clone, Copy, Debug, Eq, PartialEq, clap::ValueEnum)]
pub enum Preset {
    /// A month with 20,000 plays, of which one track suddenly gets a fifth.
    Small,
    /// A day with 3,000,000 plays (9 million events), of which one track gets two thirds.
    ViralDay,
}

impl Preset {
    /// As written on the command line.
    pub fn name(self) -> &'static str {
        match self {
            Self::Small => "small",
            Self::ViralDay => "viral-day",
        }
    }

    /// The start of the period and its end, in milliseconds since the Unix epoch.
    pub fn period(self) -> (i64, i64) {
        let scale = Scale::of(self, None);
        (scale.from, scale.to)
    }
}

/// The form of the event file.
#[derive(Clone, Copy, Debug, Eq, PartialEq, clap::ValueEnum)]
pub enum EventFormat {
    /// A JSON object a line.
    Ndjson,
    /// RFC 4180.
    Csv,
    /// Apache Parquet, compressed with zstd.
    Parquet,
    /// The Arrow IPC file format.
    Arrow,
}

impl EventFormat {
    const ALL: [Self; 4] = [Self::Ndjson, Self::Csv, Self::Parquet, Self::Arrow];

    fn file(self) -> &'static str {
        match self {
            Self::Ndjson => "events.ndjson",
            Self::Csv => "events.csv",
            Self::Parquet => "events.parquet",
            Self::Arrow => "events.arrow",
        }
    }
}

/// What to make, and where.
#[derive(Clone, Debug)]
pub struct Options {
    /// The kind of data set.
    pub preset: Preset,
    /// How many plays, if not as many as the preset says: 1 to [`MAX_PLAYS`].
    pub plays: Option<u64>,
    /// Names the data set among all of this kind and size.
    pub seed: u64,
    /// The form of the event file; by default NDJSON for `small`, Parquet for `viral-day`.
    pub format: Option<EventFormat>,
    /// The directory to write into; created where absent.
    pub out: PathBuf,
    /// Whether `out` may hold something already; a data set in it is replaced.
    pub force: bool,
}

/// Money of one currency, in micros: pool = paid + suspense.
#[derive(Clone, Debug, Eq, PartialEq, serde::Serialize)]
pub struct Total {
    /// ISO 4217 code.
    pub currency: &'static str,
    /// All pools.
    pub pool_micros: i128,
    /// All lines of all holders.
    pub paid_micros: i128,
    /// What no holder gets.
    pub suspense_micros: i128,
}

/// What was made.
#[derive(Clone, Debug, Eq, PartialEq, serde::Serialize)]
pub struct Summary {
    /// Plays of which at least one event arrives.
    pub plays: u64,
    /// Rows of the event file.
    pub events: u64,
    /// Plays that count.
    pub counted: u64,
    /// The most plays that start within one second.
    pub peak_plays_per_second: u64,
    /// The names of the files, in `out`.
    pub files: Vec<&'static str>,
    /// Money, by currency.
    pub totals: Vec<Total>,
    /// Each kind of disorder with how often it occurs.
    pub mess: Vec<(&'static str, u64)>,
}

/// All files but the events.
const FILES: [&str; 10] = [
    "recordings.csv",
    "holders.csv",
    "shares.csv",
    "licences.csv",
    "subscriptions.csv",
    "pools.csv",
    "rules.toml",
    "truth.csv",
    "truth-suspense.csv",
    "truth-cells.csv",
];

/// Sizes and shapes of a data set.
struct Scale {
    from: i64,
    to: i64,
    /// Changes in the period happen at multiples of this after its start.
    step_ms: i64,
    late_days: u32,
    plays: u64,
    recordings: usize,
    unknown_isrcs: usize,
    holders: usize,
    listeners: usize,
    territories: usize,
    /// The viral track's part of the plays, and its course: in buckets of time its weight jumps at
    /// the spikes (bucket, weight), fades by a factor, and keeps a base from the first spike on.
    viral_per_1000: u64,
    bucket_ms: i64,
    viral_spikes: &'static [(usize, u64)],
    viral_keep_per_1000: u64,
    viral_base: u64,
}

#[expect(
    clippy::arithmetic_side_effects,
    reason = "constants of the presets: periods of days, after 1970"
)]
impl Scale {
    fn of(preset: Preset, plays: Option<u64>) -> Self {
        /// 2026-04-01T00:00:00Z
        const APRIL: i64 = 1_775_001_600_000;
        let hour = DAY / 24;
        match preset {
            Preset::Small => Self {
                from: APRIL,
                to: APRIL + 30 * DAY,
                step_ms: DAY,
                late_days: 30,
                plays: plays.unwrap_or(20_000),
                recordings: 200,
                unknown_isrcs: 12,
                holders: 60,
                listeners: 1_500,
                territories: 8,
                viral_per_1000: 200,
                bucket_ms: hour,
                // The 12th at 18:00, and the evening after it.
                viral_spikes: &[(282, 10_000), (307, 4_000)],
                viral_keep_per_1000: 850,
                viral_base: 30,
            },
            Preset::ViralDay => Self {
                from: APRIL,
                to: APRIL + DAY,
                step_ms: hour,
                late_days: 30,
                plays: plays.unwrap_or(3_000_000),
                recordings: 5_000,
                unknown_isrcs: 150,
                holders: 600,
                listeners: 400_000,
                territories: 18,
                viral_per_1000: 660,
                bucket_ms: hour / 12,
                // 06:00, 13:30 and 19:00.
                viral_spikes: &[(72, 30_000), (162, 60_000), (228, 70_000)],
                viral_keep_per_1000: 875,
                viral_base: 2_000,
            },
        }
    }

    fn length(&self) -> i64 {
        self.to - self.from
    }

    /// A moment in the middle half of the period.
    fn moment(&self, dice: &mut Dice) -> i64 {
        let steps = self.length() / self.step_ms;
        self.from + self.step_ms * dice.between(steps / 4, steps * 3 / 4)
    }
}

/// Makes a data set; `progress` hears of plays done and plays in all.
///
/// Everything is written to a directory within `out` first and moved when it is whole, the event file
/// last: a directory with an event file holds all of its data set.
///
/// # Errors
///
/// Where `plays` is 0 or more than [`MAX_PLAYS`], where `out` is not empty and `force` not given, and
/// where something cannot be written.
pub fn simulate(options: &Options, progress: &mut dyn FnMut(u64, u64)) -> anyhow::Result<Summary> {
    let scale = Scale::of(options.preset, options.plays);
    ensure!(
        (1..=MAX_PLAYS).contains(&scale.plays),
        "expected 1 to {MAX_PLAYS} plays, but found {}",
        scale.plays
    );
    let format = options.format.unwrap_or(match options.preset {
        Preset::Small => EventFormat::Ndjson,
        Preset::ViralDay => EventFormat::Parquet,
    });
    let out = &options.out;
    let made_out = prepare(out, options.force)?;
    let summary = fill(options, &scale, format, progress);
    if summary.is_err() && made_out {
        // Only if it is empty, and the reason to tell is the first error.
        let _ = fs::remove_dir(out);
    }
    summary
}

/// Makes sure that `out` is a directory that may be written to; true if it was not there.
fn prepare(out: &Path, force: bool) -> anyhow::Result<bool> {
    if !out.exists() {
        fs::create_dir_all(out).with_context(|| format!("cannot create {}", out.display()))?;
        return Ok(true);
    }
    let mut entries = fs::read_dir(out)
        .with_context(|| format!("expected a directory to write into at {}", out.display()))?;
    if !force && entries.next().is_some() {
        bail!(
            "expected an empty directory, but found files in {}: choose another, or --force to \
             replace a data set in it",
            out.display()
        );
    }
    Ok(false)
}

fn fill(
    options: &Options,
    scale: &Scale,
    format: EventFormat,
    progress: &mut dyn FnMut(u64, u64),
) -> anyhow::Result<Summary> {
    let out = &options.out;
    let partial = tempfile::Builder::new()
        .prefix(".partial-")
        .tempdir_in(out)
        .with_context(|| format!("cannot write into {}", out.display()))?;
    let dir = partial.path();

    let market = Market::new(scale, options.seed);
    let listeners = listener::listeners(scale, &market, options.seed);
    write::registry(&market, dir)?;
    write::subscriptions(&listeners, dir)?;
    write::pools(&market, dir)?;
    write::rules(options, scale, dir)?;

    let mut truth = Truth::new(scale, &market, &listeners);
    let mut telemetry = Telemetry::new(scale, &market, &listeners, options.seed);
    let mut events = write::EventWriter::create(&market, format, &dir.join(format.file()))?;
    let mut arrive = |event: &telemetry::Event| events.write(event);
    telemetry.run(options.seed, &mut truth, &mut arrive, progress)?;
    let event_count = events.events;
    events.finish()?;

    let settlement = truth.settle();
    write::truth(&settlement, &truth.cells(), dir)?;

    // An event file of another form would make it doubtful which one is meant.
    for name in EventFormat::ALL.map(EventFormat::file).iter().chain(&FILES) {
        let path = out.join(name);
        if path.exists() {
            fs::remove_file(&path).with_context(|| format!("cannot replace {}", path.display()))?;
        }
    }
    let mut files = FILES.to_vec();
    files.push(format.file());
    for name in &files {
        let path = out.join(name);
        fs::rename(dir.join(name), &path)
            .with_context(|| format!("cannot create {}", path.display()))?;
    }

    let mut mess = telemetry.mess;
    mess.add_many(Mess::UnplayedPool, settlement.unplayed_pools);
    let totals = settlement
        .pools
        .iter()
        .map(|(currency, pool_micros)| Total {
            currency,
            pool_micros: *pool_micros,
            paid_micros: settlement.paid(currency),
            suspense_micros: settlement.suspended(currency),
        });
    Ok(Summary {
        plays: scale.plays,
        events: event_count,
        counted: truth.counted,
        peak_plays_per_second: telemetry.peak_plays_per_second,
        files,
        totals: totals.collect(),
        mess: mess.rows(),
    })
}

#[cfg(test)]
#[allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    reason = "a panic is how a test fails"
)]
mod tests;
