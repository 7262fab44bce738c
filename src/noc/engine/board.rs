//! What the routers of a block ask for, port by port: a word has one bit for each router.
//!
//! The common switch allocator, iSLIP with one iteration and round-robin arbiters (McKeown 1999,
//! doi 10.1109/90.769767), works on these words and so settles all routers of a block at once. Where no two requests
//! of a router meet, which is the rule, all are granted. Else an arbiter is a token that starts at the requester whose
//! turn it is and goes round until it meets a request; a word holds the tokens of all routers. Turns are kept as words
//! too: of each port's, exactly one has a router's bit.

use super::router::for_each_bit;

/// A square of words by output port and switch input, or the other way round.
type Square<const P: usize> = [[u64; P]; P];

/// Requests and turns of a block's routers.
#[derive(Clone, Debug)]
pub(super) struct Board<const P: usize> {
    /// By output port: a flit wider than the link is passing.
    pub busy: [u64; P],
    /// By output port: [`Port::heads`](super::router::Port::heads) is not empty.
    heads: [u64; P],
    /// By output port and switch input: [`Port::bids`](super::router::Port::bids) has VCs of the input.
    bids: Square<P>,
    /// Output ports with heads and with bids, one bit each; more of them while a cycle lasts.
    with_heads: u64,
    with_bids: u64,
    /// By output port and switch input: the port's turn is to grant this input.
    grant_turn: Square<P>,
    /// By switch input and output port: the input's turn is to accept this port.
    accept_turn: Square<P>,
    /// By switch input and output port: the port has granted the input. All zero but while ports are matched.
    granted: Square<P>,
    /// By output port and switch input: they are matched. All zero but while ports are matched.
    matched: Square<P>,
}

impl<const P: usize> Board<P> {
    /// Nothing is asked for, and it is the first one's turn everywhere.
    pub(super) fn new() -> Self {
        let zero = [[0; P]; P];
        let mut turn = zero;
        turn.iter_mut().for_each(|row| row[0] = u64::MAX);
        Self {
            busy: [0; P],
            heads: [0; P],
            bids: zero,
            with_heads: 0,
            with_bids: 0,
            grant_turn: turn,
            accept_turn: turn,
            granted: zero,
            matched: zero,
        }
    }

    /// Whether there is anything to allocate, asked between cycles.
    #[inline(always)]
    pub(super) fn any(&self) -> bool {
        self.with_heads | self.with_bids != 0
    }

    /// A head in `router` waits for a channel of `port`.
    #[inline(always)]
    pub(super) fn ask(&mut self, port: usize, router: usize) {
        self.heads[port & (P - 1)] |= 1 << router;
        self.with_heads |= 1 << port;
    }

    /// No head in the routers `routers` waits for a channel of `port` any more.
    #[inline(always)]
    pub(super) fn served(&mut self, port: usize, routers: u64) {
        self.heads[port & (P - 1)] &= !routers;
    }

    /// Ports for whose channels heads wait, one bit each.
    #[inline(always)]
    pub(super) fn with_heads(&self) -> u64 {
        self.with_heads
    }

    /// Routers with a head that waits for a channel of `port`.
    #[inline(always)]
    pub(super) fn heads(&self, port: usize) -> u64 {
        self.heads[port & (P - 1)]
    }

    /// Virtual channels of switch input `lane` bid for `port`, in the routers `routers`.
    #[inline(always)]
    pub(super) fn bid(&mut self, port: usize, lane: usize, routers: u64) {
        self.bids[port & (P - 1)][lane & (P - 1)] |= routers;
        self.with_bids |= 1 << port;
    }

    /// They bid no more.
    #[inline(always)]
    pub(super) fn withdraw(&mut self, port: usize, lane: usize, routers: u64) {
        self.bids[port & (P - 1)][lane & (P - 1)] &= !routers;
    }

    /// Forgets all requests, but no turns.
    pub(super) fn clear(&mut self) {
        (self.heads, self.bids) = ([0; P], [[0; P]; P]);
        (self.with_heads, self.with_bids) = (0, 0);
    }

    /// Notes which ports still have heads and bids: at the end of a cycle.
    #[inline(always)]
    pub(super) fn settle(&mut self) {
        let (mut with_heads, mut with_bids) = (0, 0);
        for_each_bit(self.with_heads, |port| {
            with_heads |= u64::from(self.heads[port & (P - 1)] != 0) << port;
        });
        for_each_bit(self.with_bids, |port| {
            let any = self.bids[port & (P - 1)].iter().fold(0, |any, word| any | word);
            with_bids |= u64::from(any != 0) << port;
        });
        (self.with_heads, self.with_bids) = (with_heads, with_bids);
    }

