"""Run the rules on recorded skeletons. The same skeletons and settings give the alerts of the live run, bit for bit.

What a live run adds by its clocks (when the rule fired and the alert was stored, in `Ledger`) is not repeated.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace

from spotter.core.clock import from_seconds, to_seconds
from spotter.core.contracts import Alert, AlertUpdate, PoseFrame, Status, UpdateKind
from spotter.core.parameters import RuleParameters, ViewParameters
from spotter.core.settings import Settings
from spotter.ergonomics.alerts import AlertStep
from spotter.ergonomics.assessment import Assessment
from spotter.ergonomics.events.fall import FallEvent
from spotter.ergonomics.snapshot import StreamFactory
from spotter.ergonomics.stream import CameraStream
from spotter.ergonomics.work import StationLift
from spotter.recordings import CameraRecord, RecordingSet

_WATCHED = from_seconds(2.0)
"""Frames at most this far apart cover the time between them, as in the ergonomics service."""

_USABLE = (Status.OK, Status.BOUNDED)

OnFrame = Callable[[PoseFrame, Assessment], None]
"""Told of each frame and what the rules made of it."""

OnNote = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Rules:
    """What a replay judges by.

    Attributes:
        views: of cameras whose view was entered; they win over what was known when they were recorded.
    """

    parameters: RuleParameters = field(default_factory=RuleParameters)
    views: Mapping[str, ViewParameters] = field(default_factory=dict)

    @classmethod
    def of(cls, settings: Settings) -> Rules:
        """The rules of some settings."""
        views = {camera.id: camera.view for camera in settings.cameras if "view" in camera.model_fields_set}
        return cls(settings.ergonomics.rules, views)

    def view(self, camera_id: str, record: CameraRecord) -> ViewParameters:
        """How a camera looks at the floor, as far as anybody said."""
        return self.views.get(camera_id) or record.view or ViewParameters()


@dataclass(frozen=True, slots=True)
class AlertRun:
    """One alert from its raising to its end, as it last stood, with all its updates."""

    alert: Alert
    updates: tuple[AlertUpdate, ...]

    @property
    def closed_by(self) -> str:
        """The kind of its last update, or "open"."""
        last = self.updates[-1].kind
        return last.value if last.closes else "open"

    def told(self) -> list[AlertRun]:
        """It and each that joined it in a flood, as if they were alerts of their own: each is told when it comes."""
        joined = [update for update in self.updates if update.kind is UpdateKind.GROUPED]
        alerts = [replace(self.alert, raised_at=one.at, evidence=one.evidence) for one in joined]
        return [self, *(AlertRun(alert, (update,)) for alert, update in zip(alerts, joined, strict=True))]


@dataclass(slots=True)
class CameraReplay:
    """What came of one camera.

    Attributes:
        base: event time that labels and people call 0 s: the beginning of footage, the first frame of a live camera.
        frames, people: frames that the rules saw, and people in them.
        refused: frames that were late, came twice or belonged to an older epoch.
        watched_s: seconds between frames, without longer gaps and without held pictures.
        person_s, usable_s: person-time, and how much of it had a trunk that could be judged.
        steps: of its alerts, in the order of event time.
        lifts: that ended, with their stations.
        suppressed: (track, event) of what the rules held back.
    """

    camera_id: str
    record: CameraRecord
    base: int = 0
    first_at: int = 0
    last_at: int = 0
    frames: int = 0
    people: int = 0
    refused: int = 0
    watched_s: float = 0.0
    person_s: float = 0.0
    usable_s: float = 0.0
    steps: list[AlertStep] = field(default_factory=list)
    lifts: list[StationLift] = field(default_factory=list)
    suppressed: list[tuple[str, FallEvent]] = field(default_factory=list)

    def seconds(self, at: int) -> float:
        """Event time as seconds from `base`."""
        return to_seconds(at - self.base)

    def alerts(self) -> list[AlertRun]:
        """Its alerts, in the order in which they were raised."""
        runs: dict[object, AlertRun] = {}
        for step in self.steps:
            before = runs.get(step.alert.id)
            updates = (*before.updates, step.update) if before is not None else (step.update,)
            runs[step.alert.id] = AlertRun(step.alert, updates)
        return list(runs.values())


@dataclass(slots=True)
class Replay:
    """What came of one recording, by camera in the order of their first frames."""

    name: str
    site: str
    cameras: dict[str, CameraReplay]
    notes: tuple[str, ...] = ()

    @property
    def seconds(self) -> float:
        """Camera time that was watched."""
        return sum(camera.watched_s for camera in self.cameras.values())


def replay(recording: RecordingSet, rules: Rules, wanted: Callable[[str], bool] | None = None) -> Replay:
    """Run the rules on a recording, or on those of its cameras that are `wanted`.

    Raises:
        RecordingError: see `RecordingSet.poses`.
    """
    notes: list[str] = []
    cameras = replay_poses(recording.poses(notes.append, wanted), recording.site, recording.cameras, rules)
    return Replay(recording.name, recording.site, cameras, tuple(notes))


def replay_poses(
    poses: Iterable[PoseFrame],
    site: str,
    records: Mapping[str, CameraRecord],
    rules: Rules,
    on_frame: OnFrame | None = None,
) -> dict[str, CameraReplay]:
    """Run the rules on frames of one site in the order in which the ergonomics service would get them."""
    found: dict[str, CameraReplay] = {}
    streams: dict[str, CameraStream] = {}
    for pose in poses:
        camera = pose.camera_id
        stream = streams.get(camera)
        if stream is None:
            record = records.get(camera, CameraRecord())
            base = pose.epoch if record.footage else pose.captured_at
            found[camera] = CameraReplay(camera, record, base, first_at=pose.captured_at)
            view = rules.view(camera, record)
            stream = streams[camera] = StreamFactory(site, camera, view, rules.parameters).new()
        result, taken = found[camera], stream.take(pose)
        if taken.assessment is None:
            result.refused += 1
            continue
        result.steps += (*taken.ended, *taken.assessment.alerts)
        result.lifts += taken.lifts
        result.suppressed += taken.assessment.suppressed
        result.frames += 1
        result.people += len(taken.assessment.people)
        result.last_at = pose.captured_at
        if taken.elapsed <= _WATCHED:
            seconds, people = to_seconds(taken.elapsed), taken.assessment.people
            result.watched_s += seconds
            result.person_s += seconds * len(people)
            result.usable_s += seconds * sum(one.trunk_inclination.status in _USABLE for one in people)
        if on_frame is not None:
            on_frame(pose, taken.assessment)
    for camera, stream in streams.items():
        last = stream.end()
        found[camera].steps += last.alerts
        found[camera].lifts += last.lifts
        found[camera].watched_s = max(0.0, found[camera].watched_s - found[camera].record.held_s)
    return in_order(found.values())


def in_order(cameras: Iterable[CameraReplay]) -> dict[str, CameraReplay]:
    """Cameras by name, in the order of their first frames."""
    return {one.camera_id: one for one in sorted(cameras, key=lambda one: (one.first_at, one.camera_id))}
