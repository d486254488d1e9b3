//! A disk that remembers every operation, lets any of them fail, and knows what a crash may leave.
//!
//! Files really change below a directory, so that reading works; nothing is ever fsynced there.
//! What would survive a power failure is computed from the remembered operations.
//!
//! # The model
//!
//! A journalling POSIX file system, with no more promises than POSIX makes; after Pillai et al.,
//! "All File Systems Are Not Created Equal" (OSDI 2014), which calls this an abstract persistence
//! model, and Rebello et al., "Can Applications Recover from fsync Failures?" (ATC 2020).
//!
//! - A name and a file are two things. A directory's names are durable once *it* was fsynced, a
//!   file's bytes once the file was. Neither fsync does the other's work.
//! - What was written and not fsynced survives whole, not at all, as any prefix, with any 512-byte
//!   sectors of it zero, or with other bytes from some point on (the size was written, the data
//!   was not).
//! - Each change of a directory that was not fsynced is there or not, whatever happened to the
//!   others, in this directory and elsewhere. One rename is one change: both of its names change or
//!   neither does. What a lost directory held is lost.
//! - After a failed fsync of a file its bytes are shown to readers and never reach the disk, also
//!   not by a later fsync of the same file that reports success: the pages count as clean. Some of
//!   them may have been written nevertheless.
//! - After a failed fsync of a directory its changes wait for the next one: file systems keep
//!   them in their journal, and one whose journal failed takes nothing more.
//! - A failed write leaves any prefix behind it; every other failed operation did nothing.
//!
//! Not modelled: a disk that loses what it said was durable, or that damages old sectors.

use std::collections::BTreeMap;
use std::fs;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};

use ledgerline_cli::ledger::durable::{Access, Disk, DiskFile, RealDisk};

/// One operation that was done, or a word of the test between two of them.
#[derive(Clone, Debug)]
pub enum Op {
    Create {
        path: String,
        handle: usize,
    },
    Open {
        path: String,
        handle: usize,
    },
    Write {
        handle: usize,
        bytes: Arc<[u8]>,
    },
    Sync {
        handle: usize,
    },
    Rename {
        from: String,
        to: String,
    },
    Remove {
        path: String,
    },
    CreateDir {
        path: String,
    },
    SyncDir {
        path: String,
    },
    /// A failed fsync of a file.
    SyncFailed {
        handle: usize,
    },
    /// Any other operation that failed.
    Failed,
    Mark(Mark),
}

/// What the world outside has been told.
#[derive(Clone, Copy, Debug)]
pub enum Mark {
    /// `create` returned.
    Created,
    /// So many events are acknowledged.
    Acknowledged(u64),
    /// `keep_policy` returned.
    Policy,
    /// `store` returned, for a note of this size with a cosignature.
    Cosigned(u64),
    /// `keep_contradiction`, or `tiles` returned.
    Done,
    /// `publish` returned this size.
    Published(u64),
}

/// How an operation fails.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum How {
    /// With EIO, nothing done.
    Eio,
    /// With ENOSPC, half of what was to be written being written.
    Short,
}

/// The disk.
#[derive(Clone, Debug)]
pub struct SimDisk {
    root: PathBuf,
    state: Arc<Mutex<State>>,
}

#[derive(Debug, Default)]
struct State {
    ops: Vec<Op>,
    calls: usize,
    handles: usize,
    fault: Option<(usize, How)>,
}

#[derive(Debug)]
struct SimFile {
    file: Box<dyn DiskFile>,
    handle: usize,
    disk: SimDisk,
}

impl SimDisk {
    /// A disk below this directory.
    pub fn new(root: &Path) -> Self {
        Self {
            root: root.to_owned(),
            state: Arc::default(),
        }
    }

    /// The same, whose call number `at` fails.
    pub fn failing(root: &Path, at: usize, how: How) -> Self {
        let disk = Self::new(root);
        disk.state.lock().unwrap().fault = Some((at, how));
        disk
    }

    pub fn mark(&self, mark: Mark) {
        self.state.lock().unwrap().ops.push(Op::Mark(mark));
    }

    /// Calls so far, failed ones included.
    pub fn calls(&self) -> usize {
        self.state.lock().unwrap().calls
    }

    pub fn ops(&self) -> Vec<Op> {
        self.state.lock().unwrap().ops.clone()
    }

    fn name(&self, path: &Path) -> String {
        let name = path.strip_prefix(&self.root).expect("below the root");
        name.to_str().unwrap().to_owned()
    }

