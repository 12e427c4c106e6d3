"""Readiness is asked by the service itself and by whoever probes it, at the same moments."""

from __future__ import annotations

import sys
import threading

from spotter.cli.service_health import Readiness
from spotter.core.telemetry import Metrics


def test_two_who_ask_at_once_both_get_an_answer():
    readiness = Readiness(Metrics())
    readiness.watch("part", lambda: "ok")
    failures: list[Exception] = []

    def ask():
        for _ in range(300):
            try:
                readiness.report()
            except Exception as error:
                failures.append(error)

    # Threads take turns after each few instructions, so that they meet in the middle of what one of them does.
    before = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    try:
        askers = [threading.Thread(target=ask) for _ in range(4)]
        for asker in askers:
            asker.start()
        for asker in askers:
            asker.join()
    finally:
        sys.setswitchinterval(before)
    assert failures == []
    assert readiness.report() == {"part": "ok"}
