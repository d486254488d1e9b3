//! Whom to trust: verifier keys from the command line.

use std::path::Path;

use ledgerline::audit::Trust;
use ledgerline::log::VerifierKey;

use crate::error::Error;
use crate::ledger::durable::read_bounded;

/// Arguments that name trusted keys.
#[derive(Clone, Debug, Default, clap::Args)]
pub struct TrustArgs {
    /// The service's verifier key (name+id+base64), or a file that holds it; without it nothing is
    /// vouched for, and the best verdict is incomplete
    #[arg(long, value_name = "VKEY|FILE")]
    pub key: Option<String>,

    /// Ask for the signature of an auditor with this verifier key (or file); repeat it for several,
    /// of whom one must have signed
    #[arg(long, value_name = "VKEY|FILE")]
    pub auditor: Vec<String>,
}

impl TrustArgs {
    /// Reads the keys.
    ///
    /// # Errors
    ///
    /// [`Error::Usage`], [`Error::File`].
    pub fn read(&self) -> Result<Trust, Error> {
        let key = self.key.as_deref().map(|text| read_key("--key", text));
        let auditors = self.auditor.iter().map(|text| read_key("--auditor", text));
        Ok(Trust {
            nonce: None,
            key: key.transpose()?,
            auditors: auditors.collect::<Result<_, _>>()?,
        })
    }
}

/// A key given as text or as a file.
///
/// # Errors
///
/// [`Error::Usage`], [`Error::File`].
pub fn read_key(argument: &'static str, text: &str) -> Result<VerifierKey, Error> {
    let usage = |message| Error::Usage { argument, message };
    let inline = text.trim();
    if inline.matches('+').count() >= 2 && !Path::new(text).is_file() {
        return VerifierKey::parse(inline).map_err(|error| usage(error.to_string()));
    }
    if !Path::new(text).exists() {
        return Err(usage(format!(
            "expected a verifier key (name+id+base64) or a file with one, but found neither in {text:?}"
        )));
    }
    let bytes = read_bounded(Path::new(text), 1 << 16)?;
    let content = String::from_utf8(bytes).map_err(|_| {
        usage(format!(
            "{text}: expected a verifier key, but found bytes that are not text"
        ))
    })?;
    VerifierKey::parse(content.trim()).map_err(|error| usage(format!("{text}: {error}")))
}
