//! `checkpoint`: the signed state of the log, cosigned by witnesses.

use std::path::PathBuf;

use serde_json::json;

use super::cosign::{CosignArgs, cosign_and_serve, is_contradicted};
use super::open_writer;
use crate::error::{Error, Outcome};
use crate::ui::Ui;

/// Arguments of `checkpoint`.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Integrates all acknowledged events into the tree, writes its tiles, signs, has witnesses cosign, and
serves the result as LEDGER/checkpoint. Refuses to sign what does not extend the newest signed
checkpoint. Without new events the newest one is served again, and only those witnesses are asked
whose cosignature it lacks.

With --policy its quorum decides (any, all, k of n): without it the checkpoint stays signed and
stored but not served, and the exit code is 3, unless --fail open says otherwise; so it is, too, if
the checkpoint before was cosigned and neither --policy nor --witness is given. Only cosignatures
that verify get into the note. If a witness has cosigned what this ledger does not have, the ledger
is an old copy or a fork: nothing is served, and the exit code is 1.

A policy (c2sp.org/tlog-policy):
  witness w1 witness.example/w1+ce0c9543+BE7R... https://witness.example/w1
  witness w2 other.example+5c1f04f2+BC0x... https://other.example
  group two all w1 w2
  quorum two

Examples:
  ledgerline checkpoint april
  ledgerline checkpoint april --policy witnesses.txt
  ledgerline checkpoint april --witness 'https://witness.example/w1 witness.example/w1+ce0c9543+BE7R...'")]
pub struct Args {
    /// The ledger
    pub ledger: PathBuf,

    #[command(flatten)]
    cosign: CosignArgs,
}

/// Runs `checkpoint`.
///
/// # Errors
///
/// [`Error`].
pub fn run(args: &Args, ui: &Ui) -> Result<Outcome, Error> {
    let plan = args.cosign.plan()?;
    if is_contradicted(&args.ledger, ui) {
        return Ok(Outcome::Disputed);
    }
    let mut writer = open_writer(&args.ledger, ui)?;
    let asking = plan.settle(&mut writer, ui)?;
    let staged = writer.stage()?;
    let published = &staged.published;
    ui.say(&match published.before {
        Some(before) if before == published.head.size => {
            format!("no new events; the checkpoint of size {before} stands")
        }
        Some(before) => format!(
            "signed size {}, which extends the checkpoint of size {before}",
            published.head.size
        ),
        None => format!("signed size {}, the first checkpoint", published.head.size),
    });
    let cosigned = cosign_and_serve(&mut writer, &staged, &asking, ui)?;
    let note = cosigned.note.to_string();
    if ui.json {
        ui.data(
            &json!({
                "origin": writer.manifest().origin.as_str(),
                "size": published.head.size,
                "root": published.head.root.to_string(),
                "before": published.before,
                "served": cosigned.is_served,
                "witnesses": cosigned.witnesses,
                "note": note,
            })
            .to_string(),
        )?;
    } else if cosigned.is_served {
        ui.data(note.trim_end_matches('\n'))?;
    }
    Ok(cosigned.outcome)
}
