//! What a reader pastes or drops, as text: read into [`Trust`], and told back in words.

use core::fmt;

use serde::Serialize;

use crate::bundle::{Nonce, NonceError};
use crate::log::{KeyError, Policy, VerifierKey};

use super::signed::list;
use super::{RootsError, Trust};

/// Texts by which a reader says whom to trust; each may be absent.
///
/// ```
/// use ledgerline::audit::Given;
///
/// let key = "example.com/foo+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k";
/// let policy = format!("log {key}\nquorum none\n");
/// let given = Given { roots: Some(&policy), ..Given::default() };
/// assert!(given.read()?.policy.is_some());
/// assert!(given.describe().to_json().contains("1 log, no witnesses, quorum: none"));
/// assert!(Given { nonce: Some("5ee"), ..given }.read().is_err());
/// # Ok::<(), ledgerline::audit::GivenError>(())
/// ```
#[derive(Clone, Copy, Debug, Default)]
pub struct Given<'t> {
    /// The service's keys, a line each, or a policy: see [`Trust::parse_roots`].
    pub roots: Option<&'t str>,
    /// The key of an auditor.
    pub auditor: Option<&'t str>,
    /// The holder's nonce, in hex.
    pub nonce: Option<&'t str>,
}

impl Given<'_> {
    /// Reads all of it.
    ///
    /// # Errors
    ///
    /// [`GivenError`].
    pub fn read(&self) -> Result<Trust, GivenError> {
        let roots = self.roots.map(Trust::parse_roots).transpose();
        let auditor = self.auditor.map(parse_key).transpose();
        let nonce = self.nonce.map(parse_nonce).transpose();
        Ok(Trust {
            auditors: auditor.map_err(GivenError::Auditor)?.into_iter().collect(),
            nonce: nonce.map_err(GivenError::Nonce)?,
            ..roots.map_err(GivenError::Roots)?.unwrap_or_default()
        })
    }

    /// Says of each text how it was read.
    #[must_use]
    pub fn describe(&self) -> Readings {
        let key = self.roots.map(|text| match Trust::parse_roots(text) {
            Ok(trust) => understood(&trust),
            Err(error) => mistake_in(text, &error),
        });
        let auditor = self.auditor.map(|text| match parse_key(text) {
            Ok(key) => plain(format!("1 key, of {}", key.name())),
            Err(error) => mistake(error.to_string()),
        });
        let nonce = self.nonce.map(|text| match parse_nonce(text) {
            Ok(nonce) => plain(counted(nonce.as_bytes().len(), "byte")),
            Err(error) => mistake(error.to_string()),
        });
        Readings {
            key,
            auditor,
            nonce,
        }
    }
}

fn parse_key(text: &str) -> Result<VerifierKey, KeyError> {
    VerifierKey::parse(text.trim())
}

fn parse_nonce(text: &str) -> Result<Nonce, NonceError> {
    Nonce::parse_hex(text.trim())
}

/// How the texts of a [`Given`] were read.
#[derive(Clone, Debug, Eq, PartialEq, Serialize)]
pub struct Readings {
    /// Of [`Given::roots`].
    pub key: Option<Reading>,
    /// Of [`Given::auditor`].
    pub auditor: Option<Reading>,
    /// Of [`Given::nonce`].
    pub nonce: Option<Reading>,
}

impl Readings {
    /// The object as text, without blanks between tokens.
    #[must_use]
    pub fn to_json(&self) -> String {
        // Strings and integers only: serialising them cannot fail.
        serde_json::to_string(self).unwrap_or_default()
    }
}

/// How one text was read.
#[derive(Clone, Debug, Eq, PartialEq, Serialize)]
#[serde(tag = "is", rename_all = "lowercase")]
pub enum Reading {
    /// It is what it should be.
    Understood {
        /// What it holds: `1 log, 3 witnesses, quorum: 2 of 3`.
        says: String,
        /// What a reader may not expect of it.
        remarks: Vec<String>,
    },
    /// It is not.
    Mistake {
        /// Why not.
        message: String,
        /// Number of the line, from 1.
        line: Option<usize>,
        /// That line.
        text: Option<String>,
    },
}

