//! The command line. Each command's own arguments stand in its file under `commands`.

use clap::{Parser, Subcommand};

use crate::commands::{
    audit, bundle, checkpoint, demo, dsr, export, fsck, ingest, init, keys, pools, receipt,
    registry, rules, signals, simulate, statement, tiles, verify, witness,
};

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
  ledgerline checkpoint april
From the log to statements that can be recomputed:
  ledgerline statement april --rules rules.toml --pools pools.csv --out run
  ledgerline audit run --ledger april --key VKEY
  ledgerline bundle run --all --out bundles
  ledgerline verify bundles/00000000000000a1.llb --key VKEY
Of a single event, for whoever wants to see that it counts:
  ledgerline receipt april 1234567 --out play.tlog-proof
  ledgerline verify play.tlog-proof --key VKEY
See it all at once, with made-up plays:
  ledgerline demo --dir demo"
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
    /// Close the period and compute its royalty statement: the run
    Statement(statement::Args),
    /// Cut a rights holder's part of a run, with its proofs
    Bundle(bundle::Args),
    /// Prove that an event, or each event of a play, is in the log
    Receipt(receipt::Args),
    /// Verify bundles, run notes, checkpoints, receipts and other logs' proofs
    Verify(verify::Args),
    /// Re-derive a whole run from the log and compare
    Audit(audit::Args),
    /// Look for plays that do not look like people listening
    Signals(signals::Args),
    /// Write the log as a directory that any file server can publish
    Tiles(tiles::Args),
    /// Check a whole ledger for damage, from the segments up
    Fsck(fsck::Args),
    /// Write a run as CSV, Parquet, HTML, a journal for hledger, or claims for contracts
    Export(export::Args),
    /// Say what a rules file means, where its numbers come from, and what another one changes
    Rules(rules::Args),
    /// Compute pools from what a service took in
    Pools(pools::Args),
    /// Check DDEX sales reports (DSR flat files)
    Dsr(dsr::Args),
    /// Make, show, rotate and retire signing keys
    Keys(keys::Args),
    /// Run a witness: cosign checkpoints of logs that only ever append
    Witness(witness::Args),
    /// Make synthetic telemetry, a registry, pools, rules and the ground truth
    Simulate(simulate::Args),
    /// Run everything once, from simulated plays to verified bundles and refused forgeries
    Demo(demo::Args),
}
