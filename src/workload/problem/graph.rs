//! A graph as a file or a generator gives it, and its adjacency in flat form.

use std::fmt;

use serde_json::{Map, Value};

/// An edge as it was listed.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Edge {
    /// First end; the tail of a directed edge.
    pub from: u32,
    /// Second end; the head of a directed edge.
    pub to: u32,
    /// Its weight; 1 where the input states none.
    pub weight: f64,
}

/// What vertices are called in the input, in the order of their indices.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Names {
    /// Consecutive numbers from this one on.
    From(u64),
    /// Numbers, ascending.
    Numbers(Vec<u64>),
    /// Texts.
    Texts(Vec<String>),
}

/// A name, ready to be written.
#[derive(Clone, Copy, Debug)]
pub struct Name<'a> {
    names: &'a Names,
    index: u32,
}

impl fmt::Display for Name<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.names {
            Names::From(first) => (first + u64::from(self.index)).fmt(f),
            Names::Numbers(numbers) => numbers[self.index as usize].fmt(f),
            Names::Texts(texts) => texts[self.index as usize].fmt(f),
        }
    }
}

/// How edges between the same two vertices become one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Merge {
    /// The least weight stays.
    Least,
    /// Weights add up.
    Sum,
}

/// A graph. Self-loops and parallel edges stay until [`simple`](Self::simple) removes them.
#[derive(Clone, Debug, PartialEq)]
pub struct Graph {
    /// What its vertices are called.
    pub names: Names,
    /// Number of vertices.
    pub vertices: u32,
    /// Whether edges have a direction.
    pub directed: bool,
    /// Whether the input states weights.
    pub weighted: bool,
    /// Edges, in the order of the input; those of undirected graphs once.
    pub edges: Vec<Edge>,
    /// Self-loops that were removed.
    pub self_loops: u64,
    /// Parallel edges that were merged into others.
    pub parallel: u64,
}

impl Graph {
    /// A graph with vertices called 0, 1, … without edges.
    pub fn new(vertices: u32, directed: bool) -> Self {
        Self {
            names: Names::From(0),
            vertices,
            directed,
            weighted: false,
            edges: Vec::new(),
            self_loops: 0,
            parallel: 0,
        }
    }

    /// What vertex `index` is called.
    pub fn name(&self, index: u32) -> Name<'_> {
        Name { names: &self.names, index }
    }

    /// The name of a vertex as JSON: a number where it is one.
    pub fn name_json(&self, index: u32) -> Value {
        match &self.names {
            Names::From(first) => (first + u64::from(index)).into(),
            Names::Numbers(numbers) => numbers[index as usize].into(),
            Names::Texts(texts) => texts[index as usize].clone().into(),
        }
    }

    /// The vertex called `name`.
    pub fn find(&self, name: &str) -> Option<u32> {
        let number = || name.parse::<u64>().ok();
        let index = match &self.names {
            Names::From(first) => number()?.checked_sub(*first)?,
            Names::Numbers(numbers) => numbers.binary_search(&number()?).ok()? as u64,
            Names::Texts(texts) => texts.iter().position(|text| text == name)? as u64,
        };
        u32::try_from(index).ok().filter(|&index| index < self.vertices)
    }

    /// A map from the name of each vertex to what `value` says of it.
    pub fn by_name<T: Into<Value>>(&self, mut value: impl FnMut(u32) -> T) -> Value {
        let entry = |vertex| (self.name(vertex).to_string(), value(vertex).into());
        Value::Object((0..self.vertices).map(entry).collect::<Map<_, _>>())
    }

    /// The same graph without self-loops, and with parallel edges merged; of an undirected graph, or with
    /// `undirected`, those in opposite directions as well. Edges are in ascending order afterwards.
    #[must_use]
    pub fn simple(mut self, merge: Merge, undirected: bool) -> Self {
        let both_ways = undirected || !self.directed;
        let before = self.edges.len();
        self.edges.retain(|edge| edge.from != edge.to);
        self.self_loops += (before - self.edges.len()) as u64;
        if both_ways {
            self.directed = false;
            for edge in &mut self.edges {
                (edge.from, edge.to) = (edge.from.min(edge.to), edge.from.max(edge.to));
            }
        }
        self.edges.sort_by_key(|edge| (edge.from, edge.to));
        let before = self.edges.len();
        self.edges.dedup_by(|later, kept| {
            let same = (later.from, later.to) == (kept.from, kept.to);
            if same {
                kept.weight = match merge {
                    Merge::Least => kept.weight.min(later.weight),
                    Merge::Sum => kept.weight + later.weight,
                };
            }
            same
        });
        self.parallel += (before - self.edges.len()) as u64;
        self
    }

    /// Its edges as arcs by source: edges of undirected graphs in both directions.
    pub fn arcs(&self) -> Arcs {
        let mut listed: Vec<Edge> = self.edges.clone();
        if !self.directed {
            let back = self.edges.iter().filter(|edge| edge.from != edge.to);
            listed.extend(back.map(|edge| Edge { from: edge.to, to: edge.from, weight: edge.weight }));
        }
        Arcs::new(self.vertices, &listed)
    }

    /// What a report says of the graph.
    pub fn describe(&self) -> Value {
        let mut about = serde_json::json!({
            "vertices": self.vertices,
            "edges": self.edges.len(),
            "directed": self.directed,
        });
        for (name, count) in
            [("self_loops_removed", self.self_loops), ("parallel_edges_merged", self.parallel)]
        {
            if count > 0 {
                about[name] = count.into();
            }
        }
        about
    }
}

