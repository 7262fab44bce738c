//! Where nodes are, as far as patterns care.

use crate::base::Problem;
use crate::fabric::{Fabric, Shape};

/// Nodes on a grid of routers, each with the same number of nodes.
pub(super) struct Places {
    nodes: u32,
    /// Routers along each dimension, x first; `None` where routers have no coordinates.
    size: Option<Vec<u32>>,
    /// Nodes per router.
    concentration: u32,
}

impl Places {
    /// The places of `fabric`'s nodes. Grids whose routers have different numbers of nodes count as
    /// having no coordinates.
    pub(super) fn of(fabric: &Fabric) -> Self {
        let nodes = fabric.nodes.len() as u32;
        let concentration = fabric.routers.first().map_or(0, |router| router.nodes);
        let even = fabric.routers.iter().all(|router| router.nodes == concentration);
        let size = match &fabric.shape {
            Shape::Grid { size, .. } => Some(size.clone()),
            Shape::TriangularTorus { width, height } => Some(vec![*width, *height]),
            _ => None,
        };
        Self { nodes, size: size.filter(|_| even), concentration: u32::from(concentration) }
    }

    /// Number of nodes, ≥ 1.
    pub(super) fn nodes(&self) -> u32 {
        self.nodes
    }

    /// The node at router coordinates `at`, place `local` on that router.
    fn node(&self, size: &[u32], at: impl DoubleEndedIterator<Item = u32>, local: u32) -> u32 {
        let router = at.rev().zip(size.iter().rev()).fold(0, |router, (c, k)| router * k + c);
        router * self.concentration + local
    }

    /// Router coordinates of `node` and its place on the router.
    fn coordinates(&self, size: &[u32], node: u32) -> (Vec<u32>, u32) {
        let mut rest = node / self.concentration;
        (size.iter().map(|&k| (rest % k, rest /= k).0).collect(), node % self.concentration)
    }

    /// Every node's destination when each coordinate grows by `shift(k)` modulo the size k.
    pub(super) fn shifted(&self, shift: impl Fn(u32) -> u32) -> Vec<u32> {
        let Some(size) = &self.size else {
            let step = shift(self.nodes);
            return (0..self.nodes).map(|node| (node + step) % self.nodes).collect();
        };
        let destination = |node| {
            let (at, local) = self.coordinates(size, node);
            let moved: Vec<u32> = at.iter().zip(size).map(|(&c, &k)| (c + shift(k)) % k).collect();
            self.node(size, moved.into_iter(), local)
        };
        (0..self.nodes).map(destination).collect()
    }

    /// Every node's destination when coordinates are reversed.
    pub(super) fn transposed(&self) -> Result<Vec<u32>, Problem> {
        let Some(size) = self.size.as_ref().filter(|size| size.len() > 1) else {
            return self.transposed_numbers();
        };
        if !size.iter().eq(size.iter().rev()) {
            let text = size.iter().map(u32::to_string).collect::<Vec<_>>().join(" × ");
            let (least, most) = (size.iter().min(), size.iter().max());
            let square = |k: Option<&u32>| vec![k.map_or("1".into(), u32::to_string); size.len()].join(" × ");
            return Err(Problem::new("", format!("`transpose` does not fit a grid of {text}")).allowed(
                format!(
                    "sizes that read the same from both ends, such as {} or {}",
                    square(least),
                    square(most)
                ),
            ));
        }
        let destination = |node| {
            let (at, local) = self.coordinates(size, node);
            self.node(size, at.into_iter().rev(), local)
        };
        Ok((0..self.nodes).map(destination).collect())
    }

    fn transposed_numbers(&self) -> Result<Vec<u32>, Problem> {
        let k = self.nodes.isqrt();
        if k * k != self.nodes {
            let message = format!("`transpose` takes node numbers for a square; {} is none", self.nodes);
            let next = u64::from(k) + 1;
            let fitting = format!("a square number of nodes, such as {} or {}", k * k, next * next);
            return Err(Problem::new("", message).allowed(fitting));
        }
        Ok((0..self.nodes).map(|node| node % k * k + node / k).collect())
    }

    /// The nodes of the one or two middle positions of every dimension, in ascending order.
    pub(super) fn middle(&self) -> Option<Vec<u32>> {
        let size = self.size.as_ref()?;
        let central = |node: &u32| {
            let (at, _) = self.coordinates(size, *node);
            at.iter().zip(size).all(|(&c, &k)| c == (k - 1) / 2 || c == k / 2)
        };
        Some((0..self.nodes).filter(central).collect())
    }
}
