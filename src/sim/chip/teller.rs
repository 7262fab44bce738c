//! Tells how long steps took, some steps later: steps that end at a barrier begin with an empty network, so that
//! each can be told by itself. One model tells several in a row, which keeps its state near; with several threads,
//! they tell steps while later ones are simulated.

use std::collections::VecDeque;
use std::sync::Arc;

use crossbeam::channel::{Receiver, Sender, unbounded};
use rayon::{ThreadPool, Yield};

use super::StepRecord;
use super::timing::{Clockwork, Outbox, Told};
use crate::network::Halt;

/// Steps that can wait per model; every model can have one in any case.
const TURNS: usize = 16;

/// Messages that can wait: of a single model, which is to find them near, and of each of several.
const NEAR: usize = 1 << 15;
const MANY: usize = 1 << 18;

/// Steps for which a thread is woken, unless one holds so many messages, and that it tells before it looks for other work.
const AT_ONCE: usize = 4;
const ENOUGH: usize = 1 << 14;

/// A step to be told: its number, and what the cores sent.
type Untold = (u64, Vec<Outbox>);

/// A step that has not been handed out.
#[derive(Debug)]
struct Step {
    record: StepRecord,
    messages: usize,
    /// How long it took, if that is known.
    told: Option<Result<Told, Halt>>,
}

/// What comes from a thread.
#[derive(Debug)]
enum News {
    /// How long a step took.
    Told(Untold, Result<Told, Halt>),
    /// A model has nothing to do any more.
    Idle(Clockwork),
}

/// Models of time, and the steps that they tell.
#[derive(Debug)]
pub(super) struct Teller {
    /// Models that do nothing, all alike.
    idle: Vec<Clockwork>,
    models: usize,
    /// By profile: what receiving a packet takes [s].
    latencies: Arc<[f64]>,
    /// From `first` on.
    steps: VecDeque<Step>,
    first: u64,
    /// Their messages together.
    messages: usize,
    /// Those of them that no model has begun.
    untold: (Sender<Untold>, Receiver<Untold>),
    /// Outboxes to be used again, those with the most room last: they serve next, so that few grow large.
    spare: Vec<Vec<Outbox>>,
    news: (Sender<News>, Receiver<News>),
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
            messages: 0,
            untold: unbounded(),
            spare: Vec::new(),
            news: unbounded(),
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
        let step = self.first + self.steps.len() as u64;
        self.steps.push_back(Step { record, messages, told: None });
        // The other end is here.
        let _ = self.untold.0.send((step, outboxes));
        if let Some(threads) = threads
            && (self.untold.1.len() >= AT_ONCE || messages >= ENOUGH)
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
        while self.steps.front().is_some_and(|step| step.told.is_none()) {
            match threads {
                None => self.tell_all(),
                Some(threads) => self.hear_from(threads),
            }
        }
        let Step { record, messages, told } = self.steps.pop_front()?;
        (self.first, self.messages) = (self.first + 1, self.messages - messages);
        told.map(|told| (record, told))
    }

    /// Forgets all steps that have not been handed out.
    pub(super) fn forget(&mut self) {
        self.untold.1.try_iter().for_each(drop);
        while self.idle.len() < self.models {
            self.hear();
        }
        self.first += self.steps.len() as u64;
        self.steps.clear();
        self.messages = 0;
    }

    /// Tells all steps here and now.
    fn tell_all(&mut self) {
        while let Some(model) = self.idle.first_mut()
            && let Ok(untold) = self.untold.1.try_recv()
        {
            let told = tell(model, &untold.1, &self.latencies);
            self.take(untold, told);
        }
    }

    /// Lets a thread tell steps, if a model does nothing.
    fn begin(&mut self, threads: &ThreadPool) {
        while let Ok(news) = self.news.1.try_recv() {
            self.note(news);
        }
        if self.untold.1.is_empty() {
            return;
        }
        let Some(model) = self.idle.pop() else { return };
        let work = Work {
            model,
            untold: self.untold.1.clone(),
            news: self.news.0.clone(),
            latencies: self.latencies.clone(),
        };
        threads.spawn(move || work.go_on());
    }

    /// Waits until a step has been told, or a model has nothing to do.
    fn hear_from(&mut self, threads: &ThreadPool) {
        self.begin(threads);
        if self.steps.front().is_some_and(|step| step.told.is_none()) {
            self.hear();
        }
    }

    /// Waits for news of a thread.
    fn hear(&mut self) {
        // Whoever waits here may be the thread that is to bring them.
        while self.news.1.is_empty() && rayon::yield_now() == Some(Yield::Executed) {}
        // One of both ends is here.
        if let Ok(news) = self.news.1.recv() {
            self.note(news);
        }
    }

    fn note(&mut self, news: News) {
        match news {
            News::Told(untold, told) => self.take(untold, told),
            News::Idle(model) => self.idle.push(model),
        }
    }

    /// A step has been told.
    fn take(&mut self, (step, outboxes): Untold, told: Result<Told, Halt>) {
        let place = step.checked_sub(self.first).map(|place| place as usize);
        if let Some(step) = place.and_then(|place| self.steps.get_mut(place)) {
            step.told = Some(told);
        }
        let room = |outboxes: &Vec<Outbox>| outboxes.iter().map(Outbox::room).sum::<usize>();
        let place = self.spare.partition_point(|other| room(other) <= room(&outboxes));
        self.spare.insert(place, outboxes);
    }
}

/// A model, and the steps that it is to tell.
struct Work {
    model: Clockwork,
    untold: Receiver<Untold>,
    news: Sender<News>,
    latencies: Arc<[f64]>,
}

impl Work {
    /// Tells a few steps; others later, when the thread has looked for other work.
    fn go_on(mut self) {
        for _ in 0..AT_ONCE {
            // Nobody waits for news any more where they cannot be sent.
            let _ = match self.untold.try_recv() {
                Ok(untold) => {
                    let told = tell(&mut self.model, &untold.1, &self.latencies);
                    self.news.send(News::Told(untold, told))
                }
                Err(_) => {
                    let _ = self.news.send(News::Idle(self.model));
                    return;
                }
            };
        }
        rayon::spawn(move || self.go_on());
    }
}

fn tell(model: &mut Clockwork, outboxes: &[Outbox], latencies: &[f64]) -> Result<Told, Halt> {
    model.time(&outboxes.iter().collect::<Vec<_>>(), latencies, None)
}
