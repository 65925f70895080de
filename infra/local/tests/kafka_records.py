"""Writes or reads the records of a topic: kafka_records.py write|read BOOTSTRAP TOPIC [VALUE…]"""

import sys

from confluent_kafka import Consumer, Producer, TopicPartition
from confluent_kafka.admin import AdminClient, NewTopic

# A broker that has just started lets its coordinators load; the client repeats what it asked, and would warn of it.
QUIET = {"log_level": 3}

action, bootstrap, topic, *values = sys.argv[1:]


def write():
    admin = AdminClient({"bootstrap.servers": bootstrap})
    admin.create_topics([NewTopic(topic, 1, 1)])[topic].result(30)
    failures = []
    producer = Producer({"bootstrap.servers": bootstrap, "acks": "all", "enable.idempotence": True, **QUIET})
    for value in values:
        producer.produce(topic, value, partition=0, on_delivery=lambda error, _: error and failures.append(error))
    if producer.flush(30) or failures:
        raise SystemExit(f"not acknowledged: {failures}")


def read():
    consumer = Consumer({"bootstrap.servers": bootstrap, "group.id": "stack-test", "enable.auto.commit": False})
    partition = TopicPartition(topic, 0, 0)
    _, end = consumer.get_watermark_offsets(partition, timeout=30)
    consumer.assign([partition])
    for record in consumer.consume(end, timeout=30):
        print(record.value().decode())
    consumer.close()


{"write": write, "read": read}[action]()
