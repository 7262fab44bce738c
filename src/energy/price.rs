//! Prices of one chip: what an event costs in each of its routers and on each of its links.

use super::account::Component;
use super::table::{self, Router, RouterFigures};
use super::{EnergyParams, Technology};
use crate::base::unit::Joules;
use crate::base::{Problem, Problems};

/// Where a link leads, as far as published figures tell the directions apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Axis {
    /// Along the first dimension of a grid.
    EastWest,
    /// Along the second dimension of a grid.
    NorthSouth,
    /// Anywhere else.
    Other,
}

/// A router, as far as its energy depends on it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RouterSite {
    /// Network and node ports, used or not.
    pub ports: u32,
    /// It is switched on. Broken routers are taken to be off: they neither leak nor tick.
    pub powered: bool,
}

/// A directed link, as far as its energy depends on it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct LinkSite {
    /// Length [mm].
    pub length_mm: f64,
    /// Its direction.
    pub axis: Axis,
    /// It leads to another chip.
    pub leaves_chip: bool,
    /// Energy over the whole link [J per bit], where the chip file states it for the link.
    pub energy_per_bit: Option<f64>,
    /// Cycles that a flit occupies it [≥ 1]: a narrow link has fewer wires to leak.
    pub interval: u16,
    /// It is switched on.
    pub powered: bool,
}

/// The chip that is priced.
#[derive(Clone, Debug, PartialEq)]
pub struct Site {
    /// Flit width [bits].
    pub flit_bits: u32,
    /// Check bits that travel with a flit on links beside that [bits].
    pub check_bits: u32,
    /// Virtual channels per port.
    pub vcs: u32,
    /// Buffer depth of each [flits].
    pub buffer_flits: u32,
    /// Clock of the network [Hz].
    pub clock_hz: f64,
    /// Routers by id.
    pub routers: Vec<RouterSite>,
    /// Links by id.
    pub links: Vec<LinkSite>,
}

/// What events cost in routers with one number of ports; `None` where no figure is known.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(super) struct RouterPrice {
    pub write: Option<f64>,
    pub read: Option<f64>,
    pub crossbar: Option<f64>,
    pub arbitration: Option<f64>,
    pub clock: Option<f64>,
    pub leakage: Option<f64>,
}

/// What a link costs.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct LinkPrice {
    /// What a flit spends on the hop as a whole, where costs are given so [J].
    pub hop: Option<f64>,
    /// What a flit over it is booked as otherwise, and its energy [J]; `None` if no figure is known.
    pub flit: Option<(Component, f64)>,
    /// Its leakage [W].
    pub leakage: Option<f64>,
}

/// The prices of one chip.
#[derive(Clone, Debug, PartialEq)]
pub struct Prices {
    pub(super) clock_hz: f64,
    /// By number of ports.
    pub(super) routers: Vec<RouterPrice>,
    /// Ports of each router; 0 where it is off.
    pub(super) ports: Vec<u8>,
    pub(super) links: Vec<LinkPrice>,
    pub(super) vc_arbitration: Option<f64>,
    pub(super) delivery: Option<f64>,
}

impl EnergyParams {
    /// The prices of a chip.
    ///
    /// # Errors
    /// Everything that [`Self::validate`] finds; a router or node that the cost table does not reach to;
    /// links without a figure where one is needed. Paths are relative to `energy`.
    pub fn price(&self, site: &Site) -> Result<Prices, Problems> {
        self.validate()?;
        let mut problems = Problems::new();
        let routers = self.price_routers(site, &mut problems);
        let wire = self.figures(site, 5).unwrap_or_default();
        let links = self.price_links(site, wire, &mut problems);
        let ports = |router: &RouterSite| if router.powered { router.ports.min(255) as u8 } else { 0 };
        problems.into_result(Prices {
            clock_hz: site.clock_hz,
            routers,
            ports: site.routers.iter().map(ports).collect(),
            links,
            vc_arbitration: value(self.vc_arbitration),
            delivery: value(self.delivery),
        })
    }

    fn figures(&self, site: &Site, ports: u32) -> Result<Option<RouterFigures>, Problems> {
        let Site { flit_bits, vcs, buffer_flits, .. } = *site;
        let look_up = |technology: Technology| {
            table::figures(technology, Router { flit_bits, vcs, buffer_flits, ports })
        };
        self.technology.map(look_up).transpose()
    }