    /// Does one call under the lock, so that the order of operations is the order of their effects.
    fn call<T>(
        &self,
        act: impl FnOnce(&mut State, Option<How>) -> (Op, io::Result<T>),
    ) -> io::Result<T> {
        let mut state = self.state.lock().unwrap();
        let number = state.calls;
        state.calls += 1;
        let how = state
            .fault
            .filter(|(at, _)| *at == number)
            .map(|(_, how)| how);
        let (op, result) = act(&mut state, how);
        state.ops.push(op);
        result
    }

    /// A call that does nothing if it fails.
    fn whole<T>(&self, op: Op, act: impl FnOnce() -> io::Result<T>) -> io::Result<T> {
        self.call(|_, how| match how {
            Some(how) => (Op::Failed, Err(how.error())),
            None => match act() {
                Ok(value) => (op, Ok(value)),
                Err(error) => (Op::Failed, Err(error)),
            },
        })
    }

    fn opened(
        &self,
        op: impl FnOnce(usize) -> Op,
        act: impl FnOnce() -> io::Result<Box<dyn DiskFile>>,
    ) -> io::Result<Box<dyn DiskFile>> {
        let handle = {
            let mut state = self.state.lock().unwrap();
            state.handles += 1;
            state.handles
        };
        let file = self.whole(op(handle), act)?;
        let disk = self.clone();
        Ok(Box::new(SimFile { file, handle, disk }))
    }
}

impl How {
    fn error(self) -> io::Error {
        // Linux's numbers.
        io::Error::from_raw_os_error(match self {
            Self::Eio => 5,
            Self::Short => 28,
        })
    }
}

impl Disk for SimDisk {
    fn create(&self, path: &Path, access: Access) -> io::Result<Box<dyn DiskFile>> {
        let name = self.name(path);
        self.opened(
            |handle| Op::Create { path: name, handle },
            || RealDisk.create(path, access),
        )
    }

    fn open(&self, path: &Path) -> io::Result<Box<dyn DiskFile>> {
        let name = self.name(path);
        self.opened(
            |handle| Op::Open { path: name, handle },
            || RealDisk.open(path),
        )
    }

    fn rename(&self, from: &Path, to: &Path) -> io::Result<()> {
        let op = Op::Rename {
            from: self.name(from),
            to: self.name(to),
        };
        self.whole(op, || RealDisk.rename(from, to))
    }

    fn remove(&self, path: &Path) -> io::Result<()> {
        let op = Op::Remove {
            path: self.name(path),
        };
        self.whole(op, || RealDisk.remove(path))
    }

    fn create_dir(&self, path: &Path, access: Access) -> io::Result<()> {
        let op = Op::CreateDir {
            path: self.name(path),
        };
        self.whole(op, || RealDisk.create_dir(path, access))
    }

    fn sync_dir(&self, path: &Path) -> io::Result<()> {
        let op = Op::SyncDir {
            path: self.name(path),
        };
        self.whole(op, || fs::metadata(path).map(|_| ()))
    }
}

impl DiskFile for SimFile {
    fn write(&mut self, bytes: &[u8]) -> io::Result<()> {
        let (handle, file) = (self.handle, &mut self.file);
        self.disk.call(|_, how| {
            let part = match how {
                None => bytes,
                Some(How::Eio) => &[],
                Some(How::Short) => &bytes[..bytes.len() / 2],
            };
            file.write(part).unwrap();
            let bytes = part.into();
            let result = how.map_or(Ok(()), |how| Err(how.error()));
            (Op::Write { handle, bytes }, result)
        })
    }

    fn sync(&mut self) -> io::Result<()> {
        let handle = self.handle;
        self.disk.call(|_, how| match how {
            None => (Op::Sync { handle }, Ok(())),
            Some(how) => (Op::SyncFailed { handle }, Err(how.error())),
        })
    }
}

/// What readers see, and what is durable, after some operations.
#[derive(Clone, Debug)]
pub struct World {
    nodes: Vec<Node>,
    handles: BTreeMap<usize, usize>,
    chunks: usize,
}

#[derive(Clone, Debug)]
enum Node {
    Dir {
        durable: BTreeMap<String, usize>,
        now: BTreeMap<String, usize>,
        pending: Vec<Change>,
    },
    File(Vec<Chunk>),
}

#[derive(Clone, Debug)]
enum Change {
    Set(String, usize),
    Unset(String),
    Rename(String, String, usize),
}

/// Bytes that were written at once.
#[derive(Clone, Debug)]
struct Chunk {
    number: usize,
    bytes: Arc<[u8]>,
    fate: Fate,
}

#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Fate {
    Pending,
    Durable,
    /// An fsync failed.
    Lost,
}

