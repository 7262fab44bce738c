//! serde over a [`Node`] tree. Unlike a deserializer over text, it knows at each refusal which node was
//! refused, and goes on as if refused ([`pruned`](Node::pruned)) nodes were not there.
//!
//! Enums are text (a variant with nothing to say) or a map with one key; text also stands for a
//! variant whose fields all have defaults.

use std::fmt::{self, Display};

use serde::de::value::{BorrowedStrDeserializer, StrDeserializer};
use serde::de::{
    self, DeserializeSeed, Deserializer, EnumAccess, Expected, IntoDeserializer, MapAccess, SeqAccess,
    Unexpected, VariantAccess, Visitor,
};
use serde::forward_to_deserialize_any;

use super::tree::{Entry, Mark, Node, Value};

/// Why a node was refused.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Fault {
    /// Something else belongs here; serde's description of it.
    WrongType { expected: String },
    /// A map belongs here.
    WantsMap { fields: &'static [&'static str] },
    /// One of several names belongs here, alone or as the only key of a map.
    WantsChoice { names: &'static [&'static str] },
    /// A list of another length belongs here.
    WrongLength { expected: String },
    /// The key is not a field.
    UnknownField { name: String, fields: &'static [&'static str] },
    /// The name is none of the choices.
    UnknownName { name: String, names: &'static [&'static str] },
    /// A field is absent.
    Missing { field: &'static str },
    /// The choice takes no value, but one was given.
    TakesNothing,
    /// The choice needs a value, but none was given.
    WantsContent { expected: String },
    /// Infinite or not a number.
    NotFinite,
    /// What a room's own reader said.
    Said(String),
}

/// A node that was refused.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Refusal {
    /// Positions that lead from the refused node up to the root.
    steps: Vec<usize>,
    /// Whether it is the key that was refused.
    pub at_key: bool,
    pub fault: Fault,
}

impl Refusal {
    fn new(fault: Fault) -> Self {
        Self { steps: Vec::new(), at_key: false, fault }
    }

    fn under(mut self, step: usize) -> Self {
        self.steps.push(step);
        self
    }

    /// Positions that lead from the root down to the refused node.
    pub(super) fn steps(&self) -> Vec<usize> {
        self.steps.iter().rev().copied().collect()
    }
}

impl Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}", self.fault)
    }
}

impl std::error::Error for Refusal {}

impl de::Error for Refusal {
    fn custom<T: Display>(message: T) -> Self {
        Self::new(Fault::Said(message.to_string()))
    }

    fn invalid_type(_: Unexpected<'_>, expected: &dyn Expected) -> Self {
        Self::new(Fault::WrongType { expected: expected.to_string() })
    }

    fn invalid_value(_: Unexpected<'_>, expected: &dyn Expected) -> Self {
        Self::new(Fault::WrongType { expected: expected.to_string() })
    }

    fn invalid_length(_: usize, expected: &dyn Expected) -> Self {
        Self::new(Fault::WrongLength { expected: expected.to_string() })
    }

    fn unknown_variant(name: &str, names: &'static [&'static str]) -> Self {
        Self::new(Fault::UnknownName { name: name.to_owned(), names })
    }

    fn unknown_field(name: &str, fields: &'static [&'static str]) -> Self {
        Self::new(Fault::UnknownField { name: name.to_owned(), fields })
    }

    fn missing_field(field: &'static str) -> Self {
        Self::new(Fault::Missing { field })
    }
}

/// A node as a serde data source.
#[derive(Clone, Copy)]
pub(super) struct Decoder<'de>(pub &'de Node);

