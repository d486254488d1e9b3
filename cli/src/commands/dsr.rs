//! `dsr`: DDEX sales reports.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::time::Instant;

use serde::Serialize;
use serde_json::{Map, Value, json};

use crate::dsr::check::{Limits, Refused, Report};
use crate::dsr::problem::{Problem, Severity};
use crate::dsr::totals::{Amounts, Sum};
use crate::dsr::{Checked, Checker, line};
use crate::error::{Error, Outcome};
use crate::ui::{Ui, Unit};

/// Recordings that are listed in words.
const LISTED: usize = 20;

/// Arguments of `dsr`.
#[derive(Debug, clap::Args)]
pub struct Args {
    #[command(subcommand)]
    command: Command,
}

/// What to do with reports.
#[derive(Debug, clap::Subcommand)]
enum Command {
    /// Check DDEX sales reports, and add up what they report
    #[command(after_help = "\
Reads DSR flat files, plain or gzip, of the profiles Basic Audio 1.0 to 1.2, UGC, Audio-Visual,
Royalty Reporting, Radio Broadcast, Financial Reporting and Masterlist, in both variants. Files of
one report are checked together: give all of them. Every problem has a stable code, its file, line
and cell, what was expected and what was found; docs/dsr.md lists the codes. Memory does not grow
with the number of lines: kept are one entry for each recording (--recordings), each summary record,
and so many problems of each kind (--problems); how many more there are is said.

Amounts are added up as the report states them, for each currency. Usages of a release that has
several recordings are not divided among them.

Exit codes: 0 no error; 1 problems of severity error; 2 unreadable, or no DSR.

Examples:
  ledgerline dsr check DSR_Me_Service_Music_2026-04_GB_1of1_20260515T100000.tsv.gz
  ledgerline dsr check report/*.tsv --json > report.json")]
    Check(Check),
}

/// Arguments of `dsr check`.
#[derive(Debug, clap::Args)]
struct Check {
    /// The files; - is standard input
    #[arg(required = true, value_name = "FILE")]
    files: Vec<PathBuf>,

    /// Problems of each kind that are listed
    #[arg(long, value_name = "N", default_value_t = 100)]
    problems: u64,

    /// Recordings that get totals of their own, about 150 bytes each
    #[arg(long, value_name = "N", default_value_t = 4_000_000)]
    recordings: usize,

    /// Recordings that are listed, most usages first [default: 20, with --json all]
    #[arg(long, value_name = "N")]
    top: Option<usize>,
}

/// Runs `dsr`.
///
/// # Errors
///
/// [`Error`].
pub fn run(args: &Args, ui: &Ui) -> Result<Outcome, Error> {
    match &args.command {
        Command::Check(args) => check(args, ui),
    }
}

fn check(args: &Check, ui: &Ui) -> Result<Outcome, Error> {
    let mut checker = Checker::new(Limits {
        problems: args.problems,
        recordings: args.recordings,
        ..Limits::default()
    });
    let began = Instant::now();
    let mut lines = 0;
    for path in &args.files {
        lines += read(&mut checker, path, ui)?;
    }
    let checked = checker.finish();
    if ui.json {
        ui.json(&InJson {
            checked: &checked,
            top: args.top.unwrap_or(usize::MAX),
        })?;
    } else {
        ui.data(words(&checked, args.top.unwrap_or(LISTED)).trim_end())?;
    }
    let ms = began.elapsed().as_millis().max(1);
    ui.say(&format!(
        "{lines} lines in {ms} ms, {} lines/s",
        u128::from(lines) * 1000 / ms
    ));
    Ok(match checked.count(Severity::Error) {
        0 => Outcome::Done,
        _ => Outcome::Disputed,
    })
}

fn read(checker: &mut Checker, path: &Path, ui: &Ui) -> Result<u64, Error> {
    let stdin = path == Path::new("-");
    let length = if stdin { None } else { line::length(path) };
    let reader = if stdin {
        line::unpack(std::io::stdin())
            .map_err(crate::ledger::durable::FileError::at("read", path))?
    } else {
        line::open(path)?
    };
    let name = path.file_name().unwrap_or(path.as_os_str());
    let name = name.to_string_lossy();
    let bar = ui.progress(length, &name, Unit::Bytes);
    let mut progress = |bytes| bar.set_position(bytes);
    let result = checker.read(&name, reader, &mut |_| {}, &mut progress);
    bar.finish_and_clear();
    result.map_err(|refused: Refused| Error::Dsr {
        path: path.to_owned(),
        refused,
    })
}

/// Recordings by usages, most first, then by ISRC.
fn recordings(report: &Report, top: usize) -> Vec<(String, &Sum)> {
    let mut all: Vec<_> = report.totals.recordings.iter().collect();
    if top < all.len() {
        all.sort_by(|(_, a), (_, b)| b.usages.compare(a.usages));
        all.truncate(top);
    }
    all.into_iter()
        .map(|(isrc, sum)| (isrc.to_string(), sum))
        .collect()
}

/// Net revenue of all summary records.
fn stated(report: &Report) -> Amounts {
    let mut amounts = Amounts::default();
    for summary in &report.summaries {
        if let Some(revenue) = summary.revenue {
            // A sum that does not fit stays as it is: 10^18 is no revenue.
            let _ = amounts.add(summary.currency, revenue);
        }
    }
    amounts
}

fn words(checked: &Checked, top: usize) -> String {
    let mut text = String::new();
    for report in &checked.reports {
        report_in_words(report, top, &mut text);
    }
    for problem in &checked.problems {
        // Writing to a String does not fail.
        let _ = writeln!(text, "{problem}");
    }
    let count = |severity, one: &str| {
        let count = checked.count(severity);
        format!("{count} {one}{}", if count == 1 { "" } else { "s" })
    };
    let _ = write!(
        text,
        "{}, {}",
        count(Severity::Error, "error"),
        count(Severity::Warning, "warning")
    );
    match checked.left_out {
        0 => text.push('\n'),
        more => {
            let _ = writeln!(text, "; {more} of them not listed (--problems)");
        }
    }
    for (code, count) in &checked.counts {
        let listed = checked
            .problems
            .iter()
            .filter(|problem| problem.code == *code);
        if listed.count() as u64 != *count {
            let _ = writeln!(text, "  {code}: {count}");
        }
    }
    text
}

fn report_in_words(report: &Report, top: usize, text: &mut String) {
    let head = &report.head;
    let _ = writeln!(
        text,
        "{} {}, {}: message {}, {} to {}",
        head.profile,
        head.profile_version,
        report.profile.variant.words(),
        or_dash(&head.message_id),
        or_dash(&head.from),
        or_dash(&head.to),
    );
    let _ = writeln!(
        text,
        "  from {} {}, to {} {}",
        or_dash(&head.sender_name),
        head.sender_id,
        or_dash(&head.recipient_name),
        head.recipient_id
    );
    for file in &report.files {
        let _ = writeln!(
            text,
            "  {}: {} lines, {} summary records, {} blocks",
            file.name, file.lines, file.summaries, file.blocks
        );
    }
    let totals = &report.totals;
    let _ = writeln!(
        text,
        "  usages {} in {} lines{}",
        totals.all.usages,
        totals.all.lines,
        match totals.all.returns.is_zero() {
            true => String::new(),
            false => format!(", returns {}", totals.all.returns),
        }
    );
    let _ = writeln!(
        text,
        "  net revenue of summaries {}",
        amounts(&stated(report))
    );
    if !totals.all.revenue.each().is_empty() {
        let _ = writeln!(
            text,
            "  net revenue of lines {}",
            amounts(&totals.all.revenue)
        );
    }
    for (what, sum) in [
        ("without ISRC", &totals.without_isrc),
        ("of releases with several recordings", &totals.several),
        ("of recordings beyond --recordings", &totals.beyond),
    ] {
        if sum.lines > 0 {
            let _ = writeln!(
                text,
                "  usages {what}: {} in {} lines",
                sum.usages, sum.lines
            );
        }
    }
    let listed = recordings(report, top);
    let more = totals.recordings.len() - listed.len();
    for (isrc, sum) in listed {
        let revenue = match sum.revenue.each() {
            [] => String::new(),
            _ => format!("  {}", amounts(&sum.revenue)),
        };
        let _ = writeln!(text, "  {isrc}  {:>12}{revenue}", sum.usages.to_string());
    }
    if more > 0 {
        let _ = writeln!(text, "  and {more} more recordings (--top, --json)");
    }
    text.push('\n');
}

fn or_dash(text: &str) -> &str {
    if text.is_empty() { "-" } else { text }
}

fn amounts(amounts: &Amounts) -> String {
    let each = amounts
        .each()
        .iter()
        .map(|(currency, amount)| match currency {
            Some(currency) => format!("{currency} {amount}"),
            None => format!("{amount} without currency"),
        });
    let all: Vec<_> = each.collect();
    if all.is_empty() {
        "none".to_owned()
    } else {
        all.join(", ")
    }
}

/// The result as JSON, written piece by piece: there may be millions of recordings.
struct InJson<'a> {
    checked: &'a Checked,
    top: usize,
}

impl Serialize for InJson<'_> {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        use serde::ser::SerializeMap as _;
        let checked = self.checked;
        let counts = checked.counts.iter();
        let counts: Map<String, Value> = counts
            .map(|(code, count)| (code.code().to_owned(), json!(count)))
            .collect();
        let mut map = serializer.serialize_map(None)?;
        map.serialize_entry("format", "ledgerline-dsr/1")?;
        map.serialize_entry("errors", &checked.count(Severity::Error))?;
        map.serialize_entry("warnings", &checked.count(Severity::Warning))?;
        map.serialize_entry("counts", &counts)?;
        map.serialize_entry("problems_left_out", &checked.left_out)?;
        map.serialize_entry("problems", &Each(&checked.problems, problem_json))?;
        let reports = checked.reports.iter();
        let reports: Vec<_> = reports
            .map(|report| ReportInJson(report, self.top))
            .collect();
        map.serialize_entry("reports", &reports)?;
        map.end()
    }
}

/// Values that are written one after the other.
struct Each<'a, T, F>(&'a [T], F);

impl<T, F: Fn(&T) -> V, V: Serialize> Serialize for Each<'_, T, F> {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(self.0.iter().map(&self.1))
    }
}

struct ReportInJson<'a>(&'a Report, usize);

impl Serialize for ReportInJson<'_> {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        use serde::ser::SerializeMap as _;
        let Self(report, top) = self;
        let (head, totals) = (&report.head, &report.totals);
        let files = report.files.iter().map(|file| {
            json!({
                "name": file.name,
                "lines": file.lines,
                "summary_records": file.summaries,
                "blocks": file.blocks,
            })
        });
        let summaries = report.summaries.iter().map(|summary| {
            json!({
                "id": summary.id,
                "record": summary.record,
                "file": summary.file,
                "line": summary.line,
                "territory": summary.territory,
                "service": summary.service,
                "usages": summary.stated.map(|usages| usages.to_string()),
                "usages_of_lines": summary.reported.to_string(),
                "currency": summary.currency.map(|currency| currency.to_string()),
                "net_revenue": summary.revenue.map(|revenue| revenue.to_string()),
            })
        });
        let mut map = serializer.serialize_map(None)?;
        map.serialize_entry("profile", &head.profile)?;
        map.serialize_entry("profile_version", &head.profile_version)?;
        map.serialize_entry("variant", report.profile.variant.words())?;
        map.serialize_entry("message_id", &head.message_id)?;
        map.serialize_entry("created", &head.created)?;
        map.serialize_entry("from", &head.from)?;
        map.serialize_entry("to", &head.to)?;
        map.serialize_entry("sender", &[&head.sender_id, &head.sender_name])?;
        map.serialize_entry("recipient", &[&head.recipient_id, &head.recipient_name])?;
        map.serialize_entry("service", &head.service)?;
        map.serialize_entry("files", &files.collect::<Vec<_>>())?;
        map.serialize_entry("summaries", &summaries.collect::<Vec<_>>())?;
        map.serialize_entry("net_revenue", &amounts_json(&stated(report)))?;
        map.serialize_entry("total", &sum_json(&totals.all))?;
        map.serialize_entry("without_isrc", &sum_json(&totals.without_isrc))?;
        map.serialize_entry("several_recordings", &sum_json(&totals.several))?;
        map.serialize_entry("beyond_limit", &sum_json(&totals.beyond))?;
        map.serialize_entry("recordings", &totals.recordings.len())?;
        let listed = recordings(report, *top);
        let isrc = |(isrc, sum): &(String, &Sum)| {
            let mut value = sum_json(sum);
            if let Some(map) = value.as_object_mut() {
                map.insert("isrc".to_owned(), json!(isrc));
            }
            value
        };
        map.serialize_entry("isrcs", &Each(&listed, isrc))?;
        map.end()
    }
}

fn sum_json(sum: &Sum) -> Value {
    json!({
        "lines": sum.lines,
        "usages": sum.usages.to_string(),
        "returns": sum.returns.to_string(),
        "net_revenue": amounts_json(&sum.revenue),
    })
}

fn amounts_json(amounts: &Amounts) -> Value {
    let each = amounts.each().iter().map(|(currency, amount)| {
        json!({
            "currency": currency.map(|currency| currency.to_string()),
            "amount": amount.to_string(),
        })
    });
    each.collect()
}

fn problem_json(problem: &Problem) -> Value {
    json!({
        "code": problem.code.code(),
        "severity": problem.code.severity().word(),
        "file": problem.file,
        "line": problem.line,
        "record": problem.record,
        "cell": problem.cell.as_ref().map(|cell| cell.number),
        "cell_name": problem.cell.as_ref().map(|cell| cell.name),
        "expected": problem.expected,
        "found": problem.found,
    })
}
