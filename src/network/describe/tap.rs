//! Taps of dendrites as people name them.

use super::params::{PopulationParams, ProjectionParams};
use crate::base::{Problem, Problems};
use crate::network::{NetBuilder, Population, Span};
use crate::neuron::Dendrite;

impl ProjectionParams {
    /// The input of the targets `to` that the synapses lead to.
    pub(super) fn input(&self, to: Span, builder: &NetBuilder) -> Result<u8, Problems> {
        input(self.tap, self.channel, to, builder)
            .map_err(|problem| Problems::from(Problem { path: "tap".into(), ..problem }))
    }
}

/// The input of the neurons in `to`, of one population, that tap `tap` is; tap 0 is whichever `channel`.
pub(super) fn input(tap: u8, channel: u8, to: Span, builder: &NetBuilder) -> Result<u8, Problem> {
    let Some(further) = tap.checked_sub(1) else { return Ok(channel) };
    let taps = builder.dendrites_made().fewest_taps(to);
    let own = |it: &&Population| it.span.position(to.first).is_some();
    let population = builder.populations().iter().find(own);
    let (name, channels) = population.map_or(("?", 1), |it| (&it.name, it.channels()));
    if usize::from(tap) >= taps {
        let message = format!("there is no tap {tap} at dendrites of `{name}`");
        return Err(Problem::new("", message).allowed(format!("0 to {}", taps - 1)));
    }
    if channel != 0 {
        let message = format!("a dendrite leads to channel 0, and tap {tap} is not on channel {channel}");
        return Err(Problem::new("", message));
    }
    Ok(channels as u8 + further)
}

impl PopulationParams {
    /// Checks the dendrites of the population and its parts.
    pub(super) fn check_dendrites(&self) -> Result<(), Problems> {
        let mut problems = Problems::new();
        let parts = self.parts.iter().enumerate();
        let parts = parts.map(|(i, part)| (format!("parts[{i}].dendrite"), part.dendrite.as_ref()));
        for (path, dendrite) in std::iter::once(("dendrite".into(), self.dendrite.as_ref())).chain(parts) {
            let Some(dendrite) = dendrite else { continue };
            problems.absorb(&path, dendrite.check());
            problems.require(!self.model.card().inputs.is_empty(), &path, || {
                format!("`{}` takes no input, and has no dendrites", self.model.name())
            });
        }
        problems.into_result(())
    }

    /// The dendrites of its neurons: the first neuron, how many follow it, and what they have.
    pub(super) fn dendrites(&self) -> Vec<(u32, u32, Dendrite)> {
        if self.parts.iter().all(|part| part.dendrite.is_none()) {
            return self.dendrite.iter().map(|dendrite| (0, self.neurons, dendrite.clone())).collect();
        }
        let (mut runs, mut first) = (Vec::new(), 0);
        for run in self.owners().chunk_by(|a, b| a == b) {
            let own = run[0].and_then(|part| self.parts[part].dendrite.as_ref()).or(self.dendrite.as_ref());
            runs.extend(own.map(|dendrite| (first, run.len() as u32, dendrite.clone())));
            first += run.len() as u32;
        }
        runs
    }
}
