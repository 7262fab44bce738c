//! A mapping in the making: which vertex lies in which part, and what that loads each part with.
//!
//! A part is a core to be; which one is decided by placement. Counts are kept up to date move by move, so
//! that what a move would change is found from the hyperedges of the vertex alone.

use super::cores::Limits;
use super::graph::Hypergraph;

/// Marks a vertex that lies nowhere yet.
pub(super) const NOWHERE: u32 = u32::MAX;

/// How many receivers of each hyperedge lie in which part: a short unsorted list per hyperedge.
#[derive(Clone, Debug)]
struct Spread {
    first: Vec<u32>,
    len: Vec<u32>,
    part: Vec<u32>,
    count: Vec<u32>,
}

impl Spread {
    fn new(graph: &Hypergraph, parts: usize) -> Self {
        let mut first = Vec::with_capacity(graph.edges() + 1);
        let mut end = 0u32;
        for edge in 0..graph.edges() {
            first.push(end);
            end += graph.targets.of(edge).len().min(parts) as u32;
        }
        first.push(end);
        let (part, count) = (vec![0; end as usize], vec![0; end as usize]);
        Self { first, len: vec![0; graph.edges()], part, count }
    }

    #[inline]
    fn parts(&self, edge: usize) -> &[u32] {
        let first = self.first[edge] as usize;
        &self.part[first..first + self.len[edge] as usize]
    }

    #[inline]
    fn count(&self, edge: usize, part: u32) -> u32 {
        let at = self.parts(edge).iter().position(|&other| other == part);
        at.map_or(0, |at| self.count[self.first[edge] as usize + at])
    }

    /// Whether `part` is new to the hyperedge.
    fn add(&mut self, edge: usize, part: u32) -> bool {
        let first = self.first[edge] as usize;
        if let Some(at) = self.parts(edge).iter().position(|&other| other == part) {
            self.count[first + at] += 1;
            return false;
        }
        let at = first + self.len[edge] as usize;
        self.part[at] = part;
        self.count[at] = 1;
        self.len[edge] += 1;
        true
    }

    /// Whether the hyperedge has left `part`.
    fn take(&mut self, edge: usize, part: u32) -> bool {
        let first = self.first[edge] as usize;
        let Some(at) = self.parts(edge).iter().position(|&other| other == part) else { return false };
        self.count[first + at] -= 1;
        if self.count[first + at] > 0 {
            return false;
        }
        self.len[edge] -= 1;
        let last = first + self.len[edge] as usize;
        self.part[first + at] = self.part[last];
        self.count[first + at] = self.count[last];
        true
    }
}

/// What lies in one part.
#[derive(Clone, Debug, Default)]
struct Load {
    /// Neurons by row of the part's limits.
    rows: Vec<u32>,
    synapses: u64,
    fan_in: u32,
    fan_out: u32,
}

/// Vertices in parts.
#[derive(Clone, Debug)]
pub(super) struct Assignment<'a> {
    pub graph: &'a Hypergraph,
    limits: &'a [&'a Limits],
    /// By vertex.
    pub part: Vec<u32>,
    members: Vec<Vec<u32>>,
    place: Vec<u32>,
    spread: Spread,
    load: Vec<Load>,
    /// Whether some part limits how many neurons send to it or are sent to.
    tables_end: bool,
}

