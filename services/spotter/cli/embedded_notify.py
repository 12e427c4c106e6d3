"""Notifications of a run in one process: the same service as `spotter serve notify`, on a thread of its own."""

from __future__ import annotations

import threading
from collections.abc import Callable

from spotter.core.settings import Settings
from spotter.core.store import Store
from spotter.core.telemetry import Metrics
from spotter.notify.lane import OnDelivered
from spotter.notify.worker import NotifyWorker


class EmbeddedNotify:
    """Tells of alerts until `stop`, which comes after the last alert is stored and lets what is due go out.

    Args:
        died: told of an error that ended it.

    Raises:
        ConfigError: a channel cannot be made from its settings.
    """

    def __init__(
        self,
        settings: Settings,
        store: Store,
        metrics: Metrics,
        died: Callable[[str, BaseException], None],
        on_delivered: OnDelivered | None = None,
    ) -> None:
        self._worker = NotifyWorker(settings, store, metrics, on_delivered)
        self._died = died
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="spotter-notify", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Send what is due, for a bounded time, and end."""
        self._stop.set()
        self._thread.join(self._worker.stop_s)

    def state(self) -> str:
        """For /readyz: "ok", or "degraded" with the channels that fail; the others go on, and so does the run."""
        states = self._worker.status().items()
        failing = "; ".join(f"{name}: {text.removeprefix('degraded: ')}" for name, text in states if text != "ok")
        return f"degraded: {failing}" if failing else "ok"

    def _run(self) -> None:
        try:
            self._worker.run(self._stop)
        except BaseException as error:
            self._died("notify", error)
