"""What the lifting equation asks for, and how answers become its inputs. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import numpy as np
import numpy.typing as npt

from spotter.core.errors import MethodError
from spotter.ergonomics.methods.api import Asked, Given, Kind, Provenance
from spotter.ergonomics.methods.lifting_scope import SCOPE, scope
from spotter.ergonomics.methods.niosh import COUPLINGS, DURATIONS, MOST_MINUTES, RECOVERY_SHORT, System, duration_class
from spotter.ergonomics.methods.niosh_bounds import Interval, Lift

Array = npt.NDArray[np.float64]

COUPLING = Asked(
    "coupling",
    Kind.CHOICE,
    "Grip: good (handles, or fingers close around it), fair (fingers bent by 90 degrees under a firm box), poor "
    "(bulky, sagging, slippery, sharp, gloves). In doubt the worse.",
    choices=COUPLINGS,
)
DURATION = Asked(
    "duration",
    Kind.CHOICE,
    "Time of lifting: short (up to 1 h, then as long a rest), moderate (up to 2 h, then 0.3 times it), long (to 8 h).",
    choices=DURATIONS,
    observable=True,
)
SESSIONS = Asked(
    "sessions",
    Kind.TABLE,
    "Instead of duration: the lifting sessions of the shift in order; leave out the recovery after the last one.",
    columns=(
        Asked("work_min", Kind.NUMBER, "Minutes of lifting.", unit="min", low=0.1, high=480, observable=True),
        Asked("recovery_min", Kind.NUMBER, "Minutes of light work or rest after it.", unit="min", high=1440),
    ),
    observable=True,
)
EDITION = Asked(
    "edition",
    Kind.CHOICE,
    "Edition of the manual: a short session needs a rest of 1.2 (1994) or 1.0 (2021) times its length.",
    choices=tuple(RECOVERY_SHORT),
    default="2021",
)
FREQUENCY = Asked(
    "f_per_min",
    Kind.NUMBER,
    "Lifts per minute, the mean of 15 minutes.",
    unit="/min",
    high=60.0,
    observable=True,
)

SHIFT_FACTORS = {"8_h": 1.0, "9_h": 0.97, "10_h": 0.93, "11_h": 0.89, "12_h": 0.85}
ONE_HAND, TWO_PERSONS = 0.6, 0.85
"""Factors of ISO 11228-1 as the open program ErgoCalculator has them (METHODS 1.6); the standard was not at hand."""

REFERENCE: tuple[Asked, ...] = (
    Asked(
        "reference_mass_kg",
        Kind.NUMBER,
        "Reference mass of the people who do the job: 25 (men of 20 to 45), 20 (women of 20 to 45, other men), 15.",
        unit="kg",
        low=15.0,
        high=25.0,
    ),
    Asked("one_handed", Kind.FLAG, "One hand lifts (factor 0.6).", observable=True, default="no"),
    Asked("two_persons", Kind.FLAG, "Two lift together (factor 0.85); the load is one's share.", default="no"),
    Asked("shift", Kind.CHOICE, "Hours of lifting work a day.", choices=tuple(SHIFT_FACTORS), default="8_h"),
)


def asks(system: System, *, reference_mass: bool = False) -> tuple[Asked, ...]:
    """Inputs in the units of `system`, with a reference mass instead of the load constant where wanted."""
    unit, far = system.length, 250.0 if system.name == "metric" else 100.0

    def length(name: str, text: str, *, observable: bool = True) -> Asked:
        return Asked(f"{name}_{unit}", Kind.NUMBER, text, unit=unit, high=far, observable=observable)

    def angle(name: str, text: str) -> Asked:
        return Asked(name, Kind.NUMBER, text, unit="degrees", high=180.0, observable=True)

    flags = tuple(f for f in SCOPE if not (reference_mass and f.name in ("one_handed", "over_eight_hours")))
    return (
        Asked(f"load_{system.mass}", Kind.NUMBER, "Weight of the object.", unit=system.mass, high=500.0),
        length(
            "h", "From the middle between the ankles to below the middle of the hands, along the floor, at the start."
        ),
        length(
            "width", "Width of the container away from the body, to estimate h where it is left out.", observable=False
        ),
        length("v", "Height of the hands above the floor at the start."),
        length("d", "Vertical travel; left out it follows from both heights."),
        angle("a_deg", "Turn of the hands out of the mid-sagittal plane of the neutral body at the start; 0 is ahead."),
        length("destination_h", "As h, where the object is put down."),
        length("destination_v", "As v, where the object is put down."),
        angle("destination_a_deg", "As a_deg, where the object is put down."),
        Asked(
            "significant_control",
            Kind.FLAG,
            "The object must be placed with care, regripped or held at the end: then both ends count.",
            default="no",
        ),
        FREQUENCY,
        Asked("work_min_of_15", Kind.NUMBER, "Minutes with lifting among the 15.", unit="min", high=15.0, default=15.0),
        DURATION,
        SESSIONS,
        EDITION,
        COUPLING,
        *(REFERENCE if reference_mass else ()),
        *flags,
    )


def outside(inputs: Mapping[str, Given], flags: Iterable[Asked] = SCOPE) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Reasons why the equation does not apply: (surely, possibly); see `lifting_scope.scope`, and sessions over 8 h."""
    surely, possibly = scope(inputs, flags)
    least, most = (sum(getattr(row["work_min"], end) for row in inputs["sessions"].rows) for end in ("low", "high"))
    if least > MOST_MINUTES:
        return (*surely, f"out of scope: the sessions add up to {least:g} min, more than 8 hours"), possibly
    if most > MOST_MINUTES:
        return surely, (
            *possibly,
            f"out of scope if it applies: the sessions add up to {most:g} min, more than 8 hours",
        )
    return surely, possibly


