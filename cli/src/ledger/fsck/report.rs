//! What a check of a ledger found.

use std::fmt;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use ledgerline::audit::{Status, Verdict};
use ledgerline::log::TreeHead;
use serde::Serialize;

use super::super::durable::FileError;
use super::super::error::{LedgerError, SegmentProblem};

/// Damages that are listed; the first is what counts.
const LISTED: usize = 100;

/// One damaged place.
#[derive(Clone, Debug, Eq, PartialEq, Serialize)]
pub struct Damage {
    /// The file, relative to the ledger.
    pub file: String,
    /// Line, row, hash, entry or byte in it, if there is one place.
    pub at: Option<String>,
    /// What must be there.
    pub expected: String,
    /// What is there.
    pub found: String,
}

impl fmt::Display for Damage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.file)?;
        if let Some(at) = &self.at {
            write!(f, ": {at}")?;
        }
        write!(f, ": expected {}, but found {}", self.expected, self.found)
    }
}

/// One kind of check, over all files that it concerns.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct FsckCheck {
    /// Its name: `segments`, `tiles`...
    pub id: &'static str,
    /// Whether it passed; skipped if it could not be done in full.
    pub status: Status,
    /// What was checked, with counts, or why it was not.
    pub detail: String,
}

/// What `fsck` found.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct FsckReport {
    /// The ledger's directory.
    pub subject: String,
    /// The log's origin, if `ledger.toml` could be read.
    pub origin: Option<String>,
    /// Events that were hashed.
    pub events: u64,
    /// The newest stored checkpoint.
    pub head: Option<TreeHead>,
    /// The checks, in the order of the way from events to checkpoints.
    pub checks: Vec<FsckCheck>,
    /// The first hundred damages, in the same order.
    pub damage: Vec<Damage>,
    /// How many damages there are.
    pub damages: u64,
    /// The file with a witness's proof of another history of this log, relative to the ledger, if there
    /// is one. However whole the ledger is, the log is contradicted.
    pub contradiction: Option<String>,
    /// What is no damage but should be known: traces of a crash, files that do not belong there.
    pub warnings: Vec<String>,
}

impl FsckReport {
    /// Disputed if anything is damaged or a witness contradicts the log, else incomplete if anything
    /// could not be checked.
    #[must_use]
    pub fn verdict(&self) -> Verdict {
        if self.damages > 0 || self.contradiction.is_some() {
            Verdict::Disputed
        } else if self.checks.iter().any(|check| check.status == Status::Skip) {
            Verdict::Incomplete
        } else {
            Verdict::Verified
        }
    }
}

/// Collects findings while the checks go on.
pub(super) struct Findings {
    root: PathBuf,
    pub(super) damage: Vec<Damage>,
    pub(super) damages: u64,
    pub(super) warnings: Vec<String>,
    contradiction: Option<String>,
    checks: Vec<FsckCheck>,
    /// Damages when the check that is going on began.
    before: u64,
}

impl Findings {
    pub(super) fn new(root: &Path) -> Self {
        Self {
            root: root.to_owned(),
            damage: Vec::new(),
            damages: 0,
            warnings: Vec::new(),
            contradiction: None,
            checks: Vec::new(),
            before: 0,
        }
    }

    /// The path of a file, relative to the ledger, with `/` between its parts.
    pub(super) fn name(&self, path: &Path) -> String {
        let inside = path.strip_prefix(&self.root).unwrap_or(path);
        let parts = inside.iter().map(|part| part.to_string_lossy());
        parts.collect::<Vec<_>>().join("/")
    }

    pub(super) fn add(&mut self, damage: Damage) {
        self.damages += 1;
        if self.damage.len() < LISTED {
            self.damage.push(damage);
        }
    }

    pub(super) fn damaged(
        &mut self,
        path: &Path,
        at: Option<String>,
        expected: impl Into<String>,
        found: impl Into<String>,
    ) {
        let file = self.name(path);
        self.add(Damage {
            file,
            at,
            expected: expected.into(),
            found: found.into(),
        });
    }

    pub(super) fn warn(&mut self, path: &Path, words: &str) {
        let warning = format!("{}: {words}", self.name(path));
        self.warnings.push(warning);
    }

