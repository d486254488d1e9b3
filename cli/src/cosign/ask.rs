//! One witness, asked until it cosigns, refuses, or the time is over.

use std::time::{Duration, Instant};

use ledgerline::log::{AddCheckpoint, Note, NoteSignature, TreeHead, VerifierKey};

use super::{Asked, Reply, Target};
use crate::ledger::LedgerError;

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

pub(super) fn ask(
    asked: Asked<'_>,
    target: &Target,
    deadline: Instant,
) -> Result<Reply, LedgerError> {
    let agent: ureq::Agent = ureq::Agent::config_builder()
        // Every status is an answer. One that redirects is a refusal: POST would become GET.
        .http_status_as_error(false)
        .max_redirects(0)
        .max_redirects_will_error(false)
        .user_agent(USER_AGENT)
        .build()
        .into();
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
                Some(size) if size > head.size => return Ok(behind(size, head)),
                Some(size) if size != old_size => old_size = size,
                _ => {
                    let said = excerpt(&answer.body);
                    return Ok(Reply::Failed(format!(
                        "expected the size of its newest checkpoint with status 409, but found \
                         {said:?} when asked with {old_size}"
                    )));
                }
            },
            // It named this size itself, now or by a cosignature, and the proof from there is right.
            422 if old_size > 0 => return Ok(forked(old_size, head, &answer.body)),
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

fn behind(size: u64, head: TreeHead) -> Reply {
    Reply::Contradicts(format!(
        "it has cosigned this log at size {size}, but found only {} events here: this ledger is an \
         older copy of what was published. Put the newest copy back; sign nothing with this one",
        head.size
    ))
}

fn forked(old_size: u64, head: TreeHead, body: &[u8]) -> Reply {
    Reply::Contradicts(format!(
        "expected it to take the proof from size {old_size} to {}, but found a refusal ({}): what \
         it has cosigned is not the beginning of this ledger. Put the newest copy back; sign \
         nothing with this one",
        head.size,
        excerpt(body)
    ))
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
    let left = deadline.saturating_duration_since(Instant::now());
    if left.is_zero() {
        return Err("no answer in time".to_owned());
    }
    let sent = agent
        .post(url)
        .config()
        .timeout_global(Some(left))
        .build()
        .header("Content-Type", "text/plain; charset=utf-8")
        .send(body);
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
    let text = str::from_utf8(body).ok()?.trim_end();
    text.parse()
        .ok()
        .filter(|size: &u64| size.to_string() == text)
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
