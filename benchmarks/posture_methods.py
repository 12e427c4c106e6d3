"""What intervals and probabilities cost: REBA, RULA, OWAS, EN 1005-4 and ISO 11226 from the angles of many postures.

    python benchmarks/posture_methods.py [--batches 20 100 500] [--postures 10000]

Angles are random intervals, a third of them not observable. Times are processor seconds of one thread; the ratio is
against looking the same number of exact postures up in REBA's tables, in the same run.
"""

from __future__ import annotations

import argparse
import os

os.environ["OPENBLAS_NUM_THREADS"] = "1"  # Before NumPy: products of small matrices gain nothing from threads.

import time
from collections.abc import Callable

import numpy as np

from spotter.ergonomics.angles.body import NAMES, BodyAngles
from spotter.ergonomics.angles.values import NOT_OBSERVABLE, Angles
from spotter.ergonomics.methods import reba
from spotter.ergonomics.methods.en1005 import EN1005
from spotter.ergonomics.methods.iso11226 import ISO11226
from spotter.ergonomics.methods.owas import OWAS
from spotter.ergonomics.methods.reba import REBA
from spotter.ergonomics.methods.rula import RULA

METHODS = (REBA, RULA, OWAS, EN1005, ISO11226)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--batches", type=int, nargs="+", default=[20, 100, 500], help="postures a call")
    parser.add_argument("--postures", type=int, default=10_000, help="postures for each figure")
    arguments = parser.parse_args()
    random = np.random.default_rng(7)
    print(
        f"{'postures a call':>16}{'exact REBA':>12}"
        + "".join(f"{each.name:>10}" for each in METHODS)
        + "   all a second"
    )
    for batch in arguments.batches:
        calls = max(1, arguments.postures // batch)
        body = bodies(batch, random)
        parts = [random.integers(1, top + 1, batch) for top in (5, 3, 4, 6, 2, 3)]
        plain = per_posture(lambda parts=parts: reba.score(*parts), calls, batch)
        costs = [
            per_posture(lambda each=each, body=body: each.assess_many(each.from_angles(body)), calls, batch)
            for each in METHODS
        ]
        shown = "".join(f"{cost:>8.1f}us" for cost in costs)
        print(f"{batch:>16}{plain:>10.2f}us{shown}{1e6 / sum(costs):>15.0f}, REBA {costs[0] / plain:.0f} times exact")
    return 0


def per_posture(call: Callable[[], object], calls: int, batch: int) -> float:
    """Microseconds of processor time a posture."""
    call()
    started = time.process_time()
    for _ in range(calls):
        call()
    return 1e6 * (time.process_time() - started) / (calls * batch)


def bodies(count: int, random: np.random.Generator) -> BodyAngles:
    """Random angles: value within 0 to 100 degrees, half widths to 25."""

    def angles() -> Angles:
        value, half = random.uniform(0, 100, count), random.uniform(0, 25, count)
        status = random.integers(0, 3, count).astype(np.uint8)
        gone = status == NOT_OBSERVABLE
        reason = np.where(gone, "hidden", "").astype(np.object_)
        low, high = np.where(gone, 0, value - half), np.where(gone, 180, value + half)
        return Angles(np.where(gone, np.nan, value), low, high, status, reason)

    return BodyAngles(**{name: angles() for name in NAMES})


if __name__ == "__main__":
    raise SystemExit(main())
