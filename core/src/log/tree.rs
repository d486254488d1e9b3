//! RFC 6962 trees: their root from a stream of leaves, and a tree that answers for its subtrees.

use core::fmt;

use super::hash::Hash;

/// A tree's size and root, which mean something only together.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct TreeHead {
    /// Number of leaves.
    pub size: u64,
    /// RFC 6962 root over these leaves.
    pub root: Hash,
}

impl TreeHead {
    /// The head of the tree without leaves.
    pub const EMPTY: TreeHead = TreeHead {
        size: 0,
        root: Hash::empty_root(),
    };

    /// Whether there can be such a tree: the one without leaves has one root only.
    ///
    /// Source: C2SP tlog-witness v1.0.0, "add-checkpoint".
    #[must_use]
    pub fn is_possible(self) -> bool {
        self.size > 0 || self == TreeHead::EMPTY
    }

    /// Whether no log can have had both: they have one size and two roots.
    #[must_use]
    pub fn contradicts(self, other: TreeHead) -> bool {
        self.size == other.size && self.root != other.root
    }
}

/// The lowest level whose hashes a [`HashTree`] keeps; its subtrees have [`BASE_LEAVES`] leaves.
pub const BASE_LEVEL: u8 = 8;

/// Leaves below one hash of level [`BASE_LEVEL`].
pub const BASE_LEAVES: usize = 256;

/// The root of a tree with these leaf hashes.
///
/// Source: RFC 6962 §2.1.
#[must_use]
pub fn root_of(leaves: &[Hash]) -> Hash {
    let mut builder = TreeBuilder::new();
    for &leaf in leaves {
        builder.push(leaf);
    }
    builder.root()
}

/// Computes a root from leaf hashes as they come, in memory for at most 64 hashes.
///
/// ```
/// use ledgerline::log::{Hash, TreeBuilder};
///
/// let [a, b, c] = [b"a", b"b", b"c"].map(|data| Hash::leaf(data));
/// let mut builder = TreeBuilder::new();
/// builder.push(a);
/// builder.push(b);
/// builder.push(c);
/// assert_eq!(builder.root(), Hash::node(Hash::node(a, b), c));
///
/// // After three leaves no subtree of two leaves can begin.
/// assert!(builder.push_subtree(1, a).is_err());
/// ```
#[derive(Clone, Debug, Default)]
pub struct TreeBuilder {
    size: u64,
    /// Roots of the complete subtrees that make up the tree, from left to right: one for each bit
    /// of `size`, from the highest to the lowest.
    peaks: Vec<Hash>,
}

impl TreeBuilder {
    /// A tree without leaves.
    #[must_use]
    pub fn new() -> TreeBuilder {
        TreeBuilder::default()
    }

    /// Appends the hash of a leaf.
    #[expect(
        clippy::arithmetic_side_effects,
        reason = "size stays at most 2^63 by subtrees, and nobody appends 2^63 single leaves"
    )]
    pub fn push(&mut self, leaf: Hash) {
        self.merge(self.size.trailing_ones(), leaf);
        self.size += 1;
    }

    /// Appends a complete subtree of 2^`level` leaves.
    ///
    /// # Errors
    ///
    /// [`TreeError::NotAligned`] unless the size is a multiple of 2^`level`;
    /// [`TreeError::TooLarge`] above 2^63 leaves.
    pub fn push_subtree(&mut self, level: u8, root: Hash) -> Result<(), TreeError> {
        let size = self.size;
        let leaves = 1u64
            .checked_shl(level.into())
            .ok_or(TreeError::TooLarge { size, level })?;
        if size.checked_rem(leaves) != Some(0) {
            return Err(TreeError::NotAligned { size, level });
        }
        self.size = size
            .checked_add(leaves)
            .filter(|&size| size <= MAX_SIZE)
            .ok_or(TreeError::TooLarge { size, level })?;
        self.merge((size >> level).trailing_ones(), root);
        Ok(())
    }

    /// Number of leaves so far.
    #[must_use]
    pub fn size(&self) -> u64 {
        self.size
    }

    /// The root over all leaves so far; at most 63 hashes.
    #[must_use]
    pub fn root(&self) -> Hash {
        let peaks = self.peaks.iter().rev().copied();
        peaks
            .reduce(|right, left| Hash::node(left, right))
            .unwrap_or(Hash::empty_root())
    }

    /// Size and root so far.
    #[must_use]
    pub fn head(&self) -> TreeHead {
        TreeHead {
            size: self.size,
            root: self.root(),
        }
    }

    /// Closes the last `completed` peaks with the subtree of `root`, which ends them.
    fn merge(&mut self, completed: u32, mut root: Hash) {
        for _ in 0..completed {
            if let Some(left) = self.peaks.pop() {
                root = Hash::node(left, root);
            }
        }
        self.peaks.push(root);
    }
}

