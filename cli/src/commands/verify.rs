//! `verify`: bundles, run notes, checkpoints.

use std::io::Read;
use std::path::{Path, PathBuf};

use ledgerline::audit::{Report, Trust, verify_bundle, verify_checkpoint, verify_run_note};
use ledgerline::bundle::looks_like_bundle;
use ledgerline::log::{MAX_NOTE_BYTES, Note, RESERVED_ORIGIN};

use super::show;
use super::trust::TrustArgs;
use crate::error::{Error, Outcome};
use crate::ledger::durable::{FileError, read_bounded};
use crate::ui::{Ui, Unit};

/// Bundles are below 4 GiB.
const MAX_BUNDLE_BYTES: u64 = (4 << 30) - 1;

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
}

/// Runs `verify`. With several files the outcome is the worst, and JSON has a report a line.
///
/// # Errors
///
/// [`Error`] for the first file that cannot be read as any of the kinds.
pub fn run(args: &Args, ui: &Ui) -> Result<Outcome, Error> {
    let trust = args.trust.read()?;
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
    if bytes.len() > MAX_NOTE_BYTES {
        return Err(refuse(format!(
            "expected a bundle, a run note or a checkpoint, but found {} bytes of something else",
            bytes.len()
        )));
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

/// A file's bytes, inflated if it is gzip, never more than a bundle may have.
fn read_maybe_zipped(path: &Path) -> Result<Vec<u8>, Error> {
    let bytes = read_bounded(path, MAX_BUNDLE_BYTES)?;
    if !bytes.starts_with(&GZIP) {
        return Ok(bytes);
    }
    let refuse = |message: String| Error::Usage {
        argument: "verify",
        message: format!("{}: {message}", path.display()),
    };
    let mut inflated = Vec::new();
    let mut decoder = flate2::bufread::GzDecoder::new(bytes.as_slice());
    // Looks before it inflates the rest: only bundles come zipped.
    let mut head = [0; 4];
    let is_bundle = decoder.read_exact(&mut head).is_ok() && looks_like_bundle(&head);
    if !is_bundle {
        return Err(refuse(
            "expected a zipped bundle (*.llb.gz), but found other content".to_owned(),
        ));
    }
    inflated.extend_from_slice(&head);
    let read = decoder
        .by_ref()
        .take(MAX_BUNDLE_BYTES)
        .read_to_end(&mut inflated);
    read.map_err(FileError::at("inflate", path))?;
    if inflated.len() as u64 > MAX_BUNDLE_BYTES {
        return Err(refuse(
            "expected a bundle below 4 GiB, but it inflates to more".to_owned(),
        ));
    }
    if !decoder.into_inner().is_empty() {
        return Err(refuse(
            "expected one gzip member, but found more bytes behind it".to_owned(),
        ));
    }
    Ok(inflated)
}
