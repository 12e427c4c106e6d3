"""Each service alone: wrong settings are one line, and without any server it waits, tells why, and stops cleanly."""

from __future__ import annotations

import json
import logging
import signal
import time
from pathlib import Path

import pytest
import structlog
from processes import Process, Processes

import spotter
from spotter.cli.app import execute

KAFKA = {"SPOTTER_BUS__KIND": "kafka", "SPOTTER_BUS__KAFKA__SERVERS": '["127.0.0.1:1"]'}
TLS = {**KAFKA, "SPOTTER_BUS__KAFKA__SECURITY": "ssl"}
REDIS = {"SPOTTER_STATE__KIND": "redis", "SPOTTER_STATE__URL": "redis://:Hunter2@127.0.0.1:1/0"}
STORE = {"SPOTTER_STORE__URL": "postgresql://spotter:Hunter2@127.0.0.1:1/spotter"}
CLIP = Path(spotter.__file__).with_name("demo") / "dock.mp4"
CAMERAS = {"SPOTTER_CAMERAS": json.dumps([{"id": "dock", "source": str(CLIP)}])}


@pytest.fixture
def logs_put_back():
    """A command sends the logs to its own stderr; the tests after it want them as they were."""
    root = logging.getLogger()
    handlers, level = root.handlers, root.level
    yield
    root.handlers, root.level = handlers, level
    structlog.reset_defaults()


@pytest.mark.usefixtures("logs_put_back")
@pytest.mark.parametrize(
    ("role", "environment", "code", "words"),
    [
        ("pose", {}, 2, "serve needs bus.kind: kafka"),
        ("ergonomics", {"SPOTTER_BUS__KIND": "memory"}, 2, "`spotter run`"),
        ("ingest", KAFKA, 2, "no camera is named"),
        ("ingest", {**KAFKA, **CAMERAS, "SPOTTER_INGEST__SHARD": "2/2"}, 2, "share 2 of 2 does not exist"),
        ("pose", {**KAFKA, "SPOTTER_POSE__MODEL": "nope"}, 4, "unknown pose model 'nope'"),
        ("pose", {**TLS, "SPOTTER_BUS__KAFKA__CA_FILE": "gone.pem"}, 8, "gone.pem"),
        ("notify", {"SPOTTER_STORE__URL": "mysql://x:Hunter2@y/z"}, 5, "database type 'mysql' is not supported"),
        ("dashboard", STORE, 2, "serve dashboard needs state.kind: redis"),
        ("dashboard", {**STORE, **REDIS, "SPOTTER_STATE__URL": "http://:Hunter2@x"}, 2, "setting 'state.url'"),
        ("dashboard", {**STORE, **REDIS, "SPOTTER_DASHBOARD__HOST": "0.0.0.0"}, 7, "dashboard.allow_remote"),
        ("maintenance", {**STORE, "SPOTTER_TRACE__ENDPOINT": "collector"}, 2, "trace.endpoint"),
    ],
)  # fmt: skip
def test_wrong_settings_end_it_at_once_with_one_line(role, environment, code, words, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    for variable, value in {"SPOTTER_METRICS__PORT": "0", **environment}.items():
        monkeypatch.setenv(variable, value)
    assert execute(["serve", role]) == code
    told = capsys.readouterr()
    lines = [line for line in told.err.splitlines() if line.startswith("spotter: ")]
    assert len(lines) == 1, told.err
    assert words in lines[0]
    assert "Hunter2" not in told.out + told.err
    assert "Traceback" not in told.err


@pytest.fixture(scope="module")
def alone(tmp_path_factory):
    """One process for each role, and no server at all."""
    folder = tmp_path_factory.mktemp("alone")
    with Processes() as processes:
        for role, environment in {
            "ingest": {**KAFKA, **CAMERAS},
            "pose": KAFKA,
            "ergonomics": {**KAFKA, **STORE, **REDIS},
            "notify": STORE,
            "dashboard": {**STORE, **REDIS, "SPOTTER_DASHBOARD__PORT": "0"},
            "maintenance": STORE,
        }.items():
            processes.add(Process(role, ("serve", role), environment, folder)).start()
        yield processes


@pytest.mark.parametrize(
    ("role", "waiting", "fine"),
    [
        ("ingest", {"bus": "cannot reach Kafka"}, {"cameras": "ok"}),
        ("pose", {"bus": "cannot reach Kafka"}, {"model": "ok"}),
        ("ergonomics", {"bus": "cannot reach Kafka", "store": "cannot be reached"}, {"state": "degraded"}),
        ("notify", {"store": "cannot be reached"}, {"notify": "ok"}),
        ("dashboard", {"store": "cannot be reached"}, {"state": "degraded"}),
        ("maintenance", {"store": "cannot be reached"}, {}),
    ],
)
def test_without_its_servers_it_stays_and_says_why(alone, role, waiting, fine):
    process, deadline, components = alone[role], time.monotonic() + 60, {}

    def told() -> bool:
        reasons = all(reason in components.get(part, "") for part, reason in waiting.items())
        return reasons and all(components.get(part, "").startswith(text) for part, text in fine.items())

    while not told():
        assert process.running, process.tail()
        assert time.monotonic() < deadline, components
        status, body = process.readiness()
        components = json.loads(body)["components"] if status else {}
        time.sleep(0.1)
    assert status == 503
    assert process._get("healthz")[0] == 200
    for text in (body, process.text(), process._get("metrics")[1]):
        assert "Hunter2" not in text


def test_a_file_that_has_ended_leaves_ingest_running(alone):
    process, deadline = alone["ingest"], time.monotonic() + 60
    while "camera_ended" not in process.text():
        assert time.monotonic() < deadline, process.tail()
        time.sleep(0.1)
    time.sleep(1.0)
    assert process.running
    assert json.loads(process.readiness()[1])["components"]["cameras"] == "ok"


def test_sigterm_ends_each_cleanly_although_no_server_is_there(alone):
    for process in alone:
        assert process.running, process.tail()
        process._process.send_signal(signal.SIGTERM)
    for process in alone:
        assert process._process.wait(12) == 0, f"{process.name}: {process.tail()}"
        assert "service_stopped" in process.text()
