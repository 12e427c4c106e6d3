"""Replay many recordings, on several processes where there is enough to do, in the order of the recordings."""

from __future__ import annotations

import multiprocessing
import os
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor

from spotter.evaluation.replay import Replay, Rules, replay
from spotter.recordings import RecordingSet

_WORTH_BYTES = 5_000_000
"""Less than this is replayed before other processes would have started [D]."""


def replay_many(recordings: Sequence[RecordingSet], rules: Rules, jobs: int | None = None) -> Iterator[Replay]:
    """Each recording's replay, as soon as it and those before it are done.

    Args:
        jobs: processes at most; None: one per core, and none for so little that it does not pay.

    Raises:
        RecordingError: a file is damaged or cannot be read.
    """
    wanted = _jobs(recordings) if jobs is None else min(jobs, len(recordings))
    if wanted < 2:
        yield from (replay(recording, rules) for recording in recordings)
        return
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(wanted, mp_context=context) as pool:
        try:
            yield from pool.map(replay, recordings, [rules] * len(recordings))
        except BaseException:
            pool.shutdown(cancel_futures=True)
            raise


def _jobs(recordings: Sequence[RecordingSet]) -> int:
    size = sum(path.stat().st_size for recording in recordings for path in recording.files)
    return min(len(os.sched_getaffinity(0)), len(recordings)) if size >= _WORTH_BYTES else 1
