//! Subtrees: proofs about a stretch of a log that is a tree of its own.
//!
//! Source: draft-ietf-plants-merkle-tree-certs-03 §4, named by C2SP tlog-witness and
//! tlog-cosignature.

use core::fmt;

use super::hash::Hash;
use super::proof::{
    LeafIndex, ProofError, check_length, check_root, consistency_path, consistency_roots,
    prove_inclusion, verify_inclusion,
};
use super::tree::TreeHead;

/// The leaves `start..end` of a log, where `start` is a multiple of the smallest power of two that is
/// not below their number.
///
/// They are the left part, or all, of the leaves below some node of every tree that has them, so
/// that their root and a tree's can be computed from one short proof.
///
/// ```
/// use ledgerline::log::{Subtree, SubtreeError};
///
/// let subtree = Subtree::new(8, 13)?;
/// assert_eq!((subtree.start(), subtree.end(), subtree.size()), (8, 13, 5));
/// let crooked = SubtreeError::NotAligned { start: 4, end: 9, multiple: Some(8) };
/// assert_eq!(Subtree::new(4, 9), Err(crooked));
/// # Ok::<(), SubtreeError>(())
/// ```
///
/// Source: draft-ietf-plants-merkle-tree-certs-03 §4.1.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Subtree {
    start: u64,
    end: u64,
}

impl Subtree {
    /// The leaves `start..end`. Any `0..end` is a subtree, and so is any that is empty.
    ///
    /// # Errors
    ///
    /// [`SubtreeError::Reversed`], [`SubtreeError::NotAligned`].
    pub fn new(start: u64, end: u64) -> Result<Subtree, SubtreeError> {
        let Some(size) = end.checked_sub(start) else {
            return Err(SubtreeError::Reversed { start, end });
        };
        // Above 2^63 leaves the power is 2^64, of which only 0 is a multiple.
        let multiple = size.checked_next_power_of_two();
        let aligned = start == 0 || multiple.is_some_and(|power| start.is_multiple_of(power));
        if !aligned {
            return Err(SubtreeError::NotAligned {
                start,
                end,
                multiple,
            });
        }
        Ok(Subtree { start, end })
    }

    /// Two subtrees, the second beginning where the first ends, that hold the leaves `start..end`
    /// and none behind them; the first may hold leaves before them, fewer than half of its own.
    ///
    /// Of one leaf or none the second is empty. An interval that is a subtree is split too.
    ///
    /// # Errors
    ///
    /// [`SubtreeError::Reversed`].
    ///
    /// Source: draft-ietf-plants-merkle-tree-certs-03 §4.5.
    pub fn covering(start: u64, end: u64) -> Result<(Subtree, Subtree), SubtreeError> {
        let Some(size) = end.checked_sub(start) else {
            return Err(SubtreeError::Reversed { start, end });
        };
        let last = end.saturating_sub(1);
        // Where the ways up from the first and the last leaf meet; not reached by one leaf or none.
        let Some(top) = (start ^ last).checked_ilog2().filter(|_| size > 1) else {
            return Ok((Subtree { start, end }, Subtree { start: end, end }));
        };
        let below = low_bits(top);
        let mid = last & !below;
        // From the first leaf up while it is the first of its subtree's right half, or before.
        let left = (!start & below).checked_ilog2();
        let left = left.map_or(0, |level| low_bits(level.saturating_add(1)));
        let start = start & !left;
        Ok((Subtree { start, end: mid }, Subtree { start: mid, end }))
    }

    /// Index of the first leaf.
    #[must_use]
    pub fn start(self) -> u64 {
        self.start
    }

    /// Index behind the last leaf.
    #[must_use]
    pub fn end(self) -> u64 {
        self.end
    }

    /// Number of leaves.
    #[must_use]
    pub fn size(self) -> u64 {
        self.end.saturating_sub(self.start)
    }

    /// Whether there is no leaf.
    #[must_use]
    pub fn is_empty(self) -> bool {
        self.start == self.end
    }
}

impl fmt::Display for Subtree {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "[{}, {})", self.start, self.end)
    }
}

/// The sibling hashes from leaf number `index` of the log upwards to the root of `within`.
///
/// `subtree(lo, hi)` is the root over the leaves `lo..hi`; it is asked once for each hash.
///
/// # Errors
///
/// [`SubtreeError::IndexOutside`].
///
/// Source: draft-ietf-plants-merkle-tree-certs-03 §4.3.
pub fn prove_subtree_inclusion(
    index: LeafIndex,
    within: Subtree,
    subtree: &mut impl FnMut(u64, u64) -> Hash,
) -> Result<Vec<Hash>, SubtreeError> {
    let place = place_within(index, within)?;
    // Never saturates: `lo` and `hi` are at most the size of the subtree.
    let mut shifted = |lo: u64, hi: u64| {
        let shift = |at: u64| at.saturating_add(within.start);
        subtree(shift(lo), shift(hi))
    };
    Ok(prove_inclusion(place, within.size(), &mut shifted)?)
}

