//! Salts that hide rows and records in their hashes: derived, never stored.
//!
//! *In:* secrets and labels. *Out:* keys and 16-byte salts. *Does not know:* what is salted.
//! Source: RFC 5869 (HKDF), RFC 8439 (ChaCha20), RFC 2104 (HMAC); `docs/format.md` sections 2 and 8.

use core::fmt::{self, Write as _};

use chacha20::ChaCha20;
use chacha20::cipher::{KeyIvInit, StreamCipher, StreamCipherSeek};
use hkdf::Hkdf;
use sha2::Sha256;
use zeroize::{Zeroize as _, Zeroizing};

use crate::id::ListenerId;

/// Bytes of a salt.
pub const SALT_LENGTH: usize = 16;

/// A salt.
pub type Salt = [u8; SALT_LENGTH];

/// A 32-byte secret from which salts or further keys are derived. `Debug` does not show it, and it is
/// wiped from memory when dropped. (What SHA-256 and HMAC keep on the stack meanwhile is not.)
#[derive(Clone, Eq, PartialEq)]
pub struct SaltKey([u8; 32]);

impl Drop for SaltKey {
    fn drop(&mut self) {
        self.0.zeroize();
    }
}

impl fmt::Debug for SaltKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SaltKey(..)")
    }
}

impl SaltKey {
    /// The key with these bytes.
    #[must_use]
    pub const fn from_bytes(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    /// The key's bytes, for those who may hold it.
    #[must_use]
    pub const fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }

    /// Reads 64 hex digits.
    #[must_use]
    pub fn parse_hex(text: &str) -> Option<Self> {
        if text.len() != 64 || !text.bytes().all(|b| b.is_ascii_hexdigit()) {
            return None;
        }
        let mut bytes = [0; 32];
        for (byte, pair) in bytes.iter_mut().zip(text.as_bytes().chunks_exact(2)) {
            *byte = u8::from_str_radix(core::str::from_utf8(pair).ok()?, 16).ok()?;
        }
        Some(Self(bytes))
    }

    /// 64 hex digits. Shows the secret.
    #[must_use]
    pub fn to_hex(&self) -> Zeroizing<String> {
        // Room for all of it from the start: a string that grows leaves copies behind.
        let mut text = Zeroizing::new(String::with_capacity(64));
        for byte in self.0 {
            // Writing to a String does not fail.
            let _ = write!(text, "{byte:02x}");
        }
        text
    }

    /// HKDF-SHA-256 of this key without salt, with the parts of `info` joined, 32 bytes.
    #[must_use]
    pub fn derive(&self, info: &[&[u8]]) -> Self {
        let mut key = [0; 32];
        let hkdf = Hkdf::<Sha256>::new(None, &self.0);
        // 32 bytes are far below the limit of 255 blocks, so expanding cannot fail.
        let _ = hkdf.expand_multi_info(info, &mut key);
        Self(key)
    }

    /// The salts from number `first` on.
    #[must_use]
    pub fn salts_from(&self, first: u64) -> Salts {
        let mut cipher = ChaCha20::new(&self.0.into(), &[0; 12].into());
        // Tables and segments stay below 2^32 blocks of four salts (256 GiB of keystream).
        let _ = cipher.try_seek(first.saturating_mul(SALT_LENGTH as u64));
        Salts {
            cipher,
            buffer: [0; Salts::BUFFER],
            used: Salts::BUFFER,
        }
    }

    /// Salt number `index`.
    #[must_use]
    pub fn salt(&self, index: u64) -> Salt {
        self.salts_from(index).next_salt()
    }
}

/// A run of consecutive salts.
pub struct Salts {
    cipher: ChaCha20,
    buffer: [u8; Self::BUFFER],
    used: usize,
}

impl fmt::Debug for Salts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Salts(..)")
    }
}

impl Salts {
    const BUFFER: usize = 1024;

    /// The next salt. The stream holds 2^34 of them, more than any table.
    pub fn next_salt(&mut self) -> Salt {
        if self.used >= Self::BUFFER {
            self.buffer.fill(0);
            let _ = self.cipher.try_apply_keystream(&mut self.buffer);
            self.used = 0;
        }
        let rest = self.buffer.get(self.used..).unwrap_or_default();
        self.used = self.used.saturating_add(SALT_LENGTH);
        rest.first_chunk().copied().unwrap_or_default()
    }
}

/// The key under which one period's user ids become listener pseudonyms.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct ListenerKey(pub SaltKey);

impl ListenerKey {
    /// First 8 bytes of HMAC-SHA-256(key, user id).
    #[must_use]
    pub fn pseudonym(&self, user: &str) -> ListenerId {
        use hmac::{Hmac, KeyInit, Mac};
        let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(self.0.as_bytes()) else {
            // HMAC takes keys of every length.
            return ListenerId(0);
        };
        mac.update(user.as_bytes());
        let bytes = mac.finalize().into_bytes();
        ListenerId(u64::from_be_bytes(
            bytes.first_chunk().copied().unwrap_or_default(),
        ))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hkdf_is_rfc_5869_test_case_3() {
        // RFC 5869 A.3 has a 22-byte key; ours are 32 bytes, so this checks the same code path.
        let mut out = [0; 42];
        Hkdf::<Sha256>::new(None, &[0x0b; 22])
            .expand(&[], &mut out)
            .unwrap();
        assert_eq!(out[..4], [0x8d, 0xa4, 0xe7, 0x75]);
        let key = SaltKey::from_bytes([1; 32]);
        assert_eq!(key.derive(&[b"ab", b"c"]), key.derive(&[b"a", b"bc"]));
        assert_ne!(key.derive(&[b"ab"]), key.derive(&[b"a"]));
    }

    #[test]
    fn salts_are_the_chacha20_keystream() {
        // RFC 8439 A.1 test vector 1: key, nonce and counter zero.
        let key = SaltKey::from_bytes([0; 32]);
        let first = [0x76, 0xb8, 0xe0, 0xad, 0xa0, 0xf1, 0x3d, 0x90];
        assert_eq!(key.salt(0)[..8], first);
        let mut salts = key.salts_from(0);
        let run: Vec<Salt> = (0..200).map(|_| salts.next_salt()).collect();
        // Test vector 2 is block 1, so salt 4.
        assert_eq!(run[4][..4], [0x9f, 0x07, 0xe7, 0xbe]);
        for (index, salt) in run.iter().enumerate() {
            assert_eq!(key.salt(index as u64), *salt, "salt {index}");
        }
    }

    #[test]
    fn pseudonym_is_hmac() {
        // RFC 4231 test case 2 has the key "Jefe"; ours are 32 bytes, which zero padding makes equal.
        let mut bytes = [0; 32];
        bytes[..4].copy_from_slice(b"Jefe");
        let key = ListenerKey(SaltKey::from_bytes(bytes));
        assert_eq!(
            key.pseudonym("what do ya want for nothing?"),
            ListenerId(0x5bdc_c146_bf60_754e)
        );
    }

    #[test]
    fn hex_reads_back() {
        let key = SaltKey::from_bytes(core::array::from_fn(|i| i as u8));
        assert_eq!(SaltKey::parse_hex(&key.to_hex()), Some(key));
        assert_eq!(SaltKey::parse_hex("00"), None);
        assert_eq!(SaltKey::parse_hex(&"é".repeat(32)), None);
    }
}
