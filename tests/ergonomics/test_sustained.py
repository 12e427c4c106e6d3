"""Sustained exposure: shares of person-time by what is proven, with hysteresis, at stations and never of persons."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from skeletons import pose_frame

from spotter.core.clock import from_seconds
from spotter.core.contracts import AlertKind, Severity, UpdateKind
from spotter.core.parameters import SustainedParameters
from spotter.ergonomics.events.sustained import StationSeconds, SustainedPostures
from spotter.ergonomics.open_alert import AlertStep, KnownAlert
from spotter.ergonomics.work_alerts import WorkAlerts

SECOND = StationSeconds(0.0, 0.0, 1.0)
DEEP, BENT, UPRIGHT = replace(SECOND, bent=1.0, deep=1.0), replace(SECOND, bent=1.0), SECOND


def play(postures: SustainedPostures, pattern, seconds: int, start: int = 0, station: str = "bay"):
    """Feed one person-second a second; `pattern(second)` is a StationSeconds or None for nobody there."""
    events = []
    for second in range(start, start + seconds):
        one = pattern(second)
        events += postures.update(from_seconds(second), {} if one is None else {station: one})
    return events


def test_a_tenth_of_the_time_deeply_bent_is_told_once_and_eases():
    postures = SustainedPostures(SustainedParameters())
    busy = play(postures, lambda s: DEEP if s % 8 == 0 else UPRIGHT, 1200)
    assert [(event.posture, event.begins, event.station) for event in busy] == [("deep", True, "bay")]
    evidence = busy[0].evidence
    assert evidence["share_of_person_time"].value == pytest.approx(0.125, abs=0.005)
    assert evidence["seconds_proven"].value >= 60
    quiet = play(postures, lambda s: UPRIGHT, 1200, start=1200)
    assert [(event.posture, event.begins) for event in quiet] == [("deep", False)]
    # Hysteresis: the share has to fall to 0.07 of the last 900 s, from 0.125.
    assert 0.44 * 900 <= (quiet[0].at - from_seconds(1200)) / 1e9 <= 0.44 * 900 + 30


def test_half_of_the_time_bent_is_told():
    events = play(SustainedPostures(SustainedParameters()), lambda s: BENT if s % 10 < 6 else UPRIGHT, 900)
    assert [(event.posture, event.begins) for event in events] == [("bent", True)]


@pytest.mark.parametrize(
    ("what", "pattern"),
    [
        ("one deep minute less a second, as everything that was seen", lambda s: DEEP if s < 59 else None),
        ("a twentieth of the time", lambda s: DEEP if s % 20 == 0 else UPRIGHT),
        ("two fifths bent", lambda s: BENT if s % 5 < 2 else UPRIGHT),
        ("nobody", lambda s: None),
    ],
)
def test_what_is_not_sustained(what, pattern):
    assert play(SustainedPostures(SustainedParameters()), pattern, 1500) == [], what


def test_a_single_frame_never_fires():
    postures = SustainedPostures(SustainedParameters(least_s=15.0))
    assert postures.update(0, {"bay": replace(DEEP, bent=1000.0, deep=1000.0, all=1000.0)}) == []


def test_what_was_not_observable_speaks_against_an_alert():
    """The same bent seconds, once alone and once among many that could not be judged."""
    alone = play(SustainedPostures(SustainedParameters()), lambda s: DEEP if s % 10 == 0 else None, 1500)
    among = play(SustainedPostures(SustainedParameters()), lambda s: DEEP if s % 12 == 0 else UPRIGHT, 1500)
    assert alone
    assert not among


def test_switched_off():
    postures = SustainedPostures(SustainedParameters(enabled=False))
    assert play(postures, lambda s: DEEP, 1500) == []


@given(st.lists(st.sampled_from([DEEP, BENT, UPRIGHT, None]), min_size=20, max_size=120), st.integers(0, 119))
def test_a_snapshot_at_any_moment_changes_nothing(pattern, cut):
    parameters = SustainedParameters(window_s=60.0, least_s=15.0)

    def steps(at):
        return pattern[at % len(pattern)]

    whole, first = SustainedPostures(parameters), SustainedPostures(parameters)
    expected = play(whole, steps, 240)
    found = play(first, steps, cut)
    second = SustainedPostures.restore(parameters, first.state())
    found += play(second, steps, 240 - cut, start=cut)
    assert found == expected
    assert second.state() == whole.state()
    begins = [event.begins for event in found if event.posture == "deep"]
    assert begins == [index % 2 == 0 for index in range(len(begins))], "raised and eased take turns"


def follow(alerts: WorkAlerts, pattern, seconds: int, start: int = 0) -> list[AlertStep]:
    steps = []
    for second in range(start, start + seconds):
        steps += alerts.update(pose_frame(float(second), []), {"bay": pattern(second)}, 10, 1)
    return steps


def busy(second: int) -> StationSeconds:
    return DEEP if second % 4 == 0 else UPRIGHT


def test_the_alert_is_about_the_station():
    alerts = WorkAlerts("site", "cam", SustainedParameters())
    (raised,) = follow(alerts, busy, 600)
    assert (raised.alert.kind, raised.alert.severity) == (AlertKind.SUSTAINED_POSTURE, Severity.P3)
    assert (raised.alert.zone, raised.alert.track_id) == ("bay", "")
    assert raised.update.kind is UpdateKind.RAISED
    (eased,) = follow(alerts, lambda s: UPRIGHT, 1500, start=600)
    assert eased.update.kind is UpdateKind.EASED
    assert (eased.update.number, eased.alert.id, eased.alert.open) == (1, raised.alert.id, False)


def test_the_end_of_the_camera_closes_it():
    alerts = WorkAlerts("site", "cam", SustainedParameters())
    (raised,) = follow(alerts, busy, 600)
    (ended,) = alerts.end(from_seconds(600))
    assert (ended.alert.id, ended.update.kind, ended.update.number) == (raised.alert.id, UpdateKind.ENDED, 1)
    assert alerts.end(from_seconds(601)) == []


def test_a_rebuild_meets_the_stored_alert_and_tells_nothing_new():
    first = WorkAlerts("site", "cam", SustainedParameters())
    (raised,) = follow(first, busy, 600)
    known = KnownAlert(raised.alert, (raised.update,))
    later = WorkAlerts("site", "cam", SustainedParameters())
    later.seed([known], from_seconds(600))
    (again,) = follow(later, busy, 400, start=600)
    assert (again.alert, again.update) == (raised.alert, raised.update)
    (eased,) = follow(later, lambda s: UPRIGHT, 1500, start=1000)
    assert (eased.alert.id, eased.update.number, eased.update.kind) == (raised.alert.id, 1, UpdateKind.EASED)


def test_a_stored_alert_that_is_not_met_again_is_closed_as_unknown():
    first = WorkAlerts("site", "cam", SustainedParameters())
    (raised,) = follow(first, busy, 600)
    later = WorkAlerts("site", "cam", SustainedParameters())
    later.seed([KnownAlert(raised.alert, (raised.update,))], from_seconds(600))
    (lost,) = follow(later, lambda s: UPRIGHT, 2000, start=600)
    assert (lost.alert.id, lost.update.kind) == (raised.alert.id, UpdateKind.LOST)
    assert lost.update.at == from_seconds(600 + 1800)


def test_state_goes_on_bit_for_bit():
    whole, first = WorkAlerts("site", "cam", SustainedParameters()), WorkAlerts("site", "cam", SustainedParameters())
    expected = follow(whole, busy, 900)
    found = follow(first, busy, 450)
    second = WorkAlerts.restore("site", "cam", SustainedParameters(), first.state())
    found += follow(second, busy, 450, start=450)
    assert found == expected
    assert second.state() == whole.state()
