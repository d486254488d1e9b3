//! `statement`: close the period and compute the run.

use std::path::{Path, PathBuf};

use ledgerline::attribution::Attributor;
use ledgerline::log::{Checkpoint, Hash, Note};
use ledgerline::royalty::{Pools, Rules};
use ledgerline::statement::{Next, RunInputs, RunSalts, SaltedRun, derive, registry_rows};
use serde_json::json;

use super::cosign::{
    CosignArgs, Count, Plan, cosign_and_serve, find_contradiction, is_contradicted,
};
use super::open_writer;
use super::what_if::Question;
use crate::error::{Error, Outcome};
use crate::ledger::durable::{parent_of, read_bounded};
use crate::ledger::{Ledger, LedgerError, State};
use crate::registry_db::RegistryDb;
use crate::run::{Counted, Meta, RunChain, RunDir, RunError, Threads, count_plays};
use crate::ui::{Ui, Unit};

/// Arguments of `statement`.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Closes the ledger's period for good: no more events are taken, a last checkpoint is signed,
cosigned by the witnesses of the policy (--policy, or else LEDGER/policy), and served. Its quorum
must answer now, each time: cosignatures that the ledger has already do not do, as an old copy has
them, too. Without it the command ends there with exit code 3, and with 1 if a witness has proved
another history (see `ledgerline checkpoint --help`); running it again goes on. Then counts the
plays, divides the pools and writes the run: its signed note and tables. Running it again on the
closed ledger gives the same run note, byte for byte, for the same inputs. Cosignatures that come
later are no reason to: `ledgerline checkpoint` collects them, `bundle` and `audit` use them.

Runs form a chain in the order of issue. Each brings forward what the one before left in the
accounts: less than a minor unit, less than the rules' minimum, or what was paid too much. A
revision takes back what the revision before had credited, so that only the difference is paid.

Examples:
  ledgerline statement april --rules rules.toml --pools pools.csv --out april-run
  ledgerline statement may --rules rules.toml --pools may.csv --out may-run --previous april-run
  ledgerline statement april --rules rules.toml --pools pools.csv --out april-run-1 --revision 1 \
    --previous april-run --previous may-run
  ledgerline statement april --rules rules.toml --pools pools.csv --out run --policy witnesses.txt")]
pub struct Args {
    /// The ledger
    pub ledger: PathBuf,

    /// Rules file (TOML)
    #[arg(long, value_name = "FILE")]
    pub rules: PathBuf,

    /// Pools file (CSV: territory,tier,right,currency,amount and, if the rules want it, subscribers)
    #[arg(long, value_name = "FILE")]
    pub pools: PathBuf,

    /// Directory of the run
    #[arg(long, value_name = "RUN")]
    pub out: PathBuf,

    /// A run issued before this one; give it again for each, in the order of issue, the last one
    /// being the one issued just before: its balances are brought forward, and rules that look back
    /// read the plays that these runs have committed to
    #[arg(long, value_name = "RUN")]
    pub previous: Vec<PathBuf>,

    /// Number of this statement of the period: 0, then 1 for the first correction, which needs the
    /// run that it replaces among --previous
    #[arg(long, default_value_t = 0)]
    pub revision: u32,

    /// Use the registry as known at this moment (µs since the epoch, as `registry history` shows
    /// it) [default: now]
    #[arg(long, value_name = "MICROSECONDS")]
    pub known_at: Option<i64>,

    /// Show too what each holder would have earned under these rules: the same plays and pools
    #[arg(long, value_name = "RULES")]
    pub what_if: Option<PathBuf>,

    /// Replace an earlier run of the same name
    #[arg(long)]
    pub force: bool,

    #[command(flatten)]
    cosign: CosignArgs,
}

