//! Checks reports: a file line by line, then what its set as a whole must agree on.
//!
//! Files whose HEAD names the same message, sender and more than one file are one set.

mod block;
mod file;
mod finish;
mod head;
mod set;

use std::fmt;
use std::io;
use std::io::BufRead;

use super::line::{Line, Lines};
use super::problem::{Code, Problem, Problems, Severity};
use super::table::{Profile, Source, table};
use super::totals::{Totals, Usage};
use file::FileCheck;
use set::Set;

pub use head::Head;
pub use set::{FileSeen, Summary};

/// What may be kept in memory.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// Problems of each kind.
    pub problems: u64,
    /// Recordings with totals of their own, about 150 bytes each.
    pub recordings: usize,
    /// Summary records of a set.
    pub summaries: usize,
}

impl Default for Limits {
    /// 100 problems of each kind, 4 million recordings (600 MB), 200,000 summary records.
    fn default() -> Self {
        Self {
            problems: 100,
            recordings: 4_000_000,
            summaries: 200_000,
        }
    }
}

/// Why a file is not checked at all.
#[derive(Debug)]
#[non_exhaustive]
pub enum Refused {
    /// Reading failed, or the gzip is damaged.
    Read {
        /// The line after which it failed.
        line: u64,
        /// Why.
        error: io::Error,
    },
    /// The first record is not HEAD.
    NoHead {
        /// Its line; 0 if there is no record at all.
        line: u64,
        /// Its first cell.
        found: String,
    },
    /// HEAD names a profile that is none of DSR's.
    Profile {
        /// The line of HEAD.
        line: u64,
        /// The profile it names.
        found: String,
    },
}

impl fmt::Display for Refused {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Read { line, error } => write!(f, "cannot read on after line {line}: {error}"),
            Self::NoHead { line: 0, .. } => {
                f.write_str("no DSR: expected a HEAD record, but found no record at all")
            }
            Self::NoHead { line, found } => write!(
                f,
                "no DSR: expected HEAD as the first record, but found {found} at line {line}"
            ),
            Self::Profile { line, found } => write!(
                f,
                "no DSR profile: expected one such as BasicAudioProfile in cell 3 of HEAD, but \
                 found {found} at line {line}"
            ),
        }
    }
}

impl std::error::Error for Refused {}

/// A report, checked: one file or a set.
#[derive(Debug)]
pub struct Report {
    /// The profile it was checked by.
    pub profile: &'static Profile,
    /// The first file's HEAD.
    pub head: Head,
    /// Its files, in the order in which they were read.
    pub files: Vec<FileSeen>,
    /// Its summary records.
    pub summaries: Vec<Summary>,
    /// What its lines add up to.
    pub totals: Totals,
}

/// Everything that was found.
#[derive(Debug)]
pub struct Checked {
    /// The reports.
    pub reports: Vec<Report>,
    /// What is wrong with them: errors first, then by file and line.
    pub problems: Vec<Problem>,
    /// How many of each kind there are.
    pub counts: std::collections::BTreeMap<Code, u64>,
    /// How many are not among `problems`.
    pub left_out: u64,
}

impl Checked {
    /// How many problems of this severity there are.
    #[must_use]
    pub fn count(&self, severity: Severity) -> u64 {
        let counts = self.counts.iter();
        counts
            .filter(|(code, _)| code.severity() == severity)
            .map(|(_, count)| count)
            .sum()
    }
}

/// Checks files one after the other.
#[derive(Debug)]
pub struct Checker {
    limits: Limits,
    problems: Problems,
    sets: Vec<Set>,
    reports: Vec<Report>,
    names: Vec<String>,
}

impl Checker {
    /// Nothing read yet.
    #[must_use]
    pub const fn new(limits: Limits) -> Self {
        Self {
            limits,
            problems: Problems::new(limits.problems),
            sets: Vec::new(),
            reports: Vec::new(),
            names: Vec::new(),
        }
    }

