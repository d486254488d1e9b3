//! `checkpoint`: the signed state of the log.

use std::path::PathBuf;

use serde_json::json;

use super::open_writer;
use crate::error::{Error, Outcome};
use crate::ui::Ui;

/// Arguments of `checkpoint`.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Integrates all acknowledged events into the tree, writes its tiles, signs, and publishes
LEDGER/checkpoint. Refuses to sign what does not extend the newest signed checkpoint. Without new
events the newest one is printed again.

Example:
  ledgerline checkpoint april")]
pub struct Args {
    /// The ledger
    pub ledger: PathBuf,
}

/// Runs `checkpoint`.
///
/// # Errors
///
/// [`Error`].
pub fn run(args: &Args, ui: &Ui) -> Result<Outcome, Error> {
    let mut writer = open_writer(&args.ledger, ui)?;
    let published = writer.publish()?;
    let note = published.note.to_string();
    ui.result(
        || {
            json!({
                "origin": writer.manifest().origin.as_str(),
                "size": published.head.size,
                "root": published.head.root.to_string(),
                "before": published.before,
                "note": note,
            })
        },
        || note.clone(),
    )?;
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
    Ok(Outcome::Done)
}
