//! A run, or one holder's statement, as a page to read and print: one file, no scripts, nothing loaded.
//!
//! Every text goes through [`escape`] in the one place that writes it; names stand in `<bdi>`, so that
//! letters of another direction leave the numbers beside them alone.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::Path;

use ledgerline::id::{Isrc, Name, PartyId};
use ledgerline::log::Hash;
use ledgerline::money::{Currency, Micros};
use ledgerline::registry::Snapshot;
use ledgerline::royalty::{Cell, CellKey, Line, Reason, Settlement};

use super::{ExportError, holder_names, write_dir};
use crate::ledger::durable::{Access, write_atomic};
use crate::run::StoredRun;

/// The run's page in a directory of all pages.
const INDEX: &str = "run.html";

const STYLE: &str = "\
body{font:10pt/1.4 sans-serif;max-width:68em;margin:2em auto;padding:0 1em;color:#111;background:#fff}\
h1{font-size:1.5em}h2{font-size:1.15em;margin-top:2em}\
table{border-collapse:collapse;width:100%;margin:.7em 0}\
th,td{border-bottom:1px solid #bbb;padding:.25em .5em;text-align:left;vertical-align:top}\
.n{text-align:right;font-variant-numeric:tabular-nums;white-space:nowrap}\
code{font-family:monospace;overflow-wrap:anywhere}\
.note{border-left:4px solid #888;padding-left:1em}\
@media print{body{max-width:none;margin:0;font-size:9pt}thead{display:table-header-group}tr{break-inside:avoid}h2{break-after:avoid}}\
@page{margin:15mm}";

/// Writes the run's page, or a holder's statement, to the file `out`.
///
/// # Errors
///
/// [`ExportError::NoHolder`], [`ExportError::Run`].
pub fn write_html(run: &StoredRun, holder: Option<PartyId>, out: &Path) -> Result<(), ExportError> {
    let pages = Pages::new(run)?;
    let page = match holder {
        None => pages.run(),
        Some(party) if pages.has(party) => pages.statement(party),
        Some(party) => return Err(ExportError::NoHolder { party }),
    };
    Ok(write_atomic(out, page.as_bytes(), Access::Public)?)
}

/// Writes the run's page and every holder's statement into the new directory `out`; gives their names.
///
/// # Errors
///
/// [`ExportError::Run`]; `out` is then not there.
pub fn write_all_html(run: &StoredRun, out: &Path) -> Result<Vec<String>, ExportError> {
    let pages = Pages::new(run)?;
    write_dir(out, |dir| {
        let mut names = Vec::new();
        let mut write = |name: String, page: String| -> Result<(), ExportError> {
            write_atomic(&dir.join(&name), page.as_bytes(), Access::Public)?;
            names.push(name);
            Ok(())
        };
        write(INDEX.to_owned(), pages.run())?;
        for party in pages.parties() {
            write(format!("{party}.html"), pages.statement(party))?;
        }
        Ok(names)
    })
}

/// What all pages of a run are made of.
struct Pages<'a> {
    run: &'a StoredRun,
    settlement: Settlement,
    registry: Snapshot,
    names: BTreeMap<PartyId, String>,
    run_note: Hash,
}

impl<'a> Pages<'a> {
    fn new(run: &'a StoredRun) -> Result<Self, ExportError> {
        Ok(Self {
            run,
            settlement: run.settlement()?,
            registry: run.registry()?,
            names: holder_names(run),
            run_note: Hash::of(run.note.text().as_bytes()),
        })
    }

    /// Holders with an account, ascending.
    fn parties(&self) -> Vec<PartyId> {
        let balances = &self.settlement.balances;
        let mut parties: Vec<PartyId> = balances.iter().map(|balance| balance.party).collect();
        parties.dedup();
        parties
    }

    fn period(&self) -> String {
        let period = self.run.run.period;
        format!("{} to {}", period.from(), period.to())
    }

    fn has(&self, party: PartyId) -> bool {
        let balances = &self.settlement.balances;
        balances.binary_search_by_key(&party, |b| b.party).is_ok()
    }

    fn name(&self, party: PartyId) -> &str {
        self.names.get(&party).map_or("", String::as_str)
    }

