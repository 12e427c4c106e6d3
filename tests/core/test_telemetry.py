"""Metric names are part of the product; logs are one JSON object a line."""

from __future__ import annotations

import json
import logging
from collections.abc import Iterator

import pytest
import structlog
from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.parser import text_string_to_metric_families

from spotter.core.telemetry import Metrics, configure_logs, get_logger

# Dashboards and alert rules are written against these; one may be added, none renamed.
PUBLISHED = {
    "spotter_frames_read": ["camera"],
    "spotter_frames_published": ["camera"],
    "spotter_frames_dropped": ["camera", "reason"],
    "spotter_camera_up": ["camera"],
    "spotter_camera_reconnects": ["camera"],
    "spotter_queue_depth": ["topic"],
    "spotter_age_at_inference_seconds": ["camera"],
    "spotter_inference_seconds": ["model"],
    "spotter_batch_size": [],
    "spotter_frames_posed": ["camera"],
    "spotter_skeletons": ["camera"],
    "spotter_people": ["camera"],
    "spotter_tracks_started": ["camera"],
    "spotter_rule_evaluations": ["camera", "rule"],
    "spotter_rule_suppressions": ["camera", "rule", "reason"],
    "spotter_alerts": ["camera", "kind"],
    "spotter_alert_updates": ["camera", "kind"],
    "spotter_store_failures": [],
    "spotter_messages_rejected": ["topic", "reason"],
    "spotter_capture_to_skeleton_seconds": ["camera"],
    "spotter_end_to_end_seconds": ["camera"],
}


def test_published_metrics_exist() -> None:
    metrics = Metrics()
    families = {family.name for family in text_string_to_metric_families(generate_latest(metrics.registry).decode())}
    assert families >= set(PUBLISHED)
    # Names as they are registered; the private attribute is the only way to read the label names back.
    labels = {one._name: list(one._labelnames) for one in vars(metrics).values() if hasattr(one, "_labelnames")}
    assert {name: labels[name] for name in PUBLISHED} == PUBLISHED


def test_every_metric_says_what_it_is() -> None:
    for family in text_string_to_metric_families(generate_latest(Metrics().registry).decode()):
        assert family.documentation.strip().endswith(".") or not family.name.startswith("spotter_")


def test_two_pipelines_do_not_mix() -> None:
    one, two = Metrics(), Metrics(CollectorRegistry())
    one.frames_read.labels(camera="a").inc(3)
    assert one.registry.get_sample_value("spotter_frames_read_total", {"camera": "a"}) == 3
    assert two.registry.get_sample_value("spotter_frames_read_total", {"camera": "a"}) is None


def test_drops_are_counted_where_they_belong() -> None:
    metrics = Metrics()
    metrics.count_drop("frames", "dock", "queue_full")
    metrics.count_drop("camera-health", "dock", "queue_full")
    value = metrics.registry.get_sample_value
    assert value("spotter_frames_dropped_total", {"camera": "dock", "reason": "queue_full"}) == 1
    assert value("spotter_messages_rejected_total", {"topic": "camera-health", "reason": "queue_full"}) == 1


@pytest.fixture
def logs_restored() -> Iterator[None]:
    """Puts the loggers back as they were."""
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    yield
    root.handlers, root.level = handlers, level
    structlog.reset_defaults()


@pytest.mark.usefixtures("logs_restored")
def test_json_logs_are_one_object_a_line(capsys: pytest.CaptureFixture[str]) -> None:
    configure_logs("info", "json")
    get_logger("spotter.test").info("camera_opened", camera="dock", width=640)
    logging.getLogger("some.library").warning("a plain %s", "warning")
    get_logger("spotter.test").debug("not shown")
    try:
        raise ValueError("broken")
    except ValueError:
        get_logger("spotter.test").exception("failed")
    out, err = capsys.readouterr()
    assert out == ""
    lines = [json.loads(line) for line in err.splitlines()]
    assert [line["event"] for line in lines] == ["camera_opened", "a plain warning", "failed"]
    assert [line["level"] for line in lines] == ["info", "warning", "error"]
    assert (lines[0]["camera"], lines[0]["width"]) == ("dock", 640)
    assert all(line["timestamp"].endswith("Z") for line in lines)
    assert "ValueError: broken" in lines[2]["exception"]


@pytest.mark.usefixtures("logs_restored")
def test_console_logs_are_for_people(capsys: pytest.CaptureFixture[str]) -> None:
    configure_logs("warning", "console")
    get_logger("spotter.test").info("not shown")
    get_logger("spotter.test").warning("camera_lost", camera="dock")
    err = capsys.readouterr().err
    assert "camera_lost" in err
    assert "not shown" not in err
    assert not err.lstrip().startswith("{")
