"""The messages that travel between services, as frozen dataclasses. Everything else depends on these.

Frames of reference: keypoints and boxes are pixels of the original camera image, x to the right, y down, origin at the
top left corner of the top left pixel. Times are UTC nanoseconds, whole microseconds (see `core.clock`).
"""

from __future__ import annotations

import uuid
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum

import numpy as np
import numpy.typing as npt

from spotter.core.timing import Timing

SCHEMA_VERSION = 1
"""Version of every contract below. A reader accepts this one and the one before."""

KEYPOINT_NAMES = (
    "nose", "left_eye", "right_eye", "left_ear", "right_ear", "left_shoulder", "right_shoulder", "left_elbow",
    "right_elbow", "left_wrist", "right_wrist", "left_hip", "right_hip", "left_knee", "right_knee", "left_ankle",
    "right_ankle",
)  # fmt: skip
"""COCO-17 order (Lin et al. 2014, COCO keypoint challenge); left and right are the person's own."""

KEYPOINTS = len(KEYPOINT_NAMES)

FloatArray = npt.NDArray[np.float32]
Image = npt.NDArray[np.uint8]
"""(H, W, 3) uint8, BGR as OpenCV delivers it."""


@dataclass(frozen=True, slots=True, eq=False)
class Frame:
    """One picture of one camera on its way to the pose workers.

    Attributes:
        camera_id: name of the camera within the site.
        epoch: UTC ns at which this run of the camera began; with `sequence` it names a frame for ever.
        sequence: number of the frame within the epoch, counted when read; a gap is a dropped frame.
        captured_at: event time, UTC ns. The only time that rules see.
        published_at: wall clock when ingest handed the frame to the bus, UTC ns.
        clock_offset_ns: event clock minus this host's wall clock. Zero for live cameras and for files at real-time
            speed; moving for files played as fast as possible, and after the host's clock was set back.
        width, height: size of the original image, px. Keypoints refer to it.
        picture: (H, W, 3) uint8 BGR in memory, or JPEG bytes on the wire (may be smaller than width x height).
        trace: W3C `traceparent` of the frame's trace, or empty; travels in a header, not in the message.
        timing: how `captured_at` of a live camera was found; None for finite sources.
    """

    camera_id: str
    epoch: int
    sequence: int
    captured_at: int
    published_at: int
    width: int
    height: int
    picture: Image | bytes
    clock_offset_ns: int = 0
    trace: str = ""
    timing: Timing | None = None

    def age(self, wall_clock: int) -> int:
        """Nanoseconds from capture to the moment `wall_clock`, both on the wall clock."""
        return wall_clock - (self.captured_at - self.clock_offset_ns)


@dataclass(frozen=True, slots=True, eq=False)
class Skeleton:
    """One person in one frame: box (4,) xyxy px, score, keypoints (17, 2) px, confidences (17,), all float32."""

    box: FloatArray
    score: float
    keypoints: FloatArray
    confidences: FloatArray


@dataclass(frozen=True, slots=True, eq=False)
class PoseFrame:
    """All skeletons of one frame, as arrays.

    Attributes:
        boxes: (N, 4) float32, xyxy px.  scores: (N,) float32 in 0..1.
        keypoints: (N, 17, 2) float32, px, COCO-17.
        confidences: (N, 17) float32 in 0..1: with `deviations` the probability that the keypoint is right (see
            `pose.calibration`), without them what the model itself puts out.
        deviations: (N, 17) float32, standard deviation of a keypoint along either axis, px; None where the model has
            not been calibrated.
        model: name and version of the pose model, for example "movenet-multipose/1".
        posed_at: wall clock when the pose worker finished, UTC ns.
        Others: as in `Frame`.
    """

    camera_id: str
    epoch: int
    sequence: int
    captured_at: int
    published_at: int
    posed_at: int
    width: int
    height: int
    model: str
    boxes: FloatArray
    scores: FloatArray
    keypoints: FloatArray
    confidences: FloatArray
    clock_offset_ns: int = 0
    trace: str = ""
    deviations: FloatArray | None = None
    timing: Timing | None = None

    def __len__(self) -> int:
        return len(self.scores)

    def __iter__(self) -> Iterator[Skeleton]:
        for index in range(len(self)):
            yield Skeleton(self.boxes[index], float(self.scores[index]), self.keypoints[index], self.confidences[index])

    def age(self, wall_clock: int) -> int:
        """Nanoseconds from capture to the moment `wall_clock`, both on the wall clock."""
        return wall_clock - (self.captured_at - self.clock_offset_ns)


