//! Files that are wholly there or not at all, also after a power failure.
//!
//! *In:* bytes and paths. *Out:* durable files. *Does not know:* what they hold.
//! A file is written beside its place, fsynced, renamed, and its directory fsynced.

use std::fmt;
use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};

pub use super::disk::{Access, Disk, DiskFile, RealDisk};

/// A failed operation on a file, with what was being done to which one.
#[derive(Debug)]
pub struct FileError {
    /// What was being done: `write`, `read`, `fsync`...
    pub doing: &'static str,
    /// To which file.
    pub path: PathBuf,
    /// What the system said.
    pub error: io::Error,
}

impl FileError {
    /// For `map_err`.
    pub fn at(doing: &'static str, path: &Path) -> impl FnOnce(io::Error) -> Self {
        let path = path.to_owned();
        move |error| Self { doing, path, error }
    }

    /// Whether the file is simply not there, nor a directory that could hold it.
    #[must_use]
    pub fn is_not_found(&self) -> bool {
        let kind = self.error.kind();
        kind == io::ErrorKind::NotFound || kind == io::ErrorKind::NotADirectory
    }
}

impl fmt::Display for FileError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { doing, path, error } = self;
        write!(f, "cannot {doing} {}: {error}", path.display())?;
        match error.kind() {
            io::ErrorKind::StorageFull => f.write_str("; free some space and run it again"),
            io::ErrorKind::PermissionDenied => f.write_str("; check the owner and mode of it"),
            _ if *doing == "fsync" => {
                f.write_str("; the disk may not hold what was written: check it")
            }
            _ => Ok(()),
        }
    }
}

impl std::error::Error for FileError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        Some(&self.error)
    }
}

/// The name beside `path` under which it is being written.
#[must_use]
pub fn temporary(path: &Path) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(".tmp");
    PathBuf::from(name)
}

impl dyn Disk + '_ {
    /// Creates or replaces `path` by `bytes`, durably and all at once.
    ///
    /// # Errors
    ///
    /// [`FileError`]; `path` then holds either the content before or `bytes`.
    pub fn write_atomic(&self, path: &Path, bytes: &[u8], access: Access) -> Result<(), FileError> {
        let beside = temporary(path);
        // A secret must not inherit the mode of a leftover.
        self.remove_if_there(&beside)?;
        let mut file = self
            .create(&beside, access)
            .map_err(FileError::at("create", &beside))?;
        file.write(bytes).map_err(FileError::at("write", &beside))?;
        file.sync().map_err(FileError::at("fsync", &beside))?;
        drop(file);
        self.rename(&beside, path)
            .map_err(FileError::at("rename to", path))?;
        self.sync_parent(path)
    }

    /// Makes the name of `path` durable.
    ///
    /// # Errors
    ///
    /// [`FileError`].
    pub fn sync_parent(&self, path: &Path) -> Result<(), FileError> {
        if path.parent().is_none() {
            return Ok(());
        }
        let dir = parent_of(path);
        self.sync_dir(dir).map_err(FileError::at("fsync", dir))
    }

    /// Creates a directory and those above it, durably. Those that are there are left as they are.
    ///
    /// # Errors
    ///
    /// [`FileError`].
    pub fn create_dirs(&self, dir: &Path, access: Access) -> Result<(), FileError> {
        if dir.as_os_str().is_empty() || dir.is_dir() {
            return Ok(());
        }
        if let Some(parent) = dir.parent() {
            self.create_dirs(parent, Access::Public)?;
        }
        match self.create_dir(dir, access) {
            Err(error) if error.kind() != io::ErrorKind::AlreadyExists => {
                Err(FileError::at("create", dir)(error))
            }
            _ => self.sync_parent(dir),
        }
    }

    /// Removes a file, durably; `false` if it was not there.
    ///
    /// # Errors
    ///
    /// [`FileError`].
    pub fn remove_durably(&self, path: &Path) -> Result<bool, FileError> {
        let removed = self.remove_if_there(path)?;
        if removed {
            self.sync_parent(path)?;
        }
        Ok(removed)
    }

    fn remove_if_there(&self, path: &Path) -> Result<bool, FileError> {
        if fs::symlink_metadata(path).is_err_and(|error| error.kind() == io::ErrorKind::NotFound) {
            return Ok(false);
        }
        match self.remove(path) {
            Ok(()) => Ok(true),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(false),
            Err(error) => Err(FileError::at("remove", path)(error)),
        }
    }
}

