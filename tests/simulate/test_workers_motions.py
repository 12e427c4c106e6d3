"""Motions: what holds of each at every moment, and what each is named for."""

from __future__ import annotations

import hashlib
import subprocess
import sys
from functools import cache
from pathlib import Path

import numpy as np
import pytest

from spotter.core.errors import ConfigError
from spotter.simulate.workers import MOTIONS, Take, crossing, simulate_motion
from spotter.simulate.workers.kinematics import ANKLE_FLESH, FACE_FLESH

SEQUENCES = (
    "walk+stoop_lift", "fall_forward+lie+get_up+walk", "fall_left+get_up", "sit+kneel+tie_shoes", "carry+push",
    "squat_lift+fall_right",
)  # fmt: skip
ALL = (*MOTIONS, *SEQUENCES)
SEEDS = (0, 1, 2)
STATURES = {0: 1.52, 1: None, 2: 1.93}


@cache
def take(name: str, seed: int) -> Take:
    return simulate_motion(name, seed, fps=30, stature=STATURES[seed])


def bones(one: Take) -> list[tuple[int, int, float]]:
    b = one.body
    limbs = [(5, 7, b.upper_arm), (7, 9, b.forearm), (11, 13, b.thigh), (13, 15, b.shank)]
    right = [(first + 1, second + 1, length) for first, second, length in limbs]
    return [*limbs, *right, (5, 6, b.shoulders), (11, 12, b.hips)]


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("name", ALL)
def test_what_holds_of_every_motion(name: str, seed: int) -> None:
    one = take(name, seed)
    joints = one.joints
    for first, second, length in bones(one):
        np.testing.assert_allclose(np.linalg.norm(joints[:, first] - joints[:, second], axis=1), length, atol=1e-6)
    trunk = joints[:, 5:7].mean(axis=1) - joints[:, 11:13].mean(axis=1)
    np.testing.assert_allclose(np.linalg.norm(trunk, axis=1), one.body.trunk, atol=1e-6)
    assert slides(one) <= 0.005
    assert joints[..., 2].min() >= FACE_FLESH
    assert joints[:, [15, 16], 2].min() >= ANKLE_FLESH - 0.015
    assert np.isfinite(joints).all()
    speed = np.linalg.norm(np.diff(joints, axis=0), axis=2) * one.fps
    assert speed.max() < 8.0, f"joint {int(speed.max(axis=0).argmax())} moves by {speed.max():.1f} m/s"
    assert [event.at_s for event in one.events] == sorted(event.at_s for event in one.events)
    assert all(0 <= event.at_s <= one.times[-1] + 1 for event in one.events)


def slides(one: Take) -> float:
    """Furthest that the ball of a planted foot gets from where it was set down, m."""
    furthest = 0.0
    for side in (0, 1):
        edges = np.flatnonzero(np.diff(np.concatenate([[0], one.planted[:, side].astype(int), [0]])))
        for begin, end in edges.reshape(-1, 2):
            ball = one.balls[begin:end, side]
            furthest = max(furthest, float(np.linalg.norm(ball - ball[0], axis=1).max()))
    return furthest


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("name", ALL)
def test_the_scripted_angles_are_those_of_the_joints(name: str, seed: int) -> None:
    one = take(name, seed)
    assert one.scripted
    for angle, script in one.scripted.items():
        told = np.isfinite(script)
        np.testing.assert_allclose(getattr(one.angles, angle).value[told], script[told], atol=1e-6, err_msg=angle)


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("name", ALL)
def test_whoever_stands_or_lifts_is_in_balance(name: str, seed: int) -> None:
    """The centre of mass is over the feet: between heels and toes, and not beyond either foot to the side."""
    one = take(name, seed)
    rows = one.balanced
    assert rows.any()
    ankles, balls = one.joints[rows][:, [15, 16]], one.balls[rows]
    toes = (balls - ankles)[..., :2]
    long = np.linalg.norm(toes, axis=-1, keepdims=True)
    middle = (ankles + balls)[..., :2].mean(axis=1) / 2
    ahead = (toes / long).mean(axis=1)
    ahead /= np.linalg.norm(ahead, axis=1, keepdims=True)
    off = one.mass[rows][:, :2] - middle
    forward = (off * ahead).sum(axis=1)
    aside = off[:, 0] * -ahead[:, 1] + off[:, 1] * ahead[:, 0]
    assert np.abs(forward).max() < long.min() / 2 + 0.01
    apart = np.linalg.norm((ankles[:, 0] - ankles[:, 1])[:, :2], axis=1)
    assert (np.abs(aside) < apart / 2).all()


