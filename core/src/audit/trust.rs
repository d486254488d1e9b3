//! Whom the reader trusts, as they give it: verifier keys, or a policy file.

use core::fmt;

use crate::bundle::Nonce;
use crate::log::{KeyError, KeyName, Policy, PolicyError, SignatureType, VerifierKey};

/// Whom the reader trusts; never taken from what is verified.
///
/// ```
/// use ledgerline::audit::{RootsError, Trust};
///
/// let key = "example.com/foo+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k";
/// assert_eq!(Trust::parse_roots(key)?.keys.len(), 1);
/// let policy = format!("log {key}\nquorum none\n");
/// assert_eq!(Trust::parse_roots(&policy)?.policy.unwrap().logs().len(), 1);
/// assert!(matches!(Trust::parse_roots("quorum\n"), Err(RootsError::Policy(_))));
/// # Ok::<(), RootsError>(())
/// ```
#[derive(Clone, Debug, Default)]
pub struct Trust {
    /// Operators' keys; several of one log while one replaces another. Each speaks for the log that
    /// it is named after: see [`keys_of`](Trust::keys_of).
    pub keys: Vec<VerifierKey>,
    /// Logs and witnesses that are known, and who of the witnesses must have cosigned a checkpoint.
    pub policy: Option<Policy>,
    /// Keys of auditors, one of whose signatures is asked for; none = not asked.
    pub auditors: Vec<VerifierKey>,
    /// The nonce that a holder sent for the sample of their bundle; `None` = none was sent.
    pub nonce: Option<Nonce>,
    /// Whether several logs are at hand: keys then speak for the log they are named after alone.
    pub has_several_logs: bool,
}

impl Trust {
    /// Reads what a person pastes or drops: verifier keys, one a line, or a whole policy.
    ///
    /// It is a policy if some line begins with `log`, `witness`, `group` or `quorum`. Only here a
    /// policy's last line may lack its newline, as pasted text does.
    ///
    /// # Errors
    ///
    /// [`RootsError`].
    pub fn parse_roots(text: &str) -> Result<Trust, RootsError> {
        if !looks_like_policy(text) {
            let keys = read_keys(text)?;
            return Ok(Trust {
                keys,
                ..Trust::default()
            });
        }
        let newline = if text.ends_with('\n') { "" } else { "\n" };
        let policy = Policy::parse(format!("{text}{newline}").as_bytes());
        Ok(Trust {
            policy: Some(policy.map_err(RootsError::Policy)?),
            ..Trust::default()
        })
    }

    /// Keys that speak for the log with this origin: those given, and those of the policy's logs,
    /// that have it as their name.
    ///
    /// Some logs sign under another name than their origin. So where there is no such key, and all
    /// keys given have one name, these speak for it: with one name the reader can mean one log only.
    /// With two or more, each could be used to forge the other's log, and none of them speaks; nor does
    /// one where several logs are at hand, or the policy names logs.
    ///
    /// Source: C2SP tlog-checkpoint v1.0.0 (the key's name SHOULD be the origin).
    #[must_use]
    pub fn keys_of(&self, origin: &str) -> Vec<VerifierKey> {
        let keys = self.keys_named(origin);
        let names_logs = self.policy.as_ref().is_some_and(|p| !p.logs().is_empty());
        let means_one = self.names().len() == 1 && !self.has_several_logs && !names_logs;
        if keys.is_empty() && means_one {
            return self.keys.clone();
        }
        keys
    }

    /// Keys that may sign statements about the log with this origin: those that have it as their
    /// name, and no others. An auditor signs the same note, and is not the operator for that.
    ///
    /// Source: `docs/format.md` section 4.
    #[must_use]
    pub fn keys_named(&self, origin: &str) -> Vec<VerifierKey> {
        let given = self.keys.iter();
        let given = given.filter(|key| key.name().as_str() == origin);
        let known = self.policy.iter().flat_map(|policy| policy.keys_of(origin));
        let mut keys: Vec<VerifierKey> = Vec::new();
        for key in given.chain(known) {
            if !keys.contains(key) {
                keys.push(key.clone());
            }
        }
        keys
    }

