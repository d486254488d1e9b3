//! One file for each command: its arguments, and `run`.

pub mod audit;
pub mod bundle;
pub mod checkpoint;
pub mod cosign;
pub mod demo;
pub mod dsr;
pub mod export;
pub mod export_dsr;
pub mod forge;
pub mod fsck;
pub mod ingest;
pub mod init;
pub mod keys;
pub mod pools;
pub mod receipt;
pub mod registry;
mod retire;
pub mod rules;
pub mod show;
pub mod signals;
pub mod simulate;
pub mod statement;
pub mod tiles;
pub mod trust;
pub mod verify;
mod what_if;
pub mod witness;

use crate::args::Command;
use crate::error::{Error, Outcome};
use crate::ledger::{Layout, LedgerError, LedgerWriter, contradiction};
use crate::ui::Ui;

/// Runs a command.
///
/// # Errors
///
/// [`Error`]; what was written before is whole.
pub fn run(command: &Command, ui: &Ui) -> Result<Outcome, Error> {
    match command {
        Command::Init(args) => init::run(args, ui),
        Command::Ingest(args) => ingest::run(args, ui),
        Command::Registry(args) => registry::run(args, ui),
        Command::Checkpoint(args) => checkpoint::run(args, ui),
        Command::Simulate(args) => simulate::run(args, ui),
        Command::Statement(args) => statement::run(args, ui),
        Command::Bundle(args) => bundle::run(args, ui),
        Command::Receipt(args) => receipt::run(args, ui),
        Command::Verify(args) => verify::run(args, ui),
        Command::Tiles(args) => tiles::run(args, ui),
        Command::Audit(args) => audit::run(args, ui),
        Command::Signals(args) => signals::run(args, ui),
        Command::Fsck(args) => fsck::run(args, ui),
        Command::Export(args) => export::run(args, ui),
        Command::Rules(args) => rules::run(args, ui),
        Command::Pools(args) => pools::run(args, ui),
        Command::Keys(args) => keys::run(args, ui),
        Command::Witness(args) => witness::run(args, ui),
        Command::Dsr(args) => dsr::run(args, ui),
        Command::Demo(args) => demo::run(args, ui),
    }
}

/// Opens a ledger for writing and says what had to be repaired.
///
/// # Errors
///
/// [`Error::Ledger`].
pub fn open_writer(path: &std::path::Path, ui: &Ui) -> Result<LedgerWriter, Error> {
    let writer = LedgerWriter::open(path)?;
    for step in writer.recovery() {
        ui.say(&format!("recovered: {step}"));
    }
    warn_if_contradicted(writer.layout(), ui);
    Ok(writer)
}

/// Says so if a witness has proved another history of this log.
fn warn_if_contradicted(layout: &Layout, ui: &Ui) {
    if let Some(path) = contradiction(layout) {
        ui.say(&format!("warning: {}", LedgerError::Contradicted { path }));
    }
}
