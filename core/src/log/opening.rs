//! The opening proof: shows that some leaves stand where they are said to stand, in one proof.
//!
//! Walk the tree from its root. A subtree without an opened leaf gives its root to the proof, an
//! opened leaf gives nothing, any other subtree is split as RFC 6962 splits it, left part first.
//! Prover and verifier take the same walk, so that the proof needs no positions of its own.
//!
//! Source: `docs/format.md`, section 3.

use core::fmt;

use super::hash::Hash;
use super::tree::{TreeHead, root_of, split};

/// Segments, whose pieces of a proof can be made apart, are the subtrees of this level.
pub const SEGMENT_LEVEL: u8 = 16;

/// Leaves of a segment; only a tree's last segment may have fewer.
pub const SEGMENT_LEAVES: u64 = 1 << SEGMENT_LEVEL;

/// The part of an opening proof that lies inside one segment.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Piece {
    /// Number of the segment: its first leaf index divided by [`SEGMENT_LEAVES`].
    pub segment: u64,
    /// Its hashes, by [`prove_subtree`] with at least one opened leaf.
    pub hashes: Vec<Hash>,
}

/// The proof for the leaves `opened`, given by ascending position, in a tree of `size` leaves.
///
/// `subtree(lo, hi)` is the root over the leaves `lo..hi`; it is asked once for each hash of the
/// proof, from left to right.
///
/// # Errors
///
/// [`OpeningError::NotAscending`], [`OpeningError::OutOfTree`].
pub fn prove(
    size: u64,
    opened: &[u64],
    subtree: &mut impl FnMut(u64, u64) -> Hash,
) -> Result<Vec<Hash>, OpeningError> {
    check_positions(size, opened.iter().copied())?;
    let mut prover = Prover {
        unit: 1,
        first_leaf: |&position: &u64| position,
        piece: |_: &u64| &[][..],
        subtree,
        proof: Vec::new(),
    };
    prover.prove(size, opened);
    Ok(prover.proof)
}

/// The piece that one segment, or any other aligned subtree, adds to a proof.
///
/// `leaves` are all leaf hashes of the subtree, `opened` the positions in it, counted from its first
/// leaf. Segments do not depend on each other: their pieces can be made in parallel.
///
/// # Errors
///
/// [`OpeningError::NotAscending`], [`OpeningError::OutOfTree`].
pub fn prove_subtree(leaves: &[Hash], opened: &[u64]) -> Result<Vec<Hash>, OpeningError> {
    prove(leaves.len() as u64, opened, &mut |lo, hi| {
        let range = usize::try_from(lo).ok().zip(usize::try_from(hi).ok());
        root_of(range.and_then(|(lo, hi)| leaves.get(lo..hi)).unwrap_or(&[]))
    })
}

/// As [`prove`], from ready pieces: one for each segment that has an opened leaf, in ascending order.
///
/// `subtree(lo, hi)` is asked for subtrees without opened leaves only, each one or more segments.
///
/// # Errors
///
/// [`OpeningError::NotAscending`], [`OpeningError::OutOfTree`], both with the first leaf of the
/// segment in question.
pub fn prove_with_pieces(
    size: u64,
    pieces: &[Piece],
    subtree: &mut impl FnMut(u64, u64) -> Hash,
) -> Result<Vec<Hash>, OpeningError> {
    let first_leaf = |piece: &Piece| piece.segment.saturating_mul(SEGMENT_LEAVES);
    check_positions(size, pieces.iter().map(first_leaf))?;
    let mut prover = Prover {
        unit: SEGMENT_LEAVES,
        first_leaf,
        piece: |piece: &Piece| &piece.hashes[..],
        subtree,
        proof: Vec::new(),
    };
    prover.prove(size, pieces);
    Ok(prover.proof)
}

