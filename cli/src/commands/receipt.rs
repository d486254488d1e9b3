//! `receipt`: the proof that an event is in the log, as one file.

use std::path::{Path, PathBuf};

use ledgerline::audit::{EventView, Status, Summary, Trust, Verdict, verify_proof};
use ledgerline::event::play_id_of_text;
use ledgerline::id::{ListenerId, PlayId};
use ledgerline::log::{LeafIndex, TlogProof};
use serde_json::{Value, json};

use super::warn_if_contradicted;
use crate::error::{Error, Outcome};
use crate::ledger::durable::{Access, create_dirs, write_atomic};
use crate::ledger::receipt::LoggedEvents;
use crate::ui::{Ui, Unit, counted};

/// Arguments of `receipt`.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Writes a C2SP tlog-proof against LEDGER/checkpoint, the served one (not a newer one that awaits
cosignatures), with all cosignatures it has. Its
extra line carries the event's record, so that `ledgerline verify FILE --key VKEY` needs nothing
else. A receipt is for the person whose play it is: it shows the event, and no other.

Canary plays: whoever wants to test a service plays something, keeps listener, play and time, asks
for the receipts, and finds the play in the statement, or has evidence that it was left out.

Without --out one receipt goes to standard output; of a play, the list of its events does.

Examples:
  ledgerline receipt april 1234567 --out play.tlog-proof
  ledgerline receipt april --listener 00000000000000aa --play 5e1f7a3c9d204b68
  ledgerline receipt april --user canary-7 --play my-first-play --out receipts/")]
pub struct Args {
    /// The ledger
    pub ledger: PathBuf,

    /// Leaf index of the event
    #[arg(required_unless_present = "play", conflicts_with_all = ["play", "listener", "user"])]
    pub index: Option<u64>,

    /// The listener's pseudonym, 16 hex digits
    #[arg(long, value_name = "HEX", requires = "play", conflicts_with = "user")]
    pub listener: Option<String>,

    /// The listener's user id with the service; needs secret/listener.key
    #[arg(long, value_name = "ID", requires = "play")]
    pub user: Option<String>,

    /// The play id, 16 hex digits or other text as it was sent
    #[arg(long, value_name = "ID")]
    pub play: Option<String>,

    /// File of the receipt; of a play, directory of INDEX.tlog-proof files, one for each event
    #[arg(long, value_name = "FILE|DIR")]
    pub out: Option<PathBuf>,

    /// Replace files that exist
    #[arg(long)]
    pub force: bool,
}

/// Runs `receipt`.
///
/// # Errors
///
/// [`Error`]; nothing is written that does not verify.
pub fn run(args: &Args, ui: &Ui) -> Result<Outcome, Error> {
    let log = LoggedEvents::open(&args.ledger)?;
    warn_if_contradicted(log.ledger().layout(), ui);
    match (args.index, &args.play) {
        (Some(index), _) => one(args, &log, index, ui),
        (None, Some(play)) => of_play(args, &log, play, ui),
        (None, None) => Err(usage("INDEX", "expected an index, or --play".to_owned())),
    }
}

fn one(args: &Args, log: &LoggedEvents, index: u64, ui: &Ui) -> Result<Outcome, Error> {
    let size = log.head().size;
    if index >= size {
        let ledger = args.ledger.display();
        return Err(usage(
            "INDEX",
            match size {
                0 => format!(
                    "expected an event number {index}, but found none: the log has no events yet \
                     under its served checkpoint; ingest some, then `ledgerline checkpoint {ledger}`"
                ),
                _ => format!(
                    "expected an index below {size}, the size of the served checkpoint, but found \
                     {index}; events accepted since then are covered once `ledgerline checkpoint \
                     {ledger}` has served a newer one"
                ),
            },
        ));
    }
    if let Some(path) = &args.out {
        check_free(path, args.force)?;
    }
    let receipt = Receipt::make(log, index)?;
    let text = receipt.proof.to_string();
    match &args.out {
        Some(path) => {
            write_atomic(path, text.as_bytes(), Access::Public)?;
            let made = receipt.json(Some(path))?;
            ui.result(|| made, || format!("wrote {}", path.display()))?;
        }
        None if ui.json => ui.data(&receipt.json(None)?.to_string())?,
        None => ui.data(text.trim_end_matches('\n'))?,
    }
    ui.say(&receipt.event.in_words());
    Ok(Outcome::Done)
}