impl<'de> Deserializer<'de> for Decoder<'de> {
    type Error = Refusal;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Refusal> {
        match &self.0.value {
            Value::Null => visitor.visit_unit(),
            Value::Bool(value) => visitor.visit_bool(*value),
            Value::Unsigned(value) => visitor.visit_u64(*value),
            Value::Negative(value) => visitor.visit_i64(*value),
            Value::Float(value) if value.is_finite() => visitor.visit_f64(*value),
            Value::Float(_) => Err(Refusal::new(Fault::NotFinite)),
            Value::Text(text) => visitor.visit_borrowed_str(text),
            Value::List(items) => visit_list(items, visitor),
            Value::Map(entries) => visitor.visit_map(Entries::new(entries)),
        }
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Refusal> {
        match self.0.value {
            Value::Null => visitor.visit_none(),
            _ => visitor.visit_some(self),
        }
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        visitor: V,
    ) -> Result<V::Value, Refusal> {
        visitor.visit_newtype_struct(self)
    }

    fn deserialize_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        fields: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Refusal> {
        match &self.0.value {
            Value::Map(entries) => visitor.visit_map(Entries::new(entries)),
            _ => Err(Refusal::new(Fault::WantsMap { fields })),
        }
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        _: &'static str,
        names: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Refusal> {
        match &self.0.value {
            Value::Text(name) => visitor.visit_enum(Choice { name, content: None }),
            Value::Map(entries) => {
                let mut present = visible(entries);
                match (present.next(), present.next()) {
                    (Some((step, entry)), None) => visitor
                        .visit_enum(Choice { name: &entry.key.text, content: Some((step, &entry.value)) }),
                    _ => Err(Refusal::new(Fault::WantsChoice { names })),
                }
            }
            _ => Err(Refusal::new(Fault::WantsChoice { names })),
        }
    }

    fn deserialize_ignored_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Refusal> {
        visitor.visit_unit()
    }

    forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf
        unit unit_struct seq tuple tuple_struct map identifier
    }
}

fn visible(entries: &[Entry]) -> impl Iterator<Item = (usize, &Entry)> {
    entries.iter().enumerate().filter(|(_, entry)| !entry.value.pruned)
}

fn visit_list<'de, V: Visitor<'de>>(items: &'de [Node], visitor: V) -> Result<V::Value, Refusal> {
    let mut access = Items { items, next: 0 };
    let value = visitor.visit_seq(&mut access)?;
    let (read, left) = items.split_at(access.next);
    let present = |items: &[Node]| items.iter().filter(|item| !item.pruned).count();
    match present(left) {
        0 => Ok(value),
        _ => {
            Err(Refusal::new(Fault::WrongLength { expected: format!("a list of {} values", present(read)) }))
        }
    }
}

struct Items<'de> {
    items: &'de [Node],
    next: usize,
}

impl<'de> SeqAccess<'de> for Items<'de> {
    type Error = Refusal;

    fn next_element_seed<T: DeserializeSeed<'de>>(&mut self, seed: T) -> Result<Option<T::Value>, Refusal> {
        while let Some(item) = self.items.get(self.next) {
            self.next += 1;
            if !item.pruned {
                let step = self.next - 1;
                return seed.deserialize(Decoder(item)).map(Some).map_err(|refusal| refusal.under(step));
            }
        }
        Ok(None)
    }

    fn size_hint(&self) -> Option<usize> {
        Some(self.items.len() - self.next)
    }
}

struct Entries<'de> {
    entries: &'de [Entry],
    next: usize,
}

impl<'de> Entries<'de> {
    fn new(entries: &'de [Entry]) -> Self {
        Self { entries, next: 0 }
    }
}

impl<'de> MapAccess<'de> for Entries<'de> {
    type Error = Refusal;

    fn next_key_seed<K: DeserializeSeed<'de>>(&mut self, seed: K) -> Result<Option<K::Value>, Refusal> {
        while let Some(entry) = self.entries.get(self.next) {
            self.next += 1;
            if !entry.value.pruned {
                let step = self.next - 1;
                let at_key = |refusal: Refusal| Refusal { at_key: true, ..refusal }.under(step);
                return seed.deserialize(KeyDecoder(&entry.key.text)).map(Some).map_err(at_key);
            }
        }
        Ok(None)
    }

    fn next_value_seed<V: DeserializeSeed<'de>>(&mut self, seed: V) -> Result<V::Value, Refusal> {
        let step = self.next.saturating_sub(1);
        let Some(entry) = self.entries.get(step) else {
            return Err(Refusal::new(Fault::Said("a value was asked for before its key".into())));
        };
        seed.deserialize(Decoder(&entry.value)).map_err(|refusal| refusal.under(step))
    }
}

