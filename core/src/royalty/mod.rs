//! What it earned: counted plays, pools and shares become cells, lines and holder totals.
//!
//! *In:* plays in order, the registry, pools and rules. *Out:* a [`Settlement`], to the micro, and
//! its [`journal`]. *Does not know:* hashes, the log, records.
//! Source: `docs/format.md` sections 6 and 7.

mod journal;
mod pools;
mod rules;
mod settle;
mod signal_rules;

pub use journal::{Account, Posting, Transaction, journal};
pub use pools::{Pool, Pools, PoolsError};
pub use rules::{Model, Rules, RulesError};
pub use settle::{
    Balance, Cell, CellAmount, CellKey, Line, NoPlays, Reason, SettleError, Settlement, Settler,
    Totals, line_amount,
};
pub use signal_rules::SignalRulesError;
