"""Start `recorded_run.py` on a video, watch the process from outside until it ends, and keep what was seen."""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
import threading
import time
import urllib.request
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import psutil

SCRAPE_S = 15.0
RSS_S = 1.0


@dataclass(slots=True)
class Observed:
    """Samples of one run. Times are seconds on the monotonic clock, memory bytes."""

    posed_at: list[float] = field(default_factory=list)
    latency_s: list[float] = field(default_factory=list)
    rss_at: list[float] = field(default_factory=list)
    rss: list[int] = field(default_factory=list)
    cpu_s: float = 0.0
    others: float = 0.0
    read: int = 0
    posed: int = 0
    dropped: dict[str, int] = field(default_factory=dict)
    alerts: dict[str, int] = field(default_factory=dict)

    def as_json(self) -> dict[str, Any]:
        """Everything, ready for a file."""
        return asdict(self)


def observe(video: Path) -> Observed:
    """Play the video through the pipeline at real-time speed and look on.

    Raises:
        SystemExit: the pipeline failed; its error is on stderr.
    """
    seen = Observed()
    command = [sys.executable, str(Path(__file__).with_name("recorded_run.py")), str(video)]
    with (
        tempfile.TemporaryDirectory() as folder,
        subprocess.Popen([*command, folder], stdout=subprocess.PIPE, text=True) as process,
    ):
        try:
            assert process.stdout is not None
            address = process.stdout.readline().strip()
            looking = threading.Thread(target=_look, args=(process, address, seen), daemon=True)
            looking.start()
            for text in process.stdout:
                _take(text, seen)
            code = process.wait()
            looking.join()
        finally:
            process.kill()
    if code or not seen.posed:
        raise SystemExit(f"the pipeline ended with status {code} after {len(seen.posed_at)} frames")
    return seen


def _take(text: str, seen: Observed) -> None:
    if text.startswith("{"):
        for name, value in json.loads(text).items():
            setattr(seen, name, value)
        return
    at, latency = text.split()
    seen.posed_at.append(float(at))
    seen.latency_s.append(float(latency))


def _look(process: subprocess.Popen[str], address: str, seen: Observed) -> None:
    """Memory each second, /metrics every 15 s, processor time over the whole run."""
    inside = psutil.Process(process.pid)
    begun, machine = time.monotonic(), psutil.cpu_times()
    own = before = _seconds(inside.cpu_times())
    scrape_at = begun + SCRAPE_S
    while process.poll() is None:
        try:
            rss, own = inside.memory_info().rss, _seconds(inside.cpu_times())
        except psutil.Error:
            break
        # A process that has ended and was not waited for has no memory left.
        if rss:
            seen.rss_at.append(time.monotonic())
            seen.rss.append(rss)
            elapsed, now = time.monotonic() - begun, psutil.cpu_times()
            seen.cpu_s = own - before
            seen.others = max(0.0, _busy(now) - _busy(machine) - seen.cpu_s) / max(elapsed, 1e-3)
        if time.monotonic() >= scrape_at:
            scrape_at += SCRAPE_S
            _scrape(address)
        time.sleep(RSS_S)


def _scrape(address: str) -> None:
    try:
        with urllib.request.urlopen(address + "metrics", timeout=5) as answer:
            answer.read()
    except OSError as error:
        print(f"/metrics did not answer: {error}", file=sys.stderr)


def _seconds(times: Any) -> float:
    return float(times.user + times.system)


def _busy(times: Any) -> float:
    return float(times.user + times.nice + times.system + times.irq + times.softirq)
