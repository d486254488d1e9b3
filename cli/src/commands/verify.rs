//! `verify`: bundles, run notes, checkpoints, proofs of single leaves, and what they say of one log.

use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};

use ledgerline::audit::{
    ConsistencyEvidence, LoggedHead, Report, Trust, comparisons, verify_bundle, verify_checkpoint,
    verify_pair, verify_proof, verify_run_note,
};
use ledgerline::bundle::looks_like_bundle;
use ledgerline::log::{
    AddCheckpoint, Checkpoint, Hash, MAX_NOTE_BYTES, MAX_PROOF_LINES, MAX_REQUEST_BYTES, Note,
    RESERVED_ORIGIN, TileReadError, TileSource, TlogProof, TreeHead, read_consistency,
};

use super::bundle::parse_nonce;
use super::show;
use super::trust::TrustArgs;
use crate::error::{Error, Outcome};
use crate::ledger::durable::{FileError, read_bounded};
use crate::ledger::receipt::LoggedEvents;
use crate::ledger::served::TileDir;
use crate::ui::{Ui, Unit};

/// Bundles are below 4 GiB.
const MAX_BUNDLE_BYTES: u64 = (4 << 30) - 1;

/// Up to this size a zipped bundle may shrink by any factor.
const SMALL_BUNDLE_BYTES: u64 = 16 << 20;

/// The largest leaf: entry bundles hold none of more bytes.
const MAX_LEAF_BYTES: u64 = (1 << 16) - 1;

const GZIP: [u8; 2] = [0x1f, 0x8b];

/// Arguments of `verify`.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
What each kind of file shows, and what it does not, stands in the report. The key must come from
the service over another channel than the file: whoever forges a file forges a key beside it too.
With a policy file, checkpoints must also be cosigned by enough of the witnesses it names.

A receipt or another proof (*.tlog-proof) shows that a leaf is in a log. Receipts bring the event
along; for the proof of another log give the leaf's data with --leaf.

Several files are held against each other, of whatever kinds they are. If two of them show two trees
of one size of one log, both signed by its key, that is a fork: DISPUTED, and both files are the
evidence. Files that are checkpoints of one log are verified in pairs: the newer one of each must
extend the older one. The hashes for that come from --tiles, a served tree or a LEDGER, or for two
from --proof; without them the verdict is incomplete. With them, the checkpoints in receipts and
bundles and the `log` lines of run notes must fit too; without, trees of different sizes in such
files are not compared, and a note on standard error says so: VERIFIED then holds for each file, not
for their being of one history. A run note beside the checkpoint of its log takes the cosignatures
that a policy asks for from there.

A key speaks for the log that it is named after. Where one name only is given with --key, and no log
of the policy fits, it also speaks for a log that signs under another name, but for no statement.

Examples:
  ledgerline verify 00000000000000a1.llb --key service.vkey
  ledgerline verify april-run/run.note april/checkpoint --key 'example.com/plays/2026-04+...'
  ledgerline verify statement.llb.gz --policy my-policy --json
  ledgerline verify play.tlog-proof --policy my-policy
  ledgerline verify old-checkpoint new-checkpoint --tiles served/ --key service.vkey")]
pub struct Args {
    /// Bundles (*.llb, *.llb.gz), run notes, checkpoints, proofs (*.tlog-proof)
    #[arg(required = true, value_name = "FILE")]
    pub files: Vec<PathBuf>,

    /// Whom to trust
    #[command(flatten)]
    pub trust: TrustArgs,

    /// The nonce you sent for the sample of your bundle, in hex
    #[arg(long, value_name = "HEX")]
    pub nonce: Option<String>,

    /// Data of the leaf that the one proof is about; of receipts it stands in the file
    #[arg(long, value_name = "FILE")]
    pub leaf: Option<PathBuf>,

    /// Directory with the log's tiles, or a ledger, to show that checkpoints extend each other
    #[arg(long, value_name = "DIR", conflicts_with = "proof")]
    pub tiles: Option<PathBuf>,

