//! The files of a witness.

use std::fs::{self, File, TryLockError};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use ledgerline::log::{
    Checkpoint, CosigningKey, KeyName, MAX_NOTE_BYTES, Note, SignatureType, VerifierKey,
};
use ledgerline::wire::hex;
use zeroize::Zeroizing;

use super::error::WitnessError;
use super::known::{Known, RESTORE};
use super::logs::{LogList, MAX_LIST_BYTES};
use crate::ledger::durable::{Access, Disk, FileError, FileLock, RealDisk, read_bounded};
use crate::ledger::sha256;
use crate::secret::random;

/// Largest key file.
const MAX_KEY_BYTES: u64 = 1 << 16;

/// The directory of a witness, and the disk that it is on.
#[derive(Clone, Debug)]
pub struct WitnessDir {
    root: PathBuf,
    disk: Arc<dyn Disk>,
}

/// Makes a witness: its directory, its secret keys, an empty list of logs. Gives the keys that its
/// readers need: one of type 0x04, and one of type 0x06 if `ml_dsa`.
///
/// # Errors
///
/// [`WitnessError::Exists`] unless `path` is free or an empty directory; [`WitnessError::Log`] for
/// type 0x06 in a build without it; [`WitnessError::File`].
pub fn create(path: &Path, name: &KeyName, ml_dsa: bool) -> Result<Vec<VerifierKey>, WitnessError> {
    create_on(path, name, ml_dsa, Arc::new(RealDisk))
}

/// As [`create`], on another disk.
///
/// # Errors
///
/// As [`create`].
pub fn create_on(
    path: &Path,
    name: &KeyName,
    ml_dsa: bool,
    disk: Arc<dyn Disk>,
) -> Result<Vec<VerifierKey>, WitnessError> {
    let dir = WitnessDir::on(path, disk);
    let is_free = match fs::read_dir(path) {
        Ok(mut entries) => entries.next().is_none(),
        Err(error) => error.kind() == io::ErrorKind::NotFound,
    };
    if !is_free {
        return Err(WitnessError::Exists {
            path: path.to_owned(),
        });
    }
    let mut kinds = vec![SignatureType::CosignatureEd25519];
    if ml_dsa {
        kinds.push(SignatureType::CosignatureMlDsa44);
    }
    let mut secrets = Zeroizing::new(String::with_capacity(1024));
    let mut keys = Vec::new();
    for kind in kinds {
        // A seed for each: what one key signs must never be of use for the other.
        let seed = random(path)?;
        let key = CosigningKey::from_seed(name.clone(), kind, &seed)?;
        secrets.push_str(&key.to_secret_text());
        secrets.push('\n');
        keys.push(key.verifier().clone());
    }
    let disk = dir.disk();
    disk.create_dirs(path, Access::Public)?;
    disk.create_dirs(&dir.states(), Access::Public)?;
    dir.write_logs(&LogList::default())?;
    dir.write_known(&Known::new())?;
    disk.write_atomic(&dir.lock_file(), b"", Access::Secret)?;
    // Last: with it the directory is a witness.
    disk.write_atomic(&dir.key(), secrets.as_bytes(), Access::Secret)?;
    Ok(keys)
}

impl WitnessDir {
    /// The directory at `root`.
    #[must_use]
    pub fn new(root: &Path) -> Self {
        Self::on(root, Arc::new(RealDisk))
    }

    /// The directory at `root`, with everything that is written to it going to `disk`.
    #[must_use]
    pub fn on(root: &Path, disk: Arc<dyn Disk>) -> Self {
        Self {
            root: root.to_owned(),
            disk,
        }
    }

    /// The directory itself.
    #[must_use]
    pub fn root(&self) -> &Path {
        &self.root
    }

    pub(super) fn disk(&self) -> &dyn Disk {
        &*self.disk
    }

    /// `key`: the secrets, one on each line.
    #[must_use]
    pub fn key(&self) -> PathBuf {
        self.root.join("key")
    }

    /// `logs`: the logs that are followed.
    #[must_use]
    pub fn logs(&self) -> PathBuf {
        self.root.join("logs")
    }

    fn lock_file(&self) -> PathBuf {
        self.root.join("lock")
    }

    pub(super) fn states(&self) -> PathBuf {
        self.root.join("state")
    }

    /// `state/<hash of the origin>/checkpoint`: the newest cosigned checkpoint.
    #[must_use]
    pub fn state(&self, origin: &str) -> PathBuf {
        self.states().join(origin_hash(origin)).join("checkpoint")
    }

    /// `evidence/<hash of the origin>`: what speaks against a log.
    #[must_use]
    pub fn evidence(&self, origin: &str) -> PathBuf {
        self.root.join("evidence").join(origin_hash(origin))
    }

    /// Reads the secret keys.
    ///
    /// # Errors
    ///
    /// [`WitnessError::NotAWitness`]; [`WitnessError::Damaged`] with the line.
    pub fn read_keys(&self) -> Result<Vec<CosigningKey>, WitnessError> {
        let path = self.key();
        let bytes = match read_bounded(&path, MAX_KEY_BYTES) {
            Err(error) if error.is_not_found() => {
                return Err(WitnessError::NotAWitness {
                    path: self.root.clone(),
                });
            }
            other => Zeroizing::new(other?),
        };
        let text = str::from_utf8(&bytes)
            .map_err(|_| WitnessError::damaged(&path, None, "expected text, but found bytes"))?;
        let mut keys: Vec<CosigningKey> = Vec::new();
        for (line, secret) in (1..).zip(text.lines()) {
            let key = CosigningKey::parse(secret)
                .map_err(|error| WitnessError::damaged(&path, line, error.to_string()))?;
            let is_same = |other: &CosigningKey| other.verifier() == key.verifier();
            if keys.iter().any(is_same) {
                let problem = "expected each key once, but found this one twice";
                return Err(WitnessError::damaged(&path, line, problem));
            }
            keys.push(key);
        }
        if keys.is_empty() {
            let problem = "expected a secret key on each line, but found none";
            return Err(WitnessError::damaged(&path, None, problem));
        }
        Ok(keys)
    }

