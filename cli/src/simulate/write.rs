//! The files of a data set.
//!
//! In: events as they arrive, the market, the truth. Out: files in a directory. Does not know: how any
//! of it came to be.

use std::fs::File;
use std::io::{BufWriter, Write as _};
use std::path::Path;
use std::sync::Arc;

use anyhow::Context as _;
use arrow::array::{
    ArrayRef, BooleanBuilder, RecordBatch, StringBuilder, TimestampMillisecondBuilder,
    UInt32Builder, UInt64Builder,
};
use arrow::datatypes::{DataType, Field, Schema, TimeUnit};
use arrow::ipc::writer::FileWriter;
use jiff::Timestamp;
use parquet::arrow::ArrowWriter;
use parquet::basic::{Compression, Encoding, ZstdLevel};
use parquet::file::properties::WriterProperties;
use parquet::schema::types::ColumnPath;

use super::catalogue::{Market, TIERS, Validity};
use super::listener::Listener;
use super::telemetry::{Event, Kind, Spelling};
use super::truth::{Cell, HEARTBEAT_MS, QUALIFY_MS, Settlement, TOLERANCE_MS};
use super::{EventFormat, Options, Scale};

/// Events of one record batch.
const BATCH: usize = 65_536;

/// Writes the event file, one event after the other.
pub(super) struct EventWriter<'a> {
    market: &'a Market,
    sink: Sink,
    isrc: String,
    user: String,
    pub(super) events: u64,
}

enum Sink {
    Ndjson(BufWriter<File>),
    Csv(BufWriter<File>),
    Parquet(Box<Columns>, Box<ArrowWriter<File>>),
    Arrow(Box<Columns>, Box<FileWriter<BufWriter<File>>>),
}

impl<'a> EventWriter<'a> {
    pub(super) fn create(
        market: &'a Market,
        format: EventFormat,
        path: &Path,
    ) -> anyhow::Result<Self> {
        let file = create(path)?;
        let schema = schema();
        let sink = match format {
            EventFormat::Ndjson => Sink::Ndjson(buffered(file)),
            EventFormat::Csv => {
                let mut file = buffered(file);
                writeln!(file, "{}", COLUMNS.join(","))?;
                Sink::Csv(file)
            }
            EventFormat::Parquet => {
                let column = |name: &str| ColumnPath::from(name);
                // Play ids are random and times hardly repeat: a dictionary of them gains nothing.
                let properties = WriterProperties::builder()
                    .set_compression(Compression::ZSTD(ZstdLevel::try_new(1)?))
                    .set_column_dictionary_enabled(column("play"), false)
                    .set_column_dictionary_enabled(column("time"), false)
                    .set_column_encoding(column("time"), Encoding::DELTA_BINARY_PACKED)
                    .build();
                let writer = ArrowWriter::try_new(file, schema, Some(properties))?;
                Sink::Parquet(Box::default(), Box::new(writer))
            }
            EventFormat::Arrow => {
                let writer = FileWriter::try_new(buffered(file), &schema)?;
                Sink::Arrow(Box::default(), Box::new(writer))
            }
        };
        Ok(Self {
            market,
            sink,
            isrc: String::new(),
            user: String::new(),
            events: 0,
        })
    }

    pub(super) fn write(&mut self, event: &Event) -> anyhow::Result<()> {
        let market = self.market;
        self.isrc.clear();
        let track = market.tracks.get(event.track as usize);
        spell(
            track.map_or("", |track| &track.isrc),
            event.spelling,
            &mut self.isrc,
        );
        self.user.clear();
        push_user(u64::from(event.listener), &mut self.user);
        let territory = market.territories.get(usize::from(event.territory));
        let territory = territory.map_or("", |territory| territory.code);
        let kind = match event.kind {
            Kind::Start => "start",
            Kind::Heartbeat => "heartbeat",
            Kind::End => "end",
        };
        let (isrc, user) = (&self.isrc, &self.user);
        let Event {
            play,
            position_ms,
            active,
            offline,
            ..
        } = *event;
        self.events = self.events.saturating_add(1);
        match &mut self.sink {
            Sink::Ndjson(file) => writeln!(
                file,
                "{{\"kind\":\"{kind}\",\"play\":\"{play:016x}\",\"user\":\"{user}\",\"isrc\":\"{isrc}\",\
                 \"territory\":\"{territory}\",\"time\":\"{:.3}\",\"position_ms\":{position_ms},\
                 \"active\":{active},\"offline\":{offline}}}",
                timestamp(event.time)?
            )?,
            Sink::Csv(file) => writeln!(
                file,
                "{kind},{play:016x},{user},{isrc},{territory},{:.3},{position_ms},{active},{offline}",
                timestamp(event.time)?
            )?,
            Sink::Parquet(columns, writer) => {
                columns.push(event, kind, user, isrc, territory);
                if columns.rows == BATCH {
                    writer.write(&columns.batch()?)?;
                }
            }
            Sink::Arrow(columns, writer) => {
                columns.push(event, kind, user, isrc, territory);
                if columns.rows == BATCH {
                    writer.write(&columns.batch()?)?;
                }
            }
        }
        Ok(())
    }

