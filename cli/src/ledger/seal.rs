//! Sealing: a full write-ahead file becomes a segment, its tile and its line in `SHA256SUMS`.
//!
//! The order of the steps, each of them durable before the next: segment file, tile, `salt-keys`,
//! `SHA256SUMS`, removal of the write-ahead file. Until the fourth the segment counts as open and
//! sealing is done again, with the same bytes; after it the write-ahead file is merely left over.

use ledgerline::event::Event;
use ledgerline::log::{BASE_LEAVES, Hash, Tile, root_of};
use ledgerline::record::{Record, encode_bare, segment_key};
use ledgerline::salt::SaltKey;
use rayon::prelude::*;

use super::durable::{Access, parent_of};
use super::error::{LedgerError, SegmentProblem};
use super::index::{sha256, write_salt_keys, write_sums};
use super::layout::Layout;
use super::segment;

/// The sealed segments, and what is needed to seal the next one.
#[derive(Debug)]
pub(super) struct Sealer {
    pub(super) layout: Layout,
    pub(super) origin: String,
    pub(super) master: SaltKey,
    pub(super) sums: Vec<[u8; 32]>,
    pub(super) keys: Vec<SaltKey>,
}

impl Sealer {
    /// Seals these events as the next segment.
    ///
    /// # Errors
    ///
    /// Any failed write; the sealer must not be used any more, opening the ledger again recovers.
    pub(super) fn seal(&mut self, events: &[Event]) -> Result<(), LedgerError> {
        let number = self.sums.len() as u64;
        let path = self.layout.segment(number);
        let bytes = segment::encode(events).map_err(|error| LedgerError::Segment {
            number,
            path: path.clone(),
            problem: SegmentProblem::Parquet(error.to_string()),
        })?;
        self.layout
            .disk()
            .write_atomic(&path, &bytes, Access::Public)?;

        let key = segment_key(&self.master, &self.origin, number);
        let base = base_hashes(&leaf_hashes(events, &key));
        write_tile(&self.layout, 1, number, &base)?;

        self.keys.push(key);
        write_salt_keys(&self.layout, &self.keys)?;
        self.sums.push(sha256(&bytes));
        write_sums(&self.layout, &self.sums)?;
        self.layout
            .disk()
            .remove_durably(&self.layout.wal(number))?;
        Ok(())
    }
}

/// The leaf hashes of a segment's events, on all threads of the pool.
#[must_use]
pub fn leaf_hashes(events: &[Event], key: &SaltKey) -> Vec<Hash> {
    const CHUNK: usize = 2048;
    let chunks = events.par_chunks(CHUNK).enumerate();
    chunks
        .flat_map_iter(|(chunk, events)| {
            let mut salts = key.salts_from((chunk * CHUNK) as u64);
            events.iter().map(move |event| {
                let record = Record::from_parts(&salts.next_salt(), &encode_bare(event));
                Hash::leaf(record.as_bytes())
            })
        })
        .collect()
}

/// The hashes of level 8 over these leaves; leaves behind the last complete 256 give none.
#[must_use]
pub fn base_hashes(leaves: &[Hash]) -> Vec<Hash> {
    leaves.par_chunks_exact(BASE_LEAVES).map(root_of).collect()
}

/// Writes a tile, unless it is empty or there already.
pub(super) fn write_tile(
    layout: &Layout,
    level: u8,
    number: u64,
    hashes: &[Hash],
) -> Result<(), LedgerError> {
    let width = u16::try_from(hashes.len()).unwrap_or(u16::MAX);
    let Ok(tile) = Tile::new(level, number, width) else {
        return Ok(());
    };
    let path = layout.tile(&tile);
    let bytes: Vec<u8> = hashes.iter().flat_map(|hash| *hash.as_bytes()).collect();
    let disk = layout.disk();
    if std::fs::read(&path).is_ok_and(|there| there == bytes) {
        // Its name need not be durable yet: the process that wrote it may have ended right then.
        disk.sync_parent(&path)?;
        return Ok(());
    }
    disk.create_dirs(parent_of(&path), Access::Public)?;
    disk.write_atomic(&path, &bytes, Access::Public)?;
    Ok(())
}
