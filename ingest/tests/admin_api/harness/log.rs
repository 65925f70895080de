use std::sync::{Arc, Mutex};
use std::time::Duration;

use tokio_util::sync::CancellationToken;
use vendzz_runtime::kafka::{Follower, KafkaConfig};

use super::namespace::{address, definition_topic, prefix};

/// The offsets of all records of a quiz, read from the topic itself.
pub(crate) async fn versions_in_log(quiz_id: &str) -> Vec<i64> {
    let kafka = KafkaConfig::local(&address("VENDZZ_KAFKA_BOOTSTRAP"), prefix());
    let offsets = Arc::new(Mutex::new(Vec::new()));
    let stop = CancellationToken::new();
    let (wanted, into) = (quiz_id.to_owned(), offsets.clone());
    let follower =
        Follower::start(&kafka, definition_topic(), Duration::from_secs(1), stop.clone(), move |record| {
            if record.key == wanted.as_bytes() {
                into.lock().unwrap().push(record.offset);
            }
        });
    follower.unwrap().read_to_end(Duration::from_secs(20)).await.unwrap();
    stop.cancel();
    let offsets = offsets.lock().unwrap();
    offsets.clone()
}
