"""The Alertmanager channel against a real Alertmanager, seen through its API."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest
from alert_samples import make_update
from alertmanager import Alertmanager
from notify_tools import fall, notify_settings, record, wait_until, working

from spotter.core.clock import SECOND, now
from spotter.core.contracts import Alert, Ledger, UpdateKind
from spotter.core.errors import ChannelError
from spotter.core.store import Store
from spotter.core.store.alert_json import message_json
from spotter.notify.channels import RepeatingChannel, open_channel
from spotter.notify.message import alert_message, trial_message


@pytest.fixture(scope="module")
def server() -> Iterator[Alertmanager]:
    with Alertmanager() as server:
        yield server


def values(url: str, **more: Any) -> dict[str, Any]:
    return {"type": "alertmanager", "name": "am", "url": url, "labels": {"team": "safety"}, **more}


def channel(url: str, **more: Any) -> RepeatingChannel:
    settings = notify_settings(values(url, **more))
    opened = open_channel(settings.notify.channels[0], settings)
    assert isinstance(opened, RepeatingChannel)
    return opened


def fresh(number: int, **changes: Any) -> Alert:
    """An alert of this moment: Alertmanager compares with its own clock."""
    return fall(number, ledger=Ledger(captured=now() - 5 * SECOND), **changes)


def send(one: RepeatingChannel, alert: Alert, kind: UpdateKind = UpdateKind.RAISED) -> None:
    update = make_update(alert, 0, kind)
    alert = replace(alert, ended_at=update.at) if kind.closes else alert
    one.send(alert_message(message_json(alert, update), alert, update, UTC))


def firing(server: Alertmanager, alert: Alert) -> dict[str, Any] | None:
    found = [one for one in server.alerts() if one["labels"].get("alert_id") == str(alert.id)]
    return found[0] if found else None


def test_an_alert_fires_and_resolves(server: Alertmanager) -> None:
    one, alert = channel(server.url), fresh(0)
    send(one, alert)
    seen = firing(server, alert)
    assert seen is not None
    assert seen["labels"] == {
        "alertname": "SpotterPossibleFall",
        "severity": "P1",
        "site": "site",
        "camera": "dock",
        "zone": "gate 4",
        "alert_id": str(alert.id),
        "team": "safety",
    }
    assert seen["annotations"]["summary"] == "Possible fall at camera dock"
    ends = datetime.fromisoformat(seen["endsAt"]).timestamp() - time.time()
    assert 250 < ends <= 301
    send(one, alert, UpdateKind.STILL_DOWN)
    again = firing(server, alert)
    assert again is not None
    assert again["fingerprint"] == seen["fingerprint"]
    assert again["annotations"]["summary"] == "Still down: possible fall at camera dock"
    send(one, alert, UpdateKind.RECOVERED)
    wait_until(lambda: firing(server, alert) is None, what="the alert resolves")


def test_a_repeat_keeps_an_alert_alive(server: Alertmanager) -> None:
    one, alert = channel(server.url, ttl_s=6), fresh(1)
    send(one, alert)
    first = firing(server, alert)
    assert first is not None
    one.repeat([])
    one.repeat([alert])
    second = firing(server, alert)
    assert second is not None
    assert second["endsAt"] > first["endsAt"]
    assert one.repeat_every_s == 2.0


def test_a_test_and_a_summary_are_alerts_of_their_own(server: Alertmanager) -> None:
    channel(server.url).send(trial_message("north", now()))
    names = [one["labels"]["alertname"] for one in server.alerts()]
    assert "SpotterTest" in names


def test_an_alertmanager_that_is_not_there() -> None:
    with pytest.raises(ChannelError, match=r"channel 'am': 127\.0\.0\.1 cannot be reached"):
        send(channel("http://127.0.0.1:1"), fresh(2))


def test_the_worker_repeats_what_is_open_until_it_is_closed(server: Alertmanager, sqlite_store: Store) -> None:
    alert = fresh(3)
    with working(notify_settings(values(server.url, ttl_s=6)), sqlite_store):
        record(sqlite_store, alert)
        first = wait_until(lambda: firing(server, alert), what="it fires")
        later = wait_until(
            lambda: (seen := firing(server, alert)) and seen["endsAt"] > first["endsAt"] and seen, what="a repeat"
        )
        assert later["fingerprint"] == first["fingerprint"]
        closing = make_update(alert, 1, UpdateKind.LOST, 9)
        sqlite_store.record(alert, closing)
        wait_until(lambda: firing(server, alert) is None, what="it resolves")
        time.sleep(2.5)
        assert firing(server, alert) is None, "what is closed is not repeated"
