//! `rules`: a rules file in sentences, what differs between two, and what of it is in doubt.

use std::path::PathBuf;

use ledgerline::royalty::Sentence;
use serde_json::json;

use super::statement::read_rules;
use crate::error::{Error, Outcome};
use crate::ui::Ui;

/// Arguments of `rules`.
#[derive(Debug, clap::Args)]
pub struct Args {
    #[command(subcommand)]
    command: Command,
}

/// What to do with rules files.
#[derive(Debug, clap::Subcommand)]
enum Command {
    /// Say every setting in a sentence, with its source and how sure that is
    #[command(after_help = "Example:\n  ledgerline rules explain rules/us-mechanical-2026.toml")]
    Explain {
        /// Rules file (TOML)
        rules: PathBuf,
    },
    /// Say what changes from one rules file to another
    #[command(
        after_help = "Example:\n  ledgerline rules diff rules/artist-centric-deezer.toml rules/artist-centric-tracks.toml"
    )]
    Diff {
        /// Rules file (TOML)
        before: PathBuf,
        /// Another one
        after: PathBuf,
    },
    /// See that a rules file is one, and list the settings whose source nobody has read
    #[command(
        after_help = "Exit code 0 for every well-formed file; doubts are for whoever signs the contract.\n\nExample:\n  ledgerline rules check my-rules.toml --json"
    )]
    Check {
        /// Rules file (TOML)
        rules: PathBuf,
    },
}

/// Runs `rules`.
///
/// # Errors
///
/// [`Error`] if a file cannot be read or is no rules file.
pub fn run(args: &Args, ui: &Ui) -> Result<Outcome, Error> {
    match &args.command {
        Command::Explain { rules } => {
            let (_, rules) = read_rules(rules)?;
            let sentences = rules.explain();
            ui.result(
                || json!({"model": rules.model.name(), "settings": sentences}),
                || sentences.iter().map(|s| words(s, "")).collect(),
            )?;
        }
        Command::Diff { before, after } => {
            let (before, after) = (read_rules(before)?.1, read_rules(after)?.1);
            let differences = before.differences(&after);
            ui.result(
                || json!({ "differences": differences }),
                || match differences.is_empty() {
                    true => "The files say the same.\n".to_owned(),
                    false => differences
                        .iter()
                        .map(|d| {
                            let side = |mark: &str, sentence: &Option<Sentence>| {
                                sentence.as_ref().map_or_else(
                                    || format!("  {mark} nothing\n"),
                                    |s| words(s, &format!("  {mark} ")),
                                )
                            };
                            let (minus, plus) = (side("-", &d.before), side("+", &d.after));
                            format!("{}\n{minus}{plus}", d.setting)
                        })
                        .collect(),
                },
            )?;
        }
        Command::Check { rules: path } => {
            let (_, rules) = read_rules(path)?;
            let doubts = rules.doubts();
            ui.result(
                || json!({"model": rules.model.name(), "valid": rules.validity(), "doubts": doubts}),
                || {
                    let list: String = doubts.iter().map(|d| format!("  {d}\n")).collect();
                    format!(
                        "{}: rules of the model {}, which hold {}; {} doubts\n{list}",
                        path.display(),
                        rules.model,
                        rules.validity(),
                        doubts.len()
                    )
                },
            )?;
        }
    }
    Ok(Outcome::Done)
}

/// A sentence with its source below it.
fn words(sentence: &Sentence, before: &str) -> String {
    let Sentence { text, source, .. } = sentence;
    let indent = " ".repeat(before.len() + 2);
    let source = source.as_ref().map_or_else(
        || "no source is given".to_owned(),
        |source| {
            let url = match source.url.as_str() {
                "" => String::new(),
                url => format!(" <{url}>"),
            };
            format!("{}{url} [{}]", source.text, source.certainty.says())
        },
    );
    format!("{before}{text}\n{indent}{source}\n")
}
