//! The records of a CWR 2.x file: fixed-width lines, groups, transactions, and the counts that the
//! file says it has.
//!
//! Source: CISAC CWR11-1991 (version 2.1) and CWR19-1070 (version 2.2), functional specifications:
//! section 3 for the control records, 4 and 5 for the records of works.

use std::fmt;

/// Something that is not as CWR has it.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Fault {
    /// Line, from 1.
    pub line: u64,
    /// What must be there.
    pub expected: String,
    /// What is there.
    pub found: String,
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            line,
            expected,
            found,
        } = self;
        write!(f, "{line}: expected {expected}, but found {found}")
    }
}

/// Faults that are reported; what follows them is mostly their consequence.
const FAULTS_MAX: usize = 100;

/// Types of the records that a transaction can have.
const TYPES: &str = "ACK AGR ALT ARI COM EWT EXC IND INS IPA ISW MSG NAT NCT NET NOW NPA NPN NPR NRN \
     NVT NWN NWR OPT OPU ORN OWR OWT PER PWR REC REV SPT SPU SWR SWT TER VER XRF";

/// A line that is a record.
#[derive(Clone, Debug)]
pub(super) struct Record {
    pub(super) line: u64,
    characters: Vec<char>,
}

impl Record {
    /// The first three characters.
    pub(super) fn kind(&self) -> String {
        self.field(1, 3)
    }

    /// `size` characters from position `start` (from 1, as the specification counts), without the
    /// blanks around them. Behind the end of a line there are blanks.
    pub(super) fn field(&self, start: usize, size: usize) -> String {
        let characters = self.characters.iter().skip(start.saturating_sub(1));
        let text: String = characters.take(size).collect();
        text.trim().to_owned()
    }

    /// A number; nothing is 0.
    pub(super) fn number(&self, start: usize, size: usize, what: &str) -> Result<u64, Fault> {
        let text = self.field(start, size);
        let digits = text.bytes().all(|b| b.is_ascii_digit());
        let number = if text.is_empty() {
            Some(0)
        } else {
            text.parse().ok().filter(|_| digits)
        };
        number.ok_or_else(|| self.fault(format!("{what}, {size} digits"), format!("{text:?}")))
    }

    /// A percentage `999v99`, as parts per million.
    pub(super) fn percent(&self, start: usize, what: &str) -> Result<u32, Fault> {
        let hundredths = self.number(start, 5, what)?;
        u32::try_from(hundredths)
            .ok()
            .filter(|hundredths| *hundredths <= 10_000)
            .and_then(|hundredths| hundredths.checked_mul(100))
            .ok_or_else(|| {
                let found = self.field(start, 5);
                self.fault(format!("{what} of at most 100.00 %, as 10000"), found)
            })
    }

    pub(super) fn fault(&self, expected: impl Into<String>, found: impl Into<String>) -> Fault {
        Fault {
            line: self.line,
            expected: expected.into(),
            found: found.into(),
        }
    }
}

/// A transaction's records, the first of which gives its type.
#[derive(Clone, Debug)]
pub(super) struct Transaction {
    pub(super) records: Vec<Record>,
}

/// A file that was read.
#[derive(Clone, Debug)]
pub(super) struct Read {
    pub(super) transactions: Vec<Transaction>,
    /// Where trailers count otherwise than we do.
    pub(super) miscounts: Vec<Fault>,
}

/// What a file's records and trailers must agree in.
#[derive(Default)]
struct Counts {
    records: u64,
    transactions: u64,
}

/// Reads a file's lines into transactions; lines end with LF or CR LF.
///
/// Checked are the order of control records, group numbers, versions, and transaction and record
/// numbers. Counts of `GRT` and `TRL` that are wrong stand apart.
///
/// # Errors
///
/// All faults, at most 100, those of counts among them, by line.
pub(super) fn read(bytes: &[u8]) -> Result<Read, Vec<Fault>> {
    let mut reader = Reader::default();
    for record in records(bytes) {
        reader.take(record);
        if reader.faults.len() >= FAULTS_MAX {
            break;
        }
    }
    reader.finish()
}

/// The lines that are not empty. Bytes that are not UTF-8 are read as ISO 8859-1, of which CWR's
/// character set is a part.
fn records(bytes: &[u8]) -> impl Iterator<Item = Record> {
    let lines = bytes.split(|byte| *byte == b'\n');
    (1..).zip(lines).filter_map(|(line, bytes)| {
        let bytes = bytes.strip_suffix(b"\r").unwrap_or(bytes);
        let characters: Vec<char> = match std::str::from_utf8(bytes) {
            Ok(text) => text.chars().collect(),
            Err(_) => bytes.iter().copied().map(char::from).collect(),
        };
        (!bytes.is_empty()).then_some(Record { line, characters })
    })
}

#[derive(Default)]
struct Reader {
    faults: Vec<Fault>,
    miscounts: Vec<Fault>,
    transactions: Vec<Transaction>,
    /// Type of the transactions of the open group.
    group: Option<String>,
    groups: u64,
    in_group: Counts,
    in_file: Counts,
    /// Number of the last record of the open transaction.
    last_record: u64,
    /// The last line.
    line: u64,
    ended: bool,
}

