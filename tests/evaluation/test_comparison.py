"""Alerts under two settings: pairs, words, and the timeline that shows them."""

from __future__ import annotations

import uuid
from collections import Counter
from xml.etree import ElementTree

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from spotter.core.clock import from_seconds
from spotter.core.contracts import Alert, AlertKind, AlertUpdate, Ledger, Severity, UpdateKind
from spotter.ergonomics.alerts import AlertStep
from spotter.evaluation.comparison import Change, Difference, compare
from spotter.evaluation.replay import CameraReplay, Replay
from spotter.evaluation.timeline import LANES, timeline
from spotter.recordings import CameraRecord

FALL, DOWN = AlertKind.POSSIBLE_FALL, AlertKind.PERSON_DOWN
ENDED, RECOVERED, STILL = UpdateKind.ENDED, UpdateKind.RECOVERED, UpdateKind.STILL_DOWN

Given = tuple[AlertKind, float, float, float]
"""Kind, and when it started, was raised and ended, seconds."""


def camera(name: str, alerts: list[Given], closes: UpdateKind = ENDED, told: int = 0) -> CameraReplay:
    replayed = CameraReplay(name, CameraRecord(footage="a.mp4"), last_at=from_seconds(100))
    for number, (kind, *times) in enumerate(alerts):
        started, raised, ended = (from_seconds(seconds) for seconds in times)
        severity = Severity.P1 if kind is FALL else Severity.P2
        identity = uuid.uuid5(uuid.NAMESPACE_OID, f"{name}{number}{kind}{times}")
        steps = [(UpdateKind.RAISED, raised), *((STILL, raised + n) for n in range(told)), (closes, ended)]
        for step, (update, at) in enumerate(steps):
            alert = Alert(
                identity, "plant", name, kind, severity, started, raised, "p1", {}, {}, Ledger(raised), 1, 0,
                ended_at=ended if update.closes else None,
            )  # fmt: skip
            replayed.steps.append(AlertStep(alert, AlertUpdate(identity, step, update, at)))
    return replayed


def differences(before: CameraReplay, after: CameraReplay) -> list[Difference]:
    return compare(Replay("rec", "plant", {before.camera_id: before}), Replay("rec", "plant", {after.camera_id: after}))


@pytest.mark.parametrize(
    ("before", "after", "expected"),
    [
        ([], [], []),
        ([(FALL, 1, 4, 9)], [(FALL, 1, 4, 9)], [("same", ())]),
        ([(FALL, 1, 4, 9)], [(FALL, 1, 6, 9)], [("changed", ("raised 2.00 s later",))]),
        ([(FALL, 1, 4, 9)], [(FALL, 1, 4, 8)], [("changed", ("closed 1.00 s earlier",))]),
        ([(FALL, 1, 4, 9)], [], [("vanished", ())]),
        ([], [(FALL, 1, 4, 9)], [("appeared", ())]),
        ([(FALL, 1, 4, 9)], [(FALL, 11, 14, 19)], [("changed", ("raised 10.00 s later", "starts 10.00 s later",
                                                                  "closed 10.00 s later"))]),
        ([(FALL, 1, 4, 9)], [(FALL, 11.5, 14, 19)], [("vanished", ()), ("appeared", ())]),
        (
            [(FALL, 1, 4, 9)],
            [(DOWN, 2, 22, 30)],
            [("changed", ("possible fall became person down", "P1 became P2", "raised 18.00 s later",
                          "starts 1.00 s later", "closed 21.00 s later"))],
        ),
        # A pair of one kind comes before a nearer one of another kind.
        ([(FALL, 1, 4, 9)], [(DOWN, 1, 4, 9), (FALL, 2, 4, 9)], [("appeared", ()),
                                                                 ("changed", ("starts 1.00 s later",))]),
        # The nearest start wins, and one alert is in one pair only.
        ([(FALL, 5, 8, 30)], [(FALL, 1, 4, 30), (FALL, 6, 8, 30)], [("changed", ("starts 1.00 s later",)),
                                                                     ("appeared", ())]),
        ([(FALL, 1, 4, 5), (FALL, 20, 24, 30)], [(FALL, 20, 24, 30)], [("vanished", ()), ("same", ())]),
    ],
)  # fmt: skip
def test_pairs(before: list[Given], after: list[Given], expected: list[tuple[str, tuple[str, ...]]]) -> None:
    found = differences(camera("a", before), camera("a", after))
    assert sorted((one.change.value, one.details) for one in found) == sorted(expected)
    assert [one.started_at for one in found] == sorted(one.started_at for one in found)


