"""What the store answers: plain frozen dataclasses, no database types."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from spotter.core.clock import SECOND
from spotter.core.contracts import Alert, AlertUpdate, CameraHealth, CameraState

MINUTE = 60 * SECOND
"""Length of a health sample, ns."""


@dataclass(frozen=True, slots=True)
class AlertRecord:
    """An alert with all that happened to it, in order of `number`."""

    alert: Alert
    updates: tuple[AlertUpdate, ...]


@dataclass(frozen=True, slots=True)
class CameraRecord:
    """The newest that the store heard of a camera. Times are wall clock, UTC ns; `source` is redacted."""

    site: str
    id: str
    source: str
    state: CameraState
    detail: str
    width: int
    height: int
    fps: float
    first_seen: int
    last_seen: int
    trusted: bool = False
    problems: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class OutboxEntry:
    """A message that waits for the channels. `payload` is `alert_json.message_json` of its alert and update."""

    id: int
    alert_id: uuid.UUID
    update_number: int
    topic: str
    payload: Mapping[str, Any]
    created_at: int
    attempts: int


@dataclass(frozen=True, slots=True)
class Counts:
    """Rows in the store. `estimated` names the counts that are not exact, because there are many rows (`counts.py`)."""

    cameras: int
    alerts: int
    alerts_open: int
    outbox_pending: int
    estimated: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class ExposureBucket:
    """Person-seconds of one station of one camera in one stretch of event time, by what the trunk inclination proves.

    The bands are those of `ergonomics.exposure`. (site, camera_id, zone, start, epoch) names a bucket for ever, so that
    a replay writes the same bucket again.

    Attributes:
        zone: name of the station; empty for the whole view.
        start: event time at which the bucket begins, UTC ns, a whole multiple of its length.
        seconds: length of the bucket.
        frames: assessed frames in it, also those without people: the coverage that the rates stand on.
        numbers: person-seconds and counts by name, all of which may be added; `ergonomics.exposure.numbers` says what
            each of them is. A name that is not there is 0.
        unscored: person-seconds in which the trunk could not be judged, by reason.
    """

    site: str
    camera_id: str
    zone: str
    start: int
    epoch: int
    seconds: int
    upright: float = 0.0
    bent: float = 0.0
    deep: float = 0.0
    unproven: float = 0.0
    not_observable: float = 0.0
    frames: int = 0
    numbers: Mapping[str, float] = field(default_factory=dict)
    unscored: Mapping[str, float] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class PostureRecord:
    """The worst posture at one station in one minute, as a skeleton: no pixels, and nothing that says who it was.

    (site, camera_id, zone, start, epoch) names it; the worse of two is kept, so that a replay changes nothing.

    Attributes:
        zone: name of the station; empty for the whole view.
        start: event time at which the minute begins, UTC ns.
        at: event time of the frame, UTC ns.
        rank: what "worse" means: the lowest posture-only REBA score that the view allows, plus the proven trunk
            inclination as a share of 180 degrees.
        width, height: of the picture, px.
        keypoints: 17 of (x, y, confidence), COCO-17, px.
        angles: (value, low, high, status, reason) by name, degrees; value is None where there is none.
        scores: (lowest, highest) of posture-only scores by name.
    """

    site: str
    camera_id: str
    zone: str
    start: int
    epoch: int
    at: int
    rank: float
    width: int
    height: int
    keypoints: tuple[tuple[float, float, float], ...]
    angles: Mapping[str, tuple[float | None, float, float, str, str]]
    scores: Mapping[str, tuple[float, float]]


@dataclass(frozen=True, slots=True)
class HealthSample:
    """How a camera stood in one minute; the newest sample of a minute is kept.

    Attributes:
        minute: the minute, UTC ns, a whole multiple of 60 s of the wall clock.
        at: moment of the sample, UTC ns.
        Others: as in `CameraHealth`; the counts run since the camera was opened.
    """

    site: str
    camera_id: str
    minute: int
    at: int
    state: CameraState
    fps: float
    frames_read: int
    frames_undecodable: int
    detail: str

    @classmethod
    def of(cls, health: CameraHealth, site: str) -> HealthSample:
        """The sample that a health message gives."""
        return cls(
            site=site,
            camera_id=health.camera_id,
            minute=health.at - health.at % MINUTE,
            at=health.at,
            state=health.state,
            fps=health.frames_per_second,
            frames_read=health.frames_read,
            frames_undecodable=health.frames_undecodable,
            detail=health.detail,
        )


@dataclass(frozen=True, slots=True)
class CoverageRecord:
    """What became of each moment of one minute of one camera, as far as one process accounted for it.

    (site, camera_id, start, writer) names it. Records of one minute by several writers may overlap:
    `core.coverage.summary` counts each moment once.

    Attributes:
        start: wall clock, UTC ns, a whole multiple of 60 s.
        writer: wall clock at which the account began, UTC ns.
        spans: (begin, end, what) in order, whole milliseconds since `start`; `what` is `core.coverage.WATCHED` or
            the reason for the gap.
    """

    site: str
    camera_id: str
    start: int
    writer: int
    spans: tuple[tuple[int, int, str], ...]


@dataclass(frozen=True, slots=True)
class LiftRecord:
    """One lift: `id` is the same on every replay; times are event time, UTC ns.

    Attributes:
        station: work station or zone; empty when there is none.
        numbers: what was measured and computed, JSON-ready, by name.
    """

    id: uuid.UUID
    site: str
    camera_id: str
    station: str
    started_at: int
    ended_at: int
    numbers: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class AuditEntry:
    """One entry of the audit trail. Each holds the hash of the one before, so that no entry can be changed unseen.

    Attributes:
        number: counts from 1 without gaps.
        at: wall clock, UTC ns.
        actor: who did it: a service, a command or an account; never a secret.
        action: what was done, for example "retention".
        details: JSON-ready.
        previous: hash of the entry before, 64 hex digits; zeros for the first.
        hash: SHA-256 over `previous` and this entry as canonical JSON, 64 hex digits.
    """

    number: int
    at: int
    actor: str
    action: str
    details: Mapping[str, Any]
    previous: str
    hash: str
