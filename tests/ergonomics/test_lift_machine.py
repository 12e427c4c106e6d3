"""The lift rule on scripted movements: what is a lift, when it begins and ends, and what is none."""

from __future__ import annotations

from dataclasses import replace

import pytest
from lifters import HOLD, KNEEL, SEAT, SHELF, SQUAT, STAND, STOOP, TABLE, Pose, Script, lifting, watch

from spotter.core.clock import from_seconds, to_seconds
from spotter.core.parameters import LiftParameters
from spotter.ergonomics.events.lift_values import Lift, LiftFlag

RATES = (5.0, 7.5, 15.0, 30.0)
ORIGIN, ARRIVAL = 2.6, 3.8
"""Seconds at which `lifting()` leaves the origin and arrives."""


def only(lifts: list[Lift]) -> Lift:
    assert len(lifts) == 1, lifts
    return lifts[0]


def near(at: int, seconds: float, within: float = 0.4) -> bool:
    return abs(to_seconds(at) - seconds) <= within


@pytest.mark.parametrize("fps", RATES)
@pytest.mark.parametrize("low", [STOOP, SQUAT], ids=["stoop", "squat"])
@pytest.mark.parametrize("jitter", [0.0, 1.0], ids=["steady", "irregular"])
def test_a_lift_is_found_with_its_times_at_any_rate(fps: float, low: Pose, jitter: float) -> None:
    lift = only(watch(lifting(low), fps, jitter=jitter))
    assert near(lift.started_at, 1.0, 0.6)
    assert near(lift.origin_at, ORIGIN)
    assert near(lift.destination_at, ARRIVAL)
    assert lift.started_at <= lift.origin_at < lift.destination_at <= lift.ended_at
    assert lift.direction == "up"
    assert lift.flags == ()


@pytest.mark.parametrize("fps", [10.0, 30.0])
def test_shaking_hands_make_one_lift_still(fps: float) -> None:
    lift = only(watch(lifting(), fps, shake=0.03, noise=0.03))
    assert near(lift.origin_at, ORIGIN, 0.5)
    assert near(lift.destination_at, ARRIVAL, 0.5)


@pytest.mark.parametrize("fps", RATES)
def test_a_load_that_is_put_back_is_one_lift_that_ends_when_it_is_down(fps: float) -> None:
    lift = only(watch(lifting(after=[(1.0, HOLD), (2.2, STOOP), (4.0, STOOP)]), fps))
    assert lift.flags == (LiftFlag.RETURNED,)
    assert near(lift.ended_at, ARRIVAL + 2.2)
    assert near(lift.destination_at, ARRIVAL)
    assert lift.vertical_destination.value == pytest.approx(100, abs=5)


@pytest.mark.parametrize("count", [2, 5])
def test_repetitions_are_counted_one_by_one(count: int) -> None:
    steps, at = [(0.0, STAND), (1.0, STAND), (2.0, STOOP)], 2.0
    for _ in range(count):
        steps += [(at + 0.5, STOOP), (at + 1.5, HOLD), (at + 2.0, HOLD), (at + 3.0, STOOP)]
        at += 3.0
    lifts = watch(Script([*steps, (at + 2.0, STOOP)]))
    assert len(lifts) == count
    begins = [to_seconds(lift.origin_at) for lift in lifts]
    assert begins == pytest.approx([2.5 + 3.0 * index for index in range(count)], abs=0.4)
    ends = [to_seconds(lift.ended_at) for lift in lifts]
    assert ends == pytest.approx([5.0 + 3.0 * index for index in range(count)], abs=0.4)


def test_empty_hands_that_drop_to_the_sides_end_the_lift_at_its_destination() -> None:
    lift = only(watch(lifting(STOOP, TABLE, after=[(1.0, TABLE), (1.6, STAND), (5.0, STAND)])))
    assert lift.flags == ()
    assert lift.ended_at == lift.destination_at
    assert lift.vertical_destination.value == pytest.approx(95, abs=5)


@pytest.mark.parametrize(
    "script",
    [
        Script([(0, STAND), (1, STAND), (2, TABLE), (3, TABLE), (4.2, STOOP), (5, STOOP), (6, STAND), (9, STAND)]),
        Script([(0, STAND), (1, STAND), (2, SHELF), (3, SHELF), (4.2, TABLE), (6, TABLE)]),
    ],
    ids=["table to floor", "shelf to table"],
)
def test_a_load_that_is_brought_down_is_one_lowering(script: Script) -> None:
    assert only(watch(script)).direction == "down"


