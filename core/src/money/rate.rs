//! Exchange rates, exact, and the two declared roundings of a conversion.
//!
//! Source: Council Regulation (EC) No 1103/97, articles 4 and 5.

use core::fmt;
use core::num::NonZeroU64;

use super::{Currency, Micros, MoneyError};

/// How many units of one currency one unit of another is worth, as the source gives it: an integer
/// and the number of its decimal places. Never rounded, truncated or inverted.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct Rate {
    digits: NonZeroU64,
    places: u32,
}

/// Why a text is no rate.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct RateError {
    /// The text that was found, cut to 60 characters.
    pub found: String,
}

impl fmt::Display for RateError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "expected a rate above zero like 1.95583, with at most 18 digits, but found {:?}",
            self.found
        )
    }
}

impl core::error::Error for RateError {}

/// What happens to the part of a converted amount that is too small.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub enum Rounding {
    /// To so many decimal places (at most 6), halves away from zero, as article 5 rounds: for what
    /// is paid or stated.
    HalfUp {
        /// Decimal places that are kept.
        places: u32,
    },
    /// To the micro, towards minus infinity: for what goes on to be computed with. Over many amounts
    /// it is never more than the exact sum.
    FloorMicro,
}

impl Rounding {
    /// Half up at the minor unit of the currency that is converted into.
    #[must_use]
    pub fn minor_unit(target: Currency) -> Self {
        Self::HalfUp {
            places: target.exponent(),
        }
    }

    /// `numerator / denominator` micros, rounded; `None` if that leaves `i64`.
    fn divide(self, numerator: i128, denominator: i128) -> Option<Micros> {
        let micros = match self {
            Self::FloorMicro => floor(numerator, denominator)?,
            Self::HalfUp { places } => {
                let unit = 10_i128.checked_pow(6_u32.saturating_sub(places))?;
                let unit_denominator = denominator.checked_mul(unit)?;
                // Halves away from zero: floor(|x| + 1/2) with the sign put back.
                let size = i128::try_from(numerator.unsigned_abs()).ok()?;
                let doubled = size.checked_mul(2)?.checked_add(unit_denominator)?;
                let units = floor(doubled, unit_denominator.checked_mul(2)?)?;
                units.checked_mul(unit)?.checked_mul(numerator.signum())?
            }
        };
        i64::try_from(micros).ok().map(Micros)
    }
}

/// floor(numerator / denominator) for a denominator above zero.
fn floor(numerator: i128, denominator: i128) -> Option<i128> {
    numerator.checked_div_euclid(denominator)
}

impl Rate {
    /// Reads a decimal without sign, grouping or exponent, digits on both sides of a point if there
    /// is one, at most 18 digits in all, above zero. Zeros at the end are kept: they are figures.
    ///
    /// # Errors
    ///
    /// [`RateError`] for anything else.
    pub fn parse(text: &str) -> Result<Self, RateError> {
        let refuse = || RateError {
            found: text.chars().take(60).collect(),
        };
        let (whole, fraction) = match text.split_once('.') {
            Some((_, "")) => return Err(refuse()),
            Some(parts) => parts,
            None => (text, ""),
        };
        let digits = format!("{whole}{fraction}");
        let plain = digits.bytes().all(|b| b.is_ascii_digit());
        if whole.is_empty() || !plain || digits.len() > 18 {
            return Err(refuse());
        }
        let number = digits.parse().ok().and_then(NonZeroU64::new);
        Ok(Self {
            digits: number.ok_or_else(refuse)?,
            places: u32::try_from(fraction.len()).unwrap_or(18),
        })
    }

    /// How many figures it is given with, from the first that is not zero. Conversion rates of the
    /// euro have six (article 4(1)); fewer figures make a coarser conversion.
    #[must_use]
    pub const fn significant_figures(self) -> u32 {
        self.digits.ilog10().saturating_add(1)
    }

    /// 10 to the number of places.
    fn scale(self) -> i128 {
        10_i128.saturating_pow(self.places)
    }

