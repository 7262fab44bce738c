//! Spikeloom simulates many-core neuromorphic chips: their network on chip, cycle by cycle, with faults,
//! fault-tolerant routing, traffic, latency and energy.
//!
//! ```text
//!    chip.yaml ─┐                ┌─▶ Fabric ──▶ Routing ──▶ Certificate (deadlock-free?)
//!  faults.yaml ─┼─▶ spec (typed, ┤      │          │
//! workload.yaml ┘    checked)    └─▶ Source ─▶ Network ──▶ Tally ──▶ Outcome ──▶ report.json
//!                                              (cycle by cycle)        │
//!                                                     energy (prices) ─┘
//! ```
//!
//! # Code map
//!
//! | room | what it holds |
//! |---|---|
//! | [`base`] | typed ids, units, keyed random streams, problems with input |
//! | [`fabric`] | the chip as a graph: topologies, links, fault maps |
//! | [`noc`] | routers, routing functions, certificates, the cycle loop |
//! | [`neuron`] | soma models in banks, checked against reference spike trains |
//! | [`synapse`] | weights between neurons: in few bytes each, in arrays of devices, learning |
//! | [`network`] | spiking networks in flat form: populations, synapses, what runs them |
//! | [`energy`] | cost tables; integer counters to joules |
//! | [`mapping`] | which core holds which neurons: partition, placement, figures |
//! | [`workload`] | what is run: traffic patterns, traces, closed loops |
//! | [`sim`] | a whole run: warm-up, measurement, drain, saturation search |
//! | [`report`] | outcome and provenance to text, JSON, CSV, HTML and SVG |
//! | [`sweep`] | many runs on disk: the journal, tables, the page |
//! | [`spec`] | YAML documents, presets, overrides, diagnostics |
//! | [`cli`] | one file per subcommand |
//!
//! What is absent on purpose: `sim` knows no YAML, file or clock; `noc` knows packets and no neurons;
//! `neuron` knows no chip; nothing below `cli` prints or exits.
//!
//! # Example
//!
//! ```
//! use spikeloom::fabric::{Health, LinkParams, Topology};
//! use spikeloom::noc::route::RoutingSpec;
//!
//! let fabric = Topology::Mesh { size: vec![4, 4] }.build(&LinkParams::default())?;
//! let routing = RoutingSpec::default().compile(&fabric, &Health::perfect(&fabric), 4, 1)?;
//! # let _ = routing;
//! assert_eq!(fabric.links.len(), 48);
//! # Ok::<(), spikeloom::base::Problems>(())
//! ```

#![forbid(unsafe_code)]

pub mod base;
pub mod cli;
pub mod energy;
pub mod fabric;
pub mod mapping;
pub mod network;
pub mod neuron;
pub mod noc;
pub mod report;
pub mod sim;
pub mod spec;
pub mod sweep;
pub mod synapse;
pub mod workload;
