"""Records of a made-up station, the same each time."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import replace
from zoneinfo import ZoneInfo

from spotter.core.clock import SECOND
from spotter.core.contracts import Measure, Status
from spotter.core.store import ExposureBucket, LiftRecord, PostureRecord, TaskRecord
from spotter.ergonomics.angles.body import NAMES
from spotter.ergonomics.events.lift_values import Lift, LiftFlag, LiftStyle
from spotter.report.data import Record, Scope, Window

BERLIN = ZoneInfo("Europe/Berlin")
MINUTE = 60 * SECOND
BEGIN = 1_763_960_400 * SECOND
"""Monday 2025-11-24 06:00 in Berlin."""

STOOPED = (
    (100, 40, 0.9), (103, 37, 0.9), (97, 37, 0.2), (108, 38, 0.9), (92, 38, 0.2), (95, 70, 0.9), (85, 72, 0.9),
    (125, 100, 0.9), (118, 104, 0.9), (150, 120, 0.9), (142, 126, 0.9), (60, 130, 0.9), (56, 130, 0.9),
    (70, 180, 0.9), (62, 182, 0.9), (60, 235, 0.9), (50, 236, 0.9),
)  # fmt: skip

OBSERVED = {
    "trunk_flexion": (52.0, 43.0, 67.0, "bounded", "yaw known to 12 degrees"),
    "trunk_inclination": (52.0, 43.0, 67.0, "bounded", "yaw known to 12 degrees"),
    "left_upper_arm_gravity": (31.0, 22.0, 44.0, "bounded", ""),
    "left_knee_flexion": (21.0, 15.0, 30.0, "ok", ""),
    "right_knee_flexion": (24.0, 14.0, 31.0, "ok", ""),
}


def bucket(minute: int, **changes: object) -> ExposureBucket:
    """One minute of camera "dock" at station "bench 2", `minute` after `BEGIN`: one person, who bends now and then."""
    bent, deep = 10.0 + 20 * (minute % 3 == 0), 4.0 * (minute % 5 == 0)
    whole = ExposureBucket(
        "plant", "dock", "bench 2", BEGIN + minute * MINUTE, BEGIN, 60, 40.0 - bent, bent, deep, 10.0, 6.0 - deep, 900,
        numbers={
            "seen": 56.0,
            "trunk_over_20_proven": bent + deep, "trunk_over_20_possible": bent + deep + 8.0,
            "trunk_over_20_mass": bent + deep + 4.0, "trunk_over_20_entries": 2.0,
            "trunk_over_20_static_proven": bent / 2, "trunk_over_20_static_possible": bent / 2 + 5,
            "trunk_over_60_proven": deep, "trunk_over_60_possible": deep + 2.5, "trunk_over_60_mass": deep + 1.0,
            "arms_over_60_proven": 1.5, "arms_over_60_possible": 9.0, "arms_unobservable": 12.0,
            "trunk_unobservable": 6.0, "trunk_side_unobservable": 56.0, "neck_unobservable": 56.0,
            "lifts": float(minute % 2), "lifts_up": float(minute % 2),
        },
        unscored={"hips not visible": 5.0, "out of sight for a moment": 1.0},
    )  # fmt: skip
    return replace(whole, **changes)  # type: ignore[arg-type]


def posture(minute: int, rank: float = 4.3, **changes: object) -> PostureRecord:
    """A stooped person seen from the side."""
    angles = dict.fromkeys(NAMES, (None, -180.0, 180.0, "not_observable", "needs more than one camera")) | OBSERVED
    whole = PostureRecord(
        "plant", "dock", "bench 2", BEGIN + minute * MINUTE, BEGIN, BEGIN + minute * MINUTE + 12 * SECOND, rank, 640,
        480, STOOPED, angles, {"reba": (4.0, 9.0), "owas": (2.0, 3.0)},
    )  # fmt: skip
    return replace(whole, **changes)  # type: ignore[arg-type]


def lift(second: float, *, flags: Sequence[LiftFlag] = (), reach: tuple[float, float] | None = (35.0, 50.0),
         origin: float = 30.0) -> LiftRecord:  # fmt: skip
    """A lift from `origin` cm to table height, `second` after `BEGIN`."""
    start = BEGIN + round(second * SECOND)
    seen = Lift(
        start, start + SECOND, start + 3 * SECOND, start + 4 * SECOND,
        vertical_origin=Measure(origin, origin - 4, origin + 4, "cm", Status.BOUNDED, "stature assumed"),
        vertical_destination=Measure(78.0, 72.0, 84.0, "cm", Status.BOUNDED, "stature assumed"),
        travel=Measure(78 - origin, 72 - origin, 84 - origin, "cm", Status.BOUNDED, "stature assumed"),
        horizontal_origin=(
            Measure(sum(reach) / 2, *reach, "cm", Status.BOUNDED, "near-side view")
            if reach
            else Measure.not_observable("seen from the front", 20, 80, "cm")
        ),
        horizontal_destination=Measure.not_observable("seen from the front", 20, 80, "cm"),
        asymmetry=Measure.not_observable("no toes among the keypoints", 0, 135, "degrees"),
        speed=Measure(0.24, 0.2, 0.28, "m/s", Status.BOUNDED, ""),
        direction="up",
        style=LiftStyle.STOOP,
        style_index=Measure(0.2, 0.1, 0.3, "", Status.BOUNDED, ""),
        flags=tuple(flags),
    )  # fmt: skip
    return LiftRecord(
        uuid.uuid5(uuid.NAMESPACE_OID, str(second)), "plant", "dock", "bench 2", seen.started_at, seen.ended_at,
        seen.numbers(),
    )  # fmt: skip


def record(minutes: int = 240, **changes: object) -> Record:
    """Some hours of work at the bench: one minute after another, a lift every 40 s."""
    scope = Scope("plant", "bench 2", "", (Window(BEGIN, BEGIN + minutes * MINUTE, "early"),), BERLIN, "test")
    whole = Record(
        scope,
        [bucket(minute) for minute in range(minutes)],
        [posture(minute, 4.0 + minute / 1000) for minute in range(0, minutes, 3)],
        [
            lift(40.0 * n, flags=(LiftFlag.CARRY,) if n % 7 == 6 else (), origin=20.0 + n % 30)
            for n in range(minutes * 3 // 2)
        ],
        {"Spotter": "0.0", "Pose model": "movenet-multipose/1"},
    )  # fmt: skip
    return replace(whole, **changes)  # type: ignore[arg-type]


PALLETS = TaskRecord(
    "plant", "pallets", station="bench 2", load=(5.0, 12.0), coupling=("fair",), hours=(6.0, 8.0),
    activity=("repeated",), frequency=(1.5, 1.5), entered_by="safety engineer", entered_at=BEGIN,
)  # fmt: skip
