//! Where the vectors are, and how their files are read.

use std::fs;
use std::path::{Path, PathBuf};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use ledgerline::log::Hash;
use serde_json::Value;

/// The foreign vectors, if they are there.
pub(crate) fn foreign() -> Option<PathBuf> {
    let vectors = ledgerline_tests::root().join("../shared/vectors");
    vectors.is_dir().then_some(vectors)
}

/// All files under a folder with this extension, in the order of their paths.
pub(crate) fn files(folder: &Path, extension: &str) -> Vec<PathBuf> {
    let mut files = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            files.extend(self::files(&path, extension));
        } else if path.extension().is_some_and(|found| found == extension) {
            files.push(path);
        }
    }
    files.sort();
    files
}

/// A file's path from `folder` on, without its extension.
pub(crate) fn name(file: &Path, folder: &Path) -> String {
    let inside = file.strip_prefix(folder).unwrap().with_extension("");
    inside.to_str().unwrap().replace('\\', "/")
}

pub(crate) fn json(path: &Path) -> Value {
    let bytes = fs::read(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    serde_json::from_slice(&bytes).unwrap()
}

pub(crate) fn text(value: &Value) -> &str {
    value.as_str().unwrap()
}

pub(crate) fn texts(value: &Value) -> impl Iterator<Item = &str> {
    value.as_array().unwrap().iter().map(text)
}

pub(crate) fn number(value: &Value) -> u64 {
    value.as_u64().unwrap()
}

pub(crate) fn hex(value: &Value) -> Vec<u8> {
    ledgerline_tests::unhex(text(value)).unwrap()
}

pub(crate) fn base64(value: &Value) -> Vec<u8> {
    STANDARD.decode(text(value)).unwrap()
}

/// Hashes of a proof; `None` where one is no hash, which is refused where it is read.
pub(crate) fn proof(value: &Value) -> Option<Vec<Hash>> {
    let hashes = value.as_array().map(Vec::as_slice).unwrap_or_default();
    hashes
        .iter()
        .map(|hash| Hash::parse_base64(text(hash)).ok())
        .collect()
}
