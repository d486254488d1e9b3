//! Runs issued before another: their notes, accounts, and how often each recording was played.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use ledgerline::audit::EarlierRun;
use ledgerline::id::Isrc;
use ledgerline::log::{Hash, Note, TreeHead};
use ledgerline::royalty::{Balance, Opening};
use ledgerline::statement::{ChainError, Earlier, Next, RunNote, opening};
use ledgerline::time::Period;

use super::dir::RunDir;
use super::error::RunError;
use crate::ledger::Ledger;

/// What later runs need of an earlier one; its tables are hashed, its signature is not looked at.
#[derive(Debug)]
pub struct Accounts {
    /// The folder's name.
    pub name: String,
    /// The signed note.
    pub note: Note,
    /// What it says.
    pub run: RunNote,
    /// By party, currency.
    pub balances: Vec<Balance>,
    /// Size and root of the holders table as stored.
    pub holders: TreeHead,
    /// Plays of each recording by its cells.
    pub plays: BTreeMap<Isrc, u64>,
    /// Size and root of the cells table as stored.
    pub cells: TreeHead,
    /// Where its ledger was when it was made.
    pub ledger: PathBuf,
}

/// Runs issued before another, oldest first.
#[derive(Debug, Default)]
pub struct RunChain(Vec<Accounts>);

impl RunChain {
    /// Reads the runs at `paths`, in the order of issue.
    ///
    /// # Errors
    ///
    /// [`RunError`] for the first file that is absent or malformed.
    pub fn read(paths: &[PathBuf]) -> Result<Self, RunError> {
        let runs = paths.iter().map(|path| RunDir::new(path).accounts());
        runs.collect::<Result<_, _>>().map(Self)
    }

    /// Refuses a run whose accounts or cells are not those that its note commits to.
    ///
    /// # Errors
    ///
    /// [`RunError::Damaged`].
    pub fn check_tables(&self) -> Result<(), RunError> {
        for one in &self.0 {
            for (what, found, expected) in [
                ("accounts", one.holders, one.run.holders),
                ("cells", one.cells, one.run.cells),
            ] {
                if found != expected {
                    return Err(RunError::Damaged {
                        path: PathBuf::from(&one.name),
                        problem: format!(
                            "expected {what} with the root {} that its note commits to, but found {}",
                            expected.root, found.root
                        ),
                    });
                }
            }
        }
        Ok(())
    }

    /// Checks every note's signature by a key of its own ledger, which is where it was when the run
    /// was made.
    ///
    /// # Errors
    ///
    /// [`RunError::Damaged`] for a note without a valid signature; [`RunError::Ledger`] if the ledger
    /// is not there any more.
    pub fn check_signed(&self) -> Result<(), RunError> {
        for one in &self.0 {
            let keys = Ledger::open_readonly(&one.ledger)?.vkeys()?;
            one.note.verify(&keys).map_err(|error| RunError::Damaged {
                path: Path::new(&one.name).join("run.note"),
                problem: format!("{error} ({})", one.ledger.join("vkeys").display()),
            })?;
        }
        Ok(())
    }

    /// Plays of each recording in the runs whose periods begin at most `months` before the end of
    /// `period` and end before it begins; of several revisions of a period, in the last one.
    ///
    /// # Errors
    ///
    /// [`RunError::TooShort`] if the runs do not reach so far back, though there are earlier ones, or
    /// leave out a time in between.
    pub fn plays(&self, period: Period, months: u32) -> Result<BTreeMap<Isrc, u64>, RunError> {
        let since = period.months_before_end(months);
        if let Some(first) = self.0.first() {
            let from = first.run.period.from();
            if months > 0 && first.run.previous.is_some() && from > since {
                return Err(RunError::TooShort {
                    path: PathBuf::from(&first.name),
                    problem: format!(
                        "expected runs back to {since}, as the rules look back {months} months, but \
                         found the first of them to begin at {from}; give the earlier ones with \
                         --previous, too"
                    ),
                });
            }
        }
        let mut periods: BTreeMap<_, &Accounts> = BTreeMap::new();
        for one in &self.0 {
            let own = one.run.period;
            if own.from() >= since && own.to() <= period.from() {
                periods.insert(own.from(), one);
            }
        }
        let begins = periods.keys().copied().skip(1).chain([period.from()]);
        for (one, next) in periods.values().zip(begins) {
            let end = one.run.period.to();
            if end != next {
                return Err(RunError::TooShort {
                    path: PathBuf::from(&one.name),
                    problem: format!(
                        "expected a run that begins at {end}, where this one ends, as the rules look \
                         back {months} months, but found the next to begin at {next}; a run between \
                         them is missing"
                    ),
                });
            }
        }
        let mut plays: BTreeMap<Isrc, u64> = BTreeMap::new();
        for (isrc, count) in periods.values().flat_map(|one| &one.plays) {
            *plays.entry(*isrc).or_default() += count;
        }
        Ok(plays)
    }

    /// What these runs leave to `next`, see [`opening`].
    ///
    /// # Errors
    ///
    /// [`ChainError`].
    pub fn opening(&self, next: Next<'_>) -> Result<(Option<Hash>, Opening), ChainError> {
        let earlier = self.0.iter().map(|one| Earlier {
            run: &one.run,
            balances: &one.balances,
        });
        let earlier: Vec<Earlier<'_>> = earlier.collect();
        opening(next, &earlier)
    }

    /// The runs as an audit takes them.
    #[must_use]
    pub fn evidence(&self) -> Vec<EarlierRun<'_>> {
        let evidence = self.0.iter().map(|one| EarlierRun {
            name: &one.name,
            note: &one.note,
            run: &one.run,
            holders: one.holders,
            cells: one.cells,
        });
        evidence.collect()
    }

    /// Whether no run was given.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}
