//! The directory of a ledger (`docs/format.md` section 5): created, written by one, read by many.
//!
//! *In:* events, paths. *Out:* segments, tiles, checkpoints, all durable before they are
//! acknowledged. *Does not know:* what events are worth.

mod agreed;
mod at_checkpoint;
mod derive;
mod disk;
pub mod durable;
mod error;
pub mod fsck;
mod index;
mod layout;
mod log_keys;
mod manifest;
mod publish;
mod reader;
pub mod receipt;
mod recover;
mod seal;
mod secrets;
pub mod segment;
pub mod served;
pub mod wal;
mod writer;

pub use agreed::{check_uncontradicted, contradiction, recorded_policy, with_lines_of};
pub use error::{LedgerError, SegmentProblem};
pub use index::sha256;
pub use layout::Layout;
pub use log_keys::{KeysError, LogKeys};
pub use manifest::{Manifest, State};
pub use publish::{LogTree, Published, Staged};
pub use reader::{Ledger, SegmentData, SegmentInfo};
pub use recover::RecoveryStep;
pub use seal::{base_hashes, leaf_hashes};
pub use writer::LedgerWriter;

use std::path::Path;
use std::sync::Arc;

use ledgerline::log::{KeyName, VerifierKey};
use ledgerline::time::Period;

use durable::{Access, Disk, FileError, RealDisk};

/// Makes a new ledger: directories, secrets, and last of all `ledger.toml`. Gives the key that
/// its readers need.
///
/// # Errors
///
/// [`LedgerError::Exists`] unless `path` is free or an empty directory; [`LedgerError::Origin`];
/// [`LedgerError::File`].
pub fn create(path: &Path, origin: &str, period: Period) -> Result<VerifierKey, LedgerError> {
    create_on(path, origin, period, Arc::new(RealDisk))
}

/// As [`create`], on another disk.
///
/// # Errors
///
/// As [`create`].
pub fn create_on(
    path: &Path,
    origin: &str,
    period: Period,
    disk: Arc<dyn Disk>,
) -> Result<VerifierKey, LedgerError> {
    let origin = KeyName::parse(origin).map_err(LedgerError::Origin)?;
    if origin.as_str() == ledgerline::log::RESERVED_ORIGIN {
        return Err(LedgerError::ReservedOrigin);
    }
    let is_free = match std::fs::read_dir(path) {
        Ok(mut entries) => entries.next().is_none(),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => true,
        Err(error) if error.kind() == std::io::ErrorKind::NotADirectory => false,
        Err(error) => return Err(FileError::at("read", path)(error).into()),
    };
    if !is_free {
        return Err(LedgerError::Exists {
            path: path.to_owned(),
        });
    }
    let layout = Layout::on(path, disk);
    for dir in [layout.segments(), layout.wals(), layout.checkpoints()] {
        layout.disk().create_dirs(&dir, Access::Public)?;
    }
    let vkey = secrets::create(&layout, origin.clone())?;
    let manifest = Manifest {
        origin,
        period,
        state: State::Open,
    };
    manifest.write(&layout)?;
    Ok(vkey)
}
