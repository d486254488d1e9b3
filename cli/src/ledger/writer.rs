//! Writing to a ledger: append, seal, close.
//!
//! One process at a time. Events are acknowledged once they are fsynced. After a failed write the
//! writer refuses everything: only opening the ledger anew tells what the disk holds.

use std::fs::{File, TryLockError};
use std::io::ErrorKind;
use std::path::Path;
use std::sync::Arc;
use std::thread::JoinHandle;

use ledgerline::event::Event;
use ledgerline::log::{Checkpoint, Note, SignatureType, TreeHead, VerifierKey};
use ledgerline::record::SEGMENT_EVENTS;
use ledgerline::salt::ListenerKey;

use super::durable::{Access, Disk, FileError, RealDisk};
use super::error::LedgerError;
use super::layout::Layout;
use super::log_keys::{KeysError, LogKeys, all_keys};
use super::manifest::{Manifest, State};
use super::publish::{Published, Staged};
use super::reader::read_checkpoint;
use super::recover::{self, RecoveryStep};
use super::seal::Sealer;
use super::secrets;
use super::wal::{FULL, WalWriter};

/// The one writer of a ledger.
#[derive(Debug)]
pub struct LedgerWriter {
    pub(super) layout: Layout,
    pub(super) manifest: Manifest,
    pub(super) keys: LogKeys,
    pub(super) sealing: Sealing,
    /// Events of segments that are sealed or being sealed.
    pub(super) sealed_events: u64,
    pub(super) open: Option<OpenSegment>,
    /// The newest checkpoint that was signed, its signature verified.
    pub(super) newest: Option<(Note, Checkpoint)>,
    /// What `checkpoint` holds.
    pub(super) served: Option<(Note, Checkpoint)>,
    pub(super) recovery: Vec<RecoveryStep>,
    listener: ListenerKey,
    stopped: bool,
    /// Held until the writer is dropped.
    lock: File,
}

/// The segment that takes events.
#[derive(Debug)]
pub(super) struct OpenSegment {
    pub(super) wal: WalWriter,
    pub(super) events: Vec<Event>,
}

/// A segment is sealed on a thread of its own while the next one fills.
#[derive(Debug)]
pub(super) enum Sealing {
    /// Nothing to do.
    Idle(Sealer),
    /// At work.
    Busy(JoinHandle<Result<Sealer, LedgerError>>),
    /// It failed, and its error was given to the caller.
    Failed,
}

impl LedgerWriter {
    /// Opens a ledger for writing, and repairs what an interrupted writer left:
    /// see [`recovery`](Self::recovery).
    ///
    /// # Errors
    ///
    /// [`LedgerError::Locked`] if another process writes; [`LedgerError::NoSecret`] on an
    /// auditor's copy; [`LedgerError::Damaged`], [`LedgerError::Shrunk`] if something
    /// acknowledged is gone, which no crash does.
    pub fn open(path: &Path) -> Result<Self, LedgerError> {
        Self::open_on(path, Arc::new(RealDisk))
    }

    /// As [`open`](Self::open), on another disk.
    ///
    /// # Errors
    ///
    /// As [`open`](Self::open).
    pub fn open_on(path: &Path, disk: Arc<dyn Disk>) -> Result<Self, LedgerError> {
        let layout = Layout::on(path, disk);
        let manifest = Manifest::read(&layout)?;
        LogKeys::read(&layout, &manifest.origin)?; // before the lock: an auditor's copy has none
        let master = secrets::master_secret(&layout)?;
        let listener = secrets::listener_key(&layout)?;
        let lock = lock(&layout)?;
        // Read again: the state may have changed before the lock was ours.
        let manifest = Manifest::read(&layout)?;
        // So may the keys.
        let keys = LogKeys::read(&layout, &manifest.origin)?;
        let known = all_keys(&layout, &keys)?;
        let state = recover::recover(&layout, &manifest, &known, master)?;
        let mut writer = Self {
            layout,
            manifest,
            keys,
            sealing: Sealing::Idle(state.sealer),
            sealed_events: state.sealed_events,
            open: state.open,
            newest: state.newest,
            served: state.served,
            recovery: state.steps,
            listener,
            stopped: false,
            lock,
        };
        if writer.manifest.state == State::Closed && writer.finish_closing()? {
            writer.recovery.push(RecoveryStep::FinishedClosing);
        }
        // Not served here: with the cosignatures that were asked for, or not at all, and only a
        // command knows them.
        if let Some(size) = writer.pending() {
            writer
                .recovery
                .push(match super::contradiction(&writer.layout) {
                    None => RecoveryStep::PendingCheckpoint(size),
                    Some(_) => RecoveryStep::ContradictedCheckpoint(size),
                });
        }
        Ok(writer)
    }

