//! Synapses that learn, core by core.
//!
//! ```text
//!   packet ──▶ meet: its synapses' weights, and a spike of the sender     ┐
//!   neuron ──▶ fire: a spike of the target                                ├─▶ learn, at the end of the step
//!   reward ───────────────────────────────────────────────────────────────┘
//! ```
//!
//! A core keeps the weights of packets with synapses that learn apart from the others, which stay in the compact
//! memory. Senders are known to a core as packets: each core that hears a neuron has its own traces of it. A spike
//! meets its synapses before it changes them, and learning looks at spikes when they are fired, whatever their
//! delay; a packet that is late changes weights in the step that it counts for, one that is lost never does.
//!
//! Invariants: a core's weights depend on nothing but what happens to it, so that threads change nothing; they are
//! those of a bench, bit by bit, as long as no packet is late and no weight is rounded.

use serde::{Deserialize, Serialize};

use super::arrays::Cell;
use super::grain::Grain;
use super::plan::Plan;
use super::profile::Changes;
use super::site::Ground;
use crate::base::{Problem, Problems, bits};
use crate::network::{Lesson, Net};
use crate::synapse::plasticity::{self, Ends, Learning, SavedLearning};

/// Weights as the core holds them; for those in arrays, what the rules have made of them.
#[derive(Clone, Debug)]
struct Store {
    weights: Vec<f64>,
    grain: Option<Grain>,
    /// By weight: where in an array it is; empty where none is.
    cells: Vec<Option<Cell>>,
    /// What has changed in arrays since they were told.
    moved: Vec<(Cell, f64)>,
}

impl plasticity::Weights for Store {
    fn weight(&self, position: u32) -> f64 {
        self.weights[position as usize]
    }

    fn set_weight(&mut self, position: u32, weight: f64) {
        let own = &mut self.weights[position as usize];
        if let Some(&Some(cell)) = self.cells.get(position as usize) {
            self.moved.push((cell, weight - *own));
            *own = weight;
            return;
        }
        *own = match self.grain {
            Some(grain) => grain.round(weight),
            None => weight + 0.0,
        };
    }
}

/// The synapses of one lesson to neurons of one granule.
#[derive(Clone, Debug)]
struct Course {
    /// Number of the lesson.
    lesson: u16,
    granule: u8,
    /// Time to change a weight [s].
    update: f64,
    learning: Learning,
}

/// What a neuron's firing changes.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Post {
    /// Weights and traces.
    pub changes: Changes,
    /// The neuron's granule.
    pub granule: u8,
    /// Time that it takes [s].
    pub latency: f64,
}

/// A core with synapses that learn.
#[derive(Clone, Debug)]
pub(super) struct Learner {
    /// Its packets with such synapses, ascending.
    packets: Vec<u32>,
    /// By packet: where the weights of its synapses begin; one more.
    start: Vec<u32>,
    store: Store,
    courses: Vec<Course>,
    /// By neuron of the core.
    posts: Vec<Post>,
    /// Packets of this step, and neurons that fired in it.
    heard: Vec<u32>,
    fired: Vec<u16>,
    /// Late packets: the step that they count for.
    later: Vec<(u64, u32)>,
}

impl Learner {
    /// The weights of the synapses of `packet`, if any of them learns; the packet counts as sent in `step`.
    #[inline]
    pub(super) fn meet(&mut self, packet: u32, step: u64, late: u32) -> Option<&[f64]> {
        let index = self.packets.binary_search(&packet).ok()?;
        if late == 0 {
            self.heard.push(index as u32);
        } else {
            self.later.push((step, index as u32));
        }
        Some(&self.store.weights[self.start[index] as usize..self.start[index + 1] as usize])
    }

    /// A neuron of the core has fired: what that changes.
    #[inline]
    pub(super) fn fire(&mut self, slot: usize) -> Post {
        let post = self.posts[slot];
        if post.changes != [0, 0] {
            self.fired.push(slot as u16);
        }
        post
    }

