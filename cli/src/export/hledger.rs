//! The journal in hledger's format: `hledger -f FILE balance` reads it, `check` confirms that it balances.
//!
//! Source: hledger 1.25 manual, "journal format".

use std::fmt::Write as _;
use std::path::Path;

use ledgerline::royalty::journal;
use ledgerline::time::{DAY_MS, TimeMs};

use crate::ledger::durable::{Access, write_atomic};
use crate::run::{RunError, StoredRun};

/// Writes the journal to `out`.
///
/// # Errors
///
/// [`RunError`].
pub fn write_hledger(run: &StoredRun, out: &Path) -> Result<(), RunError> {
    let settlement = run.settlement()?;
    let transactions = journal(&run.pools, &settlement).map_err(|error| RunError::Damaged {
        path: "tables".into(),
        problem: error.to_string(),
    })?;
    let last_day = TimeMs::new(run.run.period.to().ms().saturating_sub(DAY_MS));
    let date = last_day.unwrap_or(run.run.period.from()).date();
    let mut text = format!(
        "; Ledgerline run of {} for {}, revision {}\n",
        run.run.origin, run.run.period, run.run.revision
    );
    for currency in settlement.totals.keys() {
        // Writing to a String does not fail.
        let _ = writeln!(text, "commodity {currency} 1000.000000");
    }
    for transaction in &transactions {
        let _ = writeln!(text, "\n{date} {}", transaction.description);
        for posting in &transaction.postings {
            let account = posting.account.to_string();
            let top = if account.starts_with("pool:") {
                "assets"
            } else {
                "liabilities"
            };
            let _ = writeln!(
                text,
                "    {top}:{account}  {} {}",
                transaction.currency, posting.amount
            );
        }
    }
    Ok(write_atomic(out, text.as_bytes(), Access::Public)?)
}
