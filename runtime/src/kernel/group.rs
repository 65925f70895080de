//! The consumer group's side of the kernel: partitions that come and go, and where their records
//! are handed to. Everything here runs on the poll thread, the rebalance callback included.

use std::collections::{HashMap, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, mpsc as std_mpsc};
use std::time::{Duration, Instant};

use rdkafka::bindings::rd_kafka_resp_err_t as NativeCode;
use rdkafka::consumer::{BaseConsumer, Consumer, ConsumerContext};
use rdkafka::error::{KafkaError, KafkaResult, RDKafkaErrorCode};
use rdkafka::message::{BorrowedMessage, Headers, Message};
use rdkafka::{ClientContext, Offset, TopicPartitionList};
use tokio::sync::{Notify, mpsc};
use tokio::task::AbortHandle;
use tokio_util::sync::CancellationToken;

use super::api::{Record, ResumePoint};
use super::board::PartitionKey;
use super::commits::Commits;
use crate::telemetry::MetricName;

/// An aborted task ends at its next await, so this is only for a machine that stands still.
const ABORT_DEADLINE: Duration = Duration::from_secs(2);
const CALL: Duration = Duration::from_secs(2);

/// What a partition's task asks of the poll thread.
pub(super) enum Command {
    /// Hand over records from `offset` on.
    Start { key: PartitionKey, generation: u64, offset: i64, records: mpsc::Sender<Record> },
    /// Hand over nothing until the next start.
    Halt { key: PartitionKey, generation: u64 },
    /// Everything up to `point` is durable: commit it, for the lag display and for folds without a store.
    Covered { key: PartitionKey, generation: u64, point: ResumePoint, incarnation: String },
    /// The group begins in an empty partition, at offset `next`.
    Begun { key: PartitionKey, generation: u64, next: i64, incarnation: String },
}

/// What the poll thread keeps of a running partition.
struct Slot {
    generation: u64,
    stop: CancellationToken,
    reopen: Arc<Notify>,
    abort: AbortHandle,
    /// Disconnects when the task has ended, however it ended.
    finished: std_mpsc::Receiver<()>,
    records: Option<mpsc::Sender<Record>>,
    /// What did not fit; not empty only while the partition is paused.
    held: VecDeque<Record>,
    is_paused: bool,
}

/// A task that was just spawned for a partition.
pub(super) struct SpawnedTask {
    pub abort: AbortHandle,
    pub finished: std_mpsc::Receiver<()>,
}

/// What a new partition's task is made with.
pub(super) struct NewPartition {
    pub key: PartitionKey,
    pub generation: u64,
    pub stop: CancellationToken,
    pub reopen: Arc<Notify>,
}

type SpawnTask = Box<dyn Fn(NewPartition) -> SpawnedTask + Send + Sync>;

pub(super) struct GroupContext {
    group: &'static str,
    drain_deadline: Duration,
    spawn: SpawnTask,
    on_assigned: Box<dyn Fn() + Send + Sync>,
    on_left: Box<dyn Fn(&PartitionKey) + Send + Sync>,
    state: Mutex<GroupState>,
}

struct GroupState {
    commands: std_mpsc::Receiver<Command>,
    slots: HashMap<String, HashMap<i32, Slot>>,
    next_generation: u64,
    /// To be carried out next: starts whose seek was refused for now, and what came during a rebalance.
    waiting: Vec<Command>,
    paused: usize,
    commits: Commits,
    fatal: Option<KafkaError>,
}

impl GroupContext {
    pub(super) fn new(
        group: &'static str,
        drain_deadline: Duration,
        commands: std_mpsc::Receiver<Command>,
        spawn: SpawnTask,
        on_assigned: Box<dyn Fn() + Send + Sync>,
        on_left: Box<dyn Fn(&PartitionKey) + Send + Sync>,
    ) -> Self {
        let state = GroupState {
            commands,
            slots: HashMap::new(),
            next_generation: 0,
            waiting: Vec::new(),
            paused: 0,
            commits: Commits::default(),
            fatal: None,
        };
        Self { group, drain_deadline, spawn, on_assigned, on_left, state: Mutex::new(state) }
    }

