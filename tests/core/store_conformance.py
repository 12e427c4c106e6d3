"""What a store must do on every database. A database joins by subclassing `StoreConformance` with a `url` fixture."""

from __future__ import annotations

import threading
import uuid
from collections.abc import Iterator
from dataclasses import replace

import pytest
from alert_samples import START, make_alert, make_update
from store_history_conformance import DAY, AuditConformance, HistoryConformance, RetentionConformance
from store_tasks_conformance import TasksConformance

from spotter.core.clock import SECOND, now
from spotter.core.contracts import (
    AlertKind,
    CameraHealth,
    CameraState,
    Evidence,
    Ledger,
    Severity,
    UpdateKind,
)
from spotter.core.store import AlertCursor, AlertQuery, Counts, Store, alert_from_json, alert_json, update_from_json
from spotter.core.store.deliveries import Deliveries


class StoreConformance(HistoryConformance, AuditConformance, RetentionConformance, TasksConformance):
    """The promises of `core.store`, one test for each."""

    @pytest.fixture
    def url(self) -> str:
        raise NotImplementedError("a subclass gives an empty database")

    @pytest.fixture
    def store(self, url: str) -> Iterator[Store]:
        with Store.open(url) as store:
            yield store

    def test_what_is_recorded_comes_back(self, store: Store) -> None:
        alert = make_alert()
        before = now()
        assert store.record(alert, make_update(alert))
        record = store.alert(alert.id)
        assert record is not None
        stored = record.alert.ledger.stored
        assert stored is not None
        assert before <= stored <= now()
        assert record.alert == alert.stored(stored)
        assert record.updates == (make_update(alert),)

    def test_an_unknown_alert_is_none(self, store: Store) -> None:
        assert store.alert(uuid.uuid4()) is None

    def test_a_replay_changes_nothing(self, store: Store) -> None:
        alert = make_alert()
        store.record(alert, make_update(alert))
        store.record(alert, make_update(alert, 1, UpdateKind.RECOVERED, 5))
        before = (store.alert(alert.id), store.pending_outbox(), store.counts())
        changed = replace(alert, severity=Severity.P1, ended_at=START + 99 * SECOND, zone="elsewhere")
        assert not store.record(changed, make_update(alert))
        assert not store.record(changed, make_update(alert, 1, UpdateKind.LOST, 6))
        assert (store.alert(alert.id), store.pending_outbox(), store.counts()) == before

    @pytest.mark.parametrize("kind", list(UpdateKind))
    def test_only_closing_updates_end_an_alert(self, store: Store, kind: UpdateKind) -> None:
        alert = make_alert()
        store.record(alert, make_update(alert))
        step = make_update(alert, 1, kind, 12.5)
        assert store.record(alert, step)
        found = store.alerts()[0]
        assert found.ended_at == (step.at if kind.closes else None)
        assert found.open != kind.closes

    def test_what_is_known_is_never_lost(self, store: Store) -> None:
        alert = make_alert(severity=Severity.P2)
        store.record(alert, make_update(alert))
        first = store.alerts()[0]
        ended = alert.raised_at + 10 * SECOND
        store.record(replace(alert, ended_at=ended), make_update(alert, 1, UpdateKind.RECOVERED, 10))
        late = replace(alert, severity=Severity.P1, ledger=Ledger(captured=1000, posed=START, stored=START))
        store.record(late, make_update(alert, 2, UpdateKind.ENDED, 60))
        found = store.alerts()[0]
        assert found.ended_at == ended
        assert found.severity is Severity.P1
        assert found.ledger == replace(first.ledger, posed=START)
        assert found.evidence == alert.evidence

    def test_updates_may_come_out_of_order(self, store: Store) -> None:
        alert = make_alert()
        urgent = replace(alert, severity=Severity.P1)
        assert store.record(urgent, make_update(alert, 1, UpdateKind.STILL_DOWN, 30))
        assert store.record(alert, make_update(alert, 0))
        record = store.alert(alert.id)
        assert record is not None
        assert [step.number for step in record.updates] == [0, 1]
        assert record.alert.severity is Severity.P1

    def test_an_update_of_another_alert_is_refused(self, store: Store) -> None:
        with pytest.raises(ValueError, match="given with alert"):
            store.record(make_alert(0), make_update(make_alert(1)))
        assert store.counts().alerts == 0

    def test_numbers_that_json_cannot_hold_survive(self, store: Store) -> None:
        alert = make_alert(evidence={"gap": Evidence(float("inf"), float("-inf"), "s")})
        assert store.record(alert, make_update(alert))
        assert store.alerts()[0].evidence == alert.evidence

    def test_the_outbox_tells_each_update_once_and_in_order(self, store: Store) -> None:
        alert = make_alert()
        steps = [make_update(alert), make_update(alert, 1, UpdateKind.STILL_DOWN, 30)]
        for step in steps:
            store.record(alert, step)
        entries = store.pending_outbox()
        assert [(entry.topic, entry.alert_id, entry.update_number) for entry in entries] == [
            ("alerts", alert.id, 0),
            ("alerts", alert.id, 1),
        ]
        for entry, step in zip(entries, steps, strict=True):
            assert update_from_json(entry.payload["update"]) == step
            assert alert_from_json(entry.payload["alert"]) == store.alerts()[0]
            assert entry.attempts == 0
        assert len(store.pending_outbox(limit=1)) == 1

    def test_the_outbox_message_shows_the_alert_as_it_then_stood(self, store: Store) -> None:
        alert = make_alert()
        store.record(alert, make_update(alert))
        store.record(alert, make_update(alert, 1, UpdateKind.RECOVERED, 7))
        first, second = (alert_from_json(entry.payload["alert"]) for entry in store.pending_outbox())
        assert first.ended_at is None
        assert second.ended_at == alert.raised_at + 7 * SECOND

    def test_the_newest_message_grows_with_every_update(self, store: Store) -> None:
        assert store.newest_message() == 0
        alert = make_alert()
        store.record(alert, make_update(alert))
        first = store.newest_message()
        assert first == store.pending_outbox()[-1].id
        store.record(alert, make_update(alert))
        assert store.newest_message() == first
        store.record(alert, make_update(alert, 1, UpdateKind.STILL_DOWN, 30))
        assert store.newest_message() > first

    def test_filters(self, store: Store) -> None:
        dock = make_alert(0)
        aisle = make_alert(1, camera_id="aisle", kind=AlertKind.PERSON_DOWN, severity=Severity.P1)
        closed = make_alert(2)
        for alert in (dock, aisle, closed):
            store.record(alert, make_update(alert))
        store.record(closed, make_update(closed, 1, UpdateKind.LOST, 1))

        def ids(**filters: object) -> list[uuid.UUID]:
            return [alert.id for alert in store.alerts(AlertQuery(**filters))]  # type: ignore[arg-type]

        assert ids() == [closed.id, aisle.id, dock.id]
        assert ids(camera_id="aisle") == [aisle.id]
        assert ids(kind=AlertKind.POSSIBLE_FALL) == [closed.id, dock.id]
        assert ids(severity=Severity.P1) == [aisle.id]
        assert ids(open=True) == [aisle.id, dock.id]
        assert ids(open=False) == [closed.id]
        assert ids(since=aisle.raised_at) == [closed.id, aisle.id]
        assert ids(until=aisle.raised_at) == [dock.id]
        assert ids(limit=1) == [closed.id]
        assert ids(camera_id="dock", open=True, since=START, until=START + SECOND) == [dock.id]
        assert ids(camera_id="none") == []
        assert ids(site="site", camera_id="dock") == [closed.id, dock.id]
        assert ids(site="other") == []

    def test_pages_cover_everything_once(self, store: Store) -> None:
        # Three alerts of each moment, so that the id has to break the tie.
        alerts = [make_alert(number, raised_at=START + number // 3 * SECOND) for number in range(11)]
        for alert in alerts:
            store.record(alert, make_update(alert))
        seen: list[uuid.UUID] = []
        query = AlertQuery(limit=4)
        while page := store.records(query):
            seen += [record.alert.id for record in page]
            assert all(record.updates == (make_update(record.alert),) for record in page)
            query = replace(query, after=AlertCursor.of(page[-1].alert))
        assert seen == [one.id for one in sorted(alerts, key=lambda one: (one.raised_at, one.id), reverse=True)]

    def test_ids_by_prefix(self, store: Store) -> None:
        alerts = [make_alert(number) for number in range(40)]
        for alert in alerts:
            store.record(alert, make_update(alert))
        ids = sorted(alert.id for alert in alerts)
        for one in ids[:5]:
            for length in (1, 2, 9, 14, 36):
                prefix = str(one)[:length]
                expected = [other for other in ids if str(other).startswith(prefix)]
                assert store.ids_starting_with(prefix.upper(), limit=50) == expected
        assert len(store.ids_starting_with(str(ids[0])[0], limit=1)) == 1
        for nothing in ("", "-", "xyz", "0" * 33, "%"):
            assert store.ids_starting_with(nothing) == []

    def test_cameras_keep_the_newest_and_the_first_sight(self, store: Store) -> None:
        store.put_camera(CameraHealth("dock", CameraState.CONNECTING, START), "site", "rtsp://***@host/1")
        live = CameraHealth("dock", CameraState.LIVE, START + SECOND, 10, 1, 12.5, 640, 480, "fine")
        store.put_camera(live, "site", "rtsp://***@host/1")
        store.put_camera(CameraHealth("dock", CameraState.FAILED, START - SECOND), "site", "old news")
        store.put_camera(CameraHealth("dock", CameraState.ENDED, START), "other", "clip.mp4")
        other, ours = store.cameras()
        assert (other.site, other.state) == ("other", CameraState.ENDED)
        assert (ours.first_seen, ours.last_seen) == (START, START + SECOND)
        assert (ours.state, ours.fps, ours.width, ours.height, ours.detail) == (
            CameraState.LIVE,
            12.5,
            640,
            480,
            "fine",
        )
        assert ours.source == "rtsp://***@host/1"

    def test_counts(self, store: Store) -> None:
        assert store.counts() == Counts(cameras=0, alerts=0, alerts_open=0, outbox_pending=0)
        one, two = make_alert(1), make_alert(2)
        for alert in (one, two):
            store.record(alert, make_update(alert))
        store.record(one, make_update(one, 1, UpdateKind.ENDED, 9))
        Deliveries(store).fan_out(lambda payload: (), START, DAY, limit=1)
        store.put_camera(CameraHealth("dock", CameraState.LIVE, START), "site", "0")
        assert store.counts() == Counts(cameras=1, alerts=2, alerts_open=1, outbox_pending=2)
        store.ping()

    def test_threads_that_replay_the_same_alerts_write_each_once(self, store: Store) -> None:
        alerts = [make_alert(number) for number in range(15)]
        written: list[bool] = []
        failures: list[Exception] = []

        def replay() -> None:
            for alert in alerts:
                for step in (make_update(alert), make_update(alert, 1, UpdateKind.RECOVERED, 3)):
                    try:
                        written.append(store.record(alert, step))
                    except Exception as error:
                        failures.append(error)

        threads = [threading.Thread(target=replay) for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(120)
        assert failures == []
        assert written.count(True) == 30
        assert store.counts() == Counts(cameras=0, alerts=15, alerts_open=0, outbox_pending=30)

    def test_json_of_what_is_stored_reads_back(self, store: Store) -> None:
        alert = make_alert()
        store.record(alert, make_update(alert))
        found = store.alerts()[0]
        assert alert_from_json(alert_json(found)) == found
