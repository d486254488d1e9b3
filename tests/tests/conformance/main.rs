//! Our log is the world's log: each foreign vector is one test, of the vector's own name.
//!
//! They are read from `../shared/vectors` beside the workspace, whose `README.txt` names repository,
//! commit and licence of each. A folder that is not there is named as absent; it has no tests. Names
//! that begin with `c2sp/` are of our own vectors in `tests/vectors/c2sp`. List all with `cargo test --release -p ledgerline-tests --test conformance -- --list`.
#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::arithmetic_side_effects,
    clippy::cast_possible_truncation,
    reason = "tests"
)]

use std::process::ExitCode;

use libtest_mimic::{Arguments, Trial};

mod ed25519;
mod files;
mod merkle;
mod ml_dsa44;
mod notes;
mod ours;
mod tessera;
mod witness;

/// Folders of vectors that this machine may not have, and for which there are no tests yet.
const MAY_BE_ABSENT: [&str; 5] = [
    "azul",
    "sigstore-conformance",
    "sigsum-go",
    "sigsum-rs",
    "sunlight",
];

fn main() -> ExitCode {
    let arguments = Arguments::from_args();
    let mut trials: Vec<Trial> = ours::trials();
    match files::foreign() {
        Some(foreign) => {
            trials.extend(merkle::trials(&foreign));
            trials.extend(ed25519::trials(&foreign));
            trials.extend(ml_dsa44::trials(&foreign));
            trials.extend(notes::trials(&foreign));
            trials.extend(tessera::trials(&foreign));
            let absent = MAY_BE_ABSENT.map(|name| (name, foreign.join(name).exists()));
            let absent = absent.iter().filter(|(_, there)| !there);
            let absent: Vec<&str> = absent.map(|&(name, _)| name).collect();
            if !absent.is_empty() && !arguments.list {
                println!("absent here, so without tests: {}", absent.join(", "));
            }
        }
        None => ledgerline_tests::skip("../shared absent"),
    }
    libtest_mimic::run(&arguments, trials).exit_code()
}

/// One test; what it demands, it asserts.
fn trial(name: impl Into<String>, check: impl FnOnce() + Send + 'static) -> Trial {
    Trial::test(name, || {
        check();
        Ok(())
    })
}
