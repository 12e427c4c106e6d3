"""A real dead-lift, from pixels to a lift, through the whole of the product."""

from __future__ import annotations

import json
from pathlib import Path

from pydantic import SecretStr

from spotter.cli.analysis import Analysis
from spotter.core.clock import to_seconds
from spotter.core.settings import CameraSettings, Settings
from spotter.ergonomics.events.lift_values import UNNAMED, LiftFlag

NAME = "lift_unimore/good_000005.mp4"


def test_a_dead_lift_is_found_with_its_start_and_end(shared_dir: Path) -> None:
    items = json.loads((shared_dir / "data" / "labels.json").read_text())["items"]
    [label] = [one for item in items if item["file"] == NAME for one in item["events"] if one["type"] == "lift"]
    source = SecretStr(str(shared_dir / "data" / NAME))
    camera = CameraSettings(id="gym", source=source, max_fps=15.0, hold_last_s=1.5)
    with Analysis(Settings(cameras=(camera,)), camera) as analysis:
        first = None
        for frame in analysis.frames():
            first = frame.pose.captured_at if first is None else first
        analysis.end()
    assert first is not None
    assert len(analysis.lifts) == 1
    lift = analysis.lifts[0].lift
    assert abs(to_seconds(lift.origin_at - first) - label["start_s"]) <= 0.5
    assert abs(to_seconds(lift.ended_at - first) - label["end_s"]) <= 0.5
    assert LiftFlag.RETURNED in lift.flags
    assert lift.name == UNNAMED
    assert lift.vertical_origin.high < lift.vertical_destination.high
