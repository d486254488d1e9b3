//! Where events come from: a file or standard input, and in which format.

use std::fs::File;
use std::io::{self, Chain, Cursor, Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};

use super::error::IngestError;
use crate::ledger::durable::FileError;

/// A format of events.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Format {
    /// One JSON object a line.
    Ndjson,
    /// RFC 4180 with a header.
    Csv,
    /// Apache Parquet.
    Parquet,
    /// Arrow IPC, file or stream.
    Arrow,
}

impl Format {
    /// By a file's extension.
    #[must_use]
    pub fn of_extension(path: &Path) -> Option<Self> {
        let extension = path.extension()?.to_str()?.to_ascii_lowercase();
        match extension.as_str() {
            "ndjson" | "jsonl" | "json" => Some(Self::Ndjson),
            "csv" => Some(Self::Csv),
            "parquet" | "pq" => Some(Self::Parquet),
            "arrow" | "arrows" | "feather" | "ipc" => Some(Self::Arrow),
            _ => None,
        }
    }

    /// By the first bytes.
    #[must_use]
    pub fn of_content(head: &[u8]) -> Self {
        let text = head.strip_prefix(b"\xef\xbb\xbf").unwrap_or(head);
        let first = text.iter().find(|byte| !byte.is_ascii_whitespace());
        if head.starts_with(b"PAR1") {
            Self::Parquet
        } else if head.starts_with(b"ARROW1") || head.starts_with(&[0xff; 4]) {
            Self::Arrow
        } else if first == Some(&b'{') {
            Self::Ndjson
        } else {
            Self::Csv
        }
    }
}

/// An input that is being read.
#[derive(Debug)]
pub(super) struct Input {
    name: String,
    path: Option<PathBuf>,
    reader: Chain<Cursor<Vec<u8>>, Source>,
}

#[derive(Debug)]
enum Source {
    File(File),
    Stdin(io::Stdin),
}

impl Read for Source {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        match self {
            Self::File(file) => file.read(buffer),
            Self::Stdin(stdin) => stdin.read(buffer),
        }
    }
}

impl Read for Input {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        loop {
            match self.reader.read(buffer) {
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                other => return other,
            }
        }
    }
}

/// The first bytes, enough to know a format by, and no more than are there: who feeds a pipe may
/// wait for an answer before writing more.
fn read_head(source: &mut Source) -> io::Result<Vec<u8>> {
    const ENOUGH: usize = 16;
    let mut head = vec![0; 4096];
    let mut length = 0;
    while length < ENOUGH {
        match source.read(head.get_mut(length..).unwrap_or_default()) {
            Ok(0) => break,
            Ok(count) => length += count,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    head.truncate(length);
    Ok(head)
}

impl Input {
    /// Opens `path`, or standard input if it is `-`, and refuses what is empty or compressed.
    pub(super) fn open(path: &Path) -> Result<Self, IngestError> {
        let (name, source, length) = if path == Path::new("-") {
            (
                "standard input".to_owned(),
                Source::Stdin(io::stdin()),
                None,
            )
        } else {
            let file = File::open(path).map_err(FileError::at("open", path))?;
            let about = file.metadata().map_err(FileError::at("read", path))?;
            if about.is_dir() {
                let error = io::Error::from(io::ErrorKind::IsADirectory);
                return Err(FileError::at("read", path)(error).into());
            }
            let length = about.is_file().then_some(about.len());
            (path.display().to_string(), Source::File(file), length)
        };
        let mut input = Self {
            path: (length.is_some()).then(|| path.to_owned()),
            name,
            reader: Cursor::new(Vec::new()).chain(source),
        };
        let head = read_head(input.reader.get_mut().1).map_err(FileError::at("read", path))?;
        let tool = match head.as_slice() {
            [] => {
                return Err(IngestError::Empty { source: input.name });
            }
            [0x1f, 0x8b, ..] => Some("gzip -dc"),
            [0x28, 0xb5, 0x2f, 0xfd, ..] => Some("zstd -dc"),
            _ => None,
        };
        if let Some(tool) = tool {
            return Err(IngestError::Compressed {
                source: input.name,
                tool,
            });
        }
        let (_, source) = input.reader.into_inner();
        input.reader = Cursor::new(head).chain(source);
        Ok(input)
    }

    /// For messages.
    pub(super) fn name(&self) -> &str {
        &self.name
    }

    /// The first bytes; valid before anything is read.
    pub(super) fn head(&self) -> &[u8] {
        self.reader.get_ref().0.get_ref()
    }

    /// As given, else by extension, else by content.
    pub(super) fn format(&self, given: Option<Format>) -> Format {
        let by_name = || self.path.as_deref().and_then(Format::of_extension);
        given
            .or_else(by_name)
            .unwrap_or_else(|| Format::of_content(self.head()))
    }

    /// The error of a failed read.
    pub(super) fn failed(&self, error: io::Error) -> IngestError {
        FileError::at("read", Path::new(&self.name))(error).into()
    }

    /// A file that can be read from anywhere: the input itself, or a copy of it without a name in
    /// `dir`. Nothing must have been read.
    pub(super) fn seekable(mut self, dir: &Path) -> Result<File, IngestError> {
        if self.path.is_some()
            && let (_, Source::File(file)) = self.reader.get_mut()
        {
            let name = Path::new(&self.name);
            file.seek(SeekFrom::Start(0))
                .map_err(FileError::at("seek in", name))?;
            return Ok(file.try_clone().map_err(FileError::at("open", name))?);
        }
        let mut copy =
            tempfile::tempfile_in(dir).map_err(FileError::at("create a temporary file in", dir))?;
        io::copy(&mut self.reader, &mut copy)
            .and_then(|_| copy.seek(SeekFrom::Start(0)))
            .map_err(FileError::at("copy standard input to", dir))?;
        Ok(copy)
    }
}
