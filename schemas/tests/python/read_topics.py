"""Reads topics from their start to their end with nothing of ours: Confluent's Kafka client, fastavro, and the
registry's HTTP API. Prints one JSON object a record.

The wire format is Confluent's: a zero byte, the schema's id as four bytes big-endian, Avro binary.
https://docs.confluent.io/platform/current/schema-registry/fundamentals/serdes-develop/index.html#wire-format

Usage: read_topics.py BOOTSTRAP REGISTRY_URL TOPIC...
"""

import io
import json
import struct
import sys
import time
import urllib.request

import fastavro
from confluent_kafka import Consumer, KafkaError, TopicPartition

SILENCE_SECONDS = 30


class Registry:
    """Looks each schema up by its id, once."""

    def __init__(self, url):
        self.url = url
        self.schemas = {}
        # The registry is on this machine: no proxy of the environment is asked.
        self.opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))

    def schema(self, schema_id):
        if schema_id not in self.schemas:
            with self.opener.open(f"{self.url}/schemas/ids/{schema_id}", timeout=10) as answer:
                self.schemas[schema_id] = fastavro.parse_schema(json.loads(json.load(answer)["schema"]))
        return self.schemas[schema_id]


def decode(framed, registry):
    magic, schema_id = struct.unpack(">bI", framed[:5])
    if magic != 0:
        raise ValueError(f"the first byte is {magic}, not 0")
    schema = registry.schema(schema_id)
    body = io.BytesIO(framed[5:])
    value = fastavro.schemaless_reader(body, schema, None)
    if body.read():
        raise ValueError("bytes left over behind the record")
    return schema["name"], value


def read_whole(consumer, topic, registry):
    """Every record between the ends of the topic as they are now."""
    metadata = consumer.list_topics(topic, timeout=10).topics[topic]
    if metadata.error is not None:
        raise SystemExit(f"{topic}: {metadata.error}")
    left = {}
    for partition in metadata.partitions:
        low, high = consumer.get_watermark_offsets(TopicPartition(topic, partition), timeout=10)
        if low < high:
            left[partition] = (low, high)
    consumer.assign([TopicPartition(topic, partition, low) for partition, (low, _) in left.items()])
    heard_at = time.monotonic()
    while left:
        message = consumer.poll(0.5)
        if message is None:
            if time.monotonic() - heard_at > SILENCE_SECONDS:
                raise SystemExit(f"{topic}: nothing heard for {SILENCE_SECONDS} s, and {left} is left")
            continue
        heard_at = time.monotonic()
        if message.error() is not None:
            # The log cleaner may have taken the last records before the end.
            if message.error().code() == KafkaError._PARTITION_EOF:
                left.pop(message.partition(), None)
                continue
            raise SystemExit(f"{topic}: {message.error()}")
        record_type, value = decode(message.value(), registry)
        print(
            json.dumps(
                {
                    "topic": topic,
                    "partition": message.partition(),
                    "offset": message.offset(),
                    "key": message.key().decode(),
                    "type": record_type,
                    "value": value,
                },
                ensure_ascii=False,
            )
        )
        if message.partition() in left and message.offset() + 1 >= left[message.partition()][1]:
            del left[message.partition()]


def main():
    bootstrap, registry_url, *topics = sys.argv[1:]
    consumer = Consumer(
        {
            "bootstrap.servers": bootstrap,
            "group.id": "independent-reader",
            "enable.auto.commit": False,
            "auto.offset.reset": "error",
            "enable.partition.eof": True,
        }
    )
    registry = Registry(registry_url)
    for topic in topics:
        read_whole(consumer, topic, registry)
    consumer.close()


if __name__ == "__main__":
    main()
