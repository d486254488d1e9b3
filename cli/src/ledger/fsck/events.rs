//! Segments and write-ahead files: whole, valid, and hashed.

use std::path::PathBuf;

use ledgerline::event::Event;
use ledgerline::log::{BASE_LEAVES, Hash, HashTree, Tile, TreeHead};
use ledgerline::record::{SEGMENT_EVENTS, segment_key};
use ledgerline::salt::SaltKey;
use ledgerline::wire::hex;
use rayon::prelude::*;

use super::super::derive::{OpenFile, SegmentHashes, blocks, hash_segment, read_open, root_at};
use super::super::durable::read_bounded;
use super::super::error::LedgerError;
use super::super::index::{read_salt_keys, read_sums, sha256};
use super::super::layout::{Layout, segment_name};
use super::super::manifest::{Manifest, State};
use super::super::reader::read_base_tile;
use super::super::segment;
use super::files;
use super::report::{Damage, Findings, damage_of, of_problem};
use super::secrets::Secrets;
use crate::ui::counted;

/// Segments that a thread is given before progress is told.
const BATCH: usize = 8;

/// How often the files are read again because a writer sealed a segment meanwhile.
const TRIES: usize = 8;

/// What the ledger says it holds.
pub(super) struct Log {
    pub(super) sums: Vec<[u8; 32]>,
    pub(super) keys: Vec<SaltKey>,
    pub(super) open: Vec<OpenFile>,
    pub(super) state: State,
    /// Why there are no write-ahead files, if they could not be read.
    unreadable: Option<Damage>,
    /// Whether the list of segments and the write-ahead files could be read.
    complete: bool,
}

/// The tree as the events give it.
pub(super) struct Derived {
    /// Over all complete 256 events, as far as there are no gaps.
    pub(super) tree: HashTree,
    /// For tree sizes that were asked for: the root over the leaves behind the last complete 256.
    pub(super) ends: Vec<(u64, Hash)>,
    /// Events that were hashed, without a gap.
    pub(super) events: u64,
    /// Events that are there, hashed or not.
    pub(super) present: u64,
    /// Whether these are all, as far as one can know.
    pub(super) complete: bool,
    /// Half-open ranges of leaves that are taken from tiles, as their segment is damaged.
    pub(super) assumed: Vec<(u64, u64)>,
}

impl Derived {
    /// The root over the leaves behind the last complete 256 of a tree of this size.
    pub(super) fn end(&self, size: u64) -> Option<Hash> {
        let end = self.ends.iter().find(|(of, _)| *of == size);
        end.map(|(_, root)| *root)
    }

    /// Whether there may be more events than are known.
    pub(super) fn is_open_ended(&self) -> bool {
        !self.complete || self.events < self.present
    }
}

/// Reads the lists and the write-ahead files.
pub(super) fn read(
    layout: &Layout,
    manifest: &Manifest,
    findings: &mut Findings,
) -> Result<Log, LedgerError> {
    let mut log = Log {
        sums: Vec::new(),
        keys: Vec::new(),
        open: Vec::new(),
        state: manifest.state,
        unreadable: None,
        complete: false,
    };
    for left in (0..TRIES).rev() {
        log.sums = match read_sums(layout) {
            Ok(sums) => sums,
            Err(error) => {
                findings.absorb(error)?;
                return Ok(log);
            }
        };
        let sealed = log.sums.len() as u64;
        let opened = read_open(layout, sealed);
        // What was sealed after the list had been read has no write-ahead file any more.
        let moved = read_sums(layout).is_ok_and(|now| now.len() != log.sums.len());
        if moved && left > 0 {
            continue;
        }
        match opened {
            Ok(open) => {
                log.open = open;
                log.complete = true;
            }
            Err(error) => {
                log.unreadable = Some(damage_of(error, |path| findings.name(path))?);
            }
        }
        break;
    }
    if let Some(number) = files::unlisted(layout, log.sums.len() as u64)? {
        let at = Some(format!("line {}", log.sums.len() + 1));
        let expected = format!("a line for each segment up to {}", segment_name(number));
        findings.damaged(&layout.sums(), at, expected, "no such line");
        log.complete = false;
    }
    match read_salt_keys(layout) {
        Ok(keys) => log.keys = keys,
        Err(error) => findings.absorb(error)?,
    }
    Ok(log)
}

