//! What only a whole set shows: totals, counts of footers, names of files.

use std::cmp::Ordering;

use super::super::name::{FileName, days, says};
use super::super::problem::{CellAt, Code, Problem, Problems, shown};
use super::super::value;
use super::Report;
use super::set::{FileSeen, Foot, Set};

impl Set {
    /// Checks the set as a whole.
    pub(super) fn finish(mut self, problems: &mut Problems) -> Report {
        if self.blocks.is_full() {
            self.unchecked("whether BlockIds beyond the first million come twice");
        }
        if self.transactions.is_full() {
            self.unchecked("whether SalesTransactionIds beyond the first million come twice");
        }
        if self.totals.beyond.lines > 0 {
            self.unchecked("totals of recordings beyond the most that are kept");
        }
        self.summaries(problems);
        let complete = self.files_of_set(problems);
        for file in &self.files {
            if let Some(foot) = &file.foot {
                self.foot(file, foot, complete, problems);
            }
            self.name(file, problems);
        }
        let first = self.first_name();
        for what in &self.unchecked {
            let found = (*what).to_owned();
            add(
                problems,
                Code::Unchecked,
                &first,
                0,
                "all to be checked",
                found,
            );
        }
        Report {
            profile: self.profile,
            head: self.head,
            files: self.files,
            summaries: self.summaries,
            totals: self.totals,
        }
    }

    fn first_name(&self) -> String {
        let first = self.files.first();
        first.map(|file| file.name.clone()).unwrap_or_default()
    }

    fn summaries(&self, problems: &mut Problems) {
        if self.summaries.is_empty() {
            let expected = format!("summary records ({})", self.profile.summaries.text());
            let found = "none".to_owned();
            add(
                problems,
                Code::NoSummary,
                &self.first_name(),
                0,
                &expected,
                found,
            );
        }
        let known: Vec<&str> = self.by_id.keys().take(4).map(String::as_str).collect();
        let more = if self.by_id.len() > known.len() {
            ", ..."
        } else {
            ""
        };
        let known = format!("the id of a summary record ({}{more})", known.join(", "));
        for (id, named) in &self.unknown {
            if self.by_id.contains_key(id) {
                continue;
            }
            problems.add(Code::UnknownSummary, || Problem {
                code: Code::UnknownSummary,
                file: named.file.clone(),
                line: named.line,
                record: named.record.clone(),
                cell: Some(CellAt {
                    number: named.cell,
                    name: "SummaryRecordId",
                }),
                expected: known.clone(),
                found: match named.lines {
                    1 => shown(id),
                    lines => format!("{} in {lines} lines", shown(id)),
                },
            });
        }
        self.usages(problems);
    }

    /// Holds what summaries state against what lines report for them. A summary without a line is
    /// one of those that only state money.
    fn usages(&self, problems: &mut Problems) {
        for (at, summary) in self.summaries.iter().enumerate() {
            // Of several with one id, lines are counted for the first.
            if self.by_id.get(&summary.id) != Some(&at) {
                continue;
            }
            let Some(stated) = summary.stated else {
                continue;
            };
            let code = match summary.reported.compare(stated) {
                Ordering::Equal => continue,
                Ordering::Greater => Code::UsagesAboveTotal,
                Ordering::Less => Code::UsagesBelowTotal,
            };
            // Where ids are wrong, all lines are compared with the only summary.
            let all = self.summaries.len() == 1;
            let reported = if all {
                self.totals.all.usages
            } else {
                summary.reported
            };
            let expected = format!("{stated} usages in lines, as the summary states");
            if reported.compare(stated) == Ordering::Equal {
                continue;
            }
            problems.add(code, || Problem {
                code,
                file: summary.file.clone(),
                line: summary.line,
                record: summary.record.clone(),
                cell: None,
                expected,
                found: reported.to_string(),
            });
        }
    }

    /// Whether all files of the set are there, once each, with headers that agree.
    fn files_of_set(&self, problems: &mut Problems) -> bool {
        let Some(files) = self.head.files.filter(|files| *files > 1) else {
            return true;
        };
        let numbers: Vec<_> = self
            .files
            .iter()
            .filter_map(|file| file.head.file_number)
            .collect();
        let missing = (1..=files).filter(|number| !numbers.contains(number));
        let missing: Vec<String> = missing.take(10).map(|number| number.to_string()).collect();
        let mut sorted = numbers.clone();
        sorted.sort_unstable();
        let twice = sorted.windows(2).any(|pair| pair.first() == pair.last());
        if !missing.is_empty() || twice {
            let found = match missing.is_empty() {
                true => "a file twice".to_owned(),
                false => format!("no file {}", missing.join(", ")),
            };
            let expected = format!(
                "files 1 to {files} of message {}",
                shown(&self.head.message_id)
            );
            add(
                problems,
                Code::SetIncomplete,
                &self.first_name(),
                0,
                &expected,
                found,
            );
        }
        for file in &self.files {
            let (ours, theirs) = (&self.head, &file.head);
            for (what, ours, theirs) in [
                ("Profile", &ours.profile, &theirs.profile),
                (
                    "ProfileVersion",
                    &ours.profile_version,
                    &theirs.profile_version,
                ),
                ("UsageStartDate", &ours.from, &theirs.from),
                ("UsageEndDate", &ours.to, &theirs.to),
                ("RecipientPartyId", &ours.recipient_id, &theirs.recipient_id),
            ] {
                if ours != theirs {
                    let expected = format!("{what} {} as in the first file", shown(ours));
                    let found = shown(theirs);
                    let line = file.head.line;
                    add(
                        problems,
                        Code::SetDiffers,
                        &file.name,
                        line,
                        &expected,
                        found,
                    );
                }
            }
            if file.head.files != self.head.files {
                let expected = format!("{files} files, as in the first file");
                let found = file.head.files.unwrap_or_default().to_string();
                let line = file.head.line;
                add(
                    problems,
                    Code::SetDiffers,
                    &file.name,
                    line,
                    &expected,
                    found,
                );
            }
        }
        missing.is_empty() && !twice
    }

