"""State that was lost: a history that begins late meets the alerts of the store again, and adds none and drops none."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import cache
from typing import Any

import pytest
from skeletons import blend, figure, pose_frame, times

from spotter.core.clock import SECOND, from_seconds
from spotter.core.contracts import Alert, AlertKind, FloatArray, Ledger, PoseFrame, Severity, UpdateKind, alert_id
from spotter.core.parameters import RuleParameters, ViewParameters
from spotter.core.store import AlertQuery, AlertRecord, Store
from spotter.ergonomics.alerts import AlertStep, KnownAlert
from spotter.ergonomics.rebuild import Rebuild, reach
from spotter.ergonomics.snapshot import StreamFactory
from spotter.ergonomics.stream import CameraStream

FACTORY = StreamFactory("site", "cam", ViewParameters(), RuleParameters())
FPS = 5
Told = list[tuple[Any, int, str, int]]


@pytest.fixture
def store() -> Iterator[Store]:
    with Store.open("sqlite://") as opened:
        yield opened


def lies(up: float = 1e9, begin: float = 40.0, x: float = 500.0) -> Callable[[float], FloatArray]:
    """Falls at `begin` seconds and gets up at `up`."""

    def script(at: float) -> FloatArray:
        hip = [(begin, 0.53), (begin + 0.7, 0.08), (up, 0.08), (up + 1, 0.53)]
        trunk = [(begin, 0.0), (begin + 0.7, 90.0), (up, 90.0), (up + 1, 0.0)]
        return figure(x, hip=blend(at, hip), trunk_deg=blend(at, trunk), stiff=True)

    return script


def frames(*scripts: Callable[[float], FloatArray], stop: float, leaves: float = 1e9) -> list[PoseFrame]:
    return [
        pose_frame(at, [script(at) for script in scripts] if at < leaves else [], sequence=index)
        for index, at in enumerate(times(0, stop, FPS))
    ]


def recalled(store: Store) -> list[KnownAlert]:
    return [KnownAlert(record.alert, record.updates) for record in store.records()]


def play(stream: CameraStream, messages: list[PoseFrame], store: Store) -> list[AlertStep]:
    """Everything that a stream tells goes to the store; what was new there."""
    told = []
    for message in messages:
        taken = stream.take(message)
        steps = [*taken.ended, *(taken.assessment.alerts if taken.assessment is not None else ())]
        told += [step for step in steps if store.record(step.alert, step.update)]
    return told


def content(store: Store) -> Told:
    return sorted(
        (record.alert.id, update.number, update.kind.value, update.at)
        for record in store.records()
        for update in record.updates
    )


LONG = frames(lies(up=100), stop=125)


@cache
def undisturbed_long() -> Told:
    return undisturbed(LONG)


def undisturbed(messages: list[PoseFrame]) -> Told:
    with Store.open("sqlite://") as store:
        play(FACTORY.new(), messages, store)
        return content(store)


@pytest.mark.parametrize(("died_s", "back_s"), [(20, 20), (41, 35), (44.5, 20), (50, 35), (75, 20), (120, 35)])
def test_a_history_that_begins_before_the_fall_tells_the_same(store: Store, died_s: float, back_s: float) -> None:
    messages = LONG
    died = round(died_s * FPS)
    play(FACTORY.new(), messages[:died], store)
    begin = min(died, round((40 - back_s) * FPS))
    play(FACTORY.new(lambda: recalled(store)), messages[begin:], store)
    assert content(store) == undisturbed_long()


@pytest.mark.parametrize("begin_s", [41.5, 44, 60, 75, 99])
def test_a_history_that_begins_while_someone_lies_raises_no_second_alert(store: Store, begin_s: float) -> None:
    messages = LONG
    play(FACTORY.new(), messages[: 90 * FPS], store)
    before = content(store)
    assert len(before) == 2  # raised, still down
    rebuilt = FACTORY.new(lambda: recalled(store))
    told = play(rebuilt, messages[round(begin_s * FPS) :], store)
    (alert,) = store.alerts()
    kinds = [step.update.kind for step in told]
    if begin_s <= 75:
        assert kinds == [UpdateKind.RECOVERED]
        assert not alert.open
    else:  # too short a sight of them lying: nobody is met again, so it ends as lost later
        assert alert.open
        assert kinds == []
    assert content(store)[: len(before)] == before


def test_an_alert_that_is_over_is_not_told_again(store: Store) -> None:
    """The history begins while someone lies whose alert the store knows to be closed by now."""
    messages = LONG
    play(FACTORY.new(), messages, store)
    before = content(store)
    assert play(FACTORY.new(lambda: recalled(store)), messages[60 * FPS :], store) == []
    assert content(store) == before


def test_an_alert_that_nobody_meets_again_is_lost_in_the_end(store: Store) -> None:
    messages = frames(lies(), stop=400, leaves=60)
    play(FACTORY.new(), messages[: 55 * FPS], store)
    rebuilt = FACTORY.new(lambda: recalled(store))
    told = play(rebuilt, messages[62 * FPS :], store)
    assert [step.update.kind for step in told] == [UpdateKind.LOST]
    (alert,) = store.alerts()
    assert alert.ended_at == from_seconds(62 + 300)
    evidence = told[0].update.evidence["seconds_unseen_since_state_lost"]
    assert evidence.value >= evidence.threshold == 300


def test_the_end_of_the_stream_closes_an_alert_that_was_not_met_again(store: Store) -> None:
    messages = frames(lies(), stop=90, leaves=60)
    play(FACTORY.new(), messages[: 55 * FPS], store)
    rebuilt = FACTORY.new(lambda: recalled(store))
    play(rebuilt, messages[62 * FPS :], store)
    (step,) = rebuilt.end().alerts
    assert step.update.kind is UpdateKind.ENDED
    assert store.record(step.alert, step.update)
    assert not store.alerts(AlertQuery(open=True))


def test_a_new_epoch_closes_what_was_open_before_the_loss(store: Store) -> None:
    messages = frames(lies(), stop=60)
    play(FACTORY.new(), messages, store)
    rebuilt = FACTORY.new(lambda: recalled(store))
    play(rebuilt, messages[45 * FPS :], store)
    told = play(rebuilt, [pose_frame(70, [figure(500)], epoch=99)], store)
    assert [step.update.kind for step in told] == [UpdateKind.ENDED]


def test_two_who_fell_at_once_are_both_met_again(store: Store) -> None:
    messages = frames(lies(up=80, x=300), lies(x=900), stop=130)
    play(FACTORY.new(), messages[: 60 * FPS], store)
    assert len(store.alerts()) == 2
    play(FACTORY.new(lambda: recalled(store)), messages[10 * FPS :], store)
    assert content(store) == undisturbed(messages)


def test_numbers_of_tracks_are_never_given_twice(store: Store) -> None:
    first, second = FACTORY.new(list), FACTORY.new(list, late=True)
    messages = frames(lies(), stop=10)

    def tracks(stream: CameraStream, chosen: list[PoseFrame]) -> set[str]:
        taken = [stream.take(message).assessment for message in chosen]
        return {person.track_id for assessment in taken if assessment is not None for person in assessment.people}

    assert tracks(first, messages) == {"p1"}
    late = tracks(second, messages[10:])
    assert late == {f"p{500 * messages[10].sequence + 1}"}


def test_a_conflict_of_numbers_never_swallows_an_update(store: Store) -> None:
    """The store was told "still down" after 30 s; the rebuild sees a later fall and no 30 s of it."""
    messages = frames(lies(up=72), stop=90)
    play(FACTORY.new(), messages[: 71 * FPS], store)
    assert [number for _, number, _, _ in content(store)] == [0, 1]
    told = play(FACTORY.new(lambda: recalled(store)), messages[45 * FPS :], store)
    assert [(step.update.number, step.update.kind) for step in told] == [(2, UpdateKind.RECOVERED)]


@cache
def some_record() -> AlertRecord:
    with Store.open("sqlite://") as store:
        play(FACTORY.new(), frames(lies(begin=4), stop=9), store)
        return store.records()[0]


def step(number: int, kind: UpdateKind, name: int) -> AlertStep:
    record = some_record()
    identity = alert_id("site", "cam", AlertKind.POSSIBLE_FALL, name, 0)
    update = replace(record.updates[0], alert_id=identity, number=number, kind=kind)
    return AlertStep(replace(record.alert, id=identity), update)


def test_history_that_was_judged_before_tells_nothing_new() -> None:
    raised, closed = step(0, UpdateKind.RAISED, 1), step(1, UpdateKind.RECOVERED, 1)
    lasting, still = step(0, UpdateKind.RAISED, 2), step(1, UpdateKind.STILL_DOWN, 2)
    known = step(0, UpdateKind.RAISED, 3)
    rebuild = Rebuild(until=100, since=10**18)
    rebuild.meet([KnownAlert(known.alert, (known.update,))])
    assert rebuild.sift([raised, known]) == [known]
    assert rebuild.sift([closed, lasting]) == []
    assert rebuild.sift([still]) == []
    assert rebuild.withheld == 1
    assert rebuild.finish() == [lasting, still]


def test_it_is_over_at_the_committed_offset_or_with_newer_skeletons() -> None:
    rebuild = Rebuild(until=100, since=1_000)
    assert not rebuild.caught_up(99)
    assert rebuild.caught_up(100)
    rebuild.pass_by(999)
    assert not rebuild.caught_up(5)
    rebuild.pass_by(1_000)
    assert rebuild.caught_up(5)


def stored(started_s: float, ended_s: float | None, *, clock_s: float = 0.0) -> Alert:
    """An alert on an event clock that runs `clock_s` seconds behind the wall clock."""
    started = from_seconds(started_s)
    raised = started + 4 * SECOND
    return Alert(
        alert_id("site", "cam", AlertKind.POSSIBLE_FALL, 0, started), "site", "cam", AlertKind.POSSIBLE_FALL,
        Severity.P1, started, raised, "p1", {}, {}, Ledger(raised + from_seconds(clock_s), stored=raised + 10**15),
        10, 0, ended_at=None if ended_s is None else from_seconds(ended_s),
    )  # fmt: skip


NOW_S = 10_000.0


@pytest.mark.parametrize(
    ("alerts", "since_s"),
    [
        pytest.param([], 9820, id="nothing open"),
        pytest.param([stored(9_900, None)], 9820, id="open but inside"),
        pytest.param([stored(9_700, None)], 9670, id="open and before"),
        pytest.param([stored(9_700, 9_810)], 9820, id="over by then"),
        pytest.param([stored(9_700, 9_830)], 9670, id="open at the beginning"),
        pytest.param([stored(9_500, 9_690), stored(9_700, 9_830)], 9470, id="one meets the next"),
        pytest.param([stored(9_500, 9_660), stored(9_700, 9_830)], 9670, id="or does not"),
        pytest.param([stored(1_000, None)], 8200, id="never too far"),
        pytest.param([stored(200, None, clock_s=9_500)], 9670, id="event time behind the wall clock"),
    ],
)
def test_how_far_back(alerts: list[Alert], since_s: float) -> None:
    assert reach(alerts, from_seconds(NOW_S), 180, 1800) == from_seconds(since_s)
