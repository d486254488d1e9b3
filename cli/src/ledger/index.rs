//! `SHA256SUMS` and `salt-keys`: which segments are sealed, and the keys of their salts.
//!
//! A segment is sealed once its line stands in `SHA256SUMS`; everything else about it is written
//! before, so that a crash leaves either an open segment or a sealed one.

use std::fmt::Write as _;
use std::path::Path;

use ledgerline::salt::SaltKey;
use ledgerline::wire::hex;
use sha2::{Digest, Sha256};

use super::durable::{Access, read_bounded};
use super::error::LedgerError;
use super::layout::{Layout, segment_name};

/// 2^32 events have 65,536 lines of less than 90 bytes each; this is a thousand times that.
const MAX_BYTES: u64 = 6 << 30;

/// The SHA-256 of a file's bytes.
#[must_use]
pub fn sha256(bytes: &[u8]) -> [u8; 32] {
    Sha256::digest(bytes).into()
}

/// Reads the hashes of all sealed segments, in order.
///
/// # Errors
///
/// [`LedgerError::Damaged`] for the first line that is not that of its segment.
pub(super) fn read_sums(layout: &Layout) -> Result<Vec<[u8; 32]>, LedgerError> {
    let path = layout.sums();
    lines(&path)?
        .iter()
        .zip(0_u64..)
        .map(|(line, number)| {
            let name = format!("  {}", segment_name(number));
            let sum = line.strip_suffix(name.as_str()).and_then(parse_hex);
            sum.ok_or_else(|| {
                LedgerError::damaged(
                    &path,
                    Some(format!("line {}", number.saturating_add(1))),
                    format!("64 hex digits, two blanks and {}", segment_name(number)),
                    format!("{line:.100?}"),
                )
            })
        })
        .collect()
}

/// Writes `SHA256SUMS`.
///
/// # Errors
///
/// [`LedgerError::File`].
pub(super) fn write_sums(layout: &Layout, sums: &[[u8; 32]]) -> Result<(), LedgerError> {
    let mut text = String::with_capacity(sums.len().saturating_mul(88));
    for (sum, number) in sums.iter().zip(0..) {
        let _ = writeln!(text, "{}  {}", hex(sum), segment_name(number));
    }
    let disk = layout.disk();
    disk.write_atomic(&layout.sums(), text.as_bytes(), Access::Public)?;
    Ok(())
}

/// Reads the segment keys, in order; none if the file is not there.
///
/// # Errors
///
/// [`LedgerError::Damaged`] for the first line that is not that of its segment.
pub(super) fn read_salt_keys(layout: &Layout) -> Result<Vec<SaltKey>, LedgerError> {
    let path = layout.salt_keys();
    lines(&path)?
        .iter()
        .zip(0_u64..)
        .map(|(line, number)| {
            let digits = line.split_once(' ').and_then(|(found, digits)| {
                (found == number.to_string()).then(|| parse_hex(digits))?
            });
            digits.map(SaltKey::from_bytes).ok_or_else(|| {
                // The line holds a secret, so it is not shown.
                LedgerError::damaged(
                    &path,
                    Some(format!("line {}", number.saturating_add(1))),
                    format!("{number}, a blank and 64 hex digits"),
                    "another text",
                )
            })
        })
        .collect()
}

/// Writes `salt-keys`, mode 0600.
///
/// # Errors
///
/// [`LedgerError::File`].
pub(super) fn write_salt_keys(layout: &Layout, keys: &[SaltKey]) -> Result<(), LedgerError> {
    let mut text = zeroize::Zeroizing::new(String::with_capacity(keys.len().saturating_mul(80)));
    for (key, number) in keys.iter().zip(0_u64..) {
        let _ = writeln!(text, "{number} {}", *key.to_hex());
    }
    let disk = layout.disk();
    disk.write_atomic(&layout.salt_keys(), text.as_bytes(), Access::Secret)?;
    Ok(())
}

fn lines(path: &Path) -> Result<Vec<String>, LedgerError> {
    let bytes = match read_bounded(path, MAX_BYTES) {
        Err(error) if error.is_not_found() => return Ok(Vec::new()),
        other => other?,
    };
    let text = String::from_utf8(bytes)
        .map_err(|_| LedgerError::damaged(path, None, "text", "other bytes"))?;
    if !text.is_empty() && !text.ends_with('\n') {
        let expected = "a line feed at the end";
        return Err(LedgerError::damaged(path, None, expected, "a cut line"));
    }
    Ok(text.lines().map(str::to_owned).collect())
}

fn parse_hex(text: &str) -> Option<[u8; 32]> {
    // One form: lower case.
    let bytes = *SaltKey::parse_hex(text)?.as_bytes();
    (hex(&bytes) == text).then_some(bytes)
}
