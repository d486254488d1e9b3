//! The witness itself: requests in, answers out, one history of each log.

use std::collections::BTreeMap;
use std::fs::File;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError, RwLock};

use ledgerline::log::{
    AddCheckpoint, Checkpoint, CosigningKey, Note, ProofError, Refusal, RequestError, SignSubtree,
    TreeHead, VerifierKey, WitnessedLog,
};

use super::alarms::Alarms;
use super::dir::{WitnessDir, origin_hash};
use super::error::WitnessError;
use super::evidence::{Evidence, MAX_PIECES};
use super::known::Known;
use crate::ledger::durable::{Disk, FileError, RealDisk};

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
    /// What `known` holds.
    known: Mutex<Known>,
    halted: OnceLock<String>,
    /// Held until the witness is dropped.
    lock: File,
}

#[derive(Debug)]
struct Log {
    origin: String,
    keys: Vec<VerifierKey>,
    state: Arc<Mutex<State>>,
    /// Why nothing of it is cosigned, if so.
    left_out: Option<String>,
}

/// What a witness follows.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Following {
    /// Number of logs whose checkpoints are taken.
    pub logs: usize,
    /// Of these, how many this witness never cosigned.
    pub never_cosigned: usize,
    /// Logs that are left out until their files are mended, a line about each.
    pub left_out: Vec<String>,
}

/// What was cosigned of a log. Locked from before a decision until it is durable.
#[derive(Debug, Default)]
struct State {
    newest: Option<(Note, Checkpoint)>,
    /// Whether this process wrote it. What was only read need not be on the disk: its writer may
    /// have ended before the fsync.
    durable: bool,
    /// About two trees of one size.
    forks: Alarms,
    /// About checkpoints with a proof that fails.
    unproven: Alarms,
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

    /// Cosignature lines.
    fn cosigned(body: String, decision: &str) -> Self {
        Self {
            status: 200,
            content_type: TEXT,
            body,
            decision: format!("{decision}: cosigned"),
            alarm: None,
        }
    }

    /// Nothing is cosigned for now. Why is the operator's business: strangers get no path of a file.
    fn stopped(decision: String) -> Self {
        let words = "this witness has stopped, and its operator was told: nothing is cosigned until \
                     it is started again";
        Self::text(503, words, decision)
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
        let verifiers: Vec<_> = keys.iter().map(|key| key.verifier().clone()).collect();
        let lock = dir.lock()?;
        let known = dir.settle(&verifiers)?;
        let witness = Self {
            verifiers,
            dir,
            keys,
            logs: RwLock::default(),
            states: Mutex::default(),
            known: Mutex::new(known),
            halted: OnceLock::new(),
            lock,
        };
        let mut problems = witness.read_logs()?;
        let following = witness.following();
        if following.logs == 0 && !problems.is_empty() {
            return Err(problems.remove(0));
        }
        Ok(witness)
    }

    /// Reads the list of logs again. Requests go on meanwhile. A log whose state is damaged is left
    /// out, and the others are followed.
    ///
    /// # Errors
    ///
    /// [`WitnessError::Damaged`] for the list; the logs are then followed as before.
    pub fn reload(&self) -> Result<Following, WitnessError> {
        self.read_logs()?;
        Ok(self.following())
    }

    /// Follows the list of logs; gives what is wrong with those that are left out.
    fn read_logs(&self) -> Result<Vec<WitnessError>, WitnessError> {
        let (mut logs, mut problems) = (BTreeMap::new(), Vec::new());
        for (origin, keys) in self.dir.read_logs()?.by_origin() {
            // Before the state is read: it is written before this is.
            let is_known = self.is_known(&origin)?;
            // Read even if the state is known: that also says whether the keys fit to it.
            let stored = self
                .dir
                .read_state(&origin, is_known, &keys, &self.verifiers);
            let (stored, left_out) = match stored {
                Ok(stored) => (Some(stored), None),
                Err(error) => {
                    let why = error.to_string();
                    problems.push(error);
                    (None, Some(why))
                }
            };
            let state = match stored {
                Some(newest) => self.state(&origin, newest)?,
                None => Arc::default(),
            };
            let log = Log {
                origin: origin.clone(),
                keys,
                state,
                left_out,
            };
            logs.insert(origin, Arc::new(log));
        }
        *self.logs.write().unwrap_or_else(PoisonError::into_inner) = logs;
        Ok(problems)
    }

