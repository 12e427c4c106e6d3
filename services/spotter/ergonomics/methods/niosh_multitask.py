"""Several lifting tasks in one job: composite (CLI) and variable (VLI) lifting index, exact and vectorised. Pure.

Sources: CLI: NIOSH 94-110, section 3; VLI: Waters, Occhipinti, Colombini, Alvarez-Casado, Fox 2016, Human Factors
58:695-711. METHODS 1.5 and 1.6.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from spotter.core.errors import MethodError
from spotter.ergonomics.methods.niosh import DURATIONS, METRIC, Indices, System, frequency_multiplier, places

Array = npt.NDArray[np.float64]

GROUPINGS = ("equal_width", "sextile")
"""How the FILI of a VLI are cut into six categories: equal steps from the least to the greatest (a practitioner's page
of a Belgian institute), or sixths of the lifts in order of FILI (recalled from the literature). The article was not at
hand to settle which is meant, and both can differ by several percent, so the rule is stored with the result."""

CATEGORIES = 6


@dataclass(frozen=True, slots=True, eq=False)
class Composite:
    """A composite lifting index. n tasks along the last axis.

    Attributes:
        index: (...,) CLI; nan where the equation gives no answer for some task or for the combined frequency.
        order: (..., n) tasks from the most stressful to the least.
        stli: (..., n) single-task lifting index of each task, in the order given; nan where it does not exist.
        increments: (..., n - 1) what each further task adds, in `order`.
    """

    index: Array
    order: Indices
    stli: Array
    increments: Array


def composite_index(
    *,
    fili: npt.ArrayLike,
    f: npt.ArrayLike,
    v: npt.ArrayLike,
    duration: str | Indices,
    usual: npt.ArrayLike | None = None,
    system: System = METRIC,
) -> Composite:
    """CLI = STLI_1 + sum of FILI_i (1 / FM(F_1 + ... + F_i) - 1 / FM(F_1 + ... + F_i-1)).

    Tasks are taken by STLI from the highest; equal ones by frequency from the highest, then as given [D]. The column of
    FM is that of the V of the task being added [D].

    Args:
        fili: (..., n) greatest load / FIRWL of each task; nan where FIRWL is 0.
        usual: (..., n) average load / FIRWL, for STLI; `fili` where the loads do not vary.
        f: (..., n) lifts per minute.
        v: (..., n) V at the origin.
        duration: of the whole job.
    """
    term = places("duration", duration, DURATIONS)
    worst, average, rate, height, term = np.broadcast_arrays(
        *(np.asarray(x, np.float64) for x in (fili, fili if usual is None else usual, f, v)),
        term[..., None] if term.ndim else term,
    )
    fm = frequency_multiplier(rate, term, height, system)
    stli = _over(average, fm)
    given = np.broadcast_to(np.arange(rate.shape[-1]), rate.shape)
    order = np.lexsort((given, -rate, -np.nan_to_num(stli, nan=np.inf)), axis=-1)
    worst, rate, height, first = (np.take_along_axis(x, order, -1) for x in (worst, rate, height, stli))
    total = np.cumsum(rate, axis=-1)
    after = _over(1.0, frequency_multiplier(total, term, height, system))[..., 1:]
    before = _over(1.0, frequency_multiplier(total[..., :-1], term[..., 1:], height[..., 1:], system))
    increments = worst[..., 1:] * (after - before)
    index: Array = first[..., 0] + increments.sum(axis=-1)
    return Composite(np.where(np.isnan(stli).any(axis=-1), np.nan, index), order, stli, increments)


def variable_index(
    fili: npt.ArrayLike,
    f_total: npt.ArrayLike,
    duration: str | Indices,
    grouping: str,
    v: float = METRIC.v_neutral,
) -> Array:
    """VLI: the lifts in six categories by FILI, each a task with its mean FILI and its share of the frequency.

    Args:
        fili: (..., n) FILI of sampled lifts, all equally frequent.
        f_total: lifts per minute of the whole job.
        grouping: of `GROUPINGS`. A category without lifts drops out.
        v: height at the origin, for the column of FM.

    Returns:
        (...,) nan where the equation gives no answer.
    """
    lifts = np.asarray(fili, np.float64)
    if lifts.shape[-1] == 0:
        raise MethodError("no lift is given for the VLI", mend="Give the FILI of at least one lift.")
    category = _categories(lifts, grouping)
    members = category[..., None, :] == np.arange(CATEGORIES)[:, None]
    count = members.sum(axis=-1)
    mean = np.where(members, lifts[..., None, :], 0.0).sum(axis=-1) / np.maximum(count, 1)
    share = count / lifts.shape[-1] * np.asarray(f_total, np.float64)[..., None]
    # An empty category comes last: it has no load and adds no frequency.
    return composite_index(fili=mean, f=share, v=v, duration=duration).index


def _categories(lifts: Array, grouping: str) -> Indices:
    if grouping == "sextile":
        rank = np.argsort(np.argsort(lifts, axis=-1, kind="stable"), axis=-1, kind="stable")
        sixth: Indices = rank * CATEGORIES // lifts.shape[-1]
        return sixth
    if grouping != "equal_width":
        raise MethodError(f"grouping {grouping!r} is unknown", mend=f"Use one of: {', '.join(GROUPINGS)}.")
    least, most = lifts.min(axis=-1, keepdims=True), lifts.max(axis=-1, keepdims=True)
    step = np.where(most > least, most - least, 1.0) / CATEGORIES
    with np.errstate(invalid="ignore"):
        place = np.nan_to_num((lifts - least) / step)
    category: Indices = np.minimum(place.astype(np.int64), CATEGORIES - 1)
    return category


def _over(above: npt.ArrayLike, below: Array) -> Array:
    """above / below, nan where below is 0."""
    out: Array = np.full(np.broadcast_shapes(np.shape(above), below.shape), np.nan)
    np.divide(above, below, out=out, where=below > 0)
    return out
