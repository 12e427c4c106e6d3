"""Results of `spotter analyze` as JSON Lines: one object a line, the same bytes for the same video and settings.

Line types: `run` (first), `frame`, `alert`, `suppressed`, `lift`, `summary` (last). Times are seconds from the first
frame.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import IO, Any

import numpy as np

from spotter.cli.analysis_exposure import lift_values
from spotter.core.clock import to_seconds
from spotter.core.contracts import Angle, Evidence, FloatArray, PoseFrame
from spotter.core.errors import ConfigError
from spotter.ergonomics.alerts import AlertStep
from spotter.ergonomics.assessment import Assessment, PersonAssessment
from spotter.ergonomics.events.fall import FallEvent
from spotter.ergonomics.work import StationLift

SCHEMA = 1


class ResultWriter:
    """Writes the lines to an open text file."""

    def __init__(self, stream: IO[str]) -> None:
        self._stream = stream

    def run(self, **about: Any) -> None:
        """What was analysed and how."""
        self._line({"type": "run", "schema": SCHEMA, **about})

    def frame(self, pose: PoseFrame, assessment: Assessment) -> None:
        """One frame with all its people, then what the rules said of it."""
        people = [_person(pose, person) for person in assessment.people]
        self._line({"type": "frame", "sequence": pose.sequence, "time_s": _seconds(pose.captured_at), "people": people})
        for step in assessment.alerts:
            self.alert(step)
        for track_id, event in assessment.suppressed:
            self._line({"type": "suppressed", "track": track_id, **event_values(event)})
        for lift in assessment.work.lifts:
            self.lift(lift)

    def alert(self, step: AlertStep) -> None:
        """One step of an alert."""
        self._line({"type": "alert", **alert_values(step)})

    def lift(self, lift: StationLift) -> None:
        """One lift that has ended."""
        self._line({"type": "lift", **lift_values(lift)})

    def summary(self, **figures: Any) -> None:
        """Totals."""
        self._line({"type": "summary", **figures})

    def _line(self, values: dict[str, Any]) -> None:
        self._stream.write(json.dumps(values, separators=(",", ":"), allow_nan=False) + "\n")


def alert_values(step: AlertStep, base: int = 0) -> dict[str, Any]:
    """One step of an alert, its times as seconds from event time `base`."""
    alert, update = step.alert, step.update
    return {
        "id": str(alert.id),
        "kind": alert.kind.value,
        "severity": alert.severity.value,
        "update": update.kind.value,
        "number": update.number,
        "track": alert.track_id,
        "zone": alert.zone,
        "started_s": _seconds(alert.started_at - base),
        "at_s": _seconds(update.at - base),
        "evidence": _evidence(update.evidence),
        "versions": dict(alert.versions),
        "frames_considered": alert.frames_considered,
        "frames_dropped": alert.frames_dropped,
    }


def event_values(event: FallEvent, base: int = 0) -> dict[str, Any]:
    """What a rule held back, its times as seconds from event time `base`."""
    return {
        "rule": "fall",
        "reason": event.reason,
        "zone": event.zone or None,
        "started_s": _seconds(event.started_at - base),
        "at_s": _seconds(event.at - base),
        "evidence": _evidence(event.evidence),
    }


def _person(pose: PoseFrame, person: PersonAssessment) -> dict[str, Any]:
    row = person.index
    points = np.concatenate([pose.keypoints[row], pose.confidences[row][:, None]], axis=1)
    return {
        "track": person.track_id,
        "score": _number(float(pose.scores[row])),
        "box": _numbers(pose.boxes[row]),
        "keypoints": [_numbers(point) for point in points],
        "keypoint_sd": None if pose.deviations is None else _numbers(pose.deviations[row]),
        "trunk_inclination": _angle(person.trunk_inclination),
        "posture": person.posture.value,
        "hip_height": _number(person.hip_height),
        "head_height": _number(person.head_height),
    }


def _angle(angle: Angle) -> dict[str, Any]:
    return {**asdict(angle), "status": angle.status.value}


def _evidence(evidence: Any) -> dict[str, Any]:
    return {name: asdict(item) for name, item in evidence.items() if isinstance(item, Evidence)}


def _seconds(nanoseconds: int) -> float:
    return round(to_seconds(nanoseconds), 6)


def _number(value: float | None) -> float | None:
    return None if value is None else round(value, 4)


def _numbers(values: FloatArray) -> list[float]:
    return [round(float(value), 3) for value in values]


@contextmanager
def open_results(target: str) -> Iterator[IO[str]]:
    """The file to write results to; "-" is stdout.

    Raises:
        ConfigError: the file cannot be written.
    """
    if target == "-":
        yield sys.stdout
        sys.stdout.flush()
        return
    try:
        with Path(target).open("w", encoding="utf-8") as stream:
            yield stream
    except OSError as error:
        reason = error.strerror or "write failed"
        raise ConfigError(
            f"cannot write '{target}': {reason}", mend="Check the folder, its rights and the disk"
        ) from None
