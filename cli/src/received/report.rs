//! Lines of DDEX sales reports.

use std::path::{Path, PathBuf};

use super::{ReceivedError, ReceivedLine, cut};
use crate::dsr::check::{Checked, Checker, Limits};
use crate::dsr::line;
use crate::dsr::name::days;
use crate::dsr::totals::{Subject, Usage};
use crate::dsr::value::date;

/// Reads reports, checks them, and gives each line that reports usages. Lines whose summary record
/// only comes later, or never, have no territory and no currency: that is among the problems.
///
/// # Errors
///
/// [`ReceivedError::File`], [`ReceivedError::Report`].
pub fn read_reports(
    paths: &[PathBuf],
    limits: Limits,
    each: &mut dyn FnMut(ReceivedLine),
) -> Result<Checked, ReceivedError> {
    let mut checker = Checker::new(limits);
    for path in paths {
        let reader = line::open(path)?;
        let name = path
            .file_name()
            .unwrap_or(path.as_os_str())
            .to_string_lossy();
        let mut usage = |usage: &Usage<'_>| each(received(usage));
        let read = checker.read(&name, reader, &mut usage, &mut |_| {});
        read.map_err(|refused| ReceivedError::Report {
            path: Path::to_owned(path),
            refused,
        })?;
    }
    Ok(checker.finish())
}

fn received(usage: &Usage<'_>) -> ReceivedLine {
    let (from, to) = usage.period;
    let period = date(from)
        .zip(date(to))
        .map(|((from, _), (_, to))| (from, to));
    ReceivedLine {
        file: usage.file.to_owned(),
        line: usage.line,
        isrc: match usage.subject {
            Subject::Recording(isrc) => Some(isrc),
            Subject::NoIsrc | Subject::Several => None,
        },
        territory: usage.territory.to_owned(),
        period: period.or_else(|| days(from)),
        store: String::new(),
        units: usage.usages,
        amount: usage.revenue,
        currency: usage.currency,
        text: cut(usage.text),
    }
}
