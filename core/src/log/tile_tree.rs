//! A tree as its tiles show it: which tiles a proof needs, and the proof from them.
//!
//! Every tile is verified against a tree head before a hash of it is used, so that whoever serves
//! tiles is not trusted. Right-edge tiles together give the root; the root of a full tile stands in
//! the tile above it.
//!
//! Source: C2SP tlog-tiles v0.1.0, "Merkle Tree"; the way of verifying is that of `TileHashReader`
//! in Go's `golang.org/x/mod/sumdb/tlog`.

use core::fmt;
use std::collections::{BTreeMap, BTreeSet};

use super::hash::Hash;
use super::proof::{LeafIndex, ProofError, prove_consistency, prove_inclusion};
use super::tile::Tile;
use super::tree::{TreeBuilder, TreeHead, root_of};

/// Where tiles come from: a directory, a server, memory.
pub trait TileSource {
    /// Why tiles could not be had.
    type Error;

    /// The bytes of all these tiles, in the same order: 32 for each hash.
    ///
    /// In the place of a partial tile a wider one of the same level and index may be given, as logs
    /// may remove a partial tile once the full one exists.
    ///
    /// # Errors
    ///
    /// If one of them cannot be had.
    fn read(&self, tiles: &[Tile]) -> Result<Vec<Vec<u8>>, Self::Error>;
}

/// The tiles that are needed to know the roots of these subtrees, verified against a tree head of
/// this size; without duplicates, in ascending order.
///
/// A subtree is the half-open range of its leaves, as in [`prove_inclusion`] and
/// [`prove_consistency`]. Each one needs at most one tile a level.
///
/// # Errors
///
/// [`TileTreeError::Size`], [`TileTreeError::Subtree`].
pub fn tiles_of_subtrees(size: u64, subtrees: &[(u64, u64)]) -> Result<Vec<Tile>, TileTreeError> {
    if size > MAX_SIZE {
        return Err(TileTreeError::Size { found: size });
    }
    let mut tiles: BTreeSet<Tile> = edge(size).collect();
    for &(from, to) in subtrees {
        for part in complete_parts(from, to, size)? {
            let mut next = Some(part.tile(size));
            // A tile that is there already has brought all above it.
            while let Some(tile) = next.filter(|tile| tiles.insert(*tile)) {
                next = parent(tile, size).map(|(above, _)| above);
            }
        }
    }
    Ok(tiles.into_iter().collect())
}

/// Tiles that are verified against a tree head.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct TileHashes {
    size: u64,
    tiles: BTreeMap<Tile, Vec<Hash>>,
}

impl TileHashes {
    /// Verifies tiles, which are all that [`tiles_of_subtrees`] names, with their bytes.
    ///
    /// # Errors
    ///
    /// [`TileTreeError::Count`], [`TileTreeError::Absent`], [`TileTreeError::Length`] before
    /// anything is hashed; [`TileTreeError::Root`] if the tiles of the right edge do not give the
    /// head's root; [`TileTreeError::Tile`] for a full tile which is not the one that the tile
    /// above it stands for.
    ///
    /// # Does not prove
    ///
    /// That anyone signed `head` (see [`Checkpoint::open`](super::Checkpoint::open)).
    pub fn verify(
        head: TreeHead,
        tiles: &[Tile],
        bytes: &[Vec<u8>],
    ) -> Result<TileHashes, TileTreeError> {
        let size = head.size;
        if size > MAX_SIZE {
            return Err(TileTreeError::Size { found: size });
        }
        if tiles.len() != bytes.len() {
            return Err(TileTreeError::Count {
                expected: tiles.len(),
                found: bytes.len(),
            });
        }
        let mut read = BTreeMap::new();
        for (&tile, bytes) in tiles.iter().zip(bytes) {
            read.insert(tile, hashes_of(tile, bytes)?);
        }
        let unverified = TileHashes { size, tiles: read };
        unverified.check_edge(head)?;
        for (&tile, hashes) in &unverified.tiles {
            unverified.check_tile(tile, hashes)?;
        }
        Ok(unverified)
    }

