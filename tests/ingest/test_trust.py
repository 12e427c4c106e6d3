"""Trust in a camera: earned by good pictures, lost by bad ones that last. Pictures are drawn here; real footage is in
`benchmarks/trust.py`."""

from __future__ import annotations

import hashlib
import json
import math

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from trust_pictures import CLEAN, moved, noisy, person, scene

from spotter.core.clock import from_seconds
from spotter.core.errors import ConfigError
from spotter.core.trust_parameters import TrustParameters
from spotter.ingest.trust.look import Look, agreement, look
from spotter.ingest.trust.usual import SETTLED, Usual
from spotter.ingest.trust.verdicts import Problem, Trust

P = TrustParameters()


SPOILT = {
    Problem.DARK: lambda s: noisy((CLEAN * 0.04).astype(np.uint8), s),
    Problem.OVER_EXPOSED: lambda s: np.clip(noisy(CLEAN, s).astype(int) * 3 + 80, 0, 255).astype(np.uint8),
    Problem.BLOCKED: lambda s: noisy(np.full_like(CLEAN, 70), s),
    Problem.BLURRED: lambda s: noisy(cv2.GaussianBlur(CLEAN, (0, 0), 4), s) // 2 * 2,
    Problem.FROZEN: lambda s: CLEAN,
    Problem.MOVED: lambda s: noisy(moved(CLEAN, dx=0.15), s),
}


_SEEN: dict[bytes, Look] = {}


def seen_once(image) -> Look:
    """`look`, once for each picture."""
    key = hashlib.blake2b(image.tobytes()).digest()
    if key not in _SEEN:
        _SEEN[key] = look(image)
    return _SEEN[key]


def play(trust: Trust, pictures, seconds: float, start: float = 0.0, **others):
    """A look every 2 s; `pictures(number)` gives the image. Returns the verdicts by second."""
    verdicts = {}
    for number in range(round(seconds / P.every_s)):
        at = start + number * P.every_s
        verdicts[at] = trust.update(from_seconds(at), seen_once(pictures(number)), **others)
    return verdicts


def known(**others) -> Trust:
    """A camera that has been good for two minutes."""
    trust = Trust(P)
    play(trust, lambda n: noisy(CLEAN, n), 120, **others)
    assert trust.verdict.trusted
    return trust


def test_a_camera_begins_untrusted_and_earns_trust():
    verdicts = play(Trust(P), lambda n: noisy(CLEAN, n), 20)
    assert [verdict.trusted for verdict in verdicts.values()] == [at >= P.earn_s for at in verdicts]
    assert verdicts[0.0].earning
    assert verdicts[0.0].detail() == "not seen for long enough to be trusted"
    assert verdicts[18.0].detail() == ""


@pytest.mark.parametrize("problem", SPOILT)
def test_what_spoils_a_picture_is_named_after_a_while_and_over_after_a_while(problem: Problem):
    trust = known()
    patience = {Problem.MOVED: P.moved_s, Problem.FROZEN: P.frozen_s}.get(problem, P.hold_s)
    bad = play(trust, SPOILT[problem], patience + 20, start=120)
    first = min(at for at, verdict in bad.items() if verdict.problems) - 120
    assert patience <= first <= patience + 2 * P.every_s
    assert list(trust.verdict.problems) == [problem]
    assert not trust.verdict.trusted
    assert trust.verdict.problems[problem]
    assert problem.value.replace("_", " ") in trust.verdict.detail()
    good = play(trust, lambda n: noisy(CLEAN, 500 + n), 60, start=300)
    over = min(at for at, verdict in good.items() if not verdict.problems) - 300
    assert P.clear_s <= over <= P.clear_s + 2 * P.every_s
    trusted = min(at for at, verdict in good.items() if verdict.trusted) - 300
    assert trusted >= over + P.earn_s


@pytest.mark.parametrize("problem", [Problem.DARK, Problem.OVER_EXPOSED, Problem.BLOCKED])
def test_a_new_camera_that_is_bad_from_the_start_is_never_trusted(problem: Problem):
    verdicts = play(Trust(P), SPOILT[problem], 60)
    assert not any(verdict.trusted for verdict in verdicts.values())
    assert list(verdicts[58.0].problems) == [problem]


