//! Cutting bundles: drafts from a run's tables, then the events of the picked plays from the log.
//!
//! All drafts of a batch share two passes over the segments: one finds the events, one makes the
//! pieces of the opening proofs.

use std::collections::{BTreeMap, HashMap, HashSet};

use ledgerline::bundle::{BundleError, Draft, OpenedPlay, Openings, Request, RunTables};
use ledgerline::event::Event;
use ledgerline::id::{ListenerId, PlayId};
use ledgerline::log::opening::{Piece, prove_subtree, prove_with_pieces};
use ledgerline::log::{Hash, HashTree};
use ledgerline::record::{Record, SEGMENT_EVENTS};
use rayon::prelude::*;

use super::dir::StoredRun;
use super::error::RunError;
use crate::ledger::Ledger;

/// Bytes of drafts that are finished together.
const BATCH_BYTES: usize = 256 << 20;

/// A bundle that is ready to be written.
#[derive(Debug)]
pub struct Cut {
    /// Whose.
    pub request: Request,
    /// The file, piece by piece.
    pub bytes: Vec<u8>,
    /// Plays that are opened.
    pub opened: u64,
}

/// For a segment: which bundle opens which positions in it.
type Asked = Vec<(usize, Vec<u64>)>;

/// An event found in the log: itself, its leaf index, its record.
type Found = (Event, u64, Record);

/// Cuts one bundle for each request and hands each to `write`; `progress` is told how many are done.
///
/// # Errors
///
/// [`RunError`] if the run or its ledger is damaged, a party is no holder, or `write` fails.
pub fn cut_bundles(
    stored: &StoredRun,
    tables: &RunTables<'_>,
    ledger: &Ledger,
    requests: &[Request],
    write: &mut dyn FnMut(Cut) -> Result<(), RunError>,
    progress: &mut dyn FnMut(u64),
) -> Result<(), RunError> {
    let tree = ledger.hash_tree()?;
    if tree.head() != stored.run.log {
        return Err(RunError::Tiles);
    }
    let mut done = 0_u64;
    // Slices are cut on all threads, a few holders at a time, and finished in batches.
    let mut batch: Vec<(Request, Draft)> = Vec::new();
    let mut bytes = 0;
    for window in requests.chunks(rayon::current_num_threads() * 4) {
        let drafts: Vec<Result<Draft, BundleError>> = window
            .par_iter()
            .map(|request| {
                let request = request.clone();
                Draft::new(tables, &stored.note, &stored.checkpoint_note, request)
            })
            .collect();
        for (request, draft) in window.iter().zip(drafts) {
            let draft = draft.map_err(RunError::Bundle)?;
            bytes += draft.size();
            batch.push((request.clone(), draft));
        }
        if bytes > BATCH_BYTES {
            done += batch.len() as u64;
            finish(stored, ledger, &tree, std::mem::take(&mut batch), write)?;
            bytes = 0;
            progress(done);
        }
    }
    done += batch.len() as u64;
    finish(stored, ledger, &tree, batch, write)?;
    progress(done);
    Ok(())
}

fn finish(
    stored: &StoredRun,
    ledger: &Ledger,
    tree: &HashTree,
    batch: Vec<(Request, Draft)>,
    write: &mut dyn FnMut(Cut) -> Result<(), RunError>,
) -> Result<(), RunError> {
    let wanted: HashSet<(ListenerId, PlayId)> = batch
        .iter()
        .flat_map(|(_, draft)| &draft.wanted)
        .map(|(_, listener, play)| (*listener, *play))
        .collect();
    let found = find_events(ledger, &wanted)?;
    let mut openings: Vec<Openings> = batch
        .iter()
        .map(|(_, draft)| Openings {
            plays: draft
                .wanted
                .iter()
                .map(|(position, listener, play)| {
                    let events = found.get(&(*listener, *play)).cloned().unwrap_or_default();
                    OpenedPlay::new(*position, events)
                })
                .collect(),
            proof: Vec::new(),
        })
        .collect();
    prove(ledger, tree, &mut openings)?;
    let note = stored.note.to_string();
    let checkpoint = stored.checkpoint_note.to_string();
    for ((request, draft), openings) in batch.into_iter().zip(openings) {
        let mut room = Vec::new();
        let pieces = draft.pieces(
            note.as_bytes(),
            checkpoint.as_bytes(),
            &stored.rules_file,
            &stored.pools_file,
            &openings,
            &mut room,
        );
        let bytes = pieces.map_err(RunError::Bundle)?.concat();
        write(Cut {
            request,
            bytes,
            opened: openings.plays.len() as u64,
        })?;
    }
    Ok(())
}