class Status(StrEnum):
    """What a measured quantity is worth. Not observable is a normal answer, not an error."""

    OK = "ok"
    BOUNDED = "bounded"
    NOT_OBSERVABLE = "not_observable"
    OUT_OF_SCOPE = "out_of_scope"


@dataclass(frozen=True, slots=True)
class Angle:
    """An angle in degrees as an interval that holds the truth, with a status and the reason for it.

    `value` is the best single figure (the midpoint for people to read), or None when there is none.
    Rules use `low`, never `value` or `high` alone. Arithmetic on intervals lives here, once.
    """

    value: float | None
    low: float
    high: float
    status: Status
    reason: str = ""

    def __post_init__(self) -> None:
        if not self.low <= self.high:
            raise ValueError(f"angle interval [{self.low}, {self.high}] is empty")

    @classmethod
    def not_observable(cls, reason: str, *, low: float = 0.0, high: float = 180.0) -> Angle:
        """No statement beyond the range that the quantity can have at all."""
        return cls(None, low, high, Status.NOT_OBSERVABLE, reason)

    @property
    def half_width(self) -> float:
        return (self.high - self.low) / 2

    def proves_at_least(self, threshold: float) -> bool:
        """True when even the lowest possible value reaches `threshold` (degrees)."""
        return self.status in (Status.OK, Status.BOUNDED) and self.low >= threshold

    def proves_at_most(self, threshold: float) -> bool:
        """True when even the highest possible value stays within `threshold` (degrees)."""
        return self.status in (Status.OK, Status.BOUNDED) and self.high <= threshold


@dataclass(frozen=True, slots=True)
class Measure:
    """Any other quantity as an interval that holds the truth: a height, a distance, a rate, a score.

    Attributes:
        value: the best single figure, or None when there is none.
        unit: as people read it: "cm", "1/min", "kg"; empty for a pure number.
        Others: as in `Angle`.
    """

    value: float | None
    low: float
    high: float
    unit: str
    status: Status
    reason: str = ""

    def __post_init__(self) -> None:
        if not self.low <= self.high:
            raise ValueError(f"interval [{self.low}, {self.high}] {self.unit} is empty")

    @classmethod
    def exact(cls, value: float, unit: str) -> Measure:
        """A figure that is known."""
        return cls(value, value, value, unit, Status.OK)

    @classmethod
    def not_observable(cls, reason: str, low: float, high: float, unit: str) -> Measure:
        """No statement beyond the range that the quantity can have at all."""
        return cls(None, low, high, unit, Status.NOT_OBSERVABLE, reason)


class AlertKind(StrEnum):
    """What an alert says. Wording is careful: a camera sees a possible fall.

    SUSTAINED_POSTURE is about the work at a station, not about anybody: its track is empty, its zone the station.
    """

    POSSIBLE_FALL = "possible_fall"
    PERSON_DOWN = "person_down"
    SUSTAINED_POSTURE = "sustained_posture"

    @property
    def is_emergency(self) -> bool:
        """True for alerts of somebody who may need help."""
        return self in (AlertKind.POSSIBLE_FALL, AlertKind.PERSON_DOWN)


class Severity(StrEnum):
    """P1: someone must look now. P2: someone must look soon. P3: for the next review of the work."""

    P1 = "P1"
    P2 = "P2"
    P3 = "P3"


class UpdateKind(StrEnum):
    """What happened to an alert after it was raised. GROUPED: one more like it, told as a part of it in a flood.
    EASED: the exposure that it tells of has gone down."""

    RAISED = "raised"
    STILL_DOWN = "still_down"
    RECOVERED = "recovered"
    LOST = "lost"
    ENDED = "ended"
    GROUPED = "grouped"
    EASED = "eased"

    @property
    def closes(self) -> bool:
        """True when the alert is closed by this update."""
        return self in (UpdateKind.RECOVERED, UpdateKind.LOST, UpdateKind.ENDED, UpdateKind.EASED)


