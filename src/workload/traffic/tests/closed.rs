//! Closed loops, and splitting for threads.

use std::cmp::Reverse;
use std::collections::BinaryHeap;

use super::super::is_reply;
use super::*;
use crate::noc::source::Delivery;

/// A packet that reached its destination.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Arrival {
    at: u64,
    src: u32,
    dst: u32,
    tag: u32,
    created: u64,
}

/// A network in which every packet takes `latency` cycles: what arrives before `end`, in order of time.
/// `parts` are sources with their first nodes; a node may have several packets promised for later.
fn run(mut parts: Vec<(u32, TrafficSource)>, nodes: u32, latency: u64, end: u64) -> Vec<Arrival> {
    #[derive(PartialEq, Eq, PartialOrd, Ord)]
    enum Event {
        Arrives(Arrival),
        Creates { src: u32 },
    }
    let mut queue = BinaryHeap::new();
    let mut arrivals = Vec::new();
    let ask = |parts: &mut Vec<(u32, TrafficSource)>, src: u32| {
        let part = parts.iter().rposition(|&(first, _)| first <= src).unwrap();
        parts[part].1.next(NodeId(src))
    };
    let mut pending: Vec<Vec<Offer>> = vec![Vec::new(); nodes as usize];
    for src in 0..nodes {
        if let Some(offer) = ask(&mut parts, src) {
            pending[src as usize].push(offer);
            queue.push(Reverse((offer.at, Event::Creates { src })));
        }
    }
    while let Some(Reverse((now, event))) = queue.pop().filter(|Reverse((now, _))| *now < end) {
        let (asks, after) = match event {
            Event::Creates { src } => {
                let due = pending[src as usize].iter().position(|offer| offer.at == now).unwrap();
                let Offer { dst, tag, .. } = pending[src as usize].remove(due);
                let arrival = Arrival { at: now + latency, src, dst: dst.0, tag, created: now };
                queue.push(Reverse((arrival.at, Event::Arrives(arrival))));
                (Some(src), 0)
            }
            Event::Arrives(arrival) => {
                arrivals.push(arrival);
                let Arrival { at, src, dst, tag, .. } = arrival;
                let part = parts.iter().rposition(|&(first, _)| first <= dst).unwrap();
                let delivery = Delivery { src: NodeId(src), dst: NodeId(dst), tag, injected: at, at };
                (parts[part].1.delivered(delivery).then_some(dst), 1)
            }
        };
        if let Some(src) = asks
            && let Some(offer) = ask(&mut parts, src)
        {
            assert!(offer.at >= now + after, "an offer in the past");
            pending[src as usize].push(offer);
            queue.push(Reverse((offer.at, Event::Creates { src })));
        }
    }
    arrivals
}

fn closed(yaml: &str, latency: u64, end: u64) -> Vec<Arrival> {
    run(vec![(0, source(yaml, &mesh(&[4, 4]), 6))], 16, latency, end)
}

#[test]
fn one_request_at_a_time_goes_round_with_the_loop() {
    let yaml = "{pattern: bit-complement, closed: {outstanding: 1, reply_flits: 3, service_cycles: 10}}";
    let arrivals = closed(yaml, 25, 10_000);
    // There 25, one cycle, service 10, back 25, one cycle.
    for (round, arrival) in arrivals.iter().filter(|a| a.src == 2 && !is_reply(a.tag)).enumerate() {
        assert_eq!((arrival.created, arrival.dst, arrival.tag), (62 * round as u64, 13, round as u32));
    }
    assert_eq!(arrivals.iter().filter(|a| a.src == 2 && !is_reply(a.tag)).count(), 161);
}

/// Every request is answered once, in time, with its own number, and no window is overrun.
fn check_loop(yaml: &str, latency: u64, service: u64, outstanding: usize) -> Vec<Arrival> {
    let arrivals = closed(yaml, latency, 20_000);
    let mut open: BTreeMap<(u32, u32), Arrival> = BTreeMap::new();
    let mut in_flight: BTreeMap<u32, Vec<(u64, i32)>> = BTreeMap::new();
    for &arrival in &arrivals {
        if is_reply(arrival.tag) {
            let request = open.remove(&(arrival.dst, arrival.tag & !(1 << 31))).expect("a reply to nothing");
            assert_eq!((arrival.src, arrival.created), (request.dst, request.at + 1 + service), "{yaml}");
            in_flight.entry(arrival.dst).or_default().push((arrival.at, -1));
        } else {
            open.insert((arrival.src, arrival.tag), arrival);
            in_flight.entry(arrival.src).or_default().push((arrival.created, 1));
        }
    }
    for (node, mut events) in in_flight {
        events.sort_unstable();
        let levels = events.iter().scan(0, |level, (_, change)| {
            *level += change;
            Some(*level)
        });
        let most = levels.max().unwrap() as usize;
        assert!(most <= outstanding, "{yaml}: node {node} had {most} requests in flight");
    }
    assert!(!arrivals.is_empty());
    arrivals
}

