"""What `spotter replay` prints: a table, or the JSON Lines of `spotter analyze` with recording and camera."""

from __future__ import annotations

import json
import time
from typing import IO, Any

from rich.console import Console
from rich.table import Table

from spotter import __version__
from spotter.cli.results import SCHEMA, alert_values, event_values
from spotter.core.clock import isoformat, to_seconds
from spotter.core.settings import Settings
from spotter.ergonomics.alerts import AlertStep
from spotter.ergonomics.events.fall import FallEvent
from spotter.evaluation.replay import CameraReplay, Replay

_WIDE = 140
_SHOWN = ("seconds_on_ground", "hip_height", "head_height", "descent_speed")


def wide(console: Console) -> Console:
    """The console; tables that go to a file or a pipe are as wide as their names ask for."""
    if not console.is_terminal:
        console.width = max(console.width, _WIDE)
    return console


class ReplayWriter:
    """Writes JSON Lines: `run`, then `alert` and `suppressed` by recording and camera, then `summary`."""

    def __init__(self, stream: IO[str]) -> None:
        self._stream = stream

    def run(self, settings: Settings) -> None:
        """With which rules."""
        rules = settings.ergonomics.model_dump(mode="json")
        self._line({"type": "run", "schema": SCHEMA, "spotter": __version__, "settings": rules})

    def recording(self, replay: Replay) -> None:
        """The alerts of one recording; live cameras also get the time of day."""
        for camera in replay.cameras.values():
            where = {"recording": replay.name, "site": replay.site, "camera": camera.camera_id}
            lines: list[tuple[int, dict[str, Any]]] = [(s.update.at, _alert(camera, s)) for s in camera.steps]
            lines += [(event.at, _suppressed(camera, track, event)) for track, event in camera.suppressed]
            for at, values in sorted(lines, key=lambda one: one[0]):
                clock = {} if camera.record.footage else {"at": isoformat(at)}
                self._line({**values, **where, **clock})

    def summary(self, report: ReplayReport) -> None:
        """Totals."""
        self._line({"type": "summary", **report.totals()})

    def _line(self, values: dict[str, Any]) -> None:
        self._stream.write(json.dumps(values, separators=(",", ":"), allow_nan=False) + "\n")


def _alert(camera: CameraReplay, step: AlertStep) -> dict[str, Any]:
    return {"type": "alert", **alert_values(step, camera.base)}


def _suppressed(camera: CameraReplay, track_id: str, event: FallEvent) -> dict[str, Any]:
    return {"type": "suppressed", "track": track_id, **event_values(event, camera.base)}


class ReplayReport:
    """Counts replays and shows their alerts as one table."""

    def __init__(self, *, to_stderr: bool) -> None:
        self._console = wide(Console(stderr=to_stderr, highlight=False))
        self._begun = time.monotonic()
        self._rows: list[tuple[str, ...]] = []
        self._frames = self._refused = self._cameras = self._recordings = 0
        self._seconds = 0.0
        self._alerts: dict[str, int] = {}
        self._suppressed: dict[str, int] = {}

    def add(self, replay: Replay) -> None:
        """One more recording."""
        self._recordings += 1
        self._seconds += replay.seconds
        for camera in replay.cameras.values():
            self._cameras += 1
            self._frames += camera.frames
            self._refused += camera.refused
            for _, event in camera.suppressed:
                self._suppressed[event.reason] = self._suppressed.get(event.reason, 0) + 1
            for step in camera.steps:
                if step.update.number == 0:
                    kind = step.alert.kind.value
                    self._alerts[kind] = self._alerts.get(kind, 0) + 1
                self._rows.append(_row(replay, camera, step))

    def totals(self) -> dict[str, Any]:
        """Everything counted."""
        return {
            "recordings": self._recordings,
            "cameras": self._cameras,
            "frames": self._frames,
            "refused": self._refused,
            "seconds": round(self._seconds, 3),
            "alerts": dict(sorted(self._alerts.items())),
            "suppressed": dict(sorted(self._suppressed.items())),
        }

    def show(self) -> None:
        """The table, and one line of totals."""
        if self._rows:
            table = Table(box=None, pad_edge=False)
            for column in ("recording", "camera", "at", "event", "track", "evidence"):
                table.add_column(column, overflow="fold")
            for row in self._rows:
                table.add_row(*row)
            self._console.print(table)
        took = max(time.monotonic() - self._begun, 1e-9)
        alerts = ", ".join(f"{count} {kind.replace('_', ' ')}" for kind, count in sorted(self._alerts.items()))
        held = ", ".join(f"{count} {reason}" for reason, count in sorted(self._suppressed.items()))
        self._console.print(
            f"{self._recordings} recordings, {self._cameras} cameras, {self._frames} frames, {self._seconds:.1f} s of "
            f"camera time in {took:.1f} s; alerts: {alerts or 'none'}; held back: {held or 'none'}"
        )


def _row(replay: Replay, camera: CameraReplay, step: AlertStep) -> tuple[str, ...]:
    words = step.alert.kind.value.replace("_", " ")
    if step.update.number:
        words += f": {step.update.kind.value.replace('_', ' ')}"
    at = f"{to_seconds(step.update.at - camera.base):.2f} s" if camera.record.footage else isoformat(step.update.at)
    evidence = ", ".join(
        f"{name.replace('_', ' ')} {item.value:g} {item.unit}"
        for name, item in step.update.evidence.items()
        if name in _SHOWN
    )
    return replay.name, camera.camera_id, at, words, step.alert.track_id, evidence
