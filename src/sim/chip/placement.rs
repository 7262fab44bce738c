//! Which neuron sits on which core, in which granule, and in which order a core updates its neurons.

use super::params::CoreParams;
use super::site::Ground;
use crate::base::{CoreId, NeuronId, Problem, Problems};
use crate::network::describe::Seat;
use crate::network::{Net, Population};

/// A placement of all neurons of a network.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Placement {
    /// By neuron: its core.
    pub core: Vec<CoreId>,
    /// By neuron: the granule that runs it, counted as in the chip file.
    pub granule: Vec<u8>,
    /// All neurons; each core updates its own in this order.
    pub order: Vec<NeuronId>,
}

impl Placement {
    /// Neuron after neuron, filling one working core after the other; every neuron in the first granule
    /// that runs its model and has room.
    ///
    /// # Errors
    /// A population that no granule runs; neurons that do not fit.
    pub fn sequential(net: &Net, ground: &Ground<'_>) -> Result<Self, Problems> {
        let mut filler = Filler::new(net, ground)?;
        let mut placement = Self::default();
        for (index, population) in net.populations.iter().enumerate() {
            for _ in population.span.iter() {
                let (core, granule) = filler.seat(index)?;
                placement.core.push(core);
                placement.granule.push(granule);
            }
        }
        placement.order = (0..net.neurons()).map(NeuronId).collect();
        Ok(placement)
    }

    /// A placement by core, as a mapping gives it: the first granule that runs a neuron's model and has room
    /// takes it, and neurons are updated in the order of their numbers.
    ///
    /// # Errors
    /// A list of another length than there are neurons; a population that no granule runs.
    pub fn of_cores(net: &Net, params: &CoreParams, core: Vec<CoreId>) -> Result<Self, Problems> {
        if core.len() != net.neurons() as usize {
            let message = format!("{} cores were given for {} neurons", core.len(), net.neurons());
            return Err(Problems::one("", message));
        }
        let kinds = params.granules.len();
        let cores = core.iter().map(|core| core.index() + 1).max().unwrap_or(0);
        let mut held = vec![0u32; cores * kinds];
        let mut granule = Vec::with_capacity(core.len());
        for (index, population) in net.populations.iter().enumerate() {
            let runners = runners(net, params, index)?;
            for neuron in population.span.iter() {
                let held = &mut held[core[neuron.index()].index() * kinds..][..kinds];
                let most = |granule: u8| params.granules[usize::from(granule)].neurons.unwrap_or(u32::MAX);
                let free = runners.iter().find(|&&granule| held[usize::from(granule)] < most(granule));
                // What does not fit is told when the placement is checked.
                let taken = free.copied().unwrap_or_else(|| first_of(&runners));
                held[usize::from(taken)] += 1;
                granule.push(taken);
            }
        }
        Ok(Self { core, granule, order: (0..net.neurons()).map(NeuronId).collect() })
    }

    /// The placement that a network description asks for, seat by seat, in its order.
    ///
    /// # Errors
    /// Granules that the chip does not have, or that no granule runs a population.
    pub fn of_seats(net: &Net, params: &CoreParams, seats: &[Seat]) -> Result<Self, Problems> {
        let neurons = net.neurons() as usize;
        let mut placement = Self {
            core: vec![CoreId(0); neurons],
            granule: vec![0; neurons],
            order: Vec::with_capacity(neurons),
        };
        let mut problems = Problems::new();
        for (i, Seat { neurons, core, granule }) in seats.iter().enumerate() {
            let granule = match granule {
                Some(name) => params.granules.iter().position(|it| it.name == *name).ok_or_else(|| {
                    let problem = Problem::new("granule", format!("the chip has no granule `{name}`"));
                    problem.nearest(name, params.granules.iter().map(|it| it.name.as_str())).into()
                }),
                None => runners(net, params, neurons.population).map(|found| first_of(&found).into()),
            };
            let Some(granule) = problems.absorb(&format!("mapping[{i}]"), granule) else { continue };
            for neuron in neurons.span.iter() {
                placement.core[neuron.index()] = CoreId(*core);
                placement.granule[neuron.index()] = granule as u8;
                placement.order.push(neuron);
            }
        }
        problems.into_result(placement)
    }

