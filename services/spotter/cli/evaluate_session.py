"""Replay the material, hold it against the labels, and look closer at each miss and false alarm."""

from __future__ import annotations

import re
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from rich.console import Console
from rich.progress import track

from spotter.cli.evaluate_material import Material
from spotter.cli.evaluate_pictures import frames_at
from spotter.core.clock import from_seconds, to_seconds
from spotter.core.contracts import PoseFrame
from spotter.core.errors import ConfigError
from spotter.core.settings import Settings
from spotter.ergonomics.assessment import Assessment
from spotter.evaluation.diagnosis import AFTER_S, BEFORE_S, Diagnosis, diagnose
from spotter.evaluation.outcome import Judged, judge
from spotter.evaluation.replay import AlertRun, CameraReplay, Rules, replay_poses
from spotter.evaluation.strip import Strip, draw, moments
from spotter.evaluation.trace import Window
from spotter.recordings import CameraRecord


@dataclass(frozen=True, slots=True)
class Problem:
    """One miss or false alarm.

    Attributes:
        kind: "miss", "false_alarm" or "duplicate".
        at_s: of the impact or of the alert, seconds of the labels.
        picture: what was drawn of it; None without pictures.
    """

    kind: str
    judged: Judged
    at_s: float
    diagnosis: Diagnosis
    picture: Path | None = None


@dataclass(frozen=True, slots=True)
class Evaluation:
    """Everything that is known after an evaluation."""

    judged: tuple[Judged, ...]
    problems: tuple[Problem, ...]
    notes: tuple[str, ...]


def evaluate(material: Sequence[Material], settings: Settings, pictures: Path | None) -> Evaluation:
    """Judge everything; the problems in the order of the material.

    Raises:
        SpotterError: a recording or a video cannot be read; pictures cannot be written.
    """
    rules = Rules.of(settings)
    notes: list[str] = []
    judged: list[Judged] = []
    problems: list[Problem] = []
    shown = track(material, "judging", console=Console(stderr=True), disable=not sys.stderr.isatty(), transient=True)
    for one in shown:
        replayed = replay_poses(one.poses(notes.append), one.site, one.records, rules)
        camera = replayed.get(one.camera_id)
        if camera is None:
            notes.append(f"'{one.item.file}': no frame of camera '{one.camera_id}' is there")
            camera = CameraReplay(one.camera_id, one.records.get(one.camera_id, CameraRecord()))
        judgement = judge(one.item, camera)
        judged.append(judgement)
        if judgement.missed or judgement.false:
            problems += _look_closer(one, judgement, rules, pictures)
    return Evaluation(tuple(judged), tuple(problems), tuple(notes))


def _look_closer(material: Material, judged: Judged, rules: Rules, pictures: Path | None) -> list[Problem]:
    """Replay once more, with the signals of the seconds around each problem kept."""
    camera = judged.camera
    stops = camera.seconds(camera.last_at) - camera.record.held_s
    alerts = [(judged.raised_s(run), run) for run in judged.false]
    windows = [_window(impact.at_s, impact.at_s + AFTER_S, camera) for impact in judged.missed]
    windows += [_window(camera.seconds(run.alert.started_at), at + BEFORE_S, camera) for at, run in alerts]

    def keep(pose: PoseFrame, assessment: Assessment) -> None:
        if pose.camera_id == material.camera_id:
            for window in windows:
                window.take(to_seconds(pose.captured_at - camera.base), pose, assessment)

    replay_poses(material.poses(lambda note: None), material.site, material.records, rules, keep)
    missed, false = windows[: len(judged.missed)], windows[len(judged.missed) :]
    found = []
    for impact, window in zip(judged.missed, missed, strict=True):
        diagnosis = diagnose(window, impact.at_s, rules.parameters.fall)
        if camera.record.held_s and impact.at_s > stops:
            diagnosis = Diagnosis("material", "no_frames", "the impact is after the last frame of the footage")
        found.append(_problem("miss", judged, impact.at_s, diagnosis, window, material, rules, pictures))
    duplicates = {run.alert.id for run in judged.duplicates}
    for (at, run), window in zip(alerts, false, strict=True):
        kind = "duplicate" if run.alert.id in duplicates else "false_alarm"
        found.append(_problem(kind, judged, at, _cause(run), window, material, rules, pictures))
    return found


def _window(focus_s: float, end_s: float, camera: CameraReplay) -> Window:
    last = camera.seconds(camera.last_at)
    return Window(focus_s - BEFORE_S, end_s, focus_s, stops_s=last if last < end_s else None)


def _cause(run: AlertRun) -> Diagnosis:
    numbers = ", ".join(
        f"{name.replace('_', ' ')} {item.value:g} ({item.comparison} {item.threshold:g} {item.unit})"
        for name, item in run.alert.evidence.items()
    )
    kind = run.alert.kind.value
    return Diagnosis("rule", kind, f"{kind.replace('_', ' ')} of {run.alert.track_id}: {numbers}", run.alert.track_id)


def _problem(
    kind: str, judged: Judged, at_s: float, diagnosis: Diagnosis, window: Window, material: Material, rules: Rules,
    pictures: Path | None,
) -> Problem:  # fmt: skip
    if pictures is None:
        return Problem(kind, judged, at_s, diagnosis)
    words = {"miss": "Missed fall", "false_alarm": "False alarm", "duplicate": "Second alert of one fall"}[kind]
    strip = Strip(
        title=f"{words}: {judged.item.file}, {at_s:.2f} s",
        text=f"{diagnosis.where}: {diagnosis.text}",
        window=window,
        fall=rules.parameters.fall,
        impact_s=at_s if kind == "miss" else None,
        track_id=diagnosis.track_id,
        pictures=frames_at(material.footage, moments(window)) if material.footage is not None else {},
    )
    stem = re.sub(r"[^A-Za-z0-9_.-]+", "-", judged.item.file.rpartition(".")[0] or judged.item.file)
    path = pictures / f"{kind}-{stem}-{from_seconds(at_s) // 1_000_000:07d}ms.svg"
    try:
        pictures.mkdir(parents=True, exist_ok=True)
        path.write_text(draw(strip), encoding="utf-8")
    except OSError as error:
        raise ConfigError(
            f"cannot write picture '{path}': {error.strerror}", mend="Choose another folder with --pictures"
        ) from None
    return Problem(kind, judged, at_s, diagnosis, path)