impl<'a> Assignment<'a> {
    /// All vertices lie nowhere; `limits` has one entry per part.
    pub(super) fn new(graph: &'a Hypergraph, limits: &'a [&'a Limits]) -> Self {
        let load = limits.iter().map(|it| Load { rows: vec![0; it.rows.len()], ..Load::default() });
        Self {
            graph,
            limits,
            part: vec![NOWHERE; graph.vertices()],
            members: vec![Vec::new(); limits.len()],
            place: vec![0; graph.vertices()],
            spread: Spread::new(graph, limits.len()),
            load: load.collect(),
            tables_end: limits.iter().any(|it| it.fan_in.min(it.fan_out).min(it.reach) < u32::MAX),
        }
    }

    /// With every vertex in `part`, whether or not it fits.
    pub(super) fn from_parts(graph: &'a Hypergraph, limits: &'a [&'a Limits], part: &[u32]) -> Self {
        let mut all = Self::new(graph, limits);
        for (vertex, &part) in part.iter().enumerate().filter(|(_, part)| **part != NOWHERE) {
            all.insert(vertex, part);
        }
        all
    }

    pub(super) fn parts(&self) -> usize {
        self.limits.len()
    }

    /// The vertices of `part`, in no order that means anything.
    pub(super) fn members(&self, part: u32) -> &[u32] {
        &self.members[part as usize]
    }

    /// The parts that `edge` reaches.
    #[inline]
    pub(super) fn reached(&self, edge: usize) -> &[u32] {
        self.spread.parts(edge)
    }

    /// The parts that `edge` reaches, with the receivers there.
    #[inline]
    pub(super) fn counts(&self, edge: usize) -> impl Iterator<Item = (u32, u32)> + '_ {
        let first = self.spread.first[edge] as usize;
        let counts = &self.spread.count[first..first + self.spread.len[edge] as usize];
        self.spread.parts(edge).iter().copied().zip(counts.iter().copied())
    }

    /// Receivers of `edge` in `part`.
    #[inline]
    pub(super) fn receivers(&self, edge: usize, part: u32) -> u32 {
        self.spread.count(edge, part)
    }

    /// The part of the vertex that sends `edge`.
    #[inline]
    pub(super) fn sender(&self, edge: usize) -> u32 {
        self.part[self.graph.sender[edge] as usize]
    }

    /// Puts `vertex`, which lies nowhere, into `part`.
    pub(super) fn insert(&mut self, vertex: usize, part: u32) {
        debug_assert_eq!(self.part[vertex], NOWHERE);
        let graph = self.graph;
        self.part[vertex] = part;
        self.place[vertex] = self.members[part as usize].len() as u32;
        self.members[part as usize].push(vertex as u32);
        self.count(vertex, part, 1);
        for &edge in graph.heard.of(vertex) {
            if self.spread.add(edge as usize, part) {
                self.load[part as usize].fan_in += 1;
                self.count_fan_out(edge as usize, 1);
            }
        }
        for &edge in graph.sent.of(vertex) {
            self.load[part as usize].fan_out += self.spread.len[edge as usize];
        }
    }

    /// Takes `vertex` out of its part.
    pub(super) fn remove(&mut self, vertex: usize) {
        let graph = self.graph;
        let part = self.part[vertex];
        let at = self.place[vertex] as usize;
        let members = &mut self.members[part as usize];
        members.swap_remove(at);
        if let Some(&moved) = members.get(at) {
            self.place[moved as usize] = at as u32;
        }
        for &edge in graph.sent.of(vertex) {
            self.load[part as usize].fan_out -= self.spread.len[edge as usize];
        }
        self.part[vertex] = NOWHERE;
        for &edge in graph.heard.of(vertex) {
            if self.spread.take(edge as usize, part) {
                self.load[part as usize].fan_in -= 1;
                self.count_fan_out(edge as usize, u32::MAX);
            }
        }
        self.count(vertex, part, u32::MAX);
    }

    pub(super) fn shift(&mut self, vertex: usize, part: u32) {
        self.remove(vertex);
        self.insert(vertex, part);
    }

    /// Adds `by` (1, or −1 modulo 2^32) to the outputs of the part that sends `edge`.
    #[inline]
    fn count_fan_out(&mut self, edge: usize, by: u32) {
        let part = self.sender(edge);
        if part != NOWHERE {
            let fan_out = &mut self.load[part as usize].fan_out;
            *fan_out = fan_out.wrapping_add(by);
        }
    }

    /// Adds the size of `vertex` times `sign` (1, or −1 modulo 2^32) to the load of `part`.
    fn count(&mut self, vertex: usize, part: u32, sign: u32) {
        let (kind, neurons) = (self.graph.kind[vertex], self.graph.neurons[vertex]);
        let synapses = u64::from(self.graph.synapses[vertex]);
        let load = &mut self.load[part as usize];
        let rows = load.rows.iter_mut().zip(&self.limits[part as usize].rows);
        for (load, _) in rows.filter(|(_, (kinds, _))| kinds.has(kind)) {
            *load = load.wrapping_add(neurons.wrapping_mul(sign));
        }
        load.synapses = if sign == 1 { load.synapses + synapses } else { load.synapses - synapses };
    }

    /// Whether `part` has room for `vertex`, which does not lie there.
    pub(super) fn fits(&self, vertex: usize, part: u32) -> bool {
        self.fits_instead(vertex, part, None)
    }

    /// Whether `part` has room for `vertex` once `leaving`, which lies there, has left. What both change in
    /// the tables of inputs and outputs is bounded from above.
    pub(super) fn fits_instead(&self, vertex: usize, part: u32, leaving: Option<usize>) -> bool {
        let (limits, load) = (self.limits[part as usize], &self.load[part as usize]);
        let (kind, neurons) = (self.graph.kind[vertex], self.graph.neurons[vertex]);
        if limits.refused.has(kind) {
            return false;
        }
        let freed = leaving.map_or((0, 0, kind), |it| {
            (self.graph.neurons[it], u64::from(self.graph.synapses[it]), self.graph.kind[it])
        });
        let rows = limits.rows.iter().zip(&load.rows).filter(|((kinds, _), _)| kinds.has(kind));
        for ((kinds, room), load) in rows {
            let load = load - if kinds.has(freed.2) { freed.0 } else { 0 };
            if load.saturating_add(neurons) > *room {
                return false;
            }
        }
        let synapses = load.synapses - freed.1 + u64::from(self.graph.synapses[vertex]);
        synapses <= u64::from(limits.synapses) && (!self.tables_end || self.tables_fit(vertex, part))
    }

    /// Whether the tables of inputs and outputs of `part` and of those that send to `vertex` have room.
    fn tables_fit(&self, vertex: usize, part: u32) -> bool {
        let (limits, load) = (self.limits[part as usize], &self.load[part as usize]);
        let mut fan_in = u64::from(load.fan_in);
        let sent = self.graph.sent.of(vertex).iter();
        let own: u64 = sent.map(|&edge| u64::from(self.spread.len[edge as usize])).sum();
        let fan_out = u64::from(load.fan_out) + own;
        let mut last = NOWHERE;
        for &edge in self.graph.heard.of(vertex) {
            if edge == last || self.receivers(edge as usize, part) > 0 {
                continue;
            }
            last = edge;
            fan_in += 1;
            let sender = self.sender(edge as usize);
            if sender != NOWHERE {
                let (limits, load) = (self.limits[sender as usize], &self.load[sender as usize]);
                if load.fan_out >= limits.fan_out || self.spread.len[edge as usize] >= limits.reach {
                    return false;
                }
            }
        }
        let reach = self.graph.sent.of(vertex).iter().map(|&edge| self.spread.len[edge as usize]);
        fan_in <= u64::from(limits.fan_in)
            && fan_out <= u64::from(limits.fan_out)
            && reach.max().unwrap_or(0) <= limits.reach
    }

    /// By how much `part` holds more than it may: neurons, synapses, inputs, outputs, and cores that one of
    /// its neurons sends to.
    pub(super) fn excess(&self, part: u32) -> Option<[u64; 5]> {
        let (limits, load) = (self.limits[part as usize], &self.load[part as usize]);
        let rows = limits.rows.iter().zip(&load.rows);
        let neurons = rows.map(|((_, room), load)| load.saturating_sub(*room)).max().unwrap_or(0);
        let refused =
            self.members(part).iter().filter(|&&it| limits.refused.has(self.graph.kind[it as usize]));
        let found = [
            u64::from(neurons).max(refused.count() as u64),
            load.synapses.saturating_sub(u64::from(limits.synapses)),
            u64::from(load.fan_in.saturating_sub(limits.fan_in)),
            u64::from(load.fan_out.saturating_sub(limits.fan_out)),
            self.farthest(part).saturating_sub(u64::from(limits.reach)),
        ];
        found.iter().any(|&over| over > 0).then_some(found)
    }

    /// The most parts that a vertex of `part` sends to.
    fn farthest(&self, part: u32) -> u64 {
        let edges = self.members(part).iter().flat_map(|&vertex| self.graph.sent.of(vertex as usize));
        edges.map(|&edge| u64::from(self.spread.len[edge as usize])).max().unwrap_or(0)
    }
}

/// What it costs to send a spike from one part to another: 1 in partitioning, hops in placement.
#[derive(Clone, Debug)]
pub(super) struct Distance {
    parts: usize,
    table: Option<Vec<f32>>,
}

impl Distance {
    /// 1 between any two parts.
    pub(super) fn unit(parts: usize) -> Self {
        Self { parts, table: None }
    }

