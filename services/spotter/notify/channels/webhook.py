"""A signed POST of JSON to a URL of the settings; see docs/notify.md for headers, body and how to verify."""

from __future__ import annotations

import json
import time

from spotter.core.errors import ConfigError
from spotter.core.settings import Settings
from spotter.core.settings.channels import WebhookSettings
from spotter.notify.channels.http import Poster
from spotter.notify.message import Message
from spotter.notify.signature import KEY_HEADER, SIGNATURE_HEADER, sign

SHORTEST_SECRET = 16
"""Characters of the HMAC key; shorter ones can be guessed [D]."""


class WebhookChannel:
    """Any 2xx answer means that the receiver has taken the message."""

    def __init__(self, channel: WebhookSettings, settings: Settings) -> None:
        self._secret = channel.secret.read(f"secret of channel '{channel.name}'")
        if len(self._secret) < SHORTEST_SECRET:
            raise ConfigError(
                f"the secret of channel '{channel.name}' is shorter than {SHORTEST_SECRET} characters",
                mend="Make one with `openssl rand -hex 32`",
            )
        self._poster = Poster(
            channel.name,
            channel.url.read(f"url of channel '{channel.name}'"),
            channel.timeout_s,
            token=channel.token.read(f"token of channel '{channel.name}'") if channel.token else "",
            ca_file=channel.ca_file,
        )

    def send(self, message: Message) -> None:
        body = json.dumps(message.payload, separators=(",", ":"), sort_keys=True, allow_nan=False).encode()
        headers = {
            "Content-Type": "application/json",
            KEY_HEADER: message.key,
            SIGNATURE_HEADER: sign(self._secret, body, int(time.time())),
        }
        self._poster.post(body, headers)

    def close(self) -> None:
        return None
