//! Basic Audio reports of streams, version 1.2: written line by line, and read back.
//!
//! *In:* summaries, recordings with their usages. *Out:* a DSR that [`super::check`] finds nothing
//! wrong with. *Does not know:* releases: a line of the single-record variant must name one, and
//! names the recording's own title and artist.
//!
//! Source: the XSD of BasicAudioProfile 1.2: SY01.01, AS02.02 and SU02, or SR02.

use std::fmt;
use std::io::{self, BufRead, Write};

use ledgerline::id::Isrc;
use ledgerline::money::Currency;

use super::decimal::Decimal;
use super::line::{Line, Lines, escape, unescape, values};
use super::name::FileName;
use super::problem::shown;
use super::table::{Kind, Record, Variant, table};
use super::value;

/// A party: who sends, who is paid.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Party {
    /// DDEX party id.
    pub id: String,
    /// Its name.
    pub name: String,
}

/// What HEAD says.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Header {
    /// Unique for the sender.
    pub message_id: String,
    /// `2026-05-15T10:00:00Z`.
    pub created: String,
    /// First day, `2026-04-01`.
    pub from: String,
    /// Last day.
    pub to: String,
    /// The service's company.
    pub sender: Party,
    /// Who receives the report.
    pub recipient: Party,
    /// The service, as it also stands in the file's name.
    pub service: String,
}

/// A summary record.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Summary {
    /// What lines name it by.
    pub id: String,
    /// Of DDEX's list, such as `SubscriptionModel`.
    pub commercial_model: String,
    /// Of DDEX's list, such as `OnDemandStream`.
    pub use_type: String,
    /// The territory.
    pub territory: String,
    /// The offering or tier.
    pub service: String,
    /// Usages of all its lines.
    pub usages: u64,
    /// The currency.
    pub currency: Currency,
    /// Net revenue.
    pub net_revenue: Decimal,
}

/// A recording.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Recording {
    /// The service's own id of it.
    pub dsp_id: String,
    /// Its ISRC.
    pub isrc: Option<Isrc>,
    /// Title.
    pub title: String,
    /// Display artist.
    pub artist: String,
    /// Length in whole seconds.
    pub seconds: Option<u64>,
}

/// Streams of a recording for one summary.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Streams {
    /// The summary's id.
    pub summary: String,
    /// Unique in the report.
    pub transaction: String,
    /// How many.
    pub streams: u64,
}

/// A recording with its streams.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Block {
    /// The recording.
    pub recording: Recording,
    /// At least one.
    pub streams: Vec<Streams>,
}

/// A whole report.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Report {
    /// HEAD.
    pub header: Header,
    /// The variant.
    pub variant: Variant,
    /// At least one.
    pub summaries: Vec<Summary>,
    /// Recordings.
    pub blocks: Vec<Block>,
}

/// Why a report cannot be written or read back.
#[derive(Debug)]
#[non_exhaustive]
pub enum BasicError {
    /// Writing or reading.
    Io(io::Error),
    /// A cell would not be what the standard allows there.
    Cell {
        /// The record type.
        record: &'static str,
        /// The cell.
        cell: &'static str,
        /// What must be there.
        expected: &'static str,
        /// What is there.
        found: String,
    },
    /// Not a report as [`Writer`] writes it.
    Line {
        /// The line.
        line: u64,
        /// What must be there.
        expected: &'static str,
    },
}

impl fmt::Display for BasicError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Io(error) => error.fmt(f),
            Self::Cell {
                record,
                cell,
                expected,
                found,
            } => write!(f, "{record} {cell}: expected {expected}, but found {found}"),
            Self::Line { line, expected } => write!(f, "line {line}: expected {expected}"),
        }
    }
}

impl std::error::Error for BasicError {}

impl From<io::Error> for BasicError {
    fn from(error: io::Error) -> Self {
        Self::Io(error)
    }
}

