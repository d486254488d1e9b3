//! `pools`: a pools file from what a service took in.

use std::path::PathBuf;

use ledgerline::royalty::{ComputedPool, Income, pools_csv};
use serde_json::json;

use super::statement::read_rules;
use crate::error::{Error, Outcome};
use crate::ledger::durable::{Access, read_bounded, write_atomic};
use crate::run::{MAX_INPUT_BYTES, RunError};
use crate::ui::Ui;

/// Arguments of `pools`.
#[derive(Debug, clap::Args)]
pub struct Args {
    #[command(subcommand)]
    command: Command,
}

/// What to do with pools.
#[derive(Debug, clap::Subcommand)]
enum Command {
    /// Compute pools from revenue by the rules, and say every step
    #[command(after_help = "\
The inputs are a TOML file: version = 1, period, and for each [[offering]] its name, territory,
tier, right, currency, revenue and, as the rules want them, kind, content_cost, subscribers,
performance, and for a bundle its [[offering.component]]s (name, price alone, music = true for the
one).

Example:
  ledgerline pools compute --rules us.toml --inputs april.toml --out pools.csv")]
    Compute {
        /// Rules file (TOML): us-mechanical, or any model with a table [pool]
        #[arg(long, value_name = "FILE")]
        rules: PathBuf,
        /// What the service took in (TOML)
        #[arg(long, value_name = "FILE")]
        inputs: PathBuf,
        /// The pools file to write (CSV)
        #[arg(long, value_name = "FILE")]
        out: PathBuf,
        /// Replace a file of that name
        #[arg(long)]
        force: bool,
    },
}

/// Runs `pools`.
///
/// # Errors
///
/// [`Error`] if a file is not what it must be, or the output exists.
pub fn run(args: &Args, ui: &Ui) -> Result<Outcome, Error> {
    let Command::Compute {
        rules: rules_path,
        inputs,
        out,
        force,
    } = &args.command;
    if out.exists() && !force {
        return Err(RunError::Exists { path: out.clone() }.into());
    }
    let damaged = |problem: String| RunError::Damaged {
        path: inputs.clone(),
        problem,
    };
    let (_, rules) = read_rules(rules_path)?;
    let bytes = read_bounded(inputs, MAX_INPUT_BYTES)?;
    let income = Income::parse(&bytes).map_err(|error| damaged(error.to_string()))?;
    let computed = income
        .pools(&rules)
        .map_err(|error| damaged(error.to_string()))?;
    let text = pools_csv(&computed);
    // Pools of one name and sums beyond the range are found by reading them as a statement will.
    ledgerline::royalty::Pools::parse(text.as_bytes())
        .map_err(|error| damaged(error.to_string()))?;
    write_atomic(out, text.as_bytes(), Access::Public)?;
    let source = |setting: &str| rules.sources.of(setting).cloned();
    ui.result(
        || {
            let pools = computed.iter().map(|pool| {
                let steps = pool.steps.iter().map(|s| {
                    json!({"setting": s.setting, "text": s.text, "amount": s.amount.to_string(),
                        "exact": s.is_exact, "source": source(&s.setting)})
                });
                json!({"offering": pool.name, "territory": pool.pool.territory.to_string(),
                    "tier": pool.pool.tier.as_str(), "right": pool.pool.right.as_str(),
                    "currency": pool.pool.currency.to_string(), "amount": pool.pool.amount.to_string(),
                    "subscribers": pool.pool.subscribers, "steps": steps.collect::<Vec<_>>()})
            });
            json!({"out": out, "pools": pools.collect::<Vec<_>>()})
        },
        || computed.iter().map(|pool| words(pool, &source)).collect(),
    )?;
    Ok(Outcome::Done)
}

fn words(
    pool: &ComputedPool,
    source: &dyn Fn(&str) -> Option<ledgerline::royalty::Source>,
) -> String {
    let mut text = format!(
        "{} ({} {} {} {})\n",
        pool.name, pool.pool.territory, pool.pool.tier, pool.pool.right, pool.pool.currency
    );
    for step in &pool.steps {
        let about = if step.is_exact { "" } else { " (rounded down)" };
        text.push_str(&format!(
            "  {:>24}  {}{about}\n",
            step.amount.to_string(),
            step.text
        ));
        if let Some(source) = source(&step.setting) {
            let indent = " ".repeat(28);
            text.push_str(&format!(
                "{indent}{} [{}]\n",
                source.text,
                source.certainty.says()
            ));
        }
    }
    text
}