    /// Checks the placement against a chip.
    ///
    /// # Errors
    /// Cores that do not exist, do not work or hold more than they can, by how much; granules that do not
    /// run their neurons.
    pub fn check(&self, net: &Net, ground: &Ground<'_>) -> Result<(), Problems> {
        let mut problems = Problems::new();
        let neurons = net.neurons() as usize;
        let whole = [self.core.len(), self.granule.len(), self.order.len()].iter().all(|&len| len == neurons);
        problems.require(whole, "", || format!("the placement is not one of {neurons} neurons"));
        let cores = ground.cores();
        if let Some(core) = self.core.iter().find(|core| core.0 >= cores) {
            problems.push(
                Problem::new("", format!("there is no core {core}")).allowed(format!("0 to {}", cores - 1)),
            );
        }
        problems.into_result(())?;
        self.check_granules(net, ground.params)?;
        self.check_room(ground)
    }

    fn check_granules(&self, net: &Net, params: &CoreParams) -> Result<(), Problems> {
        let mut problems = Problems::new();
        let mut at = 0;
        for population in &net.populations {
            for part in &population.parts {
                let own = &self.granule[at..at + part.count as usize];
                at += part.count as usize;
                let runs = |granule: u8| {
                    params.granules.get(usize::from(granule)).is_some_and(|it| it.runs(&part.model))
                };
                if let Some(&wrong) = own.iter().find(|&&granule| !runs(granule)) {
                    let name = params.granules.get(usize::from(wrong)).map_or("?", |it| it.name.as_str());
                    let message = format!("granule `{name}` does not run `{}`", part.model.name());
                    problems.push(Problem::new(format!("populations.{}", population.name), message));
                }
            }
        }
        problems.into_result(())
    }

    fn check_room(&self, ground: &Ground<'_>) -> Result<(), Problems> {
        let params = ground.params;
        let kinds = params.granules.len();
        let mut held = vec![0u32; ground.cores() as usize * kinds];
        for (core, &granule) in self.core.iter().zip(&self.granule) {
            held[core.index() * kinds + usize::from(granule)] += 1;
        }
        let mut problems = Problems::new();
        for (core, held) in
            held.chunks(kinds).enumerate().filter(|(_, held)| held.iter().any(|&count| count > 0))
        {
            let (total, path) = (held.iter().sum::<u32>(), format!("core {core}"));
            problems.require(ground.works(CoreId::at(core)), &path, || {
                format!("{total} neurons are placed on a core that does not work or is cut off")
            });
            problems.require(total <= params.neurons, &path, || {
                format!(
                    "{total} neurons do not fit: the core holds {}, {} too many",
                    params.neurons,
                    total - params.neurons
                )
            });
            for (granule, &count) in params.granules.iter().zip(held) {
                let most = granule.neurons.unwrap_or(u32::MAX);
                problems.require(count <= most, &path, || {
                    format!(
                        "{count} neurons do not fit granule `{}`: it holds {most}, {} too many",
                        granule.name,
                        count - most
                    )
                });
            }
            if problems.0.len() > 20 {
                break;
            }
        }
        problems.into_result(())
    }
}

/// The granules that run every neuron of a population.
fn runners(net: &Net, params: &CoreParams, population: usize) -> Result<Vec<u8>, Problems> {
    let population = &net.populations[population];
    let runs =
        |&granule: &usize| population.parts.iter().all(|part| params.granules[granule].runs(&part.model));
    let found: Vec<u8> = (0..params.granules.len()).filter(runs).map(|granule| granule as u8).collect();
    if found.is_empty() {
        let model = population.parts.first().map_or("?", |part| part.model.name());
        let known = params.granules.iter().map(|it| format!("`{}` ({})", it.name, it.models.join(", ")));
        let message = format!("no granule of the chip runs `{model}`");
        let problem = Problem::new(format!("populations.{}", population.name), message);
        return Err(problem.allowed(known.collect::<Vec<_>>().join(", ")).into());
    }
    Ok(found)
}