    /// Everybody's totals.
    fn run(&self) -> String {
        let mut page = Page::new(&format!("Royalty run, {}", self.period()));
        self.facts(&mut page, None);
        page.heading("Money");
        page.text("Per currency, what there was to share out is what was paid to holders and what is in suspense.");
        let totals = self.settlement.totals.iter().map(|(currency, totals)| {
            vec![
                Datum::text(currency),
                Datum::number(totals.pool),
                Datum::number(totals.paid),
                Datum::number(totals.suspense),
            ]
        });
        page.table(&["Currency", "#Pools", "#Paid", "#Suspense"], totals);
        page.heading("Holders");
        page.table(
            &[
                "Holder",
                "Id",
                "Currency",
                "#Brought forward",
                "#Earned",
                "#Taken back",
                "#Payable",
                "#Carried forward",
            ],
            self.settlement.balances.iter().map(|balance| {
                let mut row = vec![
                    Datum::name(self.name(balance.party)),
                    Datum::text(balance.party),
                ];
                row.extend(account(balance));
                row
            }),
        );
        page.heading("In suspense");
        page.text(
            "Money of plays that could not be matched to a holder. It is not spread over others.",
        );
        page.table(&["Reason", "Currency", "#Amount"], self.suspense());
        page.heading("How to check this");
        page.text("This page proves nothing by itself: anybody could have typed it. What is signed is the run it was made from.");
        page.steps(&[
            "Get the service's verifier key over another way than this page: the operator's site, a contract, a call.",
            "Have the run's directory and the ledger, or an auditor's copy of them.",
            "Run: ledgerline audit RUN --ledger LEDGER --key VKEY. It counts every play and divides every pool anew.",
            "Compare the statement's hash that it prints with the one at the top of this page. One hash, one statement.",
        ]);
        page.finish()
    }

    /// One holder's part.
    fn statement(&self, party: PartyId) -> String {
        let title = format!("Royalty statement, {}", self.period());
        let mut page = Page::new(&title);
        self.facts(&mut page, Some(party));
        page.heading("Your money");
        page.text("Payable is in whole minor units of the currency (cents, say); what is left carries forward to the next statement.");
        let balances = self.settlement.balances.iter().filter(|b| b.party == party);
        page.table(
            &[
                "Currency",
                "#Brought forward",
                "#Earned",
                "#Taken back",
                "#Payable",
                "#Carried forward",
            ],
            balances.map(|balance| account(balance).to_vec()),
        );
        page.heading("Your lines");
        page.text("A line is your share of what one recording earned in one territory and tier. Amounts have six places, and the parts of an amount add up to it exactly.");
        let lines: Vec<&Line> = self
            .settlement
            .lines
            .iter()
            .filter(|l| l.party == party)
            .collect();
        page.table(
            &[
                "Recording",
                "ISRC",
                "Where",
                "Tier",
                "Right",
                "#Plays",
                "#Recording earned",
                "#Your share",
                "#Your amount",
                "Currency",
            ],
            lines.iter().map(|line| self.line(line)),
        );
        let held = self.held(party);
        if !held.is_empty() {
            page.heading("Held back of your recordings");
            page.text("Money of recordings that you have a share in, which this run could not pay out in full. Ask the service what is needed to release it.");
            page.table(
                &[
                    "Recording",
                    "ISRC",
                    "Where",
                    "Tier",
                    "Right",
                    "Reason",
                    "#Held back",
                    "Currency",
                ],
                held.into_iter(),
            );
        }
        page.heading("How to check this");
        page.text(
            "This page proves nothing by itself: anybody could have typed it. Your bundle does.",
        );
        page.steps(&[
            "Get the service's verifier key over another way than this page: the operator's site, a contract, a call.",
            &format!("Ask the service for your bundle, {party}.llb. It holds your plays, your lines and their proofs, and nobody else's."),
            "Open it in Ledgerline's page, offline, with that key; or run: ledgerline verify BUNDLE --key VKEY.",
            "Compare the statement's hash shown there with the one at the top of this page, and the amounts payable. One hash, one statement.",
        ]);
        page.finish()
    }

    fn facts(&self, page: &mut Page, party: Option<PartyId>) {
        let run = &self.run.run;
        let mut rows = Vec::new();
        if let Some(party) = party {
            rows.push(vec![Datum::text("Holder"), Datum::name(self.name(party))]);
            rows.push(vec![Datum::text("Holder id"), Datum::text(party)]);
        }
        for (what, value) in [
            ("Log", run.origin.clone()),
            ("Period", self.period()),
            ("Revision", run.revision.to_string()),
            ("Events in the log", run.log.size.to_string()),
            ("Counted plays", run.plays.size.to_string()),
            (
                "Statement's hash (SHA-256 of the run note's text)",
                ledgerline::wire::hex(self.run_note.as_bytes()),
            ),
        ] {
            rows.push(vec![Datum::text(what), Datum::code(value)]);
        }
        page.table(&["Statement", ""], rows.into_iter());
    }

