//! Importing CWR 2.1 and 2.2: works, their writers and publishers as holders, and what these collect.
//!
//! *In:* a file, and what the registry knows of its parties. *Out:* rows of the registry's tables, and
//! notes on what was left out. *Does not know:* agreements, conflicts, version 3.

mod file;
#[cfg(test)]
mod tests;
mod work;

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use ledgerline::id::{Isrc, PartyId, WorkId};
use ledgerline::log::Hash;
use ledgerline::money::Currency;
use ledgerline::registry::TEXT_MAX;
use rusqlite::{OptionalExtension as _, Transaction};

pub use file::Fault;
use work::{Meaning, Party, Work};

use super::doubts::{Doubt, Note, Severity, read_id};
use super::error::{RegistryDbError, at};
use super::import::{TableRows, name_of};
use super::tables::{
    Cell, FileRow, HOLDER_IDS, HOLDERS, RECORDING_WORKS, Table, WORK_SHARES, WORKS,
};

/// What a CWR file does not say.
#[derive(Clone, Debug, Default)]
pub struct CwrOptions {
    /// Stands before the submitter's numbers of works and parties, so that two submitters' numbers
    /// are not taken for one.
    pub prefix: String,
    /// What holders that are new are paid in; without it they cannot be paid yet.
    pub currency: Option<Currency>,
    /// Whether trailers that count wrongly are noted only.
    pub ignore_counts: bool,
}

/// The rights that performance and mechanical shares become.
const RIGHTS: [&str; 2] = ["performance", "mechanical"];

/// Reads a file into rows for the registry.
///
/// # Errors
///
/// [`RegistryDbError::Cwr`] with all faults, or the database's.
pub(super) fn rows_of_cwr(
    known: &Transaction<'_>,
    path: &Path,
    bytes: &[u8],
    options: &CwrOptions,
) -> Result<(Vec<TableRows>, Vec<Note>), RegistryDbError> {
    let refuse = |faults| RegistryDbError::Cwr {
        path: path.to_owned(),
        faults,
    };
    let file::Read {
        transactions,
        miscounts,
    } = file::read(bytes).map_err(refuse)?;
    let (noted, mut faults) = if options.ignore_counts {
        (miscounts, Vec::new())
    } else {
        (Vec::new(), miscounts)
    };
    let mut meanings = Vec::new();
    for transaction in &transactions {
        match work::read(transaction) {
            Ok(meaning) => meanings.push(meaning),
            Err(found) => faults.extend(found),
        }
    }
    let mut rows = Rows {
        known,
        options,
        file: name_of(path),
        works: BTreeMap::new(),
        tables: Default::default(),
        holders: BTreeMap::new(),
        notes: Vec::new(),
        faults,
    };
    for fault in &noted {
        let words = [fault.expected.as_str(), &fault.found];
        rows.note(fault.line, "miscount", Severity::Warning, words);
    }
    for meaning in &meanings {
        rows.add(meaning).map_err(at(path))?;
    }
    if !rows.faults.is_empty() {
        rows.faults.sort_by_key(|fault| fault.line);
        return Err(refuse(rows.faults));
    }
    let ids = rows.id_rows();
    let [holders, works, links, shares] = rows.tables;
    let tables = [
        (&HOLDERS, holders),
        (&HOLDER_IDS, ids),
        (&WORKS, works),
        (&RECORDING_WORKS, links),
        (&WORK_SHARES, shares),
    ];
    let tables = tables.map(|(table, rows): (&'static Table, _)| TableRows {
        table,
        file: path.to_owned(),
        rows,
    });
    Ok((tables.into(), rows.notes))
}

/// Places in [`Rows::tables`].
const HOLDER_ROWS: usize = 0;
const WORK_ROWS: usize = 1;
const LINK_ROWS: usize = 2;
const SHARE_ROWS: usize = 3;

/// Schemes and identifiers.
type Ids = BTreeSet<(String, String)>;

