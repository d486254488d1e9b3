//! `cargo xtask`: builds, runs and tests everything; installs what is missing and says so.

mod counts;
mod demo;
mod e2e;
mod page;
mod places;
mod serve;
mod shell;
mod suite;
mod tools;
mod wasm;

use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::{Context, Result, bail};

const HELP: &str = "\
cargo xtask <command>

  demo [--plays N] [--dir DIR] [--port P] [--no-serve]
      builds everything, runs the whole way from simulated plays to verified bundles and refused
      forgeries in DIR (target/demo), and serves the page with them on 127.0.0.1:P (8000)
  test [--quick] [--openzeppelin]
      all that CI runs: format, lints, tests, documentation, wasm, page, demo, the independent
      implementation, vectors, and the page in Chromium; --quick ends after documentation;
      --openzeppelin also compares claims with the crate merkle-tree-rs, in a workspace of its own
      (tests/openzeppelin: 300 crates, two minutes)
  web
      builds the wasm package and the page, into web/dist
  vectors --check
      makes the test vectors anew with the independent implementation and compares them

What it may install, printing each command first: the wasm32 target (rustup), npm packages
(web/node_modules and tests/openzeppelin/node_modules, by their lock files), Python packages
(target/venv), Chromium and hledger (apt, as root).";

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    match run(&arguments) {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("xtask: {error:#}");
            ExitCode::from(2)
        }
    }
}

/// Whether all went well.
fn run(arguments: &[String]) -> Result<bool> {
    let mut words = arguments.iter().map(String::as_str);
    let command = words.next().unwrap_or("help");
    match command {
        "demo" => demo::run(&demo_options(&mut words)?).map(|()| true),
        "test" => {
            let mut which = suite::Which::default();
            for word in words {
                match word {
                    "--quick" => which.quick = true,
                    "--openzeppelin" => which.openzeppelin = true,
                    _ => bail!("test takes --quick and --openzeppelin only\n\n{HELP}"),
                }
            }
            suite::run(which)
        }
        "web" => wasm::build().and_then(|()| page::build()).map(|()| true),
        "vectors" => match words.collect::<Vec<_>>()[..] {
            ["--check"] => tools::python()
                .and_then(|python| suite::vectors(&python).checked())
                .map(|()| true),
            _ => bail!("vectors takes --check\n\n{HELP}"),
        },
        "help" | "--help" | "-h" => {
            println!("{HELP}");
            Ok(true)
        }
        other => bail!("unknown command {other:?}\n\n{HELP}"),
    }
}

fn demo_options<'a>(words: &mut impl Iterator<Item = &'a str>) -> Result<demo::Options> {
    let mut options = demo::Options {
        dir: places::target().join("demo"),
        plays: 20_000,
        port: 8000,
        serve: true,
    };
    while let Some(word) = words.next() {
        if word == "--no-serve" {
            options.serve = false;
            continue;
        }
        let value = words
            .next()
            .with_context(|| format!("{word}: unknown, or without its value\n\n{HELP}"))?;
        match word {
            "--plays" => options.plays = value.parse().context("--plays: expected a number")?,
            "--port" => options.port = value.parse().context("--port: expected 0 to 65535")?,
            "--dir" => options.dir = std::path::absolute(PathBuf::from(value))?,
            _ => bail!("unknown option {word}\n\n{HELP}"),
        }
    }
    Ok(options)
}
