"""Skeletons, charts and words: what is drawn, and how figures are written."""

from __future__ import annotations

import math
from xml.etree import ElementTree

import pytest
from report_samples import STOOPED

from spotter.report.charts import Band, Span, scale, timeline
from spotter.report.skeleton import SIZE, degrees, skeleton
from spotter.report.words import duration, figure, interval, percent, plain

SVG = "{http://www.w3.org/2000/svg}"


def shapes(drawing: str) -> list[ElementTree.Element]:
    return list(ElementTree.fromstring(drawing))


def test_a_skeleton_fits_and_shows_no_face() -> None:
    drawn = shapes(skeleton(STOOPED, "a stoop", trunk=(43.0, 67.0)))
    lines = [one for one in drawn if one.tag == f"{SVG}line"]
    for one in lines:
        assert 0 <= float(one.get("x1", "")) <= SIZE[0]
        assert 0 <= float(one.get("y2", "")) <= SIZE[1]
    # Eyes, ears and nose are one ring; eight limbs, shoulders, hips, trunk, vertical and neck.
    assert sum(one.tag == f"{SVG}circle" for one in drawn) == 2
    assert len(lines) == 13
    assert [one.text for one in drawn if one.tag == f"{SVG}text"] == ["43–67°"]


def test_a_skeleton_of_another_size_and_place_is_the_same_picture() -> None:
    moved = [(7 * x + 300, 7 * y - 90, confidence) for x, y, confidence in STOOPED]
    assert skeleton(moved, "a stoop") == skeleton(STOOPED, "a stoop")


def test_of_hidden_joints_nothing_is_drawn() -> None:
    hidden = [(x, y, 0.1 if index in (5, 6, 7, 9) else c) for index, (x, y, c) in enumerate(STOOPED)]
    drawn = shapes(skeleton(hidden, "half a person"))
    assert sum(one.get("class") == "s-left" for one in drawn) == 2
    nobody = shapes(skeleton([(0.0, 0.0, 0.0)] * 17, "nobody"))
    assert [one.text for one in nobody][-1] == "too little was seen"


def test_bars_are_as_high_as_what_they_show() -> None:
    band = Band("Trunk", "share", "bent", [(20.0, 50.0, 30.0), None, (0.0, 0.0, 0.0)], 100, "%")
    drawn = shapes(timeline([band], [(0, "06:00")], ["06:00", "06:15", "06:30"], "about"))
    bars = {one.get("class"): one for one in drawn if one.tag == f"{SVG}rect" and one.find(f"{SVG}title") is not None}
    heights = [float(one.get("height", "")) for one in drawn if one.tag == f"{SVG}rect" and len(one)]
    assert heights == pytest.approx([46 * 0.3, 46 * 0.3, 46 * 0.2], abs=0.06)
    assert bars["f-bent"].findtext(f"{SVG}title") == "06:00: 20 to 50 %, 30 % not seen"
    assert sum(one.get("height") == "1.5" for one in drawn) == 1


def test_an_interval_lies_where_it_belongs_on_its_scale() -> None:
    drawn = shapes(scale([Span("alone", 1, 15, False), Span("entered", 8, 8, True)], 1, 15, [(8, "soon")], "REBA"))
    wide, narrow = (one for one in drawn if one.tag == f"{SVG}rect")
    mark = next(one for one in drawn if one.get("stroke-dasharray"))
    assert float(wide.get("x", "")) + float(wide.get("width", "")) / 2 == pytest.approx(
        float(mark.get("x1", "")), abs=0.1
    )
    assert float(narrow.get("x", "")) == pytest.approx(float(mark.get("x1", "")), abs=0.1)
    assert float(narrow.get("width", "")) == 4
    assert [one.text for one in drawn if one.text in ("1 to 15", "8")] == ["1 to 15", "8"]


@pytest.mark.parametrize(
    ("seconds", "words"),
    [(0, "0 s"), (0.04, "0 s"), (4.25, "4.2 s"), (42, "42 s"), (61, "1 min"), (3599, "1 h"), (25_920, "7 h 12 min")],
)
def test_durations(seconds: float, words: str) -> None:
    assert duration(seconds) == words


def test_what_is_not_nothing_is_never_written_as_nothing() -> None:
    assert percent(0.0, 0.0) == "0 %"
    assert percent(0.001, 0.001) == "under 1 %"
    assert percent(0.0, 0.412) == "0 to 41 %"


def test_figures() -> None:
    assert [figure(value) for value in (0.51234, 7.25, 12.3, 1234.4, math.nan, math.inf)] == [
        "0.512", "7.25", "12.3", "1234", "-", "-",
    ]  # fmt: skip
    assert interval(4.5, 16.1, "kg") == "4.5 to 16.1 kg"
    assert interval(8, 8, "kg") == "8 kg"
    assert [degrees(pair) for pair in ((43.2, 66.8), (30, 30.2), (-11, 18))] == ["43–67°", "30°", "-11 to 18°"]
    assert [plain(name) for name in ("load_kg", "f_per_min", "static_posture")] == [
        "load (kg)", "frequency", "static posture",
    ]  # fmt: skip
