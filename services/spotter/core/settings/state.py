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
    password: SecretStr = Field(default=SecretStr(""), description="Password; wins over one in the URL.")
    ca_file: str = Field(default="", description="PEM file of the authority that signed the server's certificate.")
    prefix: str = Field(
        default="spotter:", pattern=r"^[A-Za-z0-9_.:-]{0,64}$", description="Begins the name of every key and channel."
    )
    timeout_s: float = Field(default=1.0, gt=0, le=30, description="Longest wait for an answer.")
    ttl_s: float = Field(default=60.0, ge=1, le=3600, description="Views and pictures older than this are gone.")
    health_ttl_s: float = Field(default=3600.0, ge=10, le=604800, description="The same for the health of cameras.")
    snapshot_ttl_s: float = Field(
        default=3600.0, ge=60, le=604800, description="Snapshots older than this are gone; a rebuild takes their place."
    )
