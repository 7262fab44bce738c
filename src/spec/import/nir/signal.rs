//! What reaches a node: weighted ways from neurons, after the linear nodes in between.

use super::store::Array;

/// Ways in one signal at most.
const MOST_WAYS: usize = 1 << 28;

/// One way from a neuron to an element of a signal.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Way {
    /// Neuron, numbered through the network.
    pub source: u32,
    pub element: u32,
    pub weight: f64,
    /// Steps that `Delay` nodes add.
    pub delay: u32,
}

/// The values on an edge.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Signal {
    pub shape: Vec<usize>,
    pub ways: Vec<Way>,
    /// Constant part, by element.
    pub bias: Vec<f64>,
}

impl Signal {
    /// What the neurons from `first` on emit.
    pub(super) fn of_neurons(first: u32, shape: &[usize]) -> Self {
        let size: usize = shape.iter().product();
        let ways = (0..size as u32).map(|i| Way { source: first + i, element: i, weight: 1.0, delay: 0 });
        Self { shape: shape.to_vec(), ways: ways.collect(), bias: vec![0.0; size] }
    }

    /// Number of elements.
    pub(super) fn size(&self) -> usize {
        self.bias.len()
    }

    /// Adds `other` element by element.
    pub(super) fn add(&mut self, other: Self) -> Result<(), String> {
        if self.bias.is_empty() && self.ways.is_empty() {
            *self = other;
            return Ok(());
        }
        if self.size() != other.size() {
            return Err(format!("gets signals of {} and of {} elements", self.size(), other.size()));
        }
        self.ways.extend(other.ways);
        self.bias.iter_mut().zip(other.bias).for_each(|(sum, bias)| *sum += bias);
        Ok(())
    }

    /// The signal behind a linear map into `shape`: `column` lists, for an element, the elements that it goes
    /// to with which factor.
    pub(super) fn mapped(
        &self,
        shape: Vec<usize>,
        mut column: impl FnMut(usize, &mut Vec<(u32, f64)>),
    ) -> Result<Self, String> {
        let size = shape.iter().product();
        let mut mapped = Self { shape, ways: Vec::new(), bias: vec![0.0; size] };
        let mut order: Vec<u32> = (0..self.ways.len() as u32).collect();
        order.sort_by_key(|&i| self.ways[i as usize].element);
        let (mut at, mut list) = (0, Vec::new());
        for element in 0..self.size() {
            list.clear();
            column(element, &mut list);
            list.iter().for_each(|&(to, factor)| mapped.bias[to as usize] += factor * self.bias[element]);
            while let Some(way) = order.get(at).map(|&i| self.ways[i as usize]) {
                if way.element as usize != element {
                    break;
                }
                at += 1;
                let each = list.iter().filter(|(_, factor)| *factor != 0.0);
                let on = each.map(|&(to, factor)| Way { element: to, weight: way.weight * factor, ..way });
                mapped.ways.extend(on);
                if mapped.ways.len() > MOST_WAYS {
                    return Err(format!("makes more than {MOST_WAYS} connections"));
                }
            }
        }
        Ok(mapped)
    }

    /// Behind `weight·x + bias`; leading dimensions of the signal are kept by flattening it.
    pub(super) fn linear(&self, weight: &Array, bias: Option<&Array>) -> Result<Self, String> {
        let [rows, columns] = *weight.shape.as_slice() else {
            return Err(format!("has a weight of shape {:?}; two dimensions are needed", weight.shape));
        };
        if columns != self.size() {
            return Err(format!("takes {columns} values and gets {}", self.size()));
        }
        let mut out = self.mapped(vec![rows], |element, list| {
            list.extend((0..rows).map(|row| (row as u32, weight.data[row * columns + element])));
        })?;
        if let Some(bias) = bias {
            let each = spread(bias, rows, "bias")?;
            out.bias.iter_mut().zip(each).for_each(|(sum, bias)| *sum += bias);
        }
        Ok(out)
    }

    /// Behind a factor for each element.
    pub(super) fn scaled(mut self, scale: &Array) -> Result<Self, String> {
        let each = spread(scale, self.size(), "scale")?;
        self.ways.iter_mut().for_each(|way| way.weight *= each[way.element as usize]);
        self.bias.iter_mut().zip(&each).for_each(|(bias, scale)| *bias *= scale);
        Ok(self)
    }

    /// Behind a delay for each element [s], rounded to steps of `dt`.
    pub(super) fn delayed(mut self, delay: &Array, dt: f64) -> Result<Self, String> {
        let each = spread(delay, self.size(), "delay")?;
        let steps: Vec<f64> = each.iter().map(|delay| (delay / dt).round()).collect();
        if let Some(wrong) = steps.iter().find(|steps| !(0.0..=65_535.0).contains(*steps)) {
            return Err(format!("has a delay of {wrong} steps; 0 to 65535 are possible"));
        }
        self.ways.iter_mut().for_each(|way| way.delay += steps[way.element as usize] as u32);
        Ok(self)
    }
}

/// One value per element of what may be a single value for all.
pub(super) fn spread(array: &Array, size: usize, name: &str) -> Result<Vec<f64>, String> {
    match array.data.as_slice() {
        [one] => Ok(vec![*one; size]),
        values if values.len() == size => Ok(values.to_vec()),
        values => Err(format!("has {} values of `{name}` for {size} elements", values.len())),
    }
}
