"""Settings of notifications: what the channels carry and when. The kinds of channels are in `channels`."""

from __future__ import annotations

from typing import Annotated
from zoneinfo import ZoneInfo

from pydantic import AfterValidator, Field

from spotter.core.contracts import Severity
from spotter.core.settings.base import Section
from spotter.core.settings.channels import ChannelSettings, QuietHours, RateLimit, check_time_zone


def _distinct(channels: tuple[ChannelSettings, ...]) -> tuple[ChannelSettings, ...]:
    names = [channel.name for channel in channels]
    for name in names:
        if names.count(name) > 1:
            raise ValueError(f"two channels are named '{name}'")
    return channels


class NotifySettings(Section):
    """Who is told of alerts. Possible falls pass every limit and every quiet hour, whatever is written here."""

    channels: Annotated[tuple[ChannelSettings, ...], AfterValidator(_distinct)] = Field(
        default=(),
        description="Where alerts are told: webhook, apprise, mqtt, kafka, alertmanager; see docs/notify.md.",
    )
    time_zone: Annotated[str, AfterValidator(check_time_zone)] = Field(
        default="UTC", description="Time zone of quiet hours and of times in messages, for example Europe/Berlin."
    )
    rate: dict[Severity, RateLimit] = Field(
        default_factory=dict, description="Most messages by severity, for channels without a rate of their own."
    )
    quiet_hours: tuple[QuietHours, ...] = Field(
        default=(), description="When nobody is told of the less urgent, for channels without quiet hours of their own."
    )
    poll_s: float = Field(default=0.5, ge=0.05, le=60, description="Pause between two looks into the outbox.")
    max_age_s: float = Field(
        default=86_400.0,
        gt=0,
        le=30 * 86_400,
        description="A message that is not delivered within this time is given up (dead letter).",
    )
    max_attempts: int = Field(default=200, ge=1, le=100_000, description="Tries of a message before it is given up.")
    lease_s: float = Field(
        default=15.0,
        ge=0.5,
        le=3600,
        description="A message in the hands of a process that died is sent again this long after its timeout.",
    )
    drain_s: float = Field(default=3.0, ge=0, le=60, description="Longest time that a stop waits for messages in hand.")

    def zone(self, channel: ChannelSettings) -> ZoneInfo:
        """The time zone that holds for a channel."""
        return ZoneInfo(channel.time_zone or self.time_zone)

    def rates(self, channel: ChannelSettings) -> dict[Severity, RateLimit]:
        """The rate limits that hold for a channel."""
        return self.rate if channel.rate is None else channel.rate

    def quiet(self, channel: ChannelSettings) -> tuple[QuietHours, ...]:
        """The quiet hours that hold for a channel."""
        return self.quiet_hours if channel.quiet_hours is None else channel.quiet_hours
