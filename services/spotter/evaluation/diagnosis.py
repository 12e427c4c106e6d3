"""Where a miss comes from: the skeletons (nobody seen, the person lost) or the rule (which condition failed). Pure.

A reading of the same signals that the rule had, in the order in which it would have used them; the first thing that is
amiss is named. Whose fall it was is not labelled: the person who came lowest after the impact is taken for it.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from spotter.core.clock import from_seconds
from spotter.core.parameters import FallParameters
from spotter.ergonomics.events.descent import DescentWatch
from spotter.ergonomics.events.fall import FallState
from spotter.ergonomics.events.posture import Posture
from spotter.evaluation.trace import Sample, Window, lowest

BEFORE_S, AFTER_S = 5.0, 12.0
"""Seconds around an impact that are looked at: a slow descent before it, the matching window after it."""

_LEAST_SEEN = 0.2
"""Fewer frames than this share with anybody in them after the impact: the pose model did not see the person [D]."""

_LOST_S = 0.5
"""Nobody near the impact for longer than this: the track is broken (the rule bridges shorter gaps)."""


_POSTURES = frozenset(posture.value for posture in Posture)
"""Reasons of someone who did not seem to be on the ground; which condition failed says more of a miss."""

_EARLY_S = 1.0
"""Someone is low up to this long before the labelled impact [D]."""


@dataclass(frozen=True, slots=True)
class Diagnosis:
    """Why an event was missed.

    Attributes:
        where: "pose", "track", "rule", or "material" for a recording that cannot show it.
        reason: one word for counting, such as nobody_detected or hips_too_high.
        text: one sentence with the numbers.
        track_id: the person it speaks of; empty: nobody.
    """

    where: str
    reason: str
    text: str
    track_id: str = ""


def diagnose(window: Window, impact_s: float, fall: FallParameters) -> Diagnosis:
    """Why no alert came of the impact at `impact_s`."""
    seen = window.seen(impact_s - 1.0, impact_s + AFTER_S)
    if seen is None:
        return Diagnosis("material", "no_frames", "the recording has no frame around the impact")
    if window.stops_s is not None and window.stops_s - impact_s < fall.confirm_s - _EARLY_S:
        text = f"the recording stops {window.stops_s - impact_s:.1f} s after the impact, before confirm_s can be over"
        return Diagnosis("material", "stops_too_early", f"{text}: hold the last frame (--hold-last)")
    if not window.tracks or seen < _LEAST_SEEN:
        text = f"the pose model found somebody in {100 * seen:.0f} % of the frames from 1 s before the impact on"
        return Diagnosis("pose", "nobody_detected", text)
    track, samples = _subject(window, impact_s)
    after = [one for one in samples if one.at_s >= impact_s - 0.5]
    return next(_findings(window, impact_s, fall, track, samples, after))


def _subject(window: Window, impact_s: float) -> tuple[str, Sequence[Sample]]:
    """The person who came lowest about the impact; among equals, whoever was seen longest."""

    def rank(track: str) -> tuple[float, int]:
        near = [one for one in window.tracks[track] if one.at_s >= impact_s - 1.0]
        return lowest(near), -len(near)

    track = min(window.tracks, key=lambda name: (rank(name), name))
    return track, window.tracks[track]


def _findings(
    window: Window,
    impact_s: float,
    fall: FallParameters,
    track: str,
    samples: Sequence[Sample],
    after: Sequence[Sample],
) -> Iterator[Diagnosis]:
    for name, event, at in window.held_back:
        if at >= impact_s - 1.0 and event.reason not in _POSTURES:
            text = f"{name} was on the ground, and the rule held back at {at:.1f} s: {event.reason.replace('_', ' ')}"
            yield Diagnosis("rule", f"suppressed_{event.reason}", text, name)
    grounded = [one for one in samples if one.state is not FallState.UP]
    if grounded:
        yield _too_short(window, fall, track, samples, grounded)
    if not after:
        yield _lost(window, track, samples[-1].at_s, "before the impact")
    if all(one.hip is None or one.head is None for one in after):
        text = "its size is not known: it was never seen upright, so heights are not"
        yield Diagnosis("rule", "size_unknown", f"{track}: {text}", track)
    low = [one for one in after if _is_low(one, fall)]
    if low:
        held = low[-1].at_s - low[0].at_s
        text = f"{track} was low from {low[0].at_s:.1f} s to {low[-1].at_s:.1f} s, with breaks or for less than "
        yield Diagnosis(
            "rule", "low_too_short", f"{text}settle_s ({held:.1f} s; {fall.settle_s:g} s are asked for)", track
        )
    if after[-1].at_s < min(impact_s + _LOST_S, (window.stops_s or window.end_s) - _LOST_S):
        yield _lost(window, track, after[-1].at_s, "at the impact")
    yield _not_low(fall, track, samples, after)


def _is_low(one: Sample, fall: FallParameters) -> bool:
    if one.hip is None or one.head is None or not fall.lowest_hip <= one.hip <= fall.ground_hip:
        return False
    sunk = one.head <= fall.ground_head and one.head - one.hip <= fall.ground_rise
    return sunk or one.trunk_low >= fall.ground_trunk_deg


def _too_short(
    window: Window, fall: FallParameters, track: str, samples: Sequence[Sample], grounded: Sequence[Sample]
) -> Diagnosis:
    if any(one.state is FallState.ALERTED for one in grounded):
        text = f"{track} had an alert already, raised outside the window of this impact"
        return Diagnosis("rule", "alert_elsewhere", text, track)
    begin = grounded[0].at_s
    until = window.stops_s if window.stops_s is not None else grounded[-1].at_s
    words = _descent_words(fall, samples)
    text = f"{track} was on the ground from {begin:.1f} s ({words}), {until - begin:.1f} s until "
    if window.stops_s is not None:
        return Diagnosis("rule", "not_confirmed", text + "the recording stops, and the rule waits longer", track)
    return Diagnosis("rule", "too_late", text + "it got up or was lost, or the alert came after the window", track)


def _lost(window: Window, track: str, at: float, when: str) -> Diagnosis:
    others = [name for name, samples in window.tracks.items() if name != track and samples[0].at_s > at]
    then = f"; {', '.join(others)} began later" if others else "; nobody came after"
    return Diagnosis("track", "track_broken", f"{track} was last seen at {at:.1f} s, {when}{then}", track)


def _not_low(fall: FallParameters, track: str, samples: Sequence[Sample], after: Sequence[Sample]) -> Diagnosis:
    """Which of the conditions of being low came closest, and what it lacked."""
    known = [one for one in after if one.hip is not None and one.head is not None]
    hip = min((one.hip for one in known if one.hip is not None), default=float("nan"))
    words = _descent_words(fall, samples)
    if not hip <= fall.ground_hip:
        along = f", along the view {fall.end_on_hip:g} after a fast descent" if hip <= fall.end_on_hip else ""
        text = f"{track}: hips came down to {hip:.2f} statures (ground_hip {fall.ground_hip:g}{along}); {words}"
        return Diagnosis("rule", "hips_too_high", text, track)
    level = [one for one in known if one.hip is not None and one.hip <= fall.ground_hip]
    head = min(one.head for one in level if one.head is not None)
    trunk = max(one.trunk_low for one in level)
    text = (
        f"{track}: hips were low ({hip:.2f}), but the head stayed at {head:.2f} (ground_head {fall.ground_head:g}) and "
        f"the trunk is proven to {trunk:.0f} degrees only (ground_trunk_deg {fall.ground_trunk_deg:g}); {words}"
    )
    return Diagnosis("rule", "head_too_high", text, track)


def _descent_words(fall: FallParameters, samples: Sequence[Sample]) -> str:
    watch = DescentWatch(fall)
    best = None
    for one in samples:
        if one.hip is not None and one.head is not None:
            watch.observe(from_seconds(one.at_s), one.hip, one.head)
            if watch.latest is not None and (best is None or watch.latest.head_drop > best.head_drop):
                best = watch.latest
    if best is None:
        return "no descent was seen"
    speed = f"fast, {best.speed:.1f} statures/s" if best.fast else "slow"
    return f"descent {speed}, hips {best.hip_drop:.2f} and head {best.head_drop:.2f} statures down"
