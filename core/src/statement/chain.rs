//! Runs in a chain: each takes over what the one issued before it left in the accounts.

use core::fmt;

use crate::log::Hash;
use crate::royalty::{Balance, Opening};
use crate::time::Period;

use super::note::RunNote;

/// An earlier run of the chain: what its note says, and the rows of its holders table.
#[derive(Clone, Copy, Debug)]
pub struct Earlier<'a> {
    /// Its note.
    pub run: &'a RunNote,
    /// All its accounts.
    pub balances: &'a [Balance],
}

/// The run that is to follow.
#[derive(Clone, Copy, Debug)]
pub struct Next<'a> {
    /// Origin of its log.
    pub origin: &'a str,
    /// Its period.
    pub period: Period,
    /// Its revision.
    pub revision: u32,
}

/// Why a run cannot follow the ones given.
#[derive(Clone, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub enum ChainError {
    /// A run's `previous` is not the run given before it.
    Link {
        /// The run, counted from 1.
        at: usize,
        /// Hash of the text of the run given before.
        expected: Hash,
        /// What its note has.
        found: Option<Hash>,
    },
    /// There is a run of this period and revision, or a later revision, already.
    Twice {
        /// The revision found.
        found: u32,
    },
    /// A revision without the run that it replaces.
    NothingReplaced {
        /// The revision that is missing.
        revision: u32,
    },
    /// Periods of two runs overlap.
    Overlap {
        /// The other period.
        found: Period,
    },
}

impl fmt::Display for ChainError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Link {
                at,
                expected,
                found,
            } => {
                let found = found.map_or("-".to_owned(), |hash| hash.to_string());
                write!(
                    f,
                    "earlier run {at}: expected `previous {expected}`, the run given before it, but \
                     found `previous {found}`: give the runs in the order in which they were issued, \
                     none left out"
                )
            }
            Self::Twice { found } => write!(
                f,
                "expected the first run of this period and revision, but found revision {found} of \
                 it among the earlier runs: a correction has the next revision"
            ),
            Self::NothingReplaced { revision } => write!(
                f,
                "expected revision {revision} of this period among the earlier runs, which this \
                 run replaces, but found none: give it and all runs issued since"
            ),
            Self::Overlap { found } => write!(
                f,
                "expected a period that overlaps with no other, but found an earlier run for {found}"
            ),
        }
    }
}

impl core::error::Error for ChainError {}

/// What `earlier` runs, oldest first, leave to the `next` one: the hash for its `previous` line, and
/// what it opens its accounts with.
///
/// The chain is in the order of issue. The run issued before gives what it carried forward. A
/// revision also takes back what the revision that it replaces had credited, however many runs were
/// issued between: the difference is the adjustment. `earlier` may leave out the chain's beginning,
/// though not the run that is replaced.
///
/// # Errors
///
/// [`ChainError`].
///
/// # Does not prove
///
/// That the earlier runs are right or signed, or that the next one is the only one to follow them.
pub fn opening(
    next: Next<'_>,
    earlier: &[Earlier<'_>],
) -> Result<(Option<Hash>, Opening), ChainError> {
    check_links(earlier)?;
    let of_period =
        |one: &&Earlier<'_>| (one.run.period, &*one.run.origin) == (next.period, next.origin);
    let same: Vec<&Earlier<'_>> = earlier.iter().filter(of_period).collect();
    let mut others = earlier.iter().filter(|one| !of_period(one));
    if let Some(other) = others.find(|one| overlap(one.run.period, next.period)) {
        let found = other.run.period;
        return Err(ChainError::Overlap { found });
    }
    if let Some(later) = same.iter().find(|one| one.run.revision >= next.revision) {
        let found = later.run.revision;
        return Err(ChainError::Twice { found });
    }
    let mut opening = Opening::default();
    if let Some(revision) = next.revision.checked_sub(1) {
        let replaced = same.iter().find(|one| one.run.revision == revision);
        let replaced = replaced.ok_or(ChainError::NothingReplaced { revision })?;
        let earned = |b: &Balance| ((b.party, b.currency), b.earned);
        opening.replaced = replaced.balances.iter().map(earned).collect();
    }
    let Some(last) = earlier.last() else {
        return Ok((None, opening));
    };
    let carried = |b: &Balance| ((b.party, b.currency), b.carried_forward);
    opening.brought_forward = last.balances.iter().map(carried).collect();
    Ok((Some(hash_of(last.run)), opening))
}

fn check_links(earlier: &[Earlier<'_>]) -> Result<(), ChainError> {
    for ((at, one), before) in (2..).zip(earlier.iter().skip(1)).zip(earlier) {
        let (expected, found) = (hash_of(before.run), one.run.previous);
        if found != Some(expected) {
            return Err(ChainError::Link {
                at,
                expected,
                found,
            });
        }
    }
    Ok(())
}

/// What a run's successor has in its `previous` line.
fn hash_of(run: &RunNote) -> Hash {
    Hash::of(run.to_string().as_bytes())
}

fn overlap(a: Period, b: Period) -> bool {
    a.from() < b.to() && b.from() < a.to()
}
