//! Arguments about witnesses, and publishing with their cosignatures.

use std::path::PathBuf;
use std::time::Duration;

use clap::ValueEnum;
use ledgerline::log::{Note, Policy, VerifierKey};
use serde_json::{Value, json};

use super::trust::read_policy;
use crate::cosign::{Asked, Reply, Target, collect};
use crate::error::{Error, Outcome};
use crate::ledger::{LedgerError, LedgerWriter, Staged};
use crate::ui::Ui;

/// Arguments of commands that publish a checkpoint.
#[derive(Clone, Debug, Default, clap::Args)]
pub struct CosignArgs {
    /// Ask this witness to cosign: 'URL VKEY', or its URL alone where --policy has its key; repeat
    /// it for several
    #[arg(long, value_name = "URL VKEY")]
    pub witness: Vec<String>,

    /// Ask the witnesses of this tlog-policy file that have a URL; its quorum decides what is served
    #[arg(long, value_name = "FILE")]
    pub policy: Option<PathBuf>,

    /// How long a witness may take, such as 500ms, 10s or 1m
    #[arg(long, value_name = "TIME", default_value = "10s", value_parser = duration)]
    pub witness_timeout: Duration,

    /// Without the quorum (with no --policy: if any --witness did not cosign), closed serves
    /// nothing, open serves with a warning [default: closed]
    #[arg(long, value_enum, value_name = "HOW")]
    pub fail: Option<Fail>,
}

/// `--fail`.
#[derive(Clone, Copy, Debug, Eq, PartialEq, ValueEnum)]
pub enum Fail {
    /// Serve nothing, exit with 3
    Closed,
    /// Serve all the same
    Open,
}

/// Whom to ask, and what is enough.
#[derive(Debug)]
pub struct Plan {
    targets: Vec<Target>,
    policy: Option<Policy>,
    timeout: Duration,
    fail: Fail,
}

/// How a checkpoint was published.
#[derive(Debug)]
pub struct Cosigned {
    /// The note, with all cosignatures that there are.
    pub note: Note,
    /// Whether it is served.
    pub is_served: bool,
    /// How the command ends.
    pub outcome: Outcome,
    /// For `--json`: each witness with what it said.
    pub witnesses: Value,
}

impl CosignArgs {
    /// Reads the policy and sorts out whom to ask.
    ///
    /// # Errors
    ///
    /// [`Error::Usage`], [`Error::File`].
    pub fn plan(&self) -> Result<Plan, Error> {
        let policy = self.policy.as_deref().map(read_policy).transpose()?;
        let mut plan = Plan {
            targets: Vec::new(),
            policy,
            timeout: self.witness_timeout,
            fail: self.fail.unwrap_or(Fail::Closed),
        };
        let known: Vec<_> = plan.policy.iter().flat_map(Policy::witnesses).collect();
        let mut targets = Vec::new();
        for witness in &known {
            let Some(url) = &witness.url else { continue };
            check_url("--policy", url)?;
            targets.push((witness.name.clone(), url.clone(), vec![witness.key.clone()]));
        }
        for text in &self.witness {
            let (url, key) = read_witness(text)?;
            let keys: Vec<VerifierKey> = match key {
                Some(key) => vec![key],
                None => known.iter().map(|witness| witness.key.clone()).collect(),
            };
            if keys.is_empty() {
                return Err(usage(
                    "--witness",
                    format!(
                        "expected its verifier key beside {url} ('URL VKEY'), or a --policy that \
                         has it, but found neither: a cosignature that cannot be verified is worth \
                         nothing"
                    ),
                ));
            }
            targets.push((url.clone(), url, keys));
        }
        targets
            .into_iter()
            .for_each(|(name, url, keys)| plan.add(name, url, keys));
        Ok(plan)
    }
}

