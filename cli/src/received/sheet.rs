//! Tables of distributors, through a mapping.

use std::fs::File;
use std::io;
use std::path::Path;

use csv::StringRecord;
use ledgerline::id::Isrc;
use ledgerline::money::Currency;

use super::mapping::Mapping;
use super::{ReceivedError, ReceivedLine, cut};
use crate::csv_file::{Allowance, Limited};
use crate::dsr::Decimal;
use crate::dsr::name::days;
use crate::ledger::durable::FileError;

/// Bytes of a row.
const MOST_ROW: usize = 1 << 20;

/// Places of the mapped columns in a row.
struct Places {
    isrc: usize,
    units: usize,
    amount: usize,
    period: Option<usize>,
    store: Option<usize>,
    territory: Option<usize>,
    currency: Option<usize>,
}

/// Reads a table, one row at a time, and gives each as a line; gives how many there were. Columns
/// that the mapping does not name are left alone; empty rows are skipped.
///
/// # Errors
///
/// [`ReceivedError::Row`] for an absent column, another number of fields than in the header, and
/// numbers or currencies that are none: no row is left out silently.
pub fn read_sheet(
    path: &Path,
    mapping: &Mapping,
    each: &mut dyn FnMut(ReceivedLine),
) -> Result<u64, ReceivedError> {
    const BUFFER: usize = 64 << 10;
    let file = File::open(path).map_err(FileError::at("open", path))?;
    let allowance = Allowance::new(MOST_ROW, BUFFER);
    let mut reader = csv::ReaderBuilder::new()
        .has_headers(false)
        .delimiter(mapping.delimiter.byte())
        .buffer_capacity(BUFFER)
        .from_reader(Limited::new(file, &allowance));
    let mut row = StringRecord::new();
    let mut places = None;
    let mut count = 0;
    loop {
        allowance.renew();
        let before = reader.position().line();
        let some = reader.read_record(&mut row);
        if !some.map_err(|error| failed(path, before, error))? {
            break;
        }
        let line = row.position().map_or(before, csv::Position::line);
        match &places {
            None => places = Some(header(path, line, mapping, &row)?),
            Some(places) => {
                each(received(path, line, mapping, places, &row)?);
                count += 1;
            }
        }
    }
    match places {
        Some(_) => Ok(count),
        None => Err(refuse(path, 1, "a header".to_owned(), "an empty file")),
    }
}

fn refuse(path: &Path, line: u64, expected: String, found: &str) -> ReceivedError {
    ReceivedError::Row {
        path: path.to_owned(),
        line,
        expected,
        found: found.chars().take(80).collect(),
    }
}

fn failed(path: &Path, line: u64, error: csv::Error) -> ReceivedError {
    let place = error.position().map_or(line, csv::Position::line);
    match error.into_kind() {
        csv::ErrorKind::Io(error) if error.kind() != io::ErrorKind::InvalidData => {
            ReceivedError::File(FileError::at("read", path)(error))
        }
        csv::ErrorKind::Io(error) => refuse(path, place, "a row".to_owned(), &error.to_string()),
        csv::ErrorKind::Utf8 { .. } => refuse(path, place, "UTF-8".to_owned(), "other bytes"),
        csv::ErrorKind::UnequalLengths {
            expected_len, len, ..
        } => refuse(
            path,
            place,
            format!("{expected_len} fields, as in the header"),
            &len.to_string(),
        ),
        other => refuse(path, place, "a row".to_owned(), &format!("{other:?}")),
    }
}

fn header(
    path: &Path,
    line: u64,
    mapping: &Mapping,
    row: &StringRecord,
) -> Result<Places, ReceivedError> {
    let names: Vec<&str> = row
        .iter()
        .map(|name| name.trim_start_matches('\u{feff}').trim())
        .collect();
    let at = |name: &str| {
        let same = |other: &&str| other.eq_ignore_ascii_case(name.trim());
        names.iter().position(same).ok_or_else(|| {
            let expected = format!("a column {name:?} (mapping {})", mapping.name);
            refuse(path, line, expected, &names.join(", "))
        })
    };
    let maybe = |name: &Option<String>| name.as_deref().map(at).transpose();
    let columns = &mapping.columns;
    Ok(Places {
        isrc: at(&columns.isrc)?,
        units: at(&columns.units)?,
        amount: at(&columns.amount)?,
        period: maybe(&columns.period)?,
        store: maybe(&columns.store)?,
        territory: maybe(&columns.territory)?,
        currency: maybe(&columns.currency)?,
    })
}