/// A tree that keeps its hashes of level [`BASE_LEVEL`] and above, and the last, fewer than
/// [`BASE_LEAVES`] leaf hashes: a quarter of a byte for each leaf.
///
/// It gives the root of any subtree; for what lies below the base level it asks for leaf hashes.
///
/// ```
/// use ledgerline::log::{Hash, HashTreeBuilder};
///
/// let leaf = |index: u64| Hash::leaf(&index.to_be_bytes());
/// let mut builder = HashTreeBuilder::new();
/// (0..1000).for_each(|index| builder.push(leaf(index)));
/// let tree = builder.finish();
///
/// let left = tree.subtree_root(0, 512, &mut |index| leaf(index));
/// let right = tree.subtree_root(512, 1000, &mut |index| leaf(index));
/// assert_eq!(Hash::node(left, right), tree.root());
/// ```
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct HashTree {
    size: u64,
    /// `levels[k]` holds the hashes of the complete subtrees of level `BASE_LEVEL + k`, from left
    /// to right. No level is empty.
    levels: Vec<Vec<Hash>>,
    /// Hashes of the leaves after the last complete subtree of the base level.
    tail: Vec<Hash>,
}

impl HashTree {
    /// A tree from all its hashes of level [`BASE_LEVEL`] and the leaf hashes after them.
    ///
    /// # Errors
    ///
    /// [`TreeError::LongTail`] if the leaf hashes would make another hash of the base level.
    pub fn from_parts(base: Vec<Hash>, tail: Vec<Hash>) -> Result<HashTree, TreeError> {
        if tail.len() >= BASE_LEAVES {
            return Err(TreeError::LongTail { found: tail.len() });
        }
        let mut tree = HashTree::default();
        for root in base {
            tree.push_base(root);
        }
        for leaf in tail {
            tree.push(leaf);
        }
        Ok(tree)
    }

    /// Number of leaves.
    #[must_use]
    pub fn size(&self) -> u64 {
        self.size
    }

    /// The root over all leaves.
    #[must_use]
    pub fn root(&self) -> Hash {
        // Asks for no leaf: those after the last base hash are kept.
        self.subtree_root(0, self.size, &mut |_| Hash::empty_root())
    }

    /// Size and root.
    #[must_use]
    pub fn head(&self) -> TreeHead {
        TreeHead {
            size: self.size,
            root: self.root(),
        }
    }

    /// The root over the leaves `lo..hi`, as if they were a tree of their own.
    ///
    /// For the subtrees into which RFC 6962 splits this tree, `leaf` is asked only for leaves below
    /// one hash of the base level, in ascending order, at most 255 of them. Other ranges ask for
    /// every leaf that no aligned, complete subtree covers. `hi` above the size means the size.
    #[must_use]
    pub fn subtree_root(&self, lo: u64, hi: u64, leaf: &mut impl FnMut(u64) -> Hash) -> Hash {
        let mut rest = hi.min(self.size).saturating_sub(lo);
        let mut at = lo;
        let mut peaks = TreeBuilder::new();
        // The split at the largest power of two takes the bits of the size from high to low.
        while let Some(level) = rest.checked_ilog2() {
            let leaves = 1u64 << level;
            let kept = self
                .complete(level, at)
                .and_then(|root| peaks.push_subtree(u8::try_from(level).ok()?, root).ok());
            if kept.is_none() {
                for index in at..at.saturating_add(leaves) {
                    peaks.push(self.tail_leaf(index).unwrap_or_else(|| leaf(index)));
                }
            }
            at = at.saturating_add(leaves);
            rest = rest.saturating_sub(leaves);
        }
        peaks.root()
    }

