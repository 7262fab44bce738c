//! Several threads: each simulates its region for `lookahead` cycles, then they exchange what
//! crossed the cuts and agree on the next cycle in which anything happens.

use std::ops::Range;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};

use crossbeam::utils::CachePadded;

use super::region::{Outbox, Region};
use crate::noc::route::Routing;
use crate::noc::source::Source;

/// Turns of waiting before a thread gives its time slice away.
const SPINS: u32 = 2_000;

/// What the threads have in common.
pub(super) struct Team<'a> {
    pub routing: &'a Routing,
    pub lookahead: u64,
    pub patience: u64,
}

/// A spinning barrier that yields when it has to wait long (on an oversubscribed machine).
#[derive(Default)]
struct Barrier {
    arrived: CachePadded<AtomicUsize>,
    round: CachePadded<AtomicUsize>,
}

impl Barrier {
    fn wait(&self, members: usize) {
        let round = self.round.load(Ordering::Acquire);
        if self.arrived.fetch_add(1, Ordering::AcqRel) + 1 == members {
            self.arrived.store(0, Ordering::Relaxed);
            self.round.store(round.wrapping_add(1), Ordering::Release);
            return;
        }
        let mut spins = 0;
        while self.round.load(Ordering::Acquire) == round {
            spins += 1;
            if spins < SPINS { std::hint::spin_loop() } else { std::thread::yield_now() }
        }
    }
}

/// What a region tells the others at the end of an interval.
struct Notice {
    /// Its next event, messages it sent included; `u64::MAX` if there is none.
    next: AtomicU64,
    last_move: AtomicU64,
    packets: AtomicU64,
}

/// Letters between regions and the boards on which they announce their next events. Two sets of each, used in
/// turn, so that one barrier per interval is enough.
struct Post {
    letters: Vec<Mutex<Outbox>>,
    notices: Vec<CachePadded<Notice>>,
    members: usize,
    barrier: Barrier,
}

impl Post {
    fn new(members: usize) -> Self {
        let notice =
            || Notice { next: AtomicU64::new(0), last_move: AtomicU64::new(0), packets: AtomicU64::new(0) };
        Self {
            letters: (0..2 * members * members).map(|_| Mutex::default()).collect(),
            notices: (0..2 * members).map(|_| CachePadded::new(notice())).collect(),
            members,
            barrier: Barrier::default(),
        }
    }

    fn letter(&self, set: usize, from: usize, to: usize) -> std::sync::MutexGuard<'_, Outbox> {
        let cell = &self.letters[(set * self.members + from) * self.members + to];
        cell.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
    }
}

