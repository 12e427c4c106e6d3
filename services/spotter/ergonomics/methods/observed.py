"""From the angles of bodies to the inputs of posture methods, for many postures at once. Pure.

What a camera does not see stays out and is unknown. Thresholds that the methods leave open are marked [D].
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol

import numpy as np

from spotter.ergonomics.angles.body import BodyAngles
from spotter.ergonomics.angles.values import NOT_OBSERVABLE, Angles
from spotter.ergonomics.methods.api import Asked, Given, Provenance
from spotter.ergonomics.methods.chances import Bands, Chances, Table
from spotter.ergonomics.methods.inputs import complete, sides_of
from spotter.ergonomics.methods.known import Choices, Known, Numbers, known_of

SIDES = ("left", "right")

UPRIGHT_DEG = 5.0
"""From the vertical, still upright [D]: exactly 0 never occurs."""

TURNED_DEG = 10.0
"""Side bend or twist that counts as one [D]; EN 1005-4 and field studies of ISO 11226 use the same edge."""

ABDUCTED_DEG = 20.0
"""Abduction that counts as one [D]; the first zone of upper arms in EN 1005-4 ends there."""

BENT_DEG = 20.0
HANGING_DEG = 20.0
"""A trunk bent by at least the first with an upper arm within the second of the vertical: the arm hangs [D]."""

BEHIND_DEG = 20.0
"""Extension in the sagittal plane from which an arm is scored as behind the body: the first band of REBA and RULA."""

MAX_EXTENSION_DEG = 60.0
"""An upper arm goes no further back than this [R]: more is forward or outward."""

_BEYOND = {limit: Bands(starts=(-limit,), ends=(limit,)) for limit in (TURNED_DEG, ABDUCTED_DEG, BENT_DEG)}
_OUTSIDE = Table([1, 0, 1])
_BENT = Bands(starts=(BENT_DEG,))
_FORWARD = Bands(starts=(-BEHIND_DEG,))
_BEHIND = Table([1, 0])
_HANGS = Bands(ends=(HANGING_DEG,))
_BOTH = Table([[0, 0], [1, 0]])
"""Bent (0 no, 1 yes) and the band of the arm (0 near the vertical): hanging."""


class _Asking(Protocol):
    @property
    def name(self) -> str: ...

    @property
    def asks(self) -> tuple[Asked, ...]: ...


def number(angles: Angles, low: float, high: float) -> Numbers:
    """Angles as they are."""
    return Numbers.of_angles(angles, low, high)


def upright(angles: Angles, tolerance: float, high: float) -> Numbers:
    """Angles from the vertical, where leaning back by up to `tolerance` counts as upright."""
    seen = Numbers.of_angles(angles, -90.0, high)
    return Numbers(
        _forgiven(seen.low, tolerance), _forgiven(seen.high, tolerance), _forgiven(seen.value, tolerance),
        seen.unknown, seen.reason,
    )  # fmt: skip


def larger(left: Angles, right: Angles, low: float, high: float) -> Numbers:
    """The larger of two angles."""
    one, other = Numbers.of_angles(left, low, high), Numbers.of_angles(right, low, high)
    unknown = one.unknown & other.unknown
    both = ~(one.unknown | other.unknown)
    reason = np.where(one.unknown, left.reason, right.reason)
    return Numbers(
        np.maximum(one.low, other.low),
        np.maximum(one.high, other.high),
        np.where(both, np.maximum(one.value, other.value), np.nan),
        unknown,
        reason.astype(np.object_),
    )


def beyond(angles: Angles, limit: float) -> Choices:
    """Whether an angle is beyond `limit` to either side; one of TURNED_DEG, ABDUCTED_DEG, BENT_DEG."""
    return Choices.flag(beyond_chances(angles, limit), angles.reason)


def beyond_chances(angles: Angles, limit: float) -> Chances:
    """As `beyond`; states 0 no, 1 yes."""
    seen = Numbers.of_angles(angles, -180.0, 180.0)
    yes = _OUTSIDE(seen.chances(_BEYOND[limit]))
    return _even_where(yes, seen)


def upper_arm(body: BodyAngles, side: str) -> Numbers:
    """Upper arm against the trunk line, behind the trunk negative. Where it is not known whether the arm is before or
    behind, the interval holds both."""
    against: Angles = getattr(body, f"{side}_upper_arm_trunk")
    forward: Angles = getattr(body, f"{side}_upper_arm_flexion")
    seen = Numbers.of_angles(against, 0.0, 180.0)
    hidden = forward.status >= NOT_OBSERVABLE
    front = (~hidden & (forward.low >= -BEHIND_DEG)) | (seen.low > MAX_EXTENSION_DEG)
    behind = ~front & ~hidden & (forward.high < -BEHIND_DEG)
    back = np.minimum(seen.high, MAX_EXTENSION_DEG)
    low = np.where(front, seen.low, -back)
    high = np.where(behind, -np.minimum(seen.low, MAX_EXTENSION_DEG), seen.high)
    value = np.where(~hidden & (forward.value < -BEHIND_DEG), -seen.value, seen.value)
    value = np.where(front | behind | ~hidden, value, np.nan)
    low, high = np.where(seen.unknown, -90.0, low), np.where(seen.unknown, 180.0, high)
    return Numbers(low, high, np.clip(value, low, high), seen.unknown, seen.reason)


def behind(body: BodyAngles, side: str) -> Choices:
    """Whether the upper arm is behind the body. Close to the trunk or far up it is not."""
    forward: Angles = getattr(body, f"{side}_upper_arm_flexion")
    against = Numbers.of_angles(getattr(body, f"{side}_upper_arm_trunk"), 0.0, 180.0)
    flexion = Numbers.of_angles(forward, -180.0, 180.0)
    yes = _BEHIND(flexion.chances(_FORWARD))
    surely_not = (against.high <= BEHIND_DEG) | (against.low > MAX_EXTENSION_DEG)
    reach = np.where(surely_not[:, None], [True, False], yes.reach)
    return Choices.flag(Chances.weighted(reach, yes.chance), forward.reason)


def abducted(body: BodyAngles, side: str) -> Choices:
    """Whether the upper arm is away from the side."""
    return beyond(getattr(body, f"{side}_upper_arm_abduction"), ABDUCTED_DEG)


def hanging(body: BodyAngles, side: str) -> Choices:
    """Whether the upper arm hangs down from a bent trunk. Other support of the arm is not seen."""
    trunk = Numbers.of_angles(body.trunk_flexion, -90.0, 180.0)
    arm = Numbers.of_angles(getattr(body, f"{side}_upper_arm_gravity"), 0.0, 180.0)
    yes = _BOTH(trunk.chances(_BENT), arm.chances(_HANGS))
    hidden = trunk.unknown | arm.unknown
    reason = np.where(hidden, "trunk or upper arm is not seen", "").astype(np.object_)
    return Choices.flag(yes, reason)


def with_entered(method: _Asking, seen: Mapping[str, Known], entered: Mapping[str, Given] | None) -> dict[str, Known]:
    """What is seen, with what was entered in its place; an entered name without its side holds for both sides.

    Raises:
        MethodError: an entered name that is not asked for, or a value out of range.
    """
    asked = {ask.name: ask for ask in method.asks}
    spread: dict[str, Given] = {}
    for name, given in (entered or {}).items():
        for each in (sides_of(name, asked) if name not in asked else ()) or (name,):
            spread[each] = given
    checked = complete(method.name, method.asks, spread)
    known = dict(seen)
    for name in spread:
        if checked[name].provenance is not Provenance.UNKNOWN:
            known[name] = known_of(asked[name], checked[name])
    return known


def _even_where(yes: Chances, seen: Numbers) -> Chances:
    """Nothing known of the angle: yes and no are equally likely."""
    even = np.where(seen.unknown[:, None] & yes.reach.all(axis=1, keepdims=True), 0.5, yes.chance)
    return Chances(yes.reach, even)


def _forgiven(numbers: np.ndarray, tolerance: float) -> np.ndarray:
    return np.where((numbers < 0) & (numbers >= -tolerance), 0.0, numbers)
