//! Publishing: the tree over all events, its tiles, and the signed checkpoint.
//!
//! The order: events are durable, tiles are durable, the note is signed, `checkpoints/<size>` is
//! durable (from here on it is signed for good), witnesses cosign it, and only then `checkpoint`
//! changes, from the one that was served and from no other (compare and swap). A note that was
//! signed is never forgotten, because nothing is signed that does not extend it.

use std::borrow::Cow;

use ledgerline::event::Event;
use ledgerline::log::{BASE_LEAVES, Checkpoint, Hash, HashTree, Note, TreeHead, prove_consistency};
use ledgerline::record::{SEGMENT_EVENTS, segment_key};
use ledgerline::salt::SaltKey;

use super::agreed::with_lines_of;
use super::durable::{Access, read_bounded};
use super::error::LedgerError;
use super::layout::Layout;
use super::reader::{read_base_tile, read_checkpoint};
use super::seal::{base_hashes, leaf_hashes, write_tile};
use super::segment;
use super::writer::LedgerWriter;

/// A checkpoint that was signed, and perhaps served.
#[derive(Clone, Debug)]
pub struct Published {
    /// The signed note.
    pub note: Note,
    /// Size and root.
    pub head: TreeHead,
    /// Size of the newest checkpoint signed before, if there was one.
    pub before: Option<u64>,
}

/// A checkpoint that is signed and stored, with the tree that it is over. It is served by
/// [`LedgerWriter::serve`].
#[derive(Debug)]
pub struct Staged {
    /// The checkpoint.
    pub published: Published,
    /// Its tree.
    pub tree: LogTree,
}

/// The whole tree, with the leaf hashes of its last, incomplete segment, and what is needed to find
/// those of the others.
#[derive(Debug)]
pub struct LogTree {
    tree: HashTree,
    tail_from: u64,
    tail: Vec<Hash>,
    layout: Layout,
    /// Of the sealed segments.
    keys: Vec<SaltKey>,
}

impl LogTree {
    /// Size and root.
    #[must_use]
    pub fn head(&self) -> TreeHead {
        self.tree.head()
    }

    /// The hashes that show that this tree begins with its first `old_size` leaves. Reads at most one
    /// segment.
    ///
    /// # Errors
    ///
    /// [`LedgerError::Shrunk`] if it has fewer; [`LedgerError::File`], [`LedgerError::Segment`].
    pub fn prove_consistency(&self, old_size: u64) -> Result<Vec<Hash>, LedgerError> {
        let size = self.tree.size();
        let leaves = self.leaves_before(old_size)?;
        let mut leaf = |index| leaves.hash(index);
        let mut subtree = |lo, hi| self.tree.subtree_root(lo, hi, &mut leaf);
        prove_consistency(old_size, size, &mut subtree).map_err(|_| LedgerError::Shrunk {
            signed: old_size,
            found: size,
        })
    }

    /// The root of the first `size` leaves. Reads at most one segment.
    ///
    /// # Errors
    ///
    /// [`LedgerError::Shrunk`] if it has fewer; [`LedgerError::File`], [`LedgerError::Segment`].
    pub fn root_before(&self, size: u64) -> Result<Hash, LedgerError> {
        let found = self.tree.size();
        if size > found {
            return Err(LedgerError::Shrunk {
                signed: size,
                found,
            });
        }
        let leaves = self.leaves_before(size)?;
        let mut leaf = |index| leaves.hash(index);
        Ok(self.tree.subtree_root(0, size, &mut leaf))
    }

    /// The leaf hashes that a tree of `size` leaves is asked for: those behind its last complete 256,
    /// and what follows them up to the next 256. All of these lie in one segment.
    fn leaves_before(&self, size: u64) -> Result<Leaves<'_>, LedgerError> {
        let number = size.saturating_sub(1) / SEGMENT_EVENTS;
        let from = number * SEGMENT_EVENTS;
        if from >= self.tail_from || size.is_multiple_of(BASE_LEAVES as u64) {
            return Ok(Leaves {
                from: self.tail_from,
                hashes: Cow::Borrowed(&self.tail),
            });
        }
        let at = usize::try_from(number).unwrap_or(usize::MAX);
        let key = self.keys.get(at).ok_or(LedgerError::NoSegment {
            number,
            count: self.keys.len() as u64,
        })?;
        Ok(Leaves {
            from,
            hashes: Cow::Owned(leaf_hashes(&sealed(&self.layout, number)?, key)),
        })
    }
}

/// Leaf hashes from some index on.
struct Leaves<'a> {
    from: u64,
    hashes: Cow<'a, [Hash]>,
}

impl Leaves<'_> {
    fn hash(&self, index: u64) -> Hash {
        let at = index.checked_sub(self.from);
        let at = at.and_then(|at| usize::try_from(at).ok());
        // Never asked for: a wrong root would be found by whoever compares it.
        at.and_then(|at| self.hashes.get(at).copied())
            .unwrap_or(Hash::empty_root())
    }
}

impl LedgerWriter {
    pub(super) fn publish_now(&mut self) -> Result<Published, LedgerError> {
        let staged = self.stage_now()?;
        self.serve_now(&staged.published.note)?;
        Ok(staged.published)
    }