    /// The names of the keys given, each once.
    #[must_use]
    pub fn names(&self) -> Vec<&KeyName> {
        let mut names: Vec<&KeyName> = Vec::new();
        for key in &self.keys {
            if !names.contains(&key.name()) {
                names.push(key.name());
            }
        }
        names
    }

    /// Whether a key, under whatever name and type, is one of those that sign for a log: one given,
    /// or one of the policy's logs.
    #[must_use]
    pub fn is_operator(&self, key: &VerifierKey) -> bool {
        let logs = self.policy.iter().flat_map(Policy::logs);
        let mut operators = self.keys.iter().chain(logs.map(|log| &log.key));
        operators.any(|operator| operator.is_same_key(key))
    }
}

/// Reads an operator's keys, one a line; empty lines are skipped.
///
/// # Errors
///
/// [`RootsError`], not that of a policy.
pub fn read_keys(text: &str) -> Result<Vec<VerifierKey>, RootsError> {
    let mut keys: Vec<VerifierKey> = Vec::new();
    let lines = (1..).zip(text.lines().map(str::trim));
    for (line, text) in lines.filter(|(_, text)| !text.is_empty()) {
        let key = VerifierKey::parse(text).map_err(|error| RootsError::Key { line, error })?;
        if key.kind() == SignatureType::CosignatureEd25519 {
            let name = key.name().clone();
            return Err(RootsError::WitnessKey { line, name });
        }
        if !keys.contains(&key) {
            keys.push(key);
        }
    }
    if keys.is_empty() {
        return Err(RootsError::Nothing);
    }
    Ok(keys)
}

/// Keys hold no blanks, so no key looks like a line of a policy.
fn looks_like_policy(text: &str) -> bool {
    let first_word = |line: &str| line.split_whitespace().next().map(str::to_owned);
    let is_keyword = |word: String| ["log", "witness", "group", "quorum"].contains(&word.as_str());
    text.lines().filter_map(first_word).any(is_keyword)
}

/// Why a text names nobody to trust.
#[derive(Clone, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub enum RootsError {
    /// There is neither a key nor a policy.
    Nothing,
    /// A line is no key.
    Key {
        /// Its number, from 1.
        line: usize,
        /// Why not.
        error: KeyError,
    },
    /// A line is the key of a witness, which does not sign for a service.
    WitnessKey {
        /// Its number, from 1.
        line: usize,
        /// The key's name.
        name: KeyName,
    },
    /// The text has lines of a policy and is none.
    Policy(PolicyError),
}

impl RootsError {
    /// Number of the line that is wrong, from 1; `None` if something is wrong with the whole.
    #[must_use]
    pub fn line(&self) -> Option<usize> {
        match self {
            RootsError::Key { line, .. }
            | RootsError::WitnessKey { line, .. }
            | RootsError::Policy(PolicyError::Line { line, .. }) => Some(*line),
            RootsError::Nothing | RootsError::Policy(_) => None,
        }
    }
}

impl fmt::Display for RootsError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            RootsError::Nothing => f.write_str(
                "expected a verifier key (name+id+base64) or a policy, but found no text",
            ),
            RootsError::Key { line, error } => write!(f, "line {line}: {error}"),
            RootsError::WitnessKey { line, name } => write!(
                f,
                "line {line}: expected a service's key, of type 0x01 or 0x06, but found the key of \
                 the witness {name}, of type 0x04: a witness stands in a policy, on a line \
                 `witness <name> <vkey>`"
            ),
            RootsError::Policy(error) => write!(f, "policy, {error}"),
        }
    }
}

impl core::error::Error for RootsError {}

/// Keys or a policy, and nothing between.
#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "tests")]
mod tests {
    use super::*;
    use crate::log::{CosigningKey, SigningKey};

    fn key(name: &str, seed: u8) -> VerifierKey {
        let key = SigningKey::from_seed(KeyName::parse(name).unwrap(), &[seed; 32]);
        key.verifier().clone()
    }

