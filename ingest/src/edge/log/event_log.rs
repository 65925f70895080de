use std::sync::OnceLock;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use tokio::time::Instant;
use vendzz_runtime::kafka::{BestEffortProducer, KafkaConfig, OutgoingRecord, Producer, SendError};
use vendzz_runtime::tables::Tables;
use vendzz_schemas::codec::Encoder;
use vendzz_schemas::events::{QuizProgressed, QuizSubmitted, QuizViewed};
use vendzz_schemas::ids::TimedId;
use vendzz_schemas::{routing, topics};

/// Between two attempts to write to a partition that this client has not heard of yet.
const PARTITION_WAIT: Duration = Duration::from_millis(250);

/// Appends submissions, views and progress to the partitions that their ids say.
pub struct EventLog {
    submissions: Producer,
    /// Of views and of progress.
    views: BestEffortProducer,
    submission_topic: String,
    view_topic: String,
    progress_topic: String,
    tables: Tables,
    encoders: OnceLock<Encoders>,
    /// V of DESIGN section 4.
    epoch_max_age: Duration,
    /// Whether the topics are kept as the profile asks.
    is_durable: AtomicBool,
}

struct Encoders {
    submitted: Encoder<QuizSubmitted>,
    viewed: Encoder<QuizViewed>,
    progressed: Encoder<QuizProgressed>,
}

/// Why an event is not known to stand in the log.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum AppendError {
    /// The topics' epochs or schema ids are not known, or what is known of them is too old.
    #[error("it is not known where to write")]
    NotRoutable,
    /// Certainly not written.
    #[error("the producer's queue is full")]
    QueueFull,
    /// Certainly not written.
    #[error("not written: {0}")]
    NotWritten(String),
    /// It may or may not stand in the log.
    #[error("not acknowledged in time: {0}")]
    Unknown(String),
}

impl EventLog {
    pub fn new(
        kafka: &KafkaConfig,
        submissions: Producer,
        views: BestEffortProducer,
        tables: Tables,
        epoch_max_age: Duration,
    ) -> Self {
        Self {
            submissions,
            views,
            submission_topic: kafka.name(topics::QUIZ_SUBMISSION),
            view_topic: kafka.name(topics::QUIZ_VIEW),
            progress_topic: kafka.name(topics::QUIZ_PROGRESS),
            tables,
            encoders: OnceLock::new(),
            epoch_max_age,
            is_durable: AtomicBool::new(true),
        }
    }

    /// In production nothing is appended before the topics were seen to be kept durably.
    pub fn set_durable(&self, is_durable: bool) {
        self.is_durable.store(is_durable, Ordering::Release);
    }

    /// Makes the encoders, or says which command is missing. To be repeated until it succeeds.
    pub fn prepare(&self) -> anyhow::Result<()> {
        if self.encoders.get().is_some() {
            return Ok(());
        }
        let encoders = Encoders {
            submitted: self.tables.schema_ids.encoder(&self.submission_topic)?,
            viewed: self.tables.schema_ids.encoder(&self.view_topic)?,
            progressed: self.tables.schema_ids.encoder(&self.progress_topic)?,
        };
        for topic in [&self.submission_topic, &self.view_topic, &self.progress_topic] {
            anyhow::ensure!(
                self.tables.epochs.get(topic).is_some(),
                "{topic} has no epochs: run `vendzz topics apply`"
            );
        }
        // Set twice at most, with equal encoders.
        let _ = self.encoders.set(encoders);
        Ok(())
    }

    /// Opens both producers' connections.
    pub async fn warm(&self, timeout: Duration) -> anyhow::Result<()> {
        self.submissions.warm(&self.submission_topic, timeout).await?;
        self.views.warm(&self.view_topic, timeout).await?;
        self.views.warm(&self.progress_topic, timeout).await?;
        Ok(())
    }

    /// Whether it is known where events belong: an edge that has not compared its epochs with the log
    /// for V must not write.
    pub fn knows_partitions(&self) -> bool {
        let age = self.tables.epochs_follower.in_step_age();
        self.encoders.get().is_some() && age.is_some_and(|age| age <= self.epoch_max_age)
    }

    /// Whether an event may be appended: it is known where to, and kept there.
    pub fn is_routable(&self) -> bool {
        self.is_durable.load(Ordering::Acquire) && self.knows_partitions()
    }