/// Neurons of a core that is filled one after the other, in all and by granule: as many as the chip file says, and
/// as many as have a column in the arrays of their granule.
fn most(params: &CoreParams) -> (u32, Vec<u32>) {
    let columns = |granule: usize| params.array_room(granule).map_or(u32::MAX, |[neurons, _]| neurons);
    let own = |granule: usize| params.granules[granule].neurons.unwrap_or(u32::MAX).min(columns(granule));
    let granules = 0..params.granules.len();
    let shared = granules.clone().all(|granule| matches!(params.array_of(granule), Some((0, _))));
    let whole = if shared { columns(0) } else { u32::MAX };
    (params.neurons.min(whole), granules.map(own).collect())
}

fn first_of(granules: &[u8]) -> u8 {
    granules.first().copied().unwrap_or(0)
}

/// Fills one core after the other.
struct Filler<'a> {
    ground: &'a Ground<'a>,
    runners: Vec<Vec<u8>>,
    net: &'a Net,
    cores: std::vec::IntoIter<CoreId>,
    core: Option<CoreId>,
    held: Vec<u32>,
    /// Neurons that a core holds, and those of each of its granules.
    most: (u32, Vec<u32>),
}

impl<'a> Filler<'a> {
    fn new(net: &'a Net, ground: &'a Ground<'a>) -> Result<Self, Problems> {
        let mut problems = Problems::new();
        let found =
            (0..net.populations.len()).map(|index| problems.absorb("", runners(net, ground.params, index)));
        let runners = found.map(Option::unwrap_or_default).collect();
        problems.into_result(())?;
        let mut cores = ground.working().collect::<Vec<_>>().into_iter();
        let core = cores.next();
        let held = vec![0; ground.params.granules.len()];
        Ok(Self { ground, runners, net, cores, core, held, most: most(ground.params) })
    }

    fn seat(&mut self, population: usize) -> Result<(CoreId, u8), Problems> {
        loop {
            let Some(core) = self.core else { return Err(self.full(population)) };
            let has_room = self.held.iter().sum::<u32>() < self.most.0;
            let free = |&&granule: &&u8| {
                let granule = usize::from(granule);
                has_room && self.held[granule] < self.most.1[granule]
            };
            if let Some(&granule) = self.runners[population].iter().find(free) {
                self.held[usize::from(granule)] += 1;
                return Ok((core, granule));
            }
            self.core = self.cores.next();
            self.held.fill(0);
        }
    }

    /// Why there is no seat for a neuron of `population`: too many neurons in all, too many for their granules, or
    /// cores that were left half empty on the way.
    fn full(&self, population: usize) -> Problems {
        let working = self.ground.working().count() as u64;
        let neurons = u64::from(self.net.neurons());
        let (whole, granules) = &self.most;
        if neurons > working * u64::from(*whole) {
            let message =
                format!("{neurons} neurons do not fit on {working} working cores of {whole} neurons each");
            return Problems::one("", message);
        }
        let runners = &self.runners[population];
        let own: u64 = runners.iter().map(|&granule| u64::from(granules[usize::from(granule)])).sum();
        let seats = own.min(u64::from(*whole));
        let rivals = self.runners.iter().zip(&self.net.populations);
        let rivals = rivals.filter(|(theirs, _)| theirs.iter().all(|granule| runners.contains(granule)));
        let count: u64 = rivals.map(|(_, population)| u64::from(population.span.len)).sum();
        let params = &self.ground.params.granules;
        let names = runners.iter().map(|&granule| format!("`{}`", params[usize::from(granule)].name));
        let names = names.collect::<Vec<_>>().join(", ");
        let Population { name, parts, .. } = &self.net.populations[population];
        let model = parts.first().map_or("?", |part| part.model.name());
        let message = match count > working * seats {
            true => format!(
                "neurons of `{model}` do not fit: {count} neurons need granule {names}, which has {} seats on {working} \
                 working cores, {seats} each",
                working * seats
            ),
            false => format!(
                "neurons of `{model}` are left over: {count} neurons need granule {names}, and cores that are filled \
                 one after the other leave seats empty; a mapping may do better"
            ),
        };
        Problems::one(format!("populations.{name}"), message)
    }
}
