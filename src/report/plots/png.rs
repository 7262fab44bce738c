//! The same drawings in pixels. The font is built in, so that the same drawing gives the same
//! pixels everywhere.

use std::sync::Arc;

use resvg::tiny_skia::{Pixmap, Transform};
use resvg::usvg::{Options, Tree, fontdb};

use crate::report::page::PageError;

/// Pixels for each unit of a drawing: charts are 1440 pixels wide.
const SCALE: f32 = 2.0;

/// Most pixels along a side.
const LARGEST: f32 = 16_000.0;

/// Draws SVG files in pixels.
pub struct Painter(Options<'static>);

impl Default for Painter {
    fn default() -> Self {
        let mut fonts = fontdb::Database::new();
        fonts.load_font_data(dejavu::sans::regular().to_vec());
        fonts.load_font_data(dejavu::sans::bold().to_vec());
        fonts.set_sans_serif_family("DejaVu Sans");
        let fontdb = Arc::new(fonts);
        Self(Options { font_family: "DejaVu Sans".to_owned(), fontdb, ..Options::default() })
    }
}

impl Painter {
    /// A drawing as PNG, on white.
    ///
    /// # Errors
    /// The drawing is not SVG, or too large: a defect of the program.
    pub fn png(&self, svg: &str) -> Result<Vec<u8>, PageError> {
        let wrong = |error: &dyn std::fmt::Display| PageError::Plot(error.to_string());
        let tree = Tree::from_str(svg, &self.0).map_err(|error| wrong(&error))?;
        let (width, height) = (tree.size().width(), tree.size().height());
        let scale = SCALE.min(LARGEST / width.max(height).max(1.0));
        let [width, height] = [width, height].map(|side| (side * scale).ceil() as u32);
        let mut pixels = Pixmap::new(width, height).ok_or_else(|| wrong(&"it has no size"))?;
        pixels.fill(resvg::tiny_skia::Color::WHITE);
        resvg::render(&tree, Transform::from_scale(scale, scale), &mut pixels.as_mut());
        pixels.encode_png().map_err(|error| wrong(&error))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn drawings_are_painted_on_white_at_twice_their_size() {
        let svg = "<svg xmlns='http://www.w3.org/2000/svg' width='40' height='20'><rect x='10' y='5' width='10' \
                   height='10' fill='#ff0000'/><text x='22' y='16' font-size='16'>M</text></svg>";
        let painter = Painter::default();
        let png = painter.png(svg).expect("it is a drawing");
        let pixels = Pixmap::decode_png(&png).expect("it is PNG");
        assert_eq!([pixels.width(), pixels.height()], [80, 40]);
        let color = |x, y| pixels.pixel(x, y).map(|it| [it.red(), it.green(), it.blue()]);
        assert_eq!(color(2, 2), Some([255; 3]));
        assert_eq!(color(30, 20), Some([255, 0, 0]));
        let is_inked = |at: u32| color(44 + at % 30, 6 + at / 30).is_some_and(|it| it[0] < 64);
        assert!(
            (0..30 * 28).filter(|&at| is_inked(at)).count() > 50,
            "letters are drawn by the font that is built in"
        );
        assert_eq!(painter.png(svg).expect("again"), png);
        assert!(painter.png("<svg").is_err());
    }
}