/// The root of the tree of `size` leaves that holds the leaves `opened`, if `proof` says the truth.
///
/// `opened` are positions with leaf hashes, ascending; they are read as they come, in memory for
/// one path up the tree. At most 64 steps for each opened leaf, whatever the size is said to be.
///
/// ```
/// use ledgerline::log::{Hash, opening};
///
/// let [a, b, c] = [b"a", b"b", b"c"].map(|data| Hash::leaf(data));
/// let root = Hash::node(Hash::node(a, b), c);
/// assert_eq!(opening::root(3, [(1, b), (2, c)], &[a]), Ok(root));
/// assert_eq!(
///     opening::root(3, [(1, b)], &[a]),
///     Err(opening::OpeningError::ProofTooShort { lo: 2, hi: 3 }),
/// );
/// ```
///
/// # Errors
///
/// [`OpeningError::NotAscending`] and [`OpeningError::OutOfTree`] for wrong positions,
/// [`OpeningError::ProofTooShort`] and [`OpeningError::ProofTooLong`] for another number of hashes.
///
/// # Does not prove
///
/// Anything, before the result is compared with a root that somebody answers for; nor then what
/// other leaves the tree has.
pub fn root(
    size: u64,
    opened: impl IntoIterator<Item = (u64, Hash)>,
    proof: &[Hash],
) -> Result<Hash, OpeningError> {
    let mut verifier = Verifier {
        size,
        next: None,
        opened: opened.into_iter(),
        proof: proof.iter(),
    };
    verifier.advance()?;
    let root = if size == 0 {
        Hash::empty_root()
    } else {
        verifier.subtree(0, size)?
    };
    match verifier.proof.len() {
        0 => Ok(root),
        unused => Err(OpeningError::ProofTooLong {
            expected: proof.len().saturating_sub(unused),
            found: proof.len(),
        }),
    }
}

/// Checks that the leaves `opened` stand at their positions in the tree described by `head`.
///
/// # Errors
///
/// Those of [`root`], and [`OpeningError::RootMismatch`] if they lead to another root.
///
/// # Does not prove
///
/// That anyone signed `head`, nor what the leaves that are not opened are.
pub fn verify(
    opened: impl IntoIterator<Item = (u64, Hash)>,
    proof: &[Hash],
    head: TreeHead,
) -> Result<(), OpeningError> {
    let found = root(head.size, opened, proof)?;
    if found != head.root {
        return Err(OpeningError::RootMismatch {
            expected: head.root,
            found,
        });
    }
    Ok(())
}

/// Why leaves and a proof do not lead to a root, or to the wrong one.
#[derive(Clone, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub enum OpeningError {
    /// Positions are not in ascending order, or one stands twice.
    NotAscending {
        /// The position before.
        previous: u64,
        /// The position that should be greater.
        found: u64,
    },
    /// The tree has no such leaf.
    OutOfTree {
        /// The position opened.
        position: u64,
        /// Leaves of the tree.
        size: u64,
    },
    /// The proof ends where a subtree without opened leaves needs its root.
    ProofTooShort {
        /// First leaf of the subtree.
        lo: u64,
        /// The leaf after its last.
        hi: u64,
    },
    /// The proof has hashes that nothing needs.
    ProofTooLong {
        /// Hashes needed.
        expected: usize,
        /// Hashes given.
        found: usize,
    },
    /// Leaves and proof lead to another root than the tree head has.
    RootMismatch {
        /// Root of the tree head.
        expected: Hash,
        /// Root computed.
        found: Hash,
    },
}

impl fmt::Display for OpeningError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            OpeningError::NotAscending { previous, found } => write!(
                f,
                "expected a position after {previous}, but found {found}: opened leaves go in \
                 ascending order, each once"
            ),
            OpeningError::OutOfTree { position, size } => write!(
                f,
                "expected positions below the tree size {size}, but found {position}"
            ),
            OpeningError::ProofTooShort { lo, hi } => write!(
                f,
                "expected a proof hash for the leaves {lo} to before {hi}, but found the end of \
                 the proof"
            ),
            OpeningError::ProofTooLong { expected, found } => {
                write!(
                    f,
                    "expected a proof of {expected} hashes, but found {found}"
                )
            }
            OpeningError::RootMismatch { expected, found } => write!(
                f,
                "expected the root {expected}, but found that the opened leaves lead to {found}"
            ),
        }
    }
}

impl core::error::Error for OpeningError {}

/// The walk of the one who proves. What is opened are units: single leaves, or segments with what
/// they contribute.
struct Prover<'a, T, S> {
    /// Leaves of a unit.
    unit: u64,
    first_leaf: fn(&T) -> u64,
    piece: fn(&T) -> &[Hash],
    subtree: &'a mut S,
    proof: Vec<Hash>,
}

