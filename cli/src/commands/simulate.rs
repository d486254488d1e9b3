//! `simulate`: a data set whose right answer is known.

use std::path::PathBuf;

use serde_json::json;

use crate::error::{Error, Outcome};
use crate::simulate::{EventFormat, Options, Preset, simulate};
use crate::ui::{Ui, Unit};

/// Arguments of `simulate`.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Writes events, recordings.csv, holders.csv, shares.csv, subscriptions.csv, licences.csv, pools.csv,
rules.toml, and truth.csv: what each holder must be paid, computed without any of our other code.
The same preset, seed and number of plays give the same bytes on every machine.

Examples:
  ledgerline simulate --out small/
  ledgerline simulate --preset viral-day --out viral/
  ledgerline simulate --plays 1000 --seed 7 --format csv --out tiny/")]
pub struct Args {
    /// What kind of data set
    #[arg(long, value_enum, default_value_t = Preset::Small)]
    pub preset: Preset,

    /// Number of plays [default: as the preset says]
    #[arg(long, value_name = "N")]
    pub plays: Option<u64>,

    /// Names the data set among all of its kind and size
    #[arg(long, value_name = "S", default_value_t = 1)]
    pub seed: u64,

    /// Format of the events [default: ndjson for small, parquet for viral-day]
    #[arg(long, value_enum)]
    pub format: Option<EventFormat>,

    /// Directory to write into; must not exist or be empty
    #[arg(long, value_name = "DIR")]
    pub out: PathBuf,

    /// Replace a data set in the directory
    #[arg(long)]
    pub force: bool,
}

/// Runs `simulate`.
///
/// # Errors
///
/// [`Error`]; the directory is then as before.
pub fn run(args: &Args, ui: &Ui) -> Result<Outcome, Error> {
    let options = Options {
        preset: args.preset,
        plays: args.plays,
        seed: args.seed,
        format: args.format,
        out: args.out.clone(),
        force: args.force,
    };
    let bar = ui.progress(Some(0), "plays", Unit::Items);
    let summary = simulate(&options, &mut |done, all| {
        bar.set_length(all);
        bar.set_position(done);
    });
    bar.finish_and_clear();
    let summary = summary.map_err(|error| Error::Simulate {
        message: format!("{error:#}"),
    })?;
    ui.result(
        || json!(summary),
        || {
            let mut words = format!(
                "{} plays ({} counted) in {} events, at most {} plays a second, in {}\n",
                summary.plays,
                summary.counted,
                summary.events,
                summary.peak_plays_per_second,
                args.out.display()
            );
            for (kind, count) in &summary.mess {
                words.push_str(&format!("  {count:>10}  {kind}\n"));
            }
            words
        },
    )?;
    Ok(Outcome::Done)
}
