//! `export`: a run for other programs.

use std::path::PathBuf;

use ledgerline::bundle::RunTables;
use serde_json::json;

use super::export_dsr;
use crate::error::{Error, Outcome};
use crate::export::{TableFormat, write_hledger, write_tables};
use crate::run::{RunDir, RunError, Threads};
use crate::ui::Ui;

/// Arguments of `export`.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
csv and parquet write plays, cells, lines, holders, suspense and journal into a new directory,
amounts with six places. hledger writes one journal; `hledger -f FILE balance` shows where the
money went. dsr writes a DDEX sales report (Basic Audio 1.2) of streams and net revenue into the
directory, under the name that the convention gives it. Exports are for reading: what is signed is the run's own tables.

Examples:
  ledgerline export april-run --format csv --out april-csv
  ledgerline export april-run --format hledger --out april.journal
  ledgerline export april-run --format dsr --out reports --holder 00000000000000a1 \\
    --sender PADPIDA2014111801Y=Service --recipient PADPIDA2013020802I=Label --service Music")]
pub struct Args {
    /// The run
    pub run: PathBuf,

    /// Format
    #[arg(long, value_enum)]
    pub format: FormatArg,

    /// Directory (csv, parquet) or file (hledger) to make, or directory to write into (dsr)
    #[arg(long, value_name = "PATH")]
    pub out: PathBuf,

    /// Replace what is there
    #[arg(long)]
    pub force: bool,

    /// For `--format dsr`.
    #[command(flatten)]
    pub dsr: export_dsr::Args,
}

/// `--format`.
#[derive(Clone, Copy, Debug, clap::ValueEnum)]
pub enum FormatArg {
    /// One CSV file a table
    Csv,
    /// One Parquet file a table
    Parquet,
    /// A plain-text journal
    Hledger,
    /// A DDEX sales report
    Dsr,
}

/// Runs `export`.
///
/// # Errors
///
/// [`Error`].
pub fn run(args: &Args, ui: &Ui) -> Result<Outcome, Error> {
    let stored = RunDir::new(&args.run).read()?;
    // What is exported is what the run note commits to.
    RunTables::new(&stored.run, &stored.tables, stored.salts.clone(), &Threads)
        .map_err(RunError::Bundle)?;
    if matches!(args.format, FormatArg::Dsr) {
        return export_dsr::run(&args.dsr, &stored, &args.out, args.force, ui);
    }
    if args.out.exists() && !args.force {
        return Err(RunError::Exists {
            path: args.out.clone(),
        }
        .into());
    }
    // Only a directory that looks like an export is replaced as a whole.
    let replaces_other = match args.format {
        FormatArg::Hledger => args.out.is_dir(),
        FormatArg::Dsr => false,
        FormatArg::Csv | FormatArg::Parquet => {
            let journal = ["journal.csv", "journal.parquet"];
            args.out.exists() && !journal.iter().any(|name| args.out.join(name).is_file())
        }
    };
    if replaces_other {
        return Err(RunError::Exists {
            path: args.out.clone(),
        }
        .into());
    }
    let files = match args.format {
        FormatArg::Csv => write_tables(&stored, TableFormat::Csv, &args.out)?,
        FormatArg::Parquet => write_tables(&stored, TableFormat::Parquet, &args.out)?,
        FormatArg::Hledger => {
            write_hledger(&stored, &args.out)?;
            Vec::new()
        }
        FormatArg::Dsr => Vec::new(),
    };
    ui.result(
        || json!({"out": args.out, "files": files}),
        || match files.len() {
            0 => format!("wrote {}", args.out.display()),
            count => format!("wrote {count} files to {}", args.out.display()),
        },
    )?;
    Ok(Outcome::Done)
}
