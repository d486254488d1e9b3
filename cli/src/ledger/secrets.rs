//! The operator's secrets: made once, mode 0600, never printed.

use std::path::Path;

use ledgerline::log::{KeyName, SigningKey};
use ledgerline::salt::{ListenerKey, SaltKey};
use zeroize::Zeroizing;

use super::durable::{Access, FileError, create_dirs, read_bounded, write_atomic};
use super::error::LedgerError;
use super::layout::Layout;

/// Longest secret file.
const MAX_BYTES: u64 = 4096;

/// Makes and stores all secrets of a new ledger; gives the signing key.
///
/// # Errors
///
/// [`LedgerError::File`], also if the system gives no random numbers.
pub(super) fn create(layout: &Layout, origin: KeyName) -> Result<SigningKey, LedgerError> {
    let dir = layout.secrets();
    create_dirs(&dir)?;
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        std::fs::set_permissions(&dir, std::fs::Permissions::from_mode(0o700))
            .map_err(FileError::at("set the mode of", &dir))?;
    }
    let seed = random(&dir)?;
    let key = SigningKey::from_seed(origin, &seed);
    let text = Zeroizing::new(format!("{}\n", *key.to_secret_text()));
    write_atomic(&dir.join("log.key"), text.as_bytes(), Access::Secret)?;
    for name in ["master.key", "listener.key"] {
        let secret = SaltKey::from_bytes(*random(&dir)?);
        let text = Zeroizing::new(format!("{}\n", secret.to_hex()));
        write_atomic(&dir.join(name), text.as_bytes(), Access::Secret)?;
    }
    Ok(key)
}

fn random(dir: &Path) -> Result<Zeroizing<[u8; 32]>, LedgerError> {
    let mut bytes = Zeroizing::new([0; 32]);
    getrandom::fill(&mut *bytes).map_err(|error| {
        FileError::at("find random numbers for", dir)(std::io::Error::other(error.to_string()))
    })?;
    Ok(bytes)
}

fn read(path: &Path) -> Result<Zeroizing<String>, LedgerError> {
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

/// The log's signing key.
///
/// # Errors
///
/// [`LedgerError::NoSecret`], or [`LedgerError::Damaged`] for another text or another name.
pub(super) fn signing_key(layout: &Layout, origin: &KeyName) -> Result<SigningKey, LedgerError> {
    let path = layout.secrets().join("log.key");
    let key = SigningKey::parse(&read(&path)?).map_err(|error| {
        LedgerError::damaged(
            &path,
            None,
            "PRIVATE+KEY+<name>+<id>+<key>",
            error.to_string(),
        )
    })?;
    if key.verifier().name() != origin {
        let found = format!("a key named {}", key.verifier().name());
        return Err(LedgerError::damaged(
            &path,
            None,
            format!("a key named {origin}"),
            found,
        ));
    }
    Ok(key)
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