    /// Size of the tree.
    #[must_use]
    pub fn size(&self) -> u64 {
        self.size
    }

    /// The hashes of a tile.
    #[must_use]
    pub fn tile(&self, tile: Tile) -> Option<&[Hash]> {
        self.tiles.get(&tile).map(Vec::as_slice)
    }

    /// The root over the leaves `from..to`.
    ///
    /// # Errors
    ///
    /// [`TileTreeError::Subtree`]; [`TileTreeError::Absent`] if this subtree was not among those
    /// for which tiles were read.
    pub fn subtree_root(&self, from: u64, to: u64) -> Result<Hash, TileTreeError> {
        let mut root = None;
        for part in complete_parts(from, to, self.size)?.iter().rev() {
            let left = self.complete_root(*part)?;
            root = Some(root.map_or(left, |right| Hash::node(left, right)));
        }
        Ok(root.unwrap_or(Hash::empty_root()))
    }

    fn complete_root(&self, part: Complete) -> Result<Hash, TileTreeError> {
        let tile = part.tile(self.size);
        let absent = TileTreeError::Absent { tile };
        let hashes = self.tiles.get(&tile).ok_or(absent.clone())?;
        let (from, count) = part.hashes();
        let within = from.checked_add(count).and_then(|to| hashes.get(from..to));
        within.map(root_of).ok_or(absent)
    }

    /// All hashes of the partial tiles, from the highest level down, cover the tree from left to
    /// right: level L has floor(size / 256^L) mod 256 of them.
    fn check_edge(&self, head: TreeHead) -> Result<(), TileTreeError> {
        let mut builder = TreeBuilder::new();
        for tile in edge(self.size) {
            let absent = TileTreeError::Absent { tile };
            for &hash in self.tiles.get(&tile).ok_or(absent)? {
                let level = tile.level().saturating_mul(8);
                // Never fails: higher levels come first, and the sizes add up to the tree's.
                builder
                    .push_subtree(level, hash)
                    .map_err(|_| TileTreeError::Size { found: self.size })?;
            }
        }
        let found = builder.root();
        if found != head.root {
            return Err(TileTreeError::Root {
                size: head.size,
                expected: head.root,
                found,
            });
        }
        Ok(())
    }

    fn check_tile(&self, tile: Tile, hashes: &[Hash]) -> Result<(), TileTreeError> {
        let Some((above, place)) = parent(tile, self.size) else {
            // Of the right edge, or of another tree altogether.
            let known = edge(self.size).any(|of_edge| of_edge == tile);
            return if known {
                Ok(())
            } else {
                Err(TileTreeError::OtherTree {
                    tile,
                    size: self.size,
                })
            };
        };
        let stands = self.tiles.get(&above).and_then(|above| above.get(place));
        let &expected = stands.ok_or(TileTreeError::Absent { tile: above })?;
        let found = root_of(hashes);
        if found != expected {
            return Err(TileTreeError::Tile {
                tile,
                expected,
                found,
            });
        }
        Ok(())
    }
}

/// Reads and verifies the tiles for these subtrees, in one request.
///
/// # Errors
///
/// Those of the source, of [`tiles_of_subtrees`] and of [`TileHashes::verify`].
pub fn read_subtrees<S: TileSource>(
    head: TreeHead,
    subtrees: &[(u64, u64)],
    source: &S,
) -> Result<TileHashes, TileReadError<S::Error>> {
    let tiles = tiles_of_subtrees(head.size, subtrees)?;
    let bytes = source.read(&tiles).map_err(TileReadError::Source)?;
    Ok(TileHashes::verify(head, &tiles, &bytes)?)
}

