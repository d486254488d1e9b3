//! Exact decimals: an integer and its number of places.

use std::cmp::Ordering;
use std::fmt;
use std::num::NonZeroU64;

/// Places after the point that are read; DDEX prescribes no precision, and accounting systems
/// keep four to six.
pub const MAX_PLACES: u32 = 18;

/// Digits before the point that are read.
const MAX_WHOLE: usize = 18;

/// A decimal number: `units` times 10 to the minus `places`. Sums are exact.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct Decimal {
    units: i128,
    places: u32,
}

/// Why a text is no decimal that we read.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub enum DecimalError {
    /// Not digits with at most one point and sign.
    Form,
    /// More digits than are read exactly.
    Precision,
    /// Exponents, as spreadsheets write them.
    Exponent,
}

impl Decimal {
    /// Nothing, without places.
    pub const ZERO: Self = Self {
        units: 0,
        places: 0,
    };

    /// `units` times 10 to the minus `places`.
    #[must_use]
    pub const fn new(units: i64, places: u32) -> Option<Self> {
        if places > MAX_PLACES {
            return None;
        }
        Some(Self {
            units: units as i128,
            places,
        })
    }

    /// Reads a decimal as XML Schema has them: an optional sign, digits, and optionally a point
    /// with digits. Grouping, exponents and blanks are refused.
    ///
    /// # Errors
    ///
    /// [`DecimalError`].
    pub fn parse(text: &str) -> Result<Self, DecimalError> {
        let (negative, digits) = match text.as_bytes().first() {
            Some(b'-') => (true, text.get(1..).unwrap_or_default()),
            Some(b'+') => (false, text.get(1..).unwrap_or_default()),
            _ => (false, text),
        };
        let (whole, places) = digits.split_once('.').unwrap_or((digits, ""));
        let all_digits = |part: &str| part.bytes().all(|byte| byte.is_ascii_digit());
        if !all_digits(whole) || !all_digits(places) || (whole.is_empty() && places.is_empty()) {
            return Err(match is_exponent(text) {
                true => DecimalError::Exponent,
                false => DecimalError::Form,
            });
        }
        let whole = whole.trim_start_matches('0');
        if whole.len() > MAX_WHOLE || places.len() > MAX_PLACES as usize {
            return Err(DecimalError::Precision);
        }
        // At most 36 digits: below 10^36, far from 2^127.
        let mut units: i128 = 0;
        for byte in whole.bytes().chain(places.bytes()) {
            units = units * 10 + i128::from(byte - b'0');
        }
        Ok(Self {
            units: if negative { -units } else { units },
            places: u32::try_from(places.len()).map_err(|_| DecimalError::Precision)?,
        })
    }

    /// Places after the point, as they were written.
    #[must_use]
    pub const fn places(self) -> u32 {
        self.places
    }

    /// The number in steps of 10 to the minus `places`; `None` if that would lose digits.
    #[must_use]
    pub fn in_units(self, places: u32) -> Option<i128> {
        if places >= self.places {
            let factor = 10_i128.checked_pow(places - self.places)?;
            return self.units.checked_mul(factor);
        }
        let divisor = 10_i128.checked_pow(self.places - places)?;
        (self.units % divisor == 0).then(|| self.units / divisor)
    }

    /// The exact sum, with the larger number of places; `None` if it leaves 127 bits.
    #[must_use]
    pub fn plus(self, other: Self) -> Option<Self> {
        let places = self.places.max(other.places);
        let units = self
            .in_units(places)?
            .checked_add(other.in_units(places)?)?;
        Some(Self { units, places })
    }

    /// The exact difference; `None` if it leaves 127 bits.
    #[must_use]
    pub fn minus(self, other: Self) -> Option<Self> {
        let places = self.places.max(other.places);
        let units = self
            .in_units(places)?
            .checked_sub(other.in_units(places)?)?;
        Some(Self { units, places })
    }

    /// Whether it is zero, with whatever places.
    #[must_use]
    pub const fn is_zero(self) -> bool {
        self.units == 0
    }

