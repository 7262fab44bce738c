//! What the engine asks of memory: nothing per cycle once it runs evenly, and little in all.

#![allow(unsafe_code, reason = "a counting allocator forwards to the system's")]

use std::alloc::{GlobalAlloc, Layout, System};
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

use spikeloom::fabric::{Health, LinkParams, Topology};
use spikeloom::noc::engine::{Network, Run};
use spikeloom::noc::params::RouterParams;
use spikeloom::noc::route::{DimensionOrder, Routing};
use spikeloom::workload::traffic::{TrafficParams, TrafficSource};

static ALLOCATIONS: AtomicUsize = AtomicUsize::new(0);
static HELD: AtomicUsize = AtomicUsize::new(0);
static MOST_HELD: AtomicUsize = AtomicUsize::new(0);

/// One test at a time: the counters are the whole program's.
static TURN: Mutex<()> = Mutex::new(());

struct Counting;

// SAFETY: every call is passed on to the system's allocator unchanged.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        ALLOCATIONS.fetch_add(1, Ordering::Relaxed);
        let held = HELD.fetch_add(layout.size(), Ordering::Relaxed) + layout.size();
        MOST_HELD.fetch_max(held, Ordering::Relaxed);
        // SAFETY: as the caller promised.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, memory: *mut u8, layout: Layout) {
        HELD.fetch_sub(layout.size(), Ordering::Relaxed);
        // SAFETY: as the caller promised.
        unsafe { System.dealloc(memory, layout) }
    }
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

fn mesh(side: u32, rate: f64, params: &RouterParams) -> (Network, Vec<TrafficSource>) {
    let size = vec![side; 2];
    let routing = Routing::from(DimensionOrder::new(&size, &[false; 2], &[0, 1], params.vcs));
    let fabric = Topology::Mesh { size }.build(&LinkParams::default()).expect("a valid mesh");
    let (health, run) = (Health::perfect(&fabric), Run { seed: 1, threads: 1 });
    let network = Network::new(&fabric, &health, routing, params, run).expect("valid parameters");
    let text = format!("{{pattern: uniform, rate: {rate}, packet_flits: 1}}");
    let traffic: TrafficParams = serde_yaml::from_str(&text).expect("valid traffic");
    let files = |_: &std::path::Path| Err(std::io::ErrorKind::NotFound.into());
    let parts = network.deal(traffic.compile(&fabric, &files, 1).expect("uniform fits any chip"));
    (network, parts)
}

#[test]
fn a_cycle_allocates_nothing() {
    let _turn = TURN.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
    let (mut network, mut parts) = mesh(8, 0.2, &RouterParams::default());
    // Work lists grow to the longest they have ever been, and the calendar of idle nodes goes round once in
    // 1024 cycles.
    network.run(&mut parts, 40_000);
    let before = ALLOCATIONS.load(Ordering::Relaxed);
    network.run(&mut parts, 44_000);
    assert_eq!(ALLOCATIONS.load(Ordering::Relaxed) - before, 0, "allocations in 4000 cycles");
}

#[test]
fn a_large_chip_fits_into_200_mb() {
    let _turn = TURN.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
    MOST_HELD.store(HELD.load(Ordering::Relaxed), Ordering::Relaxed);
    let (mut network, mut parts) = mesh(64, 0.0265, &RouterParams::default());
    network.run(&mut parts, 300);
    assert!(network.tally().delivered > 10_000);
    let most = MOST_HELD.load(Ordering::Relaxed) as f64 / 1e6;
    assert!(most < 200.0, "{most:.0} MB");
}

/// A million routers: seconds and gigabytes, so only on request.
#[test]
#[ignore = "takes 4 GB"]
fn a_million_routers_load_and_step() {
    let _turn = TURN.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
    MOST_HELD.store(HELD.load(Ordering::Relaxed), Ordering::Relaxed);
    let params = RouterParams { vcs: 1, buffer_flits: 4, ..RouterParams::default() };
    let (mut network, mut parts) = mesh(1024, 0.0005, &params);
    network.run(&mut parts, 100);
    let flits: u64 = network.tally().port_flits.iter().sum();
    assert!(flits > 500_000, "{flits} flit-hops");
    println!("{:.0} MB", MOST_HELD.load(Ordering::Relaxed) as f64 / 1e6);
}
