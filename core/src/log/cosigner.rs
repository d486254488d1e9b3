//! Cosigning keys: with them a witness says that it has seen a log only ever append.

use core::fmt;

use ed25519_dalek::Signer as _;
use zeroize::Zeroizing;

use super::checkpoint::Checkpoint;
use super::key::{KeyError, KeyName, VerifierKey, read_secret, secret_text};
use super::note::NoteSignature;
use super::scheme::{CosignedSubtree, MAX_TIME, SignatureType, ed25519_message};

/// A secret key to cosign checkpoints with. Wiped from memory when dropped.
///
/// Text form: `PRIVATE+KEY+<name>+<key id>+<base64(type ‖ 32-byte seed)>`, as Go's note package
/// writes keys of type 0x01. The seed is that of RFC 8032 (type 0x04) or FIPS 204 (type 0x06).
pub struct CosigningKey {
    verifier: VerifierKey,
    seed: Zeroizing<[u8; 32]>,
    secret: Secret,
}

enum Secret {
    Ed25519(Box<ed25519_dalek::SigningKey>),
    #[cfg(feature = "ml-dsa")]
    MlDsa44(Box<ml_dsa::SigningKey<ml_dsa::MlDsa44>>),
}

impl CosigningKey {
    /// The key of a cosignature type that 32 secret random bytes give.
    ///
    /// Use a seed for one key only: an Ed25519 cosignature does not say under which name it was
    /// made.
    ///
    /// # Errors
    ///
    /// [`KeyError::NoCosigner`] for a type that makes no cosignatures;
    /// [`KeyError::Unsupported`] for type 0x06 without the feature `ml-dsa`.
    pub fn from_seed(
        name: KeyName,
        kind: SignatureType,
        seed: &[u8; 32],
    ) -> Result<CosigningKey, KeyError> {
        let found = kind.byte();
        let (public, secret) = match kind {
            SignatureType::CosignatureEd25519 => {
                let key = ed25519_dalek::SigningKey::from_bytes(seed);
                (
                    key.verifying_key().to_bytes().to_vec(),
                    Secret::Ed25519(Box::new(key)),
                )
            }
            SignatureType::CosignatureMlDsa44 => ml_dsa44(seed)?,
            SignatureType::Ed25519 => return Err(KeyError::NoCosigner { found }),
        };
        Ok(CosigningKey {
            verifier: VerifierKey::from_public(name, kind, &public)?,
            seed: Zeroizing::new(*seed),
            secret,
        })
    }

    /// Reads the one text that [`to_secret_text`](CosigningKey::to_secret_text) writes.
    ///
    /// # Errors
    ///
    /// As [`VerifierKey::parse`] and [`from_seed`](CosigningKey::from_seed). No error holds any part
    /// of the secret.
    pub fn parse(text: &str) -> Result<CosigningKey, KeyError> {
        let secret = read_secret(text)?;
        let key = CosigningKey::from_seed(secret.name, secret.kind, &secret.seed)?;
        key.verifier.check_id(secret.id)?;
        Ok(key)
    }

    /// The secret as text.
    #[must_use]
    pub fn to_secret_text(&self) -> Zeroizing<String> {
        secret_text(&self.verifier, &self.seed)
    }

    /// The public key that verifies what this key cosigns.
    #[must_use]
    pub fn verifier(&self) -> &VerifierKey {
        &self.verifier
    }

    /// Cosigns a checkpoint at `time`, in seconds since the Unix epoch. Call it only for a checkpoint
    /// that extends, to your knowledge, all that you have cosigned of this log.
    ///
    /// Extension lines are signed by type 0x04 and not by type 0x06.
    ///
    /// # Errors
    ///
    /// [`CosignError`].
    ///
    /// Source: C2SP tlog-cosignature.
    pub fn cosign(&self, checkpoint: &Checkpoint, time: u64) -> Result<NoteSignature, CosignError> {
        if time == 0 || time > MAX_TIME {
            return Err(CosignError::Time { found: time });
        }
        let signature = match &self.secret {
            Secret::Ed25519(key) => key
                .sign(ed25519_message(time, checkpoint).as_bytes())
                .to_vec(),
            #[cfg(feature = "ml-dsa")]
            Secret::MlDsa44(_) => self.sign_subtree(&CosignedSubtree::whole(checkpoint), time)?,
        };
        Ok(self.line(time, &signature))
    }

    /// Whether this key can cosign subtrees: only ML-DSA-44 keys can.
    #[must_use]
    pub fn cosigns_subtrees(&self) -> bool {
        self.verifier.kind() == SignatureType::CosignatureMlDsa44
    }