@pytest.mark.parametrize(
    ("what", "pictures"),
    [
        ("people walk through", lambda n: noisy(person(CLEAN, 20 + 12 * (n % 20)), n)),
        ("the light is dimmed by half", lambda n: noisy((CLEAN * 0.5).astype(np.uint8), n)),
        ("lights go brighter", lambda n: noisy(np.clip(CLEAN * 1.3, 0, 255).astype(np.uint8), n)),
        ("a shock: turned for 4 s", lambda n: noisy(moved(CLEAN, turn=10) if n in (5, 6) else CLEAN, n)),
        ("somebody before the lens for 4 s", lambda n: noisy(np.full_like(CLEAN, 60) if n in (5, 6) else CLEAN, n)),
        ("still for 20 s", lambda n: noisy(CLEAN, 0 if n < 10 else n)),
    ],
)
def test_what_changes_nothing(what, pictures):
    verdicts = play(known(), pictures, 120, start=120)
    assert all(verdict.trusted for verdict in verdicts.values()), what


def test_a_low_rate_and_a_wrong_clock():
    trust = known(fps=15.0)
    play(trust, lambda n: noisy(CLEAN, n), 20, start=120, fps=7.0, clock_error_s=-9.0)
    assert list(trust.verdict.problems) == [Problem.SLOW, Problem.CLOCK]
    assert trust.verdict.problems[Problem.SLOW]["frames_per_second"].threshold == pytest.approx(7.5, abs=0.1)
    assert "clock error -9 s" in trust.verdict.detail()


def test_a_break_asks_for_trust_anew():
    trust = known()
    trust.interrupted()
    assert trust.verdict.earning
    verdicts = play(trust, lambda n: noisy(CLEAN, n), 20, start=500)
    assert [verdict.trusted for verdict in verdicts.values()] == [at >= 500 + P.earn_s for at in verdicts]


def test_the_stored_view_finds_a_camera_that_was_moved_while_nobody_looked():
    before = known()
    stored = json.loads(json.dumps(before.usual.state()))
    assert len(json.dumps(stored)) < 60_000
    after = Trust(P, Usual.restore(stored))
    play(after, SPOILT[Problem.MOVED], P.moved_s + 10, start=1000)
    assert list(after.verdict.problems) == [Problem.MOVED]
    same = Trust(P, Usual.restore(stored))
    play(same, lambda n: noisy(CLEAN, n), P.moved_s + 10, start=1000)
    assert same.verdict.trusted


@pytest.mark.parametrize("change", [{"slopes": "%%%"}, {"shape": [1, 2, 3]}, {"texture": "x"}, {"looks": None}])
def test_a_stored_view_that_is_damaged(change):
    with pytest.raises(ConfigError, match="a stored view cannot be read"):
        Usual.restore({**known().usual.state(), **change})
    with pytest.raises(ConfigError):
        Usual.restore({})


def test_the_view_is_learned_from_good_pictures_only():
    trust = known()
    looks, sharpness = trust.usual.looks, trust.usual.sharpness
    play(trust, SPOILT[Problem.BLURRED], 600, start=120)
    assert (trust.usual.looks, trust.usual.sharpness) == (looks, sharpness)


def test_agreement_of_pictures():
    one, other = look(CLEAN), look(noisy(CLEAN, 7))
    assert agreement(one.slopes, other.slopes) > 0.9
    assert agreement(one.slopes, look((CLEAN * 0.5).astype(np.uint8)).slopes) > 0.8
    assert agreement(one.slopes, look(moved(CLEAN, dx=0.03)).slopes) < 0.6
    assert agreement(one.slopes, look(scene(99)).slopes) < 0.3
    assert agreement(one.slopes, look(scene(width=400, height=240)).slopes) == 0.0
    flat = look(np.full_like(CLEAN, 90))
    assert math.isnan(agreement(flat.slopes, flat.slopes))


@settings(max_examples=60, deadline=None)
@given(width=st.integers(1, 400), height=st.integers(1, 400), level=st.integers(0, 255))
def test_pictures_of_any_size_can_be_looked_at(width, height, level):
    seen = look(np.full((height, width, 3), level, np.uint8))
    assert seen.brightness == level
    assert seen.texture == 0.0
    trust = Trust(P)
    for number in range(SETTLED + 3):
        trust.update(from_seconds(number * 2.0), seen)
    assert not trust.verdict.trusted


def test_a_look_is_due_by_the_clock_even_when_that_goes_back():
    trust = Trust(P)
    assert trust.due(0, None)
    assert not trust.due(from_seconds(1.9), 0)
    assert trust.due(from_seconds(2.0), 0)
    assert trust.due(0, from_seconds(5.0))
