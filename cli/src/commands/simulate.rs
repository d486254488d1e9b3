//! `simulate`: synthetic telemetry with its ground truth.

use std::path::PathBuf;

use serde_json::json;

use crate::error::{Error, Outcome};
use crate::simulate::{EventFormat, Options, Preset, simulate};
use crate::ui::{Ui, Unit};

/// Arguments of `simulate`.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Writes events, recordings.csv, holders.csv, shares.csv, licences.csv, subscriptions.csv, pools.csv
and rules.toml as the other commands read them, and truth*.csv: what each holder must get, computed
apart from the product. The same seed gives the same files on every machine.

Examples:
  ledgerline simulate --preset small --out data
  ledgerline simulate --preset viral-day --seed 7 --out viral")]
pub struct Args {
    /// What to make: 20,000 plays of a month, or 3,000,000 plays (9 million events) of one day
    #[arg(long, value_enum, default_value_t = Preset::Small)]
    pub preset: Preset,

    /// Number of plays [default: the preset's]
    #[arg(long)]
    pub plays: Option<u64>,

    /// Seed
    #[arg(long, default_value_t = 1)]
    pub seed: u64,

    /// Format of the events [default: ndjson for small, parquet for viral-day]
    #[arg(long, value_enum)]
    pub format: Option<EventFormat>,

    /// Directory to make
    #[arg(long, value_name = "DIR")]
    pub out: PathBuf,

    /// Write into a directory that is not empty
    #[arg(long)]
    pub force: bool,
}

/// Runs `simulate`.
///
/// # Errors
///
/// [`Error`].
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
    let summary = simulate(&options, &mut |done, total| {
        bar.set_length(total);
        bar.set_position(done);
    });
    bar.finish_and_clear();
    let summary = summary.map_err(|error| Error::Usage {
        argument: "simulate",
        message: format!("{error:#}"),
    })?;
    ui.result(
        || json!(summary),
        || {
            let mut words = format!(
                "{} plays, {} events, {} counted plays; at most {} plays a second\n",
                summary.plays, summary.events, summary.counted, summary.peak_plays_per_second
            );
            for (what, count) in &summary.mess {
                words.push_str(&format!("{count:>10}  {what}\n"));
            }
            words.push_str(&format!(
                "wrote {} files to {}",
                summary.files.len(),
                args.out.display()
            ));
            words
        },
    )?;
    Ok(Outcome::Done)
}
