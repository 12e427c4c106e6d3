"""Where a miss comes from: skeletons that are cut, lost or not low enough, each with one thing amiss; its picture."""

from __future__ import annotations

from dataclasses import replace
from xml.etree import ElementTree

import numpy as np
import pytest
from skeletons import blend, figure, pose_frame, times

from spotter.core.clock import to_seconds
from spotter.core.contracts import PoseFrame
from spotter.core.parameters import FallParameters, RuleParameters
from spotter.evaluation.diagnosis import AFTER_S, BEFORE_S, Diagnosis, diagnose
from spotter.evaluation.replay import Rules, replay_poses
from spotter.evaluation.strip import PANELS, Strip, draw, moments
from spotter.evaluation.trace import Window

IMPACT = 4.7
NOT_END_ON = FallParameters(end_on_speed=4.9)
"""Nobody is taken to lie along the view."""


def fall(*, hip: float = 0.08, trunk: float = 90.0, stop: float = 14.0, up_at: float = 99.0) -> list[PoseFrame]:
    """Someone stands, falls from 4.0 to 4.7 s, lies, and gets up at `up_at`."""
    frames = []
    for index, at in enumerate(times(0, stop, 10)):
        down = [(4, 0.0), (4.7, 1.0), (up_at, 1.0), (up_at + 1, 0.0)]
        share = blend(at, down)
        points = figure(500, hip=0.53 + share * (hip - 0.53), trunk_deg=share * trunk, stiff=trunk > 45)
        frames.append(pose_frame(at, [points], sequence=index))
    return frames


def gone(frames: list[PoseFrame], begin: float, end: float) -> list[PoseFrame]:
    """The same frames with nobody in them for a while."""
    empty = pose_frame(0, [])
    parts = {name: getattr(empty, name) for name in ("boxes", "scores", "keypoints", "confidences")}
    return [
        replace(frame, boxes=np.zeros((0, 4), np.float32), scores=parts["scores"], keypoints=parts["keypoints"],
                confidences=np.zeros((0, 17), np.float32))
        if begin <= to_seconds(frame.captured_at) < end
        else frame
        for frame in frames
    ]  # fmt: skip


def look(frames: list[PoseFrame], parameters: FallParameters | None = None) -> tuple[Window, FallParameters]:
    fall_parameters = parameters or FallParameters()
    last = to_seconds(frames[-1].captured_at)
    window = Window(IMPACT - BEFORE_S, IMPACT + AFTER_S, IMPACT, stops_s=last if last < IMPACT + AFTER_S else None)
    rules = Rules(RuleParameters(fall=fall_parameters))
    replay_poses(frames, "plant", {}, rules, lambda pose, a: window.take(to_seconds(pose.captured_at), pose, a))
    return window, fall_parameters


def why(frames: list[PoseFrame], parameters: FallParameters | None = None) -> Diagnosis:
    window, fall_parameters = look(frames, parameters)
    assert not window.alerts_s, "the fall was found"
    return diagnose(window, IMPACT, fall_parameters)


def test_the_fall_itself_is_found() -> None:
    window, _ = look(fall())
    assert len(window.alerts_s) == 1


@pytest.mark.parametrize(
    ("frames", "parameters", "where", "reason", "words"),
    [
        (gone(fall(), 0, 99), None, "pose", "nobody_detected", "in 0 % of the frames"),
        (fall(stop=5.5), None, "material", "stops_too_early", "the recording stops 0.7 s after the impact"),
        (fall()[:20], None, "material", "no_frames", "no frame around the impact"),
        (gone(fall(), 4.3, 99), None, "pose", "nobody_detected", "of the frames from 1 s before the impact"),
        (fall(stop=7.0), None, "rule", "not_confirmed", "until the recording stops"),
        (fall(up_at=5.5), None, "rule", "suppressed_", "held back"),
        (fall(hip=0.35), NOT_END_ON, "rule", "hips_too_high", "(ground_hip 0.25"),
        (fall(hip=0.2, trunk=20), None, "rule", "head_too_high", "(ground_head 0.4)"),
        (fall(hip=0.45), None, "rule", "hips_too_high", "0.45 statures (ground_hip 0.25)"),
    ],
)
def test_the_first_thing_amiss_is_named(
    frames: list[PoseFrame], parameters: FallParameters | None, where: str, reason: str, words: str
) -> None:
    found = why(frames, parameters)
    assert found.where == where, found
    assert found.reason.startswith(reason), found
    assert words in found.text, found


def test_a_person_who_is_lost_and_comes_back_as_another_is_a_broken_track() -> None:
    frames = gone(fall(stop=9.0), 4.4, 7.5)
    found = why(frames, FallParameters(descent_head_drop=0.9, descent_drop=0.9))
    assert (found.where, found.reason) in (("track", "track_broken"), ("rule", "not_confirmed"))
    assert "s" in found.text


def test_the_descent_is_told_with_its_numbers() -> None:
    found = why(fall(hip=0.35), NOT_END_ON)
    assert "descent fast" in found.text
    assert "statures down" in found.text


def picture(strip: Strip) -> ElementTree.Element:
    return ElementTree.fromstring(draw(strip))


def strip(frames: list[PoseFrame], pictures: dict[float, str] | None = None) -> Strip:
    window, parameters = look(frames)
    found = diagnose(window, IMPACT, parameters)
    return Strip("Missed & <lost>", found.text, window, parameters, IMPACT, found.track_id, pictures or {})


def test_the_picture_shows_thresholds_impact_and_skeletons() -> None:
    root = picture(strip(fall(hip=0.35)))
    words = [element.text or "" for element in root.iter("{http://www.w3.org/2000/svg}text")]
    assert {"Missed & <lost>", "impact", "recording stops", "ground_hip 0.25", "ground_head 0.4", "p1"} <= set(words)
    panels = [one for one in root.iter("{http://www.w3.org/2000/svg}svg") if one is not root]
    assert len(panels) == PANELS
    assert all(len(list(panel.iter("{http://www.w3.org/2000/svg}line"))) > 8 for panel in panels)


def test_no_pixels_without_pictures_and_one_a_moment_with_them() -> None:
    given = strip(fall(hip=0.35))
    image = "{http://www.w3.org/2000/svg}image"
    assert not list(picture(given).iter(image))
    shown = dict.fromkeys(moments(given.window), "data:image/jpeg;base64,AAAA")
    assert len(shown) == PANELS
    assert len(list(picture(replace(given, pictures=shown)).iter(image))) == PANELS


@pytest.mark.parametrize("frames", [[], gone(fall(), 0, 99), fall()[:1]])
def test_little_to_show_is_a_picture_too(frames: list[PoseFrame]) -> None:
    window, parameters = (look(frames)) if frames else (Window(0, 9, IMPACT), FallParameters())
    root = picture(Strip("t", "", window, parameters, IMPACT, "", {}))
    assert root.tag.endswith("svg")
