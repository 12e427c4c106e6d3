"""Replay many recordings, on several processes where there is enough to do, in the order of the recordings.

Cameras know nothing of each other, so a recording of several is shared out by camera; each process reads all of it.
"""

from __future__ import annotations

import multiprocessing
import os
import zlib
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from itertools import islice

from spotter.evaluation.replay import Replay, Rules, in_order, replay
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
    wanted = _jobs(recordings) if jobs is None else jobs
    counts = [min(max(1, wanted // len(recordings)), max(1, len(one.cameras))) for one in recordings]
    if wanted < 2 or sum(counts) < 2:
        yield from (replay(recording, rules) for recording in recordings)
        return
    work = [
        (recording, rules, _Share(number, count) if count > 1 else None)
        for recording, count in zip(recordings, counts, strict=True)
        for number in range(count)
    ]
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(min(wanted, len(work)), mp_context=context) as pool:
        try:
            done = pool.map(replay, *zip(*work, strict=True))
            for count in counts:
                yield _together(list(islice(done, count)))
        except BaseException:
            pool.shutdown(cancel_futures=True)
            raise


@dataclass(frozen=True, slots=True)
class _Share:
    """Which cameras one of `count` processes takes; by their names, for a recording may hold more than its header."""

    number: int
    count: int

    def __call__(self, camera_id: str) -> bool:
        return zlib.crc32(camera_id.encode()) % self.count == self.number


def _together(parts: Sequence[Replay]) -> Replay:
    """The shares of one recording as one; what is amiss with its files was met by each."""
    first = parts[0]
    cameras = in_order(camera for part in parts for camera in part.cameras.values())
    return Replay(first.name, first.site, cameras, first.notes)


def _jobs(recordings: Sequence[RecordingSet]) -> int:
    size = sum(path.stat().st_size for recording in recordings for path in recording.files)
    return len(os.sched_getaffinity(0)) if size >= _WORTH_BYTES else 1
