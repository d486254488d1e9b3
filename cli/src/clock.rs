//! The time of day.

use std::time::{Duration, SystemTime};

/// Time since the Unix epoch; zero, which nothing is signed or cosigned with, for a clock before it.
#[must_use]
pub fn since_epoch() -> Duration {
    SystemTime::now()
        .duration_since(SystemTime::UNIX_EPOCH)
        .unwrap_or_default()
}
