//! Signed notes: a text and who signed it.
//!
//! Source: C2SP signed-note v1.0.0.

use core::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::checkpoint::Checkpoint;
use super::key::{KeyName, SigningKey, VerifierKey};

/// The most signature lines a note may have. C2SP asks for at least 16.
pub const MAX_SIGNATURES: usize = 64;

/// The most bytes a note may have, signature lines included.
pub const MAX_NOTE_BYTES: usize = 1 << 20;

/// A text with its signature lines, as `text ‖ LF ‖ lines`.
///
/// There is no way to take a note's text for true without [`verify`](Note::verify).
///
/// ```
/// use ledgerline::log::{KeyName, Note, NoteError, SigningKey};
///
/// let key = SigningKey::from_seed(KeyName::parse("example.com/log")?, &[7; 32]);
/// let note = Note::sign("This is a note.\n", &[&key])?;
/// let read = Note::parse(note.to_string().as_bytes())?;
/// assert_eq!(read.verify(&[key.verifier().clone()])?, [key.verifier()]);
///
/// let changed = note.to_string().replace("is a", "is no");
/// let changed = Note::parse(changed.as_bytes())?;
/// assert!(matches!(
///     changed.verify(&[key.verifier().clone()]),
///     Err(NoteError::BadSignature { .. }),
/// ));
/// # Ok::<(), Box<dyn core::error::Error>>(())
/// ```
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Note {
    text: String,
    signatures: Vec<NoteSignature>,
}

impl Note {
    /// Reads a note. No other bytes give the same note: [`Display`](fmt::Display) writes them again.
    ///
    /// # Errors
    ///
    /// For bytes that are no signed note; nothing is verified here.
    pub fn parse(bytes: &[u8]) -> Result<Note, NoteError> {
        check_size(bytes.len())?;
        let note = str::from_utf8(bytes).map_err(|error| NoteError::NotUtf8 {
            at: error.valid_up_to(),
        })?;
        check_characters(note)?;
        // The text may hold blank lines of its own: the last one ends it.
        let blank = note.rfind("\n\n").ok_or(NoteError::NoSignatures)?;
        let (text, lines) = note.split_at(blank.saturating_add(1));
        let lines = lines.get(1..).unwrap_or_default();
        if lines.is_empty() {
            return Err(NoteError::NoSignatures);
        }
        if !lines.ends_with('\n') {
            return Err(NoteError::NoFinalNewline);
        }
        let found = lines.lines().count();
        if found > MAX_SIGNATURES {
            return Err(NoteError::TooManySignatures { found });
        }
        let signatures = (1..)
            .zip(lines.split_terminator('\n'))
            .map(|(line, text)| {
                NoteSignature::parse(text).map_err(|_| NoteError::SignatureLine { line })
            })
            .collect::<Result<_, _>>()?;
        Ok(Note {
            text: text.to_owned(),
            signatures,
        })
    }

    /// Signs a text with each of these keys, in this order.
    ///
    /// # Errors
    ///
    /// [`NoteError::NoFinalNewline`] and [`NoteError::Control`] for a text that no note can have,
    /// [`NoteError::NoSignatures`] without a key, and the errors of
    /// [`add_signature`](Note::add_signature).
    pub fn sign(text: &str, keys: &[&SigningKey]) -> Result<Note, NoteError> {
        check_characters(text)?;
        if !text.ends_with('\n') {
            return Err(NoteError::NoFinalNewline);
        }
        if keys.is_empty() {
            return Err(NoteError::NoSignatures);
        }
        let mut note = Note {
            text: text.to_owned(),
            signatures: Vec::new(),
        };
        for key in keys {
            note.add_signature(key)?;
        }
        Ok(note)
    }

    /// Adds a signature line by this key, or replaces the line that it has already.
    ///
    /// # Errors
    ///
    /// [`NoteError::TooManySignatures`], [`NoteError::TooLong`]: the note stays as it was.
    pub fn add_signature(&mut self, key: &SigningKey) -> Result<(), NoteError> {
        self.add(NoteSignature::new(
            key.verifier().name().clone(),
            key.verifier().id(),
            key.sign(&self.text).to_vec(),
        ))
    }

