//! Trust policies: which logs a reader knows, and whose cosignatures make a checkpoint count.
//!
//! Source: C2SP tlog-policy (2026-06).

use core::fmt;

use super::checkpoint::{Checkpoint, CheckpointError};
use super::key::{KeyError, VerifierKey};
use super::note::{Note, NoteError};
use super::scheme::SignatureType;
use crate::wire::decimal;

/// The most bytes a policy may have.
pub const MAX_POLICY_BYTES: usize = 1 << 20;

/// Bytes at which a quorum in words goes on with `...`.
const MAX_WORDS: usize = 1000;

/// The most logs, witnesses and groups together; each of the 32 that the specification asks for.
const MAX_LINES: usize = 1024;

/// Known logs, known witnesses, and the quorum: who of them must have cosigned.
///
/// ```
/// use ledgerline::log::Policy;
///
/// let policy = Policy::parse(b"\
/// log example.com/foo+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k
/// ## a comment
/// witness w1 remora.n621.de+da77ade7+BOvN63jn/bLvkieywe8R6UYAtVtNbZpXh34x7onlmtw2 https://w1.example/
/// group all-of-them all w1
/// quorum all-of-them
/// ")?;
/// assert_eq!(policy.witnesses().len(), 1);
/// assert!(policy.asks_for_witnesses());
/// assert!(Policy::parse(b"quorum nobody\n").is_err());
/// # Ok::<(), ledgerline::log::PolicyError>(())
/// ```
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Policy {
    logs: Vec<PolicyLog>,
    witnesses: Vec<PolicyWitness>,
    /// Witnesses and groups in the order of their lines, so that members stand before their group.
    nodes: Vec<Node>,
    /// Number of the node that must have witnessed; `None` is the quorum `none`.
    quorum: Option<usize>,
}

/// A log that is known.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct PolicyLog {
    /// Its key, named by the log's origin; of type 0x01 or 0x06.
    pub key: VerifierKey,
    /// Where it is found.
    pub url: Option<String>,
}

/// A witness that is known.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct PolicyWitness {
    /// What this policy calls it; means nothing elsewhere.
    pub name: String,
    /// Its key; of type 0x04 or 0x06.
    pub key: VerifierKey,
    /// Its submission prefix.
    pub url: Option<String>,
}

#[derive(Clone, Debug, Eq, PartialEq)]
struct Node {
    /// Any bytes but blanks and control characters.
    name: Vec<u8>,
    kind: NodeKind,
    is_member: bool,
}

#[derive(Clone, Debug, Eq, PartialEq)]
enum NodeKind {
    Witness(usize),
    Group { least: usize, members: Vec<usize> },
}

/// What a checkpoint is to a policy.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Examined<'p> {
    /// The checkpoint.
    pub checkpoint: Checkpoint,
    /// Keys of its log that signed it; at least one.
    pub signers: Vec<&'p VerifierKey>,
    /// Witnesses that cosigned it, and when, in seconds since the Unix epoch.
    pub cosigned: Vec<(&'p PolicyWitness, u64)>,
    /// Whether these are enough.
    pub has_quorum: bool,
}

impl Policy {
    /// Reads a policy.
    ///
    /// # Errors
    ///
    /// [`PolicyError`] with the line, for anything that is not of the specification; comments behind
    /// other things too.
    pub fn parse(bytes: &[u8]) -> Result<Policy, PolicyError> {
        if bytes.len() > MAX_POLICY_BYTES {
            let found = bytes.len();
            return Err(PolicyError::TooLong { found });
        }
        let mut reader = PolicyReader::default();
        for (line, text) in (1..).zip(bytes.split(|&byte| byte == b'\n')) {
            reader
                .read(text)
                .map_err(|problem| PolicyError::Line { line, problem })?;
        }
        // A last line without newline would be a cut one.
        if !bytes.is_empty() && !bytes.ends_with(b"\n") {
            return Err(PolicyError::NoFinalNewline);
        }
        let quorum = reader.quorum.ok_or(PolicyError::NoQuorum)?;
        Ok(Policy {
            quorum,
            ..reader.policy
        })
    }

    /// Logs that are known.
    #[must_use]
    pub fn logs(&self) -> &[PolicyLog] {
        &self.logs
    }