    /// What opening repaired.
    #[must_use]
    pub fn recovery(&self) -> &[RecoveryStep] {
        &self.recovery
    }

    /// What the ledger is for.
    #[must_use]
    pub fn manifest(&self) -> &Manifest {
        &self.manifest
    }

    /// Paths.
    #[must_use]
    pub fn layout(&self) -> &Layout {
        &self.layout
    }

    /// The key that turns user ids into pseudonyms.
    #[must_use]
    pub fn listener_key(&self) -> &ListenerKey {
        &self.listener
    }

    /// The keys that the log signs with.
    #[must_use]
    pub fn keys(&self) -> &LogKeys {
        &self.keys
    }

    /// All keys that ever signed for this log.
    ///
    /// # Errors
    ///
    /// [`LedgerError::Damaged`].
    pub fn known_keys(&self) -> Result<Vec<VerifierKey>, LedgerError> {
        all_keys(&self.layout, &self.keys)
    }

    /// Adds a key of type 0x01 or 0x06. From now on it signs beside those that are there: readers
    /// who know only the old ones go on reading while they learn the new one.
    ///
    /// # Errors
    ///
    /// [`LedgerError::Keys`]; [`LedgerError::File`], after which the writer is stopped.
    pub fn rotate_key(&mut self, kind: SignatureType) -> Result<VerifierKey, LedgerError> {
        let origin = &self.manifest.origin;
        let vkey = self.keys.rotate(&self.layout, origin, kind)?;
        self.unless_stopped(|writer| writer.keys.write(&writer.layout))?;
        Ok(vkey)
    }

    /// Stops signing with a key and forgets its secret.
    ///
    /// # Errors
    ///
    /// [`LedgerError::Keys`] for an unknown id, the last key, or while the newest or the served
    /// checkpoint has no signature of a key that stays; [`LedgerError::File`], after which the writer is stopped.
    pub fn retire_key(&mut self, id: u32) -> Result<(), LedgerError> {
        self.check_retire(id)?;
        self.keys.retire(id);
        self.unless_stopped(|writer| writer.keys.write(&writer.layout))
    }

    /// Whether a key can be retired, as far as this ledger can tell; gives the keys that stay.
    ///
    /// # Errors
    ///
    /// [`LedgerError::Keys`], as [`retire_key`](Self::retire_key).
    ///
    /// # Does not prove
    ///
    /// That readers and witnesses know a key that stays.
    pub fn check_retire(&self, id: u32) -> Result<Vec<VerifierKey>, LedgerError> {
        self.keys.check_retire(id).map_err(LedgerError::Keys)?;
        let staying = |key: &&VerifierKey| key.id() != id;
        let staying: Vec<_> = self.keys.verifiers().filter(staying).cloned().collect();
        // The served one as well: a newer one may wait for cosignatures for long, and what readers
        // fetch meanwhile must verify.
        for (note, _) in self.newest.iter().chain(&self.served) {
            if note.verify(&staying).is_err() {
                return Err(LedgerError::Keys(KeysError::NoOverlap));
            }
        }
        Ok(staying)
    }

    /// Number of events taken so far, acknowledged or not: the index of the next one.
    #[must_use]
    pub fn size(&self) -> u64 {
        self.sealed_events
            + self
                .open
                .as_ref()
                .map_or(0, |open| open.events.len() as u64)
    }

    /// Number of events that are durable: those before this index survive any crash.
    #[must_use]
    pub fn acknowledged(&self) -> u64 {
        self.sealed_events
            + self
                .open
                .as_ref()
                .map_or(0, |open| open.wal.durable() as u64)
    }

    /// Takes events in order. They are acknowledged by [`commit`](Self::commit).
    ///
    /// # Errors
    ///
    /// [`LedgerError::Closed`]; [`LedgerError::Contradicted`] while a witness's proof of another history
    /// is kept, as events in a branch that must be given up would be lost; [`LedgerError::Halted`],
    /// after which the writer is stopped.
    pub fn append(&mut self, events: &[Event]) -> Result<(), LedgerError> {
        if self.manifest.state == State::Closed && !self.stopped {
            return Err(LedgerError::Closed {
                path: self.layout.root().to_owned(),
            });
        }
        self.check_uncontradicted()?;
        self.unless_stopped(|writer| {
            let mut rest = events;
            while !rest.is_empty() {
                let taken = writer.open_segment()?.take(rest)?;
                rest = rest.get(taken..).unwrap_or_default();
                if writer.open.as_ref().is_some_and(OpenSegment::is_full) {
                    writer.seal_open()?;
                }
            }
            Ok(())
        })
    }

