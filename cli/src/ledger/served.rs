//! The serving form: a static C2SP tlog-tiles tree that any file server can publish.
//!
//! *In:* a ledger, read only. *Out:* `checkpoint`, `tile/<L>/<N>[.p/<W>]` of all levels, and, for
//! auditors, `tile/entries/<N>[.p/<W>]`. *Does not know:* who serves it.
//!
//! The checkpoint is verified against the stored tiles before anything is written, each segment
//! against its tile before any of it is written, and `checkpoint` changes last: a reader who follows
//! it always finds its tiles.

use std::collections::BTreeSet;
use std::fs::{self, File, TryLockError};
use std::path::{Component, Path, PathBuf};

use ledgerline::event::Event;
use ledgerline::log::{
    BASE_LEAVES, Checkpoint, EntryBundle, Hash, HashTree, MAX_NOTE_BYTES, Note, Tile, TileSource,
    TreeHead, VerifierKey, push_entry, root_of, verify_entries,
};
use ledgerline::record::{SEGMENT_EVENTS, segment_key};
use ledgerline::salt::SaltKey;
use rayon::prelude::*;

use super::agreed::check_uncontradicted;
use super::at_checkpoint::AtCheckpoint;
use super::derive::{OpenFile, blocks, hash_segment, root_at};
use super::durable::{
    Access, Disk, DiskFile, FileError, FileLock, RealDisk, read_bounded, temporary,
};
use super::error::LedgerError;
use super::layout::Layout;
use super::log_keys::all_keys;
use super::reader::{Ledger, read_base_tile};
use super::recover::stored_sizes;

/// Segments that a thread is given before progress is told.
const BATCH: usize = 2;

/// Longest entry bundle of records of 54 bytes.
const MAX_BUNDLE_BYTES: u64 = 256 * 56;

/// What is to be written.
#[derive(Clone, Debug, Default)]
pub struct ServeOptions {
    /// Entry bundles, too.
    pub entries: bool,
    /// Replace tiles and bundles that are there with other bytes.
    pub force: bool,
    /// Remove partial tiles that a full one has replaced.
    pub remove_partial: bool,
    /// The log's key as its readers know it; otherwise those of `vkeys`, if `secret/` is there.
    pub key: Option<VerifierKey>,
}

/// What was written.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Served {
    /// The log's origin.
    pub origin: String,
    /// The checkpoint.
    pub head: TreeHead,
    /// Size of the checkpoint that was there.
    pub before: Option<u64>,
    /// Whether the checkpoint's signature was verified.
    pub signature_checked: bool,
    /// Files that were written.
    pub written: u64,
    /// Files that were there with the same bytes.
    pub kept: u64,
    /// Partial tiles and bundles that were removed.
    pub removed: u64,
    /// Whether entry bundles lie there that were not asked for this time.
    pub old_entries: bool,
}

/// Writes the serving form of a ledger's newest checkpoint to `out`, or brings it up to that.
///
/// # Errors
///
/// [`LedgerError::Contradicted`] while a witness's proof of another history is kept;
/// [`LedgerError::NoCheckpoint`]; [`LedgerError::Checkpoint`] unless it is signed by the key;
/// [`LedgerError::NoSecret`] or [`LedgerError::Segment`] where salts cannot be had;
/// [`LedgerError::Damaged`] if events, tiles and checkpoint contradict each other, or `out` holds
/// something else, a ledger, a larger tree or a fork, or lies in a ledger. `checkpoint` in `out` is then as before.
pub fn serve_tree(
    ledger: &Path,
    out: &Path,
    options: &ServeOptions,
    progress: &mut dyn FnMut(u64, u64),
) -> Result<Served, LedgerError> {
    serve_tree_on(&RealDisk, ledger, out, options, progress)
}

