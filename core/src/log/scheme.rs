//! The signature types of C2SP signed-note that are known here: what each of them signs, and when a
//! signature counts.
//!
//! **The rule for Ed25519**, for types 0x01 and 0x04 alike, is the strict one, the same on every
//! platform: RFC 8032 §5.1.7 without the cofactor, `[S]B = R + [k]A`, where S is below the group's
//! order, A and R are the canonical encodings of points, and neither has small order. Whoever signs
//! by RFC 8032 makes nothing else. What laxer rules (with the cofactor, or of ZIP 215) let through
//! is made only by who looks for a note that one reader takes and another refuses.

use ed25519_dalek::{Signature, VerifyingKey};

use super::checkpoint::Checkpoint;
use super::hash::Hash;
use super::key::KeyName;

/// How a key signs: the type byte of its vkey.
///
/// Source: C2SP signed-note v1.0.0, "Signature types"; C2SP tlog-cosignature.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
#[non_exhaustive]
pub enum SignatureType {
    /// 0x01, Ed25519 over a note's text.
    Ed25519,
    /// 0x04, Ed25519 over a time and a checkpoint's text.
    CosignatureEd25519,
    /// 0x06, ML-DSA-44 over the cosigner's name, a time, and a checkpoint's origin, size and root.
    /// Verified and made only with the feature `ml-dsa`.
    CosignatureMlDsa44,
}

impl SignatureType {
    /// The byte that stands for it in keys.
    #[must_use]
    pub const fn byte(self) -> u8 {
        match self {
            SignatureType::Ed25519 => 0x01,
            SignatureType::CosignatureEd25519 => 0x04,
            SignatureType::CosignatureMlDsa44 => 0x06,
        }
    }

    /// The type of this byte, if it is known here.
    #[must_use]
    pub const fn from_byte(byte: u8) -> Option<SignatureType> {
        match byte {
            0x01 => Some(SignatureType::Ed25519),
            0x04 => Some(SignatureType::CosignatureEd25519),
            0x06 => Some(SignatureType::CosignatureMlDsa44),
            _ => None,
        }
    }

    /// Whether a signature of this type carries the time at which it was made.
    #[must_use]
    pub const fn is_cosignature(self) -> bool {
        !matches!(self, SignatureType::Ed25519)
    }

    /// Whether this build can verify it.
    #[must_use]
    pub const fn is_supported(self) -> bool {
        cfg!(feature = "ml-dsa") || !matches!(self, SignatureType::CosignatureMlDsa44)
    }

    /// Bytes of a public key of this type.
    #[must_use]
    pub const fn public_key_length(self) -> usize {
        match self {
            SignatureType::Ed25519 | SignatureType::CosignatureEd25519 => 32,
            SignatureType::CosignatureMlDsa44 => 1312,
        }
    }
}

/// A public key with what it is for.
#[derive(Clone, Eq, PartialEq)]
pub(super) enum PublicKey {
    Ed25519(VerifyingKey),
    CosignatureEd25519(VerifyingKey),
    /// 1,312 bytes, all of which are keys.
    CosignatureMlDsa44(Vec<u8>),
}

impl PublicKey {
    /// The key of these bytes, if they are one.
    pub(super) fn from_bytes(kind: SignatureType, bytes: &[u8]) -> Option<PublicKey> {
        Some(match kind {
            SignatureType::Ed25519 => PublicKey::Ed25519(ed25519_key(bytes)?),
            SignatureType::CosignatureEd25519 => PublicKey::CosignatureEd25519(ed25519_key(bytes)?),
            SignatureType::CosignatureMlDsa44 => {
                let is_key = bytes.len() == kind.public_key_length();
                PublicKey::CosignatureMlDsa44(is_key.then(|| bytes.to_vec())?)
            }
        })
    }

    pub(super) fn kind(&self) -> SignatureType {
        match self {
            PublicKey::Ed25519(_) => SignatureType::Ed25519,
            PublicKey::CosignatureEd25519(_) => SignatureType::CosignatureEd25519,
            PublicKey::CosignatureMlDsa44(_) => SignatureType::CosignatureMlDsa44,
        }
    }

    pub(super) fn as_bytes(&self) -> &[u8] {
        match self {
            PublicKey::Ed25519(key) | PublicKey::CosignatureEd25519(key) => key.as_bytes(),
            PublicKey::CosignatureMlDsa44(bytes) => bytes,
        }
    }

    /// Whether `signature` is this key's over a note's text. A cosignature is only ever one over a
    /// checkpoint, which is what the text says.
    pub(super) fn verifies(
        &self,
        name: &KeyName,
        text: &str,
        checkpoint: Option<&Checkpoint>,
        signature: &[u8],
    ) -> bool {
        if let PublicKey::Ed25519(key) = self {
            return verifies_ed25519(key, text.as_bytes(), signature);
        }
        let Some((time, signature)) = split_time(signature) else {
            return false;
        };
        let Some(checkpoint) = checkpoint else {
            return false;
        };
        match self {
            PublicKey::Ed25519(_) => false,
            PublicKey::CosignatureEd25519(key) => {
                let message = ed25519_message(time, checkpoint);
                verifies_ed25519(key, message.as_bytes(), signature)
            }
            PublicKey::CosignatureMlDsa44(key) => {
                let subtree = CosignedSubtree::whole(checkpoint);
                subtree
                    .message(name, time)
                    .is_some_and(|message| verifies_ml_dsa44(key, &message, signature))
            }
        }
    }
}

