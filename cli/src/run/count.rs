//! From a ledger's segments to counted plays, with the log's root on the way.

use std::path::Path;

use ledgerline::attribution::{Attributor, Play, Tally};
use ledgerline::audit::SegmentCheck;
use ledgerline::event::Event;
use ledgerline::log::{BASE_LEVEL, Hash, TreeBuilder, TreeHead};
use rayon::prelude::*;

use super::error::RunError;
use super::spill::Spill;
use crate::ledger::{Ledger, base_hashes};

/// What the log says.
#[derive(Debug)]
pub struct Counted {
    /// All counted plays, sorted.
    pub plays: Vec<Play>,
    /// What became of the events.
    pub tally: Tally,
    /// Which segments are whole.
    pub segments: Vec<SegmentCheck>,
    /// Size and root of the log as it was read; damaged segments are left out.
    pub log: TreeHead,
}

/// Events of one segment, its hashes of level 8 and the leaf hashes behind them.
type Read = Result<(Vec<Event>, Vec<Hash>, Vec<Hash>), String>;

/// Reads all segments, hashes every event, and counts the plays.
///
/// Memory is bounded by a budget for events, of which the rest is written to unnamed files in
/// `dir`, and by the plays themselves. The result does not depend on the number of threads.
/// `progress` is told the number of events read.
///
/// # Errors
///
/// [`RunError`] if the system refuses something. Damaged segments are no error here: they stand in
/// [`Counted::segments`].
pub fn count_plays(
    ledger: &Ledger,
    attributor: &Attributor<'_>,
    dir: &Path,
    progress: &mut dyn FnMut(u64),
) -> Result<Counted, RunError> {
    let mut spill = Spill::new(dir);
    let mut tree = TreeBuilder::new();
    let mut segments = Vec::new();
    let mut read_events = 0_u64;
    // As many segments at a time as there are threads to decode them.
    for window in ledger.segments().chunks(rayon::current_num_threads() * 2) {
        let read: Vec<Read> = window
            .par_iter()
            .map(|info| read_segment(ledger, info.number))
            .collect();
        for (info, read) in window.iter().zip(read) {
            let problem = match read {
                Ok((events, base, tail)) => {
                    spill.push(&events)?;
                    grow(&mut tree, &base, &tail)
                }
                Err(problem) => Some(problem),
            };
            segments.push(SegmentCheck {
                number: info.number,
                problem,
            });
            read_events += info.count;
            progress(read_events);
        }
    }

    let mut plays = Vec::new();
    let mut tally = Tally::default();
    let lanes = rayon::current_num_threads().min(spill.count()).max(1);
    let mut parts = spill.into_parts();
    loop {
        let window: Vec<_> = parts.by_ref().take(lanes).collect();
        if window.is_empty() {
            break;
        }
        let counted: Vec<Result<(Vec<Play>, Tally), RunError>> = window
            .into_par_iter()
            .map(|part| {
                let mut events = part.events()?;
                let mut plays = Vec::new();
                let tally = attributor.attribute(&mut events, &mut plays);
                Ok((plays, tally))
            })
            .collect();
        for part in counted {
            let (more, its_tally) = part?;
            plays.extend(more);
            tally = tally.plus(&its_tally);
        }
    }
    plays.par_sort_unstable();
    Ok(Counted {
        plays,
        tally,
        segments,
        log: tree.head(),
    })
}

fn read_segment(ledger: &Ledger, number: u64) -> Read {
    let data = ledger
        .read_segment(number)
        .map_err(|error| error.to_string())?;
    let leaves = ledger.leaf_hashes(&data);
    let base = base_hashes(&leaves);
    let whole = base.len() << BASE_LEVEL;
    let tail = leaves.get(whole..).unwrap_or_default().to_vec();
    Ok((data.events, base, tail))
}

/// Appends a segment's hashes; a message if they do not follow the ones before.
fn grow(tree: &mut TreeBuilder, base: &[Hash], tail: &[Hash]) -> Option<String> {
    for root in base {
        if let Err(error) = tree.push_subtree(BASE_LEVEL, *root) {
            return Some(error.to_string());
        }
    }
    for leaf in tail {
        tree.push(*leaf);
    }
    None
}