impl Node {
    fn dir() -> Self {
        Self::Dir {
            durable: BTreeMap::new(),
            now: BTreeMap::new(),
            pending: Vec::new(),
        }
    }
}

impl Change {
    fn apply(&self, names: &mut BTreeMap<String, usize>) {
        match self {
            Self::Set(name, node) => {
                names.insert(name.clone(), *node);
            }
            Self::Unset(name) => {
                names.remove(name);
            }
            Self::Rename(from, to, node) => {
                // The old name may have been lost before, or be another file's.
                if names.get(from) == Some(node) {
                    names.remove(from);
                }
                names.insert(to.clone(), *node);
            }
        }
    }
}

impl World {
    /// An empty directory.
    pub fn new() -> Self {
        Self {
            nodes: vec![Node::dir()],
            handles: BTreeMap::new(),
            chunks: 0,
        }
    }

    /// Another process goes on; its handles are its own.
    pub fn next_process(&mut self) {
        self.handles.clear();
    }

    fn find(&self, path: &str) -> usize {
        path.split('/')
            .filter(|part| !part.is_empty())
            .fold(0, |at, part| match &self.nodes[at] {
                Node::Dir { now, .. } => *now.get(part).unwrap_or_else(|| panic!("no {path}")),
                Node::File(_) => panic!("{path} is below a file"),
            })
    }

    fn change(&mut self, dir: &str, change: Change) {
        let at = self.find(dir);
        let Node::Dir { now, pending, .. } = &mut self.nodes[at] else {
            panic!("{dir} is a file");
        };
        change.apply(now);
        pending.push(change);
    }

    fn add(&mut self, path: &str, node: Node) -> usize {
        let (dir, name) = cut(path);
        self.nodes.push(node);
        let number = self.nodes.len() - 1;
        self.change(dir, Change::Set(name.to_owned(), number));
        number
    }

    fn file(&mut self, handle: usize) -> &mut Vec<Chunk> {
        let node = self.handles[&handle];
        match &mut self.nodes[node] {
            Node::File(chunks) => chunks,
            Node::Dir { .. } => panic!("a directory is written to"),
        }
    }

    fn settle(&mut self, handle: usize, fate: Fate) {
        for chunk in self.file(handle) {
            if chunk.fate == Fate::Pending {
                chunk.fate = fate;
            }
        }
    }

    /// Does one operation. Gives the content of the file that a rename put in place.
    pub fn apply(&mut self, op: &Op) -> Option<(String, Vec<u8>)> {
        match op {
            Op::Create { path, handle } => {
                let node = self.add(path, Node::File(Vec::new()));
                self.handles.insert(*handle, node);
            }
            Op::Open { path, handle } => {
                let node = self.find(path);
                self.handles.insert(*handle, node);
            }
            Op::Write { handle, bytes } => {
                self.chunks += 1;
                let chunk = Chunk {
                    number: self.chunks,
                    bytes: bytes.clone(),
                    fate: Fate::Pending,
                };
                self.file(*handle).push(chunk);
            }
            Op::Sync { handle } => self.settle(*handle, Fate::Durable),
            Op::SyncFailed { handle } => self.settle(*handle, Fate::Lost),
            Op::Rename { from, to } => {
                let node = self.find(from);
                let ((dir, old), (target, new)) = (cut(from), cut(to));
                assert_eq!(dir, target, "the model knows no other renames");
                self.change(dir, Change::Rename(old.to_owned(), new.to_owned(), node));
                if let Node::File(chunks) = &self.nodes[node] {
                    let bytes = chunks.iter().flat_map(|c| c.bytes.iter().copied());
                    return Some((to.clone(), bytes.collect()));
                }
            }
            Op::Remove { path } => {
                let (dir, name) = cut(path);
                self.change(dir, Change::Unset(name.to_owned()));
            }
            Op::CreateDir { path } => {
                self.add(path, Node::dir());
            }
            Op::SyncDir { path } => {
                let at = self.find(path);
                if let Node::Dir {
                    durable,
                    now,
                    pending,
                } = &mut self.nodes[at]
                {
                    *durable = now.clone();
                    pending.clear();
                }
            }
            Op::Failed | Op::Mark(_) => {}
        }
        None
    }

    /// What a crash leaves here.
    pub fn crash(&self, crash: &mut Crash) -> Image {
        let mut image = Image::default();
        self.collect(0, "", crash, &mut image);
        image
    }

