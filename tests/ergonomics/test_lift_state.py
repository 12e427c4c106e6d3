"""A lift machine that goes on from a snapshot is the machine that was never interrupted; nothing makes it fail."""

from __future__ import annotations

import itertools
import json
import math
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from lifters import HOLD, SHELF, STAND, STOOP, TABLE, Script, frames, lifting, signals

from spotter.core.clock import from_seconds
from spotter.core.parameters import LiftParameters
from spotter.ergonomics.events.lift import LiftMachine, LiftState
from spotter.ergonomics.events.lift_measure import lift_signals
from spotter.ergonomics.events.lift_signals import LiftSignals, LiftView
from spotter.ergonomics.events.lift_values import Lift, lift_id, lift_of
from spotter.ergonomics.gates import CALIBRATED
from spotter.ergonomics.tracking.scale import Scale

PARAMETERS = LiftParameters()
WORK = Script(
    [
        *lifting(after=[(0.8, HOLD), (1.8, STOOP), (2.4, STOOP), (3.4, TABLE), (4.4, TABLE), (5.4, SHELF)]).steps,
        (12.0, SHELF), (13.0, STOOP), (13.6, STOOP), (14.6, STAND), (19.0, STAND),
    ]
)  # fmt: skip


def stream() -> list[tuple[int, LiftSignals | None]]:
    """Work with gaps, a guess of the size at first, and an unknown view in between."""
    rows: list[tuple[int, LiftSignals | None]] = []
    for index, (at, pose) in enumerate(frames(WORK, 12.0, jitter=0.8)):
        seen = signals(pose, noise=0.02)
        if index < 8:
            seen = replace(seen, settled=False, floor=seen.floor + 5.0)
        if index % 17 == 0:
            seen = replace(seen, left=None, ankles=None, knees=None, legs=None, view=LiftView())
        rows.append((at, None if index % 23 == 0 else seen))
    return rows


def restored(machine: LiftMachine) -> LiftMachine:
    """By way of JSON, as a store would keep it."""
    return LiftMachine.restore(PARAMETERS, json.loads(json.dumps(machine.state_values())))


def run(every: int | None) -> tuple[list[Lift], list[LiftState]]:
    machine, lifts, states = LiftMachine(PARAMETERS), [], []
    for index, (at, seen) in enumerate(stream()):
        if every is not None and index % every == 0:
            machine = restored(machine)
        lift = machine.update(at, seen)
        lifts += [lift] if lift is not None else []
        states.append(machine.state)
    return lifts, states


@pytest.mark.parametrize("every", [1, 7])
def test_snapshots_change_nothing(every: int) -> None:
    expected, states = run(None)
    assert len(expected) >= 3
    assert run(every) == (expected, states)


def test_the_states_of_a_lift_come_in_their_order() -> None:
    machine, seen = LiftMachine(PARAMETERS), []
    for at, pose in frames(lifting(after=[(0.5, HOLD), (1.5, STOOP), (3.0, STOOP)]), 15.0):
        machine.update(at, signals(pose))
        if not seen or seen[-1] is not machine.state:
            seen.append(machine.state)
    order = [LiftState.IDLE, LiftState.REACH, LiftState.GRASP, LiftState.MOVE, LiftState.PLACE]
    assert [state for state in seen if state in order][: len(order)] == order


def test_state_stays_small() -> None:
    machine, sizes = LiftMachine(PARAMETERS), []
    for at, pose in frames(Script([(0.0, STOOP), (60.0, STOOP)]), 15.0):
        machine.update(at, signals(pose, noise=0.03))
        sizes.append(len(json.dumps(machine.state_values())))
    assert max(sizes) < 6_000
    assert sizes[-1] < 1.2 * sizes[300]


def test_numbers_are_json_and_give_the_lift_back() -> None:
    lift = run(None)[0][0]
    again = lift_of(lift.ended_at, json.loads(json.dumps(lift.numbers())))
    assert again.numbers() == lift.numbers()
    assert (again.started_at, again.origin_at, again.ended_at) == (lift.started_at, lift.origin_at, lift.ended_at)
    assert lift.numbers()["name"] == "lift-like movement"
    assert replace(lift, entered="load").name == "lift"
    assert replace(lift, entered="object", direction="down").name == "lowering"


