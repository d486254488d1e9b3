//! The name of a report's file: `DSR_Recipient_Sender_Service_Period_Territory_xofy_time.tsv[.gz]`.
//!
//! Source: DSR part 1 §8.1. No element holds an underscore or a blank; an empty one leaves two
//! underscores side by side; `xofy` may be left out if there is one file.

use jiff::ToSpan as _;
use jiff::civil;

use super::value::date;

/// What a file's name says.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct FileName {
    /// Party id or name.
    pub recipient: String,
    /// Party id or name.
    pub sender: String,
    /// The service.
    pub service: String,
    /// As it stands there.
    pub period: String,
    /// A territory, or words that the parties agreed on.
    pub territory: String,
    /// Number of the file and number of files.
    pub part: Option<(u64, u64)>,
    /// `yyyymmddThhmmss`.
    pub created: String,
}

impl FileName {
    /// Reads the last part of a path.
    ///
    /// # Errors
    ///
    /// What a name must be like.
    pub fn parse(name: &str) -> Result<Self, &'static str> {
        let name = name.strip_suffix(".gz").unwrap_or(name);
        let Some(stem) = name.strip_suffix(".tsv") else {
            return Err("a name that ends in .tsv or .tsv.gz");
        };
        let parts: Vec<&str> = stem.split('_').collect();
        let (front, part, created) = match parts.as_slice() {
            [front @ .., created] if front.len() == 6 => (front, None, created),
            [front @ .., part, created] if front.len() == 6 => (front, Some(*part), created),
            _ => {
                return Err(
                    "DSR_Recipient_Sender_Service_Period_Territory_xofy_yyyymmddThhmmss.tsv",
                );
            }
        };
        let [dsr, recipient, sender, service, period, territory] = front else {
            return Err("eight elements parted by underscores");
        };
        if *dsr != "DSR" {
            return Err("a name that begins with DSR_");
        }
        if name.contains(' ') {
            return Err("a name without blanks");
        }
        let part = match part {
            None | Some("") => None,
            Some(part) => Some(part_of(part).ok_or("a part such as 1of2")?),
        };
        if !is_time(created) {
            return Err("a time such as 20160121T150926");
        }
        if !period.is_empty() && days(period).is_none() {
            return Err("a period such as 2015-02, 2015-Q4, 2015-W07 or 2015-02-01--2015-02-14");
        }
        Ok(Self {
            recipient: (*recipient).to_owned(),
            sender: (*sender).to_owned(),
            service: (*service).to_owned(),
            period: (*period).to_owned(),
            territory: (*territory).to_owned(),
            part,
            created: (*created).to_owned(),
        })
    }

    /// The name itself, with `.tsv`.
    #[must_use]
    pub fn text(&self) -> String {
        let part = match self.part {
            Some((number, files)) => format!("{number}of{files}_"),
            None => String::new(),
        };
        let element = |text: &str| text.replace(['_', ' ', '/', '\\', '\t'], "-");
        format!(
            "DSR_{}_{}_{}_{}_{}_{part}{}.tsv",
            element(&self.recipient),
            element(&self.sender),
            element(&self.service),
            element(&self.period),
            element(&self.territory),
            self.created,
        )
    }
}

/// Whether an element of a name stands for `text`: letters and digits agree, in either case.
#[must_use]
pub fn says(element: &str, text: &str) -> bool {
    let bare = |text: &str| -> String {
        let letters = text.chars().filter(|c| c.is_alphanumeric());
        letters.flat_map(char::to_lowercase).collect()
    };
    bare(element) == bare(text)
}

/// The first and the last day of a period: yyyy, yyyy-mm, yyyy-mm-dd, yyyy-Qq, yyyy-Www, day--day.
#[must_use]
pub fn days(period: &str) -> Option<(civil::Date, civil::Date)> {
    if let Some((from, to)) = period.split_once("--") {
        return Some((date(from)?.0, date(to)?.1));
    }
    let Some((year, part)) = period.split_once('-') else {
        return date(period);
    };
    if let Some(quarter) = part.strip_prefix('Q') {
        let quarter: i8 = quarter.parse().ok().filter(|q| (1..=4).contains(q))?;
        let first = civil::Date::new(date(year)?.0.year(), quarter * 3 - 2, 1).ok()?;
        let last = first.checked_add(2.months()).ok()?.last_of_month();
        return Some((first, last));
    }
    if let Some(week) = part.strip_prefix('W').filter(|week| week.len() == 2) {
        let year = date(year)?.0.year();
        let monday = civil::ISOWeekDate::new(year, week.parse().ok()?, civil::Weekday::Monday);
        let monday = monday.ok()?.date();
        return Some((monday, monday.checked_add(6.days()).ok()?));
    }
    date(period)
}

fn part_of(text: &str) -> Option<(u64, u64)> {
    let (number, files) = text.split_once("of")?;
    let (number, files) = (number.parse().ok()?, files.parse().ok()?);
    (number >= 1 && number <= files).then_some((number, files))
}

fn is_time(text: &str) -> bool {
    text.len() == 15
        && text.bytes().enumerate().all(|(at, byte)| match at {
            8 => byte == b'T',
            _ => byte.is_ascii_digit(),
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_official_samples() {
        let name = "DSR_TEST_YouTube_AdSupport-music_2015-Q4_IS_1of1_20160121T150926.tsv";
        let parsed = FileName::parse(name).unwrap();
        assert_eq!(
            (parsed.recipient.as_str(), parsed.part),
            ("TEST", Some((1, 1)))
        );
        assert_eq!(parsed.text(), name);
        let without = "DSR_A_B__2015-W07__20160121T150926.tsv.gz";
        let parsed = FileName::parse(without).unwrap();
        assert_eq!((parsed.service.as_str(), parsed.part), ("", None));
        for bad in [
            "report.csv",
            "test_file_parser.tsv",
            "DSR_A_B_C_2015-02_AU_3of2_20150723T092522.tsv",
            "DSR_A_B_C_February_AU_1of2_20150723T092522.tsv",
            "DSR_A_B_C_2015-02_AU_1of2_2015.tsv",
            "CDM_A_B_C_2015-02_AU_1of2_20150723T092522.tsv",
        ] {
            assert!(FileName::parse(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn periods() {
        for (period, first, last) in [
            ("2015", "2015-01-01", "2015-12-31"),
            ("2015-02", "2015-02-01", "2015-02-28"),
            ("2015-Q4", "2015-10-01", "2015-12-31"),
            ("2015-W01", "2014-12-29", "2015-01-04"),
            ("2015-02-01--2015-02-14", "2015-02-01", "2015-02-14"),
        ] {
            let (from, to) = days(period).unwrap();
            assert_eq!(
                (from.to_string(), to.to_string()),
                (first.to_owned(), last.to_owned())
            );
        }
        for bad in ["2015-Q5", "2015-W54", "15", "2015-2"] {
            assert!(days(bad).is_none(), "{bad}");
        }
    }

    #[test]
    fn elements_are_compared_by_letters_and_digits() {
        assert!(says("AdSupport-music", "AdSupport music"));
        assert!(!says("AdSupport", "AdSupport-music"));
    }
}
