//! How users name a router: by its coordinates or by its number.

use std::borrow::Cow;
use std::fmt;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::de::{self, Deserializer, SeqAccess, Visitor};
use serde::{Deserialize, Serialize};

use super::{Fabric, Shape};
use crate::base::{Problem, RouterId};

/// A router as users name it.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize)]
#[serde(untagged)]
pub enum Place {
    /// By its number, on any topology.
    Number(u32),
    /// By its coordinates, x first, on grids and triangular tori.
    At(Vec<u32>),
}

impl Place {
    /// How users name `router`: by coordinates where there are any.
    pub fn of(fabric: &Fabric, router: RouterId) -> Self {
        match fabric.shape {
            Shape::Grid { .. } => fabric.coordinates(router).map_or(Self::Number(router.0), Self::At),
            Shape::TriangularTorus { width, .. } => Self::At(vec![router.0 % width, router.0 / width]),
            Shape::FatTree { .. } | Shape::Irregular => Self::Number(router.0),
        }
    }

    /// The router of `fabric` that is named.
    ///
    /// # Errors
    /// It lies outside the chip, or the topology has no coordinates, or not so many; the path is empty.
    pub fn resolve(&self, fabric: &Fabric) -> Result<RouterId, Problem> {
        let count = fabric.routers.len();
        let numbers = || format!("a router number from 0 to {}", count.saturating_sub(1));
        let at = match self {
            Self::Number(number) if (*number as usize) < count => return Ok(RouterId(*number)),
            Self::Number(number) => {
                return Err(
                    Problem::new("", format!("router {number} is outside the chip")).allowed(numbers())
                );
            }
            Self::At(at) => at,
        };
        let size = match &fabric.shape {
            Shape::Grid { size, .. } => size.clone(),
            Shape::TriangularTorus { width, height } => vec![*width, *height],
            Shape::FatTree { .. } | Shape::Irregular => {
                let message = format!("{self} means nothing here: this topology has no coordinates");
                return Err(Problem::new("", message).allowed(numbers()));
            }
        };
        if at.len() != size.len() || at.iter().zip(&size).any(|(c, k)| c >= k) {
            let ranges: Vec<_> = size.iter().map(|k| format!("0 to {}", k - 1)).collect();
            return Err(Problem::new("", format!("{self} is outside the chip"))
                .allowed(format!("[{}]", ranges.join(", "))));
        }
        Ok(RouterId(at.iter().zip(&size).rev().fold(0, |number, (c, k)| number * k + c)))
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Number(number) => write!(f, "router {number}"),
            Self::At(at) => write!(f, "{at:?}"),
        }
    }
}

struct PlaceVisitor;

impl<'de> Visitor<'de> for PlaceVisitor {
    type Value = Place;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a router: its coordinates such as [3, 4], or its number")
    }

    fn visit_u64<E: de::Error>(self, number: u64) -> Result<Place, E> {
        let outside = |_| E::invalid_value(de::Unexpected::Unsigned(number), &self);
        number.try_into().map(Place::Number).map_err(outside)
    }

    fn visit_i64<E: de::Error>(self, number: i64) -> Result<Place, E> {
        let outside = |_| E::invalid_value(de::Unexpected::Signed(number), &self);
        number.try_into().map(Place::Number).map_err(outside)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Place, A::Error> {
        let mut at = Vec::new();
        while let Some(coordinate) = items.next_element()? {
            at.push(coordinate);
        }
        if at.is_empty() { Err(de::Error::invalid_length(0, &self)) } else { Ok(Place::At(at)) }
    }
}

impl<'de> Deserialize<'de> for Place {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(PlaceVisitor)
    }
}

impl JsonSchema for Place {
    fn schema_name() -> Cow<'static, str> {
        "Place".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "description": "A router: its coordinates (x first) on a grid, or its number.",
            "oneOf": [
                {"type": "integer", "minimum": 0},
                {"type": "array", "items": {"type": "integer", "minimum": 0}, "minItems": 1}
            ]
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fabric::{LinkParams, Topology};

    fn place(yaml: &str) -> Place {
        serde_yaml::from_str(yaml).unwrap()
    }

    #[test]
    fn names_and_routers_correspond() {
        let fabric = Topology::Mesh { size: vec![3, 4, 2] }.build(&LinkParams::default()).unwrap();
        for router in (0..24).map(RouterId) {
            assert_eq!(Place::of(&fabric, router).resolve(&fabric), Ok(router));
            assert_eq!(Place::Number(router.0).resolve(&fabric), Ok(router));
        }
        assert_eq!(place("[2, 3, 1]").resolve(&fabric), Ok(RouterId(23)));
    }

    #[test]
    fn places_outside_the_chip_are_refused() {
        let fabric = Topology::Mesh { size: vec![8, 8] }.build(&LinkParams::default()).unwrap();
        let refusal = |yaml: &str| place(yaml).resolve(&fabric).unwrap_err().to_string();
        assert_eq!(refusal("[8, 0]"), "[8, 0] is outside the chip; allowed: [0 to 7, 0 to 7]");
        assert_eq!(refusal("[1]"), "[1] is outside the chip; allowed: [0 to 7, 0 to 7]");
        assert_eq!(refusal("64"), "router 64 is outside the chip; allowed: a router number from 0 to 63");
        for yaml in ["-1", "5000000000", "[]", "[-1, 2]", "east", "[[1, 2]]", "1.5"] {
            assert!(serde_yaml::from_str::<Place>(yaml).is_err(), "{yaml} was taken for a router");
        }
    }
}
