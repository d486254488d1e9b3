//! Publishing: the tree over all events, its tiles, and the signed checkpoint.
//!
//! The order: events are durable, tiles are durable, the note is signed, `checkpoints/<size>` is
//! durable, and only then `checkpoint` changes, from the one that was extended and from no other
//! (compare and swap). A note that was signed is never forgotten, because nothing is signed that
//! does not extend it.

use ledgerline::event::Event;
use ledgerline::log::{BASE_LEAVES, Checkpoint, Hash, HashTree, Note, TreeHead};
use ledgerline::record::{SEGMENT_EVENTS, segment_key};

use super::durable::{Access, read_bounded};
use super::error::LedgerError;
use super::reader::{read_base_tile, read_checkpoint};
use super::seal::{base_hashes, leaf_hashes, write_tile};
use super::segment;
use super::writer::LedgerWriter;

/// A published checkpoint.
#[derive(Clone, Debug)]
pub struct Published {
    /// The signed note.
    pub note: Note,
    /// Size and root.
    pub head: TreeHead,
    /// Size of the checkpoint before, if there was one.
    pub before: Option<u64>,
}

/// The whole tree, with the leaf hashes of its last, incomplete segment.
struct Tree {
    tree: HashTree,
    tail_from: u64,
    tail: Vec<Hash>,
}

impl LedgerWriter {
    pub(super) fn publish_now(&mut self) -> Result<Published, LedgerError> {
        // Before anything is signed, and once more when the next step is the swap.
        self.check_unmoved()?;
        let tree = self.tree()?;
        let head = tree.tree.head();
        let before = match &self.newest {
            Some((note, newest)) => {
                let (mut note, newest) = (note.clone(), newest.clone());
                let old = newest.head();
                self.check_extends(&tree, old)?;
                if old.size == head.size {
                    // A key that is new since then signs, too.
                    if self.keys.add_missing(&mut note, &newest)? {
                        self.store(&note, newest)?;
                    }
                    return Ok(Published {
                        note,
                        head,
                        before: Some(old.size),
                    });
                }
                Some(old.size)
            }
            None => None,
        };
        self.write_tiles(&tree.tree, before.unwrap_or(0))?;

        let checkpoint = Checkpoint::new(self.manifest.origin.as_str(), head);
        let checkpoint = checkpoint.map_err(|error| LedgerError::Checkpoint {
            path: self.layout.checkpoint_of_size(head.size),
            error,
        })?;
        let note = self.keys.sign_checkpoint(&checkpoint)?;
        self.store(&note, checkpoint)?;
        Ok(Published { note, head, before })
    }

    /// Makes a signed checkpoint the newest one: in `checkpoints`, which is the point of no return,
    /// then as `checkpoint`.
    fn store(&mut self, note: &Note, checkpoint: Checkpoint) -> Result<(), LedgerError> {
        let bytes = note.to_string();
        let path = self.layout.checkpoint_of_size(checkpoint.head().size);
        let disk = self.layout.disk();
        disk.create_dirs(&self.layout.checkpoints(), Access::Public)?;
        disk.write_atomic(&path, bytes.as_bytes(), Access::Public)?;
        self.check_unmoved()?;
        disk.write_atomic(&self.layout.checkpoint(), bytes.as_bytes(), Access::Public)?;
        self.newest = Some((note.clone(), checkpoint));
        Ok(())
    }