impl Plan {
    /// Whether nobody is to be asked and nothing asked for.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.targets.is_empty() && self.policy.is_none()
    }

    /// Whom one URL stands for is asked once, for all keys.
    fn add(&mut self, name: String, url: String, keys: Vec<VerifierKey>) {
        let place =
            |target: &&mut Target| target.url.trim_end_matches('/') == url.trim_end_matches('/');
        match self.targets.iter_mut().find(place) {
            Some(target) => {
                for key in keys {
                    if !target.keys.contains(&key) {
                        target.keys.push(key);
                    }
                }
            }
            None => self.targets.push(Target { name, url, keys }),
        }
    }

    /// Who of the targets is still to be asked for a cosignature of this note.
    fn missing(&self, note: &Note) -> Vec<Target> {
        let is_missing = |key: &VerifierKey| note.verify(std::slice::from_ref(key)).is_err();
        let is_open = |target: &&Target| target.keys.iter().any(is_missing);
        let targets = self.targets.iter().filter(is_open);
        targets.cloned().collect()
    }

    /// Whether these cosignatures are enough to serve the note.
    fn is_enough(&self, note: &Note, log: &[VerifierKey]) -> Result<bool, Error> {
        let Some(policy) = &self.policy else {
            return Ok(self.missing(note).is_empty());
        };
        let origin = log.first().map_or("", |key| key.name().as_str());
        let examined = policy.examine_signed_by(note, origin, log);
        examined
            .map(|examined| examined.has_quorum)
            .map_err(|_| Error::Bug {
                what: "a note of our own that the policy cannot examine",
            })
    }
}

/// Has a staged checkpoint cosigned, and serves it if that is enough.
///
/// What was collected is stored in any case, so that the next time only those are asked who are
/// missing. If a witness contradicts this log, nothing is served, whatever `--fail` says.
///
/// # Errors
///
/// [`Error::Ledger`].
pub fn cosign_and_serve(
    writer: &mut LedgerWriter,
    staged: &Staged,
    plan: &Plan,
    ui: &Ui,
) -> Result<Cosigned, Error> {
    let mut note = staged.published.note.clone();
    let log: Vec<VerifierKey> = writer.keys().verifiers().cloned().collect();
    warn_of_other_log(plan, &log, ui);
    let missing = plan.missing(&note);
    let replies = ask(writer, staged, &missing, plan.timeout)?;
    let (mut contradicted, mut witnesses) = (false, Vec::new());
    for (target, reply) in missing.iter().zip(&replies) {
        let mut says = reply.to_string();
        match reply {
            Reply::Cosigned(lines) => {
                for line in lines {
                    if let Err(error) = note.add(line.clone()) {
                        says = format!("cosigned in vain: {error}");
                    }
                }
            }
            Reply::Failed(_) => {}
            Reply::Contradicts(_) => contradicted = true,
        }
        ui.say(&format!("witness {} ({}): {says}", target.name, target.url));
        witnesses.push(json!({"name": target.name, "url": target.url, "says": says,
            "cosigned": matches!(reply, Reply::Cosigned(_))}));
    }
    writer.store(&note)?;
    let is_enough = if plan.is_empty() {
        !waits_for_witnesses(writer, &note, &log)?
    } else {
        plan.is_enough(&note, &log)?
    };
    let is_served = !contradicted && (is_enough || plan.fail == Fail::Open);
    if is_served {
        writer.serve(&note)?;
    }
    let size = staged.published.head.size;
    let (outcome, words) = match (contradicted, is_enough, is_served) {
        (true, ..) => (
            Outcome::Disputed,
            Some(format!(
                "error: NOT served: a witness knows another history of this log than this ledger \
                 has. The checkpoint of size {size} is signed and stays in {}; show it to nobody \
                 before this is cleared up",
                writer.layout().checkpoint_of_size(size).display()
            )),
        ),
        (_, false, false) => (
            Outcome::Incomplete,
            Some(format!(
                "error: NOT served: {}. The checkpoint of size {size} is signed and kept with the \
                 cosignatures that it has; `ledgerline checkpoint` asks those who are missing \
                 again, --fail open serves it as it is",
                plan.lacks()
            )),
        ),
        (_, false, true) => (
            Outcome::Done,
            Some(format!(
                "warning: served although {} (--fail open)",
                plan.lacks()
            )),
        ),
        _ => (Outcome::Done, None),
    };
    if let Some(words) = words {
        ui.say(&words);
    }
    Ok(Cosigned {
        note,
        is_served,
        outcome,
        witnesses: Value::Array(witnesses),
    })
}

impl Plan {
    fn lacks(&self) -> String {
        let Some(policy) = &self.policy else {
            return if self.targets.is_empty() {
                "this log's checkpoints have been cosigned so far, and neither --policy nor \
                 --witness says by whom now"
            } else {
                "not every --witness has cosigned"
            }
            .to_owned();
        };
        let mut words = "the quorum of the policy is not reached".to_owned();
        let asked = |key: &VerifierKey| self.targets.iter().any(|target| target.keys.contains(key));
        let unasked = policy.witnesses().iter().filter(|one| !asked(&one.key));
        let names: Vec<&str> = unasked.map(|witness| witness.name.as_str()).collect();
        if !names.is_empty() {
            words += &format!(
                " ({} cannot be asked, for want of a URL in the policy)",
                names.join(", ")
            );
        }
        words
    }
}

