//! `ingest`: events into the log.

use std::path::PathBuf;

use clap::ValueEnum;
use serde_json::json;

use super::open_writer;
use crate::error::{Error, Outcome};
use crate::ingest::{Format, Options, ingest};
use crate::ledger::{Layout, check_uncontradicted};
use crate::ui::{Ui, Unit, counted};

/// Arguments of `ingest`.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Columns (NDJSON members, CSV header, Parquet and Arrow columns), in any order, no others:
  kind         start, heartbeat or end
  play         16 hex digits, uint64, or other text, which is hashed
  user         service user id, pseudonymised on the way in; or
  listener     pseudonym: 16 hex digits or uint64
  isrc         hyphens, lower case and a leading ISRC are normalised
  territory    ISO 3166-1 alpha-2
  time         RFC 3339, integer milliseconds, or a timestamp column (UTC if it has no zone)
  position_ms  position in the recording
  active, offline   optional, true or false

While LEDGER/contradiction is there, a witness's proof of another history, nothing is taken (exit
code 1): events acknowledged into a history that must be given up would be lost.

Events are acknowledged once they are fsynced; the summary is printed after that. Ingesting the
same input again does no harm to money: identical events of one play count once. Without
--rejects one bad row means that nothing at all is appended.

With --acks a feeder learns while it runs what is safe: each line {\"acknowledged\":N} on standard
output says that the first N events of the ledger are on the disk and survive any crash. The first
line comes before any input is read: count from there, keep what was sent and not acknowledged,
and after a crash send again from where the first line of the next run says. Give --rejects with
it, and rows are appended as they come; without it all wait for the end of the input.

Examples:
  ledgerline ingest april events.ndjson
  ledgerline ingest april day-*.parquet --rejects bad.ndjson
  zstd -dc events.csv.zst | ledgerline ingest april - --format csv
  feeder | ledgerline ingest april - --format ndjson --rejects bad.ndjson --acks")]
pub struct Args {
    /// The ledger
    pub ledger: PathBuf,

    /// Files of events; - is standard input
    #[arg(required = true, value_name = "FILE")]
    pub inputs: Vec<PathBuf>,

    /// Format of the inputs; auto goes by the extension, then by the content
    #[arg(long, value_enum, default_value_t = FormatArg::Auto)]
    pub format: FormatArg,

    /// Append good rows and write bad ones to this file, as NDJSON with source, line, error and row
    #[arg(long, value_name = "FILE")]
    pub rejects: Option<PathBuf>,

    /// Replace the file for rejects if it exists
    #[arg(long, requires = "rejects")]
    pub force: bool,

    /// Print {"acknowledged":N}, the ledger's durable events, after each batch that is on the disk
    #[arg(long)]
    pub acks: bool,
}

/// `--format`.
#[derive(Clone, Copy, Debug, ValueEnum)]
pub enum FormatArg {
    /// By extension, then by content
    Auto,
    /// One JSON object a line
    Ndjson,
    /// RFC 4180 with a header
    Csv,
    /// Apache Parquet
    Parquet,
    /// Arrow IPC, file or stream
    Arrow,
}

/// Prints how many events are durable, each number once.
struct Acks {
    wanted: bool,
    last: Option<u64>,
    /// The first failure; nothing is printed behind it. Events are taken all the same.
    result: Result<(), Error>,
}

impl Acks {
    const fn new(wanted: bool) -> Self {
        Self {
            wanted,
            last: None,
            result: Ok(()),
        }
    }

    fn print(&mut self, acknowledged: u64, ui: &Ui) {
        if self.wanted && self.result.is_ok() && self.last != Some(acknowledged) {
            self.result = ui.data(&json!({ "acknowledged": acknowledged }).to_string());
            self.last = Some(acknowledged);
        }
    }
}

/// Runs `ingest`.
///
/// # Errors
///
/// [`Error`].
pub fn run(args: &Args, ui: &Ui) -> Result<Outcome, Error> {
    let place = |path: &PathBuf| std::fs::canonicalize(path).ok();
    if let Some(rejects) = args.rejects.as_ref().and_then(place)
        && args
            .inputs
            .iter()
            .any(|input| place(input).as_ref() == Some(&rejects))
    {
        return Err(Error::Usage {
            argument: "--rejects",
            message: format!(
                "{} is one of the inputs; give another file",
                rejects.display()
            ),
        });
    }
    check_uncontradicted(&Layout::new(&args.ledger))?;
    let mut writer = open_writer(&args.ledger, ui)?;
    let options = Options {
        inputs: args.inputs.clone(),
        format: match args.format {
            FormatArg::Auto => None,
            FormatArg::Ndjson => Some(Format::Ndjson),
            FormatArg::Csv => Some(Format::Csv),
            FormatArg::Parquet => Some(Format::Parquet),
            FormatArg::Arrow => Some(Format::Arrow),
        },
        rejects: args.rejects.clone(),
        force: args.force,
        acks: args.acks,
    };
    let bar = ui.progress(None, "events", Unit::Items);
    let mut acks = Acks::new(args.acks);
    let summary = ingest(&mut writer, &options, &mut |so_far| {
        bar.set_position(so_far.events);
        acks.print(so_far.acknowledged, ui);
    });
    bar.finish_and_clear();
    let summary = summary?;
    acks.result?;
    let first = summary.indices.map(|(first, _)| first);
    let last = summary.indices.map(|(_, last)| last);
    ui.result(
        || {
            json!({
                "accepted": summary.accepted,
                "rejected": summary.rejected,
                "first_index": first,
                "last_index": last,
                "segments_sealed": summary.segments_sealed,
                "size": summary.size,
            })
        },
        || {
            let indices = summary.indices.map_or_else(String::new, |(first, last)| {
                format!(" (leaf indices {first} to {last})")
            });
            format!(
                "accepted {}{indices}, rejected {}, sealed {}; the log has {}",
                summary.accepted,
                summary.rejected,
                counted(summary.segments_sealed, "segment"),
                counted(summary.size, "event")
            )
        },
    )?;
    if let (Some(path), true) = (&args.rejects, summary.rejected > 0) {
        ui.say(&format!(
            "{} bad rows are in {}; correct them and ingest them from there",
            summary.rejected,
            path.display()
        ));
    }
    Ok(Outcome::Done)
}