    fn state(&self) -> MutexGuard<'_, GroupState> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Carries out what tasks asked for, hands over what was held, commits.
    pub(super) fn attend(&self, consumer: &BaseConsumer<Self>) -> KafkaResult<()> {
        let mut state = self.state();
        if let Some(error) = state.fatal.take() {
            return Err(error);
        }
        let mut commands = std::mem::take(&mut state.waiting);
        commands.extend(state.commands.try_iter());
        for command in commands {
            state.carry_out(consumer, command);
        }
        if state.paused > 0 {
            state.hand_over_held(consumer);
        }
        if state.commits.are_due() {
            state.commits.send(consumer);
        }
        Ok(())
    }

    pub(super) fn deliver(&self, consumer: &BaseConsumer<Self>, message: &BorrowedMessage<'_>) {
        let mut state = self.state();
        let Some(slot) =
            state.slots.get_mut(message.topic()).and_then(|slots| slots.get_mut(&message.partition()))
        else {
            return;
        };
        let Some(records) = &slot.records else { return };
        let record = to_record(message);
        if slot.held.is_empty() {
            match records.try_send(record) {
                Ok(()) | Err(mpsc::error::TrySendError::Closed(_)) => return,
                Err(mpsc::error::TrySendError::Full(record)) => slot.held.push_back(record),
            }
        } else {
            slot.held.push_back(record);
        }
        if !slot.is_paused {
            slot.is_paused = true;
            state.paused += 1;
            log_failure("pause", consumer.pause(&one(message.topic(), message.partition())));
        }
    }

    /// An error event of the consumer. Fatal ones end the process.
    pub(super) fn failed(&self, error: KafkaError) -> KafkaResult<()> {
        if matches!(error, KafkaError::MessageConsumptionFatal(_)) {
            return Err(error);
        }
        if error.rdkafka_error_code() == Some(RDKafkaErrorCode::AutoOffsetReset) {
            // Some position lies outside the log; the event does not say whose. Each task looks.
            tracing::warn!(group = self.group, %error, "a position is outside the log; opening every partition again");
            for slot in self.state().slots.values().flat_map(HashMap::values) {
                slot.reopen.notify_one();
            }
            return Ok(());
        }
        tracing::warn!(group = self.group, %error, "Kafka reported an error; the client goes on trying");
        Ok(())
    }

    /// Stops every partition's task, flushing what it holds.
    pub(super) fn release_all(&self, consumer: &BaseConsumer<Self>) {
        let keys: Vec<PartitionKey> = self.state().keys();
        self.release(&keys, false);
        self.state().commits.send_last(consumer, &keys);
    }

    fn assign(&self, consumer: &BaseConsumer<Self>, partitions: &TopicPartitionList) -> KafkaResult<()> {
        // Where to begin is not known yet, so the partitions are paused at once and sought later.
        // The offset is a number, not `End`: the answer to a question for the end could arrive
        // after the seek and undo it.
        let mut placed = TopicPartitionList::new();
        for element in partitions.elements() {
            placed.add_partition_offset(element.topic(), element.partition(), Offset::Offset(0))?;
        }
        consumer.incremental_assign(&placed)?;
        consumer.pause(&placed)?;
        for element in partitions.elements() {
            let mut state = self.state();
            let generation = state.next_generation;
            state.next_generation += 1;
            let key = (element.topic().to_owned(), element.partition());
            let stop = CancellationToken::new();
            let reopen = Arc::new(Notify::new());
            let new =
                NewPartition { key: key.clone(), generation, stop: stop.clone(), reopen: reopen.clone() };
            let SpawnedTask { abort, finished } = (self.spawn)(new);
            let slot = Slot {
                generation,
                stop,
                reopen,
                abort,
                finished,
                records: None,
                held: VecDeque::new(),
                is_paused: false,
            };
            state.commits.assigned(&key);
            state.slots.entry(key.0).or_default().insert(key.1, slot);
        }
        Ok(())
    }

