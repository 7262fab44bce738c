//! What users write under `routing:`: a name, or a name with parameters.

use std::io;
use std::path::Path;

use std::fmt;

use schemars::{JsonSchema, Schema};
use serde::de::value::{MapAccessDeserializer, MapDeserializer};
use serde::de::{self, DeserializeSeed, Deserializer, EnumAccess, MapAccess, VariantAccess, Visitor};
use serde::{Deserialize, Serialize};

use super::Routing;
use super::adaptive::MinimalAdaptiveParams;
use super::dor::{DimensionOrderParams, Order};
use super::ground::{Flow, Ground};
use super::listed::TableParams;
use super::maze::MazePlan;
use super::mftn::{Kind, LiteralPlan, MapPlan, MftnParams, MftnPlan, Policy};
use super::o1turn::O1TurnPlan;
use super::plan::{Misfit, Plan, build};
use super::turn_models::Model;
use super::two_phase::{TwoPhasePlan, Via};
use super::up_down::{NcaPlan, UpDownParams};
use crate::base::{Problem, Problems};
use crate::fabric::{Fabric, Health};

/// Parameters of a single turn map.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct MapParams {
    /// What becomes of unsafe nodes: healthy, but with a disabled neighbour in X and one in Y.
    pub policy: Policy,
}

/// A routing function by name. `routing: xy`, or with parameters `routing: {mftn: {policy: keep}}`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(remote = "Self", rename_all = "kebab-case")]
#[schemars(transform = allow_bare_names)]
pub enum RoutingSpec {
    /// Dimension order, X first; on tori with a dateline (2 virtual channels). Also called `dor`.
    #[default]
    #[serde(alias = "dor")]
    Xy,
    /// Dimension order, the last dimension first.
    Yx,
    /// Dimension order in a given order.
    DimensionOrder(DimensionOrderParams),
    /// Adaptive; all westward hops come first.
    WestFirst,
    /// Adaptive; all northward hops come last.
    NorthLast,
    /// Adaptive; hops to lower coordinates come first.
    NegativeFirst,
    /// Adaptive; even and odd columns forbid different turns.
    OddEven,
    /// Any minimal hop, with dimension order on escape channels (2 virtual channels; 3 on tori).
    MinimalAdaptive(MinimalAdaptiveParams),
    /// XY or YX by a coin (2 virtual channels).
    O1turn,
    /// Over a random router between source and destination (2 virtual channels).
    Romm,
    /// Over a random router anywhere (2 virtual channels; 4 on tori).
    Valiant,
    /// Fat trees: up to a common ancestor by random ports, then down.
    Nca,
    /// Towards a root, then away from it; any graph.
    UpDown(UpDownParams),
    /// Next hops from a list.
    Table(TableParams),
    /// Greedy and along walls; for bufferless routers.
    Maze,
    /// Fault-tolerant without virtual channels, certified, with balanced load.
    Mftn(MftnParams),
    /// The ring bypass read literally; deadlocks.
    MftnLiteral,
    /// The ring bypass with one channel class per kind of message (3 virtual channels).
    MftnLiteralVc,
    /// The best of the eight CONTOUR turn maps.
    Contour(MapParams),
    /// The best of the OE-TU turn maps; needs a side of the mesh without faults.
    OeTu(MapParams),
    /// The best of the four CORNER turn maps.
    Corner(MapParams),
}

