//! Wire resistance of crossbars against reference values and a plain nodal solver.

use crate::measures::{banded_oracle, floats, gauss, golden, golden_crossbar, near, nodal_oracle};
use spikeloom::synapse::array::crossbar::{half_select_energy, sneak_resistance};
use spikeloom::synapse::array::matrix::Matrix;
use spikeloom::synapse::array::wires::{Curve, Network, Segments, effective_conductance, solve_nonlinear};

fn equal(ohm: f64) -> Segments {
    Segments { row: ohm, column: ohm }
}

fn currents(effective: &Matrix, voltages: &[f64]) -> Vec<f64> {
    let mut out = vec![0.0; effective.columns()];
    effective.add_product(voltages, &mut out);
    out
}

#[test]
fn two_by_two_of_the_reference() {
    let cells = Matrix::from_rows(2, 2, vec![100e-6, 10e-6, 50e-6, 80e-6]).expect("four cells");
    for (ohm, expected) in golden("golden.json")["xbar2x2"].as_object().expect("a map") {
        let segments = equal(ohm.parse().expect("a number"));
        let once =
            Network { cells: &cells, segments, floating: &[] }.solve(&[0.2, 0.1]).expect("it converges");
        let effective = effective_conductance(&cells, segments).expect("it is well-conditioned");
        let always = currents(&effective, &[0.2, 0.1]);
        for ((found, again), expected) in once.currents.iter().zip(&always).zip(floats(expected)) {
            near(*found, expected, 1e-9);
            near(*again, expected, 1e-9);
        }
    }
}

#[test]
fn larger_crossbars_of_the_reference() {
    let golden = golden("golden.json");
    for (n, name) in [(64, "xbar64_Rp1"), (128, "xbar128_Rp1")] {
        let (cells, voltages) = golden_crossbar(n);
        let effective = effective_conductance(&cells, equal(1.0)).expect("it is well-conditioned");
        let network = Network { cells: &cells, segments: equal(1.0), floating: &[] };
        let solution = network.solve(&voltages).expect("it converges");
        assert!(solution.residual <= 1e-10 && solution.iterations <= 20, "{}", solution.iterations);
        let expected = floats(&golden[name]);
        for found in [currents(&effective, &voltages), solution.currents] {
            near(found[0], expected[0], 1e-9);
            near(found[n / 2], expected[1], 1e-9);
            near(found[n - 1], expected[2], 1e-9);
            near(found.iter().sum(), expected[3], 1e-9);
        }
    }
}

#[test]
fn a_full_array_of_the_reference() {
    let (cells, voltages) = golden_crossbar(256);
    let solution = Network { cells: &cells, segments: equal(1.0), floating: &[] }
        .solve(&voltages)
        .expect("it converges");
    near(solution.currents[0], 670.950875e-6, 1e-9);
    near(solution.currents[255], 319.699632e-6, 2e-9);
}

#[test]
fn every_shape_agrees_with_plain_elimination() {
    for (n, m, row, column) in
        [(1, 1, 3.0, 5.0), (1, 6, 10.0, 200.0), (6, 1, 10.0, 1.0), (5, 8, 400.0, 30.0), (9, 4, 2.0, 900.0)]
    {
        let cells = Matrix::from_fn(n, m, |i, j| 1e-6 * (1 + (17 * i + 5 * j * j) % 90) as f64);
        let voltages: Vec<f64> = (0..n).map(|i| 0.3 - 0.09 * i as f64).collect();
        let segments = Segments { row, column };
        let effective = effective_conductance(&cells, segments).expect("it is well-conditioned");
        let oracle = nodal_oracle(&cells, segments, &[], &voltages);
        for (found, expected) in currents(&effective, &voltages).into_iter().zip(&oracle) {
            near(found, *expected, 1e-9);
        }
        // A row that is not driven floats: current sneaks from column to column through it.
        let floating: Vec<bool> = (0..n).map(|i| i % 2 == 1).collect();
        let network = Network { cells: &cells, segments, floating: &floating };
        let oracle = nodal_oracle(&cells, segments, &floating, &voltages);
        for (found, expected) in network.solve(&voltages).expect("it converges").currents.iter().zip(&oracle)
        {
            near(*found, *expected, 1e-9);
        }
    }
}

