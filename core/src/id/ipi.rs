//! Interested Party Information: the numbers of writers and publishers.

use core::fmt;

use super::code::{CodeError, compact, digits, write_ascii};
use super::error;

/// An IPI name number: nine digits and two check digits; one for each name of a party.
///
/// The check number is 0 if t = Σ dᵢ·(10 − i) mod 101 (i = 0..8) is 0, else (101 − t) mod 100.
///
/// Source: django-music-publisher 26.9, `validators.py` (MIT).
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct IpiName([u8; 11]);

impl IpiName {
    /// Reads 1 to 11 digits, leading zeros added; blanks, full stops and hyphens are dropped.
    ///
    /// # Errors
    ///
    /// [`CodeError::Form`] for anything else, and for all zeros, with which files say that there is
    /// none; [`CodeError::CheckDigit`] if the last two digits are wrong.
    pub fn parse(text: &str) -> Result<Self, CodeError> {
        const KIND: &str = "an IPI name number";
        let refuse = || error(KIND, "nine digits and two check digits", text);
        let bare: String = text
            .chars()
            .filter(|c| !matches!(c, ' ' | '.' | '-'))
            .collect();
        if bare.is_empty() {
            return Err(refuse().into());
        }
        let characters: [u8; 11] = compact(&format!("{bare:0>11}")).ok_or_else(refuse)?;
        let numbers = digits(&characters).ok_or_else(refuse)?;
        if characters == [b'0'; 11] {
            return Err(refuse().into());
        }
        // At most 9 · 54.
        let weights = (2..=10_u32).rev();
        let sum = weights.zip(numbers).fold(0_u32, |sum, (weight, digit)| {
            sum.wrapping_add(digit.wrapping_mul(weight))
        });
        let expected = match sum % 101 {
            0 => 0,
            rest => 101_u32.wrapping_sub(rest) % 100,
        };
        let code = Self(characters);
        let expected = format!("{expected:02}");
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

impl fmt::Display for IpiName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write_ascii(f, &self.0)
    }
}

/// An IPI base number, `I-001626487-0`: I, nine digits, a check digit; one for each party.
///
/// The check digit c makes 2 + Σ i·dᵢ + c (i = 1..9) a multiple of 10.
///
/// Source: django-music-publisher 26.9, `validators.py` (MIT).
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct IpiBase([u8; 11]);

impl IpiBase {
    /// Reads a number with or without its hyphens.
    ///
    /// # Errors
    ///
    /// [`CodeError::Form`], [`CodeError::CheckDigit`].
    pub fn parse(text: &str) -> Result<Self, CodeError> {
        const KIND: &str = "an IPI base number";
        let refuse = || error(KIND, "I, nine digits and a check digit", text);
        let characters: [u8; 11] = compact(text).ok_or_else(refuse)?;
        let [b'I', rest @ ..] = &characters else {
            return Err(refuse().into());
        };
        let numbers = digits(rest).ok_or_else(refuse)?;
        // At most 2 + 9 · 45.
        let sum = (1..=9).zip(numbers).fold(2_u32, |sum, (i, digit)| {
            sum.wrapping_add(digit.wrapping_mul(i))
        });
        let expected = (10_u32.wrapping_sub(sum % 10) % 10).to_string();
        let code = Self(characters);
        if rest.ends_with(expected.as_bytes()) {
            return Ok(code);
        }
        Err(CodeError::CheckDigit {
            kind: KIND,
            code: code.to_string(),
            expected,
        })
    }
}

impl fmt::Display for IpiBase {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let text = core::str::from_utf8(&self.0).unwrap_or_default();
        let part = |from, to| text.get(from..to).unwrap_or_default();
        write!(f, "I-{}-{}", part(1, 10), part(10, 11))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Numbers of django-music-publisher's import file.
    #[test]
    fn name_numbers_have_two_check_digits() {
        for (text, code) in [
            ("199", "00000000199"),
            ("00000000395", "00000000395"),
            ("591", "00000000591"),
            ("00000000297", "00000000297"),
        ] {
            assert_eq!(IpiName::parse(text).unwrap().to_string(), code, "{text}");
        }
        assert_eq!(
            IpiName::parse("00000000198"),
            Err(CodeError::CheckDigit {
                kind: "an IPI name number",
                code: "00000000198".into(),
                expected: "99".into()
            })
        );
        for text in ["", "000", "0", "123456789012", "12a", "-", "１99"] {
            assert!(
                matches!(IpiName::parse(text), Err(CodeError::Form(_))),
                "{text}"
            );
        }
    }

    /// The weights differ and 101 is a prime above 10 · 9: every single wrong digit is seen.
    #[test]
    fn every_wrong_digit_of_a_name_number_is_seen() {
        for place in 0..11 {
            for digit in b'0'..=b'9' {
                let mut bytes = *b"00014107338";
                let right = bytes[place] == digit;
                bytes[place] = digit;
                let text = core::str::from_utf8(&bytes).unwrap();
                assert_eq!(IpiName::parse(text).is_ok(), right, "{text}");
            }
        }
    }

    #[test]
    fn base_numbers_have_one_check_digit() {
        // 2 + 285 = 287 wants a 3; the number stands in django-music-publisher's CWR test file.
        let base = IpiBase::parse("I-123456789-3").unwrap();
        assert_eq!(base.to_string(), "I-123456789-3");
        assert_eq!(IpiBase::parse("i1234567893"), Ok(base));
        assert!(matches!(
            IpiBase::parse("I-123456789-4"),
            Err(CodeError::CheckDigit { expected, .. }) if expected == "3"
        ));
        for text in ["", "T-123456789-3", "I-12345678-3", "I-123456789-X"] {
            assert!(
                matches!(IpiBase::parse(text), Err(CodeError::Form(_))),
                "{text}"
            );
        }
    }
}
