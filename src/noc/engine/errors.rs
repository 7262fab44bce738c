//! Bit errors on links, and the retransmission that protects from them.
//!
//! Every router keeps a flit that it has sent until the next router's verdict is back, and sends it again if
//! the check bits do not fit; the flits behind it wait. One attempt more takes the flight there, the verdict's flight
//! back, and the time that a flit occupies the link: 2·latency + interval cycles. This is flit-level,
//! switch-to-switch retransmission (Murali et al. 2005, doi 10.1109/MDT.2005.104). A flit that has been damaged
//! at every attempt goes on with a mark, and the destination discards its packet: buffers and credits never
//! notice.
//!
//! On each link transmissions are independent trials, so the gaps between damaged ones are geometric. They are
//! drawn one by one, keyed by seed, link and number: what happens to a link's n-th transmission depends on nothing
//! else, and a transmission that succeeds costs one subtraction.

use super::wheel::Flit;
use crate::base::LinkId;
use crate::base::random::{Purpose, Stream};
use crate::fabric::Fabric;

/// Bit errors, and what protects from them.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Transmission {
    /// Probability that one bit flips on one link; 0 to 0.5.
    pub bit_error_rate: f64,
    /// Bits of a flit without check bits.
    pub flit_bits: u32,
    /// Check bits that travel with each flit. An error goes unnoticed with probability 2^−`crc_bits`.
    pub crc_bits: u8,
    /// How often a flit is sent again before it is given up.
    pub max_retries: u8,
    /// Seed of the errors.
    pub seed: u64,
}

impl Transmission {
    /// Probability that a transmission of a flit damages it: 1 − (1 − rate)^bits.
    pub fn damage(&self) -> f64 {
        let bits = f64::from(self.flit_bits) + f64::from(self.crc_bits);
        -(bits * (-self.bit_error_rate).ln_1p()).exp_m1()
    }

    /// Probability that damage goes unnoticed.
    pub fn unnoticed(&self) -> f64 {
        (-f64::from(self.crc_bits)).exp2()
    }

    /// Most cycles by which retransmission can delay a flit on one link.
    pub(super) fn longest(&self, fabric: &Fabric) -> u64 {
        fabric.links.iter().map(retry).max().unwrap_or(0) * u64::from(self.max_retries)
    }
}

/// What one attempt more takes on a link [cycles].
fn retry(link: &crate::fabric::Link) -> u64 {
    2 * u64::from(link.latency) + u64::from(link.interval)
}

/// The transmissions of one output port.
#[derive(Clone, Copy, Debug)]
struct Line {
    /// Transmissions until the next one that is damaged.
    good: u64,
    /// Damaged transmissions so far.
    damaged: u64,
    /// See [`retry`].
    retry: u64,
    /// Flits sent again.
    resent: u64,
    link: LinkId,
}

/// The links that leave a region's routers.
#[derive(Clone, Debug)]
pub(super) struct Errors {
    /// By router and port; on ports without a link nothing is ever damaged.
    lines: Vec<Line>,
    ports: usize,
    terms: Transmission,
    /// Logarithm of the probability that a transmission succeeds.
    success: f64,
}

impl Errors {
    /// For routers of `ports` ports each; `link` says which one leaves by which.
    pub(super) fn new(
        terms: Transmission,
        fabric: &Fabric,
        (routers, ports): (usize, usize),
        link: impl Fn(usize, usize) -> Option<LinkId>,
    ) -> Self {
        let success =
            (f64::from(terms.flit_bits) + f64::from(terms.crc_bits)) * (-terms.bit_error_rate).ln_1p();
        let mut errors = Self { lines: Vec::with_capacity(routers * ports), ports, terms, success };
        for (router, port) in (0..routers).flat_map(|router| (0..ports).map(move |port| (router, port))) {
            let line = match link(router, port) {
                Some(link) => {
                    let good = errors.draw(link, 0).0;
                    Line { good, damaged: 0, retry: retry(fabric.link(link)), resent: 0, link }
                }
                None => Line { good: u64::MAX, damaged: 0, retry: 0, resent: 0, link: LinkId(u32::MAX) },
            };
            errors.lines.push(line);
        }
        errors
    }

    /// Good transmissions before a link's damaged transmission number `number`, and whether that goes unnoticed.
    fn draw(&self, link: LinkId, number: u64) -> (u64, bool) {
        let mut draw = Stream::new(self.terms.seed, Purpose::Transients, link.0, number);
        // A positive argument: `unit` is less than one.
        let gap = (1.0 - draw.unit()).ln() / self.success;
        (gap as u64, draw.unit() < self.terms.unnoticed())
    }

    /// A flit leaves a router by a port. Marks it if it is damaged for good; returns how often it is sent again and
    /// how many cycles that takes.
    #[inline(always)]
    pub(super) fn cross(&mut self, router: usize, port: usize, flit: &mut Flit) -> (u64, u64) {
        let at = router * self.ports + port;
        match self.lines[at].good {
            0 => self.damage(at, flit),
            _ => {
                self.lines[at].good -= 1;
                (0, 0)
            }
        }
    }

    #[cold]
    fn damage(&mut self, at: usize, flit: &mut Flit) -> (u64, u64) {
        let Line { mut damaged, retry, link, .. } = self.lines[at];
        let mut again = 0;
        let good = loop {
            let unnoticed = self.draw(link, damaged).1;
            damaged += 1;
            let good = self.draw(link, damaged).0;
            if unnoticed {
                *flit = flit.corrupted();
                break good;
            }
            if again == u64::from(self.terms.max_retries) {
                *flit = flit.given_up();
                break good;
            }
            again += 1;
            if good > 0 {
                break good - 1;
            }
        };
        let line = &mut self.lines[at];
        (line.good, line.damaged) = (good, damaged);
        line.resent += again;
        (again, again * retry)
    }

    /// Flits sent again, by link.
    pub(super) fn resent(&self) -> impl Iterator<Item = (LinkId, u64)> + '_ {
        self.lines.iter().filter(|line| line.retry > 0).map(|line| (line.link, line.resent))
    }
}
