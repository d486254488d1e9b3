//! What a value of a cell may be.

use jiff::civil;
use ledgerline::money::Currency;

use super::decimal::{Decimal, DecimalError, is_exponent};
use super::problem::Code;
use super::table::Kind;

/// Why a value may not stand in a cell.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Fault {
    /// What kind of problem it is.
    pub code: Code,
    /// What must be there.
    pub expected: &'static str,
}

const fn fault(code: Code, expected: &'static str) -> Result<(), Fault> {
    Err(Fault { code, expected })
}

/// Checks one value, which is not empty.
///
/// # Errors
///
/// [`Fault`].
pub fn check(kind: Kind, text: &str) -> Result<(), Fault> {
    if text.len() > 1 && text.starts_with('"') && text.ends_with('"') {
        return fault(Code::SpreadsheetQuotes, "the value without quotation marks");
    }
    match kind {
        Kind::Text => Ok(()),
        Kind::Allowed => allowed(text),
        Kind::Boolean => match text {
            "true" | "false" | "0" | "1" => Ok(()),
            _ => fault(Code::BadBoolean, "true or false"),
        },
        Kind::Currency => match Currency::parse(text) {
            Ok(_) => Ok(()),
            Err(_) => fault(Code::BadCurrency, "an ISO 4217 currency such as EUR"),
        },
        Kind::Decimal => match Decimal::parse(text) {
            Ok(_) => Ok(()),
            Err(error) => decimal_fault(error),
        },
        Kind::Territory => territory(text),
        Kind::Integer => integer(text),
        Kind::Namespaced => match text.split_once("::") {
            Some((namespace, id)) if !namespace.is_empty() && !id.is_empty() => Ok(()),
            _ => fault(Code::BadNamespace, "namespace::id"),
        },
        Kind::Duration if is_duration(text) => Ok(()),
        Kind::Duration => fault(Code::BadDuration, "a duration such as PT3M20S"),
        Kind::Isrc if is_isrc(text) => Ok(()),
        Kind::Isrc => fault(Code::BadIsrc, "an ISRC such as USRC17607839"),
        Kind::DateTime => date_time(text),
        Kind::Icpn => icpn(text),
        Kind::MessageVersion if text.starts_with("dsrf/") => Ok(()),
        Kind::MessageVersion => fault(Code::BadValue, "dsrf/ and a version"),
        Kind::Iswc => iswc(text),
        Kind::Dpid => dpid(text),
        Kind::Date if date(text).is_some() => Ok(()),
        Kind::Date => bad_date(text),
        Kind::One if text == "1" => Ok(()),
        Kind::One => fault(Code::BadValue, "1, as single-record reports are one file"),
    }
}

fn decimal_fault(error: DecimalError) -> Result<(), Fault> {
    match error {
        DecimalError::Form => fault(Code::BadDecimal, "a decimal such as 1234.50"),
        DecimalError::Precision => fault(
            Code::DecimalPrecision,
            "at most 18 digits on each side of the point",
        ),
        DecimalError::Exponent => fault(Code::SpreadsheetNumber, "a decimal without exponent"),
    }
}

/// The lists of allowed values are not public with the schemas: `namespace::Value` and words are let
/// through.
fn allowed(text: &str) -> Result<(), Fault> {
    if text.chars().any(char::is_whitespace) {
        return fault(Code::BadValue, "a value of a DDEX list, without blanks");
    }
    Ok(())
}

fn integer(text: &str) -> Result<(), Fault> {
    let digits = text.strip_prefix(['-', '+']).unwrap_or(text);
    if !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return Ok(());
    }
    if is_exponent(text) {
        return fault(Code::SpreadsheetNumber, "a whole number without exponent");
    }
    fault(Code::BadInteger, "a whole number")
}

fn territory(text: &str) -> Result<(), Fault> {
    let capitals = |part: &str| part.bytes().all(|byte| byte.is_ascii_uppercase());
    let subdivision = |part: &str| {
        (1..=3).contains(&part.len())
            && part
                .bytes()
                .all(|byte| byte.is_ascii_uppercase() || byte.is_ascii_digit())
    };
    let fits = match text.split_once('-') {
        Some((country, part)) => country.len() == 2 && capitals(country) && subdivision(part),
        None if text == "Worldwide" => true,
        // Two letters: ISO 3166-1; four: a former country of ISO 3166-3.
        None if capitals(text) => matches!(text.len(), 2 | 4),
        None => text.len() <= 4 && text.bytes().all(|byte| byte.is_ascii_digit()),
    };
    if fits {
        return Ok(());
    }
    fault(
        Code::BadTerritory,
        "a territory such as DE, US-CA, 2136 or Worldwide",
    )
}

