//! transparency-dev/merkle: 518 proofs, of which 482 must be refused, the RFC 6962 reference tree, and
//! the hashes over all subtree proofs of small trees that the draft of Merkle tree certificates gives.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use ledgerline::log::{
    Hash, HashTreeBuilder, LeafIndex, Subtree, TreeHead, prove_subtree_consistency,
    prove_subtree_inclusion, root_of, verify_consistency, verify_inclusion,
    verify_subtree_consistency, verify_subtree_inclusion,
};
use libtest_mimic::Trial;
use serde_json::Value;

use super::files::{base64, files, hex, json, name, number, proof, text};
use super::trial;

type Verifies = fn(&Value) -> bool;

type Lines = fn() -> String;

pub(crate) fn trials(foreign: &Path) -> Vec<Trial> {
    let data = foreign.join("merkle/testdata");
    let kinds: [(&str, Verifies); 4] = [
        ("inclusion", inclusion),
        ("consistency", consistency),
        ("subtreeinclusion", subtree_inclusion),
        ("subtreeconsistency", subtree_consistency),
    ];
    let mut trials = Vec::new();
    for (kind, verifies) in kinds {
        for file in files(&data.join(kind), "json") {
            let name = format!("merkle/{}", name(&file, &data));
            trials.push(trial(name, move || check(&file, verifies)));
        }
    }
    let found = trials.len();
    trials.push(trial("merkle/all-518-are-here", move || {
        assert_eq!(found, 518);
        let refused = |file: &PathBuf| json(file)["wantErr"] == true;
        assert_eq!(
            files(&data, "json").iter().filter(|f| refused(f)).count(),
            482
        );
    }));
    trials.extend(reference_tree(foreign));
    trials.extend(accumulated(foreign));
    trials
}

fn check(file: &Path, verifies: Verifies) {
    let vector = json(file);
    let refuse = vector["wantErr"].as_bool().unwrap();
    assert_eq!(verifies(&vector), !refuse, "{}", vector["desc"]);
}

fn inclusion(vector: &Value) -> bool {
    let head = head(vector, "treeSize", "root");
    let index = LeafIndex(number(&vector["leafIdx"]));
    leaf_and_path(vector)
        .is_some_and(|(leaf, path)| verify_inclusion(leaf, index, &path, head).is_ok())
}

fn consistency(vector: &Value) -> bool {
    let (old, new) = (
        head(vector, "size1", "root1"),
        head(vector, "size2", "root2"),
    );
    proof(&vector["proof"]).is_some_and(|proof| verify_consistency(old, new, &proof).is_ok())
}

fn subtree_inclusion(vector: &Value) -> bool {
    let Ok(within) = subtree(vector) else {
        return false;
    };
    let root = root_or_stand_in(&vector["root"]);
    let index = LeafIndex(number(&vector["leafIdx"]));
    leaf_and_path(vector).is_some_and(|(leaf, path)| {
        verify_subtree_inclusion(leaf, index, &path, within, root).is_ok()
    })
}

fn subtree_consistency(vector: &Value) -> bool {
    let Ok(part) = subtree(vector) else {
        return false;
    };
    let root = root_or_stand_in(&vector["root1"]);
    let head = head(vector, "size", "root2");
    proof(&vector["proof"])
        .is_some_and(|proof| verify_subtree_consistency(part, root, &proof, head).is_ok())
}

fn subtree(vector: &Value) -> Result<Subtree, impl std::error::Error> {
    Subtree::new(number(&vector["start"]), number(&vector["end"]))
}

fn head(vector: &Value, size: &str, root: &str) -> TreeHead {
    TreeHead {
        size: number(&vector[size]),
        root: root_or_stand_in(&vector[root]),
    }
}

/// What is no hash is refused where it is read.
fn leaf_and_path(vector: &Value) -> Option<(Hash, Vec<Hash>)> {
    let leaf = Hash::parse_base64(text(&vector["leafHash"])).ok();
    leaf.zip(proof(&vector["proof"]))
}

/// Some vectors have other bytes where the root does not matter; a hash of these stands in.
fn root_or_stand_in(value: &Value) -> Hash {
    let bytes = base64(value);
    let stand_in = || Hash::of(&[b"stand-in ", &bytes[..]].concat());
    <[u8; 32]>::try_from(&bytes[..]).map_or_else(|_| stand_in(), Hash::from_bytes)
}

