//! The runs before a run: a chain of signed notes, and the plays that they have committed to.
//!
//! *In:* run directories, in the order in which they were issued. *Out:* [`History`]. *Does not
//! know:* what thresholds are.
//! Source: `docs/format.md` sections 7.2 and 9.

use std::collections::BTreeMap;
use std::path::PathBuf;

use ledgerline::id::Isrc;
use ledgerline::log::{Hash, Note, VerifierKey};
use ledgerline::statement::{RunNote, Table, read_cell, table_tree};
use ledgerline::time::Period;

use super::Threads;
use super::dir::{RunDir, StoredRun};
use super::error::RunError;
use crate::ledger::Ledger;

/// One of the runs before, whole and in its place.
#[derive(Debug)]
pub struct Earlier {
    /// Where it is.
    pub path: PathBuf,
    /// Its signed note.
    pub note: Note,
    /// What it says.
    pub run: RunNote,
    /// Where its ledger was.
    ledger: PathBuf,
    plays: BTreeMap<Isrc, u64>,
}

/// The runs before, oldest first; none for the first run.
#[derive(Debug, Default)]
pub struct History(Vec<Earlier>);

impl History {
    /// Reads the runs at `paths`, in the order of issue, and checks that each cells table is the one
    /// of its note and that each run names the one before it, of the same or the adjacent period.
    ///
    /// # Errors
    ///
    /// [`RunError::History`] for the first that is not in its place; those of [`RunDir::read`].
    ///
    /// # Does not prove
    ///
    /// That anybody signed the notes: see [`History::check_signed`], and core's audit.
    pub fn read(paths: &[PathBuf]) -> Result<Self, RunError> {
        let mut earlier: Vec<Earlier> = Vec::new();
        for path in paths {
            let stored = RunDir::new(path).read()?;
            let plays = committed_plays(path, &stored)?;
            if let Some(before) = earlier.last() {
                check_link(before, path, stored.run.previous, stored.run.period)?;
            }
            earlier.push(Earlier {
                path: path.clone(),
                note: stored.note,
                run: stored.run,
                ledger: stored.meta.ledger,
                plays,
            });
        }
        Ok(Self(earlier))
    }

    /// The runs, oldest first.
    #[must_use]
    pub fn runs(&self) -> &[Earlier] {
        &self.0
    }

    /// What the next run's `previous` line says.
    #[must_use]
    pub fn head(&self) -> Option<Hash> {
        self.0.last().map(Earlier::hash)
    }

    /// Checks that the run at `path`, of `period` and with this `previous`, follows.
    ///
    /// # Errors
    ///
    /// [`RunError::History`].
    pub fn check_next(
        &self,
        path: &std::path::Path,
        previous: Option<Hash>,
        period: Period,
    ) -> Result<(), RunError> {
        match self.0.last() {
            Some(before) => check_link(before, path, previous, period),
            None if previous.is_none() => Ok(()),
            None => Err(RunError::History {
                path: path.to_owned(),
                problem: "expected the runs before this one, which names a previous one, but found none; give each with --previous, in the order of issue".to_owned(),
            }),
        }
    }

    /// Checks every note's signature by a key of its own ledger, which is where it was when the run
    /// was made.
    ///
    /// # Errors
    ///
    /// [`RunError::History`] for a note without a valid signature; [`RunError::Ledger`] if the ledger
    /// is not there any more.
    pub fn check_signed(&self) -> Result<(), RunError> {
        for earlier in &self.0 {
            let keys: Vec<VerifierKey> = Ledger::open_readonly(&earlier.ledger)?.vkeys()?;
            earlier
                .note
                .verify(&keys)
                .map_err(|error| RunError::History {
                    path: earlier.path.join("run.note"),
                    problem: format!("{error} ({})", earlier.ledger.join("vkeys").display()),
                })?;
        }
        Ok(())
    }

    /// Plays of each recording in the runs whose periods begin at most `months` before the end of
    /// `period`; of several revisions of a period, in the last one.
    ///
    /// # Errors
    ///
    /// [`RunError::History`] if the runs do not reach so far back, though there are earlier ones.
    pub fn plays(&self, period: Period, months: u32) -> Result<BTreeMap<Isrc, u64>, RunError> {
        let since = period.months_before_end(months);
        if let Some(first) = self.0.first() {
            let is_whole = first.run.previous.is_none() || first.run.period.from() <= since;
            if months > 0 && !is_whole {
                return Err(RunError::History {
                    path: first.path.clone(),
                    problem: format!(
                        "expected runs back to {since}, as the rules look back {months} months, but found the first of them to begin at {}; give the earlier ones with --previous, too",
                        first.run.period.from()
                    ),
                });
            }
        }
        let mut periods: BTreeMap<_, &Earlier> = BTreeMap::new();
        for earlier in &self.0 {
            let own = earlier.run.period;
            if own.from() >= since && own.to() <= period.from() {
                periods.insert(own.from(), earlier);
            }
        }
        let mut plays: BTreeMap<Isrc, u64> = BTreeMap::new();
        for (isrc, count) in periods.values().flat_map(|earlier| &earlier.plays) {
            *plays.entry(*isrc).or_default() += count;
        }
        Ok(plays)
    }
}

impl Earlier {
    fn hash(&self) -> Hash {
        Hash::of(self.note.text().as_bytes())
    }
}

/// Plays of each recording by the cells table that the run's note commits to.
fn committed_plays(
    path: &std::path::Path,
    stored: &StoredRun,
) -> Result<BTreeMap<Isrc, u64>, RunError> {
    let rows = stored.table(Table::Cells);
    let tree = table_tree(rows, &stored.salts.of(Table::Cells, &[]), &Threads);
    if tree.head() != stored.run.cells {
        return Err(RunError::History {
            path: path.join("tables/cells.rows"),
            problem: format!(
                "expected the cells that run.note commits to, {} {}, but found others, {} {}",
                stored.run.cells.size,
                stored.run.cells.root,
                tree.head().size,
                tree.head().root
            ),
        });
    }
    let mut plays: BTreeMap<Isrc, u64> = BTreeMap::new();
    for cell in stored.values(Table::Cells, read_cell) {
        *plays.entry(cell.key.isrc).or_default() += cell.plays();
    }
    Ok(plays)
}

/// A run follows another if it names it, and its period is the same or follows.
fn check_link(
    before: &Earlier,
    path: &std::path::Path,
    previous: Option<Hash>,
    period: Period,
) -> Result<(), RunError> {
    let wrong = |problem: String| RunError::History {
        path: path.to_owned(),
        problem,
    };
    if previous != Some(before.hash()) {
        let found = previous.map_or_else(|| "none".to_owned(), |hash| hash.to_string());
        return Err(wrong(format!(
            "expected a run whose previous one is {} ({}), but found one whose previous is {found}; give the runs in the order of issue, each once",
            before.path.display(),
            before.hash()
        )));
    }
    let own = before.run.period;
    if period.from() > own.to() {
        return Err(wrong(format!(
            "expected a period that begins with or before the end of the one before, {}, but found {period}; a run between them is missing",
            own.to()
        )));
    }
    Ok(())
}