def test_up_from_a_table_to_a_shelf_needs_no_bending() -> None:
    lift = only(watch(lifting(TABLE, SHELF)))
    assert lift.direction == "up"
    assert lift.travel.value == pytest.approx(60, abs=6)


@pytest.mark.parametrize(
    ("script", "flag"),
    [
        (lifting(after=[(0.5, HOLD), (3.0, replace(HOLD, feet=6.0)), (6.0, replace(HOLD, feet=6.0))]), LiftFlag.CARRY),
        (lifting(replace(STOOP, one_hand=0.7), replace(HOLD, one_hand=0.75)), LiftFlag.ONE_HAND),
        (lifting(seconds=0.8), LiftFlag.HIGH_SPEED),
        (lifting(SEAT, replace(SEAT, hands=1.1)), LiftFlag.SEATED),
        (lifting(KNEEL, replace(KNEEL, hands=0.75, trunk=10.0)), LiftFlag.KNEELING),
    ],
    ids=["carry", "one hand", "fast", "seated", "kneeling"],
)
def test_what_takes_a_lift_out_of_scope_is_flagged(script: Script, flag: LiftFlag) -> None:
    lift = only(watch(script))
    assert flag in lift.out_of_scope


@pytest.mark.parametrize(
    "script",
    [
        Script([(0, STAND), (8, STAND)]),
        Script([(0, STAND), (1, STAND), (2, replace(STAND, hands=0.84, ahead=0.3)), (3, STAND), (6, STAND)]),
        Script([(0, STAND), (1, STAND), (2.2, SEAT), (5, SEAT), (6.2, STAND), (9, STAND)]),
        Script([(0, SEAT), (2, SEAT), (3, replace(SEAT, hands=0.70)), (6, replace(SEAT, hands=0.70))]),
        lifting(replace(STOOP, apart=0.9), replace(HOLD, apart=0.9)),
        lifting(replace(STOOP, ahead=0.03, hands=0.10, apart=0.05)),
        lifting(STOOP, replace(STOOP, hands=0.33)),
        Script([(0, STAND), (1, STAND), (2, STOOP), (9, STOOP), (10, STAND), (13, STAND)]),
        Script([(0, STAND), (1, STAND), (1.5, replace(STAND, hands=1.4, apart=0.9)), (2, STAND), (5, STAND)]),
    ],
    ids=[
        "standing",
        "small",
        "sits and gets up",
        "in the lap",
        "hands apart",
        "shoe",
        "hardly up",
        "low work",
        "arms up",
    ],
)
def test_what_is_no_lift(script: Script) -> None:
    assert watch(script) == []


@pytest.mark.parametrize("fps", RATES)
def test_walking_with_swinging_arms_is_no_lift(fps: float) -> None:
    steps = [
        (0.25 * index, replace(STAND, feet=1.0 + 0.3 * index, hands=0.72 + 0.12 * (index % 2), ahead=0.2 * (index % 2)))
        for index in range(40)
    ]
    assert watch(Script(steps), fps) == []


def test_falling_and_getting_up_is_no_lift() -> None:
    floor = Pose(ahead=0.5, hands=0.08, hips=0.15, trunk=85.0)
    script = Script([(0, STAND), (2, STAND), (2.8, floor), (6, floor), (8, STAND), (11, STAND)])
    assert watch(script) == []


def test_from_the_other_side_it_is_the_same_lift() -> None:
    one, other = only(watch(lifting())), only(watch(lifting(), mirror=True))
    assert one.numbers() == other.numbers()


@pytest.mark.parametrize("unseen", [(1.2, 2.2), (2.8, 3.4), (4.0, 5.0)])
def test_a_gap_does_not_lose_the_lift(unseen: tuple[float, float]) -> None:
    assert near(only(watch(lifting(), unseen=unseen)).origin_at, ORIGIN, 0.5)


def test_what_happened_in_a_long_gap_is_not_made_up() -> None:
    assert watch(lifting(), unseen=(1.5, 4.5)) == []


def test_a_lift_that_has_arrived_is_told_when_the_stream_ends() -> None:
    script = lifting(after=[(0.6, HOLD)])
    assert near(only(watch(script)).destination_at, ARRIVAL)


def test_switched_off_it_finds_nothing() -> None:
    assert watch(lifting(), parameters=LiftParameters(enabled=False)) == []


def test_ids_are_the_same_on_every_replay() -> None:
    first, second = only(watch(lifting())), only(watch(lifting()))
    assert first == second
    assert first.origin_at % from_seconds(0.000001) == 0
