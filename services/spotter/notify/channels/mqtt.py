"""An MQTT topic, quality of service 1 (extra [notify]): a message counts as delivered when the broker confirms it.

The connection is made when the first message goes and kept; any failure drops it, so that nothing is sent twice from a
queue that nobody watches, and the next try begins anew.
"""

from __future__ import annotations

import json
import ssl
import threading
import time
from typing import Any

from spotter.core.errors import ChannelError, ConfigError
from spotter.core.settings import Settings
from spotter.core.settings.channels import MqttSettings
from spotter.notify.message import Message

_KEEP_ALIVE_S = 30
_SEPARATORS = str.maketrans(dict.fromkeys("/+#\0", "_"))
"""Characters with a meaning in MQTT topics; site and camera names hold none, an id from elsewhere may."""


class MqttChannel:
    """One broker and topic."""

    def __init__(self, channel: MqttSettings, settings: Settings) -> None:
        try:
            import paho.mqtt.client as mqtt
        except ModuleNotFoundError:
            raise ConfigError(
                f"channel '{channel.name}' needs the package paho-mqtt", mend='Install "spotter-safety[notify]"'
            ) from None
        self._mqtt = mqtt
        self._channel = channel
        self._password = channel.password.read(f"password of channel '{channel.name}'") if channel.password else None
        self._tls = _context(channel) if channel.tls else None
        self._lock = threading.Lock()
        self._client: Any = None

    def send(self, message: Message) -> None:
        kind = message.alert.kind.value if message.alert is not None else message.type.value
        names = {"site": message.site or "sites", "camera": message.camera_id or "cameras", "kind": kind}
        topic = self._channel.topic.format(**{key: value.translate(_SEPARATORS) for key, value in names.items()})
        body = json.dumps(message.payload, separators=(",", ":"), sort_keys=True, allow_nan=False)
        deadline = time.monotonic() + self._channel.timeout_s
        with self._lock:
            try:
                client = self._connected(deadline)
                sent = client.publish(topic, body, qos=1, retain=self._channel.retain and message.alert is not None)
                sent.wait_for_publish(max(0.0, deadline - time.monotonic()))
                if not sent.is_published():
                    raise self._error(f"did not confirm within {self._channel.timeout_s:g} s")
            except (RuntimeError, ValueError) as error:
                self._drop()
                raise self._error(f"did not take the message ({type(error).__name__})") from None
            except ChannelError:
                self._drop()
                raise

    def close(self) -> None:
        with self._lock:
            self._drop()

    def _connected(self, deadline: float) -> Any:
        if self._client is not None and self._client.is_connected():
            return self._client
        self._drop()
        channel, mqtt = self._channel, self._mqtt
        answered = threading.Event()
        refusal: list[str] = []

        def on_connect(_client: Any, _data: Any, _flags: Any, reason: Any, _properties: Any) -> None:
            if reason.is_failure:
                refusal.append(str(reason))
            answered.set()

        client = mqtt.Client(mqtt.CallbackAPIVersion.VERSION2, client_id=channel.client_id)
        client.on_connect = on_connect
        if channel.username:
            client.username_pw_set(channel.username, self._password)
        if self._tls is not None:
            client.tls_set_context(self._tls)
        client.connect_timeout = max(0.1, deadline - time.monotonic())
        self._client = client
        try:
            client.connect(channel.host, channel.port, keepalive=_KEEP_ALIVE_S)
        except ssl.SSLCertVerificationError as error:
            raise self._error(f"has a certificate that is not trusted ({error.verify_message})") from None
        except OSError as error:
            raise self._error(f"cannot be reached ({error.strerror or type(error).__name__})") from None
        client.loop_start()
        if not answered.wait(max(0.0, deadline - time.monotonic())):
            raise self._error(f"did not answer within {channel.timeout_s:g} s")
        if refusal:
            raise self._error(f"refuses the connection ({refusal[0]})", "Check username and password")
        return client

    def _drop(self) -> None:
        client, self._client = self._client, None
        if client is not None:
            client.disconnect()
            client.loop_stop()

    def _error(self, what: str, mend: str = "") -> ChannelError:
        place = f"{self._channel.host}:{self._channel.port}"
        return ChannelError(f"channel '{self._channel.name}': MQTT broker {place} {what}", mend=mend)


def _context(channel: MqttSettings) -> ssl.SSLContext:
    files = ", ".join(filter(None, (channel.ca_file, channel.cert_file, channel.key_file)))
    try:
        context = ssl.create_default_context(cafile=channel.ca_file or None)
        if channel.cert_file:
            context.load_cert_chain(channel.cert_file, channel.key_file or None)
    except (OSError, ssl.SSLError) as error:
        reason = error.strerror or "not a certificate or key in PEM form"
        raise ConfigError(f"the TLS files of channel '{channel.name}' ({files}) cannot be used: {reason}") from None
    return context
