//! Moments and accounting periods, in milliseconds since the Unix epoch, without leap seconds.
//!
//! *In:* RFC 3339 text, integers. *Out:* typed values. *Does not know:* what time it is now.

use core::fmt;

/// Milliseconds of a day.
pub const DAY_MS: u64 = 86_400_000;

/// A moment from 1970 to the end of the year 9998, so below 2^48.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct TimeMs(u64);

/// Why a text or number is not a moment or a period.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct TimeError {
    /// What was needed.
    pub expected: &'static str,
    /// The text that was found, cut to 60 characters.
    pub found: String,
}

impl fmt::Display for TimeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "expected {}, but found {:?}", self.expected, self.found)
    }
}

impl core::error::Error for TimeError {}

fn error(expected: &'static str, found: &str) -> TimeError {
    TimeError {
        expected,
        found: found.chars().take(60).collect(),
    }
}

/// Milliseconds of an RFC 3339 time or of a date's midnight UTC, before or after the epoch.
///
/// # Errors
///
/// [`TimeError`] for anything else. Digits below the millisecond are cut off towards the past.
pub fn parse_ms(text: &str) -> Result<i64, TimeError> {
    const FORM: &str = "an RFC 3339 time such as 2026-04-01T12:00:00Z, or a date";
    let refuse = || error(FORM, text);
    if text.len() > 40 || !text.is_ascii() {
        return Err(refuse());
    }
    if text.len() == 10 {
        let midnight = format!("{text}T00:00:00Z");
        let moment: jiff::Timestamp = midnight.parse().map_err(|_| refuse())?;
        return Ok(moment.as_millisecond());
    }
    // jiff reads more than RFC 3339 allows (a blank for the T, annotations, short offsets).
    let bytes = text.as_bytes();
    let zulu = matches!(bytes.last(), Some(b'Z' | b'z'));
    let offset = bytes.len().checked_sub(6).and_then(|at| bytes.get(at..));
    let offset = matches!(offset, Some([b'+' | b'-', _, _, b':', _, _]));
    if !matches!(bytes.get(10), Some(b'T' | b't')) || !(zulu || offset) {
        return Err(refuse());
    }
    let moment: jiff::Timestamp = text.parse().map_err(|_| refuse())?;
    // as_millisecond cuts towards the epoch; before it that is towards the future.
    let past = moment.subsec_nanosecond() % 1_000_000 < 0;
    Ok(moment.as_millisecond().saturating_sub(i64::from(past)))
}

/// RFC 3339 in UTC, with as many places of the second as needed.
#[must_use]
pub fn format_ms(ms: i64) -> String {
    jiff::Timestamp::from_millisecond(ms)
        .map_or_else(|_| format!("{ms} ms"), |moment| moment.to_string())
}

impl TimeMs {
    /// The last moment of the year 9998.
    pub const MAX: Self = Self(253_370_764_799_999);

    /// `None` beyond [`TimeMs::MAX`].
    #[must_use]
    pub fn new(ms: u64) -> Option<Self> {
        (ms <= Self::MAX.0).then_some(Self(ms))
    }

    /// Reads RFC 3339, a date, or an integer number of milliseconds.
    ///
    /// # Errors
    ///
    /// [`TimeError`] also for moments before 1970.
    pub fn parse(text: &str) -> Result<Self, TimeError> {
        const FORM: &str = "a time from 1970 to 9998, RFC 3339 or integer milliseconds";
        let ms = if !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit()) {
            text.parse().ok()
        } else {
            u64::try_from(parse_ms(text)?).ok()
        };
        ms.and_then(Self::new).ok_or_else(|| error(FORM, text))
    }

    /// Milliseconds since the epoch.
    #[must_use]
    pub const fn ms(self) -> u64 {
        self.0
    }

    /// Milliseconds as the signed number that open-ended intervals use.
    #[must_use]
    pub const fn signed(self) -> i64 {
        self.0.cast_signed()
    }

    /// The UTC date, `2026-04-01`.
    #[must_use]
    pub fn date(self) -> String {
        let text = self.to_string();
        text.get(..10).map_or_else(|| text.clone(), str::to_owned)
    }
}

impl fmt::Display for TimeMs {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&format_ms(self.signed()))
    }
}

/// A half-open interval of moments, either bound of which may be open.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub struct Interval {
    /// First moment in it; `i64::MIN` = since ever.
    pub from: i64,
    /// First moment after it; `i64::MAX` = for ever.
    pub to: i64,
}

impl Interval {
    /// Always.
    pub const ALWAYS: Self = Self {
        from: i64::MIN,
        to: i64::MAX,
    };

    /// Reads two bounds; an empty text leaves that side open.
    ///
    /// # Errors
    ///
    /// [`TimeError`] for unreadable bounds, or if the end is not after the start.
    pub fn parse(from: &str, to: &str) -> Result<Self, TimeError> {
        let bound = |text: &str, open| {
            if text.is_empty() {
                Ok(open)
            } else {
                parse_ms(text)
            }
        };
        let interval = Self {
            from: bound(from, i64::MIN)?,
            to: bound(to, i64::MAX)?,
        };
        if interval.from < interval.to {
            Ok(interval)
        } else {
            Err(error("an end after the start", &format!("{from}/{to}")))
        }
    }

    /// Whether `time` lies in it.
    #[must_use]
    pub const fn contains(self, time: TimeMs) -> bool {
        self.from <= time.signed() && time.signed() < self.to
    }
}

/// An accounting period: half-open, in whole seconds.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Period {
    from: TimeMs,
    to: TimeMs,
}