    /// Witnesses that are known.
    #[must_use]
    pub fn witnesses(&self) -> &[PolicyWitness] {
        &self.witnesses
    }

    /// Whether the quorum is another than `none`.
    #[must_use]
    pub fn asks_for_witnesses(&self) -> bool {
        self.quorum.is_some()
    }

    /// Keys of the logs with this origin.
    pub fn keys_of<'p>(&'p self, origin: &str) -> impl Iterator<Item = &'p VerifierKey> {
        self.logs
            .iter()
            .map(|log| &log.key)
            .filter(move |key| key.name().as_str() == origin)
    }

    /// Whether a witness has the key of somebody whose log it would have to watch: one of `operators`
    /// or a log of this policy, under whatever name and type. Its cosignatures count for nothing.
    #[must_use]
    pub fn is_own(&self, witness: &PolicyWitness, operators: &[VerifierKey]) -> bool {
        let logs = self.logs.iter().map(|log| &log.key);
        let mut operators = operators.iter().chain(logs);
        operators.any(|key| key.is_same_key(&witness.key))
    }

    /// Verifies a note as a checkpoint of a log of this policy, and looks who cosigned it.
    ///
    /// # Errors
    ///
    /// [`CheckpointError::Note`] unless a key of the log signed, or if any signature that claims to
    /// be by a key of this policy is not; [`CheckpointError::UnknownLog`]; those of
    /// [`Checkpoint::parse`]. A missing quorum is no error: see [`Examined::has_quorum`].
    ///
    /// # Does not prove
    ///
    /// What [`Checkpoint::open`] does not. That the log shows others the same tree is as sure as it
    /// is that the witnesses of one quorum do not all collude with it.
    pub fn examine(&self, note: &Note) -> Result<Examined<'_>, CheckpointError> {
        let origin = Checkpoint::parse(note.text())?.origin().to_owned();
        let keys: Vec<VerifierKey> = self.keys_of(&origin).cloned().collect();
        if keys.is_empty() {
            return Err(CheckpointError::UnknownLog { found: origin });
        }
        self.examine_signed_by(note, &origin, &keys)
    }

    /// As [`examine`](Policy::examine), for a log whose keys the caller knows from elsewhere: logs of
    /// the policy do not vouch for it. Nobody's key makes a witness: see [`is_own`](Policy::is_own).
    ///
    /// # Errors
    ///
    /// As [`examine`](Policy::examine), and [`CheckpointError::OtherOrigin`].
    ///
    /// # Does not prove
    ///
    /// As [`examine`](Policy::examine).
    pub fn examine_signed_by<'p>(
        &'p self,
        note: &Note,
        origin: &str,
        keys: &[VerifierKey],
    ) -> Result<Examined<'p>, CheckpointError> {
        let checkpoint = Checkpoint::open(note, origin, keys)?;
        let signers = note.verify(keys).map_err(CheckpointError::Note)?;
        let signers = self
            .logs
            .iter()
            .map(|log| &log.key)
            .filter(|key| signers.contains(key))
            .collect();
        let cosigned = self.cosigned(note, keys).map_err(CheckpointError::Note)?;
        Ok(Examined {
            checkpoint,
            signers,
            has_quorum: self.is_enough(&cosigned),
            cosigned,
        })
    }

    /// The witnesses whose cosignature a checkpoint carries, and when each cosigned last, in seconds
    /// since the Unix epoch; 0 if it does not say (type 0x06 may leave it out, type 0x04 may not).
    /// Witnesses with a key of one of `operators`, or of a log, are left out.
    ///
    /// # Errors
    ///
    /// [`NoteError::BadSignature`] if a line that claims to be by a known witness is not.
    ///
    /// # Does not prove
    ///
    /// That the log signed it: see [`examine`](Policy::examine).
    pub fn cosigned(
        &self,
        note: &Note,
        operators: &[VerifierKey],
    ) -> Result<Vec<(&PolicyWitness, u64)>, NoteError> {
        let keys: Vec<VerifierKey> = self.witnesses.iter().map(|w| w.key.clone()).collect();
        let signed = match note.verify(&keys) {
            Err(NoteError::NotSigned { .. }) => Vec::new(),
            other => other?,
        };
        let time = |key: &VerifierKey| {
            let lines = note.signatures().iter();
            lines.filter_map(|line| key.cosigned_at(line)).max()
        };
        let others = self.witnesses.iter();
        let others = others.filter(|witness| !self.is_own(witness, operators));
        let signers = others.filter_map(|witness| {
            let key = &witness.key;
            Some((witness, time(key).filter(|_| signed.contains(&key))?))
        });
        Ok(signers.collect())
    }

    /// The witnesses that the quorum can be made of, in the order of their lines.
    #[must_use]
    pub fn asked(&self) -> Vec<&PolicyWitness> {
        // Members stand before their group, so one pass from the end is enough.
        let mut below: Vec<bool> = vec![false; self.nodes.len()];
        let mut asked = Vec::new();
        for (number, node) in self.nodes.iter().enumerate().rev() {
            if self.quorum != Some(number) && below.get(number) != Some(&true) {
                continue;
            }
            match &node.kind {
                NodeKind::Witness(witness) => asked.extend(self.witnesses.get(*witness)),
                NodeKind::Group { members, .. } => {
                    for &member in members {
                        if let Some(is_below) = below.get_mut(member) {
                            *is_below = true;
                        }
                    }
                }
            }
        }
        asked.reverse();
        asked
    }

    /// The quorum for people: `none`, `the witness W1`, `2 of 3`, `2 of 2 (X: 2 of 3, W4)`.
    #[must_use]
    pub fn quorum_in_words(&self) -> String {
        let Some(quorum) = self.quorum else {
            return text(NONE);
        };
        let mut words = String::new();
        match self.nodes.get(quorum) {
            Some(node) if matches!(node.kind, NodeKind::Witness(_)) => {
                format!("the witness {}", text(&node.name))
            }
            _ => {
                self.describe(quorum, &mut words);
                words
            }
        }
    }

    /// Adds a group in words. Groups within groups may be many: the text ends at [`MAX_WORDS`].
    fn describe(&self, number: usize, words: &mut String) {
        let Some(NodeKind::Group { least, members }) = self.nodes.get(number).map(|n| &n.kind)
        else {
            return;
        };
        words.push_str(&format!("{least} of {}", members.len()));
        let is_group = |number: usize| {
            let node = self.nodes.get(number);
            node.is_some_and(|node| matches!(node.kind, NodeKind::Group { .. }))
        };
        // The names of mere witnesses would make it long and say little.
        if !members.iter().any(|&member| is_group(member)) {
            return;
        }
        for (place, &member) in members.iter().enumerate() {
            words.push_str(if place == 0 { " (" } else { ", " });
            let Some(node) = self.nodes.get(member) else {
                continue;
            };
            let name = text(&node.name);
            // Each group adds some characters, so this also ends how deep it goes.
            if words.len().saturating_add(name.len()) > MAX_WORDS {
                words.push_str("...");
                break;
            }
            words.push_str(&name);
            if is_group(member) {
                words.push_str(": ");
                self.describe(member, words);
            }
        }
        words.push(')');
    }

    /// Whether these witnesses make up the quorum; always, if it is `none`.
    #[must_use]
    pub fn is_enough(&self, cosigned: &[(&PolicyWitness, u64)]) -> bool {
        let Some(quorum) = self.quorum else {
            return true;
        };
        // Members stand before their group, so one pass is enough.
        let mut witnessed: Vec<bool> = Vec::with_capacity(self.nodes.len());
        for node in &self.nodes {
            let holds = match &node.kind {
                NodeKind::Witness(number) => {
                    let witness = self.witnesses.get(*number);
                    let is_this = |other: &PolicyWitness| Some(other) == witness;
                    cosigned.iter().any(|(other, _)| is_this(other))
                }
                NodeKind::Group { least, members } => {
                    let holds = |member: &&usize| witnessed.get(**member) == Some(&true);
                    members.iter().filter(holds).count() >= *least
                }
            };
            witnessed.push(holds);
        }
        witnessed.get(quorum) == Some(&true)
    }
}

