"""The reading half of the live state in Redis: one thread that mirrors the entries of a site and wakes who waits.

It learns of changes by publish and subscribe, fetches only what changed, and looks at everything after a broken
connection. Entries leave the mirror when their time to live is over, as they do in Redis.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import replace
from typing import Any

import msgpack

from spotter.core.contracts import CameraHealth
from spotter.core.errors import StateError
from spotter.core.settings import StateSettings
from spotter.core.state.api import CameraView
from spotter.core.state.client import open_client
from spotter.core.state.encoding import decode_health, decode_view
from spotter.core.state.writer import BACKGROUND, HEALTH, VIEW, Keys
from spotter.core.telemetry.recovery_metrics import RecoveryMetrics

_GATHER_S = 0.02
"""Changes that come within this time are fetched together."""

_FETCH = 100
_POLL_S = 0.5
_PAUSE_MIN_S, _PAUSE_MAX_S = 0.2, 5.0
_FIRST_S = 1.5

_DECODE: dict[str, Callable[[bytes], Any]] = {VIEW: decode_view, HEALTH: decode_health, BACKGROUND: bytes}


class StateReader:
    """A mirror of the live state of one site. It starts when it is asked for the first time.

    Args:
        kinds: what is mirrored.
    """

    def __init__(
        self, settings: StateSettings, site: str, metrics: RecoveryMetrics, kinds: Collection[str] = tuple(_DECODE)
    ) -> None:
        self._kinds = frozenset(kinds)
        self._client = open_client(settings, name="spotter-live-reader")
        self._keys = Keys.of(settings, site)
        self._ttl_s = {VIEW: settings.ttl_s, BACKGROUND: settings.ttl_s, HEALTH: settings.health_ttl_s}
        self._metrics = metrics
        self._entries: dict[str, tuple[Any, float]] = {}
        self._version = 0
        self._changed = threading.Condition()
        self._loaded = threading.Event()
        self._closed = threading.Event()
        self._thread: threading.Thread | None = None

    def views(self) -> Mapping[str, CameraView]:
        """Newest view by camera id, with its background."""
        entries = self._now()
        pictures = _of(entries, BACKGROUND)
        return {
            camera: replace(view, background=pictures[camera]) if camera in pictures else view
            for camera, view in _of(entries, VIEW).items()
        }

    def health(self) -> Mapping[str, CameraHealth]:
        """Newest health by camera id."""
        return _of(self._now(), HEALTH)

    def version(self) -> int:
        """Grows with each change that this process has heard of."""
        self._start()
        with self._changed:
            return self._version

    def wait(self, version: int, timeout: float) -> int:
        """The version once it differs from `version`, or after `timeout` seconds."""
        self._start()
        with self._changed:
            self._changed.wait_for(lambda: self._version != version or self._closed.is_set(), timeout)
            return self._version

    def close(self) -> None:
        """Stop; who waits returns."""
        self._closed.set()
        with self._changed:
            self._changed.notify_all()
            thread = self._thread
        if thread is not None:
            thread.join(10)
        self._client.close()

    def _start(self) -> None:
        with self._changed:
            if self._thread is None and not self._closed.is_set():
                self._thread = threading.Thread(target=self._run, name="spotter-state-reader", daemon=True)
                self._thread.start()

    def _now(self) -> dict[str, Any]:
        """Entries that have not run out; the first call waits a moment for them."""
        self._start()
        self._loaded.wait(_FIRST_S)
        with self._changed:
            moment = time.monotonic()
            self._entries = {name: entry for name, entry in self._entries.items() if entry[1] > moment}
            return {name: value for name, (value, _) in self._entries.items()}

    def _run(self) -> None:
        import redis

        pause = _PAUSE_MIN_S
        while not self._closed.is_set():
            try:
                with self._client.pubsub(ignore_subscribe_messages=True) as changes:
                    # Subscribed first, so that nothing falls between the load and the first message.
                    changes.subscribe(self._keys.channel)
                    self._load()
                    pause = _PAUSE_MIN_S
                    self._follow(changes)
            except (redis.RedisError, OSError):
                # The writer tells of the trouble; a process that only reads learns of it by `StateWriter` as well.
                self._loaded.set()
                self._closed.wait(pause)
                pause = min(2 * pause, _PAUSE_MAX_S)

    def _follow(self, changes: Any) -> None:
        while not self._closed.is_set():
            names = _names(changes.get_message(timeout=_POLL_S))
            until = time.monotonic() + _GATHER_S
            while names and (left := until - time.monotonic()) > 0:
                names |= _names(changes.get_message(timeout=left))
            if names:
                self._fetch(dict.fromkeys(names))

    def _load(self) -> None:
        """Everything there is; an entry goes at the time that the index says."""
        moment = time.time()
        index = self._client.zrangebyscore(self._keys.index, round(moment * 1000), "+inf", withscores=True)
        self._fetch({name.decode(): score / 1000 - moment for name, score in index})
        self._loaded.set()

    def _fetch(self, names: Mapping[str, float | None]) -> None:
        """Bring these entries up to date; each with the seconds that are left of it, None for all of its time."""
        fresh: dict[str, tuple[Any, float]] = {}
        wanted = [name for name in names if name.partition(":")[0] in self._kinds]
        for first in range(0, len(wanted), _FETCH):
            some = wanted[first : first + _FETCH]
            values = self._client.mget([self._keys.entry(name) for name in some])
            for name, data in zip(some, values, strict=True):
                value = self._decoded(name, data)
                if value is not None:
                    left = names[name]
                    ttl_s = self._ttl_s[name.partition(":")[0]]
                    fresh[name] = value, time.monotonic() + (ttl_s if left is None else min(left, ttl_s))
        if not fresh and not self._kinds.issuperset(_DECODE):
            return
        with self._changed:
            # What a server that came back empty does not have stays here until its time is over.
            self._entries |= fresh
            self._version += 1
            self._changed.notify_all()

    def _decoded(self, name: str, data: bytes | None) -> Any:
        decode = _DECODE.get(name.partition(":")[0])
        if data is None or decode is None:
            return None
        try:
            return decode(data)
        except StateError:
            self._metrics.state_unreadable.inc()
            return None


def _of(entries: Mapping[str, Any], kind: str) -> dict[str, Any]:
    start = f"{kind}:"
    return {name[len(start) :]: value for name, value in entries.items() if name.startswith(start)}


def _names(message: Mapping[str, Any] | None) -> set[str]:
    """The entries that a message tells of; nothing for one that is not ours."""
    if message is None or message["type"] != "message":
        return set()
    try:
        names: Iterable[Any] = msgpack.unpackb(message["data"])
        return {name for name in names if isinstance(name, str)}
    except (ValueError, TypeError):
        return set()
