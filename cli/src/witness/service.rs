//! The witness itself: requests in, answers out, one history of each log.

use std::collections::BTreeMap;
use std::fs::File;
use std::path::Path;
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError, RwLock};

use ledgerline::log::{
    AddCheckpoint, Checkpoint, CosigningKey, Note, NoteError, ProofError, Refusal, RequestError,
    SignSubtree, TreeHead, VerifierKey, WitnessedLog,
};

use super::dir::{WitnessDir, origin_hash};
use super::error::WitnessError;
use super::evidence::{Evidence, Kept};
use crate::ledger::durable::{Disk, RealDisk};

/// A running witness. Any number of threads may ask it at once.
#[derive(Debug)]
pub struct Witness {
    dir: WitnessDir,
    keys: Vec<CosigningKey>,
    verifiers: Vec<VerifierKey>,
    /// By origin.
    logs: RwLock<BTreeMap<String, Arc<Log>>>,
    /// By origin, also of logs that are not followed any more: one log never has two states.
    states: Mutex<BTreeMap<String, Arc<Mutex<State>>>>,
    halted: OnceLock<String>,
    /// Held until the witness is dropped.
    lock: File,
}

#[derive(Debug)]
struct Log {
    origin: String,
    keys: Vec<VerifierKey>,
    state: Arc<Mutex<State>>,
}

/// What was cosigned of a log. Locked from before a decision until it is durable.
#[derive(Debug, Default)]
struct State {
    newest: Option<(Note, Checkpoint)>,
    /// Whether this process wrote it. What was only read need not be on the disk: its writer may
    /// have ended before the fsync.
    durable: bool,
}

/// An answer to send.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Answer {
    /// HTTP status.
    pub status: u16,
    /// `Content-Type`.
    pub content_type: &'static str,
    /// Body, ended by a newline.
    pub body: String,
    /// One line about the decision.
    pub decision: String,
    /// What the operator must be told loudly, if anything.
    pub alarm: Option<String>,
}

const TEXT: &str = "text/plain; charset=utf-8";

/// Exactly this: clients compare it as a whole.
const SIZE: &str = "text/x.tlog.size";

impl Answer {
    fn text(status: u16, words: &str, decision: String) -> Self {
        Self {
            status,
            content_type: TEXT,
            body: format!("{words}\n"),
            decision,
            alarm: None,
        }
    }

    fn unknown(origin: &str) -> Self {
        let origin: String = origin.chars().take(200).collect();
        let decision = format!("origin={origin:?}: unknown log");
        Self::text(404, &Refusal::UnknownLog { origin }.to_string(), decision)
    }
}

impl Witness {
    /// Starts the witness in this directory.
    ///
    /// # Errors
    ///
    /// [`WitnessError::NotAWitness`]; [`WitnessError::Locked`] if another process runs it;
    /// [`WitnessError::Damaged`] for keys, a list or a state that are not as this program left them.
    pub fn open(path: &Path) -> Result<Self, WitnessError> {
        Self::open_on(path, Arc::new(RealDisk))
    }

    /// As [`open`](Self::open), on another disk.
    ///
    /// # Errors
    ///
    /// As [`open`](Self::open).
    pub fn open_on(path: &Path, disk: Arc<dyn Disk>) -> Result<Self, WitnessError> {
        let dir = WitnessDir::on(path, disk);
        let keys = dir.read_keys()?;
        let lock = dir.lock()?;
        dir.settle()?;
        let witness = Self {
            verifiers: keys.iter().map(|key| key.verifier().clone()).collect(),
            dir,
            keys,
            logs: RwLock::default(),
            states: Mutex::default(),
            halted: OnceLock::new(),
            lock,
        };
        witness.reload()?;
        Ok(witness)
    }