/// The lines read so far.
#[derive(Default)]
struct PolicyReader {
    policy: Policy,
    quorum: Option<Option<usize>>,
}

impl Default for Policy {
    /// No log, no witness, quorum `none`: asks for nothing, and knows nobody.
    fn default() -> Policy {
        Policy {
            logs: Vec::new(),
            witnesses: Vec::new(),
            nodes: Vec::new(),
            quorum: None,
        }
    }
}

impl PolicyReader {
    fn read(&mut self, line: &[u8]) -> Result<(), LineProblem> {
        let wrong = |&byte: &u8| (byte < b' ' && byte != b'\t') || byte == 0x7f;
        if let Some(at) = line.iter().position(wrong) {
            return Err(LineProblem::Control { at });
        }
        let is_blank = |&byte: &u8| byte == b' ' || byte == b'\t';
        let items: Vec<&[u8]> = line
            .split(is_blank)
            .filter(|item| !item.is_empty())
            .collect();
        match items.as_slice() {
            [] => Ok(()),
            [first, ..] if first.starts_with(b"#") => Ok(()),
            [b"log", vkey] => self.log(vkey, None),
            [b"log", vkey, url] => self.log(vkey, Some(url)),
            [b"witness", name, vkey] => self.witness(name, vkey, None),
            [b"witness", name, vkey, url] => self.witness(name, vkey, Some(url)),
            [b"group", name, least, members @ ..] => self.group(name, least, members),
            [b"quorum", name] => self.quorum(name),
            [b"log" | b"witness" | b"group" | b"quorum", ..] => Err(LineProblem::Items),
            [found, ..] => Err(LineProblem::Keyword { found: text(found) }),
        }
    }

