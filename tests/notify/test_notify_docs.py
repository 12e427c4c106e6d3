"""What docs/notify.md shows is what the program takes."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import yaml

from spotter.core.settings import load_settings
from spotter.notify.channels import KINDS
from spotter.notify.channels.http import PERMANENT
from spotter.notify.signature import KEY_HEADER, SIGNATURE_HEADER

TEXT = (Path(__file__).resolve().parents[2] / "docs" / "notify.md").read_text(encoding="utf-8")


def test_the_example_holds_every_kind_of_channel_and_loads() -> None:
    match = re.search(r"```yaml\n(.*?)```", TEXT, re.DOTALL)
    assert match is not None
    values: dict[str, Any] = yaml.safe_load(match[1])
    settings = load_settings(None, values)
    assert {channel.type for channel in settings.notify.channels} == KINDS.keys()
    assert settings.notify.quiet_hours[0].between == "22:00-06:00"


def test_headers_and_answers_are_those_of_the_program() -> None:
    for header in (KEY_HEADER, SIGNATURE_HEADER):
        assert f"`{header}`" in TEXT
    match = re.search(r"([\d, \n]+and\n?\s*501) refuse it for good", TEXT)
    assert match is not None
    assert {int(number) for number in re.findall(r"\d+", match[1])} == PERMANENT


def test_defaults_that_the_text_names() -> None:
    channel = load_settings(None, {"notify": {"channels": [{"type": "kafka", "name": "k"}]}}).notify.channels[0]
    assert (channel.retry.min_s, channel.retry.max_s) == (1.0, 300.0)
    assert (channel.breaker.failures, channel.breaker.open_s) == (5, 30.0)
    assert load_settings().notify.max_age_s == 24 * 3600
