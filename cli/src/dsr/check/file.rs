//! One file, line by line.

use ledgerline::id::Isrc;
use ledgerline::money::Currency;

use super::super::decimal::Decimal;
use super::super::grammar::State;
use super::super::ids::key;
use super::super::line::{Line, MAX_LINE, values};
use super::super::problem::{CellAt, Code, Problem, Problems, shown};
use super::super::table::{Cell, Found, Profile, Record, Role, Variant, table};
use super::super::totals::{Subject, Usage};
use super::super::value;
use super::block::Block;
use super::set::{FileSeen, Foot, Named, Set, Summary};
use super::{Head, is_published};

/// SummaryRecordIds without a summary record that are kept, of one report.
const MOST_UNKNOWN: usize = 1000;

/// How far a file has come.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Stage {
    Summaries,
    Body,
    Done,
}

/// A file while it is read.
pub(super) struct FileCheck<'a> {
    name: &'a str,
    exact: bool,
    profile: &'static Profile,
    head: Head,
    set: &'a mut Set,
    problems: &'a mut Problems,
    usage: &'a mut dyn FnMut(&Usage<'_>),
    stage: Stage,
    summary_state: State,
    /// Whether a summary has been out of place: then the end of them says nothing.
    summaries_broken: bool,
    summaries: u64,
    blocks: u64,
    block: Option<Block>,
    /// Record types whose version has been remarked on.
    remarked: Vec<String>,
    after_foot: bool,
    foot: Option<Foot>,
}

/// A line's cells.
struct Row<'a> {
    line: u64,
    text: &'a str,
    cells: Vec<&'a str>,
    record: &'static Record,
}

impl<'a> Row<'a> {
    /// The cell at this place; empty if the line has none, or the record has no such cell.
    fn cell(&self, place: usize) -> &'a str {
        match place {
            0 => "",
            _ => self.cells.get(place).copied().unwrap_or_default(),
        }
    }

    /// The record type as it stands there.
    fn name(&self) -> &'a str {
        self.cells.first().copied().unwrap_or_default()
    }

    fn decimal(&self, place: usize) -> Option<Decimal> {
        Decimal::parse(self.cell(place)).ok()
    }
}

