"""Settings of the channels of notifications, one class a kind. `type` tells them apart."""

from __future__ import annotations

import re
from typing import Annotated, Literal
from zoneinfo import ZoneInfo

from pydantic import Field, field_validator

from spotter.core.contracts import AlertKind, Severity, UpdateKind
from spotter.core.settings.base import CAMERA_ID, Section
from spotter.core.settings.bus import KafkaSettings
from spotter.core.settings.secret import Secret

Day = Literal["mon", "tue", "wed", "thu", "fri", "sat", "sun"]
DAYS: tuple[Day, ...] = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")


def check_time_zone(name: str) -> str:
    """`name` if it is a time zone of the IANA database, else a ValueError."""
    try:
        ZoneInfo(name)
    except (KeyError, ValueError, OSError):
        raise ValueError("not a time zone; write for example Europe/Berlin or UTC") from None
    return name


class RateLimit(Section):
    """A token bucket: so many messages at once, refilled evenly over the time."""

    messages: int = Field(ge=1, le=100_000, description="Messages that pass within the time, also all at once.")
    per_s: float = Field(gt=0, le=7 * 86_400, description="That time, seconds.")


class QuietHours(Section):
    """A part of the day in which messages are held back; they come as one summary when it is over."""

    between: str = Field(
        pattern=r"^([01]\d|2[0-3]):[0-5]\d-([01]\d|2[0-3]):[0-5]\d$",
        description='Local time, "22:00-06:00"; may span midnight; equal ends are the whole day.',
    )
    days: tuple[Day, ...] = Field(default=DAYS, description="Days on which it begins.")
    severities: tuple[Severity, ...] = Field(
        default=(Severity.P2, Severity.P3), description="What is held back. A possible fall never is."
    )


class RetrySettings(Section):
    """Pauses between tries of one message: they double, and each is drawn evenly from 0 to that length."""

    min_s: float = Field(default=1.0, gt=0, le=600, description="Longest pause after the first failure.")
    max_s: float = Field(default=300.0, gt=0, le=86_400, description="Longest pause at all.")


class BreakerSettings(Section):
    """When a channel that fails is left alone for a while."""

    failures: int = Field(default=5, ge=1, le=1000, description="Failures in a row that open the circuit.")
    open_s: float = Field(default=30.0, gt=0, le=3600, description="Time until one message is let through as a trial.")


class BaseChannel(Section):
    """What all channels share. An empty list of the routing means all."""

    name: str = Field(pattern=CAMERA_ID, description="Name of the channel: letters, digits, dot, dash, underscore.")
    sites: tuple[str, ...] = Field(default=(), description="Only alerts of these sites.")
    cameras: tuple[str, ...] = Field(default=(), description="Only alerts of these cameras.")
    kinds: tuple[AlertKind, ...] = Field(default=(), description="Only these kinds of alerts.")
    severities: tuple[Severity, ...] = Field(default=(), description="Only these severities.")
    updates: tuple[UpdateKind, ...] = Field(default=(), description="Only these steps in the life of an alert.")
    rate: dict[Severity, RateLimit] | None = Field(default=None, description="Most messages by severity.")
    quiet_hours: tuple[QuietHours, ...] | None = Field(default=None, description="When the less urgent is held back.")
    time_zone: str = Field(default="", description="Time zone of this channel, instead of notify.time_zone.")
    timeout_s: float = Field(default=10.0, gt=0, le=120, description="Longest time of one try.")
    in_flight: int = Field(default=2, ge=1, le=32, description="Messages on their way at the same time.")
    retry: RetrySettings = Field(default_factory=RetrySettings, description="Pauses between tries.")
    breaker: BreakerSettings = Field(default_factory=BreakerSettings, description="When a failing channel rests.")

    @field_validator("time_zone")
    @classmethod
    def _known_zone(cls, name: str) -> str:
        return check_time_zone(name) if name else name


class WebhookSettings(BaseChannel):
    """A signed POST of JSON."""

    type: Literal["webhook"]
    url: Secret = Field(description="http:// or https:// URL. Redirects are not followed.")
    secret: Secret = Field(description="HMAC key of the signature, 16 characters or more.")
    token: Secret | None = Field(default=None, description="Sent as `Authorization: Bearer`.")
    ca_file: str = Field(default="", description="PEM file of the authority that signed the receiver's certificate.")