/// One segment's outcome.
#[derive(Default)]
struct Checked {
    damage: Vec<Damage>,
    hashes: Option<SegmentHashes>,
    count: u64,
    /// Whether the hashes are those of a tile in the place of a damaged segment.
    assumed: bool,
    /// The hashes of the segment's tile, if they are others.
    suspect: Option<Vec<Hash>>,
}

/// What every segment's check needs.
struct Context<'a> {
    layout: &'a Layout,
    log: &'a Log,
    secrets: &'a Secrets,
    sizes: &'a [u64],
    name: &'a (dyn Fn(&std::path::Path) -> String + Sync),
}

/// Checks all segments on all threads, then the write-ahead files.
pub(super) fn check(
    layout: &Layout,
    log: &Log,
    secrets: &Secrets,
    (sizes, heads): (&[u64], &[TreeHead]),
    findings: &mut Findings,
    progress: &mut dyn FnMut(u64, u64),
) -> Result<Derived, LedgerError> {
    let count = log.sums.len() as u64;
    let open_events: u64 = log.open.iter().map(OpenFile::events).sum();
    let total = count * SEGMENT_EVENTS + open_events;
    let mut derived = Parts::default();
    let numbers: Vec<u64> = (0..count).collect();
    for batch in numbers.chunks(BATCH * rayon::current_num_threads()) {
        let root = layout.root().to_owned();
        let name = move |path: &std::path::Path| Findings::new(&root).name(path);
        let context = Context {
            layout,
            log,
            secrets,
            sizes,
            name: &name,
        };
        let checked: Vec<Result<Checked, LedgerError>> = batch
            .par_iter()
            .map(|number| context.segment(*number))
            .collect();
        for (number, checked) in batch.iter().zip(checked) {
            let checked = checked?;
            for damage in &checked.damage {
                findings.add(damage.clone());
            }
            derived.push(*number, checked);
        }
        progress(derived.present.min(total), total);
    }
    let sealed = derived.present;
    check_open(layout, log, secrets, sizes, &mut derived);
    progress(total, total);
    let suspects = std::mem::take(&mut derived.suspects);
    let mut derived = derived.finish(layout, log.complete)?;
    blame(layout, suspects, heads, &mut derived, findings);
    let what = "SHA256SUMS, every row, every salt key, every leaf hash";
    let detail = format!(
        "{} with {}: {what}",
        counted(count, "segment"),
        counted(sealed, "event")
    );
    findings.done("segments", detail, None);
    report_open(layout, log, secrets, heads, &mut derived, findings);
    Ok(derived)
}

/// Hashes the write-ahead files, if the master secret is there.
fn check_open(layout: &Layout, log: &Log, secrets: &Secrets, sizes: &[u64], derived: &mut Parts) {
    for file in &log.open {
        let first = file.number * SEGMENT_EVENTS;
        let hashes = secrets.master.as_ref().map(|master| {
            let key = segment_key(master, &secrets.origin, file.number);
            hash_segment(&file.content.events, &key, first, sizes)
        });
        // A full segment may have its tile already.
        let suspect = hashes.as_ref().and_then(|hashes| {
            let stored = read_base_tile(layout, file.number, file.events()).ok()?;
            (stored != hashes.base && file.events() == SEGMENT_EVENTS).then_some(stored)
        });
        derived.push(
            file.number,
            Checked {
                hashes,
                suspect,
                count: file.events(),
                ..Checked::default()
            },
        );
    }
}

