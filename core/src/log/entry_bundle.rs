//! Entry bundles: how a log's entries are cut into files, one beside each tile of level 0.
//!
//! Source: C2SP tlog-tiles v0.1.0, "Log entries".

use core::fmt;

use super::hash::Hash;
use super::tile::{Tile, TileError};

/// One entry bundle, named by its path `tile/entries/<index>[.p/<width>]`.
///
/// ```
/// use ledgerline::log::EntryBundle;
///
/// let bundle = EntryBundle::parse("tile/entries/x001/x234/067.p/112")?;
/// assert_eq!((bundle.index(), bundle.width()), (1_234_067, 112));
/// assert_eq!(bundle.tile().to_string(), "tile/0/x001/x234/067.p/112");
/// assert!(EntryBundle::parse("tile/entries/1").is_err());
/// # Ok::<(), ledgerline::log::EntryBundleError>(())
/// ```
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub struct EntryBundle(Tile);

impl EntryBundle {
    /// The longest entry.
    pub const MAX_ENTRY_BYTES: usize = u16::MAX as usize;

    /// The bundle number `index`, with `width` entries.
    ///
    /// # Errors
    ///
    /// [`EntryBundleError::Path`] for a width outside 1 to 256.
    pub fn new(index: u64, width: u16) -> Result<EntryBundle, EntryBundleError> {
        Tile::new(0, index, width)
            .map(EntryBundle)
            .map_err(EntryBundleError::Path)
    }

    /// All bundles of a tree of `size` leaves, from left to right. Only the last may be partial.
    pub fn of_tree(size: u64) -> impl Iterator<Item = EntryBundle> {
        Tile::of_tree(0, size).map(EntryBundle)
    }

    /// Reads the one path that [`Display`](fmt::Display) writes.
    ///
    /// # Errors
    ///
    /// [`EntryBundleError::Path`].
    pub fn parse(path: &str) -> Result<EntryBundle, EntryBundleError> {
        let refuse = || EntryBundleError::Path(TileError::Path { found: path.into() });
        let rest = path.strip_prefix(PREFIX).ok_or_else(refuse)?;
        let tile = Tile::parse(&format!("{TILE_PREFIX}{rest}")).map_err(|_| refuse())?;
        Ok(EntryBundle(tile))
    }

    /// Number of the bundle, from 0.
    #[must_use]
    pub fn index(self) -> u64 {
        self.0.index()
    }

    /// Entries in the bundle, 1 to 256.
    #[must_use]
    pub fn width(self) -> u16 {
        self.0.width()
    }

    /// The tile that holds the leaf hashes of these entries.
    #[must_use]
    pub fn tile(self) -> Tile {
        self.0
    }

    /// Splits the bundle's bytes into its entries: exactly [`width`](Self::width) of them, and
    /// nothing behind.
    ///
    /// # Errors
    ///
    /// [`EntryBundleError::Cut`], [`EntryBundleError::Rest`].
    ///
    /// # Does not prove
    ///
    /// That they are the log's entries: see [`verify_entries`].
    pub fn split(self, bytes: &[u8]) -> Result<Vec<&[u8]>, EntryBundleError> {
        let mut entries = Vec::with_capacity(self.width().into());
        let mut rest = bytes;
        for entry in 0..self.width() {
            let cut = EntryBundleError::Cut {
                entry,
                at: bytes.len().saturating_sub(rest.len()),
                expected: self.width(),
                found: rest.len(),
            };
            let Some((length, after)) = rest.split_first_chunk() else {
                return Err(cut);
            };
            let length = usize::from(u16::from_be_bytes(*length));
            let Some((data, after)) = after.split_at_checked(length) else {
                return Err(cut);
            };
            entries.push(data);
            rest = after;
        }
        if !rest.is_empty() {
            return Err(EntryBundleError::Rest {
                at: bytes.len().saturating_sub(rest.len()),
                expected: self.width(),
                found: rest.len(),
            });
        }
        Ok(entries)
    }
}

/// Appends an entry to a bundle's bytes: u16 length ‖ entry.
///
/// # Errors
///
/// [`EntryBundleError::Long`]; `bundle` is then as before.
pub fn push_entry(bundle: &mut Vec<u8>, entry: &[u8]) -> Result<(), EntryBundleError> {
    let length =
        u16::try_from(entry.len()).map_err(|_| EntryBundleError::Long { found: entry.len() })?;
    bundle.extend_from_slice(&length.to_be_bytes());
    bundle.extend_from_slice(entry);
    Ok(())
}