    #[test]
    fn reads_keys_line_by_line() {
        let (a, b) = (key("a", 1), key("b", 2));
        let trust = Trust::parse_roots(&format!("\n {a} \r\n\n{b}\n{a}")).unwrap();
        assert_eq!(trust.keys, [a.clone(), b.clone()]);
        assert!(trust.policy.is_none());
        assert_eq!(Trust::parse_roots(" \n").unwrap_err(), RootsError::Nothing);
        assert!(matches!(
            Trust::parse_roots(&format!("{a}\nx")),
            Err(RootsError::Key { line: 2, .. })
        ));
        let witness = CosigningKey::from_seed(
            KeyName::parse("w").unwrap(),
            SignatureType::CosignatureEd25519,
            &[3; 32],
        );
        let vkey = witness.unwrap().verifier().clone();
        assert!(matches!(
            Trust::parse_roots(&format!("{a}\n\n{vkey}\n")),
            Err(RootsError::WitnessKey { line: 3, .. })
        ));
    }

    #[test]
    fn a_key_speaks_for_the_log_it_is_named_after() {
        let (a, next, b) = (key("a", 1), key("a", 3), key("b", 2));
        let of = |keys: &[&VerifierKey]| Trust {
            keys: keys.iter().copied().cloned().collect(),
            ..Trust::default()
        };
        let services = of(&[&a, &b, &next]);
        assert_eq!(services.keys_of("a"), [a.clone(), next.clone()]);
        assert_eq!(services.keys_of("b"), std::slice::from_ref(&b));
        // Neither can have been meant.
        assert_eq!(services.keys_of("c"), []);
        // One name: that of a log whose origin is another.
        assert_eq!(of(&[&a, &next]).keys_of("c"), [a.clone(), next]);
        // But no statement is signed like this.
        assert_eq!(of(&[&a]).keys_named("c"), []);
        assert_eq!(of(&[&a]).keys_named("a"), std::slice::from_ref(&a));
        // Where the policy knows the log, its keys are known.
        let policy = Trust::parse_roots(&format!("log {a}\nquorum none\n")).unwrap();
        let mixed = Trust {
            keys: vec![b.clone()],
            ..policy
        };
        assert_eq!(mixed.keys_of("a"), std::slice::from_ref(&a));
        assert_eq!(mixed.keys_of("b"), std::slice::from_ref(&b));
        // The policy names the logs that are meant; several logs at hand show that not one is.
        assert_eq!(mixed.keys_of("c"), []);
        let several = Trust {
            has_several_logs: true,
            ..of(&[&a])
        };
        assert_eq!(several.keys_of("c"), []);
        assert_eq!(several.keys_of("a"), std::slice::from_ref(&a));
        assert!(mixed.is_operator(&a) && mixed.is_operator(&b));
        assert!(!mixed.is_operator(&key("a", 9)));
    }

    #[test]
    fn reads_a_policy_and_asks_it_by_origin() {
        let (a, b) = (key("a", 1), key("b", 2));
        // A last line without newline, as text that was pasted.
        let trust = Trust::parse_roots(&format!("# mine\nlog {a}\nlog {b}\nquorum none")).unwrap();
        assert!(trust.keys.is_empty());
        assert_eq!(trust.keys_of("a"), std::slice::from_ref(&a));
        assert_eq!(trust.keys_of("c"), []);
        let next = key("a", 3);
        let more = Trust {
            keys: vec![b.clone(), next.clone()],
            ..trust
        };
        assert_eq!(more.keys_of("a"), [next, a.clone()]);
        assert_eq!(more.keys_of("b"), std::slice::from_ref(&b));
        // Keys and policy lines do not mix, and a policy must say whom it asks for.
        for text in [format!("{a}\nquorum none\n"), format!("log {a}\n")] {
            assert!(matches!(
                Trust::parse_roots(&text),
                Err(RootsError::Policy(_))
            ));
        }
    }
}