fn report_open(
    layout: &Layout,
    log: &Log,
    secrets: &Secrets,
    heads: &[TreeHead],
    derived: &mut Derived,
    findings: &mut Findings,
) {
    for file in &log.open {
        let path = layout.wal(file.number);
        let torn = file.content.torn_bytes;
        if torn > 0 {
            let entries = file.events();
            findings.warn(
                &path,
                &format!(
                    "a torn end: {torn} bytes behind entry {entries} are no entry: a batch that a \
                     crash interrupted before it was acknowledged, or an acknowledged one that was \
                     damaged; the next writer cuts it off, so if it was acknowledged restore it from \
                     a copy first"
                ),
            );
        }
        if log.state == State::Closed {
            findings.warn(
                &path,
                "the ledger is closed but not all is sealed; the next writer finishes it",
            );
        }
    }
    if let Some(damage) = &log.unreadable {
        findings.add(damage.clone());
    }
    // Missing events come before everything that they bring about.
    if let Some(largest) = heads.iter().map(|head| head.size).max()
        && largest > derived.present
        && derived.complete
    {
        let path = layout.wal(derived.present / SEGMENT_EVENTS);
        let stored = findings.name(&layout.checkpoint_of_size(largest));
        let found = format!("{} events in segments and wal", derived.present);
        findings.damaged(
            &path,
            None,
            format!("the {largest} events of {stored}"),
            found,
        );
        derived.complete = false;
    }
    let events: u64 = log.open.iter().map(OpenFile::events).sum();
    let skipped = (secrets.master.is_none() && events > 0)
        .then(|| "not hashed, as only secret/master.key gives their salts".to_owned());
    let detail = format!(
        "{} with {}",
        counted(log.open.len() as u64, "write-ahead file"),
        counted(events, "event")
    );
    findings.done("wal", detail, skipped);
}

/// A segment whose events give other hashes than its tile has.
struct Suspect {
    number: u64,
    /// Where its hashes stand in the tree's.
    from: usize,
    stored: Vec<Hash>,
}

/// Where a segment and its tile contradict each other, a signed root tells which of them is damaged:
/// if the tiles lead to it, the events or the key of their salts are not what was signed. Otherwise
/// the tiles are reported when they are compared.
fn blame(
    layout: &Layout,
    suspects: Vec<Suspect>,
    heads: &[TreeHead],
    derived: &mut Derived,
    findings: &mut Findings,
) {
    let Some(last) = suspects.iter().map(|suspect| suspect.number).max() else {
        return;
    };
    let mut base = derived.tree.tile_hashes(1).to_vec();
    for suspect in &suspects {
        for (place, stored) in base.iter_mut().skip(suspect.from).zip(&suspect.stored) {
            *place = *stored;
        }
    }
    let Ok(tiles) = HashTree::from_parts(base.clone(), Vec::new()) else {
        return;
    };
    let covering = (last + 1) * SEGMENT_EVENTS;
    let decided = heads.iter().rev().find(|head| {
        let end = derived.end(head.size);
        head.size >= covering.min(derived.events)
            && root_at(&tiles, head.size, end) == Some(head.root)
            && root_at(&derived.tree, head.size, end) != Some(head.root)
    });
    if decided.is_none() {
        return;
    }
    for suspect in &suspects {
        let events = derived.tree.tile_hashes(1).iter().skip(suspect.from);
        let differing: Vec<usize> = (0..)
            .zip(events.zip(&suspect.stored))
            .filter_map(|(at, (found, stored))| (found != stored).then_some(at))
            .collect();
        let number = suspect.number;
        let Some(hash) = differing.first() else {
            continue;
        };
        if differing.len() == suspect.stored.len() && differing.len() > 1 {
            let line = Some(format!("line {}", number + 1));
            let expected =
                format!("the key under which the events of segment {number} were signed");
            findings.damaged(
                &layout.salt_keys(),
                line,
                expected,
                "another one, not shown",
            );
        } else {
            let expected = "the events that were signed, as SHA256SUMS alone says they are";
            let at = Some(rows_of_hash(*hash, number, suspect.stored.len()));
            findings.damaged(
                &layout.segment(number),
                at,
                expected,
                "events with another hash",
            );
        }
        let from = number * SEGMENT_EVENTS;
        derived.assumed.push((from, from + SEGMENT_EVENTS));
    }
    derived.tree = tiles;
}

fn rows_of_hash(hash: usize, number: u64, hashes: usize) -> String {
    let from = hash * BASE_LEAVES;
    let to = from + BASE_LEAVES - 1;
    let tile = tile_name(number, hashes);
    format!("rows {from} to {to} (hash {hash} of {tile})")
}

/// The tree's parts, as they come.
#[derive(Default)]
struct Parts {
    base: Vec<Hash>,
    ends: Vec<(u64, Hash)>,
    events: u64,
    present: u64,
    assumed: Vec<(u64, u64)>,
    suspects: Vec<Suspect>,
    gap: bool,
}