def durations(inputs: Mapping[str, Given]) -> tuple[str, ...]:
    """The duration classes that may apply, from the class or the sessions that were entered.

    Raises:
        MethodError: both were entered.
    """
    rows = inputs["sessions"].rows
    if not rows:
        return inputs["duration"].choices
    if inputs["duration"].provenance is not Provenance.UNKNOWN:
        raise MethodError("duration and sessions are both given", mend="Give one of them.")
    classes = []
    for edition in inputs["edition"].choices:
        for most in (False, True):  # The class never improves with more work or less rest.
            sessions: list[tuple[float, float | None]] = []
            for number, row in enumerate(rows, 1):
                work, rest = row["work_min"], row["recovery_min"]
                last = number == len(rows) and rest.provenance is Provenance.UNKNOWN
                sessions.append((work.high if most else work.low, None if last else rest.low if most else rest.high))
            whole = sum(work for work, _ in sessions)
            classes.append(2 if whole > MOST_MINUTES else DURATIONS.index(duration_class(sessions, edition)))
    return DURATIONS[min(classes) : max(classes) + 1]


def lift_of(inputs: Mapping[str, Given], system: System, *, reference_mass: bool = False) -> Lift:
    """The intervals of completed inputs; `duration` already from `durations`.

    Raises:
        MethodError: the vertical travel contradicts the heights.
    """
    unit = system.length

    def interval(name: str) -> Interval:
        return inputs[name].low, inputs[name].high

    def known(name: str) -> bool:
        return inputs[name].provenance is not Provenance.UNKNOWN

    def places(name: str, of: tuple[str, ...]) -> Interval:
        found = [of.index(choice) for choice in inputs[name].choices]
        return min(found), max(found)

    v_origin, v_destination = interval(f"v_{unit}"), interval(f"destination_v_{unit}")
    travel = interval(f"d_{unit}") if known(f"d_{unit}") else None
    if travel and known(f"v_{unit}") and known(f"destination_v_{unit}"):
        _agree(v_origin, v_destination, travel, unit)
    by_width = known(f"width_{unit}")
    least, most = (
        frequency(inputs["f_per_min"].low, inputs["work_min_of_15"].low),
        frequency(inputs["f_per_min"].high, inputs["work_min_of_15"].high),
    )
    constants = [
        float(constant({name: np.array(value) for name, value in corner.items()}, system))
        for corner in (_reference_corners(inputs) if reference_mass else ({}, {}))
    ]
    return Lift(
        v_origin=v_origin,
        h_origin=None if by_width and not known(f"h_{unit}") else interval(f"h_{unit}"),
        h_destination=None if by_width and not known(f"destination_h_{unit}") else interval(f"destination_h_{unit}"),
        width=interval(f"width_{unit}"),
        a_origin=interval("a_deg"),
        a_destination=interval("destination_a_deg"),
        v_destination=v_destination,
        d=travel,
        f=(float(least), float(most)),
        duration=places("duration", DURATIONS),
        coupling=places("coupling", COUPLINGS),
        control=places("significant_control", ("no", "yes")),
        constant=(constants[0], constants[1]),
        system=system,
    )


