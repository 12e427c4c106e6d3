"""Labels of falls, and results by stratum."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from recorded_poses import clip_poses

from spotter.core.errors import ConfigError
from spotter.evaluation.labels import LabelledItem, read_labels
from spotter.evaluation.outcome import judge, strata, total, usable_share
from spotter.evaluation.replay import Rules, replay_poses
from spotter.recordings import CameraRecord


def labels(tmp_path: Path, *items: Any) -> list[LabelledItem]:
    path = tmp_path / "labels.json"
    path.write_text(json.dumps({"version": 1, "items": items}))
    return read_labels(path)


def test_what_is_read(tmp_path: Path) -> None:
    (item,) = labels(
        tmp_path,
        {"file": "notes.csv", "kind": "labels csv"},
        {
            "file": "hall/fall.mp4",
            "kind": "video",
            "licence": "ours",
            "strata": {"distance": "near"},
            "events": [
                {"type": "fall", "start_s": 8.0, "end_s": 9.0},
                {"type": "lie", "start_s": 3.0, "end_s": 9.0},
                {"type": "fall", "start_s": 2.0, "end_s": 3.0, "strata": {"start": "sitting"}},
            ],
        },
    )
    assert (item.file, item.stem, item.camera) == ("hall/fall.mp4", "fall", "")
    assert [(impact.at_s, dict(impact.strata)) for impact in item.impacts] == [(3.0, {"start": "sitting"}), (9.0, {})]
    assert dict(item.strata) == {"folder": "hall", "distance": "near"}


def test_the_labels_of_the_reference_footage_are_of_this_form(shared_dir: Path) -> None:
    found = read_labels(shared_dir / "data" / "labels.json")
    assert len(found) == 60
    assert sum(len(item.impacts) for item in found) == 31
    assert {item.strata["folder"] for item in found} >= {"urfall", "adl", "lift_unimore", "surveillance"}


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ("[", "are no JSON"),
        ("[]", "have no list 'items'"),
        ('{"items": []}', "name no video"),
        ('{"items": [3]}', "item 'number 0'"),
        ('{"items": [{"events": []}]}', "'file' is missing"),
        ('{"items": [{"file": "a.mp4", "events": [{"type": "fall"}]}]}', "item 'a.mp4'.*'end_s' is missing"),
        ('{"items": [{"file": "a.mp4", "events": [{"type": "fall", "end_s": -1}]}]}', "the end_s of a fall is -1"),
        ('{"items": [{"file": "a.mp4", "events": [{"type": "fall", "end_s": "soon"}]}]}', "item 'a.mp4'"),
        ('{"items": [{"file": "a.mp4", "strata": 3}]}', "item 'a.mp4'"),
    ],
)
def test_bad_labels_are_one_line(tmp_path: Path, content: str, words: str) -> None:
    path = tmp_path / "labels.json"
    path.write_text(content)
    with pytest.raises(ConfigError, match=words) as caught:
        read_labels(path)
    assert "\n" not in str(caught.value)
    assert str(path) in str(caught.value)


def test_labels_that_are_not_there(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="cannot read labels"):
        read_labels(tmp_path / "labels.json")


def test_figures_add_up_over_strata(tmp_path: Path) -> None:
    """One fall that is found, one miss long after it, one clip without falls and without alarms."""
    items = labels(
        tmp_path,
        {"file": "a/aisle.mp4", "events": [
            {"type": "fall", "end_s": 4.0, "strata": {"start": "standing"}},
            {"type": "fall", "end_s": 30.0, "strata": {"start": "sitting"}},
        ]},
        {"file": "b/dock.mp4", "events": [{"type": "bend", "start_s": 1, "end_s": 2}]},
    )  # fmt: skip
    judged = []
    for item in items:
        record = {item.stem: CameraRecord(footage=item.file)}
        camera = replay_poses(clip_poses(item.stem), "plant", record, Rules())[item.stem]
        judged.append(judge(item, camera))
    whole = total(judged)
    assert (whole.score.true_positives, whole.score.false_negatives, whole.score.false_positives) == (1, 1, 0)
    assert whole.seconds == pytest.approx((254 + 104) / 15, abs=0.01)
    assert 2.0 < whole.score.latencies[0] < 4.0
    found = {one.name: one for one in strata(judged)}
    assert list(found) == ["folder: a", "folder: b", "start: sitting", "start: standing"]
    assert (found["folder: b"].score.events, found["folder: b"].cameras) == (0, 1)
    assert found["folder: a"].score + found["folder: b"].score == whole.score
    assert (found["start: sitting"].score.false_negatives, found["start: sitting"].seconds) == (1, None)
    assert found["start: standing"].score.latencies == whole.score.latencies
    usable = usable_share(judged)
    assert usable is not None
    assert 0.5 < usable <= 1.0


def test_an_alert_that_answers_nothing_is_false(tmp_path: Path) -> None:
    (item,) = labels(tmp_path, {"file": "aisle.mp4"})
    judged = judge(item, replay_poses(clip_poses("aisle"), "plant", {}, Rules())["aisle"])
    (run,) = judged.false
    assert judged.score.false_positives == 1
    assert judged.raised_s(run) == pytest.approx(6.87, abs=0.3)
    assert not judged.duplicates