    /// Consistency proof between two checkpoints: hashes in base64, a line each, or the body of a
    /// request to a witness (tlog-witness add-checkpoint)
    #[arg(long, value_name = "FILE")]
    pub proof: Option<PathBuf>,
}

/// Runs `verify`. With several files the outcome is the worst, and JSON has a report a line.
///
/// # Errors
///
/// [`Error`] for the first file that cannot be read as any of the kinds.
pub fn run(args: &Args, ui: &Ui) -> Result<Outcome, Error> {
    let mut trust = args.trust.read()?;
    trust.nonce = args.nonce.as_deref().map(parse_nonce).transpose()?;
    let mut materials = Vec::with_capacity(args.files.len());
    for path in &args.files {
        materials.push(Material::read(path)?);
    }
    let leaf = read_leaf(args, &materials)?;
    let mut heads = Vec::new();
    for material in &mut materials {
        material.has_twin = is_twice(&args.files, material.path);
        heads.extend(material.head()?);
    }
    let mut origins = heads.iter().map(|head| head.origin());
    let first = origins.next();
    trust.has_several_logs = origins.any(|origin| Some(origin) != first);
    let beside = heads.clone();
    // What does not fit the evidence is refused before anything is said; else a bundle is read once.
    let is_given = args.tiles.is_some() || args.proof.is_some();
    for material in materials.iter().filter(|one| is_given && one.is_bundle()) {
        heads.extend(material.bundle_heads(&read_bundle(material.path)?)?);
    }
    let evidence = Evidence::of(args, &heads)?;
    let mut worst = Outcome::Done;
    let mut show = |report: &Report| -> Result<(), Error> {
        worst = match (worst, show::report(report, ui)?) {
            (Outcome::Disputed, _) | (_, Outcome::Disputed) => Outcome::Disputed,
            (Outcome::Incomplete, _) | (_, Outcome::Incomplete) => Outcome::Incomplete,
            (Outcome::Done, Outcome::Done) => Outcome::Done,
        };
        Ok(())
    };
    let mut of_bundles = Vec::new();
    for material in materials.iter().filter(|one| !one.is_paired(&beside)) {
        show(&material.verify(leaf.as_deref(), &beside, &trust, &mut of_bundles, ui)?)?;
    }
    if !is_given {
        heads.extend(of_bundles);
    }
    let found = comparisons(&heads, !matches!(evidence, Evidence::None), &trust);
    for pair in found.pairs {
        let evidence = evidence.between(pair)?;
        let report = verify_pair(pair, &evidence, &trust).map_err(|error| Error::Usage {
            argument: "verify",
            message: error.to_string(),
        });
        show(&report?)?;
    }
    for words in found.open {
        ui.say(&format!(
            "note: {words} (--tiles DIR or --proof FILE does that)"
        ));
    }
    Ok(worst)
}

/// Whether two of the files have this one's name, in different directories.
fn is_twice(files: &[PathBuf], path: &Path) -> bool {
    let same = |other: &&PathBuf| other.file_name() == path.file_name();
    files.iter().filter(same).count() > 1
}

/// A file to verify. Bundles, which may be large, are read when their turn comes.
struct Material<'a> {
    path: &'a Path,
    kind: Kind,
    /// Whether another file has the same name, so that messages need the whole path.
    has_twin: bool,
}

enum Kind {
    Bundle,
    Note(Note),
    Proof(Box<TlogProof>),
}

