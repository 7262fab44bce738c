//! Allocators by their definitions: iSLIP (McKeown 1999, doi 10.1109/90.769767), which is what a separable
//! allocator with output arbitration first does too, and separable with input arbitration first.
//!
//! An arbiter is the list of its requesters in the order in which they go: whoever stands first of those
//! that ask wins. Round robin turns the list until the winner stands last; an arbiter that prefers the
//! least recent winner moves the winner alone to the end.

use spikeloom::noc::params::{Allocator as Kind, Arbiter as Rule, RouterParams};

/// Who goes first.
pub struct Arbiter {
    list: Vec<usize>,
    rule: Rule,
}

impl Arbiter {
    pub fn new(requesters: usize, rule: Rule) -> Self {
        Self { list: (0..requesters).collect(), rule }
    }

    pub fn pick(&self, asks: impl Fn(usize) -> bool) -> Option<usize> {
        self.list.iter().copied().find(|&requester| asks(requester))
    }

    pub fn won(&mut self, winner: usize) {
        let place = self.list.iter().position(|&requester| requester == winner).expect("a requester won");
        match self.rule {
            Rule::RoundRobin => self.list.rotate_left(place + 1),
            Rule::Matrix => {
                self.list.remove(place);
                self.list.push(winner);
            }
        }
    }
}

/// An allocator of outputs to inputs.
pub struct Allocator {
    outputs: Vec<Arbiter>,
    inputs: Vec<Arbiter>,
    kind: Kind,
    iterations: usize,
    /// An input's arbiter moves on for every output that it takes, not for the first alone.
    moves_for_all: bool,
}

/// An output that an input has taken.
#[derive(Clone, Copy)]
pub struct Match {
    pub input: usize,
    pub output: usize,
    /// The first that this input chose.
    pub first: usize,
}

/// Whether an input that has taken outputs may take another one: only for copies of one packet.
pub type Fits<'a> = &'a dyn Fn(usize, &[usize], usize) -> bool;

impl Allocator {
    pub fn new(inputs: usize, outputs: usize, moves_for_all: bool, params: &RouterParams) -> Self {
        let arbiters =
            |count, requesters| (0..count).map(|_| Arbiter::new(requesters, params.arbiter)).collect();
        let (kind, iterations) = (params.allocator, params.allocator_iterations.into());
        let (outputs, inputs) = (arbiters(outputs, inputs), arbiters(inputs, outputs));
        Self { outputs, inputs, kind, iterations, moves_for_all }
    }

    /// Matches (input, output) requests.
    pub fn allocate(&mut self, requests: &[(usize, usize)], fits: Fits<'_>) -> Vec<Match> {
        match self.kind {
            Kind::SeparableInputFirst => self.input_first(requests, fits),
            Kind::Islip | Kind::SeparableOutputFirst => self.output_first(requests, fits),
        }
    }

    fn output_first(&mut self, requests: &[(usize, usize)], fits: Fits<'_>) -> Vec<Match> {
        let mut matched: Vec<Match> = Vec::new();
        for iteration in 0..self.iterations {
            let taken = |i, o| matched.iter().any(|pair| pair.input == i || pair.output == o);
            let open = |i, o| requests.contains(&(i, o)) && !taken(i, o);
            let granted: Vec<Option<usize>> =
                self.outputs.iter().enumerate().map(|(o, arbiter)| arbiter.pick(|i| open(i, o))).collect();
            for input in 0..self.inputs.len() {
                let mut own: Vec<usize> = Vec::new();
                let may = |o: usize, own: &[usize]| granted[o] == Some(input) && !own.contains(&o);
                while let Some(output) = self.inputs[input].pick(|o| may(o, &own) && fits(input, &own, o)) {
                    if iteration == 0 {
                        self.outputs[output].won(input);
                        if own.is_empty() || self.moves_for_all {
                            self.inputs[input].won(output);
                        }
                    }
                    own.push(output);
                    matched.push(Match { input, output, first: own[0] });
                }
            }
        }
        matched
    }

    fn input_first(&mut self, requests: &[(usize, usize)], fits: Fits<'_>) -> Vec<Match> {
        let mut matched: Vec<Match> = Vec::new();
        for iteration in 0..self.iterations {
            let taken = |i, o| matched.iter().any(|pair| pair.input == i || pair.output == o);
            let chosen = |input: usize| {
                let mut own: Vec<usize> = Vec::new();
                let open = |o| requests.contains(&(input, o)) && !taken(input, o);
                let may = |o: usize, own: &[usize]| open(o) && !own.contains(&o);
                while let Some(output) = self.inputs[input].pick(|o| may(o, &own) && fits(input, &own, o)) {
                    own.push(output);
                }
                own
            };
            let chosen: Vec<Vec<usize>> = (0..self.inputs.len()).map(chosen).collect();
            for output in 0..self.outputs.len() {
                if let Some(input) = self.outputs[output].pick(|i| chosen[i].contains(&output)) {
                    if iteration == 0 {
                        self.outputs[output].won(input);
                        self.inputs[input].won(output);
                    }
                    matched.push(Match { input, output, first: chosen[input][0] });
                }
            }
        }
        matched
    }
}
