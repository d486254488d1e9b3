//! Tiles: how a log's hashes are cut into files that never change.
//!
//! A tile of level L holds up to 256 hashes of tree level 8·L, from left to right.
//!
//! Source: C2SP tlog-tiles v0.1.0, "Merkle Tree".

use core::fmt;

/// One tile, named by its path `tile/<level>/<index>[.p/<width>]`.
///
/// ```
/// use ledgerline::log::Tile;
///
/// let tile = Tile::parse("tile/0/x001/x234/067.p/112")?;
/// assert_eq!((tile.level(), tile.index(), tile.width()), (0, 1_234_067, 112));
/// assert_eq!(tile.to_string(), "tile/0/x001/x234/067.p/112");
/// assert!(Tile::parse("tile/0/1234067").is_err());
/// # Ok::<(), ledgerline::log::TileError>(())
/// ```
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub struct Tile {
    level: u8,
    index: u64,
    width: u16,
}

impl Tile {
    /// The highest level a path can name.
    pub const MAX_LEVEL: u8 = 63;

    /// Hashes in a full tile.
    pub const FULL_WIDTH: u16 = 256;

    /// The leftmost full tile of level 0.
    pub(super) const FIRST: Tile = Tile {
        level: 0,
        index: 0,
        width: Tile::FULL_WIDTH,
    };

    /// The tile number `index` of a level, with `width` hashes.
    ///
    /// # Errors
    ///
    /// [`TileError::Level`] above 63, [`TileError::Width`] outside 1 to 256.
    pub fn new(level: u8, index: u64, width: u16) -> Result<Tile, TileError> {
        if level > Tile::MAX_LEVEL {
            return Err(TileError::Level { found: level });
        }
        if width == 0 || width > Tile::FULL_WIDTH {
            return Err(TileError::Width { found: width });
        }
        Ok(Tile {
            level,
            index,
            width,
        })
    }

    /// All tiles of a level in a tree of `size` leaves, from left to right. Only the last may be
    /// partial, and there is none that is empty.
    pub fn of_tree(level: u8, size: u64) -> impl Iterator<Item = Tile> {
        let hashes = u32::from(level)
            .checked_mul(8)
            .and_then(|bits| size.checked_shr(bits))
            .unwrap_or(0);
        let (full, [rest, ..]) = (hashes >> 8, hashes.to_le_bytes());
        let full_tiles = (0..full).map(move |index| Tile {
            level,
            index,
            width: Tile::FULL_WIDTH,
        });
        full_tiles.chain((rest > 0).then_some(Tile {
            level,
            index: full,
            width: rest.into(),
        }))
    }

    /// The rightmost tile of a level in a tree of `size` leaves, if it is partial.
    #[must_use]
    pub fn last_of_tree(level: u8, size: u64) -> Option<Tile> {
        let hashes = size.checked_shr(u32::from(level).checked_mul(8)?)?;
        let [width, ..] = hashes.to_le_bytes();
        Tile::new(level, hashes >> 8, width.into()).ok()
    }

    /// Reads the one path that [`Display`](fmt::Display) writes.
    ///
    /// # Errors
    ///
    /// [`TileError::Path`] for other text, also for other ways to write the same tile.
    pub fn parse(path: &str) -> Result<Tile, TileError> {
        let tile = parse_leniently(path).filter(|tile| tile.to_string() == path);
        tile.ok_or_else(|| TileError::Path {
            found: path.to_owned(),
        })
    }

    /// Tile level: the tree level of its hashes divided by 8.
    #[must_use]
    pub fn level(self) -> u8 {
        self.level
    }

    /// Number of the tile in its level, from 0.
    #[must_use]
    pub fn index(self) -> u64 {
        self.index
    }

    /// Hashes in the tile, 1 to 256.
    #[must_use]
    pub fn width(self) -> u16 {
        self.width
    }
}

/// The path, relative to the log's prefix.
impl fmt::Display for Tile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "tile/{}", self.level)?;
        let digits = self.index.to_string();
        let digits = format!(
            "{digits:0>width$}",
            width = digits.len().next_multiple_of(3)
        );
        let mut groups = digits.as_bytes().chunks(3).peekable();
        while let Some(group) = groups.next() {
            let more = if groups.peek().is_some() { "x" } else { "" };
            write!(f, "/{more}{}", group.escape_ascii())?;
        }
        if self.width < Tile::FULL_WIDTH {
            write!(f, ".p/{}", self.width)?;
        }
        Ok(())
    }
}

/// Why there is no such tile.
#[derive(Clone, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub enum TileError {
    /// Levels go up to 63.
    Level {
        /// Level given.
        found: u8,
    },
    /// Widths are 1 to 256.
    Width {
        /// Width given.
        found: u16,
    },
    /// The text is no tile's path.
    Path {
        /// The text.
        found: String,
    },
}

