//! Identifiers that are correct once they exist: ISRC, ISWC, IPI, ISNI, DPID, territory, party,
//! listener, play, work, and the short names of tiers and rights.
//!
//! *In:* text or canonical bytes. *Out:* typed values. *Does not know:* what exists in a registry.
//! Source: `docs/format.md` section 1; ISO 3901 for the ISRC, ISO 3166-1 for territories, and each
//! file's own.

mod code;
mod dpid;
mod ipi;
mod isni;
mod iswc;
mod territories;
mod tis;

use core::fmt;

pub use code::CodeError;
pub use dpid::Dpid;
pub use ipi::{IpiBase, IpiName};
pub use isni::Isni;
pub use iswc::Iswc;
pub use territories::Territories;
pub use tis::tis_members;

/// Why a text is not the identifier that was expected.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct IdError {
    /// The kind of identifier, such as `ISRC`.
    pub kind: &'static str,
    /// The form it must have.
    pub expected: &'static str,
    /// The text that was found, cut to 60 characters.
    pub found: String,
}

impl fmt::Display for IdError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "expected {} ({}), but found {:?}",
            self.kind, self.expected, self.found
        )
    }
}

impl core::error::Error for IdError {}

fn error(kind: &'static str, expected: &'static str, found: &str) -> IdError {
    IdError {
        kind,
        expected,
        found: found.chars().take(60).collect(),
    }
}

/// An International Standard Recording Code, packed as the base-36 number of its 12 characters,
/// so that numbers sort as the codes do.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct Isrc(u64);

impl Isrc {
    const FORM: &'static str = "two letters, three letters or digits, seven digits";

    /// Reads a code. Surrounding blanks, hyphens, lower case and a leading `ISRC` are accepted.
    ///
    /// # Errors
    ///
    /// [`IdError`] if what remains is not `[A-Z]{2}[A-Z0-9]{3}[0-9]{7}`.
    pub fn parse(text: &str) -> Result<Self, IdError> {
        let refuse = || error("an ISRC", Self::FORM, text);
        let mut rest = text.trim();
        // "ISRC" cannot begin a code: the seven last characters are digits, so a code that
        // starts with the letters I S R C still has 12 characters, a prefixed one has more.
        if rest.len() > 12
            && let Some(head) = rest.get(..4)
            && head.eq_ignore_ascii_case("ISRC")
        {
            rest = rest.get(4..).unwrap_or_default().trim_start();
            rest = rest.strip_prefix(':').unwrap_or(rest).trim_start();
        }
        let mut packed: u64 = 0;
        let mut length = 0_u32;
        for byte in rest.bytes().filter(|byte| *byte != b'-') {
            let byte = byte.to_ascii_uppercase();
            let digit = match byte {
                b'0'..=b'9' if length >= 2 => byte.wrapping_sub(b'0'),
                b'A'..=b'Z' if length < 5 => byte.wrapping_sub(b'A').wrapping_add(10),
                _ => return Err(refuse()),
            };
            // 36^12 < 2^63, and a thirteenth character is refused before it counts.
            length = length.saturating_add(1);
            if length > 12 {
                return Err(refuse());
            }
            packed = packed.wrapping_mul(36).wrapping_add(u64::from(digit));
        }
        if length == 12 {
            Ok(Self(packed))
        } else {
            Err(refuse())
        }
    }

    /// The packed number as it stands in canonical bytes.
    #[must_use]
    pub const fn packed(self) -> u64 {
        self.0
    }

    /// Reads the packed number; `None` if it is no code's.
    #[must_use]
    pub fn from_packed(packed: u64) -> Option<Self> {
        let code = Self(packed);
        let characters = code.characters()?;
        let text = core::str::from_utf8(&characters).ok()?;
        (Self::parse(text) == Ok(code)).then_some(code)
    }

    fn characters(self) -> Option<[u8; 12]> {
        let mut rest = self.0;
        let mut characters = [0; 12];
        for place in characters.iter_mut().rev() {
            let digit = u8::try_from(rest % 36).ok()?;
            rest /= 36;
            *place = match digit {
                0..=9 => digit.wrapping_add(b'0'),
                _ => digit.wrapping_sub(10).wrapping_add(b'A'),
            };
        }
        (rest == 0).then_some(characters)
    }
}

impl fmt::Display for Isrc {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for byte in self.characters().unwrap_or_default() {
            fmt::Write::write_char(f, char::from(byte))?;
        }
        Ok(())
    }
}

/// An ISO 3166-1 alpha-2 code by form: two capital letters.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct Territory([u8; 2]);

impl Territory {
    /// Reads two letters; lower case is accepted.
    ///
    /// # Errors
    ///
    /// [`IdError`] for anything else.
    pub fn parse(text: &str) -> Result<Self, IdError> {
        let text = text.trim();
        let found = <[u8; 2]>::try_from(text.as_bytes()).unwrap_or_default();
        Self::from_bytes(found.map(|byte| byte.to_ascii_uppercase()))
            .ok_or_else(|| error("a territory", "two letters of ISO 3166-1", text))
    }

    /// The two letters as they stand in canonical bytes.
    #[must_use]
    pub const fn bytes(self) -> [u8; 2] {
        self.0
    }

    /// Whether ISO 3166-1 assigns the code; one that it does not can still be a territory's form.
    #[must_use]
    pub fn is_assigned(self) -> bool {
        tis::is_iso(self)
    }