    /// Ends the tasks of `keys` and waits for them: drained, or (lost: somebody else may own the
    /// partition already) dropped.
    fn release(&self, keys: &[PartitionKey], lost: bool) {
        let mut leaving = Vec::with_capacity(keys.len());
        {
            let mut state = self.state();
            for key in keys {
                if let Some(slot) = state.remove(key) {
                    leaving.push((key, slot));
                }
            }
        }
        for (_, slot) in &leaving {
            slot.stop.cancel();
            if lost {
                slot.abort.abort();
            }
        }
        let deadline = Instant::now() + self.drain_deadline;
        for (key, slot) in &leaving {
            if !slot.ends_by(deadline) {
                tracing::warn!(
                    group = self.group,
                    topic = key.0,
                    partition = key.1,
                    "the partition did not drain in time and was dropped"
                );
                slot.abort.abort();
                slot.ends_by(Instant::now() + ABORT_DEADLINE);
            }
            (self.on_left)(key);
        }
        let mut state = self.state();
        state.take_last_words(&leaving, lost);
        if lost {
            keys.iter().for_each(|key| state.commits.forget(key));
        }
    }

    fn count_rebalance(&self, kind: &str, partitions: usize) {
        MetricName::ConsumerRebalances.counter_of(&[("group", self.group), ("kind", kind)]).increment(1);
        tracing::info!(group = self.group, kind, partitions, "rebalance");
    }
}

impl ClientContext for GroupContext {}

impl ConsumerContext for GroupContext {
    /// How an asynchronous commit ended.
    fn commit_callback(&self, outcome: KafkaResult<()>, offsets: &TopicPartitionList) {
        let Err(error) = outcome else { return };
        tracing::warn!(group = self.group, %error, "offsets were not committed; they are with the next ones");
        let mut state = self.state();
        for element in offsets.elements() {
            let key = (element.topic().to_owned(), element.partition());
            let Offset::Offset(next) = element.offset() else { continue };
            // Of a partition that was given away nothing is committed any more.
            if state.holds(&key) {
                state.commits.failed(key, next, element.metadata());
            }
        }
    }

    /// Replaces the library's own callback, which drops the errors of assigning.
    fn rebalance(
        &self,
        consumer: &BaseConsumer<Self>,
        code: NativeCode,
        partitions: &mut TopicPartitionList,
    ) {
        let outcome = match code {
            NativeCode::RD_KAFKA_RESP_ERR__ASSIGN_PARTITIONS => {
                self.count_rebalance("assigned", partitions.count());
                let assigned = self.assign(consumer, partitions);
                (self.on_assigned)();
                assigned
            }
            NativeCode::RD_KAFKA_RESP_ERR__REVOKE_PARTITIONS => {
                let lost = consumer.assignment_lost();
                self.count_rebalance(if lost { "lost" } else { "revoked" }, partitions.count());
                let leaving = keys_of(partitions);
                self.release(&leaving, lost);
                if !lost {
                    self.state().commits.send_last(consumer, &leaving);
                }
                consumer.incremental_unassign(partitions)
            }
            other => {
                let keys = self.state().keys();
                self.release(&keys, true);
                let unassigned = consumer.unassign();
                unassigned.and(Err(KafkaError::Rebalance(other.into())))
            }
        };
        if let Err(error) = outcome {
            tracing::error!(group = self.group, %error, "the rebalance failed");
            self.state().fatal = Some(error);
        }
    }
}

impl Slot {
    fn ends_by(&self, deadline: Instant) -> bool {
        let wait = deadline.saturating_duration_since(Instant::now());
        matches!(self.finished.recv_timeout(wait), Err(std_mpsc::RecvTimeoutError::Disconnected))
    }
}

impl GroupState {
    fn keys(&self) -> Vec<PartitionKey> {
        self.slots
            .iter()
            .flat_map(|(topic, slots)| slots.keys().map(|partition| (topic.clone(), *partition)))
            .collect()
    }

    fn holds(&self, key: &PartitionKey) -> bool {
        self.slots.get(&key.0).is_some_and(|slots| slots.contains_key(&key.1))
    }

    fn slot(&mut self, key: &PartitionKey, generation: u64) -> Option<&mut Slot> {
        let slot = self.slots.get_mut(&key.0)?.get_mut(&key.1)?;
        (slot.generation == generation).then_some(slot)
    }

    fn remove(&mut self, key: &PartitionKey) -> Option<Slot> {
        let slot = self.slots.get_mut(&key.0)?.remove(&key.1)?;
        self.paused -= usize::from(slot.is_paused);
        Some(slot)
    }

