//! What was declared: the committed tables of a run and its note.
//!
//! *In:* counted plays, registry, rules, pools, the log's tree head, salt keys. *Out:* tables with
//! their trees, and the [`RunNote`]. *Does not know:* records, files, who signs.
//! Source: `docs/format.md` sections 7 to 9.

mod chain;
mod derive;
mod exec;
mod note;
mod rows;
mod table;

pub use chain::{ChainError, Earlier, Next, opening};
pub use derive::{Derived, RunInputs, RunSalts, SaltedRun, StatementError, derive, registry_rows};
pub use exec::{Executor, Sequential, collect};
pub use note::{RunNote, RunNoteError};
pub use rows::{
    PLAY_ROW_LENGTH, encode_balance, encode_cell, encode_line, encode_play, read_balance,
    read_cell, read_line, read_play,
};
pub(crate) use table::compare;
pub use table::{
    ReadRow, Rows, Table, TableError, TableSalts, leaf, row_hash, row_value, table_tree,
};
