//! Products of whole arrays: exact where everything is ideal, off by what each non-ideality says, priced as
//! published.

use crate::measures::{from_yaml, golden, near, preset};
use spikeloom::synapse::array::{Array, ArrayParams, Matrix};

/// A crossbar that is ideal but for what `more` says.
fn crossbar(cell: &str, more: &str) -> ArrayParams {
    let text =
        format!("{{crossbar: {{rows: 64, columns: 64, cell: {{g_min: 1 µS, g_max: 20 µS{cell}}}{more}}}}}");
    from_yaml(&text)
}

fn ideal(more: &str) -> ArrayParams {
    crossbar("", &format!(", adc: null, input: {{analog: {{bits: 0}}}}{more}"))
}

fn weights(rows: usize, columns: usize) -> Matrix {
    Matrix::from_fn(rows, columns, |i, j| ((37 * i + 61 * j + 5 * i * j) % 101) as f64 / 50.0 - 1.0)
}

fn input(rows: usize) -> Vec<f64> {
    (0..rows).map(|i| ((29 * i + 3) % 41) as f64 / 20.0 - 1.0).collect()
}

fn exact(weights: &Matrix, x: &[f64]) -> Vec<f64> {
    let column = |j: usize| (0..weights.rows()).map(|i| x[i] * weights.at(i, j)).sum();
    (0..weights.columns()).map(column).collect()
}

#[track_caller]
fn program(params: &ArrayParams, weights: &Matrix, seed: u64) -> Array {
    params.program(weights, seed).unwrap_or_else(|problems| panic!("{problems}"))
}

fn product(array: &mut Array, step: u64, x: &[f64]) -> Vec<f64> {
    let mut out = vec![0.0; array.columns()];
    array.multiply(step, x, &mut out).expect("it multiplies");
    out
}

/// Largest difference from the exact product, over the largest exact output.
fn error(params: &ArrayParams, rows: usize, columns: usize) -> f64 {
    let (weights, x) = (weights(rows, columns), input(rows));
    let found = product(&mut program(params, &weights, 1), 0, &x);
    let expected = exact(&weights, &x);
    let largest = expected.iter().fold(0.0f64, |most, y| most.max(y.abs()));
    found.iter().zip(expected).map(|(a, b)| (a - b).abs()).fold(0.0, f64::max) / largest
}

#[test]
fn ideal_arrays_multiply_exactly_whatever_the_mapping() {
    for mapping in [
        "{differential: {subtract: analog}}",
        "{differential: {subtract: digital}}",
        "{two-device: {subtract: analog}}",
        "{offset: {reference_column: false}}",
        "{offset: {reference_column: true}}",
    ] {
        // More rows and columns than one array has: tiles are summed and joined.
        for (rows, columns) in [(10, 7), (64, 20), (130, 70)] {
            let found = error(&ideal(&format!(", mapping: {mapping}")), rows, columns);
            assert!(found < 1e-12, "{mapping}: {found:e}");
        }
        let sliced = ideal(&format!(", mapping: {mapping}, slices: {{count: 8, bits: 3}}"));
        assert!(error(&sliced, 40, 7) < 1e-6, "{mapping} in slices");
    }
    let wide: ArrayParams = from_yaml("{sram: {weight_bits: 24, input_bits: 16}}");
    assert!(error(&wide, 100, 30) < 1e-4);
}

#[test]
fn ways_to_drive_inputs_agree_on_whole_codes() {
    let (weights, x) = (weights(50, 20), input(50));
    let drive = |kind: &str, bits| {
        let params = crossbar("", &format!(", adc: null, input: {{{kind}: {{bits: {bits}}}}}"));
        product(&mut program(&params, &weights, 1), 0, &x)
    };
    for bits in [2, 5, 8] {
        let most = f64::from((1 << (bits - 1)) - 1);
        let rounded: Vec<f64> = x.iter().map(|x| (x * most).round_ties_even() / most).collect();
        let expected = exact(&weights, &rounded);
        for kind in ["analog", "bit-serial", "pulse-count"] {
            for (found, expected) in drive(kind, bits).iter().zip(&expected) {
                assert!((found - expected).abs() < 1e-10, "{kind} {bits}: {found} is not {expected}");
            }
        }
    }
}

