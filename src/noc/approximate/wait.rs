//! Waiting: a packet that cannot go on is looked at again when what it waits for has happened, not before.
//!
//! Who waits for a cycle that is known notes an event. Who waits for a credit leaves word with the output channel that
//! it holds; who waits for a channel stands in line at the port. In line is who asked first; when a channel is given
//! back all of a line are looked at again, in their order, since not every packet may take every channel.

use super::channel::{Line, NONE};
use super::{Approximate, Event};

/// When a packet is to be looked at again, that cannot be given its cycles yet.
pub(super) enum Until {
    /// In this cycle.
    Cycle(u64),
    /// When a credit comes back for the output channel, which the packet holds.
    Credit,
    /// When a virtual channel of the output channel's port is given back, or room behind it where that decides.
    Channel,
}

/// A packet cannot be given its cycles yet.
pub(super) struct Later {
    pub until: Until,
    /// Output channel that it waits for.
    pub on: u32,
}

impl Later {
    pub(super) fn at(cycle: u64, on: u32) -> Self {
        Self { until: Until::Cycle(cycle), on }
    }
}

impl Approximate {
    /// Sees to it that the front of an input channel is looked at again.
    pub(super) fn wait(&mut self, channel: u32, later: Later) {
        let Later { until, on } = later;
        self.inputs[channel as usize].awaited = on;
        match until {
            Until::Cycle(at) => return self.arm(channel, at),
            Until::Credit => self.outputs[on as usize].waiting = channel,
            Until::Channel => self.stand_in_line(channel, on),
        }
        debug_assert!(!self.inputs[channel as usize].armed);
        self.inputs[channel as usize].armed = true;
    }

    /// Notes an event for the front of an input channel.
    pub(super) fn arm(&mut self, channel: u32, at: u64) {
        debug_assert!(!self.inputs[channel as usize].armed && at > self.now);
        self.inputs[channel as usize].armed = true;
        self.agenda.push(at, Event::Turn(channel));
    }

    fn stand_in_line(&mut self, channel: u32, out: u32) {
        let port = self.out_port(out) as usize;
        let last = std::mem::replace(&mut self.ports[port].line.last, channel);
        self.inputs[channel as usize].next = NONE;
        match last {
            NONE => self.ports[port].line.first = channel,
            last => self.inputs[last as usize].next = channel,
        }
    }

    /// A virtual channel of port `port` has been given back: those in line are looked at again.
    #[inline(always)]
    pub(super) fn call(&mut self, port: u32) {
        if self.ports[port as usize].line.first != NONE {
            self.call_line(port);
        }
    }

    #[cold]
    fn call_line(&mut self, port: u32) {
        let line = std::mem::replace(&mut self.ports[port as usize].line, Line::EMPTY);
        let mut channel = line.first;
        while channel != NONE {
            self.agenda.push(self.now, Event::Turn(channel));
            channel = self.inputs[channel as usize].next;
        }
    }

    /// A credit of output channel `out` is on its way back, or its closing tail is: whoever waits for it goes on.
    #[inline]
    pub(super) fn answer(&mut self, out: u32) {
        let waiting = std::mem::replace(&mut self.outputs[out as usize].waiting, NONE);
        match self.setup.node_of(out) {
            Some(node) if waiting != NONE => self.wake_at(node, self.now),
            Some(_) => {}
            None => {
                if waiting != NONE {
                    self.agenda.push(self.now, Event::Turn(waiting));
                }
                if self.setup.closing || self.has_escape {
                    self.call(self.out_port(out));
                }
            }
        }
    }
}
