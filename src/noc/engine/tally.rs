//! What a region counts while it runs: integers only. Regions' tallies are added up at the end.

use crate::base::NodeId;
use crate::noc::loss::{Cause, Losses};
use crate::noc::source::Offer;

use super::packet::{Record, Travel};

/// Latencies below this are counted in a flat array, the rest one by one.
const FLAT: usize = 4096;

/// A multiset of integers: exact, cheap to add to, mergeable.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    flat: Vec<u64>,
    tail: Vec<u64>,
    /// Number of values.
    pub count: u64,
    /// Sum of values.
    pub sum: u64,
}

impl Counts {
    /// Counts `value` once.
    #[inline(always)]
    pub fn add(&mut self, value: u64) {
        self.count += 1;
        self.sum += value;
        match self.flat.get_mut(value as usize) {
            Some(count) => *count += 1,
            None => self.add_unusual(value),
        }
    }

    /// The first value of all, and large ones.
    #[cold]
    fn add_unusual(&mut self, value: u64) {
        if value >= FLAT as u64 {
            return self.tail.push(value);
        }
        self.flat.resize(FLAT, 0);
        self.flat[value as usize] += 1;
    }

    /// Adds another multiset.
    pub fn merge(&mut self, other: &Self) {
        if self.flat.is_empty() {
            self.flat.clone_from(&other.flat);
        } else {
            self.flat.iter_mut().zip(&other.flat).for_each(|(a, b)| *a += b);
        }
        self.tail.extend_from_slice(&other.tail);
        self.tail.sort_unstable();
        self.count += other.count;
        self.sum += other.sum;
    }

    /// Puts large values in order: until then they stand in the order in which they came.
    pub fn settle(&mut self) {
        self.tail.sort_unstable();
    }

    /// Mean value; `None` of nothing.
    pub fn mean(&self) -> Option<f64> {
        (self.count > 0).then(|| self.sum as f64 / self.count as f64)
    }

    /// Values with their multiplicity, ascending except that large ones come one by one.
    pub fn iter(&self) -> impl Iterator<Item = (u64, u64)> + '_ {
        let flat = self.flat.iter().enumerate().filter(|&(_, &n)| n > 0).map(|(value, &n)| (value as u64, n));
        flat.chain(self.tail.iter().map(|&value| (value, 1)))
    }
}

/// The life of one packet, for logs. Times in cycles.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct PacketRecord {
    /// The offer's tag (the line number of a trace).
    pub tag: u32,
    /// Source node.
    pub src: NodeId,
    /// Destination node.
    pub dst: NodeId,
    /// Length [flits].
    pub flits: u16,
    /// Routers traversed.
    pub hops: u16,
    /// Creation.
    pub created: u64,
    /// The head entered the injection channel.
    pub injected: u64,
    /// The head was read at the destination.
    pub head_ejected: u64,
    /// The tail was read at the destination.
    pub tail_ejected: u64,
}

/// Cycles whose packets are measured: created at `from` or later, before `to`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Window {
    /// First measured cycle.
    pub from: u64,
    /// First cycle that is not measured any more.
    pub to: u64,
}

impl Window {
    /// All time.
    pub const ALWAYS: Self = Self { from: 0, to: u64::MAX };
    /// Nothing.
    pub const NEVER: Self = Self { from: 0, to: 0 };

    /// Whether `cycle` is measured.
    #[inline(always)]
    pub fn contains(self, cycle: u64) -> bool {
        cycle >= self.from && cycle < self.to
    }
}

impl Default for Window {
    fn default() -> Self {
        Self::ALWAYS
    }
}

/// What packets did that followed trees.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Multicasts {
    /// Such packets created.
    pub packets: u64,
    /// Their destinations. Each counts as one packet in [`Tally::created`], and in what became of it.
    pub destinations: u64,
    /// By router: copies made there, not counting the packet itself. Empty where no packet follows a tree.
    pub copies: Vec<u64>,
}

