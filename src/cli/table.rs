//! Tables that fit the terminal.

use comfy_table::{CellAlignment, ContentArrangement, Table, presets};

use super::console;

/// A table with a heading; columns of numbers stand to the right. Without a terminal it is as wide as its
/// content.
pub(super) fn table(heading: &[String], rows: &[Vec<String>]) -> String {
    let mut table = Table::new();
    table.load_preset(presets::NOTHING).set_header(heading);
    if let Some(width) = console::screen() {
        table.set_content_arrangement(ContentArrangement::Dynamic).set_width(width);
    }
    for row in rows {
        table.add_row(row);
    }
    let is_number =
        |text: &str| text.starts_with(|c: char| c.is_ascii_digit() || matches!(c, '-' | '–' | '.'));
    for (at, column) in table.column_iter_mut().enumerate() {
        if rows.iter().all(|row| row.get(at).is_some_and(|cell| is_number(cell))) {
            column.set_cell_alignment(CellAlignment::Right);
        }
    }
    let lines: Vec<String> = table.lines().map(|line| line.trim_end().to_owned() + "\n").collect();
    lines.concat()
}
