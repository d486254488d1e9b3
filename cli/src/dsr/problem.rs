//! What can be wrong with a report, with stable codes.

use std::collections::BTreeMap;
use std::fmt;

/// How bad a problem is.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub enum Severity {
    /// The report contradicts the standard or itself.
    Error,
    /// It may be right, but who is paid by it should look.
    Warning,
    /// What could not be checked.
    Info,
}

impl Severity {
    /// One word.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Error => "error",
            Self::Warning => "warning",
            Self::Info => "info",
        }
    }
}

macro_rules! codes {
    ($($name:ident, $code:literal, $severity:ident, $meaning:literal;)*) => {
        /// A kind of problem. Its code is stable.
        #[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
        #[non_exhaustive]
        pub enum Code {
            $(#[doc = $meaning] $name,)*
        }

        impl Code {
            /// All kinds.
            pub const ALL: &[Self] = &[$(Self::$name),*];

            /// The stable code.
            #[must_use]
            pub const fn code(self) -> &'static str {
                match self { $(Self::$name => $code,)* }
            }

            /// How bad it is.
            #[must_use]
            pub const fn severity(self) -> Severity {
                match self { $(Self::$name => Severity::$severity,)* }
            }

            /// What it means.
            #[must_use]
            pub const fn meaning(self) -> &'static str {
                match self { $(Self::$name => $meaning,)* }
            }
        }
    };
}

codes! {
    LineTooLong, "line-too-long", Error, "A line is longer than is read; it is left out.";
    NotUtf8, "not-utf8", Error, "A line is not UTF-8; it is left out.";
    ByteOrderMark, "byte-order-mark", Warning, "The file begins with a byte order mark.";
    SpreadsheetQuotes, "spreadsheet-quotes", Warning, "A cell stands in quotation marks, as spreadsheets write it.";
    SpreadsheetNumber, "spreadsheet-number", Error, "A spreadsheet has rounded an identifier or written it with an exponent.";
    SpreadsheetDate, "spreadsheet-date", Error, "A date as a spreadsheet or a locale writes it, or without its hyphens.";
    UnknownRecord, "unknown-record", Error, "No DSR record type has this name; the line is left out.";
    UnknownRecordVersion, "unknown-record-version", Warning, "A version of a record whose cells are not known here; it is read as the newest known one.";
    RecordVersion, "record-version", Warning, "Another version of a record than the profile names.";
    ProfileName, "profile-name", Warning, "HEAD writes the profile's name in other letters.";
    ProfileVersion, "profile-version", Warning, "A version of the profile that is not known here; the order of records is checked by the newest known one.";
    RecordNotInProfile, "record-not-in-profile", Error, "The profile has no such record.";
    CellCount, "cell-count", Error, "A record does not have its full number of cells.";
    MandatoryCell, "mandatory-cell", Error, "A mandatory cell is empty or absent.";
    RepeatedCell, "repeated-cell", Error, "Several values where one is allowed.";
    BadInteger, "bad-integer", Error, "No whole number.";
    BadDecimal, "bad-decimal", Error, "No decimal number.";
    DecimalPrecision, "decimal-precision", Error, "More digits than are read exactly; the amount is left out.";
    BadBoolean, "bad-boolean", Error, "Neither true nor false.";
    BadDate, "bad-date", Error, "No date of the form yyyy-mm-dd, yyyy-mm or yyyy.";
    BadDateTime, "bad-date-time", Error, "No date and time of the form 2014-12-14T10:05:00Z.";
    BadDuration, "bad-duration", Error, "No duration such as PT3M20S.";
    BadIsrc, "bad-isrc", Error, "No ISRC.";
    BadIswc, "bad-iswc", Error, "No ISWC of the form T0345246801.";
    IswcCheckDigit, "iswc-check-digit", Warning, "The ISWC's check digit does not fit.";
    BadIcpn, "bad-icpn", Error, "No ICPN of 12 to 14 digits.";
    IcpnCheckDigit, "icpn-check-digit", Warning, "The ICPN's check digit does not fit.";
    BadDpid, "bad-dpid", Error, "No DDEX party id.";
    DpidCheckCharacter, "dpid-check-character", Warning, "The DDEX party id's check character does not fit.";
    BadNamespace, "bad-namespace", Error, "No id with its namespace, such as ISNI::0000000081266409.";
    BadCurrency, "bad-currency", Error, "No ISO 4217 currency.";
    BadTerritory, "bad-territory", Error, "No territory code.";
    BadValue, "bad-value", Error, "Not one of the values that may stand here.";
    SecondHead, "second-head", Error, "A second HEAD.";
    NoFoot, "no-foot", Error, "The file has no footer; it may be cut off.";
    WrongFoot, "wrong-foot", Error, "FOOT where SRFO is due, or the reverse.";
    AfterFoot, "after-foot", Error, "A record after the footer.";
    NoSummary, "no-summary", Error, "The report has no summary record.";
    SummaryOrder, "summary-order", Error, "Summary records in another order than the profile's, or after others.";
    BlockStructure, "block-structure", Error, "A record may not come at this place of its block.";
    BlockIncomplete, "block-incomplete", Error, "A block ends before it is complete.";
    BlockReturns, "block-returns", Error, "A BlockId comes back after another block.";
    DuplicateSummary, "duplicate-summary", Error, "Two summary records have the same SummaryRecordId.";
    UnknownSummary, "unknown-summary", Error, "A SummaryRecordId that no summary record has.";
    DuplicateReference, "duplicate-reference", Error, "Two releases, or two resources, of a block have the same reference.";
    UnknownReference, "unknown-reference", Error, "A reference to a release or resource that the block does not have.";
    DuplicateTransaction, "duplicate-transaction", Warning, "A SalesTransactionId comes twice; it must be unique in a report.";
    FootCount, "foot-count", Error, "The footer counts other than what is there.";
    PeriodOrder, "period-order", Error, "A period ends before it begins.";
    FileNumber, "file-number", Error, "The number of the file does not lie in 1 to the number of files.";
    FileName, "file-name", Warning, "The file's name does not follow the naming convention.";
    FileNameDiffers, "file-name-differs", Error, "The file's name says other than the report.";
    SetIncomplete, "set-incomplete", Error, "Files of a report are missing or come twice.";
    SetDiffers, "set-differs", Error, "Files of one report have headers that do not agree.";
    UsagesAboveTotal, "usages-above-total", Error, "Lines report more usages than their summary record.";
    UsagesBelowTotal, "usages-below-total", Warning, "Lines report fewer usages than their summary record: right if it counts what others are paid for, too.";
    SumOverflow, "sum-overflow", Error, "A sum is too large to be kept exactly.";
    Unchecked, "unchecked", Info, "Something was not checked, for the memory it would take.";
}

