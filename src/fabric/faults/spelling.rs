//! How single faults are written, where there is a short and a long form.

use std::borrow::Cow;
use std::fmt;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::de::value::MapAccessDeserializer;
use serde::de::{Deserializer, Error, MapAccess, SeqAccess, Visitor};
use serde::ser::{SerializeMap, Serializer};
use serde::{Deserialize, Serialize};

use crate::fabric::Place;

/// A broken link: `[[0, 0], [1, 0]]` in both directions, `{from: [0, 0], to: [1, 0]}` in one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LinkFault {
    /// Router at one end.
    pub from: Place,
    /// Router at the other end.
    pub to: Place,
    /// Only the direction from `from` to `to` is broken.
    pub one_way: bool,
}

/// A dead core: `[3, 4]` (all cores on that router) or `{at: [3, 4], core: 1}` (one of them).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CoreFault {
    /// Router that the core hangs on.
    pub at: Place,
    /// Which of the router's nodes, counted from 0 by port; absent: all.
    pub core: Option<u8>,
}

/// Virtual channels that are stuck: they hold no flit and free no credit.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct StuckVcs {
    /// Router that drives the link.
    pub from: Place,
    /// Router with the buffer, a neighbour of `from`.
    pub to: Place,
    /// Numbers of the channels, from 0.
    pub vcs: Vec<u8>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct OneWay {
    from: Place,
    to: Place,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct OneCore {
    at: Place,
    core: Option<u8>,
}

struct LinkVisitor;

impl<'de> Visitor<'de> for LinkVisitor {
    type Value = LinkFault;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a link: two routers such as [[0, 0], [1, 0]], or {from: [0, 0], to: [1, 0]}")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<LinkFault, A::Error> {
        let from = items.next_element()?.ok_or_else(|| A::Error::invalid_length(0, &self))?;
        let to = items.next_element()?.ok_or_else(|| A::Error::invalid_length(1, &self))?;
        match items.next_element::<Place>()? {
            None => Ok(LinkFault { from, to, one_way: false }),
            Some(_) => Err(A::Error::invalid_length(3, &self)),
        }
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<LinkFault, A::Error> {
        let OneWay { from, to } = OneWay::deserialize(MapAccessDeserializer::new(map))?;
        Ok(LinkFault { from, to, one_way: true })
    }
}

impl<'de> Deserialize<'de> for LinkFault {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(LinkVisitor)
    }
}

impl Serialize for LinkFault {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        if !self.one_way {
            return [&self.from, &self.to].serialize(serializer);
        }
        let mut map = serializer.serialize_map(Some(2))?;
        map.serialize_entry("from", &self.from)?;
        map.serialize_entry("to", &self.to)?;
        map.end()
    }
}

impl JsonSchema for LinkFault {
    fn schema_name() -> Cow<'static, str> {
        "LinkFault".into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        let place = generator.subschema_for::<Place>();
        json_schema!({
            "description": "A broken link: [[0, 0], [1, 0]] in both directions, {from: …, to: …} in one.",
            "oneOf": [
                {"type": "array", "items": place, "minItems": 2, "maxItems": 2},
                {
                    "type": "object",
                    "properties": {"from": place, "to": place},
                    "required": ["from", "to"],
                    "additionalProperties": false
                }
            ]
        })
    }
}

struct CoreVisitor;

impl<'de> Visitor<'de> for CoreVisitor {
    type Value = CoreFault;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a core: its router such as [3, 4] or 17, or {at: [3, 4], core: 1}")
    }

    fn visit_u64<E: Error>(self, number: u64) -> Result<CoreFault, E> {
        let outside = |_| E::invalid_value(serde::de::Unexpected::Unsigned(number), &self);
        let at = number.try_into().map(Place::Number).map_err(outside)?;
        Ok(CoreFault { at, core: None })
    }

    fn visit_seq<A: SeqAccess<'de>>(self, items: A) -> Result<CoreFault, A::Error> {
        let at = Place::deserialize(serde::de::value::SeqAccessDeserializer::new(items))?;
        Ok(CoreFault { at, core: None })
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<CoreFault, A::Error> {
        let OneCore { at, core } = OneCore::deserialize(MapAccessDeserializer::new(map))?;
        Ok(CoreFault { at, core })
    }
}

impl<'de> Deserialize<'de> for CoreFault {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(CoreVisitor)
    }
}

impl Serialize for CoreFault {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let Some(core) = self.core else { return self.at.serialize(serializer) };
        let mut map = serializer.serialize_map(Some(2))?;
        map.serialize_entry("at", &self.at)?;
        map.serialize_entry("core", &core)?;
        map.end()
    }
}

impl JsonSchema for CoreFault {
    fn schema_name() -> Cow<'static, str> {
        "CoreFault".into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        let place = generator.subschema_for::<Place>();
        json_schema!({
            "description": "A dead core: [3, 4] (all on that router) or {at: [3, 4], core: 1}.",
            "oneOf": [
                place,
                {
                    "type": "object",
                    "properties": {"at": place, "core": {"type": "integer", "minimum": 0, "maximum": 255}},
                    "required": ["at"],
                    "additionalProperties": false
                }
            ]
        })
    }
}
