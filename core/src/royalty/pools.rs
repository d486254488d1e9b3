//! The pools file: what there is to share out.

use core::fmt;
use std::collections::BTreeMap;

use crate::attribution::TierNumbers;
use crate::id::{IdError, Name, Territory};
use crate::money::{Currency, Micros, MoneyError};

/// Money to share out among the plays of one territory and tier, for one right.
#[derive(Clone, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub struct Pool {
    /// Where.
    pub territory: Territory,
    /// Of which subscribers.
    pub tier: Name,
    /// For which right.
    pub right: Name,
    /// In which currency.
    pub currency: Currency,
    /// How much, not negative.
    pub amount: Micros,
    /// How many subscribers the territory and tier have, where the file says so.
    pub subscribers: Option<u64>,
}

/// All pools of a run, in canonical order.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Pools {
    pools: Vec<Pool>,
    tiers: TierNumbers,
}

/// Why bytes are no pools file.
#[derive(Clone, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub enum PoolsError {
    /// Not CSV, or a row with another number of cells.
    Csv {
        /// Line, from 1; 0 if unknown.
        line: u64,
        /// What the reader said.
        found: String,
    },
    /// The header is not the five columns.
    Header {
        /// The columns found.
        found: String,
    },
    /// A territory, tier or right is malformed.
    Id {
        /// Line, from 1.
        line: u64,
        /// What is wrong.
        error: IdError,
    },
    /// An amount or currency is malformed.
    Money {
        /// Line, from 1.
        line: u64,
        /// What is wrong.
        error: MoneyError,
    },
    /// The same territory, tier, right and currency stand twice.
    Twice {
        /// Which.
        pool: String,
    },
    /// A number of subscribers is no number below 2^32.
    Subscribers {
        /// Line, from 1.
        line: u64,
        /// The text, cut to 60 characters.
        found: String,
    },
    /// Two pools of one territory and tier state different numbers of subscribers.
    SubscribersDiffer {
        /// Which.
        pool: String,
    },
    /// There is no pool at all.
    Empty,
    /// The pools of a currency exceed 2^63 micros, or there are more than 65,535 tiers.
    TooLarge,
}

impl fmt::Display for PoolsError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Csv { line, found } => {
                write!(f, "pools line {line}: expected CSV with a header, but found: {found}")
            }
            Self::Header { found } => write!(
                f,
                "pools line 1: expected the columns {} and, optionally, {SUBSCRIBERS}, but found {found}",
                COLUMNS.join(",")
            ),
            Self::Id { line, error } => write!(f, "pools line {line}: {error}"),
            Self::Money { line, error } => write!(f, "pools line {line}: {error}"),
            Self::Twice { pool } => {
                write!(f, "pools: expected one row for {pool}, but found two")
            }
            Self::Subscribers { line, found } => write!(
                f,
                "pools line {line}: expected a number of subscribers below 2^32, or nothing, but found {found:?}"
            ),
            Self::SubscribersDiffer { pool } => write!(
                f,
                "pools: expected one number of subscribers for {pool}, but found two"
            ),
            Self::Empty => f.write_str("pools: expected at least one pool, but found none"),
            Self::TooLarge => f.write_str(
                "pools: expected less than 2^63 micros in a currency and at most 65535 tiers, but found more",
            ),
        }
    }
}

impl core::error::Error for PoolsError {}

const SUBSCRIBERS: &str = "subscribers";
const COLUMNS: [&str; 5] = ["territory", "tier", "right", "currency", "amount"];

impl Pools {
    /// Reads a pools file.
    ///
    /// # Errors
    ///
    /// [`PoolsError`] for the first thing that is wrong, with its line.
    pub fn parse(bytes: &[u8]) -> Result<Self, PoolsError> {
        let csv_error = |error: &csv::Error| PoolsError::Csv {
            line: error.position().map_or(0, csv::Position::line),
            found: error.to_string().chars().take(200).collect(),
        };
        let mut reader = csv::ReaderBuilder::new().from_reader(bytes);
        let header = reader.headers().map_err(|e| csv_error(&e))?.clone();
        let column = |name: &str| header.iter().position(|found| found == name);
        let places = COLUMNS.map(column);
        let [
            Some(territory),
            Some(tier),
            Some(right),
            Some(currency),
            Some(amount),
        ] = places
        else {
            return Err(header_error(&header));
        };
        let subscribers = column(SUBSCRIBERS);
        if header.len() != COLUMNS.len().saturating_add(subscribers.iter().len()) {
            return Err(header_error(&header));
        }
        let mut pools = Vec::new();
        for row in reader.records() {
            let row = row.map_err(|e| csv_error(&e))?;
            let line = row.position().map_or(0, csv::Position::line);
            let cell = |place| row.get(place).unwrap_or_default();
            let id = |error| PoolsError::Id { line, error };
            let money = |error| PoolsError::Money { line, error };
            pools.push(Pool {
                territory: Territory::parse(cell(territory)).map_err(id)?,
                tier: Name::parse(cell(tier)).map_err(id)?,
                right: Name::parse(cell(right)).map_err(id)?,
                currency: Currency::parse(cell(currency)).map_err(money)?,
                amount: Micros::parse(cell(amount)).map_err(money)?,
                subscribers: match subscribers.map_or("", cell) {
                    "" => None,
                    text => Some(number(text).ok_or_else(|| PoolsError::Subscribers {
                        line,
                        found: text.chars().take(60).collect(),
                    })?),
                },
            });
        }
        Self::new(pools)
    }

