//! `tiles`: the log as a directory that any file server can publish.

use std::path::PathBuf;

use serde_json::json;

use super::trust::read_key;
use crate::error::{Error, Outcome};
use crate::ledger::served::{ServeOptions, serve_tree};
use crate::ui::{Ui, Unit, counted};

/// Arguments of `tiles`.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Writes a complete C2SP tlog-tiles tree of the served checkpoint (not of a newer one that awaits
cosignatures): checkpoint, and tile/<L>/<N>[.p/<W>] of all levels. It holds hashes only and may be
public. Publish DIR, never LEDGER itself: that one has the secret keys, the salts and every event.

Before anything is written the checkpoint's signature and root are verified; checkpoint is
replaced last. A DIR that is there already is brought up to date: what is there with the right
bytes is kept, an interrupted run is gone on with, and a larger or a forked checkpoint is never
replaced. A DIR in, around or with a ledger in it, be it another one (ledger.toml or secret), is
refused, and so is any while LEDGER/contradiction is there (exit code 1), whatever --force says.
Run it after each `ledgerline checkpoint`.

--entries adds tile/entries/<N>[.p/<W>]: every record with its salt. FOR AUDITORS ONLY: whoever
has them reads every play of every listener. Write them to a DIR of their own that is not public;
the files have the mode 0600. Without secret/ only events in sealed segments can be written, and
segments/salt-keys is needed.

Any file server will do. Set cache headers: tiles never change, checkpoint does:
  ledgerline tiles april --out /srv/log
  caddy file-server --root /srv/log --listen :8080
  rsync -a --exclude=/checkpoint /srv/log/ web:/srv/log/ && rsync /srv/log/checkpoint web:/srv/log/")]
pub struct Args {
    /// The ledger
    pub ledger: PathBuf,

    /// Directory to write; empty, or written by an earlier run
    #[arg(long, value_name = "DIR")]
    pub out: PathBuf,

    /// Write entry bundles, too: for auditors only, as they hold every record and its salt
    #[arg(long)]
    pub entries: bool,

    /// Remove partial tiles that a full one has replaced
    #[arg(long)]
    pub remove_partial: bool,

    /// The log's verifier key (name+id+base64), or a file that holds it [default: those of
    /// LEDGER/vkeys, if LEDGER/secret is there]
    #[arg(long, value_name = "VKEY|FILE")]
    pub key: Option<String>,

    /// Replace tiles in DIR that have other bytes, and allow other files in it; never replaces a
    /// larger or a forked checkpoint
    #[arg(long)]
    pub force: bool,
}

/// Runs `tiles`.
///
/// # Errors
///
/// [`Error`]; the checkpoint in the directory is then as before.
pub fn run(args: &Args, ui: &Ui) -> Result<Outcome, Error> {
    let key = args.key.as_deref().map(|text| read_key("--key", text));
    let options = ServeOptions {
        entries: args.entries,
        force: args.force,
        remove_partial: args.remove_partial,
        key: key.transpose()?,
    };
    let bar = ui.progress(Some(0), "events", Unit::Items);
    let served = serve_tree(&args.ledger, &args.out, &options, &mut |done, total| {
        bar.set_length(total);
        bar.set_position(done);
    });
    bar.finish_and_clear();
    let served = served?;
    if !served.signature_checked {
        ui.say(
            "warning: the checkpoint's signature was not verified, as there is no secret/log.key; \
             give the log's key with --key",
        );
    }
    if args.entries {
        ui.say("warning: tile/entries holds every record and its salt; it is for auditors only");
    } else if served.old_entries {
        ui.say(&format!(
            "warning: {} still holds entry bundles of an earlier run, which are for auditors only; \
             remove {0}/tile/entries before it is published",
            args.out.display()
        ));
    }
    ui.result(
        || {
            json!({
                "origin": served.origin,
                "size": served.head.size,
                "root": served.head.root.to_string(),
                "before": served.before,
                "signature_checked": served.signature_checked,
                "written": served.written,
                "kept": served.kept,
                "removed": served.removed,
            })
        },
        || {
            format!(
                "{}: size {}, {} written, {} kept, {} removed",
                args.out.display(),
                served.head.size,
                counted(served.written, "file"),
                served.kept,
                served.removed
            )
        },
    )?;
    Ok(Outcome::Done)
}
