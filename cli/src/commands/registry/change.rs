//! Imports, and what they changed.

use std::fmt::Write as _;
use std::path::Path;

use ledgerline::time::format_ms;
use serde_json::{Value, json};

use super::head;
use crate::error::{Error, Outcome};
use crate::ledger::Ledger;
use crate::registry_db::{CwrOptions, HistoryRow, Import, KeyChange, Note, RegistryDb, Source};
use crate::ui::Ui;

/// A moment of recorded time in words.
pub(super) fn moment(recorded: i64) -> String {
    format_ms(recorded.div_euclid(1000))
}

pub(super) fn import(
    ledger: &Ledger,
    source: &Path,
    dry_run: bool,
    options: &CwrOptions,
    ui: &Ui,
) -> Result<Outcome, Error> {
    let from = if source.is_dir() {
        Source::Directory(source)
    } else {
        Source::Cwr(source, options)
    };
    let mut db = RegistryDb::open(&ledger.layout().registry())?;
    let import = db.import(from, &ledger.listener_key()?, dry_run)?;
    for c in import.changes.iter().filter(|c| c.repeated > 0) {
        ui.say(&format!(
            "{}: {} repeated rows count once",
            c.table, c.repeated
        ));
    }
    for note in &import.notes {
        ui.say(&note.to_string());
    }
    ui.result(
        || import_json(&import, dry_run),
        || import_words(&import, dry_run),
    )?;
    Ok(Outcome::Done)
}

fn import_words(import: &Import, dry_run: bool) -> String {
    let mut words = String::new();
    for c in &import.changes {
        // Writing to a text never fails.
        let _ = writeln!(
            words,
            "{:<16} {} added, {} ended, {} unchanged",
            c.table, c.added, c.ended, c.unchanged
        );
    }
    if dry_run {
        for change in &import.keys {
            for (sign, rows) in [("-", &change.ended), ("+", &change.added)] {
                for row in rows {
                    let _ = writeln!(words, "{sign} {}: {}", change.table, row_words(row));
                }
            }
        }
        words.push_str("nothing was changed, as --dry-run asks\n");
    }
    words
}

/// A row's values, nothing as `-`.
fn row_words(row: &Value) -> String {
    let cells = row.as_array().map(Vec::as_slice).unwrap_or_default();
    let word = |cell: &Value| match cell {
        Value::Null => "-".to_owned(),
        Value::String(text) => text.clone(),
        other => other.to_string(),
    };
    let words: Vec<String> = cells.iter().map(word).collect();
    words.join(", ")
}

fn import_json(import: &Import, dry_run: bool) -> Value {
    let changes: Vec<Value> = import
        .changes
        .iter()
        .map(|c| {
            json!({"table": c.table, "rows": c.rows, "added": c.added, "ended": c.ended,
                   "unchanged": c.unchanged, "repeated": c.repeated})
        })
        .collect();
    let note = |n: &Note| {
        json!({"file": n.file, "line": n.line, "code": n.doubt.code,
               "severity": n.doubt.severity.to_string(), "expected": n.doubt.expected,
               "found": n.doubt.found})
    };
    let notes: Vec<Value> = import.notes.iter().map(note).collect();
    if !dry_run {
        return json!({"recorded_at": import.recorded_at, "changes": changes, "notes": notes});
    }
    let key =
        |k: &KeyChange| json!({"table": k.table, "key": k.key, "added": k.added, "ended": k.ended});
    let keys: Vec<Value> = import.keys.iter().map(key).collect();
    json!({"recorded_at": null, "changes": changes, "notes": notes, "keys": keys})
}

fn detail(row: &HistoryRow) -> Value {
    serde_json::from_str(&row.detail).unwrap_or(Value::Null)
}

pub(super) fn history(db: &RegistryDb, key: &str, ui: &Ui) -> Result<Outcome, Error> {
    let rows = db.history(key)?;
    let words: Vec<String> = rows
        .iter()
        .map(|row| {
            format!(
                "{} {} {} {} {} {}",
                moment(row.recorded_at),
                row.actor.as_deref().unwrap_or("-"),
                row.action,
                row.table,
                row.key,
                row.detail
            )
        })
        .collect();
    let values: Vec<Value> = rows
        .iter()
        .map(|row| {
            json!({"recorded_at": row.recorded_at, "actor": row.actor, "action": row.action,
                   "table": row.table, "key": row.key, "detail": detail(row)})
        })
        .collect();
    ui.result(|| json!(values), || words.join("\n"))?;
    Ok(Outcome::Done)
}

pub(super) fn imports(
    ledger: &Ledger,
    db: &RegistryDb,
    roots: bool,
    ui: &Ui,
) -> Result<Outcome, Error> {
    let (mut words, mut values) = (String::new(), Vec::new());
    for row in db.imports()? {
        let detail = detail(&row);
        let mut value = json!({"recorded_at": row.recorded_at, "actor": row.actor,
                               "files": detail.get("files"), "changes": detail.get("changes")});
        let _ = write!(
            words,
            "{} {} {}",
            row.recorded_at,
            moment(row.recorded_at),
            row.actor.as_deref().unwrap_or("-")
        );
        let changes = detail.get("changes").and_then(Value::as_array);
        for change in changes.into_iter().flatten() {
            let table = change.get("table").and_then(Value::as_str);
            let number = |member: &str| change.get(member).and_then(Value::as_u64);
            let [added, ended] = ["added", "ended"].map(|m| number(m).unwrap_or_default());
            let _ = write!(words, ", {} +{added} -{ended}", table.unwrap_or_default());
        }
        if roots {
            let (count, head) = head(ledger, &db.snapshot(Some(row.recorded_at))?);
            let root = head.map(|head| head.root.to_string());
            let shown = root
                .as_deref()
                .unwrap_or("unknown without the ledger's secrets");
            let _ = write!(words, "; {count} rows, root {shown}");
            if let Some(members) = value.as_object_mut() {
                members.insert("rows".to_owned(), json!(count));
                members.insert("root".to_owned(), json!(root));
            }
        }
        words.push('\n');
        values.push(value);
    }
    ui.result(|| json!(values), || words)?;
    Ok(Outcome::Done)
}

pub(super) fn diff(db: &RegistryDb, moments: &[i64], ui: &Ui) -> Result<Outcome, Error> {
    let &[earlier, later] = moments else {
        return Err(Error::Bug {
            what: "another number of moments than two",
        });
    };
    if earlier > later {
        return Err(Error::Usage {
            argument: "--known-at",
            message: "expected the earlier moment first, but found the later one".to_owned(),
        });
    }
    let rows = db.diff(earlier, later)?;
    let (mut words, mut values) = (String::new(), Vec::new());
    for row in rows {
        let cells = Value::Array(row.row);
        let sign = if row.added { "+" } else { "-" };
        let _ = writeln!(words, "{sign} {}: {}", row.table, row_words(&cells));
        values.push(
            json!({"table": row.table, "change": if row.added { "added" } else { "ended" },
                           "row": cells}),
        );
    }
    ui.result(|| json!(values), || words)?;
    Ok(Outcome::Done)
}
