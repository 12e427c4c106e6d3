"""How a run is shown: a live table on a terminal, plain lines elsewhere; alerts as they are raised, in either.

Everything here runs on the main thread. `Announcer` is the one part that another thread may call: it only queues.
"""

from __future__ import annotations

import queue
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Protocol

from spotter.cli.console import line, output
from spotter.cli.summary import figures_by_camera
from spotter.core.clock import isoformat
from spotter.core.contracts import Alert, AlertUpdate, CameraHealth, CameraState, UpdateKind
from spotter.core.state.api import LiveState
from spotter.core.telemetry import Metrics

if TYPE_CHECKING:
    from rich.live import Live
    from rich.table import Table

_STATE_STYLE = {
    CameraState.LIVE: "green",
    CameraState.FAILED: "red",
    CameraState.DEGRADED: "yellow",
    CameraState.STALLED: "yellow",
    CameraState.BACKING_OFF: "yellow",
    CameraState.DISABLED: "dim",
    CameraState.ENDED: "dim",
}


class Announcer:
    """Hands steps of alerts from the ergonomics thread to the main thread, so that a slow terminal holds nothing up."""

    def __init__(self) -> None:
        self._waiting: queue.SimpleQueue[tuple[Alert, AlertUpdate]] = queue.SimpleQueue()

    def __call__(self, alert: Alert, update: AlertUpdate) -> None:
        self._waiting.put((alert, update))

    def take(self) -> Iterator[tuple[Alert, AlertUpdate]]:
        """Everything announced since the last call."""
        while True:
            try:
                yield self._waiting.get_nowait()
            except queue.Empty:
                return


class Display(Protocol):
    """Shows a run while it goes on."""

    def refresh(self) -> None:
        """Show where the cameras stand now."""

    def announce(self, alert: Alert, update: AlertUpdate) -> None:
        """Show one step of an alert."""

    def note(self, text: str) -> None:
        """Show one plain line."""


class PlainDisplay:
    """Lines on stdout: cameras when their state changes, figures now and then, alerts at once."""

    def __init__(self, state: LiveState, metrics: Metrics, progress_s: float) -> None:
        self._state = state
        self._metrics = metrics
        self._progress_s = progress_s
        self._next = time.monotonic() + progress_s
        self._shown: dict[str, CameraState] = {}

    def refresh(self) -> None:
        for camera, health in sorted(self._state.health().items()):
            if self._shown.get(camera) is not health.state:
                self._shown[camera] = health.state
                line(_state_line(health))
        if time.monotonic() >= self._next:
            self._next = time.monotonic() + self._progress_s
            figures = figures_by_camera(self._metrics)
            if figures:
                line(
                    "progress: "
                    + "; ".join(f"{name} {f.posed} frames, {f.people} people" for name, f in figures.items())
                )

    def announce(self, alert: Alert, update: AlertUpdate) -> None:
        line(alert_text(alert, update))

    def note(self, text: str) -> None:
        line(text)


class LiveDisplay:
    """A table on the terminal that renews itself; alerts scroll above it."""

    def __init__(self, live: Live, state: LiveState, metrics: Metrics) -> None:
        self._live = live
        self._state = state
        self._metrics = metrics

    def refresh(self) -> None:
        self._live.update(self._table(), refresh=True)

    def announce(self, alert: Alert, update: AlertUpdate) -> None:
        from rich.text import Text

        # A styled text, because a style given to `print` would colour the table that is drawn with it.
        colour = "bold red" if update.kind is UpdateKind.RAISED else "yellow"
        self._live.console.print(Text(alert_text(alert, update), style=colour))

    def note(self, text: str) -> None:
        self._live.console.print(text, markup=False)

    def _table(self) -> Table:
        from rich.table import Table

        table = Table(box=None, padding=(0, 2, 0, 0))
        table.add_column("camera")
        table.add_column("state")
        for heading in ("frames", "fps", "skipped", "people", "latency", "alerts"):
            table.add_column(heading, justify="right")
        figures = figures_by_camera(self._metrics)
        views = self._state.views()
        for camera, health in sorted(self._state.health().items()):
            own, view = figures.get(camera), views.get(camera)
            table.add_row(
                camera,
                f"[{_STATE_STYLE.get(health.state, 'default')}]{health.state.value.replace('_', ' ')}[/]",
                str(own.posed) if own else "0",
                f"{health.frames_per_second:.1f}",
                str(sum(own.dropped.values())) if own else "0",
                str(len(view.people)) if view else "-",
                f"{view.latency_s * 1000:.0f} ms" if view else "-",
                str(sum(own.alerts.values())) if own else "0",
            )
        return table


@contextmanager
def open_display(state: LiveState, metrics: Metrics, *, progress_s: float) -> Iterator[Display]:
    """The display that fits stdout. While a live one is open, lines written to stdout and stderr go above it."""
    if not sys.stdout.isatty():
        yield PlainDisplay(state, metrics, progress_s)
        return
    from rich.live import Live

    with Live(console=output(), auto_refresh=False) as live:
        yield LiveDisplay(live, state, metrics)


def alert_text(alert: Alert, update: AlertUpdate) -> str:
    """One line for people: what, where, when, who, and the numbers behind it."""
    when = isoformat(update.at)[11:19]
    what = alert.kind.value.replace("_", " ")
    head = (
        f"ALERT {alert.severity.value} {what}" if update.kind is UpdateKind.RAISED else f"alert {what}: {_step(update)}"
    )
    evidence = alert.evidence if update.kind is UpdateKind.RAISED else update.evidence
    numbers = "; ".join(
        f"{name.replace('_', ' ')} {item.value:.3g} {item.unit} ({item.comparison} {item.threshold:.3g})"
        for name, item in list(evidence.items())[:3]
    )
    return " | ".join(filter(None, (f"{when}Z {head}", f"camera {alert.camera_id}", _whom(alert), numbers)))


def _whom(alert: Alert) -> str:
    """A person's pseudonym, or the station whose work it is about."""
    if alert.track_id:
        return f"track {alert.track_id}"
    return f"station {alert.zone}" if alert.zone else "whole view"


def _step(update: AlertUpdate) -> str:
    return update.kind.value.replace("_", " ")


def _state_line(health: CameraHealth) -> str:
    size = f" {health.width}x{health.height}" if health.width else ""
    # What went wrong is told once, as a warning or as the run's error.
    told = health.state in (CameraState.FAILED, CameraState.BACKING_OFF)
    detail = f": {health.detail}" if health.detail and not told else ""
    return f"camera {health.camera_id}: {health.state.value.replace('_', ' ')}{size}{detail}"
