//! `keys retire`: a key is forgotten once readers and witnesses can do without it.
//!
//! A witness's cosignature does not say by which of the log's signatures it knew the log. So the
//! witnesses are asked anew, with the signatures of the keys that stay and of no others: who cosigns
//! that goes on cosigning once the other key is gone.

use std::path::Path;
use std::time::Duration;

use ledgerline::log::{Checkpoint, Policy, VerifierKey};
use serde_json::json;

use super::open_writer;
use crate::cosign::{Asked, Reply, Target, collect};
use crate::error::{Error, Outcome};
use crate::ledger::{LedgerWriter, recorded_policy};
use crate::ui::Ui;

/// How long a witness may take.
const TIMEOUT: Duration = Duration::from_secs(10);

/// Stored checkpoints that are looked through for a witness's last cosignature.
const RECENT: usize = 16;

/// Why a key should stay.
struct Objection {
    outcome: Outcome,
    words: String,
    /// Whether `--force` goes on all the same.
    can_be_forced: bool,
}

/// Retires a key of a ledger's log.
///
/// # Errors
///
/// [`Error`]; the key is then as before.
pub(super) fn retire(ledger: &Path, id: u32, force: bool, ui: &Ui) -> Result<Outcome, Error> {
    let mut writer = open_writer(ledger, ui)?;
    let staying = writer.check_retire(id)?;
    // What it says cannot be guessed.
    if let Some(policy) = recorded_policy(writer.layout())? {
        check_readers(&policy, &staying, &writer, force, ui)?;
        match check_witnesses(&policy, &staying, &mut writer, ui)? {
            None => {}
            Some(objection) if force && objection.can_be_forced => {
                ui.say(&format!("warning: {} (--force)", objection.words));
            }
            Some(objection) => {
                ui.say(&format!("error: NOT retired: {}", objection.words));
                return Ok(objection.outcome);
            }
        }
    }
    writer.retire_key(id)?;
    let id = format!("{id:08x}");
    ui.result(|| json!({"id": id, "state": "retired"}), || id.clone())?;
    ui.say("this key signs no more, and its secret is forgotten");
    Ok(Outcome::Done)
}

/// Who reads by this policy knows a key that stays.
fn check_readers(
    policy: &Policy,
    staying: &[VerifierKey],
    writer: &LedgerWriter,
    force: bool,
    ui: &Ui,
) -> Result<(), Error> {
    let mut known = policy.keys_of(writer.manifest().origin.as_str()).peekable();
    let (Some(_), Some(new)) = (known.peek(), staying.first()) else {
        return Ok(());
    };
    if known.any(|key| staying.contains(key)) {
        return Ok(());
    }
    let message = format!(
        "expected a line `log {new}` in {}, or one of another key that stays, but found retired ones \
         only: whoever verifies with that policy would not know this log any more; add it, and give \
         the file to `ledgerline checkpoint --policy` and to readers first",
        writer.layout().policy().display()
    );
    if force {
        ui.say(&format!("warning: {message} (--force)"));
        return Ok(());
    }
    Err(Error::Usage {
        argument: "keys retire",
        message: format!("{message}, or add --force"),
    })
}

/// The quorum cosigns the newest checkpoint with the signatures of the keys that stay alone.
fn check_witnesses(
    policy: &Policy,
    staying: &[VerifierKey],
    writer: &mut LedgerWriter,
    ui: &Ui,
) -> Result<Option<Objection>, Error> {
    if !policy.asks_for_witnesses() {
        return Ok(None);
    }
    if !writer.is_all_served() {
        return Ok(Some(Objection {
            outcome: Outcome::Incomplete,
            words: "expected the served checkpoint to be the newest one and to cover all events, so \
                    that the witnesses of the policy can be asked about it with the keys that stay; \
                    run `ledgerline checkpoint` first"
                .to_owned(),
            can_be_forced: true,
        }));
    }
    // Signs nothing new, as there is nothing new.
    let staged = writer.stage()?;
    let bug = Error::Bug {
        what: "a checkpoint of our own that cannot be read",
    };
    let note = staged.published.note.only_by(staying);
    let (Ok(mut note), Ok(checkpoint)) = (note, Checkpoint::parse(staged.published.note.text()))
    else {
        return Err(bug);
    };
    let (earlier, log) = (writer.stored(RECENT)?, writer.known_keys()?);
    let targets = targets(policy);
    let asked = Asked {
        note: &note.clone(),
        checkpoint: &checkpoint,
        log: &log,
        tree: &staged.tree,
        earlier: &earlier,
    };
    let replies = collect(asked, &targets, TIMEOUT)?;
    let mut is_contradicted = false;
    for (target, reply) in targets.iter().zip(&replies) {
        ui.say(&format!(
            "witness {} ({}): {reply}",
            target.name, target.url
        ));
        match reply {
            Reply::Cosigned(lines) => {
                for line in lines {
                    // One that does not fit into the note counts for nothing.
                    let _ = note.add(line.clone());
                }
            }
            Reply::Contradicts { .. } => is_contradicted = true,
            Reply::Failed(_) => {}
        }
    }
    if is_contradicted {
        return Ok(Some(Objection {
            outcome: Outcome::Disputed,
            words:
                "a witness has proved another history of this log; `ledgerline checkpoint` keeps \
                    the proof and says what to do"
                    .to_owned(),
            can_be_forced: false,
        }));
    }
    let Ok(examined) = policy.examine_signed_by(&note, checkpoint.origin(), staying) else {
        return Err(bug);
    };
    if examined.has_quorum {
        return Ok(None);
    }
    let path = writer.layout().policy();
    Ok(Some(Objection {
        outcome: Outcome::Incomplete,
        words: format!(
            "expected the quorum of the policy {} ({}) to cosign by the keys that stay, but found \
             less: a witness that does not know them would cosign nothing of this log any more; have \
             its operator run `witness add-log` with {}, then try again; --force retires it all the \
             same",
            path.display(),
            policy.quorum_in_words(),
            staying
                .iter()
                .map(ToString::to_string)
                .collect::<Vec<_>>()
                .join(" or "),
        ),
        can_be_forced: true,
    }))
}

/// The witnesses of a policy that can be asked, each URL once, for all of its keys.
fn targets(policy: &Policy) -> Vec<Target> {
    let mut targets: Vec<Target> = Vec::new();
    for witness in policy.witnesses() {
        let Some(url) = &witness.url else { continue };
        match targets.iter_mut().find(|target| target.url == *url) {
            Some(target) => target.keys.push(witness.key.clone()),
            None => targets.push(Target {
                name: witness.name.clone(),
                url: url.clone(),
                keys: vec![witness.key.clone()],
            }),
        }
    }
    targets
}