    /// Routers with a bid, be the port busy or not.
    pub(super) fn bidding(&self) -> u64 {
        let mut routers = 0;
        for_each_bit(self.with_bids, |port| {
            routers = self.bids[port & (P - 1)].iter().fold(routers, |any, word| any | word);
        });
        routers
    }

    /// Routers with a bid or a head that waits.
    pub(super) fn asking(&self) -> u64 {
        self.heads.iter().fold(self.bidding(), |any, word| any | word)
    }

    /// Matches switch inputs and output ports, of which a router has at most `ports`. Calls `win` with each match:
    /// router, output port and switch input.
    #[inline(always)]
    pub(super) fn match_ports(&mut self, ports: usize, mut win: impl FnMut(usize, usize, usize)) {
        // Routers in which two inputs bid for one port, or an input for two ports.
        let (mut contested, mut taken) = (0, [0; P]);
        for_each_bit(self.with_bids, |port| {
            let (mut wanted, open) = (0, !self.busy[port & (P - 1)]);
            for lane in 0..ports {
                let (bids, taken) =
                    (self.bids[port & (P - 1)][lane & (P - 1)] & open, &mut taken[lane & (P - 1)]);
                contested |= (wanted | *taken) & bids;
                wanted |= bids;
                *taken |= bids;
                self.matched[port & (P - 1)][lane & (P - 1)] = bids;
            }
        });
        if contested != 0 {
            self.arbitrate(ports, contested);
        }
        // By input: the routers in which it is matched.
        let mut moved = [0; P];
        for_each_bit(self.with_bids, |port| {
            let row = &self.matched[port & (P - 1)];
            let all = row.iter().zip(&mut moved).take(ports).fold(0, |all, (won, moved)| {
                *moved |= won;
                all | won
            });
            pass(&mut self.grant_turn[port & (P - 1)], ports, all, |lane| row[lane & (P - 1)]);
        });
        for (lane, &moved) in moved.iter().enumerate().take(ports) {
            if moved != 0 {
                pass(&mut self.accept_turn[lane], ports, moved, |port| self.matched[port & (P - 1)][lane]);
            }
        }
        for_each_bit(self.with_bids, |port| {
            for (lane, won) in self.matched[port & (P - 1)].iter_mut().enumerate().take(ports) {
                for_each_bit(std::mem::take(won), |router| win(router, port, lane));
            }
        });
    }

    /// Settles the routers `contested`: outputs grant, inputs accept.
    fn arbitrate(&mut self, ports: usize, contested: u64) {
        let Self { with_bids, bids, busy, grant_turn, accept_turn, granted, matched, .. } = self;
        let mut lanes = 0u64;
        for_each_bit(*with_bids, |port| {
            let open = contested & !busy[port & (P - 1)];
            let (bids, turn) = (&bids[port & (P - 1)][..ports], &grant_turn[port & (P - 1)][..ports]);
            matched[port & (P - 1)].iter_mut().for_each(|word| *word &= !contested);
            give(bids, turn, open, |lane, won| {
                granted[lane & (P - 1)][port & (P - 1)] |= won;
                lanes |= u64::from(won != 0) << lane;
            });
        });
        for_each_bit(lanes, |lane| {
            let (row, turn) = (&mut granted[lane & (P - 1)], &accept_turn[lane & (P - 1)]);
            give(&row[..ports], &turn[..ports], contested, |port, won| {
                matched[port & (P - 1)][lane & (P - 1)] |= won;
            });
            row.fill(0);
        });
    }
}

/// An arbiter in each of the routers `among`: calls `win` with each requester and the routers in which it wins, twice.
#[inline(always)]
fn give(requests: &[u64], turn: &[u64], among: u64, mut win: impl FnMut(usize, u64)) {
    let mut token = 0;
    for (requester, (request, turn)) in requests.iter().zip(turn).enumerate() {
        token |= turn & among;
        win(requester, token & request);
        token &= !request;
    }
    for (requester, request) in requests.iter().enumerate() {
        win(requester, token & request);
        token &= !request;
    }
}

/// In the routers `moved`, it is the turn of the one after the winner; `won` says where each has won.
#[inline(always)]
fn pass<const P: usize>(turn: &mut [u64; P], ports: usize, moved: u64, won: impl Fn(usize) -> u64) {
    let mut before = won(ports - 1);
    for (own, turn) in turn.iter_mut().enumerate().take(ports) {
        *turn = *turn & !moved | std::mem::replace(&mut before, won(own));
    }
}
