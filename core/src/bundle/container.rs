//! The ZIP archive around a bundle: stored entries in one fixed form.
//!
//! Source: APPNOTE.TXT 6.3.10 for the fields; `docs/format.md` section 11 for the one form.

use std::borrow::Cow;

use super::BundleError;

/// The entries of a bundle, in order.
pub const ENTRIES: [&str; 12] = [
    "format",
    "run.note",
    "checkpoint",
    "rules.toml",
    "pools.csv",
    "scope",
    "registry",
    "holders",
    "lines",
    "cells",
    "plays",
    "events",
];

/// Content of the entry `format`.
pub const FORMAT: &[u8] = b"ledgerline-bundle/1\n";

const LOCAL: [u8; 4] = *b"PK\x03\x04";
const CENTRAL: [u8; 4] = *b"PK\x01\x02";
const END: [u8; 4] = *b"PK\x05\x06";

/// Whether a file begins like a bundle.
#[must_use]
pub fn looks_like_bundle(bytes: &[u8]) -> bool {
    bytes.starts_with(&LOCAL)
}

/// The archive as pieces that are written one after the other; entries are not copied.
///
/// # Errors
///
/// [`BundleError::TooLarge`] from 4 GiB on.
pub fn pieces<'a>(entries: &[&'a [u8]; 12]) -> Result<Vec<Cow<'a, [u8]>>, BundleError> {
    let mut pieces: Vec<Cow<'a, [u8]>> = Vec::new();
    let mut directory = Vec::new();
    let mut offset = 0_u64;
    for (name, content) in ENTRIES.iter().zip(entries) {
        let head = Head::new(name, content)?;
        directory.extend(head.central(offset)?);
        let local = head.local();
        offset = offset
            .saturating_add(local.len() as u64)
            .saturating_add(content.len() as u64);
        pieces.push(Cow::Owned(local));
        pieces.push(Cow::Borrowed(content));
    }
    directory.extend(end(directory.len(), offset)?);
    pieces.push(Cow::Owned(directory));
    Ok(pieces)
}

/// The entries' contents, if `bytes` are the one form of an archive with these entries.
///
/// Reads each byte once, for the CRC-32; claimed lengths cost nothing.
///
/// # Errors
///
/// [`BundleError::NotZip`], [`BundleError::Container`], [`BundleError::Crc`], and
/// [`BundleError::Version`] for bundles of another version.
pub fn read_entries(bytes: &[u8]) -> Result<[&[u8]; 12], BundleError> {
    if !looks_like_bundle(bytes) {
        return Err(BundleError::NotZip);
    }
    let mut entries: [&[u8]; 12] = [&[]; 12];
    let mut directory = Vec::new();
    let mut at = 0_usize;
    for (place, name) in entries.iter_mut().zip(ENTRIES) {
        let refuse = |at: usize, expected| BundleError::Container {
            at: at as u64,
            expected,
        };
        // The header's length is fixed by the name; its size field says how much content follows.
        let header_length = LOCAL_LENGTH.saturating_add(name.len());
        let header = bytes.get(at..).and_then(|rest| rest.get(..header_length));
        let header = header.ok_or_else(|| refuse(at, "the header of the next entry"))?;
        let size = header.get(18..22).and_then(|field| field.first_chunk());
        let size = u32::from_le_bytes(size.copied().unwrap_or_default());
        let from = at.saturating_add(header_length);
        let content = bytes
            .get(from..)
            .zip(usize::try_from(size).ok())
            .and_then(|(rest, size)| rest.get(..size));
        let content = content
            .ok_or_else(|| refuse(at.saturating_add(18), "the size of an entry that is there"))?;
        let head = Head::new(name, content)?;
        let expected = head.local();
        if header != expected {
            let differs = header.iter().zip(&expected).position(|(a, b)| a != b);
            let differs = differs.unwrap_or_default();
            return Err(if (14..18).contains(&differs) {
                BundleError::Crc { entry: name }
            } else {
                refuse(
                    at.saturating_add(differs),
                    "a stored entry's header in the one form of a bundle",
                )
            });
        }
        if name == "format" && content != FORMAT {
            let found = String::from_utf8_lossy(content).chars().take(40).collect();
            return Err(BundleError::Version { found });
        }
        directory.extend(head.central(at as u64)?);
        *place = content;
        at = from.saturating_add(content.len());
    }
    directory.extend(end(directory.len(), at as u64)?);
    let found = bytes.get(at..).unwrap_or_default();
    if found != directory {
        let same = found.iter().zip(&directory).take_while(|(a, b)| a == b);
        return Err(BundleError::Container {
            at: at.saturating_add(same.count()) as u64,
            expected: "the central directory of exactly these entries, and nothing behind it",
        });
    }
    Ok(entries)
}

/// Bytes of a local header before the name.
const LOCAL_LENGTH: usize = 30;

/// What both headers of an entry say.
struct Head {
    name: &'static str,
    /// From "version needed" to "extra field length".
    fields: [u8; 26],
}

impl Head {
    fn new(name: &'static str, content: &[u8]) -> Result<Self, BundleError> {
        let size = u32::try_from(content.len()).map_err(|_| BundleError::TooLarge)?;
        let name_length = u16::try_from(name.len()).unwrap_or_default();
        let mut fields = Vec::with_capacity(26);
        fields.extend_from_slice(&[10, 0]); // version needed: 1.0
        fields.extend_from_slice(&[0, 0]); // flags
        fields.extend_from_slice(&[0, 0]); // method: stored
        fields.extend_from_slice(&[0, 0]); // time: midnight
        fields.extend_from_slice(&[0x21, 0]); // date: 1980-01-01
        fields.extend_from_slice(&crc32fast::hash(content).to_le_bytes());
        fields.extend_from_slice(&size.to_le_bytes());
        fields.extend_from_slice(&size.to_le_bytes());
        fields.extend_from_slice(&name_length.to_le_bytes());
        fields.extend_from_slice(&[0, 0]); // no extra field
        Ok(Self {
            name,
            fields: fields.first_chunk().copied().unwrap_or([0; 26]),
        })
    }

    fn local(&self) -> Vec<u8> {
        [&LOCAL[..], &self.fields, self.name.as_bytes()].concat()
    }

    fn central(&self, offset: u64) -> Result<Vec<u8>, BundleError> {
        let offset = u32::try_from(offset).map_err(|_| BundleError::TooLarge)?;
        Ok([
            &CENTRAL[..],
            &[20, 0], // version made by: 2.0, host 0
            &self.fields,
            &[0; 10], // comment length, disk, internal and external attributes
            &offset.to_le_bytes(),
            self.name.as_bytes(),
        ]
        .concat())
    }
}

fn end(directory: usize, offset: u64) -> Result<Vec<u8>, BundleError> {
    let too_large = |_| BundleError::TooLarge;
    let length = u32::try_from(directory).map_err(too_large)?;
    let offset = u32::try_from(offset).map_err(too_large)?;
    let count = u16::try_from(ENTRIES.len()).map_err(too_large)?;
    Ok([
        &END[..],
        &[0; 4], // this disk, disk of the directory
        &count.to_le_bytes(),
        &count.to_le_bytes(),
        &length.to_le_bytes(),
        &offset.to_le_bytes(),
        &[0; 2], // no comment
    ]
    .concat())
}
