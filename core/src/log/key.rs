//! Keys of signed notes, in the text forms of C2SP signed-note and of Go's note package.

use core::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use ed25519_dalek::Signer as _;

use super::hash::Hash;

/// A key's name: not empty, without white space, control characters and `+`.
///
/// A name is a claim, not an identity: it is the key that counts.
#[derive(Clone, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub struct KeyName(String);

impl KeyName {
    /// Reads a name.
    ///
    /// # Errors
    ///
    /// [`KeyError::Name`].
    ///
    /// Source: C2SP signed-note v1.0.0, "Format"; control characters because no note can hold them.
    pub fn parse(text: &str) -> Result<KeyName, KeyError> {
        let wrong = |c: char| c.is_whitespace() || c < ' ' || c == '+';
        if text.is_empty() || text.contains(wrong) {
            return Err(KeyError::Name {
                found: text.to_owned(),
            });
        }
        Ok(KeyName(text.to_owned()))
    }

    /// The name as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for KeyName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// A public key to verify notes with (C2SP: vkey), of signature type 0x01, Ed25519.
///
/// Text form: `<name>+<key id, 8 hex digits>+<base64(0x01 ‖ public key)>`, where the key id is the
/// first four bytes of SHA-256(name ‖ 0x0A ‖ 0x01 ‖ public key).
///
/// ```
/// use ledgerline::log::{KeyError, VerifierKey};
///
/// let vkey = "example.com/foo+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k";
/// assert_eq!(VerifierKey::parse(vkey)?.to_string(), vkey);
///
/// let renamed = vkey.replace("foo", "bar");
/// assert!(matches!(VerifierKey::parse(&renamed), Err(KeyError::Id { .. })));
/// # Ok::<(), KeyError>(())
/// ```
#[derive(Clone, Eq, PartialEq)]
pub struct VerifierKey {
    name: KeyName,
    id: u32,
    key: ed25519_dalek::VerifyingKey,
}

impl VerifierKey {
    /// Reads the one text that [`Display`](fmt::Display) writes.
    ///
    /// # Errors
    ///
    /// [`KeyError::Unsupported`] for a key of another signature type; [`KeyError::Id`] if the key id
    /// is not that of name and key; [`KeyError::PublicKey`] for bytes that are no point, not its
    /// canonical encoding, or a point of small order; others if the text is no vkey at all.
    pub fn parse(vkey: &str) -> Result<VerifierKey, KeyError> {
        let (name, id, base64) = split(vkey)?;
        let bytes = STANDARD.decode(base64).map_err(|_| KeyError::Base64)?;
        let public = typed(&bytes)?;
        let key = ed25519_dalek::VerifyingKey::from_bytes(public)
            .ok()
            .filter(|key| key.to_edwards().compress().as_bytes() == public && !key.is_weak())
            .ok_or(KeyError::PublicKey)?;
        let key = VerifierKey::new(name, key);
        key.check_id(id)?;
        Ok(key)
    }

    /// The key's name.
    #[must_use]
    pub fn name(&self) -> &KeyName {
        &self.name
    }

    /// The key's id, which stands with the name in front of a signature.
    #[must_use]
    pub fn id(&self) -> u32 {
        self.id
    }

    /// Whether `signature` is this key's over `text`, with canonical encodings only.
    pub(super) fn verifies(&self, text: &str, signature: &[u8]) -> bool {
        ed25519_dalek::Signature::from_slice(signature)
            .and_then(|signature| self.key.verify_strict(text.as_bytes(), &signature))
            .is_ok()
    }

    fn new(name: KeyName, key: ed25519_dalek::VerifyingKey) -> VerifierKey {
        let id = key_id(&name, key.as_bytes());
        VerifierKey { name, id, key }
    }

    fn check_id(&self, found: u32) -> Result<(), KeyError> {
        if found != self.id {
            return Err(KeyError::Id {
                expected: self.id,
                found,
            });
        }
        Ok(())
    }
}

impl fmt::Display for VerifierKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut bytes = [ED25519; 33];
        bytes[1..].copy_from_slice(self.key.as_bytes());
        write!(
            f,
            "{}+{:08x}+{}",
            self.name,
            self.id,
            STANDARD.encode(bytes)
        )
    }
}

impl fmt::Debug for VerifierKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "VerifierKey({self})")
    }
}

/// A secret key to sign notes with, Ed25519. Wiped from memory when dropped.
pub struct SigningKey {
    verifier: VerifierKey,
    key: ed25519_dalek::SigningKey,
}

impl SigningKey {
    /// The key that RFC 8032 derives from 32 secret random bytes.
    #[must_use]
    pub fn from_seed(name: KeyName, seed: &[u8; 32]) -> SigningKey {
        let key = ed25519_dalek::SigningKey::from_bytes(seed);
        SigningKey {
            verifier: VerifierKey::new(name, key.verifying_key()),
            key,
        }
    }

