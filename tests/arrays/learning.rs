//! What devices do to a trained network, and what tuning in place repairs.
//!
//! The task is made here, without files: ten digits drawn as segments on a grid of 8 × 6, shifted and spoilt by noise.

use crate::measures::from_yaml;
use spikeloom::base::random::{Purpose, Stream};
use spikeloom::synapse::array::{Array, ArrayParams, Matrix};

const PIXELS: usize = 48;
const HIDDEN: usize = 24;
const DIGITS: usize = 10;

/// Seven segments of the ten digits: top, upper left, upper right, middle, lower left, lower right, bottom.
const SEGMENTS: [u8; DIGITS] = [0x77, 0x24, 0x5D, 0x6D, 0x2E, 0x6B, 0x7B, 0x25, 0x7F, 0x6F];

/// Images from 0 to 1 in rows, and what they show.
fn images(count: usize, seed: u64) -> (Matrix, Vec<usize>) {
    let mut dice = Stream::new(seed, Purpose::Workload, 0, 0);
    let labels: Vec<usize> = (0..count).map(|i| i % DIGITS).collect();
    let mut all = Matrix::zeros(count, PIXELS);
    for (i, &digit) in labels.iter().enumerate() {
        let (down, right) = (dice.below(2) as usize, dice.below(2) as usize);
        for y in 0..8 {
            for x in 0..6 {
                let lit = y >= down && x >= right && is_lit(SEGMENTS[digit], y - down, x - right);
                let value = f64::from(u8::from(lit)) + 0.2 * dice.normal();
                all.set(i, 6 * y + x, value.clamp(0.0, 1.0));
            }
        }
    }
    (all, labels)
}

/// Segments on a field of 7 × 5.
fn is_lit(segments: u8, y: usize, x: usize) -> bool {
    let on = |segment: u8| segments >> segment & 1 == 1;
    let across = (1..4).contains(&x);
    (y == 0 && across && on(0))
        || (y == 3 && across && on(3))
        || (y == 6 && across && on(6))
        || (x == 0 && (1..3).contains(&y) && on(1))
        || (x == 4 && (1..3).contains(&y) && on(2))
        || (x == 0 && (4..6).contains(&y) && on(4))
        || (x == 4 && (4..6).contains(&y) && on(5))
}

fn hidden_of(sums: &Matrix) -> Matrix {
    sums.map(|x| x.clamp(0.0, 2.0) / 2.0)
}

/// Derivative of the cross entropy by the sums of the last layer, over the batch.
fn blame(sums: &Matrix, labels: &[usize]) -> Matrix {
    let mut out = Matrix::zeros(sums.rows(), DIGITS);
    for (i, &label) in labels.iter().enumerate() {
        let most = sums.row(i).iter().copied().fold(f64::NEG_INFINITY, f64::max);
        let powers: Vec<f64> = sums.row(i).iter().map(|y| (y - most).exp()).collect();
        let total: f64 = powers.iter().sum();
        for (j, power) in powers.iter().enumerate() {
            let wanted = f64::from(u8::from(j == label));
            out.set(i, j, (power / total - wanted) / sums.rows() as f64);
        }
    }
    out
}

fn times(a: &Matrix, b: &Matrix) -> Matrix {
    let mut out = Matrix::zeros(a.rows(), b.columns());
    Matrix::rows_times(a, b, &mut out);
    out
}

/// Trains both layers by gradient descent with momentum.
fn train(x: &Matrix, labels: &[usize]) -> [Matrix; 2] {
    let mut dice = Stream::new(3, Purpose::Connectivity, 0, 0);
    let mut layer = |rows: usize, columns: usize| {
        let reach = (3.0 / rows as f64).sqrt();
        Matrix::from_fn(rows, columns, |_, _| reach * (2.0 * dice.unit() - 1.0))
    };
    let (mut first, mut second) = (layer(PIXELS, HIDDEN), layer(HIDDEN, DIGITS));
    let mut moments = [Matrix::zeros(PIXELS, HIDDEN), Matrix::zeros(HIDDEN, DIGITS)];
    for _ in 0..150 {
        let sums = times(x, &first);
        let hidden = hidden_of(&sums);
        let wrong = blame(&times(&hidden, &second), labels);
        let back = times(&wrong, &second.transposed());
        let passed =
            |i: usize, j: usize| if (0.0..2.0).contains(&sums.at(i, j)) { back.at(i, j) / 2.0 } else { 0.0 };
        let back = Matrix::from_fn(x.rows(), HIDDEN, passed);
        let slopes = [times(&x.transposed(), &back), times(&hidden.transposed(), &wrong)];
        for ((weights, moment), slope) in [&mut first, &mut second].into_iter().zip(&mut moments).zip(&slopes)
        {
            let pairs = moment.data_mut().iter_mut().zip(slope.data());
            pairs.for_each(|(m, s): (&mut f64, &f64)| *m = 0.9 * *m - s);
            weights
                .data_mut()
                .iter_mut()
                .zip(moment.data())
                .for_each(|(w, m): (&mut f64, &f64)| *w = (*w + *m).clamp(-3.0, 3.0));
        }
    }
    [first, second]
}