impl<T, S: FnMut(u64, u64) -> Hash> Prover<'_, T, S> {
    fn prove(&mut self, size: u64, opened: &[T]) {
        if size > 0 {
            self.walk(0, size, opened);
        }
    }

    /// At most 64 deep: every step down leaves out at least the highest bit of `hi - lo - 1`.
    fn walk(&mut self, lo: u64, hi: u64, opened: &[T]) {
        let Some(first) = opened.first() else {
            self.proof.push((self.subtree)(lo, hi));
            return;
        };
        match split(lo, hi) {
            Some(mid) if hi.saturating_sub(lo) > self.unit => {
                let on_left = opened.partition_point(|unit| (self.first_leaf)(unit) < mid);
                let (left, right) = opened.split_at(on_left);
                self.walk(lo, mid, left);
                self.walk(mid, hi, right);
            }
            _ => self.proof.extend_from_slice((self.piece)(first)),
        }
    }
}

/// The walk of the one who verifies.
struct Verifier<'a, I> {
    size: u64,
    /// The first opened leaf that no subtree has taken in.
    next: Option<(u64, Hash)>,
    /// Those after it.
    opened: I,
    proof: core::slice::Iter<'a, Hash>,
}

impl<I: Iterator<Item = (u64, Hash)>> Verifier<'_, I> {
    /// At most 64 deep, as [`Prover::walk`]; goes down only towards an opened leaf.
    fn subtree(&mut self, lo: u64, hi: u64) -> Result<Hash, OpeningError> {
        match self.next {
            Some((position, leaf)) if position < hi => {
                let Some(mid) = split(lo, hi) else {
                    self.advance()?;
                    return Ok(leaf);
                };
                let left = self.subtree(lo, mid)?;
                let right = self.subtree(mid, hi)?;
                Ok(Hash::node(left, right))
            }
            _ => match self.proof.next() {
                Some(&root) => Ok(root),
                None => Err(OpeningError::ProofTooShort { lo, hi }),
            },
        }
    }

    /// Keeps `next` ahead of all that was taken in and inside the tree, so that the walk meets it.
    fn advance(&mut self) -> Result<(), OpeningError> {
        let previous = self.next.map(|(position, _)| position);
        self.next = self.opened.next();
        match self.next {
            Some((position, _)) => check_position(self.size, previous, position),
            None => Ok(()),
        }
    }
}

fn check_positions(size: u64, positions: impl Iterator<Item = u64>) -> Result<(), OpeningError> {
    let mut previous = None;
    for position in positions {
        check_position(size, previous, position)?;
        previous = Some(position);
    }
    Ok(())
}

fn check_position(size: u64, previous: Option<u64>, found: u64) -> Result<(), OpeningError> {
    if let Some(previous) = previous.filter(|&previous| found <= previous) {
        return Err(OpeningError::NotAscending { previous, found });
    }
    if found >= size {
        return Err(OpeningError::OutOfTree {
            position: found,
            size,
        });
    }
    Ok(())
}

/// Every set of every small tree and every range of larger ones opens, and no change goes unseen.
#[cfg(test)]
#[allow(
    clippy::unwrap_used,
    clippy::arithmetic_side_effects,
    clippy::indexing_slicing,
    clippy::cast_possible_truncation,
    reason = "tests"
)]
mod tests {
    use proptest::collection::{btree_set, vec};
    use proptest::prelude::*;

    use super::super::proof::{LeafIndex, prove_inclusion};
    use super::super::tree::HashTreeBuilder;
    use super::super::tree::tests::leaves;
    use super::*;

    #[test]
    fn every_set_of_up_to_11_leaves() {
        let all = leaves(11);
        for size in 0..=11 {
            for set in 0..1u32 << size {
                let opened: Vec<u64> = (0..size).filter(|at| set >> at & 1 == 1).collect();
                check(&all[..size as usize], &opened);
            }
        }
    }

    #[test]
    fn every_range_of_up_to_66_leaves() {
        let all = leaves(66);
        for size in 1..=66 {
            for lo in 0..size {
                for hi in lo..=size {
                    check(&all[..size as usize], &(lo..hi).collect::<Vec<_>>());
                }
            }
        }
    }

