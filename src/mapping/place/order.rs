//! Placement along a line through the chip: by number, or along a Hilbert curve.

use super::super::ways::Ways;
use super::by_class;

/// Part i on seat i.
pub(in crate::mapping) fn linear(seats: usize) -> Vec<u32> {
    (0..seats as u32).collect()
}

/// The parts of each class, in order, on the seats of the class along a Hilbert curve over the chip. A chip
/// that is no square of a power of two takes those cells of the smallest such square that lie on it.
pub(in crate::mapping) fn hilbert(ways: &Ways<'_>, class: &[u8]) -> Vec<u32> {
    let mut seat = linear(ways.seats());
    let key = curve(ways);
    for parts in by_class(class) {
        let mut seats = parts.clone();
        seats.sort_by_key(|&seat| (key[seat as usize], seat));
        parts.iter().zip(seats).for_each(|(&part, at)| seat[part as usize] = at);
    }
    seat
}

/// By seat: its place on the curve.
fn curve(ways: &Ways<'_>) -> Vec<u64> {
    let positions = (0..ways.seats()).map(|seat| ways.position(seat));
    let low = positions.clone().fold([f32::MAX; 2], |low, it| [low[0].min(it[0]), low[1].min(it[1])]);
    // The cell is the rounded distance from the corner of all routers, so that holes do not shift the curve.
    let corner = [low[0].min(0.0), low[1].min(0.0)];
    let cells: Vec<[u32; 2]> =
        positions.map(|it| [0, 1].map(|d| (it[d] - corner[d]).round().max(0.0) as u32)).collect();
    let side = cells.iter().flatten().max().map_or(1, |&most| (most + 1).next_power_of_two());
    cells.iter().map(|&[x, y]| index(side, y, x)).collect()
}

/// The place of cell (`u`, `v`) on the Hilbert curve over `side` × `side` cells, `side` a power of two.
///
/// Hilbert 1891, in the orientation in which the curve over 2 × 2 cells goes (0, 0), (0, 1), (1, 1), (1, 0).
pub(in crate::mapping) fn index(side: u32, mut u: u32, mut v: u32) -> u64 {
    let mut place = 0u64;
    let mut s = side / 2;
    while s > 0 {
        let (ru, rv) = (u32::from(u & s > 0), u32::from(v & s > 0));
        place += u64::from(s) * u64::from(s) * u64::from((3 * ru) ^ rv);
        if rv == 0 {
            if ru == 1 {
                (u, v) = ((side - 1).wrapping_sub(u), (side - 1).wrapping_sub(v));
            }
            (u, v) = (v, u);
        }
        s /= 2;
    }
    place
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_curve_visits_neighbours_and_every_cell() {
        for side in [2u32, 4, 8, 16] {
            let mut cells: Vec<_> = (0..side * side).map(|i| (index(side, i % side, i / side), i)).collect();
            cells.sort_unstable();
            assert!(cells.iter().enumerate().all(|(i, cell)| cell.0 == i as u64));
            let steps = cells.windows(2).map(|pair| {
                let [a, b] = [pair[0].1, pair[1].1];
                (a % side).abs_diff(b % side) + (a / side).abs_diff(b / side)
            });
            assert!(steps.into_iter().all(|step| step == 1));
        }
        assert_eq!([(0, 0), (0, 1), (1, 1), (1, 0)].map(|(u, v)| index(2, u, v)), [0, 1, 2, 3]);
        assert_eq!([(0, 0), (1, 0), (1, 1), (0, 1)].map(|(u, v)| index(4, u, v)), [0, 1, 2, 3]);
    }
}
