//! Inclusion and consistency proofs of RFC 6962, verified by the loops of RFC 9162.

use core::fmt;

use super::hash::Hash;
use super::tree::{TreeHead, split};

/// A leaf's number in its log, from 0; neither a count nor a size.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub struct LeafIndex(pub u64);

/// The sibling hashes from leaf number `index` upwards, in a tree of `size` leaves.
///
/// `subtree(lo, hi)` is the root over the leaves `lo..hi`; it is asked once for each hash.
///
/// # Errors
///
/// [`ProofError::IndexOutOfTree`].
///
/// Source: RFC 6962 §2.1.1 (there: "Merkle audit path").
pub fn prove_inclusion(
    index: LeafIndex,
    size: u64,
    subtree: &mut impl FnMut(u64, u64) -> Hash,
) -> Result<Vec<Hash>, ProofError> {
    let LeafIndex(index) = index;
    if index >= size {
        return Err(ProofError::IndexOutOfTree { index, size });
    }
    let mut path = Vec::new();
    let (mut lo, mut hi) = (0, size);
    while let Some(mid) = split(lo, hi) {
        if index < mid {
            path.push(subtree(mid, hi));
            hi = mid;
        } else {
            path.push(subtree(lo, mid));
            lo = mid;
        }
    }
    path.reverse();
    Ok(path)
}

/// Checks that `leaf` is the hash of leaf number `index` in the tree described by `head`.
///
/// `path` holds the sibling hashes from the leaf upwards, in the order of RFC 6962 §2.1.1
/// (there: "Merkle audit path"). Hashes once per sibling, so at most 64 times.
///
/// ```
/// use ledgerline::log::{Hash, LeafIndex, ProofError, TreeHead, verify_inclusion};
///
/// let [a, b] = [b"a", b"b"].map(|data| Hash::leaf(data));
/// let head = TreeHead { size: 2, root: Hash::node(a, b) };
/// assert_eq!(verify_inclusion(b, LeafIndex(1), &[a], head), Ok(()));
/// assert_eq!(
///     verify_inclusion(b, LeafIndex(1), &[], head),
///     Err(ProofError::PathLength { expected: 1, found: 0 }),
/// );
/// ```
///
/// # Errors
///
/// [`ProofError::IndexOutOfTree`] and [`ProofError::PathLength`] before anything is hashed;
/// [`ProofError::RootMismatch`] if the path leads to another root.
///
/// # Does not prove
///
/// That anyone signed `head` (see [`Checkpoint::open`](super::Checkpoint::open)), nor that the
/// same data is not in the log a second time.
///
/// Source: RFC 9162 §2.1.3.2, with the length of the path computed first.
pub fn verify_inclusion(
    leaf: Hash,
    index: LeafIndex,
    path: &[Hash],
    head: TreeHead,
) -> Result<(), ProofError> {
    let LeafIndex(index) = index;
    if index >= head.size {
        return Err(ProofError::IndexOutOfTree {
            index,
            size: head.size,
        });
    }
    let inner = levels_apart(index, head.size);
    check_length(inner, edge(index, inner), path)?;

    let mut root = leaf;
    for (level, &sibling) in (0..).zip(path) {
        let on_left = level < inner && (index >> level) & 1 == 0;
        root = if on_left {
            Hash::node(root, sibling)
        } else {
            Hash::node(sibling, root)
        };
    }
    check_root(head, root)
}

/// The hashes that show that the tree of `new_size` leaves begins with that of `old_size` leaves.
///
/// `subtree(lo, hi)` is the root over the leaves `lo..hi`; it is asked once for each hash. Empty
/// where there is nothing to show: the sizes are equal, or the old tree is empty, which
/// [`verify_consistency`] refuses and a witness expects (C2SP tlog-witness, "add-checkpoint").
///
/// # Errors
///
/// [`ProofError::SizesReversed`].
///
/// Source: RFC 6962 §2.1.2.
pub fn prove_consistency(
    old_size: u64,
    new_size: u64,
    subtree: &mut impl FnMut(u64, u64) -> Hash,
) -> Result<Vec<Hash>, ProofError> {
    check_sizes(old_size, new_size)?;
    if old_size == 0 {
        return Ok(Vec::new());
    }
    Ok(consistency_path(0, old_size, new_size, subtree))
}

