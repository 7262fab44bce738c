//! Why packets that were under way are lost, and how many were.

/// What a packet was lost to. Where several causes meet, the first of this list counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Cause {
    /// A router that broke at once: the packet was inside it, on a link beside it, or on its way to a node there.
    Router,
    /// A link that broke at once: the packet was on it, or was halfway over.
    Link,
    /// A virtual channel that got stuck: the packet was in its buffer or held it.
    StuckVc,
    /// A core that broke at once: the packet was on its way to it, or only halfway out of it.
    Core,
    /// The packet's way, laid before the fault, led into what broke.
    CutOff,
    /// Bit errors: a flit was damaged each time that it was sent.
    BitErrors,
}

impl Cause {
    /// Every cause, in order.
    pub const ALL: [Self; 6] =
        [Self::Router, Self::Link, Self::StuckVc, Self::Core, Self::CutOff, Self::BitErrors];

    /// The name that reports use.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Router => "router",
            Self::Link => "link",
            Self::StuckVc => "stuck_vc",
            Self::Core => "core",
            Self::CutOff => "cut_off",
            Self::BitErrors => "bit_errors",
        }
    }
}

/// Lost packets by cause.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Losses([u64; 6]);

impl Losses {
    /// Counts a packet that was lost to `cause`.
    pub fn add(&mut self, cause: Cause) {
        self.0[cause as usize] += 1;
    }

    /// Adds other losses.
    pub fn merge(&mut self, other: &Self) {
        self.0.iter_mut().zip(&other.0).for_each(|(sum, more)| *sum += more);
    }

    /// What was lost since `before`, which was the state of these losses earlier.
    pub(super) fn since(mut self, before: &Self) -> Self {
        self.0.iter_mut().zip(&before.0).for_each(|(now, before)| *now -= before);
        self
    }

    /// Packets lost to `cause`.
    pub fn of(&self, cause: Cause) -> u64 {
        self.0[cause as usize]
    }

    /// All of them.
    pub fn total(&self) -> u64 {
        self.0.iter().sum()
    }

    /// Causes that something was lost to, in order, with the number of packets.
    pub fn iter(&self) -> impl Iterator<Item = (Cause, u64)> + '_ {
        Cause::ALL.into_iter().map(|cause| (cause, self.of(cause))).filter(|&(_, packets)| packets > 0)
    }
}
