//! Columns of floating-point numbers as their bits, for checkpoints: text formats know no infinity, and none may
//! lose a bit.

use serde::{Deserialize, Deserializer, Serializer};

/// Writes a column.
///
/// # Errors
/// Whatever `sink` reports.
pub fn serialize<S: Serializer>(column: &[f64], sink: S) -> Result<S::Ok, S::Error> {
    sink.collect_seq(column.iter().map(|number| number.to_bits()))
}

/// Reads a column.
///
/// # Errors
/// Whatever `source` reports.
pub fn deserialize<'de, D: Deserializer<'de>>(source: D) -> Result<Vec<f64>, D::Error> {
    Ok(Vec::deserialize(source)?.into_iter().map(f64::from_bits).collect())
}