/// As [`serve_tree`], with everything that is written going to `disk`.
///
/// # Errors
///
/// As [`serve_tree`].
pub fn serve_tree_on(
    disk: &dyn Disk,
    ledger: &Path,
    out: &Path,
    options: &ServeOptions,
    progress: &mut dyn FnMut(u64, u64),
) -> Result<Served, LedgerError> {
    check_apart(ledger, out)?;
    check_uncontradicted(&Layout::new(ledger))?;
    let (source, signature_checked) = Source::open(ledger, options)?;
    disk.create_dirs(out, Access::Public)?;
    check_content(out, options)?;
    let _lock = lock(out)?;
    let before = check_before(out, &source)?;
    let size = source.head.size;
    let target = Target {
        disk,
        out,
        real: fs::canonicalize(out).map_err(FileError::at("find", out))?,
        options,
    };
    let mut count = Count::default();
    let numbers: Vec<u64> = (0..size.div_ceil(SEGMENT_EVENTS)).collect();
    progress(0, size);
    for batch in numbers.chunks(BATCH * rayon::current_num_threads()) {
        let counts: Vec<Result<Count, LedgerError>> = batch
            .par_iter()
            .map(|number| source.write_segment(*number, &target))
            .collect();
        for one in counts {
            count.add(one?);
        }
        let done = batch.last().map_or(0, |last| (last + 1) * SEGMENT_EVENTS);
        progress(done.min(size), size);
    }
    count.add(source.write_upper(&target)?);

    let path = out.join("checkpoint");
    let bytes = source.note.to_string();
    // Once more: where directories cannot be locked, another run may have come between.
    check_before(out, &source)?;
    if fs::read(&path).is_ok_and(|there| there == bytes.as_bytes()) {
        count.kept += 1;
    } else {
        disk.write_atomic(&path, bytes.as_bytes(), Access::Public)?;
        count.written += 1;
    }
    let removed = if options.remove_partial {
        remove_partial(disk, out, size)?
    } else {
        0
    };
    Ok(Served {
        origin: source.ledger.origin().to_owned(),
        head: source.head,
        before: before.map(|head| head.size),
        signature_checked,
        written: count.written,
        kept: count.kept,
        removed,
        old_entries: !options.entries && out.join("tile/entries").is_dir(),
    })
}

/// Files written and kept.
#[derive(Clone, Copy, Default)]
struct Count {
    written: u64,
    kept: u64,
}

impl Count {
    fn add(&mut self, other: Self) {
        self.written += other.written;
        self.kept += other.kept;
    }
}

fn refused(out: &Path, expected: &str, found: impl Into<String>) -> LedgerError {
    LedgerError::damaged(out, None, expected, found)
}

/// No ledger's secrets lie in what is published, nor around it: neither those of this ledger nor those
/// of another. Nothing is made yet, so that nothing is left behind where this refuses.
fn check_apart(ledger: &Path, out: &Path) -> Result<(), LedgerError> {
    let place = place_of(out)?;
    let ledger = fs::canonicalize(ledger).ok();
    let is_around = |ledger: PathBuf| place.starts_with(&ledger) || ledger.starts_with(&place);
    if ledger.is_some_and(is_around) {
        return Err(refused(
            out,
            "a directory apart from the ledger, which holds secrets",
            "one inside or around it; choose another --out",
        ));
    }
    let around = place.ancestors().skip(1).find(|dir| is_ledger(dir));
    let other = match around {
        Some(dir) => Some(dir.to_owned()),
        None => ledger_in(&place)?,
    };
    match other {
        None => Ok(()),
        Some(other) => Err(refused(
            out,
            "a directory apart from every ledger, as ledgers hold secrets",
            format!(
                "one with ledger.toml or secret in {}; choose another --out, --force does not help",
                other.display()
            ),
        )),
    }
}

/// Where a directory lies or will lie, without symbolic links.
fn place_of(out: &Path) -> Result<PathBuf, LedgerError> {
    let mut above = out
        .ancestors()
        .map(|dir| (dir, Path::new(".").join(dir)))
        .filter_map(|(dir, path)| Some((dir, fs::canonicalize(path).ok()?)));
    let (dir, mut place) = above.next().ok_or_else(|| {
        let expected = "a directory below one that is there";
        refused(out, expected, "none; choose another --out")
    })?;
    // `..` has no meaning behind a directory that is yet to be made.
    for part in out.strip_prefix(dir).unwrap_or(out).components() {
        match part {
            Component::Normal(name) => place.push(name),
            _ => {
                return Err(refused(
                    out,
                    "a path with `..` only behind directories that are there",
                    format!(
                        "one behind a directory that is not in {}; write --out without it",
                        place.display()
                    ),
                ));
            }
        }
    }
    Ok(place)
}

