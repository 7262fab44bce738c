//! The cost table of on-chip routers and wires by technology node, and how it is read between its points.
//!
//! The figures are those of DSENT 0.9 (Sun et al., "DSENT – a tool connecting emerging photonics with
//! electronics", NOCS 2012, doi 10.1109/NOCS.2012.31) for a router with five ports at 1 GHz and a
//! repeated wire of 1 mm: bulk low-threshold processes at 45, 32 and 22 nm, tri-gate at 11 nm. Its
//! switch arbitration has two stages, among the virtual channels of a port and among the ports; what
//! allocating a virtual channel takes is not part of it.
//!
//! Between the points, and with confidence falling with the distance from them:
//! - node: a power law of the feature size between neighbouring nodes, also from 10 to 11 and 45 to 65 nm;
//! - buffers (write, read, clock, leakage, area): linear in the flits that a port holds, VCs × depth, as the
//!   table itself is to within 6 %;
//! - flit width: linear, by the ratio at 4 VCs × 4 flits;
//! - ports: crossbar, clock, leakage and area in proportion to the ports (the wires across a crossbar grow
//!   with them, the buffers are counted by port), the second stage of arbitration to the other ports;
//! - the first stage of arbitration in proportion to the other virtual channels.

use super::Technology;
use super::technology::{MAX_NM, MIN_NM};
use crate::base::{Problem, Problems};

/// Narrowest flit that the table is carried to [bits]: a quarter of its narrowest.
pub const MIN_FLIT_BITS: u32 = 8;

/// Widest flit that the table is carried to [bits]: four times its widest.
pub const MAX_FLIT_BITS: u32 = 512;

/// Most flits that one port buffers, over all virtual channels. Larger buffers are memories, which the
/// table does not describe.
pub const MAX_BUFFER_FLITS: u32 = 1024;

/// Most ports of a router: four times the table's.
pub const MAX_PORTS: u32 = 20;

/// Ports of the table's router.
const PORTS: f64 = 5.0;

/// Virtual channels of the table's router with more than one.
const VCS: f64 = 4.0;

/// Flits that a port buffers in the first three columns of [`Node`].
const DEPTHS: [f64; 3] = [4.0, 16.0, 32.0];

/// Flit widths [bits] of the second, fourth and fifth column of [`Node`].
const WIDTHS: [f64; 3] = [32.0, 64.0, 128.0];

/// The columns of a row: 32 bits with 1 VC × 4 flits, 4 × 4 and 4 × 8, then 64 and 128 bits with 4 × 4.
type Row = [f64; 5];

/// The figures of one technology node, in joules per flit, joules per cycle (clock), watts (leakage) and
/// square metres (area).
struct Node {
    nm: f64,
    write: Row,
    read: Row,
    crossbar: Row,
    clock: Row,
    leakage: Row,
    area: Row,
    link: Row,
    link_leakage: Row,
    stage_1: f64,
    stage_2: f64,
}

