"""Settings of the live state and of the snapshots: in memory within one process, or Redis (Valkey)."""

from __future__ import annotations

from typing import Literal

from pydantic import Field, SecretStr

from spotter.core.settings.base import Section


class StateSettings(Section):
    """Where the newest view of each camera and the snapshots of the ergonomics service are kept."""

    kind: Literal["memory", "redis"] = Field(default="memory", description="memory: one process; redis: many.")
    url: SecretStr = Field(
        default=SecretStr("redis://127.0.0.1:6379/0"), description="Redis or Valkey URL; rediss:// for TLS."
    )
