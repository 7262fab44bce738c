//! What a router's pipeline costs: the delays behind the zero-load law and the throughput laws.
//!
//! ```text
//!   node ─2─▶ input buffer ──wait──▶ switch grant ──cross──▶ wire ──latency──▶ next input buffer …
//!                                         │                    └──1──▶ sink
//!        upstream ◀── latency ── credit ──┘
//! ```
//!
//! With R = routing + VC allocation + switch allocation + traversal (of speculative routers, which allocate both
//! at once: routing + the longer of the two + traversal), H routers, flight times L and n
//! flits, a packet alone in the network takes T = 3 + H·R + Σ L + (n − 1) cycles from creation to the
//! reading of its tail. A link narrower than a flit, which one flit occupies for i cycles, adds i − 1 to the
//! flight time and keeps the flits i cycles apart.

use super::params::RouterParams;

/// Flight time between a node and its router, either way [cycles].
pub const NODE_CHANNEL: u64 = 1;

/// Delays of a router's pipeline [cycles].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Timing {
    /// From a head's arrival in the buffer (or at its front) to the first switch grant it can get. Body
    /// flits wait for none of that.
    pub wait: u64,
    /// From the switch grant to the wire.
    pub cross: u64,
    /// From the switch grant to the moment the freed slot can be used upstream, less the link's flight time.
    pub credit: u64,
    /// The part of `credit` that nodes wait too; the rest is the upstream router's credit delay.
    pub node_credit: u64,
    /// From the grant of a packet's tail to the first grant of another packet on the same output channel.
    pub reuse: u64,
    /// From the moment an output channel is known to be empty to the next packet's first grant on it, where
    /// routers wait for that.
    pub reopen: u64,
}

impl Timing {
    /// The delays that `params` mean.
    pub fn new(params: &RouterParams) -> Self {
        let [routing, switch, traversal, credit] =
            [params.routing_delay, params.switch_delay, params.traversal_delay, params.credit_delay]
                .map(u64::from);
        let allocation = vc_time(params);
        Self {
            wait: routing + allocation,
            cross: switch + traversal,
            credit: switch + credit,
            node_credit: switch,
            reuse: 1 + allocation,
            reopen: allocation,
        }
    }

    /// From injection to the arrival in the router's buffer.
    pub const INJECT: u64 = NODE_CHANNEL + 1;
}

/// Cycles from a head's request for a virtual channel to its first request for the switch. A speculative router
/// allocates both at once: the switch is asked for as late as its answer need not wait for the channel's, or in the
/// same cycle. A piggybacked head takes its channel with the switch.
pub(super) fn vc_time(params: &RouterParams) -> u64 {
    if params.piggyback {
        return 0;
    }
    let overlap = if params.speculative { params.switch_delay } else { 0 };
    params.vc_delay.saturating_sub(overlap).into()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The laws of the reference pipelines on a mesh with links of one cycle: A 5H + 2, B and D 4H + 2,
    /// C and F 3H + 2; torus with links of two cycles, A 6H + 1.
    #[test]
    fn zero_load_laws() {
        let law = |params: &RouterParams, routers: u64, latency: u64| {
            let timing = Timing::new(params);
            let router = timing.wait + timing.cross;
            Timing::INJECT + routers * router + (routers - 1) * latency + NODE_CHANNEL
        };
        let a = RouterParams::default();
        let d = RouterParams { routing_delay: 0, ..a.clone() };
        let c = RouterParams { speculative: true, ..d.clone() };
        for routers in 1..20 {
            assert_eq!(law(&a, routers, 1), 5 * routers + 2);
            assert_eq!(law(&d, routers, 1), 4 * routers + 2);
            assert_eq!(law(&c, routers, 1), 3 * routers + 2);
            assert_eq!(law(&a, routers, 2), 6 * routers + 1);
        }
    }

    /// R of a speculative router: BookSim 2, one packet at a time, gives these where a switch allocation that begins
    /// with that of the channel ends after it; elsewhere it fails, or allocates the switch once more.
    #[test]
    fn speculative_routers_take_the_longer_of_two_allocations() {
        for (vc_delay, switch_delay, expected) in [
            (1, 1, 2),
            (1, 2, 3),
            (1, 3, 4),
            (1, 4, 5),
            (2, 3, 4),
            (2, 4, 5),
            (3, 4, 5),
            (2, 2, 3),
            (4, 1, 5),
        ] {
            let params = RouterParams {
                routing_delay: 0,
                vc_delay,
                switch_delay,
                speculative: true,
                ..RouterParams::default()
            };
            let timing = Timing::new(&params);
            assert_eq!(timing.wait + timing.cross, expected, "{vc_delay} {switch_delay}");
            let plain = Timing::new(&RouterParams { speculative: false, ..params });
            assert_eq!(plain.wait + plain.cross, u64::from(vc_delay + switch_delay) + 1);
        }
    }
}
