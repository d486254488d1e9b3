//! The registry's canonical rows and keys.

use crate::id::{Isrc, ListenerId, Name, PartyId, Territories};
use crate::money::{Currency, Ppm};
use crate::time::Interval;
use crate::wire::{Reader, WireError, put_str};

use super::{
    Holder, Licence, Parts, Recording, RegistryError, Share, Snapshot, Subscription, TEXT_MAX,
};

/// Bytes of a registry key: the kind, and the number it is sorted by.
pub const KEY_LENGTH: usize = 9;

const RECORDING: u8 = 1;
const HOLDER: u8 = 2;
const SHARE: u8 = 3;
const SUBSCRIPTION: u8 = 4;
const LICENCE: u8 = 5;
/// A subscription that somebody else's account pays for.
const SHARED_SUBSCRIPTION: u8 = 0x14;

/// One row of any kind.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Row {
    /// A recording.
    Recording(Recording),
    /// A holder.
    Holder(Holder),
    /// A share.
    Share(Share),
    /// A subscription.
    Subscription(Subscription),
    /// A licence.
    Licence(Licence),
}

/// A key: kind ‖ u64.
const fn key(kind: u8, number: u64) -> [u8; KEY_LENGTH] {
    let [a, b, c, d, e, f, g, h] = number.to_be_bytes();
    [kind, a, b, c, d, e, f, g, h]
}

impl Row {
    /// Key of the row of a recording.
    #[must_use]
    pub const fn recording_key(isrc: Isrc) -> [u8; KEY_LENGTH] {
        key(RECORDING, isrc.packed())
    }

    /// Key of the row of a holder.
    #[must_use]
    pub const fn holder_key(party: PartyId) -> [u8; KEY_LENGTH] {
        key(HOLDER, party.0)
    }

    /// Key of all share rows of a holder.
    #[must_use]
    pub const fn share_key(party: PartyId) -> [u8; KEY_LENGTH] {
        key(SHARE, party.0)
    }

    /// Key of all licence rows of a recording.
    #[must_use]
    pub const fn licence_key(isrc: Isrc) -> [u8; KEY_LENGTH] {
        key(LICENCE, isrc.packed())
    }
}

/// Reads the row that belongs to `key`.
///
/// # Errors
///
/// [`WireError`] for an unknown kind or a value that no row has.
pub fn read_row(key: &[u8; KEY_LENGTH], reader: &mut Reader<'_>) -> Result<Row, WireError> {
    let mut key = Reader::new(key);
    let kind = key.u8()?;
    let number = key.u64()?;
    let isrc = || Isrc::from_packed(number).ok_or_else(|| key.refuse("a packed ISRC"));
    match kind {
        RECORDING => Ok(Row::Recording(Recording {
            isrc: isrc()?,
            title: text(reader)?,
            artist: text(reader)?,
            length_ms: reader.u32()?,
        })),
        HOLDER => Ok(Row::Holder(Holder {
            party: PartyId(number),
            name: text(reader)?,
            currency: Currency::from_bytes(reader.array()?)
                .map_err(|_| reader.refuse("an ISO 4217 currency"))?,
        })),
        SHARE => {
            let isrc = Isrc::from_packed(reader.u64()?);
            Ok(Row::Share(Share {
                party: PartyId(number),
                isrc: isrc.ok_or_else(|| reader.refuse("a packed ISRC"))?,
                right: name(reader)?,
                territories: territories(reader)?,
                ppm: Ppm::new(reader.u32()?)
                    .ok_or_else(|| reader.refuse("a share of 1 to 1000000 ppm"))?,
                valid: interval(reader)?,
            }))
        }
        SUBSCRIPTION => Ok(Row::Subscription(Subscription {
            listener: ListenerId(number),
            tier: name(reader)?,
            valid: interval(reader)?,
            account: ListenerId(number),
        })),
        SHARED_SUBSCRIPTION => {
            let subscription = Subscription {
                listener: ListenerId(number),
                tier: name(reader)?,
                valid: interval(reader)?,
                account: ListenerId(reader.u64()?),
            };
            if subscription.account == subscription.listener {
                return Err(reader.refuse("an account other than the listener's own"));
            }
            Ok(Row::Subscription(subscription))
        }
        LICENCE => Ok(Row::Licence(Licence {
            isrc: isrc()?,
            territories: territories(reader)?,
            valid: interval(reader)?,
        })),
        _ => Err(key.refuse("a kind of registry row, 1 to 5 or 20")),
    }
}

