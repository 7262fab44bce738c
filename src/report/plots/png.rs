//! The same drawings in pixels (feature `png`). The font is built in, so that the same drawing gives the same
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
