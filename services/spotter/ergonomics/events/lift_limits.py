"""What the revised lifting equation says of one lift that a camera saw: factors and limits as intervals. Pure.

A camera sees heights, ways and rates, never the weight or the grip: without a load there is a limit and no index
(METHODS 7.4). `methods.niosh_bounds` does the arithmetic; lifts out of the equation's scope get none.
"""

from __future__ import annotations

from dataclasses import replace

from spotter.core.contracts import Measure, Status
from spotter.ergonomics.events.lift_values import Lift
from spotter.ergonomics.methods.niosh import COUPLINGS, DURATIONS, frequency_multiplier, multipliers
from spotter.ergonomics.methods.niosh_bounds import Lift as Known
from spotter.ergonomics.methods.niosh_bounds import rwl_bounds as bounds_of
from spotter.ergonomics.methods.niosh_bounds import worst_and_best

_SHOWN_MOST = 99.0
"""An index whose limit may be 0 has no upper end; a measure needs one."""


def geometry_factor(lift: Lift, frequency: Measure | None = None, duration: str | None = None) -> Measure:
    """HM VM DM AM FM at the origin: what posture, place and rate leave of the load constant, 0 to 1.

    Args:
        frequency: lifts per minute; None or not observable: FM is unknown, from 0 to 1.
        duration: of `niosh.DURATIONS`; None: any.
    """
    if lift.out_of_scope:
        return Measure(None, 0.0, 1.0, "", Status.OUT_OF_SCOPE, _why_not(lift))
    worst, best = worst_and_best(_known(lift, frequency, duration))
    low, high = float(worst.origin.geometry_factor.min()), float(best.origin.geometry_factor.max())
    return _interval(_best(lift, frequency, duration), low, high, "", lift, frequency, duration)


def rwl_bounds(
    lift: Lift, frequency: Measure | None = None, duration: str | None = None, coupling: str | None = None
) -> Measure:
    """Recommended weight limit, kg, for every grip that is possible (or the one that was entered).

    Whether the load must be controlled at the destination is not seen, so the lower end takes the worse of both ends.
    """
    if lift.out_of_scope:
        return Measure(None, 0.0, 23.0, "kg", Status.OUT_OF_SCOPE, _why_not(lift))
    grip = (0, len(COUPLINGS) - 1) if coupling is None else (COUPLINGS.index(coupling),) * 2
    known = replace(_known(lift, frequency, duration), coupling=(grip[0], grip[1]), control=(0, 1))
    low, high = bounds_of(known)
    best = _best(lift, frequency, duration)
    return _interval(None if best is None else 23.0 * best, low, high, "kg", lift, frequency, duration)


def lifting_index(load_kg: tuple[float, float] | None, limit: Measure) -> Measure | None:
    """Load over limit; None without a load, because then there is none.

    Args:
        load_kg: least and greatest, as somebody entered it.
        limit: from `rwl_bounds`.
    """
    if load_kg is None:
        return None
    low = load_kg[0] / limit.high if limit.high > 0 else _SHOWN_MOST
    if limit.status is Status.OUT_OF_SCOPE:
        return Measure(None, 0.0, _SHOWN_MOST, "", Status.OUT_OF_SCOPE, limit.reason)
    if limit.low <= 0:
        return Measure(
            None, round(low, 3), max(_SHOWN_MOST, low), "", Status.BOUNDED, "the limit may be 0: no upper end"
        )
    return Measure(None, round(low, 3), round(load_kg[1] / limit.low, 3), "", Status.BOUNDED, limit.reason)


def _known(lift: Lift, frequency: Measure | None, duration: str | None) -> Known:
    """The intervals as the equation takes them."""
    index = (0, len(DURATIONS) - 1) if duration is None else (DURATIONS.index(duration),) * 2
    rate = (0.0, 60.0) if frequency is None else (frequency.low, frequency.high)
    return Known(
        v_origin=_ends(lift.vertical_origin),
        v_destination=_ends(lift.vertical_destination),
        h_origin=_ends(lift.horizontal_origin),
        h_destination=_ends(lift.horizontal_destination),
        a_origin=_ends(lift.asymmetry),
        a_destination=(0.0, 135.0),
        d=_ends(lift.travel),
        f=rate,
        duration=(index[0], index[1]),
    )


def _best(lift: Lift, frequency: Measure | None, duration: str | None) -> float | None:
    """From the best single figures, where there are such."""
    h, v, d, a = (one.value for one in (lift.horizontal_origin, lift.vertical_origin, lift.travel, lift.asymmetry))
    if h is None or v is None or d is None or a is None or duration is None:
        return None
    if frequency is None or frequency.value is None:
        return None
    factors = multipliers(h=h, v=v, d=d, a=a)
    rate = frequency_multiplier(frequency.value, duration, v)
    return float(factors.hm * factors.vm * factors.dm * factors.am * rate)


def _interval(
    value: float | None, low: float, high: float, unit: str, lift: Lift, frequency: Measure | None, duration: str | None
) -> Measure:
    reasons = [
        f"{name} {one.reason or 'is an interval'}"
        for name, one in (
            ("reach:", lift.horizontal_origin), ("asymmetry:", lift.asymmetry), ("height:", lift.vertical_origin),
        )
        if one.status is not Status.OK
    ]  # fmt: skip
    if frequency is None or frequency.status is Status.NOT_OBSERVABLE:
        reasons.append("frequency unknown")
    if duration is None:
        reasons.append("duration unknown")
    best = None if value is None else min(max(value, low), high)
    digits = 3 if not unit else 2
    ends = round(low, digits), round(high, digits)
    return Measure(
        None if best is None else round(best, digits), *ends, unit, Status.BOUNDED if reasons else Status.OK,
        "; ".join(reasons),
    )  # fmt: skip


def _ends(measure: Measure) -> tuple[float, float]:
    return measure.low, measure.high


def _why_not(lift: Lift) -> str:
    return "out of the lifting equation's scope: " + ", ".join(flag.value for flag in lift.out_of_scope)
