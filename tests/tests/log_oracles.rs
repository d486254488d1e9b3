//! Other people's code gives what ours gives: ct-merkle (RFC 6962 trees and proofs), tlog_tiles (C2SP
//! tiles and checkpoints) and signed_note (C2SP notes), on pseudo-random trees of up to 2^20 leaves.
//!
//! Numbers come from a fixed seed; leaf i is its number in eight bytes, big-endian.
#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    clippy::cast_possible_truncation,
    reason = "tests"
)]

use std::collections::{BTreeMap, BTreeSet};

use ct_merkle::mem_backed_tree::MemoryBackedTree;
use ct_merkle::{ConsistencyProof, InclusionProof, RootHash};
use ledgerline::log::{
    Checkpoint, Hash, HashTree, HashTreeBuilder, KeyName, LeafIndex, Note, SigningKey, Tile,
    TreeHead, VerifierKey, prove_consistency, prove_inclusion, verify_consistency,
    verify_inclusion,
};
use ledgerline_tests::tiles::{self, bytes};
use sha2::Sha256;
use sha2::digest::Output;
use signed_note::{Signer, StandardSigner, StandardVerifier, Verifier, VerifierList};
use tlog_tiles::{HashReader as _, TileHashReader, TileReader};

const LARGEST: u64 = 1 << 20;

#[test]
fn ct_merkle_has_the_same_roots_and_proofs() {
    let mut dice = Dice(0x1ed9_e711);
    let mut ours = HashTreeBuilder::new();
    let mut theirs = MemoryBackedTree::<Sha256, [u8; 8]>::new();
    for size in sizes(&mut dice) {
        for index in ours.size()..size {
            ours.push(leaf(index));
            theirs.push(index.to_be_bytes());
        }
        let tree = ours.clone().finish();
        let (head, root) = (tree.head(), theirs.root());
        assert_eq!(output(head.root), *root.as_bytes(), "size {size}");
        let mut subtree = |lo, hi| tree.subtree_root(lo, hi, &mut leaf);

        for index in [0, size - 1, dice.below(size), dice.below(size)] {
            let path = prove_inclusion(LeafIndex(index), size, &mut subtree).unwrap();
            let proof = theirs.prove_inclusion(index as usize);
            assert_eq!(bytes(&path), proof.as_bytes(), "{index} of {size}");
            let ours = InclusionProof::from_digests(&outputs(&path));
            root.verify_inclusion(&index.to_be_bytes(), index, &ours)
                .unwrap();
            let path = hashes(proof.as_bytes());
            verify_inclusion(leaf(index), LeafIndex(index), &path, head).unwrap();
        }

        for old in [1, size, 1 + dice.below(size), 1 + dice.below(size)] {
            let old = TreeHead {
                size: old,
                root: subtree(0, old),
            };
            let proof = prove_consistency(old.size, size, &mut subtree).unwrap();
            let their_proof = theirs.prove_consistency((size - old.size) as usize);
            assert_eq!(
                bytes(&proof),
                their_proof.as_bytes(),
                "{} to {size}",
                old.size
            );
            let old_root = RootHash::new(output(old.root), old.size);
            let ours = ConsistencyProof::from_digests(&outputs(&proof));
            root.verify_consistency(&old_root, &ours).unwrap();
            let their_proof = hashes(their_proof.as_bytes());
            verify_consistency(old, head, &their_proof).unwrap();
        }
    }
    assert_eq!(ours.size(), LARGEST);
}

