"""From what the rules count to the records that the store keeps."""

from __future__ import annotations

from dataclasses import asdict

from spotter.core.store import ExposureBucket, LiftRecord, PostureRecord
from spotter.ergonomics.exposure import MINUTE_S
from spotter.ergonomics.stream import StationMinute
from spotter.ergonomics.work import StationLift


def bucket_of(site: str, camera_id: str, one: StationMinute) -> ExposureBucket:
    """The exposure of one minute at one station."""
    minute = one.minute
    return ExposureBucket(
        site, camera_id, one.station, one.start, one.epoch, MINUTE_S, **asdict(minute.bands), frames=minute.frames,
        numbers=minute.numbers, unscored=minute.unscored_s,
    )  # fmt: skip


def posture_of(site: str, camera_id: str, one: StationMinute) -> PostureRecord | None:
    """The worst posture of that minute, if anybody was seen."""
    worst = one.minute.worst
    if worst is None:
        return None
    return PostureRecord(
        site, camera_id, one.station, one.start, one.epoch, worst.at, worst.rank, worst.width, worst.height,
        worst.keypoints, worst.angles, worst.scores,
    )  # fmt: skip


def lift_record(site: str, camera_id: str, one: StationLift) -> LiftRecord:
    """One lift."""
    lift = one.lift
    return LiftRecord(one.id, site, camera_id, one.station, lift.origin_at, lift.ended_at, lift.numbers())
