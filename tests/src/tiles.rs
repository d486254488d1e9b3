//! A log's tiles as the files that a server would have.

use std::collections::BTreeMap;

use ledgerline::log::{Hash, HashTree, HashTreeBuilder, Tile};

/// The tree over these leaf hashes.
#[must_use]
pub fn tree(leaves: &[Hash]) -> HashTree {
    let mut builder = HashTreeBuilder::new();
    leaves.iter().for_each(|&leaf| builder.push(leaf));
    builder.finish()
}

/// Path and bytes of each tile of this tree, which has these leaf hashes.
#[must_use]
pub fn files(tree: &HashTree, leaves: &[Hash]) -> BTreeMap<String, Vec<u8>> {
    let mut files = BTreeMap::new();
    for level in 0..=Tile::MAX_LEVEL {
        let hashes = match level {
            0 => leaves,
            _ => tree.tile_hashes(level),
        };
        let tiles = Tile::of_tree(level, tree.size());
        for (tile, hashes) in tiles.zip(hashes.chunks(Tile::FULL_WIDTH.into())) {
            files.insert(tile.to_string(), bytes(hashes));
        }
    }
    files
}

/// Hashes one after the other.
#[must_use]
pub fn bytes(hashes: &[Hash]) -> Vec<u8> {
    hashes.iter().flat_map(|hash| *hash.as_bytes()).collect()
}
