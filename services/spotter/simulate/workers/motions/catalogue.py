"""Motions by name, each with variation of its own in speed, depth and reach by chance. Pure.

A motion begins and, where it does not end on the ground, ends standing; it goes from where the worker stands, so that
motions follow one another. To add one: a function here or beside, a line in `MOTIONS`, a row in docs/simulate.md.
"""

from __future__ import annotations

from collections.abc import Callable

from spotter.core.errors import ConfigError
from spotter.simulate.workers.motions import gait, lifting
from spotter.simulate.workers.motions.lifting import Style
from spotter.simulate.workers.timeline import Box, Timeline

Motion = Callable[[Timeline], None]


def _stand(t: Timeline) -> None:
    gait.stand(t, 0.5)
    t.move(t.clock, t.clock + 1.2, {"turn": t.chance.uniform(-25, 25), "nod": t.chance.uniform(-5, 12)})
    t.clock += 1.5
    t.move(t.clock, t.clock + 1.0, {"turn": 0.0, "nod": 0.0})
    t.clock += 2.0


def _walk(t: Timeline) -> None:
    gait.stand(t, 0.3)
    gait.walk(t, *t.ahead(t.chance.uniform(3.0, 4.5)), speed=t.chance.uniform(1.0, 1.5))
    gait.stand(t, 0.4)


def _box(t: Timeline) -> Box:
    return Box(
        (t.chance.uniform(0.26, 0.34), t.chance.uniform(0.30, 0.44), t.chance.uniform(0.20, 0.34)),
        t.chance.uniform(3.0, 16.0),
    )  # fmt: skip


def _lift(t: Timeline, style: Style, base: float, *, twist: float = 0.0, aside: float = 0.0) -> None:
    gait.stand(t, t.chance.uniform(0.5, 0.9))
    lifting.pick_up(
        t, style, _box(t), ahead=t.chance.uniform(0.36, 0.44), base=base, aside=aside, twist=twist
    )  # fmt: skip
    gait.stand(t, t.chance.uniform(0.4, 0.8))


def _stoop_lift(t: Timeline) -> None:
    _lift(t, Style.STOOP, t.body.stature * t.chance.uniform(0.05, 0.18))


def _semi_squat_lift(t: Timeline) -> None:
    _lift(t, Style.SEMI_SQUAT, t.body.stature * t.chance.uniform(0.06, 0.2))


def _squat_lift(t: Timeline) -> None:
    _lift(t, Style.SQUAT, t.body.stature * t.chance.uniform(0.08, 0.15))


def _twisted_lift(t: Timeline) -> None:
    side = t.chance.pick((1.0, -1.0))
    _lift(t, Style.SEMI_SQUAT, t.chance.uniform(0.3, 0.5), twist=side * t.chance.uniform(30, 42), aside=side * 0.28)
    lifting.put_down(t, Style.SEMI_SQUAT, ahead=0.38, base=0.7, aside=-side * 0.2, twist=-side * 22)
    gait.stand(t, 0.5)


def _lift_and_place(t: Timeline) -> None:
    _lift(t, t.chance.pick(tuple(Style)), t.body.stature * t.chance.uniform(0.09, 0.16))
    lifting.put_down(t, Style.STOOP, ahead=0.42, base=t.chance.uniform(0.6, 0.8))
    gait.stand(t, 0.5)


def _overhead_place(t: Timeline) -> None:
    _lift(t, Style.STOOP, t.chance.uniform(0.6, 0.8))
    lifting.place_overhead(t, base=t.body.stature * t.chance.uniform(0.94, 1.02))
    gait.stand(t, 0.5)


def _carry(t: Timeline) -> None:
    _lift(t, Style.SEMI_SQUAT, t.chance.uniform(0.3, 0.5))
    gait.walk(t, *t.ahead(t.chance.uniform(2.0, 3.0)), speed=t.chance.uniform(0.9, 1.2), swing=0.0, lean=-2.0)
    lifting.put_down(t, Style.STOOP, ahead=0.42, base=t.chance.uniform(0.5, 0.8))
    gait.stand(t, 0.5)


MOTIONS: dict[str, Motion] = {
    "stand": _stand,
    "walk": _walk,
    "stoop_lift": _stoop_lift,
    "semi_squat_lift": _semi_squat_lift,
    "squat_lift": _squat_lift,
    "twisted_lift": _twisted_lift,
    "lift_and_place": _lift_and_place,
    "overhead_place": _overhead_place,
    "carry": _carry,
}


def motion_names() -> tuple[str, ...]:
    return tuple(MOTIONS)


def motion_of(name: str) -> Motion:
    """A motion by its name.

    Raises:
        ConfigError: there is none of that name.
    """
    if name not in MOTIONS:
        raise ConfigError(f"there is no motion '{name}'", mend=f"Choose from {', '.join(MOTIONS)}")
    return MOTIONS[name]
