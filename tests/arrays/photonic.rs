//! Photonic meshes against reference decompositions, laws of error and loss, and finite differences.

use crate::measures::{golden, near};
use num_complex::Complex64;
use serde_json::Value;
use spikeloom::base::random::{Purpose, Stream};
use spikeloom::synapse::array::photonic::decompose::{Square, clements, reck};
use spikeloom::synapse::array::photonic::mesh::{Imperfections, Mesh};

fn unitary(case: &Value) -> Square {
    let part = |key: &str, i: usize, j: usize| case[key][i][j].as_f64().expect("a number");
    let n = case["U_re"].as_array().expect("a list").len();
    (0..n).map(|i| (0..n).map(|j| Complex64::new(part("U_re", i, j), part("U_im", i, j))).collect()).collect()
}

fn dft(n: usize) -> Square {
    let entry = |i: usize, j: usize| {
        let turn = -std::f64::consts::TAU * ((i * j) % n) as f64 / n as f64;
        Complex64::from_polar(1.0 / (n as f64).sqrt(), turn)
    };
    (0..n).map(|i| (0..n).map(|j| entry(i, j)).collect()).collect()
}

fn distance(a: &Square, b: &Square) -> f64 {
    let pairs = a.iter().flatten().zip(b.iter().flatten());
    pairs.map(|(a, b)| (a - b).norm()).fold(0.0, f64::max)
}

/// Whether two phases are the same up to whole turns.
fn same_phase(a: f64, b: f64) -> bool {
    Complex64::from_polar(1.0, a - b).arg().abs() < 1e-9
}

#[test]
fn decompositions_are_those_of_the_reference() {
    let golden = golden("clements_golden.json");
    for (name, case) in golden.as_object().expect("a map").iter().filter(|(_, case)| !case["U_re"].is_null())
    {
        let u = unitary(case);
        let mesh = clements(&u).unwrap_or_else(|problems| panic!("{name}: {problems}"));
        let expected = case["order"].as_array().expect("a list");
        assert_eq!(mesh.mzis.len(), expected.len(), "{name}");
        assert!(distance(&mesh.ideal().matrix(), &u) < 5e-15, "{name}");
        if name.starts_with("dft8") || name.starts_with("cayley8") {
            assert_eq!((mesh.mzis.len(), mesh.depth()), (28, 8), "{name}");
        }
        if name != "dft4" {
            continue;
        }
        for (mzi, expected) in mesh.mzis.iter().zip(expected) {
            assert_eq!(mzi.mode as u64, expected["m"].as_u64().expect("a number"));
            near(mzi.theta, expected["theta"].as_f64().expect("a number"), 1e-9);
            assert!(same_phase(mzi.phi, expected["phi"].as_f64().expect("a number")), "{mzi:?}");
        }
        for (phase, expected) in mesh.output.iter().zip(case["D_phase"].as_array().expect("a list")) {
            assert!(same_phase(*phase, expected.as_f64().expect("a number")), "{phase}");
        }
        assert!(distance(&mesh.ideal().matrix(), &u) < 1e-15, "rebuilt to rounding");
    }
}

#[test]
fn the_triangle_holds_the_same_matrices() {
    for n in [2, 5, 8] {
        let u = dft(n);
        let mesh = reck(&u).expect("it is unitary");
        assert_eq!(mesh.mzis.len(), n * (n - 1) / 2);
        assert_eq!(mesh.depth(), (2 * n - 3).max(1));
        assert!(distance(&mesh.ideal().matrix(), &u) < 1e-14);
    }
}

#[test]
fn what_is_not_unitary_is_refused() {
    let mut u = dft(4);
    u[1][2] *= 1.001;
    let refusal = clements(&u).expect_err("it is not unitary").to_string();
    assert!(refusal.contains("the matrix is not unitary: U†U is off the identity by"), "{refusal}");
    u[0].pop();
    assert!(reck(&u).expect_err("it is not square").to_string().contains("square"));
    let mut u = dft(4);
    u[0][0].re = f64::NAN;
    assert!(clements(&u).is_err());
}

