//! From integer counters to energy.

use super::Energy;
use super::price::{Prices, RouterPrice};

/// What depends on what.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Spent by events: it follows the traffic.
    Dynamic,
    /// Spent by every tick of the clock, whatever the traffic.
    Clock,
    /// Leaks away with time.
    Static,
}

/// What energy is spent on, in the order in which accounts add it up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Component {
    /// Writing flits into input buffers.
    BufferWrite,
    /// Reading them.
    BufferRead,
    /// Taking flits across crossbars.
    Crossbar,
    /// Switch arbitration.
    SwitchArbitration,
    /// Allocating virtual channels.
    VcArbitration,
    /// Flits over wires on the chip.
    Link,
    /// Flits from chip to chip.
    ChipToChip,
    /// Whole hops, where costs are given by the hop.
    Hop,
    /// Handing flits to their nodes.
    Delivery,
    /// Clock trees.
    Clock,
    /// Leakage of routers.
    RouterLeakage,
    /// Leakage of links.
    LinkLeakage,
}

impl Component {
    /// Every component, in order.
    pub const ALL: [Self; 12] = [
        Self::BufferWrite,
        Self::BufferRead,
        Self::Crossbar,
        Self::SwitchArbitration,
        Self::VcArbitration,
        Self::Link,
        Self::ChipToChip,
        Self::Hop,
        Self::Delivery,
        Self::Clock,
        Self::RouterLeakage,
        Self::LinkLeakage,
    ];

    /// The name that reports use.
    pub const fn name(self) -> &'static str {
        match self {
            Self::BufferWrite => "buffer_write",
            Self::BufferRead => "buffer_read",
            Self::Crossbar => "crossbar",
            Self::SwitchArbitration => "switch_arbitration",
            Self::VcArbitration => "vc_arbitration",
            Self::Link => "link",
            Self::ChipToChip => "chip_to_chip",
            Self::Hop => "hop",
            Self::Delivery => "delivery",
            Self::Clock => "clock",
            Self::RouterLeakage => "router_leakage",
            Self::LinkLeakage => "link_leakage",
        }
    }

    /// What it depends on.
    pub const fn kind(self) -> Kind {
        match self {
            Self::Clock => Kind::Clock,
            Self::RouterLeakage | Self::LinkLeakage => Kind::Static,
            _ => Kind::Dynamic,
        }
    }
}

/// What a network has counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NetworkCounts<'a> {
    /// Simulated time [cycles].
    pub cycles: u64,
    /// Flits that passed each router, those to its nodes included. A flit counts when it leaves: what is
    /// still buffered at the end is not charged.
    pub router_flits: &'a [u64],
    /// Flits that each router handed to its nodes.
    pub delivered_flits: &'a [u64],
    /// Copies of flits that each router made: written into a buffer once, read for each copy. May be empty.
    pub router_copies: &'a [u64],
    /// Flits over each link.
    pub link_flits: &'a [u64],
    /// Virtual channels allocated.
    pub vc_allocations: u64,
}

/// Where the energy went.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EnergyAccount {
    components: [Option<Energy>; 12],
    /// By router: everything that is spent inside it.
    pub routers: Vec<Energy>,
    /// By link.
    pub links: Vec<Energy>,
    /// What is counted for the chip as a whole only: the allocation of virtual channels.
    pub chip: Energy,
}

impl Prices {
    /// The energy of what was counted; the counters are those of the chip that was priced.
    pub fn account(&self, counts: &NetworkCounts<'_>) -> EnergyAccount {
        let mut account = EnergyAccount {
            components: [None; 12],
            routers: Vec::with_capacity(self.ports.len()),
            links: Vec::with_capacity(self.links.len()),
            chip: Energy::ZERO,
        };
        let seconds = counts.cycles as f64 / self.clock_hz;
        for (router, &ports) in self.ports.iter().enumerate() {
            let (flits, delivered) = (counts.router_flits[router], counts.delivered_flits[router]);
            let written = flits - counts.router_copies.get(router).copied().unwrap_or(0);
            let price = if ports > 0 { self.routers[usize::from(ports)] } else { RouterPrice::default() };
            let spent = [
                account.book(Component::BufferWrite, price.write, written),
                account.book(Component::BufferRead, price.read, flits),
                account.book(Component::Crossbar, price.crossbar, flits),
                account.book(Component::SwitchArbitration, price.arbitration, flits),
                account.book(Component::Delivery, self.delivery, delivered),
                account.book(Component::Clock, price.clock, counts.cycles),
                account.book(Component::RouterLeakage, price.leakage.map(|watts| watts * seconds), 1),
            ];
            account.routers.push(spent.into_iter().sum());
        }
        for (price, &flits) in self.links.iter().zip(counts.link_flits) {
            let moved = account.book(Component::Hop, price.hop, flits)
                + price
                    .flit
                    .map_or(Energy::ZERO, |(component, joules)| account.book(component, Some(joules), flits));
            let leaked = price.leakage.map(|watts| watts * seconds);
            let leaked = account.book(Component::LinkLeakage, leaked, 1);
            account.links.push(moved + leaked);
        }
        account.chip = account.book(Component::VcArbitration, self.vc_arbitration, counts.vc_allocations);
        account
    }
}

impl EnergyAccount {
    /// Books `count` events of `joules` each on a component, if there is a figure for them.
    fn book(&mut self, component: Component, joules: Option<f64>, count: u64) -> Energy {
        let Some(joules) = joules else { return Energy::ZERO };
        let energy = Energy::of(count, joules);
        *self.components[component as usize].get_or_insert(Energy::ZERO) += energy;
        energy
    }

    /// The components that have a figure, in order.
    pub fn components(&self) -> impl Iterator<Item = (Component, Energy)> + '_ {
        Component::ALL.into_iter().filter_map(|component| {
            let energy = self.components[component as usize]?;
            Some((component, energy))
        })
    }

    /// The energy of the components of one kind.
    pub fn of(&self, kind: Kind) -> Energy {
        self.components().filter(|(component, _)| component.kind() == kind).map(|(_, energy)| energy).sum()
    }

    /// All of it: the sum of the components, and also of routers, links and chip.
    pub fn total(&self) -> Energy {
        self.components().map(|(_, energy)| energy).sum()
    }

    /// The total in joules, as the sum of the components in joules, in order.
    pub fn total_joules(&self) -> f64 {
        self.components().map(|(_, energy)| energy.joules()).sum()
    }
}