/// The leaf hash number `index` and its inclusion proof, from verified tiles.
///
/// # Errors
///
/// [`ProofError::IndexOutOfTree`] in [`TileReadError::Proof`]; those of [`read_subtrees`].
pub fn read_inclusion<S: TileSource>(
    index: LeafIndex,
    head: TreeHead,
    source: &S,
) -> Result<(Hash, Vec<Hash>), TileReadError<S::Error>> {
    let LeafIndex(at) = index;
    let mut subtrees = Vec::new();
    prove_inclusion(index, head.size, &mut |from, to| {
        subtrees.push((from, to));
        Hash::empty_root()
    })?;
    // The index is below the size.
    let leaf = (at, at.saturating_add(1));
    subtrees.push(leaf);
    let hashes = read_subtrees(head, &subtrees, source)?;
    let mut roots = Roots::of(&hashes);
    let proof = prove_inclusion(index, head.size, &mut |from, to| roots.root(from, to))?;
    let leaf = roots.root(leaf.0, leaf.1);
    roots.finish()?;
    Ok((leaf, proof))
}

/// The consistency proof from the tree of `old_size` leaves to `head`, from verified tiles.
///
/// # Errors
///
/// [`ProofError::SizesReversed`] in [`TileReadError::Proof`]; those of [`read_subtrees`].
///
/// # Does not prove
///
/// Consistency with any old root: give the proof to
/// [`verify_consistency`](super::verify_consistency).
pub fn read_consistency<S: TileSource>(
    old_size: u64,
    head: TreeHead,
    source: &S,
) -> Result<Vec<Hash>, TileReadError<S::Error>> {
    let mut subtrees = Vec::new();
    prove_consistency(old_size, head.size, &mut |from, to| {
        subtrees.push((from, to));
        Hash::empty_root()
    })?;
    let hashes = read_subtrees(head, &subtrees, source)?;
    let mut roots = Roots::of(&hashes);
    let proof = prove_consistency(old_size, head.size, &mut |from, to| roots.root(from, to))?;
    roots.finish()?;
    Ok(proof)
}

/// Subtree roots for a prover that takes no errors: the first one is kept.
struct Roots<'a> {
    hashes: &'a TileHashes,
    error: Option<TileTreeError>,
}

impl<'a> Roots<'a> {
    fn of(hashes: &'a TileHashes) -> Roots<'a> {
        Roots {
            hashes,
            error: None,
        }
    }

    fn root(&mut self, from: u64, to: u64) -> Hash {
        match self.hashes.subtree_root(from, to) {
            Ok(root) => root,
            Err(error) => {
                self.error.get_or_insert(error);
                Hash::empty_root()
            }
        }
    }

    fn finish(self) -> Result<(), TileTreeError> {
        self.error.map_or(Ok(()), Err)
    }
}

/// A complete subtree: the leaves `number << level .. (number + 1) << level`.
#[derive(Clone, Copy)]
struct Complete {
    level: u32,
    number: u64,
}

impl Complete {
    /// Its root is computed from hashes of this tile.
    fn tile(self, size: u64) -> Tile {
        let (level, within) = (self.level / 8, self.level % 8);
        tile_at(level, self.number >> (8_u32.saturating_sub(within)), size)
    }

