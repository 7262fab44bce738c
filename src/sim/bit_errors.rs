//! Bit errors on links against closed forms.

use super::*;
use crate::fabric::{LinkParams, Topology};
use crate::noc::engine::Transmission;
use crate::noc::route::DimensionOrder;
use crate::workload::traffic::{Closed, PacketFlits, Pattern, TrafficParams};

const TERMS: Transmission =
    Transmission { bit_error_rate: 2e-3, flit_bits: 32, crc_bits: 8, max_retries: 8, seed: 3 };

/// Cycles of measurement.
const MEASURED: u64 = 100_000;

/// A mesh under dimension order with bit errors.
fn run(
    size: &[u32],
    terms: Option<&Transmission>,
    params: &TrafficParams,
    latency: u16,
    threads: usize,
) -> Outcome {
    let link = LinkParams { latency, ..LinkParams::default() };
    let fabric = Topology::Mesh { size: size.to_vec() }.build(&link).expect("a small mesh");
    let (health, router) = (Health::perfect(&fabric), RouterParams::default());
    let routing = Routing::from(DimensionOrder::new(size, &[false; 2], &[0, 1], router.vcs));
    let job = Job {
        fabric: &fabric,
        health: &health,
        routing: &routing,
        epochs: &[],
        transients: terms,
        router: &router,
        fidelity: Fidelity::Cycle,
        seed: 1,
        threads,
        keep_log: true,
    };
    let none = |_: &std::path::Path| Err(std::io::ErrorKind::NotFound.into());
    let source = params.compile(&fabric, &none, 5).expect("valid traffic");
    let windows = Windows { warmup: 0, measure: Some(MEASURED), drain_limit: 10_000 };
    job.run(source, windows, &mut Control::none()).expect("balanced books")
}

/// Within four standard errors of `count` trials of probability `expected`.
fn assert_share(found: u64, count: u64, expected: f64, what: &str) {
    let share = found as f64 / count as f64;
    let error = (expected * (1.0 - expected) / count as f64).sqrt();
    assert!((share - expected).abs() < 4.0 * error, "{what}: {share} instead of {expected} ± {error}");
}

/// Packets of one flit between two neighbours, so few that none waits for another one. A flit is damaged and
/// noticed with probability d, damaged and not noticed with probability u: it is sent again k times or more with
/// probability d^k, each time 2 · latency + 1 cycles later; it is given up with probability d^(r + 1) for r
/// retries, and delivered damaged with probability u (1 − d^(r + 1)) / (1 − d).
#[test]
fn retransmissions_follow_the_geometric_law() {
    let params = TrafficParams {
        pattern: Some(Pattern::BitComplement),
        rate: Some(0.01),
        packet_flits: Some(PacketFlits::Fixed(1)),
        ..TrafficParams::default()
    };
    for (bit_error_rate, crc_bits, max_retries, latency) in
        [(2e-3, 8, 8, 1), (1e-2, 2, 1, 3), (1e-2, 0, 4, 1), (2e-2, 8, 2, 2)]
    {
        let terms = Transmission { bit_error_rate, crc_bits, max_retries, ..TERMS };
        let outcome = run(&[2, 1], Some(&terms), &params, latency, 1);
        let bits = 32.0 + f64::from(crc_bits);
        let damage = 1.0 - (1.0 - bit_error_rate).powf(bits);
        assert!((terms.damage() / damage - 1.0).abs() < 1e-12);
        let u = damage * 0.5f64.powi(crc_bits.into());
        let (d, retries) = (damage - u, i32::from(max_retries));
        let said = format!("{terms:?}");
        let sent = outcome.packets.created;
        let lost = d.powi(retries + 1);
        assert_share(outcome.losses.of(crate::noc::loss::Cause::BitErrors), sent, lost, &said);
        assert_share(outcome.corrupted, sent, u * (1.0 - lost) / (1.0 - d), &said);
        // Per flit: mean d (1 − d^r) / (1 − d); the variance is below that of the untruncated law, d / (1 − d)².
        let mean = d * (1.0 - d.powi(retries)) / (1.0 - d);
        let (found, error) =
            (outcome.retransmitted as f64 / sent as f64, (d / (1.0 - d).powi(2) / sent as f64).sqrt());
        assert!((found - mean).abs() <= 4.0 * error, "{said}: {found} instead of {mean}");
        let resent = outcome.loads.link_resent.as_ref().expect("there are bit errors");
        assert_eq!(resent.iter().sum::<u64>(), outcome.retransmitted);
        // Every packet that arrives is late by a whole number of attempts.
        let log = outcome.log.as_ref().expect("a log was kept");
        let (zero, attempt) = (11 + u64::from(latency), 2 * u64::from(latency) + 1);
        let extra = |packet: &crate::noc::engine::PacketRecord| packet.tail_ejected - packet.created - zero;
        let free = log.iter().filter(|packet| extra(packet).is_multiple_of(attempt)).count();
        assert!(free as f64 > 0.95 * log.len() as f64, "{said}: {free} of {}", log.len());
        // Those that were given up took all retries; the others took the rest, and hardly ever waited besides.
        let given_up = sent - outcome.packets.delivered;
        let resent = outcome.retransmitted - given_up * u64::from(max_retries);
        let (least, found) = (resent * attempt, log.iter().map(extra).sum::<u64>());
        assert!(
            (least..=least + least / 10 + 20).contains(&found),
            "{said}: {found} cycles instead of {least}"
        );
    }
}

/// Twice as many links, twice as many retransmissions: uniform traffic on a mesh, per hop.
#[test]
fn every_hop_is_a_trial() {
    let params = TrafficParams { rate: Some(0.1), ..TrafficParams::default() };
    let outcome = run(&[4, 4], Some(&TERMS), &params, 1, 1);
    let d = TERMS.damage() * (1.0 - TERMS.unnoticed());
    let mean = d / (1.0 - d);
    let found = outcome.retransmitted as f64 / outcome.flit_hops() as f64;
    let error = (d / (1.0 - d).powi(2) / outcome.flit_hops() as f64).sqrt();
    assert!((found - mean).abs() < 4.0 * error, "{found} instead of {mean}");
}

#[test]
fn threads_do_not_change_what_is_damaged() {
    let long = TrafficParams {
        rate: Some(0.25),
        packet_flits: Some(PacketFlits::Fixed(4)),
        closed: Some(Closed { outstanding: 2, reply_flits: 3, ..Closed::default() }),
        ..TrafficParams::default()
    };
    let terms = Transmission { bit_error_rate: 1e-2, crc_bits: 3, max_retries: 1, ..TERMS };
    let alone = run(&[4, 4], Some(&terms), &long, 1, 1);
    assert!(alone.corrupted > 50 && alone.packets.lost > 50 && alone.ending == Ending::Complete);
    assert!(alone == run(&[4, 4], Some(&terms), &long, 1, 3));
}

#[test]
fn a_rate_of_zero_changes_nothing() {
    let params = TrafficParams { rate: Some(0.3), ..TrafficParams::default() };
    let none = Transmission { bit_error_rate: 0.0, ..TERMS };
    assert!(run(&[4, 4], Some(&none), &params, 1, 1) == run(&[4, 4], None, &params, 1, 1));
}
