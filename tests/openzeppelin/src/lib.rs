//! Our claims (`core/src/claims`) against `merkle-tree-rs` 0.1, an implementation of OpenZeppelin's
//! `StandardMerkleTree` by another hand. `cargo xtask test --openzeppelin` runs the tests.
//!
//! It is the oracle and not the engine, since it reads values from strings and panics on those that it does
//! not like, knows leaves of `address`, `uint256` and `string` only, writes a dump that OpenZeppelin's own
//! package refuses (`tree_index`, `leaf_encoding`), and brings 300 crates of a client for Ethereum nodes.
