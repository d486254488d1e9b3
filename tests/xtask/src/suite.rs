//! `cargo xtask test`: everything that CI runs, to the end, with one table at the end.

use std::path::Path;
use std::time::{Duration, Instant};

use anyhow::Result;

use crate::counts::{Counts, Runner, read};
use crate::shell::{Run, cargo};
use crate::{demo, e2e, page, places, tools, wasm};

/// Plays of the demo that tests look at: enough for every kind of trouble, done in a moment.
const DEMO_PLAYS: u64 = 3_000;

/// What tests may do and code may not: a panic is a test's finding, its numbers are small and known.
const ALLOWED_IN_TESTS: [&str; 9] = [
    "clippy::unwrap_used",
    "clippy::expect_used",
    "clippy::panic",
    "clippy::indexing_slicing",
    "clippy::arithmetic_side_effects",
    "clippy::cast_possible_truncation",
    "clippy::cast_possible_wrap",
    "clippy::cast_sign_loss",
    "clippy::disallowed_methods",
];

/// What was run, and how it went.
#[derive(Default)]
struct Suite {
    rows: Vec<(&'static str, Counts, Duration)>,
}

impl Suite {
    /// Runs a command and counts its tests.
    fn command(&mut self, name: &'static str, runner: Runner, run: Run) {
        self.step(name, || {
            let ended = run.tee()?;
            Ok(read(runner, &ended.text, ended.success))
        });
    }

    /// Does something that counts as one test.
    fn action(&mut self, name: &'static str, action: impl FnOnce() -> Result<()>) {
        self.step(name, || {
            action().map(|()| Counts {
                passed: 1,
                ..Counts::default()
            })
        });
    }

    fn step(&mut self, name: &'static str, step: impl FnOnce() -> Result<Counts>) {
        println!("\n== {name}");
        let begun = Instant::now();
        let counts = step().unwrap_or_else(|error| {
            eprintln!("{name}: {error:#}");
            Counts {
                failed: 1,
                ..Counts::default()
            }
        });
        self.rows.push((name, counts, begun.elapsed()));
    }

    /// Prints the table and the line that counts; whether nothing failed.
    fn finish(self) -> bool {
        println!(
            "\n{:<34} {:>7} {:>7} {:>8} {:>7}",
            "", "passed", "failed", "skipped", "s"
        );
        let mut sum = Counts::default();
        for (name, counts, time) in self.rows {
            let Counts {
                passed,
                failed,
                skipped,
            } = counts;
            println!(
                "{name:<34} {passed:>7} {failed:>7} {skipped:>8} {:>7}",
                time.as_secs()
            );
            sum.add(counts);
        }
        println!();
        if sum.skipped > 0 {
            println!(
                "{} passed, {} failed, {} skipped",
                sum.passed, sum.failed, sum.skipped
            );
        } else {
            println!("{} passed, {} failed", sum.passed, sum.failed);
        }
        sum.failed == 0
    }
}

/// Which tests to run.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Which {
    /// Leave out what needs Node, Python or a browser.
    pub(crate) quick: bool,
    /// Also compare claims with merkle-tree-rs: 300 crates that nothing else needs.
    pub(crate) openzeppelin: bool,
}

/// Runs them.
pub(crate) fn run(which: Which) -> Result<bool> {
    let mut suite = Suite::default();
    if which.quick {
        rust(&mut suite, which);
        return Ok(suite.finish());
    }
    // First, since some of Rust's tests ask DuckDB, hledger and OpenZeppelin's package.
    let python = tools::python();
    suite.action("hledger", tools::hledger);
    suite.action("OpenZeppelin's package", tools::openzeppelin);
    rust(&mut suite, which);
    page_alone(&mut suite);
    // With the programs that the tests were run with.
    let demo = places::target().join("demo-test");
    suite.action("demo", || demo::make(&demo, DEMO_PLAYS));
    match python {
        Ok(python) => independent(&mut suite, &python, &demo),
        Err(error) => suite.action("independent implementation", || Err(error)),
    }
    browser(&mut suite, &demo);
    Ok(suite.finish())
}