/// The name of a report's only file.
///
/// # Errors
///
/// [`BasicError::Cell`] if `created` is no time.
pub fn file_name(header: &Header, period: &str, territory: &str) -> Result<String, BasicError> {
    let digits: String = header
        .created
        .chars()
        .filter(char::is_ascii_digit)
        .collect();
    let Some((date, time)) = digits
        .get(..14)
        .and_then(|digits| digits.split_at_checked(8))
    else {
        return Err(BasicError::Cell {
            record: "HEAD",
            cell: "MessageCreatedDateTime",
            expected: "a time such as 2014-12-14T10:05:00Z",
            found: shown(&header.created),
        });
    };
    let name = FileName {
        recipient: header.recipient.id.clone(),
        sender: header.sender.id.clone(),
        service: header.service.clone(),
        period: period.to_owned(),
        territory: territory.to_owned(),
        part: Some((1, 1)),
        created: format!("{date}T{time}"),
    };
    Ok(name.text())
}

/// Writes a report line by line: header, summaries, blocks, footer.
#[derive(Debug)]
pub struct Writer<W> {
    out: W,
    variant: Variant,
    lines: u64,
    summaries: u64,
    blocks: u64,
}

impl<W: Write> Writer<W> {
    /// Writes HEAD.
    ///
    /// # Errors
    ///
    /// [`BasicError`].
    pub fn new(out: W, variant: Variant, header: &Header) -> Result<Self, BasicError> {
        let mut writer = Self {
            out,
            variant,
            lines: 0,
            summaries: 0,
            blocks: 0,
        };
        let (record, profile) = match variant {
            Variant::MultiRecord => ("HEAD", "BasicAudioProfile"),
            Variant::SingleRecord => ("SRHE", "BasicAudioProfileSRB"),
        };
        let cells = [
            ("MessageVersion", "dsrf/30"),
            ("Profile", profile),
            ("ProfileVersion", "1.2"),
            ("MessageId", &header.message_id),
            ("MessageCreatedDateTime", &header.created),
            ("FileNumber", "1"),
            ("NumberOfFiles", "1"),
            ("UsageStartDate", &header.from),
            ("UsageEndDate", &header.to),
            ("SenderPartyId", &header.sender.id),
            ("SenderName", &header.sender.name),
            ("ServiceDescription", &header.service),
            ("RecipientPartyId", &header.recipient.id),
            ("RecipientName", &header.recipient.name),
        ];
        writer.record(record, "HEAD", &cells)?;
        Ok(writer)
    }

    /// Writes a summary; all of them come before the first block.
    ///
    /// # Errors
    ///
    /// [`BasicError`].
    pub fn summary(&mut self, summary: &Summary) -> Result<(), BasicError> {
        self.summaries += 1;
        let cells = [
            ("SummaryRecordId", summary.id.as_str()),
            ("CommercialModel", &summary.commercial_model),
            ("UseType", &summary.use_type),
            ("Territory", &summary.territory),
            ("ServiceDescription", &summary.service),
            ("Usages", &summary.usages.to_string()),
            ("CurrencyOfReporting", &summary.currency.to_string()),
            ("NetRevenue", &summary.net_revenue.to_string()),
        ];
        self.record("SY01.01", "SY01.01", &cells)
    }

    /// Writes a recording and its streams.
    ///
    /// # Errors
    ///
    /// [`BasicError`].
    pub fn block(&mut self, recording: &Recording, streams: &[Streams]) -> Result<(), BasicError> {
        match self.variant {
            Variant::MultiRecord => self.many_records(recording, streams),
            Variant::SingleRecord => self.single_records(recording, streams),
        }
    }

