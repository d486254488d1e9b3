//! Exact fractions, for pools computed from revenue.

use core::cmp::Ordering;

use crate::money::{Currency, Micros};

use super::settings::PoolRounding;

/// A fraction that is not negative, in lowest terms.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Ratio {
    num: i128,
    den: i128,
}

impl Ratio {
    /// Nothing.
    pub const ZERO: Self = Self { num: 0, den: 1 };

    /// num / den; `None` if it is negative or there is nothing to divide by.
    #[must_use]
    pub fn new(num: i128, den: i128) -> Option<Self> {
        if num < 0 || den <= 0 {
            return None;
        }
        let divisor = gcd(num, den);
        Some(Self {
            num: num.checked_div(divisor)?,
            den: den.checked_div(divisor)?,
        })
    }

    /// An amount, in micros.
    #[must_use]
    pub fn micros(amount: Micros) -> Option<Self> {
        Self::new(amount.0.into(), 1)
    }

    /// The product with num / den; `None` if it leaves 127 bits.
    #[must_use]
    pub fn times(self, num: i128, den: i128) -> Option<Self> {
        let other = Self::new(num, den)?;
        // Crosswise first, so that only what is really large is too large.
        let left = Self::new(self.num, other.den)?;
        let right = Self::new(other.num, self.den)?;
        Some(Self {
            num: left.num.checked_mul(right.num)?,
            den: left.den.checked_mul(right.den)?,
        })
    }

    /// The difference, or nothing where it would be negative; `None` if it leaves 127 bits.
    #[must_use]
    pub fn less(self, other: Self) -> Option<Self> {
        let left = self.num.checked_mul(other.den)?;
        let right = other.num.checked_mul(self.den)?;
        let num = left.checked_sub(right)?.max(0);
        Self::new(num, self.den.checked_mul(other.den)?)
    }

    /// Which is more; `None` if comparing leaves 127 bits.
    #[must_use]
    pub fn compare(self, other: Self) -> Option<Ordering> {
        let left = self.num.checked_mul(other.den)?;
        Some(left.cmp(&other.num.checked_mul(self.den)?))
    }

    /// The greater of both.
    #[must_use]
    pub fn max(self, other: Self) -> Option<Self> {
        Some(match self.compare(other)? {
            Ordering::Less => other,
            _ => self,
        })
    }

    /// The smaller of both.
    #[must_use]
    pub fn min(self, other: Self) -> Option<Self> {
        Some(match self.compare(other)? {
            Ordering::Greater => other,
            _ => self,
        })
    }

    /// Rounded down to a whole micro.
    #[must_use]
    pub fn floor(self) -> Option<Micros> {
        let whole = self.num.checked_div(self.den)?;
        i64::try_from(whole).ok().map(Micros)
    }

    /// Rounded as the rules say.
    #[must_use]
    pub fn rounded(self, rounding: PoolRounding, currency: Currency) -> Option<Micros> {
        match rounding {
            PoolRounding::Micro => self.floor(),
            PoolRounding::Cent => {
                // A half upwards: floor(x/unit + 1/2) units.
                let unit = 10_i128.checked_pow(6_u32.saturating_sub(currency.exponent()))?;
                let units = self.den.checked_mul(unit)?;
                let twice = self.num.checked_mul(2)?.checked_add(units)?;
                let whole = twice.checked_div(units.checked_mul(2)?)?;
                i64::try_from(whole.checked_mul(unit)?).ok().map(Micros)
            }
        }
    }

    /// Whether it is a whole number of micros.
    #[must_use]
    pub const fn is_whole(self) -> bool {
        self.den == 1
    }
}

/// Both are not negative, the second is not 0.
fn gcd(a: i128, b: i128) -> i128 {
    let (mut a, mut b) = (a, b);
    while let Some(rest) = a.checked_rem(b) {
        (a, b) = (b, rest);
    }
    a.max(1)
}
