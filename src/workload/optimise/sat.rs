//! Satisfiability: variables flip at random for clauses that do not hold.
//!
//! Per clause of k literals, k + 1 neurons without memory watch the variables, which fire while true: one
//! fires while no literal holds and excites all variables of the clause to flip; one per literal fires while
//! that literal alone holds, and keeps its variable from flipping. Variables are
//! [`SatVariable`] neurons. A formula is solved in the step in which no clause calls; the host only watches.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::base::{NeuronId, Problem, Problems};
use crate::network::{Activity, Machine, Net, NetBuilder, Part, Span, Synapse};
use crate::neuron::sat_variable::SatVariable;
use crate::neuron::step::Step;
use crate::workload::graph::sssp::yes;
use crate::workload::graph::wave::STEP;
use crate::workload::host::{Backend, Check, Failure, Finding, Host, Task};
use crate::workload::problem::cnf::{self, Cnf, Literal};
use crate::workload::problem::input::read_file;

/// A random formula.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RandomFormula {
    /// Number of variables; 1 to 2^24.
    #[schemars(range(min = 1, max = 16777216))]
    pub variables: u32,
    /// Number of clauses; up to 2^24.
    #[schemars(range(max = 16777216))]
    pub clauses: u32,
    /// Literals per clause; 1 to 64, and no more than variables.
    #[serde(default = "three")]
    #[schemars(range(min = 1, max = 64))]
    pub width: u32,
    /// Whether the formula is made to have a solution.
    #[serde(default = "yes")]
    pub planted: bool,
    /// Seed of the formula. Default: the seed of the run.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub seed: Option<u64>,
}

fn three() -> u32 {
    3
}

/// Satisfies a formula in conjunctive normal form.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Sat {
    /// DIMACS file with the formula.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub file: Option<String>,
    /// A random formula instead.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub generate: Option<RandomFormula>,
    /// Steps of one attempt; at least 1.
    #[serde(default = "steps")]
    #[schemars(range(min = 1), extend("unit" = "steps"))]
    pub steps: u32,
    /// Attempts, each from another start; at least 1.
    #[serde(default = "attempts")]
    #[schemars(range(min = 1))]
    pub attempts: u32,
    /// Probability of a flip per step and unsatisfied clause; 0 to 1.
    #[serde(default = "eagerness")]
    #[schemars(range(min = 0, max = 1))]
    pub eagerness: f64,
    /// Factor by which each clause that would break lowers it; at least 1.
    #[serde(default = "caution")]
    #[schemars(range(min = 1))]
    pub caution: f64,
    /// Whether the assignment is checked clause by clause.
    #[serde(default = "yes")]
    pub check: bool,
}

fn steps() -> u32 {
    5000
}

fn attempts() -> u32 {
    10
}

fn eagerness() -> f64 {
    0.15
}

fn caution() -> f64 {
    2.5
}

/// The network of a formula.
struct Solver {
    variables: Span,
    /// Neurons that fire while their clause does not hold.
    calls: Option<Span>,
}

impl Sat {
    fn load<B: Backend>(&self, host: &Host<'_, B>) -> Result<Cnf, Problems> {
        match (&self.file, &self.generate) {
            (Some(file), _) => {
                let bytes = read_file(host.files, file).map_err(|it| it.under("file"))?;
                cnf::read(file, &bytes).map_err(|it| it.under("file"))
            }
            (_, Some(random)) => {
                let seed = random.seed.unwrap_or(host.seed);
                Ok(Cnf::random(random.variables, random.clauses, random.width, random.planted, seed))
            }
            _ => Err(Problems::one("", "there is no formula")),
        }
    }

    fn build(&self, cnf: &Cnf) -> Result<(Net, Solver), Problems> {
        let mut net = NetBuilder::new(STEP);
        let model =
            SatVariable { eagerness: self.eagerness, caution: self.caution, ..SatVariable::default() };
        let variables = net.population("variables", model, cnf.variables);
        let negative = |clause: &[Literal]| clause.iter().filter(|it| !it.positive).count() as f64;
        let watch = |bias: f64| Part {
            model: Step { threshold: 0.5, memory: 0.0, bias, ..Step::default() }.into(),
            count: 1,
        };
        // With x what fires, the literals that hold are Σ₊x + Σ₋(1 − x).
        let calls = (!cnf.clauses.is_empty()).then(|| {
            let parts = cnf.clauses.iter().map(|clause| watch(1.0 - negative(clause)));
            net.parts("calls", parts.collect())
        });
        let sole = (!cnf.clauses.is_empty()).then(|| {
            // Its own literal counts for it, all others against it.
            let bias = |clause: &[Literal], own: &Literal| {
                let own = if own.positive { 0.0 } else { 2.0 };
                own - negative(clause)
            };
            let parts =
                cnf.clauses.iter().flat_map(|clause| clause.iter().map(move |own| watch(bias(clause, own))));
            net.parts("supports", parts.collect())
        });
        let mut support = 0;
        for ((clause, i), (calls, sole)) in
            cnf.clauses.iter().zip(0..).zip(calls.into_iter().zip(sole).cycle())
        {
            let call = calls.at(i);
            for own in clause {
                let variable = variables.at(own.variable);
                let sign = if own.positive { 1.0 } else { -1.0 };
                let to = |target: NeuronId, weight: f64, channel: u8| Synapse {
                    target,
                    weight,
                    delay: 1,
                    channel,
                };
                net.connect(variable, to(call, -sign, 0));
                net.connect(call, to(variable, 1.0, 0));
                let supporter = sole.at(support);
                support += 1;
                net.connect(supporter, to(variable, 1.0, 1));
                for other in clause {
                    let sign = if other.positive { 1.0 } else { -1.0 };
                    let weight = if other == own { sign } else { -sign };
                    net.connect(variables.at(other.variable), to(supporter, weight, 0));
                }
            }
        }
        Ok((net.build()?, Solver { variables, calls }))
    }
}

