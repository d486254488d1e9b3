//! Holders' accounts: what they earned, what earlier runs left, and what is paid.

use std::collections::BTreeMap;

use crate::id::PartyId;
use crate::money::{Currency, Micros, MoneyError};

use super::payment::Payment;
use super::settle::{Line, SettleError};

/// Amounts by holder and currency.
pub type ByAccount = BTreeMap<(PartyId, Currency), Micros>;

/// What the runs before this one leave to it. Empty for the first run of a chain.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Opening {
    /// What the run before carried forward.
    pub brought_forward: ByAccount,
    /// What the revision that this run replaces had credited; empty for revision 0.
    pub replaced: ByAccount,
}

/// A holder's account in one currency.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Balance {
    /// Who.
    pub party: PartyId,
    /// In which currency.
    pub currency: Currency,
    /// From the run before.
    pub brought_forward: Micros,
    /// The sum of the lines.
    pub earned: Micros,
    /// What an earlier revision of this statement had credited, which this one replaces.
    pub replaced: Micros,
    /// Whole minor units that are paid.
    pub payable: Micros,
    /// What is left for the next run; negative where more was paid than is due.
    pub carried_forward: Micros,
}

impl Balance {
    /// Divides brought forward + earned − replaced into payment and rest.
    ///
    /// # Errors
    ///
    /// [`MoneyError::Overflow`].
    pub fn new(
        (party, currency): (PartyId, Currency),
        [brought_forward, earned, replaced]: [Micros; 3],
        payment: &Payment,
    ) -> Result<Self, MoneyError> {
        let balance = brought_forward.plus(earned)?.minus(replaced)?;
        let (payable, carried_forward) = payment.split(currency, balance)?;
        Ok(Self {
            party,
            currency,
            brought_forward,
            earned,
            replaced,
            payable,
            carried_forward,
        })
    }

    /// What this statement changes in the account: earned − replaced.
    ///
    /// # Errors
    ///
    /// [`MoneyError::Overflow`].
    pub fn credited(&self) -> Result<Micros, MoneyError> {
        self.earned.minus(self.replaced)
    }
}

/// The accounts that have a line, or something else than 0 from earlier runs.
pub(super) fn balances(
    lines: &[Line],
    opening: &Opening,
    payment: &Payment,
) -> Result<Vec<Balance>, SettleError> {
    let mut accounts: BTreeMap<(PartyId, Currency), [Micros; 3]> = BTreeMap::new();
    for line in lines {
        let [_, earned, _] = accounts.entry((line.party, line.currency)).or_default();
        *earned = earned.plus(line.amount)?;
    }
    let not_zero = |(_, amount): &(_, &Micros)| **amount != Micros::ZERO;
    for (account, amount) in opening.brought_forward.iter().filter(not_zero) {
        let [brought_forward, ..] = accounts.entry(*account).or_default();
        *brought_forward = *amount;
    }
    for (account, amount) in opening.replaced.iter().filter(not_zero) {
        let [.., replaced] = accounts.entry(*account).or_default();
        *replaced = *amount;
    }
    let balance = |(account, amounts)| Ok(Balance::new(account, amounts, payment)?);
    accounts.into_iter().map(balance).collect()
}