impl Team<'_> {
    /// The single-threaded loop: no exchange, and time jumps when nothing is due. Returns the cycle
    /// reached; short of the end only if everything is idle or stalled.
    pub(super) fn run_alone<S: Source, const N: usize, const P: usize>(
        &self,
        region: &mut Region<N, P>,
        source: &mut S,
        cycles: Range<u64>,
    ) -> u64 {
        let mut now = cycles.start;
        let mut check = now + 1024;
        while now < cycles.end {
            let end = (now + self.lookahead).min(cycles.end);
            let busy = region.advance(self.routing, source, now..end);
            now = end;
            if !busy {
                match region.next_event(now) {
                    Some(next) => {
                        now = next.min(cycles.end);
                        region.last_move = now;
                    }
                    None => break,
                }
            }
            if now >= check {
                check = now + 1024;
                region.note_movement(now);
                if now > region.last_move + self.patience {
                    break;
                }
            }
        }
        now
    }

    /// Runs all regions up to the end of `cycles`; returns the cycle reached.
    pub(super) fn run<S: Source, const N: usize, const P: usize>(
        &self,
        regions: &mut [Region<N, P>],
        sources: &mut [S],
        cycles: Range<u64>,
    ) -> u64 {
        let post = Post::new(regions.len());
        let reached = AtomicU64::new(cycles.end);
        std::thread::scope(|scope| {
            for (index, (region, source)) in regions.iter_mut().zip(sources).enumerate() {
                let (post, reached, cycles) = (&post, &reached, cycles.clone());
                scope.spawn(move || {
                    reached.store(self.member(index, region, source, cycles, post), Ordering::Relaxed)
                });
            }
        });
        reached.into_inner()
    }

    /// One thread's loop. Every thread computes the same cycles from the same notices.
    fn member<S: Source, const N: usize, const P: usize>(
        &self,
        index: usize,
        region: &mut Region<N, P>,
        source: &mut S,
        cycles: Range<u64>,
        post: &Post,
    ) -> u64 {
        let (mut now, mut set) = (cycles.start, 0);
        while now < cycles.end {
            let end = (now + self.lookahead).min(cycles.end);
            region.advance(self.routing, source, now..end);
            now = end;
            if now & 1023 < self.lookahead {
                region.note_movement(now);
            }
            self.send_letters(index, region, post, set, now);
            post.barrier.wait(post.members);
            for from in 0..post.members {
                region.read_letter(&mut post.letter(set, from, index));
            }
            let notices = &post.notices[set * post.members..][..post.members];
            let over = |field: fn(&Notice) -> &AtomicU64| {
                notices.iter().map(move |n| field(n).load(Ordering::Acquire))
            };
            let next = over(|n| &n.next).min().unwrap_or(u64::MAX);
            let last_move = over(|n| &n.last_move).max().unwrap_or(0);
            let stalled = now > last_move + self.patience && over(|n| &n.packets).sum::<u64>() > 0;
            if next == u64::MAX || stalled {
                break;
            }
            if next > now {
                now = next.min(cycles.end);
                region.last_move = now;
            }
            set ^= 1;
        }
        now
    }

    fn send_letters<const N: usize, const P: usize>(
        &self,
        index: usize,
        region: &mut Region<N, P>,
        post: &Post,
        set: usize,
        now: u64,
    ) {
        let mut next = region.next_event(now).unwrap_or(u64::MAX);
        let mut travelling = 0;
        for to in 0..post.members {
            let outbox = &mut region.shared.outboxes[to];
            let arrivals =
                outbox.flits.iter().map(|&(at, ..)| at).chain(outbox.credits.iter().map(|&(at, _)| at));
            let arrivals = arrivals.chain(outbox.failures.iter().map(|&(at, ..)| at));
            next = arrivals.fold(next, u64::min);
            travelling += outbox.packets.len() as u64;
            std::mem::swap(&mut *post.letter(set, index, to), outbox);
        }
        let notice = &post.notices[set * post.members + index];
        notice.next.store(next, Ordering::Release);
        notice.last_move.store(region.last_move, Ordering::Release);
        notice.packets.store(region.shared.packets.len() as u64 + travelling, Ordering::Release);
    }
}

impl<const N: usize, const P: usize> Region<N, P> {
    /// Takes in what another region sent.
    fn read_letter(&mut self, letter: &mut Outbox) {
        let mut packets = letter.packets.drain(..);
        for (at, place, flit) in letter.flits.drain(..) {
            let slot = &mut self.incoming[place.of() * N + place.vc()];
            if flit.is_head() {
                let (travel, record) = packets.next().expect("every head flit brings its packet's record");
                *slot = self.shared.packets.insert(travel, record);
            }
            // Until its tail has come, the packet counts where that is.
            let copies = &mut self.shared.copies;
            *copies = copies.wrapping_add(flit.is_head().into()).wrapping_sub(flit.is_tail().into());
            let flit = flit.moved_to(*slot);
            self.shared.wheel.flit(at, place, flit);
        }
        for (at, place) in letter.credits.drain(..) {
            self.shared.wheel.credit(at, place);
        }
        for (at, node, failure) in letter.failures.drain(..) {
            self.shared.wheel.nodes(at).failures.push((node, failure));
        }
    }
}
