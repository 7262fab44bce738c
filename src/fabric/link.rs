//! What links are made of: the chip's ordinary link, how others differ from it, and single exceptions.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Fabric, LinkKind, Place, Wire};
use crate::base::unit::{Joules, Millimetres};
use crate::base::{LinkId, Problem, Problems};

/// Longest flight time, and longest occupation by one flit [cycles].
pub const MAX_LATENCY: u16 = 1024;

/// Longest link [mm]: ten metres.
const MAX_LENGTH_MM: f64 = 1e4;

/// Dearest bit [J].
const MAX_ENERGY_PER_BIT: f64 = 1e-3;

/// Properties of the links that a topology draws, unless it says otherwise.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct LinkParams {
    /// Flight time of a flit [cycles]; 1 to 1024.
    #[schemars(range(min = 1, max = 1024))]
    pub latency: u16,
    /// Physical width [bits]; a flit wider than this takes several cycles. Absent: as wide as a flit.
    pub width_bits: Option<u32>,
    /// Length of a link between neighbours [mm]; 0 to 10,000.
    pub length: Millimetres,
    /// Energy per bit over the whole link [J]. Absent: the cost table's energy per millimetre.
    pub energy_per_bit: Option<Joules>,
}

impl Default for LinkParams {
    fn default() -> Self {
        Self { latency: 1, width_bits: None, length: Millimetres(1.0), energy_per_bit: None }
    }
}

/// How some links differ from the chip's ordinary ones; what is absent is as there.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct LinkChange {
    /// Flight time of a flit [cycles]; 1 to 1024.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1, max = 1024))]
    pub latency: Option<u16>,
    /// Physical width [bits]; a flit wider than this takes several cycles.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub width_bits: Option<u32>,
    /// Length [mm]; 0 to 10,000.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub length: Option<Millimetres>,
    /// Energy per bit over the whole link [J].
    #[serde(skip_serializing_if = "Option::is_none")]
    pub energy_per_bit: Option<Joules>,
}

/// Parameters of one link that differ from what the topology drew.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct LinkOverride {
    /// Router at one end.
    pub from: Place,
    /// Router at the other end, a neighbour of `from`.
    pub to: Place,
    /// Only the direction from `from` to `to`; otherwise both.
    #[serde(default)]
    pub one_way: bool,
    /// Flight time of a flit [cycles]; 1 to 1024.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1, max = 1024))]
    pub latency: Option<u16>,
    /// Physical width [bits]; a flit wider than this takes several cycles.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub width_bits: Option<u32>,
    /// Length [mm]; 0 to 10,000.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub length: Option<Millimetres>,
    /// Energy per bit over the whole link [J].
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub energy_per_bit: Option<Joules>,
}

impl LinkParams {
    /// Checks every range.
    ///
    /// # Errors
    /// One problem per field out of range.
    pub fn validate(&self) -> Result<(), Problems> {
        LinkChange::from(self).validate()
    }

    /// This link with the differences of `change`.
    pub(super) fn with(&self, change: &LinkChange) -> Self {
        Self {
            latency: change.latency.unwrap_or(self.latency),
            width_bits: change.width_bits.or(self.width_bits),
            length: change.length.unwrap_or(self.length),
            energy_per_bit: change.energy_per_bit.or(self.energy_per_bit),
        }
    }

    /// A link `times` as long, with the flight time and the energy that go with it.
    ///
    /// # Errors
    /// Flight time, length or energy are beyond what a link may have.
    pub(super) fn stretched(&self, times: u32) -> Result<Self, Problem> {
        let cycles = u32::from(self.latency).saturating_mul(times);
        let stretched = Self {
            latency: cycles.try_into().unwrap_or(u16::MAX),
            width_bits: self.width_bits,
            length: Millimetres(self.length.0 * f64::from(times)),
            energy_per_bit: self.energy_per_bit.map(|energy| Joules(energy.0 * f64::from(times))),
        };
        match stretched.validate() {
            Ok(()) => Ok(stretched),
            Err(_) => {
                Err(Problem::new("", format!("the links become {times} times as long: {cycles} cycles"))
                    .allowed(format!("at most {MAX_LATENCY} cycles and {MAX_LENGTH_MM} mm")))
            }
        }
    }

    /// The wire of a link of this make for flits of `flit_bits`, with its ports left open.
    pub(super) fn wire(&self, flit_bits: u32, kind: LinkKind) -> Wire {
        Wire {
            ports: None,
            latency: self.latency,
            interval: self.width_bits.map_or(1, |width| interval(flit_bits, width)),
            length_mm: self.length.0 as f32,
            kind,
            energy_per_bit: self.energy_per_bit.map(|energy| energy.0),
        }
    }
}