    /// All hashes that tiles of this level hold, from left to right, 256 to a tile.
    ///
    /// Tile level L has the hashes of tree level 8·L. Level 0, the leaf hashes, is not kept: empty.
    ///
    /// Source: C2SP tlog-tiles, "Merkle Tree".
    #[must_use]
    pub fn tile_hashes(&self, tile_level: u8) -> &[Hash] {
        tile_level
            .checked_mul(8)
            .and_then(|level| level.checked_sub(BASE_LEVEL))
            .and_then(|level| self.levels.get(usize::from(level)))
            .map_or(&[], Vec::as_slice)
    }

    /// Hashes of the leaves after the last complete subtree of the base level.
    #[must_use]
    pub fn tail(&self) -> &[Hash] {
        &self.tail
    }

    fn push(&mut self, leaf: Hash) {
        self.tail.push(leaf);
        self.size = self.size.saturating_add(1);
        if self.tail.len() == BASE_LEAVES {
            let root = root_of(&self.tail);
            self.tail.clear();
            self.size = self.size.saturating_sub(BASE_LEAVES as u64);
            self.push_base(root);
        }
    }

    /// Appends a hash of the base level; the tail must be empty.
    fn push_base(&mut self, mut root: Hash) {
        self.size = self.size.saturating_add(BASE_LEAVES as u64);
        for level in 0.. {
            if self.levels.len() == level {
                self.levels.push(Vec::new());
            }
            let Some(hashes) = self.levels.get_mut(level) else {
                return;
            };
            hashes.push(root);
            // An even number of hashes here means one more above.
            let (pairs, []) = hashes.as_chunks() else {
                return;
            };
            let Some(&[left, right]) = pairs.last() else {
                return;
            };
            root = Hash::node(left, right);
        }
    }

    /// The kept hash of the complete subtree of this level that begins at leaf `at`.
    fn complete(&self, level: u32, at: u64) -> Option<Hash> {
        let above = level.checked_sub(BASE_LEVEL.into())?;
        let hashes = self.levels.get(usize::try_from(above).ok()?)?;
        let number = at.checked_shr(level)?;
        if number.checked_shl(level)? != at {
            return None;
        }
        hashes.get(usize::try_from(number).ok()?).copied()
    }

    fn tail_leaf(&self, index: u64) -> Option<Hash> {
        let from = self.size.checked_sub(self.tail.len() as u64)?;
        let offset = usize::try_from(index.checked_sub(from)?).ok()?;
        self.tail.get(offset).copied()
    }
}

/// Builds a [`HashTree`] from leaf hashes as they come, or goes on with one.
#[derive(Clone, Debug, Default)]
pub struct HashTreeBuilder(HashTree);

impl HashTreeBuilder {
    /// A tree without leaves.
    #[must_use]
    pub fn new() -> HashTreeBuilder {
        HashTreeBuilder::default()
    }

    /// Appends the hash of a leaf.
    pub fn push(&mut self, leaf: Hash) {
        self.0.push(leaf);
    }

    /// Number of leaves so far.
    #[must_use]
    pub fn size(&self) -> u64 {
        self.0.size
    }

    /// The tree over all leaves so far.
    #[must_use]
    pub fn finish(self) -> HashTree {
        self.0
    }
}

impl From<HashTree> for HashTreeBuilder {
    fn from(tree: HashTree) -> HashTreeBuilder {
        HashTreeBuilder(tree)
    }
}

