//! `registry`: who owns what, who subscribed to what, what is licensed where.

mod change;
mod findings;
mod show;

use std::path::PathBuf;

use clap::Subcommand;
use ledgerline::id::{Isrc, PartyId, WorkId};
use ledgerline::log::{Hash, TreeHead};
use ledgerline::money::Currency;
use ledgerline::registry::Snapshot;
use ledgerline::statement::{RunSalts, TableSalts, registry_rows, table_tree};
use ledgerline::time::parse_ms;

use crate::error::{Error, Outcome};
use crate::ledger::Ledger;
use crate::registry_db::{CwrOptions, RegistryDb};
use crate::run::Threads;
use crate::ui::Ui;

/// Arguments of `registry`.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Files of an import (CSV, RFC 4180, UTF-8, with a header; columns in any order, no others):
  recordings.csv       isrc,title,artist,duration_ms
  holders.csv          holder,name,currency          holder: 16 hex digits
  holder_ids.csv       holder,scheme,id              ipi, ipi-base, isni, dpid, pr-society, mr-society
  works.csv            work,iswc,title               work: an ISWC or an id of your own
  recording_works.csv  isrc,work,ppm                 ppm: part of the recording; the whole if empty
  shares.csv           isrc,right,territories,holder,ppm,valid_from,valid_to
  work_shares.csv      work,right,territories,holder,ppm,valid_from,valid_to
  subscriptions.csv    user or listener,tier,valid_from,valid_to,account (who pays, if another)
  licences.csv         isrc,territories,valid_from,valid_to
  fx.csv               from,to,rate,date,source
territories: ISO 3166-1 or TIS codes in order, later ones overriding: `2136 -2120 FR`.
What a file says about a recording, holder, work, listener or rate replaces what was known of it;
what it does not mention stays. Nothing is ever deleted: --known-at shows what was known before.
CWR 2.1 and 2.2 files are read too. All tables, checks and CWR's mapping: docs/registry.md.

Examples:
  ledgerline registry april import catalogue/ --dry-run
  ledgerline registry april import CW260001PUB_052.V21 --prefix PUB: --currency GBP
  ledgerline registry april show USRC17607839
  ledgerline registry april show 00000000000000a1 --known-at 2026-05-02T00:00:00Z
  ledgerline registry april diff --known-at 2026-05-01 2026-05-02
  ledgerline registry april check --pools pools.csv --json")]
pub struct Args {
    /// The ledger
    pub ledger: PathBuf,

    /// What to do with its registry
    #[command(subcommand)]
    pub action: Action,
}

/// What to do.
#[derive(Debug, Subcommand)]
pub enum Action {
    /// Import the CSV files of a directory, or a CWR file, all or nothing
    Import {
        /// Directory with at least one of the files, or a CWR 2.1 or 2.2 file
        source: PathBuf,
        /// Say what would change, and change nothing
        #[arg(long)]
        dry_run: bool,
        /// CWR: put this before the submitter's numbers of works and parties
        #[arg(long, default_value = "", value_name = "TEXT")]
        prefix: String,
        /// CWR: what new holders are paid in; without it they cannot be paid yet
        #[arg(long, value_name = "CODE", value_parser = |text: &str| Currency::parse(text).map_err(|e| e.to_string()))]
        currency: Option<Currency>,
        /// CWR: read a file whose trailers count its transactions or records wrongly, and say so
        #[arg(long)]
        ignore_counts: bool,
    },
    /// Show numbers and the root that a run commits to, or a recording, a holder, a work
    Show {
        /// ISRC of a recording, 16 hex digits of a holder, or a work's id
        key: Option<String>,
        /// As known at this moment: RFC 3339, or integer microseconds
        #[arg(long, value_name = "TIME", value_parser = parse_moment)]
        known_at: Option<i64>,
    },
    /// List exchange rates with their sources
    Rates {
        /// As known at this moment: RFC 3339, or integer microseconds
        #[arg(long, value_name = "TIME", value_parser = parse_moment)]
        known_at: Option<i64>,
    },
    /// List what is wrong or missing; exit code 1 if something is wrong
    Check {
        /// As known at this moment: RFC 3339, or integer microseconds
        #[arg(long, value_name = "TIME", value_parser = parse_moment)]
        known_at: Option<i64>,
        /// Pools file whose publishing rights are to be paid; otherwise those that shares name
        #[arg(long, value_name = "FILE")]
        pools: Option<PathBuf>,
    },
    /// List every change of a recording, holder or work, or without a key all imports
    History {
        /// ISRC of a recording, 16 hex digits of a holder, or a work's id
        key: Option<String>,
        /// With each import the root of what was known then
        #[arg(long, conflicts_with = "key")]
        roots: bool,
    },
    /// List the rows that are known at only one of two moments
    Diff {
        /// The two moments, the earlier one first: RFC 3339, or integer microseconds
        #[arg(long, required = true, num_args = 2, value_names = ["TIME", "TIME"], value_parser = parse_moment)]
        known_at: Vec<i64>,
    },
}