    /// Writes what is left and reports what only now goes wrong.
    pub(super) fn finish(self) -> anyhow::Result<()> {
        match self.sink {
            Sink::Ndjson(mut file) | Sink::Csv(mut file) => file.flush()?,
            Sink::Parquet(mut columns, mut writer) => {
                writer.write(&columns.batch()?)?;
                writer.close()?;
            }
            Sink::Arrow(mut columns, mut writer) => {
                writer.write(&columns.batch()?)?;
                writer.finish()?;
                writer.into_inner()?.flush()?;
            }
        }
        Ok(())
    }
}

const COLUMNS: [&str; 9] = [
    "kind",
    "play",
    "user",
    "isrc",
    "territory",
    "time",
    "position_ms",
    "active",
    "offline",
];

fn schema() -> Arc<Schema> {
    let types = [
        DataType::Utf8,
        DataType::UInt64,
        DataType::Utf8,
        DataType::Utf8,
        DataType::Utf8,
        DataType::Timestamp(TimeUnit::Millisecond, Some("UTC".into())),
        DataType::UInt32,
        DataType::Boolean,
        DataType::Boolean,
    ];
    let fields = COLUMNS.into_iter().zip(types);
    let fields: Vec<_> = fields
        .map(|(name, kind)| Field::new(name, kind, false))
        .collect();
    Arc::new(Schema::new(fields))
}

/// The columns of a record batch in the making.
#[derive(Default)]
struct Columns {
    kind: StringBuilder,
    play: UInt64Builder,
    user: StringBuilder,
    isrc: StringBuilder,
    territory: StringBuilder,
    time: TimestampMillisecondBuilder,
    position_ms: UInt32Builder,
    active: BooleanBuilder,
    offline: BooleanBuilder,
    rows: usize,
}

impl Columns {
    fn push(&mut self, event: &Event, kind: &str, user: &str, isrc: &str, territory: &str) {
        self.kind.append_value(kind);
        self.play.append_value(event.play);
        self.user.append_value(user);
        self.isrc.append_value(isrc);
        self.territory.append_value(territory);
        self.time.append_value(event.time);
        self.position_ms.append_value(event.position_ms);
        self.active.append_value(event.active);
        self.offline.append_value(event.offline);
        self.rows = self.rows.saturating_add(1);
    }

    fn batch(&mut self) -> anyhow::Result<RecordBatch> {
        self.rows = 0;
        let columns: Vec<ArrayRef> = vec![
            Arc::new(self.kind.finish()),
            Arc::new(self.play.finish()),
            Arc::new(self.user.finish()),
            Arc::new(self.isrc.finish()),
            Arc::new(self.territory.finish()),
            Arc::new(self.time.finish().with_timezone("UTC")),
            Arc::new(self.position_ms.finish()),
            Arc::new(self.active.finish()),
            Arc::new(self.offline.finish()),
        ];
        Ok(RecordBatch::try_new(schema(), columns)?)
    }
}

fn create(path: &Path) -> anyhow::Result<File> {
    File::create(path).with_context(|| format!("cannot create {}", path.display()))
}

fn buffered(file: File) -> BufWriter<File> {
    BufWriter::with_capacity(1 << 18, file)
}

fn timestamp(time: i64) -> anyhow::Result<Timestamp> {
    Ok(Timestamp::from_millisecond(time)?)
}

/// `u` and at least six digits.
fn push_user(number: u64, to: &mut String) {
    use std::fmt::Write as _;
    let _infallible = write!(to, "u{number:06}");
}