    /// Adds a signature line that was made elsewhere, such as a witness's cosignature, or replaces
    /// the lines of the same name and key id. Nothing is verified here.
    ///
    /// # Errors
    ///
    /// [`NoteError::TooManySignatures`], [`NoteError::TooLong`]: the note stays as it was.
    pub fn add(&mut self, signature: NoteSignature) -> Result<(), NoteError> {
        let mut note = self.clone();
        let of_another_key =
            |other: &NoteSignature| (&other.name, other.id) != (&signature.name, signature.id);
        note.signatures.retain(of_another_key);
        note.signatures.push(signature);
        let found = note.signatures.len();
        if found > MAX_SIGNATURES {
            return Err(NoteError::TooManySignatures { found });
        }
        check_size(note.to_string().len())?;
        *self = note;
        Ok(())
    }

    /// The note with those signature lines only that claim to be by one of these keys, the first one
    /// of each key. Nothing is verified here.
    ///
    /// # Errors
    ///
    /// [`NoteError::NoSignatures`] if none does.
    pub fn only_by(&self, keys: &[VerifierKey]) -> Result<Note, NoteError> {
        let mut signatures: Vec<NoteSignature> = Vec::new();
        for line in &self.signatures {
            let is_of_it = |other: &NoteSignature| (&other.name, other.id) == (&line.name, line.id);
            if keys.iter().any(|key| key.claims(line)) && !signatures.iter().any(is_of_it) {
                signatures.push(line.clone());
            }
        }
        if signatures.is_empty() {
            return Err(NoteError::NoSignatures);
        }
        let text = self.text.clone();
        Ok(Note { text, signatures })
    }

    /// What the signatures are over: all lines before the blank one, each with its newline.
    #[must_use]
    pub fn text(&self) -> &str {
        &self.text
    }

    /// The signature lines as they stand, verified or not; at least one.
    #[must_use]
    pub fn signatures(&self) -> &[NoteSignature] {
        &self.signatures
    }

    /// Which of these keys signed the text, in the order of `keys`; at least one.
    ///
    /// Signatures by other keys are ignored. One that claims to be by a known key and is not
    /// condemns the note, even beside good ones.
    ///
    /// # Errors
    ///
    /// [`NoteError::BadSignature`]; [`NoteError::NotSigned`] if no known key signed;
    /// [`NoteError::AmbiguousKey`] if two of `keys` share name and id.
    ///
    /// # Does not prove
    ///
    /// That the text is true, when it was signed, or that the signer shows everybody the same text.
    ///
    /// Source: C2SP signed-note v1.0.0, "Signatures".
    pub fn verify<'k>(&self, keys: &'k [VerifierKey]) -> Result<Vec<&'k VerifierKey>, NoteError> {
        let mut signed: Vec<&VerifierKey> = Vec::new();
        // Read once: a note may have many lines, and its text may be long.
        let cosigns = keys.iter().any(|key| key.kind().is_cosignature());
        let checkpoint = cosigns.then(|| Checkpoint::parse(&self.text));
        let checkpoint = checkpoint.as_ref().and_then(|read| read.as_ref().ok());
        // What this build cannot verify is by nobody it knows.
        for key in keys.iter().filter(|key| key.kind().is_supported()) {
            let (name, id) = (key.name(), key.id());
            let ambiguous = |other: &&VerifierKey| (other.name(), other.id()) == (name, id);
            if keys.iter().filter(ambiguous).any(|other| other != key) {
                let name = name.clone();
                return Err(NoteError::AmbiguousKey { name, id });
            }
            let claims = |line: &&NoteSignature| key.claims(line);
            let mut lines = self.signatures.iter().filter(claims).peekable();
            if lines.peek().is_none() || signed.contains(&key) {
                continue;
            }
            if !lines.all(|line| key.verifies(&self.text, checkpoint, &line.signature)) {
                let name = name.clone();
                return Err(NoteError::BadSignature { name, id });
            }
            signed.push(key);
        }
        if signed.is_empty() {
            return Err(NoteError::NotSigned {
                signers: self
                    .signatures
                    .iter()
                    .map(|line| line.name.clone())
                    .collect(),
            });
        }
        Ok(signed)
    }
}

