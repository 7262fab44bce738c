//! What the plots of a spiking run are drawn from: the chip with what its cores did, and what moved between
//! them when.

use serde_json::Value;

use super::figures::{Counted, Drawing, FIGURES_SCHEMA, Figures, Film, Site};
use super::spiking::core_energy;
use crate::base::CoreId;
use crate::fabric::Health;
use crate::noc::certify::Certificate;
use crate::sim::chip::{Chip, Ground, Hauled, direction};

/// What is known of a spiking run beside the chip.
#[derive(Clone, Copy, Debug)]
pub struct NetworkFacts<'a> {
    /// The cores and what joins them.
    pub ground: &'a Ground<'a>,
    /// What of it works.
    pub health: &'a Health,
    /// What is known of the routing, and its name.
    pub certificate: Option<(&'a Certificate, &'a str)>,
    /// Clock of the network [Hz].
    pub clock_hz: f64,
    /// What the network carried, where that is known.
    pub hauled: Option<&'a Hauled>,
    /// What each step took [s].
    pub seconds: &'a [f64],
}

impl Figures {
    /// What the plots of a spiking run are drawn from.
    pub fn of_network(chip: &Chip, facts: &NetworkFacts<'_>) -> Self {
        let fabric = facts.ground.fabric;
        let is_drawn = Drawing::is_drawn(fabric);
        let certificate = facts.certificate.and_then(|(known, routing)| {
            let mut certificate = serde_json::to_value(known).ok()?;
            certificate["routing"] = Value::from(routing);
            Some(certificate)
        });
        Self {
            schema: FIGURES_SCHEMA.to_owned(),
            clock_hz: facts.clock_hz,
            counts: Counted::Packets,
            chip: facts.hauled.filter(|_| is_drawn).map(|hauled| drawing(chip, facts, hauled)),
            packet_latency: None,
            network_latency: None,
            hops: None,
            timeline: film(facts).filter(|_| is_drawn),
            certificate,
        }
    }
}

fn drawing(chip: &Chip, facts: &NetworkFacts<'_>, hauled: &Hauled) -> Drawing {
    let NetworkFacts { ground, health, certificate, .. } = *facts;
    let fabric = ground.fabric;
    let certificate = certificate.map(|(known, _)| known);
    let mut drawing = Drawing::new(&Site { fabric, health, certificate });
    drawing.routers.flits = hauled.routers.clone();
    drawing.routers.delivered = hauled.delivered.clone();
    drawing.links.flits = hauled.links.clone();
    let flits = u32::from(ground.params.packet_flits);
    drawing.links.interval.iter_mut().for_each(|interval| *interval = interval.saturating_mul(flits));
    let hops = chip.prices().hops;
    let hop = |link: usize| hops[direction(fabric, &fabric.links[link])];
    let links = hauled.links.iter().enumerate().map(|(link, &packets)| packets as f64 * hop(link));
    drawing.links.energy = Some(links.collect());
    let mut energy = vec![0.0; fabric.routers.len()];
    let (mut spikes, mut neurons) = (vec![0; energy.len()], vec![0; energy.len()]);
    for (core, counts) in chip.counts().enumerate() {
        let core = CoreId::at(core);
        let router = fabric.nodes[ground.node(core).index()].router.index();
        // Hops are paid for by the links.
        let spent = core_energy(chip.prices(), counts);
        energy[router] += spent.total().joules() - spent.hop.joules();
        spikes[router] += counts.spikes();
        neurons[router] += u64::from(chip.neurons_on(core));
    }
    drawing.routers.energy = Some(energy);
    (drawing.routers.spikes, drawing.routers.neurons) = (Some(spikes), Some(neurons));
    drawing
}

/// The timeline, with what its frames of steps took.
fn film(facts: &NetworkFacts<'_>) -> Option<Film> {
    let mut film = Film::of(&facts.hauled?.timeline, facts.ground.fabric)?;
    let took = |frame: &[f64]| frame.iter().sum::<f64>() * facts.clock_hz;
    let width = usize::try_from(film.width).unwrap_or(usize::MAX).max(1);
    let mut cycles: Vec<f64> = facts.seconds.chunks(width).map(took).collect();
    cycles.resize(film.links.len(), 0.0);
    film.cycles = Some(cycles);
    Some(film)
}