/// Whether this directory is a ledger, or what is left of one.
fn is_ledger(dir: &Path) -> bool {
    let files = ["ledger.toml", "secret/log.key", "secret/master.key"];
    files
        .iter()
        .any(|file| dir.join(file).symlink_metadata().is_ok())
}

/// The first directory in `out`, or `out` itself, that holds `ledger.toml` or `secret`. Symbolic links
/// are followed, as file servers follow them; tiles, which may be many, are not looked through.
fn ledger_in(out: &Path) -> Result<Option<PathBuf>, LedgerError> {
    let mut open = vec![out.to_owned()];
    let mut seen = BTreeSet::new();
    while let Some(dir) = open.pop() {
        let Ok(dir) = fs::canonicalize(dir) else {
            continue;
        };
        if !dir.is_dir() || !seen.insert(dir.clone()) {
            continue;
        }
        if is_ledger(&dir) || dir.join("secret").symlink_metadata().is_ok() {
            return Ok(Some(dir));
        }
        if dir == out.join("tile") {
            continue;
        }
        for entry in fs::read_dir(&dir).map_err(FileError::at("read", &dir))? {
            let entry = entry.map_err(FileError::at("read", &dir))?;
            if entry.file_type().is_ok_and(|kind| !kind.is_file()) {
                open.push(entry.path());
            }
        }
    }
    Ok(None)
}

/// `out` must be free, or a tree that was written before: nothing else lies in it.
fn check_content(out: &Path, options: &ServeOptions) -> Result<(), LedgerError> {
    let entries = fs::read_dir(out).map_err(FileError::at("read", out))?;
    for entry in entries {
        let name = entry.map_err(FileError::at("read", out))?.file_name();
        let ours = ["tile", "checkpoint", "checkpoint.tmp"];
        if !options.force && !ours.iter().any(|ours| name == *ours) {
            return Err(refused(
                out,
                "an empty directory or a tree that was written before",
                format!(
                    "{} in it; choose another --out, or add --force",
                    name.display()
                ),
            ));
        }
    }
    Ok(())
}

/// Keeps a second `tiles` away while the returned lock is held. Only Unix opens directories.
fn lock(out: &Path) -> Result<Option<FileLock>, LedgerError> {
    if !cfg!(unix) {
        return Ok(None);
    }
    let dir = File::open(out).map_err(FileError::at("open", out))?;
    match dir.try_lock() {
        Ok(()) => Ok(Some(FileLock(dir))),
        Err(TryLockError::WouldBlock) => Err(refused(
            out,
            "to be the only one that writes to this directory",
            "another `ledgerline tiles` at work in it; wait until it is done",
        )),
        Err(TryLockError::Error(error)) => Err(FileError::at("lock", out)(error).into()),
    }
}

/// A tree that is there already must be a beginning of this one.
fn check_before(out: &Path, source: &Source) -> Result<Option<TreeHead>, LedgerError> {
    let path = out.join("checkpoint");
    let bytes = match read_bounded(&path, MAX_NOTE_BYTES as u64) {
        Err(error) if error.is_not_found() => return Ok(None),
        other => other?,
    };
    let origin = source.ledger.origin();
    let refuse =
        |expected: String, found: String| Err(LedgerError::damaged(&path, None, expected, found));
    let old = Note::parse(&bytes)
        .ok()
        .and_then(|note| Checkpoint::parse(note.text()).ok());
    let Some(old) = old else {
        return refuse(
            format!("a checkpoint of {origin}"),
            "another text; remove the directory if it is to be written anew".to_owned(),
        );
    };
    if old.origin() != origin {
        return refuse(
            format!("a checkpoint of {origin}"),
            format!("one of {}; choose another --out", old.origin()),
        );
    }
    let (old, new) = (old.head(), source.head);
    if old.size > new.size {
        return refuse(
            format!(
                "a published tree of at most {} leaves, as this ledger has",
                new.size
            ),
            format!(
                "one of {}; a log never shrinks: this ledger is an old copy",
                old.size
            ),
        );
    }
    let root = source.root_of_size(old.size)?;
    if root != old.root {
        return refuse(
            format!(
                "the root {root}, which the first {} leaves of this ledger have",
                old.size
            ),
            format!(
                "the root {}: a fork; keep both as evidence and publish neither",
                old.root
            ),
        );
    }
    Ok(Some(old))
}

