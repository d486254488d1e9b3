//! Keys of signed notes, in the text forms of C2SP signed-note and of Go's note package.

use core::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use ed25519_dalek::Signer as _;
use zeroize::Zeroizing;

use super::checkpoint::Checkpoint;
use super::hash::Hash;
use super::note::NoteSignature;
use super::scheme::{PublicKey, SignatureType, split_time};

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

/// A public key to verify notes with (C2SP: vkey), of one of the [`SignatureType`]s.
///
/// Text form: `<name>+<key id, 8 hex digits>+<base64(type ‖ public key)>`, where the key id is the
/// first four bytes of SHA-256(name ‖ 0x0A ‖ type ‖ public key).
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
    public: PublicKey,
}

impl VerifierKey {
    /// Reads the one text that [`Display`](fmt::Display) writes.
    ///
    /// # Errors
    ///
    /// [`KeyError::Unsupported`] for a key of an unknown signature type; [`KeyError::Id`] if the key
    /// id is not that of name and key; [`KeyError::PublicKey`] for Ed25519 bytes that are no point,
    /// not its canonical encoding, or a point of small order; others if the text is no vkey at all.
    pub fn parse(vkey: &str) -> Result<VerifierKey, KeyError> {
        let (name, id, base64) = split(vkey)?;
        if base64.len() > MAX_BASE64 {
            return Err(KeyError::Base64);
        }
        let bytes = STANDARD.decode(base64).map_err(|_| KeyError::Base64)?;
        let (&kind, public) = bytes.split_first().ok_or(KeyError::Base64)?;
        let kind = SignatureType::from_byte(kind).ok_or(KeyError::Unsupported { found: kind })?;
        let key = VerifierKey::from_public(name, kind, public)?;
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

    /// How the key signs.
    #[must_use]
    pub fn kind(&self) -> SignatureType {
        self.public.kind()
    }

    /// Whether both are the same public key, under whatever names and types: one signer, then.
    #[must_use]
    pub fn is_same_key(&self, other: &VerifierKey) -> bool {
        self.public.as_bytes() == other.public.as_bytes()
    }

    /// The time a cosignature line of this key carries, in seconds since the Unix epoch; 0 is none.
    /// None if the line is not this key's or is no cosignature: the key makes none, or it is of type
    /// 0x04, which must have a time, and has none.
    ///
    /// # Does not prove
    ///
    /// Anything, before the note that holds the line was verified with this key.
    #[must_use]
    pub fn cosigned_at(&self, line: &NoteSignature) -> Option<u64> {
        let is_mine = self.kind().is_cosignature() && self.claims(line);
        let (time, _) = split_time(is_mine.then(|| line.bytes())?)?;
        let may_lack_it = self.kind() == SignatureType::CosignatureMlDsa44;
        (time > 0 || may_lack_it).then_some(time)
    }

    /// Whether a signature line says that it is by this key: whether it has its name and id.
    ///
    /// # Does not prove
    ///
    /// That it is: see [`Note::verify`](super::Note::verify).
    #[must_use]
    pub fn claims(&self, line: &NoteSignature) -> bool {
        (line.name(), line.id()) == (&self.name, self.id)
    }

    /// Whether `signature` is this key's over `text`, with canonical encodings only; `checkpoint` is
    /// what the text says if it is one.
    pub(super) fn verifies(
        &self,
        text: &str,
        checkpoint: Option<&Checkpoint>,
        signature: &[u8],
    ) -> bool {
        self.public
            .verifies(&self.name, text, checkpoint, signature)
    }

    /// The key of these bytes.
    pub(super) fn from_public(
        name: KeyName,
        kind: SignatureType,
        public: &[u8],
    ) -> Result<VerifierKey, KeyError> {
        let expected = kind.public_key_length();
        if public.len() != expected {
            let found = public.len();
            return Err(KeyError::Length { expected, found });
        }
        let id = key_id(&name, kind, public);
        let public = PublicKey::from_bytes(kind, public).ok_or(KeyError::PublicKey)?;
        Ok(VerifierKey { name, id, public })
    }

    pub(super) fn check_id(&self, found: u32) -> Result<(), KeyError> {
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
        let bytes = [&[self.kind().byte()], self.public.as_bytes()].concat();
        let base64 = STANDARD.encode(bytes);
        write!(f, "{}+{:08x}+{base64}", self.name, self.id)
    }
}

impl fmt::Debug for VerifierKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "VerifierKey({self})")
    }
}

