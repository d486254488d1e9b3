//! `registry`: who owns what, who subscribed to what, what is licensed where.

use std::path::PathBuf;

use clap::Subcommand;
use ledgerline::id::{Isrc, PartyId};
use ledgerline::registry::Snapshot;
use ledgerline::time::{Interval, format_ms, parse_ms};
use serde_json::{Value, json};

use crate::error::{Error, Outcome};
use crate::ledger::Ledger;
use crate::registry_db::{RegistryDb, check};
use crate::ui::Ui;

/// Arguments of `registry`.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Files of an import (CSV, RFC 4180, UTF-8, with a header; columns in any order, no others):
  recordings.csv     isrc,title,artist,duration_ms
  holders.csv        holder,name,currency           holder: 16 hex digits
  shares.csv         isrc,right,territories,holder,ppm,valid_from,valid_to
  subscriptions.csv  user or listener,tier,valid_from,valid_to,account (who pays, if another)
  licences.csv       isrc,territories,valid_from,valid_to
What a file says about a recording, holder or listener replaces what was known of it; what it
does not mention stays. Nothing is ever deleted: --known-at shows what was known before.

Examples:
  ledgerline registry april import catalogue/
  ledgerline registry april show USRC17607839
  ledgerline registry april show 00000000000000a1 --known-at 2026-05-02T00:00:00Z
  ledgerline registry april check --json")]
pub struct Args {
    /// The ledger
    pub ledger: PathBuf,

    /// What to do with its registry
    #[command(subcommand)]
    pub action: Action,
}

/// What to do.
#[derive(Debug, Subcommand)]
pub enum Action {
    /// Import the CSV files of a directory, all or none
    Import {
        /// Directory with at least one of the files
        dir: PathBuf,
    },
    /// Show numbers, or a recording, or a holder
    Show {
        /// ISRC of a recording, or 16 hex digits of a holder
        key: Option<String>,
        /// As known at this moment: RFC 3339, or integer microseconds
        #[arg(long, value_name = "TIME", value_parser = parse_moment)]
        known_at: Option<i64>,
    },
    /// List shares that do not add up to the whole; exit code 1 if some exceed it
    Check {
        /// As known at this moment: RFC 3339, or integer microseconds
        #[arg(long, value_name = "TIME", value_parser = parse_moment)]
        known_at: Option<i64>,
    },
    /// List every change of a recording or a holder
    History {
        /// ISRC of a recording, or 16 hex digits of a holder
        key: String,
    },
}

/// A moment of recorded time, µs.
fn parse_moment(text: &str) -> Result<i64, String> {
    if !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit()) {
        return text.parse().map_err(|_| "too large".to_owned());
    }
    let ms = parse_ms(text).map_err(|error| error.to_string())?;
    ms.checked_mul(1000).ok_or_else(|| "too large".to_owned())
}

/// Runs `registry`.
///
/// # Errors
///
/// [`Error`]; the registry is unchanged then.
pub fn run(args: &Args, ui: &Ui) -> Result<Outcome, Error> {
    let ledger = Ledger::open_readonly(&args.ledger)?;
    let path = ledger.layout().registry();
    match &args.action {
        Action::Import { dir } => {
            let mut db = RegistryDb::open(&path)?;
            let import = db.import(dir, &ledger.listener_key()?)?;
            let mut words = String::new();
            for c in &import.changes {
                words.push_str(&format!(
                    "{:<14} {} added, {} ended, {} unchanged\n",
                    c.table, c.added, c.ended, c.unchanged
                ));
                if c.repeated > 0 {
                    ui.say(&format!(
                        "{}: {} repeated rows count once",
                        c.table, c.repeated
                    ));
                }
            }
            let changes: Vec<Value> = import
                .changes
                .iter()
                .map(|c| {
                    json!({"table": c.table, "rows": c.rows, "added": c.added, "ended": c.ended,
                           "unchanged": c.unchanged, "repeated": c.repeated})
                })
                .collect();
            ui.result(
                || json!({"recorded_at": import.recorded_at, "changes": changes}),
                || words,
            )?;
            Ok(Outcome::Done)
        }
        Action::Show { key, known_at } => {
            let db = RegistryDb::open_readonly(&path)?;
            let snapshot = db.snapshot(*known_at)?;
            show(&snapshot, key.as_deref(), db.last_recorded()?, ui)
        }
        Action::Check { known_at } => {
            let snapshot = RegistryDb::open_readonly(&path)?.snapshot(*known_at)?;
            show_findings(&snapshot, &ledger, ui)
        }
        Action::History { key } => {
            let key = parse_key(key)?;
            let rows = RegistryDb::open_readonly(&path)?.history(&match key {
                Key::Recording(isrc) => isrc.to_string(),
                Key::Holder(party) => party.to_string(),
            })?;
            let words: Vec<String> = rows
                .iter()
                .map(|row| {
                    let actor = row.actor.as_deref().unwrap_or("-");
                    let time = format_ms(row.recorded_at.div_euclid(1000));
                    format!(
                        "{time} {actor} {} {} {} {}",
                        row.action, row.table, row.key, row.detail
                    )
                })
                .collect();
            let values: Vec<Value> = rows
                .iter()
                .map(|row| {
                    json!({"recorded_at": row.recorded_at, "actor": row.actor, "action": row.action,
                           "table": row.table, "key": row.key,
                           "detail": serde_json::from_str::<Value>(&row.detail).unwrap_or(Value::Null)})
                })
                .collect();
            ui.result(|| json!(values), || words.join("\n"))?;
            Ok(Outcome::Done)
        }
    }
}

