//! Running the real program in a directory of its own.
#![allow(
    dead_code,
    unreachable_pub,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    clippy::cast_possible_truncation,
    reason = "tests, each of which uses a part of it"
)]

pub mod disk;
pub mod log;

use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use ledgerline::event::{Event, Flags, Kind};
use ledgerline::id::{Isrc, ListenerId, PlayId, Territory};
use ledgerline::time::{Period, TimeMs};
use ledgerline_cli::ledger;

pub const ORIGIN: &str = "example.com/plays/2026-04";

/// A directory that is removed again, with the program run in it.
pub struct Place(tempfile::TempDir);

/// What the program did.
pub struct Ran {
    pub code: i32,
    pub out: String,
    pub err: String,
}

impl Ran {
    fn of(output: Output) -> Self {
        Self {
            code: output.status.code().unwrap_or(-1),
            out: String::from_utf8(output.stdout).unwrap(),
            err: String::from_utf8(output.stderr).unwrap(),
        }
    }

    /// Exit code 2, nothing on standard output, and these words on standard error.
    #[track_caller]
    pub fn refused(&self, words: &[&str]) {
        assert_eq!(self.code, 2, "{}{}", self.out, self.err);
        assert_eq!(self.out, "");
        for word in words {
            assert!(self.err.contains(word), "expected {word:?} in {}", self.err);
        }
    }

    #[track_caller]
    pub fn fine(self) -> String {
        assert_eq!(self.code, 0, "{}{}", self.out, self.err);
        self.out
    }
}

impl Place {
    pub fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    pub fn write(&self, name: &str, content: impl AsRef<[u8]>) {
        let path = self.path(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, content).unwrap();
    }

    /// Runs `ledgerline` with these words, separated by blanks.
    pub fn run(&self, words: &str) -> Ran {
        let output = self.command(words).stdin(Stdio::null()).output().unwrap();
        Ran::of(output)
    }

    /// Runs `ledgerline` with these words, which may hold blanks.
    pub fn run_words(&self, words: &[&str]) -> Ran {
        let mut command = Command::new(env!("CARGO_BIN_EXE_ledgerline"));
        command.args(words).current_dir(self.0.path());
        Ran::of(command.stdin(Stdio::null()).output().unwrap())
    }

    /// Runs `ledgerline` with this standard input.
    pub fn pipe(&self, words: &str, input: &[u8]) -> Ran {
        use std::io::Write;
        let mut child = self
            .command(words)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        // A program that refuses early does not read all of it.
        let _ = child.stdin.take().unwrap().write_all(input);
        Ran::of(child.wait_with_output().unwrap())
    }

    pub fn command(&self, words: &str) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_ledgerline"));
        command.args(words.split(' ')).current_dir(self.0.path());
        command
    }

    /// A new ledger; gives its verifier key.
    pub fn init(&self, name: &str) -> String {
        let period = Period::parse("2026-04").unwrap();
        let vkey = ledger::create(&self.path(name), ORIGIN, period).unwrap();
        vkey.to_string()
    }

    /// A new ledger with the same secrets.
    pub fn init_like(&self, name: &str, like: &str) {
        self.init(name);
        for key in ["log.key", "master.key", "listener.key"] {
            let secret = |ledger: &str| self.path(ledger).join("secret").join(key);
            fs::copy(secret(like), secret(name)).unwrap();
        }
        let vkeys = |ledger: &str| self.path(ledger).join("vkeys");
        fs::copy(vkeys(like), vkeys(name)).unwrap();
    }
}

/// Says that a test was skipped: past libtest, which shows what a test prints only if it fails.
pub fn skip(reason: &str) {
    // Nobody reading it is no reason to fail.
    let _ = writeln!(std::io::stderr(), "\nskipped: {reason}");
}

pub fn copy(from: &Path, to: &Path) {
    let _ = fs::remove_dir_all(to);
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let target = to.join(entry.file_name());
        if entry.file_type().unwrap().is_dir() {
            copy(&entry.path(), &target);
        } else {
            fs::copy(entry.path(), target).unwrap();
        }
    }
}

/// All files below a directory with their content, by path, `secret/` left out.
pub fn files(dir: &Path) -> Vec<(String, Vec<u8>)> {
    let mut found = Vec::new();
    let mut dirs = vec![dir.to_owned()];
    while let Some(next) = dirs.pop() {
        for entry in fs::read_dir(next).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() && !path.ends_with("secret") {
                dirs.push(path);
            } else if path.is_file() {
                let name = path.strip_prefix(dir).unwrap().display().to_string();
                found.push((name, fs::read(path).unwrap()));
            }
        }
    }
    found.sort();
    found
}

/// Event number `n`, different from all others.
pub fn event(n: usize) -> Event {
    Event {
        listener: ListenerId(n as u64 / 7),
        play: PlayId((n as u64).wrapping_mul(0x9e37_79b9_7f4a_7c15)),
        time: TimeMs::new(1_775_001_600_000 + n as u64 * 37).unwrap(),
        position_ms: n as u32 % 100_000,
        kind: [Kind::Start, Kind::Heartbeat, Kind::End][n % 3],
        isrc: Isrc::parse(&format!("USRC1{:07}", n % 50)).unwrap(),
        territory: Territory::parse(["DE", "FR", "US"][n % 3]).unwrap(),
        flags: Flags::new(n.is_multiple_of(2), n.is_multiple_of(5)),
    }
}

pub fn events(count: usize) -> Vec<Event> {
    (0..count).map(event).collect()
}

/// The line of NDJSON that gives this event.
pub fn line(event: &Event) -> String {
    serde_json::json!({
        "kind": event.kind.as_str(),
        "play": event.play.to_string(),
        "listener": event.listener.to_string(),
        "isrc": event.isrc.to_string(),
        "territory": event.territory.to_string(),
        "time": event.time.ms(),
        "position_ms": event.position_ms,
        "active": event.flags.is_active(),
        "offline": event.flags.is_offline(),
    })
    .to_string()
}