/// A secret key to sign notes with, of type 0x01. Wiped from memory when dropped.
pub struct SigningKey {
    verifier: VerifierKey,
    key: ed25519_dalek::SigningKey,
}

impl SigningKey {
    /// The key that RFC 8032 derives from 32 secret random bytes.
    #[must_use]
    pub fn from_seed(name: KeyName, seed: &[u8; 32]) -> SigningKey {
        let key = ed25519_dalek::SigningKey::from_bytes(seed);
        let public = key.verifying_key();
        let verifier = VerifierKey {
            id: key_id(&name, SignatureType::Ed25519, public.as_bytes()),
            public: PublicKey::Ed25519(public),
            name,
        };
        SigningKey { verifier, key }
    }

    /// Reads the one text that [`to_secret_text`](SigningKey::to_secret_text) writes.
    ///
    /// # Errors
    ///
    /// As [`VerifierKey::parse`]; [`KeyError::NoSigner`] for a secret of another type. No error
    /// holds any part of the secret.
    pub fn parse(text: &str) -> Result<SigningKey, KeyError> {
        let secret = read_secret(text)?;
        if secret.kind != SignatureType::Ed25519 {
            let found = secret.kind.byte();
            return Err(KeyError::NoSigner { found });
        }
        let key = SigningKey::from_seed(secret.name, &secret.seed);
        key.verifier.check_id(secret.id)?;
        Ok(key)
    }

