//! The run as double-entry bookkeeping: what left the pools is with the holders or in suspense.

use core::fmt;
use std::collections::BTreeMap;

use crate::id::{Name, PartyId, Territory};
use crate::money::{Currency, Micros, MoneyError};

use super::balance::Balance;
use super::pools::Pools;
use super::settle::{Reason, Settlement};

/// An account of the journal.
#[derive(Clone, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub enum Account {
    /// A pool.
    Pool(Territory, Name, Name),
    /// What a holder is owed.
    Holder(PartyId),
    /// What a holder is paid with this run.
    Payable(PartyId),
    /// Money without a holder, and why.
    Suspense(Reason),
    /// What runs before this one left in the accounts.
    BroughtForward,
    /// What the revision that this run replaces had credited.
    Replaced,
}

impl fmt::Display for Account {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Pool(territory, tier, right) => write!(f, "pool:{territory}:{tier}:{right}"),
            Self::Holder(party) => write!(f, "holder:{party}"),
            Self::Payable(party) => write!(f, "payable:{party}"),
            Self::Suspense(reason) => write!(f, "suspense:{}", reason.as_str()),
            Self::BroughtForward => f.write_str("brought-forward"),
            Self::Replaced => f.write_str("replaced"),
        }
    }
}

/// One change of one account.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Posting {
    /// Which account.
    pub account: Account,
    /// What it gains; negative for what it loses.
    pub amount: Micros,
}

/// Postings in one currency whose sum is zero.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Transaction {
    /// What it is for.
    pub description: String,
    /// The currency of all its postings.
    pub currency: Currency,
    /// By account.
    pub postings: Vec<Posting>,
}

impl Transaction {
    fn new(
        description: String,
        currency: Currency,
        sums: BTreeMap<Account, Micros>,
    ) -> Result<Self, MoneyError> {
        let postings: Vec<Posting> = sums
            .into_iter()
            .map(|(account, amount)| Posting { account, amount })
            .collect();
        let sum = postings
            .iter()
            .map(|posting| i128::from(posting.amount.0))
            .fold(0_i128, i128::saturating_add);
        if sum != 0 {
            return Err(MoneyError::Overflow);
        }
        Ok(Self {
            description,
            currency,
            postings,
        })
    }
}

/// What is in the accounts before the pools: a transaction for each currency with something brought
/// forward, and one for each with an earlier revision to take back.
fn opening_of(balances: &[Balance]) -> Result<Vec<Transaction>, MoneyError> {
    let mut brought: BTreeMap<Currency, BTreeMap<Account, Micros>> = BTreeMap::new();
    let mut replaced = brought.clone();
    let post = |sums: &mut BTreeMap<Account, Micros>, account, amount| {
        let sum: &mut Micros = sums.entry(account).or_default();
        sum.plus(amount).map(|total| *sum = total)
    };
    for balance in balances {
        let holder = Account::Holder(balance.party);
        let takes = [
            (
                &mut brought,
                balance.brought_forward,
                Account::BroughtForward,
            ),
            (
                &mut replaced,
                Micros::ZERO.minus(balance.replaced)?,
                Account::Replaced,
            ),
        ];
        for (sums, amount, other) in takes.into_iter().filter(|take| take.1 != Micros::ZERO) {
            let sums = sums.entry(balance.currency).or_default();
            post(sums, holder.clone(), amount)?;
            post(sums, other, Micros::ZERO.minus(amount)?)?;
        }
    }
    let named = |name: &'static str, sums: BTreeMap<Currency, BTreeMap<Account, Micros>>| {
        sums.into_iter()
            .map(move |(currency, sums)| Transaction::new(name.to_owned(), currency, sums))
    };
    named("brought forward", brought)
        .chain(named("earlier revision taken back", replaced))
        .collect()
}

/// The journal of a settlement: what earlier runs left, one transaction for each pool, then one for
/// each payment. After it each holder's account is what carries forward.
///
/// # Errors
///
/// [`MoneyError::Overflow`] if a transaction does not balance to zero, which a settlement that
/// [`super::Settler`] made always does.
pub fn journal(pools: &Pools, settlement: &Settlement) -> Result<Vec<Transaction>, MoneyError> {
    type Key = (Territory, u16, Name, Currency);
    let mut sums: BTreeMap<Key, BTreeMap<Account, Micros>> = BTreeMap::new();
    let mut post = |key: Key, account: Account, amount: Micros| {
        let sum = sums.entry(key).or_default().entry(account).or_default();
        sum.plus(amount).map(|total| *sum = total)
    };
    for pool in pools.all() {
        let tier = pools.tiers().number(Some(&pool.tier));
        let key = (pool.territory, tier, pool.right.clone(), pool.currency);
        let account = Account::Pool(pool.territory, pool.tier.clone(), pool.right.clone());
        post(key, account, Micros::ZERO.minus(pool.amount)?)?;
    }
    for cell in &settlement.cells {
        for entry in cell.amounts.iter().filter(|e| e.reason != Reason::None) {
            let key = (
                cell.key.territory,
                cell.key.tier,
                entry.right.clone(),
                entry.currency,
            );
            post(key, Account::Suspense(entry.reason), entry.suspended)?;
        }
    }
    for pool in &settlement.no_plays {
        let tier = pools.tiers().number(Some(&pool.tier));
        let key = (pool.territory, tier, pool.right.clone(), pool.currency);
        post(key, Account::Suspense(Reason::NoPlays), pool.amount)?;
    }
    for part in &settlement.idle {
        let pool = &part.pool;
        let tier = pools.tiers().number(Some(&pool.tier));
        let key = (pool.territory, tier, pool.right.clone(), pool.currency);
        post(key, Account::Suspense(Reason::IdleSubscribers), part.amount)?;
    }
    for line in &settlement.lines {
        let key = (
            line.cell.territory,
            line.cell.tier,
            line.right.clone(),
            line.currency,
        );
        post(key, Account::Holder(line.party), line.amount)?;
    }
    let mut transactions = opening_of(&settlement.balances)?;
    for ((territory, tier, right, currency), sums) in sums {
        let tier = pools.tiers().name(tier).map_or("", Name::as_str);
        let description = format!("pool {territory} {tier} {right}");
        transactions.push(Transaction::new(description, currency, sums)?);
    }
    for balance in settlement
        .balances
        .iter()
        .filter(|b| b.payable != Micros::ZERO)
    {
        let sums = BTreeMap::from([
            (
                Account::Holder(balance.party),
                Micros::ZERO.minus(balance.payable)?,
            ),
            (Account::Payable(balance.party), balance.payable),
        ]);
        let description = format!("payment to {}", balance.party);
        transactions.push(Transaction::new(description, balance.currency, sums)?);
    }
    Ok(transactions)
}
