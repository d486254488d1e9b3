//! Runs issued before another: their notes and accounts, without their other tables.

use std::path::PathBuf;

use ledgerline::audit::EarlierRun;
use ledgerline::log::{Hash, Note, TreeHead};
use ledgerline::royalty::{Balance, Opening};
use ledgerline::statement::{ChainError, Earlier, Next, RunNote, opening};

use super::dir::RunDir;
use super::error::RunError;

/// The accounts of an earlier run as stored; its table is hashed, its signature not looked at.
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

    /// Refuses a run whose accounts are not those that its note commits to.
    ///
    /// # Errors
    ///
    /// [`RunError::Damaged`].
    pub fn check_tables(&self) -> Result<(), RunError> {
        let damaged = self.0.iter().find(|one| one.holders != one.run.holders);
        let Some(one) = damaged else { return Ok(()) };
        Err(RunError::Damaged {
            path: PathBuf::from(&one.name),
            problem: format!(
                "expected accounts with the root {} that its note commits to, but found {}",
                one.run.holders.root, one.holders.root
            ),
        })
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
        });
        evidence.collect()
    }

    /// Whether no run was given.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}
