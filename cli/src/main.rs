//! The `ledgerline` program.
fn main() {}
