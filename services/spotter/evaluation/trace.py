"""What the rules saw in the seconds around one moment: signals of each person, frame by frame. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from spotter.core.contracts import FloatArray, PoseFrame
from spotter.ergonomics.assessment import Assessment, PersonAssessment
from spotter.ergonomics.events.fall import FallEvent, FallState


@dataclass(frozen=True, slots=True, eq=False)
class Sample:
    """One person in one frame; heights in statures or None, angles in degrees, times as seconds of the labels."""

    at_s: float
    hip: float | None
    head: float | None
    trunk_low: float
    trunk_high: float
    state: FallState
    score: float
    keypoints: FloatArray
    confidences: FloatArray

    @classmethod
    def of(cls, at_s: float, pose: PoseFrame, person: PersonAssessment) -> Sample:
        row = person.index
        return cls(
            at_s, person.hip_height, person.head_height, person.trunk_inclination.low, person.trunk_inclination.high,
            person.posture, float(pose.scores[row]), pose.keypoints[row], pose.confidences[row],
        )  # fmt: skip


@dataclass(slots=True)
class Window:
    """The seconds around a miss or a false alarm.

    Attributes:
        begin_s, end_s: its ends, seconds of the labels.
        focus_s: the moment that it is about: the impact, or the begin of an alert's situation.
        frames: event times of the frames in it, with how many people were in each.
        tracks: samples by track id, in order of time.
        held_back: (track, event, seconds) of what the rule suppressed in it.
        alerts_s: when alerts were raised in it.
        stops_s: end of the recording where it is within the window; None: the recording goes on.
        width, height: of the picture, px.
    """

    begin_s: float
    end_s: float
    focus_s: float
    frames: list[tuple[float, int]] = field(default_factory=list)
    tracks: dict[str, list[Sample]] = field(default_factory=dict)
    held_back: list[tuple[str, FallEvent, float]] = field(default_factory=list)
    alerts_s: list[float] = field(default_factory=list)
    stops_s: float | None = None
    width: int = 0
    height: int = 0

    def take(self, at_s: float, pose: PoseFrame, assessment: Assessment) -> None:
        """One more frame of the camera; those outside are left out."""
        if not self.begin_s <= at_s <= self.end_s:
            return
        self.width, self.height = pose.width, pose.height
        self.frames.append((at_s, len(assessment.people)))
        for person in assessment.people:
            self.tracks.setdefault(person.track_id, []).append(Sample.of(at_s, pose, person))
        self.held_back += ((track, event, at_s) for track, event in assessment.suppressed)
        self.alerts_s += (at_s for step in assessment.alerts if step.update.number == 0)

    def seen(self, begin_s: float, end_s: float) -> float | None:
        """Share of the frames between two times that have anybody in them; None without a frame."""
        people = [count for at, count in self.frames if begin_s <= at <= end_s]
        return sum(count > 0 for count in people) / len(people) if people else None


def lowest(samples: Sequence[Sample]) -> float:
    """Lowest known head or hip height, statures; infinite when none is known."""
    known = [value for one in samples for value in (one.hip, one.head) if value is not None]
    return min(known, default=float("inf"))