    /// Writes the footer, and gives the writer back.
    ///
    /// # Errors
    ///
    /// [`BasicError`].
    pub fn finish(mut self) -> Result<W, BasicError> {
        let lines = (self.lines + 1).to_string();
        let summaries = self.summaries.to_string();
        let blocks = self.blocks.to_string();
        let report = [
            ("NumberOfLinesInFile", lines.as_str()),
            ("NumberOfLinesInReport", &lines),
            ("NumberOfSummaryRecords", &summaries),
            ("NumberOfBlocksInFile", &blocks),
            ("NumberOfBlocksInReport", &blocks),
        ];
        let footer = match self.variant {
            Variant::MultiRecord => "FOOT",
            Variant::SingleRecord => "SRFO",
        };
        self.record(footer, footer, &report)?;
        self.out.flush()?;
        Ok(self.out)
    }

    fn many_records(
        &mut self,
        recording: &Recording,
        streams: &[Streams],
    ) -> Result<(), BasicError> {
        self.blocks += 1;
        let block = self.blocks.to_string();
        let isrc = isrc_text(recording);
        let duration = duration_text(recording);
        let cells = [
            ("BlockId", block.as_str()),
            ("ResourceReference", "1"),
            ("DspResourceId", &recording.dsp_id),
            ("ISRC", &isrc),
            ("Title", &recording.title),
            ("DisplayArtistName", &recording.artist),
            ("Duration", &duration),
            ("ResourceType", "SoundRecording"),
        ];
        self.record("AS02.02", "AS02.02", &cells)?;
        for one in streams {
            let cells = [
                ("BlockId", block.as_str()),
                ("SummaryRecordId", &one.summary),
                ("SalesTransactionId", &one.transaction),
                ("TransactedResource", "1"),
                ("IsRoyaltyBearing", "true"),
                ("NumberOfStreams", &one.streams.to_string()),
            ];
            self.record("SU02", "SU02", &cells)?;
        }
        Ok(())
    }

    fn single_records(
        &mut self,
        recording: &Recording,
        streams: &[Streams],
    ) -> Result<(), BasicError> {
        let isrc = isrc_text(recording);
        let duration = duration_text(recording);
        for one in streams {
            let cells = [
                ("SummaryRecordId", one.summary.as_str()),
                ("DspResourceId", &recording.dsp_id),
                ("ISRC", &isrc),
                ("ResourceTitle", &recording.title),
                ("ResourceDisplayArtistName", &recording.artist),
                ("Duration", &duration),
                ("ResourceType", "SoundRecording"),
                ("ReleaseDisplayArtistName", &recording.artist),
                ("ReleaseTitle", &recording.title),
                ("SalesTransactionId", &one.transaction),
                ("IsRoyaltyBearing", "true"),
                ("NumberOfStreams", &one.streams.to_string()),
            ];
            self.record("SR02", "SR02", &cells)?;
        }
        Ok(())
    }

    /// Writes a line of `record`, which says `first` in its first cell. Cells that are not named are
    /// empty.
    fn record(
        &mut self,
        record: &'static str,
        first: &str,
        cells: &[(&str, &str)],
    ) -> Result<(), BasicError> {
        let Some(record) = table().record(record) else {
            return Ok(());
        };
        let mut line = first.to_owned();
        for cell in &record.cells {
            let value = cells.iter().find(|(name, _)| *name == cell.name);
            let value = value.map_or("", |(_, value)| *value);
            let refuse = |expected| BasicError::Cell {
                record: record.name,
                cell: cell.name,
                expected,
                found: shown(value),
            };
            if value.is_empty() && cell.mandatory {
                return Err(refuse("a value"));
            }
            if !value.is_empty() && cell.kind != Kind::Text {
                value::check(cell.kind, value).map_err(|fault| refuse(fault.expected))?;
            }
            line.push('\t');
            line.push_str(&escape(value));
        }
        line.push('\n');
        self.out.write_all(line.as_bytes())?;
        self.lines += 1;
        Ok(())
    }
}

/// Writes a whole report.
///
/// # Errors
///
/// [`BasicError`].
pub fn write<W: Write>(report: &Report, out: W) -> Result<W, BasicError> {
    let mut writer = Writer::new(out, report.variant, &report.header)?;
    for summary in &report.summaries {
        writer.summary(summary)?;
    }
    for block in &report.blocks {
        writer.block(&block.recording, &block.streams)?;
    }
    writer.finish()
}

