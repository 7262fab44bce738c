//! When packets are created.

use super::super::OnOff;
use super::super::dice::Dice;
use super::super::law::Law;
use super::*;

const CYCLES: u64 = 200_000;

/// Cycles of creation of every node's packets before [`CYCLES`].
fn times(yaml: &str, nodes: u32) -> Vec<Vec<u64>> {
    let mut source = source(yaml, &mesh(&[nodes]), 11);
    source.stop_at(CYCLES);
    (0..nodes)
        .map(|node| offers(&mut source, node, usize::MAX).iter().map(|offer| offer.at).collect())
        .collect()
}

/// Counts of `gaps` in bins 1, 2, …, `bins` − 1, `bins` and more.
fn binned(gaps: impl Iterator<Item = u64>, bins: usize) -> Vec<f64> {
    let mut counts = vec![0.0; bins];
    gaps.for_each(|gap| counts[(gap as usize - 1).min(bins - 1)] += 1.0);
    counts
}

fn gaps(times: &[Vec<u64>]) -> impl Iterator<Item = u64> {
    times.iter().flat_map(|times| times.windows(2).map(|pair| pair[1] - pair[0]))
}

/// Expected counts for [`binned`] from the probabilities that a gap exceeds 0, 1, 2, ….
fn expected(survival: impl Fn(usize) -> f64, bins: usize, total: f64) -> Vec<f64> {
    let share = |bin| if bin + 1 == bins { survival(bin) } else { survival(bin) - survival(bin + 1) };
    (0..bins).map(|bin| total * share(bin)).collect()
}

#[test]
fn bernoulli_gaps_are_geometric() {
    for rate in [0.02, 0.2, 0.9] {
        let times = times(&format!("rate: {rate}"), 8);
        let bins = (4.0 / rate) as usize;
        let counts = binned(gaps(&times), bins);
        let total = counts.iter().sum();
        let survival = |gap| (1.0f64 - rate).powi(gap as i32);
        assert_distributed(&counts, &expected(survival, bins, total), &format!("gaps at rate {rate}"));
        let packets = times.iter().map(Vec::len).sum::<usize>() as f64;
        let (trials, deviation) = (8.0 * CYCLES as f64, (8.0 * CYCLES as f64 * rate * (1.0 - rate)).sqrt());
        assert!((packets - trials * rate).abs() < 3.3 * deviation, "{packets} packets at rate {rate}");
    }
}

#[test]
fn the_first_cycle_is_like_any_other() {
    let nodes = 4096;
    let mut source = source("rate: 0.3", &mesh(&[64, 64]), 2);
    let first = (0..nodes).map(|node| source.next(NodeId(node)).unwrap().at + 1);
    let counts = binned(first, 12);
    let survival = |gap| 0.7f64.powi(gap as i32);
    assert_distributed(&counts, &expected(survival, 12, f64::from(nodes)), "first packets");
}

#[test]
fn a_full_rate_sends_in_every_cycle() {
    let times = times("{rate: 4, packet_flits: 4}", 2);
    assert!(times[1].iter().copied().eq(0..CYCLES));
}

#[test]
fn packets_of_a_mix_keep_the_rate_in_flits() {
    let yaml = "{rate: 0.3, packet_flits: [{flits: 1, weight: 3}, {flits: 9, weight: 1}]}";
    let mut source = source(yaml, &mesh(&[8]), 3);
    source.stop_at(CYCLES);
    let all: Vec<Offer> = (0..8).flat_map(|node| offers(&mut source, node, usize::MAX)).collect();
    let long = all.iter().filter(|offer| offer.flits == 9).count() as f64;
    let total = all.len() as f64;
    assert_distributed(&[total - long, long], &[0.75 * total, 0.25 * total], "lengths");
    // Packets of mean length 3 at 0.1 per cycle; the variance of a cycle's flits is E[l²]/10 − 0.09.
    let flits: f64 = all.iter().map(|offer| f64::from(offer.flits)).sum();
    let (mean, variance) = (8.0 * CYCLES as f64 * 0.3, 8.0 * CYCLES as f64 * (2.1 - 0.09));
    assert!((flits - mean).abs() < 3.3 * variance.sqrt(), "{flits} flits, expected {mean}");
}

/// P(no packet in `n` cycles) by stepping the chain that [`OnOff`] describes, starting from `on`.
fn on_off_survival(on_off: &OnOff, sending: f64, on: f64, n: usize) -> f64 {
    let OnOff { alpha, beta } = *on_off;
    let step = |(on, off): (f64, f64)| {
        (((1.0 - beta) * on + alpha * off) * (1.0 - sending), beta * on + (1.0 - alpha) * off)
    };
    let (on, off) = (0..n).fold((on, 1.0 - on), |state, _| step(state));
    on + off
}

const ON_OFF: [(f64, f64, f64); 5] =
    [(0.0125, 0.05, 0.1), (0.01, 0.01, 0.5), (0.3, 0.6, 0.05), (0.5, 0.5, 0.4), (0.001, 0.2, 0.004)];

