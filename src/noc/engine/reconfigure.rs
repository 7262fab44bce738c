//! Faults that strike during a run, as the network sees them.
//!
//! ```text
//!   pause ──▶ strike, if parts break at once ──▶ packets under way leave by the old routes ──▶ adopt
//! ```
//!
//! Between `pause` and `adopt` no packet enters the network; the new routes come into force in one cycle, in
//! an empty network. So packets that follow the old routes never meet packets that follow the new ones, whose
//! dependencies together might close a cycle although neither set has one: static reconfiguration, as in
//! Autonet (Schroeder et al. 1991, doi 10.1109/49.105178). Duato, Lysne, Pang and Pinkston (2005, doi
//! 10.1109/TPDS.2005.58) say what it would take to do without the pause.

use std::sync::Arc;

use super::compass::Compass;
use super::region::Region;
use super::strike::Scene;
use super::{Network, Regions};
use crate::fabric::{Fabric, Health};
use crate::noc::loss::Losses;
use crate::noc::route::{Ground, Routing};
use crate::noc::source::Source;

impl Network {
    /// Creates no packet from now on. Those under way go on; those of which nothing is sent yet wait at their
    /// source.
    pub fn pause(&mut self) {
        self.paused = true;
        with_regions!(&mut self.regions, regions => {
            for Region { nodes, shared, .. } in regions.iter_mut() {
                nodes.pause(shared);
            }
        });
    }

    /// Breaks what does not work in `health` in this instant, and loses the packets that are hit or cut off. The
    /// network is paused; the routes stay the old ones. `sources` are told, as [`Source::failed`] says. Returns
    /// what was lost.
    pub fn strike<S: Source>(&mut self, fabric: &Fabric, health: &Health, sources: &mut [S]) -> Losses {
        debug_assert!(self.paused);
        let (routing, now) = (&self.routing, self.now);
        with_regions!(&mut self.regions, regions => {
            regions.iter_mut().for_each(|region| region.recall(now));
            let before = regions[0].shared.tally.losses;
            let ground = Ground::new(fabric, health, regions[0].shared.setup.vcs, 0);
            Scene::new(regions, &ground, routing, now).purge(sources);
            regions[0].shared.tally.losses.since(&before)
        })
    }

    /// Takes over what works and how packets find their way there, and goes on. The network is paused and
    /// empty.
    pub fn adopt(&mut self, fabric: &Fabric, health: &Health, routing: Routing) {
        debug_assert!(self.paused && self.in_flight() == 0);
        self.paused = false;
        let now = self.now;
        with_regions!(&mut self.regions, regions => {
            let compass = Compass::new(&routing, fabric, regions[0].shared.setup.vcs).map(Arc::new);
            regions.iter_mut().for_each(|region| region.refit(fabric, health, compass.as_ref(), now));
        });
        self.routing = routing;
    }
}
