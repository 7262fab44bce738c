//! Where something stands in a text.

use std::fmt;

/// Line and column, both from 1; columns count characters.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Spot {
    /// The line.
    pub line: u64,
    /// The column.
    pub column: u64,
}

impl Spot {
    /// Where a text begins.
    pub const START: Self = Self { line: 1, column: 1 };

    /// Where `part`, a slice of `text`, begins; `text` begins line number `line`. What is no slice of it
    /// stands where it begins.
    pub fn of(part: &str, text: &str, line: u64) -> Self {
        let offset = (part.as_ptr() as usize).wrapping_sub(text.as_ptr() as usize);
        let mut spot = Self { line, column: 1 };
        spot.pass(text.get(..offset).unwrap_or_default());
        spot
    }

    /// Moves on past `text`.
    pub fn pass(&mut self, text: &str) {
        text.chars().for_each(|c| self.step(c));
    }

    /// Moves on past `c`.
    #[inline]
    pub fn step(&mut self, c: char) {
        if c == '\n' {
            *self = Self { line: self.line + 1, column: 1 };
        } else {
            self.column += 1;
        }
    }
}

impl Default for Spot {
    fn default() -> Self {
        Self::START
    }
}

impl fmt::Display for Spot {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.line, self.column)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spots_count_characters() {
        let text = "é 12\nx";
        let part = &text[3..5];
        assert_eq!((part, Spot::of(part, text, 7)), ("12", Spot { line: 7, column: 3 }));
        assert_eq!(Spot::of(&text[6..], text, 7), Spot { line: 8, column: 1 });
        assert_eq!(Spot::of("elsewhere", text, 7), Spot { line: 7, column: 1 });
        assert_eq!(Spot::of(&text[7..], text, 1).to_string(), "2:2");
    }
}