/// Creates or replaces `path` by `bytes` on the real disk, durably and all at once.
///
/// # Errors
///
/// [`FileError`]; `path` then holds either the content before or `bytes`.
pub fn write_atomic(path: &Path, bytes: &[u8], access: Access) -> Result<(), FileError> {
    real().write_atomic(path, bytes, access)
}

/// Removes a file from the real disk, durably; `false` if it was not there.
///
/// # Errors
///
/// [`FileError`].
pub fn remove(path: &Path) -> Result<bool, FileError> {
    real().remove_durably(path)
}

/// Makes the names in a directory durable.
///
/// # Errors
///
/// [`FileError`].
pub fn sync_dir(dir: &Path) -> Result<(), FileError> {
    real().sync_dir(dir).map_err(FileError::at("fsync", dir))
}

/// Makes the name of `path` durable.
///
/// # Errors
///
/// [`FileError`].
pub fn sync_parent(path: &Path) -> Result<(), FileError> {
    real().sync_parent(path)
}

/// Creates a directory and those above it on the real disk, durably.
///
/// # Errors
///
/// [`FileError`].
pub fn create_dirs(dir: &Path) -> Result<(), FileError> {
    real().create_dirs(dir, Access::Public)
}

fn real() -> &'static dyn Disk {
    &RealDisk
}

/// The directory that holds `path`.
#[must_use]
pub fn parent_of(path: &Path) -> &Path {
    match path.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent,
        _ => Path::new("."),
    }
}

/// Puts the directory `new` in the place of `target`, durably. What was there is set aside first and
/// removed last, so that one of the two is there at every moment.
///
/// # Errors
///
/// [`FileError`].
pub fn replace_dir(new: &Path, target: &Path) -> Result<(), FileError> {
    let aside = target.with_extension("replaced");
    let occupied = fs::symlink_metadata(target).is_ok();
    if occupied {
        fs::rename(target, &aside).map_err(FileError::at("set aside", target))?;
    }
    fs::rename(new, target).map_err(FileError::at("rename to", target))?;
    sync_parent(target)?;
    if occupied {
        fs::remove_dir_all(&aside).map_err(FileError::at("remove", &aside))?;
    }
    Ok(())
}

/// Reads a whole file, refusing one of more than `limit` bytes before reading it.
///
/// # Errors
///
/// [`FileError`], with [`io::ErrorKind::FileTooLarge`] above the limit.
pub fn read_bounded(path: &Path, limit: u64) -> Result<Vec<u8>, FileError> {
    use std::io::Read;
    let file = File::open(path).map_err(FileError::at("open", path))?;
    let mut bytes = Vec::new();
    // One byte more than allowed tells a file at the limit from one above it, also if it grows.
    let mut limited = file.take(limit.saturating_add(1));
    limited
        .read_to_end(&mut bytes)
        .map_err(FileError::at("read", path))?;
    if bytes.len() as u64 > limit {
        let error = io::Error::new(
            io::ErrorKind::FileTooLarge,
            format!("expected at most {limit} bytes, but found more"),
        );
        return Err(FileError::at("read", path)(error));
    }
    Ok(bytes)
}

/// The lock on an open file, given up when this is dropped: closing the file alone would leave it to a
/// child process that is just being started.
#[derive(Debug)]
pub struct FileLock(pub File);

impl Drop for FileLock {
    fn drop(&mut self) {
        let _ = self.0.unlock();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_replaced_and_bounded() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("a/b/file");
        create_dirs(path.parent().unwrap()).unwrap();
        fs::write(temporary(&path), "left over").unwrap();
        write_atomic(&path, b"one", Access::Public).unwrap();
        write_atomic(&path, b"three", Access::Secret).unwrap();
        assert_eq!(read_bounded(&path, 5).unwrap(), b"three");
        let error = read_bounded(&path, 4).unwrap_err();
        assert!(error.to_string().contains("at most 4 bytes"), "{error}");
        assert!(!temporary(&path).exists());
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt;
            let mode = fs::metadata(&path).unwrap().permissions().mode();
            assert_eq!(mode & 0o777, 0o600);
        }
        assert!(real().remove_durably(&path).unwrap());
        assert!(!real().remove_durably(&path).unwrap());
    }
}
