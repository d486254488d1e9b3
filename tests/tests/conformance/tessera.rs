//! transparency-dev/tessera's test log of 15 entries: each checkpoint, tile and entry bundle, and all
//! proofs between them.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use ledgerline::log::{
    Checkpoint, EntryBundle, Hash, LeafIndex, Note, Tile, TreeHead, VerifierKey, opening,
    prove_consistency, prove_inclusion, push_entry, root_of, verify_consistency, verify_entries,
    verify_inclusion,
};
use libtest_mimic::Trial;

use super::files::{json, text, texts};
use super::trial;

struct Log {
    folder: PathBuf,
    keys: [VerifierKey; 1],
    entries: Vec<String>,
    leaves: Vec<Hash>,
}

pub(crate) fn trials(foreign: &Path) -> Vec<Trial> {
    let vector = json(&foreign.join("transcribed/tessera_testdata_log.json"));
    let entries: Vec<String> = texts(&vector["leaves"]).map(str::to_owned).collect();
    let log = Arc::new(Log {
        folder: foreign.join("tessera/testdata/log"),
        keys: [VerifierKey::parse(text(&vector["vkey"])).unwrap()],
        leaves: entries.iter().map(|e| Hash::leaf(e.as_bytes())).collect(),
        entries,
    });
    assert_eq!(log.leaves.len(), 15);

    let mut trials = Vec::new();
    let mut add = |name: String, check: Box<dyn Fn(&Log) + Send>| {
        let log = Arc::clone(&log);
        trials.push(trial(name, move || check(&log)));
    };
    add(
        "tessera/checkpoint".into(),
        Box::new(|log| assert_eq!(log.open("checkpoint"), log.head(15))),
    );
    for size in 0..=15 {
        let file = format!("checkpoint.{size}");
        add(
            format!("tessera/{file}"),
            Box::new(move |log| assert_eq!(log.open(&file), log.head(size))),
        );
        add(
            format!("tessera/consistency/to-{size}"),
            Box::new(move |log| consistency(log, size)),
        );
        add(
            format!("tessera/inclusion/size-{size}"),
            Box::new(move |log| inclusion(log, size)),
        );
    }
    for width in 1..=15 {
        let tile = Tile::new(0, 0, width).unwrap();
        let bundle = EntryBundle::new(0, width).unwrap();
        add(
            format!("tessera/{tile}"),
            Box::new(move |log| tile_file(log, tile)),
        );
        add(
            format!("tessera/{bundle}"),
            Box::new(move |log| entry_bundle(log, bundle)),
        );
    }
    trials
}

impl Log {
    /// What the log signed, in a note that we write again byte for byte.
    fn open(&self, file: &str) -> TreeHead {
        let bytes = fs::read(self.folder.join(file)).unwrap();
        let note = Note::parse(&bytes).unwrap();
        assert_eq!(note.to_string().as_bytes(), bytes);
        let checkpoint = Checkpoint::open(&note, self.keys[0].name().as_str(), &self.keys).unwrap();
        assert_eq!(checkpoint.to_string(), note.text());
        checkpoint.head()
    }

    fn head(&self, size: usize) -> TreeHead {
        TreeHead {
            size: size as u64,
            root: root_of(&self.leaves[..size]),
        }
    }

    fn root(&self, lo: u64, hi: u64) -> Hash {
        root_of(&self.leaves[lo as usize..hi as usize])
    }
}

/// The only tile of its size, with our hashes in it.
fn tile_file(log: &Log, tile: Tile) {
    let width = u64::from(tile.width());
    assert!(Tile::of_tree(0, width).eq([tile]));
    assert_eq!(Tile::of_tree(1, width).count(), 0);
    let hashes = &log.leaves[..usize::from(tile.width())];
    let bytes: Vec<u8> = hashes.iter().flat_map(|leaf| *leaf.as_bytes()).collect();
    assert_eq!(fs::read(log.folder.join(tile.to_string())).unwrap(), bytes);
}

/// The entries behind the leaves, in the one encoding that there is.
fn entry_bundle(log: &Log, bundle: EntryBundle) {
    let path = bundle.to_string();
    assert_eq!(EntryBundle::parse(&path), Ok(bundle));
    let bytes = fs::read(log.folder.join(path)).unwrap();
    let entries = bundle.split(&bytes).unwrap();
    let width = usize::from(bundle.width());
    let expected = log.entries[..width].iter().map(String::as_bytes);
    assert!(entries.iter().copied().eq(expected));
    assert_eq!(verify_entries(&entries, &log.leaves[..width]), Ok(()));
    let mut again = Vec::new();
    for entry in entries {
        push_entry(&mut again, entry).unwrap();
    }
    assert_eq!(again, bytes);
}

fn consistency(log: &Log, size: usize) {
    let new = log.head(size);
    for old in 0..=size {
        let old = log.head(old);
        let mut subtree = |lo, hi| log.root(lo, hi);
        let proof = prove_consistency(old.size, new.size, &mut subtree).unwrap();
        let verified = verify_consistency(old, new, &proof);
        // From an empty log nothing is proven.
        let provable = old.size > 0 || new.size == 0;
        assert_eq!(verified.is_ok(), provable, "from {} to {size}", old.size);
    }
}

/// RFC 6962's path and our opening proof hold the same hashes.
fn inclusion(log: &Log, size: usize) {
    let head = log.head(size);
    let mut subtree = |lo, hi| log.root(lo, hi);
    for (index, &leaf) in (0..head.size).zip(&log.leaves) {
        let mut path = prove_inclusion(LeafIndex(index), head.size, &mut subtree).unwrap();
        assert_eq!(
            verify_inclusion(leaf, LeafIndex(index), &path, head),
            Ok(())
        );
        let mut proof = opening::prove(head.size, &[index], &mut subtree).unwrap();
        assert_eq!(opening::verify([(index, leaf)], &proof, head), Ok(()));
        path.sort();
        proof.sort();
        assert_eq!(proof, path);
    }
}