    /// Prices by number of ports.
    fn price_routers(&self, site: &Site, problems: &mut Problems) -> Vec<RouterPrice> {
        let mut prices = vec![RouterPrice::default(); 256];
        let mut seen = [false; 256];
        for router in &site.routers {
            let ports = router.ports.min(255) as usize;
            if !router.powered || std::mem::replace(&mut seen[ports], true) || !problems.0.is_empty() {
                continue;
            }
            match self.figures(site, router.ports) {
                Ok(figures) => prices[ports] = self.router_price(figures),
                Err(more) => problems.0.extend(more.0),
            }
        }
        prices
    }

    fn router_price(&self, figures: Option<RouterFigures>) -> RouterPrice {
        let or = |own: Option<Joules>, part: fn(RouterFigures) -> f64| value(own).or(figures.map(part));
        RouterPrice {
            write: or(self.buffer_write, |f| f.buffer_write),
            read: or(self.buffer_read, |f| f.buffer_read),
            crossbar: or(self.crossbar, |f| f.crossbar),
            arbitration: or(self.switch_arbitration, |f| f.switch_arbitration),
            clock: or(self.clock, |f| f.clock),
            leakage: self.router_leakage.map(|power| power.0).or(figures.map(|f| f.leakage)),
        }
    }

    fn price_links(
        &self,
        site: &Site,
        wire: Option<RouterFigures>,
        problems: &mut Problems,
    ) -> Vec<LinkPrice> {
        let per_mm = value(self.link).or(wire.map(|wire| wire.link));
        let leakage = self.link_leakage.map(|power| power.0).or(wire.map(|wire| wire.link_leakage));
        // Check bits are wires like the others; a price by the hop is taken to be for the whole hop.
        let bits = f64::from(site.flit_bits + site.check_bits);
        let widened = bits / f64::from(site.flit_bits);
        let mut unpriced = [false; 4];
        let mut price = |link: &LinkSite| {
            let hop = self.hop_along(link.axis);
            let flit = match (link.energy_per_bit, link.leaves_chip, self.is_by_hop()) {
                (Some(own), true, _) => Some((Component::ChipToChip, own * bits)),
                (Some(own), false, _) => Some((Component::Link, own * bits)),
                (None, true, _) => {
                    unpriced[3] |= self.chip_to_chip.is_none();
                    value(self.chip_to_chip).map(|per_bit| (Component::ChipToChip, per_bit * bits))
                }
                (None, false, true) => {
                    unpriced[link.axis as usize] |= hop.is_none();
                    None
                }
                (None, false, false) => {
                    per_mm.map(|per_mm| (Component::Link, per_mm * widened * link.length_mm))
                }
            };
            let wires = link.length_mm * widened / f64::from(link.interval);
            let leaks = link.powered && !link.leaves_chip;
            LinkPrice { hop, flit, leakage: leakage.filter(|_| leaks).map(|per_mm| per_mm * wires) }
        };
        let links = site.links.iter().map(&mut price).collect();
        report_unpriced(unpriced, problems);
        links
    }

    fn hop_along(&self, axis: Axis) -> Option<f64> {
        let own = match axis {
            Axis::EastWest => self.hop_east_west,
            Axis::NorthSouth => self.hop_north_south,
            Axis::Other => None,
        };
        value(own.or(self.hop))
    }
}

fn report_unpriced([east_west, north_south, other, off_chip]: [bool; 4], problems: &mut Problems) {
    for (missing, what, field) in [
        (east_west, "links along the first dimension", "hop_east_west"),
        (north_south, "links along the second dimension", "hop_north_south"),
        (other, "links that run neither east-west nor north-south", "hop"),
        (off_chip, "links from chip to chip", "chip_to_chip"),
    ] {
        if missing {
            let problem = Problem::new(field, format!("there are {what}, and nothing says what they cost"));
            problems.push(match field {
                "hop" => problem.allowed("`hop`, for every link without a figure of its own"),
                "chip_to_chip" => problem.allowed("`chip_to_chip`, or `energy_per_bit` of these links"),
                _ => problem.allowed(format!("`{field}`, or `hop` for every direction")),
            });
        }
    }
}

fn value(joules: Option<Joules>) -> Option<f64> {
    joules.map(|joules| joules.0)
}