/// The ISRC as clients spell it: all of these mean the same.
fn spell(isrc: &str, spelling: Spelling, to: &mut String) {
    match (spelling, isrc.split_at_checked(5)) {
        (Spelling::Hyphens, Some((registrant, rest))) => {
            let (country, code) = registrant.split_at_checked(2).unwrap_or((registrant, ""));
            let (year, number) = rest.split_at_checked(2).unwrap_or((rest, ""));
            for part in [country, "-", code, "-", year, "-", number] {
                to.push_str(part);
            }
        }
        (Spelling::LowerCase, _) => to.extend(isrc.chars().map(|c| c.to_ascii_lowercase())),
        (Spelling::Prefix, _) => to.extend(["ISRC ", isrc]),
        (Spelling::Blanks, _) => to.extend([" ", isrc, " "]),
        (Spelling::Plain | Spelling::Hyphens, _) => to.push_str(isrc),
    }
}

/// Micros as a decimal with six places.
fn six_places(micros: i128) -> String {
    let sign = if micros < 0 { "-" } else { "" };
    let micros = micros.unsigned_abs();
    let (units, rest) = (micros.div_euclid(1_000_000), micros.rem_euclid(1_000_000));
    format!("{sign}{units}.{rest:06}")
}

fn shortest(micros: i128) -> String {
    let text = six_places(micros);
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}

fn bounds(valid: Validity) -> anyhow::Result<[String; 2]> {
    let to = valid.to.map(timestamp).transpose()?;
    let from = timestamp(valid.from)?.to_string();
    Ok([from, to.map_or(String::new(), |to| to.to_string())])
}

/// The columns of `recordings.csv`, `holders.csv`, `shares.csv` and `licences.csv`: DESIGN section 6.
pub(super) fn registry(market: &Market, dir: &Path) -> anyhow::Result<()> {
    let mut tracks: Vec<_> = market
        .tracks
        .iter()
        .filter(|track| track.is_registered())
        .collect();
    tracks.sort_by_key(|track| &track.isrc);

    let mut file = table(
        dir,
        "recordings.csv",
        &["isrc", "title", "artist", "duration_ms"],
    )?;
    for track in &tracks {
        let length = track
            .known_length_ms()
            .map_or(String::new(), |length| length.to_string());
        file.write_record([&track.isrc, &track.title, &track.artist, &length])?;
    }
    file.flush()?;

    let mut holders: Vec<_> = market.holders.iter().collect();
    holders.sort_by_key(|holder| holder.id);
    let mut file = table(dir, "holders.csv", &["holder", "name", "currency"])?;
    for holder in holders {
        file.write_record([
            &format!("{:016x}", holder.id),
            &holder.name,
            holder.currency,
        ])?;
    }
    file.flush()?;

    let columns = [
        "isrc",
        "right",
        "territories",
        "holder",
        "ppm",
        "valid_from",
        "valid_to",
    ];
    let mut file = table(dir, "shares.csv", &columns)?;
    for track in &tracks {
        for share in &track.shares {
            let [from, to] = bounds(share.valid)?;
            let (area, ppm) = (share.area.to_string(), share.ppm.to_string());
            let holder = format!("{:016x}", share.holder);
            file.write_record([&track.isrc, share.right, &area, &holder, &ppm, &from, &to])?;
        }
    }
    file.flush()?;

    let columns = ["isrc", "territories", "valid_from", "valid_to"];
    let mut file = table(dir, "licences.csv", &columns)?;
    for track in &tracks {
        for licence in &track.licences {
            let [from, to] = bounds(licence.valid)?;
            file.write_record([&track.isrc, &licence.area.to_string(), &from, &to])?;
        }
    }
    file.flush()?;
    Ok(())
}

pub(super) fn subscriptions(listeners: &[Listener], dir: &Path) -> anyhow::Result<()> {
    let columns = ["user", "tier", "valid_from", "valid_to"];
    let mut file = table(dir, "subscriptions.csv", &columns)?;
    let mut user = String::new();
    for (number, listener) in (0..).zip(listeners) {
        user.clear();
        push_user(number, &mut user);
        for subscription in &listener.subscriptions {
            let [from, to] = bounds(subscription.valid)?;
            let tier = TIERS.get(subscription.tier).map_or("", |tier| tier.0);
            file.write_record([&user, tier, &from, &to])?;
        }
    }
    file.flush()?;
    Ok(())
}