fn received(
    path: &Path,
    line: u64,
    mapping: &Mapping,
    places: &Places,
    row: &StringRecord,
) -> Result<ReceivedLine, ReceivedError> {
    let field = |at: usize| row.get(at).unwrap_or_default().trim();
    let maybe = |at: Option<usize>| at.map(field).unwrap_or_default();
    let number = |at: usize, name: &str| match field(at) {
        "" => Ok(None),
        text => decimal(mapping, text).map(Some).ok_or_else(|| {
            refuse(
                path,
                line,
                format!("a decimal number in column {name:?}"),
                text,
            )
        }),
    };
    let code = match (&mapping.currency, places.currency) {
        (Some(fixed), _) => fixed.as_str(),
        (None, at) => maybe(at),
    };
    let currency = match code {
        "" => None,
        code => Some(
            Currency::parse(code)
                .map_err(|_| refuse(path, line, "an ISO 4217 currency".to_owned(), code))?,
        ),
    };
    let territory = maybe(places.territory);
    let territory = mapping
        .territories
        .get(territory)
        .map_or(territory, String::as_str);
    let file = path
        .file_name()
        .unwrap_or(path.as_os_str())
        .to_string_lossy();
    let separator = char::from(mapping.delimiter.byte()).to_string();
    Ok(ReceivedLine {
        file: file.into_owned(),
        line,
        isrc: Isrc::parse(field(places.isrc)).ok(),
        territory: territory.to_owned(),
        period: days(maybe(places.period)),
        store: maybe(places.store).to_owned(),
        units: number(places.units, &mapping.columns.units)?,
        amount: number(places.amount, &mapping.columns.amount)?,
        currency,
        text: cut(&row.iter().collect::<Vec<_>>().join(&separator)),
    })
}

fn decimal(mapping: &Mapping, text: &str) -> Option<Decimal> {
    match mapping.decimal_comma {
        false => Decimal::parse(text).ok(),
        true if text.contains('.') => None,
        true => Decimal::parse(&text.replacen(',', ".", 1)).ok(),
    }
}

#[cfg(test)]
mod tests {
    use super::super::builtin;
    use super::*;

    fn read(mapping: &Mapping, text: &str) -> Result<Vec<ReceivedLine>, ReceivedError> {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("received.tsv");
        std::fs::write(&path, text).unwrap();
        let mut lines = Vec::new();
        let count = read_sheet(&path, mapping, &mut |line| lines.push(line))?;
        assert_eq!(count, lines.len() as u64);
        Ok(lines)
    }

    const HEADER: &str =
        "Reporting Date\tSale Month\tStore\tISRC\tQuantity\tCountry of Sale\tEarnings (USD)\n";

    #[test]
    fn a_line_of_distrokid() {
        let row = "2026-05-15\t2026-04\tSpotify\tUS-RC1-76-07839\t1234\tDE\t4.16660\n";
        let lines = read(
            &builtin("distrokid").unwrap(),
            &format!("\u{feff}{HEADER}{row}"),
        )
        .unwrap();
        let line = &lines[0];
        assert_eq!(
            (line.line, line.store.as_str(), line.territory.as_str()),
            (2, "Spotify", "DE")
        );
        assert_eq!(line.isrc, Isrc::parse("USRC17607839").ok());
        // As many places as were written: a sign of how the amount was rounded.
        assert_eq!(line.amount.unwrap().places(), 5);
        assert_eq!(line.amount.unwrap().to_string(), "4.16660");
        assert_eq!(line.currency, Currency::parse("USD").ok());
        let (from, to) = line.period.unwrap();
        assert_eq!(
            (from.to_string(), to.to_string()),
            ("2026-04-01".to_owned(), "2026-04-30".to_owned())
        );
        assert_eq!(line.text, row.trim_end());
    }

    #[test]
    fn tunecore_writes_uk() {
        let text = "Sales Period,Store Name,Country Of Sale,Optional ISRC,# Units Sold,Total Earned,Currency\n\
                    2026-04-01,\"Store, Inc.\",UK,,2,0.010,EUR\n";
        let lines = read(&builtin("tunecore").unwrap(), text).unwrap();
        assert_eq!(lines[0].territory, "GB");
        assert_eq!(
            (lines[0].isrc, lines[0].store.as_str()),
            (None, "Store, Inc.")
        );
    }

    #[test]
    fn nothing_is_left_out_silently() {
        let mapping = builtin("distrokid").unwrap();
        let row = |earnings: &str| {
            format!("{HEADER}2026-05-15\t2026-04\tS\tUSRC17607839\t1\tDE\t{earnings}\n")
        };
        for (text, words) in [
            (
                row("4,16"),
                "received.tsv:2: expected a decimal number in column \"Earnings (USD)\", but found 4,16",
            ),
            (row("1E-3"), "expected a decimal number"),
            (
                row("1\t2"),
                ":2: expected 7 fields, as in the header, but found 8",
            ),
            (
                HEADER.replace("ISRC", "Isrc code"),
                ":1: expected a column \"ISRC\" (mapping distrokid)",
            ),
            (String::new(), "expected a header"),
        ] {
            let error = read(&mapping, &text).unwrap_err().to_string();
            assert!(error.contains(words), "{error}");
        }
        let comma = Mapping {
            decimal_comma: true,
            ..mapping
        };
        let lines = read(&comma, &row("4,16")).unwrap();
        assert_eq!(lines[0].amount.unwrap().to_string(), "4.16");
        assert!(read(&comma, &row("4.16")).is_err());
    }
}
