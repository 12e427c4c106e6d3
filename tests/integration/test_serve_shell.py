"""The shell around a service, as a real process with a small service in it: health, waiting, signals, errors."""

from __future__ import annotations

import json
import os
import signal
import socket
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from processes import Process, Processes

LAUNCH = """
import sys, time
from pathlib import Path
from spotter.cli import service
from spotter.core.errors import ConfigError, StoreError
from spotter.core.settings import load_settings

def find(path):
    if not Path(path).exists():
        raise StoreError(f"'{path}' is not there", mend="Make it")
    return path

def waiting(shell):  # needs a part, then runs until it is stopped, then hands over
    def work():
        shell.wait_for("thing", lambda: find("thing"))
        shell.readiness.watch("thing", lambda: "ok" if Path("thing").exists() else find("thing"))
        shell.stop.wait()
        Path("handed-over").write_text("yes")
    return work

def stuck(shell):  # never ends by itself, but its part lets go when it is closed
    import threading
    released = threading.Event()
    shell.closing(released.set)
    return released.wait

def hanging(shell):  # a driver that never comes back
    return lambda: time.sleep(3600)

def dying(shell):
    def work():
        raise ValueError("broken")
    return work

def frozen(shell):  # a check that hangs must not hold up the answer
    shell.readiness.watch("frozen", lambda: time.sleep(3600))
    shell.readiness.note("live view", "degraded: no Redis")
    return shell.stop.wait

def refused(shell):
    raise ConfigError("serve needs a thing", mend="Name one")

service.DRAIN_S, service.CLOSE_S, service.LEAVE_S = 0.5, 0.5, 3.0
try:
    sys.exit(service.run_service("test", load_settings(None), globals()[sys.argv[1]]))
except Exception as error:
    sys.exit(f"{type(error).__name__}: {error}")
"""


@pytest.fixture
def launch(tmp_path: Path) -> Iterator[Callable[..., Process]]:
    with Processes() as processes:

        def start(kind: str, **environment: str) -> Process:
            process = processes.add(Process(kind, (LAUNCH, kind), environment, tmp_path, (sys.executable, "-c")))
            process.start()
            return process

        yield start


def status_until(process: Process, wanted: int) -> dict[str, object]:
    """The body of /readyz once it has this status."""
    deadline = time.monotonic() + 30
    while (answer := process.readiness())[0] != wanted:
        assert process.running, process.tail()
        assert time.monotonic() < deadline, answer
        time.sleep(0.05)
    return json.loads(answer[1])


def code_of(process: Process) -> int:
    deadline = time.monotonic() + 30
    while process.running:
        assert time.monotonic() < deadline, process.tail()
        time.sleep(0.05)
    return process.deaths[-1]


def test_a_service_waits_for_its_part_says_so_and_recovers(launch, tmp_path):
    process = launch("waiting")
    waiting = status_until(process, 503)
    assert "'thing' is not there. Make it" in waiting["detail"]
    assert process._get("healthz")[0] == 200
    (tmp_path / "thing").write_text("")
    assert status_until(process, 200) == {"status": "ready", "components": {"thing": "ok"}}
    assert 'spotter_ready{part="thing"} 1.0' in process._get("metrics")[1]
    (tmp_path / "thing").unlink()
    assert "'thing' is not there" in status_until(process, 503)["detail"]
    assert 'spotter_ready{part="thing"} 0.0' in process._get("metrics")[1]
    assert process.stop() == 0
    assert (tmp_path / "handed-over").read_text() == "yes"
    lines = [json.loads(line) for line in process.text().splitlines() if line.startswith("{")]
    assert lines[0]["event"] == "service_started"
    assert lines[-1]["event"] == "service_stopped"
    reasons = [line["reason"] for line in lines if line["event"] == "part_not_ready"]
    # The first look may come before the first try.
    assert ["is not there" in reason for reason in reasons if reason != "not reached yet"] == [True, True]


def test_a_stop_while_it_waits_is_clean(launch):
    process = launch("waiting")
    status_until(process, 503)
    assert process.stop() == 0


def test_work_that_waits_on_a_part_is_released_by_closing_it(launch):
    process = launch("stuck")
    status_until(process, 200)
    assert process.stop() == 0


def test_work_that_never_comes_back_is_left_behind_with_an_error(launch):
    process = launch("hanging")
    status_until(process, 200)
    assert process.stop() == 1
    assert json.loads(process.text().splitlines()[-2])["what"] == "work"


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_second_signal_leaves_at_once(launch, number):
    process = launch("hanging")
    status_until(process, 200)
    os.kill(process.pid, signal.SIGTERM)
    time.sleep(0.2)
    os.kill(process.pid, number)
    assert code_of(process) == 128 + number


def test_a_fault_ends_the_process_with_an_error(launch):
    process = launch("dying")
    assert code_of(process) == 1
    assert "ValueError: broken" in process.text()


def test_a_frozen_part_does_not_hold_up_the_answer_and_a_degraded_one_counts_as_ready(launch):
    process = launch("frozen")
    body = status_until(process, 503)
    assert body["components"] == {"frozen": "gives no answer within 1 s", "live view": "degraded: no Redis"}
    assert "live view" not in str(body["detail"])
    metrics = process._get("metrics")[1]
    assert 'spotter_ready{part="live view"} 1.0' in metrics
    assert 'spotter_degraded{part="live view"} 1.0' in metrics
    assert process.stop() == 0


def test_wrong_settings_and_a_port_in_use_end_it_at_once(launch, tmp_path):
    refused = launch("refused")
    assert code_of(refused) == 1
    assert refused.text().strip() == "ConfigError: serve needs a thing. Name one"
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        process = launch("waiting", SPOTTER_METRICS__PORT=str(port))
        assert code_of(process) == 1
    assert f"PortError: metrics address 127.0.0.1:{port} is in use" in process.text()
    assert "metrics.port" in process.text()