#[test]
fn spikes_are_inputs_of_one() {
    let weights = weights(90, 40);
    for params in
        [ideal(""), ideal(", mapping: {offset: {reference_column: true}}"), ideal(", full_scale: 3")]
    {
        let mut array = program(&params, &weights, 1);
        let mut out = vec![0.0; 40];
        array.spikes(0, &[3, 70, 88, 3], &mut out).expect("the rows exist");
        for (j, found) in out.iter().enumerate() {
            let expected = 2.0 * weights.at(3, j) + weights.at(70, j) + weights.at(88, j);
            assert!((found - expected).abs() < 1e-11, "{found} is not {expected}");
        }
        array.spikes(0, &[], &mut out).expect("no rows");
        assert!(out.iter().all(|y| y.abs() < 1e-12));
        assert!(array.spikes(0, &[90], &mut out).is_err());
    }
}

#[test]
fn batches_are_successive_steps() {
    // Two arrays below each other, and two or more side by side.
    let (weights, noise) = (weights(100, 40), ", read_noise: {law: {of-range: 0.02}}");
    let inputs = input(101 * 100);
    let batch = Matrix::from_fn(101, 100, |i, j| inputs[i * 100 + j]);
    let mut all = Matrix::zeros(101, 40);
    for more in [
        ", adc: {bits: 8, noise: 1}, mapping: {offset: {reference_column: true}}",
        ", mapping: {offset: {}}",
        ", adc: {bits: 12}",
        ", input: {bit-serial: {bits: 4}}",
        ", input: {pulse-count: {bits: 4}}",
        "",
    ] {
        let mut array = program(&crossbar(noise, more), &weights, 5);
        array.multiply_batch(17, &batch, &mut all).expect("it multiplies");
        for vector in 0..101 {
            let one = product(&mut array, 17 + vector as u64, batch.row(vector));
            assert_eq!(one, all.row(vector), "the same noise for the same step {more}");
        }
    }
    let params = crossbar(noise, "");
    let mut array = program(&params, &weights, 5);
    assert_ne!(product(&mut array, 1, batch.row(0)), product(&mut array, 2, batch.row(0)));
    let again = program(&params, &weights, 5);
    assert_eq!(again.effective_weights(), array.effective_weights());
}

/// The noise of a product is the sum of the cells' noises, as of drawing every cell, and of the converter's.
#[test]
fn read_noise_has_the_variance_of_all_cells_together() {
    let step: f64 = 16.0 / 511.0;
    let converter = (9.0 + 1.0 / 12.0) * step * step;
    for (adc, converter) in [("null", 0.0), ("{bits: 10, range: {stated: 16}, noise: 3}", converter)] {
        let (weights, x) = (weights(60, 16), input(60));
        let more = format!(", adc: {adc}, input: {{analog: {{bits: 0}}}}");
        let noisy = crossbar(", read_noise: {law: {proportional: 0.05}}", &more);
        let mut array = program(&noisy, &weights, 1);
        let ideal = exact(&weights, &x);
        let trials = 4000;
        let mut sums = [0.0; 16];
        for step in 0..trials {
            for ((sum, y), ideal) in sums.iter_mut().zip(product(&mut array, step, &x)).zip(&ideal) {
                *sum += (y - ideal) * (y - ideal) / trials as f64;
            }
        }
        for (j, found) in sums.iter().enumerate() {
            // Devices of a pair at 1 + 19·w µS and 1 µS, in weights: 1/19 of a microsiemens is the unit.
            let cell = |w: f64| (0.05 * (1.0 + 19.0 * w.abs())).powi(2) + 0.05f64.powi(2);
            let cells: f64 = (0..60).map(|i| x[i] * x[i] * cell(weights.at(i, j)) / 361.0).sum();
            let expected = cells + converter;
            // Four standard errors of a variance.
            assert!(
                (found / expected - 1.0).abs() < 4.0 * (2.0 / trials as f64).sqrt(),
                "{adc}: {found} is not {expected}"
            );
        }
    }
}

