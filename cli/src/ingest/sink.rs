//! Where parsed rows go: into a temporary file until all are known to be good, or straight on.

use std::fs::File;
use std::io::{BufWriter, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

use ledgerline::event::Event;
use ledgerline::record::{BARE_LENGTH, decode_bare, encode_bare};
use ledgerline::wire::Reader;
use rayon::prelude::*;
use serde_json::json;

use super::error::{IngestError, Reject};
use crate::ledger::durable::FileError;

pub(super) enum Sink {
    /// Append events, write rejects.
    Direct(Rejects),
    /// Keep events, count rejects.
    Spool(Spool),
}

/// A file of events as their bare bytes. It has no name, so that nothing is left after a crash.
pub(super) struct Spool {
    file: BufWriter<File>,
    dir: PathBuf,
}

impl Spool {
    pub(super) fn create(dir: &Path) -> Result<Self, IngestError> {
        let file =
            tempfile::tempfile_in(dir).map_err(FileError::at("create a temporary file in", dir))?;
        Ok(Self {
            file: BufWriter::with_capacity(1 << 20, file),
            dir: dir.to_owned(),
        })
    }

    pub(super) fn push(&mut self, events: &[Event]) -> Result<(), IngestError> {
        for event in events {
            self.file
                .write_all(&encode_bare(event))
                .map_err(FileError::at("write a temporary file in", &self.dir))?;
        }
        Ok(())
    }

    /// Passes all events on, in order.
    pub(super) fn drain(
        self,
        append: &mut dyn FnMut(&[Event]) -> Result<(), IngestError>,
    ) -> Result<(), IngestError> {
        const EVENTS: usize = 65_536;
        let failed = |error| FileError::at("read a temporary file in", &self.dir)(error);
        let mut file = self
            .file
            .into_inner()
            .map_err(|error| failed(error.into_error()))?;
        file.seek(SeekFrom::Start(0)).map_err(failed)?;
        loop {
            let mut bytes = Vec::with_capacity(EVENTS * BARE_LENGTH);
            let mut part = file.take((EVENTS * BARE_LENGTH) as u64);
            part.read_to_end(&mut bytes).map_err(failed)?;
            file = part.into_inner();
            if bytes.is_empty() {
                return Ok(());
            }
            let events: Result<Vec<Event>, _> = bytes
                .par_chunks(BARE_LENGTH)
                .with_min_len(1024)
                .map(|bare| decode_bare(&mut Reader::new(bare)))
                .collect();
            // We wrote these bytes ourselves, so only a failing disk gives others.
            let events = events.map_err(|error| failed(std::io::Error::other(error)))?;
            append(&events)?;
        }
    }
}

/// The file for bad rows: one JSON object a line, `{"line","error","row"}` after the input's name.
pub(super) struct Rejects {
    file: BufWriter<File>,
    path: PathBuf,
}

impl Rejects {
    pub(super) fn create(path: &Path, force: bool) -> Result<Self, IngestError> {
        let mut options = File::options();
        options.write(true).create_new(!force);
        if force {
            options.create(true).truncate(true);
        }
        match options.open(path) {
            Ok(file) => Ok(Self {
                file: BufWriter::new(file),
                path: path.to_owned(),
            }),
            Err(error) if error.kind() == std::io::ErrorKind::AlreadyExists => {
                Err(IngestError::RejectsExist {
                    path: path.to_owned(),
                })
            }
            Err(error) => Err(FileError::at("create", path)(error).into()),
        }
    }

    pub(super) fn write(&mut self, source: &str, rejects: &[Reject]) -> Result<(), IngestError> {
        for reject in rejects {
            let line = json!({
                "source": source,
                "line": reject.line,
                "error": reject.error.to_string(),
                "row": reject.row,
            });
            writeln!(self.file, "{line}").map_err(FileError::at("write", &self.path))?;
        }
        Ok(())
    }

    pub(super) fn finish(mut self) -> Result<(), IngestError> {
        self.file
            .flush()
            .map_err(FileError::at("write", &self.path))?;
        Ok(())
    }
}