/// Whether `text` is an ISRC as DSR writes it: without hyphens.
#[must_use]
pub fn is_isrc(text: &str) -> bool {
    text.len() == 12
        && text.bytes().enumerate().all(|(at, byte)| match at {
            0 | 1 => byte.is_ascii_alphabetic(),
            2..=4 => byte.is_ascii_alphanumeric(),
            _ => byte.is_ascii_digit(),
        })
}

/// T and ten digits, of which the last is (10 − (1 + Σ i·dᵢ) mod 10) mod 10, i from 1 to 9.
fn iswc(text: &str) -> Result<(), Fault> {
    let Some(digits) = text.strip_prefix('T').and_then(digits) else {
        return fault(Code::BadIswc, "an ISWC such as T0345246801");
    };
    let Some((check, rest)) = digits.split_last().filter(|(_, rest)| rest.len() == 9) else {
        return fault(Code::BadIswc, "an ISWC such as T0345246801");
    };
    let sum: u32 = (1..).zip(rest).map(|(weight, digit)| weight * digit).sum();
    if (10 - (1 + sum) % 10) % 10 == *check {
        return Ok(());
    }
    fault(Code::IswcCheckDigit, "an ISWC whose check digit fits")
}

/// 12 to 14 digits with the check digit of a GTIN. A spreadsheet that showed the number as
/// 7.31453E+11 wrote back 731453000000.
fn icpn(text: &str) -> Result<(), Fault> {
    if is_exponent(text) {
        return fault(Code::SpreadsheetNumber, "an ICPN of 12 to 14 digits");
    }
    let Some(digits) = digits(text).filter(|digits| (12..=14).contains(&digits.len())) else {
        return fault(Code::BadIcpn, "an ICPN of 12 to 14 digits");
    };
    // From the right, the check digit first, weights 1, 3, 1, 3, ...
    let weighted = digits.iter().rev().zip([1, 3].into_iter().cycle());
    let sum: u32 = weighted.map(|(digit, weight)| digit * weight).sum();
    if sum.is_multiple_of(10) {
        return Ok(());
    }
    if text.ends_with("000000") {
        return fault(
            Code::SpreadsheetNumber,
            "an ICPN whose check digit fits, not one rounded to six figures",
        );
    }
    fault(Code::IcpnCheckDigit, "an ICPN whose check digit fits")
}

fn digits(text: &str) -> Option<Vec<u32>> {
    text.chars().map(|c| c.to_digit(10)).collect()
}

/// `PADPIDA`, year, month and day, four characters; over all 18 the check of ISO 7064 mod 37,36.
fn dpid(text: &str) -> Result<(), Fault> {
    let rest = text.strip_prefix("PADPIDA").unwrap_or_default();
    if rest.is_empty() || !rest.bytes().all(|byte| byte.is_ascii_alphanumeric()) {
        return fault(Code::BadDpid, "a DDEX party id such as PADPIDA2014111801Y");
    }
    if dpid_check_fits(text) {
        return Ok(());
    }
    fault(
        Code::DpidCheckCharacter,
        "a DDEX party id of 18 characters whose last fits",
    )
}

/// Whether the check character of a DDEX party id fits.
///
/// Source: ISO 7064, mod 37,36.
#[must_use]
pub fn dpid_check_fits(text: &str) -> bool {
    if text.len() != 18 {
        return false;
    }
    let mut product = 36;
    let mut sum = 0;
    for character in text.chars() {
        let Some(value) = character.to_digit(36) else {
            return false;
        };
        sum = (product + value) % 36;
        let sum = if sum == 0 { 36 } else { sum };
        product = (sum * 2) % 37;
    }
    sum == 1
}

