//! A ledger with checkpoints at awkward sizes, and the tree of it that a file server would publish.

use std::fs;
use std::path::{Path, PathBuf};

use ledgerline_tests::program::{self, Ran};
use tempfile::TempDir;

/// Origin of its log.
pub(crate) const ORIGIN: &str = "interop.example/plays/2026-04";

/// In its directory: `sim/` with the events, `ledger/`, and `site/` once published.
pub(crate) struct World {
    dir: TempDir,
    /// The log's verifier key.
    pub(crate) vkey: String,
    /// Events that are not in the log yet.
    rest: Vec<String>,
    /// Sizes of the checkpoints, ascending.
    sizes: Vec<usize>,
}

impl World {
    /// A ledger without events, and the events of so many plays for it.
    pub(crate) fn new(plays: u32) -> World {
        let dir = TempDir::new().unwrap();
        let plays = plays.to_string();
        let small = ["simulate", "--preset", "small", "--seed", "4", "--plays"];
        let simulated = program::run(
            dir.path(),
            &[&small[..], &[&plays, "--out", "sim"]].concat(),
        );
        assert_eq!(simulated.code, 0, "{simulated}");
        let init = ["init", "ledger", "--origin", ORIGIN, "--period", "2026-04"];
        let vkey = program::run(dir.path(), &init).fine();
        let events = fs::read_to_string(dir.path().join("sim/events.ndjson")).unwrap();
        let rest = events.lines().map(str::to_owned).collect();
        World {
            vkey: vkey.trim().to_owned(),
            rest,
            sizes: Vec::new(),
            dir,
        }
    }

    /// A ledger with a checkpoint at each of these sizes and at the end, each published at its time, so
    /// that the partial tiles of each are served.
    pub(crate) fn with_checkpoints(plays: u32, sizes: &[usize]) -> World {
        let mut world = World::new(plays);
        for size in sizes {
            world.grow_to(*size);
            world.done(&["checkpoint", "ledger"]);
            world.publish();
        }
        world.grow_to(usize::MAX);
        world.done(&["checkpoint", "ledger"]);
        world.publish();
        world
    }

    /// Ingests events until the log has `size`, or all of them.
    pub(crate) fn grow_to(&mut self, size: usize) {
        let before = self.size();
        let count = (size - before).min(self.rest.len());
        let more: Vec<String> = self.rest.drain(..count).collect();
        self.ingest(&more, "ledger");
        self.sizes.push(before + count);
    }

    /// Ingests the last events, which are not in the log, into a copy of the ledger.
    pub(crate) fn ingest_last(&self, count: usize, ledger: &str) {
        self.ingest(&self.rest[self.rest.len() - count..], ledger);
    }

    fn ingest(&self, events: &[String], ledger: &str) {
        fs::write(self.path("more.ndjson"), events.join("\n") + "\n").unwrap();
        self.done(&["ingest", ledger, "more.ndjson"]);
    }

    /// The size of the log.
    pub(crate) fn size(&self) -> usize {
        self.sizes.last().copied().unwrap_or(0)
    }

    /// The checkpoints, oldest first, as paths within the directory.
    pub(crate) fn checkpoints(&self) -> Vec<String> {
        let path = |size| format!("ledger/checkpoints/{size}");
        self.sizes.iter().map(path).collect()
    }

    /// Writes the static tree with entry bundles to `site`, as an operator would for auditors.
    fn publish(&self) {
        self.done(&["tiles", "ledger", "--out", "site", "--entries"]);
    }

    /// What a foreign reader must print first: size and root of the newest checkpoint.
    pub(crate) fn head(&self) -> String {
        let note = fs::read_to_string(self.path("ledger/checkpoint")).unwrap();
        let mut lines = note.lines().skip(1);
        let (size, root) = (lines.next().unwrap(), lines.next().unwrap());
        assert_eq!(size, self.size().to_string());
        format!("{size} {root}")
    }

    /// Runs `ledgerline` here, which must end well.
    #[track_caller]
    pub(crate) fn done(&self, arguments: &[&str]) {
        let ran = self.run(arguments);
        assert_eq!(ran.code, 0, "{ran}");
    }

    /// Runs `ledgerline` here.
    pub(crate) fn run(&self, arguments: &[&str]) -> Ran {
        program::run(self.dir(), arguments)
    }

    /// A file here.
    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.dir().join(name)
    }

    /// The directory.
    pub(crate) fn dir(&self) -> &Path {
        self.dir.path()
    }
}
