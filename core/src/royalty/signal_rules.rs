//! The table `[signals]` of the rules file.

use core::fmt;

use crate::attribution::signals::SignalRules;

/// What is wrong with the table `[signals]`.
#[derive(Clone, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub enum SignalRulesError {
    /// No threshold has this name.
    Key {
        /// The name, cut to 60 characters.
        found: String,
    },
    /// A threshold out of its range, or no whole number.
    Range {
        /// Its key.
        key: String,
        /// The least that is allowed.
        min: u32,
        /// The largest that is allowed.
        max: u32,
        /// What was found, cut to 60 characters.
        found: String,
    },
}

impl fmt::Display for SignalRulesError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Key { found } => write!(
                f,
                "rules: expected a threshold of docs/format.md 7.6 in [signals], but found {found:?}"
            ),
            Self::Range {
                key,
                min,
                max,
                found,
            } => write!(
                f,
                "rules: expected [signals] {key} from {min} to {max}, but found {found}"
            ),
        }
    }
}

impl core::error::Error for SignalRulesError {}

/// Reads the table; thresholds that it does not name have their defaults.
pub(super) fn read(table: &toml::Table) -> Result<SignalRules, SignalRulesError> {
    let mut rules = SignalRules::default();
    for (key, value) in table {
        let Some((threshold, min, max)) = rules.threshold(key) else {
            return Err(SignalRulesError::Key { found: cut(key) });
        };
        let number = value.as_integer().and_then(|n| u32::try_from(n).ok());
        *threshold = number
            .filter(|number| (min..=max).contains(number))
            .ok_or_else(|| SignalRulesError::Range {
                key: key.clone(),
                min,
                max,
                found: shown(value),
            })?;
    }
    Ok(rules)
}

/// A value in a message: whole numbers and texts as they are, others by their kind.
fn shown(value: &toml::Value) -> String {
    match value {
        toml::Value::Integer(number) => number.to_string(),
        toml::Value::String(text) => format!("{:?}", cut(text)),
        other => format!("a value of type {}", other.type_str()),
    }
}

fn cut(text: &str) -> String {
    text.chars().take(60).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(text: &str) -> Result<SignalRules, SignalRulesError> {
        read(&toml::from_str(text).unwrap())
    }

    #[test]
    fn thresholds_have_defaults_and_ranges() {
        assert_eq!(parse(""), Ok(SignalRules::default()));
        let rules = parse("spike_days = 3\n").unwrap();
        assert_eq!(rules.spike_days, 3);
        assert_eq!(rules.spike_plays, SignalRules::default().spike_plays);
        let cases = [
            ("spike_day = 3", "\"spike_day\""),
            ("spike_days = 0", "spike_days from 1 to 366, but found 0"),
            ("listener_share_ppm = 1000001", "from 0 to 1000000"),
            ("repeat_plays = 2.5", "type float"),
            ("repeat_plays = -2", "found -2"),
            ("[exclude]\ncodes = [\"signal.repeat\"]", "\"exclude\""),
        ];
        for (text, names) in cases {
            let message = parse(text).unwrap_err().to_string();
            assert!(message.contains(names), "{text:?}: {message}");
        }
    }
}
