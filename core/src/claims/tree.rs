//! The tree of `standard-v1`: leaves hashed twice and sorted, pairs sorted, a complete binary tree in one array.

use sha3::{Digest, Keccak256};

/// 32 bytes: a hash, or a word of the ABI encoding.
pub type Word = [u8; 32];

/// Keccak-256 as Ethereum has it: the padding from before SHA-3 was a standard.
#[must_use]
pub fn keccak256(bytes: &[u8]) -> Word {
    Keccak256::digest(bytes).into()
}

/// `keccak256(keccak256(abi.encode(...)))` of static fields, one word each. Hashed twice, so that no 64
/// bytes of two nodes are ever the bytes of a leaf.
pub(super) fn leaf_hash(words: &[Word]) -> Word {
    keccak256(&keccak256(&words.concat()))
}

/// The parent of two nodes, the lesser first: which side a node was on is not remembered.
fn node_hash(a: &Word, b: &Word) -> Word {
    let (low, high) = if a <= b { (a, b) } else { (b, a) };
    keccak256(&[*low, *high].concat())
}

/// All nodes of the tree, root first, over at least one leaf, and where each leaf stands in it.
pub(super) fn build(leaves: &[Word]) -> (Vec<Word>, Vec<usize>) {
    let mut sorted: Vec<usize> = (0..leaves.len()).collect();
    sorted.sort_by_key(|leaf| leaves.get(*leaf));
    let size = leaves.len().saturating_mul(2).saturating_sub(1);
    let mut nodes = vec![Word::default(); size];
    let mut places = vec![0; leaves.len()];
    // The least leaf stands last.
    for (place, leaf) in (0..size).rev().zip(sorted) {
        if let (Some(node), Some(hash)) = (nodes.get_mut(place), leaves.get(leaf)) {
            *node = *hash;
        }
        if let Some(its_place) = places.get_mut(leaf) {
            *its_place = place;
        }
    }
    for place in (0..size.saturating_sub(leaves.len())).rev() {
        let [left, right] = children(place).map(|child| nodes.get(child).copied());
        if let (Some(left), Some(right), Some(node)) = (left, right, nodes.get_mut(place)) {
            *node = node_hash(&left, &right);
        }
    }
    (nodes, places)
}

const fn children(place: usize) -> [usize; 2] {
    let left = place.saturating_mul(2).saturating_add(1);
    [left, left.saturating_add(1)]
}

/// The siblings of a node and of its ancestors, upwards.
pub(super) fn proof(nodes: &[Word], mut place: usize) -> Vec<Word> {
    let mut path = Vec::new();
    while place > 0 {
        // Left children have odd places.
        let sibling = if place % 2 == 1 {
            place.saturating_add(1)
        } else {
            place.saturating_sub(1)
        };
        path.extend(nodes.get(sibling));
        place = place.saturating_sub(1) / 2;
    }
    path
}

/// Whether `proof` leads from `leaf` to `root`: what OpenZeppelin's `MerkleProof.verify` computes.
///
/// # Does not prove
///
/// Where the leaf stands, that it is a leaf and no inner node (the contract makes the leaf's hash itself,
/// from its fields), or that the root is that of a run's payouts.
///
/// Source: @openzeppelin/contracts, `MerkleProof.sol`, `processProof`.
#[must_use]
pub fn verify_claim(root: &Word, leaf: &Word, proof: &[Word]) -> bool {
    proof
        .iter()
        .fold(*leaf, |node, sibling| node_hash(&node, sibling))
        == *root
}
