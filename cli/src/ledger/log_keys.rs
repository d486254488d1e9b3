//! The keys that a log signs with: one, or during a rotation two or more, whose signatures overlap.
//!
//! *In:* `secret/log.key`, a secret key a line. *Out:* signed notes and checkpoints; `vkeys`, all the
//! keys that ever signed for this log. *Does not know:* who trusts which of them.

use ledgerline::log::{
    Checkpoint, CosigningKey, KeyError, KeyName, Note, NoteError, SignatureType, SigningKey,
    VerifierKey,
};
use zeroize::Zeroizing;

use super::durable::{Access, read_bounded};
use super::error::LedgerError;
use super::layout::Layout;
use super::secrets;
use crate::clock::since_epoch;

/// The most keys that sign at one time.
pub(super) const MAX_KEYS: usize = 8;

/// Most bytes of `vkeys`.
const MAX_VKEYS_BYTES: u64 = 1 << 20;

/// The keys of one log. Wiped from memory when dropped.
#[derive(Debug)]
pub struct LogKeys {
    /// Type 0x01, at least one. They sign run notes too.
    signing: Vec<SigningKey>,
    /// Type 0x06, under the log's own name.
    cosigning: Vec<CosigningKey>,
}

impl LogKeys {
    /// A new log's keys: one.
    #[must_use]
    pub fn of(key: SigningKey) -> Self {
        Self {
            signing: vec![key],
            cosigning: Vec::new(),
        }
    }

    /// Reads `secret/log.key`.
    ///
    /// # Errors
    ///
    /// [`LedgerError::NoSecret`]; [`LedgerError::Damaged`], with the line, for another text, another
    /// key name, a witness's key, or if no key of type 0x01 is there.
    pub(super) fn read(layout: &Layout, origin: &KeyName) -> Result<Self, LedgerError> {
        let path = layout.log_key();
        let text = secrets::read(&path)?;
        let damaged = |line: Option<usize>, expected: &str, found: String| {
            let at = line.map(|line| format!("line {line}"));
            LedgerError::damaged(&path, at, expected, found)
        };
        let mut keys = Self {
            signing: Vec::new(),
            cosigning: Vec::new(),
        };
        for (line, text) in (1..).zip(text.lines()) {
            let expected = "PRIVATE+KEY+<name>+<id>+<key> of type 0x01 or 0x06";
            keys.push(text)
                .map_err(|error| damaged(Some(line), expected, error.to_string()))?;
        }
        if let Some(other) = keys.verifiers().find(|key| key.name() != origin) {
            let found = format!("a key named {}", other.name());
            return Err(damaged(None, &format!("a key named {origin}"), found));
        }
        if keys.signing.is_empty() {
            return Err(damaged(None, "a key of type 0x01", "none".to_owned()));
        }
        Ok(keys)
    }

    /// Replaces `secret/log.key`, and adds what is new to `vkeys`: first there, so that no key signs
    /// before readers of `vkeys` can know it.
    ///
    /// # Errors
    ///
    /// [`LedgerError::File`].
    pub(super) fn write(&self, layout: &Layout) -> Result<(), LedgerError> {
        let known = all_keys(layout, self)?;
        let vkeys: String = known.iter().map(|key| format!("{key}\n")).collect();
        layout
            .disk()
            .write_atomic(&layout.vkeys(), vkeys.as_bytes(), Access::Public)?;

        let disk = layout.disk();
        let text = self.to_secret_text();
        disk.write_atomic(&layout.log_key(), text.as_bytes(), Access::Secret)?;
        Ok(())
    }

    /// What `secret/log.key` holds: a secret key a line.
    pub(super) fn to_secret_text(&self) -> Zeroizing<String> {
        let texts = self.signing.iter().map(SigningKey::to_secret_text);
        let texts = texts.chain(self.cosigning.iter().map(CosigningKey::to_secret_text));
        let texts: Vec<Zeroizing<String>> = texts.collect();
        // Room for all of it from the start: a string that grows leaves copies behind.
        let length = texts.iter().map(|text| text.len() + 1).sum();
        let mut file = Zeroizing::new(String::with_capacity(length));
        for text in &texts {
            file.push_str(text);
            file.push('\n');
        }
        file
    }