    fn foot(&self, file: &FileSeen, foot: &Foot, complete: bool, problems: &mut Problems) {
        let sum = |count: fn(&FileSeen) -> u64| self.files.iter().map(count).sum::<u64>();
        let several = self.may_grow();
        let last = !several || file.head.file_number == self.head.files;
        for (place, name, stated) in &foot.counts {
            let in_report = name.ends_with("InReport") || name.ends_with("InRecord");
            if in_report && several && !complete {
                continue;
            }
            let computed = match *name {
                "NumberOfLinesInFile" => file.lines,
                "NumberOfLinesInReport" => sum(|file| file.lines),
                "NumberOfBlocksInFile" => file.blocks,
                "NumberOfBlocksInReport" => sum(|file| file.blocks),
                // Older texts say in the file, newer ones in the message; both may be meant.
                "NumberOfSummaryRecords" if *stated == Some(file.summaries) => file.summaries,
                "NumberOfSummaryRecords" => self.summaries.len() as u64,
                _ => continue,
            };
            let (code, found) = match stated {
                Some(stated) if *stated == computed => continue,
                Some(stated) => (Code::FootCount, stated.to_string()),
                // An absent count of the report is due in the last file.
                None if in_report && last && foot.record == "FOOT" => {
                    (Code::MandatoryCell, "nothing".to_owned())
                }
                None => continue,
            };
            problems.add(code, || Problem {
                code,
                file: file.name.clone(),
                line: foot.line,
                record: foot.record.clone(),
                cell: Some(CellAt {
                    number: place + 1,
                    name,
                }),
                expected: format!("{computed}, as counted"),
                found,
            });
        }
    }

    fn name(&self, file: &FileSeen, problems: &mut Problems) {
        // Standard input and names of one's own are no statement of the sender.
        let name = match FileName::parse(&file.name) {
            Ok(name) => name,
            Err(expected) => {
                add(
                    problems,
                    Code::FileName,
                    &file.name,
                    0,
                    expected,
                    shown(&file.name),
                );
                return;
            }
        };
        let head = &file.head;
        let mut differs = |what: &str, expected: &str, found: &str| {
            let expected = format!("{what} {}, as in the report", shown(expected));
            let found = shown(found);
            add(
                problems,
                Code::FileNameDiffers,
                &file.name,
                0,
                &expected,
                found,
            );
        };
        for (what, element, id, other) in [
            (
                "recipient",
                &name.recipient,
                &head.recipient_id,
                &head.recipient_name,
            ),
            ("sender", &name.sender, &head.sender_id, &head.sender_name),
        ] {
            let known = !id.is_empty() || !other.is_empty();
            if known && !element.is_empty() && !says(element, id) && !says(element, other) {
                differs(what, if id.is_empty() { other } else { id }, element);
            }
        }
        if let Some(service) = self.one(&head.service, |summary| &summary.service)
            && !name.service.is_empty()
            && !says(&name.service, service)
        {
            differs("service", service, &name.service);
        }
        if let Some(territory) = self.one("", |summary| &summary.territory)
            && name.territory.len() == 2
            && territory != name.territory
        {
            differs("territory", territory, &name.territory);
        }
        let stated = (value::date(&head.from), value::date(&head.to));
        if let (Some((from, _)), Some((_, to)), Some(named)) =
            (stated.0, stated.1, days(&name.period))
            && named != (from, to)
        {
            let period = format!("{} to {}", head.from, head.to);
            differs("period", &period, &name.period);
        }
        if let (Some(number), Some(files)) = (head.file_number, head.files)
            && name.part.unwrap_or((1, 1)) != (number, files)
        {
            let (part, of) = name.part.unwrap_or((1, 1));
            differs(
                "file",
                &format!("{number}of{files}"),
                &format!("{part}of{of}"),
            );
        }
    }

    /// The one value that all summaries, and the header if it has one, agree on.
    fn one<'a>(
        &'a self,
        head: &'a str,
        of: impl Fn(&'a super::Summary) -> &'a String,
    ) -> Option<&'a str> {
        let mut all = self.summaries.iter().map(|summary| of(summary).as_str());
        let first = if head.is_empty() { all.next()? } else { head };
        let agree = all.all(|other| other == first || other.is_empty());
        (agree && !first.is_empty()).then_some(first)
    }
}

fn add(problems: &mut Problems, code: Code, file: &str, line: u64, expected: &str, found: String) {
    problems.add(code, || Problem {
        code,
        file: file.to_owned(),
        line,
        record: String::new(),
        cell: None,
        expected: expected.to_owned(),
        found,
    });
}
