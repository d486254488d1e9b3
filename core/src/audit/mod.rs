//! Whether it holds: every claim of a bundle or a run re-derived, compared and explained.
//!
//! *In:* bytes from strangers, trusted keys, or a run beside its own derivation. *Out:* a [`Report`] with a
//! verdict. *Does not know:* files, keys that the material itself brings along.
//!
//! Three kinds of trouble stay apart: bytes that are not what they should be are errors of the
//! caller's input; evidence that contradicts is a finding; what could not be looked at is skipped.

mod bundle;
mod checker;
mod consistency;
mod given;
mod heads;
mod money;
mod notes;
mod plays;
mod proof;
mod report;
mod run;
mod signals;
mod signed;
mod trust;
mod view;
mod weights;
mod words;

pub use bundle::verify_bundle;
pub use consistency::{ConsistencyEvidence, PairError, verify_pair};
pub use given::{Given, GivenError, Reading, Readings};
pub use heads::{Comparisons, LoggedHead, comparisons};
pub use notes::{verify_checkpoint, verify_run_note};
pub use proof::{EventView, verify_proof};
pub use report::{
    Check, Finding, Report, RunTotals, Rung, Severity, Status, Subject, Summary, Verdict,
};
pub use run::{EarlierRun, RunEvidence, SegmentCheck, audit_run};
pub use signals::signal_findings;
pub use trust::{RootsError, Trust, read_keys};
pub use view::{BundleTotals, Day, LineView, MoneyView, Track};

/// Called now and then with work done, work in all, and what is being done.
pub type Progress<'a> = &'a mut dyn FnMut(u64, u64, &'static str);