    /// The cells of arrays whose weights have changed, and by how much, since this was asked last.
    pub(super) fn moved(&mut self) -> impl Iterator<Item = (Cell, f64)> + '_ {
        self.store.moved.drain(..)
    }

    /// Learns from this step; `rewards` by lesson. `rewarded` is told of weights that rewards changed: granule,
    /// how many, and the time that it takes [s].
    pub(super) fn learn(&mut self, step: u64, rewards: &[f64], mut rewarded: impl FnMut(u8, u32, f64)) {
        let heard = &mut self.heard;
        self.later.retain(|&(due, packet)| {
            if due == step {
                heard.push(packet);
            }
            due != step
        });
        for Course { lesson, granule, update, learning } in &mut self.courses {
            let before = learning.events().rewarded;
            learning.begin(step);
            self.heard.iter().for_each(|&packet| learning.on_pre(packet, &mut self.store));
            self.fired.iter().for_each(|&slot| learning.on_post(slot.into(), &mut self.store));
            learning.reward(rewards[usize::from(*lesson)]);
            learning.end(&mut self.store);
            let count = (learning.events().rewarded - before) as u32;
            if count > 0 {
                rewarded(*granule, count, f64::from(count) * *update);
            }
        }
        self.heard.clear();
        self.fired.clear();
    }

    /// Forgets all spikes; weights stay.
    pub(super) fn reset(&mut self) {
        self.courses.iter_mut().for_each(|course| course.learning.reset());
        self.heard.clear();
        self.fired.clear();
        self.later.clear();
    }

    /// Whether a late packet is still to be learnt from.
    pub(super) fn is_waiting(&self) -> bool {
        !self.later.is_empty()
    }

    /// Its state, for a checkpoint.
    pub(super) fn save(&self) -> SavedLearner {
        SavedLearner {
            weights: self.store.weights.clone(),
            courses: self.courses.iter().map(|course| course.learning.save()).collect(),
            heard: self.heard.clone(),
            fired: self.fired.clone(),
            later: self.later.clone(),
        }
    }

    /// Takes back what [`save`](Self::save) gave. Whether it fits.
    pub(super) fn load(&mut self, saved: SavedLearner) -> bool {
        let packets = self.packets.len() as u32;
        let mut heard = saved.heard.iter().chain(saved.later.iter().map(|(_, packet)| packet));
        let fits = saved.weights.len() == self.store.weights.len()
            && saved.courses.len() == self.courses.len()
            && heard.all(|&packet| packet < packets)
            && saved.fired.iter().all(|&slot| usize::from(slot) < self.posts.len());
        if !fits {
            return false;
        }
        self.store.weights = saved.weights;
        (self.heard, self.fired, self.later) = (saved.heard, saved.fired, saved.later);
        self.courses.iter_mut().zip(saved.courses).all(|(course, saved)| course.learning.load(saved))
    }

    /// The weight of synapse `index` of `packet`, if the packet has synapses that learn.
    pub(super) fn weight(&self, packet: usize, index: usize) -> Option<f64> {
        let at = self.packets.binary_search(&(packet as u32)).ok()?;
        self.store.weights.get(self.start[at] as usize + index).copied()
    }

    /// The same to be changed.
    pub(super) fn weight_mut(&mut self, packet: usize, index: usize) -> Option<&mut f64> {
        let at = self.packets.binary_search(&(packet as u32)).ok()?;
        self.store.weights.get_mut(self.start[at] as usize + index)
    }

    /// Memory taken by weights and packets [bytes].
    pub(super) fn bytes(&self) -> usize {
        8 * self.store.weights.len() + 8 * self.packets.len()
    }
}

/// The state of such a core.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct SavedLearner {
    #[serde(with = "bits")]
    weights: Vec<f64>,
    courses: Vec<SavedLearning>,
    heard: Vec<u32>,
    fired: Vec<u16>,
    later: Vec<(u64, u32)>,
}

/// A synapse that learns, where it has come to lie.
#[derive(Clone, Copy, Debug)]
struct Place {
    core: u16,
    packet: u32,
    position: u32,
    lesson: u16,
    /// The neuron, counted within its core.
    slot: u16,
    granule: u8,
}

/// The cores with synapses that learn, by core; nothing at all where there are none.
///
/// # Errors
/// Rules whose changes are lost in the precision of the weights.
pub(super) fn learners(
    net: &Net,
    plan: &Plan,
    ground: &Ground<'_>,
) -> Result<Vec<Option<Box<Learner>>>, Problems> {
    if net.lessons.is_empty() {
        return Ok(Vec::new());
    }
    let mut places: Vec<Place> = net
        .lessons
        .iter()
        .enumerate()
        .flat_map(|(number, lesson)| lesson.synapses.iter().map(move |&it| place(plan, number, it.2)))
        .collect();
    places.sort_unstable_by_key(|place| (place.core, place.position));
    let mut all: Vec<Option<Box<Learner>>> = vec![None; ground.cores() as usize];
    let mut problems = Problems::new();
    for own in places.chunk_by(|a, b| a.core == b.core) {
        let core = usize::from(own[0].core);
        let learner = problems.absorb(&format!("core {core}"), learner(net, plan, ground, own));
        all[core] = learner.map(Box::new);
        if problems.0.len() > 20 {
            break;
        }
    }
    problems.into_result(all)
}

