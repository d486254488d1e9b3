//! What all secrets need: bytes that nobody can guess, in files that nobody else can read.

use std::io;
use std::path::Path;

use zeroize::Zeroizing;

use crate::ledger::durable::FileError;

/// Random bytes of the system, for a secret that will be at `path`.
///
/// # Errors
///
/// [`FileError`] if the system has none.
pub fn random(path: &Path) -> Result<Zeroizing<[u8; 32]>, FileError> {
    let mut bytes = Zeroizing::new([0; 32]);
    getrandom::fill(&mut *bytes).map_err(|error| {
        FileError::at("find random numbers for", path)(io::Error::other(error.to_string()))
    })?;
    Ok(bytes)
}

/// The mode of a secret file that others than its owner can read; `None` if they cannot, and where
/// there are no modes.
///
/// # Errors
///
/// [`FileError`].
pub fn exposed_mode(path: &Path) -> Result<Option<u32>, FileError> {
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        let metadata = std::fs::metadata(path).map_err(FileError::at("read the mode of", path))?;
        let mode = metadata.permissions().mode() & 0o777;
        Ok((mode & 0o077 != 0).then_some(mode))
    }
    #[cfg(not(unix))]
    {
        let _ = path;
        Ok(None)
    }
}
