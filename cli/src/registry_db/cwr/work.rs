//! A work registration of a CWR file: title, number, parties with what they own and collect, recordings.
//!
//! Source: CISAC CWR19-1070, sections 4.2 (NWR, REV), 4.4 (ACK), 5.4 to 5.14, 5.21.

use ledgerline::id::{Territories, tis_members};

use super::file::{Fault, Record, Transaction};

/// Performance and mechanical, parts per million. Synchronisation is read and left out: no play earns it.
pub(super) type Shares = [u32; 2];

/// What a party collects where.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(super) struct Collection {
    pub(super) territories: Territories,
    pub(super) shares: Shares,
}

/// A writer or publisher.
#[derive(Clone, Debug)]
pub(super) struct Party {
    pub(super) line: u64,
    /// Number of the publisher chain; none for writers.
    chain: Option<u64>,
    /// The submitter's number.
    pub(super) number: String,
    pub(super) name: String,
    /// IPI name number; empty if none is given.
    pub(super) ipi: String,
    pub(super) ipi_base: String,
    /// Societies for performance and mechanical rights.
    pub(super) societies: [String; 2],
    pub(super) ownership: Shares,
    pub(super) collections: Vec<Collection>,
    /// Whether there was a territory record.
    has_territories: bool,
}

/// A work.
#[derive(Clone, Debug)]
pub(super) struct Work {
    pub(super) line: u64,
    pub(super) title: String,
    /// The submitter's number of the work.
    pub(super) number: String,
    pub(super) iswc: String,
    pub(super) parties: Vec<Party>,
    /// Lines and ISRCs of recordings.
    pub(super) recordings: Vec<(u64, String)>,
}

/// What a transaction is to the registry.
#[derive(Clone, Debug)]
pub(super) enum Meaning {
    /// A work as registered, or as a society acknowledged it.
    Work(Work),
    /// A society's word on a work's ISWC.
    Iswc(Work),
    /// Nothing: an agreement, or an acknowledgement of something that was not accepted.
    Nothing { line: u64, why: String },
}

impl Party {
    /// What the party collects: by its territory records if it has any; nothing if another publisher
    /// of its chain collects for it; otherwise what it owns, everywhere.
    pub(super) fn collects(&self, work: &Work) -> Vec<Collection> {
        if self.has_territories {
            return self.collections.clone();
        }
        let of_chain = |other: &&Party| other.chain.is_some() && other.chain == self.chain;
        let mut chain = work.parties.iter().filter(of_chain);
        if chain.any(|other| other.has_territories) {
            return Vec::new();
        }
        vec![Collection {
            territories: Territories::WORLD,
            shares: self.ownership,
        }]
    }

    /// Applies a territory record: later ones override earlier ones.
    fn apply(&mut self, include: bool, territories: &Territories, shares: Shares) {
        self.has_territories = true;
        for earlier in &mut self.collections {
            earlier.territories = earlier.territories.minus(territories);
        }
        if include {
            let alike = self.collections.iter_mut().find(|c| c.shares == shares);
            match alike {
                Some(alike) => alike.territories = alike.territories.plus(territories),
                None => self.collections.push(Collection {
                    territories: territories.clone(),
                    shares,
                }),
            }
        }
        self.collections.retain(|c| !c.territories.is_none());
    }
}

/// Reads a transaction.
///
/// # Errors
///
/// The first fault of each record.
pub(super) fn read(transaction: &Transaction) -> Result<Meaning, Vec<Fault>> {
    let mut records = transaction.records.as_slice();
    let nothing = |line: u64, why: &str| {
        Ok(Meaning::Nothing {
            line,
            why: why.to_owned(),
        })
    };
    let Some((mut first, mut rest)) = records.split_first() else {
        return nothing(0, "an empty transaction");
    };
    if first.kind() == "ACK" {
        let status = first.field(158, 2);
        if !["AC", "AS", "RA"].contains(&status.as_str()) {
            let why = format!("an acknowledgement with status {status:?}, which is not acceptance");
            return nothing(first.line, &why);
        }
        // Messages stand between the acknowledgement and the work.
        let is_work = |r: &Record| ["NWR", "REV"].contains(&r.kind().as_str());
        let Some(at) = rest.iter().position(is_work) else {
            return nothing(first.line, "an acknowledgement without the work");
        };
        records = rest.get(at..).unwrap_or_default();
        let Some(parts) = records.split_first() else {
            return nothing(first.line, "an acknowledgement without the work");
        };
        (first, rest) = parts;
    }
    match first.kind().as_str() {
        "NWR" | "REV" => read_work(first, rest).map(Meaning::Work),
        "ISW" => read_work(first, &[]).map(Meaning::Iswc),
        other => nothing(first.line, &format!("a transaction of type {other}")),
    }
}

