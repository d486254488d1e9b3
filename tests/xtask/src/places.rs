//! Where things are.

use std::path::{Path, PathBuf};

/// The workspace's folder.
pub(crate) fn root() -> PathBuf {
    // Set by cargo; this package is in tests/xtask.
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    here.ancestors().nth(2).unwrap_or(here).to_owned()
}

/// Cargo's folder of built things.
pub(crate) fn target() -> PathBuf {
    match std::env::var_os("CARGO_TARGET_DIR") {
        Some(dir) => root().join(dir),
        None => root().join("target"),
    }
}

/// The page's sources.
pub(crate) fn web() -> PathBuf {
    root().join("web")
}

/// The workspace of its own where claims meet other implementations of their tree.
pub(crate) fn openzeppelin() -> PathBuf {
    root().join("tests/openzeppelin")
}

/// A program of the workspace, once it is built.
pub(crate) fn program(name: &str) -> PathBuf {
    target().join("release").join(name)
}

/// What tests leave behind for people to look at.
pub(crate) fn output() -> PathBuf {
    target().join("test-output")
}