impl<'a> Material<'a> {
    /// Looks before it reads: only bundles may be large.
    fn read(path: &'a Path) -> Result<Self, Error> {
        if path.is_dir() {
            let message =
                "expected a file, but found a directory; a whole run is for `ledgerline audit`";
            return Err(refuse(path, message.to_owned()));
        }
        let mut head = Vec::new();
        File::open(path)
            .and_then(|file| file.take(4).read_to_end(&mut head))
            .map_err(FileError::at("read", path))?;
        if head.starts_with(&GZIP) || looks_like_bundle(&head) {
            return Ok(Self::new(path, Kind::Bundle));
        }
        let bytes = read_bounded(path, MAX_NOTE_BYTES as u64)?;
        let kind = if TlogProof::looks_like_one(&bytes) {
            let proof =
                TlogProof::parse(&bytes).map_err(|error| refuse(path, error.to_string()))?;
            Kind::Proof(Box::new(proof))
        } else {
            Kind::Note(Note::parse(&bytes).map_err(|error| {
                refuse(path, format!(
                    "expected a bundle, a run note, a checkpoint or a proof, but it is no ZIP archive, no tlog-proof and no signed note: {error}"
                ))
            })?)
        };
        Ok(Self::new(path, kind))
    }

    fn new(path: &'a Path, kind: Kind) -> Self {
        let has_twin = false;
        Self {
            path,
            kind,
            has_twin,
        }
    }

    fn name(&self) -> String {
        if self.has_twin {
            return self.path.display().to_string();
        }
        let name = self.path.file_name().unwrap_or_default();
        name.to_string_lossy().into_owned()
    }

    fn is_bundle(&self) -> bool {
        matches!(self.kind, Kind::Bundle)
    }

    fn bundle_heads(&self, bytes: &[u8]) -> Result<[LoggedHead; 2], Error> {
        let heads = LoggedHead::of_bundle(bytes, &self.name());
        heads.map_err(|error| refuse(self.path, error.to_string()))
    }

    /// The head that it states; of bundles, which are read later, none.
    fn head(&self) -> Result<Option<LoggedHead>, Error> {
        let name = self.name();
        let wrong = |message: String| refuse(self.path, message);
        let head = match &self.kind {
            Kind::Bundle => return Ok(None),
            Kind::Proof(proof) => {
                LoggedHead::of_proof(proof, &name).map_err(|error| wrong(error.to_string()))
            }
            Kind::Note(note) if is_run_note(note) => {
                LoggedHead::of_run_note(note, &name).map_err(|error| wrong(error.to_string()))
            }
            Kind::Note(note) => {
                LoggedHead::of_checkpoint(note, &name).map_err(|error| wrong(error.to_string()))
            }
        };
        head.map(Some)
    }

    /// Whether it is one of two or more checkpoints of one log, which are verified in pairs.
    fn is_paired(&self, heads: &[LoggedHead]) -> bool {
        let (Kind::Note(_), Ok(Some(mine))) = (&self.kind, self.head()) else {
            return false;
        };
        let files = heads.iter().filter(|head| head.is_checkpoint_file());
        mine.is_checkpoint_file() && files.filter(|h| h.origin() == mine.origin()).count() > 1
    }

    /// Verifies it, beside these heads of other files; those of a bundle are added to `heads`.
    fn verify(
        &self,
        leaf: Option<&[u8]>,
        beside: &[LoggedHead],
        trust: &Trust,
        heads: &mut Vec<LoggedHead>,
        ui: &Ui,
    ) -> Result<Report, Error> {
        let name = self.name();
        let wrong = |message: String| refuse(self.path, message);
        match &self.kind {
            Kind::Bundle => {
                let bytes = read_bundle(self.path)?;
                let bar = ui.progress(Some(0), "verifying", Unit::Items);
                let report = verify_bundle(&bytes, &name, trust, &mut |done, total, stage| {
                    bar.set_length(total);
                    bar.set_position(done);
                    bar.set_message(stage);
                });
                bar.finish_and_clear();
                let report = report.map_err(|error| wrong(error.to_string()))?;
                heads.extend(self.bundle_heads(&bytes)?);
                Ok(report)
            }
            Kind::Proof(proof) => {
                verify_proof(proof, &name, leaf, trust).map_err(|error| wrong(error.to_string()))
            }
            Kind::Note(note) if is_run_note(note) => verify_run_note(note, &name, beside, trust)
                .map_err(|error| wrong(error.to_string())),
            Kind::Note(note) => {
                verify_checkpoint(note, &name, trust).map_err(|error| wrong(error.to_string()))
            }
        }
    }
}

