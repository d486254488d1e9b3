//! The real program, run as a user would.

use std::fmt;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::sync::OnceLock;

/// Path of the `ledgerline` of this build, made first if it is not there.
///
/// # Panics
///
/// If it cannot be built.
#[must_use]
#[expect(clippy::panic, reason = "a test without the program is no test")]
pub fn path() -> &'static Path {
    static PATH: OnceLock<PathBuf> = OnceLock::new();
    PATH.get_or_init(|| {
        // target/release/deps/<test> or target/release/<program>.
        let here = std::env::current_exe().unwrap_or_default();
        let release = here.ancestors().skip(1).find(|dir| !dir.ends_with("deps"));
        let program = release.unwrap_or(&here).join("ledgerline");
        if !program.is_file() {
            let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
            let build = ["build", "--release", "--quiet", "-p", "ledgerline-cli"];
            let built = Command::new(cargo)
                .args(build)
                .current_dir(crate::root())
                .status();
            if !built.is_ok_and(|status| status.success()) || !program.is_file() {
                panic!("{} is missing and could not be built", program.display());
            }
        }
        program
    })
}

/// What the program did.
#[derive(Debug)]
pub struct Ran {
    /// Exit code; -1 if a signal ended it.
    pub code: i32,
    /// Standard output.
    pub out: String,
    /// Standard error.
    pub err: String,
}

impl Ran {
    fn of(output: &Output) -> Self {
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        Self {
            code: output.status.code().unwrap_or(-1),
            out: text(&output.stdout),
            err: text(&output.stderr),
        }
    }

    /// Standard output of a run that ended well.
    ///
    /// # Panics
    ///
    /// If it did not.
    #[track_caller]
    #[must_use]
    pub fn fine(self) -> String {
        assert_eq!(self.code, 0, "{self}");
        self.out
    }
}

impl fmt::Display for Ran {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "exit {}\nstdout: {}\nstderr: {}",
            self.code, self.out, self.err
        )
    }
}

/// Runs the program in `dir`.
///
/// # Panics
///
/// If it cannot be started.
pub fn run(dir: &Path, arguments: &[&str]) -> Ran {
    output(Command::new(path()).args(arguments), dir)
}

/// Runs somebody else's program in `dir`.
///
/// # Panics
///
/// If it cannot be started.
pub fn run_other(other: &Path, dir: &Path, arguments: &[&str]) -> Ran {
    output(Command::new(other).args(arguments), dir)
}

/// Runs the program in `dir` with at most this much address space.
///
/// # Panics
///
/// If it cannot be started.
pub fn run_within(megabytes: u64, dir: &Path, arguments: &[&str]) -> Ran {
    let script = format!(
        "ulimit -v {} && exec \"$0\" \"$@\"",
        megabytes.saturating_mul(1024)
    );
    let mut command = Command::new("bash");
    output(
        command.arg("-c").arg(script).arg(path()).args(arguments),
        dir,
    )
}

#[expect(clippy::expect_used, reason = "a test without the program is no test")]
fn output(command: &mut Command, dir: &Path) -> Ran {
    let output = command.current_dir(dir).stdin(Stdio::null()).output();
    Ran::of(&output.expect("the program starts"))
}