    /// Reads the list of logs again; gives their number. Requests go on meanwhile.
    ///
    /// # Errors
    ///
    /// As [`open`](Self::open); the logs are then followed as before.
    pub fn reload(&self) -> Result<usize, WitnessError> {
        let mut logs = BTreeMap::new();
        for (origin, keys) in self.dir.read_logs()?.by_origin() {
            // Read even if the state is known: that also says whether the keys fit to it.
            let stored = self.dir.read_state(&origin, &keys, &self.verifiers)?;
            let mut states = self.states.lock().map_err(|_| self.poisoned())?;
            let state = states.entry(origin.clone()).or_insert_with(|| {
                Arc::new(Mutex::new(State {
                    newest: stored,
                    durable: false,
                }))
            });
            let log = Log {
                origin: origin.clone(),
                keys,
                state: Arc::clone(state),
            };
            logs.insert(origin, Arc::new(log));
        }
        let count = logs.len();
        *self.logs.write().unwrap_or_else(PoisonError::into_inner) = logs;
        Ok(count)
    }

    /// The directory.
    #[must_use]
    pub fn dir(&self) -> &WitnessDir {
        &self.dir
    }

    /// The keys that verify what this witness cosigns.
    #[must_use]
    pub fn verifiers(&self) -> &[VerifierKey] {
        &self.verifiers
    }

    /// Origins of the logs that are followed.
    #[must_use]
    pub fn origins(&self) -> Vec<String> {
        let logs = self.logs.read().unwrap_or_else(PoisonError::into_inner);
        logs.keys().cloned().collect()
    }

    /// Why nothing is cosigned any more, if so.
    #[must_use]
    pub fn halted(&self) -> Option<WitnessError> {
        let why = self.halted.get()?.clone();
        Some(WitnessError::Halted { why })
    }

    /// Answers `add-checkpoint`; `now` is in seconds since the Unix epoch.
    ///
    /// Source: C2SP tlog-witness v1.0.0, "add-checkpoint".
    #[must_use]
    pub fn add_checkpoint(&self, body: &[u8], now: u64) -> Answer {
        let request = match AddCheckpoint::parse(body) {
            Err(error) => {
                return self.malformed(body, &error);
            }
            Ok(request) => request,
        };
        let origin = request.note.text().lines().next().unwrap_or_default();
        let asked = format!("origin={origin:?} old={}", request.old_size);
        // Decided before the signature, and before a lock is waited for.
        let Some(log) = self.log(origin) else {
            return Answer::unknown(origin);
        };
        let Ok(state) = log.state.lock() else {
            return self.stop("a decision was interrupted".to_owned());
        };
        if let Some(halted) = self.halted() {
            return Answer::text(503, &halted.to_string(), format!("{asked}: stopped"));
        }
        let decided = log.view(&state).decide(&request);
        match decided {
            Ok(checkpoint) => self.cosign(&log, state, &request, checkpoint, now),
            Err(refusal) => {
                let mut answer = match &refusal {
                    Refusal::Conflict { size } => Answer {
                        content_type: SIZE,
                        ..Answer::text(409, &size.to_string(), String::new())
                    },
                    other => Answer::text(other.status(), &other.to_string(), String::new()),
                };
                answer.decision = format!("{asked}: {refusal}");
                answer.alarm = self.keep_evidence(&log, &state, &request, &refusal);
                answer
            }
        }
    }

