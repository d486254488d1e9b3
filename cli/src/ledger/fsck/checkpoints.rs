//! Checkpoints: signed by the log's key, and over the tree that the events give.

use std::path::PathBuf;

use ledgerline::log::{
    Checkpoint, CheckpointError, MAX_NOTE_BYTES, Note, Policy, TreeHead, VerifierKey,
};

use super::super::agreed::contradiction;
use super::super::derive::root_at;
use super::super::durable::read_bounded;
use super::super::error::LedgerError;
use super::super::layout::Layout;
use super::super::reader::read_checkpoint;
use super::events::Derived;
use super::files;
use super::report::Findings;
use crate::ui::counted;

/// `checkpoint` and `checkpoints/`, as they were before anything else was read.
pub(super) struct Stored {
    newest: Option<One>,
    numbered: Vec<One>,
    /// Files in `checkpoints/` whose name is no size.
    misnamed: Vec<PathBuf>,
}

struct One {
    path: PathBuf,
    /// By the name of the file.
    size: Option<u64>,
    content: Result<(Note, Checkpoint), LedgerError>,
    bytes: Vec<u8>,
}

impl Stored {
    /// The sizes of all that are readable and rightly named, ascending.
    pub(super) fn sizes(&self) -> Vec<u64> {
        let all = self.numbered.iter().chain(&self.newest);
        let mut sizes: Vec<u64> = all.filter_map(|one| Some(one.named_head()?.size)).collect();
        sizes.sort_unstable();
        sizes.dedup();
        sizes
    }

    /// The heads that the log's keys signed, by size.
    pub(super) fn heads(&self, keys: &[VerifierKey]) -> Vec<TreeHead> {
        let signed = |one: &&One| one.holds(keys);
        let all = self.numbered.iter().chain(&self.newest).filter(signed);
        let mut heads: Vec<TreeHead> = all.filter_map(One::named_head).collect();
        heads.sort_by_key(|head| head.size);
        heads
    }
}

impl One {
    fn read(layout: &Layout, path: PathBuf, size: Option<u64>, origin: &str) -> Self {
        Self {
            content: read_checkpoint(layout, &path, origin),
            bytes: read_bounded(&path, MAX_NOTE_BYTES as u64).unwrap_or_default(),
            path,
            size,
        }
    }

    /// The head, unless the file is named after another size.
    fn named_head(&self) -> Option<TreeHead> {
        self.head()
            .filter(|head| self.size.is_none_or(|size| size == head.size))
    }

    /// Whether it is readable and, if keys are known, signed by one of them.
    fn holds(&self, keys: &[VerifierKey]) -> bool {
        let content = self.content.as_ref();
        content.is_ok_and(|(note, checkpoint)| is_signed(note, checkpoint, keys).is_ok())
    }

    fn head(&self) -> Option<TreeHead> {
        self.content
            .as_ref()
            .ok()
            .map(|(_, checkpoint)| checkpoint.head())
    }
}

/// Without keys every signature is taken for one.
fn is_signed(
    note: &Note,
    checkpoint: &Checkpoint,
    keys: &[VerifierKey],
) -> Result<(), CheckpointError> {
    if keys.is_empty() {
        return Ok(());
    }
    Checkpoint::open(note, checkpoint.origin(), keys).map(|_| ())
}

pub(super) fn read(layout: &Layout, origin: &str) -> Result<Stored, LedgerError> {
    let path = layout.checkpoint();
    let newest = path.exists().then(|| One::read(layout, path, None, origin));
    let mut numbered = Vec::new();
    let mut misnamed = Vec::new();
    for path in files::list(&layout.checkpoints())? {
        let name = path
            .file_name()
            .unwrap_or_default()
            .to_string_lossy()
            .into_owned();
        match name
            .parse::<u64>()
            .ok()
            .filter(|size| size.to_string() == name)
        {
            Some(size) => numbered.push(One::read(layout, path, Some(size), origin)),
            None if name.ends_with(".tmp") => {}
            None => misnamed.push(path),
        }
    }
    numbered.sort_by_key(|one| one.size);
    Ok(Stored {
        newest,
        numbered,
        misnamed,
    })
}

