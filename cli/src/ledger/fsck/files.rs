//! Which files there are, and which of them do not belong there.

use std::path::{Path, PathBuf};

use ledgerline::log::Tile;

use super::super::durable::FileError;
use super::super::error::LedgerError;
use super::super::layout::{Layout, segment_name};
use super::report::Findings;

/// A file below `tile/`.
pub(super) struct TileFile {
    pub(super) path: PathBuf,
    /// The tile whose path it is.
    pub(super) tile: Option<Tile>,
}

/// The entries of a directory, sorted; none if it is not there.
pub(super) fn list(dir: &Path) -> Result<Vec<PathBuf>, LedgerError> {
    let entries = match std::fs::read_dir(dir) {
        Ok(entries) => entries,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => return Err(FileError::at("read", dir)(error).into()),
    };
    let mut paths = Vec::new();
    for entry in entries {
        paths.push(entry.map_err(FileError::at("read", dir))?.path());
    }
    paths.sort();
    Ok(paths)
}

/// All files below `tile/`, half-written ones left out.
pub(super) fn tiles(layout: &Layout) -> Result<Vec<TileFile>, LedgerError> {
    let mut files = Vec::new();
    let mut dirs = vec![layout.root().join("tile")];
    while let Some(dir) = dirs.pop() {
        for path in list(&dir)? {
            if path.is_dir() {
                dirs.push(path);
            } else if !is_temporary(&path) {
                let inside = path.strip_prefix(layout.root()).unwrap_or(&path);
                let parts: Option<Vec<&str>> = inside.iter().map(|part| part.to_str()).collect();
                let name = parts.unwrap_or_default().join("/");
                let tile = Tile::parse(&name).ok();
                files.push(TileFile { path, tile });
            }
        }
    }
    files.sort_by(|a, b| (a.tile, &a.path).cmp(&(b.tile, &b.path)));
    Ok(files)
}

fn is_temporary(path: &Path) -> bool {
    path.extension().is_some_and(|extension| extension == "tmp")
}

/// Files that a crash left, and files that are not part of a ledger.
pub(super) fn strays(
    layout: &Layout,
    sealed: u64,
    findings: &mut Findings,
) -> Result<(), LedgerError> {
    let dirs = ["", "secret", "segments", "wal", "checkpoints"].map(|dir| layout.root().join(dir));
    let mut count = 0;
    for (which, dir) in dirs.iter().enumerate() {
        for path in list(dir)? {
            count += 1;
            let name = path
                .file_name()
                .unwrap_or_default()
                .to_string_lossy()
                .into_owned();
            if is_temporary(&path) {
                findings.warn(&path, "half-written; the next writer removes it");
                continue;
            }
            match which {
                0 if ROOT.contains(&name.as_str()) || name.starts_with("registry.sqlite-") => {}
                1 if SECRET.contains(&name.as_str()) => {}
                2 => segment(layout, &path, &name, sealed, findings),
                3 => write_ahead(&path, &name, sealed, findings),
                4 => {}
                _ => findings.warn(&path, "not a part of a ledger"),
            }
        }
    }
    let detail = format!("{count} names in the ledger's directories");
    findings.done("files", detail, None);
    Ok(())
}

const ROOT: [&str; 11] = [
    "policy",
    "contradiction",
    "ledger.toml",
    "vkeys",
    "secret",
    "registry.sqlite",
    "checkpoint",
    "checkpoints",
    "tile",
    "segments",
    "wal",
];

const SECRET: [&str; 4] = ["log.key", "master.key", "listener.key", "lock"];

fn number(name: &str, suffix: &str) -> Option<u64> {
    name.strip_suffix(suffix)?.parse().ok()
}

/// The last segment that is neither listed nor about to be sealed.
pub(super) fn unlisted(layout: &Layout, sealed: u64) -> Result<Option<u64>, LedgerError> {
    let mut last = None;
    for path in list(&layout.segments())? {
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        let number = number(&name, ".parquet").filter(|number| segment_name(*number) == name);
        last =
            last.max(number.filter(|number| *number >= sealed && !layout.wal(*number).is_file()));
    }
    Ok(last)
}

/// A segment that is not listed is one whose sealing was interrupted, if its events are elsewhere.
fn segment(layout: &Layout, path: &Path, name: &str, sealed: u64, findings: &mut Findings) {
    if name == "SHA256SUMS" || name == "salt-keys" {
        return;
    }
    match number(name, ".parquet").filter(|number| segment_name(*number) == name) {
        Some(number) if number < sealed => {}
        Some(number) if layout.wal(number).is_file() => {
            findings.warn(
                path,
                "not listed yet, as sealing was interrupted or is going on",
            );
        }
        // Reported as a line that is missing.
        Some(_) => {}
        None => findings.warn(path, "not a part of a ledger"),
    }
}

fn write_ahead(path: &Path, name: &str, sealed: u64, findings: &mut Findings) {
    match number(name, ".wal").filter(|number| format!("{number:06}.wal") == name) {
        Some(number) if number < sealed => {
            findings.warn(
                path,
                "left over, as its segment is sealed; the next writer removes it",
            );
        }
        Some(_) => {}
        None => findings.warn(path, "not a part of a ledger"),
    }
}
