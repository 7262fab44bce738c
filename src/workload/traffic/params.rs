//! What a workload file says under `traffic:`.

use std::path::PathBuf;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::process::MAX_CYCLES;
use super::schedule::{MEASURE_CYCLES, WARMUP_CYCLES};
use super::{
    Batch, Carriage, Closed, Mode, MulticastParams, PacketFlits, Pattern, Process, Schedule, choice,
};
use crate::base::{Problem, Problems};

/// Rate of open-loop traffic unless stated otherwise [flits/node/cycle].
pub const DEFAULT_RATE: f64 = 0.1;

/// Lowest rate that can be asked for [flits/node/cycle].
const MIN_RATE: f64 = 1e-9;

/// Synthetic traffic or a trace.
///
/// Traffic is a pattern (where to), a process with a rate (when) and packet lengths; a trace takes the
/// place of all four.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct TrafficParams {
    /// Where packets go. Default: `uniform`.
    #[serde(with = "choice", skip_serializing_if = "Option::is_none")]
    #[schemars(schema_with = "choice::schema::<Pattern>")]
    pub pattern: Option<Pattern>,
    /// Offered traffic, mean over all nodes [flits/node/cycle]; up to the mean packet length, that is one
    /// packet per cycle. Default: 0.1; in a closed loop and in batches as much as the process can.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rate: Option<f64>,
    /// Packet length [flits], one for all or a weighted mix. Default: 1.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub packet_flits: Option<PacketFlits>,
    /// When packets are created. Default: `bernoulli`.
    #[serde(with = "choice", skip_serializing_if = "Option::is_none")]
    #[schemars(schema_with = "choice::schema::<Process>")]
    pub process: Option<Process>,
    /// Packets from a CSV file, plain or gzipped, with lines `cycle,src,dst,flits` sorted by cycle.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub trace: Option<PathBuf>,
    /// Cycles before measurement begins. Default: 3000; 0 for traces and batches.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub warmup_cycles: Option<u64>,
    /// Cycles in which the packets are created that count. Default: 9000; all for traces and batches.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub measure_cycles: Option<u64>,
    /// Most cycles to wait, after the measurement, for measured packets that are still on their way.
    pub drain_limit_cycles: u64,
    /// What is measured.
    #[serde(with = "choice")]
    #[schemars(schema_with = "choice::schema::<Mode>")]
    pub mode: Mode,
    /// Send every packet to a group of nodes. Takes the place of `pattern`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub multicast: Option<MulticastParams>,
    /// Wait for replies before sending more. Absent: open loop.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub closed: Option<Closed>,
}

impl Default for TrafficParams {
    /// Uniform Bernoulli traffic of one-flit packets at 0.1 flits/node/cycle.
    fn default() -> Self {
        Self {
            pattern: None,
            rate: None,
            packet_flits: None,
            process: None,
            trace: None,
            warmup_cycles: None,
            measure_cycles: None,
            drain_limit_cycles: 100_000,
            mode: Mode::FixedRate,
            multicast: None,
            closed: None,
        }
    }
}

/// Generated traffic with every default filled in.
#[derive(Clone, Debug)]
pub(super) struct Generated {
    pub pattern: Pattern,
    pub lengths: PacketFlits,
    pub process: Process,
    /// Mean over all nodes [packets/node/cycle]; for processes that follow no rate, 0.
    pub packet_rate: f64,
    pub multicast: Option<MulticastParams>,
    pub closed: Option<Closed>,
    /// Packets (in a closed loop: requests) after which a node falls silent.
    pub limit: u64,
}

impl TrafficParams {
    /// The windows of a run. In saturation mode: of each of its runs.
    pub fn schedule(&self) -> Schedule {
        let finite = self.trace.is_some() || matches!(self.mode, Mode::Batch(_));
        Schedule {
            warmup: self.warmup_cycles.unwrap_or(if finite { 0 } else { WARMUP_CYCLES }),
            measure: self.measure_cycles.or((!finite).then_some(MEASURE_CYCLES)),
            drain_limit: self.drain_limit_cycles,
        }
    }

