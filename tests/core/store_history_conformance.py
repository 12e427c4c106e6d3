"""What a store must do with history, audit and retention on every database; part of `StoreConformance`."""

from __future__ import annotations

import threading
import uuid
from dataclasses import replace

import pytest
from alert_samples import START, make_alert, make_update
from sqlalchemy import text

from spotter.core.clock import SECOND, now
from spotter.core.contracts import Alert, CameraHealth, CameraState, UpdateKind
from spotter.core.errors import StoreError
from spotter.core.settings import RetentionSettings
from spotter.core.store import CoverageRecord, ExposureBucket, HealthSample, LiftRecord, PostureRecord, Store
from spotter.core.store.audit import FIRST_PREVIOUS
from spotter.core.store.deliveries import Deliveries
from spotter.core.store.records import MINUTE
from spotter.core.store.retention import BATCH, ClassReport, RetentionReport, run_retention

DAY = 86_400 * SECOND
BEGIN = START - START % DAY
"""Midnight before `START`; a Saturday."""

FOREVER = RetentionSettings(**dict.fromkeys(RetentionSettings.model_fields))


def bucket(minute: int = 0, **changes: object) -> ExposureBucket:
    """The bucket of camera "dock" `minute` minutes after `BEGIN`."""
    whole = ExposureBucket("site", "dock", "", BEGIN + minute * MINUTE, START, 60, 10.5, 4.25, 1.125, 0.1, 0.7, 900)
    return replace(whole, **changes)  # type: ignore[arg-type]


def posture(minute: int = 0, **changes: object) -> PostureRecord:
    """The worst posture of camera "dock" `minute` minutes after `BEGIN`."""
    start = BEGIN + minute * MINUTE
    whole = PostureRecord(
        "site", "dock", "bench 2", start, START, start + SECOND, 4.25, 640, 480,
        tuple((1.5 * joint, 2.25 * joint, 0.5) for joint in range(17)),
        {"trunk_flexion": (45.5, 31.0, 60.0, "bounded", "unsure"), "neck": (None, -90, 180, "not_observable", "")},
        {"reba": (4.0, 9.0)},
    )  # fmt: skip
    return replace(whole, **changes)  # type: ignore[arg-type]


def sample(minute: int = 0, second: int = 0, **changes: object) -> HealthSample:
    """The health of camera "dock" at that time after `BEGIN`."""
    at = BEGIN + minute * MINUTE + second * SECOND
    health = CameraHealth("dock", CameraState.LIVE, at, 3_000_000_000 + minute, 2, 14.9, 640, 480, "fine")
    return replace(HealthSample.of(health, "site"), **changes)  # type: ignore[arg-type]


def coverage(minute: int = 0, **changes: object) -> CoverageRecord:
    """A minute of camera "dock", of which half was watched."""
    spans = ((0, 30_000, "watched"), (30_000, 59_999, "backing_off"), (59_999, 60_000, "not_heard"))
    return replace(CoverageRecord("site", "dock", BEGIN + minute * MINUTE, START, spans), **changes)  # type: ignore[arg-type]


def lift(minute: int = 0, **changes: object) -> LiftRecord:
    """A lift that began `minute` minutes after `BEGIN`."""
    started = BEGIN + minute * MINUTE
    whole = LiftRecord(
        uuid.uuid5(uuid.NAMESPACE_OID, str(minute)), "site", "dock", "bench 2", started, started + 4 * SECOND,
        {"trunk_low_deg": 41.5, "asymmetry": None, "bands": [1, 2]},
    )  # fmt: skip
    return replace(whole, **changes)  # type: ignore[arg-type]


def all_time(**filters: object) -> dict[str, object]:
    return {"since": BEGIN - 400 * DAY, "until": BEGIN + 400 * DAY, **filters}


def part(report: RetentionReport, name: str) -> ClassReport:
    return next(one for one in report.classes if one.name == name)


def fan_out(store: Store, unfinished: Alert) -> None:
    """Hand all messages to their channels: none, or for one alert "hook", which never comes to an end."""
    Deliveries(store).fan_out(
        lambda payload: ("hook",) if payload["alert"]["id"] == str(unfinished.id) else (), now(), DAY
    )


