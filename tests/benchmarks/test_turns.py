"""Turns of a benchmark: order, what a time is of, and ratios turn by turn."""

from __future__ import annotations

import time

import pytest

from turns import ratio, take_turns


def test_each_has_its_turn_in_each_round_after_one_that_does_not_count():
    calls: list[str] = []
    taken = take_turns({name: (2, lambda name=name: calls.append(name)) for name in "ab"}, rounds=3)
    assert "".join(calls) == "ab" + "ab" * 3
    assert {name: len(times.wall) for name, times in taken.items()} == {"a": 3, "b": 3}


def test_times_are_of_one_frame():
    taken = take_turns({"sleeps": (4, lambda: time.sleep(0.02))}, rounds=3)
    assert taken["sleeps"].wall_ms >= 5.0
    assert taken["sleeps"].processor_ms < taken["sleeps"].wall_ms


def test_a_turn_lasts_as_long_as_asked_for():
    calls = [0]

    def work() -> None:
        calls[0] += 1
        time.sleep(0.01)

    begun = time.perf_counter()
    taken = take_turns({"a": (1, work)}, rounds=2, turn_s=0.05)
    assert time.perf_counter() - begun >= 2 * 0.05
    assert calls[0] > 1 + 2
    assert len(taken["a"].wall) == 2


def test_ratios_are_taken_turn_by_turn():
    middle, low, high = ratio([1.0, 20.0, 3.0, 4.0, 50.0], [1.0, 10.0, 1.0, 1.0, 10.0])
    assert middle == pytest.approx(3.0)
    assert low < middle < high
    assert ratio([3.0], [2.0]) == (1.5, 1.5, 1.5)