    fn log(&mut self, vkey: &[u8], url: Option<&[u8]>) -> Result<(), LineProblem> {
        let key = key(vkey)?;
        if key.kind() == SignatureType::CosignatureEd25519 {
            return Err(LineProblem::WitnessKey);
        }
        let is_same = |log: &PolicyLog| log.key.is_same_key(&key);
        if self.policy.logs.iter().any(is_same) {
            return Err(LineProblem::SameKey);
        }
        let url = url.map(text);
        self.policy.logs.push(PolicyLog { key, url });
        self.check_count()
    }

    fn witness(&mut self, name: &[u8], vkey: &[u8], url: Option<&[u8]>) -> Result<(), LineProblem> {
        let key = key(vkey)?;
        if !key.kind().is_cosignature() {
            return Err(LineProblem::LogKey);
        }
        let is_same = |witness: &PolicyWitness| witness.key.is_same_key(&key);
        if self.policy.witnesses.iter().any(is_same) {
            return Err(LineProblem::SameKey);
        }
        self.define(name, NodeKind::Witness(self.policy.witnesses.len()))?;
        let (name, url) = (text(name), url.map(text));
        self.policy.witnesses.push(PolicyWitness { name, key, url });
        Ok(())
    }

    fn group(&mut self, name: &[u8], least: &[u8], names: &[&[u8]]) -> Result<(), LineProblem> {
        let least = match (least, names.len()) {
            (_, 0) => return Err(LineProblem::Items),
            (b"any", _) => 1,
            (b"all", all) => all,
            (number, all) => str::from_utf8(number)
                .ok()
                .and_then(decimal)
                .and_then(|number| usize::try_from(number).ok())
                .filter(|least| (1..=all).contains(least))
                .ok_or_else(|| LineProblem::Threshold {
                    found: text(number),
                    all,
                })?,
        };
        let mut members = Vec::with_capacity(names.len());
        for &name in names {
            let number = self.find(name)?;
            let node = self.policy.nodes.get_mut(number);
            if node.is_none_or(|node| core::mem::replace(&mut node.is_member, true)) {
                return Err(LineProblem::TwiceMember { name: text(name) });
            }
            members.push(number);
        }
        self.define(name, NodeKind::Group { least, members })
    }

    fn quorum(&mut self, name: &[u8]) -> Result<(), LineProblem> {
        if self.quorum.is_some() {
            return Err(LineProblem::SecondQuorum);
        }
        self.quorum = Some(if name == NONE {
            None
        } else {
            Some(self.find(name)?)
        });
        Ok(())
    }

    fn define(&mut self, name: &[u8], kind: NodeKind) -> Result<(), LineProblem> {
        if name == NONE || self.find(name).is_ok() {
            return Err(LineProblem::TwiceDefined { name: text(name) });
        }
        self.policy.nodes.push(Node {
            name: name.to_vec(),
            kind,
            is_member: false,
        });
        self.check_count()
    }

