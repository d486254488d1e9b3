//! What the registry knows: in numbers, of one key, and its exchange rates.

use std::fmt::Write as _;

use ledgerline::id::{Isrc, PartyId, WorkId};
use ledgerline::registry::{Licence, Share, WorkLink, WorkShare};
use ledgerline::time::{Interval, format_ms};
use serde_json::{Map, Value, json};

use super::change::moment;
use super::{Key, head, parse_key};
use crate::error::{Error, Outcome};
use crate::ledger::Ledger;
use crate::registry_db::{Facts, RegistryDb};
use crate::ui::Ui;

fn not_found(text: &str) -> Error {
    Error::Usage {
        argument: "KEY",
        message: format!("expected a key of the registry, but found none for {text:.60?}"),
    }
}

fn bound(ms: i64) -> Value {
    match ms {
        i64::MIN | i64::MAX => Value::Null,
        ms => format_ms(ms).into(),
    }
}

fn words_of(interval: Interval) -> String {
    let word = |ms: i64| match ms {
        i64::MIN | i64::MAX => "ever".to_owned(),
        ms => format_ms(ms),
    };
    format!("{} to {}", word(interval.from), word(interval.to))
}

pub(super) fn numbers(
    ledger: &Ledger,
    db: &RegistryDb,
    known_at: Option<i64>,
    ui: &Ui,
) -> Result<Outcome, Error> {
    let facts = db.facts(known_at)?;
    let last = db.last_recorded()?;
    let counts = [
        ("recordings", facts.parts.recordings.len()),
        ("holders", facts.holders.len()),
        ("works", facts.works.len()),
        ("shares", facts.parts.shares.len()),
        ("work_shares", facts.work_shares.len()),
        ("subscriptions", facts.parts.subscriptions.len()),
        ("licences", facts.parts.licences.len()),
        ("fx_rates", facts.fx.len()),
    ];
    let (rows, head) = head(
        ledger,
        &facts
            .into_snapshot()
            .map_err(crate::registry_db::RegistryDbError::from)?,
    );
    let root = head.map(|head| head.root.to_string());
    ui.result(
        || {
            let mut members = Map::new();
            for (name, count) in counts {
                members.insert(name.to_owned(), json!(count));
            }
            members.insert("last_recorded".to_owned(), json!(last));
            members.insert("rows".to_owned(), json!(rows));
            members.insert("root".to_owned(), json!(root));
            Value::Object(members)
        },
        || {
            let words = counts.map(|(name, count)| format!("{count} {}", name.replace('_', " ")));
            let last = if last == 0 {
                "never".to_owned()
            } else {
                moment(last)
            };
            let root = root
                .as_deref()
                .unwrap_or("unknown without the ledger's secrets");
            format!(
                "{}; last change {last}\na run commits to {rows} rows with root {root}",
                words.join(", ")
            )
        },
    )?;
    Ok(Outcome::Done)
}

/// What is shown of a key, as JSON and in words.
struct Shown {
    members: Map<String, Value>,
    words: String,
}

impl Shown {
    fn head(words: String, value: &Value) -> Self {
        Self {
            members: value.as_object().cloned().unwrap_or_default(),
            words,
        }
    }

    /// Adds a list of rows, in the order of their words.
    fn rows<'a, T: 'a>(
        &mut self,
        name: &str,
        rows: impl Iterator<Item = &'a T>,
        show: impl Fn(&T) -> (String, Value),
    ) {
        let mut shown: Vec<(String, Value)> = rows.map(show).collect();
        shown.sort_by(|(one, _), (other, _)| one.cmp(other));
        let mut values = Vec::new();
        for (words, value) in shown {
            // Writing to a text never fails.
            let _ = writeln!(self.words, "  {words}");
            values.push(value);
        }
        self.members.insert(name.to_owned(), json!(values));
    }
}

pub(super) fn key(facts: &Facts, text: &str, ui: &Ui) -> Result<Outcome, Error> {
    let shown = match parse_key(text)? {
        Key::Recording(isrc) => recording(facts, isrc),
        Key::Holder(party) => holder(facts, party),
        Key::Work(work) => self::work(facts, &work),
    };
    let shown = shown.ok_or_else(|| not_found(text))?;
    ui.result(|| Value::Object(shown.members), || shown.words)?;
    Ok(Outcome::Done)
}