impl RoutingSpec {
    fn plan(&self) -> Box<dyn Plan + '_> {
        match self {
            Self::Xy => Box::new(Order::Ascending),
            Self::Yx => Box::new(Order::Descending),
            Self::DimensionOrder(params) => Box::new(Order::Listed(params.clone())),
            Self::WestFirst => Box::new(Model::WestFirst),
            Self::NorthLast => Box::new(Model::NorthLast),
            Self::NegativeFirst => Box::new(Model::NegativeFirst),
            Self::OddEven => Box::new(Model::OddEven),
            Self::MinimalAdaptive(params) => Box::new(*params),
            Self::O1turn => Box::new(O1TurnPlan),
            Self::Romm => Box::new(TwoPhasePlan(Via::Between)),
            Self::Valiant => Box::new(TwoPhasePlan(Via::Anywhere)),
            Self::Nca => Box::new(NcaPlan),
            Self::UpDown(params) => Box::new(params.clone()),
            Self::Table(params) => Box::new(params.clone()),
            Self::Maze => Box::new(MazePlan),
            Self::Mftn(params) => Box::new(MftnPlan(params)),
            Self::MftnLiteral => Box::new(LiteralPlan { classes: false }),
            Self::MftnLiteralVc => Box::new(LiteralPlan { classes: true }),
            Self::Contour(params) => Box::new(MapPlan { kind: Kind::Contour, policy: &params.policy }),
            Self::OeTu(params) => Box::new(MapPlan { kind: Kind::OeTu, policy: &params.policy }),
            Self::Corner(params) => Box::new(MapPlan { kind: Kind::Corner, policy: &params.policy }),
        }
    }

    /// Reads what the parameters keep in files, as `files` gives them.
    ///
    /// # Errors
    /// A file that cannot be read, or what is wrong in it; paths are relative to `routing`.
    pub fn load(&mut self, files: &dyn Fn(&Path) -> io::Result<Vec<u8>>) -> Result<(), Problems> {
        match self {
            Self::Table(params) => params.load(files).map_err(|problems| problems.under("table")),
            _ => Ok(()),
        }
    }

    /// Builds the routing function for `fabric` as far as `health` leaves it, with `vcs` virtual
    /// channels per port. `seed` decides what is left to chance in the choice of routes.
    ///
    /// # Errors
    /// A routing function that does not fit the network or needs more virtual channels, with the names
    /// of those that fit; parameters that are wrong for this network. Paths are relative to `routing`.
    pub fn compile(&self, fabric: &Fabric, health: &Health, vcs: u8, seed: u64) -> Result<Routing, Problems> {
        self.compile_on(&Ground::new(fabric, health, vcs, seed))
    }

    /// The same, with routes balanced for `traffic` instead of uniform traffic where there is a choice.
    ///
    /// # Errors
    /// As [`RoutingSpec::compile`].
    pub fn compile_for(
        &self,
        fabric: &Fabric,
        health: &Health,
        traffic: &[Flow],
        vcs: u8,
        seed: u64,
    ) -> Result<Routing, Problems> {
        let mut ground = Ground::new(fabric, health, vcs, seed);
        ground.traffic = Some(traffic);
        self.compile_on(&ground)
    }

    fn compile_on(&self, ground: &Ground) -> Result<Routing, Problems> {
        let plan = self.plan();
        if let Err(misfit) = plan.fits(ground) {
            return Err(self.misfit(ground, &misfit).into());
        }
        build(plan.as_ref(), ground).map_err(|problems| match self.has_parameters() {
            true => problems.under(self.name()),
            false => problems,
        })
    }

    fn misfit(&self, ground: &Ground, misfit: &Misfit) -> Problem {
        let has = if misfit.only_vcs { format!("; the router has {}", ground.vcs) } else { String::new() };
        let message = format!("`{}` needs {}{has}", self.name(), misfit.needs);
        Problem::new("", message).allowed(fitting(ground).join(", "))
    }

    /// As JSON: a string, or an object with one key.
    fn written(&self) -> serde_json::Value {
        Self::serialize(self, serde_json::value::Serializer).unwrap_or_default()
    }

    fn has_parameters(&self) -> bool {
        self.written().is_object()
    }

    /// The name as users write it.
    pub fn name(&self) -> &'static str {
        let written = self.written();
        let key = written.as_object().and_then(|map| map.keys().next());
        let name = written.as_str().or(key.map(String::as_str));
        Self::names().iter().copied().find(|&known| Some(known) == name).unwrap_or_default()
    }

    /// The names of all routing functions.
    pub fn names() -> &'static [&'static str] {
        let mut names = Names(&[]);
        let _ = Self::deserialize(&mut names);
        names.0
    }

    /// The routing function of that name with default parameters; `None` if it is unknown or has
    /// parameters without default.
    pub fn named(name: &str) -> Option<Self> {
        Self::deserialize(BareName(name)).ok()
    }
}

/// The names of the routing functions that fit `ground`.
fn fitting(ground: &Ground) -> Vec<&'static str> {
    let fits = |name: &&&str| RoutingSpec::named(name).is_some_and(|spec| spec.plan().fits(ground).is_ok());
    RoutingSpec::names().iter().filter(fits).copied().collect()
}