    /// Which hashes of the tile these are: the first, and how many.
    fn hashes(self) -> (usize, usize) {
        let within = self.level % 8;
        let first = (self.number << within) & PLACE;
        // Below 256.
        (usize::try_from(first).unwrap_or(usize::MAX), 1 << within)
    }
}

/// The complete subtrees into which RFC 6962 splits the leaves `from..to`, from left to right.
fn complete_parts(from: u64, to: u64, size: u64) -> Result<Vec<Complete>, TileTreeError> {
    let refuse = TileTreeError::Subtree { from, to, size };
    let mut rest = to.checked_sub(from).filter(|_| to <= size);
    let mut at = from;
    let mut parts = Vec::new();
    while let Some(level) = rest.ok_or(refuse.clone())?.checked_ilog2() {
        let leaves = 1_u64 << level;
        if !at.is_multiple_of(leaves) {
            return Err(refuse);
        }
        let number = at >> level;
        parts.push(Complete { level, number });
        at = at.saturating_add(leaves);
        rest = to.checked_sub(at);
    }
    Ok(parts)
}

/// The tile number `index` of a level as a tree of this size has it, at its full width there.
fn tile_at(level: u32, index: u64, size: u64) -> Tile {
    let hashes = size.checked_shr(level.saturating_mul(8)).unwrap_or(0);
    let before = index.saturating_mul(Tile::FULL_WIDTH.into());
    let width = hashes.saturating_sub(before).min(Tile::FULL_WIDTH.into());
    // Never needs the other tile: levels go up to 7 and subtrees lie in the tree.
    Tile::new(
        u8::try_from(level).unwrap_or(Tile::MAX_LEVEL),
        index,
        u16::try_from(width).unwrap_or(Tile::FULL_WIDTH).max(1),
    )
    .unwrap_or(Tile::FIRST)
}

/// The partial tiles of a tree, from the highest level down. Each size above 0 has one at least.
fn edge(size: u64) -> impl Iterator<Item = Tile> {
    (0..8_u32).rev().filter_map(move |level| {
        let hashes = size >> level.saturating_mul(8);
        let is_partial = !hashes.is_multiple_of(Tile::FULL_WIDTH.into());
        is_partial.then(|| tile_at(level, hashes >> TILE_HEIGHT, size))
    })
}

/// The tile which holds the root of a full tile, and the place of the root in it. None for a
/// partial tile and for one that the tree does not have.
fn parent(tile: Tile, size: u64) -> Option<(Tile, usize)> {
    let level = u32::from(tile.level()).checked_add(1)?;
    let hashes = size.checked_shr(level.checked_mul(8)?)?;
    if tile.width() != Tile::FULL_WIDTH || tile.index() >= hashes {
        return None;
    }
    let place = usize::try_from(tile.index() & PLACE).ok()?;
    Some((tile_at(level, tile.index() >> TILE_HEIGHT, size), place))
}

/// The first hashes of the bytes, as many as the tile has.
fn hashes_of(tile: Tile, bytes: &[u8]) -> Result<Vec<Hash>, TileTreeError> {
    let (hashes, rest) = bytes.as_chunks();
    let fits = rest.is_empty() && hashes.len() <= Tile::FULL_WIDTH.into();
    let hashes = hashes.get(..tile.width().into()).filter(|_| fits);
    let hashes = hashes.ok_or(TileTreeError::Length {
        tile,
        found: bytes.len(),
    })?;
    Ok(hashes.iter().copied().map(Hash::from_bytes).collect())
}

/// Levels of the tree in a tile: a full one has 2^8 hashes.
const TILE_HEIGHT: u32 = 8;

/// The bits of a hash's number that are its place in its tile.
const PLACE: u64 = 0xff;

/// What a [`TreeBuilder`] can hold.
const MAX_SIZE: u64 = 1 << 63;

/// Why tiles do not answer.
#[derive(Clone, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub enum TileTreeError {
    /// The tree is larger than 2^63 leaves.
    Size {
        /// Its size.
        found: u64,
    },
    /// A range of leaves that is no subtree of the tree.
    Subtree {
        /// First leaf.
        from: u64,
        /// Leaf behind the last.
        to: u64,
        /// Size of the tree.
        size: u64,
    },
    /// Another number of tiles than was asked for.
    Count {
        /// Tiles asked for.
        expected: usize,
        /// Tiles given.
        found: usize,
    },
    /// A tile that is needed was not given.
    Absent {
        /// The tile.
        tile: Tile,
    },
    /// A tile's bytes are not its hashes.
    Length {
        /// The tile.
        tile: Tile,
        /// Bytes given.
        found: usize,
    },
    /// A tile that the tree does not have.
    OtherTree {
        /// The tile.
        tile: Tile,
        /// Size of the tree.
        size: u64,
    },
    /// The tiles of the right edge belong to another tree.
    Root {
        /// Size of the tree head.
        size: u64,
        /// Root of the tree head.
        expected: Hash,
        /// Root of the tiles.
        found: Hash,
    },
    /// A full tile is not the one that the tree has.
    Tile {
        /// The tile.
        tile: Tile,
        /// The root of it, from the verified tile above.
        expected: Hash,
        /// The root that its hashes have.
        found: Hash,
    },
}