/// Arcs by source, heads ascending.
#[derive(Clone, Debug, PartialEq)]
pub struct Arcs {
    first: Vec<u32>,
    to: Vec<u32>,
    weight: Vec<f64>,
}

impl Arcs {
    /// The arcs in `listed` among `vertices` vertices.
    pub fn new(vertices: u32, listed: &[Edge]) -> Self {
        let mut order: Vec<u32> = (0..listed.len() as u32).collect();
        order.sort_by_key(|&i| (listed[i as usize].from, listed[i as usize].to));
        let mut first = vec![0u32; vertices as usize + 1];
        listed.iter().for_each(|arc| first[arc.from as usize + 1] += 1);
        (0..vertices as usize).for_each(|vertex| first[vertex + 1] += first[vertex]);
        Self {
            first,
            to: order.iter().map(|&i| listed[i as usize].to).collect(),
            weight: order.iter().map(|&i| listed[i as usize].weight).collect(),
        }
    }

    /// Number of vertices.
    pub fn vertices(&self) -> u32 {
        self.first.len() as u32 - 1
    }

    /// Number of arcs.
    pub fn len(&self) -> usize {
        self.to.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.to.is_empty()
    }

    /// Positions of the arcs of `vertex`.
    pub fn range(&self, vertex: u32) -> std::ops::Range<usize> {
        self.first[vertex as usize] as usize..self.first[vertex as usize + 1] as usize
    }

    /// Head and weight of the arc at position `index`.
    pub fn at(&self, index: usize) -> (u32, f64) {
        (self.to[index], self.weight[index])
    }

    /// Heads and weights of the arcs of `vertex`.
    pub fn of(&self, vertex: u32) -> impl ExactSizeIterator<Item = (u32, f64)> + Clone + '_ {
        self.range(vertex).map(|index| self.at(index))
    }

    /// Number of arcs of `vertex`.
    pub fn degree(&self, vertex: u32) -> u32 {
        self.range(vertex).len() as u32
    }

    /// The position of the first arc from `from` to `to`.
    pub fn find(&self, from: u32, to: u32) -> Option<usize> {
        let range = self.range(from);
        let place = range.start + self.to[range.clone()].partition_point(|&head| head < to);
        (place < range.end && self.to[place] == to).then_some(place)
    }

    /// All arcs, by source.
    pub fn iter(&self) -> impl Iterator<Item = Edge> + '_ {
        (0..self.vertices())
            .flat_map(move |from| self.of(from).map(move |(to, weight)| Edge { from, to, weight }))
    }

    /// The same arcs in the opposite direction.
    #[must_use]
    pub fn reversed(&self) -> Self {
        let turn = |edge: Edge| Edge { from: edge.to, to: edge.from, weight: edge.weight };
        Self::new(self.vertices(), &self.iter().map(turn).collect::<Vec<_>>())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn graph(directed: bool, edges: &[(u32, u32, f64)]) -> Graph {
        let edges = edges.iter().map(|&(from, to, weight)| Edge { from, to, weight }).collect();
        Graph { edges, ..Graph::new(4, directed) }
    }

    #[test]
    fn a_simple_graph_has_each_edge_once() {
        let doubled = [(0, 1, 3.0), (1, 0, 2.0), (2, 2, 1.0), (0, 1, 5.0), (3, 0, 1.0)];
        let simple = |directed, merge, undirected| {
            let graph = graph(directed, &doubled).simple(merge, undirected);
            let edges: Vec<_> = graph.edges.iter().map(|it| (it.from, it.to, it.weight)).collect();
            (edges, graph.self_loops, graph.parallel)
        };
        assert_eq!(simple(false, Merge::Least, false), (vec![(0, 1, 2.0), (0, 3, 1.0)], 1, 2));
        assert_eq!(simple(true, Merge::Sum, true), (vec![(0, 1, 10.0), (0, 3, 1.0)], 1, 2));
        assert_eq!(simple(true, Merge::Sum, false), (vec![(0, 1, 8.0), (1, 0, 2.0), (3, 0, 1.0)], 1, 1));
    }

    #[test]
    fn arcs_go_both_ways_unless_directed() {
        let edges = [(0, 2, 1.0), (0, 1, 2.0), (3, 3, 1.0)];
        let arcs = graph(false, &edges).arcs();
        assert_eq!((arcs.len(), arcs.degree(3)), (5, 1));
        assert_eq!(arcs.of(0).collect::<Vec<_>>(), [(1, 2.0), (2, 1.0)]);
        assert_eq!((arcs.find(2, 0), arcs.find(2, 1)), (Some(3), None));
        let arcs = graph(true, &edges).arcs().reversed();
        assert_eq!(arcs.of(1).collect::<Vec<_>>(), [(0, 2.0)]);
    }

    #[test]
    fn vertices_are_found_by_name() {
        let mut graph = graph(false, &[]);
        graph.names = Names::Numbers(vec![2, 3, 5, 7]);
        assert_eq!(
            (graph.find("5"), graph.find("4"), graph.name(3).to_string()),
            (Some(2), None, "7".into())
        );
        graph.names = Names::From(1);
        assert_eq!((graph.find("4"), graph.find("5"), graph.find("0")), (Some(3), None, None));
    }
}
