//! A bundle as read from bytes: every part is well formed, nothing is proven yet.

use crate::log::{Checkpoint, Note};
use crate::royalty::{Balance, Cell, Line, Pools, Rules};
use crate::statement::{RunNote, Table, read_balance, read_cell, read_line};
use crate::wire::WireError;

use super::container::read_entries;
use super::events::Openings;
use super::scope::Scope;
use super::slice::Slice;
use super::{BundleError, ENTRIES};

/// The parts of a bundle.
#[derive(Clone, Debug)]
pub struct Bundle<'a> {
    /// The signed run note.
    pub run_note: Note,
    /// What it says.
    pub run: RunNote,
    /// The signed checkpoint.
    pub checkpoint_note: Note,
    /// What it says.
    pub checkpoint: Checkpoint,
    /// The rules file.
    pub rules_file: &'a [u8],
    /// The rules in it.
    pub rules: Rules,
    /// The pools file.
    pub pools_file: &'a [u8],
    /// The pools in it.
    pub pools: Pools,
    /// Whose bundle it is.
    pub scope: Scope,
    /// Registry rows of the holder and of their recordings.
    pub registry: Slice<'a>,
    /// The holder's accounts.
    pub holders: Slice<'a>,
    /// The holder's lines.
    pub lines: Slice<'a>,
    /// The cells of the holder's recordings.
    pub cells: Slice<'a>,
    /// The plays of the holder's recordings.
    pub plays: Slice<'a>,
    /// The plays that were picked, with their events.
    pub openings: Openings,
}

impl<'a> Bundle<'a> {
    /// Reads the one encoding of a bundle.
    ///
    /// Time and memory are linear in the bytes that are there, whatever lengths they claim.
    ///
    /// # Errors
    ///
    /// [`BundleError`] for the first thing that is not as `docs/format.md` section 11 says.
    pub fn read(bytes: &'a [u8]) -> Result<Self, BundleError> {
        let entries = read_entries(bytes)?;
        let [
            _,
            run_note,
            checkpoint,
            rules_file,
            pools_file,
            scope,
            rest @ ..,
        ] = entries;
        let [registry, holders, lines, cells, plays, events] = rest;
        let note =
            |entry, bytes| Note::parse(bytes).map_err(|error| BundleError::Note { entry, error });
        let run_note = note("run.note", run_note)?;
        let checkpoint_note = note("checkpoint", checkpoint)?;
        let run = RunNote::parse(run_note.text()).map_err(BundleError::RunNote)?;
        let slice = |table: Table, bytes| {
            Slice::read(table, run.table(table).size, bytes)
                .map_err(|error| wire(table.name(), error))
        };
        Ok(Self {
            checkpoint: Checkpoint::parse(checkpoint_note.text())
                .map_err(BundleError::Checkpoint)?,
            rules: Rules::parse(rules_file).map_err(BundleError::Rules)?,
            pools: Pools::parse(pools_file).map_err(BundleError::Pools)?,
            scope: Scope::read(scope).map_err(|error| wire("scope", error))?,
            registry: slice(Table::Registry, registry)?,
            holders: slice(Table::Holders, holders)?,
            lines: slice(Table::Lines, lines)?,
            cells: slice(Table::Cells, cells)?,
            plays: slice(Table::Plays, plays)?,
            openings: Openings::read(events).map_err(|error| wire("events", error))?,
            run_note,
            run,
            checkpoint_note,
            rules_file,
            pools_file,
        })
    }

    /// The cells of the slice with their numbers, in order.
    #[must_use]
    pub fn numbered_cells(&self) -> Vec<(u64, Cell)> {
        self.cells.values(read_cell).collect()
    }

    /// The holder's lines.
    #[must_use]
    pub fn line_values(&self) -> Vec<Line> {
        self.lines.values(read_line).map(|(_, line)| line).collect()
    }

    /// The holder's accounts.
    #[must_use]
    pub fn balances(&self) -> Vec<Balance> {
        let accounts = self.holders.values(read_balance);
        accounts.map(|(_, balance)| balance).collect()
    }
}

/// An error in an entry, by its name in the archive.
fn wire(name: &str, error: WireError) -> BundleError {
    let entry = ENTRIES.iter().find(|entry| **entry == name);
    BundleError::Entry {
        entry: entry.copied().unwrap_or("format"),
        error,
    }
}
