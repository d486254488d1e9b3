//! The page: `web/dist` from its sources and the wasm package.

use anyhow::Result;

use crate::places;
use crate::shell::Run;
use crate::tools;

/// A script of `web/package.json`.
pub(crate) fn npm(script: &str) -> Run {
    Run::new("npm", &["run", "--silent", script]).within(&places::web())
}

/// Builds the page; the wasm package is there already.
pub(crate) fn build() -> Result<()> {
    tools::npm_packages()?;
    npm("build").checked()
}
