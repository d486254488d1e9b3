//! The journal in hledger's format: `hledger -f FILE check --strict` confirms that it balances and names no
//! account or currency it has not declared; `hledger -f FILE balance` shows where the money went.
//!
//! Signs are the accountant's: a pool is spent (an expense, positive), holders and suspense are owed
//! (liabilities, negative). What earlier runs left, and what a revision takes back, stand against equity,
//! so that the journal of a run is whole without theirs. With the journals of the earlier runs beside it,
//! `not:desc:'brought forward'` leaves out what these have themselves.
//!
//! Source: hledger 1.25 manual, "journal format"; `check --strict`.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::path::Path;

use ledgerline::money::{Micros, MoneyError};
use ledgerline::royalty::{Account, Settlement, journal};
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
    let text = text(run, &settlement).map_err(|error| RunError::Damaged {
        path: "tables".into(),
        problem: error.to_string(),
    })?;
    Ok(write_atomic(out, text.as_bytes(), Access::Public)?)
}

fn text(run: &StoredRun, settlement: &Settlement) -> Result<String, MoneyError> {
    let transactions = journal(&run.pools, settlement)?;
    let postings = || transactions.iter().flat_map(|t| &t.postings);
    let accounts: BTreeSet<&Account> = postings().map(|posting| &posting.account).collect();
    let last_day = TimeMs::new(run.run.period.to().ms().saturating_sub(DAY_MS));
    let date = last_day.unwrap_or(run.run.period.from()).date();
    let mut text = format!(
        "; Ledgerline run of {} for {}, revision {}\ndecimal-mark .\n",
        run.run.origin, run.run.period, run.run.revision
    );
    for currency in settlement.totals.keys() {
        // Writing to a String does not fail.
        let _ = writeln!(text, "commodity {currency} 1000.000000");
    }
    for account in accounts {
        let _ = writeln!(text, "account {}", name(account));
    }
    for transaction in &transactions {
        let _ = writeln!(text, "\n{date} {}", transaction.description);
        for posting in &transaction.postings {
            let amount = Micros::ZERO.minus(posting.amount)?;
            let _ = writeln!(
                text,
                "    {}  {} {}",
                name(&posting.account),
                transaction.currency,
                amount
            );
        }
    }
    Ok(text)
}

/// The account's name among hledger's own kinds.
fn name(account: &Account) -> String {
    let kind = match account {
        Account::Pool(..) => "expenses",
        Account::Holder(_) | Account::Payable(_) | Account::Suspense(_) => "liabilities",
        Account::BroughtForward | Account::Replaced => "equity",
    };
    format!("{kind}:{account}")
}
