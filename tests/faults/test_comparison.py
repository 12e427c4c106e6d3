"""The comparison catches each way in which a run can differ: without this, a green scenario says nothing."""

from __future__ import annotations

import uuid
from dataclasses import replace

import pytest

from faults.cameras import skeletons
from faults.outcome import AlertFacts, Delivery, compare_alerts, compare_deliveries, repeats
from faults.reference import undisturbed
from faults.scenario import Load

START = 1_790_000_000_000_000_000
LOAD = Load(cameras=4, seconds=50, fps=6, recorded=1)


@pytest.fixture(scope="module")
def expected() -> dict[uuid.UUID, AlertFacts]:
    return undisturbed(skeletons(LOAD, 3, START))


@pytest.fixture
def deliveries(expected):
    return [
        Delivery(key=f"{alert_id}/{update.number}", alert_id=alert_id, number=update.number, signed=True)
        for alert_id, alert in expected.items()
        for update in alert.updates
    ]


def first_with_updates(expected, least: int) -> uuid.UUID:
    return next(key for key, alert in expected.items() if len(alert.updates) >= least)


def test_the_undisturbed_run_is_the_same_every_time_and_has_alerts(expected):
    again = undisturbed(skeletons(LOAD, 3, START))
    assert compare_alerts(expected, again) == []
    assert len(expected) >= 3
    kinds = {update.kind for alert in expected.values() for update in alert.updates}
    assert {"raised", "recovered", "ended"} <= kinds
    assert all(alert.ended_at is not None for alert in expected.values())


def test_another_seed_is_another_load(expected):
    other = undisturbed(skeletons(LOAD, 4, START))
    assert compare_alerts(expected, other) != []


def test_a_dropped_alert_is_caught(expected):
    key = next(iter(expected))
    problems = compare_alerts(expected, {k: v for k, v in expected.items() if k != key})
    assert problems == [f"alert lost: {expected[key]}"]


def test_a_doubled_alert_is_caught(expected):
    twin = next(iter(expected.values()))
    assert compare_alerts(expected, {**expected, uuid.uuid4(): twin}) == [f"alert too many: {twin}"]


def test_a_lost_a_doubled_and_a_changed_update_are_caught(expected):
    key = first_with_updates(expected, 2)
    alert = expected[key]
    *head, last = alert.updates
    more = replace(last, number=last.number + 1)
    later = replace(last, at=last.at + 1_000)
    for updates, word in (
        (tuple(head), "update lost"),
        ((*alert.updates, more), "update too many"),
        ((*head, later), "update is"),
    ):
        (problem,) = compare_alerts(expected, {**expected, key: replace(alert, updates=updates)})
        assert word in problem


@pytest.mark.parametrize(
    ("name", "value"), [("ended_at", None), ("raised_at", 1), ("severity", "P9"), ("camera", "elsewhere")]
)
def test_a_changed_fact_is_caught(expected, name, value):
    key, alert = next(iter(expected.items()))
    (problem,) = compare_alerts(expected, {**expected, key: replace(alert, **{name: value})})
    assert name in problem


def test_evidence_is_compared_unless_it_was_left_out(expected):
    key, alert = next(iter(expected.items()))
    first = alert.updates[0]
    name, value, threshold = first.evidence[0]
    changed = replace(first, evidence=((name, value + 1e-9, threshold), *first.evidence[1:]))
    (problem,) = compare_alerts(expected, {**expected, key: replace(alert, updates=(changed, *alert.updates[1:]))})
    assert "its numbers differ" in problem


def test_everything_delivered_once_or_more_is_right(expected, deliveries):
    assert compare_deliveries(expected, deliveries) == []
    again = [*deliveries, deliveries[0], deliveries[-1]]
    assert compare_deliveries(expected, again) == []
    assert repeats(again) == 2


def test_a_delivery_that_never_came_is_caught(expected, deliveries):
    (problem,) = compare_deliveries(expected, deliveries[1:])
    assert problem.startswith("not delivered: update 0")


def test_a_delivery_under_two_keys_is_seen_twice_and_caught(expected, deliveries):
    (problem,) = compare_deliveries(expected, [*deliveries, replace(deliveries[0], key="another")])
    assert "two keys" in problem


def test_one_key_for_two_updates_hides_one_and_is_caught(expected, deliveries):
    key = first_with_updates(expected, 2)
    mixed = [replace(each, key="same") if each.alert_id == key else each for each in deliveries]
    problems = compare_deliveries(expected, mixed)
    assert any("stands for two updates" in problem for problem in problems)
    assert any("not delivered" in problem for problem in problems)


def test_updates_out_of_order_are_caught(expected, deliveries):
    key = first_with_updates(expected, 2)
    (problem,) = compare_deliveries(expected, [*[d for d in deliveries if d.alert_id != key],
                                               *reversed([d for d in deliveries if d.alert_id == key])])  # fmt: skip
    assert problem.startswith(f"out of order: alert {key}")


def test_a_stranger_and_a_wrong_signature_are_caught(expected, deliveries):
    stranger = Delivery("k", uuid.uuid4(), 0, signed=True)
    assert "without cause" in compare_deliveries(expected, [*deliveries, stranger])[0]
    forged = [replace(deliveries[0], signed=False), *deliveries[1:]]
    assert "wrong signature" in compare_deliveries(expected, forged)[0]
