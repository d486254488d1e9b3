//! `export`: a run for other programs and for people.

use std::path::PathBuf;

use clap::ValueEnum as _;
use ledgerline::bundle::RunTables;
use ledgerline::id::PartyId;
use ledgerline::money::Currency;
use serde_json::{Value, json};

use super::export_dsr;
use crate::error::{Error, Outcome};
use crate::export::{
    Payouts, TableFormat, write_all_html, write_hledger, write_html, write_openzeppelin,
    write_tables,
};
use crate::run::{RunDir, RunError, StoredRun, Threads};
use crate::ui::Ui;

/// Arguments of `export`.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
The run is first checked against what its note commits to, so an export shows what was signed. It
is for reading and for paying; evidence is the run itself, and a bundle. docs/exports.md has every
column.

csv, parquet   a directory: plays, cells, lines, holders, suspense, journal; six places
html           a page to read and print, without scripts: the run's, or with --holder a
               holder's statement; with --all a directory with both, a page for each holder
hledger        a journal; `hledger -f FILE check --strict` confirms that it balances,
               `hledger -f FILE balance` shows where the money went
dsr            a DDEX sales report (Basic Audio 1.2) of streams and net revenue, of all or with
               --holder of one, put into a directory under the name that the convention gives it
openzeppelin   a directory: tree.json, the payments as a StandardMerkleTree (keccak-256) as
               @openzeppelin/merkle-tree dumps and loads it, and claims.json, the proof of
               each. Leaves are (holder, minor units, currency, run), or with --addresses
               (address, minor units, currency, run): a claim of one run is none of another

Examples:
  ledgerline export april-run --format csv --out april-csv
  ledgerline export april-run --format hledger --out april.journal
  ledgerline export april-run --format html --holder 00000000000000a1 --out statement.html
  ledgerline export april-run --format html --all --out april-pages
  ledgerline export april-run --format openzeppelin --out april-claims
  ledgerline export april-run --format openzeppelin --addresses wallets.csv --out april-claims
  ledgerline export april-run --format dsr --out reports --holder 00000000000000a1 \\
    --sender PADPIDA2014111801Y=Service --recipient PADPIDA2013020802I=Label --service Music")]
pub struct Args {
    /// The run's directory, as `statement --out` made it
    pub run: PathBuf,

    /// What to make of it
    #[arg(long, value_enum, hide_possible_values = true, value_name = "FORMAT")]
    #[arg(
        long_help = "What to make of it: csv, parquet, html, hledger, dsr or openzeppelin (below)"
    )]
    pub format: FormatArg,

    /// File or directory to make, or directory to write into (dsr)
    #[arg(long, value_name = "PATH")]
    pub out: PathBuf,

    /// Replace an earlier export at PATH
    #[arg(long)]
    pub force: bool,

    /// Only this holder (16 hex digits): the statement, or the report of their recordings and money
    #[arg(long, value_name = "ID", value_parser = holder, help_heading = "For html and dsr")]
    pub holder: Option<PartyId>,

    /// The run's page and every holder's statement, into a directory
    #[arg(long, conflicts_with = "holder", help_heading = "For html")]
    pub all: bool,

    /// Accounts of holders, CSV with the columns holder,address; an empty address leaves out a holder
    /// who is paid otherwise
    #[arg(long, value_name = "FILE", help_heading = "For openzeppelin")]
    pub addresses: Option<PathBuf>,

    /// Leaves (address, minor units) as in OpenZeppelin's own example. They name neither currency nor
    /// run: only for a contract that keeps what was claimed under each root apart
    #[arg(long, requires = "addresses", help_heading = "For openzeppelin")]
    pub plain: bool,

    /// Only payments in this currency
    #[arg(long, value_name = "CODE", value_parser = currency, help_heading = "For openzeppelin")]
    pub currency: Option<Currency>,

    /// For `--format dsr`.
    #[command(flatten)]
    pub dsr: export_dsr::Args,
}

/// `--format`.
#[derive(Clone, Copy, Debug, Eq, PartialEq, clap::ValueEnum)]
pub enum FormatArg {
    /// One CSV file a table
    Csv,
    /// One Parquet file a table
    Parquet,
    /// Pages to read and print
    Html,
    /// A plain-text journal
    Hledger,
    /// A DDEX sales report
    Dsr,
    /// A tree of claims for contracts
    Openzeppelin,
}

fn currency(code: &str) -> Result<Currency, String> {
    Currency::parse(code).map_err(|error| error.to_string())
}

fn holder(text: &str) -> Result<PartyId, String> {
    PartyId::parse(text).map_err(|error| error.to_string())
}

