//! SHA-256 as RFC 6962 uses it: leaves and nodes in domains of their own.

use core::fmt;

use base64::Engine as _;
use base64::display::Base64Display;
use base64::engine::general_purpose::STANDARD;
use sha2::block_api::compress256;
use sha2::{Digest as _, Sha256};

/// A SHA-256 hash: of a leaf, of a node, of a tree (then called its root), of a file.
///
/// Shown in standard base64, as checkpoints and run notes show it.
///
/// ```
/// use ledgerline::log::Hash;
///
/// let empty = "47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=";
/// assert_eq!(Hash::parse_base64(empty), Ok(Hash::empty_root()));
/// assert_eq!(Hash::empty_root().to_string(), empty);
/// assert!(Hash::parse_base64("47DEQpj8").is_err());
/// ```
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Hash([u8; 32]);

impl Hash {
    /// How many bytes a hash has.
    pub const LEN: usize = 32;

    /// The hash of a leaf: SHA-256(0x00 ‖ data).
    ///
    /// One call of the compression function for up to 54 bytes, the length of an event record.
    ///
    /// Source: RFC 6962 §2.1.
    #[inline]
    #[must_use]
    pub fn leaf(data: &[u8]) -> Hash {
        // A short leaf fills one block: prefix, data, end mark 0x80, zeros, length in bits.
        let mut block = [0; 64];
        if let Some((body, [end, ..])) = block[1..56].split_at_mut_checked(data.len()) {
            body.copy_from_slice(data);
            *end = 0x80;
            if let Ok(bytes) = u16::try_from(data.len()) {
                block[62..].copy_from_slice(&bytes.wrapping_add(1).wrapping_mul(8).to_be_bytes());
            }
            return compress(&[block]);
        }
        let mut state = Sha256::new_with_prefix([LEAF_PREFIX]);
        state.update(data);
        Hash(state.finalize().into())
    }

    /// The hash of a node: SHA-256(0x01 ‖ left ‖ right).
    ///
    /// Source: RFC 6962 §2.1.
    #[must_use]
    pub fn node(left: Hash, right: Hash) -> Hash {
        const LEN_IN_BITS: [u8; 2] = (65u16 * 8).to_be_bytes();
        let mut blocks = [0; 128];
        blocks[0] = NODE_PREFIX;
        blocks[1..33].copy_from_slice(&left.0);
        blocks[33..65].copy_from_slice(&right.0);
        blocks[65] = 0x80;
        blocks[126..].copy_from_slice(&LEN_IN_BITS);
        compress(blocks.as_chunks().0)
    }

    /// The root of a tree without leaves: SHA-256 of nothing.
    ///
    /// Source: RFC 6962 §2.1.
    #[must_use]
    pub const fn empty_root() -> Hash {
        Hash([
            0xe3, 0xb0, 0xc4, 0x42, 0x98, 0xfc, 0x1c, 0x14, 0x9a, 0xfb, 0xf4, 0xc8, 0x99, 0x6f,
            0xb9, 0x24, 0x27, 0xae, 0x41, 0xe4, 0x64, 0x9b, 0x93, 0x4c, 0xa4, 0x95, 0x99, 0x1b,
            0x78, 0x52, 0xb8, 0x55,
        ])
    }

    /// Plain SHA-256, as for files and note texts; no tree has it inside.
    #[must_use]
    pub fn of(data: &[u8]) -> Hash {
        Hash(Sha256::digest(data).into())
    }

    /// A hash that was computed or stored elsewhere.
    #[must_use]
    pub const fn from_bytes(bytes: [u8; 32]) -> Hash {
        Hash(bytes)
    }

    /// The 32 bytes.
    #[must_use]
    pub const fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }

    /// Reads the one base64 text that [`Display`](fmt::Display) writes.
    ///
    /// # Errors
    ///
    /// [`HashError::Length`] unless there are 44 characters; [`HashError::Base64`] for another
    /// alphabet, other padding, line breaks or unused bits that are not zero.
    pub fn parse_base64(text: &str) -> Result<Hash, HashError> {
        if text.len() != 44 {
            return Err(HashError::Length { found: text.len() });
        }
        // 44 characters without padding would be 33 bytes.
        let mut bytes = [0; 33];
        match STANDARD.decode_slice(text, &mut bytes) {
            Ok(Hash::LEN) => bytes
                .first_chunk()
                .map_or(Err(HashError::Base64), |&hash| Ok(Hash(hash))),
            _ => Err(HashError::Base64),
        }
    }
}