/// Format, lints, tests, documentation; all in the release profile, so that heavy crates are built once.
fn rust(suite: &mut Suite, which: Which) {
    use Runner::{Cargo, Itself};
    suite.command("format", Itself, cargo(&["fmt", "--all", "--check"]));
    let all = ["clippy", "--workspace", "--release", "--quiet"];
    let strict = [&all[..], &["--", "-D", "warnings"]].concat();
    suite.command("lints: code", Itself, cargo(&strict));
    let mut lenient = [&all[..], &["--all-targets", "--", "-D", "warnings"]].concat();
    lenient.extend(ALLOWED_IN_TESTS.iter().flat_map(|lint| ["-A", lint]));
    suite.command("lints: tests", Itself, cargo(&lenient));
    let tests = ["test", "--workspace", "--release", "--no-fail-fast"];
    let venv = places::target().join("venv");
    suite.command("tests", Cargo, cargo(&tests).with("LEDGERLINE_VENV", venv));
    // The whole workspace has the feature `ml-dsa`; core alone is without it.
    let without = ["test", "--release", "-p", "ledgerline", "--lib", "log::"];
    suite.command("core without ML-DSA-44", Cargo, cargo(&without));
    let docs = [
        "doc",
        "--workspace",
        "--lib",
        "--no-deps",
        "--release",
        "--quiet",
    ];
    let docs = cargo(&docs).with("RUSTDOCFLAGS", "-D warnings");
    suite.command("documentation", Itself, docs);
    if which.openzeppelin {
        let tests = cargo(&["test", "--release"]).within(&places::openzeppelin());
        let tests = tests.with("CARGO_TARGET_DIR", places::target().join("openzeppelin"));
        suite.command("claims against merkle-tree-rs", Cargo, tests);
    }
}

/// The page with made-up reports; type checks.
fn page_alone(suite: &mut Suite) {
    suite.action("wasm package", wasm::build);
    suite.action("page", page::build);
    suite.command("page: types", Runner::Itself, page::npm("check"));
    suite.command("page: units", Runner::Node, page::npm("test:unit"));
    suite.action("Chromium", tools::chromium);
    suite.command(
        "page: made-up reports",
        Runner::Node,
        page::npm("test:page"),
    );
}

/// The second implementation on the demo and on what it makes itself.
fn independent(suite: &mut Suite, python: &Path, demo: &Path) {
    let here = places::root().join("tests/independent");
    let discover = ["-m", "unittest", "discover", "-v", "-p", "test_*.py"];
    let tests = Run::new(python, &discover).within(&here);
    suite.command(
        "independent implementation",
        Runner::Python,
        tests
            .with("LEDGERLINE_DEMO", demo)
            .with("LEDGERLINE_BIN", places::program("ledgerline")),
    );
    suite.command("vectors", Runner::Itself, vectors(python));
}

/// Compares the vectors with what the independent implementation makes.
pub(crate) fn vectors(python: &Path) -> Run {
    Run::new(python, &["tests/independent/vectors.py", "--check"])
}

/// The shipped page and package in a real browser, on what the command line made.
fn browser(suite: &mut Suite, demo: &Path) {
    match e2e::prepare(demo) {
        Ok(given) => {
            let run = page::npm("test:real").with("LEDGERLINE_E2E", &given);
            suite.command("page: real bundles", Runner::Node, run);
            let run = Run::new("node", &["--test", "tests/browser/run-note.test.mjs"]);
            suite.command(
                "run note in Chromium",
                Runner::Node,
                run.with("LEDGERLINE_E2E", &given),
            );
        }
        Err(error) => suite.action("page: real bundles", || Err(error)),
    }
}
