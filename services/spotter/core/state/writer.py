"""The writing half of the live state in Redis: one thread, the newest of each kind and camera, no queue.

Whoever puts something here never waits and never fails. While Redis is away the newest values stay here, older ones are
let go and counted, and the thread tries again for ever with growing pauses.
"""

from __future__ import annotations

import threading
import time
from dataclasses import dataclass
from typing import Any

import msgpack

from spotter.core.contracts import CameraHealth
from spotter.core.errors import StateError
from spotter.core.settings import StateSettings
from spotter.core.state.api import CameraView
from spotter.core.state.client import open_client, place_of, state_error
from spotter.core.state.encoding import encode_health, encode_view
from spotter.core.telemetry import get_logger
from spotter.core.telemetry.recovery_metrics import RecoveryMetrics

VIEW, BACKGROUND, HEALTH = "view", "background", "health"

LARGEST = 256 * 1024
"""Bytes of one entry at most: 50 people take 15 KB, a blurred picture 10 KB."""

_PACE_S = 0.03
"""Least time between two batches: what changes faster is conflated, since no screen shows more."""

_BATCH = 200
_PAUSE_MIN_S, _PAUSE_MAX_S = 0.2, 5.0
_IDLE_PING_S = 2.0


@dataclass(frozen=True)
class Keys:
    """Names in Redis, for one site."""

    base: str

    @classmethod
    def of(cls, settings: StateSettings, site: str) -> Keys:
        """The names of `site`."""
        return cls(f"{settings.prefix}{site}:live:")

    @property
    def index(self) -> str:
        """Sorted set of "kind:camera" by the wall time at which the entry goes, ms."""
        return f"{self.base}index"

    @property
    def channel(self) -> str:
        """Where changed entries are told: a msgpack list of "kind:camera"."""
        return f"{self.base}changes"

    def entry(self, name: str) -> str:
        """Key of the entry "kind:camera"."""
        return f"{self.base}{name}"


class StateWriter:
    """Sends entries to Redis in the background."""

    def __init__(self, settings: StateSettings, site: str, metrics: RecoveryMetrics) -> None:
        self._client = open_client(settings, name="spotter-live-writer")
        self._place = place_of(self._client)
        self._keys = Keys.of(settings, site)
        self._ttl_s = {VIEW: settings.ttl_s, BACKGROUND: settings.ttl_s, HEALTH: settings.health_ttl_s}
        self._metrics = metrics
        self._waiting: dict[str, Any] = {}
        self._changed = threading.Condition()
        self._closed = False
        self._down_since: float | None = time.monotonic()
        self._trouble = StateError(f"Redis at {self._place} has not answered yet")
        self._log = get_logger("spotter.state")
        self._thread = threading.Thread(target=self._run, name="spotter-state-writer", daemon=True)
        self._thread.start()

    def put(self, kind: str, camera_id: str, value: Any) -> None:
        """Send `value` soon; a value of the same kind and camera that still waits gives way."""
        with self._changed:
            name = f"{kind}:{camera_id}"
            if name in self._waiting:
                self._drop(kind, "overtaken")
            self._waiting[name] = value
            self._changed.notify()

    def status(self) -> str:
        """ "ok", or "degraded: " and why and since when."""
        with self._changed:
            if self._down_since is None:
                return "ok"
            return f"degraded: {self._trouble.message} since {time.monotonic() - self._down_since:.0f} s"

    def close(self) -> None:
        """Send what waits, if Redis answers, and stop."""
        with self._changed:
            self._closed = True
            self._changed.notify()
        self._thread.join(10)
        self._client.close()

    def _run(self) -> None:
        import redis

        pause, idle = 0.0, 0.0
        while True:
            batch, closed = self._next(pause or idle, hold=pause > 0)
            idle = _IDLE_PING_S
            try:
                if batch:
                    self._send(batch)
                else:
                    self._client.ping()
                self._answered()
                pause = 0.0
            except (redis.RedisError, OSError) as error:
                self._failed(batch, state_error(error, self._place))
                pause = min(max(2 * pause, _PAUSE_MIN_S), _PAUSE_MAX_S)
            if closed:
                return
            time.sleep(_PACE_S)

    def _next(self, timeout: float, *, hold: bool) -> tuple[dict[str, Any], bool]:
        """Up to a batch of what waits, as soon as there is something (after `timeout` seconds on `hold`)."""
        with self._changed:
            self._changed.wait_for(lambda: self._closed or (bool(self._waiting) and not hold), timeout)
            names = list(self._waiting)[: None if self._closed else _BATCH]
            return {name: self._waiting.pop(name) for name in names}, self._closed

    def _send(self, batch: dict[str, Any]) -> None:
        pipeline = self._client.pipeline(transaction=False)
        names, now_ms = [], round(time.time() * 1000)
        for name, value in batch.items():
            kind = name.partition(":")[0]
            data = _encoded(value)
            if len(data) > LARGEST:
                self._drop(kind, "too_large")
                continue
            ttl_ms = round(self._ttl_s[kind] * 1000)
            pipeline.set(self._keys.entry(name), data, px=ttl_ms)
            pipeline.zadd(self._keys.index, {name: now_ms + ttl_ms})
            names.append(name)
        if not names:
            return
        pipeline.zremrangebyscore(self._keys.index, "-inf", now_ms)
        pipeline.pexpire(self._keys.index, round(max(self._ttl_s.values()) * 1000))
        pipeline.publish(self._keys.channel, msgpack.packb(names))
        pipeline.execute()

    def _answered(self) -> None:
        with self._changed:
            back, self._down_since = self._down_since is not None, None
        self._metrics.state_up.set(1)
        if back:
            self._log.info("live_state_reached", place=self._place)

    def _failed(self, batch: dict[str, Any], trouble: StateError) -> None:
        with self._changed:
            first = self._down_since is None or trouble.message != self._trouble.message
            self._down_since = self._down_since if self._down_since is not None else time.monotonic()
            self._trouble = trouble
            for name, value in batch.items():
                # What could not be sent waits again, unless something newer came or this was the last try.
                if self._closed or name in self._waiting:
                    self._drop(name.partition(":")[0], "unreachable")
                else:
                    self._waiting[name] = value
        self._metrics.state_up.set(0)
        if first:
            self._log.warning("live_state_degraded", error=str(trouble))

    def _drop(self, kind: str, reason: str) -> None:
        self._metrics.state_writes_dropped.labels(kind=kind, reason=reason).inc()


def _encoded(value: CameraView | CameraHealth | bytes) -> bytes:
    if isinstance(value, CameraView):
        return encode_view(value)
    return encode_health(value) if isinstance(value, CameraHealth) else value
