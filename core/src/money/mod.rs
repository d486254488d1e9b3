//! Money as integers: micros, currencies with their minor units, parts per million, the one
//! rounding rule of pools, and exchange rates.
//!
//! *In:* decimal text, integers. *Out:* exact integers. *Does not know:* pools or holders.
//! Source: ISO 4217 for currencies; `docs/format.md` sections 1 and 7.

mod rate;

use core::fmt;
use core::num::NonZeroU64;

pub use rate::{Rate, RateError, Rounding};

/// An amount in micros, 10^-6 of its currency's major unit.
#[derive(Clone, Copy, Debug, Default, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct Micros(pub i64);

/// Why an amount could not be read or computed.
#[derive(Clone, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub enum MoneyError {
    /// Not a decimal number with at most six places.
    NotDecimal {
        /// The text, cut to 60 characters.
        found: String,
    },
    /// The result does not fit 63 bits of micros.
    Overflow,
    /// Not an active ISO 4217 code with a minor unit.
    NoCurrency {
        /// The text, cut to 60 characters.
        found: String,
    },
}

impl fmt::Display for MoneyError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotDecimal { found } => write!(
                f,
                "expected an amount like 1234.50, with at most six places, but found {found:?}"
            ),
            Self::Overflow => write!(
                f,
                "expected an amount below 2^63 micros, but found a larger one"
            ),
            Self::NoCurrency { found } => write!(
                f,
                "expected an ISO 4217 currency code such as EUR, but found {found:?}"
            ),
        }
    }
}

impl core::error::Error for MoneyError {}

impl Micros {
    /// Nothing.
    pub const ZERO: Self = Self(0);

    /// Reads a decimal without sign, grouping or exponent, with at most six places.
    ///
    /// # Errors
    ///
    /// [`MoneyError::NotDecimal`], [`MoneyError::Overflow`].
    pub fn parse(text: &str) -> Result<Self, MoneyError> {
        let refuse = || MoneyError::NotDecimal {
            found: text.chars().take(60).collect(),
        };
        let (whole, places) = text.split_once('.').unwrap_or((text, "0"));
        let digits = |part: &str| {
            !part.is_empty() && part.len() <= 40 && part.bytes().all(|b| b.is_ascii_digit())
        };
        if !digits(whole) || !digits(places) || places.len() > 6 {
            return Err(refuse());
        }
        let padded = format!("{whole}{places:0<6}");
        padded.parse().map(Self).map_err(|_| MoneyError::Overflow)
    }

    /// The sum.
    ///
    /// # Errors
    ///
    /// [`MoneyError::Overflow`].
    pub fn plus(self, other: Self) -> Result<Self, MoneyError> {
        self.0
            .checked_add(other.0)
            .map(Self)
            .ok_or(MoneyError::Overflow)
    }

    /// The difference.
    ///
    /// # Errors
    ///
    /// [`MoneyError::Overflow`].
    pub fn minus(self, other: Self) -> Result<Self, MoneyError> {
        self.0
            .checked_sub(other.0)
            .map(Self)
            .ok_or(MoneyError::Overflow)
    }
}

impl fmt::Display for Micros {
    /// Always six places, so that a column of amounts lines up and nothing is hidden.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let sign = if self.0 < 0 { "-" } else { "" };
        let size = self.0.unsigned_abs();
        write!(f, "{sign}{}.{:06}", size / 1_000_000, size % 1_000_000)
    }
}

/// An active ISO 4217 currency that has a minor unit.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct Currency([u8; 3]);

impl Currency {
    /// Reads a three-letter code in capitals.
    ///
    /// # Errors
    ///
    /// [`MoneyError::NoCurrency`], also for codes without a minor unit, such as XAU.
    pub fn parse(code: &str) -> Result<Self, MoneyError> {
        let refuse = || MoneyError::NoCurrency {
            found: code.chars().take(60).collect(),
        };
        let bytes = <[u8; 3]>::try_from(code.as_bytes()).map_err(|_| refuse())?;
        if !bytes.iter().all(u8::is_ascii_uppercase) {
            return Err(refuse());
        }
        let known = iso_currency::Currency::from_code(code).ok_or_else(refuse)?;
        match known.exponent() {
            Some(exponent) if exponent <= 6 => Ok(Self(bytes)),
            _ => Err(refuse()),
        }
    }

    /// The three letters as they stand in canonical bytes.
    #[must_use]
    pub const fn bytes(self) -> [u8; 3] {
        self.0
    }

    /// Reads canonical bytes.
    ///
    /// # Errors
    ///
    /// [`MoneyError::NoCurrency`].
    pub fn from_bytes(bytes: [u8; 3]) -> Result<Self, MoneyError> {
        let code = core::str::from_utf8(&bytes).map_err(|_| MoneyError::NoCurrency {
            found: "bytes that are not text".to_owned(),
        })?;
        Self::parse(code)
    }

    /// Decimal places of the minor unit: 2 for EUR, 0 for JPY, 3 for KWD.
    #[must_use]
    pub fn exponent(self) -> u32 {
        core::str::from_utf8(&self.0)
            .ok()
            .and_then(iso_currency::Currency::from_code)
            .and_then(|known| known.exponent())
            .map_or(2, u32::from)
    }

    /// One minor unit: 10,000 micros for EUR, 1,000,000 for JPY.
    #[must_use]
    pub fn unit(self) -> Micros {
        Micros(10_i64.saturating_pow(6_u32.saturating_sub(self.exponent())))
    }

