"""The worst postures, as drawn skeletons with their angles as intervals."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from markupsafe import Markup

from spotter.core.clock import SECOND
from spotter.core.contracts import Status
from spotter.core.store import PostureRecord
from spotter.report import html as h
from spotter.report.data import Scope
from spotter.report.judge import posture_scores
from spotter.report.skeleton import degrees, skeleton
from spotter.report.words import ANGLES, interval

SHOWN = 6

_APART_S, _APART_CLIP_S = 120, 2
"""Two pictures of one camera are so far apart, so that they are not one movement seen twice; less in a clip. [D]"""

_WORTH = 1 + 20 / 180
"""Rank of a trunk that is proven to lean by 20 degrees at the lowest score: what ranks below is upright and only shown
where there is nothing else."""

_SCORES = {"reba": "REBA *", "owas": "OWAS category"}

AngleValues = tuple[float | None, float, float, str, str]


def chosen(scope: Scope, postures: Sequence[PostureRecord], most: int = SHOWN) -> list[PostureRecord]:
    """The worst ones, not two of one movement; fewer where there are not so many."""
    worth = [one for one in postures if one.rank >= _WORTH]
    apart = (_APART_S if scope.clock else _APART_CLIP_S) * SECOND
    kept: list[PostureRecord] = []
    for one in sorted(worth or postures, key=lambda each: (-each.rank, each.at, each.camera_id, each.zone)):
        if all(one.camera_id != other.camera_id or abs(one.at - other.at) >= apart for other in kept):
            kept.append(one)
        if len(kept) == most:
            break
    return kept


def postures(scope: Scope, worst: Sequence[PostureRecord]) -> Markup:
    """The section."""
    if not worst:
        return h.section(
            "Worst postures",
            h.paragraph("No posture could be judged in this time, so none is shown."),
            id_="postures",
        )
    scores = posture_scores(worst)
    return h.section(
        "Worst postures",
        h.element("div", [_figure(scope, n, one, scores[n - 1]) for n, one in enumerate(worst, 1)], class_="postures"),
        h.paragraph(
            "Left limbs are blue, right limbs are orange; the dashed line is vertical in the picture. Intervals hold "
            "the true angle as far as one camera can tell, so what looks bent in the picture need not be proven so. "
            "* posture-only REBA: at the best case of load, grip, wrist and rhythm.",
            class_="note",
        ),
        id_="postures",
        lead="By the score that the view proves at least, the worst of their minutes. Drawn from keypoints: no picture "
        "is kept, and nothing says who it was.",
    )


def _figure(scope: Scope, number: int, posture: PostureRecord, found: Mapping[str, tuple[float, float]]) -> Markup:
    when = scope.when(posture.at, day=len({scope.local(w.start).date() for w in scope.windows}) > 1, seconds=True)
    rows, unseen = _rows(posture.angles)
    trunk = posture.angles.get("trunk_inclination")
    span = None if trunk is None or trunk[3] not in (Status.OK, Status.BOUNDED) else (trunk[1], trunk[2])
    said = "; ".join(f"{name} {value}" for name, value in rows[:3])
    label = f"Drawn posture {number}, {when}: {said or 'no angle is observable'}"
    scores = [(words, interval(*found[name])) for name, words in _SCORES.items() if name in found]
    table = h.element(
        "table",
        h.element("caption", h.element("strong", f"{number}. {when}"), f", camera {posture.camera_id}"),
        h.element(
            "tbody",
            [
                h.element("tr", h.element("th", name, scope="row"), h.element("td", value, class_="n"))
                for name, value in [*scores, *rows]
            ],
        ),
    )
    left_out = h.paragraph(f"Not observable: {', '.join(unseen)}.", class_="note") if unseen else None
    return h.element("figure", skeleton(posture.keypoints, label, trunk=span), table, left_out)


def _rows(angles: Mapping[str, AngleValues]) -> tuple[list[tuple[str, str]], list[str]]:
    """The angles that are observable, and the names of the others."""
    found, hidden = [], []
    for name, words in ANGLES.items():
        if name not in angles:
            continue
        _, low, high, status, _ = angles[name]
        if status in (Status.OK, Status.BOUNDED):
            found.append((words, degrees((low, high))))
        else:
            hidden.append(words)
    return found, hidden
