//! The catalogue of models: what there is, with parameters, units, defaults and sources, read from the types
//! that documents consist of. What the types do not say, where a model comes from, stands in `citations`.

mod citations;
mod listing;

use std::borrow::Cow;

use schemars::JsonSchema;
use serde::Serialize;
use serde_json::Value;

use crate::base::problem::nearest;
use crate::energy::EnergyParams;
use crate::fabric::faults::{Cluster, EventFaults, RandomFaults, Transients};
use crate::fabric::{LinkOverride, LinkParams, Topology};
use crate::mapping::{Partition, Place};
use crate::neuron::{Dendrite, ModelSheet, NeuronModel};
use crate::noc::params::RouterParams;
use crate::noc::route::RoutingSpec;
use crate::synapse::array::ArrayParams;
use crate::synapse::array::device::{CellParams, Drift, Law, PulseModel, ReadNoise};
use crate::synapse::plasticity::Rule;
use crate::workload::algorithm::Algorithm;
use crate::workload::traffic::{Closed, Mode, MulticastParams, Pattern, Process, TrafficParams};

use listing::Listing;

/// A model with everything there is to know about it.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Model {
    /// What sort of model it is: `topology`, `routing`, …
    pub sort: &'static str,
    /// The name as documents write it.
    pub name: String,
    /// What it is.
    pub summary: String,
    /// Where it, or the values of its parameters, come from.
    pub source: String,
    /// Facts with a heading, such as equations.
    pub notes: Vec<(&'static str, String)>,
    /// What can be set.
    pub parameters: Vec<Parameter>,
}

/// Something that can be set.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Parameter {
    /// Its name.
    pub name: String,
    /// What it means, with its range.
    pub summary: String,
    /// Its unit; empty where there is nothing to measure.
    pub unit: String,
    /// What holds if nothing is said; `None` if it must be said, or if its absence has a meaning of its own.
    pub default: Option<Value>,
    /// Whether it must be said.
    pub required: bool,
    /// The values of a choice; empty for everything else.
    pub choices: Vec<String>,
}

/// Every model there is, by sort.
pub fn models() -> Vec<Model> {
    let mut all = Vec::new();
    all.extend(variants::<Topology>("topology"));
    all.extend(variants::<RoutingSpec>("routing"));
    all.push(whole::<RouterParams>("chip", "router"));
    all.push(whole::<LinkParams>("chip", "link"));
    all.push(whole::<LinkOverride>("chip", "links"));
    all.push(whole::<EnergyParams>("chip", "energy"));
    all.push(whole::<RandomFaults>("faults", "random"));
    all.push(whole::<Cluster>("faults", "cluster"));
    all.push(whole::<Transients>("faults", "transient"));
    all.push(whole::<EventFaults>("faults", "events"));
    all.push(whole::<TrafficParams>("traffic", "traffic"));
    all.push(whole::<Closed>("traffic", "closed"));
    all.push(whole::<MulticastParams>("traffic", "multicast"));
    all.extend(variants::<Pattern>("pattern"));
    all.extend(variants::<Process>("process"));
    all.extend(variants::<Mode>("mode"));
    all.extend(NeuronModel::sheets().into_iter().map(neuron));
    all.push(whole::<Dendrite>("dendrite", "taps"));
    all.extend(variants::<ArrayParams>("array"));
    all.push(whole::<CellParams>("array", "cell"));
    all.extend(variants::<Law>("spread"));
    all.extend(variants::<PulseModel>("pulses"));
    all.extend(variants::<ReadNoise>("read-noise"));
    all.extend(variants::<Drift>("drift"));
    all.extend(variants::<Rule>("learning"));
    all.extend(variants::<Algorithm>("algorithm"));
    all.extend(variants::<Partition>("partition"));
    all.extend(variants::<Place>("placement"));
    all
}

/// The models called `name`, or as `sort/name` (names may recur in different sorts); all of a sort by its name. A
/// routing function is also found by another name that documents may give it.
///
/// # Errors
/// The nearest name, if there is none such.
pub fn find(name: &str) -> Result<Vec<Model>, Option<String>> {
    let full = |model: &Model| format!("{}/{}", model.sort, model.name);
    let all = models();
    let known = listed(name);
    let is_meant = |model: &&Model| model.name == known || full(model) == known || model.sort == known;
    let found: Vec<Model> = all.iter().filter(is_meant).cloned().collect();
    if found.is_empty() {
        let names = all.iter().flat_map(|model| [model.name.as_str(), model.sort]);
        return Err(nearest(name, names).map(str::to_owned));
    }
    Ok(found)
}

/// The name under which the catalogue lists what is asked for as `name`.
fn listed(name: &str) -> Cow<'_, str> {
    let (sort, bare) = name.strip_prefix("routing/").map_or(("", name), |bare| ("routing/", bare));
    match RoutingSpec::named(bare) {
        Some(spec) => format!("{sort}{}", spec.name()).into(),
        None => name.into(),
    }
}

