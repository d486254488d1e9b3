//! `demo`: everything once, each step by the command that a user would type.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Instant;

use ledgerline::log::{KeyName, SigningKey};
use serde_json::json;

use super::forge;
use crate::error::{Error, Outcome};
use crate::ledger::Ledger;
use crate::ledger::durable::{Access, FileError, create_dirs, read_bounded, write_atomic};
use crate::run::{RunDir, RunError};
use crate::ui::Ui;

const ORIGIN: &str = "demo.example/plays/2026-04";

/// Arguments of `demo`.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Simulates a month of plays, ingests them, closes the period, audits the run, cuts a bundle for each
holder and verifies it; compares the statement with the simulation's own ground truth; then forges
a bundle in three ways and shows each refused.

Example:
  ledgerline demo --dir demo --plays 20000")]
pub struct Args {
    /// Directory to make
    #[arg(long, value_name = "DIR")]
    pub dir: PathBuf,

    /// Number of simulated plays
    #[arg(long, default_value_t = 20_000)]
    pub plays: u64,

    /// Seed of the simulation
    #[arg(long, default_value_t = 1)]
    pub seed: u64,

    /// Remove an earlier demo in DIR first
    #[arg(long)]
    pub force: bool,
}

/// Name of the file that marks a directory as a demo's.
const MARK: &str = "service.vkey";

/// Runs `demo`.
///
/// # Errors
///
/// [`Error`]; also if a step does not end as it must.
pub fn run(args: &Args, ui: &Ui) -> Result<Outcome, Error> {
    make_room(&args.dir, args.force)?;
    let begun = Instant::now();
    let demo = Demo {
        dir: &args.dir,
        program: std::env::current_exe().map_err(FileError::at("find", Path::new("ledgerline")))?,
        ui,
    };
    let path = |name: &str| args.dir.join(name).display().to_string();
    let (data, ledger, run) = (path("data"), path("ledger"), path("run"));
    let (bundles, forged) = (path("bundles"), path("forged"));
    let plays = args.plays.to_string();
    let seed = args.seed.to_string();

    demo.step(
        &[
            "simulate", "--preset", "small", "--plays", &plays, "--seed", &seed, "--out", &data,
        ],
        0,
    )?;
    let vkey = demo.step(
        &["init", &ledger, "--origin", ORIGIN, "--period", "2026-04"],
        0,
    )?;
    let key = path(MARK);
    write_atomic(Path::new(&key), vkey.as_bytes(), Access::Public)?;
    demo.step(&["registry", &ledger, "import", &data], 0)?;
    demo.step(&["ingest", &ledger, &format!("{data}/events.ndjson")], 0)?;
    demo.step(&["checkpoint", &ledger], 0)?;
    let (rules, pools) = (format!("{data}/rules.toml"), format!("{data}/pools.csv"));
    demo.step(
        &[
            "statement",
            &ledger,
            "--rules",
            &rules,
            "--pools",
            &pools,
            "--out",
            &run,
        ],
        0,
    )?;
    let secret = path("auditor.key");
    let auditor = demo.step(&["keys", "new", "auditor.example", "--out", &secret], 0)?;
    let auditor_key = path("auditor.vkey");
    write_atomic(Path::new(&auditor_key), auditor.as_bytes(), Access::Public)?;
    demo.step(
        &[
            "audit", &run, "--ledger", &ledger, "--key", &key, "--sign", &secret,
        ],
        0,
    )?;
    let export = path("export");
    demo.step(&["export", &run, "--format", "csv", "--out", &export], 0)?;
    let compared = compare_with_truth(&args.dir)?;
    ui.say(&format!(
        "  the statement equals the simulation's own truth: {compared} amounts, to the micro"
    ));
    demo.step(
        &[
            "bundle", &run, "--all", "--out", &bundles, "--ledger", &ledger,
        ],
        0,
    )?;

    let files = bundle_files(Path::new(&bundles))?;
    for file in &files {
        let name = file.display().to_string();
        let report = demo.quiet(
            &[
                "verify",
                &name,
                "--key",
                &key,
                "--auditor",
                &auditor_key,
                "--json",
            ],
            0,
        )?;
        write_atomic(
            &file.with_extension("report.json"),
            report.as_bytes(),
            Access::Public,
        )?;
    }
    ui.say(&format!(
        "$ ledgerline verify {bundles}/*.llb --key {key} --auditor {auditor_key}"
    ));
    ui.say(&format!("  {} bundles, all verified", files.len()));

    let forgeries = forge_all(&args.dir, Path::new(&forged))?;
    let mut refused = Vec::new();
    for (name, file) in &forgeries {
        let file = file.display().to_string();
        let report = demo.quiet(&["verify", &file, "--key", &key, "--json"], 1)?;
        let failed = failed_checks(&report);
        ui.say(&format!("$ ledgerline verify {file} --key {key}"));
        ui.say(&format!(
            "  {name}: disputed, as it must be: {}",
            failed.join(", ")
        ));
        refused.push(json!({"forgery": name, "file": file, "failed": failed}));
    }
    let seconds = begun.elapsed().as_millis();
    ui.result(
        || {
            json!({"dir": args.dir, "plays": args.plays, "bundles": files.len(),
                "amounts_equal_to_truth": compared, "forgeries_refused": refused, "milliseconds": seconds})
        },
        || {
            format!(
                "{} plays to {} verified bundles, {} forgeries refused, in {}.{:03} s\n\
                 bundles:  {bundles}/*.llb\nforged:   {forged}/*.llb\nkey:      {key}\nauditor:  {auditor_key}",
                args.plays,
                files.len(),
                refused.len(),
                seconds / 1000,
                seconds % 1000
            )
        },
    )?;
    Ok(Outcome::Done)
}

