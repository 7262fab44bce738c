//! The documents that are built into the binary.

use super::Kind;

/// A built-in document.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Preset {
    /// What it describes.
    pub kind: Kind,
    /// The name that files and commands use for it.
    pub name: &'static str,
    /// Its YAML text.
    pub text: &'static str,
}

impl Preset {
    /// Whether it describes an array of devices, which may hold the synapses of cores.
    pub(super) fn is_array(&self) -> bool {
        self.kind == Kind::Device && self.text.lines().any(|line| line.starts_with("array:"))
    }
}

macro_rules! presets {
    ($($kind:ident $name:literal = $path:literal),* $(,)?) => {
        &[$(Preset {
            kind: Kind::$kind,
            name: $name,
            text: include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/", $path)),
        }),*]
    };
}

/// Every built-in document. A new one is its file and one line here.
pub const PRESETS: &[Preset] = presets! {
    Chip "mesh8" = "topologies/mesh8.yaml",
    Chip "mesh16" = "topologies/mesh16.yaml",
    Chip "torus8" = "topologies/torus8.yaml",
    Chip "loihi" = "topologies/loihi.yaml",
    Chip "loihi-sanafe" = "topologies/loihi-sanafe.yaml",
    Chip "truenorth" = "topologies/truenorth.yaml",
    Chip "tianjic" = "topologies/tianjic.yaml",
    Chip "spinnaker" = "topologies/spinnaker.yaml",
    Chip "bicoss" = "topologies/bicoss.yaml",
    Chip "bicoss-4096" = "topologies/bicoss-4096.yaml",
    Chip "rram-mesh" = "topologies/rram-mesh.yaml",
    Chip "board" = "topologies/board.yaml",
    Faults "two-blocks" = "topologies/faults/two-blocks.yaml",
    Faults "border-block" = "topologies/faults/border-block.yaml",
    Faults "mid-run" = "topologies/faults/mid-run.yaml",
    Faults "noisy-links" = "topologies/faults/noisy-links.yaml",
    Workload "uniform" = "workloads/uniform.yaml",
    Workload "transpose" = "workloads/transpose.yaml",
    Workload "hotspot" = "workloads/hotspot.yaml",
    Workload "multicast" = "workloads/multicast.yaml",
    Workload "burst" = "workloads/burst.yaml",
    Workload "balanced" = "workloads/balanced.yaml",
    Workload "bicoss-scale" = "workloads/bicoss-scale.yaml",
    Workload "digits" = "workloads/digits.yaml",
    Workload "conditioning" = "workloads/conditioning.yaml",
    Workload "direction" = "workloads/direction.yaml",
    Workload "trace" = "workloads/trace.yaml",
    Workload "sssp" = "workloads/sssp.yaml",
    Workload "sssp-large" = "workloads/sssp-large.yaml",
    Workload "k-hop" = "workloads/k-hop.yaml",
    Workload "bfs" = "workloads/bfs.yaml",
    Workload "apsp" = "workloads/apsp.yaml",
    Workload "components" = "workloads/components.yaml",
    Workload "mst" = "workloads/mst.yaml",
    Workload "triangles" = "workloads/triangles.yaml",
    Workload "pagerank" = "workloads/pagerank.yaml",
    Workload "max-flow" = "workloads/max-flow.yaml",
    Workload "k-core" = "workloads/k-core.yaml",
    Workload "epidemic" = "workloads/epidemic.yaml",
    Workload "communities" = "workloads/communities.yaml",
    Workload "random-walk" = "workloads/random-walk.yaml",
    Workload "random-walk-large" = "workloads/random-walk-large.yaml",
    Workload "gambler" = "workloads/gambler.yaml",
    Workload "laplace" = "workloads/laplace.yaml",
    Workload "heat" = "workloads/heat.yaml",
    Workload "transport" = "workloads/transport.yaml",
    Workload "option" = "workloads/option.yaml",
    Workload "qubo" = "workloads/qubo.yaml",
    Workload "max-cut" = "workloads/max-cut.yaml",
    Workload "mis" = "workloads/mis.yaml",
    Workload "sat" = "workloads/sat.yaml",
    Workload "coloring" = "workloads/coloring.yaml",
    Workload "sudoku" = "workloads/sudoku.yaml",
    Sweep "routings" = "workloads/sweeps/routings.yaml",
    Sweep "faults" = "workloads/sweeps/faults.yaml",
    Sweep "topologies" = "workloads/sweeps/topologies.yaml",
    Sweep "buffers" = "workloads/sweeps/buffers.yaml",
    Sweep "network-topologies" = "workloads/sweeps/network-topologies.yaml",
    Sweep "array-precision" = "workloads/sweeps/array-precision.yaml",
    Sweep "mappings" = "workloads/sweeps/mappings.yaml",
    Sweep "graph-growth" = "workloads/sweeps/graph-growth.yaml",
    Sweep "walkers" = "workloads/sweeps/walkers.yaml",
    Device "rram_yao" = "topologies/devices/rram_yao.yaml",
    Device "rram_wan" = "topologies/devices/rram_wan.yaml",
    Device "rram_milo" = "topologies/devices/rram_milo.yaml",
    Device "sonos" = "topologies/devices/sonos.yaml",
    Device "pcm_ibm" = "topologies/devices/pcm_ibm.yaml",
    Device "pcm_joshi" = "topologies/devices/pcm_joshi.yaml",
    Device "yflash" = "topologies/devices/yflash.yaml",
    Device "memcap_90nm" = "topologies/devices/memcap_90nm.yaml",
    Device "mzi_thermo" = "topologies/devices/mzi_thermo.yaml",
    Device "wdm_7nm" = "topologies/devices/wdm_7nm.yaml",
    Device "wdm_7nm_aggressive" = "topologies/devices/wdm_7nm_aggressive.yaml",
    Device "digital_sram" = "topologies/devices/digital_sram.yaml",
    Device "digital_sram_7nm" = "topologies/devices/digital_sram_7nm.yaml",
    Device "asan" = "topologies/devices/asan.yaml",
    Device "mos2" = "topologies/devices/mos2.yaml",
    Device "nbo2" = "topologies/devices/nbo2.yaml",
};

/// The built-in documents of one kind.
pub fn of(kind: Kind) -> impl Iterator<Item = &'static Preset> {
    PRESETS.iter().filter(move |preset| preset.kind == kind)
}

/// The built-in document `name` of `kind`.
pub fn find(kind: Kind, name: &str) -> Option<&'static Preset> {
    of(kind).find(|preset| preset.name == name)
}

/// Files that built-in documents name (traces, graphs), by the name that the documents use.
const FILES: &[(&str, &[u8])] =
    &[("trace.csv", include_bytes!(concat!(env!("CARGO_MANIFEST_DIR"), "/workloads/trace.csv")))];

/// The content of the built-in file `name`.
pub fn file(name: &str) -> Option<&'static [u8]> {
    FILES.iter().find(|(known, _)| *known == name).map(|(_, content)| *content)
}