enum Key {
    Recording(Isrc),
    Holder(PartyId),
}

fn parse_key(text: &str) -> Result<Key, Error> {
    if let Ok(party) = PartyId::parse(text) {
        return Ok(Key::Holder(party));
    }
    Isrc::parse(text)
        .map(Key::Recording)
        .map_err(|_| Error::Usage {
            argument: "KEY",
            message: format!(
                "expected an ISRC or 16 hex digits of a holder, but found {text:.60?}"
            ),
        })
}

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

fn show(snapshot: &Snapshot, key: Option<&str>, last: i64, ui: &Ui) -> Result<Outcome, Error> {
    let Some(text) = key else {
        let numbers = json!({
            "recordings": snapshot.recordings().len(), "holders": snapshot.holders().len(),
            "shares": snapshot.shares().len(), "subscriptions": snapshot.subscriptions().len(),
            "licences": snapshot.licences().len(), "last_recorded": last,
        });
        let words = || {
            format!(
                "{} recordings, {} holders, {} shares, {} subscriptions, {} licences; last change {}",
                snapshot.recordings().len(),
                snapshot.holders().len(),
                snapshot.shares().len(),
                snapshot.subscriptions().len(),
                snapshot.licences().len(),
                if last == 0 {
                    "never".to_owned()
                } else {
                    format_ms(last.div_euclid(1000))
                }
            )
        };
        ui.result(|| numbers, words)?;
        return Ok(Outcome::Done);
    };
    let mut words = String::new();
    let key = parse_key(text)?;
    let head = match key {
        Key::Recording(isrc) => {
            let recording = snapshot.recording(isrc).ok_or_else(|| not_found(text))?;
            words.push_str(&format!(
                "{isrc}  {:?} by {:?}, {} ms\n",
                recording.title, recording.artist, recording.length_ms
            ));
            json!({"isrc": isrc.to_string(), "title": recording.title, "artist": recording.artist,
                   "duration_ms": recording.length_ms})
        }
        Key::Holder(party) => {
            let holder = snapshot.holder(party).ok_or_else(|| not_found(text))?;
            words.push_str(&format!(
                "{party}  {:?}, {}\n",
                holder.name, holder.currency
            ));
            json!({"holder": party.to_string(), "name": holder.name,
                   "currency": holder.currency.to_string()})
        }
    };
    let shares = snapshot.shares().iter().filter(|share| match key {
        Key::Recording(isrc) => share.isrc == isrc,
        Key::Holder(party) => share.party == party,
    });
    let shares: Vec<Value> = shares
        .map(|s| {
            words.push_str(&format!(
                "  share    {} {} {} {} ppm, {}, {}\n",
                s.isrc, s.right, s.party, s.ppm.parts(), s.territories, words_of(s.valid)
            ));
            json!({"isrc": s.isrc.to_string(), "right": s.right.as_str(),
                   "territories": s.territories.to_string(), "holder": s.party.to_string(),
                   "ppm": s.ppm.parts(), "valid_from": bound(s.valid.from), "valid_to": bound(s.valid.to)})
        })
        .collect();
    let licences = snapshot.licences().iter().filter(|licence| match key {
        Key::Recording(isrc) => licence.isrc == isrc,
        Key::Holder(_) => false,
    });
    let licences: Vec<Value> = licences
        .map(|l| {
            words.push_str(&format!(
                "  licence  {}, {}\n",
                l.territories,
                words_of(l.valid)
            ));
            json!({"territories": l.territories.to_string(), "valid_from": bound(l.valid.from),
                   "valid_to": bound(l.valid.to)})
        })
        .collect();
    let mut value = head;
    if let Some(members) = value.as_object_mut() {
        members.insert("shares".to_owned(), json!(shares));
        if matches!(key, Key::Recording(_)) {
            members.insert("licences".to_owned(), json!(licences));
        }
    }
    ui.result(|| value, || words)?;
    Ok(Outcome::Done)
}

fn show_findings(snapshot: &Snapshot, ledger: &Ledger, ui: &Ui) -> Result<Outcome, Error> {
    let findings = check(snapshot, ledger.period());
    let errors = findings.iter().any(|f| f.severity() == "error");
    let values: Vec<Value> = findings
        .iter()
        .map(|f| {
            json!({"code": f.code, "severity": f.severity(), "where": f.place(),
                   "expected": "1000000 ppm", "found": format!("{} ppm", f.sum_ppm),
                   "amount_micros": null, "currency": null, "detail": null})
        })
        .collect();
    let words: Vec<String> = findings
        .iter()
        .map(|f| {
            format!(
                "{}: {}: {}: expected 1000000 ppm, but found {}",
                f.severity(),
                f.code,
                f.place(),
                f.sum_ppm
            )
        })
        .collect();
    ui.result(
        || json!({"findings": values}),
        || {
            if words.is_empty() {
                "all shares add up to 1000000 ppm".to_owned()
            } else {
                words.join("\n")
            }
        },
    )?;
    Ok(if errors {
        Outcome::Disputed
    } else {
        Outcome::Done
    })
}
