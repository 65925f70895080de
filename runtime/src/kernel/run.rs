use std::sync::{Arc, mpsc as std_mpsc};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use anyhow::Context;
use rdkafka::consumer::{BaseConsumer, Consumer};

use super::api::Projection;
use super::board::Board;
use super::config::KernelConfig;
use super::dead_letter::DeadLetters;
use super::group::{GroupContext, SpawnedTask};
use super::lookup::Lookup;
use super::partition::{PartitionTask, Shared};
use crate::kafka::{KafkaConfig, Rebootstrap};
use crate::service::Service;
use crate::tables::Epochs;

const POLL: Duration = Duration::from_millis(20);
const LAG_EVERY: Duration = Duration::from_secs(5);

/// Runs one consumer group's member until the service drains; everything applied is then durable.
/// Ends with an error when the group can't go on (fenced by another member of the same instance id).
pub async fn run<P: Projection>(
    config: KernelConfig,
    kafka: &KafkaConfig,
    epochs: Epochs,
    projection: P,
    service: Service,
) -> anyhow::Result<()> {
    let latch = service.health.latch("partitions", "starting");
    let board = Board::new(config.group, latch);
    let (commands, receiver) = std_mpsc::channel();
    let shared = Arc::new(Shared {
        projection,
        epochs,
        namespace: kafka.namespace.clone(),
        lookup: Lookup::new(kafka, config.group)?,
        dead_letters: DeadLetters::new(kafka, config.dead_letters, config.group)?,
        board: board.clone(),
        commands,
        config,
    });
    let context = group_context(&shared, receiver);
    let config = client(&shared.config, kafka);
    let rebootstrap = Rebootstrap::new(&config);
    let consumer: BaseConsumer<GroupContext> =
        config.create_with_context(context).context("cannot make the consumer")?;
    let topics: Vec<String> = shared.config.topics.iter().map(|topic| kafka.name(topic)).collect();
    let topics: Vec<&str> = topics.iter().map(String::as_str).collect();
    consumer.subscribe(&topics).context("cannot subscribe")?;

    let lag = tokio::spawn(report_lag(shared.lookup.clone(), board));
    let (ended_sender, ended) = tokio::sync::oneshot::channel();
    let drain = service.drain.clone();
    std::thread::Builder::new().name("poll".to_owned()).spawn(move || {
        let outcome = poll(&consumer, rebootstrap, &drain);
        // Leaves the group (unless it is a static member) and waits for the commits on their way.
        drop(consumer);
        let _ = ended_sender.send(outcome);
    })?;
    let outcome = ended.await.context("the poll thread ended without a word")?;
    lag.abort();
    outcome
}

fn poll(
    consumer: &BaseConsumer<GroupContext>,
    mut rebootstrap: Rebootstrap,
    drain: &tokio_util::sync::CancellationToken,
) -> anyhow::Result<()> {
    let context = consumer.context().clone();
    let outcome = loop {
        if drain.is_cancelled() {
            break Ok(());
        }
        if let Err(error) = context.attend(consumer) {
            break Err(error);
        }
        let polled = match consumer.poll(POLL) {
            None => {
                rebootstrap.attend(consumer.client());
                Ok(())
            }
            Some(Ok(message)) => {
                context.deliver(consumer, &message);
                Ok(())
            }
            Some(Err(error)) => context.failed(error),
        };
        if let Err(error) = polled {
            break Err(error);
        }
    };
    context.release_all(consumer);
    outcome.context("the consumer group can't go on")
}

fn group_context<P: Projection>(
    shared: &Arc<Shared<P>>,
    commands: std_mpsc::Receiver<super::group::Command>,
) -> GroupContext {
    let runtime = tokio::runtime::Handle::current();
    let for_tasks = shared.clone();
    let spawn = Box::new(move |new| {
        let (alive, finished) = std_mpsc::channel();
        let task = PartitionTask::new(for_tasks.clone(), new);
        let running = runtime.spawn(async move {
            let _alive: std_mpsc::Sender<()> = alive;
            task.run().await;
        });
        SpawnedTask { abort: running.abort_handle(), finished }
    });
    let on_assigned = shared.board.clone();
    let on_left = shared.board.clone();
    GroupContext::new(
        shared.config.group,
        shared.config.drain_deadline,
        commands,
        spawn,
        Box::new(move || on_assigned.assigned()),
        Box::new(move |key| on_left.left(key)),
    )
}

fn client(config: &KernelConfig, kafka: &KafkaConfig) -> rdkafka::ClientConfig {
    let mut client = kafka.client(config.group);
    client
        .set("group.id", kafka.name(config.group))
        .set("partition.assignment.strategy", "cooperative-sticky")
        .set("session.timeout.ms", config.session_timeout.as_millis().to_string())
        .set("heartbeat.interval.ms", (config.session_timeout / 4).as_millis().to_string())
        .set("max.poll.interval.ms", config.max_poll_interval.as_millis().to_string())
        .set("enable.auto.commit", "false")
        .set("enable.auto.offset.store", "false")
        // A position outside the log is an error that a person looks at, never a silent jump.
        .set("auto.offset.reset", "error")
        .set("fetch.min.bytes", (64 << 10).to_string())
        .set("fetch.wait.max.ms", "100")
        .set("queued.min.messages", "5000")
        .set("queued.max.messages.kbytes", (16 << 10).to_string());
    if let Some(instance) = &config.instance {
        client.set("group.instance.id", format!("{}{instance}", kafka.namespace.prefix()));
    }
    client
}

async fn report_lag(lookup: Lookup, board: Board) {
    loop {
        tokio::time::sleep(LAG_EVERY).await;
        for (key, progress) in board.positions() {
            match lookup.watermarks(&key.0, key.1).await {
                Ok((_, high)) => board.report_lag(&key, progress, high, now_ms()),
                Err(error) => tracing::debug!(error = format!("{error:#}"), "lag is not known"),
            }
        }
    }
}

fn now_ms() -> i64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    i64::try_from(since.as_millis()).unwrap_or(i64::MAX)
}