    /// `PRIVATE+KEY+<name>+<key id>+<base64(0x01 ‖ seed)>`, as in Go's note package: the secret.
    #[must_use]
    pub fn to_secret_text(&self) -> Zeroizing<String> {
        secret_text(&self.verifier, self.key.as_bytes())
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
    /// The key is of a signature type that this build does not know.
    Unsupported {
        /// Signature type of the key, as C2SP signed-note lists them.
        found: u8,
    },
    /// The secret key is for something else than signing notes.
    NoSigner {
        /// Its signature type.
        found: u8,
    },
    /// The secret key is for something else than cosigning.
    NoCosigner {
        /// Its signature type.
        found: u8,
    },
    /// The key has another number of bytes than keys of its type.
    Length {
        /// Bytes that such keys have.
        expected: usize,
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
                "expected a key of signature type 0x01, 0x04 or (in builds with ML-DSA) 0x06, but \
                 found type {found:#04x}"
            ),
            KeyError::NoSigner { found } => write!(
                f,
                "expected a secret key of signature type 0x01, which signs notes, but found type \
                 {found:#04x}, which cosigns"
            ),
            KeyError::NoCosigner { found } => write!(
                f,
                "expected a secret key of signature type 0x04 or 0x06, which cosigns, but found \
                 type {found:#04x}"
            ),
            KeyError::Length { expected, found } => {
                write!(f, "expected a key of {expected} bytes, but found {found}")
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

/// What the text of a secret key holds.
pub(super) struct SecretKeyText {
    pub(super) name: KeyName,
    pub(super) id: u32,
    pub(super) kind: SignatureType,
    pub(super) seed: Zeroizing<[u8; 32]>,
}

/// Reads `PRIVATE+KEY+<name>+<key id>+<base64(type ‖ 32 bytes)>`.
pub(super) fn read_secret(text: &str) -> Result<SecretKeyText, KeyError> {
    let public = text.strip_prefix(SECRET_PREFIX).ok_or(KeyError::Shape)?;
    let (name, id, base64) = split(public)?;
    if base64.len() != 44 {
        return Err(KeyError::Base64);
    }
    // 44 characters of base64 are at most 33 bytes.
    let mut bytes = Zeroizing::new([0; 33]);
    let length = STANDARD.decode_slice(base64, &mut bytes[..]);
    let [kind, rest @ ..] = &*bytes;
    if length != Ok(33) {
        return Err(KeyError::Base64);
    }
    let kind = SignatureType::from_byte(*kind).ok_or(KeyError::Unsupported { found: *kind })?;
    let mut seed = Zeroizing::new([0; 32]);
    seed.copy_from_slice(rest);
    Ok(SecretKeyText {
        name,
        id,
        kind,
        seed,
    })
}

/// The text that [`read_secret`] reads.
pub(super) fn secret_text(verifier: &VerifierKey, seed: &[u8; 32]) -> Zeroizing<String> {
    let mut bytes = Zeroizing::new([verifier.kind().byte(); 33]);
    let [_, rest @ ..] = &mut *bytes;
    rest.copy_from_slice(seed);
    let VerifierKey { name, id, .. } = verifier;
    let base64 = Zeroizing::new(STANDARD.encode(&bytes[..]));
    let prefix = format!("{SECRET_PREFIX}{name}+{id:08x}+");
    // Room for all of it from the start: a string that grows leaves copies behind.
    let mut text = String::with_capacity(prefix.len().saturating_add(base64.len()));
    text.push_str(&prefix);
    text.push_str(&base64);
    Zeroizing::new(text)
}

fn key_id(name: &KeyName, kind: SignatureType, public: &[u8]) -> u32 {
    let input = [name.as_str().as_bytes(), b"\n", &[kind.byte()], public].concat();
    let [a, b, c, d, ..] = *Hash::of(&input).as_bytes();
    u32::from_be_bytes([a, b, c, d])
}

const SECRET_PREFIX: &str = "PRIVATE+KEY+";

/// Characters of base64 in the longest vkey: 1,313 bytes of type 0x06.
const MAX_BASE64: usize = 1752;

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
        assert_eq!(*key.to_secret_text(), SECRET);
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
            let id = key_id(&name, SignatureType::Ed25519, &public);
            let bytes = [&[1][..], &public].concat();
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
    fn types_are_told_apart() {
        let vkey = "remora.n621.de+da77ade7+BOvN63jn/bLvkieywe8R6UYAtVtNbZpXh34x7onlmtw2";
        let witness = VerifierKey::parse(vkey).unwrap();
        assert_eq!(witness.kind(), SignatureType::CosignatureEd25519);
        assert_eq!(witness.to_string(), vkey);

        // The same key as one that signs notes has another id, and is the same signer.
        let name = KeyName::parse("remora.n621.de").unwrap();
        let public = witness.public.as_bytes();
        let note = VerifierKey::from_public(name, SignatureType::Ed25519, public).unwrap();
        assert!(note.id() != witness.id() && note.is_same_key(&witness) && note != witness);

        for found in [0, 2, 3, 5, 7, 0xff] {
            let base64 = STANDARD.encode([&[found][..], &[9; 32]].concat());
            let parsed = VerifierKey::parse(&format!("x+00000000+{base64}"));
            assert_eq!(parsed, Err(KeyError::Unsupported { found }));
        }
        for length in [0, 31, 33, 1311, 1312] {
            for kind in [1, 4, 6] {
                let base64 = STANDARD.encode([&[kind][..], &vec![9; length]].concat());
                let parsed = VerifierKey::parse(&format!("x+00000000+{base64}"));
                let fits = kind == 6 && length == 1312;
                assert_eq!(matches!(parsed, Err(KeyError::Id { .. })), fits);
            }
        }
    }
}
