//! The text of a run note: everything a run commits itself to.

use core::fmt;
use std::collections::BTreeMap;

use crate::log::{Hash, TreeHead};
use crate::money::{Currency, Micros};
use crate::royalty::Totals;
use crate::time::{Period, TimeMs};

use super::table::Table;

/// What a run note says. Source: `docs/format.md` section 9.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct RunNote {
    /// Origin of the log.
    pub origin: String,
    /// The accounting period.
    pub period: Period,
    /// 0 for the first statement of the period.
    pub revision: u32,
    /// The log that was settled.
    pub log: TreeHead,
    /// The registry snapshot.
    pub registry: TreeHead,
    /// SHA-256 of the rules file.
    pub rules: Hash,
    /// SHA-256 of the pools file.
    pub pools: Hash,
    /// Counted plays.
    pub plays: TreeHead,
    /// Cells.
    pub cells: TreeHead,
    /// Lines.
    pub lines: TreeHead,
    /// Holders.
    pub holders: TreeHead,
    /// What happened to the money.
    pub totals: BTreeMap<Currency, Totals>,
    /// SHA-256 of the text of the previous run's note.
    pub previous: Option<Hash>,
    /// SHA-256 of the zero-knowledge proof.
    pub zk: Option<Hash>,
}

/// Why a text is no run note.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct RunNoteError {
    /// Line, from 1.
    pub line: usize,
    /// What was expected there.
    pub expected: &'static str,
    /// What stands there, cut to 100 characters.
    pub found: String,
}

impl fmt::Display for RunNoteError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "run note line {}: expected {}, but found {:?}",
            self.line, self.expected, self.found
        )
    }
}

impl core::error::Error for RunNoteError {}

impl RunNote {
    /// The first line of every run note.
    pub const HEADER: &'static str = "ledgerline/run/v1";

    /// Size and root of a table.
    #[must_use]
    pub const fn table(&self, table: Table) -> TreeHead {
        match table {
            Table::Registry => self.registry,
            Table::Plays => self.plays,
            Table::Cells => self.cells,
            Table::Lines => self.lines,
            Table::Holders => self.holders,
        }
    }

    /// Reads the text of a run note. [`Display`](fmt::Display) writes it again; no other text is read.
    ///
    /// # Errors
    ///
    /// [`RunNoteError`] with the first line that differs from the one form.
    pub fn parse(text: &str) -> Result<Self, RunNoteError> {
        let mut lines = Lines { text, line: 0 };
        if lines.next() != Self::HEADER {
            return Err(lines.refuse("ledgerline/run/v1", text));
        }
        let origin = lines.field("origin", "origin <log origin>", |rest| {
            (!rest.is_empty()).then(|| rest.to_owned())
        })?;
        let period = lines.field("period", "period <from> <to>", |rest| {
            let (from, to) = rest.split_once(' ')?;
            Period::new(TimeMs::parse(from).ok()?, TimeMs::parse(to).ok()?)
        })?;
        let revision = lines.field("revision", "revision <n>", |rest| rest.parse().ok())?;
        let log = lines.head("log", "log <size> <root>")?;
        let registry = lines.head("registry", "registry <count> <root>")?;
        let rules = lines.hash("rules", "rules <hash>")?;
        let pools = lines.hash("pools", "pools <hash>")?;
        let plays = lines.head("plays", "plays <count> <root>")?;
        let cells = lines.head("cells", "cells <count> <root>")?;
        let run_lines = lines.head("lines", "lines <count> <root>")?;
        let holders = lines.head("holders", "holders <count> <root>")?;
        let mut totals: BTreeMap<Currency, Totals> = BTreeMap::new();
        for (currency, amount) in lines.amounts("pool")? {
            totals.entry(currency).or_default().pool = amount;
        }
        for (currency, amount) in lines.amounts("paid")? {
            totals.entry(currency).or_default().paid = amount;
        }
        for (currency, amount) in lines.amounts("suspense")? {
            totals.entry(currency).or_default().suspense = amount;
        }
        let optional = |rest: &str| match rest {
            "-" => Some(None),
            hash => Hash::parse_base64(hash).ok().map(Some),
        };
        let note = Self {
            origin,
            period,
            revision,
            log,
            registry,
            rules,
            pools,
            plays,
            cells,
            lines: run_lines,
            holders,
            totals,
            previous: lines.field("previous", "previous <hash or ->", optional)?,
            zk: lines.field("zk", "zk <hash or ->", optional)?,
        };
        let printed = note.to_string();
        let differs = |(a, b): &(&str, &str)| a != b;
        let pairs = printed.split('\n').zip(text.split('\n'));
        if let Some((line, (_, found))) = (1..).zip(pairs).find(|(_, pair)| differs(pair)) {
            return Err(refuse(line, "the one canonical form of the line", found));
        }
        if printed.len() != text.len() {
            let line = printed.lines().count().saturating_add(1);
            return Err(refuse(line, "the end of the note", "more text"));
        }
        Ok(note)
    }
}