#[test]
fn windows_hold_and_every_request_is_answered() {
    let yaml = |rest: &str| format!("{{closed: {{outstanding: 3, service_cycles: 40}}{rest}}}");
    let full = check_loop(&yaml(""), 30, 40, 3);
    let sent = |arrivals: &[Arrival]| arrivals.iter().filter(|a| !is_reply(a.tag)).count() as f64;
    // Three requests per node and round trip of 102 cycles.
    assert!((sent(&full) / (16.0 * 20_000.0 * 3.0 / 102.0) - 1.0).abs() < 0.02, "{}", sent(&full));
    // A light load hardly meets its window: the rate is the process's.
    let light = check_loop(&yaml(", rate: 0.002"), 30, 40, 3);
    assert!((sent(&light) / (16.0 * 20_000.0 * 0.002) - 1.0).abs() < 0.15, "{}", sent(&light));
    check_loop(&yaml(", rate: 0.1, process: {on-off: {alpha: 0.01, beta: 0.04}}"), 30, 40, 3);
    check_loop(&yaml(", process: {periodic: {period: 10, stagger: 3}}"), 30, 40, 3);
}

#[test]
fn a_stalled_bernoulli_process_goes_on_where_it_stopped() {
    // One request at a time: a cycle is the round trip plus a geometric pause of mean (1 − p) / p.
    let arrivals = check_loop("{rate: 0.02, closed: {outstanding: 1}}", 15, 0, 1);
    let sent = arrivals.iter().filter(|a| !is_reply(a.tag)).count() as f64;
    let expected = 16.0 * 20_000.0 / (32.0 + 49.0);
    assert!((sent / expected - 1.0).abs() < 0.04, "{sent} requests, expected {expected}");
}

#[test]
fn a_batch_window_is_a_loop_of_acknowledgements() {
    let arrivals = check_loop("mode: {batch: {packets: 30, outstanding: 2}}", 10, 0, 2);
    assert_eq!(arrivals.len(), 16 * 30 * 2);
    assert_eq!(arrivals, closed("{mode: {batch: {packets: 30}}, closed: {outstanding: 2}}", 10, 20_000));
}

#[test]
fn replies_outlive_the_end_of_traffic() {
    let mut whole = source("closed: {outstanding: 4}", &mesh(&[4, 4]), 6);
    whole.stop_at(1000);
    let arrivals = run(vec![(0, whole)], 16, 50, 20_000);
    let requests = arrivals.iter().filter(|a| !is_reply(a.tag));
    assert!(requests.clone().all(|a| a.created < 1000));
    assert_eq!(requests.count() * 2, arrivals.len());
}

#[test]
fn splitting_changes_no_packet() {
    let chip = mesh(&[8, 8]);
    let trace = "0,1,2,1\n0,60,3,2\n0,21,9,1\n3,20,0,5\n7,1,0,5\n9,21,0,1\n";
    let files = in_memory(&[("t.csv", trace.as_bytes()), ("m.csv", b"20,1,1\n21,2,3\n63,0,2\n")]);
    for yaml in [
        "rate: 0.3",
        "{pattern: hotspot, packet_flits: [{flits: 1, weight: 1}, {flits: 4, weight: 2}]}",
        "{pattern: {matrix: {file: m.csv}}, rate: 0.01}",
        "process: on-off",
        "process: {periodic: {period: 9, stagger: 2}}",
        "process: burst",
        "trace: t.csv",
    ] {
        let compile = || params(yaml).compile(&chip, &files, 3).unwrap();
        let mut whole = compile();
        let expected: Vec<Vec<Offer>> = (0..64).map(|node| offers(&mut whole, node, 40)).collect();
        let mut low = compile();
        low.stop_at(u64::MAX);
        // Some nodes have sent already when the split comes.
        let mut early: Vec<Vec<Offer>> =
            (0..64).map(|node| offers(&mut low, node, node as usize % 3)).collect();
        let mut high = low.split(NodeId(21));
        let mut top = high.split(NodeId(60));
        for node in (0..64u32).rev() {
            let part = if node < 21 {
                &mut low
            } else if node < 60 {
                &mut high
            } else {
                &mut top
            };
            let first = early[node as usize].len();
            early[node as usize].extend(offers(part, node, 40 - first));
        }
        assert_eq!(early, expected, "{yaml}");
    }
}

#[test]
fn a_split_loop_is_the_same_loop() {
    for yaml in ["{rate: 0.05, closed: {outstanding: 2, service_cycles: 7}}", "closed: {outstanding: 5}"] {
        let make = || source(yaml, &mesh(&[4, 4]), 6);
        let expected = run(vec![(0, make())], 16, 20, 5000);
        let mut low = make();
        let high = low.split(NodeId(5));
        let mut found = run(vec![(0, low), (5, high)], 16, 20, 5000);
        found.sort_unstable();
        let mut expected = expected;
        expected.sort_unstable();
        assert_eq!(found, expected, "{yaml}");
    }
}