/// Checks that `leaf` is the hash of leaf number `index` of the log, where `root` is the root of
/// `within`.
///
/// ```
/// use ledgerline::log::{Hash, LeafIndex, Subtree, verify_subtree_inclusion};
///
/// let [e, f] = [b"e", b"f"].map(|data| Hash::leaf(data));
/// let (within, root) = (Subtree::new(4, 6)?, Hash::node(e, f));
/// assert!(verify_subtree_inclusion(f, LeafIndex(5), &[e], within, root).is_ok());
/// assert!(verify_subtree_inclusion(f, LeafIndex(4), &[e], within, root).is_err());
/// # Ok::<(), ledgerline::log::SubtreeError>(())
/// ```
///
/// # Errors
///
/// [`SubtreeError::IndexOutside`] and a wrong length before anything is hashed;
/// [`SubtreeError::RootMismatch`] if the path leads to another root.
///
/// # Does not prove
///
/// That the subtree is part of any log (see [`verify_subtree_consistency`]), nor that anyone signed
/// its root.
///
/// Source: draft-ietf-plants-merkle-tree-certs-03 §4.3.3.
pub fn verify_subtree_inclusion(
    leaf: Hash,
    index: LeafIndex,
    path: &[Hash],
    within: Subtree,
    root: Hash,
) -> Result<(), SubtreeError> {
    let place = place_within(index, within)?;
    let size = within.size();
    match verify_inclusion(leaf, place, path, TreeHead { size, root }) {
        Err(ProofError::RootMismatch { found, .. }) => Err(SubtreeError::RootMismatch {
            subtree: within,
            expected: root,
            found,
        }),
        verified => Ok(verified?),
    }
}

/// The hashes that show that the tree of `size` leaves has exactly the leaves of `part` in its place.
///
/// `subtree(lo, hi)` is the root over the leaves `lo..hi`; it is asked once for each hash. Empty
/// where there is nothing to show: the part is empty or all of the tree. For `0..end` it is the
/// consistency proof of RFC 6962, for a single leaf its inclusion proof.
///
/// # Errors
///
/// [`SubtreeError::OutOfTree`].
///
/// Source: draft-ietf-plants-merkle-tree-certs-03 §4.4.1.
pub fn prove_subtree_consistency(
    part: Subtree,
    size: u64,
    subtree: &mut impl FnMut(u64, u64) -> Hash,
) -> Result<Vec<Hash>, SubtreeError> {
    check_within(part, size)?;
    if part.is_empty() {
        return Ok(Vec::new());
    }
    Ok(consistency_path(part.start, part.end, size, subtree))
}

/// Checks that the log of this head has exactly the leaves of `part`, whose root is `root`, in their
/// place.
///
/// Hashes at most twice per proof hash, so at most 130 times. An empty part agrees with every tree
/// that reaches its place.
///
/// # Errors
///
/// [`SubtreeError::OutOfTree`] and a wrong length before anything is hashed;
/// [`SubtreeError::RootMismatch`] if the proof leads to another root of the part, and
/// [`ProofError::RootMismatch`] if it leads to another root of the tree.
///
/// # Does not prove
///
/// That anyone signed the head; of an empty part, nothing at all about the head.
///
/// Source: draft-ietf-plants-merkle-tree-certs-03 §4.4.3, with the length of the proof computed
/// first.
pub fn verify_subtree_consistency(
    part: Subtree,
    root: Hash,
    proof: &[Hash],
    head: TreeHead,
) -> Result<(), SubtreeError> {
    check_within(part, head.size)?;
    if part.is_empty() {
        check_length(0, 0, proof)?;
        return check_part(part, root, Hash::empty_root());
    }
    let size = part.size();
    let (part_root, tree_root) =
        consistency_roots(part.start, TreeHead { size, root }, head.size, proof)?;
    check_part(part, root, part_root)?;
    Ok(check_root(head, tree_root)?)
}