fn fidelity(u: &Square, v: &Square) -> f64 {
    let trace: Complex64 = u.iter().flatten().zip(v.iter().flatten()).map(|(u, v)| u.conj() * v).sum();
    trace.norm_sqr()
}

#[test]
fn phase_errors_cost_what_first_order_theory_says() {
    let (n, sigma) = (8, 0.01);
    let u = dft(n);
    let mesh = clements(&u).expect("it is unitary");
    let wrong = Imperfections { phase: sigma, ..Imperfections::default() };
    let trials = 4000;
    let losses: Vec<f64> = (0..trials)
        .map(|trial| {
            let built = mesh.build(&wrong, &mut Stream::new(11, Purpose::Device, trial, 0));
            1.0 - fidelity(&u, &built.matrix()) / (n * n) as f64
        })
        .collect();
    let mean = losses.iter().sum::<f64>() / f64::from(trials);
    let spread = (losses.iter().map(|loss| (loss - mean).powi(2)).sum::<f64>() / f64::from(trials)).sqrt();
    let (k, size) = (28.0, 8.0);
    let expected = sigma * sigma * k * (3.0 / size - 1.0 / (size * size));
    let stated = &golden("clements_golden.json")["infidelity_N8_s0.01"]["analytic"];
    near(expected, stated.as_f64().expect("a number"), 1e-9);
    let error = spread / f64::from(trials).sqrt();
    // Second-order terms are of relative size σ²·K: a third of the standard error here.
    assert!(
        (mean - expected).abs() < 3.0 * error + expected * expected,
        "{mean} is not {expected} ± {error}"
    );
}

#[test]
fn loss_is_nearly_the_same_for_all_paths_of_the_rectangle() {
    let u = dft(8);
    let mesh = clements(&u).expect("it is unitary");
    let lossy = Imperfections { loss: 0.3, ..Imperfections::default() };
    let v = mesh.build(&lossy, &mut Stream::new(1, Purpose::Device, 0, 0)).matrix();
    let power = |j: usize| (0..8).map(|i| v[i][j].norm_sqr()).sum::<f64>();
    let powers: Vec<f64> = (0..8).map(power).collect();
    near(powers.iter().copied().fold(f64::INFINITY, f64::min), 0.608637, 2e-6);
    near(powers.iter().copied().fold(0.0, f64::max), 0.632052, 2e-6);
    let normalised = fidelity(&u, &v) / (8.0 * powers.iter().sum::<f64>());
    near(normalised, 0.99929435, 1e-8);
}

/// Loss of a layer: squared distance of the output field from a target.
fn loss(mesh: &Mesh, input: &[Complex64], target: &[Complex64]) -> f64 {
    let mut field = input.to_vec();
    mesh.ideal().propagate(&mut field);
    field.iter().zip(target).map(|(y, t)| (y - t).norm_sqr()).sum()
}

#[test]
fn interference_measures_the_gradient() {
    let mesh = clements(&dft(6)).expect("it is unitary");
    let field =
        |seed: f64| (0..6).map(|k| Complex64::from_polar(0.3 + 0.1 * k as f64, seed * k as f64)).collect();
    let (input, target): (Vec<Complex64>, Vec<Complex64>) = (field(1.3), field(0.7));
    let mut output = input.clone();
    mesh.ideal().propagate(&mut output);
    let error: Vec<Complex64> = output.iter().zip(&target).map(|(y, t)| y - t).collect();
    let gradient = mesh.gradient(&input, &error);
    let step = 1e-5;
    for (k, slopes) in gradient.iter().enumerate() {
        for (part, found) in slopes.iter().enumerate() {
            let at = |sign: f64| {
                let mut moved = mesh.clone();
                let mzi = &mut moved.mzis[k];
                *(if part == 0 { &mut mzi.theta } else { &mut mzi.phi }) += sign * step;
                loss(&moved, &input, &target)
            };
            let expected = (at(1.0) - at(-1.0)) / (2.0 * step);
            assert!((found - expected).abs() < 1e-9, "{k}.{part}: {found} is not {expected}");
        }
    }
}