#[test]
fn ct_merkle_refuses_the_same_proofs() {
    let mut dice = Dice(0xbad);
    let mut builder = HashTreeBuilder::new();
    (0..1000).for_each(|index| builder.push(leaf(index)));
    let tree = builder.finish();
    let mut subtree = |lo, hi| tree.subtree_root(lo, hi, &mut leaf);
    let (mut accepted, mut refused) = (0, 0);
    for _ in 0..20_000 {
        let size = 1 + dice.below(1000);
        let index = dice.below(size);
        let path = prove_inclusion(LeafIndex(index), size, &mut subtree).unwrap();
        let head = TreeHead {
            // Sizes and indices nearby have paths of the same length.
            size: size.saturating_add(dice.below(3)).saturating_sub(1),
            root: subtree(0, size),
        };
        let claimed = index.saturating_add(dice.below(3)).saturating_sub(1);
        let ours = verify_inclusion(leaf(index), LeafIndex(claimed), &path, head).is_ok();
        let root = RootHash::<Sha256>::new(output(head.root), head.size);
        let proof = InclusionProof::from_digests(&outputs(&path));
        let theirs = root
            .verify_inclusion(&index.to_be_bytes(), claimed, &proof)
            .is_ok();
        assert_eq!(
            ours, theirs,
            "{claimed} of {}, was {index} of {size}",
            head.size
        );
        if ours { accepted += 1 } else { refused += 1 }
    }
    assert!(accepted > 1000 && refused > 1000, "{accepted} {refused}");
}

#[test]
fn tlog_tiles_reads_our_tiles() {
    let mut dice = Dice(0x0711_e500);
    let mut sizes = vec![1, 2, 255, 256, 257, 512, 65_535, 65_536, 65_537, 70_000];
    sizes.extend((0..8).map(|_| 1 + dice.below(LARGEST)));
    sizes.push(LARGEST);
    for size in sizes {
        let log = Served::of_size(size);
        let head = log.tree.head();
        let root = tlog_tiles::Hash(*head.root.as_bytes());
        // The paths that tlog_tiles would publish are ours; Go's have the height in front.
        let published = tlog_tiles::Tile::new_tiles(8, 0, size);
        let published: BTreeSet<String> = published.iter().map(path).collect();
        assert!(published.iter().eq(log.files.keys()), "size {size}");

        let reader = TileHashReader::new(size, root, &log);
        assert_eq!(tlog_tiles::tree_hash(size, &reader).unwrap(), root);
        let mut subtree = |lo, hi| log.tree.subtree_root(lo, hi, &mut leaf);
        for index in [0, size - 1, dice.below(size), dice.below(size)] {
            let path = prove_inclusion(LeafIndex(index), size, &mut subtree).unwrap();
            let proof = tlog_tiles::prove_record(size, index, &reader).unwrap();
            assert_eq!(theirs(&path), proof, "{index} of {size}");
            let hash = tlog_tiles::record_hash(&index.to_be_bytes());
            tlog_tiles::check_record(&theirs(&path), size, root, index, hash).unwrap();
            let read = reader.read_hashes(&[tlog_tiles::stored_hash_index(0, index)]);
            assert_eq!(read.unwrap(), [hash]);
        }
        for old in [1, size, 1 + dice.below(size)] {
            let proof = prove_consistency(old, size, &mut subtree).unwrap();
            let their_proof = tlog_tiles::prove_tree(size, old, &reader).unwrap();
            assert_eq!(theirs(&proof), their_proof, "{old} to {size}");
            let old_root = tlog_tiles::Hash(*subtree(0, old).as_bytes());
            tlog_tiles::check_tree(&theirs(&proof), size, root, old, old_root).unwrap();
        }
    }
}

/// Of a whole power of two of leaves. With another size, tlog_tiles 0.2.0 skips as many tiles as there
/// are complete subtrees of the tree that share a tile (its check of tiles begins at the number of
/// subtrees, not of their tiles): such a wrong tile it does not find.
#[test]
fn tlog_tiles_finds_a_wrong_tile() {
    let size = 65_536;
    let mut log = Served::of_size(size);
    let root = tlog_tiles::Hash(*log.tree.root().as_bytes());
    let tile = Tile::new(0, 100, 256).unwrap().to_string();
    log.files.get_mut(&tile).unwrap()[77] ^= 1;
    let reader = TileHashReader::new(size, root, &log);
    assert!(tlog_tiles::prove_record(size, 100 * 256, &reader).is_err());
}

