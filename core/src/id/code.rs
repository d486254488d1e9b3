//! What codes with check digits have in common.

use core::fmt;

use super::IdError;

/// Why a text is no code with a check digit.
#[derive(Clone, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub enum CodeError {
    /// It has not the code's form.
    Form(IdError),
    /// It has the form, but its check digit does not follow from the rest: a slip of the pen.
    CheckDigit {
        /// The kind of identifier, such as `an ISWC`.
        kind: &'static str,
        /// The code in its one form, with the digit that was found.
        code: String,
        /// The digit or digits that would be right; empty if none is.
        expected: String,
    },
}

impl fmt::Display for CodeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Form(error) => error.fmt(f),
            Self::CheckDigit {
                kind,
                code,
                expected,
            } => write!(
                f,
                "expected {kind} with the check digit {expected}, but found {code:?}"
            ),
        }
    }
}

impl core::error::Error for CodeError {}

impl From<IdError> for CodeError {
    fn from(error: IdError) -> Self {
        Self::Form(error)
    }
}

/// The characters of `text` that are no blank, full stop or hyphen, in capitals, if they are
/// exactly `N` ASCII letters and digits.
pub(super) fn compact<const N: usize>(text: &str) -> Option<[u8; N]> {
    let mut characters = [0; N];
    let mut places = characters.iter_mut();
    for byte in text.bytes().filter(|b| !matches!(b, b' ' | b'.' | b'-')) {
        if !byte.is_ascii_alphanumeric() {
            return None;
        }
        *places.next()? = byte.to_ascii_uppercase();
    }
    places.next().is_none().then_some(characters)
}

/// The values of ASCII digits; `None` if there is another character.
pub(super) fn digits(characters: &[u8]) -> Option<impl Iterator<Item = u32>> {
    characters
        .iter()
        .all(u8::is_ascii_digit)
        .then(|| characters.iter().map(|b| u32::from(b.wrapping_sub(b'0'))))
}

/// Writes ASCII characters.
pub(super) fn write_ascii(f: &mut fmt::Formatter<'_>, characters: &[u8]) -> fmt::Result {
    characters
        .iter()
        .try_for_each(|b| fmt::Write::write_char(f, char::from(*b)))
}
