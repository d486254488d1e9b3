//! What the browser's tests are given: a bundle, its key, the command line's report, forgeries, a whole
//! run, and a world with witnesses.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};
use serde_json::{Value, json};

use crate::demo::names;
use crate::places;
use crate::shell::Run;

/// Writes the JSON file that `LEDGERLINE_E2E` names.
pub(crate) fn prepare(demo: &Path) -> Result<PathBuf> {
    let output = places::output();
    let shots = output.join("screenshots");
    fs::create_dir_all(&shots)?;
    let bundle = largest(&demo.join("bundles"))?;
    let key = demo.join("service.vkey");
    let report = output.join("report.json");
    fs::write(&report, verify(&bundle, ("--key", &key))?)?;
    let forged: Vec<Value> = names(&demo.join("forged"), "llb")?
        .iter()
        .map(|name| json!({"name": name.trim_end_matches(".llb"), "path": demo.join("forged").join(name)}))
        .collect();
    let run = run_inputs(demo, &output)?;
    let given = output.join("e2e.json");
    let value = json!({"bundle": bundle, "key": key, "report": report, "forged": forged, "shots": shots, "run": run,
        "witnessed": witnessed(&output)?});
    fs::write(&given, format!("{value:#}\n"))?;
    Ok(given)
}

/// The command line's report on a genuine bundle.
fn verify(bundle: &Path, (option, trust): (&str, &Path)) -> Result<String> {
    let (file, trust) = (bundle.display().to_string(), trust.display().to_string());
    let run = Run::new(
        places::program("ledgerline"),
        &["verify", &file, option, &trust, "--json"],
    );
    let shown = run.shown().to_owned();
    match run.quiet() {
        Some((true, report)) => Ok(report),
        _ => bail!("`{shown}` does not verify a genuine bundle"),
    }
}

/// Bundles of a log with witnesses, policies, and what the command line says with them.
fn witnessed(output: &Path) -> Result<Value> {
    let world = output.join("witnessed");
    let dir = world.display().to_string();
    Run::new(places::program("witnessed-world"), &[&dir]).checked()?;
    let report = output.join("witnessed.json");
    let (bundle, policy) = (world.join("holder.llb"), world.join("two.policy"));
    fs::write(&report, verify(&bundle, ("--policy", &policy))?)?;
    Ok(json!({
        "bundle": bundle, "false": world.join("false.llb"), "policy": policy, "report": report,
        "all": world.join("all.policy"), "drawn": world.join("nonce.llb"), "nonce": "5eed",
    }))
}

/// A run's inputs as `derive_run_note` of the wasm package takes them.
fn run_inputs(demo: &Path, output: &Path) -> Result<Value> {
    let (run, inputs) = (demo.join("run"), output.join("run-inputs"));
    let text = |path: &Path| path.display().to_string();
    let folders = [text(&demo.join("ledger")), text(&run), text(&inputs)];
    let folders: Vec<&str> = folders.iter().map(String::as_str).collect();
    Run::new(places::program("run-inputs"), &folders).checked()?;
    Ok(json!({
        "records": inputs.join("records"), "meta": inputs.join("meta.json"),
        "registry": run.join("tables/registry.rows"), "rules": run.join("rules.toml"),
        "pools": run.join("pools.csv"), "note": run.join("run.note"),
    }))
}

/// The bundle with the most in it.
fn largest(dir: &Path) -> Result<PathBuf> {
    let length = |name: &String| fs::metadata(dir.join(name)).map_or(0, |found| found.len());
    let name = names(dir, "llb")?.into_iter().max_by_key(length);
    Ok(dir.join(name.context("the demo made no bundles")?))
}
