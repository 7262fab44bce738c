//! Choosing among the certified candidates: lowest γ, then fewest hops.

use super::super::dor::{Classes, DimensionOrder};
use super::super::ground::Ground;
use super::super::plan::{Misfit, Plan};
use super::super::routes::shortest_table;
use super::super::{Mesh, Routing, Turns};
use super::portfolio::{Candidate, Kind, Score, Trial, attempt, candidates};
use super::search::{Balanced, balance};
use super::site::Site;
use super::{MftnParams, Policy};
use crate::base::Problems;

/// Destinations looked at when candidates are compared on large networks.
const SAMPLE: usize = 128;

/// The kinds of turn maps that MFTN chooses from, beside the balanced routes.
const PORTFOLIO: [Kind; 4] = [Kind::DimensionOrder, Kind::Contour, Kind::OeTu, Kind::Corner];

/// `mftn`.
pub(in super::super) struct MftnPlan<'a>(pub &'a MftnParams);

impl Plan for MftnPlan<'_> {
    fn fits(&self, _ground: &Ground) -> Result<(), Misfit> {
        Ok(())
    }

    fn compile(&self, ground: &Ground) -> Result<Routing, Problems> {
        if let Some(flawless) = flawless(ground) {
            return flawless;
        }
        let site = Site::survey(ground, self.0.policy);
        let effort = self.0.effort;
        let balanced = if effort > 0 { balance(&site, effort, ground.seed) } else { None };
        let list = PORTFOLIO.into_iter().flat_map(|kind| candidates(&site, kind));
        match (best(&site, list, balanced.as_ref().map(|balanced| balanced.score)), balanced) {
            (Some(candidate), _) => table(ground, &site, candidate),
            (None, Some(balanced)) => {
                let name = format!("balanced-{}", balanced.root);
                Ok(Balanced::table(balanced, ground, &site, name)?.into())
            }
            (None, None) => table(ground, &site, Candidate::none(&site)),
        }
    }
}

/// Dimension order for a flawless mesh under uniform traffic: nothing is better balanced.
fn flawless(ground: &Ground) -> Option<Result<Routing, Problems>> {
    let mesh = Mesh::of(ground)?;
    (ground.whole() && ground.traffic.is_none()).then(|| {
        let order = DimensionOrder::on(ground, &[0, 1], Classes::halves(ground.vcs))?;
        debug_assert_eq!(mesh.routers(), ground.fabric.routers.len());
        Ok(order.named("xy").into())
    })
}

fn table(ground: &Ground, site: &Site, candidate: Candidate) -> Result<Routing, Problems> {
    Ok(shortest_table(ground, &site.channels, &candidate.turns, Some(candidate.name))?.into())
}

/// The best certified candidate, if it beats `known`. On large networks candidates are compared by a
/// sample of destinations, and certified in full in the order of their estimates.
fn best(site: &Site, list: impl Iterator<Item = Candidate>, known: Option<Score>) -> Option<Candidate> {
    let every = site.addressed().count().div_ceil(SAMPLE).max(1);
    let limit = known.map_or(f64::INFINITY, |known| known.gamma);
    let beats = |trial: &Trial| trial.certified() && known.is_none_or(|known| trial.score.beats(&known));
    let mut tried: Vec<(Candidate, Score)> = list
        .filter_map(|candidate| {
            let trial = attempt(site, &candidate.turns, every, limit).filter(beats)?;
            Some((candidate, trial.score))
        })
        .collect();
    tried.sort_by(|(_, a), (_, b)| a.gamma.total_cmp(&b.gamma).then(a.hops.total_cmp(&b.hops)));
    let full = |turns: &Turns| attempt(site, turns, 1, f64::INFINITY).is_some_and(|trial| trial.certified());
    let certified = |(candidate, _): &(Candidate, Score)| every == 1 || full(&candidate.turns);
    tried.into_iter().find(certified).map(|(candidate, _)| candidate)
}

/// One kind of turn map as the user's explicit choice: `contour`, `oe-tu`, `corner`.
pub(in super::super) struct MapPlan<'a> {
    pub kind: Kind,
    pub policy: &'a Policy,
}

impl Plan for MapPlan<'_> {
    fn fits(&self, ground: &Ground) -> Result<(), Misfit> {
        if self.kind == Kind::Corner || Mesh::of(ground).is_some() {
            return Ok(());
        }
        Err(Misfit::shape("a two-dimensional mesh"))
    }

    fn compile(&self, ground: &Ground) -> Result<Routing, Problems> {
        let site = Site::survey(ground, *self.policy);
        let list = candidates(&site, self.kind);
        if let Some(candidate) = best(&site, list.iter().cloned(), None) {
            return table(ground, &site, candidate);
        }
        // None is certified: the user sees what is wrong with the best of them in the certificate.
        let rated = list.into_iter().filter_map(|candidate| {
            let trial = attempt(&site, &candidate.turns, 1, f64::INFINITY)?;
            Some((trial.complete, trial.score.gamma, candidate))
        });
        let chosen = rated.min_by(|a, b| b.0.cmp(&a.0).then(a.1.total_cmp(&b.1)));
        match chosen {
            Some((.., candidate)) => table(ground, &site, candidate),
            None if self.kind == Kind::OeTu => Err(Problems::one(
                "",
                "`oe-tu` needs one side of the mesh without faults; `mftn` and `corner` need none",
            )),
            None => table(ground, &site, Candidate::none(&site)),
        }
    }
}
