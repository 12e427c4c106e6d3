"""EN 1005-4 and ISO 11226: every zone of the tables, holding times, the worst region counts."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from spotter.core.contracts import Status
from spotter.ergonomics.methods import assess, en1005, iso11226

STATIC, LOW, HIGH = en1005.MOVEMENTS

NEUTRAL = {
    "trunk_flexion": 10, "trunk_side_bend": 0, "trunk_twist": 0, "arm_elevation": 10, "arm_behind": False,
    "line_of_sight": 10, "held_s": 2, "per_minute": 1,
}  # fmt: skip
UPRIGHT = {
    "trunk_inclination": 10, "trunk_supported": False, "trunk_side_bend": 0, "trunk_twist": 0, "arm_elevation": 10,
    "arm_supported": False, "head_inclination": 10, "held_min": 2,
}  # fmt: skip


@pytest.mark.parametrize(
    ("held_s", "per_minute", "movement"),
    [(4, 0, LOW), (4.1, 0, STATIC), (1, 1.99, LOW), (1, 2, HIGH), (10, 5, STATIC)],
)
def test_movements(held_s: float, per_minute: float, movement: str) -> None:
    assert en1005.movement(held_s, per_minute) == movement


@pytest.mark.parametrize(
    ("flexion", "verdicts"),
    [(-0.1, (2, 2, 3)), (0, (1, 1, 1)), (20, (1, 1, 1)), (20.1, (2, 1, 3)), (60, (2, 1, 3)), (60.1, (3, 2, 3))],
)
def test_trunk_zones(flexion: float, verdicts: tuple[int, ...]) -> None:
    assert tuple(int(en1005.trunk_verdict(flexion, each)) for each in en1005.MOVEMENTS) == verdicts


def test_other_zones() -> None:
    for side, twist, verdicts in ((10, -10, (1, 1, 1)), (10.1, 0, (3, 2, 3)), (0, -11, (3, 2, 3))):
        assert tuple(int(en1005.turned_verdict(side, twist, each)) for each in en1005.MOVEMENTS) == verdicts
    for elevation, behind, verdicts in (
        (20, False, (1, 1, 1)), (20.1, False, (2, 1, 2)), (60, False, (2, 1, 2)), (61, False, (3, 2, 3)),
        (30, True, (3, 2, 3)),
    ):  # fmt: skip
        assert tuple(int(en1005.arm_verdict(elevation, each, behind)) for each in en1005.MOVEMENTS) == verdicts
    for gaze, verdicts in ((-1, (3, 2, 3)), (0, (1, 1, 1)), (40, (1, 1, 1)), (40.1, (3, 2, 3))):
        assert tuple(int(en1005.sight_verdict(gaze, each)) for each in en1005.MOVEMENTS) == verdicts


@pytest.mark.parametrize(
    ("change", "zone", "region"),
    [
        ({}, 1, "trunk"),
        ({"trunk_flexion": 40, "held_s": 10}, 2, "trunk"),
        ({"trunk_flexion": 40}, 1, "trunk"),
        ({"trunk_flexion": 40, "per_minute": 3}, 3, "trunk"),
        ({"trunk_twist": -20}, 2, "side_bend_or_twist"),
        ({"left_arm_elevation": 70, "held_s": 5}, 3, "left"),
        ({"right_arm_elevation": 30, "per_minute": 2}, 2, "right"),
        ({"line_of_sight": 60, "held_s": 60}, 3, "line_of_sight"),
    ],
)
def test_the_worst_region_counts(change: dict[str, float], zone: int, region: str) -> None:
    result = assess("en1005", **{**NEUTRAL, **change})
    assert (result.status, result.value) == (Status.OK, zone)
    assert result.details[region] == (zone, zone)


def test_an_unknown_movement_is_the_same_for_all_regions() -> None:
    """A trunk at 40 degrees is acceptable at a low frequency only, and arms at 70 are conditional even then."""
    posture = {name: value for name, value in NEUTRAL.items() if name not in ("held_s", "per_minute")}
    result = assess("en1005", **{**posture, "trunk_flexion": 40, "arm_elevation": 70})
    assert (result.low, result.high) == (2, 3)


@pytest.mark.parametrize(
    ("inclination", "zone", "minutes"),
    [(-1, "not_recommended", None), (0, "acceptable", None), (20, "acceptable", None), (20.001, "step2", 4.0),
     (30, "step2", 3.25), (60, "step2", 1.0), (60.1, "not_recommended", None)],
)  # fmt: skip
def test_trunk_of_iso11226(inclination: float, zone: str, minutes: float | None) -> None:
    found = iso11226.trunk(inclination)
    assert found.zone == zone
    assert found.max_holding_min == pytest.approx(minutes, abs=0.001)


def test_support_lifts_the_limit_of_time() -> None:
    assert iso11226.trunk(40, supported=True) == iso11226.Verdict("acceptable", None)
    assert iso11226.trunk(-10, supported=True).zone == "acceptable"
    assert iso11226.trunk(70, supported=True).zone == "not_recommended"
    assert iso11226.upper_arm(40, supported=True).zone == "acceptable"


def test_arms_and_head_of_iso11226() -> None:
    assert iso11226.upper_arm(20).zone == "acceptable"
    assert iso11226.upper_arm(40) == iso11226.Verdict("step2", 2.0)
    assert iso11226.upper_arm(60.1).zone == "not_recommended"
    assert [iso11226.head(each).zone for each in (-1, 0, 25, 26, 85, 86)] == [
        "not_recommended", "acceptable", "acceptable", "step2", "step2", "not_recommended",
    ]  # fmt: skip


@pytest.mark.parametrize(("held", "zone"), [(2.5, 1), (2.51, 3), ("unknown", 2)])
def test_the_time_held_decides_the_second_step(held: float | str, zone: int) -> None:
    result = assess("iso11226", **{**UPRIGHT, "trunk_inclination": 40, "held_min": held})
    assert (result.low, result.high) == (zone, zone)
    assert "trunk_inclination: held for at most 2.5 min without support" in result.reasons


def test_an_uncertain_time_leaves_both_open_by_its_share() -> None:
    result = assess("iso11226", **{**UPRIGHT, "trunk_inclination": 40, "held_min": (2, 4)})
    assert (result.low, result.high, result.widening) == (1, 3, (("held_min", 2),))
    assert result.levels == pytest.approx({"1 acceptable": 0.25, "2 limited in time": 0, "3 not recommended": 0.75})


@settings(max_examples=100, deadline=None)
@given(st.tuples(st.floats(0, 90), st.floats(0, 90)), st.tuples(st.floats(0, 6), st.floats(0, 6)), st.floats(0, 1))
def test_the_interval_of_iso11226_holds_every_exact_zone(
    angles: tuple[float, float], times: tuple[float, float], at: float
) -> None:
    wide = assess(
        "iso11226",
        **{**UPRIGHT, "trunk_inclination": (min(angles), max(angles)), "held_min": (min(times), max(times))},
    )
    assert sum(wide.levels.values()) == pytest.approx(1)
    for share in (0.0, at, 1.0):
        angle = min(max(angles), min(angles) + share * (max(angles) - min(angles)))
        for held in times:
            exact = assess("iso11226", **{**UPRIGHT, "trunk_inclination": angle, "held_min": held})
            assert wide.low <= exact.low == exact.high <= wide.high
