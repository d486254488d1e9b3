//! The rules file: what counts and how pools are divided.

use core::fmt;

use serde::Deserialize;

use crate::attribution::CountingRules;
use crate::attribution::signals::SignalRules;

use super::signal_rules::{self, SignalRulesError};

/// How a pool is divided among plays.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub enum Model {
    /// In proportion to all qualified plays of the pool.
    ProRata,
}

/// A rules file that was read.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Rules {
    /// How pools are divided.
    pub model: Model,
    /// What counts.
    pub counting: CountingRules,
    /// From where on plays look artificial.
    pub signals: SignalRules,
}

/// Why bytes are no rules file.
#[derive(Clone, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub enum RulesError {
    /// Not UTF-8.
    NotUtf8 {
        /// Offset of the first other byte.
        at: usize,
    },
    /// Not TOML, a missing or unknown key, or a value of another type; the message has the place.
    Toml {
        /// What the reader said.
        found: String,
    },
    /// A version other than 1.
    Version {
        /// The number found.
        found: i64,
    },
    /// An unknown model.
    Model {
        /// The name, cut to 60 characters.
        found: String,
    },
    /// A number out of its range.
    Range {
        /// Its key.
        key: &'static str,
        /// The largest that is allowed.
        max: u32,
        /// The number found.
        found: i64,
    },
    /// The table `[signals]`.
    Signals(SignalRulesError),
}

impl fmt::Display for RulesError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotUtf8 { at } => write!(
                f,
                "rules: expected UTF-8 text, but found other bytes at byte {at}"
            ),
            Self::Toml { found } => {
                write!(f, "rules: expected TOML as in docs/format.md 6.2: {found}")
            }
            Self::Version { found } => {
                write!(f, "rules: expected version = 1, but found {found}")
            }
            Self::Model { found } => {
                write!(
                    f,
                    "rules: expected model = \"pro-rata\", but found {found:?}"
                )
            }
            Self::Range { key, max, found } => {
                write!(
                    f,
                    "rules: expected {key} from 0 to {max}, but found {found}"
                )
            }
            Self::Signals(error) => error.fmt(f),
        }
    }
}

impl core::error::Error for RulesError {}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    version: i64,
    model: String,
    qualify_ms: Option<i64>,
    heartbeat_ms: Option<i64>,
    tolerance_ms: Option<i64>,
    late_days: Option<i64>,
    #[serde(default)]
    signals: toml::Table,
    /// Citations: free text for readers; hashed with the file, without effect.
    #[serde(default, rename = "source")]
    _source: toml::Table,
}

impl Rules {
    /// Reads a rules file.
    ///
    /// # Errors
    ///
    /// [`RulesError`] for the first thing that is wrong.
    pub fn parse(bytes: &[u8]) -> Result<Self, RulesError> {
        let text = core::str::from_utf8(bytes).map_err(|error| RulesError::NotUtf8 {
            at: error.valid_up_to(),
        })?;
        let file: File = toml::from_str(text).map_err(|error| RulesError::Toml {
            found: error.to_string().chars().take(500).collect(),
        })?;
        if file.version != 1 {
            return Err(RulesError::Version {
                found: file.version,
            });
        }
        let model = match file.model.as_str() {
            "pro-rata" => Model::ProRata,
            other => {
                return Err(RulesError::Model {
                    found: other.chars().take(60).collect(),
                });
            }
        };
        let number = |key, value: Option<i64>, default: u32, max: u32| {
            let value = value.unwrap_or_else(|| i64::from(default));
            u32::try_from(value)
                .ok()
                .filter(|number| *number <= max)
                .ok_or(RulesError::Range {
                    key,
                    max,
                    found: value,
                })
        };
        Ok(Self {
            model,
            counting: CountingRules {
                qualify_ms: number("qualify_ms", file.qualify_ms, 30_000, u32::MAX)?,
                heartbeat_ms: number("heartbeat_ms", file.heartbeat_ms, 30_000, u32::MAX)?,
                tolerance_ms: number("tolerance_ms", file.tolerance_ms, 5_000, u32::MAX)?,
                late_days: u16::try_from(number("late_days", file.late_days, 30, 366)?)
                    .unwrap_or(366),
            },
            signals: signal_rules::read(&file.signals).map_err(RulesError::Signals)?,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn defaults_hold_and_each_fault_is_named() {
        let rules =
            Rules::parse(b"version = 1\nmodel = \"pro-rata\"\n[source]\nqualify = \"text\"\n")
                .unwrap();
        assert_eq!(rules.counting.qualify_ms, 30_000);
        assert_eq!(rules.counting.late_days, 30);
        let cases = [
            ("", "missing field"),
            ("version = 2\nmodel = \"pro-rata\"", "version = 1"),
            ("version = 1\nmodel = \"roulette\"", "roulette"),
            (
                "version = 1\nmodel = \"pro-rata\"\nqualify = 3",
                "unknown field",
            ),
            (
                "version = 1\nmodel = \"pro-rata\"\nqualify_ms = -1",
                "qualify_ms",
            ),
            (
                "version = 1\nmodel = \"pro-rata\"\nlate_days = 367",
                "late_days",
            ),
            (
                "version = 1\nmodel = \"pro-rata\"\n[signals]\nspike_days = 0",
                "[signals] spike_days from 1",
            ),
            (
                "version = 1\nmodel = \"pro-rata\"\nqualify_ms = 1.5",
                "invalid type",
            ),
        ];
        for (text, names) in cases {
            let message = Rules::parse(text.as_bytes()).unwrap_err().to_string();
            assert!(message.contains(names), "{text:?}: {message}");
        }
        assert_eq!(Rules::parse(b"\xff"), Err(RulesError::NotUtf8 { at: 0 }));
    }
}