struct Demo<'a> {
    dir: &'a Path,
    program: PathBuf,
    ui: &'a Ui,
}

impl Demo<'_> {
    /// Runs a command, showing it and what it says; gives its standard output.
    fn step(&self, arguments: &[&str], expected: i32) -> Result<String, Error> {
        self.ui
            .say(&format!("$ ledgerline {}", arguments.join(" ")));
        let output = self.quiet(arguments, expected)?;
        let lines = output.lines().count();
        for line in output.lines().take(4) {
            self.ui.say(&format!("  {line}"));
        }
        if lines > 4 {
            self.ui.say(&format!("  ... {} more lines", lines - 4));
        }
        Ok(output)
    }

    /// Runs a command that must end with exit code `expected`; gives its standard output.
    fn quiet(&self, arguments: &[&str], expected: i32) -> Result<String, Error> {
        let output = Command::new(&self.program)
            .args(arguments)
            .stdin(Stdio::null())
            .stderr(Stdio::piped())
            .output()
            .map_err(FileError::at("run", &self.program))?;
        if output.status.code() != Some(expected) {
            return Err(Error::Usage {
                argument: "demo",
                message: format!(
                    "{}: expected `ledgerline {}` to end with exit code {expected}, but it ended with {}:\n{}{}",
                    self.dir.display(),
                    arguments.join(" "),
                    output.status,
                    String::from_utf8_lossy(output.stdout.get(..2000).unwrap_or(&output.stdout)),
                    String::from_utf8_lossy(&output.stderr)
                ),
            });
        }
        Ok(String::from_utf8_lossy(&output.stdout).into_owned())
    }
}

/// An empty directory; with `force` an earlier demo goes.
fn make_room(dir: &Path, force: bool) -> Result<(), Error> {
    let occupied = std::fs::read_dir(dir).is_ok_and(|mut entries| entries.next().is_some());
    if occupied {
        if !(force && dir.join(MARK).is_file()) {
            return Err(RunError::Exists {
                path: dir.to_owned(),
            }
            .into());
        }
        std::fs::remove_dir_all(dir).map_err(FileError::at("remove", dir))?;
    }
    Ok(create_dirs(dir)?)
}

/// The bundles of a directory, by name.
fn bundle_files(dir: &Path) -> Result<Vec<PathBuf>, Error> {
    let entries = std::fs::read_dir(dir).map_err(FileError::at("read", dir))?;
    let mut files: Vec<PathBuf> = entries
        .filter_map(|entry| Some(entry.ok()?.path()))
        .filter(|path| path.extension().is_some_and(|extension| extension == "llb"))
        .collect();
    files.sort();
    Ok(files)
}

