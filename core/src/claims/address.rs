//! Accounts of Ethereum and of chains like it.

use core::fmt;

use super::tree::keccak256;
use crate::wire::hex;

/// An account: 20 bytes, not all zero.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub struct Address([u8; 20]);

/// Why a text is no address that money should be sent to.
#[derive(Clone, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub enum AddressError {
    /// Not `0x` and 40 hex digits.
    Form {
        /// The text, cut to 60 characters.
        found: String,
    },
    /// Capitals and small letters that are not those of the checksum: a digit is wrong, most likely.
    Checksum {
        /// The address with its checksum.
        expected: String,
        /// The text.
        found: String,
    },
    /// The zero address, from where nobody can take anything.
    Zero,
}

impl fmt::Display for AddressError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Form { found } => write!(
                f,
                "expected an address (0x and 40 hex digits), but found {found:?}"
            ),
            Self::Checksum { expected, found } => write!(
                f,
                "expected the capitals of the checksum (EIP-55) {expected}, but found {found}; check every digit with whoever gave the address"
            ),
            Self::Zero => f.write_str("expected an address, but found the zero address"),
        }
    }
}

impl core::error::Error for AddressError {}

impl Address {
    /// Reads an address. Capitals and small letters together must be those of its checksum; capitals
    /// alone or small letters alone carry none.
    ///
    /// # Errors
    ///
    /// [`AddressError`].
    ///
    /// Source: EIP-55.
    pub fn parse(text: &str) -> Result<Self, AddressError> {
        let refuse = || AddressError::Form {
            found: text.chars().take(60).collect(),
        };
        let text = text.trim();
        let digits = text.strip_prefix("0x").ok_or_else(refuse)?;
        if digits.len() != 40 || !digits.bytes().all(|b| b.is_ascii_hexdigit()) {
            return Err(refuse());
        }
        let mut bytes = [0; 20];
        for (at, byte) in bytes.iter_mut().enumerate() {
            let from = at.saturating_mul(2);
            let pair = digits.get(from..from.saturating_add(2)).unwrap_or_default();
            *byte = u8::from_str_radix(pair, 16).map_err(|_| refuse())?;
        }
        if bytes == [0; 20] {
            return Err(AddressError::Zero);
        }
        let address = Self(bytes);
        let has = |wanted: fn(&u8) -> bool| digits.as_bytes().iter().any(wanted);
        if has(u8::is_ascii_uppercase) && has(u8::is_ascii_lowercase) {
            let expected = address.to_string();
            if expected != text {
                return Err(AddressError::Checksum {
                    expected,
                    found: text.to_owned(),
                });
            }
        }
        Ok(address)
    }

    /// The 20 bytes.
    #[must_use]
    pub const fn bytes(self) -> [u8; 20] {
        self.0
    }
}

impl fmt::Display for Address {
    /// With the capitals of its checksum.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let digits = hex(&self.0);
        let hash = hex(&keccak256(digits.as_bytes()));
        f.write_str("0x")?;
        for (digit, nibble) in digits.chars().zip(hash.bytes()) {
            let capital = nibble >= b'8';
            let digit = if capital {
                digit.to_ascii_uppercase()
            } else {
                digit
            };
            write!(f, "{digit}")?;
        }
        Ok(())
    }
}
