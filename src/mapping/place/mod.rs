//! Placement: which part sits on which core.
//!
//! Invariant: a part stays on cores of its own class; every seat holds one part, possibly an empty one.
//!
//! Read [`order`] first.

pub(super) mod anneal;
pub(super) mod force;
pub(super) mod order;
pub(super) mod spectral;

/// Groups `items` by class, keeping their order.
pub(super) fn by_class(class: &[u8]) -> Vec<Vec<u32>> {
    let count = class.iter().map(|&class| usize::from(class) + 1).max().unwrap_or(0);
    let mut groups = vec![Vec::new(); count];
    class.iter().enumerate().for_each(|(i, &class)| groups[usize::from(class)].push(i as u32));
    groups
}