/// A ledger whose newest checkpoint is the root of its stored tiles.
struct Source {
    ledger: Ledger,
    note: Note,
    head: TreeHead,
    open: Vec<OpenFile>,
    master: Option<SaltKey>,
    /// The hashes of level 8 of the whole tree, as stored, or from events that are not sealed.
    tree: HashTree,
    /// Sizes of all checkpoints up to this one: readers of any of them find its partial tiles.
    sizes: Vec<u64>,
}

impl Source {
    /// Reads what is needed, and whether the signature was verified.
    fn open(path: &Path, options: &ServeOptions) -> Result<(Self, bool), LedgerError> {
        let AtCheckpoint {
            ledger,
            note,
            head,
            open,
        } = AtCheckpoint::open(path)?;
        let master = match ledger.master_secret() {
            Ok(master) => Some(master),
            Err(LedgerError::NoSecret { .. }) => None,
            Err(error) => return Err(error),
        };
        let own = match ledger.log_keys() {
            Ok(keys) => all_keys(ledger.layout(), &keys)?,
            Err(LedgerError::NoSecret { .. }) => Vec::new(),
            Err(error) => return Err(error),
        };
        let keys = match &options.key {
            Some(key) => vec![key.clone()],
            None => own,
        };
        if !keys.is_empty() {
            Checkpoint::open(&note, ledger.origin(), &keys).map_err(|error| {
                LedgerError::Checkpoint {
                    path: ledger.layout().checkpoint(),
                    error,
                }
            })?;
        }
        let mut sizes = stored_sizes(ledger.layout())?;
        sizes.retain(|size| *size < head.size);
        let mut source = Self {
            ledger,
            note,
            head,
            open,
            master,
            tree: HashTree::default(),
            sizes,
        };
        source.tree = source.stored_tree()?;
        let found = source.root_of_size(source.head.size)?;
        if found != source.head.root {
            return Err(LedgerError::damaged(
                source.ledger.layout().checkpoint(),
                Some("line 3".to_owned()),
                format!("the root {found} of the ledger's tiles"),
                format!("{}; `ledgerline fsck` finds the damage", source.head.root),
            ));
        }
        Ok((source, !keys.is_empty()))
    }

    /// The complete 256 leaves of the checkpoint's tree.
    fn stored_tree(&self) -> Result<HashTree, LedgerError> {
        let size = self.head.size;
        let mut base = Vec::new();
        for number in 0..size.div_ceil(SEGMENT_EVENTS) {
            let at = usize::try_from(number).unwrap_or(usize::MAX);
            match self.ledger.segments().get(at) {
                Some(info) => {
                    base.extend(read_base_tile(self.ledger.layout(), number, info.count)?);
                }
                None => {
                    let key = self.salt_key(number)?;
                    let first = number * SEGMENT_EVENTS;
                    base.extend(hash_segment(&self.events(number)?, &key, first, &[]).base);
                }
            }
        }
        base.truncate(usize::try_from(size / BASE_LEAVES as u64).unwrap_or(usize::MAX));
        HashTree::from_parts(base, Vec::new()).map_err(|error| {
            LedgerError::damaged(
                self.ledger.layout().segments(),
                None,
                "a tree",
                error.to_string(),
            )
        })
    }

    /// The root of the first `size` leaves.
    fn root_of_size(&self, size: u64) -> Result<Hash, LedgerError> {
        let mut end = None;
        if !size.is_multiple_of(BASE_LEAVES as u64) {
            let number = size / SEGMENT_EVENTS;
            let first = number * SEGMENT_EVENTS;
            let key = self.salt_key(number)?;
            let hashes = hash_segment(&self.events(number)?, &key, first, &[size]);
            end = hashes.ends.first().map(|(_, root)| *root);
        }
        root_at(&self.tree, size, end).ok_or_else(|| {
            LedgerError::damaged(
                self.ledger.layout().root(),
                None,
                format!("the {size} events of the checkpoint"),
                "fewer; `ledgerline fsck` finds the damage",
            )
        })
    }

