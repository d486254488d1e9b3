//! Making a bundle: slices from a run's tables, then openings from the log.

use std::borrow::Cow;

use crate::attribution::Play;
use crate::id::{ListenerId, PartyId, PlayId};
use crate::log::{Hash, HashTree, Note};
use crate::registry::Row;
use crate::royalty::Cell;
use crate::statement::{
    Derived, Executor, Rows, RunNote, RunSalts, Table, read_cell, read_play, row_value, table_tree,
};
use crate::wire::Reader;

use super::container::{FORMAT, pieces};
use super::events::Openings;
use super::scope::{Evidence, Nonce, Scope, sample};
use super::{BundleError, slice};

/// All tables of a run with their trees, as bundles are cut from them.
#[derive(Clone, Debug)]
pub struct RunTables<'a> {
    tables: [(Cow<'a, Rows>, HashTree); 5],
    cells: Vec<Cell>,
    salts: RunSalts,
}

impl<'a> RunTables<'a> {
    /// Hashes the tables of a stored run.
    ///
    /// # Errors
    ///
    /// [`BundleError::Tables`] unless the tables, given in the order of [`Table::ALL`], are the ones `run` commits
    /// to.
    pub fn new(
        run: &RunNote,
        tables: &'a [Rows; 5],
        salts: RunSalts,
        exec: &dyn Executor,
    ) -> Result<Self, BundleError> {
        let rows = Table::Cells.of(tables);
        let cells: Vec<Cell> = rows.values(0..rows.count(), read_cell).collect();
        let tables = tables.each_ref().map(|rows| {
            let tree = table_tree(rows, &salts.of(rows.table(), &cells), exec);
            (Cow::Borrowed(rows), tree)
        });
        for ((rows, tree), table) in tables.iter().zip(Table::ALL) {
            if rows.table() != table || tree.head() != run.table(table) {
                return Err(BundleError::Tables { table });
            }
        }
        Ok(Self {
            tables,
            cells,
            salts,
        })
    }

    /// The tables of a run that was just derived.
    #[must_use]
    pub fn of(derived: Derived, salts: RunSalts) -> Self {
        Self {
            tables: derived.tables.map(|(rows, tree)| (Cow::Owned(rows), tree)),
            cells: derived.settlement.cells,
            salts,
        }
    }

    /// A table's rows.
    #[must_use]
    pub fn rows(&self, table: Table) -> &Rows {
        &table.of(&self.tables).0
    }

    /// All cells, in table order.
    #[must_use]
    pub fn cells(&self) -> &[Cell] {
        &self.cells
    }

    /// The play at a position.
    #[must_use]
    pub fn play(&self, position: u64) -> Option<Play> {
        let (key, row) = self.rows(Table::Plays).get(position)?;
        row_value(key, row, read_play)
    }

    fn slice(&self, table: Table, keys: &[Vec<u8>], cells: &[u64]) -> Result<Vec<u8>, BundleError> {
        let salts = self.salts.of(table, &self.cells);
        let (rows, tree) = table.of(&self.tables);
        slice::encode(rows, tree, &salts, keys, cells).map_err(BundleError::Opening)
    }
}

/// Whose bundle to make.
#[derive(Clone, Debug)]
pub struct Request {
    /// Whose.
    pub party: PartyId,
    /// With which evidence.
    pub evidence: Evidence,
    /// The holder's nonce.
    pub nonce: Nonce,
}

/// A bundle that lacks only its event openings.
#[derive(Clone, Debug)]
pub struct Draft {
    /// The entries from `scope` to `plays`, in their order.
    entries: [Vec<u8>; 6],
    /// Position, listener and play id of each play to open, by position.
    pub wanted: Vec<(u64, ListenerId, PlayId)>,
}

/// Keys of the rows that a bundle of these recordings shows, for each table, ascending.
#[must_use]
pub(crate) fn scope_keys(scope: &Scope, table: Table) -> Vec<Vec<u8>> {
    let party = scope.party;
    let recordings = scope.recordings.iter().copied();
    match table {
        Table::Registry => recordings
            .clone()
            .map(Row::recording_key)
            .chain([Row::holder_key(party), Row::share_key(party)])
            .chain(recordings.map(Row::licence_key))
            .map(Vec::from)
            .collect(),
        Table::Plays | Table::Cells => recordings
            .map(|isrc| isrc.packed().to_be_bytes().to_vec())
            .collect(),
        Table::Lines | Table::Holders => vec![party.0.to_be_bytes().to_vec()],
    }
}

impl Draft {
    /// Cuts a holder's slices out of a run.
    ///
    /// # Errors
    ///
    /// [`BundleError::NoHolder`] if the run has neither shares nor an account of the party.
    pub fn new(
        tables: &RunTables<'_>,
        run_note: &Note,
        checkpoint: &Note,
        request: Request,
    ) -> Result<Self, BundleError> {
        let scope = Scope {
            recordings: recordings_of(tables.rows(Table::Registry), request.party)?,
            party: request.party,
            evidence: request.evidence,
            nonce: request.nonce,
        };
        let party_key = scope.party.0.to_be_bytes();
        let accounts = tables.rows(Table::Holders).range_of(&party_key);
        if scope.recordings.is_empty() && accounts.is_empty() {
            return Err(BundleError::NoHolder {
                party: scope.party.to_string(),
            });
        }
        let keys = |table| scope_keys(&scope, table);
        let cell_rows = tables.rows(Table::Cells);
        let cell_numbers: Vec<u64> = keys(Table::Cells)
            .iter()
            .flat_map(|key| cell_rows.range_of(key))
            .collect();
        let run_hash = Hash::of(run_note.text().as_bytes());
        let checkpoint_hash = Hash::of(checkpoint.text().as_bytes());
        let mut wanted = Vec::new();
        for number in &cell_numbers {
            let cell = usize::try_from(*number)
                .ok()
                .and_then(|number| tables.cells.get(number));
            let Some(cell) = cell else { continue };
            let positions: Vec<u64> = match scope.evidence {
                Evidence::Full => (cell.first..cell.end).collect(),
                Evidence::Sample => {
                    sample(&run_hash, &checkpoint_hash, *number, cell, &scope.nonce)
                }
            };
            for position in positions {
                let play = tables.play(position);
                let play = play.ok_or(BundleError::Tables {
                    table: Table::Plays,
                })?;
                wanted.push((position, play.listener, play.play));
            }
        }
        let slice = |table, cells| tables.slice(table, &keys(table), cells);
        Ok(Self {
            entries: [
                scope.encode(),
                slice(Table::Registry, &[])?,
                slice(Table::Holders, &[])?,
                slice(Table::Lines, &[])?,
                slice(Table::Cells, &[])?,
                slice(Table::Plays, &cell_numbers)?,
            ],
            wanted,
        })
    }

    /// Bytes of the slices, for those who make many bundles at once.
    #[must_use]
    pub fn size(&self) -> usize {
        let lengths = self.entries.iter().map(Vec::len);
        lengths.fold(0, usize::saturating_add)
    }

    /// The whole bundle, as pieces to write one after the other. `openings` holds the plays of
    /// `wanted`, by position, and `events` is room for its encoding.
    ///
    /// # Errors
    ///
    /// [`BundleError::TooLarge`].
    pub fn pieces<'a>(
        &'a self,
        run_note: &'a [u8],
        checkpoint: &'a [u8],
        rules: &'a [u8],
        pools: &'a [u8],
        openings: &Openings,
        events: &'a mut Vec<u8>,
    ) -> Result<Vec<Cow<'a, [u8]>>, BundleError> {
        *events = openings.encode();
        let [scope, registry, holders, lines, cells, plays] = &self.entries;
        pieces(&[
            FORMAT, run_note, checkpoint, rules, pools, scope, registry, holders, lines, cells,
            plays, events,
        ])
    }
}

/// The recordings of which a party has a share row, ascending.
fn recordings_of(registry: &Rows, party: PartyId) -> Result<Vec<crate::id::Isrc>, BundleError> {
    let mut recordings = Vec::new();
    for (key, row) in registry.range(registry.range_of(&Row::share_key(party))) {
        let broken = || BundleError::Tables {
            table: Table::Registry,
        };
        let key = key.first_chunk().ok_or_else(broken)?;
        match crate::registry::read_row(key, &mut Reader::new(row)) {
            Ok(Row::Share(share)) => recordings.push(share.isrc),
            _ => return Err(broken()),
        }
    }
    recordings.sort_unstable();
    recordings.dedup();
    Ok(recordings)
}