/// Cycles that a flit occupies a link of `width_bits`.
fn interval(flit_bits: u32, width_bits: u32) -> u16 {
    flit_bits.div_ceil(width_bits.max(1)).clamp(1, u32::from(u16::MAX)) as u16
}

impl LinkChange {
    /// Checks every range.
    ///
    /// # Errors
    /// One problem per field out of range.
    pub fn validate(&self) -> Result<(), Problems> {
        let mut problems = Problems::new();
        let mut range = |field: &str, value: Option<f64>, low: f64, high: f64, unit: &str| {
            if let Some(value) = value.filter(|value| !(low..=high).contains(value)) {
                problems.push(
                    Problem::new(field, format!("{value} is out of range"))
                        .allowed(format!("{low} to {high} {unit}")),
                );
            }
        };
        range("latency", self.latency.map(f64::from), 1.0, f64::from(MAX_LATENCY), "cycles");
        range("width_bits", self.width_bits.map(f64::from), 1.0, 65536.0, "bits");
        range("length", self.length.map(|length| length.0), 0.0, MAX_LENGTH_MM, "mm");
        range("energy_per_bit", self.energy_per_bit.map(|e| e.0), 0.0, MAX_ENERGY_PER_BIT, "J");
        problems.into_result(())
    }
}

impl From<&LinkParams> for LinkChange {
    fn from(link: &LinkParams) -> Self {
        Self {
            latency: Some(link.latency),
            width_bits: link.width_bits,
            length: Some(link.length),
            energy_per_bit: link.energy_per_bit,
        }
    }
}

impl LinkOverride {
    fn change(&self) -> LinkChange {
        let Self { latency, width_bits, length, energy_per_bit, .. } = *self;
        LinkChange { latency, width_bits, length, energy_per_bit }
    }
}

impl Fabric {
    /// The fabric with single links changed; `flit_bits` is the flit width it was built for.
    ///
    /// # Errors
    /// Values out of range, routers outside the chip or not joined by a link, a link that is changed
    /// twice, an override that changes nothing; paths are relative to the list (`[2].latency`).
    pub fn with_overrides(mut self, list: &[LinkOverride], flit_bits: u32) -> Result<Self, Problems> {
        let mut problems = Problems::new();
        let mut changed_by = std::collections::HashMap::new();
        for (index, item) in list.iter().enumerate() {
            let at = format!("[{index}]");
            let change = item.change();
            problems.require(change != LinkChange::default(), &at, || "the link is not changed".into());
            problems.absorb(&at, change.validate());
            let found = problems.absorb(&at, find_links(&self, &item.from, &item.to, item.one_way));
            for link in found.unwrap_or_default() {
                match changed_by.insert(link, index) {
                    None => self.change_link(link, &change, flit_bits),
                    Some(other) => problems
                        .require(false, &at, || format!("the link is already changed by entry [{other}]")),
                }
            }
        }
        problems.into_result(self)
    }

    fn change_link(&mut self, link: LinkId, change: &LinkChange, flit_bits: u32) {
        let link = &mut self.links[link.index()];
        link.latency = change.latency.unwrap_or(link.latency);
        link.interval = change.width_bits.map_or(link.interval, |width| interval(flit_bits, width));
        link.length_mm = change.length.map_or(link.length_mm, |length| length.0 as f32);
        link.energy_per_bit = change.energy_per_bit.map(|energy| energy.0).or(link.energy_per_bit);
    }
}

/// The links from `from` to `to`, and those back unless `one_way`.
///
/// # Errors
/// A router outside the chip (paths `from`, `to`), two routers that are not neighbours.
pub(super) fn find_links(
    fabric: &Fabric,
    from: &Place,
    to: &Place,
    one_way: bool,
) -> Result<Vec<LinkId>, Problems> {
    let mut problems = Problems::new();
    let ends = (
        problems.absorb("from", from.resolve(fabric).map_err(Problems::from)),
        problems.absorb("to", to.resolve(fabric).map_err(Problems::from)),
    );
    let (Some(a), Some(b)) = ends else { return Err(problems) };
    let mut links: Vec<LinkId> = fabric.links_between(a, b).collect();
    if !one_way {
        links.extend(fabric.links_between(b, a));
    }
    problems.require(!links.is_empty(), "", || {
        let joined = if one_way { "no link leads" } else { "there is no link" };
        format!("{joined} from {from} to {to}")
    });
    problems.into_result(links)
}
