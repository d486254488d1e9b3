//! Keyed tables: rows in order, each hidden in a salted leaf that shows only its key.

use core::cmp::Ordering;
use core::fmt;
use core::ops::Range;

use crate::log::{BASE_LEAVES, Hash, HashTree, root_of};
use crate::registry::{self, read_row};
use crate::royalty::Cell;
use crate::salt::{Salt, SaltKey, Salts};
use crate::wire::{Reader, WireError};

use super::exec::{Executor, collect};
use super::rows::{PLAY_ROW_LENGTH, read_balance, read_cell, read_line, read_play};

/// The tables of a run.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub enum Table {
    /// The registry snapshot.
    Registry,
    /// Counted plays.
    Plays,
    /// Cells.
    Cells,
    /// Lines.
    Lines,
    /// Holders.
    Holders,
}

impl Table {
    /// All of them.
    pub const ALL: [Self; 5] = [
        Self::Registry,
        Self::Plays,
        Self::Cells,
        Self::Lines,
        Self::Holders,
    ];

    /// Its name in files, messages and salt labels.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Registry => "registry",
            Self::Plays => "plays",
            Self::Cells => "cells",
            Self::Lines => "lines",
            Self::Holders => "holders",
        }
    }

    /// Bytes of its keys.
    #[must_use]
    pub const fn key_length(self) -> usize {
        match self {
            Self::Registry => registry::KEY_LENGTH,
            _ => 8,
        }
    }

    /// What belongs to this table, of things given in the order of [`Table::ALL`].
    pub const fn of<T>(self, [registry, plays, cells, lines, holders]: &[T; 5]) -> &T {
        match self {
            Self::Registry => registry,
            Self::Plays => plays,
            Self::Cells => cells,
            Self::Lines => lines,
            Self::Holders => holders,
        }
    }

    /// Reads one row past its end.
    ///
    /// # Errors
    ///
    /// [`WireError`] for bytes that no row of this table with this key has.
    pub fn skip_row(self, key: &[u8], reader: &mut Reader<'_>) -> Result<(), WireError> {
        let mut key = Reader::new(key);
        match self {
            Self::Registry => read_row(&key.array()?, reader).map(drop),
            Self::Plays => read_play(key.u64()?, reader).map(drop),
            Self::Cells => read_cell(key.u64()?, reader).map(drop),
            Self::Lines => read_line(key.u64()?, reader).map(drop),
            Self::Holders => read_balance(key.u64()?, reader).map(drop),
        }
    }
}

/// How a row of some table is read, given its key as a number: [`read_play`] and its like.
pub type ReadRow<T> = fn(u64, &mut Reader<'_>) -> Result<T, WireError>;

/// A row as a value; `None` for bytes that reading the table or slice would have refused.
#[must_use]
pub fn row_value<T>(key: &[u8], row: &[u8], read: ReadRow<T>) -> Option<T> {
    read(Reader::new(key).u64().ok()?, &mut Reader::new(row)).ok()
}

/// Hash of a salted row: SHA-256(salt ‖ row).
#[must_use]
pub fn row_hash(salt: &Salt, row: &[u8]) -> Hash {
    // A play's row and its salt fill one SHA-256 block.
    let mut stack = [0; 64];
    let length = salt.len().saturating_add(row.len());
    match stack.get_mut(..length) {
        Some(joined) => {
            for (place, byte) in joined.iter_mut().zip(salt.iter().chain(row)) {
                *place = *byte;
            }
            Hash::of(joined)
        }
        None => Hash::of(&[salt.as_slice(), row].concat()),
    }
}

/// Leaf of a keyed row: SHA-256(0x00 ‖ u16 key length ‖ key ‖ row hash). Keys have at most 9 bytes.
#[must_use]
pub fn leaf(key: &[u8], row_hash: Hash) -> Hash {
    let mut data = [0; 64];
    let length = u16::try_from(key.len()).unwrap_or(u16::MAX).to_be_bytes();
    let parts = length.iter().chain(key).chain(row_hash.as_bytes());
    let mut used = 0_usize;
    for (place, byte) in data.iter_mut().zip(parts) {
        *place = *byte;
        used = used.saturating_add(1);
    }
    Hash::leaf(data.get(..used).unwrap_or_default())
}

/// Why bytes are not the rows of a table.
#[derive(Clone, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub enum TableError {
    /// The bytes are not rows.
    Wire {
        /// Of which table.
        table: Table,
        /// What is wrong.
        error: WireError,
    },
    /// A row is not behind the one before it.
    Order {
        /// In which table.
        table: Table,
        /// Position of the row.
        row: u64,
    },
}

impl fmt::Display for TableError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Wire { table, error } => write!(f, "{}: {error}", table.name()),
            Self::Order { table, row } => write!(
                f,
                "{}: expected rows in ascending order, but found row {row} before its place",
                table.name()
            ),
        }
    }
}