impl fmt::Display for Note {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{}", self.text)?;
        for signature in &self.signatures {
            writeln!(f, "{signature}")?;
        }
        Ok(())
    }
}

/// One signature line: `— <name> <base64(key id ‖ signature)>`.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct NoteSignature {
    name: KeyName,
    id: u32,
    signature: Vec<u8>,
}

impl NoteSignature {
    /// Reads a line, without its newline.
    ///
    /// # Errors
    ///
    /// [`NoteError::SignatureLine`], as line 1, for any other text.
    pub fn parse(line: &str) -> Result<NoteSignature, NoteError> {
        parse_line(line).ok_or(NoteError::SignatureLine { line: 1 })
    }

    pub(super) fn new(name: KeyName, id: u32, signature: Vec<u8>) -> NoteSignature {
        NoteSignature {
            name,
            id,
            signature,
        }
    }

    /// The name of the key that is said to have signed.
    #[must_use]
    pub fn name(&self) -> &KeyName {
        &self.name
    }

    /// The id of the key that is said to have signed.
    #[must_use]
    pub fn id(&self) -> u32 {
        self.id
    }

    /// The bytes after the key id; what they are depends on the key's signature type.
    #[must_use]
    pub fn bytes(&self) -> &[u8] {
        &self.signature
    }
}

impl fmt::Display for NoteSignature {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let bytes = [&self.id.to_be_bytes()[..], &self.signature].concat();
        write!(
            f,
            "{SIGNATURE_PREFIX}{} {}",
            self.name,
            STANDARD.encode(bytes)
        )
    }
}

/// Why bytes are no note, a note cannot be made, or a note does not hold.
#[derive(Clone, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub enum NoteError {
    /// More than [`MAX_NOTE_BYTES`].
    TooLong {
        /// Bytes of the note.
        found: usize,
    },
    /// The bytes are not UTF-8.
    NotUtf8 {
        /// Offset of the first wrong byte.
        at: usize,
    },
    /// A control character other than newline.
    Control {
        /// Its offset in bytes.
        at: usize,
        /// The character.
        found: char,
    },
    /// No signature lines behind a blank line.
    NoSignatures,
    /// The text or the last signature line does not end with a newline.
    NoFinalNewline,
    /// More than [`MAX_SIGNATURES`].
    TooManySignatures {
        /// Signature lines of the note.
        found: usize,
    },
    /// A line behind the last blank line is no signature line.
    SignatureLine {
        /// Its number, from 1, among the signature lines.
        line: usize,
    },
    /// A signature by a known key does not verify.
    BadSignature {
        /// Name of the key.
        name: KeyName,
        /// Id of the key.
        id: u32,
    },
    /// None of the known keys signed.
    NotSigned {
        /// Names on the signature lines.
        signers: Vec<KeyName>,
    },
    /// Two different known keys have the same name and id.
    AmbiguousKey {
        /// Name of both keys.
        name: KeyName,
        /// Id of both keys.
        id: u32,
    },
}

impl fmt::Display for NoteError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            NoteError::TooLong { found } => write!(
                f,
                "expected a note of at most {MAX_NOTE_BYTES} bytes, but found {found}"
            ),
            NoteError::NotUtf8 { at } => {
                write!(f, "expected UTF-8, but found other bytes at offset {at}")
            }
            NoteError::Control { at, found } => write!(
                f,
                "expected no control characters but newlines, but found {found:?} at offset {at}"
            ),
            NoteError::NoSignatures => f.write_str(
                "expected signature lines behind a blank line, but found none: this is no signed \
                 note",
            ),
            NoteError::NoFinalNewline => {
                f.write_str("expected a newline at the end, but found none: is the note cut off?")
            }
            NoteError::TooManySignatures { found } => write!(
                f,
                "expected at most {MAX_SIGNATURES} signature lines, but found {found}"
            ),
            NoteError::SignatureLine { line } => write!(
                f,
                "expected '{SIGNATURE_PREFIX}<name> <base64>', but found other text at signature \
                 line {line}"
            ),
            NoteError::BadSignature { name, id } => write!(
                f,
                "expected a valid signature by {name} (key id {id:08x}), but found one that does \
                 not verify: text or signature was changed"
            ),
            NoteError::NotSigned { signers } => {
                f.write_str("expected a signature by a known key, but found only")?;
                for (number, name) in (0usize..).zip(signers) {
                    let separator = if number == 0 { " " } else { ", " };
                    write!(f, "{separator}{name}")?;
                }
                Ok(())
            }
            NoteError::AmbiguousKey { name, id } => write!(
                f,
                "expected keys that differ in name or key id, but found two of name {name} and \
                 key id {id:08x}"
            ),
        }
    }
}