    fn find(&self, name: &[u8]) -> Result<usize, LineProblem> {
        let mut nodes = self.policy.nodes.iter();
        nodes
            .position(|node| node.name == name)
            .ok_or_else(|| LineProblem::Undefined { name: text(name) })
    }

    fn check_count(&self) -> Result<(), LineProblem> {
        let count = self
            .policy
            .logs
            .len()
            .saturating_add(self.policy.nodes.len());
        if count > MAX_LINES {
            return Err(LineProblem::TooMany);
        }
        Ok(())
    }
}

fn key(vkey: &[u8]) -> Result<VerifierKey, LineProblem> {
    let vkey = str::from_utf8(vkey).map_err(|_| LineProblem::Key(KeyError::Shape))?;
    VerifierKey::parse(vkey).map_err(LineProblem::Key)
}

/// For messages; names are compared as bytes.
fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

const NONE: &[u8] = b"none";

/// Why bytes are no policy.
#[derive(Clone, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub enum PolicyError {
    /// More than [`MAX_POLICY_BYTES`].
    TooLong {
        /// Bytes of the policy.
        found: usize,
    },
    /// The last line is not ended.
    NoFinalNewline,
    /// There is no quorum line.
    NoQuorum,
    /// A line that cannot stand there.
    Line {
        /// Its number, from 1.
        line: usize,
        /// What is wrong with it.
        problem: LineProblem,
    },
}

/// What is wrong with a line of a policy.
#[derive(Clone, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub enum LineProblem {
    /// A control character other than tab.
    Control {
        /// Its offset in the line.
        at: usize,
    },
    /// The first word is none that a policy has.
    Keyword {
        /// The word.
        found: String,
    },
    /// Too few or too many items for this kind of line.
    Items,
    /// A key that is none.
    Key(KeyError),
    /// A log line with a witness's key.
    WitnessKey,
    /// A witness line with a key that signs notes.
    LogKey,
    /// Two log lines, or two witness lines, with one public key.
    SameKey,
    /// A name that is taken, or `none`.
    TwiceDefined {
        /// The name.
        name: String,
    },
    /// A name that no line above defines.
    Undefined {
        /// The name.
        name: String,
    },
    /// A name that is a member already.
    TwiceMember {
        /// The name.
        name: String,
    },
    /// A threshold that is not `any`, `all` or 1 to the number of members.
    Threshold {
        /// The threshold.
        found: String,
        /// Number of members.
        all: usize,
    },
    /// A second quorum line.
    SecondQuorum,
    /// More logs, witnesses and groups than are looked at.
    TooMany,
}

impl fmt::Display for PolicyError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            PolicyError::TooLong { found } => write!(
                f,
                "expected a policy of at most {MAX_POLICY_BYTES} bytes, but found {found}"
            ),
            PolicyError::NoFinalNewline => {
                f.write_str("expected a newline at the end of the policy, but found none")
            }
            PolicyError::NoQuorum => f.write_str(
                "expected a line `quorum <name>` or `quorum none`, but found none: say who must \
                 have cosigned",
            ),
            PolicyError::Line { line, problem } => write!(f, "line {line}: {problem}"),
        }
    }
}

impl core::error::Error for PolicyError {}

impl fmt::Display for LineProblem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            LineProblem::Control { at } => write!(
                f,
                "expected no control characters but tabs, but found one at byte {at}"
            ),
            LineProblem::Keyword { found } => write!(
                f,
                "expected log, witness, group, quorum or a # comment, but found {found:?}"
            ),
            LineProblem::Items => f.write_str(
                "expected `log <vkey> [<url>]`, `witness <name> <vkey> [<url>]`, `group <name> \
                 any|all|<k> <member>...` or `quorum <name>|none`, but found another number of \
                 items (comments need lines of their own)",
            ),
            LineProblem::Key(error) => error.fmt(f),
            LineProblem::WitnessKey => f.write_str(
                "expected a log's key, of type 0x01 or 0x06, but found a witness's, of type 0x04",
            ),
            LineProblem::LogKey => f.write_str(
                "expected a witness's key, of type 0x04 or 0x06, but found one of type 0x01, which \
                 signs notes",
            ),
            LineProblem::SameKey => f.write_str(
                "expected each public key once, but found one that a line above has, be it under \
                 another name",
            ),
            LineProblem::TwiceDefined { name } => write!(
                f,
                "expected a name that is not taken, but found {name:?} again"
            ),
            LineProblem::Undefined { name } => write!(
                f,
                "expected a witness or group that a line above defines, but found {name:?}"
            ),
            LineProblem::TwiceMember { name } => write!(
                f,
                "expected each name to be a member once, but found {name:?} again"
            ),
            LineProblem::Threshold { found, all } => {
                write!(f, "expected any, all, or 1 to {all}, but found {found:?}")
            }
            LineProblem::SecondQuorum => {
                f.write_str("expected one quorum line, but found another one")
            }
            LineProblem::TooMany => write!(
                f,
                "expected at most {MAX_LINES} logs, witnesses and groups, but found more"
            ),
        }
    }
}