    /// Answers `sign-subtree`, for which only keys of type 0x06 are of use. Nothing is remembered: the
    /// checkpoint was when it was cosigned.
    ///
    /// Source: C2SP tlog-witness v1.0.0, "sign-subtree".
    #[must_use]
    pub fn sign_subtree(&self, body: &[u8]) -> Answer {
        let keys: Vec<_> = self
            .keys
            .iter()
            .filter(|key| key.cosigns_subtrees())
            .collect();
        if keys.is_empty() {
            let words = "expected add-checkpoint: this witness has no ML-DSA-44 key, which \
                         sign-subtree needs";
            return Answer::text(404, words, "no key for subtrees".to_owned());
        }
        let request = match SignSubtree::parse(body) {
            Err(error) => return self.malformed(body, &error),
            Ok(request) => request,
        };
        let origin = request.note.text().lines().next().unwrap_or_default();
        if self.log(origin).is_none() {
            return Answer::unknown(origin);
        }
        let decision = format!("origin={origin:?} subtree={}", request.subtree);
        if let Err(refusal) = request.decide(origin, &self.verifiers) {
            let words = refusal.to_string();
            return Answer::text(refusal.status(), &words, format!("{decision}: {words}"));
        }
        let (start, end) = (request.subtree.start(), request.subtree.end());
        let mut body = String::new();
        for key in keys {
            match key.cosign_subtree(origin, start, end, request.root) {
                Ok(line) => body.push_str(&format!("{line}\n")),
                Err(error) => {
                    let words = error.to_string();
                    return Answer::text(500, &words, format!("{decision}: {words}"));
                }
            }
        }
        Answer {
            status: 200,
            content_type: TEXT,
            body,
            decision: format!("{decision}: cosigned"),
            alarm: None,
        }
    }

    /// What cannot be read is refused for that, unless its log is unknown or it is a signature line.
    fn malformed(&self, body: &[u8], error: &RequestError) -> Answer {
        let mut words = error.to_string();
        if error.status() == 403 {
            words.insert_str(0, "invalid signature: ");
            let note = str::from_utf8(body).unwrap_or_default().split_once("\n\n");
            let origin = note.and_then(|(_, note)| note.lines().next());
            let origin = origin.unwrap_or_default();
            if self.log(origin).is_none() {
                return Answer::unknown(origin);
            }
        }
        Answer::text(error.status(), &words, format!("no request: {words:?}"))
    }

    fn log(&self, origin: &str) -> Option<Arc<Log>> {
        let logs = self.logs.read().unwrap_or_else(PoisonError::into_inner);
        logs.get(origin).cloned()
    }

    /// Answers a monitor that asks for the newest cosigned checkpoint of the log whose origin has
    /// this SHA-256.
    #[must_use]
    pub fn newest(&self, hash: &str) -> Answer {
        let newest = self.find(hash).and_then(|log| {
            let state = log.state.lock().ok()?;
            state.newest.as_ref().map(|(note, _)| note.to_string())
        });
        match newest {
            Some(body) => Answer {
                status: 200,
                content_type: TEXT,
                body,
                decision: String::new(),
                alarm: None,
            },
            None => Answer::text(
                404,
                "expected the SHA-256, in lower-case hex, of the origin of a log that this witness \
                 has cosigned, but found another",
                String::new(),
            ),
        }
    }

    fn find(&self, hash: &str) -> Option<Arc<Log>> {
        let logs = self.logs.read().unwrap_or_else(PoisonError::into_inner);
        let mut logs = logs.values();
        logs.find(|log| origin_hash(&log.origin) == hash).cloned()
    }

    /// Cosigns, and remembers durably, before it answers. The state stays locked meanwhile.
    fn cosign(
        &self,
        log: &Log,
        mut state: MutexGuard<'_, State>,
        request: &AddCheckpoint,
        checkpoint: Checkpoint,
        now: u64,
    ) -> Answer {
        let head = checkpoint.head();
        let decision = format!(
            "origin={:?} old={} size={} root={}",
            log.origin, request.old_size, head.size, head.root
        );
        let failed = |error: &dyn std::fmt::Display| {
            Answer::text(500, &error.to_string(), format!("{decision}: {error}"))
        };
        let mut body = String::new();
        let mut note = match log.signed_only(&request.note) {
            Err(error) => return failed(&error),
            Ok(note) => note,
        };
        for key in &self.keys {
            let line = match key.cosign(&checkpoint, now) {
                Err(error) => return failed(&error),
                Ok(line) => line,
            };
            body.push_str(&format!("{line}\n"));
            if let Err(error) = note.add(line) {
                return failed(&error);
            }
        }
        let is_stored = state.durable && state.newest.as_ref().is_some_and(|(n, _)| *n == note);
        if !is_stored {
            if let Err(error) = self.dir.write_state(&log.origin, &note) {
                return self.stop(error.to_string());
            }
            *state = State {
                newest: Some((note, checkpoint)),
                durable: true,
            };
        }
        Answer {
            status: 200,
            content_type: TEXT,
            body,
            decision: format!("{decision}: cosigned"),
            alarm: None,
        }
    }

