//! The records of a ledger, read from its segments without the program's own code.

use std::fs::{self, File};
use std::path::Path;

use ledgerline::event::{Event, Flags, Kind};
use ledgerline::id::{Isrc, ListenerId, PlayId, Territory};
use ledgerline::record::Record;
use ledgerline::salt::SaltKey;
use ledgerline::time::TimeMs;
use parquet::file::reader::{FileReader, SerializedFileReader};
use parquet::record::{Row, RowAccessor};

type Failure = Box<dyn std::error::Error>;

/// All records in order, 54 bytes each.
///
/// # Errors
///
/// A message if the ledger is not one.
pub fn of_ledger(ledger: &Path) -> Result<Vec<u8>, Failure> {
    let keys = fs::read_to_string(ledger.join("segments/salt-keys"))?;
    let mut records = Vec::new();
    for line in keys.lines() {
        let (number, key) = line.split_once(' ').ok_or("no salt key")?;
        let mut salts = SaltKey::parse_hex(key).ok_or("no salt key")?.salts_from(0);
        let file = ledger.join(format!("segments/{:06}.parquet", number.parse::<u64>()?));
        for row in SerializedFileReader::new(File::open(file)?)?.get_row_iter(None)? {
            let record = Record::new(&salts.next_salt(), &event(&row?)?);
            records.extend_from_slice(record.as_bytes());
        }
    }
    Ok(records)
}

/// Columns as in `docs/format.md` section 5.
fn event(row: &Row) -> Result<Event, Failure> {
    let kind = match row.get_string(0)?.as_str() {
        "start" => Kind::Start,
        "heartbeat" => Kind::Heartbeat,
        "end" => Kind::End,
        other => return Err(other.into()),
    };
    Ok(Event {
        kind,
        flags: Flags::new(row.get_bool(1)?, row.get_bool(2)?),
        territory: Territory::parse(row.get_string(3)?)?,
        time: TimeMs::new(u64::try_from(row.get_timestamp_millis(4)?)?).ok_or("no time")?,
        position_ms: row.get_uint(5)?,
        isrc: Isrc::parse(row.get_string(6)?)?,
        play: PlayId(row.get_ulong(7)?),
        listener: ListenerId(row.get_ulong(8)?),
    })
}
