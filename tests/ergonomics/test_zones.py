"""Zones: what is refused, who is where, and what it means for someone who goes down there."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from skeletons import FLOOR, blend, figure, pose_frame, times

from spotter.core.contracts import Alert, AlertKind, FloatArray, PoseFrame, UpdateKind
from spotter.core.errors import ConfigError
from spotter.core.parameters import (
    FallParameters,
    LensParameters,
    MountParameters,
    RuleParameters,
    ViewParameters,
    ZoneParameters,
)
from spotter.core.settings import load_settings
from spotter.ergonomics.alerts import AlertStep
from spotter.ergonomics.geometry.ground import Ground
from spotter.ergonomics.snapshot import StreamFactory
from spotter.ergonomics.zones import Zones, depths

WIDTH, HEIGHT = 1280, 720
FALL = FallParameters()


def box(x0: float, y0: float, x1: float, y1: float) -> list[tuple[float, float]]:
    """Corners of an upright rectangle, given in px, as shares of the picture."""
    return [(x / WIDTH, y / HEIGHT) for x, y in ((x0, y0), (x1, y0), (x1, y1), (x0, y1))]


def zone(use: str, points: list[tuple[float, float]] | None = None, name: str = "here", **more: Any) -> ZoneParameters:
    corners = points if points is not None else box(350, 250, 850, 450)
    return ZoneParameters.model_validate({"name": name, "use": use, "points": corners, **more})


def falling(at: float, x: float = 500, floor: float = FLOOR) -> FloatArray:
    hips, trunk = [(2, 0.53), (2.7, 0.08)], [(2.0, 0.0), (2.7, 90.0)]
    return figure(x, hip=blend(at, hips), trunk_deg=blend(at, trunk), stiff=True, floor=floor)


def play(poses: list[PoseFrame], *zones: ZoneParameters) -> tuple[list[AlertStep], list[str]]:
    """Alerts, and reasons of what was held back; from a snapshot after each frame."""
    factory = StreamFactory("site", "cam", ViewParameters(zones=zones), RuleParameters(fall=FALL))
    stream = factory.new()
    steps: list[AlertStep] = []
    reasons: list[str] = []
    for pose in poses:
        taken = stream.take(pose)
        assert taken.assessment is not None
        steps += taken.assessment.alerts
        reasons += [f"{event.reason} {event.zone}".strip() for _, event in taken.assessment.suppressed]
        stream.written()
        stream = factory.decode(factory.encode(stream))
    return steps, reasons


def raised(steps: list[AlertStep]) -> list[Alert]:
    return [step.alert for step in steps if step.update.kind is UpdateKind.RAISED]


def frames(script: Any, stop: float, fps: float = 10) -> list[PoseFrame]:
    return [pose_frame(at, script(at), sequence=index) for index, at in enumerate(times(0, stop, fps))]


FALLS = frames(lambda at: [falling(at)], 10)
ELSEWHERE = box(900, 100, 1200, 600)


@pytest.mark.parametrize(
    ("use", "reason"),
    [("ignore", "ignored_zone"), ("exercise", "exercise_zone"), ("surface", "registered_surface")],
)
def test_someone_down_in_such_a_zone_is_not_told_but_said_once(use: str, reason: str) -> None:
    assert play(FALLS, zone(use, name="mat 1")) == ([], [f"{reason} mat 1"])
    (alert,) = raised(play(FALLS, zone(use, ELSEWHERE))[0])
    assert alert.zone is None


def test_only_watched_zones_are_told_where_there_are_any() -> None:
    (alert,) = raised(play(FALLS, zone("watch", name="dock"))[0])
    assert alert.zone == "dock"
    assert play(FALLS, zone("watch", ELSEWHERE)) == ([], ["not_watched"])


def test_a_factor_makes_the_rule_more_or_less_patient() -> None:
    (alert,) = raised(play(FALLS)[0])
    (sooner,) = raised(play(FALLS, zone("weigh", confirm_factor=0.5))[0])
    (later,) = raised(play(FALLS, zone("weigh", confirm_factor=2.0))[0])
    patience = [one.evidence["seconds_on_ground"].threshold for one in (sooner, alert, later)]
    assert patience == [1.5, 3.0, 6.0]
    assert sooner.raised_at < alert.raised_at < later.raised_at
    assert sooner.zone == "here"


def test_a_fall_out_of_bed_is_told() -> None:
    """Lies in bed from the beginning, rolls onto the floor beside it at 30 s."""

    def script(at: float) -> list[FloatArray]:
        shift, down = blend(at, [(30, 0), (30.6, 60)]), blend(at, [(30, 0), (30.6, 80)])
        return [figure(500 + shift, hip=0.06, trunk_deg=90, stiff=True, floor=360 + down)]

    steps, reasons = play(frames(script, 60, 5), zone("surface", box(350, 250, 850, 375), name="bed"))
    assert reasons == ["registered_surface bed"]
    (alert,) = raised(steps)
    assert alert.zone is None
    assert 33e9 <= alert.raised_at <= 52e9


def test_getting_out_of_bed_says_nothing_more() -> None:
    def script(at: float) -> list[FloatArray]:
        up, trunk = blend(at, [(25, 0.08), (27, 0.53)]), blend(at, [(25, 90), (27, 0)])
        return [figure(500, hip=up, trunk_deg=trunk, stiff=True)]

    assert play(frames(script, 40, 5), zone("surface")) == ([], ["registered_surface here"])


def test_on_stairs_going_down_with_a_load_is_nothing() -> None:
    """Bent over the load the floor cannot be learned, and steps later they seem to be below it."""

    def script(at: float) -> list[FloatArray]:
        return [
            figure(500, hip=0.5, trunk_deg=blend(at, [(3, 0), (3.4, 55)]), floor=350 + blend(at, [(4, 0), (6, 95)]))
        ]

    assert len(raised(play(frames(script, 20))[0])) == 1
    steps, reasons = play(frames(script, 20), zone("stairs", box(300, 100, 900, 700)))
    assert (steps, reasons) == ([], ["stairs here"])


def test_a_fall_on_stairs_is_told() -> None:
    (alert,) = raised(play(FALLS, zone("stairs"))[0])
    assert (alert.kind, alert.zone) == (AlertKind.POSSIBLE_FALL, "here")
    unseen = [replace(one, confidences=np.where(np.arange(17) >= 13, 0, one.confidences)) for one in FALLS[25:]]
    assert len(raised(play([*FALLS[:25], *unseen], zone("stairs"))[0])) == 1


@pytest.mark.parametrize("height", [120, 240])
def test_a_fall_from_a_ladder_is_told_and_getting_up_after_it(height: float) -> None:
    """Up the ladder for 6 s (over 3 s that sizes are learned from), down in half a second, up again at 20 s."""

    def script(at: float) -> list[FloatArray]:
        feet = FLOOR - height * blend(at, [(3, 0), (6, 1), (12, 1), (12.5, 0)])
        hip = blend(at, [(12, 0.53), (12.5, 0.08), (20, 0.08), (21, 0.53)])
        trunk = blend(at, [(12, 0), (12.5, 90), (20, 90), (21, 0)])
        return [figure(500, hip=hip, trunk_deg=trunk, stiff=True, floor=feet)]

    steps, _ = play(frames(script, 26, 15), zone("ladder", box(440, 0, 640, 420), name="rack 3"))
    assert [step.update.kind for step in steps] == [UpdateKind.RAISED, UpdateKind.RECOVERED]
    assert steps[0].alert.kind is AlertKind.POSSIBLE_FALL
    assert steps[0].alert.zone == "rack 3"
    assert steps[0].alert.raised_at <= 16.5e9


def test_climbing_up_and_down_a_ladder_is_nothing() -> None:
    def script(at: float) -> list[FloatArray]:
        return [figure(500, floor=FLOOR - 200 * blend(at, [(3, 0), (6, 1), (12, 1), (14, 0)]))]

    assert play(frames(script, 25), zone("ladder", box(440, 0, 640, 420))) == ([], [])


def test_noise_at_the_border_moves_nobody_in_and_out() -> None:
    random = np.random.default_rng(1)
    zones = Zones([zone("watch", box(400, 100, 800, 600))])
    inside: list[frozenset[int]] = [frozenset()]
    changes = 0
    for _ in range(200):
        places = np.array([[400 + random.normal(0, 4), 300.0]])
        now = zones.inside(places, np.array([200.0]), inside, (WIDTH, HEIGHT), None)
        changes, inside = changes + (now != inside), now
    assert changes == 1
    (gone,) = zones.inside(np.array([[370.0, 300.0]]), np.array([200.0]), inside, (WIDTH, HEIGHT), None)
    assert gone == frozenset()


def test_a_zone_on_the_floor_is_where_the_floor_is() -> None:
    """Three people 3, 5 and 8 m ahead of a camera 3 m up; the zone is from 4 to 6 m."""
    lens, mount = LensParameters(width=1280, height=720, hfov_deg=70), MountParameters(height_m=3, pitch_deg=25)
    corners = [(-1.0, 4.0), (1.0, 4.0), (1.0, 6.0), (-1.0, 6.0)]
    view = ViewParameters(lens=lens, mount=mount, zones=(zone("watch", corners, plane="floor"),))
    ground = Ground.of(view, 1280, 720)
    feet = ground.best.project(np.array([[0.0, 3.0, 0.0], [0.0, 5.0, 0.0], [0.0, 8.0, 0.0]]))
    places = np.concatenate([feet, [[640.0, -4000.0]]])
    found = Zones(view.zones).inside(places, np.full(4, 100.0), [frozenset()] * 4, (1280, 720), ground)
    assert found == [frozenset(), frozenset({0}), frozenset(), frozenset()]


@settings(max_examples=100, deadline=None)
@given(
    sides=st.integers(3, 12), angle=st.floats(0, 6.3), scale=st.floats(5, 500), x=st.floats(-1000, 1000),
    y=st.floats(-1000, 1000), away=st.floats(0, 3),
)  # fmt: skip
def test_depth_in_a_regular_polygon(sides: int, angle: float, scale: float, x: float, y: float, away: float) -> None:
    """Along the way from the middle over the middle of a side, depth is the inner radius less the way."""
    turns = angle + np.arange(sides) * 2 * np.pi / sides
    corners = np.stack([np.cos(turns), np.sin(turns)], axis=1) * scale + (x, y)
    inner = scale * np.cos(np.pi / sides)
    ahead = angle + np.pi / sides
    point = np.array([[np.cos(ahead), np.sin(ahead)]]) * away * inner + (x, y)
    assume(abs(away - 1) > 1e-6)
    assert depths(corners, point) == pytest.approx([inner * (1 - away)], abs=1e-6 * scale + 1e-6)
    assert depths(corners[::-1], point) == pytest.approx(depths(corners, point), abs=1e-9 * scale + 1e-9)


@settings(max_examples=10, deadline=None)
@given(x=st.floats(200, 1000), use=st.sampled_from(["watch", "ignore", "surface", "exercise", "weigh"]))
def test_a_zone_over_all_or_nothing_of_the_picture_is_like_a_switch(x: float, use: str) -> None:
    """Whatever the place: a zone over the whole picture decides alone, and one of no consequence changes nothing."""
    poses = frames(lambda at: [falling(at, x)], 8, 5)
    whole = play(poses, zone(use, [(0, 0), (1, 0), (1, 1), (0, 1)]))[0]
    plain = play(poses)[0]
    if use in ("watch", "weigh"):
        assert [step.alert.id for step in whole] == [step.alert.id for step in plain]
        assert len(whole) == 1
    else:
        assert whole == []


SQUARE = "points: [[0.1, 0.1], [0.5, 0.1], [0.5, 0.5], [0.1, 0.5]]"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("{name: a, use: ignore, points: [[0.1, 0.1], [0.5, 0.1]]}", "at least 3 items"),
        ("{name: a, use: ignore, points: [[0, 0], [640, 0], [640, 480]]}", "outside the picture; write shares, 0 to 1"),
        ("{name: a, use: ignore, points: [[0, 0], [1, 1], [1, 0], [0, 1]]}", "'a' crosses itself"),
        ("{name: a, use: ignore, points: [[0, 0], [1, 1], [0.5, 0.5]]}", "'a' has no area"),
        ("{name: a, use: ignore, points: [[0, 0], [0, 0], [1, 0], [1, 1]]}", "'a' has the same point twice"),
        ("{name: a, use: ignore, points: [[0, 0], [.nan, 0], [1, 1]]}", "finite number"),
        ("{name: a, use: pool, " + SQUARE + "}", "Input should be 'watch', 'ignore'"),
        ("{name: 'a\\nb', use: ignore, " + SQUARE + "}", "should match pattern"),
        ("{name: a, use: weigh, confirm_factor: 0, " + SQUARE + "}", "greater than or equal to 0.1"),
        ("{name: a, use: ignore, plane: floor, " + SQUARE + "}", "on the floor, which needs lens and mount"),
        ("{name: a, use: ignore, " + SQUARE + "}, {name: a, use: watch, " + SQUARE + "}", "two zones are named 'a'"),
    ],
)
def test_a_zone_that_cannot_be_is_one_clear_line(text: str, message: str, tmp_path: Path) -> None:
    file = tmp_path / "spotter.yaml"
    file.write_text(f"cameras: [{{id: gate, source: '0', view: {{zones: [{text}]}}}}]\n")
    with pytest.raises(ConfigError, match=r"^setting 'cameras\.0\.view") as caught:
        load_settings(file)
    assert message in str(caught.value)
    assert "\n" not in str(caught.value)


def test_zones_of_a_settings_file(tmp_path: Path) -> None:
    file = tmp_path / "spotter.yaml"
    file.write_text(
        f"cameras: [{{id: gate, source: '0', view: {{zones: [{{name: dock 1, use: watch, {SQUARE}}}]}}}}]\n"
    )
    (camera,) = load_settings(file).cameras
    assert camera.view.zones[0].name == "dock 1"
    assert ViewParameters.model_validate(camera.view.model_dump(mode="json")) == camera.view
