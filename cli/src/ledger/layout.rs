//! Where everything lies in a ledger's directory (`docs/format.md` section 5).

use std::path::{Path, PathBuf};

use ledgerline::log::Tile;

/// The paths of one ledger.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Layout(PathBuf);

impl Layout {
    /// The paths under `root`.
    #[must_use]
    pub fn new(root: &Path) -> Self {
        Self(root.to_owned())
    }

    /// The directory itself.
    #[must_use]
    pub fn root(&self) -> &Path {
        &self.0
    }

    /// `ledger.toml`
    #[must_use]
    pub fn manifest(&self) -> PathBuf {
        self.0.join("ledger.toml")
    }

    /// `secret`
    #[must_use]
    pub fn secrets(&self) -> PathBuf {
        self.0.join("secret")
    }

    /// `secret/lock`, held by the one writer. It lies there because only writers have `secret/`.
    #[must_use]
    pub fn lock(&self) -> PathBuf {
        self.0.join("secret/lock")
    }

    /// `registry.sqlite`
    #[must_use]
    pub fn registry(&self) -> PathBuf {
        self.0.join("registry.sqlite")
    }

    /// `checkpoint`
    #[must_use]
    pub fn checkpoint(&self) -> PathBuf {
        self.0.join("checkpoint")
    }

    /// `checkpoints`
    #[must_use]
    pub fn checkpoints(&self) -> PathBuf {
        self.0.join("checkpoints")
    }

    /// `checkpoints/<size>`
    #[must_use]
    pub fn checkpoint_of_size(&self, size: u64) -> PathBuf {
        self.0.join(format!("checkpoints/{size}"))
    }

    /// `tile/<L>/<N>[.p/<W>]`
    #[must_use]
    pub fn tile(&self, tile: &Tile) -> PathBuf {
        self.0.join(tile.to_string())
    }

    /// `segments`
    #[must_use]
    pub fn segments(&self) -> PathBuf {
        self.0.join("segments")
    }

    /// `segments/<number>.parquet`
    #[must_use]
    pub fn segment(&self, number: u64) -> PathBuf {
        self.0.join(format!("segments/{}", segment_name(number)))
    }

    /// `segments/SHA256SUMS`
    #[must_use]
    pub fn sums(&self) -> PathBuf {
        self.0.join("segments/SHA256SUMS")
    }

    /// `segments/salt-keys`
    #[must_use]
    pub fn salt_keys(&self) -> PathBuf {
        self.0.join("segments/salt-keys")
    }

    /// `wal`
    #[must_use]
    pub fn wals(&self) -> PathBuf {
        self.0.join("wal")
    }

    /// `wal/<number>.wal`
    #[must_use]
    pub fn wal(&self, number: u64) -> PathBuf {
        self.0.join(format!("wal/{number:06}.wal"))
    }
}

/// `<number>.parquet`, the number with at least six digits.
#[must_use]
pub(super) fn segment_name(number: u64) -> String {
    format!("{number:06}.parquet")
}
