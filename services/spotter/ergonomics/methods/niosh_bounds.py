"""The lowest and highest recommended weight limit that intervals of the inputs allow, exactly. Pure.

The limit never rises with H, A, F, the duration or a worse coupling, so those go to one end each. The heights are
coupled through D = |V destination - V origin| and need more: for one of them fixed, the limit in the other is monotone
between its ends, the steps of FM and CM (75 cm) and of H from the container (25 cm), the places where D leaves its flat
part (25 cm away) or crosses 0, one stationary point of VM DM where they pull in opposite directions, and the places
where origin and destination are equally bad. There VM DM is convex in D, so that point is a least; for the greatest of
the worse of both ends, the height farther from 75 cm is best at its own near end, which leaves one free height. All
combinations of these points are tried.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from spotter.ergonomics.methods.niosh import (
    METRIC,
    Multipliers,
    System,
    asymmetry_multiplier,
    coupling_multiplier,
    hand_distance,
    horizontal_multiplier,
    multipliers,
    vertical_multiplier,
)

Array = npt.NDArray[np.float64]
Interval = tuple[float, float]


@dataclass(frozen=True, slots=True)
class Lift:
    """What is known of a lift: (low, high) of every input, in the units of a `System`.

    Attributes:
        h_origin, h_destination: None where H is taken from the container `width`.
        d: vertical travel; None where it follows from both heights.
        duration, coupling: indices into `DURATIONS` and `COUPLINGS`, best to worst.
        control: the object must be controlled at the destination: (0, 0) no, (1, 1) yes, (0, 1) perhaps.
        constant: LC or a reference mass, times any further factors.
    """

    v_origin: Interval
    h_origin: Interval | None = None
    h_destination: Interval | None = None
    width: Interval = (0.0, 0.0)
    a_origin: Interval = (0.0, 0.0)
    a_destination: Interval = (0.0, 0.0)
    v_destination: Interval = (75.0, 75.0)
    d: Interval | None = None
    f: Interval = (0.2, 0.2)
    duration: Interval = (0, 0)
    coupling: Interval = (0, 0)
    control: Interval = (0, 0)
    constant: Interval = (23.0, 23.0)
    system: System = METRIC


@dataclass(frozen=True, slots=True, eq=False)
class Judged:
    """Factors at both ends and the limit that counts: the lower of both under control, else that of the origin."""

    origin: Multipliers
    destination: Multipliers
    rwl_origin: Array
    rwl_destination: Array
    rwl: Array


def judge(values: Mapping[str, npt.ArrayLike], system: System = METRIC) -> Judged:
    """Exact limit of one or many lifts, by the names of `Lift`, arrays that broadcast.

    `h_origin` and `h_destination` may be missing where `width` is there, and `d` where it follows from the heights.
    """
    v_origin, v_destination = (
        np.asarray(values["v_origin"], np.float64),
        np.asarray(values["v_destination"], np.float64),
    )
    travel = values.get("d", np.abs(v_destination - v_origin))
    duration, coupling = np.asarray(values["duration"], np.int64), np.asarray(values["coupling"], np.int64)

    def end(name: str, v: Array) -> Multipliers:
        return multipliers(
            h=values[f"h_{name}"] if f"h_{name}" in values else hand_distance(values["width"], v, system),
            v=v,
            d=travel,
            a=values[f"a_{name}"],
            f=values["f"],
            duration=duration,
            coupling=coupling,
            v_origin=v_origin,
            system=system,
            load_constant=1.0,
        )

    origin, destination = end("origin", v_origin), end("destination", v_destination)
    constant = np.asarray(values["constant"], np.float64)
    rwl_origin, rwl_destination = constant * origin.rwl, constant * destination.rwl
    controlled = np.asarray(values["control"]) > 0
    rwl: Array = np.where(controlled, np.minimum(rwl_origin, rwl_destination), rwl_origin)
    return Judged(origin, destination, rwl_origin, rwl_destination, rwl)


def worst_and_best(lift: Lift) -> tuple[Judged, Judged]:
    """All candidates for the lowest and for the highest limit: take the least of the first, the greatest of the second.

    The same holds for each end's own limit, for each factor, and for products of factors.
    """
    return _candidates(lift, 1), _candidates(lift, 0)


def rwl_bounds(lift: Lift) -> Interval:
    """(lowest, highest) recommended weight limit."""
    worst, best = worst_and_best(lift)
    return float(worst.rwl.min()), float(best.rwl.max())


def _candidates(lift: Lift, end: int) -> Judged:
    """Every input but the heights at its worst (`end` 1) or best (0) end, the heights at all points that may count."""
    chosen: dict[str, npt.ArrayLike] = {
        name: getattr(lift, name)[end] for name in ("a_origin", "a_destination", "f", "duration", "coupling", "control")
    }
    chosen |= {"width": lift.width[end], "constant": lift.constant[1 - end]}
    if lift.h_origin is not None:
        chosen["h_origin"] = lift.h_origin[end]
    if lift.h_destination is not None:
        chosen["h_destination"] = lift.h_destination[end]
    if lift.d is not None:
        chosen["d"] = lift.d[end]
    system = lift.system
    origin, destination = _own_points(lift.v_origin, system), _own_points(lift.v_destination, system)
    pairs = [_grid(origin, destination)]
    if lift.d is None:
        pairs.append(_grid(origin, _points_against(origin, lift.v_destination, chosen, system, "destination")))
        against = _points_against(destination, lift.v_origin, chosen, system, "origin")
        pairs.append(_grid(against, destination))
    heights = np.concatenate(pairs, axis=1)
    return judge({**chosen, "v_origin": heights[0], "v_destination": heights[1]}, system)


def _own_points(interval: Interval, system: System) -> Array:
    """Ends, and both sides of the steps within."""
    if interval[0] == interval[1]:
        return np.array(interval[:1])
    steps = [
        point
        for step in (system.v_low, system.v_neutral, np.nextafter(system.v_most, np.inf))
        for point in (np.nextafter(step, -np.inf), step)
    ]
    return np.unique(np.clip([*interval, *steps], *interval))


def _points_against(
    fixed: Array, interval: Interval, chosen: Mapping[str, npt.ArrayLike], system: System, moving: str
) -> Array:
    """Points of the moving height that depend on the other one: see the module's text."""
    if interval[0] == interval[1]:
        return np.array(interval[:1])
    # With x = other +- D: d/dD of (vm + slope D)(0.82 + gain / D) is 0 at D^2 = gain vm / (0.82 slope).
    vm = np.maximum(1.0 - system.v_slope * np.abs(fixed - system.v_neutral), 0.0)
    stationary = np.sqrt(system.d_gain * vm / (0.82 * system.v_slope))
    points = [fixed]
    for away in (np.full(len(fixed), system.d_least), stationary, np.full(len(fixed), system.d_most)):
        for sign in (-1.0, 1.0):
            at = fixed + sign * away
            points += [at, np.nextafter(at, -np.inf), np.nextafter(at, np.inf)]
    if not chosen["control"]:
        return np.unique(np.clip(np.concatenate(points), *interval))
    # Where the two ends are equally bad: VM of the moving one is the other's limit over the rest of its own.
    other = "origin" if moving == "destination" else "destination"
    steps = (system.v_low, system.v_neutral)
    sides = np.array([np.nextafter(step, 0.0) for step in steps] + list(steps))
    wanted = _without_travel(fixed, chosen, system, other)
    rest = _without_travel(sides, chosen, system, moving) / (1.0 - system.v_slope * np.abs(sides - system.v_neutral))
    for each in np.unique(rest[rest > 0]):
        below = (1.0 - wanted / each) / system.v_slope
        points += [system.v_neutral - below, system.v_neutral + below]
    return np.unique(np.clip(np.concatenate(points), *interval))


def _without_travel(v: Array, chosen: Mapping[str, npt.ArrayLike], system: System, end: str) -> Array:
    """The limit of one end without what both ends share: DM and FM."""
    h = chosen[f"h_{end}"] if f"h_{end}" in chosen else hand_distance(chosen["width"], v, system)
    grip = coupling_multiplier(np.asarray(chosen["coupling"], np.int64), v, system)
    turn = asymmetry_multiplier(chosen[f"a_{end}"])
    limit: Array = horizontal_multiplier(h, system) * vertical_multiplier(v, system) * turn * grip
    return limit


def _grid(first: Array, second: Array) -> Array:
    """(2, N) every pair."""
    return np.stack([axis.ravel() for axis in np.meshgrid(first, second, indexing="ij")])
