//! The host of an algorithm: it loads networks into machines, pokes and reads them, and keeps the accounts.
//!
//! An algorithm is a [`Task`]: it turns its problem into networks and what the machine does into a
//! [`Finding`]. Whatever the host does between two steps is counted by the machine as a round trip.

use serde_json::{Map, Value};

use super::problem::Files;
use crate::base::{NeuronId, Problems};
use crate::network::{Activity, Halt, MAX_DELAY, Machine, Net};

/// Makes machines: benches, or chips of one kind.
pub trait Backend {
    /// What it makes.
    type Machine: Machine;

    /// A machine that runs `net`.
    ///
    /// # Errors
    /// The network does not fit, with the reason.
    fn machine(&mut self, net: Net) -> Result<Self::Machine, Problems>;

    /// The longest delay that its synapses have [steps, ≥ 1].
    fn longest_delay(&self) -> u16 {
        MAX_DELAY
    }
}

/// Why an algorithm found nothing.
#[derive(Clone, Debug, PartialEq)]
pub enum Failure {
    /// The problem or its parameters are no good, or the network does not fit on the machine.
    Refused(Problems),
    /// The machine could not go on.
    Halted(Halt),
    /// Whoever watches has had enough.
    Cancelled,
}

impl From<Problems> for Failure {
    fn from(problems: Problems) -> Self {
        Self::Refused(problems)
    }
}

impl std::fmt::Display for Failure {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Refused(problems) => problems.fmt(f),
            Self::Halted(halt) => halt.fmt(f),
            Self::Cancelled => f.write_str("the run was cancelled"),
        }
    }
}

impl std::error::Error for Failure {}

/// How far an algorithm is.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Progress {
    /// Steps run so far.
    pub steps: u64,
    /// Share of the work that is done, 0 to 1, where it is known.
    pub share: Option<f64>,
}

/// The comparison of a result with that of a classical method.
#[derive(Clone, Debug, PartialEq)]
pub struct Check {
    /// The method.
    pub against: &'static str,
    /// Whether the results agree.
    pub passed: bool,
    /// What was compared, in words.
    pub detail: String,
}

/// What an algorithm found.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Finding {
    /// The result, field by field.
    pub result: Map<String, Value>,
    /// The comparison with a classical method, if one was asked for.
    pub check: Option<Check>,
    /// Whether the result proves itself right whatever came late; `None` where it cannot.
    pub certified: Option<bool>,
    /// Whether the algorithm was stopped before its end.
    pub is_partial: bool,
}

impl Finding {
    /// A finding with the fields of `result`, which is a JSON object.
    pub fn new(result: Value) -> Self {
        let result = if let Value::Object(fields) = result { fields } else { Map::new() };
        Self { result, ..Self::default() }
    }
}

/// An algorithm with its parameters.
pub trait Task {
    /// Checks what can be checked without files and machines.
    ///
    /// # Errors
    /// Values that are out of range or contradict each other.
    fn validate(&self) -> Result<(), Problems>;

    /// Runs the algorithm.
    ///
    /// # Errors
    /// See [`Failure`].
    fn solve<B: Backend>(&self, host: &mut Host<'_, B>) -> Result<Finding, Failure>;
}

/// What all networks of an algorithm amount to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Size {
    /// Vertices, variables or states of the problem.
    pub vertices: u64,
    /// Edges, clauses or transitions of the problem.
    pub edges: u64,
    /// Neurons of the largest network.
    pub neurons: u64,
    /// Synapses of the largest network.
    pub synapses: u64,
    /// Networks that were loaded into a machine one after the other.
    pub networks: u32,
}

/// What an algorithm works with.
pub struct Host<'a, B: Backend> {
    backend: &'a mut B,
    /// Gives the files that the problem names.
    pub files: Files<'a>,
    /// Seed of the run.
    pub seed: u64,
    watch: &'a mut dyn FnMut(Progress) -> bool,
    machine: Option<B::Machine>,
    /// What machines did that are no longer there.
    retired: Activity,
    is_cancelled: bool,
    /// Sizes so far.
    pub size: Size,
    /// Share of the work that is done, for whoever watches.
    pub share: Option<f64>,
}

