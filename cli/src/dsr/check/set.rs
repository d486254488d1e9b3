//! A set of files, and what has been seen of it.

use std::collections::BTreeMap;

use ledgerline::money::Currency;

use super::super::decimal::Decimal;
use super::super::ids::IdSet;
use super::super::table::Profile;
use super::super::totals::Totals;
use super::{Head, Limits};

/// A summary record.
#[derive(Clone, Debug)]
pub struct Summary {
    /// The file's name.
    pub file: String,
    /// Its line.
    pub line: u64,
    /// The record type.
    pub record: String,
    /// `SummaryRecordId`.
    pub id: String,
    /// The territory.
    pub territory: String,
    /// `ServiceDescription`.
    pub service: String,
    /// The usages it states.
    pub stated: Option<Decimal>,
    /// The usages that lines report for it.
    pub reported: Decimal,
    /// Lines that name it.
    pub lines: u64,
    /// The net revenue it states.
    pub revenue: Option<Decimal>,
    /// The currency of that revenue.
    pub currency: Option<Currency>,
}

/// The numbers of a footer, by the name of their cell.
#[derive(Clone, Debug, Default)]
pub(super) struct Foot {
    pub(super) line: u64,
    pub(super) record: String,
    pub(super) counts: Vec<(usize, &'static str, Option<u64>)>,
}

/// A file of a report.
#[derive(Clone, Debug)]
pub struct FileSeen {
    /// Its name.
    pub name: String,
    /// Its HEAD.
    pub head: Head,
    /// All its lines, comments and empty ones too.
    pub lines: u64,
    /// Summary records.
    pub summaries: u64,
    /// Blocks.
    pub blocks: u64,
    pub(super) foot: Option<Foot>,
}

/// Where a SummaryRecordId that is not known yet was first named.
#[derive(Clone, Debug)]
pub(super) struct Named {
    pub(super) file: String,
    pub(super) line: u64,
    pub(super) record: String,
    pub(super) cell: usize,
    pub(super) lines: u64,
}

/// A report while it is read.
#[derive(Debug)]
pub(super) struct Set {
    pub(super) head: Head,
    pub(super) profile: &'static Profile,
    pub(super) files: Vec<FileSeen>,
    pub(super) summaries: Vec<Summary>,
    pub(super) by_id: BTreeMap<String, usize>,
    pub(super) unknown: BTreeMap<String, Named>,
    pub(super) blocks: IdSet,
    pub(super) transactions: IdSet,
    pub(super) totals: Totals,
    /// What was not checked, in words; each once.
    pub(super) unchecked: Vec<&'static str>,
    pub(super) limits: Limits,
}

impl Set {
    pub(super) fn new(head: Head, profile: &'static Profile, limits: Limits) -> Self {
        Self {
            head,
            profile,
            files: Vec::new(),
            summaries: Vec::new(),
            by_id: BTreeMap::new(),
            unknown: BTreeMap::new(),
            blocks: IdSet::default(),
            transactions: IdSet::default(),
            totals: Totals::new(limits.recordings),
            unchecked: Vec::new(),
            limits,
        }
    }

    /// Whether there may be more files of it.
    pub(super) fn may_grow(&self) -> bool {
        self.head.files.is_some_and(|files| files > 1)
    }

    pub(super) fn is_of(&self, head: &Head) -> bool {
        self.head.message_id == head.message_id
            && self.head.sender_id == head.sender_id
            && head.files.is_some_and(|files| files > 1)
    }

    pub(super) fn unchecked(&mut self, what: &'static str) {
        if !self.unchecked.contains(&what) {
            self.unchecked.push(what);
        }
    }

    /// The summary record that a line names; the only one, if the line names none.
    pub(super) fn summary_of(&self, id: &str) -> Option<usize> {
        match (id, self.summaries.len()) {
            ("", 1) => Some(0),
            _ => self.by_id.get(id).copied(),
        }
    }
}
