//! The shapes of links in a drawing: harpoons, so that the two directions of a wire lie side by side.

use std::fmt::Write;

/// Half the side of a tile [units of the drawing].
pub(super) const HALF: f32 = 5.5;

/// Distance of a link from the middle of its wire.
const ASIDE: f32 = 1.9;

/// Room between a link and the tiles at its ends.
const GAP: f32 = 0.7;

/// Length of the barb, along and across.
const BARB: f32 = 2.3;

/// Length of the stubs of links that lead around the chip.
const STUB: f32 = 6.5;

/// Length beyond which a link bends, so that it does not lie on the tiles in between.
const BENDS: f32 = 29.0;

type Point = [f32; 2];

fn along(from: Point, direction: Point, length: f32) -> Point {
    [from[0] + direction[0] * length, from[1] + direction[1] * length]
}

/// The way from one point to another.
#[derive(Clone, Copy)]
struct Course {
    from: Point,
    to: Point,
    length: f32,
    /// Unit vector along.
    ahead: Point,
    /// Unit vector to the right, as the drawing's y grows downwards.
    right: Point,
}

impl Course {
    fn new(from: Point, to: Point) -> Option<Self> {
        let [dx, dy] = [to[0] - from[0], to[1] - from[1]];
        let length = dx.hypot(dy);
        let ahead = [dx / length, dy / length];
        (length > 1e-3).then_some(Self { from, to, length, ahead, right: [-ahead[1], ahead[0]] })
    }

    /// Distance from the middle of a tile to its border in this direction, with some room.
    fn border(&self) -> f32 {
        HALF / self.ahead[0].abs().max(self.ahead[1].abs()) + GAP
    }

    fn aside(&self, point: Point) -> Point {
        along(point, self.right, ASIDE)
    }

    /// The barb of a harpoon whose point is at the end of this course.
    fn barb(&self) -> Point {
        [0, 1].map(|axis| BARB * (self.right[axis] - self.ahead[axis]))
    }
}

/// Writes the path of the link from one tile's middle to another's; `wraps` if the chip has links that lead
/// around, of which those that span it are drawn as stubs.
pub(super) fn path(from: Point, to: Point, wraps: bool, out: &mut String) {
    let Some(course) = Course::new(from, to) else {
        // A router joined to itself.
        return move_to(out, from);
    };
    let border = course.border();
    match course.length {
        length if length > BENDS && wraps => stubs(&course, border, out),
        length if length > BENDS && course.ahead.iter().any(|part| part.abs() < 1e-3) => {
            let start = along(course.aside(from), course.ahead, border);
            let end = along(course.aside(to), course.ahead, -border);
            let middle = along(start, course.ahead, length / 2.0 - border);
            let bend = along(middle, course.right, 0.16 * length);
            move_to(out, start);
            let [a, b] = [bend, end].map(|point| [point[0] - start[0], point[1] - start[1]]);
            push(out, 'q', a);
            push(out, ' ', b);
            push(out, 'l', course.barb());
        }
        length => {
            let start = along(course.aside(from), course.ahead, border);
            move_to(out, start);
            let reach = (length - 2.0 * border).max(1.0);
            push(out, 'l', [0, 1].map(|axis| course.ahead[axis] * reach));
            push(out, 'l', course.barb());
        }
    }
}

/// Out of the chip on one side, into it on the other: packets move against the straight way.
fn stubs(course: &Course, border: f32, out: &mut String) {
    let Some(moves) = Course::new(course.to, course.from) else { return };
    let stub = moves.ahead.map(|part| part * STUB);
    move_to(out, along(moves.aside(course.from), moves.ahead, border));
    push(out, 'l', stub);
    push(out, 'l', moves.barb());
    move_to(out, along(moves.aside(course.to), moves.ahead, -border - STUB));
    push(out, 'l', stub);
    push(out, 'l', moves.barb());
}

fn move_to(out: &mut String, point: Point) {
    push(out, 'M', point);
}

fn push(out: &mut String, letter: char, point: Point) {
    out.push(letter);
    coordinate(out, point[0]);
    if point[1] >= 0.0 || rounded(point[1]) == 0.0 {
        out.push(' ');
    }
    coordinate(out, point[1]);
}

fn rounded(value: f32) -> f32 {
    (value * 10.0).round() / 10.0
}

/// With one decimal, if it takes one.
pub(super) fn coordinate(out: &mut String, value: f32) {
    let value = rounded(value);
    // Writing to a string cannot fail; −0 would be written with its sign.
    let _ = write!(out, "{}", if value == 0.0 { 0.0 } else { value });
}

#[cfg(test)]
mod tests {
    use super::*;

    fn drawn(from: Point, to: Point, wraps: bool) -> String {
        let mut out = String::new();
        path(from, to, wraps, &mut out);
        out
    }

    #[test]
    fn the_two_directions_of_a_wire_keep_apart() {
        // East on the lower side of the wire, west on the upper one, as y grows downwards.
        assert_eq!(drawn([0.0, 0.0], [20.0, 0.0], false), "M6.2 1.9l7.6 0l-2.3 2.3");
        assert_eq!(drawn([20.0, 0.0], [0.0, 0.0], false), "M13.8-1.9l-7.6 0l2.3-2.3");
        assert_eq!(drawn([0.0, 0.0], [0.0, -20.0], false), "M1.9-6.2l0-7.6l2.3 2.3");
    }

    #[test]
    fn long_links_bend_or_lead_around() {
        assert!(drawn([0.0, 0.0], [80.0, 0.0], false).contains('q'));
        // Out to the west of the first tile, in from the east of the last.
        let stubs = drawn([0.0, 0.0], [140.0, 0.0], true);
        assert_eq!(stubs, "M-6.2-1.9l-6.5 0l2.3-2.3M152.7-1.9l-6.5 0l2.3-2.3");
        assert_eq!(drawn([1.0, 1.0], [1.0, 1.0], false), "M1 1");
    }
}