/// Compares with the tree, and gives the newest readable one.
pub(super) fn check(
    layout: &Layout,
    stored: Stored,
    (keys, policy, origin): (&[VerifierKey], Option<&Policy>, &str),
    derived: &Derived,
    findings: &mut Findings,
) -> Result<Option<TreeHead>, LedgerError> {
    let Stored {
        newest,
        numbered,
        misnamed,
    } = stored;
    for path in misnamed {
        findings.damaged(&path, None, "a tree size as the name", "another name");
    }
    let waiting = Waiting::new(policy, origin, &numbered);
    check_newest(layout, newest.as_ref(), &numbered, keys, &waiting, findings);
    if waiting.is_cosigned && !layout.policy().exists() {
        findings.warn(
            &layout.policy(),
            "not there, though checkpoints have been cosigned; nothing is served until --policy or \
             --no-policy is given",
        );
    }
    let count = numbered.len();
    let mut head: Option<TreeHead> = None;
    let (mut unknown, mut unread) = (0, 0);
    for one in numbered.into_iter().chain(newest) {
        let (note, checkpoint) = match one.content {
            Ok(content) => content,
            Err(error) => {
                unread += 1;
                findings.absorb(error)?;
                continue;
            }
        };
        let found = checkpoint.head();
        if let Some(size) = one.size.filter(|size| *size != found.size) {
            let (at, size) = (Some("line 2".to_owned()), size.to_string());
            findings.damaged(&one.path, at, size, found.size.to_string());
            continue;
        }
        if let Err(error) = is_signed(&note, &checkpoint, keys) {
            let path = one.path.clone();
            findings.absorb(LedgerError::Checkpoint { path, error })?;
        }
        if let Some(name) = false_cosigner(policy, &note) {
            let found = format!("one of {name} that is not");
            findings.damaged(&one.path, None, "cosignatures by whom they name", found);
        }
        unknown += usize::from(!check_root(&one.path, found, derived, findings));
        head = head.filter(|head| head.size >= found.size).or(Some(found));
    }
    let signed = if keys.is_empty() { "" } else { "signature, " };
    let detail = format!(
        "{}: {signed}size, root of the events, each extending the one before",
        counted(count as u64, "checkpoint")
    );
    let skipped = if keys.is_empty() && count > 0 {
        Some("signatures not checked, for want of --key, vkeys or secret/log.key".to_owned())
    } else if unknown + unread > 0 {
        Some(format!(
            "{} roots not compared, as their events are not known",
            unknown + unread
        ))
    } else {
        None
    };
    findings.done("checkpoints", detail, skipped);
    Ok(head)
}

/// A witness of the policy whose line in the note is not by its key.
fn false_cosigner<'p>(policy: Option<&'p Policy>, note: &Note) -> Option<&'p str> {
    let witnesses = policy.map_or(&[][..], Policy::witnesses);
    let is_false = |key: &VerifierKey| {
        let claimed = note.signatures().iter().any(|line| key.claims(line));
        claimed && note.verify(std::slice::from_ref(key)).is_err()
    };
    let found = witnesses.iter().find(|witness| is_false(&witness.key));
    found.map(|witness| witness.name.as_str())
}

/// Whether the root could be compared.
fn check_root(
    path: &std::path::Path,
    signed: TreeHead,
    derived: &Derived,
    findings: &mut Findings,
) -> bool {
    let size = signed.size;
    let inside = |(from, to): &(u64, u64)| *from < size && size < *to;
    if size > derived.events || derived.assumed.iter().any(inside) {
        return false;
    }
    let Some(root) = root_at(&derived.tree, size, derived.end(size)) else {
        return false;
    };
    if root != signed.root {
        findings.damaged(
            path,
            Some("line 3".to_owned()),
            format!("the root {root}, which the first {size} events have"),
            signed.root.to_string(),
        );
    }
    true
}

/// Whether checkpoints of this log wait for cosignatures, and what they wait for.
struct Waiting<'a> {
    policy: Option<&'a Policy>,
    origin: &'a str,
    /// Whether anybody but the log signed any of them.
    is_cosigned: bool,
}

