//! `init`: a new ledger.

use std::path::PathBuf;

use ledgerline::time::Period;
use serde_json::json;

use crate::error::{Error, Outcome};
use crate::ledger;
use crate::registry_db::RegistryDb;
use crate::ui::Ui;

/// Arguments of `init`.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
The verifier key on standard output is what readers pass to `verify --key` and `audit --key`:
publish it where they trust it. The secrets stay in LEDGER/secret; back that directory up.

Examples:
  ledgerline init april --origin example.com/plays/2026-04 --period 2026-04
  ledgerline init q2 --origin example.com/plays/2026-q2 --period 2026-04-01/2026-07-01")]
pub struct Args {
    /// Directory to make; must not exist or be empty
    pub ledger: PathBuf,

    /// Name of this period's log, a URL without scheme; nobody else's log may have it
    #[arg(long)]
    pub origin: String,

    /// Accounting period: a UTC month, or FROM/TO (dates or RFC 3339 times, TO not included)
    #[arg(long, value_name = "FROM/TO|MONTH", value_parser = |text: &str| Period::parse(text).map_err(|e| e.to_string()))]
    pub period: Period,
}

/// Runs `init`.
///
/// # Errors
///
/// [`Error`].
pub fn run(args: &Args, ui: &Ui) -> Result<Outcome, Error> {
    let vkey = ledger::create(&args.ledger, &args.origin, args.period)?;
    RegistryDb::open(&ledger::Layout::new(&args.ledger).registry())?;
    ui.result(
        || json!({"origin": args.origin, "period": args.period.to_string(), "vkey": vkey.to_string()}),
        || vkey.to_string(),
    )?;
    ui.say(&format!(
        "made ledger {} for {}; the line above is its verifier key",
        args.ledger.display(),
        args.period
    ));
    Ok(Outcome::Done)
}
