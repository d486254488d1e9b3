//! The few operations by which files change, so that tests can let each of them fail.
//!
//! *In:* paths and bytes. *Out:* what the system answers. *Does not know:* which files there are, and
//! in which order they must be written: that is [`durable`](super::durable)'s and the ledger's.
//!
//! Reading does not go through it.

use std::fmt;
use std::fs::{self, DirBuilder, File, OpenOptions};
use std::io::{self, Write};
use std::path::Path;

/// Who may read a file, or enter a directory.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Access {
    /// As the umask says.
    Public,
    /// Mode 0600, of a directory 0700.
    Secret,
}

/// A place for files. No operation is repeated after it failed: a second fsync may report success
/// for bytes that the system has given up.
pub trait Disk: Send + Sync + fmt::Debug {
    /// Makes a file that must not be there yet, and opens it for writing.
    ///
    /// # Errors
    ///
    /// The system's.
    fn create(&self, path: &Path, access: Access) -> io::Result<Box<dyn DiskFile>>;

    /// Opens a file that is there for writing behind its end.
    ///
    /// # Errors
    ///
    /// The system's.
    fn open(&self, path: &Path) -> io::Result<Box<dyn DiskFile>>;

    /// Gives a file or directory another name, replacing the file that has it.
    ///
    /// # Errors
    ///
    /// The system's.
    fn rename(&self, from: &Path, to: &Path) -> io::Result<()>;

    /// Removes a file.
    ///
    /// # Errors
    ///
    /// The system's.
    fn remove(&self, path: &Path) -> io::Result<()>;

    /// Makes a directory that must not be there yet.
    ///
    /// # Errors
    ///
    /// The system's.
    fn create_dir(&self, path: &Path, access: Access) -> io::Result<()>;

    /// Makes the names in a directory durable; nothing where directories cannot be fsynced.
    ///
    /// # Errors
    ///
    /// The system's.
    fn sync_dir(&self, path: &Path) -> io::Result<()>;
}

/// A file that is being written.
pub trait DiskFile: Send + fmt::Debug {
    /// Writes all these bytes behind the end.
    ///
    /// # Errors
    ///
    /// The system's; any part of the bytes may have been written.
    fn write(&mut self, bytes: &[u8]) -> io::Result<()>;

    /// Makes the content durable, not the name.
    ///
    /// # Errors
    ///
    /// The system's; nobody knows then what the disk holds.
    fn sync(&mut self) -> io::Result<()>;
}

/// The file systems of this machine.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct RealDisk;

impl Disk for RealDisk {
    fn create(&self, path: &Path, access: Access) -> io::Result<Box<dyn DiskFile>> {
        let mut options = OpenOptions::new();
        options.write(true).create_new(true);
        #[cfg(unix)]
        if access == Access::Secret {
            use std::os::unix::fs::OpenOptionsExt;
            options.mode(0o600);
        }
        #[cfg(not(unix))]
        let _ = access;
        Ok(Box::new(options.open(path)?))
    }

    fn open(&self, path: &Path) -> io::Result<Box<dyn DiskFile>> {
        Ok(Box::new(OpenOptions::new().append(true).open(path)?))
    }

    fn rename(&self, from: &Path, to: &Path) -> io::Result<()> {
        fs::rename(from, to)
    }

    fn remove(&self, path: &Path) -> io::Result<()> {
        fs::remove_file(path)
    }

    fn create_dir(&self, path: &Path, access: Access) -> io::Result<()> {
        let mut builder = DirBuilder::new();
        #[cfg(unix)]
        if access == Access::Secret {
            use std::os::unix::fs::DirBuilderExt;
            builder.mode(0o700);
        }
        #[cfg(not(unix))]
        let _ = access;
        builder.create(path)
    }

    fn sync_dir(&self, path: &Path) -> io::Result<()> {
        // Only Unix lets a directory be opened and fsynced.
        if cfg!(unix) {
            File::open(path)?.sync_all()?;
        }
        Ok(())
    }
}

impl DiskFile for File {
    fn write(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.write_all(bytes)
    }

    fn sync(&mut self) -> io::Result<()> {
        self.sync_all()
    }
}
