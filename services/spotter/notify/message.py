"""What is told, in careful words: a camera sees a possible fall, and a person who is no longer seen may not be well.

Pure. Texts hold no identity, not even the pseudonym of a track; they are the same on every try, so a receiver sees one
message however often it is sent.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, tzinfo
from enum import StrEnum
from typing import Any

from spotter.core.clock import MICROSECOND, SECOND, from_datetime, to_datetime
from spotter.core.contracts import SCHEMA_VERSION, Alert, AlertUpdate, Severity, UpdateKind

MOST_NAMES = 10
"""Cameras that a summary names; the rest is counted together."""

_WORDS = {
    UpdateKind.RAISED: ("{what} at camera {camera}", ""),
    UpdateKind.GROUPED: (
        "Another {what} at camera {camera}",
        "There are many in a few minutes, so it is told with the one before.",
    ),
    UpdateKind.STILL_DOWN: ("Still down: {what} at camera {camera}", "Nobody has been seen to get up."),
    UpdateKind.RECOVERED: ("Closed: {what} at camera {camera}", "The person was seen upright again."),
    UpdateKind.LOST: (
        "Closed, outcome unknown: {what} at camera {camera}",
        "The person is no longer seen; that does not say that they are well.",
    ),
    UpdateKind.ENDED: (
        "Closed, outcome unknown: {what} at camera {camera}",
        "The camera's pictures ended while the person was down.",
    ),
    UpdateKind.EASED: ("Closed: {what} at camera {camera}", "Less time is spent in that posture again."),
}
_ABOUT_WORK = {
    UpdateKind.LOST: "The service lost its memory of the time before; nothing is known of how it went on.",
    UpdateKind.ENDED: "The camera's pictures ended.",
}
"""The remarks that differ where an alert is about the work at a station, not about somebody."""
_ASKS = {
    Severity.P1: "Somebody should look now.",
    Severity.P2: "Somebody should look soon.",
    Severity.P3: "For the next review of the work; nobody needs to come.",
}


class MessageType(StrEnum):
    """What a message is about."""

    ALERT = "alert"
    SUMMARY = "summary"
    TEST = "test"


@dataclass(frozen=True, slots=True)
class Message:
    """One message for any channel.

    Attributes:
        key: the same on every try; a receiver drops a key that it has seen.
        title, text: for people.
        payload: for machines, JSON-ready; see docs/notify.md.
        alert, update: what it tells of; None in a summary or test.
    """

    key: str
    type: MessageType
    severity: Severity
    site: str
    camera_id: str
    title: str
    text: str
    payload: Mapping[str, Any]
    alert: Alert | None = None
    update: AlertUpdate | None = None


def alert_message(stored: Mapping[str, Any], alert: Alert, update: AlertUpdate, zone: tzinfo) -> Message:
    """The message of one update of an alert.

    Args:
        stored: what the outbox holds, `{schema_version, alert, update}`; `alert` and `update` are read from it.
        zone: time zone of the times in the text.
    """
    remark = _WORDS[update.kind][1]
    if not alert.kind.is_emergency:
        remark = _ABOUT_WORK.get(update.kind, remark)
    title = alert_title(alert, update.kind)
    place = f"site {alert.site}" + (f", zone {alert.zone}" if alert.zone else "")
    asks = _ASKS[alert.severity] if not update.kind.closes else ""
    since = f"Seen since {_clock(alert.started_at, zone)}."
    text = " ".join(filter(None, (f"{alert.severity.value}, {place}.", since, remark, asks)))
    key = f"{alert.id}:{update.number}"
    head = _head(MessageType.ALERT, key, alert.severity, title, text)
    return Message(
        key, MessageType.ALERT, alert.severity, alert.site, alert.camera_id, title, text,
        {**head, "alert": stored["alert"], "update": stored["update"]}, alert, update,
    )  # fmt: skip


def alert_title(alert: Alert, update: UpdateKind = UpdateKind.RAISED) -> str:
    """One line on a step in the life of an alert."""
    title = _WORDS[update][0].format(what=alert.kind.value.replace("_", " "), camera=alert.camera_id)
    return title[:1].upper() + title[1:]


def summarise(held: Sequence[tuple[Mapping[str, Any], int]], until: int) -> dict[str, Any]:
    """What a summary stands for, JSON-ready: count, time, sites, and how many by kind and by camera.

    Args:
        held: what the outbox held of each message, and when it came (UTC ns); at least one.
        until: now, UTC ns.
    """
    alerts = [payload["alert"] for payload, _ in held]
    cameras = Counter(str(alert["camera_id"]) for alert in alerts)
    named = dict(cameras.most_common(MOST_NAMES))
    if len(cameras) > MOST_NAMES:
        named["other cameras"] = cameras.total() - sum(named.values())
    return {
        "count": len(held),
        "since": _iso(min(at for _, at in held)),
        "until": _iso(until),
        "sites": sorted({str(alert["site"]) for alert in alerts}),
        "kinds": dict(Counter(str(alert["kind"]) for alert in alerts)),
        "cameras": named,
    }


def summary_message(number: int, severity: Severity, summary: Mapping[str, Any]) -> Message:
    """The message "7 more in the last 10 minutes" of summary `number`."""
    since, until = (from_datetime(_moment(summary[name])) for name in ("since", "until"))
    minutes = max(1, -(-(until - since) // (60 * SECOND)))
    kinds = ", ".join(f"{count} {kind.replace('_', ' ')}" for kind, count in summary["kinds"].items())
    cameras = ", ".join(f"{camera} ({count})" for camera, count in summary["cameras"].items())
    sites: Sequence[str] = summary["sites"]
    title = f"{summary['count']} more in the last {_duration(minutes)}"
    text = (
        f"{severity.value}, site {', '.join(sites)}. Messages held back by quiet hours or a rate limit: {kinds}. "
        f"Cameras: {cameras}."
    )
    key = f"summary:{number}"
    head = _head(MessageType.SUMMARY, key, severity, title, text)
    site = sites[0] if len(sites) == 1 else ""
    return Message(key, MessageType.SUMMARY, severity, site, "", title, text, {**head, "summary": dict(summary)})


def trial_message(site: str, at: int) -> Message:
    """A message that is clearly no alert."""
    title = "TEST: this is not an alert"
    text = f"Spotter at site {site} can reach this channel. Nobody has fallen."
    key = f"test:{at}"
    head = _head(MessageType.TEST, key, Severity.P2, title, text)
    return Message(key, MessageType.TEST, Severity.P2, site, "test", title, text, head)


def _head(type_: MessageType, key: str, severity: Severity, title: str, text: str) -> dict[str, Any]:
    return {
        "schema_version": SCHEMA_VERSION,
        "type": type_.value,
        "key": key,
        "severity": severity.value,
        "title": title,
        "text": text,
    }


def _clock(at: int, zone: tzinfo) -> str:
    return to_datetime(at).astimezone(zone).strftime("%Y-%m-%d %H:%M:%S %Z")


def _duration(minutes: int) -> str:
    if minutes <= 120:
        return "minute" if minutes == 1 else f"{minutes} minutes"
    return f"{round(minutes / 60)} hours"


def _iso(at: int) -> str:
    return to_datetime(at - at % MICROSECOND).isoformat(timespec="microseconds").replace("+00:00", "Z")


def _moment(text: str) -> datetime:
    return datetime.fromisoformat(text)