@pytest.mark.parametrize("seed", SEEDS)
def test_lifts_are_what_they_are_named_for(seed: int) -> None:
    """Classes of METHODS 7.3 at the origin, and no deeper than people bend."""
    for name, style in (("stoop_lift", "stoop"), ("squat_lift", "squat"), ("semi_squat_lift", "semi_squat")):
        one = take(name, seed)
        origin = next(event for event in one.events if event.kind == f"lift_origin:{style}")
        row = round(origin.at_s * one.fps)
        knee, hip = (
            (getattr(one.angles, f"left_{joint}_flexion").value[row]
             + getattr(one.angles, f"right_{joint}_flexion").value[row]) / 2
            for joint in ("knee", "hip")
        )  # fmt: skip
        shank = one.joints[row, 13] - one.joints[row, 15]
        ankle = float(np.degrees(np.arccos(shank[2] / np.linalg.norm(shank))))
        index = knee / (hip + ankle)
        seen = "stoop" if index < 0.3 and knee < 45 else "squat" if index > 0.7 and knee > 80 else "semi_squat"
        assert seen == style, f"knee {knee:.0f}, hip {hip:.0f}, ankle {ankle:.0f}, index {index:.2f}"
        assert one.angles.trunk_inclination.value.max() < 96


@pytest.mark.parametrize("name", ["stoop_lift", "squat_lift", "twisted_lift", "overhead_place", "carry"])
@pytest.mark.parametrize("seed", SEEDS)
def test_a_box_goes_with_the_hands(name: str, seed: int) -> None:
    one = take(name, seed)
    (load,) = one.loads
    held = np.flatnonzero(load.held)
    assert len(held) > 0.5 * one.fps
    hands = one.joints[held][:, [9, 10]]
    apart = np.linalg.norm(load.centre[held, None] - hands, axis=2)
    half = load.box.size[1] / 2
    assert (apart > half - 0.03).all()
    assert (apart < half + 0.08).all()
    moved = np.linalg.norm(np.diff(load.centre, axis=0), axis=1)
    still = ~(load.held[1:] | load.held[:-1])
    assert moved[still].max(initial=0.0) == 0.0
    assert moved.max() * one.fps < 2.0
    grasp = held[0]
    assert np.abs(one.joints[grasp - 3 : grasp, [9, 10]] - one.joints[grasp, [9, 10]]).max() < 0.02
    lower, upper = load.centre[:, 2].min(), load.centre[:, 2].max()
    assert lower - load.box.size[2] / 2 > -0.02
    assert upper - lower > 0.15


def test_whoever_falls_lets_go_of_the_box() -> None:
    one = simulate_motion("squat_lift+fall_backward", 2, fps=30)
    (load,) = one.loads
    onset = next(event.at_s for event in one.events if event.kind.startswith("fall_onset"))
    assert load.held[round((onset - 0.1) * 30)]
    assert not load.held[one.times > onset + 0.3].any()
    assert load.centre[-1, 2] == pytest.approx(load.box.size[2] / 2)
    assert np.diff(load.centre[one.times > onset + 0.3, 2]).max() <= 0


@pytest.mark.parametrize("direction", ["forward", "backward", "left", "right"])
@pytest.mark.parametrize("seed", SEEDS)
def test_a_fall_goes_where_it_says_and_ends_lying(direction: str, seed: int) -> None:
    one = take(f"fall_{direction}", seed)
    onset, impact = (next(e.at_s for e in one.events if e.kind.startswith(kind)) for kind in ("fall_onset", "impact"))
    assert 0.5 < impact - onset < 2.5
    rows = one.times > impact + 1.0
    tall = one.body.stature
    hips = one.joints[:, 11:13].mean(axis=1)
    assert hips[rows, 2].max() < 0.15 * tall
    assert one.joints[rows, 0, 2].max() < 0.2 * tall
    assert one.angles.trunk_inclination.value[rows].min() > 75
    gone = hips[rows][0, :2] - hips[0, :2]
    ways = {"forward": (1, 0), "backward": (-1, 0), "left": (0, 1), "right": (0, -1)}
    assert gone @ ways[direction] > 0.25 * tall
    # Hip speed when it hits the floor: measured falls have 2 to 4 m/s.
    down = -np.diff(hips[:, 2]).min() * one.fps
    assert 1.0 < down < 4.5


