//! How long packets are.

use std::fmt;

use schemars::JsonSchema;
use serde::de::value::SeqAccessDeserializer;
use serde::de::{Deserializer, Error, SeqAccess, Unexpected, Visitor};
use serde::{Deserialize, Serialize};

use super::dice::Dice;
use super::shares::{self, Column};
use super::text::is_weight;
use crate::base::{Problem, Problems};

/// Most entries in a mix of packet lengths.
pub const MAX_LENGTHS: usize = 64;

/// One entry of a mix of packet lengths.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct LengthShare {
    /// Packet length [flits]; 1 to 65535.
    pub flits: u16,
    /// Share of packets that have this length, relative to the other entries; > 0.
    pub weight: f64,
}

/// Packet length: one number of flits for all, or a weighted mix from which each packet draws its own.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
#[serde(untagged)]
pub enum PacketFlits {
    /// Every packet has this length [flits]; 1 to 65535.
    Fixed(u16),
    /// Each packet draws its length.
    Mix(Vec<LengthShare>),
}

impl Default for PacketFlits {
    fn default() -> Self {
        Self::Fixed(1)
    }
}

impl<'de> Deserialize<'de> for PacketFlits {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(FlitsVisitor)
    }
}

struct FlitsVisitor;

impl<'de> Visitor<'de> for FlitsVisitor {
    type Value = PacketFlits;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a number of flits from 1 to 65535, or a list such as [{flits: 1, weight: 4}, {flits: 5, weight: 1}]")
    }

    fn visit_u64<E: Error>(self, flits: u64) -> Result<PacketFlits, E> {
        let fixed = u16::try_from(flits).map(PacketFlits::Fixed);
        fixed.map_err(|_| E::invalid_value(Unexpected::Unsigned(flits), &self))
    }

    fn visit_i64<E: Error>(self, flits: i64) -> Result<PacketFlits, E> {
        match u64::try_from(flits) {
            Ok(flits) => self.visit_u64(flits),
            Err(_) => Err(E::invalid_value(Unexpected::Signed(flits), &self)),
        }
    }

    fn visit_seq<A: SeqAccess<'de>>(self, list: A) -> Result<PacketFlits, A::Error> {
        Vec::deserialize(SeqAccessDeserializer::new(list)).map(PacketFlits::Mix)
    }
}

impl PacketFlits {
    /// Mean packet length [flits].
    pub fn mean(&self) -> f64 {
        match self {
            Self::Fixed(flits) => f64::from(*flits),
            Self::Mix(mix) => {
                let total: f64 = mix.iter().map(|entry| entry.weight).sum();
                mix.iter().map(|entry| f64::from(entry.flits) * entry.weight).sum::<f64>() / total
            }
        }
    }

    /// Checks every length and weight.
    ///
    /// # Errors
    /// A length of zero, a weight that is not positive, a mix without entries or with too many.
    pub fn validate(&self) -> Result<(), Problems> {
        let mut problems = Problems::new();
        let mut positive = |path: String, flits: u16| {
            if flits == 0 {
                problems.push(Problem::new(path, "a packet without flits").allowed("1 to 65535"));
            }
        };
        match self {
            Self::Fixed(flits) => positive(String::new(), *flits),
            Self::Mix(mix) => {
                for (i, entry) in mix.iter().enumerate() {
                    positive(format!("[{i}].flits"), entry.flits);
                }
                let unusable = |weight: f64| weight == 0.0 || !is_weight(weight);
                for (i, entry) in mix.iter().enumerate().filter(|(_, entry)| unusable(entry.weight)) {
                    let message = format!("{} is not a share", entry.weight);
                    problems.push(Problem::new(format!("[{i}].weight"), message).allowed("1e-30 to 1e30"));
                }
                if mix.is_empty() || mix.len() > MAX_LENGTHS {
                    let message = format!("a mix of {} packet lengths", mix.len());
                    problems.push(Problem::new("", message).allowed(format!("1 to {MAX_LENGTHS} entries")));
                }
            }
        }
        problems.into_result(())
    }

    /// The law that packets draw from.
    pub(super) fn compile(&self) -> Lengths {
        match self {
            Self::Fixed(flits) => Lengths::Fixed(*flits),
            Self::Mix(mix) => {
                let weighted = mix.iter().map(|entry| (u32::from(entry.flits), entry.weight));
                Lengths::Mix(shares::columns(weighted))
            }
        }
    }
}

/// Packet lengths, ready to draw.
#[derive(Clone, Debug)]
pub(super) enum Lengths {
    Fixed(u16),
    Mix(Vec<Column>),
}

impl Lengths {
    /// The length of a packet [flits].
    #[inline]
    pub(super) fn draw(&self, dice: Dice) -> u16 {
        match self {
            Self::Fixed(flits) => *flits,
            Self::Mix(columns) => shares::draw(columns, dice.length()) as u16,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(yaml: &str) -> Result<PacketFlits, String> {
        serde_yaml::from_str(yaml).map_err(|error| error.to_string())
    }

    #[test]
    fn both_forms_are_read() {
        assert_eq!(read("4").unwrap(), PacketFlits::Fixed(4));
        let mix = read("[{flits: 1, weight: 3}, {flits: 5, weight: 1}]").unwrap();
        assert_eq!(mix.mean(), 2.0);
        assert_eq!(read(&serde_yaml::to_string(&mix).unwrap()).unwrap(), mix);
    }

    #[test]
    fn what_is_no_length_is_refused() {
        for yaml in
            ["-1", "65536", "1.5", "many", "[{flits: 1}]", "[{flits: 1, weight: 1, colour: 2}]", "{flits: 1}"]
        {
            assert!(read(yaml).is_err(), "{yaml} was taken for a packet length");
        }
        for (yaml, path) in [
            ("0", ""),
            ("[]", ""),
            ("[{flits: 0, weight: 1}]", "[0].flits"),
            ("[{flits: 1, weight: 1}, {flits: 1, weight: 0}]", "[1].weight"),
            ("[{flits: 1, weight: .nan}]", "[0].weight"),
        ] {
            let problems = read(yaml).unwrap().validate().unwrap_err();
            assert_eq!(problems.0[0].path, path, "{yaml}");
        }
    }
}