def values_of(drawn: Mapping[str, Array], lift: Lift) -> dict[str, Array]:
    """Draws of the inputs by the names of `niosh_bounds.judge`, without what `lift` takes from other inputs."""
    unit = lift.system.length
    values = {
        "v_origin": drawn[f"v_{unit}"],
        "v_destination": drawn[f"destination_v_{unit}"],
        "width": drawn[f"width_{unit}"],
        "a_origin": drawn["a_deg"],
        "a_destination": drawn["destination_a_deg"],
        "f": frequency(drawn["f_per_min"], drawn["work_min_of_15"]),
        "duration": drawn["duration"],
        "coupling": drawn["coupling"],
        "control": 1.0 - drawn["significant_control"],  # The choices of a flag are yes, no.
        "constant": constant(drawn, lift.system),
    }
    if lift.h_origin is not None:
        values["h_origin"] = drawn[f"h_{unit}"]
    if lift.h_destination is not None:
        values["h_destination"] = drawn[f"destination_h_{unit}"]
    if lift.d is not None:
        values["d"] = drawn[f"d_{unit}"]
    return values


def frequency(rate: npt.ArrayLike, work_min: npt.ArrayLike) -> Array:
    """`niosh.special_frequency` of arrays in their range."""
    lifts, minutes = np.asarray(rate, np.float64), np.asarray(work_min, np.float64)
    return np.where(lifts <= 15.0, lifts * minutes / 15.0, lifts)


def constant(drawn: Mapping[str, Array], system: System) -> Array:
    """LC, or the reference mass times the further factors where it was asked for (flags: 0 is yes)."""
    if "reference_mass_kg" not in drawn:
        return np.array(system.load_constant)
    shift = np.array(list(SHIFT_FACTORS.values()))[np.asarray(drawn["shift"], np.int64)]
    hand = np.where(drawn["one_handed"] == 0, ONE_HAND, 1.0)
    persons = np.where(drawn["two_persons"] == 0, TWO_PERSONS, 1.0)
    limit: Array = drawn["reference_mass_kg"] * hand * persons * shift
    return limit


def _reference_corners(inputs: Mapping[str, Given]) -> tuple[dict[str, float], dict[str, float]]:
    """Inputs of the least and of the greatest constant."""
    shifts = [list(SHIFT_FACTORS).index(choice) for choice in inputs["shift"].choices]
    flags = {name: [float(c == "no") for c in inputs[name].choices] for name in ("one_handed", "two_persons")}
    mass = inputs["reference_mass_kg"]
    least = {"reference_mass_kg": mass.low, "shift": max(shifts)} | {name: min(found) for name, found in flags.items()}
    most = {"reference_mass_kg": mass.high, "shift": min(shifts)} | {name: max(found) for name, found in flags.items()}
    return least, most


def _agree(start: Interval, end: Interval, travel: Interval, unit: str) -> None:
    """Heights and travel that no lift can have together are a slip of whoever entered them."""
    least = max(start[0] - end[1], end[0] - start[1], 0.0)
    most = max(end[1] - start[0], start[1] - end[0])
    if travel[0] > most + 1.0 or travel[1] < least - 1.0:
        raise MethodError(
            f"d_{unit} is {travel[0]:g} although the heights are {least:g} to {most:g} {unit} apart",
            mend=f"Leave d_{unit} out: it follows from v_{unit} and destination_v_{unit}.",
        )
