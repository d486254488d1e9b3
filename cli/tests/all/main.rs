//! What the program and its ledger do, from outside: one test binary, as linking each file for itself
//! would take longer than running it.

mod common;
mod served;

mod contradiction;
mod cosign;
mod crash_points;
mod fsck;
mod ingest;
mod keys;
#[cfg(unix)]
mod kill;
mod ledger;
mod publish_crash;
mod receipt;
mod registry;
mod tiles;
mod verify_log;
mod witness;
mod witness_crash;
