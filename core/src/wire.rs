//! Canonical bytes: fixed-order big-endian integers and `u16`-length-prefixed UTF-8.
//!
//! *In:* bytes or values. *Out:* values or bytes. *Does not know:* what they mean.
//! Source: `docs/format.md` section 1.

use core::fmt;

/// Why bytes could not be read as the value that was expected at that place.
#[derive(Clone, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub enum WireError {
    /// The bytes end before the value does.
    Truncated {
        /// Offset of the value.
        at: u64,
        /// Bytes the value needs.
        needed: u64,
        /// Bytes that are left.
        left: u64,
    },
    /// Bytes are left over behind the last value.
    Trailing {
        /// Offset of the first byte that is too many.
        at: u64,
    },
    /// A text is not UTF-8.
    NotUtf8 {
        /// Offset of the text.
        at: u64,
    },
    /// The value is readable, but not allowed here.
    Value {
        /// Offset just behind the value.
        at: u64,
        /// What is allowed.
        expected: &'static str,
    },
}

impl fmt::Display for WireError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Truncated { at, needed, left } => {
                write!(
                    f,
                    "expected {needed} more bytes, but found {left} at byte {at}"
                )
            }
            Self::Trailing { at } => {
                write!(f, "expected the end, but found more bytes at byte {at}")
            }
            Self::NotUtf8 { at } => {
                write!(f, "expected UTF-8 text, but found other bytes at byte {at}")
            }
            Self::Value { at, expected } => {
                write!(
                    f,
                    "expected {expected}, but found another value before byte {at}"
                )
            }
        }
    }
}

impl core::error::Error for WireError {}

/// Reads values one after the other from a slice, never past its end.
#[derive(Clone, Debug)]
pub struct Reader<'a> {
    bytes: &'a [u8],
    at: usize,
}

impl<'a> Reader<'a> {
    /// A reader at the first byte of `bytes`.
    #[must_use]
    pub const fn new(bytes: &'a [u8]) -> Self {
        Self { bytes, at: 0 }
    }

    /// Offset of the next byte.
    #[must_use]
    pub const fn at(&self) -> u64 {
        self.at as u64
    }

    /// The bytes not yet read.
    #[must_use]
    pub fn rest(&self) -> &'a [u8] {
        self.bytes.get(self.at..).unwrap_or_default()
    }

    /// Whether all bytes are read.
    #[must_use]
    pub fn is_at_end(&self) -> bool {
        self.rest().is_empty()
    }

    /// The next `count` bytes.
    ///
    /// # Errors
    ///
    /// [`WireError::Truncated`] where fewer are left.
    pub fn take(&mut self, count: u64) -> Result<&'a [u8], WireError> {
        let rest = self.rest();
        let taken = usize::try_from(count).ok().and_then(|n| rest.get(..n));
        let Some(taken) = taken else {
            return Err(WireError::Truncated {
                at: self.at(),
                needed: count,
                left: rest.len() as u64,
            });
        };
        self.at = self.at.saturating_add(taken.len());
        Ok(taken)
    }

    /// The next `N` bytes as an array.
    ///
    /// # Errors
    ///
    /// [`WireError::Truncated`].
    pub fn array<const N: usize>(&mut self) -> Result<[u8; N], WireError> {
        let mut array = [0; N];
        array.copy_from_slice(self.take(N as u64)?);
        Ok(array)
    }

    /// One byte.
    ///
    /// # Errors
    ///
    /// [`WireError::Truncated`].
    pub fn u8(&mut self) -> Result<u8, WireError> {
        self.array::<1>().map(|[byte]| byte)
    }

    /// Two bytes, big endian.
    ///
    /// # Errors
    ///
    /// [`WireError::Truncated`].
    pub fn u16(&mut self) -> Result<u16, WireError> {
        self.array().map(u16::from_be_bytes)
    }

    /// Four bytes, big endian.
    ///
    /// # Errors
    ///
    /// [`WireError::Truncated`].
    pub fn u32(&mut self) -> Result<u32, WireError> {
        self.array().map(u32::from_be_bytes)
    }

    /// Six bytes, big endian.
    ///
    /// # Errors
    ///
    /// [`WireError::Truncated`].
    pub fn u48(&mut self) -> Result<u64, WireError> {
        let [a, b, c, d, e, f] = self.array()?;
        Ok(u64::from_be_bytes([0, 0, a, b, c, d, e, f]))
    }

    /// Eight bytes, big endian.
    ///
    /// # Errors
    ///
    /// [`WireError::Truncated`].
    pub fn u64(&mut self) -> Result<u64, WireError> {
        self.array().map(u64::from_be_bytes)
    }

    /// Eight bytes, two's complement, big endian.
    ///
    /// # Errors
    ///
    /// [`WireError::Truncated`].
    pub fn i64(&mut self) -> Result<i64, WireError> {
        self.array().map(i64::from_be_bytes)
    }

    /// A `u16` length and that many bytes.
    ///
    /// # Errors
    ///
    /// [`WireError::Truncated`].
    pub fn bytes16(&mut self) -> Result<&'a [u8], WireError> {
        let length = self.u16()?;
        self.take(u64::from(length))
    }

    /// A `u16` length and that many bytes of UTF-8.
    ///
    /// # Errors
    ///
    /// [`WireError::Truncated`], [`WireError::NotUtf8`].
    pub fn str(&mut self) -> Result<&'a str, WireError> {
        let at = self.at();
        core::str::from_utf8(self.bytes16()?).map_err(|_| WireError::NotUtf8 { at })
    }

    /// A `Value` error for what was just read.
    #[must_use]
    pub const fn refuse(&self, expected: &'static str) -> WireError {
        WireError::Value {
            at: self.at(),
            expected,
        }
    }

    /// Confirms that nothing is left.
    ///
    /// # Errors
    ///
    /// [`WireError::Trailing`].
    pub fn finish(self) -> Result<(), WireError> {
        if self.is_at_end() {
            Ok(())
        } else {
            Err(WireError::Trailing { at: self.at() })
        }
    }
}