/// Why leaves are no subtree, or a proof does not show what it should of one.
#[derive(Clone, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub enum SubtreeError {
    /// It ends before it starts.
    Reversed {
        /// Index of the first leaf.
        start: u64,
        /// Index behind the last leaf.
        end: u64,
    },
    /// It starts where no subtree of its size may.
    NotAligned {
        /// Index of the first leaf.
        start: u64,
        /// Index behind the last leaf.
        end: u64,
        /// What the start would have to be a multiple of; none below 2^64 if only 0 will do.
        multiple: Option<u64>,
    },
    /// The subtree has no such leaf.
    IndexOutside {
        /// Leaf index asked for.
        index: u64,
        /// The subtree.
        subtree: Subtree,
    },
    /// The tree ends before the subtree does.
    OutOfTree {
        /// The subtree.
        subtree: Subtree,
        /// Leaves of the tree.
        size: u64,
    },
    /// The proof leads to another root of the subtree.
    RootMismatch {
        /// The subtree.
        subtree: Subtree,
        /// Root given.
        expected: Hash,
        /// Root computed.
        found: Hash,
    },
    /// The proof has a wrong length, or leads to another root of the whole tree.
    Proof(ProofError),
}

impl fmt::Display for SubtreeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            SubtreeError::Reversed { start, end } => write!(
                f,
                "expected a subtree that ends at {start} or later, but found one that ends at {end}"
            ),
            SubtreeError::NotAligned {
                start,
                end,
                multiple: Some(multiple),
            } => write!(
                f,
                "expected the subtree up to {end} to start at a multiple of {multiple}, but found \
                 that it starts at {start}"
            ),
            SubtreeError::NotAligned {
                start,
                end,
                multiple: None,
            } => write!(
                f,
                "expected a subtree of more than 2^63 leaves, up to {end}, to start at 0, but found \
                 that it starts at {start}"
            ),
            SubtreeError::IndexOutside { index, subtree } => write!(
                f,
                "expected a leaf index within the subtree {subtree}, but found {index}"
            ),
            SubtreeError::OutOfTree { subtree, size } => write!(
                f,
                "expected a subtree within the tree size {size}, but found {subtree}"
            ),
            SubtreeError::RootMismatch {
                subtree,
                expected,
                found,
            } => write!(
                f,
                "expected the root {expected} of the subtree {subtree}, but found that the proof \
                 leads to {found}"
            ),
            SubtreeError::Proof(error) => error.fmt(f),
        }
    }
}

impl core::error::Error for SubtreeError {}

impl From<ProofError> for SubtreeError {
    fn from(error: ProofError) -> SubtreeError {
        SubtreeError::Proof(error)
    }
}

/// The leaf's number from the start of the subtree.
fn place_within(index: LeafIndex, subtree: Subtree) -> Result<LeafIndex, SubtreeError> {
    let LeafIndex(index) = index;
    let place = index.checked_sub(subtree.start);
    place
        .filter(|&place| place < subtree.size())
        .map(LeafIndex)
        .ok_or(SubtreeError::IndexOutside { index, subtree })
}

fn check_within(subtree: Subtree, size: u64) -> Result<(), SubtreeError> {
    if subtree.end > size {
        return Err(SubtreeError::OutOfTree { subtree, size });
    }
    Ok(())
}

fn check_part(subtree: Subtree, expected: Hash, found: Hash) -> Result<(), SubtreeError> {
    if found != expected {
        return Err(SubtreeError::RootMismatch {
            subtree,
            expected,
            found,
        });
    }
    Ok(())
}

/// A number whose lowest `count` bits are set.
fn low_bits(count: u32) -> u64 {
    !u64::MAX.checked_shl(count).unwrap_or(0)
}

/// Every proof of every subtree of every small tree holds, and none holds after any change.
#[cfg(test)]
#[allow(
    clippy::unwrap_used,
    clippy::arithmetic_side_effects,
    clippy::indexing_slicing,
    clippy::cast_possible_truncation,
    reason = "tests"
)]
mod tests {
    use super::super::proof::{prove_consistency, tests::changes};
    use super::super::tree::root_of;
    use super::super::tree::tests::leaves;
    use super::*;

    const SIZE: u64 = 33;

    #[test]
    fn subtrees_are_aligned() {
        for (start, end) in [(0, 0), (0, 5), (5, 5), (4, 8), (8, 13), (7, 8)] {
            assert!(Subtree::new(start, end).is_ok(), "[{start}, {end})");
        }
        for (start, end) in [(1, 3), (4, 9), (2, 6), (1, 15)] {
            assert!(Subtree::new(start, end).is_err(), "[{start}, {end})");
        }
        assert_eq!(
            Subtree::new(2, 1),
            Err(SubtreeError::Reversed { start: 2, end: 1 })
        );
        // Sizes of strangers do no harm.
        let half = 1 << 63;
        assert!(Subtree::new(0, u64::MAX).is_ok());
        assert!(Subtree::new(half, u64::MAX).is_ok());
        assert_eq!(
            Subtree::new(1, half + 2),
            Err(SubtreeError::NotAligned {
                start: 1,
                end: half + 2,
                multiple: None
            })
        );
    }