impl fmt::Display for TileTreeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            TileTreeError::Size { found } => {
                write!(
                    f,
                    "expected a tree of at most 2^63 leaves, but found {found}"
                )
            }
            TileTreeError::Subtree { from, to, size } => write!(
                f,
                "expected a subtree of the tree of {size} leaves, but found the leaves {from} to {to}"
            ),
            TileTreeError::Count { expected, found } => {
                write!(f, "expected {expected} tiles, but found {found}")
            }
            TileTreeError::Absent { tile } => write!(f, "expected {tile}, but found no such tile"),
            TileTreeError::Length { tile, found } => write!(
                f,
                "{tile}: expected {} bytes, 32 for each hash, but found {found}",
                usize::from(tile.width()).saturating_mul(Hash::LEN)
            ),
            TileTreeError::OtherTree { tile, size } => write!(
                f,
                "expected a tile of the tree of {size} leaves, but found {tile}"
            ),
            TileTreeError::Root {
                size,
                expected,
                found,
            } => write!(
                f,
                "expected the root {expected} at tree size {size}, but found that the tiles of the \
                 right edge have {found}"
            ),
            TileTreeError::Tile {
                tile,
                expected,
                found,
            } => write!(
                f,
                "{tile}: expected hashes with the root {expected}, which stands in the tile above, \
                 but found {found}"
            ),
        }
    }
}

impl core::error::Error for TileTreeError {}

/// Why a proof could not be read from tiles.
#[derive(Clone, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub enum TileReadError<E> {
    /// The tiles could not be had.
    Source(E),
    /// The tiles are not the tree's.
    Tiles(TileTreeError),
    /// There is no such proof.
    Proof(ProofError),
}

impl<E: fmt::Display> fmt::Display for TileReadError<E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            TileReadError::Source(error) => error.fmt(f),
            TileReadError::Tiles(error) => error.fmt(f),
            TileReadError::Proof(error) => error.fmt(f),
        }
    }
}

impl<E: fmt::Debug + fmt::Display> core::error::Error for TileReadError<E> {}

impl<E> From<TileTreeError> for TileReadError<E> {
    fn from(error: TileTreeError) -> Self {
        TileReadError::Tiles(error)
    }
}

impl<E> From<ProofError> for TileReadError<E> {
    fn from(error: ProofError) -> Self {
        TileReadError::Proof(error)
    }
}

/// Proofs from tiles are those of the tree itself, and no wrong tile is believed.
#[cfg(test)]
#[allow(
    clippy::unwrap_used,
    clippy::arithmetic_side_effects,
    clippy::indexing_slicing,
    clippy::cast_possible_truncation,
    reason = "tests"
)]
mod tests {
    use std::cell::RefCell;

    use super::super::proof::{verify_consistency, verify_inclusion};
    use super::*;

    /// All hashes of a log, and the tiles of one size of it.
    struct Log {
        /// `levels[k]` holds the roots of the complete subtrees of level k.
        levels: Vec<Vec<Hash>>,
        asked: RefCell<Vec<Tile>>,
        /// Whether full tiles are given in the place of partial ones.
        wide: bool,
    }

    impl Log {
        fn new(size: usize) -> Log {
            let leaf = |index: usize| Hash::leaf(&index.to_be_bytes());
            let mut levels = vec![(0..size).map(leaf).collect::<Vec<_>>()];
            while levels.last().unwrap().len() > 1 {
                let below = levels.last().unwrap().as_chunks().0;
                levels.push(below.iter().map(|&[l, r]| Hash::node(l, r)).collect());
            }
            Log {
                levels,
                asked: RefCell::default(),
                wide: false,
            }
        }