impl<'a, B: Backend> Host<'a, B> {
    /// A host without a machine. `watch` is told of the progress after every step; the run is cancelled
    /// when it answers `false`.
    pub fn new(
        backend: &'a mut B,
        files: Files<'a>,
        seed: u64,
        watch: &'a mut dyn FnMut(Progress) -> bool,
    ) -> Self {
        let (machine, retired) = (None, Activity::default());
        let (size, share, is_cancelled) = (Size::default(), None, false);
        Self { backend, files, seed, watch, machine, retired, is_cancelled, size, share }
    }

    /// Notes the size of the problem.
    pub fn problem(&mut self, vertices: u64, edges: u64) {
        (self.size.vertices, self.size.edges) = (vertices, edges);
    }

    /// The longest delay that may be used: what the machine has, or less if the user says so.
    pub fn longest_delay(&self, asked: Option<u16>) -> u32 {
        u32::from(self.backend.longest_delay().min(asked.unwrap_or(MAX_DELAY)).max(1))
    }

    /// Loads `net` into a new machine, in place of the one before.
    ///
    /// # Errors
    /// It does not fit.
    pub fn load(&mut self, net: Net) -> Result<(), Failure> {
        self.retired = self.activity();
        self.machine = None;
        let (neurons, synapses) = (u64::from(net.neurons()), net.synapses.len() as u64);
        self.machine = Some(self.backend.machine(net)?);
        self.size.neurons = self.size.neurons.max(neurons);
        self.size.synapses = self.size.synapses.max(synapses);
        self.size.networks += 1;
        Ok(())
    }

    /// The machine. Wants one to be loaded.
    pub fn machine(&mut self) -> &mut B::Machine {
        self.machine.as_mut().expect("an algorithm loads a network before it uses the machine")
    }

    /// Number of the step that comes next.
    pub fn next_step(&mut self) -> u64 {
        self.machine().next_step()
    }

    /// Adds `weight` to what arrives at `neuron` in the next step.
    pub fn poke(&mut self, neuron: NeuronId, weight: f64) {
        self.machine().poke(neuron, weight);
    }

    /// Runs one step.
    ///
    /// # Errors
    /// The machine halts, or the run is cancelled.
    pub fn step(&mut self) -> Result<(), Failure> {
        self.machine().step().map_err(Failure::Halted)?;
        let progress = Progress { steps: self.activity().steps, share: self.share };
        self.is_cancelled |= !(self.watch)(progress);
        if self.is_cancelled { Err(Failure::Cancelled) } else { Ok(()) }
    }

    /// Runs one step; `false` if the run is cancelled, for algorithms that have something to show by then.
    ///
    /// # Errors
    /// The machine halts.
    pub fn goes_on(&mut self) -> Result<bool, Failure> {
        match self.step() {
            Err(Failure::Cancelled) => Ok(false),
            done => done.map(|()| true),
        }
    }

    /// Whether whoever watches has had enough.
    pub fn is_cancelled(&self) -> bool {
        self.is_cancelled
    }

    /// What all machines did so far.
    pub fn activity(&self) -> Activity {
        let now = self.machine.as_ref().map_or_else(Activity::default, Machine::activity);
        let before = self.retired;
        Activity {
            steps: before.steps + now.steps,
            spikes: before.spikes + now.spikes,
            synaptic_events: before.synaptic_events + now.synaptic_events,
            updates: before.updates + now.updates,
            late: before.late + now.late,
            host_round_trips: before.host_round_trips + now.host_round_trips,
        }
    }

    /// The machine, if there is one, at the end: for what only a chip can tell.
    pub fn into_machine(self) -> Option<B::Machine> {
        self.machine
    }
}
