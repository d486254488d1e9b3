//! The wasm package: cargo, wasm-bindgen, wasm-opt, into `web/src/pkg`.

use std::path::Path;
use std::time::Instant;

use anyhow::{Context, Result, anyhow};
use wasm_bindgen_cli_support::Bindgen;

use crate::places;
use crate::shell::{Run, cargo};
use crate::tools::{self, WasmTarget};

const TARGET: &str = "wasm32-unknown-unknown";

/// Exactly the features that browsers have had for years. Never `--all-features`: that emits modules which
/// browsers refuse.
const OPTIMISE: [&str; 11] = [
    "-O2",
    "--enable-bulk-memory",
    "--enable-bulk-memory-opt",
    "--enable-nontrapping-float-to-int",
    "--enable-sign-ext",
    "--enable-mutable-globals",
    "--enable-reference-types",
    "--enable-multivalue",
    "--enable-simd",
    "--strip-debug",
    "--strip-producers",
];

/// Builds the package anew.
pub(crate) fn build() -> Result<()> {
    let source = tools::wasm_target()?;
    tools::npm_packages()?;
    compile(&source)?;
    let package = places::web().join("src/pkg");
    bind(&package)?;
    let file = package
        .join("ledgerline_wasm_bg.wasm")
        .display()
        .to_string();
    let optimiser = places::web().join("node_modules/.bin/wasm-opt");
    let arguments = [&OPTIMISE[..], &[&file, "-o", &file]].concat();
    Run::new(optimiser, &arguments).checked()
}

fn compile(source: &WasmTarget) -> Result<()> {
    let mut arguments = vec![
        "build",
        "--release",
        "-p",
        "ledgerline-wasm",
        "--lib",
        "--target",
        TARGET,
    ];
    let run = match source {
        WasmTarget::Rustup => cargo(&arguments),
        WasmTarget::Debian => {
            arguments.extend(["-Z", "build-std=std,panic_abort"]);
            cargo(&arguments)
                .with("RUSTC", "/usr/bin/rustc")
                .with("RUSTC_BOOTSTRAP", "1")
                .with("CARGO_TARGET_WASM32_UNKNOWN_UNKNOWN_LINKER", "wasm-ld-19")
        }
    };
    // For this target alone: programs for this machine are built without these flags.
    run.with(
        "CARGO_TARGET_WASM32_UNKNOWN_UNKNOWN_RUSTFLAGS",
        rustflags()?,
    )
    .checked()
}

/// SIMD, and no path of this machine in the output, so that everybody's build is the same.
fn rustflags() -> Result<String> {
    let (_, sysroot) = Run::new("rustc", &["--print", "sysroot"])
        .quiet()
        .context("rustc is missing")?;
    let home = std::env::home_dir().unwrap_or_default();
    let cargo_home = std::env::var_os("CARGO_HOME").map_or_else(|| home.join(".cargo"), Into::into);
    let maps = [
        (cargo_home.join("registry/src"), "/cargo"),
        (places::root(), "/src"),
        (sysroot.trim().into(), "/rust"),
    ];
    let mut flags = "-C target-feature=+simd128".to_owned();
    for (from, to) in maps {
        flags.push_str(&format!(" --remap-path-prefix={}={to}", from.display()));
    }
    Ok(flags)
}

/// What `wasm-bindgen --target web` does, with the library behind it.
fn bind(package: &Path) -> Result<()> {
    let begun = Instant::now();
    let input = places::target()
        .join(TARGET)
        .join("release/ledgerline_wasm.wasm");
    println!(
        "$ wasm-bindgen --target web --out-dir web/src/pkg ledgerline_wasm.wasm   (in this process)"
    );
    if package.exists() {
        std::fs::remove_dir_all(package).context("cannot empty web/src/pkg")?;
    }
    let mut bindgen = Bindgen::new();
    bindgen.input_path(input).typescript(true);
    bindgen.web(true).map_err(|error| anyhow!("{error:#}"))?;
    bindgen
        .omit_default_module_path(true)
        .remove_name_section(true)
        .remove_producers_section(true)
        .generate(package)
        .map_err(|error| anyhow!("wasm-bindgen: {error:#}"))?;
    println!("  done after {} ms", begun.elapsed().as_millis());
    Ok(())
}