class AppriseSettings(BaseChannel):
    """Chat, e-mail and SMS services by an Apprise URL. Needs the extra [notify]."""

    type: Literal["apprise"]
    url: Secret = Field(description="One Apprise URL, for example mailtos://user:password@example.com.")
    in_flight: int = Field(default=1, ge=1, le=1, description="One at a time: these services limit their rate.")


class MqttSettings(BaseChannel):
    """An MQTT topic, quality of service 1. Needs the extra [notify]."""

    type: Literal["mqtt"]
    host: str = Field(min_length=1, description="Broker.")
    port: int = Field(default=1883, ge=1, le=65535, description="Its port; 8883 is usual with TLS.")
    topic: str = Field(
        default="spotter/{site}/{camera}/alerts",
        description="Topic; {site}, {camera} and {kind} are filled in.",
    )
    retain: bool = Field(default=False, description="The broker keeps the newest message for those who come later.")
    tls: bool = Field(default=False, description="Protect the connection.")
    ca_file: str = Field(default="", description="PEM file of the authority that signed the broker's certificate.")
    cert_file: str = Field(default="", description="PEM file of this client's certificate.")
    key_file: str = Field(default="", description="PEM file of this client's private key.")
    username: str = Field(default="", description="User.")
    password: Secret | None = Field(default=None, description="Password of that user.")
    client_id: str = Field(default="", max_length=64, description="Client id; empty: one is made up.")

    @field_validator("topic")
    @classmethod
    def _topic(cls, topic: str) -> str:
        unknown = set(re.findall(r"\{(.*?)\}", topic)) - {"site", "camera", "kind"}
        if unknown or re.search(r"[+#\0]", topic) or not topic or re.sub(r"\{\w+\}", "", topic).count("{"):
            raise ValueError("a topic has no '+' or '#', and only {site}, {camera} and {kind} are filled in")
        return topic


class KafkaChannelSettings(BaseChannel):
    """A Kafka topic, keyed by camera. Needs the extra [stream]."""

    type: Literal["kafka"]
    topic: str = Field(
        default="alerts",
        pattern=r"^[A-Za-z0-9_.-]{1,180}$",
        description="Topic, after the prefix of the Kafka settings.",
    )
    kafka: KafkaSettings | None = Field(default=None, description="Another Kafka than that of bus.kafka.")
    in_flight: int = Field(default=1, ge=1, le=32, description="Messages on their way at the same time.")


class AlertmanagerSettings(BaseChannel):
    """The Alertmanager of Prometheus, API v2: an alert fires while it is open and resolves when it closes."""

    type: Literal["alertmanager"]
    url: Secret = Field(description="Base URL, for example http://alertmanager:9093.")
    token: Secret | None = Field(default=None, description="Sent as `Authorization: Bearer`.")
    ca_file: str = Field(default="", description="PEM file of the authority that signed its certificate.")
    labels: dict[Annotated[str, Field(pattern=r"^[a-zA-Z_][a-zA-Z0-9_]*$")], str] = Field(
        default_factory=dict, description="More labels for every alert."
    )
    ttl_s: float = Field(
        default=300.0, ge=6, le=86_400, description="An alert that is not repeated for this long resolves by itself."
    )
    repeat_for_s: float = Field(
        default=86_400.0, gt=0, le=30 * 86_400, description="An open alert is repeated for at most this long."
    )
    in_flight: int = Field(default=1, ge=1, le=1, description="One at a time, so that no repeat overtakes a closing.")


ChannelSettings = Annotated[
    WebhookSettings | AppriseSettings | MqttSettings | KafkaChannelSettings | AlertmanagerSettings,
    Field(discriminator="type"),
]

CHANNEL_KINDS: dict[str, type[BaseChannel]] = {
    "webhook": WebhookSettings,
    "apprise": AppriseSettings,
    "mqtt": MqttSettings,
    "kafka": KafkaChannelSettings,
    "alertmanager": AlertmanagerSettings,
}
"""Settings of each kind, by `type`."""
