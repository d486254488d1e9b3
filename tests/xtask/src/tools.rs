//! What must be there before anything runs: found, or installed with the command shown.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};
use sha2::{Digest, Sha256};

use crate::places;
use crate::shell::Run;

/// Reads our Parquet segments in a test.
const DUCKDB: &str = "duckdb==2.0.0";
const CHROMIUM: &str = "/usr/bin/chromium";
const HLEDGER: &str = "/usr/bin/hledger";

/// Where Rust code for wasm32 can be had from.
pub(crate) enum WasmTarget {
    /// The toolchain's own standard library.
    Rustup,
    /// Debian's compiler with the standard library built from its sources.
    Debian,
}

/// The wasm32 target, from rustup if it can be had, else from Debian's packages.
pub(crate) fn wasm_target() -> Result<WasmTarget> {
    let name = "wasm32-unknown-unknown";
    let sysroot = Run::new("rustc", &["--print", "sysroot"]).quiet();
    let (_, sysroot) = sysroot.context("rustc is missing: install Rust with rustup")?;
    let library = Path::new(sysroot.trim()).join("lib/rustlib").join(name);
    if library.join("lib").is_dir() {
        return Ok(WasmTarget::Rustup);
    }
    if let Ok(ended) = Run::new("rustup", &["target", "add", name]).tee()
        && ended.success
    {
        return Ok(WasmTarget::Rustup);
    }
    println!("rustup cannot give {name}; building its standard library with Debian's compiler");
    if !Path::new("/usr/lib/rustlib").join(name).is_dir()
        || !Path::new("/usr/bin/wasm-ld-19").exists()
    {
        apt(&["rustc-web", "rust-web-src", "lld-19"])?;
    }
    Ok(WasmTarget::Debian)
}

/// Node, which cannot be installed from here.
pub(crate) fn node() -> Result<()> {
    let found = Run::new("node", &["--version"]).quiet();
    let version = found.map(|(_, version)| version).unwrap_or_default();
    let mut numbers = version.trim().trim_start_matches('v').split('.');
    let mut next = || {
        numbers
            .next()
            .and_then(|n| n.parse::<u32>().ok())
            .unwrap_or(0)
    };
    if (next(), next()) < (20, 19) {
        bail!(
            "expected Node 20.19 or newer for the page, but found {}; install nodejs and npm",
            if version.is_empty() {
                "none"
            } else {
                version.trim()
            }
        );
    }
    Ok(())
}

/// `web/node_modules` as the lock file says.
pub(crate) fn npm_packages() -> Result<()> {
    npm_ci(&places::web())
}

/// OpenZeppelin's own package, which rebuilds the claims of an export in a test.
pub(crate) fn openzeppelin() -> Result<()> {
    npm_ci(&places::openzeppelin())
}

/// `node_modules` of a folder as its lock file says.
fn npm_ci(dir: &Path) -> Result<()> {
    node()?;
    let stamp = dir.join("node_modules/.xtask-lock-sha256");
    let wanted = digest(&[&dir.join("package-lock.json")], "")?;
    if fs::read_to_string(&stamp).is_ok_and(|found| found == wanted) {
        return Ok(());
    }
    Run::new("npm", &["ci", "--no-audit", "--no-fund"])
        .within(dir)
        .checked()?;
    fs::write(&stamp, wanted).with_context(|| format!("cannot write {}", stamp.display()))
}

/// Debian's hledger, which checks the exported journal in a test.
pub(crate) fn hledger() -> Result<()> {
    if Path::new(HLEDGER).exists() {
        return Ok(());
    }
    apt(&["hledger"])
}

/// Debian's Chromium, which the page's tests drive.
pub(crate) fn chromium() -> Result<()> {
    if std::env::var_os("CHROMIUM").is_some() || Path::new(CHROMIUM).exists() {
        return Ok(());
    }
    apt(&["chromium"])
}

/// A Python with the packages that the independent implementation wants.
pub(crate) fn python() -> Result<PathBuf> {
    let venv = places::target().join("venv");
    let python = venv.join("bin/python");
    let requirements = places::root().join("tests/independent/requirements.txt");
    let stamp = venv.join("xtask-requirements-sha256");
    let wanted = digest(&[&requirements], DUCKDB)?;
    if python.exists() && fs::read_to_string(&stamp).is_ok_and(|found| found == wanted) {
        return Ok(python);
    }
    let venv_text = venv.display().to_string();
    let make = || Run::new("python3", &["-m", "venv", "--clear", &venv_text]);
    if !make().tee().is_ok_and(|ended| ended.success) {
        apt(&["python3", "python3-venv"])?;
        make().checked()?;
    }
    let requirements = requirements.display().to_string();
    let pip = [
        "-m",
        "pip",
        "install",
        "--quiet",
        "-r",
        &requirements,
        DUCKDB,
    ];
    Run::new(&python, &pip).checked()?;
    fs::write(&stamp, wanted).context("cannot write into target/venv")?;
    Ok(python)
}

/// Installs Debian packages, as root or through sudo where that asks nothing.
fn apt(packages: &[&str]) -> Result<()> {
    let names = packages.join(" ");
    let is_root = Run::new("id", &["-u"])
        .quiet()
        .is_some_and(|(_, id)| id.trim() == "0");
    let can_sudo = || {
        Run::new("sudo", &["-n", "true"])
            .quiet()
            .is_some_and(|(ok, _)| ok)
    };
    let prefix: &[&str] = if is_root {
        &[]
    } else if can_sudo() {
        &["sudo", "-n"]
    } else {
        bail!(
            "{names} missing, and neither root nor sudo is at hand; run: apt-get install {names}"
        );
    };
    let run = |words: &[&str]| {
        let words = [
            prefix,
            &["env", "DEBIAN_FRONTEND=noninteractive", "apt-get"],
            words,
        ]
        .concat();
        let (program, arguments) = words.split_first().context("no command")?;
        Run::new(program, arguments).checked()
    };
    run(&["update", "-q"])?;
    run(&[
        &["install", "-y", "-q", "--no-install-recommends"],
        packages,
    ]
    .concat())
}

/// SHA-256 over files and further text, in hex.
fn digest(files: &[&Path], more: &str) -> Result<String> {
    let mut hash = Sha256::new();
    for file in files {
        hash.update(fs::read(file).with_context(|| format!("cannot read {}", file.display()))?);
    }
    hash.update(more);
    Ok(hash
        .finalize()
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect())
}
