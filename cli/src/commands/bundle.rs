//! `bundle`: what a rights holder gets.

use std::io::Write;
use std::path::{Path, PathBuf};

use ledgerline::bundle::{Evidence, Nonce, Request, RunTables};
use ledgerline::id::PartyId;
use ledgerline::statement::{Table, read_balance};
use ledgerline::wire::Reader;
use serde_json::json;

use super::warn_if_contradicted;
use crate::error::{Error, Outcome};
use crate::ledger::Ledger;
use crate::ledger::durable::{Access, FileError, create_dirs, write_atomic};
use crate::run::{Cut, RunDir, RunError, StoredRun, Threads, cut_bundles};
use crate::ui::{Ui, Unit, counted};

/// Arguments of `bundle`.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
A bundle holds the holder's rows of every table with the proof that none is missing, and the
events of sampled plays. The sample follows from the hash of run note and checkpoint, and from the
holder's own --nonce: one sent after the statement was signed keeps the service from choosing.

The checkpoint is RUN/checkpoint with the cosignatures that LEDGER has of it by now: if some came
after `statement`, run `ledgerline checkpoint LEDGER`, then cut the bundles.

Examples:
  ledgerline bundle april-run --holder 00000000000000a1 --out a1.llb
  ledgerline bundle april-run --holder 00000000000000a1 --out a1.llb --nonce 5eed --evidence full
  ledgerline bundle april-run --all --out bundles/")]
pub struct Args {
    /// The run
    pub run: PathBuf,

    /// One holder's party number, 16 hex digits
    #[arg(
        long,
        value_name = "ID",
        required_unless_present = "all",
        conflicts_with = "all"
    )]
    pub holder: Option<String>,

    /// All holders with a share or an account: OUT is a directory of ID.llb files
    #[arg(long)]
    pub all: bool,

    /// File of the bundle (gzipped if it ends with .gz), or directory with --all
    #[arg(long, value_name = "FILE|DIR")]
    pub out: PathBuf,

    /// Which plays are opened down to their events
    #[arg(long, value_enum, default_value_t = EvidenceArg::Sample)]
    pub evidence: EvidenceArg,

    /// The holder's own contribution to the choice of the sample, up to 32 bytes in hex
    #[arg(long, value_name = "HEX", default_value = "")]
    pub nonce: String,

    /// The ledger [default: where it was when the run was made]
    #[arg(long)]
    pub ledger: Option<PathBuf>,

    /// Replace bundles that exist
    #[arg(long)]
    pub force: bool,
}

/// `--evidence`.
#[derive(Clone, Copy, Debug, clap::ValueEnum)]
pub enum EvidenceArg {
    /// Some of each cell
    Sample,
    /// All
    Full,
}

/// Runs `bundle`.
///
/// # Errors
///
/// [`Error`].
pub fn run(args: &Args, ui: &Ui) -> Result<Outcome, Error> {
    let evidence = match args.evidence {
        EvidenceArg::Sample => Evidence::Sample,
        EvidenceArg::Full => Evidence::Full,
    };
    let nonce = parse_nonce(&args.nonce)?;
    let mut stored = RunDir::new(&args.run).read()?;
    let ledger = open_ledger(&stored, args.ledger.as_deref())?;
    stored.take_cosignatures(&ledger);
    warn_if_contradicted(ledger.layout(), ui);
    let parties = match &args.holder {
        Some(id) => vec![PartyId::parse(id).map_err(|error| Error::Usage {
            argument: "--holder",
            message: error.to_string(),
        })?],
        None => all_parties(&stored),
    };
    let path_of = |party: PartyId| {
        if args.all {
            args.out.join(format!("{party}.llb"))
        } else {
            args.out.clone()
        }
    };
    if !args.force {
        let there = parties.iter().map(|party| path_of(*party));
        if let Some(path) = there.into_iter().find(|path| path.exists()) {
            return Err(RunError::Exists { path }.into());
        }
    }
    let tables = RunTables::new(&stored.run, &stored.tables, stored.salts.clone(), &Threads);
    let tables = tables.map_err(RunError::Bundle)?;
    let requests: Vec<Request> = parties
        .iter()
        .map(|party| Request {
            party: *party,
            evidence,
            nonce: nonce.clone(),
        })
        .collect();
    if args.all {
        create_dirs(&args.out)?;
    }
    let bar = ui.progress(Some(requests.len() as u64), "bundles", Unit::Items);
    let mut made = Vec::new();
    let written = cut_bundles(
        &stored,
        &tables,
        &ledger,
        &requests,
        &mut |cut| {
            let path = path_of(cut.request.party);
            let size = write(&path, &cut)?;
            made.push(
                json!({"holder": cut.request.party.to_string(), "file": path,
                "bytes": size, "opened_plays": cut.opened}),
            );
            Ok(())
        },
        &mut |done| bar.set_position(done),
    );
    bar.finish_and_clear();
    written?;
    let count = made.len();
    ui.result(
        || json!({"bundles": made}),
        || match count {
            1 if !args.all => format!("wrote {}", args.out.display()),
            _ => format!(
                "wrote {} to {}",
                counted(count as u64, "bundle"),
                args.out.display()
            ),
        },
    )?;
    Ok(Outcome::Done)
}

/// The run's ledger: where it is said to be, or where it was.
pub(super) fn open_ledger(stored: &StoredRun, given: Option<&Path>) -> Result<Ledger, Error> {
    let path = given.unwrap_or(&stored.meta.ledger);
    if path.as_os_str().is_empty() {
        return Err(RunError::NoLedger.into());
    }
    let ledger = Ledger::open_readonly(path)?;
    if ledger.origin() != stored.run.origin || ledger.period() != stored.run.period {
        return Err(RunError::OtherLedger {
            expected: format!("{} {}", stored.run.origin, stored.run.period),
            found: format!("{} {}", ledger.origin(), ledger.period()),
        }
        .into());
    }
    Ok(ledger)
}

/// Every party with a share in the registry or an account in the run, ascending.
fn all_parties(stored: &StoredRun) -> Vec<PartyId> {
    let accounts = stored.values(Table::Holders, read_balance);
    let mut parties: Vec<PartyId> = accounts.map(|account| account.party).collect();
    let registry = stored.table(Table::Registry);
    for (key, _) in registry.range(0..registry.count()) {
        let mut key = Reader::new(key);
        // Kind 3 is a share, whose key is its holder.
        if key.u8() == Ok(3) {
            parties.extend(key.u64().map(PartyId));
        }
    }
    parties.sort_unstable();
    parties.dedup();
    parties
}

fn write(path: &Path, cut: &Cut) -> Result<usize, RunError> {
    if path.extension().is_none_or(|extension| extension != "gz") {
        write_atomic(path, &cut.bytes, Access::Public)?;
        return Ok(cut.bytes.len());
    }
    let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
    let zipped = gzip
        .write_all(&cut.bytes)
        .and_then(|()| gzip.finish())
        .map_err(FileError::at("compress", path))?;
    write_atomic(path, &zipped, Access::Public)?;
    Ok(zipped.len())
}

/// A nonce given in hex.
pub(super) fn parse_nonce(hex: &str) -> Result<Nonce, Error> {
    Nonce::parse_hex(hex).map_err(|error| Error::Usage {
        argument: "--nonce",
        message: error.to_string(),
    })
}
