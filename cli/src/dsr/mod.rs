//! DDEX Digital Sales Reports: flat files that a service sends to those it pays.
//!
//! *In:* bytes of a report, plain or gzip, of any length. *Out:* its totals, every problem with its
//! line, cell, expected and found; or a report written from usages. *Does not know:* what a rule
//! would pay.
//!
//! | module | does |
//! |---|---|
//! | [`table`] | record types and their cells, profiles and the order of their records |
//! | [`grammar`] | whether records come in an order that a profile allows |
//! | [`value`] [`decimal`] | what a cell may hold; exact decimals |
//! | [`mod@line`] | lines and cells of a file, one at a time |
//! | [`problem`] | what can be wrong, with stable codes |
//! | [`name`] | the name of a file, and what it says |
//! | [`check`] | one file, line by line; sets of files |
//! | [`totals`] | usages and revenue, in total and per ISRC |
//! | [`basic`] | Basic Audio reports, written and read back |
//!
//! Memory does not grow with the number of lines: what is kept is one line, one block, one entry
//! for each summary record and each ISRC (both bounded, see [`totals`]), and a bounded number of
//! problems and ids.
//!
//! Sources: DDEX DSR parts 1 to 10 as far as public, and the XML schemas of `ddexnet/dsrf`. Who
//! sends reports needs DDEX's (free) implementation licence.

pub mod basic;
pub mod check;
pub mod decimal;
pub mod grammar;
mod ids;
pub mod line;
pub mod name;
pub mod problem;
mod profiles;
mod records;
pub mod table;
pub mod totals;
pub mod value;

pub use check::{Checked, Checker, Limits};
pub use decimal::Decimal;
pub use problem::{Code, Problem, Severity};
