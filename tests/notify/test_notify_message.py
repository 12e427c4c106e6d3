"""What is told: careful words, no identities, the same on every try."""

from __future__ import annotations

import json
from dataclasses import replace
from zoneinfo import ZoneInfo

import pytest
from alert_samples import START, make_update
from alert_strategies import alerts, updates
from hypothesis import given, settings
from notify_tools import fall, person_down

from spotter.core.clock import SECOND
from spotter.core.contracts import Alert, AlertKind, AlertUpdate, Severity, UpdateKind
from spotter.core.store.alert_json import message_json
from spotter.notify.message import Message, MessageType, alert_message, summarise, summary_message, trial_message


def told(alert: Alert, update: AlertUpdate, zone: str = "UTC") -> Message:
    return alert_message(message_json(alert, update), alert, update, ZoneInfo(zone))


@pytest.mark.parametrize(
    ("kind", "title", "says"),
    [
        (UpdateKind.RAISED, "Possible fall at camera dock", "Somebody should look now."),
        (UpdateKind.STILL_DOWN, "Still down: possible fall at camera dock", "Somebody should look now."),
        (UpdateKind.RECOVERED, "Closed: possible fall at camera dock", "seen upright again."),
        (UpdateKind.LOST, "Closed, outcome unknown: possible fall at camera dock", "does not say that they are well."),
        (UpdateKind.ENDED, "Closed, outcome unknown: possible fall at camera dock", "while the person was down."),
    ],
)
def test_words_for_people(kind: UpdateKind, title: str, says: str) -> None:
    alert = fall()
    message = told(alert, make_update(alert, 1, kind))
    assert message.title == title
    assert message.text.endswith(says)
    assert message.text.startswith("P1, site site, zone gate 4. Seen since 2026-01-31 08:14:57 UTC.")


def test_times_are_those_of_the_site() -> None:
    alert = person_down()
    assert "Seen since 2026-01-31 09:14:57 CET." in told(alert, make_update(alert), "Europe/Berlin").text


def test_the_payload_holds_the_alert_as_stored_and_the_words() -> None:
    alert = fall()
    update = make_update(alert, 2)
    message = told(alert, update)
    assert message.payload == {
        "schema_version": 1,
        "type": "alert",
        "key": f"{alert.id}:2",
        "severity": "P1",
        "title": message.title,
        "text": message.text,
        **{name: message_json(alert, update)[name] for name in ("alert", "update")},
    }


@settings(deadline=None)
@given(alerts, updates)
def test_every_alert_can_be_told_and_texts_name_no_track(alert: Alert, update: AlertUpdate) -> None:
    alert = replace(alert, track_id="pseudonym-7e1", started_at=abs(alert.started_at))
    message = told(alert, update)
    assert message == told(alert, update)
    json.dumps(message.payload, allow_nan=False)
    assert "pseudonym-7e1" not in message.title + message.text


def test_a_summary_counts_what_was_held_back() -> None:
    held = [
        (message_json(alert, make_update(alert)), START + number * 60 * SECOND)
        for number, alert in enumerate([person_down(0), person_down(1), person_down(2, camera_id="gate", site="north")])
    ]
    summary = summarise(held, START + 9 * 60 * SECOND + 1000)
    message = summary_message(17, Severity.P2, json.loads(json.dumps(summary)))
    assert (message.key, message.type, message.title) == (
        "summary:17",
        MessageType.SUMMARY,
        "3 more in the last 10 minutes",
    )
    assert message.text == (
        "P2, site north, site. Messages held back by quiet hours or a rate limit: 3 person down. "
        "Cameras: dock (2), gate (1)."
    )
    assert message.payload["summary"] == {
        "count": 3,
        "since": "2026-01-31T08:15:00.123456Z",
        "until": "2026-01-31T08:24:00.123457Z",
        "sites": ["north", "site"],
        "kinds": {"person_down": 3},
        "cameras": {"dock": 2, "gate": 1},
    }


def test_a_summary_of_many_cameras_names_the_most_frequent() -> None:
    alerts = [person_down(number, camera_id=f"camera-{number % 30}") for number in range(45)]
    summary = summarise([(message_json(alert, make_update(alert)), START) for alert in alerts], START)
    assert sum(summary["cameras"].values()) == 45
    assert len(summary["cameras"]) == 11
    assert summary["cameras"]["other cameras"] == 25


@pytest.mark.parametrize(
    ("minutes", "words"), [(1, "minute"), (2, "2 minutes"), (120, "120 minutes"), (480, "8 hours")]
)
def test_the_time_of_a_summary_in_words(minutes: int, words: str) -> None:
    alert = person_down()
    summary = summarise([(message_json(alert, make_update(alert)), START)], START + minutes * 60 * SECOND)
    assert summary_message(1, Severity.P2, summary).title == f"1 more in the last {words}"


@pytest.mark.parametrize(
    ("update", "words"),
    [
        (UpdateKind.RAISED, "For the next review of the work; nobody needs to come."),
        (UpdateKind.EASED, "Less time is spent in that posture again."),
        (UpdateKind.ENDED, "The camera's pictures ended."),
        (UpdateKind.LOST, "nothing is known of how it went on"),
    ],
)
def test_an_alert_about_work_speaks_of_nobody(update: UpdateKind, words: str) -> None:
    alert = replace(person_down(), kind=AlertKind.SUSTAINED_POSTURE, severity=Severity.P3, zone="bay 2", track_id="")
    made = make_update(alert, 0 if update is UpdateKind.RAISED else 1, update)
    message = told(alert, made)
    assert message.text.startswith("P3, site ")
    assert words in message.text
    assert "zone bay 2" in message.text
    assert "person" not in message.text
    assert "ustained posture at camera" in message.title


def test_a_test_says_that_it_is_one() -> None:
    message = trial_message("north", START)
    assert message.title == "TEST: this is not an alert"
    assert message.payload["type"] == "test"
    assert message.alert is None