    /// Reads the one text that [`to_secret_text`](SigningKey::to_secret_text) writes.
    ///
    /// # Errors
    ///
    /// As [`VerifierKey::parse`]. No error holds any part of the secret.
    pub fn parse(text: &str) -> Result<SigningKey, KeyError> {
        let public = text.strip_prefix(SECRET_PREFIX).ok_or(KeyError::Shape)?;
        let (name, id, base64) = split(public)?;
        if base64.len() != 44 {
            return Err(KeyError::Base64);
        }
        // 44 characters of base64 are at most 33 bytes.
        let mut bytes = [0; 33];
        let key = match STANDARD.decode_slice(base64, &mut bytes) {
            Ok(33) => typed(&bytes).map(|seed| SigningKey::from_seed(name, seed)),
            _ => Err(KeyError::Base64),
        };
        wipe(&mut bytes);
        let key = key?;
        key.verifier.check_id(id)?;
        Ok(key)
    }

    /// `PRIVATE+KEY+<name>+<key id>+<base64(0x01 ‖ seed)>`, as in Go's note package: the secret.
    #[must_use]
    pub fn to_secret_text(&self) -> String {
        let mut bytes = [ED25519; 33];
        bytes[1..].copy_from_slice(self.key.as_bytes());
        let VerifierKey { name, id, .. } = &self.verifier;
        let text = format!("{SECRET_PREFIX}{name}+{id:08x}+{}", STANDARD.encode(bytes));
        wipe(&mut bytes);
        text
    }

    /// The public key that verifies what this key signs.
    #[must_use]
    pub fn verifier(&self) -> &VerifierKey {
        &self.verifier
    }

    pub(super) fn sign(&self, text: &str) -> [u8; 64] {
        self.key.sign(text.as_bytes()).to_bytes()
    }
}

impl fmt::Debug for SigningKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SigningKey(secret of {})", self.verifier)
    }
}

/// Why a text is not a key.
#[derive(Clone, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub enum KeyError {
    /// The parts of a key are not there.
    Shape,
    /// The name is empty or holds what a name must not.
    Name {
        /// The name given.
        found: String,
    },
    /// The key id is not eight lower-case hex digits.
    IdText,
    /// The key id is another than that of name and key.
    Id {
        /// Key id of name and key.
        expected: u32,
        /// Key id given.
        found: u32,
    },
    /// The key bytes are not in canonical base64, or for a secret key not 33 of them.
    Base64,
    /// The key is of another signature type.
    Unsupported {
        /// Signature type of the key, as C2SP signed-note lists them.
        found: u8,
    },
    /// An Ed25519 key has 32 bytes.
    Length {
        /// Bytes given.
        found: usize,
    },
    /// The bytes are not the canonical encoding of a usable Ed25519 public key.
    PublicKey,
}

impl fmt::Display for KeyError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            KeyError::Shape => f.write_str(
                "expected a key as <name>+<key id>+<base64> (a secret one after PRIVATE+KEY+), \
                 but found other text",
            ),
            KeyError::Name { found } => write!(
                f,
                "expected a key name that is not empty and has no blank, control character or \
                 '+', but found {found:?}"
            ),
            KeyError::IdText => {
                f.write_str("expected a key id of 8 lower-case hex digits, but found other text")
            }
            KeyError::Id { expected, found } => write!(
                f,
                "expected the key id {expected:08x} for this name and key, but found {found:08x}: \
                 the key was mistyped or changed"
            ),
            KeyError::Base64 => {
                f.write_str("expected a key in canonical base64, but found other text")
            }
            KeyError::Unsupported { found } => write!(
                f,
                "expected a key of signature type 0x01 (Ed25519), but found type {found:#04x}"
            ),
            KeyError::Length { found } => {
                write!(f, "expected an Ed25519 key of 32 bytes, but found {found}")
            }
            KeyError::PublicKey => f.write_str(
                "expected an Ed25519 public key in canonical form, but found 32 bytes that are \
                 none",
            ),
        }
    }
}

impl core::error::Error for KeyError {}

/// Splits `<name>+<key id>+<base64>`; the base64 may hold more `+`.
fn split(text: &str) -> Result<(KeyName, u32, &str), KeyError> {
    let (name, rest) = text.split_once('+').ok_or(KeyError::Shape)?;
    let (id, base64) = rest.split_once('+').ok_or(KeyError::Shape)?;
    let name = KeyName::parse(name)?;
    let id_digit = |c: u8| c.is_ascii_digit() || (b'a'..=b'f').contains(&c);
    if id.len() != 8 || !id.bytes().all(id_digit) {
        return Err(KeyError::IdText);
    }
    let id = u32::from_str_radix(id, 16).map_err(|_| KeyError::IdText)?;
    Ok((name, id, base64))
}

/// The 32 bytes after the signature type.
fn typed(bytes: &[u8]) -> Result<&[u8; 32], KeyError> {
    match bytes {
        [ED25519, key @ ..] => key
            .try_into()
            .map_err(|_| KeyError::Length { found: key.len() }),
        [found, ..] => Err(KeyError::Unsupported { found: *found }),
        [] => Err(KeyError::Base64),
    }
}

