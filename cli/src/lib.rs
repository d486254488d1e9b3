//! The `ledgerline` program's parts: everything that touches files, databases and the terminal.
//!
//! | module | does |
//! |---|---|
//! | [`args`] [`commands`] | the command line, one file for each command |
//! | [`ui`] [`error`] | the terminal; what makes a command fail, and its exit code |
//! | [`simulate`] | synthetic telemetry with its own ground truth |
//! | [`ledger`] | the ledger's directory: durable append, segments, tiles, checkpoints |
//! | [`ingest`] | events from NDJSON, CSV, Parquet and Arrow |
//! | [`registry_db`] | who owns what, in SQLite |
//! | [`run`] | a run's directory: counting the log, storing tables, cutting bundles |
//! | [`cosign`] | asking witnesses for cosignatures |
//! | [`witness`] | a witness of logs: its directory, its decisions made durable, its server |
//! | [`dsr`] | DDEX sales reports: reading, checking, writing |
//! | [`received`] | lines of sales reports and of distributors' tables, in one form |
//! | [`export`] | a run as CSV, Parquet, pages, a journal, a sales report and a tree of claims |
//! | [`csv_file`] [`guard`] [`clock`] | strict CSV; panics of file decoders become messages; the time |
//! | [`secret`] | random bytes for secrets, and who can read their files |
#![allow(
    clippy::arithmetic_side_effects,
    reason = "overflow-checks are on in every profile, and a panic here is not one of core's"
)]

pub mod args;
pub mod clock;
pub mod commands;
pub mod cosign;
pub mod csv_file;
pub mod dsr;
pub mod error;
pub mod export;
pub mod guard;
pub mod ingest;
pub mod ledger;
pub mod received;
pub mod registry_db;
pub mod run;
pub mod secret;
pub mod simulate;
pub mod ui;
pub mod witness;
