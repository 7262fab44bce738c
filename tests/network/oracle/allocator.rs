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
}

impl Allocator {
    pub fn new(inputs: usize, outputs: usize, params: &RouterParams) -> Self {
        let arbiters =
            |count, requesters| (0..count).map(|_| Arbiter::new(requesters, params.arbiter)).collect();
        let (kind, iterations) = (params.allocator, params.allocator_iterations.into());
        Self { outputs: arbiters(outputs, inputs), inputs: arbiters(inputs, outputs), kind, iterations }
    }

    /// Matches (input, output) requests.
    pub fn allocate(&mut self, requests: &[(usize, usize)]) -> Vec<(usize, usize)> {
        match self.kind {
            Kind::SeparableInputFirst => self.input_first(requests),
            Kind::Islip | Kind::SeparableOutputFirst => self.output_first(requests),
        }
    }

    fn output_first(&mut self, requests: &[(usize, usize)]) -> Vec<(usize, usize)> {
        let mut matched: Vec<(usize, usize)> = Vec::new();
        for iteration in 0..self.iterations {
            let open = |i, o| requests.contains(&(i, o)) && !matched.iter().any(|&(a, b)| a == i || b == o);
            let granted: Vec<Option<usize>> =
                self.outputs.iter().enumerate().map(|(o, arbiter)| arbiter.pick(|i| open(i, o))).collect();
            for i in 0..self.inputs.len() {
                if let Some(o) = self.inputs[i].pick(|o| granted[o] == Some(i)) {
                    matched.push((i, o));
                    if iteration == 0 {
                        self.outputs[o].won(i);
                        self.inputs[i].won(o);
                    }
                }
            }
        }
        matched
    }

    fn input_first(&mut self, requests: &[(usize, usize)]) -> Vec<(usize, usize)> {
        let chosen: Vec<Option<usize>> = self
            .inputs
            .iter()
            .enumerate()
            .map(|(i, arbiter)| arbiter.pick(|o| requests.contains(&(i, o))))
            .collect();
        let mut matched = Vec::new();
        for o in 0..self.outputs.len() {
            if let Some(i) = self.outputs[o].pick(|i| chosen[i] == Some(o)) {
                self.outputs[o].won(i);
                self.inputs[i].won(o);
                matched.push((i, o));
            }
        }
        matched
    }
}
