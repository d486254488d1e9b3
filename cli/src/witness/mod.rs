//! A witness (`docs/format.md` section 5): it cosigns a log's checkpoint only if that extends all it
//! has cosigned of the log before.
//!
//! *In:* requests as bytes, a clock. *Out:* answers; state that is durable before an answer leaves.
//! *Does not know:* what logs are about. What may be cosigned is decided in core.
//!
//! Source: C2SP tlog-witness v1.0.0.

mod alarms;
mod dir;
mod error;
mod evidence;
mod known;
mod logs;
mod room;
pub mod server;
mod service;

pub use alarms::ALARM_SECONDS;
pub use dir::{WitnessDir, create, create_on};
pub use error::WitnessError;
pub use evidence::MAX_PIECES;
pub use logs::{LogEntry, LogList, Skipped};
pub use service::{Answer, Following, Witness};
