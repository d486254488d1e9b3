//! `keys`: signing keys for auditors.

use std::path::PathBuf;

use ledgerline::log::{KeyName, SigningKey};
use serde_json::json;

use crate::error::{Error, Outcome};
use crate::ledger::durable::{Access, write_atomic};
use crate::run::RunError;
use crate::ui::Ui;

/// Arguments of `keys`.
#[derive(Debug, clap::Args)]
pub struct Args {
    #[command(subcommand)]
    command: Command,
}

/// What to do with keys.
#[derive(Debug, clap::Subcommand)]
enum Command {
    /// Make a signing key, for `audit --sign`; prints its verifier key
    #[command(after_help = "Example:\n  ledgerline keys new auditor.example --out auditor.key")]
    New {
        /// Name of the key, usually a domain: no blank, no plus sign
        name: String,
        /// File for the secret, readable by its owner only
        #[arg(long, value_name = "FILE")]
        out: PathBuf,
    },
}

/// Runs `keys`.
///
/// # Errors
///
/// [`Error`].
pub fn run(args: &Args, ui: &Ui) -> Result<Outcome, Error> {
    let Command::New { name, out } = &args.command;
    let name = KeyName::parse(name).map_err(|error| Error::Usage {
        argument: "keys new",
        message: error.to_string(),
    })?;
    if out.exists() {
        return Err(RunError::Exists { path: out.clone() }.into());
    }
    let mut seed = zeroize::Zeroizing::new([0; 32]);
    getrandom::fill(seed.as_mut()).map_err(|error| Error::Usage {
        argument: "keys new",
        message: format!("the system gives no random numbers: {error}"),
    })?;
    let key = SigningKey::from_seed(name, &seed);
    let secret = zeroize::Zeroizing::new(format!("{}\n", *key.to_secret_text()));
    write_atomic(out, secret.as_bytes(), Access::Secret)?;
    let vkey = key.verifier().to_string();
    ui.result(|| json!({"vkey": vkey, "secret": out}), || vkey.clone())?;
    Ok(Outcome::Done)
}
