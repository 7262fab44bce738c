//! A step of a chip: update, deliver, learn, and how long that took.

use rayon::ThreadPool;
use rayon::prelude::*;

use super::drawing::Letters;
use super::free::{Done, Free};
use super::parcel::{LATEST, LOST, Parcel, Sent};
use super::shard::{Moment, Shard};
use super::teller::Teller;
use super::timing::{Clockwork, Outbox, Told};
use super::{Chip, CoreCounts, Late, StepRecord};
use crate::base::{NeuronId, ones};
use crate::network::Halt;

/// What a step works with.
struct Stage<'a> {
    moment: Moment<'a>,
    shards: &'a mut [Shard],
    teller: &'a mut Teller,
    threads: Option<&'a ThreadPool>,
    free: Option<&'a mut Free>,
}

impl Chip {
    fn stage(&mut self) -> Stage<'_> {
        let (axon_out, step, seed) = (self.axon_out, self.step, self.seed);
        let Self { plan, shard_of, rewards, shards, teller, threads, free, .. } = self;
        Stage {
            moment: Moment { plan, shard_of, axon_out, step, seed, rewards },
            shards,
            teller,
            threads: threads.as_deref(),
            free: free.as_deref_mut(),
        }
    }

    /// Advances all neurons.
    fn update(shards: &mut [Shard], moment: Moment<'_>) {
        match shards {
            [shard] => shard.update(moment),
            shards => shards.par_iter_mut().for_each(|shard| shard.update(moment)),
        }
    }

    /// Delivers what they have sent, and learns from it; `late` by shard and message, where anything can be.
    fn deliver(shards: &mut [Shard], moment: Moment<'_>, late: Option<&[Vec<u32>]>) {
        let take = |shard: &mut Shard| {
            (std::mem::take(&mut shard.parcels), std::mem::replace(&mut shard.letters, Letters::new()))
        };
        let sent: Vec<(Vec<Vec<Parcel>>, Letters)> = shards.iter_mut().map(take).collect();
        let take = |(index, shard): (usize, &mut Shard)| {
            for (from, (parcels, letters)) in sent.iter().enumerate() {
                let late = late.map(|late| late[from].as_slice());
                let sent = Sent { parcels: &parcels[index], letters, late };
                shard.deliver(sent, moment.plan, moment.step);
            }
            shard.learn(moment);
        };
        if let [shard] = shards {
            take((0, shard));
        } else {
            shards.par_iter_mut().enumerate().for_each(take);
        }
        shards.iter_mut().zip(sent).for_each(|(shard, sent)| (shard.parcels, shard.letters) = sent);
    }

    /// A step that ends when the clock says so: what is late is known before anything is delivered.
    fn step_by_clock(
        shards: &mut [Shard],
        clockwork: &mut Clockwork,
        moment: Moment<'_>,
        (period, policy): (f64, Late),
    ) -> Result<Told, Halt> {
        Self::update(shards, moment);
        let mut done = Vec::new();
        let outboxes: Vec<&Outbox> = shards.iter().map(|shard| &shard.outbox).collect();
        let told = clockwork.time(&outboxes, &moment.plan.latencies, Some(&mut done))?;
        let late_by = |done: f64| match ((done / period).floor(), policy) {
            (steps, _) if steps < 1.0 => 0,
            (_, Late::Drop) => LOST,
            (steps, Late::Apply) => (steps as u32).min(LATEST),
        };
        // Where the last packet is in time, all are.
        if late_by(told.seconds) == 0 {
            Self::deliver(shards, moment, None);
            return Ok(Told { seconds: period, ..told });
        }
        let mut done = done.into_iter();
        let late: Vec<Vec<u32>> =
            outboxes.iter().map(|outbox| done.by_ref().take(outbox.len()).map(late_by).collect()).collect();
        Self::deliver(shards, moment, Some(&late));
        Ok(Told { seconds: period, ..told })
    }

    /// A step that ends when everybody is done. Its time is told later.
    pub(super) fn step_to_barrier(&mut self) -> Result<(), Halt> {
        self.hand_out_rewards();
        let Stage { moment, shards, threads, .. } = self.stage();
        let act = |shards: &mut [Shard]| {
            Self::update(shards, moment);
            Self::deliver(shards, moment, None);
        };
        match threads {
            None => act(shards),
            Some(threads) => threads.install(|| act(shards)),
        }
        self.check_cores()?;
        let record = self.gather();
        let mut outboxes = self.teller.outboxes(self.shards.len());
        let pairs = self.shards.iter_mut().zip(&mut outboxes);
        pairs.for_each(|(shard, spare)| std::mem::swap(&mut shard.outbox, spare));
        self.teller.add(record, outboxes, self.threads.as_deref());
        self.book_told(false)
    }

    /// A step of cores that run freely: until the last one has done its own.
    pub(super) fn step_freely(&mut self) {
        let Stage { moment, shards, free, .. } = self.stage();
        let Some((free, shard)) = free.zip(shards.first_mut()) else { return };
        let Done { record, fired, values } = free.step(shard, moment);
        (self.fired, self.values) = (fired, values);
        self.sort_fired();
        self.count(&record.counts);
        self.keep_record(record);
    }

    /// A step that takes as long as the clock says.
    pub(super) fn step_to_tick(&mut self, tick: (f64, Late)) -> Result<(), Halt> {
        self.hand_out_rewards();
        let Stage { moment, shards, teller, threads, .. } = self.stage();
        let Some(clockwork) = teller.model() else { return Ok(()) };
        let told = match threads {
            None => Self::step_by_clock(shards, clockwork, moment, tick)?,
            Some(threads) => threads.install(|| Self::step_by_clock(shards, clockwork, moment, tick))?,
        };
        self.check_cores()?;
        let record = self.gather();
        self.keep(record, told);
        Ok(())
    }

    /// What is earned by the last step, and what the host adds, is the reward of this one.
    fn hand_out_rewards(&mut self) {
        let praise = std::mem::take(&mut self.praise);
        for (reward, earned) in self.rewards.iter_mut().zip(&self.earned) {
            *reward = praise + earned;
        }
    }

    /// Whether all cores can go on.
    fn check_cores(&mut self) -> Result<(), Halt> {
        self.shards.iter_mut().find_map(|shard| shard.halt.take()).map_or(Ok(()), Err)
    }

    /// Takes down what the last steps took: as soon as too many wait for it, or of `all`.
    pub(super) fn book_told(&mut self, all: bool) -> Result<(), Halt> {
        while let Some((record, told)) = self.teller.next(all, self.threads.as_deref()) {
            let told = told?;
            self.keep(record, Told { seconds: told.seconds + self.barrier, ..told });
        }
        Ok(())
    }

    fn keep(&mut self, mut record: StepRecord, told: Told) {
        (record.seconds, record.critical) = (told.seconds, told.critical);
        self.keep_record(record);
    }

    fn keep_record(&mut self, record: StepRecord) {
        self.seconds += record.seconds;
        if let Some(records) = &mut self.records {
            records.push(record);
        }
    }

    /// Adds up what happened in the step that was just simulated.
    fn gather(&mut self) -> StepRecord {
        self.fired.clear();
        self.values.clear();
        let mut counts = CoreCounts::new(self.plan.layout.costs.len(), self.prices.synapse.len());
        for shard in &mut self.shards {
            counts.add(&shard.count());
            self.fired.extend_from_slice(&shard.fired);
            self.values.extend_from_slice(&shard.values);
        }
        self.sort_fired();
        for (lesson, earned) in self.net.lessons.iter().zip(&mut self.earned) {
            *earned = lesson.teacher.map_or(0.0, |teacher| teacher.reward(&self.fired));
        }
        self.count(&counts);
        let arrays = self.arrays().enumerate().filter(|(_, array)| array.now().reads > 0);
        let arrays = arrays.map(|(number, array)| (number as u32, array.now())).collect();
        StepRecord { step: self.step, seconds: 0.0, critical: None, counts, arrays }
    }

    fn sort_fired(&mut self) {
        if self.fired.is_sorted() {
            return;
        }
        let neurons = self.plan.layout.neuron.len();
        self.sorting.0.resize(neurons.div_ceil(64), 0);
        self.sorting.1.resize(neurons, 0.0);
        let (marks, emitted) = &mut self.sorting;
        for (neuron, &value) in self.fired.iter().map(|neuron| neuron.index()).zip(&self.values) {
            marks[neuron / 64] |= 1 << (neuron % 64);
            emitted[neuron] = value;
        }
        self.fired.clear();
        for (first, mark) in (0..).step_by(64).zip(marks) {
            self.fired.extend(ones(std::mem::take(mark)).map(|bit| NeuronId(first + bit as u32)));
        }
        let values = self.values.iter_mut().zip(&self.fired);
        values.for_each(|(value, neuron)| *value = emitted[neuron.index()]);
    }

    fn count(&mut self, counts: &CoreCounts) {
        self.activity.steps += 1;
        self.activity.spikes += counts.spikes();
        self.activity.updates += counts.updates();
        self.activity.synaptic_events += counts.synaptic_events();
        self.activity.late += counts.late;
    }
}
