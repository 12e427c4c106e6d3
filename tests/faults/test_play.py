"""The timetable of a scenario: faults in order of their moments, each mended after its time and exactly once."""

from __future__ import annotations

import threading

from faults.runner import play
from faults.scenario import Action


def action(at: float, target: str, lasts_s: float) -> Action:
    return Action(at=at, do="kill", target=target, lasts_s=lasts_s, size=0.0, pick=0.0)


def never() -> None:
    raise AssertionError("no fault of this timetable waits for the load")


def test_faults_overlap_in_their_order_and_each_is_mended_once():
    told: list[str] = []

    def begin(one: Action):
        told.append(one.target)
        return lambda: told.append(f"{one.target} mended")

    lines = play([action(0.1, "long", 0.5), action(0.3, "short", 0.05), action(0.5, "last", 0.01)], begin, 1.0, never)
    assert told == ["long", "short", "short mended", "last", "last mended", "long mended"]
    assert len(lines) == 6
    assert "mended: 0.10 kill long" in lines[-1]


def test_a_quiet_day_has_no_faults():
    assert play([], lambda one: lambda: None, 0.0, never) == []


def test_what_comes_after_the_load_waits_until_the_load_is_out():
    told: list[str] = []
    published = threading.Event()

    def begin(one: Action):
        told.append(f"{one.target} {'after' if published.is_set() else 'during'}")
        return lambda: None

    late = threading.Timer(0.4, published.set)
    late.start()
    lines = play([action(0.5, "first", 0.0), action(1.5, "second", 0.0)], begin, 0.1, published.wait)
    late.join()
    assert told == ["first during", "second after"]
    assert sum("mended" in line for line in lines) == 2