    /// What the tasks of partitions that leave have covered up to their end. Other commands wait their turn.
    fn take_last_words(&mut self, leaving: &[(&PartitionKey, Slot)], lost: bool) {
        let commands: Vec<Command> = self.commands.try_iter().collect();
        for command in commands {
            match command {
                Command::Covered { key, generation, point, incarnation }
                    if leaving.iter().any(|(left, slot)| **left == key && slot.generation == generation) =>
                {
                    if !lost {
                        self.commits.covered(key, point, &incarnation);
                    }
                }
                Command::Begun { key, generation, next, incarnation }
                    if leaving.iter().any(|(left, slot)| **left == key && slot.generation == generation) =>
                {
                    if !lost {
                        self.commits.begun(key, next, &incarnation);
                    }
                }
                other => self.waiting.push(other),
            }
        }
    }

    fn carry_out(&mut self, consumer: &BaseConsumer<GroupContext>, command: Command) {
        match command {
            Command::Covered { key, generation, point, incarnation } => {
                // A former owner's word does not count: the partition was lost, or its task overran its drain.
                if self.slot(&key, generation).is_some() {
                    self.commits.covered(key, point, &incarnation);
                }
            }
            Command::Begun { key, generation, next, incarnation } => {
                if self.slot(&key, generation).is_some() {
                    self.commits.begun(key, next, &incarnation);
                }
            }
            Command::Halt { key, generation } => {
                if let Some(slot) = self.slot(&key, generation) {
                    slot.records = None;
                    slot.held.clear();
                    log_failure("pause", consumer.pause(&one(&key.0, key.1)));
                }
            }
            Command::Start { key, generation, offset, records } => {
                if self.slot(&key, generation).is_none() {
                    return;
                }
                // Right after an assignment the client may not be ready for a seek.
                if let Err(error) = consumer.seek(&key.0, key.1, Offset::Offset(offset), CALL) {
                    tracing::debug!(topic = key.0, partition = key.1, %error, "the seek is repeated");
                    self.waiting.push(Command::Start { key, generation, offset, records });
                    return;
                }
                let Some(slot) = self.slot(&key, generation) else { return };
                slot.records = Some(records);
                slot.held.clear();
                let was_paused = std::mem::take(&mut slot.is_paused);
                self.paused -= usize::from(was_paused);
                log_failure("resume", consumer.resume(&one(&key.0, key.1)));
            }
        }
    }

    fn hand_over_held(&mut self, consumer: &BaseConsumer<GroupContext>) {
        for (topic, slots) in &mut self.slots {
            for (partition, slot) in slots.iter_mut().filter(|(_, slot)| slot.is_paused) {
                let Some(records) = &slot.records else { continue };
                while let Some(record) = slot.held.pop_front() {
                    if let Err(mpsc::error::TrySendError::Full(record)) = records.try_send(record) {
                        slot.held.push_front(record);
                        break;
                    }
                }
                if slot.held.is_empty() && records.capacity() * 2 >= records.max_capacity() {
                    slot.is_paused = false;
                    self.paused -= 1;
                    log_failure("resume", consumer.resume(&one(topic, *partition)));
                }
            }
        }
    }
}

fn keys_of(partitions: &TopicPartitionList) -> Vec<PartitionKey> {
    partitions.elements().iter().map(|element| (element.topic().to_owned(), element.partition())).collect()
}

fn one(topic: &str, partition: i32) -> TopicPartitionList {
    let mut list = TopicPartitionList::with_capacity(1);
    list.add_partition(topic, partition);
    list
}

fn log_failure(what: &str, outcome: KafkaResult<()>) {
    if let Err(error) = outcome {
        tracing::error!(what, %error, "a call to the Kafka client failed");
    }
}

fn to_record(message: &BorrowedMessage<'_>) -> Record {
    let headers = message.headers().map(|headers| {
        headers
            .iter()
            .map(|header| (header.key.to_owned(), header.value.unwrap_or_default().to_vec()))
            .collect()
    });
    Record {
        offset: message.offset(),
        append_ms: message.timestamp().to_millis().unwrap_or(0),
        key: message.key().unwrap_or_default().to_vec(),
        value: message.payload().map(<[u8]>::to_vec),
        headers: headers.unwrap_or_default(),
    }
}
