//! A run as a DDEX sales report: Basic Audio 1.2, for one holder or for all.
//!
//! A summary record for each territory, tier and currency; a block for each recording. Streams are
//! the counted plays of the run's cells, net revenue the amounts of its lines. Where a territory and
//! tier have pools in several currencies, the streams stand under the first, so that none is reported
//! twice.

use std::collections::{BTreeMap, BTreeSet};
use std::io::Write as _;
use std::path::{Path, PathBuf};

use flate2::write::GzEncoder;
use ledgerline::id::{Isrc, Name, PartyId, Territory};
use ledgerline::money::{Currency, Micros};
use ledgerline::registry::{self, Recording};
use ledgerline::royalty::{Cell, CellKey, Line};
use ledgerline::statement::Table;
use ledgerline::time::{DAY_MS, TimeMs};
use ledgerline::wire::Reader;

use crate::dsr::Decimal;
use crate::dsr::basic::{self, BasicError, Header, Party, Streams, Summary, Writer};
use crate::dsr::table::Variant;
use crate::error::Error;
use crate::ledger::durable::{Access, create_dirs, write_atomic};
use crate::run::{RunError, StoredRun};

/// What a report says beyond the run.
#[derive(Clone, Debug)]
pub struct DsrOptions {
    /// Who sends it.
    pub sender: Party,
    /// Who receives it.
    pub recipient: Party,
    /// The service.
    pub service: String,
    /// Only this holder's recordings and money.
    pub holder: Option<PartyId>,
    /// Which right's money; all of it if the run has only one right.
    pub right: Option<Name>,
    /// Of DDEX's list.
    pub commercial_model: String,
    /// Of DDEX's list.
    pub use_type: String,
    /// The variant.
    pub variant: Variant,
    /// Whether the file is gzip.
    pub gzip: bool,
    /// `2026-05-15T10:00:00Z`.
    pub created: String,
}

/// Streams of a territory and tier.
type Place = (Territory, u16);

/// Writes the report into the directory `out` under the name that the convention gives it.
///
/// # Errors
///
/// [`Error::Usage`] for options that do not fit the run, [`Error::Run`], [`Error::File`].
pub fn write_dsr(
    run: &StoredRun,
    options: &DsrOptions,
    out: &Path,
    force: bool,
) -> Result<PathBuf, Error> {
    let settlement = run.settlement()?;
    let right = the_right(&settlement.cells, options)?;
    let lines: Vec<&Line> = settlement
        .lines
        .iter()
        .filter(|line| is_asked(line, &right, options))
        .collect();
    let ours: BTreeSet<CellKey> = lines.iter().map(|line| line.cell).collect();
    let is_ours = |cell: &&Cell| options.holder.is_none() || ours.contains(&cell.key);
    let cells: Vec<&Cell> = settlement.cells.iter().filter(is_ours).collect();

    let summaries = summaries(run, options, &cells, &lines)?;
    let header = header(run, options);
    let territories: BTreeSet<Territory> = summaries.keys().map(|((at, _), _)| *at).collect();
    let territory = match territories.first() {
        Some(only) if territories.len() == 1 => only.to_string(),
        _ => "Multi".to_owned(),
    };
    let period = format!("{}--{}", header.from, header.to);
    let mut name = basic::file_name(&header, &period, &territory).map_err(usage)?;
    if options.gzip {
        name.push_str(".gz");
    }
    let path = out.join(name);
    if path.exists() && !force {
        return Err(RunError::Exists { path }.into());
    }

    let mut writer = Writer::new(Vec::new(), options.variant, &header).map_err(usage)?;
    let mut first: BTreeMap<Place, &str> = BTreeMap::new();
    for ((place, _), summary) in &summaries {
        first.entry(*place).or_insert(&summary.id);
        writer.summary(summary).map_err(usage)?;
    }
    blocks(run, &cells, &first, &mut writer)?;
    let mut bytes = writer.finish().map_err(usage)?;
    if options.gzip {
        let mut packed = GzEncoder::new(Vec::new(), flate2::Compression::default());
        packed
            .write_all(&bytes)
            .and_then(|()| packed.try_finish())?;
        bytes = packed.finish()?;
    }
    create_dirs(out)?;
    write_atomic(&path, &bytes, Access::Public)?;
    Ok(path)
}

/// The right whose money is reported.
fn the_right(cells: &[Cell], options: &DsrOptions) -> Result<Name, Error> {
    let amounts = cells.iter().flat_map(|cell| &cell.amounts);
    let rights: BTreeSet<&Name> = amounts.map(|amount| &amount.right).collect();
    let refuse = |message: String| Error::Usage {
        argument: "--right",
        message,
    };
    let list = rights
        .iter()
        .map(|right| right.as_str())
        .collect::<Vec<_>>()
        .join(", ");
    match (&options.right, rights.first()) {
        (Some(right), _) if rights.contains(right) => Ok(right.clone()),
        (Some(right), _) => Err(refuse(format!(
            "expected a right of this run ({list}), but found {right}"
        ))),
        (None, Some(only)) if rights.len() == 1 => Ok((*only).clone()),
        (None, Some(_)) => Err(refuse(format!(
            "expected one of {list}, as a report has the money of one"
        ))),
        (None, None) => Err(refuse("the run has no counted play".to_owned())),
    }
}

