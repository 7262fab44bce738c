//! `results.parquet`: the rows of `results.csv` with their types.

use std::io::{self, Write};
use std::path::Path;
use std::sync::Arc;

use parquet::basic::{LogicalType, Repetition, Type as Physical};
use parquet::data_type::{ByteArray, ByteArrayType, DoubleType, Int64Type};
use parquet::errors::ParquetError;
use parquet::file::properties::WriterProperties;
use parquet::file::writer::{SerializedFileWriter, SerializedRowGroupWriter};
use parquet::schema::types::Type;

use super::tables::{NUMBERS, cell, command};
use super::{Journal, Record, Survey};
use crate::spec::sweep::{Design, Point};

/// Rows of a row group: what is held in memory at once.
const GROUP: usize = 4096;

/// What a column holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Holds {
    Whole,
    Number,
    Text,
}

/// A row: the point and what came out.
type Row = (Point, Record);

/// Writes the table of every point that was run.
///
/// # Errors
/// The journal cannot be read, or the table not written.
pub fn results_parquet<W: Write + Send>(
    design: &Design,
    survey: &Survey,
    journal: &mut Journal,
    folder: Option<&Path>,
    out: W,
) -> io::Result<()> {
    let numeric = numeric_columns(design);
    let schema = schema(design, survey, &numeric).map_err(io::Error::other)?;
    let properties = Arc::new(WriterProperties::builder().build());
    let mut writer = SerializedFileWriter::new(out, schema, properties).map_err(io::Error::other)?;
    let mut rows: Vec<Row> = Vec::new();
    for index in 0..design.points() {
        let Some(record) = journal.record(index).map_err(io::Error::other)? else { continue };
        rows.push((design.point(index, folder), record));
        if rows.len() == GROUP {
            write_group(&mut writer, survey, &numeric, &rows).map_err(io::Error::other)?;
            rows.clear();
        }
    }
    if !rows.is_empty() {
        write_group(&mut writer, survey, &numeric, &rows).map_err(io::Error::other)?;
    }
    writer.close().map_err(io::Error::other)?;
    Ok(())
}

/// Whether each column holds nothing but numbers.
fn numeric_columns(design: &Design) -> Vec<bool> {
    let mut numeric = vec![true; design.columns().len()];
    for setting in 0..design.settings() {
        for (is_numeric, value) in numeric.iter_mut().zip(design.setting(setting).0) {
            *is_numeric &= value.is_number() || value.is_null();
        }
    }
    numeric
}

fn schema(design: &Design, survey: &Survey, numeric: &[bool]) -> Result<Arc<Type>, ParquetError> {
    let mut fields = Vec::new();
    for name in NUMBERS {
        fields.push(field(name, Holds::Whole)?);
    }
    for (column, &is_numeric) in design.columns().iter().zip(numeric) {
        fields.push(field(&column.name, if is_numeric { Holds::Number } else { Holds::Text })?);
    }
    for name in ["status", "error"] {
        fields.push(field(name, Holds::Text)?);
    }
    for name in &survey.metrics {
        fields.push(field(name, Holds::Number)?);
    }
    fields.push(field("command", Holds::Text)?);
    Ok(Arc::new(Type::group_type_builder("results").with_fields(fields).build()?))
}

fn field(name: &str, holds: Holds) -> Result<Arc<Type>, ParquetError> {
    let (physical, logical) = match holds {
        Holds::Whole => (Physical::INT64, None),
        Holds::Number => (Physical::DOUBLE, None),
        Holds::Text => (Physical::BYTE_ARRAY, Some(LogicalType::String)),
    };
    let builder = Type::primitive_type_builder(name, physical).with_logical_type(logical);
    let repetition = if holds == Holds::Whole { Repetition::REQUIRED } else { Repetition::OPTIONAL };
    Ok(Arc::new(builder.with_repetition(repetition).build()?))
}

fn write_group<W: Write + Send>(
    writer: &mut SerializedFileWriter<W>,
    survey: &Survey,
    numeric: &[bool],
    rows: &[Row],
) -> Result<(), ParquetError> {
    let mut group = writer.next_row_group()?;
    let numbers: [fn(&Point) -> u64; 4] =
        [|point| point.index, |point| point.setting, |point| point.repetition.into(), |point| point.seed];
    for number in numbers {
        let values: Vec<i64> = rows.iter().map(|(point, _)| number(point) as i64).collect();
        let mut column = group.next_column()?.ok_or_else(missing)?;
        column.typed::<Int64Type>().write_batch(&values, None, None)?;
        column.close()?;
    }
    for (at, &is_numeric) in numeric.iter().enumerate() {
        if is_numeric {
            write_numbers(&mut group, rows.iter().map(|(point, _)| point.cells[at].as_f64()))?;
        } else {
            let text = |value: &serde_json::Value| (!value.is_null()).then(|| cell(value));
            write_texts(&mut group, rows.iter().map(|(point, _)| text(&point.cells[at])))?;
        }
    }
    let status = |record: &Record| if record.error.is_some() { "failed" } else { "done" };
    write_texts(&mut group, rows.iter().map(|(_, record)| Some(status(record).to_owned())))?;
    write_texts(&mut group, rows.iter().map(|(_, record)| record.error.clone()))?;
    for name in &survey.metrics {
        let find = |record: &Record| record.metrics.iter().find(|(known, _)| known == name).map(|it| it.1);
        write_numbers(&mut group, rows.iter().map(|(_, record)| find(record)))?;
    }
    write_texts(&mut group, rows.iter().map(|(point, _)| Some(command(point))))?;
    group.close()?;
    Ok(())
}

fn missing() -> ParquetError {
    ParquetError::General("a column is missing".to_owned())
}

fn write_numbers<W: Write + Send>(
    group: &mut SerializedRowGroupWriter<'_, W>,
    values: impl Iterator<Item = Option<f64>>,
) -> Result<(), ParquetError> {
    let (mut there, mut numbers) = (Vec::new(), Vec::new());
    for value in values {
        there.push(i16::from(value.is_some()));
        numbers.extend(value);
    }
    let mut column = group.next_column()?.ok_or_else(missing)?;
    column.typed::<DoubleType>().write_batch(&numbers, Some(&there), None)?;
    column.close()
}

fn write_texts<W: Write + Send>(
    group: &mut SerializedRowGroupWriter<'_, W>,
    values: impl Iterator<Item = Option<String>>,
) -> Result<(), ParquetError> {
    let (mut there, mut texts) = (Vec::new(), Vec::new());
    for value in values {
        there.push(i16::from(value.is_some()));
        texts.extend(value.map(|text| ByteArray::from(text.as_str())));
    }
    let mut column = group.next_column()?.ok_or_else(missing)?;
    column.typed::<ByteArrayType>().write_batch(&texts, Some(&there), None)?;
    column.close()
}
