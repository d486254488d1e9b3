//! `witness`: cosign other people's logs.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use ledgerline::log::{KeyName, VerifierKey};
use serde_json::json;

use crate::error::{Error, Outcome};
use crate::secret::exposed_mode;
use crate::ui::{Ui, counted};
use crate::witness::server::{Bound, Options, serve};
use crate::witness::{LogEntry, LogList, Witness, WitnessDir, WitnessError, create};

/// Arguments of `witness`.
#[derive(Debug, clap::Args)]
#[command(
    args_conflicts_with_subcommands = true,
    subcommand_negates_reqs = true,
    after_help = "\
A witness (c2sp.org/tlog-witness) cosigns a checkpoint of a log that it follows if, and only if, it
extends all that it has cosigned of that log. What it decides is on the disk before it answers.

  POST <prefix>/add-checkpoint                  cosigns; see the specification
  POST <prefix>/sign-subtree                    cosigns a part of it (with an ML-DSA-44 key)
  GET  <prefix>/<origin hash>/checkpoint        the newest cosigned checkpoint, for monitors
  GET  <prefix>/                                its verifier keys and its logs, for people

It speaks HTTP; put a proxy with TLS before it to be reached from elsewhere. It takes 256
connections; for more, the longest idle of the address that has most of them gives way. Behind a
proxy all have the proxy's address: have it bound the connections of each client.

SIGINT and SIGTERM end it after the requests under way, a second one at once; SIGHUP reads the
list of logs again. If a write fails, it stops. A log whose files are damaged is left out, is
answered with 503, and does not stop the others. A log that signs two trees of one size is
refused, and both signed notes are kept under DIR/evidence. Lines with ALARM are for the operator;
the same about one log is told once a minute, with the heads of those between. Evidence is never
dropped for other evidence; if a log signs so many heads that DIR/evidence is full, an ALARM holds
the notes that are not kept.

A witness that forgets can be made to cosign a fork, so do not restore it from a backup: neither
DIR/key alone on a new disk, nor an older DIR/state, nor a second copy of DIR; only a copy of all
of DIR that is as new as its last cosignature may be put back. DIR/logs and DIR/evidence are worth
a backup. If DIR/state or DIR/known is lost, the witness does not start, or leaves the log out:
make a new key with `ledgerline witness init`, never use the old one again, and tell those who
list it.

Examples:
  ledgerline witness init w1 --name witness.example/w1
  ledgerline witness add-log w1 example.com/plays/2026-04+0d50532c+AT4s...
  ledgerline witness w1 --listen 127.0.0.1:7980"
)]
pub struct Args {
    #[command(subcommand)]
    command: Option<Command>,

    /// The witness's directory
    #[arg(required = true)]
    dir: Option<PathBuf>,

    /// Address and port for submissions and monitors; port 0 takes a free one
    #[arg(long, value_name = "ADDR", default_value = "127.0.0.1:7980")]
    listen: String,

    /// Another address and port for monitors only; --listen answers them, too, as a log that is refused
    /// looks there for the proof
    #[arg(long, value_name = "ADDR")]
    monitoring_listen: Option<String>,

    /// Path before all others, such as /w1
    #[arg(long, value_name = "PATH", default_value = "", value_parser = prefix)]
    prefix: String,
}

/// What else to do with a witness.
#[derive(Debug, clap::Subcommand)]
enum Command {
    /// Make a witness; prints its verifier keys
    #[command(
        after_help = "Example:\n  ledgerline witness init w1 --name witness.example/w1 --ml-dsa"
    )]
    Init {
        /// Directory to make; must not exist or be empty
        dir: PathBuf,
        /// Name of the witness, a URL without scheme: no blank, no plus sign
        #[arg(long)]
        name: String,
        /// Make an ML-DSA-44 key (type 0x06) too, so that every cosignature has a post-quantum one
        /// beside it
        #[arg(long)]
        ml_dsa: bool,
    },
    /// Print the verifier keys
    Keys {
        /// The witness's directory
        dir: PathBuf,
    },
    /// Follow a log
    AddLog {
        /// The witness's directory
        dir: PathBuf,
        /// The log's verifier key
        vkey: String,
        /// Where the log is found; for people
        #[arg(long)]
        url: Option<String>,
        /// First line of its checkpoints [default: the key's name]
        #[arg(long)]
        origin: Option<String>,
    },
    /// Follow the logs of a list: of witness-network.org, a policy, or another witness
    AddLogs {
        /// The witness's directory
        dir: PathBuf,
        /// The list
        file: PathBuf,
    },
}

/// Runs `witness`.
///
/// # Errors
///
/// [`Error`].
pub fn run(args: &Args, ui: &Ui) -> Result<Outcome, Error> {
    match (&args.command, &args.dir) {
        (Some(Command::Init { dir, name, ml_dsa }), _) => init(dir, name, *ml_dsa, ui),
        (Some(Command::Keys { dir }), _) => {
            let dir = WitnessDir::new(dir);
            let keys = dir.read_keys()?;
            warn_if_exposed(&dir, ui)?;
            let keys: Vec<_> = keys.iter().map(|key| key.verifier().clone()).collect();
            print_keys(&keys, ui)?;
            Ok(Outcome::Done)
        }
        (
            Some(Command::AddLog {
                dir,
                vkey,
                url,
                origin,
            }),
            _,
        ) => {
            let entry = LogEntry::new(vkey, origin.as_deref(), url.as_deref());
            let usage = |error: WitnessError| Error::Usage {
                argument: "witness add-log",
                message: error.to_string(),
            };
            let mut logs = LogList::default();
            logs.push(entry.map_err(usage)?);
            add(dir, &logs, false, ui)
        }
        (Some(Command::AddLogs { dir, file }), _) => {
            let (logs, skipped) = WitnessDir::read_foreign_logs(file)?;
            for log in skipped {
                ui.say(&format!(
                    "left out: {}: line {}: {}",
                    file.display(),
                    log.line,
                    log.why
                ));
            }
            add(dir, &logs, true, ui)
        }
        (None, Some(dir)) => listen(dir, args, ui),
        (None, None) => Err(Error::Bug {
            what: "no directory, which clap demands",
        }),
    }
}