    /// The one state of a log, which begins with what was stored.
    fn state(
        &self,
        origin: &str,
        newest: Option<(Note, Checkpoint)>,
    ) -> Result<Arc<Mutex<State>>, WitnessError> {
        let mut states = self.states.lock().map_err(|_| self.poisoned())?;
        let state = states.entry(origin.to_owned()).or_insert_with(|| {
            Arc::new(Mutex::new(State {
                newest,
                ..State::default()
            }))
        });
        Ok(Arc::clone(state))
    }

    fn is_known(&self, origin: &str) -> Result<bool, WitnessError> {
        let known = self.known.lock().map_err(|_| self.poisoned())?;
        Ok(known.contains(&origin_hash(origin)))
    }

    /// What is followed now. A decision that is being written is waited for.
    #[must_use]
    pub fn following(&self) -> Following {
        let mut following = Following::default();
        for log in self.logs() {
            if let Some(why) = &log.left_out {
                let line = format!("the log {:?} is left out: {why}", log.origin);
                following.left_out.push(line);
                continue;
            }
            following.logs += 1;
            let state = log.state.lock().unwrap_or_else(PoisonError::into_inner);
            following.never_cosigned += usize::from(state.newest.is_none());
        }
        following
    }

    fn logs(&self) -> Vec<Arc<Log>> {
        let logs = self.logs.read().unwrap_or_else(PoisonError::into_inner);
        logs.values().cloned().collect()
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

    /// Origins of the logs whose checkpoints are taken.
    #[must_use]
    pub fn origins(&self) -> Vec<String> {
        let logs = self.logs().into_iter();
        let taken = logs.filter(|log| log.left_out.is_none());
        taken.map(|log| log.origin.clone()).collect()
    }

    /// What the operator was to be told and that was held back, as the same had been told shortly
    /// before; all of it at the end of time. `now` is in seconds since the Unix epoch.
    #[must_use]
    pub fn overdue_alarms(&self, now: u64) -> Vec<String> {
        let mut told = Vec::new();
        for log in self.logs() {
            let mut state = log.state.lock().unwrap_or_else(PoisonError::into_inner);
            told.extend(state.forks.overdue(now));
            told.extend(state.unproven.overdue(now));
        }
        told
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
        let mut asked = format!("origin={origin:?} old={}", request.old_size);
        // Decided before the signature, and before a lock is waited for.
        let log = match self.log(origin) {
            Ok(log) => log,
            Err(answer) => return answer,
        };
        // Whatever becomes of it: of a head that the log signed a trace is left.
        let shown = Checkpoint::open(&request.note, &log.origin, &log.keys);
        if let Ok(TreeHead { size, root }) = shown.map(|shown| shown.head()) {
            asked += &format!(" size={size} root={root}");
        }
        let Ok(mut state) = log.state.lock() else {
            return self.stop("a decision was interrupted".to_owned());
        };
        if self.halted.get().is_some() {
            return Answer::stopped(format!("{asked}: stopped"));
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
                answer.alarm = self.keep_evidence(&log, &mut state, &request, &refusal, now);
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
        if let Err(answer) = self.log(origin) {
            return answer;
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
        Answer::cosigned(body, &decision)
    }

    /// What cannot be read is refused for that, unless its log is unknown or it is a signature line.
    fn malformed(&self, body: &[u8], error: &RequestError) -> Answer {
        let mut words = error.to_string();
        if error.status() == 403 {
            words.insert_str(0, "invalid signature: ");
            let note = str::from_utf8(body).unwrap_or_default().split_once("\n\n");
            let origin = note.and_then(|(_, note)| note.lines().next());
            let origin = origin.unwrap_or_default();
            if let Err(answer) = self.log(origin) {
                return answer;
            }
        }
        Answer::text(error.status(), &words, format!("no request: {words:?}"))
    }

    /// The log with this origin, or the answer where nothing is cosigned of it.
    fn log(&self, origin: &str) -> Result<Arc<Log>, Answer> {
        let logs = self.logs.read().unwrap_or_else(PoisonError::into_inner);
        let log = logs.get(origin).ok_or_else(|| Answer::unknown(origin))?;
        log.taken()?;
        Ok(Arc::clone(log))
    }

    /// Answers a monitor that asks for the newest cosigned checkpoint of the log whose origin has
    /// this SHA-256.
    #[must_use]
    pub fn newest(&self, hash: &str) -> Answer {
        let log = self.find(hash);
        if let Some(Err(answer)) = log.as_ref().map(|log| log.taken()) {
            return answer;
        }
        let newest = log.and_then(|log| {
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
        let mut note = match request.note.only_by(&log.keys) {
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
            state.newest = Some((note, checkpoint));
            state.durable = true;
            if let Err(error) = self.remember(&log.origin) {
                return self.stop(error.to_string());
            }
        }
        Answer {
            alarm: self.drop_unproven(&log.origin, head),
            ..Answer::cosigned(body, &decision)
        }
    }

    /// Makes the log known, after its state and before an answer.
    fn remember(&self, origin: &str) -> Result<(), WitnessError> {
        let mut known = self.known.lock().map_err(|_| self.poisoned())?;
        if known.insert(origin_hash(origin)) {
            self.dir.write_known(&known)?;
        }
        Ok(())
    }

    /// Drops what speaks against a head that is cosigned now; gives what the operator must be told.
    fn drop_unproven(&self, origin: &str, head: TreeHead) -> Option<String> {
        let error = self.dir.drop_unproven(origin, head).err()?;
        Some(format!(
            "evidence against the log {origin:?} at size {}, which is cosigned by now, cannot be \
             dropped: {error}",
            head.size
        ))
    }

    /// Keeps what a refused checkpoint shows about its log, whatever the refusal was for.
    fn keep_evidence(
        &self,
        log: &Log,
        state: &mut State,
        request: &AddCheckpoint,
        refusal: &Refusal,
        now: u64,
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
        let shown = request.note.only_by(&log.keys).ok()?;
        let kept = self.dir.keep(&Evidence {
            origin: &log.origin,
            known,
            shown: &shown,
            head,
            proof: (!is_fork).then_some(&*request.proof),
        });
        let line = report(&log.origin, is_fork, head, known, &shown, kept);
        let alarms = if is_fork {
            &mut state.forks
        } else {
            &mut state.unproven
        };
        alarms.tell(now, head, line)
    }

    fn stop(&self, why: String) -> Answer {
        let why = self.halted.get_or_init(|| why);
        let error = WitnessError::Halted { why: why.clone() };
        Answer {
            alarm: Some(error.to_string()),
            ..Answer::stopped("stopped".to_owned())
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

    /// What is answered where nothing is cosigned of this log.
    fn taken(&self) -> Result<(), Answer> {
        let Some(why) = &self.left_out else {
            return Ok(());
        };
        let words = "this witness takes nothing of this log for now, and its operator was told";
        let decision = format!("origin={:?}: left out: {why}", self.origin);
        Err(Answer::text(503, words, decision))
    }
}

/// What to tell the operator.
fn report(
    origin: &str,
    is_fork: bool,
    head: TreeHead,
    known: &Note,
    shown: &Note,
    kept: Result<Option<PathBuf>, FileError>,
) -> String {
    let TreeHead { size, root } = head;
    let what = if is_fork {
        format!(
            "FORK: the log {origin:?} has signed two trees of size {size}, one of them with the root \
             {root}; it is no append-only log any more"
        )
    } else {
        format!(
            "the log {origin:?} has signed a tree of size {size} with the root {root}, and the proof \
             sent with it does not lead there from what was cosigned"
        )
    };
    match kept {
        Ok(Some(place)) => {
            let place = place.display();
            format!("{what}; both signed notes are kept: {place}.known and {place}.shown")
        }
        // They must not be lost.
        Ok(None) => format!(
            "{what}; NOT KEPT, as there are {MAX_PIECES} pieces of evidence of this kind: the log signs \
             heads to hide others; move its evidence to a safe place; the known note:\n{known}\nthe \
             one shown:\n{shown}"
        ),
        Err(error) => format!("{what}; {error}; the known note:\n{known}\nthe one shown:\n{shown}"),
    }
}