/// Runs `statement`.
///
/// # Errors
///
/// [`Error`]; the ledger is closed only after rules, pools and registry were found readable.
pub fn run(args: &Args, ui: &Ui) -> Result<Outcome, Error> {
    let plan = args.cosign.plan()?;
    if is_contradicted(&args.ledger, ui) {
        return Ok(Outcome::Disputed);
    }
    let out = RunDir::new(&args.out);
    out.check_free(args.force)?;
    let (rules_file, rules) = read_rules(&args.rules)?;
    let others = args.what_if.as_deref().map(read_rules).transpose()?;
    let (pools_file, pools) = read_pools(&args.pools)?;
    let before = Ledger::open_readonly(&args.ledger)?;
    if !rules.hold_in(before.period()) {
        return Err(RunError::Damaged {
            path: args.rules.clone(),
            problem: format!(
                "expected rules that hold in the whole period {}, but found rules that hold {}; see valid_from and valid_to",
                before.period(),
                rules.validity()
            ),
        }
        .into());
    }
    let registry = RegistryDb::open_readonly(&before.layout().registry())?;
    let known_at = match args.known_at {
        Some(moment) => moment,
        None => registry.last_recorded()?,
    };
    let snapshot = registry.snapshot(Some(known_at))?;
    if snapshot.recordings().is_empty() {
        ui.say("warning: the registry knows no recording, so all money will be in suspense; see `ledgerline registry --help`");
    }

    let chain = RunChain::read(&args.previous)?;
    chain.check_tables()?;
    chain.check_signed()?;
    let next = Next {
        origin: before.origin(),
        period: before.period(),
        revision: args.revision,
    };
    let (previous, opening) = chain.opening(next).map_err(RunError::Chain)?;
    let earlier = chain.plays(before.period(), rules.months_back())?;

    // Closing cannot be taken back: first see that nothing else stands in the way.
    out.prepare()?;
    before.log_keys()?;
    before.master_secret()?;
    let (checkpoint_note, checkpoint) = match close(&args.ledger, &before, &plan, ui)? {
        Closed::Served(served) => *served,
        Closed::NotServed(outcome) => return Ok(outcome),
    };
    let ledger = Ledger::open_readonly(&args.ledger)?;
    let attributor = Attributor {
        registry: &snapshot,
        rules: &rules.counting,
        period: ledger.period(),
        tiers: pools.tiers(),
    };
    let counted = count(&ledger, &attributor, &args.out, ui)?;
    let damaged = counted.segments.iter().find_map(|s| s.problem.clone());
    if let Some(problem) = damaged {
        return Err(RunError::Damaged {
            path: ledger.layout().segments(),
            problem,
        }
        .into());
    }
    if counted.log != checkpoint.head() {
        return Err(RunError::Tiles.into());
    }

    let salts = RunSalts::derive(
        &ledger.master_secret()?,
        &SaltedRun {
            origin: ledger.origin(),
            period: ledger.period(),
            revision: args.revision,
            log_root: checkpoint.head().root,
            registry_rows: Hash::of(registry_rows(&snapshot).bytes()),
            rules: Hash::of(&rules_file),
            pools: Hash::of(&pools_file),
            previous,
        },
    );
    let inputs = RunInputs {
        origin: ledger.origin(),
        period: ledger.period(),
        revision: args.revision,
        log: checkpoint.head(),
        registry: &snapshot,
        rules_file: &rules_file,
        rules: &rules,
        pools_file: &pools_file,
        pools: &pools,
        previous,
        opening: &opening,
        earlier: &earlier,
        salts: &salts,
    };
    let derived = derive(&inputs, counted.plays, &Threads).map_err(RunError::Statement)?;
    let note = ledger.log_keys()?.sign(&derived.note.to_string());
    let note = note.map_err(|_| Error::Bug {
        what: "a run note that cannot be signed",
    })?;
    let meta = Meta {
        known_at,
        ledger: std::path::absolute(&args.ledger).unwrap_or_else(|_| args.ledger.clone()),
    };
    out.write(
        &derived,
        &note,
        &checkpoint_note,
        &rules_file,
        &pools_file,
        &salts,
        &meta,
        args.force,
    )?;

    let question = Question {
        ledger: &ledger,
        registry: &snapshot,
        pools: &pools,
        period: ledger.period(),
        chain: &chain,
        settlement: &derived.settlement,
    };
    let ask = |(_, rules): &(Vec<u8>, Rules)| question.ask(rules, &args.out, ui);
    let answer = others.as_ref().map(ask).transpose()?;
    let tally = &counted.tally;
    let totals = &derived.settlement.totals;
    ui.result(
        || {
            let money: Vec<_> = totals
                .iter()
                .map(|(currency, t)| {
                    json!({"currency": currency.to_string(), "pool": t.pool.to_string(),
                        "paid": t.paid.to_string(), "suspense": t.suspense.to_string()})
                })
                .collect();
            let mut json = json!({
                "run": args.out, "origin": ledger.origin(), "revision": args.revision,
                "events": tally.events, "plays": tally.plays, "counted": tally.counted,
                "late": tally.late, "cells": derived.note.cells.size,
                "lines": derived.note.lines.size, "accounts": derived.note.holders.size,
                "currencies": money,
            });
            if let (Some(answer), Some(members)) = (&answer, json.as_object_mut()) {
                members.insert("what_if".to_owned(), answer.json());
            }
            json
        },
        || {
            let mut words = format!(
                "{} events, {} plays, {} counted ({} late); {} cells, {} lines, {} accounts\n",
                tally.events,
                tally.plays,
                tally.counted,
                tally.late,
                derived.note.cells.size,
                derived.note.lines.size,
                derived.note.holders.size
            );
            for (currency, t) in totals {
                words.push_str(&format!(
                    "{currency}  pool {}  paid {}  suspense {}\n",
                    t.pool, t.paid, t.suspense
                ));
            }
            words
        },
    )?;
    if let (Some(file), Some(answer)) = (&args.what_if, &answer)
        && !ui.json
    {
        ui.data(&crate::ui::plain(answer.words(file, &snapshot).trim_end()))?;
    }
    ui.say(&format!(
        "wrote run {}; next: ledgerline audit {} --key VKEY",
        args.out.display(),
        args.out.display()
    ));
    Ok(Outcome::Done)
}