def test_how_it_was_closed_and_how_often_it_was_told() -> None:
    (one,) = differences(camera("a", [(FALL, 1, 4, 9)]), camera("a", [(FALL, 1, 4, 8)], RECOVERED, told=2))
    assert one.details == ("closed as recovered, not ended", "told 2 times more")


def test_the_order_in_which_alerts_are_named_changes_nothing() -> None:
    alerts = [(FALL, 1, 4, 9), (FALL, 5, 8, 30), (DOWN, 2, 22, 30), (FALL, 40, 43, 60)]
    others = [(FALL, 2, 5, 9), (DOWN, 3, 23, 30), (FALL, 41, 43, 60)]

    def shape(found: list[Difference]) -> list[object]:
        return sorted((one.change.value, one.started_at, one.details) for one in found)

    assert shape(differences(camera("a", alerts), camera("a", others))) == shape(
        differences(camera("a", alerts[::-1]), camera("a", others[::-1]))
    )


@settings(max_examples=80, deadline=None)
@given(
    before=st.lists(st.tuples(st.sampled_from([FALL, DOWN]), st.integers(0, 60), st.integers(1, 20)), max_size=6),
    after=st.lists(st.tuples(st.sampled_from([FALL, DOWN]), st.integers(0, 60), st.integers(1, 20)), max_size=6),
)
def test_every_alert_is_in_one_difference_and_sides_can_be_swapped(before, after) -> None:
    left, right = (
        camera(
            "a", [(kind, start + n / 100, start + 1, start + 1 + long) for n, (kind, start, long) in enumerate(side)]
        )
        for side in (before, after)
    )
    found, back = differences(left, right), differences(right, left)
    assert sorted(str(one.before.alert.id) for one in found if one.before) == sorted(
        str(run.alert.id) for run in left.alerts()
    )
    assert sorted(str(one.after.alert.id) for one in found if one.after) == sorted(
        str(run.alert.id) for run in right.alerts()
    )
    swapped = {Change.APPEARED: Change.VANISHED, Change.VANISHED: Change.APPEARED}
    assert Counter(one.change for one in found) == Counter(swapped.get(one.change, one.change) for one in back)


def texts(svg: str) -> list[str]:
    root = ElementTree.fromstring(svg)
    return [element.text or "" for element in root.iter("{http://www.w3.org/2000/svg}text")]


def bars(svg: str) -> list[tuple[float, float, str]]:
    """(left, width, title) of each bar with a title."""
    space = "{http://www.w3.org/2000/svg}"
    rects = ElementTree.fromstring(svg).iter(f"{space}rect")
    titled = [(rect, rect.find(f"{space}title")) for rect in rects]
    return [(float(r.get("x")), float(r.get("width")), t.text or "") for r, t in titled if t is not None]


def test_the_timeline_names_and_places_everything() -> None:
    found = differences(
        camera("hall & <door>", [(FALL, 10, 13, 50), (FALL, 60, 63, 80)]), camera("hall & <door>", [(FALL, 10, 18, 50)])
    )
    svg = timeline(found, "defaults", "fall.confirm_s=8")
    words = texts(svg)
    assert "hall & <door>" in words
    assert any("fall.confirm_s=8" in text for text in words)
    assert {"1 changed", "1 vanished", "0 appeared", "0 same"} <= set(words)
    drawn = bars(svg)
    assert len(drawn) == 3
    assert "raised at 13.00 s" in drawn[0][2]
    assert "raised 5.00 s later" in drawn[0][2]
    assert drawn[2][2].endswith("vanished")
    second = drawn[0][1] / 40
    assert drawn[2][0] - drawn[0][0] == pytest.approx(50 * second, abs=0.5)


def test_a_long_list_leaves_out_what_stays_the_same() -> None:
    found: list[Difference] = []
    for number in range(LANES + 30):
        after = [(FALL, 1, 4, 9)] if number != LANES + 29 else []
        found += differences(camera(f"cam-{number}", [(FALL, 1, 4, 9)]), camera(f"cam-{number}", after))
    words = texts(timeline(found, "a", "b"))
    assert f"cam-{LANES + 29}" in words
    assert any(text.startswith("30 more cameras") for text in words)


def test_no_alerts_is_a_picture_too() -> None:
    assert "no alerts under either" in texts(timeline([], "a", "b"))
    assert list(Change) == ["same", "changed", "appeared", "vanished"]
