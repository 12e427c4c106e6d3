"""The Alertmanager of Prometheus (API v2, POST /api/v2/alerts).

An open alert is sent with an `endsAt` that lies `ttl_s` ahead and is repeated before it comes, so it resolves by itself
when Spotter is gone for good; a closing sends `endsAt` of now. Labels tell alerts apart and stay the same for life.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from spotter.core.clock import from_seconds, now, to_datetime
from spotter.core.contracts import Alert
from spotter.core.settings import Settings
from spotter.core.settings.channels import AlertmanagerSettings
from spotter.notify.channels.http import Poster
from spotter.notify.message import Message, alert_title

_ENDPOINT = "/api/v2/alerts"
_LEAD_NS = from_seconds(1)
"""A start is at least this much before its end; Alertmanager refuses an end that is not after the start."""


class AlertmanagerChannel:
    """Fires, repeats and resolves."""

    def __init__(self, channel: AlertmanagerSettings, settings: Settings) -> None:
        name = channel.name
        self.repeat_every_s = channel.ttl_s / 3
        self.repeat_for_s = channel.repeat_for_s
        self._ttl_ns = from_seconds(channel.ttl_s)
        self._labels = dict(channel.labels)
        self._poster = Poster(
            name,
            channel.url.read(f"url of channel '{name}'").rstrip("/") + _ENDPOINT,
            channel.timeout_s,
            token=channel.token.read(f"token of channel '{name}'") if channel.token else "",
            ca_file=channel.ca_file,
        )

    def send(self, message: Message) -> None:
        if message.alert is None:
            self._post([self._notice(message)])
            return
        self._post([self._alert(message.alert, message.title, message.text)])

    def repeat(self, alerts: Sequence[Alert]) -> None:
        if alerts:
            self._post([self._alert(alert, alert_title(alert), "Still open.") for alert in alerts])

    def close(self) -> None:
        return None

    def _alert(self, alert: Alert, title: str, text: str) -> dict[str, Any]:
        at = now()
        # Wall clock, not event time: Alertmanager holds its own clock against it.
        start = min(alert.ledger.captured, at - _LEAD_NS)
        end = at if alert.ended_at is not None else at + self._ttl_ns
        labels = {
            "alertname": "Spotter" + "".join(part.capitalize() for part in alert.kind.value.split("_")),
            "severity": alert.severity.value,
            "site": alert.site,
            "camera": alert.camera_id,
            "alert_id": str(alert.id),
            **({"zone": alert.zone} if alert.zone else {}),
        }
        return self._entry(labels, title, text, start, end)

    def _notice(self, message: Message) -> dict[str, Any]:
        at = now()
        labels = {
            "alertname": f"Spotter{message.type.value.capitalize()}",
            "severity": message.severity.value,
            "site": message.site,
            "key": message.key,
        }
        return self._entry(labels, message.title, message.text, at - _LEAD_NS, at + self._ttl_ns)

    def _entry(self, labels: Mapping[str, str], title: str, text: str, start: int, end: int) -> dict[str, Any]:
        return {
            "labels": {**self._labels, **labels},
            "annotations": {"summary": title, "description": text},
            "startsAt": to_datetime(start).isoformat(),
            "endsAt": to_datetime(end).isoformat(),
        }

    def _post(self, entries: Sequence[Mapping[str, Any]]) -> None:
        self._poster.post(json.dumps(entries).encode(), {"Content-Type": "application/json"})
