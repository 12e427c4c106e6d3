"""The short fault suite: real servers, real processes, things go wrong, and the alerts are those of a quiet day.

The long one, with every scenario and more seeds, is `make faults`.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from faults.runner import run
from faults.scenario import Scenario, load_all

SHORT = [scenario for scenario in load_all() if scenario.suite == "short"]


@pytest.mark.parametrize("scenario", SHORT, ids=[scenario.name for scenario in SHORT])
def test_nothing_is_lost_and_nothing_doubled(scenario: Scenario, tmp_path: Path) -> None:
    result = run(scenario, tmp_path)
    assert result.ok, "\n".join([scenario.about, *result.problems, "what went wrong:", *result.actions])
    assert result.alerts >= (3 if scenario.load.kind == "skeletons" else 1), "a run without alerts proves nothing"