impl Serialize for RoutingSpec {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.written().serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for RoutingSpec {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(NameOrMap)
    }
}

/// Accepts `name` and `{name: parameters}`.
struct NameOrMap;

impl<'de> Visitor<'de> for NameOrMap {
    type Value = RoutingSpec;

    fn expecting(&self, f: &mut fmt::Formatter) -> fmt::Result {
        f.write_str("the name of a routing function, or a map with one name and its parameters")
    }

    fn visit_str<E: de::Error>(self, name: &str) -> Result<RoutingSpec, E> {
        if !RoutingSpec::names().contains(&name) {
            return Err(E::unknown_variant(name, RoutingSpec::names()));
        }
        RoutingSpec::deserialize(BareName(name)).map_err(E::custom)
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<RoutingSpec, A::Error> {
        RoutingSpec::deserialize(MapAccessDeserializer::new(map))
    }
}

/// Reports the variant names it is asked for and refuses to go on.
struct Names(&'static [&'static str]);

impl<'de> Deserializer<'de> for &mut Names {
    type Error = de::value::Error;

    fn deserialize_any<V: Visitor<'de>>(self, _visitor: V) -> Result<V::Value, Self::Error> {
        Err(de::Error::custom("only the names are asked for"))
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        _name: &'static str,
        variants: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Self::Error> {
        self.0 = variants;
        self.deserialize_any(visitor)
    }

    serde::forward_to_deserialize_any! {
        bool i8 i16 i32 i64 u8 u16 u32 u64 f32 f64 char str string bytes byte_buf option unit
        unit_struct newtype_struct seq tuple tuple_struct map struct identifier ignored_any
    }
}

/// A variant by name alone: its parameters take their defaults.
#[derive(Clone, Copy)]
struct BareName<'a>(&'a str);

impl<'de> Deserializer<'de> for BareName<'_> {
    type Error = de::value::Error;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Self::Error> {
        visitor.visit_enum(self)
    }

    serde::forward_to_deserialize_any! {
        bool i8 i16 i32 i64 u8 u16 u32 u64 f32 f64 char str string bytes byte_buf option unit
        unit_struct newtype_struct seq tuple tuple_struct map struct enum identifier ignored_any
    }
}

impl<'de> EnumAccess<'de> for BareName<'_> {
    type Error = de::value::Error;
    type Variant = Self;

    fn variant_seed<V: DeserializeSeed<'de>>(self, seed: V) -> Result<(V::Value, Self), Self::Error> {
        Ok((seed.deserialize(de::value::StrDeserializer::new(self.0))?, self))
    }
}

impl<'de> VariantAccess<'de> for BareName<'_> {
    type Error = de::value::Error;

    fn unit_variant(self) -> Result<(), Self::Error> {
        Ok(())
    }

    fn newtype_variant_seed<T: DeserializeSeed<'de>>(self, seed: T) -> Result<T::Value, Self::Error> {
        let none = std::iter::empty::<(&str, &str)>();
        seed.deserialize(MapDeserializer::new(none)).map_err(|error: de::value::Error| {
            de::Error::custom(format!("`{}` needs parameters: {error}", self.0))
        })
    }

    fn tuple_variant<V: Visitor<'de>>(self, _len: usize, _visitor: V) -> Result<V::Value, Self::Error> {
        Err(de::Error::custom("a routing function has named parameters"))
    }

    fn struct_variant<V: Visitor<'de>>(
        self,
        _fields: &'static [&'static str],
        _visitor: V,
    ) -> Result<V::Value, Self::Error> {
        Err(de::Error::custom("a routing function has named parameters"))
    }
}

/// Adds to the schema that the name alone stands for a routing function with default parameters.
fn allow_bare_names(schema: &mut Schema) {
    let has_defaults = |name: &str| RoutingSpec::named(name).is_some_and(|spec| spec.has_parameters());
    let mut names: Vec<&str> =
        RoutingSpec::names().iter().copied().filter(|name| has_defaults(name)).collect();
    names.push("dor");
    let bare =
        serde_json::json!({ "type": "string", "enum": names, "description": "With default parameters." });
    if let Some(serde_json::Value::Array(variants)) = schema.get_mut("oneOf") {
        variants.push(bare);
    }
}
