//! Instructions per flit-hop: a guard against regressions that does not depend on how busy the machine is.
//!
//! Runs itself under `valgrind --tool=callgrind`, twice for each case, so that building the chip and
//! filling it cancel out, and fails if a flit-hop costs more than its budget. Without valgrind it says so
//! and measures nothing. `instructions run SIDE RATE CYCLES THREADS` runs one case and prints its speed.

mod chip;

use std::process::{Command, ExitCode};
use std::time::Instant;

/// Side of a square mesh, flits per node and cycle, cycles to compare, most instructions per flit-hop.
const CASES: [(u32, f64, u64, f64); 3] =
    [(8, 0.2, 4_000, 540.0), (8, 0.004, 40_000, 850.0), (16, 0.106, 1_000, 460.0)];

/// Cycles that fill the network before the measured ones.
const WARM_UP: u64 = 1_000;

fn main() -> ExitCode {
    let words: Vec<String> = std::env::args().skip(1).filter(|word| !word.starts_with("--")).collect();
    if words.first().is_some_and(|word| word == "run") {
        let number =
            |at: usize, default: f64| words.get(at).map_or(default, |word| word.parse().expect("a number"));
        run(number(1, 8.0) as u32, number(2, 0.2), number(3, 20_000.0) as u64, number(4, 1.0) as usize);
        return ExitCode::SUCCESS;
    }
    if Command::new("valgrind").arg("--version").output().is_err() {
        println!("valgrind is not installed: no instructions are counted");
        return ExitCode::SUCCESS;
    }
    let dear = CASES.into_iter().filter(|&(side, rate, cycles, budget)| {
        let (short, long) = (count(side, rate, cycles), count(side, rate, 2 * cycles));
        let cost = (long.0 - short.0) as f64 / (long.1 - short.1) as f64;
        println!("{side}x{side} at {rate}: {cost:.0} instructions per flit-hop, budget {budget}");
        cost > budget
    });
    if dear.count() == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

/// Simulates one case and prints flit-hops and speed.
fn run(side: u32, rate: f64, cycles: u64, threads: usize) {
    let (mut network, mut parts) = chip::mesh(side, rate, threads);
    network.run(&mut parts, WARM_UP);
    let before: u64 = network.tally().port_flits.iter().sum();
    let start = Instant::now();
    network.run(&mut parts, WARM_UP + cycles);
    let seconds = start.elapsed().as_secs_f64();
    let hops = network.tally().port_flits.iter().sum::<u64>() - before;
    println!(
        "{hops} flit-hops, {:.0} cycles/s, {:.1} ns per flit-hop",
        cycles as f64 / seconds,
        seconds * 1e9 / hops as f64
    );
}

/// Instructions and flit-hops of one case.
fn count(side: u32, rate: f64, cycles: u64) -> (u64, u64) {
    let this = std::env::current_exe().expect("this program has a path");
    let output = Command::new("valgrind")
        .args(["--tool=callgrind", "--callgrind-out-file=/dev/null"])
        .arg(this)
        .args(["run", &side.to_string(), &rate.to_string(), &cycles.to_string()])
        .output()
        .expect("valgrind runs");
    let (text, log) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    let hops = text.split(' ').next().and_then(|word| word.parse().ok());
    let collected = log.lines().find_map(|line| line.split_once("Collected : "));
    let instructions = collected.and_then(|(_, number)| number.trim().parse().ok());
    instructions.zip(hops).unwrap_or_else(|| panic!("callgrind said nothing of use:\n{text}{log}"))
}
