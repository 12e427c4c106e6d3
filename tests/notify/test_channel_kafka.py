"""The Kafka channel against a real broker: topic made, key, headers, order, a broker that is away and comes back."""

from __future__ import annotations

import gc
import json
import threading
import time
import uuid
from collections.abc import Iterator
from typing import Any

import pytest
from brokers import NoidaBroker
from kafka import KafkaConsumer, TopicPartition
from notify_tools import fall, notify_settings, person_down, record, wait_until, working

from spotter.core.errors import ChannelError, ConfigError
from spotter.core.store import Store
from spotter.notify.channels import Channel, open_channel
from spotter.notify.message import trial_message


@pytest.fixture(scope="module")
def broker() -> Iterator[NoidaBroker]:
    with NoidaBroker() as broker:
        yield broker


@pytest.fixture
def prefix() -> str:
    return f"t{uuid.uuid4().hex[:8]}."


def values(broker: NoidaBroker, prefix: str, timeout_s: float = 5.0, **more: Any) -> dict[str, Any]:
    return {
        "type": "kafka", "name": "stream", "timeout_s": timeout_s, "retry": {"min_s": 0.1, "max_s": 0.5},
        "kafka": {"servers": list(broker.servers), "prefix": prefix, **more},
    }  # fmt: skip


def channel(broker: NoidaBroker, prefix: str, **more: Any) -> Channel:
    settings = notify_settings(values(broker, prefix, **more))
    return open_channel(settings.notify.channels[0], settings)


def consumed(broker: NoidaBroker, topic: str, count: int) -> list[Any]:
    """The first `count` records of a topic."""
    consumer = KafkaConsumer(bootstrap_servers=list(broker.servers), auto_offset_reset="earliest")
    try:
        parts = wait_until(lambda: consumer.partitions_for_topic(topic), what="the topic")
        consumer.assign([TopicPartition(topic, part) for part in parts])
        consumer.seek_to_beginning()
        records: list[Any] = []

        def enough() -> bool:
            for batch in consumer.poll(timeout_ms=200).values():
                records.extend(batch)
            return len(records) >= count

        wait_until(enough, what=f"{count} records")
        return records
    finally:
        consumer.close()


def test_alerts_are_keyed_by_camera_and_in_order(broker: NoidaBroker, prefix: str, sqlite_store: Store) -> None:
    record(sqlite_store, fall(0), updates=3)
    record(sqlite_store, person_down(1, camera_id="gate"))
    with working(notify_settings(values(broker, prefix)), sqlite_store):
        records = consumed(broker, f"{prefix}alerts", 4)
    dock = [one for one in records if one.key == b"dock"]
    assert [json.loads(one.value)["update"]["number"] for one in dock] == [0, 1, 2]
    assert len({one.partition for one in dock}) == 1
    headers = dict(dock[0].headers)
    assert headers["spotter-schema"] == b"1"
    assert headers["content-type"] == b"application/json"
    assert headers["idempotency-key"].decode() == json.loads(dock[0].value)["key"]


# The client library leaves sockets that never connected to the garbage collector.
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
def test_it_goes_on_when_the_broker_comes_back(prefix: str) -> None:
    with NoidaBroker() as broker:
        one = channel(broker, prefix, timeout_s=2.0)
        one.send(trial_message("site", 1))
        broker.kill()
        for number in (2, 3):
            with pytest.raises(ChannelError, match=r"^channel 'stream': .*Kafka"):
                one.send(trial_message("site", number))
        assert client_threads() == [], "what failed is let go"
        broker.start()

        def sent() -> bool:
            try:
                one.send(trial_message("site", 4))
            except ChannelError:
                return False
            return True

        wait_until(sent, timeout=40, what="the broker takes a message again")
        one.close()
        records = consumed(broker, f"{prefix}alerts", 1)
        assert json.loads(records[-1].value)["key"] == "test:4"
        gc.collect()


def client_threads() -> list[str]:
    """Threads of the channel's Kafka clients, once those that end have ended."""
    deadline = time.monotonic() + 10
    while True:
        names = [one.name for one in threading.enumerate() if "spotter-notify-stream" in one.name]
        if not names or time.monotonic() > deadline:
            return names
        time.sleep(0.05)


def test_a_certificate_that_cannot_be_read_is_refused_at_once(broker: NoidaBroker, prefix: str) -> None:
    with pytest.raises(ConfigError, match=r"channel 'stream': '/nowhere/ca\.pem'"):
        channel(broker, prefix, security="ssl", ca_file="/nowhere/ca.pem")