fn plain(says: String) -> Reading {
    Reading::Understood {
        says,
        remarks: Vec::new(),
    }
}

fn mistake(message: String) -> Reading {
    Reading::Mistake {
        message,
        line: None,
        text: None,
    }
}

fn mistake_in(text: &str, error: &RootsError) -> Reading {
    let line = error.line();
    let before = line.and_then(|line| line.checked_sub(1));
    Reading::Mistake {
        message: error.to_string(),
        line,
        text: before.and_then(|before| text.lines().nth(before).map(str::to_owned)),
    }
}

/// Whom a reader trusts, in words.
fn understood(trust: &Trust) -> Reading {
    let Some(policy) = &trust.policy else {
        let names = trust.names().into_iter().map(ToString::to_string);
        let says = format!(
            "{}, of {}",
            counted(trust.keys.len(), "key"),
            list(names, "and")
        );
        let remarks = unverifiable(
            trust
                .keys
                .iter()
                .map(|key| (key, "the key of", key.name().as_str())),
        );
        return Reading::Understood { says, remarks };
    };
    let says = format!(
        "{}, {}, quorum: {}",
        counted(policy.logs().len(), "log"),
        counted(policy.witnesses().len(), "witness"),
        policy.quorum_in_words()
    );
    Reading::Understood {
        says,
        remarks: remarks_on(policy),
    }
}

fn remarks_on(policy: &Policy) -> Vec<String> {
    let mut remarks = Vec::new();
    if policy.logs().is_empty() {
        remarks.push(
            "no log is named, so this policy cannot tell who may sign a statement".to_owned(),
        );
    }
    let logs = policy.logs().iter();
    remarks.extend(unverifiable(
        logs.map(|log| (&log.key, "the log", log.key.name().as_str())),
    ));
    let witnesses = policy.asked();
    remarks.extend(unverifiable(
        witnesses
            .iter()
            .map(|witness| (&witness.key, "the witness", witness.name.as_str())),
    ));
    remarks
}

/// Those keys whose signatures this build looks past.
fn unverifiable<'k>(
    keys: impl Iterator<Item = (&'k VerifierKey, &'k str, &'k str)>,
) -> Vec<String> {
    keys.filter(|(key, _, _)| !key.kind().is_supported())
        .map(|(key, what, name)| {
            let kind = key.kind().byte();
            format!("{what} {name} is of type {kind:#04x}, which cannot be verified here")
        })
        .collect()
}

/// `no keys`, `1 key`, `2 witnesses`.
fn counted(count: usize, what: &str) -> String {
    let plural = if what.ends_with('s') { "es" } else { "s" };
    match count {
        0 => format!("no {what}{plural}"),
        1 => format!("1 {what}"),
        _ => format!("{count} {what}{plural}"),
    }
}

/// Why a text is not what it was given as.
#[derive(Clone, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub enum GivenError {
    /// It names nobody to trust.
    Roots(RootsError),
    /// It is no auditor's key.
    Auditor(KeyError),
    /// It is no nonce.
    Nonce(NonceError),
}

impl fmt::Display for GivenError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            GivenError::Roots(error) => error.fmt(f),
            GivenError::Auditor(error) => write!(f, "auditor's key: {error}"),
            GivenError::Nonce(error) => error.fmt(f),
        }
    }
}

impl core::error::Error for GivenError {}

/// What is understood is said, what is not is refused with its line.
#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::panic, reason = "tests")]
mod tests {
    use super::*;
    use crate::log::{CosigningKey, KeyName, SignatureType, SigningKey};

    fn key(name: &str, seed: u8) -> String {
        let key = SigningKey::from_seed(KeyName::parse(name).unwrap(), &[seed; 32]);
        key.verifier().to_string()
    }

    fn witness(number: u8) -> String {
        let name = KeyName::parse(&format!("w{number}.example")).unwrap();
        let kind = SignatureType::CosignatureEd25519;
        let key = CosigningKey::from_seed(name, kind, &[number; 32]).unwrap();
        format!("witness W{number} {}\n", key.verifier())
    }