impl core::error::Error for TableError {}

/// All rows of a table in order, each as key ‖ row in one run of bytes.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Rows {
    table: Table,
    bytes: Vec<u8>,
    /// Where each row ends; empty for plays, whose rows have one length.
    ends: Vec<usize>,
}

impl Rows {
    /// No rows yet.
    #[must_use]
    pub const fn new(table: Table) -> Self {
        Self {
            table,
            bytes: Vec::new(),
            ends: Vec::new(),
        }
    }

    /// No rows yet, with room for `rows` of `length` bytes.
    #[must_use]
    pub fn with_capacity(table: Table, rows: usize, length: usize) -> Self {
        Self {
            table,
            bytes: Vec::with_capacity(rows.saturating_mul(length)),
            ends: Vec::new(),
        }
    }

    /// Appends a row; the caller keeps the order.
    pub fn push(&mut self, key: &[u8], row: &[u8]) {
        self.bytes.extend_from_slice(key);
        self.bytes.extend_from_slice(row);
        if self.table != Table::Plays {
            self.ends.push(self.bytes.len());
        }
    }

    /// Reads `key ‖ row`, one after the other.
    ///
    /// # Errors
    ///
    /// [`TableError`] for bytes that are not rows of this table, or rows out of order.
    pub fn read(table: Table, bytes: Vec<u8>) -> Result<Self, TableError> {
        let wire = |error| TableError::Wire { table, error };
        let mut ends = Vec::new();
        let mut reader = Reader::new(&bytes);
        let mut before: Option<(&[u8], &[u8])> = None;
        let mut row = 0_u64;
        while !reader.is_at_end() {
            let key = reader.take(table.key_length() as u64).map_err(wire)?;
            let rest = reader.rest();
            let start = reader.at();
            table.skip_row(key, &mut reader).map_err(wire)?;
            let length = reader.at().saturating_sub(start);
            let length = usize::try_from(length).unwrap_or(usize::MAX);
            let this = (key, rest.get(..length).unwrap_or_default());
            if before.is_some_and(|before| compare(table, before, this) != Ordering::Less) {
                return Err(TableError::Order { table, row });
            }
            before = Some(this);
            row = row.saturating_add(1);
            if table != Table::Plays {
                ends.push(usize::try_from(reader.at()).unwrap_or(usize::MAX));
            }
        }
        Ok(Self { table, bytes, ends })
    }

    /// Which table.
    #[must_use]
    pub const fn table(&self) -> Table {
        self.table
    }

    /// All bytes, as [`Rows::read`] takes them.
    #[must_use]
    pub fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// Number of rows.
    #[must_use]
    pub fn count(&self) -> u64 {
        let count = match self.table {
            Table::Plays => self.bytes.len() / Self::PLAY_LENGTH,
            _ => self.ends.len(),
        };
        count as u64
    }

    const PLAY_LENGTH: usize = 8 + PLAY_ROW_LENGTH;

    /// Key and row at a position; `None` behind the last.
    #[must_use]
    pub fn get(&self, position: u64) -> Option<(&[u8], &[u8])> {
        let position = usize::try_from(position).ok()?;
        let range = if self.table == Table::Plays {
            let from = position.checked_mul(Self::PLAY_LENGTH)?;
            from..from.checked_add(Self::PLAY_LENGTH)?
        } else {
            let from = match position.checked_sub(1) {
                None => 0,
                Some(before) => *self.ends.get(before)?,
            };
            from..*self.ends.get(position)?
        };
        self.bytes
            .get(range)?
            .split_at_checked(self.table.key_length())
    }

    /// Key and row at each position of a range.
    pub fn range(&self, range: Range<u64>) -> impl Iterator<Item = (&[u8], &[u8])> {
        range.map_while(|position| self.get(position))
    }

    /// The rows of a range as values.
    pub fn values<T>(&self, range: Range<u64>, read: ReadRow<T>) -> impl Iterator<Item = T> {
        self.range(range)
            .filter_map(move |(key, row)| row_value(key, row, read))
    }

    /// The positions of all rows with `key`: an empty range where they would stand if there are none.
    #[must_use]
    pub fn range_of(&self, key: &[u8]) -> Range<u64> {
        let first = self.partition_point(|found| found < key);
        let end = self.partition_point(|found| found <= key);
        first..end
    }

    fn partition_point(&self, before: impl Fn(&[u8]) -> bool) -> u64 {
        let (mut low, mut high) = (0, self.count());
        while low < high {
            let middle = low.midpoint(high);
            if self.get(middle).is_some_and(|(key, _)| before(key)) {
                low = middle.saturating_add(1);
            } else {
                high = middle;
            }
        }
        low
    }
}