    /// Returns once every replica that must has the record.
    pub async fn append_submission(
        &self,
        response_id: &TimedId,
        submitted: &QuizSubmitted,
        deadline: Instant,
    ) -> Result<(), AppendError> {
        let encoders = self.encoders()?;
        let partition = self.partition(&self.submission_topic, &submitted.quiz_id, response_id)?;
        let key = format!("{}/{}", submitted.quiz_id, submitted.response_id);
        let payload = encoders
            .submitted
            .encode(submitted)
            .map_err(|error| AppendError::NotWritten(error.to_string()))?;
        let record = OutgoingRecord {
            topic: &self.submission_topic,
            partition,
            key: key.as_bytes(),
            payload: Some(&payload),
            headers: &[],
        };
        loop {
            let sent = match tokio::time::timeout_at(deadline, self.submissions.send(&record)).await {
                Ok(sent) => sent,
                Err(_) => return Err(AppendError::Unknown("the request's deadline has passed".to_owned())),
            };
            match sent {
                Ok(_) => return Ok(()),
                // The partitions of a new epoch are announced before this client has heard of them.
                Err(SendError::NotSent(_)) if Instant::now() + PARTITION_WAIT < deadline => {
                    tokio::time::sleep(PARTITION_WAIT).await;
                }
                Err(error) => return Err(error.into()),
            }
        }
    }

    /// Returns once the record is in the producer's queue.
    pub fn enqueue_view(&self, visitor_id: &TimedId, viewed: &QuizViewed) -> Result<(), AppendError> {
        let encoders = self.encoders()?;
        let partition = self.partition(&self.view_topic, &viewed.quiz_id, visitor_id)?;
        let key = format!("{}/{}", viewed.quiz_id, viewed.visitor_id);
        let payload =
            encoders.viewed.encode(viewed).map_err(|error| AppendError::NotWritten(error.to_string()))?;
        self.enqueue(&self.view_topic, partition, &key, &payload)
    }

    /// Returns once the record is in the producer's queue, which it shares with views.
    pub fn enqueue_progress(
        &self,
        response_id: &TimedId,
        progressed: &QuizProgressed,
    ) -> Result<(), AppendError> {
        let encoders = self.encoders()?;
        let partition = self.partition(&self.progress_topic, &progressed.quiz_id, response_id)?;
        let key = format!("{}/{}", progressed.quiz_id, progressed.response_id);
        let payload = encoders
            .progressed
            .encode(progressed)
            .map_err(|error| AppendError::NotWritten(error.to_string()))?;
        self.enqueue(&self.progress_topic, partition, &key, &payload)
    }

    /// Waits until both queues are empty.
    pub async fn flush(&self, timeout: Duration) -> anyhow::Result<()> {
        let (submissions, views) = tokio::join!(self.submissions.flush(timeout), self.views.flush(timeout));
        submissions?;
        views?;
        Ok(())
    }

    /// What makes a producer useless for ever: the process must be started again.
    pub fn fatal_error(&self) -> Option<String> {
        self.submissions.fatal_error().or_else(|| self.views.fatal_error())
    }

    /// Publishes the length of both queues.
    pub fn report(&self) {
        self.submissions.report();
        self.views.report();
    }

    fn enqueue(&self, topic: &str, partition: i32, key: &str, payload: &[u8]) -> Result<(), AppendError> {
        let record =
            OutgoingRecord { topic, partition, key: key.as_bytes(), payload: Some(payload), headers: &[] };
        self.views.enqueue(&record).map_err(AppendError::from)
    }

    fn encoders(&self) -> Result<&Encoders, AppendError> {
        self.encoders.get().filter(|_| self.is_routable()).ok_or(AppendError::NotRoutable)
    }

    fn partition(&self, topic: &str, quiz_id: &str, id: &TimedId) -> Result<i32, AppendError> {
        let epochs = self.tables.epochs.get(topic).ok_or(AppendError::NotRoutable)?;
        routing::route(quiz_id, id, &epochs).ok_or(AppendError::NotRoutable)
    }
}

impl From<SendError> for AppendError {
    fn from(error: SendError) -> Self {
        match error {
            SendError::QueueFull => Self::QueueFull,
            SendError::NotSent(detail) | SendError::Refused(detail) => Self::NotWritten(detail),
            SendError::Unknown(detail) => Self::Unknown(detail),
        }
    }
}