    fn line(&self, line: &Line) -> Vec<Datum> {
        let cell = self.cell(&line.cell);
        let earned = cell.and_then(|cell| {
            let of_line = |a: &&ledgerline::royalty::CellAmount| {
                a.right == line.right && a.currency == line.currency
            };
            cell.amounts.iter().find(of_line).map(|a| a.amount)
        });
        let ppm = line.ppm.parts();
        let mut row = self.place(&line.cell, &line.right);
        row.extend([
            Datum::number(cell.map_or(0, Cell::plays)),
            Datum::number(earned.unwrap_or_default()),
            Datum::number(format!("{}.{:04} %", ppm / 10_000, ppm % 10_000)),
            Datum::number(line.amount),
            Datum::text(line.currency),
        ]);
        row
    }

    fn cell(&self, key: &CellKey) -> Option<&Cell> {
        let cells = &self.settlement.cells;
        let at = cells.binary_search_by_key(key, |cell| cell.key).ok()?;
        cells.get(at)
    }

    /// Title, ISRC, territory, tier, right.
    fn place(&self, key: &CellKey, right: &Name) -> Vec<Datum> {
        vec![
            Datum::name(&self.title(key.isrc)),
            Datum::text(key.isrc),
            Datum::text(key.territory),
            Datum::text(
                self.run
                    .pools
                    .tiers()
                    .name(key.tier)
                    .map_or("", Name::as_str),
            ),
            Datum::text(right),
        ]
    }

    fn title(&self, isrc: Isrc) -> String {
        match self.registry.recording(isrc) {
            Some(recording) if recording.artist.is_empty() => recording.title.clone(),
            Some(recording) => format!("{}, {}", recording.title, recording.artist),
            None => String::new(),
        }
    }

    /// Money in suspense of recordings that the holder has any share in.
    fn held(&self, party: PartyId) -> Vec<Vec<Datum>> {
        let own = self.registry.recordings_of(party);
        let is_own = |cell: &&Cell| own.contains(&cell.key.isrc);
        let mut rows = Vec::new();
        for cell in self.settlement.cells.iter().filter(is_own) {
            for entry in cell.amounts.iter().filter(|a| a.suspended != Micros::ZERO) {
                let mut row = self.place(&cell.key, &entry.right);
                row.extend([
                    Datum::text(reason(entry.reason)),
                    Datum::number(entry.suspended),
                    Datum::text(entry.currency),
                ]);
                rows.push(row);
            }
        }
        rows
    }

    fn suspense(&self) -> impl Iterator<Item = Vec<Datum>> {
        let mut sums: BTreeMap<(Reason, Currency), i128> = BTreeMap::new();
        let amounts = self.settlement.cells.iter().flat_map(|cell| &cell.amounts);
        let in_cells = amounts.map(|a| (a.reason, a.currency, a.suspended));
        let pools = self.settlement.no_plays.iter();
        let in_pools = pools.map(|pool| (Reason::NoPlays, pool.currency, pool.amount));
        let idle = self.settlement.idle.iter();
        let idle = idle.map(|part| (Reason::IdleSubscribers, part.pool.currency, part.amount));
        for (reason, currency, amount) in in_cells.chain(in_pools).chain(idle) {
            if amount != Micros::ZERO {
                *sums.entry((reason, currency)).or_default() += i128::from(amount.0);
            }
        }
        sums.into_iter().map(|((why, currency), sum)| {
            // A part of the totals, which fit.
            let sum = Micros(i64::try_from(sum).unwrap_or(i64::MAX));
            vec![
                Datum::text(reason(why)),
                Datum::text(currency),
                Datum::number(sum),
            ]
        })
    }
}

/// Why money is in suspense, for people.
const fn reason(reason: Reason) -> &'static str {
    match reason {
        Reason::None => "",
        Reason::UnknownIsrc => "the registry does not know the recording",
        Reason::NotLicensed => "no licence for the recording there and then",
        Reason::NoShares => "nobody has claimed a share",
        Reason::OverClaimed => "the shares claimed exceed the whole",
        Reason::Unclaimed => "the shares claimed fall short of the whole",
        Reason::NoPlays => "the pool has no play",
        Reason::BelowThreshold => "below the threshold of the rules",
        Reason::IdleSubscribers => "paid by subscribers who played nothing",
    }
}

/// Currency and amounts of an account: six places, and minor units for what is paid.
fn account(balance: &ledgerline::royalty::Balance) -> [Datum; 6] {
    let payable = format!(
        "{} ({})",
        in_minor_units(balance.currency, balance.payable),
        balance.payable
    );
    [
        Datum::text(balance.currency),
        Datum::number(balance.brought_forward),
        Datum::number(balance.earned),
        Datum::number(balance.replaced),
        Datum::number(payable),
        Datum::number(balance.carried_forward),
    ]
}