/// Event counts of a network or a part of it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    /// Packets created; one for each destination.
    pub created: u64,
    /// Packets delivered.
    pub delivered: u64,
    /// Packets refused at the source: no route to a living destination.
    pub refused: u64,
    /// Packets lost while they were under way, by cause.
    pub losses: Losses,
    /// Packets delivered with damage that nobody noticed.
    pub corrupted: u64,
    /// Flits that entered the network.
    pub flits_injected: u64,
    /// Flits that left it at their destination.
    pub flits_ejected: u64,
    /// Flits that were taken out of it with the lost packet that they belonged to.
    pub flits_lost: u64,
    /// Flits read by sinks within the window.
    pub flits_accepted: u64,
    /// Flits of packets created within the window.
    pub flits_offered: u64,
    /// Of these, flits of packets refused at the source.
    pub flits_refused: u64,
    /// Measured packets that are not delivered yet.
    pub outstanding: u64,
    /// Virtual channels allocated.
    pub vc_grants: u64,
    /// Flits retransmitted after a bit error.
    pub retransmitted: u64,
    /// Creation to tail read, of measured packets.
    pub packet_latency: Counts,
    /// Head injected to tail read, of measured packets.
    pub network_latency: Counts,
    /// Routers traversed, of measured packets.
    pub hops: Counts,
    /// Flits that left by each port, in the order of the fabric's port table.
    pub port_flits: Vec<u64>,
    /// Log of delivered packets, if wanted.
    pub log: Option<Vec<PacketRecord>>,
    /// What packets did that followed trees.
    pub multicast: Multicasts,
    /// What is measured.
    pub window: Window,
    /// Cycle after the last delivery.
    pub finish: u64,
}

impl Tally {
    /// A packet is created, to be delivered or refused `copies` times.
    #[inline(always)]
    pub(in crate::noc) fn create(&mut self, offer: &Offer, copies: u64) {
        self.created += copies;
        if self.window.contains(offer.at) {
            self.flits_offered += copies * u64::from(offer.flits);
        }
    }

    /// A created packet is let in, to be delivered `copies` times.
    #[inline(always)]
    pub(in crate::noc) fn admit(&mut self, offer: &Offer, copies: u64) {
        if self.window.contains(offer.at) {
            self.outstanding = self.outstanding.wrapping_add(copies);
        }
    }

    /// A packet has been delivered whole at cycle `at`.
    #[inline(always)]
    pub(super) fn deliver(&mut self, travel: &Travel, record: &Record, at: u64) {
        self.delivered += 1;
        self.finish = self.finish.max(at + 1);
        if self.window.contains(record.created) {
            self.outstanding = self.outstanding.wrapping_sub(1);
            self.packet_latency.add(at - record.created);
            self.network_latency.add(at - record.injected);
            self.hops.add(travel.hops.into());
        }
        if let Some(log) = &mut self.log {
            let Record { tag, src, dst, flits, created, injected, head_ejected, .. } = *record;
            let hops = travel.hops;
            log.push(PacketRecord {
                tag,
                src,
                dst,
                flits,
                hops,
                created,
                injected,
                head_ejected,
                tail_ejected: at,
            });
        }
    }

    /// A packet of so many flits, created in cycle `at`, is refused.
    pub(in crate::noc) fn refuse(&mut self, at: u64, flits: u16, copies: u64) {
        self.refused += copies;
        if self.window.contains(at) {
            self.flits_refused += copies * u64::from(flits);
        }
    }

    /// A packet that was let in, created in cycle `created`, is lost.
    pub(in crate::noc) fn lose(&mut self, created: u64, cause: Cause) {
        self.losses.add(cause);
        if self.window.contains(created) {
            self.outstanding = self.outstanding.wrapping_sub(1);
        }
    }

    /// Adds the tally of the next region; its ports follow the ones of `self`.
    pub fn append(&mut self, other: &Self) {
        self.created += other.created;
        self.delivered += other.delivered;
        self.refused += other.refused;
        self.losses.merge(&other.losses);
        self.corrupted += other.corrupted;
        self.flits_injected += other.flits_injected;
        self.flits_ejected += other.flits_ejected;
        self.flits_lost += other.flits_lost;
        self.flits_accepted += other.flits_accepted;
        self.flits_offered += other.flits_offered;
        self.flits_refused += other.flits_refused;
        self.outstanding = self.outstanding.wrapping_add(other.outstanding);
        self.vc_grants += other.vc_grants;
        self.retransmitted += other.retransmitted;
        self.packet_latency.merge(&other.packet_latency);
        self.network_latency.merge(&other.network_latency);
        self.hops.merge(&other.hops);
        self.port_flits.extend_from_slice(&other.port_flits);
        self.multicast.packets += other.multicast.packets;
        self.multicast.destinations += other.multicast.destinations;
        self.multicast.copies.extend_from_slice(&other.multicast.copies);
        self.finish = self.finish.max(other.finish);
        if let (Some(log), Some(more)) = (&mut self.log, &other.log) {
            log.extend_from_slice(more);
        }
    }
}