/// Policies mean what the specification says, and nothing else is one.
#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "tests")]
mod tests {
    use super::super::cosigner::CosigningKey;
    use super::super::hash::Hash;
    use super::super::key::{KeyName, SigningKey};
    use super::super::note::NoteSignature;
    use super::super::tree::TreeHead;
    use super::*;

    const ORIGIN: &str = "example.com/log";

    fn log() -> SigningKey {
        SigningKey::from_seed(KeyName::parse(ORIGIN).unwrap(), &[1; 32])
    }

    fn witness(number: u8) -> CosigningKey {
        let name = KeyName::parse(&format!("w{number}.example")).unwrap();
        let kind = SignatureType::CosignatureEd25519;
        CosigningKey::from_seed(name, kind, &[100u8.wrapping_add(number); 32]).unwrap()
    }

    fn lines(witnesses: u8) -> String {
        let mut text = format!("log {}\n", log().verifier());
        for number in 1..=witnesses {
            text += &format!("witness W{number} {}\n", witness(number).verifier());
        }
        text
    }

    fn cosigned(by: &[u8]) -> Note {
        let root = Hash::of(b"root");
        let checkpoint = Checkpoint::new(ORIGIN, TreeHead { size: 3, root }).unwrap();
        let mut note = Note::sign(&checkpoint.to_string(), &[&log()]).unwrap();
        for &number in by {
            note.add(witness(number).cosign(&checkpoint, 5).unwrap())
                .unwrap();
        }
        note
    }

    /// By the definition: which sets of cosigners are enough.
    #[test]
    fn every_set_of_cosigners_is_judged_by_its_groups() {
        let text =
            lines(5) + "group X 2 W1 W2 W3\ngroup Y any W4 W5\ngroup both all X Y\nquorum both\n";
        let policy = Policy::parse(text.as_bytes()).unwrap();
        for set in 0..32u32 {
            let by: Vec<u8> = (1..=5).filter(|n| set >> (n - 1) & 1 == 1).collect();
            let note = cosigned(&by);
            let examined = policy.examine(&note).unwrap();
            let x = (set & 7).count_ones() >= 2;
            let y = set >> 3 != 0;
            assert_eq!(examined.has_quorum, x && y, "{by:?}");
            assert_eq!(examined.cosigned.len(), by.len());
            assert!(examined.cosigned.iter().all(|(_, time)| *time == 5));
            assert_eq!(examined.signers.len(), 1);
        }
        for (quorum, by, enough) in [
            ("none", vec![], true),
            ("W1", vec![2], false),
            ("W1", vec![1], true),
        ] {
            let policy = Policy::parse((lines(2) + "quorum " + quorum + "\n").as_bytes()).unwrap();
            assert_eq!(policy.examine(&cosigned(&by)).unwrap().has_quorum, enough);
        }
    }

    #[test]
    fn a_quorum_is_told_in_words() {
        for (groups, words) in [
            ("quorum none\n", "none"),
            ("quorum W2\n", "the witness W2"),
            ("group g 2 W1 W2 W3\nquorum g\n", "2 of 3"),
            ("group g any W1 W2\nquorum g\n", "1 of 2"),
            (
                "group X 2 W1 W2 W3\ngroup both all X W4\nquorum both\n",
                "2 of 2 (X: 2 of 3, W4)",
            ),
        ] {
            let policy = Policy::parse((lines(4) + groups).as_bytes()).unwrap();
            assert_eq!(policy.quorum_in_words(), words);
        }
    }

