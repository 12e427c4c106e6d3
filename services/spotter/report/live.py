"""A record from an analysis in memory: one clip, second by second, without a database."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, replace
from zoneinfo import ZoneInfo

import numpy as np

from spotter.core.clock import SECOND
from spotter.core.contracts import PoseFrame
from spotter.core.store import ExposureBucket, LiftRecord, PostureRecord
from spotter.ergonomics.assessment import Assessment
from spotter.ergonomics.exposure.minutes import COLUMNS, MINUTE_S, WHOLE_VIEW, ExposureMinute, ExposureMinutes
from spotter.ergonomics.exposure.numbers import SEEN
from spotter.ergonomics.exposure.worst import WorstPosture, posture_of
from spotter.ergonomics.history import lift_record
from spotter.ergonomics.methods.reba import REBA
from spotter.report.data import Record, Scope, Window
from spotter.report.judge import body_of

_COLUMN = COLUMNS[SEEN]


class LiveRecord:
    """Follows an analysis and keeps of each second of the whole view what the store keeps of a minute.

    Args:
        camera_id: what the clip is called in the report.
    """

    def __init__(self, camera_id: str) -> None:
        self._camera_id = camera_id
        self._seconds: dict[int, ExposureMinute] = {}
        self._before = (0, ExposureMinute())
        self._lifts: list[LiftRecord] = []
        self._newest = 0

    def add(self, pose: PoseFrame, assessment: Assessment, minutes: ExposureMinutes) -> None:
        """Take in one frame, which `minutes` has counted already."""
        at = pose.captured_at
        self._newest = max(self._newest, at)
        begin = at - at % (MINUTE_S * SECOND)
        minute = minutes.minute(at, WHOLE_VIEW)
        before = self._before[1] if self._before[0] == begin else ExposureMinute()
        second = self._seconds.setdefault(at - at % SECOND, ExposureMinute())
        second.frames += minute.frames - before.frames
        second.values = second.values + minute.values - before.values
        for reason, us in minute.unscored.items():
            if us > before.unscored.get(reason, 0):
                second.leave_out(reason, us - before.unscored.get(reason, 0))
        self._before = begin, ExposureMinute(minute.frames, minute.values.copy(), dict(minute.unscored))
        second.show(_worst(pose, assessment))
        self._lifts += [lift_record("", self._camera_id, one) for one in assessment.work.lifts]

    def record(self, source: str, about: Mapping[str, str]) -> Record:
        """Everything so far.

        Args:
            source: name of the clip.
        """
        end = max(self._newest, SECOND)
        scope = Scope("", "", "", (Window(0, end),), ZoneInfo("UTC"), source, clock=False)
        buckets = [
            ExposureBucket(
                "", self._camera_id, WHOLE_VIEW, start, 0, 1, **asdict(one.bands), frames=one.frames,
                numbers=one.numbers, unscored=one.unscored_s,
            )
            for start, one in sorted(self._seconds.items())
        ]  # fmt: skip
        worst = [
            PostureRecord(
                "", self._camera_id, WHOLE_VIEW, start, 0, one.worst.at, one.worst.rank, one.worst.width,
                one.worst.height, one.worst.keypoints, one.worst.angles, one.worst.scores,
            )
            for start, one in sorted(self._seconds.items())
            if one.worst is not None
        ]  # fmt: skip
        return Record(scope, buckets, _ranked(worst), self._lifts, about)


def _worst(pose: PoseFrame, assessment: Assessment) -> WorstPosture | None:
    """Of the people of a frame whose trunk could be judged, the one whose trunk is proven to lean the most."""
    tally, body = assessment.work.tally, assessment.work.body
    judged = [row for row in range(len(tally.unscored)) if tally.values[row, _COLUMN] > 0 and not tally.unscored[row]]
    if not judged:
        return None
    row = max(judged, key=lambda each: float(body.trunk_inclination.low[each]))
    rank = float(np.clip(body.trunk_inclination.low[row], 0.0, 179.0) / 180.0)
    return posture_of(pose, assessment.people[row].index, body, row, round(rank, 4), {})


def _ranked(postures: list[PostureRecord]) -> list[PostureRecord]:
    """Worst first, ranked as stored postures are: the lowest posture-only REBA score, then the proven inclination."""
    if not postures:
        return []
    lowest = REBA.assess_many(REBA.from_angles(body_of(postures))).details["posture_only_reba"][0]
    ranked = [replace(one, rank=one.rank + float(score)) for one, score in zip(postures, lowest, strict=True)]
    return sorted(ranked, key=lambda one: (-one.rank, one.at))
