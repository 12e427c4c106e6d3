"""Compose without Docker: every command of docker-compose.yml as a plain process, with the environment that the file
gives it, against a real broker, Postgres, Valkey, Alertmanager, OTLP collector and RTSP camera.

Only addresses and ports differ from the file. The services are started before any server is there.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

import spotter

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "infra"))

from brokers import TansuBroker
from compose_file import REPOSITORY, load
from otlp_receiver import OtlpReceiver
from postgres import PostgresServer
from processes import Process, Processes, free_port
from redis_server import ValkeyServer

from servers import RtspServer

SECRETS = {"POSTGRES_PASSWORD": "pgHunter2", "VALKEY_PASSWORD": "vkHunter2", "GRAFANA_PASSWORD": "gfHunter2"}
CLIP = Path(spotter.__file__).with_name("demo") / "aisle.mp4"
"""17 s with one possible fall; the camera plays it again and again."""

Probe = Callable[[], Any]


def eventually(probe: Probe, what: str, timeout: float = 90.0) -> Any:
    """The first answer of `probe` that is true."""
    deadline = time.monotonic() + timeout
    while not (answer := probe()):
        assert time.monotonic() < deadline, f"not within {timeout:.0f} s: {what}"
        time.sleep(0.25)
    return answer


def get_json(url: str) -> Any:
    """What a server answers, or None when it does not."""
    try:
        with urllib.request.urlopen(url, timeout=5) as answer:
            return json.loads(answer.read())
    except (urllib.error.URLError, OSError):
        return None


class Alertmanager:
    """Debian's, with the configuration that the compose file mounts."""

    def __init__(self, folder: Path) -> None:
        self.port = free_port()
        config = REPOSITORY / "infra/alertmanager/alertmanager.yml"
        self._command = [
            "prometheus-alertmanager", f"--config.file={config}", f"--storage.path={folder / 'alertmanager'}",
            f"--web.listen-address=127.0.0.1:{self.port}", "--cluster.listen-address=",
        ]  # fmt: skip
        self._log = folder / "alertmanager.log"

    def __enter__(self) -> Alertmanager:
        with self._log.open("wb") as log:
            self._process = subprocess.Popen(self._command, stdout=log, stderr=log)
        return self

    def __exit__(self, *_: object) -> None:
        self._process.kill()
        self._process.wait()

    def alerts(self) -> list[dict[str, Any]]:
        return get_json(f"http://127.0.0.1:{self.port}/api/v2/alerts") or []


@dataclass
class Site:
    """The whole stack; `command` is how a service of the file is run."""

    processes: Processes
    broker: TansuBroker
    postgres: PostgresServer
    valkey: ValkeyServer
    alertmanager: Alertmanager
    collector: OtlpReceiver
    dashboard_port: int
    services: dict[str, Any]
    folder: Path
    places: dict[str, str]

    def process(self, service: str, name: str) -> Process:
        """A service of the file as a process that has not started."""
        spec = self.services[service]
        environment = {key: self.local(value) for key, value in spec["environment"].items()}
        # The process' own port, on loopback; everything else is as the file has it.
        del environment["SPOTTER_METRICS__PORT"]
        environment["SPOTTER_METRICS__HOST"] = "127.0.0.1"
        if "SPOTTER_DASHBOARD__PORT" in environment:
            environment |= {"SPOTTER_DASHBOARD__HOST": "127.0.0.1", "SPOTTER_DASHBOARD__PORT": str(self.dashboard_port)}
        return Process(name, [self.local(part) for part in spec["command"]], environment, self.folder)

    def local(self, text: str) -> str:
        """Addresses of the compose network as they are here."""
        for there, here in self.places.items():
            text = text.replace(there, here)
        return text

    def api(self, path: str) -> Any:
        return get_json(f"http://127.0.0.1:{self.dashboard_port}/api/v1/{path}")


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    folder = tmp_path_factory.mktemp("compose")
    broker = TansuBroker()
    with (
        PostgresServer() as postgres,
        ValkeyServer(password=SECRETS["VALKEY_PASSWORD"]) as valkey,
        RtspServer(clip=CLIP) as camera,
        Alertmanager(folder) as alertmanager,
        OtlpReceiver() as collector,
        Processes() as processes,
    ):
        postgres.sql("CREATE DATABASE spotter")
        postgres.stop()
        valkey.kill()
        compose = load({**SECRETS, "TRACE_ENDPOINT": collector.endpoint})
        places = {
            "kafka:9092": f"127.0.0.1:{broker.port}",
            "postgres:5432": f"127.0.0.1:{postgres.port}",
            "valkey:6379": f"127.0.0.1:{valkey.port}",
            "alertmanager:9093": f"127.0.0.1:{alertmanager.port}",
            "rtsp://camera:8554/aisle": camera.url(),
            "/etc/spotter/spotter.yaml": str(folder / "spotter.yaml"),
        }
        port = free_port()
        services = {name: own for name, own in compose["services"].items() if own["image"] == "spotter:0.1.0"}
        made = Site(processes, broker, postgres, valkey, alertmanager, collector, port, services, folder, places)
        config = (REPOSITORY / "infra/compose/demo.yaml").read_text(encoding="utf-8")
        (folder / "spotter.yaml").write_text(made.local(config), encoding="utf-8")
        for service, spec in services.items():
            replicas = int(spec["deploy"].get("replicas", 1)) if service != "migrate" else 0
            for number in range(replicas):
                processes.add(made.process(service, f"{service}-{number}")).start()
        yield made
        broker.kill()
        broker.remove()


