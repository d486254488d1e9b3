//! What a ledger holds, read from its files, and whether checkpoints are of it.

use std::fs;
use std::path::Path;

use ledgerline::event::Event;
use ledgerline::log::{
    Checkpoint, Hash, HashTree, HashTreeBuilder, Note, TreeHead, VerifierKey, prove_consistency,
    verify_consistency,
};
use ledgerline::record::segment_key;
use ledgerline_cli::ledger::{Ledger, SegmentData, wal};

/// All events of a ledger, those of the open segment from its write-ahead file, and their tree.
pub struct Log {
    pub events: Vec<Event>,
    /// The newest published checkpoint, its signature verified.
    pub newest: TreeHead,
    leaves: Vec<Hash>,
    tree: HashTree,
    origin: String,
    keys: Vec<VerifierKey>,
}

impl Log {
    /// Reads a ledger to which nobody writes.
    pub fn read(path: &Path) -> Self {
        let ledger = Ledger::open_readonly(path).unwrap();
        let mut segments: Vec<_> = ledger
            .segments()
            .iter()
            .map(|info| ledger.read_segment(info.number).unwrap())
            .collect();
        let number = segments.len() as u64;
        let open = ledger.layout().wal(number);
        if open.is_file() {
            let content = wal::read(&open, number).unwrap();
            assert_eq!(content.torn_bytes, 0);
            segments.push(SegmentData {
                events: content.events,
                salt_key: segment_key(&ledger.master_secret().unwrap(), ledger.origin(), number),
            });
        }
        let mut builder = HashTreeBuilder::new();
        let mut leaves = Vec::new();
        for data in &segments {
            leaves.extend(ledger.leaf_hashes(data));
        }
        leaves.iter().for_each(|leaf| builder.push(*leaf));
        let mut log = Self {
            events: segments.into_iter().flat_map(|data| data.events).collect(),
            newest: TreeHead::EMPTY,
            leaves,
            tree: builder.finish(),
            origin: ledger.origin().to_owned(),
            keys: ledger.vkeys().unwrap(),
        };
        let (note, _) = ledger.checkpoint().unwrap();
        log.newest = log.opened(note.to_string().as_bytes());
        log
    }

    /// The head of a note that the log's key signed.
    pub fn opened(&self, note: &[u8]) -> TreeHead {
        let note = Note::parse(note).unwrap();
        let keys = &self.keys;
        Checkpoint::open(&note, &self.origin, keys).unwrap().head()
    }

    /// The tree over the events themselves begins with this one. `old` may be any that was seen.
    #[track_caller]
    pub fn extends(&self, old: TreeHead) {
        let new = self.tree.head();
        let mut subtree = |lo, hi| -> Hash {
            let mut leaf = |index: u64| self.leaves[usize::try_from(index).unwrap()];
            self.tree.subtree_root(lo, hi, &mut leaf)
        };
        let proof = prove_consistency(old.size, new.size, &mut subtree).unwrap();
        verify_consistency(old, new, &proof).unwrap();
    }
}

/// No temporary file is left anywhere.
pub fn no_litter(dir: &Path) {
    for entry in fs::read_dir(dir).unwrap() {
        let path = entry.unwrap().path();
        assert!(path.extension().is_none_or(|e| e != "tmp"), "{path:?}");
        if path.is_dir() {
            no_litter(&path);
        }
    }
}
