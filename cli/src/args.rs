//! The command line. Each command's own arguments stand in its file under `commands`.

use clap::{Parser, Subcommand};

use crate::commands::{checkpoint, ingest, init, registry, simulate};

/// Royalty statements that the people who are paid can recompute.
#[derive(Debug, Parser)]
#[command(
    name = "ledgerline",
    version,
    max_term_width = 100,
    after_help = "\
Exit codes: 0 done or verified; 1 disputed; 2 wrong usage, unreadable or malformed input;
3 incomplete (nothing contradicts, but something required could not be checked).

A period, from events to a signed log:
  ledgerline init april --origin example.com/plays/2026-04 --period 2026-04
  ledgerline registry april import catalogue/
  ledgerline ingest april events.ndjson
  ledgerline checkpoint april"
)]
pub struct Cli {
    /// What to do.
    #[command(subcommand)]
    pub command: Command,

    /// Write results as JSON on standard output.
    #[arg(long, global = true)]
    pub json: bool,

    /// Number of threads [default: one for each core]; results never depend on it.
    #[arg(long, global = true, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=1024))]
    pub threads: Option<u16>,
}

/// All commands. To add one: a file under `commands`, a line here and one in `commands::run`.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Make a new ledger: keys, log and registry; prints the verifier key
    Init(init::Args),
    /// Append play events to the log
    Ingest(ingest::Args),
    /// Import and look into who owns what
    Registry(registry::Args),
    /// Sign and publish the log's checkpoint
    Checkpoint(checkpoint::Args),
    /// Make events, a registry, pools and rules, with the right answer
    Simulate(simulate::Args),
}
