"""What a run shows: the figures at its end, and the live table on a real terminal."""

from __future__ import annotations

import os
import pty
import re
import subprocess
import sys
import time
from pathlib import Path

import pytest

from spotter.cli.summary import figures_by_camera, latency_quantile, summary_lines
from spotter.core.telemetry import Metrics

COMMAND = Path(sys.executable).with_name("spotter")


def test_figures_come_from_the_metrics():
    metrics = Metrics()
    metrics.frames_read.labels(camera="dock").inc(10)
    metrics.frames_posed.labels(camera="dock").inc(7)
    metrics.frames_dropped.labels(camera="dock", reason="deadline").inc(2)
    metrics.frames_dropped.labels(camera="dock", reason="queue_full").inc(1)
    metrics.alerts.labels(camera="dock", kind="possible_fall").inc()
    own = figures_by_camera(metrics)["dock"]
    assert (own.read, own.posed, own.dropped) == (10, 7, {"deadline": 2, "queue_full": 1})
    assert summary_lines(metrics, 3.0) == [
        "dock: 10 frames read, 7 posed, dropped: 2 deadline, 1 queue_full; alerts: 1 possible fall",
        "ran 3.0 s",
    ]


def test_latency_is_interpolated_within_a_bucket():
    metrics = Metrics()
    assert latency_quantile(metrics, 0.5) is None
    for _ in range(10):
        metrics.end_to_end.labels(camera="a").observe(0.25)
        metrics.end_to_end.labels(camera="b").observe(0.4)
    assert latency_quantile(metrics, 0.25) == pytest.approx(0.25)  # Half of the bucket from 0.2 to 0.3.
    assert latency_quantile(metrics, 0.75) == pytest.approx(0.4)  # Half of the bucket from 0.3 to 0.5.
    metrics.end_to_end.labels(camera="a").observe(99)
    assert latency_quantile(metrics, 1.0) == 30.0, "beyond the last bucket its lower edge is all that is known"


def test_on_a_terminal_there_is_a_table_and_each_trouble_is_told_once(tmp_path, pictures):
    control, terminal = pty.openpty()
    with subprocess.Popen(
        [COMMAND, "run", "gone=gone.mp4", f"good={pictures}", "--no-dashboard", "--speed", "max"],
        cwd=tmp_path,
        env={**os.environ, "TERM": "xterm-256color", "COLUMNS": "200"},
        stdin=subprocess.DEVNULL,
        stdout=terminal,
        stderr=terminal,
    ) as process:
        os.close(terminal)
        shown = _read_all(control)
        assert process.wait(60) == 0
    text = re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", shown)
    assert "latency" in text
    assert text.count("gone.mp4") == 1
    assert "spotter: warning: camera 'gone': 'gone.mp4' does not exist" in text
    assert "good: 8 frames read, 8 posed, dropped: none; alerts: none" in text
    assert '{"' not in text, "logs on a terminal are for people"


def _read_all(control: int) -> str:
    """Everything until the other side closes, which a pseudo-terminal reports as an error."""
    parts: list[bytes] = []
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        try:
            part = os.read(control, 65536)
        except OSError:
            break
        if not part:
            break
        parts.append(part)
    os.close(control)
    return b"".join(parts).decode()
