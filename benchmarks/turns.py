"""Contestants that take turns in one run, so that a busy moment of the machine hits all alike."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field


@dataclass(slots=True)
class Taken:
    """Times of one contestant: `wall` and `processor`, in seconds a frame, one for each turn."""

    wall: list[float] = field(default_factory=list)
    processor: list[float] = field(default_factory=list)

    @property
    def wall_ms(self) -> float:
        """Median of the elapsed time of a frame, ms."""
        return 1000 * statistics.median(self.wall)

    @property
    def processor_ms(self) -> float:
        """Median of the processor time of a frame, over all threads of the process, ms."""
        return 1000 * statistics.median(self.processor)


def take_turns(
    contestants: Mapping[str, tuple[int, Callable[[], object]]], rounds: int, turn_s: float = 0.0
) -> dict[str, Taken]:
    """Let each do its work once untimed, then once in each round.

    Args:
        contestants: how many frames the work deals with, and the work.
        turn_s: in a turn the work is repeated for so long, at least once.
    """
    taken = {name: Taken() for name in contestants}
    for _, work in contestants.values():
        work()
    for _ in range(rounds):
        for name, (frames, work) in contestants.items():
            done, wall, processor = 0, time.perf_counter(), time.process_time()
            while not done or time.perf_counter() - wall < turn_s:
                work()
                done += frames
            taken[name].wall.append((time.perf_counter() - wall) / done)
            taken[name].processor.append((time.process_time() - processor) / done)
    return taken


def ratio(ours: list[float], theirs: list[float]) -> tuple[float, float, float]:
    """Median, lower and upper quartile of ours / theirs, turn by turn."""
    each = sorted(a / b for a, b in zip(ours, theirs, strict=True))
    low, middle, high = statistics.quantiles(each, n=4) if len(each) > 1 else each * 3
    return middle, low, high