#[test]
fn large_arrays_agree_with_a_sparse_factorisation() {
    let small = Matrix::from_fn(6, 5, |i, j| 1e-6 * (1 + (17 * i + 5 * j * j) % 90) as f64);
    let voltages: Vec<f64> = (0..6).map(|i| 0.3 - 0.09 * i as f64).collect();
    let segments = Segments { row: 40.0, column: 300.0 };
    let (plain, sparse) =
        (nodal_oracle(&small, segments, &[], &voltages), banded_oracle(&small, segments, &voltages));
    plain.iter().zip(&sparse).for_each(|(plain, sparse)| near(*sparse, *plain, 1e-11));
    // Beyond 128 lines both ways; and far beyond, where the band is narrow.
    for (n, m, segments) in [(136, 130, equal(1.0)), (700, 20, Segments { row: 0.5, column: 4.0 })] {
        let cells = Matrix::from_fn(n, m, |i, j| {
            1e-6 + 99e-6 * ((7919 * i + 104_729 * j + 31 * i * j) % 1000) as f64 / 999.0
        });
        let voltages: Vec<f64> = (0..n).map(|i| 0.2 * ((37 * i + 11) % 101) as f64 / 100.0).collect();
        let oracle = banded_oracle(&cells, segments, &voltages);
        let effective = effective_conductance(&cells, segments).expect("it is well-conditioned");
        let network = Network { cells: &cells, segments, floating: &[] };
        let solved = network.solve(&voltages).expect("it converges").currents;
        let largest = oracle.iter().fold(0.0f64, |most, i| most.max(i.abs()));
        for found in [currents(&effective, &voltages), solved] {
            for (found, expected) in found.iter().zip(&oracle) {
                assert!((found - expected).abs() <= 1e-9 * largest, "{n} x {m}: {found} {expected}");
            }
        }
    }
}

#[test]
fn nonlinear_cells_obey_kirchhoff() {
    let (cells, voltages) = golden_crossbar(12);
    let network = Network { cells: &cells, segments: equal(50.0), floating: &[] };
    let linear = network.solve(&voltages).expect("it converges");
    let ohmic = solve_nonlinear(&network, Curve::Ohmic, &voltages).expect("it converges");
    for (a, b) in linear.currents.iter().zip(&ohmic.currents) {
        near(*a, *b, 1e-9);
    }
    for curve in [Curve::Sinh { scale: 0.05 }, Curve::Polynomial { quadratic: 2.0, cubic: 5.0 }] {
        let found = solve_nonlinear(&network, curve, &voltages).expect("it converges");
        // With the cells' secant conductances the linear circuit is the same circuit.
        let drop = |i, j| found.row_nodes.at(i, j) - found.column_nodes.at(i, j);
        let secant = |i, j| cells.at(i, j) * curve.current(drop(i, j)) / drop(i, j);
        let secants = Matrix::from_fn(12, 12, secant);
        let oracle = nodal_oracle(&secants, equal(50.0), &[], &voltages);
        for (found, expected) in found.currents.iter().zip(oracle) {
            near(*found, expected, 1e-9);
        }
    }
}

#[test]
fn wires_that_cannot_be_solved_are_an_error_with_the_residual() {
    let cells = Matrix::from_fn(24, 24, |i, j| if (i + j) % 2 == 0 { 1e3 } else { 1e-12 });
    for ohm in [1e9, 1e12] {
        let result = effective_conductance(&cells, equal(ohm));
        if let Err(unsolved) = result {
            assert!(unsolved.to_string().contains("Kirchhoff's law is violated by"), "{unsolved}");
        } else {
            let voltages = vec![1.0; 24];
            let oracle = nodal_oracle(&cells, equal(ohm), &[], &voltages);
            let found = currents(&result.expect("checked"), &voltages);
            found.iter().zip(oracle).for_each(|(found, expected)| near(*found, expected, 1e-6));
        }
    }
}

/// One cell of an array without transistors is read while all other lines float.
#[test]
fn the_sneak_path_of_equal_cells_is_the_closed_form() {
    for (n, m) in [(2, 2), (5, 3), (8, 8)] {
        // Unknown: the voltages of rows 1… and columns 1…; row 0 is at 1 V, column 0 at 0 V, cells are 1 S.
        let size = n - 1 + m - 1;
        let mut a = vec![vec![0.0; size + 1]; size];
        let row = |i: usize| i.checked_sub(1);
        let column = |j: usize| j.checked_sub(1).map(|j| n - 1 + j);
        for i in 0..n {
            for j in 0..m {
                for (own, other, fixed) in [(row(i), column(j), 0.0), (column(j), row(i), 1.0)] {
                    let Some(own) = own else { continue };
                    a[own][own] += 1.0;
                    match other {
                        Some(other) => a[own][other] -= 1.0,
                        None => a[own][size] += fixed,
                    }
                }
            }
        }
        let x = gauss(a);
        let current: f64 = (0..n).map(|i| row(i).map_or(1.0, |i| x[i])).sum();
        let sneak = sneak_resistance(n as u32, m as u32, 1.0);
        near(current, 1.0 + 1.0 / sneak, 1e-12);
    }
    assert!(sneak_resistance(1, 9, 1.0).is_infinite());
    near(half_select_energy(3, 4, 2.0, (2.0, 0.5)), 5.0 * 2.0 * 1.0 * 0.5, 1e-12);
}
