"""Chat, e-mail and SMS services through Apprise (extra [notify]), one URL a channel.

Apprise tells success and failure but no reason, and its log lines may hold tokens: they go nowhere. That a service
answered is all that is known; whether a person has read it is not.
"""

from __future__ import annotations

import logging
import threading
from typing import Any

from spotter.core.errors import ChannelError, ConfigError
from spotter.core.settings import Settings
from spotter.core.settings.channels import AppriseSettings
from spotter.notify.message import Message, MessageType


class AppriseChannel:
    """One service."""

    def __init__(self, channel: AppriseSettings, settings: Settings) -> None:
        try:
            import apprise
        except ModuleNotFoundError:
            raise ConfigError(
                f"channel '{channel.name}' needs the package apprise", mend='Install "spotter-safety[notify]"'
            ) from None
        _silence()
        self._name = channel.name
        self._lock = threading.Lock()
        self._kinds = {
            MessageType.ALERT: apprise.NotifyType.WARNING,
            MessageType.SUMMARY: apprise.NotifyType.INFO,
            MessageType.TEST: apprise.NotifyType.INFO,
        }
        asset = apprise.AppriseAsset(
            app_id="Spotter", app_desc="Spotter", app_url="", async_mode=False, http_redirects=False
        )
        self._timeout_s = channel.timeout_s
        self._service: Any = _service(channel, asset)
        self._apprise = apprise.Apprise(asset=asset)
        self._apprise.add(self._service)

    def send(self, message: Message) -> None:
        with self._lock:
            try:
                # Bounded as a whole: a service that answers a byte at a time is left to a thread of Apprise.
                sent = self._apprise.notify(
                    title=message.title,
                    body=message.text,
                    notify_type=self._kinds[message.type],
                    timeout=self._timeout_s,
                )
            except Exception as error:  # Whatever a plugin of any service lets out; its text may hold the URL.
                raise ChannelError(f"channel '{self._name}': the service failed ({type(error).__name__})") from None
        if not sent:
            raise ChannelError(
                f"channel '{self._name}': the {self._service.service_name} service did not take the message",
                mend="Check its address and credentials with `spotter notify test`",
            )

    def close(self) -> None:
        return None


def _service(channel: AppriseSettings, asset: Any) -> Any:
    import apprise

    url = channel.url.read(f"url of channel '{channel.name}'")
    service = apprise.Apprise.instantiate(url, asset=asset, suppress_exceptions=True)
    if not isinstance(service, apprise.NotifyBase):
        raise ConfigError(
            f"the url of channel '{channel.name}' is not one that Apprise knows",
            mend="Look up the form of the service in Apprise's list of notifications",
        )
    # Each read and the connection; the plugin decides how many there are.
    service.socket_connect_timeout = service.socket_read_timeout = channel.timeout_s / 2
    return service


def _silence() -> None:
    """No handler, and nothing to the root's: at level debug Apprise logs addresses with their tokens."""
    logger = logging.getLogger("apprise")
    logger.handlers = [logging.NullHandler()]
    logger.propagate = False
    logger.setLevel(logging.CRITICAL + 1)
    logging.getLogger("urllib3").setLevel(logging.WARNING)
