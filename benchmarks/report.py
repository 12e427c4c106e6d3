"""What a report costs: reading a month from SQLite, making the page, printing it.

    python benchmarks/report.py [--days 31]

The month is made up: 8 hours a day at one station, a minute's bucket and posture for each, 300 lifts a day. Processor
seconds of one process; the ratios are against reading the same rows from the store in the same run.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import TypeVar

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "tests" / "report"))

from report_samples import BEGIN, MINUTE, PALLETS, bucket, lift, posture, record

from spotter.core.store import Store
from spotter.report.data import Window
from spotter.report.entered import entered_of
from spotter.report.gather import gather
from spotter.report.page import page
from spotter.report.pdf import pdf

T = TypeVar("T")

MINUTES, LIFTS, DAY = 480, 300, 1440


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--days", type=int, default=31)
    days = parser.parse_args().days
    windows = tuple(
        Window(BEGIN + d * DAY * MINUTE, BEGIN + (d * DAY + MINUTES) * MINUTE, "early") for d in range(days)
    )
    scope = replace(record(1).scope, windows=windows)
    with tempfile.TemporaryDirectory() as folder, Store.open(Path(folder) / "spotter.db") as store:
        for day in range(days):
            minutes = range(day * DAY, day * DAY + MINUTES)
            store.put_exposure([bucket(minute) for minute in minutes])
            store.put_postures([posture(minute, 4 + minute % 97 / 100) for minute in minutes])
            store.put_lifts([lift(day * 86_400.0 + 90 * n, origin=20.0 + n % 40) for n in range(LIFTS)])
        found, reading = timed(lambda: gather(store, scope, {}))
    text, making = timed(lambda: page(found, entered_of([PALLETS])))
    document, printing = timed(lambda: pdf(text))
    print(f"{len(found.buckets)} minutes, {len(found.postures)} postures and {len(found.lifts)} lifts of {days} days")
    for name, seconds, size in (
        ("reading", reading, 0), ("page", making, len(text.encode())), ("PDF", printing, len(document)),
    ):  # fmt: skip
        print(
            f"{name:>8}: {seconds:6.2f} s, {seconds / reading:5.2f} x reading" + (f", {size:,} bytes" if size else "")
        )
    return 0


def timed(work: Callable[[], T]) -> tuple[T, float]:
    """What `work` gives, and its processor seconds."""
    begun = time.process_time()
    return work(), time.process_time() - begun


if __name__ == "__main__":
    raise SystemExit(main())