    #[test]
    fn every_single_bit_of_proof_and_leaves_counts() {
        let all = leaves(7);
        for set in 1..1u32 << 7 {
            let positions: Vec<u64> = (0..7).filter(|at| set >> at & 1 == 1).collect();
            let proof = prove_subtree(&all, &positions).unwrap();
            let opened: Vec<Hash> = positions.iter().map(|&at| all[at as usize]).collect();
            let hashes = [&opened[..], &proof].concat();
            for bit in 0..hashes.len() * 256 {
                let mut flipped = hashes.clone();
                let mut bytes = *flipped[bit / 256].as_bytes();
                bytes[bit % 256 / 8] ^= 1 << (bit % 8);
                flipped[bit / 256] = Hash::from_bytes(bytes);
                let (opened, proof) = flipped.split_at(opened.len());
                let opened = positions.iter().copied().zip(opened.iter().copied());
                let found = root(7, opened, proof).unwrap();
                assert_ne!(found, root_of(&all));
            }
        }
    }

    #[test]
    fn one_leaf_has_the_hashes_of_its_inclusion_proof() {
        let all = leaves(70);
        for size in 1..=70 {
            for index in 0..size {
                let mut ranges = Vec::new();
                let mut subtree = |lo, hi| {
                    ranges.push((lo, hi));
                    root_of(&all[lo as usize..hi as usize])
                };
                let proof = prove(size, &[index], &mut subtree).unwrap();
                assert!(ranges.is_sorted());
                ranges.clear();
                let mut subtree = |lo, hi| {
                    ranges.push((lo, hi));
                    root_of(&all[lo as usize..hi as usize])
                };
                // The path is asked for from the root down, and given from the leaf up.
                let path = prove_inclusion(LeafIndex(index), size, &mut subtree).unwrap();
                let mut by_position: Vec<_> = ranges.iter().zip(path.into_iter().rev()).collect();
                by_position.sort();
                let path: Vec<Hash> = by_position.into_iter().map(|(_, hash)| hash).collect();
                assert_eq!(proof, path);
            }
        }
    }

    #[test]
    fn wrong_positions_are_refused() {
        let leaf = Hash::leaf(b"");
        let opened = |positions: &[u64]| root(10, positions.iter().map(|&at| (at, leaf)), &[]);
        let mut subtree = |_, _| leaf;
        for (positions, error) in [
            (
                &[3, 3][..],
                OpeningError::NotAscending {
                    previous: 3,
                    found: 3,
                },
            ),
            (
                &[10],
                OpeningError::OutOfTree {
                    position: 10,
                    size: 10,
                },
            ),
            (
                &[u64::MAX],
                OpeningError::OutOfTree {
                    position: u64::MAX,
                    size: 10,
                },
            ),
        ] {
            assert_eq!(prove(10, positions, &mut subtree), Err(error.clone()));
            assert!(opened(positions).is_err());
        }
        let all: Vec<_> = (0..10).map(|at| (at, leaf)).collect();
        for (at, position, error) in [
            (
                9,
                8,
                OpeningError::NotAscending {
                    previous: 8,
                    found: 8,
                },
            ),
            (
                9,
                0,
                OpeningError::NotAscending {
                    previous: 8,
                    found: 0,
                },
            ),
            (
                9,
                10,
                OpeningError::OutOfTree {
                    position: 10,
                    size: 10,
                },
            ),
        ] {
            let mut wrong = all.clone();
            wrong[at].0 = position;
            assert_eq!(root(10, wrong, &[]), Err(error));
        }
        let one_more = all.iter().copied().chain([(10, leaf)]);
        assert!(root(10, one_more, &[]).is_err());
        assert_eq!(
            root(0, [(0, leaf)], &[]),
            Err(OpeningError::OutOfTree {
                position: 0,
                size: 0
            })
        );
    }

    #[test]
    fn size_zero_and_nothing_opened() {
        let mut subtree = |_, _| Hash::of(b"whole");
        assert_eq!(prove(0, &[], &mut subtree), Ok(vec![]));
        assert_eq!(root(0, [], &[]), Ok(Hash::empty_root()));
        assert_eq!(
            root(0, [], &[Hash::empty_root()]),
            Err(OpeningError::ProofTooLong {
                expected: 0,
                found: 1
            })
        );
        assert_eq!(prove(9, &[], &mut subtree), Ok(vec![Hash::of(b"whole")]));
        assert_eq!(root(9, [], &[Hash::of(b"whole")]), Ok(Hash::of(b"whole")));
    }