pub(super) fn pools(market: &Market, dir: &Path) -> anyhow::Result<()> {
    let columns = ["territory", "tier", "right", "currency", "amount"];
    let mut file = table(dir, "pools.csv", &columns)?;
    for pool in &market.pools {
        let amount = shortest(i128::from(pool.micros));
        file.write_record([
            pool.territory,
            pool.tier,
            pool.right,
            pool.currency,
            &amount,
        ])?;
    }
    file.flush()?;
    Ok(())
}

pub(super) fn rules(options: &Options, scale: &Scale, dir: &Path) -> anyhow::Result<()> {
    let (from, to) = (timestamp(scale.from)?, timestamp(scale.to)?);
    let text = format!(
        "# Rules of a synthetic data set, in the form of docs/format.md, section 6.2.
version = 1

# Each pool is shared out in proportion to the plays that count in its territory and tier.
model = \"pro-rata\"

# A play counts from 30 s of listening on, or the whole of a shorter recording.
qualify_ms = {QUALIFY_MS}

# Between two events at most heartbeat + tolerance is taken as listened to.
heartbeat_ms = {HEARTBEAT_MS}
tolerance_ms = {TOLERANCE_MS}

# Plays of up to so many days before the period count in it, if they were delivered late.
late_days = {late_days}

[source]
data = \"Synthetic, made by ledgerline simulate: no listener, recording, holder or amount is real.\"
made_with = \"--preset {preset} --plays {plays} --seed {seed}\"
period = \"{from}/{to}\"
qualify_ms = \"Chosen for this data set; 30 s is the threshold that many services publish.\"
",
        late_days = scale.late_days,
        preset = options.preset.name(),
        plays = scale.plays,
        seed = options.seed,
    );
    let path = dir.join("rules.toml");
    std::fs::write(&path, text).with_context(|| format!("cannot write {}", path.display()))
}

/// `truth.csv`, `truth-suspense.csv` and, to find out where two sums part, `truth-cells.csv`.
pub(super) fn truth(settlement: &Settlement, cells: &[Cell<'_>], dir: &Path) -> anyhow::Result<()> {
    let mut file = table(dir, "truth.csv", &["holder", "currency", "amount"])?;
    for ((holder, currency), micros) in &settlement.holders {
        file.write_record([&format!("{holder:016x}"), *currency, &six_places(*micros)])?;
    }
    file.flush()?;

    let mut file = table(dir, "truth-suspense.csv", &["currency", "reason", "amount"])?;
    for ((currency, reason), micros) in &settlement.suspense {
        file.write_record([currency, reason.name(), &six_places(*micros)])?;
    }
    file.flush()?;

    let columns = ["isrc", "territory", "tier", "share_version", "plays"];
    let mut file = table(dir, "truth-cells.csv", &columns)?;
    for cell in cells {
        let (version, plays) = (cell.share_version.to_string(), cell.plays.to_string());
        file.write_record([cell.isrc, cell.territory, cell.tier, &version, &plays])?;
    }
    file.flush()?;
    Ok(())
}

fn table(dir: &Path, name: &str, columns: &[&str]) -> anyhow::Result<csv::Writer<File>> {
    let mut file = csv::Writer::from_writer(create(&dir.join(name))?);
    file.write_record(columns)?;
    Ok(file)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_spelling_keeps_the_characters() {
        let spelt = |spelling| {
            let mut text = String::new();
            spell("USABC2612345", spelling, &mut text);
            text
        };
        assert_eq!(spelt(Spelling::Plain), "USABC2612345");
        assert_eq!(spelt(Spelling::Hyphens), "US-ABC-26-12345");
        assert_eq!(spelt(Spelling::LowerCase), "usabc2612345");
        assert_eq!(spelt(Spelling::Prefix), "ISRC USABC2612345");
        assert_eq!(spelt(Spelling::Blanks), " USABC2612345 ");
    }

    #[test]
    fn amounts_are_decimals() {
        assert_eq!(six_places(0), "0.000000");
        assert_eq!(six_places(12_000_001), "12.000001");
        assert_eq!(shortest(12_000_001), "12.000001");
        assert_eq!(shortest(120_500_000), "120.5");
        assert_eq!(shortest(100_000_000), "100");
    }
}