    /// The tree over all events: sealed segments by their tiles, the rest by its leaves.
    fn tree(&mut self) -> Result<Tree, LedgerError> {
        let sealed_events = self.sealed_events;
        let layout = self.layout.clone();
        let sealer = self.sealer()?;
        let mut base = Vec::new();
        for number in 0..sealed_events / SEGMENT_EVENTS {
            base.extend(read_base_tile(&layout, number, SEGMENT_EVENTS)?);
        }
        let number = sealed_events / SEGMENT_EVENTS;
        let key = segment_key(&sealer.master, &sealer.origin, number);
        let tail_from = number * SEGMENT_EVENTS;
        // A closed ledger has its tail in a last, shorter segment, an open one in memory.
        let tail = if sealed_events > tail_from {
            leaf_hashes(&self.sealed(number)?, &key)
        } else {
            let events = self.open.as_ref().map(|open| open.events.as_slice());
            leaf_hashes(events.unwrap_or_default(), &key)
        };
        base.extend(base_hashes(&tail));
        let whole = tail.len() - tail.len() % BASE_LEAVES;
        let rest = tail.get(whole..).unwrap_or_default().to_vec();
        let tree = HashTree::from_parts(base, rest).map_err(|error| {
            LedgerError::damaged(layout.segments(), None, "a tree", error.to_string())
        })?;
        Ok(Tree {
            tree,
            tail_from,
            tail,
        })
    }

    fn sealed(&self, number: u64) -> Result<Vec<Event>, LedgerError> {
        let path = self.layout.segment(number);
        let bytes = read_bounded(&path, segment::MAX_BYTES)?;
        segment::decode(bytes).map_err(|problem| LedgerError::Segment {
            number,
            path,
            problem,
        })
    }

    /// Refuses to go on if `checkpoint` is not the one that this writer extends. The lock keeps other
    /// writers on this machine away; this notices a restored copy and a writer on another machine.
    fn check_unmoved(&self) -> Result<(), LedgerError> {
        let path = self.layout.checkpoint();
        let origin = self.manifest.origin.as_str();
        let found = match read_checkpoint(&self.layout, &path, origin) {
            Err(LedgerError::NoCheckpoint { .. }) => None,
            other => Some(other?.1.head()),
        };
        let expected = self.newest.as_ref().map(|(_, newest)| newest.head());
        if found != expected {
            return Err(LedgerError::Moved {
                path,
                expected,
                found,
            });
        }
        Ok(())
    }

    /// Refuses a tree that does not begin with the one that was signed.
    fn check_extends(&mut self, tree: &Tree, old: TreeHead) -> Result<(), LedgerError> {
        let size = tree.tree.size();
        if size < old.size {
            return Err(LedgerError::Shrunk {
                signed: old.size,
                found: size,
            });
        }
        // The root of the first `old.size` leaves asks for the leaves behind the last complete
        // 256 of them, all of which lie in one segment.
        let number = old.size.saturating_sub(1) / SEGMENT_EVENTS;
        let from = number * SEGMENT_EVENTS;
        let sealed;
        let leaves = if from >= tree.tail_from || old.size.is_multiple_of(BASE_LEAVES as u64) {
            tree.tail.as_slice()
        } else {
            let sealer = self.sealer()?;
            let key = segment_key(&sealer.master, &sealer.origin, number);
            sealed = leaf_hashes(&self.sealed(number)?, &key);
            &sealed
        };
        let mut leaf = |index: u64| {
            let at = usize::try_from(index.saturating_sub(from)).unwrap_or(usize::MAX);
            leaves.get(at).copied().unwrap_or(Hash::empty_root())
        };
        let found = tree.tree.subtree_root(0, old.size, &mut leaf);
        if found != old.root {
            return Err(LedgerError::Forked {
                size: old.size,
                signed: old.root,
                found,
            });
        }
        Ok(())
    }

    /// Writes the tiles that the tree has and the one of `before` leaves had not.
    fn write_tiles(&self, tree: &HashTree, before: u64) -> Result<(), LedgerError> {
        for level in 1_u8.. {
            let hashes = tree.tile_hashes(level);
            if hashes.is_empty() {
                return Ok(());
            }
            // Tiles that were full then do not change any more.
            let full = before.checked_shr(u32::from(level) * 8 + 8).unwrap_or(0);
            let skip = usize::try_from(full).unwrap_or(usize::MAX);
            for (number, tile) in (0..).zip(hashes.chunks(256)).skip(skip) {
                write_tile(&self.layout, level, number, tile)?;
            }
        }
        Ok(())
    }
}
