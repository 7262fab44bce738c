//! Filling parts one after the other: in the order of numbers, or by overlap.

use super::assignment::{Assignment, NOWHERE};

/// Puts the vertices into parts in the order of their numbers; a part is left when the next vertex does not
/// fit. What finds no room in what follows is tried once more in all parts.
pub(super) fn sequential(all: &mut Assignment<'_>) {
    let mut part = 0u32;
    for vertex in 0..all.graph.vertices() {
        while (part as usize) < all.parts() && !all.fits(vertex, part) {
            part += 1;
        }
        if part as usize == all.parts() {
            break;
        }
        all.insert(vertex, part);
    }
    squeeze(all);
}

/// Puts every vertex that lies nowhere into the first part with room for it.
pub(super) fn squeeze(all: &mut Assignment<'_>) {
    for vertex in (0..all.graph.vertices()).filter(|&vertex| all.part[vertex] == NOWHERE).collect::<Vec<_>>()
    {
        if let Some(part) = (0..all.parts() as u32).find(|&part| all.fits(vertex, part)) {
            all.insert(vertex, part);
        }
    }
}

/// Hyperedges with more receivers than this say little about who belongs together.
const MOST_RECEIVERS: usize = 512;

/// Greedy overlap: a part starts with the first free vertex of `order` and takes again and again the free
/// vertex that shares most spikes with it, by the rate of the hyperedges they both stand in over their number
/// of receivers, as long as one fits.
pub(super) fn overlap(all: &mut Assignment<'_>, order: &[u32]) {
    let graph = all.graph;
    let mut score = vec![0.0f64; graph.vertices()];
    let mut queue = Queue::new(graph.vertices());
    let mut from = 0;
    for part in 0..all.parts() as u32 {
        queue.clear();
        score.fill(0.0);
        while from < order.len() && all.part[order[from] as usize] != NOWHERE {
            from += 1;
        }
        let mut next = order[from..]
            .iter()
            .map(|&it| it as usize)
            .find(|&it| all.part[it] == NOWHERE && all.fits(it, part));
        while let Some(vertex) = next {
            all.insert(vertex, part);
            attract(all, vertex, &mut score, &mut queue);
            next = queue.pop(&score, |it| all.part[it] == NOWHERE && all.fits(it, part));
            if next.is_none() {
                let rest = order[from..].iter().map(|&it| it as usize).take(256);
                next = rest.into_iter().find(|&it| all.part[it] == NOWHERE && all.fits(it, part));
            }
        }
    }
    squeeze(all);
}

/// Raises the score of what shares hyperedges with `vertex`.
fn attract(all: &Assignment<'_>, vertex: usize, score: &mut [f64], queue: &mut Queue) {
    let graph = all.graph;
    let mut raise = |other: usize, by: f64| {
        if all.part[other] == NOWHERE {
            score[other] += by;
            queue.push(other);
        }
    };
    all.each_heard(vertex, |edge, _| {
        let receivers = graph.targets.of(edge);
        if receivers.len() <= MOST_RECEIVERS {
            let by = graph.rate[edge] / receivers.len() as f64;
            receivers.iter().for_each(|&other| raise(other as usize, by));
        }
        raise(graph.sender[edge] as usize, graph.rate[edge] / receivers.len() as f64);
    });
    for &edge in graph.sent.of(vertex) {
        let receivers = graph.targets.of(edge as usize);
        if receivers.len() <= MOST_RECEIVERS {
            let by = graph.rate[edge as usize] / receivers.len() as f64;
            receivers.iter().for_each(|&other| raise(other as usize, by));
        }
    }
}

/// The candidates of a part: a list of those with a score, searched for the best.
#[derive(Debug)]
struct Queue {
    list: Vec<u32>,
    listed: Vec<bool>,
}

impl Queue {
    fn new(vertices: usize) -> Self {
        Self { list: Vec::new(), listed: vec![false; vertices] }
    }

    fn clear(&mut self) {
        self.list.iter().for_each(|&it| self.listed[it as usize] = false);
        self.list.clear();
    }

    fn push(&mut self, vertex: usize) {
        if !std::mem::replace(&mut self.listed[vertex], true) {
            self.list.push(vertex as u32);
        }
    }

    /// Takes out the usable one with the highest score, of equals the lowest number; drops what is not usable.
    fn pop(&mut self, score: &[f64], usable: impl Fn(usize) -> bool) -> Option<usize> {
        let listed = &mut self.listed;
        self.list.retain(|&it| {
            let keep = usable(it as usize);
            listed[it as usize] = keep;
            keep
        });
        let better = |a: &u32, b: &u32| score[*a as usize].total_cmp(&score[*b as usize]).then(b.cmp(a));
        let best = self.list.iter().copied().max_by(better)?;
        let at = self.list.iter().position(|&it| it == best)?;
        self.list.swap_remove(at);
        self.listed[best as usize] = false;
        Some(best as usize)
    }
}