impl fmt::Display for TileError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            TileError::Level { found } => {
                write!(f, "expected a tile level of 0 to 63, but found {found}")
            }
            TileError::Width { found } => {
                write!(f, "expected a tile of 1 to 256 hashes, but found {found}")
            }
            TileError::Path { found } => write!(
                f,
                "expected a tile's path such as tile/0/x001/234.p/5, but found {found:?}"
            ),
        }
    }
}

impl core::error::Error for TileError {}

/// Takes the parts of a path for what they may be; the caller compares the tile's own path.
fn parse_leniently(path: &str) -> Option<Tile> {
    let (level, rest) = path.strip_prefix("tile/")?.split_once('/')?;
    let (index, width) = match rest.split_once(".p/") {
        Some((index, width)) => (index, width.parse().ok()?),
        None => (rest, Tile::FULL_WIDTH),
    };
    let mut number = 0u64;
    for group in index.split('/') {
        let group: u64 = group.trim_start_matches('x').parse().ok()?;
        number = number.checked_mul(1000)?.checked_add(group)?;
    }
    Tile::new(level.parse().ok()?, number, width).ok()
}

/// Paths and lists are those of the specification's examples, and paths have one form.
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

    #[test]
    fn the_specifications_example_of_70000_leaves() {
        let level0: Vec<Tile> = Tile::of_tree(0, 70_000).collect();
        assert_eq!(level0.len(), 274);
        assert_eq!(level0[0].to_string(), "tile/0/000");
        assert_eq!(level0[272].to_string(), "tile/0/272");
        assert_eq!(level0[273].to_string(), "tile/0/273.p/112");
        let above = |level| Tile::of_tree(level, 70_000).map(|tile| tile.to_string());
        assert!(above(1).eq(["tile/1/000", "tile/1/001.p/17"]));
        assert!(above(2).eq(["tile/2/000.p/1"]));
        assert_eq!(above(3).count(), 0);
        for size in [0, 1, 255, 256, 257, 512, 70_000, u64::MAX] {
            for level in [0, 1, 2, 7] {
                if size > 1 << 20 && level < 7 {
                    continue;
                }
                let partial = |tile: &Tile| tile.width() < Tile::FULL_WIDTH;
                let last = Tile::of_tree(level, size).last().filter(partial);
                assert_eq!(Tile::last_of_tree(level, size), last, "{level} of {size}");
            }
        }
        assert!(
            Tile::of_tree(1, 256)
                .map(|t| t.to_string())
                .eq(["tile/1/000.p/1"])
        );
    }

    #[test]
    fn no_tile_is_empty_and_sizes_of_strangers_do_no_harm() {
        for level in 0..=u8::MAX {
            assert_eq!(Tile::of_tree(level, 0).count(), 0);
        }
        assert_eq!(Tile::of_tree(7, u64::MAX).count(), 1);
        assert_eq!(Tile::of_tree(8, u64::MAX).count(), 0);
        let first = Tile::of_tree(0, u64::MAX).next().unwrap();
        assert_eq!(first.width(), 256);
    }

    #[test]
    fn other_paths_are_refused() {
        for bad in [
            "",
            "tile",
            "tile/0",
            "tile/0/",
            "tile/0/0",
            "tile/0/00",
            "tile/0/0000",
            "tile/0/x000",
            "tile/0/x000/000",
            "tile/0/001/002",
            "tile/0/xx001/002",
            "tile/0/+01",
            "tile/0/x001/x002",
            "tile/00/000",
            "tile/64/000",
            "tile/-1/000",
            "tile/0/000.p",
            "tile/0/000.p/",
            "tile/0/000.p/0",
            "tile/0/000.p/01",
            "tile/0/000.p/256",
            "tile/0/000.p/1/",
            "tile/0/000.p/1.p/1",
            "tile/0/000/",
            "/tile/0/000",
            "tile/0/../000",
            "tile/entries/000",
            "tile/0/x018/x446/x744/x073/x709/x551/616",
        ] {
            assert!(Tile::parse(bad).is_err(), "{bad}");
        }
        assert!(Tile::parse("tile/0/x018/x446/x744/x073/x709/x551/615").is_ok());
        assert!(Tile::new(64, 0, 1).is_err());
        assert!(Tile::new(0, 0, 0).is_err());
        assert!(Tile::new(0, 0, 257).is_err());
    }

    proptest! {
        #[test]
        fn paths_are_read_again(level in 0..64u8, index: u64, width in 1..=256u16) {
            let tile = Tile::new(level, index, width).unwrap();
            prop_assert_eq!(Tile::parse(&tile.to_string()), Ok(tile));
        }

        #[test]
        fn what_is_read_is_written_again(path in "tile/[0-9]{1,2}(/x?[0-9]{1,3}){1,3}(\\.p/[0-9]{1,3})?") {
            if let Ok(tile) = Tile::parse(&path) {
                prop_assert_eq!(tile.to_string(), path);
            }
        }
    }
}
