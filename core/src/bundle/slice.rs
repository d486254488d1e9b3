//! A slice: all rows of some keys of a table, with the proof that no row of these keys is missing.

use core::fmt;
use core::ops::Range;

use crate::log::{Hash, HashTree, OpeningError, TreeHead, opening};
use crate::salt::{SALT_LENGTH, Salt, SaltKey};
use crate::statement::{
    PLAY_ROW_LENGTH, ReadRow, Rows, Table, TableSalts, compare, leaf, row_hash, row_value,
};
use crate::wire::{Reader, WireError};

/// A leaf beside the rows, of which only the key is shown.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Boundary<'a> {
    /// Its position.
    pub position: u64,
    /// Its key.
    pub key: &'a [u8],
    /// Hash of its salted row.
    pub row_hash: Hash,
}

/// A key and the positions of all its rows.
pub type KeyRange<'a> = (&'a [u8], Range<u64>);

/// A slice as read; its rows are valid as rows, nothing is proven yet.
#[derive(Clone, Debug)]
pub struct Slice<'a> {
    /// Of which table.
    pub table: Table,
    /// Keys and the positions of all their rows, ascending.
    pub keys: Vec<KeyRange<'a>>,
    /// For plays: the keys of the salts, one for each cell.
    pub cell_keys: Vec<SaltKey>,
    /// Leaves before and after the rows of each key.
    pub boundaries: Vec<Boundary<'a>>,
    /// Opening proof.
    pub proof: Vec<Hash>,
    rows: &'a [u8],
    /// Where each salted row ends; empty for plays, whose rows have one length.
    ends: Vec<usize>,
}

/// Why a slice does not hold.
#[derive(Clone, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub enum SliceError {
    /// The keys are not the ones this bundle must show.
    Keys,
    /// A row of a key stands outside the positions shown.
    Incomplete {
        /// Position of the leaf.
        position: u64,
    },
    /// A row is not behind the one before it.
    Order {
        /// Position of the row.
        position: u64,
    },
    /// The rows do not lead to the committed root.
    Opening(OpeningError),
}

impl fmt::Display for SliceError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Keys => f.write_str("expected exactly the keys of this holder, but found others"),
            Self::Incomplete { position } => write!(
                f,
                "expected all rows of each key, but the leaf at position {position} shows that some are left out"
            ),
            Self::Order { position } => write!(
                f,
                "expected rows in ascending order, each once, but the row at position {position} is not behind the one before"
            ),
            Self::Opening(error) => error.fmt(f),
        }
    }
}

impl core::error::Error for SliceError {}

impl<'a> Slice<'a> {
    /// Reads a slice of a table that has `count` rows.
    ///
    /// # Errors
    ///
    /// [`WireError`] for any other form than the one of `docs/format.md` section 11.
    pub fn read(table: Table, count: u64, bytes: &'a [u8]) -> Result<Self, WireError> {
        let mut reader = Reader::new(bytes);
        let keys = read_keys(&mut reader, table, count)?;
        let opened = keys.iter().try_fold(0_u64, |sum, (_, range)| {
            sum.checked_add(range.end.saturating_sub(range.start))
        });
        let opened = opened.ok_or_else(|| reader.refuse("positions below 2^64"))?;
        let mut cell_keys = Vec::new();
        let mut ends = Vec::new();
        let rows = if table == Table::Plays {
            for _ in 0..reader.u32()? {
                cell_keys.push(SaltKey::from_bytes(reader.array()?));
            }
            reader.take(opened.saturating_mul(PLAY_ROW_LENGTH as u64))?
        } else {
            let rest = reader.rest();
            let start = reader.at();
            for (key, range) in &keys {
                for _ in range.clone() {
                    reader.take(SALT_LENGTH as u64)?;
                    table.skip_row(key, &mut reader)?;
                    let end = reader.at().saturating_sub(start);
                    ends.push(usize::try_from(end).unwrap_or(usize::MAX));
                }
            }
            rest.get(..ends.last().copied().unwrap_or(0))
                .unwrap_or_default()
        };
        let mut boundaries = Vec::new();
        for position in boundary_positions(&keys, count) {
            let key = reader.bytes16()?;
            if key.len() != table.key_length() {
                return Err(reader.refuse("a key of the table's length"));
            }
            let row_hash = Hash::from_bytes(reader.array()?);
            boundaries.push(Boundary {
                position,
                key,
                row_hash,
            });
        }
        let mut proof = Vec::new();
        for _ in 0..reader.u32()? {
            proof.push(Hash::from_bytes(reader.array()?));
        }
        reader.finish()?;
        Ok(Self {
            table,
            keys,
            cell_keys,
            boundaries,
            proof,
            rows,
            ends,
        })
    }

