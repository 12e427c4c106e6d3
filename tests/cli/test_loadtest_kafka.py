"""`spotter loadtest` over a real broker: what it publishes is there, what a service says of itself is reported."""

from __future__ import annotations

import json
import sys
import threading
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from prometheus_client import start_http_server

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "servers"))

from brokers import TansuBroker

from spotter.core.bus import FRAMES, SKELETONS
from spotter.core.bus.kafka import KafkaBus
from spotter.core.settings import KafkaSettings
from spotter.core.telemetry import Metrics

if TYPE_CHECKING:
    from conftest import Run


@pytest.fixture(scope="module")
def broker() -> Iterator[TansuBroker]:
    with TansuBroker() as running:
        yield running


class Service(threading.Thread):
    """Takes everything of a topic, counts it as the ergonomics service does, and serves its metrics."""

    def __init__(self, broker: TansuBroker, prefix: str) -> None:
        super().__init__(daemon=True)
        self.metrics = Metrics()
        self.cameras: Counter[str] = Counter()
        self.stop = threading.Event()
        settings = KafkaSettings(servers=broker.servers, prefix=prefix, **broker.group_timeouts)
        self._bus = KafkaBus(settings, self.metrics, on_drop=self.metrics.count_drop, client_id="test")
        self._server, self._serving = start_http_server(0, "127.0.0.1", self.metrics.registry)
        self.url = f"http://127.0.0.1:{self._server.server_port}/metrics"

    def run(self) -> None:
        taken = self._bus.subscribe(SKELETONS, "ergonomics")
        while not self.stop.is_set():
            for pose in taken.take(100, 0.1):
                self.cameras[pose.camera_id] += 1
                self.metrics.end_to_end.labels(camera=pose.camera_id).observe(0.03)
            taken.commit()
        taken.close()

    def close(self) -> None:
        self.stop.set()
        self.join()
        self._bus.close()
        self._server.shutdown()
        self._server.server_close()
        self._serving.join()


def environment(broker: TansuBroker) -> dict[str, str]:
    return {"SPOTTER_BUS__KIND": "kafka", "SPOTTER_BUS__KAFKA__SERVERS": json.dumps(broker.servers)}


def test_skeletons_reach_a_service_that_is_watched(spotter: Run, broker: TansuBroker, tmp_path: Path) -> None:
    service = Service(broker, "loadtest.")
    service.start()
    figures = tmp_path / "figures.json"
    try:
        done = spotter(
            *("loadtest", "--cameras", 20, "--fps", 5, "--minutes", 0.1, "--watch", service.url, "--json", figures),
            env=environment(broker),
        )
        assert (done.code, done.lines()) == (0, [])
        told = json.loads(figures.read_text())
        assert told["generator"]["published"] == 600
        assert told["generator"]["dropped"] == {}
        assert told["generator"]["asked"] == 100.0
        watched = told["services"][0]
        assert watched["name"] == service.url
        assert 0 < watched["handled"] <= 600
        assert watched["cpu_ms"] > 0
        assert watched["lag_last"] is not None
        assert "20 virtual cameras, skeletons, 6.0 s" in done.out
        while sum(service.cameras.values()) < 600:
            assert not service.stop.wait(0.05)
        assert service.cameras == Counter({f"load-{index:05}": 30 for index in range(20)})
    finally:
        service.close()


def test_frames_go_to_topics_of_their_own(spotter: Run, broker: TansuBroker) -> None:
    settings = KafkaSettings(servers=broker.servers, prefix="loadtest.", **broker.group_timeouts)
    metrics = Metrics()
    bus = KafkaBus(settings, metrics, on_drop=metrics.count_drop, client_id="test")
    taken = bus.subscribe(FRAMES, "pose")
    taken.take(1, 3.0)  # Joins before the load begins: frames of the past are nobody's.
    done = spotter(
        "loadtest", "--kind", "frames", "--cameras", 3, "--fps", 10, "--minutes", 0.05, env=environment(broker)
    )
    assert (done.code, done.lines()) == (0, [])
    assert "published    90;" in done.out
    frame = taken.take(1, 5.0)[0]
    assert frame.camera_id.startswith("load-")
    assert isinstance(frame.picture, bytes)
    assert (frame.width, frame.height) == (640, 480)
    taken.close()
    bus.close()


def test_a_broker_that_is_not_there_is_one_line(spotter: Run) -> None:
    done = spotter("loadtest", env={"SPOTTER_BUS__KIND": "kafka", "SPOTTER_BUS__KAFKA__SERVERS": '["127.0.0.1:9"]'})
    assert done.code == 8
    assert "127.0.0.1:9" in done.one_line()


def test_a_page_that_is_not_there_is_one_line(spotter: Run, broker: TansuBroker) -> None:
    done = spotter("loadtest", "--watch", "http://127.0.0.1:9/metrics", env=environment(broker))
    assert done.code == 2
    assert "metrics page 'http://127.0.0.1:9/metrics' cannot be read" in done.one_line()
