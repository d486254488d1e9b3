//! Collects checks and findings and draws the verdict from them.

use super::report::{Check, Finding, Report, Rung, Severity, Status, Subject, Summary, Verdict};
use super::signed::QUORUM;
use super::words::{Facts, headline, ladder, unwitnessed};

/// At most this many findings of one failed check are listed; the check's detail counts all.
const LISTED: usize = 20;

/// Checks and findings so far.
#[derive(Debug, Default)]
pub(super) struct Checker {
    checks: Vec<Check>,
    findings: Vec<Finding>,
    /// What of the model only somebody who sees all plays can check.
    unseen: &'static str,
}

/// What contradicts, in the course of one check.
#[derive(Debug, Default)]
pub(super) struct Problems {
    listed: Vec<Finding>,
    count: u64,
}

impl Problems {
    /// Adds one; `make` is called only while there is room.
    pub(super) fn add(&mut self, make: impl FnOnce() -> Finding) {
        if self.listed.len() < LISTED {
            self.listed.push(make());
        }
        self.count = self.count.saturating_add(1);
    }

    /// How many there are.
    #[cfg(test)]
    pub(super) const fn count(&self) -> u64 {
        self.count
    }

    /// Adds one if it does not hold.
    pub(super) fn require(&mut self, holds: bool, make: impl FnOnce() -> Finding) {
        if !holds {
            self.add(make);
        }
    }
}

impl Checker {
    /// A check that looked for problems.
    pub(super) fn conclude(
        &mut self,
        id: &'static str,
        rung: u8,
        passed: impl Into<String>,
        problems: Problems,
    ) {
        let status = if problems.count == 0 {
            Status::Pass
        } else {
            Status::Fail
        };
        let detail = match problems.listed.first() {
            None => passed.into(),
            Some(first) if problems.count == 1 => first.detail.clone(),
            Some(first) => format!("{} ({} problems in all)", first.detail, problems.count),
        };
        self.checks.push(Check {
            id,
            rung,
            status,
            detail,
        });
        self.findings.extend(problems.listed);
    }

    /// A check with at most one problem.
    pub(super) fn single(
        &mut self,
        id: &'static str,
        rung: u8,
        passed: impl Into<String>,
        problem: Option<Finding>,
    ) {
        let mut problems = Problems::default();
        if let Some(problem) = problem {
            problems.add(|| problem);
        }
        self.conclude(id, rung, passed, problems);
    }

    /// A required check that could not be made.
    pub(super) fn skip(&mut self, id: &'static str, rung: u8, why: impl Into<String>) {
        self.checks.push(Check {
            id,
            rung,
            status: Status::Skip,
            detail: why.into(),
        });
    }

    /// Something worth knowing that contradicts nothing.
    pub(super) fn note(&mut self, finding: Finding) {
        self.findings.push(finding);
    }

    /// Says what the third rung leaves open under the run's model; nothing if it is empty.
    pub(super) const fn leave_open(&mut self, unseen: &'static str) {
        self.unseen = unseen;
    }

    /// The report.
    pub(super) fn finish(mut self, subject: Subject, totals: Summary) -> Report {
        let status = |rung: u8| {
            let of = || self.checks.iter().filter(|check| check.rung == rung);
            if of().any(|check| check.status == Status::Fail) {
                Status::Fail
            } else if of().next().is_none() || of().any(|check| check.status == Status::Skip) {
                Status::Skip
            } else {
                Status::Pass
            }
        };
        let any = |wanted| self.checks.iter().any(|check| check.status == wanted);
        let facts = Facts {
            failed: self
                .checks
                .iter()
                .filter(|c| c.status == Status::Fail)
                .count(),
            attested: status(4) == Status::Pass,
            signed: subject.signer.is_some(),
            quorum: self
                .checks
                .iter()
                .find(|c| c.id == QUORUM)
                .map(|c| c.status),
        };
        let ladder: Vec<Rung> = (1..)
            .zip(ladder(subject.kind, facts.signed, facts.quorum))
            .map(|(rung, words)| Rung {
                rung,
                title: words.title,
                status: status(rung),
                says: words.says(status(rung)),
                does_not_prove: match (rung, words.does_not_prove) {
                    (1, "") => unwitnessed(facts.quorum).to_owned(),
                    (1, more) => format!("{} {more}", unwitnessed(facts.quorum)),
                    (3, words) if !self.unseen.is_empty() => {
                        format!("{words} Nor {}: only the next step shows it.", self.unseen)
                    }
                    (_, words) => words.to_owned(),
                },
            })
            .collect();
        let grave = self.findings.iter().any(|f| f.severity == Severity::Error);
        let verdict = if any(Status::Fail) || grave {
            Verdict::Disputed
        } else if any(Status::Skip) || self.checks.is_empty() {
            Verdict::Incomplete
        } else {
            Verdict::Verified
        };
        let headline = headline(subject.kind, verdict, &facts);
        self.checks.sort_by_key(|check| check.rung);
        self.findings
            .sort_by(|a, b| (a.severity, a.code, &a.place).cmp(&(b.severity, b.code, &b.place)));
        Report {
            format: "ledgerline-report/1",
            subject,
            verdict,
            headline,
            ladder,
            checks: self.checks,
            findings: self.findings,
            totals,
        }
    }
}