    /// Keeps what a refused checkpoint shows about its log, whatever the refusal was for.
    fn keep_evidence(
        &self,
        log: &Log,
        state: &State,
        request: &AddCheckpoint,
        refusal: &Refusal,
    ) -> Option<String> {
        let (known, _) = state.newest.as_ref()?;
        let checkpoint = Checkpoint::open(&request.note, &log.origin, &log.keys).ok()?;
        let head = checkpoint.head();
        let is_fork = log.view(state).is_fork(head);
        // A proof of another length says nothing about the log.
        let is_unproven = matches!(refusal, Refusal::Proof(ProofError::RootMismatch { .. }));
        if !is_fork && !is_unproven {
            return None;
        }
        let shown = log.signed_only(&request.note).ok()?;
        let kept = self.dir.keep(&Evidence {
            origin: &log.origin,
            known,
            shown: &shown,
            head,
            proof: (!is_fork).then_some(&*request.proof),
        });
        report(&log.origin, is_fork, head, known, &shown, kept)
    }

    fn stop(&self, why: String) -> Answer {
        let why = self.halted.get_or_init(|| why);
        let error = WitnessError::Halted { why: why.clone() };
        Answer {
            alarm: Some(error.to_string()),
            ..Answer::text(503, &error.to_string(), "stopped".to_owned())
        }
    }

    fn poisoned(&self) -> WitnessError {
        let why = self.halted.get_or_init(|| "a thread ended".to_owned());
        WitnessError::Halted { why: why.clone() }
    }
}

impl Drop for Witness {
    fn drop(&mut self) {
        // Closing the file would leave the lock to a child process that is just being started.
        let _ = self.lock.unlock();
    }
}

impl Log {
    fn view<'a>(&'a self, state: &State) -> WitnessedLog<'a> {
        WitnessedLog {
            origin: &self.origin,
            keys: &self.keys,
            newest: state.newest.as_ref().map(|(_, newest)| newest.head()),
        }
    }

    /// The note with the signature lines of the log's known keys and no others.
    fn signed_only(&self, note: &Note) -> Result<Note, NoteError> {
        let mut text = format!("{}\n", note.text());
        for line in note.signatures() {
            let is_by = |key: &VerifierKey| (key.name(), key.id()) == (line.name(), line.id());
            if self.keys.iter().any(is_by) {
                text.push_str(&format!("{line}\n"));
            }
        }
        Note::parse(text.as_bytes())
    }
}

/// What to tell the operator. A fork is always told; what is unproven only the first time.
fn report(
    origin: &str,
    is_fork: bool,
    head: TreeHead,
    known: &Note,
    shown: &Note,
    kept: Result<Kept, crate::ledger::durable::FileError>,
) -> Option<String> {
    let what = if is_fork {
        format!(
            "FORK: the log {origin:?} has signed two trees of size {}; it is no append-only log any \
             more",
            head.size
        )
    } else {
        format!(
            "the log {origin:?} has signed a tree of size {}, and the proof sent with it does not \
             lead there from what was cosigned",
            head.size
        )
    };
    let place = match kept {
        Ok(Kept::Known(_) | Kept::Enough) if !is_fork => return None,
        Ok(Kept::New(place)) => format!("both signed notes are in {}", place.display()),
        Ok(Kept::Known(place)) => format!("both signed notes lie in {}", place.display()),
        Ok(Kept::Enough) => "there is enough evidence of this log, so it was not kept".to_owned(),
        // They must not be lost.
        Err(error) => format!("{error}; the known note:\n{known}\nthe one shown:\n{shown}"),
    };
    Some(format!("{what}; {place}"))
}
