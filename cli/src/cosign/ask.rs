//! One witness, asked until it cosigns, refuses, or the time is over.

use std::time::{Duration, Instant};

use ledgerline::log::{AddCheckpoint, Checkpoint, Note, NoteSignature, TreeHead, VerifierKey};
use ledgerline::wire::{decimal, hex};

use super::{Asked, Contradiction, Log, Look, Reply, Target};
use crate::ledger::{LedgerError, sha256};

/// How often a witness may say that it stands elsewhere.
const MAX_TRIES: usize = 3;

/// Largest answer: a few lines, each of at most 5 kB.
const MAX_ANSWER_BYTES: u64 = 64 << 10;

const USER_AGENT: &str = concat!("ledgerline/", env!("CARGO_PKG_VERSION"));

/// An HTTP answer.
struct Answer {
    status: u16,
    body: Vec<u8>,
}

fn agent() -> ureq::Agent {
    ureq::Agent::config_builder()
        // Every status is an answer. One that redirects is a refusal: POST would become GET.
        .http_status_as_error(false)
        .max_redirects(0)
        .max_redirects_will_error(false)
        .user_agent(USER_AGENT)
        .build()
        .into()
}

pub(super) fn ask(
    asked: Asked<'_>,
    target: &Target,
    deadline: Instant,
) -> Result<Reply, LedgerError> {
    let agent = agent();
    let url = format!("{}/add-checkpoint", target.url.trim_end_matches('/'));
    let head = asked.checkpoint.head();
    let mut old_size = last_cosigned(asked, &target.keys);
    for _ in 0..MAX_TRIES {
        let request = AddCheckpoint {
            old_size,
            proof: asked.tree.prove_consistency(old_size)?,
            note: asked.note.clone(),
        };
        let answer = match post(&agent, &url, &request.to_string(), deadline) {
            Err(why) => return Ok(Reply::Failed(why)),
            Ok(answer) => answer,
        };
        match answer.status {
            200 => return Ok(cosignatures(&answer.body, asked.note, &target.keys)),
            409 => match size(&answer.body) {
                Some(size) if size > head.size => {
                    let claim = format!(
                        "it claims to have cosigned this log at size {size}, but found only {} \
                         events here",
                        head.size
                    );
                    return unproven(&agent, asked, target, deadline, claim);
                }
                Some(size) if size != old_size => old_size = size,
                _ => {
                    let said = excerpt(&answer.body);
                    return Ok(Reply::Failed(format!(
                        "expected the size of its newest checkpoint with status 409, but found \
                         {said:?} when asked with {old_size}"
                    )));
                }
            },
            422 => {
                let claim = format!(
                    "expected it to take the proof from size {old_size} to {}, but found 422: {}",
                    head.size,
                    excerpt(&answer.body)
                );
                return unproven(&agent, asked, target, deadline, claim);
            }
            status => {
                return Ok(Reply::Failed(format!(
                    "expected status 200, but found {status}: {}",
                    excerpt(&answer.body)
                )));
            }
        }
    }
    Ok(Reply::Failed(format!(
        "expected one size of its newest checkpoint, but found another each of {MAX_TRIES} times; \
         does somebody else send checkpoints of this log?"
    )))
}

/// A witness claims to know another history. An answer to `add-checkpoint` is signed by nobody, so it
/// counts only with the checkpoint that the witness gives its monitors: signed by the log, cosigned
/// by the witness, and not of this log.
///
/// Source: C2SP tlog-witness v1.0.0, "Monitor Retrieval Mechanism".
fn unproven(
    agent: &ureq::Agent,
    asked: Asked<'_>,
    target: &Target,
    deadline: Instant,
    claim: String,
) -> Result<Reply, LedgerError> {
    let log = Log {
        origin: asked.checkpoint.origin(),
        keys: asked.log,
        tree: asked.tree,
    };
    Ok(match look_by(agent, log, target, deadline)? {
        Look::Contradicts(found) => Reply::Contradicts(found),
        Look::Silent(why) => Reply::Failed(format!("{claim}; without proof: {why}")),
        Look::Agrees(known) => Reply::Failed(format!(
            "{claim}; without proof: its newest checkpoint, of size {known}, is of this log"
        )),
    })
}

/// Compares the checkpoint that a witness shows to its monitors with this log.
pub(super) fn look(log: Log<'_>, target: &Target, deadline: Instant) -> Result<Look, LedgerError> {
    look_by(&agent(), log, target, deadline)
}

fn look_by(
    agent: &ureq::Agent,
    log: Log<'_>,
    target: &Target,
    deadline: Instant,
) -> Result<Look, LedgerError> {
    let (proof, known) = match newest(agent, log, target, deadline) {
        Err(why) => return Ok(Look::Silent(why)),
        Ok(newest) => newest,
    };
    let head = log.tree.head();
    let why = if known.size > head.size {
        format!(
            "it has cosigned a checkpoint of this log of size {}, but found only {} events here: \
             this ledger is an older copy of what was published",
            known.size, head.size
        )
    } else if log.tree.root_before(known.size)? != known.root {
        format!(
            "it has cosigned a checkpoint of this log of size {} with the root {}, which the first \
             events of this ledger have not: the log has two histories",
            known.size, known.root
        )
    } else {
        return Ok(Look::Agrees(known.size));
    };
    let proof = Box::new(proof);
    Ok(Look::Contradicts(Contradiction { why, proof }))
}

