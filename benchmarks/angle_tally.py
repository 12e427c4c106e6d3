"""What angles from one camera came to against the truth: tables and a plot. Part of angles.py."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from itertools import pairwise

import numpy as np

from spotter.ergonomics.angles.body import NAMES, BodyAngles
from spotter.ergonomics.angles.values import BOUNDED, OK, Angles

COLUMNS = ("true", "value", "low", "high", "status", "yaw", "pitch")

WITHIN = 10.0
"""Degrees by which an `ok` value may be off."""

YAWS, PITCHES = ((0, 30), (30, 60), (60, 91)), ((-90, 15), (15, 30), (30, 91))


@dataclass(frozen=True)
class Summary:
    """Shares in 0..1 and degrees; nan where there is nothing to count."""

    count: int
    ok: float
    bounded: float
    error: float
    within: float
    inside_ok: float
    inside_bounded: float
    half_width: float

    def row(self) -> str:
        """`ok / bounded / not` and the rest as one line of a table."""
        unseen = 1.0 - self.ok - self.bounded
        shares = f"{self.ok:6.1%} {self.bounded:5.0%} {unseen:5.0%}"
        none = f"{'-':>5}{'-':>8}{'-':>8}"
        judged = f"{self.error:5.1f} {self.within:7.1%} {self.inside_ok:7.1%}" if self.ok else none
        return f"{self.count:7} {shares} {judged} {self.inside_bounded:8.1%} {self.half_width:6.0f}"


_COLUMNS = (("n", 7), ("ok", 7), ("bound", 6), ("none", 6), ("MAE", 6), ("<10 deg", 8), ("inside", 8), ("bounded", 9))
HEAD = " " * 24 + "".join(f"{name:>{width}}" for name, width in (*_COLUMNS, ("+-", 7)))


@dataclass
class Tally:
    """Rows of `COLUMNS` by angle, gathered frame by frame or clip by clip."""

    rows: dict[str, list[np.ndarray]] = field(default_factory=dict)

    def add(self, found: BodyAngles, true: BodyAngles, yaw: np.ndarray, pitch: np.ndarray) -> None:
        """(N,) people or moments; a truth that is not known does not count."""
        for name in NAMES:
            self.add_one(name, getattr(found, name), getattr(true, name).value, yaw, pitch)

    def add_one(self, name: str, angles: Angles, truth: np.ndarray, yaw: np.ndarray, pitch: np.ndarray) -> None:
        """As `add`, of one angle."""
        block = np.column_stack([truth, angles.value, angles.low, angles.high, angles.status, yaw, pitch])
        self.rows.setdefault(name, []).append(block[np.isfinite(truth)])

    def table(self, name: str) -> np.ndarray:
        """(N, 7)"""
        return np.concatenate(self.rows.get(name, [np.empty((0, len(COLUMNS)))]))

    def grouped(self) -> dict[str, np.ndarray]:
        """Left and right together."""
        groups: dict[str, list[np.ndarray]] = {}
        for name in self.rows:
            groups.setdefault(name.removeprefix("left_").removeprefix("right_"), []).append(self.table(name))
        return {name: np.concatenate(tables) for name, tables in groups.items()}


def summary(table: np.ndarray) -> Summary:
    """Of (N, 7) rows."""
    true, value, low, high, status = table[:, :5].T
    ok, bounded = status == OK, status == BOUNDED
    inside = (true >= low - 0.01) & (true <= high + 0.01)
    error = np.abs(value - true)
    return Summary(
        len(table), _mean(ok), _mean(bounded), _mean(error[ok]), _mean(error[ok] <= WITHIN), _mean(inside[ok]),
        _mean(inside[bounded]), _mean((high - low)[bounded] / 2),
    )  # fmt: skip


def _mean(values: np.ndarray) -> float:
    return float(values.mean()) if len(values) else float("nan")


def show(title: str, groups: dict[str, np.ndarray], *, bins: bool = False) -> None:
    """Print a table by angle, and by yaw and by pitch."""
    print(f"\n{title}\n{HEAD}")
    for name, table in groups.items():
        if len(table):
            print(f"{name:24}{summary(table).row()}")
    everything = np.concatenate(list(groups.values()))
    print(f"{'all':24}{summary(everything).row()}")
    if not bins:
        return
    for word, column, edges in (("yaw", 5, YAWS), ("pitch", 6, PITCHES)):
        for low, high in edges:
            chosen = everything[(everything[:, column] >= low) & (everything[:, column] < high)]
            if len(chosen):
                print(f"{f'all, {word} {max(low, 0)} to {min(high, 90)}':24}{summary(chosen).row()}")


def by_yaw(groups: dict[str, np.ndarray], names: Iterable[str], edges: Sequence[float]) -> dict[str, list[Summary]]:
    """Summaries of each angle in bins of yaw."""
    return {
        name: [
            summary(groups[name][(groups[name][:, 5] >= low) & (groups[name][:, 5] < high)])
            for low, high in pairwise(edges)
        ]
        for name in names
    }
