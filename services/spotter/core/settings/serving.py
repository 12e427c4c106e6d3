"""Settings of what a process serves and tells: dashboard, metrics and health, logs, traces."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, StringConstraints

from spotter.core.settings.base import Section
from spotter.core.settings.secret import Secret

HostName = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9]([A-Za-z0-9.-]{0,251}[A-Za-z0-9])?$")]
"""A DNS name, without port."""


class DashboardSettings(Section):
    """The web page, the API, /metrics and the health checks."""

    enabled: bool = Field(default=True, description="Serve them at all.")
    host: str = Field(default="127.0.0.1", description="Address to bind; loopback unless allow_remote is set.")
    port: int = Field(default=8080, ge=0, le=65535, description="Port; 0 takes a free one.")
    allow_remote: bool = Field(
        default=False, description="Allow a non-loopback address. There is no sign-in yet: put one in front."
    )
    hosts: tuple[HostName, ...] = Field(
        default=(), description="More names that browsers may ask it by, for example that of the proxy in front."
    )
    token: Secret | None = Field(
        default=None,
        description="Whoever sends it (Authorization: Bearer) may add, change and remove cameras through the API; "
        "without it nobody may. Use TLS in front.",
    )
    background: Literal["none", "blurred"] = Field(
        default="none", description="none: skeletons on an empty background; blurred: over a strongly blurred picture."
    )


class LogSettings(Section):
    """Structured logs."""

    level: Literal["debug", "info", "warning", "error"] = Field(
        default="info", description="Least severe level that is logged."
    )
    format: Literal["auto", "json", "console"] = Field(
        default="auto", description="auto: console on a terminal, else JSON."
    )


class MetricsSettings(Section):
    """/metrics, /healthz and /readyz of a service that runs as its own process (`spotter serve ...`)."""

    host: str = Field(default="127.0.0.1", description="Address to bind; loopback by default.")
    port: int = Field(default=9100, ge=0, le=65535, description="Port; 0 takes a free one.")


class TraceSettings(Section):
    """OpenTelemetry traces, sent over OTLP/HTTP. Off while no endpoint is given."""

    endpoint: str = Field(default="", description="OTLP/HTTP endpoint, for example http://collector:4318; empty: off.")
    ratio: float = Field(
        default=0.001, ge=0, le=1, description="Share of frames that are traced; every alert is traced whatever it is."
    )