    /// The same traffic at `rate` [flits/node/cycle] in mode `fixed-rate`: one point of a search or sweep.
    #[must_use]
    pub fn at_rate(&self, rate: f64) -> Self {
        Self { rate: Some(rate), mode: Mode::FixedRate, ..self.clone() }
    }

    /// Mean packet length of generated traffic [flits].
    pub fn mean_flits(&self) -> f64 {
        self.packet_flits.as_ref().map_or(1.0, PacketFlits::mean)
    }

    /// Highest rate at which the process can offer packets [flits/node/cycle].
    pub fn max_rate(&self) -> f64 {
        self.mean_flits() * self.process.as_ref().map_or(1.0, Process::max_packet_rate)
    }

    /// Checks everything that depends on neither the chip nor a file.
    ///
    /// # Errors
    /// Values out of range, and fields that contradict each other: nothing that is written is ignored.
    pub fn validate(&self) -> Result<(), Problems> {
        let mut problems = Problems::new();
        if let Some(lengths) = &self.packet_flits {
            problems.absorb("packet_flits", lengths.validate());
        }
        if let Some(pattern) = &self.pattern {
            problems.absorb("pattern", pattern.validate());
        }
        if let Some(process) = &self.process {
            problems.absorb("process", process.validate());
        }
        if let Some(multicast) = &self.multicast {
            problems.absorb("multicast", multicast.validate());
            self.check_multicast(multicast, &mut problems);
        }
        if let Some(closed) = &self.closed {
            problems.absorb("closed", closed.validate());
        }
        problems.absorb("mode", self.mode.validate());
        self.check_windows(&mut problems);
        if self.trace.is_some() {
            self.check_trace(&mut problems);
        } else if problems.0.is_empty() {
            self.check_rate(&mut problems);
        }
        self.check_loop(&mut problems);
        problems.into_result(())
    }

    fn check_windows(&self, problems: &mut Problems) {
        let batch = matches!(self.mode, Mode::Batch(_));
        let windows = [("warmup_cycles", self.warmup_cycles, 0), ("measure_cycles", self.measure_cycles, 1)];
        for (name, cycles, least) in windows {
            if batch && cycles.is_some() {
                problems.push(contradiction(name, "a batch is measured from its first packet to its last"));
            }
            super::process::in_range(problems, name, cycles.unwrap_or(1), (least, MAX_CYCLES));
        }
        super::process::in_range(problems, "drain_limit_cycles", self.drain_limit_cycles, (0, MAX_CYCLES));
    }

    fn check_trace(&self, problems: &mut Problems) {
        let why = "the trace says when, where to and how long";
        let written = [
            ("pattern", self.pattern.is_some()),
            ("rate", self.rate.is_some()),
            ("packet_flits", self.packet_flits.is_some()),
            ("process", self.process.is_some()),
            ("multicast", self.multicast.is_some()),
            ("closed", self.closed.is_some()),
            ("mode", self.mode != Mode::FixedRate),
        ];
        for (name, _) in written.into_iter().filter(|&(_, written)| written) {
            problems.push(contradiction(name, why));
        }
    }

    fn check_multicast(&self, multicast: &MulticastParams, problems: &mut Problems) {
        if self.pattern.is_some() {
            problems.push(contradiction("pattern", "`multicast` says where packets go"));
        }
        if matches!(self.process, Some(Process::Burst(_))) {
            problems.push(contradiction("process", "spikes have targets of their own").allowed(
                "`bernoulli`, `on-off` or `periodic` for packets to groups; `fan_out` of the burst for spikes",
            ));
        }
        if self.closed.is_some() || matches!(self.mode, Mode::Batch(Batch { outstanding: Some(_), .. })) {
            problems.push(contradiction("multicast", "a group does not reply").allowed("an open loop"));
        }
        let single = self.packet_flits.as_ref().is_none_or(|lengths| *lengths == PacketFlits::Fixed(1));
        if multicast.carriage == Carriage::Tree && !single {
            let message =
                "routers copy packets of one flit only: longer ones could block each other at forks";
            problems.push(Problem::new("packet_flits", message).allowed("1, or `multicast: {as: unicast}`"));
        }
    }

