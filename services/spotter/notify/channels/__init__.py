"""The channels: one file and one line here for each kind. Files are imported when a channel of their kind is made, so
that a missing extra stops nobody who does not use it."""

from __future__ import annotations

from importlib import import_module

from spotter.core.settings import Settings
from spotter.core.settings.channels import ChannelSettings
from spotter.notify.channels.api import Channel, RepeatingChannel

KINDS = {
    "webhook": "webhook:WebhookChannel",
    "apprise": "apprise:AppriseChannel",
    "mqtt": "mqtt:MqttChannel",
    "kafka": "kafka:KafkaChannel",
    "alertmanager": "alertmanager:AlertmanagerChannel",
}
"""Module and class, called with the channel's settings and those of the program, by `type` of the settings."""

__all__ = ["KINDS", "Channel", "RepeatingChannel", "open_channel"]


def open_channel(channel: ChannelSettings, settings: Settings) -> Channel:
    """A channel as its settings say. Secrets are read here; nothing is connected yet.

    Raises:
        ConfigError: a secret, URL or certificate cannot be used, or a package is not installed.
    """
    module, _, name = KINDS[channel.type].partition(":")
    made: Channel = getattr(import_module(f"{__name__}.{module}"), name)(channel, settings)
    return made
