"""How long each camera truly watched, and what became of the rest of the time."""

from __future__ import annotations

from markupsafe import Markup

from spotter.core.coverage import NOT_RECORDED, Coverage
from spotter.report import html as h
from spotter.report.data import Record
from spotter.report.words import duration

_WORDS = {
    "connecting": "the camera was being opened",
    "stalled": "the camera was open and silent",
    "backing_off": "the camera was away",
    "disabled": "the camera was switched off",
    "ended": "the camera was taken out",
    "failed": "the camera could not be read",
    "dark": "the picture was too dark",
    "over_exposed": "the picture was over-exposed",
    "blocked": "something was before the lens",
    "blurred": "the picture was blurred",
    "frozen": "the picture stood still",
    "moved": "the camera had been moved",
    "slow": "too few frames came",
    "clock": "the camera's clock was wrong",
    "earning_trust": "the camera had not been seen for long enough to be trusted",
    "not_assessed": "frames were not assessed in time",
    "not_heard": "nothing was heard of the camera",
    NOT_RECORDED: "Spotter did not run, or kept no account",
}
"""Reasons of `core.coverage`; any other is shown as it is written."""


def coverage(record: Record) -> Markup | None:
    """The section; None where no account was kept, as in a clip or before Spotter kept any."""
    kept = {name: one for name, one in record.coverage.items() if one.gaps.get(NOT_RECORDED, 0) < one.total_ms}
    if not kept:
        return None
    return h.section(
        "Not watched, and why",
        [_table(name, one) for name, one in sorted(kept.items())],
        id_="coverage",
        lead="Watched: the camera delivered, its pictures could be trusted, and they were assessed in time. What "
        "happened in the rest of the time is not in this report.",
    )


def _table(camera: str, found: Coverage) -> Markup:
    rows = [("watched", found.watched_ms), *((_WORDS.get(name, name), ms) for name, ms in found.gaps.items())]
    return h.table(
        f"Camera {camera}: {duration(found.total_ms / 1000)}",
        ("What became of it", "Time", "Share"),
        [(what, duration(ms / 1000), _share(ms, found.total_ms)) for what, ms in rows],
        numeric=(1, 2),
    )


def _share(part: int, whole: int) -> str:
    """Rounded down, so that 100 % means all of it; what is not zero is never written as zero."""
    tenths = 1000 * part // whole
    return "under 0.1 %" if part and not tenths else f"{tenths / 10:.1f} %"
