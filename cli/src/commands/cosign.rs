//! Arguments about witnesses, and publishing with their cosignatures.

use std::path::{Path, PathBuf};
use std::time::Duration;

use clap::ValueEnum;
use ledgerline::log::{Checkpoint, Note, Policy, VerifierKey};
use ledgerline::time::format_ms;
use serde_json::{Value, json};

use super::trust::read_policy;
use crate::clock::since_epoch;
use crate::cosign::{Asked, Contradiction, Log, Look, Reply, Target, collect, look};
use crate::error::{Error, Outcome};
use crate::ledger::{Layout, LedgerError, LedgerWriter, Staged, contradiction, recorded_policy};
use crate::ui::Ui;

/// Arguments of commands that publish a checkpoint.
#[derive(Clone, Debug, Default, clap::Args)]
pub struct CosignArgs {
    /// Ask this witness to cosign: 'URL VKEY', or its URL alone where the policy has its key; repeat
    /// it for several. Without --policy those with VKEY become the ledger's policy, all of them needed
    #[arg(long, value_name = "URL VKEY")]
    pub witness: Vec<String>,

    /// Ask the witnesses of this tlog-policy file that have a URL; its quorum decides what is served.
    /// Kept as the ledger's policy [default: LEDGER/policy]
    #[arg(long, value_name = "FILE")]
    pub policy: Option<PathBuf>,

    /// Publish without witnesses from now on: the ledger's policy becomes `quorum none`
    #[arg(long, conflicts_with_all = ["policy", "witness"])]
    pub no_policy: bool,

    /// How long a witness may take, such as 500ms, 10s or 1m
    #[arg(long, value_name = "TIME", default_value = "10s", value_parser = duration)]
    pub witness_timeout: Duration,

    /// Without the quorum, closed serves nothing; open serves this one time with a warning [default:
    /// closed]
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

/// What the command line says about witnesses.
#[derive(Debug)]
pub struct Plan {
    /// The text of a policy that is new, and what it is from.
    new: Option<(Vec<u8>, &'static str)>,
    /// Who is to be asked besides those of the policy.
    besides: Vec<(String, Option<VerifierKey>)>,
    timeout: Duration,
    fail: Fail,
}

/// Whom to ask, and what is enough.
#[derive(Debug)]
pub struct Asking {
    targets: Vec<Target>,
    /// Who was asked by the policy that this command replaces: they are looked at, not asked.
    before: Vec<Target>,
    /// `None` where nobody ever said one.
    policy: Option<Policy>,
    /// Where the policy is kept.
    kept: PathBuf,
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
    /// Reads what is given, before anything is done.
    ///
    /// # Errors
    ///
    /// [`Error::Usage`], [`Error::File`].
    pub fn plan(&self) -> Result<Plan, Error> {
        let witnesses = self.witness.iter().map(|text| read_witness(text));
        let besides = witnesses.collect::<Result<Vec<_>, _>>()?;
        let has_key = besides.iter().any(|(_, key)| key.is_some());
        let new = match &self.policy {
            _ if self.no_policy => Some((NO_POLICY.as_bytes().to_vec(), "--no-policy")),
            Some(path) => Some((read_policy(path)?.0, "--policy")),
            None if has_key => Some((policy_of(&besides)?.into_bytes(), "--witness")),
            None => None,
        };
        Ok(Plan {
            new,
            besides,
            timeout: self.witness_timeout,
            fail: self.fail.unwrap_or(Fail::Closed),
        })
    }
}

/// The witnesses of a policy that have a URL.
fn targets_of(policy: &Policy) -> Result<Vec<Target>, Error> {
    let mut targets = Vec::new();
    for witness in policy.witnesses() {
        let Some(url) = witness.url.clone() else {
            continue;
        };
        check_url("--policy", &url)?;
        let (name, keys) = (witness.name.clone(), vec![witness.key.clone()]);
        targets.push(Target { name, url, keys });
    }
    Ok(targets)
}

/// What `--no-policy` keeps.
const NO_POLICY: &str = "# checkpoint --no-policy\nquorum none\n";

/// The policy that asks for all of these witnesses.
fn policy_of(witnesses: &[(String, Option<VerifierKey>)]) -> Result<String, Error> {
    let mut lines: Vec<String> = Vec::new();
    for (url, key) in witnesses {
        let Some(key) = key else {
            return Err(no_key(url));
        };
        let line = format!("{key} {url}");
        if !lines.contains(&line) {
            lines.push(line);
        }
    }
    let mut text = String::new();
    let mut names = String::new();
    for (number, line) in (1..).zip(&lines) {
        text += &format!("witness w{number} {line}\n");
        names += &format!(" w{number}");
    }
    text += &format!("group all-of-them all{names}\nquorum all-of-them\n");
    match Policy::parse(text.as_bytes()) {
        Ok(_) => Ok(text),
        Err(error) => Err(usage("--witness", error.to_string())),
    }
}

impl Plan {
    /// Whether the command line says nothing about witnesses.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.new.is_none() && self.besides.is_empty()
    }

