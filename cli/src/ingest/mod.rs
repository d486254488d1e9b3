//! Events from files and standard input into a ledger.
//!
//! *In:* NDJSON, CSV, Parquet, Arrow IPC. *Out:* acknowledged events, and rejected rows with their
//! places. *Does not know:* segments, trees, what an event is worth.
//!
//! Without a file for rejects the inputs are first read whole: their events wait in a temporary
//! file, and are appended only if there is no bad row. With one, events are appended as they come.
//! Memory is bounded: a few thousand rows at a time, and no line longer than [`MAX_LINE`].

mod columnar;
mod columns;
mod csv_rows;
mod error;
mod input;
mod ndjson;
mod sink;

pub use columns::{ColumnError, Columns, NAMES};
pub use error::{IngestError, Reject, RowError};
pub use input::Format;

use std::path::PathBuf;

use ledgerline::event::Event;
use ledgerline::salt::ListenerKey;

use crate::ledger::LedgerWriter;
use input::Input;
use sink::{Rejects, Sink, Spool};

/// Longest line or row, bytes.
pub const MAX_LINE: usize = 64 << 10;

/// What to read, and what to do with bad rows.
#[derive(Clone, Debug, Default)]
pub struct Options {
    /// Files; `-` is standard input.
    pub inputs: Vec<PathBuf>,
    /// `None`: by extension, then by content.
    pub format: Option<Format>,
    /// Where bad rows go.
    pub rejects: Option<PathBuf>,
    /// Whether a file for rejects may be replaced.
    pub force: bool,
    /// Whether events are made durable as they come, not only when a batch is full.
    pub acks: bool,
}

/// What was done.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Summary {
    /// Events that were appended.
    pub accepted: u64,
    /// Rows that were not.
    pub rejected: u64,
    /// Leaf index of the first and of the last of them.
    pub indices: Option<(u64, u64)>,
    /// Segments that were sealed meanwhile.
    pub segments_sealed: u64,
    /// Events of the ledger now.
    pub size: u64,
}

/// Rows that were read together.
#[derive(Debug, Default)]
struct Batch {
    events: Vec<Event>,
    rejects: Vec<Reject>,
    /// Bytes of the input that they were, where that is known.
    bytes: u64,
}

/// How far a reading is.
#[derive(Clone, Copy, Debug)]
pub struct Progress {
    /// Events so far.
    pub events: u64,
    /// Bytes read so far, of text inputs.
    pub bytes: u64,
    /// Events of the ledger that are durable.
    pub acknowledged: u64,
}

/// Appends the events of all inputs, in order.
///
/// # Errors
///
/// [`IngestError`]. Nothing is appended then, unless a file for rejects was given or the ledger
/// itself failed.
pub fn ingest(
    writer: &mut LedgerWriter,
    options: &Options,
    progress: &mut dyn FnMut(Progress),
) -> Result<Summary, IngestError> {
    let first = writer.size();
    let sealed_before = writer.wait()?;
    // Refused before anything is read.
    writer.append(&[])?;
    let key = writer.listener_key().clone();
    let dir = writer.layout().wals();
    let mut so_far = Progress {
        events: 0,
        bytes: 0,
        acknowledged: writer.acknowledged(),
    };
    // Whoever feeds standard input learns where to go on before sending anything.
    progress(so_far);
    let inputs: Vec<Input> = options
        .inputs
        .iter()
        .map(|path| Input::open(path))
        .collect::<Result<_, _>>()?;
    let mut rejected = 0;
    let mut sink = match &options.rejects {
        Some(path) => Sink::Direct(Rejects::create(path, options.force)?),
        None => Sink::Spool(Spool::create(&dir)?),
    };
    for input in inputs {
        let name = input.name().to_owned();
        let before = so_far.events;
        let mut bad = Vec::new();
        let mut bad_total = 0;
        let result = read(input, options.format, &key, &dir, &mut |batch| {
            so_far.events += batch.events.len() as u64;
            so_far.bytes += batch.bytes;
            bad_total += batch.rejects.len() as u64;
            match &mut sink {
                Sink::Direct(rejects) => {
                    rejects.write(&name, &batch.rejects)?;
                    append(writer, &batch.events, options.acks)?;
                }
                Sink::Spool(spool) => {
                    spool.push(&batch.events)?;
                    bad.extend(batch.rejects.into_iter().take(5 - bad.len().min(5)));
                }
            }
            so_far.acknowledged = writer.acknowledged();
            progress(so_far);
            Ok(())
        });
        match (result, &sink) {
            (Ok(()), _) => {}
            // The ledger took no more; asking it again would hide why.
            (Err(error @ IngestError::Ledger(_)), _) => return Err(error),
            (Err(error), Sink::Direct(_)) => {
                writer.commit()?;
                return Err(error.after(writer.size() - first));
            }
            (Err(error), Sink::Spool(_)) => return Err(error),
        }
        if bad_total > 0 && matches!(sink, Sink::Spool(_)) {
            return Err(IngestError::Rows {
                source: name,
                first: bad,
                total: bad_total,
            });
        }
        if so_far.events == before && bad_total == 0 {
            return Err(IngestError::Empty { source: name });
        }
        rejected += bad_total;
    }
    match sink {
        Sink::Direct(rejects) => rejects.finish()?,
        Sink::Spool(spool) => spool.drain(&mut |events| {
            append(writer, events, options.acks)?;
            so_far.acknowledged = writer.acknowledged();
            progress(so_far);
            Ok(())
        })?,
    }
    let size = writer.commit()?;
    so_far.acknowledged = size;
    progress(so_far);
    let sealed = writer.wait()?;
    Ok(Summary {
        accepted: size - first,
        rejected,
        indices: size
            .checked_sub(1)
            .filter(|last| *last >= first)
            .map(|last| (first, last)),
        segments_sealed: sealed - sealed_before,
        size,
    })
}

fn append(writer: &mut LedgerWriter, events: &[Event], durably: bool) -> Result<(), IngestError> {
    writer.append(events)?;
    if durably {
        writer.commit()?;
    }
    Ok(())
}

fn read(
    mut input: Input,
    format: Option<Format>,
    key: &ListenerKey,
    dir: &std::path::Path,
    sink: &mut dyn FnMut(Batch) -> Result<(), IngestError>,
) -> Result<(), IngestError> {
    let name = input.name().to_owned();
    match input.format(format) {
        Format::Ndjson => ndjson::read(&mut input, key, sink),
        Format::Csv => csv_rows::read(&mut input, key, sink),
        format @ (Format::Parquet | Format::Arrow) => {
            columnar::read(input.seekable(dir)?, &name, format, key, sink)
        }
    }
}

fn malformed(source: &str, format: &'static str, found: String) -> IngestError {
    IngestError::Malformed {
        source: source.to_owned(),
        format,
        found,
        appended: 0,
    }
}

impl IngestError {
    /// The same error, after events were appended.
    fn after(self, events: u64) -> Self {
        match self {
            Self::Malformed {
                source,
                format,
                found,
                ..
            } => Self::Malformed {
                source,
                format,
                found,
                appended: events,
            },
            other => other,
        }
    }
}

/// A row as text, for people: at most [`MAX_LINE`] bytes of it, other bytes than UTF-8 replaced.
fn shown(row: &[u8]) -> String {
    let cut = row.get(..MAX_LINE).unwrap_or(row);
    let text = String::from_utf8_lossy(cut);
    text.trim_end_matches(['\r', '\n']).to_owned()
}
