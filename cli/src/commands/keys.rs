//! `keys`: signing keys of auditors and witnesses, and the keys of a ledger's log.

use std::path::{Path, PathBuf};

use ledgerline::log::{CosigningKey, KeyError, KeyName, SignatureType, SigningKey, VerifierKey};
use serde_json::json;
use zeroize::Zeroizing;

use super::open_writer;
use super::retire::retire;
use crate::error::{Error, Outcome};
use crate::ledger::Ledger;
use crate::ledger::durable::{Access, read_bounded, write_atomic};
use crate::run::RunError;
use crate::secret::{exposed_mode, random};
use crate::ui::Ui;

/// Arguments of `keys`.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
To change a log's key: `keys rotate` (from now on old and new key both sign), `checkpoint`, tell
readers and witnesses the new verifier key (a witness's operator adds it with `witness add-log`;
in policies it is another `log` line) and give them time, then `keys retire` the old one. Who
still knows only the old key reads, or cosigns, everything signed until then and nothing after it.")]
pub struct Args {
    #[command(subcommand)]
    command: Command,
}

/// What to do with keys.
#[derive(Debug, clap::Subcommand)]
enum Command {
    /// Make a signing key, for `audit --sign`; prints its verifier key
    #[command(after_help = "\
Examples:
  ledgerline keys new auditor.example --out auditor.key
  ledgerline keys new witness.example/w1 --type cosignature --out w1.key")]
    New {
        /// Name of the key, usually a domain: no blank, no plus sign
        name: String,
        /// File for the secret, readable by its owner only
        #[arg(long, value_name = "FILE")]
        out: PathBuf,
        /// What the key is for
        #[arg(long = "type", value_name = "TYPE", default_value = "ed25519")]
        kind: KeyType,
    },
    /// Print the verifier keys of a ledger or of a secret key file, never the secrets
    #[command(after_help = "\
Of a ledger all keys that ever signed are listed; `signs` marks those that sign now. Only the owner
of LEDGER/secret sees which these are.

Examples:
  ledgerline keys show april
  ledgerline keys show auditor.key --json")]
    Show {
        /// A ledger, or a file with a secret key
        #[arg(value_name = "LEDGER|FILE")]
        path: PathBuf,
    },
    /// Make another key for a log; it signs beside those that are there
    #[command(
        after_help = "Example:\n  ledgerline keys rotate april && ledgerline checkpoint april"
    )]
    Rotate {
        /// The ledger
        ledger: PathBuf,
        /// Type of the new key
        #[arg(long = "type", value_name = "TYPE", default_value = "ed25519")]
        kind: LogKeyType,
    },
    /// Stop signing with one of a log's keys, and forget its secret
    #[command(after_help = "\
Refused for the last key, and until a key that stays has signed the newest checkpoint and the
served one (they differ while cosignatures are awaited). The secret is gone from this disk's
files; copies in backups are yours to remove.

Readers and witnesses must know a key that stays first (`witness add-log`): a witness that does not
cosigns nothing of this log any more. So, before anything is forgotten, by LEDGER/policy:
  - if it has `log` lines of this log, one of them must be a key that stays (else exit code 2);
  - if it asks for witnesses, they are asked to cosign the newest checkpoint with the signatures of
    the keys that stay, and of no others. If that is less than the quorum, the key stays (exit code
    3). The newest checkpoint must be the served one and cover all events: run `checkpoint` before.
--force retires it all the same, with a warning.

Example:
  ledgerline keys retire april 530d903a")]
    Retire {
        /// The ledger
        ledger: PathBuf,
        /// The key's id, 8 hex digits, as in its verifier key
        #[arg(value_name = "ID", value_parser = parse_id)]
        id: u32,
        /// Retire it whatever the policy and its witnesses know
        #[arg(long)]
        force: bool,
    },
}

/// What a key is for.
#[derive(Clone, Copy, Debug, clap::ValueEnum)]
enum KeyType {
    /// Signs notes (0x01): auditors, logs
    Ed25519,
    /// Cosigns checkpoints (0x04): witnesses
    Cosignature,
    /// Cosigns checkpoints with ML-DSA-44 (0x06): witnesses
    MlDsa,
}

/// What a log can sign with.
#[derive(Clone, Copy, Debug, clap::ValueEnum)]
enum LogKeyType {
    /// Signs checkpoints and run notes (0x01)
    Ed25519,
    /// Signs checkpoints with ML-DSA-44 (0x06), safe against quantum computers
    MlDsa,
}

/// Runs `keys`.
///
/// # Errors
///
/// [`Error`].
pub fn run(args: &Args, ui: &Ui) -> Result<Outcome, Error> {
    match &args.command {
        Command::New { name, out, kind } => new(name, out, *kind, ui),
        Command::Show { path } if path.is_dir() => show_ledger(path, ui),
        Command::Show { path } => show_file(path, ui),
        Command::Rotate { ledger, kind } => {
            let kind = match kind {
                LogKeyType::Ed25519 => SignatureType::Ed25519,
                LogKeyType::MlDsa => SignatureType::CosignatureMlDsa44,
            };
            let vkey = open_writer(ledger, ui)?.rotate_key(kind)?.to_string();
            ui.result(|| json!({"vkey": vkey, "state": "signs"}), || vkey.clone())?;
            ui.say(
                "the next checkpoint carries its signature; tell readers and witnesses the key above \
                 (`witness add-log`)",
            );
            Ok(Outcome::Done)
        }
        Command::Retire { ledger, id, force } => retire(ledger, *id, *force, ui),
    }
}

