//! Forgeries for the demo: what a dishonest service or a man in the middle could try.

use std::collections::BTreeMap;

use ledgerline::attribution::Play;
use ledgerline::bundle::{Evidence, Nonce, Request, RunTables, pieces, read_entries};
use ledgerline::log::{Note, SigningKey};
use ledgerline::royalty::Line;
use ledgerline::statement::{RunInputs, Table, derive, read_line, read_play};
use ledgerline::wire::Reader;

use crate::error::Error;
use crate::ledger::Ledger;
use crate::run::{RunError, StoredRun, Threads, cut_bundles};

/// Micros by which an amount is raised: one unit of the currency.
const RAISE: i64 = 1_000_000;

/// A holder with a line, and that line.
///
/// # Errors
///
/// [`Error::Usage`] if the run pays nobody.
pub fn victim(stored: &StoredRun) -> Result<Line, Error> {
    let mut found = stored.values(Table::Lines, read_line);
    found.find(|line| line.amount.0 > 0).ok_or(Error::Usage {
        argument: "demo",
        message: "expected a run that pays somebody, but found none; use more --plays".to_owned(),
    })
}

/// The bundle that a service would cut if it left out one play of the line's cell and recomputed
/// everything but the note, which is signed already.
///
/// # Errors
///
/// [`Error::Run`].
pub fn drop_a_play(stored: &StoredRun, ledger: &Ledger, line: &Line) -> Result<Vec<u8>, Error> {
    let mut plays: Vec<Play> = stored.values(Table::Plays, read_play).collect();
    let victim = plays
        .iter()
        .position(|play| ledgerline::royalty::CellKey::of(play) == line.cell);
    if let Some(victim) = victim {
        plays.remove(victim);
    }
    let registry = stored.registry()?;
    let inputs = RunInputs {
        origin: &stored.run.origin,
        period: stored.run.period,
        revision: stored.run.revision,
        log: stored.run.log,
        registry: &registry,
        rules_file: &stored.rules_file,
        rules: &stored.rules,
        pools_file: &stored.pools_file,
        pools: &stored.pools,
        previous: stored.run.previous,
        opening: &stored.stated_opening(),
        earlier: &BTreeMap::new(),
        salts: &stored.salts,
    };
    let derived = derive(&inputs, plays, &Threads).map_err(RunError::Statement)?;
    let tables = RunTables::of(derived, stored.salts.clone());
    let request = Request {
        party: line.party,
        evidence: Evidence::Sample,
        nonce: Nonce::default(),
    };
    let mut bytes = Vec::new();
    cut_bundles(
        stored,
        &tables,
        ledger,
        &[request],
        &mut |cut| {
            bytes = cut.bytes;
            Ok(())
        },
        &mut |_| (),
    )?;
    Ok(bytes)
}

/// The bundle with the holder's first line raised by one unit of its currency.
///
/// # Errors
///
/// [`Error::Run`] if `bundle` is none.
pub fn raise_an_amount(bundle: &[u8]) -> Result<Vec<u8>, Error> {
    let entries = read_entries(bundle).map_err(RunError::Bundle)?;
    let [.., lines, _, _, _] = entries;
    let mut forged = lines.to_vec();
    if let Some(at) = first_amount(lines)
        && let Some(place) = forged.get_mut(at..at + 8)
        && let Some(amount) = place.first_chunk().map(|bytes| i64::from_be_bytes(*bytes))
    {
        place.copy_from_slice(&(amount + RAISE).to_be_bytes());
    }
    repack(entries, 8, &forged)
}

/// Offset of the amount of the first row of a lines slice (`docs/format.md` sections 8 and 11).
fn first_amount(slice: &[u8]) -> Option<usize> {
    let mut reader = Reader::new(slice);
    reader.u32().ok()?;
    let key = reader.bytes16().ok()?;
    let key = Reader::new(key).u64().ok()?;
    reader.take(16).ok()?;
    reader.take(16).ok()?;
    read_line(key, &mut reader).ok()?;
    usize::try_from(reader.at()).ok()?.checked_sub(8)
}

/// The bundle with run note and checkpoint signed by another key of the same name.
///
/// # Errors
///
/// [`Error::Run`] if `bundle` is none.
pub fn swap_the_signature(bundle: &[u8], key: &SigningKey) -> Result<Vec<u8>, Error> {
    let entries = read_entries(bundle).map_err(RunError::Bundle)?;
    let [_, run_note, checkpoint, ..] = entries;
    let sign = |bytes: &[u8]| -> Result<String, Error> {
        let note = Note::parse(bytes).map_err(|_| Error::Bug {
            what: "a bundle whose notes cannot be read",
        })?;
        let note = Note::sign(note.text(), &[key]).map_err(|_| Error::Bug {
            what: "a note that cannot be signed",
        })?;
        Ok(note.to_string())
    };
    let once = repack(entries, 1, sign(run_note)?.as_bytes())?;
    let entries = read_entries(&once).map_err(RunError::Bundle)?;
    repack(entries, 2, sign(checkpoint)?.as_bytes())
}

/// The archive with one entry replaced and everything around it repaired.
fn repack<'a>(
    mut entries: [&'a [u8]; 12],
    which: usize,
    content: &'a [u8],
) -> Result<Vec<u8>, Error> {
    if let Some(entry) = entries.get_mut(which) {
        *entry = content;
    }
    Ok(pieces(&entries).map_err(RunError::Bundle)?.concat())
}
