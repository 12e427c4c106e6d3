"""The real commands while their settings file changes, and two ingest services that share cameras by leases."""

from __future__ import annotations

import json
import signal
import time

import cv2
import numpy as np
import pytest
import yaml
from processes import Process, Processes
from redis_server import RedisServer

KAFKA = {"SPOTTER_BUS__KIND": "kafka", "SPOTTER_BUS__KAFKA__SERVERS": '["127.0.0.1:1"]'}


@pytest.fixture
def write(tmp_path):
    """Puts a settings file in place in one step; cameras are pictures that stay for ten minutes, or what is given."""
    assert cv2.imwrite(str(tmp_path / "still.png"), np.full((48, 64, 3), 90, np.uint8))
    file = tmp_path / "spotter.yaml"

    def write(*cameras: str | dict, **more) -> None:
        still = {"source": str(tmp_path / "still.png"), "image_fps": 5, "hold_last_s": 600}
        given = [one if isinstance(one, dict) else {"id": one, **still} for one in cameras]
        text = yaml.safe_dump({"cameras": given, "ingest": {"reload_s": 0.1, "lease_s": 2}, **more})
        (tmp_path / "new").write_text(text)
        (tmp_path / "new").replace(file)

    return write


def until(condition, timeout: float = 60.0, why=lambda: "it did not come to that") -> None:
    deadline = time.monotonic() + timeout
    while not condition():
        assert time.monotonic() < deadline, why()
        time.sleep(0.1)


def test_a_run_takes_up_lets_go_and_switches_off_cameras_as_its_file_says(start, write):
    more = {"dashboard": {"enabled": False}}
    write("a", **more)
    running = start("run", "--config", "spotter.yaml")
    running.wait_for("camera a: live")
    write("a", "b", **more)
    running.wait_for("camera b: live")
    write("a", {"id": "b", "source": "rtsp://guard:Hunter-Two@127.0.0.1:1/x", "speed": 3}, **more)
    time.sleep(0.5)
    gate = {"id": "gate", "source": "rtsp://guard:Hunter-Two@127.0.0.1:1/x"}
    write("b", gate, **more)
    running.wait_for("camera a: ended")
    running.wait_for("camera gate: backing off")
    write("b", {**gate, "enabled": False}, **more)
    running.wait_for("camera gate: disabled")
    running.process.send_signal(signal.SIGINT)
    assert running.end(10) == 130, running.errors
    text = "".join(running.lines)
    assert text.count("camera b: live") == 1
    assert text.count("camera b: ended") == 1
    assert "settings_rejected" in running.errors
    assert "unknown setting 'cameras.1.speed'" in running.errors
    assert "Hunter-Two" not in text + running.errors
    assert "Traceback" not in running.errors


def test_services_share_by_leases_take_over_and_follow_their_file(tmp_path, write):
    write("a", "b", "c", "d")

    def parts(process: Process) -> dict[str, str]:
        status, body = process.readiness()
        return json.loads(body)["components"] if status else {}

    def leases(process: Process) -> float:
        return process.metrics().get("spotter_ingest_leases", 0) if process.running else 0

    with RedisServer() as redis, Processes() as processes:
        lease = {
            **KAFKA,
            "SPOTTER_STATE__KIND": "redis",
            "SPOTTER_STATE__URL": redis.url,
            "SPOTTER_INGEST__SHARING": "lease",
        }
        one, other = (
            processes.add(Process(name, ("serve", "ingest", "--config", "spotter.yaml"), lease, tmp_path))
            for name in ("one", "other")
        )
        one.start()
        other.start()
        until(lambda: [leases(one), leases(other)] == [2, 2], why=lambda: f"{leases(one)} {leases(other)} {one.tail()}")
        assert {parts(one)[part] for part in ("leases", "settings", "cameras")} == {"ok"}
        write("a", "b", "c", "d", "e", "f")
        until(lambda: [leases(one), leases(other)] == [3, 3])
        write()
        until(lambda: parts(one).get("settings", "").startswith("degraded: "))
        assert "names no camera" in parts(one)["settings"]
        assert leases(one) == 3
        other.kill()
        until(lambda: leases(one) == 6)
        redis.kill()
        until(lambda: parts(one).get("leases", "").startswith("degraded: "))
        assert "reads the 6 cameras that it had" in parts(one)["leases"]
        assert one.stop(12) == 0
        assert "Traceback" not in one.text()