fn new(name: &str, out: &Path, kind: KeyType, ui: &Ui) -> Result<Outcome, Error> {
    let usage = |message: String| Error::Usage {
        argument: "keys new",
        message,
    };
    let name = KeyName::parse(name).map_err(|error| usage(error.to_string()))?;
    if out.exists() {
        return Err(RunError::Exists {
            path: out.to_owned(),
        }
        .into());
    }
    let seed = random(out)?;
    let (text, verifier) = secret_key(name, kind, &seed).map_err(|e| usage(e.to_string()))?;
    let secret = Zeroizing::new(format!("{}\n", *text));
    write_atomic(out, secret.as_bytes(), Access::Secret)?;
    let vkey = verifier.to_string();
    ui.result(|| json!({"vkey": vkey, "secret": out}), || vkey.clone())?;
    Ok(Outcome::Done)
}

/// The text and the public part of a new key.
fn secret_key(
    name: KeyName,
    kind: KeyType,
    seed: &[u8; 32],
) -> Result<(Zeroizing<String>, VerifierKey), KeyError> {
    let kind = match kind {
        KeyType::Ed25519 => {
            let key = SigningKey::from_seed(name, seed);
            return Ok((key.to_secret_text(), key.verifier().clone()));
        }
        KeyType::Cosignature => SignatureType::CosignatureEd25519,
        KeyType::MlDsa => SignatureType::CosignatureMlDsa44,
    };
    let key = CosigningKey::from_seed(name, kind, seed)?;
    Ok((key.to_secret_text(), key.verifier().clone()))
}

fn show_ledger(path: &Path, ui: &Ui) -> Result<Outcome, Error> {
    let ledger = Ledger::open_readonly(path)?;
    let mut listed = ledger.vkeys()?;
    // An auditor's copy has no secrets: which keys sign is not known there.
    let has_secrets = ledger.layout().log_key().exists();
    let mut signing = Vec::new();
    if has_secrets {
        warn_if_exposed(&ledger.layout().log_key(), ui)?;
        signing.extend(ledger.log_keys()?.verifiers().cloned());
    }
    listed.extend(
        signing
            .iter()
            .filter(|key| !listed.contains(key))
            .cloned()
            .collect::<Vec<_>>(),
    );
    let state = |key: &VerifierKey| match (has_secrets, signing.contains(key)) {
        (true, true) => "signs",
        (true, false) => "retired",
        (false, _) => "known",
    };
    print(&listed, state, ui)
}

fn show_file(path: &Path, ui: &Ui) -> Result<Outcome, Error> {
    let usage = |message: String| Error::Usage {
        argument: "keys show",
        message: format!("{}: {message}", path.display()),
    };
    let bytes = Zeroizing::new(read_bounded(path, 1 << 16)?);
    let text = std::str::from_utf8(&bytes)
        .map_err(|_| usage("expected secret keys, but found bytes that are not text".into()))?;
    let mut keys = Vec::new();
    for (line, text) in (1..).zip(text.lines()) {
        let key = match SigningKey::parse(text) {
            Err(KeyError::NoSigner { .. }) => {
                CosigningKey::parse(text).map(|key| key.verifier().clone())
            }
            other => other.map(|key| key.verifier().clone()),
        };
        keys.push(key.map_err(|error| usage(format!("line {line}: {error}")))?);
    }
    if keys.is_empty() {
        return Err(usage("expected secret keys, but found none".into()));
    }
    warn_if_exposed(path, ui)?;
    print(&keys, |_| "secret", ui)
}

fn print(
    keys: &[VerifierKey],
    state: impl Fn(&VerifierKey) -> &'static str,
    ui: &Ui,
) -> Result<Outcome, Error> {
    let row = |key: &VerifierKey| {
        json!({
            "vkey": key.to_string(),
            "id": format!("{:08x}", key.id()),
            "type": key.kind().byte(),
            "state": state(key),
        })
    };
    ui.result(
        || json!({"keys": keys.iter().map(row).collect::<Vec<_>>()}),
        || {
            let lines = keys.iter().map(|key| format!("{:<8} {key}", state(key)));
            lines.collect::<Vec<_>>().join("\n")
        },
    )?;
    Ok(Outcome::Done)
}

fn warn_if_exposed(path: &Path, ui: &Ui) -> Result<(), Error> {
    if exposed_mode(path)?.is_some() {
        ui.say(&format!(
            "warning: others can read {}; run `chmod 600` on it, and rotate the key if they may have",
            path.display()
        ));
    }
    Ok(())
}

fn parse_id(text: &str) -> Result<u32, String> {
    let is_id = text.len() == 8 && text.bytes().all(|byte| byte.is_ascii_hexdigit());
    u32::from_str_radix(text, 16)
        .ok()
        .filter(|_| is_id)
        .ok_or_else(|| format!("expected 8 hex digits, but found {text:?}"))
}