@dataclass(frozen=True, slots=True)
class Evidence:
    """One number that a rule looked at, with the threshold that it was held against."""

    value: float
    threshold: float
    unit: str
    comparison: str = ">="


@dataclass(frozen=True, slots=True)
class Ledger:
    """Where the time went between the picture and the person who is told, UTC ns on the wall clock; None: not yet.

    `captured` is the wall time of the frame that fired the rule.
    """

    captured: int
    published: int | None = None
    posed: int | None = None
    ruled: int | None = None
    stored: int | None = None
    notified: int | None = None


@dataclass(frozen=True, slots=True)
class AlertUpdate:
    """One step in the life of an alert. `number` counts from 0 within the alert and makes replays idempotent."""

    alert_id: uuid.UUID
    number: int
    kind: UpdateKind
    at: int
    evidence: Mapping[str, Evidence] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Alert:
    """Something that a person should look at.

    Attributes:
        id: from `alert_id`, the same on every replay of the same skeletons.
        started_at: event time at which the situation began (for a fall: the descent).
        raised_at: event time at which the rule fired.
        ended_at: event time at which it was closed; None while open.
        track_id: pseudonym of the person within this epoch of this camera.
        evidence: the numbers that fired the rule, by name, with thresholds.
        versions: rule, table and model versions by name.
        frames_considered, frames_dropped: frames between `started_at` and `raised_at` that the rule saw and missed.
    """

    id: uuid.UUID
    site: str
    camera_id: str
    kind: AlertKind
    severity: Severity
    started_at: int
    raised_at: int
    track_id: str
    evidence: Mapping[str, Evidence]
    versions: Mapping[str, str]
    ledger: Ledger
    frames_considered: int
    frames_dropped: int
    zone: str | None = None
    ended_at: int | None = None

    @property
    def open(self) -> bool:
        return self.ended_at is None

    def stored(self, at: int) -> Alert:
        """A copy with the ledger's `stored` time filled in."""
        return replace(self, ledger=replace(self.ledger, stored=at))


ALERT_NAMESPACE = uuid.UUID("6f2c1a52-6c0e-5a7b-9a53-0f5a3f0c7e11")
"""Namespace of all alert ids (a random constant of this project)."""


def alert_id(site: str, camera_id: str, kind: AlertKind, epoch: int, started_at: int, ordinal: int = 0) -> uuid.UUID:
    """UUIDv5 of what makes an alert itself, so that a replay finds the row that the first run wrote.

    No track id goes in: it counts the people who came before, so a replay that begins later would give another one.

    Args:
        ordinal: tells apart alerts of one kind that began at the same instant on one camera, in the order of raising.
    """
    name = "\x1f".join((site, camera_id, kind.value, str(epoch), str(started_at), str(ordinal)))
    return uuid.uuid5(ALERT_NAMESPACE, name)


class CameraState(StrEnum):
    """Where a camera stands. The transitions are in `ingest.lifecycle`, and drawn in docs/cameras.md."""

    CONNECTING = "connecting"
    LIVE = "live"
    BACKING_OFF = "backing_off"
    ENDED = "ended"
    FAILED = "failed"
    DEGRADED = "degraded"
    STALLED = "stalled"
    DISABLED = "disabled"

    @property
    def delivers(self) -> bool:
        """True while frames come, be it fewer than usual."""
        return self in (CameraState.LIVE, CameraState.DEGRADED)


@dataclass(frozen=True, slots=True)
class CameraHealth:
    """What ingest knows of one camera at one moment. `detail` is for people and holds no secret.

    Attributes:
        trusted: it delivers, and its pictures show what they should (`ingest.trust`).
        problems: what keeps it from being trusted, as the words of `ingest.trust.verdicts.Problem`; none, and not
            trusted: it has not been seen for long enough, or does not deliver.
    """

    camera_id: str
    state: CameraState
    at: int
    frames_read: int = 0
    frames_undecodable: int = 0
    frames_per_second: float = 0.0
    width: int = 0
    height: int = 0
    detail: str = ""
    trusted: bool = False
    problems: tuple[str, ...] = ()
