"""The picture of a miss or a false alarm: skeletons over time, heights, trunk, phases, thresholds of the rule. Pure.

One SVG. Video frames come in only where they are handed over; without them the skeletons stand on an empty background.
"""

from __future__ import annotations

import textwrap
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from spotter.core.parameters import FallParameters
from spotter.ergonomics.events.fall import FallState
from spotter.evaluation.svg import AMBER, BLUE, GREY, GRID, INK, MUTED, RED, Svg, ticks
from spotter.evaluation.trace import Sample, Window

_OFFSETS = (-3.0, -1.2, -0.6, -0.2, 0.2, 0.8, 3.0, 8.0)
PANELS = len(_OFFSETS)
"""Moments that are shown as skeletons, seconds from the impact or from the begin of an alert's situation."""

LIMBS = (
    (5, 7), (7, 9), (6, 8), (8, 10), (5, 6), (5, 11), (6, 12), (11, 12), (11, 13), (13, 15), (12, 14), (14, 16),
    (0, 5), (0, 6),
)  # fmt: skip
"""Pairs of COCO-17 keypoints that are drawn as lines."""

_SHOWN = 0.15
"""Keypoints below this confidence are not drawn."""

_ASPECT = 1.25
"""Width of a panel by its height."""

_MARGIN = 1.25
"""A panel shows so much more than the person."""

_WIDTH, _LEFT, _RIGHT = 1100.0, 90.0, 150.0
_PHASES = {FallState.UP: GREY, FallState.GROUND: AMBER, FallState.ALERTED: RED}
_TRACKS = 5
"""Tracks whose phases are drawn; those seen longest."""

_BREAK_S = 0.5
"""A line is broken where its person was not seen for longer than this."""


@dataclass(frozen=True, slots=True)
class Strip:
    """What is drawn.

    Attributes:
        impact_s: of the missed fall; None for a false alarm.
        track_id: the person whose signals are drawn in colour.
        pictures: JPEG data URLs by moment, from `moments`.
    """

    title: str
    text: str
    window: Window
    fall: FallParameters
    impact_s: float | None
    track_id: str
    pictures: Mapping[float, str]


def moments(window: Window) -> list[float]:
    """Times of the frames that are shown as skeletons: close together about the way down, wider apart elsewhere."""
    times = [at for at, _ in window.frames]
    if len(times) <= PANELS:
        return times
    wanted = [min(max(window.focus_s + offset, times[0]), times[-1]) for offset in _OFFSETS]
    near = {min(times, key=lambda at: abs(at - moment)) for moment in wanted}
    even = [times[round(index * (len(times) - 1) / PANELS)] for index in range(PANELS, -1, -1)]
    while len(near) < PANELS:  # Where the window is cut off, offsets meet at its end.
        near.add(next(at for at in (*even, *times) if at not in near))
    return sorted(near)


def draw(strip: Strip) -> str:
    """An SVG document."""
    lines = textwrap.wrap(strip.text, 150)
    top = 62.0 + 16 * len(lines)
    window = strip.window
    panel = (_WIDTH - 32) / PANELS
    tall = (panel - 6) / _ASPECT
    tracks = sorted(window.tracks, key=lambda name: (name != strip.track_id, -len(window.tracks[name]), name))[:_TRACKS]
    plots = top + tall + 34
    svg = Svg(_WIDTH, plots + 170 + 30 + 100 + 30 + 18 * max(len(tracks), 1) + 62)
    svg.text(16, 28, strip.title, size=17, bold=True)
    for number, line in enumerate(lines):
        svg.text(16, 48 + 16 * number, line)
    for number, at in enumerate(moments(window)):
        _panel(svg, strip, at, (16 + number * panel, top), (panel - 6, tall))
    axis = _Axis(window)
    heights, trunk = _Plot(svg, plots, 170, 0.0, 1.1), _Plot(svg, plots + 200, 100, 0.0, 180.0)
    bottom = plots + 330 + 18 * max(len(tracks), 1)
    _frame(svg, axis, (heights, trunk), bottom)
    _heights(svg, strip, axis, heights)
    _trunk(svg, strip, axis, trunk)
    for row, name in enumerate(tracks):
        _phases(svg, axis, name, window.tracks[name], plots + 330 + 18 * row)
    _marks(svg, strip, axis, plots, bottom)
    _legend(svg, bottom + 50)
    return svg.render()