/// Why a tree cannot be built in this way.
#[derive(Clone, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub enum TreeError {
    /// A complete subtree cannot begin here.
    NotAligned {
        /// Leaves before the subtree.
        size: u64,
        /// Level of the subtree.
        level: u8,
    },
    /// The tree would have more than 2^63 leaves.
    TooLarge {
        /// Leaves before the subtree.
        size: u64,
        /// Level of the subtree.
        level: u8,
    },
    /// Too many leaf hashes after the last hash of the base level.
    LongTail {
        /// Leaf hashes given.
        found: usize,
    },
}

impl fmt::Display for TreeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            TreeError::NotAligned { size, level } => write!(
                f,
                "expected a size that is a multiple of 2^{level} before a subtree of level \
                 {level}, but found {size} leaves"
            ),
            TreeError::TooLarge { size, level } => write!(
                f,
                "expected at most 2^63 leaves, but found a subtree of level {level} after {size} \
                 leaves"
            ),
            TreeError::LongTail { found } => write!(
                f,
                "expected fewer than {BASE_LEAVES} leaf hashes after the last base hash, but \
                 found {found}"
            ),
        }
    }
}

impl core::error::Error for TreeError {}

/// Where RFC 6962 splits the subtree over the leaves `lo..hi`: `lo` plus the largest power of two
/// smaller than their number. `None` if they are fewer than two.
pub(super) fn split(lo: u64, hi: u64) -> Option<u64> {
    let rank = hi.checked_sub(lo)?.checked_sub(1)?.checked_ilog2()?;
    lo.checked_add(1u64.checked_shl(rank)?)
}

const MAX_SIZE: u64 = 1 << 63;

/// Builders and kept hashes give what the definition, written down as in RFC 6962 §2.1, gives.
#[cfg(test)]
#[allow(
    clippy::unwrap_used,
    clippy::arithmetic_side_effects,
    clippy::indexing_slicing,
    clippy::cast_possible_truncation,
    reason = "tests"
)]
pub(super) mod tests {
    use super::*;

    /// MTH of RFC 6962 §2.1, over leaf hashes.
    pub(crate) fn defined_root(leaves: &[Hash]) -> Hash {
        match leaves {
            [] => Hash::empty_root(),
            [leaf] => *leaf,
            _ => {
                let half = leaves.len().next_power_of_two() / 2;
                let (left, right) = leaves.split_at(half);
                Hash::node(defined_root(left), defined_root(right))
            }
        }
    }

    pub(crate) fn leaves(size: u64) -> Vec<Hash> {
        (0..size)
            .map(|index| Hash::leaf(&index.to_be_bytes()))
            .collect()
    }

    #[test]
    fn split_is_the_largest_power_of_two_below() {
        assert_eq!(split(0, 0), None);
        assert_eq!(split(7, 8), None);
        assert_eq!(split(9, 8), None);
        assert_eq!(split(0, 2), Some(1));
        assert_eq!(split(0, 8), Some(4));
        assert_eq!(split(8, 13), Some(12));
        assert_eq!(split(0, u64::MAX), Some(1 << 63));
        assert_eq!(split(1 << 63, u64::MAX), Some((1 << 63) + (1 << 62)));
    }

    #[test]
    fn builder_gives_the_defined_root_at_every_size() {
        let all = leaves(130);
        let mut builder = TreeBuilder::new();
        for size in 0..all.len() {
            assert_eq!(builder.size(), size as u64);
            assert_eq!(builder.root(), defined_root(&all[..size]), "size {size}");
            assert_eq!(root_of(&all[..size]), builder.root());
            builder.push(all[size]);
        }
    }

    #[test]
    fn subtrees_are_taken_where_aligned_and_nowhere_else() {
        let all = leaves(80);
        for size in 0..64usize {
            for level in 0..=4u8 {
                let mut builder = TreeBuilder::new();
                all[..size].iter().for_each(|&leaf| builder.push(leaf));
                let end = size + (1 << level);
                let pushed = builder.push_subtree(level, defined_root(&all[size..end]));
                assert_eq!(pushed.is_ok(), size % (1 << level) == 0);
                let end = if pushed.is_ok() { end } else { size };
                assert_eq!(builder.root(), defined_root(&all[..end]));
            }
        }
        let mut builder = TreeBuilder::new();
        assert!(builder.push_subtree(64, all[0]).is_err());
        assert!(builder.push_subtree(63, all[0]).is_ok());
        assert!(builder.push_subtree(63, all[0]).is_err());
        assert!(builder.push_subtree(0, all[0]).is_err());
    }

