//! Epidemics: a neuron per person, contacts as synapses that transmit with a probability.
//!
//! A contact that infects with probability p in a step is a synapse of weight −ln(1 − p): hazards add up.
//! Persons are [`Epidemic`](crate::neuron::epidemic::Epidemic) neurons; recovered is absorbing. Whoever is
//! immune from the start has a susceptibility below 1; distancing is the host rewriting weights. Outbreaks
//! are repeated, each from rest, and told by the spikes alone.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::sssp::yes;
use super::wave::STEP;
use crate::base::random::{Purpose, Stream};
use crate::base::{Problem, Problems};
use crate::network::{Machine, NetBuilder, Part, Span, Synapse};
use crate::neuron::epidemic::Epidemic as Person;
use crate::workload::host::{Backend, Check, Failure, Finding, Host, Task};
use crate::workload::problem::{Arcs, GraphInput, VertexName};

/// Epidemic spread: SI, SIR and SEIR by the choice of periods.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Epidemic {
    /// Who meets whom; weights, if there are any, are transmission probabilities per step.
    pub graph: GraphInput,
    /// Who is infected at the start.
    pub sources: Vec<VertexName>,
    /// Transmission probability per contact and step, where the graph states none; 0 to 1.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 0, max = 1))]
    pub transmission: Option<f64>,
    /// Steps between infection and becoming infectious: 0 for SI and SIR.
    #[serde(default)]
    #[schemars(extend("unit" = "steps"))]
    pub latent: u16,
    /// Steps for which a person is infectious; 0: no limit (SI, or geometric recovery).
    #[serde(default = "one_step")]
    #[schemars(extend("unit" = "steps"))]
    pub infectious: u16,
    /// Probability of recovering after each infectious step; 0 to 1.
    #[serde(default)]
    #[schemars(range(min = 0, max = 1))]
    pub recovery: f64,
    /// Who is immune from the start.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub vaccination: Option<Vaccination>,
    /// A time of fewer contacts.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub distancing: Option<Distancing>,
    /// Steps after which an outbreak is cut off.
    #[serde(default = "thousand")]
    #[schemars(range(min = 1), extend("unit" = "steps"))]
    pub max_steps: u32,
    /// Outbreaks.
    #[serde(default = "one_run")]
    #[schemars(range(min = 1))]
    pub runs: u32,
    /// Whether infections are checked to be explained by an infectious neighbour.
    #[serde(default = "yes")]
    pub check: bool,
}

fn one_step() -> u16 {
    1
}

fn thousand() -> u32 {
    1000
}

fn one_run() -> u32 {
    1
}

/// Immunity before the outbreak.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Vaccination {
    /// Share of persons, drawn by lot; 0 to 1.
    #[serde(default)]
    #[schemars(range(min = 0, max = 1))]
    pub share: f64,
    /// Persons by name, in addition.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub persons: Vec<VertexName>,
    /// By how much vaccination lowers the hazard; 0 to 1.
    #[serde(default = "whole")]
    #[schemars(range(min = 0, max = 1))]
    pub efficacy: f64,
}

fn whole() -> f64 {
    1.0
}

/// A time in which contacts transmit less.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Distancing {
    /// First step whose transmissions it lowers, counted from the start of the outbreak, which is 0.
    pub from: u32,
    /// Steps that it lasts. Default: for good.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub steps: Option<u32>,
    /// Factor on transmission probabilities; 0 to 1.
    #[schemars(range(min = 0, max = 1))]
    pub factor: f64,
}

/// A hazard that infects for certain: e^−1000 is 0 in double precision.
const CERTAIN: f64 = 1000.0;

fn hazard(probability: f64) -> f64 {
    if probability >= 1.0 { CERTAIN } else { -(1.0 - probability).ln() }
}

/// What came of the outbreaks.
struct Tally {
    /// Outbreaks by the number of persons infected.
    sizes: Vec<u64>,
    /// Outbreaks in which each person was infected.
    infected: Vec<u64>,
    /// Steps until the last was infectious, summed.
    duration: u64,
    /// Infections that no infectious neighbour explains.
    unexplained: u64,
    /// Of the first outbreak: step in which each person became infectious, and the infectious per step.
    first: Vec<Option<u64>>,
    curve: Vec<u64>,
    cut: u64,
}

impl Epidemic {
    fn probabilities(&self, weighted: bool, arcs: &Arcs) -> Result<Vec<f64>, Problems> {
        let stated = self.transmission.or((!weighted).then_some(0.5));
        let mut problems = Problems::new();
        problems.require(!(weighted && self.transmission.is_some()), "transmission", || {
            "`transmission` does not apply: the graph states probabilities".to_owned()
        });
        let all: Vec<f64> = (0..arcs.len()).map(|arc| stated.unwrap_or(arcs.at(arc).1)).collect();
        if let Some(wrong) = all.iter().find(|it| !(0.0..=1.0).contains(*it)) {
            problems.push(
                Problem::new("graph", format!("a weight of {wrong} is no probability")).allowed("0 to 1"),
            );
        }
        problems.into_result(all)
    }

