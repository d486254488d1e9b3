//! The Go programs of `tests/interop/go` and the foreign ones pinned there, built once.

use std::fs::{self, File};
use std::net::{TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::OnceLock;
use std::thread::sleep;
use std::time::{Duration, Instant};

use ledgerline_tests::program::{self, Ran};
use ledgerline_tests::{root, skip};

/// Ours, and those of others that are built from the same module.
const PACKAGES: [&str; 3] = [
    ".",
    "filippo.io/torchwood/cmd/litewitness",
    "github.com/transparency-dev/witness/cmd/omniwitness",
];

/// How long a server may take to start, or to say something, on a busy machine.
const PATIENCE: Duration = Duration::from_secs(30);

/// The directory of the built programs.
pub(crate) struct Go(PathBuf);

impl Go {
    /// Builds the programs, once for all tests. Where that cannot be, says so as a skipped test.
    pub(crate) fn programs() -> Option<&'static Go> {
        static BUILT: OnceLock<Result<Go, String>> = OnceLock::new();
        match BUILT.get_or_init(build) {
            Ok(go) => Some(go),
            Err(reason) => {
                skip(reason);
                None
            }
        }
    }

    /// Runs our Go program.
    pub(crate) fn interop(&self, dir: &Path, arguments: &[&str]) -> Ran {
        program::run_other(&self.0.join("interop"), dir, arguments)
    }

    /// Starts one of the programs, as a server in `dir`.
    pub(crate) fn start(&self, name: &str, dir: &Path, arguments: &[&str]) -> Server {
        Server::start(&self.0.join(name), dir, arguments)
    }
}

/// Builds, or says why the tests are to be skipped.
///
/// # Panics
///
/// If the build fails though `go` is there and modules can be had.
fn build() -> Result<Go, String> {
    let version = Command::new("go").arg("version").output();
    if version.is_err() {
        return Err("go is not on this machine".to_owned());
    }
    let here = std::env::current_exe().unwrap();
    let target = here.ancestors().nth(2).unwrap();
    let programs = target.join("interop-go");
    fs::create_dir_all(&programs).unwrap();
    let output = Command::new("go")
        .arg("build")
        .arg("-o")
        .arg(&programs)
        .args(PACKAGES)
        .current_dir(root().join("tests/interop/go"))
        // As pinned, with the Go that is here.
        .env("GOFLAGS", "-mod=readonly -buildvcs=false")
        .env("GOTOOLCHAIN", "local")
        .env("GOWORK", "off")
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&output.stderr);
    if output.status.success() {
        Ok(Go(programs))
    } else if said.contains("requires go >=") {
        Err("the go on this machine is too old".to_owned())
    } else if UNREACHABLE.iter().any(|words| said.contains(words)) {
        Err("the Go modules are not on this machine and cannot be fetched".to_owned())
    } else {
        panic!("go build: {said}")
    }
}

/// How Go says that no module proxy answers, or that it may not ask one.
const UNREACHABLE: [&str; 5] = [
    "dial tcp",
    "no such host",
    "i/o timeout",
    "module lookup disabled",
    "proxyconnect",
];

/// A running server, ended when dropped.
pub(crate) struct Server {
    child: Child,
    /// What it says, both ways.
    said: PathBuf,
}

impl Server {
    /// Starts any program as a server in `dir`.
    pub(crate) fn start(program: &Path, dir: &Path, arguments: &[&str]) -> Server {
        let name = program.file_name().unwrap().to_string_lossy();
        let said = dir.join(format!("{name}.said"));
        let file = File::create(&said).unwrap();
        let child = Command::new(program)
            .args(arguments)
            .current_dir(dir)
            .stdin(Stdio::null())
            .stdout(file.try_clone().unwrap())
            .stderr(file)
            .spawn()
            .unwrap();
        Server { child, said }
    }

    /// Waits until what it said holds `prefix`, and gives the word behind it.
    #[track_caller]
    pub(crate) fn word_after(&mut self, prefix: &str) -> String {
        self.wait_for(prefix, |said| {
            let rest = said.split_once(prefix)?.1;
            let (word, _) = rest.split_once(char::is_whitespace)?;
            Some(word.to_owned())
        })
    }

    /// Waits until it listens on this port of the loopback address.
    #[track_caller]
    pub(crate) fn listens(&mut self, port: u16) {
        self.wait_for("it to listen", |_| {
            TcpStream::connect(("127.0.0.1", port)).ok()
        });
    }

    #[track_caller]
    fn wait_for<T>(&mut self, what: &str, mut look: impl FnMut(&str) -> Option<T>) -> T {
        let begin = Instant::now();
        loop {
            let said = fs::read_to_string(&self.said).unwrap();
            if let Some(found) = look(&said) {
                return found;
            }
            let ended = self.child.try_wait().unwrap();
            assert!(
                ended.is_none() && begin.elapsed() < PATIENCE,
                "waited for {what}; ended: {ended:?}; it said: {said}"
            );
            sleep(Duration::from_millis(20));
        }
    }

    /// Everything that it has said.
    pub(crate) fn said(&self) -> String {
        fs::read_to_string(&self.said).unwrap()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// A port of the loopback address that nobody listens on at this moment.
pub(crate) fn free_port() -> u16 {
    let listener = TcpListener::bind(("127.0.0.1", 0)).unwrap();
    listener.local_addr().unwrap().port()
}
