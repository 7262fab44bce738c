//! Spectral placement: parts that talk much lie close in the low eigenvectors of their traffic.

use super::super::flows::Flows;
use super::super::ways::Ways;
use super::by_class;
use crate::base::random::{Purpose, Stream};

/// Power iterations per eigenvector: enough for an order, which is all that is used.
const ITERATIONS: usize = 200;

/// Places parts by the two lowest non-constant eigenvectors of the normalised Laplacian of the traffic (Hall
/// 1970, doi 10.1287/mnsc.17.3.219): seats and parts are halved again and again, along the longer side of the
/// area and along the eigenvector that belongs to it.
pub(in crate::mapping) fn spectral(flows: &Flows, ways: &Ways<'_>, class: &[u8], seed: u64) -> Vec<u32> {
    let first = eigenvector(flows, &[], seed);
    let second = eigenvector(flows, std::slice::from_ref(&first), seed);
    let busy = |part: u32| !flows.peers[part as usize].is_empty();
    let mut seat = super::order::linear(ways.seats());
    for group in by_class(class) {
        let (mut parts, idle): (Vec<u32>, Vec<u32>) = group.iter().partition(|&&part| busy(part));
        let mut seats = compact(ways, &group);
        let mut spare = seats.split_off(parts.len());
        spare.sort_unstable();
        halve(&mut parts, &mut seats, &[&first, &second], ways, &mut seat);
        idle.iter().zip(spare).for_each(|(&part, at)| seat[part as usize] = at);
    }
    seat
}

/// The seats, those nearest to the middle of the area first.
fn compact(ways: &Ways<'_>, seats: &[u32]) -> Vec<u32> {
    let all = || seats.iter().map(|&seat| ways.position(seat as usize));
    let count = seats.len().max(1) as f32;
    let middle = [0, 1].map(|d| all().map(|it| it[d]).sum::<f32>() / count);
    let mut sorted = seats.to_vec();
    let far = |seat: u32| {
        let at = ways.position(seat as usize);
        (at[0] - middle[0]).abs().max((at[1] - middle[1]).abs())
    };
    sorted.sort_by(|&a, &b| far(a).total_cmp(&far(b)).then(a.cmp(&b)));
    sorted
}

fn halve(parts: &mut [u32], seats: &mut [u32], axes: &[&Vec<f64>; 2], ways: &Ways<'_>, out: &mut [u32]) {
    if let ([part], [seat]) = (&*parts, &*seats) {
        out[*part as usize] = *seat;
    }
    if parts.len() < 2 {
        return;
    }
    let spread = |d: usize| {
        let along = || seats.iter().map(|&seat| ways.position(seat as usize)[d]);
        along().fold(f32::MIN, f32::max) - along().fold(f32::MAX, f32::min)
    };
    let d = usize::from(spread(1) > spread(0));
    let at = |seat: u32| ways.position(seat as usize)[d];
    seats.sort_by(|&a, &b| at(a).total_cmp(&at(b)).then(a.cmp(&b)));
    let value = |part: u32| axes[d][part as usize];
    parts.sort_by(|&a, &b| value(a).total_cmp(&value(b)).then(a.cmp(&b)));
    let half = parts.len() / 2;
    let (low, high) = parts.split_at_mut(half);
    let (near, far) = seats.split_at_mut(half);
    halve(low, near, axes, ways, out);
    halve(high, far, axes, ways, out);
}

/// The eigenvector of the largest eigenvalue of `I + D^(−1/2) W D^(−1/2)` that is orthogonal to the constant
/// one and to `earlier`, divided by the roots of the degrees.
fn eigenvector(flows: &Flows, earlier: &[Vec<f64>], seed: u64) -> Vec<f64> {
    let degree: Vec<f64> = flows
        .peers
        .iter()
        .map(|peers| peers.iter().map(|peer| peer.sends + peer.gets).sum::<f64>().max(1e-300).sqrt())
        .collect();
    let mut fixed: Vec<Vec<f64>> = vec![degree.clone()];
    fixed.extend(earlier.iter().map(|it| it.iter().zip(&degree).map(|(a, b)| a * b).collect()));
    fixed.iter_mut().for_each(|it| normalise(it));
    let mut draw = Stream::new(seed, Purpose::Mapping, 4, earlier.len() as u64);
    let mut x: Vec<f64> = degree.iter().map(|_| draw.unit() - 0.5).collect();
    for _ in 0..ITERATIONS {
        for other in &fixed {
            let along: f64 = other.iter().zip(&x).map(|(a, b)| a * b).sum();
            x.iter_mut().zip(other).for_each(|(x, other)| *x -= along * other);
        }
        normalise(&mut x);
        let row = |(i, peers): (usize, &Vec<super::super::flows::Peer>)| {
            let pull = peers.iter().map(|peer| {
                let j = peer.part as usize;
                (peer.sends + peer.gets) * x[j] / (degree[i] * degree[j])
            });
            x[i] + pull.sum::<f64>()
        };
        x = flows.peers.iter().enumerate().map(row).collect();
    }
    x.iter().zip(&degree).map(|(x, degree)| x / degree).collect()
}

fn normalise(x: &mut [f64]) {
    let norm = x.iter().map(|x| x * x).sum::<f64>().sqrt().max(1e-300);
    x.iter_mut().for_each(|x| *x /= norm);
}