    /// How many whole minor units an amount has, rounded down.
    #[must_use]
    pub fn minor_units(self, amount: Micros) -> i64 {
        amount
            .0
            .checked_div_euclid(self.unit().0)
            .unwrap_or_default()
    }

    /// Splits a balance into what can be paid, a whole number of minor units rounded down and
    /// never negative, and the rest, which carries forward.
    #[must_use]
    pub fn payable(self, balance: Micros) -> (Micros, Micros) {
        let unit = self.unit().0;
        // 0 <= rest < unit and payable <= balance, so neither subtraction leaves i64.
        let rest = balance.0.checked_rem_euclid(unit).unwrap_or(0);
        if balance.0 < 0 {
            return (Micros::ZERO, balance);
        }
        (Micros(balance.0.saturating_sub(rest)), Micros(rest))
    }
}

impl fmt::Display for Currency {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let [a, b, c] = self.0.map(char::from);
        write!(f, "{a}{b}{c}")
    }
}

/// A share in parts per million, 1 to 1,000,000.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub struct Ppm(u32);

impl Ppm {
    /// The whole.
    pub const WHOLE: NonZeroU64 = NonZeroU64::new(1_000_000).unwrap();

    /// `None` outside 1..=1,000,000.
    #[must_use]
    pub fn new(parts: u32) -> Option<Self> {
        (1..=1_000_000).contains(&parts).then_some(Self(parts))
    }

    /// The number of parts.
    #[must_use]
    pub const fn parts(self) -> u32 {
        self.0
    }
}

/// The part of `pool` that falls to an item of `weight` with `before` = the sum of the weights of
/// the items before it and `total` = the sum of all: floor(pool·(before+weight)/total) −
/// floor(pool·before/total), rounding towards minus infinity.
///
/// Over all items the parts add up to `pool` exactly, each within one micro of its quota.
///
/// # Errors
///
/// [`MoneyError::Overflow`] if before + weight exceeds `total` or `pool` is negative.
pub fn apportion(
    pool: Micros,
    before: u64,
    weight: u64,
    total: NonZeroU64,
) -> Result<Micros, MoneyError> {
    let after = before.checked_add(weight).ok_or(MoneyError::Overflow)?;
    if after > total.get() || pool.0 < 0 {
        return Err(MoneyError::Overflow);
    }
    // pool < 2^63 and part <= total < 2^64, so the product is below 2^127 and the quotient <= pool.
    let upto = |part: u64| {
        i128::from(pool.0)
            .checked_mul(i128::from(part))
            .and_then(|product| product.checked_div(i128::from(total.get())))
            .and_then(|quotient| i64::try_from(quotient).ok())
            .ok_or(MoneyError::Overflow)
    };
    Micros(upto(after)?).minus(Micros(upto(before)?))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn amounts_have_six_places() {
        assert_eq!(Micros::parse("1234.5"), Ok(Micros(1_234_500_000)));
        assert_eq!(Micros::parse("0.000001"), Ok(Micros(1)));
        assert_eq!(Micros::parse("9223372036854.775807"), Ok(Micros(i64::MAX)));
        assert_eq!(
            Micros::parse("9223372036854.775808"),
            Err(MoneyError::Overflow)
        );
        for text in [
            "",
            ".",
            "1.",
            ".5",
            "-1",
            "+1",
            "1e3",
            "1,000",
            "0.0000001",
            "١",
        ] {
            assert!(
                matches!(Micros::parse(text), Err(MoneyError::NotDecimal { .. })),
                "{text}"
            );
        }
        assert_eq!(Micros(-1_500_000).to_string(), "-1.500000");
        assert_eq!(Micros(i64::MIN).to_string(), "-9223372036854.775808");
    }

    #[test]
    fn minor_units_follow_iso_4217() {
        let paid = |code: &str, micros| Currency::parse(code).unwrap().payable(Micros(micros));
        assert_eq!(paid("EUR", 1_239_999), (Micros(1_230_000), Micros(9_999)));
        assert_eq!(paid("JPY", 1_999_999), (Micros(1_000_000), Micros(999_999)));
        assert_eq!(paid("KWD", 1_239_999), (Micros(1_239_000), Micros(999)));
        assert_eq!(paid("EUR", -1), (Micros(0), Micros(-1)));
        let units = |code: &str, micros| Currency::parse(code).unwrap().minor_units(Micros(micros));
        assert_eq!(units("EUR", 1_239_999), 123);
        assert_eq!(units("JPY", 1_999_999), 1);
        assert_eq!(units("KWD", 1_239_999), 1_239);
        for code in ["eur", "EURO", "XAU", "ZZZ", ""] {
            assert!(Currency::parse(code).is_err(), "{code}");
        }
    }

    proptest! {
        #[test]
        fn parts_add_up_and_stay_within_one_micro(
            pool in 0..=i64::MAX,
            weights in prop::collection::vec(0_u64..1 << 40, 1..50),
        ) {
            let total: u64 = weights.iter().sum();
            prop_assume!(total > 0);
            let total = NonZeroU64::new(total).unwrap();
            let (mut before, mut sum) = (0, 0_i128);
            for weight in weights {
                let part = apportion(Micros(pool), before, weight, total).unwrap();
                let quota = i128::from(pool) * i128::from(weight) / i128::from(total.get());
                prop_assert!((i128::from(part.0) - quota).abs() <= 1);
                before += weight;
                sum += i128::from(part.0);
            }
            prop_assert_eq!(sum, i128::from(pool));
        }

        #[test]
        fn print_parse_print(micros in 0..=i64::MAX) {
            prop_assert_eq!(Micros::parse(&Micros(micros).to_string()), Ok(Micros(micros)));
        }
    }
}
