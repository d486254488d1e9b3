//! Where everything lies in a ledger's directory (`docs/format.md` section 5).

use std::path::{Path, PathBuf};
use std::sync::Arc;

use ledgerline::log::Tile;

use super::disk::{Disk, RealDisk};

/// The paths of one ledger, and the disk that they are on.
#[derive(Clone, Debug)]
pub struct Layout {
    root: PathBuf,
    disk: Arc<dyn Disk>,
}

impl Layout {
    /// The paths under `root`.
    #[must_use]
    pub fn new(root: &Path) -> Self {
        Self::on(root, Arc::new(RealDisk))
    }

    /// The paths under `root`, with everything that is written to them going to `disk`.
    #[must_use]
    pub fn on(root: &Path, disk: Arc<dyn Disk>) -> Self {
        Self {
            root: root.to_owned(),
            disk,
        }
    }

    /// Where everything is written.
    #[must_use]
    pub fn disk(&self) -> &dyn Disk {
        &*self.disk
    }

    /// The directory itself.
    #[must_use]
    pub fn root(&self) -> &Path {
        &self.root
    }

    /// `ledger.toml`
    #[must_use]
    pub fn manifest(&self) -> PathBuf {
        self.root.join("ledger.toml")
    }

    /// `secret`
    #[must_use]
    pub fn secrets(&self) -> PathBuf {
        self.root.join("secret")
    }

    /// `secret/log.key`: the keys that sign, one a line.
    #[must_use]
    pub fn log_key(&self) -> PathBuf {
        self.root.join("secret/log.key")
    }

    /// `vkeys`: the public keys of all that ever signed, one a line.
    #[must_use]
    pub fn vkeys(&self) -> PathBuf {
        self.root.join("vkeys")
    }

    /// `secret/lock`, held by the one writer. It lies there because only writers have `secret/`.
    #[must_use]
    pub fn lock(&self) -> PathBuf {
        self.root.join("secret/lock")
    }

    /// `registry.sqlite`
    #[must_use]
    pub fn registry(&self) -> PathBuf {
        self.root.join("registry.sqlite")
    }

    /// `checkpoint`
    #[must_use]
    pub fn checkpoint(&self) -> PathBuf {
        self.root.join("checkpoint")
    }

    /// `checkpoints`
    #[must_use]
    pub fn checkpoints(&self) -> PathBuf {
        self.root.join("checkpoints")
    }

    /// `checkpoints/<size>`
    #[must_use]
    pub fn checkpoint_of_size(&self, size: u64) -> PathBuf {
        self.root.join(format!("checkpoints/{size}"))
    }

    /// `policy`: the tlog-policy by which the log is published.
    #[must_use]
    pub fn policy(&self) -> PathBuf {
        self.root.join("policy")
    }

    /// `contradiction`: a witness's proof of another history of this log.
    #[must_use]
    pub fn contradiction(&self) -> PathBuf {
        self.root.join("contradiction")
    }

    /// `tile`
    #[must_use]
    pub fn tiles(&self) -> PathBuf {
        self.root.join("tile")
    }

    /// `tile/<L>/<N>[.p/<W>]`
    #[must_use]
    pub fn tile(&self, tile: &Tile) -> PathBuf {
        self.root.join(tile.to_string())
    }

    /// `segments`
    #[must_use]
    pub fn segments(&self) -> PathBuf {
        self.root.join("segments")
    }

    /// `segments/<number>.parquet`
    #[must_use]
    pub fn segment(&self, number: u64) -> PathBuf {
        self.root.join(format!("segments/{}", segment_name(number)))
    }

    /// `segments/SHA256SUMS`
    #[must_use]
    pub fn sums(&self) -> PathBuf {
        self.root.join("segments/SHA256SUMS")
    }

    /// `segments/salt-keys`
    #[must_use]
    pub fn salt_keys(&self) -> PathBuf {
        self.root.join("segments/salt-keys")
    }

    /// `wal`
    #[must_use]
    pub fn wals(&self) -> PathBuf {
        self.root.join("wal")
    }

    /// `wal/<number>.wal`
    #[must_use]
    pub fn wal(&self, number: u64) -> PathBuf {
        self.root.join(format!("wal/{number:06}.wal"))
    }
}

/// `<number>.parquet`, the number with at least six digits.
#[must_use]
pub(super) fn segment_name(number: u64) -> String {
    format!("{number:06}.parquet")
}
