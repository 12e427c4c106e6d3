"""Scene files: what they may say, and that every tool reads what comes of them."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import yaml

from spotter.cli.app import execute
from spotter.core.contracts import AlertKind
from spotter.core.errors import ConfigError
from spotter.evaluation.labels import read_labels
from spotter.evaluation.replay import Rules, replay
from spotter.recordings import find_recordings
from spotter.simulate.workers.film import perform
from spotter.simulate.workers.motions.catalogue import MOTIONS
from spotter.simulate.workers.scene_file import Scene, read_scene
from spotter.simulate.workers.steps import VERBS

EXAMPLE = Path(__file__).parents[2] / "docs" / "simulate-scene.yaml"
GUIDE = Path(__file__).parents[2] / "docs" / "simulate.md"

CAMERA = {"id": "a", "at": [0, -5], "height": 3, "looks_at": [0, 0, 1]}
WORKER: dict[str, Any] = {"name": "w", "at": [-3, 0], "does": ["walk", {"fall": "left"}, {"lie": 5}]}


def written(folder: Path, **changes: Any) -> Path:
    path = folder / "scene.yaml"
    path.write_text(yaml.safe_dump({"cameras": [CAMERA], "workers": [WORKER]} | changes))
    return path


def test_the_example_goes_through_every_tool(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = tmp_path / "sim"
    assert execute(["simulate", str(EXAMPLE), "--out", str(out), "--quiet"]) == 0
    told = capsys.readouterr().out
    assert "dock: 481 frames" in told
    assert f"wrote {out / 'labels.json'}" in told
    (recording,) = find_recordings([out])
    assert set(recording.cameras) == {"dock", "aisle"}
    frames = list(recording.poses())
    assert len(frames) == 2 * 481
    assert {frame.model for frame in frames} == {"movenet-multipose/1"}
    items = read_labels(out / "labels.json")
    assert [(item.camera, len(item.impacts)) for item in items] == [("dock", 1), ("aisle", 1)]
    with np.load(out / "simulate-scene.truth.npz") as truth:
        count = len(truth["ben/times"])
        assert truth["ben/joints"].shape == (count, 17, 3)
        assert truth["ben/trunk_flexion"].shape == (count,)
        assert truth["dock/ben/points"].shape[1:] == (17, 2)
        assert set(np.unique(truth["aisle/ana/visibility"])) <= {0, 1, 2}
    assert execute(["evaluate", "events", "--labels", str(out / "labels.json"), str(out)]) == 0
    # How many the rule finds is a figure of benchmarks/simulated_falls.py; here both cameras' falls must count.
    assert re.search(r"way: left +\d/2 ", capsys.readouterr().out)


def test_without_errors_the_fall_is_told_and_nothing_else(tmp_path: Path) -> None:
    path = written(tmp_path, detector="exact")
    assert execute(["simulate", str(path), "--out", str(tmp_path / "sim"), "--quiet"]) == 0
    (recording,) = find_recordings([tmp_path / "sim"])
    replayed = replay(recording, Rules()).cameras["a"]
    alerts = replayed.alerts()
    assert [run.alert.kind for run in alerts] == [AlertKind.POSSIBLE_FALL]
    (item,) = read_labels(tmp_path / "sim" / "labels.json")
    impact = item.impacts[0].at_s
    assert impact < replayed.seconds(alerts[0].alert.raised_at) < impact + 4


def test_the_same_scene_makes_the_same_bytes(tmp_path: Path) -> None:
    path = written(tmp_path)

    def bytes_of(folder: str, *options: str) -> tuple[Any, bytes]:
        out = tmp_path / folder
        assert execute(["simulate", str(path), "--out", str(out), "--quiet", *options]) == 0
        (recording,) = find_recordings([out])
        frames = b"".join(frame.keypoints.tobytes() for frame in recording.poses())
        return recording.headers[0].recording, frames + (out / "labels.json").read_bytes()

    assert bytes_of("one") == bytes_of("two")
    assert bytes_of("one-more", "--seed", "9") != bytes_of("three")


def test_a_camera_that_does_not_see_a_fall_has_no_label_of_it(tmp_path: Path) -> None:
    away = CAMERA | {"id": "b", "looks_at": [0, -9, 1]}
    path = written(tmp_path, cameras=[CAMERA, away])
    assert execute(["simulate", str(path), "--out", str(tmp_path / "sim"), "--quiet"]) == 0
    labels = json.loads((tmp_path / "sim" / "labels.json").read_text())
    assert {item["camera"]: [event["type"] for event in item["events"]] for item in labels["items"]} == {
        "a": ["fall"], "b": [],
    }  # fmt: skip


def test_every_move_can_be_done() -> None:
    does: list[Any] = [
        {"stand": 0.5}, {"turn_to": 90}, {"walk_to": [0, 1]}, {"walk_to": {"to": [1, 1], "speed": 0.9}},
        {"pick_up": {"style": "semi_squat", "twist": 20, "aside": 0.1, "base": 0.4}}, {"carry_to": [1, 2]},
        {"put_down": {"twist": -15}}, {"pick_up": {"base": 0.7}}, {"place_overhead": {"base": 1.6}},
        {"push_to": [2, 3]}, {"sit": 1}, {"kneel": 1}, {"fall": "backward"}, {"lie": 1}, "get_up",
    ]  # fmt: skip
    assert {next(iter(step)) for step in does if isinstance(step, dict)} == set(VERBS)
    scene = Scene.model_validate({"cameras": [CAMERA], "workers": [WORKER | {"does": does, "stature": 1.75}]})
    (take,) = perform(scene)
    kinds = {event.kind.partition(":")[0] for event in take.events}
    assert {"lift_origin", "lift_destination", "push", "seated", "kneeling", "fall_onset", "impact"} <= kinds
    assert np.isfinite(take.joints).all()


def test_the_guide_names_every_motion_and_every_move() -> None:
    text = GUIDE.read_text()
    assert [name for name in (*MOTIONS, *VERBS) if f"`{name}`" not in text] == []
    assert EXAMPLE.name in text


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"cameras": []}, "cameras: List should have at least 1 item"),
        ({"cameras": [CAMERA, CAMERA]}, "two cameras are named 'a'"),
        ({"cameras": [CAMERA | {"height": -1}]}, "cameras.0.height"),
        ({"cameras": [CAMERA | {"looks_at": [0, -5, 0]}]}, "looks straight down"),
        ({"workers": [WORKER | {"stature": 3}]}, "workers.0.stature"),
        ({"workers": [WORKER | {"does": ["juggle"]}]}, "worker 'w', step 1: there is no motion 'juggle'"),
        ({"workers": [WORKER | {"does": [{"fly": 1}]}]}, "worker 'w', step 1: there is no move 'fly'"),
        ({"workers": [WORKER | {"does": [{"fall": "up"}]}]}, "worker 'w', step 1: fall: Input should be 'forward'"),
        ({"workers": [WORKER | {"does": [{"stand": 1, "lie": 1}]}]}, "step 1: a step is one move"),
        ({"workers": [WORKER | {"does": [{"fall": "left"}, "walk"]}]}, "'walk' begins standing"),
        ({"workers": [WORKER | {"does": [{"put_down": {}}]}]}, "nothing is held"),
        ({"workers": [WORKER | {"does": [{"pick_up": {"ahead": 2.0}}]}]}, "does not reach a box"),
        ({"colour": "red"}, "colour: Extra inputs are not permitted"),
    ],
)
def test_what_is_wrong_in_a_scene_is_one_line(
    changes: dict[str, Any], message: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = written(tmp_path, **changes)
    assert execute(["simulate", str(path), "--out", str(tmp_path / "sim"), "--quiet"]) == 2
    error = capsys.readouterr().err
    assert message in error
    assert error.count("\n") == 1
    assert not list((tmp_path / "sim").glob("*")) if (tmp_path / "sim").exists() else True


def test_files_that_are_no_scenes(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="cannot read scene"):
        read_scene(tmp_path / "nothing.yaml")
    path = tmp_path / "bad.yaml"
    for text, message in (("a: [", "is no YAML"), ("- 1\n", "no cameras and workers"), ("\x00", "is no YAML")):
        path.write_text(text)
        with pytest.raises(ConfigError, match=message):
            read_scene(path)


def test_nothing_is_overwritten(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = written(tmp_path)
    out = tmp_path / "sim"
    assert execute(["simulate", str(path), "--out", str(out), "--quiet"]) == 0
    before = {file.name: file.read_bytes() for file in out.iterdir()}
    assert execute(["simulate", str(path), "--out", str(out), "--quiet"]) == 2
    assert "exists already" in capsys.readouterr().err
    assert {file.name: file.read_bytes() for file in out.iterdir()} == before