/// The first and the last day that yyyy, yyyy-mm or yyyy-mm-dd stands for.
#[must_use]
pub fn date(text: &str) -> Option<(civil::Date, civil::Date)> {
    let number = |part: &str, width: usize| -> Option<i8> {
        let fits = part.len() == width && part.bytes().all(|byte| byte.is_ascii_digit());
        fits.then(|| part.parse().ok()).flatten()
    };
    let (year, rest) = text.split_at_checked(4)?;
    let year: i16 = match year.bytes().all(|byte| byte.is_ascii_digit()) {
        true => year.parse().ok()?,
        false => return None,
    };
    if rest.is_empty() {
        let first = civil::Date::new(year, 1, 1).ok()?;
        return Some((first, civil::Date::new(year, 12, 31).ok()?));
    }
    let rest = rest.strip_prefix('-')?;
    let (month, day) = rest.split_once('-').unwrap_or((rest, ""));
    let first = civil::Date::new(year, number(month, 2)?, 1).ok()?;
    if day.is_empty() {
        return (!rest.ends_with('-')).then(|| (first, first.last_of_month()));
    }
    let day = civil::Date::new(year, first.month(), number(day, 2)?).ok()?;
    Some((day, day))
}

fn bad_date(text: &str) -> Result<(), Fault> {
    let digits = text.bytes().filter(u8::is_ascii_digit).count();
    let parted = text.contains(['/', '.', ' ']) && digits >= 3;
    let months = [
        "jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec",
    ];
    let lower = text.to_ascii_lowercase();
    let named = digits >= 2 && months.iter().any(|month| lower.contains(month));
    // 20151001, or a spreadsheet's day number such as 42278.
    let bare = digits == text.len() && matches!(digits, 5 | 6 | 8);
    if parted || named || bare || is_exponent(text) {
        return fault(Code::SpreadsheetDate, "a date such as 2015-10-01");
    }
    fault(Code::BadDate, "a date such as 2015-10-01, 2015-10 or 2015")
}

fn date_time(text: &str) -> Result<(), Fault> {
    let with_zone = text.parse::<jiff::Timestamp>().is_ok();
    let local = || text.parse::<civil::DateTime>().is_ok();
    // jiff also reads a blank for the T; XML Schema does not.
    if text.as_bytes().get(10) == Some(&b'T') && (with_zone || local()) {
        return Ok(());
    }
    if text.contains('/') {
        return fault(Code::SpreadsheetDate, "a time such as 2014-12-14T10:05:00Z");
    }
    fault(Code::BadDateTime, "a time such as 2014-12-14T10:05:00Z")
}

