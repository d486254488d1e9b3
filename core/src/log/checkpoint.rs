//! Checkpoints: what a log commits itself to, as the text of a signed note.
//!
//! Source: C2SP tlog-checkpoint v1.0.0.

use core::fmt;

use super::hash::{Hash, HashError};
use super::key::VerifierKey;
use super::note::{Note, NoteError};
use super::tree::TreeHead;
use crate::wire::decimal;

/// The first line of run notes, which the log's key also signs: no log may have it as its origin.
pub const RESERVED_ORIGIN: &str = "ledgerline/run/v1";

/// A log's origin and tree head, as `<origin> LF <size> LF <root in base64> LF`, and extension lines
/// where a foreign log has some.
///
/// ```
/// use ledgerline::log::{Checkpoint, Hash, TreeHead};
///
/// let head = TreeHead { size: 1, root: Hash::leaf(b"") };
/// let checkpoint = Checkpoint::new("example.com/log", head)?;
/// let text = "example.com/log\n1\nbjQLnP+zepicpUTmu3gKLHiQHT+zNzh2hRGjBhevoB0=\n";
/// assert_eq!(checkpoint.to_string(), text);
/// assert_eq!(Checkpoint::parse(text)?, checkpoint);
/// assert!(Checkpoint::parse(&text.replace("\n1\n", "\n01\n")).is_err());
/// # Ok::<(), ledgerline::log::CheckpointError>(())
/// ```
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Checkpoint {
    origin: String,
    head: TreeHead,
    extensions: Vec<String>,
}

impl Checkpoint {
    /// A checkpoint without extension lines.
    ///
    /// # Errors
    ///
    /// [`CheckpointError::Origin`] for an origin that is empty, no line of a note, or reserved.
    pub fn new(origin: &str, head: TreeHead) -> Result<Checkpoint, CheckpointError> {
        let wrong = |c: char| c < ' ';
        if origin.is_empty() || origin == RESERVED_ORIGIN || origin.contains(wrong) {
            return Err(CheckpointError::Origin {
                found: origin.to_owned(),
            });
        }
        Ok(Checkpoint {
            origin: origin.to_owned(),
            head,
            extensions: Vec::new(),
        })
    }

    /// Reads a note's text. [`Display`](fmt::Display) writes it again.
    ///
    /// # Errors
    ///
    /// For every text that is not the one form of a checkpoint; nothing is verified here.
    pub fn parse(text: &str) -> Result<Checkpoint, CheckpointError> {
        let lines = text.strip_suffix('\n').ok_or(CheckpointError::LastLine)?;
        let mut lines = lines.split('\n');
        let origin = lines.next().unwrap_or_default();
        let size = parse_size(lines.next().unwrap_or_default())?;
        let root = lines.next().unwrap_or_default();
        let root = Hash::parse_base64(root).map_err(CheckpointError::Root)?;
        let mut checkpoint = Checkpoint::new(origin, TreeHead { size, root })?;
        for (line, extension) in (4..).zip(lines) {
            if extension.is_empty() || extension.contains(|c| c < ' ') {
                return Err(CheckpointError::Extension { line });
            }
            checkpoint.extensions.push(extension.to_owned());
        }
        Ok(checkpoint)
    }

    /// Verifies a note as a checkpoint of the log with this origin, signed by one of its keys.
    ///
    /// `keys` are the log's keys only: whoever else signs, as witnesses do, does not speak for it.
    ///
    /// # Errors
    ///
    /// [`CheckpointError::Note`] unless the note holds under `keys`;
    /// [`CheckpointError::OtherOrigin`] for another log's checkpoint; those of
    /// [`parse`](Checkpoint::parse).
    ///
    /// # Does not prove
    ///
    /// That the log shows others the same tree (witnesses' cosignatures are for that), that it only
    /// ever appends (see [`verify_consistency`](super::verify_consistency)), that it is recent,
    /// or that anything in the log is true.
    pub fn open(
        note: &Note,
        origin: &str,
        keys: &[VerifierKey],
    ) -> Result<Checkpoint, CheckpointError> {
        note.verify(keys).map_err(CheckpointError::Note)?;
        let checkpoint = Checkpoint::parse(note.text())?;
        if checkpoint.origin != origin {
            return Err(CheckpointError::OtherOrigin {
                expected: origin.to_owned(),
                found: checkpoint.origin,
            });
        }
        Ok(checkpoint)
    }

    /// The log's name.
    #[must_use]
    pub fn origin(&self) -> &str {
        &self.origin
    }

    /// Size and root that the log commits itself to.
    #[must_use]
    pub fn head(&self) -> TreeHead {
        self.head
    }

    /// Lines after the root, without newlines. No one can audit them.
    #[must_use]
    pub fn extensions(&self) -> &[String] {
        &self.extensions
    }
}

impl fmt::Display for Checkpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let TreeHead { size, root } = self.head;
        writeln!(f, "{}\n{size}\n{root}", self.origin)?;
        for extension in &self.extensions {
            writeln!(f, "{extension}")?;
        }
        Ok(())
    }
}

