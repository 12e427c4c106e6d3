"""Replays: times, gaps, settings, several processes."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from recorded_poses import clip_poses, write

from spotter.cli.overrides import parse_sets, rule_settings
from spotter.core.clock import SECOND, from_seconds
from spotter.core.contracts import AlertKind
from spotter.core.errors import ConfigError, RecordingError
from spotter.core.parameters import RuleParameters, TrackerParameters, ViewParameters
from spotter.core.settings import load_settings
from spotter.ergonomics.assessment import CameraAssessor
from spotter.evaluation.many import replay_many
from spotter.evaluation.replay import Rules, replay, replay_poses
from spotter.recordings import CameraRecord, find_recordings

BEGAN = 1_764_000_000 * SECOND


def test_steps_are_those_of_the_rules_themselves() -> None:
    poses = clip_poses("aisle")
    assessor = CameraAssessor("plant", "aisle", ViewParameters(), RuleParameters())
    expected = [step for pose in poses for step in assessor.update(pose).alerts] + list(assessor.end().alerts)
    camera = replay_poses(poses, "plant", {}, Rules())["aisle"]
    assert camera.steps == expected
    (run,) = camera.alerts()
    assert run.alert.kind is AlertKind.POSSIBLE_FALL
    assert run.closed_by == "ended"
    assert run.updates[0].number == 0


@pytest.mark.parametrize("footage", [True, False])
def test_times_count_from_the_beginning(footage: bool) -> None:
    """Of footage from its first picture, also when that was not posed; of a live camera from its first frame."""
    poses = clip_poses("aisle", epoch=BEGAN)[15:]
    record = CameraRecord(footage="aisle.mp4" if footage else "")
    camera = replay_poses(poses, "plant", {"aisle": record}, Rules())["aisle"]
    (run,) = camera.alerts()
    assert camera.seconds(poses[0].captured_at) == pytest.approx(1.0 if footage else 0.0)
    assert camera.seconds(run.alert.raised_at) == pytest.approx(6.9 if footage else 5.9, abs=0.5)


def test_gaps_and_held_pictures_are_not_watched() -> None:
    poses = clip_poses("dock")
    shifted = [
        replace(pose, captured_at=pose.captured_at + from_seconds(60), sequence=pose.sequence + 1000) for pose in poses
    ]
    camera = replay_poses([*poses, *shifted], "plant", {"dock": CameraRecord(footage="d", held_s=2.0)}, Rules())["dock"]
    assert camera.frames == 2 * len(poses)
    assert camera.watched_s == pytest.approx(2 * (len(poses) - 1) / 15 - 2.0, abs=1e-3)


def test_what_comes_twice_or_late_changes_nothing() -> None:
    poses = clip_poses("aisle")
    plain = replay_poses(poses, "plant", {}, Rules())["aisle"]
    doubled = replay_poses([*poses[:90], *poses[40:]], "plant", {}, Rules())["aisle"]
    assert doubled.steps == plain.steps
    assert doubled.refused == 50


def test_the_view_that_was_entered_wins_over_the_recorded_one() -> None:
    entered, recorded = ViewParameters(pitch_low_deg=5), ViewParameters(pitch_low_deg=9)
    rules = Rules(views={"a": entered})
    assert rules.view("a", CameraRecord(recorded)) is entered
    assert rules.view("b", CameraRecord(recorded)) is recorded
    assert rules.view("b", CameraRecord()) == ViewParameters()


def test_a_camera_without_a_view_in_the_settings_lends_none() -> None:
    cameras = [{"id": "a", "source": "a.mp4"}, {"id": "b", "source": "b.mp4", "view": {"pitch_low_deg": 3}}]
    rules = Rules.of(load_settings(overrides={"cameras": cameras}))
    assert list(rules.views) == ["b"]


def test_several_processes_give_the_same_in_the_same_order(tmp_path: Path) -> None:
    for name in ("dock", "aisle", "packing"):
        write(tmp_path / f"{name}.avro", clip_poses(name))
    found = find_recordings([tmp_path])
    alone, together = list(replay_many(found, Rules(), 1)), list(replay_many(found, Rules(), 2))
    assert [one.name for one in together] == ["aisle", "dock", "packing"]
    assert [one.cameras for one in together] == [one.cameras for one in alone]


def test_the_cameras_of_one_recording_are_shared_out(tmp_path: Path) -> None:
    frames = [pose for name in "abcde" for pose in clip_poses("aisle" if name < "c" else "dock", camera=name)]
    frames.sort(key=lambda pose: pose.captured_at)
    path = write(tmp_path / "site.avro", frames)
    path.write_bytes(path.read_bytes()[:-5])
    found = find_recordings([path])
    (alone,), (together,) = list(replay_many(found, Rules(), 1)), list(replay_many(found, Rules(), 3))
    assert list(together.cameras) == list("abcde")
    assert together == alone
    assert len(together.notes) == 1


def test_an_error_comes_out_of_another_process_as_it_is(tmp_path: Path) -> None:
    write(tmp_path / "a.avro", clip_poses("dock"))
    path = write(tmp_path / "b.avro", clip_poses("packing"))
    data = bytearray(path.read_bytes())
    data[-400] ^= 0xFF
    path.write_bytes(bytes(data))
    with pytest.raises(RecordingError, match=r"b\.avro' is damaged") as caught:
        list(replay_many(find_recordings([tmp_path]), Rules(), 2))
    assert caught.value.exit_code == 11


def test_notes_come_with_the_replay(tmp_path: Path) -> None:
    path = write(tmp_path / "a.avro", clip_poses("dock"))
    path.write_bytes(path.read_bytes()[:-5])
    (recording,) = find_recordings([path])
    result = replay(recording, Rules())
    assert result.notes == (f"recording '{path}' is cut off: its 0 whole frames are used",)
    assert result.cameras == {}


def test_overrides_reach_the_rules() -> None:
    settings = rule_settings(None, ["ergonomics.fall.confirm_s=5", "ergonomics.fall.escalate_s=[10, 20]"])
    assert settings.ergonomics.fall.confirm_s == 5
    assert settings.ergonomics.fall.escalate_s == (10, 20)
    assert settings.ergonomics.tracker == TrackerParameters()


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("ergonomics.fall.confirm_s", "is not KEY=VALUE"),
        ("ergonomics=3", "is not KEY=VALUE"),
        ("pose.model=x", "changes nothing on a recording"),
        ("ergonomics.fall.confirm_s=[", "no YAML"),
    ],
)
def test_overrides_that_make_no_sense_are_one_line(text: str, words: str) -> None:
    with pytest.raises(ConfigError, match=words):
        parse_sets([text])


def test_two_overrides_of_one_place_are_refused() -> None:
    with pytest.raises(ConfigError, match="below another"):
        parse_sets(["ergonomics.fall=1", "ergonomics.fall.confirm_s=5"])


def test_unknown_settings_are_named() -> None:
    with pytest.raises(ConfigError, match=r"confirm_sec.*Did you mean 'confirm_s'"):
        rule_settings(None, ["ergonomics.fall.confirm_sec=5"])
