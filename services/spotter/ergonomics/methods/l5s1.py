"""Compression and shear at L5/S1 from a static sagittal lever model. Pure.

`M = W_ub x_ub + W_load x_load`, `F_muscle = M / E`, `F_comp = F_muscle + (W_ub + W_load) cos a`,
`F_shear = (W_ub + W_load) sin a` (METHODS 5.4; the textbook model of Chaffin and Andersson, recalled, with its example
reproduced). It holds for slow, symmetric work in the sagittal plane with the load in the hands and no support. What
muscles do against each other, acceleration and abdominal pressure are left out: expect errors of tens of percent.
Without load and body mass there is no newton in the result.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt

from spotter.core.contracts import Status
from spotter.core.errors import MethodError
from spotter.ergonomics.methods.api import Asked, Given, Kind, Provenance, Result
from spotter.ergonomics.methods.inputs import complete
from spotter.ergonomics.methods.lifting_scope import SCOPE, scope
from spotter.ergonomics.methods.numbers import draws, shares, widening

Array = npt.NDArray[np.float64]

STANDARD_GRAVITY = 9.80665

DESIGN_LIMIT_N = 3400.0
"""NIOSH 1981 and 1991; that one limit fits everybody is disputed (Arjmand 2015, Int J Ind Erg 47:1-8)."""

UPPER_LIMIT_N = 6400.0
"""Maximum permissible limit of NIOSH 1981; recalled."""

HAND_LIMIT_LB = 770.0
LEVELS = ("<= 3400 N", "3400 to 6400 N", "> 6400 N")


@dataclass(frozen=True, slots=True, eq=False)
class Loads:
    """What the model gives, arrays of one shape: moment in N m, forces in N."""

    moment: Array
    muscle: Array
    compression: Array
    shear: Array


def static_loads(
    *,
    load_n: npt.ArrayLike,
    load_lever_m: npt.ArrayLike,
    upper_body_n: npt.ArrayLike,
    upper_body_lever_m: npt.ArrayLike,
    muscle_lever_m: npt.ArrayLike,
    sacral_angle_deg: npt.ArrayLike,
) -> Loads:
    """The model itself.

    Args:
        load_n, upper_body_n: weights of the load and of the body above L5/S1, N.
        load_lever_m, upper_body_lever_m: horizontal distances of their centres from L5/S1, m.
        muscle_lever_m: lever E of the back muscles, 0.05 to 0.06 m.
        sacral_angle_deg: of the sacrum to the horizontal: about 40 standing upright, more with pelvic tilt.

    Raises:
        MethodError: a value is not a number, negative where that cannot be, or the lever of the muscles is 0.
    """
    load, reach, body, lean, lever, angle = (
        np.asarray(value, np.float64)
        for value in (load_n, load_lever_m, upper_body_n, upper_body_lever_m, muscle_lever_m, sacral_angle_deg)
    )
    for name, value in (("load", load), ("upper body weight", body), ("sacral angle", angle)):
        if not np.all(value >= 0):
            raise MethodError(f"the {name} is {np.min(value):g}", mend="It is a number of 0 or more.")
    if not np.all(lever > 0):
        raise MethodError(f"the muscle lever is {np.min(lever):g} m", mend="It is about 0.05 to 0.06 m.")
    turn = body * lean + load * reach
    muscle = turn / lever
    weight, tilt = body + load, np.radians(angle)
    return Loads(turn, muscle, muscle + weight * np.cos(tilt), weight * np.sin(tilt))


def hand_check_lb(
    body_lb: npt.ArrayLike, load_lb: npt.ArrayLike, hand_to_back_in: npt.ArrayLike, torso_deg: npt.ArrayLike
) -> Array:
    """Compression in lb by a hand formula, to check against: 3 BW cos t + 0.5 L HB + 0.8 (BW / 2 + L). Recalled.

    Args:
        hand_to_back_in: HB, horizontal distance from the lower back to the load, inches.
        torso_deg: t, angle of the torso to the horizontal; 90 is upright. Compare with `HAND_LIMIT_LB`.
    """
    body, load = np.asarray(body_lb, np.float64), np.asarray(load_lb, np.float64)
    bent = 3.0 * body * np.cos(np.radians(np.asarray(torso_deg, np.float64)))
    force: Array = bent + 0.5 * load * np.asarray(hand_to_back_in, np.float64) + 0.8 * (body / 2.0 + load)
    return force


_FLAGS: tuple[Asked, ...] = (
    *(flag for flag in SCOPE if flag.name in ("one_handed", "fast")),
    Asked("asymmetric", Kind.FLAG, "The trunk is twisted or bent to the side.", observable=True, default="no"),
    Asked("supported", Kind.FLAG, "Trunk or arms lean on something.", default="no"),
)


class L5S1:
    """Compression at L5/S1 in one posture."""

    name = "l5s1"
    title = "Compression at L5/S1, static and sagittal"
    version = "static 2D, 1"
    source = "Chaffin and Andersson's textbook model; limits of NIOSH 1981 and 1991"
    asks: tuple[Asked, ...] = (
        Asked("load_kg", Kind.NUMBER, "Weight of the object.", unit="kg", high=200.0),
        Asked(
            "body_mass_kg", Kind.NUMBER, "Mass of the person that the job is designed for.", unit="kg", low=30, high=200
        ),
        Asked(
            "lever_cm",
            Kind.NUMBER,
            "Horizontal distance from L5/S1 to the load.",
            unit="cm",
            high=150.0,
            observable=True,
        ),
        Asked(
            "upper_body_lever_cm",
            Kind.NUMBER,
            "Horizontal distance from L5/S1 to the centre of mass of trunk, head and arms.",
            unit="cm",
            high=60.0,
            observable=True,
        ),
        Asked(
            "sacral_angle_deg",
            Kind.NUMBER,
            "Sacrum to the horizontal: about 40 upright, more with pelvic tilt.",
            unit="degrees",
            low=30.0,
            high=80.0,
        ),
        Asked("muscle_lever_cm", Kind.NUMBER, "Lever of the back muscles.", unit="cm", low=5.0, high=6.0),
        Asked("upper_body_share", Kind.NUMBER, "Weight above L5/S1 as a share of the body's.", low=0.6, high=0.65),
        *_FLAGS,
    )

    def assess(self, given: Mapping[str, Given], **options: Any) -> Result:
        """Compression in N. See `Method.assess`."""
        inputs = complete(self.name, self.asks, given)
        surely, possibly = scope(inputs, _FLAGS)
        nothing = Result(
            self.name, self.version, "compression", Status.OUT_OF_SCOPE, None, math.nan, math.nan,
            table_version="static and sagittal: expect errors of tens of percent", inputs=inputs, reasons=surely,
        )  # fmt: skip
        if surely:
            return nothing
        missing = [name for name in ("load_kg", "body_mass_kg") if inputs[name].provenance is Provenance.UNKNOWN]
        if missing:
            why = f"{' and '.join(missing)} not known: no force without load and body mass"
            return replace(nothing, status=Status.NOT_OBSERVABLE, reasons=(why,))
        corners = _corners(inputs)
        figures = _loads(draws(self.asks, inputs)).compression
        unknown = [
            f"{ask.name} is not known: {inputs[ask.name].reason}"
            for ask in self.asks
            if inputs[ask.name].provenance is Provenance.UNKNOWN
        ]
        least, most = float(corners.compression.min()), float(corners.compression.max())
        return replace(
            nothing,
            status=Status.BOUNDED if most > least or possibly else Status.OK,
            value=least if least == most else float(np.clip(np.median(figures), least, most)),
            low=least,
            high=most,
            unit="N",
            levels=shares(
                {
                    LEVELS[0]: figures <= DESIGN_LIMIT_N,
                    LEVELS[1]: (figures > DESIGN_LIMIT_N) & (figures <= UPPER_LIMIT_N),
                    LEVELS[2]: figures > UPPER_LIMIT_N,
                }
            ),
            widening=widening(self.asks, inputs, _width),
            details={
                name: (float(getattr(corners, name).min()), float(getattr(corners, name).max()))
                for name in ("moment", "muscle", "shear")
            },
            reasons=(*possibly, *unknown),
        )


_NUMBERS = tuple(ask.name for ask in L5S1.asks if ask.kind is Kind.NUMBER)


def _loads(values: Mapping[str, Array]) -> Loads:
    return static_loads(
        load_n=values["load_kg"] * STANDARD_GRAVITY,
        load_lever_m=values["lever_cm"] / 100.0,
        upper_body_n=values["body_mass_kg"] * values["upper_body_share"] * STANDARD_GRAVITY,
        upper_body_lever_m=values["upper_body_lever_cm"] / 100.0,
        muscle_lever_m=values["muscle_lever_cm"] / 100.0,
        sacral_angle_deg=values["sacral_angle_deg"],
    )


def _corners(inputs: Mapping[str, Given]) -> Loads:
    """Every corner of the intervals: each force is monotone in each input, so its least and greatest are among them."""
    grid = np.meshgrid(*((inputs[name].low, inputs[name].high) for name in _NUMBERS))
    return _loads({name: axis.ravel() for name, axis in zip(_NUMBERS, grid, strict=True)})


def _width(inputs: Mapping[str, Given]) -> float:
    return float(np.ptp(_corners(inputs).compression))


L5S1_COMPRESSION = L5S1()