#[rustfmt::skip]
const NODES: [Node; 4] = [
    Node {
        nm: 45.0,
        write: [6.30039e-13, 1.22756e-12, 2.02205e-12, 2.40369e-12, 4.75594e-12],
        read: [4.42146e-13, 1.11808e-12, 1.92972e-12, 2.13524e-12, 4.16954e-12],
        crossbar: [5.47529e-13, 5.47529e-13, 5.47529e-13, 1.07367e-12, 2.12595e-12],
        clock: [3.09562e-13, 3.2851e-13, 3.43986e-13, 5.37081e-13, 9.10491e-13],
        leakage: [0.0025309347, 0.0065032297, 0.0114486397, 0.0124360041, 0.0242981631],
        area: [1.0266432e-08, 2.6674912e-08, 4.7317912e-08, 5.2904524e-08, 1.135105e-07],
        link: [1.29159e-12, 1.29159e-12, 1.29159e-12, 2.58317e-12, 5.16634e-12],
        link_leakage: [1.38678e-05, 1.38678e-05, 1.38678e-05, 2.77357e-05, 5.54714e-05],
        stage_1: 8.14981e-14,
        stage_2: 1.3333e-13,
    },
    Node {
        nm: 32.0,
        write: [3.47888e-13, 6.77592e-13, 1.11558e-12, 1.32736e-12, 2.62689e-12],
        read: [2.43396e-13, 6.13896e-13, 1.05826e-12, 1.17204e-12, 2.28833e-12],
        crossbar: [3.01615e-13, 3.01615e-13, 3.01615e-13, 5.91408e-13, 1.171e-12],
        clock: [1.76594e-13, 1.87739e-13, 1.96945e-13, 2.97923e-13, 5.26212e-13],
        leakage: [0.00151358691, 0.00389404391, 0.00686352391, 0.00745217052, 0.0145676494],
        area: [6.0066376e-09, 1.5031258e-08, 2.6384958e-08, 3.1327795e-08, 7.1351773e-08],
        link: [1.03666e-12, 1.03666e-12, 1.03666e-12, 2.07333e-12, 4.14666e-12],
        link_leakage: [7.72399e-06, 7.72399e-06, 7.72399e-06, 1.5448e-05, 3.0896e-05],
        stage_1: 4.48458e-14,
        stage_2: 7.3377e-14,
    },
    Node {
        nm: 22.0,
        write: [1.67836e-13, 3.23108e-13, 5.29322e-13, 6.34108e-13, 1.25611e-12],
        read: [1.13761e-13, 2.81374e-13, 4.81965e-13, 5.35554e-13, 1.04391e-12],
        crossbar: [1.39089e-13, 1.39089e-13, 1.39089e-13, 2.72484e-13, 5.39275e-13],
        clock: [9.45341e-14, 1.00161e-13, 1.04689e-13, 1.64883e-13, 2.97591e-13],
        leakage: [0.00090694912, 0.00235064502, 0.00416616502, 0.00451481958, 0.00884222092],
        area: [2.4639465e-09, 6.4019765e-09, 1.1356267e-08, 1.2746655e-08, 2.7440761e-08],
        link: [7.54642e-13, 7.54642e-13, 7.54642e-13, 1.50928e-12, 3.01857e-12],
        link_leakage: [3.86742e-06, 3.86742e-06, 3.86742e-06, 7.73484e-06, 1.54697e-05],
        stage_1: 2.0623e-14,
        stage_2: 3.37796e-14,
    },
    Node {
        nm: 11.0,
        write: [5.17444e-14, 1.00587e-13, 1.6522e-13, 1.97978e-13, 3.92761e-13],
        read: [3.43943e-14, 8.44802e-14, 1.44357e-13, 1.60562e-13, 3.12726e-13],
        crossbar: [4.24278e-14, 4.24278e-14, 4.24278e-14, 8.31069e-14, 1.64465e-13],
        clock: [2.86963e-14, 3.07037e-14, 3.234e-14, 5.20473e-14, 9.39299e-14],
        leakage: [0.000135891833, 0.000350247733, 0.000618204733, 0.00067074014, 0.00131172055],
        area: [1.0306752e-09, 2.6715232e-09, 4.7358232e-09, 5.4501964e-09, 1.1990593e-08],
        link: [4.22025e-13, 4.22025e-13, 4.22025e-13, 8.44051e-13, 1.6881e-12],
        link_leakage: [6.46027e-07, 6.46027e-07, 6.46027e-07, 1.29205e-06, 2.58411e-06],
        stage_1: 6.2209e-15,
        stage_2: 1.01982e-14,
    },
];

/// The configuration that figures are asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Router {
    pub flit_bits: u32,
    pub vcs: u32,
    pub buffer_flits: u32,
    pub ports: u32,
}

/// What the events in a router and on a millimetre of wire cost.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct RouterFigures {
    /// Writing a flit into an input buffer [J].
    pub buffer_write: f64,
    /// Reading it [J].
    pub buffer_read: f64,
    /// Taking it across the crossbar [J].
    pub crossbar: f64,
    /// Both stages of switch arbitration, for one flit [J].
    pub switch_arbitration: f64,
    /// The router's clock tree, for one cycle [J].
    pub clock: f64,
    /// The router's leakage [W].
    pub leakage: f64,
    /// The router's active area: transistors, not wires [m²].
    pub area: f64,
    /// One flit over a wire of one millimetre [J].
    pub link: f64,
    /// Leakage of that wire [W].
    pub link_leakage: f64,
}

