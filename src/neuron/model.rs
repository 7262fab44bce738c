//! The list of models: what a user writes, and the dispatch to what runs.
//!
//! A model enters the simulator by one row of the list in this file (and its `mod` line next door).

use std::fmt;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::de::{self, Deserializer, MapAccess, Visitor};
use serde::ser::{Serialize, SerializeMap, Serializer};

use super::bank::Granule;
use super::cost::SomaCost;
use super::sheet::{self, ModelSheet, Ranges};
use super::soma::{Card, Soma};
use crate::base::Problems;
use crate::base::problem::{Problem, nearest};
use crate::base::unit::Seconds;

macro_rules! models {
    ($d:tt $($module:ident::$Model:ident,)+) => {
        /// A neuron model with its parameters, written as a map with one key: `lif-exp: {tau_m: 10 ms}`,
        /// or, with default parameters, as the bare name.
        #[derive(Clone, Debug, PartialEq)]
        pub enum NeuronModel {
            $(
                #[doc = concat!("See [`", stringify!($Model), "`](super::", stringify!($module), "::", stringify!($Model), ").")]
                $Model(super::$module::$Model),
            )+
        }

        /// The same list with state.
        #[derive(Clone, Debug)]
        pub(super) enum Granules {
            $($Model(Granule<super::$module::$Model>),)+
        }

        /// Runs an expression on the granule of whatever model it is.
        macro_rules! dispatch {
            ($d granules:expr, $d granule:ident => $d body:expr) => {
                match $d granules {
                    $(crate::neuron::model::Granules::$Model($d granule) => $d body,)+
                }
            };
        }
        pub(super) use dispatch;

        $(
            impl From<super::$module::$Model> for NeuronModel {
                fn from(parameters: super::$module::$Model) -> Self {
                    Self::$Model(parameters)
                }
            }
        )+

        impl Granules {
            /// Builds from parts that [`NeuronModel::check_all`] has passed: at least one, all of one model.
            pub(super) fn build(parts: &[(&NeuronModel, u32)], dt: Seconds) -> Self {
                match parts[0].0 {
                    $(NeuronModel::$Model(_) => {
                        let own = parts.iter().filter_map(|&(model, count)| match model {
                            NeuronModel::$Model(parameters) => Some((parameters, count)),
                            _ => None,
                        });
                        Self::$Model(Granule::build(&own.collect::<Vec<_>>(), dt))
                    })+
                }
            }
        }

        impl NeuronModel {
            /// The names of all models, as a user writes them.
            pub const NAMES: &[&str] = &[$(<super::$module::$Model as Soma>::CARD.name),+];

            /// The model called `name` with default parameters.
            pub fn named(name: &str) -> Option<Self> {
                $(if name == <super::$module::$Model as Soma>::CARD.name {
                    return Some(Self::$Model(Default::default()));
                })+
                None
            }

            /// The sheets of all models: what `NAMES` lists, documented.
            pub fn sheets() -> Vec<ModelSheet> {
                vec![$(sheet::of::<super::$module::$Model>()),+]
            }

            /// The name, as a user writes it.
            pub fn name(&self) -> &'static str {
                match self {
                    $(Self::$Model(_) => <super::$module::$Model as Soma>::CARD.name,)+
                }
            }

            /// What the model says about itself.
            pub const fn card(&self) -> &'static Card {
                match self {
                    $(Self::$Model(_) => const { &<super::$module::$Model as Soma>::CARD },)+
                }
            }

            /// What its soma events cost where the chip does not say.
            pub fn cost(&self) -> SomaCost {
                match self {
                    $(Self::$Model(_) => <super::$module::$Model as Soma>::price().cost,)+
                }
            }

            /// The ranges of this model's parameters.
            fn ranges(&self) -> Ranges {
                match self {
                    $(Self::$Model(_) => Ranges::of::<super::$module::$Model>(),)+
                }
            }

            fn check_within(&self, ranges: &Ranges, dt: Seconds) -> Problems {
                match self {
                    $(Self::$Model(parameters) => ranges.check(parameters, dt),)+
                }
            }

            fn serialize_parameters<M: SerializeMap>(&self, map: &mut M) -> Result<(), M::Error> {
                match self {
                    $(Self::$Model(parameters) => map.serialize_entry(self.name(), parameters),)+
                }
            }

            fn deserialize_parameters<'de, A: MapAccess<'de>>(name: &str, map: &mut A) -> Result<Self, A::Error> {
                $(if name == <super::$module::$Model as Soma>::CARD.name {
                    return Ok(Self::$Model(map.next_value()?));
                })+
                Err(unknown(name))
            }

            fn variants(generator: &mut SchemaGenerator) -> Vec<Schema> {
                vec![$({
                    let name = <super::$module::$Model as Soma>::CARD.name;
                    let parameters = generator.subschema_for::<super::$module::$Model>();
                    json_schema!({
                        "type": "object",
                        "properties": { name: parameters },
                        "required": [name],
                        "additionalProperties": false
                    })
                }),+]
            }
        }
    };
}

models! { $
    integrate_fire::IntegrateFire,
    lif::Lif,
    lif_exp::LifExp,
    lif_alpha::LifAlpha,
    lif_cond::LifCond,
    step::Step,
    loihi::Loihi,
    sanafe_lif::SanafeLif,
    truenorth::TrueNorth,
    sanafe_input::SanafeInput,
    izhikevich::Izhikevich,
    adex::AdEx,
    hodgkin_huxley::HodgkinHuxley,
    bernoulli::Bernoulli,
    boltzmann::Boltzmann,
    nebm::Nebm,
    binomial::Binomial,
    walk_counter::WalkCounter,
    epidemic::Epidemic,
    sat_variable::SatVariable,
    snu::Snu,
    liquid::Liquid,
    rate::Rate,
    reservoir::Reservoir,
    asan::Asan,
    taox::Taox,
    mos2::Mos2,
    nbo2::Nbo2,
    source_constant::SourceConstant,
    source_list::SourceList,
    source_poisson::SourcePoisson,
    source_regular::SourceRegular,
}

