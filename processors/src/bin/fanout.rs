//! `vendzz-fanout`: turns responses into leads and messages.

use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, bail};
use vendzz_processors::fanout::{
    FanoutConfig, FanoutParts, FanoutProjection, Following, GROUP, HeldCampaigns, HeldQuizzes, InStep,
    Outbox, OutboxTopics, Versions, follow_campaigns, follow_quizzes,
};
use vendzz_runtime::health::Latch;
use vendzz_runtime::kafka::{Producer, require_durability};
use vendzz_runtime::kernel::{self, CommittedOffsets};
use vendzz_runtime::service::{self, Identity, Service};
use vendzz_runtime::tables::{Epochs, SchemaIds, Tables};
use vendzz_schemas::registry::RegistryClient;
use vendzz_schemas::topics;

/// What fan-out writes to.
const WRITTEN: [&str; 5] = [
    topics::LEAD_DETECTED,
    topics::CAMPAIGN_SMS,
    topics::CAMPAIGN_EMAIL,
    topics::CAMPAIGN_WHATSAPP,
    topics::CAMPAIGN_VOICE,
];
const AGAIN: Duration = Duration::from_secs(1);
const WARM: Duration = Duration::from_secs(5);

const IDENTITY: Identity = Identity {
    name: "vendzz-fanout",
    about: "turns responses into leads and messages",
    private_port: 9468,
    drain_deadline: Duration::from_secs(15),
};

fn main() -> ExitCode {
    service::run(IDENTITY, FanoutConfig::read, run)
}

async fn run(config: FanoutConfig, service: Service) -> anyhow::Result<()> {
    if let Some(crash_at) = config.crash_at.clone() {
        crash_at.arm();
    }
    let started = tokio::select! {
        started = start(&config, &service) => started?,
        () = service.drain.cancelled() => return Ok(()),
    };
    let Started { epochs, projection, producer } = started;
    tokio::select! {
        outcome = kernel::run(config.kernel, &config.kafka, epochs, projection, service) => outcome,
        error = fatal_error(producer) => bail!("the producer cannot go on: {error}"),
    }
}

struct Started {
    epochs: Epochs,
    projection: FanoutProjection,
    producer: Producer,
}

/// Waits for everything without which nothing can be followed up.
async fn start(config: &FanoutConfig, service: &Service) -> anyhow::Result<Started> {
    let tables_latch = Tables::latch(&service.health);
    let definitions_latch =
        service.health.latch("definitions", "quizzes and campaigns are not read to their ends");
    let topics_latch = service.health.latch("topics", "waiting for the schemas of leads and messages");
    let registry = RegistryClient::new(&config.registry_url).context("VENDZZ_REGISTRY_URL")?;
    let drain = service.drain.clone();
    let tables = Tables::follow(&config.kafka, Tables::CHECK_EVERY, drain.clone())?;
    tables.caught_up().await;
    tables_latch.ready();

    let following = Following {
        kafka: &config.kafka,
        schema_ids: tables.schema_ids.clone(),
        registry: registry.clone(),
        // Some comparisons may fail before the last good one is too old.
        check_every: config.notice.in_step / 8,
        drain: drain.clone(),
    };
    let quizzes = Arc::new(HeldQuizzes::default());
    let campaigns = Arc::new(HeldCampaigns::new(config.notice.notice_ms()));
    let quizzes_follower = follow_quizzes(&following, quizzes.clone())?;
    let campaigns_follower = follow_campaigns(&following, campaigns.clone())?;
    quizzes_follower.caught_up().await;
    campaigns_follower.caught_up().await;
    let in_step = InStep::new(campaigns_follower, quizzes_follower, config.notice.in_step);
    tokio::spawn(in_step.clone().watch(definitions_latch, drain));

    let outbox_topics = outbox_topics(config, &tables.schema_ids, &topics_latch).await;
    let outbox = Outbox::new(&config.kafka, &config.producer(), outbox_topics, tables.epochs.clone())
        .context("cannot make the producer")?;
    while let Err(error) = outbox.warm(WARM).await {
        topics_latch.missing(format!("{error:#}"));
        tokio::time::sleep(AGAIN).await;
    }
    topics_latch.ready();
    if config.profile.is_production() {
        // A message that the log lost again is made by nobody: its offset was committed.
        let latch =
            service.health.latch("durability", "the replication of the topics written to is not known");
        require_durability(&latch, &config.kafka, &WRITTEN).await;
    }
    let producer = outbox.producer().clone();
    let parts = FanoutParts {
        quizzes,
        campaigns,
        versions: Versions::new(config.compiled_versions),
        in_step,
        outbox,
        lead_key: config.lead_key.clone(),
    };
    let projection = FanoutProjection {
        parts: Arc::new(parts),
        offsets: CommittedOffsets::new(&config.kafka, GROUP).context("cannot make a consumer")?,
        namespace: config.kafka.namespace.clone(),
        schema_ids: tables.schema_ids,
        registry,
        emit_from: config.emit_from,
        dedupe_window: config.dedupe_window,
        clock_difference_ms: config.notice.clock_difference_ms(),
    };
    Ok(Started { epochs: tables.epochs, projection, producer })
}

/// The topics of leads and messages, once their schemas are registered.
async fn outbox_topics(config: &FanoutConfig, schema_ids: &SchemaIds, latch: &Latch) -> OutboxTopics {
    loop {
        match OutboxTopics::new(&config.kafka, schema_ids) {
            Ok(topics) => return topics,
            Err(error) => latch.missing(format!("{error:#}")),
        }
        tokio::time::sleep(AGAIN).await;
    }
}

/// Returns when the producer can never send again: only another process helps. Reports its queue meanwhile.
async fn fatal_error(producer: Producer) -> String {
    loop {
        if let Some(error) = producer.fatal_error() {
            return error;
        }
        producer.report();
        tokio::time::sleep(AGAIN).await;
    }
}