    #[test]
    fn hash_tree_gives_every_rfc6962_subtree_and_asks_for_few_leaves() {
        for size in [
            0, 1, 2, 255, 256, 257, 511, 512, 600, 768, 1023, 1024, 1025, 1500,
        ] {
            let all = leaves(size);
            let mut builder = HashTreeBuilder::new();
            all.iter().for_each(|&leaf| builder.push(leaf));
            let tree = builder.finish();
            assert_eq!(
                tree.head(),
                TreeHead {
                    size,
                    root: defined_root(&all)
                }
            );
            let mut todo = vec![(0, size)];
            while let Some((lo, hi)) = todo.pop() {
                let mut asked = 0;
                let root = tree.subtree_root(lo, hi, &mut |index| {
                    asked += 1;
                    all[index as usize]
                });
                assert_eq!(root, defined_root(&all[lo as usize..hi as usize]));
                assert!(asked < BASE_LEAVES, "{asked} for {lo}..{hi} of {size}");
                if let Some(mid) = split(lo, hi) {
                    todo.extend([(lo, mid), (mid, hi)]);
                }
            }
        }
    }

    #[test]
    fn hash_tree_is_right_for_other_ranges_too() {
        let all = leaves(600);
        let tree = build(&all);
        for lo in (0..=600).step_by(37) {
            for hi in (lo..=700).step_by(41) {
                let root = tree.subtree_root(lo, hi, &mut |index| all[index as usize]);
                let end = hi.min(600).max(lo);
                assert_eq!(root, defined_root(&all[lo as usize..end as usize]));
            }
        }
        let nothing = tree.subtree_root(u64::MAX, u64::MAX, &mut |_| all[0]);
        assert_eq!(nothing, Hash::empty_root());
        let all_of_it = tree.subtree_root(0, u64::MAX, &mut |_| all[0]);
        assert_eq!(all_of_it, tree.root());
    }

    #[test]
    fn hash_tree_from_parts_is_the_streamed_one_and_grows_like_it() {
        let all = leaves(1400);
        let (chunks, tail) = all[..1300].as_chunks::<BASE_LEAVES>();
        let base = chunks.iter().map(|chunk| root_of(chunk)).collect();
        let tree = HashTree::from_parts(base, tail.to_vec()).unwrap();
        assert_eq!(tree, build(&all[..1300]));
        let mut builder = HashTreeBuilder::from(tree);
        all[1300..].iter().for_each(|&leaf| builder.push(leaf));
        assert_eq!(builder.finish(), build(&all));
        assert_eq!(
            HashTree::from_parts(Vec::new(), leaves(256)),
            Err(TreeError::LongTail { found: 256 })
        );
    }

    #[test]
    fn tile_hashes_are_levels_8_16_and_so_on() {
        let all = leaves(65_536 + 300);
        let tree = build(&all);
        assert_eq!(tree.tile_hashes(0), []);
        assert_eq!(tree.tile_hashes(1).len(), 257);
        assert_eq!(tree.tile_hashes(1)[256], root_of(&all[65_536..65_792]));
        assert_eq!(tree.tile_hashes(2), [root_of(&all[..65_536])]);
        assert_eq!(tree.tile_hashes(3), []);
        assert_eq!(tree.tile_hashes(u8::MAX), []);
        assert_eq!(tree.tail(), &all[65_792..]);
    }

    fn build(all: &[Hash]) -> HashTree {
        let mut builder = HashTreeBuilder::new();
        all.iter().for_each(|&leaf| builder.push(leaf));
        builder.finish()
    }
}
