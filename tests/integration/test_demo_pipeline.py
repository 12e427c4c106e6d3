"""The shipped clips through the whole embedded pipeline: every frame accounted for, one alert, where it belongs."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from otlp_receiver import OtlpReceiver, ReceivedSpan

import spotter
from spotter.cli.embedded import EmbeddedPipeline
from spotter.cli.options import build_settings
from spotter.cli.summary import figures_by_camera, latency_quantile
from spotter.core.contracts import Alert, AlertKind, AlertUpdate, CameraState, UpdateKind

CLIPS = Path(spotter.__file__).with_name("demo")


@dataclass
class Finished:
    """A run that has ended by itself."""

    pipeline: EmbeddedPipeline
    database: Path
    steps: list[tuple[Alert, AlertUpdate]] = field(default_factory=list)
    spans: list[ReceivedSpan] = field(default_factory=list)


@pytest.fixture(scope="module")
def finished(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Finished]:
    with OtlpReceiver() as collector:
        yield play(tmp_path_factory, collector)


def play(tmp_path_factory: pytest.TempPathFactory, collector: OtlpReceiver) -> Finished:
    database = tmp_path_factory.mktemp("demo") / "spotter.db"
    settings = build_settings(
        cameras=[f"{name}={CLIPS / name}.mp4" for name in ("dock", "packing", "aisle")],
        sections={
            "ingest": {"speed": "max"},
            "store": {"url": f"sqlite:///{database}"},
            "dashboard": {"port": 0, "background": "blurred"},
            "trace": {"endpoint": collector.endpoint, "ratio": 0},
        },
    )
    steps: list[tuple[Alert, AlertUpdate]] = []
    pipeline = EmbeddedPipeline(settings, lambda alert, update: steps.append((alert, update)))
    pipeline.start()
    try:
        assert pipeline.wait(240)
    finally:
        pipeline.stop()
    return Finished(pipeline, database, steps, collector.spans)


def test_every_frame_is_accounted_for(finished):
    figures = figures_by_camera(finished.pipeline.metrics)
    assert set(figures) == {"dock", "packing", "aisle"}
    for camera, own in figures.items():
        assert own.read > 100, camera
        assert own.read == own.posed + sum(own.dropped.values()), camera
        assert own.posed == own.read, f"{camera} lost frames although files played at full speed: {own.dropped}"


def test_the_alert_is_traced_although_no_frame_is(finished):
    (alert,) = [alert for alert, update in finished.steps if update.kind is UpdateKind.RAISED]
    trace = alert.versions["traceparent"].split("-")[1]
    assert sorted(span.name for span in finished.spans) == ["capture", "ergonomics", "pose", "store"]
    assert {span.trace for span in finished.spans} == {trace}
    assert {span.service for span in finished.spans} == {"spotter-run"}


def test_one_possible_fall_in_the_aisle_and_nothing_elsewhere(finished):
    raised = [alert for alert, update in finished.steps if update.kind is UpdateKind.RAISED]
    assert [(alert.camera_id, alert.kind) for alert in raised] == [("aisle", AlertKind.POSSIBLE_FALL)]
    assert raised[0].started_at < raised[0].raised_at
    assert raised[0].evidence


def test_the_alert_and_its_message_are_on_disk(finished):
    with sqlite3.connect(finished.database) as connection:
        alerts = connection.execute("SELECT camera_id, kind FROM alerts").fetchall()
        updates = connection.execute("SELECT count(*) FROM alert_updates").fetchone()[0]
        outbox = connection.execute("SELECT count(*), min(attempts) FROM outbox").fetchone()
    assert alerts == [("aisle", "possible_fall")]
    assert updates == len(finished.steps) == outbox[0]
    assert outbox[1] == 0


def test_the_metrics_agree_with_each_other(finished):
    metrics = finished.pipeline.metrics
    figures = figures_by_camera(metrics)
    assert {camera: dict(own.alerts) for camera, own in figures.items() if any(own.alerts.values())} == {
        "aisle": {"possible_fall": 1}
    }

    def value(name: str, **labels: str) -> float:
        found = metrics.registry.get_sample_value(name, labels)
        assert found is not None, name
        return found

    for camera, own in figures.items():
        assert value("spotter_frames_published_total", camera=camera) == own.read
        assert value("spotter_capture_to_skeleton_seconds_count", camera=camera) == own.posed
        assert value("spotter_end_to_end_seconds_count", camera=camera) == own.posed
        assert own.skeletons >= own.posed * 0.9, "each clip shows one person nearly all the time"
    middle, high = latency_quantile(metrics, 0.5), latency_quantile(metrics, 0.95)
    assert middle is not None
    assert high is not None
    assert 0 < middle <= high


def test_live_state_ends_with_every_camera(finished):
    health = finished.pipeline.state.health()
    assert {camera: own.state for camera, own in health.items()} == dict.fromkeys(
        ("dock", "packing", "aisle"), CameraState.ENDED
    )
    views = finished.pipeline.state.views()
    assert set(views) == {"dock", "packing", "aisle"}
    assert all(view.background for view in views.values())