    #[test]
    fn a_quorum_of_many_groups_has_few_words() {
        let long = "x".repeat(400);
        let mut text = lines(1) + "group g0 any W1\n";
        for number in 1..1000 {
            let before = if number == 1 {
                "g0".to_owned()
            } else {
                format!("{long}{}", number - 1)
            };
            text += &format!("group {long}{number} any {before}\n");
        }
        let policy = Policy::parse(format!("{text}quorum {long}999\n").as_bytes()).unwrap();
        let words = policy.quorum_in_words();
        assert!(words.len() < 2 * MAX_WORDS, "{}", words.len());
        assert!(words.contains("..."), "{words}");
    }

    #[test]
    fn a_cosignature_needs_a_time_where_its_type_has_one() {
        let policy = Policy::parse((lines(1) + "quorum W1\n").as_bytes()).unwrap();
        let note = cosigned(&[]);
        let checkpoint = Checkpoint::parse(note.text()).unwrap();
        // The line that the witness's key would make for the time 0, which it refuses to.
        assert!(witness(1).cosign(&checkpoint, 0).is_err());
        let key = ed25519_dalek::SigningKey::from_bytes(&[101; 32]);
        let message = super::super::scheme::ed25519_message(0, &checkpoint);
        let signature = ed25519_dalek::Signer::sign(&key, message.as_bytes());
        let bytes = [&[0; 8][..], &signature.to_bytes()].concat();
        let verifier = witness(1).verifier().clone();
        let line = NoteSignature::new(verifier.name().clone(), verifier.id(), bytes);
        let mut note = cosigned(&[]);
        note.add(line).unwrap();
        assert!(note.verify(&[verifier]).is_ok());
        assert_eq!(policy.cosigned(&note, &[]).unwrap(), []);
        assert!(!policy.examine(&note).unwrap().has_quorum);
    }

    #[test]
    fn no_log_is_its_own_witness() {
        let name = KeyName::parse("w1.example").unwrap();
        let own = SigningKey::from_seed(name, &[101; 32]);
        let policy = |logs: String| Policy::parse((logs + &lines(1) + "quorum W1\n").as_bytes());
        let note = cosigned(&[1]);
        assert!(
            policy(String::new())
                .unwrap()
                .examine(&note)
                .unwrap()
                .has_quorum
        );
        // Nor another log that the policy names, nor one whose keys the caller brings.
        let named = policy(format!("log {}\n", own.verifier())).unwrap();
        assert!(!named.examine(&note).unwrap().has_quorum);
        let keys = [log().verifier().clone(), own.verifier().clone()];
        let brought = policy(String::new()).unwrap();
        assert!(
            !brought
                .examine_signed_by(&note, ORIGIN, &keys)
                .unwrap()
                .has_quorum
        );
    }

    #[test]
    fn a_false_cosignature_condemns_and_an_unknown_one_is_ignored() {
        let policy = Policy::parse((lines(1) + "quorum W1\n").as_bytes()).unwrap();
        let note = cosigned(&[2, 3]);
        assert!(!policy.examine(&note).unwrap().has_quorum);

        let root = Hash::of(b"other");
        let other = Checkpoint::new(ORIGIN, TreeHead { size: 3, root }).unwrap();
        let mut note = cosigned(&[]);
        note.add(witness(1).cosign(&other, 5).unwrap()).unwrap();
        assert!(matches!(
            policy.examine(&note),
            Err(CheckpointError::Note(NoteError::BadSignature { .. }))
        ));
    }

    #[test]
    fn only_logs_of_the_policy_count() {
        let note = cosigned(&[1]);
        let policy = |text: String| Policy::parse(text.as_bytes()).unwrap();
        let without = policy("quorum none\n".to_owned());
        assert!(matches!(
            without.examine(&note),
            Err(CheckpointError::UnknownLog { .. })
        ));
        let keys = [log().verifier().clone()];
        assert!(without.examine_signed_by(&note, ORIGIN, &keys).is_ok());
        let impostor = SigningKey::from_seed(KeyName::parse(ORIGIN).unwrap(), &[2; 32]);
        let other = policy(format!("log {}\nquorum none\n", impostor.verifier()));
        assert!(matches!(
            other.examine(&note),
            Err(CheckpointError::Note(NoteError::NotSigned { .. }))
        ));
    }