/// A moment of recorded time, µs.
fn parse_moment(text: &str) -> Result<i64, String> {
    if !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit()) {
        return text.parse().map_err(|_| "too large".to_owned());
    }
    let ms = parse_ms(text).map_err(|error| error.to_string())?;
    ms.checked_mul(1000).ok_or_else(|| "too large".to_owned())
}

/// Runs `registry`.
///
/// # Errors
///
/// [`Error`]; the registry is unchanged then.
pub fn run(args: &Args, ui: &Ui) -> Result<Outcome, Error> {
    let ledger = Ledger::open_readonly(&args.ledger)?;
    let path = ledger.layout().registry();
    match &args.action {
        Action::Import {
            source,
            dry_run,
            prefix,
            currency,
            ignore_counts,
        } => {
            let options = CwrOptions {
                prefix: prefix.clone(),
                currency: *currency,
                ignore_counts: *ignore_counts,
            };
            change::import(&ledger, source, *dry_run, &options, ui)
        }
        Action::Show { key, known_at } => {
            let db = RegistryDb::open_readonly(&path)?;
            match key {
                Some(key) => show::key(&db.facts(*known_at)?, key, ui),
                None => show::numbers(&ledger, &db, *known_at, ui),
            }
        }
        Action::Rates { known_at } => {
            let facts = RegistryDb::open_readonly(&path)?.facts(*known_at)?;
            show::rates(facts, ui)
        }
        Action::Check { known_at, pools } => {
            let facts = RegistryDb::open_readonly(&path)?.facts(*known_at)?;
            findings::check(&facts, ledger.period(), pools.as_deref(), ui)
        }
        Action::History { key, roots } => {
            let db = RegistryDb::open_readonly(&path)?;
            match key {
                Some(key) => change::history(&db, &parse_key(key)?.to_string(), ui),
                None => change::imports(&ledger, &db, *roots, ui),
            }
        }
        Action::Diff { known_at } => {
            let db = RegistryDb::open_readonly(&path)?;
            change::diff(&db, known_at, ui)
        }
    }
}

enum Key {
    Recording(Isrc),
    Holder(PartyId),
    Work(WorkId),
}

impl std::fmt::Display for Key {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Recording(isrc) => isrc.fmt(f),
            Self::Holder(party) => party.fmt(f),
            Self::Work(work) => work.fmt(f),
        }
    }
}

fn parse_key(text: &str) -> Result<Key, Error> {
    if let Ok(party) = PartyId::parse(text) {
        return Ok(Key::Holder(party));
    }
    if let Ok(isrc) = Isrc::parse(text) {
        return Ok(Key::Recording(isrc));
    }
    WorkId::parse(text)
        .map(Key::Work)
        .map_err(|_| Error::Usage {
            argument: "KEY",
            message: format!(
                "expected an ISRC, 16 hex digits of a holder or a work's id, but found {text:.60?}"
            ),
        })
}

/// How many rows a run would commit to, and their root under the ledger's salts; no root without
/// the ledger's secrets, as an auditor's copy is.
fn head(ledger: &Ledger, snapshot: &Snapshot) -> (u64, Option<TreeHead>) {
    let rows = registry_rows(snapshot);
    let head = ledger.master_secret().ok().map(|master| {
        let key = RunSalts::registry_key(&master, ledger.origin(), Hash::of(rows.bytes()));
        table_tree(&rows, &TableSalts::ByRow(key), &Threads).head()
    });
    (rows.count(), head)
}