    /// Sorts out whom to ask, and keeps a new policy, durably, so that no later command can forget it.
    ///
    /// # Errors
    ///
    /// [`Error::Usage`], [`Error::Ledger`].
    pub fn settle(&self, writer: &mut LedgerWriter, ui: &Ui) -> Result<Asking, Error> {
        let kept = writer.layout().policy();
        let before = recorded_policy(writer.layout());
        let new = self.new.as_ref().filter(|(_, argument)| {
            // Asking one witness more takes nothing from what was asked for.
            let asks = before
                .as_ref()
                .map(|policy| policy.as_ref().is_some_and(Policy::asks_for_witnesses));
            *argument != "--witness" || matches!(asks, Ok(false))
        });
        let policy = match new {
            Some((text, _)) => {
                Some(Policy::parse(text).map_err(|error| usage("--policy", error.to_string()))?)
            }
            None => before.as_ref().ok().cloned().flatten(),
        };
        let mut asking = Asking {
            targets: Vec::new(),
            before: Vec::new(),
            policy,
            kept,
            timeout: self.timeout,
            fail: self.fail,
        };
        if let (Some(_), Ok(Some(before))) = (new, &before) {
            asking.before = targets_of(before)?;
        }
        asking.find_targets(&self.besides)?;
        match new {
            Some((text, argument)) => {
                if writer.keep_policy(text)? {
                    asking.say_kept(argument, before.ok().flatten().as_ref(), ui);
                }
            }
            // What it says cannot be guessed.
            None => {
                if let Some(policy) = before?.filter(Policy::asks_for_witnesses) {
                    ui.say(&format!(
                        "by the policy of the ledger, {} (quorum: {})",
                        asking.kept.display(),
                        policy.quorum_in_words()
                    ));
                }
            }
        }
        Ok(asking)
    }
}

impl Asking {
    fn find_targets(&mut self, besides: &[(String, Option<VerifierKey>)]) -> Result<(), Error> {
        let known: Vec<_> = self.policy.iter().flat_map(Policy::witnesses).collect();
        let mut targets = self.policy.as_ref().map_or(Ok(Vec::new()), targets_of)?;
        for (url, key) in besides {
            let keys: Vec<VerifierKey> = match key {
                Some(key) => vec![key.clone()],
                None => known.iter().map(|witness| witness.key.clone()).collect(),
            };
            if keys.is_empty() {
                return Err(no_key(url));
            }
            let (name, url) = (url.clone(), url.clone());
            targets.push(Target { name, url, keys });
        }
        targets.into_iter().for_each(|target| self.add(target));
        Ok(())
    }

    fn say_kept(&self, argument: &str, before: Option<&Policy>, ui: &Ui) {
        let quorum = |policy: Option<&Policy>| {
            policy.map_or_else(|| "not readable".to_owned(), Policy::quorum_in_words)
        };
        let now = quorum(self.policy.as_ref());
        let kept = self.kept.display();
        ui.say(&match before {
            None => format!(
                "kept {argument} as {kept} (quorum: {now}); from now on checkpoints are published by \
                 it"
            ),
            Some(_) => format!(
                "replaced {kept} by {argument} (quorum: {now}, before it was: {})",
                quorum(before)
            ),
        });
    }

