//! The canonical rows of plays, cells, lines and holders, each written and read side by side.
//!
//! A row does not repeat its table's key, so reading takes the key as well.

use crate::attribution::{Play, PlayFlags};
use crate::id::{Isrc, ListenerId, Name, PartyId, PlayId, Territory};
use crate::money::{Currency, Micros, Ppm};
use crate::royalty::{Balance, Cell, CellAmount, CellKey, Line, Reason};
use crate::time::TimeMs;
use crate::wire::{Reader, WireError, put_str, put_u48};

/// Bytes of a play's row; with its salt one SHA-256 block.
pub const PLAY_ROW_LENGTH: usize = 37;

/// Row of the plays table; its key is the ISRC.
#[must_use]
pub fn encode_play(play: &Play) -> [u8; PLAY_ROW_LENGTH] {
    let mut row = Vec::with_capacity(PLAY_ROW_LENGTH);
    row.extend_from_slice(&play.territory.bytes());
    row.extend_from_slice(&play.tier.to_be_bytes());
    row.extend_from_slice(&play.share_version.to_be_bytes());
    put_u48(&mut row, play.time.ms());
    row.extend_from_slice(&play.listener.0.to_be_bytes());
    row.extend_from_slice(&play.play.0.to_be_bytes());
    row.extend_from_slice(&play.listened_ms.to_be_bytes());
    row.extend_from_slice(&play.weight.to_be_bytes());
    row.push(play.flags.byte());
    row.first_chunk().copied().unwrap_or([0; PLAY_ROW_LENGTH])
}

/// Reads a row of the plays table.
///
/// # Errors
///
/// [`WireError`] for bytes that no play has.
pub fn read_play(key: u64, reader: &mut Reader<'_>) -> Result<Play, WireError> {
    Ok(Play {
        isrc: isrc(key, reader)?,
        territory: territory(reader)?,
        tier: reader.u16()?,
        share_version: reader.u16()?,
        time: TimeMs::new(reader.u48()?).ok_or_else(|| reader.refuse("a time up to 9998"))?,
        listener: ListenerId(reader.u64()?),
        play: PlayId(reader.u64()?),
        listened_ms: reader.u32()?,
        weight: reader.u32()?,
        flags: PlayFlags::from_byte(reader.u8()?)
            .ok_or_else(|| reader.refuse("flags without unknown bits"))?,
    })
}

/// Row of the cells table; its key is the ISRC.
#[must_use]
pub fn encode_cell(cell: &Cell) -> Vec<u8> {
    let mut row = Vec::new();
    put_cell_rest(&mut row, &cell.key);
    for number in [
        cell.weight,
        cell.weight_before,
        cell.weight_total,
        cell.first,
        cell.end,
    ] {
        row.extend_from_slice(&number.to_be_bytes());
    }
    // One entry for each pool of a territory and tier; the pools file bounds them far below 2^16.
    let count = u16::try_from(cell.amounts.len()).unwrap_or(u16::MAX);
    row.extend_from_slice(&count.to_be_bytes());
    for entry in &cell.amounts {
        put_str(&mut row, entry.right.as_str());
        row.extend_from_slice(&entry.currency.bytes());
        row.extend_from_slice(&entry.amount.0.to_be_bytes());
        row.extend_from_slice(&entry.suspended.0.to_be_bytes());
        row.push(entry.reason as u8);
    }
    row
}

/// Reads a row of the cells table.
///
/// # Errors
///
/// [`WireError`] for bytes that no cell has.
pub fn read_cell(key: u64, reader: &mut Reader<'_>) -> Result<Cell, WireError> {
    let isrc = isrc(key, reader)?;
    let mut cell = Cell {
        key: cell_rest(isrc, reader)?,
        weight: reader.u64()?,
        weight_before: reader.u64()?,
        weight_total: reader.u64()?,
        first: reader.u64()?,
        end: reader.u64()?,
        amounts: Vec::new(),
    };
    if cell.first >= cell.end {
        return Err(reader.refuse("a cell with at least one play"));
    }
    for _ in 0..reader.u16()? {
        let entry = CellAmount {
            right: name(reader)?,
            currency: currency(reader)?,
            amount: amount(reader)?,
            suspended: amount(reader)?,
            reason: Reason::from_code(reader.u8()?)
                .ok_or_else(|| reader.refuse("a reason, 0 to 5 or 7"))?,
        };
        let last = cell.amounts.last();
        if last.is_some_and(|l| (&l.right, l.currency) >= (&entry.right, entry.currency)) {
            return Err(reader.refuse("amounts sorted by right and currency, each once"));
        }
        cell.amounts.push(entry);
    }
    Ok(cell)
}