    fn salt_key(&self, number: u64) -> Result<SaltKey, LedgerError> {
        let at = usize::try_from(number).unwrap_or(usize::MAX);
        if at < self.ledger.segments().len() {
            return self.ledger.salt_key(number);
        }
        let master = self.master.as_ref().ok_or_else(|| LedgerError::NoSecret {
            path: self.ledger.layout().secrets().join("master.key"),
        })?;
        Ok(segment_key(master, self.ledger.origin(), number))
    }

    fn events(&self, number: u64) -> Result<Vec<Event>, LedgerError> {
        match self.open.iter().find(|file| file.number == number) {
            Some(file) => Ok(file.content.events.clone()),
            None => Ok(self.ledger.read_segment(number)?.events),
        }
    }

    /// Writes the tiles of level 0 and the bundles of one segment.
    fn write_segment(&self, number: u64, target: &Target<'_>) -> Result<Count, LedgerError> {
        let from = number * SEGMENT_EVENTS;
        let to = (from + SEGMENT_EVENTS).min(self.head.size);
        let width = BASE_LEAVES as u64;
        let tiles: Vec<Tile> = (from / width..to.div_ceil(width))
            .filter_map(|index| {
                let leaves = (to - index * width).min(width);
                Tile::new(0, index, u16::try_from(leaves).ok()?).ok()
            })
            .collect();
        if tiles
            .iter()
            .all(|tile| target.holds(*tile, self.base(*tile)))
        {
            let files = tiles.len() as u64 * if target.options.entries { 2 } else { 1 };
            return Ok(Count {
                written: 0,
                kept: files,
            });
        }
        let key = self.salt_key(number)?;
        let events = self.events(number)?;
        let events = events.get(..usize::try_from(to - from).unwrap_or(usize::MAX));
        let events = events.ok_or_else(|| self.contradiction(number, 0, "fewer events"))?;
        let mut files = Vec::new();
        let mut wrong = None;
        blocks(events, &key, |block, records, leaves| {
            let Some(tile) = tiles.get(block) else { return };
            if self.base(*tile).is_some_and(|base| base != root_of(leaves)) {
                wrong.get_or_insert(block);
            }
            for tile in self.widths_of(*tile) {
                let width = usize::from(tile.width());
                files.push(OutFile {
                    path: target.out.join(tile.to_string()),
                    bytes: bytes_of(leaves.get(..width).unwrap_or_default()),
                    access: Access::Public,
                });
                if target.options.entries
                    && let Ok(bundle) = EntryBundle::new(tile.index(), tile.width())
                {
                    let mut bytes = Vec::new();
                    for record in records.iter().take(width) {
                        // Records have 54 bytes.
                        let _ = push_entry(&mut bytes, record.as_bytes());
                    }
                    files.push(OutFile {
                        path: target.out.join(bundle.to_string()),
                        bytes,
                        access: Access::Secret,
                    });
                }
            }
        });
        match wrong {
            Some(block) => Err(self.contradiction(number, block, "other hashes")),
            None => target.write(files),
        }
    }

    fn contradiction(&self, number: u64, block: usize, found: &str) -> LedgerError {
        let row = block * BASE_LEAVES;
        LedgerError::damaged(
            self.ledger.layout().segment(number),
            Some(format!("row {row} and those after it")),
            "events with the hashes of the signed tree",
            format!("{found}; `ledgerline fsck` finds the damage"),
        )
    }

    /// The root of a full tile of level 0.
    fn base(&self, tile: Tile) -> Option<Hash> {
        let at = usize::try_from(tile.index()).ok()?;
        self.tree.tile_hashes(1).get(at).copied()
    }