    /// Whether all distances are 1.
    pub(super) fn is_unit(&self) -> bool {
        self.table.is_none()
    }

    /// As `between` says; 0 within a part.
    pub(super) fn of(parts: usize, between: impl Fn(u32, u32) -> f32) -> Self {
        let pairs = (0..parts * parts).map(|i| ((i / parts) as u32, (i % parts) as u32));
        let table = pairs.map(|(a, b)| if a == b { 0.0 } else { between(a, b) }).collect();
        Self { parts, table: Some(table) }
    }

    #[inline]
    pub(super) fn between(&self, from: u32, to: u32) -> f64 {
        match &self.table {
            None => f64::from(u8::from(from != to)),
            Some(table) => f64::from(table[from as usize * self.parts + to as usize]),
        }
    }
}

impl Assignment<'_> {
    /// What leaving its part saves: the gain of taking `vertex` out.
    pub(super) fn relief(&self, vertex: usize, distance: &Distance) -> f64 {
        let part = self.part[vertex];
        let mut saved = 0.0;
        self.each_heard(vertex, |edge, times| {
            let sender = self.sender(edge);
            if sender != NOWHERE && self.receivers(edge, part) == times {
                saved += self.graph.rate[edge] * distance.between(sender, part);
            }
        });
        saved + self.sending(vertex, part, distance)
    }

