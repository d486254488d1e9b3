//! The rules file: what counts and how pools are divided.

use core::fmt;

use serde::Deserialize;

use crate::attribution::signals::SignalRules;
use crate::attribution::{CountingRules, Play};
use crate::money::MoneyError;
use crate::time::{Interval, Period, format_ms};

use super::artist_centric::ArtistCentric;
use super::model::{Model, NAMES};
use super::payment::{Payment, PaymentTable};
use super::settings::PoolTerms;
use super::signal_rules::{self, SignalRulesError};
use super::sources::Sources;
use super::threshold::{Below, Threshold};
use super::us_mechanical::UsMechanical;
use super::user_centric::UserCentric;

/// A rules file that was read.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Rules {
    /// How pools are divided.
    pub model: Model,
    /// What counts.
    pub counting: CountingRules,
    /// What must be reached before plays earn.
    pub threshold: Option<Threshold>,
    /// How pools are computed from revenue, where the model does not say so itself.
    pub pool: Option<PoolTerms>,
    /// When they hold; a run's period lies in it.
    pub valid: Interval,
    /// Where the settings come from.
    pub sources: Sources,
    /// When balances are paid.
    pub payment: Payment,
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
    /// A setting that contradicts others, is missing, or has a value that does not exist.
    Setting {
        /// Its name.
        setting: &'static str,
        /// What was expected of it, with what was found.
        problem: String,
    },
    /// A currency or amount of `[payment]` is malformed.
    Payment {
        /// Its key, cut to 60 characters.
        currency: String,
        /// What is wrong.
        error: MoneyError,
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
                    "rules: expected a model, one of {}, but found {found:?}",
                    NAMES.join(", ")
                )
            }
            Self::Setting { setting, problem } => write!(f, "rules: {setting}: {problem}"),
            Self::Range { key, max, found } => {
                write!(
                    f,
                    "rules: expected {key} from 0 to {max}, but found {found}"
                )
            }
            Self::Payment { currency, error } => {
                write!(f, "rules: payment.minimum.{currency}: {error}")
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
    #[serde(default)]
    payment: PaymentTable,
    #[serde(default)]
    valid_from: String,
    #[serde(default)]
    valid_to: String,
    user_centric: Option<UserCentric>,
    artist_centric: Option<ArtistCentric>,
    us_mechanical: Option<UsMechanical>,
    threshold: Option<Threshold>,
    pool: Option<PoolTerms>,
    /// Citations: for readers; hashed with the file, without effect on amounts.
    #[serde(default)]
    source: Sources,
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
        let mut file: File = toml::from_str(text).map_err(|error| RulesError::Toml {
            found: error.to_string().chars().take(500).collect(),
        })?;
        if file.version != 1 {
            return Err(RulesError::Version {
                found: file.version,
            });
        }
        let valid = Interval::parse(&file.valid_from, &file.valid_to);
        let valid = valid.map_err(|error| setting("valid_from, valid_to", error.to_string()))?;
        check(&file)?;
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
        let late_days = number("late_days", file.late_days, 30, 366)?;
        Ok(Self {
            counting: CountingRules {
                qualify_ms: number("qualify_ms", file.qualify_ms, 30_000, u32::MAX)?,
                heartbeat_ms: number("heartbeat_ms", file.heartbeat_ms, 30_000, u32::MAX)?,
                tolerance_ms: number("tolerance_ms", file.tolerance_ms, 5_000, u32::MAX)?,
                late_days: u16::try_from(late_days).unwrap_or(366),
            },
            signals: signal_rules::read(&file.signals).map_err(RulesError::Signals)?,
            payment: Payment::read(&file.payment)?,
            threshold: file.threshold,
            pool: file.pool,
            valid,
            sources: core::mem::take(&mut file.source),
            model: model(file)?,
        })
    }

    /// When they hold, in words.
    #[must_use]
    pub fn validity(&self) -> String {
        let day = |ms: i64| format_ms(ms);
        match (self.valid.from, self.valid.to) {
            (i64::MIN, i64::MAX) => "always".to_owned(),
            (i64::MIN, to) => format!("before {}", day(to)),
            (from, i64::MAX) => format!("from {} on", day(from)),
            (from, to) => format!("from {} until {}", day(from), day(to)),
        }
    }

    /// Whether the rules hold in the whole period.
    #[must_use]
    pub const fn hold_in(&self, period: Period) -> bool {
        self.valid.from <= period.from().signed() && period.to().signed() <= self.valid.to
    }

    /// What a play can weigh, as far as itself and the length of its recording (0 = unknown) tell;
    /// and, where a threshold excludes plays, nothing.
    #[must_use]
    pub fn can_weigh(&self, play: &Play, length_ms: u32) -> bool {
        let none = play.weight == 0 && self.excludes();
        none || self.model.weights(play, length_ms).contains(&play.weight)
    }

    /// Whether a threshold gives plays the weight 0.
    #[must_use]
    pub fn excludes(&self) -> bool {
        self.threshold
            .is_some_and(|threshold| threshold.below == Below::Redistribute)
    }

    /// How many months before the end of its period a run looks back on earlier runs.
    #[must_use]
    pub fn months_back(&self) -> u32 {
        self.threshold.map_or(0, |threshold| threshold.months)
    }
}