/// Whether a checkpoint for which no witness is named is one of a log that has witnesses: it, or the
/// one before, carries lines of others than the log. Forgetting `--policy` once must not serve what
/// readers who ask for a quorum refuse.
fn waits_for_witnesses(
    writer: &LedgerWriter,
    note: &Note,
    log: &[VerifierKey],
) -> Result<bool, Error> {
    if writer.pending().is_none() {
        return Ok(false);
    }
    let others = |note: &Note| {
        let origin = log.first().map(VerifierKey::name);
        note.signatures()
            .iter()
            .any(|line| Some(line.name()) != origin)
    };
    let before = writer.stored(2)?;
    Ok(others(note) || before.iter().any(|(note, _)| others(note)))
}

fn ask(
    writer: &LedgerWriter,
    staged: &Staged,
    targets: &[Target],
    timeout: Duration,
) -> Result<Vec<Reply>, Error> {
    if targets.is_empty() {
        return Ok(Vec::new());
    }
    let stored = writer.stored(RECENT)?;
    let (_, checkpoint) = stored.first().ok_or_else(|| LedgerError::NoCheckpoint {
        path: writer.layout().root().to_owned(),
    })?;
    let log: Vec<VerifierKey> = writer.keys().verifiers().cloned().collect();
    let note = staged
        .published
        .note
        .only_by(&log)
        .map_err(|_| Error::Bug {
            what: "a checkpoint without the log's signature",
        })?;
    let asked = Asked {
        note: &note,
        checkpoint,
        tree: &staged.tree,
        earlier: &stored,
    };
    Ok(collect(asked, targets, timeout)?)
}

/// So many stored checkpoints are looked through for a witness's last cosignature; where it is in
/// none of them, the witness is asked where it stands.
const RECENT: usize = 16;

fn warn_of_other_log(plan: &Plan, log: &[VerifierKey], ui: &Ui) {
    if let Some(policy) = &plan.policy
        && !policy.logs().is_empty()
        && !policy.logs().iter().any(|known| log.contains(&known.key))
        && let Some(key) = log.first()
    {
        ui.say(&format!(
            "warning: the policy has no line `log {key}`: whoever verifies with it will not know \
             this log"
        ));
    }
}

/// A URL and a verifier key, in any order; or a URL.
fn read_witness(text: &str) -> Result<(String, Option<VerifierKey>), Error> {
    let is_url = |word: &&str| word.contains("://");
    let words: Vec<&str> = text.split_whitespace().collect();
    let (urls, keys): (Vec<&str>, Vec<&str>) = words.iter().partition(|word| is_url(word));
    let (&[url], [] | [_]) = (&urls[..], &keys[..]) else {
        return Err(usage(
            "--witness",
            format!("expected 'URL VKEY' or a URL, but found {text:?}"),
        ));
    };
    check_url("--witness", url)?;
    let key = keys.first().map(|key| VerifierKey::parse(key)).transpose();
    let key = key.map_err(|error| usage("--witness", error.to_string()))?;
    if let Some(key) = &key
        && !key.kind().is_cosignature()
    {
        return Err(usage(
            "--witness",
            format!("expected a key of type 0x04 or 0x06, which cosigns, but found {key}"),
        ));
    }
    Ok((url.to_owned(), key))
}

fn check_url(argument: &'static str, url: &str) -> Result<(), Error> {
    let rest = url.strip_prefix("https://").or(url.strip_prefix("http://"));
    if rest.is_none_or(|rest| rest.is_empty() || rest.contains(['?', '#'])) {
        return Err(usage(
            argument,
            format!("expected a witness's URL, https://HOST/PATH, but found {url:?}"),
        ));
    }
    Ok(())
}

fn usage(argument: &'static str, message: String) -> Error {
    Error::Usage { argument, message }
}

/// A number with ms, s or m behind it; without a unit, seconds.
fn duration(text: &str) -> Result<Duration, String> {
    let digits = text.trim_end_matches(|c: char| c.is_ascii_alphabetic());
    let unit = match text.get(digits.len()..).unwrap_or_default() {
        "ms" => 1,
        "s" | "" => 1000,
        "m" => 60_000,
        _ => 0,
    };
    let number: u64 = digits.parse().unwrap_or(0);
    match number.checked_mul(unit) {
        Some(millis @ 1..=3_600_000) => Ok(Duration::from_millis(millis)),
        _ => Err(format!(
            "expected a time of 1ms to 60m, such as 10s, but found {text:?}"
        )),
    }
}