/// Whether `signature` is that of the Ed25519 key `public` over `message`, by the rule on top of
/// this file, which is the one for every note.
///
/// # Does not prove
///
/// Anything about what the message means: notes and cosignatures have messages of their own form.
///
/// Source: RFC 8032 §5.1.7.
#[must_use]
pub fn ed25519_verify(public: &[u8; 32], message: &[u8], signature: &[u8]) -> bool {
    ed25519_key(public).is_some_and(|key| verifies_ed25519(&key, message, signature))
}

/// Whether `signature` is that of the ML-DSA-44 key `public` over `message`, with an empty context.
/// Without the feature `ml-dsa` nothing is.
///
/// # Does not prove
///
/// Anything about what the message means.
///
/// Source: FIPS 204, algorithm 3.
#[must_use]
pub fn ml_dsa44_verify(public: &[u8], message: &[u8], signature: &[u8]) -> bool {
    verifies_ml_dsa44(public, message, signature)
}

/// What an ML-DSA-44 cosignature is about: the leaves `start..end` of a log and their root.
pub(super) struct CosignedSubtree<'a> {
    pub(super) origin: &'a str,
    pub(super) start: u64,
    pub(super) end: u64,
    pub(super) root: Hash,
}

impl<'a> CosignedSubtree<'a> {
    pub(super) fn whole(checkpoint: &'a Checkpoint) -> CosignedSubtree<'a> {
        CosignedSubtree {
            origin: checkpoint.origin(),
            start: 0,
            end: checkpoint.head().size,
            root: checkpoint.head().root,
        }
    }

    /// `cosigned_message`; none if a name or origin has more than 255 bytes, or none.
    ///
    /// Source: C2SP tlog-cosignature, "ML-DSA-44 signed message".
    pub(super) fn message(&self, cosigner: &KeyName, time: u64) -> Option<Vec<u8>> {
        let mut message = b"subtree/v1\n\0".to_vec();
        push_short(&mut message, cosigner.as_str())?;
        message.extend(time.to_be_bytes());
        push_short(&mut message, self.origin)?;
        message.extend(self.start.to_be_bytes());
        message.extend(self.end.to_be_bytes());
        message.extend(self.root.as_bytes());
        Some(message)
    }
}

fn push_short(message: &mut Vec<u8>, text: &str) -> Option<()> {
    let length = u8::try_from(text.len()).ok().filter(|&length| length > 0)?;
    message.push(length);
    message.extend(text.as_bytes());
    Some(())
}

/// What an Ed25519 cosignature is over.
///
/// Source: C2SP tlog-cosignature, "Ed25519 signed message".
pub(super) fn ed25519_message(time: u64, checkpoint: &Checkpoint) -> String {
    format!("cosignature/v1\ntime {time}\n{checkpoint}")
}

/// The time in front of a cosignature, in seconds since the Unix epoch, and the signature itself.
pub(super) fn split_time(signature: &[u8]) -> Option<(u64, &[u8])> {
    let (time, signature) = signature.split_first_chunk()?;
    let time = u64::from_be_bytes(*time);
    (time <= MAX_TIME).then_some((time, signature))
}

/// The latest time of a cosignature.
pub(super) const MAX_TIME: u64 = i64::MAX as u64;

fn ed25519_key(bytes: &[u8]) -> Option<VerifyingKey> {
    let bytes: &[u8; 32] = bytes.try_into().ok()?;
    VerifyingKey::from_bytes(bytes)
        .ok()
        .filter(|key| key.to_edwards().compress().as_bytes() == bytes && !key.is_weak())
}

fn verifies_ed25519(key: &VerifyingKey, message: &[u8], signature: &[u8]) -> bool {
    Signature::from_slice(signature)
        .and_then(|signature| key.verify_strict(message, &signature))
        .is_ok()
}

#[cfg(feature = "ml-dsa")]
fn verifies_ml_dsa44(public: &[u8], message: &[u8], signature: &[u8]) -> bool {
    use ml_dsa::{EncodedVerifyingKey, MlDsa44, Signature, VerifyingKey};
    let Ok(public) = EncodedVerifyingKey::<MlDsa44>::try_from(public) else {
        return false;
    };
    Signature::<MlDsa44>::try_from(signature).is_ok_and(|signature| {
        VerifyingKey::decode(&public).verify_with_context(message, &[], &signature)
    })
}

#[cfg(not(feature = "ml-dsa"))]
fn verifies_ml_dsa44(_public: &[u8], _message: &[u8], _signature: &[u8]) -> bool {
    false
}