impl core::error::Error for NoteError {}

fn parse_line(line: &str) -> Option<NoteSignature> {
    let (name, base64) = line.strip_prefix(SIGNATURE_PREFIX)?.split_once(' ')?;
    let name = KeyName::parse(name).ok()?;
    let bytes = STANDARD.decode(base64).ok()?;
    let (&id, signature) = bytes.split_first_chunk()?;
    (!signature.is_empty()).then(|| NoteSignature {
        name,
        id: u32::from_be_bytes(id),
        signature: signature.to_vec(),
    })
}

fn check_size(found: usize) -> Result<(), NoteError> {
    if found > MAX_NOTE_BYTES {
        return Err(NoteError::TooLong { found });
    }
    Ok(())
}

fn check_characters(text: &str) -> Result<(), NoteError> {
    match text.char_indices().find(|&(_, c)| c < ' ' && c != '\n') {
        Some((at, found)) => Err(NoteError::Control { at, found }),
        None => Ok(()),
    }
}

const SIGNATURE_PREFIX: &str = "\u{2014} ";

/// Notes have one form; who signed is found out as C2SP has it.
#[cfg(test)]
#[allow(
    clippy::unwrap_used,
    clippy::arithmetic_side_effects,
    clippy::indexing_slicing,
    reason = "tests"
)]
mod tests {
    use core::slice;

    use proptest::prelude::*;

    use super::*;

    #[test]
    fn signed_notes_are_read_again_and_verify() {
        let (a, b, c) = (key("a"), key("b"), key("c"));
        let text = "First.\n\n— not a signature\n\nLast.\n";
        let mut note = Note::sign(text, &[&a, &b]).unwrap();
        let read = Note::parse(note.to_string().as_bytes()).unwrap();
        assert_eq!(read, note);
        assert_eq!(read.text(), text);
        let keys = [&c, &b, &a].map(|key| key.verifier().clone());
        assert_eq!(read.verify(&keys).unwrap(), [b.verifier(), a.verifier()]);
        assert_eq!(read.verify(&keys[..2]).unwrap(), [b.verifier()]);
        assert!(matches!(
            read.verify(&keys[..1]),
            Err(NoteError::NotSigned { .. })
        ));
        assert!(read.verify(&[]).is_err());

        note.add_signature(&c).unwrap();
        note.add_signature(&a).unwrap();
        let names: Vec<_> = note
            .signatures()
            .iter()
            .map(|line| line.name().as_str())
            .collect();
        assert_eq!(names, ["b", "c", "a"]);
        assert_eq!(note.verify(&keys).unwrap().len(), 3);
    }

    #[test]
    fn only_the_lines_of_known_keys_stay_and_one_of_each() {
        let (a, b) = (key("a"), key("b"));
        let mut note = Note::sign("text\n", &[&a, &b]).unwrap();
        let again = note.signatures[0].clone();
        note.signatures.push(again);
        let only = note.only_by(&[a.verifier().clone()]).unwrap();
        assert_eq!(only, Note::sign("text\n", &[&a]).unwrap());
        assert_eq!(note.only_by(&[]), Err(NoteError::NoSignatures));
    }

    #[test]
    fn unknown_keys_are_ignored_even_with_a_known_name() {
        let (a, other) = (
            key("a"),
            SigningKey::from_seed(KeyName::parse("a").unwrap(), &[9; 32]),
        );
        let note = Note::sign("text\n", &[&other, &a]).unwrap();
        let keys = [a.verifier().clone()];
        assert_eq!(note.verify(&keys).unwrap(), [a.verifier()]);
        // The same key twice is no more than once.
        let twice = [a.verifier().clone(), a.verifier().clone()];
        assert_eq!(note.verify(&twice).unwrap(), [a.verifier()]);
    }

