"""Deliveries in the store, on SQLite and Postgres: fan-out, leases, order, limits, replay. No channel is involved."""

from __future__ import annotations

import threading
import time
from collections.abc import Mapping
from typing import Any

import pytest
from alert_samples import START, make_alert, make_update
from delivery_tools import HOUR, LEASE, admit, claim, fan_out, step
from notify_tools import fall, found, person_down, record, states
from sqlalchemy import text

from spotter.core.clock import SECOND, now
from spotter.core.contracts import UpdateKind
from spotter.core.errors import WireError
from spotter.core.store import Store
from spotter.core.store.deliveries import Deliveries, LimitBook
from spotter.core.store.delivery_queries import DeliveryBook
from spotter.core.store.delivery_records import NOBODY, ChannelBacklog, Claim, DeliveryState


def test_each_message_goes_to_each_of_its_channels_once(store: Store, deliveries: Deliveries) -> None:
    record(store, fall(), updates=2)
    done = deliveries.fan_out(lambda payload: ["a", "b"], now(), HOUR)
    assert done.messages == 2
    assert done.made == {("a", DeliveryState.PENDING): 2, ("b", DeliveryState.PENDING): 2}
    assert deliveries.fan_out(lambda payload: ["a", "b"], now(), HOUR).messages == 0
    assert [(one.channel, one.update_number) for one in found(store)] == [("a", 0), ("b", 0), ("a", 1), ("b", 1)]
    assert store.counts().outbox_pending == 0


def test_what_nobody_wants_and_what_cannot_be_read_stays_visible(store: Store, deliveries: Deliveries) -> None:
    def route(payload: Mapping[str, Any]) -> list[str]:
        if payload["alert"]["camera_id"] == "odd":
            raise WireError("alert JSON has schema version 9")
        return []

    record(store, fall(0))
    record(store, fall(1, camera_id="odd"))
    deliveries.fan_out(route, now(), HOUR)
    assert [(one.channel, one.state.value, one.error) for one in found(store)] == [
        (NOBODY, "no_channel", "no channel takes it"),
        (NOBODY, "dead", "alert JSON has schema version 9"),
    ]


@pytest.mark.parametrize("payload", ['"text"', "[1, 2]", "null", "{}", '{"alert": 3}'])
def test_a_payload_that_is_no_message_stops_nothing(store: Store, deliveries: Deliveries, payload: str) -> None:
    record(store, fall(0))
    record(store, fall(1))
    with store._writer.begin() as connection:
        connection.execute(text("UPDATE outbox SET payload = :payload WHERE id = 1"), {"payload": payload})

    def route(payload: Mapping[str, Any]) -> list[str]:
        if not isinstance(payload.get("alert"), dict):
            raise WireError("no alert")
        return ["a"]

    assert deliveries.fan_out(route, now(), HOUR).messages == 2
    assert states(store) == ["dead", "pending"]
    assert len(found(store)) == 2


def test_a_message_that_was_old_when_it_was_seen_is_not_sent(store: Store, deliveries: Deliveries) -> None:
    record(store, fall())
    fan_out(deliveries, "a", "b", at=now() + 2 * HOUR)
    assert states(store) == ["expired", "expired"]
    assert claim(deliveries) is None


def test_without_a_channel_messages_wait_first(store: Store, deliveries: Deliveries) -> None:
    record(store, fall())
    assert deliveries.fan_out(lambda payload: [], now(), HOUR, before=now() - HOUR).messages == 0
    assert deliveries.fan_out(lambda payload: [], now(), HOUR, before=now() + 1).messages == 1


def test_a_claim_is_a_lease(store: Store, deliveries: Deliveries) -> None:
    record(store, fall())
    fan_out(deliveries, "a")
    at = now()
    first = claim(deliveries, at=at)
    assert first is not None
    assert first.attempts == 1
    assert claim(deliveries, at=at + LEASE - SECOND) is None
    second = claim(deliveries, at=at + LEASE)
    assert second is not None
    assert (second.id, second.attempts) == (first.id, 2)
    deliveries.failed(first, "came back too late", at, at)
    assert found(store)[0].error == "", "a claim that was lost changes nothing"
    deliveries.failed(second, "no answer", at, at + 60 * SECOND)
    assert found(store)[0].error == "no answer"
    assert claim(deliveries, at=at + 59 * SECOND) is None
    assert claim(deliveries, at=at + 60 * SECOND) is not None


def test_a_success_counts_even_when_its_lease_was_over(store: Store, deliveries: Deliveries) -> None:
    record(store, fall())
    fan_out(deliveries, "a")
    at = now()
    late, other = claim(deliveries, at=at), claim(deliveries, at=at + LEASE)
    assert late is not None
    assert other is not None
    deliveries.delivered(late, at + LEASE + SECOND)
    deliveries.failed(other, "no answer", at, at)
    assert states(store) == ["delivered"]


