//! What a partition's ends are when the broker refuses a question. The refusal is one that no real broker
//! gives on demand, so it comes from the broker that the client library brings for such cases.

use std::time::Duration;

use rdkafka::ClientConfig;
use rdkafka::consumer::BaseConsumer;
use rdkafka::mocking::MockCluster;
use rdkafka::producer::{BaseProducer, BaseRecord, Producer};
use rdkafka::types::{RDKafkaApiKey, RDKafkaRespErr};
use vendzz_runtime::kafka::{Watermark, watermark, watermarks};

const TOPIC: &str = "ends";
const RECORDS: i64 = 7;
const CALL: Duration = Duration::from_secs(5);
const REFUSED: RDKafkaRespErr = RDKafkaRespErr::RD_KAFKA_RESP_ERR_NOT_LEADER_FOR_PARTITION;
const ACCEPTED: RDKafkaRespErr = RDKafkaRespErr::RD_KAFKA_RESP_ERR_NO_ERROR;

#[test]
fn a_refused_question_is_an_error_and_never_an_empty_partition() {
    let cluster = MockCluster::new(1).unwrap();
    cluster.create_topic(TOPIC, 1, 1).unwrap();
    let mut config = ClientConfig::new();
    config.set("bootstrap.servers", cluster.bootstrap_servers()).set("group.id", "ends");
    let producer: BaseProducer = config.create().unwrap();
    for _ in 0..RECORDS {
        producer.send(BaseRecord::<(), str>::to(TOPIC).partition(0).payload("a record")).unwrap();
    }
    producer.flush(CALL).unwrap();
    let consumer: BaseConsumer = config.create().unwrap();

    for refusals in [&[REFUSED, ACCEPTED][..], &[ACCEPTED, REFUSED], &[REFUSED, REFUSED]] {
        cluster.clear_request_errors(RDKafkaApiKey::ListOffsets);
        cluster.request_errors(RDKafkaApiKey::ListOffsets, refusals);
        let answer = watermarks(&consumer, TOPIC, 0, CALL);
        assert!(answer.is_err(), "{refusals:?}: {answer:?}");
    }
    cluster.clear_request_errors(RDKafkaApiKey::ListOffsets);
    assert_eq!(watermarks(&consumer, TOPIC, 0, CALL), Ok((0, RECORDS)));
    assert_eq!(watermark(&consumer, TOPIC, 0, Watermark::Low, CALL), Ok(0));
    assert_eq!(watermark(&consumer, TOPIC, 0, Watermark::High, CALL), Ok(RECORDS));
    assert!(watermarks(&consumer, TOPIC, 99, Duration::from_millis(500)).is_err());
}
