//! Checks a whole ledger: everything is re-derived from the segments up and compared.
//!
//! *In:* a ledger's directory. *Out:* every damage, the first one first. *Does not know:* how to
//! repair it; nothing is written and no lock is taken.
//!
//! A writer may be at work. Checkpoints are read first, then tiles are listed, then events are read:
//! each of them is covered by what is read after it, as a log only grows.
//!
//! Covered by no hash or signature, so that a change to another valid value is not noticed: period
//! and state in `ledger.toml`, `secret/listener.key`, rows of `registry.sqlite` (a run's note
//! commits to them), `policy`, signature lines of others than the log in checkpoints. That an old file in
//! `checkpoints/` is missing shows only where a tile of its size is left. That `checkpoint` is missing or
//! an older one cannot be told from waiting for witnesses, nor damage in the last batch of `wal/`, behind
//! the newest checkpoint, from a crash; both are warnings, as is a missing registry.

mod checkpoints;
mod events;
mod files;
mod report;
mod secrets;
mod tiles;

use std::path::Path;

use ledgerline::log::{Policy, VerifierKey};

pub use report::{Damage, FsckCheck, FsckReport};

use super::agreed::{contradiction, recorded_policy};
use super::durable::read_bounded;
use super::error::LedgerError;
use super::layout::Layout;
use super::log_keys::read_vkeys;
use super::manifest::Manifest;
use crate::registry_db::{RegistryDb, RegistryDbError};
use report::Findings;

/// What `fsck` is to do.
#[derive(Clone, Debug, Default)]
pub struct FsckOptions {
    /// The log's keys as its readers know them; otherwise those of `secret/log.key` and `vkeys`.
    pub keys: Vec<VerifierKey>,
}

/// Checks a ledger. `progress` hears of events that are done, and of all there are.
///
/// # Errors
///
/// [`LedgerError::NotALedger`]; [`LedgerError::File`] for files that we may not read. Damage is no
/// error: it stands in the report.
///
/// # Does not prove
///
/// That the log shows others the same tree (witnesses are for that), that its events took place, or
/// anything about what the module's documentation says is not covered.
pub fn fsck(
    path: &Path,
    options: &FsckOptions,
    progress: &mut dyn FnMut(u64, u64),
) -> Result<FsckReport, LedgerError> {
    let layout = Layout::new(path);
    let mut findings = Findings::new(path);
    let Some(manifest) = manifest(&layout, &mut findings)? else {
        return Ok(findings.finish(None, 0, None));
    };
    let origin = manifest.origin.as_str().to_owned();
    let secrets = secrets::check(&layout, &manifest, &mut findings)?;

    let keys = log_keys(&layout, options, &secrets, &mut findings)?;
    let stored = checkpoints::read(&layout, &origin)?;
    let (sizes, heads) = (stored.sizes(), stored.heads(&keys));
    let present = files::tiles(&layout)?;
    let log = events::read(&layout, &manifest, &mut findings)?;
    let derived = events::check(
        &layout,
        &log,
        &secrets,
        (&sizes, &heads),
        &mut findings,
        progress,
    )?;
    tiles::check(&layout, &present, &sizes, &log, &derived, &mut findings)?;
    let policy = policy(&layout, &mut findings)?;
    let known = (&keys[..], policy.as_ref(), origin.as_str());
    let head = checkpoints::check(&layout, stored, known, &derived, &mut findings)?;
    files::strays(&layout, log.sums.len() as u64, &mut findings)?;
    registry(&layout, &mut findings)?;
    history(&layout, &mut findings);
    Ok(findings.finish(Some(origin), derived.events, head))
}

/// The keys to verify checkpoints with. Those of `vkeys` include retired ones.
fn log_keys(
    layout: &Layout,
    options: &FsckOptions,
    secrets: &secrets::Secrets,
    findings: &mut Findings,
) -> Result<Vec<VerifierKey>, LedgerError> {
    let mut keys = match read_vkeys(layout) {
        Ok(keys) => keys,
        Err(error) => {
            findings.absorb(error)?;
            Vec::new()
        }
    };
    let unlisted = |key: &&VerifierKey| !keys.contains(key);
    if let Some(key) = secrets.keys.iter().find(unlisted) {
        let path = layout.vkeys();
        let found = if path.exists() {
            "no such line"
        } else {
            "no such file"
        };
        let expected = format!("the key {key} of secret/log.key");
        findings.damaged(&path, None, expected, found);
    }
    if let Some(given) = options.keys.first() {
        if let Some(own) = secrets.keys.first()
            && !secrets.keys.iter().any(|key| options.keys.contains(key))
        {
            let path = layout.log_key();
            findings.damaged(&path, None, format!("the key {given}"), own.to_string());
        }
        return Ok(options.keys.clone());
    }
    // Without secrets this is somebody else's copy, and `vkeys` is as good as whoever made it.
    if secrets.keys.is_empty() {
        return Ok(Vec::new());
    }
    keys.extend(secrets.keys.iter().cloned());
    keys.dedup();
    Ok(keys)
}

/// The policy by which the log is published; it is no part of what is signed.
fn policy(layout: &Layout, findings: &mut Findings) -> Result<Option<Policy>, LedgerError> {
    match recorded_policy(layout) {
        Ok(policy) => Ok(policy),
        Err(error) => {
            findings.absorb(error)?;
            Ok(None)
        }
    }
}

/// Whether a witness's proof of another history is kept. That is no damage of a file, and more than a
/// warning: events may be whole that will have to be given up.
fn history(layout: &Layout, findings: &mut Findings) {
    match contradiction(layout) {
        None => findings.done(
            "contradiction",
            "no witness's proof of another history of this log is kept here".to_owned(),
            None,
        ),
        Some(path) => findings.contradicted(&path),
    }
}

fn manifest(layout: &Layout, findings: &mut Findings) -> Result<Option<Manifest>, LedgerError> {
    let manifest = match Manifest::read(layout) {
        Ok(manifest) => Some(manifest),
        Err(error @ LedgerError::NotALedger { .. }) => return Err(error),
        Err(error) => {
            findings.absorb(error)?;
            None
        }
    };
    if let Some(manifest) = &manifest {
        let bytes = read_bounded(&layout.manifest(), 1 << 16)?;
        if bytes != manifest.text().as_bytes() {
            findings.warn(
                &layout.manifest(),
                "not as this program writes it; its values are readable",
            );
        }
    }
    let detail = match &manifest {
        Some(manifest) => format!("log {}, {}", manifest.origin, manifest.period),
        None => "nothing else can be checked without it".to_owned(),
    };
    findings.done("ledger.toml", detail, None);
    Ok(manifest)
}

fn registry(layout: &Layout, findings: &mut Findings) -> Result<(), LedgerError> {
    let path = layout.registry();
    if !path.is_file() {
        findings.warn(&path, "not there; statements and audits need it");
        return Ok(());
    }
    let found = match RegistryDb::open_readonly(&path).and_then(|db| db.damage()) {
        Ok(found) => found,
        Err(RegistryDbError::Database { error, .. }) => Some(error.to_string()),
        Err(RegistryDbError::NotARegistry { found, .. }) => Some(found),
        Err(error) => Some(error.to_string()),
    };
    if let Some(found) = found {
        findings.damaged(&path, None, "a whole registry database", found);
    }
    let detail = "SQLite's own check of its structure; values are not covered".to_owned();
    findings.done("registry", detail, None);
    Ok(())
}