fn share_right(sums: &Matrix, labels: &[usize]) -> f64 {
    let right = labels.iter().enumerate().filter(|&(i, &label)| {
        let row = sums.row(i);
        row.iter().enumerate().all(|(j, y)| j == label || *y < row[label])
    });
    right.count() as f64 / labels.len() as f64
}

fn through(array: &mut Array, x: &Matrix) -> Matrix {
    let mut out = Matrix::zeros(x.rows(), array.columns());
    array.multiply_batch(0, x, &mut out).expect("it multiplies");
    out
}

/// A 15-level crossbar (8 levels a device) with 8 % write error and 3 % stuck cells.
fn devices() -> ArrayParams {
    from_yaml(
        "{crossbar: {rows: 128, columns: 128, cell: {g_min: 2 µS, g_max: 20 µS, levels: 8, programming: {of-range: 0.08}, \
         stuck: {low: 0.015, high: 0.015}, pulses: {soft-bounds: {pulses_up: 100, pulses_down: 100, cycle_to_cycle: \
         0.2}}}, input: {analog: {bits: 8, signed: false}}, adc: {bits: 8}}}",
    )
}

/// Software, then transferred, then the last layer tuned in place: as in hybrid training of memristor networks (Yao
/// et al. 2020), averaged over devices.
#[test]
fn tuning_in_place_repairs_part_of_what_transfer_spoils() {
    let (x, labels) = images(600, 1);
    let (test, test_labels) = images(600, 2);
    let [first, second] = train(&x, &labels);
    let software = share_right(&times(&hidden_of(&times(&test, &first)), &second), &test_labels);
    let seeds = 4;
    let (mut transferred, mut tuned) = (0.0, 0.0);
    for seed in 1..=seeds {
        let mut lower = devices().program(&first, seed).expect("it fits");
        let mut upper = devices().program(&second, 100 + seed).expect("it fits");
        let hidden = hidden_of(&through(&mut lower, &x));
        let seen = hidden_of(&through(&mut lower, &test));
        transferred += share_right(&through(&mut upper, &seen), &test_labels) / seeds as f64;
        let scale = second.data().iter().fold(0.0f64, |most, w| most.max(w.abs()));
        for _ in 0..40 {
            let wrong = blame(&through(&mut upper, &hidden), &labels);
            let deltas = times(&hidden.transposed(), &wrong).map(|slope| -3.0 * scale * slope);
            upper.nudge(&deltas, 0.18e-6).expect("the cells take pulses");
        }
        tuned += share_right(&through(&mut upper, &seen), &test_labels) / seeds as f64;
    }
    assert!(software > 0.9, "{software}");
    assert!(software > tuned && tuned > transferred + 0.005, "{software} {tuned} {transferred}");
}

/// Three copies of a kernel, on three arrays that work at the same time, take three patches of an image per product.
#[test]
fn replicated_convolvers_take_a_third_of_the_time() {
    let params: ArrayParams = from_yaml(
        "{crossbar: {rows: 9, columns: 16, cell: {g_min: 2 µS, g_max: 20 µS, levels: 8}, input: {bit-serial: {bits: 8, \
         signed: false}}}}",
    );
    let kernel = Matrix::from_fn(9, 8, |i, j| ((i * 5 + j * 3) % 15) as f64 / 7.0 - 1.0);
    let copies = Matrix::from_fn(27, 24, |i, j| if i / 9 == j / 8 { kernel.at(i % 9, j % 8) } else { 0.0 });
    let mut one = params.program(&kernel, 1).expect("it fits");
    let mut three = params.program(&copies, 1).expect("it fits");
    let patch = |k: usize| (0..9).map(|i| ((k * 7 + i * 11) % 16) as f64 / 15.0).collect::<Vec<f64>>();
    let all: Vec<f64> = (0..3).flat_map(patch).collect();
    let mut out = vec![0.0; 24];
    three.multiply(0, &all, &mut out).expect("it multiplies");
    for k in 0..3 {
        let mut alone = vec![0.0; 8];
        one.multiply(0, &patch(k), &mut alone).expect("it multiplies");
        let largest = alone.iter().fold(0.0f64, |most, y| most.max(y.abs()));
        for (a, b) in alone.iter().zip(&out[8 * k..]) {
            assert!((a - b).abs() < 0.1 * largest, "{a} {b}");
        }
    }
    let patches = 26u32 * 26;
    let plain = f64::from(patches) * one.costs().multiply.time;
    let replicated = f64::from(patches.div_ceil(3)) * three.costs().multiply.time;
    assert!((plain / replicated - 3.0).abs() < 0.05, "{}", plain / replicated);
}
