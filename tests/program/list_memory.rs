//! Networks with lists of synapses, as far as they take memory.

use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::Path;
use std::process::Command;

use serde_json::Value;

const NEURONS: u32 = 2048;
const TARGETS: u32 = 512;

/// Most memory that a whole run may take for a synapse [bytes], beside what it takes without synapses.
const MOST: f64 = 16.0;

/// A list of synapses of few weights, in the order of their sources or in none; of `targets` each.
fn write_list(path: &Path, targets: u32, is_sorted: bool) -> std::io::Result<()> {
    let mut out = BufWriter::new(File::create(path)?);
    writeln!(out, "source,target,weight")?;
    for at in 0..NEURONS * targets {
        // Odd factors go through all numbers below a power of two.
        let at = if is_sorted { at } else { at.wrapping_mul(0x9E37_79B1) % (NEURONS * targets) };
        let target = (at.wrapping_mul(0x85EB_CA6B) >> 7) % NEURONS;
        writeln!(out, "{},{target},{}", at / targets, f64::from(target % 200) / 64.0)?;
    }
    out.flush()
}

/// The most memory that a run took [bytes], where the system tells it.
fn peak(folder: &Path, out: &str) -> Option<u64> {
    let run = ["run", "net.yaml", "--chip", "chip.yaml", "--out", out];
    let mut program = Command::new(env!("CARGO_BIN_EXE_spikeloom"));
    let output = program.current_dir(folder).args(run).output().expect("the program starts");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let host = std::fs::read_to_string(folder.join(out).join("host.json")).expect("it is written");
    serde_json::from_str::<Value>(&host).expect("JSON")["peak_memory_bytes"].as_u64()
}

#[test]
fn a_listed_synapse_takes_few_bytes_in_the_whole_run() {
    let folder = tempfile::tempdir().expect("a folder");
    let at = folder.path();
    // Few fire: what is under way in a step is another matter.
    let network = format!(
        "steps: 10\n\
         network:\n  \
           populations:\n    \
             - name: a\n      \
               neurons: {NEURONS}\n      \
               model: {{integrate-fire: {{threshold: 1e9}}}}\n      \
               parts: [{{neurons: [0, 63], model: {{integrate-fire: {{bias: 0.4}}}}}}]\n  \
           projections: [{{from: a, to: a, pattern: {{list: {{file: list.csv}}}}}}]\n"
    );
    let chip = "topology: {mesh: {size: [8, 8]}}\ncores: {neurons: 32}\n";
    std::fs::write(at.join("net.yaml"), network).expect("it is written");
    std::fs::write(at.join("chip.yaml"), chip).expect("it is written");
    let run = |targets, is_sorted, out| {
        write_list(&at.join("list.csv"), targets, is_sorted).expect("there is room for it");
        peak(at, out)
    };
    let Some(base) = run(0, true, "base") else { return };
    for (is_sorted, out) in [(true, "sorted"), (false, "shuffled")] {
        let Some(peak) = run(TARGETS, is_sorted, out) else { return };
        let found = (peak as f64 - base as f64) / f64::from(NEURONS * TARGETS);
        assert!(found < MOST, "{found:.1} bytes per synapse, {out}");
    }
}