    /// Makes everything taken so far durable, and gives the number of events that now are.
    ///
    /// # Errors
    ///
    /// [`LedgerError::Halted`], after which the writer is stopped.
    pub fn commit(&mut self) -> Result<u64, LedgerError> {
        self.unless_stopped(|writer| {
            if let Some(open) = &mut writer.open {
                open.wal.commit()?;
            }
            Ok(writer.size())
        })
    }

    /// Waits until every full segment is sealed; gives the number of sealed segments.
    ///
    /// # Errors
    ///
    /// What sealing ran into; the writer is stopped then.
    pub fn wait(&mut self) -> Result<u64, LedgerError> {
        self.unless_stopped(|writer| Ok(writer.sealer()?.sums.len() as u64))
    }

    /// Commits, seals, writes tiles, signs, and serves the checkpoint over all events.
    ///
    /// # Errors
    ///
    /// [`LedgerError::Shrunk`], [`LedgerError::Forked`] instead of signing anything that is not an
    /// extension of the newest checkpoint; [`LedgerError::Moved`] if the served one is not the one
    /// that this writer knows; [`LedgerError::Halted`].
    pub fn publish(&mut self) -> Result<Published, LedgerError> {
        self.commit()?;
        self.unless_stopped(Self::publish_now)
    }

    /// As [`publish`](Self::publish), without serving it: that is for later, by
    /// [`serve`](Self::serve). Without new events this is the newest checkpoint again.
    ///
    /// # Errors
    ///
    /// As [`publish`](Self::publish).
    pub fn stage(&mut self) -> Result<Staged, LedgerError> {
        self.commit()?;
        self.unless_stopped(Self::stage_now)
    }

    /// Stores the newest checkpoint with the signatures that this note has, without serving it.
    ///
    /// # Errors
    ///
    /// [`LedgerError::Moved`], [`LedgerError::Checkpoint`] if it is another checkpoint;
    /// [`LedgerError::Halted`].
    pub fn store(&mut self, note: &Note) -> Result<(), LedgerError> {
        self.unless_stopped(|writer| writer.store_now(note).map(|_| ()))
    }

    /// Serves the newest checkpoint with the signatures that this note has: stores it, and replaces
    /// `checkpoint`.
    ///
    /// # Errors
    ///
    /// As [`store`](Self::store).
    pub fn serve(&mut self, note: &Note) -> Result<(), LedgerError> {
        self.unless_stopped(|writer| writer.serve_now(note))
    }

    /// Whether the served checkpoint is the newest one and covers all events.
    #[must_use]
    pub fn is_all_served(&self) -> bool {
        self.served_head()
            .is_some_and(|head| head.size == self.size())
            && self.pending().is_none()
    }

    /// Size of the newest checkpoint that was signed, if it is not served.
    #[must_use]
    pub fn pending(&self) -> Option<u64> {
        let newest = self.newest.as_ref().map(|(_, newest)| newest.head())?;
        (self.served_head() != Some(newest)).then_some(newest.size)
    }

    /// The head that `checkpoint` shows.
    pub(super) fn served_head(&self) -> Option<TreeHead> {
        self.served
            .as_ref()
            .map(|(_, checkpoint)| checkpoint.head())
    }

    /// The newest stored checkpoints, at most `count`, the newest first. Their signatures are not
    /// verified.
    ///
    /// # Errors
    ///
    /// [`LedgerError::File`], [`LedgerError::Checkpoint`].
    pub fn stored(&self, count: usize) -> Result<Vec<(Note, Checkpoint)>, LedgerError> {
        let sizes = recover::stored_sizes(&self.layout)?;
        let sizes = sizes.into_iter().rev().take(count);
        let read = |size| {
            let path = self.layout.checkpoint_of_size(size);
            read_checkpoint(&self.layout, &path, self.manifest.origin.as_str())
        };
        sizes.map(read).collect()
    }

    /// Ends the period: no more events, the tail sealed as a shorter segment, a last checkpoint,
    /// signed and served. Closing a closed ledger again changes nothing.
    ///
    /// # Errors
    ///
    /// As [`publish`](Self::publish).
    pub fn close(&mut self) -> Result<(Note, Checkpoint), LedgerError> {
        self.close_staged()?;
        self.unless_stopped(Self::publish_now)?;
        self.newest
            .clone()
            .ok_or_else(|| LedgerError::NoCheckpoint {
                path: self.layout.root().to_owned(),
            })
    }

    /// As [`close`](Self::close), without serving the last checkpoint.
    ///
    /// The state is written first, so that an interrupted closing goes on at the next opening.
    ///
    /// # Errors
    ///
    /// As [`publish`](Self::publish).
    pub fn close_staged(&mut self) -> Result<Staged, LedgerError> {
        self.commit()?;
        self.unless_stopped(|writer| {
            writer.sealer()?;
            if writer.manifest.state == State::Open {
                writer.manifest.state = State::Closed;
                writer.manifest.write(&writer.layout)?;
            }
            Ok(())
        })?;
        self.finish_closing()?;
        self.unless_stopped(Self::stage_now)
    }