    /// A check that fails without any damage: this file holds a witness's proof of another history.
    pub(super) fn contradicted(&mut self, path: &Path) {
        let name = self.name(path);
        self.checks.push(FsckCheck {
            id: "contradiction",
            status: Status::Fail,
            detail: format!(
                "{name}: a witness has proved another history of this log; while this file is here no \
                 events are taken and nothing is signed or served; it says what to compare"
            ),
        });
        self.contradiction = Some(name);
    }

    /// Ends a check: it failed if it added damage. `skipped` says what it could not do.
    pub(super) fn done(&mut self, id: &'static str, detail: String, skipped: Option<String>) {
        let failed = self.damages - self.before;
        self.before = self.damages;
        let (status, detail) = match skipped {
            _ if failed == 1 => (Status::Fail, format!("{detail}; 1 damaged place")),
            _ if failed > 0 => (Status::Fail, format!("{detail}; {failed} damaged places")),
            Some(why) => (Status::Skip, format!("{detail}; {why}")),
            None => (Status::Pass, detail),
        };
        self.checks.push(FsckCheck { id, status, detail });
    }

    /// Takes an error for the damage that it is.
    ///
    /// # Errors
    ///
    /// The error itself if it says nothing about the files: we may not read them.
    pub(super) fn absorb(&mut self, error: LedgerError) -> Result<(), LedgerError> {
        let damage = damage_of(error, |path| self.name(path))?;
        self.add(damage);
        Ok(())
    }

    pub(super) fn finish(
        self,
        origin: Option<String>,
        events: u64,
        head: Option<TreeHead>,
    ) -> FsckReport {
        FsckReport {
            subject: self.root.display().to_string(),
            origin,
            events,
            head,
            checks: self.checks,
            damage: self.damage,
            damages: self.damages,
            contradiction: self.contradiction,
            warnings: self.warnings,
        }
    }
}

/// The damage that an error reports.
pub(super) fn damage_of(
    error: LedgerError,
    name: impl Fn(&Path) -> String,
) -> Result<Damage, LedgerError> {
    Ok(match error {
        LedgerError::File(error) => {
            if error.error.kind() == ErrorKind::PermissionDenied {
                return Err(error.into());
            }
            let found = match &error {
                error if error.is_not_found() => "no such file".to_owned(),
                FileError { doing, error, .. } => format!("that one cannot {doing} it: {error}"),
            };
            Damage {
                file: name(&error.path),
                at: None,
                expected: "this file".to_owned(),
                found,
            }
        }
        LedgerError::NoSecret { path } => Damage {
            file: name(&path),
            at: None,
            expected: "this file".to_owned(),
            found: "no such file".to_owned(),
        },
        LedgerError::Damaged {
            path,
            at,
            expected,
            found,
        } => Damage {
            file: name(&path),
            at,
            expected,
            found,
        },
        LedgerError::Checkpoint { path, error } => Damage {
            file: name(&path),
            at: None,
            expected: "a checkpoint of this log, signed by its key".to_owned(),
            found: format!("another note: {error}"),
        },
        LedgerError::Segment { path, problem, .. } => {
            let (at, expected, found) = of_problem(problem);
            Damage {
                file: name(&path),
                at,
                expected,
                found,
            }
        }
        other => return Err(other),
    })
}

/// Place, expected, found.
pub(super) fn of_problem(problem: SegmentProblem) -> (Option<String>, String, String) {
    match problem {
        SegmentProblem::Sha256 { expected, found } => {
            (None, format!("the SHA-256 {expected} of SHA256SUMS"), found)
        }
        SegmentProblem::Parquet(found) => (None, "a Parquet file".to_owned(), found),
        SegmentProblem::Schema { expected, found } => {
            (None, format!("the columns {expected}"), found)
        }
        SegmentProblem::Rows { expected, found } => {
            (None, format!("{expected} rows"), found.to_string())
        }
        SegmentProblem::Value {
            row,
            column,
            expected,
            found,
        } => (
            Some(format!("row {row}, column {column}")),
            expected.to_owned(),
            found,
        ),
        SegmentProblem::NoSaltKey => (
            None,
            "its key in segments/salt-keys".to_owned(),
            "none".to_owned(),
        ),
    }
}
