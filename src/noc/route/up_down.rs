//! up*/down* on any graph, and nearest common ancestors on fat trees: first towards a root, then away.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::channels::{Channels, NONE, Turns};
use super::ground::Ground;
use super::mftn::corner::up_down;
use super::plan::{Misfit, Plan};
use super::routes::{shortest_sets, shortest_table};
use super::table::{MAX_SET_PORTS, Pick};
use super::{RouterId, Routing};
use crate::base::{Problem, Problems};
use crate::fabric::Shape;

/// Most routers for which the centre is found exactly.
const EXACT_CENTRE: usize = 4096;

/// Parameters of `up-down`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct UpDownParams {
    /// Number of the root router. Absent: a centre of the network, the router whose farthest other one
    /// is nearest.
    pub root: Option<u32>,
}

impl UpDownParams {
    fn root(&self, ground: &Ground, channels: &Channels) -> Result<u32, Problems> {
        let Some(root) = self.root else { return Ok(centre(ground, channels)) };
        let routers = channels.routers();
        if root as usize >= routers || !ground.alive(RouterId(root)) {
            let problem = Problem::new("root", format!("there is no working router {root}"))
                .allowed(format!("a working router, 0 to {}", routers - 1));
            return Err(problem.into());
        }
        Ok(root)
    }
}

impl Plan for UpDownParams {
    fn fits(&self, _ground: &Ground) -> Result<(), Misfit> {
        Ok(())
    }

    fn compile(&self, ground: &Ground) -> Result<Routing, Problems> {
        let channels = Channels::new(ground, |_| true, true);
        let turns = up_down(&channels, self.root(ground, &channels)?);
        Ok(shortest_table(ground, &channels, &turns, Some("up-down".into()))?.into())
    }
}

/// The working router with the least eccentricity, of equals the one with the least sum of distances,
/// then the first. In very large networks the one nearest to the mean position instead.
fn centre(ground: &Ground, channels: &Channels) -> u32 {
    let joined = |r: &u32| !channels.leaving(*r).is_empty();
    let candidates = || (0..channels.routers() as u32).filter(joined);
    if channels.routers() > EXACT_CENTRE {
        let position = |r: u32| ground.fabric.routers[r as usize].position.map(f64::from);
        let count = candidates().count().max(1) as f64;
        let mean = candidates().fold([0.0; 2], |sum, r| [sum[0] + position(r)[0], sum[1] + position(r)[1]]);
        let off = |&r: &u32| {
            let [x, y] = position(r);
            (x - mean[0] / count).powi(2) + (y - mean[1] / count).powi(2)
        };
        return candidates().min_by(|a, b| off(a).total_cmp(&off(b))).unwrap_or(0);
    }
    let far = |&root: &u32| {
        let reached = channels.distances_from(root).into_iter().filter(|&d| d != NONE);
        let (count, most, sum) =
            reached.fold((0u64, 0, 0u64), |(n, most, sum), d| (n + 1, most.max(d), sum + u64::from(d)));
        (std::cmp::Reverse(count), most, sum, root)
    };
    candidates().min_by_key(far).unwrap_or(0)
}

/// `nca`: up by any port towards a common ancestor, drawn at random, then down.
pub(super) struct NcaPlan;

impl Plan for NcaPlan {
    fn fits(&self, ground: &Ground) -> Result<(), Misfit> {
        match ground.fabric.shape {
            Shape::FatTree { arity, .. } if 2 * arity <= u32::from(MAX_SET_PORTS) => Ok(()),
            Shape::FatTree { .. } => {
                Err(Misfit::shape(format!("a fat tree of arity 2 to {}", MAX_SET_PORTS / 2)))
            }
            _ => Err(Misfit::shape("a fat tree")),
        }
    }

    fn compile(&self, ground: &Ground) -> Result<Routing, Problems> {
        let Shape::FatTree { arity, levels } = ground.fabric.shape else {
            return Err(Problems::one("", "nca needs a fat tree"));
        };
        let width = arity.pow(levels - 1);
        let channels = Channels::new(ground, |_| true, false);
        let down = |channel: u32| {
            let at = channel as usize;
            channels.head[at] / width > channels.tail[at] / width
        };
        let turns = Turns::new(&channels, |c, k| !down(c) || down(k));
        Ok(shortest_sets(ground, &channels, &turns, Pick::Random)?.into())
    }
}