def test_the_time_of_impact_does_not_depend_on_the_frame_rate() -> None:
    times = {
        next(e.at_s for e in simulate_motion("fall_right", 5, fps=fps).events if e.kind == "impact")
        for fps in (5, 15, 29.97)
    }
    assert len(times) == 1
    one = simulate_motion("fall_right", 5, fps=500)
    first = one.times[np.flatnonzero(one.contact)[0]]
    assert times.pop() == pytest.approx(first, abs=0.003)


def test_a_seat_a_knee_and_a_ladder_are_where_they_should_be() -> None:
    sit = take("sit", 1)
    seated = round(next(e.at_s for e in sit.events if e.kind == "seated") * sit.fps) + 20
    assert 0.48 < sit.joints[seated, 11, 2] < 0.60
    assert sit.angles.trunk_inclination.value[seated] < 20
    kneel = take("kneel", 1)
    knees = kneel.joints[:, 13:15, 2].max(axis=1)
    assert knees.min() < 0.08 * kneel.body.stature
    ladder = take("fall_from_ladder", 1)
    assert ladder.balls[..., 2].max() == pytest.approx(4 * 0.28, abs=0.1)
    shoes = take("tie_shoes", 1)
    at = round(next(e.at_s for e in shoes.events if e.kind == "at_shoe") * shoes.fps)
    assert shoes.joints[at, [9, 10], 2].max() < 0.25


def digest() -> str:
    joints = [simulate_motion(name, 3).joints.tobytes() for name in ("walk+twisted_lift", "fall_left+get_up")]
    return hashlib.sha256(b"".join(joints)).hexdigest()


def test_the_same_bytes_in_another_process() -> None:
    again = f"import sys; sys.path.insert(0, {str(Path(__file__).parent)!r}); import {__name__} as t; print(t.digest())"
    done = subprocess.run([sys.executable, "-c", again], capture_output=True, text=True, check=True, timeout=60)
    assert done.stdout.strip() == digest() == digest()


def test_seeds_make_other_people_and_other_motions() -> None:
    first, second = simulate_motion("stoop_lift", 1), simulate_motion("stoop_lift", 2)
    assert first.body != second.body
    assert first.events != second.events
    # The same seed is the same person, whatever they do.
    assert simulate_motion("walk", 1).body == first.body


def test_where_a_worker_stands_and_looks() -> None:
    here, there = simulate_motion("stoop_lift", 4), simulate_motion("stoop_lift", 4, at=(2.0, -1.0), heading=90.0)
    turned = here.joints[..., [1, 0, 2]] * [-1, 1, 1] + [2.0, -1.0, 0.0]
    np.testing.assert_allclose(there.joints, turned, atol=1e-9)
    np.testing.assert_allclose(there.angles.trunk_flexion.value, here.angles.trunk_flexion.value, atol=1e-9)


def test_walking_gets_there_by_steps() -> None:
    one = take("walk", 1)
    far = np.linalg.norm(one.joints[-1, 15, :2] - one.joints[0, 15, :2])
    assert 2.9 < far < 4.6
    speed = np.linalg.norm(np.diff(one.joints[:, 11:13].mean(axis=1)[:, :2], axis=0), axis=1) * one.fps
    assert 0.9 < np.median(speed[speed > 0.5]) < 1.6
    # One foot is on the floor at any time.
    assert one.planted.any(axis=1).all()


def test_a_crowd_meets_in_the_middle() -> None:
    people = crossing(6, seed=2)
    last = max(len(one) for one in people)
    rows = np.arange(last)
    places = np.stack([one.joints[np.minimum(rows, len(one) - 1), 11, :2] for one in people])
    nearest = np.linalg.norm(places, axis=2).min(axis=1)
    assert (nearest < 1.0).all()
    assert len({one.body for one in people}) == 6


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: simulate_motion("moonwalk"), "no motion 'moonwalk'. Choose from stand, walk"),
        (lambda: simulate_motion("walk", -1), "seed -1 is below 0"),
        (lambda: simulate_motion("walk", fps=0), "0 frames per second"),
        (lambda: simulate_motion("walk", sex="tall"), "'tall'.*female, male"),
        (lambda: simulate_motion("walk", stature=3), "stature 3 m is nobody's"),
        (lambda: simulate_motion("fall_left+walk"), "'walk' begins standing.*get_up before"),
        (lambda: simulate_motion("stoop_lift+squat_lift"), "hold a box already. Put it down"),
        (lambda: crossing(0), "crowd of 0"),
    ],
)
def test_errors_say_what_and_how_to_mend_it(call: object, message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        call()  # type: ignore[operator]
