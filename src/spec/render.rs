//! Diagnostics as text for people: the offending YAML with a caret under it.

use std::borrow::Cow;
use std::ops::Range;

use annotate_snippets::{AnnotationKind, Element, Group, Level, Origin as Header, Renderer, Snippet};

use super::diagnostic::{Diagnostic, Diagnostics, Place};
use super::source::Origin;

/// A longer line is shown in part [bytes].
const LONGEST_LINE: usize = 2000;

impl Diagnostics {
    /// Every diagnostic with the text it is about, at most `width` columns wide where that can be.
    pub fn render(&self, color: bool, width: usize) -> String {
        let width = width.clamp(40, 1000);
        let renderer = if color { Renderer::styled() } else { Renderer::plain() }.term_width(width);
        let mut out = String::new();
        for diagnostic in self.iter() {
            out.push_str(&renderer.render(&[diagnostic.group(width)]));
            out.push_str("\n\n");
        }
        out.truncate(out.trim_end().len());
        out.push('\n');
        out
    }
}

impl Diagnostic {
    fn group(&self, width: usize) -> Group<'_> {
        let mut group = Level::ERROR.primary_title(self.message.as_str()).elements([] as [Element; 0]);
        if let Some(place) = &self.place {
            group = draw(group, place, AnnotationKind::Primary, self.label());
        }
        for (place, label) in &self.related {
            group = draw(group, place, AnnotationKind::Context, label.clone());
        }
        // Without a place there is no caret that the nearest name could stand beside.
        let unplaced = self.place.is_none().then(|| self.label()).filter(|label| !label.is_empty());
        let path = Some(&self.path).filter(|path| !path.is_empty()).map(|path| clip(path, 200));
        let meaning = self.meaning.as_deref().and_then(|meaning| meaning.split("\n\n").next());
        let notes = [
            ("path", path.as_deref()),
            ("help", unplaced.as_deref()),
            ("allowed", self.allowed.as_deref()),
            ("meaning", meaning),
            ("help", self.help.as_deref()),
        ];
        for (name, text) in notes {
            let Some(text) = text else { continue };
            let text = wrap(text, width.saturating_sub(name.len() + 8));
            group = group.element(Level::NOTE.with_name(name.to_owned()).message(text));
        }
        group
    }

    /// What stands beside the caret.
    fn label(&self) -> String {
        self.nearest.as_ref().map_or_else(String::new, |name| format!("did you mean `{name}`?"))
    }
}

fn draw<'a>(group: Group<'a>, place: &'a Place, kind: AnnotationKind, label: String) -> Group<'a> {
    let text = place.source.text.as_str();
    let origin = &place.source.origin;
    let Some(span) = &place.span else {
        return group.element(Header::path(origin.to_string()));
    };
    let excerpt = Excerpt::around(text, span);
    let label = Some(label).filter(|label| !label.is_empty());
    let (line, column) = place.source.position(span.start);
    let snippet = Snippet::source(excerpt.text)
        .line_start(line)
        .annotation(kind.span(excerpt.span).label(label.map(Cow::Owned)));
    match origin {
        Origin::Override => group.element(snippet),
        origin if excerpt.cut => {
            let header = Header::path(origin.to_string()).line(line).char_column(column);
            group.element(header).element(snippet)
        }
        origin => group.element(snippet.path(origin.to_string())),
    }
}

/// The part of a text that is shown.
struct Excerpt {
    text: String,
    /// The marked bytes, relative to `text`.
    span: Range<usize>,
    /// Whether `text` does not begin at the start of a line.
    cut: bool,
}

impl Excerpt {
    fn around(text: &str, span: &Range<usize>) -> Self {
        let line = text[..span.start].rfind('\n').map_or(0, |at| at + 1);
        let line_end = text[span.start..].find('\n').map_or(text.len(), |at| span.start + at);
        // A mark never runs on to the next line: values that do are named by their first line.
        let end = span.end.min(line_end).max(span.start);
        let start = if span.start - line > LONGEST_LINE { span.start - LONGEST_LINE / 8 } else { line };
        let start = floor(text, start);
        let stop = floor(text, line_end.min(span.start + LONGEST_LINE));
        let end = floor(text, end.min(stop));
        // What steers terminals is left to the renderer, but for the two-byte control characters of Latin 1.
        let text = text[start..stop].replace(|c| matches!(c, '\u{80}'..='\u{9F}'), "·");
        Self { text, span: span.start - start..end - start, cut: start != line }
    }
}

/// The character boundary at or before `at`.
fn floor(text: &str, at: usize) -> usize {
    (0..=at.min(text.len())).rev().find(|&at| text.is_char_boundary(at)).unwrap_or(0)
}

/// The first `most` characters of `text` on one line, fit to be shown in a terminal.
pub(super) fn clip(text: &str, most: usize) -> String {
    let shown = |c: char| match c {
        '\n' | '\r' | '\t' => ' ',
        '\u{202A}'..='\u{202E}' | '\u{2066}'..='\u{2069}' => char::REPLACEMENT_CHARACTER,
        c if c.is_control() => char::REPLACEMENT_CHARACTER,
        c => c,
    };
    let text = text.trim_end();
    let mut out: String = text.chars().take(most).map(shown).collect();
    if text.chars().nth(most).is_some() {
        out.push('…');
    }
    out
}

/// Sets the paragraphs of `text` in lines of `width` characters, where words allow it.
pub(super) fn wrap(text: &str, width: usize) -> String {
    let mut out = String::with_capacity(text.len() + 8);
    for paragraph in text.split("\n\n").filter(|paragraph| !paragraph.trim().is_empty()) {
        if !out.is_empty() {
            out.push_str("\n\n");
        }
        let mut column = 0;
        for word in paragraph.split_whitespace() {
            let length = word.chars().count();
            if column > 0 {
                let fits = column + 1 + length <= width;
                out.push(if fits { ' ' } else { '\n' });
                column = if fits { column + 1 } else { 0 };
            }
            out.push_str(word);
            column += length;
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::spec::source::Source;

    #[test]
    fn a_very_long_line_is_shown_in_part_and_keeps_its_column() {
        let text = format!("# é\n{}x: four{}", " é".repeat(2000), "y".repeat(1 << 20));
        let start = text.find("four").expect("it is there");
        let source = Arc::new(Source::memory("long", &text));
        let diagnostic = Diagnostic::new("wrong").at(Place { source, span: Some(start..start + 4) });
        let shown = Diagnostics::from(diagnostic).render(false, 80);
        assert!(shown.contains("long:2:4004"), "{shown}");
        assert!(shown.len() < 1000, "{shown}");
    }

    #[test]
    fn words_are_kept_whole() {
        assert_eq!(wrap("one two three", 8), "one two\nthree");
        assert_eq!(wrap("incomprehensible", 8), "incomprehensible");
        assert_eq!(wrap("one\ntwo\n\nthree", 8), "one two\n\nthree");
    }
}
