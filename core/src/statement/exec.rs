//! Independent pieces of work, run one after the other or at the same time.

use std::sync::OnceLock;

/// Runs `job(0)` to `job(jobs - 1)`, each once, in any order, and returns when all are done.
///
/// Results never depend on the order, so an executor decides about time only.
pub trait Executor: Sync {
    /// Runs all jobs.
    fn run(&self, jobs: usize, job: &(dyn Fn(usize) + Sync));
}

/// One after the other, for places without threads.
#[derive(Clone, Copy, Debug, Default)]
pub struct Sequential;

impl Executor for Sequential {
    fn run(&self, jobs: usize, job: &(dyn Fn(usize) + Sync)) {
        (0..jobs).for_each(job);
    }
}

/// The results of all jobs, by number.
pub fn collect<T: Send + Sync>(
    exec: &dyn Executor,
    jobs: usize,
    job: impl Fn(usize) -> T + Sync,
) -> Vec<T> {
    let slots: Vec<OnceLock<T>> = (0..jobs).map(|_| OnceLock::new()).collect();
    exec.run(jobs, &|number| {
        if let Some(slot) = slots.get(number) {
            slot.get_or_init(|| job(number));
        }
    });
    slots.into_iter().filter_map(OnceLock::into_inner).collect()
}