impl NeuronModel {
    /// Checks the parameters for time-steps of `dt`.
    ///
    /// # Errors
    /// Every field that is out of range, not finite or contradicts another, at its path relative to
    /// the parameters; a time-step that is not positive.
    pub fn check(&self, dt: Seconds) -> Result<(), Problems> {
        check_time_step(dt)?;
        self.check_within(&self.ranges(), dt).into_result(())
    }

    /// The hardware unit whose one state all neurons mapped to it share, for models that have such units:
    /// neurons of different units do not share a bank.
    pub fn unit(&self) -> Option<u32> {
        match self {
            Self::SanafeInput(input) => Some(input.unit),
            _ => None,
        }
    }

    /// Checks consecutive parts of one bank.
    pub(super) fn check_all(parts: &[(&Self, u32)], dt: Seconds) -> Result<(), Problems> {
        let Some(&(first, _)) = parts.first() else {
            return Err(Problems::one("", "a bank needs at least one part"));
        };
        check_time_step(dt)?;
        let ranges = first.ranges();
        let mut problems = Problems::new();
        for (i, &(model, _)) in parts.iter().enumerate() {
            let path = format!("[{i}]");
            if model.name() == first.name() {
                problems.absorb(&path, model.check_within(&ranges, dt).into_result(()));
            } else {
                let message =
                    format!("a bank holds one model; `{}` follows `{}`", model.name(), first.name());
                problems.push(Problem::new(path, message));
            }
        }
        let total: u64 = parts.iter().map(|&(_, count)| u64::from(count)).sum();
        let fits = u32::try_from(total).is_ok();
        problems.require(fits, "", || format!("{total} neurons are too many for a bank"));
        problems.into_result(())
    }
}

fn check_time_step(dt: Seconds) -> Result<(), Problems> {
    let mut problems = Problems::new();
    problems.require(dt.0 > 0.0 && dt.0.is_finite(), "dt", || format!("a time-step of {} s", dt.0));
    problems.into_result(())
}

fn unknown<E: de::Error>(name: &str) -> E {
    let hint = nearest(name, NeuronModel::NAMES.iter().copied());
    let hint = hint.map_or_else(String::new, |near| format!("; did you mean `{near}`?"));
    E::custom(format!("unknown neuron model `{name}`{hint} (known: {})", NeuronModel::NAMES.join(", ")))
}

impl Serialize for NeuronModel {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(Some(1))?;
        self.serialize_parameters(&mut map)?;
        map.end()
    }
}

impl<'de> de::Deserialize<'de> for NeuronModel {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(ModelVisitor)
    }
}

struct ModelVisitor;

impl<'de> Visitor<'de> for ModelVisitor {
    type Value = NeuronModel;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the name of a neuron model, or a map from one name to its parameters")
    }

    fn visit_str<E: de::Error>(self, name: &str) -> Result<NeuronModel, E> {
        NeuronModel::named(name).ok_or_else(|| unknown(name))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<NeuronModel, A::Error> {
        let Some(name) = map.next_key::<String>()? else {
            return Err(de::Error::custom("a neuron model is missing"));
        };
        let model = NeuronModel::deserialize_parameters(&name, &mut map)?;
        match map.next_key::<String>()? {
            None => Ok(model),
            Some(other) => {
                Err(de::Error::custom(format!("one neuron model, please: `{other}` follows `{name}`")))
            }
        }
    }
}

impl JsonSchema for NeuronModel {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "NeuronModel".into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        let mut variants = vec![json_schema!({ "enum": Self::NAMES })];
        variants.extend(Self::variants(generator));
        json_schema!({ "description": "A neuron model with its parameters.", "oneOf": variants })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::neuron::lif_exp::LifExp;

    fn check(yaml: &str, message: &str) {
        let found = serde_yaml::from_str::<NeuronModel>(yaml).unwrap_err().to_string();
        assert!(found.contains(message), "{found:?} does not say {message:?}");
    }

    #[test]
    fn quantities_are_read_with_their_units() {
        let model: NeuronModel = serde_yaml::from_str("lif-exp: {tau_m: 20 ms, current: 250 pA}").unwrap();
        let expected = LifExp {
            tau_m: Seconds(20e-3),
            current: crate::base::unit::Amperes(250e-12),
            ..LifExp::default()
        };
        assert_eq!(model, expected.into());
    }

    #[test]
    fn a_wrong_name_is_refused_with_the_nearest_one() {
        check("lif-xep: {}", "unknown neuron model `lif-xep`; did you mean `lif-exp`?");
        check("izhikevic", "did you mean `izhikevich`?");
        check("lif-exp: {tau: 20 ms}", "unknown field `tau`");
        check("{lif-exp: {}, lif: {}}", "one neuron model, please: `lif` follows `lif-exp`");
        check("{}", "a neuron model is missing");
        check("17", "the name of a neuron model, or a map");
    }

    #[test]
    fn the_schema_names_every_model() {
        let schema = schemars::schema_for!(NeuronModel).to_value();
        let variants = schema["oneOf"].as_array().map_or(0, Vec::len);
        assert_eq!(variants, NeuronModel::NAMES.len() + 1);
        assert!(schema["$defs"]["LifExp"]["properties"]["tau_m"].is_object());
    }
}