impl Reader {
    fn take(&mut self, record: Record) {
        self.line = record.line;
        self.in_file.records += 1;
        let kind = record.kind();
        let ok = match kind.as_str() {
            _ if self.in_file.records == 1 && kind != "HDR" => {
                Err(record.fault("a CWR file, which begins with HDR", format!("{kind:?}")))
            }
            _ if self.ended => Err(record.fault("nothing behind TRL", format!("{kind:?}"))),
            "HDR" if self.in_file.records == 1 => Ok(()),
            "GRH" => self.open_group(&record),
            "GRT" => self.close_group(&record),
            "TRL" => self.close_file(&record),
            _ => self.add(record),
        };
        self.faults.extend(ok.err());
    }

    fn open_group(&mut self, record: &Record) -> Result<(), Fault> {
        if self.group.is_some() {
            return Err(record.fault("GRT before the next GRH", "GRH"));
        }
        self.groups += 1;
        self.group = Some(record.field(4, 3));
        self.in_group = Counts {
            records: 1,
            transactions: 0,
        };
        let number = record.number(7, 5, "the number of the group")?;
        if number != self.groups {
            return Err(record.fault(format!("group {}", self.groups), number.to_string()));
        }
        let version = record.field(12, 5);
        if !version.starts_with("02.") {
            return Err(record.fault(
                "CWR version 02.10 (or 02.00, 02.20)",
                format!("{version:?}"),
            ));
        }
        Ok(())
    }

    fn close_group(&mut self, record: &Record) -> Result<(), Fault> {
        if self.group.take().is_none() {
            return Err(record.fault("GRH before GRT", "GRT"));
        }
        self.in_group.records += 1;
        agree(record, 4, 5, "as the group's number", self.groups)?;
        let counts = [
            agree(
                record,
                9,
                8,
                "transactions in the group",
                self.in_group.transactions,
            ),
            agree(record, 17, 8, "records in the group", self.in_group.records),
        ];
        self.miscounts
            .extend(counts.into_iter().filter_map(Result::err));
        Ok(())
    }

    fn close_file(&mut self, record: &Record) -> Result<(), Fault> {
        self.ended = true;
        if self.group.is_some() {
            return Err(record.fault("GRT before TRL", "TRL"));
        }
        let counts = [
            agree(record, 4, 5, "groups", self.groups),
            agree(record, 9, 8, "transactions", self.in_file.transactions),
            agree(record, 17, 8, "records", self.in_file.records),
        ];
        self.miscounts
            .extend(counts.into_iter().filter_map(Result::err));
        Ok(())
    }

    fn add(&mut self, record: Record) -> Result<(), Fault> {
        let Some(group) = self.group.clone() else {
            return Err(record.fault("GRH before the first transaction", record.kind()));
        };
        self.in_group.records += 1;
        let (transaction, number) = (
            record.number(4, 8, "the transaction's number")?,
            record.number(12, 8, "the record's number")?,
        );
        let kind = record.kind();
        let begins = kind == group;
        if begins {
            self.in_group.transactions += 1;
            self.in_file.transactions += 1;
        }
        let Some(current) = self.in_group.transactions.checked_sub(1) else {
            return Err(record.fault(format!("{group}, the type of the group"), kind));
        };
        let next = if begins { 0 } else { self.last_record + 1 };
        self.last_record = number;
        let fault = if !TYPES.split(' ').any(|known| known == kind) {
            Some(record.fault("a record type of CWR 2", format!("{kind:?}")))
        } else if (current, next) != (transaction, number) {
            Some(record.fault(
                format!("transaction {current} and record {next}"),
                format!("transaction {transaction} and record {number}"),
            ))
        } else {
            None
        };
        match self.transactions.last_mut() {
            Some(last) if !begins => last.records.push(record),
            _ => self.transactions.push(Transaction {
                records: vec![record],
            }),
        }
        fault.map_or(Ok(()), Err)
    }

    fn finish(mut self) -> Result<Read, Vec<Fault>> {
        if !self.ended && self.faults.len() < FAULTS_MAX {
            self.faults.push(Fault {
                line: self.line + 1,
                expected: "TRL at the end".to_owned(),
                found: "the end of the file".to_owned(),
            });
        }
        if self.faults.is_empty() {
            return Ok(Read {
                transactions: self.transactions,
                miscounts: self.miscounts,
            });
        }
        self.faults.extend(self.miscounts);
        self.faults.sort_by_key(|fault| fault.line);
        Err(self.faults)
    }
}

/// A trailer's number is what was counted.
fn agree(
    record: &Record,
    start: usize,
    size: usize,
    what: &str,
    counted: u64,
) -> Result<(), Fault> {
    let stated = record.number(start, size, what)?;
    if stated == counted {
        return Ok(());
    }
    let expected = format!("{counted} {what}, as counted");
    Err(record.fault(expected, format!("{} says {stated}", record.kind())))
}
