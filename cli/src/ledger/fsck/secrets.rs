//! The operator's secrets: readable, in their one form, and for nobody else.

use std::path::Path;

use ledgerline::log::VerifierKey;
use ledgerline::salt::SaltKey;
use zeroize::Zeroizing;

use super::super::durable::read_bounded;
use super::super::error::LedgerError;
use super::super::layout::Layout;
use super::super::log_keys::LogKeys;
use super::super::manifest::Manifest;
use super::super::secrets;
use super::report::Findings;
use crate::secret::exposed_mode;

/// What the secrets give to the other checks.
pub(super) struct Secrets {
    /// The keys that the log signs with, from `secret/log.key`.
    pub(super) keys: Vec<VerifierKey>,
    /// The log master secret.
    pub(super) master: Option<SaltKey>,
    pub(super) origin: String,
}

pub(super) fn check(
    layout: &Layout,
    manifest: &Manifest,
    findings: &mut Findings,
) -> Result<Secrets, LedgerError> {
    let dir = layout.secrets();
    mode(&layout.salt_keys(), 0o600, findings);
    let mut found = Secrets {
        keys: Vec::new(),
        master: None,
        origin: manifest.origin.as_str().to_owned(),
    };
    if !dir.is_dir() {
        // Its absence is no damage; what cannot be checked without it says so itself.
        return Ok(found);
    }
    mode(&dir, 0o700, findings);
    match LogKeys::read(layout, &manifest.origin) {
        Ok(keys) => {
            canonical(&layout.log_key(), &keys.to_secret_text(), findings)?;
            found.keys = keys.verifiers().cloned().collect();
        }
        Err(error) => findings.absorb(error)?,
    }
    match secrets::master_secret(layout) {
        Ok(master) => {
            let text = master.to_hex();
            canonical(&dir.join("master.key"), &text, findings)?;
            found.master = Some(master);
        }
        Err(error) => findings.absorb(error)?,
    }
    match secrets::listener_key(layout) {
        Ok(listener) => {
            let text = listener.0.to_hex();
            canonical(&dir.join("listener.key"), &text, findings)?;
        }
        Err(error) => findings.absorb(error)?,
    }
    let detail = "log.key, master.key, listener.key readable; nothing covers listener.key's value";
    findings.done("secrets", detail.to_owned(), None);
    Ok(found)
}

/// The file is what this program writes; otherwise it means the same, but somebody was there.
fn canonical(path: &Path, text: &str, findings: &mut Findings) -> Result<(), LedgerError> {
    mode(path, 0o600, findings);
    let bytes = Zeroizing::new(read_bounded(path, 4096)?);
    let is_written =
        |bytes: &[u8]| bytes.strip_suffix(b"\n").unwrap_or(bytes) == text.trim_end().as_bytes();
    if !bytes.ends_with(b"\n") || !is_written(&bytes) {
        findings.warn(path, "not as this program writes it, though it holds a key");
    }
    Ok(())
}

fn mode(path: &Path, expected: u32, findings: &mut Findings) {
    if let Ok(Some(found)) = exposed_mode(path) {
        findings.warn(
            path,
            &format!("expected the mode {expected:04o}, but found {found:04o}; others may read it: chmod {expected:o}"),
        );
    }
}