fn refuse(path: &Path, message: String) -> Error {
    Error::Usage {
        argument: "verify",
        message: format!("{}: {message}", path.display()),
    }
}

fn is_run_note(note: &Note) -> bool {
    note.text().starts_with(&format!("{RESERVED_ORIGIN}\n"))
}

/// The data of `--leaf`, which can be meant for one proof only.
fn read_leaf(args: &Args, materials: &[Material<'_>]) -> Result<Option<Vec<u8>>, Error> {
    let Some(path) = &args.leaf else {
        return Ok(None);
    };
    let proofs = materials
        .iter()
        .filter(|m| matches!(m.kind, Kind::Proof(_)));
    let found = proofs.count();
    if found != 1 {
        return Err(Error::Usage {
            argument: "--leaf",
            message: format!(
                "expected one proof (*.tlog-proof) that it belongs to, but found {found}"
            ),
        });
    }
    Ok(Some(read_bounded(path, MAX_LEAF_BYTES)?))
}

/// What was given to show that heads extend each other.
enum Evidence<'a> {
    None,
    Tiles(&'a Path),
    Proof(&'a Path),
}

impl<'a> Evidence<'a> {
    /// Tiles are of one log, and a proof leads from one head to another.
    fn of(args: &'a Args, heads: &[LoggedHead]) -> Result<Self, Error> {
        let (argument, evidence) = match (&args.tiles, &args.proof) {
            (Some(dir), _) => ("--tiles", Self::Tiles(dir)),
            (None, Some(path)) => ("--proof", Self::Proof(path)),
            (None, None) => return Ok(Self::None),
        };
        let mut different: Vec<(&str, TreeHead)> = Vec::new();
        for head in heads.iter().map(|head| (head.origin(), head.head())) {
            if !different.contains(&head) {
                different.push(head);
            }
        }
        let mut logs: Vec<&str> = different.iter().map(|(origin, _)| *origin).collect();
        logs.dedup();
        let (logs, found) = (logs.len(), different.len());
        let wanted = match evidence {
            Self::Proof(_) => "two checkpoints of one log",
            _ => "two or more checkpoints of one log",
        };
        // The same checkpoint twice is as good as two.
        let is_enough = heads.len() > 1 && logs == 1;
        if !is_enough || (argument == "--proof" && found > 2) {
            return Err(Error::Usage {
                argument,
                message: format!(
                    "expected {wanted} beside it (or receipts, bundles and run notes that have them), but found {found} of {logs} logs"
                ),
            });
        }
        Ok(evidence)
    }

    fn between(&self, [older, newer]: [&LoggedHead; 2]) -> Result<ConsistencyEvidence, Error> {
        if older.head().size == newer.head().size {
            return Ok(ConsistencyEvidence::None);
        }
        match self {
            Self::None => Ok(ConsistencyEvidence::None),
            Self::Tiles(dir) => from_tiles(dir, older.head(), newer.head()),
            Self::Proof(path) => from_proof(path, older, newer),
        }
    }
}

/// The consistency proof from a directory's tiles; a ledger's own level 0 are its events.
fn from_tiles(dir: &Path, older: TreeHead, newer: TreeHead) -> Result<ConsistencyEvidence, Error> {
    if dir.join("ledger.toml").is_file() {
        let log = LoggedEvents::open(dir)?;
        let (has, wanted) = (log.head().size, newer.size);
        if has < wanted {
            return Ok(ConsistencyEvidence::OtherTiles(format!(
                "expected {wanted} leaves, but found a ledger whose newest checkpoint covers {has}"
            )));
        }
        return read_tiles(&log, older, newer);
    }
    if !dir.join("tile").is_dir() {
        return Err(Error::Usage {
            argument: "--tiles",
            message: format!(
                "{}: expected a directory with a log's tiles in `tile`, or a ledger, but found neither",
                dir.display()
            ),
        });
    }
    read_tiles(&TileDir::new(dir), older, newer)
}

fn read_tiles<S: TileSource>(
    source: &S,
    older: TreeHead,
    newer: TreeHead,
) -> Result<ConsistencyEvidence, Error>
where
    Error: From<S::Error>,
    S::Error: std::fmt::Display,
{
    match read_consistency(older.size, newer, source) {
        Ok(proof) => Ok(ConsistencyEvidence::Tiles(proof)),
        Err(TileReadError::Source(error)) => Err(error.into()),
        Err(error) => Ok(ConsistencyEvidence::OtherTiles(error.to_string())),
    }
}

/// A proof from a file of hashes, or from the body of a request to a witness for these checkpoints.
fn from_proof(
    path: &Path,
    older: &LoggedHead,
    newer: &LoggedHead,
) -> Result<ConsistencyEvidence, Error> {
    let wrong = |message: String| Error::Usage {
        argument: "--proof",
        message: format!("{}: {message}", path.display()),
    };
    let bytes = read_bounded(path, MAX_REQUEST_BYTES as u64)?;
    if bytes.starts_with(b"old ") {
        let request = AddCheckpoint::parse(&bytes).map_err(|error| wrong(error.to_string()))?;
        let old = older.head().size;
        let to = Checkpoint::parse(request.note.text());
        let is_to_newer =
            to.is_ok_and(|to| (to.origin(), to.head()) == (newer.origin(), newer.head()));
        if request.old_size != old || !is_to_newer {
            return Err(wrong(format!(
                "expected a request from size {old} to the newer checkpoint, but found one from {} or to another",
                request.old_size
            )));
        }
        return Ok(ConsistencyEvidence::Proof(request.proof));
    }
    let text = String::from_utf8(bytes).map_err(|_| {
        wrong("expected hashes in base64, but found bytes that are not text".to_owned())
    })?;
    let mut proof = Vec::new();
    for (line, text) in (1..).zip(text.lines()) {
        if line > MAX_PROOF_LINES {
            return Err(wrong(format!(
                "expected at most {MAX_PROOF_LINES} hashes, but found more"
            )));
        }
        let hash =
            Hash::parse_base64(text).map_err(|error| wrong(format!("line {line}: {error}")))?;
        proof.push(hash);
    }
    Ok(ConsistencyEvidence::Proof(proof))
}

/// A bundle's bytes, inflated if it is gzip.
fn read_bundle(path: &Path) -> Result<Vec<u8>, Error> {
    let bytes = read_bounded(path, MAX_BUNDLE_BYTES)?;
    if !bytes.starts_with(&GZIP) {
        return Ok(bytes);
    }
    let mut decoder = flate2::bufread::GzDecoder::new(bytes.as_slice());
    let mut head = [0; 4];
    if decoder.read_exact(&mut head).is_err() || !looks_like_bundle(&head) {
        return Err(refuse(
            path,
            "expected a zipped bundle (*.llb.gz), but found other content".to_owned(),
        ));
    }
    // A bundle is mostly hashes, salts and random numbers: it does not shrink to a hundredth.
    let limit = MAX_BUNDLE_BYTES.min((bytes.len() as u64 * 100).max(SMALL_BUNDLE_BYTES));
    let mut inflated = head.to_vec();
    let read = decoder.by_ref().take(limit).read_to_end(&mut inflated);
    read.map_err(FileError::at("inflate", path))?;
    if inflated.len() as u64 > limit {
        return Err(refuse(
            path,
            format!(
                "expected a zipped bundle, but it inflates to more than {limit} bytes, as no bundle does"
            ),
        ));
    }
    if !decoder.into_inner().is_empty() {
        return Err(refuse(
            path,
            "expected one gzip member, but found more bytes behind it".to_owned(),
        ));
    }
    Ok(inflated)
}