    pub(super) fn stage_now(&mut self) -> Result<Staged, LedgerError> {
        self.check_uncontradicted()?;
        // Before anything is signed, and once more when the next step is the swap.
        self.check_unmoved()?;
        let tree = self.tree()?;
        let head = tree.head();
        let before = match &self.newest {
            Some((note, newest)) => {
                let (mut note, newest) = (note.clone(), newest.clone());
                let old = newest.head();
                check_extends(&tree, old)?;
                if old.size == head.size {
                    // A key that is new since then signs, too.
                    if self.keys.add_missing(&mut note, &newest)? {
                        self.store_now(&note)?;
                    }
                    let published = Published {
                        note,
                        head,
                        before: Some(old.size),
                    };
                    return Ok(Staged { published, tree });
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
        let path = self.layout.checkpoint_of_size(head.size);
        let disk = self.layout.disk();
        disk.create_dirs(&self.layout.checkpoints(), Access::Public)?;
        disk.write_atomic(&path, note.to_string().as_bytes(), Access::Public)?;
        self.newest = Some((note.clone(), checkpoint));
        let published = Published { note, head, before };
        Ok(Staged { published, tree })
    }

    /// Stores the newest checkpoint's note, which may have got more signatures.
    /// Lines that are there already stay. Gives what is then stored.
    pub(super) fn store_now(&mut self, note: &Note) -> Result<(Note, Checkpoint), LedgerError> {
        let (newest, checkpoint) = self.checked(note)?;
        let merged = with_lines_of(note, &newest);
        if newest != merged {
            let path = self.layout.checkpoint_of_size(checkpoint.head().size);
            let bytes = merged.to_string();
            self.layout
                .disk()
                .write_atomic(&path, bytes.as_bytes(), Access::Public)?;
            self.newest = Some((merged.clone(), checkpoint.clone()));
        }
        Ok((merged, checkpoint))
    }

    pub(super) fn serve_now(&mut self, note: &Note) -> Result<(), LedgerError> {
        self.check_uncontradicted()?;
        let (note, checkpoint) = self.store_now(note)?;
        self.check_unmoved()?;
        let path = self.layout.checkpoint();
        let bytes = note.to_string();
        // What stands there unchanged is on the disk: recovery sees to that.
        let is_there = std::fs::read(&path).is_ok_and(|there| there == bytes.as_bytes());
        if !is_there {
            let disk = self.layout.disk();
            disk.write_atomic(&path, bytes.as_bytes(), Access::Public)?;
        }
        self.served = Some((note, checkpoint));
        Ok(())
    }

    /// The newest checkpoint as it is stored, if this note is the same one, signed by the log's key.
    fn checked(&self, note: &Note) -> Result<(Note, Checkpoint), LedgerError> {
        let path = self.layout.checkpoint();
        let wrong = |error| LedgerError::Checkpoint {
            path: path.clone(),
            error,
        };
        let keys: Vec<_> = self.keys.verifiers().cloned().collect();
        let found = Checkpoint::open(note, self.manifest.origin.as_str(), &keys).map_err(wrong)?;
        match &self.newest {
            Some((stored, newest)) if newest.head() == found.head() => Ok((stored.clone(), found)),
            other => Err(LedgerError::Moved {
                path,
                expected: other.as_ref().map(|(_, newest)| newest.head()),
                found: Some(found.head()),
            }),
        }
    }

    /// The tree over all events: sealed segments by their tiles, the rest by its leaves. Nothing is
    /// signed.
    ///
    /// # Errors
    ///
    /// [`LedgerError`] for what of them is damaged.
    pub fn tree(&mut self) -> Result<LogTree, LedgerError> {
        let sealed_events = self.sealed_events;
        let layout = self.layout.clone();
        let sealer = self.sealer()?;
        let keys = sealer.keys.clone();
        let mut base = Vec::new();
        for number in 0..sealed_events / SEGMENT_EVENTS {
            base.extend(read_base_tile(&layout, number, SEGMENT_EVENTS)?);
        }
        let number = sealed_events / SEGMENT_EVENTS;
        let key = segment_key(&sealer.master, &sealer.origin, number);
        let tail_from = number * SEGMENT_EVENTS;
        // A closed ledger has its tail in a last, shorter segment, an open one in memory.
        let tail = if sealed_events > tail_from {
            leaf_hashes(&sealed(&layout, number)?, &key)
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
        Ok(LogTree {
            tree,
            tail_from,
            tail,
            layout,
            keys,
        })
    }

    /// Refuses to go on if `checkpoint` is not the one that this writer knows. The lock keeps other
    /// writers on this machine away; this notices a restored copy and a writer on another machine.
    fn check_unmoved(&self) -> Result<(), LedgerError> {
        let path = self.layout.checkpoint();
        let origin = self.manifest.origin.as_str();
        let found = match read_checkpoint(&self.layout, &path, origin) {
            Err(LedgerError::NoCheckpoint { .. }) => None,
            other => Some(other?.1.head()),
        };
        let expected = self.served_head();
        if found != expected {
            return Err(LedgerError::Moved {
                path,
                expected,
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

fn sealed(layout: &Layout, number: u64) -> Result<Vec<Event>, LedgerError> {
    let path = layout.segment(number);
    let bytes = read_bounded(&path, segment::MAX_BYTES)?;
    segment::decode(bytes).map_err(|problem| LedgerError::Segment {
        number,
        path,
        problem,
    })
}

/// Refuses a tree that does not begin with the one that was signed.
fn check_extends(tree: &LogTree, old: TreeHead) -> Result<(), LedgerError> {
    let found = tree.root_before(old.size)?;
    if found != old.root {
        return Err(LedgerError::Forked {
            size: old.size,
            signed: old.root,
            found,
        });
    }
    Ok(())
}
