"""Whether a service is ready, and the small HTTP server that tells: /metrics, /healthz, /readyz.

A part is "ok", "degraded: ..." (the service works, with less), or anything else, which is the reason why the service is
not ready. Texts come from errors of `core.errors` and from this program; neither holds a secret.
"""

from __future__ import annotations

import re
import threading
import time
from collections.abc import Callable, Mapping

from fastapi import FastAPI

from spotter import __version__
from spotter.core.errors import SpotterError
from spotter.core.settings import MetricsSettings
from spotter.core.telemetry import Metrics, get_logger
from spotter.dashboard.api import DashboardServer, problems
from spotter.dashboard.api.routes.health import OK, health_router, is_degraded, is_ready

WAIT_S = 1.0
"""Longest wait for a check: a probe of Kubernetes or Compose must get its answer even when a server has frozen."""

Check = Callable[[], str]


class Readiness:
    """The parts of one service and how each is; safe between threads."""

    def __init__(self, metrics: Metrics) -> None:
        self._gauges = metrics.service
        self._parts: dict[str, str | _Bounded] = {}
        self._lock = threading.Lock()
        self._log = get_logger("spotter.service")
        self._told: dict[str, str] = {}

    def note(self, part: str, text: str) -> None:
        """The part is so until further notice; a note takes the place of a watch."""
        with self._lock:
            self._parts[part] = text

    def watch(self, part: str, check: Check) -> None:
        """Ask `check` each time; it may wait and may raise, and is never asked twice at once."""
        with self._lock:
            self._parts[part] = _Bounded(check)

    def report(self) -> Mapping[str, str]:
        """Every part in the order in which they were made known. Answers within about `WAIT_S`."""
        with self._lock:
            parts = dict(self._parts)
        checks = [part for part in parts.values() if isinstance(part, _Bounded)]
        for check in checks:
            check.begin()
        deadline = time.monotonic() + WAIT_S
        found = {name: part if isinstance(part, str) else part.answer(deadline) for name, part in parts.items()}
        for name, text in found.items():
            self._gauges.ready.labels(part=name).set(is_ready(text))
            self._gauges.degraded.labels(part=name).set(is_degraded(text))
            self._tell(name, text)
        return found

    def _tell(self, part: str, text: str) -> None:
        """One log line when a part changes, not one for each second that it stays away."""
        kind = re.sub(r"[0-9.]+", "", text)
        with self._lock:
            before, self._told[part] = self._told.get(part), kind
        if kind == before:
            return
        if text == OK:
            self._log.info("part_ready", part=part)
        else:
            event = "part_degraded" if is_degraded(text) else "part_not_ready"
            self._log.warning(event, part=part, reason=text)


def health_server(metrics: Metrics, readiness: Readiness, settings: MetricsSettings) -> DashboardServer:
    """A server of /metrics, /healthz and /readyz, not yet started. It shows no pictures, people or alerts, so any
    address may be bound."""
    app = FastAPI(title="Spotter", version=__version__, docs_url=None, redoc_url=None, openapi_url=None)
    problems.install(app)
    app.include_router(health_router(metrics, readiness.report))
    return DashboardServer(app, settings.host, settings.port, allow_remote=True, name="metrics")


class _Bounded:
    """A check that may hang, asked on a thread of its own; the one who asks waits a bounded time."""

    def __init__(self, check: Check) -> None:
        self._check = check
        self._lock = threading.Lock()
        self._running: threading.Thread | None = None
        self._text = "not checked yet"

    def begin(self) -> None:
        with self._lock:
            if self._running is None or not self._running.is_alive():
                started = threading.Thread(target=self._ask, name="spotter-check", daemon=True)
                started.start()
                # Only now may another thread see it: one that has not started cannot be waited for.
                self._running = started

    def answer(self, deadline: float) -> str:
        running = self._running
        if running is not None:
            running.join(max(0.0, deadline - time.monotonic()))
            if running.is_alive():
                return f"gives no answer within {WAIT_S:.0f} s"
        return self._text

    def _ask(self) -> None:
        try:
            self._text = self._check()
        except SpotterError as error:
            self._text = error.message
        except Exception as error:
            # Its text may hold anything, so only its kind is told.
            self._text = f"the check failed: {type(error).__name__}"