fn key_id(name: &KeyName, public: &[u8; 32]) -> u32 {
    let input = [name.as_str().as_bytes(), b"\n", &[ED25519], public].concat();
    let [a, b, c, d, ..] = *Hash::of(&input).as_bytes();
    u32::from_be_bytes([a, b, c, d])
}

/// Overwrites a secret. `black_box` keeps the compiler from leaving out what nobody reads.
fn wipe(secret: &mut [u8]) {
    secret.fill(0);
    core::hint::black_box(secret);
}

const ED25519: u8 = 1;
const SECRET_PREFIX: &str = "PRIVATE+KEY+";

/// Texts of keys have one form, and nothing else is taken for a key.
#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "tests")]
mod tests {
    use super::*;

    /// A published test key of golang/mod sumdb/note.
    const SECRET: &str =
        "PRIVATE+KEY+PeterNeumann+c74f20a3+AYEKFALVFGyNhPJEMzD1QIDr+Y7hfZx09iUvxdXHKDFz";
    const VKEY: &str = "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW";

    #[test]
    fn secret_key_is_that_of_gos_note_package_and_stays_secret() {
        let key = SigningKey::parse(SECRET).unwrap();
        assert_eq!(key.to_secret_text(), SECRET);
        assert_eq!(key.verifier().to_string(), VKEY);
        assert_eq!(VerifierKey::parse(VKEY).as_ref(), Ok(key.verifier()));
        let debug = format!("{key:?} {key:#?}");
        let seed = STANDARD.decode(&SECRET[34..]).unwrap();
        assert_eq!(seed[1..], key.key.to_bytes());
        assert!(!debug.contains(&SECRET[34..50]), "{debug}");
        assert!(!debug.contains("810a1402"), "{debug}");
        assert!(!debug.contains("129, 10, 20"), "{debug}");
    }

    #[test]
    fn any_changed_character_of_a_key_is_refused() {
        for (text, secret) in [(SECRET, true), (VKEY, false)] {
            for at in 0..text.len() {
                for with in ["", "A", "+", "=", "\n", "x", "00"] {
                    let changed = format!("{}{with}{}", &text[..at], &text[at + 1..]);
                    if changed == text {
                        continue;
                    }
                    let refused = if secret {
                        SigningKey::parse(&changed).is_err()
                    } else {
                        VerifierKey::parse(&changed).is_err()
                    };
                    assert!(refused, "{changed:?}");
                }
            }
            assert!(VerifierKey::parse(&format!("{text}\n")).is_err());
            assert!(SigningKey::parse(&format!("{text}\n")).is_err());
        }
        assert_eq!(VerifierKey::parse(""), Err(KeyError::Shape));
        assert!(SigningKey::parse(VKEY).is_err());
        assert!(VerifierKey::parse(SECRET).is_err());
    }

    #[test]
    fn names_have_no_blank_and_no_plus() {
        for good in [
            "a",
            "example.com/plays/2026-04",
            "é",
            "—",
            "sigsum.org/v1/tree/e796",
        ] {
            assert_eq!(KeyName::parse(good).unwrap().as_str(), good);
        }
        let blanks = [
            "\t", "\n", "\u{b}", "\u{85}", "\u{a0}", "\u{2003}", "\u{3000}",
        ];
        for bad in ["", "a b", " a", "a+b", "+", "a\0"] {
            assert!(KeyName::parse(bad).is_err(), "{bad:?}");
        }
        for blank in blanks {
            assert!(KeyName::parse(&format!("a{blank}b")).is_err(), "{blank:?}");
        }
    }

    #[test]
    fn weak_and_uncanonical_public_keys_are_refused() {
        let vkey = |public: [u8; 32]| {
            let name = KeyName::parse("x").unwrap();
            let id = key_id(&name, &public);
            let bytes = [&[ED25519][..], &public].concat();
            VerifierKey::parse(&format!("x+{id:08x}+{}", STANDARD.encode(bytes)))
        };
        let mut identity = [0; 32];
        identity[0] = 1;
        assert_eq!(vkey(identity), Err(KeyError::PublicKey));
        // y = p + 3: the point of y = 3, written as a number that is not reduced.
        let mut three = [0; 32];
        three[0] = 3;
        assert!(vkey(three).is_ok());
        let mut not_reduced = [0xff; 32];
        not_reduced[0] = 0xf0;
        not_reduced[31] = 0x7f;
        assert_eq!(vkey(not_reduced), Err(KeyError::PublicKey));
        let mut not_on_curve = [0; 32];
        not_on_curve[0] = 2;
        assert_eq!(vkey(not_on_curve), Err(KeyError::PublicKey));
    }

    #[test]
    fn other_types_are_unsupported() {
        let vkey = "remora.n621.de+da77ade7+BOvN63jn/bLvkieywe8R6UYAtVtNbZpXh34x7onlmtw2";
        assert_eq!(
            VerifierKey::parse(vkey),
            Err(KeyError::Unsupported { found: 4 })
        );
    }
}
