//! Colours: scales for loads, and sets for things that are told apart. One hue per scale, so that they can
//! be read without telling hues apart.

use std::fmt::Write;

/// Steps of a scale.
pub(super) const STEPS: usize = 16;

/// A colour by its parts of red, green and blue.
type Rgb = [u8; 3];

/// What is coloured by load.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Scale {
    /// Tiles: blue.
    Tile,
    /// Links: orange.
    Link,
}

/// What the colours stand on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Theme {
    /// Dark on white; print.
    Light,
    /// Light on black.
    Dark,
}

/// Corners of the scales, from nothing to full load.
fn corners(scale: Scale, theme: Theme) -> [Rgb; 4] {
    match (scale, theme) {
        (Scale::Tile, Theme::Light) => {
            [[0xee, 0xf2, 0xf7], [0xa6, 0xc8, 0xe6], [0x3a, 0x84, 0xc4], [0x0b, 0x2f, 0x66]]
        }
        (Scale::Tile, Theme::Dark) => {
            [[0x22, 0x2b, 0x36], [0x24, 0x55, 0x86], [0x4a, 0x9a, 0xdc], [0xd6, 0xec, 0xff]]
        }
        (Scale::Link, Theme::Light) => {
            [[0xd8, 0xdc, 0xe1], [0xfb, 0xb4, 0x6f], [0xe2, 0x5a, 0x0a], [0x7a, 0x10, 0x08]]
        }
        (Scale::Link, Theme::Dark) => {
            [[0x3a, 0x43, 0x4e], [0x96, 0x50, 0x1e], [0xf5, 0x8a, 0x3c], [0xff, 0xe6, 0xc4]]
        }
    }
}

/// The colours of a scale, from nothing to full load.
pub(super) fn colours(scale: Scale, theme: Theme) -> [String; STEPS] {
    let corners = corners(scale, theme);
    std::array::from_fn(|step| {
        let at = step as f64 / (STEPS - 1) as f64 * 3.0;
        let corner = (at as usize).min(2);
        let share = at - corner as f64;
        let part = |k: usize| {
            let [low, high] = [corners[corner][k], corners[corner + 1][k]].map(f64::from);
            (low + share * (high - low)).round() as u8
        };
        format!("#{:02x}{:02x}{:02x}", part(0), part(1), part(2))
    })
}

/// The step of `scale` for a share of the greatest load. What carries anything is told from what does not.
pub(super) fn step(share: f64) -> usize {
    match share {
        share if share > 0.0 => ((share * (STEPS - 1) as f64).round() as usize).clamp(1, STEPS - 1),
        _ => 0,
    }
}

/// Variables of a style sheet: `--t0` to `--t15` for tiles, `--l0` to `--l15` for links.
pub(super) fn variables(theme: Theme) -> String {
    let mut css = String::new();
    for (letter, scale) in [('t', Scale::Tile), ('l', Scale::Link)] {
        for (step, colour) in colours(scale, theme).iter().enumerate() {
            // Writing to a string cannot fail.
            let _ = write!(css, "--{letter}{step}:{colour};");
        }
    }
    css
}

/// Colours of things that are told apart: Okabe and Ito's set (2008), then others that keep apart from it.
pub(in crate::report) const SET: [&str; 12] = [
    "#0072b2", "#e69f00", "#009e73", "#cc79a7", "#56b4e9", "#d55e00", "#8a6fc9", "#b8a800", "#7a8a99",
    "#5b3a1e", "#2fb8a6", "#a03050",
];