    /// Reads canonical bytes; `None` unless both are capital letters.
    #[must_use]
    pub fn from_bytes(bytes: [u8; 2]) -> Option<Self> {
        bytes
            .iter()
            .all(u8::is_ascii_uppercase)
            .then_some(Self(bytes))
    }
}

impl fmt::Display for Territory {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let [a, b] = self.0.map(char::from);
        write!(f, "{a}{b}")
    }
}

/// Defines an opaque 8-byte number that is written as 16 hex digits.
macro_rules! number {
    ($(#[$doc:meta])* $name:ident, $kind:literal) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
        pub struct $name(pub u64);

        impl $name {
            /// Reads exactly 16 hex digits, in either case.
            ///
            /// # Errors
            ///
            /// [`IdError`] for anything else.
            pub fn parse(text: &str) -> Result<Self, IdError> {
                let text = text.trim();
                let digits = text.len() == 16 && text.bytes().all(|b| b.is_ascii_hexdigit());
                match u64::from_str_radix(text, 16) {
                    Ok(number) if digits => Ok(Self(number)),
                    _ => Err(error($kind, "16 hex digits", text)),
                }
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, "{:016x}", self.0)
            }
        }
    };
}

number!(
    /// A rights holder's opaque party number.
    PartyId,
    "a rights holder id"
);
number!(
    /// A listener's pseudonym within one accounting period.
    ListenerId,
    "a listener id"
);
number!(
    /// A play's random number, made by the client.
    PlayId,
    "a play id"
);

/// A short name of a tier or a right: 1 to 32 characters `[a-z0-9._-]`.
#[derive(Clone, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct Name(String);

impl Name {
    /// Reads a name.
    ///
    /// # Errors
    ///
    /// [`IdError`] for another length or character.
    pub fn parse(text: &str) -> Result<Self, IdError> {
        let allowed =
            |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || matches!(b, b'.' | b'_' | b'-');
        if (1..=32).contains(&text.len()) && text.bytes().all(allowed) {
            Ok(Self(text.to_owned()))
        } else {
            Err(error(
                "a short name",
                "1 to 32 characters a-z 0-9 . _ -",
                text,
            ))
        }
    }

    /// The text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// What names a musical work in a registry: its ISWC, or a number of the publisher's own.
#[derive(Clone, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct WorkId(String);

impl WorkId {
    /// Reads an id of 1 to 64 bytes without control characters; blanks around it are dropped, and
    /// an ISWC gets its one form.
    ///
    /// # Errors
    ///
    /// [`IdError`] for anything else.
    pub fn parse(text: &str) -> Result<Self, IdError> {
        let text = text.trim();
        if let Ok(iswc) = Iswc::parse(text) {
            return Ok(Self(iswc.to_string()));
        }
        if (1..=64).contains(&text.len()) && !text.chars().any(char::is_control) {
            Ok(Self(text.to_owned()))
        } else {
            Err(error(
                "a work id",
                "an ISWC, or 1 to 64 bytes without control characters",
                text,
            ))
        }
    }

    /// The text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for WorkId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn isrc_is_normalised_and_refused() {
        let plain = Isrc::parse("USRC17607839").unwrap();
        for text in [
            "US-RC1-76-07839",
            " usrc17607839 ",
            "ISRC US-RC1-76-07839",
            "ISRC:USRC17607839",
            "isrcUSRC17607839",
        ] {
            assert_eq!(Isrc::parse(text), Ok(plain), "{text}");
        }
        assert_eq!(plain.to_string(), "USRC17607839");
        for text in [
            "",
            "ISRC",
            "USRC1760783",
            "USRC176078390",
            "1SRC17607839",
            "USRC1760783A",
            "USRC1_607839",
            "ÜSRC17607839",
        ] {
            assert!(Isrc::parse(text).is_err(), "{text}");
        }
        // A code whose country and registrant spell ISRC... is a code, not a prefix.
        assert_eq!(
            Isrc::parse("ISRC12345678").map(|i| i.to_string()),
            Ok("ISRC12345678".into())
        );
    }

    proptest! {
        #[test]
        fn isrc_packs_in_order(a in "[A-Z]{2}[A-Z0-9]{3}[0-9]{7}", b in "[A-Z]{2}[A-Z0-9]{3}[0-9]{7}") {
            let (x, y) = (Isrc::parse(&a).unwrap(), Isrc::parse(&b).unwrap());
            prop_assert_eq!(a.cmp(&b), x.cmp(&y));
            prop_assert_eq!(Isrc::from_packed(x.packed()), Some(x));
            prop_assert_eq!(x.to_string(), a);
        }

        #[test]
        fn any_number_unpacks_or_is_refused(packed: u64) {
            if let Some(code) = Isrc::from_packed(packed) {
                prop_assert_eq!(Isrc::parse(&code.to_string()), Ok(code));
            }
        }
    }

    #[test]
    fn numbers_and_names_have_one_form() {
        assert_eq!(
            PartyId::parse("00000000000000ff").map(|p| p.0),
            Ok(255),
            "hex"
        );
        for text in ["ff", "+0000000000000ff", "00000000000000fg"] {
            assert!(PartyId::parse(text).is_err(), "{text}");
        }
        assert!(Name::parse("premium").is_ok());
        for text in ["", "Premium", "a b", &"x".repeat(33)] {
            assert!(Name::parse(text).is_err(), "{text}");
        }
    }
}