    /// Whom one URL stands for is asked once, for all keys.
    fn add(&mut self, new: Target) {
        let url = new.url.trim_end_matches('/');
        let place = |target: &&mut Target| target.url.trim_end_matches('/') == url;
        match self.targets.iter_mut().find(place) {
            Some(target) => {
                for key in new.keys {
                    if !target.keys.contains(&key) {
                        target.keys.push(key);
                    }
                }
            }
            None => self.targets.push(new),
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
    fn is_enough(&self, writer: &LedgerWriter, note: &Note) -> Result<bool, Error> {
        let Some(policy) = &self.policy else {
            // Of a ledger that was cosigned before policies were kept. What is served already may be
            // served again.
            return Ok(writer.pending().is_none() || !writer.was_cosigned()?);
        };
        let log: Vec<VerifierKey> = writer.keys().verifiers().cloned().collect();
        let origin = writer.manifest().origin.as_str();
        match policy.examine_signed_by(note, origin, &log) {
            Ok(examined) => Ok(examined.has_quorum),
            Err(error) => Err(LedgerError::damaged(
                writer.layout().checkpoints(),
                None,
                "signature lines by whom they name in the newest checkpoint",
                format!("{error}; take that line out of it and of the ledger's `checkpoint`"),
            )
            .into()),
        }
    }

    fn lacks(&self) -> String {
        let kept = self.kept.display();
        let Some(policy) = &self.policy else {
            return format!(
                "this log's checkpoints have been cosigned so far, but {kept}, which would say by \
                 whom, is not there: give --policy, or --no-policy to go on without witnesses"
            );
        };
        let mut words = format!("the quorum of the policy {kept} is not reached");
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

/// Looks at what the witnesses have cosigned before anything is signed: a ledger that is an old copy
/// must not sign what would convict the log of a fork. Says so and keeps the proof if one contradicts.
///
/// # Errors
///
/// [`Error::Ledger`].
pub fn find_contradiction(
    writer: &mut LedgerWriter,
    asking: &Asking,
    ui: &Ui,
) -> Result<bool, Error> {
    let targets = [&asking.targets[..], &asking.before].concat();
    if targets.is_empty() {
        return Ok(false);
    }
    let tree = writer.tree()?;
    let keys = writer.known_keys()?;
    let log = Log {
        origin: writer.manifest().origin.as_str(),
        keys: &keys,
        tree: &tree,
    };
    let looks = look(log, &targets, asking.timeout)?;
    let stored = writer.stored(RECENT)?;
    let mut contradicted = Vec::new();
    for (target, look) in targets.iter().zip(&looks) {
        let (name, url) = (&target.name, &target.url);
        match look {
            Look::Contradicts(found) => {
                ui.say(&format!(
                    "witness {name} ({url}): CONTRADICTS: {}",
                    found.why
                ));
                contradicted.push((target, found));
            }
            Look::Silent(why) if has_cosigned(&stored, target) => ui.say(&format!(
                "warning: witness {name} ({url}) has cosigned this log before, but shows nothing to \
                 compare with before signing: {why}"
            )),
            Look::Silent(_) | Look::Agrees(_) => {}
        }
    }
    if contradicted.is_empty() {
        return Ok(false);
    }
    let head = tree.head();
    let ours = format!(
        "{} events with the root {}, not signed\n",
        head.size, head.root
    );
    let path = writer.keep_contradiction(&contradiction_text(&ours, &contradicted))?;
    let found = LedgerError::Contradicted { path };
    ui.say(&format!("error: NOT served: {found}"));
    Ok(true)
}

/// Whether a witness has cosigned one of these checkpoints.
fn has_cosigned(stored: &[(Note, Checkpoint)], target: &Target) -> bool {
    let verifies = |(note, _): &(Note, Checkpoint)| note.verify(&target.keys).is_ok();
    stored.iter().any(verifies)
}

/// Whose cosignatures count.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Count {
    /// All that the note has: only those are asked who are missing.
    Ever,
    /// Only what they answer now: for what cannot be taken back, an old copy of the ledger must not do
    /// with what it remembers.
    Now,
}

/// Has a staged checkpoint cosigned, and serves it if that is enough.
///
/// What was collected is stored in any case. If a witness contradicts this log, nothing is served,
/// whatever `--fail` says.
///
/// # Errors
///
/// [`Error::Ledger`].
pub fn cosign_and_serve(
    writer: &mut LedgerWriter,
    staged: &Staged,
    asking: &Asking,
    count: Count,
    ui: &Ui,
) -> Result<Cosigned, Error> {
    let mut note = staged.published.note.clone();
    let stood = writer.pending().is_none();
    warn_of_other_log(asking, writer, ui);
    let targets = match count {
        Count::Ever => asking.missing(&note),
        Count::Now => asking.targets.clone(),
    };
    let replies = ask(writer, staged, &targets, asking.timeout)?;
    let log: Vec<VerifierKey> = writer.keys().verifiers().cloned().collect();
    let mut now = signed_by_log(&note, &log)?;
    let (mut contradicted, mut witnesses) = (Vec::new(), Vec::new());
    for (target, reply) in targets.iter().zip(&replies) {
        let mut says = reply.to_string();
        match reply {
            Reply::Cosigned(lines) => {
                for line in lines {
                    let added = note.add(line.clone());
                    if let Err(error) = added.and_then(|()| now.add(line.clone())) {
                        says = format!("cosigned in vain: {error}");
                    }
                }
            }
            Reply::Failed(_) => {}
            Reply::Contradicts(found) => contradicted.push((target, found)),
        }
        ui.say(&format!("witness {} ({}): {says}", target.name, target.url));
        witnesses.push(json!({"name": target.name, "url": target.url, "says": says,
            "cosigned": matches!(reply, Reply::Cosigned(_))}));
    }
    // Before anything else: what is known now must not be lost.
    let kept = match &contradicted[..] {
        [] => None,
        found => Some(writer.keep_contradiction(&contradiction_text(&note.to_string(), found))?),
    };
    writer.store(&note)?;
    let counted = match count {
        Count::Ever => &note,
        Count::Now => &now,
    };
    let is_enough = kept.is_none() && asking.is_enough(writer, counted)?;
    let is_served = is_enough || (kept.is_none() && asking.fail == Fail::Open);
    if is_served {
        writer.serve(&note)?;
    }
    let size = staged.published.head.size;
    let (outcome, words) = match kept {
        Some(path) => (
            Outcome::Disputed,
            Some(format!(
                "error: NOT served: {}. The checkpoint of size {size} is signed and stays in {}; \
                 show it to nobody before this is cleared up",
                LedgerError::Contradicted { path },
                writer.layout().checkpoint_of_size(size).display()
            )),
        ),
        None if !is_served && stood => (
            Outcome::Incomplete,
            Some(format!(
                "warning: the checkpoint of size {size} is served already, but {}",
                asking.lacks()
            )),
        ),
        None if !is_served => (
            Outcome::Incomplete,
            Some(format!(
                "error: NOT served: {}. The checkpoint of size {size} is signed and kept with the \
                 cosignatures that it has; `ledgerline checkpoint` asks those who are missing \
                 again, --fail open serves it as it is",
                asking.lacks()
            )),
        ),
        None if !is_enough => (
            Outcome::Done,
            Some(format!(
                "warning: served although {} (--fail open)",
                asking.lacks()
            )),
        ),
        None => (Outcome::Done, None),
    };
    if let Some(words) = words {
        ui.say(&words);
    }
    Ok(Cosigned {
        note,
        is_served: is_served || (stood && outcome == Outcome::Incomplete),
        outcome,
        witnesses: Value::Array(witnesses),
    })
}

/// Says so if a witness has proved another history of this log: nothing may be signed or served then.
#[must_use]
pub fn is_contradicted(ledger: &Path, ui: &Ui) -> bool {
    let Some(path) = contradiction(&Layout::new(ledger)) else {
        return false;
    };
    ui.say(&format!(
        "error: NOT served: {}",
        LedgerError::Contradicted { path }
    ));
    true
}

/// What is kept of a contradiction: who says what, and both signed notes.
fn contradiction_text(ours: &str, found: &[(&Target, &Contradiction)]) -> String {
    let ms = i64::try_from(since_epoch().as_millis()).unwrap_or(i64::MAX);
    let mut text = format!(
        "Two histories of one log, both signed by its key. While this file is here, nothing more is \
         signed or served.\n\nfound {}\n\n",
        format_ms(ms)
    );
    for (target, found) in found {
        text += &format!("witness {} at {}: {}\n", target.name, target.url, found.why);
        for key in &target.keys {
            text += &format!("verifier key {key}\n");
        }
        text += &format!("\n{}\n", found.proof);
    }
    text + &format!("this ledger:\n\n{ours}")
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
    let known = writer.known_keys()?;
    let note = signed_by_log(&staged.published.note, &log)?;
    let asked = Asked {
        note: &note,
        checkpoint,
        log: &known,
        tree: &staged.tree,
        earlier: &stored,
    };
    Ok(collect(asked, targets, timeout)?)
}

/// The note with the log's own lines alone.
fn signed_by_log(note: &Note, log: &[VerifierKey]) -> Result<Note, Error> {
    note.only_by(log).map_err(|_| Error::Bug {
        what: "a checkpoint without the log's signature",
    })
}

/// So many stored checkpoints are looked through for a witness's last cosignature; where it is in
/// none of them, the witness is asked where it stands.
const RECENT: usize = 16;

fn warn_of_other_log(asking: &Asking, writer: &LedgerWriter, ui: &Ui) {
    let is_known = |policy: &Policy| {
        let mut keys = writer.keys().verifiers();
        policy.logs().is_empty() || keys.any(|key| policy.logs().iter().any(|log| log.key == *key))
    };
    if asking
        .policy
        .as_ref()
        .is_some_and(|policy| !is_known(policy))
        && let Some(key) = writer.keys().verifiers().next()
    {
        ui.say(&format!(
            "warning: the policy has no line `log {key}`: whoever verifies with it will not know \
             this log"
        ));
    }
}

fn no_key(url: &str) -> Error {
    usage(
        "--witness",
        format!(
            "expected its verifier key beside {url} ('URL VKEY'), or a policy that has it, but found \
             neither: a cosignature that cannot be verified is worth nothing"
        ),
    )
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
