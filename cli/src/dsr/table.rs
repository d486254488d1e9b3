//! Record types and their cells, profiles and the order of their records.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use super::grammar::Grammar;
use super::profiles::PROFILES;
use super::records::{FROM_LIST, FROM_SCHEMAS};

/// What a cell may hold.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Kind {
    /// Any text.
    Text,
    /// `a`: a value of a DDEX list; the lists are not published with the schemas, so only the form
    /// of a value is checked.
    Allowed,
    /// `b`: true or false, 1 or 0.
    Boolean,
    /// `c`: an ISO 4217 currency.
    Currency,
    /// `d`: an exact decimal.
    Decimal,
    /// `g`: a territory: ISO 3166-1 alpha-2, ISO 3166-2, a TIS number, `Worldwide`.
    Territory,
    /// `i`: a whole number.
    Integer,
    /// `n`: `namespace::id`.
    Namespaced,
    /// `p`: a duration, ISO 8601 as XML Schema has it.
    Duration,
    /// `r`: an ISRC.
    Isrc,
    /// `t`: a date and time.
    DateTime,
    /// `u`: an ICPN, 12 to 14 digits.
    Icpn,
    /// `v`: the version of the message, `dsrf/...`.
    MessageVersion,
    /// `w`: an ISWC without punctuation.
    Iswc,
    /// `x`: a DDEX party id.
    Dpid,
    /// `y`: yyyy, yyyy-mm or yyyy-mm-dd.
    Date,
    /// `1`: the number 1.
    One,
}

impl Kind {
    fn of(letter: &str) -> Option<Self> {
        Some(match letter {
            "" => Self::Text,
            "a" => Self::Allowed,
            "b" => Self::Boolean,
            "c" => Self::Currency,
            "d" => Self::Decimal,
            "g" => Self::Territory,
            "i" => Self::Integer,
            "n" => Self::Namespaced,
            "p" => Self::Duration,
            "r" => Self::Isrc,
            "t" => Self::DateTime,
            "u" => Self::Icpn,
            "v" => Self::MessageVersion,
            "w" => Self::Iswc,
            "x" => Self::Dpid,
            "y" => Self::Date,
            "1" => Self::One,
            _ => return None,
        })
    }
}

/// A cell of a record type.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Cell {
    /// Its name.
    pub name: &'static str,
    /// What it holds.
    pub kind: Kind,
    /// Whether it must not be empty.
    pub mandatory: bool,
    /// Whether it may hold several values.
    pub repeats: bool,
}

/// Where a record's definition comes from.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Source {
    /// A published XML schema.
    Schema,
    /// A secondary list of names.
    List,
}

/// The cells that have a part in totals or references, by their place in a record; 0, which is the
/// record type, where there is none.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct Places {
    /// `BlockId`.
    pub block: usize,
    /// `SummaryRecordId`.
    pub summary: usize,
    /// `SalesTransactionId`.
    pub transaction: usize,
    /// The ISRC.
    pub isrc: usize,
    /// How often something was used.
    pub usages: usize,
    /// `Returns`.
    pub returns: usize,
    /// Revenue of the line, or of a summary.
    pub revenue: usize,
    /// The currency of that revenue.
    pub currency: usize,
    /// The territory.
    pub territory: usize,
    /// `ServiceDescription`.
    pub service: usize,
    /// `ReleaseReference` or `ResourceReference`, as their own record has it.
    pub reference: usize,
    /// `TransactedRelease`.
    pub transacted_release: usize,
    /// `TransactedResource`.
    pub transacted_resource: usize,
    /// `UsedResources`.
    pub used_resources: usize,
}

/// A record type in one version.
#[derive(Debug)]
pub struct Record {
    /// As it stands in the first cell, such as `SU02.02`.
    pub name: &'static str,
    /// Without the version: `SU02`.
    pub base: &'static str,
    /// The cells, without the first, the record type.
    pub cells: Vec<Cell>,
    /// Where the definition comes from.
    pub source: Source,
    /// Cells of interest.
    pub places: Places,
}

/// What a record is in a report.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Role {
    /// HEAD.
    Head,
    /// FOOT, SRFO.
    Foot,
    /// SY...: totals.
    Summary,
    /// SU.., SR.., usages or sales.
    Usage,
    /// RE..: a release.
    Release,
    /// AS..: a recording or another resource.
    Resource,
    /// Works, cues, licensors, splits of usages: what adds no usages of its own.
    Detail,
}

