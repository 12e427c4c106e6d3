"""`spotter record`, `replay`, `backtest` and `evaluate events` as a user runs them, and what they say to bad input."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest
from typer.testing import CliRunner

from spotter.cli.app import build, execute
from spotter.recordings import open_recording

sys.path.append(str(Path(__file__).resolve().parents[1] / "recordings"))

from recorded_poses import clip_poses, write

SMALL = ("--input-size", "160")
"""A small model input, for speed; what it sees does not matter here."""


@pytest.fixture
def clips(tmp_path: Path) -> Path:
    """Recordings of a fall and of two lifts."""
    folder = tmp_path / "rec"
    (folder / "falls").mkdir(parents=True)
    write(folder / "falls" / "aisle.avro", clip_poses("aisle"))
    for name in ("dock", "packing"):
        write(folder / f"{name}.avro", clip_poses(name))
    return folder


def run(capsys: pytest.CaptureFixture[str], *arguments: object) -> tuple[int, str, str]:
    code = execute([str(argument) for argument in arguments])
    captured = capsys.readouterr()
    return code, captured.out, captured.err


def one_line(text: str) -> str:
    (line,) = text.strip().splitlines()
    assert line.startswith("spotter: ")
    return line


def lines(text: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in text.splitlines()]


def test_footage_is_recorded_and_replayed_as_it_is_analysed(spotter: Any, tmp_path: Path, demo_clips: Path) -> None:
    """Same alerts, same ids, same numbers, whether the rules see the footage or its recording."""
    recorded = spotter("record", demo_clips / "aisle.mp4", "--out", tmp_path / "rec", *SMALL)
    assert recorded.code == 0, recorded.err
    assert "aisle.avro: 255 frames" in recorded.out
    analysed = spotter("analyze", demo_clips / "aisle.mp4", "--json", "-", "--quiet", *SMALL)
    replayed = spotter("replay", tmp_path / "rec", "--json", "-", "--quiet")
    assert replayed.code == 0, replayed.err
    expected = [line for line in lines(analysed.out) if line["type"] in ("alert", "suppressed")]
    found = [line for line in lines(replayed.out) if line["type"] in ("alert", "suppressed")]
    assert [line["update"] for line in expected] == ["raised", "ended"]
    assert [
        {key: line[key] for key in line if key not in ("recording", "site", "camera")} for line in found
    ] == expected
    assert {(line["recording"], line["camera"]) for line in found} == {("aisle", "aisle")}
    with open_recording(tmp_path / "rec" / "aisle.avro") as reader:
        assert reader.header.cameras["aisle"].footage == "aisle.mp4"
        assert str(demo_clips) not in str(reader.header)
    again = spotter("record", demo_clips / "aisle.mp4", "--out", tmp_path / "rec", *SMALL)
    assert again.code == 11
    assert "exists already" in again.one_line()


def test_cameras_are_recorded_until_they_end(spotter: Any, tmp_path: Path, demo_clips: Path) -> None:
    sources = ("--camera", f"a={demo_clips / 'dock.mp4'}", "--camera", f"b={demo_clips / 'dock.mp4'}")
    done = spotter("record", "--live", *sources, "--out", tmp_path / "rec", "--for", "60s", "--input-size", "128")
    assert done.code == 0, done.err
    assert "frames of 2 cameras recorded" in done.out
    (path,) = (tmp_path / "rec").iterdir()
    with open_recording(path) as reader:
        frames = list(reader)
    assert {frame.camera_id for frame in frames} == {"a", "b"}
    assert len(frames) > 60
    replayed = spotter("replay", path)
    assert "1 recordings, 2 cameras" in replayed.out


def test_replay_prints_a_table(clips: Path, capsys: pytest.CaptureFixture[str]) -> None:
    code, out, err = run(capsys, "replay", clips)
    assert (code, err) == (0, "")
    assert "6.87 s" in out
    assert "possible fall: ended" in out
    assert "3 recordings, 3 cameras, 472 frames" in out.replace("\n", " ")


def test_replay_takes_settings(clips: Path, capsys: pytest.CaptureFixture[str]) -> None:
    code, out, _ = run(capsys, "replay", clips, "--set", "ergonomics.fall.enabled=false", "--json", "-", "-q")
    assert code == 0
    first, last = lines(out)
    assert first["settings"]["fall"]["enabled"] is False
    assert (last["alerts"], last["frames"]) == ({}, 472)


def test_backtest_tells_what_changes(clips: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    picture = tmp_path / "t.svg"
    code, out, _ = run(
        capsys, "backtest", clips, "--set", "ergonomics.fall.confirm_s=5", "--picture", picture, "--json"
    )
    assert code == 1
    result = json.loads(out)
    assert result["counts"] == {"same": 0, "changed": 1, "appeared": 0, "vanished": 0}
    (alert,) = result["alerts"]
    assert (alert["recording"], alert["camera"], alert["details"]) == ("aisle", "aisle", ["raised 2.00 s later"])
    assert alert["candidate"]["raised_s"] - alert["baseline"]["raised_s"] == pytest.approx(2.0)
    assert ElementTree.parse(picture).getroot().tag.endswith("svg")
    code, out, _ = run(capsys, "backtest", clips, "--set", "ergonomics.fall.enabled=false")
    assert code == 1
    assert "vanished" in out
    assert "1 vanished" in out


def test_backtest_of_the_same_settings_finds_nothing(clips: Path, tmp_path: Path, capsys: Any) -> None:
    settings = tmp_path / "same.yaml"
    settings.write_text("ergonomics: {fall: {confirm_s: 3}}\n")
    code, out, _ = run(capsys, "backtest", clips, "--candidate", settings)
    assert code == 0
    assert "1 same, 0 changed, 0 appeared, 0 vanished" in out


def labels(tmp_path: Path, *items: dict[str, Any]) -> Path:
    path = tmp_path / "labels.json"
    path.write_text(json.dumps({"items": items}))
    return path


def test_evaluate_counts_misses_false_alarms_and_draws_them(
    clips: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = labels(
        tmp_path,
        {"file": "falls/aisle.mp4", "events": [{"type": "fall", "end_s": 4.0}]},
        {"file": "dock.mp4", "events": [{"type": "fall", "end_s": 3.0}]},
        {"file": "gone.mp4"},
    )
    code, out, err = run(capsys, "evaluate", "events", "--labels", file, clips, "--pictures", tmp_path / "p", "--json")
    assert code == 0
    assert "1 labelled videos are not in what was named and do not count: gone.mp4" in one_line(err)
    result = json.loads(out)
    figures = result["all"]
    assert (figures["falls"], figures["found"], figures["false_alarms"]) == (2, 1, 0)
    assert figures["sensitivity_interval"] == pytest.approx([0.0945, 0.9055], abs=1e-4)
    assert figures["false_alarms_interval"][1] == pytest.approx(2.9957 / (figures["camera_seconds"] / 86400), rel=1e-3)
    (problem,) = result["problems"]
    assert (problem["kind"], problem["file"], problem["where"]) == ("miss", "dock.mp4", "rule")
    assert "ground_hip" in problem["text"]
    drawn = Path(problem["picture"])
    assert drawn.parent == tmp_path / "p"
    assert "data:image" not in drawn.read_text()


def test_evaluate_takes_cameras_of_one_recording_apart(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    began = 1_795_593_600_000_000_000
    frames = clip_poses("aisle", camera="hall", epoch=began) + clip_poses("dock", camera="yard", epoch=began)
    (tmp_path / "rec").mkdir()
    write(tmp_path / "rec" / "monday.avro", sorted(frames, key=lambda pose: pose.captured_at), footage=False)
    hall = {"file": "monday.avro", "camera": "hall", "events": [{"type": "fall", "end_s": 4.0}]}
    file = labels(tmp_path, hall, {"file": "monday.avro", "camera": "yard"}, {"file": "monday.avro", "camera": "gone"})
    code, out, err = run(capsys, "evaluate", "events", "--labels", file, tmp_path / "rec", "--json")
    assert code == 0
    assert "'monday.avro': no frame of camera 'gone' is there" in one_line(err)
    figures = json.loads(out)["all"]
    assert (figures["cameras"], figures["found"], figures["missed"], figures["false_alarms"]) == (3, 1, 0, 0)
    assert figures["camera_seconds"] == pytest.approx((254 + 104) / 15, abs=0.01)
    file = labels(tmp_path, {"file": "monday.avro"})
    code, _, err = run(capsys, "evaluate", "events", "--labels", file, tmp_path / "rec")
    assert code == 2
    assert "has 2 cameras, and item 'monday.avro' names none" in one_line(err)


def test_evaluate_shows_the_footage_where_it_is_given(
    clips: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], demo_clips: Path
) -> None:
    file = labels(tmp_path, {"file": "aisle.mp4", "events": []})
    code, out, _ = run(capsys, "evaluate", "events", "--labels", file, clips, demo_clips, "--pictures", tmp_path / "p")
    assert code == 0
    assert "false alarm" in out
    assert "no falls" in out
    (drawn,) = (tmp_path / "p").iterdir()
    assert drawn.name == "false_alarm-aisle-0006866ms.svg"
    assert drawn.read_text().count("data:image/jpeg;base64,") == 8


def test_evaluate_poses_footage_itself(spotter: Any, tmp_path: Path, demo_clips: Path) -> None:
    file = labels(tmp_path, {"file": "dock.mp4", "events": []})
    config = tmp_path / "small.yaml"
    config.write_text("pose: {input_size: 128}\n")
    arguments = ("--hold-last", "2", "--config", config, "--json")
    done = spotter("evaluate", "events", "--labels", file, demo_clips / "dock.mp4", *arguments)
    assert done.code == 0, done.err
    result = json.loads(done.out)
    assert result["all"]["camera_seconds"] == pytest.approx(104 / 15, abs=0.1)
    assert result["problems"] == []


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        (("replay", "gone.avro"), 11, "cannot read recording 'gone.avro': No such file"),
        (("replay", "{clips}/falls/aisle.avro", "{notes}"), 11, "is no skeleton recording: it is another kind of file"),
        (("replay", "{empty}"), 11, "holds no recording"),
        (("replay", "{clips}", "--set", "ergonomics.fall.confirm_s=99"), 2, "confirm_s"),
        (("replay", "{clips}", "--json", "/gone/x"), 2, "cannot write '/gone/x'"),
        (("backtest", "{clips}"), 2, "nothing to compare with"),
        (("backtest", "{clips}", "--candidate", "gone.yaml"), 2, "cannot read settings file 'gone.yaml'"),
        (("backtest", "{clips}", "--set", "ergonomics.fall.confirm_s=4", "--picture", "/gone/x.svg"), 2, "/gone/x.svg"),
        (("evaluate", "events", "--labels", "gone.json", "{clips}"), 2, "cannot read labels"),
        (("evaluate", "events", "--labels", "{notes}", "{clips}"), 2, "are no JSON"),
        (("record", "gone.mp4"), 3, "gone.mp4"),
        (("record", "x.mp4", "--since", "3h"), 2, "--since is for --bus"),
        (("record", "x.mp4", "--max-age", "1h", "--rotate", "1h"), 2, "is not less than --max-age"),
        (("record", "--live", "{clip}", "--out", "a.avro"), 2, "cameras are recorded in parts"),
        (("record", "{clip}", "{clip}", "--out", "a.avro"), 2, "is one file for 2 sources"),
        (("record", "{clip}", "--rotate", "1h"), 2, "are for cameras"),
        (("record", "--bus"), 2, "--bus needs bus.kind: kafka"),
        (("record", "--bus", "--camera", "a=1"), 2, "a camera is named"),
        (("record", "x.mp4", "--for", "soon"), 2, "--for is 'soon', which is no time"),
        (("record", "x.mp4", "--max-size", "20"), 2, "--max-size is '20', which is no size"),
        (("record", "x.mp4", "--max-size", "1MB", "--rotate", "2MB"), 2, "is not less than"),
    ],
)
def test_bad_input_is_one_line(
    arguments: tuple[str, ...],
    code: int,
    words: str,
    clips: Path,
    tmp_path: Path,
    demo_clips: Path,
    capsys: Any,
    monkeypatch: Any,
) -> None:
    monkeypatch.chdir(tmp_path)
    notes, empty = tmp_path / "notes.txt", tmp_path / "empty"
    notes.write_text("not JSON, and no recording")
    empty.mkdir()
    places = {"clips": clips, "notes": notes, "empty": empty, "clip": demo_clips / "dock.mp4"}
    given = [text.format(**places) for text in arguments]
    found, _, err = run(capsys, *given)
    assert found == code, err
    assert words in one_line(err)


@pytest.mark.parametrize("command", ["record", "replay", "backtest", "evaluate"])
def test_help_has_examples(command: str) -> None:
    arguments = [command, *(["events"] if command == "evaluate" else []), "--help"]
    result = CliRunner().invoke(build(arguments), arguments)
    assert result.exit_code == 0
    assert "Examples:" in result.output
