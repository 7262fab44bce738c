//! The numbers in a state column: exact in a checkpoint of any format, and settable one by one.
//!
//! Text formats lose a bit of a floating-point number now and then, and JSON knows no infinity. A
//! checkpoint must give back the same bytes, so columns of such numbers are written as their bits.

use serde::de::{Deserialize, DeserializeOwned, Deserializer};
use serde::ser::{Serialize, Serializer};

/// A number and the whole number that stands for it.
pub(super) trait Number: Copy {
    /// The whole number.
    type Bits: Serialize + DeserializeOwned;
    /// The bits of the number.
    fn into_bits(self) -> Self::Bits;
    /// The number with these bits.
    fn of_bits(bits: Self::Bits) -> Self;
    /// The number nearest to `value`.
    fn nearest(value: f64) -> Self;
}

impl Number for f64 {
    type Bits = u64;

    fn into_bits(self) -> u64 {
        self.to_bits()
    }

    fn of_bits(bits: u64) -> Self {
        Self::from_bits(bits)
    }

    fn nearest(value: f64) -> Self {
        value
    }
}

macro_rules! whole {
    ($($T:ty),+) => {$(
        impl Number for $T {
            type Bits = Self;

            fn into_bits(self) -> Self {
                self
            }

            fn of_bits(bits: Self) -> Self {
                bits
            }

            fn nearest(value: f64) -> Self {
                value.round() as Self
            }
        }
    )+};
}

whole!(u8, u16, i32);

/// Sets an entry of a column; whether there is one.
pub(super) fn set<T: Number>(column: &mut [T], index: usize, value: f64) -> bool {
    column.get_mut(index).map(|entry| *entry = T::nearest(value)).is_some()
}

/// Writes a column.
pub(super) fn serialize<T: Number, S: Serializer>(column: &[T], sink: S) -> Result<S::Ok, S::Error> {
    sink.collect_seq(column.iter().map(|&number| number.into_bits()))
}

/// Reads a column.
pub(super) fn deserialize<'de, T: Number, D: Deserializer<'de>>(source: D) -> Result<Vec<T>, D::Error> {
    Ok(Vec::deserialize(source)?.into_iter().map(T::of_bits).collect())
}