    #[test]
    fn lines_are_read_leniently_in_blanks_only() {
        let text = format!(
            "\n \t\n# comment\n\t # another \u{e9}\n log\t{}  https://log.example/ \n\
             witness K {}\nwitness \u{212a} {} http://x\n\
             group g 1 K \u{212a}\n\tquorum g\t\n",
            log().verifier(),
            witness(1).verifier(),
            witness(2).verifier()
        );
        let policy = Policy::parse(text.as_bytes()).unwrap();
        assert_eq!(
            policy.logs()[0].url.as_deref(),
            Some("https://log.example/")
        );
        assert_eq!(policy.witnesses()[1].name, "\u{212a}");
        // Names are bytes, not text.
        let mut bytes = lines(0).into_bytes();
        for (name, number) in [(&b"\xff"[..], 1), (b"\xfe", 2)] {
            let line = format!(" {}\n", witness(number).verifier());
            bytes.extend([b"witness ", name, line.as_bytes()].concat());
        }
        bytes.extend(b"group g all \xff \xfe\nquorum g\n");
        assert!(Policy::parse(&bytes).is_ok());
    }

    #[test]
    fn other_texts_are_no_policies() {
        let w1 = witness(1).verifier().to_string();
        let note_key = log().verifier().to_string();
        for (text, word) in [
            (String::new(), "quorum"),
            ("log\nquorum none\n".into(), "line 1"),
            ("quorum none".into(), "newline"),
            ("quorum none\nquorum none\n".into(), "line 2"),
            ("quorum\n".into(), "line 1"),
            ("quorum none extra\n".into(), "line 1"),
            ("quorum none # comment\n".into(), "line 1"),
            ("quorum W1\n".into(), "W1"),
            ("Quorum none\n".into(), "Quorum"),
            ("quorum none\r\n".into(), "control"),
            ("quorum\u{a0}none\n".into(), "quorum"),
            (format!("log {w1}\nquorum none\n"), "0x04"),
            (format!("witness a {note_key}\nquorum a\n"), "0x01"),
            (
                format!("log {note_key}\nlog {note_key}\nquorum none\n"),
                "line 2",
            ),
            (
                format!("witness a {w1}\nwitness b {w1}\nquorum a\n"),
                "line 2",
            ),
            (format!("witness none {w1}\nquorum none\n"), "none"),
            (lines(1) + "witness W1 " + &w1 + "\nquorum W1\n", "line 3"),
            (lines(1) + "group W1 any W1\nquorum W1\n", "W1"),
            (lines(1) + "group g any\nquorum g\n", "line 3"),
            (lines(1) + "group g 0 W1\nquorum g\n", "1 to 1"),
            (lines(1) + "group g 2 W1\nquorum g\n", "1 to 1"),
            (lines(1) + "group g 01 W1\nquorum g\n", "1 to 1"),
            (lines(1) + "group g +1 W1\nquorum g\n", "1 to 1"),
            (lines(1) + "group g ALL W1\nquorum g\n", "ALL"),
            (lines(1) + "group g any g\nquorum g\n", "\"g\""),
            (lines(1) + "group g any none\nquorum g\n", "none"),
            (lines(1) + "group g any W1 W1\nquorum g\n", "again"),
            (
                lines(2) + "group g any W1\ngroup h any W1 W2\nquorum h\n",
                "again",
            ),
            (lines(1) + "quorum g\ngroup g any W1\n", "\"g\""),
        ] {
            let error = Policy::parse(text.as_bytes()).unwrap_err().to_string();
            assert!(error.contains(word), "{text:?}: {error}");
        }
        let many: String = (0..1100).map(|n| format!("group g{n} any x\n")).collect();
        assert!(Policy::parse(many.as_bytes()).is_err());
        assert!(Policy::parse(&vec![b'#'; MAX_POLICY_BYTES + 1]).is_err());
    }

    #[test]
    fn thirty_two_of_each_are_read() {
        let mut text = String::new();
        for number in 0..32 {
            let log = SigningKey::from_seed(KeyName::parse("l").unwrap(), &[number; 32]);
            text += &format!("log {}\n", log.verifier());
            text += &format!("witness W{number} {}\n", witness(number).verifier());
            text += &format!("group g{number} any W{number}\n");
        }
        text += "quorum g31\n";
        assert!(Policy::parse(text.as_bytes()).is_ok());
    }
}