        fn root(&self, from: u64, to: u64) -> Hash {
            let mut parts = complete_parts(from, to, u64::MAX).unwrap();
            let mut root = None;
            while let Some(Complete { level, number }) = parts.pop() {
                let left = self.levels[level as usize][number as usize];
                root = Some(root.map_or(left, |right| Hash::node(left, right)));
            }
            root.unwrap_or(Hash::empty_root())
        }

        fn head(&self, size: u64) -> TreeHead {
            TreeHead {
                size,
                root: self.root(0, size),
            }
        }
    }

    impl TileSource for Log {
        type Error = Tile;

        fn read(&self, tiles: &[Tile]) -> Result<Vec<Vec<u8>>, Tile> {
            self.asked.borrow_mut().extend(tiles);
            let read = |tile: &Tile| {
                let hashes = &self.levels[usize::from(tile.level()) * 8];
                let from = tile.index() as usize * 256;
                let to = from + usize::from(if self.wide { 256 } else { tile.width() });
                let hashes = &hashes[from..to.min(hashes.len())];
                hashes.iter().flat_map(|hash| *hash.as_bytes()).collect()
            };
            Ok(tiles.iter().map(read).collect())
        }
    }

    /// Every proof of these leaves and old sizes is that of the definition and verifies; only tiles
    /// which the tree has are asked for.
    fn check(log: &Log, size: u64, places: impl Iterator<Item = u64>) {
        let head = log.head(size);
        let mut subtree = |from, to| log.root(from, to);
        for at in places {
            if at < size {
                let (leaf, proof) = read_inclusion(LeafIndex(at), head, log).unwrap();
                assert_eq!(leaf, log.levels[0][at as usize]);
                let expected = prove_inclusion(LeafIndex(at), size, &mut subtree);
                assert_eq!(Ok(&proof), expected.as_ref(), "{at} in {size}");
                verify_inclusion(leaf, LeafIndex(at), &proof, head).unwrap();
            }
            let proof = read_consistency(at, head, log).unwrap();
            let expected = prove_consistency(at, size, &mut subtree);
            assert_eq!(Ok(&proof), expected.as_ref(), "{at} to {size}");
            // From the empty tree there is nothing to verify.
            let verified = verify_consistency(log.head(at), head, &proof);
            assert_eq!(verified.is_ok(), at > 0 || size == 0, "{at} to {size}");
        }
        for tile in log.asked.take() {
            let exists = Tile::of_tree(tile.level(), size).any(|of_tree| of_tree == tile);
            assert!(exists, "{tile} of {size}");
        }
    }

    #[test]
    fn proofs_of_all_sizes_up_to_600_are_those_of_the_tree() {
        let log = Log::new(600);
        for size in 0..=600 {
            let step = if size < 40 { 1 } else { 23 };
            check(&log, size, (0..=size).step_by(step));
        }
        for size in [255, 256, 257, 511, 512, 513] {
            check(&log, size, 0..=size);
        }
    }

    #[test]
    fn proofs_of_awkward_sizes_are_those_of_the_tree() {
        let mut log = Log::new(70_000);
        for wide in [false, true] {
            log.wide = wide;
            for size in [
                255, 256, 257, 65_279, 65_280, 65_535, 65_536, 65_537, 65_792, 70_000,
            ] {
                let places = (0..=size).step_by(4_999);
                let edges = [1, 255, 256, 257, 65_535, 65_536, 65_537, size - 1, size];
                check(
                    &log,
                    size,
                    places.chain(edges.into_iter().filter(|&e| e <= size)),
                );
            }
        }
    }