struct Rows<'a> {
    known: &'a Transaction<'a>,
    options: &'a CwrOptions,
    file: String,
    /// Lines of works that the file has registered so far.
    works: BTreeMap<String, u64>,
    /// Rows of holders, works, links, shares of works.
    tables: [Vec<FileRow>; 4],
    /// Holders that the file named so far, with their first line and all their identifiers.
    holders: BTreeMap<PartyId, (u64, Ids)>,
    notes: Vec<Note>,
    faults: Vec<Fault>,
}

fn text(text: impl Into<String>) -> Cell {
    Cell::Text(text.into())
}

impl Rows<'_> {
    fn note(&mut self, line: u64, code: &'static str, severity: Severity, words: [&str; 2]) {
        let [expected, found] = words.map(str::to_owned);
        self.notes.push(Note {
            file: self.file.clone(),
            line,
            doubt: Doubt {
                code,
                severity,
                expected,
                found,
            },
        });
    }

    fn fault(&mut self, line: u64, expected: &str, found: String) {
        self.faults.push(Fault {
            line,
            expected: expected.to_owned(),
            found,
        });
    }

    fn push(&mut self, table: usize, line: u64, cells: Vec<Cell>) {
        if let Some(rows) = self.tables.get_mut(table) {
            rows.push(FileRow { line, cells });
        }
    }

    fn add(&mut self, meaning: &Meaning) -> rusqlite::Result<()> {
        match meaning {
            Meaning::Nothing { line, why } => {
                let expected = "a work to import";
                self.note(*line, "not-imported", Severity::Info, [expected, why]);
                Ok(())
            }
            Meaning::Work(work) => self.add_work(work),
            Meaning::Iswc(work) => self.add_iswc(work),
        }
    }

    /// The work's id in the registry, unless the file had it before.
    fn work_id(&mut self, work: &Work) -> Option<String> {
        let id = format!("{}{}", self.options.prefix, work.number);
        match WorkId::parse(&id) {
            Ok(read) if !self.works.contains_key(read.as_str()) => {
                self.works.insert(read.to_string(), work.line);
                Some(read.to_string())
            }
            Ok(_) => {
                let before = self.works.get(&id).copied().unwrap_or_default();
                let found = format!("{id} again, after line {before}");
                self.fault(work.line, "each work once in a file", found);
                None
            }
            Err(error) => {
                self.fault(work.line, "a work id", error.to_string());
                None
            }
        }
    }

    /// The ISWC in its one form, if one is given.
    fn iswc(&mut self, work: &Work) -> Cell {
        if work.iswc.is_empty() {
            return Cell::Null;
        }
        match read_id("iswc", &work.iswc) {
            Ok((code, _)) => text(code),
            Err(_) => {
                let found = ["an ISWC or blanks", &format!("{:?}, left out", work.iswc)];
                self.note(work.line, "left-out", Severity::Warning, found);
                Cell::Null
            }
        }
    }

    fn add_iswc(&mut self, work: &Work) -> rusqlite::Result<()> {
        let Some(id) = self.work_id(work) else {
            return Ok(());
        };
        let query = "SELECT title FROM works WHERE work = ?1 AND recorded_to IS NULL";
        let title: Option<String> = self
            .known
            .query_row(query, [&id], |row| row.get(0))
            .optional()?;
        let Some(title) = title else {
            let found = [
                "a work that is known",
                &format!("{id}, which is not; left out"),
            ];
            self.note(work.line, "unknown-work", Severity::Warning, found);
            return Ok(());
        };
        let iswc = self.iswc(work);
        self.push(WORK_ROWS, work.line, vec![text(id), iswc, text(title)]);
        Ok(())
    }

    fn add_work(&mut self, work: &Work) -> rusqlite::Result<()> {
        let Some(id) = self.work_id(work) else {
            return Ok(());
        };
        let iswc = self.iswc(work);
        self.push(
            WORK_ROWS,
            work.line,
            vec![text(id.clone()), iswc, text(work.title.clone())],
        );
        self.check_ownership(work);
        for (line, isrc) in &work.recordings {
            match Isrc::parse(isrc) {
                Ok(isrc) => {
                    let cells = vec![
                        text(isrc.to_string()),
                        text(id.clone()),
                        Cell::Int(1_000_000),
                    ];
                    self.push(LINK_ROWS, *line, cells);
                }
                Err(_) => {
                    let found = ["an ISRC or blanks", &format!("{isrc:?}, left out")];
                    self.note(*line, "left-out", Severity::Warning, found);
                }
            }
        }
        self.add_shares(work, &id)
    }

    /// Shares are what is owned of the whole; the specification allows 0.06 % either way.
    fn check_ownership(&mut self, work: &Work) {
        for (at, right) in RIGHTS.iter().enumerate() {
            let owned = work.parties.iter().filter_map(|p| p.ownership.get(at));
            let sum: u64 = owned.map(|ppm| u64::from(*ppm)).sum();
            if sum != 0 && !(999_400..=1_000_600).contains(&sum) {
                let expected = format!("{right} shares of 1000000 ppm in all");
                let found = [expected.as_str(), &format!("{sum} ppm owned")];
                self.note(work.line, "ownership-total", Severity::Warning, found);
            }
        }
    }

    fn add_shares(&mut self, work: &Work, id: &str) -> rusqlite::Result<()> {
        // One holder can stand in a work more than once; equal rows would count once.
        let mut sums: BTreeMap<(usize, String, PartyId), (u64, u64)> = BTreeMap::new();
        for party in &work.parties {
            let collections = party.collects(work);
            let earns = |c: &work::Collection| c.shares != [0, 0];
            if !collections.iter().any(earns) {
                continue;
            }
            let Some(holder) = self.holder(party)? else {
                let words = [
                    "a party with an IPI or a number of the submitter's",
                    "none; what it owns stays unclaimed",
                ];
                self.note(party.line, "unknown-party", Severity::Warning, words);
                continue;
            };
            for collection in collections {
                for (at, ppm) in collection.shares.into_iter().enumerate() {
                    let key = (at, collection.territories.to_string(), holder);
                    let (line, sum) = sums.entry(key).or_insert((party.line, 0));
                    *line = (*line).min(party.line);
                    *sum += u64::from(ppm);
                }
            }
        }
        for ((at, territories, holder), (line, ppm)) in sums {
            match ppm {
                0 => {}
                1..=1_000_000 => {
                    let right = RIGHTS.get(at).copied().unwrap_or_default();
                    let cells = vec![
                        text(id),
                        text(right),
                        text(territories),
                        text(holder.to_string()),
                        Cell::Int(ppm.try_into().unwrap_or_default()),
                        Cell::Null,
                        Cell::Null,
                    ];
                    self.push(SHARE_ROWS, line, cells);
                }
                _ => self.fault(line, "at most 100 % for a party", format!("{ppm} ppm")),
            }
        }
        Ok(())
    }

    /// The holder that a party is: one that the registry knows by the party's IPI, or else a number
    /// made from the IPI, or from the submitter's number. New holders get rows.
    fn holder(&mut self, party: &Party) -> rusqlite::Result<Option<PartyId>> {
        let ids = self.ids(party);
        let sound = |scheme: &str| {
            let found = ids.iter().find(|(s, _, sound)| *s == scheme && *sound);
            found.map(|(_, id, _)| id.clone())
        };
        let mut holder = None;
        for scheme in ["ipi", "ipi-base"] {
            if let (None, Some(id)) = (holder, sound(scheme)) {
                holder = self.holder_by(scheme, &id)?;
            }
        }
        let made = sound("ipi").map(|ipi| number_of(&["ipi", &ipi]));
        let numbered = (!party.number.is_empty())
            .then(|| number_of(&["cwr", &self.options.prefix, &party.number]));
        let Some(holder) = holder.or(made).or(numbered) else {
            return Ok(None);
        };
        if !self.holders.contains_key(&holder) {
            self.holders
                .insert(holder, (party.line, self.known_ids(holder)?));
            if !self.is_known(holder)? {
                let name: String = party.name.chars().take(TEXT_MAX / 4).collect();
                let currency = self.options.currency.map(|c| c.to_string());
                let cells = vec![
                    text(holder.to_string()),
                    text(name),
                    text(currency.unwrap_or_default()),
                ];
                self.push(HOLDER_ROWS, party.line, cells);
            }
        }
        if let Some((_, known)) = self.holders.get_mut(&holder) {
            known.extend(
                ids.into_iter()
                    .map(|(scheme, id, _)| (scheme.to_owned(), id)),
            );
        }
        Ok(Some(holder))
    }

    /// Scheme, identifier, and whether its check digit is right.
    fn ids(&mut self, party: &Party) -> Vec<(&'static str, String, bool)> {
        let [performance, mechanical] = &party.societies;
        let given = [
            ("ipi", &party.ipi),
            ("ipi-base", &party.ipi_base),
            ("pr-society", performance),
            ("mr-society", mechanical),
        ];
        let mut ids = Vec::new();
        for (scheme, given) in given {
            if given.is_empty() {
                continue;
            }
            match read_id(scheme, given) {
                Ok((id, doubt)) => ids.push((scheme, id, doubt.is_none())),
                Err(_) => {
                    let words = [
                        &format!("an identifier of scheme {scheme}, or blanks"),
                        &format!("{given:?}, left out"),
                    ];
                    let words = words.map(String::as_str);
                    self.note(party.line, "left-out", Severity::Warning, words);
                }
            }
        }
        ids
    }

    fn known_ids(&self, holder: PartyId) -> rusqlite::Result<Ids> {
        let query = "SELECT scheme, id FROM holder_ids WHERE holder = ?1 AND recorded_to IS NULL";
        let mut statement = self.known.prepare_cached(query)?;
        let known = statement.query_map([holder.to_string()], |row| {
            Ok((row.get::<_, String>(0)?, row.get::<_, String>(1)?))
        })?;
        known.collect()
    }

    /// Rows of all identifiers of the holders that the file names, known ones among them: what is
    /// imported about a holder replaces what was known.
    fn id_rows(&self) -> Vec<FileRow> {
        let mut rows = Vec::new();
        for (holder, (line, ids)) in &self.holders {
            for (scheme, id) in ids {
                let cells = [holder.to_string(), scheme.clone(), id.clone()].map(Cell::Text);
                rows.push(FileRow {
                    line: *line,
                    cells: cells.into(),
                });
            }
        }
        rows
    }

    fn holder_by(&self, scheme: &str, id: &str) -> rusqlite::Result<Option<PartyId>> {
        let query = "SELECT holder FROM holder_ids
                     WHERE scheme = ?1 AND id = ?2 AND recorded_to IS NULL ORDER BY holder LIMIT 1";
        let mut statement = self.known.prepare_cached(query)?;
        let found: Option<String> = statement
            .query_row([scheme, id], |row| row.get(0))
            .optional()?;
        Ok(found.and_then(|holder| PartyId::parse(&holder).ok()))
    }

    fn is_known(&self, holder: PartyId) -> rusqlite::Result<bool> {
        let query = "SELECT 1 FROM holders WHERE holder = ?1 AND recorded_to IS NULL";
        self.known
            .prepare_cached(query)?
            .exists([holder.to_string()])
    }
}

/// A holder's number that is the same whoever makes it: the first 8 bytes of the SHA-256 of
/// `ledgerline/holder/v1` and the parts, each behind a line feed.
fn number_of(parts: &[&str]) -> PartyId {
    let text = ["ledgerline/holder/v1"].iter().chain(parts);
    let text: Vec<&str> = text.copied().collect();
    let hash = Hash::of(text.join("\n").as_bytes());
    let first = hash.as_bytes().first_chunk().copied();
    PartyId(first.map_or(0, u64::from_be_bytes))
}
