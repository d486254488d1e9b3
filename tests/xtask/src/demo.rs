//! `cargo xtask demo`: all built, the main job run, the page served with what came out.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};

use crate::shell::{Run, cargo};
use crate::{page, places, serve, wasm};

/// What to do.
pub(crate) struct Options {
    /// Where to work.
    pub(crate) dir: PathBuf,
    /// Number of simulated plays.
    pub(crate) plays: u64,
    /// Where to serve; 0 = any free port.
    pub(crate) port: u16,
    /// Whether to serve at all.
    pub(crate) serve: bool,
}

/// Builds, runs and serves.
pub(crate) fn run(options: &Options) -> Result<()> {
    wasm::build()?;
    page::build()?;
    cargo(&["build", "--release", "--workspace", "--bins"]).checked()?;
    make(&options.dir, options.plays)?;
    let site = lay_out(&options.dir)?;
    let dir = options.dir.display();
    println!("\nIn {dir}:");
    println!("  bundles/*.llb   one for each rights holder; forged/*.llb: three forgeries");
    println!("  service.vkey    the service's key; auditor.vkey: the auditor's");
    if options.serve {
        let headers = serve::headers()?;
        serve::serve(&site, &headers, options.port, |url| {
            println!("\nOpen {url} and drop a bundle and service.vkey on the page.");
            println!("The files are at {url}files/ too. Ctrl-C ends it.");
        })?;
    }
    Ok(())
}

/// The command line's own demo, in a fresh folder; the program is built already.
pub(crate) fn make(dir: &Path, plays: u64) -> Result<()> {
    // A demo that broke off has no mark by which the program could tell it from somebody's work.
    if dir.starts_with(places::target()) && dir.exists() {
        fs::remove_dir_all(dir).context("cannot remove the last demo")?;
    }
    let (dir, plays) = (dir.display().to_string(), plays.to_string());
    let arguments = ["demo", "--dir", &dir, "--plays", &plays, "--force"];
    Run::new(places::program("ledgerline"), &arguments).checked()
}

/// Page, bundles and public keys in one folder; nothing secret is copied.
fn lay_out(dir: &Path) -> Result<PathBuf> {
    let site = dir.join("site");
    copy_tree(&places::web().join("dist"), &site)?;
    let files = site.join("files");
    let mut links = String::new();
    for (folder, ending) in [("", "vkey"), ("bundles", "llb"), ("forged", "llb")] {
        let to = files.join(folder);
        fs::create_dir_all(&to)?;
        for name in names(&dir.join(folder), ending)? {
            fs::copy(dir.join(folder).join(&name), to.join(&name))?;
            let path = Path::new(folder).join(&name).display().to_string();
            links.push_str(&format!(
                "<li><a href=\"{path}\" download>{path}</a></li>\n"
            ));
        }
    }
    let index = format!(
        "<!doctype html>\n<html lang=\"en\"><meta charset=\"utf-8\"><title>Files of the demo</title>\n\
         <h1>Files of the demo</h1>\n<p>Drop a bundle and service.vkey on <a href=\"../\">the page</a>.</p>\n\
         <ul>\n{links}</ul>\n</html>\n"
    );
    fs::write(files.join("index.html"), index)?;
    Ok(site)
}

/// Names in a folder that have an ending, in order.
pub(crate) fn names(dir: &Path, ending: &str) -> Result<Vec<String>> {
    let entries = fs::read_dir(dir).with_context(|| format!("cannot list {}", dir.display()))?;
    let mut names: Vec<String> = entries
        .filter_map(|entry| entry.ok()?.file_name().into_string().ok())
        .filter(|name| {
            Path::new(name)
                .extension()
                .is_some_and(|found| found == ending)
        })
        .collect();
    names.sort();
    Ok(names)
}

fn copy_tree(from: &Path, to: &Path) -> Result<()> {
    fs::create_dir_all(to)?;
    for entry in fs::read_dir(from).with_context(|| format!("cannot list {}", from.display()))? {
        let entry = entry?;
        let target = to.join(entry.file_name());
        if entry.file_type()?.is_dir() {
            copy_tree(&entry.path(), &target)?;
        } else {
            fs::copy(entry.path(), target)?;
        }
    }
    Ok(())
}