impl<'a> Waiting<'a> {
    fn new(policy: Option<&'a Policy>, origin: &'a str, numbered: &[One]) -> Self {
        let by_others = |one: &One| {
            let note = one.content.as_ref().ok().map(|(note, _)| note);
            let mut lines = note.iter().flat_map(|note| note.signatures());
            lines.any(|line| line.name().as_str() != origin)
        };
        Self {
            policy,
            origin,
            is_cosigned: numbered.iter().any(by_others),
        }
    }

    /// Without witnesses a checkpoint is served right after it was stored.
    fn is_possible(&self) -> bool {
        self.is_cosigned || self.policy.is_some_and(Policy::asks_for_witnesses)
    }

    /// Whether a checkpoint has all that the policy asks for.
    fn is_over(&self, one: &One, keys: &[VerifierKey]) -> bool {
        let (Some(policy), Ok((note, _))) = (self.policy, &one.content) else {
            return false;
        };
        let examined = policy.examine_signed_by(note, self.origin, keys);
        policy.asks_for_witnesses() && examined.is_ok_and(|examined| examined.has_quorum)
    }
}

/// `checkpoint` is the newest stored one. It may be the one before if publishing was interrupted, and
/// any older one, or none, while those above it wait for cosignatures.
fn check_newest(
    layout: &Layout,
    newest: Option<&One>,
    numbered: &[One],
    keys: &[VerifierKey],
    waiting: &Waiting<'_>,
    findings: &mut Findings,
) {
    let path = layout.checkpoint();
    let served = match newest {
        None => None,
        Some(newest) => match newest.head() {
            // Reported as unreadable.
            None => return,
            Some(head) => Some((newest, head)),
        },
    };
    let size = served.map(|(_, head)| head.size);
    if let Some((newest, head)) = served {
        match numbered.iter().find(|one| one.size == Some(head.size)) {
            Some(stored) => compare(newest, stored, keys, findings),
            None => {
                let stored = layout.checkpoint_of_size(head.size);
                let expected = "a copy of the newest checkpoint";
                findings.damaged(&stored, None, expected, "no such file");
                return;
            }
        }
    }
    let above: Vec<&One> = numbered.iter().filter(|one| one.size > size).collect();
    let Some(last) = above.last() else { return };
    if above.len() > 1 && !waiting.is_possible() {
        let name = findings.name(&last.path);
        match size {
            None => {
                let expected = format!("the checkpoint {name}");
                findings.damaged(&path, None, expected, "no such file");
            }
            Some(size) => {
                let expected = format!("the newest checkpoint, {name}");
                let found = format!("an older one, of size {size}");
                findings.damaged(&path, Some("line 2".to_owned()), expected, found);
            }
        }
        return;
    }
    let names: Vec<String> = above.iter().map(|one| findings.name(&one.path)).collect();
    let over = above.iter().rev().find(|one| waiting.is_over(one, keys));
    let why = match over {
        Some(one) => format!(
            "though {} has the quorum of the policy: either publishing was interrupted or is going \
             on, or this file was removed or put back",
            findings.name(&one.path)
        ),
        None if served.is_none() && waiting.is_cosigned => {
            "though there are cosignatures: either none were enough so far, or this file was removed"
                .to_owned()
        }
        None if waiting.is_possible() => "and await cosignatures".to_owned(),
        None => "as publishing was interrupted or is going on".to_owned(),
    };
    let words = format!(
        "not yet the newest stored checkpoint; signed and not served: {}, {why}; {}",
        names.join(", "),
        match contradiction(layout) {
            None => "`ledgerline checkpoint` serves the newest",
            Some(_) => "nothing serves them while `contradiction` is here",
        }
    );
    findings.warn(&path, &words);
}

/// The two copies of a checkpoint are the same. If the stored one does not hold, its own check
/// names it.
fn compare(newest: &One, stored: &One, keys: &[VerifierKey], findings: &mut Findings) {
    if newest.bytes != stored.bytes && stored.holds(keys) {
        let pairs = newest.bytes.iter().zip(&stored.bytes);
        let place = pairs.clone().position(|(a, b)| a != b);
        let byte = place.unwrap_or(pairs.len());
        let expected = format!("the same bytes as {}", findings.name(&stored.path));
        let at = Some(format!("byte {byte}"));
        findings.damaged(&newest.path, at, expected, "other bytes");
    }
}
