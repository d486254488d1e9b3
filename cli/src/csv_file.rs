//! Strict CSV files: RFC 4180, UTF-8, a header with exactly the columns that are known.

use std::cell::Cell;
use std::fmt;
use std::fs::File;
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::rc::Rc;

use csv::StringRecord;

use crate::ledger::durable::FileError;

/// Stops a CSV reader that has been given more than one row may need: an unclosed quotation mark
/// would make it take the rest of the file as one field.
#[derive(Debug)]
pub struct Limited<R> {
    inner: R,
    left: Allowance,
}

/// What a [`Limited`] reader may still give; to be renewed before each row.
#[derive(Clone, Debug)]
pub struct Allowance {
    left: Rc<Cell<usize>>,
    row: usize,
}

impl Allowance {
    /// For rows of at most `row` bytes, read through a buffer of `buffer` bytes.
    #[must_use]
    pub fn new(row: usize, buffer: usize) -> Self {
        let row = row + buffer;
        Self {
            left: Rc::new(Cell::new(row)),
            row,
        }
    }

    /// A new row begins.
    pub fn renew(&self) {
        self.left.set(self.row);
    }
}

impl<R> Limited<R> {
    /// Reads `inner` within `left`.
    pub fn new(inner: R, left: &Allowance) -> Self {
        Self {
            inner,
            left: left.clone(),
        }
    }
}

impl<R: Read> Read for Limited<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = self.inner.read(buffer)?;
        match self.left.left.get().checked_sub(count) {
            Some(left) => self.left.left.set(left),
            None => {
                return Err(io::Error::new(
                    io::ErrorKind::InvalidData,
                    "a row without end (an unclosed quotation mark?)",
                ));
            }
        }
        Ok(count)
    }
}

/// Why a file is no such CSV.
#[derive(Debug)]
#[non_exhaustive]
pub enum CsvError {
    /// The file cannot be read.
    File(FileError),
    /// A row, or the header, is not as it must be.
    Row {
        /// The file.
        path: PathBuf,
        /// Its line, from 1.
        line: u64,
        /// What must be there.
        expected: String,
        /// What is there.
        found: String,
    },
}

impl fmt::Display for CsvError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::File(error) => error.fmt(f),
            Self::Row {
                path,
                line,
                expected,
                found,
            } => write!(
                f,
                "{}:{line}: expected {expected}, but found {found}",
                path.display()
            ),
        }
    }
}

impl std::error::Error for CsvError {}

/// A row's fields in the order of the known columns; `None` where the file has no such column.
#[derive(Debug)]
pub struct CsvRow {
    /// Line of the file, from 1.
    pub line: u64,
    /// The fields.
    pub fields: Vec<Option<String>>,
}

/// Reads a file whose header names some of `columns`, in any order, each once and no others, and
/// all of the `required` ones.
///
/// # Errors
///
/// [`CsvError`] with file and line.
pub fn read(path: &Path, columns: &[&str], required: &[&str]) -> Result<Vec<CsvRow>, CsvError> {
    const BUFFER: usize = 64 << 10;
    const ROW: usize = 64 << 10;
    let file = File::open(path)
        .map_err(FileError::at("open", path))
        .map_err(CsvError::File)?;
    let allowance = Allowance::new(ROW, BUFFER);
    let mut reader = csv::ReaderBuilder::new()
        .has_headers(false)
        .flexible(true)
        .buffer_capacity(BUFFER)
        .from_reader(Limited::new(file, &allowance));
    let refuse = |line: u64, expected: &str, found: String| CsvError::Row {
        path: path.to_owned(),
        line,
        expected: expected.to_owned(),
        found,
    };
    let failed = |line: u64, error: csv::Error| match error.into_kind() {
        csv::ErrorKind::Io(error) if error.kind() != io::ErrorKind::InvalidData => {
            CsvError::File(FileError::at("read", path)(error))
        }
        csv::ErrorKind::Io(error) => refuse(line, "a row of CSV", error.to_string()),
        csv::ErrorKind::Utf8 { .. } => refuse(line, "UTF-8", "other bytes".to_owned()),
        other => refuse(line, "a row of CSV", format!("{other:?}")),
    };

    let mut record = StringRecord::new();
    let some = reader
        .read_record(&mut record)
        .map_err(|error| failed(1, error))?;
    let all = columns.join(",");
    if !some {
        return Err(refuse(
            1,
            &format!("a header ({all})"),
            "an empty file".to_owned(),
        ));
    }
    let mut places: Vec<Option<usize>> = vec![None; columns.len()];
    for (at, name) in record.iter().enumerate() {
        let place = columns
            .iter()
            .zip(&mut places)
            .find(|(column, _)| **column == name);
        match place {
            Some((_, place)) if place.is_none() => *place = Some(at),
            Some(_) => {
                return Err(refuse(1, "each column once", format!("{name:.60?} twice")));
            }
            None => {
                let expected = format!("only the columns {all}");
                return Err(refuse(1, &expected, format!("{name:.60?}")));
            }
        }
    }
    for (column, place) in columns.iter().zip(&places) {
        if place.is_none() && required.contains(column) {
            return Err(refuse(1, &format!("a column {column}"), "none".to_owned()));
        }
    }

    let width = record.len();
    let mut rows = Vec::new();
    loop {
        allowance.renew();
        let before = reader.position().line();
        if !reader
            .read_record(&mut record)
            .map_err(|error| failed(before, error))?
        {
            return Ok(rows);
        }
        let line = record.position().map_or(before, csv::Position::line);
        if record.len() != width {
            let found = record.len().to_string();
            return Err(refuse(line, &format!("{width} fields"), found));
        }
        let field = |place: &Option<usize>| place.and_then(|at| record.get(at)).map(str::to_owned);
        rows.push(CsvRow {
            line,
            fields: places.iter().map(field).collect(),
        });
    }
}