    /// What `vertex` costs in `part`, if it were taken out of where it lies.
    pub(super) fn burden(&self, vertex: usize, part: u32, distance: &Distance) -> f64 {
        let own = self.part[vertex] == part;
        let mut cost = 0.0;
        self.each_heard(vertex, |edge, times| {
            let sender = self.sender(edge);
            let others = self.receivers(edge, part) - if own { times } else { 0 };
            if sender != NOWHERE && others == 0 {
                cost += self.graph.rate[edge] * distance.between(sender, part);
            }
        });
        cost + self.sending(vertex, part, distance)
    }

    /// What `vertex` costs in each part of `list`, in which it does not lie, in place of the first numbers: as
    /// [`burden`](Self::burden) says of each. At most eight; `marks` is 0 for every part, and again in the end.
    pub(super) fn burdens(
        &self,
        vertex: usize,
        list: &mut [(f64, u32)],
        distance: &Distance,
        marks: &mut [u8],
    ) {
        debug_assert!(list.len() <= 8);
        for (bit, (cost, part)) in list.iter_mut().enumerate() {
            (*cost, marks[*part as usize]) = (0.0, 1 << bit);
        }
        self.each_heard(vertex, |edge, _| {
            let sender = self.sender(edge);
            if sender == NOWHERE {
                return;
            }
            let met = self.reached(edge).iter().fold(0u8, |met, &part| met | marks[part as usize]);
            let rate = self.graph.rate[edge];
            for (bit, (cost, part)) in list.iter_mut().enumerate() {
                if met >> bit & 1 == 0 {
                    *cost += rate * distance.between(sender, *part);
                }
            }
        });
        for (cost, part) in list {
            marks[*part as usize] = 0;
            *cost += self.sending(vertex, *part, distance);
        }
    }

