//! Whether it holds: every claim of a bundle or a run re-derived, compared and explained.
//!
//! *In:* bytes from strangers, trusted keys, or a run beside its own derivation. *Out:* a [`Report`] with a
//! verdict. *Does not know:* files, keys that the material itself brings along.
//!
//! Three kinds of trouble stay apart: bytes that are not what they should be are errors of the
//! caller's input; evidence that contradicts is a finding; what could not be looked at is skipped.

mod bundle;
mod checker;
mod money;
mod notes;
mod plays;
mod report;
mod run;
mod signed;
mod view;
mod words;

pub use bundle::verify_bundle;
pub use notes::{verify_checkpoint, verify_run_note};
pub use report::{
    Check, Finding, Report, RunTotals, Rung, Severity, Status, Subject, Summary, Verdict,
};
pub use run::{RunEvidence, SegmentCheck, audit_run};
pub use view::{BundleTotals, Day, LineView, MoneyView, Track};

use crate::bundle::Nonce;
use crate::log::VerifierKey;

/// Whom the reader trusts; never taken from what is verified.
#[derive(Clone, Debug, Default)]
pub struct Trust {
    /// The operator's key.
    pub key: Option<VerifierKey>,
    /// Keys of auditors, one of whose signatures is asked for; none = not asked.
    pub auditors: Vec<VerifierKey>,
    /// The nonce that a holder sent for the sample of their bundle; `None` = none was sent.
    pub nonce: Option<Nonce>,
}

/// Called now and then with work done, work in all, and what is being done.
pub type Progress<'a> = &'a mut dyn FnMut(u64, u64, &'static str);
