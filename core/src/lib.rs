//! core

pub mod log;
