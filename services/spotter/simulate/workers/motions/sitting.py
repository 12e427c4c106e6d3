"""Sitting down on a seat that stands behind, and standing up from it."""

from __future__ import annotations

from spotter.simulate.workers.channels import both, hands
from spotter.simulate.workers.timeline import Timeline

SEAT = 0.45
"""Usual height of a seat, m (EN 1335-1 has 0.40 to 0.51)."""

_HIPS_OVER_SEAT = 0.09
"""Height of the hip joints over what is sat on, m [D]."""

_BACK = 0.235
"""How far behind the feet the hips sit, statures: nearly the length of a thigh."""


def sit_down(t: Timeline, seat: float = SEAT) -> None:
    """From standing onto a seat, m high; the hands come to lie on the thighs."""
    t.need_hands()
    begin = t.clock
    pace = t.chance.uniform(0.9, 1.3)
    seated = begin + 1.7 * pace
    x, y = t.ahead(-_BACK * t.body.stature)
    take_over(t, begin)
    t.move(begin, seated, {"x": x, "y": y, "height": seat + _HIPS_OVER_SEAT})
    t.along([(begin, {}), (begin + 0.55 * (seated - begin), {"flexion": 42.0}), (seated + 0.5, {"flexion": 4.0})])
    on_thighs = hands("hold", 0.19 * t.body.stature, seat + 0.20, 0.24)
    t.preset(begin, {**on_thighs, **both(near=1.0)})
    t.move(begin + 0.4, seated + 0.4, both(reach=1.0))
    t.event("seated", seated)
    t.unsettled.append((begin, seated + 0.5))
    t.clock = seated + 0.5


def stand_up(t: Timeline) -> None:
    """From the seat onto the feet, which have stayed where they were."""
    begin = t.clock
    up = begin + t.chance.uniform(1.5, 2.0)
    x, y = t.ahead(_BACK * t.body.stature)
    t.along([(begin, {}), (begin + 0.45 * (up - begin), {"flexion": 44.0}), (up, {"flexion": 0.0})])
    t.along([
        (begin, {}), (begin + 0.35 * (up - begin), {"height": t.now("height")}),
        (up, {"height": standing(t)}),
    ])  # fmt: skip
    t.move(begin, up, {"x": x, "y": y})
    t.move(begin + 0.2, up, both(reach=0.0))
    t.preset(up, both(near=0.0))
    t.event("stood_up", up)
    give_back(t, begin, up)


def standing(t: Timeline) -> float:
    """Height of the pelvis of whoever stands, m."""
    return 0.995 * t.body.hip_height


def take_over(t: Timeline, begin: float, seconds: float = 0.3) -> None:
    """From now on the pelvis is where the script has it, not where balance and legs put it."""
    t.preset(begin, {"height": standing(t)})
    t.move(begin, begin + seconds, {"hung": 1.0, "carried": 1.0})


def give_back(t: Timeline, begin: float, at: float, seconds: float = 0.4) -> None:
    """The worker stands on both feet again, by their own balance; unsettled since `begin`."""
    t.move(at, at + seconds, {"hung": 0.0, "carried": 0.0})
    t.unsettled.append((begin, at + seconds))
    t.regain_balance(at + seconds)
    t.clock = at + seconds
