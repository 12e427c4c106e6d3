"""The live feed: one pump for all browsers, conflated, so that a slow browser slows nobody and never gets a backlog.

The pump runs only while somebody listens. It waits for live state to change, writes the newest views down once, and
wakes every listener; a listener that was busy meanwhile finds the newest text only. Views come at most every
`interval_s`; changes of the alerts are looked for in the store every `alerts_interval_s`.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import threading
from collections.abc import AsyncIterator, Awaitable, Callable, Hashable
from typing import Any

from anyio import CapacityLimiter, to_thread

from spotter.core.clock import isoformat, now
from spotter.core.errors import StoreError
from spotter.core.state import LiveState
from spotter.core.store import AlertQuery, Store
from spotter.core.telemetry import get_logger
from spotter.dashboard.api.encode import cameras_json

_WAIT_S = 0.5
"""Longest time that a worker thread stays in `LiveState.wait`, and so the longest time it outlives its listeners."""

_RETRY_S = 1.0

HEARTBEAT = b": still here\n\nevent: beat\ndata: {}\n\n"
"""A comment for proxies, and an event, because a page cannot see comments."""


class LiveFeed:
    """Server-Sent Events of live views and of changes in the alerts.

    Args:
        state: what is shown.
        store: where alerts are.
        interval_s: least time between two views.
        heartbeat_s: a quiet stream says this often that it is alive.
        max_listeners: streams at most; more are refused by the caller (`full`).
    """

    def __init__(
        self,
        state: LiveState,
        store: Store,
        *,
        interval_s: float = 0.1,
        alerts_interval_s: float = 0.5,
        heartbeat_s: float = 5.0,
        max_listeners: int = 64,
    ) -> None:
        self._state = state
        self._store = store
        self._interval_s = interval_s
        self._alerts_interval_s = alerts_interval_s
        self._heartbeat_s = heartbeat_s
        self._max_listeners = max_listeners
        self._listeners: set[asyncio.Event] = set()
        self._pumps: list[asyncio.Task[None]] = []
        self._views = b""
        self._views_number = 0
        self._alerts_number = 0
        self._threads = CapacityLimiter(2)
        self._closed = threading.Event()
        self._loop: asyncio.AbstractEventLoop | None = None

    @property
    def listeners(self) -> int:
        """Open streams."""
        return len(self._listeners)

    @property
    def full(self) -> bool:
        """True when no further stream is accepted."""
        return len(self._listeners) >= self._max_listeners

    async def stream(self) -> AsyncIterator[bytes]:
        """Events for one browser until it leaves or the feed closes: `views` and `alerts`; comments as heartbeats."""
        awake = asyncio.Event()
        self._join(awake)
        try:
            yield b"retry: 1000\n\n" + _event("alerts", {})
            seen_views, seen_alerts = 0, self._alerts_number
            while not self._closed.is_set():
                if self._alerts_number != seen_alerts:
                    seen_alerts = self._alerts_number
                    yield _event("alerts", {})
                elif self._views_number != seen_views:
                    seen_views = self._views_number
                    yield self._views
                else:
                    awake.clear()
                    try:
                        await asyncio.wait_for(awake.wait(), self._heartbeat_s)
                    except TimeoutError:
                        yield HEARTBEAT
            yield _event("end", {})
        finally:
            self._leave(awake)

    def close(self) -> None:
        """End every stream; may be called from any thread, more than once."""
        self._closed.set()
        loop = self._loop
        if loop is not None:
            # A loop that has closed has no streams left to wake.
            with contextlib.suppress(RuntimeError):
                loop.call_soon_threadsafe(self._wake)

    def _join(self, awake: asyncio.Event) -> None:
        self._loop = asyncio.get_running_loop()
        self._listeners.add(awake)
        if not self._pumps:
            self._pumps = [asyncio.create_task(self._keep(pump)) for pump in (self._pump_views, self._pump_alerts)]
        elif self._views:
            awake.set()

    def _leave(self, awake: asyncio.Event) -> None:
        self._listeners.discard(awake)
        if not self._listeners:
            for pump in self._pumps:
                pump.cancel()
            self._pumps = []

    def _wake(self) -> None:
        for listener in self._listeners:
            listener.set()

    async def _keep(self, pump: Callable[[], Awaitable[None]]) -> None:
        """Run `pump`; a failure (live state may be on another machine) is logged and tried again."""
        while not self._closed.is_set():
            try:
                await pump()
            except Exception as error:
                get_logger(__name__).error("live_feed_failed", error=f"{type(error).__name__}: {error}")
                await asyncio.sleep(_RETRY_S)

    async def _pump_views(self) -> None:
        version = -1
        while not self._closed.is_set():
            seen = await self._in_thread(self._state.wait, version, _WAIT_S)
            if seen == version:
                continue
            version = seen
            self._views = _event("views", {"at": isoformat(now()), "cameras": cameras_json(self._state)})
            self._views_number += 1
            self._wake()
            await asyncio.sleep(self._interval_s)

    async def _pump_alerts(self) -> None:
        mark = await self._in_thread(self._alerts_mark)
        while not self._closed.is_set():
            await asyncio.sleep(self._alerts_interval_s)
            fresh = await self._in_thread(self._alerts_mark)
            if fresh != mark:
                mark = fresh
                self._alerts_number += 1
                self._wake()

    def _alerts_mark(self) -> Hashable:
        """A value that differs after any change that the alert list shows."""
        try:
            newest = self._store.newest_message()  # each update of an alert writes one
            active = self._store.records(AlertQuery(open=True))
        except StoreError as error:
            return str(error)
        return newest, tuple((record.alert.id, record.alert.severity, len(record.updates)) for record in active)

    async def _in_thread(self, work: Callable[..., Any], *arguments: Any) -> Any:
        # Abandoned on cancel: the thread comes back by itself after `_WAIT_S` at most.
        return await to_thread.run_sync(work, *arguments, abandon_on_cancel=True, limiter=self._threads)


def _event(name: str, data: Any) -> bytes:
    return f"event: {name}\ndata: {json.dumps(data, separators=(',', ':'), allow_nan=False)}\n\n".encode()
