"""A clip's report from an analysis in memory: second by second, and in sum what the store would have been given."""

from __future__ import annotations

from dataclasses import asdict
from functools import cache
from pathlib import Path

import pytest
from page_tools import Outline, Run

from spotter.core.clock import SECOND
from spotter.core.parameters import RuleParameters
from spotter.ergonomics.assessment import CameraAssessor
from spotter.ergonomics.exposure.minutes import WHOLE_VIEW
from spotter.report.data import Record
from spotter.report.entered import entered_of
from spotter.report.live import LiveRecord
from spotter.report.page import page
from spotter.report.tally import total
from spotter.simulate.workers import SimulatedModel, Viewpoint, project, simulate_motion


@cache
def analysed() -> tuple[Record, CameraAssessor]:
    """A simulated worker who lifts, seen from the side through the detector's errors."""
    take = simulate_motion("stand+lift_and_place+stand+lift_and_place+stand", seed=7, fps=15)
    view = Viewpoint.around((0.0, 0.0, 0.9), azimuth=90, distance=5, above=1.0, hfov=70)
    assessor = CameraAssessor("site", "clip", view.parameters(), RuleParameters())
    live, lifts = LiveRecord("clip"), []
    for pose in project(take, view, 7, SimulatedModel()):
        assessment = assessor.update(pose)
        if assessment is not None:
            lifts += assessment.work.lifts
            live.add(pose.captured_at, assessor.minutes)
    lifts += assessor.end().lifts
    return live.record("lift.mp4", {"Spotter": "0"}, lifts, assessor.minutes), assessor


def test_the_seconds_add_up_to_the_minutes() -> None:
    record, assessor = analysed()
    minutes = [minute for (_, station), minute in assessor.minutes.every().items() if station == WHOLE_VIEW]
    assert len(record.buckets) > 10
    assert sum(one.frames for one in record.buckets) == sum(minute.frames for minute in minutes)
    for name in {name for minute in minutes for name in minute.numbers}:
        expected = sum(minute.numbers.get(name, 0.0) for minute in minutes)
        assert sum(one.numbers.get(name, 0.0) for one in record.buckets) == pytest.approx(expected, abs=1e-6), name
    for name, expected in asdict(assessor.exposure).items():
        assert sum(getattr(one, name) for one in record.buckets) == pytest.approx(expected, abs=1e-6), name
    unscored = total(record.buckets).unscored
    for reason, us in ((reason, us) for minute in minutes for reason, us in minute.unscored_s.items()):
        assert unscored[reason] >= us - 1e-6


def test_lifts_and_postures_of_the_clip_are_there() -> None:
    record, _ = analysed()
    assert len(record.lifts) >= 2
    assert [one.rank for one in record.postures] == sorted((one.rank for one in record.postures), reverse=True)
    assert len({one.at // SECOND for one in record.postures}) == len(record.postures) > 3
    found = Outline(page(record, entered_of(())))
    assert "lift-like movements" in found.text
    assert "Each bar is a second." in found.text
    assert "watched for less than 15 minutes, which is too short to tell a frequency" in found.text
    assert found.headings[0][1] == "Everything in view"


def test_analyze_writes_a_report_of_a_clip(spotter: Run, tmp_path: Path) -> None:
    clip = Path(__file__).resolve().parents[2] / "services" / "spotter" / "demo" / "packing.mp4"
    done = spotter("analyze", clip, "--report", "clip.html", "--load", "5..12", "--coupling", "fair", "--max-fps", "5")
    assert done.code == 0, done.err
    assert "Report: clip.html" in done.out
    found = Outline((tmp_path / "clip.html").read_text())
    assert "packing.mp4" in found.text
    assert "movenet-multipose" in found.text
    assert "load 5..12 kg, coupling fair" in found.text
    assert str(clip.parent) not in (tmp_path / "clip.html").read_text()


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (("--report", "clip.docx"), "--report 'clip.docx' is neither a page nor a PDF"),
        (("--report", "clip.html", "--load", "much"), "load 'much' is no number"),
    ],
)
def test_a_wrong_option_is_told_before_the_analysis(spotter: Run, options: tuple[str, ...], said: str) -> None:
    done = spotter("analyze", "nothing.mp4", *options)
    assert done.code == 2
    assert said in done.err
