//! Physical quantities that are written with a unit (`"4.1 ns"`, `"3 pJ"`) or as a plain number.
//!
//! Each quantity is an `f64` in its documented unit. Values are written back as plain numbers in
//! that unit, so a resolved document reads the same everywhere.

use std::borrow::Cow;
use std::fmt;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::de::{self, Deserializer, Visitor};
use serde::{Deserialize, Serialize};

const PREFIXES: [(&str, i32); 14] = [
    ("", 0),
    ("f", -15),
    ("p", -12),
    ("n", -9),
    ("µ", -6),
    ("μ", -6),
    ("u", -6),
    ("m", -3),
    ("c", -2),
    ("k", 3),
    ("M", 6),
    ("G", 9),
    ("T", 12),
    ("a", -18),
];

/// Reads `text` as a number and a unit of the dimension `symbol` (SI-prefixed); a bare number is
/// taken to be in `10^exponent` of that symbol. The result is in `10^exponent` of the symbol.
fn parse(text: &str, symbol: &str, exponent: i32) -> Option<f64> {
    let text = text.trim();
    let end = text
        .char_indices()
        .find(|&(i, c)| {
            let numeric = c.is_ascii_digit() || "+-._".contains(c);
            let mantissa_exponent = matches!(c, 'e' | 'E')
                && text[i + 1..].starts_with(|n: char| n.is_ascii_digit() || n == '-' || n == '+');
            !numeric && !mantissa_exponent
        })
        .map_or(text.len(), |(i, _)| i);
    let number = text[..end].replace('_', "");
    let unit = text[end..].trim();
    if unit.is_empty() {
        return number.parse().ok();
    }
    let prefix = unit.strip_suffix(symbol)?;
    let &(_, power) = PREFIXES.iter().find(|(name, _)| *name == prefix)?;
    // The shift goes into the decimal exponent, so that "4.1 ns" is the double nearest to 4.1e-9.
    let (mantissa, own) = number.split_once(['e', 'E']).unwrap_or((&number, "0"));
    let shifted = own.parse::<i32>().ok()?.checked_add(power - exponent)?;
    format!("{mantissa}e{shifted}").parse().ok()
}

struct QuantityVisitor {
    symbol: &'static str,
    exponent: i32,
    example: &'static str,
}

impl Visitor<'_> for QuantityVisitor {
    type Value = f64;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "a number or a quantity such as \"{}\"", self.example)
    }

    fn visit_f64<E: de::Error>(self, value: f64) -> Result<f64, E> {
        if value.is_finite() { Ok(value) } else { Err(E::custom("the value is not finite")) }
    }

    fn visit_i64<E: de::Error>(self, value: i64) -> Result<f64, E> {
        Ok(value as f64)
    }

    fn visit_u64<E: de::Error>(self, value: u64) -> Result<f64, E> {
        Ok(value as f64)
    }

    fn visit_str<E: de::Error>(self, text: &str) -> Result<f64, E> {
        match parse(text, self.symbol, self.exponent) {
            Some(value) => self.visit_f64(value),
            None => Err(E::custom(format!(
                "`{text}` is not a quantity in {} (write e.g. \"{}\")",
                self.symbol, self.example
            ))),
        }
    }
}

macro_rules! quantities {
    ($($(#[$doc:meta])* $name:ident($symbol:literal, $exponent:literal, $example:literal)),+ $(,)?) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, Default, PartialEq, PartialOrd, Serialize)]
        #[serde(transparent)]
        pub struct $name(pub f64);

        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                let visitor = QuantityVisitor { symbol: $symbol, exponent: $exponent, example: $example };
                deserializer.deserialize_any(visitor).map($name)
            }
        }

        impl JsonSchema for $name {
            fn schema_name() -> Cow<'static, str> {
                stringify!($name).into()
            }

            fn json_schema(_: &mut SchemaGenerator) -> Schema {
                json_schema!({
                    "description": concat!("A quantity such as \"", $example, "\", or a plain number in the documented unit."),
                    "type": ["number", "string"]
                })
            }
        }
    )+

    /// The unit of a plain number of the quantity whose schema has this name.
    pub fn unit_of(schema: &str) -> Option<&'static str> {
        match schema {
            $(stringify!($name) => Some(if $exponent == -3 { concat!("m", $symbol) } else { $symbol }),)+
            _ => None,
        }
    }
    };
}

quantities! {
    /// A time in seconds.
    Seconds("s", 0, "4.1 ns"),
    /// An energy in joules.
    Joules("J", 0, "3 pJ"),
    /// A power in watts.
    Watts("W", 0, "2.5 mW"),
    /// A frequency in hertz.
    Hertz("Hz", 0, "1 GHz"),
    /// A length in millimetres.
    Millimetres("m", -3, "1 mm"),
    /// A voltage in volts.
    Volts("V", 0, "15 mV"),
    /// A current in amperes.
    Amperes("A", 0, "2 nA"),
    /// A conductance in siemens.
    Siemens("S", 0, "50 µS"),
    /// A resistance in ohms.
    Ohms("Ω", 0, "20 kΩ"),
    /// A capacitance in farads.
    Farads("F", 0, "1 fF"),
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check<T: for<'de> Deserialize<'de>>(yaml: &str) -> Result<T, String> {
        serde_yaml::from_str(yaml).map_err(|e| e.to_string())
    }

    #[test]
    fn units_are_read_to_the_last_bit() {
        assert_eq!(check::<Seconds>("4.1 ns").unwrap().0, 4.1e-9);
        assert_eq!(check::<Joules>("23.6pJ").unwrap().0, 23.6e-12);
        assert_eq!(check::<Siemens>("50 µS").unwrap().0, 50e-6);
        assert_eq!(check::<Hertz>("1e3 MHz").unwrap().0, 1e9);
        assert_eq!(check::<Millimetres>("250 um").unwrap().0, 0.25);
        assert_eq!(check::<Millimetres>("2").unwrap().0, 2.0);
        assert_eq!(check::<Volts>("-70 mV").unwrap().0, -0.07);
    }

    #[test]
    fn a_wrong_unit_is_refused() {
        for text in ["3 nJ", "3 parsec", "ns", "", ".inf", ".nan"] {
            assert!(check::<Seconds>(text).is_err(), "{text:?} was taken for a time");
        }
    }
}