#[test]
fn on_off_gaps_are_those_of_the_chain() {
    for (alpha, beta, rate) in ON_OFF {
        let on_off = OnOff { alpha, beta };
        let share = alpha / (alpha + beta);
        let sending = rate / share;
        let yaml = format!("{{rate: {rate}, process: {{on-off: {{alpha: {alpha}, beta: {beta}}}}}}}");
        let times = times(&yaml, 32);
        let counts = binned(gaps(&times), 12);
        let survival = |gap| on_off_survival(&on_off, sending, 1.0, gap);
        let expected = expected(survival, 12, counts.iter().sum());
        assert_distributed(&counts, &expected, &format!("gaps of {yaml}"));
    }
}

/// Variance per cycle of the number of packets: that of one cycle plus twice the covariances, which
/// fall off as (1 − α − β)ᵏ.
fn on_off_variance(alpha: f64, beta: f64, rate: f64) -> f64 {
    let (share, memory) = (alpha / (alpha + beta), 1.0 - alpha - beta);
    let sending = rate / share;
    rate * (1.0 - rate) + 2.0 * sending * sending * share * (1.0 - share) * memory / (alpha + beta)
}

#[test]
fn on_off_keeps_the_rate() {
    for (alpha, beta, rate) in ON_OFF {
        let yaml = format!("{{rate: {rate}, process: {{on-off: {{alpha: {alpha}, beta: {beta}}}}}}}");
        let packets = times(&yaml, 64).iter().map(Vec::len).sum::<usize>() as f64;
        let trials = 64.0 * CYCLES as f64;
        let deviation = (packets - trials * rate) / (trials * on_off_variance(alpha, beta, rate)).sqrt();
        assert!(deviation.abs() < 3.3, "{yaml}: {packets} packets, {deviation} standard deviations off");
    }
}

#[test]
fn on_off_starts_in_its_stationary_state() {
    let nodes = 65_536;
    for (alpha, beta, rate) in ON_OFF {
        let on_off = OnOff { alpha, beta };
        let share = alpha / (alpha + beta);
        let law = Law::on_off(&on_off, rate);
        let first = (0..nodes).map(|node| {
            let dice = Dice { seed: 5, node: NodeId(node), index: 0 };
            law.skip(dice, dice.throw().gap).unwrap() + 1
        });
        let counts = binned(first, 12);
        let survival = |n| on_off_survival(&on_off, rate / share, share, n);
        let expected = expected(survival, 12, f64::from(nodes));
        assert_distributed(&counts, &expected, &format!("first packets at {alpha}, {beta}, {rate}"));
    }
}

#[test]
fn periodic_packets_keep_their_distance() {
    let grid = times("process: {periodic: {period: 1000, phase: 7, stagger: 300}}", 5);
    for (node, first) in [7, 307, 607, 907, 207].into_iter().enumerate() {
        assert!(grid[node].iter().copied().eq((first..CYCLES).step_by(1000)), "node {node}");
    }
    // 0.3 packets per cycle: packet k in the cycle that contains k / 0.3.
    let thirds = times("{rate: 0.3, process: periodic}", 1);
    assert_eq!(thirds[0][..7], [0, 3, 6, 10, 13, 16, 20]);
    assert_eq!(thirds[0].len() as u64, CYCLES * 3 / 10);
}

#[test]
fn neurons_fire_in_order_within_their_tick() {
    let yaml = "process: {burst: {tick_cycles: 100, neurons: 20, spikes: 3, fan_out: 2, neuron_cycles: 4}}";
    let times = times(yaml, 16);
    let mut by_neuron = vec![0.0; 20];
    for at in times.iter().flatten() {
        assert_eq!(at % 100 % 4, 0, "a spike at {at} lies between two neurons");
        by_neuron[(at % 100 / 4) as usize] += 0.5;
    }
    // 2000 ticks of 16 nodes, each neuron with probability 0.15 in each.
    let (trials, share) = (16.0 * CYCLES as f64 / 100.0, 0.15);
    let chi2 = chi_squared(&by_neuron, &[trials * share; 20]) / (1.0 - share);
    assert!(chi2 < chi_squared_limit(20), "spikes by neuron: {chi2}");
}

#[test]
fn a_neuron_keeps_its_targets() {
    let yaml = "process: {burst: {tick_cycles: 50, neurons: 10, spikes: 5, fan_out: 3, neuron_cycles: 5}}";
    let mut source = source(yaml, &mesh(&[8, 8]), 1);
    let mut targets = BTreeMap::new();
    for spike in offers(&mut source, 9, 3000).chunks(3) {
        let to: Vec<NodeId> = spike.iter().map(|offer| offer.dst).collect();
        assert!(spike.iter().all(|offer| offer.at == spike[0].at), "a spike's packets leave together");
        assert_eq!(targets.entry(spike[0].at % 50).or_insert_with(|| to.clone()), &to);
    }
    assert_eq!(targets.len(), 10, "every neuron fired");
    assert!(targets.values().flatten().collect::<std::collections::BTreeSet<_>>().len() > 15);
}

#[test]
fn a_batch_ends() {
    let eager = times("mode: {batch: {packets: 500}}", 2);
    assert!(eager.iter().all(|times| times.iter().copied().eq(0..500)));
    let paced = times("{rate: 0.1, mode: {batch: {packets: 500}}}", 2);
    assert_eq!(paced[1].len(), 500);
    assert!(paced[1][499] > 3500, "the rate was ignored");
}
