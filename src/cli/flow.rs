//! Tables of what moves between cores: packets one by one, and what each core does in each step.

use super::spiking::begin;
use crate::base::CoreId;
use crate::network::Machine;
use crate::report::{self, Folder, FolderError, Trace};
use crate::sim::chip::{Chip, CoreCounts};
use crate::spec::Probes;

const PACKETS: &str = "packets.csv";
const PACKETS_HEADER: &str = "timestep,population,neuron,from_core,to_core";
const CORES: &str = "cores.csv";
const CORES_HEADER: &str =
    "timestep,core,spikes,updates,packets_sent,packets_received,synaptic_events,late,joules";

/// The tables that are asked for.
pub(super) struct Flow {
    packets: Option<Trace>,
    /// The table of cores, and what each had done before the step to come; cores without neurons do nothing.
    cores: Option<(Trace, Vec<CoreCounts>)>,
}

impl Flow {
    /// Nothing yet; tables go to `folder` if there is one.
    pub(super) fn begin(folder: Option<&Folder>, probes: &Probes) -> Result<Self, FolderError> {
        let table = |wanted: bool, name: &str, header: &str| {
            folder.filter(|_| wanted).map(|folder| begin(folder, name, header)).transpose()
        };
        let cores = table(probes.cores, CORES, CORES_HEADER)?.map(|trace| (trace, Vec::new()));
        Ok(Self { packets: table(probes.packets, PACKETS, PACKETS_HEADER)?, cores })
    }

    /// What cores have done so far belongs to steps before.
    pub(super) fn start(&mut self, chip: &Chip) {
        if let Some((_, before)) = &mut self.cores {
            *before = chip.counts().cloned().collect();
        }
    }

    /// Those that are written step by step, by name.
    pub(super) fn open(&mut self) -> impl Iterator<Item = (&'static str, &mut Trace)> {
        let packets = self.packets.as_mut().map(|trace| (PACKETS, trace));
        packets.into_iter().chain(self.cores.as_mut().map(|(trace, _)| (CORES, trace)))
    }

    /// Notes the step that `chip` has just made.
    pub(super) fn step(&mut self, step: u64, chip: &Chip) -> Result<(), FolderError> {
        if let Some(trace) = &mut self.packets {
            let mut targets = Vec::new();
            for &neuron in chip.fired() {
                let Some((population, at)) = chip.net().place(neuron) else { continue };
                let (name, from) = (&population.name, chip.core_of(neuron));
                chip.fan_out(neuron, &mut targets);
                for to in &targets {
                    trace.append(|out| writeln!(out, "{step},{name},{at},{from},{to}"))?;
                }
            }
        }
        let Some((trace, before)) = &mut self.cores else { return Ok(()) };
        for (core, (counts, before)) in chip.counts().zip(before).enumerate() {
            if chip.neurons_on(CoreId::at(core)) == 0 {
                continue;
            }
            let own = counts.since(before);
            before.clone_from(counts);
            let joules = report::core_energy(chip.prices(), &own).total().joules();
            trace.append(|out| {
                let (spikes, updates, events) = (own.spikes(), own.updates(), own.synaptic_events());
                write!(out, "{step},{core},{spikes},{updates},{},{}", own.axon_out, own.axon_in)?;
                writeln!(out, ",{events},{},{joules:?}", own.late)
            })?;
        }
        Ok(())
    }

    /// The tables to be completed.
    pub(super) fn finish(self) -> impl Iterator<Item = (&'static str, Trace)> {
        let packets = self.packets.map(|trace| (PACKETS, trace));
        packets.into_iter().chain(self.cores.map(|(trace, _)| (CORES, trace)))
    }
}