    /// Position, key and bare row of each row, in order.
    pub fn rows(&self) -> impl Iterator<Item = (u64, &'a [u8], &'a [u8])> + '_ {
        self.salted_rows()
            .map(|(position, key, salted)| match self.table {
                Table::Plays => (position, key, salted),
                _ => (position, key, salted.get(SALT_LENGTH..).unwrap_or_default()),
            })
    }

    /// Position and value of each row, in order.
    pub fn values<T>(&self, read: ReadRow<T>) -> impl Iterator<Item = (u64, T)> {
        self.rows()
            .filter_map(move |(position, key, row)| Some((position, row_value(key, row, read)?)))
    }

    /// Number of rows.
    #[must_use]
    pub fn count(&self) -> u64 {
        let count = match self.table {
            Table::Plays => self.rows.len() / PLAY_ROW_LENGTH,
            _ => self.ends.len(),
        };
        count as u64
    }

    fn salted_rows(&self) -> impl Iterator<Item = (u64, &'a [u8], &'a [u8])> + '_ {
        let positions = self
            .keys
            .iter()
            .flat_map(|(key, range)| range.clone().map(move |position| (position, *key)));
        let mut start = 0_usize;
        let mut ends = self.ends.iter();
        positions.map(move |(position, key)| {
            let end = ends
                .next()
                .copied()
                .unwrap_or_else(|| start.saturating_add(PLAY_ROW_LENGTH));
            let row = self.rows.get(start..end).unwrap_or_default();
            start = end;
            (position, key, row)
        })
    }

    /// Checks that the slice shows exactly the keys `expected`, all their rows, and that these
    /// stand in the table that `head` commits to.
    ///
    /// `cells` are the ranges of the cells in the plays table, for its salts; empty for others.
    /// `see` is called with each position, key and bare row as it is hashed.
    ///
    /// # Errors
    ///
    /// [`SliceError`].
    ///
    /// # Does not prove
    ///
    /// That the table is in order elsewhere: a row of the same key could hide far away. Whoever
    /// re-derives the whole table sees that.
    pub fn verify(
        &self,
        expected: &[Vec<u8>],
        head: TreeHead,
        cells: &[Range<u64>],
        mut see: impl FnMut(u64, &[u8], &[u8]),
    ) -> Result<(), SliceError> {
        if !self.keys.iter().map(|(key, _)| *key).eq(expected) {
            return Err(SliceError::Keys);
        }
        let mut cell_salts = self.cell_keys.iter().zip(cells);
        let mut salts = None;
        let mut cell_end = 0_u64;
        let rows = self.salted_rows().map(|(position, key, salted)| {
            let (salt, row): (Salt, &[u8]) = if self.table == Table::Plays {
                if position >= cell_end
                    && let Some((key, range)) = cell_salts.next()
                {
                    salts = Some(key.salts_from(0));
                    cell_end = range.end;
                }
                let salt = salts.as_mut().map(|salts| salts.next_salt());
                (salt.unwrap_or_default(), salted)
            } else {
                let (salt, row) = salted.split_at_checked(SALT_LENGTH).unwrap_or_default();
                (salt.first_chunk().copied().unwrap_or_default(), row)
            };
            see(position, key, row);
            (position, leaf(key, row_hash(&salt, row)))
        });
        let beside = self
            .boundaries
            .iter()
            .map(|b| (b.position, leaf(b.key, b.row_hash)));
        let result = opening::verify(merge(rows, beside), &self.proof, head);
        result.map_err(SliceError::Opening)?;
        self.check_order()?;
        self.check_complete()
    }

    /// Rows ascend in the order of their table, each once.
    fn check_order(&self) -> Result<(), SliceError> {
        let mut before: Option<(&[u8], &[u8])> = None;
        for (position, key, row) in self.rows() {
            let ascends = |before| compare(self.table, before, (key, row)).is_lt();
            if !before.is_none_or(ascends) {
                return Err(SliceError::Order { position });
            }
            before = Some((key, row));
        }
        Ok(())
    }

    /// Every boundary leaf has a key between those of the rows before and behind it.
    fn check_complete(&self) -> Result<(), SliceError> {
        for boundary in &self.boundaries {
            let behind = self
                .keys
                .partition_point(|(_, range)| range.end <= boundary.position);
            let before = behind.checked_sub(1).and_then(|at| self.keys.get(at));
            let next = self.keys.get(behind);
            let fits = before.is_none_or(|(key, _)| *key < boundary.key)
                && next.is_none_or(|(key, _)| boundary.key < *key);
            if !fits {
                return Err(SliceError::Incomplete {
                    position: boundary.position,
                });
            }
        }
        Ok(())
    }
}

