//! Commands: shown before they run, timed after, their output passed on and kept.

use std::ffi::OsStr;
use std::io::{BufRead, BufReader, Read, Write};
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::Mutex;
use std::time::Instant;

use anyhow::{Context, Result, bail};

use crate::places;

/// A command to be.
pub(crate) struct Run {
    command: Command,
    shown: String,
}

/// How a command ended.
pub(crate) struct Ended {
    /// Its exit code was 0.
    pub(crate) success: bool,
    /// Standard output and standard error, in the order of arrival.
    pub(crate) text: String,
}

/// The cargo that runs us.
pub(crate) fn cargo(arguments: &[&str]) -> Run {
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let mut run = Run::new(cargo, arguments);
    run.shown = format!("cargo {}", arguments.join(" "));
    run
}

impl Run {
    /// A program with its arguments, in the workspace's folder.
    pub(crate) fn new(program: impl AsRef<OsStr>, arguments: &[&str]) -> Self {
        let mut command = Command::new(&program);
        command.args(arguments).current_dir(places::root());
        command.stdin(Stdio::null());
        let name = relative(Path::new(program.as_ref()));
        let shown: Vec<&str> = std::iter::once(name.as_str())
            .chain(arguments.iter().copied())
            .collect();
        Self {
            command,
            shown: shown.join(" "),
        }
    }

    /// In another folder.
    pub(crate) fn within(mut self, dir: &Path) -> Self {
        self.command.current_dir(dir);
        self.shown = format!("(cd {} && {})", relative(dir), self.shown);
        self
    }

    /// With an environment variable.
    pub(crate) fn with(mut self, name: &str, value: impl AsRef<OsStr>) -> Self {
        let value = value.as_ref();
        self.command.env(name, value);
        self.shown = format!(
            "{name}={} {}",
            shell_word(&relative(Path::new(value))),
            self.shown
        );
        self
    }

    /// What will be run.
    pub(crate) fn shown(&self) -> &str {
        &self.shown
    }

    /// Runs it, passing on what it prints.
    pub(crate) fn tee(mut self) -> Result<Ended> {
        println!("$ {}", self.shown);
        let begun = Instant::now();
        self.command.stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = self
            .command
            .spawn()
            .with_context(|| format!("cannot start `{}`", self.shown))?;
        let kept = Mutex::new(String::new());
        let (out, err) = (child.stdout.take(), child.stderr.take());
        std::thread::scope(|scope| {
            scope.spawn(|| pass_on(out, std::io::stdout(), &kept));
            scope.spawn(|| pass_on(err, std::io::stderr(), &kept));
        });
        let status = child.wait().context("cannot wait for a command")?;
        let seconds = begun.elapsed().as_millis();
        println!(
            "  {} after {}.{} s",
            if status.success() { "done" } else { "FAILED" },
            seconds / 1000,
            seconds % 1000 / 100
        );
        Ok(Ended {
            success: status.success(),
            text: kept.into_inner().unwrap_or_default(),
        })
    }

    /// Runs it and insists on success.
    pub(crate) fn checked(self) -> Result<()> {
        let shown = self.shown.clone();
        if !self.tee()?.success {
            bail!("`{shown}` failed; its own message stands above");
        }
        Ok(())
    }

    /// Runs it unseen; standard output and whether it succeeded, or `None` if there is no such program.
    pub(crate) fn quiet(mut self) -> Option<(bool, String)> {
        let output = self.command.stderr(Stdio::null()).output().ok()?;
        let text = String::from_utf8_lossy(&output.stdout).into_owned();
        Some((output.status.success(), text))
    }
}

fn pass_on(from: Option<impl Read>, mut to: impl Write, kept: &Mutex<String>) {
    let Some(from) = from else { return };
    let mut from = BufReader::new(from);
    let mut line = Vec::new();
    while from.read_until(b'\n', &mut line).is_ok_and(|read| read > 0) {
        // Nobody reading our output is no reason to stop.
        let _ = to.write_all(&line);
        if let Ok(mut kept) = kept.lock() {
            kept.push_str(&String::from_utf8_lossy(&line));
        }
        line.clear();
    }
}

/// A path as seen from the workspace.
fn relative(path: &Path) -> String {
    let root = places::root();
    match path.strip_prefix(&root) {
        Ok(rest) if rest.as_os_str().is_empty() => ".".to_owned(),
        Ok(rest) => rest.display().to_string(),
        Err(_) => path.display().to_string(),
    }
}

fn shell_word(text: &str) -> String {
    if text.contains(' ') {
        format!("\"{text}\"")
    } else {
        text.to_owned()
    }
}
