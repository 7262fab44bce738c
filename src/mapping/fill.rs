//! Filling parts one after the other: in the order of numbers, or by overlap.

use super::assignment::{Assignment, NOWHERE};
use super::graph::sample;

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

/// Receivers looked at of one hyperedge, and hyperedges of one vertex.
const MOST_LOOKED_AT: usize = 64;

/// Candidates kept for one part.
const MOST_CANDIDATES: usize = 8192;

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
    for &edge in sample(graph.heard.of(vertex), MOST_LOOKED_AT) {
        let receivers = graph.targets.of(edge as usize);
        let by = graph.rate[edge as usize] / receivers.len() as f64;
        sample(receivers, MOST_LOOKED_AT).for_each(|&other| raise(other as usize, by));
        raise(graph.sender[edge as usize] as usize, by);
    }
    for &edge in sample(graph.sent.of(vertex), MOST_LOOKED_AT) {
        let receivers = graph.targets.of(edge as usize);
        let by = graph.rate[edge as usize] / receivers.len().max(1) as f64;
        sample(receivers, MOST_LOOKED_AT).for_each(|&other| raise(other as usize, by));
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
        if self.list.len() < MOST_CANDIDATES && !std::mem::replace(&mut self.listed[vertex], true) {
            self.list.push(vertex as u32);
        }
    }

    /// Takes out the usable one with the highest score, of equals the lowest number; drops what is not usable.
    fn pop(&mut self, score: &[f64], usable: impl Fn(usize) -> bool) -> Option<usize> {
        loop {
            let better = |a: &(usize, &u32), b: &(usize, &u32)| {
                score[*a.1 as usize].total_cmp(&score[*b.1 as usize]).then(b.1.cmp(a.1))
            };
            let (at, &best) = self.list.iter().enumerate().max_by(better)?;
            self.list.swap_remove(at);
            self.listed[best as usize] = false;
            if usable(best as usize) {
                return Some(best as usize);
            }
        }
    }
}
