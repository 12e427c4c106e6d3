"""The pure parts of the Kafka bus: queues, holdings, headers, claims; and topics as they are made on a broker."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from bus_conformance import message, take_until, topic, wait_until
from bus_tools import records_of, settings
from hypothesis import given
from hypothesis import strategies as st

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "servers"))

from brokers import NoidaBroker
from kafka import KafkaAdminClient, TopicPartition

from spotter.core.bus import FRAMES, HEALTH, SKELETONS, Overflow
from spotter.core.bus.kafka import KafkaBus, client_options
from spotter.core.bus.kafka.assignor import HonestStickyAssignor
from spotter.core.bus.kafka.headers import (
    Source,
    check_schema,
    dead_letter_headers,
    end_headers,
    ends,
    with_trace,
    without_dead_letter,
)
from spotter.core.bus.kafka.holdings import Change, Holdings, Move
from spotter.core.bus.kafka.queues import PartQueues
from spotter.core.bus.kafka.topics import create, house_plans, inspect, plan_for
from spotter.core.contracts import CameraHealth, CameraState
from spotter.core.errors import WireError
from spotter.core.settings import KafkaSettings
from spotter.core.telemetry import Metrics


@pytest.fixture(scope="module")
def broker() -> Iterator[NoidaBroker]:
    with NoidaBroker() as server:
        yield server


class Record:
    """As much of a record as the queues look at."""

    def __init__(self, offset: int = 0) -> None:
        self.offset = offset
        self.timestamp = 1000 + offset


@given(st.lists(st.sampled_from("abc"), max_size=40), st.lists(st.integers(1, 7), max_size=30))
def test_nothing_below_the_position_waits_and_nothing_above_was_lost(keys: list[str], takes: list[int]) -> None:
    queues: PartQueues[int] = PartQueues(1000, drop_oldest=False)
    queues.add(0, 0)
    for offset, key in enumerate(keys):
        queues.put(0, key, offset, offset)
    taken: list[int] = []
    for limit in takes:
        got = queues.take(limit)
        assert len(got) <= limit
        taken += [record for _, _, record in got]
        waiting = set(range(len(keys))) - set(taken)
        assert queues.position(0) == min(waiting, default=len(keys))
    for key in "abc":
        mine = [offset for offset in taken if keys[offset] == key]
        assert mine == sorted(mine)


def test_keys_are_served_in_turn_over_parts() -> None:
    queues: PartQueues[str] = PartQueues(10, drop_oldest=False)
    for part in (0, 1):
        queues.add(part, 0)
        for offset in range(2):
            queues.put(part, f"key-{part}", offset, f"{part}.{offset}")
    assert [record for _, _, record in queues.take(4)] == ["0.0", "1.0", "0.1", "1.1"]


def test_the_oldest_gives_way_and_a_held_part_hands_nothing_out() -> None:
    queues: PartQueues[int] = PartQueues(2, drop_oldest=True)
    queues.add(0, 5)
    assert [queues.put(0, "a", offset, offset) for offset in (5, 6, 7)] == [None, None, 5]
    queues.hold(0)
    assert queues.take(5) == []
    assert not queues.ready
    assert queues.position(0) == 6


def test_full_and_relaxed_parts() -> None:
    queues: PartQueues[int] = PartQueues(4, drop_oldest=False)
    queues.add(0, 0)
    for offset in range(4):
        queues.put(0, "a", offset, offset)
    assert queues.full(0)
    assert not queues.relaxed(0)
    queues.take(2)
    assert not queues.full(0)
    assert queues.relaxed(0)


def test_the_end_of_a_part_is_never_committed_and_can_be_overtaken() -> None:
    queues: PartQueues[int] = PartQueues(4, drop_oldest=False)
    queues.add(0, 3)
    queues.put(0, "a", 3, 3)
    queues.put_end(0, 4)
    assert not queues.ended(0), "one waits"
    queues.take(1)
    assert queues.ended(0)
    assert (queues.position(0), queues.expected(0)) == (4, 5)
    queues.put(0, "a", 5, 5)
    assert not queues.ended(0), "a new run goes on after it"


def test_parts_go_only_after_what_was_taken_has_had_its_effect() -> None:
    holdings = Holdings(10, drop_oldest=False)
    holdings.begin(0, 0, None)
    holdings.put(0, "a", 0, Record(0))
    holdings.put(0, "a", 1, Record(1))
    assert len(holdings.take(1, time.monotonic()) or []) == 1  # type: ignore[arg-type]
    assert holdings.leave({0})
    holdings.tell(change := Change(Move.LOSING, frozenset({0})))
    assert holdings.take(1, time.monotonic()) is None, "neither the change nor another message"
    holdings.commit()
    assert holdings.to_commit() == {0: 1}
    assert holdings.next_change() is change


def test_a_mark_commits_what_was_taken_before_it_and_lets_only_finished_parts_go() -> None:
    holdings = Holdings(10, drop_oldest=False)
    for part in (0, 1):
        holdings.begin(part, 0, None)
        for offset in range(2):
            holdings.put(part, f"key{part}", offset, Record(offset))
    holdings.take(2, time.monotonic())
    mark = holdings.mark()
    assert [part for part, _, _ in holdings.take(1, time.monotonic()) or []] == [0]  # type: ignore[union-attr]
    holdings.commit(mark=mark)
    assert holdings.to_commit() == {0: 1, 1: 1}
    assert holdings.leave({0}), "its second message is in work"
    assert not holdings.leave({1})
    holdings.commit()
    assert not holdings.leave({0})
    assert holdings.to_commit() == {0: 2, 1: 1}


def test_a_mark_says_nothing_of_a_part_that_went_and_came_back() -> None:
    holdings = Holdings(10, drop_oldest=False)
    holdings.begin(0, 100, None)
    holdings.put(0, "a", 100, Record(100))
    holdings.take(1, time.monotonic())
    mark = holdings.mark()
    holdings.drop({0})
    holdings.begin(0, 3, committed=3)
    holdings.commit(mark=mark)
    assert holdings.to_commit() == {}, "a broker that lost its data counts from the start again"


def test_a_commit_never_goes_back() -> None:
    holdings = Holdings(10, drop_oldest=False)
    holdings.begin(0, 15, committed=20)
    holdings.put(0, "a", 15, Record(15))
    holdings.take(1, time.monotonic())
    holdings.commit()
    assert holdings.to_commit() == {}
    for offset in range(16, 22):
        holdings.put(0, "a", offset, Record(offset))
    holdings.take(10, time.monotonic())
    holdings.commit()
    assert holdings.to_commit() == {0: 22}
    holdings.committed({0: 22})
    assert holdings.to_commit() == {}


def test_nothing_is_committed_before_what_was_made_of_it_is_with_kafka() -> None:
    holdings = Holdings(10, drop_oldest=False)
    holdings.begin(0, 0, None)
    with_kafka: set[int] = set()
    for offset in range(3):
        holdings.put(0, "a", offset, Record(offset))
        holdings.take(1, time.monotonic())
        holdings.commit(lambda offset=offset: offset in with_kafka)
    assert holdings.to_commit() == {}
    with_kafka |= {1, 2}
    assert holdings.to_commit() == {}, "the first is still on its way"
    with_kafka.add(0)
    assert holdings.to_commit() == {0: 3}
    holdings.commit(lambda: False)
    for _ in range(5):
        holdings.commit(lambda: False)
    assert len(holdings._unproven) == 1, "an idle loop piles nothing up"
    holdings.drop({0})
    holdings.begin(0, 1, committed=1)
    with_kafka.clear()
    assert holdings.to_commit() == {}, "what was to be committed went with the part"


def test_skeletons_that_kafka_has_not_taken_hold_the_frames_back(broker: NoidaBroker) -> None:
    bus = KafkaBus(settings(broker, prefix=f"t{time.monotonic_ns()}."), Metrics())
    try:
        published = bus._published()
        assert published(), "nothing is on its way"
        bus.publish(SKELETONS, _pose())
        wait_until(lambda: bus._published()())
        broker.freeze()
        bus.publish(SKELETONS, _pose())
        late = bus._published()
        assert not late()
        assert published(), "what came later does not count"
        broker.thaw()
        wait_until(late)
    finally:
        broker.thaw()
        bus.close()


def test_headers_of_a_dead_letter_come_off_again() -> None:
    original = [("spotter-schema", b"1"), ("traceparent", b"x")]
    dead = dead_letter_headers(original, Source("t", 3, 42, 7), "schema", "line " * 500)
    assert dict(dead)["spotter-offset"] == b"42"
    assert len(dict(dead)["spotter-error"]) == 1000
    assert without_dead_letter(dead) == original
    twice = dead_letter_headers(dead, Source("t", 3, 43, 8), "schema", "again")
    assert [value for name, value in twice if name == "spotter-offset"] == [b"43"]


@pytest.mark.parametrize(("value", "words"), [(b"9", "schema version 9"), (b"one", "is no number"), (b"", "no number")])
def test_another_schema_is_refused_by_its_header(value: bytes, words: str) -> None:
    check_schema("frames", [("spotter-schema", b"1")])
    check_schema("frames", [])
    with pytest.raises(WireError, match=words):
        check_schema("frames", [("spotter-schema", value)])


@pytest.mark.parametrize("trace", [b"", b"\xff\xff", b"00-xyz-1-01", b"x" * 5000])
def test_a_broken_trace_costs_nothing(trace: bytes) -> None:
    from spotter.core.contracts import Frame

    frame = Frame("a", 1, 1, 1, 1, 1, 1, b"\xff\xd8")
    assert with_trace(frame, [("traceparent", trace)]) is frame
    health = CameraHealth("a", CameraState.LIVE, 1)
    assert with_trace(health, [("traceparent", b"00-" + b"a" * 32 + b"-" + b"b" * 16 + b"-01")]) is health


def test_only_our_control_record_ends_a_part() -> None:
    assert ends(end_headers())
    assert not ends([("spotter-control", b"pause"), ("other", b"end")])


def test_a_member_claims_what_it_holds() -> None:
    held: set[Any] = {TopicPartition("t", 1), TopicPartition("t", 0)}
    assignor = HonestStickyAssignor(lambda: held)
    claims = assignor.metadata({"t"}).owned_partitions
    assert [(claim.topic, claim.partitions) for claim in claims] == [("t", [0, 1])]
    held.clear()
    assert assignor.metadata({"t"}).owned_partitions == []
    assert assignor.name == "cooperative-sticky"


def test_topics_keep_what_the_settings_say() -> None:
    chosen = KafkaSettings(replication=3, min_insync=2)
    frames, skeletons, health = (plan_for(chosen, each) for each in (FRAMES, SKELETONS, HEALTH))
    assert frames.configs["retention.ms"] == "60000"
    assert frames.configs["segment.ms"] == "30000", "a segment that is never closed is never deleted"
    assert frames.compression is None
    assert skeletons.configs["retention.ms"] == str(3 * 86_400_000)
    assert (skeletons.configs["min.insync.replicas"], skeletons.replication) == ("2", 3)
    assert (skeletons.compression, health.compression) == ("lz4", "lz4")
    assert len({plan.name for plan in house_plans(chosen)}) == 4


def test_topics_are_made_once_and_differences_are_told_not_changed(broker: NoidaBroker) -> None:
    admin = KafkaAdminClient(**client_options(KafkaSettings(servers=broker.servers)))
    try:
        plan = plan_for(settings(broker, prefix="made."), SKELETONS)
        (before,) = inspect(admin, [plan])
        assert before.missing
        assert create(admin, plan)
        assert not create(admin, plan), "another client was faster"
        (after,) = inspect(admin, [plan])
        assert (after.missing, after.differences, after.partitions) == (False, (), 4)
        other = plan_for(settings(broker, prefix="made.", skeletons={"partitions": 6, "retention_s": 60}), SKELETONS)
        (compared,) = inspect(admin, [other])
        assert "4 partitions, planned 6" in compared.differences
        assert any(difference.startswith("retention.ms = 259200000") for difference in compared.differences)
    finally:
        admin.close()


def test_missing_topics_are_told_when_nobody_may_make_them(broker: NoidaBroker) -> None:
    bus = KafkaBus(settings(broker, prefix="none.", create_topics=False), Metrics())
    try:
        bus.publish(SKELETONS, _pose())
        wait_until(lambda: bus.status() == "topic 'none.skeletons' is not there")
        assert bus.error is not None
        assert "spotter bus topics --create" in str(bus.error)
    finally:
        bus.close()


def test_a_key_is_where_the_publisher_puts_it(broker: NoidaBroker) -> None:
    bus, stream = KafkaBus(settings(broker), Metrics()), topic(Overflow.BLOCK, 64)
    try:
        subscription = bus.subscribe(stream, "group")
        cameras = [f"camera-{number}" for number in range(20)]
        for camera in cameras:
            bus.publish(stream, message(camera, 0))
        take_until(subscription, 20)
        written = {record.key.decode(): record.partition for record in records_of(broker, f"spotter.{stream.name}", 20)}
        assert written == {camera: subscription.part_of(camera) for camera in cameras}
        assert len(set(written.values())) == 4
    finally:
        bus.close()


def _pose() -> Any:
    import numpy as np

    from spotter.core.contracts import PoseFrame

    empty = np.zeros((0, 4), np.float32)
    return PoseFrame(
        "a", 1, 1, 1, 1, 1, 1, 1, "m/1", empty, empty[:, 0], np.zeros((0, 17, 2), np.float32),
        np.zeros((0, 17), np.float32),
    )  # fmt: skip