#[test]
fn tlog_tiles_and_we_read_the_same_checkpoints() {
    let root = Hash::of(b"root");
    for (text, good) in [
        (
            format!("example.com/log\n0\n{}\n", Hash::empty_root()),
            true,
        ),
        (format!("example.com/log\n70000\n{root}\n"), true),
        (
            format!("example.com/log\n70000\n{root}\nextension\nmore\n"),
            true,
        ),
        (format!("example.com/log\n070000\n{root}\n"), false),
        (format!("example.com/log\n+7\n{root}\n"), false),
        (format!("example.com/log\n-7\n{root}\n"), false),
        (format!("example.com/log\n\n{root}\n"), false),
        (format!("\n7\n{root}\n"), false),
        (format!("example.com/log\n7\n{root}"), false),
        (format!("example.com/log\n7\n{root}\n\n"), false),
        (format!("example.com/log\n7\n{root}A\n"), false),
        ("example.com/log\n7\n".to_owned(), false),
    ] {
        let ours = Checkpoint::parse(&text);
        let theirs = tlog_tiles::Checkpoint::from_bytes(text.as_bytes());
        assert_eq!((ours.is_ok(), theirs.is_ok()), (good, good), "{text:?}");
        let (Ok(ours), Ok(theirs)) = (ours, theirs) else {
            continue;
        };
        assert_eq!(theirs.size(), ours.head().size);
        assert_eq!(theirs.hash().0, *ours.head().root.as_bytes());
        assert_eq!(theirs.to_bytes(), ours.to_string().as_bytes());
    }
}

#[test]
fn signed_note_opens_our_notes_and_we_open_its() {
    let mut dice = Dice(0x00e0_0715);
    for round in 0..50u8 {
        let keys: Vec<SigningKey> = (0..3).map(|n| key(n, round)).collect();
        let verifiers: Vec<VerifierKey> = keys.iter().map(|key| key.verifier().clone()).collect();
        let text = note_text(&mut dice);

        let ours = Note::sign(&text, &[&keys[0], &keys[1]]).unwrap();
        let read = signed_note::Note::from_bytes(ours.to_string().as_bytes()).unwrap();
        assert_eq!(read.text(), text.as_bytes());
        assert_eq!(read.to_bytes(), ours.to_string().as_bytes());
        let (signed, unknown) = read.verify(&their_keys(&verifiers[..1])).unwrap();
        assert_eq!((signed.len(), unknown.len()), (1, 1));
        let (signed, unknown) = read.verify(&their_keys(&verifiers)).unwrap();
        assert_eq!((signed.len(), unknown.len()), (2, 0));
        assert!(read.verify(&their_keys(&verifiers[2..])).is_err());

        // Ed25519 signatures are the same, whoever makes them.
        let secrets = keys.iter().map(|key| key.to_secret_text());
        let signers: Vec<StandardSigner> = secrets
            .map(|secret| StandardSigner::new(secret.as_str()).unwrap())
            .collect();
        let signers: Vec<&dyn Signer> = signers[..2].iter().map(|s| s as &dyn Signer).collect();
        let mut theirs = signed_note::Note::new(text.as_bytes(), &[]).unwrap();
        theirs.add_sigs(&signers).unwrap();
        assert_eq!(theirs.to_bytes(), ours.to_string().as_bytes());
    }
}

/// No change of a single byte makes a note that only one of us takes.
#[test]
fn signed_note_and_we_refuse_the_same_changed_notes() {
    let key = key(0, 0);
    let keys = [key.verifier().clone()];
    let note = Note::sign("First.\n\nLast – line.\n", &[&key])
        .unwrap()
        .to_string();
    let mut accepted = 0;
    for at in 0..note.len() {
        for new in 0..=u8::MAX {
            let mut bytes = note.clone().into_bytes();
            bytes[at] = new;
            let ours = Note::parse(&bytes).is_ok_and(|note| note.verify(&keys).is_ok());
            let theirs = signed_note::Note::from_bytes(&bytes);
            let theirs = theirs.is_ok_and(|note| note.verify(&their_keys(&keys)).is_ok());
            assert_eq!(ours, theirs, "byte {at} as {new}");
            accepted += usize::from(ours);
        }
    }
    // Once at every byte: where it stays what it was.
    assert_eq!(accepted, note.len());
}