/// Row of the lines table; its key is the party.
#[must_use]
pub fn encode_line(line: &Line) -> Vec<u8> {
    let mut row = Vec::from(line.cell.isrc.packed().to_be_bytes());
    put_cell_rest(&mut row, &line.cell);
    put_str(&mut row, line.right.as_str());
    row.extend_from_slice(&line.currency.bytes());
    row.extend_from_slice(&line.ppm.parts().to_be_bytes());
    row.extend_from_slice(&line.ppm_before.to_be_bytes());
    row.extend_from_slice(&line.amount.0.to_be_bytes());
    row
}

/// Reads a row of the lines table.
///
/// # Errors
///
/// [`WireError`] for bytes that no line has.
pub fn read_line(key: u64, reader: &mut Reader<'_>) -> Result<Line, WireError> {
    let packed = reader.u64()?;
    let isrc = isrc(packed, reader)?;
    Ok(Line {
        party: PartyId(key),
        cell: cell_rest(isrc, reader)?,
        right: name(reader)?,
        currency: currency(reader)?,
        ppm: Ppm::new(reader.u32()?).ok_or_else(|| reader.refuse("a share of 1 to 1000000 ppm"))?,
        ppm_before: reader.u32()?,
        amount: amount(reader)?,
    })
}

/// Row of the holders table; its key is the party.
#[must_use]
pub fn encode_balance(balance: &Balance) -> Vec<u8> {
    let mut row = Vec::from(balance.currency.bytes());
    for amount in [
        balance.brought_forward,
        balance.earned,
        balance.replaced,
        balance.payable,
        balance.carried_forward,
    ] {
        row.extend_from_slice(&amount.0.to_be_bytes());
    }
    row
}

/// Reads a row of the holders table.
///
/// # Errors
///
/// [`WireError`] for bytes that no balance has.
pub fn read_balance(key: u64, reader: &mut Reader<'_>) -> Result<Balance, WireError> {
    Ok(Balance {
        party: PartyId(key),
        currency: currency(reader)?,
        brought_forward: Micros(reader.i64()?),
        earned: Micros(reader.i64()?),
        replaced: Micros(reader.i64()?),
        payable: Micros(reader.i64()?),
        carried_forward: Micros(reader.i64()?),
    })
}

fn put_cell_rest(out: &mut Vec<u8>, key: &CellKey) {
    out.extend_from_slice(&key.territory.bytes());
    out.extend_from_slice(&key.tier.to_be_bytes());
    out.extend_from_slice(&key.share_version.to_be_bytes());
}

fn cell_rest(isrc: Isrc, reader: &mut Reader<'_>) -> Result<CellKey, WireError> {
    Ok(CellKey {
        isrc,
        territory: territory(reader)?,
        tier: reader.u16()?,
        share_version: reader.u16()?,
    })
}

fn isrc(packed: u64, reader: &Reader<'_>) -> Result<Isrc, WireError> {
    Isrc::from_packed(packed).ok_or_else(|| reader.refuse("a packed ISRC"))
}

fn territory(reader: &mut Reader<'_>) -> Result<Territory, WireError> {
    Territory::from_bytes(reader.array()?)
        .ok_or_else(|| reader.refuse("a territory of two capital letters"))
}

fn name(reader: &mut Reader<'_>) -> Result<Name, WireError> {
    Name::parse(reader.str()?).map_err(|_| reader.refuse("a short name"))
}

fn currency(reader: &mut Reader<'_>) -> Result<Currency, WireError> {
    Currency::from_bytes(reader.array()?).map_err(|_| reader.refuse("an ISO 4217 currency"))
}

fn amount(reader: &mut Reader<'_>) -> Result<Micros, WireError> {
    let micros = reader.i64()?;
    if micros < 0 {
        return Err(reader.refuse("an amount that is not negative"));
    }
    Ok(Micros(micros))
}
