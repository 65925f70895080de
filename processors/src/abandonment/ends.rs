use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context;
use vendzz_runtime::kafka::{self, KafkaConfig};
use vendzz_schemas::topics::{QUIZ_PROGRESS, QUIZ_SUBMISSION};

use super::fences::{Place, Stream};

/// Asks Kafka where the partitions of the two streams begin and end.
#[derive(Clone)]
pub(super) struct Ends {
    submissions: Arc<kafka::Ends>,
    progress: Arc<kafka::Ends>,
    timeout: Duration,
}

impl Ends {
    pub(super) fn new(kafka: &KafkaConfig, timeout: Duration) -> Self {
        let of = |topic| Arc::new(kafka::Ends::new(kafka.client("abandonment-ends"), kafka.name(topic)));
        Self { submissions: of(QUIZ_SUBMISSION), progress: of(QUIZ_PROGRESS), timeout }
    }

    /// Each partition with its low and high watermark.
    pub(super) async fn of(&self, places: BTreeSet<Place>) -> anyhow::Result<Vec<(Place, (i64, i64))>> {
        let this = self.clone();
        let asking = tokio::task::spawn_blocking(move || {
            places.into_iter().map(|place| Ok((place, this.ask(place)?))).collect()
        });
        asking.await.context("the question for the ends panicked")?
    }

    fn ask(&self, (stream, partition): Place) -> anyhow::Result<(i64, i64)> {
        let ends = match stream {
            Stream::Submission => &self.submissions,
            Stream::Progress => &self.progress,
        };
        ends.both_of(partition, self.timeout)
            .with_context(|| format!("asking where partition {partition} of the {stream:?} stream ends"))
    }
}