impl fmt::Display for RunNote {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let or_dash = |hash: &Option<Hash>| hash.map_or_else(|| "-".to_owned(), |h| h.to_string());
        writeln!(f, "{}", Self::HEADER)?;
        writeln!(f, "origin {}", self.origin)?;
        writeln!(f, "period {}", self.period)?;
        writeln!(f, "revision {}", self.revision)?;
        writeln!(f, "log {} {}", self.log.size, self.log.root)?;
        writeln!(f, "registry {} {}", self.registry.size, self.registry.root)?;
        writeln!(f, "rules {}", self.rules)?;
        writeln!(f, "pools {}", self.pools)?;
        for table in [Table::Plays, Table::Cells, Table::Lines, Table::Holders] {
            let head = self.table(table);
            writeln!(f, "{} {} {}", table.name(), head.size, head.root)?;
        }
        for (currency, totals) in &self.totals {
            writeln!(f, "pool {currency} {}", totals.pool.0)?;
        }
        for (currency, totals) in &self.totals {
            writeln!(f, "paid {currency} {}", totals.paid.0)?;
        }
        for (currency, totals) in &self.totals {
            writeln!(f, "suspense {currency} {}", totals.suspense.0)?;
        }
        writeln!(f, "previous {}", or_dash(&self.previous))?;
        writeln!(f, "zk {}", or_dash(&self.zk))
    }
}

fn refuse(line: usize, expected: &'static str, found: &str) -> RunNoteError {
    RunNoteError {
        line,
        expected,
        found: found.chars().take(100).collect(),
    }
}

struct Lines<'a> {
    text: &'a str,
    line: usize,
}

impl<'a> Lines<'a> {
    fn next(&mut self) -> &'a str {
        let (line, rest) = self.text.split_once('\n').unwrap_or((self.text, ""));
        self.text = rest;
        self.line = self.line.saturating_add(1);
        line
    }

    fn refuse(&self, expected: &'static str, found: &str) -> RunNoteError {
        refuse(
            self.line,
            expected,
            found.lines().next().unwrap_or_default(),
        )
    }

    fn field<T>(
        &mut self,
        name: &str,
        expected: &'static str,
        read: impl FnOnce(&'a str) -> Option<T>,
    ) -> Result<T, RunNoteError> {
        let line = self.next();
        let rest = line
            .strip_prefix(name)
            .and_then(|rest| rest.strip_prefix(' '));
        rest.and_then(read)
            .ok_or_else(|| self.refuse(expected, line))
    }

    fn head(&mut self, name: &str, expected: &'static str) -> Result<TreeHead, RunNoteError> {
        self.field(name, expected, |rest| {
            let (size, root) = rest.split_once(' ')?;
            Some(TreeHead {
                size: size.parse().ok()?,
                root: Hash::parse_base64(root).ok()?,
            })
        })
    }

    fn hash(&mut self, name: &str, expected: &'static str) -> Result<Hash, RunNoteError> {
        self.field(name, expected, |rest| Hash::parse_base64(rest).ok())
    }

    /// As many lines as begin with `name`.
    fn amounts(&mut self, name: &str) -> Result<Vec<(Currency, Micros)>, RunNoteError> {
        let mut amounts = Vec::new();
        while self.text.starts_with(name) {
            amounts.push(self.field(name, "<currency> <micros>", |rest| {
                let (currency, micros) = rest.split_once(' ')?;
                let micros: i64 = micros.parse().ok()?;
                let currency = Currency::parse(currency).ok()?;
                (micros >= 0).then_some((currency, Micros(micros)))
            })?);
        }
        Ok(amounts)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn note() -> RunNote {
        let head = |size| TreeHead {
            size,
            root: Hash::of(&[7]),
        };
        let totals = |pool, paid| Totals {
            pool: Micros(pool),
            paid: Micros(paid),
            suspense: Micros(pool - paid),
        };
        RunNote {
            origin: "example.com/plays/2026-04".into(),
            period: Period::parse("2026-04").unwrap(),
            revision: 0,
            log: head(9),
            registry: head(8),
            rules: Hash::of(b"r"),
            pools: Hash::of(b"p"),
            plays: head(3),
            cells: head(2),
            lines: head(2),
            holders: head(1),
            totals: BTreeMap::from([
                (Currency::parse("EUR").unwrap(), totals(10, 7)),
                (Currency::parse("USD").unwrap(), totals(0, 0)),
            ]),
            previous: None,
            zk: Some(Hash::of(b"z")),
        }
    }

    #[test]
    fn only_the_canonical_text_is_read() {
        let text = note().to_string();
        assert_eq!(RunNote::parse(&text), Ok(note()));
        let changes = [
            ("run/v1", "run/v2"),
            ("revision 0", "revision 00"),
            ("revision 0", "revision +0"),
            ("log 9", "log 09"),
            ("pool EUR 10", "pool EUR 010"),
            ("pool EUR 10\npool USD 0", "pool USD 0\npool EUR 10"),
            ("paid USD 0\n", ""),
            ("paid USD 0\n", "paid USD 0\npaid USD 0\n"),
            ("previous -", "previous  -"),
            ("2026-04-01T00:00:00Z", "2026-04-01T00:00:00.000Z"),
            ("zk ", "zq "),
            ("zk ", "\nzk "),
        ];
        for (from, to) in changes {
            let changed = text.replacen(from, to, 1);
            assert_ne!(changed, text, "{from}");
            assert!(RunNote::parse(&changed).is_err(), "{from} -> {to}");
        }
        for cut in 0..text.len() {
            assert!(RunNote::parse(&text[..cut]).is_err());
        }
        assert!(RunNote::parse(&format!("{text}more\n")).is_err());
    }
}
