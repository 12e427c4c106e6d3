"""Steps of a delivery in one line each, for tests of the store's deliveries."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from spotter.core.clock import SECOND, now
from spotter.core.store.deliveries import Deliveries, LimitBook
from spotter.core.store.delivery_records import Claim

HOUR = 3600 * SECOND
LEASE = 10 * SECOND


def admit(payload: Mapping[str, Any], buckets: LimitBook) -> str:
    return ""


def fan_out(deliveries: Deliveries, *channels: str, at: int | None = None) -> None:
    deliveries.fan_out(lambda payload: channels, at or now(), HOUR)


def claim(deliveries: Deliveries, channel: str = "a", at: int | None = None) -> Claim | None:
    return deliveries.claim(channel, at or now(), LEASE, HOUR, admit)


def step(claimed: Claim | None) -> tuple[str, int]:
    """(camera, update number) of a claim."""
    assert claimed is not None
    assert claimed.payload is not None
    return claimed.payload["alert"]["camera_id"], claimed.payload["update"]["number"]