    /// The public keys, those that sign run notes first.
    pub fn verifiers(&self) -> impl Iterator<Item = &VerifierKey> {
        let cosigning = self.cosigning.iter().map(CosigningKey::verifier);
        let signing = self.signing.iter().map(SigningKey::verifier);
        signing.chain(cosigning)
    }

    /// Signs a run note with every key of type 0x01.
    ///
    /// # Errors
    ///
    /// As [`Note::sign`].
    pub fn sign(&self, text: &str) -> Result<Note, NoteError> {
        Note::sign(text, &self.signing.iter().collect::<Vec<_>>())
    }

    /// Signs a checkpoint with every key.
    ///
    /// # Errors
    ///
    /// [`LedgerError::Sign`].
    pub(super) fn sign_checkpoint(&self, checkpoint: &Checkpoint) -> Result<Note, LedgerError> {
        let note = self.sign(&checkpoint.to_string());
        let mut note = note.map_err(|error| cannot_sign(checkpoint, &error))?;
        self.add_missing(&mut note, checkpoint)?;
        Ok(note)
    }

    /// Adds the signatures of those keys that have not signed; whether there were any.
    ///
    /// # Errors
    ///
    /// [`LedgerError::Sign`].
    pub(super) fn add_missing(
        &self,
        note: &mut Note,
        checkpoint: &Checkpoint,
    ) -> Result<bool, LedgerError> {
        let before = note.signatures().len();
        let missing = |note: &Note, key: &VerifierKey| {
            let mut lines = note.signatures().iter();
            !lines.any(|line| key.claims(line))
        };
        for key in &self.signing {
            if missing(note, key.verifier()) {
                note.add_signature(key)
                    .map_err(|error| cannot_sign(checkpoint, &error))?;
            }
        }
        for key in &self.cosigning {
            if missing(note, key.verifier()) {
                let line = key
                    .cosign(checkpoint, since_epoch().as_secs())
                    .map_err(|error| cannot_sign(checkpoint, &error))?;
                note.add(line)
                    .map_err(|error| cannot_sign(checkpoint, &error))?;
            }
        }
        Ok(note.signatures().len() > before)
    }

    /// Adds a new key of this type, made of random bytes.
    ///
    /// # Errors
    ///
    /// [`KeysError::TooMany`], [`KeysError::Key`] for a type that signs no log; [`LedgerError::File`]
    /// if the system gives no random numbers.
    pub(super) fn rotate(
        &mut self,
        layout: &Layout,
        origin: &KeyName,
        kind: SignatureType,
    ) -> Result<VerifierKey, LedgerError> {
        if self.verifiers().count() >= MAX_KEYS {
            return Err(LedgerError::Keys(KeysError::TooMany));
        }
        let seed = crate::secret::random(&layout.secrets())?;
        if kind == SignatureType::Ed25519 {
            let key = SigningKey::from_seed(origin.clone(), &seed);
            let verifier = key.verifier().clone();
            self.signing.push(key);
            return Ok(verifier);
        }
        if kind != SignatureType::CosignatureMlDsa44 {
            let found = kind.byte();
            return Err(LedgerError::Keys(KeysError::Key(KeyError::NoSigner {
                found,
            })));
        }
        if origin.as_str().len() > 255 {
            return Err(LedgerError::Keys(KeysError::LongOrigin));
        }
        let key = CosigningKey::from_seed(origin.clone(), kind, &seed)
            .map_err(|error| LedgerError::Keys(KeysError::Key(error)))?;
        let verifier = key.verifier().clone();
        self.cosigning.push(key);
        Ok(verifier)
    }

    /// Whether the key of this id may be taken out.
    ///
    /// # Errors
    ///
    /// [`KeysError::Unknown`]; [`KeysError::LastKey`] for the last key of type 0x01.
    pub(super) fn check_retire(&self, id: u32) -> Result<(), KeysError> {
        let is_it = |key: &VerifierKey| key.id() == id;
        if !self.verifiers().any(is_it) {
            return Err(KeysError::Unknown { id });
        }
        if self.signing.iter().all(|key| is_it(key.verifier())) {
            return Err(KeysError::LastKey);
        }
        Ok(())
    }

