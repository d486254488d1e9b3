//! What it earned: counted plays, pools and shares become cells, lines and holder totals.
//!
//! *In:* plays in order, the registry, pools and rules. *Out:* a [`Settlement`], to the micro, and
//! its [`journal`]. *Does not know:* hashes, the log, records.
//! Source: `docs/format.md` sections 6 and 7.

mod artist_centric;
mod balance;
mod explain;
mod income;
mod journal;
mod model;
mod payment;
mod pools;
mod ratio;
mod rounding;
mod rules;
mod settings;
mod settle;
mod signal_rules;
mod sources;
mod threshold;
mod us_mechanical;
mod user_centric;
mod weigh;

pub use artist_centric::{Active, ArtistCentric, Cap, CapMethod, Noise, Professional};
pub use balance::{Balance, ByAccount, Opening};
pub use explain::{Difference, Sentence};
pub use income::{Component, ComputedPool, Income, IncomeError, OfferingIncome, Step, pools_csv};
pub use journal::{Account, Posting, Transaction, journal};
pub use model::Model;
pub use payment::Payment;
pub use pools::{Pool, Pools, PoolsError};
pub use ratio::Ratio;
pub use rounding::{half_up, largest_remainder, truncate};
pub use rules::{Rules, RulesError};
pub use settings::{Compare, Level, PoolRounding, PoolTerms};
pub use settle::{
    Cell, CellAmount, CellKey, IdlePart, Line, NoPlays, Reason, SettleError, Settlement, Settler,
    Totals, line_amount,
};
pub use signal_rules::SignalRulesError;
pub use sources::{Certainty, Source, Sources};
pub use threshold::{Below, Threshold};
pub use us_mechanical::{Offering, Overtime, OvertimeStep, UsMechanical};
pub use user_centric::{ACCOUNT_UNITS, By, Family, Idle, UserCentric};
pub use weigh::{WeighError, Weighed, Weighing};