/// Why a text is no checkpoint, or not the one that is asked for.
#[derive(Clone, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub enum CheckpointError {
    /// The text does not end with a newline.
    LastLine,
    /// Line 1 cannot be a log's origin.
    Origin {
        /// The line.
        found: String,
    },
    /// Line 2 is not a number in its one form.
    Size {
        /// The line.
        found: String,
    },
    /// Line 3 is not a hash.
    Root(HashError),
    /// A line after the root is empty or no line of a note.
    Extension {
        /// Its number, from 1.
        line: usize,
    },
    /// The note does not hold.
    Note(NoteError),
    /// The checkpoint is of a log that the reader's policy does not know.
    UnknownLog {
        /// Origin of the checkpoint.
        found: String,
    },
    /// The checkpoint is another log's.
    OtherOrigin {
        /// Origin asked for.
        expected: String,
        /// Origin of the checkpoint.
        found: String,
    },
}

impl fmt::Display for CheckpointError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            CheckpointError::LastLine => {
                f.write_str("expected a newline at the end of the checkpoint, but found none")
            }
            CheckpointError::Origin { found } => write!(
                f,
                "expected a log's origin at line 1 (not empty, not {RESERVED_ORIGIN}), but found \
                 {found:?}"
            ),
            CheckpointError::Size { found } => write!(
                f,
                "expected a tree size in decimal without leading zeros at line 2, but found \
                 {found:?}"
            ),
            CheckpointError::Root(error) => write!(f, "root at line 3: {error}"),
            CheckpointError::Extension { line } => write!(
                f,
                "expected an extension line that is not empty, but found none at line {line}"
            ),
            CheckpointError::Note(error) => error.fmt(f),
            CheckpointError::UnknownLog { found } => write!(
                f,
                "expected a checkpoint of a log that the policy names, but found one of {found:?}"
            ),
            CheckpointError::OtherOrigin { expected, found } => write!(
                f,
                "expected a checkpoint of {expected:?}, but found one of {found:?} at line 1"
            ),
        }
    }
}

impl core::error::Error for CheckpointError {
    fn source(&self) -> Option<&(dyn core::error::Error + 'static)> {
        match self {
            CheckpointError::Root(error) => Some(error),
            CheckpointError::Note(error) => Some(error),
            _ => None,
        }
    }
}

fn parse_size(line: &str) -> Result<u64, CheckpointError> {
    decimal(line).ok_or_else(|| CheckpointError::Size {
        found: line.to_owned(),
    })
}

/// Checkpoints have one form, and only the right log's are opened.
#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "tests")]
mod tests {
    use super::super::key::{KeyName, SigningKey};
    use super::*;

    const ROOT: &str = "47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=";

    #[test]
    fn reads_what_it_writes_and_nothing_else() {
        for size in ["0", "1", "10", "18446744073709551615"] {
            for extensions in ["", "x\n", "x\n \n"] {
                let text = format!("o\n{size}\n{ROOT}\n{extensions}");
                let checkpoint = Checkpoint::parse(&text).unwrap();
                assert_eq!(checkpoint.to_string(), text);
                assert_eq!(checkpoint.extensions().len(), extensions.lines().count());
            }
        }
        for size in [
            "",
            "00",
            "01",
            "+1",
            "-1",
            " 1",
            "1 ",
            "1.0",
            "18446744073709551616",
            "٣",
        ] {
            let text = format!("o\n{size}\n{ROOT}\n");
            let expected = Err(CheckpointError::Size { found: size.into() });
            assert_eq!(Checkpoint::parse(&text), expected);
        }
        for bad in [
            String::new(),
            "\n".into(),
            "o\n".into(),
            "o\n1\n".into(),
            format!("o\n1\n{ROOT}"),
            format!("\n1\n{ROOT}\n"),
            format!("{RESERVED_ORIGIN}\n1\n{ROOT}\n"),
            format!("o\n1\n{ROOT}\n\n"),
            format!("o\n1\n{ROOT}\n\nx\n"),
            format!("o\r\n1\n{ROOT}\n"),
            format!("o\n1\n{ROOT}\nx\r\n"),
            format!("o\n1\n{}\n", &ROOT[..40]),
            format!("o\n1\n {ROOT}\n"),
        ] {
            assert!(Checkpoint::parse(&bad).is_err(), "{bad:?}");
        }
        for origin in ["", "a\nb", RESERVED_ORIGIN] {
            assert!(Checkpoint::new(origin, TreeHead::EMPTY).is_err());
        }
    }

    #[test]
    fn opens_only_this_logs_checkpoint_under_its_key() {
        let key = |name, seed| SigningKey::from_seed(KeyName::parse(name).unwrap(), &[seed; 32]);
        let (log, other) = (key("example.com/log", 1), key("example.com/log", 2));
        let checkpoint = Checkpoint::new("example.com/log", TreeHead::EMPTY).unwrap();
        let note = Note::sign(&checkpoint.to_string(), &[&log]).unwrap();
        let open =
            |origin, key: &SigningKey| Checkpoint::open(&note, origin, &[key.verifier().clone()]);
        assert_eq!(open("example.com/log", &log), Ok(checkpoint));
        assert!(matches!(
            open("example.com/log", &other),
            Err(CheckpointError::Note(NoteError::NotSigned { .. }))
        ));
        assert!(matches!(
            open("example.com/other", &log),
            Err(CheckpointError::OtherOrigin { .. })
        ));

        let run = format!("{RESERVED_ORIGIN}\n1\n{ROOT}\n");
        let run = Note::sign(&run, &[&log]).unwrap();
        assert!(matches!(
            Checkpoint::open(&run, RESERVED_ORIGIN, &[log.verifier().clone()]),
            Err(CheckpointError::Origin { .. })
        ));
    }
}