fn init(dir: &Path, name: &str, ml_dsa: bool, ui: &Ui) -> Result<Outcome, Error> {
    let name = KeyName::parse(name).map_err(|error| Error::Usage {
        argument: "--name",
        message: error.to_string(),
    })?;
    let keys = create(dir, &name, ml_dsa)?;
    print_keys(&keys, ui)?;
    ui.say(&format!(
        "made witness {}; the line above is what logs and readers put into their policy",
        dir.display()
    ));
    Ok(Outcome::Done)
}

fn print_keys(keys: &[VerifierKey], ui: &Ui) -> Result<(), Error> {
    let keys: Vec<String> = keys.iter().map(ToString::to_string).collect();
    ui.result(|| json!({"vkeys": keys}), || keys.join("\n"))
}

/// Adds keys to the list. A foreign list adds no second key to a log that is followed already: who
/// may sign for it is decided here, not there.
fn add(dir: &Path, new: &LogList, foreign: bool, ui: &Ui) -> Result<Outcome, Error> {
    let dir = WitnessDir::new(dir);
    dir.read_keys()?;
    // Until the list is written: another such command waits.
    let _lock = dir.lock_logs()?;
    let mut logs = dir.read_logs()?;
    let before = logs.clone();
    let mut added = 0_usize;
    for entry in new.entries() {
        let is_known = before.entries().contains(entry);
        if foreign && !is_known && before.follows(&entry.origin) {
            ui.say(&format!(
                "left out: another key of {:?}, which is followed already; `witness add-log` adds it",
                entry.origin
            ));
            continue;
        }
        added += usize::from(logs.push(entry.clone()));
    }
    if added > 0 {
        dir.write_logs(&logs)?;
    }
    let count = logs.entries().len();
    ui.result(
        || json!({"added": added, "keys": count}),
        || {
            let added = counted(added as u64, "key");
            format!(
                "added {added}; the list has {}",
                counted(count as u64, "key")
            )
        },
    )?;
    if added > 0 {
        ui.say("a witness that is running reads its list again on SIGHUP");
    }
    Ok(Outcome::Done)
}

fn listen(dir: &Path, args: &Args, ui: &Ui) -> Result<Outcome, Error> {
    let witness = Witness::open(dir)?;
    let (ui, prefix) = (*ui, args.prefix.clone());
    warn_if_exposed(witness.dir(), &ui)?;
    let following = witness.following();
    let (logs, never) = (following.logs, following.never_cosigned);
    if logs == 0 {
        ui.say("warning: this witness follows no log; see `ledgerline witness add-log --help`");
    }
    for line in &following.left_out {
        ui.say(&format!("ALARM {line}"));
    }
    let options = Options {
        listen: args.listen.clone(),
        monitoring: args.monitoring_listen.clone(),
        prefix: prefix.clone(),
    };
    let keys: Vec<String> = witness
        .verifiers()
        .iter()
        .map(ToString::to_string)
        .collect();
    let mut told = Ok(());
    let ready = |bound: Bound| {
        let url = |address| format!("http://{address}{prefix}");
        let (submission, monitoring) = (url(bound.listen), url(bound.monitoring));
        told = ui.result(
            || {
                json!({
                    "submission": submission,
                    "monitoring": monitoring,
                    "vkeys": keys,
                    "logs": logs,
                    "never_cosigned": never,
                    "left_out": following.left_out.len(),
                })
            },
            || submission.clone(),
        );
        ui.say(&format!(
            "witness {} takes checkpoints of {}, of which {never} never cosigned, at \
             {submission}/add-checkpoint",
            keys.join(" "),
            counted(logs as u64, "log")
        ));
    };
    serve(witness, &options, Arc::new(move |line| ui.say(line)), ready)?;
    told?;
    ui.say("stopped");
    Ok(Outcome::Done)
}

fn warn_if_exposed(dir: &WitnessDir, ui: &Ui) -> Result<(), Error> {
    let key = dir.key();
    if exposed_mode(&key)?.is_some() {
        ui.say(&format!(
            "warning: others can read {}; run `chmod 600` on it, and make a new witness if they may \
             have",
            key.display()
        ));
    }
    Ok(())
}

/// `/w1` from `w1`, `/w1` or `/w1/`.
fn prefix(text: &str) -> Result<String, String> {
    let inner = text.trim_matches('/');
    let fine = |c: char| c.is_ascii_alphanumeric() || "-._~/".contains(c);
    if !inner.chars().all(fine) || inner.contains("//") {
        return Err(format!(
            "expected letters, digits, and -._~ between slashes, but found {text:?}"
        ));
    }
    Ok(if inner.is_empty() {
        String::new()
    } else {
        format!("/{inner}")
    })
}
