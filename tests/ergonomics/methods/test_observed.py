"""From angles of bodies to scores: exact angles, hidden ones, gravity, both views of an arm in a stoop."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from spotter.core.errors import MethodError
from spotter.ergonomics.angles.body import NAMES, BodyAngles
from spotter.ergonomics.angles.values import BOUNDED, NOT_OBSERVABLE, OK, Angles
from spotter.ergonomics.methods import observed
from spotter.ergonomics.methods.api import Given, Provenance
from spotter.ergonomics.methods.en1005 import EN1005
from spotter.ergonomics.methods.engine import level_reached
from spotter.ergonomics.methods.iso11226 import ISO11226
from spotter.ergonomics.methods.known import Choices, Numbers, row_of
from spotter.ergonomics.methods.owas import LEGS, OWAS
from spotter.ergonomics.methods.reba import REBA
from spotter.ergonomics.methods.rula import RULA

POSTURE_METHODS = (REBA, RULA, OWAS, EN1005, ISO11226)


def body(**angles: object) -> BodyAngles:
    """Bodies that stand upright with hanging arms, but for `angles`: numbers, arrays or `Angles`."""
    count = max((np.size(each) if not isinstance(each, Angles) else len(each)) for each in (0.0, *angles.values()))
    fields = {name: angles.get(name, 0.0) for name in NAMES}
    return BodyAngles(
        **{
            name: each if isinstance(each, Angles) else Angles.exact(np.broadcast_to(each, count))
            for name, each in fields.items()
        }
    )


def between(low: float, high: float, value: float | None = None) -> Angles:
    middle = (low + high) / 2 if value is None else value
    reason = np.array(["view"], np.object_)
    return Angles(np.array([middle]), np.array([low]), np.array([high]), np.array([BOUNDED], np.uint8), reason)


def hidden(reason: str = "behind a box") -> Angles:
    return Angles.not_observable(1, reason)


def yes_share(known: object) -> float:
    assert isinstance(known, Choices)
    return float(known.chances.chance[0, known.names.index("yes")])


def test_arms_that_hang_in_a_stoop() -> None:
    """METHODS 6.1: 90 degrees to the trunk and 0 to gravity. REBA takes 1 off, RULA does not, EN 1005-4 sees 0."""
    stoop = body(
        trunk_flexion=90, trunk_inclination=90, left_upper_arm_trunk=90, right_upper_arm_trunk=90,
        left_upper_arm_flexion=90, right_upper_arm_flexion=90, left_upper_arm_gravity=0, right_upper_arm_gravity=0,
    )  # fmt: skip
    known = REBA.from_angles(stoop)
    assert yes_share(known["left_arm_supported"]) == 1
    no = {name: Given.of("no") for name in ("upper_arm_rotated", "shoulder_raised")}
    scores = REBA.assess_many(REBA.from_angles(stoop, no))
    assert scores.details["left_upper_arm"][0][0] == scores.details["left_upper_arm"][1][0] == 2, "3 less 1"
    rula = RULA.from_angles(stoop)
    assert "left_arm_supported" not in rula
    assert isinstance(rula["left_upper_arm"], Numbers)
    assert rula["left_upper_arm"].low.tolist() == [90]
    assert EN1005.assess_many(EN1005.from_angles(stoop, {"held_s": Given.exact(1)})).details["left"][1][0] == 1


def test_gravity_helps_only_in_a_bent_trunk() -> None:
    assert yes_share(REBA.from_angles(body(trunk_flexion=19.9))["left_arm_supported"]) == 0
    assert yes_share(REBA.from_angles(body(trunk_flexion=20))["left_arm_supported"]) == 1
    lifted = body(trunk_flexion=40, left_upper_arm_gravity=20.1)
    known = REBA.from_angles(lifted)
    assert (yes_share(known["left_arm_supported"]), yes_share(known["right_arm_supported"])) == (0, 1)


def test_hidden_angles_are_unknown_with_their_reason() -> None:
    known = REBA.from_angles(body(trunk_flexion=hidden(), left_elbow_flexion=hidden("elbow outside")))
    row = row_of(known, 0)
    assert row["trunk_flexion"].provenance is Provenance.UNKNOWN
    result = REBA.assess(row)
    assert "trunk_flexion: behind a box" in result.reasons
    assert "left_elbow_flexion: elbow outside" in result.reasons
    assert result.details["trunk"] == (1, 4)
    owas = OWAS.assess(row_of(OWAS.from_angles(body(trunk_twist=hidden("twist needs 3D"))), 0))
    assert "back: twist needs 3D" in owas.reasons


def test_rula_from_coco_keypoints_is_always_an_interval() -> None:
    """No wrist, no twist, no force."""
    result = RULA.assess(row_of(RULA.from_angles(body()), 0))
    assert result.status.value == "bounded"
    assert result.low < result.high


def test_what_is_entered_counts_more_and_holds_for_all() -> None:
    three = body(trunk_flexion=[0, 30, 70])
    known = REBA.from_angles(three, {"load_kg": Given.exact(12), "wrist_flexion": Given.exact(0)})
    assert [row_of(known, n)["load_kg"].low for n in range(3)] == [12, 12, 12]
    assert row_of(known, 1)["right_wrist_flexion"].provenance is Provenance.ENTERED
    assert REBA.assess_many(known).details["trunk"][0].tolist() == [1, 3, 4]
    with pytest.raises(MethodError, match="load_kg is -1 kg"):
        REBA.from_angles(three, {"load_kg": Given.exact(-1)})
    with pytest.raises(MethodError, match="does not ask for weight"):
        REBA.from_angles(three, {"weight": Given.exact(1)})


@pytest.mark.parametrize(
    ("against", "forward", "low", "high"),
    [
        (between(30, 40), between(20, 40), 30, 40),
        (between(30, 40), between(-40, -25), -40, -30),
        (between(30, 40), hidden(), -40, 40),
        (between(70, 80), hidden(), 70, 80),
        (between(30, 70), between(-60, 60), -60, 70),
        (between(80, 90), between(-10, 0), 80, 90),
        (hidden(), hidden(), -90, 180),
    ],
)
def test_an_arm_before_or_behind_the_body(against: Angles, forward: Angles, low: float, high: float) -> None:
    seen = observed.upper_arm(body(left_upper_arm_trunk=against, left_upper_arm_flexion=forward), "left")
    assert (seen.low[0], seen.high[0]) == (low, high)
    if not seen.unknown[0] and not np.isnan(seen.value[0]):
        assert low <= seen.value[0] <= high


def test_turned_beyond_ten_degrees() -> None:
    known = REBA.from_angles(body(trunk_twist=[-10, -10.1, 11], trunk_lateral=[0, 20, 10]))
    assert isinstance(known["trunk_twisted"], Choices)
    assert known["trunk_twisted"].chances.chance[:, 0].tolist() == [0, 1, 1], "yes is the first choice"
    assert yes_share(REBA.from_angles(body(trunk_twist=hidden()))["trunk_twisted"]) == 0.5
    half = REBA.from_angles(body(trunk_lateral=between(0, 20)))["trunk_side_bent"]
    assert yes_share(half) == pytest.approx(0.5, abs=1e-6)


def test_the_more_bent_knee_counts() -> None:
    known = REBA.from_angles(body(left_knee_flexion=between(20, 40), right_knee_flexion=between(10, 65)))
    knee = row_of(known, 0)["knee_flexion"]
    assert (knee.low, knee.high) == (20, 65)
    one = row_of(REBA.from_angles(body(left_knee_flexion=70, right_knee_flexion=hidden())), 0)["knee_flexion"]
    assert (one.low, one.high, one.value) == (70, 180, None)


def test_leaning_back_a_little_is_upright_for_the_standards() -> None:
    for method, name in ((EN1005, "trunk_flexion"), (ISO11226, "trunk_inclination")):
        known = method.from_angles(body(trunk_flexion=[-3, -5.1, 10]))
        assert isinstance(known[name], Numbers)
        assert known[name].low.tolist() == [0, -5.1, 10]


def test_owas_legs_and_back() -> None:
    squat = OWAS.from_angles(
        body(trunk_flexion=30, trunk_twist=25, left_knee_flexion=90, right_knee_flexion=90, left_hip_flexion=90,
             right_hip_flexion=90, left_upper_arm_gravity=100)
    )  # fmt: skip
    row = row_of(squat, 0)
    assert row["back"].choices == ("bent_and_twisted",)
    assert row["arms"].choices == ("one_above_shoulder",)
    assert row["legs"].choices == ("sitting", "two_bent", "one_bent", "kneeling", "walking")
    standing = row_of(OWAS.from_angles(body()), 0)
    assert standing["legs"].choices == ("two_straight", "one_straight", "walking")
    narrowed = row_of(OWAS.from_angles(body(), {"legs": Given.of("two_straight", "two_bent")}), 0)
    assert narrowed["legs"].choices == ("two_straight",)
    against = row_of(OWAS.from_angles(body(), {"legs": Given.of("sitting", "kneeling")}), 0)
    assert against["legs"].choices == ("sitting", "kneeling"), "what is entered counts more"
    assert set(row_of(OWAS.from_angles(body(left_knee_flexion=hidden())), 0)["legs"].choices) <= set(LEGS)


def random_bodies(count: int, seed: int) -> BodyAngles:
    random = np.random.default_rng(seed)

    def angles() -> Angles:
        value, half = random.uniform(0, 100, count), random.uniform(0, 25, count)
        status = random.choice([OK, BOUNDED, NOT_OBSERVABLE], count).astype(np.uint8)
        gone = status == NOT_OBSERVABLE
        ends = np.where(gone, 0, value - half), np.where(gone, 180, value + half)
        return Angles(np.where(gone, np.nan, value), *ends, status, np.where(gone, "hidden", "").astype(np.object_))

    return BodyAngles(**{name: angles() for name in NAMES})


@pytest.mark.parametrize("method", POSTURE_METHODS, ids=lambda method: method.name)
def test_many_at_once_are_as_one_by_one(method: object) -> None:
    assert isinstance(method, (type(REBA), type(RULA), type(OWAS), type(EN1005), type(ISO11226)))
    known = method.from_angles(random_bodies(12, 3))
    many = method.assess_many(known)
    assert many.levels.sum(axis=1) == pytest.approx(1)
    for n in range(12):
        one = method.assess(row_of(known, n))
        assert (one.low, one.high, one.value) == (many.low[n], many.high[n], many.value[n])
        assert list(one.levels.values()) == pytest.approx(many.levels[n].tolist())
        assert level_reached(one.levels) == list(one.levels)[many.level_reached()[n]]
        for name, (low, high) in many.details.items():
            assert one.details[name] == (low[n if len(low) > 1 else 0], high[n if len(high) > 1 else 0]), name


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 10_000), st.floats(0, 1))
def test_seen_intervals_hold_what_the_exact_angles_score(seed: int, at: float) -> None:
    wide = random_bodies(1, seed)
    exact = BodyAngles(**{name: Angles.exact(each.low + at * (each.high - each.low)) for name, each in wide.items()})
    for method in POSTURE_METHODS:
        entered = {"load_kg": Given.exact(3)} if method in (REBA, RULA, OWAS) else {}
        outer = method.assess_many(method.from_angles(wide, entered))
        inner = method.assess_many(method.from_angles(exact, entered))
        assert outer.low[0] <= inner.low[0], method.name
        assert inner.high[0] <= outer.high[0], method.name