/// The order of a table. Registry and plays sort as their bytes; the others have variable-length
/// rows whose fields are compared as values, which is what their decoded order is.
pub(crate) fn compare(table: Table, a: (&[u8], &[u8]), b: (&[u8], &[u8])) -> Ordering {
    a.0.cmp(b.0).then_with(|| {
        if matches!(table, Table::Registry | Table::Plays) {
            return a.1.cmp(b.1);
        }
        let order = |(key, row): (&[u8], &[u8])| {
            let key = Reader::new(key).u64().unwrap_or_default();
            let mut reader = Reader::new(row);
            match table {
                Table::Cells => read_cell(key, &mut reader)
                    .ok()
                    .map(|cell| (Some(cell.key), None, None)),
                Table::Lines => read_line(key, &mut reader)
                    .ok()
                    .map(|line| (Some(line.cell), Some(line.right), Some(line.currency))),
                _ => read_balance(key, &mut reader)
                    .ok()
                    .map(|balance| (None, None, Some(balance.currency))),
            }
        };
        order(a).cmp(&order(b))
    })
}

/// Where the salts of a table come from.
#[derive(Clone, Debug)]
pub enum TableSalts<'a> {
    /// Salt i of one key for row i.
    ByRow(SaltKey),
    /// For plays: one key derived for each cell, salt j for its j-th play.
    ByCell {
        /// K_run.
        run: &'a SaltKey,
        /// All cells, whose ranges tile the table.
        cells: &'a [Cell],
    },
}

impl TableSalts<'_> {
    /// The salts of the rows from `first` on.
    #[must_use]
    pub fn from(&self, first: u64) -> RowSalts<'_> {
        match self {
            Self::ByRow(key) => RowSalts::ByRow(key.salts_from(first)),
            Self::ByCell { run, cells } => RowSalts::ByCell {
                run,
                cells,
                cell: cells.partition_point(|cell| cell.end <= first),
                position: first,
                salts: None,
            },
        }
    }

    /// The key of the plays of cell number `cell`.
    #[must_use]
    pub fn cell_key(run: &SaltKey, cell: u64) -> SaltKey {
        run.derive(&[b"ledgerline/plays-salt/v1", &cell.to_be_bytes()])
    }
}

/// A run of consecutive rows' salts.
#[derive(Debug)]
pub enum RowSalts<'a> {
    /// From one key.
    ByRow(Salts),
    /// From one key for each cell.
    ByCell {
        /// K_run.
        run: &'a SaltKey,
        /// All cells.
        cells: &'a [Cell],
        /// Number of the cell that holds `position`.
        cell: usize,
        /// Position of the next row.
        position: u64,
        /// Salts of that cell, once begun.
        salts: Option<Salts>,
    },
}

impl RowSalts<'_> {
    /// The next row's salt.
    pub fn next_salt(&mut self) -> Salt {
        match self {
            Self::ByRow(salts) => salts.next_salt(),
            Self::ByCell {
                run,
                cells,
                cell,
                position,
                salts,
            } => {
                while cells.get(*cell).is_some_and(|c| c.end <= *position) {
                    *cell = cell.saturating_add(1);
                    *salts = None;
                }
                let first = cells.get(*cell).map_or(*position, |c| c.first);
                let within = position.saturating_sub(first);
                let salts = salts.get_or_insert_with(|| {
                    TableSalts::cell_key(run, *cell as u64).salts_from(within)
                });
                *position = position.saturating_add(1);
                salts.next_salt()
            }
        }
    }
}

/// Rows hashed by one job: whole subtrees of the tree's base level.
const CHUNK_ROWS: u64 = 1 << 14;

/// The tree over a table's leaves.
#[must_use]
pub fn table_tree(rows: &Rows, salts: &TableSalts<'_>, exec: &dyn Executor) -> HashTree {
    let count = rows.count();
    let chunks = usize::try_from(count.div_ceil(CHUNK_ROWS)).unwrap_or(usize::MAX);
    let hashed = collect(exec, chunks, |chunk| {
        let first = (chunk as u64).saturating_mul(CHUNK_ROWS);
        let end = first.saturating_add(CHUNK_ROWS).min(count);
        let mut salts = salts.from(first);
        let leaves: Vec<Hash> = rows
            .range(first..end)
            .map(|(key, row)| leaf(key, row_hash(&salts.next_salt(), row)))
            .collect();
        let (whole, tail) = leaves.as_chunks::<BASE_LEAVES>();
        let base: Vec<Hash> = whole.iter().map(|leaves| root_of(leaves)).collect();
        (base, tail.to_vec())
    });
    let mut base = Vec::new();
    let mut tail = Vec::new();
    for (roots, leaves) in hashed {
        base.extend(roots);
        tail = leaves;
    }
    // The tail is shorter than a base subtree by construction.
    HashTree::from_parts(base, tail).unwrap_or_default()
}
