//! The technology node of a chip.

use std::borrow::Cow;
use std::fmt;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::de::{self, Deserializer, Visitor};
use serde::{Deserialize, Serialize};

/// Smallest node that the cost table is carried to [nm]; it ends at 11.
pub(super) const MIN_NM: f64 = 10.0;

/// Largest node that the cost table is carried to [nm]; it begins at 45.
pub(super) const MAX_NM: f64 = 65.0;

/// A technology node by its name, `45nm`: the feature size [nm].
#[derive(Clone, Copy, Debug, PartialEq, PartialOrd, Serialize)]
#[serde(transparent)]
pub struct Technology(pub f64);

impl Technology {
    /// Whether the cost table covers the node, or nearly so.
    pub(super) fn is_covered(self) -> bool {
        (MIN_NM..=MAX_NM).contains(&self.0)
    }
}

impl fmt::Display for Technology {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}nm", self.0)
    }
}

struct NodeVisitor;

impl Visitor<'_> for NodeVisitor {
    type Value = Technology;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a technology node such as \"45nm\"")
    }

    fn visit_f64<E: de::Error>(self, nm: f64) -> Result<Technology, E> {
        if nm.is_finite() { Ok(Technology(nm)) } else { Err(E::custom("the value is not finite")) }
    }

    fn visit_u64<E: de::Error>(self, nm: u64) -> Result<Technology, E> {
        Ok(Technology(nm as f64))
    }

    fn visit_i64<E: de::Error>(self, nm: i64) -> Result<Technology, E> {
        Ok(Technology(nm as f64))
    }

    fn visit_str<E: de::Error>(self, text: &str) -> Result<Technology, E> {
        let number = text.trim().strip_suffix("nm").unwrap_or(text).trim();
        match number.parse::<f64>() {
            Ok(nm) => self.visit_f64(nm),
            Err(_) => Err(E::custom(format!("`{text}` is not a technology node (write it in nm: \"45nm\")"))),
        }
    }
}

impl<'de> Deserialize<'de> for Technology {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(NodeVisitor)
    }
}

impl JsonSchema for Technology {
    fn schema_name() -> Cow<'static, str> {
        "Technology".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "description": "A technology node such as \"45nm\", or its feature size in nanometres.",
            "type": ["number", "string"]
        })
    }
}
