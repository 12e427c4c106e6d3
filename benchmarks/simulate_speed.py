"""What a simulated frame costs, by part, beside what the default pose model costs for one picture; processor time.

python benchmarks/simulate_speed.py
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable

import numpy as np
from rich.console import Console
from rich.table import Table

from spotter.core.settings import PoseSettings
from spotter.pose.factory import model_of
from spotter.simulate.workers import SimulatedModel, Viewpoint, crossing, project, see, simulate_motion
from spotter.simulate.workers.take import Take

MOTIONS = ("walk", "stoop_lift", "fall_forward", "kneel")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--runs", type=int, default=20)
    options = parser.parse_args()
    view = Viewpoint.around((0, 0, 0.9), azimuth=60, distance=6, above=3)
    model = model_of(PoseSettings())
    model.load()
    picture = np.full((360, 640, 3), 127, np.uint8)
    rows: list[tuple[str, float]] = []
    takes: list[Take] = []

    def bodies(seed: int) -> int:
        takes[:] = [simulate_motion(name, seed) for name in MOTIONS]
        return sum(len(take) for take in takes)

    rows.append(("joints, events, load of one worker", cost(bodies, options.runs)))
    rows.append(("exact angles", cost(lambda seed: bodies(seed) * bool([take.angles for take in takes]), options.runs)))
    rows[-1] = (rows[-1][0], rows[-1][1] - rows[0][1])
    fixed = [simulate_motion(name, 1) for name in MOTIONS]
    rows.append(("2D joints and what is hidden", cost(lambda seed: sum(
        len(see([take], view).times) for take in fixed), options.runs)))  # fmt: skip
    whole = cost(lambda seed: sum(len(project(take, view, seed, SimulatedModel())) for take in fixed), options.runs)
    rows.append(("the model's errors and PoseFrames", whole - rows[-1][1]))
    crowd = crossing(6, 1)
    six = cost(lambda seed: len(project(crowd, view, seed, SimulatedModel())), options.runs)
    rows.append(("six workers who cover one another: 2D, errors, PoseFrames", six))

    def predict(seed: int) -> int:
        model.predict([picture])
        return 1

    bare = cost(predict, options.runs)
    table = Table()
    for column in ("part", "frames a second of one core", "share of the model's processor time for one picture"):
        table.add_column(column)
    for name, seconds in rows:
        table.add_row(name, f"{1 / seconds:,.0f}", f"{seconds / bare:.4f}")
    one = sum(seconds for _, seconds in rows[:4])
    table.add_row("one worker, all together", f"{1 / one:,.0f}", f"{one / bare:.4f}")
    Console(width=118).print(table)


def cost(work: Callable[[int], int], runs: int) -> float:
    """Processor seconds a frame; `work` says how many frames it made."""
    work(0)
    begin, frames = time.process_time(), 0
    for seed in range(runs):
        frames += work(seed)
    return (time.process_time() - begin) / frames


if __name__ == "__main__":
    main()