impl Record {
    /// What the record is in a report.
    #[must_use]
    pub fn role(&self) -> Role {
        match self.base.get(..2) {
            _ if self.base == "HEAD" || self.base == "SRHE" => Role::Head,
            _ if self.base == "FOOT" || self.base == "SRFO" => Role::Foot,
            Some("SY") => Role::Summary,
            Some("SU" | "SR") => Role::Usage,
            Some("RE") => Role::Release,
            Some("AS") => Role::Resource,
            _ => Role::Detail,
        }
    }

    /// Number of cells of a line, with the record type; `None` for DE01, which the parties agree on.
    #[must_use]
    pub fn width(&self) -> Option<usize> {
        (self.base != "DE01").then_some(self.cells.len() + 1)
    }
}

/// One of a profile's variants.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Variant {
    /// Several records make a block with a `BlockId`.
    MultiRecord,
    /// Each line stands for itself.
    SingleRecord,
}

impl Variant {
    /// In words.
    #[must_use]
    pub const fn words(self) -> &'static str {
        match self {
            Self::MultiRecord => "multi-record block",
            Self::SingleRecord => "single-record block",
        }
    }
}

/// A profile in one version and variant.
#[derive(Debug)]
pub struct Profile {
    /// As HEAD names it.
    pub name: &'static str,
    /// Its version.
    pub version: &'static str,
    /// The variant.
    pub variant: Variant,
    /// The order of summary records.
    pub summaries: Grammar,
    /// The order of records in a block, or of all lines between summaries and footer.
    pub body: Grammar,
}

/// All that is known.
#[derive(Debug)]
pub struct Table {
    records: BTreeMap<&'static str, Record>,
    profiles: Vec<Profile>,
}

static TABLE: LazyLock<Table> = LazyLock::new(Table::new);

/// The one table.
#[must_use]
pub fn table() -> &'static Table {
    &TABLE
}

/// How a profile of a report was found.
#[derive(Clone, Copy, Debug)]
pub struct Found {
    /// The profile to check by.
    pub profile: &'static Profile,
    /// Whether HEAD names exactly this version.
    pub exact: bool,
}

impl Table {
    fn new() -> Self {
        let schemas = FROM_SCHEMAS.iter().map(|row| (row, Source::Schema));
        let list = FROM_LIST.iter().map(|row| (row, Source::List));
        let records = schemas.chain(list).map(|(&(name, cells), source)| {
            let cells: Vec<Cell> = cells.split_whitespace().map(cell).collect();
            let record = Record {
                name,
                base: name.get(..4).unwrap_or(name),
                places: places(name, &cells),
                cells,
                source,
            };
            (name, record)
        });
        let profiles = PROFILES.iter().map(|row| Profile {
            name: row.name,
            version: row.version,
            variant: row.variant,
            summaries: Grammar::new(row.summaries),
            body: Grammar::new(row.body),
        });
        Self {
            records: records.collect(),
            profiles: profiles.collect(),
        }
    }

    /// A record type by its exact name.
    #[must_use]
    pub fn record(&self, name: &str) -> Option<&Record> {
        self.records.get(name)
    }

    /// The newest version that is known of the record `name` belongs to.
    #[must_use]
    pub fn newest(&self, name: &str) -> Option<&Record> {
        let base = name.get(..4)?;
        let (_, version) = name.split_once('.').unwrap_or((base, "0"));
        let named = name.len() == 4 || name.as_bytes().get(4) == Some(&b'.');
        if !named || version.is_empty() || !version.bytes().all(|b| b.is_ascii_digit()) {
            return None;
        }
        self.records
            .values()
            .rev()
            .find(|record| record.base == base)
    }

    /// All record types, by name.
    pub fn records(&self) -> impl Iterator<Item = &Record> {
        self.records.values()
    }

    /// All profiles.
    #[must_use]
    pub fn profiles(&self) -> &[Profile] {
        &self.profiles
    }

