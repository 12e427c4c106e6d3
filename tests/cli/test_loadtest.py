"""`spotter loadtest` as a user calls it: in one process, over a real broker, and where it refuses."""

from __future__ import annotations

import json
import re
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from spotter.core.contracts import CameraHealth, CameraState
from spotter.core.store import Store

if TYPE_CHECKING:
    from conftest import Run

COMMAND = str(Path(sys.executable).with_name("spotter"))


def test_skeletons_in_one_process(spotter: Run, tmp_path: Path) -> None:
    figures = tmp_path / "figures.json"
    done = spotter(
        "loadtest", "--memory", "--cameras", 10, "--fps", 5, "--minutes", 0.5, "--speed", "max", "--json", figures
    )
    assert (done.code, done.lines()) == (0, [])
    assert re.search(r"load +10 virtual cameras, skeletons", done.out)
    assert re.search(r"published +1,500; as many as possible, [\d,.]+/s reached", done.out)
    assert re.search(r"handled +1,500 messages", done.out)
    assert re.search(r"processor +[\d.]+ cores, [\d.]+ ms a message", done.out)
    told = json.loads(figures.read_text())
    assert told["generator"]["published"] == told["services"][0]["handled"] == 1500
    assert told["generator"]["dropped"] == told["services"][0]["lost"] == {}


def test_frames_in_one_process_go_through_the_model(spotter: Run, tmp_path: Path) -> None:
    figures = tmp_path / "figures.json"
    done = spotter(
        "loadtest", "--memory", "--kind", "frames", "--cameras", 2, "--fps", 4, "--minutes", 0.05, "--json", figures
    )
    assert (done.code, done.lines()) == (0, [])
    told = json.loads(figures.read_text())
    dropped = sum(told["generator"]["dropped"].values()) + sum(told["services"][0]["lost"].values())
    assert told["generator"]["published"] == 24
    assert told["services"][0]["handled"] == 24 - dropped > 0


def test_a_stop_reports_what_was_sent(tmp_path: Path) -> None:
    command = [COMMAND, "loadtest", "--memory", "--cameras", "4", "--fps", "10", "--minutes", "30"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, cwd=tmp_path) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "Sending skeletons of 4 virtual cameras (Ctrl-C stops and reports)\n"
        time.sleep(1)
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=60)
    assert process.returncode == 130
    assert err == ""
    sent = re.search(r"published +(\d+); 40.0/s asked", out)
    assert sent is not None
    assert re.search(rf"handled +{sent[1]} messages", out), "what was sent is dealt with before the report"


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--fps", "0"], "frames per second is 0"),
        (["--people", "21"], "people is 21"),
        (["--memory", "--watch", "http://127.0.0.1:9/metrics"], "--watch has nothing to watch"),
        (["--cameras", "0"], "'--cameras'"),
    ],
)
def test_wrong_options_are_one_line(spotter: Run, arguments: list[str], message: str) -> None:
    done = spotter("loadtest", *arguments)
    assert done.code == 2
    assert message in done.one_line()


def test_it_refuses_the_topics_of_a_site_with_real_cameras(spotter: Run, tmp_path: Path) -> None:
    settings = tmp_path / "spotter.yaml"
    settings.write_text(
        "site: plant\ncameras:\n  - {id: dock, source: dock.mp4}\n  - {id: load-00003, source: x.mp4}\n"
    )
    done = spotter("loadtest", "--config", settings, "--prefix", "spotter.")
    assert done.code == 2
    line = done.one_line()
    assert "topics 'spotter....' belong to a site with real cameras: 'dock'." in line
    assert "--yes" in line


def test_it_refuses_when_the_database_knows_real_cameras(spotter: Run, tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'site.db'}"
    with Store.open(url) as store:
        for name in ("gate", "load-00001"):
            store.put_camera(CameraHealth(name, CameraState.LIVE, 1_000, 1, 0, 15.0, 640, 480, ""), "plant", "")
    done = spotter("loadtest", "--prefix", "spotter.", env={"SPOTTER_STORE__URL": url})
    assert done.code == 2
    assert "real cameras: 'gate'." in done.one_line()


def test_it_refuses_when_the_database_does_not_answer(spotter: Run) -> None:
    url = "postgresql+psycopg2://spotter:hidden-word@127.0.0.1:9/spotter"
    done = spotter("loadtest", "--prefix", "spotter.", env={"SPOTTER_STORE__URL": url})
    assert done.code == 2
    assert "whether the site has real cameras is not known" in done.one_line()
    assert "hidden-word" not in done.out + done.err
