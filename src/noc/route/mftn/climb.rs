//! Local search over which turns to give up: small changes of the channel order, kept if the load
//! becomes more even.
//!
//! A change lets one forbidden turn c → k climb: c and k are put side by side at the place between
//! theirs where the turns thereby lost carry least. Only destinations that used a lost turn, and the
//! ones that press hardest on c, are routed anew. Worse results are accepted at random within a
//! shrinking margin (threshold accepting; Dueck & Scheuer 1990, doi 10.1016/0021-9991(90)90201-B).

use super::super::channels::NONE;
use super::balance::{Balance, Tree};
use crate::base::random::Stream;

/// Changes tried between two full rounds of routing.
const BATCH: u32 = 40;
/// Destinations looked at to find promising turns.
const SAMPLE: usize = 64;
/// Destinations routed anew because they press on the turn gained.
const EAGER: usize = 8;
/// Largest accepted rise of the burden at the start of the search, as a share.
const MARGIN: f64 = 0.05;

/// A forbidden turn and what allowing it promises.
#[derive(Clone, Copy, Debug)]
struct Wish {
    turn: (u32, u32),
    promise: f32,
}

/// The best order found, by its largest load.
struct Best {
    order: Vec<u32>,
    largest: f32,
}

/// Improves the order of `balance` by up to `moves` changes or until `work` channels were visited, and
/// leaves it at the best order found.
pub(super) fn climb(balance: &mut Balance, moves: u32, work: u64, draw: &mut Stream) {
    let mut best = Best { order: balance.order.clone(), largest: f32::INFINITY };
    let mut done = 0;
    balance.round();
    loop {
        let complete = balance.round();
        if complete && balance.largest() < best.largest {
            best = Best { order: balance.order.clone(), largest: balance.largest() };
        }
        if done >= moves || balance.work >= work {
            break;
        }
        let mut wishes = wishes(balance, draw);
        if wishes.is_empty() {
            break;
        }
        let mut burden = balance.burden();
        for _ in 0..BATCH.min(moves - done) {
            let Some(turn) = pick(&mut wishes, draw) else { break };
            let cooling =
                (1.0 - f64::from(done) / f64::from(moves)).min(1.0 - balance.work as f64 / work as f64);
            let margin = burden * MARGIN * cooling.max(0.0) * draw.unit();
            burden = attempt(balance, turn, burden, margin).unwrap_or(burden);
        }
        done += BATCH.min(moves - done);
    }
    if balance.largest() > best.largest {
        balance.order = best.order;
        balance.number();
        balance.rounds(2);
    }
}

/// The forbidden turns that some sampled destination would like to take.
fn wishes(balance: &mut Balance, draw: &mut Stream) -> Vec<Wish> {
    let (site, all) = (balance.site, balance.all);
    let channels = site.channels.len() as u32;
    let mut promise = vec![0.0f32; all.count()];
    balance.reprice();
    for n in 0..SAMPLE.min(balance.trees.len()) {
        let few = balance.trees.len() <= SAMPLE;
        let tree = if few { n } else { draw.below(balance.trees.len() as u32) as usize };
        balance.sweep(balance.trees[tree].dst);
        let Tree { dst, load, .. } = &balance.trees[tree];
        for c in (0..channels).filter(|&c| site.channels.head[c as usize] != *dst) {
            let place = balance.place[c as usize];
            let best = all.after(c).iter().filter(|&&k| balance.place[k as usize] > place);
            let best = best.map(|&k| balance.cost(k)).fold(f32::INFINITY, f32::min);
            for (slot, &k) in all.slots(c) {
                let saved = best - balance.cost(k);
                if balance.place[k as usize] < place && saved > 0.0 && balance.cost(k).is_finite() {
                    promise[slot] += saved.min(20.0) * (load[c as usize] + 0.3);
                }
            }
        }
    }
    let wish = |c| all.slots(c).map(move |(slot, &k)| (slot, (c, k)));
    let listed =
        (0..channels).flat_map(wish).map(|(slot, turn)| Wish { turn, promise: promise[slot].sqrt() });
    listed.filter(|wish| wish.promise > 0.0).collect()
}

/// Takes one wish out, with probability proportional to the root of its promise.
fn pick(wishes: &mut Vec<Wish>, draw: &mut Stream) -> Option<(u32, u32)> {
    let mut left = draw.unit() as f32 * wishes.iter().map(|wish| wish.promise).sum::<f32>();
    let chosen = wishes.iter().position(|wish| {
        left -= wish.promise;
        left <= 0.0
    });
    (!wishes.is_empty()).then(|| wishes.swap_remove(chosen.unwrap_or(0)).turn)
}

/// Load that takes the turn `c → k`.
fn usage(balance: &Balance, c: u32, k: u32) -> f32 {
    let takes = |tree: &&Tree| tree.next[c as usize] == k;
    balance.trees.iter().filter(takes).map(|tree| tree.load[c as usize]).sum()
}