/// Compares the exported holders and suspense with the simulation's truth; gives the number of amounts.
fn compare_with_truth(dir: &Path) -> Result<usize, Error> {
    let read = |name: &str, key: &[&str], amount: &str| amounts(&dir.join(name), key, amount);
    let holder = ["holder", "currency"];
    let reason = ["currency", "reason"];
    let mut count = 0;
    for (what, stated, truth) in [
        (
            "holders",
            read("export/holders.csv", &holder, "earned")?,
            read("data/truth.csv", &holder, "amount")?,
        ),
        (
            "suspense",
            read("export/suspense.csv", &reason, "amount")?,
            read("data/truth-suspense.csv", &reason, "amount")?,
        ),
    ] {
        let nonzero = |sums: BTreeMap<Vec<String>, i128>| -> BTreeMap<Vec<String>, i128> {
            sums.into_iter()
                .filter(|(_, amount)| *amount != 0)
                .collect()
        };
        let (stated, truth) = (nonzero(stated), nonzero(truth));
        if stated != truth {
            let differs = truth
                .iter()
                .find(|(key, amount)| stated.get(*key) != Some(amount));
            return Err(Error::Usage {
                argument: "demo",
                message: format!(
                    "the statement's {what} differ from the simulation's truth, first at {differs:?}"
                ),
            });
        }
        count += truth.len();
    }
    Ok(count)
}

/// Sums of the amounts of a CSV file by some of its columns, in micros.
fn amounts(path: &Path, key: &[&str], amount: &str) -> Result<BTreeMap<Vec<String>, i128>, Error> {
    let wrong = |problem: String| RunError::Damaged {
        path: path.to_owned(),
        problem,
    };
    let bytes = read_bounded(path, 1 << 30)?;
    let mut reader = csv::Reader::from_reader(bytes.as_slice());
    let header = reader
        .headers()
        .map_err(|error| wrong(error.to_string()))?
        .clone();
    let place = |name: &str| {
        let at = header.iter().position(|column| column == name);
        at.ok_or_else(|| wrong(format!("expected a column {name}, but found none")))
    };
    let keys = key
        .iter()
        .map(|name| place(name))
        .collect::<Result<Vec<_>, _>>()?;
    let amount = place(amount)?;
    let mut sums: BTreeMap<Vec<String>, i128> = BTreeMap::new();
    for row in reader.records() {
        let row = row.map_err(|error| wrong(error.to_string()))?;
        let cell = |at: usize| row.get(at).unwrap_or_default().to_owned();
        let micros = ledgerline::money::Micros::parse(&cell(amount))
            .map_err(|error| wrong(error.to_string()))?;
        *sums
            .entry(keys.iter().map(|at| cell(*at)).collect())
            .or_default() += i128::from(micros.0);
    }
    Ok(sums)
}

/// Writes the three forgeries; gives their names and files.
fn forge_all(dir: &Path, out: &Path) -> Result<Vec<(&'static str, PathBuf)>, Error> {
    create_dirs(out)?;
    let stored = RunDir::new(&dir.join("run")).read()?;
    let ledger = Ledger::open_readonly(&dir.join("ledger"))?;
    let line = forge::victim(&stored)?;
    let genuine = read_bounded(
        &dir.join(format!("bundles/{}.llb", line.party)),
        u64::MAX - 1,
    )?;
    let name = KeyName::parse(ORIGIN).map_err(|_| Error::Bug {
        what: "an origin that is no key name",
    })?;
    let seed = crate::secret::random(dir)?;
    let stranger = SigningKey::from_seed(name, &seed);
    let forgeries = [
        (
            "a play dropped",
            "play-dropped.llb",
            forge::drop_a_play(&stored, &ledger, &line)?,
        ),
        (
            "an amount raised",
            "amount-raised.llb",
            forge::raise_an_amount(&genuine)?,
        ),
        (
            "a signature swapped",
            "signature-swapped.llb",
            forge::swap_the_signature(&genuine, &stranger)?,
        ),
    ];
    let mut files = Vec::new();
    for (name, file, bytes) in forgeries {
        let path = out.join(file);
        write_atomic(&path, &bytes, Access::Public)?;
        files.push((name, path));
    }
    Ok(files)
}

/// Names of the failed checks of a report.
fn failed_checks(report: &str) -> Vec<String> {
    let report: serde_json::Value = serde_json::from_str(report).unwrap_or_default();
    let checks = report.get("checks").and_then(|checks| checks.as_array());
    let failed = checks
        .into_iter()
        .flatten()
        .filter(|c| c.get("status") == Some(&json!("fail")));
    failed
        .filter_map(|check| Some(check.get("id")?.as_str()?.to_owned()))
        .collect()
}
