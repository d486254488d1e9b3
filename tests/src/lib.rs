//! What the end-to-end tests share: reading vectors, running the program, a tiny world for it.

pub mod program;
pub mod records;
pub mod tiles;
pub mod tiny;
pub mod witnessed;

use std::io::Write as _;
use std::path::{Path, PathBuf};

use serde_json::Value;

/// The repository.
#[must_use]
pub fn root() -> PathBuf {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    here.parent().unwrap_or(here).to_owned()
}

/// Says that a test was skipped: past libtest, which shows what a test prints only if it fails.
pub fn skip(reason: &str) {
    // Nobody reading it is no reason to fail.
    let _ = writeln!(std::io::stderr(), "\nskipped: {reason}");
}

/// The cases of `tests/vectors/<name>.json`, which the independent implementation made.
///
/// # Errors
///
/// A message if the file is absent or no vectors.
pub fn cases(name: &str) -> Result<Value, String> {
    let path = root().join("tests/vectors").join(format!("{name}.json"));
    let text = std::fs::read_to_string(&path).map_err(|e| format!("{}: {e}", path.display()))?;
    let vectors: Value = serde_json::from_str(&text).map_err(|e| e.to_string())?;
    let cases = vectors.get("cases").cloned();
    cases.ok_or_else(|| format!("{}: no cases", path.display()))
}

/// Bytes of a hex text.
#[must_use]
pub fn unhex(text: &str) -> Option<Vec<u8>> {
    let pairs = text.as_bytes().chunks(2);
    pairs
        .map(|pair| u8::from_str_radix(std::str::from_utf8(pair).ok()?, 16).ok())
        .collect()
}

/// Lower-case hex of bytes.
#[must_use]
pub fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