    /// Cosigns the leaves `start..end` of a log, whose root is `root`, without a time.
    ///
    /// # Errors
    ///
    /// [`CosignError::NoSubtrees`] unless this is an ML-DSA-44 key; [`CosignError::LongName`].
    ///
    /// Source: C2SP tlog-witness, "sign-subtree".
    pub fn cosign_subtree(
        &self,
        origin: &str,
        start: u64,
        end: u64,
        root: super::hash::Hash,
    ) -> Result<NoteSignature, CosignError> {
        let subtree = CosignedSubtree {
            origin,
            start,
            end,
            root,
        };
        let signature = self.sign_subtree(&subtree, 0)?;
        Ok(self.line(0, &signature))
    }

    #[cfg_attr(
        not(feature = "ml-dsa"),
        expect(unused_variables, reason = "only for ML-DSA-44")
    )]
    fn sign_subtree(
        &self,
        subtree: &CosignedSubtree<'_>,
        time: u64,
    ) -> Result<Vec<u8>, CosignError> {
        match &self.secret {
            Secret::Ed25519(_) => Err(CosignError::NoSubtrees),
            #[cfg(feature = "ml-dsa")]
            Secret::MlDsa44(key) => {
                let name = self.verifier.name();
                let message = subtree.message(name, time);
                let message = message.ok_or_else(|| CosignError::LongName {
                    cosigner: name.as_str().len(),
                    origin: subtree.origin.len(),
                })?;
                // Deterministic, as FIPS 204 allows: the same checkpoint and time, the same bytes.
                let signature = key.expanded_key().sign_deterministic(&message, &[]);
                // Fails for a context that is too long only.
                let signature = signature.map_err(|_| CosignError::NoSubtrees)?;
                Ok(signature.encode().to_vec())
            }
        }
    }

    fn line(&self, time: u64, signature: &[u8]) -> NoteSignature {
        let bytes = [&time.to_be_bytes()[..], signature].concat();
        NoteSignature::new(self.verifier.name().clone(), self.verifier.id(), bytes)
    }
}

impl fmt::Debug for CosigningKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "CosigningKey(secret of {})", self.verifier)
    }
}

/// Why a checkpoint or subtree cannot be cosigned.
#[derive(Clone, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub enum CosignError {
    /// A time of 0, or beyond 2^63 - 1 seconds.
    Time {
        /// The time given.
        found: u64,
    },
    /// ML-DSA-44 cosignatures are over names of at most 255 bytes.
    LongName {
        /// Bytes of the cosigner's name.
        cosigner: usize,
        /// Bytes of the log's origin.
        origin: usize,
    },
    /// Keys of this type cosign whole checkpoints only.
    NoSubtrees,
}

impl fmt::Display for CosignError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            CosignError::Time { found } => write!(
                f,
                "expected a time of 1 to 2^63 - 1 seconds since 1970, but found {found}: check the \
                 clock"
            ),
            CosignError::LongName { cosigner, origin } => write!(
                f,
                "expected a cosigner's name and an origin of 1 to 255 bytes for ML-DSA-44, but \
                 found {cosigner} and {origin}"
            ),
            CosignError::NoSubtrees => f.write_str(
                "expected an ML-DSA-44 key to cosign a subtree with, but found another type",
            ),
        }
    }
}

impl core::error::Error for CosignError {}

#[cfg(feature = "ml-dsa")]
fn ml_dsa44(seed: &[u8; 32]) -> Result<(Vec<u8>, Secret), KeyError> {
    let key = ml_dsa::SigningKey::<ml_dsa::MlDsa44>::from_seed(&(*seed).into());
    let public = key.expanded_key().verifying_key().encode().to_vec();
    Ok((public, Secret::MlDsa44(Box::new(key))))
}

#[cfg(not(feature = "ml-dsa"))]
fn ml_dsa44(_seed: &[u8; 32]) -> Result<(Vec<u8>, Secret), KeyError> {
    let found = SignatureType::CosignatureMlDsa44.byte();
    Err(KeyError::Unsupported { found })
}

/// What is cosigned verifies as part of a note, and nothing else does.
#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "tests")]
mod tests {
    use super::super::hash::Hash;
    use super::super::key::SigningKey;
    use super::super::note::{Note, NoteError};
    use super::super::tree::TreeHead;
    use super::*;

    fn kinds() -> Vec<SignatureType> {
        let kinds = [
            SignatureType::CosignatureEd25519,
            SignatureType::CosignatureMlDsa44,
        ];
        kinds
            .into_iter()
            .filter(|kind| kind.is_supported())
            .collect()
    }

