//! Collecting cosignatures: asks witnesses, all at once, to cosign a checkpoint.
//!
//! *In:* a signed checkpoint and its tree. *Out:* verified cosignature lines, and what each witness
//! said. *Does not know:* which of them are enough.
//!
//! Source: C2SP tlog-witness v1.0.0, "add-checkpoint".

mod ask;

use std::fmt;
use std::time::{Duration, Instant};

use ledgerline::log::{Checkpoint, Note, NoteSignature, VerifierKey};

use crate::ledger::{LedgerError, LogTree};

/// A witness to ask.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Target {
    /// What messages call it.
    pub name: String,
    /// Its submission prefix.
    pub url: String,
    /// The keys whose cosignatures are wanted from it; at least one.
    pub keys: Vec<VerifierKey>,
}

/// What to have cosigned.
#[derive(Clone, Copy, Debug)]
pub struct Asked<'a> {
    /// The checkpoint, with its log's signatures and no others: some witnesses take small requests
    /// only.
    pub note: &'a Note,
    /// The checkpoint.
    pub checkpoint: &'a Checkpoint,
    /// All keys that ever signed for the log.
    pub log: &'a [VerifierKey],
    /// Its tree.
    pub tree: &'a LogTree,
    /// Checkpoints of the same log, the newest first: those that a witness has cosigned tell where it
    /// stands.
    pub earlier: &'a [(Note, Checkpoint)],
}

/// What a witness said.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Reply {
    /// These cosignatures, each verified, one of each key.
    Cosigned(Vec<NoteSignature>),
    /// Nothing that is of use; another time perhaps.
    Failed(String),
    /// It shows a checkpoint that this log's key signed and that this log does not have: this ledger
    /// is an old copy, or the log forked.
    Contradicts(Contradiction),
}

/// A checkpoint of this log that this ledger does not have.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Contradiction {
    /// What differs.
    pub why: String,
    /// That checkpoint, verified under a key of the log and one of the witness.
    pub proof: Box<Note>,
}

/// The log as it is here, perhaps not yet signed.
#[derive(Clone, Copy, Debug)]
pub struct Log<'a> {
    /// Its origin.
    pub origin: &'a str,
    /// All keys that ever signed for it.
    pub keys: &'a [VerifierKey],
    /// Its tree.
    pub tree: &'a LogTree,
}

/// How what a witness has cosigned compares with the log as it is here.
#[derive(Clone, Debug)]
pub enum Look {
    /// Its newest checkpoint is of this log, and of this size.
    Agrees(u64),
    /// It shows none that can be verified.
    Silent(String),
    /// It shows one that this ledger does not have.
    Contradicts(Contradiction),
}

impl fmt::Display for Reply {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Reply::Cosigned(_) => f.write_str("cosigned"),
            Reply::Failed(why) => f.write_str(why),
            Reply::Contradicts(found) => write!(f, "CONTRADICTS: {}", found.why),
        }
    }
}

/// Asks all targets at once; each has until `timeout` from now. Gives their replies in the order of
/// the targets.
///
/// # Errors
///
/// [`LedgerError`] if a proof cannot be made from the ledger.
///
/// # Does not prove
///
/// That witnesses who cosigned have shown nobody another history, or that they are different people.
pub fn collect(
    asked: Asked<'_>,
    targets: &[Target],
    timeout: Duration,
) -> Result<Vec<Reply>, LedgerError> {
    let failed = || Ok(Reply::Failed("asking it failed".to_owned()));
    at_once(
        targets,
        timeout,
        |target, deadline| ask::ask(asked, target, deadline),
        failed,
    )
}

/// Compares the newest checkpoint of each target with the log, at once, without sending anything
/// about the log to them; each has until `timeout` from now. Gives what was found in their order.
///
/// Who looks before signing does not sign what would convict the log.
///
/// # Errors
///
/// [`LedgerError`] if a root cannot be had from the ledger.
///
/// # Does not prove
///
/// That no witness has cosigned another history: one that is silent may have.
pub fn look(log: Log<'_>, targets: &[Target], timeout: Duration) -> Result<Vec<Look>, LedgerError> {
    let failed = || Ok(Look::Silent("looking at it failed".to_owned()));
    at_once(
        targets,
        timeout,
        |target, deadline| ask::look(log, target, deadline),
        failed,
    )
}

fn at_once<T: Send>(
    targets: &[Target],
    timeout: Duration,
    work: impl Fn(&Target, Instant) -> Result<T, LedgerError> + Copy + Send,
    failed: impl Fn() -> Result<T, LedgerError>,
) -> Result<Vec<T>, LedgerError> {
    let deadline = Instant::now() + timeout;
    std::thread::scope(|scope| {
        let threads: Vec<_> = targets
            .iter()
            .map(|target| scope.spawn(move || work(target, deadline)))
            .collect();
        threads
            .into_iter()
            .map(|thread| thread.join().unwrap_or_else(|_| failed()))
            .collect()
    })
}
