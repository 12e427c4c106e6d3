"""Sixty reconnects with a real RTSP server, in short what `make reconnects` does at length, and its judgement."""

from __future__ import annotations

import pytest

from reconnects import Result, Sample, measure


def test_sixty_reconnects_leave_nothing_behind():
    result = measure(cameras=5, rounds=12)
    assert result.samples[-1].reconnects >= 60
    assert result.flat, result.samples


@pytest.mark.parametrize(
    ("rss", "threads", "descriptors", "flat"),
    [(0, 0, 0, True), (1_000, 0, 0, True), (230_400, 0, 0, False), (0, 1, 0, False), (0, 0, 1, False)],
)
def test_what_grows_with_each_reconnect_is_found(rss, threads, descriptors, flat):
    samples = [Sample(n, 100_000_000 + rss * n, 9 + threads * n, 16 + descriptors * n) for n in range(61)]
    assert Result(tuple(samples)).flat is flat
