//! What moved when: the traffic of a run by stretches of time.

use std::ops::Range;

use serde::{Deserialize, Serialize};

use crate::fabric::Fabric;

/// Most frames of a timeline.
const MOST: usize = 48;

/// Counters that all frames together may take (32 bits each); larger networks get fewer frames.
const CELLS: usize = 1 << 22;

/// Frames below which a timeline is not worth having.
const FEWEST: usize = 8;

/// Width of a frame to begin with, where the length of the run is not known [cycles].
const FIRST_WIDTH: u64 = 16;

/// The flits that moved, by stretches of time of equal width: frame `k` covers the cycles
/// `k · width..(k + 1) · width`; the last may end earlier.
///
/// Its size is bounded, however long the run: where frames become too many, neighbours are added up and
/// the width doubles.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Timeline {
    /// Width of a frame [cycles].
    pub width: u64,
    /// What each frame saw, in order; none where the network is too large for a timeline.
    pub frames: Vec<Frame>,
}

/// What moved within one stretch of time.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Frame {
    /// Flits over each link.
    pub link_flits: Vec<u32>,
    /// Flits that each router handed to its nodes.
    pub delivered_flits: Vec<u32>,
}

/// A timeline in the making.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct Recorder {
    width: u64,
    most: usize,
    /// Flits by port at the end of the last frame.
    before: Vec<u64>,
    /// Flits by port within each frame.
    frames: Vec<Vec<u32>>,
}

impl Recorder {
    /// A recorder for a network of so many ports, and a run of `expected` cycles if that is known.
    pub fn new(ports: usize, expected: Option<u64>) -> Self {
        let most = MOST.min(CELLS / ports.max(1));
        // A quarter is left for the drain.
        let planned = (most - most / 4).max(1) as u64;
        let width = expected.map_or(FIRST_WIDTH, |cycles| cycles.div_ceil(planned).max(FIRST_WIDTH));
        let most = if most < FEWEST { 0 } else { most };
        Self { width, most, before: vec![0; ports], frames: Vec::new() }
    }

    /// The same for a run of so many steps, if that is known: a frame may be as short as one step.
    pub fn of_steps(ports: usize, steps: Option<u64>) -> Self {
        let recorder = Self::new(ports, steps);
        let width = steps.map_or(1, |steps| steps.div_ceil(recorder.most.max(1) as u64).max(1));
        Self { width, ..recorder }
    }

    /// Whether it is one for a network of so many ports.
    pub fn fits(&self, ports: usize) -> bool {
        self.width > 0
            && self.before.len() == ports
            && self.frames.len() <= self.most
            && self.frames.iter().all(|frame| frame.len() == ports)
    }

    /// The cycle at which the network is to be looked at next.
    pub fn next(&self) -> u64 {
        match self.most {
            0 => u64::MAX,
            _ => self.width.saturating_mul(self.frames.len() as u64 + 1),
        }
    }

    /// Takes in the flits that have left by each port up to cycle `now`.
    pub fn look(&mut self, now: u64, port_flits: &[u64]) {
        // Where time has jumped, nothing has moved in the frames after the first.
        while self.next() <= now {
            self.close(port_flits);
        }
    }

    /// Closes a frame: what has moved since the last one was closed.
    fn close(&mut self, port_flits: &[u64]) {
        let moved = port_flits.iter().zip(&self.before);
        let moved = moved.map(|(now, before)| u32::try_from(now - before).unwrap_or(u32::MAX)).collect();
        self.before.copy_from_slice(port_flits);
        self.frames.push(moved);
        if self.frames.len() > self.most {
            self.halve();
        }
    }

    /// Closes the last frame early.
    fn settle(&mut self, port_flits: &[u64]) {
        while port_flits != self.before {
            self.close(port_flits);
        }
    }