/// A turn that may be lost: where the boundary must not lie for it to stay, and its load.
struct Stake {
    turn: (u32, u32),
    /// Place of the other channel.
    place: u32,
    /// The other channel precedes c (or else follows k).
    before: bool,
    load: f32,
}

impl Stake {
    /// Whether the turn is lost if c and k are put just before what is at `boundary` now.
    fn lost(&self, boundary: u32) -> bool {
        if self.before { self.place >= boundary } else { self.place < boundary }
    }
}

/// The turns into c and out of k that could stop climbing if c and k met between their places.
fn stakes(balance: &Balance, c: u32, k: u32) -> Vec<Stake> {
    let (low, high) = (balance.place[k as usize], balance.place[c as usize]);
    let stake = |x: u32, turn: (u32, u32), before| {
        let place = balance.place[x as usize];
        let between = low < place && place < high;
        between.then(|| Stake { turn, place, before, load: usage(balance, turn.0, turn.1) })
    };
    let into = balance.all.before(c).iter().filter_map(|&x| stake(x, (x, c), true));
    let out = balance.all.after(k).iter().filter_map(|&y| stake(y, (k, y), false));
    into.chain(out).collect()
}

/// The boundary between the places of k and c at which the turns lost carry least, and those turns.
fn cheapest_cut(balance: &Balance, c: u32, k: u32) -> (u32, Vec<(u32, u32)>) {
    let stakes = stakes(balance, c, k);
    let cost = |boundary: u32| -> f32 {
        stakes.iter().filter(|stake| stake.lost(boundary)).map(|stake| stake.load).sum()
    };
    let ends = [balance.place[k as usize], balance.place[c as usize]];
    let mut boundaries: Vec<u32> = stakes.iter().flat_map(|s| [s.place, s.place + 1]).chain(ends).collect();
    boundaries.sort_unstable();
    let cheapest = boundaries.into_iter().map(|b| (cost(b), b)).min_by(|a, b| a.0.total_cmp(&b.0));
    let boundary = cheapest.map_or(ends[0], |(_, boundary)| boundary);
    (boundary, stakes.iter().filter(|stake| stake.lost(boundary)).map(|stake| stake.turn).collect())
}

/// Puts c and then k just before what stands at `boundary`; both keep to the places between theirs.
fn bring_together(order: &[u32], boundary: u32, c: u32, k: u32) -> Vec<u32> {
    let mut moved = Vec::with_capacity(order.len());
    for (place, &channel) in order.iter().enumerate() {
        if place as u32 == boundary {
            moved.extend([c, k]);
        }
        if channel != c && channel != k {
            moved.push(channel);
        }
    }
    moved
}

/// The trees to route anew once `lost` turns are gone: those that used one, and some that press on c.
fn affected(balance: &Balance, lost: &[(u32, u32)], c: u32) -> Vec<usize> {
    let used = |tree: &Tree, &(x, y): &(u32, u32)| tree.next[x as usize] == y;
    let hit = |tree: &Tree| lost.iter().any(|turn| used(tree, turn));
    let trees = || balance.trees.iter().enumerate();
    let mut list: Vec<usize> = trees().filter(|(_, tree)| hit(tree)).map(|(n, _)| n).collect();
    let pressing = trees().filter(|(_, tree)| tree.load[c as usize] > 0.0 && !hit(tree));
    let mut eager: Vec<(f32, usize)> = pressing.map(|(n, tree)| (-tree.load[c as usize], n)).collect();
    eager.sort_by(|a, b| a.0.total_cmp(&b.0).then(a.1.cmp(&b.1)));
    list.extend(eager.into_iter().take(EAGER).map(|(_, n)| n));
    list
}

/// Allows the turn `c → k`; returns the new burden if it is within `margin` of the old, else undoes all.
fn attempt(balance: &mut Balance, (c, k): (u32, u32), burden: f64, margin: f64) -> Option<f64> {
    if balance.place[c as usize] < balance.place[k as usize] {
        return None;
    }
    let (boundary, lost) = cheapest_cut(balance, c, k);
    let moved = bring_together(&balance.order, boundary, c, k);
    let order = std::mem::replace(&mut balance.order, moved);
    balance.number();
    let total = balance.total.clone();
    let mut undo = Vec::new();
    let mut complete = true;
    for tree in affected(balance, &lost, c) {
        undo.push((tree, balance.trees[tree].clone()));
        balance.lift(tree);
        complete = balance.route(tree);
        if !complete {
            break;
        }
    }
    if complete {
        let new = balance.burden();
        if new < burden + margin {
            return Some(new);
        }
    }
    for (tree, before) in undo {
        balance.trees[tree] = before;
    }
    balance.total = total;
    balance.order = order;
    balance.number();
    None
}

/// An order of the channels in which every turn of an acyclic set climbs: sorted by Kahn's algorithm.
pub(super) fn order_of(ranks: &[u32]) -> Vec<u32> {
    let mut order = vec![NONE; ranks.len()];
    for (channel, &rank) in ranks.iter().enumerate() {
        order[rank as usize] = channel as u32;
    }
    order
}
