"""A whole run with cameras that refuse: nothing of a user or password in any place that people or machines read."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request
from pathlib import Path

import yaml

from conftest import COMMAND

sys.path.insert(0, str(Path(__file__).parents[1] / "servers"))
from servers import RtspServer, free_port

SECRETS = ("Hunter2", "guardian")


def fetched(url: str) -> str:
    """What is answered, whatever its status; empty while nobody listens."""
    try:
        with urllib.request.urlopen(url, timeout=5) as answer:
            return answer.read().decode()
    except urllib.error.HTTPError as error:
        return error.read().decode()
    except OSError:
        return ""


def test_a_run_with_cameras_that_refuse(tmp_path: Path) -> None:
    port = free_port()
    with RtspServer(user="guard", password="right") as server:
        place = f"127.0.0.1:{server.port}"
        cameras = [
            {"id": "a", "source": server.url(), "username": "guardian", "password": "Hunter2 /@:x"},
            {"id": "b", "source": f"rtsp://guardian:Hunter2/x@{place}/s"},
            {"id": "c", "source": f"http://guardian:Hunter2x@127.0.0.1:{port}/none?token=Hunter2q"},
            {"id": "d", "source": f"rtsp://{place}/user=guardian&password=Hunter2z&channel=1"},
        ]
        settings = {"log": {"level": "debug"}, "dashboard": {"port": port}, "cameras": cameras}
        (tmp_path / "site.yaml").write_text(yaml.safe_dump(settings))
        with (tmp_path / "out").open("w") as out, (tmp_path / "err").open("w") as err:
            run = subprocess.Popen(
                [COMMAND, "run", "--config", tmp_path / "site.yaml", "--camera", f"rtsp:/guardian:Hunter2@{place}"],
                cwd=tmp_path,
                stdout=out,
                stderr=err,
                env=os.environ | {"OPENCV_FFMPEG_LOGLEVEL": "56", "SPOTTER_DEBUG": "1"},
            )
            try:
                deadline = time.monotonic() + 60
                while (tmp_path / "err").read_text().count("camera_backing_off") < 4 and time.monotonic() < deadline:
                    assert run.poll() is None, (tmp_path / "err").read_text()
                    time.sleep(0.2)
                pages = {
                    page: fetched(f"http://127.0.0.1:{port}/{page}")
                    for page in ("metrics", "api/v1/cameras", "readyz", "none?token=Hunter2q")
                }
            finally:
                run.send_signal(signal.SIGINT)
                run.wait(30)
    listed = json.loads(pages["api/v1/cameras"])
    assert all(name in json.dumps(listed) for name in ('"a"', '"b"', '"c"', '"d"', '"camera"')), listed
    assert "spotter_camera_up" in pages["metrics"]
    assert (tmp_path / "err").read_text().count("camera_backing_off") >= 4
    texts = {name: text.encode() for name, text in pages.items()}
    texts |= {
        str(path): path.read_bytes() for path in tmp_path.rglob("*") if path.is_file() and path.name != "site.yaml"
    }
    assert any(name.endswith("spotter.db") for name in texts)
    for name, text in texts.items():
        for secret in SECRETS:
            assert secret.encode() not in text, f"'{secret}' is in {name}"