/// How closing went.
enum Closed {
    /// The last checkpoint is served: its note, with the cosignatures that it has.
    Served(Box<(Note, Checkpoint)>),
    /// It lacks cosignatures.
    NotServed(Outcome),
}

/// Closes the ledger, or takes its last checkpoint if it is closed.
fn close(path: &Path, ledger: &Ledger, plan: &Plan, ui: &Ui) -> Result<Closed, Error> {
    let is_kept = ledger.layout().policy().exists();
    if plan.is_empty() && !is_kept && ledger.state() == State::Closed && ledger.sealed_size() > 0 {
        match ledger.checkpoint() {
            Ok((note, checkpoint)) if checkpoint.head().size == ledger.sealed_size() => {
                return Ok(Closed::Served(Box::new((note, checkpoint))));
            }
            // Closing was interrupted, or the last checkpoint is not served yet.
            Ok(_) | Err(LedgerError::NoCheckpoint { .. }) => {}
            Err(error) => return Err(error.into()),
        }
    }
    let mut writer = open_writer(path, ui)?;
    let asking = plan.settle(&mut writer, ui)?;
    if find_contradiction(&mut writer, &asking, ui)? {
        return Ok(Closed::NotServed(Outcome::Disputed));
    }
    let staged = writer.close_staged()?;
    ui.say(&format!(
        "closed {} with {} events",
        writer.manifest().origin,
        staged.published.head.size
    ));
    let cosigned = cosign_and_serve(&mut writer, &staged, &asking, Count::Now, ui)?;
    if cosigned.outcome != Outcome::Done {
        return Ok(Closed::NotServed(cosigned.outcome));
    }
    let checkpoint = Checkpoint::parse(cosigned.note.text()).map_err(|_| Error::Bug {
        what: "a checkpoint of our own that cannot be read",
    })?;
    Ok(Closed::Served(Box::new((cosigned.note, checkpoint))))
}

/// Counts the plays of a ledger, with a progress bar.
pub(super) fn count(
    ledger: &Ledger,
    attributor: &Attributor<'_>,
    beside: &Path,
    ui: &Ui,
) -> Result<Counted, Error> {
    let bar = ui.progress(Some(ledger.sealed_size()), "events", Unit::Items);
    let counted = count_plays(ledger, attributor, parent_of(beside), &mut |done| {
        bar.set_position(done)
    });
    bar.finish_and_clear();
    Ok(counted?)
}

/// Reads a rules file.
pub(super) fn read_rules(path: &Path) -> Result<(Vec<u8>, Rules), Error> {
    let bytes = read_bounded(path, crate::run::MAX_INPUT_BYTES)?;
    let rules = Rules::parse(&bytes).map_err(|error| RunError::Damaged {
        path: path.to_owned(),
        problem: error.to_string(),
    })?;
    Ok((bytes, rules))
}

/// Reads a pools file.
pub(super) fn read_pools(path: &Path) -> Result<(Vec<u8>, Pools), Error> {
    let bytes = read_bounded(path, crate::run::MAX_INPUT_BYTES)?;
    let pools = Pools::parse(&bytes).map_err(|error| RunError::Damaged {
        path: path.to_owned(),
        problem: error.to_string(),
    })?;
    Ok((bytes, pools))
}
