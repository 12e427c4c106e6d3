"""The steps of a scene file: a motion by its name, or one move with its figures, such as `walk_to: [2, 1]`. Pure."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Annotated, Any

from pydantic import Field, TypeAdapter, ValidationError
from pydantic.dataclasses import dataclass

from spotter.core.errors import ConfigError
from spotter.simulate.workers.motions import falls, floor, gait, lifting, sitting
from spotter.simulate.workers.motions.catalogue import MOTIONS, Motion
from spotter.simulate.workers.motions.falls import Direction
from spotter.simulate.workers.motions.lifting import Style
from spotter.simulate.workers.timeline import Box, Timeline

_STRICT: Any = {"extra": "forbid"}

Metres = Annotated[float, Field(allow_inf_nan=False, ge=-1000, le=1000)]
Height = Annotated[float, Field(ge=0, le=3)]
Seconds = Annotated[float, Field(ge=0, le=3600)]
Degrees = Annotated[float, Field(ge=-360, le=360)]
Twist = Annotated[float, Field(ge=-60, le=60)]
Speed = Annotated[float, Field(ge=0.3, le=2.0)]
Size = Annotated[float, Field(gt=0.02, le=1.5)]
Place = tuple[Metres, Metres]


@dataclass(frozen=True, config=_STRICT)
class BoxPart:
    """A box: length, width, height (m), mass (kg)."""

    size: tuple[Size, Size, Size] = (0.40, 0.30, 0.25)
    mass_kg: Annotated[float, Field(ge=0, le=100)] = 10.0


@dataclass(frozen=True, config=_STRICT)
class PickUp:
    """As `lifting.pick_up`."""

    style: Style = Style.STOOP
    ahead: Metres = 0.40
    base: Height = 0.10
    aside: Metres = 0.0
    twist: Twist = 0.0
    box: BoxPart = BoxPart()


@dataclass(frozen=True, config=_STRICT)
class PutDown:
    """As `lifting.put_down`."""

    style: Style = Style.STOOP
    ahead: Metres = 0.42
    base: Height = 0.70
    aside: Metres = 0.0
    twist: Twist = 0.0


@dataclass(frozen=True, config=_STRICT)
class Overhead:
    """As `lifting.place_overhead`."""

    base: Height = 1.65
    ahead: Metres = 0.42


@dataclass(frozen=True, config=_STRICT)
class Going:
    """Where to, m, and how fast, m/s."""

    to: Place
    speed: Speed = 1.2


def _going(of: Any) -> Going:
    return of if isinstance(of, Going) else Going(to=of)


def _pick_up(t: Timeline, of: PickUp) -> None:
    box = Box(of.box.size, of.box.mass_kg)
    lifting.pick_up(t, of.style, box, ahead=of.ahead, base=of.base, aside=of.aside, twist=of.twist)


def _put_down(t: Timeline, of: PutDown) -> None:
    lifting.put_down(t, of.style, ahead=of.ahead, base=of.base, aside=of.aside, twist=of.twist)


def _walk(t: Timeline, of: Any) -> None:
    gait.walk(t, *_going(of).to, speed=_going(of).speed)


def _carry(t: Timeline, of: Any) -> None:
    gait.walk(t, *_going(of).to, speed=_going(of).speed, swing=0.0, lean=-2.0)


def _push(t: Timeline, of: Any) -> None:
    gait.push(t, *_going(of).to, speed=_going(of).speed)


def _sit(t: Timeline, seconds: float) -> None:
    sitting.sit_down(t)
    gait.stand(t, seconds)
    sitting.stand_up(t)


def _kneel(t: Timeline, seconds: float) -> None:
    floor.kneel(t)
    floor.work_kneeling(t, seconds)
    floor.rise(t)


def _fall(t: Timeline, direction: Direction) -> None:
    falls.fall(t, direction)


def _lie(t: Timeline, seconds: float) -> None:
    if t.standing:
        floor.lie_down(t)
    gait.stand(t, seconds)


VERBS: Mapping[str, tuple[Any, Callable[[Timeline, Any], None]]] = {
    "stand": (Seconds, gait.stand),
    "turn_to": (Degrees, gait.turn),
    "walk_to": (Going | Place, _walk),
    "carry_to": (Going | Place, _carry),
    "push_to": (Going | Place, _push),
    "pick_up": (PickUp, _pick_up),
    "put_down": (PutDown, _put_down),
    "place_overhead": (Overhead, lambda t, of: lifting.place_overhead(t, base=of.base, ahead=of.ahead)),
    "sit": (Seconds, _sit),
    "kneel": (Seconds, _kneel),
    "fall": (Direction, _fall),
    "lie": (Seconds, _lie),
}
"""Moves by name: what they take, and what they do."""

_ANYHOW = ("stand", "lie")
"""What can be done lying as well."""


def read_step(step: str | Mapping[str, Any]) -> Motion:
    """A step as a motion.

    Raises:
        ConfigError: there is no such motion or move, or its figures are not as they should be.
    """
    if isinstance(step, str):
        if step not in MOTIONS:
            raise ConfigError(f"there is no motion '{step}'", mend=f"Choose from {', '.join(MOTIONS)}")
        return MOTIONS[step]
    name = next(iter(step), "")
    if len(step) != 1 or name not in VERBS:
        raise ConfigError(f"there is no move '{name}'" if len(step) == 1 else "a step is one move",
                          mend=f"Choose from {', '.join(VERBS)}")  # fmt: skip
    form, move = VERBS[name]
    try:
        of = TypeAdapter(form).validate_python(step[name])
    except ValidationError as error:
        first = error.errors(include_url=False, include_context=False)[0]
        place = ".".join(str(part) for part in (name, *first["loc"]))
        raise ConfigError(f"{place}: {first['msg']}", mend="See docs/simulate.md for the form") from None

    def motion(t: Timeline) -> None:
        if not t.standing and name not in _ANYHOW:
            raise ConfigError(f"move '{name}' begins standing, and the worker lies", mend="Put get_up before it")
        move(t, of)

    return motion