/// The checkpoint that the witness shows to monitors, if the log signed it and the witness cosigned
/// it.
fn newest(
    agent: &ureq::Agent,
    log: Log<'_>,
    target: &Target,
    deadline: Instant,
) -> Result<(Note, TreeHead), String> {
    let origin = log.origin;
    let prefix = target.url.trim_end_matches('/');
    let url = format!("{prefix}/{}/checkpoint", hex(&sha256(origin.as_bytes())));
    let answer = get(agent, &url, deadline)?;
    if answer.status != 200 {
        return Err(format!(
            "expected its newest checkpoint at {url}, but found status {}",
            answer.status
        ));
    }
    let wrong = |error: &dyn std::fmt::Display| {
        format!("expected a checkpoint of this log, cosigned by it, at {url}: {error}")
    };
    let note = Note::parse(&answer.body).map_err(|error| wrong(&error))?;
    let checkpoint = Checkpoint::open(&note, origin, log.keys).map_err(|error| wrong(&error))?;
    note.verify(&target.keys).map_err(|error| wrong(&error))?;
    Ok((note, checkpoint.head()))
}

/// Size of the newest earlier checkpoint that one of these keys has cosigned; 0 if there is none.
fn last_cosigned(asked: Asked<'_>, keys: &[VerifierKey]) -> u64 {
    let cosigned = |note: &Note| {
        let mut keys = keys.iter();
        keys.any(|key| note.verify(std::slice::from_ref(key)).is_ok())
    };
    let mut earlier = asked.earlier.iter();
    earlier
        .find(|(note, checkpoint)| {
            checkpoint.head().size <= asked.tree.head().size && cosigned(note)
        })
        .map_or(0, |(_, checkpoint)| checkpoint.head().size)
}

fn post(agent: &ureq::Agent, url: &str, body: &str, deadline: Instant) -> Result<Answer, String> {
    let left = left(deadline)?;
    let request = agent.post(url).config().timeout_global(Some(left)).build();
    let sent = request
        .header("Content-Type", "text/plain; charset=utf-8")
        .send(body);
    answer(sent, left)
}

fn get(agent: &ureq::Agent, url: &str, deadline: Instant) -> Result<Answer, String> {
    let left = left(deadline)?;
    let request = agent.get(url).config().timeout_global(Some(left)).build();
    answer(request.call(), left)
}

fn left(deadline: Instant) -> Result<Duration, String> {
    let left = deadline.saturating_duration_since(Instant::now());
    if left.is_zero() {
        return Err("no answer in time".to_owned());
    }
    Ok(left)
}

fn answer(
    sent: Result<ureq::http::Response<ureq::Body>, ureq::Error>,
    left: Duration,
) -> Result<Answer, String> {
    let mut response = sent.map_err(|error| words(&error, left))?;
    let status = response.status().as_u16();
    let limited = response.body_mut().with_config().limit(MAX_ANSWER_BYTES);
    let body = limited.read_to_vec().map_err(|error| words(&error, left))?;
    Ok(Answer { status, body })
}

fn words(error: &ureq::Error, left: Duration) -> String {
    match error {
        ureq::Error::Timeout(_) => format!("no answer within {} ms", left.as_millis()),
        other => format!("no answer: {}", clean(&other.to_string())),
    }
}

/// The lines that verify, one of each key. What nobody vouches for never gets into a note.
fn cosignatures(body: &[u8], note: &Note, keys: &[VerifierKey]) -> Reply {
    let text = String::from_utf8_lossy(body);
    let mut lines: Vec<NoteSignature> = Vec::new();
    for line in text.lines().take(64) {
        let Ok(line) = NoteSignature::parse(line) else {
            continue;
        };
        let is_verified = |key: &&VerifierKey| {
            // The log's own line stays in it, and counts for nothing: only `key` is known.
            let mut with_it = note.clone();
            let is_added = with_it.add(line.clone()).is_ok();
            is_added
                && key.cosigned_at(&line).is_some()
                && with_it.verify(std::slice::from_ref(*key)).is_ok()
        };
        let is_new = |other: &NoteSignature| (other.name(), other.id()) != (line.name(), line.id());
        if keys.iter().any(|key| is_verified(&key)) && lines.iter().all(is_new) {
            lines.push(line);
        }
    }
    if lines.is_empty() {
        return Reply::Failed(format!(
            "expected a cosignature of this checkpoint by {}, but found {:?}",
            names(keys),
            excerpt(body)
        ));
    }
    Reply::Cosigned(lines)
}

fn names(keys: &[VerifierKey]) -> String {
    let names = keys
        .iter()
        .map(|key| format!("{} (key id {:08x})", key.name(), key.id()));
    names.collect::<Vec<_>>().join(" or ")
}

/// The body of status 409.
fn size(body: &[u8]) -> Option<u64> {
    decimal(str::from_utf8(body).ok()?.trim_end())
}

/// The beginning of what a stranger sent, for messages.
fn excerpt(body: &[u8]) -> String {
    let text = String::from_utf8_lossy(body.get(..400).unwrap_or(body)).into_owned();
    clean(text.trim_end())
}

fn clean(text: &str) -> String {
    let plain = text.chars().map(|c| if c.is_control() { ' ' } else { c });
    plain.take(200).collect()
}