impl<'a> FileCheck<'a> {
    pub(super) fn new(
        name: &'a str,
        found: Found,
        head: Head,
        set: &'a mut Set,
        problems: &'a mut Problems,
        usage: &'a mut dyn FnMut(&Usage<'_>),
    ) -> Self {
        // A block is opened for the whole body where lines stand for themselves.
        let single = found.profile.variant == Variant::SingleRecord;
        Self {
            name,
            exact: found.exact,
            profile: found.profile,
            head,
            set,
            problems,
            usage,
            stage: Stage::Summaries,
            summary_state: State::Start,
            summaries_broken: false,
            summaries: 0,
            blocks: 0,
            block: single.then(|| Block::new("", 0)),
            remarked: Vec::new(),
            after_foot: false,
            foot: None,
        }
    }

    /// Checks HEAD, whose `text` may begin with a byte order mark.
    pub(super) fn head(&mut self, text: &str) {
        let line = self.head.line;
        let bare = match text.strip_prefix('\u{feff}') {
            Some(bare) => {
                let found = "a byte order mark".to_owned();
                self.whole_line(
                    Code::ByteOrderMark,
                    line,
                    "HEAD",
                    "UTF-8 without one",
                    found,
                );
                bare
            }
            None => text,
        };
        let single = self.profile.variant == Variant::SingleRecord;
        let name = if single { "SRHE" } else { "HEAD" };
        let Some(record) = table().record(name) else {
            return;
        };
        let row = Row {
            line,
            text: bare,
            cells: bare.split('\t').collect(),
            record,
        };
        if row.name() != "HEAD" {
            self.about(&row, 0, Code::RecordVersion, "HEAD", shown(row.name()));
        }
        self.cells(&row);
        if self.head.profile != self.profile.name {
            let found = shown(&self.head.profile);
            self.about(&row, 2, Code::ProfileName, self.profile.name, found);
        }
        if !self.exact {
            let expected = format!("a version known here, such as {}", self.profile.version);
            let found = shown(&self.head.profile_version);
            self.about(&row, 3, Code::ProfileVersion, &expected, found);
        }
        self.head_numbers(&row);
    }

    fn head_numbers(&mut self, row: &Row<'_>) {
        if let (Some(number), Some(files)) = (self.head.file_number, self.head.files)
            && (number == 0 || number > files)
        {
            let expected = format!("a number from 1 to {files}");
            self.about(row, 6, Code::FileNumber, &expected, number.to_string());
        }
        let days = (value::date(&self.head.from), value::date(&self.head.to));
        if let (Some((from, _)), Some((_, to))) = days
            && from > to
        {
            let expected = format!("a day not before {}", self.head.from);
            let found = shown(&self.head.to);
            self.about(row, 9, Code::PeriodOrder, &expected, found);
        }
    }

    /// Checks the next line after HEAD.
    pub(super) fn line(&mut self, number: u64, line: Line, text: &str) {
        match line {
            Line::NotUtf8 => {
                let found = "other bytes".to_owned();
                self.whole_line(Code::NotUtf8, number, "", "UTF-8", found);
            }
            Line::TooLong => {
                let expected = format!("at most {MAX_LINE} bytes");
                self.whole_line(Code::LineTooLong, number, "", &expected, "more".to_owned());
            }
            // Empty lines and comments count as lines, and say nothing.
            Line::Text if text.is_empty() || text.starts_with('#') => {}
            Line::Text => self.record(number, text),
        }
    }

    /// Checks what only the end of a file shows.
    pub(super) fn end(mut self, lines: u64) {
        if self.foot.is_none() {
            self.leave_body();
            let expected = match self.profile.variant {
                Variant::MultiRecord => "FOOT as the last record",
                Variant::SingleRecord => "SRFO as the last record",
            };
            let found = "the end of the file".to_owned();
            self.whole_line(Code::NoFoot, lines, "", expected, found);
        }
        self.set.files.push(FileSeen {
            name: self.name.to_owned(),
            head: self.head,
            lines,
            summaries: self.summaries,
            blocks: self.blocks,
            foot: self.foot,
        });
    }

    fn record(&mut self, line: u64, text: &str) {
        let cells: Vec<&str> = text.split('\t').collect();
        let name = cells.first().copied().unwrap_or_default();
        let exact = table().record(name);
        let Some(record) = exact.or_else(|| table().newest(name)) else {
            let expected = "a record type such as SU02";
            self.whole_line(Code::UnknownRecord, line, "", expected, shown(name));
            return;
        };
        let row = Row {
            line,
            text,
            cells,
            record,
        };
        if exact.is_none() && self.remark(name) {
            let expected = format!("{} or an earlier version", record.name);
            self.about(&row, 0, Code::UnknownRecordVersion, &expected, shown(name));
        }
        if self.stage == Stage::Done && !self.after_foot {
            self.after_foot = true;
            let found = shown(name);
            self.about(&row, 0, Code::AfterFoot, "nothing after the footer", found);
        }
        self.cells(&row);
        match record.role() {
            Role::Head => {
                let found = shown(name);
                self.about(&row, 0, Code::SecondHead, "one HEAD in a file", found);
            }
            Role::Foot => self.foot(&row),
            Role::Summary => self.summary(&row),
            _ => self.body(&row),
        }
    }

    /// Checks the number of cells, and each cell by itself.
    fn cells(&mut self, row: &Row<'_>) {
        let expected = row.record.width();
        let known = row.record.name == row.name() || row.record.role() == Role::Head;
        let fits = expected.is_none_or(|width| {
            // A newer version has at least the cells of the one it is read as.
            row.cells.len() == width || (!known && row.cells.len() > width)
        });
        if !fits {
            let expected = format!("{} cells", expected.unwrap_or_default());
            let found = row.cells.len().to_string();
            self.about_line(row, Code::CellCount, &expected, found);
            // Cells may have moved, so that each of them would be judged by another's measure.
            return;
        }
        let published = is_published(row.record.source);
        for ((place, cell), text) in (1..).zip(&row.record.cells).zip(row.cells.iter().skip(1)) {
            if text.is_empty() {
                // Of lists, only the cells that identify are known to be mandatory.
                if cell.mandatory && (published || cell.name.ends_with("Id")) {
                    let found = "nothing".to_owned();
                    self.about(row, place, Code::MandatoryCell, "a value", found);
                }
                continue;
            }
            self.one_cell(row, place, cell, text);
        }
    }

    fn one_cell(&mut self, row: &Row<'_>, place: usize, cell: &Cell, text: &str) {
        if !text.contains('|') {
            self.one_value(row, place, cell, text);
            return;
        }
        let mut some = false;
        let mut count = 0_u64;
        for one in values(text) {
            count += 1;
            if !one.is_empty() {
                some = true;
                self.one_value(row, place, cell, one);
            }
        }
        if count > 1 && !cell.repeats {
            self.about(
                row,
                place,
                Code::RepeatedCell,
                "one value",
                format!("{count} values"),
            );
        }
        if cell.mandatory && !some {
            self.about(row, place, Code::MandatoryCell, "a value", shown(text));
        }
    }

    fn one_value(&mut self, row: &Row<'_>, place: usize, cell: &Cell, text: &str) {
        if let Err(fault) = value::check(cell.kind, text) {
            self.about(row, place, fault.code, fault.expected, shown(text));
        }
    }

    fn summary(&mut self, row: &Row<'_>) {
        self.summaries += 1;
        if self.stage == Stage::Body {
            let expected = "summary records before all blocks";
            self.about(row, 0, Code::SummaryOrder, expected, shown(row.name()));
        } else if self.stage == Stage::Summaries {
            self.summary_order(row);
        }
        let places = &row.record.places;
        let id = &*key(row.cell(places.summary));
        let same = self
            .set
            .by_id
            .get(id)
            .and_then(|at| self.set.summaries.get(*at));
        // Files of one set repeat their summaries.
        if same.is_some_and(|same| same.file != self.name) {
            return;
        }
        if same.is_some() {
            let expected = "a SummaryRecordId of its own";
            self.about(
                row,
                places.summary,
                Code::DuplicateSummary,
                expected,
                shown(id),
            );
        }
        if self.set.summaries.len() >= self.set.limits.summaries {
            self.set
                .unchecked("summary records beyond the most that are kept");
            return;
        }
        let at = self.set.summaries.len();
        self.set.by_id.entry(id.to_owned()).or_insert(at);
        self.set.summaries.push(Summary {
            file: self.name.to_owned(),
            line: row.line,
            record: row.name().to_owned(),
            id: id.to_owned(),
            territory: key(row.cell(places.territory)).into_owned(),
            service: key(row.cell(places.service)).into_owned(),
            stated: row.decimal(places.usages),
            reported: Decimal::ZERO,
            lines: 0,
            revenue: row.decimal(places.revenue),
            currency: Currency::parse(row.cell(places.currency)).ok(),
        });
    }

    fn summary_order(&mut self, row: &Row<'_>) {
        let grammar = &self.profile.summaries;
        if !grammar.has(row.record.base) {
            self.summaries_broken = true;
            self.not_in_profile(row);
            return;
        }
        self.version(row, grammar.version_of(row.record.base));
        match grammar.step(self.summary_state, row.record.base) {
            Some(next) => self.summary_state = next,
            None => {
                self.summaries_broken = true;
                let expected = grammar.expected(self.summary_state);
                self.about(row, 0, Code::SummaryOrder, &expected, shown(row.name()));
            }
        }
    }

    fn body(&mut self, row: &Row<'_>) {
        if self.stage == Stage::Summaries {
            self.leave_summaries(row);
        }
        if self.profile.variant == Variant::MultiRecord {
            self.enter_block(row);
        }
        self.block_order(row);
        match row.record.role() {
            Role::Release => self.release(row),
            Role::Resource => self.resource(row),
            _ => {}
        }
        self.reference_to_summary(row);
        if row.record.role() == Role::Usage {
            self.usage(row);
        }
    }

    fn leave_summaries(&mut self, row: &Row<'_>) {
        self.stage = Stage::Body;
        if self.summaries_are_unfinished() {
            let expected = self.profile.summaries.expected(self.summary_state);
            self.about(row, 0, Code::SummaryOrder, &expected, shown(row.name()));
        }
    }

    fn enter_block(&mut self, row: &Row<'_>) {
        let id = &*key(row.cell(row.record.places.block));
        if self.block.as_ref().is_some_and(|block| block.id == id) {
            return;
        }
        self.leave_block();
        self.blocks += 1;
        if !self.set.blocks.insert(id) {
            let place = row.record.places.block;
            let expected = "a BlockId that no earlier block has";
            self.about(row, place, Code::BlockReturns, expected, shown(id));
        }
        self.block = Some(Block::new(id, row.line));
    }

    fn leave_block(&mut self) {
        let Some(block) = self.block.take() else {
            return;
        };
        let body = &self.profile.body;
        if block.broken || body.may_end(block.state) {
            return;
        }
        let expected = body.expected(block.state);
        let found = format!("the end of block {}", shown(&block.id));
        self.whole_line(Code::BlockIncomplete, block.line, "", &expected, found);
    }

    fn leave_body(&mut self) {
        self.leave_block();
        if self.stage == Stage::Summaries && self.summaries_are_unfinished() {
            let expected = self.profile.summaries.expected(self.summary_state);
            let found = "the end of the summaries".to_owned();
            self.whole_line(Code::SummaryOrder, 0, "", &expected, found);
        }
    }

    /// Whether a report has summaries at all shows only when all its files are read.
    fn summaries_are_unfinished(&self) -> bool {
        let may_end = self.profile.summaries.may_end(self.summary_state);
        self.summaries > 0 && !self.summaries_broken && !may_end
    }

    fn block_order(&mut self, row: &Row<'_>) {
        let body = &self.profile.body;
        let base = row.record.base;
        if !body.has(base) {
            self.not_in_profile(row);
            return;
        }
        self.version(row, body.version_of(base));
        let Some(block) = &mut self.block else {
            return;
        };
        match body.step(block.state, base) {
            Some(next) => block.state = next,
            None => {
                block.broken = true;
                let expected = body.expected(block.state);
                self.about(row, 0, Code::BlockStructure, &expected, shown(row.name()));
            }
        }
    }

    fn release(&mut self, row: &Row<'_>) {
        let place = row.record.places.reference;
        let reference = &*key(row.cell(place));
        let Some(block) = &mut self.block else {
            return;
        };
        if block.is_full() {
            self.set.unchecked("references within a very large block");
            return;
        }
        let mut code = None;
        if !block.releases.insert(reference.to_owned()) {
            code = Some((place, Code::DuplicateReference, shown(reference)));
        }
        let used = row.cell(row.record.places.used_resources);
        let unknown =
            values(used).find(|one| !one.is_empty() && !block.resources.contains_key(&*key(one)));
        let unknown = unknown.map(shown);
        if let Some((place, code, found)) = code {
            self.about(row, place, code, "a reference of its own", found);
        }
        if let Some(found) = unknown {
            let place = row.record.places.used_resources;
            let expected = "ResourceReferences of this block";
            self.about(row, place, Code::UnknownReference, expected, found);
        }
    }

    fn resource(&mut self, row: &Row<'_>) {
        let places = &row.record.places;
        let subject = subject_of(row.cell(places.isrc));
        let reference = &*key(row.cell(places.reference));
        let Some(block) = &mut self.block else {
            return;
        };
        block.last = Some(subject);
        if block.is_full() {
            self.set.unchecked("references within a very large block");
            return;
        }
        if block
            .resources
            .insert(reference.to_owned(), subject)
            .is_some()
        {
            let expected = "a reference of its own";
            let found = shown(reference);
            self.about(
                row,
                places.reference,
                Code::DuplicateReference,
                expected,
                found,
            );
        }
    }

    fn reference_to_summary(&mut self, row: &Row<'_>) {
        let place = row.record.places.summary;
        let id = &*key(row.cell(place));
        if id.is_empty() || self.set.by_id.contains_key(id) {
            return;
        }
        if let Some(named) = self.set.unknown.get_mut(id) {
            named.lines += 1;
        } else if self.set.unknown.len() < MOST_UNKNOWN {
            let named = Named {
                file: self.name.to_owned(),
                line: row.line,
                record: row.name().to_owned(),
                cell: place + 1,
                lines: 1,
            };
            self.set.unknown.insert(id.to_owned(), named);
        } else {
            self.set
                .unchecked("more than a thousand SummaryRecordIds without a summary record");
        }
    }

    fn usage(&mut self, row: &Row<'_>) {
        let places = &row.record.places;
        let transaction = row.cell(places.transaction);
        if !transaction.is_empty() && !self.set.transactions.insert(transaction) {
            let expected = "a SalesTransactionId that no other line has";
            let found = shown(transaction);
            self.about(
                row,
                places.transaction,
                Code::DuplicateTransaction,
                expected,
                found,
            );
        }
        let subject = self.subject(row);
        let at = self.set.summary_of(&key(row.cell(places.summary)));
        let summary = at.and_then(|at| self.set.summaries.get_mut(at));
        let usages = row.decimal(places.usages);
        let mut fits = true;
        let mut territory = String::new();
        let mut currency = None;
        if let Some(summary) = summary {
            summary.lines += 1;
            match summary.reported.plus(usages.unwrap_or_default()) {
                Some(sum) => summary.reported = sum,
                None => fits = false,
            }
            territory.clone_from(&summary.territory);
            currency = summary.currency;
        }
        let own = Currency::parse(row.cell(places.currency)).ok();
        let usage = Usage {
            file: self.name,
            line: row.line,
            record: row.name(),
            text: row.text,
            subject,
            transaction,
            summary: row.cell(places.summary),
            territory: &territory,
            currency: own.or(currency),
            usages,
            returns: row.decimal(places.returns),
            revenue: row.decimal(places.revenue),
            period: (&self.head.from, &self.head.to),
        };
        fits &= self.set.totals.add(&usage);
        (self.usage)(&usage);
        if !fits {
            let found = shown(row.cell(places.usages));
            self.about(
                row,
                places.usages,
                Code::SumOverflow,
                "a sum of 36 digits",
                found,
            );
        }
    }

    /// What a usage line is about. What it references must be in its block.
    fn subject(&mut self, row: &Row<'_>) -> Subject {
        let places = &row.record.places;
        if places.isrc > 0 {
            return subject_of(row.cell(places.isrc));
        }
        let Some(block) = &self.block else {
            return Subject::NoIsrc;
        };
        let resource = &*key(row.cell(places.transacted_resource));
        let release = &*key(row.cell(places.transacted_release));
        let named = block.resources.get(resource).copied();
        let mut unknown = None;
        if !block.is_full() {
            if !resource.is_empty() && named.is_none() {
                unknown = Some((places.transacted_resource, resource));
            } else if !release.is_empty() && !block.releases.contains(release) {
                unknown = Some((places.transacted_release, release));
            }
        }
        // In a royalty report, usages follow the resource that they are of.
        let follows = self.profile.name.starts_with("RoyaltyReporting");
        let subject = match (named, follows, block.last) {
            (Some(subject), _, _) | (None, true, Some(subject)) => subject,
            _ => block.only(),
        };
        if let Some((place, found)) = unknown {
            let expected = "a reference that this block describes";
            self.about(row, place, Code::UnknownReference, expected, shown(found));
        }
        subject
    }

    fn foot(&mut self, row: &Row<'_>) {
        self.leave_body();
        let (expected, right) = match self.profile.variant {
            Variant::MultiRecord => ("FOOT", row.record.base == "FOOT"),
            Variant::SingleRecord => ("SRFO", row.record.base == "SRFO"),
        };
        if !right {
            self.about(row, 0, Code::WrongFoot, expected, shown(row.name()));
        }
        self.stage = Stage::Done;
        if self.foot.is_some() {
            return;
        }
        // Cells that the line does not have are a problem of their own.
        let counts = (1..row.cells.len()).zip(&row.record.cells);
        let counts = counts.map(|(place, cell)| (place, cell.name, row.cell(place).parse().ok()));
        self.foot = Some(Foot {
            line: row.line,
            record: row.name().to_owned(),
            counts: counts.collect(),
        });
    }

    fn not_in_profile(&mut self, row: &Row<'_>) {
        // The newest known version of a profile does not say what a newer one has.
        if !self.exact {
            return;
        }
        let expected = format!("a record of {} {}", self.profile.name, self.profile.version);
        let found = shown(row.name());
        self.about(row, 0, Code::RecordNotInProfile, &expected, found);
    }

    fn version(&mut self, row: &Row<'_>, expected: Option<&'static str>) {
        let Some(expected) = expected.filter(|expected| self.exact && *expected != row.name())
        else {
            return;
        };
        if self.remark(row.name()) {
            self.about(row, 0, Code::RecordVersion, expected, shown(row.name()));
        }
    }

    /// Whether this record type has not been remarked on in this file.
    fn remark(&mut self, name: &str) -> bool {
        let new = !self.remarked.iter().any(|other| other == name);
        if new && self.remarked.len() < 1000 {
            self.remarked.push(name.to_owned());
        }
        new
    }

    fn about(&mut self, row: &Row<'_>, place: usize, code: Code, expected: &str, found: String) {
        let file = self.name;
        self.problems.add(code, || Problem {
            code,
            file: file.to_owned(),
            line: row.line,
            record: row.name().to_owned(),
            cell: Some(CellAt {
                number: place + 1,
                name: match place.checked_sub(1) {
                    None => "RecordType",
                    Some(at) => row.record.cells.get(at).map_or("", |cell| cell.name),
                },
            }),
            expected: expected.to_owned(),
            found,
        });
    }

    fn about_line(&mut self, row: &Row<'_>, code: Code, expected: &str, found: String) {
        self.whole_line(code, row.line, row.name(), expected, found);
    }

    fn whole_line(&mut self, code: Code, line: u64, record: &str, expected: &str, found: String) {
        let file = self.name;
        self.problems.add(code, || Problem {
            code,
            file: file.to_owned(),
            line,
            record: record.to_owned(),
            cell: None,
            expected: expected.to_owned(),
            found,
        });
    }
}

/// What a cell of ISRCs says a line is about.
fn subject_of(cell: &str) -> Subject {
    let mut isrcs = values(cell).filter(|one| !one.is_empty());
    match (isrcs.next(), isrcs.next()) {
        (None, _) => Subject::NoIsrc,
        (Some(_), Some(_)) => Subject::Several,
        (Some(isrc), None) if !value::is_isrc(isrc) => Subject::NoIsrc,
        (Some(isrc), None) => Isrc::parse(isrc).map_or(Subject::NoIsrc, Subject::Recording),
    }
}
