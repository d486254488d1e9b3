//! `checkpoint`: the signed state of the log, cosigned by witnesses.

use std::path::PathBuf;

use serde_json::json;

use super::cosign::{CosignArgs, Count, cosign_and_serve, find_contradiction, is_contradicted};
use super::open_writer;
use crate::error::{Error, Outcome};
use crate::ui::Ui;

/// Arguments of `checkpoint`.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Integrates all acknowledged events into the tree, looks at what the witnesses have cosigned
before, writes the tiles, signs, has witnesses cosign, and serves the result as LEDGER/checkpoint.
Refuses to sign what does not extend the newest signed checkpoint, or a checkpoint that a witness
shows. Without new events the newest one is served again, and only those witnesses are asked to
cosign whose cosignature it lacks.

The quorum of the policy decides (any, all, k of n): without it the checkpoint stays signed and
stored but not served, and the exit code is 3, unless --fail open serves it this one time. Only
cosignatures that verify get into the note.

The ledger keeps the policy: what --policy or --witness gives is written to LEDGER/policy before
anything is signed, and later commands without them ask by it. Another --policy replaces it;
--no-policy ends it; --witness beside it asks somebody more and takes nothing away. A ledger that
has cosigned checkpoints but no such file is not served until one of the three is given. The URL
of a --witness beside a policy is not kept.

If a witness shows a checkpoint that the log's key signed and this ledger does not have, the
ledger is an old copy or the log forked: nothing is signed or served, the exit code is 1, and the
proof is kept as LEDGER/contradiction. While that file is there nothing more is signed or served,
whatever --fail says: put the newest copy of the ledger back; if it is the witness that is wrong,
move the file away and take the witness out of the policy. What a witness merely claims is no such
proof: it counts as one that did not cosign. (The proof is looked for under the witness's URL;
witnesses that show their checkpoints elsewhere can only refuse.)

A policy (c2sp.org/tlog-policy):
  witness w1 witness.example/w1+ce0c9543+BE7R... https://witness.example/w1
  witness w2 other.example+5c1f04f2+BC0x... https://other.example
  group two all w1 w2
  quorum two

Examples:
  ledgerline checkpoint april
  ledgerline checkpoint april --policy witnesses.txt
  ledgerline checkpoint april          # by the same policy
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
    if find_contradiction(&mut writer, &asking, ui)? {
        return Ok(Outcome::Disputed);
    }
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
    let cosigned = cosign_and_serve(&mut writer, &staged, &asking, Count::Ever, ui)?;
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
