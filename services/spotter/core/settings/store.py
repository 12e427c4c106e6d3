"""Settings of the database."""

from __future__ import annotations

from typing import Literal

from pydantic import Field, SecretStr

from spotter.core.settings.base import Section


class RetentionSettings(Section):
    """How many days each class of data is kept; null keeps it for ever. `spotter db retention` applies them."""

    alerts: float | None = Field(
        default=1826,
        gt=0,
        description="Closed alerts with their updates; open ones and ones not yet told stay. Five years by default "
        "(29 CFR 1904.33 keeps injury records so long).",
    )
    messages: float | None = Field(
        default=90, gt=0, description="Delivered outbox messages and their deliveries; undelivered ones stay."
    )
    exposure: float | None = Field(default=400, gt=0, description="Exposure buckets.")
    postures: float | None = Field(
        default=90, gt=0, description="Skeletons of the worst posture of each minute and station [D]."
    )
    lifts: float | None = Field(default=400, gt=0, description="Lifts.")
    health: float | None = Field(default=90, gt=0, description="Camera health by the minute.")
    coverage: float | None = Field(
        default=400, gt=0, description="What of each camera's time was watched; as long as the exposure it stands for."
    )
    audit: float | None = Field(default=None, gt=0, description="The audit trail; its newest entry always stays.")


class StoreSettings(Section):
    """Where alerts are kept. What speaks of the server does nothing with a SQLite file."""

    url: SecretStr = Field(
        default=SecretStr("sqlite:///spotter-data/spotter.db"), description="SQLAlchemy URL; SQLite file by default."
    )
    migrate: Literal["auto", "never"] = Field(
        default="auto",
        description="auto: `spotter run` upgrades the schema by itself, and so does any service on a SQLite file; "
        "services on a server always wait for `spotter db upgrade`. never: all wait for it.",
    )
    pool_size: int = Field(default=5, ge=1, le=100, description="Server connections that a process keeps open.")
    pool_overflow: int = Field(default=5, ge=0, le=100, description="More of them for moments of need.")
    pool_timeout_s: float = Field(default=10.0, gt=0, description="Longest wait for one of them, seconds.")
    pool_recycle_s: float = Field(default=1800.0, gt=0, description="Age at which one is replaced, seconds.")
    pool_pre_ping: bool = Field(default=True, description="Ask an idle connection for a sign of life before its use.")
    connect_timeout_s: float = Field(default=5.0, gt=0, description="Longest wait for each server host, seconds.")
    statement_timeout_s: float = Field(
        default=30.0, ge=0.1, description="Longest statement, seconds; a server silent for 1 s more is given up."
    )
    retry_s: float = Field(
        default=5.0, ge=0, description="How long one call tries again while the server is away or fails over, seconds."
    )
    retention: RetentionSettings = Field(default_factory=RetentionSettings)
