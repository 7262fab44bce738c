//! How the run went on the machine it ran on: what differs from run to run.

use serde::Serialize;

/// `host.json`.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct HostReport {
    /// Threads used.
    pub threads: usize,
    /// Reading and compiling the input [s].
    pub load_seconds: f64,
    /// Simulating [s].
    pub run_seconds: f64,
    /// Simulated cycles per second.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cycles_per_second: Option<f64>,
    /// Link traversals of flits per second.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub flit_hops_per_second: Option<f64>,
    /// Steps of a spiking network per second.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub steps_per_second: Option<f64>,
    /// Time of a spiking network's neurons over the time that it took to simulate them: 1 and more is real time.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub real_time_factor: Option<f64>,
    /// Synaptic events per second.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub synaptic_events_per_second: Option<f64>,
    /// Most memory that the process ever held [bytes]; absent where the system does not tell.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub peak_memory_bytes: Option<u64>,
}

impl HostReport {
    /// The report of a run of `cycles` and `flit_hops`.
    pub fn new(threads: usize, load_seconds: f64, run_seconds: f64, (cycles, flit_hops): (u64, u64)) -> Self {
        let per_second = |count: u64| (run_seconds > 0.0).then(|| count as f64 / run_seconds);
        Self {
            threads,
            load_seconds,
            run_seconds,
            cycles_per_second: per_second(cycles),
            flit_hops_per_second: per_second(flit_hops),
            steps_per_second: None,
            real_time_factor: None,
            synaptic_events_per_second: None,
            peak_memory_bytes: peak_memory_bytes(),
        }
    }

    /// The report of a spiking network's run of `steps` and `synaptic_events`.
    pub fn of_network(
        threads: usize,
        load_seconds: f64,
        run_seconds: f64,
        (steps, events): (u64, u64),
    ) -> Self {
        let per_second = |count: u64| (run_seconds > 0.0).then(|| count as f64 / run_seconds);
        Self {
            cycles_per_second: None,
            flit_hops_per_second: None,
            steps_per_second: per_second(steps),
            synaptic_events_per_second: per_second(events),
            ..Self::new(threads, load_seconds, run_seconds, (0, 0))
        }
    }

    /// The same of a network whose neurons lived for `seconds` of their own time.
    #[must_use]
    pub fn lived(self, seconds: f64) -> Self {
        let factor = (self.run_seconds > 0.0).then(|| seconds / self.run_seconds);
        Self { real_time_factor: factor, ..self }
    }

    /// The text of `host.json`.
    pub fn to_json(&self) -> String {
        let mut text = serde_json::to_string_pretty(self).unwrap_or_default();
        text.push('\n');
        text
    }
}

/// The high-water mark of resident memory, as Linux tells it.
fn peak_memory_bytes() -> Option<u64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    let kilobytes: u64 = line.trim().strip_suffix("kB")?.trim().parse().ok()?;
    kilobytes.checked_mul(1024)
}