    fn name(text: &str) -> KeyName {
        KeyName::parse(text).unwrap()
    }

    fn checkpoint(size: u64) -> Checkpoint {
        let root = Hash::of(&size.to_be_bytes());
        Checkpoint::new("example.com/log", TreeHead { size, root }).unwrap()
    }

    #[test]
    fn a_cosignature_is_over_this_checkpoint_at_this_time() {
        for kind in kinds() {
            let key = CosigningKey::from_seed(name("witness.example"), kind, &[3; 32]).unwrap();
            let log = SigningKey::from_seed(name("example.com/log"), &[1; 32]);
            let mut note = Note::sign(&checkpoint(5).to_string(), &[&log]).unwrap();
            let line = key.cosign(&checkpoint(5), 1_700_000_000).unwrap();
            assert_eq!(key.verifier().cosigned_at(&line), Some(1_700_000_000));
            note.add(line.clone()).unwrap();
            let keys = [key.verifier().clone()];
            assert_eq!(note.verify(&keys).unwrap(), [key.verifier()]);
            let read = Note::parse(note.to_string().as_bytes()).unwrap();
            assert_eq!(read, note);

            // Another tree.
            let mut other = Note::sign(&checkpoint(6).to_string(), &[&log]).unwrap();
            other.add(line.clone()).unwrap();
            assert!(matches!(
                other.verify(&keys),
                Err(NoteError::BadSignature { .. })
            ));
            // Any other bit, those of the time included.
            let bytes = line.bytes();
            for at in (0..bytes.len()).step_by(if bytes.len() > 100 { 97 } else { 1 }) {
                let mut changed = bytes.to_vec();
                changed[at] ^= 1;
                let line = NoteSignature::new(line.name().clone(), line.id(), changed);
                let mut other = note.clone();
                other.add(line).unwrap();
                assert!(other.verify(&keys).is_err(), "{kind:?} {at}");
            }
        }
    }

    #[test]
    fn nothing_but_checkpoints_is_cosigned() {
        // A text that is no checkpoint, signed as if it were one.
        let seed = [3; 32];
        let kind = SignatureType::CosignatureEd25519;
        let key = CosigningKey::from_seed(name("w"), kind, &seed).unwrap();
        let text = "no checkpoint\n";
        let message = format!("cosignature/v1\ntime 7\n{text}");
        let signed = ed25519_dalek::SigningKey::from_bytes(&seed).sign(message.as_bytes());
        let log = SigningKey::from_seed(name("log"), &[1; 32]);
        let mut note = Note::sign(text, &[&log]).unwrap();
        note.add(key.line(7, &signed.to_vec())).unwrap();
        assert!(note.verify(&[key.verifier().clone()]).is_err());
    }

    #[test]
    fn times_that_no_clock_shows_are_refused() {
        for kind in kinds() {
            let key = CosigningKey::from_seed(name("w"), kind, &[3; 32]).unwrap();
            for found in [0, 1 << 63, u64::MAX] {
                let refused = key.cosign(&checkpoint(1), found);
                assert_eq!(refused, Err(CosignError::Time { found }));
            }
            assert!(key.cosign(&checkpoint(1), MAX_TIME).is_ok());
            let late = key.line(1 << 63, &[0; 64]);
            assert_eq!(key.verifier().cosigned_at(&late), None);
        }
    }

    #[test]
    fn secrets_are_read_again_and_stay_secret() {
        for kind in kinds() {
            let key = CosigningKey::from_seed(name("w"), kind, &[0x5a; 32]).unwrap();
            let text = key.to_secret_text();
            let read = CosigningKey::parse(&text).unwrap();
            assert_eq!(read.verifier(), key.verifier());
            assert!(SigningKey::parse(&text).is_err());
            let debug = format!("{key:?} {key:#?}");
            assert!(!debug.contains("WlpaWl") && !debug.contains("90, 90"));
            let vkey = key.verifier().to_string();
            assert_eq!(VerifierKey::parse(&vkey).as_ref(), Ok(key.verifier()));
        }
        let note = SigningKey::from_seed(name("w"), &[1; 32]);
        assert_eq!(
            CosigningKey::parse(&note.to_secret_text()).unwrap_err(),
            KeyError::NoCosigner { found: 1 }
        );
    }

    #[test]
    fn only_ml_dsa_keys_cosign_subtrees() {
        for kind in kinds() {
            let key = CosigningKey::from_seed(name("w"), kind, &[3; 32]).unwrap();
            let subtree = key.cosign_subtree("example.com/log", 8, 13, Hash::of(b"root"));
            assert_eq!(subtree.is_ok(), key.cosigns_subtrees());
        }
    }
}