    #[test]
    fn a_proof_in_the_example_of_70000_leaves_needs_these_tiles() {
        let tiles = |subtrees: &[(u64, u64)]| -> Vec<String> {
            let tiles = tiles_of_subtrees(70_000, subtrees).unwrap();
            tiles.iter().map(Tile::to_string).collect()
        };
        let edge = ["tile/0/273.p/112", "tile/1/001.p/17", "tile/2/000.p/1"];
        assert_eq!(tiles(&[]), edge);
        assert_eq!(
            tiles(&[(0, 1), (1, 2)]),
            [
                "tile/0/000",
                "tile/0/273.p/112",
                "tile/1/000",
                "tile/1/001.p/17",
                "tile/2/000.p/1"
            ]
        );
        for bad in [(1, 3), (69_999, 70_001), (5, 4)] {
            assert!(matches!(
                tiles_of_subtrees(70_000, &[bad]),
                Err(TileTreeError::Subtree { .. })
            ));
        }
    }

    #[test]
    fn every_flipped_bit_of_every_tile_is_refused_by_name() {
        let log = Log::new(70_000);
        let head = log.head(70_000);
        let tiles = tiles_of_subtrees(head.size, &[(300, 301)]).unwrap();
        let bytes = log.read(&tiles).unwrap();
        assert!(TileHashes::verify(head, &tiles, &bytes).is_ok());
        for (at, tile) in tiles.iter().enumerate() {
            for byte in (0..bytes[at].len()).step_by(61) {
                let mut flipped = bytes.clone();
                flipped[at][byte] ^= 1 << (byte % 8);
                match TileHashes::verify(head, &tiles, &flipped).unwrap_err() {
                    TileTreeError::Tile { tile: named, .. } => {
                        // A change in a full tile may also show in the tile below it.
                        assert_eq!(tile.width(), 256);
                        assert!(named == *tile || named.level() < tile.level());
                    }
                    TileTreeError::Root { .. } => assert!(tile.width() < 256),
                    other => panic!("{other}"),
                }
            }
            let mut short = bytes.clone();
            short[at].pop();
            assert!(matches!(
                TileHashes::verify(head, &tiles, &short),
                Err(TileTreeError::Length { .. })
            ));
            let (mut fewer, mut of_them) = (tiles.clone(), bytes.clone());
            fewer.remove(at);
            of_them.remove(at);
            let without = TileHashes::verify(head, &fewer, &of_them);
            let answer = without.and_then(|hashes| hashes.subtree_root(300, 301));
            assert!(
                matches!(answer, Err(TileTreeError::Absent { .. })),
                "{tile}"
            );
        }
        assert!(matches!(
            TileHashes::verify(head, &tiles, &bytes[1..]),
            Err(TileTreeError::Count { .. })
        ));
        let other = log.head(69_999);
        assert!(TileHashes::verify(other, &tiles, &bytes).is_err());
    }

    #[test]
    fn tiles_of_another_tree_are_not_passed_over() {
        let log = Log::new(600);
        let head = log.head(300);
        let mut tiles = tiles_of_subtrees(300, &[]).unwrap();
        tiles.push(Tile::new(0, 1, 256).unwrap());
        let bytes = log.read(&tiles).unwrap();
        assert!(matches!(
            TileHashes::verify(head, &tiles, &bytes),
            Err(TileTreeError::OtherTree { .. })
        ));
    }

    #[test]
    fn sizes_of_strangers_do_no_harm() {
        for size in [1 << 63, (1 << 63) - 1, 1 << 56, (1 << 40) + 1] {
            let tiles = tiles_of_subtrees(size, &[(size - 1, size), (0, 1)]).unwrap();
            assert!(tiles.len() <= 24, "{size}");
        }
        for size in [u64::MAX, (1 << 63) + 1] {
            assert_eq!(
                tiles_of_subtrees(size, &[]),
                Err(TileTreeError::Size { found: size })
            );
            let head = TreeHead {
                size,
                root: Hash::empty_root(),
            };
            assert!(TileHashes::verify(head, &[], &[]).is_err());
        }
        let empty = TileHashes::verify(TreeHead::EMPTY, &[], &[]).unwrap();
        assert_eq!(empty.subtree_root(0, 0), Ok(Hash::empty_root()));
    }
}
