//! What travels: one holder's part of a run with its proofs, in one file.
//!
//! *In:* a run's tables and event records; or a file's bytes. *Out:* the one encoding of a bundle; or its parts,
//! readable but not yet checked. *Does not know:* whether anything in it is true (see [`crate::audit`]).
//! Source: `docs/format.md` section 11.

mod build;
mod container;
mod events;
mod read;
mod scope;
mod slice;

use core::fmt;

use crate::log::{CheckpointError, NoteError, OpeningError};
use crate::royalty::{PoolsError, RulesError};
use crate::statement::{RunNoteError, Table};
use crate::wire::WireError;

pub(crate) use build::scope_keys;
pub use build::{Draft, Request, RunTables};
pub use container::{ENTRIES, FORMAT, looks_like_bundle, pieces, read_entries};
pub use events::{OpenedPlay, Openings};
pub use read::Bundle;
pub use scope::{Evidence, Nonce, NonceError, Scope, sample};
pub use slice::{Boundary, KeyRange, Slice, SliceError};

/// Why bytes are not a bundle, or a bundle cannot be made.
#[derive(Clone, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub enum BundleError {
    /// Not a ZIP archive at all.
    NotZip,
    /// A ZIP archive, but not the one form of a bundle.
    Container {
        /// Offset of the first byte that differs.
        at: u64,
        /// What stands there in a bundle.
        expected: &'static str,
    },
    /// A bundle of another version.
    Version {
        /// Its format line, cut to 40 characters.
        found: String,
    },
    /// An entry's CRC-32 does not fit its bytes.
    Crc {
        /// Which entry.
        entry: &'static str,
    },
    /// An entry is not readable.
    Entry {
        /// Which entry.
        entry: &'static str,
        /// What is wrong, and where in the entry.
        error: WireError,
    },
    /// The run note or the checkpoint is no signed note.
    Note {
        /// Which entry.
        entry: &'static str,
        /// What is wrong.
        error: NoteError,
    },
    /// The run note's text is none.
    RunNote(RunNoteError),
    /// The checkpoint's text is none.
    Checkpoint(CheckpointError),
    /// The rules are not readable.
    Rules(RulesError),
    /// The pools are not readable.
    Pools(PoolsError),
    /// The holder has neither shares nor an account in this run.
    NoHolder {
        /// The party number.
        party: String,
    },
    /// Positions to open are not in the tree.
    Opening(OpeningError),
    /// The run's tables do not fit each other.
    Tables {
        /// Which table.
        table: Table,
    },
    /// The bundle would be 4 GiB or more.
    TooLarge,
}

impl fmt::Display for BundleError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotZip => f.write_str(
                "expected a Ledgerline bundle (*.llb), a ZIP archive that starts with `PK`, but found other bytes",
            ),
            Self::Container { at, expected } => write!(
                f,
                "bundle: expected {expected}, but found other bytes at byte {at}; the file was changed or is not a bundle"
            ),
            Self::Version { found } => write!(
                f,
                "bundle: expected format ledgerline-bundle/1, but found {found:?}; another version of this program may read it"
            ),
            Self::Crc { entry } => write!(
                f,
                "bundle: expected the CRC-32 that entry `{entry}` states, but found another; the file was damaged or changed"
            ),
            Self::Entry { entry, error } => write!(f, "bundle entry `{entry}`: {error}"),
            Self::Note { entry, error } => write!(f, "bundle entry `{entry}`: {error}"),
            Self::RunNote(error) => write!(f, "bundle entry `run.note`: {error}"),
            Self::Checkpoint(error) => write!(f, "bundle entry `checkpoint`: {error}"),
            Self::Rules(error) => write!(f, "bundle entry `rules.toml`: {error}"),
            Self::Pools(error) => write!(f, "bundle entry `pools.csv`: {error}"),
            Self::NoHolder { party } => write!(
                f,
                "expected a rights holder of this run, but found no share and no account of {party}"
            ),
            Self::Opening(error) => write!(f, "opening: {error}"),
            Self::Tables { table } => write!(
                f,
                "expected tables of one run, but found {} that do not fit the others",
                table.name()
            ),
            Self::TooLarge => f.write_str(
                "expected a bundle below 4 GiB, but it would be larger; use --evidence sample",
            ),
        }
    }
}

impl core::error::Error for BundleError {}
