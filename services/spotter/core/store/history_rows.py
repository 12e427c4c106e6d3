"""Records of the history tables <-> rows."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from spotter.core.contracts import CameraState
from spotter.core.store.history_tables import CoverageRow, ExposureRow, HealthRow, LiftRow, PostureRow
from spotter.core.store.records import CoverageRecord, ExposureBucket, HealthSample, LiftRecord, PostureRecord


def exposure_values(bucket: ExposureBucket) -> dict[str, Any]:
    """Column values of `exposure_buckets`."""
    return asdict(bucket) | {"numbers": dict(bucket.numbers), "unscored": dict(bucket.unscored)}


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
        numbers=row.numbers,
        unscored=row.unscored,
    )


def posture_values(posture: PostureRecord) -> dict[str, Any]:
    """Column values of `postures`."""
    return asdict(posture)


def posture_of(row: PostureRow) -> PostureRecord:
    """The posture that a row holds."""
    return PostureRecord(
        site=row.site,
        camera_id=row.camera_id,
        zone=row.zone,
        start=row.start,
        epoch=row.epoch,
        at=row.at,
        rank=row.rank,
        width=row.width,
        height=row.height,
        keypoints=tuple((x, y, confidence) for x, y, confidence in row.keypoints),
        angles={
            name: (value, low, high, status, reason) for name, (value, low, high, status, reason) in row.angles.items()
        },
        scores={name: (low, high) for name, (low, high) in row.scores.items()},
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


def coverage_values(record: CoverageRecord) -> dict[str, Any]:
    """Column values of `coverage`."""
    return asdict(record)


def coverage_of(row: CoverageRow) -> CoverageRecord:
    """The record that a row holds."""
    spans = tuple((begin, end, what) for begin, end, what in row.spans)
    return CoverageRecord(row.site, row.camera_id, row.start, row.writer, spans)