    fn collect(&self, node: usize, path: &str, crash: &mut Crash, image: &mut Image) {
        match &self.nodes[node] {
            Node::File(chunks) => {
                let pieces = chunks.iter().map(|chunk| crash.piece(chunk)).collect();
                image.0.insert(path.to_owned(), Some(pieces));
            }
            Node::Dir {
                durable,
                now,
                pending,
            } => {
                let names = match crash {
                    Crash::Process => now.clone(),
                    Crash::Strict => durable.clone(),
                    Crash::Random(random) => {
                        let mut names = durable.clone();
                        for change in pending {
                            if random.below(2) == 0 {
                                change.apply(&mut names);
                            }
                        }
                        names
                    }
                };
                if !path.is_empty() {
                    image.0.insert(path.to_owned(), None);
                }
                for (name, node) in names {
                    let below = if path.is_empty() {
                        name
                    } else {
                        format!("{path}/{name}")
                    };
                    self.collect(node, &below, crash, image);
                }
            }
        }
    }
}

fn cut(path: &str) -> (&str, &str) {
    path.rsplit_once('/').unwrap_or(("", path))
}

/// A way to crash.
#[derive(Clone, Debug)]
pub enum Crash {
    /// The process ends; the system lives and has everything.
    Process,
    /// The power fails, and nothing was written that did not have to be.
    Strict,
    /// The power fails, and anything may have been written.
    Random(Random),
}

impl Crash {
    fn piece(&mut self, chunk: &Chunk) -> Piece {
        let length = chunk.bytes.len();
        let kept = match self {
            _ if chunk.fate == Fate::Durable => Kept::Prefix(length),
            Self::Process => Kept::Prefix(length),
            Self::Strict => Kept::Prefix(0),
            Self::Random(random) => match random.below(5) {
                0 => Kept::Prefix(0),
                1 => Kept::Prefix(length),
                2 => Kept::Prefix(random.below(length + 1)),
                3 => Kept::Sectors(random.next()),
                _ => Kept::Garbage(random.below(length + 1), random.next()),
            },
        };
        Piece {
            number: chunk.number,
            bytes: chunk.bytes.clone(),
            kept,
        }
    }
}

/// Files and directories after a crash, by path.
#[derive(Clone, Debug, Default)]
pub struct Image(BTreeMap<String, Option<Vec<Piece>>>);

#[derive(Clone, Debug)]
struct Piece {
    number: usize,
    bytes: Arc<[u8]>,
    kept: Kept,
}

#[derive(Clone, Copy, Debug, Hash)]
enum Kept {
    Prefix(usize),
    Sectors(u64),
    Garbage(usize, u64),
}

impl Piece {
    fn write(&self, content: &mut Vec<u8>) {
        match self.kept {
            Kept::Prefix(length) => content.extend_from_slice(&self.bytes[..length]),
            Kept::Sectors(seed) => {
                let mut random = Random(seed);
                for sector in self.bytes.chunks(512) {
                    if random.below(2) == 0 {
                        content.extend_from_slice(sector);
                    } else {
                        content.resize(content.len() + sector.len(), 0);
                    }
                }
            }
            Kept::Garbage(from, seed) => {
                let mut random = Random(seed);
                content.extend_from_slice(&self.bytes[..from]);
                let rest = self.bytes.len() - from;
                content.extend((0..rest).map(|_| random.next().to_le_bytes()[0]));
            }
        }
    }
}

impl Image {
    /// Equal for images of one world that are equal.
    pub fn fingerprint(&self) -> u64 {
        let mut hasher = DefaultHasher::new();
        for (path, content) in &self.0 {
            path.hash(&mut hasher);
            for piece in content.iter().flatten() {
                (piece.number, piece.kept).hash(&mut hasher);
            }
            content.is_some().hash(&mut hasher);
        }
        hasher.finish()
    }

    pub fn has(&self, path: &str) -> bool {
        self.0.contains_key(path)
    }

    /// Writes it all to this directory.
    pub fn write(&self, root: &Path) {
        for (path, content) in &self.0 {
            let path = root.join(path);
            let Some(pieces) = content else {
                fs::create_dir_all(path).unwrap();
                continue;
            };
            let mut bytes = Vec::new();
            for (at, piece) in pieces.iter().enumerate() {
                piece.write(&mut bytes);
                // Later bytes stay where they were.
                let rest = &pieces[at + 1..];
                if rest.iter().any(|p| !matches!(p.kept, Kept::Prefix(0))) {
                    let end: usize = pieces[..=at].iter().map(|p| p.bytes.len()).sum();
                    bytes.resize(end, 0);
                }
            }
            fs::write(path, bytes).unwrap();
        }
    }
}

/// SplitMix64.
#[derive(Clone, Debug)]
pub struct Random(pub u64);

impl Random {
    pub fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    pub fn below(&mut self, bound: usize) -> usize {
        usize::try_from(self.next() % bound as u64).unwrap()
    }
}
