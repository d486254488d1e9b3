//! What is wrong or missing in a registry.

use std::path::Path;

use ledgerline::time::Period;
use serde_json::{Value, json};

use crate::commands::statement::read_pools;
use crate::error::{Error, Outcome};
use crate::registry_db::{self, Checked, Facts, Finding, Severity};
use crate::ui::Ui;

pub(super) fn check(
    facts: &Facts,
    period: Period,
    pools: Option<&Path>,
    ui: &Ui,
) -> Result<Outcome, Error> {
    let rights = match pools {
        Some(path) => {
            let (_, pools) = read_pools(path)?;
            Some(pools.all().iter().map(|pool| pool.right.clone()).collect())
        }
        None => None,
    };
    let findings = registry_db::check(facts, &Checked { period, rights });
    let errors = findings.iter().any(|f| f.doubt.severity == Severity::Error);
    let value = |f: &Finding| {
        json!({"code": f.doubt.code, "severity": f.doubt.severity.to_string(), "where": f.place,
               "expected": f.doubt.expected, "found": f.doubt.found, "amount_micros": null,
               "currency": null, "detail": null, "rows": f.rows})
    };
    let words = |f: &Finding| {
        let doubt = &f.doubt;
        let mut words = format!(
            "{}: {}: {}: expected {}, but found {}",
            doubt.severity, doubt.code, f.place, doubt.expected, doubt.found
        );
        for row in &f.rows {
            words.push_str("\n  ");
            words.push_str(row);
        }
        words
    };
    ui.result(
        || json!({"findings": findings.iter().map(value).collect::<Vec<Value>>()}),
        || {
            if findings.is_empty() {
                return "nothing found: all shares add up to 1000000 ppm".to_owned();
            }
            let all: Vec<String> = findings.iter().map(words).collect();
            all.join("\n")
        },
    )?;
    Ok(if errors {
        Outcome::Disputed
    } else {
        Outcome::Done
    })
}