    #[test]
    fn a_hostile_size_costs_no_time() {
        let leaf = Hash::leaf(b"");
        let size = u64::MAX;
        for position in [0, 1, 1 << 32, (1 << 63) - 1, 1 << 63, u64::MAX - 1] {
            let mut asked = 0;
            let mut subtree = |_, _| {
                asked += 1;
                leaf
            };
            let proof = prove(size, &[position], &mut subtree).unwrap();
            assert!(asked <= 64);
            assert!(root(size, [(position, leaf)], &proof).is_ok());
            assert!(root(size, [(position, leaf)], &proof[1..]).is_err());
            assert_eq!(
                prove_with_pieces(size, &[], &mut |_, _| leaf),
                Ok(vec![leaf])
            );
        }
        let many = (0..1000).map(|at| (at << 50, leaf));
        assert!(root(size, many, &[]).is_err());
    }

    #[test]
    fn pieces_make_the_proof_of_prove() {
        let segment = SEGMENT_LEAVES;
        let size = 4 * segment + 777;
        let all = leaves(size);
        let mut builder = HashTreeBuilder::new();
        all.iter().for_each(|&leaf| builder.push(leaf));
        let tree = builder.finish();
        let mut subtree = |lo, hi| tree.subtree_root(lo, hi, &mut |index| all[index as usize]);
        let whole_segment: Vec<u64> = (segment..2 * segment).collect();
        for opened in [
            vec![],
            vec![0],
            vec![5, segment - 1, segment, 4 * segment + 776],
            vec![2 * segment + 3],
            whole_segment,
            (0..size).step_by(1000).collect(),
        ] {
            let expected = prove(size, &opened, &mut subtree).unwrap();
            let pieces: Vec<Piece> = (0..5)
                .filter_map(|number| {
                    let (lo, hi) = (number * segment, size.min((number + 1) * segment));
                    let inside = opened.iter().filter(|at| (lo..hi).contains(at));
                    let inside: Vec<u64> = inside.map(|at| at - lo).collect();
                    let leaves = &all[lo as usize..hi as usize];
                    (!inside.is_empty()).then(|| Piece {
                        segment: number,
                        hashes: prove_subtree(leaves, &inside).unwrap(),
                    })
                })
                .collect();
            let spliced = prove_with_pieces(size, &pieces, &mut subtree).unwrap();
            assert_eq!(spliced, expected);
            let leaves = opened.iter().map(|&at| (at, all[at as usize]));
            assert_eq!(verify(leaves, &spliced, tree.head()), Ok(()));
        }
        let piece = |segment| Piece {
            segment,
            hashes: vec![],
        };
        for wrong in [
            vec![piece(5)],
            vec![piece(u64::MAX)],
            vec![piece(1), piece(1)],
        ] {
            assert!(prove_with_pieces(size, &wrong, &mut subtree).is_err());
        }
    }

    proptest! {
        #[test]
        fn random_sets_of_larger_trees(
            size in 1..3000u64,
            positions in btree_set(0..3000u64, 0..200),
        ) {
            let opened: Vec<u64> = positions.range(..size).copied().collect();
            check(&leaves(size), &opened);
        }

        #[test]
        fn strangers_proofs_end_in_a_result(
            size: u64,
            opened in vec(any::<u64>(), 0..20),
            hashes in 0..100usize,
        ) {
            let proof = vec![Hash::empty_root(); hashes];
            let opened = opened.into_iter().map(|at| (at, Hash::empty_root()));
            let _ = root(size, opened, &proof);
        }
    }

    /// The proof leads to the root, with these leaves and exactly these hashes.
    fn check(all: &[Hash], opened: &[u64]) {
        let size = all.len() as u64;
        let proof = prove_subtree(all, opened).unwrap();
        let leaves: Vec<_> = opened.iter().map(|&at| (at, all[at as usize])).collect();
        let head = TreeHead {
            size,
            root: root_of(all),
        };
        assert_eq!(verify(leaves.iter().copied(), &proof, head), Ok(()));

        let longer = [&proof[..], &[Hash::empty_root()]].concat();
        let (expected, found) = (proof.len(), proof.len() + 1);
        assert_eq!(
            root(size, leaves.iter().copied(), &longer),
            Err(OpeningError::ProofTooLong { expected, found })
        );
        if let [shorter @ .., _] = &proof[..] {
            assert!(matches!(
                root(size, leaves.iter().copied(), shorter),
                Err(OpeningError::ProofTooShort { .. })
            ));
        }
        if let [fewer @ .., _] = &leaves[..] {
            assert!(verify(fewer.iter().copied(), &proof, head).is_err());
        }
    }
}