/// Checks that these entries, from the first on, have these leaf hashes.
///
/// # Errors
///
/// [`EntryBundleError::Count`], [`EntryBundleError::Hash`] with the first entry that differs.
///
/// # Does not prove
///
/// That the hashes are the log's: take them from a [`TileHashes`](super::TileHashes), which are
/// verified against a tree head.
pub fn verify_entries(entries: &[&[u8]], hashes: &[Hash]) -> Result<(), EntryBundleError> {
    if entries.len() != hashes.len() {
        return Err(EntryBundleError::Count {
            expected: hashes.len(),
            found: entries.len(),
        });
    }
    for (entry, (data, &expected)) in entries.iter().zip(hashes).enumerate() {
        let found = Hash::leaf(data);
        if found != expected {
            return Err(EntryBundleError::Hash {
                entry,
                expected,
                found,
            });
        }
    }
    Ok(())
}

/// The path, relative to the log's prefix.
impl fmt::Display for EntryBundle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let tile = self.0.to_string();
        let rest = tile.strip_prefix(TILE_PREFIX).unwrap_or(&tile);
        write!(f, "{PREFIX}{rest}")
    }
}

/// Why bytes are no entry bundle, or not the one that a tile stands for.
#[derive(Clone, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub enum EntryBundleError {
    /// There is no such bundle.
    Path(TileError),
    /// An entry is longer than its length field can say.
    Long {
        /// Its bytes.
        found: usize,
    },
    /// The bytes end inside an entry.
    Cut {
        /// The entry, from 0.
        entry: u16,
        /// Byte at which it begins.
        at: usize,
        /// Entries that the bundle must have.
        expected: u16,
        /// Bytes that are left for it.
        found: usize,
    },
    /// More bytes follow the last entry.
    Rest {
        /// Byte at which they begin.
        at: usize,
        /// Entries that the bundle must have.
        expected: u16,
        /// How many bytes there are.
        found: usize,
    },
    /// Not as many entries as hashes.
    Count {
        /// Hashes.
        expected: usize,
        /// Entries.
        found: usize,
    },
    /// An entry is not the one that was hashed.
    Hash {
        /// The entry, from 0 in its bundle.
        entry: usize,
        /// Leaf hash of the tile.
        expected: Hash,
        /// Leaf hash of the entry.
        found: Hash,
    },
}

impl fmt::Display for EntryBundleError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            EntryBundleError::Path(TileError::Path { found }) => write!(
                f,
                "expected an entry bundle's path such as {PREFIX}x001/234.p/5, but found {found:?}"
            ),
            EntryBundleError::Path(error) => error.fmt(f),
            EntryBundleError::Long { found } => write!(
                f,
                "expected an entry of at most {} bytes, but found {found}",
                EntryBundle::MAX_ENTRY_BYTES
            ),
            EntryBundleError::Cut {
                entry,
                at,
                expected,
                found,
            } => write!(
                f,
                "expected {expected} entries, each behind its length of two bytes, but found that \
                 entry {entry} at byte {at} does not fit into the {found} bytes left"
            ),
            EntryBundleError::Rest {
                at,
                expected,
                found,
            } => write!(
                f,
                "expected {expected} entries and nothing more, but found {found} bytes behind them \
                 at byte {at}"
            ),
            EntryBundleError::Count { expected, found } => {
                write!(f, "expected {expected} entries, but found {found}")
            }
            EntryBundleError::Hash {
                entry,
                expected,
                found,
            } => write!(
                f,
                "expected entry {entry} to have the leaf hash {expected}, but found {found}"
            ),
        }
    }
}

impl core::error::Error for EntryBundleError {
    fn source(&self) -> Option<&(dyn core::error::Error + 'static)> {
        match self {
            EntryBundleError::Path(error) => Some(error),
            _ => None,
        }
    }
}

const PREFIX: &str = "tile/entries/";
const TILE_PREFIX: &str = "tile/0/";