/// Reads a report back that [`write()`] wrote. Others are for [`super::check`].
///
/// # Errors
///
/// [`BasicError::Line`] where a line is none that we write.
pub fn read(reader: impl BufRead) -> Result<Report, BasicError> {
    let mut lines = Lines::new(reader);
    let mut report = None;
    while let Some(line) = lines.advance()? {
        let number = lines.number();
        let refuse = |expected| BasicError::Line {
            line: number,
            expected,
        };
        if line != Line::Text {
            return Err(refuse("a line of UTF-8"));
        }
        let text = lines.text();
        let name = text.split('\t').next().unwrap_or_default();
        let Some(record) = table().record(name) else {
            return Err(refuse("a record of Basic Audio 1.2"));
        };
        let cells = Cells { record, text };
        if name == "HEAD" {
            report = Some(cells.report());
            continue;
        }
        let report = report.as_mut().ok_or_else(|| refuse("HEAD first"))?;
        match name {
            "SY01.01" => report.summaries.push(
                cells
                    .summary()
                    .ok_or_else(|| refuse("numbers and a currency"))?,
            ),
            "AS02.02" => report.blocks.push(Block {
                recording: cells.recording("Title", "DisplayArtistName"),
                streams: Vec::new(),
            }),
            "SU02" => {
                let block = report
                    .blocks
                    .last_mut()
                    .ok_or_else(|| refuse("AS02.02 first"))?;
                let streams = cells
                    .streams()
                    .ok_or_else(|| refuse("a number of streams"))?;
                block.streams.push(streams);
            }
            "SR02" => {
                let recording = cells.recording("ResourceTitle", "ResourceDisplayArtistName");
                let streams = cells
                    .streams()
                    .ok_or_else(|| refuse("a number of streams"))?;
                match report.blocks.last_mut() {
                    Some(block) if block.recording == recording => block.streams.push(streams),
                    _ => report.blocks.push(Block {
                        recording,
                        streams: vec![streams],
                    }),
                }
            }
            "FOOT" | "SRFO" => {}
            _ => return Err(refuse("a record that we write")),
        }
    }
    report.ok_or(BasicError::Line {
        line: 0,
        expected: "a HEAD",
    })
}

/// A line's cells by name.
struct Cells<'a> {
    record: &'static Record,
    text: &'a str,
}

impl Cells<'_> {
    fn of(&self, name: &str) -> String {
        let at = self.record.cells.iter().position(|cell| cell.name == name);
        let cell = at.and_then(|at| self.text.split('\t').nth(at + 1));
        let value = cell
            .and_then(|cell| values(cell).next())
            .unwrap_or_default();
        unescape(value).into_owned()
    }

    fn report(&self) -> Report {
        Report {
            header: Header {
                message_id: self.of("MessageId"),
                created: self.of("MessageCreatedDateTime"),
                from: self.of("UsageStartDate"),
                to: self.of("UsageEndDate"),
                sender: Party {
                    id: self.of("SenderPartyId"),
                    name: self.of("SenderName"),
                },
                recipient: Party {
                    id: self.of("RecipientPartyId"),
                    name: self.of("RecipientName"),
                },
                service: self.of("ServiceDescription"),
            },
            variant: match self.of("Profile").ends_with("SRB") {
                true => Variant::SingleRecord,
                false => Variant::MultiRecord,
            },
            summaries: Vec::new(),
            blocks: Vec::new(),
        }
    }

    fn summary(&self) -> Option<Summary> {
        Some(Summary {
            id: self.of("SummaryRecordId"),
            commercial_model: self.of("CommercialModel"),
            use_type: self.of("UseType"),
            territory: self.of("Territory"),
            service: self.of("ServiceDescription"),
            usages: self.of("Usages").parse().ok()?,
            currency: Currency::parse(&self.of("CurrencyOfReporting")).ok()?,
            net_revenue: Decimal::parse(&self.of("NetRevenue")).ok()?,
        })
    }

    fn recording(&self, title: &str, artist: &str) -> Recording {
        let duration = self.of("Duration");
        let seconds = duration
            .strip_prefix("PT")
            .and_then(|text| text.strip_suffix('S'));
        Recording {
            dsp_id: self.of("DspResourceId"),
            isrc: Isrc::parse(&self.of("ISRC")).ok(),
            title: self.of(title),
            artist: self.of(artist),
            seconds: seconds.and_then(|text| text.parse().ok()),
        }
    }

    fn streams(&self) -> Option<Streams> {
        Some(Streams {
            summary: self.of("SummaryRecordId"),
            transaction: self.of("SalesTransactionId"),
            streams: self.of("NumberOfStreams").parse().ok()?,
        })
    }
}