    fn read(roots: &str) -> Reading {
        let given = Given {
            roots: Some(roots),
            ..Given::default()
        };
        let read = given.describe().key.unwrap();
        assert_eq!(
            given.read().is_ok(),
            matches!(read, Reading::Understood { .. }),
            "{roots}"
        );
        read
    }

    fn says(roots: &str) -> String {
        match read(roots) {
            Reading::Understood { says, .. } => says,
            Reading::Mistake { message, .. } => panic!("{message}"),
        }
    }

    #[test]
    fn keys_and_policies_are_counted() {
        let (a, b) = (key("a", 1), key("b", 2));
        assert_eq!(says(&a), "1 key, of a");
        assert_eq!(
            says(&format!("{a}\n{b}\n{}", key("a", 3))),
            "3 keys, of a and b"
        );
        let three: String = (1..=3).map(witness).collect();
        let policy = format!("log {a}\n{three}group g 2 W1 W2 W3\nquorum g\n");
        assert_eq!(says(&policy), "1 log, 3 witnesses, quorum: 2 of 3");
        assert_eq!(
            says(&format!("log {a}\nlog {b}\n{}quorum W1\n", witness(1))),
            "2 logs, 1 witness, quorum: the witness W1"
        );
    }

    #[test]
    fn what_a_policy_cannot_do_is_remarked() {
        let remarks = |roots: &str| match read(roots) {
            Reading::Understood { remarks, .. } => remarks,
            Reading::Mistake { message, .. } => panic!("{message}"),
        };
        assert!(remarks("quorum none").concat().contains("no log is named"));
        assert!(remarks(&key("a", 1)).is_empty());
        let a = key("a", 1);
        assert!(remarks(&format!("log {a}\nquorum none\n")).is_empty());
    }

    /// Only where the type is not verified.
    #[cfg(not(feature = "ml-dsa"))]
    #[test]
    fn keys_that_this_build_cannot_use_are_remarked() {
        use base64::Engine as _;
        use sha2::{Digest, Sha256};

        let key = [&[6][..], &[7; 1312]].concat();
        let id = Sha256::new()
            .chain_update(b"w\n")
            .chain_update(&key)
            .finalize();
        let id: String = id
            .iter()
            .take(4)
            .map(|byte| format!("{byte:02x}"))
            .collect();
        let vkey = format!(
            "w+{id}+{}",
            base64::engine::general_purpose::STANDARD.encode(key)
        );
        let Reading::Understood { remarks, .. } = read(&format!("witness W {vkey}\nquorum W\n"))
        else {
            panic!("a policy");
        };
        assert!(
            remarks.concat().contains("the witness W is of type 0x06"),
            "{remarks:?}"
        );
    }

    #[test]
    fn a_mistake_is_told_with_its_line() {
        let a = key("a", 1);
        let Reading::Mistake {
            message,
            line,
            text,
        } = read(&format!("# mine\nlog {a}\nquorum nobody\n"))
        else {
            panic!("no policy");
        };
        assert!(message.contains("line 3"), "{message}");
        assert_eq!((line, text.as_deref()), (Some(3), Some("quorum nobody")));
        let Reading::Mistake { line, text, .. } = read(&format!("log {a}\n")) else {
            panic!("no policy");
        };
        assert_eq!((line, text), (None, None));
    }

    #[test]
    fn nonces_are_hex() {
        let nonce = |text: &str| {
            let given = Given {
                nonce: Some(text),
                ..Given::default()
            };
            given
                .read()
                .map(|trust| trust.nonce.unwrap().as_bytes().to_vec())
        };
        assert_eq!(nonce(" 5eED\n").unwrap(), [0x5e, 0xed]);
        assert_eq!(nonce(&"ab".repeat(32)).unwrap().len(), 32);
        for (text, word) in [
            ("5", "1 digit"),
            ("5e ed", "offset 2"),
            ("0x5eed", "offset 1"),
            ("\u{e9}1", "offset 0"),
            (&"ab".repeat(33), "66 digits"),
        ] {
            let error = nonce(text).unwrap_err().to_string();
            assert!(error.contains(word), "{text}: {error}");
        }
    }
}