def test_ids_tell_lifts_apart_and_stay() -> None:
    ids = {lift_id("site", camera, epoch, 5, ordinal) for camera in "ab" for epoch in (1, 2) for ordinal in (0, 1)}
    assert len(ids) == 8
    assert lift_id("site", "a", 1, 5) == lift_id("site", "a", 1, 5)
    assert str(lift_id("site", "a", 1, 5)) == "8c7bf6fa-0bb2-51ee-815a-757d31a740d0"


wild = st.floats(-1e4, 1e4) | st.sampled_from([math.nan, math.inf, -math.inf, 0.0])
joint = st.tuples(st.floats(0, 1000), st.floats(0, 800))


@settings(max_examples=60, deadline=None)
@given(
    st.lists(
        st.tuples(
            st.floats(0.0, 3.0),
            st.lists(joint, min_size=17, max_size=17) | st.lists(st.tuples(wild, wild), min_size=17, max_size=17),
            st.lists(st.floats(0, 1), min_size=17, max_size=17),
            st.floats(0.0, 400.0) | st.just(math.nan),
            st.floats(-100.0, 900.0),
            st.booleans(),
        ),
        max_size=25,
    )
)
def test_whatever_a_pose_model_puts_out_nothing_fails(rows: list[tuple]) -> None:
    machine, at = LiftMachine(PARAMETERS), 0
    for step, points, confidences, stature, floor, settled in rows:
        at += from_seconds(step) + 1_000_000
        with np.errstate(over="ignore"):
            keypoints = np.array(points, np.float32)
        seen = lift_signals(
            keypoints, np.array(confidences, np.float32), None, Scale(stature, floor), PARAMETERS, settled=settled
        )
        lift = machine.update(at, seen)
        machine = restored(machine)
        if lift is not None:
            assert lift.started_at <= lift.origin_at <= lift.destination_at <= lift.ended_at <= at
            assert "NaN" not in json.dumps(lift.numbers())


@settings(max_examples=40, deadline=None)
@given(st.lists(st.tuples(st.floats(0.0, 2.2), st.floats(-0.3, 0.6), st.floats(0.0, 110.0)), min_size=2, max_size=12))
def test_lifts_of_any_movement_are_in_order_and_apart(places: list[tuple[float, float, float]]) -> None:
    poses = [replace(STAND, hands=hands, ahead=ahead, trunk=trunk) for hands, ahead, trunk in places]
    script, machine, lifts = (
        Script([(0.7 * index, pose) for index, pose in enumerate(poses)]),
        LiftMachine(PARAMETERS),
        [],
    )
    for at, pose in frames(script, 10.0):
        lift = machine.update(at, signals(pose))
        lifts += [lift] if lift is not None else []
    for before, after in itertools.pairwise(lifts):
        assert before.destination_at <= after.origin_at
    for lift in lifts:
        assert lift.travel.high >= 100 * PARAMETERS.least_rise_m
        assert lift.vertical_origin.low <= lift.vertical_origin.value <= lift.vertical_origin.high


def test_hands_that_are_not_seen_are_not_judged() -> None:
    keypoints = np.full((17, 2), 100.0, np.float32) + np.arange(17)[:, None]
    confidences = np.full(17, 0.9, np.float32)
    confidences[[9, 10]] = 0.0
    seen = lift_signals(keypoints, confidences, None, Scale(200.0, 300.0), PARAMETERS, gates=CALIBRATED)
    assert seen is not None
    assert seen.left is None
    assert seen.right is None
    assert LiftMachine(PARAMETERS).update(0, seen) is None
    confidences[11] = 0.0
    assert lift_signals(keypoints, confidences, None, Scale(200.0, 300.0), PARAMETERS, gates=CALIBRATED) is None


def test_knuckles_are_further_on_than_wrists() -> None:
    keypoints = np.zeros((17, 2), np.float32) + 50
    keypoints[7], keypoints[9] = (100, 100), (100, 129.2)
    keypoints[8], keypoints[10] = (200, 100), (200, 110)
    seen = lift_signals(keypoints, np.ones(17, np.float32), None, Scale(200.0, 300.0), PARAMETERS)
    assert seen is not None
    assert seen.left == pytest.approx((100, 129.2 + 9.2), abs=0.01)
    assert seen.right == pytest.approx((200, 110 + 10 * 0.046 / 0.146), abs=0.01)
