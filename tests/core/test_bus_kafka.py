"""The Kafka bus: the conformance suite against a real broker."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from bus_conformance import BusConformance

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "servers"))

from brokers import NoidaBroker

from spotter.core.bus import Bus
from spotter.core.bus.kafka import KafkaBus
from spotter.core.settings import KafkaSettings
from spotter.core.telemetry import Metrics


@pytest.fixture(scope="module")
def broker() -> Iterator[NoidaBroker]:
    with NoidaBroker() as server:
        yield server


class TestKafkaBus(BusConformance):
    @pytest.fixture
    def make_bus(self, broker: NoidaBroker) -> Iterator[Callable[..., Bus]]:
        made: list[KafkaBus] = []

        def make(**options: object) -> KafkaBus:
            settings = KafkaSettings(
                servers=broker.servers, max_behind_s=60, skeletons={"partitions": 4}, **broker.group_timeouts
            )
            made.append(KafkaBus(settings, Metrics(), **options))  # type: ignore[arg-type]
            return made[-1]

        yield make
        for bus in made:
            bus.close()