    /// The profile that HEAD names, or the newest version of it that is known. `name` is compared
    /// without regard to case: the official samples write both UgcProfile and UGCProfile.
    #[must_use]
    pub fn profile(&'static self, name: &str, version: &str) -> Option<Found> {
        let mut named = self
            .profiles
            .iter()
            .filter(|profile| profile.name.eq_ignore_ascii_case(name));
        // The schema calls itself 1.1.1; what it describes is version 1.1 of the profile.
        let same = |profile: &&Profile| {
            let short = profile.version.strip_suffix(".1");
            profile.version == version || (version.contains('.') && short == Some(version))
        };
        if let Some(profile) = named.clone().find(same) {
            return Some(Found {
                profile,
                exact: true,
            });
        }
        named.next_back().map(|profile| Found {
            profile,
            exact: false,
        })
    }
}

/// Reads `Name`, `=k`, `?`, `*`. What is no such text has a kind that a test of the table refuses.
fn cell(text: &'static str) -> Cell {
    let repeats = text.ends_with('*');
    let text = text.trim_end_matches('*');
    let mandatory = !text.ends_with('?');
    let text = text.trim_end_matches('?');
    let (name, letter) = text.split_once('=').unwrap_or((text, ""));
    Cell {
        name,
        kind: Kind::of(letter).unwrap_or(Kind::Text),
        mandatory,
        repeats,
    }
}

fn places(record: &str, cells: &[Cell]) -> Places {
    let at = |names: &[&str]| {
        names
            .iter()
            .find_map(|name| cells.iter().position(|cell| cell.name == *name))
            .map_or(0, |at| at + 1)
    };
    let own_reference = match record.get(..2) {
        Some("AS") => at(&["ResourceReference"]),
        Some("RE") => at(&["ReleaseReference"]),
        _ => 0,
    };
    Places {
        block: at(&["BlockId"]),
        summary: at(&["SummaryRecordId"]),
        transaction: at(&["SalesTransactionId"]),
        isrc: at(&["ISRC", "ResourceISRC"]),
        usages: at(&[
            "Usages",
            "TotalUsages",
            "NumberOfStreams",
            "Downloads",
            "NumberOfBroadcasts",
        ]),
        returns: at(&["Returns"]),
        revenue: at(&[
            "NetRevenue",
            "NetRevenueInCurrencyOfAccounting",
            "AllocatedNetRevenueInCurrencyOfAccounting",
        ]),
        currency: at(&["Currency", "CurrencyOfReporting", "CurrencyOfAccounting"]),
        territory: at(&["Territory"]),
        service: at(&["ServiceDescription"]),
        reference: own_reference,
        transacted_release: at(&["TransactedRelease"]),
        transacted_resource: at(&["TransactedResource"]),
        used_resources: at(&["UsedResources"]),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_row_is_in_its_form_and_order() {
        for rows in [FROM_SCHEMAS, FROM_LIST] {
            assert!(rows.is_sorted_by_key(|(name, _)| *name));
            for (name, cells) in rows {
                for text in cells.split_whitespace() {
                    let bare = text.trim_end_matches('*').trim_end_matches('?');
                    let (cell, letter) = bare.split_once('=').unwrap_or((bare, ""));
                    assert!(Kind::of(letter).is_some(), "{name}: {text}");
                    assert!(
                        cell.bytes().all(|b| b.is_ascii_alphanumeric()),
                        "{name}: {text}"
                    );
                }
            }
        }
        let rows = FROM_SCHEMAS.len() + FROM_LIST.len();
        assert_eq!(table().records().count(), rows, "no record twice");
    }

    #[test]
    fn grammars_name_known_records() {
        for profile in table().profiles() {
            for grammar in [&profile.summaries, &profile.body] {
                for name in grammar.symbols() {
                    assert!(table().record(name).is_some(), "{} {name}", profile.name);
                }
            }
        }
    }

    #[test]
    fn versions_are_found() {
        let found = |name, version| {
            let found = table().profile(name, version).unwrap();
            (found.profile.name, found.profile.version, found.exact)
        };
        assert_eq!(found("UGCProfile", "1.1"), ("UgcProfile", "1.1.1", true));
        assert_eq!(
            found("BasicAudioProfile", "1.3"),
            ("BasicAudioProfile", "1.2", false)
        );
        assert!(table().profile("Profile", "1.0").is_none());
        assert_eq!(table().newest("SU02.09").unwrap().name, "SU02.02");
        for name in ["SU02.", "SU02X1", "SU02.x", "XX01"] {
            assert!(table().newest(name).is_none(), "{name}");
        }
    }
}