    /// Reads the list of logs; an absent one is empty.
    ///
    /// # Errors
    ///
    /// [`WitnessError::Damaged`] with the line.
    pub fn read_logs(&self) -> Result<LogList, WitnessError> {
        let path = self.logs();
        let bytes = match read_bounded(&path, MAX_LIST_BYTES) {
            Err(error) if error.is_not_found() => return Ok(LogList::default()),
            other => other?,
        };
        let text = read_text(&path, bytes)?;
        LogList::parse(&text).map_err(|(line, why)| WitnessError::damaged(&path, line, why))
    }

    /// Reads a list from elsewhere: see [`LogList::parse_foreign`].
    ///
    /// # Errors
    ///
    /// [`WitnessError::File`], [`WitnessError::Damaged`] with the line.
    pub fn read_foreign_logs(
        path: &Path,
    ) -> Result<(LogList, Vec<super::logs::Skipped>), WitnessError> {
        let text = read_text(path, read_bounded(path, MAX_LIST_BYTES)?)?;
        LogList::parse_foreign(&text).map_err(|(line, why)| WitnessError::damaged(path, line, why))
    }

    /// Replaces the list of logs, durably.
    ///
    /// # Errors
    ///
    /// [`WitnessError::File`].
    pub fn write_logs(&self, logs: &LogList) -> Result<(), WitnessError> {
        let text = logs.to_string();
        let disk = self.disk();
        disk.write_atomic(&self.logs(), text.as_bytes(), Access::Public)?;
        Ok(())
    }

    /// Keeps other processes away from this witness, for as long as the file is held.
    pub(super) fn lock(&self) -> Result<File, WitnessError> {
        let path = self.lock_file();
        let file = open_lock(&path)?;
        match file.try_lock() {
            Ok(()) => Ok(file),
            Err(TryLockError::WouldBlock) => Err(WitnessError::Locked {
                path: self.root.clone(),
            }),
            Err(TryLockError::Error(error)) => Err(FileError::at("lock", &path)(error).into()),
        }
    }

    /// Keeps others from changing the list of logs, for as long as the lock is held; waits for those
    /// who are at it.
    ///
    /// # Errors
    ///
    /// [`WitnessError::File`].
    pub fn lock_logs(&self) -> Result<FileLock, WitnessError> {
        let path = self.root.join("logs.lock");
        let file = open_lock(&path)?;
        file.lock().map_err(FileError::at("lock", &path))?;
        Ok(FileLock(file))
    }

    /// The newest cosigned checkpoint of a log, if it is one: signed by the log and by this witness.
    /// One that `is_known` must be there.
    pub(super) fn read_state(
        &self,
        origin: &str,
        is_known: bool,
        keys: &[VerifierKey],
        ours: &[VerifierKey],
    ) -> Result<Option<(Note, Checkpoint)>, WitnessError> {
        let path = self.state(origin);
        let bytes = match read_bounded(&path, MAX_NOTE_BYTES as u64) {
            Err(error) if error.is_not_found() && is_known => {
                let problem = format!(
                    "expected what was cosigned of the log {origin:?}, which was cosigned before, \
                     but found no file; {RESTORE}"
                );
                return Err(WitnessError::damaged(&path, None, problem));
            }
            Err(error) if error.is_not_found() => return Ok(None),
            other => other?,
        };
        let wrong = |what: &str, error: &dyn std::fmt::Display| {
            WitnessError::damaged(
                &path,
                None,
                format!(
                    "{what}: {error}. This file is what keeps the witness from cosigning a fork; \
                     never delete it, but find out who changed it, and restore it from a copy that \
                     is as new"
                ),
            )
        };
        let note = Note::parse(&bytes).map_err(|error| wrong("no signed note", &error))?;
        Checkpoint::open(&note, origin, ours)
            .map_err(|error| wrong("not cosigned by this witness", &error))?;
        let checkpoint = Checkpoint::open(&note, origin, keys).map_err(|error| {
            let what = "not signed by a key that `logs` has for this log (if its key was changed, \
                        keep the old one in the list until a checkpoint under the new one is \
                        cosigned)";
            wrong(what, &error)
        })?;
        Ok(Some((note, checkpoint)))
    }

    /// Replaces the newest cosigned checkpoint of a log, durably.
    pub(super) fn write_state(&self, origin: &str, note: &Note) -> Result<(), FileError> {
        let path = self.state(origin);
        let disk = self.disk();
        if let Some(dir) = path.parent() {
            disk.create_dirs(dir, Access::Public)?;
        }
        disk.write_atomic(&path, note.to_string().as_bytes(), Access::Public)
    }
}

fn open_lock(path: &Path) -> Result<File, FileError> {
    let open = File::options()
        .create(true)
        .truncate(false)
        .write(true)
        .open(path);
    open.map_err(FileError::at("open", path))
}

/// SHA-256 of a log's origin, in hex.
pub(super) fn origin_hash(origin: &str) -> String {
    hex(&sha256(origin.as_bytes()))
}

fn read_text(path: &Path, bytes: Vec<u8>) -> Result<String, WitnessError> {
    String::from_utf8(bytes)
        .map_err(|_| WitnessError::damaged(path, None, "expected text, but found other bytes"))
}
