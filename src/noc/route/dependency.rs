//! Directed graphs of dependencies: sorted, or refuted by their shortest cycle.

use super::channels::csr;

/// A directed graph over dense vertices.
#[derive(Clone, Debug)]
pub struct Dependencies {
    start: Vec<u32>,
    next: Vec<u32>,
}

impl Dependencies {
    /// The graph with these edges.
    pub fn new(vertices: usize, edges: impl Iterator<Item = (u32, u32)> + Clone) -> Self {
        let (start, next) = csr(vertices, edges);
        Self { start, next }
    }

    fn len(&self) -> usize {
        self.start.len() - 1
    }

    fn after(&self, vertex: u32) -> &[u32] {
        &self.next[self.start[vertex as usize] as usize..self.start[vertex as usize + 1] as usize]
    }

    /// Kahn's algorithm: a rank for each vertex that rises along every edge; where there is none, the
    /// vertices that lie on cycles or behind them stay without.
    fn sort(&self) -> Vec<Option<u32>> {
        let mut waits = vec![0u32; self.len()];
        self.next.iter().for_each(|&vertex| waits[vertex as usize] += 1);
        let mut queue: Vec<u32> = (0..self.len() as u32).filter(|&v| waits[v as usize] == 0).collect();
        let mut rank = vec![None; self.len()];
        let mut done = 0;
        while done < queue.len() {
            let vertex = queue[done];
            rank[vertex as usize] = Some(done as u32);
            done += 1;
            for &next in self.after(vertex) {
                waits[next as usize] -= 1;
                if waits[next as usize] == 0 {
                    queue.push(next);
                }
            }
        }
        rank
    }

    /// Ranks that rise along every edge, if the graph has no cycle.
    pub fn ranks(&self) -> Option<Vec<u32>> {
        self.sort().into_iter().collect()
    }

    /// The vertices of a shortest cycle, from its smallest vertex on; `None` if there is no cycle.
    /// Among equally short cycles the one with the smallest such vertex is given.
    pub fn shortest_cycle(&self) -> Option<Vec<u32>> {
        let open: Vec<bool> = self.sort().iter().map(Option::is_none).collect();
        let mut search = Search { graph: self, open: &open, seen: vec![(0, 0); self.len()], epoch: 0 };
        let mut best: Option<Vec<u32>> = None;
        for start in (0..self.len() as u32).filter(|&v| open[v as usize]) {
            let limit = best.as_ref().map_or(usize::MAX, |cycle| cycle.len() - 1);
            if let Some(shorter) = search.cycle_through(start, limit) {
                best = Some(shorter);
            }
        }
        best
    }
}

/// Breadth-first searches that reuse their marks.
struct Search<'a> {
    graph: &'a Dependencies,
    open: &'a [bool],
    /// By vertex: the search that saw it last, and from where.
    seen: Vec<(u32, u32)>,
    epoch: u32,
}

impl Search<'_> {
    /// A cycle through `start` over later vertices of at most `limit` vertices, if there is one.
    fn cycle_through(&mut self, start: u32, limit: usize) -> Option<Vec<u32>> {
        self.epoch += 1;
        let mut level = vec![start];
        let mut length = 1;
        while !level.is_empty() && length <= limit {
            let mut next_level = Vec::new();
            for &vertex in &level {
                for &next in self.graph.after(vertex) {
                    if next == start {
                        return Some(self.trace(start, vertex));
                    }
                    if next > start && self.open[next as usize] && self.seen[next as usize].0 != self.epoch {
                        self.seen[next as usize] = (self.epoch, vertex);
                        next_level.push(next);
                    }
                }
            }
            level = next_level;
            length += 1;
        }
        None
    }

    fn trace(&self, start: u32, last: u32) -> Vec<u32> {
        let mut cycle = vec![last];
        while let Some(&vertex) = cycle.last() {
            if vertex == start {
                break;
            }
            cycle.push(self.seen[vertex as usize].1);
        }
        cycle.reverse();
        cycle
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranks_rise_along_edges() {
        let edges = [(0, 1), (1, 2), (0, 3), (3, 2)];
        let ranks = Dependencies::new(4, edges.into_iter()).ranks().expect("no cycle");
        assert!(edges.iter().all(|&(a, b)| ranks[a as usize] < ranks[b as usize]));
    }

    #[test]
    fn the_shortest_cycle_is_found() {
        let edges = [(0, 1), (1, 2), (2, 3), (3, 0), (2, 4), (4, 5), (5, 2), (6, 0)];
        let graph = Dependencies::new(7, edges.into_iter());
        assert_eq!(graph.ranks(), None);
        assert_eq!(graph.shortest_cycle(), Some(vec![2, 4, 5]));
    }

    #[test]
    fn a_vertex_that_waits_for_itself_is_a_cycle() {
        assert_eq!(Dependencies::new(2, [(0, 1), (1, 1)].into_iter()).shortest_cycle(), Some(vec![1]));
    }
}
