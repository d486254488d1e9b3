//! Ledgerline's core: from play events to royalty statements that anybody can recompute.
//!
//! It does no I/O, reads no clock, keeps no global state and never panics on input; integers only.
//! The way of the data, each module using only those above it:
//!
//! | module | from, to | answers |
//! |---|---|---|
//! | [`id`] [`money`] [`salt`] [`time`] [`wire`] | text and bytes, values | the vocabulary |
//! | [`event`] | text or columns, [`event::Event`] | what a service reports |
//! | [`record`] | `Event`, 54 canonical bytes | what is committed |
//! | [`log`] | bytes, leaf, root, checkpoint, proofs | that nothing was changed |
//! | [`registry`] | shares, tiers, licences as of a moment | who owns what |
//! | [`attribution`] | events and registry, counted plays | whose music it was |
//! | [`royalty`] | plays, pools and rules, cells, lines, holders, journal | what it earned |
//! | [`claims`] | payouts, a Keccak tree | who may claim what on a blockchain |
//! | [`statement`] | a run's tables and its note | what was declared |
//! | [`bundle`] | one holder's part with its proofs, one file | what travels |
//! | [`audit`] | re-derive, compare, explain: findings and a verdict | whether it holds |
//!
//! Formats are normative in `docs/format.md`.

pub mod id;
pub mod money;
pub mod salt;
pub mod time;
pub mod wire;

pub mod event;
pub mod record;

pub mod log;

pub mod registry;

pub mod attribution;

pub mod royalty;

pub mod claims;

pub mod statement;

pub mod bundle;

pub mod audit;
