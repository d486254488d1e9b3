//! Whose bundle it is, and which plays it must open.

use core::fmt;

use sha2::{Digest, Sha256};

use crate::id::{Isrc, PartyId};
use crate::log::Hash;
use crate::royalty::Cell;
use crate::wire::{Reader, WireError};

/// How many plays are opened down to their events.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[repr(u8)]
pub enum Evidence {
    /// A sample that nobody could choose.
    Sample = 0,
    /// All of them.
    Full = 1,
}

/// The holder's own contribution to the choice of the sample, at most 32 bytes.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Nonce(Vec<u8>);

impl Nonce {
    /// The most bytes that it may have.
    const MAX: usize = 32;

    /// `None` for more than 32 bytes.
    #[must_use]
    pub fn new(bytes: Vec<u8>) -> Option<Self> {
        (bytes.len() <= Self::MAX).then_some(Self(bytes))
    }

    /// Reads hex, two digits a byte, of either case.
    ///
    /// # Errors
    ///
    /// [`NonceError`], for blanks too.
    pub fn parse_hex(text: &str) -> Result<Self, NonceError> {
        let digit = |byte: u8| char::from(byte).to_digit(16);
        if let Some(at) = text.bytes().position(|byte| digit(byte).is_none()) {
            return Err(NonceError::Digit { at });
        }
        let digits = text.len();
        if !digits.is_multiple_of(2) || digits > 2 * Self::MAX {
            return Err(NonceError::Length { digits });
        }
        let pair = |pair: &str| u8::from_str_radix(pair, 16);
        let pairs = (0..digits)
            .step_by(2)
            .filter_map(|at| text.get(at..)?.get(..2));
        // Only digits are left, so no pair is refused.
        Ok(Self(pairs.filter_map(|text| pair(text).ok()).collect()))
    }

    /// The bytes.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }
}

/// Why a text is no nonce.
#[derive(Clone, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub enum NonceError {
    /// Something that is no hex digit.
    Digit {
        /// Its offset in bytes.
        at: usize,
    },
    /// An odd number of digits, or more than 64.
    Length {
        /// The number.
        digits: usize,
    },
}

impl fmt::Display for NonceError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("expected a nonce of up to 32 bytes in hex, two digits each, but found ")?;
        match self {
            NonceError::Digit { at } => write!(f, "another character at offset {at}"),
            NonceError::Length { digits: 1 } => f.write_str("1 digit"),
            NonceError::Length { digits } => write!(f, "{digits} digits"),
        }
    }
}

impl core::error::Error for NonceError {}

/// What a bundle is about.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Scope {
    /// Whose.
    pub party: PartyId,
    /// With which evidence.
    pub evidence: Evidence,
    /// The holder's nonce; empty if none was given.
    pub nonce: Nonce,
    /// Every recording of which the party has a share row, ascending.
    pub recordings: Vec<Isrc>,
}

impl Scope {
    /// Encodes the entry.
    #[must_use]
    pub fn encode(&self) -> Vec<u8> {
        let mut bytes = Vec::from(self.party.0.to_be_bytes());
        bytes.push(self.evidence as u8);
        let nonce = self.nonce.as_bytes();
        bytes.push(u8::try_from(nonce.len()).unwrap_or_default());
        bytes.extend_from_slice(nonce);
        let count = u32::try_from(self.recordings.len()).unwrap_or(u32::MAX);
        bytes.extend_from_slice(&count.to_be_bytes());
        for isrc in &self.recordings {
            bytes.extend_from_slice(&isrc.packed().to_be_bytes());
        }
        bytes
    }

    /// Reads the entry.
    ///
    /// # Errors
    ///
    /// [`WireError`] for any other form.
    pub fn read(bytes: &[u8]) -> Result<Self, WireError> {
        let mut reader = Reader::new(bytes);
        let party = PartyId(reader.u64()?);
        let evidence = match reader.u8()? {
            0 => Evidence::Sample,
            1 => Evidence::Full,
            _ => return Err(reader.refuse("evidence 0 or 1")),
        };
        let length = reader.u8()?;
        let nonce = Nonce::new(reader.take(u64::from(length))?.to_vec());
        let nonce = nonce.ok_or_else(|| reader.refuse("a nonce of at most 32 bytes"))?;
        let mut recordings: Vec<Isrc> = Vec::new();
        for _ in 0..reader.u32()? {
            let isrc = Isrc::from_packed(reader.u64()?);
            let isrc = isrc.ok_or_else(|| reader.refuse("a packed ISRC"))?;
            if recordings.last().is_some_and(|last| *last >= isrc) {
                return Err(reader.refuse("recordings in ascending order"));
            }
            recordings.push(isrc);
        }
        reader.finish()?;
        Ok(Self {
            party,
            evidence,
            nonce,
            recordings,
        })
    }
}

/// The positions of the plays of cell number `number` that a sample opens, ascending.
///
/// One from each of k equal parts of the cell, k = the binary length of its number of plays less
/// six, at least one. Chosen by a hash over run note and checkpoint, so after the operator is
/// committed to both. If a part f of a holder's plays cannot be opened, a sample of k plays misses
/// that with probability (1 − f)^k.
#[must_use]
pub fn sample(
    run_text: &Hash,
    checkpoint_text: &Hash,
    number: u64,
    cell: &Cell,
    nonce: &Nonce,
) -> Vec<u64> {
    let plays = cell.plays();
    let bits = u64::from(u64::BITS.saturating_sub(plays.leading_zeros()));
    let parts = bits.saturating_sub(6).max(1).min(plays);
    let seed = Sha256::new()
        .chain_update(b"ledgerline/sample/v1\n")
        .chain_update(run_text.as_bytes())
        .chain_update(checkpoint_text.as_bytes())
        .chain_update(number.to_be_bytes())
        .chain_update(nonce.as_bytes())
        .finalize();
    // parts <= 58, and the products are made in 128 bits.
    let bound = |part: u64| {
        let product = u128::from(plays).saturating_mul(u128::from(part));
        let bound = product.checked_div(u128::from(parts)).unwrap_or(0);
        u64::try_from(bound).unwrap_or(u64::MAX)
    };
    let pick = |part: u64| {
        let (from, to) = (bound(part), bound(part.saturating_add(1)));
        let index = u32::try_from(part).unwrap_or(u32::MAX);
        let digest: [u8; 32] = Sha256::new()
            .chain_update(seed)
            .chain_update(index.to_be_bytes())
            .finalize()
            .into();
        let random = u64::from_be_bytes(digest.first_chunk().copied().unwrap_or_default());
        let within = random.checked_rem(to.saturating_sub(from)).unwrap_or(0);
        cell.first.saturating_add(from).saturating_add(within)
    };
    (0..parts).map(pick).collect()
}
