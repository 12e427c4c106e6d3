"""The picture of a backtest: one lane for each camera with alerts, the baseline above the candidate. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from spotter.core.clock import isoformat, to_seconds
from spotter.evaluation.comparison import Change, Difference
from spotter.evaluation.replay import AlertRun
from spotter.evaluation.svg import AMBER, BLUE, GREY, GRID, MUTED, PAPER, RED, Svg, ticks

COLOURS = {Change.SAME: GREY, Change.CHANGED: AMBER, Change.APPEARED: BLUE, Change.VANISHED: RED}
LANES = 60
"""Lanes in one picture; those whose alerts stayed the same are left out first."""

_WIDTH, _LEFT, _RIGHT, _TOP, _ROW, _BAR = 1100.0, 260.0, 30.0, 92.0, 37.0, 13.0
_LEAST = 4.0
"""Narrowest bar, px: an alert of seconds in a recording of days must be seen."""

Lane = tuple[str, str]


def timeline(differences: Sequence[Difference], baseline: str, candidate: str) -> str:
    """An SVG document.

    Args:
        baseline, candidate: what the two settings are called.
    """
    lanes, left_out = _lanes(differences)
    absolute = bool(differences) and not any(one.footage for one in differences)
    start = min((one.base for one in differences), default=0) if absolute else None
    longest = max((to_seconds(one.until - _zero(one, start)) for one in differences), default=1.0)
    rows = {lane: _rows(members) for lane, members in lanes.items()}
    bottom = _TOP + sum(map(_height, rows.values())) if rows else _TOP + _ROW
    picture = Svg(_WIDTH, bottom + 46)
    _head(picture, differences, baseline, candidate)
    scale = _Scale(longest)
    for value in ticks(0, longest):
        x = scale.x(value)
        picture.line((x, _TOP - 8), (x, bottom), GRID)
        picture.text(x, bottom + 16, _clock(value, longest), size=11, colour=MUTED, anchor="middle")
    origin = "the beginning of each camera's recording" if start is None else isoformat(start)
    picture.text(_LEFT, bottom + 34, f"time from {origin}", size=11, colour=MUTED)
    if left_out:
        note = f"{left_out} more cameras, all of whose alerts stayed the same, are not drawn"
        picture.text(_WIDTH - _RIGHT, bottom + 34, note, size=11, colour=MUTED, anchor="end")
    top = _TOP
    for lane, shown in rows.items():
        _draw_lane(picture, top, lane, shown, scale, start)
        top += _height(shown)
    if not lanes:
        picture.text(_LEFT, _TOP + 20, "no alerts under either", colour=MUTED)
    return picture.render()


class _Scale:
    def __init__(self, longest: float) -> None:
        self._px = (_WIDTH - _LEFT - _RIGHT) / max(longest, 1e-9)

    def x(self, seconds: float) -> float:
        return _LEFT + seconds * self._px


def _lanes(differences: Sequence[Difference]) -> tuple[dict[Lane, list[Difference]], int]:
    lanes: dict[Lane, list[Difference]] = {}
    for one in differences:
        lanes.setdefault((one.recording, one.camera_id), []).append(one)
    changed = [lane for lane, members in lanes.items() if any(one.change is not Change.SAME for one in members)]
    kept = set((changed + [lane for lane in lanes if lane not in changed])[:LANES])
    return {lane: members for lane, members in lanes.items() if lane in kept}, len(lanes) - len(kept)


def _head(picture: Svg, differences: Sequence[Difference], baseline: str, candidate: str) -> None:
    counts = Counter(one.change for one in differences)
    picture.text(16, 26, "Alerts under two settings", size=17, bold=True)
    picture.text(16, 46, f"upper bars: baseline, {baseline}; lower bars: candidate, {candidate}", colour=MUTED)
    x = 16.0
    for change, colour in COLOURS.items():
        picture.rect(x, 58, 12, 12, colour)
        label = f"{counts[change]} {change.value}"
        picture.text(x + 17, 68, label)
        x += 17 + 7.2 * len(label) + 22
    picture.text(x, 68, "white mark: raised", colour=MUTED)


def _rows(members: Sequence[Difference]) -> list[list[Difference]]:
    """Situations of one camera in as many rows as it takes that none hides another."""
    rows: list[list[Difference]] = []
    for one in sorted(members, key=lambda one: one.started_at):
        row = next((row for row in rows if max(_end(other) for other in row) <= one.started_at), None)
        if row is None:
            rows.append([one])
        else:
            row.append(one)
    return rows


def _height(rows: Sequence[Sequence[Difference]]) -> float:
    return len(rows) * _ROW + 8


def _zero(one: Difference, start: int | None) -> int:
    return one.base if start is None else start


def _end(one: Difference) -> int:
    """When the situation was over under both."""
    ends = [run.alert.ended_at for run in (one.before, one.after) if run is not None]
    return max(one.until if end is None else end for end in ends)


def _draw_lane(
    picture: Svg, top: float, lane: Lane, rows: Sequence[Sequence[Difference]], scale: _Scale, start: int | None
) -> None:
    recording, camera = lane
    picture.line((16, top - 6), (_WIDTH - _RIGHT, top - 6), GRID)
    picture.text(16, top + 12, _short(camera, 32), bold=True)
    if recording != camera:
        picture.text(16, top + 27, _short(recording, 36), size=11, colour=MUTED)
    first = rows[0][0]
    end = scale.x(to_seconds(first.until - _zero(first, start)))
    picture.line((end, top - 4), (end, top + len(rows) * _ROW - 6), MUTED, 1, "2 2")
    for number, row in enumerate(rows):
        y = top + number * _ROW
        picture.text(_LEFT - 8, y + 11, "baseline", size=10, colour=MUTED, anchor="end")
        picture.text(_LEFT - 8, y + 27, "candidate", size=10, colour=MUTED, anchor="end")
        for one in row:
            for run, place in ((one.before, y), (one.after, y + _BAR + 3)):
                if run is not None:
                    _bar(picture, place, one, run, scale, _zero(one, start))


def _bar(picture: Svg, y: float, one: Difference, run: AlertRun, scale: _Scale, zero: int) -> None:
    end = run.alert.ended_at if run.alert.ended_at is not None else one.until
    left = scale.x(to_seconds(run.alert.started_at - zero))
    right = max(scale.x(to_seconds(end - zero)), left + _LEAST)
    words = f"{run.alert.severity.value} {run.alert.kind.value.replace('_', ' ')}"
    details = "; ".join(one.details) or one.change.value
    raised = to_seconds(run.alert.raised_at - one.base)
    title = f"{words}, raised at {raised:.2f} s, closed as {run.closed_by.replace('_', ' ')}: {details}"
    picture.rect(left, y, right - left, _BAR, COLOURS[one.change], title=title)
    mark = scale.x(to_seconds(run.alert.raised_at - zero))
    if right - left > 3 * _LEAST:
        picture.line((mark, y), (mark, y + _BAR), PAPER, 2)
    for text in (words, run.alert.severity.value):
        place = next(
            (x for x, room in ((mark + 5, right - mark), (left + 4, mark - left)) if room > 6.2 * len(text)), None
        )
        if place is not None:
            picture.text(place, y + 10, text, size=10, colour=PAPER)
            break


def _short(text: str, most: int) -> str:
    return text if len(text) <= most else f"{text[: most // 2 - 1]}…{text[-(most // 2) :]}"


def _clock(seconds: float, longest: float) -> str:
    if longest < 120:
        return f"{seconds:g} s"
    hours, rest = divmod(round(seconds), 3600)
    minutes, left = divmod(rest, 60)
    return f"{hours}:{minutes:02d}" + (f":{left:02d}" if longest < 6 * 3600 else " h")