/// The root of each size, by every way we have to compute one.
fn reference_tree(foreign: &Path) -> Vec<Trial> {
    let vector = json(&foreign.join("transcribed/rfc6962_reference_tree.json"));
    let leaves = vector["leaf_inputs_hex"].as_array().unwrap();
    let leaves: Vec<Hash> = leaves.iter().map(|data| Hash::leaf(&hex(data))).collect();
    let roots = vector["roots_hex_by_size"].as_array().unwrap();
    assert_eq!((leaves.len(), roots.len()), (8, 9));
    let of_size = |(size, root): (usize, &Value)| {
        let root = Hash::from_bytes(hex(root).try_into().unwrap());
        let leaves = leaves[..size].to_vec();
        let name = format!("transcribed/rfc6962_reference_tree/size-{size}");
        trial(name, move || {
            assert_eq!(root_of(&leaves), root);
            let mut builder = HashTreeBuilder::new();
            leaves.iter().for_each(|&leaf| builder.push(leaf));
            assert_eq!(builder.finish().root(), root);
        })
    };
    roots.iter().enumerate().map(of_size).collect()
}

const SIZE: u64 = 130;

/// SHA-256 over one line for each case, of every valid case up to 130 leaves.
fn accumulated(foreign: &Path) -> Vec<Trial> {
    let vector = json(&foreign.join("transcribed/mtc_subtree_accumulated.json"));
    let kinds: [(&str, Lines); 4] = [
        ("subtree_hash", all_roots),
        ("inclusion", all_inclusions),
        ("consistency", all_consistencies),
        ("covering", all_coverings),
    ];
    let of_kind = |(kind, lines): (&str, Lines)| {
        let expected = text(&vector["sha256"][kind]).to_owned();
        let name = format!("transcribed/mtc_subtree_accumulated/{kind}");
        trial(name, move || {
            let found = Hash::of(lines().as_bytes());
            assert_eq!(ledgerline_tests::hex(found.as_bytes()), expected);
        })
    };
    kinds.map(of_kind).into()
}

fn all_roots() -> String {
    let mut lines = String::new();
    for part in subtrees(SIZE) {
        let root = root(part.start(), part.end());
        writeln!(lines, "{part} {}", ledgerline_tests::hex(root.as_bytes())).unwrap();
    }
    lines
}

fn all_inclusions() -> String {
    let mut lines = String::new();
    for part in subtrees(SIZE) {
        for index in part.start()..part.end() {
            let path = prove_subtree_inclusion(LeafIndex(index), part, &mut root).unwrap();
            writeln!(lines, "{index} {part}{}", spaced(&path)).unwrap();
        }
    }
    lines
}

fn all_consistencies() -> String {
    let mut lines = String::new();
    for size in 0..=SIZE {
        for part in subtrees(size) {
            let proof = prove_subtree_consistency(part, size, &mut root).unwrap();
            writeln!(lines, "{part} {size}{}", spaced(&proof)).unwrap();
        }
    }
    lines
}

fn all_coverings() -> String {
    let mut lines = String::new();
    for end in 0..=SIZE {
        for start in 0..=end {
            let (left, right) = Subtree::covering(start, end).unwrap();
            writeln!(lines, "{left} {right}").unwrap();
        }
    }
    lines
}

/// In the order of their ends, then of their starts.
fn subtrees(size: u64) -> impl Iterator<Item = Subtree> {
    let of_end = |end| (0..=end).filter_map(move |start| Subtree::new(start, end).ok());
    (0..=size).flat_map(of_end)
}

/// Leaf i is the byte i.
fn root(lo: u64, hi: u64) -> Hash {
    let leaves: Vec<Hash> = (lo..hi).map(|index| Hash::leaf(&[index as u8])).collect();
    root_of(&leaves)
}

fn spaced(proof: &[Hash]) -> String {
    let hashes = proof.iter().map(|hash| hash.as_bytes());
    hashes
        .map(|hash| format!(" {}", ledgerline_tests::hex(hash)))
        .collect()
}