impl fmt::Display for Hash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        Base64Display::new(&self.0, &STANDARD).fmt(f)
    }
}

impl fmt::Debug for Hash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// Why a text is not a hash.
#[derive(Clone, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub enum HashError {
    /// The text has another length than a hash in base64.
    Length {
        /// Bytes of the text.
        found: usize,
    },
    /// The text has the length of a hash but is not canonical base64 of 32 bytes.
    Base64,
}

impl fmt::Display for HashError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            HashError::Length { found } => write!(
                f,
                "expected a hash in base64 (44 characters), but found {found} characters"
            ),
            HashError::Base64 => f.write_str(
                "expected canonical base64 of 32 bytes, but found 44 characters that are not",
            ),
        }
    }
}

impl core::error::Error for HashError {}

/// SHA-256 over whole blocks, which end with their own padding.
fn compress(blocks: &[[u8; 64]]) -> Hash {
    let mut state = INITIAL_STATE;
    compress256(&mut state, blocks);
    let mut hash = [0; 32];
    for (bytes, word) in hash.as_chunks_mut().0.iter_mut().zip(state) {
        *bytes = word.to_be_bytes();
    }
    Hash(hash)
}

const LEAF_PREFIX: u8 = 0;
const NODE_PREFIX: u8 = 1;

/// Source: FIPS 180-4 §5.3.3.
const INITIAL_STATE: [u32; 8] = [
    0x6a09_e667,
    0xbb67_ae85,
    0x3c6e_f372,
    0xa54f_f53a,
    0x510e_527f,
    0x9b05_688c,
    0x1f83_d9ab,
    0x5be0_cd19,
];

/// Our own blocks and padding give what the plain SHA-256 gives; base64 has one form.
#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::arithmetic_side_effects, reason = "tests")]
mod tests {
    use super::*;

    #[test]
    fn leaf_is_sha256_with_prefix_at_every_length() {
        for len in 0..200usize {
            let data: Vec<u8> = (0..len).map(|i| (i * 7 + len).to_be_bytes()[7]).collect();
            let prefixed: Vec<u8> = [0].into_iter().chain(data.iter().copied()).collect();
            assert_eq!(Hash::leaf(&data), Hash::of(&prefixed), "length {len}");
        }
    }

    #[test]
    fn node_is_sha256_with_prefix() {
        let mut left = Hash::empty_root();
        for i in 0..50u8 {
            let right = Hash::of(&[i]);
            let input = [&[1][..], &left.0, &right.0].concat();
            assert_eq!(Hash::node(left, right), Hash::of(&input));
            left = Hash::node(left, right);
        }
    }

    #[test]
    fn empty_root_is_the_hash_of_nothing() {
        assert_eq!(Hash::empty_root(), Hash::of(b""));
    }

    #[test]
    fn base64_has_one_form() {
        let text = Hash::of(b"x").to_string();
        assert_eq!(Hash::parse_base64(&text), Ok(Hash::of(b"x")));
        assert_eq!(format!("{:?}", Hash::of(b"x")), text);
        let url_alphabet = Hash::of(b"").to_string().replace('+', "-");
        let no_padding = text.trim_end_matches('=').to_owned();
        let broken_line = format!("{}\n", &text[..43]);
        let full_33_bytes = "A".repeat(44);
        let two_pads = format!("{}==", "A".repeat(42));
        for bad in [
            url_alphabet,
            no_padding,
            broken_line,
            full_33_bytes,
            two_pads,
        ] {
            assert!(Hash::parse_base64(&bad).is_err(), "{bad:?}");
        }
        // Of the last character before the padding only four bits count.
        assert!(Hash::parse_base64(&format!("{}E=", "A".repeat(42))).is_ok());
        assert!(Hash::parse_base64(&format!("{}F=", "A".repeat(42))).is_err());
    }
}
