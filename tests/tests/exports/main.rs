//! Exports are what others take them for: hledger balances the journal, OpenZeppelin's package rebuilds the
//! tree of claims, pages are text; and signals are the same wherever they are shown.
//!
//! Where hledger, Node or the package is absent those tests are skipped, and say so; `cargo xtask test`
//! installs them.
#![allow(
    clippy::arithmetic_side_effects,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "tests"
)]

mod hledger;
mod html;
mod openzeppelin;
mod signals;
mod world;
