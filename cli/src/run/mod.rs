//! A run's directory (`docs/format.md` section 10), and the work between it and a ledger.
//!
//! *In:* a closed ledger, registry, rules, pools; or a run's directory. *Out:* counted plays, stored
//! tables, bundles. *Does not know:* what is right: core decides that.

mod bundles;
mod chain;
mod count;
mod dir;
mod error;
mod spill;

pub use bundles::{Cut, cut_bundles};
pub use chain::{Accounts, RunChain};
pub use count::{Counted, count_plays};
pub use dir::{MAX_INPUT_BYTES, Meta, RunDir, StoredRun};
pub use error::RunError;

use ledgerline::statement::Executor;
use rayon::prelude::*;

/// Jobs on all threads of the pool.
#[derive(Clone, Copy, Debug, Default)]
pub struct Threads;

impl Executor for Threads {
    fn run(&self, jobs: usize, job: &(dyn Fn(usize) + Sync)) {
        (0..jobs).into_par_iter().for_each(job);
    }
}
