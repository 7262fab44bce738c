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
//! A chip with faults is certified, and then run:
//!
//! ```
//! use spikeloom::noc::certify::{Question, certify};
//! use spikeloom::sim::{Control, Fidelity, Job, Windows};
//! use spikeloom::spec::{Overrides, load_chip, load_faults, load_workload};
//!
//! let overrides = Overrides::parse(["chip.routing=mftn", "workload.traffic.rate=0.05"])?;
//! let chip = load_chip("mesh8", &overrides)?;
//! let (fabric, router) = (&chip.built, &chip.value.router);
//! let health = load_faults("two-blocks", &overrides)?.value.resolve(fabric, 1)?;
//! let routing = chip.value.routing.compile(fabric, &health, router.vcs, 1)?;
//! let question =
//!     Question { fabric, health: &health, routing: &routing, vcs: router.vcs, router: router.kind };
//! assert!(certify(&question).deadlock_free);
//!
//! let workload = load_workload("uniform", &overrides)?;
//! let traffic = workload.value.traffic.as_ref().expect("it is traffic");
//! let source = traffic.compile(fabric, &|name| workload.file(name), 1)?;
//! let job = Job {
//!     fabric,
//!     health: &health,
//!     routing: &routing,
//!     epochs: &[],
//!     transients: None,
//!     router,
//!     fidelity: Fidelity::Cycle,
//!     seed: 1,
//!     threads: 1,
//!     keep_log: false,
//! };
//! let windows = Windows { warmup: 100, measure: Some(300), drain_limit: 10_000 };
//! let outcome = job.run(source, windows, &mut Control::none())?;
//! assert!(outcome.packets.delivered > 0 && outcome.packets.lost == 0);
//! # Ok::<(), Box<dyn std::error::Error>>(())
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