    fn check_rate(&self, problems: &mut Problems) {
        let process = self.process.clone().unwrap_or_default();
        let searched = match &self.mode {
            Mode::Saturation(saturation) => Some(saturation.start),
            _ => None,
        };
        if searched.is_some() && self.rate.is_some() {
            problems.push(contradiction("rate", "the search for saturation chooses the rates"));
        }
        if !process.follows_rate() {
            if self.rate.is_some() {
                problems.push(contradiction("rate", "it follows from the parameters of the process"));
            }
            if searched.is_some() {
                problems.push(contradiction("process", "it sets the rate, which the search must choose"));
            }
            return;
        }
        let (path, rate) = match searched {
            Some(start) => ("mode.saturation.start", start),
            None => ("rate", self.effective_rate()),
        };
        if !(MIN_RATE..=self.max_rate()).contains(&rate) {
            let problem = Problem::new(path, format!("{rate} flits/node/cycle"));
            problems.push(problem.allowed(self.allowed_rates()));
        }
    }

    fn allowed_rates(&self) -> String {
        let why = match self.process {
            Some(Process::OnOff(_)) => "a node that is on sends at most one packet per cycle",
            _ => "at most one packet per node and cycle",
        };
        format!("{MIN_RATE:e} to {} ({why})", self.max_rate())
    }

    fn check_loop(&self, problems: &mut Problems) {
        let batch_window = matches!(self.mode, Mode::Batch(Batch { outstanding: Some(_), .. }));
        if batch_window && self.closed.is_some() {
            problems.push(contradiction("mode.batch.outstanding", "`closed` states the window"));
        }
        if self.closed.is_none() && !batch_window {
            return;
        }
        if matches!(self.mode, Mode::Saturation(_)) {
            problems.push(contradiction("closed", "a closed loop does not saturate: it slows down"));
        }
        if matches!(self.process, Some(Process::Burst(_))) {
            problems.push(
                contradiction("process", "spikes do not wait for replies")
                    .allowed("`bernoulli`, `on-off` or `periodic` in a closed loop"),
            );
        }
    }

    /// Whether nodes send as fast as they may unless a rate is stated.
    fn is_eager(&self) -> bool {
        self.closed.is_some() || matches!(self.mode, Mode::Batch(_))
    }

    /// The rate of processes that follow one [flits/node/cycle].
    fn effective_rate(&self) -> f64 {
        let default = || if self.is_eager() { self.max_rate() } else { DEFAULT_RATE };
        match (&self.mode, self.rate) {
            (Mode::Saturation(saturation), _) => saturation.start,
            (_, Some(rate)) => rate,
            (_, None) => default(),
        }
    }

    /// Valid parameters with every default filled in. Without meaning for traces.
    pub(super) fn generated(&self) -> Generated {
        let process = self.process.clone().unwrap_or_default();
        let rate = if process.follows_rate() { self.effective_rate() / self.mean_flits() } else { 0.0 };
        let (limit, acknowledged) = match &self.mode {
            Mode::Batch(batch) => (batch.packets, batch.outstanding),
            _ => (u64::MAX, None),
        };
        let window = |outstanding| Closed { outstanding, reply_flits: 1, service_cycles: 0 };
        Generated {
            pattern: self.pattern.clone().unwrap_or_default(),
            lengths: self.packet_flits.clone().unwrap_or_default(),
            process,
            packet_rate: rate,
            multicast: self.multicast.clone(),
            closed: self.closed.clone().or(acknowledged.map(window)),
            limit,
        }
    }
}

fn contradiction(path: &str, why: &str) -> Problem {
    Problem::new(path, format!("`{}` does not apply: {why}", path.rsplit('.').next().unwrap_or(path)))
}
