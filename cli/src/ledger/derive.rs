//! From events to hashes, on one thread for each segment, and the events that are not sealed yet.
//!
//! *In:* events and the key of their salts. *Out:* records, leaf hashes, hashes of level 8. *Does
//! not know:* which of them are right.

use ledgerline::event::Event;
use ledgerline::log::{BASE_LEAVES, Hash, HashTree, root_of};
use ledgerline::record::{Record, encode_bare};
use ledgerline::salt::SaltKey;

use super::error::LedgerError;
use super::layout::Layout;
use super::wal::{self, FULL, WalContent};

/// Hands every 256 events of a segment, as records and leaf hashes, to `each`; the last time
/// perhaps fewer. The first argument counts them from 0.
pub(super) fn blocks(
    events: &[Event],
    key: &SaltKey,
    mut each: impl FnMut(usize, &[Record], &[Hash]),
) {
    let mut salts = key.salts_from(0);
    let mut records = Vec::with_capacity(BASE_LEAVES);
    let mut leaves = Vec::with_capacity(BASE_LEAVES);
    for (block, events) in events.chunks(BASE_LEAVES).enumerate() {
        let salted = |event| Record::from_parts(&salts.next_salt(), &encode_bare(event));
        records.clear();
        records.extend(events.iter().map(salted));
        leaves.clear();
        leaves.extend(records.iter().map(|record| Hash::leaf(record.as_bytes())));
        each(block, &records, &leaves);
    }
}

/// What is kept of a segment's hashes.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub(super) struct SegmentHashes {
    /// One hash of level 8 for each complete 256 events.
    pub(super) base: Vec<Hash>,
    /// The roots over the events behind the last complete 256 of trees of these sizes.
    pub(super) ends: Vec<(u64, Hash)>,
}

/// Hashes a segment whose first event has the index `first`. `sizes`, ascending, are those of trees
/// whose root will be asked for.
pub(super) fn hash_segment(
    events: &[Event],
    key: &SaltKey,
    first: u64,
    sizes: &[u64],
) -> SegmentHashes {
    let mut hashes = SegmentHashes::default();
    let mut sizes = sizes.iter().skip_while(|size| **size <= first).peekable();
    blocks(events, key, |block, _, leaves| {
        let from = first + (block * BASE_LEAVES) as u64;
        let to = from + BASE_LEAVES as u64;
        while let Some(size) = sizes.next_if(|size| **size <= to) {
            let leaves = usize::try_from(size - from)
                .ok()
                .and_then(|n| leaves.get(..n));
            if let Some(leaves) = leaves.filter(|leaves| leaves.len() < BASE_LEAVES) {
                hashes.ends.push((*size, root_of(leaves)));
            }
        }
        if leaves.len() == BASE_LEAVES {
            hashes.base.push(root_of(leaves));
        }
    });
    hashes
}

/// The root of the first `size` leaves, from the hashes of level 8 and the root over the leaves
/// behind the last complete 256, if there are any. `None` if the tree is too small.
pub(super) fn root_at(tree: &HashTree, size: u64, end: Option<Hash>) -> Option<Hash> {
    let mut rest = size - size % BASE_LEAVES as u64;
    if rest > tree.size() || end.is_some() != (rest != size) {
        return None;
    }
    let mut root = end;
    while rest > 0 {
        let from = rest - (1_u64 << rest.trailing_zeros());
        // A complete subtree of at least 256 leaves asks for no leaf.
        let left = tree.subtree_root(from, rest, &mut |_| Hash::empty_root());
        root = Some(root.map_or(left, |right| Hash::node(left, right)));
        rest = from;
    }
    Some(root.unwrap_or(Hash::empty_root()))
}

/// A write-ahead file of a segment that is not sealed.
#[derive(Clone, Debug)]
pub(super) struct OpenFile {
    pub(super) number: u64,
    pub(super) content: WalContent,
}

/// The write-ahead files from segment `sealed` on; all but the last are full.
///
/// # Errors
///
/// As [`wal::read`]; [`LedgerError::Damaged`] for one that is not full before another.
pub(super) fn read_open(layout: &Layout, sealed: u64) -> Result<Vec<OpenFile>, LedgerError> {
    let mut files: Vec<OpenFile> = Vec::new();
    for number in sealed.. {
        let path = layout.wal(number);
        if !path.is_file() {
            break;
        }
        if let Some(before) = files.last()
            && before.content.events.len() != FULL
        {
            return Err(LedgerError::damaged(
                layout.wal(before.number),
                Some(format!("entry {}", before.content.events.len())),
                "a full file, as a later one exists",
                format!("{} events", before.content.events.len()),
            ));
        }
        let content = wal::read(&path, number)?;
        files.push(OpenFile { number, content });
    }
    Ok(files)
}

/// A tree over all leaves is what its parts give at every size.
#[cfg(test)]
mod tests {
    use super::super::segment::tests::event;
    use super::super::{base_hashes, leaf_hashes};
    use super::*;

    #[test]
    fn roots_at_all_sizes_are_those_of_the_leaves() {
        let events: Vec<Event> = (0..1300).map(event).collect();
        let key = SaltKey::from_bytes([7; 32]);
        let leaves = leaf_hashes(&events, &key);
        let sizes: Vec<u64> = (0..=1300).collect();
        let hashes = hash_segment(&events, &key, 0, &sizes);
        assert_eq!(hashes.base, base_hashes(&leaves));
        let tree = HashTree::from_parts(hashes.base, Vec::new()).unwrap();
        for size in sizes {
            let end = hashes.ends.iter().find(|(at, _)| *at == size);
            let root = root_at(&tree, size, end.map(|(_, root)| *root));
            let leaves = &leaves[..usize::try_from(size).unwrap()];
            assert_eq!(root, Some(root_of(leaves)), "{size}");
        }
        assert_eq!(root_at(&tree, 1300, None), None);
        assert_eq!(root_at(&tree, 1536, None), None);
    }

    #[test]
    fn a_later_segments_sizes_count_from_the_logs_beginning() {
        let events: Vec<Event> = (0..300).map(event).collect();
        let key = SaltKey::from_bytes([7; 32]);
        let leaves = leaf_hashes(&events, &key);
        let hashes = hash_segment(&events, &key, 65_536, &[1, 65_536, 65_537, 65_792, 65_836]);
        assert_eq!(
            hashes.ends,
            [(65_537, leaves[0]), (65_836, root_of(&leaves[256..]))]
        );
    }
}
