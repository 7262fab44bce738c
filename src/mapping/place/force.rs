//! Force-directed placement: each part is pulled to the middle of those it talks to.

use super::super::flows::Flows;
use super::super::ways::Ways;

/// Rounds at most; it ends before when nothing moves.
const ROUNDS: usize = 50;

/// Seats tried around the place that a part is pulled to.
const TRIED: usize = 9;

/// Improves `seat`: part by part, the seats nearest to the traffic's centre of mass are tried in exchange with
/// whoever sits there, and the best exchange is made if it lowers the hops (after Jin et al. 2023, doi
/// 10.1145/3582016.3582038).
pub(in crate::mapping) fn force(flows: &Flows, ways: &Ways<'_>, class: &[u8], seat: &mut [u32]) {
    let mut holder = vec![0u32; seat.len()];
    seat.iter().enumerate().for_each(|(part, &at)| holder[at as usize] = part as u32);
    for _ in 0..ROUNDS {
        let mut moved = false;
        for part in (0..seat.len() as u32).filter(|&part| !flows.peers[part as usize].is_empty()) {
            let centre = centre(flows, ways, seat, part);
            let near = nearest(ways, class, centre, class[seat[part as usize] as usize]);
            let options = near.into_iter().map(|at| holder[at as usize]).filter(|&other| other != part);
            let rated = options.map(|other| (flows.swap(ways, seat, part, other), other));
            let best = rated.min_by(|a, b| a.0.total_cmp(&b.0).then(a.1.cmp(&b.1)));
            if let Some((_, other)) = best.filter(|best| best.0 < -1e-9) {
                seat.swap(part as usize, other as usize);
                holder[seat[part as usize] as usize] = part;
                holder[seat[other as usize] as usize] = other;
                moved = true;
            }
        }
        if !moved {
            break;
        }
    }
}

/// The mean position of what `part` talks to, by traffic.
fn centre(flows: &Flows, ways: &Ways<'_>, seat: &[u32], part: u32) -> [f64; 2] {
    let (mut sum, mut weight) = ([0.0; 2], 0.0);
    for peer in &flows.peers[part as usize] {
        let at = ways.position(seat[peer.part as usize] as usize);
        let pull = peer.sends + peer.gets;
        weight += pull;
        [0, 1].into_iter().for_each(|d| sum[d] += pull * f64::from(at[d]));
    }
    sum.map(|sum| sum / weight.max(1e-300))
}

/// The seats of class `wanted` nearest to `at`.
fn nearest(ways: &Ways<'_>, class: &[u8], at: [f64; 2], wanted: u8) -> Vec<u32> {
    let distance = |seat: u32| {
        let position = ways.position(seat as usize);
        (f64::from(position[0]) - at[0]).abs() + (f64::from(position[1]) - at[1]).abs()
    };
    let seats = (0..ways.seats() as u32).filter(|&seat| class[seat as usize] == wanted);
    let mut rated: Vec<(f64, u32)> = seats.map(|seat| (distance(seat), seat)).collect();
    let order = |a: &(f64, u32), b: &(f64, u32)| a.0.total_cmp(&b.0).then(a.1.cmp(&b.1));
    if rated.len() > TRIED {
        rated.select_nth_unstable_by(TRIED, order);
        rated.truncate(TRIED);
    }
    rated.sort_unstable_by(order);
    rated.into_iter().map(|(_, seat)| seat).collect()
}