class HistoryConformance:
    """Exposure, health and lifts."""

    def test_exposure_comes_back(self, store: Store) -> None:
        buckets = [bucket(0), bucket(1), bucket(1, zone="gate 4"), bucket(1, epoch=START + 1), bucket(2, site="other")]
        store.put_exposure(buckets)
        assert store.exposure(**all_time()) == sorted(
            buckets, key=lambda one: (one.start, one.site, one.camera_id, one.zone, one.epoch)
        )
        assert store.exposure(**all_time(site="other")) == [bucket(2, site="other")]
        assert store.exposure(**all_time(camera_id="none")) == []
        assert store.exposure(since=BEGIN, until=BEGIN + MINUTE) == [bucket(0)]
        assert len(store.exposure(**all_time(limit=2))) == 2
        store.put_exposure([])

    def test_a_fuller_bucket_replaces_and_an_emptier_one_does_not(self, store: Store) -> None:
        store.put_exposure([bucket(frames=10, upright=1.0)])
        store.put_exposure([bucket(frames=900, upright=60.0)])
        assert store.exposure(**all_time()) == [bucket(frames=900, upright=60.0)]
        store.put_exposure([bucket(frames=899, upright=2.0), bucket(1)])
        assert store.exposure(**all_time()) == [bucket(frames=900, upright=60.0), bucket(1)]
        store.put_exposure([bucket(frames=900, upright=61.0)])
        assert store.exposure(**all_time())[0].upright == 61.0

    def test_a_bucket_twice_in_one_write(self, store: Store) -> None:
        store.put_exposure([bucket(frames=5), bucket(frames=7), bucket(frames=6)])
        assert store.exposure(**all_time()) == [bucket(frames=7)]

    def test_numbers_come_back_by_name(self, store: Store) -> None:
        full = bucket(numbers={"lifts": 3.0, "trunk_over_20_proven": 4.125}, unscored={"hips hidden": 0.7})
        store.put_exposure([full])
        store.put_exposure([full])
        assert store.exposure(**all_time()) == [full]
        later = replace(full, numbers={"lifts": 4.0}, unscored={}, frames=901)
        store.put_exposure([later])
        assert store.exposure(**all_time()) == [later]

    def test_exposure_of_one_station(self, store: Store) -> None:
        store.put_exposure([bucket(0), bucket(0, zone="bench 2"), bucket(1, zone="bench 3")])
        assert store.exposure(**all_time(zone="bench 2")) == [bucket(0, zone="bench 2")]
        assert store.exposure(**all_time(zone="")) == [bucket(0)]

    def test_the_worst_postures_first(self, store: Store) -> None:
        mild, bad, worst = posture(0, rank=1.5), posture(1, rank=7.25), posture(2, rank=11.0)
        store.put_postures([mild, worst, bad])
        assert store.postures(**all_time()) == [worst, bad, mild]
        assert store.postures(**all_time(limit=2, zone="bench 2", site="site", camera_id="dock")) == [worst, bad]
        assert store.postures(**all_time(zone="")) == []
        assert store.postures(since=BEGIN, until=BEGIN + MINUTE) == [mild]
        store.put_postures([])

    def test_a_worse_posture_replaces_and_a_better_one_does_not(self, store: Store) -> None:
        store.put_postures([posture(rank=3.0), posture(rank=5.0, at=BEGIN + 2 * SECOND), posture(rank=4.0)])
        store.put_postures([posture(rank=4.5)])
        assert store.postures(**all_time()) == [posture(rank=5.0, at=BEGIN + 2 * SECOND)]
        store.put_postures([posture(rank=6.0, width=1280)])
        assert store.postures(**all_time()) == [posture(rank=6.0, width=1280)]

    def test_health_keeps_the_newest_of_each_minute(self, store: Store) -> None:
        late = sample(0, 50, state=CameraState.BACKING_OFF, detail="no answer")
        store.put_health([sample(0, 10), late, sample(0, 20), sample(1)])
        assert store.health(**all_time()) == [late, sample(1)]
        store.put_health([sample(0, 30)])
        assert store.health(**all_time()) == [late, sample(1)]
        store.put_health([sample(0, 59)])
        assert store.health(**all_time()) == [sample(0, 59), sample(1)]
        assert store.health(**all_time(site="none")) == []
        assert store.health(**all_time(camera_id="dock", limit=1)) == [sample(0, 59)]

    def test_lifts_come_back_and_a_replay_changes_nothing(self, store: Store) -> None:
        store.put_lifts([lift(0), lift(5)])
        store.put_lifts([lift(5), lift(0)])
        assert store.lifts(**all_time()) == [lift(0), lift(5)]
        store.put_lifts([lift(5, station="bench 3"), lift(5, station="bench 4")])
        assert store.lifts(**all_time(camera_id="dock", site="site"))[1] == lift(5, station="bench 4")
        assert store.lifts(since=BEGIN, until=BEGIN + MINUTE) == [lift(0)]

    def test_any_time_is_taken_in(self, store: Store) -> None:
        # Clocks are wrong at times: years ago, and years ahead.
        minutes = [-60 * 24 * 365 * 20, -60 * 24 * 30, 0, 60 * 24 * 90, 60 * 24 * 365 * 20]
        store.put_exposure([bucket(minute) for minute in minutes])
        store.put_health([sample(minute) for minute in minutes])
        store.put_lifts([lift(minute) for minute in minutes])
        ever = {"since": BEGIN - 10_000 * DAY, "until": BEGIN + 10_000 * DAY}
        assert store.exposure(**ever) == [bucket(minute) for minute in minutes]
        assert store.health(**ever) == [sample(minute) for minute in minutes]
        assert store.lifts(**ever) == [lift(minute) for minute in minutes]

    def test_threads_that_write_the_same_history(self, store: Store) -> None:
        failures: list[Exception] = []

        def write(backwards: bool) -> None:
            minutes = range(99, -1, -1) if backwards else range(100)
            try:
                for _ in range(3):
                    store.put_exposure([bucket(minute) for minute in minutes])
                    store.put_health([sample(minute) for minute in minutes])
            except StoreError as error:
                failures.append(error)

        threads = [threading.Thread(target=write, args=(number % 2 == 1,)) for number in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(60)
        assert failures == []
        assert store.exposure(**all_time()) == [bucket(minute) for minute in range(100)]
        assert len(store.health(**all_time())) == 100


class AuditConformance:
    """The audit trail."""

    def test_each_entry_holds_the_hash_of_the_one_before(self, store: Store) -> None:
        first = store.audit()  # opening a new database migrated it
        assert [(one.number, one.action, one.previous) for one in first] == [(1, "upgrade", FIRST_PREVIOUS)]
        before = now()
        made = [store.append_audit("tests", "look", {"n": number, "x": 1e16, "ä": [None, 0.1]}) for number in range(3)]
        entries = store.audit(after=1)
        assert entries == made
        assert [one.number for one in entries] == [2, 3, 4]
        assert [one.previous for one in entries] == [first[0].hash, made[0].hash, made[1].hash]
        assert all(before <= one.at <= now() for one in entries)
        assert entries[1].details == {"n": 1, "x": 1e16, "ä": [None, 0.1]}
        check = store.check_audit()
        assert (check.entries, check.newest, check.fault) == (4, made[2], "")

    def test_nobody_changes_an_entry(self, store: Store) -> None:
        with pytest.raises(StoreError, match="append-only"):
            store._transact(lambda session: session.execute(text("UPDATE audit SET actor = 'someone else'")))
        assert store.check_audit().fault == ""

    @pytest.mark.parametrize(
        ("tampering", "fault"),
        [
            ("UPDATE audit SET details = '{\"n\": 7}' WHERE number = 3", "entry 3 was changed"),
            ("UPDATE audit SET actor = 'nobody' WHERE number = 5", "entry 5 was changed"),
            ("DELETE FROM audit WHERE number = 3", "entries 3 to 3 are missing"),
            ("DELETE FROM audit WHERE number <= 2", "entries 1 to 2 are missing, and no retention says"),
            (f"UPDATE audit SET previous = '{'1' * 64}' WHERE number = 1", "entry 1"),
        ],
    )
    def test_tampering_is_found(self, store: Store, tampering: str, fault: str) -> None:
        for number in range(4):
            store.append_audit("tests", "look", {"n": number})
        on = " ON audit" if store.on_server else ""
        store._transact(lambda session: session.execute(text(f"DROP TRIGGER audit_is_append_only{on}")))
        store._transact(lambda session: session.execute(text(tampering)))
        assert store.check_audit().fault.startswith(fault)

    def test_threads_append_to_one_chain(self, store: Store) -> None:
        def append() -> None:
            for number in range(5):
                store.append_audit("tests", "look", {"n": number})

        threads = [threading.Thread(target=append) for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(60)
        check = store.check_audit()
        assert (check.entries, check.fault) == (21, "")


class RetentionConformance:
    """What is deleted, what is held, and the proof."""

    def test_nothing_goes_without_an_age(self, store: Store) -> None:
        store.put_exposure([bucket()])
        report = run_retention(store, FOREVER, BEGIN + 10_000 * DAY)
        assert {(one.name, one.deleted, one.cut_off) for one in report.classes} == {
            (name, 0, None) for name in RetentionSettings.model_fields
        }
        assert store.exposure(**all_time()) == [bucket()]

    def test_alerts(self, store: Store) -> None:
        """Closed and told goes; open, not told and young stay."""
        gone, open_one, untold, young, waiting = (make_alert(number) for number in (0, 1, 2, 10 * 86_400, 3))
        for alert in (gone, open_one, untold, young):
            store.record(alert, make_update(alert))
        for alert in (gone, untold, young):
            store.record(alert, make_update(alert, 1, UpdateKind.RECOVERED, 9))
        fan_out(store, untold)
        store.record(waiting, make_update(waiting, 0, UpdateKind.ENDED))  # not even handed to the channels
        at = START + 12 * DAY
        report = run_retention(store, FOREVER.model_copy(update={"alerts": 5}), at)
        assert {alert.id for alert in store.alerts()} == {open_one.id, untold.id, young.id, waiting.id}
        assert store.alert(gone.id) is None
        found = part(report, "alerts")
        assert (found.days, found.cut_off, found.deleted, found.held) == (5, at - 5 * DAY, 1, 3)
        assert found.oldest == open_one.raised_at
        assert store.counts().outbox_pending == 1
        again = part(run_retention(store, FOREVER.model_copy(update={"alerts": 5}), at), "alerts")
        assert (again.deleted, again.held) == (0, 3)

    def test_messages(self, store: Store) -> None:
        told, untold = make_alert(0), make_alert(1)
        for alert in (told, untold):
            store.record(alert, make_update(alert))
        fan_out(store, untold)
        report = run_retention(store, FOREVER.model_copy(update={"messages": 3}), now() + 4 * DAY)
        found = part(report, "messages")
        assert (found.deleted, found.held) == (1, 1)
        claim = Deliveries(store).claim("hook", now(), SECOND, DAY, lambda payload, buckets: "")
        assert claim is not None
        assert claim.payload["alert"]["id"] == str(untold.id)
        assert {alert.id for alert in store.alerts()} == {told.id, untold.id}

    def test_coverage_is_replaced_by_its_writer_alone(self, store: Store) -> None:
        store.put_coverage([coverage(), coverage(1), coverage(writer=START + SECOND)])
        store.put_coverage([coverage(spans=((0, 60_000, "watched"),)), coverage(camera_id="gate")])
        store.put_coverage([])
        assert store.coverage(**all_time(camera_id="dock")) == [
            coverage(spans=((0, 60_000, "watched"),)),
            coverage(writer=START + SECOND),
            coverage(1),
        ]
        assert store.coverage(since=BEGIN, until=BEGIN + MINUTE, site="site", camera_id="gate", limit=1) == [
            coverage(camera_id="gate")
        ]

    def test_history_goes_by_its_own_time(self, store: Store) -> None:
        minutes = [day * 24 * 60 for day in (0, 1, 30, 59)]
        store.put_exposure([bucket(minute) for minute in minutes])
        store.put_postures([posture(minute) for minute in minutes])
        store.put_health([sample(minute) for minute in minutes])
        store.put_lifts([lift(minute) for minute in minutes])
        store.put_coverage([coverage(minute) for minute in minutes])
        days = {"exposure": 40, "postures": 40, "lifts": 20, "health": 40, "coverage": 40}
        keep = FOREVER.model_copy(update=days)
        report = run_retention(store, keep, BEGIN + 60 * DAY)
        assert store.exposure(**all_time()) == [bucket(minute) for minute in minutes[2:]]
        assert store.postures(**all_time()) == [posture(minute) for minute in minutes[2:]]
        assert store.health(**all_time()) == [sample(minute) for minute in minutes[2:]]
        assert store.lifts(**all_time()) == [lift(minute) for minute in minutes[3:]]
        assert store.coverage(**all_time()) == [coverage(minute) for minute in minutes[2:]]
        assert [part(report, name).deleted for name in days] == [2, 2, 3, 2, 2]
        assert [part(report, name).held for name in ("exposure", "lifts", "health")] == [0, 0, 0]
        assert part(report, "lifts").oldest == lift(minutes[3]).started_at
        cut_off = part(report, "exposure").cut_off
        assert cut_off is not None
        assert 0 <= BEGIN + 20 * DAY - cut_off < 7 * DAY

    def test_more_than_a_batch(self, store: Store) -> None:
        store.put_health([sample(minute) for minute in range(2 * BATCH + 7)])
        report = run_retention(store, FOREVER.model_copy(update={"health": 1}), BEGIN + 30 * DAY)
        assert part(report, "health").deleted == 2 * BATCH + 7
        assert store.health(**all_time()) == []

    def test_a_dry_run_says_what_would_go_and_changes_nothing(self, store: Store) -> None:
        alert = make_alert()
        store.record(alert, make_update(alert, 0, UpdateKind.ENDED))
        store.put_exposure([bucket(), bucket(1)])
        before = (store.alerts(), store.exposure(**all_time()), store.audit())
        keep = RetentionSettings(alerts=1, exposure=1, messages=None, audit=0.001)
        report = run_retention(store, keep, now() + 300 * DAY, dry_run=True)
        assert report.audit is None
        assert (store.alerts(), store.exposure(**all_time()), store.audit()) == before
        counted = {one.name: (one.deleted, one.held) for one in report.classes}
        assert counted["alerts"] == (0, 1)
        assert counted["exposure"] == (2, 0)
        assert counted["audit"] == (1, 0)

    def test_the_audit_trail_proves_it(self, store: Store) -> None:
        store.put_exposure([bucket(), bucket(1)])
        report = run_retention(store, RetentionSettings(exposure=100), BEGIN + 300 * DAY, actor="tests")
        assert report.audit is not None
        assert store.audit()[-1] == report.audit
        assert (report.audit.actor, report.audit.action) == ("tests", "retention")
        proof = report.audit.details["classes"]["exposure"]
        assert proof["deleted"] == 2
        assert proof["oldest"] is None
        assert proof["cut_off"] is not None

    def test_the_audit_trail_may_lose_its_beginning(self, store: Store) -> None:
        for number in range(5):
            store.append_audit("tests", "look", {"n": number})
        at = now() + 10 * DAY
        report = run_retention(store, FOREVER.model_copy(update={"audit": 1}), at)
        assert part(report, "audit").deleted == 6
        assert [(one.number, one.action) for one in store.audit()] == [(7, "retention")]
        assert store.check_audit().fault == ""
        store.append_audit("tests", "look", {})
        run_retention(store, FOREVER.model_copy(update={"audit": 100}), at)
        assert [one.number for one in store.audit()] == [7, 8, 9]
        assert store.check_audit().fault == ""

    def test_runs_at_the_same_time_delete_each_row_once(self, store: Store) -> None:
        store.put_health([sample(minute) for minute in range(1500)])
        reports: list[RetentionReport] = []

        def run() -> None:
            reports.append(run_retention(store, FOREVER.model_copy(update={"health": 1}), BEGIN + 30 * DAY))

        threads = [threading.Thread(target=run) for _ in range(3)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(60)
        done = [report for report in reports if not report.skipped]
        assert len(reports) == 3
        assert sum(part(report, "health").deleted for report in done) == 1500
        assert len([one for one in store.audit() if one.action == "retention"]) == len(done)
        assert store.check_audit().fault == ""