fn of_play(args: &Args, log: &LoggedEvents, play: &str, ui: &Ui) -> Result<Outcome, Error> {
    let listener = listener(args, log)?;
    let play = PlayId::parse(play).unwrap_or_else(|_| play_id_of_text(play));
    let bar = ui.progress(Some(log.ledger().sealed_size()), "searching", Unit::Items);
    let found = log.find(listener, play, &mut |done| bar.set_position(done));
    bar.finish_and_clear();
    let found = found?;
    if found.later > 0 {
        ui.say(&format!(
            "{} more events of this play came after the newest checkpoint; run `ledgerline checkpoint {}` for their receipts",
            found.later,
            args.ledger.display()
        ));
    }
    if found.indices.is_empty() {
        return Err(usage(
            "--play",
            format!(
                "expected events of play {play} by listener {listener} among the {} that the newest checkpoint covers, but found none",
                log.head().size
            ),
        ));
    }
    let path_of = |index: u64| {
        let dir = args.out.as_deref();
        dir.map(|dir| dir.join(format!("{index}.tlog-proof")))
    };
    for path in found.indices.iter().filter_map(|index| path_of(*index)) {
        check_free(&path, args.force)?;
    }
    if let Some(dir) = &args.out {
        create_dirs(dir)?;
    }
    let mut made: Vec<Value> = Vec::new();
    let mut words = String::new();
    for &index in &found.indices {
        let receipt = Receipt::make(log, index)?;
        let path = path_of(index);
        if let Some(path) = &path {
            write_atomic(path, receipt.proof.to_string().as_bytes(), Access::Public)?;
        }
        words.push_str(&format!("{index}: {}\n", receipt.event.in_words()));
        made.push(receipt.json(path.as_deref())?);
    }
    ui.result(|| json!({"receipts": made, "later": found.later}), || words)?;
    let count = found.indices.len() as u64;
    ui.say(&match &args.out {
        Some(dir) => format!("wrote {} to {}", counted(count, "receipt"), dir.display()),
        None => format!("{}; --out DIR writes the receipts", counted(count, "event")),
    });
    Ok(Outcome::Done)
}

fn listener(args: &Args, log: &LoggedEvents) -> Result<ListenerId, Error> {
    match (&args.listener, &args.user) {
        (Some(listener), _) => {
            ListenerId::parse(listener).map_err(|error| usage("--listener", error.to_string()))
        }
        // As at ingest.
        (None, Some(user)) if !(1..=256).contains(&user.len()) => Err(usage(
            "--user",
            "expected 1 to 256 bytes of text".to_owned(),
        )),
        (None, Some(user)) => Ok(log.ledger().listener_key()?.pseudonym(user)),
        (None, None) => Err(usage(
            "--play",
            "expected --listener or --user beside it: play ids are the clients' own, and two listeners may have one".to_owned(),
        )),
    }
}

/// An event's proof, verified.
struct Receipt {
    proof: TlogProof,
    event: EventView,
}

impl Receipt {
    /// Makes it and reads it back as its reader will.
    fn make(log: &LoggedEvents, index: u64) -> Result<Self, Error> {
        let proof = log.receipt(index)?;
        let wrong = |found: String| {
            let path = log.ledger().layout().root();
            let expected = format!("a log whose receipt of event {index} verifies");
            crate::ledger::LedgerError::damaged(path, None, expected, found)
        };
        let read = TlogProof::parse(proof.to_string().as_bytes());
        let read = read.map_err(|error| wrong(error.to_string()))?;
        let report = verify_proof(&read, "", None, &own_keys(log)?)
            .map_err(|error| wrong(error.to_string()))?;
        if let Some(check) = report.checks.iter().find(|c| c.status == Status::Fail) {
            return Err(wrong(format!("{}: {}", check.id, check.detail)).into());
        }
        match report.totals {
            Summary::Event(event) if report.verdict != Verdict::Disputed => {
                Ok(Self { proof, event })
            }
            _ => Err(wrong("no event in it".to_owned()).into()),
        }
    }

    fn json(&self, path: Option<&Path>) -> Result<Value, Error> {
        let LeafIndex(index) = self.proof.index();
        let event = serde_json::to_value(&self.event).map_err(|_| Error::Bug {
            what: "an event is no JSON",
        })?;
        let place = match path {
            Some(path) => ("file", json!(path)),
            None => ("proof", json!(self.proof.to_string())),
        };
        Ok(json!({"index": index, "event": event, place.0: place.1}))
    }
}

/// The keys that the ledger says it signed with: one of them must have signed what is given out.
fn own_keys(log: &LoggedEvents) -> Result<Trust, Error> {
    Ok(Trust {
        keys: log.ledger().vkeys()?,
        ..Trust::default()
    })
}

fn check_free(path: &Path, force: bool) -> Result<(), Error> {
    if !force && path.exists() {
        return Err(usage(
            "--out",
            format!(
                "expected no file at {}, but found one; add --force to replace it",
                path.display()
            ),
        ));
    }
    Ok(())
}

fn usage(argument: &'static str, message: String) -> Error {
    Error::Usage { argument, message }
}