    #[test]
    fn keys_whose_ids_collide_are_not_taken_for_each_other() {
        // Found by trying seeds: with the name "a", these two have the same key id.
        let [first, second] = [18_329u64, 84_706].map(|number| {
            let mut seed = [0; 32];
            seed[..8].copy_from_slice(&number.to_be_bytes());
            SigningKey::from_seed(KeyName::parse("a").unwrap(), &seed)
        });
        let (a, b) = (first.verifier().clone(), second.verifier().clone());
        assert_eq!(a.id(), b.id());
        assert_ne!(a, b);
        let note = Note::sign("text\n", &[&first]).unwrap();
        let (name, id) = (a.name().clone(), a.id());
        assert_eq!(note.verify(slice::from_ref(&a)).unwrap(), [&a]);
        assert_eq!(
            note.verify(slice::from_ref(&b)),
            Err(NoteError::BadSignature {
                name: name.clone(),
                id
            })
        );
        let ambiguous = Err(NoteError::AmbiguousKey { name, id });
        assert_eq!(note.verify(&[a.clone(), b.clone()]), ambiguous);
        assert_eq!(note.verify(&[b, a]), ambiguous);
    }

    #[test]
    fn one_bad_signature_by_a_known_key_condemns_the_note() {
        let (a, b) = (key("a"), key("b"));
        let keys = [a.verifier().clone(), b.verifier().clone()];
        let good = Note::sign("text\n", &[&a, &b]).unwrap();
        let wrong = Note::sign("other\n", &[&b]).unwrap().signatures()[0].clone();
        let mut bad = good.clone();
        bad.add(wrong.clone()).unwrap();
        assert!(matches!(
            bad.verify(&keys),
            Err(NoteError::BadSignature { .. })
        ));
        // Also as a second line after a good one.
        let twice = format!("{good}{wrong}\n");
        let twice = Note::parse(twice.as_bytes()).unwrap();
        assert!(matches!(
            twice.verify(&keys),
            Err(NoteError::BadSignature { .. })
        ));
        assert!(twice.verify(&keys[..1]).is_ok());
    }

    #[test]
    fn every_flipped_bit_is_refused_or_is_nobodys_signature() {
        let a = key("a");
        let bytes = Note::sign("some text\n", &[&a])
            .unwrap()
            .to_string()
            .into_bytes();
        for bit in 0..bytes.len() * 8 {
            let mut flipped = bytes.clone();
            flipped[bit / 8] ^= 1 << (bit % 8);
            if let Ok(note) = Note::parse(&flipped) {
                assert_eq!(note.to_string().as_bytes(), flipped);
                assert!(note.verify(&[a.verifier().clone()]).is_err(), "bit {bit}");
            }
        }
    }