    /// Whether each person is vaccinated.
    fn vaccinated(&self, graph: &crate::workload::problem::Graph, seed: u64) -> Result<Vec<bool>, Problems> {
        const LOT: u32 = 4;
        let mut chosen = vec![false; graph.vertices as usize];
        let Some(vaccination) = &self.vaccination else { return Ok(chosen) };
        let mut order: Vec<u32> = (0..graph.vertices).collect();
        Stream::new(seed, Purpose::Workload, LOT, 0).shuffle(&mut order);
        let count = (vaccination.share * f64::from(graph.vertices)).round() as usize;
        order.into_iter().take(count).for_each(|person| chosen[person as usize] = true);
        for (i, name) in vaccination.persons.iter().enumerate() {
            chosen[name.find(graph, &format!("vaccination.persons[{i}]"))? as usize] = true;
        }
        Ok(chosen)
    }

    fn rewrite<B: Backend>(&self, host: &mut Host<'_, B>, probabilities: &[f64], factor: f64) {
        for (arc, probability) in probabilities.iter().enumerate() {
            host.machine().set_weight(arc, hazard(probability * factor));
        }
    }

    /// One outbreak, added to `tally`.
    fn outbreak<B: Backend>(
        &self,
        host: &mut Host<'_, B>,
        (persons, sources): (Span, &[u32]),
        (arcs, probabilities): (&Arcs, &[f64]),
        tally: &mut Tally,
    ) -> Result<(), Failure> {
        let is_first = tally.sizes.iter().all(|&count| count == 0);
        // Whether each person was infectious in the last step.
        let mut first: Vec<Option<u64>> = vec![None; persons.len as usize];
        let mut last: Vec<u64> = vec![0; persons.len as usize];
        sources.iter().for_each(|&source| host.poke(persons.at(source), 2.0 * CERTAIN));
        let (mut count, mut quiet_for, mut elapsed) = (0u64, 0u64, 0u64);
        let mut restrained = false;
        // Those who are exposed are silent for a while.
        let patience = u64::from(self.latent) + 1;
        while quiet_for <= patience && elapsed < u64::from(self.max_steps) {
            if let Some(distancing) = &self.distancing {
                let from = u64::from(distancing.from);
                let until = distancing.steps.map_or(u64::MAX, |steps| from + u64::from(steps));
                if (from..until).contains(&elapsed) != restrained {
                    restrained = !restrained;
                    self.rewrite(host, probabilities, if restrained { distancing.factor } else { 1.0 });
                }
            }
            host.step()?;
            let fired: Vec<u32> =
                host.machine().fired().iter().filter_map(|&neuron| persons.position(neuron)).collect();
            for &person in &fired {
                if first[person as usize].is_none() {
                    first[person as usize] = Some(elapsed);
                    count += 1;
                }
                last[person as usize] = elapsed;
            }
            quiet_for = if fired.is_empty() { quiet_for + 1 } else { 0 };
            if is_first && (!fired.is_empty() || quiet_for <= u64::from(self.latent)) {
                tally.curve.push(fired.len() as u64);
            }
            elapsed += 1;
        }
        if restrained {
            self.rewrite(host, probabilities, 1.0);
        }
        tally.cut += u64::from(quiet_for <= patience);
        tally.duration += last.iter().copied().max().unwrap_or(0) + 1;
        tally.sizes[count as usize] += 1;
        first.iter().zip(&mut tally.infected).for_each(|(it, infected)| *infected += u64::from(it.is_some()));
        if self.check {
            let back = |person: u32, time: u64| {
                arcs.of(person).any(|(by, _)| {
                    let caught = time.checked_sub(1 + u64::from(self.latent));
                    let began = first[by as usize];
                    caught
                        .zip(began)
                        .is_some_and(|(caught, began)| began <= caught && caught <= last[by as usize])
                })
            };
            let explained = |person: u32| {
                sources.contains(&person) || first[person as usize].is_none_or(|it| back(person, it))
            };
            tally.unexplained += (0..persons.len).filter(|&person| !explained(person)).count() as u64;
        }
        if is_first {
            tally.first = first;
        }
        Ok(())
    }
}