#[test]
fn converters_round_clip_and_disturb() {
    let with =
        |adc: &str| error(&crossbar("", &format!(", input: {{analog: {{bits: 0}}}}, adc: {adc}")), 50, 20);
    let (six, eight, twelve) = (with("{bits: 6}"), with("{bits: 8}"), with("{bits: 12}"));
    assert!(six > 2.0 * eight && eight > 4.0 * twelve && twelve > 0.0, "{six} {eight} {twelve}");
    assert!(with("{bits: 16, range: {stated: 2.0}}") > 0.3, "clipped");
    assert!(with("{bits: 12, noise: 40}") > 4.0 * twelve);
    assert!(with("{bits: 16, gain_error: 0.1}") > 0.09);
}

#[test]
fn wires_bend_products_as_the_circuit_does() {
    let (weights, x) = (weights(64, 20), input(64));
    let wired = ideal(", wires: {row: 2 Ω, column: 3 Ω}");
    let mut array = program(&wired, &weights, 1);
    let found = product(&mut array, 0, &x);
    // The same array with every product solved as a circuit.
    let solved = ideal(", wires: {row: 2 Ω, column: 3 Ω}, passive: floating");
    let mut array = program(&solved, &weights, 1);
    let x: Vec<f64> = x.iter().map(|&x| if x == 0.0 { 1e-9 } else { x }).collect();
    for (found, expected) in found.iter().zip(product(&mut array, 0, &x)) {
        assert!((found - expected).abs() < 1e-7 * 64.0, "{found} is not {expected}");
    }
    let off = error(&wired, 64, 20);
    assert!((1e-3..0.5).contains(&off), "{off}");
    // Rows that float let current sneak from column to column; rows that are cut off do not.
    let mut out = vec![0.0; 20];
    let mut cut = vec![0.0; 20];
    array.spikes(0, &[3], &mut out).expect("it is solved");
    program(&wired, &weights, 1).spikes(0, &[3], &mut cut).expect("it multiplies");
    assert!(out.iter().zip(&cut).any(|(a, b)| (a - b).abs() > 1e-6));
}

#[test]
fn curved_currents_hurt_analog_inputs_alone() {
    let curve = ", curve: {polynomial: {quadratic: 1.0, cubic: 2.0}}";
    let with = |input: &str| error(&crossbar(curve, &format!(", adc: null, input: {input}")), 40, 20);
    assert!(with("{analog: {bits: 8}}") > 0.02);
    assert!(with("{bit-serial: {bits: 8}}") < 0.02 && with("{pulse-count: {bits: 6}}") < 0.05);
}

#[test]
fn drift_lowers_products_with_age() {
    let params: ArrayParams = from_yaml(
        "{crossbar: {rows: 64, columns: 64, adc: null, cell: {g_min: 0.1 µS, g_max: 25 µS, drift: {power: {nu: 0.05}}}}}",
    );
    let weights = weights(30, 10);
    let mut array = program(&params, &weights, 1);
    array.age(1e4).expect("an age");
    let factor = (10020.0f64 / 20.0).powf(-0.05);
    for (held, w) in array.effective_weights().data().iter().zip(weights.data()) {
        assert!((held - w * factor).abs() < 1e-12);
    }
    assert!(array.age(-1.0).is_err());
}

#[test]
fn meshes_and_rings_hold_any_matrix() {
    for size in [3, 8, 13] {
        let mesh = from_yaml("{photonic-mesh: {modes: 8, adc: null, input: {analog: {bits: 0}}}}");
        let found = error(&mesh, size, 11);
        assert!(found < 1e-12, "{size}: {found:e}");
    }
    let rings: ArrayParams = from_yaml(
        "{wdm: {wavelengths: 8, buses: 8, weight_bits: 16, adc: null, input: {analog: {bits: 0}}}}",
    );
    assert!(error(&rings, 13, 11) < 1e-3);
    let crossed: ArrayParams =
        from_yaml("{wdm: {wavelengths: 8, buses: 8, weight_bits: 16, crosstalk: 0.05, adc: null}}");
    assert!(error(&crossed, 13, 11) > 0.01);
    // One mesh alone holds unitary matrices: a rotation, but no other matrix.
    let alone: ArrayParams =
        from_yaml("{photonic-mesh: {modes: 2, svd: false, adc: null, input: {analog: {bits: 0}}}}");
    let (sin, cos) = 0.3f64.sin_cos();
    let rotation = Matrix::from_rows(2, 2, vec![cos, sin, -sin, cos]).expect("four");
    let found = product(&mut program(&alone, &rotation, 1), 0, &[1.0, 0.0]);
    assert!((found[0] - cos).abs() < 1e-14 && (found[1] - sin).abs() < 1e-14);
    let refusal = alone.program(&weights(2, 2), 1).expect_err("it is not unitary").to_string();
    assert!(refusal.starts_with("photonic-mesh.svd: the matrix is not unitary"), "{refusal}");
}