fn place(plan: &Plan, lesson: usize, index: u32) -> Place {
    let position = plan.moved(index as usize);
    let packet = plan.packet_of(position);
    let core = plan.fan[packet].core;
    let slot = plan.slot(core.into(), position);
    let site = plan.layout.first[usize::from(core)] as usize + usize::from(slot);
    let granule = plan.layout.granule[site];
    Place { core, packet: packet as u32, position: position as u32, lesson: lesson as u16, slot, granule }
}

/// Packet, neuron and weight of synapses, counted within a core.
type Listed = Vec<(u32, u32, u32)>;

/// The core with the synapses of `own`.
fn learner(net: &Net, plan: &Plan, ground: &Ground<'_>, own: &[Place]) -> Result<Learner, Problems> {
    let core = usize::from(own[0].core);
    let grain = plan.grain(core);
    let (mut packets, mut start, mut weights, mut cells) = (Vec::new(), vec![0], Vec::new(), Vec::new());
    // By lesson and granule.
    let mut lists: std::collections::BTreeMap<(u16, u8), Listed> = Default::default();
    for synapses in own.chunk_by(|a, b| a.packet == b.packet) {
        let all = plan.synapses(synapses[0].packet as usize);
        let (sender, base) = (packets.len() as u32, weights.len() as u32);
        for it in synapses {
            let weight = base + it.position - all.start as u32;
            lists.entry((it.lesson, it.granule)).or_default().push((sender, it.slot.into(), weight));
        }
        packets.push(synapses[0].packet);
        weights.extend(all.clone().map(|position| plan.memory.weight(position)));
        if let Some(arrays) = &plan.arrays {
            cells.extend(all.map(|position| arrays.cell(plan, position)));
        }
        start.push(weights.len() as u32);
    }
    let neurons = plan.layout.first[core + 1] - plan.layout.first[core];
    let ends = Ends { sources: packets.len() as u32, targets: neurons };
    let mut posts = vec![Post::default(); neurons as usize];
    let (mut courses, mut problems) = (Vec::new(), Problems::new());
    for ((number, granule), list) in lists {
        let lesson = &net.lessons[usize::from(number)];
        // What arrays hold has their precision.
        let digital = grain.filter(|_| ground.params.array_of(usize::from(granule)).is_none());
        problems.0.extend(digital.and_then(|grain| lost(lesson, grain)));
        let params = &ground.params.granules[usize::from(granule)];
        note(&mut posts, lesson, granule, &list);
        let learning = Learning::between(&lesson.rule, net.dt, ends, &list)?;
        courses.push(Course { lesson: number, granule, update: params.weight_update.latency.0, learning });
    }
    for post in &mut posts {
        post.latency = ground.params.granules[usize::from(post.granule)].learning_time(post.changes);
    }
    let store = Store { weights, grain, cells, moved: Vec::new() };
    let (heard, fired, later) = (Vec::new(), Vec::new(), Vec::new());
    problems.into_result(Learner { packets, start, store, courses, posts, heard, fired, later })
}

/// Notes what the firing of the neurons in `list` changes.
fn note(posts: &mut [Post], lesson: &Lesson, granule: u8, list: &[(u32, u32, u32)]) {
    let mut is_new = vec![true; posts.len()];
    for &(_, slot, _) in list {
        let post = &mut posts[slot as usize];
        post.granule = granule;
        post.changes[0] += 1;
        if std::mem::take(&mut is_new[slot as usize]) {
            post.changes[1] += lesson.rule.traces();
        }
    }
}

/// What is wrong if no change by a rule is ever large enough for the weights.
fn lost(lesson: &Lesson, grain: Grain) -> Option<Problem> {
    let change = lesson.rule.greatest_change().filter(|&change| change < grain.step / 2.0)?;
    let message = format!(
        "its weights are whole multiples of {}: the rule `{}`, which changes them by at most {change} at a time, \
         would never change any",
        grain.step,
        lesson.rule.name()
    );
    Some(Problem::new("weight_bits", message))
}