/// The best assignment so far.
struct Best {
    assignment: Vec<bool>,
    unsatisfied: u32,
    curve: Vec<(u32, Activity)>,
    attempts: u32,
}

impl Sat {
    fn search<B: Backend>(
        &self,
        host: &mut Host<'_, B>,
        cnf: &Cnf,
        solver: &Solver,
    ) -> Result<Best, Failure> {
        let mut best = Best { assignment: Vec::new(), unsatisfied: u32::MAX, curve: Vec::new(), attempts: 0 };
        for attempt in 0..self.attempts {
            host.share = Some(f64::from(attempt) / f64::from(self.attempts));
            if attempt > 0 {
                host.machine().reset();
            }
            best.attempts += 1;
            let mut before: Vec<bool> = vec![false; cnf.variables as usize];
            for step in 0..self.steps {
                if !host.goes_on()? {
                    return if best.assignment.is_empty() { Err(Failure::Cancelled) } else { Ok(best) };
                }
                let mut now = vec![false; cnf.variables as usize];
                let mut called = 0;
                for &neuron in host.machine().fired() {
                    if let Some(variable) = solver.variables.position(neuron) {
                        now[variable as usize] = true;
                    } else if solver.calls.is_some_and(|calls| calls.position(neuron).is_some()) {
                        called += 1;
                    }
                }
                // Calls are about the variables of the step before.
                if step > 0 && called < best.unsatisfied {
                    let unsatisfied = cnf.unsatisfied(&before);
                    if unsatisfied < best.unsatisfied {
                        (best.unsatisfied, best.assignment) = (unsatisfied, before);
                        best.curve.push((unsatisfied, host.activity()));
                    }
                }
                before = now;
                if best.unsatisfied == 0 {
                    return Ok(best);
                }
            }
        }
        Ok(best)
    }
}

impl Task for Sat {
    fn validate(&self) -> Result<(), Problems> {
        let mut problems = Problems::new();
        if self.file.is_some() == self.generate.is_some() {
            problems.push(Problem::new("", "a formula is one of `file` and `generate`"));
        }
        if let Some(random) = &self.generate {
            let fits = (1..=cnf::MOST).contains(&random.variables) && random.clauses <= cnf::MOST;
            problems.require(fits, "generate.variables", || "there are none, or too many".to_owned());
            let fits = (1..=64.min(random.variables)).contains(&random.width);
            problems.require(fits, "generate.width", || {
                format!("{} of {} variables", random.width, random.variables)
            });
        }
        problems.require(self.steps > 1, "steps", || "an attempt has at least two steps".to_owned());
        problems.require(self.attempts > 0, "attempts", || "there is at least one attempt".to_owned());
        if !(0.0..=1.0).contains(&self.eagerness) {
            problems.push(
                Problem::new("eagerness", format!("{} is out of range", self.eagerness)).allowed("0 to 1"),
            );
        }
        if !(self.caution >= 1.0 && self.caution.is_finite()) {
            problems.push(
                Problem::new("caution", format!("{} is out of range", self.caution)).allowed("1 or more"),
            );
        }
        problems.into_result(())
    }

    fn solve<B: Backend>(&self, host: &mut Host<'_, B>) -> Result<Finding, Failure> {
        let cnf = self.load(host)?;
        if cnf.variables == 0 {
            return Err(Problems::one("file", "the formula has no variables").into());
        }
        host.problem(cnf.variables.into(), cnf.clauses.len() as u64);
        let (net, solver) = self.build(&cnf)?;
        host.load(net)?;
        let best = self.search(host, &cnf, &solver)?;
        let literal = |(i, &on): (usize, &bool)| if on { i as i64 + 1 } else { -(i as i64 + 1) };
        let assignment: Vec<i64> = best.assignment.iter().enumerate().map(literal).collect();
        let point = |&(unsatisfied, activity): &(u32, Activity)| {
            json!({
                "unsatisfied": unsatisfied,
                "steps": activity.steps,
                "spikes": activity.spikes,
                "synaptic_events": activity.synaptic_events,
                "updates": activity.updates,
            })
        };
        let solved = best.unsatisfied == 0;
        let mut finding = Finding::new(json!({
            "variables": cnf.variables,
            "clauses": cnf.clauses.len() as u64 + u64::from(cnf.tautologies),
            "solved": solved,
            "unsatisfied": best.unsatisfied,
            "assignment": assignment,
            "attempts": best.attempts,
            "best_so_far": best.curve.iter().map(point).collect::<Vec<Value>>(),
        }));
        finding.check = self.check.then(|| {
            let unsatisfied = cnf.unsatisfied(&best.assignment);
            let detail = format!("{unsatisfied} of {} clauses do not hold", cnf.clauses.len());
            Check { against: "the formula", passed: unsatisfied == 0, detail }
        });
        finding.certified = Some(solved);
        Ok(finding)
    }
}