#[test]
fn memcapacitors_multiply_and_floating_readouts_share_charge() {
    let text = "{memcapacitor: {rows: 100, columns: 100, c_max: 6.65 fF, ratio: 90, read_voltage: 0.35 V, period: 30 ns, \
                adc: null, input: {analog: {bits: 0}}";
    let plain: ArrayParams = from_yaml(&format!("{text}}}}}"));
    assert!(error(&plain, 60, 20) < 1e-12);
    let floating: ArrayParams = from_yaml(&format!("{text}, readout: {{floating: 20 fF}}}}}}"));
    let off = error(&floating, 60, 20);
    assert!(off > 0.01, "{off}");
    let noisy: ArrayParams = from_yaml(&format!("{text}, thermal_noise: true}}}}"));
    assert!(error(&noisy, 60, 20) > 1e-5);
}

#[test]
fn yao_as_published() {
    let golden = golden("golden.json")["yao"].clone();
    let params = preset("rram_yao");
    let costs = *program(&params, &weights(128, 64), 1).costs();
    let total = costs.multiply.energy;
    near(total, 8.0 * golden["pJ_per_1bit_step"].as_f64().expect("a number") * 1e-12, 1e-6);
    near(total * 1e9, golden["rowE_nJ_8bit_MVM"].as_f64().expect("a number"), 1e-6);
    near(total * 1e9, 2.975, 1e-3);
    near(costs.shares.converters / 8.0, 326.4e-12, 1e-9);
    // 128 × 128 cells, two operations each, in eight steps of 50 ns.
    let rate = 128.0 * 128.0 * 2.0 / (8.0 * 50e-9);
    near(rate, 81.92e9, 1e-12);
    near(rate * 8.0 * 50e-9 / total / 1e9, 11_014.0, 1e-3);
}

#[test]
fn demasius_as_published() {
    let golden = golden("golden.json")["demasius"].clone();
    let number = |key: &str| golden[key].as_f64().expect("a number");
    let mut params = preset("memcap_90nm");
    let weights = weights(1000, 500);
    let costs = *program(&params, &weights, 1).costs();
    near(costs.tops_per_watt(), number("no_recovery_TOPSW"), 1e-9);
    near(costs.multiply.time, number("latency_1000"), 1e-12);
    if let ArrayParams::Memcapacitor(memcapacitor) = &mut params {
        memcapacitor.recovery = 0.95;
    }
    near(program(&params, &weights, 1).costs().tops_per_watt(), number("rec95_TOPSW"), 1e-9);
}

/// Every preset multiplies, and is off by no more than its devices explain.
#[test]
fn presets_multiply() {
    for (name, most) in [
        ("rram_yao", 0.25),
        ("rram_wan", 0.5),
        ("rram_milo", 0.3),
        ("sonos", 0.1),
        ("pcm_ibm", 0.3),
        ("pcm_joshi", 0.4),
        ("yflash", 1.5),
        ("memcap_90nm", 0.05),
        ("mzi_thermo", 0.4),
        ("wdm_7nm", 0.2),
        ("wdm_7nm_aggressive", 0.2),
        ("digital_sram", 0.02),
        ("digital_sram_7nm", 0.02),
    ] {
        let found = error(&preset(name), 48, 24);
        assert!(found > 0.0 && found < most, "{name}: {found}");
    }
}
