"""`spotter run` tells of what it sees: cameras to webhook in one process."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest
from notify_tools import webhook
from webhook import WebhookReceiver

import spotter
from spotter.cli.embedded import EmbeddedPipeline
from spotter.cli.options import build_settings
from spotter.core.errors import ConfigError
from spotter.core.settings import Settings
from spotter.core.store import Store

CLIPS = Path(spotter.__file__).with_name("demo")


def settings(url: str, *channels: dict[str, object]) -> Settings:
    return build_settings(
        cameras=[str(CLIPS / "aisle.mp4")],
        sections={
            "ingest": {"speed": "max"},
            "store": {"url": url},
            "dashboard": {"enabled": False},
            "notify": {"channels": list(channels), "poll_s": 0.1},
        },
    )


def test_a_run_tells_of_its_alerts_before_it_ends(sqlite_url: str, receiver: WebhookReceiver) -> None:
    pipeline = EmbeddedPipeline(settings(sqlite_url, webhook(receiver.url())))
    pipeline.start()
    try:
        assert pipeline.wait(120)
        assert pipeline.readiness()["notify"] == "ok"
    finally:
        pipeline.stop()
    with Store.open(sqlite_url, "read") as store:
        (record,) = store.records()
    steps = [one.json["update"]["kind"] for one in receiver.received]
    assert steps == [update.kind.value for update in record.updates]
    assert steps[0] == "raised"
    assert record.alert.ledger.notified is not None
    assert [thread.name for thread in threading.enumerate() if thread.name.startswith("spotter-")] == []


def test_a_channel_that_cannot_be_made_stops_the_start(sqlite_url: str) -> None:
    pipeline = EmbeddedPipeline(settings(sqlite_url, webhook("http://host/", secret="short")))
    with pytest.raises(ConfigError, match="secret of channel 'hook' is shorter"):
        pipeline.start()


def test_without_channels_nothing_is_started(sqlite_url: str) -> None:
    pipeline = EmbeddedPipeline(settings(sqlite_url))
    pipeline.start()
    try:
        assert "notify" not in pipeline.readiness()
    finally:
        pipeline.stop()