/// A log's tiles as files.
struct Served {
    tree: HashTree,
    files: BTreeMap<String, Vec<u8>>,
}

impl Served {
    fn of_size(size: u64) -> Served {
        let leaves: Vec<Hash> = (0..size).map(leaf).collect();
        let tree = tiles::tree(&leaves);
        let files = tiles::files(&tree, &leaves);
        Served { tree, files }
    }
}

impl TileReader for Served {
    fn height(&self) -> u8 {
        8
    }

    fn read_tiles(&self, tiles: &[tlog_tiles::Tile]) -> Result<Vec<Vec<u8>>, tlog_tiles::Error> {
        Ok(tiles
            .iter()
            .map(|tile| self.files[&path(tile)].clone())
            .collect())
    }

    fn save_tiles(&self, _: &[tlog_tiles::Tile], _: &[Vec<u8>]) {}
}

/// C2SP's path, which does not name the height, as ours reads it.
fn path(tile: &tlog_tiles::Tile) -> String {
    let path = tile.path().replacen("tile/8/", "tile/", 1);
    Tile::parse(&path).unwrap().to_string()
}

/// Every small size, the sizes around powers of two and of 256, and some between, up to 2^20.
fn sizes(dice: &mut Dice) -> BTreeSet<u64> {
    let mut sizes: BTreeSet<u64> = (1..=300).collect();
    for power in 9..=20 {
        sizes.extend([(1 << power) - 1, 1 << power, (1 << power) + 1]);
        sizes.extend((0..8).map(|_| 1 + dice.below(1 << power)));
    }
    sizes.retain(|&size| size <= LARGEST);
    sizes
}

fn leaf(index: u64) -> Hash {
    Hash::leaf(&index.to_be_bytes())
}

fn hashes(bytes: &[u8]) -> Vec<Hash> {
    let (hashes, []) = bytes.as_chunks() else {
        return Vec::new();
    };
    hashes.iter().map(|&hash| Hash::from_bytes(hash)).collect()
}

fn output(hash: Hash) -> Output<Sha256> {
    (*hash.as_bytes()).into()
}

fn outputs(hashes: &[Hash]) -> Vec<Output<Sha256>> {
    hashes.iter().map(|&hash| output(hash)).collect()
}

fn theirs(hashes: &[Hash]) -> Vec<tlog_tiles::Hash> {
    hashes
        .iter()
        .map(|hash| tlog_tiles::Hash(*hash.as_bytes()))
        .collect()
}

fn key(number: u8, round: u8) -> SigningKey {
    let name = KeyName::parse(&format!("example.com/log-{number}")).unwrap();
    let mut seed = [round; 32];
    seed[0] = number;
    SigningKey::from_seed(name, &seed)
}

fn their_keys(keys: &[VerifierKey]) -> VerifierList {
    let keys = keys
        .iter()
        .map(|key| StandardVerifier::new(&key.to_string()).unwrap());
    VerifierList::new(keys.map(|key| Box::new(key) as Box<dyn Verifier>).collect())
}

/// Some lines, blank ones and other alphabets among them.
fn note_text(dice: &mut Dice) -> String {
    let lines = [
        "",
        "a line",
        "— no signature",
        "ä ö ü",
        "漢字",
        "+ 1 =",
        "\u{a0}",
    ];
    let count = 1 + dice.below(6);
    let lines = (0..count).map(|_| lines[dice.below(lines.len() as u64) as usize]);
    lines.map(|line| format!("{line}\n")).collect()
}

/// SplitMix64.
struct Dice(u64);

impl Dice {
    fn below(&mut self, bound: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (z ^ (z >> 31)) % bound
    }
}
