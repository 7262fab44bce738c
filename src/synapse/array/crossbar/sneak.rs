//! Arrays without transistors: what one cell's read or write does to the others.

/// Resistance [Ω] in parallel to a selected cell of an n × m array of equal cells of `cell` ohm whose other rows
/// and columns float: through the m − 1 other cells of its row, the (n − 1)(m − 1) cells off both lines, and the
/// n − 1 other cells of its column (Liang & Wong 2010, doi 10.1109/TED.2010.2062187). Infinite where a line has no
/// other cell.
pub fn sneak_resistance(rows: u32, columns: u32, cell: f64) -> f64 {
    let (others_down, others_across) = (f64::from(rows) - 1.0, f64::from(columns) - 1.0);
    if others_down <= 0.0 || others_across <= 0.0 {
        return f64::INFINITY;
    }
    cell * (1.0 / others_across + 1.0 / others_down + 1.0 / (others_across * others_down))
}

/// Energy [J] of the half-selected cells while one cell is written with `volts` for `seconds`, the other lines
/// held at half the voltage: the cells of conductance `mean` [S] on the selected row and column see V/2.
pub fn half_select_energy(rows: u32, columns: u32, mean: f64, (volts, seconds): (f64, f64)) -> f64 {
    let cells = f64::from(rows) + f64::from(columns) - 2.0;
    cells * mean * 0.25 * volts * volts * seconds
}
