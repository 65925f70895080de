use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use super::*;

/// Nothing listens on port 1.
#[tokio::test]
async fn what_is_not_delivered_is_counted_for_its_topic() {
    let kafka = KafkaConfig::local("127.0.0.1:1", "t.");
    let settings = ProducerSettings {
        name: "test",
        linger: Duration::ZERO,
        queue_records: 10,
        queue_kbytes: 100,
        message_timeout: Duration::from_secs(1),
    };
    let lost: Vec<(String, Arc<AtomicU64>)> =
        ["t.a", "t.b", "t.c"].map(|topic| (topic.to_owned(), Arc::default())).into();
    let counters = lost.iter().map(|(topic, count)| (topic.clone(), Counter::from_arc(count.clone())));
    let producer = BestEffortProducer::new(&kafka, &settings, counters.collect()).unwrap();
    for topic in ["t.a", "t.b", "t.b"] {
        let record = OutgoingRecord { topic, partition: 0, key: b"k", payload: Some(b"v"), headers: &[] };
        producer.enqueue(&record).unwrap();
    }
    // It returns once the queue is empty: each record has been given up.
    producer.flush(Duration::from_secs(20)).await.unwrap();
    let counts: Vec<u64> = lost.iter().map(|(_, count)| count.load(Ordering::Relaxed)).collect();
    assert_eq!(counts, [1, 2, 0]);
}