fn text(reader: &mut Reader<'_>) -> Result<String, WireError> {
    let text = reader.str()?;
    if text.len() > TEXT_MAX {
        return Err(reader.refuse("a text of at most 1024 bytes"));
    }
    Ok(text.to_owned())
}

fn name(reader: &mut Reader<'_>) -> Result<Name, WireError> {
    Name::parse(reader.str()?).map_err(|_| reader.refuse("a short name"))
}

fn territories(reader: &mut Reader<'_>) -> Result<Territories, WireError> {
    let text = reader.str()?;
    Territories::parse(text)
        .ok()
        .filter(|read| read.to_string() == text)
        .ok_or_else(|| reader.refuse("territories in canonical form"))
}

fn interval(reader: &mut Reader<'_>) -> Result<Interval, WireError> {
    let interval = Interval {
        from: reader.i64()?,
        to: reader.i64()?,
    };
    if interval.from < interval.to {
        Ok(interval)
    } else {
        Err(reader.refuse("an end after the start"))
    }
}

fn put_interval(out: &mut Vec<u8>, interval: Interval) {
    out.extend_from_slice(&interval.from.to_be_bytes());
    out.extend_from_slice(&interval.to.to_be_bytes());
}

impl Snapshot {
    /// All rows with their keys, in table order.
    #[must_use]
    pub fn rows(&self) -> Vec<([u8; KEY_LENGTH], Vec<u8>)> {
        let mut rows = Vec::new();
        for recording in &self.recordings {
            let mut row = Vec::new();
            put_str(&mut row, &recording.title);
            put_str(&mut row, &recording.artist);
            row.extend_from_slice(&recording.length_ms.to_be_bytes());
            rows.push((Row::recording_key(recording.isrc), row));
        }
        for holder in &self.holders {
            let mut row = Vec::new();
            put_str(&mut row, &holder.name);
            row.extend_from_slice(&holder.currency.bytes());
            rows.push((Row::holder_key(holder.party), row));
        }
        for share in &self.shares {
            let mut row = Vec::from(share.isrc.packed().to_be_bytes());
            put_str(&mut row, share.right.as_str());
            put_str(&mut row, &share.territories.to_string());
            row.extend_from_slice(&share.ppm.parts().to_be_bytes());
            put_interval(&mut row, share.valid);
            rows.push((Row::share_key(share.party), row));
        }
        for subscription in &self.subscriptions {
            let mut row = Vec::new();
            put_str(&mut row, subscription.tier.as_str());
            put_interval(&mut row, subscription.valid);
            let shared = subscription.account != subscription.listener;
            if shared {
                row.extend_from_slice(&subscription.account.0.to_be_bytes());
            }
            let kind = if shared {
                SHARED_SUBSCRIPTION
            } else {
                SUBSCRIPTION
            };
            rows.push((key(kind, subscription.listener.0), row));
        }
        for licence in &self.licences {
            let mut row = Vec::new();
            put_str(&mut row, &licence.territories.to_string());
            put_interval(&mut row, licence.valid);
            rows.push((Row::licence_key(licence.isrc), row));
        }
        rows.sort_unstable();
        rows
    }

    /// Reads `key ‖ row`, one after the other, as [`Snapshot::rows`] gives them.
    ///
    /// # Errors
    ///
    /// [`RegistryError`] for bytes that are not rows, rows out of order, or rows that contradict
    /// each other.
    pub fn read(bytes: &[u8]) -> Result<Self, RegistryError> {
        let mut reader = Reader::new(bytes);
        let mut parts = Parts::default();
        let mut before: &[u8] = &[];
        let mut number = 0_u64;
        while !reader.is_at_end() {
            let rest = reader.rest();
            let start = reader.at();
            let key = reader.array()?;
            match read_row(&key, &mut reader)? {
                Row::Recording(row) => parts.recordings.push(row),
                Row::Holder(row) => parts.holders.push(row),
                Row::Share(row) => parts.shares.push(row),
                Row::Subscription(row) => parts.subscriptions.push(row),
                Row::Licence(row) => parts.licences.push(row),
            }
            let length = usize::try_from(reader.at().saturating_sub(start)).unwrap_or(usize::MAX);
            let whole = rest.get(..length).unwrap_or_default();
            // Keys have one length, so comparing key ‖ row is comparing (key, row).
            if whole <= before {
                return Err(RegistryError::Order { row: number });
            }
            before = whole;
            number = number.saturating_add(1);
        }
        Self::new(parts)
    }
}
