//! The DDEX Party Identifier.

use core::fmt;

use super::code::{CodeError, compact, write_ascii};
use super::error;

/// A party in DDEX messages, `PADPIDA2014122301Q`: PADPIDA, ten letters or digits (mostly a date and a
/// number), a check character over all of it.
///
/// Source: DDEX DPID; ISO 7064 MOD 37,36.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct Dpid([u8; 18]);

impl Dpid {
    /// Reads an identifier; hyphens, as in `PA-DPIDA-2014122301-Q`, are dropped.
    ///
    /// # Errors
    ///
    /// [`CodeError::Form`], [`CodeError::CheckDigit`].
    pub fn parse(text: &str) -> Result<Self, CodeError> {
        const KIND: &str = "a DPID";
        let refuse = || error(KIND, "PADPIDA, ten characters and a check character", text);
        let characters: [u8; 18] = compact(text).ok_or_else(refuse)?;
        if !characters.starts_with(b"PADPIDA") {
            return Err(refuse().into());
        }
        let [rest @ .., check] = &characters;
        let product = rest.iter().fold(36_u32, |product, byte| {
            let sum = match product.wrapping_add(value(*byte)) % 36 {
                0 => 36,
                sum => sum,
            };
            sum.wrapping_mul(2) % 37
        });
        // product + check must be 1 modulo 36; product is 1 to 36.
        let expected = 37_u32.wrapping_sub(product) % 36;
        let code = Self(characters);
        if value(*check) == expected {
            return Ok(code);
        }
        let right = char::from_digit(expected, 36).map(|c| c.to_ascii_uppercase());
        Err(CodeError::CheckDigit {
            kind: KIND,
            code: code.to_string(),
            expected: right.map(String::from).unwrap_or_default(),
        })
    }
}

/// 0 to 35 for `0-9A-Z`.
fn value(byte: u8) -> u32 {
    char::from(byte).to_digit(36).unwrap_or_default()
}

impl fmt::Display for Dpid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write_ascii(f, &self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Identifiers that stand in DDEX's samples, real ones and placeholders.
    #[test]
    fn real_identifiers_pass_and_placeholders_do_not() {
        for text in [
            "PADPIDA2014122301Q",
            "PADPIDA2014111801Y",
            "PADPIDA2013020802I",
            "PADPIDA2008120501W",
            "PADPIDA20070627029",
        ] {
            assert_eq!(Dpid::parse(text).unwrap().to_string(), text);
        }
        assert_eq!(
            Dpid::parse("PA-DPIDA-2014122301-Q"),
            Dpid::parse("PADPIDA2014122301Q")
        );
        for text in ["PADPIDA2014999999Z", "PADPIDA2015999999X"] {
            assert!(
                matches!(Dpid::parse(text), Err(CodeError::CheckDigit { .. })),
                "{text}"
            );
        }
        for text in [
            "",
            "PADPIDA",
            "PADPIDB2014122301Q",
            "PADPIDA2014122301QQ",
            "PADPIDA201412230_Q",
        ] {
            assert!(
                matches!(Dpid::parse(text), Err(CodeError::Form(_))),
                "{text}"
            );
        }
    }

    /// MOD 37,36 sees every single wrong character.
    #[test]
    fn every_wrong_character_is_seen() {
        for place in 7..18 {
            for byte in (b'0'..=b'9').chain(b'A'..=b'Z') {
                let mut bytes = *b"PADPIDA2014122301Q";
                let right = bytes[place] == byte;
                bytes[place] = byte;
                let text = core::str::from_utf8(&bytes).unwrap();
                assert_eq!(Dpid::parse(text).is_ok(), right, "{text}");
            }
        }
    }
}
