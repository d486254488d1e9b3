//! Outside programs agree with ours: each test has somebody else's library or program, run from its Go
//! module, read, verify or cosign what the real `ledgerline` wrote, or has ours do that to theirs.
//!
//! Where `go` is absent they are skipped, and say so. Nothing of Go is ever needed by a user.
#![allow(
    clippy::arithmetic_side_effects,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "tests"
)]

mod go;
mod policies;
mod readers;
mod witnesses;
mod world;
