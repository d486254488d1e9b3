//! `--what-if`: what each holder would have earned under other rules.

use std::collections::BTreeMap;
use std::path::Path;

use ledgerline::attribution::Attributor;
use ledgerline::id::PartyId;
use ledgerline::money::{Currency, Micros};
use ledgerline::registry::Snapshot;
use ledgerline::royalty::{Balance, Opening, Pools, Rules, Settlement, Settler, Totals, Weighing};
use ledgerline::statement::StatementError;
use ledgerline::time::Period;
use serde_json::{Value, json};

use super::statement::count;
use crate::error::Error;
use crate::ledger::Ledger;
use crate::run::{RunChain, RunError};
use crate::ui::Ui;

/// Holders of each currency that are listed unless JSON is asked for.
const LISTED: usize = 10;

/// A run, as far as other rules do not change it.
pub(super) struct Question<'a> {
    /// Its ledger.
    pub(super) ledger: &'a Ledger,
    /// Its registry.
    pub(super) registry: &'a Snapshot,
    /// Its pools.
    pub(super) pools: &'a Pools,
    /// Its period.
    pub(super) period: Period,
    /// The runs before it, for rules that look back.
    pub(super) chain: &'a RunChain,
    /// What came out by its own rules.
    pub(super) settlement: &'a Settlement,
}

/// What an account earns by the run's rules, and would by the others.
struct Change {
    party: PartyId,
    currency: Currency,
    now: Micros,
    then: Micros,
}

impl Change {
    fn difference(&self) -> Micros {
        self.then.minus(self.now).unwrap_or_default()
    }

    fn words(&self, registry: &Snapshot) -> String {
        let holder = registry.holder(self.party);
        format!(
            "{} {}  earned {}  then {}  difference {}  {}\n",
            self.party,
            self.currency,
            self.now,
            self.then,
            signed(self.difference()),
            holder.map_or("", |holder| holder.name.as_str())
        )
    }
}

/// The other rules' answer.
pub(super) struct Answer {
    /// By currency, then by the size of the difference, the largest first.
    changes: Vec<Change>,
    /// By currency: by the run's rules, and by the others.
    totals: BTreeMap<Currency, (Totals, Totals)>,
}

impl Question<'_> {
    /// Counts the log again under other rules, and divides the same pools by them. Nothing is
    /// written. What is paid does not follow from it alone: rests and advances are left out.
    ///
    /// # Errors
    ///
    /// [`Error`] if the rules look back further than the runs given, or the plays cannot be settled.
    pub(super) fn ask(&self, rules: &Rules, beside: &Path, ui: &Ui) -> Result<Answer, Error> {
        let settlement = self.settle(rules, beside, ui)?;
        Ok(Answer {
            changes: changes(&self.settlement.balances, &settlement.balances),
            totals: both(&self.settlement.totals, &settlement.totals),
        })
    }

    fn settle(&self, rules: &Rules, beside: &Path, ui: &Ui) -> Result<Settlement, Error> {
        let earlier = self.chain.plays(self.period, rules.months_back())?;
        let attributor = Attributor {
            registry: self.registry,
            rules: &rules.counting,
            period: self.period,
            tiers: self.pools.tiers(),
        };
        let mut plays = count(self.ledger, &attributor, beside, ui)?.plays;
        let weighing = Weighing {
            registry: self.registry,
            rules,
            pools: self.pools,
            earlier: &earlier,
        };
        let weighed = weighing.weigh(&mut plays).map_err(StatementError::Weigh);
        let weighed = weighed.map_err(RunError::Statement)?;
        let mut settler = Settler::new(self.registry, self.pools).weighed(&weighed);
        let settled = plays.iter().try_for_each(|play| settler.push(play));
        let settled = settled.and_then(|()| settler.finish(&Opening::default(), &rules.payment));
        Ok(settled
            .map_err(StatementError::Settle)
            .map_err(RunError::Statement)?)
    }
}

fn changes(now: &[Balance], then: &[Balance]) -> Vec<Change> {
    let mut accounts: BTreeMap<(PartyId, Currency), (Micros, Micros)> = BTreeMap::new();
    for balance in now {
        accounts
            .entry((balance.party, balance.currency))
            .or_default()
            .0 = balance.earned;
    }
    for balance in then {
        accounts
            .entry((balance.party, balance.currency))
            .or_default()
            .1 = balance.earned;
    }
    let change = |((party, currency), (now, then))| Change {
        party,
        currency,
        now,
        then,
    };
    let mut changes: Vec<Change> = accounts.into_iter().map(change).collect();
    let size = |change: &Change| change.difference().0.unsigned_abs();
    changes.sort_by_key(|change| (change.currency.bytes(), std::cmp::Reverse(size(change))));
    changes
}

fn both(
    now: &BTreeMap<Currency, Totals>,
    then: &BTreeMap<Currency, Totals>,
) -> BTreeMap<Currency, (Totals, Totals)> {
    let pair = |currency: &Currency| {
        let (now, then) = (now.get(currency), then.get(currency));
        (
            *currency,
            (
                now.copied().unwrap_or_default(),
                then.copied().unwrap_or_default(),
            ),
        )
    };
    now.keys().chain(then.keys()).map(pair).collect()
}

impl Answer {
    /// For `--json`.
    pub(super) fn json(&self) -> Value {
        let change = |change: &Change| {
            json!({"holder": change.party.to_string(), "currency": change.currency.to_string(),
                "earned": change.now.to_string(), "earned_then": change.then.to_string(),
                "difference": change.difference().to_string()})
        };
        let totals = |(currency, (now, then)): (&Currency, &(Totals, Totals))| {
            json!({"currency": currency.to_string(), "pool": now.pool.to_string(),
                "paid": now.paid.to_string(), "paid_then": then.paid.to_string(),
                "suspense": now.suspense.to_string(), "suspense_then": then.suspense.to_string()})
        };
        json!({
            "holders": self.changes.iter().map(change).collect::<Vec<_>>(),
            "currencies": self.totals.iter().map(totals).collect::<Vec<_>>(),
        })
    }

    /// For people; `registry` has the names.
    pub(super) fn words(&self, rules: &Path, registry: &Snapshot) -> String {
        let mut words = format!(
            "what if {} held: the same plays and pools\n",
            rules.display()
        );
        for of_one in self.changes.chunk_by(|a, b| a.currency == b.currency) {
            for change in of_one.iter().take(LISTED) {
                words += &change.words(registry);
            }
            if let Some(left @ 1..) = of_one.len().checked_sub(LISTED) {
                words +=
                    &format!("... and {left} more with smaller differences; --json lists all\n");
            }
        }
        for (currency, (now, then)) in &self.totals {
            words += &format!(
                "{currency}  pool {}  paid {}  then {}  suspense {}  then {}\n",
                now.pool, now.paid, then.paid, now.suspense, then.suspense
            );
        }
        words
    }
}

fn signed(amount: Micros) -> String {
    let sign = if amount.0 > 0 { "+" } else { "" };
    format!("{sign}{amount}")
}