class _Axis:
    def __init__(self, window: Window) -> None:
        self.begin = window.frames[0][0] if window.frames else window.begin_s
        self.end = max(window.frames[-1][0] if window.frames else window.end_s, self.begin + 0.1)

    def x(self, seconds: float) -> float:
        return _LEFT + (seconds - self.begin) / (self.end - self.begin) * (_WIDTH - _LEFT - _RIGHT)


class _Plot:
    def __init__(self, svg: Svg, top: float, height: float, low: float, high: float) -> None:
        self.svg, self.top, self.height, self._low, self._high = svg, top, height, low, high

    def y(self, value: float) -> float:
        share = (min(max(value, self._low), self._high) - self._low) / (self._high - self._low)
        return self.top + self.height * (1 - share)

    def threshold(self, value: float, label: str, *, above: bool = True) -> None:
        y = self.y(value)
        self.svg.line((_LEFT, y), (_WIDTH - _RIGHT, y), INK, 1, "5 4")
        self.svg.text(_WIDTH - _RIGHT + 6, y + (0 if above else 9), f"{label} {value:g}", size=10, colour=INK)

    def scale(self, values: Sequence[float], label: str) -> None:
        for value in values:
            y = self.y(value)
            self.svg.line((_LEFT, y), (_WIDTH - _RIGHT, y), GRID)
            self.svg.text(_LEFT - 6, y + 4, f"{value:g}", size=10, colour=MUTED, anchor="end")
        self.svg.text(16, self.top - 6, label, size=11, colour=MUTED)


def _frame(svg: Svg, axis: _Axis, plots: tuple[_Plot, _Plot], bottom: float) -> None:
    heights, trunk = plots
    for value in ticks(axis.begin, axis.end, 10):
        svg.line((axis.x(value), heights.top), (axis.x(value), bottom), GRID)
        svg.text(axis.x(value), bottom + 16, f"{value:g} s", size=11, colour=MUTED, anchor="middle")
    heights.scale((0, 0.25, 0.5, 0.75, 1.0), "height above the floor, statures")
    trunk.scale((0, 60, 120, 180), "trunk inclination, degrees: the interval that holds it")
    svg.text(16, trunk.top + trunk.height + 24, "phases of the rule, by track", size=11, colour=MUTED)


def _crop(strip: Strip) -> tuple[float, float, float, float]:
    """Left, top, width, height of the part of the picture where the person moves, px; the whole where nobody does."""
    window = strip.window
    tracks = [window.tracks[strip.track_id]] if strip.track_id in window.tracks else list(window.tracks.values())
    seen = [one.keypoints[one.confidences >= _SHOWN] for samples in tracks for one in samples]
    points = np.concatenate(seen) if seen else np.zeros((0, 2), np.float32)
    if not len(points) or not window.width:
        return 0.0, 0.0, float(window.width or 4), float(window.height or 3)
    (left, top), (right, bottom) = points.min(axis=0), points.max(axis=0)
    height = max((bottom - top) * _MARGIN, (right - left) * _MARGIN / _ASPECT)
    height = float(min(height, window.height, window.width / _ASPECT))
    width = height * _ASPECT
    x = min(max((left + right) / 2 - width / 2, 0), window.width - width)
    y = min(max((top + bottom) / 2 - height / 2, 0), window.height - height)
    return float(x), float(y), width, height


def _panel(svg: Svg, strip: Strip, at: float, place: tuple[float, float], size: tuple[float, float]) -> None:
    box = _crop(strip)
    pixel = box[2] / size[0]
    svg.rect(*place, *size, "#f3f5f7")
    with svg.view(place, size, box):
        if at in strip.pictures:
            svg.picture(0, 0, strip.window.width, strip.window.height, strip.pictures[at])
        for name, samples in strip.window.tracks.items():
            sample = next((one for one in samples if one.at_s == at), None)
            if sample is not None:
                _skeleton(svg, sample, RED if name == strip.track_id else BLUE, 1.8 * pixel)
    svg.text(place[0] + 4, place[1] + size[1] + 13, f"{at:.1f} s", size=11, colour=MUTED)


