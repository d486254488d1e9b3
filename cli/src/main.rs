//! The `ledgerline` program.

use std::process::ExitCode;

use anyhow::Context as _;
use clap::Parser as _;
use ledgerline_cli::args::Cli;
use ledgerline_cli::commands;
use ledgerline_cli::error::Error;
use ledgerline_cli::ui::Ui;

fn main() -> ExitCode {
    let cli = Cli::parse();
    let ui = Ui { json: cli.json };
    match run(&cli, &ui) {
        Ok(code) => ExitCode::from(code),
        Err(error) => {
            let ours = error.downcast_ref::<Error>();
            if ours.is_some_and(Error::is_broken_pipe) {
                return ExitCode::SUCCESS;
            }
            ui.say(&format!("error: {error:#}"));
            ExitCode::from(ours.map_or(2, Error::exit_code))
        }
    }
}

fn run(cli: &Cli, ui: &Ui) -> anyhow::Result<u8> {
    if let Some(threads) = cli.threads {
        rayon::ThreadPoolBuilder::new()
            .num_threads(threads.into())
            .build_global()
            .context("--threads")?;
    }
    Ok(commands::run(&cli.command, ui)?.code())
}