/// Bundles have one path and one encoding, and every changed byte is noticed.
#[cfg(test)]
#[allow(
    clippy::unwrap_used,
    clippy::arithmetic_side_effects,
    clippy::indexing_slicing,
    reason = "tests"
)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn written(entries: &[&[u8]]) -> Vec<u8> {
        let mut bytes = Vec::new();
        for entry in entries {
            push_entry(&mut bytes, entry).unwrap();
        }
        bytes
    }

    #[test]
    fn paths_follow_the_tiles() {
        let paths = |size| EntryBundle::of_tree(size).map(|bundle| bundle.to_string());
        assert!(paths(256).eq(["tile/entries/000"]));
        assert!(paths(257).eq(["tile/entries/000", "tile/entries/001.p/1"]));
        assert_eq!(paths(70_000).last().unwrap(), "tile/entries/273.p/112");
        assert_eq!(paths(0).count(), 0);
        for path in paths(70_000) {
            assert_eq!(EntryBundle::parse(&path).unwrap().to_string(), path);
        }
        for bad in [
            "",
            "tile/entries/",
            "tile/entries/0",
            "tile/entries/000.p/256",
            "tile/entries/x000/000",
            "tile/0/000",
            "tile/entries/0/000",
        ] {
            assert!(EntryBundle::parse(bad).is_err(), "{bad}");
        }
        assert!(EntryBundle::new(0, 0).is_err());
        let error = EntryBundle::parse("tile/0/000").unwrap_err().to_string();
        assert!(error.contains("tile/entries/x001"), "{error}");
    }

    #[test]
    fn every_cut_and_every_addition_is_refused() {
        let entries: [&[u8]; 3] = [b"one", b"", b"three"];
        let bytes = written(&entries);
        assert_eq!(bytes, b"\0\x03one\0\0\0\x05three");
        let bundle = EntryBundle::new(7, 3).unwrap();
        assert_eq!(bundle.split(&bytes).unwrap(), entries);
        for length in 0..bytes.len() {
            let error = bundle.split(&bytes[..length]).unwrap_err();
            assert!(matches!(error, EntryBundleError::Cut { .. }), "{error}");
        }
        let more = [bytes.as_slice(), b"\0\0"].concat();
        assert_eq!(
            bundle.split(&more),
            Err(EntryBundleError::Rest {
                at: 14,
                expected: 3,
                found: 2
            })
        );
        assert_eq!(
            EntryBundle::new(7, 2).unwrap().split(&bytes),
            Err(EntryBundleError::Rest {
                at: 7,
                expected: 2,
                found: 7
            })
        );
    }

    #[test]
    fn the_longest_entry_fits_and_a_longer_one_does_not() {
        let long = vec![7; EntryBundle::MAX_ENTRY_BYTES + 1];
        let mut bytes = Vec::new();
        assert!(push_entry(&mut bytes, &long).is_err());
        assert!(bytes.is_empty());
        push_entry(&mut bytes, &long[1..]).unwrap();
        let bundle = EntryBundle::new(0, 1).unwrap();
        assert_eq!(bundle.split(&bytes).unwrap(), [&long[1..]]);
    }

    #[test]
    fn entries_are_those_of_the_tile_or_the_first_other_one_is_named() {
        let entries: [&[u8]; 3] = [b"one", b"two", b"three"];
        let hashes = entries.map(Hash::leaf);
        assert_eq!(verify_entries(&entries, &hashes), Ok(()));
        assert!(matches!(
            verify_entries(&entries[..2], &hashes),
            Err(EntryBundleError::Count {
                expected: 3,
                found: 2
            })
        ));
        let swapped = [hashes[0], hashes[2], hashes[1]];
        assert!(matches!(
            verify_entries(&entries, &swapped),
            Err(EntryBundleError::Hash { entry: 1, .. })
        ));
    }

    proptest! {
        #[test]
        fn what_is_written_is_read_again(
            entries in prop::collection::vec(prop::collection::vec(any::<u8>(), 0..40), 1..20),
        ) {
            let slices: Vec<&[u8]> = entries.iter().map(Vec::as_slice).collect();
            let width = u16::try_from(entries.len()).unwrap();
            let bytes = written(&slices);
            prop_assert_eq!(EntryBundle::new(0, width).unwrap().split(&bytes).unwrap(), slices);
        }

        #[test]
        fn what_is_read_is_written_again(bytes: Vec<u8>, width in 1..5_u16) {
            if let Ok(entries) = EntryBundle::new(0, width).unwrap().split(&bytes) {
                prop_assert_eq!(written(&entries), bytes);
            }
        }
    }
}