fn is_asked(line: &Line, right: &Name, options: &DsrOptions) -> bool {
    line.right == *right && options.holder.is_none_or(|holder| line.party == holder)
}

fn header(run: &StoredRun, options: &DsrOptions) -> Header {
    let period = &run.run.period;
    let last = TimeMs::new(period.to().ms().saturating_sub(DAY_MS)).unwrap_or(period.from());
    let holder = options
        .holder
        .map(|holder| format!("-{holder}"))
        .unwrap_or_default();
    Header {
        message_id: format!("{}-r{}{holder}", run.run.plays.root, run.run.revision),
        created: options.created.clone(),
        from: period.from().date(),
        to: last.date(),
        sender: options.sender.clone(),
        recipient: options.recipient.clone(),
        service: options.service.clone(),
    }
}

/// One for each territory, tier and currency, in this order.
fn summaries(
    run: &StoredRun,
    options: &DsrOptions,
    cells: &[&Cell],
    lines: &[&Line],
) -> Result<BTreeMap<(Place, Currency), Summary>, Error> {
    let mut revenue: BTreeMap<(Place, Currency), Micros> = BTreeMap::new();
    for line in lines {
        let place = (line.cell.territory, line.cell.tier);
        let sum = revenue.entry((place, line.currency)).or_default();
        *sum = sum.plus(line.amount).map_err(|error| RunError::Damaged {
            path: "tables".into(),
            problem: error.to_string(),
        })?;
    }
    let mut streams: BTreeMap<Place, u64> = BTreeMap::new();
    for cell in cells {
        let place = (cell.key.territory, cell.key.tier);
        *streams.entry(place).or_default() += plays(cell);
        // Plays of which nobody has a line are reported all the same, with no money.
        for amount in &cell.amounts {
            revenue.entry((place, amount.currency)).or_default();
        }
    }
    let mut summaries = BTreeMap::new();
    for ((place, currency), micros) in revenue {
        let tier = run
            .pools
            .tiers()
            .name(place.1)
            .map(Name::to_string)
            .unwrap_or_default();
        let summary = Summary {
            id: format!("{}-{tier}-{currency}", place.0),
            commercial_model: options.commercial_model.clone(),
            use_type: options.use_type.clone(),
            territory: place.0.to_string(),
            service: tier,
            usages: streams.remove(&place).unwrap_or(0),
            currency,
            net_revenue: Decimal::new(micros.0, 6).unwrap_or_default(),
        };
        summaries.insert((place, currency), summary);
    }
    Ok(summaries)
}

/// A block for each recording: its cells are side by side.
fn blocks(
    run: &StoredRun,
    cells: &[&Cell],
    first: &BTreeMap<Place, &str>,
    writer: &mut Writer<Vec<u8>>,
) -> Result<(), Error> {
    let known = recordings(run);
    let mut transaction: u64 = 0;
    for cells in cells.chunk_by(|a, b| a.key.isrc == b.key.isrc) {
        let mut streams: BTreeMap<&str, u64> = BTreeMap::new();
        for cell in cells {
            let summary = first.get(&(cell.key.territory, cell.key.tier));
            *streams
                .entry(summary.copied().unwrap_or_default())
                .or_default() += plays(cell);
        }
        let lines: Vec<Streams> = streams
            .into_iter()
            .map(|(summary, streams)| {
                transaction += 1;
                Streams {
                    summary: summary.to_owned(),
                    transaction: transaction.to_string(),
                    streams,
                }
            })
            .collect();
        if let Some(cell) = cells.first() {
            let recording = recording(cell.key.isrc, known.get(&cell.key.isrc));
            writer.block(&recording, &lines).map_err(usage)?;
        }
    }
    Ok(())
}

const fn plays(cell: &Cell) -> u64 {
    cell.end.saturating_sub(cell.first)
}

fn recordings(run: &StoredRun) -> BTreeMap<Isrc, Recording> {
    let rows = run.table(Table::Registry);
    let all = rows.range(0..rows.count());
    all.filter_map(|(key, row)| {
        match registry::read_row(key.first_chunk()?, &mut Reader::new(row)) {
            Ok(registry::Row::Recording(recording)) => Some((recording.isrc, recording)),
            _ => None,
        }
    })
    .collect()
}

/// Title and artist are mandatory in a report: of a recording that the registry does not know, or has
/// no text for, they are its ISRC.
fn recording(isrc: Isrc, known: Option<&Recording>) -> basic::Recording {
    let text = |text: Option<&String>| match text {
        Some(text) if !text.trim().is_empty() => text.clone(),
        _ => isrc.to_string(),
    };
    let length_ms = known.map_or(0, |known| known.length_ms);
    basic::Recording {
        dsp_id: isrc.to_string(),
        isrc: Some(isrc),
        title: text(known.map(|known| &known.title)),
        artist: text(known.map(|known| &known.artist)),
        // Rounded to whole seconds, half up.
        seconds: (length_ms > 0).then(|| u64::from(length_ms).saturating_add(500) / 1000),
    }
}

/// What cannot be written comes from the options; the run's own values are ids and numbers.
fn usage(error: BasicError) -> Error {
    match error {
        BasicError::Io(error) => Error::Output(error),
        other => Error::Usage {
            argument: "--format dsr",
            message: other.to_string(),
        },
    }
}
