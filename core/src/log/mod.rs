//! The transparency log: that nothing was changed.
//!
//! In: leaf data as bytes; hashes, proofs and signed notes that strangers send.
//! Out: roots, proofs and their verification, checkpoints, tile paths.
//! Does not know: what a leaf means, where bytes are kept, what time it is, whom to trust.
//!
//! Formats are C2SP's (signed-note, tlog-checkpoint, tlog-cosignature, tlog-policy, tlog-proof,
//! tlog-tiles, tlog-witness) and RFC 6962's tree, so that this folder can be checked against foreign
//! vectors alone. Only the opening proof is our own; see
//! `docs/format.md`, section 3.

mod checkpoint;
mod cosigner;
mod entry_bundle;
mod hash;
mod key;
mod note;
pub mod opening;
mod policy;
mod proof;
mod scheme;
mod subtree;
mod tile;
mod tile_tree;
mod tlog_proof;
mod tree;
mod witness;

pub use checkpoint::{Checkpoint, CheckpointError, RESERVED_ORIGIN};
pub use cosigner::{CosignError, CosigningKey};
pub use entry_bundle::{EntryBundle, EntryBundleError, push_entry, verify_entries};
pub use hash::{Hash, HashError};
pub use key::{KeyError, KeyName, SigningKey, VerifierKey};
pub use note::{MAX_NOTE_BYTES, MAX_SIGNATURES, Note, NoteError, NoteSignature};
pub use opening::OpeningError;
pub use policy::{
    Examined, LineProblem, MAX_POLICY_BYTES, Policy, PolicyError, PolicyLog, PolicyWitness,
};
pub use proof::{
    LeafIndex, ProofError, prove_consistency, prove_inclusion, verify_consistency, verify_inclusion,
};
pub use scheme::{SignatureType, ed25519_verify, ml_dsa44_verify};
pub use subtree::{
    Subtree, SubtreeError, prove_subtree_consistency, prove_subtree_inclusion,
    verify_subtree_consistency, verify_subtree_inclusion,
};
pub use tile::{Tile, TileError};
pub use tile_tree::{
    TileHashes, TileReadError, TileSource, TileTreeError, read_consistency, read_inclusion,
    read_subtrees, tiles_of_subtrees,
};
pub use tlog_proof::{MAX_EXTRA_BYTES, TlogProof, TlogProofError};
pub use tree::{
    BASE_LEAVES, BASE_LEVEL, HashTree, HashTreeBuilder, TreeBuilder, TreeError, TreeHead, root_of,
};
pub use witness::{
    AddCheckpoint, MAX_PROOF_LINES, MAX_REQUEST_BYTES, Refusal, RequestError, SignSubtree,
    SubtreeRefusal, WitnessedLog,
};
