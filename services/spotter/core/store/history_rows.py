"""Records of the history tables <-> rows."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from spotter.core.contracts import CameraState
from spotter.core.store.history_tables import ExposureRow, HealthRow, LiftRow
from spotter.core.store.records import ExposureBucket, HealthSample, LiftRecord


def exposure_values(bucket: ExposureBucket) -> dict[str, Any]:
    """Column values of `exposure_buckets`."""
    return asdict(bucket)


def exposure_of(row: ExposureRow) -> ExposureBucket:
    """The bucket that a row holds."""
    return ExposureBucket(
        site=row.site,
        camera_id=row.camera_id,
        zone=row.zone,
        start=row.start,
        epoch=row.epoch,
        seconds=row.seconds,
        upright=row.upright,
        bent=row.bent,
        deep=row.deep,
        unproven=row.unproven,
        not_observable=row.not_observable,
        frames=row.frames,
    )


def health_values(sample: HealthSample) -> dict[str, Any]:
    """Column values of `camera_health`."""
    return asdict(sample) | {"state": sample.state.value}


def health_of(row: HealthRow) -> HealthSample:
    """The sample that a row holds."""
    return HealthSample(
        site=row.site,
        camera_id=row.camera_id,
        minute=row.minute,
        at=row.at,
        state=CameraState(row.state),
        fps=row.fps,
        frames_read=row.frames_read,
        frames_undecodable=row.frames_undecodable,
        detail=row.detail,
    )


def lift_values(lift: LiftRecord) -> dict[str, Any]:
    """Column values of `lifts`."""
    return {
        "id": lift.id,
        "started_at": lift.started_at,
        "site": lift.site,
        "camera_id": lift.camera_id,
        "station": lift.station,
        "ended_at": lift.ended_at,
        "numbers": dict(lift.numbers),
    }


def lift_of(row: LiftRow) -> LiftRecord:
    """The lift that a row holds."""
    return LiftRecord(row.id, row.site, row.camera_id, row.station, row.started_at, row.ended_at, row.numbers)
