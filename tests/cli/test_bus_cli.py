"""`spotter bus`: what it finds of a real broker, in words, as JSON and by exit code."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from conftest import Outcome, Run

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "servers"))

from brokers import NoidaBroker, TansuBroker
from kafka import KafkaProducer

from spotter.core.bus import SKELETONS
from spotter.core.bus.kafka import KafkaBus
from spotter.core.bus.kafka.examine import lags
from spotter.core.bus.kafka.letters import read_letters
from spotter.core.settings import KafkaSettings
from spotter.core.telemetry import Metrics

Bus = Callable[..., Outcome]


@pytest.fixture(scope="module")
def broker() -> Iterator[NoidaBroker]:
    with NoidaBroker() as server:
        yield server


@pytest.fixture
def bus(spotter: Run, broker: NoidaBroker, tmp_path: Path) -> Bus:
    """`bus("check")`: the command against the broker, with a name space of its own."""

    def run(*arguments: str, prefix: str = f"{tmp_path.name}.", **env: str) -> Outcome:
        variables = {
            "SPOTTER_BUS__KAFKA__SERVERS": json.dumps(broker.servers),
            "SPOTTER_BUS__KAFKA__PREFIX": prefix,
        }
        return spotter("bus", *arguments, env={**variables, **env})

    return run


def test_topics_are_compared_made_and_compared_again(bus: Bus) -> None:
    before = bus("topics", "--json")
    assert before.code == 1
    assert all(topic["missing"] for topic in json.loads(before.out))
    made = bus("topics", "--create")
    assert made.code == 0, made.err
    assert made.out.count(" made\n") == 4
    assert bus("topics").code == 0
    other = bus("topics", SPOTTER_BUS__KAFKA__FRAMES__PARTITIONS="7", SPOTTER_BUS__KAFKA__FRAMES__RETENTION_S="30")
    assert other.code == 1
    assert "12 partitions, planned 7; retention.ms = 60000, planned 30000" in other.out


def test_check_goes_step_by_step(bus: Bus, broker: NoidaBroker) -> None:
    found = bus("check")
    assert found.code == 0, found.out
    server = broker.servers[0]
    assert f"ok    name {server}: ok\nok    port {server}: ok\nok    sign-in {server}: ok\n" in found.out
    assert "not there; the services make it" in found.out


@pytest.mark.parametrize(
    ("env", "line"),
    [
        ({"SERVERS": '["kafka.invalid:9092"]'}, "FAIL  name kafka.invalid:9092: host of 'kafka.invalid:9092' is not"),
        (
            {"SERVERS": '["127.0.0.1:1"]'},
            "FAIL  port 127.0.0.1:1: cannot reach Kafka at 127.0.0.1:1: connection refused",
        ),
        ({"SECURITY": "ssl"}, "FAIL  TLS "),
    ],
)
def test_check_says_where_it_ends(bus: Bus, env: dict[str, str], line: str) -> None:
    found = bus("check", **{f"SPOTTER_BUS__KAFKA__{name}": value for name, value in env.items()})
    assert found.code == 1
    assert line in found.out
    assert "Check bus.kafka." in found.out


def test_wrong_credentials_are_one_line_without_the_password(spotter: Run) -> None:
    with TansuBroker(arguments=("--authentication",)) as server:
        found = spotter(
            "bus", "lag",
            env={
                "SPOTTER_BUS__KAFKA__SERVERS": json.dumps(server.servers),
                "SPOTTER_BUS__KAFKA__SECURITY": "sasl_plaintext",
                "SPOTTER_BUS__KAFKA__USERNAME": "spotter",
                "SPOTTER_BUS__KAFKA__PASSWORD": "hunter2",
            },
        )  # fmt: skip
    assert found.code == 8
    assert found.one_line().startswith("spotter: Kafka refuses user 'spotter' (SCRAM-SHA-512)")
    assert "hunter2" not in found.out + found.err


def test_lag_and_dead_letters(bus: Bus, broker: NoidaBroker, tmp_path: Path) -> None:
    prefix = f"{tmp_path.name}."
    settings = KafkaSettings(
        servers=broker.servers, prefix=prefix, commit_every_s=0, skeletons={"partitions": 1}, **broker.group_timeouts
    )
    ours = KafkaBus(settings, Metrics())
    subscription = ours.subscribe(SKELETONS, "ergonomics")
    subscription.part_of("dock")
    producer = KafkaProducer(bootstrap_servers=broker.servers)
    producer.send(f"{prefix}skeletons", b"rubbish", key=b"dock", headers=[("spotter-schema", b"9")]).get(5)
    deadline = 100
    while not subscription.positions().get(0) and deadline:
        subscription.take(1, 0.1)
        deadline -= 1
    subscription.commit()
    subscription.close()
    ours.close()
    producer.send(f"{prefix}skeletons", b"more", key=b"dock").get(5)
    producer.close(timeout=2)

    (lag,) = json.loads(bus("lag", "--json").out)
    assert (lag["group"], lag["committed"], lag["end"], lag["lag"]) == (f"{prefix}ergonomics.skeletons", 1, 2, 1)

    (letter,) = json.loads(bus("dead-letters", "--json").out)
    assert (letter["reason"], letter["key"], letter["bytes"], letter["replayed"]) == ("schema", "dock", 7, False)
    assert letter["source"] | {"timestamp_ms": 0} == {
        "topic": f"{prefix}skeletons", "partition": 0, "offset": 0, "timestamp_ms": 0,
    }  # fmt: skip
    assert "schema version 9" in letter["error"]
    replayed = bus("dead-letters", "--replay")
    assert replayed.out == "1 put back, 0 without a body, 0 refused again\n", replayed.err
    (again,) = read_letters(settings)
    assert again.replayed
    back = next(one for one in lags(settings) if one.topic.endswith("skeletons"))
    assert back.end == 3
    assert " schema  skeletons message has schema version 9" in bus("dead-letters").out


def test_a_name_space_without_anything(bus: Bus) -> None:
    assert bus("lag", prefix="nothing.").out == "group  topic  part  committed  end  lag\n"
    assert json.loads(bus("dead-letters", "--json", prefix="nothing.").out) == []
    assert bus("dead-letters", "--replay", "--reason", "schema").code == 2