def test_the_ledger_keeps_the_first_delivery(store: Store, deliveries: Deliveries) -> None:
    alert = fall()
    record(store, alert, updates=2)
    fan_out(deliveries, "a", "b")
    at = now()
    for number, channel in enumerate(("a", "b", "a")):
        taken = claim(deliveries, channel)
        assert taken is not None
        deliveries.delivered(taken, at + number * SECOND)
    assert store.alerts()[0].ledger.notified == at


def test_updates_of_one_alert_wait_for_each_other_on_each_channel(store: Store, deliveries: Deliveries) -> None:
    record(store, fall(0), updates=3)
    record(store, fall(1, camera_id="gate"))
    fan_out(deliveries, "a", "b")
    at = now()
    first = claim(deliveries, at=at)
    assert step(first) == ("dock", 0)
    assert step(claim(deliveries, at=at)) == ("gate", 0), "other alerts do not wait"
    assert claim(deliveries, at=at) is None
    assert step(claim(deliveries, "b", at=at)) == ("dock", 0), "nor do other channels"
    assert first is not None
    deliveries.failed(first, "no answer", at, at + 5 * SECOND)
    assert claim(deliveries, at=at + SECOND) is None
    again = claim(deliveries, at=at + 5 * SECOND)
    assert step(again) == ("dock", 0)
    assert again is not None
    deliveries.failed(again, "refused", at, None)
    assert step(claim(deliveries, at=at + 5 * SECOND)) == ("dock", 1), "what was given up holds nothing up"


def test_the_urgent_goes_first(store: Store, deliveries: Deliveries) -> None:
    for number in range(3):
        record(store, person_down(number, camera_id=f"aisle-{number}"))
    record(store, fall(9))
    fan_out(deliveries, "a")
    order = [step(claim(deliveries))[0] for _ in range(4)]
    assert order == ["dock", "aisle-0", "aisle-1", "aisle-2"]


def test_a_clock_that_goes_back_does_not_put_deliveries_off(store: Store, deliveries: Deliveries) -> None:
    record(store, fall())
    at = now()
    deliveries.fan_out(lambda payload: ["a"], at + 5 * HOUR, 10 * HOUR)
    assert claim(deliveries, at=at) is not None


def test_a_delivery_whose_time_is_over_is_dead(store: Store, deliveries: Deliveries) -> None:
    record(store, fall())
    fan_out(deliveries, "a")
    at = now()
    taken = claim(deliveries, at=at)
    assert taken is not None
    deliveries.failed(taken, "no answer", at, at)
    late = deliveries.claim("a", at + 2 * HOUR, LEASE, 9 * HOUR, admit)
    assert late is not None
    assert late.expired
    dead = found(store)[0]
    assert (dead.state.value, dead.error) == ("dead", "not delivered in time; last: no answer")


def test_what_is_held_back_becomes_one_summary(store: Store, deliveries: Deliveries) -> None:
    for number in range(3):
        record(store, person_down(number))
    record(store, fall(5))
    fan_out(deliveries, "a")

    def hold(payload: Mapping[str, Any], buckets: LimitBook) -> str:
        return "rate limit" if payload["alert"]["severity"] == "P2" else ""

    def take() -> Claim | None:
        return deliveries.claim("a", now(), LEASE, HOUR, hold)

    def build(held: Any, at: int) -> dict[str, Any]:
        return {"count": len(held)}

    assert step(take()) == ("dock", 0)
    withheld = [take() for _ in range(3)]
    assert [one.withheld for one in withheld if one is not None] == ["rate limit"] * 3
    assert take() is None
    assert deliveries.summarise("a", now(), HOUR, lambda severity, buckets: False, build) == 0
    assert deliveries.summarise("b", now(), HOUR, lambda severity, buckets: True, build) == 0
    assert deliveries.summarise("a", now(), HOUR, lambda severity, buckets: severity == "P2", build) == 1
    assert deliveries.summarise("a", now(), HOUR, lambda severity, buckets: True, build) == 0
    summary = take()
    assert summary is not None
    assert (summary.summary, summary.payload) == ({"count": 3}, None)
    listed = found(store, state=DeliveryState.WITHHELD)
    assert {one.summary_id for one in listed} == {summary.id}
    assert [one.error for one in listed] == ["rate limit"] * 3


def test_buckets_are_kept_by_channel_and_severity(store: Store, deliveries: Deliveries) -> None:
    seen: list[tuple[float, int] | None] = []

    def count(payload: Mapping[str, Any], buckets: LimitBook) -> str:
        kept = buckets.load("P1")
        seen.append(kept)
        buckets.save("P1", (kept[0] if kept else 10.0) - 1.0, START)
        return ""

    for number in range(2):
        record(store, fall(number))
    fan_out(deliveries, "a", "b")
    for channel in ("a", "a", "b"):
        assert deliveries.claim(channel, now(), LEASE, HOUR, count) is not None
    assert seen == [None, (9.0, START), None]


def test_a_delivery_is_admitted_once(store: Store, deliveries: Deliveries) -> None:
    record(store, person_down())
    fan_out(deliveries, "a")
    at = now()
    taken = claim(deliveries, at=at)
    assert taken is not None
    deliveries.failed(taken, "no answer", at, at)
    again = deliveries.claim("a", at, LEASE, HOUR, lambda payload, buckets: "rate limit")
    assert again is not None
    assert again.withheld == ""


