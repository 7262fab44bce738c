//! Tells how long steps took, some steps later: steps that end at a barrier begin with an empty network, so that
//! each can be told by itself. One model tells several in a row, which keeps its state near; with several threads,
//! they tell steps while later ones are simulated.

use std::collections::VecDeque;
use std::sync::Arc;

use crossbeam::channel::{Receiver, Sender, unbounded};
use rayon::ThreadPool;

use super::StepRecord;
use super::timing::{Clockwork, Outbox, Told};
use crate::network::Halt;

/// Steps that can wait per model; every model can have one in any case.
const TURNS: usize = 16;

/// Messages that can wait: of a single model, which is to find them near, and of each of several.
const NEAR: usize = 1 << 15;
const MANY: usize = 1 << 18;

/// Steps that a thread tells in a row; fewer if they hold so many messages.
const AT_ONCE: usize = 4;
const ENOUGH: usize = 1 << 14;

/// What the cores sent in a step, or how long it took.
#[derive(Debug)]
enum Tale {
    Untold(Vec<Outbox>),
    /// A thread is about to tell it.
    Begun,
    Told(Result<Told, Halt>),
}

/// Steps that a thread has told, from this one on, with their outboxes and the model.
#[derive(Debug)]
struct Batch {
    first: u64,
    told: Vec<(Vec<Outbox>, Result<Told, Halt>)>,
    model: Clockwork,
}

/// Models of time, and the steps that they tell.
#[derive(Debug)]
pub(super) struct Teller {
    /// Models that do nothing, all alike.
    idle: Vec<Clockwork>,
    models: usize,
    /// By profile: what receiving a packet takes [s].
    latencies: Arc<[f64]>,
    /// Steps that have not been handed out: from `first` on.
    steps: VecDeque<(StepRecord, usize, Tale)>,
    first: u64,
    /// Those of them that have been begun.
    begun: usize,
    /// Their messages together.
    messages: usize,
    /// Outboxes to be used again, those with the most room last: they serve next, so that few grow large.
    spare: Vec<Vec<Outbox>>,
    ends: (Sender<Batch>, Receiver<Batch>),
}

impl Teller {
    /// `models` that are alike.
    pub(super) fn new(model: Clockwork, models: usize, latencies: &[f64]) -> Self {
        Self {
            idle: vec![model; models],
            models,
            latencies: latencies.into(),
            steps: VecDeque::new(),
            first: 0,
            begun: 0,
            messages: 0,
            spare: Vec::new(),
            ends: unbounded(),
        }
    }

    /// A model that does nothing: there always is one where steps are told at once.
    pub(super) fn model(&mut self) -> Option<&mut Clockwork> {
        self.idle.first_mut()
    }

    /// Outboxes to be filled, one for each of `shards`.
    pub(super) fn outboxes(&mut self, shards: usize) -> Vec<Outbox> {
        let mut outboxes = self.spare.pop().unwrap_or_default();
        outboxes.resize_with(shards, Outbox::default);
        outboxes
    }

    /// Takes in a step that is to be told.
    pub(super) fn add(&mut self, record: StepRecord, outboxes: Vec<Outbox>, threads: Option<&ThreadPool>) {
        let messages = outboxes.iter().map(Outbox::len).sum();
        self.messages += messages;
        self.steps.push_back((record, messages, Tale::Untold(outboxes)));
        if let Some(threads) = threads
            && (self.steps.len() - self.begun >= AT_ONCE || messages >= ENOUGH)
        {
            self.begin(threads);
        }
    }

    /// The next step in order and how long it took, if too many wait, or if `all` are to be told. Which steps are
    /// handed out when depends on what they hold, and not on how far threads have come.
    pub(super) fn next(
        &mut self,
        all: bool,
        threads: Option<&ThreadPool>,
    ) -> Option<(StepRecord, Result<Told, Halt>)> {
        let waiting = self.steps.len();
        let most = if self.models == 1 { NEAR } else { MANY * self.models };
        let too_many = waiting > TURNS * self.models || (waiting > self.models && self.messages > most);
        if waiting == 0 || !(all || too_many) {
            return None;
        }
        while !matches!(self.steps.front(), Some((_, _, Tale::Told(_)))) {
            match threads {
                None => self.tell_all(),
                Some(threads) => self.await_one(threads),
            }
        }
        let (record, messages, tale) = self.steps.pop_front()?;
        (self.first, self.begun, self.messages) = (self.first + 1, self.begun - 1, self.messages - messages);
        match tale {
            Tale::Told(told) => Some((record, told)),
            Tale::Untold(_) | Tale::Begun => None,
        }
    }

    /// Forgets all steps that have not been handed out.
    pub(super) fn forget(&mut self) {
        while self.idle.len() < self.models {
            self.take_back();
        }
        self.first += self.steps.len() as u64;
        self.steps.clear();
        (self.begun, self.messages) = (0, 0);
    }

    /// Tells all steps here and now.
    fn tell_all(&mut self) {
        let Self { idle, steps, spare, latencies, .. } = self;
        let Some(model) = idle.first_mut() else { return };
        for (_, _, tale) in steps.range_mut(self.begun..) {
            if let Tale::Untold(outboxes) = std::mem::replace(tale, Tale::Begun) {
                *tale = Tale::Told(tell(model, &outboxes, latencies));
                spare.push(outboxes);
            }
        }
        self.begun = steps.len();
        self.sort_spare();
    }

    fn sort_spare(&mut self) {
        self.spare.sort_by_key(|outboxes| outboxes.iter().map(Outbox::room).sum::<usize>());
    }

    /// Lets a thread tell the next few steps, if a model does nothing.
    fn begin(&mut self, threads: &ThreadPool) {
        let (mut messages, mut end) = (0, self.begun);
        while end < self.steps.len() && end < self.begun + AT_ONCE && messages < ENOUGH {
            messages += self.steps[end].1;
            end += 1;
        }
        if self.begun == end {
            return;
        }
        let Some(mut model) = self.idle.pop() else { return };
        let steps =
            self.steps.range_mut(self.begun..end).map(|(_, _, tale)| std::mem::replace(tale, Tale::Begun));
        let untold: Vec<Tale> = steps.collect();
        let (first, latencies, sink) =
            (self.first + self.begun as u64, self.latencies.clone(), self.ends.0.clone());
        self.begun = end;
        threads.spawn(move || {
            let tell = |tale: Tale| match tale {
                Tale::Untold(outboxes) => {
                    let told = tell(&mut model, &outboxes, &latencies);
                    Some((outboxes, told))
                }
                Tale::Begun | Tale::Told(_) => None,
            };
            let told = untold.into_iter().filter_map(tell).collect();
            // Nobody waits for it any more if this fails.
            let _ = sink.send(Batch { first, told, model });
        });
    }

    /// Waits until a thread has told some steps, and lets it go on.
    fn await_one(&mut self, threads: &ThreadPool) {
        self.begin(threads);
        self.take_back();
        self.begin(threads);
    }

    fn take_back(&mut self) {
        let Ok(Batch { first, told, model }) = self.ends.1.recv() else { return };
        self.idle.push(model);
        let place = (first - self.first) as usize;
        for ((_, _, tale), (outboxes, told)) in self.steps.range_mut(place..).zip(told) {
            *tale = Tale::Told(told);
            self.spare.push(outboxes);
        }
        self.sort_spare();
    }
}

fn tell(model: &mut Clockwork, outboxes: &[Outbox], latencies: &[f64]) -> Result<Told, Halt> {
    model.time(&outboxes.iter().collect::<Vec<_>>(), latencies, None)
}
