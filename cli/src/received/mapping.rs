//! Mappings: which column of a distributor's table is which of our fields, in TOML.

use std::collections::BTreeMap;
use std::fmt;

use ledgerline::money::Currency;
use serde::Deserialize;

/// How sure it is that a mapping's columns are those of the distributor's files.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq)]
#[serde(rename_all = "kebab-case")]
pub enum Certainty {
    /// Read in the distributor's own documentation or files.
    Read,
    /// Read in a secondary source, such as another program.
    Secondary,
    /// Whoever wrote the mapping does not say.
    Unknown,
}

/// Columns by field; a field without a column is absent.
#[derive(Clone, Debug, Default, Deserialize, Eq, PartialEq)]
#[serde(deny_unknown_fields)]
pub struct Columns {
    /// The ISRC.
    pub isrc: String,
    /// Plays or sales.
    pub units: String,
    /// The amount that was paid.
    pub amount: String,
    /// When it was played.
    pub period: Option<String>,
    /// The service.
    pub store: Option<String>,
    /// Where.
    pub territory: Option<String>,
    /// The amount's currency.
    pub currency: Option<String>,
}

/// A mapping.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq)]
#[serde(deny_unknown_fields)]
pub struct Mapping {
    /// What it is called.
    pub name: String,
    /// How sure it is.
    #[serde(default = "unknown")]
    pub certainty: Certainty,
    /// Where its columns were read.
    #[serde(default)]
    pub source: String,
    /// What parts columns: `tab`, `comma` or `semicolon`.
    pub delimiter: Delimiter,
    /// Whether `,` stands before the decimal places, and `.` is not one of a number's characters.
    #[serde(default)]
    pub decimal_comma: bool,
    /// The currency of all amounts, where no column says it.
    pub currency: Option<String>,
    /// The columns.
    pub columns: Columns,
    /// Territories that are written in another way: `UK = "GB"`.
    #[serde(default)]
    pub territories: BTreeMap<String, String>,
}

/// What parts columns.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq)]
#[serde(rename_all = "kebab-case")]
pub enum Delimiter {
    /// A tab.
    Tab,
    /// `,`.
    Comma,
    /// `;`.
    Semicolon,
}

impl Delimiter {
    pub(super) const fn byte(self) -> u8 {
        match self {
            Self::Tab => b'\t',
            Self::Comma => b',',
            Self::Semicolon => b';',
        }
    }
}

const fn unknown() -> Certainty {
    Certainty::Unknown
}

/// Why a text is no mapping.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct MappingError {
    /// What is wrong, with its place in the text.
    pub problem: String,
}

impl fmt::Display for MappingError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.problem.trim_end())
    }
}

impl std::error::Error for MappingError {}

impl Mapping {
    /// Reads a mapping.
    ///
    /// # Errors
    ///
    /// [`MappingError`] for what is no TOML, unknown or missing keys, no currency at all.
    pub fn parse(text: &str) -> Result<Self, MappingError> {
        let mapping: Self = toml::from_str(text).map_err(|error| MappingError {
            problem: error.to_string(),
        })?;
        let refuse = |problem: String| Err(MappingError { problem });
        match (&mapping.currency, &mapping.columns.currency) {
            (Some(code), None) if Currency::parse(code).is_err() => refuse(format!(
                "currency: expected an ISO 4217 code, but found {code:?}"
            )),
            (None, None) => {
                refuse("expected currency or columns.currency, but found none".to_owned())
            }
            (Some(_), Some(_)) => {
                refuse("expected either currency or columns.currency, but found both".to_owned())
            }
            _ => Ok(mapping),
        }
    }
}

/// The mappings that come with the program: name and text.
const BUILTINS: &[(&str, &str)] = &[
    ("believe", include_str!("mappings/believe.toml")),
    ("distrokid", include_str!("mappings/distrokid.toml")),
    ("tunecore", include_str!("mappings/tunecore.toml")),
];

/// Names of the mappings that come with the program.
pub fn builtins() -> impl Iterator<Item = &'static str> {
    BUILTINS.iter().map(|(name, _)| *name)
}

/// A mapping that comes with the program.
#[must_use]
pub fn builtin(name: &str) -> Option<Mapping> {
    let found = BUILTINS.iter().find(|(other, _)| *other == name);
    found.and_then(|(_, text)| Mapping::parse(text).ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn those_that_come_with_the_program() {
        for name in builtins() {
            let mapping = builtin(name).unwrap();
            assert_eq!(mapping.name, name);
            // None of them has been read in the distributor's own documents.
            assert_eq!(mapping.certainty, Certainty::Secondary, "{name}");
            assert!(!mapping.source.is_empty());
        }
        assert!(builtin("cdbaby").is_none());
    }

    #[test]
    fn what_is_no_mapping() {
        let good = "name = \"x\"\ndelimiter = \"tab\"\ncurrency = \"EUR\"\n\
                    [columns]\nisrc = \"ISRC\"\nunits = \"N\"\namount = \"Sum\"\n";
        assert!(Mapping::parse(good).is_ok());
        for (from, to, words) in [
            ("EUR", "EURO", "ISO 4217"),
            ("currency = \"EUR\"\n", "", "found none"),
            ("units", "unit", "unit"),
            ("\"tab\"", "\"pipe\"", "pipe"),
        ] {
            let error = Mapping::parse(&good.replace(from, to)).unwrap_err();
            assert!(error.to_string().contains(words), "{error}");
        }
    }
}
