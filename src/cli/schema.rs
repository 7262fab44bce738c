//! `spikeloom schema`: the JSON Schema of documents.

use clap::{Args, ValueEnum};

use super::console;
use super::failure::Failure;
use crate::spec::{ChipDoc, DeviceDoc, FaultDoc, WorkloadDoc, schema_of};

/// Arguments of `schema`.
#[derive(Debug, Args)]
#[command(after_help = "Example:\n  spikeloom schema chip > chip.schema.json")]
pub(super) struct SchemaArguments {
    /// The kind of document.
    kind: SchemaKind,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum SchemaKind {
    /// A chip: topology, links, routers, routing, energy.
    Chip,
    /// What a chip is to do.
    Workload,
    /// What is broken.
    Faults,
    /// What a core's weights or neurons are made of.
    Device,
    /// A grid of runs.
    Sweep,
}

pub(super) fn schema(arguments: &SchemaArguments) -> Result<(), Failure> {
    let schema = match arguments.kind {
        SchemaKind::Chip => schema_of::<ChipDoc>(),
        SchemaKind::Workload => schema_of::<WorkloadDoc>(),
        SchemaKind::Faults => schema_of::<FaultDoc>(),
        SchemaKind::Device => schema_of::<DeviceDoc>(),
        SchemaKind::Sweep => {
            let message =
                "sweeps are not built yet; there are schemas of `chip`, `workload`, `faults` and `device`";
            return Err(Failure::Usage(message.into()));
        }
    };
    console::answer(&format!("{schema:#}\n"))
}
