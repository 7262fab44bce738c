//! Typed indices. Each is a dense `u32` that counts from zero.

use serde::{Deserialize, Serialize};

macro_rules! ids {
    ($($(#[$doc:meta])* $name:ident),+ $(,)?) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $name(pub u32);

        impl $name {
            /// The id as an array index.
            #[inline(always)]
            pub const fn index(self) -> usize {
                self.0 as usize
            }

            /// The id of array position `index`; positions above `u32::MAX` are a caller's defect.
            #[inline(always)]
            pub fn at(index: usize) -> Self {
                debug_assert!(index <= u32::MAX as usize);
                Self(index as u32)
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                self.0.fmt(f)
            }
        }
    )+};
}

ids! {
    /// A network endpoint: the place where packets are injected and ejected (one tile).
    NodeId,
    /// A router of the network. On a mesh without concentration it has the number of its node.
    RouterId,
    /// A directed link between two routers.
    LinkId,
    /// A core on a tile.
    CoreId,
    /// A neuron of a network, numbered through all populations.
    NeuronId,
}
