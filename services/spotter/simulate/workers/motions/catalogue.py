"""Motions by name, each with variation of its own in speed, depth and reach by chance. Pure.

A motion begins and, where it does not end on the ground, ends standing; it goes from where the worker stands, so that
motions follow one another. To add one: a function here or beside, a line in `MOTIONS`, a row in docs/simulate.md.
"""

from __future__ import annotations

from collections.abc import Callable

from spotter.core.errors import ConfigError
from spotter.simulate.workers.motions import falls, floor, gait, lifting, sitting
from spotter.simulate.workers.motions.falls import Direction
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


def _push(t: Timeline) -> None:
    gait.stand(t, 0.4)
    gait.push(t, *t.ahead(t.chance.uniform(2.5, 4.0)), speed=t.chance.uniform(0.6, 0.9))
    gait.stand(t, 0.4)


def _sit(t: Timeline) -> None:
    gait.stand(t, 0.8)
    sitting.sit_down(t, t.chance.uniform(0.42, 0.48))
    gait.stand(t, t.chance.uniform(2.5, 4.0))
    sitting.stand_up(t)
    gait.stand(t, 0.5)


def _kneel(t: Timeline) -> None:
    gait.stand(t, 0.8)
    floor.kneel(t)
    floor.work_kneeling(t, t.chance.uniform(3.0, 5.0))
    floor.rise(t)
    gait.stand(t, 0.5)


def _tie_shoes(t: Timeline) -> None:
    gait.stand(t, 0.8)
    floor.tie_shoes(t)
    gait.stand(t, 0.5)


def _lie(t: Timeline) -> None:
    if t.standing:
        gait.stand(t, 0.8)
        floor.lie_down(t)
    gait.stand(t, t.chance.uniform(3.0, 5.0))


def _get_up(t: Timeline) -> None:
    if t.standing:
        _lie(t)
    floor.get_up(t)
    gait.stand(t, 1.0)


def _fall(direction: Direction) -> Motion:
    def motion(t: Timeline) -> None:
        gait.stand(t, t.chance.uniform(1.2, 1.8))
        falls.fall(t, direction)
        gait.stand(t, _ON_THE_GROUND)

    return motion


def _fall_from_seat(t: Timeline) -> None:
    gait.stand(t, 1.0)
    sitting.sit_down(t)
    gait.stand(t, 1.0)
    falls.fall_from_seat(t, t.chance.pick((Direction.FORWARD, Direction.LEFT, Direction.RIGHT)))
    gait.stand(t, _ON_THE_GROUND)


def _fall_from_ladder(t: Timeline) -> None:
    gait.stand(t, 1.0)
    falls.climb(t, 4)
    gait.stand(t, 0.8)
    falls.fall_from_ladder(t)
    gait.stand(t, _ON_THE_GROUND)


def _collapse(t: Timeline) -> None:
    gait.stand(t, 1.5)
    falls.collapse(t)
    gait.stand(t, _AFTER_A_COLLAPSE)


_ON_THE_GROUND = 5.0
"""Seconds that a fall's take goes on after it: longer than the fall rule waits."""

_AFTER_A_COLLAPSE = 11.0
"""The same after a slow descent, where the rule waits for 8 s."""

_FROM_STANDING: dict[str, Motion] = {
    "stand": _stand,
    "walk": _walk,
    "stoop_lift": _stoop_lift,
    "semi_squat_lift": _semi_squat_lift,
    "squat_lift": _squat_lift,
    "twisted_lift": _twisted_lift,
    "lift_and_place": _lift_and_place,
    "overhead_place": _overhead_place,
    "carry": _carry,
    "push": _push,
    "sit": _sit,
    "kneel": _kneel,
    "tie_shoes": _tie_shoes,
    "fall_forward": _fall(Direction.FORWARD),
    "fall_backward": _fall(Direction.BACKWARD),
    "fall_left": _fall(Direction.LEFT),
    "fall_right": _fall(Direction.RIGHT),
    "fall_from_seat": _fall_from_seat,
    "fall_from_ladder": _fall_from_ladder,
    "collapse": _collapse,
}


def _standing(name: str, motion: Motion) -> Motion:
    def checked(t: Timeline) -> None:
        if not t.standing:
            raise ConfigError(f"motion '{name}' begins standing, and the worker lies", mend="Put get_up before it")
        motion(t)

    return checked


MOTIONS: dict[str, Motion] = {
    **{name: _standing(name, motion) for name, motion in _FROM_STANDING.items()},
    "lie": _lie,
    "get_up": _get_up,
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