impl RouterFigures {
    /// The figures as a list, so that all can be treated alike.
    fn zip_with(self, other: Self, f: impl Fn(f64, f64) -> f64) -> Self {
        Self {
            buffer_write: f(self.buffer_write, other.buffer_write),
            buffer_read: f(self.buffer_read, other.buffer_read),
            crossbar: f(self.crossbar, other.crossbar),
            switch_arbitration: f(self.switch_arbitration, other.switch_arbitration),
            clock: f(self.clock, other.clock),
            leakage: f(self.leakage, other.leakage),
            area: f(self.area, other.area),
            link: f(self.link, other.link),
            link_leakage: f(self.link_leakage, other.link_leakage),
        }
    }
}

/// The figures of a router at a technology node.
///
/// # Errors
/// The node or the router is too far from what the table covers.
pub(super) fn figures(technology: Technology, router: Router) -> Result<RouterFigures, Problems> {
    check(technology, router)?;
    let above = NODES.iter().rposition(|node| node.nm >= technology.0).unwrap_or(0).min(NODES.len() - 2);
    let [coarse, fine] = [&NODES[above], &NODES[above + 1]];
    let share = (technology.0.ln() - coarse.nm.ln()) / (fine.nm.ln() - coarse.nm.ln());
    let between = |a: f64, b: f64| {
        if a == b || share == 0.0 { a } else { a * (share * (b / a).ln()).exp() }
    };
    Ok(coarse.figures(router).zip_with(fine.figures(router), between))
}

fn check(technology: Technology, router: Router) -> Result<(), Problems> {
    let mut problems = Problems::new();
    if !technology.is_covered() {
        let message = format!("there are no figures for {technology}");
        let allowed = format!("{MIN_NM} to {MAX_NM} nm, or the chip's own figures instead of a technology");
        problems.push(Problem::new("technology", message).allowed(allowed));
    }
    let buffer = router.vcs.saturating_mul(router.buffer_flits);
    for (what, found, low, high) in [
        ("flits that wide [bits]", router.flit_bits, MIN_FLIT_BITS, MAX_FLIT_BITS),
        ("ports with that many buffered flits", buffer, 1, MAX_BUFFER_FLITS),
        ("routers with that many ports", router.ports, 2, MAX_PORTS),
    ] {
        if !(low..=high).contains(&found) {
            let message = format!("the cost table does not reach to {what}: {found}");
            let allowed = format!("{low} to {high}, or the chip's own figures instead of a technology");
            problems.push(Problem::new("technology", message).allowed(allowed));
        }
    }
    problems.into_result(())
}

impl Node {
    fn figures(&self, router: Router) -> RouterFigures {
        let Router { flit_bits, vcs, buffer_flits, ports } = router;
        let depth = f64::from(vcs) * f64::from(buffer_flits);
        let bits = f64::from(flit_bits);
        let at = |row: &Row| {
            let wider = along(WIDTHS, [row[1], row[3], row[4]], bits) / row[1];
            along(DEPTHS, [row[0], row[1], row[2]], depth) * wider
        };
        let ports_over = f64::from(ports) / PORTS;
        let stage_1 = self.stage_1 * f64::from(vcs - 1) / (VCS - 1.0);
        let stage_2 = self.stage_2 * f64::from(ports - 1) / (PORTS - 1.0);
        RouterFigures {
            buffer_write: at(&self.write),
            buffer_read: at(&self.read),
            crossbar: at(&self.crossbar) * ports_over,
            switch_arbitration: stage_1 + stage_2,
            clock: at(&self.clock) * ports_over,
            leakage: at(&self.leakage) * ports_over,
            area: at(&self.area) * ports_over,
            link: at(&self.link),
            link_leakage: at(&self.link_leakage),
        }
    }
}

/// The broken line through three points, carried on beyond its ends.
fn along(xs: [f64; 3], ys: [f64; 3], x: f64) -> f64 {
    let first = usize::from(x > xs[1]);
    let share = (x - xs[first]) / (xs[first + 1] - xs[first]);
    ys[first] + share * (ys[first + 1] - ys[first])
}
