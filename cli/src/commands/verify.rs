//! `verify`: bundles, run notes, checkpoints.

use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};

use ledgerline::audit::{Report, Trust, verify_bundle, verify_checkpoint, verify_run_note};
use ledgerline::bundle::looks_like_bundle;
use ledgerline::log::{MAX_NOTE_BYTES, Note, RESERVED_ORIGIN};

use super::bundle::parse_nonce;
use super::show;
use super::trust::TrustArgs;
use crate::error::{Error, Outcome};
use crate::ledger::durable::{FileError, read_bounded};
use crate::ui::{Ui, Unit};

/// Bundles are below 4 GiB.
const MAX_BUNDLE_BYTES: u64 = (4 << 30) - 1;

/// Up to this size a zipped bundle may shrink by any factor.
const SMALL_BUNDLE_BYTES: u64 = 16 << 20;

const GZIP: [u8; 2] = [0x1f, 0x8b];

/// Arguments of `verify`.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
What each kind of file shows, and what it does not, stands in the report. The key must come from
the service over another channel than the file: whoever forges a file forges a key beside it too.

Examples:
  ledgerline verify 00000000000000a1.llb --key service.vkey
  ledgerline verify april-run/run.note april/checkpoint --key 'example.com/plays/2026-04+...'
  ledgerline verify statement.llb.gz --key service.vkey --json")]
pub struct Args {
    /// Bundles (*.llb, *.llb.gz), run notes, checkpoints
    #[arg(required = true, value_name = "FILE")]
    pub files: Vec<PathBuf>,

    /// Whom to trust
    #[command(flatten)]
    pub trust: TrustArgs,

    /// The nonce you sent for the sample of your bundle, in hex
    #[arg(long, value_name = "HEX")]
    pub nonce: Option<String>,
}

/// Runs `verify`. With several files the outcome is the worst, and JSON has a report a line.
///
/// # Errors
///
/// [`Error`] for the first file that cannot be read as any of the kinds.
pub fn run(args: &Args, ui: &Ui) -> Result<Outcome, Error> {
    let mut trust = args.trust.read()?;
    trust.nonce = args.nonce.as_deref().map(parse_nonce).transpose()?;
    let mut worst = Outcome::Done;
    for path in &args.files {
        let report = verify_file(path, &trust, ui)?;
        worst = match (worst, show::report(&report, ui)?) {
            (Outcome::Disputed, _) | (_, Outcome::Disputed) => Outcome::Disputed,
            (Outcome::Incomplete, _) | (_, Outcome::Incomplete) => Outcome::Incomplete,
            (Outcome::Done, Outcome::Done) => Outcome::Done,
        };
    }
    Ok(worst)
}

/// Verifies one file, whatever it is.
///
/// # Errors
///
/// [`Error::Usage`] with the file's name if it is none of the kinds.
pub fn verify_file(path: &Path, trust: &Trust, ui: &Ui) -> Result<Report, Error> {
    let refuse = |message: String| Error::Usage {
        argument: "verify",
        message: format!("{}: {message}", path.display()),
    };
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    let bytes = read_maybe_zipped(path)?;
    if looks_like_bundle(&bytes) {
        let bar = ui.progress(Some(0), "verifying", Unit::Items);
        let report = verify_bundle(&bytes, &name, trust, &mut |done, total, stage| {
            bar.set_length(total);
            bar.set_position(done);
            bar.set_message(stage);
        });
        bar.finish_and_clear();
        return report.map_err(|error| refuse(error.to_string()));
    }
    let note = Note::parse(&bytes).map_err(|error| {
        refuse(format!(
            "expected a bundle, a run note or a checkpoint, but it is no ZIP archive and no signed note: {error}"
        ))
    })?;
    if note.text().starts_with(&format!("{RESERVED_ORIGIN}\n")) {
        verify_run_note(&note, &name, trust).map_err(|error| refuse(error.to_string()))
    } else {
        verify_checkpoint(&note, &name, trust).map_err(|error| refuse(error.to_string()))
    }
}

/// A file's bytes, inflated if it is gzip. Looks before it reads: only bundles may be large.
fn read_maybe_zipped(path: &Path) -> Result<Vec<u8>, Error> {
    let refuse = |message: String| Error::Usage {
        argument: "verify",
        message: format!("{}: {message}", path.display()),
    };
    if path.is_dir() {
        return Err(refuse(
            "expected a file, but found a directory; a whole run is for `ledgerline audit`"
                .to_owned(),
        ));
    }
    let mut head = Vec::new();
    File::open(path)
        .and_then(|file| file.take(4).read_to_end(&mut head))
        .map_err(FileError::at("read", path))?;
    let is_gzip = head.starts_with(&GZIP);
    if !is_gzip && !looks_like_bundle(&head) {
        return Ok(read_bounded(path, MAX_NOTE_BYTES as u64)?);
    }
    let bytes = read_bounded(path, MAX_BUNDLE_BYTES)?;
    if !is_gzip {
        return Ok(bytes);
    }
    let mut decoder = flate2::bufread::GzDecoder::new(bytes.as_slice());
    let mut head = [0; 4];
    if decoder.read_exact(&mut head).is_err() || !looks_like_bundle(&head) {
        return Err(refuse(
            "expected a zipped bundle (*.llb.gz), but found other content".to_owned(),
        ));
    }
    // A bundle is mostly hashes, salts and random numbers: it does not shrink to a hundredth.
    let limit = MAX_BUNDLE_BYTES.min((bytes.len() as u64 * 100).max(SMALL_BUNDLE_BYTES));
    let mut inflated = head.to_vec();
    let read = decoder.by_ref().take(limit).read_to_end(&mut inflated);
    read.map_err(FileError::at("inflate", path))?;
    if inflated.len() as u64 > limit {
        return Err(refuse(format!(
            "expected a zipped bundle, but it inflates to more than {limit} bytes, as no bundle does"
        )));
    }
    if !decoder.into_inner().is_empty() {
        return Err(refuse(
            "expected one gzip member, but found more bytes behind it".to_owned(),
        ));
    }
    Ok(inflated)
}
