//! Tiles: every stored one has the tree's hashes, every needed one is stored.

use std::collections::BTreeSet;

use ledgerline::log::{BASE_LEAVES, Hash, Tile};
use ledgerline::record::SEGMENT_EVENTS;

use super::super::durable::read_bounded;
use super::super::error::LedgerError;
use super::super::layout::Layout;
use super::events::{Derived, Log};
use super::files::TileFile;
use super::report::Findings;

/// The longest tile is 8192 bytes.
const MAX_BYTES: u64 = 1 << 16;

pub(super) fn check(
    layout: &Layout,
    present: &[TileFile],
    sizes: &[u64],
    log: &Log,
    derived: &Derived,
    findings: &mut Findings,
) -> Result<(), LedgerError> {
    let needed = needed(sizes, log, derived);
    let mut unknown = 0_u64;
    let mut seen: BTreeSet<Tile> = BTreeSet::new();
    for file in present {
        let tile = match file.tile {
            Some(tile) if tile.level() > 0 => tile,
            _ => {
                let expected = "only tiles of level 1 and up, by their one path";
                findings.damaged(&file.path, None, expected, "another file");
                continue;
            }
        };
        seen.insert(tile);
        let of_no_size = tile.width() < Tile::FULL_WIDTH && !needed.contains(&tile);
        match hashes(derived, tile) {
            Some(hashes) => {
                compare(&file.path, hashes, findings)?;
                if of_no_size {
                    findings.warn(
                        &file.path,
                        "a tile of no stored checkpoint's size: left by an interrupted \
                         publication, or its checkpoint was removed",
                    );
                }
            }
            // Beyond a gap nothing is known.
            None if derived.is_open_ended() => unknown += 1,
            None => {
                let expected = format!("only tiles of the {} events", derived.events);
                findings.damaged(&file.path, None, expected, "a tile of a larger tree");
            }
        }
    }
    for tile in &needed {
        let full = Tile::new(tile.level(), tile.index(), Tile::FULL_WIDTH);
        let there = |tile: Tile| seen.contains(&tile) || layout.tile(&tile).is_file();
        if !there(*tile) && !full.is_ok_and(there) {
            findings.damaged(&layout.tile(tile), None, "this tile", "no such file");
        }
    }
    let detail = format!(
        "{} tiles compared with the events' hashes, {} needed",
        present.len() as u64 - unknown,
        needed.len()
    );
    let skipped = (unknown > 0).then(|| format!("{unknown} not, as their events are not known"));
    findings.done("tiles", detail, skipped);
    Ok(())
}

/// The tile of every sealed segment, and those above level 0 of every stored checkpoint.
fn needed(sizes: &[u64], log: &Log, derived: &Derived) -> BTreeSet<Tile> {
    let mut needed = BTreeSet::new();
    let sealed = (log.sums.len() as u64 * SEGMENT_EVENTS).min(derived.present);
    needed.extend(Tile::of_tree(1, sealed));
    for level in 1..8 {
        // Full tiles of smaller trees are those of the largest.
        if let Some(largest) = sizes.last() {
            needed.extend(Tile::of_tree(level, *largest));
        }
        let last = sizes.iter().filter_map(|size| partial(level, *size));
        needed.extend(last);
    }
    needed
}

fn partial(level: u8, size: u64) -> Option<Tile> {
    let hashes = size >> (u32::from(level) * 8);
    let [width, ..] = hashes.to_le_bytes();
    Tile::new(level, hashes >> 8, width.into()).ok()
}

/// The hashes that a tile must have, if the tree is large enough.
fn hashes(derived: &Derived, tile: Tile) -> Option<&[Hash]> {
    let from = usize::try_from(tile.index())
        .ok()?
        .checked_mul(BASE_LEAVES)?;
    let to = from.checked_add(tile.width().into())?;
    derived.tree.tile_hashes(tile.level()).get(from..to)
}

fn compare(
    path: &std::path::Path,
    hashes: &[Hash],
    findings: &mut Findings,
) -> Result<(), LedgerError> {
    let bytes = match read_bounded(path, MAX_BYTES) {
        Ok(bytes) => bytes,
        Err(error) => return findings.absorb(error.into()),
    };
    let stored = bytes.as_chunks::<32>().0;
    let differs = |(found, expected): (&[u8; 32], &Hash)| found != expected.as_bytes();
    let place = stored.iter().zip(hashes).position(differs);
    if let Some(place) = place
        && let (Some(found), Some(expected)) = (stored.get(place), hashes.get(place))
    {
        findings.damaged(
            path,
            Some(format!("hash {place} (byte {})", place * Hash::LEN)),
            expected.to_string(),
            Hash::from_bytes(*found).to_string(),
        );
    } else if bytes.len() != hashes.len() * Hash::LEN {
        let expected = format!("{} hashes of 32 bytes", hashes.len());
        findings.damaged(path, None, expected, format!("{} bytes", bytes.len()));
    }
    Ok(())
}
