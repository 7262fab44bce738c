//! A step of a chip: update, deliver, learn, and how long that took.

use rayon::ThreadPool;
use rayon::prelude::*;

use super::drawing::Letters;
use super::free::{Done, Free};
use super::shard::{LATEST, LOST, Moment, Parcel, Sent, Shard};
use super::timing::{Clockwork, Outbox, Told};
use super::{Chip, CoreCounts, Late, Pending, StepRecord};
use crate::base::NeuronId;
use crate::network::Halt;

/// Steps that wait for their time to be told, per thread; fewer where they hold so many messages.
const TURNS: usize = 4;
const MANY_MESSAGES: usize = 1 << 20;

/// What a step works with.
struct Stage<'a> {
    moment: Moment<'a>,
    shards: &'a mut [Shard],
    clockworks: &'a mut [Clockwork],
    threads: Option<&'a ThreadPool>,
    free: Option<&'a mut Free>,
}

impl Chip {
    fn stage(&mut self) -> Stage<'_> {
        let (axon_out, step, seed) = (self.axon_out, self.step, self.seed);
        let Self { plan, shard_of, rewards, shards, clockworks, threads, free, .. } = self;
        Stage {
            moment: Moment { plan, shard_of, axon_out, step, seed, rewards },
            shards,
            clockworks,
            threads: threads.as_ref(),
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

    /// A step that ends when everybody is done. Its time is told later, together with that of others: steps begin
    /// with an empty network, and can be told side by side.
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
        let mut outboxes = self.spare.pop().unwrap_or_default();
        outboxes.resize_with(self.shards.len(), Outbox::default);
        let pairs = self.shards.iter_mut().zip(&mut outboxes);
        pairs.for_each(|(shard, spare)| std::mem::swap(&mut shard.outbox, spare));
        self.pending.push(Pending { record, outboxes });
        if self.is_time_to_tell() { self.tell_pending() } else { Ok(()) }
    }

    /// Whether enough steps wait for every thread to have something to do, in turns of about equal length.
    fn is_time_to_tell(&self) -> bool {
        let (threads, steps) = (self.clockworks.len(), self.pending.len());
        let outboxes = self.pending.iter().flat_map(|pending| &pending.outboxes);
        let messages: usize = outboxes.map(Outbox::len).sum();
        threads == 1 || steps >= TURNS * threads || (steps >= threads && messages >= MANY_MESSAGES)
    }

    /// A step of cores that run freely: until the last one has done its own.
    pub(super) fn step_freely(&mut self) {
        let Stage { moment, shards, free, .. } = self.stage();
        let Some((free, shard)) = free.zip(shards.first_mut()) else { return };
        let Done { record, fired, values } = free.step(shard, moment);
        (self.fired, self.values) = (fired, values);
        self.sort_fired();
        self.count(&record.counts);
        self.keep(record);
    }

    /// A step that takes as long as the clock says.
    pub(super) fn step_to_tick(&mut self, tick: (f64, Late)) -> Result<(), Halt> {
        self.hand_out_rewards();
        let Stage { moment, shards, clockworks, threads, .. } = self.stage();
        let Some(clockwork) = clockworks.first_mut() else { return Ok(()) };
        let told = match threads {
            None => Self::step_by_clock(shards, clockwork, moment, tick)?,
            Some(threads) => threads.install(|| Self::step_by_clock(shards, clockwork, moment, tick))?,
        };
        self.check_cores()?;
        let record = self.gather();
        self.book(Pending { record, outboxes: Vec::new() }, told);
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

    /// Tells the time of the last steps, as far as that has not been done yet.
    pub(super) fn tell_pending(&mut self) -> Result<(), Halt> {
        let pending = std::mem::take(&mut self.pending);
        let Self { clockworks, plan, threads, .. } = self;
        let count = clockworks.len();
        let tell = |(first, clockwork): (usize, &mut Clockwork)| -> Vec<Result<Told, Halt>> {
            let own = pending.iter().skip(first).step_by(count);
            own.map(|it| clockwork.time(&it.outboxes.iter().collect::<Vec<_>>(), &plan.latencies, None))
                .collect()
        };
        let told: Vec<_> = match threads {
            None => clockworks.iter_mut().enumerate().map(tell).collect(),
            Some(threads) => threads.install(|| clockworks.par_iter_mut().enumerate().map(tell).collect()),
        };
        let mut told: Vec<_> = told.into_iter().map(Vec::into_iter).collect();
        for (step, pending) in pending.into_iter().enumerate() {
            let Some(told) = told[step % count].next() else { continue };
            let told = told?;
            self.book(pending, Told { seconds: told.seconds + self.barrier, ..told });
        }
        Ok(())
    }

    fn book(&mut self, pending: Pending, told: Told) {
        let Pending { mut record, outboxes } = pending;
        (record.seconds, record.critical) = (told.seconds, told.critical);
        self.keep(record);
        if !outboxes.is_empty() {
            self.spare.push(outboxes);
        }
    }

    fn keep(&mut self, record: StepRecord) {
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
            let mut mark = std::mem::take(mark);
            while mark != 0 {
                self.fired.push(NeuronId(first + mark.trailing_zeros()));
                mark &= mark - 1;
            }
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