    /// Adds up neighbours and doubles the width.
    fn halve(&mut self) {
        let mut frames = std::mem::take(&mut self.frames).into_iter();
        let mut left_over = None;
        while let Some(mut frame) = frames.next() {
            match frames.next() {
                Some(next) => {
                    frame.iter_mut().zip(next).for_each(|(sum, more)| *sum = sum.saturating_add(more));
                    self.frames.push(frame);
                }
                None => left_over = Some(frame),
            }
        }
        self.width *= 2;
        // Half a frame: it is counted again as part of the next look.
        if let Some(frame) = left_over {
            self.before.iter_mut().zip(frame).for_each(|(before, flits)| *before -= u64::from(flits));
        }
    }

    /// The timeline of a run in which `port_flits` have left by each port in the end.
    pub fn finish(mut self, fabric: &Fabric, port_flits: &[u64]) -> Timeline {
        if self.most == 0 {
            return Timeline::default();
        }
        self.settle(port_flits);
        let frames = self.frames.iter().map(|ports| Frame::of(fabric, ports)).collect();
        Timeline { width: self.width, frames }
    }
}

impl Frame {
    fn of(fabric: &Fabric, port_flits: &[u32]) -> Self {
        let links = fabric.links.iter().map(|link| port_flits[fabric.slot(link.from, link.from_port)]);
        let delivered = (0..fabric.routers.len()).map(|router| {
            let range: Range<usize> =
                fabric.port_base[router] as usize..fabric.port_base[router + 1] as usize;
            let network = usize::from(fabric.routers[router].network_ports);
            port_flits[range][network..].iter().sum()
        });
        Self { link_flits: links.collect(), delivered_flits: delivered.collect() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A port that passes one flit a cycle, and one that passes three, for so many cycles.
    fn record(cycles: u64, expected: Option<u64>) -> Recorder {
        let mut recorder = Recorder::new(2, expected);
        let mut now = 0;
        while recorder.next() <= cycles {
            assert!(recorder.next() > now);
            now = recorder.next();
            recorder.look(now, &[now, 3 * now]);
        }
        recorder.settle(&[cycles, 3 * cycles]);
        recorder
    }

    #[test]
    fn frames_cover_the_run_however_long_it_is() {
        for cycles in [1, 15, 16, 17, 767, 768, 769, 12_345, 1 << 20] {
            for expected in [None, Some(cycles), Some(3 * cycles)] {
                let recorder = record(cycles, expected);
                let said = format!("{cycles} cycles: {} × {}", recorder.frames.len(), recorder.width);
                assert!(recorder.frames.len() <= MOST, "{said}");
                assert!((recorder.frames.len() as u64 - 1) * recorder.width < cycles, "{said}");
                for (port, rate) in [(0, 1), (1, 3)] {
                    let sum: u64 = recorder.frames.iter().map(|frame| u64::from(frame[port])).sum();
                    assert_eq!(sum, rate * cycles, "{said}");
                    let whole = &recorder.frames[..recorder.frames.len() - 1];
                    assert!(
                        whole.iter().all(|frame| u64::from(frame[port]) == rate * recorder.width),
                        "{said}"
                    );
                }
            }
        }
    }

    #[test]
    fn a_drain_does_not_halve_the_frames() {
        let recorder = record(12_265, Some(12_000));
        assert_eq!((recorder.width, recorder.frames.len()), (334, 37));
    }

    #[test]
    fn jumps_in_time_leave_empty_frames() {
        let mut recorder = Recorder::new(1, None);
        recorder.look(16, &[5]);
        recorder.look(70, &[5]);
        recorder.look(80, &[6]);
        let flits: Vec<u32> = recorder.frames.iter().map(|frame| frame[0]).collect();
        assert_eq!((recorder.width, flits), (16, vec![5, 0, 0, 0, 1]));
    }

    #[test]
    fn networks_that_are_too_large_have_no_timeline() {
        let recorder = Recorder::new(CELLS / FEWEST + 1, None);
        assert_eq!(recorder.next(), u64::MAX);
    }
}