    /// Seals the tail and signs, if that is still to be done.
    fn finish_closing(&mut self) -> Result<bool, LedgerError> {
        self.unless_stopped(|writer| {
            let tail = writer.open.take();
            let mut done = false;
            if let Some(mut open) = tail {
                open.wal.commit()?;
                let number = writer.sealer()?.sums.len() as u64;
                if open.events.is_empty() {
                    let layout = &writer.layout;
                    layout.disk().remove_durably(&layout.wal(number))?;
                } else {
                    writer.sealed_events += open.events.len() as u64;
                    writer.sealer()?.seal(&open.events)?;
                    done = true;
                }
            }
            let size = writer.size();
            // Opening such a ledger must go well, so that it can be looked at.
            if super::contradiction(&writer.layout).is_some() {
                return Ok(done);
            }
            if writer.newest.as_ref().map(|(_, newest)| newest.head().size) != Some(size) {
                writer.stage_now()?;
                done = true;
            }
            Ok(done)
        })
    }

    fn open_segment(&mut self) -> Result<&mut OpenSegment, LedgerError> {
        let number = self.sealed_events / SEGMENT_EVENTS;
        let open = match self.open.take() {
            Some(open) => open,
            None => OpenSegment {
                wal: WalWriter::create(self.layout.disk(), &self.layout.wal(number), number)?,
                events: Vec::with_capacity(FULL),
            },
        };
        Ok(self.open.insert(open))
    }

    /// Hands the full open segment to the sealing thread.
    fn seal_open(&mut self) -> Result<(), LedgerError> {
        self.sealer()?;
        let Some(mut open) = self.open.take() else {
            return Ok(());
        };
        open.wal.commit()?;
        self.sealed_events += open.events.len() as u64;
        match std::mem::replace(&mut self.sealing, Sealing::Failed) {
            Sealing::Idle(mut sealer) => {
                self.sealing = Sealing::Busy(std::thread::spawn(move || {
                    sealer.seal(&open.events)?;
                    Ok(sealer)
                }));
                Ok(())
            }
            _ => Err(LedgerError::Stopped),
        }
    }

    /// The sealer, once it is idle.
    pub(super) fn sealer(&mut self) -> Result<&mut Sealer, LedgerError> {
        self.sealing = match std::mem::replace(&mut self.sealing, Sealing::Failed) {
            // A panic on that thread was reported by it; the disk is as after a crash.
            Sealing::Busy(thread) => {
                Sealing::Idle(thread.join().map_err(|_| LedgerError::Stopped)??)
            }
            other => other,
        };
        match &mut self.sealing {
            Sealing::Idle(sealer) => Ok(sealer),
            _ => Err(LedgerError::Stopped),
        }
    }

    pub(super) fn unless_stopped<T>(
        &mut self,
        work: impl FnOnce(&mut Self) -> Result<T, LedgerError>,
    ) -> Result<T, LedgerError> {
        if self.stopped {
            return Err(LedgerError::Stopped);
        }
        let result = work(self);
        self.stopped = result.is_err();
        result.map_err(LedgerError::halting)
    }
}

impl Drop for LedgerWriter {
    /// Lets a segment that is being sealed be finished: the next opening has nothing to repair.
    fn drop(&mut self) {
        if let Sealing::Busy(thread) = std::mem::replace(&mut self.sealing, Sealing::Failed) {
            let _ = thread.join();
        }
        // Closing the file would leave the lock to a child process that is just being started.
        let _ = self.lock.unlock();
    }
}

impl OpenSegment {
    fn take(&mut self, events: &[Event]) -> Result<usize, LedgerError> {
        let taken = self.wal.append(events)?;
        self.events.extend(events.iter().take(taken));
        Ok(taken)
    }

    pub(super) fn is_full(&self) -> bool {
        self.events.len() == FULL
    }
}

fn lock(layout: &Layout) -> Result<File, LedgerError> {
    let path = layout.lock();
    let open = || File::options().write(true).open(&path);
    let file = match open() {
        // It is not part of a copy. Another process may make it right now.
        Err(error) if error.kind() == ErrorKind::NotFound => {
            match layout.disk().create(&path, Access::Secret) {
                Err(error) if error.kind() != ErrorKind::AlreadyExists => Err(error),
                _ => open(),
            }
        }
        other => other,
    };
    let file = file.map_err(FileError::at("open", &path))?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(TryLockError::WouldBlock) => Err(LedgerError::Locked {
            path: layout.root().to_owned(),
        }),
        Err(TryLockError::Error(error)) => Err(FileError::at("lock", &path)(error).into()),
    }
}
