use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use rdkafka::ClientConfig;
use rdkafka::client::Client;
use rdkafka::config::FromClientConfigAndContext;
use rdkafka::error::KafkaError;
use rdkafka::producer::{BaseProducer, Producer as _, ProducerContext};
use rdkafka::util::Timeout;

use super::rebootstrap::Rebootstrap;

/// How long the thread waits for events at a time. `ThreadedProducer` of the crate waits 100 ms, and so wakes
/// ten times a second when nothing happens.
const WAIT: Duration = Duration::from_secs(2);

/// A producer and the thread on which its deliveries are heard. The thread ends some time after the last
/// clone was dropped; who wants the queue to be empty by then flushes first.
pub(super) struct PolledProducer<C: ProducerContext + 'static> {
    inner: Arc<BaseProducer<C>>,
    /// One for all clones.
    stop_on_drop: Arc<StopOnDrop>,
}

struct StopOnDrop(Arc<AtomicBool>);

impl<C: ProducerContext + Send + Sync + 'static> PolledProducer<C> {
    pub(super) fn new(config: &ClientConfig, name: &str, context: C) -> Result<Self, KafkaError> {
        let inner = Arc::new(BaseProducer::from_config_and_context(config, context)?);
        let stop = Arc::new(AtomicBool::new(false));
        let mut rebootstrap = Rebootstrap::new(config);
        let (polled, stopped) = (inner.clone(), stop.clone());
        let thread = std::thread::Builder::new().name(format!("deliver-{name}")).spawn(move || {
            while !stopped.load(Ordering::Relaxed) {
                polled.poll(WAIT);
                rebootstrap.attend(polled.client());
            }
        });
        thread
            .map_err(|error| KafkaError::ClientCreation(format!("no thread for the deliveries: {error}")))?;
        Ok(Self { inner, stop_on_drop: Arc::new(StopOnDrop(stop)) })
    }

    pub(super) fn inner(&self) -> &BaseProducer<C> {
        &self.inner
    }

    /// Asks for the topic's metadata, which opens the connections. Returns its partition count.
    pub(super) async fn warm(&self, topic: &str, timeout: Duration) -> Result<usize, KafkaError> {
        let inner = self.inner.clone();
        let topic = topic.to_owned();
        let asked = tokio::task::spawn_blocking(move || {
            let metadata = inner.client().fetch_metadata(Some(&topic), Timeout::After(timeout))?;
            Ok(metadata.topics().iter().map(|topic| topic.partitions().len()).sum())
        });
        asked.await.unwrap_or(Err(KafkaError::Canceled))
    }

    /// Waits until the queue is empty.
    pub(super) async fn flush(&self, timeout: Duration) -> Result<(), KafkaError> {
        let inner = self.inner.clone();
        let flushed = tokio::task::spawn_blocking(move || inner.flush(Timeout::After(timeout)));
        flushed.await.unwrap_or(Err(KafkaError::Canceled))
    }

    pub(super) fn fatal_error(&self) -> Option<String> {
        let client: &Client<C> = self.inner.client();
        client.fatal_error().map(|(code, reason)| format!("{code}: {reason}"))
    }
}

impl<C: ProducerContext + 'static> Clone for PolledProducer<C> {
    fn clone(&self) -> Self {
        Self { inner: self.inner.clone(), stop_on_drop: self.stop_on_drop.clone() }
    }
}

impl Drop for StopOnDrop {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
    }
}