fn recording(facts: &Facts, isrc: Isrc) -> Option<Shown> {
    let recording = facts.parts.recordings.iter().find(|r| r.isrc == isrc)?;
    let mut shown = Shown::head(
        format!(
            "{isrc}  {:?} by {:?}, {} ms\n",
            recording.title, recording.artist, recording.length_ms
        ),
        &json!({"isrc": isrc.to_string(), "title": recording.title, "artist": recording.artist,
                "duration_ms": recording.length_ms}),
    );
    let of_it = |s: &&Share| s.isrc == isrc;
    shown.rows("shares", facts.parts.shares.iter().filter(of_it), share);
    let links = facts.links.iter().filter(|l| l.isrc == isrc);
    shown.rows("works", links, link);
    let licences = facts.parts.licences.iter().filter(|l| l.isrc == isrc);
    shown.rows("licences", licences, licence);
    Some(shown)
}

fn holder(facts: &Facts, party: PartyId) -> Option<Shown> {
    let (_, name, currency) = facts.holders.iter().find(|(p, ..)| *p == party)?;
    let currency = currency.map(|c| c.to_string());
    let word = currency.as_deref().unwrap_or("no currency");
    let mut shown = Shown::head(
        format!("{party}  {name:?}, {word}\n"),
        &json!({"holder": party.to_string(), "name": name, "currency": currency}),
    );
    let ids = facts.holder_ids.iter().filter(|id| id.party == party);
    shown.rows("ids", ids, |id| {
        (
            format!("{} {}", id.scheme, id.id),
            json!({"scheme": id.scheme, "id": id.id}),
        )
    });
    let of_it = |s: &&Share| s.party == party;
    shown.rows("shares", facts.parts.shares.iter().filter(of_it), share);
    let works = facts.work_shares.iter().filter(|s| s.party == party);
    shown.rows("work_shares", works, work_share);
    Some(shown)
}

fn work(facts: &Facts, id: &WorkId) -> Option<Shown> {
    let work = facts.works.iter().find(|work| work.id == *id)?;
    let iswc = work.iswc.as_deref().unwrap_or("no ISWC");
    let mut shown = Shown::head(
        format!("{id}  {:?}, {iswc}\n", work.title),
        &json!({"work": id.as_str(), "title": work.title, "iswc": work.iswc}),
    );
    let shares = facts.work_shares.iter().filter(|s| s.work == *id);
    shown.rows("work_shares", shares, work_share);
    let links = facts.links.iter().filter(|l| l.work == *id);
    shown.rows("recordings", links, link);
    Some(shown)
}

fn share(s: &Share) -> (String, Value) {
    (
        format!(
            "share    {} {} {} {} ppm, {}, {}",
            s.isrc,
            s.right,
            s.party,
            s.ppm.parts(),
            s.territories,
            words_of(s.valid)
        ),
        json!({"isrc": s.isrc.to_string(), "right": s.right.as_str(),
               "territories": s.territories.to_string(), "holder": s.party.to_string(),
               "ppm": s.ppm.parts(), "valid_from": bound(s.valid.from), "valid_to": bound(s.valid.to)}),
    )
}

fn work_share(s: &WorkShare) -> (String, Value) {
    (
        format!(
            "share    of work {} {} {} {} ppm, {}, {}",
            s.work,
            s.right,
            s.party,
            s.ppm.parts(),
            s.territories,
            words_of(s.valid)
        ),
        json!({"work": s.work.as_str(), "right": s.right.as_str(),
               "territories": s.territories.to_string(), "holder": s.party.to_string(),
               "ppm": s.ppm.parts(), "valid_from": bound(s.valid.from), "valid_to": bound(s.valid.to)}),
    )
}

fn link(l: &WorkLink) -> (String, Value) {
    (
        format!(
            "work     {} in {}, {} ppm of it",
            l.work,
            l.isrc,
            l.part.parts()
        ),
        json!({"isrc": l.isrc.to_string(), "work": l.work.as_str(), "ppm": l.part.parts()}),
    )
}

fn licence(l: &Licence) -> (String, Value) {
    (
        format!("licence  {}, {}", l.territories, words_of(l.valid)),
        json!({"territories": l.territories.to_string(), "valid_from": bound(l.valid.from),
               "valid_to": bound(l.valid.to)}),
    )
}

pub(super) fn rates(mut facts: Facts, ui: &Ui) -> Result<Outcome, Error> {
    facts.fx.sort_unstable();
    ui.result(
        || {
            let value = |r: &crate::registry_db::FxRate| {
                json!({"from": r.from.to_string(), "to": r.to.to_string(),
                       "rate": r.rate.to_string(), "date": r.date, "source": r.source})
            };
            json!(facts.fx.iter().map(value).collect::<Vec<_>>())
        },
        || {
            let words = facts.fx.iter().map(|r| {
                let (from, to, rate) = (r.from, r.to, r.rate);
                format!("1 {from} = {rate} {to}  {}  {}", r.date, r.source)
            });
            let words: Vec<String> = words.collect();
            words.join("\n")
        },
    )?;
    Ok(Outcome::Done)
}