    /// Writes the tiles above level 0.
    fn write_upper(&self, target: &Target<'_>) -> Result<Count, LedgerError> {
        let mut files = Vec::new();
        for level in 1..8 {
            let hashes = self.tree.tile_hashes(level).chunks(BASE_LEAVES);
            for (tile, hashes) in Tile::of_tree(level, self.head.size).zip(hashes) {
                files.extend(self.widths_of(tile).into_iter().map(|tile| OutFile {
                    path: target.out.join(tile.to_string()),
                    bytes: bytes_of(hashes.get(..usize::from(tile.width())).unwrap_or_default()),
                    access: Access::Public,
                }));
            }
        }
        target.write(files)
    }

    /// A tile of this tree, and before it, if it is partial, the narrower ones that earlier
    /// checkpoints had in its place.
    ///
    /// Source: C2SP tlog-tiles, "Partial Tiles": those of every size for which there is a checkpoint
    /// are served, until the full one exists.
    fn widths_of(&self, tile: Tile) -> Vec<Tile> {
        let mut tiles = Vec::new();
        if tile.width() < Tile::FULL_WIDTH {
            let last = |size: &u64| Tile::last_of_tree(tile.level(), *size);
            let same = |earlier: &Tile| earlier.index() == tile.index();
            tiles.extend(self.sizes.iter().filter_map(last).filter(same));
            tiles.dedup();
        }
        tiles.retain(|earlier| *earlier != tile);
        tiles.push(tile);
        tiles
    }
}

fn bytes_of(hashes: &[Hash]) -> Vec<u8> {
    hashes.iter().flat_map(|hash| *hash.as_bytes()).collect()
}

struct OutFile {
    path: PathBuf,
    bytes: Vec<u8>,
    access: Access,
}

/// Where the tree is written.
struct Target<'a> {
    disk: &'a dyn Disk,
    out: &'a Path,
    /// `out` without symbolic links.
    real: PathBuf,
    options: &'a ServeOptions,
}

impl Target<'_> {
    /// Whether a full tile, and its bundle if it is asked for, is there and has the right hashes.
    fn holds(&self, tile: Tile, base: Option<Hash>) -> bool {
        let path = self.out.join(tile.to_string());
        let length = u64::from(Tile::FULL_WIDTH) * Hash::LEN as u64;
        let (Some(base), Ok(bytes)) = (base, read_bounded(&path, length)) else {
            return false;
        };
        let (hashes, rest) = bytes.as_chunks();
        let leaves: Vec<Hash> = hashes.iter().copied().map(Hash::from_bytes).collect();
        if leaves.len() != BASE_LEAVES || !rest.is_empty() || root_of(&leaves) != base {
            return false;
        }
        !self.options.entries || self.holds_entries(tile, &leaves)
    }

    fn holds_entries(&self, tile: Tile, leaves: &[Hash]) -> bool {
        let Ok(bundle) = EntryBundle::new(tile.index(), tile.width()) else {
            return false;
        };
        let path = self.out.join(bundle.to_string());
        let Ok(bytes) = read_bounded(&path, MAX_BUNDLE_BYTES) else {
            return false;
        };
        let entries = bundle.split(&bytes);
        entries.is_ok_and(|entries| verify_entries(&entries, leaves).is_ok())
    }

    /// Writes files durably. Those of one directory are fsynced together, which costs one journal
    /// commit instead of hundreds.
    fn write(&self, files: Vec<OutFile>) -> Result<Count, LedgerError> {
        let mut count = Count::default();
        let mut new: Vec<(PathBuf, PathBuf, Box<dyn DiskFile>)> = Vec::new();
        let mut dirs = BTreeSet::new();
        for file in files {
            match fs::read(&file.path) {
                Ok(there) if there == file.bytes => {
                    count.kept += 1;
                    continue;
                }
                Ok(_) if !self.options.force => {
                    return Err(LedgerError::damaged(
                        &file.path,
                        None,
                        "the bytes that this ledger has, as published tiles never change",
                        "others; compare before you replace them with --force",
                    ));
                }
                _ => {}
            }
            if let Some(dir) = file.path.parent()
                && dirs.insert(dir.to_owned())
            {
                self.make_dir(dir)?;
            }
            let beside = temporary(&file.path);
            self.disk.remove_durably(&beside)?;
            let mut handle = self
                .disk
                .create(&beside, file.access)
                .map_err(FileError::at("create", &beside))?;
            handle
                .write(&file.bytes)
                .map_err(FileError::at("write", &beside))?;
            new.push((beside, file.path, handle));
        }
        for (beside, _, handle) in &mut new {
            handle.sync().map_err(FileError::at("fsync", beside))?;
        }
        for (beside, path, _) in &new {
            let renamed = self.disk.rename(beside, path);
            renamed.map_err(FileError::at("rename to", path))?;
        }
        for dir in &dirs {
            let synced = self.disk.sync_dir(dir);
            synced.map_err(FileError::at("fsync", dir))?;
        }
        count.written = new.len() as u64;
        Ok(count)
    }

    /// Makes a directory of the tree; one that a symbolic link leads out of it is refused: it might
    /// lead into the ledger.
    fn make_dir(&self, dir: &Path) -> Result<(), LedgerError> {
        let inside = dir.strip_prefix(self.out).unwrap_or(dir);
        let mut way = self.out.to_owned();
        for part in inside {
            way.push(part);
            let is_apart = fs::canonicalize(&way).is_ok_and(|real| !real.starts_with(&self.real));
            if is_apart || way.is_symlink() {
                return Err(refused(
                    &way,
                    "a directory of its own",
                    "a symbolic link; remove it",
                ));
            }
        }
        self.disk.create_dirs(dir, Access::Public)?;
        Ok(())
    }
}