def test_replay(store: Store, deliveries: Deliveries, book: DeliveryBook) -> None:
    for number in range(2):
        record(store, person_down(number))
    fan_out(deliveries, "a", "b")
    at = now()
    for channel in ("a", "a", "b", "b"):
        taken = claim(deliveries, channel, at)
        assert taken is not None
        deliveries.failed(taken, "refused", at, None)
    first, *others = [one.id for one in found(store, state=DeliveryState.DEAD, channel="a")]
    assert book.replay(at, HOUR, ids=[first, 999_999]) == [first]
    assert book.replay(at, HOUR, ids=[first]) == [], "it is pending already"
    assert len(book.replay(at, HOUR, channel="b")) == 2
    assert [one.id for one in found(store, state=DeliveryState.DEAD)] == others
    assert book.replay(at, HOUR) == others
    assert states(store) == ["pending"] * 4
    again = deliveries.claim("a", at, LEASE, HOUR, lambda payload, buckets: "quiet hours")
    assert again is not None
    assert (again.withheld, again.attempts) == ("", 1), "what a person sends again is not held back"


def test_what_nobody_took_is_routed_anew(store: Store, deliveries: Deliveries, book: DeliveryBook) -> None:
    record(store, fall())
    fan_out(deliveries)
    nobody = found(store)[0]
    assert book.replay(now(), HOUR) == [], "not dead: nobody asked for it"
    assert book.replay(now(), HOUR, states=[DeliveryState.NO_CHANNEL]) == [nobody.id]
    assert found(store) == []
    fan_out(deliveries, "a")
    assert [(one.channel, one.state.value) for one in found(store)] == [("a", "pending")]


def test_backlog(store: Store, deliveries: Deliveries, book: DeliveryBook) -> None:
    assert (book.backlog(), book.oldest_in_outbox()) == ({}, None)
    before = now()
    for number in range(3):
        record(store, person_down(number))
    assert before <= (book.oldest_in_outbox() or 0) <= now()
    at = now()
    fan_out(deliveries, "a", at=at)
    assert book.oldest_in_outbox() is None
    taken = claim(deliveries)
    assert taken is not None
    deliveries.failed(taken, "refused", at, None)
    deliveries.claim("a", now(), LEASE, HOUR, lambda payload, buckets: "rate limit")
    assert book.backlog() == {"a": ChannelBacklog(pending=1, dead=1, withheld=1, oldest=at)}


def test_what_waits_for_a_channel_that_is_gone_ends(store: Store, deliveries: Deliveries, book: DeliveryBook) -> None:
    record(store, fall())
    fan_out(deliveries, "old", "new")
    assert book.give_up_orphans(["new"], now()) == 0, "it may be on its way in another process"
    assert book.give_up_orphans(["new"], now() + 2 * HOUR) == 1
    assert [(one.channel, one.state.value) for one in found(store)] == [("old", "dead"), ("new", "pending")]


def test_open_alerts_that_a_channel_was_told_of(store: Store, deliveries: Deliveries, book: DeliveryBook) -> None:
    told, closed, untold = fall(0), fall(1), fall(2)
    for alert in (told, closed):
        record(store, alert)
    fan_out(deliveries, "a")
    for _ in range(2):
        taken = claim(deliveries)
        assert taken is not None
        deliveries.delivered(taken, now())
    store.record(closed, make_update(closed, 1, UpdateKind.LOST, 9))
    record(store, untold)
    fan_out(deliveries, "a")
    assert [alert.id for alert in book.open_alerts("a", now() - HOUR)] == [told.id]
    assert book.open_alerts("b", now() - HOUR) == []
    assert book.open_alerts("a", now() + HOUR) == []


def test_deliveries_go_with_their_alert(store: Store, deliveries: Deliveries) -> None:
    record(store, fall())
    fan_out(deliveries, "a")
    with store._writer.begin() as connection:
        connection.execute(text("DELETE FROM alerts"))
    assert found(store) == []


def test_threads_that_share_the_work_take_each_delivery_once(store: Store, deliveries: Deliveries) -> None:
    alerts = [make_alert(number, camera_id=f"camera-{number}") for number in range(8)]
    for alert in alerts:
        record(store, alert, updates=3)
    taken: list[tuple[str, int]] = []
    failures: list[Exception] = []
    end = time.monotonic() + 60

    def work() -> None:
        try:
            while len(taken) < 24 and time.monotonic() < end:
                deliveries.fan_out(lambda payload: ["a"], now(), HOUR, limit=4)
                if (claimed := claim(deliveries)) is not None:
                    taken.append(step(claimed))
                    deliveries.delivered(claimed, now())
        except Exception as error:
            failures.append(error)

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(90)
    assert failures == []
    assert sorted(taken) == sorted((alert.camera_id, update) for alert in alerts for update in range(3))
    for alert in alerts:
        assert [update for camera, update in taken if camera == alert.camera_id] == [0, 1, 2]
    assert states(store) == ["delivered"] * 24