def test_services_without_their_servers_stay_and_say_what_they_wait_for(site):
    for process in site.processes:
        status, body = eventually(lambda p=process: found if (found := p.readiness())[0] else None, process.name)
        assert status == 503, (process.name, body)
        waiting = json.loads(body)["components"]
        service = process.name.split("-")[0]
        wanted = {"ingest": "bus", "pose": "bus", "ergonomics": "bus"}.get(service, "store")
        assert waiting[wanted] != "ok", (process.name, waiting)
    assert site.processes.deaths() == {}


def test_then_the_servers_come_and_every_service_becomes_ready(site):
    site.broker.start()
    site.valkey.start()
    site.postgres.start()
    behind = eventually(
        lambda: "spotter db upgrade" in site.processes["notify-0"].readiness()[1], "the schema that is missing is told"
    )
    assert behind
    migrate = site.process("migrate", "migrate")
    migrate.start()
    eventually(lambda: not migrate.running, "the migration ends")
    assert migrate.deaths == [0], migrate.text()
    for process in site.processes:
        process.wait_ready(90)
    assert site.processes.deaths() == {}


def test_skeletons_reach_the_dashboard(site):
    def people() -> Any:
        answer = site.api("cameras") or {"cameras": []}
        seen = [camera for camera in answer["cameras"] if camera["view"] and camera["view"]["people"]]
        return [camera for camera in seen if camera["health"] and camera["health"]["state"] == "live"]

    (camera,) = eventually(people, "a person in a view of the API, and the camera's health")
    assert camera["id"] == "aisle"
    assert len(camera["view"]["people"][0]["keypoints"]) == 51

    def rates() -> Any:
        found = site.api("status")
        return found if found and found["frames_per_second"]["read"] and found["latency_s"]["p50"] else None

    status = eventually(rates, "the reading rate and the latency of the last seconds")
    assert status["frames_per_second"]["posed"] is None, "other processes' counters are not guessed"


def test_a_fall_becomes_one_alert_that_is_stored_told_and_traced(site):
    alert = eventually(lambda: (site.api("alerts?kind=possible_fall") or {"alerts": []})["alerts"], "an alert")[-1]
    told = eventually(
        lambda: [a for a in site.alertmanager.alerts() if alert["id"] in json.dumps(a)], "the alert in Alertmanager"
    )
    assert len(told) == 1
    trace = alert["versions"]["traceparent"].split("-")[1]
    spans = site.collector.wait_for(
        lambda spans: (
            {"capture", "pose", "ergonomics", "store", "notify"} <= {span.name for span in spans if span.trace == trace}
        ),
        timeout=30,
    )
    chain = {span.name: span for span in spans if span.trace == trace}
    assert chain["capture"].parent == ""
    for child, parent in (("pose", "capture"), ("ergonomics", "pose"), ("store", "ergonomics"), ("notify", "store")):
        assert chain[child].parent == chain[parent].id
        assert chain[child].start >= chain[parent].start
    assert chain["notify"].service == "spotter-notify"
    assert chain["store"].service == "spotter-ergonomics"


def test_every_service_has_metrics_and_no_secret_is_told(site):
    expected = {
        "ingest": "spotter_frames_published_total", "pose": "spotter_frames_posed_total",
        "ergonomics": "spotter_ready", "notify": "spotter_notify_deliveries_total",
        "dashboard": "spotter_ready", "maintenance": "spotter_store_retention_completed_timestamp_seconds",
    }  # fmt: skip
    for process in site.processes:
        assert process.metrics()[expected[process.name.split("-")[0]]] > 0, process.name
        for text in (process.text(), process.readiness()[1], process._get("metrics")[1]):
            assert "Hunter2" not in text, process.name
    ergonomics = [process.metrics() for process in site.processes.of("ergonomics")]
    assert sum(metrics.get("spotter_rule_evaluations_total", 0) for metrics in ergonomics) > 0


def test_sigterm_ends_each_with_zero(site):
    for process in site.processes:
        assert process.running, process.name
        os.kill(process.pid, signal.SIGTERM)
    for process in site.processes:
        eventually(lambda p=process: not p.running, f"{process.name} ends", 15)
        assert process.deaths == [0], f"{process.name}: {process.tail()}"
        assert "service_stopped" in process.text(), process.name
