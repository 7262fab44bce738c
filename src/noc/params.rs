//! What a router is made of, as written in a chip file under `router:`.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::base::{Problem, Problems};

/// How requests meet resources, for virtual channels and for the switch.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Allocator {
    /// iSLIP (McKeown 1999, doi 10.1109/90.769767): outputs grant, inputs accept, pointers move on success.
    #[default]
    Islip,
    /// Separable, input arbitration first.
    SeparableInputFirst,
    /// Separable, output arbitration first.
    SeparableOutputFirst,
}

/// How one of several requests is picked.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Arbiter {
    /// The next requester after the last winner.
    #[default]
    RoundRobin,
    /// The requester that won least recently (Dally & Towles, Principles and Practices of Interconnection
    /// Networks, ch. 18.5). The free channel that a piggybacked head takes, and that a node injects into, is
    /// picked in turn all the same: nothing competes there.
    Matrix,
}

/// When a packet may take the buffer of the next router.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Switching {
    /// A flit moves when one buffer slot is free.
    #[default]
    Wormhole,
    /// A packet moves when the whole packet fits, or, if it is longer than a buffer, when that is empty.
    VirtualCutThrough,
}

/// The kind of router.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum RouterKind {
    /// Input-queued with virtual channels and credits.
    #[default]
    InputQueued,
    /// Bufferless: a flit that loses its output is deflected to another one. Parameters of buffers, virtual
    /// channels and allocators have no meaning then and stay at their defaults.
    Deflection,
}

/// Router parameters. Delays are pipeline stages in cycles.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct RouterParams {
    /// Input-queued or bufferless.
    pub kind: RouterKind,
    /// Virtual channels per port; 1 to 32.
    #[schemars(range(min = 1, max = 32))]
    pub vcs: u8,
    /// Buffer depth of each virtual channel [flits]; 1 to 1024. Deeper costs area and leakage.
    #[schemars(range(min = 1, max = 1024))]
    pub buffer_flits: u16,
    /// Route computation [cycles]; 0 (look-ahead) to 16.
    #[schemars(range(min = 0, max = 16))]
    pub routing_delay: u8,
    /// Virtual-channel allocation [cycles]; 1 to 16.
    #[schemars(range(min = 1, max = 16))]
    pub vc_delay: u8,
    /// Switch allocation [cycles]; 1 to 16.
    #[schemars(range(min = 1, max = 16))]
    pub switch_delay: u8,
    /// Switch traversal [cycles]; 1 to 16.
    #[schemars(range(min = 1, max = 16))]
    pub traversal_delay: u8,
    /// Extra time until a returned credit can be used [cycles]; 0 to 16.
    #[schemars(range(min = 0, max = 16))]
    pub credit_delay: u8,
    /// Try the switch while the virtual channel is still being allocated: a head takes the longer of the two delays
    /// instead of both.
    pub speculative: bool,
    /// Take any free virtual channel at the switch grant instead of allocating it, which takes no time of its own;
    /// needs `speculative`.
    pub piggyback: bool,
    /// Allocator for virtual channels and switch.
    pub allocator: Allocator,
    /// Allocator iterations per cycle; 1 to 8. More find larger matchings: each goes on with what the ones before
    /// left unmatched. Arbiters move on for matches of the first alone.
    #[schemars(range(min = 1, max = 8))]
    pub allocator_iterations: u8,
    /// Arbiter inside the allocators.
    pub arbiter: Arbiter,
    /// Switch inputs per port; 1 to 4. Virtual channels are interleaved over them.
    #[schemars(range(min = 1, max = 4))]
    pub input_speedup: u8,
    /// Free a downstream virtual channel only when the tail's credit has come back.
    pub wait_for_tail_credit: bool,
    /// Wormhole or virtual cut-through.
    pub switching: Switching,
}

impl Default for RouterParams {
    /// Pipeline A: one cycle per stage, four VCs of eight flits, one iSLIP iteration.
    fn default() -> Self {
        Self {
            kind: RouterKind::InputQueued,
            vcs: 4,
            buffer_flits: 8,
            routing_delay: 1,
            vc_delay: 1,
            switch_delay: 1,
            traversal_delay: 1,
            credit_delay: 0,
            speculative: false,
            piggyback: false,
            allocator: Allocator::Islip,
            allocator_iterations: 1,
            arbiter: Arbiter::RoundRobin,
            input_speedup: 1,
            wait_for_tail_credit: false,
            switching: Switching::Wormhole,
        }
    }
}

impl RouterParams {
    /// Checks every range.
    ///
    /// # Errors
    /// One problem per field out of range.
    pub fn validate(&self) -> Result<(), Problems> {
        let mut problems = Problems::new();
        let mut range = |field: &str, value: u16, low: u16, high: u16| {
            if !(low..=high).contains(&value) {
                problems.push(
                    Problem::new(field, format!("{value} is out of range"))
                        .allowed(format!("{low} to {high}")),
                );
            }
        };
        range("vcs", self.vcs.into(), 1, 32);
        range("buffer_flits", self.buffer_flits, 1, 1024);
        range("routing_delay", self.routing_delay.into(), 0, 16);
        range("vc_delay", self.vc_delay.into(), 1, 16);
        range("switch_delay", self.switch_delay.into(), 1, 16);
        range("traversal_delay", self.traversal_delay.into(), 1, 16);
        range("credit_delay", self.credit_delay.into(), 0, 16);
        range("allocator_iterations", self.allocator_iterations.into(), 1, 8);
        range("input_speedup", self.input_speedup.into(), 1, 4);
        let piggyback = !self.piggyback || self.speculative;
        if self.kind == RouterKind::Deflection {
            self.refuse_meaningless(&mut problems);
        }
        problems
            .require(piggyback, "piggyback", || "piggybacked VC allocation needs `speculative: true`".into());
        problems.into_result(())
    }

    /// Virtual channels of a port and flits in each; a bufferless router has one register at each port.
    pub fn buffers(&self) -> (u8, u16) {
        match self.kind {
            RouterKind::InputQueued => (self.vcs, self.buffer_flits),
            RouterKind::Deflection => (1, 1),
        }
    }

    /// What a bufferless router cannot have. Defaults stand for "nothing was said", and so does one virtual channel.
    fn refuse_meaningless(&self, problems: &mut Problems) {
        let plain = Self::default();
        let said = [
            ("vcs", self.vcs != plain.vcs && self.vcs != 1),
            ("buffer_flits", self.buffer_flits != plain.buffer_flits),
            ("vc_delay", self.vc_delay != plain.vc_delay),
            ("credit_delay", self.credit_delay != plain.credit_delay),
            ("speculative", self.speculative),
            ("piggyback", self.piggyback),
            ("allocator", self.allocator != plain.allocator),
            ("allocator_iterations", self.allocator_iterations != plain.allocator_iterations),
            ("arbiter", self.arbiter != plain.arbiter),
            ("input_speedup", self.input_speedup != plain.input_speedup),
            ("wait_for_tail_credit", self.wait_for_tail_credit),
            ("switching", self.switching != plain.switching),
        ];
        for (field, _) in said.into_iter().filter(|&(_, said)| said) {
            problems.push(
                Problem::new(field, "a bufferless router (`kind: deflection`) has no use for this")
                    .allowed("to leave it out"),
            );
        }
    }
}