fn read_work(first: &Record, rest: &[Record]) -> Result<Work, Vec<Fault>> {
    let mut work = Work {
        line: first.line,
        title: first.field(20, 60),
        number: first.field(82, 14),
        iswc: first.field(96, 11),
        parties: Vec::new(),
        recordings: Vec::new(),
    };
    let mut faults = Vec::new();
    if work.number.is_empty() {
        faults.push(first.fault("a submitter work number at 82", "blanks"));
    }
    for record in rest {
        // What follows belongs to another work.
        if record.kind() == "EXC" {
            break;
        }
        faults.extend(read_detail(record, &mut work).err());
    }
    if faults.is_empty() {
        Ok(work)
    } else {
        Err(faults)
    }
}

fn read_detail(record: &Record, work: &mut Work) -> Result<(), Fault> {
    match record.kind().as_str() {
        "SPU" | "OPU" => work.parties.push(publisher(record)?),
        "SWR" | "OWR" => work.parties.push(writer(record)?),
        "SPT" => territory(record, "SPU", 35, work)?,
        "SWT" => territory(record, "SWR", 29, work)?,
        "REC" => {
            let isrc = record.field(250, 12);
            if !isrc.is_empty() {
                work.recordings.push((record.line, isrc));
            }
        }
        // Links of writers and publishers, other titles, performers, origins; collections that the
        // submitter does not control (OPT, OWT) are not authoritative.
        _ => {}
    }
    Ok(())
}

fn publisher(record: &Record) -> Result<Party, Fault> {
    Ok(Party {
        line: record.line,
        chain: Some(record.number(20, 2, "the publisher's sequence number")?),
        number: record.field(22, 9),
        name: record.field(31, 45),
        ipi: ipi(record, 88),
        ipi_base: record.field(140, 13),
        societies: [record.field(113, 3), record.field(121, 3)],
        ownership: [
            record.percent(116, "a performance share")?,
            record.percent(124, "a mechanical share")?,
        ],
        collections: Vec::new(),
        has_territories: false,
    })
}

fn writer(record: &Record) -> Result<Party, Fault> {
    let (last, first) = (record.field(29, 45), record.field(74, 30));
    Ok(Party {
        line: record.line,
        chain: None,
        number: record.field(20, 9),
        name: format!("{first} {last}").trim().to_owned(),
        ipi: ipi(record, 116),
        ipi_base: record.field(155, 13),
        societies: [record.field(127, 3), record.field(135, 3)],
        ownership: [
            record.percent(130, "a performance share")?,
            record.percent(138, "a mechanical share")?,
        ],
        collections: Vec::new(),
        has_territories: false,
    })
}

/// Zeros say that there is none.
fn ipi(record: &Record, start: usize) -> String {
    let text = record.field(start, 11);
    if text.bytes().all(|b| b == b'0') {
        String::new()
    } else {
        text
    }
}

/// SPT and SWT: shares from position `at`, then the indicator and the TIS code.
fn territory(record: &Record, of: &str, at: usize, work: &mut Work) -> Result<(), Fault> {
    let shares = [
        record.percent(at, "a performance share")?,
        record.percent(at + 5, "a mechanical share")?,
    ];
    let indicator = record.field(at + 15, 1);
    let include = match indicator.as_str() {
        "I" => true,
        "E" => false,
        _ => return Err(record.fault("I or E", format!("{indicator:?}"))),
    };
    let code = record.field(at + 16, 4);
    let territories = Some(code.as_str())
        .filter(|code| code.len() == 4)
        .and_then(tis_members)
        .ok_or_else(|| record.fault("a TIS code of four digits", format!("{code:?}")))?;
    let number = record.field(20, 9);
    let publisher = of == "SPU";
    let last = work.parties.last_mut();
    let party = last
        .filter(|party| party.chain.is_some() == publisher && party.number == number)
        .ok_or_else(|| {
            let expected = format!("{of} of the party {number:?} before {}", record.kind());
            record.fault(expected, "another record")
        })?;
    party.apply(include, &territories, shares);
    Ok(())
}