impl fmt::Display for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.code())
    }
}

/// A cell of a line.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct CellAt {
    /// Its number, from 1; the record type is cell 1.
    pub number: usize,
    /// Its name.
    pub name: &'static str,
}

/// Something that is wrong.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Problem {
    /// What kind.
    pub code: Code,
    /// The file's name.
    pub file: String,
    /// Its line, from 1; 0 for the file as a whole.
    pub line: u64,
    /// The record type as it stands there; empty for the file as a whole.
    pub record: String,
    /// The cell, where it is about one.
    pub cell: Option<CellAt>,
    /// What must be there.
    pub expected: String,
    /// What is there, cut to 80 characters.
    pub found: String,
}

impl fmt::Display for Problem {
    /// `FILE:LINE: SEVERITY code: SU02 cell 3 SummaryRecordId: expected X, but found Y`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.file)?;
        if self.line > 0 {
            write!(f, ":{}", self.line)?;
        }
        write!(f, ": {} {}: ", self.code.severity().word(), self.code)?;
        if !self.record.is_empty() {
            f.write_str(&self.record)?;
            if let Some(cell) = &self.cell {
                write!(f, " cell {} {}", cell.number, cell.name)?;
            }
            f.write_str(": ")?;
        }
        write!(f, "expected {}, but found {}", self.expected, self.found)
    }
}

/// A text as a problem shows it: in quotation marks, cut to 80 characters.
#[must_use]
pub fn shown(text: &str) -> String {
    if text.is_empty() {
        return "nothing".to_owned();
    }
    match text.char_indices().nth(80) {
        Some((end, _)) => format!("{:?}...", text.get(..end).unwrap_or_default()),
        None => format!("{text:?}"),
    }
}

/// Problems, of each kind only so many as may be kept.
#[derive(Debug)]
pub struct Problems {
    kept: Vec<Problem>,
    counts: BTreeMap<Code, u64>,
    most: u64,
}

impl Problems {
    /// Keeps at most `most` problems of each kind, and counts all.
    #[must_use]
    pub const fn new(most: u64) -> Self {
        Self {
            kept: Vec::new(),
            counts: BTreeMap::new(),
            most,
        }
    }

    /// Adds a problem; `problem` is only asked for if it is kept.
    pub fn add(&mut self, code: Code, problem: impl FnOnce() -> Problem) {
        let count = self.counts.entry(code).or_default();
        *count += 1;
        if *count <= self.most {
            self.kept.push(problem());
        }
    }

    /// Those that are kept, in the order in which they were found.
    #[must_use]
    pub fn kept(&self) -> &[Problem] {
        &self.kept
    }

    /// How many of each kind were found.
    #[must_use]
    pub const fn counts(&self) -> &BTreeMap<Code, u64> {
        &self.counts
    }

    /// How many of this severity were found.
    #[must_use]
    pub fn count(&self, severity: Severity) -> u64 {
        let counts = self.counts.iter();
        counts
            .filter(|(code, _)| code.severity() == severity)
            .map(|(_, count)| count)
            .sum()
    }

    /// How many were found and not kept.
    #[must_use]
    pub fn left_out(&self) -> u64 {
        self.counts.values().sum::<u64>() - self.kept.len() as u64
    }
}
