"""The timetable of a scenario: faults in order of their moments, each mended after its time and exactly once."""

from __future__ import annotations

from faults.runner import play
from faults.scenario import Action


def action(at: float, target: str, lasts_s: float) -> Action:
    return Action(at=at, do="kill", target=target, lasts_s=lasts_s, size=0.0, pick=0.0)


def test_faults_overlap_in_their_order_and_each_is_mended_once():
    told: list[str] = []

    def begin(one: Action):
        told.append(one.target)
        return lambda: told.append(f"{one.target} mended")

    lines = play([action(0.1, "long", 0.5), action(0.3, "short", 0.05), action(0.5, "last", 0.01)], begin, 1.0)
    assert told == ["long", "short", "short mended", "last", "last mended", "long mended"]
    assert len(lines) == 6
    assert "mended: 0.10 kill long" in lines[-1]


def test_a_quiet_day_has_no_faults():
    assert play([], lambda one: lambda: None, 0.0) == []