/// Removes partial tiles and bundles whose full one is there.
fn remove_partial(disk: &dyn Disk, out: &Path, size: u64) -> Result<u64, LedgerError> {
    let mut removed = 0;
    for level in 0..8 {
        let full = |tile: &Tile| tile.width() == Tile::FULL_WIDTH;
        for tile in Tile::of_tree(level, size).filter(full) {
            removed += remove_widths(disk, &out.join(tile.to_string()))?;
            if level == 0
                && let Ok(bundle) = EntryBundle::new(tile.index(), tile.width())
            {
                removed += remove_widths(disk, &out.join(bundle.to_string()))?;
            }
        }
    }
    Ok(removed)
}

/// Removes `<full>.p` with what is in it.
fn remove_widths(disk: &dyn Disk, full: &Path) -> Result<u64, LedgerError> {
    let mut name = full.as_os_str().to_owned();
    name.push(".p");
    let dir = PathBuf::from(name);
    let entries = match fs::read_dir(&dir) {
        Ok(entries) if full.is_file() => entries,
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
            return Err(FileError::at("read", &dir)(error).into());
        }
        _ => return Ok(0),
    };
    let mut count = 0;
    for entry in entries {
        let path = entry.map_err(FileError::at("read", &dir))?.path();
        disk.remove(&path).map_err(FileError::at("remove", &path))?;
        count += 1;
    }
    // If it comes back after a crash it is empty, and the next run removes it.
    fs::remove_dir(&dir).map_err(FileError::at("remove", &dir))?;
    Ok(count)
}

/// A served tree in a directory, to read proofs from.
#[derive(Clone, Debug)]
pub struct TileDir(PathBuf);

impl TileDir {
    /// The tree whose `tile` directory lies in `dir`.
    #[must_use]
    pub fn new(dir: &Path) -> Self {
        Self(dir.to_owned())
    }
}

impl TileSource for TileDir {
    type Error = FileError;

    /// Reads each tile, or in the place of a partial one the full one.
    fn read(&self, tiles: &[Tile]) -> Result<Vec<Vec<u8>>, FileError> {
        let limit = u64::from(Tile::FULL_WIDTH) * Hash::LEN as u64;
        let read = |tile: &Tile| {
            let path = |tile: &Tile| self.0.join(tile.to_string());
            match read_bounded(&path(tile), limit) {
                Err(error) if error.is_not_found() => {
                    let full = Tile::new(tile.level(), tile.index(), Tile::FULL_WIDTH);
                    let full = full.ok().filter(|full| full != tile);
                    full.and_then(|full| read_bounded(&path(&full), limit).ok())
                        .ok_or(error)
                }
                other => other,
            }
        };
        tiles.iter().map(read).collect()
    }
}
