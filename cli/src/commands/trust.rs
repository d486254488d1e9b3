//! Whom to trust: verifier keys and a policy from the command line.

use std::path::{Path, PathBuf};

use ledgerline::audit::{Trust, read_keys};
use ledgerline::log::{MAX_POLICY_BYTES, Policy, VerifierKey};

use crate::error::Error;
use crate::ledger::durable::read_bounded;

/// Arguments that name trusted keys.
#[derive(Clone, Debug, Default, clap::Args)]
pub struct TrustArgs {
    /// The service's verifier key (name+id+base64), or a file with one or more, a line each; repeat
    /// it while one key replaces another, or for several services: each key speaks for the log that
    /// it is named after. Without a key or a policy nothing is vouched for, and the
    /// best verdict is incomplete
    #[arg(long, value_name = "VKEY|FILE")]
    pub key: Vec<String>,

    /// A policy file (C2SP tlog-policy): logs you trust, witnesses you know, and which of them must
    /// have cosigned a checkpoint; beside keys or instead of them
    #[arg(long, value_name = "FILE")]
    pub policy: Option<PathBuf>,

    /// Ask for the signature of an auditor with this verifier key (or file); repeat it for several,
    /// of whom one must have signed
    #[arg(long, value_name = "VKEY|FILE")]
    pub auditor: Vec<String>,
}

impl TrustArgs {
    /// Reads keys and policy.
    ///
    /// # Errors
    ///
    /// [`Error::Usage`], [`Error::File`].
    pub fn read(&self) -> Result<Trust, Error> {
        let mut keys: Vec<VerifierKey> = Vec::new();
        for given in &self.key {
            let (place, text) = read_text("--key", given)?;
            let read = read_keys(&text).map_err(|error| Error::Usage {
                argument: "--key",
                message: format!("{place}{error}"),
            })?;
            keys.extend(read);
        }
        let auditors = self
            .auditor
            .iter()
            .map(|given| read_key("--auditor", given));
        let policy = self.policy.as_deref().map(read_policy).transpose()?;
        Ok(Trust {
            keys,
            policy: policy.map(|(_, policy)| policy),
            auditors: auditors.collect::<Result<_, _>>()?,
            nonce: None,
            has_several_logs: false,
        })
    }
}

/// Reads a policy file: its bytes, and what they say.
///
/// # Errors
///
/// [`Error::Usage`] with the file's name, [`Error::File`].
pub(super) fn read_policy(path: &Path) -> Result<(Vec<u8>, Policy), Error> {
    let bytes = read_bounded(path, MAX_POLICY_BYTES as u64)?;
    match Policy::parse(&bytes) {
        Ok(policy) => Ok((bytes, policy)),
        Err(error) => Err(Error::Usage {
            argument: "--policy",
            message: format!("{}: {error}", path.display()),
        }),
    }
}

/// A key of any type given as text or as a file.
///
/// # Errors
///
/// [`Error::Usage`], [`Error::File`].
pub fn read_key(argument: &'static str, given: &str) -> Result<VerifierKey, Error> {
    let (place, text) = read_text(argument, given)?;
    VerifierKey::parse(text.trim()).map_err(|error| Error::Usage {
        argument,
        message: format!("{place}{error}"),
    })
}

/// A key given as text or as a file, with the file's name for messages.
fn read_text(argument: &'static str, given: &str) -> Result<(String, String), Error> {
    let usage = |message| Error::Usage { argument, message };
    let path = Path::new(given);
    if given.matches('+').count() >= 2 && !path.is_file() {
        return Ok((String::new(), given.to_owned()));
    }
    if !path.exists() {
        return Err(usage(format!(
            "expected a verifier key (name+id+base64) or a file with one, but found neither in {given:?}"
        )));
    }
    let bytes = read_bounded(path, 1 << 16)?;
    let text = String::from_utf8(bytes).map_err(|_| {
        usage(format!(
            "{given}: expected a verifier key, but found bytes that are not text"
        ))
    })?;
    Ok((format!("{given}: "), text))
}
