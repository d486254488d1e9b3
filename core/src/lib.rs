//! Ledgerline's core: from play events to royalty statements that anybody can recompute.
//!
//! It does no I/O, reads no clock, keeps no global state and never panics on input; integers only.
//! The way of the data, each module using only those above it:
//!
//! | module | from, to | answers |
//! |---|---|---|
//! | [`id`] [`money`] [`salt`] [`time`] [`wire`] | text and bytes, values | the vocabulary |
//! | [`event`] | text or columns, `Event` | what a service reports |
//! | [`record`] | `Event`, 54 canonical bytes | what is committed |
//!
//! Formats are normative in `docs/format.md`.

pub mod id;
pub mod money;
pub mod salt;
pub mod time;
pub mod wire;

pub mod attribution;
pub mod event;
pub mod record;
pub mod registry;
pub mod royalty;
pub mod statement;