    fn new(mut pools: Vec<Pool>) -> Result<Self, PoolsError> {
        pools.sort_unstable();
        for (a, b) in pools.iter().zip(pools.iter().skip(1)) {
            if (a.territory, &a.tier, &a.right, a.currency)
                == (b.territory, &b.tier, &b.right, b.currency)
            {
                return Err(PoolsError::Twice {
                    pool: format!("{} {} {} {}", b.territory, b.tier, b.right, b.currency),
                });
            }
        }
        for (a, b) in pools.iter().zip(pools.iter().skip(1)) {
            let same = (a.territory, &a.tier) == (b.territory, &b.tier);
            if same && a.subscribers != b.subscribers {
                return Err(PoolsError::SubscribersDiffer {
                    pool: format!("{} {}", b.territory, b.tier),
                });
            }
        }
        if pools.is_empty() {
            return Err(PoolsError::Empty);
        }
        let tiers = TierNumbers::new(pools.iter().map(|pool| pool.tier.clone()).collect());
        let pools = Self {
            pools,
            tiers: tiers.ok_or(PoolsError::TooLarge)?,
        };
        pools.sums().map_err(|_| PoolsError::TooLarge)?;
        Ok(pools)
    }

    /// All pools by (territory, tier, right, currency).
    #[must_use]
    pub fn all(&self) -> &[Pool] {
        &self.pools
    }

    /// The numbers of the tiers.
    #[must_use]
    pub const fn tiers(&self) -> &TierNumbers {
        &self.tiers
    }

    /// The pools that the plays of `territory` and tier number `tier` share, by right and currency.
    #[must_use]
    pub fn of(&self, territory: Territory, tier: u16) -> &[Pool] {
        let Some(tier) = self.tiers.name(tier) else {
            return &[];
        };
        let from = self
            .pools
            .partition_point(|p| (p.territory, &p.tier) < (territory, tier));
        let tail = self.pools.get(from..).unwrap_or_default();
        let length = tail.partition_point(|p| (p.territory, &p.tier) == (territory, tier));
        tail.get(..length).unwrap_or_default()
    }

    /// The sum of the pools of each currency.
    ///
    /// # Errors
    ///
    /// [`MoneyError::Overflow`], which cannot happen once the pools are parsed.
    pub fn sums(&self) -> Result<BTreeMap<Currency, Micros>, MoneyError> {
        let mut sums = BTreeMap::new();
        for pool in &self.pools {
            let sum: &mut Micros = sums.entry(pool.currency).or_default();
            *sum = sum.plus(pool.amount)?;
        }
        Ok(sums)
    }
}

/// A decimal number below 2^32, so that ten digits of units for each stay below 2^64.
fn number(text: &str) -> Option<u64> {
    let plain = text.bytes().all(|byte| byte.is_ascii_digit());
    let number: u32 = text.parse().ok().filter(|_| plain)?;
    Some(number.into())
}

fn header_error(header: &csv::StringRecord) -> PoolsError {
    PoolsError::Header {
        found: header
            .iter()
            .collect::<Vec<_>>()
            .join(",")
            .chars()
            .take(200)
            .collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const GOOD: &str =
        "territory,tier,right,currency,amount\nSE,premium,master,SEK,10.5\nDE,free,master,EUR,1\n";

    #[test]
    fn columns_come_in_any_order_and_pools_in_one() {
        let pools = Pools::parse(GOOD.as_bytes()).unwrap();
        let other = "amount,right,tier,territory,currency\r\n1.000000,master,free,DE,EUR\r\n10.500000,master,premium,SE,SEK\r\n";
        assert_eq!(Pools::parse(other.as_bytes()), Ok(pools.clone()));
        let (de, se) = (
            Territory::parse("DE").unwrap(),
            Territory::parse("SE").unwrap(),
        );
        assert_eq!(
            pools.tiers().number(Name::parse("premium").ok().as_ref()),
            2
        );
        assert_eq!(pools.of(se, 2).len(), 1);
        assert!(pools.of(de, 2).is_empty() && pools.of(de, 0).is_empty());
    }

    #[test]
    fn each_fault_is_named_with_its_line() {
        let cases = [
            ("", "columns"),
            ("territory,tier,right,currency\n", "columns"),
            ("territory,tier,right,currency,amount,extra\n", "columns"),
            ("territory,tier,right,currency,amount\n", "at least one"),
            (
                "territory,tier,right,currency,amount\nDE,free,master,EUR\n",
                "line 2",
            ),
            (
                "territory,tier,right,currency,amount\nDE,free,master,EUR,-1\n",
                "line 2",
            ),
            (
                "territory,tier,right,currency,amount\nDE,free,master,EUR,1\nDE,free,master,XXQ,1\n",
                "line 3",
            ),
            (
                "territory,tier,right,currency,amount\nDE,Free,master,EUR,1\n",
                "short name",
            ),
            (
                "territory,tier,right,currency,amount\nDE,free,master,EUR,1\nDE,free,master,EUR,2\n",
                "found two",
            ),
            (
                "territory,tier,right,currency,amount\nDE,free,master,EUR,9223372036854.775807\nFR,free,master,EUR,1\n",
                "2^63",
            ),
        ];
        for (text, names) in cases {
            let message = Pools::parse(text.as_bytes()).unwrap_err().to_string();
            assert!(message.contains(names), "{text:?}: {message}");
        }
        assert!(
            Pools::parse(b"territory,tier,right,currency,amount\n\xff,free,master,EUR,1\n")
                .is_err()
        );
    }
}