/// Runs `export`.
///
/// # Errors
///
/// [`Error`].
pub fn run(args: &Args, ui: &Ui) -> Result<Outcome, Error> {
    check_options(args)?;
    let stored = RunDir::new(&args.run).read()?;
    // What is exported is what the run note commits to.
    RunTables::new(&stored.run, &stored.tables, stored.salts.clone(), &Threads)
        .map_err(RunError::Bundle)?;
    check_free(args)?;
    let made = write(args, &stored, ui)?;
    ui.result(|| made.json, || made.words)?;
    Ok(Outcome::Done)
}

/// What a format's own options are given with.
fn check_options(args: &Args) -> Result<(), Error> {
    use FormatArg::{Dsr, Html, Openzeppelin};
    let own = [
        ("--addresses", args.addresses.is_some(), &[Openzeppelin][..]),
        ("--plain", args.plain, &[Openzeppelin]),
        ("--currency", args.currency.is_some(), &[Openzeppelin]),
        ("--holder", args.holder.is_some(), &[Html, Dsr]),
        ("--all", args.all, &[Html]),
    ];
    let of_dsr = args
        .dsr
        .given()
        .map(|(name, given)| (name, given, &[Dsr][..]));
    for (argument, given, of) in own.into_iter().chain(of_dsr) {
        if given && !of.contains(&args.format) {
            let names: Vec<String> = of
                .iter()
                .filter_map(|format| Some(format.to_possible_value()?.get_name().to_owned()))
                .collect();
            return Err(Error::Usage {
                argument,
                message: format!(
                    "expected --format {} beside it, but found another format",
                    names.join(" or ")
                ),
            });
        }
    }
    Ok(())
}

/// Only what looks like an export of the same kind is replaced as a whole.
fn check_free(args: &Args) -> Result<(), RunError> {
    let out = args.out.as_path();
    let marks: &[&str] = match args.format {
        FormatArg::Csv | FormatArg::Parquet => &["journal.csv", "journal.parquet"],
        FormatArg::Openzeppelin => &["claims.json"],
        FormatArg::Html if args.all => &["run.html"],
        // Nothing but one file of the directory is replaced, and whoever writes it looks.
        FormatArg::Dsr => return Ok(()),
        FormatArg::Html | FormatArg::Hledger => &[],
    };
    let is_like = if marks.is_empty() {
        !out.is_dir()
    } else {
        marks.iter().any(|name| out.join(name).is_file())
    };
    if out.exists() && !(args.force && is_like) {
        return Err(RunError::Exists {
            path: out.to_owned(),
        });
    }
    Ok(())
}

/// What is said of an export.
struct Made {
    json: Value,
    words: String,
}

fn write(args: &Args, stored: &StoredRun, ui: &Ui) -> Result<Made, Error> {
    let out = args.out.display();
    let files = |files: Vec<String>| Made {
        words: match files.len() {
            0 => format!("wrote {out}"),
            count => format!("wrote {count} files to {out}"),
        },
        json: json!({"out": args.out, "files": files}),
    };
    match args.format {
        FormatArg::Csv => Ok(files(write_tables(stored, TableFormat::Csv, &args.out)?)),
        FormatArg::Parquet => Ok(files(write_tables(
            stored,
            TableFormat::Parquet,
            &args.out,
        )?)),
        FormatArg::Html if args.all => Ok(files(write_all_html(stored, &args.out)?)),
        FormatArg::Html => {
            write_html(stored, args.holder, &args.out)?;
            Ok(files(Vec::new()))
        }
        FormatArg::Hledger => {
            write_hledger(stored, &args.out)?;
            Ok(files(Vec::new()))
        }
        FormatArg::Dsr => {
            let path = export_dsr::write(args, stored)?;
            let name = path.file_name().map(|name| name.to_string_lossy());
            Ok(Made {
                words: format!("wrote {}", path.display()),
                json: json!({"out": path, "files": [name]}),
            })
        }
        FormatArg::Openzeppelin => {
            let payouts = Payouts {
                addresses: args.addresses.clone(),
                plain: args.plain,
                currency: args.currency,
            };
            let written = write_openzeppelin(stored, &payouts, &args.out)?;
            if !written.left_out.is_empty() {
                ui.say(&format!(
                    "{} holders have an empty address and are left out: they are to be paid otherwise",
                    written.left_out.len()
                ));
            }
            let left_out: Vec<String> = written.left_out.iter().map(ToString::to_string).collect();
            Ok(Made {
                words: format!(
                    "wrote {} claims under the root {} to {out}",
                    written.claims, written.root
                ),
                json: json!({"out": args.out, "files": written.files, "root": written.root,
                    "claims": written.claims, "left_out": left_out}),
            })
        }
    }
}