    /// Reads a file called `name`, the last part of its path. `usage` is given each line that reports
    /// usages; `progress` the number of bytes read so far, every few
    /// thousand lines. Gives the number of lines.
    ///
    /// # Errors
    ///
    /// [`Refused`]: what the file holds after that is not known.
    pub fn read<R: BufRead>(
        &mut self,
        name: &str,
        reader: R,
        usage: &mut dyn FnMut(&Usage<'_>),
        progress: &mut dyn FnMut(u64),
    ) -> Result<u64, Refused> {
        self.names.push(name.to_owned());
        let mut lines = Lines::new(reader);
        let (head, text) = first_record(&mut lines)?;
        let found = table()
            .profile(&head.profile, &head.profile_version)
            .ok_or_else(|| Refused::Profile {
                line: head.line,
                found: super::problem::shown(&head.profile),
            })?;

        let at = self.set_of(&head, found.profile);
        let Some(set) = self.sets.get_mut(at) else {
            return Ok(0);
        };
        let mut file = FileCheck::new(name, found, head, set, &mut self.problems, usage);
        file.head(&text);
        loop {
            if lines.number().is_multiple_of(4096) {
                progress(lines.bytes());
            }
            match lines.advance() {
                Ok(None) => break,
                Ok(Some(line)) => file.line(lines.number(), line, lines.text()),
                Err(error) => {
                    let line = lines.number();
                    return Err(Refused::Read { line, error });
                }
            }
        }
        let count = lines.number();
        file.end(count);
        if !self.sets.get(at).is_some_and(Set::may_grow) {
            self.finish_set(at);
        }
        Ok(count)
    }

    /// Checks what only whole sets show.
    #[must_use]
    pub fn finish(mut self) -> Checked {
        while !self.sets.is_empty() {
            self.finish_set(0);
        }
        let mut problems = self.problems.kept().to_vec();
        let place = |problem: &Problem| {
            let file = self.names.iter().position(|name| *name == problem.file);
            let cell = problem.cell.as_ref().map_or(0, |cell| cell.number);
            (problem.code.severity(), file, problem.line, cell)
        };
        problems.sort_by_key(place);
        Checked {
            reports: self.reports,
            problems,
            counts: self.problems.counts().clone(),
            left_out: self.problems.left_out(),
        }
    }

    fn set_of(&mut self, head: &Head, profile: &'static Profile) -> usize {
        let same = |set: &Set| set.may_grow() && set.is_of(head);
        self.sets.iter().position(same).unwrap_or_else(|| {
            self.sets.push(Set::new(head.clone(), profile, self.limits));
            self.sets.len() - 1
        })
    }

    fn finish_set(&mut self, at: usize) {
        let set = self.sets.remove(at);
        self.reports.push(set.finish(&mut self.problems));
    }
}

/// The first line that is a record, which must be HEAD.
fn first_record<R: BufRead>(lines: &mut Lines<R>) -> Result<(Head, String), Refused> {
    let no_head = |line, found: &str| Refused::NoHead {
        line,
        found: super::problem::shown(found),
    };
    loop {
        let line = match lines.advance() {
            Ok(Some(line)) => line,
            Ok(None) => return Err(no_head(0, "")),
            Err(error) => {
                let line = lines.number();
                return Err(Refused::Read { line, error });
            }
        };
        let number = lines.number();
        let text = lines.text();
        let bare = text.strip_prefix('\u{feff}').unwrap_or(text);
        match line {
            Line::NotUtf8 => return Err(no_head(number, "bytes that are not UTF-8")),
            Line::TooLong => return Err(no_head(number, "a line of more than a megabyte")),
            Line::Text if bare.is_empty() || bare.starts_with('#') => {}
            Line::Text => {
                let first = bare.split('\t').next().unwrap_or_default();
                if first != "HEAD" && first != "SRHE" {
                    return Err(no_head(number, first));
                }
                return Ok((Head::read(number, bare), text.to_owned()));
            }
        }
    }
}

/// Whether a definition says for sure which cells are mandatory.
fn is_published(source: Source) -> bool {
    source == Source::Schema
}