fn setting(setting: &'static str, problem: impl Into<String>) -> RulesError {
    RulesError::Setting {
        setting,
        problem: problem.into(),
    }
}

/// The model with its table; there is no table of another one.
fn model(file: File) -> Result<Model, RulesError> {
    let missing = |name| setting(name, "expected this table for the model, but found none");
    let model = match file.model.as_str() {
        "pro-rata" => Model::ProRata,
        "user-centric" => {
            Model::UserCentric(file.user_centric.ok_or_else(|| missing("user_centric"))?)
        }
        "artist-centric" => Model::ArtistCentric(
            file.artist_centric
                .clone()
                .ok_or_else(|| missing("artist_centric"))?,
        ),
        "us-mechanical" => Model::UsMechanical(
            file.us_mechanical
                .clone()
                .ok_or_else(|| missing("us_mechanical"))?,
        ),
        other => {
            return Err(RulesError::Model {
                found: other.chars().take(60).collect(),
            });
        }
    };
    let tables = [
        ("user_centric", "user-centric", file.user_centric.is_some()),
        (
            "artist_centric",
            "artist-centric",
            file.artist_centric.is_some(),
        ),
        (
            "us_mechanical",
            "us-mechanical",
            file.us_mechanical.is_some(),
        ),
    ];
    for (table, of, is_there) in tables {
        if is_there && of != model.name() {
            return Err(setting(
                table,
                format!("expected no such table for the model {model}, but found one"),
            ));
        }
    }
    Ok(model)
}

/// Values that their types do not rule out.
fn check(file: &File) -> Result<(), RulesError> {
    if let Some(model) = &file.artist_centric {
        if model.largest().is_none() {
            return Err(setting(
                "artist_centric",
                "expected cap and factors by which a play weighs less than 2^32 thousandths, but found larger ones",
            ));
        }
        if model.cap.is_some_and(|cap| cap.plays == 0) {
            return Err(setting(
                "artist_centric.cap.plays",
                "expected at least 1, but found 0",
            ));
        }
        if let Some(noise) = model.noise.as_ref().filter(|noise| noise.factor > 1000) {
            return Err(setting(
                "artist_centric.noise.factor",
                format!("expected 0 to 1000 thousandths, but found {}", noise.factor),
            ));
        }
    }
    if let Some((name, expected)) = file.us_mechanical.as_ref().and_then(UsMechanical::fault) {
        return Err(setting(
            name,
            format!("expected {expected}, but found others"),
        ));
    }
    let months = file.threshold.map_or(1, |threshold| threshold.months);
    if !(1..=120).contains(&months) {
        return Err(setting(
            "threshold.months",
            format!("expected 1 to 120, but found {months}"),
        ));
    }
    Ok(())
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