/// Checks that the log of head `new` begins with exactly the leaves of head `old`.
///
/// Hashes at most twice per proof hash, so at most 130 times.
///
/// # Errors
///
/// [`ProofError::SizesReversed`], [`ProofError::EmptyOld`] and [`ProofError::PathLength`] before
/// anything is hashed; [`ProofError::RootMismatch`], with the size of the head that is contradicted,
/// if the proof leads to another root of either tree.
///
/// # Does not prove
///
/// That anyone signed either head, nor that there is no third head which fits to neither.
///
/// Source: RFC 9162 §2.1.4.2, with the length of the proof computed first. RFC 9162 leaves out an
/// empty old tree: no proof ties the new root to it, and a caller who takes every log's beginning for
/// good, as a witness does, has nothing to verify. Two empty trees agree.
pub fn verify_consistency(old: TreeHead, new: TreeHead, proof: &[Hash]) -> Result<(), ProofError> {
    check_sizes(old.size, new.size)?;
    if old.size == 0 {
        if new.size != 0 {
            return Err(ProofError::EmptyOld { new: new.size });
        }
        check_length(0, 0, proof)?;
        check_root(old, Hash::empty_root())?;
        return check_root(new, Hash::empty_root());
    }
    let (old_root, new_root) = consistency_roots(0, old, new.size, proof)?;
    check_root(old, old_root)?;
    check_root(new, new_root)
}

/// Why a proof does not show what it should.
#[derive(Clone, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub enum ProofError {
    /// The tree has no such leaf.
    IndexOutOfTree {
        /// Leaf index asked for.
        index: u64,
        /// Leaves of the tree.
        size: u64,
    },
    /// The older tree is the larger one.
    SizesReversed {
        /// Size of the tree that should be the older.
        old: u64,
        /// Size of the tree that should be the newer.
        new: u64,
    },
    /// The older tree is empty and the newer is not: there is nothing to prove from.
    EmptyOld {
        /// Size of the newer tree.
        new: u64,
    },
    /// These sizes need another number of hashes.
    PathLength {
        /// Hashes needed.
        expected: usize,
        /// Hashes given.
        found: usize,
    },
    /// The proof leads to another root than the tree head has.
    RootMismatch {
        /// Size of the tree head that is contradicted.
        size: u64,
        /// Root of the tree head.
        expected: Hash,
        /// Root computed.
        found: Hash,
    },
}

impl fmt::Display for ProofError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            ProofError::IndexOutOfTree { index, size } => write!(
                f,
                "expected a leaf index below the tree size {size}, but found {index}"
            ),
            ProofError::SizesReversed { old, new } => write!(
                f,
                "expected an older tree of at most {new} leaves, but found one of {old}"
            ),
            ProofError::EmptyOld { new } => write!(
                f,
                "expected an older tree of 1 to {new} leaves, but found the empty one, from which \
                 nothing can be proven: take the newer tree as the first"
            ),
            ProofError::PathLength { expected, found } => write!(
                f,
                "expected a proof of {expected} hashes for these sizes, but found {found}"
            ),
            ProofError::RootMismatch {
                size,
                expected,
                found,
            } => write!(
                f,
                "expected the root {expected} at tree size {size}, but found that the proof leads \
                 to {found}"
            ),
        }
    }
}

impl core::error::Error for ProofError {}

/// The hashes that show the leaves `start..end` to be in the tree of `size` leaves, from which both
/// their root and the tree's can be computed: the siblings on the way up from the largest complete
/// subtree that ends at `end`, and this subtree's root before them unless it is all of `start..end`.
///
/// `start < end <= size`, and `start` is 0 or `start..end` is a [`Subtree`](super::Subtree).
pub(super) fn consistency_path(
    start: u64,
    end: u64,
    size: u64,
    subtree: &mut impl FnMut(u64, u64) -> Hash,
) -> Vec<Hash> {
    let mut proof = Vec::new();
    let (mut lo, mut hi) = (0, size);
    while hi != end || lo < start {
        // Never ends early: `lo..hi` holds more than `start.max(lo)..end`, which is not empty.
        let Some(mid) = split(lo, hi) else { break };
        if end <= mid {
            proof.push(subtree(mid, hi));
            hi = mid;
        } else {
            proof.push(subtree(lo, mid));
            lo = mid;
        }
    }
    // The root over `start..end` is known to the verifier; only that of a part of it is not.
    if lo != start {
        proof.push(subtree(lo, hi));
    }
    proof.reverse();
    proof
}

