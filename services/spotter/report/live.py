"""A record from an analysis in memory: one clip, second by second, without a database."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import asdict
from zoneinfo import ZoneInfo

from spotter.core.clock import SECOND
from spotter.core.store import ExposureBucket, PostureRecord
from spotter.ergonomics.exposure.minutes import MINUTE_S, WHOLE_VIEW, ExposureMinute, ExposureMinutes
from spotter.ergonomics.history import lift_record
from spotter.ergonomics.work import StationLift
from spotter.report.data import Record, Scope, Window


class LiveRecord:
    """Follows an analysis and keeps of each second of the whole view what the store keeps of a minute.

    Args:
        camera_id: what the clip is called in the report.
    """

    def __init__(self, camera_id: str) -> None:
        self._camera_id = camera_id
        self._seconds: dict[int, ExposureMinute] = {}
        self._before = (0, ExposureMinute())
        self._first: int | None = None
        self._newest = 0

    def add(self, at: int, minutes: ExposureMinutes) -> None:
        """Take in the frame of event time `at` (UTC ns), which `minutes` has counted already."""
        if self._first is None:
            self._first = at
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
        # The worst of the minute is taken out, so that the next second shows one of its own.
        second.show(minute.worst)
        minute.worst = None

    def record(
        self, source: str, about: Mapping[str, str], lifts: Iterable[StationLift], minutes: ExposureMinutes
    ) -> Record:
        """Everything, once the analysis has ended.

        Args:
            source: name of the clip.
            lifts: of the whole clip, those that its end finished included.
        """
        if self._first is not None:
            self.add(self._newest, minutes)
        begin = self._first or 0
        windows = (Window(begin, max(self._newest, begin + 1)),)
        scope = Scope("", "", "", windows, ZoneInfo("UTC"), source, clock=False)
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
        worst.sort(key=lambda one: (-one.rank, one.at))
        records = [lift_record("", self._camera_id, one) for one in lifts]
        return Record(scope, buckets, worst, sorted(records, key=lambda one: (one.started_at, one.id)), about)