fn isrc_text(recording: &Recording) -> String {
    recording
        .isrc
        .map(|isrc| isrc.to_string())
        .unwrap_or_default()
}

/// Seconds alone are a duration, too: PT215S.
fn duration_text(recording: &Recording) -> String {
    recording
        .seconds
        .map(|seconds| format!("PT{seconds}S"))
        .unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::super::check::{Checker, Limits};
    use super::super::problem::Severity;
    use super::*;
    use proptest::prelude::*;

    fn text() -> impl Strategy<Value = String> {
        // All that a cell may hold, what needs escapes more often; not in quotation marks, which
        // look like a spreadsheet's work.
        "[^\\x00-\\x1f\"\\x7f]{1,8}|[|\\\\:# ]{1,4}"
    }

    fn summary(number: usize) -> impl Strategy<Value = Summary> {
        let models = prop::sample::select(vec!["SubscriptionModel", "AdvertisementSupportedModel"]);
        let territory = prop::sample::select(vec!["DE", "GB", "US-CA", "Worldwide", "2136"]);
        let currency = prop::sample::select(vec!["EUR", "GBP", "JPY", "KWD"]);
        let money = (any::<i32>(), 0..=9_u32);
        (models, territory, text(), currency, money).prop_map(
            move |(model, territory, service, currency, money)| Summary {
                id: format!("SY{number}"),
                commercial_model: model.to_owned(),
                use_type: "OnDemandStream".to_owned(),
                territory: territory.to_owned(),
                service,
                usages: 0,
                currency: Currency::parse(currency).unwrap(),
                net_revenue: Decimal::new(money.0.into(), money.1).unwrap(),
            },
        )
    }

    fn block() -> impl Strategy<Value = Block> {
        let isrc = prop::option::of("[A-Z]{2}[A-Z0-9]{3}[0-9]{7}");
        let seconds = prop::option::of(any::<u32>());
        let streams = prop::collection::vec((0..3_usize, any::<u32>()), 1..4);
        (isrc, text(), text(), seconds, streams).prop_map(
            |(isrc, title, artist, seconds, streams)| Block {
                recording: Recording {
                    dsp_id: String::new(),
                    isrc: isrc.map(|isrc| Isrc::parse(&isrc).unwrap()),
                    title,
                    artist,
                    seconds: seconds.map(u64::from),
                },
                streams: streams
                    .into_iter()
                    .map(|(summary, streams)| Streams {
                        summary: format!("SY{summary}"),
                        transaction: String::new(),
                        streams: streams.into(),
                    })
                    .collect(),
            },
        )
    }

    fn report() -> impl Strategy<Value = Report> {
        let variant = prop::sample::select(vec![Variant::MultiRecord, Variant::SingleRecord]);
        let summaries = (summary(0), summary(1), summary(2));
        let blocks = prop::collection::vec(block(), 0..8);
        (variant, text(), summaries, blocks).prop_map(|(variant, service, summaries, blocks)| {
            let mut report = Report {
                header: Header {
                    message_id: "M1".to_owned(),
                    created: "2026-05-15T10:00:00Z".to_owned(),
                    from: "2026-04-01".to_owned(),
                    to: "2026-04-30".to_owned(),
                    sender: Party {
                        id: "PADPIDA2014111801Y".to_owned(),
                        name: "Service".to_owned(),
                    },
                    recipient: Party {
                        id: "PADPIDA2013020802I".to_owned(),
                        name: "Label".to_owned(),
                    },
                    service,
                },
                variant,
                summaries: vec![summaries.0, summaries.1, summaries.2],
                blocks,
            };
            // Ids are unique, and summaries add up.
            let mut transaction = 0;
            for (number, block) in report.blocks.iter_mut().enumerate() {
                block.recording.dsp_id = format!("R{number}");
                for streams in &mut block.streams {
                    transaction += 1;
                    streams.transaction = transaction.to_string();
                    let of = |summary: &&mut Summary| summary.id == streams.summary;
                    let summary = report.summaries.iter_mut().find(of).unwrap();
                    summary.usages += streams.streams;
                }
            }
            report
        })
    }

    proptest! {
        #[test]
        fn write_then_read_is_the_identity(report in report()) {
            let bytes = write(&report, Vec::new()).unwrap();
            prop_assert_eq!(read(bytes.as_slice()).unwrap(), report);
        }

        #[test]
        fn nothing_is_wrong_with_what_is_written(report in report()) {
            let bytes = write(&report, Vec::new()).unwrap();
            let mut checker = Checker::new(Limits::default());
            let reader = std::io::Cursor::new(bytes);
            let name = "DSR_PADPIDA2013020802I_PADPIDA2014111801Y__2026-04__1of1_20260515T100000.tsv";
            checker.read(name, reader, &mut |_| {}, &mut |_| {}).unwrap();
            let checked = checker.finish();
            prop_assert_eq!(checked.count(Severity::Error), 0, "{:?}", checked.problems);
            prop_assert_eq!(checked.count(Severity::Warning), 0, "{:?}", checked.problems);
            let streams = report.blocks.iter().flat_map(|block| &block.streams);
            let streams: u64 = streams.map(|one| one.streams).sum();
            prop_assert_eq!(
                checked.reports[0].totals.all.usages.to_string(),
                streams.to_string()
            );
        }
    }

    #[test]
    fn what_a_reader_would_refuse_is_not_written() {
        let recording = Recording {
            dsp_id: "1".to_owned(),
            isrc: None,
            title: String::new(),
            artist: "A".to_owned(),
            seconds: None,
        };
        let header = Header {
            message_id: "1".to_owned(),
            created: "2026-05-15T10:00:00Z".to_owned(),
            from: "2026-04".to_owned(),
            to: "2026-04".to_owned(),
            sender: Party {
                id: "PADPIDA2014111801X".to_owned(),
                name: "S".to_owned(),
            },
            recipient: Party {
                id: "PADPIDA2013020802I".to_owned(),
                name: "R".to_owned(),
            },
            service: "Music".to_owned(),
        };
        let refused = Writer::new(Vec::new(), Variant::MultiRecord, &header).unwrap_err();
        assert!(refused.to_string().contains("SenderPartyId"), "{refused}");
        let mut header = header;
        header.sender.id = "PADPIDA2014111801Y".to_owned();
        let mut writer = Writer::new(Vec::new(), Variant::MultiRecord, &header).unwrap();
        let refused = writer.block(&recording, &[]).unwrap_err();
        assert_eq!(
            refused.to_string(),
            "AS02.02 Title: expected a value, but found nothing"
        );
        assert_eq!(
            file_name(&header, "2026-04", "GB").unwrap(),
            "DSR_PADPIDA2013020802I_PADPIDA2014111801Y_Music_2026-04_GB_1of1_20260515T100000.tsv"
        );
    }
}