def _skeleton(svg: Svg, sample: Sample, colour: str, width: float) -> None:
    places = [(float(x), float(y)) for x, y in sample.keypoints]
    shown = sample.confidences >= _SHOWN
    for a, b in LIMBS:
        if shown[a] and shown[b]:
            svg.line(places[a], places[b], colour, round(width, 2))
    if shown[0]:
        svg.dot(places[0], round(1.5 * width, 2), colour)


def _heights(svg: Svg, strip: Strip, axis: _Axis, plot: _Plot) -> None:
    for name, samples in strip.window.tracks.items():
        main = name == strip.track_id
        for part in _unbroken(samples):
            hips = [(axis.x(one.at_s), plot.y(one.hip)) for one in part if one.hip is not None]
            heads = [(axis.x(one.at_s), plot.y(one.head)) for one in part if one.head is not None]
            svg.path(heads, BLUE if main else GREY, 2.2 if main else 0.8)
            svg.path(hips, RED if main else GREY, 2.2 if main else 0.8)
    fall = strip.fall
    plot.threshold(fall.ground_head, "ground_head")
    plot.threshold(fall.ground_hip, "ground_hip", above=False)


def _trunk(svg: Svg, strip: Strip, axis: _Axis, plot: _Plot) -> None:
    for part in _unbroken(strip.window.tracks.get(strip.track_id, [])):
        upper = [(axis.x(one.at_s), plot.y(one.trunk_high)) for one in part]
        lower = [(axis.x(one.at_s), plot.y(one.trunk_low)) for one in part]
        svg.area([*upper, *reversed(lower)], RED, 0.2)
        svg.path(lower, RED, 1.2)
    plot.threshold(strip.fall.ground_trunk_deg, "ground_trunk_deg")


def _phases(svg: Svg, axis: _Axis, name: str, samples: Sequence[Sample], y: float) -> None:
    svg.text(_LEFT - 6, y + 11, name, size=11, anchor="end")
    for part in _unbroken(samples):
        begin = part[0]
        for one, after in zip(part, [*part[1:], None], strict=True):
            if after is None or after.state is not begin.state:
                end = one.at_s if after is None else after.at_s
                width = max(axis.x(end) - axis.x(begin.at_s), 2.0)
                svg.rect(axis.x(begin.at_s), y, width, 13, _PHASES.get(begin.state, GREY), title=begin.state.value)
                begin = after or begin


def _marks(svg: Svg, strip: Strip, axis: _Axis, top: float, bottom: float) -> None:
    marks = [(at, BLUE, "alert") for at in strip.window.alerts_s]
    if strip.impact_s is not None:
        marks.append((strip.impact_s, INK, "impact"))
    if strip.window.stops_s is not None:
        marks.append((strip.window.stops_s, MUTED, "recording stops"))
    marks += [(at, AMBER, f"held back: {event.reason.replace('_', ' ')}") for _, event, at in strip.window.held_back]
    for row, (at, colour, label) in enumerate(sorted(marks)):
        if not axis.begin <= at <= axis.end + 0.01:
            continue
        x = axis.x(at)
        svg.line((x, top), (x, bottom), colour, 1.6)
        near_end = x > _WIDTH - _RIGHT - 110
        svg.text(x + (-4 if near_end else 4), top + 10 + 12 * (row % 3), label, size=11, colour=colour,
                 anchor="end" if near_end else "start", bold=True)  # fmt: skip


def _legend(svg: Svg, y: float) -> None:
    x = _LEFT
    for colour, label in (
        (RED, "hips"), (BLUE, "head"), (GREY, "other people; phase up"), (AMBER, "phase on ground"),
        (RED, "phase alert"),
    ):  # fmt: skip
        svg.rect(x, y - 9, 12, 10, colour)
        svg.text(x + 17, y, label, size=11, colour=MUTED)
        x += 17 + 6.4 * len(label) + 24


def _unbroken(samples: Sequence[Sample]) -> list[list[Sample]]:
    parts: list[list[Sample]] = []
    for one in samples:
        if parts and one.at_s - parts[-1][-1].at_s <= _BREAK_S:
            parts[-1].append(one)
        else:
            parts.append([one])
    return parts
