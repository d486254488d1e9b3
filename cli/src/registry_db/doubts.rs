//! What can be read and is doubtful all the same: found when a file is imported, with its line, and
//! again by every check, with the row.

use std::fmt;

use ledgerline::id::{CodeError, Dpid, IpiBase, IpiName, Isni, Iswc, Territories};
use ledgerline::money::Rate;

use super::tables::{Cell, Table};

/// How bad a finding is.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub enum Severity {
    /// Money goes astray, or an identifier identifies nobody.
    Error,
    /// Something is missing or unlikely.
    Warning,
    /// Worth knowing.
    Info,
}

impl fmt::Display for Severity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Error => "error",
            Self::Warning => "warning",
            Self::Info => "info",
        })
    }
}

/// One doubt about one value.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Doubt {
    /// Its code, such as `check-digit`.
    pub code: &'static str,
    /// How bad it is.
    pub severity: Severity,
    /// What would be right.
    pub expected: String,
    /// What is there.
    pub found: String,
}

impl fmt::Display for Doubt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{}: {}: expected {}, but found {}",
            self.severity, self.code, self.expected, self.found
        )
    }
}

/// A doubt with its place in a file.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Note {
    /// Name of the file.
    pub file: String,
    /// Line, from 1.
    pub line: u64,
    /// What is doubtful.
    pub doubt: Doubt,
}

impl fmt::Display for Note {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}: {}", self.file, self.line, self.doubt)
    }
}

/// Kinds of identifiers that a holder can have.
pub(super) const SCHEMES: [&str; 6] = [
    "ipi",
    "ipi-base",
    "isni",
    "dpid",
    "pr-society",
    "mr-society",
];

/// Reads an identifier of a scheme: its one form, and the doubt if only its check digit is wrong.
///
/// # Errors
///
/// Words that tell the form it must have.
pub(super) fn read_id(scheme: &str, text: &str) -> Result<(String, Option<Doubt>), String> {
    let plain = |read: Result<String, CodeError>| match read {
        Ok(code) => Ok((code, None)),
        Err(CodeError::CheckDigit {
            kind,
            code,
            expected,
        }) => {
            let doubt = Doubt {
                code: "check-digit",
                severity: Severity::Error,
                expected: format!("{kind} with the check digit {expected}"),
                found: code.clone(),
            };
            Ok((code, Some(doubt)))
        }
        Err(other) => Err(other.to_string()),
    };
    match scheme {
        "iswc" => plain(Iswc::parse(text).map(|code| code.to_string())),
        "ipi" => plain(IpiName::parse(text).map(|code| code.to_string())),
        "ipi-base" => plain(IpiBase::parse(text).map(|code| code.to_string())),
        "isni" => plain(Isni::parse(text).map(|code| code.to_string())),
        "dpid" => plain(Dpid::parse(text).map(|code| code.to_string())),
        "pr-society" | "mr-society" => {
            let digits = (1..=3).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_digit());
            if digits {
                Ok((format!("{text:0>3}"), None))
            } else {
                Err(format!(
                    "expected a CISAC society code of one to three digits, but found {text:.60?}"
                ))
            }
        }
        _ => Err(format!(
            "expected one of the schemes {}, but found {scheme:.60?}",
            SCHEMES.join(", ")
        )),
    }
}

/// Codes that ISO 3166-1 does not assign.
pub(super) fn territory_doubt(territories: &Territories) -> Option<Doubt> {
    let unknown = territories.listed().iter().filter(|t| !t.is_assigned());
    let unknown: Vec<String> = unknown.map(ToString::to_string).collect();
    (!unknown.is_empty()).then(|| Doubt {
        code: "unknown-territory",
        severity: Severity::Warning,
        expected: "codes that ISO 3166-1 assigns".to_owned(),
        found: unknown.join(" "),
    })
}

/// Fewer figures than conversion rates of the euro have.
pub(super) fn rate_doubt(rate: Rate) -> Option<Doubt> {
    (rate.significant_figures() < 6).then(|| Doubt {
        code: "rate-figures",
        severity: Severity::Info,
        expected: "six significant figures or more (Regulation (EC) 1103/97, article 4)".to_owned(),
        found: format!("{} in {rate}", rate.significant_figures()),
    })
}

/// The doubts about a row of a file.
pub(super) fn doubts_of(table: &Table, cells: &[Cell]) -> Vec<Doubt> {
    let text = |column: &str| {
        let at = table.columns.iter().position(|c| *c == column)?;
        match cells.get(at) {
            Some(Cell::Text(text)) if !text.is_empty() => Some(text.as_str()),
            _ => None,
        }
    };
    let id = |scheme: &str, code: &str| read_id(scheme, code).ok().and_then(|(_, doubt)| doubt);
    let territories = text("territories").and_then(|text| Territories::parse(text).ok());
    let rate = text("rate").and_then(|text| Rate::parse(text).ok());
    let doubts = [
        territories.as_ref().and_then(territory_doubt),
        rate.and_then(rate_doubt),
        text("iswc").and_then(|code| id("iswc", code)),
        text("scheme").and_then(|scheme| id(scheme, text("id").unwrap_or_default())),
    ];
    doubts.into_iter().flatten().collect()
}