/// A decimal number in its one form: no sign, no leading zeros, no blanks.
#[must_use]
pub fn decimal(text: &str) -> Option<u64> {
    text.parse()
        .ok()
        .filter(|number: &u64| number.to_string() == text)
}

/// Lower-case hex digits of bytes.
#[must_use]
pub fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Appends the low six bytes of `value`, big endian. The caller keeps `value` below 2^48.
pub fn put_u48(out: &mut Vec<u8>, value: u64) {
    let [_, _, bytes @ ..] = value.to_be_bytes();
    out.extend_from_slice(&bytes);
}

/// Appends a `u16` length and `text`. Texts longer than 65,535 bytes cannot occur: every
/// vocabulary type bounds its length; a longer one is cut at a character boundary.
pub fn put_str(out: &mut Vec<u8>, text: &str) {
    let end = text.floor_char_boundary(usize::from(u16::MAX));
    let text = text.get(..end).unwrap_or_default();
    let length = u16::try_from(text.len()).unwrap_or(u16::MAX);
    out.extend_from_slice(&length.to_be_bytes());
    out.extend_from_slice(text.as_bytes());
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_value_reads_back_and_no_prefix_does() {
        let mut bytes = vec![7];
        bytes.extend_from_slice(&0x0102_u16.to_be_bytes());
        put_u48(&mut bytes, 0x0102_0304_0506);
        put_str(&mut bytes, "né");
        bytes.extend_from_slice(&(-5_i64).to_be_bytes());
        let read = |bytes: &[u8]| -> Result<(), WireError> {
            let mut reader = Reader::new(bytes);
            assert_eq!(reader.u8()?, 7);
            assert_eq!(reader.u16()?, 0x0102);
            assert_eq!(reader.u48()?, 0x0102_0304_0506);
            assert_eq!(reader.str()?, "né");
            assert_eq!(reader.i64()?, -5);
            reader.finish()
        };
        assert_eq!(read(&bytes), Ok(()));
        for length in 0..bytes.len() {
            assert!(matches!(
                read(&bytes[..length]),
                Err(WireError::Truncated { .. })
            ));
        }
        bytes.push(0);
        assert_eq!(read(&bytes), Err(WireError::Trailing { at: 22 }));
    }

    #[test]
    fn text_must_be_utf8() {
        assert_eq!(
            Reader::new(&[0, 1, 0xff]).str(),
            Err(WireError::NotUtf8 { at: 0 })
        );
    }
}
