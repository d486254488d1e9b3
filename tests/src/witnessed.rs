//! The tiny world with witnesses: a run whose checkpoint two of three have cosigned.

use std::fs;
use std::io::{BufRead as _, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use ledgerline::bundle::{pieces, read_entries};

use crate::{program, tiny};

/// The holder whose bundles are cut.
pub const HOLDER: &str = "00000000000000a1";

/// The nonce that the holder sent, in hex.
pub const NONCE: &str = "5eed";

/// Makes in `dir`, beside what [`tiny::make`] makes:
///
/// - `two.policy`, which asks for two of three witnesses, and `all.policy`, which asks for all of them;
/// - `holder.llb`, cosigned by two, `nonce.llb`, drawn with [`NONCE`], and `false.llb`, in which one
///   cosignature is not by whom it claims to be.
///
/// # Panics
///
/// If a step fails.
#[expect(clippy::expect_used, reason = "a test without its world is no test")]
pub fn make(dir: &Path) {
    tiny::make(dir);
    let step = |arguments: &[&str]| program::run(dir, arguments).fine();
    let log = fs::read_to_string(dir.join("service.vkey")).expect("a key");
    let init = |number: u8| {
        let (name, at) = (format!("witness.example/w{number}"), format!("w{number}"));
        let vkey = step(&["witness", "init", &at, "--name", &name]);
        let _ = step(&["witness", "add-log", &at, log.trim()]);
        vkey
    };
    let [one, two, three] = [1, 2, 3].map(init);
    // The third never runs.
    let running = [1, 2].map(|number| Running::start(dir, &format!("w{number}")));
    let [url_one, url_two] = running.each_ref().map(Running::url);
    let known = format!(
        "# Whom I trust\nlog {}\nwitness Fjord {} {url_one}\nwitness Harbour {} {url_two}\nwitness Lighthouse {}\n",
        log.trim(),
        one.trim(),
        two.trim(),
        three.trim(),
    );
    for (name, least) in [("two", "2"), ("all", "all")] {
        let quorum = format!("group trio {least} Fjord Harbour Lighthouse\nquorum trio\n");
        let policy = dir.join(format!("{name}.policy"));
        fs::write(policy, format!("{known}{quorum}")).expect("a file");
    }
    let statement = "statement ledger --rules data/rules.toml --pools data/pools.csv --out witnessed --policy two.policy";
    let _ = step(&statement.split(' ').collect::<Vec<_>>());
    drop(running);
    for (name, more) in [("holder.llb", &[][..]), ("nonce.llb", &["--nonce", NONCE])] {
        let cut = format!("bundle witnessed --ledger ledger --holder {HOLDER} --out {name}");
        let cut: Vec<&str> = cut.split(' ').chain(more.iter().copied()).collect();
        let _ = step(&cut);
    }
    let bundle = fs::read(dir.join("holder.llb")).expect("a bundle");
    let forged = with_false_cosignature(&bundle, "witness.example/w1").expect("a bundle");
    fs::write(dir.join("false.llb"), forged).expect("a file");
}

/// The bundle with another cosignature in the name of a witness; `None` if there is none to change.
#[must_use]
pub fn with_false_cosignature(bundle: &[u8], witness: &str) -> Option<Vec<u8>> {
    let mut entries = read_entries(bundle).ok()?;
    let checkpoint = std::str::from_utf8(entries[2]).ok()?;
    let start = format!("\u{2014} {witness} ");
    let line = checkpoint.lines().find(|line| line.starts_with(&start))?;
    let mut signature = STANDARD.decode(line.strip_prefix(&start)?).ok()?;
    // Key id and time stay.
    *signature.last_mut()? ^= 1;
    let forged = checkpoint.replace(line, &format!("{start}{}", STANDARD.encode(signature)));
    entries[2] = forged.as_bytes();
    Some(pieces(&entries).ok()?.concat())
}

/// A witness of ours that is running; dropped, it ends.
#[derive(Debug)]
pub struct Running {
    child: Child,
    url: String,
}

impl Running {
    /// Where it takes checkpoints.
    #[must_use]
    pub fn url(&self) -> &str {
        &self.url
    }

    /// Starts the witness in the directory `at` below `dir`.
    ///
    /// # Panics
    ///
    /// If it does not start.
    #[must_use]
    #[expect(clippy::expect_used, reason = "a test without its world is no test")]
    pub fn start(dir: &Path, at: &str) -> Running {
        let mut child = Command::new(program::path())
            .args(["witness", at, "--listen", "127.0.0.1:0", "--prefix", at])
            .current_dir(dir)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .expect("the witness starts");
        let mut url = String::new();
        let out = child.stdout.take().expect("its output");
        BufReader::new(out)
            .read_line(&mut url)
            .expect("its address");
        let url = url.trim().to_owned();
        Running { child, url }
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        // Already ended is as good.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