impl Parts {
    fn push(&mut self, number: u64, checked: Checked) {
        let from = self.present;
        if let Some(stored) = checked.suspect.filter(|_| !self.gap) {
            self.suspects.push(Suspect {
                number,
                from: self.base.len(),
                stored,
            });
        }
        self.present += checked.count;
        match checked.hashes {
            Some(hashes) if !self.gap => {
                self.base.extend(hashes.base);
                self.ends.extend(hashes.ends);
                self.events = self.present;
                if checked.assumed {
                    self.assumed.push((from, self.present));
                }
            }
            _ => self.gap |= checked.count > 0,
        }
    }

    fn finish(self, layout: &Layout, complete: bool) -> Result<Derived, LedgerError> {
        let tree = HashTree::from_parts(self.base, Vec::new()).map_err(|error| {
            LedgerError::damaged(layout.segments(), None, "a tree", error.to_string())
        })?;
        Ok(Derived {
            tree,
            ends: self.ends,
            events: self.events,
            present: self.present,
            complete,
            assumed: self.assumed,
        })
    }
}

impl OpenFile {
    pub(super) fn events(&self) -> u64 {
        self.content.events.len() as u64
    }
}

impl Context<'_> {
    fn segment(&self, number: u64) -> Result<Checked, LedgerError> {
        let at = usize::try_from(number).unwrap_or(usize::MAX);
        let path = self.layout.segment(number);
        let mut checked = Checked {
            count: SEGMENT_EVENTS,
            ..Checked::default()
        };
        let bytes = match read_bounded(&path, segment::MAX_BYTES) {
            Ok(bytes) => bytes,
            Err(error) => {
                checked.damage.push(damage_of(error.into(), self.name)?);
                self.assume(number, &mut checked);
                return Ok(checked);
            }
        };
        let found = sha256(&bytes);
        let expected = self.log.sums.get(at).copied().unwrap_or_default();
        let kept = (found != expected).then(|| bytes.clone());
        let events = match segment::decode(bytes) {
            Ok(events) => events,
            Err(problem) => {
                let (place, wanted, is) = of_problem(problem);
                let (wanted, is) = if kept.is_some() {
                    let wanted = format!("{wanted}, and {}", sum_text(&expected, number));
                    (wanted, format!("{is}, and {}", hex(&found)))
                } else {
                    (wanted, is)
                };
                checked.damage.push(self.damage(path, place, wanted, is));
                self.assume(number, &mut checked);
                return Ok(checked);
            }
        };
        checked.count = events.len() as u64;
        self.check_count(number, &path, &mut checked);
        let key = self.key(number, &events, &mut checked);
        let first = number * SEGMENT_EVENTS;
        let hashes = key.map(|key| hash_segment(&events, &key, first, self.sizes));
        if let Some(kept) = kept {
            let found = hex(&found);
            let base = hashes.as_ref().map(|hashes| hashes.base.as_slice());
            let damage = self.explain_sum(number, &events, &kept, base, &expected, &found);
            checked.damage.push(damage);
        }
        checked.hashes = hashes;
        if checked.damage.is_empty() {
            let stored = read_base_tile(self.layout, number, checked.count).ok();
            let base = checked.hashes.as_ref().map(|hashes| &hashes.base);
            checked.suspect = stored.filter(|stored| base.is_some_and(|base| base != stored));
        } else {
            self.assume(number, &mut checked);
        }
        Ok(checked)
    }

    fn damage(
        &self,
        path: PathBuf,
        at: Option<String>,
        expected: impl Into<String>,
        found: impl Into<String>,
    ) -> Damage {
        Damage {
            file: (self.name)(&path),
            at,
            expected: expected.into(),
            found: found.into(),
        }
    }

    /// All segments are full, but for the last one of a closed ledger.
    fn check_count(&self, number: u64, path: &std::path::Path, checked: &mut Checked) {
        let is_last = number + 1 == self.log.sums.len() as u64;
        let expected = match self.log.state {
            State::Closed if is_last && checked.count > 0 => return,
            State::Closed if is_last => format!("1 to {SEGMENT_EVENTS} rows"),
            _ if checked.count == SEGMENT_EVENTS => return,
            _ => format!("{SEGMENT_EVENTS} rows"),
        };
        let damage = self.damage(path.to_owned(), None, expected, checked.count.to_string());
        checked.damage.push(damage);
        checked.count = SEGMENT_EVENTS;
    }

    /// The key of a segment's salts. Where `salt-keys` and the master secret disagree, the segment's
    /// tile tells which of them is damaged.
    fn key(&self, number: u64, events: &[Event], checked: &mut Checked) -> Option<SaltKey> {
        let at = usize::try_from(number).unwrap_or(usize::MAX);
        let path = self.layout.salt_keys();
        let line = Some(format!("line {}", number + 1));
        let derived = self.secrets.master.as_ref();
        let derived = derived.map(|master| segment_key(master, &self.secrets.origin, number));
        match (derived, self.log.keys.get(at).cloned()) {
            (Some(derived), Some(listed)) if derived != listed => {
                let master = self.layout.secrets().join("master.key");
                let by_tile = |key: &SaltKey| self.fits_tile(number, events, key);
                if by_tile(&listed) && !by_tile(&derived) {
                    let expected = "the secret from which segments/salt-keys was derived";
                    let found = "another secret, which is not shown";
                    checked
                        .damage
                        .push(self.damage(master, None, expected, found));
                    return Some(listed);
                }
                let expected = format!("{number} and the key that secret/master.key gives");
                let found = "another key, which is not shown";
                checked
                    .damage
                    .push(self.damage(path, line, expected, found));
                Some(derived)
            }
            (derived, None) => {
                let expected = format!("the salt key of segment {number}");
                checked
                    .damage
                    .push(self.damage(path, line, expected, "no such line"));
                derived
            }
            (_, listed) => listed,
        }
    }

    /// Whether the first 256 events under this key have the first hash of the segment's tile.
    fn fits_tile(&self, number: u64, events: &[Event], key: &SaltKey) -> bool {
        let mut first = None;
        blocks(
            events.get(..BASE_LEAVES).unwrap_or_default(),
            key,
            |_, _, leaves| {
                first = Some(ledgerline::log::root_of(leaves));
            },
        );
        let tile = read_base_tile(self.layout, number, events.len() as u64);
        first.is_some() && tile.ok().and_then(|tile| tile.first().copied()) == first
    }

    /// In the place of a damaged segment its tile's hashes, so that the rest can be checked.
    fn assume(&self, number: u64, checked: &mut Checked) {
        let stored = read_base_tile(self.layout, number, checked.count);
        if let Ok(base) = stored.as_ref()
            && !base.is_empty()
        {
            checked.hashes = Some(SegmentHashes {
                base: base.clone(),
                ends: Vec::new(),
            });
            checked.assumed = true;
        }
    }

    /// A segment that decodes but has another SHA-256: where it differs from what was sealed.
    fn explain_sum(
        &self,
        number: u64,
        events: &[Event],
        bytes: &[u8],
        base: Option<&[Hash]>,
        expected: &[u8; 32],
        found: &str,
    ) -> Damage {
        let path = self.layout.segment(number);
        let stored = read_base_tile(self.layout, number, events.len() as u64).ok();
        let differing = base.zip(stored.as_ref()).and_then(|(base, stored)| {
            base.iter()
                .zip(stored)
                .position(|(found, stored)| found != stored)
        });
        if let Some(hash) = differing {
            let hashes = stored.as_ref().map_or(0, Vec::len);
            let at = rows_of_hash(hash, number, hashes);
            return self.damage(path, Some(at), sum_text(expected, number), found);
        }
        let again = segment::encode(events).unwrap_or_default();
        if again == bytes {
            let line = Some(format!("line {}", number + 1));
            let sums = self.layout.sums();
            let is = format!("{}, while the segment is as it was sealed", hex(expected));
            return self.damage(sums, line, format!("the SHA-256 {found}"), is);
        }
        let place = again.iter().zip(bytes).position(|(a, b)| a != b);
        let byte = place.unwrap_or(again.len().min(bytes.len()));
        let at = format!("byte {byte}, which holds no row");
        self.damage(path, Some(at), sum_text(expected, number), found)
    }
}

fn sum_text(sum: &[u8; 32], number: u64) -> String {
    format!("the SHA-256 {} (SHA256SUMS, line {})", hex(sum), number + 1)
}

/// The tile of a segment.
fn tile_name(number: u64, hashes: usize) -> String {
    let width = u16::try_from(hashes).unwrap_or(u16::MAX);
    Tile::new(1, number, width).map_or_else(|_| "no tile".to_owned(), |tile| tile.to_string())
}