/// Encodes the slice of `keys`, ascending and distinct, from a whole table.
///
/// `cells` are the numbers of the cells whose plays are in it; empty for other tables.
///
/// # Errors
///
/// [`OpeningError`] if rows and tree are not of one table.
pub(super) fn encode(
    rows: &Rows,
    tree: &HashTree,
    salts: &TableSalts<'_>,
    keys: &[Vec<u8>],
    cells: &[u64],
) -> Result<Vec<u8>, OpeningError> {
    let count = rows.count();
    let ranges: Vec<KeyRange<'_>> = keys
        .iter()
        .map(|key| (key.as_slice(), rows.range_of(key)))
        .collect();
    let mut out = Vec::new();
    let put_count = |out: &mut Vec<u8>, count: usize| {
        out.extend_from_slice(&u32::try_from(count).unwrap_or(u32::MAX).to_be_bytes());
    };
    let put_key = |out: &mut Vec<u8>, key: &[u8]| {
        out.extend_from_slice(&u16::try_from(key.len()).unwrap_or(u16::MAX).to_be_bytes());
        out.extend_from_slice(key);
    };
    put_count(&mut out, ranges.len());
    for (key, range) in &ranges {
        put_key(&mut out, key);
        out.extend_from_slice(&range.start.to_be_bytes());
        out.extend_from_slice(&range.end.to_be_bytes());
    }
    if let TableSalts::ByCell { run, .. } = salts {
        put_count(&mut out, cells.len());
        for cell in cells {
            out.extend_from_slice(TableSalts::cell_key(run, *cell).as_bytes());
        }
    }
    for (_, range) in &ranges {
        let mut row_salts = match salts {
            TableSalts::ByRow(_) => Some(salts.from(range.start)),
            TableSalts::ByCell { .. } => None,
        };
        for (_, row) in rows.range(range.clone()) {
            if let Some(salts) = &mut row_salts {
                out.extend_from_slice(&salts.next_salt());
            }
            out.extend_from_slice(row);
        }
    }
    let beside = boundary_positions(&ranges, count);
    for position in &beside {
        let (key, row) = rows.get(*position).unwrap_or_default();
        put_key(&mut out, key);
        let hash = row_hash(&salts.from(*position).next_salt(), row);
        out.extend_from_slice(hash.as_bytes());
    }
    let inside = ranges.iter().flat_map(|(_, range)| range.clone());
    let opened: Vec<u64> = merge(inside.map(|p| (p, ())), beside.iter().map(|p| (*p, ())))
        .map(|(position, ())| position)
        .collect();
    // The leaves below one hash of the base level are asked for in a row: one run of salts each.
    let mut run = (0_u64, salts.from(0));
    let mut leaf_at = |position: u64| {
        if run.0 != position {
            run = (position, salts.from(position));
        }
        run.0 = position.saturating_add(1);
        let (key, row) = rows.get(position).unwrap_or_default();
        leaf(key, row_hash(&run.1.next_salt(), row))
    };
    let proof = opening::prove(count, &opened, &mut |lo, hi| {
        tree.subtree_root(lo, hi, &mut leaf_at)
    })?;
    put_count(&mut out, proof.len());
    for hash in proof {
        out.extend_from_slice(hash.as_bytes());
    }
    Ok(out)
}

fn read_keys<'a>(
    reader: &mut Reader<'a>,
    table: Table,
    count: u64,
) -> Result<Vec<KeyRange<'a>>, WireError> {
    let mut keys: Vec<KeyRange<'a>> = Vec::new();
    for _ in 0..reader.u32()? {
        let key = reader.bytes16()?;
        let range = reader.u64()?..reader.u64()?;
        let last = keys.last().map(|(key, range)| (*key, range.end));
        let behind = last.is_none_or(|(last, end)| last < key && end <= range.start);
        if key.len() != table.key_length() || !behind {
            return Err(reader.refuse("keys of the table's length with their positions, ascending"));
        }
        if range.start > range.end || range.end > count {
            return Err(reader.refuse("positions inside the table"));
        }
        keys.push((key, range));
    }
    Ok(keys)
}

/// The positions before and after the rows of each key that are not rows of a key themselves.
fn boundary_positions(keys: &[KeyRange<'_>], count: u64) -> Vec<u64> {
    let rows = || keys.iter().filter(|(_, range)| !range.is_empty());
    // Keys and positions ascend, so both walks below go forward only.
    let mut next_rows = rows().peekable();
    let mut covered = 0;
    let mut positions: Vec<u64> = Vec::new();
    for (_, range) in keys {
        // Rows of the keys before end at `covered`.
        let left = range.start.checked_sub(1).filter(|left| *left >= covered);
        covered = covered.max(range.end);
        while next_rows
            .next_if(|(_, rows)| rows.start < range.end)
            .is_some()
        {}
        let right_is_row = next_rows
            .peek()
            .is_some_and(|(_, rows)| rows.start == range.end);
        let right = (range.end < count && !right_is_row).then_some(range.end);
        for position in left.into_iter().chain(right) {
            if positions.last().is_none_or(|last| *last < position) {
                positions.push(position);
            }
        }
    }
    positions
}

/// Merges two ascending runs of positions.
fn merge<T>(
    a: impl Iterator<Item = (u64, T)>,
    b: impl Iterator<Item = (u64, T)>,
) -> impl Iterator<Item = (u64, T)> {
    let mut a = a.peekable();
    let mut b = b.peekable();
    core::iter::from_fn(move || match (a.peek(), b.peek()) {
        (Some((left, _)), Some((right, _))) if left > right => b.next(),
        (Some(_), _) => a.next(),
        (None, _) => b.next(),
    })
}