    /// Takes out the key of this id.
    pub(super) fn retire(&mut self, id: u32) {
        self.signing.retain(|key| key.verifier().id() != id);
        self.cosigning.retain(|key| key.verifier().id() != id);
    }

    fn push(&mut self, text: &str) -> Result<(), KeyError> {
        match SigningKey::parse(text) {
            Err(KeyError::NoSigner { found })
                if found == SignatureType::CosignatureMlDsa44.byte() =>
            {
                self.cosigning.push(CosigningKey::parse(text)?);
            }
            other => self.signing.push(other?),
        }
        Ok(())
    }
}

/// All keys that ever signed for this log, in order; none if `vkeys` is not there, as in ledgers of
/// older versions.
///
/// # Errors
///
/// [`LedgerError::Damaged`], with the line.
///
/// # Does not prove
///
/// That the log's operator wrote it: trust comes from elsewhere.
pub(super) fn read_vkeys(layout: &Layout) -> Result<Vec<VerifierKey>, LedgerError> {
    let path = layout.vkeys();
    let bytes = match read_bounded(&path, MAX_VKEYS_BYTES) {
        Err(error) if error.is_not_found() => return Ok(Vec::new()),
        other => other?,
    };
    let text = String::from_utf8(bytes)
        .map_err(|_| LedgerError::damaged(&path, None, "vkeys as text", "other bytes"))?;
    let key = |(line, text): (usize, &str)| {
        VerifierKey::parse(text).map_err(|error| {
            let at = Some(format!("line {line}"));
            LedgerError::damaged(&path, at, "a vkey", error.to_string())
        })
    };
    (1..).zip(text.lines()).map(key).collect()
}

/// The keys of `vkeys`, and after them those that sign but are not listed.
pub(super) fn all_keys(layout: &Layout, keys: &LogKeys) -> Result<Vec<VerifierKey>, LedgerError> {
    let mut known = read_vkeys(layout)?;
    for key in keys.verifiers() {
        if !known.contains(key) {
            known.push(key.clone());
        }
    }
    Ok(known)
}

/// Why keys cannot be changed in this way.
#[derive(Clone, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub enum KeysError {
    /// A log signs with at most 8.
    TooMany,
    /// A key of this type signs no log.
    Key(KeyError),
    /// An ML-DSA-44 key signs for origins of at most 255 bytes.
    LongOrigin,
    /// No key that signs has this id.
    Unknown {
        /// The id.
        id: u32,
    },
    /// Run notes need a key of type 0x01.
    LastKey,
    /// The newest or the served checkpoint is not yet signed by a key that stays.
    NoOverlap,
}

impl std::fmt::Display for KeysError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::TooMany => write!(
                f,
                "expected at most {MAX_KEYS} keys that sign, but found as many already; retire one \
                 first"
            ),
            Self::Key(error) => error.fmt(f),
            Self::LongOrigin => f.write_str(
                "expected an origin of at most 255 bytes for an ML-DSA-44 key, but found a longer \
                 one",
            ),
            Self::Unknown { id } => write!(
                f,
                "expected the id of a key that signs, but found {id:08x}; see `ledgerline keys show`"
            ),
            Self::LastKey => f.write_str(
                "expected another key of type 0x01 that goes on signing, but found only this one; \
                 run `ledgerline keys rotate` first",
            ),
            Self::NoOverlap => f.write_str(
                "expected the newest and the served checkpoint to be signed by a key that stays, but \
                 found only retired ones; run `ledgerline checkpoint` first until it is served, and \
                 let readers learn the new key",
            ),
        }
    }
}

fn cannot_sign(checkpoint: &Checkpoint, error: &dyn std::fmt::Display) -> LedgerError {
    LedgerError::Sign {
        size: checkpoint.head().size,
        problem: error.to_string(),
    }
}
