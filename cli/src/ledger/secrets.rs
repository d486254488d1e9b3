//! The operator's secrets: made once, mode 0600, never printed.

use std::path::Path;

use ledgerline::log::{KeyName, SigningKey, VerifierKey};
use ledgerline::salt::{ListenerKey, SaltKey};
use zeroize::Zeroizing;

use super::durable::{Access, read_bounded};
use super::error::LedgerError;
use super::layout::Layout;
use super::log_keys::LogKeys;

/// Longest secret file.
const MAX_BYTES: u64 = 4096;

/// Makes and stores all secrets of a new ledger; gives the public key.
///
/// # Errors
///
/// [`LedgerError::File`], also if the system gives no random numbers.
pub(super) fn create(layout: &Layout, origin: KeyName) -> Result<VerifierKey, LedgerError> {
    let dir = layout.secrets();
    let disk = layout.disk();
    disk.create_dirs(&dir, Access::Secret)?;
    let key = SigningKey::from_seed(origin, &*crate::secret::random(&dir)?);
    let vkey = key.verifier().clone();
    LogKeys::of(key).write(layout)?;
    for name in ["master.key", "listener.key"] {
        let secret = SaltKey::from_bytes(*crate::secret::random(&dir)?);
        let text = Zeroizing::new(format!("{}\n", *secret.to_hex()));
        disk.write_atomic(&dir.join(name), text.as_bytes(), Access::Secret)?;
    }
    // Made here, so that opening a ledger makes nothing.
    disk.write_atomic(&layout.lock(), b"", Access::Secret)?;
    Ok(vkey)
}

pub(super) fn read(path: &Path) -> Result<Zeroizing<String>, LedgerError> {
    let bytes = match read_bounded(path, MAX_BYTES) {
        Err(error) if error.is_not_found() => {
            return Err(LedgerError::NoSecret {
                path: path.to_owned(),
            });
        }
        other => Zeroizing::new(other?),
    };
    let text = str::from_utf8(&bytes)
        .map_err(|_| LedgerError::damaged(path, None, "a secret as text", "other bytes"))?;
    Ok(Zeroizing::new(
        text.strip_suffix('\n').unwrap_or(text).to_owned(),
    ))
}

/// The log master secret, from which salts are derived.
///
/// # Errors
///
/// [`LedgerError::NoSecret`], [`LedgerError::Damaged`].
pub(super) fn master_secret(layout: &Layout) -> Result<SaltKey, LedgerError> {
    salt_key(&layout.secrets().join("master.key"))
}

/// The key that turns user ids into pseudonyms.
///
/// # Errors
///
/// [`LedgerError::NoSecret`], [`LedgerError::Damaged`].
pub(super) fn listener_key(layout: &Layout) -> Result<ListenerKey, LedgerError> {
    salt_key(&layout.secrets().join("listener.key")).map(ListenerKey)
}

fn salt_key(path: &Path) -> Result<SaltKey, LedgerError> {
    SaltKey::parse_hex(&read(path)?)
        .ok_or_else(|| LedgerError::damaged(path, None, "64 hex digits", "another text"))
}
