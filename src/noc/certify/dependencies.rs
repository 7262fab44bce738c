//! Which channel may be held while which other is waited for.

use std::collections::BTreeSet;

use super::Waiting;
use crate::base::{LinkId, ones};
use crate::fabric::Fabric;
use crate::noc::route::Dependencies;

/// Classes of virtual channels: channels that a routing function never tells apart.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Classes {
    masks: Vec<u32>,
}

impl Classes {
    /// All channels in one class.
    pub fn whole(all: u32) -> Self {
        Self { masks: vec![all] }
    }

    /// Number of classes.
    pub fn len(&self) -> usize {
        self.masks.len()
    }

    /// Virtual channels of a class.
    pub fn mask(&self, class: usize) -> u32 {
        self.masks[class]
    }

    /// Whether `vcs` consists of whole classes.
    pub fn agrees(&self, vcs: u32) -> bool {
        self.masks.iter().all(|mask| mask & vcs == 0 || mask & !vcs == 0)
    }

    /// The classes within `vcs`.
    pub fn within(&self, vcs: u32) -> impl Iterator<Item = usize> + '_ {
        (0..self.masks.len()).filter(move |&class| self.masks[class] & vcs != 0)
    }

    /// Splits the classes that `vcs` cuts through.
    pub fn split(&mut self, vcs: u32) {
        let parts = self.masks.iter().flat_map(|mask| [mask & vcs, mask & !vcs]);
        self.masks = parts.filter(|&part| part != 0).collect();
        self.masks.sort_unstable();
    }
}

/// Bits of a word.
const WORD: usize = 64;

/// The dependencies between (link, class) vertices, as bits: by vertex, by (output port, class).
#[derive(Clone, Debug)]
pub(super) struct Held {
    bits: Vec<u64>,
    words: usize,
    classes: usize,
    /// Dependencies between vertices that do not meet at a router.
    far: BTreeSet<(u32, u32)>,
}

impl Held {
    /// No dependencies yet.
    pub fn new(fabric: &Fabric, classes: usize) -> Self {
        let ports = fabric.routers.iter().map(|router| usize::from(router.network_ports)).max().unwrap_or(0);
        let words = (ports * classes).div_ceil(WORD).max(1);
        let bits = vec![0; fabric.links.len() * classes * words];
        Self { bits, words, classes, far: BTreeSet::new() }
    }

    /// A packet that holds `vertex` may wait for `class` of output port `port` at its end.
    #[inline]
    pub fn note(&mut self, vertex: u32, port: u8, class: usize) {
        let bit = usize::from(port) * self.classes + class;
        self.bits[vertex as usize * self.words + bit / WORD] |= 1 << (bit % WORD);
    }

    /// A packet that holds `vertex` may wait for `later` after wandering elsewhere.
    pub fn note_far(&mut self, vertex: u32, later: u32) {
        self.far.insert((vertex, later));
    }

    /// Takes over the dependencies of another part of the walk.
    pub fn merge(&mut self, other: &Self) {
        self.bits.iter_mut().zip(&other.bits).for_each(|(own, theirs)| *own |= theirs);
        self.far.extend(&other.far);
    }

    /// A shortest cycle as (link, class) vertices; `None` if there is none.
    fn cycle(&self, fabric: &Fabric) -> Option<Vec<u32>> {
        let mut edges: Vec<(u32, u32)> = self.far.iter().copied().collect();
        for vertex in 0..fabric.links.len() * self.classes {
            let router = fabric.links[vertex / self.classes].to;
            for (word, &bits) in self.bits[vertex * self.words..(vertex + 1) * self.words].iter().enumerate()
            {
                for bit in ones(bits) {
                    let bit = word * WORD + bit;
                    let (port, class) = (bit / self.classes, bit % self.classes);
                    if let Some(link) = fabric.out(router, port as u8) {
                        edges.push((vertex as u32, (link.index() * self.classes + class) as u32));
                    }
                }
            }
        }
        Dependencies::new(fabric.links.len() * self.classes, edges.into_iter()).shortest_cycle()
    }

    /// A shortest cycle in words; `None` if there is none.
    pub fn shortest_cycle(&self, fabric: &Fabric, classes: &Classes) -> Option<Vec<Waiting>> {
        let wait = |vertex: u32| {
            let link = fabric.link(LinkId::at(vertex as usize / self.classes));
            let mask = classes.mask(vertex as usize % self.classes);
            let vcs = (0..32).filter(|vc| mask >> vc & 1 == 1).collect();
            Waiting { from: link.from.0, to: link.to.0, vcs }
        };
        self.cycle(fabric).map(|cycle| cycle.into_iter().map(wait).collect())
    }
}
