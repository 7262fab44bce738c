//! What arrays refuse, and how they say so.

use crate::measures::from_yaml;
use spikeloom::synapse::array::{ArrayParams, Matrix};

#[track_caller]
fn refused(text: &str, expected: &[&str]) {
    let params: ArrayParams = from_yaml(text);
    let found = params.validate().expect_err("it is wrong").to_string();
    for expected in expected {
        assert!(found.contains(expected), "{found:?} does not say {expected:?}");
    }
}

fn crossbar(more: &str) -> String {
    format!("{{crossbar: {{rows: 8, columns: 8, cell: {{g_min: 1 µS, g_max: 10 µS}}{more}}}}}")
}

#[test]
fn parameters_out_of_range_are_named_all_at_once() {
    refused(
        "{crossbar: {rows: 0, columns: 8, cell: {g_min: 9 µS, g_max: 2 µS, levels: 1}, read_time: 0, adc: {bits: 40}}}",
        &[
            "crossbar.rows: 0 rows; allowed: 1 to 8192",
            "crossbar.cell.g_max: the conductance window from 0.000009 S to 0.000002 S is upside down or empty",
            "crossbar.cell.levels: 1 levels",
            "crossbar.read_time: 0 is not above zero",
            "crossbar.adc.bits: 40 bits; allowed: 1 to 24",
        ],
    );
    refused(
        "{crossbar: {rows: 8, columns: 8, cell: {g_min: 1 µS, g_max: 9 µS, levels: 4}, slices: {count: 2, bits: 3}}}",
        &["crossbar.slices.bits: 3 bits take 8 levels, and a cell has 4"],
    );
    refused(
        &crossbar(", mapping: {differential: {}}, slices: {count: 5, bits: 1}"),
        &["one weight takes 10 columns"],
    );
    refused(&crossbar(", passive: floating"), &["crossbar.passive: without wire resistance"]);
    refused(
        &crossbar(", wires: {row: 0, column: -1}"),
        &["crossbar.wires.row: 0 Ω", "crossbar.wires.column: -1 Ω"],
    );
    refused(
        &crossbar(", input: {bit-serial: {bits: 0}}"),
        &["crossbar.input.bit-serial.bits: an input of 0 bits"],
    );
    refused(
        "{crossbar: {rows: 8, columns: 8, cell: {g_min: 1 µS, g_max: 9 µS, verify: {tolerance: 0}}}}",
        &[
            "crossbar.cell.verify.tolerance",
            "crossbar.cell.verify: a closed loop needs to know what a pulse does",
        ],
    );
    refused(
        "{memcapacitor: {rows: 8, columns: 8, c_max: 1 fF, ratio: 0.5, read_voltage: 0.3, period: 1 ns, recovery: 2}}",
        &["memcapacitor.ratio: a window", "memcapacitor.recovery"],
    );
    refused(
        "{photonic-mesh: {modes: 1, detector: {efficiency: 0}}}",
        &["modes: 1 modes", "detector.efficiency"],
    );
    refused(
        "{wdm: {wavelengths: 0, buses: 4, weight_bits: 1}}",
        &["wdm.wavelengths: 0", "wdm.weight_bits: 1 bits"],
    );
    refused("{sram: {weight_bits: 1, lanes: 0}}", &["sram.weight_bits: 1 is out of range", "sram.lanes"]);
}

#[test]
fn matrices_that_do_not_fit_are_refused() {
    let one: ArrayParams = from_yaml(&crossbar(", arrays: 1"));
    let fits = Matrix::from_fn(8, 4, |i, j| (i * j) as f64);
    assert!(one.program(&fits, 1).is_ok());
    let large = one.program(&Matrix::from_fn(9, 4, |_, _| 1.0), 1).expect_err("too large").to_string();
    assert_eq!(large, "crossbar.arrays: a matrix of 9 by 4 takes 2 arrays; allowed: up to 1");
    let nan = Matrix::from_fn(3, 4, |i, j| if (i, j) == (2, 1) { f64::NAN } else { 0.5 });
    let nan = one.program(&nan, 1).expect_err("not a number").to_string();
    assert_eq!(nan, "weights: the weight at row 2, column 1 is NaN; allowed: finite numbers");
    assert!(one.program(&Matrix::zeros(0, 3), 1).is_err());
    let mut array = one.program(&fits, 1).expect("it fits");
    assert!(array.multiply(0, &[0.0; 7], &mut [0.0; 4]).is_err());
    assert!(array.nudge(&fits, 0.0).expect_err("no pulses").to_string().contains("need cells with `pulses`"));
}

/// Either the answer is right or there is none: cells far better than wires at absurd resistances.
#[test]
fn wires_that_cannot_be_solved_are_refused_with_the_residual() {
    let text = "{crossbar: {rows: 40, columns: 40, adc: null, cell: {g_min: 0, g_max: 1.0e+9}, wires: {row: 1.0e+9, \
                column: 1.0e-9}}}";
    let params: ArrayParams = from_yaml(text);
    let weights = Matrix::from_fn(40, 20, |i, j| if (i + j) % 3 == 0 { 1.0 } else { -0.001 });
    match params.program(&weights, 1) {
        Err(problems) => {
            let said = problems.to_string();
            assert!(said.starts_with("crossbar.wires: the wires cannot be solved"), "{said}");
            assert!(said.contains("Kirchhoff's law is violated by"), "{said}");
        }
        Ok(array) => assert!(array.effective_weights().data().iter().all(|w| w.is_finite())),
    }
}