/// An amount as it is paid: 12.34 EUR, 1200 JPY.
fn in_minor_units(currency: Currency, amount: Micros) -> String {
    let units = currency.minor_units(amount);
    let places = currency.exponent() as usize;
    if places == 0 {
        return format!("{units} {currency}");
    }
    let digits = format!("{units:0>width$}", width = places + 1);
    let (whole, rest) = digits.split_at(digits.len() - places);
    format!("{whole}.{rest} {currency}")
}

/// A cell of a table: text that is escaped when it is written.
#[derive(Clone)]
struct Datum {
    text: String,
    kind: Kind,
}

#[derive(Clone, Copy)]
enum Kind {
    Text,
    Name,
    Number,
    Code,
}

impl Datum {
    fn new(text: impl ToString, kind: Kind) -> Self {
        Self {
            text: text.to_string(),
            kind,
        }
    }

    fn text(text: impl ToString) -> Self {
        Self::new(text, Kind::Text)
    }

    fn name(text: &str) -> Self {
        Self::new(text, Kind::Name)
    }

    fn number(text: impl ToString) -> Self {
        Self::new(text, Kind::Number)
    }

    fn code(text: impl ToString) -> Self {
        Self::new(text, Kind::Code)
    }
}

/// A page that is being written.
struct Page(String);

impl Page {
    fn new(title: &str) -> Self {
        let title = escape(title);
        Self(format!(
            "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
             <meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'\">\n\
             <meta name=\"viewport\" content=\"width=device-width\">\n<title>{title}</title>\n\
             <style>{STYLE}</style>\n</head>\n<body>\n<h1>{title}</h1>\n"
        ))
    }

    fn heading(&mut self, text: &str) {
        // Writing to a String does not fail.
        let _ = writeln!(self.0, "<h2>{}</h2>", escape(text));
    }

    fn text(&mut self, text: &str) {
        let _ = writeln!(self.0, "<p>{}</p>", escape(text));
    }

    fn steps(&mut self, steps: &[&str]) {
        self.0.push_str("<ol class=\"note\">\n");
        for step in steps {
            let _ = writeln!(self.0, "<li>{}</li>", escape(step));
        }
        self.0.push_str("</ol>\n");
    }

    /// A table; heads of numbers begin with `#`.
    fn table(&mut self, heads: &[&str], rows: impl Iterator<Item = Vec<Datum>>) {
        self.0.push_str("<table>\n<thead><tr>");
        for head in heads {
            let _ = match head.strip_prefix('#') {
                Some(head) => write!(self.0, "<th class=\"n\">{}</th>", escape(head)),
                None => write!(self.0, "<th>{}</th>", escape(head)),
            };
        }
        self.0.push_str("</tr></thead>\n<tbody>\n");
        for row in rows {
            self.0.push_str("<tr>");
            for cell in row {
                let text = escape(&cell.text);
                let _ = match cell.kind {
                    Kind::Text => write!(self.0, "<td>{text}</td>"),
                    Kind::Name => write!(self.0, "<td><bdi>{text}</bdi></td>"),
                    Kind::Number => write!(self.0, "<td class=\"n\">{text}</td>"),
                    Kind::Code => write!(self.0, "<td><code>{text}</code></td>"),
                };
            }
            self.0.push_str("</tr>\n");
        }
        self.0.push_str("</tbody>\n</table>\n");
    }

    fn finish(mut self) -> String {
        self.0.push_str("</body>\n</html>\n");
        self.0
    }
}

/// Text for HTML: no markup, no control characters, none that turn the direction of what follows.
fn escape(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\'' => escaped.push_str("&#39;"),
            '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' => escaped.push('\u{fffd}'),
            control if control.is_control() => escaped.push('\u{fffd}'),
            other => escaped.push(other),
        }
    }
    escaped
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_in_a_text_is_markup() {
        let text = "<script>alert('1')</script> & \"x\"\u{202e}\u{0}\n";
        assert_eq!(
            escape(text),
            "&lt;script&gt;alert(&#39;1&#39;)&lt;/script&gt; &amp; &quot;x&quot;\u{fffd}\u{fffd}\u{fffd}"
        );
    }

    #[test]
    fn minor_units_have_as_many_places_as_the_currency() {
        let shown = |code, micros| in_minor_units(Currency::parse(code).unwrap(), Micros(micros));
        assert_eq!(shown("EUR", 12_340_000), "12.34 EUR");
        assert_eq!(shown("EUR", 50_000), "0.05 EUR");
        assert_eq!(shown("JPY", 1_200_000_000), "1200 JPY");
        assert_eq!(shown("KWD", 1_239_000), "1.239 KWD");
        assert_eq!(shown("EUR", 0), "0.00 EUR");
    }
}
