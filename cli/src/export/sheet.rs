//! A table as columns, written as CSV or Parquet.

use std::fs::File;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use arrow::array::{
    ArrayRef, BooleanArray, Decimal128Array, StringArray, TimestampMillisecondArray, UInt64Array,
};
use arrow::datatypes::Schema;
use arrow::record_batch::RecordBatch;
use ledgerline::money::Micros;
use parquet::arrow::ArrowWriter;
use parquet::basic::{Compression, ZstdLevel};
use parquet::file::properties::WriterProperties;

use super::TableFormat;
use crate::ledger::durable::FileError;
use crate::run::RunError;

/// Values of one column.
#[derive(Clone, Debug)]
pub enum Column {
    /// Text.
    Text(Vec<String>),
    /// Whole numbers.
    Number(Vec<u64>),
    /// Amounts, as decimals with six places; `None` = no amount.
    Money(Vec<Option<Micros>>),
    /// Moments, ms.
    Time(Vec<i64>),
    /// Yes or no.
    Flag(Vec<bool>),
}

/// Some rows of a table.
#[derive(Clone, Debug)]
pub struct Sheet {
    /// Names and values; all columns have as many.
    pub columns: Vec<(&'static str, Column)>,
}

/// Places of an amount in Parquet: DECIMAL(19, 6) holds every `i64` of micros.
const PRECISION: u8 = 19;
const SCALE: i8 = 6;

impl Column {
    fn len(&self) -> usize {
        match self {
            Self::Text(values) => values.len(),
            Self::Number(values) => values.len(),
            Self::Money(values) => values.len(),
            Self::Time(values) => values.len(),
            Self::Flag(values) => values.len(),
        }
    }

    fn cell(&self, row: usize) -> String {
        let cell = match self {
            Self::Text(values) => values.get(row).cloned(),
            Self::Number(values) => values.get(row).map(ToString::to_string),
            Self::Money(values) => values
                .get(row)
                .map(|amount| amount.map(|a| a.to_string()).unwrap_or_default()),
            Self::Time(values) => values.get(row).map(|ms| ledgerline::time::format_ms(*ms)),
            Self::Flag(values) => values.get(row).map(ToString::to_string),
        };
        cell.unwrap_or_default()
    }

    fn array(&self) -> Result<ArrayRef, arrow::error::ArrowError> {
        Ok(match self {
            Self::Text(values) => Arc::new(StringArray::from_iter_values(values)),
            Self::Number(values) => Arc::new(UInt64Array::from_iter_values(values.iter().copied())),
            Self::Money(values) => Arc::new(
                values
                    .iter()
                    .map(|amount| amount.map(|a| i128::from(a.0)))
                    .collect::<Decimal128Array>()
                    .with_precision_and_scale(PRECISION, SCALE)?,
            ),
            Self::Time(values) => Arc::new(
                TimestampMillisecondArray::from_iter_values(values.iter().copied())
                    .with_timezone("UTC"),
            ),
            Self::Flag(values) => {
                Arc::new(BooleanArray::from_iter(values.iter().map(|v| Some(*v))))
            }
        })
    }
}

impl Sheet {
    fn rows(&self) -> usize {
        self.columns.first().map_or(0, |(_, column)| column.len())
    }

    fn batch(&self) -> Result<RecordBatch, arrow::error::ArrowError> {
        let arrays = self
            .columns
            .iter()
            .map(|(name, column)| Ok((*name, column.array()?)))
            .collect::<Result<Vec<_>, arrow::error::ArrowError>>()?;
        RecordBatch::try_from_iter(arrays)
    }
}

/// Writes the rows of one table, sheet by sheet.
pub(super) struct SheetWriter {
    path: PathBuf,
    to: To,
}

enum To {
    Csv(Box<csv::Writer<File>>, bool),
    Parquet(File, Option<Box<ArrowWriter<File>>>),
}

impl SheetWriter {
    /// Creates `name` with the format's extension in `dir`.
    pub(super) fn create(dir: &Path, name: &str, format: TableFormat) -> Result<Self, RunError> {
        let extension = match format {
            TableFormat::Csv => "csv",
            TableFormat::Parquet => "parquet",
        };
        let path = dir.join(format!("{name}.{extension}"));
        let file = File::create_new(&path).map_err(FileError::at("create", &path))?;
        let to = match format {
            TableFormat::Csv => To::Csv(Box::new(csv::Writer::from_writer(file)), false),
            TableFormat::Parquet => To::Parquet(file, None),
        };
        Ok(Self { path, to })
    }

    /// Appends rows.
    pub(super) fn write(&mut self, sheet: &Sheet) -> Result<(), RunError> {
        let path = &self.path;
        let failed = |error: std::io::Error| FileError::at("write", path)(error);
        match &mut self.to {
            To::Csv(writer, has_header) => {
                let csv_failed = |error: csv::Error| failed(error.into());
                if !*has_header {
                    let names = sheet.columns.iter().map(|(name, _)| *name);
                    writer.write_record(names).map_err(csv_failed)?;
                    *has_header = true;
                }
                for row in 0..sheet.rows() {
                    let cells = sheet.columns.iter().map(|(_, column)| column.cell(row));
                    writer.write_record(cells).map_err(csv_failed)?;
                }
            }
            To::Parquet(file, writer) => {
                let other = |error: String| failed(std::io::Error::other(error));
                let batch = sheet.batch().map_err(|error| other(error.to_string()))?;
                let writer = match writer {
                    Some(writer) => writer,
                    none => {
                        let file = file.try_clone().map_err(failed)?;
                        none.insert(Box::new(new_writer(file, &batch.schema()).map_err(other)?))
                    }
                };
                writer
                    .write(&batch)
                    .map_err(|error| other(error.to_string()))?;
            }
        }
        Ok(())
    }

    /// Ends the file, durably; gives its name.
    pub(super) fn finish(self) -> Result<String, RunError> {
        let path = self.path;
        let failed = |error: std::io::Error| FileError::at("write", &path)(error);
        let file = match self.to {
            To::Csv(writer, _) => writer
                .into_inner()
                .map_err(|error| failed(error.into_error()))?,
            To::Parquet(file, writer) => {
                if let Some(writer) = writer {
                    let closed = writer.close();
                    closed.map_err(|error| failed(std::io::Error::other(error.to_string())))?;
                }
                file
            }
        };
        file.sync_all().map_err(FileError::at("fsync", &path))?;
        Ok(path
            .file_name()
            .unwrap_or_default()
            .to_string_lossy()
            .into_owned())
    }
}

fn new_writer(file: File, schema: &Arc<Schema>) -> Result<ArrowWriter<File>, String> {
    let properties = WriterProperties::builder()
        .set_compression(Compression::ZSTD(ZstdLevel::default()))
        .build();
    ArrowWriter::try_new(file, Arc::clone(schema), Some(properties))
        .map_err(|error| error.to_string())
}