impl Period {
    /// Reads `2026-04` (a UTC month) or `FROM/TO` (RFC 3339 times or dates).
    ///
    /// # Errors
    ///
    /// [`TimeError`] for other texts, fractions of a second, or an end that is not after the start.
    pub fn parse(text: &str) -> Result<Self, TimeError> {
        const FORM: &str = "a month such as 2026-04, or FROM/TO in whole seconds";
        let refuse = || error(FORM, text);
        if let Some((from, to)) = text.split_once('/') {
            return Self::new(TimeMs::parse(from)?, TimeMs::parse(to)?).ok_or_else(refuse);
        }
        let date: jiff::civil::Date = format!("{text}-01").parse().map_err(|_| refuse())?;
        if text.len() != 7 {
            return Err(refuse());
        }
        let next = date
            .checked_add(jiff::Span::new().months(1))
            .map_err(|_| refuse())?;
        let midnight = |date: jiff::civil::Date| TimeMs::parse(&date.to_string());
        Self::new(midnight(date)?, midnight(next)?).ok_or_else(refuse)
    }

    /// `None` unless from < to and both are whole seconds.
    #[must_use]
    pub fn new(from: TimeMs, to: TimeMs) -> Option<Self> {
        let whole = from.0.is_multiple_of(1000) && to.0.is_multiple_of(1000);
        (from < to && whole).then_some(Self { from, to })
    }

    /// First moment.
    #[must_use]
    pub const fn from(self) -> TimeMs {
        self.from
    }

    /// First moment after it.
    #[must_use]
    pub const fn to(self) -> TimeMs {
        self.to
    }
}

impl Period {
    /// The moment `months` calendar months (UTC) before its end; the epoch if that is later.
    #[must_use]
    pub fn months_before_end(self, months: u32) -> TimeMs {
        let back = jiff::Span::new().try_months(months);
        let before = back.ok().and_then(|span| {
            let end = jiff::Timestamp::from_millisecond(self.to.signed()).ok()?;
            let utc = jiff::tz::Offset::UTC;
            let moment = utc.to_datetime(end).checked_sub(span).ok()?;
            let moment = utc.to_timestamp(moment).ok()?.as_millisecond();
            TimeMs::new(u64::try_from(moment).ok()?)
        });
        before.unwrap_or(TimeMs(0))
    }
}

impl fmt::Display for Period {
    /// As in the run note: `2026-04-01T00:00:00Z 2026-05-01T00:00:00Z`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.from, self.to)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn months_are_counted_back_from_the_end() {
        let back = |period: &str, months| {
            let period = Period::parse(period).unwrap();
            period.months_before_end(months).to_string()
        };
        assert_eq!(back("2026-04", 12), "2025-05-01T00:00:00Z");
        assert_eq!(back("2026-04", 1), "2026-04-01T00:00:00Z");
        assert_eq!(
            back("2026-01-01T00:00:00Z/2026-03-31T12:00:00Z", 1),
            "2026-02-28T12:00:00Z"
        );
        assert_eq!(back("1970-01", 120), "1970-01-01T00:00:00Z");
    }

    #[test]
    fn times_are_read_strictly() {
        let ms = |text| TimeMs::parse(text).map(TimeMs::ms);
        assert_eq!(ms("2026-04-01T00:00:00.123Z"), Ok(1_775_001_600_123));
        assert_eq!(ms("2026-04-01T02:00:00+02:00"), Ok(1_775_001_600_000));
        assert_eq!(ms("2026-04-01"), Ok(1_775_001_600_000));
        assert_eq!(ms("1775001600000"), Ok(1_775_001_600_000));
        for text in [
            "",
            "2026-04-01 00:00:00Z",
            "2026-04-01T00:00:00",
            "2026-04-01T00:00:00Z[UTC]",
            "2026-04-31",
            "2026-02-29T00:00:00Z",
            "-1",
            "1969-12-31T23:59:59Z",
            "99999999999999999999",
            "2026-04-01T00:00:00+02",
        ] {
            assert!(ms(text).is_err(), "{text}");
        }
        assert_eq!(parse_ms("1969-12-31T23:59:59.9999Z"), Ok(-1));
        assert_eq!(
            TimeMs::new(TimeMs::MAX.ms()).map(|t| t.to_string()),
            Some("9998-12-31T23:59:59.999Z".into())
        );
    }

    #[test]
    fn periods_print_as_in_the_note() {
        let month = Period::parse("2026-12").unwrap();
        assert_eq!(
            month.to_string(),
            "2026-12-01T00:00:00Z 2027-01-01T00:00:00Z"
        );
        assert_eq!(Period::parse("2026-12-01/2027-01-01"), Ok(month));
        for text in [
            "2026",
            "2026-13",
            "2026-04-01",
            "2026-04/2026-04",
            "x/y",
            "2026-4",
        ] {
            assert!(Period::parse(text).is_err(), "{text}");
        }
        assert!(Period::parse("2026-04-01T00:00:00.5Z/2026-05-01").is_err());
    }

    #[test]
    fn intervals_are_half_open() {
        let interval = Interval::parse("2026-04-01", "2026-04-02").unwrap();
        let at = |text| interval.contains(TimeMs::parse(text).unwrap());
        assert!(at("2026-04-01T00:00:00Z") && !at("2026-04-02T00:00:00Z"));
        assert_eq!(Interval::parse("", ""), Ok(Interval::ALWAYS));
        assert!(Interval::parse("2026-04-02", "2026-04-02").is_err());
    }
}