    /// What `amount` of the first currency is in the second: amount · rate, rounded once.
    ///
    /// # Errors
    ///
    /// [`MoneyError::Overflow`] if the result leaves 63 bits of micros.
    pub fn convert(self, amount: Micros, rounding: Rounding) -> Result<Micros, MoneyError> {
        // |amount| < 2^63 + 1 and digits < 10^18 < 2^60.
        i128::from(amount.0)
            .checked_mul(i128::from(self.digits.get()))
            .and_then(|product| rounding.divide(product, self.scale()))
            .ok_or(MoneyError::Overflow)
    }

    /// What `amount` of the second currency is in the first: amount / rate, rounded once. It divides
    /// by the rate itself; an inverse rate is never formed (article 4(3)).
    ///
    /// # Errors
    ///
    /// [`MoneyError::Overflow`] if the result leaves 63 bits of micros.
    pub fn convert_back(self, amount: Micros, rounding: Rounding) -> Result<Micros, MoneyError> {
        i128::from(amount.0)
            .checked_mul(self.scale())
            .and_then(|product| rounding.divide(product, i128::from(self.digits.get())))
            .ok_or(MoneyError::Overflow)
    }

    /// From one national currency into another through the euro (article 4(4)): `self` and `target`
    /// are what one euro is worth in the currencies converted from and into. The euro amount between
    /// is rounded half up to `euro_places`, never to fewer than three.
    ///
    /// # Errors
    ///
    /// [`MoneyError::Overflow`] if an amount leaves 63 bits of micros.
    pub fn via_euro(
        self,
        amount: Micros,
        target: Self,
        euro_places: u32,
        rounding: Rounding,
    ) -> Result<Micros, MoneyError> {
        let places = euro_places.clamp(3, 6);
        let euro = self.convert_back(amount, Rounding::HalfUp { places })?;
        target.convert(euro, rounding)
    }
}

impl fmt::Display for Rate {
    /// As it was read, but for zeros before the first figure.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let places = usize::try_from(self.places).unwrap_or_default();
        let digits = format!("{:0>1$}", self.digits, places.saturating_add(1));
        let (whole, fraction) = digits.split_at(digits.len().saturating_sub(places));
        f.write_str(whole)?;
        if fraction.is_empty() {
            return Ok(());
        }
        write!(f, ".{fraction}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn rate(text: &str) -> Rate {
        Rate::parse(text).unwrap()
    }

    fn amount(text: &str) -> Micros {
        Micros::parse(text).unwrap()
    }

    const CENT: Rounding = Rounding::HalfUp { places: 2 };

    /// Source: Agencia Tributaria, Manual práctico de Sociedades 2020, "Conversion of amounts
    /// expressed in pesetas into euros"; rate of Regulation (EC) No 2866/98.
    #[test]
    fn pesetas_into_euros_as_the_tax_agency_converts_them() {
        for (pesetas, euros) in [
            ("1270000", "7632.85"),
            ("65732", "395.06"),
            ("506766", "3045.73"),
        ] {
            let converted = rate("166.386").convert_back(amount(pesetas), CENT);
            assert_eq!(converted, Ok(amount(euros)), "{pesetas}");
        }
    }

    /// Regulation (EC) No 2866/98's rates; own arithmetic. 4,000 marks are Banco de España's example,
    /// with four places in between: 2,045.1675 euros.
    #[test]
    fn national_currencies_convert_through_the_euro() {
        let (mark, franc, peseta) = (rate("1.95583"), rate("6.55957"), rate("166.386"));
        let peseta_unit = Rounding::HalfUp { places: 0 };
        let converted = mark.via_euro(amount("4000"), peseta, 4, peseta_unit);
        assert_eq!(converted, Ok(amount("340287")));
        // 100 francs are 15.2449...; three places give 15.245, and 15.245 · 1.95583 = 29.8166.
        let converted = franc.via_euro(amount("100"), mark, 3, CENT);
        assert_eq!(converted, Ok(amount("29.82")));
        // Fewer than three places between are not done: two would give 15.24 and 29.81.
        assert_eq!(franc.via_euro(amount("100"), mark, 2, CENT), converted);
        let two = franc.convert_back(amount("100"), CENT).unwrap();
        assert_eq!(mark.convert(two, CENT), Ok(amount("29.81")));
    }