    /// What the spikes of `vertex` cost if sent from `part`.
    fn sending(&self, vertex: usize, part: u32, distance: &Distance) -> f64 {
        let cost = |&edge: &u32| {
            let reached = self.reached(edge as usize).iter().map(|&to| distance.between(part, to));
            self.graph.rate[edge as usize] * reached.sum::<f64>()
        };
        self.graph.sent.of(vertex).iter().map(cost).sum()
    }

    /// Calls `f` with each hyperedge that `vertex` receives from and how many times it does.
    #[inline]
    pub(super) fn each_heard(&self, vertex: usize, mut f: impl FnMut(usize, u32)) {
        let heard = self.graph.heard.of(vertex);
        let mut at = 0;
        while at < heard.len() {
            let edge = heard[at];
            let times = heard[at..].iter().take_while(|&&other| other == edge).count();
            f(edge as usize, times as u32);
            at += times;
        }
    }

    /// Σ over hyperedges of rate times the distances to the parts reached.
    pub(super) fn cost(&self, distance: &Distance) -> f64 {
        let cost = |edge: usize| {
            let sender = self.sender(edge);
            let reached = self.reached(edge).iter().map(|&to| distance.between(sender, to));
            self.graph.rate[edge] * reached.sum::<f64>()
        };
        (0..self.graph.edges()).map(cost).sum()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::random::{Purpose, Stream};
    use crate::mapping::cores::Capacity;

    /// Random graphs and moves: incremental gains and counts against sums from scratch.
    #[test]
    fn gains_are_differences_of_costs() {
        let mut draw = Stream::new(3, Purpose::Mapping, 0, 0);
        let targets: Vec<Vec<u32>> = (0..30).map(|_| (0..6).map(|_| draw.below(30)).collect()).collect();
        let rates: Vec<f64> = (0..30).map(|_| draw.unit()).collect();
        let graph = Hypergraph::of_lists(&targets, &rates).unwrap();
        let limits = Limits::of(&Capacity::of_neurons(30), &graph);
        let limits = vec![&limits; 5];
        let part: Vec<u32> = (0..30).map(|_| draw.below(5)).collect();
        let mut all = Assignment::from_parts(&graph, &limits, &part);
        let skew = Distance::of(5, |a, b| (a * 3 + b) as f32);
        for _ in 0..200 {
            let (vertex, to) = (draw.below(30) as usize, draw.below(5));
            let mut others: Vec<(f64, u32)> =
                (0..5).filter(|&part| part != all.part[vertex]).map(|part| (7.0, part)).collect();
            all.burdens(vertex, &mut others, &skew, &mut [0; 5]);
            assert!(others.iter().all(|&(cost, part)| cost == all.burden(vertex, part, &skew)));
            for distance in [&skew, &Distance::unit(5)] {
                let gain = all.relief(vertex, distance) - all.burden(vertex, to, distance);
                let before = all.cost(distance);
                let home = all.part[vertex];
                all.shift(vertex, to);
                let exact = before - all.cost(distance);
                assert!((gain - exact).abs() < 1e-9 || home == to, "{gain} is not {exact}");
                all.shift(vertex, home);
            }
            all.shift(vertex, to);
        }
        let again = Assignment::from_parts(&graph, &limits, &all.part);
        for part in 0..5 {
            let (a, b) = (&all.load[part], &again.load[part]);
            assert_eq!((a.fan_in, a.fan_out, a.synapses), (b.fan_in, b.fan_out, b.synapses));
        }
    }
}
