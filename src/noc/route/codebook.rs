//! A compact table: what each router does with each (input port, destination).
//!
//! For one router and destination the answers for all input ports (and layers) form a row. Few rows of
//! a router differ, so each distinct one is kept once and the table holds one- or two-byte codes: a
//! 64×64 mesh takes 17 to 34 MB. A look-up is two dependent loads.

use std::collections::HashMap;
use std::hash::Hash;

use super::ground::Ground;
use crate::base::{Problem, Problems, RouterId};

/// Most (router, destination) pairs a table may have.
pub const MAX_PAIRS: usize = 1 << 28;

/// Marks a router that no packet is addressed to.
const NO_COLUMN: u32 = u32::MAX;

#[derive(Clone, Debug)]
enum Codes {
    Narrow(Vec<u8>),
    Wide(Vec<u16>),
}

/// The table, by (router, input port, layer, destination).
#[derive(Clone, Debug)]
pub(super) struct Codebook<T> {
    codes: Codes,
    /// By router: its column as a destination.
    column: Vec<u32>,
    columns: usize,
    rows: Vec<T>,
    /// By router: where its rows start, and how many input states (network ports and "node") it has.
    shelf: Vec<(u32, u32)>,
    layers: u32,
}

impl<T: Copy> Codebook<T> {
    /// The entry for packets that came into `at` by `port` for `dst`; `None` if `dst` has no node.
    #[inline]
    pub fn get(&self, at: RouterId, port: u8, layer: u8, dst: RouterId) -> Option<T> {
        let column = self.column[dst.index()];
        if column == NO_COLUMN {
            return None;
        }
        let cell = at.index() * self.columns + column as usize;
        let code = match &self.codes {
            Codes::Narrow(codes) => u32::from(codes[cell]),
            Codes::Wide(codes) => u32::from(codes[cell]),
        };
        let (start, states) = self.shelf[at.index()];
        let state = u32::from(port).min(states - 1);
        self.rows.get((start + (code * self.layers + u32::from(layer)) * states + state) as usize).copied()
    }

    /// Number of layers.
    pub fn layers(&self) -> u8 {
        self.layers as u8
    }
}

impl<T> Codebook<T> {
    /// Memory of the table [bytes].
    pub fn bytes(&self) -> usize {
        let codes = match &self.codes {
            Codes::Narrow(codes) => codes.len(),
            Codes::Wide(codes) => 2 * codes.len(),
        };
        codes + self.rows.len() * size_of::<T>() + 4 * self.column.len() + 8 * self.shelf.len()
    }
}

/// A table under construction, filled row by row.
pub(super) struct Builder<T> {
    codes: Vec<u16>,
    column: Vec<u32>,
    columns: usize,
    /// By router: its distinct rows and their codes.
    known: Vec<HashMap<Box<[T]>, u16>>,
    rows: Vec<Vec<T>>,
    /// By router: the code set last, tried first.
    last: Vec<u16>,
    states: Vec<u32>,
    layers: u32,
}

impl<T: Copy + Eq + Hash> Builder<T> {
    /// An empty table whose destinations are the routers with nodes; `blank` fills rows never set.
    ///
    /// # Errors
    /// More than [`MAX_PAIRS`] pairs of router and destination.
    pub fn new(ground: &Ground, layers: u8, blank: T) -> Result<Self, Problems> {
        let routers = &ground.fabric.routers;
        let mut columns = 0;
        let mut number = |nodes: u8| {
            columns += u32::from(nodes > 0);
            if nodes > 0 { columns - 1 } else { NO_COLUMN }
        };
        let column: Vec<u32> = routers.iter().map(|router| number(router.nodes)).collect();
        let columns = columns as usize;
        if columns.saturating_mul(routers.len()) > MAX_PAIRS {
            let problem = Problem::new("", "the routing table of this network is too large")
                .allowed(format!("at most {MAX_PAIRS} pairs of router and destination"));
            return Err(problem.into());
        }
        let states: Vec<u32> = routers.iter().map(|router| u32::from(router.network_ports) + 1).collect();
        let blank_row = |&states: &u32| vec![blank; (states * u32::from(layers)) as usize];
        let rows: Vec<Vec<T>> = states.iter().map(blank_row).collect();
        let known = rows.iter().map(|row| HashMap::from([(row.clone().into_boxed_slice(), 0)])).collect();
        Ok(Self {
            codes: vec![0; columns * routers.len()],
            column,
            columns,
            known,
            rows,
            last: vec![0; routers.len()],
            states,
            layers: u32::from(layers),
        })
    }

    /// Sets what `at` does for `dst`: by layer, by input port, "came by a node port" last.
    pub fn set(&mut self, at: RouterId, dst: RouterId, row: &[T]) {
        let (router, column) = (at.index(), self.column[dst.index()]);
        if column == NO_COLUMN {
            return;
        }
        let rows = &mut self.rows[router];
        let begin = usize::from(self.last[router]) * row.len();
        let code = if rows[begin..begin + row.len()] == *row {
            self.last[router]
        } else if let Some(&code) = self.known[router].get(row) {
            code
        } else {
            // A router has no more rows than columns; more than 2^16 columns exceed MAX_PAIRS.
            let code = self.known[router].len() as u16;
            self.known[router].insert(row.into(), code);
            rows.extend_from_slice(row);
            code
        };
        self.last[router] = code;
        self.codes[router * self.columns + column as usize] = code;
    }

    /// Number of entries in a row of router `at`.
    pub fn row_len(&self, at: RouterId) -> usize {
        (self.states[at.index()] * self.layers) as usize
    }

    /// The finished table.
    pub fn finish(self) -> Codebook<T> {
        let narrow = self.known.iter().all(|known| known.len() <= 256);
        let codes = if narrow {
            Codes::Narrow(self.codes.iter().map(|&code| code as u8).collect())
        } else {
            Codes::Wide(self.codes)
        };
        let mut rows = Vec::with_capacity(self.rows.iter().map(Vec::len).sum());
        let mut shelf = Vec::with_capacity(self.rows.len());
        for (router, own) in self.rows.iter().enumerate() {
            shelf.push((rows.len() as u32, self.states[router]));
            rows.extend_from_slice(own);
        }
        let (column, columns, layers) = (self.column, self.columns, self.layers);
        Codebook { codes, column, columns, rows, shelf, layers }
    }
}
