//! What the program and its ledger do, from outside: one test binary, as linking each file for itself
//! would take longer than running it.

mod common;
mod served;

mod chain;
mod contradiction;
mod cosign;
mod crash_points;
mod dsr;
mod fsck;
mod ingest;
mod keys;
#[cfg(unix)]
mod kill;
mod ledger;
mod models;
mod publish_crash;
mod receipt;
mod registry;
mod registry_domain;
mod tiles;
mod verify_log;
mod witness;
mod witness_crash;
