//! The rules' `[payment]` table: when a balance is paid.

use std::collections::BTreeMap;

use serde::Deserialize;

use crate::money::{Currency, Micros, MoneyError};

use super::rules::RulesError;

/// When a balance is paid.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Payment {
    /// By currency, the least that is paid; less is carried forward. Absent = whatever there is.
    minimum: BTreeMap<Currency, Micros>,
}

/// The table as it stands in the file.
#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct PaymentTable {
    /// `minimum.EUR = "10.00"`.
    #[serde(default)]
    minimum: BTreeMap<String, String>,
}

impl Payment {
    pub(super) fn read(table: &PaymentTable) -> Result<Self, RulesError> {
        let mut minimum = BTreeMap::new();
        for (code, amount) in &table.minimum {
            let wrong = |error: MoneyError| RulesError::Payment {
                currency: code.chars().take(60).collect(),
                error,
            };
            let currency = Currency::parse(code).map_err(wrong)?;
            minimum.insert(currency, Micros::parse(amount).map_err(wrong)?);
        }
        Ok(Self { minimum })
    }

    /// The least that is paid in a currency, if that is limited.
    #[must_use]
    pub fn minimum(&self, currency: Currency) -> Option<Micros> {
        self.minimum.get(&currency).copied()
    }

    /// Splits a balance into what is paid, a whole number of minor units rounded down, and what
    /// carries forward: all of it where it is negative or below the minimum.
    ///
    /// # Errors
    ///
    /// [`MoneyError::Overflow`], which no balance of a run gives.
    pub fn split(
        &self,
        currency: Currency,
        balance: Micros,
    ) -> Result<(Micros, Micros), MoneyError> {
        let (payable, rest) = currency.payable(balance);
        if self.minimum(currency).is_some_and(|least| payable < least) {
            return Ok((Micros::ZERO, balance));
        }
        Ok((payable, rest))
    }
}
