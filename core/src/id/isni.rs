//! The International Standard Name Identifier.

use core::fmt;

use super::code::{CodeError, compact, digits, write_ascii};
use super::error;

/// A name identifier: fifteen digits and a check character, a digit or X.
///
/// Source: ISO 27729; ISO 7064 MOD 11-2.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct Isni([u8; 16]);

impl Isni {
    /// Reads an identifier with or without blanks and hyphens, and a leading `ISNI`, `ISNI:` or
    /// `ISNI::` (as DDEX writes it).
    ///
    /// # Errors
    ///
    /// [`CodeError::Form`], [`CodeError::CheckDigit`].
    pub fn parse(text: &str) -> Result<Self, CodeError> {
        const KIND: &str = "an ISNI";
        let refuse = || error(KIND, "fifteen digits and a check digit or X", text);
        let bare = match text.trim().get(..4) {
            Some(head) if head.eq_ignore_ascii_case("ISNI") => text
                .trim()
                .get(4..)
                .map(|rest| rest.trim_start_matches(':')),
            _ => Some(text),
        };
        let characters: [u8; 16] = bare.and_then(compact).ok_or_else(refuse)?;
        let [number @ .., check] = &characters;
        if !check.is_ascii_digit() && *check != b'X' {
            return Err(refuse().into());
        }
        let sum = digits(number)
            .ok_or_else(refuse)?
            .fold(0_u32, |sum, digit| {
                sum.wrapping_add(digit).wrapping_mul(2) % 11
            });
        let expected = match 12_u32.wrapping_sub(sum) % 11 {
            10 => "X".to_owned(),
            digit => digit.to_string(),
        };
        let code = Self(characters);
        if characters.ends_with(expected.as_bytes()) {
            return Ok(code);
        }
        Err(CodeError::CheckDigit {
            kind: KIND,
            code: code.to_string(),
            expected,
        })
    }
}

impl fmt::Display for Isni {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write_ascii(f, &self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn real_identifiers_have_their_check_character() {
        // The second is that of DDEX's own samples.
        for (text, code) in [
            ("0000 0001 2150 090X", "000000012150090X"),
            ("ISNI::0000000081266409", "0000000081266409"),
            ("isni 0000-0000-8126-6409", "0000000081266409"),
        ] {
            assert_eq!(Isni::parse(text).unwrap().to_string(), code, "{text}");
        }
        assert!(matches!(
            Isni::parse("0000000121500900"),
            Err(CodeError::CheckDigit { expected, .. }) if expected == "X"
        ));
        for text in [
            "",
            "ISNI",
            "000000012150090",
            "000000012150090Y",
            "00000001215X0900",
        ] {
            assert!(
                matches!(Isni::parse(text), Err(CodeError::Form(_))),
                "{text}"
            );
        }
    }

    /// MOD 11-2 sees every single wrong digit.
    #[test]
    fn every_wrong_digit_is_seen() {
        for place in 0..16 {
            for digit in b'0'..=b'9' {
                let mut bytes = *b"0000000081266409";
                let right = bytes[place] == digit;
                bytes[place] = digit;
                let text = core::str::from_utf8(&bytes).unwrap();
                assert_eq!(Isni::parse(text).is_ok(), right, "{text}");
            }
        }
    }
}
