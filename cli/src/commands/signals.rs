//! `signals`: what in the counted plays does not look like people listening to music.

use std::path::{Path, PathBuf};

use ledgerline::attribution::signals::{Figures, Signals};
use ledgerline::attribution::{Attributor, Play, TierNumbers};
use ledgerline::audit::signal_findings;
use ledgerline::bundle::RunTables;
use ledgerline::registry::Snapshot;
use ledgerline::royalty::Rules;
use ledgerline::statement::{Table, read_play};
use ledgerline::time::Period;
use serde_json::json;

use super::show;
use super::statement::{count, read_rules};
use crate::error::{Error, Outcome};
use crate::ledger::{Ledger, State};
use crate::registry_db::RegistryDb;
use crate::run::{RunDir, RunError, Threads};
use crate::ui::Ui;

/// Arguments of `signals`.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
A signal says where to look, not that somebody cheats: a fan loops a song, a hit rises in a day.
  signal.spike            a day with many times the median of the days before
  signal.one-listener     one listener with much of a recording's plays
  signal.repeat           one recording many times in a row
  signal.short            most plays end soon after they count (\"31-second\" plays)
  signal.hours            more listened to on a day than people do
  signal.overlap          plays of one listener that run at the same time
  signal.same-sequence    listeners who play the same in the same order on a day
  signal.concentration    a few recordings have nearly all plays
  signal.popularity-bias  the most played have a much larger share of what is offered than of what
                          is chosen
Thresholds stand in the table [signals] of the rules file (docs/format.md, 7.6). Integers only: the
same plays and thresholds give the same signals on every machine. `audit` lists them as well.
Of a ledger whose period is open, only whole segments (65,536 events each) are looked at.

Examples:
  ledgerline signals april-run
  ledgerline signals april-run --json > signals.json
  ledgerline signals april --rules rules.toml")]
pub struct Args {
    /// A run, or a ledger before there is a run
    #[arg(value_name = "RUN|LEDGER")]
    pub of: PathBuf,

    /// Rules file with the thresholds [default: the run's own; of a ledger, those of docs/format.md]
    #[arg(long, value_name = "FILE")]
    pub rules: Option<PathBuf>,
}

/// What is looked at.
struct Looked {
    kind: &'static str,
    /// Whether these are all plays of the period.
    is_complete: bool,
    origin: String,
    period: Period,
    rules: Rules,
    registry: Snapshot,
    plays: Vec<Play>,
}

/// Runs `signals`.
///
/// # Errors
///
/// [`Error`] if something cannot be read. Signals are no reason to fail.
pub fn run(args: &Args, ui: &Ui) -> Result<Outcome, Error> {
    let given = args.rules.as_deref().map(read_rules).transpose()?;
    let given = given.map(|(_, rules)| rules);
    let looked = if RunDir::new(&args.of).note().is_file() {
        of_run(&args.of, given)?
    } else {
        of_ledger(&args.of, given, ui)?
    };
    let tiers = TierNumbers::default();
    let attributor = Attributor {
        registry: &looked.registry,
        rules: &looked.rules.counting,
        period: looked.period,
        tiers: &tiers,
    };
    let signals = Signals::of(&looked.plays, &attributor, &looked.rules.signals);
    let findings = signal_findings(&signals, &looked.rules.signals);
    let name = args.of.file_name().unwrap_or_default().to_string_lossy();
    ui.result(
        || {
            json!({
                "format": "ledgerline-signals/1",
                "subject": {"kind": looked.kind, "name": name, "origin": looked.origin,
                    "period": looked.period.to_string(), "complete": looked.is_complete},
                "figures": figures(&signals.figures),
                "marked_plays": signals.marked(),
                "findings": findings,
            })
        },
        || {
            format!(
                "{name}: {} counted plays, {} of them part of a signal\n{}{}",
                signals.figures.plays,
                signals.marked(),
                in_words(&signals.figures),
                show::findings(&findings)
            )
        },
    )?;
    Ok(Outcome::Done)
}

/// The plays that a run commits to.
fn of_run(path: &Path, rules: Option<Rules>) -> Result<Looked, Error> {
    let stored = RunDir::new(path).read()?;
    RunTables::new(&stored.run, &stored.tables, stored.salts.clone(), &Threads)
        .map_err(RunError::Bundle)?;
    Ok(Looked {
        kind: "run",
        is_complete: true,
        origin: stored.run.origin.clone(),
        period: stored.run.period,
        registry: stored.registry()?,
        plays: stored.values(Table::Plays, read_play).collect(),
        rules: rules.unwrap_or(stored.rules),
    })
}

/// The plays that a run of the ledger would count.
fn of_ledger(path: &Path, rules: Option<Rules>, ui: &Ui) -> Result<Looked, Error> {
    let rules = match rules {
        Some(rules) => rules,
        // A file that says nothing has all defaults.
        None => Rules::parse(b"version = 1\nmodel = \"pro-rata\"\n").map_err(|_| Error::Bug {
            what: "rules without any number that cannot be read",
        })?,
    };
    let ledger = Ledger::open_readonly(path)?;
    let database = RegistryDb::open_readonly(&ledger.layout().registry())?;
    let registry = database.snapshot(Some(database.last_recorded()?))?;
    let tiers = TierNumbers::default();
    let attributor = Attributor {
        registry: &registry,
        rules: &rules.counting,
        period: ledger.period(),
        tiers: &tiers,
    };
    let counted = count(&ledger, &attributor, path, ui)?;
    if let Some(problem) = counted.segments.into_iter().find_map(|s| s.problem) {
        let path = ledger.layout().segments();
        return Err(RunError::Damaged { path, problem }.into());
    }
    let is_complete = ledger.state() == State::Closed;
    if !is_complete {
        ui.say(&format!(
            "the period is open: only the {} events of whole segments were looked at",
            ledger.sealed_size()
        ));
    }
    Ok(Looked {
        kind: "ledger",
        is_complete,
        origin: ledger.origin().to_owned(),
        period: ledger.period(),
        rules,
        registry,
        plays: counted.plays,
    })
}

fn figures(figures: &Figures) -> serde_json::Value {
    json!({
        "plays": figures.plays, "recordings": figures.recordings, "gini_ppm": figures.gini_ppm,
        "top_recordings": figures.top, "top_plays": figures.top_plays, "top_ppm": figures.top_ppm(),
        "chosen_plays": figures.chosen, "top_chosen_ppm": figures.chosen_ppm(),
        "top_offered_ppm": figures.offered_ppm(),
    })
}

fn in_words(figures: &Figures) -> String {
    format!(
        "{} recordings; the {} most played have {} ppm of the plays ({} ppm of those chosen, {} ppm of the others); Gini {} ppm\n",
        figures.recordings,
        figures.top,
        figures.top_ppm(),
        figures.chosen_ppm(),
        figures.offered_ppm(),
        figures.gini_ppm
    )
}