    /// Compares the numbers: 1.50 is 1.5.
    #[must_use]
    pub fn compare(self, other: Self) -> Ordering {
        let places = self.places.max(other.places);
        match (self.in_units(places), other.in_units(places)) {
            (Some(a), Some(b)) => a.cmp(&b),
            // A number that does not fit is the larger one in size.
            (None, _) => self.units.signum().cmp(&0),
            (_, None) => 0.cmp(&other.units.signum()),
        }
    }

    /// A count.
    #[must_use]
    pub const fn count(count: u64) -> Self {
        Self {
            units: count as i128,
            places: 0,
        }
    }

    /// The number divided by `count`, rounded towards zero at `places` places.
    #[must_use]
    pub fn divided(self, count: NonZeroU64, places: u32) -> Option<Self> {
        let wide = places.max(self.places);
        let units = self.in_units(wide)? / i128::from(count.get());
        let units = units / 10_i128.checked_pow(wide - places)?;
        Some(Self { units, places })
    }
}

/// Whether `text` is a number with an exponent, such as 7.31E+11.
#[must_use]
pub fn is_exponent(text: &str) -> bool {
    let Some((number, exponent)) = text.split_once(['E', 'e']) else {
        return false;
    };
    let exponent = exponent.trim_start_matches(['+', '-']);
    let digits = |part: &str| !part.is_empty() && part.bytes().all(|b| b.is_ascii_digit());
    let number = number.trim_start_matches('-').replacen(['.', ','], "", 1);
    digits(exponent) && digits(&number)
}

impl fmt::Display for Decimal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let sign = if self.units < 0 { "-" } else { "" };
        let places = self.places as usize;
        let digits = format!("{:0>width$}", self.units.unsigned_abs(), width = places + 1);
        let (whole, rest) = digits.split_at(digits.len() - places);
        match places {
            0 => write!(f, "{sign}{whole}"),
            _ => write!(f, "{sign}{whole}.{rest}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn decimal(text: &str) -> Decimal {
        Decimal::parse(text).unwrap()
    }

    #[test]
    fn what_is_a_decimal() {
        for (text, printed) in [
            ("5000.00", "5000.00"),
            ("0", "0"),
            ("-0.05", "-0.05"),
            ("+1", "1"),
            ("007.10", "7.10"),
            (".5", "0.5"),
            ("5.", "5"),
            ("0.000000000000000001", "0.000000000000000001"),
        ] {
            assert_eq!(decimal(text).to_string(), printed, "{text}");
        }
        for text in ["", "-", ".", "1,000.00", "1 000", "1.2.3", "٣", "--1", " 1"] {
            assert_eq!(Decimal::parse(text), Err(DecimalError::Form), "{text}");
        }
        for text in ["7.31E+11", "1e5", "7,31E+11"] {
            assert_eq!(Decimal::parse(text), Err(DecimalError::Exponent), "{text}");
        }
        for text in ["0.0000000000000000001", "1000000000000000000000"] {
            assert_eq!(Decimal::parse(text), Err(DecimalError::Precision), "{text}");
        }
    }

    #[test]
    fn sums_are_exact_and_trailing_zeros_do_not_count() {
        let sum = decimal("0.1").plus(decimal("0.20")).unwrap();
        assert_eq!(sum.to_string(), "0.30");
        assert_eq!(sum.compare(decimal("0.3")), Ordering::Equal);
        assert_eq!(decimal("-1").compare(decimal("0.0")), Ordering::Less);
        assert_eq!(decimal("1.50").in_units(1), Some(15));
        assert_eq!(decimal("1.55").in_units(1), None);
        let sixth = decimal("25").divided(NonZeroU64::new(6).unwrap(), 4);
        assert_eq!(sixth.unwrap().to_string(), "4.1666");
    }

    /// 18 digits.
    const MOST: i64 = 999_999_999_999_999_999;

    proptest! {
        #[test]
        fn print_then_parse_is_the_identity(units in -MOST..=MOST, places in 0..=18_u32) {
            let number = Decimal::new(units, places).unwrap();
            prop_assert_eq!(Decimal::parse(&number.to_string()), Ok(number));
        }
    }
}