    #[test]
    fn two_subtrees_cover_every_interval() {
        for end in 0..=SIZE {
            for start in 0..=end {
                let (left, right) = Subtree::covering(start, end).unwrap();
                for part in [left, right] {
                    assert_eq!(Subtree::new(part.start, part.end), Ok(part));
                }
                assert_eq!((left.end, right.end), (right.start, end));
                assert!(left.start <= start);
                let before = start - left.start;
                assert!(before == 0 || before * 2 < left.size(), "[{start}, {end})");
            }
        }
        assert!(Subtree::covering(2, 1).is_err());
        let (left, right) = Subtree::covering(1, u64::MAX).unwrap();
        assert_eq!((left.start, left.end), (0, 1 << 63));
        assert_eq!((right.start, right.end), (1 << 63, u64::MAX));
    }

    #[test]
    fn every_inclusion_holds_only_as_it_is() {
        let all = leaves(SIZE);
        for within in subtrees(SIZE) {
            let root = range(&all, within.start, within.end);
            let mut subtree = |lo, hi| range(&all, lo, hi);
            for index in within.start..within.end {
                let leaf = all[index as usize];
                let path = prove_subtree_inclusion(LeafIndex(index), within, &mut subtree).unwrap();
                let verify = |index, path: &[Hash]| {
                    verify_subtree_inclusion(leaf, LeafIndex(index), path, within, root)
                };
                assert_eq!(verify(index, &path), Ok(()));
                for other in (0..SIZE + 2).filter(|&other| other != index) {
                    assert!(
                        verify(other, &path).is_err(),
                        "{index} as {other}, {within}"
                    );
                }
                for changed in changes(&path) {
                    assert!(verify(index, &changed).is_err(), "{index} of {within}");
                }
            }
            let outside = LeafIndex(within.end);
            assert!(prove_subtree_inclusion(outside, within, &mut subtree).is_err());
        }
    }

    #[test]
    fn every_consistency_holds_only_as_it_is() {
        let all = leaves(SIZE);
        let other = Hash::of(b"other");
        for size in 0..=SIZE {
            let root = range(&all, 0, size);
            let head = TreeHead { size, root };
            for part in subtrees(size) {
                let part_root = range(&all, part.start, part.end);
                let mut subtree = |lo, hi| range(&all, lo, hi);
                let proof = prove_subtree_consistency(part, size, &mut subtree).unwrap();
                let verify = |root, proof: &[Hash], head| {
                    verify_subtree_consistency(part, root, proof, head)
                };
                assert_eq!(verify(part_root, &proof, head), Ok(()), "{part} of {size}");
                for changed in changes(&proof) {
                    assert!(
                        verify(part_root, &changed, head).is_err(),
                        "{part} of {size}"
                    );
                }
                assert!(verify(other, &proof, head).is_err());
                let others = TreeHead { size, root: other };
                // An empty part says nothing of the tree.
                let verified = verify(part_root, &proof, others).is_ok();
                assert_eq!(verified, part.is_empty(), "{part} of {size}");

                let at_start = part.start == 0 && !part.is_empty();
                if at_start {
                    let consistency = prove_consistency(part.end, size, &mut subtree);
                    assert_eq!(consistency.unwrap(), proof);
                }
                if part.size() == 1 {
                    let path = prove_inclusion(LeafIndex(part.start), size, &mut subtree);
                    assert_eq!(path.unwrap(), proof);
                }
            }
        }
    }

    #[test]
    fn refuses_before_hashing() {
        let (root, size) = (Hash::empty_root(), u64::MAX);
        let head = TreeHead { size, root };
        for (start, end) in [(0, size), (1 << 63, size), (0, size - 1), (size, size)] {
            let part = Subtree::new(start, end).unwrap();
            let proof = [root; 200];
            assert!(matches!(
                verify_subtree_consistency(part, root, &proof, head),
                Err(SubtreeError::Proof(ProofError::PathLength { .. }))
            ));
            assert!(matches!(
                verify_subtree_consistency(part, root, &[], TreeHead { size: 1, root }),
                Err(SubtreeError::OutOfTree { .. })
            ));
        }
        let part = Subtree::new(0, 2).unwrap();
        assert!(prove_subtree_consistency(part, 1, &mut |_, _| root).is_err());
    }

    /// All subtrees of a tree of this size, the empty ones too.
    fn subtrees(size: u64) -> impl Iterator<Item = Subtree> {
        let of_end = |end| (0..=end).filter_map(move |start| Subtree::new(start, end).ok());
        (0..=size).flat_map(of_end)
    }

    fn range(all: &[Hash], lo: u64, hi: u64) -> Hash {
        root_of(&all[lo as usize..hi as usize])
    }
}