/// The roots to which such a proof leads: that of the part, `part.size` leaves from `start` on, and
/// that of the tree of `size` leaves. The part's own root is where the proof may begin.
///
/// The part is not empty and ends within the tree; `start` is as above.
pub(super) fn consistency_roots(
    start: u64,
    part: TreeHead,
    size: u64,
    proof: &[Hash],
) -> Result<(Hash, Hash), ProofError> {
    let last = start.saturating_add(part.size.saturating_sub(1));
    let height = u64::BITS.saturating_sub((start ^ last).leading_zeros());
    // The way up begins at the largest complete subtree which the last leaf ends. If this is all of
    // the part, or if the part ends where the tree does, the part's root is a node of the tree: it is
    // known and not in the proof.
    let ends_tree = last == size.saturating_sub(1);
    let known = ends_tree || part.size.is_power_of_two();
    let from = if ends_tree {
        height
    } else {
        part.size.trailing_zeros()
    };
    let apart = levels_apart(last, size).max(from);
    let inner = apart.saturating_sub(from);
    let seed_length = u32::from(!known);
    check_length(inner.saturating_add(seed_length), edge(last, apart), proof)?;
    let (seed, path) = match proof.split_first() {
        Some((&seed, path)) if !known => (seed, path),
        _ => (part.root, proof),
    };

    // The nodes on the ways up from the first and the last leaf of the part. Where they meet, the
    // part ends: what comes above is only of the tree.
    let up = |node: u64, levels: u32| node.checked_shr(levels).unwrap_or(0);
    let (mut first, mut node) = (up(start, from), up(last, from));
    let (mut part_root, mut root) = (seed, seed);
    for (level, &sibling) in (0..).zip(path) {
        if level >= inner {
            let alone = node.trailing_zeros();
            (first, node) = (up(first, alone), up(node, alone));
        }
        if node & 1 == 0 {
            root = Hash::node(root, sibling);
        } else {
            root = Hash::node(sibling, root);
            if first != node {
                part_root = Hash::node(sibling, part_root);
            }
        }
        (first, node) = (first >> 1, node >> 1);
    }
    Ok((part_root, root))
}

/// Below this level the ways up from leaf `index` and from the last leaf are apart; from there on
/// they are one, along the right edge, where every sibling is a left one.
fn levels_apart(index: u64, size: u64) -> u32 {
    let last = size.saturating_sub(1);
    u64::BITS.saturating_sub((index ^ last).leading_zeros())
}

/// How many siblings the way up from leaf `index` has from level `inner` on.
fn edge(index: u64, inner: u32) -> u32 {
    index.checked_shr(inner).unwrap_or(0).count_ones()
}

pub(super) fn check_length(inner: u32, edge: u32, path: &[Hash]) -> Result<(), ProofError> {
    let expected = inner.saturating_add(edge) as usize;
    let found = path.len();
    if found != expected {
        return Err(ProofError::PathLength { expected, found });
    }
    Ok(())
}

fn check_sizes(old: u64, new: u64) -> Result<(), ProofError> {
    if old > new {
        return Err(ProofError::SizesReversed { old, new });
    }
    Ok(())
}

pub(super) fn check_root(head: TreeHead, found: Hash) -> Result<(), ProofError> {
    if found != head.root {
        return Err(ProofError::RootMismatch {
            size: head.size,
            expected: head.root,
            found,
        });
    }
    Ok(())
}

/// Every proof of every small tree holds, and none holds after any change.
#[cfg(test)]
#[allow(
    clippy::unwrap_used,
    clippy::arithmetic_side_effects,
    clippy::indexing_slicing,
    clippy::cast_possible_truncation,
    reason = "tests"
)]
pub(super) mod tests {
    use super::super::tree::root_of;
    use super::super::tree::tests::leaves;
    use super::*;

    #[test]
    fn every_inclusion_up_to_64_leaves_holds_only_as_it_is() {
        let all = leaves(64);
        for size in 1..=64 {
            let head = head(&all, size);
            for index in 0..size {
                let leaf = all[index as usize];
                let path =
                    prove_inclusion(LeafIndex(index), size, &mut |lo, hi| range(&all, lo, hi))
                        .unwrap();
                assert_eq!(
                    verify_inclusion(leaf, LeafIndex(index), &path, head),
                    Ok(())
                );
                for other in (0..size + 2).filter(|&other| other != index) {
                    let verified = verify_inclusion(leaf, LeafIndex(other), &path, head);
                    assert!(verified.is_err(), "{index} as {other} of {size}");
                }
                for changed in changes(&path) {
                    let verified = verify_inclusion(leaf, LeafIndex(index), &changed, head);
                    assert!(verified.is_err(), "{index} of {size}");
                }
                let verified = verify_inclusion(head.root, LeafIndex(index), &path, head);
                assert_eq!(verified.is_ok(), size == 1);
            }
        }
    }