/// The alternatives of a choice.
fn variants<T: JsonSchema>(sort: &'static str) -> Vec<Model> {
    Listing::of::<T>()
        .variants()
        .into_iter()
        .map(|variant| Model {
            source: citations::of(sort, &variant.name).to_owned(),
            sort,
            name: variant.name,
            summary: variant.summary,
            notes: Vec::new(),
            parameters: variant.parameters,
        })
        .collect()
}

/// A map of parameters.
fn whole<T: JsonSchema>(sort: &'static str, name: &'static str) -> Model {
    let listing = Listing::of::<T>();
    Model {
        sort,
        name: name.to_owned(),
        summary: listing.summary(),
        source: citations::of(sort, name).to_owned(),
        notes: Vec::new(),
        parameters: listing.parameters(),
    }
}

fn neuron(sheet: ModelSheet) -> Model {
    let quantities = |list: &[crate::neuron::Quantity]| {
        let texts: Vec<String> = list.iter().map(|one| format!("{} [{}]", one.name, one.unit)).collect();
        texts.join(", ")
    };
    let parameters = sheet.parameters.into_iter().map(|parameter| Parameter {
        name: parameter.name,
        summary: match parameter.range.as_str() {
            "" => parameter.summary,
            range => format!("{} Range: {range}.", parameter.summary),
        },
        unit: parameter.unit,
        default: Some(parameter.default),
        required: false,
        choices: parameter.choices,
    });
    Model {
        sort: "neuron",
        name: sheet.card.name.to_owned(),
        summary: sheet.summary,
        source: sheet.card.source.to_owned(),
        notes: vec![
            ("equations", sheet.card.equations.to_owned()),
            ("scheme", sheet.card.scheme.to_owned()),
            ("inputs", quantities(sheet.card.inputs)),
            ("state", quantities(sheet.variables)),
            ("cost from", sheet.price.source.to_owned()),
        ],
        parameters: parameters.collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The walk over the list: every model is documented and sourced, every parameter explained.
    #[test]
    fn every_model_is_documented_and_sourced() {
        let mut wrong = Vec::new();
        let all = models();
        assert!(all.len() > 70, "{}", all.len());
        for Model { sort, name, summary, source, parameters, .. } in &all {
            if summary.is_empty() || source.is_empty() {
                wrong.push(format!("{sort}/{name}: summary {summary:?}, source {source:?}"));
            }
            for parameter in parameters.iter().filter(|parameter| parameter.summary.is_empty()) {
                wrong.push(format!("{sort}/{name}.{}: no summary", parameter.name));
            }
        }
        assert!(wrong.is_empty(), "{}", wrong.join("\n"));
        for (sort, name, _) in citations::LIST {
            assert!(all.iter().any(|model| model.sort == *sort && model.name == *name), "{sort}/{name}");
        }
    }

    #[test]
    fn the_catalogue_says_what_the_types_say() {
        let one = |name: &str| find(name).unwrap_or_else(|near| panic!("{name}: {near:?}")).remove(0);
        let parameter = |model: &str, name: &str| {
            let model = one(model);
            let found = model.parameters.into_iter().find(|parameter| parameter.name == name);
            found.unwrap_or_else(|| panic!("{} has no {name}", model.name))
        };
        let vcs = parameter("router", "vcs");
        assert_eq!((vcs.default, vcs.required), (Some(4.into()), false));
        assert_eq!(parameter("router", "allocator").choices.len(), 3);
        assert_eq!(parameter("router", "routing_delay").unit, "cycles");
        assert_eq!(parameter("router", "buffer_flits").unit, "flits");
        assert_eq!(parameter("link", "length").unit, "mm");
        assert!(parameter("fat-tree", "levels").required);
        assert_eq!(parameter("routing/mftn", "effort").default, Some(3000.into()));
        assert!(parameter("pattern/matrix", "file").required);
        assert!(parameter("crossbar", "rows").required);
        assert_eq!(parameter("learning/pair", "tau_plus").unit, "s");
        assert_eq!(parameter("array/cell", "g_max").unit, "S");
        assert_eq!(one("sssp").sort, "algorithm");
        assert_eq!(parameter("lif-exp", "tau_m").unit, "s");
        for name in RoutingSpec::names() {
            // Another name for the same, such as `dor`, leads to it.
            let listed = RoutingSpec::named(name).map_or(*name, |spec| spec.name());
            assert_eq!(one(&format!("routing/{name}")).name, listed);
        }
        assert_eq!((one("dor").name, one("routing/dor").name), ("xy".into(), "xy".into()));
        assert_eq!(find("topology").map(|found| found.len()), Ok(9));
        assert_eq!(find("mftm"), Err(Some("mftn".into())));
    }
}