/// All events of the wanted plays, wherever they stand in the log.
fn find_events(
    ledger: &Ledger,
    wanted: &HashSet<(ListenerId, PlayId)>,
) -> Result<HashMap<(ListenerId, PlayId), Vec<Found>>, RunError> {
    let mut found: HashMap<(ListenerId, PlayId), Vec<Found>> = HashMap::new();
    for window in ledger.segments().chunks(rayon::current_num_threads() * 2) {
        let read: Vec<Result<Vec<Found>, RunError>> = window
            .par_iter()
            .map(|info| {
                let data = ledger.read_segment(info.number)?;
                let events = (0..).zip(&data.events);
                let events = events.filter(|(_, e)| wanted.contains(&(e.listener, e.play)));
                Ok(events
                    .map(|(within, event)| {
                        let record = Record::new(&data.salt_key.salt(within), event);
                        (*event, info.first_index + within, record)
                    })
                    .collect())
            })
            .collect();
        for segment in read {
            for event in segment? {
                found
                    .entry((event.0.listener, event.0.play))
                    .or_default()
                    .push(event);
            }
        }
    }
    Ok(found)
}

/// Fills in the opening proofs.
fn prove(ledger: &Ledger, tree: &HashTree, openings: &mut [Openings]) -> Result<(), RunError> {
    // For each segment, which positions in it each bundle opens.
    let mut by_segment: BTreeMap<u64, Asked> = BTreeMap::new();
    for (which, openings) in openings.iter().enumerate() {
        for (index, _) in openings.leaves() {
            let asked = by_segment.entry(index / SEGMENT_EVENTS).or_default();
            let within = index % SEGMENT_EVENTS;
            match asked.last_mut() {
                Some((last, positions)) if *last == which => positions.push(within),
                _ => asked.push((which, vec![within])),
            }
        }
    }
    let by_segment: Vec<(u64, Asked)> = by_segment.into_iter().collect();
    let mut pieces: Vec<Vec<Piece>> = openings.iter().map(|_| Vec::new()).collect();
    for window in by_segment.chunks(rayon::current_num_threads() * 2) {
        let made: Vec<Result<Vec<(usize, Piece)>, RunError>> = window
            .par_iter()
            .map(|(segment, asked)| {
                let leaves = ledger.leaf_hashes(&ledger.read_segment(*segment)?);
                asked
                    .iter()
                    .map(|(which, positions)| {
                        let hashes = prove_subtree(&leaves, positions).map_err(opening)?;
                        let segment = *segment;
                        Ok((*which, Piece { segment, hashes }))
                    })
                    .collect()
            })
            .collect();
        for segment in made {
            for (which, piece) in segment? {
                if let Some(pieces) = pieces.get_mut(which) {
                    pieces.push(piece);
                }
            }
        }
    }
    for (openings, pieces) in openings.iter_mut().zip(pieces) {
        // Whole segments only are asked for, so never a leaf.
        let mut subtree = |lo, hi| tree.subtree_root(lo, hi, &mut |_| Hash::empty_root());
        openings.proof = prove_with_pieces(tree.size(), &pieces, &mut subtree).map_err(opening)?;
    }
    Ok(())
}

fn opening(error: ledgerline::log::OpeningError) -> RunError {
    RunError::Bundle(BundleError::Opening(error))
}