    #[test]
    fn every_consistency_up_to_64_leaves_holds_only_as_it_is() {
        let all = leaves(64);
        for new_size in 0..=64 {
            let new = head(&all, new_size);
            for old_size in 0..=new_size {
                let old = head(&all, old_size);
                let proof =
                    prove_consistency(old_size, new_size, &mut |lo, hi| range(&all, lo, hi))
                        .unwrap();
                if old_size == 0 && new_size > 0 {
                    let refused = Err(ProofError::EmptyOld { new: new_size });
                    assert_eq!(verify_consistency(old, new, &proof), refused);
                    continue;
                }
                assert_eq!(verify_consistency(old, new, &proof), Ok(()));
                for changed in changes(&proof) {
                    let verified = verify_consistency(old, new, &changed);
                    assert!(verified.is_err(), "{old_size} to {new_size}");
                }
                let other = TreeHead {
                    root: Hash::of(b"other"),
                    ..old
                };
                assert!(verify_consistency(other, new, &proof).is_err());
                let other = TreeHead {
                    root: Hash::of(b"other"),
                    ..new
                };
                assert!(verify_consistency(old, other, &proof).is_err());
            }
        }
    }

    #[test]
    fn every_single_bit_of_a_proof_counts() {
        let all = leaves(13);
        let new = head(&all, 13);
        let mut subtree = |lo, hi| range(&all, lo, hi);
        for index in 0..13 {
            let path = prove_inclusion(LeafIndex(index), 13, &mut subtree).unwrap();
            for flipped in bit_flips(&path) {
                let leaf = all[index as usize];
                assert!(verify_inclusion(leaf, LeafIndex(index), &flipped, new).is_err());
            }
            let old = head(&all, index + 1);
            let proof = prove_consistency(old.size, 13, &mut subtree).unwrap();
            for flipped in bit_flips(&proof) {
                assert!(verify_consistency(old, new, &flipped).is_err());
            }
        }
    }

    #[test]
    fn refuses_before_hashing() {
        let head = TreeHead {
            size: u64::MAX,
            root: Hash::empty_root(),
        };
        let leaf = Hash::leaf(b"");
        assert_eq!(
            verify_inclusion(leaf, LeafIndex(u64::MAX), &[], head),
            Err(ProofError::IndexOutOfTree {
                index: u64::MAX,
                size: u64::MAX
            })
        );
        for (index, expected) in [(0, 64), (u64::MAX - 1, 63), (1 << 63, 64)] {
            assert_eq!(
                verify_inclusion(leaf, LeafIndex(index), &[], head),
                Err(ProofError::PathLength { expected, found: 0 })
            );
        }
        let old = TreeHead {
            size: u64::MAX - 1,
            ..head
        };
        assert_eq!(
            verify_consistency(head, old, &[]),
            Err(ProofError::SizesReversed {
                old: u64::MAX,
                new: u64::MAX - 1
            })
        );
        assert!(matches!(
            verify_consistency(old, head, &[]),
            Err(ProofError::PathLength {
                expected: 64,
                found: 0
            })
        ));
        let empty = TreeHead::EMPTY;
        assert!(verify_inclusion(leaf, LeafIndex(0), &[], empty).is_err());
        assert!(prove_inclusion(LeafIndex(0), 0, &mut |_, _| leaf).is_err());
        assert!(prove_consistency(2, 1, &mut |_, _| leaf).is_err());
    }

    fn head(all: &[Hash], size: u64) -> TreeHead {
        TreeHead {
            size,
            root: range(all, 0, size),
        }
    }

    fn range(all: &[Hash], lo: u64, hi: u64) -> Hash {
        root_of(&all[lo as usize..hi as usize])
    }

    /// The proof one shorter, one longer, with two swapped, and with one hash changed.
    pub(crate) fn changes(proof: &[Hash]) -> Vec<Vec<Hash>> {
        let mut changed = vec![[proof, &[Hash::empty_root()]].concat()];
        changed.push([&[Hash::empty_root()], proof].concat());
        for at in 0..proof.len() {
            let mut shorter = proof.to_vec();
            shorter.remove(at);
            changed.push(shorter);
            let mut other = proof.to_vec();
            other[at] = Hash::of(b"other");
            changed.push(other);
            if at > 0 {
                let mut swapped = proof.to_vec();
                swapped.swap(at - 1, at);
                changed.push(swapped);
            }
        }
        changed
    }

    fn bit_flips(proof: &[Hash]) -> impl Iterator<Item = Vec<Hash>> {
        (0..proof.len() * 256).map(|bit| {
            let mut flipped = proof.to_vec();
            let mut bytes = *flipped[bit / 256].as_bytes();
            bytes[bit % 256 / 8] ^= 1 << (bit % 8);
            flipped[bit / 256] = Hash::from_bytes(bytes);
            flipped
        })
    }
}