    #[test]
    fn malformed_notes_are_refused_for_their_reason() {
        let line = Note::sign("t\n", &[&key("a")]).unwrap().signatures()[0].to_string();
        let base64 = line.rsplit(' ').next().unwrap();
        let bad_line = Err(NoteError::SignatureLine { line: 1 });
        for (note, expected) in [
            (String::new(), Err(NoteError::NoSignatures)),
            (format!("t\n{line}\n"), Err(NoteError::NoSignatures)),
            (format!("t\n\n{line}\n\n"), Err(NoteError::NoSignatures)),
            ("t\n\n".into(), Err(NoteError::NoSignatures)),
            (format!("t\n\n{line}"), Err(NoteError::NoFinalNewline)),
            (
                format!("t\r\n\n{line}\n"),
                Err(NoteError::Control { at: 1, found: '\r' }),
            ),
            (
                format!("t\0\n\n{line}\n"),
                Err(NoteError::Control { at: 1, found: '\0' }),
            ),
            (format!("t\n\n- a {base64}\n"), bad_line.clone()),
            (format!("t\n\n—  {base64}\n"), bad_line.clone()),
            (format!("t\n\n— a b {base64}\n"), bad_line.clone()),
            (format!("t\n\n— a+b {base64}\n"), bad_line.clone()),
            (format!("t\n\n— a\u{a0}b {base64}\n"), bad_line.clone()),
            (format!("t\n\n {line}\n"), bad_line.clone()),
            (format!("t\n\n{line} \n"), bad_line.clone()),
            (format!("t\n\n{line}=\n"), bad_line.clone()),
            ("t\n\n— a AAAAAA==\n".into(), bad_line.clone()),
            ("t\n\n— a AAAAAAB=\n".into(), bad_line.clone()),
            ("t\n\n— a AAA\n".into(), bad_line),
            (
                format!("t\n\n{line}\nx\n"),
                Err(NoteError::SignatureLine { line: 2 }),
            ),
        ] {
            assert_eq!(Note::parse(note.as_bytes()), expected, "{note:?}");
        }
        assert_eq!(Note::parse(b"t\xff\n\n"), Err(NoteError::NotUtf8 { at: 1 }));
        assert!(Note::parse(b"t\n\n\xe2\x80\x94 a AAAAAAA=\n").is_ok());
    }

    #[test]
    fn limits_hold_for_reading_and_writing() {
        let line = Note::sign("t\n", &[&key("a")]).unwrap().signatures()[0].to_string();
        let lines = |count: usize| format!("t\n\n{}", format!("{line}\n").repeat(count));
        assert!(Note::parse(lines(64).as_bytes()).is_ok());
        assert_eq!(
            Note::parse(lines(65).as_bytes()),
            Err(NoteError::TooManySignatures { found: 65 })
        );
        let mut full = Note::parse(lines(64).replace("— a", "— x").as_bytes()).unwrap();
        let before = full.clone();
        assert!(full.add_signature(&key("a")).is_err());
        assert_eq!(full, before);

        let filling = MAX_NOTE_BYTES - lines(1).len() + 1;
        let text = format!("{}\n", "t".repeat(filling));
        let note = Note::sign(&text, &[&key("a")]).unwrap();
        assert_eq!(note.to_string().len(), MAX_NOTE_BYTES);
        assert!(Note::parse(note.to_string().as_bytes()).is_ok());
        let found = MAX_NOTE_BYTES + 1;
        assert_eq!(
            Note::sign(&format!("t{text}"), &[&key("a")]),
            Err(NoteError::TooLong { found })
        );
        assert_eq!(
            Note::parse(&vec![b't'; found]),
            Err(NoteError::TooLong { found })
        );

        assert_eq!(
            Note::sign("t", &[&key("a")]),
            Err(NoteError::NoFinalNewline)
        );
        assert_eq!(Note::sign("", &[&key("a")]), Err(NoteError::NoFinalNewline));
        assert_eq!(Note::sign("t\n", &[]), Err(NoteError::NoSignatures));
        assert!(Note::sign("\t\n", &[&key("a")]).is_err());
    }

    proptest! {
        #[test]
        fn what_is_read_is_written_again(
            text in "([a—\n +=]{0,9}\n){1,3}",
            lines in "(— [a+ ]{1,3} [A+=]{7,9}\n){1,3}",
        ) {
            let bytes = format!("{text}\n{lines}");
            if let Ok(note) = Note::parse(bytes.as_bytes()) {
                prop_assert_eq!(note.to_string(), bytes);
            }
        }

        #[test]
        fn any_text_signs_and_verifies(text in "[^\u{0}-\u{1f}]{0,40}(\n[^\u{0}-\u{1f}]{0,9}){0,3}") {
            let (text, key) = (format!("{text}\n"), key("a"));
            let note = Note::sign(&text, &[&key]).unwrap();
            let read = Note::parse(note.to_string().as_bytes()).unwrap();
            prop_assert_eq!(read.text(), text);
            prop_assert!(read.verify(&[key.verifier().clone()]).is_ok());
        }
    }

    fn key(name: &str) -> SigningKey {
        let seed = super::super::Hash::of(name.as_bytes());
        SigningKey::from_seed(KeyName::parse(name).unwrap(), seed.as_bytes())
    }
}
