"""The embedded pipeline at its edges: a service that dies, a start that fails, rounds, a stop in mid-run."""

from __future__ import annotations

import json
import socket
import threading
import time
import urllib.error
import urllib.request
from pathlib import Path

import pytest

import spotter
from spotter.cli.embedded import EmbeddedPipeline
from spotter.cli.options import build_settings
from spotter.cli.summary import figures_by_camera
from spotter.core.contracts import Alert, AlertUpdate
from spotter.core.errors import ModelError, PortError, SourceError, SpotterError, StoreError
from spotter.core.settings import Settings
from spotter.core.store import Store

CLIPS = Path(spotter.__file__).with_name("demo")


@pytest.fixture
def settings(tmp_path):
    def make(*cameras: str, speed: str = "max", **sections: dict[str, object]) -> Settings:
        defaults: dict[str, dict[str, object]] = {
            "ingest": {"speed": speed},
            "store": {"url": f"sqlite:///{tmp_path}/spotter.db"},
            "dashboard": {"port": 0},
        }
        merged = {name: {**defaults.get(name, {}), **sections.get(name, {})} for name in {*defaults, *sections}}
        return build_settings(cameras=cameras or [str(CLIPS / "dock.mp4")], sections=merged)

    return make


def workers() -> list[str]:
    """Names of the pipeline's threads that are alive."""
    return [thread.name for thread in threading.enumerate() if thread.name.startswith("spotter-")]


def fetch(url: str) -> tuple[int, str]:
    try:
        with urllib.request.urlopen(url, timeout=5) as answer:
            return answer.status, answer.read().decode()
    except urllib.error.HTTPError as error:
        with error:
            return error.code, error.read().decode()


def test_a_service_that_dies_ends_the_run_with_an_error(settings):
    def refuse(alert: Alert, update: AlertUpdate) -> None:
        raise ValueError("no paper")

    pipeline = EmbeddedPipeline(settings(str(CLIPS / "aisle.mp4")), refuse)
    pipeline.start()
    try:
        with pytest.raises(SpotterError, match="ergonomics service stopped: ValueError: no paper"):
            pipeline.wait(120)
    finally:
        pipeline.stop()
    assert workers() == []
    with Store.open(pipeline.settings.store.url.get_secret_value(), "read") as store:
        assert len(store.alerts()) == 1, "an alert is stored before anyone is told"


@pytest.mark.parametrize(
    ("error", "sections"),
    [
        (ModelError, {"pose": {"model": "nope"}}),
        (StoreError, {"store": {"url": "sqlite:////dev/null/x.db"}}),
        (PortError, {"dashboard": {"host": "0.0.0.0"}}),
    ],
)
def test_a_start_that_fails_leaves_nothing_behind(settings, error, sections):
    pipeline = EmbeddedPipeline(settings(**sections))
    with pytest.raises(error):
        pipeline.start()
    assert workers() == []
    if pipeline.dashboard_port:
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", pipeline.dashboard_port))


def test_a_port_in_use_is_found_first(settings):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        pipeline = EmbeddedPipeline(settings(dashboard={"port": port}))
        with pytest.raises(PortError, match=str(port)):
            pipeline.start()
    assert workers() == []


def test_all_cameras_failed_is_a_source_error(settings):
    pipeline = EmbeddedPipeline(settings("a=gone-a.mp4", "b=gone-b.mp4"))
    pipeline.start()
    try:
        with pytest.raises(SourceError, match=r"gone-a\.mp4.*gone-b\.mp4"):
            pipeline.wait(60)
    finally:
        pipeline.stop()


def test_rounds_play_the_clips_again_with_an_epoch_of_their_own(settings):
    raised: set[str] = set()
    pipeline = EmbeddedPipeline(
        settings(str(CLIPS / "aisle.mp4")), lambda alert, update: raised.add(str(alert.id)), rounds=2
    )
    pipeline.start()
    try:
        assert pipeline.wait(240)
    finally:
        pipeline.stop()
    figures = figures_by_camera(pipeline.metrics)["aisle"]
    assert figures.read == figures.posed
    assert figures.alerts == {"possible_fall": 2}
    assert len(raised) == 2, "the same clip in another round is another fall, with an id of its own"


def test_a_stop_in_mid_run_drains_and_counts_every_frame(settings):
    pipeline = EmbeddedPipeline(settings(*(str(CLIPS / f"{clip}.mp4") for clip in ("dock", "aisle")), speed="realtime"))
    pipeline.start()
    time.sleep(3)
    begun = time.monotonic()
    pipeline.stop()
    assert time.monotonic() - begun < 5
    assert workers() == []
    for camera, own in figures_by_camera(pipeline.metrics).items():
        assert 0 < own.read < 100, camera
        assert own.read == own.posed + sum(own.dropped.values()), camera
    pipeline.stop()  # Twice is as good as once.


def test_health_readiness_and_metrics_answer_while_it_runs(settings):
    pipeline = EmbeddedPipeline(settings(speed="realtime"))
    pipeline.start()
    try:
        base = pipeline.dashboard_url
        assert base is not None
        deadline = time.monotonic() + 10
        while fetch(base + "readyz")[0] != 200 and time.monotonic() < deadline:
            time.sleep(0.1)
        status, text = fetch(base + "readyz")
        assert status == 200, text
        json.loads(text)
        assert fetch(base + "healthz")[0] == 200
        names = ("spotter_frames_read_total", "spotter_queue_depth", "spotter_end_to_end_seconds_bucket")
        # Ready means that a camera delivers; its first frame is assessed a little later.
        while missing := [name for name in names if name not in fetch(base + "metrics")[1]]:
            assert time.monotonic() < deadline + 10, missing
            time.sleep(0.1)
        pipeline._store.close()
        (Path(pipeline.settings.store.url.get_secret_value().removeprefix("sqlite:///"))).unlink()
        assert pipeline.readiness()["store"] != "ok"
        assert fetch(base + "readyz")[0] == 503
    finally:
        pipeline.stop()
    with pytest.raises(urllib.error.URLError):
        fetch(base + "healthz")
