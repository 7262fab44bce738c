//! What a chip file says under `energy:`.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::Technology;
use crate::base::unit::{Joules, Watts};
use crate::base::{Problem, Problems};

/// Dearest single event that can be stated [J].
const MAX_JOULES: f64 = 1e-3;

/// Most leakage that can be stated for a router or a millimetre of wire [W].
const MAX_WATTS: f64 = 10.0;

/// What the network's events cost.
///
/// Either by parts of a router, with a `technology` whose cost table gives every part that is not stated; or
/// by the hop, as chips publish it. A part that neither the table nor the file gives is not accounted for.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct EnergyParams {
    /// Technology node whose cost table applies, `45nm` for example; 10 to 65 nm. The figures are those of
    /// DSENT 0.9, read between its points at 45, 32, 22 and 11 nm.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub technology: Option<Technology>,
    /// Writing a flit into an input buffer [J per flit].
    #[serde(skip_serializing_if = "Option::is_none")]
    pub buffer_write: Option<Joules>,
    /// Reading a flit from an input buffer [J per flit].
    #[serde(skip_serializing_if = "Option::is_none")]
    pub buffer_read: Option<Joules>,
    /// Taking a flit across the crossbar [J per flit].
    #[serde(skip_serializing_if = "Option::is_none")]
    pub crossbar: Option<Joules>,
    /// Switch arbitration, both stages [J per flit].
    #[serde(skip_serializing_if = "Option::is_none")]
    pub switch_arbitration: Option<Joules>,
    /// Allocating a virtual channel [J per packet and router]. The cost table has no figure for it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub vc_arbitration: Option<Joules>,
    /// A router's clock tree [J per cycle].
    #[serde(skip_serializing_if = "Option::is_none")]
    pub clock: Option<Joules>,
    /// Leakage of a router [W].
    #[serde(skip_serializing_if = "Option::is_none")]
    pub router_leakage: Option<Watts>,
    /// A flit over one millimetre of wire on the chip [J per flit and mm].
    #[serde(skip_serializing_if = "Option::is_none")]
    pub link: Option<Joules>,
    /// Leakage of a link's wires [W per mm].
    #[serde(skip_serializing_if = "Option::is_none")]
    pub link_leakage: Option<Watts>,
    /// A link from chip to chip [J per bit], whatever its length. Links with an `energy_per_bit` of their
    /// own need none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub chip_to_chip: Option<Joules>,
    /// One flit through a router and over a link [J per flit and hop]. What links with an `energy_per_bit` of their
    /// own, or from chip to chip, cost by the bit comes on top.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub hop: Option<Joules>,
    /// The same along the first dimension of a grid, where it differs.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub hop_east_west: Option<Joules>,
    /// The same along the second dimension of a grid, where it differs.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub hop_north_south: Option<Joules>,
    /// Handing a flit to its node [J per flit].
    #[serde(skip_serializing_if = "Option::is_none")]
    pub delivery: Option<Joules>,
}

impl EnergyParams {
    /// Whether costs are given by the hop rather than by the parts of a router.
    pub fn is_by_hop(&self) -> bool {
        self.hop.or(self.hop_east_west).or(self.hop_north_south).is_some()
    }

    /// Checks everything that does not depend on the chip.
    ///
    /// # Errors
    /// Values out of range, parts beside figures by the hop, no figure at all.
    pub fn validate(&self) -> Result<(), Problems> {
        let mut problems = Problems::new();
        for (name, joules) in self.joules() {
            check_range(&mut problems, name, joules.map(|energy| energy.0), MAX_JOULES, "J");
        }
        for (name, watts) in self.watts() {
            check_range(&mut problems, name, watts.map(|power| power.0), MAX_WATTS, "W");
        }
        if self.is_by_hop() {
            self.check_parts(&mut problems);
        }
        let stated = self.joules().iter().any(|(_, value)| value.is_some())
            || self.watts().iter().any(|(_, value)| value.is_some());
        if !stated && self.technology.is_none() {
            problems.push(
                Problem::new("", "nothing says what anything costs")
                    .allowed("`technology`, or figures of the chip; or no `energy` at all"),
            );
        }
        problems.into_result(())
    }

    /// Parts of a hop that the figure for the hop includes already.
    fn check_parts(&self, problems: &mut Problems) {
        let parts = [
            ("buffer_write", self.buffer_write.is_some()),
            ("buffer_read", self.buffer_read.is_some()),
            ("crossbar", self.crossbar.is_some()),
            ("switch_arbitration", self.switch_arbitration.is_some()),
            ("vc_arbitration", self.vc_arbitration.is_some()),
            ("link", self.link.is_some()),
            ("technology", self.technology.is_some()),
        ];
        for (name, _) in parts.into_iter().filter(|&(_, stated)| stated) {
            problems
                .require(false, name, || format!("`{name}` is part of the energy of a hop, which is stated"));
        }
    }

    fn joules(&self) -> [(&'static str, Option<Joules>); 12] {
        [
            ("buffer_write", self.buffer_write),
            ("buffer_read", self.buffer_read),
            ("crossbar", self.crossbar),
            ("switch_arbitration", self.switch_arbitration),
            ("vc_arbitration", self.vc_arbitration),
            ("clock", self.clock),
            ("link", self.link),
            ("chip_to_chip", self.chip_to_chip),
            ("hop", self.hop),
            ("hop_east_west", self.hop_east_west),
            ("hop_north_south", self.hop_north_south),
            ("delivery", self.delivery),
        ]
    }

    fn watts(&self) -> [(&'static str, Option<Watts>); 2] {
        [("router_leakage", self.router_leakage), ("link_leakage", self.link_leakage)]
    }
}

fn check_range(problems: &mut Problems, name: &str, value: Option<f64>, most: f64, unit: &str) {
    if let Some(value) = value.filter(|value| !(0.0..=most).contains(value)) {
        let problem = Problem::new(name, format!("{value} is out of range"));
        problems.push(problem.allowed(format!("0 to {most} {unit}")));
    }
}