/// `PnYnMnDTnHnMnS`, each part at most once and at least one; seconds may have a fraction.
fn is_duration(text: &str) -> bool {
    let text = text.strip_prefix('-').unwrap_or(text);
    let Some(text) = text.strip_prefix('P') else {
        return false;
    };
    let (days, time) = match text.split_once('T') {
        Some((days, time)) => (days, Some(time)),
        None => (text, None),
    };
    let parts = |text: &str, units: &str| -> Option<usize> {
        let (mut rest, mut units, mut count) = (text, units, 0);
        while !rest.is_empty() {
            let end = rest.find(|c: char| c.is_ascii_alphabetic())?;
            let (number, after) = rest.split_at(end);
            let unit = after.chars().next()?;
            let place = units.find(unit)?;
            let (whole, fraction) = number.split_once('.').unwrap_or((number, "0"));
            let is_digits =
                |part: &str| !part.is_empty() && part.bytes().all(|b| b.is_ascii_digit());
            if !is_digits(whole) || !is_digits(fraction) || (number.contains('.') && unit != 'S') {
                return None;
            }
            units = units.get(place + 1..)?;
            rest = after.get(1..)?;
            count += 1;
        }
        Some(count)
    };
    match (parts(days, "YMD"), time.map(|time| parts(time, "HMS"))) {
        (Some(days), None) => days > 0,
        (Some(_), Some(Some(time))) => time > 0,
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn code(kind: Kind, text: &str) -> Option<Code> {
        check(kind, text).err().map(|fault| fault.code)
    }

    #[test]
    fn party_ids_have_a_check_character() {
        for real in [
            "PADPIDA2014122301Q",
            "PADPIDA2014111801Y",
            "PADPIDA2013020802I",
            "PADPIDA2008120501W",
            "PADPIDA20070627029",
        ] {
            assert_eq!(code(Kind::Dpid, real), None, "{real}");
        }
        for placeholder in ["PADPIDA2014999999Z", "PADPIDA2015999999X"] {
            assert_eq!(
                code(Kind::Dpid, placeholder),
                Some(Code::DpidCheckCharacter)
            );
        }
        for other in ["DPIDA12345SDF", "PADPIDA", "PADPIDA2014-11"] {
            assert_eq!(code(Kind::Dpid, other), Some(Code::BadDpid), "{other}");
        }
    }

    #[test]
    fn works_and_products_have_a_check_digit() {
        for real in ["T0345246801", "T9109247316", "T0702472794"] {
            assert_eq!(code(Kind::Iswc, real), None, "{real}");
        }
        assert_eq!(code(Kind::Iswc, "T0345246802"), Some(Code::IswcCheckDigit));
        assert_eq!(code(Kind::Iswc, "T-034.524.680-1"), Some(Code::BadIswc));
        assert_eq!(code(Kind::Icpn, "4006381333931"), None);
        assert_eq!(
            code(Kind::Icpn, "731453000000"),
            Some(Code::SpreadsheetNumber)
        );
        assert_eq!(code(Kind::Icpn, "7.31E+11"), Some(Code::SpreadsheetNumber));
        assert_eq!(code(Kind::Icpn, "731453000002"), Some(Code::IcpnCheckDigit));
        assert_eq!(code(Kind::Icpn, "12345"), Some(Code::BadIcpn));
    }

    #[test]
    fn dates_and_what_spreadsheets_make_of_them() {
        for good in ["2015", "2015-10", "2016-02-29"] {
            assert_eq!(code(Kind::Date, good), None, "{good}");
        }
        for bad in [
            "2015-13",
            "2015-02-30",
            "2015-1-1",
            "2015-",
            "2015-10-",
            "now",
        ] {
            assert_eq!(code(Kind::Date, bad), Some(Code::BadDate), "{bad}");
        }
        for damaged in ["20151001", "10/1/2015", "01.10.2015", "1-Oct-15", "42278"] {
            assert_eq!(
                code(Kind::Date, damaged),
                Some(Code::SpreadsheetDate),
                "{damaged}"
            );
        }
        assert_eq!(code(Kind::DateTime, "2016-01-21T15:09:26Z"), None);
        assert_eq!(code(Kind::DateTime, "2016-01-21T15:09:26+01:00"), None);
        assert_eq!(code(Kind::DateTime, "2016-01-21T15:09:26"), None);
        assert_eq!(
            code(Kind::DateTime, "2016-01-21 15:09:26"),
            Some(Code::BadDateTime)
        );
        assert_eq!(
            code(Kind::DateTime, "1/21/2016 15:09"),
            Some(Code::SpreadsheetDate)
        );
    }

    #[test]
    fn other_kinds() {
        for (kind, good, bad) in [
            (Kind::Duration, "PT0H0M0S", "3:20"),
            (Kind::Duration, "PT3M20.5S", "PT"),
            (Kind::Duration, "P1DT1H", "P1H"),
            (Kind::Isrc, "USRC17607839", "US-RC1-76-07839"),
            (Kind::Isrc, "usrc17607839", "USRC1760783"),
            (Kind::Namespaced, "ISNI::0000000081266409", "ISNI:1"),
            (Kind::Namespaced, "of:a::b", "::b"),
            (Kind::Currency, "GBP", "gbp"),
            (Kind::Territory, "US-CA", "Germany"),
            (Kind::Territory, "2136", "de"),
            (Kind::Boolean, "true", "yes"),
            (Kind::Integer, "-5", "5.0"),
            (Kind::Decimal, "5.50", "5,50"),
            (Kind::Allowed, "OnDemandStream", "on demand"),
            (Kind::One, "1", "2"),
        ] {
            assert_eq!(code(kind, good), None, "{good}");
            assert!(code(kind, bad).is_some(), "{bad}");
        }
        assert_eq!(code(Kind::Integer, "1E+05"), Some(Code::SpreadsheetNumber));
        assert_eq!(code(Kind::Text, "\"a\""), Some(Code::SpreadsheetQuotes));
    }
}
