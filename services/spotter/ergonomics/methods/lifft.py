"""LiFFT, the lifting fatigue failure tool: daily cumulative damage to the lower back from lifts. Pure.

Source: Gallagher, Sesek, Schall, Huangfu 2017, Applied Ergonomics 63:60-67 (doi 10.1016/j.apergo.2017.04.016), with the
regressions of the authors' workbook v1.4.0 (METHODS 5.4). The article and the workbook are not the same model: for the
article's own example (13 kg, 0.4 m, 400 lifts; dose 0.0043) the article prints a probability of 25.39 %, the workbook
gives 33 %. Here it is the workbook, and every result says so. "High risk" are jobs with 12 or more injuries in 200 000
hours. The lever is the horizontal distance from L5/S1 to the load, not the distance from the ankles that RNLE uses.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np
import numpy.typing as npt

from spotter.core.contracts import Status
from spotter.core.errors import MethodError
from spotter.ergonomics.methods.api import Asked, Given, Kind, Provenance, Result
from spotter.ergonomics.methods.inputs import complete
from spotter.ergonomics.methods.numbers import draws, shares, widening

Array = npt.NDArray[np.float64]

DAMAGE_AT_0, DAMAGE_SLOPE = -5.81636221052493, 0.0222878437409416
"""log10 of the damage of one lift against the moment in ft lb (workbook v1.4.0)."""

RISK_AT_0, RISK_SLOPE = 1.7229, 1.0239
"""Log-odds of a high-risk job against log10 of the daily dose (workbook v1.4.0)."""

STANDARD_GRAVITY = 9.80665
FOOT_POUND_NM = 0.3048 * 0.45359237 * STANDARD_GRAVITY

CAUTION_NM = 100.0
"""Above this moment the regression extrapolates."""

LEVELS = ("under 25 %", "25 to 50 %", "over 50 %")


def moment(load_kg: npt.ArrayLike, lever_cm: npt.ArrayLike) -> Array:
    """Moment of the load about L5/S1 in N m."""
    turn: Array = np.asarray(load_kg, np.float64) * STANDARD_GRAVITY * np.asarray(lever_cm, np.float64) / 100.0
    return turn


def damage(moment_nm: npt.ArrayLike) -> Array:
    """Share of the life of the tissue that one lift of this moment takes."""
    spent: Array = 10.0 ** (DAMAGE_AT_0 + DAMAGE_SLOPE * np.asarray(moment_nm, np.float64) / FOOT_POUND_NM)
    return spent


def risk(daily_dose: npt.ArrayLike) -> Array:
    """Probability that a job with this daily dose is a high-risk job; 0 for no dose."""
    dose = np.asarray(daily_dose, np.float64)
    if not np.all(dose >= 0):
        raise MethodError(f"the daily dose is {np.min(dose):g}", mend="It is a number of 0 or more.")
    with np.errstate(divide="ignore"):
        odds = RISK_AT_0 + RISK_SLOPE * np.log10(dose)
    probability: Array = 1.0 / (1.0 + np.exp(-odds))
    return probability


_LIFT: tuple[Asked, ...] = (
    Asked("load_kg", Kind.NUMBER, "Weight of the object.", unit="kg", high=200.0),
    Asked(
        "lever_cm", Kind.NUMBER, "Horizontal distance from L5/S1 to the load.", unit="cm", high=200.0, observable=True
    ),
    Asked("lifts_per_day", Kind.NUMBER, "How often a day.", unit="/day", high=100_000.0, observable=True),
)


class Lifft:
    """Probability of a high-risk job from the lifts of a day."""

    name = "lifft"
    title = "LiFFT, cumulative damage of the lower back"
    version = "workbook 1.4.0, 1"
    source = "Gallagher et al. 2017, Applied Ergonomics 63:60-67; workbook v1.4.0"
    asks: tuple[Asked, ...] = (
        *_LIFT,
        Asked(
            "lifts", Kind.TABLE, "Instead: the different lifts of the day, one a row.", columns=_LIFT, observable=True
        ),
    )

    def assess(self, given: Mapping[str, Given], **options: Any) -> Result:
        """Probability that the job is a high-risk one, 0 to 1. See `Method.assess`."""
        inputs = complete(self.name, self.asks, given)
        single = any(inputs[ask.name].provenance is not Provenance.UNKNOWN for ask in _LIFT)
        rows = inputs["lifts"].rows or ([{ask.name: inputs[ask.name] for ask in _LIFT}] if single else [])
        if inputs["lifts"].rows and single:
            raise MethodError("lifft: one lift and a table of lifts are both given", mend="Give one of them.")
        nothing = Result(
            self.name, self.version, "probability", Status.NOT_OBSERVABLE, None, math.nan, math.nan,
            table_version="LiFFT workbook 1.4.0, not the regression of the article", inputs=inputs,
        )  # fmt: skip
        if not rows:
            return replace(nothing, reasons=("no lift is given",))
        unknown = [
            f"{ask.name} of lift {n}"
            for n, row in enumerate(rows, 1)
            for ask in _LIFT
            if row[ask.name].provenance is Provenance.UNKNOWN
        ]
        if any(name.startswith("load_kg") for name in unknown):
            return replace(nothing, reasons=tuple(f"{name} is not known: a dose needs all loads" for name in unknown))
        flat = {f"row_{n}_{ask.name}": row[ask.name] for n, row in enumerate(rows, 1) for ask in _LIFT}
        asked = [replace(ask, name=f"row_{n}_{ask.name}") for n in range(1, len(rows) + 1) for ask in _LIFT]
        low, high = _dose(flat, 0), _dose(flat, 1)
        figures = risk(_dose_of(draws(asked, flat), len(rows)))
        least, most = float(risk(low)), float(risk(high))
        steepest = float(max(moment(row["load_kg"].high, row["lever_cm"].high) for row in rows))
        caution = f"a moment of up to {steepest:.0f} N m is above 100 N m, where the regression extrapolates"
        reasons = [f"{name} is not known" for name in unknown] + ([caution] if steepest > CAUTION_NM else [])
        return replace(
            nothing,
            status=Status.BOUNDED if most > least or reasons else Status.OK,
            value=least if least == most else float(np.clip(np.median(figures), least, most)),
            low=least,
            high=most,
            levels=shares(
                {LEVELS[0]: figures < 0.25, LEVELS[1]: (figures >= 0.25) & (figures <= 0.5), LEVELS[2]: figures > 0.5}
            ),
            widening=widening(asked, flat, lambda tried: float(risk(_dose(tried, 1)) - risk(_dose(tried, 0)))),
            details=_details(rows, low, high),
            reasons=tuple(reasons),
        )


def _details(rows: Any, low: float, high: float) -> dict[str, tuple[float, float]]:
    details = {"daily_dose": (low, high)}
    for n, row in enumerate(rows, 1):
        turn = [float(moment(getattr(row["load_kg"], end), getattr(row["lever_cm"], end))) for end in ("low", "high")]
        details[f"row_{n}_moment_Nm"] = (turn[0], turn[1])
        details[f"row_{n}_damage_per_lift"] = (float(damage(turn[0])), float(damage(turn[1])))
    return details


def _dose(flat: Mapping[str, Given], end: int) -> float:
    """The least (0) or greatest (1) dose: it rises with everything."""
    corner = {name: np.array((given.low, given.high)[end]) for name, given in flat.items()}
    return float(_dose_of(corner, len(flat) // len(_LIFT)))


def _dose_of(values: Mapping[str, Array], rows: int) -> Array:
    dose: Array = np.zeros(())
    for n in range(1, rows + 1):
        turn = moment(values[f"row_{n}_load_kg"], values[f"row_{n}_lever_cm"])
        dose = dose + damage(turn) * values[f"row_{n}_lifts_per_day"]
    return dose


LIFFT = Lifft()
