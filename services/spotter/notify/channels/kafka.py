"""A Kafka topic (extra [stream]): JSON, keyed by camera, acknowledged by all replicas, from an idempotent producer.

A failure drops the producer with all that it still holds, so that a message is on its way once and no more; the next
try makes a new one.
"""

from __future__ import annotations

import json
import threading
from typing import Any

from spotter.core.bus.api import Codec, Overflow, Topic
from spotter.core.contracts import SCHEMA_VERSION
from spotter.core.errors import BusError, ChannelError, ConfigError
from spotter.core.settings import Settings
from spotter.core.settings.channels import KafkaChannelSettings
from spotter.notify.message import Message

_CLOSE_S = 2.0


class KafkaChannel:
    """One topic."""

    def __init__(self, channel: KafkaChannelSettings, settings: Settings) -> None:
        from spotter.core.bus.kafka.options import client_options

        self._name = channel.name
        self._kafka = channel.kafka or settings.bus.kafka
        self._timeout_s = channel.timeout_s
        # The topic's plan is that of a lossless one: kept for days, made when it is missing.
        self._topic: Topic[bytes] = Topic(channel.topic, lambda _: "", Overflow.BLOCK, 1, Codec(bytes, bytes))
        try:
            self._options = client_options(self._kafka, client_id=f"spotter-notify-{channel.name}")
        except BusError as error:
            raise ConfigError(f"channel '{channel.name}': {error.message}", mend=error.mend) from None
        self._lock = threading.Lock()
        self._producer: Any = None
        self._target = ""

    def send(self, message: Message) -> None:
        from spotter.core.bus.kafka.faults import explain
        from spotter.core.bus.kafka.lane import TOO_LARGE

        try:
            producer = self._connected()
            sent = producer.send(
                self._target,
                key=message.camera_id.encode(),
                value=json.dumps(message.payload, separators=(",", ":"), sort_keys=True, allow_nan=False).encode(),
                headers=[
                    ("spotter-schema", b"%d" % SCHEMA_VERSION),
                    ("content-type", b"application/json"),
                    ("idempotency-key", message.key.encode()),
                ],
            )
            sent.get(timeout=self._timeout_s)
        except Exception as error:  # The client raises its own tree, OSError, ValueError and RuntimeError.
            self._drop(0.0)
            reason = explain(error, self._kafka, topic=self._target)
            raise ChannelError(
                f"channel '{self._name}': {reason.message}",
                mend=reason.mend,
                permanent=isinstance(error, TOO_LARGE),
            ) from None

    def close(self) -> None:
        self._drop(_CLOSE_S)

    def _connected(self) -> Any:
        from kafka import KafkaProducer

        with self._lock:
            if self._producer is None:
                timeout_ms = round(self._timeout_s * 1000)
                bounds = {"request_timeout_ms": max(1, timeout_ms // 2), "bootstrap_timeout_ms": timeout_ms}
                # Before the topic: a failed admin client leaves a thread behind, a failed producer does not.
                producer = KafkaProducer(
                    **{**self._options, **bounds},
                    acks="all",
                    enable_idempotence=True,
                    linger_ms=0,
                    max_block_ms=timeout_ms,
                    # It gives up before `send` does, so that it holds nothing when it is dropped.
                    delivery_timeout_ms=max(1, timeout_ms * 3 // 4),
                )
                try:
                    self._target = self._make_topic({**self._options, **bounds})
                except BaseException:
                    producer.close(timeout=0)
                    raise
                self._producer = producer
            return self._producer

    def _make_topic(self, options: dict[str, Any]) -> str:
        """The topic's name in Kafka; made there if the settings allow it."""
        from kafka import KafkaAdminClient

        from spotter.core.bus.kafka.topics import create, inspect, plan_for

        plan = plan_for(self._kafka, self._topic)
        if self._kafka.create_topics:
            admin = KafkaAdminClient(**options)
            try:
                if inspect(admin, [plan])[0].missing:
                    create(admin, plan)
            finally:
                admin.close()
        return plan.name

    def _drop(self, timeout_s: float) -> None:
        with self._lock:
            producer, self._producer = self._producer, None
        if producer is None:
            return
        try:
            producer.close(timeout=timeout_s)
        except Exception:  # It still holds a message: then `close` leaves its thread, which would send it one day.
            producer._sender.force_close()
