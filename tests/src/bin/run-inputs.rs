//! `run-inputs LEDGER RUN OUT`: a run's inputs as `derive_run_note` of the wasm package takes them.
//!
//! Writes `OUT/records` and `OUT/meta.json`; the rest are files of the run as they are.

use std::error::Error;
use std::fs;
use std::path::Path;

use ledgerline::log::Note;
use ledgerline::statement::{RunNote, RunSalts};
use ledgerline_tests::records;
use serde_json::json;

fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [ledger, run, out] = &arguments[..] else {
        return Err("usage: run-inputs LEDGER RUN OUT".into());
    };
    let (ledger, run, out) = (Path::new(ledger), Path::new(run), Path::new(out));
    let note = Note::parse(&fs::read(run.join("run.note"))?)?;
    let note = RunNote::parse(note.text())?;
    let salts =
        RunSalts::parse(&fs::read_to_string(run.join("salt-keys"))?).ok_or("no salt keys")?;
    let meta = json!({
        "origin": note.origin, "from": note.period.from().to_string(), "to": note.period.to().to_string(),
        "revision": note.revision, "run_salt": *salts.run.to_hex(), "registry_salt": *salts.registry.to_hex(),
    });
    fs::create_dir_all(out)?;
    fs::write(out.join("records"), records::of_ledger(ledger)?)?;
    fs::write(out.join("meta.json"), meta.to_string())?;
    Ok(())
}