impl Task for Epidemic {
    fn validate(&self) -> Result<(), Problems> {
        let mut problems = Problems::new();
        problems.absorb("graph", self.graph.validate());
        let vaccination = self.vaccination.as_ref();
        for (path, value) in [
            ("transmission", self.transmission.unwrap_or(0.0)),
            ("recovery", self.recovery),
            ("vaccination.share", vaccination.map_or(0.0, |it| it.share)),
            ("vaccination.efficacy", vaccination.map_or(0.0, |it| it.efficacy)),
            ("distancing.factor", self.distancing.as_ref().map_or(0.0, |it| it.factor)),
        ] {
            if !(0.0..=1.0).contains(&value) {
                problems.push(Problem::new(path, format!("{value} is out of range")).allowed("0 to 1"));
            }
        }
        problems.require(!self.sources.is_empty(), "sources", || "nobody is infected".to_owned());
        problems.require(self.max_steps > 0, "max_steps", || "there is no time to spread".to_owned());
        problems.require(self.runs > 0, "runs", || "there is no outbreak".to_owned());
        problems.into_result(())
    }

    fn solve<B: Backend>(&self, host: &mut Host<'_, B>) -> Result<Finding, Failure> {
        let graph = self.graph.load(host.files, host.seed).map_err(|it| it.under("graph"))?;
        let find = |(i, name): (usize, &VertexName)| name.find(&graph, &format!("sources[{i}]"));
        let sources = self.sources.iter().enumerate().map(find).collect::<Result<Vec<_>, _>>()?;
        let arcs = graph.arcs();
        let probabilities = self.probabilities(graph.weighted, &arcs)?;
        let vaccinated = self.vaccinated(&graph, host.seed)?;
        let efficacy = self.vaccination.as_ref().map_or(0.0, |it| it.efficacy);
        host.problem(graph.vertices.into(), arcs.len() as u64);
        let mut net = NetBuilder::new(STEP);
        let person = |&immune: &bool| Part {
            model: Person {
                susceptibility: if immune { 1.0 - efficacy } else { 1.0 },
                latent: self.latent,
                infectious: self.infectious,
                recovery: self.recovery,
            }
            .into(),
            count: 1,
        };
        let persons = net.parts("persons", vaccinated.iter().map(person).collect());
        for (arc, probability) in arcs.iter().zip(&probabilities) {
            let target = persons.at(arc.to);
            net.connect(
                persons.at(arc.from),
                Synapse { target, weight: hazard(*probability), delay: 1, channel: 0 },
            );
        }
        host.load(net.build()?)?;
        let mut tally = Tally {
            sizes: vec![0; graph.vertices as usize + 1],
            infected: vec![0; graph.vertices as usize],
            duration: 0,
            unexplained: 0,
            first: Vec::new(),
            curve: Vec::new(),
            cut: 0,
        };
        let incoming = arcs.reversed();
        for run in 0..self.runs {
            host.share = Some(f64::from(run) / f64::from(self.runs));
            if run > 0 {
                host.machine().reset();
            }
            self.outbreak(host, (persons, &sources), (&incoming, &probabilities), &mut tally)?;
        }
        Ok(self.report(&graph, &tally, vaccinated.iter().filter(|&&it| it).count()))
    }
}

impl Epidemic {
    fn report(&self, graph: &crate::workload::problem::Graph, tally: &Tally, vaccinated: usize) -> Finding {
        let runs = f64::from(self.runs);
        let sizes = || tally.sizes.iter().enumerate().map(|(size, &count)| (size as f64, count as f64));
        let mean = sizes().map(|(size, count)| size * count).sum::<f64>() / runs;
        let square = sizes().map(|(size, count)| (size - mean).powi(2) * count).sum::<f64>();
        // Half the width of the 95 % confidence interval of the mean.
        let half = if self.runs > 1 { 1.96 * (square / (runs - 1.0) / runs).sqrt() } else { f64::NAN };
        let share = |vertex: u32| tally.infected[vertex as usize] as f64 / runs;
        let distribution: serde_json::Map<String, Value> = (0..)
            .zip(&tally.sizes)
            .filter(|&(_, &count)| count > 0)
            .map(|(size, &count): (u32, _)| (size.to_string(), json!(count as f64 / runs)))
            .collect();
        let mut finding = Finding::new(json!({
            "graph": graph.describe(),
            "runs": self.runs,
            "final_size": {"mean": mean, "confidence_95": half.is_finite().then_some(half)},
            "final_size_distribution": distribution,
            "infection_probability": graph.by_name(share),
            "mean_duration": tally.duration as f64 / runs,
            "first_outbreak": {
                "infectious_from": graph.by_name(|vertex| json!(tally.first[vertex as usize])),
                "infectious_per_step": tally.curve,
            },
            "vaccinated": vaccinated,
            "outbreaks_cut_off": tally.cut,
        }));
        finding.check = self.check.then(|| Check {
            against: "contact tracing",
            passed: tally.unexplained == 0,
            detail: format!("{} infections have no source among the neighbours", tally.unexplained),
        });
        finding.certified = finding.check.as_ref().map(|check| check.passed);
        finding
    }
}