    /// Article 4(3): the inverse of 1.95583 with six figures, 0.511292, gives another cent than dividing.
    #[test]
    fn an_inverse_rate_would_give_another_amount() {
        let marks = amount("1234567.89");
        let right = rate("1.95583").convert_back(marks, CENT).unwrap();
        let inverse = rate("0.511292").convert(marks, CENT).unwrap();
        assert_eq!((right, inverse), (amount("631224.54"), amount("631224.69")));
    }

    #[test]
    fn halves_go_away_from_zero_and_floors_down() {
        let half = |micros, places| {
            let rounded = rate("1").convert(Micros(micros), Rounding::HalfUp { places });
            rounded.unwrap().0
        };
        assert_eq!(half(1_005_000, 2), 1_010_000);
        assert_eq!(half(1_004_999, 2), 1_000_000);
        assert_eq!(half(-1_005_000, 2), -1_010_000);
        assert_eq!(half(500_000, 0), 1_000_000);
        assert_eq!(half(1_234_567, 6), 1_234_567);
        let floor = |micros| rate("0.5").convert(Micros(micros), Rounding::FloorMicro);
        assert_eq!(floor(3), Ok(Micros(1)));
        assert_eq!(floor(-3), Ok(Micros(-2)));
        let yen = Currency::parse("JPY").unwrap();
        assert_eq!(Rounding::minor_unit(yen), Rounding::HalfUp { places: 0 });
    }

    #[test]
    fn rates_are_read_exactly_or_not_at_all() {
        for (text, figures) in [
            ("1.95583", 6),
            ("0.787564", 6),
            ("1.08420", 6),
            ("340.75", 5),
            ("1936.27", 6),
            ("1", 1),
            ("0.00000000000000001", 1),
            ("999999999999999999", 18),
        ] {
            assert_eq!(rate(text).to_string(), text);
            assert_eq!(rate(text).significant_figures(), figures, "{text}");
        }
        assert_eq!(rate("01.50").to_string(), "1.50");
        for text in [
            "",
            "0",
            "0.000",
            "-1",
            "+1",
            "1.",
            ".5",
            "1e3",
            "1,5",
            "1.2.3",
            "1000000000000000000",
        ] {
            assert!(Rate::parse(text).is_err(), "{text}");
        }
        let most = rate("999999999999999999");
        assert_eq!(
            most.convert(Micros(i64::MAX), CENT),
            Err(MoneyError::Overflow)
        );
        assert_eq!(
            rate("0.00000000000000001").convert_back(Micros(i64::MIN), CENT),
            Err(MoneyError::Overflow)
        );
    }

    proptest! {
        /// Never further from the exact product than the rounding allows, in integers.
        #[test]
        fn conversion_is_within_its_unit(micros in -(1_i64 << 40)..1 << 40, digits in 1_u64..1_000_000_000, places in 0_u32..9) {
            let rate = Rate { digits: NonZeroU64::new(digits).unwrap(), places };
            prop_assert_eq!(Rate::parse(&rate.to_string()), Ok(rate));
            let exact = i128::from(micros) * i128::from(digits);
            let scale = 10_i128.pow(places);
            if let Ok(floor) = rate.convert(Micros(micros), Rounding::FloorMicro) {
                let rest = exact - i128::from(floor.0) * scale;
                prop_assert!((0..scale).contains(&rest));
            }
            if let Ok(half) = rate.convert(Micros(micros), CENT) {
                let off = (exact - i128::from(half.0) * scale).abs() * 2;
                prop_assert!(off <= scale * 10_000);
                prop_assert_eq!(half.0 % 10_000, 0);
            }
        }
    }
}
