//! The topologies a chip file can name, their parameters and their limits.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Blueprint, Fabric, LinkKind, Wire, mesh};
use crate::base::unit::Millimetres;
use crate::base::{Problem, Problems};

/// Most routers a fabric may have: a 2048 × 2048 mesh.
pub const MAX_ROUTERS: u64 = 1 << 22;

/// Properties of the links that a topology draws, unless it says otherwise.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct LinkParams {
    /// Flight time of a flit [cycles]; 1 to 1024.
    pub latency: u16,
    /// Physical width [bits]; a flit wider than this takes several cycles. Absent: as wide as a flit.
    pub width_bits: Option<u32>,
    /// Length of a link between neighbours [mm].
    pub length: Millimetres,
}

impl Default for LinkParams {
    fn default() -> Self {
        Self { latency: 1, width_bits: None, length: Millimetres(1.0) }
    }
}

impl LinkParams {
    /// The wire between two neighbours.
    pub(super) fn wire(&self, ports: Option<(u8, u8)>) -> Wire {
        let length_mm = self.length.0 as f32;
        Wire {
            ports,
            latency: self.latency,
            interval: 1,
            length_mm,
            kind: LinkKind::OnChip,
            energy_per_bit: None,
        }
    }
}

/// How routers are joined.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub enum Topology {
    /// n-dimensional mesh.
    Mesh {
        /// Routers along each dimension, x first.
        size: Vec<u32>,
    },
    /// n-dimensional torus.
    Torus {
        /// Routers along each dimension, x first.
        size: Vec<u32>,
    },
}

impl Topology {
    /// Draws and compiles the network.
    ///
    /// # Errors
    /// Sizes of zero or beyond [`MAX_ROUTERS`], each with its path relative to the topology.
    pub fn build(&self, link: &LinkParams) -> Result<Fabric, Problems> {
        self.blueprint(link)?.compile()
    }

    fn blueprint(&self, link: &LinkParams) -> Result<Blueprint, Problems> {
        match self {
            Self::Mesh { size } => {
                checked_size(size).map(|()| mesh::grid(size, false, 1, link)).map_err(|p| p.under("mesh"))
            }
            Self::Torus { size } => {
                checked_size(size).map(|()| mesh::grid(size, true, 1, link)).map_err(|p| p.under("torus"))
            }
        }
    }
}

fn checked_size(size: &[u32]) -> Result<(), Problems> {
    let mut problems = Problems::new();
    problems.require((1..=6).contains(&size.len()), "size", || {
        format!("{} dimensions; 1 to 6 are possible", size.len())
    });
    for (d, &k) in size.iter().enumerate() {
        problems.require(k > 0, &format!("size[{d}]"), || "a dimension needs at least one router".into());
    }
    let routers = size.iter().try_fold(1u64, |product, &k| product.checked_mul(u64::from(k)));
    if routers.is_none_or(|routers| routers > MAX_ROUTERS) {
        problems.push(
            Problem::new("size", "the network is too large")
                .allowed(format!("at most {MAX_ROUTERS} routers")),
        );
    }
    problems.into_result(())
}