/// A key; where a number is wanted it is read as one.
struct KeyDecoder<'de>(&'de str);

macro_rules! number_keys {
    ($($method:ident $visit:ident),*) => {$(
        fn $method<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Refusal> {
            match self.0.parse() {
                Ok(number) => visitor.$visit(number),
                Err(_) => visitor.visit_borrowed_str(self.0),
            }
        }
    )*};
}

impl<'de> Deserializer<'de> for KeyDecoder<'de> {
    type Error = Refusal;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Refusal> {
        visitor.visit_borrowed_str(self.0)
    }

    number_keys! {
        deserialize_u8 visit_u8, deserialize_u16 visit_u16, deserialize_u32 visit_u32,
        deserialize_u64 visit_u64, deserialize_i8 visit_i8, deserialize_i16 visit_i16,
        deserialize_i32 visit_i32, deserialize_i64 visit_i64
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        _: &'static str,
        _: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Refusal> {
        let name: StrDeserializer<'_, Refusal> = self.0.into_deserializer();
        visitor.visit_enum(name)
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        visitor: V,
    ) -> Result<V::Value, Refusal> {
        visitor.visit_newtype_struct(self)
    }

    forward_to_deserialize_any! {
        bool i128 u128 f32 f64 char str string bytes byte_buf option unit unit_struct seq tuple
        tuple_struct map struct identifier ignored_any
    }
}

/// One of several names, with what was said about it: `None` for bare text.
struct Choice<'de> {
    name: &'de str,
    content: Option<(usize, &'de Node)>,
}

impl<'de> EnumAccess<'de> for Choice<'de> {
    type Error = Refusal;
    type Variant = Self;

    fn variant_seed<V: DeserializeSeed<'de>>(self, seed: V) -> Result<(V::Value, Self), Refusal> {
        let name = seed.deserialize(BorrowedStrDeserializer::new(self.name)).map_err(
            |refusal: Refusal| match self.content {
                Some((step, _)) => Refusal { at_key: true, ..refusal }.under(step),
                None => refusal,
            },
        )?;
        Ok((name, self))
    }
}

/// What bare text, or a key without a value, says about the choice it names.
static NOTHING: Node = Node {
    mark: Mark { source: 0, start: 0, end: 0 },
    alias: None,
    pruned: false,
    value: Value::Map(Vec::new()),
};

impl<'de> Choice<'de> {
    /// Reads what was said about the choice.
    fn content<T>(self, read: impl FnOnce(Decoder<'de>) -> Result<T, Refusal>) -> Result<T, Refusal> {
        let given = self.content.map(|(_, node)| node).filter(|node| !matches!(node.value, Value::Null));
        let result = match given {
            Some(node) => read(Decoder(node)),
            None => read(Decoder(&NOTHING)).map_err(|refusal| match refusal.fault {
                Fault::WrongType { expected } => Refusal::new(Fault::WantsContent { expected }),
                _ => refusal,
            }),
        };
        match self.content {
            Some((step, _)) => result.map_err(|refusal| refusal.under(step)),
            None => result,
        }
    }
}

impl<'de> VariantAccess<'de> for Choice<'de> {
    type Error = Refusal;

    fn unit_variant(self) -> Result<(), Refusal> {
        self.content(|Decoder(node)| match &node.value {
            Value::Map(entries) if entries.is_empty() => Ok(()),
            _ => Err(Refusal::new(Fault::TakesNothing)),
        })
    }

    fn newtype_variant_seed<T: DeserializeSeed<'de>>(self, seed: T) -> Result<T::Value, Refusal> {
        self.content(|content| seed.deserialize(content))
    }

    fn tuple_variant<V: Visitor<'de>>(self, length: usize, visitor: V) -> Result<V::Value, Refusal> {
        self.content(|content| content.deserialize_tuple(length, visitor))
    }

    fn struct_variant<V: Visitor<'de>>(
        self,
        fields: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Refusal> {
        self.content(|content| content.deserialize_struct("", fields, visitor))
    }
}
